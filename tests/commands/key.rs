use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::common::{Sandbox, identity_path, public_key};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn without_a_keyring_a_new_identity_is_kept_in_a_private_file_and_that_is_said() {
    let sandbox = Sandbox::new();
    let home = sandbox.path("home");
    let new = sandbox.secrets(&home).args(["key", "new"]).run().code(0);
    let said = "not in the OS keyring";
    assert!(new.stderr.contains(said), "{}", new.stderr);
    assert!(!new.stderr.contains("AGE-SECRET-KEY"), "{}", new.stderr);
    let public = new.text().trim_end();
    assert!(public.starts_with("age1") && public.lines().count() == 1, "{public}");
    let file = home.join(".config/secrets/identities.txt");
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));

    // The `age-keygen` program sees the same pair in it.
    let file_text = fs::read_to_string(&file).unwrap();
    let private = file_text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
    let bare = sandbox.path("bare.txt");
    fs::write(&bare, format!("{private}\n")).unwrap();
    let witness = sandbox.run(&home, "age-keygen", ["-y", bare.to_str().unwrap()]).code(0);
    assert_eq!(witness.text().trim_end(), public);
}

#[test]
fn the_identity_that_was_made_opens_what_is_sealed_to_it() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    sandbox.secrets(&laptop).args(["key", "new"]).run().code(0);
    sandbox.secrets(&laptop).args(["init", "--person", "alice"]).run().code(0);
    let add = sandbox.secrets(&laptop).args(["add", "a/b", "--expires", "2028-01-01"]).stdin("hunter2").run();
    add.code(0);
    let get = sandbox.secrets(&laptop).args(["get", "a/b"]).run().code(0);
    assert_eq!(get.stdout, b"hunter2");
    assert_eq!(sandbox.record(&laptop, "a/b")["sealed"]["version"]["set_by"], "alice");
}

#[test]
fn identities_are_imported_listed_and_removed() {
    let sandbox = Sandbox::new();
    let home = sandbox.path("home");
    let alice = identity_path("alice");
    let import = sandbox
        .secrets(&home)
        .args(["key", "import", alice.to_str().unwrap(), "--name", "work"])
        .run()
        .code(0);
    assert_eq!(import.text().trim_end(), public_key("alice"));
    sandbox.secrets(&home).args(["key", "new", "play"]).run().code(0);
    let list = sandbox.secrets(&home).args(["key", "list"]).run().code(0);
    list.says("work").says("play").says("identities.txt").lacks("AGE-SECRET-KEY");
    let list = sandbox.secrets(&home).args(["key", "list", "--format", "json"]).run().code(0).json();
    assert_eq!(list["schema_version"], 1);
    let names: Vec<_> = list["identities"].as_array().unwrap().iter().map(|i| i["name"].clone()).collect();
    assert_eq!(names, ["work", "play"]);

    sandbox.secrets(&home).args(["key", "new", "play"]).run().code(2).says("already");
    let unsure = sandbox.secrets(&home).args(["key", "remove", "play"]).run();
    unsure.code(2).says("secrets key remove play --yes");
    sandbox.secrets(&home).args(["key", "list"]).run().code(0).says("play");
    sandbox.secrets(&home).args(["key", "remove", "play", "--yes"]).run().code(0);
    sandbox.secrets(&home).args(["key", "list"]).run().code(0).says("work").lacks("play");
    sandbox.secrets(&home).args(["key", "remove", "play", "--yes"]).run().code(2).says("play");
}

#[test]
fn an_ssh_key_is_imported_with_its_public_half() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let home = sandbox.path("home");
    sandbox
        .run(&home, "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "carol@laptop", "-f", "key"])
        .code(0);
    let import = sandbox.secrets(&home).args(["key", "import", "key"]).run().code(0);
    assert!(import.text().starts_with("ssh-ed25519 AAAA"), "{}", import.text());
    let public = fs::read_to_string(home.join("key.pub")).unwrap();
    assert!(public.starts_with(import.text().trim_end()), "{public}");
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "carol", "--key", &public, "--group", "team"])
        .run()
        .code(0);
    sandbox.add(&laptop, "a/b", "2028-01-01", "hunter2");
    sandbox.secrets(&laptop).args(["get", "a/b"]).run().code(0).says("hunter2");
}

#[test]
fn what_is_no_identity_is_refused() {
    let sandbox = Sandbox::new();
    let home = sandbox.path("home");
    fs::write(home.join("junk"), "not a key\n").unwrap();
    fs::write(home.join("public"), format!("{}\n", public_key("alice"))).unwrap();
    fs::write(home.join("empty"), "").unwrap();
    for file in ["junk", "public", "empty", "absent"] {
        sandbox.secrets(&home).args(["key", "import", file]).run().code(2).says(file);
    }
    assert!(!home.join(".config/secrets/identities.txt").exists());
}

#[test]
fn a_keyring_that_was_demanded_and_is_not_there_is_an_error() {
    let sandbox = Sandbox::new();
    let home = sandbox.path("home");
    sandbox.secrets(&home).args(["key", "new", "--place", "keyring"]).run().code(2).says("keyring");
    assert!(!home.join(".config/secrets/identities.txt").exists());
    sandbox
        .secrets(&home)
        .args(["key", "new", "--place", "file"])
        .run()
        .code(0)
        .lacks("not in the OS keyring");
}
