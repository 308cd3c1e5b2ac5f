//! A stand-in for Microsoft Entra ID and Microsoft Graph, because neither can run here and no package imitates `addPassword`. It
//! holds every request against the documented contract, and refuses what that does not have:
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>,
//! <https://learn.microsoft.com/graph/api/application-addpassword>,
//! <https://learn.microsoft.com/graph/api/application-removepassword>,
//! <https://learn.microsoft.com/graph/api/application-get>.
//!
//! No clock comes into it: what takes time there takes a number of requests here.

mod log_in;

use std::collections::{BTreeMap, BTreeSet};

use secrets::domain::rotator::EntraAppPassword;
use secrets::domain::time::Instant;
use secrets::domain::value::Value;
use serde_json::{Value as Json, json};

use super::server::Request;
use super::staged::Event;
use super::standin::{self, Reply, World, percent_decoded};

pub const TENANT: &str = "campus.example.org";
/// The application that may make client secrets of those that it owns.
pub const CLIENT: &str = "11112222-bbbb-3333-cccc-4444dddd5555";
pub const CLIENT_SECRET: &str = "Cli8Q~the-secret-of-the-client_0123456789";
/// An application that the client owns, with one client secret that a person made.
pub const APP: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
pub const APP_SECRET: &str = "Old8Q~made-by-hand-last-year._0123456789";
pub const APP_KEY: &str = "f0b0b335-1d71-4883-8f98-567911bfdca6";
/// One that somebody else owns.
pub const FOREIGN: &str = "22223333-cccc-4444-dddd-5555eeee6666";
/// When all of this happens.
pub const AT: &str = "2027-08-24T00:00:00Z";
/// Where personal accounts may sign in, an application has so many client secrets; else about a thousand.
const MOST_PASSWORDS: usize = 2;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    LogIn,
    List,
    Add,
    Remove,
}

#[derive(Debug, Clone)]
pub struct Password {
    pub key_id: String,
    pub name: Option<String>,
    pub secret: String,
    pub end: String,
    /// How often it is still refused, because not every server has heard of it.
    pub refused: usize,
    /// How often it still can't be found by who wants to remove it.
    pub hidden: usize,
    /// How often somebody has asked for a token with it.
    pub tried: usize,
}

#[derive(Clone)]
pub struct Entra {
    /// By application id, with who owns it.
    passwords: BTreeMap<String, (BTreeSet<String>, Vec<Password>)>,
    /// Whose a token is.
    tokens: BTreeMap<String, String>,
    made: usize,
    refuse_new: usize,
    hide_new: usize,
    most: usize,
    wrong: Vec<String>,
    pub events: Vec<Event>,
}

pub type Standin = standin::Standin<Entra>;

impl Standin {
    pub fn start() -> Self {
        let password = |key_id: &str, name: Option<&str>, secret: &str| Password {
            key_id: key_id.to_owned(),
            name: name.map(str::to_owned),
            secret: secret.to_owned(),
            end: "2028-01-01T00:00:00.1234567Z".to_owned(),
            refused: 0,
            hidden: 0,
            tried: 0,
        };
        let owned = || BTreeSet::from([CLIENT.to_owned()]);
        let by_hand = vec![password(APP_KEY, Some("made by hand"), APP_SECRET)];
        let client = vec![password("00000000-0000-4000-8000-00000000c11e", None, CLIENT_SECRET)];
        Self::of(Entra {
            passwords: BTreeMap::from([
                (CLIENT.to_owned(), (owned(), client)),
                (APP.to_owned(), (owned(), by_hand)),
                (FOREIGN.to_owned(), (BTreeSet::new(), Vec::new())),
            ]),
            tokens: BTreeMap::new(),
            made: 0,
            refuse_new: 0,
            hide_new: 0,
            most: MOST_PASSWORDS,
            wrong: Vec::new(),
            events: Vec::new(),
        })
    }

    /// The settings of a rotator, credential and all.
    pub fn settings(&self, app: &str) -> EntraAppPassword<Value> {
        EntraAppPassword {
            tenant: TENANT.to_owned(),
            app: app.to_owned(),
            client: CLIENT.to_owned(),
            client_secret: Value::new(CLIENT_SECRET.as_bytes().to_vec()),
            login: self.url(),
            graph: self.url(),
        }
    }

    /// The same as `secrets rotator set` takes them.
    pub fn words(&self, app: &str, client_secret: &str) -> Vec<String> {
        let url = self.url();
        vec![
            format!("tenant={TENANT}"),
            format!("app={app}"),
            format!("client={CLIENT}"),
            format!("client-secret={client_secret}"),
            format!("login={url}"),
            format!("graph={url}"),
        ]
    }

