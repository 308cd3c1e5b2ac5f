//! # single-holder
//!
//! Fewer than `min-people` people can open it: when the only one is asleep, on leave or gone, nobody can. A person
//! counts once, however many keys they have, and only with a key that is still theirs in policy; machines don't
//! count; a shared key counts as the people behind it. With `--prove`, a key counts only if its stanza is in the file.
//!
//! **Mend:** the other person runs `secrets key new`, somebody who can open the secret runs `secrets people add`
//! with the public key, names them as a reader in policy (or adds them to a group that is), and `secrets reseal`s.

use super::{Check, Fault, FileSubject, Judgement, Subject, mending, readership, wording};
use std::collections::BTreeSet;

use crate::domain::access;
use crate::domain::check_id::CheckId;
use crate::domain::custody;
use crate::domain::finding::Level;
use crate::domain::name::ActorName;
use crate::domain::text::listed;

pub const CHECK: Check = Check::of_secret(CheckId::SingleHolder, Level::Error, judge).and_file(judge_file);

fn judge(subject: &Subject<'_>) -> Judgement {
    let Some(record) = subject.record()? else { return Ok(Vec::new()) };
    let rule = &subject.rules.min_people;
    let people = custody::proved_people(&record.sealed, subject.policy, &subject.secret.proof);
    let demanded = usize::try_from(rule.value).unwrap_or(usize::MAX);
    if people.len() >= demanded {
        return Ok(Vec::new());
    }
    let holders = match people.iter().map(ActorName::as_str).collect::<Vec<_>>().as_slice() {
        [] => "no person can open it".to_owned(),
        names => format!("only {} can open it", listed(names)),
    };
    let machines = (record.sealed.keys.keys())
        .filter(|reader| subject.policy.machines.contains_key(*reader))
        .map(ActorName::as_str)
        .collect::<Vec<_>>();
    let machines = match machines.as_slice() {
        [] => String::new(),
        [one] => format!(" ({one} is a machine and does not count)"),
        several => format!(" ({} are machines and do not count)", listed(several)),
    };
    let (how, remedy) = how_to_join(subject, demanded);
    let (min, origin) = (rule.value, &rule.origin);
    let message = format!("{holders}{machines}, and min-people is {min} ({origin}): {how}");
    let missing = i64::try_from(demanded - people.len()).unwrap_or(i64::MAX);
    // As many others instead are another fault: those who could open it were left out.
    let who = people.iter().map(ActorName::as_str).collect::<Vec<_>>().join(", ");
    Ok(vec![Fault::new(message, remedy).weighing(missing).marked(who)])
}

/// Of a file that another tool sealed, those count who open it alone: who needs somebody else for it is no help while
/// that one is asleep.
fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let Some(access) = subject.file.access()? else { return Ok(Vec::new()) };
    let holders = access::holders(access, subject.policy, &subject.file.claimed_readers);
    let rule = &subject.rules.min_people;
    let demanded = usize::try_from(rule.value).unwrap_or(usize::MAX);
    if holders.alone.len() >= demanded {
        return Ok(Vec::new());
    }
    let named =
        |people: &BTreeSet<ActorName>| listed(&people.iter().map(ActorName::as_str).collect::<Vec<_>>());
    let mut message = match (holders.alone.is_empty(), holders.unmatched.is_empty()) {
        (true, true) => "no person can open it alone".to_owned(),
        (true, false) => "no person whom policy knows can open it".to_owned(),
        (false, _) => format!("only {} can open it alone", named(&holders.alone)),
    };
    if !holders.together.is_empty() {
        let (threshold, groups) = (access.threshold, access.groups.len());
        let together = named(&holders.together);
        message = format!("{message}, {together} only together ({threshold} of {groups} key groups)");
    }
    let message = format!("{message}, and min-people is {} ({})", rule.value, rule.origin);
    let remedy = if holders.unmatched.is_empty() {
        "secrets people add --help".to_owned()
    } else {
        wording::edit(&format!("{}/policy.toml", subject.setting.store))
    };
    let missing = i64::try_from(demanded - holders.alone.len()).unwrap_or(i64::MAX);
    let who = holders.alone.iter().map(ActorName::as_str).collect::<Vec<_>>().join(", ");
    Ok(vec![Fault::new(message, remedy).at(subject.file.name.as_str()).weighing(missing).marked(who)])
}

