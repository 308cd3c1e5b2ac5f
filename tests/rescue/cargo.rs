//! What goes along, and what never does. The user's clone stays as it was, byte by byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::toronto::{AZUREAD, NEW_VALUE, OAUTH};
use crate::night::{Night, REASON, VALUES};

const CANARY: &str = "canary-in-clear-0815";

/// Every file below a folder, `.git/objects` and logs left out.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.ends_with(".git/objects") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
    found
}

#[test]
fn the_users_clone_stays_as_it_was() {
    let night = Night::new();
    // Something is staged, something is changed, something is new.
    night.toronto.write("staged", "a\n");
    night.toronto.git(["add", "staged"]);
    night.toronto.write("README", "changed\n");
    night.toronto.write("new", "b\n");
    let before = files(night.laptop());
    let _ = night.broken();
    let mut after = files(night.laptop());
    // A push notes where the remote's branch is.
    after.retain(|path, _| !path.to_string_lossy().contains("/remotes/origin/rescue/"));
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before));
    for (path, bytes) in &before {
        assert!(after[path] == *bytes, "{}", path.display());
    }
    // Nor do those other files go along.
    let branch = night.branches().remove(0);
    let listed = night.toronto.sandbox.git(&night.origin(), ["diff", "--name-only", "main", &branch]);
    let expected = format!("secrets/{AZUREAD}.age\nsecrets/{AZUREAD}.json");
    assert_eq!(listed, expected);
}

#[test]
fn what_git_ignores_or_overlooks_goes_along() {
    let night = Night::calm();
    night.toronto.write(".git/info/exclude", "*.age\n");
    night.toronto.add("utoronto/prod/new", "2023-08-30", NEW_VALUE, &["--owner", "infra"]);
    night.toronto.renew(night.laptop(), "alice", &["--no-commit"]);
    let file = format!("secrets/{AZUREAD}.age");
    night.toronto.git(["update-index", "--assume-unchanged", &file]);
    let branch = night.broken();
    assert_eq!(night.value_on(&branch), VALUES.1);
    let of_new = format!("{branch}:secrets/utoronto/prod/new.age");
    let bytes =
        night.toronto.sandbox.run(&night.origin(), "git", ["cat-file", "blob", &of_new]).code(0).stdout;
    assert_eq!(bytes, fs::read(night.laptop().join("secrets/utoronto/prod/new.age")).unwrap());
}

