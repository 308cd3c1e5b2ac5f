//! What must hold of whatever a blow has left, and the way on from there.

use std::fs;

use crate::row::Again;
use crate::state::{MAIN, NEXT, State};
use crate::walk::{Walk, add_one, verdict};
use crate::world::Ended;

/// How often the same command may have to be given until it is done.
const MOST_ATTEMPTS: usize = 4;

/// How many locks a git that is killed leaves at most: of the index, of `HEAD`, of the branch.
const MOST_LOCKS: usize = 3;

impl Walk {
    pub fn settle(&self, told: &str, ended: &Ended) {
        let mut left = self.reader.read(&self.world);
        self.nothing_is_torn(told, &left);
        self.nothing_is_in_clear(told);
        if ended.code == Some(self.row.code) {
            // What could not be pushed and is queued is delivered by the next command of any kind.
            if left.files.keys().any(|name| name.starts_with("laptop/.git/secrets/waiting/")) {
                self.world.run(&words(&["list"]), "", &[], None);
                left = self.reader.read(&self.world);
            }
            // Nobody is told that it is done while it is not.
            without_leavings(&mut left);
            assert!(left.is(&self.new), "{told}: said to be done: {}", left.against(&self.new));
            assert!(left.strewn.is_subset(&self.new.strewn), "{told}: said to be done: {:?}", left.strewn);
            add_one(&self.count.new);
            return;
        }
        let what_is_left = format!("{left:?}");
        if left.is(&self.old) {
            add_one(&self.count.old);
        } else if left.is(&self.new) {
            add_one(&self.count.new);
        } else {
            add_one(&self.count.half_way);
        }
        // The same files lead to the same way on.
        if self.seen.borrow_mut().insert(what_is_left) {
            let left = self.check_tells(told, left);
            self.recovers(told, left, ended);
        }
    }

    /// Each file is as it was or as it shall be.
    fn nothing_is_torn(&self, told: &str, left: &State) {
        if self.row.again == Again::GoesOn {
            return;
        }
        for (name, holds) in &left.files {
            let (was, becomes) = (self.old.files.get(name), self.new.files.get(name));
            let is_queued = name.starts_with("laptop/.git/secrets/waiting/");
            let says_unknown = holds.lines().any(self.row.tells_unknown);
            let is_one = was == Some(holds)
                || becomes == Some(holds)
                || is_queued
                || (says_unknown && name.starts_with("home/"));
            assert!(is_one, "{told}: {name} is neither as before nor as after: {holds}");
        }
        for name in self.old.files.keys().filter(|name| self.new.files.contains_key(*name)) {
            assert!(left.files.contains_key(name), "{told}: {name} is gone");
        }
    }

