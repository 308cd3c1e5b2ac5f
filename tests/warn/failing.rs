//! What goes wrong: one channel stops no other, and what could not be judged is told.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::desk::{Desk, EARLY, exec};
use crate::server::{Server, ok};

/// An address at which nobody is at home.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn one_that_fails_stops_no_other_and_is_due_again() {
    let desk = Desk::with("");
    let (works, fails) =
        (desk.listener("works", ""), desk.listener("fails", "[ -e \"$0.mended\" ] || exit 7"));
    desk.policy(
        &[
            format!("[[notify]]\nkind = \"webhook\"\nname = \"gone\"\nurl = \"{}\"\n", nobody()),
            "[[notify]]\nkind = \"slack\"\nname = \"unset\"\nurl = { env = \"SLACK_WEBHOOK\" }\n".to_owned(),
            exec("fails", &fails, ""),
            exec("works", &works, ""),
        ]
        .concat(),
    );
    let run = || desk.warn().args(["--format", "json", "--timeout", "1"]).run();
    let report = run().code(2).json();
    let outcomes: Vec<_> =
        report["channels"].as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(outcomes, ["failed", "failed", "failed", "delivered"]);
    let error = |position: usize| report["channels"][position]["error"].as_str().unwrap().to_owned();
    assert!(error(1).contains("SLACK_WEBHOOK"), "{}", error(1));
    assert_eq!(desk.notices("works").len(), 1);
    // Mended within the minute: what failed is due again, what worked is not.
    fs::write(format!("{}.mended", fails.display()), "").unwrap();
    let report = run().code(2).json();
    assert_eq!(report["channels"][2]["outcome"], "delivered");
    assert_eq!(report["channels"][3]["outcome"], "nothing");
    assert_eq!((desk.notices("fails").len(), desk.notices("works").len()), (1, 1));
}

#[test]
fn a_run_that_is_killed_while_it_tells_is_made_good_by_a_later_one() {
    let desk = Desk::with("");
    let (hangs, works) =
        (desk.listener("hangs", "[ -e \"$0.mended\" ] || exec sleep 600"), desk.listener("works", ""));
    desk.policy(&[exec("hangs", &hangs, ""), exec("works", &works, "")].concat());
    let mut command = desk.warn().into_command();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(1);
    while desk.heard("works").is_empty() {
        assert!(Instant::now() < patience, "the other channel is told meanwhile");
        thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(format!("{}.mended", hangs.display()), "").unwrap();
    // Nobody knows what became of it, so it is left to that run for a while; then it is told.
    desk.warned_at("2026-03-01T12:10:00Z").code(0).says("left to another run");
    assert!(desk.notices("hangs").is_empty());
    desk.warned_at("2026-03-01T12:30:00Z").code(0);
    assert_eq!(desk.notices("hangs"), ["web/prod/db expiring 60d"]);
    // At least once, and at most twice.
    assert_eq!(desk.notices("works").len(), 2);
}

#[test]
fn what_can_not_be_read_is_told_through_every_channel() {
    let desk = Desk::with("");
    let (ops, pager) = (desk.listener("ops", ""), desk.listener("pager", ""));
    desk.policy(
        &[exec("ops", &ops, ""), exec("pager", &pager, "from = \"1d\"\nscope = \"other/**\"")].concat(),
    );
    desk.warned_at(EARLY).code(0);
    fs::write(desk.laptop.join("secrets/web/prod/db.json"), "{").unwrap();
    desk.publish("Break a record");
    desk.warned_at("2026-03-02T12:00:00Z").code(2).says("not judged");
    for name in ["ops", "pager"] {
        let unchecked = desk.notices(name).into_iter().filter(|one| one.contains("unchecked")).count();
        assert!(unchecked > 0, "{name}: {:?}", desk.notices(name));
    }
    // Told once, and not taken for mended; nor is it told that the end, which nobody can see, is over.
    let before = desk.heard("ops").len();
    desk.warned_at("2026-03-03T12:00:00Z").code(2);
    assert_eq!(desk.heard("ops").len(), before);
    assert!(desk.heard("ops").iter().all(|told| told["resolved"].as_array().unwrap().is_empty()));

    // A policy that can't be read as a whole still says whom to tell.
    let path = desk.laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("min-people = 2", "min-poeple = 2")).unwrap();
    desk.publish("Break the policy");
    let clone = desk.sandbox.clone("fresh", &[]);
    desk.warn_in(&clone).args(["--deploy-ref", "origin/main"]).at("2026-03-04T12:00:00Z").run().code(2);
    let told = desk.heard("pager");
    let is_told = |told: &serde_json::Value| told["notices"].to_string().contains("min-poeple");
    assert!(told.iter().any(is_told), "{told:?}");
}

