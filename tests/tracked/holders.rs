//! Who holds what other tools have sealed: the matrix, and what happens when somebody leaves.

use serde_json::{Value, json};

use crate::common::public_key;
use crate::common::toronto::{CALM, OAUTH, Toronto};

const SOPS: &str = "clusters/a/enc-prod.yaml";
const KMS_FILE: &str = "clusters/b/enc-prod.yaml";
const AGE: &str = "keys/enc-deploy.age";
const KMS: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/k";

/// A file of sops for carol and bob, one that only a cloud's key opens, and a bare age file of which its record claims
/// that alice and carol read it.
fn with_files() -> Toronto {
    let toronto = Toronto::new();
    let (sandbox, laptop) = (&toronto.sandbox, &toronto.laptop);
    let keys = |names: &[&str]| names.iter().map(|name| public_key(name)).collect::<Vec<_>>();
    let of_sops = keys(&["bob", "carol"]);
    sandbox.sops_file(
        &laptop.join(SOPS),
        "token: one\n",
        &of_sops.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    sandbox.kms_file(&laptop.join(KMS_FILE), "token: two\n", KMS);
    let of_age = keys(&["alice", "carol"]);
    let of_age: Vec<&str> = of_age.iter().map(String::as_str).collect();
    sandbox.age_file(&laptop.join(AGE), b"three", &of_age, false);
    toronto.extend_policy(&format!(
        "[shared-keys.cloud]\nkeys = [\"{KMS}\"]\npeople = [\"alice\", \"carol\"]\nconfirmed = 2022-02-01\n"
    ));
    let track = ["track", "clusters/**/enc-*", "keys/*", "--owner", "infra", "--no-commit"];
    let _ = sandbox.secrets(laptop).args(track).at(CALM).run().code(0);
    toronto.edit("keys/custody.toml", "owners", "readers = [\"alice\", \"carol\"]\nowners");
    toronto.publish("Track what others have sealed");
    toronto
}

fn custody(toronto: &Toronto, format: &str, more: &[&str], code: i32) -> crate::common::Outcome {
    let custody = toronto.sandbox.secrets(&toronto.laptop).args(["custody", "--format", format]).args(more);
    custody.at(CALM).run().code(code)
}

fn row<'m>(matrix: &'m Value, name: &str) -> &'m Value {
    matrix["secrets"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()
}

fn cells(row: &Value) -> Vec<String> {
    let cell = |cell: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let through = cell["through"].as_array().unwrap().iter().map(|name| format!("/{}", text(name)));
        format!("{}={}{}", text(&cell["actor"]), text(&cell["standing"]), through.collect::<String>())
    };
    row["cells"].as_array().unwrap().iter().map(cell).collect()
}

#[test]
fn the_matrix_shows_each_file() {
    let toronto = with_files();
    let matrix = custody(&toronto, "json", &[], 0).json();
    assert_eq!((&matrix["summary"]["secrets"], &matrix["complete"]), (&json!(5), &json!(true)));
    assert_eq!(cells(row(&matrix, SOPS)), ["bob=plausible", "carol=plausible"]);
    let through = ["alice=plausible/cloud", "carol=plausible/cloud", "cloud=plausible"];
    assert_eq!(cells(row(&matrix, KMS_FILE)), through);
    assert_eq!(cells(row(&matrix, AGE)), ["alice=claimed", "carol=claimed"]);
    for (name, grade) in
        [(SOPS, "plausible"), (KMS_FILE, "plausible"), (AGE, "claimed"), (OAUTH, "plausible")]
    {
        assert_eq!(
            (&row(&matrix, name)["standing"], &row(&matrix, name)["grade"]),
            (&json!("enough"), &json!(grade))
        );
    }
    for format in ["human", "html"] {
        let page = custody(&toronto, format, &[], 0);
        for name in [SOPS, KMS_FILE, AGE, OAUTH] {
            let shown = if format == "html" { name.replace('/', "/<wbr>") } else { name.to_owned() };
            assert!(page.text().contains(&shown), "{name} is not in {format}");
        }
    }
    let one = custody(&toronto, "json", &["--scope", "clusters/**"], 0).json();
    assert_eq!(one["summary"]["secrets"], 2);
    let _ = custody(&toronto, "json", &["--scope", &format!("{SOPS}#/token")], 0);
    let _ = custody(&toronto, "json", &["--scope", "nothing/*"], 2).says("fits no secret");
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let toronto = with_files();
    // Somebody edited it by hand, and its closing part is gone.
    let text = toronto.read(SOPS);
    toronto.write(SOPS, text.split_once("    lastmodified").unwrap().0);
    let matrix = custody(&toronto, "json", &[], 2).json();
    let of_sops = row(&matrix, SOPS);
    assert_eq!(
        (&of_sops["standing"], &of_sops["grade"], cells(of_sops)),
        (&json!("unknown"), &Value::Null, vec![])
    );
    let _ = custody(&toronto, "human", &[], 2).says("can't be read");
    toronto.write(SOPS, text);
    toronto.write("clusters/b/custody.toml", "schema = 1\n[");
    let matrix = custody(&toronto, "json", &[], 2).json();
    assert_eq!(row(&matrix, KMS_FILE)["standing"], "unknown");
    assert_eq!(row(&matrix, SOPS)["standing"], "enough");
    toronto.write("clusters/b/enc-plain.yaml", "token: in clear\n");
    let matrix = custody(&toronto, "json", &["--scope", "clusters/b/*"], 2).json();
    assert_eq!(row(&matrix, "clusters/b/enc-plain.yaml")["standing"], "unknown");
}

