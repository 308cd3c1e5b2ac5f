use super::samples::{FULL, PATH};
use super::*;
use crate::domain::digest::Digest;
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::name::ActorName;
use crate::domain::record::Issuer;

const AZURE: &str = "clusters/x/enc.yaml#/hub/AzureAdOAuthenticator/client_secret";

fn name(text: &str) -> TrackedName {
    text.parse().unwrap()
}

fn read(text: &str) -> CustodyFile {
    parse(text.as_bytes(), PATH).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn faults(text: &str) -> Vec<String> {
    parse(text.as_bytes(), PATH).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

/// The text after a change, which must still be one.
fn edited(text: &str, change: impl FnOnce(&mut Draft)) -> String {
    let mut draft = Draft::read(text, PATH).unwrap();
    assert_eq!(draft.to_string(), text);
    change(&mut draft);
    let edited = draft.to_string();
    read(&edited);
    edited
}

fn until(date: &str) -> Claim {
    let at = date.parse().unwrap();
    let expires = Some(Expiry::At { at, from: ExpirySource::Declared, reason: None });
    Claim { expires, ..Claim::default() }
}

#[test]
fn the_sample_is_read_whole() {
    let file = read(FULL);
    assert_eq!(
        file.claims.keys().map(TrackedName::as_str).collect::<Vec<_>>(),
        [AZURE, "clusters/x/enc.yaml#/web.yml", "clusters/x/github-app-private-key.pem"]
    );
    let claim = &file.claims[&name(AZURE)];
    let at = "2027-08-31".parse().unwrap();
    let reason = Some("renewed early".to_owned());
    assert_eq!(claim.expires, Some(Expiry::At { at, from: ExpirySource::X509, reason }));
    assert_eq!(claim.issued.unwrap().brief(), "2026-08-30");
    assert_eq!(claim.owners.iter().map(ActorName::as_str).collect::<Vec<_>>(), ["infra", "alice"]);
    let issuer = claim.issuer.as_ref().unwrap();
    assert_eq!(
        (issuer.name.as_str(), issuer.contact.as_deref()),
        ("University of Toronto IT", Some("it@example.org"))
    );
    assert_eq!(claim.runbook.as_deref(), Some("docs/runbooks/azuread.md"));
    assert_eq!(claim.set_at.unwrap().to_string(), "2026-08-30T20:15:52Z");
    assert_eq!((claim.seen, claim.data_key), (Some(Digest::of(b"")), Some(Digest::of(b""))));
    assert_eq!(claim.line, 5);
    let never = &file.claims[&name("clusters/x/enc.yaml#/web.yml")];
    assert_eq!(never.expires, Some(Expiry::Never { why: "a word that nobody checks".to_owned() }));
    assert_eq!(file.claims[&name("clusters/x/github-app-private-key.pem")].readers.len(), 2);
}

#[test]
fn other_spellings_say_the_same() {
    let expected = until("2027-08-31").expires;
    for spelling in [
        "[\"a#/b\"]\nexpires = 2027-08-31\n",
        "['a#/b']\r\nexpires = \"2027-08-31\"\r\n",
        "\"a#/b\" = { expires = 2027-08-31T00:00:00Z }\n",
        "\"a#/b\".expires = 2027-08-31T02:00:00+02:00\n",
        "[\"a#/b\"]\nexpires-from = \"declared\"\nexpires = 2027-08-31\n",
    ] {
        for (path, folder) in [("custody.toml", ""), ("x/y/custody.toml", "x/y/")] {
            let text = format!("\u{feff}schema = 1\n{spelling}");
            let file = parse(text.as_bytes(), path).unwrap();
            assert_eq!(file.claims[&name(&format!("{folder}a#/b"))].expires, expected, "{spelling}");
        }
    }
    assert_eq!(read("schema = 1\n"), CustodyFile::default());
    // A file may be called like a key.
    let file = read("schema = 1\n[\"./schema\"]\n[\"schema#/a\"]\n");
    assert!(file.claims.contains_key(&name("clusters/x/schema")) && file.claims.len() == 2);
}

#[test]
fn each_fault_is_told_with_its_line() {
    for (line, part, from, to) in [
        (1, "custody.toml has no `schema`: write schema = 1", "schema = 1\n", ""),
        (2, "schema 2 is newer", "schema = 1", "schema = 2"),
        (
            2,
            "unknown key `shcema` in custody.toml; did you mean `schema`? (known are: schema,",
            "schema = 1",
            "shcema = 1",
        ),
        (
            5,
            "`b/enc.yaml` is no file of this folder: move the table to custody.toml in `b`",
            "[\"enc.yaml#/hub",
            "[\"b/enc.yaml#/hub",
        ),
        (5, "`./enc.yaml` is no name of a file", "[\"enc.yaml#/hub/A", "[\"./enc.yaml#/hub/A"),
        (5, "`..` is no name of a file", "[\"enc.yaml#/hub/A", "[\"..#/hub/A"),
        (5, "is no JSON Pointer", "[\"enc.yaml#/hub/A", "[\"enc.yaml#/hub~/A"),
        (6, "`expires`: `08/31/2027` can be read as several dates", "2027-08-31", "\"08/31/2027\""),
        (7, "`expires-from`: `x.509` is not known; did you mean `x509`?", "\"x509\"", "\"x.509\""),
        (8, "`expires-reason` is empty", "\"renewed early\"", "\" \""),
        (8, "`expires-from` without `expires`", "expires = 2027", "never = \"x\"\n#"),
        (7, "`expires` and `never` exclude each other", "expires-from = \"x509\"", "never = \"x\""),
        (
            9,
            "unknown key `isued` in [\"enc.yaml#/hub/AzureAdOAuthenticator/client_secret\"]; did you mean `issued`?",
            "issued",
            "isued",
        ),
        (11, "`owners`: `in fra` may hold ASCII letters", "\"infra\", #", "\"in fra\", #"),
        (12, "`infra` stands in this list twice", "  \"alice\",", "  \"infra\","),
        (
            10,
            "`owners` must be an array of strings",
            "owners = [\n  \"infra\", # on call\n  \"alice\",\n]",
            "owners = \"infra\"",
        ),
        (15, "`issuer-contact` without `issuer`", "issuer = \"University of Toronto IT\"\n", "\n"),
        (17, "`set-at` must be a date", "2026-08-30T20:15:52Z", "7"),
        (18, "`seen` is no digest", "\"sha256:e3b0", "\"sha256:E3b0"),
        (22, "`never` is empty", "\"a word that nobody checks\"", "\"\""),
        (
            21,
            "\"enc.yaml#/web.yml\"` must be a table",
            "[\"enc.yaml#/web.yml\"]",
            "[[\"enc.yaml#/web.yml\"]]",
        ),
        (27, "`readers` is empty: name somebody, or remove the key", "[\"alice\", \"infra\"]", "[]"),
        (27, "unknown key `sub`", "readers = [", "sub = 1\nreaders = ["),
        (
            21,
            "duplicate key",
            "[\"enc.yaml#/web.yml\"]",
            "[\"enc.yaml#/hub/AzureAdOAuthenticator/client_secret\"]",
        ),
        (3, "unresolved merge conflict", "\n# Asked", "<<<<<<< HEAD\n# Asked"),
        (2, "is no TOML: ", "schema = 1", "schema"),
    ] {
        assert!(FULL.contains(from), "{from}");
        let found = faults(&FULL.replacen(from, to, 1));
        let begin = format!("{PATH}:{line}: ");
        assert!(
            found.iter().any(|found| found.starts_with(&begin) && found.contains(part)),
            "{line} {part}:\n{found:#?}"
        );
    }
    // What stands in the place of a digest might be the value; and a terminal is not to act on anything.
    let found =
        faults(&FULL.replacen("\"sha256:e3b0", "\"hunter2", 1).replacen("web.yml", "web\\u001b[31m~", 1));
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|line| !line.contains("hunter2") && !line.contains('\u{1b}')), "{found:?}");
    assert_eq!(faults("schema = 2\nanything = \"else\"\n").len(), 1);
    let in_odd_folder = parse(b"schema = 1\n[\"a\"]\n", "x#/y/custody.toml").unwrap_err().to_string();
    assert!(in_odd_folder.contains("rename the folder"), "{in_odd_folder}");
}

