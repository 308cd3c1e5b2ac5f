//! Assignments that any POSIX shell reads: `eval "$(secrets export …)"`.

use super::super::Text;
use super::{Item, Unfit};

/// `export NAME='value'`, a line each. In single quotes nothing means anything but the quote itself.
pub fn shell(items: &[Item<'_>]) -> Result<Text, Unfit> {
    let mut text = Text::default();
    for item in items {
        text.push_str("export ");
        text.push_str(item.key);
        text.push_str("='");
        let mut parts = item.without_nul()?.split(|byte| *byte == b'\'');
        text.push(parts.next().unwrap_or_default());
        for part in parts {
            text.push_str(r"'\''");
            text.push(part);
        }
        text.push_str("'\n");
    }
    Ok(text)
}
