//! Where on its forge a pull request for a pushed branch is opened.

use std::fmt::Write as _;

use super::words;

/// Words that tell such an address from others that a server prints after a push.
const PULL_REQUEST: [&str; 5] = ["/pull/", "/pulls/", "/compare/", "merge_requests", "/pull-requests/"];

/// The address that the server itself printed after the push, on a `remote:` line.
pub fn printed(stderr: &str) -> Option<String> {
    (stderr.lines())
        .filter_map(|line| line.trim_start().strip_prefix("remote:"))
        .flat_map(str::split_whitespace)
        .filter(|word| word.starts_with("https://") || word.starts_with("http://"))
        .find(|word| PULL_REQUEST.iter().any(|part| word.contains(part)))
        .map(words::shown_address)
}

/// The address as the known forges form it, from the remote's own one.
pub fn derived(remote_url: &str, base: &str, branch: &str) -> Option<String> {
    let (host, project) = host_and_project(remote_url)?;
    let (base, branch) = (encoded(base), encoded(branch));
    if host == "github.com" || host.starts_with("github.") || host.ends_with(".ghe.com") {
        Some(format!("https://{host}/{project}/compare/{base}...{branch}?expand=1"))
    } else if host.split('.').any(|label| label == "gitlab") {
        let source = format!("merge_request%5Bsource_branch%5D={branch}");
        let target = format!("merge_request%5Btarget_branch%5D={base}");
        Some(format!("https://{host}/{project}/-/merge_requests/new?{source}&{target}"))
    } else if host == "bitbucket.org" {
        Some(format!("https://{host}/{project}/pull-requests/new?source={branch}&dest={base}"))
    } else if host == "codeberg.org" || host.split('.').any(|label| matches!(label, "gitea" | "forgejo")) {
        Some(format!("https://{host}/{project}/compare/{base}...{branch}"))
    } else {
        None
    }
}

/// Takes `https://HOST/PROJECT.git`, `ssh://git@HOST:22/PROJECT` or `git@HOST:PROJECT.git` apart. User and password are
/// left out.
pub fn host_and_project(url: &str) -> Option<(String, String)> {
    let (authority, path) = match url.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    let project = path.trim_matches('/');
    let project = project.strip_suffix(".git").unwrap_or(project);
    let plain = |text: &str, also: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    (plain(&host, ".-") && host.contains('.') && plain(project, "-_./~")).then(|| (host, project.to_owned()))
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a `String` can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_known_forges() {
        for (remote, expected) in [
            (
                "https://token@github.com/o/r.git",
                "https://github.com/o/r/compare/main...secrets/x%23-1?expand=1",
            ),
            ("git@github.com:o/r.git", "https://github.com/o/r/compare/main...secrets/x%23-1?expand=1"),
            (
                "ssh://git@gitlab.example.org:2222/a/b/c.git",
                "https://gitlab.example.org/a/b/c/-/merge_requests/new?merge_request%5Bsource_branch%5D=secrets/x%23-1\
                 &merge_request%5Btarget_branch%5D=main",
            ),
            ("https://codeberg.org/o/r", "https://codeberg.org/o/r/compare/main...secrets/x%23-1"),
        ] {
            assert_eq!(derived(remote, "main", "secrets/x#-1").as_deref(), Some(expected), "{remote}");
        }
        for remote in
            ["/srv/git/x.git", "../x", "file:///x", "https://example.org/x", "C:/x", "git@github.com:a b"]
        {
            assert_eq!(derived(remote, "main", "b"), None, "{remote}");
        }
    }

    #[test]
    fn the_address_that_a_server_prints() {
        let stderr = "remote: \nremote: GitHub found 3 vulnerabilities: https://github.com/o/r/security/dependabot\n\
                      remote: Create a pull request for 'b' on GitHub by visiting:        \n\
                      remote:      https://github.com/o/r/pull/new/b        \nTo github.com:o/r\n";
        assert_eq!(printed(stderr).as_deref(), Some("https://github.com/o/r/pull/new/b"));
        let asking = "https://gitlab.example.org/a/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=b";
        assert_eq!(printed(&format!("remote:   {asking}   \n")).as_deref(), Some(asking));
        assert_eq!(printed("To https://github.com/o/r/pull/1\n"), None);
    }
}
