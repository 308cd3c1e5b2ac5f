//! `openssl` and `ssh-keygen` make certificates that end at dates nobody chose, and bear witness of what we read in them.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test's helpers are tests too")]

use std::path::Path;
use std::process::Command;

use chrono::NaiveDateTime;
use rand::Rng as _;
use secrets::domain::time::Instant;
use secrets::value_ends;
use tempfile::TempDir;

const ROUNDS: usize = 12;

const AUTHORITY: &str = "[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
x509_extensions = v3
[any]
commonName = optional
[v3]
basicConstraints = CA:TRUE
";

/// What a program prints. Dates are read and printed in UTC.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let told = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .output()
        .expect("the witness is installed");
    assert!(told.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).expect("it prints text")
}

/// A moment between two years.
fn some_moment(years: std::ops::Range<i64>) -> NaiveDateTime {
    let seconds = |year: i64| (year - 1970) * 31_556_952;
    let second = rand::thread_rng().gen_range(seconds(years.start)..seconds(years.end));
    chrono::DateTime::from_timestamp(second, 0).expect("within the years").naive_utc()
}

/// The only end that is read in a value, and whether it is told as `what`.
fn only_end(value: &[u8], what: &str) -> Instant {
    let ends = value_ends::read(value);
    assert_eq!((ends.ends.len(), ends.unread.len()), (1, 0), "{ends:?}");
    assert_eq!(ends.ends[0].what, what);
    ends.ends[0].at
}

fn instant(moment: NaiveDateTime) -> Instant {
    Instant::new(moment.and_utc()).expect("within the years")
}

#[test]
fn openssl_reads_the_same_ends() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    std::fs::write(at.join("ca.cnf"), AUTHORITY).expect("written");
    std::fs::write(at.join("index.txt"), "").expect("written");
    let mut bundle = String::new();
    let mut earliest = None::<Instant>;
    for round in 0..ROUNDS {
        let key: &[&str] = match round % 3 {
            0 => &["-algorithm", "ED25519"],
            1 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            _ => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        };
        // Dates from 2050 on are written in another way.
        let end = some_moment(if round % 2 == 0 { 1971..2050 } else { 2050..9999 });
        run(at, "openssl", &[&["genpkey", "-out", "key"], key].concat());
        run(at, "openssl", &["req", "-new", "-key", "key", "-subj", "/CN=witness", "-out", "csr"]);
        let date = end.format("%Y%m%d%H%M%SZ").to_string();
        let signing = ["ca", "-config", "ca.cnf", "-batch", "-notext", "-selfsign", "-keyfile", "key"];
        let dates = ["-in", "csr", "-out", "pem", "-startdate", "19700102000000Z", "-enddate", &date];
        run(at, "openssl", &[signing.as_slice(), dates.as_slice()].concat());
        run(at, "openssl", &["x509", "-in", "pem", "-outform", "DER", "-out", "der"]);

        let witness = run(at, "openssl", &["x509", "-in", "pem", "-noout", "-enddate"]);
        let witness = NaiveDateTime::parse_from_str(witness.trim(), "notAfter=%b %e %H:%M:%S %Y GMT");
        let witness = instant(witness.expect("a date as openssl prints it"));
        assert_eq!(witness, instant(end));
        let pem = std::fs::read_to_string(at.join("pem")).expect("read");
        assert_eq!(only_end(pem.as_bytes(), "certificate of CN=witness"), witness);
        let der = std::fs::read(at.join("der")).expect("read");
        assert_eq!(only_end(&der, "certificate of CN=witness"), witness);

        bundle.push_str(&std::fs::read_to_string(at.join("key")).expect("read"));
        bundle.push_str(&pem);
        earliest = Some(earliest.map_or(witness, |earliest| earliest.min(witness)));
    }
    let ends = value_ends::read(bundle.as_bytes());
    assert_eq!(ends.ends.len(), ROUNDS);
    assert_eq!(ends.earliest().map(|end| end.at), earliest);
}

#[test]
fn ssh_keygen_reads_the_same_ends() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    run(at, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "authority"]);
    for round in 0..ROUNDS {
        let (kind, bits) =
            [("ed25519", "256"), ("rsa", "2048"), ("ecdsa", "256"), ("ecdsa", "521")][round % 4];
        let name = format!("of{round}");
        run(at, "ssh-keygen", &["-q", "-t", kind, "-b", bits, "-N", "", "-C", "", "-f", &name]);
        let end = some_moment(1980..2100);
        let validity = format!("19710101:{}", end.format("%Y%m%d%H%M%S"));
        let public = format!("{name}.pub");
        let whose: &[&str] = if round % 2 == 0 { &["-h", "-n", "host"] } else { &["-n", "alice,bob"] };
        let signing = ["-q", "-s", "authority", "-I", "alice", "-V", &validity];
        run(at, "ssh-keygen", &[signing.as_slice(), whose, &[public.as_str()]].concat());

        let file = format!("{name}-cert.pub");
        let told = run(at, "ssh-keygen", &["-L", "-f", &file]);
        let witness =
            told.lines().find_map(|line| line.trim().strip_prefix("Valid: from ")?.split_once(" to "));
        let (_, witness) = witness.expect("the line of the validity");
        let witness = NaiveDateTime::parse_from_str(witness, "%Y-%m-%dT%H:%M:%S").expect("a date");
        assert_eq!(witness, end);
        let value = std::fs::read(at.join(file)).expect("read");
        assert_eq!(only_end(&value, "SSH certificate of alice"), instant(witness));
    }
}
