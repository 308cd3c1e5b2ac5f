//! An incoming webhook of Slack: blocks that can be read on a phone. <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
//! <https://docs.slack.dev/reference/block-kit/blocks>.

use serde_json::{Value as Json, json};

use super::{Delivery, Outside, document, wording};
use crate::domain::finding::Level;
use crate::domain::notice::{Message, Notice};
use crate::domain::text::few;
use crate::domain::value::Value;
use crate::web::{Request, ServiceError, Target};

/// What Slack takes at most: blocks of a message, characters of a text and of a header.
const MOST_BLOCKS: usize = 50;
const MOST_TEXT: usize = 3000;
const MOST_HEADER: usize = 150;
/// All texts of a message together, in characters. This bound is not in the documentation: messages of about 13,000 are
/// refused with `msg_blocks_too_long` (<https://github.com/slackapi/bolt-js/issues/2509>).
const MOST_IN_ALL: usize = 11_000;
/// Of those above, what is left for what stands around the notices: header, counts, what is over, how many more.
const AROUND_BLOCKS: usize = 4;
const AROUND_TEXT: usize = 2_000;
/// A longer command is not for a phone.
const MOST_COMMAND: usize = 1_000;
/// How many people, and names of what is over, are given.
const MOST_NAMED: usize = 6;
/// The longest text that fits whatever in it has to be escaped: `&` becomes five characters.
const ALWAYS_FITS: usize = MOST_TEXT / 5;

pub fn deliver(url: &Value, message: &Message, outside: &Outside) -> Delivery {
    Delivery::whole(message, post(url, message, outside))
}

fn post(url: &Value, message: &Message, outside: &Outside) -> Result<(), ServiceError> {
    if message.is_empty() {
        return Ok(());
    }
    let target = Target::parse("url", url)?;
    let answer = outside.send(&Request::post(&target, document::bytes(&body(message))))?;
    if answer.body.trim_ascii() == b"ok" {
        return Ok(());
    }
    let why =
        "Slack says `ok` when it has taken a message; is this the address of an incoming webhook?".to_owned();
    Err(ServiceError::Garbage { to: target.to_string(), why })
}

fn body(message: &Message) -> Json {
    let mut blocks = vec![
        json!({ "type": "header", "text": {
            "type": "plain_text", "text": wording::cut(&header(message), MOST_HEADER), "emoji": false
        } }),
        context(&escape(&wording::cut(&under_header(message), ALWAYS_FITS))),
    ];
    let mut left = MOST_IN_ALL - AROUND_TEXT;
    let mut told = 0;
    for notice in &message.notices {
        let (section, people) = (about(notice, message), who(notice));
        let length = section.chars().count() + people.chars().count();
        if blocks.len() + 2 + AROUND_BLOCKS > MOST_BLOCKS || length > left {
            break;
        }
        left -= length;
        told += 1;
        blocks.extend([mrkdwn_section(&section), context(&people)]);
    }
    let more = message.notices.len() - told;
    if more > 0 {
        blocks.push(mrkdwn_section(&format!("*and {more} more:* `secrets warn --dry-run`")));
    }
    if !message.resolved.is_empty() {
        let names = message.resolved.iter().map(|over| over.secret.as_deref().unwrap_or("the store"));
        let names = names.map(wording::plain).collect::<Vec<_>>();
        let text = format!("no longer due: {}", few(&names, MOST_NAMED));
        blocks.push(mrkdwn_section(&escape(&wording::cut(&text, ALWAYS_FITS))));
    }
    json!({ "text": summary(message), "blocks": blocks })
}

/// What a notification shows. Mattermost shows nothing but this, as Markdown, in which `@channel` calls everybody and an
/// image is fetched: a space of no width keeps it from that.
fn summary(message: &Message) -> String {
    let subject = wording::subject(message).replace('@', "@\u{200b}").replace("](", "]\u{200b}(");
    escape(&subject)
}

