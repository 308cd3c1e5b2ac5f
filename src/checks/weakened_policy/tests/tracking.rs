use super::*;
use crate::checks::samples::tracked::tracked_name;
use crate::domain::key::PublicKey;
use crate::domain::tracking::{Kind, KindRule, Track};

const FILES: [&str; 4] = [
    "clusters/a/enc-prod.yaml",
    "clusters/a/enc-staging.yaml",
    "clusters/b/enc-prod.yaml",
    "docs/enc-example",
];
const VALUES: [&str; 5] = [
    "clusters/a/enc-prod.yaml#/hub/AzureAdOAuthenticator/client_id",
    "clusters/a/enc-prod.yaml#/hub/AzureAdOAuthenticator/client_secret",
    "clusters/a/enc-staging.yaml#/hub/GitHubOAuthenticator/client_secret",
    "clusters/b/enc-prod.yaml#/hub/GitHubOAuthenticator/client_secret",
    "clusters/b/enc-prod.yaml#/token",
];

const GITHUB: &str = "**/GitHubOAuthenticator/client_secret";
const AZURE: &str = "**/AzureAdOAuthenticator/client_secret";

fn track(files: &[&str], except: &[&str], not_secret: &[&str]) -> Option<Track> {
    let globs = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    Some(Track {
        files: globs(files),
        except: globs(except),
        not_secret: globs(not_secret),
        also: Vec::new(),
    })
}

/// `never` where there is a reason.
fn kinds(kinds: &[(&str, Option<&str>)]) -> Vec<Kind> {
    let rule = |why: Option<&str>| match why {
        Some(why) => KindRule::Never(why.to_owned()),
        None => KindRule::ExpiryRequired,
    };
    let kind = |(line, (glob, why)): (usize, &(&str, Option<&str>))| Kind {
        glob: glob.parse().unwrap(),
        rule: rule(*why),
        owners: Vec::new(),
        line,
    };
    kinds.iter().enumerate().map(kind).collect()
}

#[allow(clippy::needless_pass_by_value, reason = "as it is made at each call")]
fn tracking(track: Option<Track>, kinds: Vec<Kind>) -> Policy {
    changed(|policy| {
        policy.track.clone_from(&track);
        policy.kinds.clone_from(&kinds);
    })
}

fn lost(before: &Policy, after: &Policy) -> Vec<String> {
    let files = FILES.map(ToOwned::to_owned).to_vec();
    let values = VALUES.map(tracked_name).to_vec();
    losses_beside(Policies { files, values, ..between(before.clone(), after.clone()) })
}

fn one_way_of(before: &Policy, after: &Policy, told: &[&str]) {
    assert_eq!(lost(before, after), told);
    assert_eq!(lost(after, before), [""; 0], "the way back from {told:?}");
}

#[test]
fn which_files_are_looked_at() {
    let of = |files: &[&str], except: &[&str]| tracking(track(files, except, &[]), Vec::new());
    let all = of(&["**/enc-*"], &[]);
    let none = tracking(None, Vec::new());
    one_way_of(
        &all,
        &none,
        &["[track] is gone: 4 files that other tools have sealed are not looked at any more"],
    );
    one_way_of(
        &all,
        &of(&["clusters/a/enc-*"], &[]),
        &["[track] does not name `**/enc-*` any more: clusters/b/enc-prod.yaml and docs/enc-example"],
    );
    // Others that fit as much, and more, are no loss; nor is a glob that fits nothing any more.
    one_way_of(&of(&["**/enc-*", "gone/*"], &[]), &of(&["**/enc-*"], &[]), &[]);
    assert_eq!(lost(&all, &of(&["docs/*", "clusters/**"], &[])), [""; 0]);
    one_way_of(&all, &of(&["**/enc-*"], &["docs/**"]), &["[track] leaves out `docs/**`: docs/enc-example"]);
    // What fits nothing yet may do so later.
    one_way_of(&all, &of(&["**/enc-*"], &["tests/**"]), &["[track] leaves out `tests/**`"]);
    one_way_of(&of(&["**/enc-*"], &["docs/**"]), &of(&["**/enc-*"], &["docs/**", "docs/enc-*"]), &[]);
    // A folder that is left out instead of being named is told once.
    assert_eq!(
        lost(&of(&["clusters/**", "docs/**"], &[]), &of(&["clusters/**"], &["docs/**"])),
        ["[track] leaves out `docs/**`: docs/enc-example"]
    );
}

