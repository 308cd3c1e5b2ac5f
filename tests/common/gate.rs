//! The gate, asked in every format: none of them may come to another exit code than the others.

use std::path::Path;

use super::{Outcome, Sandbox};

const FORMATS: [&str; 3] = ["human", "github", "json"];

impl Sandbox {
    /// Runs `check` in every format and asserts that each exits alike; answers with the one for programs.
    #[track_caller]
    pub fn gate_exits(&self, folder: &Path, at: &str, arguments: &[&str], expected: i32) -> Outcome {
        let [_, _, json] = self.every_format(folder, at, arguments, expected);
        json
    }

    #[track_caller]
    fn every_format(&self, folder: &Path, at: &str, arguments: &[&str], expected: i32) -> [Outcome; 3] {
        let [human, github, json] = FORMATS.map(|format| {
            self.secrets(folder).args(["check", "--format", format]).args(arguments).at(at).run()
        });
        [human.code(expected), github.code(expected), json.code(expected)]
    }

    /// [`Self::gate_exits`], where a report is to be expected: verdict and last line say what the exit code says.
    #[track_caller]
    pub fn gate(&self, folder: &Path, at: &str, arguments: &[&str], expected: i32) -> Outcome {
        let [human, github, json] = self.every_format(folder, at, arguments, expected);
        let (verdict, last_line) = match expected {
            0 => ("pass", "clear to deploy"),
            1 => ("fail", "deploy blocked"),
            _ => ("unknown", "deploy blocked"),
        };
        let report = json.json();
        assert_eq!(report["verdict"], verdict, "{report:#}");
        assert_eq!(report["schema_version"], 1);
        let last = human.text().lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
        assert!(last.contains(last_line), "the last line is `{last}`");
        for (id, ..) in json.findings() {
            for told in [&human, &github] {
                assert!(told.text().contains(&id), "`{id}` is in one format only:\n{}", told.text());
            }
        }
        json
    }
}

impl Outcome {
    /// Asserts just these findings, as `(id, secret or path, level)`, in any order.
    #[track_caller]
    pub fn finds(self, expected: &[(&str, &str, &str)]) -> Self {
        let mut found = self.findings();
        found.sort();
        let mut expected: Vec<_> = expected
            .iter()
            .map(|(id, subject, level)| ((*id).to_owned(), (*subject).to_owned(), (*level).to_owned()))
            .collect();
        expected.sort();
        assert_eq!(found, expected, "{:#}", self.json());
        self
    }

    /// The message of the only finding of this id.
    #[track_caller]
    pub fn message(&self, id: &str) -> String {
        self.text_of(id, "message")
    }

    /// The remedy of the only finding of this id.
    #[track_caller]
    pub fn remedy(&self, id: &str) -> String {
        self.text_of(id, "remedy")
    }

    #[track_caller]
    fn text_of(&self, id: &str, key: &str) -> String {
        let report = self.json();
        let findings = report["findings"].as_array().expect("a report has findings");
        let of_id: Vec<_> = findings.iter().filter(|finding| finding["id"] == id).collect();
        assert_eq!(of_id.len(), 1, "one finding `{id}` is expected: {report:#}");
        of_id[0][key].as_str().expect("a text").to_owned()
    }

    /// What was not judged, as `(what, why)`.
    #[track_caller]
    pub fn unchecked(&self) -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let report = self.json();
        let unchecked = report["unchecked"].as_array().expect("a report says what is unchecked");
        unchecked.iter().map(|one| (text(&one["what"]), text(&one["why"]))).collect()
    }

    /// Asserts that something was not judged whose name or reason holds this text.
    #[track_caller]
    pub fn leaves_unchecked(self, text: &str) -> Self {
        let unchecked = self.unchecked();
        let named = unchecked.iter().any(|(what, why)| what.contains(text) || why.contains(text));
        assert!(named, "`{text}` is not among the unchecked: {unchecked:#?}");
        self
    }
}
