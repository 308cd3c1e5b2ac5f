//! The double of sops against `rops`, which shares no line with it: each opens what the other writes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Outcome, Sandbox, identity_path, public_key};

/// What sops prints for it is the same text.
const YAML: &str = "\
hub:
    config:
        client_id: abc
        client_secret: 'p@ss: # word'
    ports:
        - 8080
        - 0.25
        - true
        - name: second
          token: t0ken
        - - nested
web.yml: |
    several
      lines
nothing: null
";

fn sealed(sandbox: &Sandbox, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = sandbox.path(name);
    sandbox.sops_file(&path, text, &[&public_key("alice"), &public_key("bob")]);
    path
}

fn sops(sandbox: &Sandbox, identity: &str, arguments: &[&str], file: &Path) -> Outcome {
    let arguments = arguments.iter().copied().chain([file.to_str().unwrap()]);
    sandbox.sops(sandbox.root(), identity, arguments, b"")
}

/// A document as `rops` reads it; it prints values as their own types.
fn by_rops(sandbox: &Sandbox, path: &Path, identity: &str) -> String {
    sandbox.rops_decrypt(path, identity).code(0).text().trim_end().to_owned()
}

fn leaves(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("ENC[") && !line.contains(" mac: ")).collect()
}

#[test]
fn rops_reads_what_the_double_writes_for_every_reader() {
    let sandbox = Sandbox::new();
    let plain = sealed(&sandbox, "a.yaml", YAML);
    let expected = "hub:\n  config:\n    client_id: abc\n    client_secret: 'p@ss: # word'\n  ports:\n  - 8080\n  - 0.25\n  \
                    - true\n  - name: second\n    token: t0ken\n  - - nested\nweb.yml: |\n  several\n    lines\n\
                    nothing: null";
    for reader in ["alice", "bob"] {
        assert_eq!(by_rops(&sandbox, &plain, reader), expected);
    }
    assert_ne!(sandbox.rops_decrypt(&plain, "carol").code, 0);
    let _ = sops(&sandbox, "carol", &["decrypt"], &plain).code(128);

    let json = sops(&sandbox, "alice", &["decrypt", "--output-type", "json"], &plain).code(0);
    let json = sealed(&sandbox, "a.json", &json.stdout);
    assert!(by_rops(&sandbox, &json, "bob").contains(r#""client_secret": "p@ss: # word""#));
}

#[test]
fn rules_of_a_file_say_what_stays_in_clear() {
    let sandbox = Sandbox::new();
    let yaml = "a: one\nb_unencrypted: two\nc:\n    secret:\n        - three\n    d: four\n";
    for (flags, clear) in [
        (&[] as &[&str], vec!["two"]),
        (&["--unencrypted-suffix", "a"], vec!["one"]),
        (&["--encrypted-suffix", "secret"], vec!["one", "two", "four"]),
        (&["--encrypted-regex", "^(a|d)$"], vec!["two", "three"]),
        (&["--unencrypted-regex", "^c$"], vec!["three", "four"]),
        (&["--encrypted-regex", "^a$", "--mac-only-encrypted"], vec!["two", "three", "four"]),
    ] {
        let path = sandbox.path("rules.yaml");
        sandbox.sops_file_with(&path, yaml, &[&public_key("alice")], flags);
        let text = fs::read_to_string(&path).unwrap();
        let found: Vec<&str> = ["one", "two", "three", "four"]
            .into_iter()
            .filter(|word| text.contains(&format!(" {word}\n")))
            .collect();
        assert_eq!(found, clear, "{flags:?}");
        assert_eq!(sops(&sandbox, "alice", &["decrypt"], &path).code(0).text(), yaml, "{flags:?}");
        assert!(by_rops(&sandbox, &path, "alice").contains("- three"), "{flags:?}");
    }
}

#[test]
fn the_double_reads_what_rops_writes() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("r.yaml");
    sandbox.rops_file(&path, YAML, &[&public_key("alice")]);
    let read = sops(&sandbox, "alice", &["decrypt"], &path).code(0);
    assert_eq!(read.text(), YAML.replace('\'', "\""));
    for (index, value) in [
        (r#"["hub"]["config"]["client_secret"]"#, "p@ss: # word"),
        (r#"["hub"]["ports"][3]["token"]"#, "t0ken"),
        (r#"["web.yml"]"#, "several\n  lines\n"),
        (r#"["hub"]["ports"][0]"#, "8080\n"),
    ] {
        assert_eq!(sops(&sandbox, "alice", &["decrypt", "--extract", index], &path).code(0).text(), value);
    }
    let _ = sops(&sandbox, "alice", &["decrypt", "--extract", r#"["absent"]"#], &path).code(91);
}

#[test]
fn set_changes_one_ciphertext_and_a_new_data_key_all() {
    let sandbox = Sandbox::new();
    for by_rops_made in [false, true] {
        let path = sandbox.path("s.yaml");
        if by_rops_made {
            sandbox.rops_file(&path, YAML, &[&public_key("alice")]);
        } else {
            sandbox.sops_file(&path, YAML, &[&public_key("alice")]);
        }
        let before = fs::read_to_string(&path).unwrap();
        let set = ["set", "--value-stdin", path.to_str().unwrap(), r#"["hub"]["ports"][3]["token"]"#];
        let _ = sandbox.sops(sandbox.root(), "alice", set, br#""an\nother""#).code(0);
        let after = fs::read_to_string(&path).unwrap();
        // Indentation is the writer's.
        let words = |line: &&str| line.trim_start().to_owned();
        let (old, new): (Vec<_>, Vec<_>) =
            (leaves(&before).iter().map(words).collect(), leaves(&after).iter().map(words).collect());
        let changed: Vec<_> = old.iter().zip(&new).filter(|(old, new)| old != new).collect();
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert!(changed[0].1.starts_with("token: "));
        assert!(by_rops(&sandbox, &path, "alice").contains("token: |-\n      an\n      other"));

        let _ = sops(&sandbox, "alice", &["rotate", "-i"], &path).code(0);
        let rotated = fs::read_to_string(&path).unwrap();
        assert!(leaves(&after).iter().zip(leaves(&rotated)).all(|(old, new)| *old != new));
        assert!(by_rops(&sandbox, &path, "alice").contains("token: |-\n      an\n      other"));
    }
    assert!(sandbox.sops_calls().iter().all(|call| !call.contains("other")));
}

#[test]
fn what_was_tampered_with_is_refused() {
    let sandbox = Sandbox::new();
    let path = sealed(&sandbox, "t.yaml", "a: one\nb_unencrypted: clear\nc: two\n");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("clear", "CLEAR")).unwrap();
    let _ = sops(&sandbox, "alice", &["decrypt"], &path).code(51).says("MAC mismatch");
    assert_ne!(sandbox.rops_decrypt(&path, "alice").code, 0);
    // A ciphertext is bound to its key.
    fs::write(&path, text.replace("\nc: ", "\nd: ")).unwrap();
    let _ = sops(&sandbox, "alice", &["decrypt"], &path).code(25);
    assert_ne!(sandbox.rops_decrypt(&path, "alice").code, 0);
}

#[test]
fn every_form_comes_back_as_it_went_in() {
    let sandbox = Sandbox::new();
    let binary: Vec<u8> = (0..=u8::MAX).collect();
    for (name, text) in [
        ("f.yaml", "# top\na:\n    # inner\n    b: one\n    \"1\": \"2\"\n    e: \"\"\n# last\n".as_bytes()),
        ("f.json", b"{\n\t\"a\": {\n\t\t\"b\": [\n\t\t\t1,\n\t\t\t\"x\"\n\t\t]\n\t}\n}\n"),
        ("f.env", b"A=1\n# said\nB=two words\nC=x\\ny\n"),
        ("f.ini", b"; first\nx = 1\n\n[s]\n; said\nkey    = v\nlonger = 2\n"),
        ("f.bin", &binary),
    ] {
        let path = sealed(&sandbox, name, text);
        let out = fs::read_to_string(&path).unwrap();
        assert!(!out.contains("said") && !out.contains("inner") && out.contains("type:str]"), "{out}");
        assert_eq!(sops(&sandbox, "bob", &["decrypt"], &path).code(0).stdout, text, "{name}");
        let _ = sops(&sandbox, "bob", &["rotate", "-i"], &path).code(0);
        assert_eq!(sops(&sandbox, "alice", &["-d"], &path).code(0).stdout, text, "{name}");
    }
}

/// `--value-stdin` came with 3.11.
#[test]
fn an_older_sops_takes_no_value_from_standard_input() {
    let sandbox = Sandbox::new();
    let path = sealed(&sandbox, "o.yaml", "a: one\n");
    let before = fs::read(&path).unwrap();
    assert!(sops(&sandbox, "alice", &[], Path::new("--version")).code(0).text().starts_with("sops 3.11.0"));
    let laptop = sandbox.root();
    let mut command = sandbox.command(crate::common::tools::python(), laptop);
    command.arg("-B").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/sops/sops"));
    command.args(["set", "--value-stdin", path.to_str().unwrap(), r#"["a"]"#]);
    command.env("SOPS_DOUBLE_VERSION", "3.10.2").env("SOPS_AGE_KEY_FILE", identity_path("alice"));
    assert!(!command.output().unwrap().status.success());
    assert_eq!(fs::read(&path).unwrap(), before);
}
