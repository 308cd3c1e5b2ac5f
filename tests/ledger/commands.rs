//! `secrets ledger show` and `secrets ledger mend`, as a person runs them.
