//! To be filled in.

use crate::domain::notice::Message;

pub fn text(message: &Message) -> String {
    message.notices.iter().map(|notice| notice.message.clone()).collect::<Vec<_>>().join("\n")
}

pub fn subject(message: &Message) -> String {
    message.notices.first().map(|notice| notice.message.clone()).unwrap_or_default()
}
