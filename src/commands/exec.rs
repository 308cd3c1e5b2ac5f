//! `secrets exec`: a program with secrets in its environment, or as files in memory.

use std::ffi::OsString;

use super::breaking_glass;
use super::choosing::{fitting, judged_as};
use super::clear_values::{self, Clear};
use super::reporting;
use super::{CommandError, Session};
use crate::cli::{Check, Exec};
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;
use crate::domain::report::Report;
use crate::domain::rescue::{Reason, ReasonError};
use crate::domain::text::{shell_word, visible};
use crate::domain::tracked_name::CredentialName;
use crate::domain::value::Value;
use crate::domain::variable::{self, Assignment, VariableName};
use crate::observe::place::Place;
use crate::render;
use crate::system::environment::IDENTITY_VARIABLE;
use crate::system::private::{PrivateFolder, Purpose};
use crate::system::process::{Attendance, Ended, Output, ProcessError, Program};
use crate::system::terminal::Question;

/// Where a program finds the folder of all files.
const FOLDER_VARIABLE: &str = "SECRETS_DIR";
/// What a shell exits with where a program is there and can't be run.
const NOT_RUN: u8 = 126;
/// What a shell exits with where there is no such program.
const NOT_FOUND: u8 = 127;
/// The longest `NAME=value` that a program can be started with, its end included, in bytes: `MAX_ARG_STRLEN` of Linux.
const MAX_VARIABLE_BYTES: usize = 128 * 1024;

pub fn run(session: &Session, arguments: &Exec) -> Result<u8, CommandError> {
    let place = session.place()?;
    let parts = parts(session, &place, arguments)?;
    if arguments.dry_run {
        let lines = parts.iter().map(|part| format!("{} \u{2190} {}\n", part.variable(), part.shown()));
        session.print(lines.collect::<String>())?;
        return Ok(0);
    }
    let Some((name, rest)) = arguments.command.split_first() else {
        return Err(CommandError::new("no program is given").hint("give it behind --, as in: -- ./deploy"));
    };
    if arguments.gate {
        let code = gate(session, &place, &parts, arguments.break_glass.as_ref())?;
        if code != 0 {
            return Ok(code);
        }
    }
    let clear = open(session, &place, &parts)?;
    let program = Program::new(name, session.environment.current_dir(), &session.environment).args(rest);
    start(session, program, &parts, clear)
}

/// A variable, and the secret that it hands on.
struct Part {
    assignment: Assignment,
    /// By way of a file, whose path the variable holds.
    is_file: bool,
}

impl Part {
    fn variable(&self) -> &VariableName {
        &self.assignment.variable
    }

    fn secret(&self) -> &CredentialName {
        &self.assignment.secret
    }

    fn shown(&self) -> String {
        let name = visible(self.secret().as_str());
        if self.is_file { format!("{name} (the path of a file)") } else { name.into_owned() }
    }
}

/// What is asked for, each variable once.
fn parts(session: &Session, place: &Place, arguments: &Exec) -> Result<Vec<Part>, CommandError> {
    let given: Vec<Assignment> = arguments.env.iter().chain(&arguments.file).cloned().collect();
    if given.is_empty() && arguments.scope.is_empty() {
        return Err(CommandError::new("nothing says which secrets the program is to have")
            .hint("name them one by one: --env NAME=SECRET, or --file NAME=SECRET")
            .hint("or all that fit: --scope 'web/prod/**', or --scope '**' for every one"));
    }
    let reserved = |variable: &str| [IDENTITY_VARIABLE, FOLDER_VARIABLE].contains(&variable);
    if let Some(taken) = given.iter().find(|given| reserved(given.variable.as_str())) {
        return Err(CommandError::new(format!(
            "{}: is a variable of this tool itself: give another name",
            taken.variable
        )));
    }
    let chosen = fitting(session, place, &arguments.scope)?;
    let mut seen: Vec<&VariableName> = given.iter().map(|given| &given.variable).collect();
    seen.sort();
    if let Some([twice, _]) = seen.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(CommandError::new(format!("{twice}: is given twice")));
    }
    let is_file = |part: &Assignment| {
        arguments.file.iter().any(|given| given.variable == part.variable)
            || (arguments.files && !arguments.env.iter().any(|given| given.variable == part.variable))
    };
    let assigned = variable::assign(&chosen, &given, arguments.prefix.as_ref())?;
    Ok(assigned.into_iter().map(|part| Part { is_file: is_file(&part), assignment: part }).collect())
}

