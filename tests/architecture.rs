//! Reads the imports of every source file and fails when a floor reaches up or sideways, when a foreign crate is
//! named outside its room, and when code and docs disagree about the checks. `docs/architecture.md` has the plan.

#[path = "architecture/dependencies.rs"]
mod dependencies;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/tokens.rs"]
mod tokens;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use secrets::domain::check_id::CheckId;
use source::{NamedPath, Root, Source};

/// A room may import from lower floors only. A new folder below `src/` needs a line here.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("system", 1),
    ("web", 1),
    ("checks", 2),
    ("render", 2),
    ("store", 2),
    ("seal", 2),
    ("git", 2),
    ("keys", 2),
    ("forge", 2),
    ("foreign", 2),
    ("value_ends", 2),
    ("interchange", 2),
    ("sops", 2),
    ("pass", 2),
    ("notify", 2),
    ("rotate", 2),
    ("observe", 3),
    ("change", 3),
    ("commands", 4),
];

/// Foreign crates, and the only rooms that may name them.
const GUARDED_CRATES: &[(&[&str], &[&str])] = &[
    (&["age_core", "age_plugin", "curve25519_dalek", "x25519_dalek"], &["seal"]),
    // `rotate` makes new keys for other programs; it seals and opens nothing.
    (&["age", "ssh_key"], &["rotate", "seal"]),
    (&["rcgen"], &["rotate"]),
    (&["git2", "libgit2_sys"], &["git"]),
    (&["keyring", "keyring_core"], &["keys"]),
    (&["toml_edit"], &["store"]),
    (&["aws_credential_types", "aws_sigv4", "roxmltree"], &["rotate"]),
    (&["reqwest", "rustls"], &["forge", "notify", "rotate", "web"]),
    (&["lettre", "rustls_platform_verifier"], &["notify"]),
    (&["dialoguer", "indicatif", "signal_hook"], &["system"]),
    (&["comfy_table"], &["render"]),
    (&["saphyr_parser"], &["foreign", "interchange", "value_ends"]),
    (&["x509_cert"], &["value_ends"]),
    (&["clap"], &["cli", "commands", "lib", "main"]),
];

/// Rooms that compute and touch nothing: what reaches outside is no business of theirs.
const PURE_ROOMS: &[&str] = &["domain", "checks", "render", "foreign", "interchange", "value_ends"];
const OUTSIDE: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "net"],
    &["std", "process"],
    &["std", "env"],
    &["std", "io", "stdin"],
    &["std", "io", "stdout"],
    &["std", "io", "stderr"],
];

const PRINTING: &[&str] = &["println", "print", "eprintln", "eprint", "dbg"];

/// The most lines of a source file; 300 is what to aim at.
const MOST_LINES: usize = 400;

/// Where a source file stands: `src/checks/expired.rs` is in the room `checks`.
struct Place {
    /// The module's path below `crate`; empty for `lib.rs` and `main.rs`.
    module: Vec<String>,
    /// The first segment of it, or `lib` or `main`.
    room: String,
    /// A file that is compiled for tests only.
    is_test: bool,
}

impl Place {
    fn of(path: &str) -> Self {
        let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut module = inner.split('/').map(str::to_owned).collect::<Vec<_>>();
        if module.len() > 1 && module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        let room = module.first().cloned().unwrap_or_default();
        if matches!(room.as_str(), "lib" | "main") {
            module.clear();
        }
        let is_test = module.iter().skip(1).any(|segment| segment == "tests");
        Self { module, room, is_test }
    }

    fn floor(room: &str) -> Option<u8> {
        FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
    }
}

/// Every fault of one source file. `commands` are the names of the command files.
fn faults(path: &str, text: &str, commands: &[String]) -> Vec<String> {
    let place = Place::of(path);
    let module = place.module.iter().map(String::as_str).collect::<Vec<_>>();
    let source = Source::read(text, &module);
    let mut faults = Vec::new();
    let mut fault = |line: usize, what: String| faults.push(format!("{path}:{line}: {what}"));

    let room = place.room.as_str();
    if !matches!(room, "lib" | "main" | "cli") && Place::floor(room).is_none() {
        fault(1, format!("`{room}` stands on no floor: give it one in tests/architecture.rs"));
    }
    if text.lines().count() > MOST_LINES {
        fault(MOST_LINES, format!("longer than {MOST_LINES} lines: split it"));
    }
    for line in &source.renamed_house {
        fault(*line, "gives the crate a second name, which hides imports".to_owned());
    }
    for (name, line) in source.attributes.iter().filter(|(name, _)| name == "path") {
        fault(*line, format!("#[{name}] moves a module away from its folder"));
    }
    for named in source.paths.iter().filter(|named| named.root == Root::House) {
        if let Some(what) = import_fault(&place, named, commands) {
            fault(named.line, what);
        }
    }
    for named in source.foreign() {
        if let Some(what) = foreign_fault(&place, named) {
            fault(named.line, what);
        }
    }
    if !place.is_test {
        for (name, line) in &source.macros {
            if PRINTING.contains(&name.as_str()) {
                fault(*line, format!("{name}! prints past the one place that prints"));
            } else if name == "include" {
                fault(*line, "include! brings in source that nobody reads here".to_owned());
            }
        }
    }
    faults
}

