//! Every command there is, in every format it has: which there are is read off the command line's own definition, so that
//! a new one can't be forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use secrets::cli::Cli;

use crate::aviary::{Aviary, CANARIES, clean};
use crate::common::public_key;

const DONE: &[i32] = &[0];
const FOUND: &[i32] = &[1];
const REFUSED: &[i32] = &[2];
const EITHER: &[i32] = &[0, 2];

/// What is run, one after the other: the words (`*` stands for each value that there may be), standard input, and the exit
/// codes.
const LINES: &[(&str, &str, &[i32])] = &[
    ("", "", DONE),
    ("init --person zed --key CAROL", CANARIES[0], REFUSED),
    ("key new laptop --place file", CANARIES[0], DONE),
    ("key import FILE --place file", "", REFUSED),
    ("key list --format *", "", DONE),
    ("key remove laptop --place file --yes", "", DONE),
    ("people add carol --key CAROL --group team", CANARIES[0], DONE),
    ("people add dave --key FILE", "", REFUSED),
    ("people list --format *", "", DONE),
    ("people impact bob --format *", "", DONE),
    ("people remove carol", "", DONE),
    ("people accept bob --reason why", "", EITHER),
    ("machines add ci --key CI", "", DONE),
    ("machines list --format *", "", DONE),
    ("machines remove ci", "", DONE),
    ("add web/new --expires 2028-01-01 --owner team", CANARIES[0], DONE),
    ("set web/new --expires 2028-02-01", CANARIES[2], DONE),
    ("edit web/new --expires 2028-03-01", "", DONE),
    ("expiry set web/new --expires 2028-04-01 --reason extended", CANARIES[1], DONE),
    ("expiry import OUTSIDE/dotenv", "", REFUSED),
    ("move web/new web/moved", "", DONE),
    ("get web/moved", "", DONE),
    ("get web/db --version 1", "", DONE),
    ("get web/absent", "", REFUSED),
    ("exec --env A=web/moved -- true", "", DONE),
    ("exec --file A=web/moved -- true", "", DONE),
    ("exec --scope web/** --dry-run -- true", "", DONE),
    ("exec --env A=web/moved --gate -- true", "", FOUND),
    ("exec --env A=web/moved -- OUTSIDE/absent", "", &[127]),
    ("import OUTSIDE/dotenv --from * --prefix tried --without-expiry --dry-run", "", EITHER),
    ("import OUTSIDE/json --from * --prefix tried --without-expiry --dry-run", "", EITHER),
    ("import OUTSIDE/dotenv --from dotenv --prefix in --without-expiry", "", DONE),
    ("export --scope web/** --format *", "", EITHER),
    ("export --scope web/{db,api} --format *", "", EITHER),
    ("export web/raw --format *", "", EITHER),
    ("show web/db --format *", "", DONE),
    ("show web/raw", "", DONE),
    ("custody --format *", "", DONE),
    ("custody --prove --format *", "", DONE),
    ("sign web/db --yes", "", REFUSED),
    ("list --format *", "", DONE),
    ("list --timeline", "", DONE),
    ("reseal --all --dry-run", "", DONE),
    ("reseal web/db", "", DONE),
    ("track other --dry-run --format *", "", DONE),
    ("track other --owner team", "", DONE),
    ("confirm", "", DONE),
    ("show other/x.age", "", DONE),
    ("untrack other", "", DONE),
    ("check --format *", "", FOUND),
    ("check --prove --format *", "", FOUND),
    ("check --offline --strict --format *", "", FOUND),
    ("check --against HEAD~1 --format *", "", FOUND),
    ("check --at 2029-01-01T00:00:00Z", "", FOUND),
    ("check --break-glass why", "", DONE),
    ("report --html --prove", "", EITHER),
    ("calendar", "", EITHER),
    ("metrics", "", DONE),
    ("doctor --format *", "", EITHER),
    ("rotator set web/api generate length=48 lifetime=90d --push", "", DONE),
    ("rotate web/api --dry-run --format *", "", DONE),
    ("rotate web/api --push --format *", "", EITHER),
    ("rotate web/api --abort --push", "", DONE),
    ("probe set web/api exec command=[\"cat\"] --push", "", DONE),
    ("probe run web/api", "", EITHER),
    ("probe remove web/api", "", DONE),
    ("rotator set web/db manual lifetime=1y --push", "", DONE),
    ("rotator remove web/db --push", "", DONE),
    ("warn --dry-run --format *", "", EITHER),
    ("warn --format *", "", EITHER),
    ("ledger show --format *", "", DONE),
    ("ledger mend", "", DONE),
    ("git install", "", DONE),
    ("git hook pre-commit", "", DONE),
    ("git hook pre-push origin url", "", EITHER),
    ("git textconv secrets/web/db.age", "", DONE),
    ("git textconv secrets/web/db.json", "", DONE),
    ("git textconv FILE", "", EITHER),
    ("git merge-record secrets/web/db.json FILE secrets/web/db.json secrets/web/db.json", "", &[0, 1, 2]),
    ("git resolve --all", "", EITHER),
    ("git uninstall", "", DONE),
    ("completions *", "", DONE),
    ("man", "", DONE),
    ("schema *", "", DONE),
    ("remove web/raw", "", DONE),
];

