//! What the index of git thinks of a file is no evidence.

use crate::common::toronto::{AZUREAD, CALM, RENEWED, Toronto};

#[test]
fn assume_unchanged_and_skip_worktree_hide_nothing() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let toronto = Toronto::new();
        let record = format!("secrets/{AZUREAD}.json");
        toronto.git(["update-index", flag, &record, "secrets/policy.toml"]);
        toronto.edit(&record, "infra", "bob");
        toronto.extend_policy("# a remark\n");
        assert_eq!(toronto.git(["status", "--porcelain"]), "", "{flag}");
        toronto
            .gate(CALM, &[], 1)
            .finds(&[("uncommitted", "secrets/policy.toml", "error"), ("uncommitted", AZUREAD, "error")]);
    }
}

#[test]
fn the_remedy_mends_what_the_index_overlooks() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let toronto = Toronto::new();
        toronto.git(["update-index", flag, "secrets/policy.toml"]);
        toronto.extend_policy("# a remark\n");
        let remedy = toronto.gate(CALM, &[], 1).remedy("uncommitted");
        let within = toronto.laptop.join("secrets/utoronto");
        let _ = toronto.sandbox.run(&within, "bash", ["-c", remedy.as_str()]).code(0);
        toronto.sandbox.push(&toronto.laptop);
        toronto.gate(CALM, &[], 0).finds(&[]);
    }
}

#[test]
fn line_ends_are_restored_and_not_committed() {
    for seen_by_git in [false, true] {
        let toronto = Toronto::new();
        let record = format!("secrets/{AZUREAD}.json");
        toronto.edit(&record, "\n", "\r\n");
        if seen_by_git {
            // From now on git takes the two for the same, and restores nothing by itself.
            toronto.git(["add", &record]);
            assert_eq!(toronto.git(["status", "--porcelain"]), "");
        }
        let report = toronto.gate(CALM, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
        assert!(report.message("uncommitted").contains("CRLF"), "{}", report.message("uncommitted"));
        let within = toronto.laptop.join("secrets/utoronto");
        let _ = toronto.sandbox.run(&within, "sh", ["-c", &report.remedy("uncommitted")]).code(0);
        toronto.gate(CALM, &[], 0).finds(&[]);
    }
}

#[test]
fn a_filter_hides_nothing() {
    let toronto = Toronto::new();
    let record = format!("secrets/{AZUREAD}.json");
    // Whatever stands in the work tree, git is given what HEAD has. The store's own attributes are overruled.
    toronto.write(".git/info/attributes", "*.json filter=hide\n");
    toronto.git(["config", "filter.hide.clean", "cat >/dev/null; git show HEAD:%f"]);
    // Of the same length: git takes another size for a change without asking the filter.
    toronto.edit(&record, "infra", "carol");
    assert_eq!(toronto.git(["status", "--porcelain"]), "");
    toronto.gate(CALM, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
}

#[test]
fn staged_is_not_committed() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--no-commit"]);
    toronto.git(["add", "--all"]);
    toronto.gate(RENEWED, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
}
