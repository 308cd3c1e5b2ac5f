//! What policy says of files that other tools have sealed: which they are, and what needs no record.

use super::claim::Claim;
use super::glob::Glob;
use super::name::ActorName;
use super::tracked_name::TrackedName;

/// `[track]`: without it, nothing but the store is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Track {
    /// Paths of files that are sealed. One without record or rule is `untracked`, one that is not sealed `plaintext`.
    pub files: Vec<Glob>,
    /// Paths that are left out although one of `files` fits them.
    pub except: Vec<Glob>,
    /// Pointers to values that are encrypted and no secret.
    pub not_secret: Vec<Glob>,
    /// What others call sealed beside that: with `--against`, the policy of the change.
    pub also: Vec<Coverage>,
}

/// Which files are sealed, by their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    pub files: Vec<Glob>,
    pub except: Vec<Glob>,
}

impl Track {
    /// Whether the file at this path, relative to the root of the repository, is to be sealed.
    pub fn covers(&self, path: &str) -> bool {
        is_covered(&self.files, &self.except, path)
            || self.also.iter().any(|also| is_covered(&also.files, &also.except, path))
    }

    pub fn is_no_secret(&self, name: &TrackedName) -> bool {
        self.not_secret.iter().any(|glob| fits(glob, name))
    }
}

fn is_covered(files: &[Glob], except: &[Glob], path: &str) -> bool {
    files.iter().any(|glob| glob.matches(path)) && !except.iter().any(|glob| glob.matches(path))
}

/// `[[kind]]`: what holds for all secrets of a kind. The first that fits wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Of a pointer, or of a name.
    pub glob: Glob,
    pub rule: KindRule,
    /// Of those that name none themselves.
    pub owners: Vec<ActorName>,
    /// In `policy.toml`, from 1.
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KindRule {
    /// They do not lapse, and this is why.
    Never(String),
    /// Each must have a date, or a reason why it has none.
    ExpiryRequired,
}

/// A glob fits a tracked name by its pointer, as it stands or without the `/` in front, or by the whole name.
pub fn fits(glob: &Glob, name: &TrackedName) -> bool {
    let pointer = name.pointer_text();
    let bare = pointer.strip_prefix('/').unwrap_or(pointer);
    (!pointer.is_empty() && (glob.matches(pointer) || glob.matches(bare))) || glob.matches(name.as_str())
}

/// The kind that a secret is of.
pub fn kind_of<'k>(kinds: &'k [Kind], name: &TrackedName) -> Option<&'k Kind> {
    kinds.iter().find(|kind| fits(&kind.glob, name))
}

/// By what the end of an encrypted value is decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision<'a> {
    /// Policy says that it is none.
    NotSecret,
    /// A record, its own or its file's, and the kind that it is of.
    Recorded { claim: &'a Claim, of_file: bool, kind: Option<&'a Kind> },
    /// No record, and policy says what holds for its kind.
    Ruled(&'a Kind),
    /// Nobody has said anything.
    Undecided,
}

/// Decides one encrypted value. What policy calls no secret is none, unless somebody recorded it all the same; its own
/// record comes before its kind, and its kind before the record of its file as a whole.
pub fn decide<'a>(
    track: &Track,
    kinds: &'a [Kind],
    name: &TrackedName,
    own: Option<&'a Claim>,
    of_file: Option<&'a Claim>,
) -> Decision<'a> {
    let kind = kind_of(kinds, name);
    match (own, kind, of_file) {
        (Some(claim), kind, _) => Decision::Recorded { claim, of_file: false, kind },
        _ if track.is_no_secret(name) => Decision::NotSecret,
        (None, Some(kind), _) => Decision::Ruled(kind),
        (None, None, Some(claim)) => Decision::Recorded { claim, of_file: true, kind: None },
        (None, None, None) => Decision::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Glob {
        text.parse().unwrap()
    }

    #[test]
    fn what_decides() {
        let track = Track { not_secret: vec![glob("**/client_id")], ..Track::default() };
        let kind = |text: &str, rule| Kind { glob: glob(text), rule, owners: Vec::new(), line: 1 };
        let kinds = [
            kind("**/GitHubOAuthenticator/client_secret", KindRule::Never("they do not lapse".to_owned())),
            kind("**/{AzureAd,Generic}OAuthenticator/client_secret", KindRule::ExpiryRequired),
            kind("**/client_secret", KindRule::ExpiryRequired),
        ];
        let claim = Claim::default();
        let decided = |pointer: &str, own: bool, of_file: bool| {
            let name: TrackedName = format!("a/enc-x.yaml#{pointer}").parse().unwrap();
            let of_file = of_file.then_some(&claim);
            match decide(&track, &kinds, &name, own.then_some(&claim), of_file) {
                Decision::NotSecret => "not secret".to_owned(),
                Decision::Recorded { of_file, kind, .. } => format!("recorded {of_file} {}", kind.is_some()),
                Decision::Ruled(kind) => kind.glob.to_string(),
                Decision::Undecided => "undecided".to_owned(),
            }
        };
        assert_eq!(decided("/hub/client_id", false, true), "not secret");
        assert_eq!(decided("/client_id", false, false), "not secret");
        assert_eq!(decided("/hub/client_id", true, false), "recorded false false");
        assert_eq!(
            decided("/hub/GitHubOAuthenticator/client_secret", false, true),
            "**/GitHubOAuthenticator/client_secret"
        );
        assert_eq!(decided("/hub/GitHubOAuthenticator/client_secret", true, true), "recorded false true");
        assert_eq!(
            decided("/hub/AzureAdOAuthenticator/client_secret", false, false),
            "**/{AzureAd,Generic}OAuthenticator/client_secret"
        );
        assert_eq!(decided("/client_secret", false, false), "**/client_secret");
        assert_eq!(decided("/other", false, true), "recorded true false");
        assert_eq!(decided("/other", false, false), "undecided");
    }

    #[test]
    fn which_files_are_to_be_sealed() {
        let track =
            Track { files: vec![glob("**/enc-*")], except: vec![glob("docs/**")], ..Track::default() };
        for (path, covered) in
            [("enc-a", true), ("a/b/enc-c.yaml", true), ("docs/enc-a", false), ("a/benc-c", false)]
        {
            assert_eq!(track.covers(path), covered, "{path}");
        }
        // Whatever either says: what one leaves out the other may call sealed.
        let also = Coverage { files: vec![glob("**/benc-*"), glob("docs/*")], except: vec![glob("enc-a")] };
        let track = Track { also: vec![also], ..track };
        for (path, covered) in [
            ("enc-a", true),
            ("docs/enc-a", true),
            ("docs/b/enc-a", false),
            ("a/benc-c", true),
            ("a/cenc-c", false),
        ] {
            assert_eq!(track.covers(path), covered, "{path}");
        }
    }

    #[test]
    fn a_glob_fits_by_pointer_or_by_the_whole_name() {
        for (text, name, is_fit) in [
            ("/hub/token", "a/enc.yaml#/hub/token", true),
            ("hub/token", "a/enc.yaml#/hub/token", true),
            ("a/enc.yaml#/hub/token", "a/enc.yaml#/hub/token", true),
            ("a/**", "a/enc.yaml#/hub/token", true),
            ("token", "a/enc.yaml#/hub/token", false),
            ("a/enc.yaml", "a/enc.yaml", true),
            // A file has no pointer, not an empty one that a glob for anything could fit.
            ("{,x}", "a/enc.yaml", false),
        ] {
            assert_eq!(fits(&glob(text), &name.parse().unwrap()), is_fit, "{text} {name}");
        }
    }
}
