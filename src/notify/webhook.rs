//! JSON, posted to an address. Any status of 2xx says that it arrived.

use reqwest::header::{HeaderName, HeaderValue};

use super::{Delivery, Outside, document};
use crate::domain::notice::Message;
use crate::domain::value::Value;
use crate::web::{Request, ServiceError, Target};

/// By draft-ietf-httpapi-idempotency-key-header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub fn deliver(url: &Value, authorization: Option<&Value>, message: &Message, outside: &Outside) -> Delivery {
    Delivery::whole(message, post(url, authorization, message, outside))
}

fn post(
    url: &Value,
    authorization: Option<&Value>,
    message: &Message,
    outside: &Outside,
) -> Result<(), ServiceError> {
    if message.is_empty() {
        return Ok(());
    }
    let target = Target::parse("url", url)?;
    let document = document::json(message);
    let key = document::idempotency_key(&document);
    let mut request = Request::post(&target, document).authorized(authorization)?;
    if let Ok(key) = HeaderValue::from_str(&key) {
        request = request.with_header(IDEMPOTENCY_KEY, key);
    }
    outside.send(&request).map(|_| ())
}
