//! The room as a whole: files of real tools, and what must hold of any bytes.

mod documents;
mod properties;
mod real;
