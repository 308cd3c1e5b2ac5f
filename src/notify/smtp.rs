//! Mail, handed to one server: one a run, to everybody at once.
//!
//! The dialogue is spoken here, over `rustls`, and not by `lettre`, which writes the mail: that one's connection takes
//! what came in clear behind the answer to STARTTLS for what the server says under TLS, and waits for each byte anew.

pub mod dialogue;

mod html;
mod mail;
mod wire;

use std::thread;
use std::time::Instant;

use lettre::Address;

use self::dialogue::{Dialogue, Fault, Server};
use super::{Delivery, Outside};
use crate::domain::channel::{Encryption, Smtp};
use crate::domain::notice::Message;
use crate::domain::text::visible;
use crate::domain::value::Value;
use crate::web::ServiceError;

pub fn deliver(settings: &Smtp<Value>, message: &Message, outside: &Outside) -> Delivery {
    if message.is_empty() {
        return Delivery::default();
    }
    let parcel = Parcel::new(settings, message);
    parcel
        .map_or_else(|error| Delivery::whole(message, Err(error)), |parcel| parcel.deliver(message, outside))
}

/// A mail, and everything that is needed to hand it over.
struct Parcel<'a> {
    settings: &'a Smtp<Value>,
    login: Option<(&'a str, &'a str)>,
    from: Address,
    to: Vec<Address>,
    bytes: Vec<u8>,
}

impl<'a> Parcel<'a> {
    fn new(settings: &'a Smtp<Value>, message: &Message) -> Result<Self, ServiceError> {
        let what = || format!("mail by {}", visible(&settings.host));
        let setting = |why: String| ServiceError::Setting { what: what(), why };
        if settings.encryption == Encryption::None {
            if !is_this_machine(&settings.host) {
                let why =
                    "mail goes unencrypted to this very machine only: have it encrypted by STARTTLS or TLS";
                return Err(setting(why.to_owned()));
            }
            if settings.login.is_some() {
                return Err(setting("a login goes over STARTTLS or TLS only".to_owned()));
            }
        }
        let text = |value: &'a Value, of: &str| {
            let text = std::str::from_utf8(value.expose()).ok().filter(|text| !text.contains('\0'));
            text.ok_or_else(|| setting(format!("the {of} is no text")))
        };
        let login = match &settings.login {
            Some((user, password)) => Some((text(user, "user")?, text(password, "password")?)),
            None => None,
        };
        let mail = mail::write(settings, message).map_err(setting)?;
        Ok(Self { settings, login, from: mail.from, to: mail.to, bytes: mail.bytes })
    }

    /// Until everybody has it or is refused, or the time is over. Who has it does not get it again.
    fn deliver(&self, message: &Message, outside: &Outside) -> Delivery {
        let mut waiting = self.to.clone();
        let mut refused = Vec::new();
        let mut pause = outside.limits.first_pause;
        loop {
            let passing = match self.attempt(&waiting, outside) {
                Ok(left_out) => {
                    let (passing, lasting) = left_out.into_iter().partition::<Vec<_>, _>(|(_, f)| f.passes);
                    refused.extend(lasting);
                    waiting.retain(|address| passing.iter().any(|(waits, _)| waits == address));
                    match passing.into_iter().next() {
                        Some((_, fault)) => fault.error,
                        None => break,
                    }
                }
                Err(Fault { error, passes: true }) => error,
                Err(Fault { error, passes: false }) => return Delivery::whole(message, Err(error)),
            };
            if pause >= outside.deadline.saturating_duration_since(Instant::now()) {
                return Delivery::whole(message, Err(passing));
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2);
        }
        // Telling somebody again whose address is not taken helps nobody; the others know by now.
        let arrived = refused.len() < self.to.len();
        let error = refused.into_iter().next().map(|(_, fault)| fault.error);
        match error {
            Some(error) if arrived => Delivery { error: Some(error), ..Delivery::whole(message, Ok(())) },
            Some(error) => Delivery::whole(message, Err(error)),
            None => Delivery::whole(message, Ok(())),
        }
    }

    fn attempt(&self, to: &[Address], outside: &Outside) -> Result<Vec<(Address, Fault)>, Fault> {
        let mut dialogue = Dialogue::begin(Server {
            host: &self.settings.host,
            port: self.settings.port,
            encryption: self.settings.encryption,
            attempt: outside.limits.attempt,
            deadline: outside.deadline,
        })?;
        if let Some((user, password)) = self.login {
            dialogue.log_in(user, password)?;
        }
        let left_out = dialogue.send(&self.from, to, &self.bytes)?;
        dialogue.end();
        Ok(left_out)
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
