//! A panic is a fault of ours. It must neither print what it was working on nor look like a pass.

use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};

/// What a command that could not do what it was asked ends with.
const COULD_NOT: u8 = 2;

/// Does the work, and where it panics, in whatever thread, says where and nothing else: a message of a panic may hold a
/// value.
pub fn contained(work: impl FnOnce() -> u8) -> u8 {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        std::io::stderr()
            .write_fmt(format_args!("error: this is a fault of secrets itself ({place}); please report it\n"))
            .ok();
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(COULD_NOT)
}
