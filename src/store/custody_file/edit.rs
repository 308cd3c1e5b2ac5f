//! One table of a `custody.toml`, changed where it says something else, and only there.

use toml_edit::{InlineTable, Item, Table, Value};

use super::super::toml::comments;
use super::facts::{self, Fact, KEYS};
use crate::domain::claim::Claim;

/// Makes a table say what is claimed; answers whether anything had to be changed for that. What says the same in other
/// words stays.
pub(super) fn update(item: &mut Item, claim: &Claim) -> bool {
    let mut is_changed = false;
    let mut surplus = Vec::new();
    for (key, fact) in facts::of(claim) {
        let Some(table) = item.as_table_like_mut() else { return is_changed };
        match (fact, table.get_mut(key)) {
            (Some(fact), Some(current)) if fact.is_said_by(current) => continue,
            (Some(fact), Some(_)) if facts::goes_without_saying(key, &fact) => surplus.push(key),
            (Some(fact), None) if facts::goes_without_saying(key, &fact) => continue,
            (Some(fact), Some(current)) => set(current, &fact),
            (Some(fact), None) => insert(item, key, fact.to_value()),
            (None, Some(_)) => surplus.push(key),
            (None, None) => continue,
        }
        is_changed = true;
    }
    for key in surplus {
        match item {
            Item::Table(table) => take_out(table, key),
            Item::Value(Value::InlineTable(table)) => take_out_inline(table, key),
            Item::None | Item::Value(_) | Item::ArrayOfTables(_) => {}
        }
    }
    is_changed
}

/// Changes a value, and leaves comments and white space around it where they are; of a list also those inside.
fn set(current: &mut Item, fact: &Fact) {
    if let (Fact::Names(names), Some(array)) = (fact, current.as_array_mut()) {
        comments::remove(array, |name| !names.iter().any(|wanted| wanted == name));
        for name in names {
            if !array.iter().any(|listed| listed.as_str() == Some(name)) {
                comments::push(array, name);
            }
        }
        if fact.is_said_by(current) {
            return;
        }
    }
    let mut value = fact.to_value();
    if let Some(old) = current.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *current = Item::Value(value);
}

fn insert(item: &mut Item, key: &str, value: Value) {
    match item {
        Item::Table(table) => insert_in_order(table, key, value),
        Item::Value(Value::InlineTable(table)) => append_inline(table, key, value),
        Item::None | Item::Value(_) | Item::ArrayOfTables(_) => {}
    }
}

fn rank(key: &str) -> usize {
    KEYS.iter().position(|known| *known == key).unwrap_or(KEYS.len())
}

/// Puts a key before the first one that comes later in a new table. Where the keys are written with the name of the
/// table in front it goes to the end: what stands above the first may be about everything that follows.
fn insert_in_order(table: &mut Table, key: &str, value: Value) {
    let later: Vec<String> = (table.iter().map(|(present, _)| present))
        .skip_while(|present| table.is_dotted() || rank(present) < rank(key))
        .map(str::to_owned)
        .collect();
    let later: Vec<_> = later.iter().filter_map(|key| table.remove_entry(key)).collect();
    table.insert(key, value.into());
    for (key, item) in later {
        table.insert_formatted(&key, item);
    }
}

fn append_inline(table: &mut InlineTable, key: &str, mut value: Value) {
    let mut behind = String::new();
    if let Some((_, last)) = table.iter_mut().last() {
        behind = suffix(last);
        last.decor_mut().set_suffix("");
    }
    value.decor_mut().set_prefix(" ");
    value.decor_mut().set_suffix(behind);
    table.insert(key, value);
    if let Some(mut key) = table.key_mut(key) {
        key.leaf_decor_mut().set_prefix(" ");
        key.leaf_decor_mut().set_suffix(" ");
    }
}

fn suffix(value: &Value) -> String {
    value.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default().to_owned()
}

/// Removes a key. Comments above it that don't touch it were not about it, and go to the next key.
fn take_out(table: &mut Table, key: &str) {
    let next = table.iter().map(|(key, _)| key.to_owned()).skip_while(|present| present != key).nth(1);
    let Some((gone, _)) = table.remove_entry(key) else { return };
    let above = gone.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let detached = comments::detached(above);
    if let Some(mut next) = next.and_then(|next| table.key_mut(&next)).filter(|_| !detached.is_empty()) {
        let own =
            next.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        next.leaf_decor_mut().set_prefix(format!("{detached}{own}"));
    }
}

fn take_out_inline(table: &mut InlineTable, key: &str) {
    let is_last = table.iter().last().is_some_and(|(last, _)| last == key);
    let gone = table.remove(key);
    if let (Some(gone), Some((_, last))) = (gone.filter(|_| is_last), table.iter_mut().last()) {
        last.decor_mut().set_suffix(suffix(&gone));
    }
}
