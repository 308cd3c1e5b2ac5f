//! Progress of what takes long, on standard error.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Terminal;

/// What is over by then needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// Fewer columns than this have no room for one.
const LEAST_WIDTH: u16 = 40;

/// A progress bar, or a spinner where the amount of work isn't known. It appears when the work has taken a second,
/// on a terminal only, and is gone without a trace when this is dropped.
pub struct Progress {
    bar: ProgressBar,
    watch: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Terminal {
    /// `total` is the number of steps, where it is known.
    pub fn progress(&self, what: &str, total: Option<u64>) -> Progress {
        let has_room =
            terminal_size::terminal_size_of(std::io::stderr()).is_some_and(|(w, _)| w.0 >= LEAST_WIDTH);
        if !self.stderr_is_terminal || !has_room || self.is_dumb {
            return Progress { bar: ProgressBar::hidden(), watch: None };
        }
        Progress::drawn_on(ProgressDrawTarget::stderr, what, total, PATIENCE)
    }
}

impl Progress {
    fn drawn_on(
        target: impl FnOnce() -> ProgressDrawTarget + Send + 'static,
        what: &str,
        total: Option<u64>,
        patience: Duration,
    ) -> Self {
        let template = if total.is_some() { "{msg} [{bar:20}] {pos}/{len}" } else { "{spinner} {msg}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden())
            .with_style(style.progress_chars("=> ").tick_chars("|/-\\ "))
            .with_message(what.to_owned());
        let (ended, end) = mpsc::channel();
        let shown = bar.clone();
        let watch = thread::Builder::new().spawn(move || {
            // A thread of its own shows it also while a single step hangs.
            if end.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(target());
                shown.enable_steady_tick(Duration::from_millis(100));
            }
        });
        // Without a thread there is no bar; the work goes on.
        Self { bar, watch: watch.ok().map(|thread| (ended, thread)) }
    }

    /// Counts steps that are done. May be called from many threads.
    pub fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((ended, thread)) = self.watch.take() {
            drop(ended);
            thread.join().ok();
        }
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// All that was written since the screen's one line was last cleared.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl Screen {
        fn target(&self) -> impl FnOnce() -> ProgressDrawTarget + use<> {
            let screen = self.clone();
            || ProgressDrawTarget::term_like(Box::new(screen))
        }

        fn shows(&self) -> String {
            self.0.lock().unwrap().clone()
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn short_work_shows_nothing_and_long_work_a_bar_that_is_cleared() {
        let screen = Screen::default();
        let progress = Progress::drawn_on(screen.target(), "checking", Some(10), Duration::from_mins(10));
        progress.advance(3);
        drop(progress);
        assert_eq!(screen.shows(), "");

        let progress = Progress::drawn_on(screen.target(), "checking", Some(10), Duration::ZERO);
        progress.advance(3);
        while !screen.shows().contains("3/10") {
            thread::yield_now();
        }
        assert!(screen.shows().contains("checking [======>"), "{}", screen.shows());
        drop(progress);
        assert_eq!(screen.shows(), "");
    }
}
