//! What `secrets git install` writes into a clone, and how it stands there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{CommandError, Session};
use crate::cli::HookName;
use crate::domain::text::shell_word;
use crate::git::Repository;
use crate::system::files;
use crate::system::own_path::own_path;

/// Names the stores of a clone, from the root of the repository; one value for each.
pub const STORE_KEY: &str = "secrets.store";
/// Tells that a merge driver is there at all.
const DRIVER_KEY: &str = "merge.secrets-record.driver";
/// The sections that are nobody else's.
pub const SECTIONS: [(&str, &str); 3] = [
    ("diff.secrets-sealed", "diff.secrets-sealed.textconv"),
    ("diff.secrets-record", "diff.secrets-record.textconv"),
    ("merge.secrets-record", DRIVER_KEY),
];

const BEGIN: &str = "# secrets git install: from here on; `secrets git uninstall` takes it away\n";
const END: &str = "# secrets git install: to here\n";
/// By what a hook is known to be ours.
const OURS: &str = "# Written by `secrets git install`; `secrets git uninstall` removes it.";
/// The largest file of hooks or attributes that is read, in bytes.
const MOST: u64 = 1024 * 1024;

/// How git is to start this program.
pub fn program(session: &Session) -> Result<String, CommandError> {
    let path = own_path(&session.environment)
        .map_err(|error| CommandError::new(format!("where this program lies can't be told: {error}")))?;
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.map(str::to_owned).ok_or_else(|| {
        CommandError::new(format!(
            "{}: git's config can't hold such a path; move the program",
            path.display()
        ))
    })
}

/// The keys of the clone's config and their values.
pub fn settings(program: &str) -> [(&'static str, String); 6] {
    let program = shell_word(program);
    let textconv = format!("{program} git textconv");
    // git fills in what begins with `%`.
    let merge = format!("{} git merge-record %O %A %B %P %X %Y", program.replace('%', "%%"));
    [
        ("diff.secrets-sealed.textconv", textconv.clone()),
        // Where git shows a difference without textconv, in a patch for one, it is not text.
        ("diff.secrets-sealed.binary", "true".to_owned()),
        ("diff.secrets-record.textconv", textconv),
        ("merge.secrets-record.name", "records of secrets, field by field".to_owned()),
        (DRIVER_KEY, merge),
        // Between the bases of a criss-cross merge nothing is decided.
        ("merge.secrets-record.recursive", "binary".to_owned()),
    ]
}

/// The attributes of these stores, in the clone's own file: in-tree attributes name no driver, because where there is none
/// they would have git show ciphertext as text.
fn attributes(stores: &[String]) -> String {
    let mut text = BEGIN.to_owned();
    for store in stores {
        let mut line = |below: &str, attributes: &str| {
            // Writing to a `String` can't fail.
            let _ = writeln!(text, "{} {attributes}", pattern(store, below));
        };
        // A file in clear shows nothing either.
        line("**", "diff=secrets-record");
        line("**/*.json", "merge=secrets-record");
        // Two ciphertexts are never merged line by line.
        line("**/*.age", "diff=secrets-sealed merge=binary");
        line("policy.toml", "!diff");
        for name in
            [".gitattributes", ".gitignore", "README", "README.md", "README.txt", "README.rst", "README.adoc"]
        {
            line(&format!("**/{name}"), "!diff");
        }
    }
    text + END
}

/// A pattern of gitattributes for what lies below a folder, which is taken as it is.
fn pattern(folder: &str, below: &str) -> String {
    let mut pattern = String::from("/");
    for c in folder.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('/');
    pattern.push_str(below);
    if pattern.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\\')) {
        let quoted = pattern.replace('\\', r"\\").replace('"', "\\\"").replace('\t', r"\t");
        return format!("\"{quoted}\"");
    }
    pattern
}

