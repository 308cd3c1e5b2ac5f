//! What the scheduled job goes by: read whole, each fault, and what is left of a damaged policy.

use super::fault_tests::check;
use super::samples::{FULL, PARSERS};
use super::*;
use crate::domain::channel::{Channel, ChannelKind, Encryption, LedgerRules, LedgerState, Setting};

const HEAD: &str = "schema = 1\nstore = \"01K3Y3Q5W0000000000000001A\"\ndeploy-ref = \"none\"\n";

fn read(text: &str) -> Policy {
    parse(text, "policy.toml", PARSERS).unwrap()
}

fn one(keys: &str) -> Channel {
    read(&format!("{HEAD}[[notify]]\n{keys}")).channels.remove(0)
}

fn names(rules: &WarningRules) -> Vec<&str> {
    rules.channels.iter().map(|channel| channel.name.as_str()).collect()
}

fn env(name: &str) -> Setting {
    Setting::Env(name.to_owned())
}

#[test]
fn the_sample_is_read_whole() {
    let policy = read(FULL);
    let names: Vec<&str> = policy.channels.iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names.join(" "), "stdout webhook ops pagerduty alertmanager smtp github-issue exec");
    for channel in &policy.channels {
        let header = FULL.lines().nth(channel.line - 1).unwrap();
        assert_eq!(header, "[[notify]]", "{}", channel.name);
    }
    let slack = &policy.channels[2];
    assert_eq!((slack.from.unwrap().to_string(), slack.scope[1].as_str()), ("60d".to_owned(), "shared/*"));
    let findings: Vec<&str> = slack.findings.iter().map(|id| id.as_str()).collect();
    assert_eq!(findings, ["single-holder", "exposed-to-departed"]);
    let url = Setting::Secret("ops/slack-webhook".parse().unwrap());
    assert_eq!(slack.kind, ChannelKind::Slack { url });
    assert_eq!(policy.channels[3].scope[0].as_str(), "*/prod/**");
    let ChannelKind::Alertmanager { labels, authorization, .. } = &policy.channels[4].kind else { panic!() };
    assert_eq!((labels["team"].as_str(), authorization), ("infra", &Some(env("AM_AUTHORIZATION"))));
    let ChannelKind::Smtp(smtp) = &policy.channels[5].kind else { panic!() };
    assert_eq!((smtp.port, smtp.encryption, smtp.to.len()), (2525, Encryption::Tls, 2));
    let login = (Setting::Text("mailer".to_owned()), Setting::Secret("ops/smtp".parse().unwrap()));
    assert_eq!(smtp.login, Some(login));
    assert_eq!(policy.heartbeat.unwrap().url, env("HEARTBEAT_URL"));
    let silent_after = Some("48h".parse().unwrap());
    let full_ref = "refs/secrets/told".to_owned();
    assert_eq!(policy.ledger, LedgerRules { full_ref, state: LedgerState::Git, silent_after });
}

#[test]
fn what_is_not_said_is_known() {
    let policy = read(HEAD);
    assert_eq!(
        (policy.channels, policy.heartbeat, policy.ledger),
        (Vec::new(), None, LedgerRules::default())
    );
    assert_eq!(read(&format!("{HEAD}[ledger]\n")).ledger, LedgerRules::default());
    let channel = one("kind = \"pagerduty\"\nrouting-key.env = \"K\"\n");
    assert_eq!((channel.from, channel.scope.len(), channel.findings.len()), (None, 0, 0));
    let url = Setting::Text("https://events.pagerduty.com".to_owned());
    assert_eq!(channel.kind, ChannelKind::PagerDuty { routing_key: env("K"), url });
    let channel = one("kind = \"github-issue\"\nrepository = \"o/r\"\n[notify.token]\nenv = \"T\"\n");
    let ChannelKind::GithubIssue { url, labels, .. } = channel.kind else { panic!() };
    assert_eq!(
        (url, labels),
        (Setting::Text("https://api.github.com".to_owned()), vec!["secrets".to_owned()])
    );
    let mail = "kind = \"smtp\"\nhost = \"localhost\"\nmail-from = \"a@b\"\nto = [\"c@d\"]\n";
    for (encryption, port) in [("", 587), ("encryption = \"tls\"\n", 465), ("encryption = \"none\"\n", 25)] {
        let ChannelKind::Smtp(smtp) = one(&format!("{mail}{encryption}")).kind else { panic!() };
        assert_eq!((smtp.port, smtp.login), (port, None), "{encryption}");
    }
    assert_eq!(one("kind = \"stdout\"\nfrom = \"0d\"\n").from.unwrap().to_string(), "0d");
}

