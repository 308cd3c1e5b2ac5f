//! Hub 403 after a deployment, 2017: staging showed the fault, "worked on the second try", and was waved through.
//! So: two runs say the same, every fault is told at once, every clone tells the same, and a dismissal has a
//! reason, a name and an end.

use crate::common::toronto::{AZUREAD, CALM, OAUTH, REDEPLOY, Toronto};

/// What a run prints in every format.
fn reports(toronto: &Toronto, folder: &std::path::Path, expected: i32) -> [String; 3] {
    ["human", "json", "github"].map(|format| {
        let run = toronto.sandbox.secrets(folder).args(["check", "--format", format]).at(REDEPLOY);
        run.run().code(expected).text().to_owned()
    })
}

/// Three faults that have nothing to do with each other, and a warning.
fn three_faults() -> Toronto {
    let toronto = Toronto::unpublished();
    toronto.add("ops/pager", "2022-09-20", "routing-key", &["--owner", "infra"]);
    toronto.write("secrets/callysto/notes.txt", "the password is on the whiteboard\n");
    let copied = std::fs::copy(
        toronto.laptop.join("secrets/callysto/prod/oauth.age"),
        toronto.laptop.join("secrets/callysto/prod/oauth-copy.age"),
    );
    assert!(copied.is_ok());
    toronto.publish("Seal the client secrets");
    toronto
}

const THREE: [(&str, &str, &str); 4] = [
    ("plaintext", "secrets/callysto/notes.txt", "error"),
    ("orphan", "callysto/prod/oauth-copy", "error"),
    ("expired", AZUREAD, "error"),
    ("expiring", "ops/pager", "warning"),
];

#[test]
fn two_runs_are_byte_identical() {
    let toronto = three_faults();
    let first = reports(&toronto, &toronto.laptop, 1);
    assert_eq!(first, reports(&toronto, &toronto.laptop, 1));
    // Neither locale nor time zone, nor what a hook of git has set, nor the folder within the repository matter.
    let elsewhere = toronto.sandbox.path("nowhere");
    for (variable, value) in [
        ("TZ", "Pacific/Auckland".as_ref()),
        ("LC_ALL", "tr_TR.UTF-8".as_ref()),
        ("LANGUAGE", "de".as_ref()),
        ("GIT_DIR", elsewhere.as_path()),
        ("GIT_WORK_TREE", elsewhere.as_path()),
        ("GIT_INDEX_FILE", elsewhere.as_path()),
        ("GIT_OBJECT_DIRECTORY", elsewhere.as_path()),
    ] {
        let run = toronto.sandbox.secrets(&toronto.laptop.join("secrets/callysto"));
        let run = run.args(["check", "--format", "json"]).env(variable, value).at(REDEPLOY).run().code(1);
        assert_eq!(run.text(), first[1], "{variable}={}", value.display());
    }
}

#[test]
fn file_times_and_a_cold_index_say_nothing() {
    let toronto = three_faults();
    let first = reports(&toronto, &toronto.laptop, 1);
    let touched = toronto.sandbox.run(
        &toronto.laptop,
        "find",
        ["secrets", "-type", "f", "-exec", "touch", "-d", "2001-01-01", "{}", "+"],
    );
    touched.code(0);
    assert_eq!(reports(&toronto, &toronto.laptop, 1), first);
    toronto.git(["read-tree", "HEAD"]);
    assert_eq!(reports(&toronto, &toronto.laptop, 1), first);
}

#[test]
fn three_faults_are_three_findings_in_one_run() {
    let toronto = three_faults();
    let report = toronto.gate(REDEPLOY, &[], 1).finds(&THREE);
    // Errors come first, and then the names.
    assert_eq!(report.finding_ids(), ["plaintext", "orphan", "expired", "expiring"]);
    assert_eq!(report.json()["summary"]["errors"], 3);
    assert_eq!(report.json()["summary"]["warnings"], 1);
}

