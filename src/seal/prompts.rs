//! How this room asks a person for something. The floor above supplies the closures; there is no terminal here.

use std::sync::Arc;

use age::secrecy::SecretString;
use zeroize::Zeroizing;

type Ask = dyn Fn(&str) -> Option<Zeroizing<String>> + Send + Sync;
type Show = dyn Fn(&str) + Send + Sync;
type Confirm = dyn Fn(&str) -> Option<bool> + Send + Sync;

/// Asks for passphrases and PINs, shows what a hardware key wants, and takes a yes or no.
///
/// Clones share their closures.
#[derive(Clone)]
pub struct Prompts(Option<Closures>);

#[derive(Clone)]
struct Closures {
    passphrase: Arc<Ask>,
    show: Arc<Show>,
    confirm: Arc<Confirm>,
}

impl Prompts {
    /// `passphrase` is given what to ask for and returns nothing if the person gave up; `confirm` returns
    /// nothing if nobody could be asked.
    pub fn new(
        passphrase: impl Fn(&str) -> Option<Zeroizing<String>> + Send + Sync + 'static,
        show: impl Fn(&str) + Send + Sync + 'static,
        confirm: impl Fn(&str) -> Option<bool> + Send + Sync + 'static,
    ) -> Self {
        let (passphrase, show, confirm) = (Arc::new(passphrase), Arc::new(show), Arc::new(confirm));
        Self(Some(Closures { passphrase, show, confirm }))
    }

    /// Where there is nobody to ask: a needed passphrase is an error.
    pub fn none() -> Self {
        Self(None)
    }

    pub fn can_ask(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn passphrase(&self, question: &str) -> Option<SecretString> {
        let mut answer = (self.0.as_ref()?.passphrase)(&printable(question))?;
        Some(SecretString::from(std::mem::take(&mut *answer)))
    }

    pub(super) fn show(&self, message: &str) {
        if let Some(closures) = &self.0 {
            (closures.show)(&printable(message));
        }
    }
}

/// Texts of plugins go to a terminal: without control characters, so that they can't move its cursor.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim_end().to_owned()
}

impl age::Callbacks for Prompts {
    fn display_message(&self, message: &str) {
        self.show(message);
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let choices = no.map_or_else(|| format!("yes: {yes}"), |no| format!("yes: {yes}, no: {no}"));
        (self.0.as_ref()?.confirm)(&printable(&format!("{message} ({choices})")))
    }

    fn request_public_string(&self, _: &str) -> Option<String> {
        None
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        self.passphrase(description)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use age::Callbacks as _;

    use super::*;

    #[test]
    fn what_is_shown_and_asked_holds_nothing_that_moves_a_cursor() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (shown, asked) = (Arc::clone(&told), Arc::clone(&told));
        let prompts = Prompts::new(
            |_| None,
            move |message| shown.lock().unwrap().push(message.to_owned()),
            move |question| {
                asked.lock().unwrap().push(question.to_owned());
                Some(question.contains("yes: do it"))
            },
        );
        prompts.display_message("touch\x1b[2J it\n");
        assert_eq!(prompts.confirm("go\ron?", "do it", Some("stop")), Some(true));
        assert_eq!(prompts.confirm("go on?", "go", None), Some(false));
        let expected = ["touch [2J it", "go on? (yes: do it, no: stop)", "go on? (yes: go)"];
        assert_eq!(*told.lock().unwrap(), expected);
        // What a plugin wants to know that is no secret, nobody is asked.
        assert_eq!(prompts.request_public_string("serial number"), None);
    }

    #[test]
    fn where_there_is_nobody_nothing_is_answered() {
        let nobody = Prompts::none();
        assert_eq!(nobody.confirm("go on?", "go", None), None);
        assert!(nobody.request_passphrase("passphrase").is_none());
    }
}