#[test]
fn faults_of_every_channel() {
    let stdout = "kind = \"stdout\"";
    check(&[
        (stdout, "", "[[notify]]", "[[notify]] has no `kind`: write one of stdout, webhook"),
        (stdout, "kind = \"stdin\"", "kind = \"stdin", "`stdin` is no kind of channel (known are: stdout"),
        ("kind = \"pagerduty\"", "kind = \"pager-duty\"", "kind = \"pager-", "did you mean `pagerduty`?"),
        (stdout, "kind = 1", "kind = 1", "must be a string in quotes"),
        (stdout, "kind = \"stdout\"\nname = \"a b\"", "name = \"a b", "`a b` is no name of a channel"),
        (
            stdout,
            "kind = \"stdout\"\nname = \"ops\"",
            "[[notify]]\nkind = \"slack\"",
            "two channels are called `ops` (the other on line",
        ),
        (
            stdout,
            "kind = \"stdout\"\nfrm = \"1d\"",
            "frm",
            "did you mean `from`? (known are: kind, name, from",
        ),
        (
            stdout,
            "kind = \"stdout\"\nurl = \"x\"",
            "url = \"x\"",
            "unknown key `url` in [[notify]] with kind = \"stdout\"",
        ),
        ("from = \"60d\"", "from = \"60\"", "from = \"60\"", "`60` has no unit"),
        ("scope = \"*/prod/**\"", "scope = \"a[\"", "scope = \"a[", "is no glob"),
        ("scope = \"*/prod/**\"", "scope = []", "scope = []", "`scope` is empty"),
        ("scope = \"*/prod/**\"", "scope = [\"a[\"]", "scope = [\"a[", "is no glob"),
        (
            "findings = [\"single-holder\",",
            "findings = [\"single-holders\",",
            "findings",
            "did you mean `single-holder`?",
        ),
        (
            "findings = [\"single-holder\",",
            "findings = [\"expired\",",
            "findings",
            "`expired` is always told: remove it",
        ),
        ("findings = [\"single-holder\",", "findings = [\"unpushed\",", "findings", "about somebody's clone"),
        ("findings = [\"single-holder\",", "findings = [\"rolled-back\",", "findings", "about a deploy"),
        (
            "findings = [\"single-holder\",",
            "findings = [\"weakened-policy\",",
            "findings",
            "`secrets check --against`",
        ),
        ("findings = [\"single-holder\",", "findings = [\"same-value\",", "findings", "needs a key"),
        ("findings = [\"single-holder\",", "findings = [\"monitor-silent\",", "findings", "the very job"),
        (
            "findings = [\"single-holder\",",
            "findings = [\"monitor-silnt\",",
            "findings",
            "`monitor-silnt` is no check",
        ),
    ]);
    let many = format!("{HEAD}{}", "[[notify]]\nkind = \"stdout\"\n".repeat(102));
    let error = parse(&many, "p", PARSERS).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 101, "{error}");
    let channel = |n| format!("[[notify]]\nkind = \"stdout\"\nname = \"n{n}\"\n");
    let many = (0..101).map(channel).collect::<Vec<_>>().concat();
    let error = parse(&format!("{HEAD}{many}"), "p", PARSERS).unwrap_err().to_string();
    assert_eq!(error, "p:304: there are more than 100 channels: say the same with fewer");
}

