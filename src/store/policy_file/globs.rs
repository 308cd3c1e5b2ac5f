//! The globs of a policy, of which there may be many and none may be large.

use super::super::toml::{Faults, Node};
use crate::domain::glob::Glob;

/// The longest glob, in bytes, and the most of them in one policy: each is compiled and kept in memory.
const MAX_GLOB_BYTES: usize = 1000;
const MAX_GLOBS: usize = 20_000;

/// Counts the globs that were read.
#[derive(Default)]
pub(super) struct Globs(usize);

impl Globs {
    pub fn one(&mut self, node: &Node<'_>, faults: &mut Faults) -> Option<Glob> {
        self.0 += 1;
        if self.0 > MAX_GLOBS {
            faults.at(node.line, format!("there are more than {MAX_GLOBS} globs: say the same with fewer"));
            return None;
        }
        if node.text(faults)?.len() > MAX_GLOB_BYTES {
            let message =
                format!("this glob is longer than {MAX_GLOB_BYTES} bytes: say the same with several");
            faults.at(node.line, message);
            return None;
        }
        node.parsed(faults)
    }

    /// The globs of an array that holds at least one, if it is there; `remedy` says what to write into an empty one.
    pub fn list(&mut self, node: Option<Node<'_>>, remedy: &str, faults: &mut Faults) -> Vec<Glob> {
        let elements = node.and_then(|node| node.elements(remedy, faults)).unwrap_or_default();
        elements.iter().filter_map(|element| self.one(element, faults)).collect()
    }

    /// One glob, or the globs of an array that holds at least one.
    pub fn one_or_more(&mut self, node: &Node<'_>, remedy: &str, faults: &mut Faults) -> Vec<Glob> {
        if node.is_array() {
            return self.list(Some(node.clone()), remedy, faults);
        }
        self.one(node, faults).into_iter().collect()
    }
}
