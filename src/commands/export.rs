//! `secrets export`: many values at once, as another program reads them.

use std::collections::BTreeMap;
use std::path::Path;

use rand::RngCore as _;
use rand::rngs::OsRng;

use super::clear_values::{Clear, open_fitting, open_named};
use super::reading::expiry_text;
use super::writing::existing_unverified;
use super::{CommandError, Session};
use crate::cli::{Export, ExportFormat};
use crate::domain::text::{counted, shell_word, visible};
use crate::domain::tracked_name::CredentialName;
use crate::domain::variable::{self, Chosen};
use crate::domain::wiped_text::Text;
use crate::interchange::print::{self, Item, Manifest, Unfit};
use crate::observe::place::Place;
use crate::system::files;

/// The file into which a step of a GitHub workflow writes variables for the steps behind it.
const GITHUB_ENV: &str = "GITHUB_ENV";
/// What records say of the values in a manifest.
const ANNOTATION: &str = "secrets-cli/records";

pub fn run(session: &Session, arguments: &Export) -> Result<u8, CommandError> {
    refuse_idle_options(arguments)?;
    let place = session.place()?;
    let named = Named::of(session, &place, arguments)?;
    let items: Vec<Item<'_>> = named
        .keys
        .iter()
        .filter_map(|(key, secret)| Some(Item { key, secret, value: &named.values.get(secret)?.value }))
        .collect();
    match arguments.format {
        ExportFormat::Dotenv => answer(session, print::dotenv(&items))?,
        ExportFormat::Shell => answer(session, print::shell(&items))?,
        ExportFormat::Json => answer(session, print::json(&items))?,
        ExportFormat::Yaml => answer(session, print::yaml(&items))?,
        ExportFormat::K8sSecret => {
            let annotations = annotations(&place, &items)?;
            let name = arguments.name.as_deref().unwrap_or_default();
            let manifest =
                Manifest { name, namespace: arguments.namespace.as_deref(), annotations: &annotations };
            answer(session, print::kubernetes(&manifest, &items))?;
        }
        ExportFormat::GithubEnv => into_github_env(session, &items)?,
    }
    tell(session, arguments.format, &items)?;
    Ok(0)
}

/// An option that the format has no use for was meant for something.
fn refuse_idle_options(arguments: &Export) -> Result<(), CommandError> {
    let is_manifest = arguments.format == ExportFormat::K8sSecret;
    let idle = [
        ("--env", !arguments.env.is_empty() && !has_variables(arguments.format), "give --key KEY=SECRET"),
        ("--prefix", arguments.prefix.is_some() && !has_variables(arguments.format), "leave it out"),
        ("--key", !arguments.keys.is_empty() && has_variables(arguments.format), "give --env NAME=SECRET"),
        ("--name", arguments.name.is_some() && !is_manifest, "leave it out"),
        ("--namespace", arguments.namespace.is_some() && !is_manifest, "leave it out"),
    ];
    if let Some((option, _, remedy)) = idle.into_iter().find(|(_, is_idle, _)| *is_idle) {
        return Err(CommandError::new(format!("{option}: means nothing in this format; {remedy}")));
    }
    if let Some(name) = arguments.name.as_deref().filter(|name| !print::is_subdomain(name)) {
        return Err(CommandError::new(format!(
            "--name {}: is no name in Kubernetes: lower-case letters, digits, `-` and `.`",
            visible(name)
        )));
    }
    match arguments.namespace.as_deref().filter(|name| !print::is_label(name)) {
        Some(name) => Err(CommandError::new(format!(
            "--namespace {}: is no namespace in Kubernetes: lower-case letters, digits and `-`",
            visible(name)
        ))),
        None => Ok(()),
    }
}

/// Whether each secret becomes a variable.
fn has_variables(format: ExportFormat) -> bool {
    match format {
        ExportFormat::Dotenv | ExportFormat::GithubEnv | ExportFormat::Shell => true,
        ExportFormat::Json | ExportFormat::Yaml | ExportFormat::K8sSecret => false,
    }
}

