//! Each fuzz target (`fuzz/`) by its committed corpus, and by a fixed number of changes of it: what
//! `scripts/fuzz` does with a compiler's help, everybody's tests do in small, and always in the same way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../../fuzz/src/lib.rs"]
mod bodies;
mod inputs;
mod whole;

use std::panic::{AssertUnwindSafe, catch_unwind};

use inputs::{Changes, dictionary, seeds};

/// How many changed inputs each target is given.
const CHANGED: usize = 500;

/// Declares the targets, and a test for each.
macro_rules! targets {
    ($($group:ident: $($name:ident)*;)*) => {
        /// By group and name.
        const TARGETS: &[(&str, &str)] = &[$($((stringify!($group), stringify!($name)),)*)*];

        $(mod $group {
            $(#[test]
            fn $name() {
                super::try_out(stringify!($name), super::bodies::$group::$name);
            })*
        })*
    };
}

targets! {
    answers: aws_answers entra_answers github_issues gitlab_answers key_pages mail_replies oauth2_answers retry_after
        rotator_answers;
    formats: foreign interchange sops_values value_ends;
    git: git_objects git_refs git_words waiting;
    seal: age_header bare_age identities public_keys signatures;
    store: baseline custody_toml expiry_table journal ledger policy policy_edit record record_merge;
    words: addresses globs json_strings moments names settings;
}

fn try_out(name: &str, target: fn(&[u8])) {
    let seeds = seeds(name);
    let mut ran = 0;
    let mut run = |what: &str, bytes: &[u8]| {
        let holds = catch_unwind(AssertUnwindSafe(|| target(bytes))).is_ok();
        assert!(holds, "{name}: {what} of the corpus breaks a claim: \"{}\"", bytes.escape_ascii());
        ran += 1;
    };
    for (file, bytes) in &seeds {
        run(file, bytes);
    }
    let mut changes = Changes::of(name, &seeds, dictionary(name));
    for _ in 0..CHANGED {
        let (file, changed) = changes.draw();
        run(&format!("a change of {file}"), &changed);
    }
    assert_eq!(ran, seeds.len() + CHANGED);
}
