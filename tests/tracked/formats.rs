//! Each tool's files: tracked, judged, and who can open them.

use crate::common::public_key;
use crate::desk::Desk;

/// Tracks a file and says when it ends; then the gate must find just this.
#[track_caller]
fn tracked(desk: &Desk, path: &str, names: &[&str], expected: &[(&str, &str, &str)]) {
    let _ = desk.runs(&["track", path, "--owner", "team"], 0);
    for name in names {
        let _ = desk.runs(&["expiry", "set", name, "--expires", "2027-01-01", "--reason", "told"], 0);
    }
    desk.publish("Tracked");
    let _ = desk.gate(&[], i32::from(!expected.is_empty())).finds(expected);
}

#[test]
fn every_form_of_sops() {
    for (path, text, names) in [
        ("a.yaml", "a:\n  b: v\nlist:\n  - x\n", vec!["a.yaml#/a/b", "a.yaml#/list/0"]),
        ("a.json", "{\"a\": {\"b/c\": \"v\"}}", vec!["a.json#/a/b~1c"]),
        ("a.env", "TOKEN=v\nOTHER=w\n", vec!["a.env#/TOKEN", "a.env#/OTHER"]),
        ("a.ini", "[db]\npassword = v\n", vec!["a.ini#/db/password"]),
        ("a.bin", "any bytes", vec!["a.bin"]),
    ] {
        let desk = Desk::new();
        desk.sops(path, text);
        desk.publish("Sealed");
        tracked(&desk, path, &names, &[]);
    }
}

#[test]
fn what_rops_sealed() {
    let desk = Desk::new();
    desk.sandbox.rops_file(&desk.path("r.yaml"), "a: v\n", &[&public_key("alice"), &public_key("bob")]);
    desk.publish("Sealed");
    tracked(&desk, "r.yaml", &["r.yaml#/a"], &[]);
}

#[test]
fn bare_age_files_say_how_many_and_not_who() {
    for armored in [false, true] {
        let desk = Desk::new();
        desk.sandbox.age_file(
            &desk.path("deploy/key.age"),
            b"v",
            &[&public_key("alice"), &public_key("bob")],
            armored,
        );
        desk.publish("Sealed");
        tracked(
            &desk,
            "deploy/key.age",
            &["deploy/key.age"],
            &[("single-holder", "deploy/key.age", "error"), ("unlisted-reader", "deploy/key.age", "error")],
        );
        let custody = desk.read("deploy/custody.toml");
        desk.write("deploy/custody.toml", format!("{custody}readers = [\"alice\", \"bob\"]\n"));
        desk.publish("Say who");
        let _ = desk.gate(&[], 0).finds(&[]);
        // One more stanza than the two have keys: somebody else is in it.
        desk.sandbox.age_file(
            &desk.path("deploy/key.age"),
            b"v",
            &[&public_key("alice"), &public_key("bob"), &public_key("carol")],
            armored,
        );
        desk.publish("Sealed anew");
        let report = desk.gate(&[], 1).finds(&[
            ("record-behind", "deploy/key.age", "error"),
            ("single-holder", "deploy/key.age", "error"),
            ("unlisted-reader", "deploy/key.age", "error"),
        ]);
        assert!(
            report.message("unlisted-reader").contains("3 stanzas"),
            "{}",
            report.message("unlisted-reader")
        );
    }
}

#[test]
fn ssh_stanzas_of_age_files_name_their_keys() {
    let desk = Desk::new();
    let (dave, erin) = (desk.sandbox.new_ssh_key("dave"), desk.sandbox.new_ssh_key("erin"));
    desk.append(
        "secrets/policy.toml",
        &format!("\n[people.dave]\nkeys = [\"{dave}\"]\n[people.erin]\nkeys = [\"{erin}\"]\n"),
    );
    desk.sandbox.age_file(&desk.path("key.age"), b"v", &[&dave, &erin], false);
    desk.publish("Sealed");
    tracked(&desk, "key.age", &["key.age"], &[]);
}

#[test]
fn git_crypt_locked_and_unlocked_is_one_and_the_same() {
    let desk = Desk::new();
    let gpg = desk.sandbox.git_crypt_init(&desk.laptop, &["*.key"]);
    desk.write("tls.key", "a key\n");
    desk.publish("A key");
    let _ = desk.runs(&["track", "tls.key"], 2).says("tls.key: is not sealed");
    desk.sandbox.git_crypt_lock(&desk.laptop, &gpg);
    let _ = desk.runs(&["track", "tls.key", "--owner", "team"], 0).says("1 git-crypt");
    let _ = desk.runs(&["expiry", "set", "tls.key", "--expires", "2027-01-01", "--reason", "told"], 0);
    desk.publish("Tracked");
    let nobody = [("single-holder", "tls.key", "error"), ("unlisted-reader", "tls.key", "error")];
    let report = desk.gate(&[], 1).finds(&nobody);
    assert!(report.message("unlisted-reader").contains(&gpg.fingerprint));
    desk.sandbox.git_crypt_unlock(&desk.laptop, &gpg);
    let _ = desk.gate(&[], 1).finds(&nobody);

    // Whose it is; and that a second person has no copy is just what the tool exists for.
    let policy = desk.read("secrets/policy.toml");
    desk.write(
        "secrets/policy.toml",
        format!("{policy}\n[people.gwen]\nkeys = [\"pgp:{}\"]\n", gpg.fingerprint.to_lowercase()),
    );
    desk.publish("Gwen has the key");
    let report = desk.gate(&[], 1).finds(&[("single-holder", "tls.key", "error")]);
    assert!(report.message("single-holder").starts_with("only gwen can open it alone"));

    // Another value in the work tree, open as it is, is not committed.
    desk.write("tls.key", "another key\n");
    let report = desk.sandbox.gate_exits(&desk.laptop, crate::common::NOW, &[], 1);
    assert!(report.finding_ids().contains(&"uncommitted".to_owned()), "{:?}", report.findings());
}

#[test]
fn vaults_and_sealed_secrets_are_opened_by_whoever_policy_says() {
    let desk = Desk::new();
    desk.sandbox.ansible_vault(&desk.path("vault.yml"), b"a: v\n", Some("prod"));
    desk.sandbox.sealed_secret(&desk.path("sealed.yaml"), &["password"]);
    desk.publish("Sealed");
    let _ = desk.runs(&["track", "sealed.yaml", "--owner", "team"], 0);
    let _ = desk.runs(
        &[
            "expiry",
            "set",
            "sealed.yaml#/spec/encryptedData/password",
            "--expires",
            "2027-01-01",
            "--reason",
            "told",
        ],
        0,
    );
    tracked(
        &desk,
        "vault.yml",
        &["vault.yml"],
        &[
            ("single-holder", "sealed.yaml", "error"),
            ("single-holder", "vault.yml", "error"),
            ("unlisted-reader", "sealed.yaml", "error"),
            ("unlisted-reader", "vault.yml", "error"),
        ],
    );
    desk.append(
        "secrets/policy.toml",
        "\n[shared-keys.vault]\nkeys = [\"ansible-vault:prod\"]\npeople = [\"alice\", \"bob\"]\nconfirmed = 2026-02-01\n\
         \n[shared-keys.cluster]\nkeys = [\"sealed-secrets:controller\"]\npeople = [\"alice\", \"bob\"]\nconfirmed = 2026-02-01\n",
    );
    desk.publish("Say who");
    let _ = desk.gate(&[], 0).finds(&[]);
}
