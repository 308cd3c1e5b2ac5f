use proptest::prelude::*;

use super::*;

fn told(text: &str) -> String {
    match read(text.as_bytes(), "t") {
        Ok(table) if table.faults.is_empty() => table
            .rows
            .iter()
            .map(|row| format!("{} {} {:?}", row.line, row.name, row.terms))
            .collect::<Vec<_>>()
            .join("\n"),
        Ok(table) => table.faults.into_error("t").to_string(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn rows(text: &str) -> Vec<Row> {
    let table = read(text.as_bytes(), "t").unwrap();
    assert!(table.faults.is_empty(), "{}", table.faults.into_error("t"));
    table.rows
}

#[test]
fn csv_in_any_order_with_quotes_a_mark_and_carriage_returns() {
    let text = "\u{feff}Expires,NAME,owner,issuer,runbook,issued,reason\r\n\
                2027-08-31,web/db,\"alice; infra\",\"IT, Toronto\",,2026-08-30,\r\n\
                \r\n\
                ,,,,,,\r\n\
                \"never: it is \"\"ours\"\"\",enc.yaml#/hub/a,,,docs/a.md,,\r\n\
                2027-08-31T12:00:00Z,\"a,b.yaml#/x\",,,,,extended\r\n";
    let rows = rows(text);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 5, 6]);
    let [first, second, third] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(first.name.as_str(), "web/db");
    assert_eq!(first.terms.owners.iter().map(ToString::to_string).collect::<Vec<_>>(), ["alice", "infra"]);
    assert_eq!(first.terms.issuer.as_deref(), Some("IT, Toronto"));
    assert_eq!(first.terms.issued, Some("2026-08-30".parse().unwrap()));
    assert_eq!(
        second.terms.expires,
        Some(crate::domain::expiry::Expiry::Never { why: "it is \"ours\"".to_owned() })
    );
    assert_eq!((second.terms.runbook.as_deref(), second.terms.issued), (Some("docs/a.md"), None));
    assert_eq!(third.name.as_str(), "a,b.yaml#/x");
    assert!(format!("{:?}", third.terms.expires).contains("extended"));
}

#[test]
fn json_as_an_array_and_as_the_list_has_it() {
    let array = r#"[
  {"name": "web/db", "expires": "2027-08-31", "owners": ["alice", "infra"]},
  {"name": "web/api", "owner": "alice;infra", "never": "ours"},
  {"name": "web/none", "expires": null, "never": "", "owners": []}
]"#;
    let listed = format!(
        r#"{{"schema_version": 1, "at": "2026-03-01T12:00:00Z", "secrets": {}}}"#,
        array.replace(
            r#""name""#,
            r#""version": null, "days_left": 3, "people": 2, "state": "no-expiry", "level": "error", "name""#
        )
    );
    assert_eq!(told(&listed), told(array));
    let rows = rows(array);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(rows[0].terms.owners, rows[1].terms.owners);
    assert!(rows[2].terms.is_silent());
}

#[test]
fn every_fault_is_told_with_its_line() {
    let text = "name,expires,never,owners,reason\n\
                web/a,08/09/2027,,,\n\
                web/b,2027-08-31,we made it,,\n\
                web/c,never:,,,\n\
                web/d,2027-08-31\n\
                ,2027-08-31,,,\n\
                /web/e,,,,\n\
                web/f,,,a b,\n\
                web/g,,,,why\n\
                web/h,2027-08-31,,,\n";
    let told = told(text);
    let lines: Vec<&str> = told.lines().collect();
    for (position, said) in [
        "t:2: `expires`: `08/09/2027` can be read as several dates",
        "t:3: it both ends and never ends",
        "t:4: `expires`: `never` needs a reason",
        "t:5: has 2 cells, and the header has 5",
        "t:6: has no `name`",
        "t:7: `name`: ",
        "t:8: `owners`: ",
        "t:9: `reason` says why an end changes",
    ]
    .iter()
    .enumerate()
    {
        assert!(lines[position].starts_with(said), "{said}: {told}");
    }
    assert_eq!(lines.len(), 8, "{told}");
    for (text, said) in [
        ("name,expire\n", "t:1: unknown column `expire`; did you mean `expires`? (known are: name, expires,"),
        ("name;expires\n", "separated by commas"),
        ("name,expires,Expires\n", "t:1: the column `expires` is there twice"),
        ("name,owner,owners\n", "t:1: the column `owners` is there twice"),
        ("expires\n2027-08-31\n", "`name` among them"),
        ("", "`name` among them"),
        ("[{\"name\": \"a\"}\n", "t:2: is no JSON here"),
        ("{\"rows\": []}", "one under `secrets`"),
        ("[1]", "t:1: expected an object"),
        ("[{\"name\": \"a\",\n \"name\": \"b\"}]", "t:1: has a key twice"),
        (
            "[{\"name\": \"a\", \"expiry\": \"2027-08-31\"}]",
            "t:1: unknown key `expiry`; did you mean `expires`?",
        ),
        ("[{\"name\": \"a\", \"expires\": 20270831}]", "t:1: `expires`: expected a text"),
        ("[{\"name\": \"a\", \"owners\": [1]}]", "t:1: `owners`: expected names"),
        ("[{\"name\": \"a\", \"owner\": \"x\", \"owners\": []}]", "are the same"),
        ("[{\"expires\": \"2027-08-31\"}]", "t:1: has no `name`"),
    ] {
        let told = self::told(text);
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(read(b"name\n\xff\n", "t").unwrap_err().to_string().contains("t:2: is not UTF-8"));
    assert!(read(&vec![b'a'; MAX_TABLE_BYTES + 1], "t").unwrap_err().to_string().contains("larger"));
    // What somebody pasted by mistake is not repeated.
    let secret = "AGE-SECRET-KEY-1QQQQQQQQ";
    for text in [
        format!("name,expires\nweb/a,{secret}\n"),
        secret.to_owned(),
        format!("A=1\nB={secret}\n"),
        format!("A={secret},b\n"),
    ] {
        assert!(!self::told(&text).contains(secret), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}", head in "(name,expires\n|\\[|\\{|)") {
        let _ = told(&format!("{head}{text}"));
    }

    /// What is put in quotes comes out as it was, whatever it holds.
    #[test]
    fn any_cell_survives_its_quotes(text in "[ -~\u{e4}\n]{0,40}") {
        let line = format!("name,issuer\nweb/a,\"{}\"\n", text.replace('"', "\"\""));
        let rows = rows(&line);
        let issuer = rows[0].terms.issuer.clone().unwrap_or_default();
        prop_assert_eq!(issuer, text.trim());
    }
}
