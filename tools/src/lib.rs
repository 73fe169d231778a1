//! What is known of tools, as values: definitions and what changed in them, what is wrong with them,
//! schemas, where arguments go to, and REST services as tools.
//!
//! Pure: no clock, no file, no socket. INVARIANT: what a server says of its tools is never trusted
//! here; it is held against bounds and against what a person approved. No error has a value of an
//! argument in it.

mod definition;
mod destination;
mod diff;
pub mod flow;
mod hygiene;
mod json;
mod openapi;
mod percent;
mod pin;
mod schema;
mod shown;

pub use definition::{Definition, DefinitionError, DefinitionHash, NAME_CHARS_MAX, ParseHashError};
pub use destination::{Host, is_private};
pub use diff::{Change, What, diff};
pub use hygiene::{Fault, Flag, Severity, hygiene};
pub use json::{DEPTH_MAX, JsonError, VALUES_MAX, canonical, read as read_json};
pub use openapi::{LeftOut, Method, OpenApiError, Operation, Request, RequestError, Service};
pub use pin::{Pin, PinError, PinnedServer, TOOLS_MAX};
pub use schema::{Invalid, Schema, SchemaError, Violation};
pub use shown::{Hidden, hidden, shown};

/// The examples of the README, which are tested as this crate's own.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
