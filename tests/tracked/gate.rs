//! The gate over tracked files: where they stand in git, what changed in them, and what stands in clear.

use crate::common::{NOW, public_key};
use crate::desk::Desk;

const FILE: &str = "clusters/a/enc-prod.yaml";
const TOKEN: &str = "clusters/a/enc-prod.yaml#/token";
const OTHER: &str = "clusters/a/enc-prod.yaml#/other";

/// One file of two values, tracked, dated and pushed: nothing to find.
fn healthy() -> Desk {
    let desk = Desk::new();
    desk.sops(FILE, "token: t0k3n\nother: v4lue\nfree_unencrypted: in clear\n");
    desk.publish("A hub");
    let _ = desk.runs(&["track", "**/enc-*", "--owner", "team"], 0);
    let _ = desk.runs(&["expiry", "set", TOKEN, OTHER, "--expires", "2027-01-01", "--reason", "told"], 0);
    desk.publish("Tracked");
    let _ = desk.gate(&[], 0).finds(&[]);
    desk
}

#[track_caller]
fn change(desk: &Desk, name: &str, value: &str) {
    let set = ["set", "--value-stdin", FILE, &format!("[\"{name}\"]")].map(str::to_owned);
    let _ = desk.sandbox.sops(&desk.laptop, "alice", set, format!("\"{value}\"").as_bytes()).code(0);
}

#[test]
fn a_value_that_changed_is_behind_and_its_sibling_is_not() {
    let desk = healthy();
    change(&desk, "token", "another");
    desk.publish("Another token");
    let report = desk.gate(&[], 1).finds(&[("record-behind", TOKEN, "error")]);
    assert!(report.message("record-behind").starts_with("the value changed since its record was made"));
    assert_eq!(report.remedy("record-behind"), format!("secrets confirm '{TOKEN}'"));
}

#[test]
fn with_another_data_key_nothing_is_known_of_any_value() {
    let desk = healthy();
    let _ = desk.sandbox.sops(&desk.laptop, "alice", ["rotate", "-i", FILE], b"").code(0);
    desk.publish("Rotate the data key");
    let report =
        desk.gate(&[], 1).finds(&[("record-behind", OTHER, "error"), ("record-behind", TOKEN, "error")]);
    for finding in report.json()["findings"].as_array().unwrap() {
        assert!(finding["message"].as_str().unwrap().starts_with("the data key of the file was replaced"));
    }
}

/// Nothing but its records says that the file is tracked: who takes them away must not be let through for it.
#[test]
fn records_that_are_gone_here_are_missed_until_that_is_deployed() {
    let desk = Desk::new();
    desk.sops(FILE, "token: t0k3n\n");
    desk.publish("A hub");
    let _ = desk.runs(&["track", "clusters/a", "--owner", "team"], 0);
    let _ = desk.runs(&["expiry", "set", TOKEN, "--expires", "2027-01-01", "--reason", "told"], 0);
    desk.publish("Tracked");
    let _ = desk.gate(&[], 0).finds(&[]);
    let custody = "clusters/a/custody.toml";
    let records = desk.read(custody);
    for left in [None, Some("schema = 1\n")] {
        match left {
            None => std::fs::remove_file(desk.path(custody)).unwrap(),
            Some(text) => desk.write(custody, text),
        }
        for scope in [&[][..], &["--scope", "clusters/**"]] {
            let _ = desk.gate(scope, 1).finds(&[("uncommitted", custody, "error")]);
        }
        desk.sandbox.git(&desk.laptop, ["commit", "-qam", "No records any more"]);
        let ids = desk.gate(&[], 1).finding_ids();
        assert_eq!(ids, ["unpushed"], "{left:?}");
        desk.sandbox.push(&desk.laptop);
        desk.write(custody, &records);
        desk.publish("Records again");
        let _ = desk.gate(&[], 0).finds(&[]);
    }
}

#[test]
fn a_formatter_that_touches_everything_changes_nothing() {
    let desk = healthy();
    let text = desk.read(FILE);
    let formatted = text.replace("token:", "\"token\":");
    assert_ne!(formatted, text);
    desk.write(FILE, format!("# formatted\n\n{formatted}"));
    desk.publish("Format");
    let _ = desk.gate(&[], 0).finds(&[]);
}

