//! The policy as a whole, and what it demands: defaults, scopes, waivers.

use std::collections::BTreeMap;

use super::super::toml::near_miss::hint;
use super::super::toml::{Faults, Node, Table};
use super::KeyParsers;
use super::actors::{self, Names};
use super::globs::Globs;
use super::{acceptances, tracking, warning};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::glob::GlobList;
use crate::domain::id::StoreId;
use crate::domain::period::Period;
use crate::domain::policy::{DeployRef, Policy, RuleSet, Scope, Waiver};
use crate::domain::time::Instant;

/// Reads a whole policy; `None` where it can't be made for the faults.
pub(super) fn policy(mut root: Table<'_>, parsers: KeyParsers<'_>, faults: &mut Faults) -> Option<Policy> {
    if !root.has_known_schema(faults) {
        return None;
    }
    let remedy = "copy it from git's history; `secrets init` makes one for a new store";
    let store = root.require("store", remedy, faults).and_then(|node| store_id(&node, faults));
    let remedy = "write deploy-ref = \"origin/main\" (the remote branch from which deploys are made), or \"none\" where nothing is deployed from git";
    let deploy_ref: Option<DeployRef> =
        root.require("deploy-ref", remedy, faults).and_then(|node| node.parsed(faults));
    let (actors, names) = actors::read(&mut root, parsers, faults);
    let mut globs = Globs::default();
    let mut rules = Rules { names: &names, globs: &mut globs, faults };
    let defaults = rules.defaults(root.get("defaults"));
    let scopes = rules.scopes(root.get("scope"));
    let waivers = rules.waivers(root.get("waiver"));
    let required = "name the secrets that must be there, or remove the key";
    let require = globs.list(root.get("require"), required, faults);
    let track = tracking::track(root.get("track"), &mut globs, faults);
    let kinds = tracking::kinds(root.get("kind"), &names, &mut globs, faults);
    let acceptances = acceptances::read(root.get("acceptance"), faults);
    let warning = warning::read(&mut root, &mut globs, faults);
    root.finish(faults);
    let first = scopes.first().map_or(1, |scope| scope.line);
    let scope_globs = GlobList::new(scopes.iter().map(|scope| &scope.glob))
        .map_err(|_| "the globs of all scopes together are too large: say the same with fewer");
    let scope_globs = faults.keep(first, scope_globs)?;
    Some(Policy {
        store: store?,
        deploy_ref: deploy_ref?,
        people: actors.people,
        machines: actors.machines,
        shared_keys: actors.shared_keys,
        groups: actors.groups,
        defaults,
        scopes,
        scope_globs,
        waivers,
        acceptances,
        require,
        track,
        kinds,
        channels: warning.channels,
        heartbeat: warning.heartbeat,
        ledger: warning.ledger,
    })
}

fn store_id(node: &Node<'_>, faults: &mut Faults) -> Option<StoreId> {
    let text = node.text(faults)?.to_owned();
    faults.keep(
        node.line,
        StoreId::try_from(text).map_err(|e| format!("`store`: {e}; copy it from git's history")),
    )
}

/// What is needed to read the rules.
struct Rules<'r> {
    names: &'r Names,
    globs: &'r mut Globs,
    faults: &'r mut Faults,
}

