//! Files that other tools have sealed, for the commands that count what somebody holds.

use std::collections::BTreeMap;

use super::{CommandError, Session};
use crate::domain::access::{self, Holders};
use crate::domain::finding::Unknown;
use crate::domain::foreign::{Contents, SealedFormat};
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::text::{counted, few, shell_word, visible};
use crate::domain::tracked_facts::FileFacts;
use crate::observe::place::Place;
use crate::observe::selection::Selection;
use crate::observe::tracked::TrackedFiles;
use crate::observe::trees::{Ask, Trees};
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// How many files a line names.
const MOST_NAMED: usize = 6;

/// The files that policy tracks, and what of them can't be read: whoever counts must name that.
#[derive(Default)]
pub struct HeldFiles {
    pub files: Vec<FileFacts>,
    pub unread: Vec<Unknown>,
}

impl HeldFiles {
    pub fn read(place: &Place, policy: &Policy) -> Self {
        if policy.track.is_none() {
            return Self::default();
        }
        let trees = Trees::observe(place, policy, Ask::LeaveOut);
        let tracked = match TrackedFiles::observe(place, policy, &trees, &Selection::All) {
            Ok(Some(tracked)) => tracked,
            Ok(None) => return Self::default(),
            Err(unknown) => return Self { files: Vec::new(), unread: vec![unknown] },
        };
        let files: Vec<FileFacts> = tracked.files.par_iter().filter_map(|path| tracked.file(path)).collect();
        let unread = files.iter().filter_map(unread).chain(tracked.unknowns.iter().cloned()).collect();
        Self { files, unread }
    }

    /// Each that is sealed, and who can open it.
    pub fn holders(&self, policy: &Policy) -> impl Iterator<Item = (&FileFacts, Holders)> {
        self.files.iter().filter_map(move |file| Some((file, holders(file, policy)?)))
    }

    /// Those that name a key of this very actor, not one behind which they are.
    pub fn naming(&self, policy: &Policy, name: &ActorName) -> Vec<&FileFacts> {
        self.holders(policy).filter(|(_, holders)| holders.names(name)).map(|(file, _)| file).collect()
    }
}

/// Who can open a file; `None` where it is not sealed, or can't be read.
pub fn holders(file: &FileFacts, policy: &Policy) -> Option<Holders> {
    Some(access::holders(file.access().ok()??, policy, &file.claimed_readers))
}

fn unread(file: &FileFacts) -> Option<Unknown> {
    if let Ok(Some(Contents::Damaged(damage))) = &file.contents {
        return Some(Unknown::new(file.name.as_str(), damage.to_string()));
    }
    file.contents.as_ref().err().or(file.secrets.as_ref().err()).cloned()
}

/// Tells which files name a key of somebody who is about to be removed, or of whom a key is: no tool but the one that
/// sealed a file takes it out of there. `policy` is the one before, with just those keys of theirs that go.
pub fn tell_named(
    session: &Session,
    held: &HeldFiles,
    policy: &Policy,
    name: &ActorName,
) -> Result<(), CommandError> {
    let naming = held.naming(policy, name);
    let mut by_tool = BTreeMap::<(&str, &str), Vec<&FileFacts>>::new();
    for file in &naming {
        by_tool.entry(file.format().map_or(("", ""), tool_of)).or_default().push(file);
    }
    for ((tool, how), files) in by_tool {
        let paths: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let (count, shown) = (counted(files.len(), "file"), few(&paths, MOST_NAMED));
        let names = if files.len() == 1 { "names" } else { "name" };
        let told = format!("{count} sealed by {tool} still {names} a key of {name}: {shown}");
        session.say(visible(&told))?;
        let first = paths.first().map(|path| shell_word(path)).unwrap_or_default();
        session.say(visible(&format!("  {}", how.replace("FILE", &first))))?;
    }
    if !naming.is_empty() {
        session.say(format!("what is sealed there {name} knows: give each a new value"))?;
    }
    Ok(())
}

/// The tool that sealed a file, and what takes a key out of it.
fn tool_of(format: SealedFormat) -> (&'static str, &'static str) {
    match format {
        SealedFormat::SopsYaml
        | SealedFormat::SopsJson
        | SealedFormat::SopsDotenv
        | SealedFormat::SopsIni
        | SealedFormat::SopsBinary => {
            ("sops", "take it out of .sops.yaml, then `sops updatekeys FILE`, each in turn")
        }
        SealedFormat::Age | SealedFormat::AgeArmored => ("age", "open and seal each again to those who stay"),
        SealedFormat::GitCrypt => (
            "git-crypt",
            "it takes nobody's copy of its key back: seal with a new key, `git-crypt init` from scratch",
        ),
        SealedFormat::SealedSecrets => ("SealedSecrets", "seal each again"),
        SealedFormat::AnsibleVault => {
            ("ansible-vault", "give each another password: `ansible-vault rekey FILE`")
        }
    }
}
