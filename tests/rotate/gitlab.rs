//! Access tokens of projects and groups in GitLab, against a stand-in (`gitlab_standin.rs`).

use secrets::domain::rotation::{Handle, Listed};
use secrets::domain::rotator::{GitlabOwner, GitlabToken, Rotator, RotatorKind};
use secrets::domain::value::Value;
use secrets::rotate::{self, Provider, Trial};
use secrets::web::Limits;

use super::entra::{at, error_of, marker, outside, patient, short, value};
use super::gitlab_standin::{ADMIN, BY_HAND, BY_HAND_ID, Call, FOREIGN, FOREIGN_ID, GROUP, READER, Standin};
use super::server::{Server, answer};
use super::standin::Fault;

fn with<T>(settings: GitlabToken<Value>, limits: Limits, act: impl FnOnce(&dyn Provider) -> T) -> T {
    let rotator = Rotator { kind: RotatorKind::GitlabToken(settings), lifetime: None };
    let outside = outside(Some(limits));
    let provider = rotate::provider(&rotator, &outside).unwrap().unwrap();
    act(provider.as_ref())
}

fn with_project<T>(standin: &Standin, act: impl FnOnce(&dyn Provider) -> T) -> T {
    with(standin.settings(), patient(), act)
}

fn handle(id: u64) -> Handle {
    Handle::try_from(id.to_string()).unwrap()
}

fn by_hand() -> Listed {
    Listed {
        handle: handle(BY_HAND_ID),
        marker: None,
        made_at: Some(at("2027-08-24T00:00:00Z")),
        was_used: None,
    }
}

#[test]
fn one_is_made_found_tried_and_revoked() {
    let standin = Standin::start();
    with_project(&standin, |gitlab| {
        assert!(gitlab.takes_markers());
        assert_eq!(gitlab.list().unwrap(), [by_hand()]);

        // Not later than it should end.
        let made = gitlab.mint(marker(1), None, Some(at("2028-02-20T23:59:59Z"))).unwrap();
        let token = standin.tokens().pop().unwrap();
        assert_eq!(made.value.expose(), token.secret.as_bytes());
        assert_eq!(made.handle, Some(handle(token.id)));
        assert_eq!(made.expires, Some(at("2028-02-20T00:00:00Z")));
        assert_eq!(token.name, format!("secrets {}", marker(1)));
        assert_eq!((token.access_level, token.scopes.len()), (30, 2));

        let listed = gitlab.list().unwrap();
        assert_eq!((listed[0].clone(), listed[1].marker), (by_hand(), Some(marker(1))));
        assert!(matches!(gitlab.verify(&made.value), Ok(Trial::Passed)));
        assert_eq!(gitlab.identify(&made.value, &listed).unwrap(), Some(handle(token.id)));
        assert_eq!(gitlab.identify(&value(BY_HAND), &listed).unwrap(), Some(handle(BY_HAND_ID)));
        assert_eq!(gitlab.identify(&value(FOREIGN), &listed).unwrap(), None, "none of the project");
        assert_eq!(gitlab.identify(&value("glpat-nobodys"), &listed).unwrap(), None);
        assert_eq!(gitlab.identify(&value("two\nlines"), &listed).unwrap(), None);

        gitlab.revoke(&handle(BY_HAND_ID)).unwrap();
        assert_eq!(standin.active(), [token.id]);
        gitlab.revoke(&handle(BY_HAND_ID)).unwrap();
        assert_eq!(gitlab.list().unwrap().len(), 1);
    });
    assert_eq!(standin.wrong(), Vec::<String>::new());
}

#[test]
fn a_group_has_tokens_too_and_a_project_may_be_a_number() {
    let standin = Standin::start();
    for (of, owner) in [
        (GitlabOwner::Group(GROUP.to_owned()), "groups/infra"),
        (GitlabOwner::Project("7".to_owned()), "projects/infra/web"),
    ] {
        let settings = GitlabToken { of, ..standin.settings() };
        with(settings, patient(), |gitlab| {
            // Where nothing says how long it lives, it lives for 90 days: GitLab wants an end.
            let made = gitlab.mint(marker(1), None, None).unwrap();
            assert_eq!(made.expires, Some(at("2027-11-22T00:00:00Z")));
            assert_eq!(standin.tokens().pop().unwrap().owner, owner);
            gitlab.revoke(&made.handle.unwrap()).unwrap();
        });
    }
    assert_eq!(standin.active(), [BY_HAND_ID]);
    assert_eq!(standin.wrong(), Vec::<String>::new());
}

