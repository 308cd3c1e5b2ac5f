use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use super::*;

/// A store with some files, beside its git dir.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Self { dir };
        for (path, text) in
            [("a/x.age", "old value"), ("a/x.json", "old record"), ("gone/deep/y.age", "to go")]
        {
            let path = place.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::write(place.root().join("gone/keep.json"), "stays").unwrap();
        place
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("secrets")
    }

    fn git_dir(&self) -> PathBuf {
        self.dir.path().join("git")
    }

    fn journal(&self) -> PathBuf {
        self.git_dir().join(FOLDER).join(JOURNAL)
    }

    fn lock(&self) -> Lock {
        Lock::acquire(&self.git_dir(), Duration::ZERO).unwrap()
    }

    fn change(&self) -> Vec<Change> {
        let change = |path: &str, was: Option<&str>, new: Option<&[u8]>| Change {
            path: self.root().join(path),
            was: was.map(|text| Digest::of(text.as_bytes())),
            new: new.map(<[u8]>::to_vec),
        };
        vec![
            change("a/x.age", Some("old value"), Some(b"new \x00\xff value")),
            change("a/x.json", Some("old record"), Some(b"new record")),
            change("b/c/z.age", None, Some(b"another")),
            change("gone/deep/y.age", Some("to go"), None),
            change("never/was.age", None, None),
        ]
    }

    /// All files of the store, folders too.
    fn state(&self) -> BTreeMap<String, Vec<u8>> {
        let mut state = BTreeMap::new();
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned();
                if path.is_dir() {
                    state.insert(name + "/", Vec::new());
                    folders.push(path);
                } else {
                    state.insert(name, fs::read(path).unwrap());
                }
            }
        }
        state
    }
}

fn after() -> BTreeMap<String, Vec<u8>> {
    let files: [(&str, &[u8]); 8] = [
        ("a/", b""),
        ("a/x.age", b"new \x00\xff value"),
        ("a/x.json", b"new record"),
        ("b/", b""),
        ("b/c/", b""),
        ("b/c/z.age", b"another"),
        ("gone/", b""),
        ("gone/keep.json", b"stays"),
    ];
    files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
}

#[test]
fn a_change_is_made_and_leaves_nothing_behind() {
    let place = Place::new();
    let (lock, root) = (place.lock(), place.root());
    Journal::new(&lock, &root).apply(place.change()).unwrap();
    assert_eq!(place.state(), after());
    assert!(!place.journal().exists());
    assert_eq!(unfinished(&place.git_dir()).unwrap(), None);
}

/// Performs the first `count` steps of the change, and of the next one what a kill in the midst of writing leaves.
fn cut_after(place: &Place, count: usize) -> usize {
    let (lock, root) = (place.lock(), place.root());
    let journal = Journal::new(&lock, &root);
    let plan = Plan::make(&root, false, place.change()).unwrap();
    for step in plan.phases().iter().flatten().take(count) {
        journal.perform(&plan, *step).unwrap();
    }
    let half_written = match plan.phases().iter().flatten().nth(count) {
        Some(Step::WriteJournal) => Some(place.journal()),
        Some(Step::Prepare { path, .. }) => Some(place::prepare(&root, path).unwrap()),
        Some(
            Step::SyncPrepared
            | Step::Put { .. }
            | Step::Remove { .. }
            | Step::SyncFolders
            | Step::RemoveJournal,
        )
        | None => None,
    };
    if let Some(path) = half_written {
        fs::write(files::temporary_name(&path), "half of i").unwrap();
    }
    plan.phases().iter().flatten().count()
}

#[test]
fn cut_at_any_step_it_ends_in_the_old_state_or_the_new_one() {
    let steps = cut_after(&Place::new(), 0);
    assert_eq!(steps, 12);
    for count in 0..=steps {
        let place = Place::new();
        let before = place.state();
        cut_after(&place, count);
        let left = unfinished(&place.git_dir()).unwrap();
        assert_eq!(left.is_some(), (1..steps).contains(&count), "after {count} steps");
        if let Some(left) = &left {
            assert!(left.description().contains("a/x.age, a/x.json, b/c/z.age and 2 more"));
            for path in place.state().keys().filter(|path| path.contains("/.")) {
                assert!(left.explains(&place.root().join(path)), "{path}");
            }
        }
        let (lock, root) = (place.lock(), place.root());
        let journal = Journal::new(&lock, &root);
        assert_eq!(journal.roll_forward().unwrap(), left.is_some());
        assert!(!journal.roll_forward().unwrap(), "once is enough");
        assert_eq!(place.state(), if count == 0 { before } else { after() }, "after {count} steps");
    }
}

