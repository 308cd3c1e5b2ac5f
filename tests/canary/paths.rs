//! Names that would lead out of the store, or that two systems take for different files: refused wherever a name can be given,
//! and nothing is written.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use crate::aviary::{Aviary, CANARIES, clean};
use crate::common::{Outcome, public_key};
use crate::hostile::steers_nothing;

/// What no argument can hold is tried by [`keys`] and by a journal.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "..",
        ".",
        "../x",
        "web/..",
        "web/../../x",
        "web/./db",
        "/",
        "/etc/x",
        "web//db",
        "web/",
        "web/db.",
        "web/db ",
        " web/db",
        "web/db.age",
        "web/db.JSON",
        "web/.git",
        ".git/hooks/pre-commit",
        r"web\..\..\x",
        r"C:\x",
        "C:x",
        "web/\u{202e}bd",
        "web/\u{200b}db",
        "web/d\u{0301}b",
        "web/\u{ff44}b",
        "web/db\n",
        "web/\u{1b}[2Jdb",
        "::error::pwned",
        "##[error]pwned",
    ]
    .map(str::to_owned)
    .to_vec();
    names.extend(["n".repeat(256), "a/".repeat(2100) + "x"]);
    names
}

/// Where a name can be given, and standard input.
const LINES: &[(&str, &str)] = &[
    ("add NAME --expires 2028-01-01 --owner team", CANARIES[1]),
    ("move web/db NAME", ""),
    ("move NAME web/sql", ""),
    ("set NAME --expires 2028-01-01", CANARIES[1]),
    ("edit NAME --expires 2028-01-01", ""),
    ("remove NAME", ""),
    ("get NAME", ""),
    ("show NAME", ""),
    ("expiry set NAME --expires 2028-02-01 --reason why", ""),
    ("reseal NAME", ""),
    ("sign NAME --yes", ""),
    ("rotator set NAME manual lifetime=1y", ""),
    ("probe set NAME exec command=[\"true\"]", ""),
    ("rotate NAME --push", ""),
    ("probe run NAME", ""),
    ("exec --env A=NAME -- true", ""),
    ("exec --file A=NAME -- true", ""),
    ("export NAME --format dotenv", ""),
    ("import OUTSIDE/dotenv --from dotenv --prefix NAME --without-expiry", ""),
    ("people add NAME --key CAROL", ""),
    ("machines add NAME --key CAROL", ""),
    ("track NAME --owner team", ""),
    ("untrack NAME", ""),
];

/// Everything in the sandbox that is no business of git's, and what it holds.
fn state(aviary: &Aviary) -> BTreeSet<(PathBuf, Vec<u8>)> {
    let mut state = BTreeSet::new();
    let mut folders = vec![aviary.sandbox.root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_link = path.is_symlink();
            if path.is_dir() && !is_link {
                let is_git = path.ends_with(".git") || path.ends_with("origin.git");
                folders.extend((!is_git).then(|| path.clone()));
            }
            let content = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            state.insert((path, content));
        }
    }
    state
}

/// What it says is looked at. Blanks in a name don't end it.
#[track_caller]
fn run(aviary: &Aviary, line: &str, name: &str, stdin: &str) -> Outcome {
    let outside = aviary.outside.path().to_str().unwrap();
    let words = line.split_whitespace().map(|word| {
        let word = word.replace("OUTSIDE", outside).replace("CAROL", &public_key("carol"));
        word.replace("NAME", name)
    });
    let run = aviary.prepare("", stdin).args(words).env("GIT_TRACE", "0").run();
    let what = format!("{line}, {name:.80?}");
    assert!(!run.stderr.contains("fault of secrets itself"), "{what}: {}", run.stderr);
    clean(&what, run.stderr.as_bytes());
    steers_nothing(&what, run.stderr.as_bytes(), false);
    run
}

#[test]
fn no_name_leads_anywhere_else() {
    let aviary = Aviary::new();
    aviary.fill();
    let (before, head) = (state(&aviary), aviary.sandbox.head(&aviary.laptop));
    let names = names();
    for (number, (line, stdin)) in LINES.iter().enumerate() {
        // The first two make something of each name; what others do with one differs less from name to name.
        for name in names.iter().skip(number % 5).step_by(if number < 2 { 1 } else { 5 }) {
            let run = run(&aviary, line, name, stdin);
            assert_eq!(run.code, 2, "{line}, {name:.80?}: {}", run.stderr);
            assert!(run.stdout.is_empty(), "{line}, {name:.80?}");
        }
    }
    // One file on macOS and Windows.
    for (line, stdin) in &LINES[..2] {
        for name in ["Web/db", "WEB/api"] {
            let run = run(&aviary, line, name, stdin).code(2);
            assert!(run.stderr.contains("only in case"), "{line}, {name}: {}", run.stderr);
        }
    }
    assert_eq!(state(&aviary), before);
    assert_eq!(aviary.sandbox.head(&aviary.laptop), head);
    aviary.search();
}