fn import_fault(place: &Place, named: &NamedPath, commands: &[String]) -> Option<String> {
    let from = place.room.as_str();
    let shown = format!("crate::{}", named.segments.join("::"));
    let Some(to) = named.segments.first().map(String::as_str) else {
        return (from != "lib").then(|| "imports the whole crate".to_owned());
    };
    if matches!(from, "lib" | "main") {
        return None;
    }
    if to == from {
        return sideways_command(place, named, commands);
    }
    if to == "cli" {
        return (from != "commands").then(|| format!("`{shown}`: the command line is read by commands only"));
    }
    if from == "cli" {
        return (to != "domain")
            .then(|| format!("`{shown}`: the command line knows the nouns and nothing else"));
    }
    let Some(to_floor) = Place::floor(to) else {
        return Some(format!("`{shown}`: `{to}` is no room of the house"));
    };
    match Place::floor(from)?.cmp(&to_floor) {
        std::cmp::Ordering::Greater => None,
        std::cmp::Ordering::Equal => Some(format!("`{shown}`: `{from}` and `{to}` stand on one floor")),
        std::cmp::Ordering::Less => Some(format!("`{shown}`: `{to}` stands above `{from}`")),
    }
}

/// What commands share lives in `commands/mod.rs`, or in a file there that does not begin with a command's name.
fn sideways_command(place: &Place, named: &NamedPath, commands: &[String]) -> Option<String> {
    let here = place.module.get(1);
    let there = named.segments.get(1)?;
    let is_command = commands.iter().any(|command| {
        there.strip_prefix(command.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    });
    let is_sideways = place.room == "commands" && here.is_some() && here != Some(there) && is_command;
    is_sideways.then(|| format!("`crate::{}`: a command imports a command", named.segments.join("::")))
}

fn foreign_fault(place: &Place, named: &NamedPath) -> Option<String> {
    let room = place.room.as_str();
    let name = named.segments.first()?.as_str();
    let shown = named.segments.join("::");
    if let Some((_, rooms)) = GUARDED_CRATES.iter().find(|(crates, _)| crates.contains(&name)) {
        let rooms_shown = rooms.join(", ");
        if !rooms.contains(&room) {
            return Some(format!("`{shown}`: `{name}` is named in {rooms_shown} only"));
        }
        if named.exported {
            return Some(format!(
                "`{shown}`: `{name}` is passed on, and would be named outside {rooms_shown}"
            ));
        }
    }
    if place.is_test || named.in_tests {
        return None;
    }
    if name == "serde_json" && named.segments.get(1).is_some_and(|function| function.starts_with("from_")) {
        return Some(format!("`{shown}` takes an array for a struct; `domain::json` reads, and does not"));
    }
    let begins = |prefix: &&[&str]| prefix.iter().eq(named.segments.iter().take(prefix.len()));
    if PURE_ROOMS.contains(&room) && OUTSIDE.iter().any(begins) {
        return Some(format!("`{shown}`: `{room}` computes, and touches nothing outside"));
    }
    let prints = name == "std" && named.segments.last().is_some_and(|last| PRINTING.contains(&last.as_str()));
    prints.then(|| format!("`{shown}` prints past the one place that prints"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// The names of the command files: the variants of `cli::Command`.
fn command_names(cli: &str) -> Vec<String> {
    source::variants(cli, "Command").iter().map(|variant| variant.to_lowercase()).collect()
}

#[test]
fn the_house_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let commands = command_names(&fs::read_to_string(root.join("src/cli.rs")).unwrap());
    assert!(commands.contains(&"check".to_owned()), "no commands were found in src/cli.rs");
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files).unwrap();
    files.sort();
    assert!(files.len() > 20, "only {} source files were found", files.len());
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        found.extend(faults(&path, &fs::read_to_string(&file).unwrap(), &commands));
    }
    assert!(found.is_empty(), "the floors of docs/architecture.md are broken:\n{}\n", found.join("\n"));
}

#[test]
fn every_check_has_a_heading_and_every_heading_a_check() {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md")).unwrap();
    let headings = docs.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
    let headings = headings.map(str::to_owned).collect::<Vec<_>>();
    let documented = headings.iter().cloned().collect::<BTreeSet<_>>();
    let checks = CheckId::ALL.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(headings.len(), documented.len(), "a check has two headings in docs/checks.md");
    let undocumented = checks.difference(&documented).collect::<Vec<_>>();
    assert!(undocumented.is_empty(), "no heading in docs/checks.md: {undocumented:?}");
    let unknown = documented.difference(&checks).collect::<Vec<_>>();
    assert!(unknown.is_empty(), "a heading in docs/checks.md without a check: {unknown:?}");
    let in_order = CheckId::ALL.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(headings, in_order, "docs/checks.md has another order than src/domain/check_id.rs");
}

/// The scanner itself, shown what it must see and what it must leave alone.
mod scanner {
    use super::*;

    fn found(path: &str, text: &str) -> String {
        faults(path, text, &["add".to_owned(), "set".to_owned()]).join("\n")
    }

    #[test]
    fn what_must_be_seen() {
        for (path, text, expected) in [
            // Up and sideways, in every way in which an import can be written.
            ("src/domain/name.rs", "use crate::store::layout;", "`store` stands above `domain`"),
            ("src/system/files.rs", "pub(crate) use crate::git;", "`git` stands above `system`"),
            ("src/store/mod.rs", "use crate::{domain::name, git::{self, Tree}};", ":1: `crate::git`"),
            ("src/store/mod.rs", "use crate::{domain::name, git::{self, Tree}};", "`crate::git::Tree`"),
            ("src/seal/a/b.rs", "use super::super::super::keys::X;", "`crate::keys::X`"),
            ("src/seal/a/b.rs", "use super::{c, super::super::keys};", "`crate::keys`"),
            ("src/seal/mod.rs", "use super::keys::X;", "`seal` and `keys` stand on one floor"),
            ("src/checks/a.rs", "mod tests { mod t { use super::super::super::super::render; } }", "render"),
            ("src/checks/a.rs", "fn f() {\n  let x = crate::render::human::y();\n}", "src/checks/a.rs:2:"),
            ("src/checks/a.rs", "type T = Vec<Option<crate::render::Y>>;", "`crate::render::Y`"),
            ("src/checks/a.rs", "fn f() { g::<crate::render::Y>() }", "`crate::render::Y`"),
            ("src/checks/a.rs", "macro_rules! m { () => { $crate::render::x() } }", "`crate::render::x`"),
            ("src/observe/mod.rs", "use crate::change::writer;", "stand on one floor"),
            ("src/change/mod.rs", "use crate::commands::x;", "`commands` stands above `change`"),
            ("src/keys/mod.rs", "use crate::cli::Place;", "read by commands only"),
            ("src/cli.rs", "use crate::store::layout;", "knows the nouns and nothing else"),
            ("src/commands/set.rs", "use super::add::ask;", "a command imports a command"),
            ("src/commands/set.rs", "use super::add_many::ask;", "a command imports a command"),
            ("src/commands/asking.rs", "use crate::commands::add;", "a command imports a command"),
            ("src/checks/a.rs", "use crate::run;", "`run` is no room of the house"),
            ("src/checks/a.rs", "use crate::*;", "`*` is no room of the house"),
            ("src/checks/a.rs", "use crate as home;", "second name"),
            ("src/checks/a.rs", "use crate::{self as home};", "second name"),
            ("src/checks/a.rs", "extern crate self as home;", "second name"),
            ("src/checks/mod.rs", "#[path = \"../store/x.rs\"] mod x;", "moves a module away"),
            ("src/checks/mod.rs", "include!(\"../store/x.rs\");", "include!"),
            ("src/cellar/mod.rs", "", "`cellar` stands on no floor"),
            ("src/seal/a.rs", "mod inner {}\nuse super::super::keys::X;", "`crate::keys::X`"),
            // Foreign crates.
            ("src/keys/mod.rs", "use age::x25519::Identity;", "`age` is named in rotate, seal only"),
            ("src/keys/mod.rs", "use {std::fmt, age_core::format};", "`age_core` is named in seal only"),
            ("src/keys/mod.rs", "fn f() -> ::age::X {}", "`age::X`"),
            ("src/keys/mod.rs", "fn f() { let x = age::Encryptor::new(); }", "`age::Encryptor::new`"),
            ("src/keys/mod.rs", "use age as other;", "`age` is named in rotate, seal only"),
            ("src/keys/a.rs", "#[cfg(test)]\nmod tests { use git2::Oid; }", "src/keys/a.rs:2:"),
            ("src/seal/mod.rs", "pub use age::Recipient;", "`age` is passed on"),
            ("src/store/mod.rs", "#[derive(clap::Args)] struct S;", "`clap` is named in cli"),
            ("src/domain/policy.rs", "fn f(x: &toml_edit::Item) {}", "`toml_edit` is named in store only"),
            ("src/store/a.rs", "fn f() { serde_json::from_str::<T>(x) }", "takes an array for a struct"),
            // Pure rooms, printing, sizes.
            ("src/domain/a.rs", "use std::fs::File;", "touches nothing outside"),
            ("src/checks/a.rs", "use std::{fmt, fs};", "`std::fs`"),
            ("src/render/a.rs", "fn f() { std::io::stdout().lock(); }", "`std::io::stdout`"),
            ("src/render/a.rs", "fn f() { println!(\"x\"); }", "println! prints"),
            ("src/store/a.rs", "fn f() { dbg!(1); }", "dbg! prints"),
            ("src/store/a.rs", "#[cfg(not(test))]\nfn f() { print!(); }", "print! prints"),
            ("src/store/a.rs", "fn f() { std::eprintln!(); }", "`std::eprintln` prints"),
            ("src/store/a.rs", &"\n".repeat(MOST_LINES + 1), "longer than 400 lines"),
            // A literal or comment that ends, and code behind it.
            ("src/store/a.rs", "const A: &str = r#\"\"\"#; use crate::git;", "`crate::git`"),
            ("src/store/a.rs", "const A: char = '\"'; use crate::git; // \"", "`crate::git`"),
            ("src/store/a.rs", "const A: &str = \"\\\"\"; /* /* */ */ use crate::git;", "`crate::git`"),
            ("src/store/a.rs", "fn f<'a>(x: &'a str) { crate::git::y(x) } // 'a'", "`crate::git::y`"),
            ("src/store/a.rs", "const A: &[u8] = br\"\\\"; use crate::git; // \"", "`crate::git`"),
        ] {
            let found = found(path, text);
            assert!(found.contains(expected), "{path}: {text}\nexpected: {expected}\nfound: {found}");
        }
    }

    #[test]
    fn what_must_be_left_alone() {
        for (path, text) in [
            ("src/checks/a.rs", "/* /* */ use crate::git; */"),
            ("src/checks/a.rs", "#[cfg(all(test, unix))]\nmod helpers { fn f() { println!(); } }"),
            ("src/checks/a.rs", "use super::Check;\nuse crate::domain::{name, facts::Setting};"),
            (
                "src/checks/a.rs",
                "// use crate::render;\n/* crate::git::x */\n/// crate::git\nconst A: &str = \"crate::git::x\";",
            ),
            (
                "src/checks/a.rs",
                "const A: &str = r##\"\"# crate::git::x \"##; const B: char = '\\''; const C: u8 = b'\"';",
            ),
            (
                "src/checks/a.rs",
                "#[cfg(test)]\nmod tests { use super::*; #[test] fn f() { println!(); std::fs::read(p); } }",
            ),
            ("src/checks/a.rs", "#[test]\nfn f() { std::fs::read(p); }"),
            ("src/checks/a.rs", "#[cfg(test)]\nmod tests { fn f() { serde_json::from_str(x) } }"),
            ("src/store/a.rs", "use toml_edit::DocumentMut; use std::fs; use crate::system::files;"),
            ("src/observe/a.rs", "use crate::keys::keyring; fn f() { keyring::find() }"),
            ("src/observe/mod.rs", "mod age; use age::years; fn f() { age::days() }"),
            ("src/observe/a.rs", "fn f(age: u64) { person.age(); T::age::<u8>(); Self::Age { age } }"),
            (
                "src/commands/set.rs",
                "use super::{asking, setting, adding}; use crate::cli::Set; use crate::commands::Outcome;",
            ),
            ("src/commands/mod.rs", "mod add; use add::run; fn f() { set::run() } use clap::Parser;"),
            ("src/commands/add/prompt.rs", "use super::super::add::Ask; use super::X;"),
            ("src/main.rs", "use secrets::commands; use clap::Parser;"),
            ("src/lib.rs", "pub mod domain; pub use commands::run; use clap::Parser as _;"),
            ("src/cli.rs", "use clap::Args; use crate::domain::name; mod tests { use super::*; }"),
            ("src/seal/a.rs", "pub(crate) fn f(r#type: &age::X) where T: crate::domain::x::Y {}"),
            ("src/git/a.rs", "fn f() -> impl Iterator<Item = u8> + use<'_> { git2::x() }"),
        ] {
            assert_eq!(found(path, text), "", "{path}: {text}");
        }
    }

    #[test]
    fn commands_are_read_from_the_command_line() {
        let cli = "pub enum Command {\n /// a\n Init(Init),\n #[command(x = \"Y\", z)]\n Key { a: B, c: D },\n Man }";
        assert_eq!(command_names(cli), ["init", "key", "man"]);
    }
}