/// What has to happen first so that enough people can open it, and the command for it.
fn how_to_join(subject: &Subject<'_>, demanded: usize) -> (&'static str, String) {
    if !mending::is_bound(subject) {
        return ("mend value and record first, which do not belong together", mending::pair(subject));
    }
    let (policy, reseal) = (subject.policy, mending::reseal(subject));
    if custody::people_behind(policy, &readership::demanded(subject)).len() >= demanded {
        return ("policy names enough readers, seal it to them", reseal);
    }
    let everyone = policy.people.keys().chain(policy.shared_keys.keys()).cloned().collect();
    if custody::people_behind(policy, &everyone).len() >= demanded {
        let edit = wording::edit(&format!("{}/policy.toml", subject.setting.store));
        return ("name another person as its reader in policy, then reseal", format!("{edit} && {reseal}"));
    }
    let how = "another person runs `secrets key new` and sends the public key to somebody who can open it, who \
               adds them";
    (how, "secrets people add --help".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{FILE, access, file, judge_file as run_file, sealed_in};
    use crate::checks::samples::{actor, actors, judge as run, policy, seal_to, secret, shared_key};
    use crate::domain::key::KeyKind;

    type Keys<'a> = &'a [(&'a str, &'a [&'a str])];

    #[test]
    fn who_counts() {
        let mut policy = policy();
        policy.shared_keys.insert(actor("team"), shared_key(&["team-1"], &["alice", "bob", "carol"]));
        policy.shared_keys.insert(actor("lone"), shared_key(&["lone-1"], &["alice"]));
        policy
            .people
            .get_mut(&actor("alice"))
            .unwrap()
            .keys
            .push(crate::checks::samples::key(KeyKind::X25519, "alice-2"));
        let cases: [(Keys<'_>, Option<(&str, i64)>); 8] = [
            (&[("alice", &["alice-1"]), ("bob", &["bob-1"])], None),
            (&[("alice", &["alice-1"])], Some(("only alice can open it, and min-people is 2 (built in)", 1))),
            (&[("alice", &["alice-1", "alice-2"])], Some(("only alice can open it, and", 1))),
            (
                &[("alice", &["alice-1"]), ("ci", &["ci-1"])],
                Some(("only alice can open it (ci is a machine and does not count), and", 1)),
            ),
            (&[("team", &["team-1"])], None),
            (&[("lone", &["lone-1"])], Some(("only alice can open it, and", 1))),
            (
                &[("ci", &["ci-1"])],
                Some(("no person can open it (ci is a machine and does not count), and", 2)),
            ),
            // A key that was bob's once.
            (&[("alice", &["alice-1"]), ("bob", &["bob-0"])], Some(("only alice can open it, and", 1))),
        ];
        for (keys, told) in cases {
            let mut secret = secret();
            seal_to(&mut secret, keys);
            let faults = run(judge, &policy, &secret).unwrap();
            assert_eq!(faults.len(), usize::from(told.is_some()), "{keys:?}");
            if let Some((message, weight)) = told {
                assert!(faults[0].message.starts_with(message), "{}", faults[0].message);
                assert_eq!(faults[0].weight, weight);
                assert_eq!(faults[0].mark.is_empty(), message.starts_with("no person"));
            }
        }
    }

    #[test]
    fn around_min_people() {
        for (min, faults) in [(0, 0), (1, 0), (2, 0), (3, 1)] {
            let mut policy = policy();
            policy.defaults.min_people = Some(min);
            assert_eq!(run(judge, &policy, &secret()).unwrap().len(), faults, "{min}");
        }
    }

    #[test]
    fn a_proof_takes_away_and_never_adds() {
        use crate::checks::samples::proved_without;
        use crate::domain::facts::Proof;

        let mut policy = policy();
        policy.shared_keys.insert(actor("team"), shared_key(&["team-1"], &["bob", "carol"]));
        let (alice, bob, team) =
            (("alice", &["alice-1"][..]), ("bob", &["bob-1"][..]), ("team", &["team-1"][..]));
        let cases: [(Keys<'_>, &[&str], i64); 6] = [
            (&[alice, bob], &[], 0),
            (&[alice, bob], &["bob"], 1),
            (&[alice, bob], &["alice", "bob"], 2),
            (&[team], &[], 0),
            (&[team], &["team"], 2),
            // Nobody became a reader by being proved.
            (&[alice], &[], 1),
        ];
        for (keys, without, missing) in cases {
            let mut secret = secret();
            seal_to(&mut secret, keys);
            secret.proof = Proof::Recomputed(proved_without(&secret, without));
            let faults = run(judge, &policy, &secret).unwrap();
            assert_eq!(faults.iter().map(|fault| fault.weight).sum::<i64>(), missing, "{keys:?} {without:?}");
        }
    }

    #[test]
    fn how_the_second_person_joins() {
        let (mut secret, mut policy) = (secret(), policy());
        seal_to(&mut secret, &[("alice", &["alice-1"])]);
        let remedy = |policy: &_, secret: &_| run(judge, policy, secret).unwrap()[0].remedy.clone();
        assert_eq!(remedy(&policy, &secret), "secrets reseal web/prod/db");

        policy.defaults.readers = Some(actors(&["alice"]));
        assert_eq!(
            remedy(&policy, &secret),
            r#"${EDITOR:-vi} "$(git rev-parse --show-toplevel)"/secrets/policy.toml && secrets reseal web/prod/db"#
        );

        policy.people.retain(|name, _| name.as_str() == "alice");
        assert_eq!(remedy(&policy, &secret), "secrets people add --help");
        assert!(run(judge, &policy, &secret).unwrap()[0].message.contains("runs `secrets key new`"));
    }

    /// The threshold, the key groups, and how the message begins.
    type Groups<'a> = (usize, &'a [&'a [&'a str]], Option<&'a str>);

    #[test]
    fn who_counts_of_files_that_other_tools_have_sealed() {
        let mut policy = policy();
        policy.shared_keys.insert(actor("team"), shared_key(&["team-1"], &["bob", "carol"]));
        policy.shared_keys.insert(actor("lone"), shared_key(&["lone-1"], &["alice"]));
        let built_in = "and min-people is 2 (built in)";
        let rows: [Groups<'_>; 12] = [
            (1, &[&["alice-1", "bob-1"]], None),
            (1, &[&["team-1"]], None),
            (1, &[&["alice-1", "team-1"]], None),
            (1, &[&["alice-1", "lone-1", "ci-1"]], Some("only alice can open it alone")),
            (1, &[&["alice-1", "mallory-1"]], Some("only alice can open it alone")),
            (1, &[&["ci-1"]], Some("no person can open it alone")),
            (1, &[&["mallory-1"]], Some("no person whom policy knows can open it")),
            (1, &[], Some("no person can open it alone")),
            // Any one group will do.
            (1, &[&["alice-1"], &["bob-1"]], None),
            (
                2,
                &[&["alice-1"], &["bob-1"]],
                Some("no person can open it alone, alice and bob only together (2 of 2 key groups)"),
            ),
            (
                2,
                &[&["alice-1", "bob-1"], &["alice-1"], &["carol-1"]],
                Some("only alice can open it alone, bob and carol only together (2 of 3 key groups)"),
            ),
            // The second group is out of everybody's reach.
            (2, &[&["alice-1", "bob-1"], &["mallory-1"]], Some("no person whom policy knows can open it")),
        ];
        for (threshold, groups, told) in rows {
            let mut file = file();
            sealed_in(&mut file).access = access(threshold, groups);
            let faults = run_file(CHECK.file, &policy, &file).unwrap();
            let message = faults.first().map(|fault| fault.message.clone());
            assert_eq!(message, told.map(|told| format!("{told}, {built_in}")), "{groups:?}");
            assert!(faults.iter().all(|fault| fault.path.as_deref() == Some(FILE)));
        }
    }

    #[test]
    fn around_the_number_that_is_asked_for() {
        let file = file();
        for (min, weight) in [(2, None), (3, Some(1)), (4, Some(2))] {
            let mut policy = policy();
            policy.defaults.min_people = Some(min);
            let faults = run_file(CHECK.file, &policy, &file).unwrap();
            assert_eq!(faults.first().map(|fault| fault.weight), weight, "{min}");
            assert!(faults.iter().all(|fault| fault.mark == "alice, bob"));
        }
    }
}
