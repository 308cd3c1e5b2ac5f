//! Client secrets of applications in Entra, against a stand-in (`entra_standin.rs`).

use std::path::PathBuf;
use std::time::Duration;

use secrets::domain::id::VersionId;
use secrets::domain::rotation::{Handle, Listed};
use secrets::domain::rotator::{EntraAppPassword, Rotator, RotatorKind};
use secrets::domain::time::Instant;
use secrets::domain::value::Value;
use secrets::rotate::{self, Outside, Provider, Trial};
use secrets::system::environment::Environment;
use secrets::web::Limits;

use super::entra_standin::{APP, APP_KEY, APP_SECRET, AT, CLIENT_SECRET, Call, FOREIGN, Standin};
use super::server::{Answer, Server, answer};
use super::standin::Fault;

pub fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).unwrap()
}

pub fn value(text: &str) -> Value {
    Value::new(text.as_bytes().to_vec())
}

pub fn marker(number: u128) -> VersionId {
    VersionId::from_parts(at(AT), number)
}

/// Long enough for whatever is not about time.
pub fn patient() -> Limits {
    let first_pause = Duration::from_millis(5);
    Limits { whole: Duration::from_secs(20), attempt: Duration::from_secs(10), first_pause }
}

/// Nothing is asked twice: the pause before that would be longer than all together may take.
pub fn once() -> Limits {
    Limits { first_pause: Duration::from_mins(1), ..patient() }
}

/// One that hangs is waited for no longer than this.
pub fn short() -> Limits {
    Limits { attempt: Duration::from_secs(1), ..patient() }
}

/// Patient, where nothing else is said.
pub fn outside(limits: Option<Limits>) -> Outside {
    let limits = limits.unwrap_or_else(patient);
    Outside {
        secret: "web/login".parse().unwrap(),
        environment: Environment::new([], PathBuf::from("/")),
        folder: PathBuf::from("/"),
        limits,
        deadline: std::time::Instant::now() + limits.whole,
        now: at(AT),
    }
}

fn with<T>(settings: EntraAppPassword<Value>, limits: Limits, act: impl FnOnce(&dyn Provider) -> T) -> T {
    let rotator = Rotator { kind: RotatorKind::EntraAppPassword(settings), lifetime: None };
    let outside = outside(Some(limits));
    let provider = rotate::provider(&rotator, &outside).unwrap().unwrap();
    act(provider.as_ref())
}

pub fn with_app<T>(standin: &Standin, act: impl FnOnce(&dyn Provider) -> T) -> T {
    with(standin.settings(APP), patient(), act)
}

pub fn handle(text: &str) -> Handle {
    Handle::try_from(text.to_owned()).unwrap()
}

/// What went wrong, as a person is shown it, without anything that is a secret.
#[track_caller]
pub fn error_of<T>(result: Result<T, rotate::RotateError>, secrets: &[&str]) -> String {
    let error = result.err().expect("it went well").to_string();
    for secret in secrets {
        let has_part = |part: &[u8]| error.contains(std::str::from_utf8(part).unwrap());
        assert!(!secret.as_bytes().windows(8).any(has_part), "{error}");
    }
    error
}

#[test]
fn one_is_made_found_tried_and_removed() {
    let standin = Standin::start();
    with_app(&standin, |entra| {
        assert!(entra.takes_markers());
        let by_hand = Listed { handle: handle(APP_KEY), marker: None, made_at: Some(at(AT)), was_used: None };
        assert_eq!(entra.list().unwrap(), std::slice::from_ref(&by_hand));

        let made = entra.mint(marker(1), None, Some(at("2028-02-20T00:00:00Z"))).unwrap();
        let password = standin.passwords(APP).pop().unwrap();
        assert_eq!(made.value.expose(), password.secret.as_bytes());
        assert!(password.secret.contains('+'), "an escape in JSON is resolved");
        assert_eq!(made.handle, Some(handle(&password.key_id)));
        assert_eq!(made.expires, Some(at("2028-02-20T00:00:00Z")));
        assert_eq!(password.name, Some(format!("secrets {}", marker(1))));

        let listed = entra.list().unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!((&listed[0], listed[1].marker), (&by_hand, Some(marker(1))));
        assert!(matches!(entra.verify(&made.value), Ok(Trial::Passed)));

        entra.revoke(&handle(APP_KEY)).unwrap();
        assert_eq!(standin.key_ids(APP), std::slice::from_ref(&password.key_id));
        entra.revoke(&handle(APP_KEY)).unwrap();
        assert_eq!(standin.key_ids(APP), [password.key_id]);
    });
    assert_eq!(standin.wrong(), Vec::<String>::new());
    assert_eq!(standin.calls(Call::LogIn), 2, "one token does for all but the trial");
}

