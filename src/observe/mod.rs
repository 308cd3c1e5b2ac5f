//! Floor 3: facts, gathered from all rooms. Nothing here has an opinion; what can't be known is said as such.

pub mod baseline;
pub mod cargo;
pub mod deploy;
pub mod deployed;
pub mod history;
pub mod identities;
pub mod new_channels;
pub mod place;
pub mod proofs;
pub mod reference;
pub mod rescues;
pub mod secrets;
pub mod selection;
pub mod settings;
pub mod signer_source;
pub mod signers;
pub mod step;
pub mod store_facts;
pub mod tracked;
pub mod trees;

mod contents;
mod difference;
mod strays;

/// The largest sealed value that is read, in bytes: a value of 16 MiB, its chunks' tags and a large header.
pub const MAX_SEALED_BYTES: u64 = 24 * 1024 * 1024;

/// How many blobs are read at once.
const BLOBS_AT_ONCE: usize = 256;