fn header(message: &Message) -> String {
    match (message.notices.as_slice(), message.is_digest) {
        ([], _) => "No longer due".to_owned(),
        ([one], false) => wording::headline(one),
        (_, false) => format!("Secrets: {}", wording::counts(message)),
        (_, true) => format!("Secrets, all that stands: {}", wording::counts(message)),
    }
}

fn under_header(message: &Message) -> String {
    format!("{}, as of {}", wording::place(&message.origin), wording::utc(message.at))
}

fn about(notice: &Notice, message: &Message) -> String {
    let sign = if notice.level == Level::Error { ":red_circle:" } else { ":large_yellow_circle:" };
    let (name, said) = (wording::name(notice), wording::plain(&notice.message));
    let mut text = format!("{sign} *{}*\n{}", escape(&name), escape(&said));
    if let Some(when) = wording::when(notice, message.at) {
        let tier = notice.tier.map(|tier| format!(" (tier {tier})")).unwrap_or_default();
        text.push('\n');
        text.push_str(&escape(&format!("{when}{tier}")));
    }
    text.push('\n');
    text.push_str(&code(&wording::command(notice)));
    fitting(text, &format!("{name}: {said}"))
}

fn who(notice: &Notice) -> String {
    let mut parts = Vec::new();
    let owners = notice.owners.iter().map(|owner| wording::plain(owner.as_str())).collect::<Vec<_>>();
    let owners = if owners.is_empty() { "nobody".to_owned() } else { few(&owners, MOST_NAMED) };
    parts.push(format!("*owners* {}", escape(&owners)));
    let people = notice.people.iter().map(wording::person).collect::<Vec<_>>();
    if !people.is_empty() {
        parts.push(format!("*people* {}", escape(&few(&people, MOST_NAMED))));
    }
    if let Some(issuer) = &notice.issuer {
        parts.push(format!("*issuer* {}", escape(&wording::issuer(issuer))));
    }
    if let Some(runbook) = &notice.runbook {
        parts.push(match link(runbook) {
            Some(link) => format!("<{link}|runbook>"),
            None => format!("*runbook* {}", escape(&wording::plain(runbook))),
        });
    }
    fitting(parts.join("\n"), &format!("owners {owners}; people {}", few(&people, MOST_NAMED)))
}

/// An address as Slack's markup has it between `<` and `|`.
fn link(runbook: &str) -> Option<String> {
    let plain = runbook.bytes().all(|byte| byte.is_ascii_graphic()) && runbook.starts_with("https://");
    plain.then(|| escape(runbook).replace('|', "%7C"))
}

/// A text in which nothing is markup, nobody is called and nothing is a link.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn code(command: &str) -> String {
    if command.chars().count() > MOST_COMMAND {
        return "to mend it: `secrets warn --dry-run` shows the command, which is too long for here"
            .to_owned();
    }
    // Slack has no escape for the sign itself.
    let sign = if command.contains('`') { "" } else { "`" };
    format!("{sign}{}{sign}", escape(command))
}

/// The marked-up text, or where it is too long the start of the plain one.
fn fitting(marked_up: String, plain: &str) -> String {
    if marked_up.chars().count() <= MOST_TEXT {
        return marked_up;
    }
    escape(&wording::cut(plain, ALWAYS_FITS))
}

fn mrkdwn_section(text: &str) -> Json {
    json!({ "type": "section", "text": mrkdwn(text) })
}

fn context(text: &str) -> Json {
    json!({ "type": "context", "elements": [mrkdwn(text)] })
}

