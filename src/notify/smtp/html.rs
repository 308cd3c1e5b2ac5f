//! A message as a page for a mail program: tables and inline styles, because Outlook knows little else; no colour of text or
//! ground, so that a dark screen stays readable; nothing that would be fetched.

use std::fmt::Write as _;

use crate::domain::finding::Level;
use crate::domain::notice::{Message, Notice};
use crate::domain::text::counted;
use crate::domain::time::Instant;
use crate::notify::wording;

/// How many notices are shown. Mail programs cut long pages off; the text has them all.
const MOST_SHOWN: usize = 100;

const FONT: &str =
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.45";
const MONO: &str = "font-family:Menlo,Consolas,'Courier New',monospace;font-size:14px;word-break:break-all";

/// The whole page.
pub fn page(message: &Message, subject: &str) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title></head>\n\
         <body style=\"margin:0;padding:12px;{FONT}\">\n",
        escaped(subject)
    );
    page.push_str(&paragraph(&[
        escaped(&wording::place(&message.origin)),
        escaped(&format!("{}, as of {}", wording::counts(message), wording::utc(message.at))),
    ]));
    if message.is_digest {
        page.push_str(&paragraph(&["All that stands: nobody remembers what was told before.".to_owned()]));
    }
    for notice in message.notices.iter().take(MOST_SHOWN) {
        page.push_str(&card(notice, message.at));
    }
    if let Some(more) = message.notices.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        let more = counted(more, "notice");
        page.push_str(&paragraph(&[format!("{more} more: the plain text of this mail has them all.")]));
    }
    page.push_str(&resolved(message));
    page.push_str("</body></html>\n");
    page
}

fn paragraph(lines: &[String]) -> String {
    format!("<p style=\"margin:0 0 16px 0;{FONT}\">{}</p>\n", lines.join("<br>\n"))
}

/// One notice. The line at its side says how grave it is.
fn card(notice: &Notice, at: Instant) -> String {
    let colour = match notice.level {
        Level::Error => "#d1242f",
        Level::Warning | Level::Off => "#bf8700",
    };
    let mut card = format!(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
         style=\"max-width:640px;margin:0 0 20px 0\"><tr>\
         <td style=\"border-left:4px solid {colour};padding:2px 0 2px 12px;{FONT}\">\n\
         <p style=\"margin:0 0 2px 0\"><strong style=\"font-size:18px;word-break:break-word\">{}</strong></p>\n\
         <p style=\"margin:0 0 8px 0\">{}</p>\n\
         <table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n",
        escaped(&wording::name(notice)),
        escaped(&wording::plain(&notice.message))
    );
    for (label, value) in facts(notice, at) {
        // Writing into a string can't fail.
        let _ = writeln!(
            card,
            "<tr><td valign=\"top\" style=\"padding:1px 12px 1px 0;{FONT}\">{label}</td>\
             <td valign=\"top\" style=\"padding:1px 0;word-break:break-word;{FONT}\">{value}</td></tr>"
        );
    }
    card.push_str("</table></td></tr></table>\n");
    card
}

/// What is known about it, each with its label; the values are HTML.
fn facts(notice: &Notice, at: Instant) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(when) = wording::when(notice, at) {
        let tier = notice.tier.map(|tier| format!(" (tier {tier})")).unwrap_or_default();
        facts.push(("when", escaped(&(when + &tier))));
    }
    facts.push(("finding", format!("{}, {}", notice.topic.as_str(), notice.level)));
    let owners =
        notice.owners.iter().map(|owner| escaped(&wording::plain(owner.as_str()))).collect::<Vec<_>>();
    facts.push(("owners", if owners.is_empty() { "nobody".to_owned() } else { owners.join(", ") }));
    if !notice.people.is_empty() {
        let people = notice.people.iter().map(|person| escaped(&wording::person(person)));
        facts.push(("people", people.collect::<Vec<_>>().join("<br>")));
    }
    if let Some(issuer) = &notice.issuer {
        facts.push(("issuer", escaped(&wording::issuer(issuer))));
    }
    if let Some(runbook) = &notice.runbook {
        let shown = escaped(&wording::plain(runbook));
        // One that was cut leads nowhere.
        let is_whole_address = runbook.starts_with("https://") && wording::plain(runbook) == *runbook;
        let linked = if is_whole_address { format!("<a href=\"{shown}\">{shown}</a>") } else { shown };
        facts.push(("runbook", linked));
    }
    facts.push(("mend", format!("<code style=\"{MONO}\">{}</code>", escaped(&wording::command(notice)))));
    facts
}

fn resolved(message: &Message) -> String {
    if message.resolved.is_empty() {
        return String::new();
    }
    let mut list = paragraph(&["<strong>No longer due</strong>".to_owned()]);
    let _ = writeln!(list, "<ul style=\"{FONT}\">");
    for resolved in message.resolved.iter().take(MOST_SHOWN) {
        let name = resolved.secret.as_deref().unwrap_or("the store");
        let _ = writeln!(list, "<li>{}</li>", escaped(&wording::plain(name)));
    }
    if let Some(more) = message.resolved.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(list, "<li>{more} more, in the plain text of this mail</li>");
    }
    list.push_str("</ul>\n");
    list
}

/// Fit for text and for an attribute in double quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    #[test]
    fn nothing_of_others_is_read_as_html_and_only_whole_https_is_linked() {
        let mut message = samples::message();
        let mut notice = samples::notice("web/db");
        notice.message = "<script>\"x\" & 'y'</script>\u{202e}".to_owned();
        notice.runbook = Some("https://wiki.example.com/\"><img src=x>".to_owned());
        notice.remedy = "secrets set 'a&b' <file".to_owned();
        message.resolved[0].secret = Some("<b>".to_owned());
        message.notices = vec![notice.clone()];
        let page = page(&message, "<i>");
        for no in ["<script", "<img", "<b>", "<i>", "\u{202e}", "\"><img"] {
            assert!(!page.contains(no), "{no}: {page}");
        }
        let href = "<a href=\"https://wiki.example.com/&quot;&gt;&lt;img src=x&gt;\">";
        assert!(
            page.contains(href) && page.contains(">secrets set &#39;a&amp;b&#39; &lt;file</code>"),
            "{page}"
        );
        for runbook in
            ["http://x", "javascript:alert(1)", "docs/x.md", &format!("https://{}", "x".repeat(700))]
        {
            notice.runbook = Some(runbook.to_owned());
            assert!(!card(&notice, message.at).contains("<a "), "{runbook}");
        }
    }

    #[test]
    fn a_long_page_is_cut_and_says_so() {
        let mut message = samples::message();
        message.notices = vec![samples::notice("web/db"); MOST_SHOWN + 1];
        let page = page(&message, "x");
        assert_eq!(page.matches("<table role=\"presentation\" width").count(), MOST_SHOWN);
        assert!(page.contains("1 notice more: the plain text"));
    }
}
