//! Claims against a real cvc5, and against programs that are none.

mod broken;
mod cached;
mod claims;
mod diffs;
mod examples;
mod random;
mod starter;
mod world;
