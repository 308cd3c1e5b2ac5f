//! A provider on this very machine for whoever tests rotation.

use std::path::Path;
use std::time::{Duration, Instant};

use secrets::rotate::Outside;
use secrets::system::environment::Environment;
use secrets::web::Limits;

use super::common::NOW;

/// What a provider may touch, with this folder as the root of the repository.
pub fn outside(folder: &Path) -> Outside {
    #[expect(clippy::disallowed_methods, reason = "programs are found by PATH, and by nothing else")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let whole = Duration::from_mins(1);
    Outside {
        environment: Environment::new([("PATH".into(), path)], folder.to_owned()),
        folder: folder.to_owned(),
        limits: Limits::within(whole),
        deadline: Instant::now() + whole,
        now: secrets::domain::time::Instant::parse_rfc3339(NOW).unwrap(),
        secret: "web/prod/db".parse().unwrap(),
    }
}
