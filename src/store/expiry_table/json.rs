//! A table as JSON: an array of objects, or an object that has one under `secrets`, as `secrets list` prints it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::toml::near_miss::hint;
use super::row::Cells;
use super::{COLUMNS, FileError, LIST_KEYS, Lines, Table};
use crate::domain::json::{self, StrictValue};
use crate::domain::text::visible;

/// What `secrets list` prints; what it says of itself does not matter here.
#[derive(Deserialize)]
struct Listed<'t> {
    #[serde(borrow)]
    secrets: Vec<&'t RawValue>,
}

pub(super) fn read(text: &str, path: &str, table: &mut Table) -> Result<(), FileError> {
    let rows: Result<Vec<&RawValue>, _> = if text.trim_start().starts_with('[') {
        json::read(text.as_bytes())
    } else {
        json::read::<Listed<'_>>(text.as_bytes()).map(|listed| listed.secrets)
    };
    let rows = rows.map_err(|error| {
        let message = if error.is_data() {
            "expected an array of objects, or an object with one under `secrets`"
        } else {
            "is no JSON here; correct it"
        };
        FileError::single(path, Some(error.line()), message)
    })?;
    let mut lines = Lines::of(text);
    for raw in rows {
        // The text of a row is a part of the whole text, so where it begins tells its line.
        let offset = (raw.get().as_ptr().addr()).saturating_sub(text.as_ptr().addr());
        row(raw.get(), lines.at(offset), table);
    }
    Ok(())
}

fn row(text: &str, line: usize, table: &mut Table) {
    let object = match json::read::<StrictValue>(text.as_bytes()) {
        Ok(StrictValue(Value::Object(object))) => object,
        Ok(_) => return table.faults.at(line, "expected an object with a `name`"),
        Err(_) => return table.faults.at(line, "has a key twice, or is nested too deeply"),
    };
    let mut cells = Cells::at(line);
    for (key, value) in &object {
        if LIST_KEYS.contains(&key.as_str()) {
            continue;
        }
        let plain = if key == "owner" { "owners" } else { key };
        let Some(column) = COLUMNS.into_iter().find(|column| *column == plain) else {
            let known = COLUMNS.join(", ");
            let near = hint(key, COLUMNS);
            cells.fault(format!("unknown key `{}`{near} (known are: {known})", visible(key)));
            continue;
        };
        if column == "owners" && key == "owner" && object.contains_key("owners") {
            cells.fault("`owner` and `owners` are the same: remove one".to_owned());
            continue;
        }
        match value {
            Value::Null => {}
            Value::String(text) if text.trim().is_empty() => {}
            Value::String(text) => cells.put(column, text.trim()),
            Value::Array(names) if column == "owners" => {
                let texts: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
                match texts {
                    Some(texts) => cells.put(column, &texts.join(";")),
                    None => cells.fault("`owners`: expected names".to_owned()),
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                cells.fault(format!("`{column}`: expected a text"));
            }
        }
    }
    cells.take_into(table);
}