impl Rules<'_> {
    fn defaults(&mut self, node: Option<Node<'_>>) -> RuleSet {
        let Some(mut table) = node.and_then(|node| node.table(self.faults)) else {
            return RuleSet::default();
        };
        let rules = self.rule_set(&mut table);
        table.finish(self.faults);
        rules
    }

    fn scopes(&mut self, node: Option<Node<'_>>) -> Vec<Scope> {
        let mut scopes = Vec::new();
        for mut table in node.map(|node| node.tables(self.faults)).unwrap_or_default() {
            let remedy = "write match = \"*/prod/**\", or the name of a secret";
            let glob = table
                .require("match", remedy, self.faults)
                .and_then(|node| self.globs.one(&node, self.faults));
            let (line, rules) = (table.line, self.rule_set(&mut table));
            table.finish(self.faults);
            scopes.extend(glob.map(|glob| Scope { glob, line, rules }));
        }
        scopes
    }

    fn rule_set(&mut self, table: &mut Table<'_>) -> RuleSet {
        let readers =
            table.get("readers").and_then(|node| self.names.list(&node, Names::reader, self.faults));
        let min_people = table.get("min-people").and_then(|node| self.min_people(&node));
        let notify_at = table.get("notify-at").and_then(|node| self.tiers(&node));
        let block_within = table.get("block-within").and_then(|node| node.parsed(self.faults));
        let rotate_every = table.get("rotate-every").and_then(|node| self.long_period(&node));
        let max_lifetime = table.get("max-lifetime").and_then(|node| self.long_period(&node));
        let overlap = table.get("overlap").and_then(|node| node.parsed(self.faults));
        let require_signature = table.get("require-signature").and_then(|node| node.flag(self.faults));
        let levels = table.get("levels").map(|node| self.levels(&node)).unwrap_or_default();
        RuleSet {
            readers,
            min_people,
            notify_at,
            block_within,
            rotate_every,
            max_lifetime,
            overlap,
            require_signature,
            levels,
        }
    }

    fn min_people(&mut self, node: &Node<'_>) -> Option<u32> {
        match node.integer(self.faults)? {
            0 => {
                let message = "`min-people` is 0: write 1 or more, or switch the check off with levels = { single-holder = \"off\" }";
                self.faults.at(node.line, message);
                None
            }
            number => {
                let result = u32::try_from(number)
                    .map_err(|_| format!("`min-people`: {number} is no number of people"));
                self.faults.keep(node.line, result)
            }
        }
    }

    fn long_period(&mut self, node: &Node<'_>) -> Option<Period> {
        let period: Period = node.parsed(self.faults)?;
        if period.is_zero() {
            self.faults.at(
                node.line,
                format!("`{period}` would never be kept: write a longer period, or remove the key"),
            );
            return None;
        }
        Some(period)
    }

    /// Descending. Periods in unlike units are compared by how far they reach back from a fixed day.
    fn tiers(&mut self, node: &Node<'_>) -> Option<Vec<Period>> {
        let remedy = "write notify-at = [\"30d\", \"7d\"], or switch the check off with levels = { expiring = \"off\" }";
        let mut tiers: Vec<([Option<Instant>; 2], Period)> = Vec::new();
        for element in node.elements(remedy, self.faults)? {
            let Some(period) = element.parsed::<Period>(self.faults) else { continue };
            let reach = reach(period);
            match tiers.iter().find(|(other, _)| *other == reach) {
                Some((_, other)) => {
                    let message =
                        format!("`notify-at`: {period} is the same as {other}: remove one of the two");
                    self.faults.at(element.line, message);
                }
                None => tiers.push((reach, period)),
            }
        }
        tiers.sort_by_key(|(reach, _)| *reach);
        Some(tiers.into_iter().map(|(_, period)| period).collect())
    }

    fn levels(&mut self, node: &Node<'_>) -> BTreeMap<CheckId, Level> {
        let mut levels = BTreeMap::new();
        let Some(table) = node.table(self.faults) else { return levels };
        for (id, node) in table.entries() {
            let id = self.check(id, node.line);
            let level = node.parsed::<Level>(self.faults);
            if let (Some(id), Some(level)) = (id, level) {
                levels.insert(id, level);
            }
        }
        levels
    }

    fn check(&mut self, text: &str, line: usize) -> Option<CheckId> {
        let near = hint(text, CheckId::ALL.iter().map(|id| id.as_str()));
        self.faults.keep(line, text.parse::<CheckId>().map_err(|e| format!("{e}{near}")))
    }

    fn waivers(&mut self, node: Option<Node<'_>>) -> Vec<Waiver> {
        let mut waivers = Vec::new();
        for mut table in node.map(|node| node.tables(self.faults)).unwrap_or_default() {
            waivers.extend(self.waiver(&mut table));
            table.finish(self.faults);
        }
        waivers
    }

    fn waiver(&mut self, table: &mut Table<'_>) -> Option<Waiver> {
        let line = table.line;
        let finding = table.require(
            "finding",
            "write the id of a check, such as finding = \"single-holder\"",
            self.faults,
        );
        let finding = finding.and_then(|node| {
            let id = node.text(self.faults)?;
            self.check(id, node.line)
        });
        let secret = table.require("secret", "write the name of a secret, or a glob", self.faults);
        let secret = secret.and_then(|node| self.globs.one(&node, self.faults));
        let until = "write the day on which it ends, such as until = 2026-12-31";
        let until = table.require("until", until, self.faults).and_then(|node| node.moment(self.faults));
        let reason = table.require("reason", "write why it is allowed", self.faults);
        let reason = reason.and_then(|node| node.prose(self.faults));
        let by = table.require("by", "write who allows it, such as by = \"alice\"", self.faults);
        let by = by.and_then(|node| node.prose(self.faults));
        Some(Waiver { finding: finding?, secret: secret?, until: until?, reason: reason?, by: by?, line })
    }
}

/// How far a period reaches back from two days: equal only for periods that always are.
fn reach(period: Period) -> [Option<Instant>; 2] {
    ["2100-01-01", "2100-03-01"]
        .map(|day| Instant::parse_date_or_instant(day).ok().and_then(|day| period.before(day)))
}
