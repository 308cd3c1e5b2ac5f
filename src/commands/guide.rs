//! The first minute: from nothing to a first true `check`, step by step, with somebody at a terminal.
//!
//! Each question has a default or can be left; each step says what it did. Whoever leaves, at any point, leaves a store
//! that is valid and hears how to go on.

mod company;
mod deploys;
mod mine;

use super::writing::push_commit;
use super::{CommandError, Session, founding, overview, reporting};
use crate::cli::{Check, Init, Publish};
use crate::domain::name::ActorName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::text::push_command;
use crate::observe::place::Place;
use crate::render;
use crate::render::overview::{Next, next_steps, paragraph};
use crate::store::policy_edit::NewActor;
use crate::system::terminal::{PromptError, Question};

/// How many steps there are.
const STEPS: usize = 5;

pub fn run(session: &Session, arguments: &Init, place: &Place) -> Result<u8, CommandError> {
    let mut guide = Guide { session, place, step: 0, pushes: false };
    let begun = guide.make_store(arguments).map_err(|error| {
        if error.is_interruption() {
            error.hint("no store was made; to begin again: secrets init")
        } else {
            error
        }
    });
    let me = begun?;
    match guide.go_on(&me) {
        Ok(()) => Ok(0),
        Err(error) if error.is_interruption() => {
            guide.leave()?;
            Ok(2)
        }
        Err(error) => Err(error),
    }
}

/// Who walks a newcomer through.
struct Guide<'a> {
    session: &'a Session,
    place: &'a Place,
    step: usize,
    /// Whether each commit is pushed as it is made.
    pushes: bool,
}

