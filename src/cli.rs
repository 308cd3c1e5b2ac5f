//! The command line: types only. Their doc comments are the help.

mod changes;
mod described;
mod expiry;
mod gate;
mod git;
mod holders;
mod interchange;
mod pictures;
mod reading;
mod rotating;
mod tracking;
mod using;
mod watching;

pub use changes::*;
pub use expiry::*;
pub use gate::*;
pub use git::*;
pub use holders::*;
pub use interchange::*;
pub use pictures::*;
pub use reading::*;
pub use rotating::*;
pub use tracking::*;
pub use using::*;
pub use watching::*;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::time::Instant;

/// Keeps encrypted credentials in git beside a record of their expiry and custody, and blocks the deploys that
/// would break.
#[derive(Debug, Parser)]
#[command(name = "secrets", version, propagate_version = true, max_term_width = 110)]
#[command(after_help = "\
Examples:
  secrets                                    where things stand: what blocks, what is due, what next
  secrets init                               make the store in this repository, step by step
  secrets add web/prod/db --expires-in 1y    seal a new secret
  secrets check                              the gate: run it before every deploy
  secrets doctor                             what works here, and how to mend what does not

Exit codes: 0 done; 1 `check` found a fault; 2 could not, or something could not be checked.")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The store, where it is not found by walking up from here [also: `SECRETS_STORE`]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub store: Option<PathBuf>,
    /// A file with my identity, to be tried before those found by themselves [also: `SECRETS_IDENTITY_FILE`]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub identity: Option<PathBuf>,
    /// Judge, and date what is written, as of this moment
    #[arg(long, global = true, value_name = "RFC3339", value_parser = Instant::parse_rfc3339,
          help_heading = "Everywhere")]
    pub at: Option<Instant>,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Make the store in this repository and register me as the first person
    ///
    /// On a terminal it goes on to the second person, the first secret and the first check, step by step; each can be
    /// left for later. Where everything is given, or nobody can be asked, it makes the store and ends.
    #[command(after_help = "\
Examples:
  secrets init
  secrets init --person alice --key \"$(cat ~/.ssh/id_ed25519.pub)\" --deploy-ref origin/main --push")]
    Init(Init),
    /// My identities: the private keys with which I open secrets
    #[command(subcommand)]
    Key(Key),
    /// The people of this store and their keys
    #[command(subcommand)]
    People(People),
    /// The machines of this store and their keys; a machine never counts as a person
    #[command(subcommand)]
    Machines(Machines),
    /// Seal a new secret
    #[command(after_help = "\
The value is read from a hidden prompt, from standard input where that is no
terminal, or from --from-file. An empty one is refused.

Examples:
  secrets add utoronto/prod/azuread-client --expires 2027-08-31 --owner infra --issuer 'U of T'
  printf %s \"$TOKEN\" | secrets add ci/token --expires-in 90d --owner alice
  secrets add legacy/ftp --never 'the vendor gives out one login' --from-file login.txt")]
    Add(Add),
    /// Seal a new value for a secret: a new version
    #[command(after_help = "\
The value is read as by `secrets add`; an empty one is refused.
One value of a file that sops sealed is set through the `sops` program (3.11 or
newer), and committed together with its record.

Examples:
  secrets set 'clusters/a/enc-prod.yaml#/hub/token' --expires-in 1y
  secrets set utoronto/prod/azuread-client --expires 2028-08-31 --push
  secrets set ci/token --expires-in 90d --from-file token.txt")]
    Set(Set),
    /// When secrets end
    #[command(subcommand)]
    Expiry(Expiry),
    /// Give a secret another name: resealed under it, in one commit
    #[command(after_help = "Example:\n  secrets move staging/db prod/db")]
    Move(Move),
    /// Print a value on standard output, bytes exact
    // `--version` is that of the secret here.
    #[command(
        disable_version_flag = true,
        after_help = "\
Examples:
  secrets get ci/token | docker login --password-stdin …
  secrets get web/prod/db --version 1          the value that a newer one replaced"
    )]
    Get(Get),
    /// Run a program with secrets in its environment, or as files in memory
    ///
    /// The variable of a secret is what of its name lies below the fixed part of the scope, in capitals, with `_` for
    /// whatever is neither letter nor digit: of 'web/prod/**' the secret web/prod/db is DB. Two that would have one name are
    /// refused, and so are names that steer other programs, such as PATH, unless --env gives them. Values are exact, a line
    /// break at their end included.
    ///
    /// The exit code is that of the program; 126 and 127 where it can't be started, as a shell has it; 1 and 2 where
    /// --gate blocks; 2 where a secret can't be opened. Nothing was run then.
    #[command(after_help = "\