#[test]
fn where_it_stands_in_git() {
    let desk = healthy();
    change(&desk, "token", "another");
    // Later than any clock: two states of one second have no order.
    let text = desk.read(FILE);
    let (before, date) = text.split_once("lastmodified: ").unwrap();
    let (_, after) = date.split_once('\n').unwrap();
    desk.write(FILE, format!("{before}lastmodified: \"2099-01-01T00:00:00Z\"\n{after}"));
    let differing = |id| [("record-behind", TOKEN, "error"), (id, FILE, "error")];
    let _ = desk.gate(&[], 1).finds(&differing("uncommitted"));
    desk.sandbox.git(&desk.laptop, ["commit", "-qam", "Another token"]);
    let _ = desk.gate(&[], 1).finds(&differing("unpushed"));
    desk.sandbox.git(&desk.laptop, ["push", "-q", "origin", "HEAD:main"]);
    let _ = desk.gate(&[], 1).finds(&[("record-behind", TOKEN, "error")]);
    // A laptop that stands where it stood before would put the old value back.
    desk.sandbox.git(&desk.laptop, ["reset", "-q", "--hard", "HEAD~1"]);
    let report = desk.gate(&[], 1).finds(&[("outdated", FILE, "error")]);
    let message = report.message("outdated");
    assert!(message.contains(" back over those of 2099-01-01, which origin/main "), "{message}");
    assert!(message.starts_with("a deploy from here would put the values of "), "{message}");
}

#[test]
fn what_git_does_not_show_is_seen() {
    let desk = healthy();
    desk.write(".gitignore", "hidden/\n");
    desk.publish("Ignore");
    desk.sops("hidden/enc-new.yaml", "a: b\n");
    assert_eq!(desk.status(), "");
    let report = desk.gate(&[], 1).finds(&[
        ("uncommitted", "hidden/enc-new.yaml", "error"),
        ("untracked", "hidden/enc-new.yaml", "error"),
    ]);
    assert!(report.message("uncommitted").contains("ignored by .gitignore:1: hidden/"));
}

#[test]
fn a_record_that_is_not_committed() {
    let desk = healthy();
    let custody = "clusters/a/custody.toml";
    desk.append(custody, "# a remark\n");
    let _ = desk.gate(&[], 1).finds(&[("uncommitted", custody, "error")]);
    desk.sandbox.git(&desk.laptop, ["commit", "-qam", "A remark"]);
    let _ = desk.gate(&[], 1).finds(&[("unpushed", custody, "error")]);
}

#[test]
fn what_stands_in_clear() {
    let desk = healthy();
    let text = desk.read(FILE);
    desk.write(FILE, format!("added: in a hurry\n{text}"));
    desk.publish("In a hurry");
    let report = desk.gate(&[], 1).finds(&[("plaintext", FILE, "error")]);
    assert!(report.message("plaintext").starts_with("/added stands in clear"));

    desk.write(FILE, text);
    desk.write("clusters/b/enc-new.yaml", "token: in clear\n");
    desk.publish("Forgotten");
    let report = desk.gate(&[], 1).finds(&[("plaintext", "clusters/b/enc-new.yaml", "error")]);
    assert!(
        report.message("plaintext").starts_with("policy's [track] says that it is sealed, and it is not")
    );
}

#[test]
fn what_is_gone_or_broken() {
    let desk = healthy();
    let text = desk.read(FILE);
    desk.write(FILE, text.replace("    mac: ", "    mac_gone: "));
    desk.publish("Broken");
    let report = desk.gate(&[], 2).leaves_unchecked("clusters/a/enc-prod.yaml");
    let _ = report.finds(&[]);
    desk.sandbox.git(&desk.laptop, ["rm", "-q", FILE]);
    desk.sandbox.git(&desk.laptop, ["commit", "-qm", "Gone"]);
    desk.sandbox.push(&desk.laptop);
    let _ = desk.gate(&[], 1).finds(&[("orphan", FILE, "error"), ("orphan", FILE, "error")]);
}

#[test]
fn one_file_and_one_scope() {
    let desk = healthy();
    desk.sops("clusters/b/enc-prod.yaml", "token: x\n");
    desk.publish("Another hub");
    let other = [("untracked", "clusters/b/enc-prod.yaml", "error")];
    let _ = desk.gate(&[], 1).finds(&other);
    for (arguments, code) in [
        (["--file", FILE], 0),
        (["--scope", "clusters/a/**"], 0),
        (["--scope", FILE], 0),
        (["--scope", TOKEN], 0),
        (["--scope", "**/token"], 0),
        (["--file", "clusters/b/enc-prod.yaml"], 1),
        (["--scope", "clusters/b/**"], 1),
        (["--scope", "clusters/c/**"], 2),
    ] {
        let report = desk.gate(&arguments, code);
        let _ = report.finds(if code == 1 { &other } else { &[] });
    }
}

#[test]
fn a_glob_of_policy_that_fits_no_file_is_told() {
    let desk = healthy();
    let policy = desk.read("secrets/policy.toml");
    let told =
        |desk: &Desk| desk.gate(&[], 0).json()["notes"].to_string().contains("`**/env-*` fits no file");
    assert!(!told(&desk));
    desk.write("secrets/policy.toml", policy.replace("[\"**/enc-*\"]", "[\"**/enc-*\", \"**/env-*\"]"));
    desk.publish("A slip");
    assert!(told(&desk));
}

