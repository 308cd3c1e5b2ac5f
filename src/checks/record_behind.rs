//! # record-behind
//!
//! The sealed file is not the one that the record speaks of: one of the two was changed, merged or copied without
//! the other. Expiry, version and readers in the record say nothing about this value.
//!
//! **Mend:** restore the pair from git, or seal the value that should be there with `secrets set NAME`.

use super::{Check, Fault, Judgement, Subject, mending};
use crate::domain::check_id::CheckId;
use crate::domain::digest::Digest;
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_secret(CheckId::RecordBehind, Level::Error, judge);

fn judge(subject: &Subject<'_>) -> Judgement {
    let (Some(record), Some(file)) = (subject.record()?, subject.sealed()?) else { return Ok(Vec::new()) };
    if record.digest == file.digest {
        return Ok(Vec::new());
    }
    let (recorded, found) = (short(record.digest), short(file.digest));
    let message = format!("the record speaks of another sealed file ({recorded}, and here is {found})");
    let remedy = mending::pair(subject);
    let fault = Fault::new(message, remedy).at(&subject.secret.sealed_path);
    Ok(vec![fault.marked(format!("{} {}", record.digest, file.digest))])
}

fn short(digest: Digest) -> String {
    digest.to_string().chars().take("sha256:".len() + 12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{NAME, judge as run, messages, policy, record_of, secret};
    use crate::checks::tampered;
    use crate::domain::finding::Unknown;

    #[test]
    fn another_digest_and_nothing_else() {
        let mut secret = secret();
        assert_eq!(messages(run(judge, &policy(), &secret)), [""; 0]);
        record_of(&mut secret).digest = Digest::of(b"another");
        let (recorded, found) = (short(Digest::of(b"another")), short(Digest::of(NAME.as_bytes())));
        assert_eq!(
            messages(run(judge, &policy(), &secret)),
            [format!("the record speaks of another sealed file ({recorded}, and here is {found})")]
        );
        assert_eq!(messages(run(tampered::CHECK.secret.unwrap(), &policy(), &secret)), [""; 0]);

        secret.sealed = Ok(None);
        assert_eq!(messages(run(judge, &policy(), &secret)), [""; 0]);
        secret.sealed = Err(Unknown::new("secrets/web/prod/db.age", "no age file"));
        assert!(run(judge, &policy(), &secret).is_err());
    }
}