#[test]
fn three_faults_of_one_secret_are_three_findings() {
    let toronto = Toronto::unpublished();
    toronto.add("ops/pager", "2022-09-07", "routing-key", &["--reader", "bob"]);
    toronto.publish("Seal the client secrets");
    toronto.gate(REDEPLOY, &["--scope", "ops/*"], 1).finds(&[
        ("expired", "ops/pager", "error"),
        ("single-holder", "ops/pager", "error"),
        ("unowned", "ops/pager", "warning"),
    ]);
}

#[test]
fn every_clone_tells_the_same() {
    let toronto = three_faults();
    let sandbox = &toronto.sandbox;
    let expected = reports(&toronto, &toronto.laptop, 1);

    let full = sandbox.clone("full", &[]);
    let shallow = sandbox.clone("shallow", &["--depth", "1"]);
    let detached = sandbox.clone("detached", &[]);
    sandbox.git(&detached, ["checkout", "-q", "--detach"]);
    let worktree = sandbox.path("worktree");
    toronto.git(["worktree", "add", "-q", "--detach", "../worktree"]);
    for clone in [full, detached, worktree] {
        assert_eq!(reports(&toronto, &clone, 1), expected, "{}", clone.display());
    }
    // Of the history that it lacks a shallow clone says so, and nothing else differs.
    let told = reports(&toronto, &shallow, 1);
    assert!(told.iter().all(|report| report.contains("git fetch --unshallow")), "{told:#?}");
    let without = |report: &str| {
        let lines = report.lines().filter(|line| !line.contains("git fetch --unshallow"));
        lines.filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n").replace("[\n  ]", "[]")
    };
    assert_eq!(
        told.each_ref().map(|report| without(report)),
        expected.each_ref().map(|report| without(report))
    );
}

/// The waiver of a finding, without those of its keys that are left out.
fn waiver(without: &str) -> String {
    let lines = [
        "finding = \"expired\"",
        "secret = \"utoronto/prod/*\"",
        "until = 2022-09-14",
        "reason = \"the issuer extended it by phone; ticket 812\"",
        "by = \"alice\"",
    ];
    let kept: Vec<_> =
        lines.into_iter().filter(|line| without.is_empty() || !line.starts_with(without)).collect();
    format!("[[waiver]]\n{}\n", kept.join("\n"))
}

#[test]
fn a_dismissal_lapses_by_itself() {
    let toronto = Toronto::unpublished();
    toronto.extend_policy(&waiver(""));
    toronto.publish("Seal the client secrets, and dismiss a finding");
    for at in [REDEPLOY, "2022-09-13T23:59:59Z"] {
        let report = toronto.gate(at, &[], 0).finds(&[]);
        let report = report.json();
        assert_eq!(report["summary"]["waived"], 1, "{report:#}");
        let waived = report["waived"].to_string();
        for part in ["expired", AZUREAD, "the issuer extended it by phone; ticket 812", "alice", "2022-09-14"]
        {
            assert!(waived.contains(part), "{waived} does not say {part}");
        }
    }
    let report = toronto.gate("2022-09-14T00:00:00Z", &[], 1);
    let mut ids = report.finding_ids();
    ids.sort();
    assert_eq!(ids, ["expired", "waiver-expired"]);
}

#[test]
fn a_dismissal_dismisses_nothing_else() {
    let toronto = Toronto::unpublished();
    toronto.extend_policy(&waiver("").replace("utoronto/prod/*", "callysto/**"));
    toronto.publish("Dismiss the finding of another secret");
    toronto.gate(REDEPLOY, &[], 1).finds(&[("expired", AZUREAD, "error")]);
    toronto.gate(CALM, &["--scope", OAUTH], 0).finds(&[]);
}

#[test]
fn a_dismissal_without_reason_name_or_end_is_none() {
    for key in ["until", "reason", "by", "finding", "secret"] {
        let toronto = Toronto::unpublished();
        toronto.extend_policy(&waiver(key));
        toronto.gate(REDEPLOY, &[], 2).leaves_unchecked(&format!("`{key}`"));
    }
}
