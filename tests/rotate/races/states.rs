//! A person who changes their mind in the middle of it, a branch that takes no push, and a repository from which nothing is
//! deployed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::entra_standin::{APP, APP_KEY, APP_SECRET, Call};
use crate::kill::walk::{Blow, Walk};
use crate::kill::{GIVE_UP, GO_BACK, RETIRE, ROTATE};
use crate::stage::{Came, JUST_BEFORE, LATER, MUCH_LATER, NAME, START, Stage, outcome_of};
use crate::standin::Moment;

/// Blows after which a rotation stands in one state after the other, and what they are.
fn states(walk: &Walk) -> Vec<(&'static str, Blow)> {
    let moments = walk.requests(0);
    let at =
        |wanted: (Call, Moment)| Blow::Request(moments.iter().position(|one| *one == wanted).unwrap() + 1);
    let mut logins = moments.iter().enumerate().filter(|(_, one)| **one == (Call::LogIn, Moment::Received));
    vec![
        ("planned", at((Call::Add, Moment::Received))),
        ("minted", at((Call::Add, Moment::Done))),
        ("sealed", Blow::BeforePush(2)),
        ("pushed", Blow::Request(logins.next_back().unwrap().0 + 1)),
        ("tried", Blow::Request(moments.len())),
        ("verified", Blow::BeforePush(3)),
    ]
}

#[test]
fn aborted_in_each_state() {
    let walk = Walk::new(&[ROTATE, GO_BACK, GIVE_UP]);
    for (state, blow) in states(&walk) {
        let written = walk.interrupt(0, &blow);
        let was_pushed = ["pushed", "tried", "verified"].contains(&state);
        let expected = match state {
            "planned" | "minted" => "planned",
            "verified" => "verified",
            _ => "sealed",
        };
        assert_eq!(written, expected, "{state}");
        let stage = &walk.stage;
        let abort = |at| stage.rotate(&stage.laptop, &["--abort", "--push", "--format", "json"], at).code(0);
        let (came, message) = outcome_of(&abort(START));
        if was_pushed {
            assert_eq!(
                (came.as_str(), message.contains("stays valid until")),
                ("waits", true),
                "{state}: {message}"
            );
            stage.settled(Came::BackWaits, state);
            let early = outcome_of(&abort(JUST_BEFORE));
            assert_eq!(
                (early.0.as_str(), stage.standin.passwords(APP).len()),
                ("waits", 2),
                "{state}: {}",
                early.1
            );
            assert_eq!(outcome_of(&abort(LATER)).0, "done", "{state}");
        } else {
            assert_eq!(came, "done", "{state}: {message}");
        }
        stage.settled(Came::Back, state);
        assert_eq!(outcome_of(&abort(MUCH_LATER)).0, "done", "{state}");
        // And what was gone back to can be rotated again.
        let again = stage.rotate(&stage.laptop, &["--push", "--format", "json"], MUCH_LATER).code(0);
        assert!(outcome_of(&again).1.contains("stays valid until"), "{state}: {}", again.text());
    }
}

/// Neither a branch nor a work tree ends anything sooner than the deploy ref allows.
#[test]
fn the_overlap_is_the_deploy_refs() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    walk.begin(1);
    let stage = &walk.stage;
    let policy = stage.laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    let changed = text.replace("[defaults]\n", "[defaults]\noverlap = \"0h\"\n");
    assert_ne!(changed, text);
    fs::write(&policy, changed).unwrap();
    let early = stage.rotate(&stage.laptop, &["--retire", "--push", "--format", "json"], JUST_BEFORE).code(0);
    assert_eq!(outcome_of(&early).0, "waits");
    assert_eq!(stage.standin.calls(Call::Remove), 0);
}

#[test]
fn the_daily_job_names_what_it_could_not_read_and_goes_on_with_the_rest() {
    let stage = Stage::with(&["web/other"]);
    fs::write(stage.laptop.join("secrets/web/other.json"), "{").unwrap();
    let job = |more: &[&str]| {
        let run = stage.secrets(&stage.laptop).args(["rotate", "--due", "--format", "json"]).args(more);
        run.at("2027-12-20T00:00:00Z").run().code(2)
    };
    for more in [["--dry-run"].as_slice(), &[]] {
        let told = job(more).says("can't be read").says("web/other").json();
        let rotations = told["rotations"].as_array().unwrap();
        assert_eq!((rotations.len(), &rotations[0]["secret"]), (1, &json!(NAME)), "{told}");
        assert_eq!(rotations[0]["outcome"], "waits", "{told}");
    }
    assert_eq!(stage.standin.passwords(APP).len(), 2);
}