#[test]
fn what_is_called_no_secret() {
    let of = |not_secret: &[&str]| tracking(track(&["**/enc-*"], &[], not_secret), Vec::new());
    one_way_of(
        &of(&[]),
        &of(&["**/client_id", "token"]),
        &[
            "[track] calls `**/client_id` no secret: clusters/a/enc-prod.yaml#/hub/AzureAdOAuthenticator/client_id",
            "[track] calls `token` no secret: clusters/b/enc-prod.yaml#/token",
        ],
    );
    one_way_of(
        &of(&["**/client_id"]),
        &of(&["**/client_id", "**/client_*"]),
        &[
            "[track] calls `**/client_*` no secret: clusters/a/enc-prod.yaml#/hub/AzureAdOAuthenticator/client_secret, \
             clusters/a/enc-staging.yaml#/hub/GitHubOAuthenticator/client_secret and \
             clusters/b/enc-prod.yaml#/hub/GitHubOAuthenticator/client_secret",
        ],
    );
    one_way_of(&of(&[]), &of(&["**/username"]), &["[track] calls `**/username` no secret"]);
    one_way_of(&of(&["**/client_*"]), &of(&["**/client_*", "**/client_id"]), &[]);
}

#[test]
fn which_kinds_need_no_date() {
    let of = |all: &[(&str, Option<&str>)]| tracking(track(&["**/enc-*"], &[], &[]), kinds(all));
    let lapse_not = Some("they do not lapse");
    let both_github = "clusters/a/enc-staging.yaml#/hub/GitHubOAuthenticator/client_secret and \
                       clusters/b/enc-prod.yaml#/hub/GitHubOAuthenticator/client_secret";
    let never = |glob: &str, of: &str| {
        let of = if of.is_empty() { String::new() } else { format!(": {of}") };
        format!("[[kind]] `{glob}` says that they never lapse{of}")
    };
    // Added where nothing was said.
    one_way_of(&of(&[]), &of(&[(GITHUB, lapse_not)]), &[&never(GITHUB, both_github)]);
    one_way_of(&of(&[]), &of(&[("**/nothing-yet", lapse_not)]), &[&never("**/nothing-yet", "")]);
    // Changed from required; another reason for the same is none.
    one_way_of(&of(&[(GITHUB, None)]), &of(&[(GITHUB, lapse_not)]), &[&never(GITHUB, both_github)]);
    one_way_of(&of(&[(GITHUB, lapse_not)]), &of(&[(GITHUB, Some("see the docs"))]), &[]);
    // Required no more, with nothing in its place.
    let required = format!("[[kind]] `{GITHUB}` does not ask when they end any more");
    one_way_of(&of(&[(GITHUB, None)]), &of(&[]), &[&format!("{required}: {both_github}")]);
    // Wider is no loss, narrower is.
    one_way_of(
        &of(&[("**/client_secret", None)]),
        &of(&[(AZURE, None)]),
        &[&format!("[[kind]] `**/client_secret` does not ask when they end any more: {both_github}")],
    );
    // Moved ahead of what it overlaps with, and of what it can't.
    let (azure, all) = ((AZURE, None), ("**/client_secret", lapse_not));
    let azures = "clusters/a/enc-prod.yaml#/hub/AzureAdOAuthenticator/client_secret";
    one_way_of(&of(&[azure, all]), &of(&[all, azure]), &[&never("**/client_secret", azures)]);
    one_way_of(&of(&[azure, (GITHUB, lapse_not)]), &of(&[(GITHUB, lapse_not), azure]), &[]);
    // A pointer of a kind and the file of another one may be of the same value.
    let (pointer, file) = (("/later/*", None), ("clusters/a/**", lapse_not));
    one_way_of(&of(&[pointer, file]), &of(&[file, pointer]), &[&never("clusters/a/**", "")]);
    let either = ("{/later/*,/sooner/*}", None);
    one_way_of(&of(&[either, file]), &of(&[file, either]), &[&never("clusters/a/**", "")]);
    let later = ("clusters/a/*#/later/*", lapse_not);
    one_way_of(&of(&[either, later]), &of(&[later, either]), &[&never("clusters/a/*#/later/*", "")]);
    // One that stood ahead and covers nothing of it excuses nothing.
    let apart = ("**/apart-yet", lapse_not);
    one_way_of(&of(&[apart, pointer, file]), &of(&[apart, file, pointer]), &[&never("clusters/a/**", "")]);
    let elsewhere = ("clusters/a/**#/other/*", lapse_not);
    one_way_of(&of(&[pointer, elsewhere]), &of(&[elsewhere, pointer]), &[]);
}

