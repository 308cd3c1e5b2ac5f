//! Where commands write: below the repository, the home and the folder for temporary files, and through no link of the
//! store to anywhere else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::aviary::{Aviary, CANARIES};
use crate::common::{NOW, binary, identity_path, public_key};

/// What changes the store, and what it is given.
const WRITERS: &[(&str, &str)] = &[
    ("set web/db --expires 2028-01-01", CANARIES[1]),
    ("add web/new --expires 2028-01-01 --owner team", CANARIES[2]),
    ("edit web/db --expires 2028-01-01", ""),
    ("expiry set web/db --expires 2028-02-01 --reason why", ""),
    ("import OUTSIDE/dotenv --from dotenv --prefix web --without-expiry", ""),
    ("reseal web/db", ""),
    ("rotator set web/db manual lifetime=1y", ""),
    ("track other --owner team", ""),
    ("move web/db web/sql", ""),
    ("remove web/api", ""),
    ("people add carol --key CAROL --group team", ""),
];

fn stocked() -> Aviary {
    let aviary = Aviary::new();
    aviary.fill();
    let path = aviary.laptop.join("other/x.age");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    aviary.sandbox.age_file(&path, b"sealed by another tool", &[&public_key("alice")], false);
    aviary.sandbox.git(&aviary.laptop, ["add", "."]);
    aviary.sandbox.git(&aviary.laptop, ["commit", "-q", "-m", "Another tool's"]);
    aviary
}

fn filled(line: &str) -> String {
    line.replace("CAROL", &public_key("carol"))
}

/// What a run opened for writing, and made, moved or removed, as far as it came to pass.
fn written(aviary: &Aviary, line: &str, stdin: &str) -> BTreeSet<PathBuf> {
    let log = aviary.outside.path().join("writes");
    let input = aviary.outside.path().join("input");
    fs::write(&input, stdin).unwrap();
    let mut command = aviary.sandbox.command("strace", &aviary.laptop);
    let calls = "trace=?open,openat,?creat,?mkdir,mkdirat,?rename,?renameat,renameat2,?unlink,unlinkat,?rmdir,?link,linkat,\
                 ?symlink,symlinkat,truncate";
    command.args(["-f", "-y", "-qq", "-s", "4096", "-e", calls, "-o"]).arg(&log);
    command.args([binary(), "--at", NOW]).args(aviary.words(line));
    command
        .env("SECRETS_IDENTITY_FILE", identity_path("alice"))
        .env("EDITOR", aviary.outside.path().join("editor"));
    let output = command.stdin(fs::File::open(input).unwrap()).output().expect("strace can be started");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    let mut written = BTreeSet::new();
    for call in fs::read_to_string(log).unwrap().lines() {
        let Some((call, result)) = call.rsplit_once(" = ").filter(|(_, result)| !result.starts_with('-'))
        else {
            continue;
        };
        if call.contains(" open") || call.contains(" creat(") {
            if ["O_WRONLY", "O_RDWR", "O_CREAT", " creat("].iter().any(|flag| call.contains(flag)) {
                // Whatever the path was: where the file is that was opened.
                let path = result.split_once('<').unwrap().1.trim_end_matches('>');
                written.insert(PathBuf::from(path));
            }
        } else {
            // Relative ones lie below the folder that git or we stand in, which is in the repository.
            let texts = call.split('"').skip(1).step_by(2);
            written.extend(texts.map(|path| aviary.laptop.join(path)));
        }
    }
    written
}

#[test]
fn nothing_is_written_outside_of_what_is_the_commands_own() {
    let aviary = stocked();
    for (line, stdin) in WRITERS {
        let root = aviary.sandbox.root().to_owned();
        let written = written(&aviary, &filled(line), stdin);
        assert!(written.iter().any(|path| path.starts_with(&aviary.laptop)), "{line}: {written:?}");
        let own = |path: &&PathBuf| {
            let is_edited = path.to_str().is_some_and(|path| path.contains("/secrets-edit-"));
            let is_device = [Path::new("/dev/null"), Path::new("/dev/tty")].contains(&path.as_path());
            let climbs = path.components().any(|part| part.as_os_str() == "..");
            (path.starts_with(&root) && !climbs) || is_device || (is_edited && line.starts_with("edit"))
        };
        let others: Vec<_> = written.iter().filter(|path| !own(path)).collect();
        assert!(others.is_empty(), "{line}: {others:?}");
    }
}

/// What stands outside of the repository, and must be as it was whatever becomes of links to it.
struct Victim(PathBuf);

