//! A branch that exchanges what makes the next version: with the provider's address goes the credential that makes credentials.

use crate::entra_standin::{APP, Call, Standin};
use crate::stage::{NAME, Stage};

#[test]
fn a_rotator_that_the_deploy_ref_does_not_have_is_not_run() {
    let (stage, strange) = (Stage::new(), Standin::start());
    let sandbox = &stage.sandbox;
    let exchange = |to: &Standin| {
        let set = ["rotator", "set", NAME, "entra-app-password"];
        stage.secrets(&stage.laptop).args(set).args(to.words(APP, "env:GRAPH")).run().code(0);
    };
    let is_not_run = |why: &str| {
        for command in [["--push"].as_slice(), &[], &["--retire"], &["--abort"], &["--dry-run"]] {
            let outcome = stage.rotate(&stage.laptop, command, crate::stage::START);
            assert!([0, 2].contains(&outcome.code), "{command:?}: {}", outcome.stderr);
        }
        assert_eq!((strange.calls(Call::LogIn), strange.calls(Call::List)), (0, 0), "{why}");
    };
    let begun = stage.save("begun", &["laptop"]);
    exchange(&strange);
    is_not_run("nothing was under way");
    assert_eq!(stage.standin.calls(Call::LogIn), 0);

    // In the middle of a rotation nothing but the rotator stands between the branch and the credential.
    stage.restore(&begun);
    stage.standin.fault(Call::Add, crate::standin::Fault::FailBefore);
    stage.rotate(&stage.laptop, &["--push", "--timeout", "1"], crate::stage::START).code(2);
    sandbox.git(&stage.laptop, ["checkout", "-q", "-b", "exchanged"]);
    exchange(&strange);
    let outcome = stage.rotate(&stage.laptop, &[], crate::stage::START).code(2);
    assert!(outcome.text().contains("honoured only as"), "{}", outcome.text());
    is_not_run("a plan was under way");
    // Where it is merged it counts.
    sandbox.git(&stage.laptop, ["push", "-q", "origin", "HEAD:main"]);
    stage.rotate(&stage.laptop, &["--push"], crate::stage::START).code(0);
    assert!(strange.calls(Call::Add) > 0);
}
