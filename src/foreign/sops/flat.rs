//! dotenv and INI as sops writes them: the metadata is flattened into keys such as `age__list_0__map_recipient`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Document;
use crate::foreign::tree::{self, Entry, MAX_NODES, Node};

const MAP: &str = "__map_";
const LIST: &str = "__list_";
/// Begins the metadata's keys in dotenv.
const PREFIX: &str = "sops_";
/// The section of INI that holds the metadata.
const SECTION: &str = "sops";
/// What stands before the first section of INI.
const DEFAULT_SECTION: &str = "DEFAULT";
/// The most levels of a flattened key; the metadata has five.
const MAX_LEVELS: usize = 16;

/// Whether a line says that a text is dotenv with metadata of sops.
pub fn is_mark_of_dotenv(line: &str) -> bool {
    line.starts_with(PREFIX) && line.contains('=')
}

/// Whether a line says that a text is INI with metadata of sops.
pub fn is_mark_of_ini(line: &str) -> bool {
    line.trim() == "[sops]"
}

/// Reads dotenv as sops does: comments, empty lines, and `KEY=VALUE` without any quoting.
pub fn dotenv(text: &str) -> Result<Document<'_>, String> {
    let (mut values, mut metadata) = (Vec::new(), Vec::new());
    for (number, line) in (1_usize..).zip(text.split('\n')) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(format!("it has a line without `=` (line {number})"));
        };
        match key.strip_prefix(PREFIX) {
            Some(key) => metadata.push((key, unescaped(value))),
            None => values.push((Cow::Borrowed(key), Node::Text(Cow::Borrowed(value)))),
        }
    }
    document(values, metadata)
}

/// Reads INI: sections, comments, `key = value`, and values in three quotes over several lines.
pub fn ini(text: &str) -> Result<Document<'_>, String> {
    let mut sections: Vec<(Cow<'_, str>, Vec<Entry<'_>>)> =
        vec![(Cow::Borrowed(DEFAULT_SECTION), Vec::new())];
    let mut metadata = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let (line, here) = (line.trim(), text.len() - rest.len());
        rest = after;
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let fault = |why: &str| {
            let number = text.get(..here).unwrap_or_default().matches('\n').count() + 1;
            format!("{why} (line {number})")
        };
        if let Some(name) = line.strip_prefix('[') {
            let name = name.strip_suffix(']').ok_or_else(|| fault("it has a section without end"))?;
            sections.push((Cow::Borrowed(name.trim()), Vec::new()));
            continue;
        }
        let (key, value) = line.split_once(['=', ':']).ok_or_else(|| fault("it has a line without `=`"))?;
        let value = ini_value(value.trim(), &mut rest).map_err(fault)?;
        match sections.last_mut() {
            Some((section, _)) if section == SECTION => {
                metadata.push((key.trim(), Cow::Owned(unescaped(&value).into_owned())));
            }
            Some((_, entries)) => entries.push((Cow::Borrowed(key.trim()), Node::Text(value))),
            None => {}
        }
    }
    let is_held = |(section, entries): &(Cow<'_, str>, Vec<_>)| section != SECTION && !entries.is_empty();
    let values = sections.into_iter().filter(is_held).map(|(section, entries)| {
        if tree::are_unique(&entries) {
            Ok((section, Node::Map(entries)))
        } else {
            Err(tree::TWICE.to_owned())
        }
    });
    document(values.collect::<Result<_, _>>()?, metadata)
}

/// A value without its quotes; `rest` is what follows its line.
fn ini_value<'t>(value: &'t str, rest: &mut &'t str) -> Result<Cow<'t, str>, &'static str> {
    for quote in ["\"\"\"", "`"] {
        let Some(begun) = value.strip_prefix(quote) else { continue };
        if let Some((inner, _)) = begun.split_once(quote) {
            return Ok(Cow::Borrowed(inner));
        }
        // It ends in a line below.
        let unended = "it has a value over several lines that does not end";
        let (below, after) = rest.split_once(quote).ok_or(unended)?;
        *rest = after.split_once('\n').map_or("", |(_, next)| next);
        return Ok(if begun.is_empty() {
            Cow::Borrowed(below)
        } else {
            Cow::Owned(format!("{begun}\n{below}"))
        });
    }
    let quoted = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
    match quoted {
        Some(inner) => Ok(Cow::Borrowed(inner)),
        None if value.ends_with('\\') => Err("it has a value that goes on in the next line"),
        None => Ok(Cow::Borrowed(value)),
    }
}

/// What a store wrote as `\n` is a line feed.
fn unescaped(value: &str) -> Cow<'_, str> {
    if value.contains("\\n") { Cow::Owned(value.replace("\\n", "\n")) } else { Cow::Borrowed(value) }
}

fn document<'t>(
    values: Vec<Entry<'t>>,
    metadata: Vec<(&'t str, Cow<'t, str>)>,
) -> Result<Document<'t>, String> {
    if values.len() + metadata.len() > MAX_NODES {
        return Err(tree::TOO_MANY.to_owned());
    }
    if !tree::are_unique(&values) {
        return Err(tree::TWICE.to_owned());
    }
    let metadata = if metadata.is_empty() { None } else { Some(unflattened(metadata)?) };
    Ok(Document { values: Node::Map(values), metadata })
}

