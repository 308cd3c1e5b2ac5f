//! The command line: types only. Their doc comments are the help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::glob::Glob;
use crate::domain::key::{Fingerprint, FingerprintPrefix};
use crate::domain::name::{ActorName, SecretName};
use crate::domain::period::Period;
use crate::domain::policy::DeployRef;
use crate::domain::time::Instant;

/// Keeps encrypted credentials in git beside a record of their expiry and custody, and blocks the deploys that
/// would break.
#[derive(Debug, Parser)]
#[command(name = "secrets", version, propagate_version = true, max_term_width = 110)]
#[command(after_help = "\
Examples:
  secrets init                               make the store in this repository
  secrets add web/prod/db --expires-in 1y    seal a new secret
  secrets check                              the gate: run it before every deploy
  secrets doctor                             what works here, and how to mend what does not

Exit codes: 0 done; 1 `check` found a fault; 2 could not, or something could not be checked.")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The store, where it is not found by walking up from here [also: `SECRETS_STORE`]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub store: Option<PathBuf>,
    /// A file with my identity, to be used instead of those found by themselves [also: `SECRETS_IDENTITY_FILE`]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub identity: Option<PathBuf>,
    /// Judge, and date what is written, as of this moment
    #[arg(long, global = true, value_name = "RFC3339", value_parser = Instant::parse_rfc3339,
          help_heading = "Everywhere")]
    pub at: Option<Instant>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the store in this repository and register me as the first person
    #[command(after_help = "\
Examples:
  secrets init
  secrets init --person alice --key \"$(cat ~/.ssh/id_ed25519.pub)\" --deploy-ref origin/main")]
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
  secrets add utoronto/prod/azuread-client --expires 2027-08-31 --owner infra --issuer 'University IT'
  printf %s \"$TOKEN\" | secrets add ci/token --expires-in 90d --owner alice
  secrets add legacy/ftp --never 'the vendor gives out one login' --from-file login.txt")]
    Add(Add),
    /// Seal a new value for a secret: a new version
    #[command(after_help = "\
The value is read as by `secrets add`; an empty one is refused.

Examples:
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
    #[command(after_help = "Example:\n  secrets get ci/token | docker login --password-stdin …")]
    Get(Get),
    /// What is known of a secret: record, custody and the policy in force; never the value
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
    /// The gate: run it before every deploy
    #[command(after_help = "\
Exit codes: 0 nothing failing and everything checked; 1 at least one failing
finding; 2 nothing failing, but something could not be checked.

Examples:
  secrets check && ./deploy
  secrets check --scope 'utoronto/prod/**'
  secrets check --prove
  secrets check --against origin/main --format github")]
    Check(Check),
    /// What of git, keys, remote and store works here, and how to mend what does not
    Doctor(Doctor),
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  secrets completions bash > ~/.local/share/bash-completion/completions/secrets"
    )]
    Completions(Completions),
    /// Print the manual page, or write one page for each command into a folder
    Man(Man),
    /// Print the JSON Schema of policy.toml or of the records, for editors
    Schema(Schema),
}

/// How a change is committed and pushed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Commit")]
pub struct Publish {
    /// Write the files and leave the commit to me
    #[arg(long, conflicts_with = "push")]
    pub no_commit: bool,
    /// Push the commit to the deploy ref; where that takes no direct push, to a branch named secrets/…
    #[arg(long)]
    pub push: bool,
}

/// How a value is sealed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sealing")]
pub struct Sealing {
    /// Who I am, where no identity tells it
    #[arg(long = "as", value_name = "NAME")]
    pub as_person: Option<ActorName>,
    /// Seal to a key that the secret was not sealed to before; compare it with its holder first
    #[arg(long, value_name = "FINGERPRINT")]
    pub accept_key: Vec<Fingerprint>,
    /// Sign with this key: a private key of ssh, or a public one whose private half is in my agent
    #[arg(long, value_name = "FILE")]
    pub signing_key: Option<PathBuf>,
}

