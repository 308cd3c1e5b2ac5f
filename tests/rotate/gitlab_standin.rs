//! A stand-in for GitLab, because the real one needs more room and time than tests have. It holds every request against the
//! documented contract: <https://docs.gitlab.com/api/project_access_tokens/>, <https://docs.gitlab.com/api/group_access_tokens/>,
//! <https://docs.gitlab.com/api/personal_access_tokens/#self-inform>, <https://docs.gitlab.com/api/rest/#pagination>.

use std::collections::{BTreeMap, BTreeSet};

use secrets::domain::rotator::{GitlabOwner, GitlabToken};
use secrets::domain::value::Value;
use serde_json::{Value as Json, json};

use super::entra_standin::AT;
use super::server::Request;
use super::standin::{self, Reply, World, percent_decoded};

/// A personal access token of somebody who may make tokens, and one that may only look.
pub const ADMIN: &str = "glpat-Adm1n-of-infra.0123456789";
pub const READER: &str = "glpat-Re4der-of-infra.012345678";
pub const PROJECT: &str = "infra/web";
pub const GROUP: &str = "infra";
/// A token of the project that a person made, and one of another project.
pub const BY_HAND: &str = "glpat-by-hand-last-year.0123456";
pub const BY_HAND_ID: u64 = 42;
pub const FOREIGN: &str = "glpat-of-an0ther-project.012345";
pub const FOREIGN_ID: u64 = 43;
/// 400 days after everything here happens.
const LAST_DAY: &str = "2028-09-27";
const SCOPES: [&str; 4] = ["api", "read_api", "read_repository", "read_registry"];

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Own,
    List,
    Get,
    Create,
    Delete,
}

#[derive(Debug, Clone)]
pub struct Token {
    pub id: u64,
    /// `projects/infra/web`.
    pub owner: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub access_level: u64,
    pub expires_at: String,
    pub revoked: bool,
    pub secret: String,
}

impl Token {
    fn is_active(&self) -> bool {
        !self.revoked && self.expires_at.as_str() > &AT[..10]
    }

    fn shown(&self) -> Json {
        json!({
            "id": self.id, "name": self.name, "revoked": self.revoked, "created_at": "2027-08-24T00:00:00.921Z",
            "description": null, "scopes": self.scopes, "user_id": 166, "last_used_at": null,
            "active": self.is_active(), "expires_at": self.expires_at, "access_level": self.access_level,
        })
    }
}

pub struct Gitlab {
    tokens: Vec<Token>,
    /// Before 17.2 the list has what is revoked too, whatever `state` says.
    pub is_old: bool,
    wrong: Vec<String>,
}

pub type Standin = standin::Standin<Gitlab>;

impl Standin {
    pub fn start() -> Self {
        let token = |id, owner: &str, secret: &str| Token {
            id,
            owner: owner.to_owned(),
            name: "made by hand".to_owned(),
            scopes: vec!["read_registry".to_owned(), "read_repository".to_owned()],
            access_level: 30,
            expires_at: "2028-01-01".to_owned(),
            revoked: false,
            secret: secret.to_owned(),
        };
        let by_hand = token(BY_HAND_ID, "projects/infra/web", BY_HAND);
        let foreign = token(FOREIGN_ID, "projects/infra/other", FOREIGN);
        Self::of(Gitlab { tokens: vec![by_hand, foreign], is_old: false, wrong: Vec::new() })
    }

    pub fn settings(&self) -> GitlabToken<Value> {
        GitlabToken {
            url: self.url(),
            of: GitlabOwner::Project(PROJECT.to_owned()),
            token: Value::new(ADMIN.as_bytes().to_vec()),
            scopes: vec!["read_repository".to_owned(), "read_registry".to_owned()],
            access_level: 30,
        }
    }

    pub fn tokens(&self) -> Vec<Token> {
        self.with(|gitlab| gitlab.tokens.clone())
    }

