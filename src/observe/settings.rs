//! The texts that channels need, looked up where policy says they are.

use super::MAX_SEALED_BYTES;
use super::place::Place;
use crate::domain::channel::{Channel, Setting};
use crate::domain::name::SecretName;
use crate::domain::value::Value;
use crate::git::RemoteTip;
use crate::notify::Ready;
use crate::system::environment::Environment;

/// Opens a secret of the store; the error names it.
pub type Open<'a> = dyn FnMut(&SecretName) -> Result<Value, String> + 'a;

/// The channel with all that it needs.
///
/// # Errors
/// The first text that can't be had: which channel wants it, where it should be, and how to mend that.
pub fn ready(channel: &Channel, environment: &Environment, open: &mut Open<'_>) -> Result<Ready, String> {
    let kind = channel.kind.resolve(|setting| value(setting, environment, open));
    let kind = kind.map_err(|why| format!("channel `{}`: {why}", channel.name))?;
    Ok(Ready { name: channel.name.clone(), kind })
}

/// One text. What was pasted into a variable or a secret with the end of its line is taken without it.
///
/// # Errors
/// It is not there, is empty, or is no text of one line; what it says is not told.
pub fn value(setting: &Setting, environment: &Environment, open: &mut Open<'_>) -> Result<Value, String> {
    match setting {
        Setting::Text(text) => Ok(Value::new(text.clone().into_bytes())),
        Setting::Env(name) => match environment.var(name) {
            Some(text) => one_line(text.as_bytes(), &format!("the variable {name}")),
            None if environment.has(name) => {
                Err(format!("the variable {name} is empty, or no UTF-8: give it its value"))
            }
            None => Err(format!("the variable {name} is not set: set it where this job runs")),
        },
        Setting::Secret(name) => {
            let opened = open(name)?;
            one_line(opened.expose(), &format!("the secret {name}"))
        }
    }
}

fn one_line(bytes: &[u8], whose: &str) -> Result<Value, String> {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(format!("{whose} is empty: give it its value")),
        Ok(text) if text.chars().any(char::is_control) => Err(format!(
            "{whose} has more than one line, or control characters: put in the one line that is meant"
        )),
        Ok(_) => Ok(Value::new(line.to_vec())),
        Err(_) => Err(format!("{whose} is no UTF-8: put in the text that is meant")),
    }
}

