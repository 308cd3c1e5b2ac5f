//! A stand-in for IAM and STS of AWS, because moto, which holds signatures against the keys that they are of (`aws_at_moto.rs`),
//! can't be held up in the middle of a request, nor taken back to an earlier moment. It holds every request against the
//! documented contract but for the signature itself, and refuses what that does not have:
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html>,
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
//!
//! A use is known at once, which takes AWS a while.

use std::collections::{BTreeMap, BTreeSet};

use super::aws::key;
use super::entra_standin::AT;
use super::server::Request;
use super::staged::{Credential, Event, Staged};
use super::standin::{self, Reply, World, percent_decoded};

const ACCOUNT: &str = "123456789012";
/// Whose key is rotated.
pub const USER: &str = "backup";
/// Who may make keys, and who may not.
const KEEPER: &str = "keeper";
pub const KEEPER_ID: &str = "AKIAKEEPERKEEPER0000";
const KEEPER_SECRET: &str = "KeeperKeeper/Keeper+Keeper/KeeperKeeper0";
/// What the user has before any rotation. It is in use.
pub const FIRST_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const FIRST_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const FIRST: &str = r#"{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}"#;
/// A user has no more.
const MOST_KEYS: usize = 2;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    List,
    LastUsed,
    Create,
    Update,
    Delete,
    WhoAmI,
}

/// With its service, the version of that, and what must be said besides.
const CALLS: [(&str, Call, &str, &str, &[&str]); 6] = [
    ("ListAccessKeys", Call::List, "iam", "2010-05-08", &["UserName"]),
    ("GetAccessKeyLastUsed", Call::LastUsed, "iam", "2010-05-08", &["AccessKeyId"]),
    ("CreateAccessKey", Call::Create, "iam", "2010-05-08", &["UserName"]),
    ("UpdateAccessKey", Call::Update, "iam", "2010-05-08", &["AccessKeyId", "Status", "UserName"]),
    ("DeleteAccessKey", Call::Delete, "iam", "2010-05-08", &["AccessKeyId", "UserName"]),
    ("GetCallerIdentity", Call::WhoAmI, "sts", "2011-06-15", &[]),
];

#[derive(Debug, Clone)]
struct Key {
    id: String,
    secret: String,
    is_active: bool,
    made_at: &'static str,
    /// By which service it was asked last.
    used: Option<&'static str>,
}

#[derive(Clone)]
pub struct Aws {
    /// By user.
    keys: BTreeMap<&'static str, Vec<Key>>,
    made: usize,
    wrong: Vec<String>,
    events: Vec<Event>,
}

pub type Standin = standin::Standin<Aws>;

impl Standin {
    pub fn start() -> Self {
        let key = |id: &str, secret: &str| Key {
            id: id.to_owned(),
            secret: secret.to_owned(),
            is_active: true,
            made_at: "2026-02-01T09:30:00Z",
            used: Some("s3"),
        };
        Self::of(Aws {
            keys: BTreeMap::from([
                (KEEPER, vec![key(KEEPER_ID, KEEPER_SECRET)]),
                (USER, vec![key(FIRST_ID, FIRST_SECRET)]),
            ]),
            made: 0,
            wrong: Vec::new(),
            events: Vec::new(),
        })
    }

    /// The ids of what the user has, and whether each was ever used.
    pub fn keys(&self) -> Vec<(String, bool)> {
        self.with(|aws| aws.keys[USER].iter().map(|one| (one.id.clone(), one.used.is_some())).collect())
    }

    /// Somebody has got hold of it, and works with it.
    pub fn use_by_hand(&self, id: &str) {
        self.with(|aws| aws.key(id).unwrap().1.used = Some("s3"));
    }
}

fn refused(status: u16, code: &str, message: &str) -> Reply {
    Reply::xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  <Error>\n    <Type>Sender</Type>\n    \
             <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  <RequestId>7a62c49f</RequestId>\n</ErrorResponse>\n"
        ),
    )
}

fn no_key(id: &str) -> Reply {
    refused(404, "NoSuchEntity", &format!("The Access Key with id {id} cannot be found."))
}

/// What changes something has no result where nothing is to be told.
fn done(call: Call, result: Option<&str>) -> Reply {
    let (action, _, service, version, _) = CALLS.into_iter().find(|one| one.1 == call).unwrap();
    let result = result.map(|result| format!("\n  <{action}Result>{result}</{action}Result>"));
    Reply::xml(
        200,
        format!(
            "<{action}Response xmlns=\"https://{service}.amazonaws.com/doc/{version}/\">{}\n  <ResponseMetadata>\n    \
             <RequestId>7a62c49f</RequestId>\n  </ResponseMetadata>\n</{action}Response>\n",
            result.unwrap_or_default()
        ),
    )
}

