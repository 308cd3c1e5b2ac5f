//! The texts that channels need, looked up where policy says they are.

use crate::domain::channel::Setting;
use crate::domain::name::SecretName;
use crate::domain::value::Value;
use crate::system::environment::Environment;

/// Opens a secret of the store; the error names it.
pub type Open<'a> = dyn FnMut(&SecretName) -> Result<Value, String> + 'a;

/// One text. What was pasted into a variable or a secret with the end of its line is taken without it.
///
/// # Errors
/// It is not there, is empty, or is no text of one line; what it says is not told.
pub fn value(setting: &Setting, environment: &Environment, open: &mut Open<'_>) -> Result<Value, String> {
    match setting {
        Setting::Text(text) => Ok(Value::new(text.clone().into_bytes())),
        Setting::Env(name) => match environment.var(name) {
            Some(text) => one_line(text.as_bytes(), &format!("the variable {name}")),
            None if environment.has(name) => {
                Err(format!("the variable {name} is empty, or no UTF-8: give it its value"))
            }
            None => Err(format!("the variable {name} is not set: set it where this job runs")),
        },
        Setting::Secret(name) => {
            let opened = open(name)?;
            one_line(opened.expose(), &format!("the secret {name}"))
        }
    }
}

/// The same for what may have several lines, such as a file of credentials: a secret is taken as it is.
///
/// # Errors
/// It is not there, or is empty.
pub fn document(setting: &Setting, environment: &Environment, open: &mut Open<'_>) -> Result<Value, String> {
    let Setting::Secret(name) = setting else { return value(setting, environment, open) };
    let opened = open(name)?;
    if opened.expose().trim_ascii().is_empty() {
        return Err(format!("the secret {name} is empty: give it its value"));
    }
    Ok(opened)
}

fn one_line(bytes: &[u8], whose: &str) -> Result<Value, String> {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(format!("{whose} is empty: give it its value")),
        Ok(text) if text.chars().any(char::is_control) => Err(format!(
            "{whose} has more than one line, or control characters: put in the one line that is meant"
        )),
        Ok(_) => Ok(Value::new(line.to_vec())),
        Err(_) => Err(format!("{whose} is no UTF-8: put in the text that is meant")),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use super::*;

    fn environment(variables: &[(&str, &[u8])]) -> Environment {
        use std::os::unix::ffi::OsStringExt as _;
        let variables =
            variables.iter().map(|(name, value)| (OsString::from(name), OsString::from_vec(value.to_vec())));
        Environment::new(variables, PathBuf::from("/"))
    }

    fn secret(name: &str) -> SecretName {
        name.parse().unwrap()
    }

    #[test]
    fn a_text_is_taken_from_where_policy_has_it() {
        let environment = environment(&[
            ("GOOD", b"https://h/x"),
            ("PASTED", b"token\r\n"),
            ("EMPTY", b""),
            ("BARE_LINE", b"\n"),
            ("LINES", b"one\ntwo"),
            ("BELL", b"PASTED\x07"),
            ("BINARY", b"\xff\xfe"),
        ]);
        let mut opened = Vec::new();
        let mut open = |name: &SecretName| {
            opened.push(name.to_string());
            match name.as_str() {
                "ops/hook" => Ok(Value::new(b"https://sealed/x\n".to_vec())),
                "ops/two" => Ok(Value::new(b"a\n\n".to_vec())),
                "ops/binary" => Ok(Value::new(vec![0xff])),
                _ => Err(format!("{name}: none of the identities found here opens it")),
            }
        };
        let text = |text: &str| Setting::Text(text.to_owned());
        let env = |name: &str| Setting::Env(name.to_owned());
        for (setting, expected) in [
            (text("https://h/y"), "https://h/y"),
            (env("GOOD"), "https://h/x"),
            (env("PASTED"), "token"),
            (Setting::Secret(secret("ops/hook")), "https://sealed/x"),
        ] {
            let found = value(&setting, &environment, &mut open).unwrap_or_else(|why| panic!("{why}"));
            assert_eq!(found.expose(), expected.as_bytes(), "{setting:?}");
        }
        for (setting, why) in [
            (env("NONE"), "the variable NONE is not set: set it where this job runs"),
            (env("EMPTY"), "the variable EMPTY is empty, or no UTF-8"),
            (env("BINARY"), "the variable BINARY is empty, or no UTF-8"),
            (env("BARE_LINE"), "the variable BARE_LINE is empty"),
            (env("LINES"), "the variable LINES has more than one line"),
            (env("BELL"), "the variable BELL has more than one line, or control characters"),
            (Setting::Secret(secret("ops/two")), "the secret ops/two has more than one line"),
            (Setting::Secret(secret("ops/binary")), "the secret ops/binary is no UTF-8"),
            (Setting::Secret(secret("ops/other")), "ops/other: none of the identities"),
        ] {
            let error = value(&setting, &environment, &mut open).err().unwrap();
            assert!(error.starts_with(why) && !error.contains("PASTED\u{7}"), "{setting:?}: {error}");
        }
        assert_eq!(opened, ["ops/hook", "ops/two", "ops/binary", "ops/other"]);
    }

    #[test]
    fn a_secret_of_several_lines_is_taken_as_it_is() {
        let environment = environment(&[("LINES", b"one\ntwo")]);
        let mut open = |name: &SecretName| {
            let bytes: &[u8] = if name.as_str() == "ops/aws" { b"[default]\na = b\n" } else { b" \n" };
            Ok(Value::new(bytes.to_vec()))
        };
        let mut document = |setting: Setting| document(&setting, &environment, &mut open);
        let found = document(Setting::Secret(secret("ops/aws"))).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(found.expose(), b"[default]\na = b\n");
        for (setting, why) in [
            (Setting::Secret(secret("ops/empty")), "the secret ops/empty is empty"),
            (Setting::Env("LINES".to_owned()), "the variable LINES has more than one line"),
            (Setting::Env("NONE".to_owned()), "the variable NONE is not set"),
        ] {
            let error = document(setting).err().unwrap();
            assert!(error.starts_with(why), "{error}");
        }
    }
}
