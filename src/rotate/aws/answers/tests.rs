//! Answers as AWS documents them, and answers that are none.
