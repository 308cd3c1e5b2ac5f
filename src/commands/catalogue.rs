//! What a name can mean, whoever sealed it: for the commands that speak of secrets of the store and of tracked ones.

use std::collections::{BTreeMap, BTreeSet};

use super::CommandError;
use super::other_tools::{as_tracked, no_such_secret};
use super::taking_over::MOST_VALUES;
use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::facts::Inside;
use crate::domain::foreign::{Contents, ForeignFile};
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::domain::text::{counted, shell_word, visible};
use crate::domain::time::Instant;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::domain::tracking::kind_of;
use crate::observe::place::Place;
use crate::observe::selection::Selection;
use crate::observe::tracked::{TrackedFiles, whole};
use crate::observe::trees::{Ask, Trees};
use crate::store::near_miss::nearest;
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// Every secret that can be meant.
#[derive(Default)]
pub struct Catalogue {
    own: BTreeSet<SecretName>,
    tracked: BTreeMap<TrackedName, TrackedValue>,
    /// What is meant only by its own name: values that policy calls no secrets, the many that nobody decided, and files
    /// as a whole.
    by_name: BTreeMap<TrackedName, TrackedValue>,
    /// Files of which nobody can say what is in them, with why.
    unread: BTreeMap<String, String>,
}

/// A secret that another tool sealed, as it stands in its file.
pub struct TrackedValue {
    pub secret: TrackedSecret,
    /// When its tool last wrote the file.
    modified: Option<Instant>,
    data_key: Option<Digest>,
}

/// Which secret is meant.
#[derive(Clone, Copy)]
pub enum Meant<'c> {
    Own(&'c SecretName),
    Tracked(&'c TrackedValue),
}

impl Meant<'_> {
    pub fn name(&self) -> CredentialName {
        match self {
            Self::Own(name) => (*name).clone().into(),
            Self::Tracked(value) => value.secret.name.clone().into(),
        }
    }
}

impl TrackedValue {
    /// Whether its record speaks of another ciphertext than the one that stands there.
    pub fn is_behind(&self) -> bool {
        self.secret.claim.as_ref().is_some_and(|claim| claim.seen != Some(self.secret.seen))
    }

    /// Its record, or a new one for what stands there now.
    pub fn claim(&self) -> Claim {
        self.secret.claim.clone().unwrap_or_else(|| Claim {
            set_at: self.modified,
            seen: Some(self.secret.seen),
            data_key: self.data_key,
            ..Claim::default()
        })
    }
}

impl Catalogue {
    /// Every secret of the store, and every one that is tracked.
    pub fn of_everything(place: &Place, policy: &Policy) -> Result<Self, CommandError> {
        let mut catalogue = Self { own: own(place), ..Self::default() };
        catalogue.look(place, policy, &Selection::All)?;
        Ok(catalogue)
    }

    /// The secrets of the store, and those of the files that these names and globs speak of.
    pub fn of(
        place: &Place,
        policy: &Policy,
        names: &[CredentialName],
        scopes: &[Glob],
    ) -> Result<Self, CommandError> {
        let mut catalogue = Self { own: own(place), ..Self::default() };
        catalogue.look_for(place, policy, names)?;
        if !scopes.is_empty() {
            catalogue.look(place, policy, &Selection::Scopes(scopes.to_vec()))?;
        }
        if names.iter().any(|name| catalogue.find(name).is_none()) {
            // One of these is what was meant, and the error can name it.
            catalogue.look(place, policy, &Selection::All)?;
        }
        Ok(catalogue)
    }

    /// Looks into the files of names that are not known yet, whether or not policy tracks them.
    pub fn look_for(
        &mut self,
        place: &Place,
        policy: &Policy,
        names: &[CredentialName],
    ) -> Result<(), CommandError> {
        let root = super::session::repository(place)?.root();
        let unknown = names.iter().filter(|name| self.find(name).is_none());
        let files = unknown.filter_map(as_tracked).map(|name| name.file().to_owned());
        let others: Vec<String> =
            files.filter(|file| place.below(file).is_none() && root.join(file).is_file()).collect();
        if others.is_empty() {
            return Ok(());
        }
        self.look(place, policy, &Selection::of_others(others.iter().map(String::as_str)))
    }