    /// Every new client secret is refused so often before it is taken.
    pub fn refuse_new(&self, times: usize) {
        self.with(|entra| entra.refuse_new = times);
    }

    /// Every new client secret is so often not found when it is to be removed.
    pub fn hide_new(&self, times: usize) {
        self.with(|entra| entra.hide_new = times);
    }

    /// Removes one as a person does in the portal.
    pub fn remove_by_hand(&self, app: &str, key_id: &str) {
        self.with(|entra| entra.passwords.get_mut(app).unwrap().1.retain(|one| one.key_id != key_id));
    }

    /// So many client secrets are made at most, as where only people of a directory sign in.
    pub fn allow(&self, most: usize) {
        self.with(|entra| entra.most = most);
    }

    pub fn passwords(&self, app: &str) -> Vec<Password> {
        self.with(|entra| entra.passwords(app).to_vec())
    }

    pub fn key_ids(&self, app: &str) -> Vec<String> {
        self.passwords(app).into_iter().map(|password| password.key_id).collect()
    }

    /// Makes one as a person does in the portal.
    pub fn make_by_hand(&self, app: &str, name: Option<&str>, secret: &str) -> String {
        self.with(|entra| {
            let password = entra.password(name, "2028-01-01T00:00:00Z".to_owned());
            let password = Password { secret: secret.to_owned(), refused: 0, hidden: 0, ..password };
            let key_id = password.key_id.clone();
            entra.passwords.get_mut(app).unwrap().1.push(password);
            key_id
        })
    }
}

impl Entra {
    pub fn passwords(&self, app: &str) -> &[Password] {
        &self.passwords[app].1
    }

    /// Somebody ends one in the portal.
    pub fn take_away(&mut self, app: &str, key_id: &str) {
        self.passwords.get_mut(app).unwrap().1.retain(|one| one.key_id != key_id);
    }

    fn password(&mut self, name: Option<&str>, end: String) -> Password {
        self.made += 1;
        let made = self.made;
        Password {
            key_id: format!("{made:08x}-aaaa-4bbb-8ccc-dddddddddddd"),
            name: name.map(str::to_owned),
            // Microsoft's are of 40 characters; `+` is escaped by how they write JSON.
            secret: format!("n{made:02}8Q~new+secret~that._nobody-has-seen-{made:02}"),
            end,
            refused: self.refuse_new,
            hidden: self.hide_new,
            tried: 0,
        }
    }
}

fn graph_error(status: u16, code: &str, message: &str) -> Reply {
    let inner = json!({ "date": "2027-08-24T00:00:00", "request-id": "r", "client-request-id": "c" });
    Reply::new(status, json!({ "error": { "code": code, "message": message, "innerError": inner } }))
}

impl World for Entra {
    type Call = Call;

    fn call_of(request: &Request) -> Call {
        match request.line.split(' ').nth(1).unwrap_or_default() {
            path if path.ends_with("/addPassword") => Call::Add,
            path if path.ends_with("/removePassword") => Call::Remove,
            path if path.starts_with("/v1.0/applications") => Call::List,
            _ => Call::LogIn,
        }
    }

    fn act(&mut self, call: Call, request: &Request, has_limits: bool) -> Reply {
        if call == Call::LogIn {
            return self.log_in(request);
        }
        match (call, self.authorized(call, request)) {
            (_, Err(reply)) => reply,
            (Call::Add, Ok(app)) => self.add(&app, request, has_limits),
            (Call::Remove, Ok(app)) => self.remove(&app, request),
            (Call::List | Call::LogIn, Ok(app)) => self.list(&app),
        }
    }

    fn refusal(status: u16, code: &str, message: &str) -> Reply {
        graph_error(status, code, message)
    }

    fn wrong(&mut self) -> &mut Vec<String> {
        &mut self.wrong
    }
}