#[test]
fn bad_bytes_are_answered_with_file_and_line() {
    let error = |bytes: &[u8]| parse(bytes, PATH).unwrap_err().to_string();
    assert!(error(b"schema = 1\n\xff").starts_with("clusters/x/custody.toml:2: is not UTF-8"));
    assert!(
        error(&vec![b'#'; 100 * 1024 * 1024]).starts_with("clusters/x/custody.toml: is larger than 4194304")
    );
    for deep in ["[".repeat(100_000), format!("a{} = 1", ".a".repeat(100_000))] {
        assert!(error(deep.as_bytes()).starts_with(PATH));
    }
    for end in 0..FULL.len() {
        if let Err(error) = parse(&FULL.as_bytes()[..end], PATH) {
            assert!(error.to_string().lines().all(|line| line.starts_with(PATH)), "cut at {end}: {error}");
        }
    }
    assert!(Draft::read("schema = 1\nx = 1\n", PATH).is_err());
}

#[test]
fn a_new_file_says_what_it_is() {
    let mut draft = Draft::new();
    assert!(draft.is_empty());
    let claim = Claim {
        issued: Some("2026-08-30T20:15:52Z".parse().unwrap()),
        owners: vec!["infra".parse().unwrap()],
        issuer: Some(Issuer {
            name: "U of T \"IT\"\n".to_owned(),
            contact: None,
            others: serde_json::Map::new(),
        }),
        seen: Some(Digest::of(b"")),
        ..until("2027-08-31")
    };
    draft.put(&name("a/b/enc.yaml#/x/y"), &claim);
    draft.put(
        &name("a/b/key.pem"),
        &Claim { expires: Some(Expiry::Never { why: "no".into() }), ..Claim::default() },
    );
    draft.put(&name("a/b/enc.age"), &Claim::default());
    draft.put(&name("a/b/schema"), &Claim::default());
    assert!(!draft.is_empty());
    let text = draft.to_string();
    let (head, rest) = text.split_once("schema = 1\n").unwrap();
    assert!(head.lines().count() == 2 && head.lines().all(|line| line.starts_with("# ")), "{head}");
    assert_eq!(
        rest,
        r#"
["./schema"]

["enc.age"]

["enc.yaml#/x/y"]
expires = 2027-08-31
issued = 2026-08-30T20:15:52Z
owners = ["infra"]
issuer = "U of T \"IT\"\n"
seen = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

["key.pem"]
never = "no"
"#
    );
    let read = parse(text.as_bytes(), "a/b/custody.toml").unwrap();
    assert_eq!(Claim { line: 0, ..read.claims[&name("a/b/enc.yaml#/x/y")].clone() }, claim);
    assert_eq!(read.claims.len(), 4);
}