/// The text of an attributes file without the lines that are ours.
fn without_ours(text: &str) -> String {
    let Some((before, rest)) = text.split_once(BEGIN) else { return text.to_owned() };
    // Without its end, nobody can tell what of the rest is ours.
    rest.split_once(END).map_or_else(|| text.to_owned(), |(_, after)| format!("{before}{after}"))
}

/// Writes the attributes of these stores, none to take them away.
pub fn write_attributes(repository: &Repository, stores: &[String]) -> Result<(), CommandError> {
    let path = repository.attributes_file();
    let text = read(&path)?;
    let others = without_ours(text.as_deref().unwrap_or_default());
    // Ours come first, so that what somebody wrote there goes before it, and stays byte for byte.
    let wanted = if stores.is_empty() { others } else { attributes(stores) + &others };
    if text.as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    if wanted.is_empty() {
        return Ok(files::remove(&path)?);
    }
    Ok(files::write_atomic(&path, wanted.as_bytes(), files::Access::Shared)?)
}

fn read(path: &Path) -> Result<Option<String>, CommandError> {
    let Some(bytes) = files::read_if_present(path, MOST)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| {
        CommandError::new(format!("{}: is not UTF-8, so it is left as it is; mend it first", path.display()))
    })
}

/// The hook as it is written. It stops what can't be judged.
pub fn script(hook: HookName, program: &str) -> String {
    let (hook, program) = (hook.as_str(), shell_word(program));
    format!(
        "#!/bin/sh\n{OURS}\nprogram={program}\n[ -x \"$program\" ] || program=secrets\n\
         command -v \"$program\" >/dev/null 2>&1 || {{\n\
         \techo \"{hook}: secrets is not installed, so nothing was judged; install it and run: secrets git install\" >&2\n\
         \texit 2\n}}\nexec \"$program\" git hook {hook} \"$@\"\n"
    )
}

/// What stands where a hook belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookState {
    Absent(PathBuf),
    /// Ours; whether it is just what would be written now.
    Ours {
        path: PathBuf,
        is_current: bool,
    },
    /// Somebody else's, which calls ours.
    Chained(PathBuf),
    /// Somebody else's, or a place that is not the clone's own (`core.hooksPath`).
    Foreign(PathBuf),
}

/// What a line in another's hook must hold for ours to be called.
pub fn line(hook: HookName) -> String {
    format!("secrets git hook {}", hook.as_str())
}

pub fn hook_state(repository: &Repository, hook: HookName, program: &str) -> Result<HookState, CommandError> {
    let (folder, is_own) = repository.hooks()?;
    let path = folder.join(hook.as_str());
    let bytes = match path.symlink_metadata() {
        // A link to a file of the repository, as some have it, is read as what it leads to.
        Ok(_) => Some(files::read_following_links(&path, MOST).unwrap_or_default()),
        Err(_) => None,
    };
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = match text {
        None if is_own => return Ok(HookState::Absent(path)),
        text => text.unwrap_or_default(),
    };
    Ok(if text.lines().nth(1) == Some(OURS) {
        HookState::Ours { is_current: text == script(hook, program), path }
    } else if text.contains(&line(hook)) || is_called(repository, hook) {
        HookState::Chained(path)
    } else {
        HookState::Foreign(path)
    })
}

/// Where frameworks that run hooks are told which.
const FRAMEWORKS: [&str; 4] =
    [".pre-commit-config.yaml", "lefthook.yml", ".husky/pre-commit", ".husky/pre-push"];

/// Whether the file of a framework calls ours.
fn is_called(repository: &Repository, hook: HookName) -> bool {
    let id = format!("id: secrets-{}", hook.as_str());
    FRAMEWORKS.iter().any(|file| {
        let text = files::read_following_links(&repository.root().join(file), MOST).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        text.contains(&line(hook)) || text.contains(&id)
    })
}

