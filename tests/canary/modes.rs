//! What holds a value or an identity is its owner's alone, however careless the umask is, and what goes into git is as git
//! wants it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::aviary::{Aviary, CANARIES};
use crate::common::Outcome;

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
        & 0o7777
}

/// By whoever has set `umask 000`.
fn careless(aviary: &Aviary, line: &str, stdin: &str) -> Outcome {
    let run = aviary.prepare(line, stdin).into_command();
    let input = aviary.outside.path().join("input");
    fs::write(&input, stdin).unwrap();
    let mut command = aviary.sandbox.command("sh", &aviary.laptop);
    command.args(["-c", r#"umask 000; exec "$0" "$@""#]).arg(run.get_program()).args(run.get_args());
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.stdin(fs::File::open(input).unwrap()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Outcome { code: output.status.code().unwrap(), stdout: output.stdout, stderr }
}

#[test]
fn whatever_the_umask_nobody_else_reads_what_is_secret() {
    let aviary = Aviary::new();
    aviary.fill();
    careless(&aviary, "key new laptop --place file", "").code(0);
    let home = aviary.sandbox.path("home/.config/secrets");
    assert_eq!(mode(&home), 0o700);
    let mut files = 0;
    for entry in fs::read_dir(&home).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        files += 1;
    }
    assert!(files > 0);
    let script = aviary.outside.path().join("look");
    let text = "#!/bin/sh\nstat -c '%a %U' \"$SECRETS_DIR\" \"$A\"\nid -un\n";
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let looked = careless(&aviary, "exec --file A=web/db -- OUTSIDE/look", "").code(0);
    let words: Vec<&str> = looked.text().split_whitespace().collect();
    assert_eq!(words, ["700", words[4], "400", words[4], words[4]]);
    // An editor finds its file as private.
    let editor = aviary.outside.path().join("editor");
    let seen = aviary.outside.path().join("seen");
    let text = format!("#!/bin/sh\nstat -c %a \"$1\" \"$(dirname \"$1\")\" > '{}'\n", seen.display());
    fs::write(&editor, text).unwrap();
    careless(&aviary, "edit web/db --expires 2028-01-01", "").code(0);
    assert_eq!(fs::read_to_string(seen).unwrap(), "600\n700\n");
    careless(&aviary, "set web/db --expires 2028-01-01", CANARIES[1]).code(0);
    let listed = aviary.sandbox.git(&aviary.laptop, ["ls-tree", "-r", "HEAD", "secrets"]);
    assert!(listed.lines().count() > 5 && listed.lines().all(|line| line.starts_with("100644 ")), "{listed}");
    // And nothing that was there for a moment stays.
    let left: Vec<_> =
        fs::read_dir(aviary.sandbox.path("tmp")).unwrap().flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
