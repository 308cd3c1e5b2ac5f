//! A panic is a fault of ours. It must neither print what it was working on nor look like a pass.
//!
//! It ends the process where it stands: a release has no tables to unwind by. What would be left behind then is looked
//! after by a [`Duty`].

use std::collections::BTreeMap;
use std::io::Write as _;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a command that could not do what it was asked ends with.
const COULD_NOT: i32 = 2;

static DUTIES: Mutex<BTreeMap<u64, Box<dyn Fn() + Send>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Something that a `drop` does in good time, and that has to be done also where the process ends by a panic.
pub struct Duty(u64);

impl Duty {
    pub fn new(work: impl Fn() + Send + 'static) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        duties().insert(number, Box::new(work));
        Self(number)
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        duties().remove(&self.0);
    }
}

fn duties() -> MutexGuard<'static, BTreeMap<u64, Box<dyn Fn() + Send>>> {
    DUTIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the work, and where it panics, in whatever thread, says where and nothing else, because a message of a panic may
/// hold a value; then the process has ended.
pub fn contained(work: impl FnOnce() -> u8) -> u8 {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        std::io::stderr()
            .write_fmt(format_args!("error: this is a fault of secrets itself ({place}); please report it\n"))
            .ok();
        // Held until the end: a second thread that panics waits for what the first one looks after.
        let duties = duties();
        duties.values().for_each(|work| work());
        #[expect(clippy::exit, reason = "nothing can go on behind a fault of ours")]
        std::process::exit(COULD_NOT);
    }));
    work()
}
