//! Proving and sealing in memory, each in ratio to a bare loop of the same scalar multiplications, HKDFs and AEAD
//! calls: what everything around the cryptography costs.
//!
//! `cargo bench --bench prove` takes 2,000 secrets of five X25519 readers each; `cargo bench --bench prove -- 10000`
//! as many as it says. Both sides run in turn, A B A B …, and the ratio is taken pair by pair, so that it holds while
//! the machine's speed drifts.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that can't be made ends here, and prints"
)]
#![allow(clippy::disallowed_methods, reason = "it reads its own arguments")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant as Stopwatch;
use std::{env, fs};

use age_core::primitives::{aead_decrypt, aead_encrypt, hkdf};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use rayon::prelude::*;
use secrets::domain::key::{Fingerprint, PublicKey};
use secrets::domain::name::ActorName;
use secrets::domain::record::Sealed;
use secrets::domain::value::Value;
use secrets::seal::identity::{self, Identity, parse_identities};
use secrets::seal::prompts::Prompts;
use secrets::seal::proving::prove;
use secrets::seal::sealing::{SealedValue, seal};
use x25519_dalek::{PublicKey as Point, StaticSecret};

const ROUNDS: usize = 9;
const VALUE: &[u8] = b"value of a secret, about as long as they are: 0123456789abcdef";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";
/// Whose identity opens the files.
const OPENER: usize = 2;