#[test]
fn only_what_differs_is_touched() {
    let claims = read(FULL).claims;
    let same = edited(FULL, |draft| claims.iter().for_each(|(name, claim)| draft.put(name, claim)));
    assert_eq!(same, FULL);
    // What says the same in other words stays too.
    for words in ["\"2027-08-31\"", "2027-08-31T02:00:00+02:00", "2027-08-31\nexpires-from = \"declared\""] {
        let text = format!("schema = 1\n[\"a\"]\nexpires = {words}\n");
        assert_eq!(edited(&text, |draft| draft.put(&name("a"), &until("2027-08-31"))), text);
    }
    let mut claim = claims[&name(AZURE)].clone();
    let put = |claim: &Claim| edited(FULL, |draft| draft.put(&name(AZURE), claim));

    claim.expires = until("2028-08-31T12:00:00Z").expires;
    assert_eq!(
        put(&claim),
        FULL.replace("2027-08-31 #", "2028-08-31T12:00:00Z #")
            .replace("expires-from = \"x509\"\nexpires-reason = \"renewed early\"\n", "")
    );
    claim.expires = Some(Expiry::Never { why: "it never did".to_owned() });
    let never = put(&claim);
    assert!(never.contains("client_secret\"]\nnever = \"it never did\"\nissued = 2026-08-30\n"), "{never}");
    let mut claim = claims[&name(AZURE)].clone();
    claim.owners = ["alice", "bob"].map(|name| name.parse().unwrap()).to_vec();
    let owners = put(&claim);
    assert_eq!(owners, FULL.replace("  \"infra\", # on call\n  \"alice\",\n", "  \"alice\",\n  \"bob\",\n"));
    claim = Claim {
        owners: vec!["alice".parse().unwrap(), "infra".parse().unwrap()],
        ..claims[&name(AZURE)].clone()
    };
    assert_eq!(read(&put(&claim)).claims[&name(AZURE)].owners, claim.owners, "the order is part of it");

    // A key that was not there comes where a new table would have it.
    let of_key = name("clusters/x/github-app-private-key.pem");
    let mut claim = claims[&of_key].clone();
    (claim.seen, claim.issued) = (Some(Digest::of(b"")), Some("2026-01-01".parse().unwrap()));
    let digest = Digest::of(b"");
    assert_eq!(
        edited(FULL, |draft| draft.put(&of_key, &claim)),
        FULL.replace(
            "readers = [\"alice\", \"infra\"]\n",
            &format!("issued = 2026-01-01\nreaders = [\"alice\", \"infra\"]\nseen = \"{digest}\"\n")
        )
    );
}