#[test]
fn a_dry_run_says_no_more_than_a_run_would_do() {
    let stage = Stage::new();
    let dry = |more: &[&str]| stage.rotate(&stage.laptop, &[&["--dry-run"], more].concat(), START);
    dry(&[]).code(0).says("would plan");
    dry(&["--abort"]).code(0).says("nothing left to do");
    stage.secrets(&stage.laptop).args(["rotator", "remove", NAME, "--push"]).run().code(0);
    dry(&[]).code(2).says("nothing makes its next version").says("secrets rotator set");
}

/// Another clone may be at it at this moment.
#[test]
fn a_plan_that_was_pushed_is_taken_over_by_a_push_only() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    let (_, minted) = states(&walk).remove(1);
    assert_eq!(walk.interrupt(0, &minted), "planned");
    let stage = &walk.stage;
    assert_eq!(stage.standin.passwords(APP).len(), 2);
    let refused = stage.rotate(&stage.laptop, &[], START).code(2);
    assert!(refused.text().contains("only by a push is it taken over"), "{}", refused.text());
    assert_eq!(stage.standin.passwords(APP).len(), 2);
    walk.go_on(0, "with a push");
}

#[test]
fn nothing_is_ended_before_the_overlap_is_over() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    walk.begin(1);
    let stage = &walk.stage;
    let early = stage.rotate(&stage.laptop, &["--retire", "--push", "--format", "json"], JUST_BEFORE).code(0);
    assert_eq!(outcome_of(&early).0, "waits");
    assert_eq!(stage.standin.calls(Call::Remove), 0);
    stage.settled(Came::Verified, "one second too early");
    walk.go_on(1, "in time");
}

#[test]
fn what_is_ended_is_not_gone_back_to() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    let moments = walk.requests(1);
    let removed = moments.iter().position(|one| *one == (Call::Remove, Moment::Done)).unwrap();
    assert_eq!(walk.interrupt(1, &Blow::Request(removed + 1)), "verified");
    let stage = &walk.stage;
    let aborted = stage.rotate(&stage.laptop, &["--abort", "--push"], LATER).code(2);
    assert!(aborted.text().contains("no way back"), "{}", aborted.text());
    stage.what_is_deployed_works("after an abort that came too late");
    walk.go_on(1, "after an abort that came too late");
}

#[test]
fn a_value_that_is_set_meanwhile_is_cleared_up_behind() {
    const BY_HAND: &str = "Han8Q~set-by-hand-in-the-middle_0123456789";
    let walk = Walk::new(&[ROTATE, RETIRE]);
    for (state, blow) in states(&walk) {
        walk.interrupt(0, &blow);
        let stage = &walk.stage;
        stage.standin.allow(4);
        let by_hand = stage.standin.make_by_hand(APP, None, BY_HAND);
        let set = ["set", NAME, "--expires", "2028-06-01"];
        stage.secrets(&stage.laptop).args(set).stdin(BY_HAND).run().code(0);
        let rotate = |at| stage.rotate(&stage.laptop, &["--push", "--format", "json"], at).code(0);
        let mut cleared = outcome_of(&rotate(START));
        if !["planned", "minted"].contains(&state) {
            // What was sealed may have been deployed, and be in use until the next deploy.
            assert_eq!(cleared.0, "waits", "{state}: {}", cleared.1);
            assert_eq!(stage.standin.passwords(APP).len(), 3, "{state}");
            cleared = outcome_of(&rotate(LATER));
        }
        assert_eq!(cleared.0, "done", "{state}: {}", cleared.1);
        assert!(cleared.1.contains("set by hand") || state == "planned", "{state}: {}", cleared.1);
        // The one before was nobody's to end: a person is told.
        assert_eq!(stage.standin.key_ids(APP), [APP_KEY.to_owned(), by_hand], "{state}");
        assert_eq!(stage.value(&stage.laptop, &[]).as_deref(), Some(BY_HAND), "{state}");
        assert!(stage.deployed_record()["rotation"].is_null(), "{state}");
        stage.at_rest(&stage.laptop, state);
    }
}

