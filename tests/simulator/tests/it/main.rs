//! The simulator over real sockets: what it emits against OpenAI's description, its faults byte
//! for byte, and its bill.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests say what they mean with `unwrap` too"
)]

mod bill;
mod client;
mod faults;
mod formats;
mod shapes;
