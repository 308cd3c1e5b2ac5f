//! Whole rotations, step by step.
