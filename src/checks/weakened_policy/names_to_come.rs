//! Names that nothing bears yet: a part of the policy asks for less than a part did before, and a name could be decided
//! by just these two.
//!
//! That is asked of every pair of parts and of all parts behind them. What keeps it from growing with the cube of a
//! policy: a part that stands in both policies rules out most pairs at once, the last part that overrules another one
//! is looked for once, and two globs are compared once for all demands.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::demand::{Demand, Strength};
use crate::domain::facts::Policies;
use crate::domain::glob::Extent;
use crate::domain::policy::Policy;
use crate::domain::rules::{Origin, Rules};

/// How many comparisons of two globs are made each way. Beyond that it can't be said for certain.
const MOST_COMPARED: usize = 1_000_000;

/// What is asked less, in words, and by which parts of the change's policy.
pub(super) fn losses(policies: &Policies) -> BTreeSet<(String, Origin)> {
    let globs = Globs::of([&policies.before, &policies.after]);
    Demand::all().flat_map(|demand| of_demand(policies, demand, &globs)).collect()
}

/// The globs of both policies, each once, and what is known of any two of them.
struct Globs {
    /// By position in `extents`.
    places: HashMap<String, usize>,
    extents: Vec<Extent>,
    meeting: RefCell<HashMap<(usize, usize), bool>>,
    covering: RefCell<HashMap<(usize, usize), bool>>,
}

impl Globs {
    fn of(policies: [&Policy; 2]) -> Self {
        let (mut places, mut extents) = (HashMap::new(), Vec::new());
        for scope in policies.into_iter().flat_map(|policy| &policy.scopes) {
            places.entry(scope.glob.to_string()).or_insert_with(|| {
                extents.push(scope.glob.extent());
                extents.len() - 1
            });
        }
        Self { places, extents, meeting: RefCell::default(), covering: RefCell::default() }
    }

    fn may_meet(&self, one: usize, another: usize) -> bool {
        let pair = (one.min(another), one.max(another));
        one == another || self.compared(&self.meeting, pair, true, Extent::may_overlap)
    }

    fn covers(&self, wide: usize, narrow: usize) -> bool {
        wide == narrow || self.compared(&self.covering, (wide, narrow), false, Extent::covers)
    }

    fn compared(
        &self,
        known: &RefCell<HashMap<(usize, usize), bool>>,
        pair: (usize, usize),
        uncertain: bool,
        compare: impl Fn(&Extent, &Extent) -> bool,
    ) -> bool {
        let (Some(one), Some(another)) = (self.extents.get(pair.0), self.extents.get(pair.1)) else {
            return uncertain;
        };
        if one.begins_otherwise(another) {
            return false;
        }
        let mut known = known.borrow_mut();
        match known.get(&pair) {
            Some(known) => *known,
            None if known.len() >= MOST_COMPARED => uncertain,
            None => *known.entry(pair).or_insert_with(|| compare(one, another)),
        }
    }
}

/// What one part of a policy asks of all names that fit its glob. Of those that fit a name, the last one holds.
struct Part {
    /// Its place among all globs; `None` fits everything.
    glob: Option<usize>,
    origin: Origin,
    strength: Strength,
}

/// The parts of a policy that ask for one thing, in order; without the names that are spelled out, because there is
/// one secret to each of them, which is looked at by itself.
struct Parts<'a> {
    globs: &'a Globs,
    in_order: Vec<Part>,
    /// Where each glob stands last.
    last: HashMap<Option<usize>, usize>,
}

impl<'a> Parts<'a> {
    fn of(policy: &Policy, demand: Demand, globs: &'a Globs) -> Self {
        let (strength, origin) = demand.asked(&Rules::of_store(policy));
        let scopes = policy.scopes.iter().filter(|scope| !scope.glob.is_literal()).filter_map(|scope| {
            let strength = demand.set_by(&scope.rules)?;
            let glob = globs.places.get(scope.glob.as_str()).copied();
            let origin = Origin::Scope { glob: scope.glob.to_string(), line: scope.line };
            Some(Part { glob, origin, strength })
        });
        let in_order: Vec<_> = std::iter::once(Part { glob: None, origin, strength }).chain(scopes).collect();
        let last = in_order.iter().enumerate().map(|(place, part)| (part.glob, place)).collect();
        Self { globs, in_order, last }
    }

