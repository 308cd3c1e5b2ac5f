//! A mend that is cut short can be mended.

use crate::blow::{Blow, Moment};
use crate::row::Row;
use crate::settle::words;
use crate::walk::Walk;
use crate::world::World;

pub const MEND: Row = Row::new("doctor", &["--mend"]).after(cut_short).blocking("PROBLEM ");

/// A `set` that was killed after its journal was written.
fn cut_short(world: &World) {
    let moment = Moment { call: "rename".to_owned(), number: 2 };
    let inject = moment.inject(Blow::Killed);
    let set = words(&["set", "web/db", "--expires", "2029-01-01"]);
    let ended = world.run(&set, "new value", &["-qq", "-o", "/dev/null", "-e", &inject], None);
    assert_eq!(ended.signal, Some(9), "{}", ended.said);
}

#[test]
fn a_mend_that_is_cut_short_can_be_mended() {
    let walk = Walk::new(&MEND);
    walk.every(&[Blow::Killed]);
    walk.some(1);
    walk.tell(8);
}
