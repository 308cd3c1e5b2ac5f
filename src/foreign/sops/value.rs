//! The values that sops encrypts: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.

/// How every value begins.
pub const MARK: &str = "ENC[AES256_GCM,";

/// The types that sops gives to what it encrypts.
const TYPES: [&str; 7] = ["str", "int", "float", "bool", "bytes", "time", "comment"];

/// A value of the exact form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encrypted<'t> {
    /// The type of the value in clear.
    pub kind: &'t str,
    /// Of the value in clear, in bytes: the cipher keeps the length.
    pub length: usize,
}

impl<'t> Encrypted<'t> {
    /// `None`: the text, as a whole, is no encrypted value.
    pub fn parse(text: &'t str) -> Option<Self> {
        Self::parse_fields(text.strip_prefix(MARK)?)
    }

    /// What follows the mark.
    fn parse_fields(text: &'t str) -> Option<Self> {
        let fields = text.strip_prefix("data:")?.strip_suffix(']')?;
        let (fields, kind) = fields.rsplit_once(",type:")?;
        let (fields, tag) = fields.rsplit_once(",tag:")?;
        let (data, iv) = fields.rsplit_once(",iv:")?;
        // Nonces of 12 bytes are those of the first versions.
        let fits = TYPES.contains(&kind)
            && base64_length(tag) == Some(16)
            && matches!(base64_length(iv), Some(12 | 32));
        Some(Self { kind, length: base64_length(data).filter(|_| fits)? })
    }
}

/// Whether an encrypted value stands anywhere in a text, on one line.
pub fn stands_in(text: &str) -> bool {
    text.split(MARK).skip(1).any(|rest| {
        let value = rest.find(['\n', ']']).and_then(|end| rest.get(..=end));
        value.is_some_and(|value| Encrypted::parse_fields(value).is_some())
    })
}

/// How many bytes a text of canonical, padded base64 stands for. Nothing is decoded: values can be long, and many.
pub fn base64_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = bytes.strip_suffix(b"==").or_else(|| bytes.strip_suffix(b"=")).unwrap_or(bytes);
    if !bytes.len().is_multiple_of(4) || !digits.iter().all(|byte| sextet(*byte) != NO_DIGIT) {
        return None;
    }
    // What the last digit has more than the bytes need is zero.
    let spare = match bytes.len() - digits.len() {
        0 => 0,
        1 => 0b11,
        _ => 0b1111,
    };
    let last = digits.last().map_or(0, |byte| sextet(*byte));
    (last & spare == 0).then_some(digits.len() * 3 / 4)
}

const NO_DIGIT: u8 = u8::MAX;

fn sextet(byte: u8) -> u8 {
    SEXTETS.get(usize::from(byte)).copied().unwrap_or(NO_DIGIT)
}

/// What each character of base64 stands for.
static SEXTETS: [u8; 256] = sextets();

#[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
const fn sextets() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [NO_DIGIT; 256];
    let mut at: u8 = 0;
    while at < 64 {
        table[alphabet[at as usize] as usize] = at;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    const IV: &str = "wtPNYbDTARFE810PH6ldOLzCDcAjkB/dzPsZjpgHcko=";
    const TAG: &str = "zwE8P+AwO1hrHkgF6pTbZw==";

    #[test]
    fn the_exact_form_only() {
        let of = |data: &str, iv: &str, tag: &str, kind: &str| {
            format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]")
        };
        for kind in TYPES {
            assert_eq!(Encrypted::parse(&of("IgvT", IV, TAG, kind)), Some(Encrypted { kind, length: 3 }));
        }
        let short = "AAAAAAAAAAAAAAAA";
        assert!(Encrypted::parse(&of("IgvT", short, TAG, "str")).is_some());
        assert_eq!(Encrypted::parse(&of("", IV, TAG, "str")).map(|value| value.length), Some(0));
        let good = of("IgvT", IV, TAG, "str");
        for bad in [
            String::new(),
            MARK.to_owned(),
            format!(" {good}"),
            format!("{good}\n"),
            format!("{good}]"),
            good.replace("GCM", "CBC"),
            good.replace(",iv", ", iv"),
            good.replace("type", "Type"),
            of("IgvT", IV, TAG, "string"),
            of("IgvT", IV, TAG, ""),
            of("Igv", IV, TAG, "str"),
            of("Igv-", IV, TAG, "str"),
            of("IgvT,iv:AAAA", IV, TAG, "str"),
            of("IgvT", TAG, TAG, "str"),
            of("IgvT", IV, IV, "str"),
            of("IgvT", IV, "zwE8P+AwO1hrHkgF6pTbZx==", "str"),
            of("Ig==vT==", IV, TAG, "str"),
            of("I===", IV, TAG, "str"),
        ] {
            assert_eq!(Encrypted::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn within_a_text() {
        let value = format!("ENC[AES256_GCM,data:IgvT,iv:{IV},tag:{TAG},type:str]");
        assert!(stands_in(&format!("<<<<<<< HEAD\na: \"{value}\"\n")));
        assert!(stands_in(&format!("{MARK} {value}")));
        assert!(!stands_in(&value.replacen(',', ",\n", 1)) && !stands_in(MARK) && !stands_in(""));
    }

    proptest! {
        #[test]
        fn lengths_are_those_of_a_decoder(text in "([A-Za-z0-9+/]{0,9}={0,3})|.{0,8}") {
            let decoded = BASE64_STANDARD.decode(&text).ok();
            prop_assert_eq!(base64_length(&text), decoded.map(|bytes| bytes.len()));
        }

        #[test]
        fn all_that_is_encoded_has_its_length(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(base64_length(&BASE64_STANDARD.encode(&bytes)), Some(bytes.len()));
        }
    }
}