/// Where the line goes, for who has hooks of their own.
pub fn where_to_add(repository: &Repository, hook: HookName, path: &Path) -> String {
    let has = |file: &str| repository.root().join(file).exists();
    let name = hook.as_str();
    if has(".pre-commit-config.yaml") {
        return format!("in .pre-commit-config.yaml, the hook `id: secrets-{name}` (docs/guides/git.md)");
    }
    if has("lefthook.yml") {
        return format!("in lefthook.yml, below `{name}:`, a command with `run: {}`", line(hook));
    }
    if has(".husky") {
        return format!("in .husky/{name}, the line: {} \"$@\" || exit 1", line(hook));
    }
    format!("in {}, the line: {} \"$@\" || exit 1", path.display(), line(hook))
}

/// Whether diffs and merges are set up in this clone for this store, as this program would do it.
pub enum DriverState {
    Absent,
    Other,
    Current,
}

pub fn driver_state(
    repository: &Repository,
    store: &str,
    program: &str,
) -> Result<DriverState, CommandError> {
    if repository.settings(DRIVER_KEY)?.is_empty() {
        return Ok(DriverState::Absent);
    }
    for (key, value) in settings(program) {
        if repository.settings(key)? != [value] {
            return Ok(DriverState::Other);
        }
    }
    let stores = repository.settings(STORE_KEY)?;
    let text = read(&repository.attributes_file())?.unwrap_or_default();
    let is_current = stores.iter().any(|known| known == store) && text.contains(&attributes(&stores));
    Ok(if is_current { DriverState::Current } else { DriverState::Other })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn what_others_wrote_stays_byte_for_byte() {
        for others in ["", "*.png binary", "*.png binary\n", "# x\n\n*.a b\r\n"] {
            let with = attributes(&["secrets".to_owned()]) + others;
            assert_eq!(without_ours(&with), others);
            let moved = format!("first\n{with}");
            assert_eq!(without_ours(&moved), format!("first\n{others}"));
        }
        assert_eq!(without_ours("mine\n"), "mine\n");
    }

    /// Asks git itself which file gets which driver.
    #[test]
    fn git_reads_the_attributes_as_meant() {
        let dir = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let output = Command::new("git").args(arguments).current_dir(dir.path()).output().unwrap();
            assert!(output.status.success(), "git {arguments:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        git(&["init", "-q"]);
        for store in ["secrets", "a/my store", "we[i]rd*", "quo\"te", "b\\s", "!x", "#y"] {
            std::fs::create_dir_all(dir.path().join(".git/info")).unwrap();
            let file = dir.path().join(".git/info/attributes");
            std::fs::write(file, attributes(&[store.to_owned()])).unwrap();
            for (below, diff, merge) in [
                ("x.age", "secrets-sealed", "binary"),
                ("a/b/x.age", "secrets-sealed", "binary"),
                ("x.json", "secrets-record", "secrets-record"),
                ("a/x.json", "secrets-record", "secrets-record"),
                ("a/password.txt", "secrets-record", "unspecified"),
                ("policy.toml", "unspecified", "unspecified"),
                ("a/README.md", "unspecified", "unspecified"),
                (".gitattributes", "unspecified", "unspecified"),
            ] {
                let path = format!("{store}/{below}");
                let answer = git(&["check-attr", "-z", "diff", "merge", "--", &path]);
                let values: Vec<&str> = answer.split('\0').skip(2).step_by(3).collect();
                assert_eq!(values, [diff, merge], "{path}");
            }
            for beside in ["x.age", "elsewhere/x.age", "weird1/x.age"] {
                assert!(git(&["check-attr", "diff", "--", beside]).contains("unspecified"), "{beside}");
            }
        }
    }

    #[test]
    fn a_program_anywhere_is_one_word_of_a_shell() {
        let all = settings("/opt/it's 100%/secrets");
        assert_eq!(all[0].1, r"'/opt/it'\''s 100%/secrets' git textconv");
        assert!(all[4].1.starts_with(r"'/opt/it'\''s 100%%/secrets' git merge-record %O"));
    }
}
