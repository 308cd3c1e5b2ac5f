use std::fs;
use std::path::Path;

use super::common::person::Person;
use super::common::{NOW, Sandbox, binary, identity_path, public_key};
use super::{VALUE, init, nothing_yet, the_minute};

/// All answers up to a question.
fn answered(person: &mut Person, questions: &[(&str, String)]) {
    for (question, answer) in questions {
        person.sees(question).types(answer);
    }
}

#[test]
fn from_nothing_to_a_first_true_check() {
    let (sandbox, laptop) = nothing_yet();
    let mut person = init(&sandbox, &laptop, 80, &[]);
    let questions = the_minute();
    // Who knows what they want answers eleven times, and types three names, a key and a value.
    assert_eq!(questions.len(), 11);
    assert_eq!(questions.iter().filter(|(_, answer)| answer == "\n").count(), 5);
    answered(&mut person, &questions);
    person.sees("pushed to origin/main").sees("Step 5 of 5").sees("$ secrets check").sees("clear to deploy");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    for told in [
        "looked for a key of yours at:",
        "~/.ssh/id_ed25519:",
        "identity `default` is kept in",
        "origin has no branch main yet",
        "made secrets/policy.toml",
        "committed ",
        "secrets: make the store",
        "secrets: add person bob",
        "over another channel",
        "sealed secrets/web/prod/db.age",
        "secrets: add web/prod/db",
    ] {
        assert!(seen.replace("\r\n", "\n").contains(told), "{told}: {seen}");
    }
    assert!(!seen.contains(VALUE), "{seen}");

    // Others say so too: another clone, the gate, and age with the second person's key.
    let fresh = sandbox.clone("fresh", &[]);
    sandbox.secrets(&fresh).args(["check"]).run().code(0).says("clear to deploy");
    assert_eq!(sandbox.age(&fresh, "web/prod/db", "bob").code(0).stdout, VALUE.as_bytes());
    sandbox.secrets(&fresh).args(["check", "--prove"]).run().code(0).says("1 people-count proved");
    assert_eq!(sandbox.status(&laptop), "");
    let record = sandbox.record(&laptop, "web/prod/db");
    assert_eq!(record["sealed"]["readers"], serde_json::json!(["alice", "bob"]));
    assert_eq!(record["about"]["owners"], serde_json::json!(["team"]));
}

#[test]
fn later_is_an_answer_and_says_what_to_send_to_whom() {
    let (sandbox, laptop) = nothing_yet();
    let mut person = init(&sandbox, &laptop, 80, &[]);
    answered(&mut person, &the_minute()[..5]);
    person.sees("second person's name").types("\n").sees("Send this to the second person:");
    person.sees("run `secrets key new`, and send me the line");
    person.sees("$ secrets people add NAME --key age1... --group team").sees("$ secrets reseal --all");
    person.sees("first secret's name").types("later\n").sees("$ secrets add web/prod/db --expires-in 1y");
    person
        .sees("deploy blocked")
        .sees("next")
        .sees(" secrets add web/prod/db")
        .sees(" secrets people add NAME");
    assert_eq!(person.ends().0, 0);
    assert_eq!(sandbox.status(&laptop), "");

    // Whose name is known is named.
    let (sandbox, laptop) = nothing_yet();
    let mut person = init(&sandbox, &laptop, 80, &[]);
    answered(&mut person, &the_minute()[..6]);
    person.sees("bob's public key").types("\n").sees("Send this to bob:");
    person.sees("$ secrets people add bob --key age1... --group team");
    answered(&mut person, &the_minute()[7..]);
    // One person alone: rightly blocked, and it is said what to do.
    person.sees("single-holder").sees("deploy blocked").sees(" secrets people add NAME");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    sandbox.check(&laptop, NOW).code(1);
}

#[test]
fn whoever_leaves_at_any_question_leaves_a_valid_state_and_hears_how_to_go_on() {
    let questions = the_minute();
    for leaving in 0..questions.len() {
        let sign = if leaving % 2 == 0 { "\x03" } else { "\x04" };
        let (sandbox, laptop) = nothing_yet();
        let mut person = init(&sandbox, &laptop, 80, &[]);
        answered(&mut person, &questions[..leaving]);
        person.sees(questions[leaving].0).types(sign);
        let (code, seen) = person.ends();
        assert_eq!(code, 2, "{leaving}: {seen}");
        assert!(!seen.contains(VALUE), "{leaving}: {seen}");
        assert_eq!(sandbox.status(&laptop), "", "{leaving}: {seen}");
        let has_store = laptop.join("secrets/policy.toml").exists();
        assert_eq!(has_store, leaving >= 5, "{leaving}: {seen}");
        if has_store {
            assert!(seen.contains("Left here") && seen.contains("where things stand"), "{leaving}: {seen}");
            // An empty store, and no other fault.
            sandbox.check(&laptop, NOW).code(2).says("holds no secret");
            let named = seen.contains(" secrets people add NAME");
            assert_eq!(named, leaving < 7, "only who is missing is named: {leaving}: {seen}");
        } else {
            assert!(seen.contains("to begin again: secrets init"), "{leaving}: {seen}");
            // And what it says works: a key that was made is found.
            let mut again = init(&sandbox, &laptop, 80, &[]);
            if leaving > 0 {
                again.sees("your key: X25519");
            }
            again.sees(questions[leaving.min(1)].0).types("\x03");
            assert_eq!(again.ends().0, 2);
        }
    }
}

