//! The cryptographic room: public keys, sealing, binding, opening. The only one that names `age` and
//! `ssh-key`.
//!
//! A sealed value is an age v1 file (C2SP age) that any age implementation opens. What this room adds:
//!
//! - [`public_key`] accepts only keys to which it is safe to seal (`curve` holds the arithmetic).
//! - [`sealing`] derives the ephemeral secret of each stanza, so that a holder of the file key can recompute it
//!   (`derivation`), and binds the file to the `sealed` part of its record ([`binding`]).
//! - [`inspection`] shows what anybody can see of a sealed file, in its [`header`], and [`bare`] of one that has no record.
//! - [`signature`] tells whether a person stands for a record and its value; [`signer`] makes such signatures.
//! - [`identity`] and [`opening`] are the way back; [`prompts`] is how they ask a person.
//! - [`proving`] opens a file and recomputes its header, which shows for whom it is.

pub mod bare;
pub mod binding;
pub mod header;
pub mod identity;
pub mod inspection;
pub mod key_error;
pub mod opening;
pub mod prompts;
pub mod proving;
pub mod public_key;
pub mod sealing;
pub mod signature;
pub mod signer;

mod canonical;
mod curve;
mod derivation;
mod foreign_key;
mod identity_file;
mod key_service;
mod locked;
mod mac;
mod opaque;
mod payload;
mod plugin;
mod ssh_identity;
mod ssh_key;
mod stanza;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod witnesses;

/// Goes before every label and stanza type of ours, so that they can't be taken for another tool's.
const NAMESPACE: &str = "secrets-cli";
