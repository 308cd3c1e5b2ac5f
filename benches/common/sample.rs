//! Secrets in memory: what the floors are measured with, each by itself.

use std::fmt::Write as _;

use secrets::checks::{Judged, judge_secret, judge_store};
use secrets::domain::digest::Digest;
use secrets::domain::facts::{
    Deployed, Difference, LastWarn, Overlooked, Presence, Proof, SecretFacts, Setting, StoreFacts,
    Uncommitted,
};
use secrets::domain::key::{Fingerprint, PublicKey};
use secrets::domain::name::{ActorName, SecretName};
use secrets::domain::policy::Policy;
use secrets::domain::record::Record;
use secrets::domain::report::{Draft, Outlook, Report};
use secrets::observe::place::parse_policy;
use secrets::seal::identity::{Identity, generate, parse_identities};
use secrets::seal::prompts::Prompts;
use secrets::seal::{binding, inspection};
use secrets::store::record_file;

use super::{NOW, name_of, sealed_pair};

/// How many secrets a report is made of.
pub const NAMES: usize = 1000;

pub struct Sample {
    pub policy: Policy,
    pub setting: Setting,
    /// One of the readers.
    pub opener: Vec<Identity>,
    pairs: Vec<(Record, Vec<u8>)>,
}

impl Sample {
    pub fn new(secrets: usize) -> Self {
        Self::of_readers(secrets, 4)
    }

    pub fn of_readers(secrets: usize, readers: usize) -> Self {
        let (text, identity) = policy_of(readers, "origin/main");
        let policy = parse_policy(text.as_bytes(), "policy.toml").expect("the policy is valid");
        let opener = parse_identities(identity.as_bytes(), "bench", &Prompts::none()).expect("an identity");
        let setting = Setting {
            now: NOW.parse().expect("the moment is one"),
            store: "secrets".to_owned(),
            deploy_ref: Some("origin/main".to_owned()),
            head: Some("1".repeat(40)),
            deployed_commit: Some("2".repeat(40)),
            deployed_is_ancestor: true,
        };
        let pairs = (0..secrets).map(|number| sealed_pair(&policy, number)).collect();
        Self { policy, setting, opener, pairs }
    }

    /// A policy of that many people, with a scope for every ten of them.
    pub fn policy_text(people: usize) -> String {
        policy_of_many(people, people / 10)
    }

    /// A ledger of that many seals.
    pub fn ledger(lines: usize) -> Vec<u8> {
        let digest = "0".repeat(64);
        let line = |number| {
            format!(
                "{{\"v\":1,\"event\":\"seal\",\"secret\":\"{}\",\"number\":1,\"seal\":1790000000,\"digest\":\"sha256:{digest}\"}}\n",
                name_of(number)
            )
        };
        (0..lines).map(line).collect::<String>().into_bytes()
    }

    pub fn seal(&self, number: usize) -> (Record, Vec<u8>) {
        sealed_pair(&self.policy, number)
    }

    pub fn record(&self, number: usize) -> &Record {
        &self.both(number).0
    }

    /// The two files of a secret.
    pub fn pair(&self, number: usize) -> (Vec<u8>, Vec<u8>) {
        let (record, sealed) = self.both(number);
        (record_file::print(record), sealed.clone())
    }

    fn both(&self, number: usize) -> &(Record, Vec<u8>) {
        self.pairs.get(number).expect("there are as many")
    }

    pub fn key(&self, name: &ActorName, fingerprint: &Fingerprint) -> Option<&PublicKey> {
        self.policy.actor(name)?.keys().iter().find(|key| key.fingerprint == *fingerprint)
    }

    /// What is observed of a secret that is as it should be.
    pub fn facts(&self, number: usize) -> SecretFacts {
        let (record, sealed) = self.both(number);
        let name: SecretName = name_of(number);
        SecretFacts {
            record_path: format!("secrets/{name}.json"),
            sealed_path: format!("secrets/{name}.age"),
            name,
            binding_expected: binding::digest(&record.sealed).ok(),
            record: Ok(Some(record.clone())),
            sealed: Ok(Some(inspection::inspect(sealed).expect("it is one"))),
            plaintext: Vec::new(),
            uncommitted: Ok(Vec::new()),
            deployed: Ok(Deployed::Same),
            rescued: Ok(Vec::new()),
            signatures: Ok(Vec::new()),
            newest_seal: Ok(None),
            proof: Proof::NotAsked,
        }
    }

