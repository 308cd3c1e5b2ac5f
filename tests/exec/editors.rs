//! Real editors, and which one is started.

use std::fs;

use crate::stage::{Stage, run};

const VALUE: &str = "password = w7Qp2ZrT9u";
const FOREVER: [&str; 2] = ["--expires", "2029-01-01"];

fn stage() -> Stage {
    Stage::with(&[("web/config", VALUE.as_bytes())])
}

#[track_caller]
fn holds(stage: &Stage, expected: &str) {
    assert_eq!(stage.sandbox.age(&stage.laptop, "web/config", "bob").code(0).text(), expected);
}

#[test]
fn ed_is_an_editor() {
    let stage = stage();
    let edit = |commands: &str| {
        let mut command = stage.command(["edit", "web/config"].iter().chain(&FOREVER));
        command.env("EDITOR", "ed -s");
        run(command, commands.as_bytes())
    };
    // It ends every file with a line break.
    let told = edit("w\nq\n").code(0);
    assert!(told.stderr.contains("is as it was; nothing was changed"), "{}", told.stderr);
    edit("s/w7Qp2ZrT9u/new/\nw\nq\n").code(0);
    holds(&stage, "password = new");
}

#[test]
fn vim_leaves_no_copy_behind_whatever_it_is_configured_to() {
    let stage = stage();
    let home = stage.sandbox.path("home");
    for folder in ["undo", "backup", "swap"] {
        fs::create_dir(home.join(folder)).unwrap();
    }
    let configured = "set nocompatible undofile undodir=~/undo backup writebackup backupdir=~/backup directory=~/swap \
        viminfo='100,n~/viminfo\n";
    fs::write(home.join(".vimrc"), configured).unwrap();
    // Yanked, a line gets into the registers, which vim remembers; and what was undone into its undo file.
    let keys = "yy:%s/w7Qp2ZrT9u/new/\ru:%s/password/secret/\r:wq\r";
    fs::write(home.join("keys"), keys).unwrap();
    let edit = |editor: &str| {
        let mut command = stage.command(["edit", "web/config"].iter().chain(&FOREVER));
        command.env("EDITOR", editor).env("TERM", "dumb");
        run(command, b"")
    };
    edit("vim -u ~/.vimrc -s ~/keys --not-a-term").code(0);
    holds(&stage, "secret = w7Qp2ZrT9u");
    stage.nowhere_on_disk("w7Qp2ZrT9u");
    assert!(!home.join("viminfo").exists());
    // The same editor by a name that does not tell would have left some: so the search finds them.
    fs::write(home.join("keys"), "yy:%s/secret/password/\r:wq\r").unwrap();
    edit("true && vim -u ~/.vimrc -s ~/keys --not-a-term").code(0);
    let left =
        stage.sandbox.run(stage.sandbox.root(), "grep", ["-rlFa", "--exclude=keys", "w7Qp2ZrT9u", "home"]);
    assert_ne!(left.text(), "", "vim was configured to keep copies");
}

#[test]
fn the_editor_is_the_one_that_the_user_chose() {
    let stage = stage();
    let home = stage.sandbox.path("home");
    for name in ["visual", "editor", "of-git", "with space"] {
        stage.sandbox.hook(&home, name, &format!("echo \"started {name} $1\" >&2; exit 1"));
    }
    let started = |variables: &[(&str, &str)]| {
        let mut command = stage.command(["edit", "web/config"]);
        for (name, value) in variables {
            let value =
                if *name == "TERM" { (*value).to_owned() } else { format!("{}/{value}", home.display()) };
            command.env(name, value);
        }
        run(command, b"").code(2).stderr
    };
    let (visual, editor, term) = (("VISUAL", "visual"), ("EDITOR", "editor"), ("TERM", "xterm"));
    assert!(started(&[visual, editor, term]).contains("started visual /"));
    assert!(started(&[visual, editor, ("TERM", "dumb")]).contains("started editor /"));
    assert!(started(&[editor, term]).contains("started editor /"));
    assert!(started(&[("GIT_EDITOR", "of-git"), editor, term]).contains("started editor /"));
    assert!(started(&[("GIT_EDITOR", "of-git"), term]).contains("started of-git /"));
    let quoted = format!("'{}/with space' --wait", home.display());
    let mut command = stage.command(["edit", "web/config"]);
    command.env("EDITOR", quoted);
    assert!(run(command, b"").code(2).stderr.contains("started with space --wait"));
    stage.sandbox.git(&stage.laptop, ["config", "core.editor", &home.join("of-git").display().to_string()]);
    assert!(started(&[term]).contains("started of-git /"));
    // git names none where it can't be shown.
    stage.sandbox.git(&stage.laptop, ["config", "--unset", "core.editor"]);
    let told = started(&[("TERM", "dumb")]);
    assert!(told.contains("EDITOR=vim secrets edit NAME"), "{told}");
}
