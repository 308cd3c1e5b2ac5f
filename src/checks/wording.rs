//! Phrases and commands that several checks share.

pub(super) use crate::domain::days::{ago, ahead};
use crate::domain::facts::{SecretFacts, Setting, Stray, StrayPlace};
use crate::domain::policy::DeployRef;
pub(super) use crate::domain::text::pathspec;
use crate::domain::text::{pull_command, push_command, shell_word};

const TOP: &str = r#""$(git rev-parse --show-toplevel)""#;

/// The first twelve digits of a commit's id, as people quote them.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// `origin/main (3f2a9c1d04be)`, as far as either is known.
pub(super) fn deployed_as(setting: &Setting) -> String {
    let name = setting.deploy_ref.as_deref().unwrap_or("the deploy ref");
    match &setting.deployed_commit {
        Some(commit) => format!("{name} ({})", short(commit)),
        None => name.to_owned(),
    }
}

/// `HEAD (3f2a9c1d04be)`.
pub(super) fn head_as(setting: &Setting) -> String {
    setting.head.as_ref().map_or_else(|| "HEAD".to_owned(), |head| format!("HEAD ({})", short(head)))
}

pub(super) fn pull(deploy_ref: &DeployRef) -> String {
    match deploy_ref {
        DeployRef::None => "git pull --rebase".to_owned(),
        DeployRef::Branch { remote, branch } => pull_command(remote, branch),
    }
}

pub(super) fn push(deploy_ref: &DeployRef) -> String {
    match deploy_ref {
        DeployRef::None => "git push".to_owned(),
        DeployRef::Branch { remote, branch } => push_command(remote, branch),
    }
}

/// Merges a branch of the remote into the deploy ref.
pub(super) fn merge(deploy_ref: &DeployRef, branch: &str) -> String {
    let remote = match deploy_ref {
        DeployRef::None => "origin",
        DeployRef::Branch { remote, .. } => remote,
    };
    let (remote, branch) = (shell_word(remote), shell_word(branch));
    let merge = format!("git pull --no-rebase --no-edit {remote} {branch}");
    format!("{} && {merge} && {}", pull(deploy_ref), push(deploy_ref))
}

pub(super) fn pathspecs<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    paths.into_iter().map(pathspec).collect::<Vec<_>>().join(" ")
}

/// Brings both files of a secret back as a commit has them, in the index too: an older pair may be staged there.
pub(super) fn restore_pair(secret: &SecretFacts, from: &str) -> String {
    let paths = pathspecs([secret.record_path.as_str(), secret.sealed_path.as_str()]);
    format!("git restore --source={} --staged --worktree -- {paths}", shell_word(from))
}

/// A command whose paths are relative to the root of the repository, runnable from any folder of it.
pub(super) fn from_top(command: &str) -> String {
    format!("cd {TOP} && {command}")
}

/// git, run at the root of the repository from any folder of it: for commands that take paths and no pathspecs.
pub(super) fn git_at_top(command: &str) -> String {
    format!("git -C {TOP} {command}")
}

pub(super) fn edit(path: &str) -> String {
    format!("${{EDITOR:-vi}} {TOP}/{}", shell_word(path))
}

/// Has sops encrypt a file where it stands, by the rules of the repository's `.sops.yaml`.
pub(super) fn seal_in_place(path: &str) -> String {
    from_top(&format!("sops encrypt --in-place {}", shell_word(path)))
}

/// Takes a file out of the repository without losing it.
pub(super) fn take_out(path: &str) -> String {
    from_top(&format!("mv -n -- {} ..", shell_word(path)))
}

/// Commits that a file is no longer here.
pub(super) fn commit_removal(path: &str) -> String {
    format!("git commit -m {} -- {}", shell_word(&format!("Remove {path}")), pathspec(path))
}

/// Of a stray file that is not here: where it is still, and what takes it away there.
pub(super) fn gone(setting: &Setting, deploy_ref: &DeployRef, stray: &Stray) -> Option<(String, String)> {
    match stray.place {
        StrayPlace::Here => None,
        StrayPlace::Head => {
            let head = head_as(setting);
            Some((format!("deleted here, and {head} still has it"), commit_removal(&stray.path)))
        }
        StrayPlace::DeployRef => {
            let deployed = deployed_as(setting);
            let remedy = if setting.deployed_is_ancestor { push(deploy_ref) } else { pull(deploy_ref) };
            Some((format!("not here, and {deployed} still has it"), remedy))
        }
    }
}

/// What policy's globs would call a file of the store: its path below the store, without `.age` or `.json`.
pub(super) fn would_be_name<'a>(setting: &Setting, path: &'a str) -> Option<&'a str> {
    let below = below_store(setting, path)?;
    Some(below.strip_suffix(".age").or_else(|| below.strip_suffix(".json")).unwrap_or(below))
}

