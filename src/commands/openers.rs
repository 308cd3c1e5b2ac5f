//! Many sealed values, opened with the identities at hand: in parallel with those that ask nobody, one at a time with
//! those that ask a person.

use crate::domain::key::KeyKind;
use crate::observe::identities::{Identities, State};
use crate::seal::identity::{Identity, IdentityKind};
use crate::seal::opening::OpenError;
use crate::system::threads::{IndexedParallelIterator as _, ParallelIterator as _, Shared as _};

/// Why an attempt came to nothing.
pub enum Refusal {
    /// None of these identities opens it; others may.
    NotForThese,
    /// One of them would have, but could not be used; others may.
    Unusable(String),
    /// No identity will do.
    Final(String),
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotForYou | OpenError::NoIdentity => Self::NotForThese,
            OpenError::Identity(error) => Self::Unusable(error.to_string()),
            OpenError::Header(_) | OpenError::Corrupted(_) | OpenError::TooLarge => {
                Self::Final(error.to_string())
            }
        }
    }
}

/// A value to be opened.
pub struct Task<T> {
    pub work: T,
    /// The work asks a person too, whatever opens it: a hardware key is sealed to.
    pub asks: bool,
}

/// What is done with one value and some identities.
type Attempt<'a, T, R> = dyn Fn(&T, &[Identity]) -> Result<R, Refusal> + Sync + 'a;

/// Does the work on every value with the first source of identities that fits. What none fits is answered with why.
/// The answers are in the order of the tasks.
pub fn each<T, R>(
    identities: &mut Identities<'_>,
    tasks: &[Task<T>],
    attempt: &Attempt<'_, T, R>,
) -> Vec<Result<R, String>>
where
    T: Sync,
    R: Send,
{
    let mut round = Round { tasks, attempt, answers: tasks.iter().map(|_| Answer::Open(None)).collect() };
    let mut position = 0;
    while round.is_open()
        && let Some(found) = identities.at(position)
    {
        match &found.state {
            State::Identities(all) => round.try_source(all),
            // What was named on purpose and can't be used is a mistake, and no other identity is meant.
            State::Unusable { why, remedy } if found.source.is_explicit() => {
                round.end(&format!("{why}: {remedy}"));
            }
            State::Unusable { .. } | State::Absent(_) => {}
        }
        position += 1;
    }
    let nothing = identities.why_none_opens();
    round.answers.into_iter().map(|answer| answer.settle(&nothing)).collect()
}

enum Answer<R> {
    /// With what kept the last identity that might have opened it.
    Open(Option<String>),
    Settled(Result<R, String>),
}

impl<R> Answer<R> {
    fn settle(self, nothing: &str) -> Result<R, String> {
        match self {
            Self::Settled(result) => result,
            Self::Open(failed) => Err(failed.unwrap_or_else(|| nothing.to_owned())),
        }
    }
}

struct Round<'t, T, R> {
    tasks: &'t [Task<T>],
    attempt: &'t Attempt<'t, T, R>,
    answers: Vec<Answer<R>>,
}

impl<T: Sync, R: Send> Round<'_, T, R> {
    fn is_open(&self) -> bool {
        self.answers.iter().any(|answer| matches!(answer, Answer::Open(_)))
    }

    fn end(&mut self, why: &str) {
        for answer in &mut self.answers {
            if matches!(answer, Answer::Open(_)) {
                *answer = Answer::Settled(Err(why.to_owned()));
            }
        }
    }

    fn try_source(&mut self, identities: &[Identity]) {
        let mut tried = 0;
        tried = self.in_parallel(identities, tried);
        if identities.iter().all(is_quiet) && self.tasks.iter().all(|task| !task.asks) {
            return;
        }
        for position in 0..self.tasks.len() {
            self.try_one(position, identities);
            // A passphrase that was given for one frees the key for all others.
            if identities.iter().filter(|identity| is_quiet(identity)).count() > tried {
                tried = self.in_parallel(identities, tried);
            }
        }
    }

    /// Tries those that ask nobody on all that is open; answers how many they are.
    fn in_parallel(&mut self, identities: &[Identity], tried: usize) -> usize {
        let quiet: Vec<&Identity> = identities.iter().filter(|identity| is_quiet(identity)).collect();
        if quiet.len() == tried {
            return tried;
        }
        let (tasks, attempt) = (self.tasks, self.attempt);
        let try_all = |task: &Task<T>, answer: &mut Answer<R>| {
            for identity in &quiet {
                if matches!(answer, Answer::Settled(_)) || task.asks {
                    return;
                }
                take(answer, attempt(&task.work, std::slice::from_ref(identity)));
            }
        };
        match (tasks, self.answers.as_mut_slice()) {
            // To start the threads would take longer than to open it.
            ([task], [answer]) => try_all(task, answer),
            (tasks, answers) => {
                let both = tasks.par_iter().zip(answers.par_iter_mut());
                both.for_each(|(task, answer)| try_all(task, answer));
            }
        }
        quiet.len()
    }

    fn try_one(&mut self, position: usize, identities: &[Identity]) {
        let (Some(task), Some(answer)) = (self.tasks.get(position), self.answers.get_mut(position)) else {
            return;
        };
        if matches!(answer, Answer::Open(_)) {
            take(answer, (self.attempt)(&task.work, identities));
        }
    }
}

fn take<R>(answer: &mut Answer<R>, result: Result<R, Refusal>) {
    match result {
        Ok(done) => *answer = Answer::Settled(Ok(done)),
        Err(Refusal::Final(why)) => *answer = Answer::Settled(Err(why)),
        Err(Refusal::Unusable(why)) => *answer = Answer::Open(Some(why)),
        Err(Refusal::NotForThese) => {}
    }
}

/// Whether it opens what it fits without anybody's help.
pub fn is_quiet(identity: &Identity) -> bool {
    let is_plugin = matches!(identity.kind(), IdentityKind::Key(KeyKind::Plugin(_)));
    !is_plugin && !identity.is_locked()
}
