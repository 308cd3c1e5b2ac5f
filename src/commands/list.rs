//! `secrets list`: all secrets at a glance.

use std::borrow::Cow;

use serde::Serialize;

use super::inventory::{Inventory, Row};
use super::{CommandError, Session};
use crate::cli::{List, ReadFormat};
use crate::domain::text::visible;
use crate::domain::timeline::Timeline;
use crate::render::table::{Cell, Table};
use crate::render::timeline::{self, Marks};

#[derive(Serialize)]
struct ListWire {
    schema_version: u32,
    at: String,
    secrets: Vec<Row>,
}

pub fn run(session: &Session, arguments: &List) -> Result<u8, CommandError> {
    let Inventory { rows: mut secrets, .. } = Inventory::read(session, &arguments.scope)?;
    let all = secrets.len();
    if arguments.without_expiry {
        secrets.retain(|row| row.expires.is_none() && row.never.is_none());
    }
    if arguments.output.format == ReadFormat::Json {
        session.print_json(&ListWire { schema_version: 1, at: session.now.to_string(), secrets })?;
        return Ok(0);
    }
    if secrets.is_empty() {
        session.say(match all {
            0 => "the store holds no secret yet: secrets add NAME --expires-in 1y",
            _ => "of every secret somebody has said when it ends, or that it never does",
        })?;
        return Ok(0);
    }
    if arguments.timeline {
        let timeline = Timeline::new(session.now, secrets.into_iter().map(|row| row.due).collect());
        let marks = if session.is_plain() { Marks::ASCII } else { Marks::UNICODE };
        session.print(timeline::render(&timeline, session.style(), marks))?;
        return Ok(0);
    }
    session.print(table(&secrets).render(session.style()))?;
    Ok(0)
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&["NAME", "EXPIRES", "DAYS", "PEOPLE", "OWNER", "STATE"]);
    table.align_right(2);
    table.align_right(3);
    for row in rows {
        let number = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
        table.cells([
            Cell::plain(visible(&row.name)),
            Cell::plain(&row.expires_text),
            Cell::plain(number(row.days_left.map(|days| days.to_string()))),
            Cell::plain(number(row.people.map(|people| people.to_string()))),
            Cell::plain(if row.owners.is_empty() { "-".to_owned() } else { row.owners.join(", ") }),
            match row.level {
                "ok" => Cell::good(state(row)),
                "warning" => Cell::warning(state(row)),
                _ => Cell::bad(state(row)),
            },
        ]);
    }
    table
}

/// What is found of it, and how far its rotation has come.
fn state(row: &Row) -> Cow<'_, str> {
    match row.rotation {
        Some(rotation) => Cow::Owned(format!("{}, rotation {rotation}", row.state)),
        None => Cow::Borrowed(&row.state),
    }
}
