//! What is known of tools, as values: no I/O, no clock.

pub mod flow;
