//! The file of variables of a GitHub workflow, and the commands that keep values out of its log.

use super::super::Text;
use super::{Item, Unfit};

/// Shorter lines of a value are not masked by themselves: `{` would blot out the whole log.
const LEAST_MASKED: usize = 4;

/// `NAME<<DELIMITER`, the value, `DELIMITER`. `delimiter` is random, so that nobody who chooses a value can end it early.
pub fn github_env(items: &[Item<'_>], delimiter: &str) -> Result<Text, Unfit> {
    let mut text = Text::default();
    for item in items {
        let value = item.variable()?;
        if value.ends_with('\r') {
            return Err(
                item.unfit("ends in a carriage return, which the runner would drop", "use --format json")
            );
        }
        if value.split('\n').any(|line| line.trim_end_matches('\r') == delimiter) {
            return Err(item.unfit("holds the delimiter that was drawn for it", "run the command again"));
        }
        for part in [item.key, "<<", delimiter, "\n", value, "\n", delimiter, "\n"] {
            text.push_str(part);
        }
    }
    Ok(text)
}

/// `::add-mask::` for every line of every value: the log is masked line by line.
pub fn masks(items: &[Item<'_>]) -> Result<Text, Unfit> {
    let mut text = Text::default();
    for item in items {
        let value = item.variable()?;
        let is_single = !value.trim_end_matches(['\r', '\n']).contains(['\r', '\n']);
        let lines = value.split(['\r', '\n']).filter(|line| !line.trim().is_empty());
        for line in lines.filter(|line| is_single || line.len() >= LEAST_MASKED) {
            text.push_str("::add-mask::");
            for c in line.chars() {
                if c == '%' { text.push_str("%25") } else { text.push_char(c) }
            }
            text.push_str("\n");
        }
    }
    Ok(text)
}
