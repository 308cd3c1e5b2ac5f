//! What a source file names: the paths to other rooms and other crates, its macros and its attributes.

use super::tokens::{Token, tokens};

/// Words after which `::` begins a path.
const KEYWORDS_BEFORE_PATHS: &[&str] =
    &["as", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "return", "where", "while"];

/// A path that a file names, groups unfolded: `use a::{b, c::d as e}` is two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPath {
    /// Relative to `crate` where the path begins with `crate`, `self` or `super`.
    pub segments: Vec<String>,
    pub root: Root,
    pub line: usize,
    /// It stands in a module, or above an item, that is compiled for tests only.
    pub in_tests: bool,
    /// It is passed on by `pub use`, `pub(crate) use` and the like.
    pub exported: bool,
    /// The name that a `use` binds.
    binds: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// This crate.
    House,
    /// Another crate, or something that the file itself brought into scope.
    Elsewhere,
    /// Another crate for certain: `::name`.
    Foreign,
}

/// A source file, read.
#[derive(Debug, Default)]
pub struct Source {
    pub paths: Vec<NamedPath>,
    /// Macros called by their bare name, or attributes, outside tests: name and line.
    pub macros: Vec<(String, usize)>,
    pub attributes: Vec<(String, usize)>,
    /// `crate as x`, `extern crate`: a second name for the house, under which imports could hide.
    pub renamed_house: Vec<usize>,
    /// Names that the file brings into scope itself: its modules, and imports from this crate.
    local_names: Vec<String>,
}

impl Source {
    /// `module` is the path of the file's module below `crate`.
    pub fn read(text: &str, module: &[&str]) -> Self {
        let tokens = tokens(text);
        let mut reader = Reader {
            tokens: &tokens,
            at: 0,
            module: owned(module),
            blocks: Vec::new(),
            found: Self::default(),
        };
        reader.run();
        let mut source = reader.found;
        let bound = source.paths.iter().filter(|p| p.root == Root::House).filter_map(|p| p.binds.clone());
        source.local_names.extend(bound.collect::<Vec<_>>());
        source
    }

    /// Paths into other crates, with names that the file itself brought into scope left out.
    pub fn foreign(&self) -> impl Iterator<Item = &NamedPath> {
        self.paths.iter().filter(|path| match path.root {
            Root::House => false,
            Root::Foreign => true,
            Root::Elsewhere => !path.segments.first().is_some_and(|name| self.local_names.contains(name)),
        })
    }
}

