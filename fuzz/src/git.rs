//! What git prints, and what lies in its objects: whoever may push has written most of it.

use git2::{ObjectType, Oid};
use secrets::domain::rescue::{CommitText, MAX_REASON_CHARS, Story, branch_name};
use secrets::git::past::raw;
use secrets::git::{CommitWords, Waiting, forge, ledger, missing, push, remote, words};

use super::{parts, treacherous};

/// The most that is shown of a text, in characters, with the mark that it was cut.
const LONGEST: usize = 301;

/// Any text as what `git ls-remote` lists: a commit is only ever taken from the line of this very ref.
pub fn git_refs(bytes: &[u8]) {
    let listed = String::from_utf8_lossy(bytes);
    let names = remote::refs_below(&listed, "refs/heads/rescue/");
    for name in names.iter().copied().chain(["refs/heads/main", "refs/secrets/ledger"]) {
        match remote::listed_at(&listed, name) {
            Ok(Some(commit)) => {
                let is_its_line = |line: &str| {
                    let (id, found) = line.split_once('\t').unwrap_or_default();
                    found == name && id.eq_ignore_ascii_case(&commit.to_string())
                };
                assert!(listed.lines().any(is_its_line), "{name}");
            }
            Ok(None) => assert!(
                !listed.lines().any(|line| line.split_once('\t').is_some_and(|(_, found)| found == name))
            ),
            Err(why) => assert!(!why.chars().any(char::is_control) && why.chars().count() < 2 * LONGEST),
        }
    }
    assert!(names.iter().all(|name| name.starts_with("refs/heads/rescue/")));
}

/// Any bytes as a commit, as two trees, as an answer of `git cat-file --batch`: names lead out of no folder, and what
/// was not asked for is not taken.
pub fn git_objects(bytes: &[u8]) {
    if let Some(headers) = raw::Headers::parse(bytes) {
        assert!(headers.parents.len() * 48 <= bytes.len());
    }
    let said = CommitWords::read(bytes);
    let commit = CommitText { author: &said.author, committed_at: said.committed_at, message: &said.message };
    let story = Story::read(commit);
    assert!(
        story.by.chars().count() <= MAX_REASON_CHARS + 1
            && story.reason.chars().count() <= MAX_REASON_CHARS + 1
    );
    assert!(!story.reason.is_empty());
    let branch = branch_name(&story, "3f2a9c1d04be5a7788990011223344556677aabb");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '/';
    assert!(branch.starts_with("rescue/") && branch.chars().all(is_plain) && branch.len() < 90, "{branch}");

    let mut trees = parts(bytes, b"\n---\n");
    let (old, new) = (trees.next().unwrap_or_default(), trees.next().unwrap_or_default());
    let lines: Vec<_> = raw::lines(old).collect();
    for line in lines.iter().flatten() {
        assert!(
            !line.name.is_empty() && line.name != b"." && line.name != b".." && !line.name.contains(&b'/')
        );
    }
    let is_whole = lines.iter().all(Option::is_some);
    let replaced = raw::replaced(old, b"");
    assert_eq!(replaced.as_ref().map(Vec::len), is_whole.then_some(lines.len()));
    if let Some(replaced) = raw::replaced(old, new) {
        assert!(replaced.len() <= lines.len());
    }
    // To all of what the other side has, nothing can be said of what is malformed.
    if raw::lines(new).any(|line| line.is_none()) {
        assert!(raw::replaced(old, new).is_none());
    }

    for asked in [&b"hello\n"[..], b""] {
        let id = Oid::hash_object(ObjectType::Blob, asked).expect("an id");
        if let Ok((found, rest)) = missing::first_object(bytes, id, ObjectType::Blob, "") {
            assert!(found == asked && found.len() + rest.len() < bytes.len());
        }
    }
}

/// Any text as what git prints: what is shown of it is short, on one line, and holds no password of an address,
/// nor what is asked for there.
pub fn git_words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (stdout, stderr) = text.split_once("\n---\n").unwrap_or((&text, &text));
    let mut shown = vec![words::last_line(&text), words::all_lines(&text), words::shown(&text)];
    match push::Refusal::read(stdout, stderr) {
        push::Refusal::Moved => {}
        push::Refusal::Declined(why) | push::Refusal::Failed(why) => shown.push(why),
    }
    match ledger::refusal::Refusal::read(stdout, stderr) {
        ledger::refusal::Refusal::Overtaken => {}
        ledger::refusal::Refusal::ReadOnly(why) | ledger::refusal::Refusal::Failed(why) => shown.push(why),
    }
    for shown in &shown {
        for address in shown.split("://").skip(1) {
            let address = address.split([' ', '\'', '"']).next().unwrap_or_default();
            let asked = address.split_once('?').map_or("", |(_, asked)| asked);
            assert!(matches!(asked, "" | "…"), "{shown}");
        }
    }
    // What a server gives out to be opened says what is asked for there.
    shown.extend(forge::printed(&text));
    for shown in &shown {
        assert!(shown.chars().count() <= LONGEST && !treacherous(shown), "{shown:?}");
        for address in shown.split("://").skip(1) {
            let end = address.find(['/', ' ', '\'', '"', '?', '#']).unwrap_or(address.len());
            let user = address[..end].rsplit_once('@').map(|(user, _)| user);
            assert!(user.is_none_or(|user| matches!(user, "git" | "…")), "{shown}");
        }
    }
    let address = stdout.lines().next().unwrap_or_default();
    if let Some((host, project)) = forge::host_and_project(address) {
        assert!(!host.contains(['@', ':', '/']) && !project.contains(['@', ' ', '"', '\'']));
        for base in ["main", stderr] {
            let derived = forge::derived(address, base, "secrets/x#1");
            assert!(
                derived
                    .is_none_or(|url| url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains('"'))
            );
        }
    }
}

/// Any bytes as a note on a rescue branch that waits to be pushed: what it has somebody paste is one command.
pub fn waiting(bytes: &[u8]) {
    match Waiting::parse(bytes) {
        Ok(waiting) => {
            assert!(waiting.branch.starts_with("rescue/"));
            assert!(waiting.command().starts_with("git push --no-verify "));
        }
        Err(why) => assert!(!why.chars().any(char::is_control)),
    }
}
