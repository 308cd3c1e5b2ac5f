//! What holds for any value at all.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn samples() -> Vec<Vec<u8>> {
    let files: [&[u8]; 12] = [
        include_bytes!("../../../tests/fixtures/value_ends/bundle.pem"),
        include_bytes!("../../../tests/fixtures/value_ends/trusted.pem"),
        include_bytes!("../../../tests/fixtures/value_ends/nameless.pem"),
        include_bytes!("../../../tests/fixtures/value_ends/two.der"),
        include_bytes!("../../../tests/fixtures/value_ends/leaf.p12"),
        include_bytes!("../../../tests/fixtures/value_ends/openpgp.asc"),
        include_bytes!("../../../tests/fixtures/value_ends/openpgp.gpg"),
        include_bytes!("../../../tests/fixtures/value_ends/ssh-rsa-cert.pub"),
        include_bytes!("../../../tests/fixtures/value_ends/ssh-ed25519-cert.pub"),
        b"?sv=1&se=2027-08-31T12%3A00Z&sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D",
        b"{\"access_token\":\"eyJhbGciOiIifQ.eyJleHAiOjF9.\"}",
        b"eyJhbGciOiIifQ.eyJleHAiOjF9.",
    ];
    let mut all = files.iter().map(|file| file.to_vec()).collect::<Vec<_>>();
    all.push(kubeconfig("  ").into_bytes());
    all.push(BASE64_STANDARD.encode(LEAF).into_bytes());
    all
}

/// Bounds that hold for every answer, and nothing that a terminal would act on.
fn check(value: &[u8]) {
    let ends = read(value);
    assert!(ends.ends.len() <= 1_000 && ends.ends.is_sorted() && ends.unread.len() <= 101);
    for text in ends.ends.iter().map(|end| &end.what).chain(&ends.unread) {
        assert!(text.len() < 2_000 && !text.chars().any(crate::domain::text::is_treacherous), "{text}");
    }
}

#[test]
fn every_sample_cut_anywhere_is_read_without_panic() {
    for sample in samples() {
        for end in 0..sample.len() {
            check(sample.get(..end).unwrap());
            check(sample.get(end..).unwrap());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(value in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        check(&value);
    }

    #[test]
    fn any_text_is_read(value in "[-a-zA-Z0-9 \n\\\\.=&?:{}\\[\\]\"]{0,400}") {
        check(value.as_bytes());
    }

    #[test]
    fn any_sample_with_other_bytes_in_it_is_read(
        which in 0..14_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut value = samples().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(value.len());
            value[at] = byte;
        }
        check(&value);
    }

    #[test]
    fn what_stands_around_a_certificate_hides_nothing(before in "[^-]{0,200}", after in "[^-]{0,200}") {
        let ends = read(format!("{before}\n{LEAF}{after}").as_bytes());
        prop_assert_eq!(listed(&ends), vec![LEAF_END.to_owned()]);
    }
}

/// The shortest of three runs.
fn time_of(value: &[u8]) -> Duration {
    let run = |_| {
        let start = Instant::now();
        check(value);
        start.elapsed()
    };
    (0..3).map(run).min().unwrap_or_default()
}

#[test]
fn time_grows_with_the_length_and_no_faster() {
    let sig = "sv=1&se=1&sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D ";
    let hostile: [(&str, &str); 19] = [
        ("", "-----BEGIN CERTIFICATE-----"),
        ("", "-----BEGIN "),
        ("-----BEGIN CERTIFICATE-----", "A"),
        ("-----BEGIN CERTIFICATE-----", "\\"),
        ("", LEAF),
        ("", "LS0tLS1CRUdJTi"),
        ("", "LS0tLS1CRUdJTi "),
        ("", sig),
        ("sig=", "&"),
        ("sig=?", "se=1&"),
        ("", "ssh-rsa-cert-v01@openssh.com AAAA"),
        ("", "ssh-rsa-cert-v01@openssh.com "),
        ("[", "\"token\","),
        ("", "{\"token\":"),
        ("client-certificate-data: [", "1,"),
        ("client-certificate-data: ", "[{"),
        ("users: &a [token, clusters]\nb:\n", "- *a\n"),
        ("client-certificate-data: \"", "\\u0041"),
        ("client-certificate-data:\n", " - \n"),
    ];
    for (start, unit) in hostile {
        let of = |length: usize| format!("{start}{}", unit.repeat(length / unit.len())).into_bytes();
        // Eight times the length; a square would be 64 times. Another program that wants the processor spoils a run.
        let is_linear = |_| {
            let (short, long) = (time_of(&of(50_000)), time_of(&of(400_000)));
            long < short.max(Duration::from_millis(5)) * 32
        };
        assert!((0..8).any(is_linear), "{start}{unit}");
    }
    let nested = (0..20_000).fold(Vec::new(), |mut der, _| {
        der.extend([0x30, 0x84, 0x00, 0x10, 0x00, 0x00]);
        der
    });
    assert!(time_of(&nested) < Duration::from_secs(1));
}
