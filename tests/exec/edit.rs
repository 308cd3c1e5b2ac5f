//! `secrets edit`: what an editor saves is a new version, and no work is lost.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::person::Person;
use crate::common::{NOW, Outcome, identity_path, public_key};
use crate::stage::{Stage, run};

const VALUE: &[u8] = b"user = app\npassword = hunter2";
const FOREVER: [&str; 2] = ["--expires", "2029-01-01"];

fn stage() -> Stage {
    Stage::with(&[("web/config", VALUE), ("web/line", b"ended\n"), ("web/bytes", b"\0\xff")])
}

/// An editor: a script, which is given the file as its first argument.
fn editor(stage: &Stage, script: &str) -> PathBuf {
    let path = stage.sandbox.path("home/editor");
    stage.sandbox.hook(&stage.sandbox.path("home"), "editor", script);
    path
}

#[must_use]
#[track_caller]
fn edit(stage: &Stage, name: &str, script: &str, options: &[&str]) -> Outcome {
    let mut command = stage.command(["edit", name].iter().chain(options));
    command.env("EDITOR", editor(stage, script));
    run(command, b"")
}

/// The path of a file that is kept, as an error names it.
fn kept(told: &Outcome) -> PathBuf {
    let line = told
        .stderr
        .lines()
        .find(|line| line.contains("what was edited is not lost"))
        .unwrap_or_else(|| panic!("{}", told.stderr));
    PathBuf::from(line.rsplit(' ').next().unwrap())
}

#[track_caller]
fn changes_nothing(stage: &Stage, run: impl FnOnce() -> Outcome) -> Outcome {
    let state = || (stage.sandbox.head(&stage.laptop), stage.sandbox.status(&stage.laptop));
    let before = state();
    let outcome = run();
    assert_eq!(state(), before);
    outcome
}

#[test]
fn what_is_saved_is_a_new_version() {
    let stage = stage();
    let script = "echo \"$1\" > \"$HOME/where\"; stat -c '%a' \"$1\" \"${1%/*}\" >> \"$HOME/where\"; \
        df --output=fstype \"$1\" | tail -1 >> \"$HOME/where\"; echo \"$TMPDIR\" >> \"$HOME/where\"; \
        echo backup > \"$1~\"; sed -i s/hunter2/hunter3/ \"$1\"; echo on the screen";
    let done = edit(&stage, "web/config", script, &FOREVER).code(0);
    assert_eq!(done.text(), "", "standard output is not the editor's");
    let done = done.says("on the screen").says("expires 2029-01-01").says("committed").lacks("hunter");
    assert!(!done.stderr.contains("left off"), "sed adds no line break: {}", done.stderr);
    let opened = stage.sandbox.age(&stage.laptop, "web/config", "bob").code(0);
    assert_eq!(opened.text(), "user = app\npassword = hunter3");
    assert_eq!(stage.sandbox.record(&stage.laptop, "web/config")["sealed"]["version"]["number"], 2);
    assert_eq!(stage.sandbox.status(&stage.laptop), "");
    let told = fs::read_to_string(stage.sandbox.path("home/where")).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    let [file, mode, folder_mode, system, temporary] = lines.as_slice() else { panic!("{told}") };
    assert_eq!((*mode, *folder_mode), ("600", "700"));
    assert!(["tmpfs", "ramfs"].contains(system) && file.ends_with("/config"), "{told}");
    let folder = Path::new(file).parent().unwrap();
    assert_eq!(Path::new(temporary), folder);
    assert!(!folder.exists(), "the folder is gone, and the backup with it");
    for value in ["hunter2", "hunter3"] {
        stage.nowhere_on_disk(value);
    }
}

#[test]
fn line_breaks_of_editors_are_no_change_of_the_value() {
    let stage = stage();
    let same = |name: &str, script: &str| {
        let told = changes_nothing(&stage, || edit(&stage, name, script, &[])).code(0);
        assert!(told.stderr.contains("is as it was; nothing was changed"), "{script}: {}", told.stderr);
    };
    same("web/config", "true");
    same("web/config", "echo >> \"$1\"");
    same("web/config", "printf '\\r\\n' >> \"$1\"");
    same("web/line", "touch \"$1\"");
    let becomes = |name: &str, script: &str, expected: &str| {
        let told = edit(&stage, name, script, &FOREVER).code(0);
        assert_eq!(stage.sandbox.age(&stage.laptop, name, "alice").code(0).text(), expected, "{script}");
        told
    };
    let _ = becomes("web/config", "echo new > \"$1\"", "new").says("is left off");
    let _ = becomes("web/config", "printf 'newer\\n\\n' > \"$1\"", "newer\n").says("is left off");
    let _ = becomes("web/line", "echo new > \"$1\"", "new\n").lacks("left off");
    let _ = becomes("web/line", "printf new2 > \"$1\"", "new2").lacks("left off");
    let _ = becomes("web/bytes", "printf text > \"$1\"", "text").says("web/bytes: is no text");
}

