//! The documents, each with the world in which it is read and with what its placeholders stand for.

/// A document that is run.
pub struct Documented {
    /// From the root of the repository.
    pub path: &'static str,
    /// A name of [`crate::world`]; a block can begin anew with another.
    pub store: &'static str,
    /// Placeholders, and what a reader would type for them. `{alice}` is the public key of a fixture; shell may stand
    /// there where the block is shell. A placeholder that stands here more than once is the first text at its first
    /// place, and so on.
    pub put: &'static [(&'static str, &'static str)],
}

const KEY_OF_BOB: (&str, &str) = ("age1…", "{bob}");

const ALICE_BY_FINGERPRINT: (&str, &str) = ("SHA256:6Rd5kz1mTQ4w…", "$(fingerprint alice)");

pub const README: Documented = Documented {
    path: "README.md",
    store: "none",
    put: &[KEY_OF_BOB, ("~/src/my-repository", "."), ALICE_BY_FINGERPRINT],
};

pub const CONTRIBUTING: Documented = Documented { path: "CONTRIBUTING.md", store: "none", put: &[] };
pub const CHANGELOG: Documented = Documented { path: "CHANGELOG.md", store: "none", put: &[] };
pub const FUZZING: Documented = Documented { path: "fuzz/README.md", store: "none", put: &[] };
pub const ARCHITECTURE: Documented = Documented { path: "docs/architecture.md", store: "none", put: &[] };
pub const BENCHMARKS: Documented = Documented { path: "docs/benchmarks.md", store: "none", put: &[] };
pub const CHECKS: Documented = Documented { path: "docs/checks.md", store: "team", put: &[] };
pub const CUSTODY: Documented = Documented { path: "docs/custody.md", store: "team", put: &[] };
pub const DEPENDENCIES: Documented = Documented { path: "docs/dependencies.md", store: "none", put: &[] };
pub const EXIT_CODES: Documented = Documented { path: "docs/exit-codes.md", store: "team", put: &[] };
pub const FILE_FORMATS: Documented = Documented { path: "docs/file-formats.md", store: "team", put: &[] };
pub const THREAT_MODEL: Documented = Documented { path: "docs/threat-model.md", store: "none", put: &[] };

pub const PEOPLE: Documented =
    Documented { path: "docs/people.md", store: "team", put: &[KEY_OF_BOB, ALICE_BY_FINGERPRINT] };

pub const BASELINE: Documented = Documented { path: "docs/guides/baseline.md", store: "files", put: &[] };
pub const BREAK_GLASS: Documented =
    Documented { path: "docs/guides/break-glass.md", store: "team", put: &[] };
pub const BUILDING: Documented = Documented { path: "docs/guides/building.md", store: "none", put: &[] };
pub const CI: Documented = Documented { path: "docs/guides/ci.md", store: "team", put: &[] };
pub const CUSTODY_MATRIX: Documented =
    Documented { path: "docs/guides/custody-matrix.md", store: "team", put: &[] };
pub const EXEC: Documented = Documented { path: "docs/guides/exec.md", store: "team", put: &[] };
pub const FLEET: Documented = Documented { path: "docs/guides/fleet.md", store: "team", put: &[] };
pub const GIT: Documented = Documented { path: "docs/guides/git.md", store: "team", put: &[] };
pub const IMPORT_EXPORT: Documented =
    Documented { path: "docs/guides/import-export.md", store: "team", put: &[] };
pub const METRICS: Documented = Documented { path: "docs/guides/metrics.md", store: "team", put: &[] };
pub const PICTURES: Documented = Documented { path: "docs/guides/pictures.md", store: "team", put: &[] };
pub const ROTATION: Documented = Documented { path: "docs/guides/rotation.md", store: "team", put: &[] };
pub const SCHEDULING: Documented = Documented { path: "docs/guides/scheduling.md", store: "team", put: &[] };
pub const TRACKED_FILES: Documented =
    Documented { path: "docs/guides/tracked-files.md", store: "sealed", put: &[KEY_OF_BOB] };
pub const TRIAGE: Documented =
    Documented { path: "docs/guides/triage.md", store: "sealed", put: &[KEY_OF_BOB] };
pub const WARNING: Documented = Documented { path: "docs/guides/warning.md", store: "team", put: &[] };

/// Blocks and lines that are not run, by document. It grows only on purpose: why is said at each of them.
pub const NOT_RUN: [(&str, usize); 11] = [
    ("README.md", 2),
    ("CONTRIBUTING.md", 4),
    ("fuzz/README.md", 1),
    ("docs/benchmarks.md", 7),
    ("docs/dependencies.md", 1),
    ("docs/file-formats.md", 3),
    ("docs/guides/building.md", 3),
    ("docs/guides/metrics.md", 1),
    ("docs/guides/rotation.md", 2),
    ("docs/guides/scheduling.md", 1),
    ("docs/people.md", 1),
];
