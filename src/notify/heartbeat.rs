//! The call that says that all went well. Whoever is called raises the alarm when it does not come.

use super::Outside;
use crate::domain::value::Value;
use crate::web::{Request, ServiceError, Target};

/// Any status of 2xx is an answer.
pub fn call(url: &Value, outside: &Outside) -> Result<(), ServiceError> {
    let target = Target::parse("heartbeat", url)?;
    outside.send(&Request::get(&target)).map(|_| ())
}
