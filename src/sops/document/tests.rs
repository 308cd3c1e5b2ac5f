use proptest::prelude::*;
use serde_json::Value as Tree;

use super::*;

fn read(text: &[u8]) -> Result<Opened, Malformed> {
    values(&Value::new(text.to_vec()))
}

#[test]
fn values_pointers_and_addresses() {
    let text = br#" {"hub": {"ports": [8080, 0.25e1, true, {"token": "t\"\u003c\ud83d\ude00\n\/"}, []],
        "a/b~": "", "x[0]": "odd", "empty": {}}, "web.yml": null } "#;
    let opened = read(text).unwrap();
    for (pointer, value, is_text, address) in [
        ("/hub/ports/0", "8080", false, Some(r#"["hub"]["ports"][0]"#)),
        ("/hub/ports/1", "0.25e1", false, Some(r#"["hub"]["ports"][1]"#)),
        ("/hub/ports/2", "true", false, Some(r#"["hub"]["ports"][2]"#)),
        ("/hub/ports/3/token", "t\"<\u{1f600}\n/", true, Some(r#"["hub"]["ports"][3]["token"]"#)),
        ("/hub/a~1b~0", "", true, Some(r#"["hub"]["a/b~"]"#)),
        ("/hub/x[0]", "odd", true, None),
        ("/web.yml", "null", false, Some(r#"["web.yml"]"#)),
    ] {
        let found = opened.get(Some(&pointer.parse().unwrap())).unwrap();
        assert_eq!(std::str::from_utf8(found.value.expose()).unwrap(), value, "{pointer}");
        assert_eq!((found.is_text, found.address.as_deref()), (is_text, address), "{pointer}");
    }
    assert!(opened.get(Some(&"/hub/empty".parse().unwrap())).is_none());
}

#[test]
fn what_is_no_document_is_refused() {
    for text in [
        "",
        "{",
        "{}}",
        "{}{}",
        "[1 2]",
        "{\"a\" 1}",
        "{a: 1}",
        "\"",
        "\"\\\"",
        "\"\\q\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\u12\"",
        "nul",
        "[,]",
        "{\"a\":1,}",
        "+",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
    assert!(read(b"\"\xff\"").is_err());
    assert!(read(&b"[".repeat(100_000)).is_err());
}

fn json() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|map| Tree::Object(map.into_iter().collect())),
        ]
    })
}

/// Looks every value up in another parser's tree.
fn count(tree: &Tree, path: &mut Vec<String>, opened: &Opened) -> Result<(), TestCaseError> {
    let mut down = |key: String, inner: &Tree| {
        path.push(key);
        count(inner, path, opened)?;
        path.pop();
        Ok(())
    };
    match tree {
        Tree::Object(map) => map.iter().try_for_each(|(key, inner)| down(key.clone(), inner)),
        Tree::Array(all) => {
            all.iter().enumerate().try_for_each(|(position, inner)| down(position.to_string(), inner))
        }
        leaf @ (Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_)) => {
            let found = opened.get(Pointer::of(&*path).as_ref());
            let text = leaf.as_str().map_or_else(|| leaf.to_string(), ToOwned::to_owned);
            prop_assert_eq!(found.map(|found| found.value.expose()), Some(text.as_bytes()));
            Ok(())
        }
    }
}

proptest! {
    #[test]
    fn it_reads_what_serde_json_writes(tree in json()) {
        let opened = read(tree.to_string().as_bytes()).map_err(|_| TestCaseError::fail("malformed"))?;
        count(&tree, &mut Vec::new(), &opened)?;
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        drop(read(&bytes));
    }
}
