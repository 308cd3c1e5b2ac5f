//! Client secrets of applications in Microsoft Entra ID, by Microsoft Graph v1.0:
//! <https://learn.microsoft.com/graph/api/application-addpassword>.

pub mod answers;

mod api;

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Minted, Outside, Provider, RotateError, Trial, marker};
use crate::domain::id::VersionId;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::rotator::EntraAppPassword;
use crate::domain::time;
use crate::domain::value::Value;
use answers::Credential;
use api::{Api, Asked, LogIn, Refusal};

const PROVIDER: &str = "entra-app-password";
/// The longest pause before it is looked again whether something is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub struct Entra<'a> {
    settings: &'a EntraAppPassword<Value>,
    outside: &'a Outside,
    api: Api<'a>,
}

impl<'a> Entra<'a> {
    pub fn new(settings: &'a EntraAppPassword<Value>, outside: &'a Outside) -> Result<Self, RotateError> {
        Ok(Self { settings, outside, api: Api::new(settings, outside)? })
    }

    fn credentials(&self) -> Result<Vec<Credential>, RotateError> {
        match self.api.application()? {
            Asked::Done(answer) => Ok(answers::credentials(&answer.body).ok_or_else(|| self.api.garbage())?),
            Asked::Refused(refusal) => Err(self.api.refused(refusal, "look at the settings of the rotator")),
        }
    }

    /// What a person can do about a password that is not made: the ones that stand there may be too many.
    fn no_more(&self, refusal: Refusal) -> RotateError {
        let standing = self.credentials().unwrap_or_default();
        let standing: Vec<_> = standing.iter().map(|one| one.handle.as_str()).collect();
        let remedy = if standing.len() < 2 {
            "look at `app` and `lifetime`".to_owned()
        } else {
            format!(
                "it has {} client secrets ({}), and where personal accounts may sign in two is the most: take out one that \
                 nobody uses, with `az ad app credential delete --id {} --key-id KEY-ID`",
                standing.len(),
                standing.join(", "),
                self.settings.app
            )
        };
        self.api.refused(refusal, &remedy)
    }

    fn is_there(&self, handle: &Handle) -> Result<bool, RotateError> {
        Ok(self.credentials()?.iter().any(|one| one.handle == *handle))
    }
}

impl Provider for Entra<'_> {
    fn takes_markers(&self) -> bool {
        true
    }

    fn list(&self) -> Result<Vec<Listed>, RotateError> {
        let listed = self.credentials()?.into_iter().map(|one| Listed {
            marker: one.name.as_deref().and_then(marker::read),
            handle: one.handle,
            made_at: one.made_at,
            was_used: None,
        });
        Ok(listed.collect())
    }

    /// By its first three characters, which is all that Entra tells of it.
    fn identify(&self, value: &Value, listed: &[Listed]) -> Result<Option<Handle>, RotateError> {
        let value = value.expose();
        let is_it = |one: &Credential| {
            one.hint.as_deref().is_some_and(|hint| hint.len() >= 3 && value.starts_with(hint.as_bytes()))
        };
        let mut found = self.credentials()?.into_iter().filter(is_it);
        let (Some(only), None) = (found.next(), found.next()) else { return Ok(None) };
        Ok(Some(only.handle).filter(|handle| listed.iter().any(|one| one.handle == *handle)))
    }

    fn mint(
        &self,
        marker: VersionId,
        _current: Option<&Value>,
        lifetime_end: Option<time::Instant>,
    ) -> Result<Minted, RotateError> {
        let mut credential = json!({ "displayName": marker::name(marker) });
        if let (Some(end), Some(credential)) = (lifetime_end, credential.as_object_mut()) {
            credential.insert("endDateTime".to_owned(), end.to_string().into());
        }
        match self.api.post_once("addPassword", &json!({ "passwordCredential": credential }))? {
            Asked::Done(answer) => {
                let made = answers::Made::read(&answer.body).ok_or_else(|| self.api.garbage())?;
                Ok(Minted { value: made.value, handle: Some(made.handle), expires: Some(made.ends_at) })
            }
            Asked::Refused(refusal) if refusal.status == 400 => Err(self.no_more(refusal)),
            Asked::Refused(refusal) => Err(self.api.refused(refusal, "look at the settings of the rotator")),
        }
    }

    /// Logs in as the application itself.
    fn verify(&self, value: &Value) -> Result<Trial, RotateError> {
        Ok(match self.api.log_in(&self.settings.app, value)? {
            LogIn::In(_) => Trial::Passed,
            LogIn::Refused(why) => Trial::Refused(why),
        })
    }

    /// What Graph does not find may be gone, or so young that not all of its servers have heard of it: only the list says which.
    fn revoke(&self, handle: &Handle) -> Result<(), RotateError> {
        let mut pause = self.outside.limits.first_pause;
        loop {
            let refusal = match self.api.post("removePassword", &json!({ "keyId": handle.as_str() }))? {
                Asked::Done(_) => return Ok(()),
                Asked::Refused(refusal) => refusal,
            };
            let may_be_gone = matches!(refusal.status, 400 | 404);
            if may_be_gone && !self.is_there(handle)? {
                return Ok(());
            }
            if !may_be_gone || pause >= self.outside.deadline.saturating_duration_since(Instant::now()) {
                let remedy = format!("run it again, or take out the client secret {handle} by hand");
                return Err(self.api.refused(refusal, &remedy));
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2).clamp(Duration::from_millis(1), LONGEST_PAUSE);
        }
    }
}
