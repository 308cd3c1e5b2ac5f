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
