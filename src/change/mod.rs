//! Floor 3: how the store is changed. Lock → seal → journal → commit → push, once for all commands.

pub mod memory;
pub mod publish;
pub mod sealing;
pub mod signing;
pub mod writer;