/// These print values: that is what they are for. What they say besides is looked at.
const TELLING: [&str; 2] = ["get", "export"];

/// Every command that can be run, by its words.
pub fn all() -> BTreeMap<String, clap::Command> {
    fn walk(command: &clap::Command, path: &str, into: &mut BTreeMap<String, clap::Command>) {
        let mut below = command.get_subcommands().filter(|below| below.get_name() != "help").peekable();
        if below.peek().is_none() || !command.is_subcommand_required_set() {
            into.insert(path.to_owned(), command.clone());
        }
        for below in below {
            walk(below, format!("{path} {}", below.get_name()).trim(), into);
        }
    }
    let mut all = BTreeMap::new();
    walk(&Cli::described(), "", &mut all);
    all
}

/// The words of a line that are a command's.
pub fn command_of(all: &BTreeMap<String, clap::Command>, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut paths = (0..=words.len()).rev().map(|end| words[..end].join(" "));
    paths.find(|path| all.contains_key(path)).unwrap()
}

/// The line with each value in the place of `*` that the word before it may have, or the first argument.
pub fn each(command: &clap::Command, line: &str) -> Vec<String> {
    let Some((before, after)) = line.split_once('*').filter(|(before, _)| before.ends_with(' ')) else {
        return vec![line.to_owned()];
    };
    let option = before.split_whitespace().last().unwrap().strip_prefix("--");
    let argument = match option {
        Some(option) => command.get_arguments().find(|argument| argument.get_long() == Some(option)),
        None => command.get_positionals().next(),
    };
    let values = argument.unwrap().get_possible_values();
    assert!(!values.is_empty(), "{line}");
    values.iter().map(|value| format!("{before}{}{after}", value.get_name())).collect()
}

#[test]
fn none_is_left_out_in_any_of_its_formats() {
    let all = all();
    assert!(all.len() > 50 && all.contains_key("git merge-record"), "{:?}", all.keys());
    let asked: BTreeSet<String> = LINES.iter().map(|(line, ..)| command_of(&all, line)).collect();
    assert_eq!(all.keys().cloned().collect::<BTreeSet<_>>(), asked);
    for (path, command) in &all {
        let has_formats = command.get_arguments().any(|argument| argument.get_long() == Some("format"));
        let every = format!("{path} ");
        let is_asked = LINES.iter().any(|(line, ..)| line.starts_with(&every) && line.contains("--format *"));
        assert_eq!(is_asked, has_formats, "{path}");
    }
}

/// Things to work on: a file that another tool has sealed, a channel, and files that hold canaries.
fn furnish(aviary: &Aviary) {
    let path = aviary.laptop.join("other/x.age");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    aviary.sandbox.age_file(&path, CANARIES[1].as_bytes(), &[&public_key("alice")], false);
    let heard = aviary.sandbox.path("heard");
    let policy = aviary.laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    let channels = format!(
        "[[notify]]\nkind = \"stdout\"\n\n[[notify]]\nkind = \"exec\"\ncommand = [\"tee\", \"-a\", \"{}\"]\n\n\
         [[notify]]\nkind = \"webhook\"\nurl = {{ secret = \"web/api\" }}\n",
        heard.display()
    );
    fs::write(&policy, format!("{text}\n{channels}")).unwrap();
    aviary.sandbox.git(&aviary.laptop, ["add", "."]);
    aviary.sandbox.git(&aviary.laptop, ["commit", "-q", "-m", "Furnish"]);
    aviary.sandbox.push(&aviary.laptop);
}

#[test]
fn none_gives_a_value_away() {
    let aviary = Aviary::new();
    aviary.fill();
    furnish(&aviary);
    let all = all();
    let mut others = Vec::new();
    for (line, stdin, codes) in LINES {
        let path = command_of(&all, line);
        if line.contains("--push") {
            // What they publish is theirs alone.
            aviary.sandbox.push(&aviary.laptop);
        }
        for line in each(&all[&path], line) {
            let filled = line.replace("CAROL", &public_key("carol")).replace("CI", &public_key("ci"));
            let run = aviary.prepare(&filled, stdin).run();
            clean(&format!("{line}: standard error"), run.stderr.as_bytes());
            if TELLING.contains(&path.as_str()) {
                continue;
            }
            clean(&format!("{line}: standard output"), &run.stdout);
            if !codes.contains(&run.code) || run.stderr.contains("fault of secrets itself") {
                others.push(format!("{line}: {}\n{}", run.code, run.stderr));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
    assert!(aviary.sandbox.path("heard").exists(), "the channel was told");
    aviary.search();
}
