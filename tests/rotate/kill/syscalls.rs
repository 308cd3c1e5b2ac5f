//! Killed on entering each call that changes what is on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::Ordering;

use super::walk::{Blow, Walk};
use super::{GIVE_UP, GO_BACK, RETIRE, ROTATE};
use crate::staged::Staged;

/// All calls by which a process changes what is on the disk.
const CALLS: &str = "write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,?rename,?renameat,renameat2,?unlink,\
                     unlinkat,?mkdir,mkdirat,?rmdir,?link,linkat,?symlink,symlinkat,?chmod,fchmod,fchmodat,copy_file_range";

impl<W: Staged> Walk<W> {
    /// What a step to which nothing happens does to files, call by call.
    fn moments(&self, step: usize) -> Vec<Blow> {
        let log = self.stage.sandbox.path("whole.trace");
        let calls = format!("trace={CALLS}");
        let status = self.traced(step, &["-qq", "-y", "-e", &calls, "-o", log.to_str().unwrap()]);
        assert!(status.success(), "it comes to its end where nothing befalls it: {status}");
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut moments = Vec::new();
        for line in fs::read_to_string(log).unwrap().lines() {
            let Some((call, rest)) = line.split_once('(') else { continue };
            let count = counts.entry(call.to_owned()).or_default();
            *count += 1;
            // Pipes, sockets and terminals are no files of ours.
            let is_elsewhere = call.contains("write")
                && !rest.contains(&format!("<{}", self.stage.sandbox.root().display()));
            if !is_elsewhere {
                moments.push(Blow::Syscall(call.to_owned(), *count));
            }
        }
        moments
    }

    /// Strikes at every such call whose place in the row leaves this rest, so that several tests share them.
    pub fn each_call(&self, step: usize, (rest, of): (usize, usize), least: usize) -> BTreeSet<String> {
        let moments = self.moments(step);
        assert!(moments.len() >= least, "hardly anything was seen to be written: {moments:?}");
        let mine = moments.iter().enumerate().filter(|(place, _)| place % of == rest);
        let states = mine.map(|(_, moment)| self.strike(step, moment)).collect();
        let missed = self.missed.load(Ordering::SeqCst);
        assert!(missed * 10 <= moments.len(), "{missed} of {moments:?} did not come about");
        states
    }
}

#[test]
fn killed_at_any_write_it_is_gone_on_with_first_half() {
    let states = Walk::new(&[ROTATE, RETIRE]).each_call(0, (0, 2), 40);
    assert!(states.contains("none") && states.contains("planned") && states.contains("sealed"), "{states:?}");
}

#[test]
fn killed_at_any_write_it_is_gone_on_with_second_half() {
    let states = Walk::new(&[ROTATE, RETIRE]).each_call(0, (1, 2), 40);
    assert!(states.contains("none") && states.contains("planned") && states.contains("sealed"), "{states:?}");
}

#[test]
fn killed_at_any_write_it_is_retired() {
    let states = Walk::new(&[ROTATE, RETIRE]).each_call(1, (0, 1), 12);
    assert!(states.contains("verified") && states.contains("none"), "{states:?}");
}

#[test]
fn killed_at_any_write_it_is_aborted() {
    let walk = Walk::new(&[ROTATE, GO_BACK, GIVE_UP]);
    let mut states = walk.each_call(1, (0, 1), 12);
    states.extend(walk.each_call(2, (0, 1), 12));
    assert!(
        states.contains("verified") && states.contains("aborted") && states.contains("none"),
        "{states:?}"
    );
}
