//! A person at a terminal who rotates by hand.
