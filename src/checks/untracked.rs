//! # untracked
//!
//! A deploy reads this sealed file, and no record says when it ends or who can open it: nothing about it can be
//! judged.
//!
//! **Mend:** bring the credential into the store with `secrets add`, and let the deploy read it from there.

use super::{Check, Fault, Judgement, StoreSubject};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::name::SecretName;

pub const CHECK: Check = Check::of_store(CheckId::Untracked, Level::Error, judge);

fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let of_path = |path: &String| {
        let message = "no record says when it ends or who can open it: bring it into the store, and deploy it from there";
        let remedy = suggested_name(path)
            .map_or_else(|| "secrets add --help".to_owned(), |name| format!("secrets add {name}"));
        Fault::new(message, remedy).at(path)
    };
    Ok(subject.store.without_record.iter().map(of_path).collect())
}

/// The path without its ending, where that is a name.
fn suggested_name(path: &str) -> Option<SecretName> {
    let (folder, file) = path.rsplit_once('/').map_or(("", path), |(folder, file)| (folder, file));
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    let name = if folder.is_empty() { stem.to_owned() } else { format!("{folder}/{stem}") };
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{policy, setting, store};

    #[test]
    fn each_file_without_record() {
        let (setting, policy, mut store) = (setting(), policy(), store());
        let judged = |store: &crate::domain::facts::StoreFacts| {
            judge(&StoreSubject { setting: &setting, policy: &policy, store }).unwrap()
        };
        assert!(judged(&store).is_empty());
        store.without_record = vec!["hubs/enc-prod.secret.yaml".to_owned(), "hubs/.enc x".to_owned()];
        let faults = judged(&store);
        assert_eq!(
            faults.iter().map(|f| f.path.as_deref().unwrap()).collect::<Vec<_>>(),
            store.without_record
        );
        assert_eq!(
            faults.iter().map(|f| f.remedy.as_str()).collect::<Vec<_>>(),
            ["secrets add hubs/enc-prod", "secrets add --help"]
        );
    }
}
