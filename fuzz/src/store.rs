//! What lies in a store, and in the git dir beside it.

use std::collections::{BTreeMap, BTreeSet};

use secrets::domain::claim::Claim;
use secrets::domain::digest::Digest;
use secrets::domain::expiry::Expiry;
use secrets::domain::name::{ActorName, SecretName};
use secrets::domain::policy::Policy;
use secrets::domain::record::Record;
use secrets::domain::rules::Rules;
use secrets::domain::tracked_name::TrackedName;
use secrets::observe::place::parse_policy;
use secrets::seal::binding;
use secrets::store::custody_file::{self, Draft};
use secrets::store::journal::Unfinished;
use secrets::store::ledger::{Ledger, appended, count, events, lost, mended, union};
use secrets::store::record_merge::{Side, merge};
use secrets::store::{baseline_file, expiry_table, policy_edit, policy_file, record_file};
use serde::{Deserialize, Serialize};

use super::{parts, tells_nothing_of, treacherous};

const POLICY: &str = "secrets/policy.toml";
const CUSTODY: &str = "clusters/x/custody.toml";
const RECORD: &str = "secrets/web/db.json";

/// Any bytes as a policy: what is wrong is told by name and on lines of its own; what is read means the same behind a
/// comment, and nothing any more with a key that nobody knows.
pub fn policy(bytes: &[u8]) {
    let damaged = policy_file::warning_rules_of_damaged(bytes, POLICY);
    let policy = match parse_policy(bytes, POLICY) {
        Ok(policy) => policy,
        Err(error) => {
            let told = error.to_string();
            assert!(told.lines().all(|line| line.starts_with(POLICY) && !treacherous(line)), "{told}");
            return;
        }
    };
    assert!(damaged.is_some(), "whoever is to be warned is known of what can be read");
    let said = format!("{policy:?}");
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let commented = parse_policy(&[b"# first\n", bytes, b"\n# last\n"].concat(), POLICY);
    let commented = commented.expect("a comment is no fault");
    // Faults are told with their lines, and nothing else is.
    assert_eq!(without_lines(&format!("{commented:?}")), without_lines(&said));
    let strange = [bytes, b"\n[nobody-knows-this]\nx = 1\n"].concat();
    assert!(parse_policy(&strange, POLICY).is_err(), "an unknown key is an error");
}

