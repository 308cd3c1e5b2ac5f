//! Files of sops in each of its forms, whole, and with one thing wrong.

use crate::domain::digest::Digest;
use crate::domain::foreign::{Access, Contents, Damage, ForeignFile, ForeignKey, SealedFormat};
use crate::foreign::read;
use crate::foreign::samples::{metadata, metadata_flat, metadata_json, value};

fn sealed(text: &str) -> ForeignFile {
    match read(text.as_bytes()) {
        Contents::Sealed(file) => file,
        other @ (Contents::Plain(_) | Contents::Damaged(_)) => panic!("{other:?}\n{text}"),
    }
}

fn pointers(file: &ForeignFile) -> Vec<&str> {
    file.leaves.iter().map(|leaf| leaf.pointer.as_ref().map_or("", |pointer| pointer.as_str())).collect()
}

fn is_damaged(text: &str, format: SealedFormat, reason: &str) {
    match read(text.as_bytes()) {
        Contents::Damaged(Damage { format: found, why }) if found == format && why.contains(reason) => {}
        other @ (Contents::Sealed(_) | Contents::Plain(_) | Contents::Damaged(_)) => {
            panic!("{reason}: {other:?}\n{text}")
        }
    }
}

#[test]
fn yaml() {
    let text = format!("#{}\na:\n  b.c: {}\nd: clear\n{}", value("c"), value("b"), metadata(&[]));
    let file = sealed(&text);
    assert_eq!((file.format, pointers(&file)), (SealedFormat::SopsYaml, vec!["/a/b.c"]));
    assert_eq!(file.leaves[0].seen, Digest::of(value("b").as_bytes()));
    assert_eq!(file.in_clear.iter().map(ToString::to_string).collect::<Vec<_>>(), ["/d"]);
    assert_eq!(file.access, Access { groups: vec![vec![ForeignKey::Age("age1a".to_owned())]], threshold: 1 });
    assert_eq!(file.modified.unwrap().to_string(), "2026-05-22T20:16:23Z");
    for same in [
        format!("\u{feff}{text}"),
        text.replace('\n', "\r\n"),
        format!("---\n{text}...\n"),
        format!("{text}---\n"),
    ] {
        assert_eq!(sealed(&same), file, "{same}");
    }
    let ruled = text.replace("version", "encrypted_comment_regex: x\n  version");
    assert!(sealed(&ruled).in_clear.is_empty() && sealed(&ruled).clear_unknown.is_some());
}

#[test]
fn several_documents_of_yaml() {
    let (one, other) =
        (format!("a: {}\n{}", value("a"), metadata(&[])), format!("b: [{{c: d}}]\n{}", metadata(&[])));
    let file = sealed(&format!("{one}---\n{other}"));
    assert_eq!(pointers(&file), ["/0/a"]);
    assert_eq!(file.in_clear[0].as_str(), "/1/b/0/c");
    is_damaged(
        &format!("{one}---\n{}", other.replace("3.9.0", "3.9.1")),
        SealedFormat::SopsYaml,
        "different metadata",
    );
    is_damaged(&format!("x: y\n---\n{one}"), SealedFormat::SopsYaml, "no metadata");
    // sops keeps to the first one's.
    assert_eq!(sealed(&format!("{one}---\nb: c\n")).in_clear[0].as_str(), "/1/b");
}