#[test]
fn the_next_change_comes_on_top_of_the_one_that_was_cut() {
    let place = Place::new();
    cut_after(&place, 2);
    let (lock, root) = (place.lock(), place.root());
    let path = root.join("a/x.json");
    let was = Some(Digest::of(b"new record"));
    Journal::new(&lock, &root).apply(vec![Change { path, was, new: Some(b"newest".to_vec()) }]).unwrap();
    let mut expected = after();
    expected.insert("a/x.json".to_owned(), b"newest".to_vec());
    assert_eq!(place.state(), expected);
}

/// What a `git pull` brought between reading and writing is newer than what was made of the old.
#[test]
fn where_one_file_is_not_as_it_was_read_nothing_is_written() {
    let meanwhile: [(&str, Option<&str>); 6] = [
        ("a/x.age", Some("newer")),
        ("a/x.json", None),
        ("b/c/z.age", Some("there since")),
        ("gone/deep/y.age", Some("newer")),
        ("gone/deep/y.age", None),
        ("never/was.age", Some("there since")),
    ];
    for (path, text) in meanwhile {
        let place = Place::new();
        let changed = place.root().join(path);
        match text {
            Some(text) => {
                fs::create_dir_all(changed.parent().unwrap()).unwrap();
                fs::write(&changed, text).unwrap();
            }
            None => fs::remove_file(&changed).unwrap(),
        }
        let state = place.state();
        let (lock, root) = (place.lock(), place.root());
        let error = Journal::new(&lock, &root).apply(place.change()).unwrap_err();
        assert!(matches!(&error, JournalError::ChangedMeanwhile(path) if *path == changed), "{error}");
        assert_eq!(place.state(), state, "{path}");
        assert!(!place.journal().exists(), "{path}");
    }
}

/// Rolling forward over what was pulled since would put an old value back over a new one.
#[test]
fn what_was_changed_since_is_not_overwritten() {
    let place = Place::new();
    cut_after(&place, 2);
    fs::write(place.root().join("a/x.json"), "pulled since").unwrap();
    let state = place.state();
    let (lock, root) = (place.lock(), place.root());
    let error = Journal::new(&lock, &root).roll_forward().unwrap_err();
    assert!(matches!(&error, JournalError::Diverged { path, .. } if path.ends_with("a/x.json")));
    assert!(error.to_string().contains(&format!("remove {}", place.journal().display())), "{error}");
    assert_eq!(place.state(), state);
    fs::remove_file(place.journal()).unwrap();
    assert!(!Journal::new(&lock, &root).roll_forward().unwrap());
}

#[test]
fn a_journal_that_is_broken_anywhere_is_named_and_not_followed() {
    let place = Place::new();
    cut_after(&place, 1);
    let whole = fs::read(place.journal()).unwrap();
    let state = place.state();
    let (lock, root) = (place.lock(), place.root());
    let refused = |bytes: &[u8]| {
        fs::write(place.journal(), bytes).unwrap();
        let error = Journal::new(&lock, &root).roll_forward().unwrap_err();
        assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
        assert!(error.to_string().starts_with(place.journal().to_str().unwrap()));
        assert!(unfinished(&place.git_dir()).is_err());
    };
    for end in 0..whole.len() {
        refused(&whole[..end]);
    }
    for at in (0..whole.len()).filter(|at| whole[*at].is_ascii_alphanumeric()) {
        let mut bytes = whole.clone();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        refused(&bytes);
    }
    refused(b"\xff\xfe");
    assert_eq!(place.state(), state);
}