fn main() {
    // Test runners start every target; only `cargo bench` says that it wants the measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let count = env::args().find_map(|argument| argument.parse().ok()).unwrap_or(2000);
    println!("{count} secrets of 5 readers; rounds: {ROUNDS}, after one that is not counted");
    let readers = Readers::new();
    for threads in [1, 2] {
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        pool.install(|| measure(&readers, count, threads));
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("peak memory, files and all: {}", peak.map_or("unknown", str::trim));
}

struct Readers {
    recipients: Vec<(ActorName, Vec<PublicKey>)>,
    known: BTreeMap<Fingerprint, PublicKey>,
    opener: Vec<Identity>,
    /// What the bare loops multiply with.
    points: Vec<[u8; 32]>,
    secret: StaticSecret,
    public: [u8; 32],
}

impl Readers {
    fn new() -> Self {
        let (mut recipients, mut known) = (Vec::new(), BTreeMap::new());
        let mut lines = Vec::new();
        for name in ["alice", "bob", "carol", "ci", "dave"] {
            let (line, public) = identity::generate().expect("a key can be made");
            known.insert(public.fingerprint.clone(), public.clone());
            recipients.push((name.parse().expect("a name"), vec![public]));
            lines.push(line);
        }
        let opener = lines.get(OPENER).expect("one of five");
        let opener = parse_identities(opener.as_bytes(), "bench", &Prompts::none()).expect("an identity");
        let points = recipients.iter().flat_map(|(_, keys)| keys).filter_map(|key| key.montgomery).collect();
        let secret = StaticSecret::from([7; 32]);
        let public = *Point::from(&secret).as_bytes();
        Self { recipients, known, opener, points, secret, public }
    }

    fn seal(&self, draft: &Sealed) -> SealedValue {
        let value = Value::new(VALUE.to_vec());
        seal(&value, draft.clone(), &self.recipients, &Prompts::none()).expect("it can be sealed")
    }

    /// Opens a file and proves it for all five.
    fn prove(&self, sealed: &SealedValue) {
        let known = |_: &ActorName, fingerprint: &Fingerprint| self.known.get(fingerprint);
        let Ok(proved) = prove(&sealed.bytes, &sealed.sealed, &known, &self.opener) else { unreachable!() };
        assert_eq!((proved.proved.len(), proved.missing.len(), proved.surplus.len()), (5, 0, 0));
        assert!(proved.value.expose() == VALUE);
    }

    /// The stanzas of one file: seed, share, shared secret, wrapping key, body.
    fn bare_stanzas(&self, file_key: &[u8; 16], salt: &[u8; 32]) {
        for point in &self.points {
            let ephemeral = StaticSecret::from(hkdf(salt, point, file_key));
            let share = Point::from(&ephemeral);
            let shared = ephemeral.diffie_hellman(&Point::from(*point));
            let key = hkdf(&[*share.as_bytes(), *point].concat(), LABEL, shared.as_bytes());
            black_box(aead_encrypt(&key, file_key));
        }
    }

    fn bare_seal(&self) {
        let (file_key, salt) = (rand::random(), rand::random());
        self.bare_stanzas(&file_key, &salt);
        black_box(hkdf(&[], b"header", &file_key));
        black_box(aead_encrypt(&hkdf(&salt, b"payload", &file_key), VALUE));
    }

    /// What a prover has to multiply, derive and open: its own stanza (whose place the record tells), the payload, and
    /// all stanzas anew.
    fn bare_prove(&self, wrapped: &[u8], share: [u8; 32], payload: &[u8]) {
        let mut file_key = [0; 16];
        let shared = self.secret.diffie_hellman(&Point::from(share));
        let key = hkdf(&[share, self.public].concat(), LABEL, shared.as_bytes());
        file_key.copy_from_slice(&aead_decrypt(&key, 16, wrapped).expect("it is ours"));
        black_box(hkdf(&[], b"header", &file_key));
        black_box(aead_decrypt(&hkdf(&share, b"payload", &file_key), VALUE.len(), payload).ok());
        self.bare_stanzas(&file_key, &share);
    }
}

fn measure(readers: &Readers, count: usize, threads: usize) {
    let draft = draft(readers);
    let files = (0..count).into_par_iter().map(|_| readers.seal(&draft)).collect::<Vec<_>>();
    let share = *Point::from(&StaticSecret::from([9; 32])).as_bytes();
    let shared = readers.secret.diffie_hellman(&Point::from(share));
    let salt = [share, readers.public].concat();
    let file_key = [5; 16];
    let wrapped = aead_encrypt(&hkdf(&salt, LABEL, shared.as_bytes()), &file_key);
    let payload = aead_encrypt(&hkdf(&share, b"payload", &file_key), VALUE);
    report(
        "prove",
        threads,
        || files.par_iter().for_each(|file| readers.prove(file)),
        || {
            files.par_iter().for_each(|_| readers.bare_prove(&wrapped, share, &payload));
        },
    );
    report(
        "seal",
        threads,
        || files.par_iter().for_each(|_| drop(black_box(readers.seal(&draft)))),
        || files.par_iter().for_each(|_| readers.bare_seal()),
    );
}

fn draft(readers: &Readers) -> Sealed {
    let names = readers.recipients.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    let salt = BASE64_STANDARD_NO_PAD.encode([1; 32]);
    let exposed = readers.recipients.iter().map(|(name, _)| (name.as_str(), [format!("SHA256:{salt}")]));
    let exposed = exposed.collect::<BTreeMap<_, _>>();
    serde_json::from_value(serde_json::json!({
        "name": "team001/prod/secret-000001",
        "store": "01JB0000000000000000000001",
        "format": "text",
        "version": {
            "id": "01JB0000000000000000000002",
            "number": 3,
            "set_at": "2026-08-30T20:15:52Z",
            "set_by": "alice"
        },
        "expires": { "at": "2027-08-31T00:00:00Z", "from": "declared" },
        "readers": names,
        "exposed_to": exposed,
        "keys": {},
        "seal": 1_788_120_952
    }))
    .expect("a draft")
}

fn report(what: &str, threads: usize, ours: impl Fn(), bare: impl Fn()) {
    let time = |run: &dyn Fn()| {
        let start = Stopwatch::now();
        run();
        start.elapsed().as_secs_f64()
    };
    ours();
    bare();
    let (mut all_ours, mut all_bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (ours, bare) = (time(&ours), time(&bare));
        all_ours.push(ours);
        all_bare.push(bare);
        ratios.push(ours / bare);
    }
    let (ours, bare, ratio) = (median(&mut all_ours), median(&mut all_bare), median(&mut ratios));
    println!(
        "{what}, threads: {threads}: {:.0} ms, bare loop {:.0} ms, ratio {ratio:.2} (medians)",
        ours * 1e3,
        bare * 1e3
    );
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
