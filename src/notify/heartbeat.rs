//! The call that says that all went well. Whoever is called raises the alarm when it does not come.

use super::http::{Request, Target, send};
use super::{NotifyError, Outside};
use crate::domain::value::Value;

/// Any status of 2xx is an answer.
pub fn call(url: &Value, outside: &Outside) -> Result<(), NotifyError> {
    let target = Target::parse("heartbeat", url)?;
    send(&Request::get(&target), outside).map(|_| ())
}
