//! What servers and programs answer: providers, forges, those who pass messages on.

use std::sync::LazyLock;

use reqwest::header::{self, HeaderMap, HeaderValue};
use secrets::domain::rotation::Listed;
use secrets::domain::rotator::KeyFormat;
use secrets::domain::value::{MAX_VALUE_BYTES, Value};
use secrets::forge::github_keys::Page;
use secrets::notify::github_issue::{api, markdown};
use secrets::notify::{pagerduty, smtp};
use secrets::rotate::Trial;
use secrets::rotate::aws::{answers as aws, key};
use secrets::rotate::entra::answers as entra;
use secrets::rotate::exec::answer;
use secrets::rotate::gitlab::answers as gitlab;
use secrets::rotate::probe::oauth2;
use secrets::web::{Answer, Request, Target, pause};
use serde_json::Value as Json;

use super::{tells_nothing_of, treacherous};

/// Any bytes as each answer of a rotator's program: a value is there and fits, no handle gives it away or stands for
/// nothing, and no error quotes what was answered.
pub fn rotator_answers(bytes: &[u8]) {
    let listed = answer::list(bytes);
    if let Ok(listed) = &listed {
        let mut handles: Vec<_> = listed.iter().map(|one| &one.handle).collect();
        handles.sort();
        assert!(handles.windows(2).all(|pair| pair[0] != pair[1]));
    }
    let of_another: Vec<Listed> =
        answer::list(br#"{"schema_version":1,"credentials":[{"handle":"a"},{"handle":"b"}]}"#)
            .expect("a list");
    if let Ok(Some(handle)) = answer::identify(bytes, &of_another) {
        assert!(of_another.iter().any(|one| one.handle == handle));
    }
    assert!(!matches!(answer::identify(bytes, &[]), Ok(Some(_))));
    match answer::mint(bytes) {
        Ok(minted) => {
            let value = minted.value.expose();
            assert!((1..=MAX_VALUE_BYTES).contains(&value.len()));
            let handle = minted.handle.as_ref().map(|handle| handle.as_str().as_bytes()).unwrap_or_default();
            assert!(
                !handle.windows(value.len()).any(|part| part == value),
                "the handle gives the value away"
            );
        }
        Err(unread) => tells_nothing_of(&unread.to_string(), bytes),
    }
    answer::verify(bytes).ok();
    if answer::revoke(bytes).is_ok() {
        assert!(bytes.trim_ascii_start().starts_with(b"{"));
    }
}

/// Any bytes as each answer of IAM and STS, and as a sealed access key: what is read is written and read as the same.
pub fn aws_answers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(page) = aws::page(bytes) {
        assert!(page.keys.iter().all(|standing| key::is_id(standing.handle.as_str())));
        assert!(page.next.is_none() || text.contains("Marker"));
    }
    if let Ok(used) = aws::last_use(bytes) {
        assert!(used.last.is_none() || text.contains("LastUsedDate"));
    }
    if let Ok((made, handle)) = aws::made(bytes) {
        assert!(made.is_fit() && handle.as_str() == made.id);
        same_key(&made);
    }
    if aws::done(bytes, "DeleteAccessKey").is_ok() {
        assert!(text.contains("DeleteAccessKeyResponse") && aws::done(bytes, "CreateAccessKey").is_err());
    }
    if let Ok(arn) = aws::caller(bytes) {
        assert!(!arn.is_empty());
    }
    if let Ok(fault) = aws::fault(bytes) {
        assert!(!fault.code.is_empty());
    }
    let value = Value::new(bytes.to_vec());
    match key::AccessKey::read(&value) {
        Ok(key) => same_key(&key),
        Err(error) => tells_nothing_of(&error.to_string(), bytes),
    }
}

fn same_key(key: &key::AccessKey<'_>) {
    for format in [KeyFormat::Json, KeyFormat::Ini, KeyFormat::Env] {
        let written = key.write(format);
        let again = key::AccessKey::read(&written).expect("what was written can be read");
        assert!(again.id == key.id && again.secret == key.secret);
    }
}

/// Any bytes as each answer of GitLab: a token that was made is not empty and can be revoked by its number.
pub fn gitlab_answers(bytes: &[u8]) {
    if let Some(minted) = gitlab::minted(bytes) {
        assert!(!minted.value.expose().is_empty());
        assert!(minted.handle.is_some_and(|handle| handle.as_str().parse::<u64>().is_ok()));
    }
    for token in serde_json::from_slice::<Vec<gitlab::Token>>(bytes).into_iter().flatten() {
        assert!(!token.is_valid() || token.active);
        if let Some(listed) = token.listed() {
            assert_eq!(listed.handle.as_str(), token.id.to_string());
            assert!(listed.marker.is_none() || token.name.starts_with("secrets "));
        }
    }
    if let Ok(refusal) = serde_json::from_slice::<gitlab::Refusal<'_>>(bytes) {
        assert!(refusal.sentence().is_none_or(|sentence| sentence.len() <= 6 * bytes.len()));
    }
}

/// Any bytes as each answer of Microsoft's servers.
pub fn entra_answers(bytes: &[u8]) {
    if let Some(credentials) = entra::credentials(bytes) {
        assert!(credentials.iter().all(|one| !one.handle.as_str().is_empty()));
    }
    if let Some(made) = entra::Made::read(bytes) {
        assert!(!made.value.expose().is_empty() && !made.handle.as_str().is_empty());
    }
    if let Some(authorization) = entra::authorization(bytes) {
        assert!(authorization.expose().len() > b"Bearer ".len());
    }
    if let Ok(error) = serde_json::from_slice::<entra::LogInError<'_>>(bytes) {
        assert!(!error.sentence().contains(['\r', '\n']) || error.error.contains(['\r', '\n']));
    }
}

