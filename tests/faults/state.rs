//! What stands in a world, told so that two runs of one command come to the same, although keys and nonces are drawn anew.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use secrets::domain::digest::Digest;

use crate::world::World;

/// The secret of whoever writes next; it is no part of what is compared.
pub const NEXT: &str = "next/one";

/// The branch on which the laptop stands.
pub const MAIN: &str = "laptop/.git refs/heads/main";

/// All that a command may change and a person may rely on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct State {
    /// What each file holds. A sealed value is its text and who opens it, as the `age` program has it.
    pub files: BTreeMap<String, String>,
    /// Whether value and record belong together.
    pub fits: BTreeMap<String, bool>,
    /// Of the clone and of the origin: whether they are as before.
    pub refs: BTreeMap<String, &'static str>,
    /// What lies in the clone otherwise than `HEAD` has it, where that has moved: a command that makes several commits may
    /// stop between two.
    pub uncommitted: BTreeSet<String>,
    /// Temporary files, locks and journals.
    pub strewn: BTreeSet<String>,
}

/// What sealed files hold, because `age` need not be asked twice.
#[derive(Default)]
pub struct Reader {
    opened: RefCell<HashMap<Vec<u8>, String>>,
    /// The refs that there were before.
    refs: BTreeMap<String, String>,
    /// The ids that stood in files before. Only they are told as they are: else a record would be the old one as long as
    /// nothing but its digest was changed.
    known: BTreeSet<String>,
}

impl Reader {
    /// Of a world to which nothing has happened yet.
    pub fn of(world: &World) -> Self {
        let mut reader = Self { refs: refs(world).into_iter().collect(), ..Self::default() };
        let mut folders = vec![world.path("laptop"), world.path("home")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_file() {
                    let text = fs::read(entry.path()).unwrap();
                    let text = String::from_utf8_lossy(&text).into_owned();
                    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
                    reader.known.extend(words.filter(|word| is_id(word)).map(str::to_owned));
                } else if entry.file_type().unwrap().is_dir() && entry.file_name() != ".git" {
                    folders.push(entry.path());
                }
            }
        }
        reader
    }

    pub fn read(&self, world: &World) -> State {
        let mut state = State::default();
        for folder in ["laptop", "home"] {
            self.walk(world, Path::new(folder), &mut state);
        }
        for (name, id) in refs(world) {
            let told = match self.refs.get(&name) {
                Some(before) if *before == id => "as before",
                Some(_) => "moved",
                None => "new",
            };
            state.refs.insert(without_ids(&name, &BTreeSet::new()), told);
        }
        for name in self.refs.keys() {
            state.refs.entry(without_ids(name, &BTreeSet::new())).or_insert("gone");
        }
        if state.refs.get(MAIN) == Some(&"moved") {
            state.uncommitted = uncommitted(world);
        }
        state
    }

    fn walk(&self, world: &World, folder: &Path, state: &mut State) {
        for entry in fs::read_dir(world.path(folder.to_str().unwrap())).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let (name, file) = (path.to_str().unwrap(), entry.file_name());
            let file = file.to_str().unwrap();
            let in_git = name.strip_prefix("laptop/.git/");
            if entry.file_type().unwrap().is_dir() {
                if in_git.is_none_or(is_looked_at) {
                    self.walk(world, &path, state);
                }
                continue;
            }
            let is_temporary =
                file.starts_with('.') && Path::new(file).extension().is_some_and(|e| e == "new");
            let is_lock = Path::new(file).extension().is_some_and(|e| e == "lock");
            // Named after a process that is gone, and never used again.
            if is_lock && file.starts_with("next-index-") {
                continue;
            }
            if is_temporary || (in_git.is_some() && is_lock) || in_git == Some("secrets/journal.json") {
                state.strewn.insert(name.to_owned());
                continue;
            }
            if in_git.is_some_and(|path| !is_told(path)) || name == "home/.gitconfig" || is_lock {
                continue;
            }
            if name.contains(NEXT) {
                continue;
            }
            let bytes = fs::read(entry.path()).unwrap();
            state.files.insert(name.to_owned(), self.told(world, name, &bytes));
            if let Some(value) = name.strip_suffix(".json").filter(|name| name.starts_with("laptop/secrets/"))
            {
                let sealed = fs::read(world.path(&format!("{value}.age"))).unwrap_or_default();
                let digest = Digest::of(&sealed).to_string();
                state.fits.insert(value.to_owned(), String::from_utf8_lossy(&bytes).contains(&digest));
            }
        }
    }

    fn told(&self, world: &World, name: &str, bytes: &[u8]) -> String {
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
        match extension {
            Some("age") => self.opened(world, name, bytes),
            Some("json") if name.starts_with("laptop/secrets/") => self.record(bytes),
            _ => self.text(&String::from_utf8_lossy(bytes)),
        }
    }

    /// What is in it, and who can tell.
    fn opened(&self, world: &World, name: &str, bytes: &[u8]) -> String {
        if let Some(known) = self.opened.borrow().get(bytes) {
            return known.clone();
        }
        let secret = name.strip_prefix("laptop/secrets/").unwrap().strip_suffix(".age").unwrap();
        let mut told = String::new();
        for person in ["alice", "bob", "carol"] {
            let opened = world.sandbox.age(&world.laptop, secret, person);
            if opened.code == 0 {
                let value = String::from_utf8_lossy(&opened.stdout);
                let is_made = value.len() == 48 && value.chars().all(|c| c.is_ascii_alphanumeric());
                told = format!("{told}{person} reads {}; ", if is_made { "what was made" } else { &value });
            }
        }
        assert!(!told.is_empty(), "{name} is torn: nobody opens it");
        self.opened.borrow_mut().insert(bytes.to_vec(), told.clone());
        told
    }

    /// All but what is drawn at random, and what follows from that.
    fn record(&self, bytes: &[u8]) -> String {
        let shown = String::from_utf8_lossy(bytes);
        if shown.contains("\n<<<<<<< HEAD\n") && shown.contains("\n>>>>>>> other\n") {
            // A merge that waits for people.
            return self.text(&shown);
        }
        let Ok(mut record) = serde_json::from_slice::<serde_json::Value>(bytes) else {
            panic!("a record is torn: {shown}");
        };
        assert!(bytes.ends_with(b"}\n"), "a record is torn: {}", String::from_utf8_lossy(bytes));
        let pointers =
            ["/digest", "/sealed/version/id", "/sealed/previous", "/sealed/rotation", "/signatures/0/sig"];
        for pointer in pointers {
            if let Some(random) = record.pointer_mut(pointer)
                && random.as_str().is_none_or(|id| !self.is_known(id))
            {
                *random = "…".into();
            }
        }
        // A rotation that was cut short keeps in mind what it had begun to make.
        if let Some(rotation) = record.pointer_mut("/rotation").and_then(serde_json::Value::as_object_mut) {
            rotation.remove("abandoned");
        }
        without_ids(&record.to_string(), &self.known)
    }

    fn text(&self, text: &str) -> String {
        let mut told = String::new();
        for line in text.lines() {
            let line = if line.starts_with("AGE-SECRET-KEY-") { "a key" } else { line };
            let line = line.split(" · public key").next().unwrap();
            let line = if line.starts_with("store = ") { "store" } else { line };
            told = format!("{told}{}\n", without_ids(line, &self.known));
        }
        // Whether the last line has an end tells a torn file from a whole one.
        if !text.ends_with('\n') {
            told.pop();
        }
        told
    }

    /// Whether a word of it stood there before.
    fn is_known(&self, id: &str) -> bool {
        id.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| self.known.contains(word))
    }
}