/// The names of the variants of an enum, in order.
pub fn variants(text: &str, name: &str) -> Vec<String> {
    let tokens = tokens(text);
    let head = [Token::Word("enum".to_owned()), Token::Word(name.to_owned()), Token::Mark('{')];
    let Some(start) = tokens.windows(3).position(|w| w.iter().map(|(t, _)| t).eq(&head)) else {
        return Vec::new();
    };
    let mut depth = 1_usize;
    let mut found = Vec::new();
    for pair in tokens.get(start + 2..).unwrap_or_default().windows(2) {
        let [(before, _), (token, _)] = pair else { continue };
        match token {
            Token::Mark('{' | '(' | '[') => depth += 1,
            Token::Mark('}' | ')' | ']') => depth -= 1,
            Token::Word(word) if depth == 1 && matches!(before, Token::Mark('{' | ',' | ']')) => {
                found.push(word.clone());
            }
            Token::Word(_) | Token::Path | Token::Mark(_) => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// An open brace: whether it began an inline module, and whether what is in it is for tests only.
struct Block {
    is_module: bool,
    in_tests: bool,
}

/// What holds for all paths of one `use`.
struct Use {
    root: Root,
    in_tests: bool,
    exported: bool,
}

struct Reader<'a> {
    tokens: &'a [(Token, usize)],
    at: usize,
    /// The module that is being read, below `crate`.
    module: Vec<String>,
    blocks: Vec<Block>,
    found: Source,
}

impl Reader<'_> {
    fn token(&self, offset: usize) -> Option<&Token> {
        self.tokens.get(self.at + offset).map(|(token, _)| token)
    }

    fn before(&self, offset: usize) -> Option<&Token> {
        self.at.checked_sub(offset).and_then(|at| self.tokens.get(at)).map(|(token, _)| token)
    }

    fn word(&self, offset: usize) -> Option<&str> {
        match self.token(offset) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn mark(&self, offset: usize, mark: char) -> bool {
        self.token(offset) == Some(&Token::Mark(mark))
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(_, line)| *line)
    }

    fn in_tests(&self) -> bool {
        self.blocks.last().is_some_and(|block| block.in_tests)
    }

    fn run(&mut self) {
        // Set by `#[cfg(test)]` and `#[test]`, until the item that it stands above has begun or ended.
        let mut test_item = false;
        while let Some(token) = self.token(0).cloned() {
            match token {
                Token::Mark('#') if self.mark(1, '[') || (self.mark(1, '!') && self.mark(2, '[')) => {
                    test_item |= self.attribute();
                }
                Token::Mark('{') => {
                    self.blocks.push(Block { is_module: false, in_tests: test_item || self.in_tests() });
                    test_item = false;
                }
                Token::Mark('}') => {
                    if self.blocks.pop().is_some_and(|block| block.is_module) {
                        self.module.pop();
                    }
                }
                Token::Mark(';') => test_item = false,
                Token::Word(word) if word == "mod" && self.word(1).is_some() => {
                    self.module_begins(&mut test_item);
                }
                Token::Word(word) if word == "use" && !self.mark(1, '<') => {
                    self.use_item(test_item);
                    test_item = false;
                }
                Token::Word(word) if word == "extern" && self.word(1) == Some("crate") => {
                    self.found.renamed_house.push(self.line());
                }
                Token::Word(word) => self.path_in_code(&word, test_item),
                Token::Path | Token::Mark(_) => {}
            }
            self.at += 1;
        }
    }

    /// Notes the attribute's name and tells whether it marks an item as a test's. The reader stays in it, so that
    /// paths in attributes are seen too.
    fn attribute(&mut self) -> bool {
        let bracket = if self.mark(1, '!') { 2 } else { 1 };
        let Some(name) = self.word(bracket + 1).map(str::to_owned) else { return false };
        self.found.attributes.push((name.clone(), self.line()));
        let words = (bracket + 2..).map_while(|offset| self.token(offset));
        let words = words.take_while(|token| **token != Token::Mark(']')).filter_map(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            Token::Path | Token::Mark(_) => None,
        });
        let words = words.collect::<Vec<_>>();
        name == "test" || (name == "cfg" && words.contains(&"test") && !words.contains(&"not"))
    }

    fn module_begins(&mut self, test_item: &mut bool) {
        let name = self.word(1).unwrap_or_default().to_owned();
        self.found.local_names.push(name.clone());
        if self.mark(2, '{') {
            self.module.push(name);
            self.blocks.push(Block { is_module: true, in_tests: *test_item || self.in_tests() });
            *test_item = false;
            self.at += 2;
        } else {
            self.at += 1;
        }
    }

    /// A path or a macro call outside `use`.
    fn path_in_code(&mut self, word: &str, test_item: bool) {
        let in_tests = test_item || self.in_tests();
        if word == "crate" && self.word(1) == Some("as") {
            self.found.renamed_house.push(self.line());
        }
        let goes_on = self.before(1) == Some(&Token::Path);
        let is_global = goes_on && self.path_begins();
        if self.mark(1, '!') && !goes_on && !in_tests {
            self.found.macros.push((word.to_owned(), self.line()));
        }
        if goes_on && !is_global || self.token(1) != Some(&Token::Path) {
            return;
        }
        let mut segments = vec![word.to_owned()];
        let mut offset = 1;
        while self.token(offset) == Some(&Token::Path) {
            let Some(next) = self.word(offset + 1) else { break };
            segments.push(next.to_owned());
            offset += 2;
        }
        let root = if is_global { Root::Foreign } else { Root::Elsewhere };
        let path = NamedPath { segments, root, line: self.line(), in_tests, exported: false, binds: None };
        self.add(path);
        // Not past the last segment: a turbofish after it holds paths of its own, and those come next anyway.
        self.at += offset - 1;
    }

    /// Whether the `::` before this token begins a path (`-> ::age::Error`) and does not go on with one.
    fn path_begins(&self) -> bool {
        match self.before(2) {
            Some(Token::Word(word)) => KEYWORDS_BEFORE_PATHS.contains(&word.as_str()),
            Some(Token::Mark('>')) => matches!(self.before(3), Some(Token::Mark('-' | '='))),
            Some(Token::Mark(_) | Token::Path) | None => true,
        }
    }

    fn use_item(&mut self, test_item: bool) {
        let exported = matches!(self.before(1), Some(Token::Word(word)) if word == "pub")
            || self.before(1) == Some(&Token::Mark(')'));
        let in_tests = test_item || self.in_tests();
        self.at += 1;
        let root = if self.token(0) == Some(&Token::Path) { Root::Foreign } else { Root::Elsewhere };
        self.use_tree(&[], &Use { root, in_tests, exported });
    }

    /// Reads one tree of a `use` and stops at what ends it: `,`, `}` or `;`.
    fn use_tree(&mut self, prefix: &[String], item: &Use) {
        let mut segments = prefix.to_vec();
        let mut binds = None;
        loop {
            match self.token(0).cloned() {
                Some(Token::Word(word)) if word == "as" => {
                    binds = self.word(1).map(str::to_owned);
                    self.at += 1;
                }
                Some(Token::Word(word)) => segments.push(word),
                Some(Token::Mark('*')) => segments.push("*".to_owned()),
                Some(Token::Path) => {}
                Some(Token::Mark('{')) => {
                    self.at += 1;
                    while self.token(0).is_some_and(|token| *token != Token::Mark('}')) {
                        self.use_tree(&segments, item);
                        if self.mark(0, ',') {
                            self.at += 1;
                        } else if !self.mark(0, '}') {
                            return;
                        }
                    }
                    self.at += 1;
                    return;
                }
                Some(Token::Mark(_)) | None => break,
            }
            self.at += 1;
        }
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        if binds.is_some() && segments == ["crate"] {
            self.found.renamed_house.push(self.line());
        }
        let binds = binds.or_else(|| segments.last().cloned());
        if !segments.is_empty() {
            let line = self.line();
            let Use { root, in_tests, exported } = *item;
            self.add(NamedPath { segments, root, line, in_tests, exported, binds });
        }
    }

    /// Turns `self` and `super` into paths below `crate`, then keeps the path.
    fn add(&mut self, mut path: NamedPath) {
        let mut segments = path.segments.iter().map(String::as_str).peekable();
        let mut base = match segments.peek() {
            Some(&"crate") => {
                segments.next();
                Vec::new()
            }
            Some(&("self" | "super")) => self.module.clone(),
            _ => {
                self.found.paths.push(path);
                return;
            }
        };
        while let Some(step) = segments.next_if(|segment| matches!(*segment, "self" | "super")) {
            if step == "super" {
                base.pop();
            }
        }
        base.extend(segments.map(str::to_owned));
        path.segments = base;
        path.root = Root::House;
        self.found.paths.push(path);
    }
}
