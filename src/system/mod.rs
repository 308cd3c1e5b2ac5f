//! Floor 1: the operating system. Files, child processes, the environment and the terminal, each behind one door.

pub mod environment;
pub mod fault;
pub mod files;
pub mod lock;
pub mod memory;
pub mod own_path;
pub mod private;
pub mod process;
pub mod terminal;
pub mod threads;
pub mod walk;
pub mod wiped;