fn form(request: &Request) -> BTreeMap<String, String> {
    let body = String::from_utf8_lossy(&request.body).replace('+', "%20");
    let fields = body.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(name, text)| (percent_decoded(name), percent_decoded(text))).collect()
}

/// The key that a request says it is signed with. What is signed is the order of SigV4, and the signature is not looked at.
fn signer(request: &Request, service: &str) -> Option<String> {
    let header = request.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let mut parts = header.split(", ");
    let scope = parts.next()?.strip_prefix("Credential=")?;
    let signed = parts.next()?.strip_prefix("SignedHeaders=")?;
    let signature = parts.next()?.strip_prefix("Signature=")?;
    let (id, scope) = scope.split_once('/')?;
    let date = request.header("x-amz-date")?.split_once('T')?.0;
    let is_scope = scope == format!("{date}/us-east-1/{service}/aws4_request");
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_signature = signature.len() == 64 && signature.bytes().all(is_hex);
    let is_signed = signed == "content-type;host;x-amz-date";
    (is_scope && is_signature && is_signed && parts.next().is_none()).then(|| id.to_owned())
}

impl World for Aws {
    type Call = Call;

    fn call_of(request: &Request) -> Call {
        let action = form(request).remove("Action").unwrap_or_default();
        CALLS.iter().find(|one| one.0 == action).map_or(Call::WhoAmI, |one| one.1)
    }

    fn act(&mut self, _: Call, request: &Request, has_limits: bool) -> Reply {
        let fields = form(request);
        let names: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
        let action = fields.get("Action").map(String::as_str).unwrap_or_default();
        let known = CALLS.iter().find(|one| one.0 == action).filter(|(.., version, more)| {
            fields.get("Version").is_some_and(|said| said == version)
                && names == ["Action", "Version"].into_iter().chain(more.iter().copied()).collect()
        });
        let Some((_, call, service, ..)) = known else {
            self.wrong.push(format!("{fields:?}: no such action"));
            return refused(400, "InvalidAction", "The action or a parameter of it is not there.");
        };
        if request.line != "POST / HTTP/1.1"
            || request.header("content-type") != Some("application/x-www-form-urlencoded")
        {
            self.wrong.push(format!("{}: an action is a form that is posted", request.line));
            return refused(400, "MalformedInput", "The request is no form.");
        }
        let Some(id) = signer(request, service) else {
            self.wrong.push(format!("{action}: not signed"));
            return refused(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
        };
        let Some((user, key)) = self.key(&id).filter(|(_, key)| key.is_active) else {
            let message = "The security token included in the request is invalid.";
            return refused(403, "InvalidClientTokenId", message);
        };
        key.used = Some(service);
        self.events.push(Event::LoggedIn(id));
        let arn = format!("arn:aws:iam::{ACCOUNT}:user/jobs/{user}");
        if *call == Call::WhoAmI {
            let result = format!("<Arn>{arn}</Arn><UserId>AIDA{user}</UserId><Account>{ACCOUNT}</Account>");
            return done(Call::WhoAmI, Some(&result));
        }
        if user != KEEPER {
            let message = format!("User: {arn} is not authorized to perform: iam:{action}");
            return refused(403, "AccessDenied", &message);
        }
        self.of_keys(*call, &fields, has_limits)
    }

    fn refusal(status: u16, code: &str, message: &str) -> Reply {
        refused(status, code, message)
    }

    fn wrong(&mut self) -> &mut Vec<String> {
        &mut self.wrong
    }
}

impl Aws {
    fn key(&mut self, id: &str) -> Option<(&'static str, &mut Key)> {
        let mut keys =
            self.keys.iter_mut().flat_map(|(user, keys)| keys.iter_mut().map(move |key| (*user, key)));
        keys.find(|(_, key)| key.id == id)
    }

