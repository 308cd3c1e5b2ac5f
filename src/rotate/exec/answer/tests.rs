use super::*;
use crate::domain::id::VersionId;

const MARKER: &str = "01JB0000000000000000000000";

fn handle(text: &str) -> Handle {
    Handle::try_from(text.to_owned()).unwrap()
}

/// Of a minted value: its bytes, its handle, its end.
type Told = (Vec<u8>, Option<String>, Option<String>);

fn minted(answer: &str) -> Result<Told, Unread> {
    let minted = mint(answer.as_bytes())?;
    let text = |handle: &Handle| handle.as_str().to_owned();
    Ok((
        minted.value.expose().to_vec(),
        minted.handle.as_ref().map(text),
        minted.expires.map(|at| at.to_string()),
    ))
}

#[test]
fn what_is_minted() {
    for (answer, value, handle, expires) in [
        (r#"{"schema_version":1,"value":"s3cret"}"#, &b"s3cret"[..], None, None),
        (
            r#" {"value":"a\n\"\u00e4\\","handle":"k1","schema_version":1} "#,
            "a\n\"\u{e4}\\".as_bytes(),
            Some("k1"),
            None,
        ),
        (
            r#"{"schema_version":1,"value_base64":"AP8=","expires":"2027-01-01T00:00:00Z","value":null}"#,
            b"\x00\xff",
            None,
            Some("2027-01-01T00:00:00Z"),
        ),
    ] {
        let expected = (value.to_vec(), handle.map(ToOwned::to_owned), expires.map(ToOwned::to_owned));
        assert_eq!(minted(answer), Ok(expected), "{answer}");
    }
}

#[test]
fn what_is_not_minted() {
    for (answer, unread) in [
        (r#"{"schema_version":1}"#, Unread::NoValue),
        (r#"{"schema_version":1,"value":""}"#, Unread::NoValue),
        (r#"{"schema_version":1,"value":"a","value_base64":"YQ=="}"#, Unread::NoValue),
        (r#"{"schema_version":1,"value_base64":"YQ"}"#, Unread::NoBase64),
        (r#"{"schema_version":1,"value_base64":"Y Q="}"#, Unread::NoBase64),
        (r#"{"schema_version":1,"value":"s3cret","handle":"id-s3cret"}"#, Unread::ValueAsHandle),
        ("", Unread::Nothing),
        (" \n", Unread::Nothing),
    ] {
        assert_eq!(minted(answer), Err(unread), "{answer}");
    }
    for answer in [
        r#"{"schema_version":1,"value":12}"#,
        r#"{"schema_version":1,"value":{"a":"b"}}"#,
        r#"{"schema_version":1,"value":"a","valeu":"b"}"#,
        r#"{"schema_version":1,"value":"a","value":"b"}"#,
        r#"{"schema_version":2,"value":"a"}"#,
        r#"{"schema_version":"1","value":"a"}"#,
        r#"{"value":"a"}"#,
        r#"{"schema_version":1,"value":"a","handle":""}"#,
        r#"{"schema_version":1,"value":"a","expires":"2027-01-01"}"#,
        r#"["a"]"#,
        r#""a""#,
    ] {
        assert!(matches!(minted(answer), Err(Unread::AnotherForm { line: 1, .. })), "{answer}");
    }
    for answer in [
        r#"{"schema_version":1,"value":"a"} {}"#,
        "s3cret",
        r#"{"schema_version":1,"value":"a"#,
        "\u{feff}{}",
    ] {
        assert!(
            matches!(minted(answer), Err(Unread::NoJson { line: 1, .. })),
            "{answer}: {:?}",
            minted(answer)
        );
    }
}

/// Of an answer that is not understood nothing is repeated, because it may be a value.
#[test]
fn no_error_quotes_an_answer() {
    for answer in [
        r#"{"schema_version":1,"s3cret-key":"s3cret"}"#,
        r#"{"schema_version":"s3cret"}"#,
        r#"{"schema_version":1,"value":"x","expires":"s3cret"}"#,
        r#"{"schema_version":1,"value":"s3cret","handle":"s3cret"}"#,
        r#"{"schema_version":1,"value_base64":"s3cret!"}"#,
        r#""s3cret""#,
        "s3cret",
    ] {
        let shown = minted(answer).unwrap_err().to_string();
        assert!(!shown.contains("s3cret"), "{answer}: {shown}");
    }
}

#[test]
fn sizes_are_bounded() {
    let of = |length: usize| format!(r#"{{"schema_version":1,"value":"{}"}}"#, "a".repeat(length));
    assert_eq!(minted(&of(MAX_VALUE_BYTES)).unwrap().0.len(), MAX_VALUE_BYTES);
    assert_eq!(minted(&of(MAX_VALUE_BYTES + 1)), Err(Unread::LargeValue));
    assert_eq!(minted(&of(MAX_MINT_BYTES)), Err(Unread::TooLarge(MAX_MINT_BYTES)));
    let long = " ".repeat(MAX_ANSWER_BYTES);
    assert_eq!(list(long.as_bytes()), Err(Unread::Nothing));
    assert_eq!(list(format!("{long} ").as_bytes()), Err(Unread::TooLarge(MAX_ANSWER_BYTES)));
}

#[test]
fn what_is_listed() {
    let answer = format!(
        r#"{{"schema_version":1,"credentials":[{{"handle":"b","marker":"{MARKER}","made_at":"2026-03-01T00:00:00Z",
            "was_used":false}},{{"handle":"a","marker":null}}]}}"#
    );
    let [b, a] = &list(answer.as_bytes()).unwrap()[..] else { panic!("two are listed") };
    assert_eq!((&b.handle, &a.handle), (&handle("b"), &handle("a")));
    assert_eq!(b.marker, Some(VersionId::try_from(MARKER.to_owned()).unwrap()));
    assert_eq!(
        (b.was_used, b.made_at.map(crate::domain::time::Instant::date).as_deref()),
        (Some(false), Some("2026-03-01"))
    );
    assert_eq!((a.marker, a.was_used, a.made_at), (None, None, None));

    let twice = r#"{"schema_version":1,"credentials":[{"handle":"a"},{"handle":"b"},{"handle":"a"}]}"#;
    assert_eq!(list(twice.as_bytes()), Err(Unread::Twice(handle("a"))));
    for answer in [
        r#"{"schema_version":1}"#,
        r#"{"schema_version":1,"credentials":null}"#,
        r#"{"schema_version":1,"credentials":[{"marker":null}]}"#,
        // A marker that was cut off would hide what is to be revoked.
        r#"{"schema_version":1,"credentials":[{"handle":"a","marker":"01JB"}]}"#,
        r#"{"schema_version":1,"credentials":[{"handle":"a","value":"b"}]}"#,
        r#"{"schema_version":1,"credentials":[],"more":true}"#,
    ] {
        assert!(matches!(list(answer.as_bytes()), Err(Unread::AnotherForm { .. })), "{answer}");
    }
}

#[test]
fn to_which_credential_a_value_belongs() {
    let listed = [Listed { handle: handle("a"), marker: None, made_at: None, was_used: None }];
    let of = |answer: &str| identify(answer.as_bytes(), &listed);
    assert_eq!(of(r#"{"schema_version":1,"handle":"a"}"#), Ok(Some(handle("a"))));
    assert_eq!(of(r#"{"schema_version":1,"handle":null}"#), Ok(None));
    assert_eq!(of(r#"{"schema_version":1,"handle":"b"}"#), Err(Unread::NotListed(handle("b"))));
    assert!(matches!(of(r#"{"schema_version":1}"#), Err(Unread::AnotherForm { .. })));
}

#[test]
fn whether_a_value_works_is_said_and_not_left_out() {
    let of = |answer: &str| verify(answer.as_bytes()).map(|answer| (answer.works, answer.why));
    assert_eq!(of(r#"{"schema_version":1,"works":true}"#), Ok((Some(true), None)));
    assert_eq!(
        of(r#"{"schema_version":1,"works":false,"why":"401"}"#),
        Ok((Some(false), Some("401".to_owned())))
    );
    assert_eq!(of(r#"{"schema_version":1,"works":null}"#), Ok((None, None)));
    for answer in [r#"{"schema_version":1}"#, r#"{"schema_version":1,"works":"true"}"#, "{}", "true"] {
        assert!(matches!(of(answer), Err(Unread::AnotherForm { .. })), "{answer}");
    }
}

#[test]
fn what_is_revoked_is_said_to_be() {
    assert_eq!(revoke(br#"{"schema_version":1,"revoked":true}"#), Ok(()));
    for answer in [r#"{"schema_version":1,"revoked":false}"#, r#"{"schema_version":1}"#, "{}", "null"] {
        assert!(matches!(revoke(answer.as_bytes()), Err(Unread::AnotherForm { .. })), "{answer}");
    }
}

#[test]
fn a_list_of_what_belongs_into_an_object_is_none() {
    let another_form = Unread::AnotherForm { line: 1, column: 1 };
    assert_eq!(revoke(br#"{"schema_version":1,"revoked":true}"#), Ok(()));
    assert_eq!(revoke(b"[1,true]"), Err(another_form.clone()));
    assert_eq!(list(b"[1,[]]").err(), Some(another_form.clone()));
    let nested = list(br#"{"schema_version":1,"credentials":[["a",null,null,null]]}"#);
    assert!(matches!(nested, Err(Unread::AnotherForm { line: 1, column: 35.. })), "{nested:?}");
    assert_eq!(verify(b"[1,true,null]").err(), Some(another_form));
}
