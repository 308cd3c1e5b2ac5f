//! Putting people and machines into a policy, and taking them out of every place that names them.

use toml_edit::{Array, Item, Table, TableLike, Value};

use super::super::toml::comments;
use super::{Draft, EditError, says};
use crate::domain::name::ActorName;

/// The sections that share one namespace.
const SECTIONS: [&str; 4] = ["people", "machines", "shared-keys", "groups"];

/// Somebody new.
#[derive(Debug, Clone, Copy)]
pub struct NewActor<'a> {
    pub name: &'a ActorName,
    /// As they shall stand in the policy: with their comments, where they have one.
    pub keys: &'a [String],
    pub groups: &'a [ActorName],
}

/// What adding somebody came to.
#[must_use]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// Groups that there were not before.
    pub new_groups: Vec<ActorName>,
    /// Whether they were there already, and got the keys, the contact and the groups besides.
    pub was_there: bool,
}

/// What removing somebody came to, and what still names them.
#[must_use]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// The groups that they were in.
    pub groups: Vec<String>,
    /// The groups that went with them, because nobody was left in them.
    pub emptied_groups: Vec<String>,
    /// Where they were readers by name: `[defaults]`, or a scope's glob.
    pub readers_of: Vec<String>,
    /// The shared keys behind which they were. Whoever had such a key still has it.
    pub shared_keys: Vec<String>,
    /// The waivers that they signed, as `FINDING of SECRET`. They stand as they are.
    pub waivers: Vec<String>,
}

impl Draft {
    /// Adds a person, and makes the groups that are not there yet. Who is there already gets the keys that they don't
    /// have, the groups that they are not in, and the contact.
    pub fn add_person(&mut self, new: NewActor<'_>, contact: Option<&str>) -> Result<Added, EditError> {
        self.whole(|draft| draft.add(new, "people", contact))
    }

