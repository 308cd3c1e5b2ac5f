//! What other programs say of what this room does: `age` and `ssh-keygen`.

use super::inspection::inspect;
use super::opening::{OpenError, open};
use super::samples::{Workshop, age_key, read_identity, seal_to};
use crate::domain::facts::Binding;

fn values() -> Vec<Vec<u8>> {
    let chunk = 64 * 1024;
    let pattern = |length: usize| (0..length).map(|i| (i * 7 + i / 256).to_le_bytes()[0]).collect();
    [0, 1, 31, chunk - 1, chunk, chunk + 1, 2 * chunk].into_iter().map(pattern).collect()
}

#[test]
fn age_opens_what_is_sealed() {
    let workshop = Workshop::new();
    let (age_identity, age) = age_key();
    let (ed25519_identity, ed25519) = workshop.ssh_key("ed25519", "");
    let (rsa_identity, rsa) = workshop.ssh_key("rsa", "");
    let (_, outsider) = age_key();
    for value in values() {
        let readers: [(&str, &[_]); 2] = [("alice", &[&age, &rsa]), ("bob", &[&ed25519])];
        let sealed = seal_to(&value, &readers).unwrap().bytes;
        for identity in [&age_identity, &ed25519_identity, &rsa_identity] {
            assert!(workshop.age_opens(&sealed, identity) == value, "{} bytes", value.len());
            assert!(open(&sealed, &[read_identity(identity)]).unwrap().expose() == value);
        }
        // One stanza a key, in the order of the readers, and no grease.
        let kinds = inspect(&sealed).unwrap().stanzas.into_iter().map(|s| s.kind).collect::<Vec<_>>();
        assert_eq!(kinds, ["X25519", "ssh-rsa", "ssh-ed25519"]);
        assert_eq!(sealed.windows(4).filter(|window| window == b"\n-> ").count(), 4);
        let foreign = seal_to(&value, &[("carol", &[&outsider])]).unwrap().bytes;
        assert_eq!(open(&foreign, &[read_identity(&age_identity)]).err(), Some(OpenError::NotForYou));
    }
}

#[test]
fn we_open_and_inspect_what_age_sealed() {
    let workshop = Workshop::new();
    let (age_identity, age) = age_key();
    let (ed25519_identity, ed25519) = workshop.ssh_key("ed25519", "");
    let (rsa_identity, rsa) = workshop.ssh_key("rsa", "");
    for value in values() {
        workshop.write("value", &value);
        for armor in [None, Some("-a")] {
            let mut arguments = vec!["-r", &age.text, "-r", &ed25519.text, "-r", &rsa.text, "-o", "out"];
            arguments.extend(armor);
            arguments.push("value");
            workshop.run("age", &arguments);
            let sealed = std::fs::read(workshop.path("out")).unwrap();
            for identity in [&age_identity, &ed25519_identity, &rsa_identity] {
                assert!(open(&sealed, &[read_identity(identity)]).unwrap().expose() == value);
            }
            if armor.is_none() {
                let seen = inspect(&sealed).unwrap();
                assert_eq!(seen.binding, Binding::Absent);
                let kinds = seen.stanzas.iter().map(|s| s.kind.as_str()).collect::<Vec<_>>();
                assert_eq!(&kinds[..3], ["X25519", "ssh-ed25519", "ssh-rsa"]);
            }
        }
    }
}

#[test]
fn ssh_keygen_prints_the_same_fingerprints() {
    let workshop = Workshop::new();
    for kind in ["ed25519", "rsa"] {
        let (_, key) = workshop.ssh_key(kind, "");
        let printed = workshop.run("ssh-keygen", &["-l", "-f", &format!("id_{kind}_0.pub")]);
        let printed = String::from_utf8(printed).unwrap();
        assert_eq!(printed.split(' ').nth(1), Some(key.fingerprint.as_str()));
        assert_eq!(key.comment.as_deref(), Some("alice@laptop"));
    }
}

#[test]
fn age_keygen_knows_the_public_half() {
    let workshop = Workshop::new();
    let (identity, public) = age_key();
    workshop.write("identity", &identity);
    let printed = workshop.run("age-keygen", &["-y", "identity"]);
    assert_eq!(String::from_utf8(printed).unwrap().trim_end(), public.text);
}
