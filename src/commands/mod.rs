//! Floor 4: the commands, one file each. They ask the floors below and print; the rules live further down.

mod absence;
mod accepted;
mod accepting;
mod account_keys;
mod actors;
mod add;
mod adding;
mod at_hand;
mod breaking_glass;
mod by_hand;
mod calendar;
mod candidates;
mod catalogue;
mod check;
mod choosing;
mod clear_values;
mod comparing;
mod completions;
mod confirm;
mod confirming;
mod custody;
mod delivering;
mod doctor;
mod dues;
mod edit;
mod editing;
mod ending;
mod error;
mod exec;
mod expiry_import;
mod expiry_set;
mod export;
mod founding;
mod gate;
mod gathering;
mod get;
mod git_hook;
mod git_install;
mod git_merge_record;
mod git_resolve;
mod git_textconv;
mod git_uninstall;
mod guide;
mod held_files;
mod holdings;
mod hooking;
mod import;
mod incoming;
mod init;
mod insides;
mod inventory;
mod judging;
mod keeping;
mod key;
mod leaving;
mod ledger_mend;
mod ledger_show;
mod list;
mod machines;
mod man;
mod metrics;
mod move_secret;
mod new_secret;
mod new_value;
mod openers;
mod other_ref;
mod other_tools;
mod outputs;
mod overview;
mod people;
mod probe_remove;
mod probe_run;
mod probe_set;
mod proposals;
mod reading;
mod redating;
mod refitting;
mod remembered;
mod remove;
mod renewing;
mod replacing;
mod report;
mod reporting;
mod rescue_notes;
mod reseal;
mod resealing;
mod roster;
mod rotate;
mod rotator_remove;
mod rotator_set;
mod runners;
mod scheduled;
mod schema;
mod session;
mod set;
mod show;
mod showing;
mod showing_tracked;
mod sides;
mod sign;
mod signing;
mod standing;
mod surveying;
mod taking_over;
mod telling;
mod track;
mod tracking;
mod turning;
mod untrack;
mod versions;
mod warn;
mod writing;
mod written_out;

pub use error::CommandError;
pub use session::Session;

use crate::cli::{Cli, Command, Expiry, Git, Ledger, Probe, Rotator};

/// Runs one command; answers with the exit code.
pub fn run(cli: Cli, session: &Session) -> Result<u8, CommandError> {
    delivering::deliver_before(session, cli.command.as_ref());
    let Some(command) = cli.command else { return overview::run(session) };
    match command {
        Command::Init(arguments) => init::run(session, &arguments),
        Command::Key(command) => key::run(session, &command),
        Command::People(command) => people::run(session, &command),
        Command::Machines(command) => machines::run(session, &command),
        Command::Add(arguments) => add::run(session, &arguments),
        Command::Set(arguments) => set::run(session, &arguments),
        Command::Expiry(Expiry::Set(arguments)) => expiry_set::run(session, &arguments),
        Command::Expiry(Expiry::Import(arguments)) => expiry_import::run(session, &arguments),
        Command::Move(arguments) => move_secret::run(session, &arguments),
        Command::Get(arguments) => get::run(session, &arguments),
        Command::Exec(arguments) => exec::run(session, &arguments),
        Command::Edit(arguments) => edit::run(session, &arguments),
        Command::Import(arguments) => import::run(session, &arguments),
        Command::Export(arguments) => export::run(session, &arguments),
        Command::Show(arguments) => show::run(session, &arguments),
        Command::Custody(arguments) => custody::run(session, &arguments),
        Command::Sign(arguments) => sign::run(session, &arguments),
        Command::List(arguments) => list::run(session, &arguments),
        Command::Remove(arguments) => remove::run(session, &arguments),
        Command::Reseal(arguments) => reseal::run(session, &arguments),
        Command::Track(arguments) => track::run(session, &arguments),
        Command::Untrack(arguments) => untrack::run(session, &arguments),
        Command::Confirm(arguments) => confirm::run(session, &arguments),
        Command::Check(arguments) => check::run(session, &arguments),
        Command::Rotate(arguments) => rotate::run(session, &arguments),
        Command::Rotator(Rotator::Set(arguments)) => rotator_set::run(session, &arguments),
        Command::Rotator(Rotator::Remove(arguments)) => rotator_remove::run(session, &arguments),
        Command::Probe(Probe::Set(arguments)) => probe_set::run(session, &arguments),
        Command::Probe(Probe::Remove(arguments)) => probe_remove::run(session, &arguments),
        Command::Probe(Probe::Run(arguments)) => probe_run::run(session, &arguments),
        Command::Warn(arguments) => warn::run(session, &arguments),
        Command::Ledger(Ledger::Show(arguments)) => ledger_show::run(session, &arguments),
        Command::Ledger(Ledger::Mend(arguments)) => ledger_mend::run(session, &arguments),
        Command::Metrics(arguments) => metrics::run(session, &arguments),
        Command::Git(Git::Install(arguments)) => git_install::run(session, &arguments),
        Command::Git(Git::Uninstall) => git_uninstall::run(session),
        Command::Git(Git::Resolve(arguments)) => git_resolve::run(session, &arguments),
        Command::Git(Git::Textconv(arguments)) => git_textconv::run(session, &arguments),
        Command::Git(Git::MergeRecord(arguments)) => git_merge_record::run(session, &arguments),
        Command::Git(Git::Hook(arguments)) => git_hook::run(session, &arguments),
        Command::Report(arguments) => report::run(session, &arguments),
        Command::Calendar(arguments) => calendar::run(session, &arguments),
        Command::Doctor(arguments) => doctor::run(session, &arguments),
        Command::Completions(arguments) => completions::run(session, &arguments),
        Command::Man(arguments) => man::run(session, &arguments),
        Command::Schema(arguments) => schema::run(session, &arguments),
    }
}