/// Keys of a file that is imported: what a name can't hold is written otherwise, and never leads out.
#[test]
fn no_key_of_another_program_leads_anywhere_else() {
    let aviary = Aviary::new();
    aviary.fill();
    let long = "k".repeat(300);
    let deep = "a/".repeat(2100) + "x";
    let file = aviary.outside.path().join("keys.json");
    let mut taken = 0;
    for keys in [
        &["../x"][..],
        &["a/../../x"],
        &["/etc/x"],
        &["a\0b"],
        &["a\\..\\b"],
        &["x."],
        &["x "],
        &[".git/config"],
        &["\u{202e}x"],
        &["a\u{200b}b", "a\u{200c}b"],
        &["\u{1b}[2J::error::pwned"],
        &[&long],
        &[&deep],
        &["KEY", "key"],
        &["a", "a/b"],
    ] {
        let json: serde_json::Map<_, _> =
            keys.iter().map(|&key| (key.to_owned(), CANARIES[1].into())).collect();
        fs::write(&file, serde_json::to_vec(&json).unwrap()).unwrap();
        let before = aviary.sandbox.head(&aviary.laptop);
        let line = "import OUTSIDE/keys.json --from json --prefix in --without-expiry";
        let run = run(&aviary, line, "", "");
        assert!([0, 2].contains(&run.code), "{keys:.80?}: {}", run.stderr);
        let is_taken = aviary.sandbox.head(&aviary.laptop) != before;
        assert_eq!(is_taken, run.code == 0, "{keys:.80?}: {}", run.stderr);
        // Two that become one name, or one file on macOS and Windows.
        assert!(!is_taken || keys.len() == 1 || keys[1] == "a/b", "{keys:?}");
        taken += usize::from(is_taken);
        if is_taken {
            let changed = aviary.sandbox.changed_by_head(&aviary.laptop);
            let is_plain = |path: &String| {
                let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
                plain && path.starts_with("secrets/in/") && !path.contains("/.") && path.len() < 220
            };
            assert!(changed.len() >= 2 && changed.iter().all(is_plain), "{keys:.80?}: {changed:?}");
            aviary.sandbox.git(&aviary.laptop, ["reset", "-q", "--hard", &before]);
        }
        assert_eq!(aviary.sandbox.status(&aviary.laptop), "", "{keys:.80?}");
    }
    assert!(taken >= 3, "only {taken} were taken");
    aviary.search();
}