impl Entra {
    fn against(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    /// The application that is asked for, where whoever asks may.
    fn authorized(&mut self, call: Call, request: &Request) -> Result<String, Reply> {
        let (method, rest) = match call {
            Call::List => ("GET", "?$select=passwordCredentials"),
            Call::Add => ("POST", "/addPassword"),
            Call::Remove | Call::LogIn => ("POST", "/removePassword"),
        };
        let line = percent_decoded(&request.line);
        let app = line.strip_prefix(&format!("{method} /v1.0/applications(appId='"));
        let app = app.and_then(|app| app.strip_suffix(&format!("'){rest} HTTP/1.1"))).map(str::to_owned);
        let Some(app) = app else {
            self.against(format!("{line}: no such request"));
            return Err(graph_error(405, "Request_BadRequest", "The method or the address is not there."));
        };
        let is_json = request.header("content-type") == Some("application/json");
        if is_json != (call != Call::List) || request.body.is_empty() != (call == Call::List) {
            self.against(format!("{line}: the body is JSON where something is to be done"));
            return Err(graph_error(415, "Request_BadRequest", "Content-Type must be application/json."));
        }
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(client) = token.and_then(|token| self.tokens.get(token)).cloned() else {
            self.against(format!("{line}: no token"));
            return Err(graph_error(401, "InvalidAuthenticationToken", "Access token is empty or invalid."));
        };
        let Some((owners, _)) = self.passwords.get(&app) else {
            let message =
                format!("Resource '{app}' does not exist or one of its queried references are not.");
            return Err(graph_error(404, "Request_ResourceNotFound", &message));
        };
        if !owners.contains(&client) {
            let message = "Insufficient privileges to complete the operation.";
            return Err(graph_error(403, "Authorization_RequestDenied", message));
        }
        Ok(app)
    }

    fn list(&self, app: &str) -> Reply {
        let passwords: Vec<_> = self.passwords[app].1.iter().map(shown).collect();
        let context = "https://graph.microsoft.com/v1.0/$metadata#applications(passwordCredentials)/$entity";
        Reply::new(200, json!({ "@odata.context": context, "passwordCredentials": passwords }))
    }

    fn add(&mut self, app: &str, request: &Request, has_limits: bool) -> Reply {
        let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let asked = body["passwordCredential"].as_object().cloned().unwrap_or_default();
        let is_known = |key: &String| key == "displayName" || key == "endDateTime";
        let name = asked.get("displayName").and_then(Json::as_str).map(str::to_owned);
        let end = asked.get("endDateTime").map(|end| end.as_str().unwrap_or_default().to_owned());
        let is_later = |end: &String| {
            end.ends_with('Z')
                && Instant::parse_rfc3339(end).is_ok_and(|end| end > Instant::parse_rfc3339(AT).unwrap())
        };
        if body.as_object().is_none_or(|body| body.len() != 1)
            || asked.is_empty()
            || !asked.keys().all(is_known)
            || !end.as_ref().is_none_or(is_later)
        {
            self.against(format!("addPassword: {body}"));
            return graph_error(400, "Request_BadRequest", "A property is unknown or has a wrong value.");
        }
        if has_limits && self.passwords[app].1.len() >= self.most {
            let message = "The application has as many password credentials as it may have.";
            return graph_error(400, "Request_BadRequest", message);
        }
        let end = end.unwrap_or_else(|| "2029-08-24T00:00:00Z".to_owned()).replace('Z', ".3086381Z");
        let password = self.password(name.as_deref(), end);
        let mut body = shown(&password);
        body["secretText"] = password.secret.clone().into();
        self.events.push(Event::Made(password.key_id.clone()));
        self.passwords.get_mut(app).unwrap().1.push(password);
        Reply::new(200, body)
    }

    fn remove(&mut self, app: &str, request: &Request) -> Reply {
        let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let key_id = body["keyId"].as_str().map(str::to_owned);
        let Some(key_id) = key_id.filter(|_| body.as_object().is_some_and(|body| body.len() == 1)) else {
            self.against(format!("removePassword: {body}"));
            return graph_error(400, "Request_BadRequest", "A property is unknown or has a wrong value.");
        };
        let passwords = &mut self.passwords.get_mut(app).unwrap().1;
        match passwords.iter_mut().position(|one| one.key_id == key_id) {
            Some(at) if passwords[at].hidden == 0 => {
                passwords.remove(at);
                self.events.push(Event::Removed(key_id));
                Reply::new(204, Json::Null)
            }
            found => {
                if let Some(at) = found {
                    passwords[at].hidden -= 1;
                }
                let message = format!("No password credential found with keyId '{key_id}'.");
                graph_error(400, "Request_BadRequest", &message)
            }
        }
    }
}

fn shown(password: &Password) -> Json {
    json!({
        "customKeyIdentifier": null, "displayName": password.name, "endDateTime": password.end,
        "hint": password.secret[..3], "keyId": password.key_id, "secretText": null,
        "startDateTime": AT.replace('Z', ".3086381Z"),
    })
}
