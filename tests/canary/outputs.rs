//! What commands print, and what they leave behind.

use std::fs;
use std::path::Path;

use crate::aviary::{Aviary, CANARIES, quiet};
use crate::common::{Sandbox, public_key};

#[test]
fn no_command_in_no_format_gives_a_value_away() {
    let aviary = Aviary::new();
    aviary.fill();
    for line in [
        "check",
        "check --format json",
        "check --format github",
        "check --format sarif",
        "check --format junit",
        "check --format gitlab",
        "check --format markdown",
        "check --strict",
        "check --against HEAD~1",
        "check --offline",
        "check --at 2029-01-01T00:00:00Z",
        "check --prove",
        "check --prove=available --format json",
        "custody",
        "custody --prove",
        "custody --prove --format json",
        "custody --prove --format html",
        "sign web/db",
        "sign --all",
        "list",
        "list --format json",
        "show web/db",
        "show web/db --format json",
        "show web/raw",
        "list --timeline",
        "report --html",
        "report --html --prove",
        "calendar",
        "doctor",
        "doctor --format json",
        "people list",
        "people list --format json",
        "people impact bob",
        "people impact bob --format json",
        "people accept mallory --reason why",
        "machines list",
        "key list",
        "schema record",
        "schema custody",
        "reseal --all --dry-run",
        "reseal --all --prove",
        "reseal web/db",
    ] {
        let _ = aviary.run(line, CANARIES[0]);
    }
    aviary.run("set web/db --expires 2028-01-01", CANARIES[1]).code(0);
    aviary.run("set web/api --expires 2028-01-01 --push", CANARIES[2]).code(2);
    aviary.sandbox.push(&aviary.laptop);
    aviary.run("expiry set web/db --expires 2028-02-01 --reason extended --push", "").code(0);
    aviary.run("move web/db web/sql --push", "").code(0);
    let carol = public_key("carol");
    aviary.run(&format!("people add carol --key {carol} --group team"), "").code(0);
    let refused = aviary.run("reseal --all", "").code(2);
    let start = refused.stderr.find("SHA256:").unwrap();
    let fingerprint = refused.stderr[start..].split_whitespace().next().unwrap().to_owned();
    aviary.run(&format!("reseal --all --accept-key {fingerprint}"), "").code(0);
    aviary.run("people remove carol", "").code(0);
    aviary.run("people accept carol --reason why --at 2026-04-01T00:00:00Z", "").code(0);
    aviary.run("check --prove --format json", "").code(1).says("unpushed");
    aviary.run("remove web/sql", "").code(0);
    aviary.sandbox.push(&aviary.laptop);
    aviary.run("rotator set web/api manual lifetime=1y --push", "").code(0);
    aviary.run("rotate web/api --dry-run --format json", CANARIES[0]).code(0);
    aviary.run("rotate web/api --push --format json", CANARIES[0]).code(0).says("nothing here can try");
    aviary.run("rotate web/api --push --vouch seen", "").code(0).says("stays valid until");
    aviary.run("show web/api", "").code(0).says("verified");
    aviary.run("rotate web/api --abort --push", "").code(0);
    aviary.search();
}