impl Guide<'_> {
    /// The steps up to the store; before its end nothing is written but a key of mine.
    fn make_store(&mut self, arguments: &Init) -> Result<ActorName, CommandError> {
        let session = self.session;
        self.tell(
            "A store for credentials in this repository, in five steps. In [brackets] stands what Enter answers; Ctrl-C \
             leaves, and what is done until then stays done.",
        )?;
        self.begin("your key")?;
        let keys = self.my_keys(&arguments.keys)?;
        self.begin("the store")?;
        let person = match &arguments.person {
            Some(person) => person.clone(),
            None => self.my_name()?,
        };
        let deploy_ref = match &arguments.deploy_ref {
            Some(deploy_ref) => deploy_ref.clone(),
            None => self.deploy_ref()?,
        };
        self.pushes = match &deploy_ref {
            DeployRef::None => false,
            DeployRef::Branch { .. } if arguments.publish.push => true,
            DeployRef::Branch { .. } => {
                let what = format!("push each step to {deploy_ref}");
                session.terminal.confirm(Question { what: &what, remedy: "give --push" }, true)?
            }
        };
        let new = NewActor { name: &person, keys: &keys, groups: &[] };
        founding::make(session, self.place, &deploy_ref, new, &PUSHED_LATER)?;
        let folder = &self.place.folder;
        self.tell(&format!(
            "made {folder}/policy.toml (who reads what, and how strictly it is judged) and {folder}/.gitattributes; \
             {person} is its first person"
        ))?;
        self.push(&deploy_ref, founding::MESSAGE)?;
        Ok(person)
    }

    /// What makes the store worth its name: company, a secret, and the gate.
    fn go_on(&mut self, me: &ActorName) -> Result<(), CommandError> {
        self.begin("the second person")?;
        self.second_person(me)?;
        self.begin("the first secret")?;
        self.first_secret(me)?;
        self.begin("the first check")?;
        self.check()
    }

    /// The gate, as it will run before every deploy, and what it still misses.
    fn check(&self) -> Result<(), CommandError> {
        let session = self.session;
        let report = reporting::report(session, &Check::default());
        session.say("$ secrets check")?;
        session.say("")?;
        session.print(render::human::render(&report, session.style()))?;
        let policy = self.place.policy().ok();
        let mut next = overview::of(&report, policy.as_ref(), Vec::new()).next;
        // A branch that is not there yet has no finding that says so: it can't be asked for.
        let push = policy.as_ref().and_then(|policy| self.push_that_is_left(policy));
        if let Some(push) = push.filter(|push| next.iter().all(|next| next.command != push.command)) {
            next.insert(0, push);
        }
        session.print(next_steps(&next, session.style()))
    }

    /// What stands, and how to go on, for somebody who leaves halfway.
    fn leave(&self) -> Result<(), CommandError> {
        let mut next = Vec::new();
        if let Ok(policy) = self.place.policy() {
            if policy.people.len() == 1 {
                next.push(overview::second_person(&policy));
            }
            if self.place.list().secrets.is_empty() {
                next.push(overview::first_secret());
            }
            next.extend(self.push_that_is_left(&policy));
        }
        next.push(Next::new("secrets", "where things stand"));
        self.session.say("")?;
        self.tell("Left here; all that was said to be done stays done.")?;
        self.session.say(next_steps(&next, self.session.style_beside()).trim_end())
    }

    /// The push that somebody wanted to do by themselves, or that failed.
    fn push_that_is_left(&self, policy: &Policy) -> Option<Next> {
        let DeployRef::Branch { remote, branch } = &policy.deploy_ref else { return None };
        let why = format!("bring it to {}", policy.deploy_ref);
        (!self.pushes).then(|| Next::new(push_command(remote, branch), why))
    }

    /// Pushes what was committed last. That it could not be pushed ends nothing: the commit stands, and it is said.
    fn push(&mut self, deploy_ref: &DeployRef, topic: &str) -> Result<(), CommandError> {
        let DeployRef::Branch { remote, branch } = deploy_ref else { return Ok(()) };
        let repository = super::session::repository(self.place)?;
        if let (true, Some(commit)) = (self.pushes, repository.head()?) {
            let Err(error) = push_commit(self.session, repository, deploy_ref, commit, topic) else {
                return Ok(());
            };
            self.tell_error(&error)?;
            self.pushes = false;
        }
        self.tell(&format!("NOT on {deploy_ref} yet: a deploy still has the old state. To push:"))?;
        self.session.say(format!("  $ {}", push_command(remote, branch)))
    }

    /// The heading of the next step.
    fn begin(&mut self, what: &str) -> Result<(), CommandError> {
        self.step += 1;
        self.session.say("")?;
        self.session.say(format!("Step {} of {STEPS}: {what}", self.step))
    }

    /// Says a text, broken to the width of the window.
    fn tell(&self, text: &str) -> Result<(), CommandError> {
        self.session.say(paragraph(0, text, self.session.style_beside()).trim_end())
    }

    /// The same, set in.
    fn tell_inside(&self, text: &str) -> Result<(), CommandError> {
        self.session.say(paragraph(2, text, self.session.style_beside()).trim_end())
    }

    /// Says why something did not work, and goes on.
    fn tell_error(&self, error: &CommandError) -> Result<(), CommandError> {
        self.tell_inside(&error.to_string())?;
        error.hints().iter().try_for_each(|hint| self.session.say(format!("    {hint}")))
    }

    /// Asks for a line; `None` for nothing, or `later`.
    fn ask_or_leave<T, E: std::fmt::Display>(
        &self,
        what: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, PromptError> {
        let question = Question { what, remedy: "see `secrets init --help`" };
        let answer = |answer: &str| match answer {
            "" | "later" => Ok(None),
            answer => read(answer).map(Some),
        };
        self.session.terminal.ask_line(question, Some(""), answer)
    }

    fn policy(&self) -> Result<Policy, CommandError> {
        Ok(self.place.policy()?)
    }
}

/// The guide itself pushes what its steps commit.
const PUSHED_LATER: Publish = Publish { no_commit: false, push: false, is_pushed_later: true };