#[test]
fn its_end_is_what_the_answer_says() {
    let standin = Standin::start();
    let made = with_app(&standin, |entra| entra.mint(marker(1), None, None)).unwrap();
    assert_eq!(made.expires, Some(at("2029-08-24T00:00:00Z")));
    assert_eq!(standin.wrong(), Vec::<String>::new());
}

#[test]
fn a_new_one_is_refused_until_every_server_has_heard_of_it() {
    let standin = Standin::start();
    standin.refuse_new(2);
    with_app(&standin, |entra| {
        let made = entra.mint(marker(1), None, None).unwrap();
        for _ in 0..2 {
            let Ok(Trial::Refused(why)) = entra.verify(&made.value) else { panic!("it was taken") };
            assert!(why.contains("AADSTS7000215: Invalid client secret provided."), "{why}");
            assert!(why.contains(APP) && !why.contains("Trace ID") && !why.contains("secret~that"), "{why}");
        }
        assert!(matches!(entra.verify(&made.value), Ok(Trial::Passed)));
        assert!(matches!(entra.verify(&value(APP_SECRET)), Ok(Trial::Passed)), "the old one is good");
        assert!(matches!(entra.verify(&value(CLIENT_SECRET)), Ok(Trial::Refused(_))), "of another one");
        assert!(matches!(entra.verify(&Value::new(vec![0xff, b'&'])), Ok(Trial::Refused(_))));
    });
}

#[test]
fn a_value_is_known_by_its_first_characters_if_only_one_begins_so() {
    let standin = Standin::start();
    with_app(&standin, |entra| {
        let listed = entra.list().unwrap();
        let identify = |text: &str, listed: &[Listed]| entra.identify(&value(text), listed).unwrap();
        assert_eq!(identify(APP_SECRET, &listed), Some(handle(APP_KEY)));
        assert_eq!(identify(APP_SECRET, &[]), None, "it is not among those that are asked about");
        assert_eq!(identify("Ol", &listed), None);
        assert_eq!(identify("Xld8Q~", &listed), None);
        let key_id = standin.make_by_hand(APP, None, "Old8Q~another-one-that-begins-alike");
        let listed = entra.list().unwrap();
        assert_eq!(identify(APP_SECRET, &listed), None, "it may be either");
        entra.revoke(&handle(&key_id)).unwrap();
        assert_eq!(identify(APP_SECRET, &listed), Some(handle(APP_KEY)));
    });
}

#[test]
fn what_is_there_and_is_not_found_is_looked_for_again() {
    let standin = Standin::start();
    standin.hide_new(3);
    let made = with_app(&standin, |entra| {
        let made = entra.mint(marker(1), None, None).unwrap();
        entra.revoke(made.handle.as_ref().unwrap()).unwrap();
        made
    });
    assert_eq!(standin.key_ids(APP), [APP_KEY]);
    assert_eq!(standin.calls(Call::Remove), 4);

    // Where that never ends, nobody is told that it is gone.
    standin.hide_new(usize::MAX);
    let revoked = with(standin.settings(APP), once(), |entra| {
        let made = entra.mint(marker(2), None, None).unwrap();
        entra.revoke(made.handle.as_ref().unwrap())
    });
    let error = error_of(revoked, &[std::str::from_utf8(made.value.expose()).unwrap()]);
    assert!(error.contains("No password credential found") && error.contains("by hand"), "{error}");
    assert_eq!(standin.key_ids(APP).len(), 2);
}