    /// No value that was piped in lies around.
    fn nothing_is_in_clear(&self, told: &str) {
        let values = ["new value", "api's value", "old value"];
        let mut folders = vec![self.world.path("laptop"), self.world.path("tmp"), self.world.path("home")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                }
                // A repository is made with a try whether links can be: who is killed there leaves one to nowhere.
                if !kind.is_file() {
                    continue;
                }
                let text = fs::read(entry.path()).unwrap();
                for value in values {
                    let is_there = text.windows(value.len()).any(|window| window == value.as_bytes());
                    let is_meant = entry.path().starts_with(self.world.path("home"));
                    assert!(!is_there || is_meant, "{told}: {} holds `{value}`", entry.path().display());
                }
            }
        }
    }

    /// The gate names what is half done, and what it says of the rest is as ever.
    fn check_tells(&self, told: &str, left: State) -> State {
        let (code, found) = verdict(&self.world);
        // Whatever goes on meanwhile, a git that outlives who started it for one: it is judged when nothing moves.
        let after = self.reader.read(&self.world);
        if !after.is(&left) || after.strewn != left.strewn {
            return self.check_tells(told, after);
        }
        if left.is(&self.old) && left.strewn == self.old.strewn {
            assert_eq!((code, &found), (self.old_verdict.0, &self.old_verdict.1), "{told}");
        } else if left.is(&self.new) && left.strewn == self.new.strewn {
            assert_eq!((code, &found), (self.new_verdict.0, &self.new_verdict.1), "{told}");
        }
        let is_torn = ["laptop/secrets/", "laptop/clusters/"].iter().any(|folder| {
            let of = |state: &State| {
                let files = state.files.iter().filter(|(name, _)| name.starts_with(folder));
                files.map(|(name, holds)| (name.clone(), holds.clone())).collect::<Vec<_>>()
            };
            of(&left) != of(&self.old) && of(&left) != of(&self.new)
        });
        if is_torn && self.row.again == Again::WholeOrNot {
            let is_left = self.row.leaves.is_some_and(|begin| found.iter().any(|one| one.starts_with(begin)));
            assert!(
                code != 0 && (is_interrupted(&found) || is_left),
                "{told}: {code}: {found:?}: {}",
                left.against(&self.new)
            );
        }
        if left.strewn.contains("laptop/.git/secrets/journal.json") {
            // Where there is no store yet, the same command is what the gate names.
            let is_told =
                is_interrupted(&found) || found.iter().any(|one| one.contains("run `secrets init`"));
            assert!(code != 0 && is_told, "{told}: a journal is not told of: {code}: {found:?}");
        }
        // Files that no commit has are never deployed unseen.
        let is_committed = left.refs.get(MAIN) == self.new.refs.get(MAIN);
        if left.has_files_of(&self.new) && !left.has_files_of(&self.old) && !is_committed {
            assert!(code != 0, "{told}: what is in no commit passes: {found:?}");
        }
        left
    }

    /// What the gate or the message says to do next, or the same command again, comes to the old state or the new one
    /// and leaves nothing behind.
    fn recovers(&self, told: &str, mut left: State, ended: &Ended) {
        let mut said = ended.said.clone();
        let is_mending = self.seen.borrow().len().is_multiple_of(2);
        let mut is_interrupted_yet = is_interrupted(&verdict(&self.world).1);
        let commits = self.new.refs.get(MAIN) == Some(&"moved");
        if is_interrupted_yet && !is_mending && commits {
            self.next_writer();
            is_interrupted_yet = is_interrupted(&verdict(&self.world).1);
            if !is_interrupted_yet {
                add_one(&self.count.by_the_next);
            }
            left = self.reader.read(&self.world);
        }
        if is_interrupted_yet {
            let mended = self.world.run(&words(&["doctor", "--mend"]), "", &[], None);
            assert!(mended.said.contains("completed"), "{told}: {}", mended.said);
            left = self.reader.read(&self.world);
            let is_one = left.has_files_of(&self.old) || left.has_files_of(&self.new);
            assert!(is_one || self.row.again == Again::GoesOn, "{told}: {}", left.against(&self.new));
        }
        for attempt in 0.. {
            self.unlock(&said);
            let is_new = left.is(&self.new) && left.strewn.is_subset(&self.new.strewn);
            if is_new && verdict(&self.world) == self.new_verdict {
                break;
            }
            assert!(
                attempt < MOST_ATTEMPTS,
                "{told}: never done: {said}{}{:?}",
                left.against(&self.new),
                verdict(&self.world)
            );
            let is_ours = |strewn: &String| !strewn.ends_with(".lock");
            let is_whole = !left.strewn.iter().any(is_ours);
            if left.has_files_of(&self.new) && !left.has_files_of(&self.old) && is_whole {
                self.follow(told);
            } else {
                let again = self.world.run(&self.words, self.row.stdin, &[], None);
                assert!(again.signal.is_none(), "{told}: again: {}", again.said);
                said = again.said;
                if said.contains("policy knows no person named") {
                    // Policy was the first to change; of the rest the gate says who reads it still, and this for a remedy.
                    self.world.run(&words(&["reseal", "--all", "--as", "alice"]), "", &[], None);
                }
                if said.contains("then run `git push origin HEAD:main`") {
                    // What somebody else wrote meanwhile would go along, and is left to people.
                    self.by_hand(told, "git push -q origin HEAD:main");
                }
            }
            left = self.reader.read(&self.world);
            if self.row.again == Again::WholeOrNot {
                let is_one = left.has_files_of(&self.old) || left.has_files_of(&self.new);
                assert!(is_one, "{told}: again: {said}{}", left.against(&self.new));
            }
        }
    }

    /// Somebody has something else to write, and knows nothing of what befell the command before.
    fn next_writer(&self) {
        let add = ["add", NEXT, "--expires", "2028-01-01", "--owner", "team", "--as", "alice"];
        self.world.run(&words(&add), "next value", &[], None);
    }

    /// What lies here is whole, and only to be committed, which the gate says, or pushed, which every command says.
    fn follow(&self, told: &str) {
        // The remedy of files that are gone is to bring them back, because most are gone by mistake. Not so here.
        let report = self.world.check().json();
        let findings = report["findings"].as_array().unwrap();
        if findings.iter().any(|finding| finding["id"] == "uncommitted") {
            let remedy = "git add --all -- . && git commit -q -m 'As it shall be' -- .";
            self.by_hand(told, remedy);
        } else if self.reader.read(&self.world).strewn.iter().any(|strewn| strewn.ends_with(".lock")) {
            // Nothing is left to do, and whoever does the next thing hears of it.
            self.by_hand(told, "git commit -q --allow-empty -m 'Something else'");
        }
        if self.new.refs.get("origin.git refs/heads/main") == Some(&"moved") {
            self.by_hand(told, "git push -q origin HEAD:main");
        }
    }

    /// One lock after the other is told of.
    fn by_hand(&self, told: &str, command: &str) {
        let run = || self.world.sandbox.run(&self.world.laptop, "sh", ["-c", command]);
        let mut done = run();
        // A push succeeds although it can't note here what the remote has, and says so.
        for _ in 0..MOST_LOCKS {
            if done.code != 0 || done.stderr.contains(".lock'") {
                self.unlock(&done.stderr);
                done = run();
            }
        }
        assert_eq!(done.code, 0, "{told}: {command}: {}", done.stderr);
    }

    /// git's own locks are left to people, who are told of them by git.
    fn unlock(&self, said: &str) {
        for word in said.split(['\'', '"', ' ', '\n', ':']) {
            if word.ends_with(".lock") && word.contains("/.git/") && !word.contains("/.git/secrets/") {
                let path = self.world.laptop.join(word);
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Takes out what a git leaves that is killed when all that matters is on the remote: its locks on the note of what the
/// remote has, or on what is let go of because it was delivered. The next git tells of them.
fn without_leavings(left: &mut State) {
    let locks = |folder: &str| {
        let is_lock = move |one: &&String| one.contains(folder) && one.ends_with(".lock");
        left.strewn.iter().filter(is_lock).cloned().collect::<Vec<_>>()
    };
    let (notes, kept) = (locks("/.git/refs/remotes/"), locks("/.git/refs/secrets/rescue/"));
    if !kept.is_empty() {
        left.strewn.remove("laptop/.git/packed-refs.lock");
        left.refs.remove("laptop/.git refs/secrets/rescue/…");
    }
    left.strewn.retain(|one| !notes.contains(one) && !kept.contains(one));
}

pub fn is_interrupted(found: &[String]) -> bool {
    found.iter().any(|one| one.contains("doctor --mend"))
}

pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