    fn look(&mut self, place: &Place, policy: &Policy, selection: &Selection) -> Result<(), CommandError> {
        let trees = Trees::observe(place, policy, Ask::LeaveOut);
        let Some(tracked) = TrackedFiles::observe(place, policy, &trees, selection)? else { return Ok(()) };
        let files: Vec<FileFacts> = tracked.files.par_iter().filter_map(|path| tracked.file(path)).collect();
        for unknown in &tracked.unknowns {
            self.unread.insert(unknown.what.clone(), unknown.why.clone());
        }
        for file in files {
            self.take_in(policy, file);
        }
        Ok(())
    }

    fn take_in(&mut self, policy: &Policy, file: FileFacts) {
        let path = file.name.as_str().to_owned();
        let sealed = match file.contents {
            Ok(Some(Contents::Sealed(sealed))) => sealed,
            Ok(Some(Contents::Plain(why))) => {
                return drop(self.unread.insert(path, format!("is not sealed: {why}")));
            }
            Ok(Some(Contents::Damaged(damage))) => {
                return drop(self.unread.insert(path, damage.to_string()));
            }
            Ok(None) => return drop(self.unread.insert(path, "there is no such file".to_owned())),
            Err(unknown) => return drop(self.unread.insert(path, unknown.why)),
        };
        let secrets = match file.secrets {
            Ok(secrets) => secrets,
            Err(unknown) => return drop(self.unread.insert(path, unknown.why)),
        };
        let value = |secret: TrackedSecret| TrackedValue {
            modified: sealed.modified,
            data_key: sealed.data_key,
            secret,
        };
        let bare = |name: TrackedName, seen: Digest| {
            value(TrackedSecret { name, claim: None, kind: None, seen, inside: Inside::NotAsked })
        };
        let has_own_record = secrets.iter().any(|secret| secret.name == file.name);
        let decided: BTreeSet<TrackedName> = secrets.iter().map(|secret| secret.name.clone()).collect();
        self.tracked.extend(secrets.into_iter().map(|secret| (secret.name.clone(), value(secret))));
        let rest = rest(policy, &file.name, &sealed, &decided);
        let is_crowded = rest.undecided.len() > MOST_VALUES;
        if !has_own_record && !rest.undecided.is_empty() && !rest.undecided.contains_key(&file.name) {
            let all = whole(rest.undecided.iter().map(|(name, seen)| (name, *seen)));
            self.by_name.insert(file.name.clone(), bare(file.name.clone(), all));
        }
        for (name, seen) in rest.no_secrets {
            self.by_name.insert(name.clone(), bare(name, seen));
        }
        // Of a file that is recorded as a whole nothing is undecided: each value is meant by its own name only.
        let undecided = if is_crowded || has_own_record { &mut self.by_name } else { &mut self.tracked };
        for (name, seen) in rest.undecided {
            undecided.entry(name.clone()).or_insert_with(|| bare(name, seen));
        }
    }

