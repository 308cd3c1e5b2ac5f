//! Sealed values and records as `git diff` shows them: a fact a line, so that two of them differ in what changed. Never
//! a value, and the same bytes for the same file everywhere.

use std::collections::BTreeMap;

use crate::domain::digest::Digest;
use crate::domain::expiry::Expiry;
use crate::domain::facts::{Binding, SealedFile};
use crate::domain::key::Fingerprint;
use crate::domain::record::{Format, Record, Runner, Sealed};
use crate::domain::rotation::{How, Rotation};
use crate::domain::text::{counted, visible};

/// The columns of what a line is about.
const LABEL: usize = 13;
/// The longest type of a stanza that is shown, in characters: a header may hold anything.
const LONGEST: usize = 40;

/// One line for each fact.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn fact(&mut self, label: &str, text: &str) {
        self.0.push_str(format!("{label:<LABEL$}{}", visible(text)).trim_end());
        self.0.push('\n');
    }

    fn if_any(&mut self, label: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.fact(label, text);
        }
    }
}

/// A record, all of it: what people look for first, then what tells it from any other. `is_as_printed`: its bytes are
/// those that this tool writes for it.
pub fn record(record: &Record, is_as_printed: bool) -> String {
    let (sealed, about) = (&record.sealed, &record.about);
    let mut lines = Lines::default();
    let version = &sealed.version;
    lines.fact("secret", sealed.name.as_str());
    lines.fact(
        "version",
        &format!("{}, set {} by {}", version.number, version.set_at.brief(), version.set_by),
    );
    lines.if_any("issued", sealed.issued.map(crate::domain::time::Instant::brief).as_deref());
    expiry(&mut lines, sealed.expires.as_ref());
    holders(&mut lines, sealed);
    for owner in &about.owners {
        lines.fact("owner", owner.as_str());
    }
    if let Some(issuer) = &about.issuer {
        lines.fact("issuer", &issuer.name);
        lines.if_any("contact", issuer.contact.as_deref());
        for (key, value) in &issuer.others {
            lines.fact("issuer also", &format!("{key}: {value}"));
        }
    }
    lines.if_any("runbook", about.runbook.as_deref());
    for (key, value) in &about.others {
        lines.fact("also", &format!("{key}: {value}"));
    }
    runner(&mut lines, "rotator", sealed.rotator.as_ref());
    runner(&mut lines, "probe", sealed.probe.as_ref());
    if let Some(under_way) = &record.rotation {
        rotation(&mut lines, under_way);
    }
    for one in record.signatures.iter() {
        lines.fact("signed by", &format!("{}  {}", one.by, Digest::of(one.sig.as_bytes())));
    }
    let format = match sealed.format {
        Format::Text => "text",
        Format::Binary => "binary",
    };
    lines.fact("version id", &format!("{}, {format}", version.id));
    lines.fact("store", &sealed.store.to_string());
    lines.fact("seal", &sealed.seal.to_string());
    lines.if_any("seal before", sealed.previous.as_ref().map(ToString::to_string).as_deref());
    lines.fact("sealed file", &record.digest.to_string());
    if !is_as_printed {
        lines.fact("form", "not as secrets writes it: its bytes say the same in another way");
    }
    lines.0
}

fn expiry(lines: &mut Lines, expiry: Option<&Expiry>) {
    match expiry {
        Some(Expiry::At { at, from, reason }) => {
            lines.fact("expires", &format!("{} ({})", at.brief(), from.as_str()));
            lines.if_any("because", reason.as_deref());
        }
        Some(Expiry::Never { why }) => lines.fact("expires", &format!("never: {why}")),
        None => lines.fact("expires", "nobody has said when"),
    }
}

