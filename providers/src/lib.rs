//! Wire formats: pure functions between our shape (`types::chat`, `types::answer`, `types::embed`) and
//! that of each provider's API. No I/O and no clock.
//!
//! Invariant: nothing is dropped silently. What a format cannot say is refused by the name of the
//! field, and no input, however broken, panics. Errors carry positions and names, never content.

pub mod anthropic;
mod api;
pub mod azure;
pub mod bedrock;
mod dialect;
mod embed;
mod endpoint;
mod failure;
pub mod gemini;
pub mod json;
pub mod mistral;
pub mod openai;
mod outgoing;
mod params;
mod schema;
pub mod sse;
mod wire;

pub use api::{Api, Asked, StreamEncoder};
pub use dialect::{Dialect, StreamDecoder};
pub use endpoint::Endpoint;
pub use openai::{ModelEntry, responses::Echo};
pub use outgoing::{Header, Outgoing, Unsigned};
pub use wire::{
    BadAnswer, BadStream, MaxTokensField, Rejection, Target, Unsupported, UpstreamError,
};