/// Only what covers a kind stands in its place, though it says the same.
#[test]
fn kinds_that_fit_nothing_yet() {
    let of = |all: &[(&str, Option<&str>)]| tracking(track(&["**/enc-*"], &[], &[]), kinds(all));
    let (github, lapse_not) = ((GITHUB, Some("they do not lapse")), Some("they do not lapse"));
    let (never, required) = (("**/never-yet", lapse_not), ("**/a-yet", None));
    let told_never = "[[kind]] `**/never-yet` says that they never lapse";
    let told_required = "[[kind]] `**/a-yet` does not ask when they end any more";
    one_way_of(&of(&[github]), &of(&[github, never]), &[told_never]);
    assert_eq!(lost(&of(&[required]), &of(&[("**/b-yet", None)])), [told_required]);
    assert_eq!(lost(&of(&[required]), &of(&[never])), [told_required, told_never]);
}

#[test]
fn what_begins_to_be_tracked_weakens_nothing() {
    let all = tracking(
        track(&["**/enc-*"], &["docs/**"], &["**/client_id"]),
        kinds(&[(GITHUB, Some("they do not lapse"))]),
    );
    assert_eq!(lost(&policy(), &all), [""; 0]);
}

/// Scopes fit what other tools have sealed too, by its name and by its file.
#[test]
fn rules_of_tracked_secrets() {
    let before = tracking(track(&["**/enc-*"], &[], &[]), Vec::new());
    for (glob, of) in [
        (VALUES[4], VALUES[4].to_owned()),
        (FILES[0], format!("{}, {} and {}", FILES[0], VALUES[0], VALUES[1])),
    ] {
        let after = with_scope(before.clone(), glob, people(1));
        one_way_of(
            &before,
            &after,
            &[&format!("min-people is 1 instead of 2, by [[scope]] {glob} (line 20): {of}")],
        );
    }
}

/// Keys that only other tools seal to are a shared key's like any other.
#[test]
fn people_behind_keys_of_other_tools() {
    for (kind, text) in [
        (KeyKind::Kms, "projects/p/locations/global/keyRings/r/cryptoKeys/k"),
        (KeyKind::Opaque, "ansible-vault:prod"),
        (KeyKind::Pgp, "pgp:FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4"),
    ] {
        let with = |people: &[&str], text: &str| {
            changed(|policy| {
                let key = PublicKey { kind: kind.clone(), ..key(KeyKind::X25519, text) };
                let shared = crate::domain::policy::SharedKey { keys: vec![key], ..shared_key(&[], people) };
                policy.shared_keys.insert(actor("cloud"), shared);
            })
        };
        one_way(
            &with(&["alice"], text),
            &with(&["alice", "bob"], text),
            &["the shared key cloud counts for bob too"],
        );
        let (old, new) = (Fingerprint::of(text.as_bytes()), Fingerprint::of(b"another"));
        told(
            &with(&["alice"], text),
            &with(&["alice"], "another"),
            &[&format!("cloud's key is exchanged: {new} ({kind}) instead of {old}")],
        );
    }
}