Any process of the same user can read the environment of a running program, and
programs hand theirs on to what they start. A file (--file) is read by who opens
it, and is gone with the program.

Examples:
  secrets exec --env PGPASSWORD=web/prod/db -- psql -h db.example.org
  secrets exec --scope 'web/prod/**' --gate -- ./deploy
  secrets exec --scope 'web/prod/**' --dry-run          which variable gets which secret
  secrets exec --file TLS_KEY=web/prod/tls -- sh -c 'nginx -g \"ssl_certificate_key $TLS_KEY;\"'")]
    Exec(Exec),
    /// Change a value in an editor, on a file in memory: a new version
    ///
    /// The editor is $VISUAL, else $EDITOR, else git's. Its file lies in a private folder in memory, and is gone afterwards;
    /// where no file system is in memory, nothing is opened. What is saved is sealed as by `secrets set`; what is left as it
    /// was changes nothing. The line break that an editor adds to a last line that had none is left off.
    #[command(after_help = "\
Examples:
  secrets edit web/prod/config --expires-in 1y --push
  secrets edit 'clusters/a/enc-prod.yaml#/hub/token'")]
    Edit(Edit),
    /// Seal many values at once: from dotenv, a map in JSON or YAML, or a store of pass or passage
    ///
    /// Every key becomes a secret, all of them in one commit or none. What a name can't hold becomes `-`; nested maps
    /// and folders become `/`. When each of them ends must be said, as for `secrets add`: for all by --expires,
    /// --expires-in or --never, by the value itself where it carries an end, or later, with --without-expiry.
    #[command(after_help = "\
Examples:
  secrets import .env --prefix web/prod --dry-run   what would come in, and under which names
  secrets import .env --prefix web/prod --expires-in 1y --owner infra
  secrets import secrets.yaml --without-expiry      the ends later, with `secrets expiry import`
  secrets import --from pass --first-line --except 'private/**' --without-expiry
  sops decrypt enc.yaml | secrets import - --from yaml --prefix clusters/a --without-expiry")]
    Import(Import),
    /// Print many values at once, as another program reads them
    ///
    /// For dotenv, shell and github-env each secret is a variable: its name below the fixed part of the scope, in
    /// capitals, with `_` for whatever is neither letter nor digit. What a format can't hold is refused by name.
    #[command(after_help = "\
Examples:
  eval \"$(secrets export --scope 'web/prod/**' --format shell)\"
  secrets export web/prod/db --format dotenv --env DB_PASSWORD=web/prod/db
  secrets export --scope 'web/prod/**' --format k8s-secret --name web | kubectl apply -f -
  secrets export --scope 'ci/**' --format github-env          in a step of a GitHub workflow
  secrets export --scope 'web/prod/**' --format json --strip web/prod")]
    Export(Export),
    /// What is known of a secret: record, custody and the policy in force; never the value
    #[command(after_help = "\
Examples:
  secrets show web/prod/db
  secrets show 'clusters/a/enc-prod.yaml#/hub/token'     sealed by another tool
  secrets show clusters/a/enc-prod.yaml                  who opens the file, and what is in it")]
    Show(Show),
    /// Who holds what: the matrix of people and secrets
    ///
    /// It reports and does not judge: however few people hold a secret, the exit code is 0; the gate is
    /// `secrets check`. What is not known is shown as such, and then the exit code is 2. Those at risk come first,
    /// then those in doubt, then the others by name. Values are opened with --prove only, and never shown.
    #[command(after_help = "\
