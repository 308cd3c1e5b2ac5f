//! What the pages for a browser have in common: their head, their policy, their looks.
//!
//! A page is one file that needs nothing else: no request leaves it, and nothing but its own style and script can run.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::markup::Markup;

/// What makes a page a page, before its content.
pub(super) struct Head<'a> {
    /// Markup is not needed in it.
    pub title: &'a str,
    pub style: &'static str,
    /// The only script that may run; a page without one runs none.
    pub script: Option<&'static str>,
}

impl Head<'_> {
    /// Writes the page down to its opened body.
    pub fn write(&self, page: &mut Markup) {
        page.tag("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.tag("<meta http-equiv=\"Content-Security-Policy\" content=\"").text(&self.policy()).tag("\">\n");
        page.tag(
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"robots\" content=\"noindex\">\n\
             <link rel=\"icon\" href=\"data:,\">\n",
        );
        page.tag("<title>").text(self.title).tag("</title>\n<style>").tag(self.style);
        page.tag("</style>\n</head>\n<body>\n");
    }

    fn policy(&self) -> String {
        let script = self.script.map(|script| format!(" script-src {};", hash_of(script)));
        format!(
            "default-src 'none'; style-src {};{} img-src data:; base-uri 'none'; form-action 'none'",
            hash_of(self.style),
            script.unwrap_or_default()
        )
    }
}

/// The source expression by which a policy names just this text.
pub(super) fn hash_of(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// A number that stands out, and what it counts.
pub(super) fn card(page: &mut Markup, class: &'static str, number: &str, what: &str) {
    page.tag("<li class=\"").tag(class).tag("\"><strong>").text(number).tag("</strong> <span>");
    page.text(what).tag("</span></li>\n");
}

/// The first twelve digits of a commit, with the whole of it for who wants it.
pub(super) fn commit(page: &mut Markup, commit: &str) {
    let short: String = commit.chars().take(12).collect();
    page.tag("<code title=\"").text(commit).tag("\">").text(&short).tag("</code>");
}
