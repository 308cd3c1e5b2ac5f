//! 2026-01-20, mybinder.org; the same spring, a cloud's certificate authority: a client certificate inside an encrypted
//! kubeconfig ran out on day 365, and deploys stopped. Nobody had written its date anywhere.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::common::{Outcome, Sandbox, public_key};

const NAME: &str = "mybinder/prod/kubeconfig";
const FILE: &str = "config/enc-kubeconfig.yaml";
const MADE: &str = "2025-01-20T09:30:00Z";
const BEFORE: &str = "2026-01-20T09:29:59Z";
const NOT_AFTER: &str = "2026-01-20T09:30:00Z";
/// What somebody writes down who counts from when the file was committed.
const DECLARED: &str = "2026-06-30";

const AUTHORITY: &str = "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\n\
                         default_md = sha256\npolicy = any\n[any]\ncommonName = optional\n";

/// A kubeconfig whose client certificate is valid for 365 days.
fn kubeconfig(sandbox: &Sandbox) -> String {
    let folder = sandbox.path("authority");
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join("ca.cnf"), AUTHORITY).expect("a file can be written");
    fs::write(folder.join("index.txt"), "").expect("a file can be written");
    let openssl = |arguments: &str| {
        let _ = sandbox.run(&folder, "openssl", arguments.split(' ')).code(0);
    };
    openssl("genpkey -algorithm ED25519 -out key");
    openssl("req -new -key key -subj /CN=kubernetes-admin -out csr");
    openssl(
        "ca -config ca.cnf -batch -notext -selfsign -keyfile key -in csr -out pem -startdate 20250120093000Z -enddate \
         20260120093000Z",
    );
    let encoded = |file: &str| STANDARD.encode(fs::read(folder.join(file)).expect("openssl made it"));
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n    - name: prod\n      cluster:\n        server: https://192.0.2.1:6443\n\
         users:\n    - name: admin\n      user:\n        client-certificate-data: {}\n        client-key-data: {}\n",
        encoded("pem"),
        encoded("key")
    )
}

struct Hub {
    sandbox: Sandbox,
    laptop: PathBuf,
    kubeconfig: String,
}

impl Hub {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let kubeconfig = kubeconfig(&sandbox);
        Self { sandbox, laptop, kubeconfig }
    }

    /// Sealed by this tool.
    fn own(lifetime: &[&str]) -> (Self, Outcome) {
        let hub = Self::new();
        let accepting = hub.sandbox.accepting(&hub.laptop, &["alice", "bob"]);
        let add = hub.sandbox.secrets(&hub.laptop).args(["add", NAME, "--owner", "team", "--as", "alice"]);
        let added = add.args(lifetime).args(accepting).at(MADE).stdin(&hub.kubeconfig).run().code(0);
        hub.sandbox.push(&hub.laptop);
        (hub, added)
    }

    /// A file of sops, and a record of the whole.
    fn tracked() -> Self {
        let hub = Self::new();
        let accepting = hub.sandbox.accepting(&hub.laptop, &["alice", "bob"]);
        let add = hub.sandbox.secrets(&hub.laptop).args(["add", "other", "--never", "of no account"]);
        add.args(["--owner", "team", "--as", "alice"]).args(accepting).stdin("a value").run().code(0);
        let path = hub.laptop.join(FILE);
        hub.sandbox.sops_file(&path, &hub.kubeconfig, &[&public_key("alice"), &public_key("bob")]);
        hub.sandbox.commit_all(&hub.laptop, "Seal the kubeconfig");
        let track = ["track", FILE, "--whole", "--owner", "team"];
        hub.sandbox.secrets(&hub.laptop).args(track).run().code(0);
        let custody = hub.laptop.join("config/custody.toml");
        let text = fs::read_to_string(&custody).expect("a record was written");
        let dated = text.replace("\"]\nowners", &format!("\"]\nexpires = {DECLARED}\nowners"));
        fs::write(custody, dated).expect("a file can be written");
        hub.sandbox.publish_all(&hub.laptop, "Track the kubeconfig");
        hub
    }

    #[track_caller]
    fn gate(&self, at: &str, prove: &[&str], code: i32) -> Outcome {
        let check = self.sandbox.secrets(&self.laptop).args(["check", "--format", "json"]).args(prove);
        check.with_sops("alice").identity("alice").at(at).run().code(code)
    }

    /// P2 and P3, whoever sealed it.
    #[track_caller]
    fn is_caught(&self, name: &str, what: &str) {
        // Declared later than it is, and nobody looked into it.
        let trusting = self.gate(NOT_AFTER, &[], 0).findings();
        assert!(trusting.iter().all(|(id, ..)| id != "expired" && id != "expiry-mismatch"), "{trusting:?}");
        let far = self.gate("2025-03-01T00:00:00Z", &["--prove"], 1);
        let far = far.finds(&[("expiry-mismatch", name, "error")]);
        let told = far.message("expiry-mismatch");
        assert!(told.contains("the value ends 2026-01-20T09:30:00Z") && told.contains(DECLARED), "{told}");
        assert!(told.contains(what), "{told}");
        // The earlier one is judged.
        let mismatch = ("expiry-mismatch", name, "error");
        let _ = self.gate(BEFORE, &["--prove"], 1).finds(&[mismatch, ("expiring", name, "warning")]);
        let _ = self.gate(NOT_AFTER, &["--prove"], 1).finds(&[mismatch, ("expired", name, "error")]);
    }
}

#[test]
fn p2_and_p3_of_a_kubeconfig_that_we_sealed() {
    let (hub, told) = Hub::own(&["--expires", DECLARED]);
    // Whoever declares a later date is told at once.
    let _ = told.says("expiry-mismatch");
    hub.is_caught(NAME, "client certificate of user admin");
}

#[test]
fn p2_and_p3_of_a_kubeconfig_that_sops_sealed() {
    let hub = Hub::tracked();
    hub.is_caught(FILE, "certificate of CN=kubernetes-admin");
    never_shown(&hub.sandbox, &hub.laptop, "client-key-data: LS0t");
}

#[test]
fn add_takes_the_date_of_the_certificate() {
    let (hub, told) = Hub::own(&[]);
    let _ = told.says("client certificate of user admin ends 2026-01-20T09:30:00Z");
    let record = hub.sandbox.record(&hub.laptop, NAME);
    assert_eq!(record["sealed"]["expires"], serde_json::json!({ "at": NOT_AFTER, "from": "x509" }));
    for (at, code, finding) in
        [(BEFORE, 0, ("expiring", NAME, "warning")), (NOT_AFTER, 1, ("expired", NAME, "error"))]
    {
        let _ = hub.gate(at, &[], code).finds(&[finding]);
        let _ = hub.gate(at, &["--prove"], code).finds(&[finding]);
    }
}

fn never_shown(sandbox: &Sandbox, laptop: &Path, text: &str) {
    let objects = sandbox.run(laptop, "git", ["cat-file", "--batch-all-objects", "--batch"]).code(0);
    assert!(!String::from_utf8_lossy(&objects.stdout).contains(text));
}
