//! Files of sops: single values of a document are encrypted, and metadata beside them says for whom.
//!
//! The forms are those that sops itself writes (github.com/getsops/sops: `aes/cipher.go`, `stores/`, `sops.go`).

mod flat;
mod keys;
mod leaves;
mod metadata;
mod rules;
mod value;

use super::tree::{self, Node};
use super::{json, yaml};
use crate::domain::digest::Digest;
use crate::domain::foreign::{Contents, Damage, ForeignFile, Leaf, SealedFormat};
use metadata::Metadata;

/// The key of the metadata in YAML and JSON.
const METADATA: &str = "sops";
/// The one key of a file whose bytes are wrapped as a whole.
const WHOLE: &str = "data";

/// What a text holds, apart from the metadata.
#[derive(Debug, PartialEq)]
struct Document<'t> {
    /// A mapping, unless somebody else made it.
    values: Node<'t>,
    metadata: Option<Node<'t>>,
}

impl<'t> Document<'t> {
    fn of(mut values: Node<'t>) -> Self {
        let mut metadata = None;
        if let Node::Map(entries) = &mut values
            && let Some(at) = entries.iter().position(|(key, _)| key == METADATA)
        {
            metadata = Some(entries.remove(at).1);
        }
        Self { values, metadata }
    }

    fn is_empty(&self) -> bool {
        self.values == Node::Null && self.metadata.is_none()
    }
}

/// Whether anything in a text looks as if sops had encrypted it.
pub fn is_marked(text: &str) -> bool {
    text.contains(value::MARK)
}

/// `None`: nothing in it looks as if sops had encrypted it.
pub fn read(text: &str) -> Option<Contents> {
    if !is_marked(text) {
        return None;
    }
    let form = Form::of(text);
    let documents = match form {
        Form::Json => json::document(text).map(|values| vec![Document::of(values)]),
        Form::Dotenv => flat::dotenv(text).map(|document| vec![document]),
        Form::Ini => flat::ini(text).map(|document| vec![document]),
        Form::Yaml => yaml::documents(text).map(|values| values.into_iter().map(Document::of).collect()),
    };
    Some(match documents {
        Ok(documents) => judge(form, &documents),
        Err(why) => damaged(text, &why)
            .unwrap_or_else(|| Contents::Plain(format!("it only quotes values of sops: {why}"))),
    })
}

/// A text that can't be read, if sops has left its marks in it: an encrypted value, and a line that begins metadata.
pub fn damaged(text: &str, why: &str) -> Option<Contents> {
    let is_mark = |line: &str| {
        let line = line.trim_end();
        line == "sops:"
            || line.trim_start().starts_with("\"sops\":")
            || flat::is_mark_of_ini(line)
            || flat::is_mark_of_dotenv(line)
    };
    // YAML can also be written with braces.
    let has_marks = text.lines().any(is_mark) || is_braced(text) && text.contains("sops");
    let is_damaged = has_marks && value::stands_in(text);
    is_damaged.then(|| Contents::Damaged(Damage { format: Form::of(text).format(), why: why.to_owned() }))
}

fn is_braced(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{')
}

/// In which language a text of sops is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Yaml,
    Json,
    Dotenv,
    Ini,
}

impl Form {
    fn of(text: &str) -> Self {
        if is_braced(text) {
            Self::Json
        } else if text.contains("[sops]") && text.lines().any(flat::is_mark_of_ini) {
            Self::Ini
        } else if text.contains("sops_") && text.lines().any(flat::is_mark_of_dotenv) {
            Self::Dotenv
        } else {
            Self::Yaml
        }
    }

    fn format(self) -> SealedFormat {
        match self {
            Self::Yaml => SealedFormat::SopsYaml,
            Self::Json => SealedFormat::SopsJson,
            Self::Dotenv => SealedFormat::SopsDotenv,
            Self::Ini => SealedFormat::SopsIni,
        }
    }
}

fn judge(form: Form, documents: &[Document<'_>]) -> Contents {
    let metadata = metadata_of(documents);
    let default = rules::Rule::default();
    let rule = metadata.as_ref().map_or(&default, |metadata| &metadata.rule);
    let numbered = tree::numbered(documents, Document::is_empty);
    let found = leaves::find(numbered.map(|(number, document)| (number, &document.values)), rule);
    let damaged = |why: String| Contents::Damaged(Damage { format: form.format(), why });
    match (found, metadata) {
        (Ok(found), _) if found.leaves.is_empty() => {
            Contents::Plain("no value in it is encrypted by sops".to_owned())
        }
        (Err(why), _) | (Ok(_), Err(why)) => damaged(why),
        (Ok(leaves::Found { broken: Some(pointer), .. }), Ok(_)) => {
            damaged(format!("its value at {pointer} begins as one of sops and is malformed"))
        }
        (Ok(found), Ok(metadata)) => sealed(form, documents, found, metadata),
    }
}

/// sops keeps to the metadata of the first document, and writes the same into all. Others are of another file.
fn metadata_of(documents: &[Document<'_>]) -> Result<Metadata, String> {
    let first = documents.first().and_then(|document| document.metadata.as_ref());
    let first = first.ok_or("it has encrypted values, and no metadata of sops")?;
    let others = documents.iter().skip(1).filter_map(|document| document.metadata.as_ref());
    if others.into_iter().any(|other| other != first) {
        return Err("its documents have different metadata of sops".to_owned());
    }
    Metadata::read(first)
}

fn sealed(form: Form, documents: &[Document<'_>], found: leaves::Found, metadata: Metadata) -> Contents {
    let whole = match documents {
        [document] if form == Form::Json => wrapped(&document.values),
        _ => None,
    };
    let (format, leaves) = match whole {
        Some(leaf) => (SealedFormat::SopsBinary, vec![leaf]),
        None => (form.format(), found.leaves),
    };
    Contents::Sealed(ForeignFile {
        format,
        leaves,
        in_clear: found.in_clear,
        clear_unknown: found.clear_unknown,
        access: metadata.access,
        modified: Some(metadata.modified),
        data_key: Some(metadata.data_key),
    })
}

/// The file as a whole, where its bytes stand wrapped as a text at the one key.
fn wrapped(values: &Node<'_>) -> Option<Leaf> {
    let [(key, Node::Text(text))] = values.entries() else { return None };
    let is_whole = key == WHOLE && value::Encrypted::parse(text).is_some_and(|value| value.kind == "str");
    is_whole.then(|| Leaf { pointer: None, seen: Digest::of(text.as_bytes()) })
}

/// The type of an encrypted value, for tests.
#[cfg(test)]
pub fn value_kind(text: &str) -> Option<&str> {
    value::Encrypted::parse(text).map(|value| value.kind)
}
