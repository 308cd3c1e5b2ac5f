//! Two clones that rotate at once, and providers that are unwell.
