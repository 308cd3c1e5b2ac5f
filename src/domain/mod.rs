//! Floor 0: the nouns. No I/O, no clock, no types of age, git2 or reqwest.
//!
//! Everything here is validated when it is made and plain afterwards; the floors above pass these types to
//! each other and never strings that still have to be looked at.

pub mod access;
pub mod baseline;
pub mod channel;
pub mod check_id;
pub mod claim;
pub mod custody;
pub mod days;
pub mod digest;
pub mod due;
pub mod expiry;
pub mod facts;
pub mod finding;
pub mod foreign;
pub mod glob;
pub mod id;
pub mod impact;
pub mod json;
pub mod json_string;
pub mod key;
pub mod ledger;
pub mod likeness;
pub mod matrix;
pub mod metrics;
pub mod name;
pub mod notice;
pub mod opened;
pub mod period;
pub mod policy;
pub mod probe;
pub mod reach;
pub mod record;
pub mod report;
pub mod rescue;
pub mod rotated;
pub mod rotation;
pub mod rotator;
pub mod rules;
pub mod runner;
pub mod setting;
pub mod terms;
pub mod text;
pub mod time;
pub mod timeline;
pub mod tracked_facts;
pub mod tracked_name;
pub mod tracking;
pub mod value;
pub mod value_end;
pub mod variable;
pub mod warned;
pub mod warning;
pub mod web_address;
pub mod wiped_text;
