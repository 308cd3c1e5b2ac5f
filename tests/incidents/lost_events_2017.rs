//! 504s after lost watch events, 2017: a component failed without saying so, and no alert came. So whatever could
//! not be checked is named and blocks, in bounded time, and what else there is is judged all the same.

use std::fs;
use std::time::{Duration, Instant};

use crate::common::remote::{Answer, Remote};
use crate::common::toronto::{AZUREAD, CALM, OAUTH, REDEPLOY, Toronto};

/// Longer than the remote is given (20 s), with room for a slow machine.
const BOUND: Duration = Duration::from_secs(90);

#[test]
fn a_corrupt_record_is_named_and_the_others_are_judged() {
    let record = format!("secrets/{OAUTH}.json");
    for (fault, spoil) in [
        ("cut off", (|text: &str| text[..text.len() / 2].to_owned()) as fn(&str) -> String),
        ("of another schema", |text| text.replace("\"schema\": 1", "\"schema\": 99")),
        ("a key twice", |text| text.replacen("\"schema\": 1", "\"schema\": 1, \"schema\": 1", 1)),
        ("an unknown key in what is sealed", |text| text.replacen("\"name\":", "\"extra\": 1, \"name\":", 1)),
    ] {
        let toronto = Toronto::new();
        let text = toronto.read(&record);
        assert_ne!(text, spoil(&text), "{fault}");
        toronto.write(&record, spoil(&text));
        toronto.publish("Spoil a record");
        toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked(&record);
        // The other one is judged in the same run: told while it is a warning, and failing once it is a fault.
        let warned = toronto.gate("2022-08-01T00:00:00Z", &[], 2);
        warned.finds(&[("expiring", AZUREAD, "warning")]).leaves_unchecked(&record);
        let failed = toronto.gate(REDEPLOY, &[], 1);
        failed.finds(&[("expired", AZUREAD, "error")]).leaves_unchecked(&record);
        // A deploy that does not read the corrupt one is not held up by it.
        toronto.gate(CALM, &["--scope", "utoronto/**"], 0).finds(&[]);
    }
}

#[test]
fn a_sealed_value_that_is_cut_off_is_no_pass() {
    let toronto = Toronto::new();
    let path = format!("secrets/{OAUTH}.age");
    let whole = fs::read(toronto.laptop.join(&path)).expect("a file can be read");
    toronto.write(&path, &whole[..60]);
    toronto.publish("Spoil a value");
    let report = toronto.gate(CALM, &["--scope", "callysto/**"], 2);
    report.finds(&[]).leaves_unchecked(&path);
    toronto.gate(CALM, &["--scope", "utoronto/**"], 0).finds(&[]);
    // Cut off after its header it can be read, and is not what the record speaks of.
    toronto.write(&path, &whole[..whole.len() - 1]);
    toronto.publish("Spoil it less");
    toronto.gate(CALM, &[], 1).finds(&[("record-behind", OAUTH, "error")]);
}

#[test]
fn an_unreadable_repository_is_no_pass() {
    let remove = |toronto: &Toronto, path: &str| {
        fs::remove_dir_all(toronto.laptop.join(path)).expect("a folder can be removed");
    };
    let head_is_garbage = |toronto: &Toronto| toronto.write(".git/HEAD", "garbage\n");
    let configuration_is_garbage = |toronto: &Toronto| toronto.write(".git/config", "[core\nbare");
    let objects_are_gone = |toronto: &Toronto| {
        remove(toronto, ".git/objects");
        toronto.write(".git/objects/info/x", "");
    };
    let it_is_not_there = |toronto: &Toronto| remove(toronto, ".git");
    let it_points_nowhere = |toronto: &Toronto| {
        remove(toronto, ".git");
        toronto.write(".git", "gitdir: /nowhere/at/all\n");
    };
    let faults: [&dyn Fn(&Toronto); 5] = [
        &head_is_garbage,
        &configuration_is_garbage,
        &objects_are_gone,
        &it_is_not_there,
        &it_points_nowhere,
    ];
    for spoil in faults {
        let toronto = Toronto::new();
        spoil(&toronto);
        let laptop = toronto.laptop.display().to_string();
        toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked(&laptop);
        toronto.gate(REDEPLOY, &[], 1).finds(&[("expired", AZUREAD, "error")]).leaves_unchecked(&laptop);
    }
}

#[test]
fn a_repository_that_may_not_be_read_is_no_pass() {
    use std::os::unix::fs::PermissionsExt as _;
    let toronto = Toronto::new();
    let git = toronto.laptop.join(".git");
    fs::set_permissions(&git, fs::Permissions::from_mode(0o000)).expect("permissions can be set");
    // The superuser may read everything, and then there is nothing unknown.
    let expected = if fs::read_dir(&git).is_ok() { 0 } else { 2 };
    let report = toronto.sandbox.gate_exits(&toronto.laptop, CALM, &[], expected);
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).expect("permissions can be set");
    report.finds(&[]);
}

