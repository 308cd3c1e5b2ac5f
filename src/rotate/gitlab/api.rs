//! The requests to GitLab.

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value as Json;

use super::answers::{self, Token};
use super::{PROVIDER, RotateError};
use crate::domain::json;
use crate::domain::rotation::Handle;
use crate::domain::rotator::{GitlabOwner, GitlabToken};
use crate::domain::value::Value;
use crate::rotate::Outside;
use crate::web::{Answer, Request, ServiceError, Target, send, send_once};

const PER_PAGE: usize = 100;
/// So many pages are read; more tokens than on these nobody has.
const MOST_PAGES: usize = 50;
const MAX_PAGE_BYTES: u64 = 1024 * 1024;

pub struct Api<'a> {
    settings: &'a GitlabToken<Value>,
    outside: &'a Outside,
    tokens: Target,
    own: Target,
}

/// What a token says of itself.
pub enum Own {
    Token(Token),
    /// It is not taken, and why.
    Refused(String),
}

pub enum Asked {
    Done(Answer),
    Refused(Refusal),
}

/// What GitLab does not want.
pub struct Refusal {
    pub status: u16,
    said: String,
}

impl<'a> Api<'a> {
    pub fn new(settings: &'a GitlabToken<Value>, outside: &'a Outside) -> Result<Self, RotateError> {
        let url = Value::new(settings.url.as_bytes().to_vec());
        let api = Target::parse(&format!("rotator {PROVIDER}: `url`"), &url)?.at(&["api", "v4"]);
        let (kind, id) = match &settings.of {
            GitlabOwner::Project(id) => ("projects", id),
            GitlabOwner::Group(id) => ("groups", id),
        };
        let tokens = api.at(&[kind, id, "access_tokens"]);
        let own = api.at(&["personal_access_tokens", "self"]);
        Ok(Self { settings, outside, tokens, own })
    }

    /// As a person calls it.
    pub fn owner(&self) -> String {
        match &self.settings.of {
            GitlabOwner::Project(id) => format!("project {id}"),
            GitlabOwner::Group(id) => format!("group {id}"),
        }
    }

    /// All tokens that are valid now.
    pub fn valid_tokens(&self) -> Result<Vec<Token>, RotateError> {
        let (mut tokens, mut page) = (Vec::<Token>::new(), 1.to_string());
        for _ in 0..MOST_PAGES {
            let per_page = PER_PAGE.to_string();
            let query = [("state", "active"), ("per_page", per_page.as_str()), ("page", page.as_str())];
            let request = Request::get(&self.tokens.with_query(&query)).reading(MAX_PAGE_BYTES);
            let answer = match self.ask(request)? {
                Asked::Done(answer) => answer,
                Asked::Refused(refusal) => {
                    return Err(self.refused(refusal, "look at the settings of the rotator"));
                }
            };
            let found: Vec<Token> = json::read(&answer.body).map_err(|_| self.garbage())?;
            let count = found.len();
            // Versions before 17.2 know no `state`.
            tokens.extend(found.into_iter().filter(Token::is_valid));
            let next = answer.headers.get("x-next-page").map(|next| next.to_str().unwrap_or_default());
            match next {
                Some("") => return Ok(tokens),
                None if count < PER_PAGE => return Ok(tokens),
                Some(next) => next.clone_into(&mut page),
                None => page = page.parse::<usize>().unwrap_or(1).saturating_add(1).to_string(),
            }
        }
        let why = format!("{} has more than {} tokens", self.owner(), PER_PAGE * MOST_PAGES);
        let remedy = "revoke what nobody uses".to_owned();
        Err(RotateError::Refused { provider: PROVIDER, why, remedy })
    }

    /// One of the owner's tokens; `None` where it has none of this number.
    pub fn token(&self, id: u64) -> Result<Option<Token>, RotateError> {
        match self.ask(Request::get(&self.tokens.at(&[&id.to_string()])))? {
            Asked::Done(answer) => Ok(Some(self.read(&answer)?)),
            Asked::Refused(Refusal { status: 404, .. }) => Ok(None),
            Asked::Refused(refusal) => Err(self.refused(refusal, "look at the settings of the rotator")),
        }
    }