/// When it ends. On a terminal it is asked for where none of these is given.
#[derive(Debug, Args)]
#[command(next_help_heading = "Expiry")]
pub struct Lifetime {
    /// It ends on this date (00:00 UTC) or at this instant
    #[arg(long, value_name = "DATE", conflicts_with_all = ["expires_in", "never"])]
    pub expires: Option<Instant>,
    /// It ends this long after --issued, else after now: 48h, 90d, 2w, 6mo, 1y
    #[arg(long, value_name = "PERIOD", conflicts_with = "never")]
    pub expires_in: Option<Period>,
    /// It does not lapse, and this is why
    #[arg(long, value_name = "REASON")]
    pub never: Option<String>,
}

/// What is noted of a secret, free to edit later.
#[derive(Debug, Args)]
#[command(next_help_heading = "Record")]
pub struct Notes {
    /// A person or group that answers for it
    #[arg(long = "owner", value_name = "NAME")]
    pub owners: Vec<ActorName>,
    /// Who gives it out
    #[arg(long, value_name = "NAME")]
    pub issuer: Option<String>,
    /// Whom to ask for the next one
    #[arg(long, value_name = "CONTACT", requires = "issuer")]
    pub issuer_contact: Option<String>,
    /// How to get the next one: a path in the repository, or an address
    #[arg(long, value_name = "PATH")]
    pub runbook: Option<String>,
}

#[derive(Debug, Args)]
pub struct Init {
    /// My name in this store
    #[arg(long, value_name = "NAME")]
    pub person: Option<ActorName>,
    /// My public key: age1… or an ssh-ed25519 or ssh-rsa key; several may be given
    #[arg(long = "key", value_name = "RECIPIENT")]
    pub keys: Vec<String>,
    /// The remote branch from which deploys are made, or none
    #[arg(long, value_name = "REMOTE/BRANCH")]
    pub deploy_ref: Option<DeployRef>,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a new identity and keep it in the OS keyring, or in a file of mine where there is none
    New(KeyNew),
    /// Keep an identity that I already have: an age identity file or an OpenSSH private key
    Import(KeyImport),
    /// The identities kept here
    List(KeyList),
    /// Remove an identity kept here; what only it could open is lost to me
    Remove(KeyRemove),
}

/// Where an identity is kept.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum KeyPlace {
    /// The OS keyring, else the file
    Auto,
    /// The OS keyring: Secret Service, macOS Keychain, Windows Credential Manager
    Keyring,
    /// identities.txt in my configuration folder, mode 0600
    File,
}

#[derive(Debug, Args)]
pub struct KeyNew {
    /// What to call it
    #[arg(default_value = "default")]
    pub name: ActorName,
    /// Where to keep it
    #[arg(long, value_enum, default_value = "auto")]
    pub place: KeyPlace,
}

#[derive(Debug, Args)]
pub struct KeyImport {
    /// The file that holds it
    pub file: PathBuf,
    /// What to call it
    #[arg(long, default_value = "default")]
    pub name: ActorName,
    /// Where to keep it
    #[arg(long, value_enum, default_value = "auto")]
    pub place: KeyPlace,
}

