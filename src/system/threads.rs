//! The threads among which work is shared, started when there is something to share, and not before: most commands have
//! nothing.
//!
//! Left to itself, the pool panics where the system gives it no thread: a full process table would read as a fault of this
//! program. So nobody else names it, and whoever shares work starts it here first.

use std::num::NonZero;
use std::sync::{Once, OnceLock, mpsc};
use std::thread;

pub use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator};
use rayon::{ThreadBuilder, ThreadPoolBuilder};

use super::environment::Environment;

static WANTED: OnceLock<usize> = OnceLock::new();
static STARTED: Once = Once::new();

/// Notes how many there are to be: as many as `RAYON_NUM_THREADS` says, else as there are processors.
pub fn heed(environment: &Environment) {
    let wanted = environment.var("RAYON_NUM_THREADS").and_then(|number| number.parse().ok());
    if let Some(wanted) = wanted.filter(|number| *number > 0) {
        WANTED.get_or_init(|| wanted);
    }
}

/// What can be shared, piece by piece. Called as the methods of the pool's own traits are.
pub trait Shared {
    fn par_iter<'d>(&'d self) -> <Self as IntoParallelRefIterator<'d>>::Iter
    where
        Self: IntoParallelRefIterator<'d>,
    {
        start();
        IntoParallelRefIterator::par_iter(self)
    }

    fn par_iter_mut<'d>(&'d mut self) -> <Self as IntoParallelRefMutIterator<'d>>::Iter
    where
        Self: IntoParallelRefMutIterator<'d>,
    {
        start();
        IntoParallelRefMutIterator::par_iter_mut(self)
    }

    fn into_par_iter(self) -> <Self as IntoParallelIterator>::Iter
    where
        Self: IntoParallelIterator + Sized,
    {
        start();
        IntoParallelIterator::into_par_iter(self)
    }
}

impl<T: ?Sized> Shared for T {}

/// Does two things at once where there are threads for it.
pub fn join<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    start();
    rayon::join(one, other)
}

/// Has what work shares run among this many threads of its own, however many processors there are.
pub fn bounded<R: Send>(at_once: usize, work: impl FnOnce() -> R + Send) -> R {
    match ThreadPoolBuilder::new().num_threads(at_once).build() {
        Ok(pool) => pool.install(work),
        // No threads are to be had: it is slower without.
        Err(_) => work(),
    }
}

/// Starts as many as were wanted; fewer where the system gives no more, and where it gives none the work is done by who
/// asks for it. Only the first call does anything; it comes from the main thread, because no other one shares work but those
/// that are started here.
fn start() {
    // Whoever is in a pool shares with it.
    if rayon::current_thread_index().is_some() {
        return;
    }
    STARTED.call_once(|| {
        let processors = || thread::available_parallelism().map_or(1, NonZero::get);
        start_all(WANTED.get().copied().unwrap_or_else(processors));
    });
}

fn start_all(wanted: usize) {
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
