//! Just what a deploy reads.

use crate::common::toronto::{AZUREAD, CALM, OAUTH, REDEPLOY, Toronto};

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

#[cfg(unix)]
#[test]
fn a_link_is_followed_to_the_secret() {
    use std::os::unix::fs::symlink;
    let toronto = Toronto::new();
    std::fs::create_dir(toronto.laptop.join("deploy")).unwrap();
    for (link, target) in [
        ("deploy/current", format!("../secrets/{AZUREAD}.age")),
        ("deploy/values.age", format!("../secrets/{AZUREAD}.age")),
        ("deploy/sealed", "other.enc.yaml".to_owned()),
        ("deploy/nowhere.age", "none".to_owned()),
    ] {
        symlink(target, toronto.laptop.join(link)).unwrap();
    }
    toronto.write("deploy/other.enc.yaml", "sealed: by somebody else\n");
    for link in ["deploy/current", "deploy/values.age"] {
        toronto.gate(REDEPLOY, &["--file", link], 1).finds(&[("expired", AZUREAD, "error")]);
        toronto.gate(CALM, &["--file", link], 0).finds(&[]);
    }
    toronto.gate(CALM, &["--file", "deploy/sealed"], 1).finds(&[
        ("uncommitted", "deploy/other.enc.yaml", "error"),
        ("untracked", "deploy/other.enc.yaml", "error"),
    ]);
    let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--file", "deploy/nowhere.age"]);
    let _ = run.at(CALM).run().code(2).says("deploy/nowhere.age");
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

#[test]
fn what_policy_says_of_others_is_another_deploys() {
    let toronto = Toronto::unpublished();
    toronto.edit(
        "secrets/policy.toml",
        "\n[people.alice]",
        "require = [\"callysto/prod/db\", \"utoronto/prod/*\"]\n\n[people.alice]",
    );
    toronto.extend_policy(
        "[[waiver]]\nfinding = \"single-holder\"\nsecret = \"callysto/**\"\nuntil = 2022-01-01\n\
         reason = \"two more join in December\"\nby = \"alice\"\n",
    );
    toronto.publish("Seal the client secrets");
    let expected = ["missing", "waiver-expired"];
    for arguments in [&[][..], &["--scope", "callysto/**"]] {
        let mut ids = toronto.gate(CALM, arguments, 1).finding_ids();
        ids.sort();
        assert_eq!(ids, expected, "{arguments:?}");
    }
    toronto.gate(CALM, &["--scope", "utoronto/**"], 0).finds(&[]);
    toronto.gate(CALM, &["--file", &format!("secrets/{AZUREAD}.age")], 0).finds(&[]);
    // The one that is deployed is there, but its waiver has lapsed.
    let report = toronto.gate(CALM, &["--file", &format!("secrets/{OAUTH}.age")], 1);
    assert_eq!(report.finding_ids(), ["waiver-expired"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_may_hide_what_is_deployed() {
    let toronto = Toronto::new();
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, toronto.laptop.join("secrets").join(name))
            .expect("a link can be made");
    };
    link("oauth.age", "callysto/prod/link.age");
    toronto.publish("Link instead of copying");
    toronto.gate(CALM, &["--scope", "utoronto/prod/**"], 0).finds(&[]);
    link("utoronto", "t1");
    toronto.publish("Link a folder");
    for scope in ["*/prod/**", "utoronto/prod/**"] {
        toronto.gate(CALM, &["--scope", scope], 2).finds(&[]).leaves_unchecked("secrets/t1");
    }
    let file = format!("secrets/{AZUREAD}.age");
    toronto.gate(CALM, &["--file", &file], 2).finds(&[]).leaves_unchecked("secrets/t1");
}

/// Looking at a part costs what the part costs: seen by the folders that are opened, here and in git's history.
#[cfg(target_os = "linux")]
#[test]
fn a_part_is_judged_without_a_look_at_the_rest() {
    let toronto = Toronto::new();
    let strace = |arguments: &[&str]| {
        let log = toronto.sandbox.path("trace");
        let mut command = toronto.sandbox.command("strace", &toronto.laptop);
        command.args(["-f", "-qq", "-e", "trace=open,openat,openat2", "-o"]).arg(&log);
        command.arg(crate::common::binary()).args(["check", "--at", CALM]).args(arguments);
        assert_eq!(command.output().unwrap().status.code(), Some(0), "{arguments:?}");
        std::fs::read_to_string(log).unwrap()
    };
    let file = format!("secrets/{AZUREAD}.age");
    for part in [["--scope", "utoronto/**"], ["--scope", AZUREAD], ["--file", &file]] {
        let opened = strace(&part);
        assert!(opened.contains("secrets/utoronto/prod/azuread.age"), "{opened}");
        assert!(!opened.contains("callysto"), "{part:?}: {opened}");
    }
    for whole in [&[][..], &["--scope", "**/azuread"]] {
        assert!(strace(whole).contains("secrets/callysto/prod"), "{whole:?}");
    }
}

#[test]
fn what_bears_the_same_name_on_other_machines_is_part_of_it() {
    let toronto = Toronto::new();
    for ending in ["age", "json"] {
        let bytes = toronto.laptop.join(format!("secrets/{AZUREAD}.{ending}"));
        let bytes = std::fs::read(bytes).unwrap();
        toronto.write(&format!("secrets/UToronto/Prod/azuread.{ending}"), bytes);
    }
    toronto.publish("Copy under another case");
    let unknown = toronto.gate(CALM, &["--scope", "utoronto/**"], 2);
    unknown.leaves_unchecked("differs from `UToronto/Prod/azuread` in case only");
    toronto.gate(CALM, &["--scope", "callysto/**"], 0).finds(&[]);
}

/// A `require` with wildcards may be met by what lies elsewhere, and what is required by name elsewhere is another's.
#[test]
fn what_is_required_may_lie_beyond_the_scope() {
    let toronto = Toronto::unpublished();
    let require = "require = [\"*/prod/oauth\", \"callysto/*/oauth\"]\n\n[people.alice]";
    toronto.edit("secrets/policy.toml", "\n[people.alice]", require);
    toronto.publish("Seal the client secrets");
    toronto.gate(CALM, &["--scope", "utoronto/**"], 0).finds(&[]);
    toronto.edit("secrets/policy.toml", "callysto/*/oauth", "callysto/*/db");
    toronto.publish("Require another one");

    assert_eq!(toronto.gate(CALM, &["--scope", "utoronto/**"], 1).finding_ids(), ["missing"]);
}
