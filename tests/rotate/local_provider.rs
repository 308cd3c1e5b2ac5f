//! A provider on this very machine for whoever tests rotation: a program of a rotator `exec` that keeps its credentials in a
//! folder, and goes wrong when it is told to. It is the example of `contrib/rotators/` with faults before it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use secrets::rotate::Outside;
use secrets::system::environment::Environment;
use secrets::web::Limits;
use serde_json::Value;

use super::common::NOW;

/// What goes wrong, once or always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing, and says so.
    FailBefore,
    /// It does it, and says that it failed.
    FailAfter,
    /// It does it, and answers what nobody understands.
    Garbage,
    /// It does it, and its answer is cut off.
    Cut,
    /// It does it twice, and answers for the second time only.
    Twice,
    /// It does nothing, and does not end.
    HangBefore,
    /// It does it, and does not end.
    HangAfter,
    /// Whoever asks is killed before it does anything; it does nothing.
    KillBefore,
    /// Whoever asks is killed before it answers; it did it.
    KillAfter,
}

impl Fault {
    fn word(self) -> &'static str {
        match self {
            Self::FailBefore => "fail-before",
            Self::FailAfter => "fail-after",
            Self::Garbage => "garbage",
            Self::Cut => "cut",
            Self::Twice => "twice",
            Self::HangBefore => "hang-before",
            Self::HangAfter => "hang-after",
            Self::KillBefore => "kill-before",
            Self::KillAfter => "kill-after",
        }
    }
}

/// A credential as the provider keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub handle: String,
    pub marker: String,
    pub value: String,
}

pub struct LocalProvider {
    folder: PathBuf,
}

/// `$PPID` is whoever asks: the program is started without a shell between.
const PROGRAM: &str = r#"#!/bin/sh
set -eu
home=${0%/*}
request=$(cat)
action=${request#*'"action":"'}
action=${action%%'"'*}
echo "$action" >>"$home/asked"
does() { printf '%s' "$request" | REAL "$home/credentials"; }
fault=none
if [ -e "$home/fault-always-$action" ]; then
  read -r fault <"$home/fault-always-$action"
elif [ -e "$home/fault-once-$action" ]; then
  read -r fault <"$home/fault-once-$action"
  rm "$home/fault-once-$action"
fi
case $fault in
  none)
    answer=$(does)
    if [ -d "$home/exchanges" ]; then
      number=$(ls "$home/exchanges" | wc -l)
      printf '[%s, %s]' "$request" "$answer" >"$home/exchanges/$((number + 1000))"
    fi
    printf '%s\n' "$answer"
    ;;
  fail-before) echo 'the provider is down' >&2; exit 1 ;;
  fail-after) does >&2; echo 'the provider is down' >&2; exit 1 ;;
  garbage) does >/dev/null; echo '<html>502 Bad Gateway</html>' ;;
  cut) does | head -c 40 ;;
  twice) does >/dev/null; does ;;
  hang-before) exec sleep 600 ;;
  hang-after) does >/dev/null; exec sleep 600 ;;
  kill-before) kill -9 "$PPID" ;;
  kill-after) does >/dev/null; kill -9 "$PPID" ;;
esac
"#;

impl LocalProvider {
    /// Makes one in a folder that is not there yet, outside of any repository.
    pub fn new(folder: &Path) -> Self {
        fs::create_dir(folder).unwrap();
        fs::create_dir(folder.join("credentials")).unwrap();
        let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/rotators/folder.sh");
        let program = PROGRAM.replace("REAL", &format!("'{}'", real.display()));
        fs::write(folder.join("provider"), program).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.join("provider"), executable).unwrap();
        Self { folder: folder.to_owned() }
    }

    /// The words of the command.
    pub fn command(&self) -> Vec<String> {
        vec![self.folder.join("provider").to_str().unwrap().to_owned()]
    }

    /// The next time that it is asked for this action, and from then on no more.
    pub fn fails_once(&self, action: &str, fault: Fault) {
        fs::write(self.folder.join(format!("fault-once-{action}")), format!("{}\n", fault.word())).unwrap();
    }

    pub fn fails_always(&self, action: &str, fault: Fault) {
        fs::write(self.folder.join(format!("fault-always-{action}")), format!("{}\n", fault.word())).unwrap();
    }

    /// No fault is left, whether it came about or not.
    pub fn heals(&self) {
        for entry in fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with("fault-") {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// Everything that is valid there, by handle.
    pub fn credentials(&self) -> Vec<Kept> {
        let entries = fs::read_dir(self.folder.join("credentials")).unwrap();
        let folders = entries.map(|entry| entry.unwrap().path());
        let mut kept: Vec<Kept> = folders
            .filter_map(|folder| {
                let handle = folder.file_name()?.to_str()?.to_owned();
                // One that a test put there by hand carries no marker.
                let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
                // Those that begin with a dot are none yet, or none any more.
                (!handle.starts_with('.')).then(|| Kept {
                    marker: text("marker"),
                    value: text("value"),
                    handle,
                })
            })
            .collect();
        kept.sort_by(|a, b| a.handle.cmp(&b.handle));
        kept
    }

    /// What it was asked for since the last time that this was asked, in order.
    pub fn asked(&self) -> Vec<String> {
        let path = self.folder.join("asked");
        let asked = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, "").unwrap();
        asked.lines().map(ToOwned::to_owned).collect()
    }

    /// From now on it keeps what it is told and what it answers, values and all.
    pub fn keeps_exchanges(&self) {
        fs::create_dir(self.folder.join("exchanges")).unwrap();
    }

    /// Requests and answers, in order.
    pub fn exchanges(&self) -> Vec<(Value, Value)> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(self.folder.join("exchanges")).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let read = |path: PathBuf| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        paths.into_iter().map(read).collect()
    }
}

/// What a provider may touch, with this folder as the root of the repository.
pub fn outside(folder: &Path) -> Outside {
    outside_within(folder, Duration::from_mins(1))
}

pub fn outside_within(folder: &Path, whole: Duration) -> Outside {
    #[expect(clippy::disallowed_methods, reason = "programs are found by PATH, and by nothing else")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    Outside {
        environment: Environment::new([("PATH".into(), path)], folder.to_owned()),
        folder: folder.to_owned(),
        limits: Limits::within(whole),
        deadline: Instant::now() + whole,
        now: secrets::domain::time::Instant::parse_rfc3339(NOW).unwrap(),
        secret: "web/prod/db".parse().unwrap(),
    }
}