/// What is handed on: what each is called there, and the values by the names of the secrets.
struct Named {
    keys: BTreeMap<String, String>,
    values: BTreeMap<String, Clear>,
}

impl Named {
    fn of(session: &Session, place: &Place, arguments: &Export) -> Result<Self, CommandError> {
        let policy = place.policy()?;
        let given = arguments
            .env
            .iter()
            .map(|assignment| &assignment.secret)
            .chain(arguments.keys.iter().map(|keyed| &keyed.secret));
        let mut names: Vec<CredentialName> = arguments.names.iter().chain(given).cloned().collect();
        names.sort();
        names.dedup();
        let mut clear = open_named(session, place, &policy, &names)?;
        if !arguments.scope.is_empty() {
            clear.extend(open_fitting(session, place, &policy, &arguments.scope)?);
        }
        let chosen = chosen(arguments, &clear)?;
        let keys = if has_variables(arguments.format) {
            let assigned = variable::assign(&chosen, &arguments.env, arguments.prefix.as_ref())?;
            let pair = |one: variable::Assignment| {
                (one.variable.as_str().to_owned(), one.secret.as_str().to_owned())
            };
            assigned.into_iter().map(pair).collect()
        } else {
            keys(arguments, &chosen)?
        };
        if arguments.format == ExportFormat::GithubEnv {
            refuse_reserved(&keys)?;
        }
        let values = clear.into_iter().map(|clear| (clear.name.as_str().to_owned(), clear)).collect();
        Ok(Self { keys, values })
    }
}

/// By what each secret was chosen, which is what its name is cut by.
fn chosen(arguments: &Export, clear: &[Clear]) -> Result<Vec<Chosen>, CommandError> {
    let mut chosen = Vec::new();
    for Clear { name, .. } in clear {
        let is_named = arguments.names.iter().any(|named| named.as_str() == name.as_str());
        let scope = arguments.scope.iter().find(|scope| name.known_as().any(|known| scope.matches(known)));
        if !is_named && scope.is_none() {
            // Only by --env or --key, which name it anyway.
            continue;
        }
        let by = match (&arguments.strip, scope) {
            (Some(folder), _) => {
                if !name.as_str().starts_with(&format!("{folder}/")) {
                    let shown = visible(name.as_str());
                    return Err(CommandError::new(format!(
                        "--strip {folder}: {shown} does not lie below it"
                    )));
                }
                format!("{folder}/**")
            }
            (None, Some(scope)) if !is_named => scope.as_str().to_owned(),
            (None, _) => name.as_str().to_owned(),
        };
        chosen.push(Chosen { secret: name.clone(), by });
    }
    Ok(chosen)
}

/// What each secret is called in a map: its name, without the folder that is to be left out; in a manifest with `.` for
/// `/`, below the fixed part of the scope.
fn keys(arguments: &Export, chosen: &[Chosen]) -> Result<BTreeMap<String, String>, CommandError> {
    let is_manifest = arguments.format == ExportFormat::K8sSecret;
    let given = arguments.keys.iter().map(|keyed| (keyed.key.clone(), keyed.secret.as_str().to_owned()));
    let by_rule = chosen.iter().filter_map(|Chosen { secret, by }| {
        let name = secret.as_str();
        let is_given = arguments.keys.iter().any(|keyed| keyed.secret.as_str() == name);
        let key = match &arguments.strip {
            _ if is_manifest => variable::below(name, by).replace("#/", "/").replace('/', "."),
            Some(folder) => name.get(folder.as_str().len() + 1..).unwrap_or(name).to_owned(),
            None => name.to_owned(),
        };
        (!is_given).then(|| (key, name.to_owned()))
    });
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    for (key, secret) in given.chain(by_rule) {
        let remedy = format!("give it another key: --key {}", shell_word(&format!("KEY={secret}")));
        if is_manifest && !print::is_key(&key) {
            return Err(CommandError::new(format!(
                "{}: is no key in Kubernetes: letters, digits, `-`, `_` and `.`; {remedy}",
                visible(&key)
            )));
        }
        if let Some(other) = keys.insert(key.clone(), secret.clone()).filter(|other| *other != secret) {
            return Err(CommandError::new(format!(
                "{}: would be the key of {} and {}; {remedy}",
                visible(&key),
                visible(&other),
                visible(&secret)
            )));
        }
    }
    Ok(keys)
}