#[test]
fn faults_of_texts_that_may_be_credentials() {
    let hook = "url = \"https://hooks.example.org/secrets?team=infra\"";
    let slack = "url = { secret = \"ops/slack-webhook\" }";
    check(&[
        (hook, "", "[[notify]]\nkind = \"webhook", "has no `url`: write url = \"https://…\", or { env"),
        (hook, "url = 1", "url = 1", "must be a string in quotes, not integer"),
        (hook, "url = {}", "url = {}", "`url` says nothing: write url = { env ="),
        (
            hook,
            "url = { env = \"A\", secret = \"a\" }",
            "url = { env",
            "`env` and `secret` exclude each other",
        ),
        (hook, "url = { evn = \"A\" }", "url = { evn", "unknown key `evn` in [url]; did you mean `env`?"),
        (
            hook,
            "url = \"http://hooks.example.org\"",
            "url = \"http:",
            "`url` would be called in clear: write https://",
        ),
        (hook, "url = \"https://u:p@h/\"", "url = \"https://u", "`url` holds a user or a password"),
        (hook, "url = { env = \"1A\" }", "url = { env", "`env` is no name of a variable"),
        (
            hook,
            "url = { env = \"SECRETS_IDENTITY\" }",
            "url = { env",
            "is the identity itself and goes to nobody",
        ),
        (hook, "url = { secret = \"a b\" }", "url = { secret", "`secret` is no name of a secret"),
        (
            slack,
            "url = \"https://hooks.slack.com/s\"",
            "url = \"https://hooks.slack",
            "`url` is a credential and stands here in clear",
        ),
        (
            "authorization = { env = \"HOOK_AUTHORIZATION\" }",
            "authorization = \"Bearer x\"",
            "authorization = \"B",
            "is a credential",
        ),
        (
            "routing-key = { env = \"PD_ROUTING_KEY\" }",
            "routing-key = \"x\"",
            "routing-key = \"x",
            "is a credential",
        ),
        ("password = { secret = \"ops/smtp\" }", "password = \"x\"", "password = \"x", "is a credential"),
        ("token = { env = \"GITHUB_TOKEN\" }", "token = \"x\"", "token = \"x", "is a credential"),
        (
            "[heartbeat]\nurl = { env = \"HEARTBEAT_URL\" }",
            "[heartbeat]\nurl = \"https://h\"",
            "url = \"https://h\"",
            "is a credential",
        ),
    ]);
    // Whatever stands where a credential may have been pasted is not quoted.
    for pasted in [
        "url = \"PASTED\"",
        "url = \"https://u:PASTED@h\"",
        "url = { env = \"PASTED-x\" }",
        "url = { secret = \"PASTED x\" }",
    ] {
        let text = FULL.replacen(slack, pasted, 1).replacen(hook, pasted, 1);
        let error = parse(&text, "p", PARSERS).unwrap_err().to_string();
        assert_eq!((error.lines().count(), error.contains("PASTED")), (2, false), "{error}");
    }
}

