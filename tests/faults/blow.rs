//! What befalls a command, and when.

use std::collections::BTreeMap;
use std::fs;

use crate::row::Row;
use crate::world::World;

/// All calls by which a process changes what is on the disk, and those by which it starts another one, or a thread.
const CALLS: &str = "write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,syncfs,?rename,?renameat,renameat2,?unlink,\
                     unlinkat,?mkdir,mkdirat,?rmdir,?link,linkat,?symlink,symlinkat,?chmod,fchmod,fchmodat,copy_file_range,\
                     flock,clone,clone3,?fork,?vfork";

/// What befalls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    Killed,
    /// This call, and it alone, fails so.
    Fails(&'static str),
    /// So does every call of that kind from there on.
    FailsFromThereOn(&'static str),
}

/// What befalls a call that changes a file.
pub const OF_FILES: [Blow; 7] = [
    Blow::Killed,
    Blow::Fails("ENOSPC"),
    Blow::FailsFromThereOn("EIO"),
    Blow::Fails("EACCES"),
    Blow::FailsFromThereOn("ENOSPC"),
    Blow::Fails("EIO"),
    Blow::FailsFromThereOn("EACCES"),
];

/// What befalls a call that starts something.
pub const OF_FORKS: [Blow; 5] = [
    Blow::Fails("EAGAIN"),
    Blow::Killed,
    Blow::FailsFromThereOn("EAGAIN"),
    Blow::Fails("ENOMEM"),
    Blow::FailsFromThereOn("ENOMEM"),
];

/// One instant: the n-th call of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub call: String,
    pub number: usize,
}

impl Moment {
    pub fn is_fork(&self) -> bool {
        self.call.contains("clone") || self.call.contains("fork")
    }

    /// All that may befall it.
    pub fn blows(&self) -> &'static [Blow] {
        if self.is_fork() { &OF_FORKS } else { &OF_FILES }
    }

    pub fn inject(&self, blow: Blow) -> String {
        let (call, number) = (&self.call, self.number);
        match blow {
            Blow::Killed => format!("inject={call}:signal=SIGKILL:when={number}"),
            Blow::Fails(error) => format!("inject={call}:error={error}:when={number}"),
            Blow::FailsFromThereOn(error) => format!("inject={call}:error={error}:when={number}+"),
        }
    }
}

/// What a run to the end does, call by call. The world is changed by it.
pub fn moments(world: &World, row: &Row, words: &[String]) -> Vec<Moment> {
    let log = world.path("whole.trace");
    let calls = format!("trace={CALLS}");
    let ended = world.run(words, row.stdin, &["-qq", "-y", "-e", &calls, "-o", log.to_str().unwrap()], None);
    assert_eq!(
        ended.code,
        Some(row.code),
        "{}: to its end where nothing befalls it: {}",
        row.command,
        ended.said
    );
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut moments = Vec::new();
    for line in fs::read_to_string(log).unwrap().lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let count = counts.entry(call.to_owned()).or_default();
        *count += 1;
        // Pipes and terminals are no files of ours.
        let is_elsewhere =
            call.contains("write") && !rest.contains(&format!("<{}", world.sandbox.root().display()));
        if !is_elsewhere {
            moments.push(Moment { call: call.to_owned(), number: *count });
        }
    }
    moments
}

/// Of each kind of call some: 0 is its first one, 1 one in the middle, 2 the last one.
pub fn of_each(moments: &[Moment], wanted: &[usize]) -> Vec<Moment> {
    let mut kinds: BTreeMap<&str, Vec<&Moment>> = BTreeMap::new();
    for moment in moments {
        kinds.entry(&moment.call).or_default().push(moment);
    }
    let mut chosen: Vec<Moment> = Vec::new();
    for (kind, of_kind) in kinds.values().enumerate() {
        for place in wanted {
            // Where only one is wanted it is not the same one of every kind.
            let place = if wanted.len() == 1 { (place + kind) % 3 } else { *place };
            let moment = of_kind[(of_kind.len() - 1) * place / 2];
            if !chosen.contains(moment) {
                chosen.push(moment.clone());
            }
        }
    }
    chosen
}
