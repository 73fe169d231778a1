//! Where the words of a call's arguments come from: the user, the organisation, or somebody outside.
//!
//! Texts are remembered as prints, sequences of salted hashes of their words. INVARIANT: a value counts as
//! trusted only where trusted text has it with all that stands between its words; that it is somebody else's
//! is believed on much less.

mod leaves;
mod matching;
mod print;
mod provenance;
#[cfg(test)]
mod tests;
mod words;

pub use leaves::is_plain;
pub use print::{PRINT_WORDS_MAX, Print, Salt};
pub use provenance::{Origin, Provenance, Seen, provenance};
