//! The remote, asked over a path, over TCP, and when it does not answer.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use super::super::testing::{LIMIT, Sandbox, state, write};
use super::super::{RemoteError, RemoteTip, Repository, blob_id};

fn text_at(tip: &RemoteTip, path: &str) -> String {
    let id = tip.snapshot("secrets").unwrap().get(path).unwrap().id;
    String::from_utf8(tip.blobs(&[id]).unwrap().remove(0)).unwrap()
}

fn deploy_repositories(repository: &Repository) -> Vec<String> {
    let entries = fs::read_dir(repository.common_dir().join("secrets/deploy"));
    let mut names: Vec<_> = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_tip_that_is_here_needs_no_fetch() {
    let sandbox = Sandbox::new();
    let (_, clone) = sandbox.origin_and_clone();
    let repository = sandbox.open(&clone);
    // The remote-tracking branch is no evidence: it is not even looked at.
    sandbox.git(&clone, &["update-ref", "-d", "refs/remotes/origin/main"]);
    let tip = repository.ask_remote("origin", "main", LIMIT).unwrap();
    assert_eq!(Some(tip.commit()), repository.head().unwrap());
    assert_eq!(text_at(&tip, "secrets/a.age"), "sealed a 1\n");
    assert!(deploy_repositories(&repository).is_empty());
}

#[test]
fn a_tip_that_has_moved_on_is_read_without_touching_the_clone() {
    let sandbox = Sandbox::new();
    let (origin, full) = sandbox.origin_and_clone();
    let shallow = sandbox.clone_of(&origin, "shallow", &["--depth=1"]);
    let blobless = sandbox.clone_of(&origin, "blobless", &["--filter=blob:none"]);
    let treeless = sandbox.clone_of(&origin, "treeless", &["--filter=tree:0", "--depth=1"]);
    sandbox.git(&full, &["worktree", "add", "--quiet", "--detach", "../linked"]);
    sandbox.push_from_elsewhere(&origin, "secrets/a.age", "sealed a 2\n");
    let newest = sandbox.push_from_elsewhere(&origin, "secrets/c.age", "sealed c\n");
    for clone in [&full, &shallow, &blobless, &treeless] {
        let before = state(&sandbox, clone);
        let repository = sandbox.open(clone);
        for _ in 0..2 {
            let tip = repository.ask_remote("origin", "main", LIMIT).unwrap();
            assert_eq!(tip.commit().to_string(), newest);
            assert_eq!(text_at(&tip, "secrets/a.age"), "sealed a 2\n", "{}", clone.display());
            assert_eq!(text_at(&tip, "secrets/prod/b.json"), "{}\n");
            assert_eq!(tip.snapshot("secrets").unwrap().entries().len(), 3);
        }
        assert_eq!(state(&sandbox, clone), before, "{}", clone.display());
        assert_eq!(deploy_repositories(&repository), [format!("{newest}.git")]);
        // The clone is not made shallow, and pulls as before.
        sandbox.git(clone, &["pull", "--quiet", "origin", "main"]);
    }
    let linked = sandbox.open(&sandbox.path("linked"));
    assert_eq!(linked.ask_remote("origin", "main", LIMIT).unwrap().commit().to_string(), newest);
}

#[test]
fn a_revert_is_read_whole_from_a_shallow_clone() {
    let sandbox = Sandbox::new();
    let (origin, _) = sandbox.origin_and_clone();
    sandbox.push_from_elsewhere(&origin, "secrets/a.age", "sealed a 2\n");
    let shallow = sandbox.clone_of(&origin, "shallow", &["--depth=1"]);
    // The old value is in no commit that the shallow clone has, but in one that the remote may take it to have.
    let newest = sandbox.push_from_elsewhere(&origin, "secrets/a.age", "sealed a 1\n");
    sandbox.git(&origin, &["repack", "-adb", "--quiet"]);
    let tip = sandbox.open(&shallow).ask_remote("origin", "main", LIMIT).unwrap();
    assert_eq!(tip.commit().to_string(), newest);
    assert_eq!(text_at(&tip, "secrets/a.age"), "sealed a 1\n");
}

#[test]
fn a_remote_whose_path_is_relative() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    sandbox.git(&clone, &["remote", "set-url", "origin", "../origin.git"]);
    let newest = sandbox.push_from_elsewhere(&origin, "secrets/a.age", "2\n");
    let repository = Repository::discover(&clone.join("secrets/prod"), &sandbox.environment()).unwrap();
    assert_eq!(repository.ask_remote("origin", "main", LIMIT).unwrap().commit().to_string(), newest);
}

