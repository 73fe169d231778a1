//! Data loss prevention: finds personal data and secrets in requests, says what it found and why,
//! gives the request a label, and replaces what policy wants replaced.
//!
//! Pure values: no clock, no file, no socket. The engine never decides an action; policy does.
//! INVARIANT: nothing here keeps, prints or returns the text that was matched, only where it is.

mod classify;
mod cues;
mod detect;
mod engine;
mod finding;
mod inspection;
mod kind;
#[cfg_attr(not(test), expect(dead_code, reason = "the engine does not call it yet"))]
mod names;
mod normalise;
mod redact;
mod score;
mod seam;
mod settings;
mod text;

#[cfg(test)]
mod tests;

pub use engine::{Engine, Redaction};
pub use finding::{Finding, Findings, Term};
pub use kind::{About, Family, Kind, ParseKindError, Selector};
pub use redact::redact;
pub use settings::{Region, Settings, UnknownRegion};