Examples:
  secrets custody
  secrets custody --prove --scope 'web/**'
  secrets custody --format html > custody.html")]
    Custody(Custody),
    /// Sign record and value of a secret with my signing key
    #[command(after_help = "\
Where policy says `require-signature = true`, every command that seals signs by
itself. This one shows what is to be signed, and asks; where nobody can be
asked, --yes says that somebody looked. Where one of your identities opens the
secret without asking you, whom it is sealed to is proved first.
Without --signing-key: the file that SECRETS_SIGNING_KEY names, else git's
user.signingKey, else ~/.ssh/id_ed25519.

Examples:
  secrets sign web/prod/db
  secrets sign --all --signing-key ~/.ssh/id_ed25519")]
    Sign(Sign),
    /// All secrets with their expiry, people and owners
    #[command(after_help = "\
Examples:
  secrets list --scope 'utoronto/**'
  secrets list --timeline                       the year ahead
  secrets list --without-expiry                 what is left to triage
  secrets list --without-expiry --format json   to make a file for `secrets expiry import`")]
    List(List),
    /// Remove a secret from the store
    Remove(Remove),
    /// Encrypt again, to the readers that policy names now: same values, same versions
    #[command(after_help = "\
Examples:
  secrets reseal --all --dry-run
  secrets reseal --all
  secrets reseal web/prod/db --accept-key SHA256:…")]
    Reseal(Reseal),
    /// Take over files that other tools have sealed, where they are; nothing is encrypted again
    ///
    /// sops (YAML, JSON, dotenv, INI, binary), age, git-crypt, `SealedSecrets` and ansible-vault, known by their content.
    /// Each encrypted value of which policy does not decide gets a record in the `custody.toml` beside its file. Run it
    /// again when there are new ones: what is there stays as it is.
    #[command(after_help = "\
Examples:
  secrets track '**/enc-*' --dry-run          what would be written, and rules for policy
  secrets track '**/enc-*' --owner infra      write it, in one commit
  secrets track clusters/prod --whole         one record a file
  secrets list --without-expiry               what is left to triage")]
    Track(Track),
    /// Remove the records of files that other tools have sealed; the files stay as they are
    #[command(after_help = "\
Examples:
  secrets untrack clusters/old
  secrets untrack 'clusters/a/enc-prod.yaml#/hub/token'")]
    Untrack(Untrack),
    /// Bring records of tracked secrets up to date with what stands in the files now
    ///
    /// Where `sops` is installed and git has the version that the record speaks of, both are decrypted: equal values are
    /// recorded anew by themselves. Of the others it asks when they end; where nobody can be asked, give --expires,
    /// --expires-in, --never or --keep-expiry.
    #[command(after_help = "\
Examples:
  secrets confirm                                                   all that are behind
  secrets confirm 'clusters/a/enc-prod.yaml#/hub/token' --expires 2027-08-31
  secrets confirm clusters/a --keep-expiry")]
    Confirm(Confirm),
    /// The gate: run it before every deploy
    #[command(after_help = "\
Exit codes: 0 nothing failing and everything checked, or let through by
--break-glass; 1 at least one failing finding; 2 nothing failing, but something
could not be checked.

With --break-glass HEAD and the uncommitted records and sealed values are first
pushed to a branch rescue/…; hooks of this clone are not run for that. Where the
remote can't be reached they wait here, and the next command delivers them; where
CI is set the deploy stays blocked instead. Until the branch is merged, every
check fails with `rescue-pending`.

