//! Access keys of AWS IAM, made, tried and revoked at moto, which holds every signature against the key it is of. Its start
//! takes most of the time, so that one server serves all.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use secrets::domain::rotation::Listed;
use secrets::domain::rotator::{AwsCredentials, AwsIamAccessKey, KeyFormat};
use secrets::domain::value::Value;
use secrets::rotate::{Outside, Provider, Trial};
use secrets::system::environment::Environment;

use super::aws::{key, settings, with};
use super::common::{Sandbox, tools};
use super::entra::{error_of, handle, marker, outside, value};
use super::program::Program;
use super::server::{PATIENCE, ask};

const ACCOUNT: &str = "123456789012";
/// What docs/guides/rotation.md says that whoever makes keys must be allowed, and no more.
const ACTIONS: &str = r#"["iam:ListAccessKeys","iam:GetAccessKeyLastUsed","iam:CreateAccessKey","iam:UpdateAccessKey","iam:DeleteAccessKey"]"#;

/// The credentials of botocore, which the AWS CLI reads them with.
const BOTOCORE: &str = r#"
import os, sys
from botocore.session import Session

url, folder = sys.argv[1:]
with open(f"{folder}/config", "w") as config:
    config.write(f"[default]\ncredential_process = cat {folder}/json\n")

def arn():
    return Session().create_client("sts", endpoint_url=url, region_name="us-east-1").get_caller_identity()["Arn"]

os.environ["AWS_CONFIG_FILE"] = f"{folder}/config"
print("json", arn())
del os.environ["AWS_CONFIG_FILE"]
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = f"{folder}/ini"
print("ini", arn())
del os.environ["AWS_SHARED_CREDENTIALS_FILE"]
os.environ.update(line.split("=", 1) for line in open(f"{folder}/env").read().splitlines())
print("env", arn())
"#;

struct Moto {
    program: Program,
    /// Who makes keys.
    keeper: (String, String),
    /// Who may do nothing.
    nobody: (String, String),
}

impl Moto {
    /// With users who have no keys yet; from then on nothing is done that is not signed.
    fn start() -> Self {
        let program = Program::start(|port| {
            let mut command = python(&std::env::temp_dir());
            command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
            command
        });
        let address = program.address.clone();
        let unsigned = |form: &str| unsigned(&address, form);
        for user in
            ["keeper", "nobody", "backup", "other", "own", "form-json", "form-ini", "form-env", "rotated"]
        {
            unsigned(&format!("Action=CreateUser&UserName={user}"));
        }
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{ACTIONS},"Resource":"*"}}]}}"#
        );
        for user in ["keeper", "own"] {
            unsigned(&format!(
                "Action=PutUserPolicy&UserName={user}&PolicyName=keys&PolicyDocument={policy}"
            ));
        }
        let [keeper, nobody] = ["keeper", "nobody"].map(|user| {
            let answer = unsigned(&format!("Action=CreateAccessKey&UserName={user}"));
            (between(&answer, "<AccessKeyId>"), between(&answer, "<SecretAccessKey>"))
        });
        ask(&address, "POST", "/moto-api/reset-auth", "", "0");
        Self { program, keeper, nobody }
    }

    fn url(&self) -> String {
        format!("http://{}", self.program.address)
    }

    fn as_keeper<T>(&self, user: &str, act: impl FnOnce(&dyn Provider) -> T) -> T {
        self.asking(user, &key(&self.keeper.0, &self.keeper.1), act)
    }

    fn asking<T>(&self, user: &str, credentials: &str, act: impl FnOnce(&dyn Provider) -> T) -> T {
        let settings = settings(&self.url(), user, AwsCredentials::Given(value(credentials)));
        with(settings, &outside(None), act).unwrap()
    }
}

/// A Python that finds moto, and nothing of whoever runs the tests.
fn python(folder: &Path) -> Command {
    let mut command = Command::new(tools::python());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("PYTHONPATH", tools::moto()).current_dir(folder);
    command
}

