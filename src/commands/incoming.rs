//! Values that come in from other programs: read, chosen by key, and named. Every fault is told, not just the first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{CommandError, Session};
use crate::cli::{Import, ImportFormat};
use crate::domain::foreign::{Contents, Damage};
use crate::domain::name::SecretName;
use crate::domain::text::{abridged, counted, shell_word, visible};
use crate::domain::value::{MAX_VALUE_BYTES, Value};
use crate::foreign;
use crate::interchange::{self, Content, Entry, MAX_TEXT_BYTES, Notation, naming};
use crate::pass::{self, Gpg, Kind};
use crate::system::{files, wiped};

/// How the path is written for standard input.
const STDIN: &str = "-";
/// More faults than this say no more.
const MOST_FAULTS: usize = 20;

/// A value, and the name that it is to have.
pub struct Incoming {
    /// As it is called where it comes from; nested keys with `/`.
    pub key: String,
    pub name: SecretName,
    pub value: Value,
}

/// What comes in.
pub struct Gathered {
    pub all: Vec<Incoming>,
    /// Keys that `--only` and `--except` leave out.
    pub left_out: usize,
    /// For people.
    pub source: String,
    /// The file that holds the values in clear.
    pub plaintext: Option<PathBuf>,
}

/// A key that was chosen, before its value is looked at.
struct Candidate<C> {
    key: String,
    /// Where it stands, for messages.
    place: String,
    name: Result<SecretName, String>,
    content: C,
}

/// Reads what the command line names.
pub fn gather(session: &Session, arguments: &Import) -> Result<Gathered, CommandError> {
    let usual = || match arguments.from {
        Some(ImportFormat::Pass) => Kind::Pass.usual_place(&session.environment),
        Some(ImportFormat::Passage) => Kind::Passage.usual_place(&session.environment),
        Some(ImportFormat::Dotenv | ImportFormat::Json | ImportFormat::Yaml) | None => None,
    };
    let source = arguments.source.clone().or_else(usual).ok_or_else(|| {
        CommandError::new("it is not said what to read")
            .hint("secrets import FILE, or `-` for standard input")
    })?;
    let kind = match arguments.from {
        Some(ImportFormat::Pass) => Some(Kind::Pass),
        Some(ImportFormat::Passage) => Some(Kind::Passage),
        None if source.is_dir() => Some(Kind::of(&source).ok_or_else(|| {
            CommandError::new(format!("{}: is the store of neither pass nor passage", source.display()))
        })?),
        Some(ImportFormat::Dotenv | ImportFormat::Json | ImportFormat::Yaml) | None => None,
    };
    let gathered = match kind {
        Some(kind) => store(session, arguments, kind, &source)?,
        None if arguments.first_line => {
            return Err(CommandError::new("--first-line: is for stores of pass and passage"));
        }
        None => text(session, arguments, &source)?,
    };
    if gathered.all.is_empty() {
        return Err(CommandError::new(format!("{}: there is nothing to import", gathered.source)));
    }
    Ok(gathered)
}

/// A file, or standard input.
fn text(session: &Session, arguments: &Import, path: &Path) -> Result<Gathered, CommandError> {
    let (text, source, plaintext) = if path.as_os_str() == STDIN {
        let bytes = wiped::read_stdin(MAX_TEXT_BYTES);
        let bytes = bytes.map_err(|error| CommandError::new(format!("standard input: {error}")))?;
        (Value::new(bytes), "standard input".to_owned(), None)
    } else {
        let bytes = files::read_following_links(path, MAX_TEXT_BYTES as u64)?;
        (Value::new(bytes), visible(&path.to_string_lossy()).into_owned(), Some(path.to_owned()))
    };
    if text.expose().len() > MAX_TEXT_BYTES {
        return Err(CommandError::new(format!("{source}: is larger than {MAX_TEXT_BYTES} bytes")));
    }
    refuse_sealed(&source, path, &text)?;
    let notation = notation(arguments.from, path, &text).ok_or_else(|| {
        CommandError::new(format!("{source}: neither name nor content tells what it is written in"))
            .hint("give --from dotenv, json or yaml")
    })?;
    let entries = interchange::read(notation, text.expose())
        .map_err(|fault| CommandError::new(format!("{source}:{}: {fault}", fault.line)))?;
    for entry in entries.iter().filter(|entry| admits(arguments, &entry.key())) {
        if let Some(remark) = entry.remark {
            let key = entry.key();
            session.say(format!("note: {source}:{}: {}: the value {remark}", entry.line, visible(&key)))?;
        }
    }
    let candidates = entries.into_iter().map(|entry| Candidate {
        key: entry.key(),
        place: format!("{source}:{}", entry.line),
        name: name_of(arguments, &entry),
        content: entry.content,
    });
    let (candidates, left_out) = chosen(arguments, candidates.collect())?;
    let all = named(candidates, |content| match content {
        Content::Value(value) => Ok(value),
        Content::Null => Err("has no value (null)".to_owned()),
        Content::List => Err("is a list, and a secret is one value".to_owned()),
    })?;
    Ok(Gathered { all, left_out, source, plaintext })
}