#[test]
fn nothing_in_clear_is_pushed_and_each_is_named() {
    let night = Night::new();
    let plain = [
        "secrets/notes.txt",
        "secrets/.env",
        "secrets/utoronto/prod/hidden.age",
        "secrets/utoronto/prod/hidden.json",
        "secrets/utoronto/prod/azuread.age.bak",
        "secrets/odd name.age",
    ];
    for path in plain {
        night.toronto.write(path, format!("{{\"password\": \"{CANARY}\"}}\n"));
    }
    // What looks like age and is cut off, a record that is none, attributes that are not ours.
    night.toronto.write("secrets/cut.age", format!("age-encryption.org/v1\n{CANARY}\n"));
    night.toronto.edit("secrets/.gitattributes", "*.age", &format!("# {CANARY}\n*.age"));
    night.toronto.write("secrets/README.md", CANARY);
    let told = night.glass(night.laptop(), REASON).run().code(0).json();
    let left_out = told["break_glass"]["left_out"].as_array().unwrap();
    let named: Vec<&str> = left_out.iter().map(|one| one["path"].as_str().unwrap()).collect();
    for path in plain.iter().chain(&["secrets/cut.age", "secrets/.gitattributes"]) {
        assert!(named.contains(path), "{path}: {named:?}");
    }
    assert!(!told.to_string().contains(CANARY));
    assert!(!night.origin_holds(CANARY), "plaintext was pushed");
    // It was not worth nothing: the rest is there, and the finding stays what it is.
    assert_eq!(night.value_on(&night.branches()[0]), VALUES.1);
    let ids: Vec<&str> =
        told["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"plaintext"), "{ids:?}");
    let human = night.run(night.laptop(), &["check", "--break-glass", "again"]).run().code(0);
    human.says("NOT saved: secrets/notes.txt: is in clear");
}

#[test]
fn nor_is_what_stands_in_clear_in_a_commit_that_is_not_pushed() {
    let night = Night::calm();
    let main = night.toronto.git(["rev-parse", "origin/main"]);
    night.toronto.write("secrets/notes.txt", format!("{CANARY}-1\n"));
    night.toronto.write("app", "the deploy's own code\n");
    night.toronto.sandbox.commit_all(night.laptop(), "In a hurry");
    // Gone again in the next commit, and still in the history.
    night.toronto.write("secrets/more.txt", format!("{CANARY}-2\n"));
    night.toronto.sandbox.commit_all(night.laptop(), "More");
    night.toronto.git(["rm", "-q", "secrets/more.txt"]);
    night.toronto.git(["commit", "-q", "-m", "Less"]);
    night.toronto.renew(night.laptop(), "alice", &[]);
    let told = night.glass(night.laptop(), REASON).run().code(0).json();
    let branch = told["break_glass"]["branch"].as_str().unwrap();
    assert!(!night.origin_holds(CANARY), "plaintext was pushed");
    assert_eq!(night.value_on(branch), VALUES.1);
    // The state of HEAD went along as one commit on what the remote has.
    let git = |arguments: &[&str]| night.toronto.sandbox.git(&night.origin(), arguments);
    assert_eq!(git(&["rev-parse", &format!("{branch}^")]), main);
    assert_eq!(git(&["show", &format!("{branch}:app")]), "the deploy's own code");
    let left_out = told["break_glass"]["left_out"].to_string();
    assert!(left_out.contains("secrets/notes.txt") && left_out.contains("secrets/more.txt"), "{left_out}");
    assert!(left_out.contains("a commit that is not pushed"), "{left_out}");
}

#[test]
fn a_clone_that_has_seen_nothing_of_the_remote_pushes_nothing_in_clear_either() {
    let night = Night::calm();
    night.toronto.write("secrets/notes.txt", format!("{CANARY}\n"));
    night.toronto.sandbox.commit_all(night.laptop(), "In a hurry");
    night.toronto.renew(night.laptop(), "alice", &["--no-commit"]);
    night.toronto.git(["update-ref", "-d", "refs/remotes/origin/main"]);
    night.toronto.git(["update-ref", "-d", "refs/remotes/origin/HEAD"]);
    let branch = night.broken();
    assert!(!night.origin_holds(CANARY), "plaintext was pushed");
    assert_eq!(night.value_on(&branch), VALUES.1);
}

#[test]
fn what_was_deleted_here_is_saved_as_head_has_it() {
    let night = Night::new();
    fs::remove_file(night.laptop().join(format!("secrets/{OAUTH}.age"))).unwrap();
    let branch = night.broken();
    let _ = night
        .toronto
        .sandbox
        .git(&night.origin(), ["cat-file", "-e", &format!("{branch}:secrets/{OAUTH}.age")]);
}

/// At night a broken hook must not stand in the way, nor our own, which keeps just such pushes back.
#[test]
fn no_hook_of_the_clone_runs() {
    let night = Night::new();
    let marker = night.toronto.sandbox.path("a-hook-ran");
    let script = format!("echo ran >> '{}'; exit 1", marker.display());
    for hook in ["pre-push", "pre-commit", "commit-msg", "post-commit", "reference-transaction"] {
        night.toronto.sandbox.hook(&night.laptop().join(".git/hooks"), hook, &script);
    }
    let _ = night.broken();
    assert!(!marker.exists(), "a hook ran");
}

#[test]
fn git_need_not_know_who_the_user_is() {
    let night = Night::new();
    let config = fs::read_to_string(night.toronto.sandbox.path("home/.gitconfig")).unwrap();
    let anonymous = config
        .replace("name = Alice Example", "useConfigOnly = true")
        .replace("email = alice@example.org", "");
    fs::write(night.toronto.sandbox.path("home/.gitconfig"), anonymous).unwrap();
    let told = night.run(night.laptop(), &["check", "--format", "json", "--break-glass", REASON]);
    let told = told.env("USER", "oncall <x>").run().code(0).json();
    assert_eq!(told["break_glass"]["by"], "oncall <x>");
    let branch = told["break_glass"]["branch"].as_str().unwrap();
    assert!(branch.starts_with("rescue/2022-08-31-oncall-x-"), "{branch}");
    let author = night.toronto.sandbox.git(&night.origin(), ["log", "-1", "--format=%an <%ae>", branch]);
    assert_eq!(author, "oncall x <>");
}

#[test]
fn from_a_linked_work_tree_a_detached_head_and_a_sparse_checkout() {
    let night = Night::calm();
    let linked = night.toronto.sandbox.path("linked");
    night.toronto.git(["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    night
        .toronto
        .sandbox
        .git(&linked, ["sparse-checkout", "set", "--no-cone", "/secrets/utoronto", "/secrets/policy.toml"]);
    night.toronto.renew(&linked, "alice", &["--no-commit"]);
    let told = night.glass(&linked, REASON).run().code(0).json();
    let branch = told["break_glass"]["branch"].as_str().unwrap();
    assert_eq!(night.value_on(branch), VALUES.1);
    let file = format!("{branch}:secrets/{OAUTH}.age");
    let _ = night.toronto.sandbox.git(&night.origin(), ["cat-file", "-e", &file]);
}

#[test]
fn a_remote_of_another_name_and_a_branch_with_slashes() {
    let night = Night::calm();
    night.toronto.edit("secrets/policy.toml", "origin/main", "up.stream/release/1.2");
    night.toronto.git(["remote", "rename", "origin", "up.stream"]);
    night.toronto.sandbox.commit_all(night.laptop(), "Deploy from elsewhere");
    night.toronto.git(["push", "-q", "up.stream", "HEAD:release/1.2"]);
    night.toronto.renew(night.laptop(), "alice", &["--no-commit"]);
    let told = night.glass(night.laptop(), REASON).run().code(0).json();
    assert_eq!(told["break_glass"]["remote"], "up.stream");
    assert_eq!(night.branches().len(), 1);
}
