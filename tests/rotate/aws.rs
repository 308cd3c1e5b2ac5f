//! Access keys of AWS IAM, at servers that are unwell, and in cases that moto (`aws_at_moto.rs`) does not know.

use std::path::PathBuf;

use secrets::domain::rotator::{AwsCredentials, AwsIamAccessKey, KeyFormat, Rotator, RotatorKind};
use secrets::domain::value::Value;
use secrets::rotate::{self, Outside, Provider, RotateError, Trial};
use secrets::system::environment::Environment;

use super::entra::{error_of, handle, marker, outside, value};
use super::server::{Answer, Request, Server, answer};

const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NEW_ID: &str = "AKIAI44QH8DHBEXAMPLE";
const NEW_SECRET: &str = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY";
const BACKUP: &str = "arn:aws:iam::123456789012:user/jobs/backup";

pub fn key(id: &str, secret: &str) -> String {
    format!(r#"{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"{secret}"}}"#)
}

pub fn settings(url: &str, user: &str, credentials: AwsCredentials<Value>) -> AwsIamAccessKey<Value> {
    AwsIamAccessKey {
        user: user.parse().unwrap(),
        credentials,
        format: KeyFormat::Json,
        region: "us-east-1".to_owned(),
        iam: url.to_owned(),
        sts: url.to_owned(),
    }
}

pub fn with<T>(
    settings: AwsIamAccessKey<Value>,
    outside: &Outside,
    act: impl FnOnce(&dyn Provider) -> T,
) -> Result<T, RotateError> {
    let rotator = Rotator { kind: RotatorKind::AwsIamAccessKey(settings), lifetime: None };
    let provider = rotate::provider(&rotator, outside)?.unwrap();
    Ok(act(provider.as_ref()))
}

/// Asked with the usual key, about `backup`.
fn at<T>(server: &Server, act: impl FnOnce(&dyn Provider) -> T) -> T {
    let given = AwsCredentials::Given(value(&key(ID, SECRET)));
    with(settings(&server.url(), "backup", given), &outside(None), act).unwrap()
}

fn field(request: &Request, name: &str) -> Option<String> {
    let body = String::from_utf8(request.body.clone()).unwrap();
    let mut fields = body.split('&').filter_map(|field| field.split_once('='));
    fields.find(|(found, _)| *found == name).map(|(_, text)| text.replace("%3D", "="))
}

fn action(request: &Request) -> String {
    assert!(request.line.starts_with("POST / HTTP/1.1"), "{}", request.line);
    field(request, "Action").unwrap()
}

fn actions(server: &Server) -> Vec<String> {
    server.requests().iter().map(action).collect()
}

fn done(action: &str, result: &str) -> Answer {
    answer(
        "200 OK",
        "Content-Type: text/xml\r\n",
        &format!(
            "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  <{action}Result>{result}</{action}Result>\n  \
             <ResponseMetadata><RequestId>7a62c49f</RequestId></ResponseMetadata>\n</{action}Response>\n"
        ),
    )
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    answer(
        &format!("{status} No"),
        "",
        &format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        ),
    )
}

fn member(id: &str, status: &str) -> String {
    format!(
        "<member><UserName>backup</UserName><AccessKeyId>{id}</AccessKeyId><Status>{status}</Status>\
         <CreateDate>2026-02-01T09:30:00Z</CreateDate></member>"
    )
}

fn listed(members: &str) -> Answer {
    done(
        "ListAccessKeys",
        &format!("<AccessKeyMetadata>{members}</AccessKeyMetadata><IsTruncated>false</IsTruncated>"),
    )
}

fn used(last: &str) -> Answer {
    done(
        "GetAccessKeyLastUsed",
        &format!("<UserName>backup</UserName><AccessKeyLastUsed>{last}</AccessKeyLastUsed>"),
    )
}

fn never_used() -> Answer {
    used("<Region>N/A</Region><ServiceName>N/A</ServiceName>")
}

