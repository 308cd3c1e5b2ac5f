//! What is asked of GitHub.

use std::time::Instant;

use reqwest::Method;
use reqwest::header::{self, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::domain::json;
use crate::domain::text::visible;
use crate::domain::value::Value;
use crate::notify::{Outside, document};
use crate::web::{Answer, Limits, Request, ServiceError, Target, send};

/// What issues are labelled with where policy says nothing.
const LABEL: &str = "secrets";

/// Issues of a page, and pages: GitHub's most, and more than anybody reads.
const PER_PAGE: usize = 100;
const MOST_PAGES: usize = 50;

/// The largest page that is read, in bytes: an issue has 64 KiB of text at most.
const MAX_PAGE_BYTES: u64 = 16 * 1024 * 1024;

/// An issue, as far as anybody here wants to know.
#[derive(Deserialize)]
pub struct Issue {
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    #[serde(default)]
    labels: Vec<Label>,
    /// Pull requests are listed among the issues.
    pull_request: Option<Json>,
}

/// A page of a list of issues.
pub struct Page {
    /// Without pull requests.
    pub issues: Vec<Issue>,
    pub is_last: bool,
}

/// `None` where it is none.
pub fn page_of(body: &[u8]) -> Option<Page> {
    let mut issues: Vec<Issue> = json::read(body).ok()?;
    let is_last = issues.len() < PER_PAGE;
    issues.retain(|issue| issue.pull_request.is_none());
    Some(Page { issues, is_last })
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

pub struct Api<'a> {
    /// The issues of the repository.
    issues: Target,
    token: &'a Value,
    authorization: Value,
    labels: Vec<&'a str>,
    outside: &'a Outside,
}

impl<'a> Api<'a> {
    pub fn new(
        repository: &str,
        token: &'a Value,
        url: &Value,
        labels: &'a [String],
        outside: &'a Outside,
    ) -> Result<Self, ServiceError> {
        let setting =
            |what: &str, why: &str| ServiceError::Setting { what: what.to_owned(), why: why.to_owned() };
        let Some((owner, name)) = repository.split_once('/') else {
            return Err(setting("repository", "write it like owner/name"));
        };
        let mut labels = labels.iter().map(String::as_str).collect::<Vec<_>>();
        if labels.is_empty() {
            labels.push(LABEL);
        }
        if labels.iter().any(|label| label.contains(',')) {
            // No issue could be asked for by it, and each run would open new ones.
            return Err(setting("labels", "has one with a comma in it"));
        }
        let issues = Target::parse("url", url)?.at(&["repos", owner, name, "issues"]);
        let authorization = [b"Bearer ", token.expose().trim_ascii()].concat();
        Ok(Self { issues, token, authorization: Value::new(authorization), labels, outside })
    }

    /// The open issues with our first label, the oldest first.
    pub fn open(&self, until: Instant) -> Result<Vec<Issue>, ServiceError> {
        let label = self.labels.first().copied().unwrap_or(LABEL);
        let per_page = PER_PAGE.to_string();
        let mut found = Vec::<Issue>::new();
        for page in 1..=MOST_PAGES {
            let page = page.to_string();
            let query = [
                ("state", "open"),
                ("labels", label),
                ("sort", "created"),
                ("direction", "asc"),
                ("per_page", per_page.as_str()),
                ("page", page.as_str()),
            ];
            let request = Request::get(&self.issues.with_query(&query)).reading(MAX_PAGE_BYTES);
            let Page { issues, is_last } = self.understood(page_of(&self.ask(request, until)?.body))?;
            found.extend(issues);
            if is_last {
                return Ok(found);
            }
        }
        let why = format!(
            "more than {} issues with the label `{}` are open: close some, or give ours a label of their own",
            PER_PAGE * MOST_PAGES,
            visible(label)
        );
        Err(ServiceError::Setting { what: "labels".to_owned(), why })
    }

    /// Opens an issue, in one attempt: whether the second one would open another can't be told here.
    pub fn open_once(&self, title: &str, body: &str, until: Instant) -> Result<(), ServiceError> {
        let content = json!({ "title": title, "body": body, "labels": self.labels });
        let request = self.authorized(Request::post(&self.issues, document::bytes(&content)))?;
        let limits =
            Limits { first_pause: self.outside.limits.whole.saturating_mul(2), ..self.outside.limits };
        let issue: Issue = self.read(&send(&request, limits, until)?)?;
        let label = self.labels.first().copied().unwrap_or(LABEL);
        if issue.labels.iter().any(|found| found.name.eq_ignore_ascii_case(label)) {
            return Ok(());
        }
        // GitHub leaves the labels away where the token may not set them. Nobody would find the issue again.
        self.close(issue.number, "not_planned", until)?;
        let why = "its token may open issues and not label them: give it write access to issues, for an account with write \
                   access to the repository";
        Err(ServiceError::Setting { what: "token".to_owned(), why: why.to_owned() })
    }

    pub fn update(&self, number: u64, title: &str, body: &str, until: Instant) -> Result<(), ServiceError> {
        self.patch(number, &json!({ "title": title, "body": body }), until)
    }

    pub fn close(&self, number: u64, reason: &str, until: Instant) -> Result<(), ServiceError> {
        self.patch(number, &json!({ "state": "closed", "state_reason": reason }), until)
    }

    pub fn comment(&self, number: u64, body: &str, until: Instant) -> Result<(), ServiceError> {
        let comments = self.issues.at(&[&number.to_string(), "comments"]);
        self.ask(Request::post(&comments, document::bytes(&json!({ "body": body }))), until).map(drop)
    }

    fn patch(&self, number: u64, content: &Json, until: Instant) -> Result<(), ServiceError> {
        let issue = self.issues.at(&[&number.to_string()]);
        let request = Request::new(Method::PATCH, &issue);
        self.ask(request.with_body("application/json", document::bytes(content)), until).map(drop)
    }

    fn ask(&self, request: Request, until: Instant) -> Result<Answer, ServiceError> {
        send(&self.authorized(request)?, self.outside.limits, until)
    }

    fn authorized(&self, request: Request) -> Result<Request, ServiceError> {
        let version = HeaderName::from_static("x-github-api-version");
        let accept = HeaderValue::from_static("application/vnd.github+json");
        let request = request.with_header(version, HeaderValue::from_static("2022-11-28"));
        Ok(request
            .with_header(header::ACCEPT, accept)
            .authorized(Some(&self.authorization))?
            .keeping(self.token))
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ServiceError> {
        self.understood(json::read(&answer.body).ok())
    }

    fn understood<T>(&self, read: Option<T>) -> Result<T, ServiceError> {
        read.ok_or_else(|| {
            let why = "it is not what GitHub says of issues; is `url` that of its API?".to_owned();
            ServiceError::Garbage { to: self.issues.to_string(), why }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_issues_or_is_none() {
        let page = |issue: &str| page_of(format!("[{issue}]").as_bytes());
        let issue = r#"{"number":1,"title":"x","body":null,"labels":[{"name":"secrets"}]}"#;
        assert_eq!(page(issue).unwrap().issues[0].labels[0].name, "secrets");
        assert_eq!(page(&issue.replace("\"body\"", "\"pull_request\":{},\"body\"")).unwrap().issues.len(), 0);
        for bad in [
            r#"[1,"x",null,[],null]"#,
            r#"{"number":1,"title":"x","body":null,"labels":[["secrets"]]}"#,
            r#"{"number":1,"body":null}"#,
        ] {
            assert!(page(bad).is_none(), "{bad}");
        }
    }
}
