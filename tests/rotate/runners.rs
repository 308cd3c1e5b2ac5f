//! Rotators and probes, set and removed.
