//! That the files which the tests are made of are what the real tools take for theirs.

use std::ffi::OsStr;
use std::fs;

use crate::common::{Sandbox, identity_path, public_key};
use crate::infrastructure::{MOST_LEAVES, RESOURCE_ID, infrastructure};

#[test]
fn age_opens_the_age_files() {
    let sandbox = Sandbox::new();
    for armored in [false, true] {
        let path = sandbox.path("files/a.age");
        sandbox.age_file(&path, b"a value\n", &[&public_key("alice"), &public_key("bob")], armored);
        assert_eq!(fs::read(&path).unwrap().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----\n"), armored);
        for (reader, code) in [("alice", 0), ("bob", 0), ("carol", 1)] {
            let arguments =
                [OsStr::new("-d"), OsStr::new("-i"), identity_path(reader).as_os_str(), path.as_os_str()]
                    .map(ToOwned::to_owned);
            let opened = sandbox.run(sandbox.root(), "age", arguments).code(code);
            assert_eq!(opened.stdout, if code == 0 { b"a value\n".as_slice() } else { b"" });
        }
    }
}

#[test]
fn git_crypt_knows_its_files_and_its_user() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    let gpg = sandbox.git_crypt_init(&laptop, &["*.key"]);
    assert_eq!(gpg.fingerprint.len(), 40);
    fs::write(laptop.join("tls.key"), "a key\n").unwrap();
    fs::write(laptop.join("plain"), "in clear\n").unwrap();
    sandbox.git(&laptop, ["add", "tls.key", "plain"]);
    sandbox.git(&laptop, ["commit", "-q", "-m", "A key"]);

    let status = sandbox.run(&laptop, "git-crypt", ["status"]).code(0);
    let encrypted: Vec<&str> =
        status.text().lines().filter_map(|line| line.trim().strip_prefix("encrypted: ")).collect();
    assert_eq!(encrypted, ["tls.key"]);
    assert!(laptop.join(format!(".git-crypt/keys/default/0/{}.gpg", gpg.fingerprint)).exists());

    sandbox.git_crypt_lock(&laptop, &gpg);
    assert!(fs::read(laptop.join("tls.key")).unwrap().starts_with(b"\0GITCRYPT\0"));
    sandbox.git_crypt_unlock(&laptop, &gpg);
    assert_eq!(fs::read(laptop.join("tls.key")).unwrap(), b"a key\n");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn ansible_opens_its_vaults() {
    let sandbox = Sandbox::new();
    for (label, header) in
        [(None, "$ANSIBLE_VAULT;1.1;AES256\n"), (Some("prod"), "$ANSIBLE_VAULT;1.2;AES256;prod\n")]
    {
        let path = sandbox.path("group_vars/vault.yml");
        sandbox.ansible_vault(&path, b"password: hunter2\n", label);
        assert!(fs::read_to_string(&path).unwrap().starts_with(header));
        assert_eq!(sandbox.ansible_vault_view(&path, label).code(0).stdout, b"password: hunter2\n");
    }
}

#[test]
fn a_sealed_secret_has_the_documented_structure() {
    use base64::Engine as _;
    let sandbox = Sandbox::new();
    let path = sandbox.path("sealed.yaml");
    sandbox.sealed_secret(&path, &["password", "tls.key"]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n"));
    for key in ["password", "tls.key"] {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: "))).unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(value).unwrap();
        assert_eq!(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), 512);
        assert!(bytes.len() > 2 + 512 + 16);
    }
}

#[test]
fn nobody_here_opens_what_a_cloud_keeps_the_key_of() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("enc-k.yaml");
    sandbox.kms_file(&path, "a: one\n", RESOURCE_ID);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(&format!("    gcp_kms:\n        - resource_id: {RESOURCE_ID}\n")), "{text}");
    assert!(!text.contains("age:") && text.contains("\n    lastmodified: \""), "{text}");
    let opened = sandbox.sops(sandbox.root(), "alice", ["decrypt", path.to_str().unwrap()], b"").code(128);
    assert!(opened.stdout.is_empty());
}

#[test]
fn the_likeness_of_a_real_repository_has_its_measures() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("infrastructure");
    let made = infrastructure(&folder, 30, 295);
    let texts: Vec<String> =
        made.paths.iter().map(|path| fs::read_to_string(folder.join(path)).unwrap()).collect();
    let sealed = |text: &str| text.lines().filter(|line| line.contains(": ENC[")).count() - 1;
    let leaves: Vec<usize> = texts.iter().map(|text| sealed(text)).collect();
    assert_eq!(texts.len(), 295);
    assert_eq!(leaves.iter().sum::<usize>(), made.leaves);
    assert_eq!(leaves.iter().max(), Some(&MOST_LEAVES));
    assert_eq!(made.leaves - MOST_LEAVES, 1049);
    assert!(leaves.iter().all(|leaves| *leaves > 0));
    assert_eq!(texts.iter().map(String::len).min(), Some(886));
    let largest = texts.iter().map(String::len).max().unwrap();
    assert!((860_000..=865_000).contains(&largest), "{largest}");
    let clusters = fs::read_dir(folder.join("config/clusters")).unwrap().count();
    assert_eq!(clusters, 30);
    // sops takes every one of them for its own, and lacks the key. One is enough of so many calls.
    let path = folder.join(&made.paths[7]);
    let opened = sandbox.sops(sandbox.root(), "alice", ["decrypt", path.to_str().unwrap()], b"");
    assert_eq!(opened.code, 128, "{}", opened.stderr);
    // The same each time.
    let again = infrastructure(&sandbox.path("again"), 30, 295);
    assert_eq!(again.bytes, made.bytes);
    assert_eq!(fs::read_to_string(sandbox.path("again").join(&made.paths[7])).unwrap(), texts[7]);
}
