//! Whole rotations of client secrets in Entra, by the built binary, against a stand-in (`entra_standin.rs`).

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::common::{Outcome, Sandbox};
use super::entra_standin::{APP, APP_KEY, APP_SECRET, AT, CLIENT, CLIENT_SECRET, Call, Password, Standin};
use super::standin::Moment;

const CLIENT_NAME: &str = "ops/graph";
const PROD: &str = "web/prod/login";
const STAGE: &str = "web/stage/login";
/// The last second of the overlap, and the first one after it.
const WITHIN: &str = "2027-08-24T23:59:59Z";
const AFTER: &str = "2027-08-25T00:00:00Z";

struct Laptop {
    sandbox: Sandbox,
    folder: PathBuf,
}

impl Laptop {
    /// A store with the client's secret, and these of an application each, which are rotated.
    fn with(standin: &Standin, secrets: &[(&str, &str, &str)]) -> Self {
        let sandbox = Sandbox::new();
        let folder = sandbox.store(&["alice"]);
        let laptop = Self { sandbox, folder };
        laptop.sandbox.add(&laptop.folder, CLIENT_NAME, "2027-09-01", CLIENT_SECRET);
        for (name, app, value) in secrets {
            if *name != CLIENT_NAME {
                laptop.sandbox.add(&laptop.folder, name, "2027-09-01", value);
            }
            let words = standin.words(app, &format!("secret:{CLIENT_NAME}"));
            let set = ["rotator", "set", name, "entra-app-password", "lifetime=180d", "--as", "alice"];
            laptop
                .run(AT, &[&set[..], &words.iter().map(String::as_str).collect::<Vec<_>>()].concat())
                .code(0);
        }
        laptop.sandbox.push(&laptop.folder);
        laptop
    }

    fn run(&self, at: &str, arguments: &[&str]) -> Outcome {
        self.sandbox.secrets(&self.folder).args(arguments).identity("alice").at(at).run()
    }

    #[track_caller]
    fn rotate(&self, at: &str, name: &str, more: &[&str]) -> Outcome {
        let outcome = self.run(at, &[&["rotate", name, "--push", "--as", "alice"], more].concat());
        outcome.lacks(CLIENT_SECRET).lacks(APP_SECRET).lacks("secret~that")
    }

    fn value(&self, name: &str) -> String {
        let outcome = self.sandbox.get(&self.folder, name, "alice").code(0);
        String::from_utf8(outcome.stdout).unwrap()
    }

    /// As the record tells.
    fn is_under_way(&self, name: &str) -> bool {
        self.sandbox.record(&self.folder, name).get("rotation").is_some()
    }
}

fn last(standin: &Standin, app: &str) -> Password {
    standin.passwords(app).pop().unwrap()
}

