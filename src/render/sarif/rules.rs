//! The checks as rules of SARIF. Their text is that of `docs/checks.md`, so that an alert says what the manual says.

use serde::Serialize;

use super::TextWire;
use crate::domain::check_id::CheckId;

const MANUAL: &str = include_str!("../../../docs/checks.md");

/// The rule that what could not be checked breaks. It is no check: nothing switches it off and nothing waives it.
pub(super) const UNCHECKED: &str = "unchecked";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleWire {
    id: &'static str,
    name: String,
    short_description: TextWire,
    full_description: TextWire,
    help: HelpWire,
    default_configuration: ConfigurationWire,
}

#[derive(Serialize)]
struct HelpWire {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct ConfigurationWire {
    level: &'static str,
}

/// All checks in their own order, and last what could not be checked.
pub(super) fn rules() -> Vec<RuleWire> {
    let checks = CheckId::ALL.iter().map(|id| {
        let section = Section::of(id.as_str());
        let level = if section.default.starts_with("warning") { "warning" } else { "error" };
        rule(id.as_str(), &section.what, section.text, level)
    });
    let unchecked = "Something could not be checked, and unknown is never a pass: it blocks until it can be. \
                     `secrets doctor` looks at git, keys, remote and store.";
    checks.chain([rule(UNCHECKED, unchecked, unchecked.to_owned(), "error")]).collect()
}

fn rule(id: &'static str, what: &str, help: String, level: &'static str) -> RuleWire {
    RuleWire {
        id,
        name: pascal_case(id),
        short_description: TextWire { text: first_sentence(what) },
        full_description: TextWire { text: sentences(what).replace('`', "") },
        help: HelpWire { text: plain(&help), markdown: help },
        default_configuration: ConfigurationWire { level },
    }
}

/// What the manual says of a check.
struct Section {
    /// What stands behind `Default:`.
    default: &'static str,
    /// The paragraph behind **What.**, on one line.
    what: String,
    /// All of it, without links: they lead to places that whoever reads an alert does not have.
    text: String,
}

impl Section {
    fn of(id: &str) -> Self {
        let body = MANUAL.split_once(&format!("\n## `{id}`\n")).map_or("", |(_, rest)| rest);
        let body = body.split_once("\n## ").map_or(body, |(body, _)| body).trim();
        let after = |mark: &str| body.split_once(mark).map_or("", |(_, rest)| rest);
        let paragraph = after("**What.**").split("\n\n").next().unwrap_or_default();
        Self {
            default: after("Default:").lines().next().unwrap_or_default().trim(),
            what: without_links(&paragraph.split_whitespace().collect::<Vec<_>>().join(" ")),
            text: without_links(body),
        }
    }
}

/// `[text](target)` as `text`.
fn without_links(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some((before, shown, after)) = next_link(rest) {
        text.push_str(before);
        text.push_str(shown);
        rest = after;
    }
    text.push_str(rest);
    text
}

/// What stands before the next link, what it shows, and what stands behind it.
fn next_link(text: &str) -> Option<(&str, &str, &str)> {
    let (before, target) = text.split_once("](")?;
    let (before, shown) = before.rsplit_once('[')?;
    let (_, after) = target.split_once(')')?;
    Some((before, shown, after))
}

/// The text without its marks and fences.
fn plain(markdown: &str) -> String {
    let lines = markdown.lines().filter(|line| !line.starts_with("```"));
    lines.map(|line| line.replace(['`', '*'], "")).collect::<Vec<_>>().join("\n")
}

/// How long a description may be for code scanning.
const MOST_CHARS: usize = 1024;

/// As many whole sentences as fit.
fn sentences(text: &str) -> &str {
    let fits = text.char_indices().nth(MOST_CHARS).map_or(text.len(), |(end, _)| end);
    if fits == text.len() {
        return text;
    }
    let cut = text.get(..fits).unwrap_or_default();
    cut.rsplit_once(". ").map_or(cut, |(sentences, _)| cut.get(..=sentences.len()).unwrap_or(sentences))
}

fn first_sentence(text: &str) -> String {
    let sentence = text.split_once(". ").map_or(text, |(sentence, _)| sentence);
    format!("{}.", sentence.trim_end_matches('.').replace('`', ""))
}

/// `no-expiry` as `NoExpiry`, as SARIF wants names of rules.
fn pascal_case(id: &str) -> String {
    id.split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_says_what_every_check_finds_why_and_how_to_mend_it() {
        for id in CheckId::ALL {
            let section = Section::of(id.as_str());
            assert!(section.default.starts_with("error") || section.default.starts_with("warning"), "{id}");
            assert!(section.what.len() > 20, "{id}: {}", section.what);
            for part in ["**Why.**", "**Mend.**"] {
                assert!(section.text.contains(part), "{id} lacks {part}");
            }
            assert!(
                !section.text.contains("](") && !section.text.contains("\n## "),
                "{id}: {}",
                section.text
            );
        }
    }

    #[test]
    fn links_are_left_out_and_their_text_is_not() {
        assert_eq!(without_links("see [a `b`](c.md#d), `[x]` and [e](f)."), "see a `b`, `[x]` and e.");
        assert_eq!(without_links("](, [a](b"), "](, [a](b");
    }

    #[test]
    fn a_rule_is_named_and_told_in_a_sentence() {
        assert_eq!(pascal_case("exposed-to-departed"), "ExposedToDeparted");
        assert_eq!(first_sentence("It is `x.toml`. And more."), "It is x.toml.");
        assert_eq!(plain("**Mend.** `a`:\n```sh\nb\n```"), "Mend. a:\nb");
        assert_eq!(sentences("Short. It is."), "Short. It is.");
        let long = format!("One. Two. {}", "ä".repeat(2000));
        assert_eq!(sentences(&long), "One. Two.");
    }
}
