//! age plugins: programs named `age-plugin-NAME` that hold keys elsewhere, in hardware by custom.

use std::collections::HashSet;

use age::plugin::{IdentityPluginV1, RecipientPluginV1};
use age_core::format::{FileKey, Stanza};

use super::identity::{IdentityError, carry};
use super::prompts::{Prompts, printable};
use crate::system::environment::IDENTITY_VARIABLE;

/// Why a plugin could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    #[error("the program `{0}` is not installed, or not on PATH")]
    Missing(String),
    #[error(
        "the age crate would hand {IDENTITY_VARIABLE} on to the plugin: give the identity through \
         {IDENTITY_VARIABLE}_FILE instead"
    )]
    IdentityInEnvironment,
    #[error("the plugin said: {0}")]
    Failed(String),
}

impl PluginError {
    pub(super) fn of_decryption(error: &age::DecryptError) -> Self {
        Self::Failed(one_line(&error.to_string()))
    }
}

/// The crate's messages are for terminals: several lines, and marks around what it filled in.
fn one_line(message: &str) -> String {
    printable(&message.replace(['\u{2068}', '\u{2069}'], ""))
}

/// The crate starts plugins itself, with our whole environment; and ours can't be changed without unsafe code.
#[expect(
    clippy::disallowed_methods,
    reason = "asks what a child would inherit, which is the process's own state"
)]
fn refuse_to_leak() -> Result<(), PluginError> {
    match std::env::var_os(IDENTITY_VARIABLE) {
        Some(_) => Err(PluginError::IdentityInEnvironment),
        None => Ok(()),
    }
}

fn missing(error: &age::plugin::ResolveError) -> PluginError {
    if let age::plugin::ResolveError::MissingPlugin { binary_name } = error {
        PluginError::Missing(binary_name.clone())
    } else {
        PluginError::Failed(one_line(&error.to_string()))
    }
}

/// Has the plugin wrap the file key for one recipient. Returns its stanzas, and the labels that say beside what
/// they may stand.
pub(super) fn wrap(
    file_key: &FileKey,
    name: &str,
    recipient: &str,
    prompts: &Prompts,
) -> Result<(Vec<Stanza>, HashSet<String>), PluginError> {
    use age::Recipient as _;

    let failed = |error: age::EncryptError| PluginError::Failed(one_line(&error.to_string()));
    // The one kind of recipient for hardware that needs no program to seal to it.
    if name == "tag" {
        let native = recipient.parse::<age::tag::Recipient>();
        return native
            .map_err(|error| PluginError::Failed(error.to_owned()))?
            .wrap_file_key(file_key)
            .map_err(failed);
    }
    refuse_to_leak()?;
    let parsed = recipient.parse().map_err(|error: &str| PluginError::Failed(error.to_owned()))?;
    let plugin = RecipientPluginV1::new(name, &[parsed], &[], prompts.clone()).map_err(|e| missing(&e))?;
    plugin.wrap_file_key(file_key).map_err(failed)
}

/// An identity that a plugin unwraps with. The program is looked for when it is needed.
pub(super) struct PluginIdentity {
    pub identity: age::plugin::Identity,
    pub label: String,
    pub prompts: Prompts,
}

impl age::Identity for PluginIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, age::DecryptError>> {
        let refuse = |error| carry(IdentityError::Plugin { label: self.label.clone(), error });
        if let Err(error) = refuse_to_leak() {
            return Some(Err(refuse(error)));
        }
        let identities = std::slice::from_ref(&self.identity);
        match IdentityPluginV1::new(self.identity.plugin(), identities, self.prompts.clone()) {
            Ok(plugin) => plugin
                .unwrap_stanzas(stanzas)
                .map(|result| result.map_err(|error| refuse(PluginError::of_decryption(&error)))),
            Err(error) => Some(Err(refuse(missing(&error)))),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
