//! The rules in force for one secret: built-in, then `[defaults]`, then the scopes in order, key by key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::check_id::CheckId;
use super::finding::Level;
use super::name::{ActorName, SecretName};
use super::period::Period;
use super::policy::{Policy, RuleSet};
use super::rotation::OVERLAP;
use super::tracked_name::TrackedName;

/// How many people must be able to open a secret where policy says nothing.
pub const MIN_PEOPLE: u32 = 2;
/// How long before the end people are told where policy says nothing.
pub const NOTIFY_AT: [Period; 5] =
    [Period::days(60), Period::days(30), Period::days(14), Period::days(7), Period::days(1)];

/// Where a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    BuiltIn,
    Defaults,
    Scope { glob: String, line: usize },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Defaults => f.write_str("[defaults]"),
            Self::Scope { glob, line } => write!(f, "[[scope]] {glob} (line {line})"),
        }
    }
}

/// A rule and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Rule<T> {
    fn built_in(value: T) -> Self {
        Self { value, origin: Origin::BuiltIn }
    }

    fn set(&mut self, value: Option<T>, origin: &Origin) {
        if let Some(value) = value {
            *self = Self { value, origin: origin.clone() };
        }
    }
}

/// The rules in force for one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Groups not yet resolved.
    pub readers: Rule<Vec<ActorName>>,
    pub min_people: Rule<u32>,
    /// Descending: the first one is the earliest.
    pub notify_at: Rule<Vec<Period>>,
    pub block_within: Rule<Period>,
    pub rotate_every: Rule<Option<Period>>,
    pub max_lifetime: Rule<Option<Period>>,
    pub overlap: Rule<Period>,
    pub require_signature: Rule<bool>,
    pub levels: BTreeMap<CheckId, Rule<Level>>,
}

impl Rules {
    /// The rules where policy says nothing.
    pub fn built_in() -> Self {
        Self {
            readers: Rule::built_in(Vec::new()),
            min_people: Rule::built_in(MIN_PEOPLE),
            notify_at: Rule::built_in(NOTIFY_AT.to_vec()),
            block_within: Rule::built_in(Period::days(0)),
            rotate_every: Rule::built_in(None),
            max_lifetime: Rule::built_in(None),
            overlap: Rule::built_in(OVERLAP),
            require_signature: Rule::built_in(false),
            levels: BTreeMap::new(),
        }
    }

    /// The rules that hold for the store as a whole: no scope applies.
    pub fn of_store(policy: &Policy) -> Self {
        let mut rules = Self::built_in();
        rules.apply(&policy.defaults, &Origin::Defaults);
        rules
    }

    /// The rules that hold for what bears this name.
    pub fn of(policy: &Policy, name: &SecretName) -> Self {
        Self::where_fitting(policy, policy.scope_globs.matching(name.as_str()))
    }

    /// The rules that hold for a secret, or a file, of another tool: scopes fit it by its name or by the path of its file.
    pub fn of_tracked(policy: &Policy, name: &TrackedName) -> Self {
        let by_name = policy.scope_globs.matching(name.as_str());
        let by_file = policy.scope_globs.matching(name.file());
        Self::where_fitting(policy, by_name.into_iter().chain(by_file).collect::<BTreeSet<_>>())
    }

    /// `scopes` are their positions, ascending: later ones win.
    fn where_fitting(policy: &Policy, scopes: impl IntoIterator<Item = usize>) -> Self {
        let mut rules = Self::of_store(policy);
        for position in scopes {
            if let Some(scope) = policy.scopes.get(position) {
                let origin = Origin::Scope { glob: scope.glob.to_string(), line: scope.line };
                rules.apply(&scope.rules, &origin);
            }
        }
        rules
    }

    fn apply(&mut self, set: &RuleSet, origin: &Origin) {
        self.readers.set(set.readers.clone(), origin);
        self.min_people.set(set.min_people, origin);
        self.notify_at.set(set.notify_at.clone(), origin);
        self.block_within.set(set.block_within, origin);
        self.rotate_every.set(set.rotate_every.map(Some), origin);
        self.max_lifetime.set(set.max_lifetime.map(Some), origin);
        self.overlap.set(set.overlap, origin);
        self.require_signature.set(set.require_signature, origin);
        for (id, level) in &set.levels {
            self.levels.insert(*id, Rule { value: *level, origin: origin.clone() });
        }
    }

