//! # exposed-to-departed
//!
//! Somebody who left, or a key that was removed (a stolen laptop, a key that was exchanged), could open the version that
//! is still in use, or saw it in clear. Sealing it again does not make anybody forget it: it must get a new value. One
//! finding per leaver or key, for all secrets of one level together.
//!
//! **Mend:** `secrets set NAME` for each of them. Where that is not worth it, somebody takes it as it is, with a reason
//! and a date, by `secrets people accept`; what is set later is not covered.

use std::collections::BTreeMap;

use super::{Check, Fault, Judgement, StoreSubject};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::name::SecretName;
use crate::domain::policy::Departed;
use crate::domain::rules::Rules;
use crate::domain::text::few;

pub const CHECK: Check = Check::of_store(CheckId::ExposedToDeparted, Level::Warning, judge);

/// How many secrets a message names.
const MOST_NAMED: usize = 3;

fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let mut groups = BTreeMap::<(&Departed, Level), Vec<&SecretName>>::new();
    for exposure in &subject.store.exposures {
        let level = Rules::of(subject.policy, &exposure.secret).level(CHECK.id, CHECK.default);
        let accepted = subject.policy.accepts(&exposure.departed, exposure.set_at, subject.setting.now);
        if level != Level::Off && !accepted {
            groups.entry((&exposure.departed, level)).or_default().push(&exposure.secret);
        }
    }
    let faults = groups.into_iter().map(|((departed, level), mut secrets)| {
        secrets.sort();
        secrets.dedup();
        fault(subject, departed, level, &secrets)
    });
    Ok(faults.collect())
}

