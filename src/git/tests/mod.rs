//! The room as a whole, against real git.

mod asking;
mod committing;
mod past;
mod pushing;
mod reading;
mod shapes;
