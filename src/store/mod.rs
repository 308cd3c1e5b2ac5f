//! Floor 2: the store on disk. Where it is, what lies in it, its policy and its records, and how they are written.
//!
//! | file | what it does |
//! |---|---|
//! | [`layout`] | finds the store and names its files |
//! | [`listing`], [`classify`] | says what lies in it, or in a tree of git, by the same rules |
//! | [`policy_file`] | the text of a policy to a validated policy, with every fault and its line |
//! | [`policy_edit`] | changes to the text of a policy that leave comments where they are |
//! | [`record_file`] | the bytes of a record to a record, and back |
//! | [`record_merge`] | two records that two branches changed, made one |
//! | [`custody_file`] | the same for what people say of files that other tools have sealed |
//! | [`expiry_table`] | a table of ends and owners, as somebody filled it in |
//! | [`baseline_file`] | findings that are accepted until a date |
//! | [`ledger`] | what the remote's log says of seals |
//! | [`lock`], [`journal`] | one writer at a time, whose change is made whole or not at all |
//! | [`attributes`], [`schema`] | what the store carries for git and for editors |

pub mod attributes;
pub mod baseline_file;
pub mod classify;
pub mod custody_file;
pub mod expiry_table;
pub mod journal;
pub mod layout;
pub mod ledger;
pub mod listing;
pub mod lock;
pub mod policy_edit;
pub mod policy_file;
pub mod record_file;
pub mod record_merge;
pub mod schema;
mod toml;

pub use toml::near_miss;
