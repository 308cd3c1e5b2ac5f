//! Programs that speak JSON.