fn without_lines(debug: &str) -> String {
    let mut parts = debug.split("line: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "line: " + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// Any policy, changed as the commands change it: what was a policy is one afterwards, and says what it was to say.
pub fn policy_edit(bytes: &[u8]) {
    let Ok(policy) = parse_policy(bytes, POLICY) else { return };
    let text = std::str::from_utf8(bytes).expect("what was read is UTF-8");
    let draft = policy_edit::Draft::read(text, POLICY).expect("what was read can be changed");
    let secret: SecretName = "fuzzed/secret".parse().expect("a name");
    let renamed: SecretName = "fuzzed/renamed".parse().expect("a name");
    let people: Vec<ActorName> = policy.people.keys().take(1).cloned().collect();

    if !people.is_empty() {
        let mut changed = draft.clone();
        if changed.set_readers(&secret, &people).is_err() {
            assert_eq!(changed.to_string(), draft.to_string(), "wholly or not at all");
            return;
        }
        let wanted: BTreeSet<ActorName> = people.iter().cloned().collect();
        let policy = read_again(&changed).unwrap_or_else(|error| panic!("{error}\n{changed}"));
        assert_eq!(policy.resolve(&Rules::of(&policy, &secret).readers.value), wanted);
        assert!(changed.rename_secret(&secret, &renamed) > 0);
        assert!(read_again(&changed).is_ok(), "{changed}");
        assert!(changed.drop_secret(&renamed).scopes > 0);
        assert!(read_again(&changed).is_ok(), "{changed}");
    }
    for name in policy.actors().map(|(name, _)| name.clone()).take(3).collect::<Vec<_>>() {
        let mut changed = draft.clone();
        if changed.remove_actor(&name, true).is_ok() {
            // Where something else still names them, the command says so: it reads what it is about to write.
            assert!(read_again(&changed).map_or(true, |policy| policy.actor(&name).is_none()));
        } else {
            assert_eq!(changed.to_string(), draft.to_string(), "wholly or not at all");
        }
    }
}

fn read_again(draft: &policy_edit::Draft) -> Result<Policy, policy_file::PolicyError> {
    parse_policy(draft.to_string().as_bytes(), POLICY)
}

/// Any bytes as a record: what is read is printed in one form, which is read as the same and bound to the same value;
/// what is refused is told without a word of what it holds.
pub fn record(bytes: &[u8]) {
    let record = match record_file::parse(bytes, RECORD) {
        Ok(record) => record,
        Err(error) => {
            let told = error.to_string();
            assert!(told.starts_with(RECORD) && !treacherous(&told), "{told}");
            tells_nothing_of(&told, bytes);
            return;
        }
    };
    let printed = record_file::print(&record);
    assert_eq!(record_file::parse(&printed, RECORD).as_ref(), Ok(&record));
    assert_eq!(record_file::order_of(bytes), Some(record.sealed.order()));
    let digest = binding::digest(&record.sealed).expect("what was read has one canonical form");
    let again = record_file::parse(&printed, RECORD).expect("what was printed");
    assert_eq!(binding::digest(&again.sealed).ok(), Some(digest));
    // What else is in the bytes of `sealed` would be bound to nothing.
    let loose: serde_json::Value = serde_json::from_slice(bytes).expect("a record is JSON");
    let strict: serde_json::Value = serde_json::from_slice(&printed).expect("a record is JSON");
    assert_eq!(loose.get("sealed"), strict.get("sealed"));
}

/// Two or three records, one behind the other: a pair stays whole, what both agree on stays, and neither side is better
/// off for being named first.
pub fn record_merge(bytes: &[u8]) {
    let records: Option<Vec<Record>> =
        parts(bytes, b"\n---\n").take(3).map(|part| record_file::parse(part, RECORD).ok()).collect();
    let Some(records) = records else { return };
    let (base, ours, theirs) = match records.as_slice() {
        [ours, theirs] => (None, ours, theirs),
        [base, ours, theirs] => (Some(base), ours, theirs),
        _ => return,
    };
    let merged = merge(base, ours, theirs, Side::Ours);
    let pair = |record: &Record| (record.sealed.clone(), record.digest);
    assert!([pair(ours), pair(theirs)].contains(&pair(&merged.record)), "a pair is never mixed");
    let other = merge(base, theirs, ours, Side::Theirs);
    assert_eq!(merged.is_clean(), other.is_clean());
    assert_eq!(merged.is_open(), other.is_open());
    if !merged.is_open() {
        assert_eq!(record_file::print(&merged.record), record_file::print(&other.record));
    }
    let same = merge(base, ours, ours, Side::Theirs);
    assert!(!same.is_open() && pair(&same.record) == pair(ours));
    let printed = record_file::print(&merged.record);
    assert!(record_file::parse(&printed, RECORD).is_ok(), "{}", String::from_utf8_lossy(&printed));
}

/// Any bytes as a baseline: what is read is printed in one form, and nothing in it is accepted twice or for ever.
pub fn baseline(bytes: &[u8]) {
    let path = "baseline.json";
    let baseline = match baseline_file::parse(bytes, path) {
        Ok(baseline) => baseline,
        Err(error) => {
            let told = error.to_string();
            assert!(told.starts_with(path), "{told}");
            return;
        }
    };
    let printed = baseline_file::print(&baseline);
    let again = baseline_file::parse(printed.as_bytes(), path).expect("what was printed");
    assert_eq!(baseline_file::print(&again), printed);
    assert_eq!(again.accepted.len(), baseline.accepted.len());
    assert!(baseline.accepted.iter().all(|one| one.until > baseline.made_at));
}

#[derive(Serialize, Deserialize)]
struct Journal {
    schema: u64,
    store: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    whole_repository: bool,
    changes: Vec<Change>,
    digest: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Change {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

/// Any bytes as a journal, also with a digest that fits: what is carried out lies in the store.
pub fn journal(bytes: &[u8]) {
    if let Ok(unfinished) = Unfinished::parse(bytes) {
        is_inside(&unfinished);
    }
    let Ok(mut journal) = serde_json::from_slice::<Journal>(bytes) else { return };
    journal.digest = None;
    let pretty = |journal: &Journal| serde_json::to_vec_pretty(journal).expect("a journal is printable");
    journal.digest = Some(Digest::of(&pretty(&journal)).to_string());
    let sealed = pretty(&journal);
    if let Ok(unfinished) = Unfinished::parse(&sealed) {
        is_inside(&unfinished);
        // Cut or changed, it is none.
        assert!(Unfinished::parse(&sealed[..sealed.len() - 1]).is_err());
        journal.store.push('x');
        assert!(Unfinished::parse(&pretty(&journal)).is_err());
    }
}

fn is_inside(unfinished: &Unfinished) {
    for path in &unfinished.paths {
        assert!(!path.is_empty() && !path.starts_with('/'), "{path}");
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path}");
    }
}

/// Any bytes as a `custody.toml`: read, and where that works changed and read again.
pub fn custody_toml(bytes: &[u8]) {
    let Ok(file) = custody_file::parse(bytes, CUSTODY) else { return };
    let text = std::str::from_utf8(bytes).expect("what was read is UTF-8");
    let draft = Draft::read(text, CUSTODY).expect("what was read can be changed");
    assert_eq!(draft.to_string(), text);

    let new: TrackedName = "clusters/x/enc.yaml#/new".parse().expect("a name");
    let claim = Claim { expires: Some(Expiry::Never { why: "fuzzed".to_owned() }), ..Claim::default() };
    for name in file.claims.keys().chain([&new]) {
        let mut changed = draft.clone();
        changed.put(name, &claim);
        let mut expected = claims(&draft.to_string());
        expected.insert(name.clone(), claim.clone());
        assert_eq!(claims(&changed.to_string()), expected);

        assert!(changed.remove(name));
        expected.remove(name);
        assert_eq!(claims(&changed.to_string()), expected);
    }
}

/// What a text says, without the lines on which it does.
fn claims(text: &str) -> BTreeMap<TrackedName, Claim> {
    let file = custody_file::parse(text.as_bytes(), CUSTODY).expect("what was written can be read");
    file.claims.into_iter().map(|(name, claim)| (name, Claim { line: 0, ..claim })).collect()
}

/// Any bytes as a table of ends and owners, CSV or JSON.
pub fn expiry_table(bytes: &[u8]) {
    let Ok(table) = expiry_table::read(bytes, "table") else { return };
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(table.rows.iter().all(|row| (1..=lines).contains(&row.line)));
}

/// Any bytes as a ledger: whatever stands there, what is appended is read, and mending leaves what can be read.
pub fn ledger(bytes: &[u8]) {
    let ledger = Ledger::parse(bytes);
    let known: Vec<_> = events(bytes).collect();
    assert!(ledger.unread() >= ledger.faults().len());
    let again = appended(bytes, &known);
    assert!(events(&again).skip(known.len()).eq(known.iter().cloned()));
    let (clean, broken) = mended(bytes);
    assert_eq!(count(&clean) + broken, count(bytes));
    assert!(events(&clean).eq(known.iter().cloned()));
    assert!(lost(bytes, &clean).is_empty());
    assert!(union(&clean, bytes).starts_with(&union(&clean, b"")));
}