    /// What is observed of a secret for which nobody has cared.
    pub fn neglected(&self, number: usize) -> SecretFacts {
        let mut facts = self.facts(number);
        let paths = vec![facts.record_path.clone(), facts.sealed_path.clone()];
        if let Ok(Some(record)) = &mut facts.record {
            record.about.owners.clear();
            record.sealed.expires = None;
            record.digest = Digest::of(b"another file");
        }
        let differs = |path: &String| Uncommitted {
            path: path.clone(),
            how: Difference::Modified,
            overlooked: Overlooked::default(),
        };
        facts.uncommitted = Ok(paths.iter().map(differs).collect());
        facts.deployed = Ok(Deployed::Differs { paths, here: Presence::Unordered, there: Presence::Absent });
        facts.binding_expected = None;
        facts
    }

    pub fn store_facts(&self) -> StoreFacts {
        StoreFacts {
            names: (0..self.pairs.len()).map(name_of).collect(),
            tracked: Vec::new(),
            strays: Vec::new(),
            without_record: Vec::new(),
            policy_path: "secrets/policy.toml".to_owned(),
            uncommitted: Ok(Vec::new()),
            deployed: Ok(Deployed::Same),
            unread_rescues: Vec::new(),
            last_warn: Ok(LastWarn::Never),
            exposures: Vec::new(),
            policies: None,
            unknowns: Vec::new(),
        }
    }

    /// A report on all of them, none of them cared for.
    pub fn report(&self) -> Report {
        let mut judged = Judged::default();
        for number in 0..self.pairs.len() {
            judged.absorb(judge_secret(&self.setting, &self.policy, &self.neglected(number)));
        }
        judged.absorb(judge_store(&self.setting, &self.policy, &self.store_facts()));
        assert!(judged.findings.len() > self.pairs.len(), "every secret has its faults");
        Report::conclude(Draft {
            at: self.setting.now,
            store: self.setting.store.clone(),
            store_id: Some(self.policy.store),
            commit: self.setting.head.clone(),
            deploy_ref: self.setting.deploy_ref.clone(),
            strict: false,
            secrets: self.pairs.len(),
            outlook: Outlook::default(),
            judged: (0..self.pairs.len()).map(|number| name_of(number).into()).collect(),
            findings: judged.findings,
            waived: judged.waived,
            off: judged.off.into_iter().collect(),
            unchecked: judged.unchecked.into_iter().collect(),
            custody: Vec::new(),
            notes: Vec::new(),
        })
    }
}

/// The text of a policy with that many people, of whom five read everything, and that many scopes.
pub fn policy_of_many(people: usize, scopes: usize) -> String {
    let (mut text, _) = policy_of(5, "none");
    for number in 5..people {
        let (_, public) = generate().expect("a key can be made");
        let _ = write!(text, "[people.p{number}]\nkeys = [\"{}\"]\n", public.text);
    }
    for scope in 0..scopes {
        let _ = write!(text, "[[scope]]\nmatch = \"team{scope:03}/**\"\nmin-people = 2\n");
    }
    text
}

/// The text of a policy with that many people in the group that reads, and the identity of the last of them.
pub fn policy_of(people: usize, deploy_ref: &str) -> (String, String) {
    let mut text =
        format!("schema = 1\nstore = \"01JB0000000000000000000000\"\ndeploy-ref = \"{deploy_ref}\"\n");
    let (mut names, mut identity) = (Vec::new(), String::new());
    for number in 0..people {
        let (private, public) = generate().expect("a key can be made");
        identity = private.to_string();
        let _ = write!(text, "[people.p{number}]\nkeys = [\"{}\"]\n", public.text);
        names.push(format!("\"p{number}\""));
    }
    let _ = write!(text, "[groups]\nteam = [{}]\n[defaults]\nreaders = [\"team\"]\n", names.join(", "));
    (text, identity)
}
