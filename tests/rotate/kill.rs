//! A rotation that is killed at any moment.
