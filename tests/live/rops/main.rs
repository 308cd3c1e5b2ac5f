//! The library rops as a program: `rops encrypt|decrypt yaml|json [RECIPIENT…]`, from standard input to standard output.
//! It opens with the bare key of age in `ROPS_AGE`.

use std::error::Error;
use std::io::{self, Write as _};

use rops::cryptography::{cipher::AES256GCM, hasher::SHA512};
use rops::file::RopsFile;
use rops::file::builder::RopsFileBuilder;
use rops::file::format::{FileFormat, JsonFileFormat, YamlFileFormat};
use rops::file::state::EncryptedFile;
use rops::integration::{AgeIntegration, Integration as _};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    let text = io::read_to_string(io::stdin())?;
    let made = match arguments.as_slice() {
        ["encrypt", "yaml", recipients @ ..] => encrypt::<YamlFileFormat>(&text, recipients)?,
        ["encrypt", "json", recipients @ ..] => encrypt::<JsonFileFormat>(&text, recipients)?,
        ["decrypt", "yaml"] => decrypt::<YamlFileFormat>(&text)?,
        ["decrypt", "json"] => decrypt::<JsonFileFormat>(&text)?,
        _ => return Err("usage: rops encrypt|decrypt yaml|json [RECIPIENT…]".into()),
    };
    Ok(writeln!(io::stdout(), "{made}")?)
}

fn encrypt<F: FileFormat>(text: &str, recipients: &[&str]) -> Result<String, Box<dyn Error>> {
    let keys = recipients.iter().map(|recipient| AgeIntegration::parse_key_id(recipient));
    let builder = RopsFileBuilder::<F>::new(text)?;
    let builder = builder.add_integration_keys::<AgeIntegration>(keys.collect::<Result<Vec<_>, _>>()?);
    Ok(builder.encrypt::<AES256GCM, SHA512>()?.to_string())
}

fn decrypt<F: FileFormat>(text: &str) -> Result<String, Box<dyn Error>> {
    let sealed = text.parse::<RopsFile<EncryptedFile<AES256GCM, SHA512>, F>>()?;
    Ok(sealed.decrypt::<F>()?.map().to_string())
}