/// Judges just these secrets, and tells it on standard error: standard output is the program's. Where that blocks, the
/// glass can be broken: by `--break-glass`, or by who is asked on a terminal.
fn gate(
    session: &Session,
    place: &Place,
    parts: &[Part],
    reason: Option<&Reason>,
) -> Result<u8, CommandError> {
    let names: Vec<&CredentialName> = parts.iter().map(Part::secret).collect();
    let scope = judged_as(place, &names)?.iter().map(|name| Glob::exactly(name.as_str())).collect();
    let mut report = reporting::report(session, &Check { scope, ..Check::default() });
    if let Some(reason) = reason {
        report = breaking_glass::let_through(session, reason, report);
    }
    tell(session, &report)?;
    if report.exit_code() != 0
        && reason.is_none()
        && let Some(reason) = ask_for_reason(session)?
    {
        report = breaking_glass::let_through(session, &reason, report);
        tell(session, &report)?;
    }
    let code = report.exit_code();
    if code != 0 {
        session.say("nothing was run")?;
    }
    Ok(code)
}

fn tell(session: &Session, report: &Report) -> Result<(), CommandError> {
    session.say(render::human::render(report, session.style_beside()).trim_end())
}

/// Why it can't wait; `None` where nobody can be asked, or nothing is answered.
fn ask_for_reason(session: &Session) -> Result<Option<Reason>, CommandError> {
    if !session.terminal.can_ask() {
        return Ok(None);
    }
    let question = Question {
        what: "run it anyway? what is deployed is saved on a rescue branch first. Why can't it wait (nothing: don't run it)",
        remedy: "give --break-glass REASON",
    };
    let read = |answer: &str| match answer {
        "" => Ok(None),
        reason => reason.parse().map(Some).map_err(|error: ReasonError| format!("the reason {error}")),
    };
    Ok(session.terminal.ask_line(question, Some(""), read)?)
}

/// The value of each part, in their order. Where all are of the store, nothing else is read than they.
fn open(session: &Session, place: &Place, parts: &[Part]) -> Result<Vec<Clear>, CommandError> {
    let mut names: Vec<CredentialName> = parts.iter().map(|part| part.secret().clone()).collect();
    names.sort();
    names.dedup();
    let own = |name: &CredentialName| match name {
        CredentialName::Own(name) if place.store.record_path(name).exists() => Some(name.clone()),
        CredentialName::Own(_) | CredentialName::Tracked(_) => None,
    };
    match names.iter().map(own).collect::<Option<Vec<SecretName>>>() {
        Some(own) => clear_values::open_own(session, place, own),
        None => clear_values::open_named(session, place, &place.policy()?, &names),
    }
}

fn start(
    session: &Session,
    mut program: Program,
    parts: &[Part],
    clear: Vec<Clear>,
) -> Result<u8, CommandError> {
    let mut files = Vec::new();
    for part in parts {
        let Some(found) = clear.iter().find(|clear| clear.name == *part.secret()) else {
            return Err(CommandError::new(format!("{}: was not opened", visible(part.secret().as_str()))));
        };
        if part.is_file {
            files.push((part.variable(), &found.value));
        } else {
            let value = for_environment(part, &found.value)?;
            warn_of_line_break(session, part, &found.value)?;
            program = program.env(part.variable().as_str(), value);
        }
    }
    if files.is_empty() {
        return hand_over(session, &program);
    }
    let attendance = Attendance::begin()?;
    let (folder, program) = lay_out(session, program, &files)?;
    // The program may run for long. Meanwhile they are in its files, and not here as well.
    drop(clear);
    run_beside(session, &program, &attendance, folder)
}

/// In our place. No copy of a value is left behind: this process's memory is gone with it.
#[cfg(unix)]
fn hand_over(session: &Session, program: &Program) -> Result<u8, CommandError> {
    not_started(session, &program.take_over())
}

