//! One flat object.

use super::super::Text;
use super::{Item, Unfit};

/// `{"key": "value"}`, a line each.
pub fn json(items: &[Item<'_>]) -> Result<Text, Unfit> {
    let mut text = Text::default();
    text.push_str("{");
    for (number, item) in items.iter().enumerate() {
        text.push_str(if number == 0 { "\n  " } else { ",\n  " });
        string(&mut text, item.key);
        text.push_str(": ");
        string(&mut text, item.text()?);
    }
    text.push_str(if items.is_empty() { "}\n" } else { "\n}\n" });
    Ok(text)
}

/// A string, escaped no further than is needed.
fn string(text: &mut Text, plain: &str) {
    text.push_str("\"");
    for c in plain.chars() {
        match c {
            '"' => text.push_str(r#"\""#),
            '\\' => text.push_str(r"\\"),
            '\n' => text.push_str(r"\n"),
            '\r' => text.push_str(r"\r"),
            '\t' => text.push_str(r"\t"),
            // What a terminal would act on is escaped as well.
            c if c.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push_char(c),
        }
    }
    text.push_str("\"");
}
