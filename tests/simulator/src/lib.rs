//! A model provider that is not one: it speaks the wire formats of OpenAI, Anthropic, Azure, Mistral,
//! Gemini and Bedrock, embeddings too, does the faults it is told to do, and keeps its own bill.
//!
//! It is the independent oracle of the whole-system tests, so it uses no code of the other crates.
//! INVARIANT: the same request gets the same answer, and the bill of an answer follows from its
//! text alone (see [`tokens`]), so a test can compute by hand what the gateway must have paid.

mod answer;
mod anthropic;
mod ask;
mod bedrock;
mod behaviour;
mod bench;
mod bill;
mod dialect;
mod embed;
mod gemini;
mod instance;
mod log;
mod mistral;
mod named;
mod openai;
mod price;
mod reply;
mod routes;
mod script;
mod serve;
mod signature;
mod simulator;
pub mod tokens;
mod wire;

pub use behaviour::{Ability, Behaviour, End, Malformed, UsageReport};
pub use bill::{BillTotal, Error as BillError};
pub use log::Seen;
pub use price::Price;
pub use script::{ModelScript, Script};
pub use signature::AwsKey;
pub use simulator::{Error, Model, Simulator, SimulatorOptions};