#[cfg(not(unix))]
fn hand_over(session: &Session, program: &Program) -> Result<u8, CommandError> {
    let attendance = Attendance::begin()?;
    match program.run_attended(&attendance, Output::ToOurs) {
        Ok(ended) => Ok(code_of(ended)),
        Err(error) => not_started(session, &error),
    }
}

/// The values as files, and the program that knows where they are.
fn lay_out(
    session: &Session,
    mut program: Program,
    files: &[(&VariableName, &Value)],
) -> Result<(PrivateFolder, Program), CommandError> {
    let folder = PrivateFolder::create(&session.environment, Purpose::Reading).map_err(|error| {
        CommandError::from(error)
            .hint("hand the value over in the environment: --env NAME=SECRET, without --files")
    })?;
    program = program.env(FOLDER_VARIABLE, folder.path());
    for (variable, value) in files {
        let path = folder.write(variable.as_str(), value.expose(), false)?;
        program = program.env(variable.as_str(), path);
    }
    Ok((folder, program))
}

/// Beside us: the files are to be removed when the program has ended, however it does.
fn run_beside(
    session: &Session,
    program: &Program,
    attendance: &Attendance,
    folder: PrivateFolder,
) -> Result<u8, CommandError> {
    let ended = program.run_attended(attendance, Output::ToOurs);
    // The program itself may have removed it.
    if let Err(error) = folder.remove()
        && !error.is_not_found()
    {
        session.say(format!("warning: the files could not be removed: {error}"))?;
    }
    match ended {
        Ok(ended) => Ok(code_of(ended)),
        Err(error) => not_started(session, &error),
    }
}

fn code_of(ended: Ended) -> u8 {
    match ended {
        Ended::Code(code) => code,
        #[cfg(unix)]
        Ended::Signal(signal) => crate::system::process::end_by(signal),
        #[cfg(not(unix))]
        Ended::Signal(_) => u8::MAX,
    }
}

/// What a shell says and exits with.
fn not_started(session: &Session, error: &ProcessError) -> Result<u8, CommandError> {
    session.say(format!("error: {error}"))?;
    match error {
        ProcessError::NotFound { .. } => Ok(NOT_FOUND),
        ProcessError::Io { source, .. } => {
            if source.kind() == std::io::ErrorKind::ArgumentListTooLong {
                session.say("  hand large values over as files: --file NAME=SECRET")?;
            }
            Ok(NOT_RUN)
        }
        ProcessError::TimedOut { .. } | ProcessError::TooMuchOutput { .. } => Ok(NOT_RUN),
    }
}

/// The value as the environment can hold it; an error where it can't.
fn for_environment(part: &Part, value: &Value) -> Result<OsString, CommandError> {
    let bytes = value.expose();
    let (variable, secret) = (part.variable(), visible(part.secret().as_str()));
    let refuse = |why: &str| {
        let remedy = format!("{variable}={}", shell_word(part.secret().as_str()));
        Err(CommandError::new(format!("{secret}: {why}, so {variable} can't hold it"))
            .hint(format!("hand it over as a file: --file {remedy}")))
    };
    if bytes.contains(&0) {
        return refuse("has a NUL byte in it");
    }
    if cfg!(target_os = "linux") && variable.as_str().len() + bytes.len() + 2 > MAX_VARIABLE_BYTES {
        return refuse("is larger than a variable can be");
    }
    os_string(bytes).map_or_else(|| refuse("is no UTF-8"), Ok)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes make one")]
fn os_string(bytes: &[u8]) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec()))
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> Option<OsString> {
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

/// One line that ends in a line break was most often made by `echo`, and a login with it fails.
fn warn_of_line_break(session: &Session, part: &Part, value: &Value) -> Result<(), CommandError> {
    match value.expose().split_last() {
        Some((b'\n', line)) if !line.contains(&b'\n') => session.say(format!(
            "warning: {} ends in a line break, and so does {}",
            visible(part.secret().as_str()),
            part.variable()
        )),
        Some(_) | None => Ok(()),
    }
}
