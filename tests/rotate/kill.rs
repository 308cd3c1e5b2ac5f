//! A rotation that is killed at any instant, and gone on with by the same command: exactly one current credential, which is the
//! sealed one; nothing left behind at the provider; no version lost; the old value valid until the new one was seen to work.
//!
//! Killed is the command itself: on entering each call by which it changes what is on the disk (strace), at each request that the
//! provider receives, has done, and has answered, and at each push, before anything is sent and after the remote has taken it.

mod aws;
mod syscalls;
mod unwell;
pub mod walk;

use super::entra_standin::Call;
use super::stage::{Came, LATER, MUCH_LATER, START};
use super::standin::Moment;
use walk::{Step, Walk};

pub const ROTATE: Step = Step { arguments: &["--push"], at: START, came: Came::Verified };
pub const RETIRE: Step = Step { arguments: &["--retire", "--push"], at: LATER, came: Came::Retired };
/// What was pushed may be in use: the first run seals the old value again, the second one revokes the new.
pub const GO_BACK: Step = Step { arguments: &["--abort", "--push"], at: LATER, came: Came::BackWaits };
pub const GIVE_UP: Step = Step { arguments: &["--abort", "--push"], at: MUCH_LATER, came: Came::Back };

#[test]
fn killed_at_any_request_it_is_gone_on_with() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    let rotating = walk.requests(0);
    for call in [Call::LogIn, Call::List, Call::Add] {
        assert!(rotating.iter().any(|(of, _)| *of == call), "{rotating:?}");
    }
    let states = walk.each_request(0);
    assert!(states.contains("none") && states.contains("planned") && states.contains("sealed"), "{states:?}");
}

#[test]
fn killed_at_any_request_it_is_retired() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    let retiring = walk.requests(1);
    for call in [Call::LogIn, Call::List, Call::Remove] {
        assert!(retiring.iter().any(|(of, _)| *of == call), "{retiring:?}");
    }
    let states = walk.each_request(1);
    assert!(states.contains("verified"), "{states:?}");
}

#[test]
fn killed_at_any_request_it_is_aborted() {
    let walk = Walk::new(&[ROTATE, GO_BACK, GIVE_UP]);
    let revoking = walk.requests(2);
    assert!(revoking.contains(&(Call::Remove, Moment::Received)), "{revoking:?}");
    let mut states = walk.each_request(1);
    states.extend(walk.each_request(2));
    assert!(states.contains("verified") && states.contains("aborted"), "{states:?}");
}

#[test]
fn killed_at_any_push_it_is_gone_on_with() {
    for life in [&[ROTATE, RETIRE][..], &[ROTATE, GO_BACK, GIVE_UP]] {
        let walk = Walk::new(life);
        for step in 0..life.len() {
            walk.each_push(step);
        }
    }
}
