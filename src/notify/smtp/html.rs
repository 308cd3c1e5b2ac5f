//! A message as a page for a mail program: tables and inline styles, because Outlook knows little else; no colour of text or
//! ground, so that a dark screen stays readable; nothing that would be fetched.

use crate::domain::finding::Level;
use crate::domain::notice::{Contact, Message, Notice, Resolved};
use crate::domain::text::visible;

/// How many notices are shown. Mail programs cut long pages off; the text has them all.
const MOST_SHOWN: usize = 100;

const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.45";
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
    for notice in message.notices.iter().take(MOST_SHOWN) {
        page.push_str(&card(notice));
    }
    let more = message.notices.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        page.push_str(&format!("<p>And {more} more: the plain text of this mail has them all.</p>\n"));
    }
    if !message.resolved.is_empty() {
        page.push_str(&over(&message.resolved));
    }
    page.push_str(&origin(message));
    page.push_str("</body></html>\n");
    page
}

/// One notice. The line at its side says how grave it is.
fn card(notice: &Notice) -> String {
    let colour = match notice.level {
        Level::Error => "#d1242f",
        Level::Warning => "#bf8700",
        Level::Off => "#0969da",
    };
    let name = notice.secret.as_ref().map_or_else(|| "The store".to_owned(), |name| escaped(name.as_str()));
    let mut card = format!(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
         style=\"max-width:640px;margin:0 0 20px 0\"><tr>\
         <td style=\"border-left:4px solid {colour};padding:2px 0 2px 12px;{FONT}\">\n\
         <p style=\"margin:0 0 2px 0\"><strong style=\"font-size:18px;word-break:break-word\">{name}</strong></p>\n\
         <p style=\"margin:0 0 8px 0\">{}</p>\n\
         <table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n",
        escaped(&notice.message)
    );
    for (label, value) in facts(notice) {
        card.push_str(&format!(
            "<tr><td valign=\"top\" style=\"padding:1px 12px 1px 0;{FONT}\">{label}</td>\
             <td valign=\"top\" style=\"padding:1px 0;word-break:break-word;{FONT}\">{value}</td></tr>\n"
        ));
    }
    card.push_str("</table>\n");
    if !notice.remedy.is_empty() {
        card.push_str(&format!(
            "<p style=\"margin:8px 0 0 0\">Mend it:<br><code style=\"{MONO}\">{}</code></p>\n",
            escaped(&notice.remedy)
        ));
    }
    card.push_str("</td></tr></table>\n");
    card
}

/// What is known about it, each with its label; the values are HTML.
fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(end) = notice.expires {
        facts.push(("Ends", escaped(&end.brief())));
    }
    if let Some(days) = notice.days_left {
        facts.push(("Days left", days.to_string()));
    }
    if !notice.owners.is_empty() {
        let owners = notice.owners.iter().map(|owner| escaped(owner.as_str())).collect::<Vec<_>>();
        facts.push(("Owners", owners.join(", ")));
    }
    if !notice.people.is_empty() {
        facts.push(("People", notice.people.iter().map(person).collect::<Vec<_>>().join("<br>")));
    }
    if let Some(issuer) = &notice.issuer {
        let contact = issuer.contact.iter().map(|contact| format!(", {}", escaped(contact)));
        facts.push(("Issuer", escaped(&issuer.name) + &contact.collect::<String>()));
    }
    if let Some(runbook) = &notice.runbook {
        let shown = escaped(runbook);
        let is_address = runbook.starts_with("https://");
        let linked = if is_address { format!("<a href=\"{shown}\">{shown}</a>") } else { shown };
        facts.push(("Runbook", linked));
    }
    facts
}

fn person(person: &Contact) -> String {
    let name = escaped(person.name.as_str());
    person.contact.as_ref().map_or_else(|| name.clone(), |contact| format!("{name}, {}", escaped(contact)))
}

fn over(resolved: &[Resolved]) -> String {
    let mut list = format!("<p style=\"margin:0;{FONT}\"><strong>Over:</strong></p>\n<ul style=\"{FONT}\">\n");
    for resolved in resolved.iter().take(MOST_SHOWN) {
        let name = resolved.secret.as_ref().unwrap_or(&resolved.dedup_key);
        list.push_str(&format!("<li>{}</li>\n", escaped(name)));
    }
    let more = resolved.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        list.push_str(&format!("<li>and {more} more</li>\n"));
    }
    list.push_str("</ul>\n");
    list
}

/// Where it comes from.
fn origin(message: &Message) -> String {
    let origin = &message.origin;
    let of = origin.repository.iter().map(|repository| format!(" of {}", escaped(repository)));
    format!(
        "<p style=\"margin:16px 0 0 0;{FONT};font-size:13px\">Told by <code>secrets warn</code> about the store {}{}, at \
         {}.</p>\n",
        escaped(&origin.store),
        of.collect::<String>(),
        escaped(&message.at.to_string())
    )
}

/// Fit for text and for an attribute in double quotes.
fn escaped(text: &str) -> String {
    let text = visible(text);
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
