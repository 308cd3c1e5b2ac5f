//! The commands by which values come, change and go: killed at every moment, and all else at some.

use crate::blow::Blow;
use crate::row::Row;
use crate::walk::Walk;
use crate::world::World;

pub const ADD: Row =
    Row::new("add", &["new/one", "--expires", "2028-01-01", "--owner", "team", "--as", "alice"])
        .reading("new value");
pub const SET: Row = Row::new("set", &["web/db", "--expires", "2029-01-01"]).reading("new value");
pub const SET_AND_PUSH: Row =
    Row::new("set", &["web/db", "--expires", "2029-01-01", "--push"]).reading("new value");
pub const RESEAL: Row = Row::new("reseal", &["--all", "--accept-key", "{accept carol}"]).after(carol_comes);
pub const MOVE: Row = Row::new("move", &["web/db", "moved/db"]);
pub const REMOVE: Row = Row::new("remove", &["web/db"]);

pub const ROWS: [&Row; 6] = [&ADD, &SET, &SET_AND_PUSH, &RESEAL, &MOVE, &REMOVE];

pub fn carol_comes(world: &World) {
    world.runs(&["people", "add", "carol", "--key", "{key carol}", "--group", "team"], "");
    world.sandbox.push(&world.laptop);
}

/// The disk is full from there on.
const FULL: Blow = Blow::FailsFromThereOn("ENOSPC");

/// Every moment with these, and some of each kind with the rest.
fn walked(row: &'static Row, turn: usize, blows: &[Blow]) {
    let walk = Walk::new(row);
    walk.every(blows);
    walk.some(turn);
    walk.tell(25);
    assert!(walk.count.half_way.get() > 0, "no moment fell into the middle of a change");
    assert!(walk.count.by_the_next.get() > 0, "nothing was left to whoever writes next");
}

#[test]
fn add_leaves_no_secret_or_the_whole_of_it() {
    walked(&ADD, 1, &[Blow::Killed]);
}

#[test]
fn set_leaves_the_old_value_or_the_new_one() {
    walked(&SET, 2, &[Blow::Killed, Blow::Fails("ENOSPC"), FULL]);
}

#[test]
fn reseal_leaves_the_old_readers_or_the_new_ones() {
    walked(&RESEAL, 3, &[Blow::Killed]);
}

#[test]
fn move_leaves_the_secret_under_one_of_its_names() {
    walked(&MOVE, 4, &[Blow::Killed, FULL]);
}

#[test]
fn remove_leaves_the_secret_or_nothing_of_it() {
    walked(&REMOVE, 5, &[Blow::Killed]);
}

#[test]
fn what_was_pushed_is_what_was_committed() {
    let walk = Walk::new(&SET_AND_PUSH);
    walk.some(1);
    walk.forks();
    walk.tell(20);
}