#[test]
fn tables_come_and_go_in_their_places() {
    let put = |text: &str, key: &str| {
        edited(text, |draft| draft.put(&name(&format!("clusters/x/{key}")), &until("2027-01-01")))
    };
    let quoted = |key: &str| if key.contains('#') { format!("\"{key}\"") } else { key.to_owned() };
    let table = |key: &str| format!("\n[{}]\nexpires = 2027-01-01\n", quoted(key));
    for (key, behind) in [
        ("a", "schema = 1\n"),
        (
            "enc.yaml#/k",
            "data-key = \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n",
        ),
        ("enc.yaml#/z", "never = \"a word that nobody checks\"\n"),
        ("z", "readers = [\"alice\", \"infra\"]\n"),
    ] {
        let after = put(FULL, key);
        assert_eq!(after, FULL.replace(behind, &format!("{behind}{}", table(key))), "{key}");
        let back = edited(&after, |draft| assert!(draft.remove(&name(&format!("clusters/x/{key}")))));
        assert_eq!(back, FULL, "{key}");
    }
    // Whatever the order in which they come, two branches write one text.
    let one = ["c", "a", "b"].iter().fold(FULL.to_owned(), |text, key| put(&text, key));
    let other = edited(FULL, |draft| {
        for key in ["b", "c", "a"] {
            draft.put(&name(&format!("clusters/x/{key}")), &until("2027-01-01"));
        }
    });
    assert_eq!(one, other);
    // What stands at the end of the file stays above what is put there.
    let with_end = format!("{FULL}\n# the end\n");
    assert_eq!(put(&with_end, "z"), format!("{with_end}{}", table("z")));
    let mut draft = Draft::read(FULL, PATH).unwrap();
    assert!(!draft.remove(&name("clusters/x/other")));
    assert_eq!(draft.to_string(), FULL);
}

#[test]
fn what_is_removed_takes_its_own_comments_along_only() {
    let remove = |key: &str| edited(FULL, |draft| assert!(draft.remove(&name(&format!("clusters/x/{key}")))));
    let pem = remove("github-app-private-key.pem");
    let (before, _) = FULL.split_once("\n[\"github").unwrap();
    assert_eq!(pem, before);
    let web = remove("enc.yaml#/web.yml");
    assert_eq!(web, FULL.replace("\n[\"enc.yaml#/web.yml\"]\nnever = \"a word that nobody checks\"\n", ""));
    let azure = remove(AZURE.strip_prefix("clusters/x/").unwrap());
    assert!(azure.starts_with("# Of a test.\nschema = 1\n\n[\"enc.yaml#/web.yml\"]"), "{azure}");
    // Keys that go leave the comments that were not about them.
    let text = "schema = 1\n[\"a\"]\n# renewed\n\n# of theirs\nexpires = 2027-01-01\nissued = 2026-01-01\n";
    let after = edited(text, |draft| {
        draft.put(&name("a"), &Claim { issued: Some("2026-01-01".parse().unwrap()), ..Claim::default() });
    });
    assert_eq!(after, "schema = 1\n[\"a\"]\n# renewed\nissued = 2026-01-01\n");
}