    /// The level that policy gives a check, else the check's own.
    pub fn level(&self, id: CheckId, default: Level) -> Level {
        self.levels.get(&id).map_or(default, |rule| rule.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::glob::GlobList;
    use crate::domain::policy::Scope;
    use crate::domain::policy::tests::bare;

    fn actors(names: &[&str]) -> Vec<ActorName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn days(days: &[u32]) -> Vec<Period> {
        days.iter().map(|days| Period::days(*days)).collect()
    }

    /// A policy with these defaults and scopes, which stand on the lines 10, 20 and so on.
    fn policy(defaults: RuleSet, scopes: &[(&str, RuleSet)]) -> Policy {
        let scope = |((glob, rules), number): (&(&str, RuleSet), usize)| Scope {
            glob: glob.parse().unwrap(),
            line: number * 10,
            rules: rules.clone(),
        };
        let scopes: Vec<_> = scopes.iter().zip(1..).map(scope).collect();
        let scope_globs = GlobList::new(scopes.iter().map(|scope| &scope.glob)).unwrap();
        Policy { defaults, scopes, scope_globs, ..bare() }
    }

    fn of(policy: &Policy, name: &str) -> Rules {
        Rules::of(policy, &name.parse().unwrap())
    }

    /// Every key says something else than what is built in.
    fn strict() -> RuleSet {
        RuleSet {
            readers: Some(actors(&["infra"])),
            min_people: Some(3),
            notify_at: Some(days(&[9])),
            block_within: Some(Period::days(4)),
            rotate_every: Some(Period::days(90)),
            max_lifetime: Some(Period::days(400)),
            overlap: Some(Period::hours(1)),
            require_signature: Some(true),
            levels: [(CheckId::Expired, Level::Off)].into(),
        }
    }

    #[test]
    fn where_policy_says_nothing() {
        let rules = of(&policy(RuleSet::default(), &[]), "web/db");
        assert_eq!(rules, Rules::built_in());
        assert_eq!((rules.min_people.value, rules.notify_at.value), (2, days(&[60, 30, 14, 7, 1])));
        assert_eq!((rules.block_within.value, rules.overlap.value), (Period::days(0), Period::hours(24)));
        assert_eq!((rules.rotate_every.value, rules.max_lifetime.value), (None, None));
        assert!(!rules.require_signature.value && rules.readers.value.is_empty());
    }

    #[test]
    fn what_a_scope_says_holds_for_what_fits_it_and_tells_where_it_stands() {
        let scoped = Origin::Scope { glob: "web/**".to_owned(), line: 10 };
        for (policy, name, origin) in [
            (policy(strict(), &[]), "api/key", &Origin::Defaults),
            (policy(RuleSet::default(), &[("web/**", strict())]), "web/db", &scoped),
            (policy(strict(), &[("web/**", strict())]), "web/db", &scoped),
            (policy(strict(), &[("web/**", strict())]), "api/key", &Origin::Defaults),
        ] {
            fn rule<T>(value: T, origin: &Origin) -> Rule<T> {
                Rule { value, origin: origin.clone() }
            }
            let expected = Rules {
                readers: rule(actors(&["infra"]), origin),
                min_people: rule(3, origin),
                notify_at: rule(days(&[9]), origin),
                block_within: rule(Period::days(4), origin),
                rotate_every: rule(Some(Period::days(90)), origin),
                max_lifetime: rule(Some(Period::days(400)), origin),
                overlap: rule(Period::hours(1), origin),
                require_signature: rule(true, origin),
                levels: [(CheckId::Expired, rule(Level::Off, origin))].into(),
            };
            assert_eq!(of(&policy, name), expected, "{name} {origin}");
        }
        let outside = of(&policy(RuleSet::default(), &[("web/**", strict())]), "api/key");
        assert_eq!(outside, Rules::built_in());
    }

    #[test]
    fn later_scopes_win_key_by_key() {
        let people = |number| RuleSet { min_people: Some(number), ..RuleSet::default() };
        let told = RuleSet { notify_at: Some(days(&[9])), ..RuleSet::default() };
        let policy =
            policy(people(3), &[("web/**", people(4)), ("*/prod/**", people(5)), ("web/prod/*", told)]);
        for (name, number, from) in [
            ("api/key", 3, "[defaults]"),
            ("web/db", 4, "[[scope]] web/** (line 10)"),
            ("api/prod/db", 5, "[[scope]] */prod/** (line 20)"),
            ("web/prod/db", 5, "[[scope]] */prod/** (line 20)"),
        ] {
            let rule = of(&policy, name).min_people;
            assert_eq!((rule.value, rule.origin.to_string().as_str()), (number, from), "{name}");
        }
        let built_in = of(&policy, "api/key").notify_at.origin;
        assert_eq!((built_in.to_string().as_str(), &built_in), ("built in", &Origin::BuiltIn));
        assert_eq!(of(&policy, "web/prod/db").notify_at.value, days(&[9]));
        assert_eq!(Rules::of_store(&policy).min_people.value, 3, "no scope is about the store");
    }

    /// Whoever writes a glob for a file means all that is in it.
    #[test]
    fn scopes_fit_what_another_tool_sealed_by_name_or_by_its_file() {
        let people = |number| RuleSet { min_people: Some(number), ..RuleSet::default() };
        let policy = policy(
            RuleSet::default(),
            &[("**/client_secret", people(4)), ("clusters/*", people(5)), ("**/late", people(6))],
        );
        for (name, number) in [
            ("other/a.yaml#/key", MIN_PEOPLE),
            ("other/a.yaml#/hub/client_secret", 4),
            ("clusters/a.yaml#/key", 5),
            // The order is that of policy, whichever of the two fits.
            ("clusters/a.yaml#/hub/client_secret", 5),
            ("clusters/a.yaml#/hub/late", 6),
            ("clusters/a.yaml", 5),
        ] {
            let rules = Rules::of_tracked(&policy, &name.parse().unwrap());
            assert_eq!(rules.min_people.value, number, "{name}");
        }
    }

    #[test]
    fn a_level_is_what_policy_gives_a_check_or_its_own() {
        let levels = |id, level| RuleSet { levels: [(id, level)].into(), ..RuleSet::default() };
        let policy = policy(
            levels(CheckId::Expired, Level::Warning),
            &[
                ("web/**", levels(CheckId::Expired, Level::Off)),
                ("*/db", levels(CheckId::Unowned, Level::Error)),
            ],
        );
        let level = |name: &str, id| of(&policy, name).level(id, Level::Error);
        assert_eq!(level("api/key", CheckId::Expired), Level::Warning);
        assert_eq!(level("web/db", CheckId::Expired), Level::Off);
        assert_eq!(level("api/key", CheckId::SingleHolder), Level::Error);
        assert_eq!(of(&policy, "web/db").level(CheckId::Unowned, Level::Warning), Level::Error);
    }
}
