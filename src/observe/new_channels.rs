//! Whom and what a change has the scheduled job speak to, for whoever reviews it.

use crate::domain::channel::{Channel, ChannelKind, Setting, Smtp};
use crate::domain::policy::Policy;
use crate::domain::text::{few, shell_word, visible};

/// How many mailboxes a line names.
const MOST_MAILBOXES: usize = 3;

/// The channels that a change brings or sends elsewhere, one line each, and the heartbeat.
pub fn new_channels(reference: Option<&Policy>, change: &Policy) -> Vec<String> {
    let was_there = |new: &&Channel| {
        reference.is_some_and(|policy| policy.channels.iter().any(|old| old.kind == new.kind))
    };
    let mut lines: Vec<String> = change.channels.iter().filter(|new| !was_there(new)).map(line).collect();
    let heartbeat = reference.and_then(|policy| policy.heartbeat.as_ref());
    if let Some(new) = change.heartbeat.as_ref().filter(|new| heartbeat != Some(*new)) {
        lines.push(format!("the change has `secrets warn` call {} after each run", shown(&new.url)));
    }
    lines
}

fn line(channel: &Channel) -> String {
    let (name, kind) = (&channel.name, channel.kind.as_str());
    if let ChannelKind::Exec { command } = &channel.kind {
        let words: Vec<_> = command.iter().map(|word| shell_word(word)).collect();
        let command = words.join(" ");
        return format!("the change has `secrets warn` run {command} (channel `{name}`): read what it does");
    }
    format!("the change has `secrets warn` tell {} (channel `{name}`, {kind})", told(&channel.kind))
}

/// Who is told, and with which credentials.
fn told(kind: &ChannelKind<Setting>) -> String {
    match kind {
        ChannelKind::Stdout | ChannelKind::Exec { .. } => "whoever reads its output".to_owned(),
        ChannelKind::Slack { url } => shown(url),
        ChannelKind::Webhook { url, authorization }
        | ChannelKind::Alertmanager { url, authorization, .. } => with(shown(url), authorization.as_ref()),
        ChannelKind::PagerDuty { routing_key, url } => with(shown(url), Some(routing_key)),
        ChannelKind::GithubIssue { repository, token, url, .. } => {
            with(format!("{repository} at {}", shown(url)), Some(token))
        }
        ChannelKind::Smtp(Smtp { host, port, login, to, .. }) => with(
            format!("{} through {host}:{port}", few(to, MOST_MAILBOXES)),
            login.as_ref().map(|login| &login.1),
        ),
    }
}

fn with(whom: String, credential: Option<&Setting>) -> String {
    match credential {
        Some(credential) => format!("{whom} with {}", shown(credential)),
        None => whom,
    }
}

fn shown(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => visible(text).into_owned(),
        Setting::Env(name) => format!("the variable {name}"),
        Setting::Secret(name) => format!("the secret {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::place::parse_policy;

    fn policy(tables: &str) -> Policy {
        let head = "schema = 1\nstore = \"01KDVDNA000000000000000001\"\ndeploy-ref = \"none\"\n";
        parse_policy(format!("{head}{tables}").as_bytes(), "policy.toml").unwrap()
    }

    #[test]
    fn what_a_change_has_the_job_speak_to() {
        let exec = "[[notify]]\nkind = \"exec\"\ncommand = [\"tell\", \"a b\"]\n";
        let hook = "[[notify]]\nkind = \"webhook\"\nurl = \"https://h/x\"\nauthorization = { secret = \"prod/db\" }\n";
        let mail =
            "[[notify]]\nkind = \"smtp\"\nhost = \"m\"\nmail-from = \"a@b\"\nto = [\"c@d\", \"e@f\"]\n";
        let issue = "[[notify]]\nkind = \"github-issue\"\nrepository = \"o/r\"\ntoken = { env = \"T\" }\n";
        let heartbeat = "[heartbeat]\nurl = { env = \"H\" }\n";
        let change = policy(&format!("{exec}{hook}{mail}{issue}{heartbeat}"));
        let told = [
            "the change has `secrets warn` run tell 'a b' (channel `exec`): read what it does",
            "the change has `secrets warn` tell https://h/x with the secret prod/db (channel `webhook`, webhook)",
            "the change has `secrets warn` tell c@d and e@f through m:587 (channel `smtp`, smtp)",
            "the change has `secrets warn` tell o/r at https://api.github.com with the variable T (channel `github-issue`, \
             github-issue)",
            "the change has `secrets warn` call the variable H after each run",
        ];
        assert_eq!(new_channels(None, &change), told);
        assert_eq!(new_channels(Some(&change), &change), [""; 0]);
        let other = policy(&format!("{exec}{}{mail}{issue}{heartbeat}", hook.replace("prod/db", "ops/hook")));
        assert_eq!(new_channels(Some(&other), &change), [told[1]]);
        // When it joins in is no affair of this.
        let later = policy(&format!("{exec}from = \"1d\"\n"));
        assert_eq!(new_channels(Some(&change), &later), [""; 0]);
    }
}