#[test]
fn a_wrong_answer_is_told_why_and_asked_again() {
    let (sandbox, laptop) = nothing_yet();
    let private = fs::read_to_string(identity_path("bob")).unwrap();
    let private = private.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned();
    let mut person = init(&sandbox, &laptop, 80, &[]);
    person.sees("make a new key now").types("perhaps\n").sees("answer y or n").sees("[Y/n]").types("\n");
    let mine = person.sees("identity `default`").sees("your name").types("no good name\n");
    mine.sees("no good name").sees("your name").types("\n");
    person.sees("deploys are made from").types("main\n").sees("main");
    person.sees("deploys are made from").types("upstream/main\n").sees("has no remote `upstream`");
    person.sees("deploys are made from").types("origin/mian\n").sees("has no branch mian yet");
    // What is no branch here either is asked with no as its default.
    person.sees("keep origin/mian [y/N]").types("\n");
    person.sees("deploys are made from").types("\n").sees("keep origin/main [Y/n]").types("\n");
    person.sees("push each step").types("\n");
    person.sees("second person's name").types("alice\n").sees("alice is you");
    person.sees("second person's name").types("../bob\n").sees("../bob");
    person.sees("second person's name").types("bob\n");
    for wrong in ["hunter2", "age1qqqqqq", "ssh-dss AAAA", &private, "github:no/such user"] {
        person.sees("bob's public key").types(&format!("{wrong}\n"));
    }
    person.sees("bob's public key").types(&format!("{}\n", public_key("bob"))).sees("committed");
    person.sees("first secret's name").types("/web\n").sees("/web");
    person.sees("first secret's name").types("web/db.age\n").sees(".age");
    person.sees("first secret's name").types("web/db\n");
    person.sees("value: ").types("\n").sees("empty").sees("value: ").types("one\r\n");
    person.sees("value, again: ").types("two\n").sees("not the same");
    person.sees("value: ").types(&format!("{VALUE}\n")).sees("value, again: ").types(&format!("{VALUE}\n"));
    person.sees("expires (date").types("08/09/2027\n").sees("several dates");
    person.sees("expires (date").types("2028-01-01\n").sees("clear to deploy");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains(VALUE), "{seen}");
    // What was typed is the terminal's to show; we don't repeat it.
    assert_eq!(seen.matches(&private).count(), 1, "{seen}");
}

