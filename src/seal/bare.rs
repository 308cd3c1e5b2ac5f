//! stub
use crate::domain::foreign::Contents;
pub fn read(_bytes: &[u8]) -> Option<Contents> {
    None
}
