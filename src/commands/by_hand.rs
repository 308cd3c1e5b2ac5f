//! A person makes the next version.

use super::{CommandError, Session};
use crate::cli::Rotate;
use crate::domain::expiry::Expiry;
use crate::domain::period::Period;
use crate::domain::policy::Policy;
use crate::domain::record::Record;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::observe::place::Place;

pub struct ByHand {
    pub value: Value,
    pub expires: Expiry,
    pub issued: Option<Instant>,
}

pub fn new_value(
    _session: &Session,
    _place: &Place,
    _policy: &Policy,
    _record: &Record,
    _arguments: &Rotate,
    _lifetime: Option<Period>,
) -> Result<ByHand, CommandError> {
    Err(CommandError::new("by hand"))
}