/// What a tool has sealed holds no values, and would come in as what it is: ciphertext.
fn refuse_sealed(source: &str, path: &Path, text: &Value) -> Result<(), CommandError> {
    let format = match foreign::read(text.expose()) {
        Contents::Plain(_) => return Ok(()),
        Contents::Sealed(file) => file.format,
        Contents::Damaged(Damage { format, .. }) => format,
    };
    let error =
        CommandError::new(format!("{source}: is sealed ({format}), so its values can't be read from it"));
    if !format.is_sops() {
        return Err(error.hint("open it with the tool that sealed it"));
    }
    let path = path.to_string_lossy();
    Err(error
        .hint(format!("to open it: sops decrypt {} | secrets import - --from …", shell_word(&path)))
        .hint(format!("to leave it where it is: secrets track {}", shell_word(&path))))
}

/// What a text is written in, by what was said, by its name, else by its content.
fn notation(from: Option<ImportFormat>, path: &Path, text: &Value) -> Option<Notation> {
    match from {
        Some(ImportFormat::Dotenv) => return Some(Notation::Dotenv),
        Some(ImportFormat::Json) => return Some(Notation::Json),
        Some(ImportFormat::Yaml) => return Some(Notation::Yaml),
        Some(ImportFormat::Pass | ImportFormat::Passage) | None => {}
    }
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "json" => return Some(Notation::Json),
        "yaml" | "yml" => return Some(Notation::Yaml),
        "env" => return Some(Notation::Dotenv),
        _ if name.starts_with(".env.") => return Some(Notation::Dotenv),
        _ => {}
    }
    if text.expose().trim_ascii_start().starts_with(b"{") {
        return Some(Notation::Json);
    }
    let is_dotenv = interchange::read(Notation::Dotenv, text.expose()).is_ok_and(|all| !all.is_empty());
    is_dotenv.then_some(Notation::Dotenv)
}

/// A store of `pass` or `passage`. Only what is chosen is opened.
fn store(session: &Session, arguments: &Import, kind: Kind, root: &Path) -> Result<Gathered, CommandError> {
    let source = visible(&root.to_string_lossy()).into_owned();
    let sealed = pass::list(kind, root)?;
    let candidates = sealed.into_iter().map(|sealed| {
        let entry = Entry { keys: sealed.keys.clone(), line: 0, content: Content::Null, remark: None };
        let key = entry.key();
        Candidate { place: source.clone(), name: name_of(arguments, &entry), key, content: sealed }
    });
    let (candidates, left_out) = chosen(arguments, candidates.collect())?;
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let terminal = if session.terminal.can_ask() { pass::own_terminal() } else { None };
    let gpg = Gpg::new(&session.environment, terminal.as_deref());
    let progress = session.terminal.progress("opening", Some(candidates.len() as u64));
    let all = named(candidates, |sealed| {
        let bytes = sealed.read().map_err(|error| error.to_string())?;
        let opened = match kind {
            Kind::Pass => gpg.open(bytes).map_err(|error| error.to_string()),
            Kind::Passage => {
                identities.open(&sealed.keys.join("/"), &bytes).map_err(|error| error.to_string())
            }
        };
        progress.advance(1);
        Ok(password(&opened?, arguments.first_line))
    })?;
    drop(progress);
    Ok(Gathered { all, left_out, source, plaintext: None })
}

/// The first line, or all bytes; of a file that is one line, the end of the line is the program's own.
fn password(file: &Value, first_line: bool) -> Value {
    let bytes = file.expose();
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_one_line = bytes.strip_prefix(line).is_some_and(|rest| rest == b"\n");
    Value::new(if first_line || is_one_line { line.to_vec() } else { bytes.to_vec() })
}

