//! Probes, against real servers.