Examples:
  secrets check && ./deploy
  secrets check --scope 'utoronto/prod/**'
  secrets check --prove
  secrets check --against origin/main --format github
  secrets check --break-glass 'client secret lapsed, ticket 812' && ./deploy
  secrets check --output sarif=secrets.sarif --output junit=secrets.xml   one run, several reports
  secrets check --baseline baseline.json --accept-until 2026-12-31   begin with what there is
  secrets check --baseline baseline.json                             and then fail for what is new")]
    Check(Check),
    /// Replace a credential by a new one, step by step; the same command goes on where the last run stopped
    Rotate(Rotate),
    /// What makes the next version of a secret
    #[command(subcommand)]
    Rotator(Rotator),
    /// What tells whether a version of a secret works
    #[command(subcommand)]
    Probe(Probe),
    /// The scheduled job: tell people ahead of the end of their secrets
    ///
    /// Judges what stands on the deploy ref, tells each channel of policy what is due there, and remembers in the remote's
    /// ledger what was told. Each tier of a version is told once; what was mended is closed. A channel that failed stops no
    /// other, and is told again in the next run. Channels, heartbeat and ledger are those of the deploy ref's policy.
    #[command(after_help = "\
Exit codes: 0 everything judged and delivered; 2 something was not: it is said,
told through every channel that works, and due again.

Examples:
  secrets warn --dry-run
  secrets warn
  secrets warn --state /var/lib/secrets/ledger.jsonl")]
    Warn(Warn),
    /// What the scheduled job remembers
    #[command(subcommand)]
    Ledger(Ledger),
    /// Metrics for Prometheus (`OpenMetrics` 1.0): when each secret ends, findings, people, the last run of `warn`
    Metrics(Metrics),
    /// git at hand: readable diffs, merges of records, hooks
    #[command(subcommand)]
    Git(Git),
    /// The store in pictures: verdict, the year ahead, findings, and who holds what
    ///
    /// One page that needs nothing else: no script, no request to anywhere, light and dark, fit to be printed. It reports
    /// and does not judge: whatever the gate says, the exit code is 0; what is not known is shown as such, and then the
    /// exit code is 2. No value is in it; names of secrets and people are.
    #[command(after_help = "\
Examples:
  secrets report --html --output report.html
  secrets report --html --prove --scope 'web/**' > web.html
  secrets report --html --offline --output report.html    without asking the remote")]
    Report(Report),
    /// Due dates as a calendar (iCalendar, RFC 5545), for people to subscribe to
    ///
    /// An event on the day on which each secret ends, with a reminder for each tier of `notify-at`. What has expired, and
    /// what is not known, stands on the day of the run as well. A new value moves its event. Where a due date is not known,
    /// the exit code is 2, and the calendar is written all the same.
    #[command(after_help = "\
Examples:
  secrets calendar --output secrets.ics
  secrets calendar --scope 'web/**' --name 'Web: due dates' --output web.ics")]
    Calendar(Calendar),
    /// What of git, keys, remote and store works here, and how to mend what does not
    Doctor(Doctor),
    /// Print completions for a shell
    ///
    /// In bash, zsh and fish they know the names of the store where you stand: secrets, people, groups, machines and
    /// scopes. In elvish and PowerShell they know commands and options.
    #[command(after_help = "\
Examples:
  secrets completions bash > ~/.local/share/bash-completion/completions/secrets
  secrets completions zsh > ~/.zfunc/_secrets        # a folder of $fpath
  secrets completions fish > ~/.config/fish/completions/secrets.fish")]
    Completions(Completions),
    /// Print the manual page, or write one page for each command into a folder
    Man(Man),
    /// Print the JSON Schema of a file that people edit or of what programs exchange, for editors and validators
    Schema(Schema),
}

#[derive(Debug, Args)]
pub struct Doctor {
    /// Complete a change that was interrupted
    #[arg(long)]
    pub mend: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
    /// What the scripts ask: what may stand at this place of the words behind `--`
    #[arg(long, hide = true, value_name = "INDEX", requires = "words")]
    pub at_word: Option<usize>,
    #[arg(last = true, hide = true, requires = "at_word")]
    pub words: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct Man {
    /// Write secrets.1, secrets-check.1 … into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Schema {
    #[arg(value_enum)]
    pub of: SchemaOf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SchemaOf {
    Policy,
    Record,
    /// custody.toml, beside files that other tools have sealed
    Custody,
    /// What the program of a rotator of kind exec is told
    RotatorRequest,
    /// What it answers
    RotatorAnswer,
}
