//! What the gate says does not hang on how a clone was made, how old it is, or what its index thinks.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't be set up must fail"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::remote::{Answer, Remote};
use common::toronto::{AZUREAD, CALM, OAUTH, REDEPLOY, RENEWED, Toronto};

/// The report for programs, byte for byte.
fn report(toronto: &Toronto, clone: &Path) -> String {
    toronto.sandbox.check(clone, REDEPLOY).code(1).text().to_owned()
}

/// Lets clones leave out objects, as the forges do.
fn allow_partial_clones(toronto: &Toronto) {
    let origin = toronto.sandbox.path("origin.git");
    for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        toronto.sandbox.git(&origin, ["config", key, "true"]);
    }
}

/// What a clone knows of the world: its refs, its shallow roots, its configuration, its status.
fn knowledge(toronto: &Toronto, clone: &Path) -> String {
    let git = |arguments: &[&str]| toronto.sandbox.git(clone, arguments);
    let shallow = PathBuf::from(git(&["rev-parse", "--absolute-git-dir"])).join("shallow");
    [
        git(&["for-each-ref"]),
        fs::read_to_string(shallow).unwrap_or_default(),
        git(&["config", "--local", "--list"]),
        git(&["status", "--porcelain", "--ignored"]),
        git(&["count-objects"]),
    ]
    .join("\n--\n")
}

mod shapes {
    use super::*;

    #[test]
    fn every_shape_gives_the_same_report() {
        let toronto = Toronto::new();
        allow_partial_clones(&toronto);
        let expected = report(&toronto, &toronto.laptop);
        for (name, options) in [
            ("full", &[][..]),
            ("depth-1", &["--depth", "1"]),
            ("single-branch", &["--single-branch", "--no-tags"]),
            ("blobless", &["--filter=blob:none"]),
            ("treeless", &["--filter=tree:0"]),
            ("blobless-depth-1", &["--filter=blob:none", "--depth", "1"]),
        ] {
            let clone = toronto.sandbox.clone(name, options);
            assert_eq!(report(&toronto, &clone), expected, "{name}");
            toronto.sandbox.git(&clone, ["checkout", "-q", "--detach"]);
            assert_eq!(report(&toronto, &clone), expected, "{name}, detached");
        }
    }

    #[test]
    fn worktrees() {
        let toronto = Toronto::new();
        let expected = report(&toronto, &toronto.laptop);
        for (name, options) in [("detached", &["--detach"][..]), ("branch", &["-b", "side"])] {
            let mut arguments = vec!["worktree", "add", "-q"];
            arguments.extend(options);
            let path = format!("../worktree-{name}");
            arguments.push(&path);
            toronto.sandbox.git(&toronto.laptop, arguments);
            let worktree = toronto.sandbox.path(&format!("worktree-{name}"));
            assert_eq!(report(&toronto, &worktree), expected, "{name}");
            // Each has a HEAD and an index of its own.
            toronto.sandbox.git(&worktree, ["rm", "-q", "--cached", "-r", "secrets"]);
            assert_eq!(report(&toronto, &worktree), expected, "{name}, with an empty index");
            assert_eq!(report(&toronto, &toronto.laptop), expected, "{name}, from the first one");
        }
    }

    #[test]
    fn a_worktree_of_a_bare_repository() {
        let toronto = Toronto::new();
        let expected = report(&toronto, &toronto.laptop);
        let bare = toronto.sandbox.clone("bare", &["--bare"]);
        toronto.sandbox.git(&bare, ["worktree", "add", "-q", "../of-bare", "main"]);
        assert_eq!(report(&toronto, &toronto.sandbox.path("of-bare")), expected);
    }

    #[test]
    fn a_clone_of_a_mirror() {
        let toronto = Toronto::new();
        let expected = report(&toronto, &toronto.laptop);
        let mirror = toronto.sandbox.clone("mirror.git", &["--mirror"]);
        let url = format!("file://{}", mirror.display());
        toronto.sandbox.git(&toronto.sandbox.path(""), ["clone", "-q", &url, "of-mirror"]);
        assert_eq!(report(&toronto, &toronto.sandbox.path("of-mirror")), expected);
    }

