//! Two records of one secret side by side, in words, for who has to choose.

use crate::domain::expiry::Expiry;
use crate::domain::name::ActorName;
use crate::domain::record::Record;
use crate::domain::text::{listed, visible};
use crate::store::record_merge::{Difference, Field, Merged, Pair, Side};

/// Why there is a choice.
pub fn why(difference: Difference) -> &'static str {
    match difference {
        Difference::Values => "each side has set a value of its own",
        Difference::MayBeRevoked { .. } => {
            "a rotation went on in two ways, and a value of one side may be revoked by the other"
        }
        Difference::Ends => "each side has said when it ends, and they differ",
        Difference::Readers => "each side has sealed it to somebody of whom the other does not know",
        Difference::Other => "each side has changed what it is bound to",
    }
}

/// The version, its end and its readers; of two with one value, what differs is the end or the readers.
pub fn told(record: Option<&Record>) -> String {
    let Some(record) = record else { return "removed".to_owned() };
    let sealed = &record.sealed;
    let version = &sealed.version;
    let expires = match &sealed.expires {
        Some(Expiry::At { at, reason: Some(reason), .. }) => format!("ends {} ({reason})", at.brief()),
        Some(Expiry::At { at, .. }) => format!("ends {}", at.brief()),
        Some(Expiry::Never { why }) => format!("never ends ({why})"),
        None => "with no end recorded".to_owned(),
    };
    let readers = listed(&sealed.readers.iter().map(ActorName::as_str).collect::<Vec<_>>());
    let text = format!(
        "version {}, set {} by {}, {expires}, sealed to {readers} (seal {})",
        version.number,
        version.set_at.brief(),
        version.set_by,
        sealed.seal
    );
    visible(&text).into_owned()
}

/// What is left to be decided of a secret, in lines: each side, and each field.
pub fn lines(merged: &Merged, ours: &Record, theirs: &Record, labels: [&str; 2]) -> Vec<String> {
    let mut lines = Vec::new();
    let [our_label, their_label] =
        labels.map(|label| if label.is_empty() { String::new() } else { format!("  [{}]", visible(label)) });
    match merged.pair {
        Pair::Open(_) | Pair::Holds(_) => {
            let [our_doubt, their_doubt] = doubts(merged.pair);
            lines.push(format!("ours    {}{our_doubt}{our_label}", told(Some(ours))));
            lines.push(format!("theirs  {}{their_doubt}{their_label}", told(Some(theirs))));
        }
        Pair::Same | Pair::Changed(_) => {}
    }
    for field in &merged.fields {
        lines.push(format!("ours    {}{our_label}", of_field(field, Side::Ours)));
        lines.push(format!("theirs  {}{their_label}", of_field(field, Side::Theirs)));
    }
    lines
}

/// What is to be known of each side's value before one is chosen.
fn doubts(pair: Pair) -> [&'static str; 2] {
    let Pair::Open(Difference::MayBeRevoked { ours, theirs }) = pair else { return [""; 2] };
    [
        if ours {
            "; may be revoked: theirs has replaced it, ended its rotation or begun that anew"
        } else {
            ""
        },
        if theirs {
            "; may be revoked: ours has replaced it, ended its rotation or begun that anew"
        } else {
            ""
        },
    ]
}

fn of_field(field: &Field, side: Side) -> String {
    let value = side.of(&field.ours, &field.theirs);
    let value = value.as_ref().map_or_else(|| "removed".to_owned(), ToString::to_string);
    visible(&format!("about.{} {value}", field.path)).into_owned()
}
