use super::super::{Rotator, RotatorKind};
use super::*;
use crate::domain::json::UniqueMap;
use crate::domain::record::Runner;

fn read(settings: &[(&str, &str)]) -> Result<Recipe, String> {
    let with = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let runner = Runner { kind: "generate".to_owned(), with: with.collect::<UniqueMap<_, _>>() };
    let rotator = Rotator::parse(&runner).map_err(|error| error.to_string())?;
    let RotatorKind::Generate(Generate { recipe }) = rotator.kind else { panic!("another kind") };
    Ok(recipe)
}

fn signs(alphabet: &str, length: &str) -> usize {
    match read(&[("alphabet", alphabet), ("length", length)]) {
        Ok(Recipe::Text { alphabet, .. }) => alphabet.signs().len(),
        other => panic!("{alphabet}: {other:?}"),
    }
}

#[test]
fn alphabets_by_name_and_by_their_signs() {
    for (alphabet, count) in [
        ("alphanumeric", 62),
        ("letters", 52),
        ("lowercase", 26),
        ("uppercase", 26),
        ("digits", 10),
        ("hex", 16),
        ("printable", 94),
        ("ab1", 3),
        ("bcdfghjkmnpqrstvwxyz", 20),
        ("abcdefghijklmnop", 16),
        ("!\"#$%&'()*+,-./", 15),
    ] {
        assert_eq!(signs(alphabet, "64"), count, "{alphabet}");
    }
    let Ok(Recipe::Text { length: 32, alphabet }) = read(&[]) else { panic!("no defaults") };
    assert_eq!(alphabet.signs().len(), 62);
}

#[test]
fn an_alphabet_that_is_none() {
    for (alphabet, why) in [
        ("Printable", "`Printable` is none of alphanumeric, letters"),
        ("print", "`print` is none of"),
        ("abcdefghijklmno", "`abcdefghijklmno` is none of"),
        ("1232", "`2` stands in it twice"),
        ("1", "one sign"),
        ("0123 5", "visible ones of ASCII"),
        ("01234\u{e4}", "visible ones of ASCII"),
    ] {
        let error = read(&[("alphabet", alphabet), ("length", "4096")]).unwrap_err();
        assert!(error.contains(why), "{alphabet}: {error}");
    }
}

/// 64 bits are asked for: one sign less is refused, and what is asked for is told.
#[test]
fn what_can_be_found_by_trying() {
    for (alphabet, least) in
        [("01", 64), ("hex", 16), ("digits", 20), ("alphanumeric", 11), ("printable", 10), ("0123", 32)]
    {
        let with = |length: usize| read(&[("alphabet", alphabet), ("length", &length.to_string())]);
        let error = with(least - 1).unwrap_err();
        assert!(error.contains(&format!("write length={least} or more")), "{error}");
        assert!(with(least).is_ok(), "{alphabet}");
    }
    for (length, is_right) in [("7", false), ("8", true), ("4096", true), ("4097", false), ("-1", false)] {
        for format in ["raw", "hex", "base64"] {
            assert_eq!(
                read(&[("format", format), ("length", length)]).is_ok(),
                is_right,
                "{format} {length}"
            );
        }
    }
}

#[test]
fn a_setting_that_a_format_does_not_have_is_refused() {
    for (format, setting, value) in [
        ("uuid", "length", "32"),
        ("hex", "alphabet", "hex"),
        ("age", "comment", "x"),
        ("text", "names", "a.example"),
        ("ssh-ed25519", "length", "32"),
    ] {
        let error = read(&[("format", format), (setting, value)]).unwrap_err();
        assert!(error.contains(&format!("`{setting}` is no setting of it")), "{format}: {error}");
    }
    let error = read(&[("format", "csr"), ("names", "a.example"), ("days", "30")]).unwrap_err();
    assert!(error.contains("`days` is no setting of it; it knows format, lifetime, names"), "{error}");
    assert!(read(&[("format", "ascii")]).unwrap_err().contains("`ascii` is none of text, raw"));
}

#[test]
fn the_names_of_a_certificate() {
    let with = |names: &str| read(&[("format", "self-signed"), ("names", names)]);
    let names =
        ["www.example.org", "*.example.org", "localhost", "192.0.2.1", "2001:db8::1", "xn--krnten-bua.at"];
    assert_eq!(
        with(&names.join(", ")),
        Ok(Recipe::SelfSigned { names: names.map(ToOwned::to_owned).to_vec(), days: None })
    );
    let of_bytes =
        |bytes: usize| format!("{}{}", format!("{}.", "a".repeat(63)).repeat(3), "a".repeat(bytes - 192));
    for wrong in [
        "a,",
        ",",
        "a..b",
        "-a.example",
        "a-.example",
        "*",
        "a.*.example",
        "192.0.2",
        "192.0.2.256",
        "k\u{e4}rnten.at",
        "a b",
        "a_b.example",
        "https://a.example",
        &of_bytes(MAX_HOST_BYTES + 1),
        &format!("{}.example", "a".repeat(64)),
    ] {
        assert!(with(wrong).is_err(), "{wrong}");
    }
    assert!(with(&of_bytes(MAX_HOST_BYTES)).is_ok());
    assert!(with("a.example,b.example,a.example").unwrap_err().contains("a.example stands there twice"));
    let many = |count: usize| (0..count).map(|at| format!("h{at}.example")).collect::<Vec<_>>().join(",");
    assert!(with(&many(MOST_NAMES)).is_ok() && with(&many(MOST_NAMES + 1)).is_err());
}

#[test]
fn how_long_a_certificate_lives_is_said_once() {
    let with = |settings: &[(&str, &str)]| {
        read(&[&[("format", "self-signed"), ("names", "a.example")], settings].concat())
    };
    let days = |recipe| match recipe {
        Ok(Recipe::SelfSigned { days, .. }) => days,
        other => panic!("{other:?}"),
    };
    assert_eq!(days(with(&[("days", "30")])), Some(30));
    assert_eq!(days(with(&[("lifetime", "30d")])), None);
    assert!(with(&[("days", "30"), ("lifetime", "30d")]).unwrap_err().contains("give one of the two"));
    for wrong in ["0", "3651", "1y"] {
        assert!(with(&[("days", wrong)]).is_err(), "{wrong}");
    }
}
