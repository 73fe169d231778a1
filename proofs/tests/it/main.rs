//! Claims against a real cvc5, and against programs that are none.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, and some tell their figures"
)]

mod broken;
mod cached;
mod claims;
mod diffs;
mod examples;
mod random;
mod starter;
mod world;
