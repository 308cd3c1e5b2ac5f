//! The stand-ins themselves: each refuses what the contract does not have, and says so, so what it lets pass has been looked at.

use std::sync::{Arc, Mutex};

use super::aws_standin::{self, FIRST_ID, KEEPER_ID};
use super::entra::{marker, with_app};
use super::entra_standin::{APP, APP_KEY, CLIENT, CLIENT_SECRET, Call, Standin};
use super::gitlab_standin;
use super::standin::{Moment, ask};

#[test]
fn the_one_for_entra_is_strict() {
    let standin = Standin::start();
    let address = standin.url().replace("http://", "");
    let status = |method: &str, path: &str, headers: &str, body: &str| {
        ask(&standin.url(), method, path, headers, body)
    };
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let token_path = "/campus.example.org/oauth2/v2.0/token";
    let good = format!(
        "client_id={CLIENT}&scope=http%3A%2F%2F{address}%2F.default&client_secret={CLIENT_SECRET}&grant_type=client_credentials"
    );
    assert_eq!(status("GET", token_path, form, &good).0, 404);
    assert_eq!(status("POST", token_path, "Content-Type: text/plain\r\n", &good).0, 400);
    assert_eq!(status("POST", token_path, form, &format!("{good}&resource=x")).0, 400);
    assert_eq!(status("POST", token_path, form, &good.replace("client_credentials", "password")).0, 400);
    let (granted, answer) = status("POST", token_path, form, &good);
    assert_eq!(granted, 200);
    let token = answer.split("\"access_token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let json = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let app = format!("/v1.0/applications(appId='{APP}')");
    for (method, path, headers, body, expected) in [
        ("POST", "/addPassword", json.as_str(), "{}", 400),
        ("POST", "/addPassword", &json, r#"{"passwordCredential":{"secretText":"mine"}}"#, 400),
        (
            "POST",
            "/addPassword",
            &json,
            r#"{"passwordCredential":{"endDateTime":"2027-08-23T00:00:00Z"}}"#,
            400,
        ),
        ("POST", "/addPassword", &json, r#"{"passwordCredential":{"displayName":"x"},"x":1}"#, 400),
        ("POST", "/addPassword", "Content-Type: application/json\r\n", r#"{"passwordCredential":{}}"#, 401),
        ("POST", "/removePassword", &json, r#"{"key":"x"}"#, 400),
        ("PUT", "/removePassword", &json, r#"{"keyId":"x"}"#, 405),
        ("GET", "", &format!("Authorization: Bearer {token}\r\n"), "", 405),
    ] {
        let before = standin.wrong().len();
        assert_eq!(
            status(method, &format!("{app}{path}"), headers, body).0,
            expected,
            "{method} {path} {body}"
        );
        assert_eq!(standin.wrong().len(), before + 1, "{method} {path} {body}");
    }
    assert_eq!(standin.key_ids(APP), [APP_KEY]);
}

#[test]
fn the_hook_sees_every_request_before_and_after() {
    let standin = Standin::start();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    standin.hook(move |call, moment| kept.lock().unwrap().push((call, moment)));
    with_app(&standin, |entra| entra.mint(marker(1), None, None)).unwrap();
    let (received, done) = (Moment::Received, Moment::Done);
    assert_eq!(
        *seen.lock().unwrap(),
        [(Call::LogIn, received), (Call::LogIn, done), (Call::Add, received), (Call::Add, done)]
    );
}

#[test]
fn the_one_for_gitlab_is_strict() {
    let standin = gitlab_standin::Standin::start();
    let tokens = "/api/v4/projects/infra%2Fweb/access_tokens";
    let admin = format!("PRIVATE-TOKEN: {}\r\n", gitlab_standin::ADMIN);
    let json = format!("{admin}Content-Type: application/json\r\n");
    let good = r#"{"name":"x","scopes":["api"],"access_level":30,"expires_at":"2028-01-01"}"#;
    for (method, path, headers, body, status, is_against) in [
        ("GET", format!("{tokens}?state=active&per_page=100&page=1"), &admin, String::new(), 200, false),
        ("GET", format!("{tokens}?state=active&per_page=101&page=1"), &admin, String::new(), 400, true),
        ("GET", tokens.to_owned(), &admin, String::new(), 400, true),
        ("GET", format!("{tokens}/42?x"), &admin, String::new(), 400, true),
        ("GET", tokens.replace("%2F", "/"), &admin, String::new(), 400, true),
        ("PUT", format!("{tokens}/42"), &admin, String::new(), 400, true),
        ("POST", tokens.to_owned(), &admin, good.to_owned(), 400, true),
        ("POST", format!("{tokens}/42/rotate"), &json, "{}".to_owned(), 400, true),
        ("POST", tokens.to_owned(), &json, good.replace("\"name\"", "\"title\""), 400, true),
        ("POST", tokens.to_owned(), &json, good.replace("2028-01-01", "1.1.2028"), 400, true),
        ("POST", tokens.to_owned(), &json, good.to_owned(), 201, false),
        (
            "GET",
            format!("{tokens}?state=active&per_page=1&page=1"),
            &String::new(),
            String::new(),
            401,
            false,
        ),
    ] {
        let before = standin.wrong().len();
        let (answered, _) = ask(&standin.url(), method, &path, headers, &body);
        assert_eq!(answered, status, "{method} {path} {body}");
        assert_eq!(standin.wrong().len() > before, is_against, "{method} {path} {body}");
    }
    assert_eq!(standin.active().len(), 2);
}

#[test]
fn the_one_for_aws_is_strict() {
    let standin = aws_standin::Standin::start();
    let (iam, sts) = ("iam", "sts");
    let signed = |id: &str, service: &str| {
        format!(
            "Content-Type: application/x-www-form-urlencoded\r\nX-Amz-Date: 20270824T000000Z\r\nAuthorization: \
             AWS4-HMAC-SHA256 Credential={id}/20270824/us-east-1/{service}/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature={}\r\n",
            "0a".repeat(32)
        )
    };
    let as_keeper = signed(KEEPER_ID, iam);
    let unsigned = "Content-Type: application/x-www-form-urlencoded\r\n".to_owned();
    let list = "Action=ListAccessKeys&Version=2010-05-08&UserName=backup";
    let create = "Action=CreateAccessKey&Version=2010-05-08&UserName=backup";
    let who = "Action=GetCallerIdentity&Version=2011-06-15";
    let of = |action: &str, id: &str, more: &str| {
        format!("Action={action}&Version=2010-05-08&UserName=backup&AccessKeyId={id}{more}")
    };
    let (update, delete) = ("UpdateAccessKey", "DeleteAccessKey");
    let used = "Action=GetAccessKeyLastUsed&Version=2010-05-08&AccessKeyId=";
    let (own, none) = (signed(FIRST_ID, sts), "AKIA0000000000000000");
    for (headers, body, status, code, is_against) in [
        (&as_keeper, list.to_owned(), 200, "<Status>Active</Status>", false),
        (&as_keeper, list.replace("2010", "2011"), 400, "InvalidAction", true),
        (&as_keeper, format!("{list}&MaxItems=x"), 400, "InvalidAction", true),
        (&as_keeper, list.replace("List", "Show"), 400, "InvalidAction", true),
        (&as_keeper, "Action=ListAccessKeys&Version=2010-05-08".to_owned(), 400, "InvalidAction", true),
        (&as_keeper.replace("x-www-form-urlencoded", "json"), list.to_owned(), 400, "MalformedInput", true),
        (&unsigned, list.to_owned(), 403, "MissingAuthenticationToken", true),
        (&signed(KEEPER_ID, sts), list.to_owned(), 403, "MissingAuthenticationToken", true),
        (
            &as_keeper.replace("20270824T", "20270825T"),
            list.to_owned(),
            403,
            "MissingAuthenticationToken",
            true,
        ),
        (&as_keeper.replace(";host", ""), list.to_owned(), 403, "MissingAuthenticationToken", true),
        (&signed(none, iam), list.to_owned(), 403, "InvalidClientTokenId", false),
        (&as_keeper, format!("{used}{FIRST_ID}"), 200, "<ServiceName>s3<", false),
        (&signed(FIRST_ID, iam), list.to_owned(), 403, "AccessDenied", false),
        (&as_keeper, list.replace("backup", "other"), 404, "NoSuchEntity", false),
        (&as_keeper, format!("{used}{none}"), 403, "AccessDenied", false),
        (&own, who.to_owned(), 200, "user/jobs/backup</Arn>", false),
        (&as_keeper, format!("{used}{FIRST_ID}"), 200, "<ServiceName>sts<", false),
        (&as_keeper, of(delete, none, ""), 404, "NoSuchEntity", false),
        (&as_keeper, of(delete, KEEPER_ID, ""), 404, "NoSuchEntity", false),
        (&as_keeper, of(update, FIRST_ID, "&Status=Gone"), 400, "ValidationError", true),
        (&as_keeper, create.to_owned(), 200, "<SecretAccessKey>", false),
        (&as_keeper, format!("{used}AKIANEWKEYNUMBER0001"), 200, "<ServiceName>N/A<", false),
        (&as_keeper, create.to_owned(), 409, "LimitExceeded", true),
        (&as_keeper, of(update, FIRST_ID, "&Status=Inactive"), 200, "UpdateAccessKeyResponse", false),
        (&own, who.to_owned(), 403, "InvalidClientTokenId", false),
        (&as_keeper, of(delete, FIRST_ID, ""), 200, "DeleteAccessKeyResponse", false),
    ] {
        let before = standin.wrong().len();
        let (answered, text) = ask(&standin.url(), "POST", "/", headers, &body);
        assert_eq!((answered, text.contains(code)), (status, true), "{body}: {text}");
        assert_eq!(standin.wrong().len() > before, is_against, "{body}");
    }
    assert_eq!(standin.keys(), [("AKIANEWKEYNUMBER0001".to_owned(), false)]);
    let (answered, _) = ask(&standin.url(), "GET", "/", &as_keeper, list);
    assert_eq!(answered, 400);
}
