//! What the reading commands share: choosing names, and words for an expiry.

use super::CommandError;
use crate::domain::expiry::Expiry;
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;
use crate::domain::record::Record;
use crate::observe::place::Place;
use crate::store::record_file::{self, MAX_RECORD_BYTES};
use crate::system::files;

/// The secrets that were named, and those whose names fit a glob. A glob that fits nothing is an error: it is
/// more likely a typing mistake than a wish.
pub fn names_in(
    place: &Place,
    names: &[SecretName],
    scopes: &[Glob],
) -> Result<Vec<SecretName>, CommandError> {
    let mut chosen = names.to_vec();
    let listing = place.list();
    for glob in scopes {
        let before = chosen.len();
        chosen.extend(listing.secrets.keys().filter(|name| glob.matches(name.as_str())).cloned());
        if chosen.len() == before {
            return Err(CommandError::new(format!("--scope {glob}: fits no secret")).hint("secrets list"));
        }
    }
    chosen.sort();
    chosen.dedup();
    Ok(chosen)
}

/// The record of a secret as it stands in the work tree; `None` where there is none.
pub fn record(place: &Place, name: &SecretName) -> Result<Option<Record>, CommandError> {
    let path = place.store.record_path(name);
    let Some(bytes) = files::read_if_present(&path, MAX_RECORD_BYTES)? else { return Ok(None) };
    Ok(Some(record_file::parse(&bytes, &path.display().to_string())?))
}

/// `2027-08-31`, `never` or `unknown`.
pub fn expiry_text(expiry: Option<&Expiry>) -> String {
    match expiry {
        Some(Expiry::At { at, .. }) => at.brief(),
        Some(Expiry::Never { .. }) => "never".to_owned(),
        None => "unknown".to_owned(),
    }
}
