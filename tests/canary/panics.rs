//! A panic while a value is held. No way to panic is built into the product: this very test is run as another process, in
//! which what stands around the product's work stands around this.

use std::fs;
use std::process::Command;

use secrets::domain::value::Value;
use secrets::system::environment::Environment;
use secrets::system::fault;
use secrets::system::private::{PrivateFolder, Purpose};

use crate::aviary::{CANARIES, clean};

const CHILD: &str = "panics::one";

/// Ways to panic with a value in hand.
const WAYS: [&str; 5] = ["message", "unwrap", "payload", "thread", "drop"];

#[test]
fn says_where_and_nothing_of_what() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("value"), CANARIES[0]).unwrap();
    for way in WAYS {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", CHILD, "--ignored", "--nocapture"])
            .current_dir(&folder)
            .env("RUST_BACKTRACE", "full")
            .env("WAY", way)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stderr).into_owned();
        clean(way, &child.stdout);
        clean(way, &child.stderr);
        assert!(
            said.contains("error: this is a fault of secrets itself (tests/canary/panics.rs:"),
            "{way}: {said}"
        );
        assert_eq!(child.status.code(), Some(2), "{way}: it does not look like a pass");
        let left = fs::read_to_string(folder.path().join("made")).unwrap();
        assert!(!std::path::Path::new(&left).exists(), "{way}: {left} is left behind");
    }
}

#[test]
#[ignore = "is run by the test above, which tells it how to panic"]
fn one() {
    let code = fault::contained(|| {
        let nothing = Environment::new([], std::path::PathBuf::from("/"));
        let folder = PrivateFolder::create(&nothing, Purpose::Reading).unwrap();
        folder.write("value", &fs::read("value").unwrap(), false).unwrap();
        assert!(folder.path().exists());
        fs::write("made", folder.path().to_str().unwrap()).unwrap();
        let value = Value::new(fs::read("value").unwrap());
        let text = String::from_utf8(value.expose().to_vec()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "what is asked for comes in the environment")]
        let way = std::env::var("WAY").unwrap();
        match way.as_str() {
            "message" => panic!("{text} is no good"),
            "unwrap" => drop(text.parse::<u32>().map_err(|_| text).unwrap()),
            "payload" => std::panic::panic_any(text),
            "thread" => {
                std::thread::spawn(move || assert_eq!(text, "another")).join().unwrap();
            }
            _ => {
                let _last = Last(text);
                panic!("the first of two");
            }
        }
        0
    });
    unreachable!("it panicked, and went on to {code}");
}

/// Panics when it is dropped.
struct Last(String);

impl Drop for Last {
    fn drop(&mut self) {
        panic!("{} is dropped", self.0);
    }
}
