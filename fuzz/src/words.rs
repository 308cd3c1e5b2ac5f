//! Single words of people and servers: names, moments, globs, settings, addresses.

use std::collections::BTreeMap;

use secrets::domain::channel::ChannelName;
use secrets::domain::digest::Digest;
use secrets::domain::glob::{Glob, GlobList};
use secrets::domain::id::VersionId;
use secrets::domain::json_string;
use secrets::domain::key::Fingerprint;
use secrets::domain::name::{ActorName, MAX_SECRET_NAME_BYTES, SecretName};
use secrets::domain::period::Period;
use secrets::domain::probe::Probe;
use secrets::domain::record::Runner;
use secrets::domain::rotator::Rotator;
use secrets::domain::time::Instant;
use secrets::domain::tracked_name::{CredentialName, MAX_POINTER_BYTES, Pointer, TrackedName};
use secrets::domain::variable::VariableName;
use secrets::domain::web_address;

use super::parts;

/// Any text as a name: what is taken is written as it was read, and leads nowhere but into its own folder.
pub fn names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(name) = text.parse::<SecretName>() {
        assert_eq!(name.as_str(), text);
        assert!(text.len() <= MAX_SECRET_NAME_BYTES);
        let is_fit =
            |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && !part.contains('\\');
        assert!(text.split('/').all(is_fit));
    }
    if let Ok(name) = text.parse::<ActorName>() {
        assert!(name.as_str() == text && !text.contains('/'));
    }
    if let Ok(name) = text.parse::<VariableName>() {
        assert!(name.as_str() == text && !text.contains(['=', '\0']));
    }
    if let Ok(pointer) = text.parse::<Pointer>() {
        assert!(pointer.as_str() == text && text.len() <= MAX_POINTER_BYTES);
        assert_eq!(Pointer::of(pointer.keys()).as_ref(), Some(&pointer));
    }
    if let Ok(name) = text.parse::<TrackedName>() {
        assert_eq!(name.as_str(), text);
        assert!(!name.file().starts_with('/') && !name.file().split('/').any(|part| part == ".."));
        assert_eq!(TrackedName::new(name.file(), name.pointer().as_ref()), Some(name));
    }
    if let Ok(name) = text.parse::<CredentialName>() {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(name) = text.parse::<ChannelName>() {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text);
    }
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.as_str(), text);
    }
    if let Ok(id) = VersionId::try_from(text.to_owned()) {
        assert_eq!(VersionId::try_from(id.to_string()), Ok(id));
    }
}

/// Any text as a date, an instant or a period, one a line: what is taken is written in one form, and time runs one way.
pub fn moments(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (mut instants, mut periods) = (vec![Instant::EPOCH], Vec::new());
    for line in text.split('\n') {
        for instant in [Instant::parse_rfc3339(line), Instant::parse_date_or_instant(line), line.parse()] {
            let Ok(instant) = instant else { continue };
            assert_eq!(instant.to_string().parse(), Ok(instant));
            assert_eq!(Instant::parse_date_or_instant(&instant.brief()), Ok(instant));
            instants.push(instant);
        }
        if let Ok(period) = line.parse::<Period>() {
            assert_eq!(period.to_string().parse(), Ok(period));
            periods.push(period);
        }
    }
    for (instant, period) in instants.iter().zip(periods.iter().cycle().take(instants.len())) {
        if let Some(end) = period.after(*instant) {
            assert!(end >= *instant && (end == *instant) == period.is_zero());
            assert!(instant.days_until(end) >= 0);
        }
        if let Some(start) = period.before(*instant) {
            assert!(start <= *instant);
        }
    }
}

/// Two globs and texts, one a line: globs that one text fits are said to overlap, and one that covers another fits all
/// that the other one fits.
pub fn globs(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let mut glob = || lines.next()?.parse::<Glob>().ok();
    let (Some(one), Some(other)) = (glob(), glob()) else { return };
    let (extent, another) = (one.extent(), other.extent());
    assert!(!extent.covers(&another) || extent.may_overlap(&another));
    let list = GlobList::new([&one, &other]);
    for text in lines.take(16) {
        let (fits, fits_other) = (one.matches(text), other.matches(text));
        assert!(!(fits && fits_other) || extent.may_overlap(&another), "both fit `{text}`");
        assert!(!(fits_other && extent.covers(&another)) || fits, "`{text}` is covered");
        assert!(!(fits && another.covers(&extent)) || fits_other, "`{text}` is covered");
        if let Ok(list) = &list {
            assert_eq!(
                (list.matching(text).contains(&0), list.matching(text).contains(&1)),
                (fits, fits_other)
            );
        }
        assert!(Glob::exactly(text).matches(text));
    }
}

/// A kind and settings, one `NAME=TEXT` a line, as a record has them of a rotator or a probe: what is not understood is
/// never left out.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let kind = lines.next().unwrap_or_default();
    let with: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once('=')).collect();
    let mut json = serde_json::json!({ "kind": kind, "with": with });
    let Ok(runner) = serde_json::from_value::<Runner>(json.clone()) else { return };
    let taken = [Rotator::parse(&runner).is_ok(), Probe::parse(&runner).is_ok()];
    json["with"]["nobody-knows-this"] = "x".into();
    let strange: Runner = serde_json::from_value(json).expect("another setting");
    assert!(Rotator::parse(&strange).is_err() && Probe::parse(&strange).is_err());
    if taken.contains(&true) {
        let again = serde_json::to_value(&runner).and_then(serde_json::from_value::<Runner>);
        assert_eq!(again.ok().as_ref(), Some(&runner));
    }
}

/// Any text as an address: what is taken leads to a host, by TLS unless that is this machine, and holds no password.
pub fn addresses(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if web_address::check(text).is_ok() {
        // What is called is what this reader makes of it.
        let Ok(url) = text.parse::<reqwest::Url>() else { return };
        let host = url.host_str().expect("a host");
        let is_loopback = |host: &str| web_address::is_loopback(host.trim_matches(['[', ']']));
        assert!(url.scheme() == "https" || url.scheme() == "http" && is_loopback(host), "{text}");
        assert!(url.username().is_empty() && url.password().is_none(), "{text}");
    }
}

/// Any bytes as strings of JSON, one a line: what is read is what any other reader reads.
pub fn json_strings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for line in parts(text.as_bytes(), b"\n").filter_map(|line| std::str::from_utf8(line).ok()) {
        let Ok(expected) = serde_json::from_str::<String>(line) else { continue };
        let value = json_string::value(line.trim_matches([' ', '\t', '\r'])).expect("a string");
        assert!(value.expose() == expected.as_bytes());
    }
}
