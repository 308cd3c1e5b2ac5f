//! Strikes a command at one moment after the other, each time in a world made anew, and looks at what is left.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use crate::blow::{Blow, Moment, moments, of_each};
use crate::row::Row;
use crate::state::{NEXT, Reader, State};
use crate::world::{Ended, World};

/// Where there are fewer moments than these, all of them are walked.
const FEW: usize = 4;

pub struct Walk {
    pub world: World,
    pub row: &'static Row,
    pub words: Vec<String>,
    pub reader: Reader,
    /// The two states that there may be.
    pub old: State,
    pub new: State,
    /// What the gate says of them: exit code, and each finding.
    pub old_verdict: (i32, Vec<String>),
    pub new_verdict: (i32, Vec<String>),
    moments: Vec<Moment>,
    /// What was left before, and looked into.
    pub seen: RefCell<BTreeSet<String>>,
    pub count: Count,
}

/// What came of the blows.
#[derive(Default)]
pub struct Count {
    pub struck: Cell<usize>,
    pub failed: Cell<usize>,
    pub half_way: Cell<usize>,
    pub old: Cell<usize>,
    pub new: Cell<usize>,
    /// Completed by whoever wrote next.
    pub by_the_next: Cell<usize>,
}

pub fn add_one(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

/// Whether every moment of every command is to be walked.
pub fn is_all() -> bool {
    #[expect(clippy::disallowed_methods, reason = "it is said from outside how long the tests may take")]
    let faults = std::env::var("FAULTS");
    faults.is_ok_and(|faults| faults == "all")
}

impl Walk {
    pub fn new(row: &'static Row) -> Self {
        let world = World::new();
        (row.prepare)(&world);
        let words = row.words(&world);
        world.keep();
        let reader = Reader::of(&world);
        let old = reader.read(&world);
        let old_verdict = verdict(&world);
        world.restore();
        let moments = moments(&world, row, &words);
        let new = reader.read(&world);
        assert!(new.strewn.is_subset(&old.strewn), "{}: {:?}", row.command, new.strewn);
        let new_verdict = verdict(&world);
        assert!(!new.is(&old), "{} changes nothing", row.command);
        let (seen, count) = (RefCell::default(), Count::default());
        Self { world, row, words, reader, old, new, old_verdict, new_verdict, moments, seen, count }
    }

    /// Strikes at every moment with one of these after the other.
    pub fn every(&self, blows: &[Blow]) {
        for blow in blows {
            for moment in &self.moments {
                self.strike(moment, *blow);
            }
        }
    }

    /// Strikes at the first, a middle and the last moment of each kind; with `FAULTS=all` at every moment, with everything.
    pub fn some(&self, turn: usize) {
        self.chosen(&of_each(&self.moments, &[0, 1, 2]), turn);
    }

    /// Strikes at every moment, with one thing after the other.
    pub fn each(&self, turn: usize) {
        self.chosen(&self.moments, turn);
    }

    /// The same at one of the three, another one for each kind and turn.
    pub fn one_of_each(&self, turn: usize) {
        if self.moments.len() < FEW {
            self.moments
                .iter()
                .for_each(|moment| moment.blows().iter().for_each(|blow| self.strike(moment, *blow)));
            return;
        }
        self.chosen(&of_each(&self.moments, &[turn % 3]), turn);
    }

    fn chosen(&self, moments: &[Moment], turn: usize) {
        let moments = if is_all() { &self.moments } else { moments };
        for (place, moment) in moments.iter().enumerate() {
            let blows = moment.blows();
            let chosen = if is_all() { blows } else { &blows[(place + turn) % blows.len()..][..1] };
            for blow in chosen {
                self.strike(moment, *blow);
            }
        }
    }

    /// Only where a process or a thread is started: with everything.
    pub fn forks(&self) {
        for moment in self.moments.iter().filter(|moment| moment.is_fork()) {
            for blow in moment.blows() {
                self.strike(moment, *blow);
            }
        }
    }

    fn strike(&self, moment: &Moment, blow: Blow) {
        self.world.restore();
        let inject = moment.inject(blow);
        let mut options = vec!["-qq", "-o", "/dev/null"];
        if !moment.call.contains("sync") {
            // Power does not fail here, and a disk is slow.
            options.extend(["-e", "inject=fsync,fdatasync,syncfs:retval=0"]);
        }
        options.extend(["-e", inject.as_str()]);
        let ended = self.world.run(&self.words, self.row.stdin, &options, None);
        let told = format!("{}: {blow:?} at {}, number {}", self.row.command, moment.call, moment.number);
        if blow == Blow::Killed {
            assert_eq!(ended.signal, Some(9), "{told}: {}", ended.said);
        }
        // Where nothing can be written any more, nothing can be said either.
        let is_mute = moment.call == "write" && matches!(blow, Blow::FailsFromThereOn(_));
        self.judge(&told, &ended, is_mute);
    }

    /// Looks at what is left after a blow.
    pub fn judge(&self, told: &str, ended: &Ended, is_mute: bool) {
        add_one(&self.count.struck);
        if ended.code != Some(self.row.code) {
            add_one(&self.count.failed);
            // A gate that saves nothing lets nothing through.
            let is_blocked = self.row.command == "check" && ended.code == Some(1);
            let is_said = ended.signal == Some(9) || ended.code == Some(2) || is_blocked;
            assert!(is_said, "{told}: {:?}: {}", ended.code, ended.said);
            // Whoever is left without a word does not know what to do next.
            let has_said = ended.said.contains("error: ")
                || self.row.blocks.is_some_and(|word| ended.said.contains(word));
            assert!(ended.signal.is_some() || is_mute || has_said, "{told}: not a word: {}", ended.said);
        }
        self.settle(told, ended);
    }

    /// Says how many blows were struck, and asserts that they were some.
    pub fn tell(&self, least: usize) {
        let Count { struck, failed, half_way, old, new, by_the_next } = &self.count;
        println!(
            "{}: {} moments, {} blows, {} failed, {} half-way, {} old, {} new, {} completed by the next",
            self.row.command,
            self.moments.len(),
            struck.get(),
            failed.get(),
            half_way.get(),
            old.get(),
            new.get(),
            by_the_next.get()
        );
        assert!(struck.get() >= least, "{}: only {} blows", self.row.command, struck.get());
        assert!(failed.get() > 0, "{}: nothing came of any blow", self.row.command);
    }
}

/// What the gate says, as far as two runs must agree.
pub fn verdict(world: &World) -> (i32, Vec<String>) {
    let outcome = world.check();
    if outcome.stdout.is_empty() {
        return (outcome.code, vec![outcome.stderr]);
    }
    let mut found: Vec<String> =
        outcome.findings().into_iter().map(|(id, what, _)| format!("{id} {what}")).collect();
    found.extend(outcome.unchecked().into_iter().map(|(what, why)| format!("{what}: {why}")));
    found.retain(|one| !one.contains(NEXT));
    found.sort();
    found.dedup();
    (outcome.code, found)
}
