//! Forms, as `application/x-www-form-urlencoded` has them.

use zeroize::Zeroizing;

/// Fields one after another. Some of them are credentials: what is not sent is wiped.
#[derive(Default)]
pub struct Form(Zeroizing<Vec<u8>>);

impl Form {
    pub const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

    #[must_use]
    pub fn with(mut self, name: &str, value: &[u8]) -> Self {
        // The buffer never grows in place: three characters at most for a byte, and `&` and `=`.
        let mut longer =
            Zeroizing::new(Vec::with_capacity(self.0.len() + 3 * (name.len() + value.len()) + 2));
        longer.extend_from_slice(&self.0);
        if !longer.is_empty() {
            longer.push(b'&');
        }
        encode(name.as_bytes(), &mut longer);
        longer.push(b'=');
        encode(value, &mut longer);
        self.0 = longer;
        self
    }

    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

/// A text as a field has it: of an id and a secret that go by HTTP Basic OAuth 2.0 wants both like this (RFC 6749, section
/// 2.3.1).
pub fn form_encoded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(3 * text.len()));
    encode(text, &mut out);
    out
}

fn encode(bytes: &[u8], to: &mut Vec<u8>) {
    let hex = |half: u8| if half < 10 { b'0' + half } else { b'A' + half - 10 };
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*') {
            to.push(*byte);
        } else {
            to.extend([b'%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_back_by_others() {
        let form = Form::default()
            .with("scope", b"https://graph.example/.default")
            .with("client_secret", "a+b~ &=%\u{e4}\n".as_bytes());
        let bytes = form.into_bytes();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains('+') && text.matches('&').count() == 1, "{text}");
        let url: reqwest::Url = format!("https://x.example/?{text}").parse().unwrap();
        let fields: Vec<_> = url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        assert_eq!(
            fields,
            [("scope", "https://graph.example/.default"), ("client_secret", "a+b~ &=%\u{e4}\n")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }
}