#[derive(Debug, Args)]
pub struct KeyList {
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct KeyRemove {
    pub name: ActorName,
    /// Where it is kept, if the same name is kept in both places
    #[arg(long, value_enum, default_value = "auto")]
    pub place: KeyPlace,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum People {
    /// Register a person, or give one another key
    #[command(after_help = "\
Who is there already gets the keys that they don't have, the groups that they
are not in, and the contact; no --key is needed then.

Examples:
  secrets people add bob --key age1… --contact @bob --group team
  secrets people add bob --key \"$(cat bob.pub)\"
  secrets people add bob --github bob-example --group team
  secrets people add bob --signing-key 'ssh-ed25519 AAAA… bob@laptop'
  secrets reseal --all")]
    Add(PeopleAdd),
    /// Remove a person, or one key of theirs, and reseal what they could read
    #[command(after_help = "\
What they knew stays known: `secrets check` finds `exposed-to-departed` until
each such secret has a new value, or somebody has taken it as it is
(`secrets people accept`).

Examples:
  secrets people remove carol
  secrets people list                            whose keys are which
  secrets people remove alice --key SHA256:…     a stolen laptop")]
    Remove(ActorRemove),
    /// The people, their keys, how many secrets they hold, and which of them alone
    List(ActorList),
    /// What would happen if somebody left
    #[command(after_help = "Example:\n  secrets people impact bob")]
    Impact(PeopleImpact),
    /// Take it as it is that somebody who left, or a lost key, knew what was set until now
    #[command(after_help = "\
Examples:
  secrets people accept carol --reason 'left on good terms, ticket 812'
  secrets people accept alice --key SHA256:… --reason 'the laptop was wiped'")]
    Accept(PeopleAccept),
}

#[derive(Debug, Args)]
pub struct PeopleImpact {
    pub name: ActorName,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct PeopleAccept {
    pub name: ActorName,
    /// Only this key of theirs; the beginning of its fingerprint will do
    #[arg(long, value_name = "FINGERPRINT")]
    pub key: Option<FingerprintPrefix>,
    /// Why it is taken as it is
    #[arg(long, value_name = "WHY")]
    pub reason: String,
    /// Who I am, where no identity tells it
    #[arg(long = "as", value_name = "NAME")]
    pub as_person: Option<ActorName>,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct PeopleAdd {
    pub name: ActorName,
    /// A public key of theirs: age1… or an ssh-ed25519 or ssh-rsa key
    #[arg(long = "key", value_name = "RECIPIENT", required_unless_present_any = ["github", "signing_keys"])]
    pub keys: Vec<String>,
    /// Read their ssh keys from this account's page on GitHub
    #[arg(long, value_name = "USER")]
    pub github: Option<String>,
    /// Where that page is, for GitHub Enterprise
    #[arg(long, value_name = "URL", default_value = "https://github.com", requires = "github")]
    pub github_url: String,
    /// An ssh key with which they sign
    #[arg(long = "signing-key", value_name = "KEY")]
    pub signing_keys: Vec<String>,
    /// How to reach them; in a public repository a handle, not an address
    #[arg(long, value_name = "CONTACT")]
    pub contact: Option<String>,
    /// A group that they join; it is made where it does not exist
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<ActorName>,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Subcommand)]
pub enum Machines {
    /// Register a machine, or give one another key
    #[command(after_help = "Example:\n  secrets machines add ci --key age1… --group team")]
    Add(MachinesAdd),
    /// Remove a machine, or one key of its, and reseal what it could read
    Remove(ActorRemove),
    /// The machines and their keys
    List(ActorList),
}

#[derive(Debug, Args)]
pub struct MachinesAdd {
    pub name: ActorName,
    /// A public key of its: age1… or an ssh-ed25519 or ssh-rsa key
    #[arg(long = "key", value_name = "RECIPIENT", required = true)]
    pub keys: Vec<String>,
    /// A group that it joins; it is made where it does not exist
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<ActorName>,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct ActorRemove {
    pub name: ActorName,
    /// Only this key of theirs: a stolen laptop. The beginning of its fingerprint will do
    #[arg(long = "key", value_name = "FINGERPRINT")]
    pub keys: Vec<FingerprintPrefix>,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct ActorList {
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Add {
    pub name: SecretName,
    /// Read the value from this file, bytes exact
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    #[command(flatten)]
    pub lifetime: Lifetime,
    /// When the issuer made it, if not now
    #[arg(long, value_name = "DATE", help_heading = "Expiry")]
    pub issued: Option<Instant>,
    #[command(flatten)]
    pub notes: Notes,
    /// Who reads it, if not the readers that policy names already; written to policy as a scope of its own
    #[arg(long = "reader", value_name = "NAME", help_heading = "Sealing")]
    pub readers: Vec<ActorName>,
    /// Somebody who has seen the value in clear without being a reader
    #[arg(long, value_name = "NAME", help_heading = "Sealing")]
    pub seen_by: Vec<ActorName>,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Set {
    pub name: SecretName,
    /// Read the value from this file, bytes exact
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    #[command(flatten)]
    pub lifetime: Lifetime,
    /// When the issuer made it, if not now
    #[arg(long, value_name = "DATE", help_heading = "Expiry")]
    pub issued: Option<Instant>,
    /// Somebody who has seen the value in clear without being a reader
    #[arg(long, value_name = "NAME", help_heading = "Sealing")]
    pub seen_by: Vec<ActorName>,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Subcommand)]
pub enum Expiry {
    /// Same value, other expiry
    #[command(after_help = "\
Examples:
  secrets expiry set ci/token --expires 2027-08-31 --reason 'the vendor extended it, ticket 812'
  secrets expiry set --scope 'github/**' --never 'OAuth app secrets do not lapse' --reason 'docs of the vendor'")]
    Set(ExpirySet),
}

#[derive(Debug, Args)]
pub struct ExpirySet {
    #[arg(required_unless_present = "scope")]
    pub names: Vec<SecretName>,
    /// Every secret whose name fits
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    #[command(flatten)]
    pub lifetime: Lifetime,
    /// Why it changes although the value does not
    #[arg(long, value_name = "WHY", required_unless_present = "never", help_heading = "Expiry")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Move {
    pub old: SecretName,
    pub new: SecretName,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Get {
    pub name: SecretName,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReadFormat {
    Human,
    Json,
}

#[derive(Debug, Args)]
pub struct Output {
    /// For a person, or for a program
    #[arg(long, value_enum, default_value = "human")]
    pub format: ReadFormat,
}

#[derive(Debug, Args)]
pub struct Show {
    pub name: SecretName,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct List {
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    #[command(flatten)]
    pub output: Output,
}

/// How custody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CustodyFormat {
    /// For a person
    Human,
    /// For a program
    Json,
    /// One self-contained page
    Html,
}

#[derive(Debug, Args)]
pub struct Custody {
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    /// Open every value with my identity and prove who else can
    #[arg(long)]
    pub prove: bool,
    /// How it is shown
    #[arg(long, value_enum, default_value = "human")]
    pub format: CustodyFormat,
}

#[derive(Debug, Args)]
pub struct Sign {
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<SecretName>,
    /// Every secret of which policy requires a signature and that has no valid one
    #[arg(long)]
    pub all: bool,
    /// Do not ask: somebody has looked at what is signed
    #[arg(long)]
    pub yes: bool,
    /// Sign with this key: a private key of ssh, or a public one whose private half is in my agent
    #[arg(long, value_name = "FILE", help_heading = "Sealing")]
    pub signing_key: Option<PathBuf>,
    /// Who I am, where no identity tells it
    #[arg(long = "as", value_name = "NAME", help_heading = "Sealing")]
    pub as_person: Option<ActorName>,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Remove {
    #[arg(required = true)]
    pub names: Vec<SecretName>,
    /// Also what is in no commit, and would be lost for good
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Reseal {
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<SecretName>,
    /// Every secret that is not sealed to just the readers and keys that policy names now
    #[arg(long)]
    pub all: bool,
    /// Open each and mend stanzas that are not what the record says; of secrets given by name this is done in any case
    #[arg(long)]
    pub prove: bool,
    /// Say what would be resealed and why, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

/// How the report is written. The exit code is the same for every format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For a person
    Human,
    /// For a program; see docs/file-formats.md
    Json,
    /// Workflow commands that annotate a run on GitHub
    Github,
}

/// Which secrets must be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Prove {
    /// Every one that is judged; what can't be opened is unchecked, and blocks
    All,
    /// What my identity opens and the history at hand shows; the rest is told, and does not block
    Available,
}

#[derive(Debug, Args)]
pub struct Check {
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB", conflicts_with = "files")]
    pub scope: Vec<Glob>,
    /// Only these sealed files: exactly those that a deploy will read
    #[arg(long = "file", value_name = "PATH")]
    pub files: Vec<PathBuf>,
    /// Fail only for what this change introduces or worsens, judged by the policy of REF; leaves out the deploy ref
    #[arg(long, value_name = "REF")]
    pub against: Option<String>,
    /// Do not ask the remote; what depends on it is reported as unchecked
    #[arg(long)]
    pub offline: bool,
    /// Open the values with my identity and prove who else can
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    pub prove: Option<Prove>,
    /// Warnings fail too
    #[arg(long)]
    pub strict: bool,
    /// How the report is written; the exit code is the same
    #[arg(long, value_enum, default_value = "human")]
    pub format: ReportFormat,
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
}
