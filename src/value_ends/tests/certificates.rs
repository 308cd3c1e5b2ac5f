//! X.509, kubeconfigs and SSH certificates.

use super::*;

#[test]
fn every_certificate_of_a_bundle_is_read() {
    let bundle = [
        "2027-02-28T23:59:59Z x509 certificate of CN=Early Intermediate",
        LEAF_END,
        "2036-01-01T00:00:00Z x509 certificate of CN=Example Root",
    ];
    let text = include_str!("../../../tests/fixtures/value_ends/bundle.pem");
    assert!(text.contains("PRIVATE KEY"));
    assert_eq!(told(text), bundle);
    assert_eq!(told(text.replace('\n', "\r\n")), bundle);
    // In a block of YAML, in a line of a `.env` file, in JSON, in JSON inside JSON, in base64.
    assert_eq!(told(format!("tls: |\n  {}", text.replace('\n', "\n  "))), bundle);
    let line = text.replace('\n', "\\n");
    assert_eq!(told(format!("export TLS=\"{line}\"")), bundle);
    let json = serde_json::to_string(&serde_json::json!({ "tls": { "chain": [text] } })).unwrap();
    assert_eq!(told(&json), bundle);
    assert_eq!(told(format!("{json}\n{json}\n")), bundle);
    assert_eq!(told(json.replace('/', "\\/").replace('+', "\\u002b")), bundle);
    assert_eq!(told(serde_json::to_string(&json).unwrap()), bundle);
    assert_eq!(told(format!("cut off: {}", json.trim_end_matches('}'))), bundle);
    let encoded = BASE64_STANDARD.encode(text);
    assert_eq!(told(&encoded), bundle);
    let wrapped =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
    assert_eq!(told(wrapped.join("\n")), bundle);
    assert_eq!(told(format!("kind: Secret\ndata:\n  tls.crt: {encoded}\n  other: eA==\n")), bundle);
}

#[test]
fn der_is_read_and_what_stands_behind_it() {
    let leaf = include_bytes!("../../../tests/fixtures/value_ends/leaf.der");
    assert_eq!(told(leaf), [LEAF_END]);
    assert_eq!(told(BASE64_STANDARD.encode(leaf)), [LEAF_END]);
    let early = "2027-02-28T23:59:59Z x509 certificate of CN=Early Intermediate";
    assert_eq!(told(include_bytes!("../../../tests/fixtures/value_ends/two.der")), [early, LEAF_END]);
    let key = include_bytes!("../../../tests/fixtures/value_ends/key.der");
    assert_eq!(told([key.as_slice(), leaf].concat()), [LEAF_END]);
    for end in 30..leaf.len() {
        assert_eq!(unread(leaf.get(..end).unwrap()), ["a certificate in DER that is cut short"], "{end}");
    }
}

#[test]
fn subjects_and_ends_of_all_kinds() {
    assert_eq!(told(include_bytes!("../../../tests/fixtures/value_ends/trusted.pem")), [LEAF_END]);
    assert_eq!(
        told(include_bytes!("../../../tests/fixtures/value_ends/late.pem")),
        ["2061-06-30T01:02:03Z x509 certificate of CN=Späte Wurzel"]
    );
    let nameless = told(include_bytes!("../../../tests/fixtures/value_ends/nameless.pem"));
    assert!(nameless[0].starts_with("2028-01-01T00:00:00Z x509 certificate with the serial number "));
    assert_eq!(told(include_bytes!("../../../tests/fixtures/value_ends/endless.pem")), Vec::<String>::new());
}

/// The leaf in DER, with one text in it replaced by another of the same length.
fn leaf_with(old: &str, new: &[u8]) -> Vec<u8> {
    let mut der = include_bytes!("../../../tests/fixtures/value_ends/leaf.der").to_vec();
    let at = der.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    der.splice(at..at + old.len(), new.iter().copied());
    der
}

#[test]
fn a_subject_is_made_fit_for_a_terminal() {
    // The issuer comes first, and is not told.
    let mut der = leaf_with("web.example.org", b"\x1b[31mexample.or");
    let at = der.windows(15).rposition(|window| window == b"web.example.org").unwrap();
    der.splice(at..at + 15, *b"a\nb\x1b[31m\xffx.mple");
    assert_eq!(told(&der), ["2027-08-31T12:00:00Z x509 certificate of CN=a\\nb\\u{1b}[31m\u{fffd}x.mple"]);
}

#[test]
fn dates_that_are_none_are_not_read() {
    for date in ["271331120000Z", "270230120000Z", "270831240000Z", "27083112000ZZ", "600831120000Z"] {
        let told = unread(leaf_with("270831120000Z", date.as_bytes()));
        assert_eq!(
            told,
            ["a certificate that can't be read as X.509 in DER, or that ends before 1970"],
            "{date}"
        );
    }
    assert_eq!(
        told(leaf_with("270831120000Z", b"491231235959Z")),
        ["2049-12-31T23:59:59Z x509 certificate of CN=web.example.org"]
    );
}