/// Which service is meant moto reads in a signature, even where it looks at none.
fn unsigned(address: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let form = format!("{form}&Version=2010-05-08");
    write!(
        stream,
        "POST / HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0\r\n\
         \r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.lines().next().unwrap().contains(" 200 "), "{answer}");
    answer
}

fn between(text: &str, begin: &str) -> String {
    text.split_once(begin).unwrap().1.split_once("</").unwrap().0.to_owned()
}

fn ids(listed: &[Listed]) -> Vec<String> {
    listed.iter().map(|one| one.handle.to_string()).collect()
}

fn field(value: &Value, name: &str) -> String {
    let json: serde_json::Value = serde_json::from_slice(value.expose()).unwrap();
    json[name].as_str().unwrap().to_owned()
}

#[test]
fn access_keys_at_moto() {
    let moto = Moto::start();
    one_is_made_found_tried_and_revoked(&moto);
    what_is_of_others_is_neither_taken_nor_revoked(&moto);
    a_wrong_key_is_told(&moto);
    a_user_makes_a_key_of_its_own(&moto);
    every_form_is_what_botocore_reads(&moto);
    a_whole_rotation(&moto);
}

fn one_is_made_found_tried_and_revoked(moto: &Moto) {
    moto.as_keeper("backup", |aws| {
        assert!(!aws.takes_markers() && aws.has_register());
        assert_eq!(aws.list().unwrap(), []);
        let first = aws.mint(marker(1), None, None).unwrap();
        let first_handle = first.handle.clone().unwrap();
        assert_eq!(
            (field(&first.value, "AccessKeyId").as_str(), first.expires),
            (first_handle.as_str(), None)
        );
        let listed = aws.list().unwrap();
        assert_eq!((ids(&listed), listed[0].was_used), (vec![first_handle.to_string()], Some(false)));
        assert!(listed[0].made_at.is_some() && listed[0].marker.is_none());
        assert_eq!(aws.identify(&first.value, &listed).unwrap(), Some(first_handle.clone()));

        assert!(matches!(aws.verify(&first.value), Ok(Trial::Passed)));
        assert_eq!(aws.list().unwrap()[0].was_used, Some(true));

        let second = aws.mint(marker(2), Some(&first.value), None).unwrap();
        let second_handle = second.handle.clone().unwrap();
        let secrets = [&first, &second].map(|made| field(&made.value, "SecretAccessKey"));
        let error = error_of(
            aws.mint(marker(3), Some(&first.value), None).map(|_| ()),
            &secrets.each_ref().map(String::as_str),
        );
        for expected in [
            format!("{first_handle} (active, made "),
            format!("{second_handle} (active, made "),
            ", never used) is not the value that stands".to_owned(),
            "for sts) is the value that stands".to_owned(),
            format!("aws iam delete-access-key --user-name backup --access-key-id {second_handle}"),
        ] {
            assert!(error.contains(&expected), "{error}");
        }

        aws.revoke(&first_handle).unwrap();
        assert_eq!(ids(&aws.list().unwrap()), [second_handle.to_string()]);
        aws.revoke(&first_handle).unwrap();
        assert_eq!(ids(&aws.list().unwrap()), [second_handle.to_string()]);
        let Ok(Trial::Refused(why)) = aws.verify(&first.value) else { panic!("a deleted key was taken") };
        assert!(why.contains("InvalidClientTokenId"), "{why}");
        assert!(matches!(aws.verify(&second.value), Ok(Trial::Passed)));
    });
}

fn what_is_of_others_is_neither_taken_nor_revoked(moto: &Moto) {
    let others = moto.as_keeper("other", |aws| aws.mint(marker(1), None, None)).unwrap();
    let others_handle = others.handle.unwrap();
    moto.as_keeper("backup", |aws| {
        let Ok(Trial::Refused(why)) = aws.verify(&others.value) else {
            panic!("another user's key was taken")
        };
        assert_eq!(
            why,
            format!(
                "it belongs to arn:aws:iam::{ACCOUNT}:user/other, and not to backup of account {ACCOUNT}"
            )
        );
        let error = error_of(aws.revoke(&others_handle), &[]);
        assert!(error.contains(&format!("{others_handle} belongs to other, and not to backup")), "{error}");
        aws.revoke(&handle("AKIA0000000000000000")).unwrap();
    });
    let listed = moto.as_keeper("other", |aws| aws.list()).unwrap();
    assert_eq!(ids(&listed), [others_handle.to_string()]);

    let here = format!("arn:aws:iam::{ACCOUNT}:user/jobs/other");
    assert!(matches!(moto.as_keeper(&here, |aws| aws.verify(&others.value)), Ok(Trial::Passed)));
    assert_eq!(moto.as_keeper(&here, |aws| aws.list()).unwrap().len(), 1);
    let elsewhere = "arn:aws:iam::999999999999:user/other";
    let Ok(Trial::Refused(why)) = moto.as_keeper(elsewhere, |aws| aws.verify(&others.value)) else {
        panic!("a key of another account was taken")
    };
    assert!(why.ends_with("and not to other of account 999999999999"), "{why}");
}

fn a_wrong_key_is_told(moto: &Moto) {
    let (id, secret) = &moto.keeper;
    let wrong = secret.chars().rev().collect::<String>();
    let of = |user: &str, credentials: &str| {
        error_of(moto.asking(user, credentials, |aws| aws.list()), &[secret, &wrong, &moto.nobody.1])
    };
    for (user, credentials, code, remedy) in [
        ("backup", key(id, &wrong), "403: SignatureDoesNotMatch", "look at `credentials`"),
        ("backup", key("AKIA0000000000000000", secret), "403: InvalidClientTokenId", "look at `credentials`"),
        ("backup", key(&moto.nobody.0, &moto.nobody.1), "403: AccessDenied", "allow it to"),
        ("stranger", key(id, secret), "404: NoSuchEntity: The user with name stranger", "look at `user`"),
    ] {
        let error = of(user, &credentials);
        assert!(error.contains(code) && error.contains(remedy), "{error}");
    }
    let error = error_of(moto.as_keeper("stranger", |aws| aws.mint(marker(1), None, None)).map(|_| ()), &[]);
    assert!(error.contains("NoSuchEntity"), "{error}");
    moto.as_keeper("backup", |aws| {
        let Ok(Trial::Refused(why)) = aws.verify(&value(&key(id, &wrong))) else { panic!("it was taken") };
        assert!(why.contains("SignatureDoesNotMatch") && !why.contains(&wrong), "{why}");
    });
}

/// It is asked with the very secret that is rotated, taken from the environment at first.
fn a_user_makes_a_key_of_its_own(moto: &Moto) {
    let first = moto.as_keeper("own", |aws| aws.mint(marker(1), None, None)).unwrap();
    let variables = ["AccessKeyId", "SecretAccessKey"].map(|name| field(&first.value, name));
    let variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].into_iter().zip(variables);
    let variables = variables.map(|(name, text)| (name.into(), text.into()));
    let outside = Outside { environment: Environment::new(variables, PathBuf::from("/")), ..outside(None) };
    let of_environment = settings(&moto.url(), "own", AwsCredentials::Environment);
    let first_handle = first.handle.unwrap();
    let second = with(of_environment, &outside, |aws| {
        let second = aws.mint(marker(2), Some(&first.value), None).unwrap();
        assert!(matches!(aws.verify(&second.value), Ok(Trial::Passed)));
        let error = error_of(aws.revoke(&first_handle), &[]);
        assert!(error.contains("is the very key that AWS is asked with"), "{error}");
        second
    })
    .unwrap();
    let second_text = String::from_utf8(second.value.expose().to_vec()).unwrap();
    moto.asking("own", &second_text, |aws| {
        aws.revoke(&first_handle).unwrap();
        assert_eq!(ids(&aws.list().unwrap()), [second.handle.unwrap().to_string()]);
    });
}

