use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::checks::weakened_policy::names_to_come;
use crate::domain::glob::Glob;

const GLOBS: [&str; 10] =
    ["**", "*", "a/**", "a/*", "*/b/**", "**/b", "{a,b}/b/*", "[ab]/**", "b*/**", "a/b"];

/// The globs, read once: in a debug build that is the most of what a case takes.
static READ: LazyLock<[Glob; GLOBS.len()]> = LazyLock::new(|| GLOBS.map(|glob| glob.parse().unwrap()));

/// Glob and number of people of each part, `[defaults]` first.
type Parts = Vec<(Option<usize>, u32)>;

fn parts() -> impl Strategy<Value = Parts> {
    let scopes = prop::collection::vec((0..GLOBS.len(), 1..4_u32), 0..7);
    (1..4_u32, scopes).prop_map(|(default, scopes)| {
        let scopes = scopes.into_iter().map(|(glob, people)| (Some(glob), people));
        std::iter::once((None, default)).chain(scopes).collect()
    })
}

fn of(parts: &Parts) -> Policy {
    let mut policy = policy();
    let mut scopes = Vec::new();
    for (glob, number) in parts {
        match glob {
            None => policy.defaults.min_people = Some(*number),
            Some(glob) => scopes.push((READ[*glob].clone(), people(*number))),
        }
    }
    with_scopes(policy, scopes)
}

/// Every pair of parts against all that stand behind them.
fn plainly(before: &Parts, after: &Parts) -> BTreeSet<String> {
    let extent = |glob: usize| READ[glob].extent();
    let spelled_out = |part: &(Option<usize>, u32)| part.0.is_some_and(|glob| READ[glob].is_literal());
    let covers = |wide: Option<usize>, narrow: Option<usize>| match (wide, narrow) {
        (None, _) => true,
        (Some(wide), None) => GLOBS[wide] == "**",
        (Some(wide), Some(narrow)) => wide == narrow || extent(wide).covers(&extent(narrow)),
    };
    let overruled = |glob, behind: &[(Option<usize>, u32)]| {
        behind.iter().any(|part| !spelled_out(part) && covers(part.0, glob))
    };
    let mut told = BTreeSet::new();
    for (new_place, new) in after.iter().enumerate().filter(|(_, part)| !spelled_out(part)) {
        for (old_place, old) in before.iter().enumerate().filter(|(_, part)| !spelled_out(part)) {
            let meet = new.0.zip(old.0).is_none_or(|(new, old)| extent(new).may_overlap(&extent(old)));
            let decide =
                !overruled(old.0, &after[new_place + 1..]) && !overruled(new.0, &before[old_place + 1..]);
            if new.1 < old.1 && meet && decide {
                // The samples count their lines from 20, one for each scope.
                told.insert(match new.0 {
                    None => format!("{} instead of {} by [defaults]", new.1, old.1),
                    Some(glob) => {
                        let line = 19 + new_place;
                        format!("{} instead of {} by [[scope]] {} (line {line})", new.1, old.1, GLOBS[glob])
                    }
                });
            }
        }
    }
    told
}

fn quickly(before: &Parts, after: &Parts) -> BTreeSet<String> {
    let (before, after, names) = (of(before), of(after), Vec::new());
    let losses = names_to_come::losses(&Policies { names, ..between(before, after) });
    let told =
        |(loss, origin): (String, _)| format!("{} by {origin}", loss.strip_prefix("min-people is ").unwrap());
    losses.into_iter().map(told).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_quick_way_and_the_plain_one_tell_the_same(before in parts(), after in parts()) {
        prop_assert_eq!(quickly(&before, &after), plainly(&before, &after));
    }

    /// Where most stands unchanged, which is what the quick way lives on.
    #[test]
    fn and_so_they_do_of_a_small_change(
        before in parts(), at in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), people in 1..4_u32,
    ) {
        let mut after = before.clone();
        if after.len() > 1 {
            let (at, to) = (1 + at.index(after.len() - 1), 1 + to.index(after.len() - 1));
            let (glob, _) = after.remove(at);
            after.insert(to, (glob, people));
        }
        prop_assert_eq!(quickly(&before, &after), plainly(&before, &after));
    }
}

#[test]
fn many_that_overlap_and_a_change_of_one() {
    let globs = (0..300).map(|place| format!("*{place}*/**/*{}*/*a*b*", place % 7).parse().unwrap());
    let all = with_scopes(policy(), globs.map(|glob| (glob, people(3))));
    let of = |changed: usize| {
        let mut policy = all.clone();
        if let Some(scope) = policy.scopes.get_mut(changed) {
            scope.rules = people(2);
        }
        policy
    };
    for place in [0, 150, 299] {
        let by = format!("[[scope]] *{place}*/**/*{}*/*a*b* (line {})", place % 7, 20 + place);
        one_way(&of(300), &of(place), &[&format!("min-people is 2 instead of 3, by {by}")]);
    }
}