    /// Adds keys with which a person signs, those that they don't have yet.
    pub fn add_signing_keys(&mut self, name: &ActorName, keys: &[String]) -> Result<(), EditError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.whole(|draft| {
            let person = draft
                .section_mut("people")
                .and_then(|people| people.get_mut(name.as_str())?.as_table_like_mut())
                .ok_or_else(|| EditError::Unknown { name: name.to_string() })?;
            let listed = person.entry("signing-keys").or_insert_with(|| key_list(&[]).into()).as_array_mut();
            let listed = listed.ok_or_else(|| shape("signing-keys", "array"))?;
            if listed.is_empty() {
                let mut new = Vec::<String>::new();
                for key in keys {
                    if !new.iter().any(|other| same_key(other, key)) {
                        new.push(key.clone());
                    }
                }
                *person.entry("signing-keys").or_insert(Item::None) = key_list(&new).into();
            } else {
                push_keys(listed, keys);
            }
            Ok(())
        })
    }

    /// Adds a machine in the same way.
    pub fn add_machine(&mut self, new: NewActor<'_>) -> Result<Added, EditError> {
        self.whole(|draft| draft.add(new, "machines", None))
    }

    fn add(
        &mut self,
        new: NewActor<'_>,
        key: &'static str,
        contact: Option<&str>,
    ) -> Result<Added, EditError> {
        let mut added = Added::default();
        match self.section_of(new.name.as_str()) {
            Some(section) if section == key => {
                added.was_there = true;
                self.extend(new, key, contact)?;
            }
            Some(section) => return Err(EditError::Taken { name: new.name.to_string(), section }),
            None => self.put_in(new, key, contact)?,
        }
        for group in new.groups {
            if self.join(new.name, group)? {
                added.new_groups.push(group.clone());
            }
        }
        Ok(added)
    }

    fn put_in(
        &mut self,
        new: NewActor<'_>,
        key: &'static str,
        contact: Option<&str>,
    ) -> Result<(), EditError> {
        let mut table = Table::new();
        table.insert("keys", key_list(new.keys).into());
        if let Some(contact) = contact {
            table.insert("contact", contact.into());
        }
        let behind = self.last_position(key).or_else(|| self.last_position("people"));
        comments::place(&mut self.document, &mut table, behind);
        let section = self.document.entry(key).or_insert_with(implicit).as_table_like_mut();
        section.ok_or_else(|| shape(key, "table"))?.insert(new.name.as_str(), Item::Table(table));
        Ok(())
    }

    fn extend(
        &mut self,
        new: NewActor<'_>,
        key: &'static str,
        contact: Option<&str>,
    ) -> Result<(), EditError> {
        let table = self.actor_mut(key, new.name)?;
        let keys =
            table.get_mut("keys").and_then(Item::as_array_mut).ok_or_else(|| shape("keys", "array"))?;
        push_keys(keys, new.keys);
        if let Some(contact) = contact {
            set_text(table, "contact", contact);
        }
        Ok(())
    }

    fn actor_mut(&mut self, section: &str, name: &ActorName) -> Result<&mut dyn TableLike, EditError> {
        let table = self.section_mut(section).and_then(|section| section.get_mut(name.as_str()));
        table.and_then(Item::as_table_like_mut).ok_or_else(|| shape(name.as_str(), "table"))
    }

    /// Says whether the group is new.
    fn join(&mut self, name: &ActorName, group: &ActorName) -> Result<bool, EditError> {
        if let Some(section) = self.section_of(group.as_str()).filter(|section| *section != "groups") {
            return Err(EditError::Taken { name: group.to_string(), section });
        }
        if !self.document.contains_key("groups") {
            let mut table = Table::new();
            let behind =
                ["shared-keys", "machines", "people"].iter().filter_map(|key| self.last_position(key)).max();
            comments::place(&mut self.document, &mut table, behind);
            self.document.insert("groups", Item::Table(table));
        }
        let groups = self.section_mut("groups").ok_or_else(|| shape("groups", "table"))?;
        let is_new = !groups.contains_key(group.as_str());
        if is_new {
            groups.insert(group.as_str(), Item::Value(Array::new().into()));
        }
        let members = groups.get_mut(group.as_str()).and_then(Item::as_array_mut);
        let members = members.ok_or_else(|| shape(group.as_str(), "array"))?;
        if !members.iter().any(|member| member.as_str() == Some(name.as_str())) {
            comments::push(members, name.as_str());
        }
        Ok(is_new)
    }

    /// Removes a person, machine or shared key from everywhere in the policy. Groups in which nobody is left go
    /// too if `with_empty_groups`, and otherwise are an error.
    pub fn remove_actor(&mut self, name: &ActorName, with_empty_groups: bool) -> Result<Removal, EditError> {
        self.whole(|draft| {
            let section = draft.section_of(name.as_str()).filter(|section| *section != "groups");
            let section = section.ok_or_else(|| EditError::Unknown { name: name.to_string() })?;
            draft.take_out(section, name.as_str());
            let mut removal = Removal::default();
            draft.leave_groups(name.as_str(), with_empty_groups, &mut removal)?;
            draft.leave_readers(name.as_str(), &mut removal)?;
            draft.leave_shared_keys(name.as_str(), &mut removal)?;
            for waiver in draft.tables("waiver").filter(|waiver| says(*waiver, "by", name.as_str())) {
                let text = |key: &str| waiver.get(key).and_then(Item::as_str).unwrap_or_default();
                removal.waivers.push(format!("{} of {}", text("finding"), text("secret")));
            }
            Ok(removal)
        })
    }

    fn take_out(&mut self, section: &str, name: &str) {
        let removed = self.section_mut(section).and_then(|section| section.remove(name));
        if let Some(Item::Table(table)) = removed {
            comments::leave_comments(&mut self.document, &table);
        }
    }

    fn leave_groups(&mut self, name: &str, with_empty: bool, removal: &mut Removal) -> Result<(), EditError> {
        let Some(groups) = self.section_mut("groups") else { return Ok(()) };
        for (group, members) in groups.iter_mut() {
            let Some(members) = members.as_array_mut() else { continue };
            if !comments::remove(members, |member| member == name) {
                continue;
            }
            removal.groups.push(group.get().to_owned());
            if members.is_empty() {
                removal.emptied_groups.push(group.get().to_owned());
            }
        }
        if let Some(group) = removal.emptied_groups.first().filter(|_| !with_empty) {
            return Err(EditError::EmptyGroup { name: name.to_owned(), group: group.clone() });
        }
        for group in &removal.emptied_groups {
            groups.remove(group);
        }
        Ok(())
    }

    fn leave_readers(&mut self, name: &str, removal: &mut Removal) -> Result<(), EditError> {
        let gone =
            |reader: &str| reader == name || removal.emptied_groups.iter().any(|group| group == reader);
        let mut readers_of = Vec::new();
        let mut leave = |table: &mut dyn TableLike, scope: String| {
            let Some(readers) = table.get_mut("readers").and_then(Item::as_array_mut) else { return Ok(()) };
            let named = readers.iter().any(|reader| reader.as_str() == Some(name));
            if comments::remove(readers, gone) && readers.is_empty() {
                return Err(EditError::NoReaders { scope });
            }
            if named {
                readers_of.push(scope);
            }
            Ok(())
        };
        if let Some(defaults) = self.section_mut("defaults") {
            leave(defaults, "[defaults]".to_owned())?;
        }
        for scope in self.tables("scope") {
            let glob = scope.get("match").and_then(Item::as_str).unwrap_or_default().to_owned();
            leave(scope, format!("`{glob}`"))?;
        }
        removal.readers_of = readers_of;
        Ok(())
    }

    fn leave_shared_keys(&mut self, name: &str, removal: &mut Removal) -> Result<(), EditError> {
        let Some(shared_keys) = self.section_mut("shared-keys") else { return Ok(()) };
        for (shared, item) in shared_keys.iter_mut() {
            let people = item.as_table_like_mut().and_then(|table| table.get_mut("people")?.as_array_mut());
            let Some(people) = people else { continue };
            if comments::remove(people, |person| person == name) {
                if people.is_empty() {
                    return Err(EditError::NobodyBehind { shared: shared.get().to_owned() });
                }
                removal.shared_keys.push(shared.get().to_owned());
            }
        }
        Ok(())
    }

    /// Removes some of several keys; `is_it` is asked of each key's text.
    pub fn remove_key(&mut self, name: &ActorName, is_it: impl Fn(&str) -> bool) -> Result<(), EditError> {
        self.whole(|draft| {
            let section = draft.section_of(name.as_str()).filter(|section| *section != "groups");
            let section = section.ok_or_else(|| EditError::Unknown { name: name.to_string() })?;
            let keys = draft.actor_mut(section, name)?.get_mut("keys").and_then(Item::as_array_mut);
            let keys = keys.ok_or_else(|| shape("keys", "array"))?;
            if !comments::remove(keys, is_it) {
                return Err(EditError::NoSuchKey { name: name.to_string() });
            }
            if keys.is_empty() {
                return Err(EditError::LastKey { name: name.to_string(), section });
            }
            Ok(())
        })
    }

    fn section_of(&self, name: &str) -> Option<&'static str> {
        let has = |key: &str| self.section(key).is_some_and(|section| section.contains_key(name));
        SECTIONS.into_iter().find(|key| has(key))
    }

    /// The position of the last table of a section, or of the section itself.
    fn last_position(&self, key: &str) -> Option<isize> {
        let section = self.document.get(key)?.as_table()?;
        let below = section.iter().filter_map(|(_, item)| item.as_table()?.position()).max();
        below.or_else(|| section.position())
    }
}

/// Adds the keys that are not listed yet.
fn push_keys(listed: &mut Array, keys: &[String]) {
    for key in keys {
        if !listed.iter().filter_map(Value::as_str).any(|present| same_key(present, key)) {
            comments::push(listed, key);
        }
    }
}

/// A comment is no part of a key.
fn same_key(one: &str, other: &str) -> bool {
    one.split_whitespace().take(2).eq(other.split_whitespace().take(2))
}

/// Sets a text, and leaves the comment behind the one before where it is.
fn set_text(table: &mut dyn TableLike, key: &str, text: &str) {
    let decor = table.get(key).and_then(Item::as_value).map(|value| value.decor().clone());
    let mut value = Value::from(text);
    if let Some(decor) = decor {
        *value.decor_mut() = decor;
    }
    table.insert(key, Item::Value(value));
}

fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// One key on one line, several on a line each: keys are long.
fn key_list(keys: &[String]) -> Value {
    let mut array: Array = keys.iter().collect();
    if keys.len() > 1 {
        for key in array.iter_mut() {
            key.decor_mut().set_prefix("\n  ");
        }
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    array.into()
}

fn shape(key: &str, expected: &'static str) -> EditError {
    EditError::Shape { key: key.to_owned(), expected }
}
