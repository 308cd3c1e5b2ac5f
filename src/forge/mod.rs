//! What forges publish about people: their ssh keys.

pub mod github_keys;
