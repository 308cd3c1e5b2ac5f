//! What stands in a document: its blocks of code with the comments that say how they are run, and the code in its
//! sentences.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A fenced block of code.
#[derive(Debug, Default)]
pub struct Block {
    /// Of its first line, from 1.
    pub line: usize,
    pub language: String,
    pub text: String,
    /// Shell that a reader does not see, run before the block.
    pub first: Vec<String>,
    /// What `<!-- run: … -->` says.
    pub run: String,
    /// Why it is not run.
    pub not_run: Option<String>,
    /// Shell that a reader does not see, run after the block.
    pub then: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Document {
    pub blocks: Vec<Block>,
    /// What stands in backquotes, each with its line.
    pub inline: Vec<(usize, String)>,
    /// What is wrong with the document itself, each with its line.
    pub faults: Vec<(usize, String)>,
}

const DIRECTIVES: [&str; 4] = ["first:", "run:", "not run:", "then:"];

#[expect(clippy::wildcard_enum_match_arm, reason = "most of Markdown is of no concern here")]
pub fn read(text: &str) -> Document {
    let mut document = Document::default();
    let mut next = Block::default();
    let mut html = String::new();
    let mut is_indented = false;
    let mut is_block = false;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let line = text[..range.start].matches('\n').count() + 1;
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                (next.line, next.language, is_block) = (line + 1, info.trim().to_owned(), true);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => is_indented = true,
            Event::End(TagEnd::CodeBlock) => {
                if is_block {
                    document.blocks.push(std::mem::take(&mut next));
                }
                (is_block, is_indented) = (false, false);
            }
            Event::Text(code) if is_block => next.text.push_str(&code),
            Event::Text(code) if is_indented && code.lines().any(is_command) => {
                document.faults.push((line, "commands belong into a fenced block, which is run".to_owned()));
            }
            Event::Code(code) => document.inline.push((line, code.into_string())),
            Event::Start(Tag::HtmlBlock) => html.clear(),
            Event::Html(piece) => html.push_str(&piece),
            Event::End(TagEnd::HtmlBlock) => {
                for comment in comments(&html) {
                    if let Err(fault) = direct(&mut document, &mut next, comment) {
                        document.faults.push((line, fault));
                    }
                }
            }
            Event::InlineHtml(piece)
                if comments(&piece).iter().any(|comment| directive(comment).is_some()) =>
            {
                document.faults.push((line, "such a comment needs a line of its own".to_owned()));
            }
            _ => {}
        }
    }
    if !next.run.is_empty() || next.not_run.is_some() || !next.first.is_empty() {
        document.faults.push((text.lines().count(), "a comment about a block has none behind it".to_owned()));
    }
    document
}

fn is_command(line: &str) -> bool {
    ["secrets ", "$ "].iter().any(|program| line.trim_start().starts_with(program))
}

fn comments(html: &str) -> Vec<&str> {
    html.split("<!--").skip(1).filter_map(|rest| Some(rest.split_once("-->")?.0.trim())).collect()
}

fn directive(comment: &str) -> Option<(&'static str, &str)> {
    DIRECTIVES.iter().find_map(|directive| Some((*directive, comment.strip_prefix(directive)?.trim())))
}

/// A word or two and a colon.
fn is_like_a_directive(comment: &str) -> bool {
    comment
        .split_once(':')
        .is_some_and(|(words, _)| words.chars().all(|c| c.is_ascii_lowercase() || c == ' '))
}

fn direct(document: &mut Document, next: &mut Block, comment: &str) -> Result<(), String> {
    match directive(comment) {
        Some(("first:", script)) => next.first.push(script.to_owned()),
        Some(("run:", settings)) => {
            next.run.push(' ');
            next.run.push_str(settings);
        }
        Some(("not run:", "")) => return Err("`not run` needs a reason".to_owned()),
        Some(("not run:", reason)) => next.not_run = Some(reason.to_owned()),
        Some((_, script)) => match document.blocks.last_mut() {
            Some(block) if next.first.is_empty() && next.run.is_empty() => block.then.push(script.to_owned()),
            _ => return Err("`then` belongs right behind a block".to_owned()),
        },
        None if is_like_a_directive(comment) => {
            return Err(format!("`<!-- {comment} -->` says nothing that is known"));
        }
        None => {}
    }
    Ok(())
}

#[test]
fn blocks_and_the_comments_about_them_are_found() {
    let text = "# A\n\n<!-- first:\nmkdir x\n\ncd x\n-->\n<!-- run: as=bob -->\n```sh\ntrue\n```\n<!-- then: test -e x -->\n\n\
                1. An item:\n\n   <!-- not run: no key -->\n   ```text\n   a\n     b\n   ```\n\nSay `secrets check`.\n";
    let document = read(text);
    assert!(document.faults.is_empty(), "{:?}", document.faults);
    let [first, second] = &document.blocks[..] else { panic!("{:?}", document.blocks) };
    assert_eq!((first.line, first.language.as_str(), first.text.as_str()), (10, "sh", "true\n"));
    assert_eq!((&first.first[..], first.run.trim()), (&["mkdir x\n\ncd x".to_owned()][..], "as=bob"));
    assert_eq!(first.then, ["test -e x"]);
    assert_eq!((second.text.as_str(), second.not_run.as_deref()), ("a\n  b\n", Some("no key")));
    assert_eq!(document.inline, [(22, "secrets check".to_owned())]);
}

#[test]
fn a_comment_that_nothing_obeys_is_a_fault() {
    for text in [
        "<!-- run: as=bob -->\n",
        "<!-- not rum: no key -->\n",
        "a <!-- run: as=bob --> b\n",
        "<!-- then: true -->\n",
        "<!-- not run: -->\n\n```sh\ntrue\n```\n",
        "A\n\n    secrets check\n",
    ] {
        assert_eq!(read(text).faults.len(), 1, "{text}");
    }
    assert!(read("<!-- a remark -->\n").faults.is_empty());
}
