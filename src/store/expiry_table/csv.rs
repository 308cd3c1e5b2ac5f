//! A table as CSV.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::super::toml::near_miss::hint;
use super::row::Cells;
use super::{COLUMNS, FileError, Lines, Table};
use crate::domain::text::visible;

pub(super) fn read(text: &str, path: &str, table: &mut Table) -> Result<(), FileError> {
    // Rows of another length than the header are told one by one, so they must not end the reading.
    let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let unread = |error: &csv::Error| {
        let line = error.position().map(|position| usize::try_from(position.line()).unwrap_or(usize::MAX));
        FileError::single(path, line, "can't be read as CSV; save the file anew")
    };
    let header = reader.headers().map_err(|error| unread(&error))?.clone();
    let columns = columns(&header, path)?;
    let mut lines = Lines::of(text);
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| unread(&error))? {
        // Not the reader's own count: it takes the two bytes of a line ending apart.
        let offset = record.position().map_or(0, csv::Position::byte);
        let line = lines.at(usize::try_from(offset).unwrap_or(usize::MAX));
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != columns.len() {
            let message = format!(
                "has {} cells, and the header has {}; put a cell that holds a comma in quotes",
                record.len(),
                columns.len()
            );
            table.faults.at(line, message);
            continue;
        }
        let cells = columns.iter().copied().zip(record.iter());
        let mut row = Cells::at(line);
        for (column, text) in cells.filter(|(_, text)| !text.is_empty()) {
            row.put(column, text);
        }
        row.take_into(table);
    }
    Ok(())
}

/// The columns in the order of the file. Without all of them no row means anything.
fn columns(header: &StringRecord, path: &str) -> Result<Vec<&'static str>, FileError> {
    let refuse = |message: String| Err(FileError::single(path, Some(1), message));
    let known = COLUMNS.join(", ");
    // Without that it is some other file, perhaps of values in the clear: nothing of it is repeated.
    if !header.iter().any(|title| title.eq_ignore_ascii_case("name")) {
        return refuse(format!(
            "the first line must name the columns, `name` among them, separated by commas (known are: {known})"
        ));
    }
    let mut columns = Vec::new();
    for title in header {
        let lower = title.to_ascii_lowercase();
        let lower = if lower == "owner" { "owners" } else { lower.as_str() };
        let Some(column) = COLUMNS.into_iter().find(|column| *column == lower) else {
            let (shown, near) = (visible(title), hint(title, COLUMNS));
            return refuse(format!("unknown column `{shown}`{near} (known are: {known})"));
        };
        if columns.contains(&column) {
            return refuse(format!("the column `{column}` is there twice: remove one"));
        }
        columns.push(column);
    }
    Ok(columns)
}