    #[test]
    fn submodules_that_are_not_there() {
        let toronto = Toronto::new();
        let url = format!("file://{}", toronto.sandbox.path("origin.git").display());
        // Made before the library joins, so that it is another repository with a store of its own.
        let library = toronto.sandbox.path("library.git");
        toronto.sandbox.git(&toronto.sandbox.path(""), ["clone", "-q", "--bare", &url, "library.git"]);
        let library = format!("file://{}", library.display());
        toronto.git(["submodule", "--quiet", "add", &library, "vendor/library"]);
        toronto.publish("Use a library");
        let expected = report(&toronto, &toronto.laptop);
        let clone = toronto.sandbox.clone("without-submodules", &[]);
        assert!(!clone.join("vendor/library/README").exists());
        assert_eq!(report(&toronto, &clone), expected);
        // And the store of a submodule is that repository's, not ours.
        let inner = toronto.laptop.join("vendor/library");
        toronto.sandbox.gate(&inner, REDEPLOY, &[], 1).finds(&[("expired", AZUREAD, "error")]);
        toronto.renew(&inner, "bob", &["--no-commit"]);
        toronto.sandbox.gate(&inner, REDEPLOY, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
        assert_eq!(report(&toronto, &toronto.laptop), expected);
    }

    #[test]
    fn what_lies_outside_a_sparse_checkout_is_judged_from_head() {
        let toronto = Toronto::new();
        allow_partial_clones(&toronto);
        let expected = report(&toronto, &toronto.laptop);
        for (name, options) in
            [("sparse", &["--sparse"][..]), ("sparse-blobless", &["--sparse", "--filter=blob:none"])]
        {
            let clone = toronto.sandbox.clone(name, options);
            toronto.sandbox.git(&clone, ["sparse-checkout", "set", "secrets/callysto"]);
            assert!(!clone.join("secrets/utoronto").exists());
            assert_eq!(report(&toronto, &clone), expected, "{name}");
        }
    }

    #[test]
    fn a_file_that_was_deleted_is_not_sparse() {
        let toronto = Toronto::new();
        for ending in ["age", "json"] {
            fs::remove_file(toronto.laptop.join(format!("secrets/{AZUREAD}.{ending}"))).expect("it is there");
        }
        toronto.gate(CALM, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
    }

    #[test]
    fn repositories_that_cannot_be_opened_are_named() {
        let toronto = Toronto::new();
        for (kind, option) in [("sha256", "--object-format=sha256"), ("reftable", "--ref-format=reftable")] {
            let root = toronto.sandbox.path("");
            let made = toronto.sandbox.run(&root, "git", ["init", "-q", option, kind]);
            if made.code != 0 {
                // This git does not know the format, so nobody can have such a repository here.
                assert!(made.stderr.contains("unknown"), "{}", made.stderr);
                continue;
            }
            let repository = toronto.sandbox.path(kind);
            toronto.sandbox.run(&root, "cp", ["-r", "laptop/secrets", kind]).code(0);
            toronto.sandbox.commit_all(&repository, "Begin");
            toronto.sandbox.gate(&repository, CALM, &[], 2).finds(&[]).leaves_unchecked(kind);
            // What needs no git is judged.
            let report = toronto.sandbox.gate(&repository, REDEPLOY, &[], 1);
            report.finds(&[("expired", AZUREAD, "error")]).leaves_unchecked(kind);
        }
    }

    #[test]
    fn asking_changes_nothing_in_the_clone() {
        let toronto = Toronto::new();
        let (full, ci) = (toronto.sandbox.clone("full", &[]), toronto.ci("ci"));
        toronto.renew(&toronto.laptop, "alice", &["--push"]);
        for clone in [full, ci] {
            let before = knowledge(&toronto, &clone);
            toronto.sandbox.gate(&clone, CALM, &[], 1).finds(&[("outdated", AZUREAD, "error")]);
            assert_eq!(knowledge(&toronto, &clone), before);
            toronto.sandbox.git(&clone, ["pull", "-q"]);
            toronto.sandbox.gate(&clone, CALM, &[], 0).finds(&[]);
        }
    }
}

mod index {
    use super::*;

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
}

mod deploy_ref {
    use super::*;

    #[test]
    fn a_stale_laptop_is_outdated() {
        let toronto = Toronto::new();
        let other = toronto.sandbox.clone("other", &[]);
        toronto.renew(&other, "bob", &["--push"]);
        // The remote-tracking branch agrees with HEAD, and is no evidence.
        assert_eq!(toronto.git(["rev-parse", "origin/main"]), toronto.git(["rev-parse", "HEAD"]));
        let report = toronto.gate(CALM, &[], 1).finds(&[("outdated", AZUREAD, "error")]);
        let message = report.message("outdated");
        assert!(message.contains("a deploy from here would put version 1 back over version 2"), "{message}");
        assert!(message.contains("origin/main"), "{message}");
        assert!(report.remedy("outdated").contains("git pull"), "{}", report.remedy("outdated"));
        // Fetched or not is the same, and having pulled is the remedy.
        toronto.git(["fetch", "-q"]);
        toronto.gate(CALM, &[], 1).finds(&[("outdated", AZUREAD, "error")]);
        toronto.git(["merge", "-q", "--ff-only", "origin/main"]);
        toronto.gate(CALM, &[], 0).finds(&[]);
    }

    #[test]
    fn what_is_on_the_deploy_ref_only_is_outdated_too() {
        let toronto = Toronto::new();
        let other = toronto.sandbox.clone("other", &[]);
        let name = "utoronto/prod/jupyterhub";
        let add = ["add", name, "--expires", "2024-06-30", "--owner", "infra", "--as", "bob", "--push"];
        toronto.sandbox.secrets(&other).args(add).at(CALM).stdin("a value").run().code(0);
        let ci = toronto.ci("ci");
        toronto.gate(CALM, &[], 1).finds(&[("outdated", name, "error")]);
        toronto.gate(CALM, &["--scope", "callysto/**"], 0).finds(&[]);
        toronto.sandbox.gate(&ci, CALM, &[], 0).finds(&[]);
    }

    #[test]
    fn a_branch_with_another_value_is_unpushed_and_not_outdated() {
        let toronto = Toronto::new();
        let other = toronto.sandbox.clone("other", &[]);
        toronto.renew(&other, "bob", &["--push"]);
        toronto.renew(&toronto.laptop, "alice", &[]);
        // Two versions 2: which of them is right nobody can tell but people; in any case it is not on the deploy ref.
        let report = toronto.gate(RENEWED, &[], 1);
        let ids = report.finding_ids();
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert!(["unpushed", "outdated"].contains(&ids[0].as_str()), "{ids:?}");
    }

    #[test]
    fn policy_and_notes_are_judged_like_values() {
        let toronto = Toronto::new();
        toronto.edit(&format!("secrets/{OAUTH}.json"), "infra", "carol");
        toronto.extend_policy("# a remark\n");
        let both = |id| [(id, "secrets/policy.toml", "error"), (id, OAUTH, "error")];
        toronto.gate(CALM, &[], 1).finds(&both("uncommitted"));
        toronto.sandbox.commit_all(&toronto.laptop, "Carol answers for it");
        toronto.gate(CALM, &[], 1).finds(&both("unpushed"));
        toronto.sandbox.push(&toronto.laptop);
        toronto.gate(CALM, &[], 0).finds(&[]);
    }

    #[test]
    fn commits_elsewhere_in_the_repository_do_not_matter() {
        let toronto = Toronto::new();
        let other = toronto.sandbox.clone("other", &[]);
        fs::write(other.join("README"), "changed\n").expect("a file can be written");
        toronto.sandbox.publish_all(&other, "Change something else");
        toronto.write("notes", "mine\n");
        toronto.sandbox.commit_all(&toronto.laptop, "Change another thing");
        toronto.gate(CALM, &[], 0).finds(&[]);
    }

    #[test]
    fn offline_is_no_pass() {
        let toronto = Toronto::new();
        let report = toronto.gate(CALM, &["--offline"], 2).finds(&[]).leaves_unchecked("origin/main");
        assert!(
            report.unchecked().iter().any(|(_, why)| why.contains("--offline")),
            "{:?}",
            report.unchecked()
        );
        toronto.gate(REDEPLOY, &["--offline"], 1).finds(&[("expired", AZUREAD, "error")]);
    }

    #[test]
    fn offline_asks_nobody() {
        let toronto = Toronto::new();
        let (asked, was_asked) = std::sync::mpsc::channel();
        let remote = Remote::start(&toronto.sandbox, move |count| {
            asked.send(count).ok();
            Answer::Serve
        });
        toronto.git(["remote", "set-url", "origin", &remote.url("origin.git")]);
        toronto.gate(CALM, &["--offline"], 2).finds(&[]);
        toronto.gate(CALM, &["--against", "HEAD"], 0).finds(&[]);
        assert!(was_asked.try_recv().is_err());
        toronto.gate(CALM, &[], 0).finds(&[]);
        assert!(was_asked.try_recv().is_ok());
    }

    #[test]
    fn nothing_is_deployed_from_git() {
        let toronto = Toronto::unpublished();
        toronto.edit("secrets/policy.toml", "origin/main", "none");
        toronto.publish("Seal the client secrets");
        toronto.git(["remote", "remove", "origin"]);
        let report = toronto.gate(CALM, &[], 0).finds(&[]);
        assert_eq!(report.json()["deploy_ref"], "none");
        let human = toronto.sandbox.secrets(&toronto.laptop).args(["check"]).at(CALM).run().code(0);
        human.says("nothing is deployed from git");
        toronto.renew(&toronto.laptop, "alice", &["--no-commit"]);
        toronto.gate(CALM, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
    }

    #[test]
    fn a_remote_that_policy_names_and_the_clone_has_not() {
        let toronto = Toronto::new();
        toronto.git(["remote", "rename", "origin", "upstream"]);
        toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked("origin/main");
    }
}

mod against {
    use super::*;

    /// A clone on a branch of its own.
    fn on_a_branch() -> Toronto {
        let toronto = Toronto::new();
        toronto.git(["checkout", "-q", "-b", "feature"]);
        toronto
    }

    fn commit(toronto: &Toronto, message: &str) {
        toronto.sandbox.commit_all(&toronto.laptop, message);
    }

    #[test]
    fn what_stands_on_the_reference_already_is_a_warning() {
        let toronto = on_a_branch();
        toronto.write("README", "changed\n");
        commit(&toronto, "Change something else");
        let old = ("expired", AZUREAD, "warning");
        toronto.gate(REDEPLOY, &["--against", "main"], 0).finds(&[old]);
        toronto.gate(REDEPLOY, &["--against", "main", "--strict"], 1).finds(&[old]);

        toronto.add("ops/pager", "2024-06-30", "routing-key", &["--owner", "infra", "--reader", "bob"]);
        commit(&toronto, "Seal a key to too few");
        toronto
            .gate(REDEPLOY, &["--against", "main"], 1)
            .finds(&[("single-holder", "ops/pager", "error"), old]);
        // The deploy ref lacks the change, as it must: it is left out.
        toronto.gate(CALM, &["--against", "main", "--scope", "callysto/**"], 0).finds(&[]);
    }

    #[test]
    fn what_the_change_worsens_fails() {
        let toronto = Toronto::unpublished();
        toronto.edit("secrets/policy.toml", "min-people = 2", "min-people = 4");
        toronto.publish("Ask for more people than there are");
        toronto.git(["checkout", "-q", "-b", "feature"]);
        let both = |level| [("single-holder", AZUREAD, level), ("single-holder", OAUTH, level)];
        toronto.gate(CALM, &["--against", "main"], 0).finds(&both("warning"));
        let remove = toronto.sandbox.secrets(&toronto.laptop).args(["people", "remove", "carol"]);
        remove.identity("alice").at(CALM).run().code(0);
        toronto.gate(CALM, &["--against", "main"], 1).finds(&both("error"));
    }

    #[test]
    fn mending_a_fault_passes() {
        let toronto = on_a_branch();
        toronto.renew(&toronto.laptop, "alice", &[]);
        toronto.gate(REDEPLOY, &["--against", "main"], 0).finds(&[]);
        // What is not committed is in no pull request.
        toronto.sandbox.secrets(&toronto.laptop).args(["remove", OAUTH, "--no-commit"]).run().code(0);
        toronto.gate(REDEPLOY, &["--against", "main"], 1).finds(&[("uncommitted", OAUTH, "error")]);
    }

    #[test]
    fn a_reference_without_a_store() {
        let toronto = on_a_branch();
        let root = toronto.git(["rev-list", "--max-parents=0", "HEAD"]);
        toronto.gate(CALM, &["--against", &root], 0).finds(&[]);
        toronto.gate(REDEPLOY, &["--against", &root], 1).finds(&[("expired", AZUREAD, "error")]);
        for format in ["human", "json", "github"] {
            let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", format]);
            run.args(["--against", &root]).at(CALM).run().code(0).says("has no store");
        }
    }

    #[test]
    fn a_reference_that_is_not_there() {
        let toronto = on_a_branch();
        toronto.gate(CALM, &["--against", "no-such-branch"], 2).leaves_unchecked("no-such-branch");
        // Nor is one an option of git's.
        let output = toronto.sandbox.path("written-by-git");
        let reference = format!("--output={}", output.display());
        toronto.gate(CALM, &[&format!("--against={reference}")], 2).leaves_unchecked(&reference);
        assert!(!output.exists());
    }

    #[test]
    fn a_change_cannot_excuse_itself() {
        for excuse in [
            "[defaults]\nlevels = { single-holder = \"off\" }\n",
            "[defaults]\nmin-people = 1\n",
            "[[scope]]\nmatch = \"ops/**\"\nlevels = { single-holder = \"warning\" }\n",
            "[[scope]]\nmatch = \"ops/**\"\nmin-people = 1\n",
            "[[waiver]]\nfinding = \"single-holder\"\nsecret = \"ops/**\"\nuntil = 2030-01-01\n\
             reason = \"it is fine\"\nby = \"alice\"\n",
        ] {
            let toronto = on_a_branch();
            toronto.add("ops/pager", "2024-06-30", "routing-key", &["--owner", "infra", "--reader", "bob"]);
            if let Some(key) = excuse.strip_prefix("[defaults]\n") {
                let without = toronto.read("secrets/policy.toml").replace("min-people = 2\n", "");
                toronto.write(
                    "secrets/policy.toml",
                    without.replace("[defaults]\n", &format!("[defaults]\n{key}")),
                );
            } else {
                toronto.extend_policy(excuse);
            }
            commit(&toronto, "Seal a key to too few, and say that it is fine");
            toronto.gate(CALM, &["--against", "main"], 1).finds(&[("single-holder", "ops/pager", "error")]);
        }
    }

    #[test]
    fn keys_that_a_change_brings_are_listed() {
        let toronto = on_a_branch();
        toronto
            .extend_policy(&format!("[people.dave]\nkeys = [\"{}\"]\n", toronto.sandbox.new_ssh_key("dave")));
        commit(&toronto, "Dave joins");
        for format in ["human", "json", "github"] {
            let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", format]);
            let told = run.args(["--against", "main"]).at(CALM).run().code(0);
            told.says("new key for dave").says("SHA256:");
        }
        // The same key under another name is no new key, and yet to be looked at.
        toronto.edit("secrets/policy.toml", "[people.carol]", "[people.mallory]");
        toronto.edit("secrets/policy.toml", "\"carol\"", "\"mallory\"");
        commit(&toronto, "Carol is called Mallory now");
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--against", "main"]);
        run.at(CALM).run().code(1).says("from carol to mallory");
    }
}

mod selection {
    use super::*;

    #[test]
    fn just_the_files_that_a_deploy_reads() {
        let toronto = Toronto::new();
        let file = |name: &str| format!("secrets/{name}.age");
        toronto.gate(REDEPLOY, &["--file", &file(OAUTH)], 0).finds(&[]);
        let expired = [("expired", AZUREAD, "error")];
        toronto.gate(REDEPLOY, &["--file", &file(AZUREAD)], 1).finds(&expired);
        toronto.gate(REDEPLOY, &["--file", &file(AZUREAD), "--file", &file(OAUTH)], 1).finds(&expired);
        // As seen from where it is run.
        let within = toronto.laptop.join("secrets/utoronto");
        toronto.sandbox.gate(&within, REDEPLOY, &["--file", "prod/azuread.age"], 1).finds(&expired);
        toronto.sandbox.gate(&within, REDEPLOY, &["--file", "../callysto/prod/oauth.age"], 0).finds(&[]);
        let absolute = toronto.laptop.join(file(AZUREAD)).display().to_string();
        toronto.gate(REDEPLOY, &["--file", &absolute], 1).finds(&expired);
    }

    #[test]
    fn a_file_without_a_record_is_untracked() {
        let toronto = Toronto::new();
        toronto.write("deploy/values.enc.yaml", "sealed: by somebody else\n");
        toronto.publish("Deploy something sealed elsewhere");
        let file = "deploy/values.enc.yaml";
        toronto.gate(CALM, &["--file", file], 1).finds(&[("untracked", file, "error")]);
        let own = format!("secrets/{OAUTH}.age");
        toronto.gate(CALM, &["--file", &own, "--file", file], 1).finds(&[("untracked", file, "error")]);
        // Named as the repository does, wherever it is seen from.
        let within = toronto.laptop.join("deploy");
        let report = toronto.sandbox.gate(&within, CALM, &["--file", "values.enc.yaml"], 1);
        report.finds(&[("untracked", file, "error")]);
    }

    #[test]
    fn a_file_that_is_not_there() {
        let toronto = Toronto::new();
        let own = format!("secrets/{OAUTH}.age");
        let typo = "secrets/utoronto/prod/azure.age";
        for (files, named) in [
            (&[own.as_str(), typo][..], typo),
            (&[&own, "deploy/values.yaml"], "deploy/values.yaml"),
            (&[typo, "deploy/values.yaml"], "deploy/values.yaml"),
            (&["secrets/utoronto"], "secrets/utoronto"),
        ] {
            for format in ["human", "json", "github"] {
                let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", format]);
                let run = run.args(files.iter().flat_map(|file| ["--file", file])).at(CALM).run();
                run.code(2).says(named);
            }
        }
    }

    #[test]
    fn a_scope_that_selects_nothing() {
        let toronto = Toronto::new();
        toronto.gate(CALM, &["--scope", "toronto/**"], 2).finds(&[]).leaves_unchecked("toronto/**");
        let two = ["--scope", "callysto/**", "--scope", "toronto/**"];
        toronto.gate(CALM, &two, 2).finds(&[]).leaves_unchecked("toronto/**");
        // One star stops at the next slash.
        toronto.gate(CALM, &["--scope", "utoronto/*"], 2).finds(&[]).leaves_unchecked("utoronto/*");
    }

    #[test]
    fn an_empty_store() {
        let toronto = Toronto::new();
        for name in [AZUREAD, OAUTH] {
            let run = toronto.sandbox.secrets(&toronto.laptop).args(["remove", name]);
            run.at(CALM).run().code(0);
        }
        toronto.sandbox.push(&toronto.laptop);
        toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked("holds no secret");
    }
}
