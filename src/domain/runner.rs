//! The settings of a rotator or a probe, read strictly: what is not understood is never left out silently.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::json;
use super::period::Period;
use super::record::Runner;
use super::setting::Setting;
use super::text::visible;
use super::web_address;

/// The longest value of a setting, in bytes.
const MAX_SETTING_BYTES: usize = 4096;

/// Why a rotator or a probe can't be used as its record has it. Settings hold no credentials, so they are shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {why}")]
pub struct RunnerError {
    /// `rotator generate`, `probe http`, or `rotator` alone where its kind is not known.
    pub kind: String,
    pub why: String,
}

/// The settings of one runner, as they are taken one by one.
pub struct Settings<'r> {
    kind: String,
    runner: &'r Runner,
    taken: BTreeSet<&'static str>,
}

impl<'r> Settings<'r> {
    /// `what` is `rotator` or `probe`.
    pub fn of(what: &str, runner: &'r Runner) -> Self {
        let kind = format!("{what} {}", visible(&runner.kind));
        Self { kind, runner, taken: BTreeSet::new() }
    }

    pub fn error(&self, why: impl Into<String>) -> RunnerError {
        RunnerError { kind: self.kind.clone(), why: why.into() }
    }

    /// `None` where it is not set.
    pub fn optional(&mut self, name: &'static str) -> Result<Option<&'r str>, RunnerError> {
        self.taken.insert(name);
        let Some(text) = self.runner.with.get(name) else { return Ok(None) };
        if text.is_empty() || text.len() > MAX_SETTING_BYTES || text.chars().any(char::is_control) {
            return Err(self.error(format!(
                "`{name}` is empty, longer than {MAX_SETTING_BYTES} bytes, or holds control characters"
            )));
        }
        Ok(Some(text))
    }

    /// A text that may be empty.
    pub fn maybe_empty(&mut self, name: &'static str) -> Result<Option<&'r str>, RunnerError> {
        self.taken.insert(name);
        let Some(text) = self.runner.with.get(name) else { return Ok(None) };
        if text.len() > MAX_SETTING_BYTES || text.chars().any(char::is_control) {
            return Err(self.error(format!(
                "`{name}` is longer than {MAX_SETTING_BYTES} bytes, or holds control characters"
            )));
        }
        Ok(Some(text))
    }

    /// `example` is shown where it is missing: `length=32`.
    pub fn required(&mut self, name: &'static str, example: &str) -> Result<&'r str, RunnerError> {
        match self.optional(name)? {
            Some(text) => Ok(text),
            None => Err(self.error(format!("`{name}` is missing: write it like {name}={example}"))),
        }
    }

    pub fn with_default(&mut self, name: &'static str, default: &str) -> Result<String, RunnerError> {
        Ok(self.optional(name)?.unwrap_or(default).to_owned())
    }

    /// Anything that is read from its text.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, RunnerError> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error| self.error(format!("`{name}`: {error}")))
    }

    pub fn period(&mut self, name: &'static str) -> Result<Option<Period>, RunnerError> {
        self.parsed(name)
    }

    /// A credential: `env:VARIABLE` or `secret:NAME`.
    pub fn credential(&mut self, name: &'static str) -> Result<Option<Setting>, RunnerError> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        let setting = Setting::parse_reference(text);
        setting.map(Some).map_err(|why| self.error(format!("`{name}`: {why}")))
    }

    pub fn required_credential(&mut self, name: &'static str) -> Result<Setting, RunnerError> {
        match self.credential(name)? {
            Some(setting) => Ok(setting),
            None => {
                Err(self
                    .error(format!("`{name}` is missing: write {name}=env:VARIABLE or {name}=secret:NAME")))
            }
        }
    }

    /// An address that gives nothing away: https, or http on this very machine.
    pub fn address(&mut self, name: &'static str) -> Result<Option<String>, RunnerError> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        web_address::check(text).map_err(|error| self.error(format!("`{name}`: {error}")))?;
        Ok(Some(text.to_owned()))
    }

    /// A program and its arguments, as a JSON array of texts.
    pub fn command(&mut self, name: &'static str) -> Result<Vec<String>, RunnerError> {
        const EXAMPLE: &str = r#"'["./rotate.sh", "ARGUMENT"]'"#;
        let text = self.required(name, EXAMPLE)?;
        let words: Option<Vec<String>> = json::read(text.as_bytes()).ok();
        match words {
            Some(words) if words.first().is_some_and(|program| !program.is_empty()) => Ok(words),
            Some(_) | None => Err(self.error(format!(
                "`{name}` is no list of a program and its arguments: write it like {name}={EXAMPLE}"
            ))),
        }
    }

    /// An error where something is set that nobody asked for.
    pub fn finish(self) -> Result<(), RunnerError> {
        let unknown = self.runner.with.iter().find(|(name, _)| !self.taken.contains(name.as_str()));
        let Some((name, _)) = unknown else { return Ok(()) };
        let known: Vec<_> = self.taken.iter().copied().collect();
        let known = if known.is_empty() { "no settings".to_owned() } else { known.join(", ") };
        Err(self.error(format!("`{}` is no setting of it; it knows {known}", visible(name))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json::UniqueMap;

    #[test]
    fn settings_are_bounded_texts() {
        for (text, is_one) in [
            ("x".to_owned(), true),
            ("x".repeat(MAX_SETTING_BYTES), true),
            ("x".repeat(MAX_SETTING_BYTES + 1), false),
            ("a\nb".to_owned(), false),
        ] {
            let mut with = UniqueMap::default();
            with.insert("a".to_owned(), text.clone());
            let runner = Runner { kind: "k".to_owned(), with };
            let mut settings = Settings::of("rotator", &runner);
            assert_eq!(settings.optional("a").is_ok(), is_one, "{} bytes", text.len());
            assert_eq!(settings.maybe_empty("a").is_ok(), is_one, "{} bytes", text.len());
        }
        let mut with = UniqueMap::default();
        with.insert("a".to_owned(), String::new());
        let runner = Runner { kind: "k".to_owned(), with };
        let mut settings = Settings::of("rotator", &runner);
        assert_eq!(settings.maybe_empty("a"), Ok(Some("")));
        assert!(settings.optional("a").is_err());
    }

    fn runner(settings: &[(&str, &str)]) -> Runner {
        let with = settings.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Runner { kind: "k".to_owned(), with }
    }

    /// That it is refused, and why.
    fn why<T: std::fmt::Debug>(taken: Result<T, RunnerError>) -> String {
        taken.unwrap_err().to_string()
    }

    #[test]
    fn each_setting_is_taken_as_what_it_is() {
        let with = [
            ("text", "x"),
            ("number", "7"),
            ("period", "24h"),
            ("key", "env:KEY"),
            ("url", "https://example.org/a"),
            ("command", r#"["./rotate.sh", ""]"#),
        ];
        let runner = runner(&with);
        let mut settings = Settings::of("rotator", &runner);
        assert_eq!(settings.optional("text"), Ok(Some("x")));
        assert_eq!(settings.maybe_empty("text"), Ok(Some("x")));
        assert_eq!(settings.required("text", "a"), Ok("x"));
        assert_eq!(settings.with_default("text", "a"), Ok("x".to_owned()));
        assert_eq!(settings.parsed("number"), Ok(Some(7_u8)));
        assert_eq!(settings.period("period"), Ok(Some(Period::hours(24))));
        let key = Setting::Env("KEY".to_owned());
        assert_eq!(settings.credential("key"), Ok(Some(key.clone())));
        assert_eq!(settings.required_credential("key"), Ok(key));
        assert_eq!(settings.address("url"), Ok(Some("https://example.org/a".to_owned())));
        assert_eq!(settings.command("command"), Ok(vec!["./rotate.sh".to_owned(), String::new()]));
        assert_eq!(settings.finish(), Ok(()));
    }

    #[test]
    fn what_is_not_set_is_asked_for_or_left_out() {
        let runner = runner(&[]);
        let mut settings = Settings::of("probe", &runner);
        assert_eq!(settings.optional("a"), Ok(None));
        assert_eq!(settings.maybe_empty("a"), Ok(None));
        assert_eq!(settings.with_default("a", "usual"), Ok("usual".to_owned()));
        assert_eq!(settings.parsed::<u8>("a"), Ok(None));
        assert_eq!(settings.period("a"), Ok(None));
        assert_eq!(settings.credential("a"), Ok(None));
        assert_eq!(settings.address("a"), Ok(None));
        assert_eq!(why(settings.required("a", "32")), "probe k: `a` is missing: write it like a=32");
        let missing = "probe k: `a` is missing: write a=env:VARIABLE or a=secret:NAME";
        assert_eq!(why(settings.required_credential("a")), missing);
        assert!(why(settings.command("a")).starts_with("probe k: `a` is missing: write it like a='["));
        assert_eq!(settings.finish(), Ok(()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let runner = runner(&[("a", "x y"), ("b", "[]"), ("c", r#"["", "x"]"#), ("d", r#"{"x": 1}"#)]);
        let mut settings = Settings::of("rotator", &runner);
        for why in [
            why(settings.parsed::<u8>("a")),
            why(settings.period("a")),
            why(settings.credential("a")),
            why(settings.required_credential("a")),
            why(settings.address("a")),
        ] {
            assert!(why.starts_with("rotator k: `a`: "), "{why}");
        }
        for name in ["a", "b", "c"] {
            let why = why(settings.command(name));
            assert!(why.starts_with(&format!("rotator k: `{name}` is no list of a program")), "{why}");
        }
        assert_eq!(why(settings.finish()), "rotator k: `d` is no setting of it; it knows a, b, c");
        let unasked = why(Settings::of("rotator", &runner).finish());
        assert_eq!(unasked, "rotator k: `a` is no setting of it; it knows no settings");
    }
}
