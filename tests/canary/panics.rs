//! A panic while a value is held. No way to panic is built into the product: this very test is run as another process, in
//! which what stands around the product's work stands around this.

use std::fs;
use std::process::Command;

use secrets::domain::value::Value;
use secrets::system::fault;

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
        // A panic in the midst of another one is the end of the process.
        if way != "drop" {
            let code = fs::read_to_string(folder.path().join("code")).unwrap();
            assert_eq!(code, "2", "{way}: it does not look like a pass");
            fs::remove_file(folder.path().join("code")).unwrap();
        }
    }
}

#[test]
#[ignore = "is run by the test above, which tells it how to panic"]
fn one() {
    let code = fault::contained(|| {
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
    fs::write("code", code.to_string()).unwrap();
}

/// Panics when it is dropped.
struct Last(String);

impl Drop for Last {
    fn drop(&mut self) {
        panic!("{} is dropped", self.0);
    }
}