#[test]
fn what_is_not_what_the_rotator_makes_is_refused() {
    let standin = Standin::start();
    let why = |text: &str| match with_project(&standin, |gitlab| gitlab.verify(&value(text))) {
        Ok(Trial::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(why("glpat-nobodys").contains("does not take it: 401 Unauthorized"));
    assert!(why("glpat-pasted\n").contains("a character that no token has"));
    let foreign = why(FOREIGN);
    assert!(foreign.contains(&format!("the token {FOREIGN_ID} is none of project infra/web")), "{foreign}");
    standin.change(BY_HAND_ID, |token| token.scopes = vec!["api".to_owned()]);
    let scopes = why(BY_HAND);
    assert!(scopes.contains("has the scopes api, and not read_registry, read_repository"), "{scopes}");
    standin.change(BY_HAND_ID, |token| token.revoked = true);
    assert!(why(BY_HAND).contains("401 Unauthorized"));
    // GitLab would not say this, and who says it is not believed to have taken it.
    let dead = serde_json::json!({
        "id": 42, "name": "x", "revoked": true, "active": false, "scopes": [],
        "created_at": "2021-01-21T19:35:37.921Z", "last_used_at": null,
    });
    let server = Server::start(move |_, _| answer("200 OK", "", &dead.to_string()));
    let settings = GitlabToken { url: server.url(), ..standin.settings() };
    let tried = with(settings, patient(), |gitlab| gitlab.verify(&value(BY_HAND)));
    assert!(matches!(tried, Ok(Trial::Refused(why)) if why.contains("is revoked or has ended")));
}

#[test]
fn lists_are_read_to_their_end() {
    for is_old in [false, true] {
        let standin = Standin::start();
        standin.make_by_hand(230);
        standin.with(|gitlab| gitlab.is_old = is_old);
        standin.change(1229, |token| token.revoked = true);
        with_project(&standin, |gitlab| {
            assert_eq!(gitlab.list().unwrap().len(), 230, "old: {is_old}");
            // One that stands on the last page is not taken for gone.
            let refused = Fault::Refuse(400, "", "Failed to find bot user");
            standin.fault(Call::Delete, refused);
            let error = error_of(gitlab.revoke(&handle(1228)), &[ADMIN]);
            assert!(error.contains("Failed to find bot user") && error.contains("by hand"), "{error}");
            standin.fault(Call::Delete, refused);
            gitlab.revoke(&handle(1229)).unwrap();
        });
        assert_eq!(standin.wrong(), Vec::<String>::new());
    }
    let endless = Server::start(|_, _| answer("200 OK", "X-Next-Page: 2\r\n", "[]"));
    let settings = GitlabToken { url: endless.url(), ..Standin::start().settings() };
    let error = error_of(with(settings, patient(), |gitlab| gitlab.list()), &[ADMIN]);
    assert!(error.contains("more than 5000 tokens"), "{error}");
}

#[test]
fn what_is_not_allowed_says_what_to_do() {
    let standin = Standin::start();
    let settings = || standin.settings();
    let project = |path: &str| GitlabOwner::Project(path.to_owned());
    for (settings, parts) in [
        (
            GitlabToken { token: value(READER), ..settings() },
            [
                "answered 403: insufficient_scope: The request requires",
                "must be Maintainer of project infra/web",
            ],
        ),
        (
            GitlabToken { token: value("glpat-nobodys"), ..settings() },
            ["answered 401: 401 Unauthorized", "give `token` a personal access token that is valid"],
        ),
        (
            GitlabToken { of: project("infra/gone"), ..settings() },
            ["answered 404: 404 Project Not Found", "is there a project infra/gone"],
        ),
        (
            GitlabToken { access_level: 50, ..settings() },
            ["answered 400: 400 Bad request - Access level", "look at `scopes`, `access-level`"],
        ),
        (
            GitlabToken { scopes: vec!["read_everything".to_owned()], ..settings() },
            ["answered 400: scopes does not have a valid value", "look at `scopes`"],
        ),
        (
            GitlabToken { token: value("two\nlines"), ..settings() },
            ["rotator gitlab-token: `token`", "a character that no token has"],
        ),
    ] {
        let made = with(settings, patient(), |gitlab| gitlab.mint(marker(1), None, None));
        let error = error_of(made, &[ADMIN, READER, "glpat-nobodys"]);
        assert!(parts.iter().all(|part| error.contains(part)), "{parts:?}: {error}");
    }
    let mint = |end: &str| with_project(&standin, |gitlab| gitlab.mint(marker(1), None, Some(at(end))));
    let error = error_of(mint("2028-09-28T00:00:00Z"), &[ADMIN]);
    assert!(
        error.contains("Expiration date must be before 2028-09-27") && error.contains("`lifetime`"),
        "{error}"
    );
    let error = error_of(mint("2027-08-24T23:00:00Z"), &[ADMIN]);
    assert!(error.contains("would not live a day; give the rotator a longer `lifetime`"), "{error}");
    assert_eq!(standin.active(), [BY_HAND_ID]);
    assert_eq!(standin.wrong(), Vec::<String>::new());

    // Whose project is not found has not lost its tokens.
    let gone = GitlabToken { of: project("infra/gone"), ..settings() };
    let error = error_of(with(gone, patient(), |gitlab| gitlab.revoke(&handle(BY_HAND_ID))), &[ADMIN]);
    assert!(error.contains("404 Project Not Found"), "{error}");
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
        standin.fault(Call::Create, fault);
        let made = with(standin.settings(), short(), |gitlab| gitlab.mint(marker(1), None, None));
        assert_eq!(standin.calls(Call::Create), 1, "{fault:?}");
        assert_eq!(made.is_ok(), matches!(fault, Fault::Twice), "{fault:?}");
        with_project(&standin, |gitlab| {
            let listed = gitlab.list().unwrap();
            let ours: Vec<_> = listed.iter().filter(|one| one.marker == Some(marker(1))).collect();
            assert_eq!(ours.len(), left, "{fault:?}");
            for one in ours {
                gitlab.revoke(&one.handle).unwrap();
            }
        });
        assert_eq!(standin.active(), [BY_HAND_ID], "{fault:?}");
        assert_eq!(standin.wrong(), Vec::<String>::new());
    }
}

/// All else may be done twice, and is asked again.
#[test]
fn what_may_be_repeated_is_asked_again() {
    let standin = Standin::start();
    for call in [Call::Own, Call::Get, Call::List, Call::Delete] {
        standin.fault(call, Fault::FailBefore);
        standin.fault(call, Fault::FailAfter);
    }
    with_project(&standin, |gitlab| {
        assert!(matches!(gitlab.verify(&value(BY_HAND)), Ok(Trial::Passed)));
        assert_eq!(gitlab.list().unwrap(), [by_hand()]);
        gitlab.revoke(&handle(BY_HAND_ID)).unwrap();
    });
    assert_eq!(standin.active(), Vec::<u64>::new());
    assert_eq!([Call::Own, Call::Get].map(|call| standin.calls(call)), [3, 3]);
    assert_eq!((standin.calls(Call::List), standin.calls(Call::Delete)), (4, 3));
}

#[test]
fn nonsense_is_neither_an_empty_list_nor_a_passed_trial() {
    let standin = Standin::start();
    standin.fault(Call::List, Fault::Garbage);
    let error = error_of(with_project(&standin, |gitlab| gitlab.list()), &[ADMIN]);
    assert!(error.contains("can't be understood"), "{error}");
    standin.fault(Call::Own, Fault::Garbage);
    let error = error_of(with_project(&standin, |gitlab| gitlab.verify(&value(BY_HAND))), &[BY_HAND]);
    assert!(error.contains("can't be understood"), "{error}");
    standin.fault(Call::Get, Fault::Garbage);
    let error = error_of(with_project(&standin, |gitlab| gitlab.verify(&value(BY_HAND))), &[BY_HAND]);
    assert!(error.contains("can't be understood"), "{error}");
    standin.fault(Call::Own, Fault::Refuse(403, "", "403 Forbidden"));
    let error = error_of(with_project(&standin, |gitlab| gitlab.verify(&value(BY_HAND))), &[BY_HAND]);
    assert!(error.contains("403 Forbidden"), "{error}");
}

/// A server that repeats what it was sent is not quoted.
#[test]
fn no_error_repeats_a_credential() {
    let echo = Server::start(|_, request| {
        let said = serde_json::json!({ "message": format!("{:?}", request.headers) });
        answer("401 Unauthorized", "", &said.to_string())
    });
    let settings = || GitlabToken { url: echo.url(), ..Standin::start().settings() };
    let error = error_of(with(settings(), patient(), |gitlab| gitlab.list()), &[ADMIN]);
    assert!(error.contains("is left out"), "{error}");
    let tried = with(settings(), patient(), |gitlab| gitlab.verify(&value(BY_HAND)));
    assert!(
        matches!(&tried, Ok(Trial::Refused(why)) if why.contains("is left out") && !why.contains("glpat")),
        "{tried:?}"
    );
}