#[test]
fn a_damaged_deploy_repository_is_made_anew() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let newest = sandbox.push_from_elsewhere(&origin, "secrets/a.age", "2\n");
    let repository = sandbox.open(&clone);
    let ask = || repository.ask_remote("origin", "main", LIMIT).unwrap();
    ask();
    let place = repository.common_dir().join(format!("secrets/deploy/{newest}.git"));
    let object = |id: &str| place.join("objects").join(&id[..2]).join(&id[2..]);
    let blob = blob_id(b"2\n").to_string();
    for damage in [
        &(|| fs::write(place.join("HEAD"), "garbage").unwrap()) as &dyn Fn(),
        &|| fs::remove_dir_all(place.join("objects")).unwrap(),
        &|| fs::remove_file(object(&blob)).unwrap(),
        &|| fs::write(object(&newest), b"garbage").unwrap(),
        &|| {
            fs::remove_dir_all(&place).unwrap();
            fs::create_dir(&place).unwrap();
        },
    ] {
        // git makes loose objects read-only.
        Command::new("chmod").args(["-R", "u+w"]).arg(&place).status().unwrap();
        damage();
        assert_eq!(text_at(&ask(), "secrets/a.age"), "2\n");
    }
    // Damage that only reading shows is an error once, and mended by the next one to ask.
    let tip = ask();
    fs::remove_file(object(&blob)).unwrap();
    fs::write(object(&blob), b"garbage").unwrap();
    assert!(tip.blobs(&[blob_id(b"2\n")]).is_err());
    assert!(!place.exists());
    assert_eq!(text_at(&ask(), "secrets/a.age"), "2\n");
}

#[test]
fn only_the_latest_few_are_kept() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let repository = sandbox.open(&clone);
    let mut newest = String::new();
    for number in 0..5 {
        newest = sandbox.push_from_elsewhere(&origin, "secrets/a.age", &format!("{number}\n"));
        let _ = repository.ask_remote("origin", "main", LIMIT).unwrap();
    }
    let left = deploy_repositories(&repository);
    assert_eq!(left.len(), 3);
    assert!(left.contains(&format!("{newest}.git")));
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let newest = sandbox.push_from_elsewhere(&origin, "secrets/a.age", "2\n");
    let environment = sandbox.environment();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let repository = Repository::discover(&clone, &environment).unwrap();
                let tip = repository.ask_remote("origin", "main", LIMIT).unwrap();
                assert_eq!(tip.commit().to_string(), newest);
                assert_eq!(text_at(&tip, "secrets/a.age"), "2\n");
            });
        }
    });
    assert_eq!(deploy_repositories(&sandbox.open(&clone)), [format!("{newest}.git")]);
}

#[test]
fn each_failure_has_its_name() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let repository = sandbox.open(&clone);
    let ask = |remote, branch| repository.ask_remote(remote, branch, LIMIT).err().unwrap();
    assert!(matches!(ask("upstream", "main"), RemoteError::NoSuchRemote { .. }));
    assert!(matches!(ask("origin", "production"), RemoteError::NoSuchBranch { .. }));
    // git would take the name for the end of a pattern.
    sandbox.git(&clone, &["push", "--quiet", "origin", "HEAD:refs/heads/x/refs/heads/stable"]);
    assert!(matches!(ask("origin", "stable"), RemoteError::NoSuchBranch { .. }));
    fs::rename(&origin, sandbox.path("gone")).unwrap();
    let error = ask("origin", "main");
    assert!(matches!(&error, RemoteError::Unreachable { why, .. } if why.contains("origin.git")), "{error}");
    assert!(!error.to_string().contains("access rights"), "{error}");

    sandbox.git(&clone, &["remote", "set-url", "origin", "http://me:hunter2@127.0.0.1:1/x.git"]);
    let error = ask("origin", "main").to_string();
    assert!(!error.contains("hunter2") && error.contains("127.0.0.1"), "{error}");

    let bare = sandbox.with("PATH", "/nonexistent");
    assert!(matches!(bare.open(&clone).ask_remote("origin", "main", LIMIT), Err(RemoteError::NoGit)));
}