/// Readers with the keys that it is sealed to, then whoever else it is sealed to or could open it once.
fn holders(lines: &mut Lines, sealed: &Sealed) {
    for (name, keys) in sealed.keys.iter() {
        let label = if sealed.readers.contains(name) { "reader" } else { "sealed to" };
        let known = sealed.exposed_to.get(name);
        for key in keys.iter() {
            let stanza = key.stanza.map(|digest| format!("  {digest}")).unwrap_or_default();
            let is_known = known.is_some_and(|known| known.contains(&key.fingerprint));
            let odd = if is_known { "" } else { "  (and not in exposed_to)" };
            lines.fact(label, &format!("{name}  {} {}{stanza}{odd}", key.kind, key.fingerprint));
        }
        if keys.is_empty() {
            lines.fact(label, &format!("{name}  by no key"));
        }
    }
    for name in sealed.readers.iter().filter(|name| !sealed.keys.contains_key(*name)) {
        lines.fact("reader", &format!("{name}  and not sealed to them"));
    }
    for (name, fingerprints) in sealed.exposed_to.iter() {
        let keys = sealed.keys.get(name);
        let is_sealed_to = |fingerprint: &Fingerprint| {
            keys.is_some_and(|keys| keys.iter().any(|key| key.fingerprint == *fingerprint))
        };
        for fingerprint in fingerprints.iter().filter(|fingerprint| !is_sealed_to(fingerprint)) {
            lines.fact("known to", &format!("{name}  {fingerprint}"));
        }
        if fingerprints.is_empty() {
            lines.fact("known to", &format!("{name}  by no key"));
        }
    }
}

fn runner(lines: &mut Lines, label: &str, runner: Option<&Runner>) {
    let Some(runner) = runner else { return };
    lines.fact(label, &runner.kind);
    for (key, value) in runner.with.iter() {
        lines.fact(label, &format!("  {key} = {value:?}"));
    }
}

fn rotation(lines: &mut Lines, rotation: &Rotation) {
    let Rotation { state, to, from, started, .. } = rotation;
    let mut fact = |text: String| lines.fact("rotation", &text);
    fact(format!("{state}, begun {} by {}", started.at, started.by));
    fact(format!("  from {} (version {})", from.id, from.number));
    fact(format!("  to {to}"));
    for id in rotation.abandoned.iter() {
        fact(format!("  given up {id}"));
    }
    for handle in rotation.before.iter() {
        fact(format!("  there before: {handle}"));
    }
    for (what, handle) in [("the old one", &rotation.from_handle), ("the new one", &rotation.handle)] {
        if let Some(handle) = handle {
            fact(format!("  {what} at its provider: {handle}"));
        }
    }
    if let Some(at) = rotation.refused_at {
        fact(format!("  refused {at}"));
    }
    if let Some(verified) = &rotation.verified {
        let how = match &verified.how {
            How::Tried => "tried".to_owned(),
            How::Vouched { by, reason } => format!("vouched for by {by}: {reason}"),
        };
        fact(format!("  verified {}, {how}", verified.at));
    }
    if let Some(aborted) = &rotation.aborted {
        let pushed = if aborted.was_pushed { "after it was pushed" } else { "before it was pushed" };
        fact(format!("  aborted {}, {pushed}", aborted.at));
    }
    if let Some(at) = rotation.left_at {
        fact(format!("  left {at}"));
    }
}

/// What anybody can see of a sealed file.
pub fn sealed(file: &SealedFile, bytes: usize) -> String {
    let mut lines = Lines::default();
    lines.fact("age file", &counted_bytes(bytes));
    let mut kinds = BTreeMap::<String, usize>::new();
    for stanza in &file.stanzas {
        *kinds.entry(stanza.kind.chars().take(LONGEST).collect()).or_default() += 1;
    }
    for (kind, count) in kinds {
        lines.fact("sealed to", &format!("{} of type {kind}", counted(count, "key")));
    }
    match &file.binding {
        Binding::Bound(digest) => lines.fact("record", &digest.to_string()),
        Binding::Absent => lines.fact("record", "none: sealed by another tool"),
        Binding::Malformed(why) => {
            lines.fact("record", &format!("named in a way that counts for nothing: {why}"));
        }
        Binding::HeaderMalformed(why) => lines.fact("header", &format!("malformed: {why}")),
    }
    lines.fact("digest", &file.digest.to_string());
    lines.0
}

/// Something else. Neither its bytes nor a digest of them: of a short password that would be as good as the password.
pub fn other(why: &str, bytes: u64) -> String {
    let mut lines = Lines::default();
    lines.fact("not shown", &format!("{why} ({})", counted_bytes(bytes)));
    lines.0
}

