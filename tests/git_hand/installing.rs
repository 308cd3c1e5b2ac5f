//! Installing and taking away: what was there stays byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::common::{Sandbox, binary};

fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    (sandbox, laptop)
}

/// Every file of the git dir that git does not rewrite by itself.
fn files(laptop: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![laptop.join(".git/info"), laptop.join(".git/hooks")];
    let mut take = |path: PathBuf| {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        files.insert(path.clone(), (fs::read(&path).unwrap(), mode));
    };
    take(laptop.join(".git/config"));
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { take(path) }
        }
    }
    files
}

#[test]
fn what_was_there_is_there_again() {
    for attributes in [None, Some("*.png binary"), Some("# mine\n*.x -text\n")] {
        let (sandbox, laptop) = store();
        sandbox.git(&laptop, ["config", "diff.mine.textconv", "cat"]);
        sandbox.hook(&laptop.join(".git/hooks"), "commit-msg", "exit 0");
        fs::create_dir_all(laptop.join(".git/info")).unwrap();
        if let Some(text) = attributes {
            fs::write(laptop.join(".git/info/attributes"), text).unwrap();
        }
        let before = files(&laptop);
        sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
        let installed = files(&laptop);
        assert_ne!(installed, before);
        sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
        assert_eq!(files(&laptop), installed, "a second time changes nothing");
        assert_eq!(sandbox.status(&laptop), "", "nothing that is committed was touched");
        sandbox.secrets(&laptop).args(["git", "uninstall"]).run().code(0);
        assert_eq!(files(&laptop), before);
        sandbox.secrets(&laptop).args(["git", "uninstall"]).run().code(0);
        assert_eq!(files(&laptop), before);
    }
}

#[test]
fn an_older_installation_is_brought_up_to_date() {
    let (sandbox, laptop) = store();
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
    let current = files(&laptop);
    let hook = laptop.join(".git/hooks/pre-commit");
    let old = fs::read_to_string(&hook).unwrap().replace(binary(), "/opt/old/secrets");
    fs::write(&hook, old).unwrap();
    sandbox.git(&laptop, ["config", "merge.secrets-record.driver", "/opt/old/secrets git merge-record"]);
    let doctor = sandbox.secrets(&laptop).args(["doctor"]).identity("alice").run();
    assert!(doctor.text().contains("git install"), "{}", doctor.text());
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
    assert_eq!(files(&laptop), current);
}

#[test]
fn hooks_of_others_are_left_alone() {
    let (sandbox, laptop) = store();
    let hook = laptop.join(".git/hooks/pre-commit");
    sandbox.hook(&laptop.join(".git/hooks"), "pre-commit", "echo mine");
    let mine = fs::read(&hook).unwrap();
    let outcome = sandbox.secrets(&laptop).args(["git", "install"]).run().code(2);
    assert!(outcome.stderr.contains("pre-commit: NOT installed"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the line: secrets git hook pre-commit \"$@\" || exit 1"));
    assert_eq!(fs::read(&hook).unwrap(), mine);
    assert!(laptop.join(".git/hooks/pre-push").exists(), "the other one is ours");
    // With the line in it, all is well.
    sandbox.hook(
        &laptop.join(".git/hooks"),
        "pre-commit",
        "secrets git hook pre-commit \"$@\" || exit 1\necho mine",
    );
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0).says("called by your own");
    let mine = fs::read(&hook).unwrap();
    sandbox.secrets(&laptop).args(["git", "uninstall"]).run().code(0).says("take the line out");
    assert_eq!(fs::read(&hook).unwrap(), mine);
}

#[test]
fn a_shared_folder_of_hooks_is_left_alone() {
    let (sandbox, laptop) = store();
    fs::create_dir_all(laptop.join(".husky/_")).unwrap();
    sandbox.git(&laptop, ["config", "core.hooksPath", ".husky/_"]);
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(2).says("in .husky/pre-push, the line");
    assert_eq!(fs::read_dir(laptop.join(".husky/_")).unwrap().count(), 0);
    assert!(!laptop.join(".git/hooks/pre-commit").exists());
    sandbox.secrets(&laptop).args(["git", "install", "--no-hooks"]).run().code(0);
    for hook in ["pre-commit", "pre-push"] {
        fs::write(laptop.join(".husky").join(hook), format!("secrets git hook {hook} \"$@\"\n")).unwrap();
    }
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
}