#[test]
fn what_is_not_meant_changes_nothing() {
    let stage = stage();
    for (script, expected) in [
        ("echo new > \"$1\"; exit 1", "ended with 1, so nothing was changed"),
        (": > \"$1\"", "was left empty, so nothing was changed"),
        ("echo > \"$1\"", "was left empty, so nothing was changed"),
        ("rm \"$1\"", "No such file"),
        ("exec no-such-editor-here", "ended with 127, so nothing was changed"),
    ] {
        let told = changes_nothing(&stage, || edit(&stage, "web/config", script, &FOREVER)).code(2);
        assert!(told.stderr.contains(expected), "{script}: {}", told.stderr);
        assert!(!told.stderr.contains("is not lost"), "there is nothing to keep: {}", told.stderr);
    }
    for (name, expected) in [("web/none", "there is no secret"), ("a/../b", "a/../b")] {
        let told = changes_nothing(&stage, || edit(&stage, name, "echo started >&2", &FOREVER)).code(2);
        assert!(told.stderr.contains(expected) && !told.stderr.contains("started"), "{}", told.stderr);
    }
    let mut stranger = stage.command(["edit", "web/config"]);
    stranger
        .env("SECRETS_IDENTITY_FILE", identity_path("carol"))
        .env("EDITOR", editor(&stage, "echo started >&2"));
    let told = run(stranger, b"").code(2);
    assert!(
        told.stderr.contains("none of the identities") && !told.stderr.contains("started"),
        "{}",
        told.stderr
    );
}

#[test]
fn no_work_is_lost() {
    let stage = stage();
    // Nobody can be asked when it ends.
    let told = changes_nothing(&stage, || edit(&stage, "web/config", "echo my work > \"$1\"", &[])).code(2);
    let told = told.says("it is not said when this credential ends");
    let file = kept(&told);
    assert_eq!(fs::read(&file).unwrap(), b"my work", "it is what would have been sealed");
    // The next one says so, until it is gone.
    let next = edit(&stage, "web/line", "true", &[]).code(0);
    assert!(
        next.stderr.contains(&format!("is still in {}", file.parent().unwrap().display())),
        "{}",
        next.stderr
    );
    // Both remedies can be pasted.
    let remedy = |told: &Outcome, begins: &str| {
        let line = told.stderr.lines().find_map(|line| line.trim().strip_prefix(begins)).unwrap();
        line.trim().to_owned()
    };
    let paste = |line: &str| {
        let line = line.replacen("secrets ", &format!("{} --at {NOW} ", crate::common::binary()), 1);
        let mut shell = stage.sandbox.command("sh", &stage.laptop);
        shell.env("SECRETS_IDENTITY_FILE", identity_path("alice")).args(["-c", &line]);
        run(shell, b"")
    };
    paste(&format!("{} --expires 2029-01-01", remedy(&told, "to go on with it:"))).code(0);
    paste(&remedy(&told, "then, or to give it up:")).code(0);
    assert!(!file.exists());
    assert_eq!(stage.sandbox.age(&stage.laptop, "web/config", "bob").code(0).text(), "my work");
    // Another person's edit, or another test's, may be there still.
    let next = edit(&stage, "web/line", "true", &[]).code(0);
    assert!(next.stderr.ends_with("web/line: is as it was; nothing was changed\n"), "{}", next.stderr);
    assert!(!next.stderr.contains(&file.parent().unwrap().display().to_string()), "{}", next.stderr);

    // Somebody else sets another value meanwhile.
    let other = format!(
        "printf theirs | {} --at {NOW} set web/config --expires 2029-01-01 >&2; echo mine > \"$1\"",
        crate::common::binary()
    );
    let told =
        edit(&stage, "web/config", &other, &FOREVER).code(2).says("somebody else changed it meanwhile");
    let file = kept(&told);
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    assert_eq!(stage.sandbox.age(&stage.laptop, "web/config", "bob").code(0).text(), "theirs");
    fs::remove_dir_all(file.parent().unwrap()).unwrap();

    // The editor is ended from outside.
    let told = edit(&stage, "web/config", "echo half > \"$1\"; kill -HUP $$", &FOREVER).code(2);
    let told = told.says("was ended by signal 1, so nothing was changed");
    let file = kept(&told);
    assert_eq!(fs::read(&file).unwrap(), b"half\n");
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
}

