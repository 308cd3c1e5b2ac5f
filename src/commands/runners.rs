//! What the commands around rotators and probes share.
