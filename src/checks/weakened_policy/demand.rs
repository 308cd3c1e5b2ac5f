//! What the rules of a policy ask for, one by one, and whether less is asked. Who reads is [`super::readers`].

use std::fmt;

use crate::checks::CHECKS;
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::period::Period;
use crate::domain::policy::RuleSet;
use crate::domain::rules::{Origin, Rules};

/// One of the things that rules ask for.
#[derive(Clone, Copy)]
pub(super) enum Demand {
    MinPeople,
    NotifyAt,
    BlockWithin,
    RotateEvery,
    MaxLifetime,
    RequireSignature,
    /// With the check's own level.
    Level(CheckId, Level),
}

/// How much is asked.
#[derive(PartialEq, Eq)]
pub(super) enum Strength {
    People(u32),
    /// Descending.
    Tiers(Vec<Period>),
    /// The longer, the stricter.
    AtLeast(Period),
    /// The shorter, the stricter.
    AtMost(Option<Period>),
    Signature(bool),
    Level(Level),
}

impl Demand {
    pub fn all() -> impl Iterator<Item = Self> {
        [
            Self::MinPeople,
            Self::NotifyAt,
            Self::BlockWithin,
            Self::RotateEvery,
            Self::MaxLifetime,
            Self::RequireSignature,
        ]
        .into_iter()
        .chain(CHECKS.iter().map(|check| Self::Level(check.id, check.default)))
    }

    /// What rules ask, and which part of the policy says so.
    pub fn asked(self, rules: &Rules) -> (Strength, Origin) {
        match self {
            Self::MinPeople => (Strength::People(rules.min_people.value), rules.min_people.origin.clone()),
            Self::NotifyAt => {
                (Strength::Tiers(rules.notify_at.value.clone()), rules.notify_at.origin.clone())
            }
            Self::BlockWithin => {
                (Strength::AtLeast(rules.block_within.value), rules.block_within.origin.clone())
            }
            Self::RotateEvery => {
                (Strength::AtMost(rules.rotate_every.value), rules.rotate_every.origin.clone())
            }
            Self::MaxLifetime => {
                (Strength::AtMost(rules.max_lifetime.value), rules.max_lifetime.origin.clone())
            }
            Self::RequireSignature => {
                let rule = &rules.require_signature;
                (Strength::Signature(rule.value), rule.origin.clone())
            }
            Self::Level(id, default) => {
                let origin = rules.levels.get(&id).map_or(Origin::BuiltIn, |rule| rule.origin.clone());
                (Strength::Level(rules.level(id, default)), origin)
            }
        }
    }

    /// What one scope asks, if it says anything about it.
    pub fn set_by(self, rules: &RuleSet) -> Option<Strength> {
        match self {
            Self::MinPeople => rules.min_people.map(Strength::People),
            Self::NotifyAt => rules.notify_at.clone().map(Strength::Tiers),
            Self::BlockWithin => rules.block_within.map(Strength::AtLeast),
            Self::RotateEvery => rules.rotate_every.map(|period| Strength::AtMost(Some(period))),
            Self::MaxLifetime => rules.max_lifetime.map(|period| Strength::AtMost(Some(period))),
            Self::RequireSignature => rules.require_signature.map(Strength::Signature),
            Self::Level(id, _) => rules.levels.get(&id).map(|level| Strength::Level(*level)),
        }
    }

    fn name(self) -> String {
        match self {
            Self::MinPeople => "min-people".to_owned(),
            Self::NotifyAt => "notify-at".to_owned(),
            Self::BlockWithin => "block-within".to_owned(),
            Self::RotateEvery => "rotate-every".to_owned(),
            Self::MaxLifetime => "max-lifetime".to_owned(),
            Self::RequireSignature => "require-signature".to_owned(),
            Self::Level(id, _) => format!("the level of {id}"),
        }
    }

    /// That less is asked than before, in words.
    pub fn loss(self, before: &Strength, after: &Strength) -> Option<String> {
        after.is_less_than(before).then(|| format!("{} is {after} instead of {before}", self.name()))
    }
}

impl Strength {
    pub fn is_less_than(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::People(new), Self::People(old)) => new < old,
            (Self::Tiers(new), Self::Tiers(old)) => comes_later(new, old),
            (Self::AtLeast(new), Self::AtLeast(old)) => old.may_exceed(*new),
            (Self::AtMost(new), Self::AtMost(old)) => lasts_longer(*new, *old),
            (Self::Signature(new), Self::Signature(old)) => !new && *old,
            (Self::Level(new), Self::Level(old)) => new < old,
            _ => false,
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::People(number) => write!(f, "{number}"),
            Self::Tiers(tiers) => {
                f.write_str(&tiers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            Self::AtLeast(period) | Self::AtMost(Some(period)) => write!(f, "{period}"),
            Self::AtMost(None) => f.write_str("not set"),
            Self::Signature(wanted) => write!(f, "{wanted}"),
            Self::Level(level) => write!(f, "{level}"),
        }
    }
}

/// Whether people are told fewer times, or for the first time later.
fn comes_later(new: &[Period], old: &[Period]) -> bool {
    let first_is_later = match (new.first(), old.first()) {
        (Some(new), Some(old)) => old.may_exceed(*new),
        (None, Some(_)) => true,
        (_, None) => false,
    };
    first_is_later || new.len() < old.len()
}

fn lasts_longer(new: Option<Period>, old: Option<Period>) -> bool {
    old.is_some_and(|old| new.is_none_or(|new| new.may_exceed(old)))
}