#[test]
fn faults_of_each_kind() {
    let port = "port = 2525";
    let to = "to = [\"ops@example.org\", \"it@example.org\"]";
    check(&[
        ("labels = { team", "labels = { \"1a\"", "labels = { \"1a", "`1a` is no name of a label"),
        ("labels = { team", "labels = { __a", "labels = { __a", "`__a` is no name of a label"),
        ("labels = { team", "labels = { alertname", "labels = { alertname", "every alert has already"),
        ("labels = { team = \"infra\" }", "labels = { team = \"\" }", "labels = { team", "`team` is empty"),
        (
            "labels = { team = \"infra\" }",
            "labels = { team = 1 }",
            "labels = { team",
            "must be a string in quotes",
        ),
        ("host = \"mail.example.org\"\n", "", "[[notify]]\nkind = \"smtp", "has no `host`: write host ="),
        ("host = \"mail.example.org\"", "host = \"smtp://m\"", "host = \"smtp", "`smtp://m` is no host"),
        (port, "port = 0", "port = 0", "0 is no port: write 1 to 65535"),
        (port, "port = 65536", "port = 65536", "65536 is no port"),
        (
            "encryption = \"tls\"",
            "encryption = \"ssl\"",
            "encryption = \"ssl",
            "write \"starttls\", \"tls\" or \"none\"",
        ),
        ("encryption = \"tls\"", "encryption = \"none\"", "encryption = \"none", "on this very machine only"),
        ("user = \"mailer\"\n", "", "password = {", "`password` without `user`"),
        ("password = { secret = \"ops/smtp\" }\n", "", "user = ", "`user` without `password`"),
        ("mail-from = \"secrets@example.org\"\n", "", "[[notify]]\nkind = \"smtp", "has no `mail-from`"),
        (
            "mail-from = \"secrets@example.org\"",
            "mail-from = \"x\"",
            "mail-from",
            "`x` is no address of a mailbox",
        ),
        (to, "", "[[notify]]\nkind = \"smtp", "has no `to`: write to = ["),
        (to, "to = []", "to = []", "`to` is empty: write to = ["),
        (to, "to = [\"a@b@c\"]", "to = [\"a@b", "`a@b@c` is no address"),
        (to, "to = [\"@b\"]", "to = [\"@b", "is no address"),
        (to, "to = [\"a b@c\"]", "to = [\"a b", "is no address"),
        (to, "to = [\"A <a@b>\"]", "to = [\"A", "write it alone"),
        (to, "to = [\"a\\u202e@b\"]", "to = [\"a", "control or invisible characters"),
        ("repository = \"org/infra\"\n", "", "[[notify]]\nkind = \"github-issue", "has no `repository`"),
        (
            "\"org/infra\"",
            "\"infra\"",
            "repository = \"infra",
            "`infra` is no repository: write ORGANISATION/NAME",
        ),
        ("\"org/infra\"", "\"org/infra/x\"", "repository = \"org", "is no repository"),
        ("\"org/infra\"", "\"org/..\"", "repository = \"org", "is no repository"),
        (
            "labels = [\"secrets\", \"expiry\"]",
            "labels = []",
            "labels = []",
            "write labels = [\"secrets\"], or remove",
        ),
        ("labels = [\"secrets\", \"expiry\"]", "labels = [\"a,b\"]", "labels = [\"a", "has a comma"),
        (
            "command = [\"scripts/tell\", \"--loud\"]",
            "",
            "[[notify]]\nkind = \"exec",
            "has no `command`: write command",
        ),
        (
            "command = [\"scripts/tell\", \"--loud\"]",
            "command = \"tell\"",
            "command = \"tell",
            "must be an array",
        ),
        ("command = [\"scripts/tell\", \"--loud\"]", "command = []", "command = []", "`command` is empty"),
        (
            "command = [\"scripts/tell\", \"--loud\"]",
            "command = [\"\"]",
            "command = [\"",
            "`command` is empty",
        ),
        ("\"--loud\"]", "\"a\\u0000\"]", "command = [", "control or invisible characters"),
    ]);
    assert_eq!(
        read(&FULL.replacen("\"--loud\"]", "\"\"]", 1)).channels[7].kind,
        ChannelKind::Exec { command: vec!["scripts/tell".to_owned(), String::new()] }
    );
}

