//! A panic while a value is held. No way to panic is built into the product: this very test is run as another process, in
//! which what stands around the product's work stands around this; and the product itself panics where the system has no
//! random bytes for it.

use std::fs;
use std::process::{Command, Stdio};

use secrets::domain::value::Value;
use secrets::system::environment::Environment;
use secrets::system::fault;
use secrets::system::private::{PrivateFolder, Purpose};

use crate::aviary::{Aviary, CANARIES, clean};
use crate::common::{NOW, binary, identity_path};
use crate::memory::optimised;

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
fn the_program_itself_says_where_and_leaves_nothing() {
    const MOST: usize = 30;
    let aviary = Aviary::new();
    aviary.fill();
    aviary.sandbox.push(&aviary.laptop);
    let set = aviary.words("set web/db --expires 2028-01-01 --from-file FILE --at");
    let status = || aviary.sandbox.git(&aviary.laptop, ["status", "--porcelain"]);
    let optimised = optimised();
    let mut panics = 0;
    for number in 1.. {
        assert!(number < MOST, "it asks for random bytes without end");
        let mut command = aviary.sandbox.command("strace", &aviary.laptop);
        let inject = format!("inject=getrandom:error=EIO:when={number}+");
        command.args(["-qq", "-o", "/dev/null", "-e", &inject, optimised.as_deref().unwrap_or(binary())]);
        command.args(&set).arg(NOW).env("SECRETS_IDENTITY_FILE", identity_path("alice"));
        command.env("RUST_BACKTRACE", "full").stdin(Stdio::null());
        let ended = command.output().expect("strace can be started: it is in Debian's package `strace`");
        clean("standard output", &ended.stdout);
        clean("standard error", &ended.stderr);
        if ended.status.success() {
            break;
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{number}: {said}");
        assert!(said.contains("error: "), "{number}: {said}");
        panics += usize::from(said.contains("error: this is a fault of secrets itself ("));
        assert_eq!(status(), "", "{number}: {said}");
        assert_eq!(aviary.sandbox.age(&aviary.laptop, "web/db", "alice").stdout, CANARIES[0].as_bytes());
    }
    assert!(panics > 2, "it panicked {panics} times");
    assert_eq!(aviary.sandbox.age(&aviary.laptop, "web/db", "alice").stdout, CANARIES[1].as_bytes());
    aviary.search();
}

#[test]
#[ignore = "is run by the first test, which tells it how to panic"]
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
