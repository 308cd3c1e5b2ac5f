//! Every file below a folder, no symbolic link followed.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Walked {
    /// Paths relative to the folder, with `/`; ascending. A name that is no UTF-8 is shown with its odd bytes as `\xNN`.
    pub files: Vec<Walk>,
    /// Folders that can't be listed, and why.
    pub unreadable: Vec<(String, String)>,
}

/// One entry that is no folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Walk {
    pub path: String,
    pub is_file: bool,
}

/// Lists all that is below `root`. `enter` says whether a folder, by its path, is walked into. A list and not recursion:
/// folders may nest deeply.
pub fn walk(root: &Path, enter: impl Fn(&str, &Path) -> bool) -> Walked {
    let mut walked = Walked::default();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        if let Err(error) = read(&folder, &prefix, &enter, &mut folders, &mut walked.files) {
            let shown = if prefix.is_empty() { "." } else { prefix.trim_end_matches('/') };
            walked.unreadable.push((shown.to_owned(), error.to_string()));
        }
    }
    walked.files.sort();
    walked.unreadable.sort();
    walked
}

fn read(
    folder: &Path,
    prefix: &str,
    enter: &impl Fn(&str, &Path) -> bool,
    folders: &mut Vec<(PathBuf, String)>,
    files: &mut Vec<Walk>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = format!("{prefix}{}", shown_name(entry.file_name().as_encoded_bytes()));
        if kind.is_dir() {
            let full = entry.path();
            if enter(&path, &full) {
                folders.push((full, path + "/"));
            }
        } else {
            files.push(Walk { path, is_file: kind.is_file() });
        }
    }
    Ok(())
}

/// A name of a file, with what of it is no UTF-8 as `\xFF`.
pub fn shown_name(name: &[u8]) -> String {
    let mut shown = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        shown.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a `String` can't fail.
            let _ = write!(shown, "\\x{byte:02X}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_what_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["b.txt", "a/x", "a/deep/y", "skipped/z", ".git/config"] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let walked = walk(dir.path(), |path, _| path != "skipped" && path != ".git");
        let paths: Vec<&str> = walked.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a/deep/y", "a/x", "b.txt"]);
        assert!(walked.unreadable.is_empty());
        assert_eq!(walk(&dir.path().join("nowhere"), |_, _| true).unreadable.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_told_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
        let walked = walk(dir.path(), |_, _| true);
        assert_eq!(walked.files, [Walk { path: "loop".to_owned(), is_file: false }]);
    }
}