#[test]
fn a_file_that_cannot_be_named_is_no_pass() {
    let desk = healthy();
    desk.sops("clusters/a/odd\\name.yaml", "token: x\n");
    desk.sops("clusters/a#/enc-b.yaml", "token: x\n");
    desk.publish("Odd names");
    for arguments in [
        &["--file", "clusters/a/odd\\name.yaml"][..],
        &["--file", "clusters/a#/enc-b.yaml"],
        &["--file", FILE, "--file", "clusters/a#/enc-b.yaml"],
        &[],
    ] {
        let _ = desk.gate(arguments, 2).leaves_unchecked("can't be named").finds(&[]);
    }
}

#[test]
fn scopes_and_waivers_know_them_by_name_and_by_file() {
    let desk = healthy();
    let policy = desk.read("secrets/policy.toml");
    for (scope, code) in [("clusters/a/enc-prod.yaml", 1), ("**/token", 1), ("clusters/b/**", 0)] {
        desk.write(
            "secrets/policy.toml",
            format!(
                "{policy}\n[[scope]]\nmatch = \"{scope}\"\nblock-within = \"2y\"\nnotify-at = [\"3y\"]\n"
            ),
        );
        desk.publish("A scope");
        let report = desk.gate(&[], code);
        assert_eq!(report.findings().is_empty(), code == 0, "{scope}");
    }
    change(&desk, "token", "another");
    for (glob, code) in [(TOKEN, 0), (FILE, 0), ("**/token", 0), (OTHER, 1)] {
        desk.write(
            "secrets/policy.toml",
            format!(
                "{policy}\n[[waiver]]\nfinding = \"record-behind\"\nsecret = \"{glob}\"\nuntil = 2026-12-31\nreason = \"r\"\nby = \"alice\"\n"
            ),
        );
        desk.publish("A waiver");
        let _ = desk.gate(&[], code);
    }
}

#[test]
fn every_clone_shape_finds_the_same() {
    let desk = healthy();
    change(&desk, "token", "another");
    desk.publish("Another token");
    let expected = [("record-behind", TOKEN, "error")];
    for (name, options) in
        [("full", &[][..]), ("shallow", &["--depth", "1"][..]), ("partial", &["--filter=blob:none"][..])]
    {
        let clone = desk.sandbox.clone(name, options);
        let _ = desk.sandbox.gate(&clone, NOW, &[], 1).finds(&expected);
    }
    let sparse = desk.sandbox.clone("sparse", &["--sparse"]);
    desk.sandbox.git(&sparse, ["sparse-checkout", "set", "secrets"]);
    assert!(!sparse.join(FILE).exists());
    let _ = desk.sandbox.gate(&sparse, NOW, &[], 1).finds(&expected);
}

#[test]
fn key_groups_are_opened_together_only() {
    let desk = healthy();
    let text = desk.read(FILE);
    // The two keys in a group each: sops then wants both.
    let (head, rest) = text.split_once("    age:\n").unwrap();
    let (keys, tail) = rest.split_once("    lastmodified:").unwrap();
    let items: Vec<String> = keys
        .split("        - ")
        .skip(1)
        .map(|item| {
            format!("        - age:\n            - {}", item.replace("\n          ", "\n              "))
        })
        .collect();
    desk.write(
        FILE,
        format!("{head}    shamir_threshold: 2\n    key_groups:\n{}    lastmodified:{tail}", items.concat()),
    );
    desk.publish("Key groups");
    let report = desk.gate(&[], 1);
    assert!(report.finding_ids().contains(&"single-holder".to_owned()), "{:?}", report.findings());
    let message = report.message("single-holder");
    assert!(
        message.starts_with("no person can open it alone, alice and bob only together (2 of 2 key groups)"),
        "{message}"
    );
    assert!(items.iter().any(|item| item.contains(&public_key("alice"))));
}

/// git keeps the link and not what it leads to, and a deploy gets what git keeps.
#[cfg(unix)]
#[test]
fn nothing_is_read_through_a_folder_that_leads_out() {
    let desk = healthy();
    let (folder, elsewhere) = (desk.path("clusters"), desk.sandbox.path("elsewhere"));
    std::fs::rename(&folder, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();
    let before = desk.files();
    let unchecked = desk.gate(&[], 2).unchecked();
    let is_told = |path: &str| unchecked.iter().any(|(what, why)| what == path && why.contains("behind one"));
    assert!(is_told(FILE) && is_told("clusters/a/custody.toml"), "{unchecked:?}");
    for line in
        [&["get", TOKEN][..], &["expiry", "set", TOKEN, "--expires", "2029-01-01", "--reason", "told"]]
    {
        let refused = desk.runs(line, 2);
        // What reads a value goes by the names that are listed, and here there are none.
        let is_told =
            refused.stderr.contains("symbolic link") || refused.stderr.contains("no secret of that name");
        assert!(is_told, "{line:?}: {}", refused.stderr);
        assert!(!refused.text().contains("t0k3n"), "{line:?}");
    }
    assert_eq!(desk.files(), before);
}
