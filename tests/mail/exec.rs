//! `exec`: programs that take what they are told, fail, and hang.

use std::fs;
use std::path::Path;
use std::time::Instant;

use secrets::domain::channel::ChannelKind;
use serde_json::Value as Json;

use crate::messages::{Place, message, notice, refused, resolved, tell_from};

fn shell(script: &str, argument: &Path) -> ChannelKind<secrets::domain::value::Value> {
    let argument = argument.to_str().unwrap().to_owned();
    ChannelKind::Exec {
        command: vec!["sh".to_owned(), "-c".to_owned(), script.to_owned(), "sh".to_owned(), argument],
    }
}

#[test]
fn a_program_is_told_on_standard_input_and_judged_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let place =
        Place { folder: folder.path(), variables: &[("SECRETS_IDENTITY", "AGE-SECRET-KEY-1WORTHLESS")] };
    let got = folder.path().join("got");
    let telling = message(vec![notice("web/db")], vec![resolved("mail/relay")]);
    let script = "cat >\"$1\"; pwd >>\"$1\"; echo \"identity:$SECRETS_IDENTITY\" >>\"$1\"";
    let delivery = tell_from(&place, shell(script, &got), &telling, 5000, 5000);
    assert!(delivery.error.is_none() && delivery.arrived.len() == 2, "{delivery:?}");
    let text = fs::read_to_string(&got).unwrap();
    let (json, rest) = text.split_at(text.rfind('}').unwrap() + 1);
    let json: Json = serde_json::from_str(json).unwrap();
    assert_eq!((&json["schema_version"], &json["notices"][0]["secret"]), (&1.into(), &"web/db".into()));
    assert_eq!(json["resolved"][0]["secret"], "mail/relay");
    let expected = format!("{}\nidentity:\n", folder.path().canonicalize().unwrap().display());
    assert_eq!(rest.trim_start(), expected);

    let says = |script: &str| refused(&tell_from(&place, shell(script, &got), &telling, 5000, 5000));
    let why = says("echo first >&2; printf 'no\\033[31m way\\n\\n' >&2; exit 3");
    assert_eq!(why, r"sh: ended with exit code 3: no\u{1b}[31m way");
    assert_eq!(says("exit 1"), "sh: ended with exit code 1");
    assert!(says("yes x | tr -d '\\n' | head -c 100000 >&2; exit 1").chars().count() < 400);
    assert!(says("kill -9 $$").contains("by a signal"));
    // Who does not care to read it is judged by the exit code all the same.
    assert!(tell_from(&place, shell("exit 0", &got), &telling, 5000, 5000).error.is_none());
    let missing = ChannelKind::Exec { command: vec!["no-such-program".to_owned()] };
    assert!(refused(&tell_from(&place, missing, &telling, 5000, 5000)).contains("not installed"));

    let marker = folder.path().join("called");
    let nothing = tell_from(&place, shell("touch \"$1\"", &marker), &message(vec![], vec![]), 5000, 5000);
    assert!(nothing.error.is_none() && nothing.arrived.is_empty() && !marker.exists());
}

#[test]
fn a_program_that_hangs_ends_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { folder: folder.path(), variables: &[] };
    let child = folder.path().join("child");
    let script = "sleep 600 & echo $! >\"$1.part\"; mv \"$1.part\" \"$1\"; wait";
    let why =
        refused(&tell_from(&place, shell(script, &child), &message(vec![notice("a/b")], vec![]), 1500, 1500));
    assert!(why.contains("gave no answer within"), "{why}");
    let pid = fs::read_to_string(&child).unwrap().trim().to_owned();
    let until = Instant::now() + std::time::Duration::from_secs(20);
    // Killed is not yet gone: whoever inherits it must look first.
    let is_there = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
    };
    while is_there() {
        assert!(Instant::now() < until, "{pid} outlives its parent");
        std::thread::yield_now();
    }
}