fn fault(subject: &StoreSubject<'_>, departed: &Departed, level: Level, secrets: &[&SecretName]) -> Fault {
    let names = secrets.iter().map(|name| name.as_str()).collect::<Vec<_>>();
    let what = match names.as_slice() {
        [one] => format!("the current value of {one}"),
        several => format!("the current value of {} secrets: {}", several.len(), few(several, MOST_NAMED)),
    };
    let message = match departed {
        Departed::Actor(name) => format!("{name} left and knows {what}"),
        Departed::Key(name, key) => format!("a key of {name} was removed ({key}) and could open {what}"),
    };
    let later = subject.policy.acceptances.iter().find(|acceptance| {
        let of_them = acceptance.of == *departed || acceptance.of == Departed::Actor(departed.name().clone());
        of_them && acceptance.on > subject.setting.now
    });
    let later = later.map_or_else(String::new, |acceptance| {
        format!(
            "; the acceptance on line {} is dated {}, which is still to come",
            acceptance.line, acceptance.on
        )
    });
    let each = if names.len() == 1 { "it" } else { "each" };
    let message = format!("{message}; give {each} a new value, or see `secrets people accept --help`{later}");
    let remedy = names.first().map(|name| format!("secrets set {name}")).unwrap_or_default();
    let weight = i64::try_from(names.len()).unwrap_or(i64::MAX);
    // The key tells one of somebody's keys from another, so that each can be compared with what stood before.
    let mark = std::iter::once(format!("{departed:?}")).chain(names.iter().map(ToString::to_string));
    Fault::new(message, remedy)
        .at(&subject.store.policy_path)
        .about(departed.name().as_str())
        .weighing(weight)
        .marked(mark.collect::<Vec<_>>().join("\n"))
        .levelled(level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::driver;
    use crate::checks::samples::{actor, key, policy, setting, setting_at, store};
    use crate::domain::facts::{Exposure, StoreFacts};
    use crate::domain::finding::Finding;
    use crate::domain::key::KeyKind;
    use crate::domain::policy::{Acceptance, Policy};

    fn carol() -> Departed {
        Departed::Actor(actor("carol"))
    }

    fn laptop() -> Departed {
        Departed::Key(actor("alice"), key(KeyKind::X25519, "laptop").fingerprint)
    }

    fn exposed(exposures: &[(Departed, &str)]) -> StoreFacts {
        let exposure = |(departed, secret): &(Departed, &str)| Exposure {
            departed: departed.clone(),
            secret: secret.parse().unwrap(),
            set_at: "2026-01-01".parse().unwrap(),
        };
        StoreFacts { exposures: exposures.iter().map(exposure).collect(), ..store() }
    }

    fn accepted(of: Departed, on: &str) -> Acceptance {
        let (reason, by) = ("looked at".to_owned(), "alice".to_owned());
        Acceptance { of, on: on.parse().unwrap(), reason, by, line: 42 }
    }

    fn faults(policy: &Policy, store: &StoreFacts) -> Vec<Fault> {
        judge(&StoreSubject { setting: &setting(), policy, store }).unwrap()
    }

    fn findings(policy: &Policy, store: &StoreFacts) -> Vec<Finding> {
        let all = driver::judge_store(&setting(), policy, store).findings;
        all.into_iter().filter(|finding| finding.id == CHECK.id).collect()
    }

    #[test]
    fn one_finding_for_each_leaver_and_key() {
        let store =
            exposed(&[(carol(), "b"), (laptop(), "a"), (carol(), "a"), (carol(), "c"), (carol(), "d")]);
        let faults = faults(&policy(), &store);
        let told =
            faults.iter().map(|fault| (fault.message.as_str(), fault.remedy.as_str())).collect::<Vec<_>>();
        let key = key(KeyKind::X25519, "laptop").fingerprint;
        let end = "or see `secrets people accept --help`";
        assert_eq!(
            told,
            [
                (
                    format!("carol left and knows the current value of 4 secrets: a, b, c and 1 more; give each a new value, {end}").as_str(),
                    "secrets set a"
                ),
                (
                    format!("a key of alice was removed ({key}) and could open the current value of a; give it a new value, {end}").as_str(),
                    "secrets set a"
                ),
            ]
        );
    }

    /// alice and bob are behind the key `team-1`, which the record has under the shared key's name and theirs.
    #[test]
    fn whoever_was_behind_a_shared_key_is_told_once_they_are_not() {
        use crate::checks::samples::{sealed_of, secret, shared_key};
        use crate::domain::custody::exposures;
        use crate::domain::record::Sealed;
        let team = key(KeyKind::X25519, "team-1").fingerprint;
        let of_key = |name: &str| Departed::Key(actor(name), team.clone());
        let sealed = |names: &[&str]| -> Sealed {
            let mut sealed = sealed_of(&mut secret()).clone();
            sealed.exposed_to =
                names.iter().map(|name| (actor(name), [team.clone()].into_iter().collect())).collect();
            sealed
        };
        let (both, bob) = (["alice", "bob"].as_slice(), Departed::Actor(actor("bob")));
        // What the shared key is by now and who is behind it; whether bob left; what is told.
        let table = [
            (Some(("team-1", both)), false, vec![]),
            (Some(("team-1", &both[..1])), true, vec![bob]),
            (Some(("team-1", &both[..1])), false, vec![of_key("bob")]),
            // It was exchanged.
            (Some(("team-2", both)), false, vec![of_key("team")]),
            (Some(("team-2", &both[..1])), false, vec![of_key("bob"), of_key("team")]),
            (None, false, vec![of_key("alice"), of_key("bob"), Departed::Actor(actor("team"))]),
        ];
        for (shared, bob_left, expected) in table {
            let what = format!("{shared:?} {bob_left}");
            let mut policy = policy();
            if let Some((label, people)) = shared {
                policy.shared_keys.insert(actor("team"), shared_key(&[label], people));
            }
            if bob_left {
                policy.people.remove(&actor("bob"));
            }
            let told = |names: &[&str]| -> Vec<Departed> {
                exposures(&sealed(names), &policy).into_iter().map(|exposure| exposure.departed).collect()
            };
            assert_eq!(told(&["alice", "bob", "team"]), expected, "{what}");
            // Who was behind it then is not known of a record that names the shared key alone.
            let alone: Vec<Departed> =
                expected.into_iter().filter(|departed| *departed.name() == actor("team")).collect();
            assert_eq!(told(&["team"]), alone, "{what}");
        }
    }

    #[test]
    fn what_is_accepted_is_told_no_more() {
        let store = exposed(&[(carol(), "a"), (laptop(), "b")]);
        // The sample's versions were set on 2026-01-01, and the moment is later.
        for (of, on, left) in [
            (carol(), "2026-01-01", 2),
            (carol(), "2026-01-01T00:00:01Z", 1),
            (laptop(), "2026-01-01T00:00:01Z", 1),
            (Departed::Actor(actor("alice")), "2026-01-01T00:00:01Z", 1),
            (Departed::Key(actor("carol"), key(KeyKind::X25519, "laptop").fingerprint), "2026-01-02", 2),
        ] {
            let mut policy = policy();
            policy.acceptances = vec![accepted(of.clone(), on)];
            assert_eq!(faults(&policy, &store).len(), left, "{of:?} {on}");
        }
    }

    #[test]
    fn an_acceptance_that_is_still_to_come_is_named() {
        let (mut policy, store) = (policy(), exposed(&[(carol(), "a")]));
        policy.acceptances = vec![accepted(carol(), "2027-01-01")];
        let judge_at =
            |now| judge(&StoreSubject { setting: &setting_at(now), policy: &policy, store: &store }).unwrap();
        let told = judge_at("2026-12-31T23:59:59Z");
        assert!(told[0].message.contains("line 42 is dated 2027-01-01T00:00:00Z"), "{}", told[0].message);
        assert_eq!(judge_at("2027-01-01T00:00:00Z"), []);
    }

    #[test]
    fn the_acceptance_of_somebody_else_is_not_named() {
        let of_key = Departed::Key(actor("alice"), key(KeyKind::X25519, "phone").fingerprint);
        for (accepting, on, is_named) in [
            (laptop(), "2027-01-01", true),
            (Departed::Actor(actor("alice")), "2027-01-01", true),
            (of_key, "2027-01-01", false),
            (carol(), "2027-01-01", false),
            // It is not to come: it holds for what was set before, which this was not.
            (laptop(), "2026-01-01", false),
        ] {
            let mut policy = policy();
            policy.acceptances = vec![accepted(accepting.clone(), on)];
            let store = exposed(&[(laptop(), "a")]);
            let setting = setting_at("2026-01-01");
            let told = judge(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
            assert_eq!(told[0].message.contains("still to come"), is_named, "{accepting:?} {on}");
        }
    }

    #[test]
    fn scopes_set_the_level_of_the_secrets_in_them() {
        use crate::checks::samples::{levels, with_scope};
        let store =
            exposed(&[(carol(), "web/a"), (carol(), "web/b"), (carol(), "lab/a"), (carol(), "ops/a")]);
        let policy = with_scope(policy(), "web/*", levels([("exposed-to-departed", Level::Error)]));
        let mut policy = with_scope(policy, "lab/*", levels([("exposed-to-departed", Level::Off)]));
        let told = findings(&policy, &store);
        let told = told.iter().map(|finding| (finding.level, finding.remedy.as_str())).collect::<Vec<_>>();
        assert_eq!(told, [(Level::Warning, "secrets set ops/a"), (Level::Error, "secrets set web/a")]);

        policy.defaults.levels.insert(CHECK.id, Level::Off);
        let told = findings(&policy, &store);
        assert_eq!(
            told.iter().map(|finding| finding.remedy.as_str()).collect::<Vec<_>>(),
            ["secrets set web/a"]
        );
    }

    #[test]
    fn it_is_waived_by_the_leavers_name_or_the_policys_path() {
        use crate::checks::samples::waiver;
        let store = exposed(&[(carol(), "web/a")]);
        for (secret, told) in [("carol", 0), ("secrets/policy.toml", 0), ("alice", 1), ("web/a", 1)] {
            let mut policy = policy();
            policy.waivers.push(waiver("exposed-to-departed", secret, "2027-12-31"));
            assert_eq!(findings(&policy, &store).len(), told, "{secret}");
        }
    }

    #[test]
    fn a_change_answers_for_the_secrets_that_it_exposes() {
        let judged = |exposures: &[(Departed, &str)]| {
            let mut policy = policy();
            policy.defaults.levels.insert(CHECK.id, Level::Error);
            findings(&policy, &exposed(exposures))
        };
        let standing = judged(&[(carol(), "a"), (carol(), "b")]);
        for (change, level) in [
            (judged(&[(carol(), "a"), (carol(), "b")]), Level::Warning),
            (judged(&[(carol(), "b")]), Level::Warning),
            (judged(&[(carol(), "c")]), Level::Error),
            (judged(&[(laptop(), "a")]), Level::Error),
        ] {
            assert_eq!(
                crate::checks::against(change.clone(), &standing, "main")[0].level,
                level,
                "{change:?}"
            );
        }
    }
}