fn counted_bytes<N: std::fmt::Display + Copy + PartialEq + From<u8>>(bytes: N) -> String {
    counted(bytes, "byte")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::Stanza;

    /// Every fact that a record may hold.
    const FULL: &str = r#"{"schema": 1, "sealed": {"name": "web/prod/db", "store": "01K3Y3Q5W0000000000000001A",
        "format": "text",
        "version": {"id": "01K3Y3Q5W0000000000000002B", "number": 3, "set_at": "2026-08-30T20:15:52Z", "set_by": "alice"},
        "issued": "2026-08-30T00:00:00Z",
        "expires": {"at": "2027-08-31T00:00:00Z", "from": "declared", "reason": "ticket 812"},
        "readers": ["alice", "ci"],
        "exposed_to": {"alice": ["SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"],
            "carol": ["SHA256:bpdMHNvnFrr8jWUvZhYeoGd0xO6SQHTsCWK+u8uQBhM"],
            "ci": ["SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg"]},
        "keys": {"alice": [{"type": "X25519", "fp": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}],
            "ci": [{"type": "ssh-rsa", "fp": "SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg",
                "stanza": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]},
        "seal": 1788120952,
        "previous": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "rotator": {"kind": "generate", "with": {"length": "32"}}},
        "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "signatures": [{"by": "alice", "sig": "armor"}],
        "rotation": {"state": "aborted", "to": "01K3Y3Q5W0000000000000003C",
            "from": {"id": "01K3Y3Q5W0000000000000002B", "number": 1},
            "started": {"at": "2026-08-28T09:00:00Z", "by": "bob"}, "before": ["key-of-2025"],
            "abandoned": ["01K3Y3Q5W0000000000000004D"], "from_handle": "key-2025", "handle": "key-2026",
            "refused_at": "2026-08-28T09:00:05Z",
            "verified": {"at": "2026-08-28T09:00:20Z", "how": {"vouched": {"by": "bob", "reason": "logged in"}}},
            "aborted": {"at": "2026-08-30T20:15:51Z", "was_pushed": true},
            "left_at": "2026-08-30T21:00:00Z"},
        "about": {"owners": ["infra"], "issuer": {"name": "University IT", "contact": "it@example.org", "room": 4},
            "runbook": "docs/db.md", "team-note": {"kept": [null, 1.5]}}}"#;

    fn full() -> Record {
        serde_json::from_str(FULL).unwrap()
    }

    #[test]
    fn a_record_reads_as_lines() {
        let expected = "\
secret       web/prod/db
version      3, set 2026-08-30T20:15:52Z by alice
issued       2026-08-30
expires      2027-08-31 (declared)
because      ticket 812
reader       alice  X25519 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU
reader       ci  ssh-rsa SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg  \
             sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
known to     carol  SHA256:bpdMHNvnFrr8jWUvZhYeoGd0xO6SQHTsCWK+u8uQBhM
owner        infra
issuer       University IT
contact      it@example.org
issuer also  room: 4
runbook      docs/db.md
also         team-note: {\"kept\":[null,1.5]}
rotator      generate
rotator        length = \"32\"
rotation     aborted, begun 2026-08-28T09:00:00Z by bob
rotation       from 01K3Y3Q5W0000000000000002B (version 1)
rotation       to 01K3Y3Q5W0000000000000003C
rotation       given up 01K3Y3Q5W0000000000000004D
rotation       there before: key-of-2025
rotation       the old one at its provider: key-2025
rotation       the new one at its provider: key-2026
rotation       refused 2026-08-28T09:00:05Z
rotation       verified 2026-08-28T09:00:20Z, vouched for by bob: logged in
rotation       aborted 2026-08-30T20:15:51Z, after it was pushed
rotation       left 2026-08-30T21:00:00Z
signed by
version id   01K3Y3Q5W0000000000000002B, text
store        01K3Y3Q5W0000000000000001A
seal         1788120952
seal before  sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
sealed file  sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
";
        let signed = format!("signed by    alice  {}", Digest::of(b"armor"));
        let expected = expected
            .lines()
            .map(|line| if line.starts_with("signed by") { signed.as_str() } else { line })
            .collect::<Vec<_>>();
        assert_eq!(record(&full(), true).lines().collect::<Vec<_>>(), expected);
    }

    /// What a diff hides, nobody reviews.
    #[test]
    fn nothing_in_a_record_changes_unseen() {
        let edits = [
            ("web/prod/db", "web/prod/dc"),
            ("0000001A", "0000001B"),
            (r#""text""#, r#""binary""#),
            ("0000002B", "0000002C"),
            (r#""number": 3"#, r#""number": 4"#),
            ("20:15:52Z", "20:15:53Z"),
            (r#""set_by": "alice""#, r#""set_by": "bob""#),
            (r#""issued": "2026-08-30T"#, r#""issued": "2026-08-29T"#),
            ("2027-08-31", "2027-09-01"),
            (r#""declared""#, r#""jwt""#),
            ("ticket 812", "ticket 813"),
            (r#"["alice", "ci"]"#, r#"["alice"]"#),
            (r#"["alice", "ci"]"#, r#"["alice", "bob", "ci"]"#),
            (r#""carol": ["#, r#""dave": ["#),
            (r#""type": "X25519""#, r#""type": "ssh-ed25519""#),
            (r#""seal": 1788120952"#, r#""seal": 1788120953"#),
            (r#""previous": "sha256:e"#, r#""previous": "sha256:d"#),
            (r#""kind": "generate""#, r#""kind": "manual""#),
            (r#""length": "32""#, r#""length": "33""#),
            (r#""digest": "sha256:e"#, r#""digest": "sha256:d"#),
            (r#""sig": "armor""#, r#""sig": "armour""#),
            (r#""contact": "it@"#, r#""contact": "desk@"#),
            (r#""room": 4"#, r#""room": 5"#),
            (r#""kept": [null"#, r#""kept": [true"#),
            (r#""state": "aborted""#, r#""state": "verified""#),
            ("0000003C", "0000003D"),
            (
                r#""from": {"id": "01K3Y3Q5W0000000000000002B""#,
                r#""from": {"id": "01K3Y3Q5W0000000000000002C""#,
            ),
            (r#""number": 1"#, r#""number": 2"#),
            ("28T09:00:00Z", "28T09:00:01Z"),
            (r#""by": "bob"}, "before""#, r#""by": "eve"}, "before""#),
            ("key-of-2025", "key-of-2024"),
            ("0000004D", "0000004E"),
            (r#""from_handle": "key-2025""#, r#""from_handle": "key-2024""#),
            (r#""handle": "key-2026""#, r#""handle": "key-2027""#),
            ("09:00:05Z", "09:00:06Z"),
            ("09:00:20Z", "09:00:21Z"),
            (r#"{"vouched": {"by": "bob", "reason": "logged in"}}"#, r#""tried""#),
            (r#""vouched": {"by": "bob""#, r#""vouched": {"by": "eve""#),
            ("logged in", "looked at"),
            ("20:15:51Z", "20:15:50Z"),
            (r#""was_pushed": true"#, r#""was_pushed": false"#),
            ("21:00:00Z", "21:00:01Z"),
        ];
        let before = record(&full(), true);
        for (from, to) in edits {
            let edited: String = FULL.replacen(from, to, 1);
            assert_ne!(edited, FULL, "{from}");
            assert_ne!(record(&serde_json::from_str(&edited).unwrap(), true), before, "{from} → {to}");
        }
        // A key that is left out of those who know it, and one without a reader.
        let mut changed = full();
        changed.sealed.exposed_to.remove(&"alice".parse().unwrap());
        assert!(record(&changed, true).contains("(and not in exposed_to)"));
        let mut changed = full();
        changed.sealed.keys.remove(&"ci".parse().unwrap());
        assert!(record(&changed, true).contains("reader       ci  and not sealed to them"));
        assert!(record(&changed, true).contains("known to     ci  SHA256:n4b"));
        assert!(record(&full(), false).ends_with("its bytes say the same in another way\n"));
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let mut changed = full();
        changed.about.runbook = Some("a\x1b[31m\nreader       mallory".to_owned());
        let text = record(&changed, true);
        assert!(!text.contains('\x1b') && !text.lines().any(|line| line.starts_with("reader       mallory")));
        assert!(text.contains(r"runbook      a\u{1b}[31m\nreader       mallory"));
    }

    #[test]
    fn a_sealed_file_shows_what_anybody_sees() {
        let stanza = |kind: &str| Stanza { kind: kind.to_owned(), args: vec![], digest: Digest::of(b"s") };
        let digest = Digest::of(b"file");
        let stanzas =
            vec![stanza("X25519"), stanza("ssh-ed25519"), stanza("X25519"), stanza(&"x".repeat(99))];
        let mut file = SealedFile { digest, stanzas, binding: Binding::Bound(Digest::of(b"sealed")) };
        let expected = format!(
            "age file     612 bytes\nsealed to    2 keys of type X25519\nsealed to    1 key of type \
             ssh-ed25519\nsealed to    1 key of type {}\nrecord       {}\ndigest       {digest}\n",
            "x".repeat(40),
            Digest::of(b"sealed")
        );
        assert_eq!(sealed(&file, 612), expected);
        file.binding = Binding::Absent;
        assert!(sealed(&file, 612).contains("record       none: sealed by another tool\n"));
        assert_eq!(other("no age file", 1), "not shown    no age file (1 byte)\n");
    }
}