#[test]
fn tables_that_are_written_otherwise_are_changed_as_they_stand() {
    let put = |text: &str, claim: &Claim| edited(text, |draft| draft.put(&name("a#/b"), claim));
    let issued = |date: &str| Claim { issued: Some(date.parse().unwrap()), ..Claim::default() };
    let both = Claim { expires: until("2028-01-01").expires, ..issued("2026-01-01") };
    for (text, changed, added, only_issued) in [
        (
            "\"a#/b\" = { expires = 2027-01-01 } # c",
            "\"a#/b\" = { expires = 2028-01-01 } # c",
            "\"a#/b\" = { expires = 2028-01-01, issued = 2026-01-01 } # c",
            "\"a#/b\" = { issued = 2026-01-01 } # c",
        ),
        (
            "\"a#/b\".expires = 2027-01-01 # c",
            "\"a#/b\".expires = 2028-01-01 # c",
            "\"a#/b\".expires = 2028-01-01 # c\n\"a#/b\".issued = 2026-01-01",
            "\"a#/b\".issued = 2026-01-01",
        ),
    ] {
        let text = format!("schema = 1\n{text}\n\n# of x\n[\"x\"]\n");
        let expected = |line: &str| format!("schema = 1\n{line}\n\n# of x\n[\"x\"]\n");
        assert_eq!(put(&text, &until("2027-01-01")), text);
        assert_eq!(put(&text, &until("2028-01-01")), expected(changed));
        let two = put(&text, &both);
        assert_eq!(two, expected(added));
        assert_eq!(put(&two, &until("2028-01-01")), expected(changed));
        assert_eq!(put(&two, &issued("2026-01-01")), expected(only_issued));
        let removed = edited(&text, |draft| assert!(draft.remove(&name("a#/b"))));
        assert_eq!(removed, "schema = 1\n\n# of x\n[\"x\"]\n");
    }
    // A comment above that was not about it stays.
    let text = "# the head\n\n\"a#/b\" = { expires = 2027-01-01 }\nschema = 1\n";
    let removed = edited(text, |draft| assert!(draft.remove(&name("a#/b"))));
    assert_eq!(removed, "schema = 1\n# the head\n");
}

#[test]
fn line_endings_stay() {
    let text = format!("\u{feff}{}", FULL.replace('\n', "\r\n"));
    let mut claim = read(&text).claims[&name("clusters/x/enc.yaml#/web.yml")].clone();
    claim.expires = Some(Expiry::Never { why: "two\nlines\r\n".to_owned() });
    let after = edited(&text, |draft| draft.put(&name("clusters/x/enc.yaml#/web.yml"), &claim));
    assert_eq!(after, text.replace("a word that nobody checks", "two\\nlines\\n"));
    assert_eq!(edited(&after, |draft| draft.put(&name("clusters/x/enc.yaml#/web.yml"), &claim)), after);
    // A text says the same whatever the line endings of its file.
    let lines = FULL.replace("\"a word that nobody checks\"", "'''two\nlines\n'''");
    let said = |text: &str| read(text).claims[&name("clusters/x/enc.yaml#/web.yml")].expires.clone();
    assert_eq!(said(&lines), said(&after));
    assert_eq!(said(&lines.replace('\n', "\r\n")), said(&after));
    let same = lines.replace('\n', "\r\n");
    assert_eq!(edited(&same, |draft| draft.put(&name("clusters/x/enc.yaml#/web.yml"), &claim)), same);
    let more = edited(&text, |draft| draft.put(&name("clusters/x/z"), &until("2027-01-01")));
    assert_eq!(more, format!("{text}\r\n[z]\r\nexpires = 2027-01-01\r\n"));
    assert!(!more.replace("\r\n", "").contains('\n'));
    // Mixed ones become what the first is.
    let mixed = "schema = 1\n[\"a\"]\r\nnever = \"x\"\r\n";
    assert_eq!(edited(mixed, |draft| assert!(draft.remove(&name("a")))), "schema = 1\n");
}