#[test]
fn the_old_one_is_valid_until_the_new_one_is_known_everywhere() {
    let standin = Standin::start();
    standin.refuse_new(1);
    let laptop = Laptop::with(&standin, &[(PROD, APP, APP_SECRET)]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    standin.hook(move |call, moment| {
        if moment == Moment::Received {
            kept.lock().unwrap().push(call);
        }
    });

    // The pauses between trials go by how long all may take.
    let rotated = laptop.rotate(AT, PROD, &["--timeout", "30"]).code(0);
    rotated.says("flaky").says("three times in a row").says(AFTER);
    let new = last(&standin, APP);
    assert_eq!(laptop.value(PROD), new.secret);
    assert_eq!(new.tried, 4, "refused, then three passes");
    assert_eq!(standin.key_ids(APP), [APP_KEY, &new.key_id]);
    let sealed = &laptop.sandbox.record(&laptop.folder, PROD)["sealed"];
    assert_eq!(sealed["expires"], json!({ "at": "2028-02-20T00:00:00Z", "from": "rotator" }));
    assert_eq!(sealed["version"]["number"], 2);
    assert_eq!(new.name, Some(format!("secrets {}", sealed["version"]["id"].as_str().unwrap())));
    let calls = seen.lock().unwrap().clone();
    assert_eq!(calls.iter().filter(|call| **call == Call::Add).count(), 1);
    assert!(!calls.contains(&Call::Remove), "{calls:?}");

    // Not a second before the overlap is over.
    laptop.rotate(WITHIN, PROD, &["--retire"]).says("the old value stays valid until");
    assert_eq!(standin.key_ids(APP).len(), 2);
    laptop.rotate(AFTER, PROD, &["--retire"]).code(0).says(APP_KEY);
    assert_eq!(standin.key_ids(APP), [new.key_id]);
    assert!(!laptop.is_under_way(PROD));
    assert_eq!(laptop.value(PROD), new.secret);
    assert_eq!(standin.wrong(), Vec::<String>::new());
}

/// Both are of one application, and of both Entra tells three characters and a name.
#[test]
fn two_secrets_of_one_application_are_not_mixed_up() {
    let standin = Standin::start();
    standin.allow(1000);
    let other_secret = "Two8Q~of-the-stage._0123456789abcdefghij";
    let other = standin.make_by_hand(APP, None, other_secret);
    let laptop = Laptop::with(&standin, &[(PROD, APP, APP_SECRET), (STAGE, APP, other_secret)]);

    laptop.rotate(AT, PROD, &[]).code(0);
    let prod = last(&standin, APP);
    laptop.rotate(AT, STAGE, &[]).code(0);
    let stage = last(&standin, APP);
    assert_eq!(standin.key_ids(APP), [APP_KEY, &other, &prod.key_id, &stage.key_id]);
    laptop.rotate(AFTER, STAGE, &["--retire"]).code(0).says(&other);
    assert_eq!(standin.key_ids(APP), [APP_KEY, &prod.key_id, &stage.key_id]);
    laptop.rotate(AFTER, PROD, &["--retire"]).code(0).says(APP_KEY);
    assert_eq!(standin.key_ids(APP), [prod.key_id.as_str(), &stage.key_id]);

    // From now on each is known by its marker.
    laptop.rotate(AFTER, PROD, &[]).code(0);
    let newest = last(&standin, APP);
    laptop.rotate("2027-08-26T00:00:00Z", PROD, &["--retire"]).code(0).says(&prod.key_id);
    assert_eq!(standin.key_ids(APP), [stage.key_id, newest.key_id]);
    assert_eq!((laptop.value(PROD), laptop.value(STAGE)), (newest.secret, stage.secret));
    assert_eq!(standin.wrong(), Vec::<String>::new());
}

/// Of two that begin alike, neither is taken for the old one.
#[test]
fn what_can_not_be_told_apart_is_not_revoked() {
    let standin = Standin::start();
    standin.allow(1000);
    let alike = standin.make_by_hand(APP, None, "Old8Q~of-somebody-else._0123456789abcdef");
    let laptop = Laptop::with(&standin, &[(PROD, APP, APP_SECRET)]);
    laptop.rotate(AT, PROD, &[]).code(0);
    let new = last(&standin, APP);
    laptop.rotate(AFTER, PROD, &["--retire"]).code(2).says("can't be told, so nothing was revoked");
    assert_eq!(standin.key_ids(APP), [APP_KEY, &alike, &new.key_id]);
    assert!(laptop.is_under_way(PROD));
    standin.remove_by_hand(APP, APP_KEY);
    laptop.rotate(AFTER, PROD, &["--retire", "--revoked-by-hand"]).code(0);
    assert_eq!(standin.key_ids(APP), [alike, new.key_id]);
    assert!(!laptop.is_under_way(PROD));
}

/// It is asked with the very secret that is rotated: with the new one as soon as that is deployed.
#[test]
fn an_application_rotates_its_own_secret() {
    let standin = Standin::start();
    standin.refuse_new(1);
    let laptop = Laptop::with(&standin, &[(CLIENT_NAME, CLIENT, CLIENT_SECRET)]);
    let old = last(&standin, CLIENT).key_id;
    let refused = laptop.rotate(AT, CLIENT_NAME, &[]).code(2);
    refused.says("AADSTS7000215").says("give `client-secret` a client secret of");
    let new = last(&standin, CLIENT);
    assert_eq!((standin.key_ids(CLIENT).len(), laptop.value(CLIENT_NAME)), (2, new.secret.clone()));
    laptop.rotate(AT, CLIENT_NAME, &[]).code(0).says(AFTER);
    laptop.rotate(AFTER, CLIENT_NAME, &["--retire"]).code(0).says(&old);
    assert_eq!(standin.key_ids(CLIENT), [new.key_id]);
    assert_eq!(standin.wrong(), Vec::<String>::new());
}