#[test]
fn too_many_are_named() {
    let standin = Standin::start();
    let second = standin.make_by_hand(APP, None, "Two8Q~the-second-of-two-that-there-may-be");
    let made = with_app(&standin, |entra| entra.mint(marker(1), None, None));
    let error = error_of(made, &[CLIENT_SECRET, APP_SECRET]);
    for part in [
        "entra-app-password: ",
        "answered 400: Request_BadRequest: The application has as many password credentials",
        "it has 2 client secrets (",
        APP_KEY,
        &second,
        &format!("az ad app credential delete --id {APP} --key-id"),
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(standin.key_ids(APP).len(), 2, "nothing is removed by itself");
}

#[test]
fn what_is_not_allowed_says_what_to_do() {
    let standin = Standin::start();
    let policy = "CredentialInvalidLifetimeAsPerAppPolicy";
    standin.fault(Call::Add, Fault::Refuse(400, policy, "Credential lifetime exceeds the max value."));
    let error = error_of(with_app(&standin, |entra| entra.mint(marker(1), None, None)), &[CLIENT_SECRET]);
    assert!(error.contains("exceeds the max value") && error.contains("a shorter `lifetime`"), "{error}");
    let policy = "CredentialTypeNotAllowedAsPerAppPolicy";
    standin.fault(Call::Add, Fault::Refuse(400, policy, "Credential type not allowed."));
    let error = error_of(with_app(&standin, |entra| entra.mint(marker(1), None, None)), &[CLIENT_SECRET]);
    assert!(error.contains("have its administrators exempt"), "{error}");

    let settings = || standin.settings(APP);
    let other = "99990000-aaaa-2222-bbbb-3333cccc4444".to_owned();
    for (settings, parts) in [
        (
            EntraAppPassword { app: FOREIGN.to_owned(), ..settings() },
            ["answered 403: Authorization_RequestDenied", "Application.ReadWrite.OwnedBy"],
        ),
        (
            EntraAppPassword { app: other.clone(), ..settings() },
            ["answered 404: Request_ResourceNotFound", "look at `app` and `tenant`"],
        ),
        (
            EntraAppPassword { tenant: "elsewhere.example.org".to_owned(), ..settings() },
            ["AADSTS90002: Tenant 'elsewhere.example.org' not found.", "look at `tenant`"],
        ),
        (
            EntraAppPassword { client: other, ..settings() },
            ["AADSTS700016: Application with identifier", "look at `tenant`, `client`"],
        ),
        (
            EntraAppPassword { client_secret: value("Wrong~secret"), ..settings() },
            ["AADSTS7000215: Invalid client secret", "give `client-secret` a client secret of"],
        ),
        (
            // Only the client may make them.
            EntraAppPassword { client: APP.to_owned(), client_secret: value(APP_SECRET), ..settings() },
            ["answered 403", "an owner of"],
        ),
        (
            EntraAppPassword { graph: format!("{}/elsewhere", standin.url()), ..settings() },
            ["AADSTS70011", "gives 11112222"],
        ),
    ] {
        let revoked = with(settings, patient(), |entra| entra.revoke(&handle(APP_KEY)));
        let error = error_of(revoked, &[CLIENT_SECRET, APP_SECRET, "Wrong~secret"]);
        assert!(parts.iter().all(|part| error.contains(part)), "{parts:?}: {error}");
    }
    assert_eq!(standin.key_ids(APP), [APP_KEY]);
}

/// What can't be tried is neither passed nor refused.
#[test]
fn a_trial_that_did_not_take_place_is_an_error() {
    let standin = Standin::start();
    let other = "99990000-aaaa-2222-bbbb-3333cccc4444".to_owned();
    let gone = EntraAppPassword { app: other, ..standin.settings(APP) };
    let error = error_of(with(gone, patient(), |entra| entra.verify(&value(APP_SECRET))), &[APP_SECRET]);
    assert!(
        error.contains("AADSTS700016") && error.contains("look at `tenant`, `client` and `app`"),
        "{error}"
    );
    standin.fault(Call::LogIn, Fault::FailBefore);
    let tried = with(standin.settings(APP), once(), |entra| entra.verify(&value(APP_SECRET)));
    let error = error_of(tried, &[APP_SECRET]);
    assert!(error.contains("answered 500"), "{error}");
}

/// A request to make one goes out once, whatever comes of it; what it left behind carries the marker.
#[test]
fn one_that_may_have_been_made_is_found_by_its_marker() {
    for (fault, left) in [
        (Fault::FailBefore, 0),
        (Fault::FailAfter, 1),
        (Fault::HangAfter, 1),
        (Fault::Garbage, 1),
        (Fault::Twice, 2),
    ] {
        let standin = Standin::start();
        standin.fault(Call::Add, fault);
        let made = with(standin.settings(APP), short(), |entra| entra.mint(marker(1), None, None));
        assert_eq!(standin.calls(Call::Add), 1, "{fault:?}");
        assert_eq!(made.is_ok(), matches!(fault, Fault::Twice), "{fault:?}");
        with_app(&standin, |entra| {
            let ours: Vec<_> =
                entra.list().unwrap().into_iter().filter(|one| one.marker == Some(marker(1))).collect();
            assert_eq!(ours.len(), left, "{fault:?}");
            for one in ours {
                entra.revoke(&one.handle).unwrap();
            }
        });
        assert_eq!(standin.key_ids(APP), [APP_KEY], "{fault:?}");
        assert_eq!(standin.wrong(), Vec::<String>::new());
    }
}

/// All else may be done twice, and is asked again.
#[test]
fn what_may_be_repeated_is_asked_again() {
    let standin = Standin::start();
    standin.fault(Call::LogIn, Fault::FailBefore);
    standin.fault(Call::List, Fault::FailAfter);
    standin.fault(Call::Remove, Fault::FailBefore);
    standin.fault(Call::Remove, Fault::FailAfter);
    with_app(&standin, |entra| {
        let listed = entra.list().unwrap();
        entra.revoke(&listed[0].handle).unwrap();
    });
    assert_eq!(standin.key_ids(APP), Vec::<String>::new());
    assert_eq!((standin.calls(Call::List), standin.calls(Call::Remove)), (3, 3));
}

#[test]
fn nonsense_is_no_empty_list() {
    let standin = Standin::start();
    for call in [Call::LogIn, Call::List] {
        standin.fault(call, Fault::Garbage);
        let error = error_of(with_app(&standin, |entra| entra.list()), &[CLIENT_SECRET]);
        assert!(error.contains("can't be understood"), "{error}");
    }
    let huge = Server::start(|number, _| match number {
        0 => answer("200 OK", "", r#"{"token_type":"Bearer","access_token":"eyJ0"}"#),
        _ => Answer::Endless,
    });
    let settings = EntraAppPassword { login: huge.url(), graph: huge.url(), ..standin.settings(APP) };
    let error = error_of(with(settings, patient(), |entra| entra.list()), &[CLIENT_SECRET]);
    assert!(error.contains("can't be understood"), "{error}");
    let elsewhere = format!("Location: {}/v1.0\r\n", standin.url());
    let redirecting = Server::start(move |_, _| answer("307 Temporary Redirect", &elsewhere, ""));
    let settings = EntraAppPassword { login: redirecting.url(), ..standin.settings(APP) };
    let error = error_of(with(settings, patient(), |entra| entra.list()), &[CLIENT_SECRET]);
    assert!(error.contains("leads elsewhere") && error.contains("credentials would go along"), "{error}");
}

/// A server that repeats what it was sent is not quoted.
#[test]
fn no_error_repeats_a_credential() {
    let echo = Server::start(|number, request| {
        let said = String::from_utf8_lossy(&request.body).into_owned();
        let said = [said, format!("{:?}", request.headers)].concat();
        match number {
            0 => answer("200 OK", "", r#"{"token_type":"Bearer","access_token":"eyJ0aGlzLWlzLWEtdG9rZW4"}"#),
            1 => {
                let error = serde_json::json!({ "error": { "code": "Request_BadRequest", "message": said } });
                answer("403 Forbidden", "", &error.to_string())
            }
            2 => {
                let error = serde_json::json!({ "error": "invalid_client", "error_description": said });
                answer("401 Unauthorized", "", &error.to_string())
            }
            _ => answer("400 Bad Request", "", &said),
        }
    });
    let standin = Standin::start();
    let settings = || EntraAppPassword { login: echo.url(), graph: echo.url(), ..standin.settings(APP) };
    let hidden = [CLIENT_SECRET, "eyJ0aGlzLWlzLWEtdG9rZW4", "plain-secret-text"];
    let error = error_of(with(settings(), patient(), |entra| entra.list()), &hidden);
    assert!(error.contains("is left out"), "{error}");
    let Ok(Trial::Refused(why)) =
        with(settings(), patient(), |entra| entra.verify(&value("plain-secret-text")))
    else {
        panic!("it was taken")
    };
    assert!(why.contains("is left out") && !why.contains("plain-secret"), "{why}");
    let error =
        error_of(with(settings(), patient(), |entra| entra.verify(&value("plain-secret-text"))), &hidden);
    assert!(error.contains("answered 400") && error.contains("is left out"), "{error}");
}