#[test]
fn a_remote_that_accepts_and_then_says_nothing() {
    let sandbox = Sandbox::new();
    let (_, clone) = sandbox.origin_and_clone();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://{}/x.git", silent.local_addr().unwrap());
    sandbox.git(&clone, &["remote", "set-url", "origin", &url]);
    let limit = Duration::from_millis(300);
    let error = sandbox.open(&clone).ask_remote("origin", "main", limit).err().unwrap();
    assert!(matches!(&error, RemoteError::TimedOut { limit: told, .. } if *told == limit), "{error}");
    assert!(error.to_string().contains("300ms"), "{error}");
}

#[test]
fn a_remote_that_hangs_in_the_fetch() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    sandbox.push_from_elsewhere(&origin, "secrets/a.age", "2\n");
    // Answers the question, and goes silent when asked for objects.
    let marker = sandbox.path("asked");
    let server = sandbox.path("serve");
    let script = format!(
        "#!/bin/sh\nif [ -e '{0}' ]; then exec sleep 600; fi\ntouch '{0}'\nexec git-upload-pack \"$@\"\n",
        marker.display()
    );
    fs::write(&server, script).unwrap();
    sandbox.git(&clone, &["config", "remote.origin.uploadpack", &format!("sh {}", server.display())]);
    let repository = sandbox.open(&clone);
    let result = repository.ask_remote("origin", "main", Duration::from_secs(2));
    assert!(matches!(result, Err(RemoteError::TimedOut { .. })));
    assert!(deploy_repositories(&repository).is_empty(), "half-made ones are removed");
}

/// `git daemon` on a port of its own, ended with the test.
struct Daemon {
    child: Child,
    /// Kept open: the daemon ends when it can't write its log.
    _log: BufReader<ChildStderr>,
    port: u16,
}

impl Daemon {
    fn start(sandbox: &Sandbox) -> Self {
        // Not through `git daemon`, which would be killed alone and leave the daemon running.
        let program = Path::new(&sandbox.git(&sandbox.path(""), &["--exec-path"])).join("git-daemon");
        // Asks the system for a free port; should somebody else take it meanwhile, the next one is tried.
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let environment = sandbox.environment();
            let mut child = Command::new(&program)
                .env_clear()
                .envs(environment.for_children())
                .args(["--verbose", "--reuseaddr", "--listen=127.0.0.1", "--export-all"])
                .arg(format!("--port={port}"))
                .arg(format!("--base-path={}", sandbox.path("").display()))
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut first = String::new();
            let mut log = BufReader::new(child.stderr.take().unwrap());
            log.read_line(&mut first).unwrap();
            if first.contains("Ready to rumble") {
                return Self { child, _log: log, port };
            }
            child.wait().unwrap();
        }
        panic!("git daemon does not start");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn over_git_daemon() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let shallow = sandbox.clone_of(&origin, "shallow", &["--depth=1"]);
    let daemon = Daemon::start(&sandbox);
    let newest = sandbox.push_from_elsewhere(&origin, "secrets/a.age", "2\n");
    let url = format!("git://127.0.0.1:{}/origin.git", daemon.port);
    for clone in [clone, shallow] {
        sandbox.git(&clone, &["remote", "set-url", "origin", &url]);
        let tip = sandbox.open(&clone).ask_remote("origin", "main", LIMIT).unwrap();
        assert_eq!(tip.commit().to_string(), newest);
        assert_eq!(text_at(&tip, "secrets/a.age"), "2\n");
    }
}

#[test]
fn hooks_and_settings_of_the_user_leave_the_fetch_alone() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let hooks = sandbox.path("hooks");
    write(&hooks, "reference-transaction", "#!/bin/sh\nexit 1\n");
    Command::new("chmod").arg("+x").arg(hooks.join("reference-transaction")).status().unwrap();
    let newest = sandbox.push_from_elsewhere(&origin, "secrets/a.age", "2\n");
    let global = sandbox.path("global");
    let settings = format!(
        "[core]\n\thooksPath = {}\n[init]\n\tdefaultObjectFormat = sha256\n\tdefaultRefFormat = reftable\n\
         [fetch]\n\tprune = true\n[remote]\n\tpushDefault = nowhere\n[transfer]\n\tfsckObjects = true\n",
        hooks.display()
    );
    fs::write(&global, settings).unwrap();
    let sandbox = sandbox.with("GIT_CONFIG_GLOBAL", global);
    let tip = sandbox.open(&clone).ask_remote("origin", "main", LIMIT).unwrap();
    assert_eq!(tip.commit().to_string(), newest);
}
