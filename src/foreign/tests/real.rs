//! Files that other tools made, or as they make them (`tests/fixtures/foreign/README.md`).

use crate::domain::foreign::{Contents, ForeignFile, ForeignKey, SealedFormat};
use crate::foreign::read;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/foreign/", $name)).as_slice()
    };
}

/// Every fixture that is for this room.
pub const FIXTURES: [&[u8]; 13] = [
    fixture!("rops.yaml"),
    fixture!("rops-regex.yaml"),
    fixture!("rops.json"),
    fixture!("rops-binary.json"),
    fixture!("ansible-vault.yml"),
    fixture!("ansible-vault-labelled.yml"),
    fixture!("ansible-inline.yml"),
    fixture!("git-crypt.bin"),
    fixture!("gcp-kms.yaml"),
    fixture!("key-groups.yaml"),
    fixture!("dotenv.env"),
    fixture!("ini.ini"),
    fixture!("sealed-secrets.yaml"),
];

fn sealed(bytes: &[u8]) -> ForeignFile {
    match read(bytes) {
        Contents::Sealed(file) => file,
        other @ (Contents::Plain(_) | Contents::Damaged(_)) => panic!("{other:?}"),
    }
}

fn pointers(file: &ForeignFile) -> Vec<&str> {
    file.leaves.iter().map(|leaf| leaf.pointer.as_ref().map_or("", |pointer| pointer.as_str())).collect()
}

fn ids(file: &ForeignFile) -> Vec<&str> {
    file.access.groups.iter().flatten().map(ForeignKey::id).collect()
}

const RECIPIENT: &str = "age1m6nv0adsskr7s7d0ugs7vhn9slcvek7tp7q6dkdwmvcc32r954ksl8r7u6";

#[test]
fn rops() {
    let file = sealed(fixture!("rops.yaml"));
    assert_eq!(file.format, SealedFormat::SopsYaml);
    assert_eq!(
        pointers(&file),
        [
            "/hub/config/AzureAdOAuthenticator/client_id",
            "/hub/config/AzureAdOAuthenticator/client_secret",
            "/hub/config/web.yml",
            "/hub/ports/0",
            "/hub/ports/1",
            "/hub/on",
            "/hub/ratio",
        ]
    );
    assert_eq!(ids(&file), [RECIPIENT, "age16u8en4l2fzy6lrjrfnmpyqvkjmhl0jpu5a4znxllclcladxd7pms2tsdcv"]);
    assert!(file.in_clear.is_empty() && file.clear_unknown.is_none());
    assert_eq!(file.modified.unwrap().to_string(), "2026-11-25T21:48:56Z");

    let file = sealed(fixture!("rops-regex.yaml"));
    assert_eq!((pointers(&file), file.in_clear.len()), (vec!["/data/token", "/data/deep/x"], 0));

    let file = sealed(fixture!("rops.json"));
    assert_eq!(
        (file.format, pointers(&file)),
        (SealedFormat::SopsJson, vec!["/a/b~1c", "/a/d~0e/0", "/a/d~0e/1"])
    );

    let file = sealed(fixture!("rops-binary.json"));
    assert_eq!(
        (file.format, pointers(&file), ids(&file)),
        (SealedFormat::SopsBinary, vec![""], vec![RECIPIENT])
    );
}

#[test]
fn ansible() {
    for (bytes, pointer, keys) in [
        (fixture!("ansible-vault.yml"), &[""][..], &["ansible-vault:default"][..]),
        (fixture!("ansible-vault-labelled.yml"), &[""], &["ansible-vault:prod"]),
        (
            fixture!("ansible-inline.yml"),
            &["/db_password", "/nested/list/0"],
            &["ansible-vault:default", "ansible-vault:prod"],
        ),
    ] {
        let file = sealed(bytes);
        assert_eq!(
            (file.format, pointers(&file), ids(&file)),
            (SealedFormat::AnsibleVault, pointer.to_vec(), keys.to_vec())
        );
    }
}

#[test]
fn git_crypt() {
    let file = sealed(fixture!("git-crypt.bin"));
    assert_eq!(
        (file.format, pointers(&file), ids(&file)),
        (SealedFormat::GitCrypt, vec![""], vec!["git-crypt:default"])
    );
}

#[test]
fn sops_with_a_cloud_key() {
    let file = sealed(fixture!("gcp-kms.yaml"));
    assert_eq!(
        pointers(&file),
        [
            "/jupyterhub/hub/config/CILogonOAuthenticator/client_id",
            "/jupyterhub/hub/config/CILogonOAuthenticator/client_secret",
            "/jupyterhub/hub/extraFiles/github-app-private-key.pem/stringData",
            "/jupyterhub/count",
        ]
    );
    assert_eq!(ids(&file), ["projects/example/locations/global/keyRings/sops/cryptoKeys/similar-hubs"]);
    assert!(file.in_clear.is_empty());
}

#[test]
fn sops_with_groups_of_keys() {
    let file = sealed(fixture!("key-groups.yaml"));
    let groups = file.access.groups.iter().map(|group| group.iter().map(ForeignKey::id).collect::<Vec<_>>());
    assert_eq!(
        groups.collect::<Vec<_>>(),
        [
            vec![RECIPIENT, "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4"],
            vec!["arn:aws:kms:us-west-2:927034868273:key/fe86dd69-4132-404c-ab86-4269956b4500"],
            vec!["https://vault.example.com:8200/v1/sops/keys/firstkey"],
        ]
    );
    assert_eq!((file.access.threshold, file.in_clear.len()), (2, 0));
}

#[test]
fn flat_forms_of_sops() {
    let (dotenv, ini) = (sealed(fixture!("dotenv.env")), sealed(fixture!("ini.ini")));
    assert_eq!(
        (dotenv.format, pointers(&dotenv)),
        (SealedFormat::SopsDotenv, vec!["/DATABASE_URL", "/API_KEY"])
    );
    assert_eq!((ini.format, pointers(&ini)), (SealedFormat::SopsIni, vec!["/database/password"]));
    assert_eq!((ids(&dotenv), ids(&ini)), (vec![RECIPIENT], vec![RECIPIENT]));
    assert!(dotenv.in_clear.is_empty() && ini.in_clear.is_empty());
}

#[test]
fn sealed_secrets() {
    let file = sealed(fixture!("sealed-secrets.yaml"));
    assert_eq!(pointers(&file), ["/0/spec/encryptedData/foo", "/0/spec/encryptedData/tls.key"]);
    assert_eq!((file.format, ids(&file)), (SealedFormat::SealedSecrets, vec!["sealed-secrets:controller"]));
    assert!(file.in_clear.is_empty());
}