/// The sealed bytes of a secret as the remote has them. Those of the work tree are somebody's branch, which might have
/// put another secret in its place to have it sent away.
///
/// # Errors
/// It is not there, or can't be read; the error names it.
pub fn sealed_at(place: &Place, tip: &RemoteTip, name: &SecretName) -> Result<Vec<u8>, String> {
    let most = usize::try_from(MAX_SEALED_BYTES).unwrap_or(usize::MAX);
    match tip.file(&place.sealed_path(name), most) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(format!(
            "the secret {name} is not on the deploy ref: add it with `secrets add {name}` and push, or name another in policy"
        )),
        Err(error) => Err(format!("the secret {name} on the deploy ref: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::*;
    use crate::domain::channel::ChannelKind;
    use crate::system::process::Program;

    const LIMIT: Duration = Duration::from_mins(1);

    fn environment(variables: &[(&str, &[u8])]) -> Environment {
        use std::os::unix::ffi::OsStringExt as _;
        let variables =
            variables.iter().map(|(name, value)| (OsString::from(name), OsString::from_vec(value.to_vec())));
        Environment::new(variables, PathBuf::from("/"))
    }

    fn secret(name: &str) -> SecretName {
        name.parse().unwrap()
    }

    #[test]
    fn a_text_is_taken_from_where_policy_has_it() {
        let environment = environment(&[
            ("GOOD", b"https://h/x"),
            ("PASTED", b"token\r\n"),
            ("EMPTY", b""),
            ("BARE_LINE", b"\n"),
            ("LINES", b"one\ntwo"),
            ("BELL", b"PASTED\x07"),
            ("BINARY", b"\xff\xfe"),
        ]);
        let mut opened = Vec::new();
        let mut open = |name: &SecretName| {
            opened.push(name.to_string());
            match name.as_str() {
                "ops/hook" => Ok(Value::new(b"https://sealed/x\n".to_vec())),
                "ops/two" => Ok(Value::new(b"a\n\n".to_vec())),
                "ops/binary" => Ok(Value::new(vec![0xff])),
                _ => Err(format!("{name}: none of the identities found here opens it")),
            }
        };
        let text = |text: &str| Setting::Text(text.to_owned());
        let env = |name: &str| Setting::Env(name.to_owned());
        for (setting, expected) in [
            (text("https://h/y"), "https://h/y"),
            (env("GOOD"), "https://h/x"),
            (env("PASTED"), "token"),
            (Setting::Secret(secret("ops/hook")), "https://sealed/x"),
        ] {
            let found = value(&setting, &environment, &mut open).unwrap_or_else(|why| panic!("{why}"));
            assert_eq!(found.expose(), expected.as_bytes(), "{setting:?}");
        }
        for (setting, why) in [
            (env("NONE"), "the variable NONE is not set: set it where this job runs"),
            (env("EMPTY"), "the variable EMPTY is empty, or no UTF-8"),
            (env("BINARY"), "the variable BINARY is empty, or no UTF-8"),
            (env("BARE_LINE"), "the variable BARE_LINE is empty"),
            (env("LINES"), "the variable LINES has more than one line"),
            (env("BELL"), "the variable BELL has more than one line, or control characters"),
            (Setting::Secret(secret("ops/two")), "the secret ops/two has more than one line"),
            (Setting::Secret(secret("ops/binary")), "the secret ops/binary is no UTF-8"),
            (Setting::Secret(secret("ops/other")), "ops/other: none of the identities"),
        ] {
            let error = value(&setting, &environment, &mut open).err().unwrap();
            assert!(error.starts_with(why) && !error.contains("PASTED\u{7}"), "{setting:?}: {error}");
        }
        assert_eq!(opened, ["ops/hook", "ops/two", "ops/binary", "ops/other"]);
    }

    #[test]
    fn a_channel_is_ready_or_says_what_it_lacks() {
        let channel = Channel {
            name: "ops".parse().unwrap(),
            kind: ChannelKind::Webhook {
                url: Setting::Text("https://h/x".to_owned()),
                authorization: Some(Setting::Env("HOOK".to_owned())),
            },
            from: None,
            scope: Vec::new(),
            findings: std::collections::BTreeSet::new(),
            line: 1,
        };
        let mut open = |name: &SecretName| Err(name.to_string());
        let found = ready(&channel, &environment(&[("HOOK", b"Bearer x\n")]), &mut open);
        let Ok(Ready { kind: ChannelKind::Webhook { authorization: Some(found), .. }, .. }) = found else {
            panic!("not ready")
        };
        assert_eq!(found.expose(), b"Bearer x");
        let error = ready(&channel, &environment(&[]), &mut open).err().unwrap();
        assert_eq!(error, "channel `ops`: the variable HOOK is not set: set it where this job runs");
    }

    /// A remote whose `main` has `ops/hook`, and a clone on a branch that put another secret in its place.
    fn attacked() -> (tempfile::TempDir, Environment) {
        let dir = tempfile::tempdir().unwrap();
        let clone = dir.path().join("clone");
        let variables = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
            ("HOME", dir.path().as_os_str().to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ];
        let environment =
            Environment::new(variables.map(|(name, value)| (name.into(), value)), clone.clone());
        let git = |folder: &Path, arguments: &[&str]| {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"];
            let finished =
                Program::new("git", folder, &environment).args(identity).args(arguments).run(LIMIT).unwrap();
            assert!(finished.succeeded(), "git {arguments:?}: {}", finished.stderr);
        };
        git(dir.path(), &["init", "-q", "--bare", "--initial-branch=main", "origin.git"]);
        git(dir.path(), &["clone", "-q", "origin.git", "clone"]);
        let ops = clone.join("secrets/ops");
        std::fs::create_dir_all(&ops).unwrap();
        std::fs::write(clone.join("secrets/policy.toml"), "").unwrap();
        std::fs::write(ops.join("hook.age"), "of the deploy ref").unwrap();
        for arguments in [
            &["checkout", "-q", "-b", "main"][..],
            &["add", "."],
            &["commit", "-q", "-m", "a"],
            &["push", "-q", "origin", "main"],
            &["checkout", "-q", "-b", "topic"],
        ] {
            git(&clone, arguments);
        }
        std::fs::write(ops.join("hook.age"), "of the branch").unwrap();
        std::fs::write(ops.join("new.age"), "of the branch").unwrap();
        git(&clone, &["add", "."]);
        git(&clone, &["commit", "-q", "-m", "b"]);
        std::fs::write(ops.join("hook.age"), "of the work tree").unwrap();
        (dir, environment)
    }

    #[test]
    fn a_sealed_text_is_that_of_the_deploy_ref() {
        let (_dir, environment) = attacked();
        let place = Place::find(None, &environment).unwrap();
        let tip = place.known_repository().unwrap().ask_remote("origin", "main", LIMIT).unwrap();
        assert_eq!(sealed_at(&place, &tip, &secret("ops/hook")).unwrap(), b"of the deploy ref");
        let error = sealed_at(&place, &tip, &secret("ops/new")).unwrap_err();
        assert!(error.starts_with("the secret ops/new is not on the deploy ref: add it"), "{error}");
    }
}
