//! # plaintext
//!
//! A file in the store that is neither record, policy nor encrypted. Most often it is the credential itself,
//! saved there before it was sealed, or decrypted for a look and forgotten. What was deleted here and is in `HEAD`
//! or on the deploy ref still, is found too. Exempt are `.gitattributes`, `.gitignore`, `.gitkeep` and README. Of files
//! that other tools have sealed: one that policy's `[track]` names and that is not sealed, and values that stand in clear
//! although the file's own rules want them encrypted.
//!
//! **Mend:** seal it with `secrets add NAME --from-file FILE`, delete the file, commit and push that. If it was ever
//! pushed, the credential is known: get a new one.

use super::{Check, Fault, FileSubject, Judgement, StoreSubject, Subject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::facts::StrayKind;
use crate::domain::finding::{Level, Unknown};
use crate::domain::foreign::Contents;
use crate::domain::name::SecretName;
use crate::domain::text::shell_word;
use crate::domain::tracked_name::Pointer;

pub const CHECK: Check =
    Check::of_secret(CheckId::Plaintext, Level::Error, judge_secret).and_file(judge_file).and_store(judge);

/// A secret's own file that is not what its name says: JSON that is no record, bytes that are no age file.
fn judge_secret(subject: &Subject<'_>) -> Judgement {
    let message = "neither a record nor encrypted, whatever its name says; if it was ever pushed, what it holds is known";
    let fault = |path: &String| Fault::new(message, wording::take_out(path)).at(path);
    Ok(subject.secret.plaintext.iter().map(fault).collect())
}

/// A file that policy or a record calls sealed and that is not, and values in clear where the file's own rules want them
/// encrypted.
fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let (file, path) = (subject.file, subject.file.name.as_str());
    let known = "if it was ever pushed, what it holds is known";
    match file.contents.as_ref().map_err(Clone::clone)? {
        Some(Contents::Plain(why)) if file.is_said_to_be_sealed() => {
            let who = if file.is_covered { "policy's [track]" } else { "its record" };
            let message = format!("{who} says that it is sealed, and it is not ({why}); {known}");
            Ok(vec![Fault::new(message, wording::seal_in_place(path)).at(path)])
        }
        Some(Contents::Sealed(sealed)) => {
            if let Some(why) = &sealed.clear_unknown {
                return Err(Unknown::new(format!("what of {path} may stand in clear"), why));
            }
            let of = |pointer: &Pointer| {
                let message = format!(
                    "{pointer} stands in clear, and the rules of the file want it encrypted; {known}"
                );
                Fault::new(message, wording::seal_in_place(path)).at(path).marked(pointer.as_str())
            };
            Ok(sealed.in_clear.iter().map(of).collect())
        }
        // That `--file` alone names it does not say that it is sealed: see `untracked`.
        Some(Contents::Plain(_) | Contents::Damaged(_)) | None => Ok(Vec::new()),
    }
}

fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let plain = subject.store.strays.iter().filter(|stray| stray.kind == StrayKind::Plaintext);
    Ok(plain
        .map(|stray| {
            let what = "not encrypted, and neither record nor policy";
            let known = "if it was ever pushed, what it holds is known";
            let gone = wording::gone(subject.setting, &subject.policy.deploy_ref, stray);
            let fault = match gone {
                Some((from, remedy)) => Fault::new(format!("{what}; {from}; {known}"), remedy),
                None => Fault::new(format!("{what}; {known}"), remedy(subject, &stray.path)),
            };
            let fault = fault.at(&stray.path);
            match wording::would_be_name(subject.setting, &stray.path) {
                Some(name) => fault.about(name),
                None => fault,
            }
        })
        .collect())
}

