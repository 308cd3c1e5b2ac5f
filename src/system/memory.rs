//! What this process has in memory is nobody else's: when it crashes no image of it is left on a disk, and no other
//! process of the same user can look into it.

/// Sees to it, as far as the system can: it is no reason to fail where it can't.
pub fn keep_to_itself() {
    #[cfg(unix)]
    core_limit::lower();
    #[cfg(target_os = "linux")]
    dumps::refuse();
}

/// Starts a program that is the user's own, with the limit on cores that this process was started with.
pub fn with_the_limit_as_found<T>(start: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    core_limit::restore();
    let started = start();
    #[cfg(unix)]
    core_limit::lower();
    started
}

/// A core is written where its limit is above 0. Children have the limit too, but may raise it again: git, plugins and
/// editors get values in hand.
#[cfg(unix)]
mod core_limit {
    use std::sync::OnceLock;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    static FOUND: OnceLock<Option<u64>> = OnceLock::new();

    pub(super) fn lower() {
        let Rlimit { current, maximum } = getrlimit(Resource::Core);
        FOUND.get_or_init(|| current);
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }).ok();
    }

    pub(super) fn restore() {
        if let Some(current) = FOUND.get() {
            let Rlimit { maximum, .. } = getrlimit(Resource::Core);
            setrlimit(Resource::Core, Rlimit { current: *current, maximum }).ok();
        }
    }
}

/// A program that takes cores by itself (`core_pattern` with a pipe) goes by no limit, and a debugger waits for no crash.
#[cfg(target_os = "linux")]
mod dumps {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    /// What it starts can be looked into as ever: that the system settles anew with each program.
    pub(super) fn refuse() {
        // Whoever traces this process from its start sees all of it anyway: it would only show him less of the calls.
        if !is_traced() {
            set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
        }
    }

    fn is_traced() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() != "0")
    }
}
