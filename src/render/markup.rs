//! Writes HTML so that nothing from outside can become markup: tags are part of the program's text, and everything
//! else is escaped.

use crate::domain::text::visible;

/// A page being written.
#[derive(Debug, Default)]
pub(in crate::render) struct Markup(String);

impl Markup {
    /// Markup. It is of the program's own text, which the lifetime enforces.
    pub fn tag(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text from anywhere, for an element or for an attribute in double quotes. Characters that would hide or turn
    /// it are written out.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in visible(text).chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(c),
            }
        }
        self
    }

    /// A name with `/`, after each of which the line may break.
    pub fn path(&mut self, path: &str) -> &mut Self {
        for (position, segment) in path.split('/').enumerate() {
            if position > 0 {
                self.tag("/<wbr>");
            }
            self.text(segment);
        }
        self
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        for (text, written) in [
            ("plain ä 漢", "plain ä 漢"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("a\" onclick='x'", "a&quot; onclick=&#39;x&#39;"),
            ("&lt;", "&amp;lt;"),
            ("a\u{202e}b\u{0}\u{1b}[2J\n", r"a\u{202e}b\u{0}\u{1b}[2J\n"),
        ] {
            let mut page = Markup::default();
            page.tag("<p>").text(text).tag("</p>");
            assert_eq!(page.into_text(), format!("<p>{written}</p>"));
        }
        let mut page = Markup::default();
        page.path("a/<b>/c");
        assert_eq!(page.into_text(), "a/<wbr>&lt;b&gt;/<wbr>c");
    }
}
