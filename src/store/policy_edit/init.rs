//! The first policy of a new store.

use toml_edit::{Array, Key, Value};

use super::NewActor;
use crate::domain::id::StoreId;
use crate::domain::policy::DeployRef;

/// The text of a new store's policy: one person, alone in a group that reads everything, and two people demanded,
/// so that the gate says from the start that a second one is missing. The groups of `person` are left out.
pub fn first_policy(
    store: StoreId,
    deploy_ref: &DeployRef,
    person: NewActor<'_>,
    contact: Option<&str>,
) -> String {
    let name = person.name.as_str();
    // People and groups share one namespace.
    let group = if name == "team" { "everyone" } else { "team" };
    let keys: Array = person.keys.iter().collect();
    let contact = contact.map(|contact| format!("contact = {}\n", Value::from(contact))).unwrap_or_default();
    let deploy_ref = Value::from(deploy_ref.to_string());
    let (table, person) = (Key::new(name), Value::from(name));
    let table = table.display_repr();
    format!(
        r#"# Who reads what in this store, and how strictly `secrets check` judges it.
# Written by people and by `secrets people`, `secrets machines` and `secrets add`; comments stay where they are.

schema = 1
# This store's own id: nothing that was sealed for it passes in another one.
store = "{store}"
# The remote branch from which deploys are made; "none" where nothing is deployed from git.
deploy-ref = {deploy_ref}

# People hold keys: one, or several. A second person joins with
#   secrets people add NAME --key age1... --group {group}
# and then, by somebody who can already read them: secrets reseal --all

[people.{table}]
keys = {keys}
{contact}
# Machines read too, and never count as people:
#   secrets machines add ci --key age1... --group {group}

[groups]
{group} = [{person}]

[defaults]
# Who reads a secret of which no scope says otherwise.
readers = ["{group}"]
# How many people must be able to open it, so that nobody has to be woken up.
min-people = 2
# How long before the end people are told; and from when on the deploy is blocked ("0d": from the end itself).
notify-at = ["60d", "30d", "14d", "7d", "1d"]
block-within = "0d"

# Other rules for some secrets; later scopes win, key by key:
#   [[scope]]
#   match = "*/prod/**"
#   min-people = 3
#   block-within = "2d"

# A finding that is allowed until a date:
#   [[waiver]]
#   finding = "single-holder"
#   secret = "legacy/ftp"
#   until = 2026-12-31
#   reason = "the vendor gives out one login"
#   by = "alice"

# Whom `secrets warn` tells ahead of the end, on a schedule; credentials are named here and never stand here:
#   [[notify]]
#   kind = "slack"
#   url = {{ env = "SLACK_WEBHOOK" }}
"#
    )
}