    /// What a name means. A secret of the store comes before a file of that name.
    pub fn find(&self, name: &CredentialName) -> Option<Meant<'_>> {
        if let CredentialName::Own(own) = name
            && let Some(own) = self.own.get(own)
        {
            return Some(Meant::Own(own));
        }
        let name = as_tracked(name)?;
        self.tracked.get(&name).or_else(|| self.by_name.get(&name)).map(Meant::Tracked)
    }

    /// Why a name means nothing.
    pub fn unknown(&self, name: &CredentialName) -> CommandError {
        let shown = visible(name.as_str());
        let Some(tracked) = as_tracked(name) else {
            return no_such_secret(name.as_str());
        };
        if let Some(why) = self.unread.get(tracked.file()) {
            return CommandError::new(format!("{shown}: {}: {}", visible(tracked.file()), visible(why)));
        }
        let known = |name: &TrackedName| name.file() == tracked.file();
        let mut message = format!("{shown}: there is no secret of that name");
        if self.tracked.keys().chain(self.by_name.keys()).any(known) {
            message = match tracked.pointer() {
                Some(_) => format!("{shown}: nothing is sealed at that place of the file"),
                None => format!(
                    "{shown}: each value in it is decided by a record or a rule of its own: name one, or give --scope"
                ),
            };
        }
        if let Some(near) = self.near(name, &tracked) {
            message = format!("{message}; did you mean {}?", shell_word(&near));
        }
        CommandError::new(message).hint("secrets list")
    }

    /// The secrets that a glob fits, by their names or by the paths of their files. One that fits nothing is more likely
    /// a typing mistake than a wish, and what can't be read might be among what is meant.
    pub fn fitting(&self, glob: &Glob) -> Result<Vec<Meant<'_>>, CommandError> {
        if let Some((file, why)) = self.unread.iter().find(|(file, _)| glob.matches(file)) {
            return Err(CommandError::new(format!("--scope {glob}: {}: {}", visible(file), visible(why)))
                .hint("secrets check says what is amiss; nothing was changed"));
        }
        let own = self.own.iter().filter(|name| glob.matches(name.as_str())).map(Meant::Own);
        let fits = |name: &TrackedName| glob.matches(name.as_str()) || glob.matches(name.file());
        let tracked =
            self.tracked.iter().filter(|(name, _)| fits(name)).map(|(_, value)| Meant::Tracked(value));
        let found: Vec<Meant<'_>> = own.chain(tracked).collect();
        if found.is_empty() {
            let mut error = CommandError::new(format!("--scope {glob}: fits no secret")).hint("secrets list");
            if let Some((file, values)) = self.left_out(glob) {
                error = error.hint(format!(
                    "{} holds {} without record or rule: secrets track {}",
                    visible(file),
                    counted(values, "value"),
                    shell_word(file)
                ));
            }
            return Err(error);
        }
        Ok(found)
    }

    /// A file that a glob fits and whose values are too many to be meant by it, with how many there are.
    pub fn left_out(&self, glob: &Glob) -> Option<(&str, usize)> {
        let mut crowded: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.by_name.keys().filter(|name| name.pointer().is_some() && glob.matches(name.file())) {
            *crowded.entry(name.file()).or_default() += 1;
        }
        crowded.into_iter().find(|(_, values)| *values > MOST_VALUES)
    }

    /// The name that is nearest: of a value in the same file, or at the same place of another file.
    fn near(&self, name: &CredentialName, tracked: &TrackedName) -> Option<String> {
        if let CredentialName::Own(own) = name
            && let Some(near) = nearest(own.as_str(), self.own.iter().map(SecretName::as_str))
        {
            return Some(near.to_owned());
        }
        let known = || self.tracked.keys();
        let here = known().filter(|known| known.file() == tracked.file()).map(TrackedName::pointer_text);
        if let Some(pointer) = nearest(tracked.pointer_text(), here.filter(|pointer| !pointer.is_empty())) {
            return Some(format!("{}#{pointer}", tracked.file()));
        }
        let there =
            known().filter(|known| known.pointer_text() == tracked.pointer_text()).map(TrackedName::file);
        let file = nearest(tracked.file(), there)?;
        Some(format!("{file}{}", name.as_str().get(tracked.file().len()..).unwrap_or_default()))
    }
}

fn own(place: &Place) -> BTreeSet<SecretName> {
    place.list().secrets.into_keys().collect()
}

/// The encrypted values of a file that have no record and fall under no `[[kind]]`.
#[derive(Default)]
struct Rest {
    no_secrets: BTreeMap<TrackedName, Digest>,
    undecided: BTreeMap<TrackedName, Digest>,
}

fn rest(policy: &Policy, file: &TrackedName, sealed: &ForeignFile, decided: &BTreeSet<TrackedName>) -> Rest {
    let mut rest = Rest::default();
    for leaf in &sealed.leaves {
        let Some(name) = TrackedName::new(file.file(), leaf.pointer.as_ref()) else { continue };
        if decided.contains(&name) {
            continue;
        }
        let is_no_secret = policy.track.as_ref().is_some_and(|track| track.is_no_secret(&name));
        if is_no_secret {
            rest.no_secrets.insert(name, leaf.seen);
        } else if kind_of(&policy.kinds, &name).is_none() {
            rest.undecided.insert(name, leaf.seen);
        }
    }
    rest
}
