//! Slack's incoming webhook, by npm's `emulate`, and what it kept is read back by Slack's own API.

use std::process::Command;

use serde_json::Value as Json;

use super::messages::{deliver, error_of, expired, expiring, message, over, patient, value};
use super::program::Program;
use super::server::{Server, answer, ask};
use super::tools;
use secrets::domain::channel::ChannelKind;

#[test]
fn a_message_is_in_the_channel() {
    let folder = tempfile::tempdir().unwrap();
    let emulate = Program::start(|port| {
        let mut command = Command::new(tools::new_node());
        command.arg(tools::emulate()).args(["start", "--service", "slack", "--port", &port.to_string()]);
        command.current_dir(&folder);
        command
    });
    let url = format!("http://{}/services/T000000001/B000000001/X000000001", emulate.address);
    let slack = || ChannelKind::Slack { url: value(url.clone()) };
    let many = (0..40).map(|number| expiring(&format!("web/{number}"))).collect::<Vec<_>>();
    for message in [
        message(vec![expired("utoronto/prod/azuread"), expiring("web/db")], vec![]),
        message(many, vec![over(&expiring("mail/relay"))]),
    ] {
        assert_eq!(deliver(slack(), &message, patient()).error, None);
    }
    let history = ask(
        &emulate.address,
        "POST",
        "/api/conversations.history",
        "Authorization: Bearer test_token_admin\r\n",
        r#"{"channel":"C000000001"}"#,
    );
    let mut messages = history["messages"].as_array().unwrap().iter().filter(|m| m["blocks"].is_array());
    let (last, first) = (messages.next().unwrap(), messages.next().unwrap());
    assert_eq!(
        first["text"],
        "[github.com/example/infra, secrets] utoronto/prod/azuread: expired 8 days ago (2027-08-31) (1 more)"
    );
    let blocks = first["blocks"].as_array().unwrap();
    let kinds = blocks.iter().map(|block| block["type"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(kinds, ["header", "context", "section", "context", "section", "context"]);
    assert!(blocks[2]["text"]["text"].as_str().unwrap().contains("`secrets set utoronto/prod/azuread`"));
    let texts = |message: &Json| message["blocks"].to_string();
    assert!(
        texts(last).contains("more:* `secrets warn --dry-run`")
            && texts(last).contains("no longer due: mail/relay")
    );
    assert!(last["blocks"].as_array().unwrap().len() <= 50);
}

#[test]
fn only_ok_is_ok() {
    for (body, arrives) in [("ok", true), ("ok\n", true), ("", false), ("<html>Sign in</html>", false)] {
        let server = Server::start(move |_, _| answer("200 OK", "", body));
        let slack = ChannelKind::Slack { url: value(server.url()) };
        let delivery = deliver(slack, &message(vec![expiring("web/db")], vec![]), patient());
        assert_eq!(delivery.arrived.len(), usize::from(arrives), "{body}");
        if !arrives {
            assert!(error_of(&delivery).contains("is this the address of an incoming webhook?"));
        }
    }
}
