//! # untracked
//!
//! A sealed file that a deploy reads holds values of which neither a record nor a rule of policy says when they end:
//! nothing about them can be judged.
//!
//! **Mend:** `secrets track FILE` writes the records, and proposes rules for what many files have in common.

use super::{Check, Fault, FileSubject, Judgement, StoreSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::foreign::Contents;
use crate::domain::text::{counted, shell_word};
use crate::domain::tracked_name::TrackedName;

pub const CHECK: Check = Check::of_store(CheckId::Untracked, Level::Error, judge).and_file(judge_file);

/// What was named by `--file` and can't be looked into.
fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let of_path = |path: &String| {
        let message =
            "a deploy reads it, and it is no file of this repository: nothing about it can be judged";
        Fault::new(message, "secrets track --help").at(path)
    };
    Ok(subject.store.without_record.iter().map(of_path).collect())
}

fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let file = subject.file;
    // What the values are is not known while the records are not.
    file.secrets.as_ref().map_err(Clone::clone)?;
    let path = file.name.as_str();
    if let Some(Contents::Plain(why)) = file.contents.as_ref().map_err(Clone::clone)?
        && !file.is_said_to_be_sealed()
    {
        let message =
            format!("a deploy reads it, and it is not sealed ({why}): nothing about it can be judged");
        return Ok(vec![Fault::new(message, wording::seal_in_place(path)).at(path)]);
    }
    let count = file.undecided.len();
    if count == 0 {
        return Ok(Vec::new());
    }
    let values = counted(count, "encrypted value");
    let has = if count == 1 { "has" } else { "have" };
    let message = format!("{values} in it {has} neither a record nor a rule that says when they end");
    let remedy = wording::from_top(&format!("secrets track {}", shell_word(path)));
    let weight = i64::try_from(count).unwrap_or(i64::MAX);
    // One more is another fault, also where others were recorded meanwhile.
    let quoted = |name: &TrackedName| format!("{:?}", name.as_str());
    let mark: Vec<String> =
        std::iter::once(path.to_owned()).chain(file.undecided.iter().map(quoted)).collect();
    Ok(vec![Fault::new(message, remedy).at(path).weighing(weight).marked(mark.join("\n"))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::policy;
    use crate::checks::samples::tracked::{
        CLAIMS, CLIENT, FILE, TOKEN, file, judge_file as run, tracked_name,
    };
    use crate::domain::finding::Unknown;

    #[test]
    fn values_of_which_nobody_has_said_anything() {
        let mut file = file();
        assert_eq!(run(CHECK.file, &policy(), &file), Ok(Vec::new()));
        for (values, message) in [
            (vec![TOKEN], "1 encrypted value in it has neither a record nor a rule that says when they end"),
            (
                vec![CLIENT, TOKEN],
                "2 encrypted values in it have neither a record nor a rule that says when they end",
            ),
        ] {
            file.undecided = values.iter().copied().map(tracked_name).collect();
            let faults = run(CHECK.file, &policy(), &file).unwrap();
            assert_eq!(
                (faults[0].message.as_str(), faults[0].weight),
                (message, i64::try_from(values.len()).unwrap())
            );
            assert_eq!(faults[0].path.as_deref(), Some(FILE));
        }
        file.secrets = Err(Unknown::new(CLAIMS, "line 3: no TOML"));
        assert!(run(CHECK.file, &policy(), &file).is_err());
    }

    #[test]
    fn a_file_that_is_not_sealed_and_that_nobody_calls_so() {
        let mut file = file();
        file.contents = Ok(Some(Contents::Plain("no `sops` in it".to_owned())));
        for (is_covered, count) in [(false, 1), (true, 0)] {
            file.is_covered = is_covered;
            assert_eq!(run(CHECK.file, &policy(), &file).unwrap().len(), count);
        }
    }
}
