//! Work that is waited for in bounded time.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    TimedOut,
    /// The thread could not be started, or panicked inside a library.
    Broken,
}

/// Does `work` in a thread of its own and waits for it until `limit`. Work that is late is left to itself: there
/// is no way to stop a call into a library, and the thread doesn't keep the process from ending.
pub(super) fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unfinished> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || sender.send(work()).ok())
        .map_err(|_| Unfinished::Broken)?;
    receiver.recv_timeout(limit).map_err(|error| match error {
        RecvTimeoutError::Timeout => Unfinished::TimedOut,
        RecvTimeoutError::Disconnected => Unfinished::Broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_and_broken_work_is_told_apart() {
        assert_eq!(within(Duration::from_mins(1), || 7), Ok(7));
        let (keep, block) = mpsc::channel::<()>();
        assert_eq!(
            within(Duration::from_millis(20), move || block.recv().is_ok()),
            Err(Unfinished::TimedOut)
        );
        drop(keep);
        let broken = within(Duration::from_mins(1), || std::panic::resume_unwind(Box::new(())));
        assert_eq!(broken, Err::<(), _>(Unfinished::Broken));
    }
}
