//! Older versions of a secret, from git's history.

use super::CommandError;
use super::session::repository;
use crate::change::sealing;
use crate::domain::id::VersionId;
use crate::domain::name::SecretName;
use crate::domain::record::Record;
use crate::observe::place::Place;
use crate::store::record_file;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Number(u64),
    Id(VersionId),
}

pub struct Found {
    pub record: Record,
    pub sealed: Vec<u8>,
}

pub fn older(place: &Place, name: &SecretName, wanted: Wanted) -> Result<Found, CommandError> {
    let (record_path, sealed_path) = (place.record_path(name), place.sealed_path(name));
    let pairs = repository(place)?.past_pairs([&record_path, &sealed_path])?;
    pairs
        .into_iter()
        .find_map(|[record, sealed]| {
            let record = record_file::parse(&record, &record_path).ok()?;
            sealing::verify_bound(&record, &sealed).ok().filter(|()| record.sealed.name == *name)?;
            let version = &record.sealed.version;
            let fits = match wanted {
                Wanted::Number(number) => version.number == number,
                Wanted::Id(id) => version.id == id,
            };
            fits.then_some(Found { record, sealed })
        })
        .ok_or_else(|| CommandError::new(format!("{name}: no such version in the history here")))
}