#[test]
fn a_broken_certificate_is_not_taken_for_none() {
    let cut = LEAF.split_once("-----END").unwrap().0;
    assert_eq!(unread(cut), ["a certificate in PEM without its last line"]);
    assert_eq!(unread(LEAF.replace('a', "*")), ["a certificate in PEM whose base64 is broken"]);
    let line = LEAF.lines().nth(2).unwrap();
    let reason = "a certificate that can't be read as X.509 in DER, or that ends before 1970";
    assert_eq!(unread(LEAF.replace(line, "")), [reason]);
    // What is whole beside it is read all the same.
    let ends = read(format!("{cut}{LEAF}").as_bytes());
    assert_eq!((listed(&ends), ends.unread.len()), (vec![LEAF_END.to_owned()], 1));
}

#[test]
fn a_kubeconfig_says_whose_its_credentials_are() {
    let expected = [
        "2027-08-31T12:00:00Z x509 client certificate of user alice",
        "2028-01-01T00:00:00Z jwt token of user bob",
        "2061-06-30T01:02:03Z x509 certificate authority of cluster prod",
    ];
    for text in [kubeconfig(""), kubeconfig("  "), format!("---\na: 1\n---\n{}", kubeconfig(""))] {
        assert_eq!(told(&text), expected, "{text}");
        assert_eq!(told(BASE64_STANDARD.encode(&text)), expected);
    }
    let json = serde_json::json!({
        "users": [
            { "user": { "client-certificate-data": BASE64_STANDARD.encode(LEAF) }, "name": "ali\u{1b}ce" },
        ],
    });
    assert_eq!(told(json.to_string()), [r"2027-08-31T12:00:00Z x509 client certificate of user ali\u{1b}ce"]);
}

#[test]
fn a_kubeconfig_that_is_not_read_is_not_taken_for_none() {
    let aliased =
        kubeconfig("").replace("alice\n  user:\n", "alice\n  other: &x {a: b}\n  more: *x\n  user:\n");
    let ends = read(aliased.as_bytes());
    assert_eq!(ends.unread, ["a kubeconfig with YAML aliases, which are not followed"]);
    assert_eq!(ends.ends.len(), 3);

    let broken = read(format!("{}\n\t: ]\n", kubeconfig("")).as_bytes());
    assert_eq!(broken.unread, ["a kubeconfig that is broken, or nests too deep, from some line on"]);
    assert_eq!(broken.ends.len(), 3);

    let with = |data: &str| format!("users:\n- name: a\n  user:\n    client-certificate-data: {data}\n");
    let long = "x".repeat(40);
    assert_eq!(unread(with(&format!("'{long}*'"))), ["client certificate of user a: it is no base64"]);
    assert_eq!(unread(with(&long)), ["client certificate of user a: there is no PEM in it"]);
    let cut = BASE64_STANDARD.encode(LEAF.split_once("-----END").unwrap().0);
    assert_eq!(
        unread(with(&cut)),
        ["client certificate of user a: a certificate in PEM without its last line"]
    );
    // Too large for a reader of YAML, which holds much for each byte; its certificates are found all the same.
    let large = read(format!("{}# {}", kubeconfig(""), "x".repeat(1024 * 1024)).as_bytes());
    assert_eq!(listed(&large), [LEAF_END, "2061-06-30T01:02:03Z x509 certificate of CN=Späte Wurzel"]);
    assert_eq!(large.unread, ["a kubeconfig larger than 1 MiB, whose tokens are not looked into"]);
}

#[test]
fn ssh_certificates_are_read_in_the_middle_of_a_text() {
    let ed25519 = include_str!("../../../tests/fixtures/value_ends/ssh-ed25519-cert.pub");
    let rsa = include_str!("../../../tests/fixtures/value_ends/ssh-rsa-cert.pub");
    let ecdsa = include_str!("../../../tests/fixtures/value_ends/ssh-ecdsa-cert.pub");
    let end = |kind: &str| format!("2027-08-31T12:00:00Z ssh-certificate SSH certificate of alice {kind}");
    assert_eq!(told(ed25519), [end("ed25519")]);
    assert_eq!(told(format!("# mine\n{rsa}\nhost {ecdsa}")), [end("ecdsa"), end("rsa")]);
    assert_eq!(
        told(include_bytes!("../../../tests/fixtures/value_ends/ssh-endless-cert.pub")),
        Vec::<String>::new()
    );
    let cut = ed25519.get(..ed25519.len() / 2).unwrap();
    assert_eq!(unread(cut), ["an SSH certificate that is broken or cut short"]);
    let renamed = ed25519.replace("ssh-ed25519-", "ssh-rsa-");
    assert_eq!(unread(renamed), ["an SSH certificate that is broken or cut short"]);
    let unknown = ed25519.replace("ssh-ed25519-", "ssh-new-");
    assert_eq!(unread(unknown), ["an SSH certificate of a kind that is not known"]);
}