    /// The numbers of what is valid, but for the token of another project.
    pub fn active(&self) -> Vec<u64> {
        let tokens = self.tokens().into_iter();
        tokens.filter(|one| one.is_active() && one.id != FOREIGN_ID).map(|one| one.id).collect()
    }

    pub fn change(&self, id: u64, change: impl FnOnce(&mut Token)) {
        self.with(|gitlab| change(gitlab.tokens.iter_mut().find(|one| one.id == id).unwrap()));
    }

    /// Makes many, as people do over the years.
    pub fn make_by_hand(&self, count: u64) {
        self.with(|gitlab| {
            let like = gitlab.tokens[0].clone();
            let more =
                (1000..1000 + count).map(|id| Token { id, secret: format!("glpat-{id}"), ..like.clone() });
            gitlab.tokens.extend(more);
        });
    }
}

impl World for Gitlab {
    type Call = Call;

    fn call_of(request: &Request) -> Call {
        let mut words = request.line.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match method {
            "POST" => Call::Create,
            "DELETE" => Call::Delete,
            _ if path.ends_with("/self") => Call::Own,
            _ if path.split('?').next().unwrap_or_default().ends_with("access_tokens") => Call::List,
            _ => Call::Get,
        }
    }

    fn act(&mut self, call: Call, request: &Request, _has_limits: bool) -> Reply {
        let is_json = request.header("content-type") == Some("application/json");
        if is_json != (call == Call::Create) || request.body.is_empty() == is_json {
            return self.against(request, "only what makes one has a body, and that is JSON");
        }
        let secret = request.header("private-token").unwrap_or_default().to_owned();
        if call == Call::Own {
            return self.own(request, &secret);
        }
        let (owner, rest) = match self.owner(request) {
            Ok(found) => found,
            Err(reply) => return reply,
        };
        match secret.as_str() {
            ADMIN => {}
            READER => {
                return Reply::new(
                    403,
                    json!({
                        "error": "insufficient_scope", "scope": "api",
                        "error_description": "The request requires higher privileges than provided by the access token.",
                    }),
                );
            }
            _ => return Self::refusal(401, "", "401 Unauthorized"),
        }
        if !["projects/infra/web", "projects/7", "groups/infra"].contains(&owner.as_str()) {
            let kind = if owner.starts_with("projects") { "Project" } else { "Group" };
            return Self::refusal(404, "", &format!("404 {kind} Not Found"));
        }
        let owner = owner.replace("projects/7", "projects/infra/web");
        match call {
            Call::Create if rest.is_empty() => self.create(&owner, request),
            Call::List => self.list(&owner, request, &rest),
            Call::Get | Call::Delete | Call::Create | Call::Own => self.one(call, &owner, request, &rest),
        }
    }

    fn refusal(status: u16, _code: &str, message: &str) -> Reply {
        Reply::new(status, json!({ "message": message }))
    }

    fn wrong(&mut self) -> &mut Vec<String> {
        &mut self.wrong
    }
}

impl Gitlab {
    fn against(&mut self, request: &Request, why: &str) -> Reply {
        self.wrong.push(format!("{}: {why}", request.line));
        Reply::new(400, json!({ "error": why }))
    }

    fn own(&mut self, request: &Request, secret: &str) -> Reply {
        if request.line != "GET /api/v4/personal_access_tokens/self HTTP/1.1" {
            return self.against(request, "no such request");
        }
        match self.tokens.iter().find(|one| one.secret == secret && one.is_active()) {
            Some(token) => Reply::new(200, token.shown()),
            None => Self::refusal(401, "", "401 Unauthorized"),
        }
    }

    /// `projects/infra/web`, and what stands behind `access_tokens`. A path is one encoded segment.
    fn owner(&mut self, request: &Request) -> Result<(String, String), Reply> {
        let path = request.line.split(' ').nth(1).unwrap_or_default();
        let found = path.strip_prefix("/api/v4/").and_then(|path| path.split_once("/access_tokens"));
        let found = found.and_then(|(owner, rest)| Some((owner.split_once('/')?, rest)));
        match found {
            Some(((kind @ ("projects" | "groups"), id), rest)) if !id.contains('/') => {
                Ok((format!("{kind}/{}", percent_decoded(id)), rest.to_owned()))
            }
            _ => Err(self.against(request, "no such address")),
        }
    }

