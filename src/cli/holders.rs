//! Who holds keys: identities of mine, people and machines.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Output, Publish, Sealing};
use crate::domain::key::FingerprintPrefix;
use crate::domain::name::ActorName;

#[derive(Debug, Subcommand)]
#[command(defer = true)]
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
#[command(defer = true)]
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
    /// Who I am; without it, whose key one of my identities is
    #[arg(long = "as", value_name = "NAME")]
    pub as_person: Option<ActorName>,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct PeopleAdd {
    pub name: ActorName,
    /// A public key of theirs: age1… or an ssh-ed25519 or ssh-rsa key
    #[arg(long = "key", value_name = "RECIPIENT",
          required_unless_present_any = ["github", "signing_keys", "contact", "groups"])]
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
#[command(defer = true)]
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
    #[arg(long = "key", value_name = "RECIPIENT", required_unless_present = "groups")]
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
