//! 2025-03-21, object storage, as a rotation: the new key goes to the wrong environment, and the old one is not deleted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::common::Outcome;
use crate::common::toronto::{CALM, Toronto};
use crate::server::{Request, Server, answer, ok};

const STAGING: &str = "staging/storage/key";
const PROD: &str = "prod/storage/key";
const DAY_AFTER: &str = "2022-03-02T12:00:00Z";

/// The two environments of the storage: each takes the keys that were deployed to it.
#[derive(Default)]
struct Environments {
    staging: BTreeSet<String>,
    production: BTreeSet<String>,
}

struct Storage {
    toronto: Toronto,
    environments: Arc<Mutex<Environments>>,
}

impl Storage {
    fn new() -> Self {
        let environments = Arc::new(Mutex::new(Environments::default()));
        let known = Arc::clone(&environments);
        let server = Server::start(move |_, request: &Request| {
            let environments = known.lock().expect("nobody panics over it");
            let keys = match request.line.split(' ').nth(1) {
                Some("/production") => &environments.production,
                _ => &environments.staging,
            };
            let key = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
            if key.is_some_and(|key| keys.contains(key)) {
                ok()
            } else {
                answer("403 Forbidden", "", "unknown key")
            }
        });
        let toronto = Toronto::unpublished();
        toronto.add(STAGING, "2024-06-30", "key-of-staging", &["--owner", "infra"]);
        toronto.add(PROD, "2024-06-30", "key-of-production", &["--owner", "infra"]);
        toronto.publish("Seal the keys");
        let storage = Self { toronto, environments };
        storage.run(&["rotator", "set", PROD, "generate", "length=40"], 0);
        let url = format!("url={}/production", server.url());
        storage.run(&["probe", "set", PROD, "http", &url], 0);
        storage.toronto.sandbox.push(&storage.toronto.laptop);
        storage.deploy(|environments| &mut environments.staging, "key-of-staging");
        storage.deploy(|environments| &mut environments.production, "key-of-production");
        storage
    }

    fn deploy(&self, to: fn(&mut Environments) -> &mut BTreeSet<String>, key: &str) {
        to(&mut self.environments.lock().expect("nobody panics over it")).insert(key.to_owned());
    }

    #[track_caller]
    fn run_at(&self, at: &str, arguments: &[&str], code: i32) -> Outcome {
        let toronto = &self.toronto;
        let run = toronto.sandbox.secrets(&toronto.laptop).args(arguments).identity("alice");
        run.at(at).run().code(code)
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> Outcome {
        self.run_at(CALM, arguments, code)
    }

    fn value(&self, arguments: &[&str]) -> String {
        let arguments = [&["get", PROD][..], arguments].concat();
        String::from_utf8(self.run(&arguments, 0).stdout).expect("the key is text")
    }
}

#[test]
fn the_old_key_is_not_deleted_until_the_new_one_works_in_production() {
    let storage = Storage::new();
    let rotate = ["rotate", PROD, "--push", "--timeout", "1"];
    storage.run(&rotate, 2).says("version 2 does not work").says("403").says("the old value stays valid");
    let new = storage.value(&[]);
    assert_ne!(new, "key-of-production");
    assert_eq!(storage.value(&["--version", "1"]), "key-of-production");

    // The deploy puts it where it does not belong.
    storage.deploy(|environments| &mut environments.staging, &new);
    let retire = ["rotate", PROD, "--retire", "--push", "--timeout", "1"];
    storage.run_at(DAY_AFTER, &retire, 2).says("version 2 does not work").lacks("retired version");
    assert_eq!(storage.value(&["--version", "1"]), "key-of-production");
    let record = storage.toronto.sandbox.record(&storage.toronto.laptop, PROD);
    assert_eq!(record["rotation"]["state"], "sealed", "{record}");

    // Where it belongs it works; it was refused once, so once is not enough.
    storage.deploy(|environments| &mut environments.production, &new);
    storage
        .run_at(DAY_AFTER, &rotate, 0)
        .says("three times in a row")
        .says("stays valid until 2022-03-03T12:00:00Z");
    storage.run_at("2022-03-03T11:59:59Z", &retire, 0).says("stays valid until").lacks("is retired");
    storage.run_at("2022-03-03T12:00:00Z", &retire, 0).says("version 1 is retired");
    storage.toronto.gate("2022-03-03T12:00:00Z", &["--scope", PROD], 0).finds(&[]);
}

#[test]
fn nor_when_it_stops_working_during_the_overlap() {
    let storage = Storage::new();
    storage.run(&["rotate", PROD, "--push", "--timeout", "1"], 2);
    let new = storage.value(&[]);
    storage.deploy(|environments| &mut environments.production, &new);
    storage.run(&["rotate", PROD, "--push"], 0);
    storage.environments.lock().expect("nobody panics over it").production.remove(&new);
    let retire = ["rotate", PROD, "--retire", "--push", "--timeout", "1"];
    storage.run_at(DAY_AFTER, &retire, 2).says("version 2 does not work");
    let record = storage.toronto.sandbox.record(&storage.toronto.laptop, PROD);
    assert_eq!(record["rotation"]["state"], "verified", "{record}");
}
