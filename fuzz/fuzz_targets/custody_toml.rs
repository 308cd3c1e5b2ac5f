//! Any bytes as a `custody.toml`: read, and where that works changed and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets::domain::claim::Claim;
use secrets::domain::expiry::Expiry;
use secrets::domain::tracked_name::TrackedName;
use secrets::store::custody_file::{Draft, parse};

const PATH: &str = "clusters/x/custody.toml";

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = parse(bytes, PATH) else { return };
    let text = std::str::from_utf8(bytes).expect("what was read is UTF-8");
    let draft = Draft::read(text, PATH).expect("what was read can be changed");
    assert_eq!(draft.to_string(), text);

    let new: TrackedName = "clusters/x/enc.yaml#/new".parse().expect("a name");
    let claim = Claim { expires: Some(Expiry::Never { why: "fuzzed".to_owned() }), ..Claim::default() };
    for name in file.claims.keys().chain([&new]) {
        let mut changed = draft.clone();
        changed.put(name, &claim);
        let mut expected = said(&draft.to_string());
        expected.insert(name.clone(), claim.clone());
        assert_eq!(said(&changed.to_string()), expected);

        assert!(changed.remove(name));
        expected.remove(name);
        assert_eq!(said(&changed.to_string()), expected);
    }
});

/// What a text says, without the lines on which it does.
fn said(text: &str) -> std::collections::BTreeMap<TrackedName, Claim> {
    let file = parse(text.as_bytes(), PATH).expect("what was written can be read");
    file.claims.into_iter().map(|(name, claim)| (name, Claim { line: 0, ..claim })).collect()
}
