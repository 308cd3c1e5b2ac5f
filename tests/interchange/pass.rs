//! Stores that the `pass` program made, and such as `passage` makes.

use std::fs;
use std::path::PathBuf;

use crate::common::Outcome;
use crate::common::foreign::GpgHome;
use crate::common::public_key;
use crate::store::{Store, piped};

struct Pass {
    store: Store,
    gpg: GpgHome,
    folder: PathBuf,
}

impl Pass {
    fn new() -> Self {
        let store = Store::new();
        let gpg = GpgHome::new(&store.sandbox, "Alice Example <alice@example.org>");
        let folder = store.sandbox.path("home/.password-store");
        let pass = Self { store, gpg, folder };
        pass.pass(&["init", &pass.gpg.fingerprint], "");
        pass
    }

    /// Runs the program itself.
    fn pass(&self, arguments: &[&str], input: &str) -> Vec<u8> {
        let mut command = self.store.sandbox.command("pass", self.store.sandbox.root());
        command.args(arguments).env("GNUPGHOME", &self.gpg.folder);
        piped(command, input.as_bytes())
    }

    fn import(&self, arguments: &[&str]) -> Outcome {
        let run = self.store.sandbox.secrets(&self.store.laptop).args(arguments);
        run.identity("alice").env("GNUPGHOME", &self.gpg.folder).run()
    }
}

#[test]
fn what_pass_holds_comes_in() {
    let pass = Pass::new();
    pass.pass(&["insert", "-e", "web/db"], "hunter2\n");
    pass.pass(&["insert", "-m", "mail/me@example.org"], "s3cret\nlogin: me\nurl: https://example.org\n");
    fs::create_dir_all(pass.folder.join(".git")).unwrap();
    fs::write(pass.folder.join(".git/x.gpg"), "no secret").unwrap();
    let done = pass.import(&["import", "--from", "pass", "--prefix", "team", "--never", "x"]).code(0);
    done.says("2 new secrets").lacks("hunter2").lacks("s3cret").lacks("still holds");
    // `pass` ends its one line by itself; what has more lines is exact.
    assert_eq!(pass.store.value("team/web/db"), b"hunter2");
    let shown = pass.pass(&["show", "mail/me@example.org"], "");
    assert_eq!(pass.store.value("team/mail/me-example.org"), shown);

    // The folder tells what it is.
    let folder = pass.folder.to_str().unwrap().to_owned();
    let first = ["import", &folder, "--first-line", "--only", "mail/**", "--without-expiry"];
    pass.import(&first).code(0).says("left out: 1 key").says("1 secret without expiry");
    assert_eq!(pass.store.value("mail/me-example.org"), b"s3cret");
}

#[test]
fn what_gpg_can_not_open_is_named_and_nothing_is_written() {
    let pass = Pass::new();
    pass.pass(&["insert", "-e", "web/db"], "hunter2\n");
    pass.pass(&["insert", "-e", "web/api"], "t0k3n\n");
    fs::write(pass.folder.join("web/api.gpg"), "garbage").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", pass.folder.join("web/link.gpg")).unwrap();
    let refused = pass.import(&["import", "--from", "pass", "--never", "x"]).code(2);
    refused
        .says("2 keys can't be imported")
        .says("web/api: `gpg` ended with 2")
        .says("web/link: ")
        .says("is a symbolic link")
        .says("--except web/api");
    assert_eq!(pass.store.sandbox.status(&pass.store.laptop), "");
    let spared = ["import", "--from", "pass", "--never", "x", "--except", "web/api", "--except", "web/link"];
    pass.import(&spared).code(0).says("1 new secret");
}

#[test]
fn passage_is_opened_by_our_identities() {
    let store = Store::new();
    let folder = store.sandbox.path("home/.passage/store");
    fs::create_dir_all(&folder).unwrap();
    for (name, value) in [("web/db", "hunter2\n"), ("web/two words", "a\nb\n")] {
        let path = folder.join(format!("{name}.age"));
        store.sandbox.age_file(&path, value.as_bytes(), &[&public_key("alice")], name.contains(' '));
    }
    let done = store.import(&["--from", "passage", "--never", "x"], "").code(0);
    done.says("2 new secrets").lacks("hunter2");
    assert_eq!(store.value("web/db"), b"hunter2");
    assert_eq!(store.value("web/two-words"), b"a\nb\n");
    store.sandbox.age_file(&folder.join("bobs.age"), b"x", &[&public_key("bob")], false);
    store.import(&["--from", "passage", "--only", "bobs", "--never", "x"], "").code(2).says("bobs");
}

#[test]
fn a_folder_that_is_no_store_is_refused() {
    let store = Store::new();
    let folder = store.sandbox.path("tmp").to_str().unwrap().to_owned();
    store.import(&[&folder, "--never", "x"], "").code(2).says("the store of neither pass nor passage");
    store.import(&["--from", "pass", "--never", "x"], "").code(2).says("there is no such folder");
    store.import(&["-", "--from", "json", "--first-line", "--never", "x"], "{}").code(2).says("--first-line");
}
