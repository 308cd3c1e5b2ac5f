//! With a plugin of our own, in Python. The crate finds plugins on the PATH of the process, so the tests that need
//! one are run by another one, in a process of their own.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};
use crate::domain::name::ActorName;
use crate::domain::value::Value;
use crate::seal::identity::parse_identities;
use crate::seal::inspection::inspect;
use crate::seal::opaque::OpaqueError;
use crate::seal::opening::{OpenError, open};
use crate::seal::proving::{ProvingError, prove};
use crate::seal::public_key;
use crate::seal::samples::{Workshop, actor, age_key, answering, draft, seal_to};
use crate::seal::sealing::{SealError, SealedValue, seal};

const PLUGIN: &str = include_str!("age-plugin-worthless.py");

fn recipient(data: &[u8]) -> PublicKey {
    let hrp = bech32::Hrp::parse("age1worthless").unwrap();
    public_key::parse(&age_core::primitives::bech32_encode(hrp, data)).unwrap()
}

fn identity() -> String {
    let hrp = bech32::Hrp::parse("age-plugin-worthless-").unwrap();
    age_core::primitives::bech32_encode(hrp, b"x").to_uppercase()
}

/// Runs one of the ignored tests below with the plugin on PATH.
fn run_with_plugin(test: &str, variable: &str) {
    let workshop = Workshop::new();
    workshop.write("age-plugin-worthless", PLUGIN.as_bytes());
    let executable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(workshop.path("age-plugin-worthless"), executable).unwrap();
    let script = "PATH=\"$PWD:$PATH\" exec env \"$3\" \"$1\" --ignored --exact \"seal::plugin::tests::$2\"";
    let this = std::env::current_exe().unwrap();
    let output = workshop.run("sh", &["-c", script, "sh", this.to_str().unwrap(), test, variable]);
    let output = String::from_utf8(output).unwrap();
    assert!(output.contains("1 passed"), "{output}");
}

#[test]
fn a_plugin_seals_and_opens() {
    run_with_plugin("with_a_plugin", "UNRELATED=1");
}

#[test]
fn no_plugin_ever_sees_our_identity() {
    run_with_plugin("with_an_identity_in_the_environment", "SECRETS_IDENTITY=canary");
}

#[test]
#[ignore = "run by a_plugin_seals_and_opens"]
fn with_a_plugin() {
    let (_, age) = age_key();
    let one = recipient(b"one");
    assert_eq!(one.kind, KeyKind::Plugin("worthless".to_owned()));
    let sealed = seal_to(b"x", &[("alice", &[&one]), ("bob", &[&age])]).unwrap();
    let seen = inspect(&sealed.bytes).unwrap();
    assert_eq!(seen.stanzas[0].kind, "worthless");
    let keys = sealed.sealed.all_keys().map(|(_, key)| key.stanza).collect::<Vec<_>>();
    assert_eq!(keys, [Some(seen.stanzas[0].digest), None]);

    // The plugin asks for a PIN.
    let (prompts, _) = answering(&["1234"]);
    let identities = parse_identities(identity().as_bytes(), "id", &prompts).unwrap();
    assert_eq!(open(&sealed.bytes, &identities).unwrap().expose(), b"x");
    let (prompts, _) = answering(&["4321"]);
    let identities = parse_identities(identity().as_bytes(), "id", &prompts).unwrap();
    let Err(OpenError::Identity(IdentityError::Plugin { error: PluginError::Failed(message), .. })) =
        open(&sealed.bytes, &identities)
    else {
        panic!("opened with a wrong PIN");
    };
    assert!(message.contains("wrong PIN") && !message.contains('\n'), "{message}");

    proved_through_a_plugin(&sealed, &one, &age);

    // Two stanzas for one key are two entries, each with its digest.
    let sealed = seal_to(b"x", &[("alice", &[&recipient(b"two")])]).unwrap();
    assert_eq!(sealed.sealed.all_keys().count(), 2);
    for (data, expected) in [
        (b"twice".as_slice(), OpaqueError::BadStanza),
        (b"scrypt", OpaqueError::BadStanza),
        (b"binding", OpaqueError::BadStanza),
    ] {
        let error = seal_to(b"x", &[("alice", &[&recipient(data)])]);
        assert!(matches!(error, Err(SealError::Opaque { source, .. }) if source == expected));
    }
    // One that must stand alone.
    let alone = recipient(b"alone");
    assert!(seal_to(b"x", &[("alice", &[&alone])]).is_ok());
    let error = seal_to(b"x", &[("alice", &[&alone]), ("bob", &[&age])]);
    assert!(matches!(error, Err(SealError::Incompatible { .. })));
}