fn every_form_is_what_botocore_reads(moto: &Moto) {
    let folder = tempfile::tempdir().unwrap();
    for (format, name) in [(KeyFormat::Json, "json"), (KeyFormat::Ini, "ini"), (KeyFormat::Env, "env")] {
        let given = AwsCredentials::Given(value(&key(&moto.keeper.0, &moto.keeper.1)));
        let settings = AwsIamAccessKey { format, ..settings(&moto.url(), &format!("form-{name}"), given) };
        let made = with(settings, &outside(None), |aws| {
            let made = aws.mint(marker(1), None, None).unwrap();
            assert!(matches!(aws.verify(&made.value), Ok(Trial::Passed)));
            assert_eq!(aws.identify(&made.value, &aws.list().unwrap()).unwrap(), made.handle);
            made
        });
        fs::write(folder.path().join(name), made.unwrap().value.expose()).unwrap();
    }
    let mut command = python(folder.path());
    let output = command.args(["-c", BOTOCORE, &moto.url()]).arg(folder.path()).output().unwrap();
    let expected =
        ["json", "ini", "env"].map(|form| format!("{form} arn:aws:iam::{ACCOUNT}:user/form-{form}\n"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected.concat(), "{errors}");
}

/// By the built binary, from the first to the last step.
fn a_whole_rotation(moto: &Moto) {
    let first = moto.as_keeper("rotated", |aws| aws.mint(marker(1), None, None)).unwrap();
    let first_handle = first.handle.unwrap().to_string();
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    let text = String::from_utf8(first.value.expose().to_vec()).unwrap();
    sandbox.add(&laptop, "web/prod/s3", "2026-03-20", &text);
    let url = moto.url();
    let run = |at: &str, arguments: &[&str]| {
        let run = sandbox.secrets(&laptop).args(arguments).identity("alice").at(at);
        run.env("AWS_ACCESS_KEY_ID", &moto.keeper.0).env("AWS_SECRET_ACCESS_KEY", &moto.keeper.1).run()
    };
    let (iam, sts) = (format!("iam={url}"), format!("sts={url}"));
    let rotator =
        ["rotator", "set", "web/prod/s3", "aws-iam-access-key", "user=rotated", "lifetime=90d", &iam, &sts];
    run("2026-03-01T12:00:00Z", &rotator).code(0);
    sandbox.push(&laptop);

    run("2026-03-01T12:00:00Z", &["rotate", "web/prod/s3", "--push"]).code(0).lacks(&moto.keeper.1);
    let listed = moto.as_keeper("rotated", |aws| aws.list()).unwrap();
    assert_eq!(listed.len(), 2);
    let value_now = || run("2026-03-01T12:00:00Z", &["get", "web/prod/s3"]).code(0).stdout;
    let second = Value::new(value_now());
    let second_handle = field(&second, "AccessKeyId");
    assert!(second_handle != first_handle && ids(&listed).contains(&second_handle));
    let record = fs::read_to_string(laptop.join("secrets/web/prod/s3.json")).unwrap();
    assert!(
        record.contains("2026-05-30") && !record.contains(&field(&second, "SecretAccessKey")),
        "{record}"
    );

    // The overlap is not over.
    run("2026-03-02T11:00:00Z", &["rotate", "web/prod/s3", "--push", "--retire"]).says("2026-03-02");
    assert_eq!(moto.as_keeper("rotated", |aws| aws.list()).unwrap().len(), 2);
    run("2026-03-02T13:00:00Z", &["rotate", "web/prod/s3", "--push", "--retire"]).code(0).says(&first_handle);
    let listed = moto.as_keeper("rotated", |aws| aws.list()).unwrap();
    assert_eq!(ids(&listed), [second_handle]);
    assert_eq!(value_now(), second.expose());
}
