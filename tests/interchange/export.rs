//! Which secrets go out, and under which names.

use crate::store::Store;

#[test]
fn names_by_rule_by_hand_and_by_prefix() {
    let store = Store::with([("prod/db/password", "1"), ("prod/api-key", "2"), ("2fa", "3")]);
    let lines = |arguments: &[&str]| {
        let exported = store.export(&[&["--format", "dotenv"], arguments].concat()).code(0);
        exported.text().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&["--scope", "web/prod/**"]), ["API_KEY=2", "DB_PASSWORD=1"]);
    assert_eq!(lines(&["--scope", "web/**"]), ["PROD_API_KEY=2", "PROD_DB_PASSWORD=1", "_2FA=3"]);
    assert_eq!(
        lines(&["--scope", "web/prod/**", "--strip", "web"]),
        ["PROD_API_KEY=2", "PROD_DB_PASSWORD=1"]
    );
    assert_eq!(lines(&["web/prod/db/password", "web/2fa"]), ["PASSWORD=1", "_2FA=3"]);
    assert_eq!(lines(&["web/2fa", "--prefix", "APP_"]), ["APP_2FA=3"]);
    assert_eq!(lines(&["--env", "A=web/2fa", "--env", "B=web/2fa"]), ["A=3", "B=3"]);
    assert_eq!(lines(&["--scope", "web/prod/*", "--env", "KEY=web/prod/api-key"]), ["KEY=2"]);
}

#[test]
fn what_means_nothing_is_refused() {
    let store = Store::with([("db", "1"), ("path", "/tmp"), ("path2", "x")]);
    let refused = |arguments: &[&str]| store.export(arguments).code(2);
    refused(&["--format", "json"]).says("required");
    refused(&["web/none", "--format", "json"]).says("web/none");
    refused(&["--scope", "api/**", "--format", "json"]).says("api/**: fits no secret");
    refused(&["web/db", "--format", "json", "--strip", "api"]).says("web/db does not lie below it");
    refused(&["web/db", "--format", "json", "--prefix", "A_"]).says("--prefix: means nothing");
    refused(&["web/db", "--format", "dotenv", "--key", "A=web/db"]).says("give --env NAME=SECRET");
    refused(&["web/db", "--format", "dotenv", "--name", "x"]).says("--name: means nothing");
    let path = refused(&["web/path", "--format", "shell"]).says("PATH").says("--env NAME=web/path");
    assert!(path.stdout.is_empty());
    for name in ["lines", "uid", "ld-preload"] {
        let store = Store::with([(name, "1")]);
        store.export(&[&format!("web/{name}"), "--format", "shell"]).code(2).says("it steers other programs");
    }
    store.export(&["--format", "shell", "--env", "PATH=web/path"]).code(0).says("export PATH='/tmp'");
}

#[test]
fn without_an_identity_nothing_is_printed() {
    let store = Store::with([("db", "hunter2")]);
    let run = store.sandbox.secrets(&store.laptop).args(["export", "web/db", "--format", "json"]);
    let refused = run.identity("carol").run().code(2).says("web/db");
    assert!(refused.stdout.is_empty());
}

#[test]
fn values_that_sops_sealed_go_out_as_well() {
    let store = Store::new();
    let path = store.laptop.join("clusters/enc.yaml");
    store.sandbox.sops_file(&path, "hub:\n  token: t0k3n\n", &[&crate::common::public_key("alice")]);
    store.sandbox.git(&store.laptop, ["add", "."]);
    store.sandbox.git(&store.laptop, ["commit", "-q", "-m", "A file"]);
    let run = |arguments: &[&str]| {
        store
            .sandbox
            .secrets(&store.laptop)
            .args(arguments)
            .with_sops("alice")
            .identity("alice")
            .run()
            .code(0)
    };
    run(&["track", "clusters/enc.yaml", "--owner", "team"]);
    run(&["export", "--scope", "clusters/enc.yaml", "--format", "shell"]).says("export HUB_TOKEN='t0k3n'");
    let json = run(&["export", "clusters/enc.yaml#/hub/token", "--format", "json"]).json();
    assert_eq!(json["clusters/enc.yaml#/hub/token"], "t0k3n");
}