fn made(secret: &str) -> Answer {
    done(
        "CreateAccessKey",
        &format!(
            "<AccessKey><UserName>backup</UserName><AccessKeyId>{NEW_ID}</AccessKeyId><Status>Active</Status>\
             <SecretAccessKey>{secret}</SecretAccessKey></AccessKey>"
        ),
    )
}

fn caller(arn: &str) -> Answer {
    done(
        "GetCallerIdentity",
        &format!("<Arn>{arn}</Arn><UserId>AIDA</UserId><Account>123456789012</Account>"),
    )
}

#[test]
fn what_was_not_heard_is_asked_again_but_a_key_is_made_once() {
    let server = Server::start(|number, request| match (number, action(request).as_str()) {
        (0, _) => answer("500 Internal Server Error", "", "busy"),
        (1, _) => refused(400, "Throttling", "Rate exceeded"),
        (_, "ListAccessKeys") => listed(&member(ID, "Active")),
        (_, "GetAccessKeyLastUsed") => never_used(),
        _ => answer("503 Service Unavailable", "", "busy"),
    });
    at(&server, |aws| {
        assert_eq!(aws.list().unwrap().len(), 1);
        let error = error_of(aws.mint(marker(1), None, None).map(|_| ()), &[SECRET]);
        assert!(error.contains("answered 503: busy"), "{error}");
    });
    let list = "ListAccessKeys";
    assert_eq!(actions(&server), [list, list, list, "GetAccessKeyLastUsed", "CreateAccessKey"]);

    let server = Server::start(|_, _| refused(400, "Throttling", "Rate exceeded"));
    let error = at(&server, |aws| error_of(aws.mint(marker(1), None, None).map(|_| ()), &[]));
    assert!(error.contains("run it again in a while"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_new_key_is_read_only_where_nothing_is_left_to_guess() {
    let good = |secret: &str| match made(secret) {
        Answer::Bytes(bytes) => {
            String::from_utf8(bytes).unwrap().split_once("\r\n\r\n").unwrap().1.to_owned()
        }
        Answer::Hang | Answer::Endless | Answer::Repeated(..) | Answer::Stalled(_) | Answer::Then(..) => {
            panic!("no text")
        }
    };
    let split = |at: &str| good(&NEW_SECRET.replace('/', at));
    let twice = format!("{NEW_SECRET}</SecretAccessKey><SecretAccessKey>{NEW_SECRET}");
    let entities = format!("<!DOCTYPE x [<!ENTITY s \"{NEW_SECRET}\">]>{}", good("&s;"));
    for (body, is_good) in [
        (good(NEW_SECRET), true),
        (good(NEW_SECRET).replace("CreateAccessKey", "ListAccessKeys"), false),
        (good(NEW_SECRET).replace(NEW_ID, "AKIA; rm -r /"), false),
        (good(NEW_SECRET).replace("SecretAccessKey", "Secret"), false),
        (good(NEW_SECRET).replace("</CreateAccessKeyResponse>", ""), false),
        (good(""), false),
        (good(&twice), false),
        (good("with space"), false),
        (split("<!-- -->"), false),
        (split("&#47;"), false),
        (split("<b>/</b>"), false),
        (entities, false),
        (key(NEW_ID, NEW_SECRET), false),
        (String::new(), false),
    ] {
        let text = body.clone();
        let server = Server::start(move |_, _| answer("200 OK", "", &text));
        let made = at(&server, |aws| aws.mint(marker(1), None, None));
        if is_good {
            let made = made.unwrap();
            assert_eq!(made.value.expose(), key(NEW_ID, NEW_SECRET).as_bytes());
            assert_eq!((made.handle, made.expires), (Some(handle(NEW_ID)), None));
        } else {
            let error = error_of(made.map(|_| ()), &[NEW_SECRET, SECRET]);
            assert!(error.contains("answered what can't be understood"), "{body}: {error}");
        }
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn an_answer_that_never_ends_is_cut_off_and_a_redirect_is_not_followed() {
    let server = Server::start(|_, _| Answer::Endless);
    let error = at(&server, |aws| error_of(aws.list(), &[SECRET]));
    assert!(error.contains("answered what can't be understood"), "{error}");

    let elsewhere = Server::start(|_, _| listed(""));
    let location = format!("Location: {}/\r\n", elsewhere.url());
    let server = Server::start(move |_, _| answer("307 Temporary Redirect", &location, ""));
    let error = at(&server, |aws| error_of(aws.list(), &[SECRET]));
    assert!(error.contains("leads elsewhere"), "{error}");
    assert_eq!((server.requests().len(), elsewhere.requests().len()), (1, 0));
}

#[test]
fn a_refusal_is_told_with_what_can_be_done_and_without_what_it_repeats() {
    for (status, code, message, expected) in [
        (
            404,
            "NoSuchEntity",
            "The user with name backup cannot be found.",
            "cannot be found; look at `user`",
        ),
        (403, "AccessDenied", "User: x is not authorized to perform: iam:ListAccessKeys", "; allow it to"),
        (403, "InvalidClientTokenId", "The security token is invalid.", "look at `credentials`"),
        (403, "SignatureDoesNotMatch", "The request signature we calculated", "look at `credentials`"),
        (
            403,
            "ExpiredToken",
            "The security token included in the request is expired",
            "look at `credentials`",
        ),
        (403, "SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier", "set the clock"),
        (400, "RequestExpired", "Request has expired.", "set the clock"),
        (403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region.", "look at `region`"),
        (
            400,
            "ValidationError",
            "1 validation error",
            "400: ValidationError: 1 validation error; look at the",
        ),
        (
            403,
            "InvalidClientTokenId",
            "canonical: wJalrXUtnFEMI/K7MDENG",
            "repeats a credential, and is left out",
        ),
    ] {
        let server = Server::start(move |_, _| refused(status, code, message));
        let error = at(&server, |aws| error_of(aws.list(), &[SECRET]));
        assert!(error.starts_with("aws-iam-access-key: http://127.0.0.1"), "{error}");
        assert!(error.contains(expected) && !error.contains(".;"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::start(|_, _| answer("403 Forbidden", "", "<html>a proxy says no</html>"));
    let error = at(&server, |aws| error_of(aws.list(), &[SECRET]));
    assert!(error.contains("answered ListAccessKeys with 403: <html>a proxy says no</html>"), "{error}");
}

#[test]
fn a_list_is_read_to_its_end() {
    let page = |id: &str, marker: &str| {
        let members = member(id, "Active");
        let more = format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>");
        done("ListAccessKeys", &format!("<AccessKeyMetadata>{members}</AccessKeyMetadata>{more}"))
    };
    let server = Server::start(move |_, request| {
        match (action(request).as_str(), field(request, "Marker")) {
            ("ListAccessKeys", None) => page(ID, "b2Zmc2V0=="),
            ("ListAccessKeys", Some(marker)) if marker == "b2Zmc2V0==" => listed(&member(NEW_ID, "Inactive")),
            ("GetAccessKeyLastUsed", _) if field(request, "AccessKeyId").unwrap() == ID => used(
                "<Region>us-west-2</Region><LastUsedDate>2026-02-03T10:00:00Z</LastUsedDate><ServiceName>s3</ServiceName>",
            ),
            ("GetAccessKeyLastUsed", _) => never_used(),
            other => panic!("{other:?}"),
        }
    });
    at(&server, |aws| {
        let listed = aws.list().unwrap();
        let told: Vec<_> = listed.iter().map(|one| (one.handle.as_str(), one.was_used)).collect();
        assert_eq!(told, [(ID, Some(true)), (NEW_ID, Some(false))]);
        assert_eq!(listed[0].made_at.unwrap().to_string(), "2026-02-01T09:30:00Z");
        let identified = aws.identify(&value(&key(NEW_ID, SECRET)), &listed).unwrap();
        assert_eq!(identified, Some(handle(NEW_ID)));
        for unknown in [key("AKIA0000000000000000", SECRET), "hunter2".to_owned()] {
            assert_eq!(aws.identify(&value(&unknown), &listed).unwrap(), None);
        }
    });

    let server = Server::start(move |_, _| page(ID, "round-and-round"));
    let error = at(&server, |aws| error_of(aws.list(), &[SECRET]));
    assert!(error.contains("answered what can't be understood"), "{error}");
    assert_eq!(server.requests().len(), 2);

    for last in ["<ServiceName>s3</ServiceName>", "<LastUsedDate>yesterday</LastUsedDate>"] {
        let server = Server::start(move |_, request| match action(request).as_str() {
            "ListAccessKeys" => listed(&member(ID, "Active")),
            _ => used(last),
        });
        let error = at(&server, |aws| error_of(aws.list(), &[SECRET]));
        assert!(error.contains("answered what can't be understood"), "{last}: {error}");
    }
}

#[test]
fn where_there_is_no_room_a_person_is_told_what_stands_there() {
    let server = Server::start(|_, request| match action(request).as_str() {
        "CreateAccessKey" => refused(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"),
        "ListAccessKeys" => listed(&[member(ID, "Active"), member(NEW_ID, "Inactive")].concat()),
        "GetAccessKeyLastUsed" if field(request, "AccessKeyId").unwrap() == NEW_ID => {
            used("<LastUsedDate>2026-02-03T10:00:00Z</LastUsedDate><ServiceName>s3</ServiceName>")
        }
        "GetAccessKeyLastUsed" => never_used(),
        other => panic!("{other}"),
    });
    let current = value(&key(ID, SECRET));
    let error = at(&server, |aws| error_of(aws.mint(marker(1), Some(&current), None).map(|_| ()), &[SECRET]));
    assert_eq!(
        error,
        "aws-iam-access-key: backup has as many access keys as AWS allows: \
         AKIAIOSFODNN7EXAMPLE (active, made 2026-02-01, never used) is the value that stands and \
         AKIAI44QH8DHBEXAMPLE (inactive, made 2026-02-01, last used 2026-02-03 for s3) is not the value that stands; \
         if nobody uses the other one, remove it: \
         aws iam delete-access-key --user-name backup --access-key-id AKIAI44QH8DHBEXAMPLE"
    );
    // Where it can't be told which one stands, both are shown.
    let error = at(&server, |aws| error_of(aws.mint(marker(1), None, None).map(|_| ()), &[SECRET]));
    assert!(
        error.contains("if nobody uses one of them") && error.matches("delete-access-key").count() == 2,
        "{error}"
    );
    assert!(!actions(&server).iter().any(|action| action.contains("Delete") || action.contains("Update")));
}

#[test]
fn one_is_taken_out_of_use_before_it_is_deleted() {
    let server = Server::start(|_, request| {
        let action = action(request);
        let body = format!("<{action}Response><ResponseMetadata/></{action}Response>");
        answer("200 OK", "", &body)
    });
    at(&server, |aws| aws.revoke(&handle(NEW_ID))).unwrap();
    let requests = server.requests();
    let told: Vec<_> = requests.iter().map(|request| (action(request), field(request, "Status"))).collect();
    let inactive = Some("Inactive".to_owned());
    assert_eq!(told, [("UpdateAccessKey".to_owned(), inactive), ("DeleteAccessKey".to_owned(), None)]);
    assert!(requests.iter().all(|request| {
        field(request, "AccessKeyId").unwrap() == NEW_ID && field(request, "UserName").unwrap() == "backup"
    }));

    let error = at(&server, |aws| error_of(aws.revoke(&handle(ID)), &[SECRET]));
    assert!(error.contains("is the very key that AWS is asked with"), "{error}");
    assert_eq!(server.requests().len(), 2);

    // An answer to something else is no sign that it is gone.
    let server = Server::start(|_, _| listed(""));
    let error = at(&server, |aws| error_of(aws.revoke(&handle(NEW_ID)), &[SECRET]));
    assert!(error.contains("answered what can't be understood"), "{error}");
    assert_eq!(actions(&server), ["UpdateAccessKey"]);
}

#[test]
fn what_is_not_there_is_gone_unless_somebody_else_has_it() {
    let asking = |last: fn() -> Answer| {
        Server::start(move |_, request| match action(request).as_str() {
            "GetAccessKeyLastUsed" => last(),
            _ => refused(404, "NoSuchEntity", "The Access Key with id X cannot be found."),
        })
    };
    for last in [
        || refused(404, "NoSuchEntity", "The Access Key with id X cannot be found."),
        || {
            refused(
                403,
                "AccessDenied",
                "not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key X",
            )
        },
    ] {
        let server = asking(last);
        at(&server, |aws| aws.revoke(&handle(NEW_ID))).unwrap();
        assert_eq!(actions(&server), ["UpdateAccessKey", "GetAccessKeyLastUsed"]);
    }
    let server = asking(never_used);
    let error = at(&server, |aws| error_of(aws.revoke(&handle(NEW_ID)), &[SECRET]));
    assert!(error.contains("AKIAI44QH8DHBEXAMPLE belongs to backup"), "{error}");
    let server = asking(|| refused(400, "ValidationError", "no"));
    assert!(at(&server, |aws| aws.revoke(&handle(NEW_ID))).is_err());
}

/// What becomes of a trial, where the key that makes keys is of account 123456789012.
fn trial(user: &str, asked: impl Fn() -> Answer + Send + Sync + 'static) -> Result<Trial, RotateError> {
    let server = Server::start(move |_, request| {
        assert_eq!(action(request), "GetCallerIdentity");
        let is_new = request.header("authorization").unwrap().contains(NEW_ID);
        if is_new { asked() } else { caller("arn:aws:sts::123456789012:assumed-role/rotator/session") }
    });
    let given = AwsCredentials::Given(value(&key(ID, SECRET)));
    let new = value(&key(NEW_ID, NEW_SECRET));
    with(settings(&server.url(), user, given), &outside(None), |aws| aws.verify(&new)).unwrap()
}

#[test]
fn a_key_works_only_where_it_is_of_the_user_it_is_meant_for() {
    for (user, arn, is_it) in [
        ("backup", BACKUP, true),
        ("Backup", BACKUP, true),
        (BACKUP, "arn:aws:iam::123456789012:user/backup", true),
        ("backup", "arn:aws:iam::123456789012:user/backup2", false),
        ("backup", "arn:aws:iam::123456789012:user/backup/other", false),
        ("backup", "arn:aws:iam::999999999999:user/jobs/backup", false),
        ("backup", "arn:aws-cn:iam::123456789012:user/backup", false),
        ("arn:aws:iam::999999999999:user/backup", BACKUP, false),
        ("backup", "arn:aws:iam::123456789012:root", false),
        ("backup", "arn:aws:sts::123456789012:assumed-role/backup/backup", false),
    ] {
        match trial(user, || caller(arn)).unwrap() {
            Trial::Passed => assert!(is_it, "{user} {arn}"),
            Trial::Refused(why) => {
                let is_told = why.contains(&format!("belongs to {arn}, and not to backup of account "));
                assert!(!is_it && is_told, "{user} {arn}: {why}");
            }
            Trial::CannotTell => panic!("it can be told"),
        }
    }
}

#[test]
fn a_key_that_is_not_taken_is_refused_and_one_that_could_not_be_tried_is_not() {
    for code in ["InvalidClientTokenId", "SignatureDoesNotMatch"] {
        let Trial::Refused(why) = trial("backup", move || refused(403, code, "No such token.")).unwrap()
        else {
            panic!("it was taken")
        };
        assert!(
            why.contains(&format!("answered GetCallerIdentity with 403: {code}: No such token")),
            "{why}"
        );
    }
    for (code, message, why) in [
        ("SignatureDoesNotMatch", "Signature not yet current: 2027", "set the clock"),
        ("SignatureDoesNotMatch", "Credential should be scoped to a valid region.", "look at `region`"),
        ("RegionDisabledException", "STS is not activated in this region", "look at the settings"),
    ] {
        let error = error_of(trial("backup", move || refused(403, code, message)), &[SECRET, NEW_SECRET]);
        assert!(error.contains(why), "{error}");
    }
    let error =
        error_of(trial("backup", || done("GetCallerIdentity", "<Account>1</Account>")), &[NEW_SECRET]);
    assert!(error.contains("answered what can't be understood"), "{error}");

    let server = Server::start(|_, _| panic!("nothing is asked"));
    let trial = at(&server, |aws| aws.verify(&value("hunter2hunter2"))).unwrap();
    let Trial::Refused(why) = trial else { panic!("{trial:?}") };
    assert!(why.contains("the value is no access key") && !why.contains("hunter2"), "{why}");
}

#[test]
fn a_user_of_another_account_is_not_touched() {
    let server = Server::start(|_, request| match action(request).as_str() {
        "GetCallerIdentity" => caller("arn:aws:iam::123456789012:user/keeper"),
        other => panic!("{other}"),
    });
    let given = AwsCredentials::Given(value(&key(ID, SECRET)));
    let settings = settings(&server.url(), "arn:aws:iam::999999999999:user/backup", given);
    let acts = |aws: &dyn Provider| {
        [aws.list().map(|_| ()), aws.mint(marker(1), None, None).map(|_| ()), aws.revoke(&handle(NEW_ID))]
    };
    for result in with(settings, &outside(None), acts).unwrap() {
        let error = error_of(result, &[SECRET]);
        assert!(
            error.contains(
                "`credentials` are of account 123456789012, and `user` is backup of account 999999999999"
            ),
            "{error}"
        );
    }
}

#[test]
fn what_is_sent_is_signed_and_holds_no_secret() {
    let server = Server::start(|_, _| listed(""));
    let credentials = format!(
        "AWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={SECRET}\nAWS_SESSION_TOKEN=FwoGZXIvYXdzEBY=\n"
    );
    let given = AwsCredentials::Given(value(&credentials));
    let settings =
        AwsIamAccessKey { region: "cn-north-1".to_owned(), ..settings(&server.url(), "a+b@c", given) };
    with(settings, &outside(None), |aws| assert_eq!(aws.list().unwrap(), [])).unwrap();
    let request = server.requests().pop().unwrap();
    assert_eq!(
        String::from_utf8(request.body.clone()).unwrap(),
        "Action=ListAccessKeys&Version=2010-05-08&UserName=a%2Bb%40c"
    );
    let authorization = request.header("authorization").unwrap();
    let date = &request.header("x-amz-date").unwrap()[..8];
    let begin = format!(
        "AWS4-HMAC-SHA256 Credential={ID}/{date}/cn-north-1/iam/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
    );
    assert!(authorization.starts_with(&begin), "{authorization}");
    assert_eq!(request.header("x-amz-security-token"), Some("FwoGZXIvYXdzEBY="));
    assert!(!format!("{request:?}").contains(SECRET));
}

#[test]
fn without_a_key_nothing_is_asked() {
    let of = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, text)| (name.into(), text.into()));
        let outside =
            Outside { environment: Environment::new(variables, PathBuf::from("/")), ..outside(None) };
        let settings = settings("http://127.0.0.1:1", "backup", AwsCredentials::Environment);
        error_of(with(settings, &outside, |_| ()), &[SECRET])
    };
    let (id, secret) = (("AWS_ACCESS_KEY_ID", ID), ("AWS_SECRET_ACCESS_KEY", SECRET));
    for (variables, why) in [
        (&[][..], "AWS_ACCESS_KEY_ID: is not set"),
        (&[id], "AWS_SECRET_ACCESS_KEY: is not set"),
        (&[("AWS_ACCESS_KEY_ID", "AKIA"), secret], "AWS_ACCESS_KEY_ID: is no id"),
        (&[id, ("AWS_SECRET_ACCESS_KEY", "a b")], "AWS_ACCESS_KEY_ID: is no id"),
    ] {
        let error = of(variables);
        assert!(error.contains(why), "{error}");
    }
    let given = AwsCredentials::Given(value("geheimgeheim"));
    let error =
        error_of(with(settings("http://127.0.0.1:1", "backup", given), &outside(None), |_| ()), &["geheim"]);
    assert!(error.starts_with("credentials: is no access key"), "{error}");
}
