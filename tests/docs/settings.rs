//! What `<!-- run: … -->` can say of a block. `CONTRIBUTING.md` lists it for those who write documents.

/// Of a whole block.
#[derive(Debug, Default)]
pub struct Settings {
    /// Begins anew with one of the [worlds](crate::world).
    pub store: Option<String>,
    /// Whose identity is at hand from here on.
    pub person: Option<String>,
    /// The moment as of which everything happens from here on.
    pub at: Option<String>,
    /// What stands for a placeholder in this block.
    pub put: Vec<(String, String)>,
    /// The command that prints what a `text` block shows; without it, the last one that was run.
    pub shows: Option<String>,
    /// The command that prints JSON of the same shape.
    pub like: Option<String>,
    /// The schema that the block obeys: one of `secrets schema`.
    pub schema: Option<String>,
    /// The file of TOML into which a reader pastes the block.
    pub into: Option<String>,
    /// The file that a reader makes of the block.
    pub file: Option<String>,
    /// The folder of which a `text` block shows the files.
    pub files: Option<String>,
    /// Of the block's lines: those for all of them first, then those of single lines.
    pub lines: Vec<Line>,
}

/// Of commands that hold a text.
#[derive(Debug, Default)]
pub struct Line {
    pub text: String,
    pub exits: i32,
    pub stdin: Option<String>,
    /// What a person at a terminal is asked, and what they type.
    pub dialogue: Vec<(String, String)>,
    /// What must be among what is printed.
    pub says: Vec<String>,
    /// Why it is not run.
    pub skip: Option<String>,
}

impl Settings {
    pub fn read(text: &str) -> Result<Self, String> {
        let mut settings = Self { lines: vec![Line::default()], ..Self::default() };
        for (key, value) in pairs(text)? {
            settings.set(&key, value)?;
        }
        for line in &settings.lines {
            if line.dialogue.iter().any(|(_, typed)| typed == UNANSWERED) {
                return Err("`asks` without `types` behind it".to_owned());
            }
        }
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), String> {
        let line = self.lines.last_mut().ok_or("no line")?;
        match key {
            "store" => self.store = Some(value),
            "as" => self.person = Some(value),
            "at" => self.at = Some(value),
            "put" => {
                let (from, to) = value.split_once('=').ok_or("`put` is PLACEHOLDER=TEXT")?;
                self.put.push((from.to_owned(), to.to_owned()));
            }
            "shows" => self.shows = Some(value),
            "like" => self.like = Some(value),
            "schema" => self.schema = Some(value),
            "into" => self.into = Some(value),
            "file" => self.file = Some(value),
            "files" => self.files = Some(value),
            "line" => self.lines.push(Line { text: value, ..Line::default() }),
            "exits" => line.exits = value.parse().map_err(|_| format!("`{value}` is no exit code"))?,
            "stdin" => line.stdin = Some(value),
            "asks" => line.dialogue.push((value, UNANSWERED.to_owned())),
            "types" => match line.dialogue.last_mut() {
                Some((_, typed)) if typed == UNANSWERED => *typed = value,
                _ => return Err("`types` without `asks` before it".to_owned()),
            },
            "says" => line.says.push(value),
            "skip" => line.skip = Some(value),
            unknown => return Err(format!("there is no setting `{unknown}`")),
        }
        Ok(())
    }

    /// What holds for a command.
    pub fn of(&self, command: &str) -> Option<&Line> {
        let named = self.lines.iter().skip(1).find(|line| command.contains(&line.text));
        named.or_else(|| self.lines.first())
    }
}

/// No answer can be this: it would end the line.
const UNANSWERED: &str = "\n";

/// `key=value` in any number, values bare or in quotes.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, behind) = rest.split_once('=').ok_or_else(|| format!("`{rest}` is no `key=value`"))?;
        let (value, left) = match behind.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                behind[1..].split_once(quote).ok_or_else(|| format!("a quote without end: {behind}"))?
            }
            _ => behind.split_once(char::is_whitespace).unwrap_or((behind, "")),
        };
        pairs.push((key.to_owned(), value.to_owned()));
        rest = left.trim_start();
    }
    Ok(pairs)
}

#[test]
fn settings_are_read_and_unknown_ones_refused() {
    let text =
        "store=team put=\"age1…={bob}\" exits=2 line='secrets add' asks='value:' types='a b' says=done";
    let settings = Settings::read(text).unwrap();
    assert_eq!(settings.store.as_deref(), Some("team"));
    assert_eq!(settings.put, [("age1…".to_owned(), "{bob}".to_owned())]);
    let add = settings.of("secrets add web/prod/db").unwrap();
    assert_eq!((add.exits, &add.dialogue[..]), (0, &[("value:".to_owned(), "a b".to_owned())][..]));
    assert_eq!(settings.of("secrets check").unwrap().exits, 2);
    for wrong in ["stroe=team", "store", "asks=x", "types=x", "exits=one", "says='x"] {
        assert!(Settings::read(wrong).is_err(), "{wrong}");
    }
}
