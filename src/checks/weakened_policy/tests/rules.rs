use super::*;

#[test]
fn rules_of_everything() {
    type Set = fn(&mut RuleSet);
    let rows: [(Set, Set, &str); 11] = [
        (|r| r.min_people = Some(3), |_| {}, "min-people is 2 instead of 3"),
        (|_| {}, |r| r.min_people = Some(1), "min-people is 1 instead of 2, by [defaults]"),
        (
            |r| r.notify_at = periods("30d 7d"),
            |r| r.notify_at = periods("20d 7d"),
            "notify-at is 20d 7d instead of 30d 7d, by [defaults]",
        ),
        (
            |r| r.notify_at = periods("30d 7d"),
            |r| r.notify_at = periods("30d"),
            "notify-at is 30d instead of 30d 7d, by [defaults]",
        ),
        (
            |r| r.block_within = "2d".parse().ok(),
            |r| r.block_within = "47h".parse().ok(),
            "block-within is 47h instead of 2d, by [defaults]",
        ),
        (|r| r.rotate_every = "1y".parse().ok(), |_| {}, "rotate-every is not set instead of 1y"),
        (
            |r| r.rotate_every = "1y".parse().ok(),
            |r| r.rotate_every = "13mo".parse().ok(),
            "rotate-every is 13mo instead of 1y, by [defaults]",
        ),
        (
            |r| r.max_lifetime = "1y".parse().ok(),
            |r| r.max_lifetime = "2y".parse().ok(),
            "max-lifetime is 2y instead of 1y, by [defaults]",
        ),
        (
            |r| r.require_signature = Some(true),
            |r| r.require_signature = Some(false),
            "require-signature is false instead of true, by [defaults]",
        ),
        (
            |_| {},
            |r| r.levels = levels([("expired", Level::Warning)]).levels,
            "the level of expired is warning instead of error, by [defaults]",
        ),
        (
            |r| r.levels = levels([("unowned", Level::Error)]).levels,
            |r| r.levels = levels([("unowned", Level::Off)]).levels,
            "the level of unowned is off instead of error, by [defaults]",
        ),
    ];
    for (before, after, told) in rows {
        let told = format!("{told}: old/one, web/new and {NAME}");
        one_way(&with_defaults(before), &with_defaults(after), &[&told]);
    }
}

#[test]
fn rules_by_their_effect_and_not_by_their_text() {
    // The same said otherwise is silent, be it by scopes or by a literal name.
    let plain = with_defaults(|rules| rules.min_people = Some(3));
    let said_otherwise = with_scope(policy(), "**", people(3));
    one_way(&plain, &said_otherwise, &[]);

    // A name that is spelled out, and that nothing bears.
    let spelled_out = with_scope(plain.clone(), "web/newer", people(1));
    one_way(&plain, &spelled_out, &["min-people is 1 instead of 3, by [[scope]] web/newer (line 20)"]);

    // Order: whichever comes last holds.
    let of = |scopes: &[(&str, u32)]| {
        scopes.iter().fold(policy(), |policy, (glob, number)| with_scope(policy, glob, people(*number)))
    };
    one_way(
        &of(&[("web/**", 1), ("*/prod/**", 3)]),
        &of(&[("*/prod/**", 3), ("web/**", 1)]),
        &[&format!("min-people is 1 instead of 3, by [[scope]] web/** (line 21): {NAME}")],
    );
    let in_order = ["*/stage/**", "ops/**"];
    let [first, last] = in_order;
    one_way(
        &of(&[(last, 1), (first, 3)]),
        &of(&[(first, 3), (last, 1)]),
        &["min-people is 1 instead of 3, by [[scope]] ops/** (line 21)"],
    );
    // What nothing in common has can change places.
    one_way(&of(&[("a/**", 1), ("b/**", 3)]), &of(&[("b/**", 3), ("a/**", 1)]), &[]);
}

