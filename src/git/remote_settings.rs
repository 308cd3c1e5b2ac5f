//! How the user's git talks to a remote, so that it can be repeated from another git dir.

use std::collections::BTreeMap;

use super::program::{Deadline, Git};
use super::remote_error::RemoteError;
use super::words;

/// Every key of these sections, in lower case, has to do with talking to a remote.
const SECTIONS: [&str; 5] = ["http.", "credential.", "url.", "protocol.", "ssh."];

const KEYS: [&str; 3] = ["core.sshcommand", "core.gitproxy", "core.askpass"];

/// What of `remote.NAME.*` is about the connection; refspecs, pruning and filters belong to the user's own clone.
const OF_REMOTE: [&str; 8] =
    ["url", "pushurl", "proxy", "proxyauthmethod", "uploadpack", "receivepack", "vcs", "serveroption"];

/// The settings that are in force for a remote, in git's order; keys can repeat.
#[derive(Clone)]
pub(super) struct RemoteSettings {
    pub(super) remote: String,
    in_force: Vec<(String, String)>,
}

impl RemoteSettings {
    /// Reads them from the user's repository, all files and `includeIf` included.
    pub(super) fn of(git: &Git, remote: &str, deadline: Deadline) -> Result<Self, RemoteError> {
        let all = list(git, remote, deadline)?;
        let url = format!("remote.{remote}.url");
        if !all.iter().any(|(key, _)| *key == url) {
            let known = (all.iter())
                .filter_map(|(key, _)| Some(key.strip_prefix("remote.")?.strip_suffix(".url")?.to_owned()))
                .collect::<std::collections::BTreeSet<_>>();
            return Err(RemoteError::NoSuchRemote {
                remote: remote.to_owned(),
                path: git.folder().to_owned(),
                known: known.into_iter().collect(),
            });
        }
        let in_force = all.into_iter().filter(|(key, _)| concerns(key, remote)).collect();
        Ok(Self { remote: remote.to_owned(), in_force })
    }

    /// git, asking a remote: never on the terminal, because nobody may be there to answer.
    pub(super) fn asking(&self, git: &Git) -> Git {
        let git = git.clone().with("GIT_TERMINAL_PROMPT", "0");
        let own_ssh = ["GIT_SSH_COMMAND", "GIT_SSH"].iter().any(|name| git.environment().has(name))
            || self.in_force.iter().any(|(key, _)| key == "core.sshcommand");
        if own_ssh { git } else { git.with("GIT_SSH_COMMAND", "ssh -o BatchMode=yes") }
    }

