//! Access keys of users of AWS IAM:
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html>. They carry no mark of what they were made
//! for; a user has two at most.

pub mod answers;
pub mod key;

mod api;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::{Minted, Outside, Provider, RotateError, Trial};
use crate::domain::id::VersionId;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::rotator::{AwsAccount, AwsCredentials, AwsIamAccessKey, IamUser};
use crate::domain::text::{listed as in_words, visible};
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::web::{Answer, ServiceError};
use answers::{Standing, Unclear, Use};
use api::{Asked, Asks, Call, Refusal, Service};
use key::AccessKey;

const PROVIDER: &str = "aws-iam-access-key";

pub struct Aws<'a> {
    settings: &'a AwsIamAccessKey<Value>,
    outside: &'a Outside,
    /// With which it is asked.
    key: AccessKey<'a>,
    iam: Service,
    /// Only where it is asked for: a client reads every certificate of the system.
    sts: OnceCell<Service>,
    /// Of which account that one is, once it was asked.
    account: OnceCell<AwsAccount>,
}

impl<'a> Aws<'a> {
    pub fn new(settings: &'a AwsIamAccessKey<Value>, outside: &'a Outside) -> Result<Self, RotateError> {
        let key = match &settings.credentials {
            AwsCredentials::Given(value) => AccessKey::read(value).map_err(|error| {
                ServiceError::Setting { what: "credentials".to_owned(), why: error.to_string() }
            })?,
            AwsCredentials::Environment => of_environment(outside)?,
        };
        let (sts, account) = (OnceCell::new(), OnceCell::new());
        Ok(Self { settings, outside, key, iam: Service::iam(&settings.iam)?, sts, account })
    }

    fn sts(&self) -> Result<&Service, ServiceError> {
        if let Some(sts) = self.sts.get() {
            return Ok(sts);
        }
        let sts = Service::sts(&self.settings.sts)?;
        Ok(self.sts.get_or_init(|| sts))
    }

    fn name(&self) -> &str {
        &self.settings.user.name
    }

