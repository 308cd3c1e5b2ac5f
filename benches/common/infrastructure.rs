//! The likeness of a real public repository of infrastructure: hundreds of files that sops sealed, all to one key of
//! Google Cloud KMS. Well-formed and random-looking, and the same each time; nobody can open any of it. Written
//! without calling a tool, so that it takes no time.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The key on every file.
pub const RESOURCE_ID: &str = "projects/example-hubs/locations/global/keyRings/sops-keys/cryptoKeys/hubs";

/// Encrypted values of the one large file, and of all others together where there are 295 files.
pub const MOST_LEAVES: usize = 6146;
const OTHER_LEAVES: usize = 1049;
const OTHER_FILES: usize = 294;

/// The sizes of the smallest and of the largest file, in bytes; the largest is met but for some hundred bytes.
const LEAST_BYTES: usize = 886;
const MOST_BYTES: usize = 865_000;

/// The likeness as it was written.
#[derive(Debug)]
pub struct Infrastructure {
    /// Of the files, from the folder on; in the order in which they were made. The first is the smallest, the last the
    /// largest.
    pub paths: Vec<String>,
    /// Encrypted values in all files; comments, which sops encrypts too, are none.
    pub leaves: usize,
    pub bytes: usize,
}

/// Writes that many files of sops below a folder, spread over that many clusters. There are at least two files.
pub fn infrastructure(folder: &Path, clusters: usize, files: usize) -> Infrastructure {
    let mut made = Infrastructure { paths: Vec::new(), leaves: 0, bytes: 0 };
    let others = files.max(2) - 1;
    for number in 0..=others {
        let (text, leaves) = if number == 0 {
            (smallest(), 1)
        } else if number == others {
            (largest(), MOST_LEAVES)
        } else {
            let leaves = leaves_of(number, others);
            (usual(number, leaves), leaves)
        };
        let hub = ["staging", "prod", "workshop", "climate", "neuro"][number / clusters.max(1) % 5];
        let cluster = number % clusters.max(1);
        let path = format!("config/clusters/cluster-{cluster:02}/enc-{hub}-{number:03}.secret.values.yaml");
        let full = folder.join(&path);
        fs::create_dir_all(full.parent().expect("a file has a folder")).expect("a folder can be made");
        fs::write(full, &text).expect("a file can be written");
        made.paths.push(path);
        made.leaves += leaves;
        made.bytes += text.len();
    }
    made
}

/// How many values there are in a file that is neither the first nor the last: few in most, together as many as fit
/// the number of files.
fn leaves_of(number: usize, others: usize) -> usize {
    let total = others * OTHER_LEAVES / OTHER_FILES - 1;
    let upto = |count: usize| count * total / (others - 1).max(1);
    let share = upto(number) - upto(number - 1);
    // Neighbours lend one another: what one has more, the other has less.
    let lent = share.saturating_sub(1);
    let last_without_neighbour = number == others - 1 && number % 2 == 1;
    if last_without_neighbour {
        share
    } else if number % 2 == 1 {
        share + (upto(number + 1) - upto(number)).saturating_sub(1)
    } else {
        share - lent
    }
}

/// Whether a file holds the client secret that most have: 91 of 294.
fn has_cilogon(number: usize) -> bool {
    number * 91 % OTHER_FILES < 91
}

fn usual(number: usize, leaves: usize) -> String {
    let mut file = File::new(number as u64);
    if number.is_multiple_of(10) {
        let comment = file.sealed(30, "comment");
        let _ = writeln!(file.text, "#{comment}");
    }
    let mut left = leaves;
    if has_cilogon(number) {
        file.text.push_str("jupyterhub:\n    hub:\n        config:\n            CILogonOAuthenticator:\n");
        if left > 1 {
            file.leaf(16, "client_id", 48);
            left -= 1;
        }
        file.leaf(16, "client_secret", 86);
        left -= 1;
    } else {
        match number % 5 {
            0 => file.leaf(0, "web.yml", 2800 + number * 11),
            1 => file.leaf(0, "github-app-private-key.pem", 1674),
            2 => {
                file.text.push_str("prometheusIngressAuthSecret:\n");
                file.leaf(4, "password", 64);
            }
            3 => {
                file.text.push_str("grafana:\n    auth.github:\n");
                file.leaf(8, "client_secret", 40);
            }
            _ => file.leaf(0, "kubeconfig", 2900 + number * 7),
        }
        left -= 1;
    }
    if left > 0 {
        file.text.push_str("credentials:\n");
    }
    for extra in 0..left {
        let (given, family) = person(number + extra * 31);
        match extra % 4 {
            0 => file.leaf(4, &format!("{given} {family}"), 24),
            1 => file.leaf(4, &mail(given, family, number + extra), 24),
            2 => file.leaf(4, &format!("service-account-{extra}.json"), 2330),
            _ => file.leaf(4, &format!("service-{extra}"), 32),
        }
    }
    file.finish(!number.is_multiple_of(3))
}

