//! The threads among which work is shared, started before anything is shared among them.
//!
//! Left to itself, the pool starts them when they are first needed, and panics where the system gives it none: a full
//! process table would read as a fault of this program.

use std::num::NonZero;
use std::sync::{Once, mpsc};
use std::thread;

use rayon::{ThreadBuilder, ThreadPoolBuilder};

use super::environment::Environment;

static READY: Once = Once::new();

/// Starts as many as there are processors, or as `RAYON_NUM_THREADS` says; fewer where the system gives no more, and
/// where it gives none the work is done by who asks for it. Only the first call does anything; it must come from the main
/// thread.
pub fn ready(environment: &Environment) {
    READY.call_once(|| {
        let wanted = environment.var("RAYON_NUM_THREADS").and_then(|number| number.parse().ok());
        let processors = || thread::available_parallelism().map_or(1, NonZero::get);
        start(wanted.filter(|number| *number > 0).unwrap_or_else(processors));
    });
}

fn start(wanted: usize) {
    // A pool that could not be built can't be built again, so whoever is to be in it waits for that.
    let mut waiting: Vec<mpsc::Sender<ThreadBuilder>> = (0..wanted).map_while(|_| hire()).collect();
    let number = waiting.len();
    let built = if number == 0 {
        ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()
    } else {
        let set_to_work = |thread: ThreadBuilder| {
            let hired = waiting.pop().ok_or(std::io::ErrorKind::WouldBlock)?;
            hired.send(thread).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
        };
        ThreadPoolBuilder::new().num_threads(number).spawn_handler(set_to_work).build_global()
    };
    // Whoever has built one before us has one that works.
    built.ok();
}

/// A thread that waits for its work; none where the system gives no more.
fn hire() -> Option<mpsc::Sender<ThreadBuilder>> {
    let (sender, work) = mpsc::channel::<ThreadBuilder>();
    let body = move || {
        if let Ok(thread) = work.recv() {
            thread.run();
        }
    };
    thread::Builder::new().spawn(body).ok().map(|_| sender)
}
