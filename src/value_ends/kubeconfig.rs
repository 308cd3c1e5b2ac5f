//! The credentials in a kubeconfig, in YAML or JSON, with the name of the user or cluster they are of.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser};
use zeroize::Zeroizing;

use super::base64;
use super::found::{Found, shown};
use super::{jwt, pem, x509};

/// The largest kubeconfig that is read as YAML, in bytes: the parser may hold 200 times as much. The certificates of a
/// larger one are found too, without the names of their users.
const MOST_YAML: usize = 1024 * 1024;
/// How deep a document may nest; a kubeconfig nests eight deep at most.
const MOST_DEPTH: usize = 64;
/// The longest key that is remembered.
const MOST_KEY: usize = 64;

const CERTIFICATE: &str = "client-certificate-data";
const AUTHORITY: &str = "certificate-authority-data";
const TOKEN: &str = "token";

/// A step of the way down to where the parser is.
enum Step<'a> {
    /// In a mapping: behind this key, or before the next one.
    Key(Option<Cow<'a, str>>),
    Item,
}

/// What is asked for, and where it was found.
#[derive(Clone, Copy)]
enum Part {
    Certificate,
    Authority,
    Token,
}

/// A way through the events of a YAML document.
struct Walk<'a, 'f> {
    path: Vec<Step<'a>>,
    /// Of the entry of `users` or `clusters` that is being read. The name may stand behind the credentials.
    name: Option<String>,
    parts: Vec<(Part, Zeroizing<String>)>,
    is_kubeconfig: bool,
    has_alias: bool,
    found: &'f mut Found,
}

/// Reads a text that is a kubeconfig. Of any other it says nothing.
pub(super) fn read(text: &str, found: &mut Found) {
    let seems_one = text.contains(CERTIFICATE)
        || text.contains(AUTHORITY)
        || [TOKEN, "users", "clusters"].iter().all(|key| text.contains(key));
    if !seems_one {
        return;
    }
    if text.len() > MOST_YAML {
        if text.contains("kind: Config") {
            found.unread("a kubeconfig larger than 1 MiB, whose tokens are not looked into");
        }
        return;
    }
    let mut walk = Walk {
        path: Vec::new(),
        name: None,
        parts: Vec::new(),
        is_kubeconfig: false,
        has_alias: false,
        found,
    };
    let is_read = walk.through(text);
    walk.tell_entry();
    if walk.is_kubeconfig && !is_read {
        walk.found.unread("a kubeconfig that is broken, or nests too deep, from some line on");
    }
    if walk.is_kubeconfig && walk.has_alias {
        walk.found.unread("a kubeconfig with YAML aliases, which are not followed");
    }
}

impl<'a> Walk<'a, '_> {
    /// `false`: the text is no YAML, or not to its end.
    fn through(&mut self, text: &'a str) -> bool {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let Ok((event, _)) = event else { return false };
            match event {
                Event::Scalar(text, ..) => self.scalar(text),
                Event::Alias(_) => {
                    self.has_alias = true;
                    self.step(None);
                }
                Event::MappingStart(..) => self.path.push(Step::Key(None)),
                Event::SequenceStart(..) => self.path.push(Step::Item),
                Event::MappingEnd | Event::SequenceEnd => {
                    self.path.pop();
                    if matches!(self.path.as_slice(), [Step::Key(Some(_)), Step::Item]) {
                        self.tell_entry();
                    }
                    self.step(None);
                }
                Event::DocumentStart(_) => self.path.clear(),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
            if self.path.len() > MOST_DEPTH {
                return false;
            }
        }
        true
    }

    /// Goes on behind a node: from a key to its value, from a value to the next key.
    fn step(&mut self, key: Option<Cow<'a, str>>) {
        if let Some(Step::Key(place)) = self.path.last_mut() {
            *place = match place {
                Some(_) => None,
                None => Some(key.filter(|key| key.len() <= MOST_KEY).unwrap_or_default()),
            };
        }
    }

    fn scalar(&mut self, text: Cow<'a, str>) {
        let is_value = !matches!(self.path.last(), Some(Step::Key(None)));
        if is_value {
            self.value(&text);
        }
        self.step(Some(text));
    }

    fn value(&mut self, text: &str) {
        let part = match keys(&self.path).as_slice() {
            ["kind"] => {
                self.is_kubeconfig |= text == "Config";
                return;
            }
            ["users" | "clusters", "name"] => {
                self.name = Some(shown(text));
                return;
            }
            ["users", "user", CERTIFICATE] => Part::Certificate,
            ["users", "user", TOKEN] => Part::Token,
            ["clusters", "cluster", AUTHORITY] => Part::Authority,
            _ => return,
        };
        self.is_kubeconfig = true;
        self.parts.push((part, Zeroizing::new(text.to_owned())));
    }

    /// Tells of the credentials of one user or cluster.
    fn tell_entry(&mut self) {
        let name = self.name.take().unwrap_or_else(|| "no name".to_owned());
        for (part, value) in std::mem::take(&mut self.parts) {
            match part {
                Part::Certificate => {
                    read_encoded(&value, &format!("client certificate of user {name}"), self.found);
                }
                Part::Authority => {
                    read_encoded(&value, &format!("certificate authority of cluster {name}"), self.found);
                }
                Part::Token => jwt::read(&value, Some(&format!("token of user {name}")), self.found),
            }
        }
    }
}

/// The keys that lead to where the parser is, in lists too.
fn keys<'p>(path: &'p [Step<'_>]) -> Vec<&'p str> {
    let key = |step: &'p Step<'_>| match step {
        Step::Key(Some(key)) => Some(key.as_ref()),
        Step::Key(None) | Step::Item => None,
    };
    path.iter().filter_map(key).collect()
}

/// Reads base64 of certificates in PEM.
fn read_encoded(value: &str, role: &str, found: &mut Found) {
    // `REDACTED` and `DATA+OMITTED` are what `kubectl config view` shows.
    if !base64::has_long_run(value) {
        return;
    }
    let Some(decoded) = base64::decode(value.as_bytes()) else {
        return found.unread(format!("{role}: it is no base64"));
    };
    let mut any = false;
    super::as_text(&decoded, |text| {
        pem::each_block(text, |block| {
            any = true;
            x509::read_pem(block, Some(role), found);
        });
    });
    if !any {
        found.unread(format!("{role}: there is no PEM in it"));
    }
}