/// Seals it under its own name. What ends in `.json` or `.age` has no name of its own: the new files would take
/// its place and be deleted with it.
fn remedy(subject: &StoreSubject<'_>, path: &str) -> String {
    let name = wording::below_store(subject.setting, path).and_then(|below| below.parse::<SecretName>().ok());
    match name {
        Some(name) if !subject.store.names.contains(&name) => {
            let file = shell_word(path);
            wording::from_top(&format!("secrets add {name} --from-file {file} && rm -- {file}"))
        }
        _ => wording::take_out(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{
        FILE, TOKEN, file, judge_file as run_file, sealed_in, tracked_name,
    };
    use crate::checks::samples::{NAME, RECORD, judge as run, policy, secret, setting, store};
    use crate::domain::facts::{Stray, StrayPlace};
    use crate::domain::foreign::{Damage, SealedFormat};

    #[test]
    fn a_record_that_is_none() {
        let mut secret = secret();
        assert!(run(judge_secret, &policy(), &secret).unwrap().is_empty());
        secret.plaintext = vec![RECORD.to_owned()];
        let faults = run(judge_secret, &policy(), &secret).unwrap();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].path.as_deref(), Some(RECORD));
    }

    #[test]
    fn each_plain_file_and_how_to_seal_it() {
        let (setting, policy, mut store) = (setting(), policy(), store());
        let judged = |store: &crate::domain::facts::StoreFacts| {
            judge(&StoreSubject { setting: &setting, policy: &policy, store }).unwrap()
        };
        assert!(judged(&store).is_empty());
        let sealed =
            Stray { path: "secrets/x y".to_owned(), kind: StrayKind::Sealed, place: StrayPlace::Here };
        let plain = ["old/token.txt", NAME, "a b.txt", "old/key.json"].map(|name| Stray {
            path: format!("secrets/{name}"),
            kind: StrayKind::Plaintext,
            place: StrayPlace::Here,
        });
        store.strays = plain.into_iter().chain([sealed]).collect();
        let top = r#"cd "$(git rev-parse --show-toplevel)" && "#;
        assert_eq!(
            judged(&store).into_iter().map(|fault| fault.remedy).collect::<Vec<_>>(),
            [
                format!(
                    "{top}secrets add old/token.txt --from-file secrets/old/token.txt && rm -- secrets/old/token.txt"
                ),
                format!("{top}mv -n -- secrets/web/prod/db .."),
                format!("{top}mv -n -- 'secrets/a b.txt' .."),
                format!("{top}mv -n -- secrets/old/key.json .."),
            ]
        );
        assert_eq!(judged(&store)[3].about.as_deref(), Some("old/key"));
    }

    #[test]
    fn files_that_are_said_to_be_sealed() {
        let mut file = file();
        assert_eq!(run_file(CHECK.file, &policy(), &file), Ok(Vec::new()));
        file.contents = Ok(Some(Contents::Plain("no `sops` in it".to_owned())));
        for (is_covered, orphans, who) in [
            (true, vec![], Some("policy's [track]")),
            (true, vec![TOKEN], Some("policy's [track]")),
            (false, vec![TOKEN], Some("its record")),
            // Named by `--file` alone: see `untracked`.
            (false, vec![], None),
        ] {
            file.is_covered = is_covered;
            file.orphans = orphans.into_iter().map(tracked_name).collect();
            let faults = run_file(CHECK.file, &policy(), &file).unwrap();
            let told = who.map(|who| {
                let why = "(no `sops` in it); if it was ever pushed, what it holds is known";
                format!("{who} says that it is sealed, and it is not {why}")
            });
            assert_eq!(faults.first().map(|fault| fault.message.clone()), told);
            assert!(faults.iter().all(|fault| fault.path.as_deref() == Some(FILE)));
        }
        file.contents = Err(Unknown::new(FILE, "permission denied"));
        assert!(run_file(CHECK.file, &policy(), &file).is_err());
        for contents in
            [None, Some(Contents::Damaged(Damage { format: SealedFormat::Age, why: "cut off".to_owned() }))]
        {
            file.contents = Ok(contents);
            assert_eq!(run_file(CHECK.file, &policy(), &file), Ok(Vec::new()));
        }
    }

    #[test]
    fn values_in_clear_by_the_files_own_rules() {
        let mut file = file();
        let sealed = sealed_in(&mut file);
        sealed.in_clear = vec!["/hub/a".parse().unwrap(), "/hub/b".parse().unwrap()];
        let faults = run_file(CHECK.file, &policy(), &file).unwrap();
        assert_eq!(faults.iter().map(|fault| fault.mark.as_str()).collect::<Vec<_>>(), ["/hub/a", "/hub/b"]);
        assert!(faults[0].message.starts_with("/hub/a stands in clear, and the rules of the file want"));
        sealed_in(&mut file).clear_unknown = Some("its regular expression is none".to_owned());
        let unknown = run_file(CHECK.file, &policy(), &file).unwrap_err();
        assert_eq!(unknown.why, "its regular expression is none");
    }
}
