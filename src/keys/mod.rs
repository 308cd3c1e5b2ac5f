//! Finds and keeps identities: the private keys of whoever runs the tool, as bytes that this room never reads
//! the meaning of (that is `seal`'s).
//!
//! [`keychain::Keychain`] is the door. Behind it are the OS keyring ([`keyring`]) and `identities.txt` ([`mod@file`]);
//! [`sources`] holds the order in which identities are looked for, [`search`] looks.

pub mod file;
pub mod identity;
pub mod keychain;
pub mod keyring;
pub mod search;
pub mod sources;

mod deadline;
mod lock;