    /// Asks IAM about the user.
    fn ask(
        &self,
        action: &'static str,
        parameters: &[(&'static str, &str)],
        asks: Asks,
    ) -> Result<Asked, RotateError> {
        let Self { iam: service, key, settings, .. } = self;
        let call = Call { service, region: &settings.region, key, action, parameters, asks };
        Ok(call.ask(self.outside)?)
    }

    fn ask_of_user(
        &self,
        action: &'static str,
        more: &[(&'static str, &str)],
    ) -> Result<Answer, RotateError> {
        let parameters = [&[("UserName", self.name())], more].concat();
        match self.ask(action, &parameters, Asks::Again)? {
            Asked::Done(answer) => Ok(answer),
            Asked::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// Asks STS whose key it is.
    fn who_is(&self, key: &AccessKey<'_>) -> Result<Result<String, Refusal>, RotateError> {
        let (service, region) = (self.sts()?, &self.settings.region);
        let action = "GetCallerIdentity";
        let call = Call { service, region, key, action, parameters: &[], asks: Asks::Again };
        Ok(match call.ask(self.outside)? {
            Asked::Done(answer) => Ok(answers::caller(&answer.body).map_err(|Unclear| service.garbage())?),
            Asked::Refused(refusal) => Err(refusal),
        })
    }

    /// The account of the key that it is asked with.
    fn account(&self) -> Result<&AwsAccount, RotateError> {
        if let Some(account) = self.account.get() {
            return Ok(account);
        }
        let arn = self.who_is(&self.key)??;
        let account = AwsAccount::of_arn(&arn);
        let account = account.map_or_else(|| Err(self.sts()?.garbage()), Ok)?;
        Ok(self.account.get_or_init(|| account))
    }

    /// IAM looks for a user in the account of whoever asks, where another one may bear the same name.
    fn at_home(&self) -> Result<(), RotateError> {
        let Some(wanted) = &self.settings.user.account else { return Ok(()) };
        let account = self.account()?;
        if account == wanted {
            return Ok(());
        }
        Err(RotateError::Refused {
            provider: PROVIDER,
            why: format!("`credentials` are of account {account}, and `user` is {}", self.settings.user),
            remedy: "look at both of them".to_owned(),
        })
    }

    fn standing(&self) -> Result<Vec<Standing>, RotateError> {
        let mut standing = Vec::new();
        let mut begun = BTreeSet::new();
        let mut next: Option<String> = None;
        loop {
            let from: Vec<_> = next.iter().map(|marker| ("Marker", marker.as_str())).collect();
            let answer = self.ask_of_user("ListAccessKeys", &from)?;
            let page = answers::page(&answer.body).map_err(|Unclear| self.iam.garbage())?;
            standing.extend(page.keys);
            let Some(marker) = page.next else { return Ok(standing) };
            // A list that leads back to itself would never end.
            if !begun.insert(marker.clone()) {
                return Err(self.iam.garbage().into());
            }
            next = Some(marker);
        }
    }

    /// `None` where it is gone meanwhile.
    fn last_use(&self, handle: &Handle) -> Result<Option<Use>, RotateError> {
        match self.ask("GetAccessKeyLastUsed", &[("AccessKeyId", handle.as_str())], Asks::Again)? {
            Asked::Done(answer) => {
                Ok(Some(answers::last_use(&answer.body).map_err(|Unclear| self.iam.garbage())?))
            }
            Asked::Refused(refusal) if refusal.code == "NoSuchEntity" => Ok(None),
            Asked::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// What a person must know who makes room for another key.
    fn no_room(&self, current: Option<&Value>) -> Result<RotateError, RotateError> {
        let current = current.and_then(|value| AccessKey::read(value).ok()).map(|key| key.id);
        let (mut described, mut commands) = (Vec::new(), Vec::new());
        for one in self.standing()? {
            let is_current = current == Some(one.handle.as_str());
            let used = match self.last_use(&one.handle)?.map(|used| used.last) {
                Some(Some(last)) => format!("last used {} for {}", last.at.date(), visible(&last.service)),
                Some(None) => "never used".to_owned(),
                None => "gone meanwhile".to_owned(),
            };
            let state = if one.is_active { "active" } else { "inactive" };
            let made = one.made_at.map_or_else(String::new, |at| format!(", made {}", at.date()));
            let whose = if is_current { "is the value that stands" } else { "is not the value that stands" };
            described.push(format!("{} ({state}{made}, {used}) {whose}", one.handle));
            if !is_current {
                let (user, handle) = (self.name(), &one.handle);
                commands
                    .push(format!("aws iam delete-access-key --user-name {user} --access-key-id {handle}"));
            }
        }
        let which = if commands.len() == 1 { "the other one" } else { "one of them" };
        Ok(RotateError::Refused {
            provider: PROVIDER,
            why: format!(
                "{} has as many access keys as AWS allows: {}",
                self.settings.user,
                in_words(&described)
            ),
            remedy: format!("if nobody uses {which}, remove it: {}", commands.join(", or: ")),
        })
    }

    /// `Ok(false)`: IAM knows no such key of this user.
    fn change(
        &self,
        action: &'static str,
        handle: &Handle,
        more: &[(&'static str, &str)],
    ) -> Result<bool, RotateError> {
        let of = [("UserName", self.name()), ("AccessKeyId", handle.as_str())];
        match self.ask(action, &[&of, more].concat(), Asks::Again)? {
            Asked::Done(answer) => {
                answers::done(&answer.body, action).map_err(|Unclear| self.iam.garbage())?;
                Ok(true)
            }
            Asked::Refused(refusal) if refusal.code == "NoSuchEntity" => Ok(false),
            Asked::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// That no user has it: IAM says of a key of somebody else, too, that it knows none.
    fn is_gone(&self, handle: &Handle) -> Result<(), RotateError> {
        let used = match self.ask("GetAccessKeyLastUsed", &[("AccessKeyId", handle.as_str())], Asks::Again)? {
            Asked::Done(answer) => answers::last_use(&answer.body).map_err(|Unclear| self.iam.garbage())?,
            // Of a key that is not there IAM says that nobody may look at it.
            Asked::Refused(refusal) if matches!(refusal.code.as_str(), "NoSuchEntity" | "AccessDenied") => {
                return Ok(());
            }
            Asked::Refused(refusal) => return Err(refusal.into()),
        };
        let whose = used.user.unwrap_or_else(|| "somebody".to_owned());
        Err(RotateError::Refused {
            provider: PROVIDER,
            why: format!("{handle} belongs to {}, and not to {}", visible(&whose), self.settings.user),
            remedy: "look at `user`".to_owned(),
        })
    }
}

fn of_environment(outside: &Outside) -> Result<AccessKey<'_>, ServiceError> {
    let environment = &outside.environment;
    let wrong = |what: &str, why: &str| ServiceError::Setting { what: what.to_owned(), why: why.to_owned() };
    let needed = |name: &str| {
        let why = "is not set; set it, or have the rotator say credentials=secret:NAME";
        environment.var(name).ok_or_else(|| wrong(name, why))
    };
    let (id, secret) = (needed("AWS_ACCESS_KEY_ID")?, needed("AWS_SECRET_ACCESS_KEY")?);
    let key = AccessKey { id, secret, token: environment.var("AWS_SESSION_TOKEN") };
    let wrong_key =
        || wrong("AWS_ACCESS_KEY_ID", "is no id of an access key, or what belongs to it is no secret of one");
    if key.is_fit() { Ok(key) } else { Err(wrong_key()) }
}

impl Provider for Aws<'_> {
    fn takes_markers(&self) -> bool {
        false
    }

    fn list(&self) -> Result<Vec<Listed>, RotateError> {
        self.at_home()?;
        let listed = self.standing()?.into_iter().map(|one| {
            let was_used = self.last_use(&one.handle)?.map(|used| used.last.is_some());
            Ok(Listed { handle: one.handle, marker: None, made_at: one.made_at, was_used })
        });
        listed.collect()
    }

    fn identify(&self, value: &Value, listed: &[Listed]) -> Result<Option<Handle>, RotateError> {
        let Ok(key) = AccessKey::read(value) else { return Ok(None) };
        let mut handles = listed.iter().map(|one| &one.handle);
        Ok(handles.find(|handle| handle.as_str() == key.id).cloned())
    }

    fn mint(
        &self,
        _marker: VersionId,
        current: Option<&Value>,
        _lifetime_end: Option<Instant>,
    ) -> Result<Minted, RotateError> {
        self.at_home()?;
        match self.ask("CreateAccessKey", &[("UserName", self.name())], Asks::Once)? {
            Asked::Done(answer) => {
                let (key, handle) = answers::made(&answer.body).map_err(|Unclear| self.iam.garbage())?;
                // A key does not lapse by itself.
                Ok(Minted { value: key.write(self.settings.format), handle: Some(handle), expires: None })
            }
            Asked::Refused(refusal) if refusal.code == "LimitExceeded" => Err(self.no_room(current)?),
            Asked::Refused(refusal) => Err(refusal.into()),
        }
    }

    fn verify(&self, value: &Value) -> Result<Trial, RotateError> {
        let key = match AccessKey::read(value) {
            Ok(key) => key,
            Err(error) => return Ok(Trial::Refused(format!("the value {error}"))),
        };
        // Of the same name there may be somebody in every account.
        let account = match &self.settings.user.account {
            Some(account) => account,
            None => self.account()?,
        };
        let wanted = IamUser { account: Some(account.clone()), name: self.name().to_owned() };
        let arn = match self.who_is(&key)? {
            Ok(arn) => arn,
            Err(refusal) if refusal.is_of_key() => return Ok(Trial::Refused(refusal.shown)),
            Err(refusal) => return Err(refusal.into()),
        };
        let is_wanted = IamUser::of_arn(&arn)
            .is_some_and(|user| user.account == wanted.account && user.is_named_like(&wanted));
        if is_wanted {
            return Ok(Trial::Passed);
        }
        Ok(Trial::Refused(format!("it belongs to {}, and not to {wanted}", visible(&arn))))
    }

    /// First it is taken out of use: a key that can't be deleted at this moment opens nothing any more.
    fn revoke(&self, handle: &Handle) -> Result<(), RotateError> {
        self.at_home()?;
        if handle.as_str() == self.key.id {
            return Err(RotateError::Refused {
                provider: PROVIDER,
                why: format!("{handle} is the very key that AWS is asked with"),
                remedy: "have the new value deployed where `credentials` are taken from, then run it again"
                    .to_owned(),
            });
        }
        let is_there = self.change("UpdateAccessKey", handle, &[("Status", "Inactive")])?
            && self.change("DeleteAccessKey", handle, &[])?;
        if is_there { Ok(()) } else { self.is_gone(handle) }
    }
}
