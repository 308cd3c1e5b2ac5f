//! What a remote means that does not take a push: that somebody else was quicker, that it takes none from here, or that
//! something failed. Forges, hooks and file systems say it in words of their own.

use super::super::push::why;
use super::super::words;
use crate::system::process::Finished;

/// What git and servers say of a ref that another push has changed meanwhile. The last ones are those of a server that
/// notices while it writes.
const OVERTAKEN: [&str; 9] = [
    "stale info",
    "fetch first",
    "non-fast-forward",
    "remote ref updated since checkout",
    "cannot lock ref",
    "failed to update ref",
    "failed to lock",
    "reference already exists",
    "incorrect old value provided",
];

/// What a remote says whose disk, not whose rule, stands in the way.
const BROKEN: [&str; 5] =
    ["unpacker error", "internal", "missing necessary objects", "failed to write", "no space left"];

/// What is said where nothing may be written, by servers that refuse before a ref is spoken of.
const NOT_ALLOWED: [&str; 15] = [
    "error: 401",
    "error: 403",
    "denied",
    "not allowed",
    "not permitted",
    "not authorized",
    "unauthorized",
    "forbidden",
    "read only",
    "read-only",
    "authentication failed",
    "terminal prompts disabled",
    "service not enabled",
    "insufficient permission",
    "unable to create temporary object directory",
];

/// Why a push was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Overtaken,
    ReadOnly(String),
    Failed(String),
}

impl Refusal {
    pub(super) fn of(finished: &Finished) -> Self {
        Self::read(&finished.text(), &finished.stderr)
    }

    /// Reads what `git push --porcelain` printed where it did not succeed.
    pub fn read(stdout: &str, stderr: &str) -> Self {
        let summary = stdout.lines().find_map(|line| line.strip_prefix("!\t")?.split('\t').nth(1));
        let said = stderr.to_lowercase();
        let any = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
        match summary {
            None if any(&NOT_ALLOWED, &said) => Self::ReadOnly(words::last_line(stderr)),
            None => Self::Failed(words::last_line(stderr)),
            Some(summary) if any(&OVERTAKEN, &summary.to_lowercase()) => Self::Overtaken,
            Some(summary) if any(&NOT_ALLOWED, &said) => Self::ReadOnly(why(summary, stderr)),
            Some(summary) if any(&BROKEN, &summary.to_lowercase()) => Self::Failed(why(summary, stderr)),
            Some(summary) if summary.starts_with("[remote rejected]") => Self::ReadOnly(why(summary, stderr)),
            Some(summary) => Self::Failed(why(summary, stderr)),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn refusal(stdout: &str, stderr: &str) -> Refusal {
        let status = ExitStatus::from_raw(256);
        Refusal::of(&Finished { status, stdout: stdout.as_bytes().to_vec(), stderr: stderr.to_owned() })
    }

    fn of_ref(summary: &str, stderr: &str) -> Refusal {
        refusal(&format!("To somewhere\n!\tabc:refs/secrets/ledger\t{summary}\nDone\n"), stderr)
    }

    #[test]
    fn who_was_quicker_and_who_may_not() {
        for summary in [
            "[rejected] (stale info)",
            "[remote rejected] (cannot lock ref 'refs/secrets/ledger': is at 1 but expected 2)",
            "[remote rejected] (failed to update ref)",
            "[remote rejected] (reference already exists)",
            "[remote rejected] (incorrect old value provided)",
        ] {
            assert_eq!(of_ref(summary, ""), Refusal::Overtaken, "{summary}");
        }
        for (summary, stderr) in [
            ("[remote rejected] (pre-receive hook declined)", "remote: no pushes here\n"),
            ("[remote rejected] (deny updating a hidden ref)", ""),
            ("[remote rejected] (push declined due to repository rule violations)", ""),
            ("[remote rejected] (prohibited by Gerrit: not permitted: create)", ""),
            (
                "[remote rejected] (unpacker error)",
                "error: remote unpack failed: unable to create temporary object directory\n",
            ),
        ] {
            assert!(
                matches!(of_ref(summary, stderr), Refusal::ReadOnly(why) if why.contains(summary)),
                "{summary}"
            );
        }
        let hook = of_ref("[remote rejected] (pre-receive hook declined)", "remote: no pushes here\n");
        assert!(matches!(hook, Refusal::ReadOnly(why) if why.contains("no pushes here")));
        let full =
            of_ref("[remote rejected] (unpacker error)", "error: remote unpack failed: No space left\n");
        assert!(matches!(full, Refusal::Failed(_)));
    }

    #[test]
    fn those_that_refuse_before_they_speak_of_a_ref() {
        for stderr in [
            "remote: Permission to o/r.git denied to bot.\nfatal: unable to access 'https://h/o/r/': The requested URL \
             returned error: 403\n",
            "ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote \
             repository.\n",
            "fatal: could not read Username for 'https://h': terminal prompts disabled\n",
            "fatal: remote error: access denied or repository not exported: /r\n",
            "fatal: remote error: service not enabled: /r\n",
        ] {
            assert!(matches!(refusal("", stderr), Refusal::ReadOnly(_)), "{stderr}");
        }
        for stderr in ["fatal: unable to access 'https://h/': Could not resolve host: h\n", ""] {
            assert!(matches!(refusal("", stderr), Refusal::Failed(_)), "{stderr}");
        }
        let told = refusal(
            "",
            "remote: Permission to o/r denied to bot.\nfatal: unable to access 'https://x:t@h/': error: 403\n",
        );
        assert_eq!(told, Refusal::ReadOnly("unable to access 'https://…@h/': error: 403".to_owned()));
    }
}
