//! Access tokens of projects and groups in GitLab, by its REST API v4: <https://docs.gitlab.com/api/project_access_tokens/>,
//! <https://docs.gitlab.com/api/group_access_tokens/>.
//!
//! GitLab's own `rotate` is not used: it revokes the old token at once, and nothing would be left to go back to.

pub mod answers;

mod api;

use serde_json::json;

use super::{Minted, Outside, Provider, RotateError, Trial, marker};
use crate::domain::id::VersionId;
use crate::domain::period::Period;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::rotator::GitlabToken;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use answers::Token;
use api::{Api, Asked, Own};

const PROVIDER: &str = "gitlab-token";
/// How long a token lives where nothing says so: GitLab wants an end.
const LIFETIME: Period = Period::days(90);

pub struct Gitlab<'a> {
    settings: &'a GitlabToken<Value>,
    outside: &'a Outside,
    api: Api<'a>,
}

impl<'a> Gitlab<'a> {
    pub fn new(settings: &'a GitlabToken<Value>, outside: &'a Outside) -> Result<Self, RotateError> {
        Ok(Self { settings, outside, api: Api::new(settings, outside)? })
    }

    /// The day on which the new token ends, at midnight UTC: not later than it should.
    fn last_day(&self, lifetime_end: Option<Instant>) -> Result<String, RotateError> {
        let now = self.outside.now;
        let end = lifetime_end.or_else(|| LIFETIME.after(now)).unwrap_or(now);
        if end.date() > now.date() {
            return Ok(end.date());
        }
        Err(RotateError::Refused {
            provider: PROVIDER,
            why: format!("a token that ends on {} would not live a day", end.date()),
            remedy: "give the rotator a longer `lifetime`: GitLab's tokens end at midnight UTC".to_owned(),
        })
    }

    /// Why a token is not the one that this rotator makes.
    fn fault_of(&self, token: &Token) -> Result<Option<String>, RotateError> {
        if !token.is_valid() {
            return Ok(Some(format!("the token {} is revoked or has ended", token.id)));
        }
        let mut scopes = (token.scopes.clone(), self.settings.scopes.clone());
        scopes.0.sort();
        scopes.1.sort();
        scopes.1.dedup();
        if scopes.0 != scopes.1 {
            let (has, wanted) = (scopes.0.join(", "), scopes.1.join(", "));
            return Ok(Some(format!("the token {} has the scopes {has}, and not {wanted}", token.id)));
        }
        if self.api.token(token.id)?.is_none() {
            return Ok(Some(format!("the token {} is none of {}", token.id, self.api.owner())));
        }
        Ok(None)
    }
}

impl Provider for Gitlab<'_> {
    fn takes_markers(&self) -> bool {
        true
    }

    fn list(&self) -> Result<Vec<Listed>, RotateError> {
        self.api
            .valid_tokens()?
            .iter()
            .map(|token| token.listed().ok_or_else(|| self.api.garbage()))
            .collect()
    }

    fn identify(&self, value: &Value, listed: &[Listed]) -> Result<Option<Handle>, RotateError> {
        let Own::Token(token) = self.api.own_token(value)? else { return Ok(None) };
        let handle = token.handle().ok_or_else(|| self.api.garbage())?;
        Ok(Some(handle).filter(|handle| listed.iter().any(|one| one.handle == *handle)))
    }

    fn mint(
        &self,
        marker: VersionId,
        _current: Option<&Value>,
        lifetime_end: Option<Instant>,
    ) -> Result<Minted, RotateError> {
        let body = json!({
            "name": marker::name(marker),
            "scopes": self.settings.scopes,
            "access_level": self.settings.access_level,
            "expires_at": self.last_day(lifetime_end)?,
        });
        match self.api.create_once(&body)? {
            Asked::Done(answer) => answers::minted(&answer.body).ok_or_else(|| self.api.garbage()),
            Asked::Refused(refusal) => Err(self.api.refused(
                refusal,
                "look at `scopes`, `access-level` (not above that of `token`) and `lifetime` (400 days at most, unless its \
                 administrators say otherwise)",
            )),
        }
    }

    /// Asks who it is, and whether that is what this rotator makes.
    fn verify(&self, value: &Value) -> Result<Trial, RotateError> {
        Ok(match self.api.own_token(value)? {
            Own::Refused(why) => Trial::Refused(why),
            Own::Token(token) => self.fault_of(&token)?.map_or(Trial::Passed, Trial::Refused),
        })
    }

    /// What GitLab does not revoke may be revoked already: the list says so.
    fn revoke(&self, handle: &Handle) -> Result<(), RotateError> {
        let refusal = match self.api.delete(handle)? {
            Asked::Done(_) => return Ok(()),
            Asked::Refused(refusal) => refusal,
        };
        let may_be_gone = matches!(refusal.status, 400 | 404);
        let is_there = |token: &Token| token.handle().as_ref() == Some(handle);
        if may_be_gone && !self.api.valid_tokens()?.iter().any(is_there) {
            return Ok(());
        }
        Err(self.api.refused(refusal, &format!("run it again, or revoke the token {handle} by hand")))
    }
}
