//! # unowned
//!
//! No owner who is a known person or group: when it is about to end, there is nobody to tell.
//!
//! **Mend:** write `"owners": ["NAME"]` under `about` in the record; that part is free to edit.

use super::term::{self, Term};
use super::{Check, Fault, Judgement, Subject, TrackedSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::name::ActorName;
use crate::domain::text::listed;

pub const CHECK: Check = Check::of_secret(CheckId::Unowned, Level::Warning, judge).and_tracked(judge_tracked);

fn judge(subject: &Subject<'_>) -> Judgement {
    term::of_secret(subject, judge_term)
}

fn judge_tracked(subject: &TrackedSubject<'_>) -> Judgement {
    term::of_tracked(subject, judge_term)
}

fn judge_term(term: &Term<'_>) -> Judgement {
    let owners = term.owners;
    if owners.iter().any(|owner| term.policy.can_own(owner)) {
        return Ok(Vec::new());
    }
    let message = match owners.iter().map(ActorName::as_str).collect::<Vec<_>>().as_slice() {
        [] => "nobody owns it: name a person or a group as its owner in the record".to_owned(),
        [one] => format!("its owner {one} is no person or group of policy"),
        several => format!("none of its owners {} is a person or group of policy", listed(several)),
    };
    Ok(vec![Fault::new(message, wording::edit(term.record_path))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{actors, judge as run, messages, policy, record_of, secret};

    #[test]
    fn one_known_owner_is_enough() {
        for (owners, told) in [
            (vec!["infra"], None),
            (vec!["carol"], None),
            (vec!["gone", "carol"], None),
            (vec!["gone"], Some("its owner gone is no person or group of policy")),
            (vec!["ci"], Some("its owner ci is no person or group of policy")),
            (vec!["gone", "ci"], Some("none of its owners gone and ci is a person or group of policy")),
            (vec![], Some("nobody owns it: name a person or a group as its owner in the record")),
        ] {
            let mut secret = secret();
            record_of(&mut secret).about.owners = actors(&owners);
            let found = messages(run(judge, &policy(), &secret));
            assert_eq!(found.first().map(String::as_str), told);
        }
    }
}