#[test]
fn a_remote_that_is_gone_is_told_by_what_this_clone_remembers() {
    let desk = Desk::with("");
    let ops = desk.listener("ops", "");
    desk.policy(&exec("ops", &ops, ""));
    let clone = desk.sandbox.clone("job", &[]);
    fs::rename(desk.sandbox.path("origin.git"), desk.sandbox.path("moved.git")).unwrap();
    desk.warn_in(&clone).run().code(2).says("can't be asked");
    let notices = desk.notices("ops");
    assert!(notices.iter().any(|one| one == "- unchecked -"), "{notices:?}");
    assert!(notices.iter().any(|one| one == "web/prod/db expiring 60d"), "{notices:?}");
}

#[test]
fn the_heartbeat_is_called_only_when_all_is_well() {
    let home = Server::start(|_, _| ok());
    let address = home.url();
    let desk = Desk::with("[heartbeat]\nurl = { env = \"HEARTBEAT_URL\" }\n");
    let ops = desk.listener("ops", "[ ! -e \"$0.broken\" ] || exit 1");
    desk.policy(&exec("ops", &ops, ""));
    let run = |at: &str| {
        desk.warn()
            .args(["--timeout", "1"])
            .env("HEARTBEAT_URL", format!("{address}/beat-S3CRET"))
            .at(at)
            .run()
    };
    fs::write(format!("{}.broken", ops.display()), "").unwrap();
    run(EARLY).code(2).says("no heartbeat").lacks("S3CRET");
    assert!(home.requests().is_empty());
    fs::remove_file(format!("{}.broken", ops.display())).unwrap();
    run("2026-03-02T12:00:00Z").code(0).says("heartbeat called").lacks("S3CRET");
    assert_eq!(home.requests()[0].line, "GET /beat-S3CRET HTTP/1.1");
    // A heartbeat that fails is a fault of its own; what was told stays told.
    desk.warn()
        .args(["--timeout", "1"])
        .env("HEARTBEAT_URL", nobody())
        .at("2026-03-03T12:00:00Z")
        .run()
        .code(2);
    assert_eq!(desk.notices("ops").len(), 1);
}

#[test]
fn credentials_come_from_the_store_as_it_is_deployed_and_are_shown_nowhere() {
    let home = Server::start(|_, _| ok());
    let address = home.url();
    let desk = Desk::with("[[notify]]\nkind = \"webhook\"\nurl = { secret = \"ops/hook\" }\n");
    let add = |url: &str| {
        let run = desk
            .sandbox
            .secrets(&desk.laptop)
            .args(["add", "ops/hook", "--never", "it stays", "--owner", "team"]);
        run.args(["--as", "alice"]).stdin(url).run().code(0);
    };
    add(&format!("{address}/T0KEN\n"));
    desk.sandbox.push(&desk.laptop);
    // Another address in the work tree, to which nothing must go.
    let theirs = Server::start(|_, _| ok());
    let other = theirs.url();
    let clone = desk.sandbox.clone("job", &[]);
    let run = desk.sandbox.secrets(&clone).identity("alice").args(["set", "ops/hook", "--never", "mine"]);
    run.stdin(format!("{other}/T0KEN\n")).run().code(0);
    desk.warn_in(&clone).identity("bob").run().code(0).lacks("T0KEN");
    assert_eq!(home.requests()[0].line, "POST /T0KEN HTTP/1.1");
    assert!(theirs.requests().is_empty(), "the address in the work tree was told");
    // Without a key nobody can be told, and that is said.
    desk.warn_in(&clone).at("2026-04-05T12:00:00Z").run().code(2).says("ops/hook").lacks("T0KEN");
}
