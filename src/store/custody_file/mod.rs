//! stub
use crate::domain::claim::Claim;
use crate::domain::tracked_name::TrackedName;
use std::collections::BTreeMap;
pub const MAX_CUSTODY_BYTES: u64 = 4 * 1024 * 1024;
#[derive(Debug, Clone, Default)]
pub struct CustodyFile {
    pub claims: BTreeMap<TrackedName, Claim>,
}
#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct CustodyError;
pub fn parse(_bytes: &[u8], _path: &str) -> Result<CustodyFile, CustodyError> {
    Ok(CustodyFile::default())
}
#[derive(Debug, Clone, Default)]
pub struct Draft {
    text: String,
}
impl Draft {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn read(text: &str, _path: &str) -> Result<Self, CustodyError> {
        Ok(Self { text: text.to_owned() })
    }
    pub fn put(&mut self, _name: &TrackedName, _claim: &Claim) {}
    pub fn remove(&mut self, _name: &TrackedName) -> bool {
        false
    }
    pub fn is_empty(&self) -> bool {
        true
    }
}
impl std::fmt::Display for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