#[test]
fn a_key_that_is_mine_already_is_no_second_person() {
    let (sandbox, laptop) = nothing_yet();
    let identity = identity_path("alice");
    let variables = [("SECRETS_IDENTITY_FILE", identity.to_str().unwrap())];
    let mut person = init(&sandbox, &laptop, 80, &variables);
    person.sees("SECRETS_IDENTITY_FILE: X25519").sees("your key:");
    answered(&mut person, &the_minute()[1..6]);
    person.sees("bob's public key").types(&format!("{}\n", public_key("alice"))).sees("alice");
    person.sees("bob's public key").types("\n").sees("Send this to bob");
    person.sees("first secret's name").types("\n").sees("deploy blocked");
    assert_eq!(person.ends().0, 0);
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(!policy.contains("[people.bob]"), "{policy}");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn the_ssh_key_that_is_there_will_do_and_so_will_a_new_one() {
    for takes_it in [true, false] {
        let (sandbox, laptop) = nothing_yet();
        let ssh = sandbox.path("home/.ssh");
        fs::create_dir(&ssh).unwrap();
        sandbox.run(&ssh, "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "id_ed25519"]).code(0);
        let mut person = init(&sandbox, &laptop, 80, &[]);
        person.sees("~/.ssh/id_ed25519: ssh-ed25519 SHA256:").sees("use the ssh key [Y/n]");
        person.types(if takes_it { "\n" } else { "n\n" });
        person.sees(if takes_it { "your key: ssh-ed25519" } else { "your key: X25519" });
        answered(&mut person, &the_minute()[1..]);
        person.sees("clear to deploy");
        assert_eq!(person.ends().0, 0);
        let value = sandbox.secrets(&laptop).args(["get", "web/prod/db"]).run().code(0);
        assert_eq!(value.stdout, VALUE.as_bytes());
    }
}

#[test]
fn without_a_remote_nothing_is_deployed_from_one_and_that_is_said() {
    let (sandbox, laptop) = nothing_yet();
    sandbox.git(&laptop, ["remote", "remove", "origin"]);
    let mut person = init(&sandbox, &laptop, 80, &[]);
    answered(&mut person, &the_minute()[..2]);
    person.sees("has no remote").sees("deploys are made from [none]").types("\n");
    answered(&mut person, &the_minute()[5..]);
    person.sees("nothing is deployed from git").sees("clear to deploy");
    let (code, seen) = person.ends();
    assert!(code == 0 && !seen.contains("push each step"), "{seen}");
}

#[test]
fn a_push_that_fails_ends_nothing() {
    let (sandbox, laptop) = nothing_yet();
    fs::write(laptop.join("README"), "here already\n").unwrap();
    sandbox.git(&laptop, ["add", "README"]);
    sandbox.git(&laptop, ["commit", "-q", "-m", "Not pushed yet"]);
    let mut person = init(&sandbox, &laptop, 80, &[]);
    answered(&mut person, &the_minute()[..5]);
    person.sees("other commits would go along").sees("NOT on origin/main yet");
    person.sees("$ git push origin HEAD:main");
    answered(&mut person, &the_minute()[5..]);
    person.sees("deploy blocked").sees("next").sees(" git push origin HEAD:main");
    assert_eq!(person.ends().0, 0);
    // What it says works.
    sandbox.git(&laptop, ["push", "-q", "origin", "HEAD:main"]);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn the_remotes_own_branch_is_proposed() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    sandbox.git(&laptop, ["push", "-q", "origin", "HEAD:release"]);
    sandbox.git(&sandbox.path("origin.git"), ["symbolic-ref", "HEAD", "refs/heads/release"]);
    let clone = sandbox.clone("clone", &[]);
    sandbox.git(&clone, ["checkout", "-q", "-b", "topic"]);
    let mut person = init(&sandbox, &clone, 80, &[]);
    answered(&mut person, &the_minute()[..2]);
    person.sees("deploys are made from [origin/release]").types("\n").sees("origin/release is at ");
    person.sees("push each step").types("\x03");
    assert_eq!(person.ends().0, 2);
}

#[test]
fn who_gives_everything_is_asked_nothing() {
    let (sandbox, laptop) = nothing_yet();
    let key = public_key("alice");
    let given = ["init", "--person", "alice", "--key", &key, "--deploy-ref", "origin/main"];
    for last in ["--push", "--no-commit"] {
        let mut person = Person::runs(&sandbox, &laptop, &[&given[..], &[last]].concat(), None);
        person.sees("How the second person joins");
        let (code, seen) = person.ends();
        assert!(code == 0 && !seen.contains("Step ") && !seen.contains("[Y/n]"), "{seen}");
        fs::remove_dir_all(laptop.join("secrets")).unwrap();
    }
}

#[test]
fn a_store_that_is_there_says_who_is_in_it() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let seen = |identity: Option<&Path>| {
        let (code, seen) = Person::runs(&sandbox, &laptop, &["init"], identity).ends();
        assert_eq!(code, 2, "{seen}");
        assert!(seen.contains("there is a store already"), "{seen}");
        seen
    };
    assert!(seen(Some(&identity_path("bob"))).contains("you are in it as bob"));
    let stranger = seen(Some(&identity_path("carol")));
    let add = format!("ask alice and bob to run: secrets people add YOU --key '{}'", public_key("carol"));
    assert!(stranger.contains(&add), "{stranger}");
    assert!(seen(None).contains("secrets key new"));
}

#[test]
fn a_place_that_git_would_not_see_is_refused_before_anything_is_asked() {
    let (sandbox, laptop) = nothing_yet();
    fs::write(laptop.join(".gitignore"), "secrets/\n").unwrap();
    let (code, seen) = init(&sandbox, &laptop, 80, &[]).ends();
    assert!(code == 2 && seen.contains(".gitignore") && !seen.contains("Step 1"), "{seen}");
    let folder = sandbox.path("nowhere");
    fs::create_dir(&folder).unwrap();
    let (code, seen) = init(&sandbox, &folder, 80, &[]).ends();
    assert!(code == 2 && seen.contains("to make one here: git init"), "{seen}");
}

#[test]
fn without_a_terminal_nothing_is_asked_as_ever() {
    let (sandbox, laptop) = nothing_yet();
    let run = sandbox.secrets(&laptop).args(["init"]).stdin("\n\n\n\n").run();
    run.code(2).says("no identity of yours was found").lacks("Step 1");
    let mut command = sandbox.command(binary(), &laptop);
    command.args(["init", "--at", NOW, "--key", &public_key("alice")]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(sandbox.status(&laptop), "");
}