    fn of_keys(&mut self, call: Call, fields: &BTreeMap<String, String>, has_limits: bool) -> Reply {
        let id = fields.get("AccessKeyId").map(String::as_str).unwrap_or_default();
        if call == Call::LastUsed {
            return self.last_used(id);
        }
        let name = fields["UserName"].as_str();
        let Some((user, keys)) = self.keys.iter_mut().find(|(user, _)| **user == name) else {
            let message = format!("The user with name {name} cannot be found.");
            return refused(404, "NoSuchEntity", &message);
        };
        let place = keys.iter().position(|key| key.id == id);
        match (call, place) {
            (Call::List, _) => list(user, keys),
            (Call::Create, _) if has_limits && keys.len() >= MOST_KEYS => {
                // It is no fault of a request, but one of whoever has not made room before.
                self.wrong.push(format!("a key is made for {user}, who has {keys:?}"));
                refused(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
            }
            (Call::Create, _) => {
                self.made += 1;
                let made = new_key(self.made);
                let result = format!(
                    "<AccessKey><UserName>{user}</UserName><AccessKeyId>{}</AccessKeyId><Status>Active</Status>\
                     <SecretAccessKey>{}</SecretAccessKey><CreateDate>{}</CreateDate></AccessKey>",
                    made.id, made.secret, made.made_at
                );
                self.events.push(Event::Made(made.id.clone()));
                keys.push(made);
                done(call, Some(&result))
            }
            (_, None) => no_key(id),
            (Call::Update, Some(place)) => {
                let is_active = match fields["Status"].as_str() {
                    "Active" => true,
                    "Inactive" => false,
                    other => {
                        self.wrong.push(format!("{other} is no status"));
                        return refused(
                            400,
                            "ValidationError",
                            "Value at 'status' failed to satisfy constraint",
                        );
                    }
                };
                if keys[place].is_active && !is_active {
                    self.events.push(Event::Disabled(id.to_owned()));
                }
                keys[place].is_active = is_active;
                done(call, None)
            }
            (Call::Delete | Call::LastUsed | Call::WhoAmI, Some(place)) => {
                keys.remove(place);
                self.events.push(Event::Removed(id.to_owned()));
                done(call, None)
            }
        }
    }

    fn last_used(&mut self, id: &str) -> Reply {
        let Some((user, key)) = self.key(id) else {
            // Of a key that is not there nobody may know anything.
            let message = format!("not authorized to perform: iam:GetAccessKeyLastUsed on {id}");
            return refused(403, "AccessDenied", &message);
        };
        let used = match key.used {
            Some(service) => format!(
                "<Region>us-east-1</Region><LastUsedDate>{AT}</LastUsedDate><ServiceName>{service}</ServiceName>"
            ),
            None => "<Region>N/A</Region><ServiceName>N/A</ServiceName>".to_owned(),
        };
        let result = format!("<UserName>{user}</UserName><AccessKeyLastUsed>{used}</AccessKeyLastUsed>");
        done(Call::LastUsed, Some(&result))
    }
}

fn new_key(number: usize) -> Key {
    Key {
        id: format!("AKIANEWKEYNUMBER{number:04}"),
        secret: format!("New/key+that/nobody+has/seen+Number/{number:04}"),
        is_active: true,
        made_at: AT,
        used: None,
    }
}

fn list(user: &str, keys: &[Key]) -> Reply {
    let member = |key: &Key| {
        let status = if key.is_active { "Active" } else { "Inactive" };
        format!(
            "<member><UserName>{user}</UserName><AccessKeyId>{}</AccessKeyId><Status>{status}</Status>\
             <CreateDate>{}</CreateDate></member>",
            key.id, key.made_at
        )
    };
    let members: String = keys.iter().map(member).collect();
    let result = format!(
        "<UserName>{user}</UserName><AccessKeyMetadata>{members}</AccessKeyMetadata><IsTruncated>false</IsTruncated>"
    );
    done(Call::List, Some(&result))
}

impl Staged for Aws {
    const KIND: &'static str = "aws-iam-access-key";
    const FIRST: &'static str = FIRST;
    const FIRST_HANDLE: &'static str = FIRST_ID;
    const TAKES_MARKERS: bool = false;
    const ENVIRONMENT: &'static [(&'static str, &'static str)] =
        &[("AWS_ACCESS_KEY_ID", KEEPER_ID), ("AWS_SECRET_ACCESS_KEY", KEEPER_SECRET)];

    fn start() -> Standin {
        Standin::start()
    }

    fn words(standin: &Standin) -> Vec<String> {
        let url = standin.url();
        vec![format!("user={USER}"), format!("iam={url}"), format!("sts={url}")]
    }

    fn credentials(&self) -> Vec<Credential> {
        let credential = |one: &Key| Credential {
            handle: one.id.clone(),
            mark: None,
            value: key(&one.id, &one.secret),
            is_valid: one.is_active,
        };
        self.keys[USER].iter().map(credential).collect()
    }

    fn events(&self) -> &[Event] {
        &self.events
    }

    fn changes(call: Call) -> bool {
        [Call::Create, Call::Update, Call::Delete].contains(&call)
    }
}