/// Accounts of people, with a password each.
fn largest() -> String {
    let mut file = File::new(MOST_LEAVES as u64);
    file.text.push_str("users:\n");
    // What sops says of a file takes some 900 bytes.
    let room = MOST_BYTES - 900;
    for number in 0..MOST_LEAVES {
        let (given, family) = person(number * 7);
        // What is left is shared among those that are left. A line is its key, the data, and 119 bytes.
        let line = room.saturating_sub(file.text.len()) / (MOST_LEAVES - number);
        let key =
            if number.is_multiple_of(3) { mail(given, family, number) } else { format!("{given} {number}") };
        file.leaf(4, &key, (line.saturating_sub(key.len() + 119) / 4 * 3).clamp(1, 60));
    }
    file.finish(true)
}

fn smallest() -> String {
    let of = |key: &str, plain: usize| {
        let mut file = File::new(0);
        file.leaf(0, key, plain);
        file.finish(false)
    };
    let missing = LEAST_BYTES - of("token", 1).len();
    // Base64 grows by four; the key takes the rest.
    let key = ["token", "tokens", "token-1", "token-12"][missing % 4];
    of(key, 1 + missing / 4 * 3)
}

fn person(number: usize) -> (&'static str, &'static str) {
    let given =
        ["Ana", "Bruno", "Chipo", "Dilnoza", "Emeka", "Farid", "Greta", "Hina", "Ines", "Jun", "Kofi"];
    let family =
        ["Lima", "Moreau", "Ndlovu", "Okafor", "Petrov", "Quispe", "Rossi", "Sato", "Tuiasosopo", "Vu"];
    (given[number % given.len()], family[number / given.len() % family.len()])
}

fn mail(given: &str, family: &str, number: usize) -> String {
    format!("{}.{}.{number}@example.org", given.to_lowercase(), family.to_lowercase())
}

/// A file of sops in the making.
struct File {
    text: String,
    state: u64,
}

impl File {
    fn new(seed: u64) -> Self {
        Self { text: String::new(), state: seed }
    }

    /// `SplitMix64`: any seed will do.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn base64(&mut self, length: usize) -> String {
        let mut bytes = Vec::with_capacity(length + 7);
        while bytes.len() < length {
            bytes.extend(self.random().to_le_bytes());
        }
        bytes.truncate(length);
        STANDARD.encode(bytes)
    }

    /// A value of that many bytes as sops seals it.
    fn sealed(&mut self, plain: usize, kind: &str) -> String {
        let (data, iv, tag) = (self.base64(plain), self.base64(32), self.base64(16));
        format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]")
    }

    fn leaf(&mut self, indent: usize, key: &str, plain: usize) {
        let value = self.sealed(plain, "str");
        let _ = writeln!(self.text, "{:indent$}{key}: {value}", "");
    }

    /// Adds what sops says of the file; before 3.10 it named also the kinds of keys of which there are none.
    fn finish(mut self, of_old: bool) -> String {
        let (month, day, hour) = (self.random() % 12 + 1, self.random() % 28 + 1, self.random() % 24);
        let year = 2021 + self.random() % 5;
        let wrapped = self.base64(113);
        let mac = self.sealed(128, "str");
        let none = |kinds: &[&str]| {
            let lines: Vec<String> = kinds.iter().map(|kind| format!("    {kind}: []\n")).collect();
            if of_old { lines.concat() } else { String::new() }
        };
        let version = if of_old { "3.7.3" } else { "3.10.2" };
        let _ = write!(
            self.text,
            "sops:\n{}    gcp_kms:\n        - resource_id: {RESOURCE_ID}\n          \
             created_at: \"{year}-{month:02}-{day:02}T07:15:00Z\"\n          enc: {wrapped}\n{}    \
             lastmodified: \"{year}-{month:02}-{day:02}T{hour:02}:30:37Z\"\n    mac: {mac}\n{}    \
             unencrypted_suffix: _unencrypted\n    version: {version}\n",
            none(&["kms"]),
            none(&["azure_kv", "hc_vault", "age"]),
            none(&["pgp"]),
        );
        self.text
    }
}