/// The runner passes over variables of its own, or ends the step.
fn refuse_reserved(keys: &BTreeMap<String, String>) -> Result<(), CommandError> {
    let is_reserved = |variable: &&String| {
        (variable.starts_with("GITHUB_") && variable.as_str() != "GITHUB_TOKEN")
            || variable.starts_with("RUNNER_")
            || variable.as_str() == "NODE_OPTIONS"
    };
    match keys.iter().find(|(variable, _)| is_reserved(variable)) {
        Some((variable, secret)) => {
            let assignment = shell_word(&format!("NAME={secret}")).into_owned();
            Err(CommandError::new(format!("{variable}: is a variable that GitHub keeps for itself"))
                .hint(format!("give {} another one: --env {assignment}", visible(secret))))
        }
        None => Ok(()),
    }
}

fn answer(session: &Session, text: Result<Text, Unfit>) -> Result<(), CommandError> {
    session.print_exactly(text?.expose())
}

/// What records say of the values: which secret, which version, until when. Never the value.
fn annotations(place: &Place, items: &[Item<'_>]) -> Result<Vec<(String, String)>, CommandError> {
    let mut records = serde_json::Map::new();
    for item in items {
        let mut record = serde_json::Map::new();
        record.insert("secret".to_owned(), item.secret.into());
        if let Ok(name) = item.secret.parse()
            && place.store.record_path(&name).exists()
        {
            let sealed = existing_unverified(place, &name)?.record.sealed;
            record.insert("version".to_owned(), sealed.version.number.into());
            record.insert("expires".to_owned(), expiry_text(sealed.expires.as_ref()).into());
        }
        records.insert(item.key.to_owned(), record.into());
    }
    Ok(vec![(ANNOTATION.to_owned(), serde_json::Value::Object(records).to_string())])
}

/// Masks first, so that nothing is there to be shown before the log hides it.
fn into_github_env(session: &Session, items: &[Item<'_>]) -> Result<(), CommandError> {
    let path = session.environment.path(GITHUB_ENV).ok_or_else(|| {
        CommandError::new(format!("{GITHUB_ENV} is not set: this format is for a step of a GitHub workflow"))
            .hint("to see what it would be elsewhere: --format dotenv")
    })?;
    refuse_stdout_into(&path)?;
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    let delimiter = format!("secrets_{:032x}", u128::from_le_bytes(random));
    let text = print::github_env(items, &delimiter)?;
    session.print_exactly(print::masks(items)?.expose())?;
    files::append(&path, text.expose())?;
    Ok(())
}

/// Redirected there, the masks would be variables that are none, and the log would show every value.
fn refuse_stdout_into(path: &Path) -> Result<(), CommandError> {
    if files::is_stdout(path) {
        return Err(CommandError::new(format!(
            "standard output is the file of {GITHUB_ENV}, and masks go to it"
        ))
        .hint(format!("leave `>> \"${GITHUB_ENV}\"` out: this format writes there by itself")));
    }
    Ok(())
}

fn tell(session: &Session, format: ExportFormat, items: &[Item<'_>]) -> Result<(), CommandError> {
    if has_variables(format) {
        for item in items.iter().filter(|item| item.value.expose().ends_with(b"\n")) {
            session.say(format!("note: {}: ends in a line end, which is kept", visible(item.secret)))?;
        }
    }
    let secrets = counted(items.len(), if has_variables(format) { "variable" } else { "value" });
    session.say(match format {
        ExportFormat::GithubEnv => {
            format!(
                "{secrets} for the steps behind this one, masked in the log; a value is masked line by line"
            )
        }
        ExportFormat::Dotenv
        | ExportFormat::Json
        | ExportFormat::K8sSecret
        | ExportFormat::Shell
        | ExportFormat::Yaml => format!("{secrets} in clear"),
    })
}
