//! What a record may say of a probe.

use super::*;
use crate::domain::json::UniqueMap;

fn parse(kind: &str, settings: &[&str]) -> Result<Probe, String> {
    let mut with = UniqueMap::default();
    for setting in settings {
        let (name, value) = setting.split_once('=').unwrap();
        with.insert(name.to_owned(), value.to_owned());
    }
    Probe::parse(&Runner { kind: kind.to_owned(), with }).map_err(|error| error.to_string())
}

const URL: &str = "url=https://api.example.org/health";

fn http_of(settings: &[&str]) -> Http {
    match parse("http", &[&[URL], settings].concat()) {
        Ok(Probe::Http(http)) => http,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_said_has_a_default() {
    let expected = OAuth2 {
        token_url: "https://login.example.org/token".to_owned(),
        client_id: "web".to_owned(),
        scope: None,
        in_body: false,
    };
    let settings = ["token-url=https://login.example.org/token", "client-id=web"];
    assert_eq!(parse("oauth2-client-credentials", &settings), Ok(Probe::OAuth2(expected)));
    let expected = Http {
        url: "https://api.example.org/health".to_owned(),
        method: HttpMethod::Get,
        carries: Carried::Header { name: "Authorization".to_owned(), prefix: "Bearer ".to_owned() },
        statuses: vec![200],
    };
    assert_eq!(http_of(&[]), expected);
    let (host, server_name) = ("www.example.org".to_owned(), "www.example.org".to_owned());
    assert_eq!(parse("tls", &["host=www.example.org"]), Ok(Probe::Tls(Tls { host, port: 443, server_name })));
    let command = vec!["./probe.sh".to_owned(), "x".to_owned()];
    assert_eq!(parse("exec", &[r#"command=["./probe.sh", "x"]"#]), Ok(Probe::Exec { command }));
}

#[test]
fn a_header_of_another_name_has_no_scheme() {
    let header =
        |name: &str, prefix: &str| Carried::Header { name: name.to_owned(), prefix: prefix.to_owned() };
    for (settings, carries) in [
        (&["header=X-Api-Key"][..], header("X-Api-Key", "")),
        (&["header=authorization"], header("authorization", "Bearer ")),
        (&["prefix=Token "], header("Authorization", "Token ")),
        (&["prefix="], header("Authorization", "")),
        (&["header=X-Api-Key", "prefix=k "], header("X-Api-Key", "k ")),
        (&["user=robot"], Carried::Basic { user: "robot".to_owned() }),
    ] {
        assert_eq!(http_of(settings).carries, carries, "{settings:?}");
    }
    assert_eq!(http_of(&["status=204, 302"]).statuses, [204, 302]);
}

#[test]
fn a_method_is_shown_as_it_is_read() {
    for (method, word) in [(HttpMethod::Get, "GET"), (HttpMethod::Head, "HEAD"), (HttpMethod::Post, "POST")] {
        assert_eq!(method.to_string(), word);
        assert_eq!(http_of(&[&format!("method={word}")]).method, method);
    }
}

#[test]
fn what_is_not_understood_is_said() {
    for (kind, settings, why) in [
        ("smtp", &[][..], "oauth2-client-credentials, http, tls, exec"),
        ("http", &[], "`url` is missing"),
        ("http", &["url=http://api.example.org/"], "`url`: would be called in clear"),
        (
            "http",
            &[URL, "statuses=200"],
            "`statuses` is no setting of it; it knows header, method, prefix, status",
        ),
        ("http", &[URL, "status=20"], "`status`: write a status of 200 to 599"),
        ("http", &[URL, "status=200,"], "`status`: write a status"),
        ("http", &[URL, "status="], "`status` is empty"),
        ("http", &[URL, "method=get"], "`method`: write GET, HEAD or POST"),
        ("http", &[URL, "header=X Api"], "`header`: no name"),
        ("http", &[URL, "prefix=a\nb"], "`prefix` is longer than 4096 bytes, or holds control"),
        ("http", &[URL, "user=a", "prefix=b"], "either `user`, or `header`"),
        ("http", &[URL, "user=a:b"], "`user`: no name"),
        ("tls", &[], "`host` is missing"),
        ("tls", &["host=https://h"], "`host`: is no name or address"),
        ("tls", &["host=h", "server-name=a b"], "`server-name`: is no name"),
        ("tls", &["host=h", "port=0"], "`port`: is 1 to 65535"),
        ("tls", &["host=h", "port=65536"], "`port`: "),
        ("oauth2-client-credentials", &["token-url=https://h/"], "`client-id` is missing"),
        ("oauth2-client-credentials", &["token-url=https://h/", "client-id=c", "in-body=yes"], "`in-body`: "),
        ("exec", &["command=./probe.sh"], "`command` is no list"),
        ("exec", &["command=[]"], "`command` is no list"),
    ] {
        let error = parse(kind, settings).unwrap_err();
        assert!(
            error.starts_with(&format!("probe {kind}: ")) && error.contains(why),
            "{settings:?}: {error}"
        );
    }
}
