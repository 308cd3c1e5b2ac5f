//! What git is told about the store's files.

/// The text of the store's `.gitattributes`: no filter, keyword or encoding touches a byte, sealed values are
/// binary and never merged line by line, and what people and the tool write as text has the same line ends everywhere.
pub const TEXT: &str = "\
# Written by `secrets init`: git keeps every byte of the store as it is.
* -filter -ident -working-tree-encoding
*.age -text -diff -merge
*.json text eol=lf
*.toml text eol=lf
.gitattributes text eol=lf
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::process::Command;

    /// Asks git itself, with rules above the store that would change its bytes.
    #[test]
    fn git_reads_it_as_meant() {
        let dir = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let output = Command::new("git").args(arguments).current_dir(dir.path()).output().unwrap();
            assert!(output.status.success(), "git {arguments:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        git(&["init", "-q"]);
        let hostile = "* text=auto eol=crlf ident filter=lfs working-tree-encoding=UTF-16\n";
        std::fs::write(dir.path().join(".gitattributes"), hostile).unwrap();
        std::fs::create_dir(dir.path().join("secrets")).unwrap();
        std::fs::write(dir.path().join("secrets/.gitattributes"), TEXT).unwrap();
        let lf = Some("lf");
        let files = [
            ("a/x.age", "unset", None),
            ("a/x.json", "set", lf),
            ("policy.toml", "set", lf),
            (".gitattributes", "set", lf),
        ];
        for (file, text, eol) in files {
            let path = format!("secrets/{file}");
            let answer = git(&["check-attr", "-a", "--", &path]);
            let attributes: BTreeMap<&str, &str> = answer
                .lines()
                .filter_map(|line| line.strip_prefix(&format!("{path}: "))?.split_once(": "))
                .collect();
            for unset in ["filter", "ident", "working-tree-encoding"] {
                assert_eq!(attributes.get(unset), Some(&"unset"), "{file}: {unset}");
            }
            assert_eq!(attributes.get("text"), Some(&text), "{file}");
            let merge = (text == "unset").then_some("unset");
            assert_eq!(attributes.get("merge").copied(), merge, "{file}");
            if eol.is_some() {
                assert_eq!(attributes.get("eol").copied(), eol, "{file}");
            }
        }
    }
}