    /// Asks with a token what it is.
    pub fn own_token(&self, value: &Value) -> Result<Own, RotateError> {
        let Some(request) = with_token(Request::get(&self.own), value) else {
            return Ok(Own::Refused("it has a character that no token has".to_owned()));
        };
        let answer = send(&request, self.outside.limits, self.outside.deadline)?;
        match asked(&request, answer) {
            Asked::Done(answer) => Ok(Own::Token(self.read(&answer)?)),
            Asked::Refused(Refusal { status: 401, said }) => {
                Ok(Own::Refused(format!("{} does not take it{said}", self.own)))
            }
            Asked::Refused(refusal) => {
                Err(self.refused(refusal, "look at `url`: is it GitLab, 15.5 or later?"))
            }
        }
    }

    /// Makes a token, in one attempt.
    pub fn create_once(&self, body: &Json) -> Result<Asked, RotateError> {
        let request = self.authorized(Request::post(&self.tokens, body.to_string().into_bytes()))?;
        let answer = send_once(&request, self.outside.limits, self.outside.deadline)?;
        Ok(asked(&request, answer))
    }

    pub fn delete(&self, handle: &Handle) -> Result<Asked, RotateError> {
        self.ask(Request::new(Method::DELETE, &self.tokens.at(&[handle.as_str()])))
    }

    fn ask(&self, request: Request) -> Result<Asked, RotateError> {
        let request = self.authorized(request)?;
        let answer = send(&request, self.outside.limits, self.outside.deadline)?;
        Ok(asked(&request, answer))
    }

    fn authorized(&self, request: Request) -> Result<Request, RotateError> {
        with_token(request, &self.settings.token).ok_or_else(|| {
            let what = format!("rotator {PROVIDER}: `token`");
            ServiceError::Setting { what, why: "has a character that no token has".to_owned() }.into()
        })
    }

    fn read(&self, answer: &Answer) -> Result<Token, RotateError> {
        json::read(&answer.body).map_err(|_| self.garbage())
    }

    /// An error, with what can be done about it where that can be told.
    pub fn refused(&self, refusal: Refusal, else_remedy: &str) -> RotateError {
        let Refusal { status, said } = refusal;
        let (owner, role) = match self.settings.of {
            GitlabOwner::Project(_) => (self.owner(), "Maintainer"),
            GitlabOwner::Group(_) => (self.owner(), "Owner"),
        };
        let remedy = match status {
            401 => format!(
                "give `token` a personal access token that is valid, with the scope `api`, of somebody who is {role} of {owner}"
            ),
            403 => format!(
                "`token` must have the scope `api`, and whose it is must be {role} of {owner}; GitLab.com has such tokens from \
                 Premium on"
            ),
            404 => format!("is there a {owner}, and may `token` see it?"),
            _ => else_remedy.to_owned(),
        };
        let why = format!("{} answered {status}{said}", self.tokens);
        RotateError::Refused { provider: PROVIDER, why, remedy }
    }

    pub fn garbage(&self) -> RotateError {
        let why = "it is not what GitLab says of access tokens; is `url` right?".to_owned();
        ServiceError::Garbage { to: self.tokens.to_string(), why }.into()
    }
}

/// `None` where a header can't hold it.
fn with_token(request: Request, token: &Value) -> Option<Request> {
    let mut header = HeaderValue::from_bytes(token.expose()).ok()?;
    header.set_sensitive(true);
    let request = request.in_the_open().with_header(HeaderName::from_static("private-token"), header);
    Some(request.keeping(token).taking_refusals())
}

fn asked(request: &Request, answer: Answer) -> Asked {
    if answer.status < 300 {
        return Asked::Done(answer);
    }
    let refusal = json::read::<answers::Refusal<'_>>(&answer.body).ok();
    let said = match refusal.and_then(|refusal| refusal.sentence()) {
        Some(sentence) => request.said(sentence.as_bytes()),
        None => request.said(&answer.body),
    };
    Asked::Refused(Refusal { status: answer.status, said })
}