#[test]
fn json() {
    let text = format!(r#"{{"a/b":[{{"c":"{}"}},2,null,""],"sops":{}}}"#, value("c"), metadata_json());
    let file = sealed(&text);
    assert_eq!((file.format, pointers(&file)), (SealedFormat::SopsJson, vec!["/a~1b/0/c"]));
    assert_eq!(file.in_clear[0].as_str(), "/a~1b/1");
    assert_eq!(file.in_clear.len(), 1);
    let text = format!(r#"{{"sops":{},"data":"{}"}}"#, metadata_json(), value("c"));
    let file = sealed(&text);
    assert_eq!((file.format, file.leaves[0].pointer.as_ref()), (SealedFormat::SopsBinary, None));
    assert_eq!(file.leaves[0].seen, Digest::of(value("c").as_bytes()));
    assert_eq!(sealed(&text.replace("\"data\":", "\"date\":")).format, SealedFormat::SopsJson);
    is_damaged(&text.replace("\"data\"", "\"sops\""), SealedFormat::SopsJson, "twice");
    is_damaged(&text[..text.len() - 1], SealedFormat::SopsJson, "well-formed");
}

#[test]
fn dotenv_and_ini() {
    let text = format!("A={}\nB=clear\nC=\n#{}\n{}", value("a"), value("c"), metadata_flat("sops_", "="));
    let file = sealed(&text);
    assert_eq!((file.format, pointers(&file)), (SealedFormat::SopsDotenv, vec!["/A"]));
    assert_eq!(file.in_clear[0].as_str(), "/B");
    assert_eq!(sealed(&text.replace('\n', "\r\n")).leaves, file.leaves);
    is_damaged(&format!("{text}D\n"), SealedFormat::SopsDotenv, "without `=`");
    is_damaged(&text.replace("sops_mac", "sops_mad"), SealedFormat::SopsDotenv, "no `mac`");
    let text = format!("[s]\na = {}\nb_unencrypted = x\n\n[sops]\n{}", value("a"), metadata_flat("", " = "));
    let file = sealed(&text);
    assert_eq!((file.format, pointers(&file)), (SealedFormat::SopsIni, vec!["/s/a"]));
    assert!(file.in_clear.is_empty());
    assert_eq!(file.data_key, sealed(&format!("A={}\n{}", value("a"), metadata_flat("sops_", "="))).data_key);
    assert_eq!(sealed(&text.replace('\n', "\r\n")).leaves, file.leaves);
    is_damaged(&format!("{text}x"), SealedFormat::SopsIni, "without `=`");
}

#[test]
fn damage() {
    let good = format!("a: {}\nb: {}\n{}", value("a"), value("b"), metadata(&[]));
    let yaml = |text: &str, reason| is_damaged(text, SealedFormat::SopsYaml, reason);
    yaml(&good.replace("  mac:", "  cam:"), "no `mac`");
    yaml(&good.replace("\nsops:", "\nsoap:"), "no metadata");
    yaml(&good.replacen("tag:", "tab:", 1), "/a begins");
    yaml(&good.replacen("b:", "a:", 1), "twice");
    yaml(&good.replacen("b:", "<<<<<<< HEAD\nb:", 1), "well-formed");
    yaml(&good.replacen("a: ", "a: &x ", 1).replacen("b: ", "b: *x #", 1), "alias");
    yaml(&format!("{}{good}", "- ".repeat(300)), "too deeply");
    yaml(&format!("{}a\n: b\n{good}", "? ".repeat(300)), "a key");
    let (before, after) = good.as_bytes().split_at(1);
    let bytes = [before, b"\xff", after].concat();
    assert!(matches!(read(&bytes), Contents::Damaged(Damage { format: SealedFormat::SopsYaml, .. })));
}

#[test]
fn what_is_plain() {
    let quoted = format!("Such a value is `{}`:\n\n\tx: - y\n", value("a"));
    for text in [
        String::new(),
        "a: b\n".to_owned(),
        "\0\0".to_owned(),
        metadata(&[]),
        format!("a: b\n{}", metadata(&[])),
        format!("a: ''\n#{}\n{}", value("c"), metadata(&[])),
        format!("a: {}\n{}", value("a").replace("iv", "vi"), metadata(&[])),
        format!("a: x {}\n{}", value("a"), metadata(&[])),
        format!(r#"{{"a":"b","sops":{}}}"#, metadata_json()),
        format!("A=b\n{}", metadata_flat("sops_", "=")),
        format!("[a]\nb=c\n[sops]\n{}", metadata_flat("", "=")),
        quoted,
    ] {
        assert!(matches!(read(text.as_bytes()), Contents::Plain(_)), "{text}: {:?}", read(text.as_bytes()));
    }
    assert!(matches!(read(&[0xff, 0xfe, 0]), Contents::Plain(_)));
}

/// Nothing that a person may write into a file comes back in a reason.
#[test]
fn reasons_quote_no_values() {
    let good = format!("a: {}\nb: hunter2\n{}", value("a"), metadata(&[]));
    for text in [
        good.replace("hunter2", "'hunter2"),
        good.replace("  mac:", "  hunter2:"),
        good.replace("2026-05-22T20:16:23Z", "hunter2"),
        good.replace("b: ", "a: "),
        format!(r#"{{"a":"{}","hunter2" "sops":{}}}"#, value("a"), metadata_json()),
        format!("A={}\nhunter2\n{}", value("a"), metadata_flat("sops_", "=")),
    ] {
        let Contents::Damaged(Damage { why, .. }) = read(text.as_bytes()) else { panic!("{text}") };
        assert!(!why.contains("hunter2"), "{why}");
    }
}
