//! Texts that a channel needs, where policy has them or says where they are.

use super::super::toml::{Faults, Node};
use crate::domain::channel::Setting;
use crate::domain::name::SecretName;
use crate::domain::text::is_treacherous;
use crate::domain::variable::VariableName;
use crate::domain::web_address;
use crate::system::environment::IDENTITY_VARIABLE;

/// The longest address of a mailbox, in bytes (RFC 5321, 4.5.3.1.3).
const MAX_MAILBOX_BYTES: usize = 254;

/// What may stand in policy itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum InClear {
    /// An address of the web that gives nothing away.
    Address,
    /// Any text.
    Text,
    /// Nothing: it is a credential.
    Nothing,
}

/// Reads a text, `{ env = … }` or `{ secret = … }`. What is wrong is not quoted: it may be the credential itself.
pub(super) fn setting(node: &Node<'_>, in_clear: InClear, faults: &mut Faults) -> Option<Setting> {
    if node.is_plain() {
        return in_policy(node, in_clear, faults).map(Setting::Text);
    }
    let mut table = node.table(faults)?;
    let (env, secret) = (table.get("env"), table.get("secret"));
    table.finish(faults);
    let name = node.name();
    match (env, secret) {
        (Some(env), None) => variable(&env, faults).map(Setting::Env),
        (None, Some(secret)) => {
            let text = secret.text(faults)?;
            let message =
                "`secret` is no name of a secret: write it as `secrets list` does, such as ops/slack-webhook";
            faults.keep(secret.line, text.parse::<SecretName>().map_err(|_| message)).map(Setting::Secret)
        }
        (Some(_), Some(secret)) => {
            faults.at(secret.line, "`env` and `secret` exclude each other: remove one of the two");
            None
        }
        (None, None) => {
            let message = format!(
                "`{name}` says nothing: write {name} = {{ env = \"VARIABLE\" }} or {{ secret = \"NAME\" }}"
            );
            faults.at(node.line, message);
            None
        }
    }
}

fn in_policy(node: &Node<'_>, in_clear: InClear, faults: &mut Faults) -> Option<String> {
    let (text, name) = (node.text(faults)?, node.name());
    match in_clear {
        InClear::Nothing => {
            let message = format!(
                "`{name}` is a credential and stands here in clear: write {name} = {{ env = \"VARIABLE\" }} or {{ secret = \
                 \"NAME\" }}, and have it replaced, git keeps it for good"
            );
            faults.at(node.line, message);
            None
        }
        InClear::Address => {
            let result = web_address::check(text).map_err(|why| format!("`{name}` {why}"));
            faults.keep(node.line, result).map(|()| text.to_owned())
        }
        InClear::Text => clean(node, faults),
    }
}

fn variable(node: &Node<'_>, faults: &mut Faults) -> Option<String> {
    let text = node.text(faults)?;
    if text == IDENTITY_VARIABLE {
        faults.at(
            node.line,
            format!("`{IDENTITY_VARIABLE}` is the identity itself and goes to nobody: name another"),
        );
        return None;
    }
    let message = "`env` is no name of a variable: it may hold ASCII letters, digits and `_` only, and start with no \
                   digit; the credential itself belongs into the variable";
    let name = faults.keep(node.line, text.parse::<VariableName>().map_err(|_| message))?;
    Some(name.to_string())
}

/// A text that says something, and shows all that it says.
pub(super) fn clean(node: &Node<'_>, faults: &mut Faults) -> Option<String> {
    let text = node.prose(faults)?;
    if text.chars().any(is_treacherous) {
        let message =
            format!("`{}` holds control or invisible characters: write it anew without", node.name());
        faults.at(node.line, message);
        return None;
    }
    Some(text)
}

/// The address of a mailbox, alone; whether there is one the mail server knows.
pub(super) fn mailbox(node: &Node<'_>, faults: &mut Faults) -> Option<String> {
    let text = clean(node, faults)?;
    let is_plain = |c: char| !c.is_whitespace() && !"<>,;\"()".contains(c);
    let is_mailbox = text.len() <= MAX_MAILBOX_BYTES
        && text.chars().all(is_plain)
        && text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && web_address::is_host(host));
    if !is_mailbox {
        let message = format!(
            "`{}`: `{text}` is no address of a mailbox: write it alone, as ops@example.org",
            node.name()
        );
        faults.at(node.line, message);
        return None;
    }
    Some(text)
}