#[test]
fn what_is_committed_and_not_pushed_does_not_stay_in_clear() {
    let stage = stage();
    // The commit that made the secret would go along.
    let script = "echo \"$1\" > \"$HOME/where\"; sed -i s/hunter2/hunter3/ \"$1\"";
    stage.sandbox.git(&stage.laptop, ["commit", "-q", "--allow-empty", "-m", "Mine"]);
    let told = edit(&stage, "web/config", script, &[&FOREVER[..], &["--push"]].concat()).code(2);
    let told = told.says("committed").says("not pushed").lacks("is not lost").lacks("--from-file");
    assert_eq!(told.text(), "");
    let place = fs::read_to_string(stage.sandbox.path("home/where")).unwrap();
    assert!(!Path::new(place.trim()).exists(), "{place}");
}

#[test]
fn on_a_terminal_it_asks_when_the_new_value_ends() {
    let stage = stage();
    let person = |script: &str| {
        let mut command = stage.command(["edit", "web/config"]);
        command.env("EDITOR", editor(&stage, script)).env("TERM", "xterm");
        Person::at(command, None)
    };
    // The editor has the terminal; Ctrl-C there is the editor's.
    let script = "trap 'echo caught' INT; test -t 0 && test -t 1 && echo \"at a terminal\"; read x; read y; echo new > \"$1\"";
    let mut asked = person(&format!("exec bash -c '{}' bash \"$1\"", script.replace('\'', "\"")));
    asked.sees("at a terminal").types("a\nb\n").sees("expires (date").types("1y\n");
    asked.sees("push to origin/main now").types("n\n");
    let (code, seen) = asked.ends();
    assert!(code == 0 && !seen.contains("hunter2"), "{seen}");
    assert_eq!(stage.sandbox.age(&stage.laptop, "web/config", "bob").code(0).text(), "new");
    let mut gives_up = person("echo newer > \"$1\"");
    gives_up.sees("expires (date").types("\x03").sees("interrupted").sees("is not lost");
    let (code, seen) = gives_up.ends();
    assert_eq!(code, 2, "{seen}");
    let at = seen.split("it is in ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(fs::read(at).unwrap(), b"newer");
    fs::remove_dir_all(Path::new(at).parent().unwrap()).unwrap();
}

#[test]
fn one_value_of_a_file_that_sops_sealed() {
    let stage = stage();
    let file = "clusters/enc.yaml";
    let keys = [public_key("alice"), public_key("bob")];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    stage.sandbox.sops_file(
        &stage.laptop.join(file),
        "hub:\n    token: t0ken-before\n    other: stays\n",
        &keys,
    );
    stage.sandbox.publish_all(&stage.laptop, "Seal");
    stage.sandbox.secrets(&stage.laptop).args(["track", file, "--owner", "team"]).run().code(0);
    let path = editor(&stage, "grep -q t0ken-before \"$1\" && echo new > \"$1\"");
    let name = format!("{file}#/hub/token");
    let edit = stage.sandbox.secrets(&stage.laptop).args(["edit", &name]).args(FOREVER).with_sops("alice");
    edit.identity("alice").env("EDITOR", path).run().code(0).says("is left off").lacks("t0ken-before");
    assert_eq!(stage.sandbox.changed_by_head(&stage.laptop), ["clusters/custody.toml", file]);
    // And it can be handed on.
    let with_sops = |options: &[&str]| {
        let exec = stage.sandbox.secrets(&stage.laptop).args(["exec", "--at", NOW]).args(options);
        exec.args(["--", "sh", "-c", "echo $TOKEN $HUB_TOKEN $OTHER", "x"])
            .with_sops("alice")
            .identity("alice")
            .run()
    };
    assert_eq!(with_sops(&["--env", &format!("TOKEN={name}")]).code(0).text(), "new\n");
    let other = format!("OTHER={file}#/hub/other");
    assert_eq!(with_sops(&["--scope", file, "--env", &other]).code(0).text(), "new stays\n");
    // What another implementation reads.
    let opened = stage.sandbox.rops_decrypt(&stage.laptop.join(file), "bob").code(0);
    let _ = opened.says("token: new").says("other: stays");
}