#[test]
fn faults_of_heartbeat_and_ledger() {
    let full_ref = "ref = \"refs/secrets/told\"";
    check(&[
        (
            "[heartbeat]\nurl = { env = \"HEARTBEAT_URL\" }",
            "[heartbeat]",
            "[heartbeat]",
            "[heartbeat] has no `url`: write",
        ),
        ("[heartbeat]", "[hartbeat]", "[hartbeat]", "did you mean `heartbeat`?"),
        ("[ledger]", "[[ledger]]", "[[ledger]]", "`ledger` must be a table"),
        (full_ref, "reff = \"x\"", "reff", "unknown key `reff` in [ledger]; did you mean `ref`?"),
        ("state = \"git\"\n", "state = \"file\"\n", "state = \"file", "`file` is not known: write \"git\""),
        ("state = \"git\"\n", "state = \"none\"\n", "silent-after", "exclude each other"),
        ("silent-after = \"48h\"", "silent-after = \"48\"", "silent-after", "`48` has no unit"),
        ("silent-after = \"48h\"", "silent-after = \"0d\"", "silent-after", "is over at once"),
    ]);
    for bad in [
        "main",
        "refs/",
        "refs/x",
        "/refs/a/b",
        "refs/a/",
        "refs/a//b",
        "refs/a/.b",
        "refs/a/b.lock",
        "refs/a/b..c",
        "refs/a/-b",
        "refs/a/b c",
        "refs/a/$b",
        "refs/a/@{b",
        "refs/a/b\\u202e",
        "refs/a/*",
    ] {
        let text = FULL.replacen(full_ref, &format!("ref = \"{bad}\""), 1);
        let error = parse(&text, "p", PARSERS).unwrap_err().to_string();
        assert!(error.contains("is no full name of a ref"), "{bad}: {error}");
    }
    for taken in [
        "refs/heads/x",
        "refs/tags/x",
        "refs/remotes/o/x",
        "refs/replace/x",
        "refs/pull/x",
        "refs/secrets/rescue",
        "refs/secrets/rescue/x",
    ] {
        let text = FULL.replacen(full_ref, &format!("ref = \"{taken}\""), 1);
        let error = parse(&text, "p", PARSERS).unwrap_err().to_string();
        assert!(error.contains("is kept for something else"), "{taken}: {error}");
    }
    read(&FULL.replacen(full_ref, "ref = \"refs/secrets/rescued\"", 1));
}

#[test]
fn of_a_damaged_policy_people_can_be_told() {
    let rules = |text: &str| warning_rules_of_damaged(text.as_bytes(), "p");
    let whole = rules(FULL).unwrap();
    for (from, to) in [
        ("match = \"*/prod/**\"", "match = \"a[\""),
        ("min-people = 2", "min_people = 2"),
        ("infra = [\"alice\"", "infra = [\"alcie\""),
        ("deploy-ref = \"origin/main\"\n", ""),
        ("schema = 1\n", ""),
        ("[\"age1bob\"]", "[\"no-key\"]"),
    ] {
        let text = FULL.replacen(from, to, 1);
        parse(&text, "p", PARSERS).unwrap_err();
        let found = rules(&text).unwrap();
        assert_eq!(names(&found), names(&whole), "{from}");
        assert_eq!((&found.heartbeat, &found.ledger), (&whole.heartbeat, &whole.ledger), "{from}");
    }
    // A channel that is damaged itself is told nothing, and the others are.
    let found =
        rules(&FULL.replacen("from = \"60d\"", "from = \"60\"", 1).replacen("port = 2525", "prot = 2525", 1))
            .unwrap();
    assert_eq!(names(&found).join(" "), "stdout webhook pagerduty alertmanager github-issue exec");
    let found = rules(&FULL.replacen("HEARTBEAT_URL", "1", 1)).unwrap();
    assert_eq!((found.heartbeat, found.ledger.state), (None, LedgerState::Git));
    // Nobody guesses where the ledger is.
    let found = rules(&FULL.replacen("refs/secrets/told", "refs/heads/main", 1)).unwrap();
    assert_eq!((found.channels.len(), found.ledger.state), (8, LedgerState::None));
    // Of two of the same name it is the first.
    let found = rules(&FULL.replacen("name = \"ops\"", "name = \"exec\"", 1)).unwrap();
    assert_eq!((names(&found).len(), found.channels[2].kind.as_str()), (7, "slack"));
    for unknown in ["schema = 2\n", "schema = 1\n[", "schema = 1\n<<<<<<< HEAD\n"] {
        assert_eq!(rules(&format!("{unknown}{}", FULL.replacen("schema = 1\n", "", 1))), None, "{unknown}");
    }
    assert_eq!(warning_rules_of_damaged(b"schema = 1\n\xff", "p"), None);
}