/// What an answer that passes says in a field, null where it has none. `None` where a text that nobody looks at has a fault:
/// that is passed over.
fn field(body: &[u8], name: &str) -> Option<Json> {
    assert!(body.trim_ascii_start().starts_with(b"{"), "an answer that passes is an object");
    let json: Json = serde_json::from_slice(body).ok()?;
    Some(json.get(name).cloned().unwrap_or_default())
}

/// The client reads all certificates of the system, once.
static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let address = Value::new(b"http://127.0.0.1:9/token".to_vec());
    Target::parse("token-url", &address).expect("an address of this machine")
});

/// Two bytes of a status and the body of an answer to a trial of a client secret: only 200 with a token passes, and what
/// the server says back of the secret is shown nowhere.
pub fn oauth2_answers(bytes: &[u8]) {
    const SECRET: &str = "correct-horse-battery";
    let Some((status, body)) = bytes.split_first_chunk::<2>() else { return };
    let status = 200 + u16::from_be_bytes(*status) % 400;
    let answer = Answer { status, headers: HeaderMap::new(), body: body.to_vec().into() };
    let request = Request::get(&TARGET).in_the_open().keeping(&Value::new(SECRET.into()));
    let told = match oauth2::judge(&answer, &request, "http://127.0.0.1:9") {
        Ok(Trial::Passed) => {
            let is_token = |token: &Json| token.as_str().is_some_and(|token| !token.is_empty());
            assert!(status == 200 && field(body, "access_token").is_none_or(|token| is_token(&token)));
            return;
        }
        Ok(Trial::Refused(why)) => why,
        Ok(Trial::CannotTell) => return,
        Err(error) => error.to_string(),
    };
    assert!(!told.to_ascii_lowercase().contains(SECRET), "{told}");
    assert!(!treacherous(&told), "{told:?}");
    let said = request.said(body);
    assert!(!said.to_ascii_lowercase().contains(SECRET) && !treacherous(&said) && said.len() < 4_000);
}

/// Two lines as `Retry-After` and `Date`: a number is that many seconds, and nothing is waited for backwards.
pub fn retry_after(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in [header::RETRY_AFTER, header::DATE] {
        if let Some(value) = lines.next().and_then(|line| HeaderValue::from_bytes(line).ok()) {
            headers.insert(name, value);
        }
    }
    let asked = pause::asked_for(&headers);
    let text = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    if let Some(seconds) = text.and_then(|text| text.trim().parse::<u32>().ok()) {
        let is_signed = text.is_some_and(|text| text.contains('+'));
        assert!(is_signed || asked.is_some_and(|asked| asked.as_secs() == u64::from(seconds)));
    }
}

/// Any bytes as a page of GitHub's issues: what is taken for ours bears our mark, and pull requests are none.
pub fn github_issues(bytes: &[u8]) {
    if let Some(page) = api::page_of(bytes) {
        for issue in &page.issues {
            if let Some(mark) = issue.body.as_deref().and_then(markdown::Mark::find) {
                assert!(mark.key.starts_with("secrets:"), "{}", mark.key);
            }
        }
    }
    if let Some(mark) = markdown::Mark::find(&String::from_utf8_lossy(bytes)) {
        assert!(mark.key.starts_with("secrets:"), "{}", mark.key);
    }
    if pagerduty::is_taken(202, bytes) {
        assert!(field(bytes, "status").is_none_or(|status| status == "success"));
        assert!(!pagerduty::is_taken(200, bytes));
    }
}

/// Any bytes as what a mail server answers: a reply is one at its last line, and not before.
pub fn mail_replies(bytes: &[u8]) {
    let Ok(Some(reply)) = smtp::dialogue::parse(bytes) else { return };
    assert!((200..600).contains(&reply.code) && bytes.ends_with(b"\n"));
    assert_eq!(reply.lines.len(), bytes.split(|byte| *byte == b'\n').count() - 1);
    assert_eq!(reply.is_good(), (200..300).contains(&reply.code));
    // Bytes come in pieces, and each piece more is looked at anew.
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    for end in ends.filter(|end| *end < bytes.len()) {
        assert!(matches!(smtp::dialogue::parse(&bytes[..end]), Ok(None)));
    }
    assert!(!matches!(smtp::dialogue::parse(&[bytes, b"250 more\r\n"].concat()), Ok(Some(_))));
}

static PAGE: LazyLock<Page> =
    LazyLock::new(|| Page::of("https://github.com", "alice").expect("the address of a page"));

/// Any bytes as a page of somebody's keys: all of its lines are keys, or none is taken.
pub fn key_pages(bytes: &[u8]) {
    match PAGE.lines(bytes) {
        Ok(keys) => {
            let is_there = |line: &&[u8]| !matches!(*line, b"" | b"\r");
            assert_eq!(keys.lines.len(), bytes.split(|byte| *byte == b'\n').filter(is_there).count());
            let is_key = |line: &String| {
                ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| line.starts_with(kind)) && !treacherous(line)
            };
            assert!(keys.lines.iter().all(is_key));
        }
        Err(error) => assert!(!treacherous(&error.to_string())),
    }
}
