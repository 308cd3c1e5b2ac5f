use super::super::samples::Workshop;
use super::*;

fn environment(workshop: &Workshop) -> Environment {
    let path = std::ffi::OsString::from("/usr/local/bin:/usr/bin:/bin");
    Environment::new([("PATH".into(), path), ("HOME".into(), workshop.path("").into())], "/".into())
}

fn keygen(workshop: &Workshop, name: &str, arguments: &[&str]) {
    let mut all = vec!["-q", "-t", "ed25519", "-f", name];
    all.extend(arguments);
    workshop.run("ssh-keygen", &all);
}

/// A key that lies open is read by ourselves: images of CI have no `ssh-keygen`.
#[test]
fn an_open_key_needs_no_program() {
    let workshop = Workshop::new();
    keygen(&workshop, "open", &["-N", ""]);
    let nothing = Environment::new([("PATH".into(), "/nonexistent".into())], "/".into());
    let signer = Signer::read(&workshop.path("open")).unwrap();
    let signatures = signer.sign(&[b"a".to_vec(), b"b".to_vec()], &nothing, false).unwrap();
    let keys = VerifyingKey::of(signer.key());
    for (signature, message) in signatures.iter().zip([b"a", b"b"]) {
        signature::verify(signature, message, keys.as_slice()).unwrap();
    }
    let in_agent = Signer::in_agent(&signer.key().text, "held\u{202e} elsewhere").unwrap();
    assert_eq!(in_agent.label(), r"held\u{202e} elsewhere");
    workshop.run("chmod", &["644", "open"]);
    let error = Signer::read(&workshop.path("open")).err().unwrap().to_string();
    assert!(error.contains("chmod 600"), "{error}");
}

#[test]
fn what_only_ssh_keygen_can_do_is_left_to_it() {
    let workshop = Workshop::new();
    keygen(&workshop, "locked", &["-N", "passphrase"]);
    keygen(&workshop, "lost", &["-N", ""]);
    workshop.run("rm", &["lost"]);
    workshop.run("ssh-keygen", &["-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", "old"]);
    let message = [b"message".to_vec()];
    let old = Signer::read(&workshop.path("old")).unwrap();
    let signed = old.sign(&message, &environment(&workshop), false).unwrap();
    signature::verify(&signed[0], &message[0], VerifyingKey::of(old.key()).as_slice()).unwrap();
    // Nobody is there to be asked, and no agent has them.
    for name in ["locked", "lost.pub"] {
        let signer = Signer::read(&workshop.path(name)).unwrap();
        let error = signer.sign(&message, &environment(&workshop), false).unwrap_err().to_string();
        assert!(error.contains("ssh-add") && error.contains(name.trim_end_matches(".pub")), "{error}");
        // With what the program itself had to say of it.
        let begin = format!("`ssh-keygen` did not sign with {}: ", workshop.path(name).display());
        assert!(error.starts_with(&begin), "{error}");
        let nothing = Environment::new([("PATH".into(), "/nonexistent".into())], "/".into());
        let error = signer.sign(&message, &nothing, false).unwrap_err().to_string();
        assert!(error.contains("`ssh-keygen` is not installed"), "{error}");
    }
}

#[test]
fn a_public_file_that_belongs_to_another_key_is_found_out() {
    let workshop = Workshop::new();
    workshop.run("ssh-keygen", &["-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", "old"]);
    keygen(&workshop, "other", &["-N", ""]);
    workshop.run("cp", &["other.pub", "old.pub"]);
    let signer = Signer::read(&workshop.path("old")).unwrap();
    let error = signer.sign(&[b"message".to_vec()], &environment(&workshop), false).unwrap_err();
    assert!(matches!(error, SignerError::OtherKey { .. } | SignerError::NotSigned { .. }), "{error}");
}

#[test]
fn what_is_no_key_is_told() {
    let workshop = Workshop::new();
    workshop.write("pem", b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");
    workshop.write("text", b"hello");
    for (name, told) in [("absent", "absent"), ("text", "no signing key"), ("pem", "ssh-keygen -p -f")] {
        let error = Signer::read(&workshop.path(name)).err().unwrap().to_string();
        assert!(error.contains(told), "{error}");
    }
    let error = Signer::in_agent("ssh-ed25519 AAAA", "git's user.signingKey").err().unwrap().to_string();
    assert!(error.starts_with("git's user.signingKey: "), "{error}");
}