fn admits(arguments: &Import, key: &str) -> bool {
    (arguments.only.is_empty() || arguments.only.iter().any(|glob| glob.matches(key)))
        && !arguments.except.iter().any(|glob| glob.matches(key))
}

/// The name that a key gets, said or by rule.
fn name_of(arguments: &Import, entry: &Entry) -> Result<SecretName, String> {
    let key = entry.key();
    match arguments.names.iter().find(|renaming| renaming.key == key) {
        Some(renaming) => Ok(renaming.name.clone()),
        None => naming::name_of(entry, arguments.prefix.as_ref())
            .map_err(|_| format!("makes no name; give one: --name {}", shell_word(&format!("{key}=NAME")))),
    }
}

/// Those that `--only` and `--except` admit, and how many they leave out. A glob or key that means none is a mistake.
fn chosen<C>(
    arguments: &Import,
    candidates: Vec<Candidate<C>>,
) -> Result<(Vec<Candidate<C>>, usize), CommandError> {
    let keys: Vec<&str> = candidates.iter().map(|candidate| candidate.key.as_str()).collect();
    let globs = [("--only", &arguments.only), ("--except", &arguments.except)];
    for (option, glob) in globs.iter().flat_map(|(option, all)| all.iter().map(move |glob| (option, glob))) {
        if !keys.iter().any(|key| glob.matches(key)) {
            return Err(no_such_key(&format!("{option} {glob}"), &keys));
        }
    }
    for renaming in &arguments.names {
        if !keys.contains(&renaming.key.as_str()) {
            return Err(no_such_key(&format!("--name {}={}", renaming.key, renaming.name), &keys));
        }
    }
    let all = candidates.len();
    let chosen: Vec<_> =
        candidates.into_iter().filter(|candidate| admits(arguments, &candidate.key)).collect();
    let left_out = all - chosen.len();
    Ok((chosen, left_out))
}

fn no_such_key(option: &str, keys: &[&str]) -> CommandError {
    CommandError::new(format!("{}: fits no key", visible(option)))
        .hint(format!("there are: {}", visible(&abridged(keys))))
}

/// Makes values of what was chosen. All faults are told together.
fn named<C>(
    candidates: Vec<Candidate<C>>,
    mut open: impl FnMut(C) -> Result<Value, String>,
) -> Result<Vec<Incoming>, CommandError> {
    let mut faults: Vec<String> = Vec::new();
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let mut all = Vec::new();
    for Candidate { key, place, name, content } in candidates {
        let shown = visible(&key).into_owned();
        let mut fault = |why: &str| faults.push(format!("{place}: {shown}: {why}"));
        let name = match name {
            Ok(name) => name,
            Err(why) => {
                fault(&why);
                continue;
            }
        };
        if let Some(other) = taken.insert(name.folded(), shown.clone()) {
            fault(&format!(
                "would be `{name}`, as `{other}` would; give one another name: --name {}",
                shell_word(&format!("{key}=NAME"))
            ));
            continue;
        }
        match open(content) {
            Ok(value) if value.expose().is_empty() => fault(&except("is empty", &key)),
            Ok(value) if value.expose().len() > MAX_VALUE_BYTES => {
                fault(&except(&format!("is larger than {MAX_VALUE_BYTES} bytes"), &key));
            }
            Ok(value) => all.push(Incoming { key, name, value }),
            Err(why) => fault(&except(&why, &key)),
        }
    }
    if faults.is_empty() {
        return Ok(all);
    }
    let count = faults.len();
    let mut error = CommandError::new(if let [fault] = faults.as_slice() {
        fault.clone()
    } else {
        format!("{} can't be imported", counted(count, "key"))
    });
    if count > 1 {
        for fault in faults.iter().take(MOST_FAULTS) {
            error = error.hint(fault);
        }
        if count > MOST_FAULTS {
            error = error.hint(format!("… and {} more", count - MOST_FAULTS));
        }
    }
    Err(error.hint("nothing was written"))
}

fn except(why: &str, key: &str) -> String {
    format!("{why}; to leave it out: --except {}", shell_word(&glob_of(key)))
}

/// A glob that fits just this text.
fn glob_of(key: &str) -> String {
    key.chars().flat_map(|c| "*?[]{}\\!,".contains(c).then_some('\\').into_iter().chain([c])).collect()
}
