//! `--format k8s-secret`: what the schema of Kubernetes and a parser of YAML say of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::common::tools;
use crate::store::{AWKWARD, Store, piped};

/// Checks every document against the schema of a release, strictly: no key that it does not know.
const VALIDATE: &str = "import json, sys, yaml, kubernetes_validate as k\n\
                        manifest = yaml.safe_load(sys.stdin.buffer.read().decode('utf-8'))\n\
                        k.validate(manifest, k.latest_version(), strict=True)\n\
                        json.dump(manifest, sys.stdout)";

fn validated(store: &Store, manifest: &[u8]) -> serde_json::Value {
    let mut command = store.sandbox.command(tools::python(), &store.laptop);
    command.args(["-c", VALIDATE]).env("PYTHONUTF8", "1");
    serde_json::from_slice(&piped(command, manifest)).unwrap()
}

#[test]
fn the_schema_accepts_it_and_every_byte_is_there() {
    let store = Store::awkward(&[]);
    let bytes: Vec<u8> = (0..=255).collect();
    store.run(&["add", "web/tls.key", "--expires", "2027-08-31", "--owner", "team"], &bytes).code(0);
    let arguments = ["--scope", "web/**", "--format", "k8s-secret", "--name", "web", "--namespace", "prod"];
    let manifest = validated(&store, &store.export(&arguments).code(0).stdout);
    assert_eq!(
        (&manifest["kind"], &manifest["type"], &manifest["metadata"]["namespace"]),
        (&"Secret".into(), &"Opaque".into(), &"prod".into())
    );
    let data = manifest["data"].as_object().unwrap();
    assert_eq!(data.len(), AWKWARD.len() + 1);
    let decoded = |key: &str| STANDARD.decode(data[key].as_str().unwrap()).unwrap();
    for (key, value) in AWKWARD {
        assert_eq!(decoded(key), value.as_bytes(), "{key}");
    }
    assert_eq!(decoded("tls.key"), bytes);

    // Facts of the records, and no value.
    let records = manifest["metadata"]["annotations"]["secrets-cli/records"].as_str().unwrap();
    let records: serde_json::Value = serde_json::from_str(records).unwrap();
    assert_eq!(
        records["tls.key"],
        serde_json::json!({"secret": "web/tls.key", "version": 1, "expires": "2027-08-31"})
    );
}

#[test]
fn keys_are_names_below_the_scope_and_can_be_given() {
    let store = Store::with([("db/user", "u"), ("db/pass word", "p"), ("plain", "x")]);
    let base = ["--format", "k8s-secret", "--name", "web"];
    let keys = |arguments: &[&str]| -> Vec<String> {
        let exported = store.export(&[&base[..], arguments].concat()).code(0);
        validated(&store, &exported.stdout)["data"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&["--scope", "web/**"]), ["db.pass-word", "db.user", "plain"]);
    assert_eq!(keys(&["web/db/user", "--key", "PASSWORD=web/db/pass-word"]), ["PASSWORD", "user"]);
    assert_eq!(keys(&["--scope", "**"]), ["web.db.pass-word", "web.db.user", "web.plain"]);
    assert_eq!(keys(&["--scope", "web/db/*", "--strip", "web"]), ["db.pass-word", "db.user"]);
}

#[test]
fn what_kubernetes_would_not_take_is_refused() {
    let store = Store::with([("db", "x")]);
    let export =
        |arguments: &[&str]| store.export(&[&["--format", "k8s-secret"], arguments].concat()).code(2);
    export(&["web/db"]).says("--name");
    export(&["web/db", "--name", "Web_1"]).says("is no name in Kubernetes");
    export(&["web/db", "--name", "web", "--namespace", "a.b"]).says("is no namespace in Kubernetes");
    export(&["--key", "a b=web/db", "--name", "web"]).says("is no key in Kubernetes");
    export(&["web/db", "--name", "web", "--env", "A=web/db"]).says("--env: means nothing in this format");
    store.run(&["add", "web/big", "--never", "x", "--owner", "team"], vec![b'x'; 1024 * 1024 + 1]).code(0);
    export(&["web/big", "--name", "web"]).says("web/big: with it the Secret holds more than 1 MiB");
}