impl State {
    /// Whether it is this one, whatever lies around.
    pub fn is(&self, other: &Self) -> bool {
        self.has_files_of(other) && self.refs == other.refs && self.uncommitted == other.uncommitted
    }

    /// Whether the files are those, wherever the refs stand.
    pub fn has_files_of(&self, other: &Self) -> bool {
        self.files == other.files && self.fits == other.fits
    }

    /// What does not stand in both, for people.
    pub fn against(&self, other: &Self) -> String {
        let mut told = String::new();
        let mut tell = |what: &str, here: String, there: String| {
            if here != there {
                told = format!("{told}\n{what}: here {here}\n    there {there}");
            }
        };
        let names: BTreeSet<_> = self.files.keys().chain(other.files.keys()).collect();
        for name in names {
            tell(name, format!("{:?}", self.files.get(name)), format!("{:?}", other.files.get(name)));
        }
        tell("pairs", format!("{:?}", self.fits), format!("{:?}", other.fits));
        tell("uncommitted", format!("{:?}", self.uncommitted), format!("{:?}", other.uncommitted));
        tell("refs", format!("{:?}", self.refs), format!("{:?}", other.refs));
        tell("strewn", format!("{:?}", self.strewn), format!("{:?}", other.strewn));
        told
    }
}

/// The folders of a git dir in which something may lie that is ours, or in the way.
fn is_looked_at(folder: &str) -> bool {
    ["hooks", "info", "secrets", "secrets/waiting", "refs"].contains(&folder) || folder.starts_with("refs/")
}

/// The files of a git dir that a command of ours may change on purpose.
fn is_told(path: &str) -> bool {
    path == "config" || ["hooks/", "info/", "secrets/waiting/"].iter().any(|folder| path.starts_with(folder))
}

/// Whether it may be the id of a commit or a version, or a digest.
fn is_id(word: &str) -> bool {
    (word.len() >= 7 && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)))
        || (word.len() == 26 && word.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()))
}

/// Without ids, but for these.
fn without_ids(text: &str, known: &BTreeSet<String>) -> String {
    let mut told = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        told.push_str(if is_id(&word) && !known.contains(&word) { "…" } else { &word });
        word.clear();
        if c != '\0' {
            told.push(c);
        }
    }
    told
}

fn uncommitted(world: &World) -> BTreeSet<String> {
    let arguments = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=all", "-z"];
    let status = world.sandbox.run(&world.laptop, "git", arguments).code(0).stdout;
    let status = String::from_utf8(status).unwrap();
    status.split_terminator('\0').filter(|path| !path.contains(NEXT)).map(str::to_owned).collect()
}

/// The refs of the clone that are ours, and all of the origin, by where they are.
fn refs(world: &World) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for repository in ["laptop/.git", "origin.git"] {
        let packed = fs::read_to_string(world.path(&format!("{repository}/packed-refs"))).unwrap_or_default();
        for line in packed.lines().filter(|line| !line.starts_with(['#', '^'])) {
            let (id, name) = line.split_once(' ').unwrap();
            found.insert(format!("{repository} {name}"), id.to_owned());
        }
        loose(world, repository, "refs", &mut found);
    }
    found.retain(|name, _| !name.contains(" refs/remotes/"));
    found
}

fn loose(world: &World, repository: &str, folder: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(world.path(&format!("{repository}/{folder}"))).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            loose(world, repository, &name, found);
        } else if !name.ends_with(".lock") {
            let id = fs::read_to_string(entry.path()).unwrap().trim().to_owned();
            found.insert(format!("{repository} {name}"), id);
        }
    }
}