    /// But for the lines on which they stand.
    fn are_as(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Part, &Part)| one.glob == other.glob && one.strength == other.strength;
        self.in_order.len() == other.in_order.len() && self.in_order.iter().zip(&other.in_order).all(alike)
    }

    /// The first place at which a part of the other policy's glob is not overruled by its like here.
    fn earliest_beside(&self, part: &Part) -> usize {
        self.last.get(&part.glob).copied().unwrap_or_default()
    }

    /// The places of the parts, by what they ask.
    fn by_strength(&self) -> Vec<(&Strength, Vec<usize>)> {
        let mut kinds = Vec::<(&Strength, Vec<usize>)>::new();
        for (place, part) in self.in_order.iter().enumerate() {
            match kinds.iter_mut().find(|(strength, _)| **strength == part.strength) {
                Some((_, places)) => places.push(place),
                None => kinds.push((&part.strength, vec![place])),
            }
        }
        kinds
    }

    fn covers(&self, wide: &Part, narrow: &Part) -> bool {
        match (wide.glob, narrow.glob) {
            (None, _) => true,
            (Some(wide), None) => self.globs.places.get("**") == Some(&wide),
            (Some(wide), Some(narrow)) => self.globs.covers(wide, narrow),
        }
    }
}

/// For each part of one policy, how far it was looked for the last part of the other one that overrules it.
struct Overruling<'a> {
    by: &'a Parts<'a>,
    of: &'a Parts<'a>,
    looked_down_to: Vec<usize>,
    found: Vec<bool>,
}

impl<'a> Overruling<'a> {
    fn new(by: &'a Parts<'a>, of: &'a Parts<'a>) -> Self {
        let count = of.in_order.len();
        Self { by, of, looked_down_to: vec![by.in_order.len(); count], found: vec![false; count] }
    }

    /// Whether something behind a place of the one policy covers the part at a place of the other one.
    fn is_overruled(&mut self, part: usize, behind: usize) -> bool {
        let narrow = self.of.in_order.get(part);
        let (Some(narrow), Some(down_to), Some(found)) =
            (narrow, self.looked_down_to.get_mut(part), self.found.get_mut(part))
        else {
            return false;
        };
        while !*found && *down_to > behind + 1 {
            *down_to -= 1;
            *found = self.by.in_order.get(*down_to).is_some_and(|wide| self.by.covers(wide, narrow));
        }
        *found && *down_to > behind
    }
}

fn of_demand(policies: &Policies, demand: Demand, globs: &Globs) -> Vec<(String, Origin)> {
    let before = Parts::of(&policies.before, demand, globs);
    let after = Parts::of(&policies.after, demand, globs);
    if before.are_as(&after) {
        return Vec::new();
    }
    let (mut by_new, mut by_old) = (Overruling::new(&after, &before), Overruling::new(&before, &after));
    let kinds = before.by_strength();
    let mut losses = Vec::new();
    for (new_place, new) in after.in_order.iter().enumerate() {
        let earliest = before.earliest_beside(new);
        let mut decides_with = |old_place: usize| {
            let Some(old) = before.in_order.get(old_place) else { return false };
            new_place >= after.earliest_beside(old)
                && new.glob.zip(old.glob).is_none_or(|(new, old)| globs.may_meet(new, old))
                && !by_new.is_overruled(old_place, new_place)
                && !by_old.is_overruled(new_place, old_place)
        };
        for (strength, places) in kinds.iter().filter(|(strength, _)| new.strength.is_less_than(strength)) {
            let beside = places.get(places.partition_point(|place| *place < earliest)..).unwrap_or_default();
            if beside.iter().any(|place| decides_with(*place)) {
                losses.extend(demand.loss(strength, &new.strength).map(|loss| (loss, new.origin.clone())));
            }
        }
    }
    losses
}