#[test]
fn names_that_nothing_bears_yet() {
    let of = |scopes: &[(&str, u32)]| {
        scopes.iter().fold(policy(), |policy, (glob, number)| with_scope(policy, glob, people(*number)))
    };
    for (before, after, told) in [
        // A new exception; the way back is silent.
        (of(&[]), of(&[("lab/**", 1)]), vec!["min-people is 1 instead of 2, by [[scope]] lab/** (line 20)"]),
        // An exception that is widened.
        (
            of(&[("lab/*", 1)]),
            of(&[("lab/**", 1)]),
            vec!["min-people is 1 instead of 2, by [[scope]] lab/** (line 20)"],
        ),
        // A strict scope is gone, or made narrower.
        (of(&[("*/live/**", 3)]), of(&[]), vec!["min-people is 2 instead of 3"]),
        (of(&[("*/live/**", 3)]), of(&[("{a,b}/live/**", 3)]), vec!["min-people is 2 instead of 3"]),
        // A stricter part of a strict scope, and a strict scope beside it.
        (of(&[("*/live/**", 3)]), of(&[("*/live/**", 3), ("a/live/**", 4)]), vec![]),
        (of(&[("*/live/**", 3)]), of(&[("*/live/**", 3), ("b/live/**", 3)]), vec![]),
        // A lenient scope that another one overrules all the same.
        (of(&[("**", 3)]), of(&[("lab/**", 1), ("**", 3)]), vec![]),
    ] {
        assert_eq!(losses(&before, &after), told);
        if !told.is_empty() {
            assert_eq!(losses(&after, &before), [""; 0], "the way back from {told:?}");
        }
    }
    // What the store as a whole is told by follows no scope.
    let off = || levels([("plaintext", Level::Off)]);
    one_way(
        &with_scope(policy(), "**", levels([("plaintext", Level::Error)])),
        &with_scope(
            changed(|p| p.defaults.levels = off().levels),
            "**",
            levels([("plaintext", Level::Error)]),
        ),
        &["the level of plaintext is off instead of error, by [defaults]"],
    );
}

#[test]
fn people_among_the_readers() {
    let base = policy();
    let without_bob = changed(|policy| {
        policy.groups.insert(actor("infra"), actors(&["alice", "ci"]).into_iter().collect());
    });
    let place = format!("by [defaults]: old/one and {NAME}");
    one_way(&base, &without_bob, &[&format!("1 person reads instead of 2, without bob, {place}")]);
    let narrowed = with_defaults(|rules| rules.readers = Some(actors(&["bob"])));
    one_way(&base, &narrowed, &[&format!("1 person reads instead of 2, without alice, {place}")]);
    // A machine is no person, and a reader who comes takes nothing away.
    one_way(&base, &with_defaults(|rules| rules.readers = Some(actors(&["alice", "bob"]))), &[]);
    one_way(&base, &with_defaults(|rules| rules.readers = Some(actors(&["alice", "carol"]))), &[]);

    // Whoever adds a secret, or a folder for some, says who reads it.
    let alone = RuleSet { readers: Some(actors(&["alice"])), ..RuleSet::default() };
    one_way(&base, &with_scope(policy(), "web/new", alone.clone()), &[]);
    one_way(&base, &with_scope(policy(), "lab/**", alone), &[]);

    // Fewer behind the key that reads: nothing else of the rules differs.
    let of_team = |people: &[&str]| {
        changed(|policy| {
            policy.shared_keys.insert(actor("team"), shared_key(&["team-1"], people));
            policy.defaults.readers = Some(actors(&["team"]));
        })
    };
    let fewer = losses(&of_team(&["alice", "bob"]), &of_team(&["alice"]));
    assert_eq!(fewer, [format!("1 person reads instead of 2, without bob, {place}")]);

    // A list behind one key does not replace people with keys of their own.
    let with_team = |readers: &[&str]| {
        changed(|policy| {
            policy.shared_keys.insert(actor("team"), shared_key(&["team-1"], &["alice", "bob"]));
            policy.defaults.readers = Some(actors(readers));
        })
    };
    one_way(
        &with_team(&["infra"]),
        &with_team(&["team"]),
        &[&format!("0 people read by a key of their own instead of 2, {place}")],
    );
}

#[test]
fn many_secrets_are_counted_and_not_listed() {
    let (setting, mut store) = (setting(), store());
    store.names = (0..9).map(|n| format!("web/{n}").parse().unwrap()).collect();
    let after = with_defaults(|rules| rules.min_people = Some(1));
    let reference = "0123456789ab".to_owned();
    store.policies = Some(Box::new(Policies { reference, ..between(policy(), after) }));
    let policy = policy();
    let faults = judge(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
    assert_eq!(
        faults[0].message,
        "min-people is 1 instead of 2, by [defaults]: web/0, web/1, web/2 and 6 more"
    );
}

#[test]
fn one_finding_for_one_way_however_many_parts_bring_it() {
    let of = |number: u32| {
        let scope =
            |policy: Policy, at: u32| with_scope(policy, &format!("web/{at}"), people(number + at % 2));
        (0..9).fold(policy(), scope)
    };
    one_way(
        &of(3),
        &of(2),
        &[
            "min-people is 2 instead of 3, by [[scope]] web/0 (line 20), [[scope]] web/2 (line 22), [[scope]] web/4 \
             (line 24) and 2 more",
            "min-people is 3 instead of 4, by [[scope]] web/1 (line 21), [[scope]] web/3 (line 23), [[scope]] web/5 \
             (line 25) and 1 more",
        ],
    );
}