/// The plugin's own stanza is plausible, the others are proved, and the person is asked once.
fn proved_through_a_plugin(sealed: &SealedValue, plugins: &PublicKey, age: &PublicKey) {
    let known = |_: &ActorName, fingerprint: &Fingerprint| {
        [plugins, age].into_iter().find(|key| key.fingerprint == *fingerprint)
    };
    let prove = |bytes: &[u8], pin: &str| {
        let (prompts, asked) = answering(&[pin]);
        let identities = parse_identities(identity().as_bytes(), "id", &prompts).unwrap();
        (prove(bytes, &sealed.sealed, &known, &identities), asked.load(std::sync::atomic::Ordering::SeqCst))
    };
    let (proved, asked) = prove(&sealed.bytes, "1234");
    let Ok(proved) = proved else { panic!("not proved") };
    assert_eq!(proved.value.expose(), b"x");
    assert_eq!(proved.proved, [(actor("bob"), age.fingerprint.clone())]);
    assert_eq!(proved.plausible, [(actor("alice"), plugins.fingerprint.clone())]);
    assert_eq!((proved.missing.len(), proved.surplus.len(), asked), (0, 0, 1));
    let (refused, _) = prove(&sealed.bytes, "4321");
    assert!(matches!(refused, Err(ProvingError::Identity(IdentityError::Plugin { .. }))));
    // What it unwraps without fitting the MAC is another file key.
    let mut changed = sealed.bytes.clone();
    let body = changed.windows(10).position(|window| window == b"worthless\n").unwrap() + 10;
    changed[body] = if changed[body] == b'A' { b'B' } else { b'A' };
    assert!(matches!(prove(&changed, "1234").0, Err(ProvingError::Broken(_))));
}

#[test]
#[ignore = "run by no_plugin_ever_sees_our_identity"]
fn with_an_identity_in_the_environment() {
    let error = seal_to(b"x", &[("alice", &[&recipient(b"one")])]);
    let refused = OpaqueError::Plugin(PluginError::IdentityInEnvironment);
    assert!(matches!(error, Err(SealError::Opaque { source, .. }) if source == refused));
    let ((_, age), identities) =
        (age_key(), parse_identities(identity().as_bytes(), "id", &Prompts::none()).unwrap());
    let sealed = seal_to(b"x", &[("bob", &[&age])]).unwrap().bytes;
    let error = IdentityError::Plugin { label: "id".to_owned(), error: PluginError::IdentityInEnvironment };
    assert_eq!(open(&sealed, &identities).err(), Some(OpenError::Identity(error)));
}

#[test]
fn a_missing_plugin_is_named() {
    let missing = PluginError::Missing("age-plugin-worthless".to_owned());
    let error = seal_to(b"x", &[("alice", &[&recipient(b"one")])]);
    assert!(matches!(error, Err(SealError::Opaque { source: OpaqueError::Plugin(e), .. }) if e == missing));
    let ((plain, age), (prompts, _)) = (age_key(), answering(&["1234"]));
    let sealed = seal_to(b"x", &[("bob", &[&age])]).unwrap().bytes;
    let mut identities = parse_identities(identity().as_bytes(), "id", &prompts).unwrap();
    assert_eq!(
        identities[0].kind(),
        &crate::seal::identity::IdentityKind::Key(KeyKind::Plugin("worthless".to_owned()))
    );
    let error = IdentityError::Plugin { label: "id".to_owned(), error: missing };
    assert_eq!(open(&sealed, &identities).err(), Some(OpenError::Identity(error)));
    // It is in nobody's way.
    identities.extend(parse_identities(&plain, "plain", &prompts).unwrap());
    assert_eq!(open(&sealed, &identities).unwrap().expose(), b"x");
}

/// `age1tag1…` stands for a hardware key, but anybody can seal to it without a program.
#[test]
fn tagged_recipients_need_no_plugin() {
    // The generator of P-256.
    let x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    let bytes = (0..32).map(|i| u8::from_str_radix(&x[2 * i..2 * i + 2], 16).unwrap());
    let point = std::iter::once(3).chain(bytes).collect::<Vec<_>>();
    let hrp = bech32::Hrp::parse("age1tag").unwrap();
    let key = public_key::parse(&age_core::primitives::bech32_encode(hrp, &point)).unwrap();
    let recipients = [(actor("alice"), vec![key])];
    let sealed = seal(&Value::new(b"x".to_vec()), draft(["alice"]), &recipients, &Prompts::none()).unwrap();
    assert_eq!(inspect(&sealed.bytes).unwrap().stanzas[0].kind, "p256tag");
}
