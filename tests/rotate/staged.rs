//! What a stage and a walk must know of a provider, whichever it is.

use super::entra_standin::{APP, APP_KEY, APP_SECRET, CLIENT_SECRET, Call, Entra, Password};
use super::standin::{Standin, World};

/// A credential as it stands at its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub handle: String,
    /// What it was made for, where the provider lets it say so.
    pub mark: Option<String>,
    /// As it is sealed.
    pub value: String,
    /// Whether it opens anything.
    pub is_valid: bool,
}

/// What came to pass, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// With which of its credentials somebody asked for something.
    LoggedIn(String),
    Made(String),
    /// It is there, and opens nothing any more.
    Disabled(String),
    Removed(String),
}

pub trait Staged: World + Clone {
    /// How `rotator set` knows it.
    const KIND: &'static str;
    /// What is sealed before any rotation, and by what the provider knows it.
    const FIRST: &'static str;
    const FIRST_HANDLE: &'static str;
    const TAKES_MARKERS: bool;
    /// Where whoever rotates has what makes credentials.
    const ENVIRONMENT: &'static [(&'static str, &'static str)];

    fn start() -> Standin<Self>;
    /// What `rotator set` is told.
    fn words(standin: &Standin<Self>) -> Vec<String>;
    /// The eldest first.
    fn credentials(&self) -> Vec<Credential>;
    fn events(&self) -> &[Event];
    /// Whether it is for the sake of what it does, and not of what it answers.
    fn changes(call: Self::Call) -> bool;
}

impl Staged for Entra {
    const KIND: &'static str = "entra-app-password";
    const FIRST: &'static str = APP_SECRET;
    const FIRST_HANDLE: &'static str = APP_KEY;
    const TAKES_MARKERS: bool = true;
    const ENVIRONMENT: &'static [(&'static str, &'static str)] = &[("GRAPH", CLIENT_SECRET)];

    fn start() -> Standin<Self> {
        Standin::<Self>::start()
    }

    fn words(standin: &Standin<Self>) -> Vec<String> {
        standin.words(APP, "env:GRAPH")
    }

    fn credentials(&self) -> Vec<Credential> {
        let credential = |one: &Password| Credential {
            handle: one.key_id.clone(),
            mark: one.name.clone(),
            value: one.secret.clone(),
            is_valid: true,
        };
        self.passwords(APP).iter().map(credential).collect()
    }

    fn events(&self) -> &[Event] {
        &self.events
    }

    fn changes(call: Call) -> bool {
        [Call::Add, Call::Remove].contains(&call)
    }
}