#[test]
fn paths_that_leave_the_store_are_refused() {
    let place = Place::new();
    let (lock, root) = (place.lock(), place.root());
    let journal = Journal::new(&lock, &root);
    let state = place.state();
    for path in ["../outside", "a/../../outside", "", "/etc/passwd"] {
        let change = Change { path: root.join(path), was: None, new: Some(b"x".to_vec()) };
        let error = journal.apply(vec![change]).unwrap_err();
        assert!(matches!(error, JournalError::Outside { .. }), "{path}: {error}");
    }
    let under_a_file = Change { path: root.join("a/x.age/y.age"), was: None, new: Some(b"x".to_vec()) };
    assert!(matches!(journal.apply(vec![under_a_file]), Err(JournalError::InTheWay(_))));
    assert_eq!(place.state(), state);
    assert!(!place.journal().exists());
    assert!(["a/../b", "/a", "a//b", "", ".", "a\\..\\b"].iter().all(|path| !place::is_inside(path)));
}

#[cfg(unix)]
#[test]
fn nothing_is_written_or_removed_through_a_link() {
    let place = Place::new();
    let (lock, root) = (place.lock(), place.root());
    let outside = place.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("x.age"), "theirs").unwrap();
    std::os::unix::fs::symlink(&outside, root.join("linked")).unwrap();
    for new in [Some(b"ours".to_vec()), None] {
        let error = Journal::new(&lock, &root)
            .apply(vec![Change { path: root.join("linked/x.age"), was: None, new }])
            .unwrap_err();
        assert!(matches!(error, JournalError::SymbolicLink(path) if path == root.join("linked")));
    }
    assert_eq!(fs::read_to_string(outside.join("x.age")).unwrap(), "theirs");
    // A link in the place of the file itself is refused too: what it held before can't be told.
    std::os::unix::fs::symlink(outside.join("x.age"), root.join("z.age")).unwrap();
    let change = Change { path: root.join("z.age"), was: None, new: Some(b"ours".to_vec()) };
    assert!(Journal::new(&lock, &root).apply(vec![change]).is_err());
    assert_eq!(fs::read_to_string(outside.join("x.age")).unwrap(), "theirs");
}

#[test]
fn a_moved_repository_is_rolled_forward_and_another_store_is_not() {
    let place = Place::new();
    cut_after(&place, 3);
    let lock = place.lock();
    let other = place.dir.path().join("custody");
    fs::create_dir(&other).unwrap();
    let error = Journal::new(&lock, &other).roll_forward().unwrap_err();
    assert!(matches!(error, JournalError::OtherStore { .. }), "{error}");
    fs::remove_dir(&other).unwrap();
    fs::rename(place.root(), &other).unwrap();
    assert!(Journal::new(&lock, &other).roll_forward().unwrap());
    fs::rename(&other, place.root()).unwrap();
    assert_eq!(place.state(), after());
}

#[test]
fn a_store_that_is_not_there_yet_is_made() {
    let place = Place::new();
    let root = place.dir.path().join("new/store");
    let lock = place.lock();
    let change = Change { path: root.join("policy.toml"), was: None, new: Some(b"schema = 1\n".to_vec()) };
    Journal::new(&lock, &root).apply(vec![change]).unwrap();
    assert_eq!(fs::read_to_string(root.join("policy.toml")).unwrap(), "schema = 1\n");
}

/// A full disk, by way of a folder that takes no new file.
#[cfg(unix)]
#[test]
fn a_write_that_fails_leaves_a_journal_that_finishes_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let closed = place.root().join("a");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let may_write_anyway = fs::write(closed.join("probe"), "").is_ok();
    if may_write_anyway {
        // The superuser: a folder in the place of the temporary file stops even that one.
        fs::remove_file(closed.join("probe")).unwrap();
        fs::create_dir(files::temporary_name(&closed.join("x.json"))).unwrap();
    }
    let (lock, root) = (place.lock(), place.root());
    assert!(Journal::new(&lock, &root).apply(place.change()).is_err());
    assert!(unfinished(&place.git_dir()).unwrap().is_some());
    if may_write_anyway {
        fs::remove_dir(files::temporary_name(&closed.join("x.json"))).unwrap();
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(Journal::new(&lock, &root).roll_forward().unwrap());
    assert_eq!(place.state(), after());
}
