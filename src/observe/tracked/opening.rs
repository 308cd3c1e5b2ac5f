//! Files that other tools have sealed, opened: those of sops through its own program, bare ones of age with my
//! identities. Others are opened by nobody here.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::domain::foreign::{ForeignFile, SealedFormat};
use crate::domain::opened::Opened;
use crate::domain::tracked_name::TrackedName;
use crate::observe::identities::{Identities, IdentitiesError};
use crate::sops::{Sops, SopsError};
use crate::system::environment::Environment;
use crate::system::threads;

/// How many files are opened at once: each takes a program of its own, which may ask a service in the network.
const AT_ONCE: usize = 2;

/// Opens files; cheap where it is never asked to.
pub struct Opener<'a, 'k> {
    environment: &'a Environment,
    sops: OnceLock<Result<Sops<'a>, SopsError>>,
    /// One at a time: a person may be asked for a passphrase.
    identities: Mutex<&'a mut Identities<'k>>,
}

impl<'a, 'k> Opener<'a, 'k> {
    pub fn new(environment: &'a Environment, identities: &'a mut Identities<'k>) -> Self {
        Self { environment, sops: OnceLock::new(), identities: Mutex::new(identities) }
    }

    /// The `sops` program, looked for when it is first needed.
    pub fn sops(&self) -> Result<&Sops<'a>, &SopsError> {
        self.sops.get_or_init(|| Sops::find(self.environment)).as_ref()
    }

    /// Everything in a file, in clear; else why not, in words that many files may have in common. `bytes` are those
    /// that `file` was read from.
    pub fn open(&self, name: &TrackedName, file: &ForeignFile, bytes: &[u8]) -> Result<Opened, String> {
        let opened = match file.format {
            SealedFormat::Age | SealedFormat::AgeArmored => self.open_age(name, bytes)?,
            SealedFormat::SopsYaml
            | SealedFormat::SopsJson
            | SealedFormat::SopsDotenv
            | SealedFormat::SopsIni
            | SealedFormat::SopsBinary => {
                let sops = self.sops().map_err(ToString::to_string)?;
                sops.open(file.format, bytes).map_err(|error| error.to_string())?
            }
            SealedFormat::GitCrypt | SealedFormat::SealedSecrets | SealedFormat::AnsibleVault => {
                return Err(format!("files of {} are not opened by this tool", file.format));
            }
        };
        // Where a single value is missing, the others may be of another place than their pointers say.
        if file.leaves.iter().all(|leaf| opened.get(leaf.pointer.as_ref()).is_some()) {
            Ok(opened)
        } else {
            Err("`sops` prints other values than the file has: does it hold several documents?".to_owned())
        }
    }

    fn open_age(&self, name: &TrackedName, bytes: &[u8]) -> Result<Opened, String> {
        let mut identities = self.identities.lock().unwrap_or_else(PoisonError::into_inner);
        match identities.open(name.as_str(), bytes) {
            Ok(value) => Ok(Opened::whole(value, None)),
            Err(IdentitiesError::NoneOpens { why, .. }) => Err(why),
            Err(IdentitiesError::Open { source, .. }) => Err(source.to_string()),
            Err(error @ IdentitiesError::Source { .. }) => Err(error.to_string()),
        }
    }
}

/// Has work that opens files run with as many threads as there may be programs at once.
pub fn bounded<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    threads::bounded(AT_ONCE, work)
}
