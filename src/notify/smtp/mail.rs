//! The mail itself: its headers, its text and the same as HTML.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message as Mail};

use super::html;
use crate::domain::channel::Smtp;
use crate::domain::digest::Digest;
use crate::domain::notice::Message;
use crate::domain::text::visible;
use crate::notify::wording;

/// A mail, and whom its envelope names.
pub struct Written {
    pub from: Address,
    pub to: Vec<Address>,
    pub bytes: Vec<u8>,
}

/// Writes the mail; the error says which setting is wrong.
pub fn write<S>(settings: &Smtp<S>, message: &Message) -> Result<Written, String> {
    let from = mailbox(&settings.from)?;
    let to = settings.to.iter().map(|text| mailbox(text)).collect::<Result<Vec<_>, _>>()?;
    let (subject, text) = (visible(&wording::subject(message)).into_owned(), wording::text(message));
    let mut builder = Mail::builder()
        .from(from.clone())
        .subject(&subject)
        .date(UNIX_EPOCH + Duration::from_secs(message.at.unix_seconds()))
        .message_id(Some(id(
            &from.email,
            &[&settings.to.join(","), &message.at.to_string(), &subject, &text],
        )));
    for recipient in &to {
        builder = builder.to(recipient.clone());
    }
    // RFC 3834: nobody's holiday reply is asked for. The second is what Exchange listens to.
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")] {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
        builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    let parts = MultiPart::alternative_plain_html(text, html::page(message, &subject));
    let mail = builder.multipart(parts).map_err(|error| format!("no mail can be made of this: {error}"))?;
    let to = to.into_iter().map(|recipient| recipient.email).collect();
    Ok(Written { from: from.email, to, bytes: mail.formatted() })
}

/// `alice@example.com`, or `Alice <alice@example.com>`.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    let shown = || visible(text).into_owned();
    let mailbox =
        text.parse::<Mailbox>().map_err(|error| format!("`{}` is no address of mail: {error}", shown()))?;
    if text.contains(|c: char| c.is_control()) {
        return Err(format!("`{}` has more than one line", shown()));
    }
    let address: &str = mailbox.email.as_ref();
    if address.is_ascii() {
        Ok(mailbox)
    } else {
        Err(format!(
            "`{}` is not ASCII, which a mail server need not take: write its host as `xn--…`",
            shown()
        ))
    }
}

/// RFC 5322, 3.6.4. The same mail has the same, however often it is handed over, so that a mailbox may tell.
fn id(from: &Address, parts: &[&str]) -> String {
    let digest = Digest::of(parts.join("\0").as_bytes()).to_string();
    let digits = digest.trim_start_matches("sha256:").chars().take(32).collect::<String>();
    format!("<secrets.{digits}@{}>", from.domain())
}
