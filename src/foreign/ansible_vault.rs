//! ansible-vault: whole files, and single values of YAML behind the tag `!vault`.
//!
//! A header, then hexadecimal in lines; in it, as text: salt, HMAC and ciphertext, each in hexadecimal again
//! (docs.ansible.com, "Ansible Vault payload format").

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::tree::{self, Node, Path};
use super::yaml;
use crate::domain::digest::Digest;
use crate::domain::foreign::{Access, Contents, Damage, ForeignFile, ForeignKey, Leaf, SealedFormat};

const MARK: &str = "$ANSIBLE_VAULT;";
const CIPHER: &str = "AES256";
/// The label of what names none.
const DEFAULT_LABEL: &str = "default";
/// Hexadecimal digits of the salt, and of the HMAC.
const FIELD_DIGITS: usize = 64;
/// Of a block of AES; the plaintext is padded to whole ones.
const BLOCK_DIGITS: usize = 32;

/// `None`: it does not begin as a sealed file does.
pub fn read(text: &str) -> Option<Contents> {
    if !text.starts_with(MARK) {
        return None;
    }
    Some(match label(text) {
        Ok(label) => {
            let leaf = Leaf { pointer: None, seen: Digest::of(text.as_bytes()) };
            sealed(vec![leaf], BTreeSet::from([label.to_owned()]))
        }
        Err(why) => damaged(why.to_owned()),
    })
}

/// Reads YAML with sealed values in it. `None`: it has none.
pub fn read_inline(text: &str) -> Option<Contents> {
    if !text.contains(MARK) || !text.contains("!vault") {
        return None;
    }
    let documents = match yaml::documents(text) {
        Ok(documents) => documents,
        // Other texts quote such values, too; where the tag stands before one, they are YAML.
        Err(why) => return text.lines().any(is_tagged).then(|| damaged(why)),
    };
    let (mut leaves, mut labels, mut malformed) = (Vec::new(), BTreeSet::new(), None);
    let mut visit = |text: &str, path: &mut Path<'_>| -> Result<(), String> {
        let text = text.trim_end();
        match label(text) {
            Ok(label) => {
                labels.insert(label.to_owned());
                leaves.push(Leaf { pointer: path.pointer()?, seen: Digest::of(text.as_bytes()) });
            }
            Err(why) => {
                let pointer = path.pointer()?.map(|pointer| pointer.to_string()).unwrap_or_default();
                malformed.get_or_insert(format!("of its value at {pointer}, {why}"));
            }
        }
        Ok(())
    };
    let all = tree::numbered(&documents, |document| *document == Node::Null)
        .try_for_each(|(number, document)| each_vault(document, &mut Path::new(number), &mut visit));
    if leaves.is_empty() {
        return malformed.map(|why| Contents::Plain(format!("it has no value that is sealed: {why}")));
    }
    Some(match (all, malformed) {
        (Err(why), _) | (Ok(()), Some(why)) => damaged(why),
        (Ok(()), None) => sealed(leaves, labels),
    })
}

/// Whether a line ends in the tag, so that a block follows.
fn is_tagged(line: &str) -> bool {
    let line = line.trim_end().trim_end_matches(['|', '>', '-', '+']).trim_end();
    line.ends_with(" !vault") || line.ends_with(" !vault-encrypted")
}

fn each_vault<'n>(
    node: &'n Node<'_>,
    path: &mut Path<'n>,
    visit: &mut impl FnMut(&str, &mut Path<'n>) -> Result<(), String>,
) -> Result<(), String> {
    match node {
        Node::Null | Node::Text(_) => Ok(()),
        Node::Vault(text) => visit(text, path),
        Node::List(items) => items.iter().enumerate().try_for_each(|(number, item)| {
            path.at(Cow::Owned(number.to_string()), |path| each_vault(item, path, visit))
        }),
        Node::Map(entries) => entries.iter().try_for_each(|(key, node)| {
            path.at(Cow::Borrowed(key.as_ref()), |path| each_vault(node, path, visit))
        }),
    }
}