/// A part of the metadata on its way back to a tree.
#[derive(Default)]
struct Branch<'t> {
    value: Option<Cow<'t, str>>,
    keys: BTreeMap<&'t str, Self>,
    items: BTreeMap<usize, Self>,
}

fn unflattened<'t>(entries: Vec<(&'t str, Cow<'t, str>)>) -> Result<Node<'t>, String> {
    let mut root = Branch::default();
    for (flat, value) in entries {
        let mut at = &mut root;
        for step in steps(flat)? {
            at = match step {
                Step::Key(key) => at.keys.entry(key).or_default(),
                Step::Item(number) => at.items.entry(number).or_default(),
            };
        }
        if at.value.replace(value).is_some() {
            return Err(tree::TWICE.to_owned());
        }
    }
    root.into_node()
}

impl<'t> Branch<'t> {
    fn into_node(self) -> Result<Node<'t>, String> {
        match (self.value, self.keys.is_empty(), self.items.is_empty()) {
            (Some(value), true, true) => Ok(Node::Text(value)),
            (None, false, true) => {
                let entries =
                    self.keys.into_iter().map(|(key, branch)| Ok((Cow::Borrowed(key), branch.into_node()?)));
                Ok(Node::Map(entries.collect::<Result<_, String>>()?))
            }
            (None, true, false) if self.items.keys().copied().eq(0..self.items.len()) => {
                Ok(Node::List(self.items.into_values().map(Self::into_node).collect::<Result<_, _>>()?))
            }
            _ => Err("the flattened metadata of sops does not fit together".to_owned()),
        }
    }
}

enum Step<'t> {
    Key(&'t str),
    Item(usize),
}

/// `age__list_0__map_enc`: the key `age`, of its list the first, of that the key `enc`.
fn steps(flat: &str) -> Result<Vec<Step<'_>>, String> {
    let mut steps = Vec::new();
    let (mut rest, mut is_item) = (flat, false);
    loop {
        let next = [MAP, LIST].into_iter().filter_map(|mark| Some((rest.find(mark)?, mark))).min();
        let (name, after) = match next {
            Some((at, mark)) => (rest.get(..at).unwrap_or_default(), rest.get(at + mark.len()..)),
            None => (rest, None),
        };
        steps.push(if is_item {
            Step::Item(name.parse().map_err(|_| "a list in the flattened metadata of sops has no number")?)
        } else {
            Step::Key(name)
        });
        if steps.len() > MAX_LEVELS {
            return Err(tree::TOO_DEEP.to_owned());
        }
        match (after, next) {
            (Some(after), Some((_, mark))) => (rest, is_item) = (after, mark == LIST),
            _ => return Ok(steps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(node: &Node<'_>) -> String {
        match node {
            Node::Null => "~".to_owned(),
            Node::Text(text) | Node::Vault(text) => text.clone().into_owned(),
            Node::List(items) => format!("[{}]", items.iter().map(texts).collect::<Vec<_>>().join(",")),
            Node::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| format!("{key}:{}", texts(node)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn dotenv_lines() {
        let text =
            "# c=d\r\n\r\nA=1=2\nB =x\\ny\nsops_b__list_1__map_c=2\nsops_b__list_0__map_c=1\\n3\nsops_a=x\n";
        let read = dotenv(text).unwrap();
        assert_eq!(texts(&read.values), "{A:1=2,B :x\\ny}");
        assert_eq!(read.metadata.as_ref().map(texts), Some("{a:x,b:[{c:1\n3},{c:2}]}".to_owned()));
        assert!(dotenv("A=1\n").unwrap().metadata.is_none());
    }

    #[test]
    fn ini_lines() {
        let text = "top = 1\n[a]\n; c = d\nx = \"y \"\nz: w\n[ sops ]\nm__list_0__map_e = \"\"\"1\n2\"\"\"\nn = `3`\nv=a\\nb\n";
        let read = ini(text).unwrap();
        assert_eq!(texts(&read.values), "{DEFAULT:{top:1},a:{x:y ,z:w}}");
        assert_eq!(read.metadata.as_ref().map(texts), Some("{m:[{e:1\n2}],n:3,v:a\nb}".to_owned()));
    }

    #[test]
    fn what_is_refused() {
        for (text, why) in [
            ("A\n", "line 1"),
            ("A=1\nB\n", "line 2"),
            ("A=1\nA=2\n", "twice"),
            ("sops_a=1\nsops_a=2\n", "twice"),
            ("sops_a=1\nsops_a__map_b=2\n", "fit together"),
            ("sops_a__list_1=1\n", "fit together"),
            ("sops_a__list_x=1\n", "no number"),
            (&format!("sops_{}=1\n", "a__map_".repeat(99)), "too deeply"),
        ] {
            let error = dotenv(text).err().unwrap();
            assert!(error.contains(why), "{error}");
        }
        for (text, why) in [
            ("[a]\nb\n", "line 2"),
            ("[a\n", "section without end"),
            ("[a]\nb=\"\"\"c\nd\n", "does not end"),
            ("[a]\nb=c\\\nd\n", "goes on"),
            ("[a]\nb=1\nb=2\n", "twice"),
            ("[a]\nb=1\n[a]\nc=2\n", "twice"),
        ] {
            let error = ini(text).err().unwrap();
            assert!(error.contains(why), "{error}");
        }
    }
}
