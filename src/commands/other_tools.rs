//! One file that another tool has sealed: what is known of it, and how that tool opens it.

use super::CommandError;
use crate::domain::foreign::SealedFormat;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::domain::text::{shell_word, visible};
use crate::domain::tracked_facts::FileFacts;
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::observe::place::Place;
use crate::observe::selection::Selection;
use crate::observe::tracked::TrackedFiles;
use crate::observe::trees::{Ask, Trees};

/// The name as one of another tool's: of a file as a whole it may look like one of ours.
pub fn as_tracked(name: &CredentialName) -> Option<TrackedName> {
    match name {
        CredentialName::Tracked(name) => Some(name.clone()),
        CredentialName::Own(name) => name.as_str().parse().ok(),
    }
}

/// The file that a name speaks of; `None` where there is no such file outside the store.
pub fn file_of(
    place: &Place,
    policy: &Policy,
    name: &CredentialName,
) -> Result<Option<FileFacts>, CommandError> {
    let Some(name) = as_tracked(name).filter(|name| is_file(place, name)) else { return Ok(None) };
    let path = name.file();
    let trees = Trees::observe(place, policy, Ask::LeaveOut);
    let selection = Selection::of_others([path]);
    let tracked = TrackedFiles::observe(place, policy, &trees, &selection)?;
    Ok(tracked.and_then(|tracked| tracked.file(path)))
}

/// Whether the file of a name is there, and is none of the store's.
fn is_file(place: &Place, name: &TrackedName) -> bool {
    let root = place.repository.as_ref().ok().map(crate::git::Repository::root);
    place.below(name.file()).is_none() && root.is_some_and(|root| root.join(name.file()).is_file())
}

/// A hint for who names a file where a secret of the store is meant.
pub fn hint_of_file(place: &Place, name: &SecretName) -> Option<String> {
    let tracked = name.as_str().parse().ok().filter(|name| is_file(place, name))?;
    let word = shell_word(TrackedName::as_str(&tracked)).into_owned();
    Some(format!(
        "it is a file beside the store: `secrets show {word}` tells of it, `secrets untrack {word}` removes its records"
    ))
}

pub fn no_such_secret(name: &str) -> CommandError {
    CommandError::new(format!("{}: there is no secret of that name", visible(name))).hint("secrets list")
}

/// The command with which whoever has a key reads a value, to be pasted into a shell.
pub fn reading_command(format: SealedFormat, name: &TrackedName) -> String {
    let file = shell_word(name.file());
    match format {
        SealedFormat::SopsYaml
        | SealedFormat::SopsJson
        | SealedFormat::SopsDotenv
        | SealedFormat::SopsIni
        | SealedFormat::SopsBinary => match extraction(name) {
            Some(path) => format!("sops decrypt --extract {} {file}", shell_word(&path)),
            None => format!("sops decrypt {file}"),
        },
        SealedFormat::Age | SealedFormat::AgeArmored => format!("age -d -i KEY {file}"),
        SealedFormat::GitCrypt => format!("git-crypt unlock && cat {file}"),
        SealedFormat::SealedSecrets => {
            "kubectl get secret NAME -o yaml    # in its cluster, the only place where it is opened"
                .to_owned()
        }
        SealedFormat::AnsibleVault => format!("ansible-vault view {file}"),
    }
}

/// Where a value lies, as sops wants it: `["hub"]["users"][0]`. `None`: sops has no way to say it.
fn extraction(name: &TrackedName) -> Option<String> {
    let part = |key: String| {
        // It splits at brackets and strips quotes, and knows no escape.
        let is_plain = !key.is_empty() && !key.contains(['[', ']', '"']);
        let is_index = key.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| if is_index { format!("[{key}]") } else { format!("[\"{key}\"]") })
    };
    name.pointer()?.keys().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_each_tool_reads_a_value() {
        let command = |format, name: &str| reading_command(format, &name.parse().unwrap());
        for (format, name, expected) in [
            (
                SealedFormat::SopsYaml,
                "a/b.yaml#/hub/web.yml/0",
                r#"sops decrypt --extract '["hub"]["web.yml"][0]' a/b.yaml"#,
            ),
            (SealedFormat::SopsJson, "a b.json#/x~1y", r#"sops decrypt --extract '["x/y"]' 'a b.json'"#),
            (SealedFormat::SopsYaml, "b.yaml#/a[0]", "sops decrypt b.yaml"),
            (SealedFormat::SopsBinary, "b.bin", "sops decrypt b.bin"),
            (SealedFormat::AgeArmored, "k.age", "age -d -i KEY k.age"),
            (SealedFormat::AnsibleVault, "v.yml", "ansible-vault view v.yml"),
        ] {
            assert_eq!(command(format, name), expected);
        }
    }
}