#[test]
fn no_error_gives_a_value_away() {
    let aviary = Aviary::new();
    aviary.fill();
    aviary.run("set web/db --expires 2028-01-01", CANARIES[0]).code(2).says("same-value");
    aviary.run("set web/api --expires 2028-01-01 --from-file FILE", "").code(2).says("same-value");
    aviary.run("add web/db --expires 2028-01-01", CANARIES[0]).code(2);
    aviary.run("add web/other --expires 08/09/2027", CANARIES[0]).code(2);
    aviary.run("add web/other", CANARIES[0]).code(2);
    aviary.run("add web/other --expires 2028-01-01 --owner mallory", CANARIES[0]).code(2);
    aviary.run("add web/other --expires 2028-01-01 --reader mallory", CANARIES[0]).code(2);
    aviary.run("set web/db --expires 2028-01-01 --as mallory", CANARIES[1]).code(2);
    // A value that is taken for an identity, a policy or a record.
    aviary.run("get web/db --identity FILE", "").code(2);
    aviary.run("key import FILE", "").code(2);
    let run =
        aviary.sandbox.secrets(&aviary.laptop).args(["get", "web/db"]).env("SECRETS_IDENTITY", CANARIES[0]);
    quiet(run.run()).code(2);
    // Hooks and remotes that say no.
    let hooks = aviary.laptop.join(".git/hooks");
    aviary.sandbox.hook(&hooks, "pre-commit", "cat; env; ps -ef; exit 1");
    aviary.run("set web/db --expires 2028-01-01", CANARIES[1]).code(2);
    fs::remove_file(hooks.join("pre-commit")).unwrap();
    aviary.sandbox.hook(&aviary.sandbox.path("origin.git/hooks"), "pre-receive", "cat; env; exit 1");
    aviary.run("set web/raw --expires 2028-01-01 --push", CANARIES[0]).code(2);
    // Damaged ciphertext, and one of somebody else's.
    fs::copy(aviary.laptop.join("secrets/web/api.age"), aviary.laptop.join("secrets/web/raw.age")).unwrap();
    for line in [
        "check --format json",
        "check --prove",
        "custody --prove --format html",
        "reseal web/raw",
        "sign web/raw",
    ] {
        let _ = aviary.run(line, "");
    }
    let mut sealed = fs::read(aviary.laptop.join("secrets/web/db.age")).unwrap();
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    fs::write(aviary.laptop.join("secrets/web/db.age"), &sealed).unwrap();
    aviary.run("get web/db", "").code(2);
    aviary.run("check --prove", "").code(1);

    aviary.run("custody --prove", "").code(0).says("not what it must be");
    aviary.run("reseal web/db", "").code(2);
    aviary.run("move web/db web/sql", "").code(2);
    aviary.search();
}

/// What is asked of a program has the value in it, and so has what it says when it fails.
#[test]
fn no_rotation_that_fails_gives_a_value_away() {
    let aviary = Aviary::new();
    aviary.run("add web/db --expires 2028-01-01 --owner team", CANARIES[0]).code(0);
    for (file, script) in [("asked.sh", "cat >&2; echo >&2; exit 3\n"), ("tried.sh", "cat >&2; exit 1\n")] {
        fs::write(aviary.laptop.join(file), script).unwrap();
    }
    aviary.sandbox.git(&aviary.laptop, ["add", "."]);
    aviary.sandbox.git(&aviary.laptop, ["commit", "-q", "-m", "programs"]);
    aviary.sandbox.push(&aviary.laptop);
    aviary.run(r#"rotator set web/db exec command=["sh","asked.sh"] --push"#, "").code(0);
    aviary.run("rotate web/db --push", "").code(2);
    aviary.run("rotator set web/db manual lifetime=1y --push", "").code(0);
    aviary.run(r#"probe set web/db exec command=["sh","tried.sh"] --push"#, "").code(0);
    aviary.run("probe run web/db --timeout 1", "").code(2).says("refused");
    aviary.run("rotate web/db --push", CANARIES[0]).code(2).says("same");
    aviary.run("rotate web/db --push --timeout 1", CANARIES[1]).code(2).says("does not work");
    aviary.search();
}

#[test]
fn a_shell_history_has_no_way_to_hold_a_value() {
    // No option takes a value: whoever looks for one finds the ways that leave no trace.
    let sandbox = Sandbox::new();
    for command in ["add", "set"] {
        let help = sandbox.secrets(Path::new("/")).args([command, "--help"]).run().code(0);
        assert!(!help.text().contains("--value") && help.text().contains("--from-file"), "{}", help.text());
    }
}
