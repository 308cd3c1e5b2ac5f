//! What each floor costs by itself, in memory: bytes read, facts judged, a report rendered, values sealed and proved.
//!
//! `cargo bench --bench floors`, with a part of a name behind `--` for some of them only. Times are of one secret
//! unless a name says of how many.

#![allow(clippy::expect_used, clippy::panic, reason = "a measurement that can't be made ends here")]

mod common;

use common::sample::{NAMES, Sample};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

mod reading {
    use super::{Bencher, Sample, black_box};
    use secrets::foreign;
    use secrets::observe::place::parse_policy;
    use secrets::seal::{binding, inspection};
    use secrets::store::ledger::Ledger;
    use secrets::store::record_file;

    #[divan::bench(args = [4, 500])]
    fn policy_of_people(bencher: Bencher<'_, '_>, people: usize) {
        let text = Sample::policy_text(people);
        bencher.bench(|| parse_policy(black_box(text.as_bytes()), "policy.toml").expect("it is valid"));
    }

    #[divan::bench]
    fn record(bencher: Bencher<'_, '_>) {
        let sample = Sample::new(1);
        let (record, _) = sample.pair(0);
        bencher.bench(|| record_file::parse(black_box(&record), "a.json").expect("it is one"));
    }

    #[divan::bench]
    fn binding_of_record(bencher: Bencher<'_, '_>) {
        let sample = Sample::new(1);
        let record = sample.record(0);
        bencher.bench(|| binding::digest(black_box(&record.sealed)).expect("it has one"));
    }

    #[divan::bench]
    fn header_of_sealed_value(bencher: Bencher<'_, '_>) {
        let sample = Sample::new(1);
        let (_, sealed) = sample.pair(0);
        bencher.bench(|| inspection::inspect(black_box(&sealed)).expect("it is one"));
    }

    #[divan::bench]
    fn file_of_sops(bencher: Bencher<'_, '_>) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/foreign/rops-regex.yaml");
        let bytes = std::fs::read(path).expect("the fixture is there");
        bencher.bench(|| foreign::read(black_box(&bytes)));
    }

    #[divan::bench]
    fn ledger_of_1000_lines(bencher: Bencher<'_, '_>) {
        let bytes = Sample::ledger(1000);
        bencher.bench(|| Ledger::parse(black_box(&bytes)));
    }
}

mod judging {
    use super::{Bencher, NAMES, Sample, black_box};
    use secrets::checks::{judge_secret, judge_store};

    #[divan::bench]
    fn secret_without_fault(bencher: Bencher<'_, '_>) {
        let sample = Sample::new(1);
        let facts = sample.facts(0);
        bencher.bench(|| judge_secret(&sample.setting, &sample.policy, black_box(&facts)));
    }

    #[divan::bench]
    fn secret_with_every_fault(bencher: Bencher<'_, '_>) {
        let sample = Sample::new(1);
        let facts = sample.neglected(0);
        bencher.bench(|| judge_secret(&sample.setting, &sample.policy, black_box(&facts)));
    }

    #[divan::bench]
    fn store_of_1000(bencher: Bencher<'_, '_>) {
        let sample = Sample::new(NAMES);
        let facts = sample.store_facts();
        bencher.bench(|| judge_store(&sample.setting, &sample.policy, black_box(&facts)));
    }
}

/// Reports of 1,000 secrets, with a finding or more for each.
mod rendering {
    use super::{Bencher, NAMES, Sample, black_box};
    use secrets::render::{Style, github, gitlab, human, json, junit, markdown, sarif};

    const STYLE: Style = Style { color: false, width: Some(120) };

    #[divan::bench(args = ["human", "json", "github", "sarif", "junit", "gitlab", "markdown"])]
    fn report_as(bencher: Bencher<'_, '_>, format: &str) {
        let report = Sample::new(NAMES).report();
        bencher.bench(|| {
            let report = black_box(&report);
            match format {
                "human" => human::render(report, STYLE),
                "json" => json::render(report),
                "github" => github::render(report),
                "sarif" => sarif::render(report),
                "junit" => junit::render(report),
                "gitlab" => gitlab::render(report),
                "markdown" => markdown::render(report),
                other => panic!("no format {other}"),
            }
        });
    }
}

mod sealing {
    use super::{Bencher, Sample, black_box};
    use secrets::seal::proving::prove;

    #[divan::bench(args = [1, 5, 8])]
    fn seal_to_readers(bencher: Bencher<'_, '_>, readers: usize) {
        let sample = Sample::of_readers(1, readers);
        bencher.bench(|| sample.seal(black_box(0)));
    }

    #[divan::bench(args = [1, 5, 8])]
    fn prove_of_readers(bencher: Bencher<'_, '_>, readers: usize) {
        let sample = Sample::of_readers(1, readers);
        let (record, sealed) = (sample.record(0), sample.pair(0).1);
        let known = |name: &_, fingerprint: &_| sample.key(name, fingerprint);
        bencher.bench(|| {
            let proved = prove(black_box(&sealed), &record.sealed, &known, &sample.opener);
            assert_eq!(proved.ok().map(|proved| proved.proved.len()), Some(readers));
        });
    }
}