/// Verbatim: names and addresses in it stay as they are.
fn mrkdwn(text: &str) -> Json {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    fn texts(body: &Json) -> Vec<&str> {
        fn walk<'a>(json: &'a Json, found: &mut Vec<&'a str>) {
            match json {
                Json::Object(object) => {
                    found.extend(object.get("text").and_then(Json::as_str));
                    object.values().for_each(|value| walk(value, found));
                }
                Json::Array(items) => items.iter().for_each(|item| walk(item, found)),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
            }
        }
        let mut found = Vec::new();
        walk(&body["blocks"], &mut found);
        found
    }

    #[test]
    fn a_message_on_a_phone() {
        let body = body(&samples::message());
        insta::assert_snapshot!(texts(&body).join("\n--\n"), @"
        Secrets: 2 errors, 1 warning, 1 no longer due
        --
        github.com/example/infra, secrets, as of 2027-08-24 00:00 UTC
        --
        :red_circle: *the store*
        the remote could not be asked, and 3 secrets were not judged
        `secrets check`
        --
        *owners* nobody
        --
        :red_circle: *utoronto/prod/azuread-client*
        expired 8 days ago (2027-08-16)
        2027-08-16 00:00 UTC, over for 8 days (tier 0d)
        `secrets set utoronto/prod/azuread-client`
        --
        *owners* infra
        *people* alice (@alice) and bob
        *issuer* University of Toronto IT (it@example.org)
        *runbook* docs/runbooks/azuread.md
        --
        :large_yellow_circle: *web/prod/db*
        expires 2027-08-31 (in 7 days)
        2027-08-31 00:00 UTC, 7 days left (tier 7d)
        `secrets set web/prod/db`
        --
        *owners* infra
        *people* alice (@alice) and bob
        *issuer* University of Toronto IT (it@example.org)
        *runbook* docs/runbooks/azuread.md
        --
        no longer due: mail/relay
        ");
        assert!(
            body["text"].as_str().unwrap().starts_with("[github.com/example/infra, secrets] the store: ")
        );
        assert_eq!(body["blocks"].as_array().unwrap().len(), 9);
    }

    #[test]
    fn nothing_of_others_is_markup() {
        let mut message = samples::message();
        message.notices.truncate(1);
        message.notices[0].message = "<!channel> a & b <https://x|y>".to_owned();
        message.notices[0].remedy = "secrets set 'a`b' > c".to_owned();
        message.notices[0].people = vec![crate::domain::notice::Contact {
            name: "bob".parse().unwrap(),
            contact: Some("<@U1>".to_owned()),
        }];
        message.notices[0].runbook = Some("https://wiki.example/a?b&c|d>".to_owned());
        message.resolved[0].secret = Some("<#C1>".to_owned());
        let body = body(&message);
        let all = texts(&body)[1..].join("\n");
        for marked in ["<!channel>", "<https://x|y>", "<@U1>", "<#C1>"] {
            assert!(!all.contains(marked), "{all}");
        }
        assert!(all.contains("&lt;!channel&gt; a &amp; b"), "{all}");
        assert!(all.contains("\nsecrets set 'a`b' &gt; c"), "{all}");
        assert!(all.contains("<https://wiki.example/a?b&amp;c%7Cd&gt;|runbook>"), "{all}");
        assert!(!body["text"].as_str().unwrap().contains('<'));
    }

    #[test]
    fn what_is_too_much_is_summed_up_within_the_bounds() {
        let mut short = samples::message();
        short.notices = (0..200).map(|number| samples::notice(&format!("web/{number}"))).collect();
        let mut long = short.clone();
        for notice in &mut long.notices {
            notice.message = "&".repeat(10_000);
            notice.remedy = "<".repeat(MOST_COMMAND);
            notice.runbook = Some("&".repeat(10_000));
            notice.owners = (0..100).map(|number| format!("o{number}").parse().unwrap()).collect();
        }
        long.origin.repository = Some("&".repeat(10_000));
        for (message, least) in [(short, 15), (long, 1)] {
            let body = body(&message);
            let blocks = body["blocks"].as_array().unwrap();
            let told = blocks.iter().filter(|block| block["type"] == "section").count() - 2;
            assert!(blocks.len() <= MOST_BLOCKS && told >= least, "{} {told}", blocks.len());
            let texts = texts(&body);
            assert!(texts.iter().all(|text| (1..=MOST_TEXT).contains(&text.chars().count())));
            assert!(texts.iter().map(|text| text.chars().count()).sum::<usize>() <= MOST_IN_ALL);
            assert!(texts[0].chars().count() <= MOST_HEADER);
            let more = format!("*and {} more:* `secrets warn --dry-run`", 200 - told);
            assert!(texts.contains(&more.as_str()), "{texts:?}");
        }
    }
}