pub(super) fn below_store<'a>(setting: &Setting, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(setting.store.as_str())?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::setting;

    #[test]
    fn paths_in_commands_are_safe_from_any_folder() {
        assert_eq!(pathspec("secrets/a.age"), ":/secrets/a.age");
        assert_eq!(pathspec("secrets/a b.age"), "':/secrets/a b.age'");
        assert_eq!(pathspec("secrets/*.age"), "':(top,literal)secrets/*.age'");
        assert_eq!(pathspec(".custody/a"), "':(top,literal).custody/a'");
        assert_eq!(edit("secrets/$x"), r#"${EDITOR:-vi} "$(git rev-parse --show-toplevel)"/'secrets/$x'"#);
        assert_eq!(would_be_name(&setting(), "secrets/a/b.json"), Some("a/b"));
        assert_eq!(would_be_name(&setting(), "secretsx/a"), None);
        assert_eq!(would_be_name(&setting(), "other/a"), None);
    }

    #[test]
    fn what_is_not_known_of_a_commit_is_left_out() {
        assert_eq!((short("3f2a9c1d04be7"), short("3f2a")), ("3f2a9c1d04be", "3f2a"));
        let known = setting();
        assert_eq!(deployed_as(&known), "origin/main (222222222222)");
        assert_eq!(head_as(&known), "HEAD (111111111111)");
        let unborn = Setting { head: None, deployed_commit: None, ..known };
        assert_eq!((deployed_as(&unborn).as_str(), head_as(&unborn).as_str()), ("origin/main", "HEAD"));
        assert_eq!(deployed_as(&Setting { deploy_ref: None, ..unborn }), "the deploy ref");
    }

    #[test]
    fn what_is_pulled_and_pushed_where_there_is_no_deploy_ref() {
        let (none, branch) = (DeployRef::None, "up/a/b".parse().unwrap());
        assert_eq!(pull(&none), "git pull --rebase");
        assert_eq!(pull(&branch), "git pull --rebase up a/b");
        assert_eq!(push(&none), "git push");
        assert_eq!(push(&branch), "git push up HEAD:a/b");
        assert_eq!(
            merge(&none, "rescue/x y"),
            "git pull --rebase && git pull --no-rebase --no-edit origin 'rescue/x y' && git push"
        );
        assert_eq!(
            merge(&branch, "rescue/x"),
            "git pull --rebase up a/b && git pull --no-rebase --no-edit up rescue/x && git push up HEAD:a/b"
        );
    }

    #[test]
    fn names_below_the_store() {
        for (path, below, name) in [
            ("secrets/a/b.age", Some("a/b.age"), Some("a/b")),
            ("secrets/a.json", Some("a.json"), Some("a")),
            ("secrets/a.txt", Some("a.txt"), Some("a.txt")),
            ("secrets", None, None),
        ] {
            assert_eq!(below_store(&setting(), path), below);
            assert_eq!(would_be_name(&setting(), path), name);
        }
    }

    #[test]
    fn sealing_where_it_stands() {
        assert_eq!(
            seal_in_place("a b.yaml"),
            r#"cd "$(git rev-parse --show-toplevel)" && sops encrypt --in-place 'a b.yaml'"#
        );
    }

    #[test]
    fn files_are_moved_and_brought_back_wherever_one_stands() {
        let top = r#""$(git rev-parse --show-toplevel)""#;
        assert_eq!(take_out("a b"), format!("cd {top} && mv -n -- 'a b' .."));
        assert_eq!(git_at_top("add a"), format!("git -C {top} add a"));
        assert_eq!(pathspecs(["a", "b c"]), ":/a ':/b c'");
        let secret = SecretFacts { record_path: "s/a b.json".to_owned(), ..crate::checks::samples::secret() };
        assert_eq!(
            restore_pair(&secret, "HEAD~1"),
            "git restore --source='HEAD~1' --staged --worktree -- ':/s/a b.json' :/secrets/web/prod/db.age"
        );
    }

    #[test]
    fn a_stray_is_taken_away_where_it_still_is() {
        use crate::domain::facts::StrayKind;
        let gone = |place, deployed_is_ancestor| {
            let setting = Setting { deployed_is_ancestor, ..setting() };
            let stray = Stray { path: "secrets/a.txt".to_owned(), kind: StrayKind::Plaintext, place };
            super::gone(&setting, &"origin/main".parse().unwrap(), &stray)
        };
        let told = |what: &str, remedy: &str| Some((what.to_owned(), remedy.to_owned()));
        assert_eq!(gone(StrayPlace::Here, false), None);
        assert_eq!(
            gone(StrayPlace::Head, false),
            told(
                "deleted here, and HEAD (111111111111) still has it",
                "git commit -m 'Remove secrets/a.txt' -- :/secrets/a.txt"
            )
        );
        let there = "not here, and origin/main (222222222222) still has it";
        assert_eq!(gone(StrayPlace::DeployRef, true), told(there, "git push origin HEAD:main"));
        assert_eq!(gone(StrayPlace::DeployRef, false), told(there, "git pull --rebase origin main"));
    }
}
