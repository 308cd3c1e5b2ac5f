//! Where comments belong when something is put in or taken out.
//!
//! `toml_edit` keeps what stands between two elements with the later one, so that a comment at the end of a line
//! hangs on the *next* element. What is removed takes the comment on its own line along; comments on lines of
//! their own stay.

use toml_edit::{Array, Decor, DocumentMut, Item, Table, Value};

/// Appends an element in the way in which the array is written.
pub fn push(array: &mut Array, text: &str) {
    let mut value = Value::from(text);
    let Some(last) = array.len().checked_sub(1) else {
        array.push(value);
        return;
    };
    let indent = array.get(last).and_then(|value| indent(&prefix(value.decor())).map(str::to_owned));
    let Some(indent) = indent else {
        array.push(value);
        return;
    };
    // Without a trailing comma a comment behind the last element hangs on that element.
    let mut behind = array.trailing().as_str().unwrap_or_default().to_owned();
    if let Some(last) = array.get_mut(last) {
        let own = last.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default().to_owned();
        last.decor_mut().set_suffix("");
        behind = own + &behind;
    }
    let comments = behind.rsplit_once('\n').map_or("", |(comments, _)| comments).trim_end();
    value.decor_mut().set_prefix(format!("{comments}\n{indent}"));
    array.push_formatted(value);
    array.set_trailing("\n");
    array.set_trailing_comma(true);
}

/// Removes all elements that are this text, and says whether there was one.
pub fn remove(array: &mut Array, is_it: impl Fn(&str) -> bool) -> bool {
    let is_it = |(at, value): (usize, &Value)| value.as_str().is_some_and(&is_it).then_some(at);
    let positions: Vec<usize> = array.iter().enumerate().filter_map(is_it).collect();
    for at in positions.iter().rev() {
        remove_at(array, *at);
    }
    !positions.is_empty()
}

fn remove_at(array: &mut Array, at: usize) {
    let gone = array.remove(at);
    let before = prefix(gone.decor());
    match (array.get_mut(at), before.split_once('\n')) {
        (Some(next), Some((end_of_line, own_lines))) => {
            let after = prefix(next.decor());
            let rest = after.split_once('\n').map(|(_, rest)| rest);
            next.decor_mut().set_prefix(match rest {
                Some(rest) => format!("{end_of_line}\n{}{rest}", comment_lines(own_lines)),
                None => before.clone(),
            });
        }
        (Some(next), None) if at == 0 => next.decor_mut().set_prefix(before),
        (None, Some((end_of_line, own_lines))) => {
            let trailing = array.trailing().as_str().unwrap_or_default();
            let rest = trailing.split_once('\n').map_or("", |(_, rest)| rest).to_owned();
            array.set_trailing(format!("{end_of_line}\n{}{rest}", comment_lines(own_lines)));
        }
        (_, None) => {}
    }
}

/// The whole lines of a prefix, without the indentation of the element that followed.
fn comment_lines(own_lines: &str) -> &str {
    own_lines.rfind('\n').and_then(|end| own_lines.get(..=end)).unwrap_or_default()
}

fn prefix(decor: &Decor) -> String {
    decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned()
}

/// The white space at the begin of the line on which an element stands; `None` if others stand before it.
fn indent(prefix: &str) -> Option<&str> {
    prefix.rsplit_once('\n').map(|(_, indent)| indent)
}

/// Puts a new table behind the one at this position, or at the end of the document, behind the comments there.
pub fn place(document: &mut DocumentMut, table: &mut Table, behind: Option<isize>) {
    let mut last = 0;
    each_table(document.as_table_mut(), &mut |table| last = last.max(table.position().unwrap_or(0)));
    let position = behind.unwrap_or(last);
    table.set_position(Some(position));
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    if position >= last && !trailing.trim().is_empty() {
        table.decor_mut().set_prefix(format!("{}\n\n", trailing.trim_end()));
        document.set_trailing("");
    } else {
        table.decor_mut().set_prefix("\n");
    }
}

/// Hands the comments above a removed table to what follows it, but for those that touch its header: they were
/// about it.
pub fn leave_comments(document: &mut DocumentMut, removed: &Table) {
    leave(document, removed.decor(), removed.position().unwrap_or(isize::MAX));
}

/// The same for what was not written as a table of its own, and so stood before all tables.
pub fn leave_comments_above(document: &mut DocumentMut, removed: &Decor) {
    leave(document, removed, isize::MIN);
}

/// Of what stands above an element, the lines that don't touch it: they were about something else.
pub fn detached(above: &str) -> String {
    let lines: Vec<&str> = above.split_inclusive('\n').collect();
    let blank = lines.iter().rposition(|line| line.trim().is_empty()).unwrap_or(0);
    let detached: String = lines.iter().take(blank).copied().collect();
    if detached.trim().is_empty() { String::new() } else { detached }
}

fn leave(document: &mut DocumentMut, removed: &Decor, from: isize) {
    let detached = detached(&prefix(removed));
    if detached.is_empty() {
        return;
    }
    let mut next = None;
    each_table(document.as_table_mut(), &mut |table| {
        let position = table.position().filter(|position| *position > from && !table.is_implicit());
        next = [next, position].into_iter().flatten().min();
    });
    if next.is_none() {
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing(detached + &trailing);
        return;
    }
    each_table(document.as_table_mut(), &mut |table| {
        if table.position() == next && !table.is_implicit() {
            let joined = format!("{detached}{}", prefix(table.decor()));
            table.decor_mut().set_prefix(joined);
        }
    });
}

/// Visits the tables below this one.
pub fn each_table(table: &mut Table, visit: &mut dyn FnMut(&mut Table)) {
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => {
                visit(inner);
                each_table(inner, visit);
            }
            Item::ArrayOfTables(tables) => {
                for inner in tables.iter_mut() {
                    visit(inner);
                    each_table(inner, visit);
                }
            }
            Item::None | Item::Value(_) => {}
        }
    }
}