/// The label of a sealed text: which password opens it. An error says what is wrong with the text.
fn label(text: &str) -> Result<&str, &'static str> {
    let (header, body) = text.split_once('\n').ok_or("nothing follows the header")?;
    let words = header.trim_end().split(';').collect::<Vec<_>>();
    let label = match words.as_slice() {
        [_, "1.1", CIPHER] => DEFAULT_LABEL,
        [_, "1.2", CIPHER, label] if !label.is_empty() => label,
        _ => return Err("the header is of a version or a cipher that is not known"),
    };
    if words.first().map(|word| format!("{word};")).as_deref() != Some(MARK) {
        return Err("the header is malformed");
    }
    let digits = body.split_ascii_whitespace().collect::<String>();
    let inner = decoded(&digits).ok_or("the body is no hexadecimal")?;
    let inner = std::str::from_utf8(&inner).map_err(|_| "the body is malformed")?;
    let fields = inner.split('\n').collect::<Vec<_>>();
    let [salt, mac, ciphertext] = fields.as_slice() else { return Err("the body is cut short") };
    let is_hex = |field: &str| field.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fits = [*salt, *mac].iter().all(|field| field.len() == FIELD_DIGITS && is_hex(field));
    let is_whole = !ciphertext.is_empty() && ciphertext.len() % BLOCK_DIGITS == 0 && is_hex(ciphertext);
    if fits && is_whole { Ok(label) } else { Err("the body is cut short") }
}

fn decoded(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

fn damaged(why: String) -> Contents {
    Contents::Damaged(Damage { format: SealedFormat::AnsibleVault, why })
}

/// A holder of one of several passwords opens some of the values, so each of them counts for the file.
fn sealed(leaves: Vec<Leaf>, labels: BTreeSet<String>) -> Contents {
    let keys = labels.into_iter().map(|label| ForeignKey::Opaque(format!("ansible-vault:{label}")));
    Contents::Sealed(ForeignFile {
        format: SealedFormat::AnsibleVault,
        leaves,
        in_clear: Vec::new(),
        clear_unknown: None,
        access: Access { groups: vec![keys.collect()], threshold: 1 },
        modified: None,
        data_key: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::samples::vault;

    fn inline(text: &str) -> Contents {
        read_inline(text).unwrap_or_else(|| Contents::Plain("none".to_owned()))
    }

    fn indented(text: &str) -> String {
        text.lines().map(|line| format!("    {line}\n")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn whole_files() {
        for (header, label) in [("1.1;AES256", "default"), ("1.2;AES256;prod", "prod")] {
            let text = vault(header);
            let Some(Contents::Sealed(file)) = read(&text) else { panic!("{text}") };
            assert_eq!(file.access, crate::foreign::opaque(&format!("ansible-vault:{label}")));
            assert_eq!(file.leaves, [Leaf { pointer: None, seen: Digest::of(text.as_bytes()) }]);
            assert!(matches!(read(&text.replace('\n', "\r\n")), Some(Contents::Sealed(_))));
        }
        let good = vault("1.1;AES256");
        let cut = good.trim_end().len() - 2;
        for bad in [
            vault("1.0;AES"),
            vault("1.2;AES256"),
            vault("1.2;AES256;"),
            vault("1.1;AES256;x"),
            good[..cut].to_owned(),
            good[..60].to_owned(),
            good[..20].to_owned(),
            format!("{good}g"),
            format!("{good}00"),
        ] {
            assert!(matches!(read(&bad), Some(Contents::Damaged(_))), "{bad}");
        }
        assert_eq!(read(&format!(" {good}")), None);
    }

    #[test]
    fn values_of_yaml() {
        let (one, other) = (indented(&vault("1.1;AES256")), indented(&vault("1.2;AES256;prod")));
        let text = format!("a: clear\nb: !vault |\n{one}c:\n- !vault |-\n{other}");
        let Contents::Sealed(file) = inline(&text) else { panic!("{:?}", inline(&text)) };
        let pointers = file.leaves.iter().map(|leaf| leaf.pointer.as_ref().unwrap().as_str());
        assert_eq!(pointers.collect::<Vec<_>>(), ["/b", "/c/0"]);
        assert_eq!(
            file.access.groups[0].iter().map(ForeignKey::id).collect::<Vec<_>>(),
            ["ansible-vault:default", "ansible-vault:prod"]
        );
        assert_eq!(file.leaves[0].seen, Digest::of(vault("1.1;AES256").trim_end().as_bytes()));
        assert!(file.in_clear.is_empty() && file.clear_unknown.is_none());
    }

    #[test]
    fn values_that_are_none() {
        let value = indented(&vault("1.1;AES256"));
        let broken = value.replace("1.1", "9.9");
        // Without the tag it is a text that ansible leaves alone.
        assert_eq!(read_inline(&format!("a: |\n{value}# !vault\n")), None);
        assert!(matches!(inline(&format!("a: !vault |\n{broken}")), Contents::Plain(_)));
        for bad in [
            format!("a: !vault |\n{value}b: !vault |\n{broken}"),
            format!("a: !vault |\n{value}a: b\n"),
            format!("a: &x b\nc: *x\nd: !vault |\n{value}"),
        ] {
            assert!(matches!(inline(&bad), Contents::Damaged(_)), "{bad}");
        }
        assert_eq!(read_inline(&format!("{{% for x %}}\na: x !vault y\n{value}")), None);
    }
}
