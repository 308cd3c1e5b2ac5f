//! To be filled in.

use super::{Delivery, Outside};
use crate::domain::notice::Message;
use crate::domain::value::Value;

pub fn deliver(_url: &Value, message: &Message, _outside: &Outside) -> Delivery {
    Delivery::whole(message, Ok(()))
}