    fn list(&mut self, owner: &str, request: &Request, query: &str) -> Reply {
        let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
        let pairs: BTreeMap<_, _> = pairs.collect();
        let number = |key: &str| pairs.get(key).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        let known = BTreeSet::from(["page", "per_page", "state"]);
        if pairs.keys().copied().collect::<BTreeSet<_>>() != known
            || pairs["state"] != "active"
            || !(1..=100).contains(&number("per_page"))
            || number("page") == 0
            || !request.line.starts_with("GET ")
        {
            return self.against(request, "state=active and pages of 100 at most");
        }
        let is_old = self.is_old;
        let all = self.tokens.iter().filter(|one| one.owner == owner && (is_old || one.is_active()));
        let all: Vec<_> = all.map(Token::shown).collect();
        let (page, per_page) = (number("page"), number("per_page"));
        let shown: Vec<_> = all.iter().skip((page - 1) * per_page).take(per_page).cloned().collect();
        let next = if page * per_page < all.len() { (page + 1).to_string() } else { String::new() };
        let headers = if is_old { String::new() } else { format!("X-Next-Page: {next}\r\n") };
        Reply { headers, ..Reply::new(200, shown.into()) }
    }

    fn one(&mut self, call: Call, owner: &str, request: &Request, rest: &str) -> Reply {
        let id = rest.strip_prefix('/').and_then(|id| id.parse::<u64>().ok());
        if !["GET ", "DELETE "].iter().any(|method| request.line.starts_with(method)) || id.is_none() {
            return self.against(request, "no such request");
        }
        let found = self.tokens.iter_mut().find(|one| Some(one.id) == id && one.owner == owner);
        match (call, found) {
            (Call::Delete, Some(token)) if !token.revoked => {
                token.revoked = true;
                Reply::new(204, Json::Null)
            }
            (Call::Get, Some(token)) => Reply::new(200, token.shown()),
            _ => Self::refusal(404, "", "404 Project Access Token Not Found"),
        }
    }

    fn create(&mut self, owner: &str, request: &Request) -> Reply {
        let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let keys: BTreeSet<_> =
            body.as_object().map(|body| body.keys().map(String::as_str).collect()).unwrap_or_default();
        let scopes: Vec<_> = body["scopes"].as_array().cloned().unwrap_or_default();
        let scopes: Vec<_> = scopes.iter().filter_map(Json::as_str).map(str::to_owned).collect();
        let day = body["expires_at"].as_str().unwrap_or_default().to_owned();
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        if keys != BTreeSet::from(["access_level", "expires_at", "name", "scopes"])
            || name.is_empty()
            || chrono::NaiveDate::parse_from_str(&day, "%Y-%m-%d").is_err()
        {
            return self.against(request, "name, scopes, access_level and a day, and nothing else");
        }
        if scopes.is_empty() || scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
            return Reply::new(400, json!({ "error": "scopes does not have a valid value" }));
        }
        let access_level = body["access_level"].as_u64().unwrap_or(0);
        if ![10, 15, 20, 30, 40].contains(&access_level) {
            return Self::refusal(400, "", "400 Bad request - Access level of the token is above yours");
        }
        if day.as_str() <= &AT[..10] || day.as_str() > LAST_DAY {
            let message = format!("400 Bad request - Expiration date must be before {LAST_DAY}");
            return Self::refusal(400, "", &message);
        }
        let id = 58 + self.tokens.len() as u64;
        let (secret, expires_at, owner) = (format!("glpat-new+{id:025}"), day, owner.to_owned());
        let token = Token { id, owner, name, scopes, access_level, expires_at, revoked: false, secret };
        let mut body = token.shown();
        body["token"] = token.secret.clone().into();
        self.tokens.push(token);
        Reply::new(201, body)
    }
}