/// A branch that only takes what was merged on the forge.
fn protect(stage: &Stage) {
    let hook = stage.sandbox.path("origin.git/hooks/pre-receive");
    let text = "#!/bin/sh\nwhile read -r old new ref; do\n[ \"$ref\" != refs/heads/main ] || [ -e open ] || { echo 'main is \
                protected' >&2; exit 1; }\ndone\n";
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, text).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Merges the only branch that is open, as a forge does.
fn merge(stage: &Stage, squash: bool) {
    let sandbox = &stage.sandbox;
    let forge = sandbox.path("forge");
    let _ = fs::remove_dir_all(&forge);
    sandbox.clone("forge", &[]);
    let branches =
        sandbox.git(&forge, ["branch", "-r", "--list", "origin/secrets/*", "--format=%(refname:short)"]);
    let branches: Vec<&str> = branches.lines().collect();
    assert_eq!(branches.len(), 1, "{branches:?}");
    if squash {
        sandbox.git(&forge, ["merge", "-q", "--squash", branches[0]]);
        sandbox.git(&forge, ["commit", "-q", "-m", "Merge a pull request"]);
    } else {
        sandbox.git(&forge, ["merge", "-q", "--no-ff", "-m", "Merge a pull request", branches[0]]);
    }
    let open = sandbox.path("origin.git/open");
    fs::write(&open, "").unwrap();
    let branch = branches[0].trim_start_matches("origin/");
    sandbox.git(&forge, ["push", "-q", "origin", "main", &format!(":{branch}")]);
    fs::remove_file(open).unwrap();
}

fn through_pull_requests(squash: bool) {
    let stage = Stage::new();
    protect(&stage);
    for (arguments, at, came) in [
        (["--push"].as_slice(), START, Came::Verified),
        (["--retire", "--push"].as_slice(), LATER, Came::Retired),
    ] {
        let (mut said, mut merges, mut is_done) = (String::new(), 0, false);
        for _ in 0..8 {
            let outcome = stage.rotate(&stage.laptop, &[arguments, &["--format", "json"]].concat(), at);
            said = format!("{said}\n{}{}", outcome.text(), outcome.stderr);
            stage.what_is_deployed_works(&said);
            let (result, message) = outcome_of(&outcome);
            let report = outcome.json();
            let hints = report["rotations"][0]["hints"].to_string();
            if message.contains("until that is merged") {
                merge(&stage, squash);
                merges += 1;
            } else if hints.contains("git pull --no-rebase origin main") {
                stage.sandbox.git(&stage.laptop, ["pull", "-q", "--no-rebase", "origin", "main"]);
            } else {
                is_done = result == "done" || message.contains("stays valid until");
                break;
            }
        }
        assert!(is_done && merges >= 1, "{merges}: {said}");
        stage.sandbox.git(&stage.laptop, ["fetch", "-q", "origin"]);
        stage.sandbox.git(&stage.laptop, ["reset", "-q", "--hard", "origin/main"]);
        stage.settled(came, &said);
    }
}

#[test]
fn a_branch_that_takes_no_push_is_gone_on_with_after_each_merge() {
    through_pull_requests(false);
}

#[test]
fn so_is_one_whose_pull_requests_are_squashed() {
    through_pull_requests(true);
}

#[test]
fn where_nothing_is_deployed_from_git() {
    let stage = Stage::new();
    let policy = stage.laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    let changed = text.replace("deploy-ref = \"origin/main\"", "deploy-ref = \"none\"");
    assert_ne!(changed, text);
    fs::write(&policy, changed).unwrap();
    stage.sandbox.git(&stage.laptop, ["commit", "-q", "-a", "-m", "Deploy nothing from git"]);
    stage.sandbox.push(&stage.laptop);
    let before = stage.sandbox.git(&stage.laptop, ["rev-parse", "origin/main"]);
    let run =
        |more: &[&str], at| stage.rotate(&stage.laptop, &[more, &["--format", "json"]].concat(), at).code(0);
    let (came, message) = outcome_of(&run(&[], START));
    assert_eq!((came.as_str(), message.contains("stays valid until")), ("waits", true), "{message}");
    let early = outcome_of(&run(&["--retire"], JUST_BEFORE));
    assert_eq!((early.0.as_str(), stage.standin.passwords(APP).len()), ("waits", 2));
    assert_eq!(outcome_of(&run(&["--retire"], LATER)).0, "done");
    let current = stage.value(&stage.laptop, &[]).unwrap();
    let found: Vec<String> = stage.standin.passwords(APP).into_iter().map(|one| one.secret).collect();
    assert_eq!(found, [current]);
    // Back is possible as long as it is not ended.
    run(&[], MUCH_LATER);
    assert_eq!(outcome_of(&run(&["--abort"], MUCH_LATER)).0, "waits");
    assert_eq!(outcome_of(&run(&["--abort"], "2027-08-28T00:00:00Z")).0, "done");
    assert_eq!(stage.standin.passwords(APP).len(), 1);
    assert_ne!(stage.value(&stage.laptop, &[]).as_deref(), Some(APP_SECRET));
    let there = stage.sandbox.git(&stage.sandbox.path("origin.git"), ["rev-parse", "main"]);
    assert_eq!(there, before, "nothing was pushed");
}