    /// Gives git in another git dir what it does not see there by itself. By environment, because the values hold
    /// tokens and arguments are seen by everybody on the machine. What it sees already (the user's global file,
    /// say) is not repeated: a server refuses a request with the same `Authorization` header twice.
    pub(super) fn carry_to(&self, git: Git, deadline: Deadline) -> Result<Git, RemoteError> {
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for entry in list(&git, &self.remote, deadline)? {
            *seen.entry(entry).or_default() += 1;
        }
        let lacking = self.in_force.iter().filter(|entry| match seen.get_mut(*entry) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        // What the user's environment itself sets this way comes last, because the last one wins.
        let entries: Vec<_> = lacking.cloned().chain(already_in_environment(&git)).collect();
        let mut git = git.with("GIT_CONFIG_COUNT", entries.len().to_string());
        for (index, (key, value)) in entries.into_iter().enumerate() {
            git = git
                .with(format!("GIT_CONFIG_KEY_{index}"), key)
                .with(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        Ok(git)
    }
}

fn list(git: &Git, remote: &str, deadline: Deadline) -> Result<Vec<(String, String)>, RemoteError> {
    let finished = git.reading().args(["config", "--list", "-z"]).run(deadline.left());
    let finished = finished.map_err(|error| RemoteError::of_process(&error, remote, deadline))?;
    if !finished.succeeded() {
        let why = words::last_line(&finished.stderr);
        return Err(RemoteError::Unreachable { remote: remote.to_owned(), why });
    }
    let text = String::from_utf8_lossy(&finished.stdout).into_owned();
    let entries = text.split_terminator('\0').map(|entry| {
        // A key without `=` means true.
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        (key.to_owned(), value.to_owned())
    });
    Ok(entries.collect())
}

fn concerns(key: &str, remote: &str) -> bool {
    SECTIONS.iter().any(|section| key.starts_with(section))
        || KEYS.contains(&key)
        || (key.strip_prefix("remote.").and_then(|rest| rest.strip_prefix(remote)?.strip_prefix('.')))
            .is_some_and(|of_remote| OF_REMOTE.contains(&of_remote))
}

fn already_in_environment(git: &Git) -> Vec<(String, String)> {
    let environment = git.environment();
    let count: usize = environment.var("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
    (0..count)
        .map_while(|index| {
            let key = environment.var(&format!("GIT_CONFIG_KEY_{index}"))?.to_owned();
            let value = environment.var(&format!("GIT_CONFIG_VALUE_{index}")).unwrap_or_default().to_owned();
            Some((key, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sandbox;
    use super::*;
    use std::time::Duration;

    fn value_of(git: &Git, key: &str) -> Vec<String> {
        let finished = git.reading().args(["config", "--get-all", key]).run(Duration::from_secs(30)).unwrap();
        finished.text().lines().map(str::to_owned).collect()
    }

    #[test]
    fn only_what_is_about_the_connection() {
        for key in [
            "http.https://h/.extraheader",
            "credential.helper",
            "url.x.insteadof",
            "core.sshcommand",
            "remote.o.url",
        ] {
            assert!(concerns(key, "o"), "{key}");
        }
        for key in [
            "core.hookspath",
            "remote.o.fetch",
            "remote.o.promisor",
            "remote.other.url",
            "user.email",
            "remote.ox.url",
        ] {
            assert!(!concerns(key, "o"), "{key}");
        }
    }

    #[test]
    fn each_setting_arrives_once_and_the_stronger_one_wins() {
        let sandbox = Sandbox::new();
        let global = sandbox.path("global");
        std::fs::write(&global, "[http]\n\textraHeader = X-Global: 1\n\tproxy = http://global\n").unwrap();
        let sandbox = sandbox.with("GIT_CONFIG_GLOBAL", &global).with("GIT_CONFIG_COUNT", "1");
        let sandbox =
            sandbox.with("GIT_CONFIG_KEY_0", "http.userAgent").with("GIT_CONFIG_VALUE_0", "from-env");
        let dir = sandbox.init("clone");
        let included = sandbox.path("included");
        std::fs::write(&included, "[http \"https://host/\"]\n\textraheader = AUTHORIZATION: basic dG9r\n")
            .unwrap();
        sandbox.git(&dir, &["remote", "add", "origin", "../origin"]);
        sandbox.git(&dir, &["config", "http.proxy", "http://local"]);
        sandbox.git(&dir, &["config", "http.userAgent", "from-file"]);
        let condition = format!("includeIf.gitdir:{}/.git.path", dir.display());
        sandbox.git(&dir, &["config", &condition, included.to_str().unwrap()]);
        let elsewhere = sandbox.path("elsewhere.git");
        sandbox.git(&dir, &["init", "--quiet", "--bare", elsewhere.to_str().unwrap()]);

        let deadline = Deadline::after(Duration::from_secs(30));
        let git = Git::new(&dir, &sandbox.environment());
        let settings = RemoteSettings::of(&git, "origin", deadline).unwrap();
        let carried = settings.carry_to(git.with("GIT_DIR", &elsewhere), deadline).unwrap();
        assert_eq!(value_of(&carried, "http.extraheader"), ["X-Global: 1"]);
        assert_eq!(value_of(&carried, "http.https://host/.extraheader"), ["AUTHORIZATION: basic dG9r"]);
        assert_eq!(value_of(&carried, "http.proxy").last().unwrap(), "http://local");
        assert_eq!(value_of(&carried, "http.useragent").last().unwrap(), "from-env");
        assert_eq!(value_of(&carried, "remote.origin.url"), ["../origin"]);
        assert!(value_of(&carried, "remote.origin.fetch").is_empty());
    }

    #[test]
    fn an_unknown_remote_is_said_with_those_that_there_are() {
        let sandbox = Sandbox::new();
        let dir = sandbox.init("clone");
        sandbox.git(&dir, &["remote", "add", "upstream", "../x"]);
        let git = Git::new(&dir, &sandbox.environment());
        let error =
            RemoteSettings::of(&git, "origin", Deadline::after(Duration::from_secs(30))).err().unwrap();
        assert!(matches!(&error, RemoteError::NoSuchRemote { known, .. } if *known == ["upstream"]));
        assert!(error.to_string().contains("git remote add origin"), "{error}");
    }
}