impl Aviary {
    /// Writes an object that no git would make, into the origin.
    fn object(&self, kind: &str, bytes: &[u8]) -> String {
        let mut command = self.sandbox.command("git", &self.sandbox.path("origin.git"));
        command.args(["hash-object", "-t", kind, "-w", "--stdin", "--literally"]);
        let mut git = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        git.stdin.take().unwrap().write_all(bytes).unwrap();
        let output = git.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A tree like one of the origin's, with these entries as well or instead.
    fn tree_with(&self, tree: &str, more: &[(&str, Vec<u8>, &str)]) -> String {
        let listed = self.sandbox.git(&self.sandbox.path("origin.git"), ["ls-tree", tree]);
        let listed = listed.lines().map(|line| {
            let (about, name) = line.split_once('\t').unwrap();
            let about: Vec<&str> = about.split(' ').collect();
            (about[0].trim_start_matches('0'), name.as_bytes().to_vec(), about[2])
        });
        let mut entries: Vec<_> =
            listed.filter(|(_, name, _)| more.iter().all(|(_, other, _)| other != name)).collect();
        entries.extend(more.iter().cloned());
        let mut bytes = Vec::new();
        for (mode, name, object) in entries {
            bytes.extend([mode.as_bytes(), b" ", &name, b"\0"].concat());
            let hex = |at: usize| u8::from_str_radix(&object[at..at + 2], 16).unwrap();
            bytes.extend((0..object.len()).step_by(2).map(hex));
        }
        self.object("tree", &bytes)
    }
}

/// Trees that no checkout would take, on the branch that is deployed and on another one.
#[test]
fn no_name_in_a_tree_of_others_leads_anywhere_else() {
    let aviary = Aviary::new();
    aviary.fill();
    aviary.sandbox.push(&aviary.laptop);
    let origin = aviary.sandbox.path("origin.git");
    let record = aviary.sandbox.git(&origin, ["rev-parse", "main:secrets/web/db.json"]);
    let web = aviary.sandbox.git(&origin, ["rev-parse", "main:secrets/web"]);
    let link = aviary.object("blob", b"../../../../../../etc");
    let commit = aviary.sandbox.head(&aviary.laptop);
    let mut hostile: Vec<(&str, Vec<u8>, &str)> = Vec::new();
    for name in [
        "..",
        ".",
        ".git",
        "web\\..\\x",
        "\u{202e}x",
        "\u{1b}[2J",
        "::error::pwned",
        "##[error]x",
        "Web",
        "x\n",
    ] {
        hostile.push(("40000", name.as_bytes().to_vec(), &web));
        for ending in ["age", "json"] {
            hostile.push(("100644", format!("{name}.{ending}").into_bytes(), &record));
        }
    }
    hostile.push(("100644", b"\xff\xfe.json".to_vec(), &record));
    hostile.push(("100644", vec![b'n'; 5000], &record));
    hostile.push(("120000", b"link".to_vec(), &link));
    hostile.push(("120000", b"link.json".to_vec(), &link));
    hostile.push(("160000", b"module".to_vec(), &commit));
    let store = aviary.tree_with("main:secrets", &hostile);
    let root = aviary.tree_with("main", &[("40000", b"secrets".to_vec(), &store)]);
    let evil = aviary.sandbox.git(&origin, ["commit-tree", "-p", "main", "-m", "Evil", &root]);
    for branch in ["evil", "rescue/evil"] {
        aviary.sandbox.git(&origin, ["update-ref", &format!("refs/heads/{branch}"), &evil]);
    }
    aviary.sandbox.git(&aviary.laptop, ["-c", "fetch.fsckObjects=false", "fetch", "-q"]);
    let (before, head) = (state(&aviary), aviary.sandbox.head(&aviary.laptop));
    for line in [
        "check --format json",
        "check --against origin/evil",
        "check --against origin/evil --format github",
        "check --deploy-ref origin/evil",
        "check --deploy-ref origin/evil --format markdown",
        "custody",
        "list",
        "show web/db",
        "report --html",
        "metrics",
        "warn --dry-run --deploy-ref origin/evil",
        "rotate web/db --dry-run --deploy-ref origin/evil",
        "ledger show",
        "git resolve --all",
    ] {
        let run = run(&aviary, line, "", "");
        steers_nothing(line, &run.stdout, false);
        clean(line, &run.stdout);
        if line.starts_with("check") {
            assert!([1, 2].contains(&run.code), "{line}: {}\n{}", run.code, run.stderr);
        }
    }
    assert_eq!(state(&aviary), before);
    assert_eq!(aviary.sandbox.head(&aviary.laptop), head);
}

/// What stands in the git dir is ours, as long as nobody else writes there; whoever does gets nothing for it.
#[test]
fn no_path_in_a_journal_leads_anywhere_else() {
    let aviary = Aviary::new();
    aviary.fill();
    let victim = aviary.sandbox.path("laptop/victim");
    fs::write(&victim, "somebody else's\n").unwrap();
    let journal = aviary.laptop.join(".git/secrets/journal.json");
    let before = state(&aviary);
    for path in [
        "../victim",
        "/etc/x",
        "",
        ".",
        "..",
        "web/../../victim",
        "web//db",
        r"..\victim",
        "a\0b",
        "\u{1b}[2J/../x",
    ] {
        let store = aviary.laptop.join("secrets");
        let plan = serde_json::json!({
            "schema": 1, "store": store, "changes": [{ "path": path, "content": "aGk=" }], "digest": null,
        });
        fs::create_dir_all(journal.parent().unwrap()).unwrap();
        fs::write(&journal, plan.to_string()).unwrap();
        let run = run(&aviary, "set web/db --expires 2028-01-01", "", CANARIES[1]).code(2);
        assert!(run.stderr.contains("is no path in the store"), "{path:?}: {}", run.stderr);
        assert_eq!(state(&aviary), before, "{path:?}");
    }
}

#[test]
fn nothing_is_read_through_a_folder_that_leads_out() {
    let aviary = Aviary::new();
    aviary.fill();
    let (folder, elsewhere) = (aviary.laptop.join("secrets/web"), aviary.sandbox.path("elsewhere"));
    fs::rename(&folder, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();
    let before = state(&aviary);
    for line in [
        "get web/db",
        "show web/db",
        "exec --env A=web/db -- true",
        "exec --file A=web/db -- true",
        "export web/db --format dotenv",
        "reseal web/db --dry-run",
        "remove web/db",
        "check --format json",
    ] {
        let run = run(&aviary, line, "", "");
        let is_blocked = run.code == 2 || line.starts_with("check") && run.code == 1;
        assert!(is_blocked, "{line}: {}\n{}", run.code, run.stderr);
        // What shows a secret goes by what is listed, and that is nothing here.
        let said = format!("{}{}", run.text(), run.stderr);
        assert!(said.contains("symbolic link") || said.contains("there is no record here"), "{line}: {said}");
        clean(line, &run.stdout);
    }
    assert_eq!(state(&aviary), before);
}
