//! Two hundred writers on one store, twenty at a time: none lost, none torn, and whoever looks meanwhile sees no half.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::common::{Outcome, Sandbox};
use crate::world::World;

const WRITERS: usize = 200;

/// How many of them are at it at once; when they are done, the next ones come.
const AT_ONCE: usize = 20;

/// How many of them write what nobody else writes.
const ALONE: usize = 148;

/// How often one tries again where it is told to: a person would, or a job.
const MOST_ATTEMPTS: usize = 40;

/// What a writer does, and what it came to.
struct Done {
    work: Work,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Adds a secret of its own.
    Add(usize),
    /// Sets the one that all of them set.
    Set(usize),
    /// Removes one that was there.
    Remove(usize),
    /// Gives one that was there another end.
    Expiry(usize),
}

impl Work {
    fn of(number: usize) -> Self {
        match number {
            0..ALONE => Self::Add(number),
            ALONE..160 => Self::Set(number),
            160..180 => Self::Remove(number - 160),
            _ => Self::Expiry(number - 180),
        }
    }

    fn value(self) -> String {
        format!("value of {self:?}")
    }

    fn run(self, sandbox: &Sandbox, world: &World) -> Outcome {
        let words = match self {
            Self::Add(n) => format!("add many/one-{n} --expires 2028-01-01 --owner team --as alice"),
            Self::Set(_) => "set web/db --expires 2029-01-01".to_owned(),
            Self::Remove(n) => format!("remove gone/one-{n}"),
            Self::Expiry(n) => format!("expiry set kept/one-{n} --expires 2029-01-01 --reason ticket"),
        };
        let run = sandbox.secrets(&world.laptop).args(words.split(' ')).identity("alice");
        run.stdin(self.value()).run()
    }
}

/// Has a writer do its work, again and again where it was told to.
fn works(work: Work, world: &World, attempts: &AtomicUsize) -> Done {
    for attempt in 1.. {
        let outcome = work.run(&world.sandbox, world);
        attempts.fetch_add(1, Ordering::SeqCst);
        let fault = outcome.stderr.contains("fault of secrets itself");
        assert!([0, 2].contains(&outcome.code) && !fault, "{work:?}: {}: {}", outcome.code, outcome.stderr);
        assert!(outcome.code == 0 || outcome.stderr.contains("error: "), "{work:?}: without a word");
        let again = ["is changing this store", "meanwhile"].iter().any(|word| outcome.stderr.contains(word));
        if outcome.code == 0 || !again || attempt == MOST_ATTEMPTS {
            return Done { work, outcome };
        }
    }
    unreachable!()
}

/// Twenty that will go, and twenty that will get another end.
fn world() -> World {
    let world = World::new();
    let of = |folder: &str| {
        let lines: Vec<String> = (0..20).map(|n| format!("{folder}_{n}={folder}-{n}\n")).collect();
        lines.concat()
    };
    for folder in ["gone", "kept"] {
        let names: Vec<String> = (0..20).map(|n| format!("{folder}_{n}={folder}/one-{n}")).collect();
        let mut words = vec![
            "import",
            "-",
            "--from",
            "dotenv",
            "--expires",
            "2028-01-01",
            "--as",
            "alice",
            "--owner",
            "team",
        ];
        for name in &names {
            words.extend(["--name", name]);
        }
        world.runs(&words, &of(folder));
    }
    world.sandbox.push(&world.laptop);
    world
}

#[test]
fn two_hundred_writers_lose_nothing_and_tear_nothing() {
    let world = world();
    let before = world.sandbox.git(&world.laptop, ["rev-list", "--count", "HEAD"]).parse::<usize>().unwrap();
    let (attempts, is_over, looks) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicUsize::new(0));
    let done: Vec<Done> = thread::scope(|scope| {
        let looking = scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                let outcome = world.check();
                // Nobody has pushed, so whatever was written is a fault or unknown.
                assert!([1, 2].contains(&outcome.code), "{}: {}", outcome.code, outcome.stderr);
                looks.fetch_add(1, Ordering::SeqCst);
            }
        });
        // Of every wave some do each kind of work.
        let waves = WRITERS / AT_ONCE;
        let done = (0..waves).flat_map(|wave| {
            let write = |place: usize| {
                let (world, attempts) = (&world, &attempts);
                scope.spawn(move || works(Work::of(place * waves + wave), world, attempts))
            };
            let writers: Vec<_> = (0..AT_ONCE).map(write).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
        });
        let done = done.collect();
        is_over.store(true, Ordering::SeqCst);
        looking.join().unwrap();
        done
    });
    assert!(looks.load(Ordering::SeqCst) > 0);
    println!(
        "{} attempts of {WRITERS} writers, {} done, {} looks",
        attempts.load(Ordering::SeqCst),
        done.iter().filter(|one| one.outcome.code == 0).count(),
        looks.load(Ordering::SeqCst)
    );
    every_one_has_its_effect(&world, &done);
    let commits = world.sandbox.git(&world.laptop, ["rev-list", "--count", "HEAD"]).parse::<usize>().unwrap();
    assert_eq!(commits - before, done.iter().filter(|one| one.outcome.code == 0).count());
    assert_eq!(world.sandbox.status(&world.laptop), "", "all of it is committed");
    let fsck = world.sandbox.run(&world.laptop, "git", ["fsck", "--strict", "--no-dangling"]).code(0);
    assert_eq!(fsck.text(), "");
    world.sandbox.push(&world.laptop);
    world.sandbox.check(&world.laptop, crate::common::NOW).code(0);
}

/// Whoever said that it is done has done it; whoever did not has done nothing.
fn every_one_has_its_effect(world: &World, done: &[Done]) {
    let sandbox = &world.sandbox;
    // All of them at once: a process for each would take its time.
    let exported = sandbox.secrets(&world.laptop).args(["export", "--scope", "**", "--format", "json"]);
    let values: BTreeMap<String, String> =
        serde_json::from_slice(&exported.identity("bob").run().code(0).stdout).unwrap();
    let mut set = 0;
    for Done { work, outcome } in done {
        let is_done = outcome.code == 0;
        let told = &outcome.stderr;
        match work {
            Work::Add(n) => {
                let value = values.get(&format!("many/one-{n}"));
                assert_eq!(value.is_some(), is_done, "{work:?}: {told}");
                assert!(!is_done || value == Some(&work.value()), "{work:?}: {value:?}");
            }
            Work::Set(_) => set += u64::from(is_done),
            Work::Remove(n) => {
                assert_eq!(values.contains_key(&format!("gone/one-{n}")), !is_done, "{work:?}: {told}");
            }
            Work::Expiry(n) => {
                let record = sandbox.record(&world.laptop, &format!("kept/one-{n}"));
                let end = record["sealed"]["expires"]["at"].as_str().unwrap();
                assert_eq!(end.starts_with("2029"), is_done, "{work:?}: {end}: {told}");
            }
        }
    }
    // Every version that was said to be set is a version, one after the other, and the last one is one of theirs.
    assert!(set > 0);
    assert_eq!(sandbox.record(&world.laptop, "web/db")["sealed"]["version"]["number"], 1 + set);
    let age = sandbox.age(&world.laptop, "web/db", "bob").code(0);
    let last = done.iter().find(|one| matches!(one.work, Work::Set(_)) && one.work.value() == age.text());
    assert_eq!(last.expect("the value is somebody's").outcome.code, 0);
}