impl Victim {
    fn new(aviary: &Aviary) -> Self {
        let folder = aviary.sandbox.path("victim");
        fs::create_dir_all(folder.join("folder")).unwrap();
        for file in ["file", "folder/db.age", "folder/db.json", "folder/custody.toml"] {
            fs::write(folder.join(file), "somebody else's\n").unwrap();
        }
        Self(folder)
    }

    fn state(&self) -> Vec<(PathBuf, u64, Vec<u8>)> {
        let mut state = Vec::new();
        for folder in [self.0.clone(), self.0.join("folder")] {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let inode = path.symlink_metadata().unwrap().ino();
                let bytes = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
                state.push((path, inode, bytes));
            }
        }
        state.sort();
        state
    }
}

/// Puts something else in the place of a file or folder of the repository.
type Shape = (&'static str, fn(&Path, &Path));

fn instead(at: &Path, make: impl FnOnce(&Path)) {
    if at.is_dir() {
        fs::remove_dir_all(at).unwrap();
    } else {
        fs::remove_file(at).unwrap();
    }
    make(at);
}

const SHAPES: &[Shape] = &[
    ("a sealed value", |laptop, victim| {
        instead(&laptop.join("secrets/web/db.age"), |at| symlink(victim.join("file"), at).unwrap());
    }),
    ("a record", |laptop, victim| {
        instead(&laptop.join("secrets/web/db.json"), |at| symlink(victim.join("file"), at).unwrap());
    }),
    ("a value that is not there yet", |laptop, victim| {
        for file in ["new.age", "sql.age", "one.age"] {
            symlink(victim.join("absent"), laptop.join("secrets/web").join(file)).unwrap();
        }
    }),
    ("a folder", |laptop, victim| {
        instead(&laptop.join("secrets/web"), |at| symlink(victim.join("folder"), at).unwrap());
    }),
    ("policy", |laptop, victim| {
        let policy = fs::read(laptop.join("secrets/policy.toml")).unwrap();
        fs::write(victim.join("file"), policy).unwrap();
        instead(&laptop.join("secrets/policy.toml"), |at| symlink(victim.join("file"), at).unwrap());
    }),
    ("the store", |laptop, victim| {
        fs::remove_dir_all(victim.join("folder")).unwrap();
        fs::rename(laptop.join("secrets"), victim.join("folder")).unwrap();
        symlink(victim.join("folder"), laptop.join("secrets")).unwrap();
    }),
    ("a record of tracked files", |laptop, victim| {
        symlink(victim.join("file"), laptop.join("other/custody.toml")).unwrap();
    }),
    ("a hard link", |laptop, victim| {
        for file in ["db.age", "db.json", "api.age"] {
            let (at, file) = (laptop.join("secrets/web").join(file), victim.join(file));
            fs::rename(&at, &file).unwrap();
            fs::hard_link(file, at).unwrap();
        }
    }),
];

#[test]
fn nothing_is_written_or_removed_through_a_link() {
    let aviary = stocked();
    let head = aviary.sandbox.head(&aviary.laptop);
    for (what, make) in SHAPES {
        let victim = Victim::new(&aviary);
        let mut refused = 0;
        for (line, stdin) in WRITERS {
            make(&aviary.laptop, &victim.0);
            let before = if *what == "the store" { Vec::new() } else { victim.state() };
            let run = aviary.prepare(&filled(line), stdin).run();
            assert!(!run.stderr.contains("fault of secrets itself"), "{what}: {line}: {}", run.stderr);
            refused += usize::from(run.code == 2);
            if *what == "the store" {
                assert_eq!(run.code, 2, "{what}: {line}: {}", run.stderr);
            } else {
                assert_eq!(victim.state(), before, "{what}: {line}");
            }
            for path in ["secrets", "other"] {
                let path = aviary.laptop.join(path);
                if path.is_symlink() {
                    fs::remove_file(path).unwrap();
                } else {
                    fs::remove_dir_all(path).unwrap();
                }
            }
            fs::remove_dir_all(&victim.0).unwrap();
            Victim::new(&aviary);
            aviary.sandbox.git(&aviary.laptop, ["reset", "-q", "--hard", &head]);
            aviary.sandbox.git(&aviary.laptop, ["clean", "-qfdx"]);
        }
        // Another name for the same file is nothing that has to be refused: what is written takes the name's place.
        assert_eq!(refused == 0, *what == "a hard link", "{what}: {refused} were refused");
    }
}