#[test]
fn names_of_files_can_not_become_markup() {
    let toronto = with_files();
    let hostile = "clusters/a/enc-<script>alert(1)<script>\"'\u{202e}.yaml";
    std::fs::copy(toronto.laptop.join(SOPS), toronto.laptop.join(hostile)).unwrap();
    let page = custody(&toronto, "html", &[], 0).lacks("<script>alert").lacks("\u{202e}");
    assert!(page.text().contains("enc-&lt;script&gt;alert(1)"));
    let _ = custody(&toronto, "human", &[], 0).lacks("\u{202e}").says("u{202e}");
    assert!(row(&custody(&toronto, "json", &[], 0).json(), hostile)["people"].is_array());
}

#[test]
fn whoever_leaves_still_holds_the_keys_of_files() {
    let toronto = with_files();
    let people = |arguments: &[&str]| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["people"]).args(arguments);
        run.identity("alice").at(CALM).run()
    };
    let listed = people(&["list", "--format", "json"]).code(0).json();
    let of = |name: &str| {
        let actors = listed["actors"].as_array().unwrap();
        actors.iter().find(|actor| actor["name"] == name).unwrap()["secrets"].as_u64().unwrap()
    };
    assert_eq!(["alice", "bob", "carol"].map(of), [3, 3, 4]);

    let impact = people(&["impact", "carol", "--format", "json"]).code(0).json();
    assert_eq!((&impact["opens"], &impact["named_in"]), (&json!(5), &json!([SOPS, AGE])));
    let left: Vec<&str> =
        impact["one_left"].as_array().unwrap().iter().map(|one| one["secret"].as_str().unwrap()).collect();
    assert_eq!(left, [SOPS, KMS_FILE, AGE]);
    let knows = impact["knows"].as_array().unwrap();
    assert!(knows.contains(&json!(format!("{SOPS}#/token"))) && knows.contains(&json!(AGE)), "{knows:?}");
    people(&["impact", "carol"])
        .code(0)
        .says(&format!("a key of theirs is named in 2 files of other tools: {SOPS} and {AGE}"))
        .says("sops updatekeys FILE");

    let removed = people(&["remove", "carol"]).code(0);
    removed
        .says(&format!("1 file sealed by sops still names a key of carol: {SOPS}"))
        .says(&format!("then `sops updatekeys {SOPS}`"))
        .says(&format!("1 file sealed by age still names a key of carol: {AGE}"))
        .says("what is sealed there carol knows")
        .says("carol was behind the shared key cloud");
    let found = toronto.gate(CALM, &["--offline", "--scope", "clusters/**"], 1);
    assert!(found.finding_ids().contains(&"unlisted-reader".to_owned()), "{:?}", found.findings());
}

#[test]
fn a_lost_key_is_looked_for_by_itself() {
    let toronto = with_files();
    let new = toronto.sandbox.new_ssh_key("carols-key");
    let add = ["people", "add", "carol", "--key", &new];
    let _ = toronto.sandbox.secrets(&toronto.laptop).args(add).identity("alice").at(CALM).run();
    let listed = ["people", "list", "--format", "json"];
    let listed = toronto.sandbox.secrets(&toronto.laptop).args(listed).at(CALM).run().code(0).json();
    let actors = listed["actors"].as_array().unwrap();
    let carol = actors.iter().find(|actor| actor["name"] == "carol").unwrap();
    let of_kind = |kind: &str| {
        let keys = carol["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["type"] == kind).unwrap();
        key["fingerprint"].as_str().unwrap().to_owned()
    };
    let remove = |key: &str, more: &[&str]| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["people", "remove", "carol", "--key", key]);
        run.args(more).identity("alice").at(CALM).run().code(0)
    };
    let (ssh, age) = (of_kind("ssh-ed25519"), of_kind("X25519"));
    let _ = remove(&ssh, &[]).lacks("still names a key");
    let _ = toronto.sandbox.secrets(&toronto.laptop).args(add).identity("alice").at(CALM).run();
    let named = format!("1 file sealed by sops still names a key of carol: {SOPS}");
    let _ = remove(&age, &["--accept-key", &ssh]).says(&named);
}