#[test]
fn a_policy_that_cannot_be_read_is_no_pass() {
    let toronto = Toronto::new();
    toronto.extend_policy("[people.dave\n");
    toronto.publish("Spoil the policy");
    toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked("secrets/policy.toml");
    fs::remove_file(toronto.laptop.join("secrets/policy.toml")).expect("a file can be removed");
    for format in ["human", "github", "json"] {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", format]);
        run.at(CALM).run().code(2).says("policy.toml");
    }
}

#[test]
fn over_a_socket_it_passes_and_finds() {
    let toronto = Toronto::new();
    let remote = Remote::start(&toronto.sandbox, |_| Answer::Serve);
    toronto.git(["remote", "set-url", "origin", &remote.url("origin.git")]);
    toronto.gate(CALM, &[], 0).finds(&[]);
    // Somebody else is ahead, so the deploy ref's commit has to be fetched.
    let other = toronto.sandbox.clone("other", &[]);
    toronto.renew(&other, "bob", &["--push"]);
    toronto.gate(CALM, &[], 1).finds(&[("outdated", AZUREAD, "error")]);
    toronto.git(["remote", "set-url", "origin", &remote.url("gone.git")]);
    toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked("origin/main");
}

#[test]
fn a_remote_that_accepts_and_then_hangs() {
    let toronto = Toronto::new();
    let remote = Remote::start(&toronto.sandbox, |_| Answer::Silence);
    toronto.git(["remote", "set-url", "origin", &remote.url("origin.git")]);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for format in ["human", "github", "json"] {
            let toronto = &toronto;
            scope.spawn(move || {
                let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", format]);
                run.at(CALM).run().code(2).says("origin/main");
            });
            // The expired one is found although the remote never answers.
            scope.spawn(move || {
                let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", format]);
                run.at(REDEPLOY).run().code(1).says("expired").says("origin/main");
            });
        }
    });
    assert!(started.elapsed() < BOUND, "it took {:?}", started.elapsed());
}

#[test]
fn a_remote_that_hangs_when_it_is_to_give_the_commit() {
    let toronto = Toronto::new();
    let other = toronto.sandbox.clone("other", &[]);
    toronto.renew(&other, "bob", &["--push"]);
    let remote =
        Remote::start(&toronto.sandbox, |before| if before == 0 { Answer::Serve } else { Answer::Silence });
    toronto.git(["remote", "set-url", "origin", &remote.url("origin.git")]);
    let started = Instant::now();
    let report = toronto.sandbox.check(&toronto.laptop, CALM).code(2);
    assert!(started.elapsed() < BOUND, "it took {:?}", started.elapsed());
    report.finds(&[]).leaves_unchecked("origin/main");
}

#[test]
fn without_the_git_program_nobody_was_asked() {
    let toronto = Toronto::new();
    let check = |at: &str| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", "json"]).at(at);
        run.env("PATH", toronto.sandbox.path("nowhere")).run()
    };
    check(CALM).code(2).finds(&[]).leaves_unchecked("origin/main").says("`git` is not installed");
    check(REDEPLOY).code(1).finds(&[("expired", AZUREAD, "error")]).leaves_unchecked("origin/main");
}

#[test]
fn a_record_that_is_corrupt_on_the_deploy_ref_is_no_pass() {
    let toronto = Toronto::new();
    let other = toronto.sandbox.clone("other", &[]);
    let record = format!("secrets/{OAUTH}.json");
    fs::write(other.join(&record), "{\"schema\": 1, ").expect("a file can be written");
    toronto.sandbox.publish_all(&other, "Spoil a record");
    // Which of the two is newer can't be told.
    toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked(&record);
    toronto.gate(CALM, &["--scope", AZUREAD], 0).finds(&[]);
}

#[test]
fn what_cannot_be_seen_blocks_those_who_would_deploy_it() {
    let toronto = Toronto::new();
    let link = toronto.laptop.join("secrets/callysto/prod/link.age");
    std::os::unix::fs::symlink("oauth.age", link).expect("a link can be made");
    toronto.publish("Link instead of copying");
    toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked("callysto/prod/link.age");
    toronto.gate(CALM, &["--scope", "callysto/**"], 2).leaves_unchecked("callysto/prod/link.age");
    toronto.gate(CALM, &["--scope", "utoronto/**"], 0).finds(&[]);
    toronto.gate(CALM, &["--file", &format!("secrets/{OAUTH}.age")], 0).finds(&[]);
}
