//! Reads a document as its reader would: block by block, in one place, each line typed.

use std::fmt::Write as _;

use crate::data;
use crate::documents::Documented;
use crate::lines::{commands_of, understand};
use crate::markdown::{self, Block};
use crate::settings::{Line, Settings};
use crate::shell::{Printed, commands};
use crate::world::{World, repository, with_keys};
use crate::{compare, workflow};

/// What values of the worlds have in common: nothing but a command that is to show them may print it.
const CANARY: &str = "the value of ";

/// Programs that open values.
const OPENERS: [&str; 5] = ["secrets get", "secrets export", "age -d", "sops", "value of"];

const ADVICE: &str = "\
Mend the document, or the code where that is wrong. If the lines need something first, put it before the block as
`<!-- first: SHELL -->`; if they are to exit otherwise, are asked something, or can't run here, say so in
`<!-- run: … -->` or `<!-- not run: WHY -->`: see \"Documents are run\" in CONTRIBUTING.md.";

pub struct Reader<'a> {
    document: &'a Documented,
    world: Option<World>,
    /// What the last command printed.
    printed: String,
    /// What no command may print that is not to: the worlds' values, and what was typed or piped in.
    typed: Vec<String>,
    faults: Vec<String>,
    /// What was not run, and why.
    pub skipped: Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(document: &'a Documented) -> Self {
        let (printed, typed) = (String::new(), vec![CANARY.to_owned()]);
        Self { document, world: None, printed, typed, faults: Vec::new(), skipped: Vec::new() }
    }

    /// Reads it from beginning to end; fails with all that is not as it says.
    pub fn read(&mut self) {
        let path = self.document.path;
        let text = std::fs::read_to_string(repository().join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let document = markdown::read(&text);
        for (line, fault) in document.faults {
            self.fault(line, &fault);
        }
        for (line, code) in &document.inline {
            if let Err(fault) = understand(code) {
                self.fault(*line, &fault);
            }
        }
        for block in &document.blocks {
            if let Err(fault) = self.block(block) {
                self.fault(block.line, &fault);
            }
            if self.world.as_ref().is_some_and(|world| world.shell.is_stuck) {
                self.fault(block.line, "the rest was not read");
                break;
            }
        }
        let count = self.faults.len();
        assert!(count == 0, "{count} faults in {path}:\n\n{}\n\n{ADVICE}", self.faults.join("\n\n"));
    }

    fn fault(&mut self, line: usize, fault: &str) {
        let mut text = format!("{}:{line}: ", self.document.path);
        for (number, line) in fault.trim_end().lines().enumerate() {
            let _ = write!(text, "{}{line}", if number == 0 { "" } else { "\n    " });
        }
        self.faults.push(text);
    }

    fn block(&mut self, block: &Block) -> Result<(), String> {
        if let Some(why) = &block.not_run {
            return self.leave(block, why);
        }
        let settings = Settings::read(&with_keys(&block.run))?;
        if self.world.is_none() || settings.store.is_some() {
            self.world = Some(World::begin(settings.store.as_deref().unwrap_or(self.document.store))?);
        }
        let world = self.world.as_mut().ok_or("there is no world")?;
        if let Some(person) = &settings.person {
            world.must_run(&format!("as {person}"))?;
        }
        if let Some(at) = &settings.at {
            world.must_run(&format!("export DOCS_MOMENT={at}"))?;
        }
        for script in &block.first {
            world.must_run(&with_keys(script)).map_err(|fault| format!("first: {fault}"))?;
        }
        let text = self.filled_in(&block.text, &settings);
        match block.language.as_str() {
            "sh" => self.typed_lines(block, &text, &settings)?,
            "console" => self.console(block, &text, &settings)?,
            "text" | "diff" => self.text(&text, &settings)?,
            "toml" => data::toml(self.world()?, &text, &settings)?,
            "json" => self.json(&text, &settings)?,
            "yaml" => self.yaml(block, &text, &settings)?,
            "csv" | "ini" | "make" if settings.file.is_some() => {}
            "" => return Err("a fence without a language: say `text` where nothing else fits".to_owned()),
            other => {
                return Err(format!(
                    "nothing says how a block of `{other}` is run; with `file=` it is written"
                ));
            }
        }
        if let Some(file) = &settings.file {
            let path = self.world()?.laptop.join(file);
            std::fs::write(&path, data::whole(&text))
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        for line in settings.lines.iter().skip(1).filter(|line| !text.contains(&line.text)) {
            self.fault(block.line, &format!("no line has `{}`, which a setting speaks of", line.text));
        }
        for script in &block.then {
            self.world()?.must_run(&with_keys(script)).map_err(|fault| format!("then: {fault}"))?;
        }
        Ok(())
    }

    fn world(&mut self) -> Result<&mut World, String> {
        self.world.as_mut().ok_or_else(|| "there is no world".to_owned())
    }

    /// Placeholders replaced: those of the block's own settings first, then those of the document.
    fn filled_in(&self, text: &str, settings: &Settings) -> String {
        let mut text = text.to_owned();
        let of_document = self.document.put.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
        let mut left: Vec<(String, String)> = settings.put.iter().cloned().chain(of_document).collect();
        while !left.is_empty() {
            let from = left[0].0.clone();
            let (these, others) = left.into_iter().partition::<Vec<_>, _>(|(other, _)| *other == from);
            left = others;
            // The first time it stands for the first text, then for the second; for the last one ever after.
            let mut pieces = text.split(&from);
            let mut filled = pieces.next().unwrap_or_default().to_owned();
            for (count, piece) in pieces.enumerate() {
                filled.push_str(&these[count.min(these.len() - 1)].1);
                filled.push_str(piece);
            }
            text = filled;
        }
        with_keys(&text)
    }

    /// What is not run is looked at all the same.
    fn leave(&mut self, block: &Block, why: &str) -> Result<(), String> {
        self.skipped.push(format!("{}:{}: {why}", self.document.path, block.line));
        if block.language != "sh" {
            return Ok(());
        }
        for (_, command) in commands(&block.text)? {
            understand(&command)?;
            let program = command.split_whitespace().find(|word| !word.contains('=')).unwrap_or_default();
            if program.contains('/')
                && !program.starts_with(['~', '.', '/'])
                && !repository().join(program).exists()
            {
                return Err(format!("there is no {program} in this repository"));
            }
        }
        Ok(())
    }

    fn typed_lines(&mut self, block: &Block, text: &str, settings: &Settings) -> Result<(), String> {
        for (number, command) in commands(text)? {
            if let Err(fault) = self.command(block, &command, settings) {
                self.fault(block.line + number, &fault);
            }
            if self.world()?.shell.is_stuck {
                break;
            }
        }
        Ok(())
    }

    fn command(&mut self, block: &Block, command: &str, settings: &Settings) -> Result<(), String> {
        let line = settings.of(command).ok_or("no settings")?;
        if let Some(why) = &line.skip {
            self.skipped.push(format!("{}:{}: `{}`: {why}", self.document.path, block.line, line.text));
            return understand(command).map(drop);
        }
        if command.contains('…') {
            return Err(format!(
                "`{command}`: nothing says what `…` stands for: `<!-- run: put=\"…=TEXT\" -->`"
            ));
        }
        let printed = self.run(command, line)?;
        let shown = |fault: &str| format!("`{command}`: {fault}\n{}", printed.text);
        if printed.code != line.exits {
            return Err(shown(&format!("exits with {}, not {}", printed.code, line.exits)));
        }
        if let Some(missing) = line.says.iter().find(|said| !printed.text.contains(*said)) {
            return Err(shown(&format!("does not say `{missing}`")));
        }
        let opens = OPENERS.iter().any(|opener| command.contains(opener));
        if !opens && self.typed.iter().any(|typed| printed.text.contains(typed)) {
            return Err(format!("`{command}` prints a value"));
        }
        self.printed = printed.text;
        Ok(())
    }

    fn run(&mut self, command: &str, line: &Line) -> Result<Printed, String> {
        let world = self.world.as_mut().ok_or("there is no world")?;
        let hidden = line.dialogue.iter().filter(|(question, _)| question.contains("value"));
        self.typed.extend(hidden.map(|(_, typed)| typed.clone()));
        self.typed.extend(line.stdin.clone());
        let printed = if line.dialogue.is_empty() {
            world.shell.run(command, line.stdin.as_deref().unwrap_or_default())
        } else {
            world.shell.run_on_a_terminal(command, &line.dialogue)
        };
        printed.map_err(|fault| format!("`{command}`: {fault}"))
    }

    /// Lines behind `$ ` are typed, those below are what is printed.
    fn console(&mut self, block: &Block, text: &str, settings: &Settings) -> Result<(), String> {
        for piece in format!("\n{text}").split("\n$ ").skip(1) {
            let (command, shown) = piece.split_once('\n').unwrap_or((piece, ""));
            self.command(block, command, settings)?;
            compare::fits(shown, &self.printed).map_err(|fault| format!("`{command}`: {fault}"))?;
        }
        if text.starts_with("$ ") {
            Ok(())
        } else {
            Err("a console begins with `$ ` and a command".to_owned())
        }
    }

    fn text(&mut self, text: &str, settings: &Settings) -> Result<(), String> {
        if let Some(folder) = &settings.files {
            return data::files(&self.world()?.laptop.join(folder), text);
        }
        if settings.file.is_some() {
            return Ok(());
        }
        if let Some(command) = &settings.shows {
            self.printed = self.printed_by(command)?;
        }
        // It may be an excerpt.
        compare::fits(&format!("…\n{}\n…", text.trim_end()), &self.printed)
    }

    fn printed_by(&mut self, command: &str) -> Result<String, String> {
        let printed = self.world()?.shell.run(&with_keys(command), "")?;
        if printed.code > 1 {
            return Err(format!("`{command}` exits with {}\n{}", printed.code, printed.text));
        }
        Ok(printed.text)
    }

    fn json(&mut self, text: &str, settings: &Settings) -> Result<(), String> {
        if let Some(command) = &settings.like {
            let printed = self.printed_by(command)?;
            data::alike(text, &printed).map_err(|fault| format!("`{command}`: {fault}"))?;
        }
        if let Some(schema) = &settings.schema {
            data::obeys(self.world()?, schema, "json", text)?;
        }
        let is_looked_at = settings.like.is_some() || settings.schema.is_some() || settings.file.is_some();
        if is_looked_at {
            Ok(())
        } else {
            Err("JSON needs `like=COMMAND`, `schema=KIND` or `file=PATH`".to_owned())
        }
    }

    /// Every script that calls `secrets` is run, with the variables that its step has.
    fn yaml(&mut self, block: &Block, text: &str, settings: &Settings) -> Result<(), String> {
        for script in workflow::scripts(text)? {
            let calls = script.text.lines().map(|line| commands_of("secrets", line.trim_start()));
            if calls.collect::<Result<Vec<_>, _>>()?.concat().is_empty() {
                continue;
            }
            let mut variables = String::new();
            for (name, value) in &script.variables {
                let _ = writeln!(variables, "export {name}=\"{value}\"");
            }
            let command = format!("(set -e\n{variables}{}\n)", script.text.trim_end());
            if command.contains("${{") {
                return Err(format!("nothing says what the forge puts into\n{command}"));
            }
            self.command(block, &command, settings)?;
        }
        Ok(())
    }
}
