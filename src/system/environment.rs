//! The environment, read once in `main`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The variable that holds an identity itself. No child process ever sees it.
pub const IDENTITY_VARIABLE: &str = "SECRETS_IDENTITY";

/// The variables and the working folder of this process.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    current_dir: PathBuf,
}

impl Environment {
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, current_dir: PathBuf) -> Self {
        Self { variables: variables.into_iter().collect(), current_dir }
    }

    /// A variable's text; empty and non-Unicode ones count as unset.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.variables
            .get(OsStr::new(name))
            .and_then(|value| value.to_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether text in the locale of this process is UTF-8 (POSIX, 8.2: the first of the three that is set counts).
    /// Where there are no locales of that kind it is.
    pub fn speaks_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.var(name));
        match locale.map(str::to_ascii_lowercase) {
            Some(locale) => locale.contains("utf-8") || locale.contains("utf8"),
            None => cfg!(not(unix)),
        }
    }

    /// A variable that holds a path; empty ones count as unset.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(OsStr::new(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Whether a variable is set at all, even to nothing (as `NO_COLOR` wants it only when not empty, use
    /// [`Self::var`] for that one).
    pub fn has(&self, name: &str) -> bool {
        self.variables.contains_key(OsStr::new(name))
    }

    pub fn current_dir(&self) -> &Path {
        &self.current_dir
    }

    pub fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(|| self.path("USERPROFILE"))
    }

    /// Where this tool keeps its own files: `$XDG_CONFIG_HOME/secrets`, by custom `~/.config/secrets`, on
    /// Windows `%APPDATA%\secrets`.
    pub fn config_dir(&self) -> Option<PathBuf> {
        let base = if cfg!(windows) {
            self.path("APPDATA")
        } else {
            self.path("XDG_CONFIG_HOME")
                .filter(|path| path.is_absolute())
                .or_else(|| self.home().map(|home| home.join(".config")))
        };
        base.map(|base| base.join("secrets"))
    }

    /// What a child process gets: everything but the identity.
    pub fn for_children(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables
            .iter()
            .filter(|(name, _)| name.as_os_str() != IDENTITY_VARIABLE)
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_counts() {
        for (variables, utf8) in [
            (&[("LANG", "en_US.UTF-8")][..], true),
            (&[("LANG", "de_DE.utf8")], true),
            (&[("LANG", "de_DE@euro")], false),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], false),
            (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], true),
            (&[("LANG", "C.UTF-8"), ("LC_ALL", "")], true),
            (&[], cfg!(not(unix))),
        ] {
            let variables_of = variables.iter().map(|(name, value)| (name.into(), value.into()));
            let environment = Environment::new(variables_of, PathBuf::from("/"));
            assert_eq!(environment.speaks_utf8(), utf8, "{variables:?}");
        }
    }
}