#[test]
fn by_the_name_on_the_path_where_that_is_this_program() {
    let (sandbox, laptop) = store();
    let folder = sandbox.path("programs");
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(binary(), folder.join("secrets")).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    sandbox.secrets(&laptop).args(["git", "install"]).env("PATH", path).run().code(0);
    let textconv = sandbox.git(&laptop, ["config", "diff.secrets-record.textconv"]);
    assert_eq!(textconv, format!("{} git textconv", folder.join("secrets").display()));
}

#[test]
fn several_stores_of_one_repository() {
    let (sandbox, laptop) = store();
    let other = laptop.join("apps/my app");
    fs::create_dir_all(&other).unwrap();
    sandbox
        .secrets(&other)
        .args([
            "init",
            "--person",
            "alice",
            "--key",
            &crate::common::public_key("alice"),
            "--deploy-ref",
            "none",
            "--store",
            "secrets",
        ])
        .run()
        .code(0);
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
    sandbox.secrets(&other).args(["git", "install"]).run().code(0);
    let attributes =
        sandbox.git(&laptop, ["check-attr", "merge", "--", "secrets/a.json", "apps/my app/secrets/a.json"]);
    assert_eq!(attributes.matches("merge: secrets-record").count(), 2, "{attributes}");
    for store in ["secrets", "apps/my app/secrets"] {
        fs::write(laptop.join(store).join("token"), "hunter2").unwrap();
        sandbox.git(&laptop, ["add", "-A"]);
        let refused = sandbox.run(&laptop, "git", ["commit", "-m", "x"]).code(1).lacks("hunter2");
        assert!(refused.stderr.contains(&format!("{store}/token")), "{}", refused.stderr);
        sandbox.git(&laptop, ["rm", "-q", "-f", &format!("{store}/token")]);
    }
}

#[test]
fn a_program_that_is_gone_stops_a_commit_and_says_how_to_mend_it() {
    let (sandbox, laptop) = store();
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
    let hook = laptop.join(".git/hooks/pre-commit");
    let gone = fs::read_to_string(&hook).unwrap().replace(binary(), "/opt/gone/secrets");
    fs::write(&hook, gone).unwrap();
    fs::write(laptop.join("README"), "changed\n").unwrap();
    let refused = sandbox.run(&laptop, "git", ["commit", "-a", "-m", "x"]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("pre-commit: secrets is not installed"), "{}", refused.stderr);
}

#[test]
fn doctor_tells_how_it_stands() {
    let (sandbox, laptop) = store();
    let doctor = || sandbox.secrets(&laptop).args(["doctor"]).identity("alice").run().text().to_owned();
    assert!(doctor().contains("secrets git install"), "{}", doctor());
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
    assert!(doctor().contains("diffs, merges and hooks are set up"), "{}", doctor());
}

#[test]
fn the_manifest_for_the_pre_commit_framework_names_what_there_is() {
    let (sandbox, laptop) = store();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let fields = |key: &str| -> Vec<String> {
        manifest.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned).collect()
    };
    let (ids, entries) = (fields("- id: "), fields("  entry: secrets "));
    assert_eq!(ids, ["secrets-pre-commit", "secrets-pre-push"]);
    assert_eq!(entries.len(), ids.len());
    for entry in entries {
        sandbox.secrets(&laptop).args(entry.split(' ')).args(["--help"]).run().code(0);
    }
    // Who has the framework call them has them installed.
    fs::write(laptop.join(".pre-commit-config.yaml"), "      - id: secrets-pre-commit\n").unwrap();
    sandbox.hook(&laptop.join(".git/hooks"), "pre-commit", "exec pre-commit");
    sandbox.hook(&laptop.join(".git/hooks"), "pre-push", "exec pre-commit");
    sandbox
        .secrets(&laptop)
        .args(["git", "install"])
        .run()
        .code(2)
        .says("pre-commit: called by your own")
        .says("in .pre-commit-config.yaml, the hook `id: secrets-pre-push`");
}
