//! stub
use super::foreign::{Access, ForeignKey};
use super::name::ActorName;
use super::policy::Policy;
use std::collections::BTreeSet;
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holders {
    pub alone: BTreeSet<ActorName>,
    pub together: BTreeSet<ActorName>,
    pub machines: BTreeSet<ActorName>,
    pub shared: BTreeSet<ActorName>,
    pub unmatched: Vec<ForeignKey>,
    pub misfit: Option<String>,
}
pub fn holders(_access: &Access, _policy: &Policy, _claimed: &[ActorName]) -> Holders {
    Holders::default()
}
