//! The webchat: a page, a widget and a small API on which people write to agents and read their answers.
//!
//! ```text
//! Host, Origin -> whose conversation, who -> limits -> the inbox: only then `ack`
//! transcript (SQL) -> events by number, replayed to whoever was away; deltas from the bus beside them, never the truth
//! ```
//!
//! INVARIANT: a conversation is read and written by whoever has its token, and where a person of ours began
//! it, by that person alone. What a person decides goes through [`House`], on the person's own token.

mod attachments;
mod conversation;
mod error;
mod events;
mod guard;
mod house;
mod limits;
mod live;
mod metrics;
mod page;
mod post;
mod protocol;
mod routes;
mod seal;
mod serve;
mod sign;
mod socket;
mod visitor;

pub use house::{Addressee, House, Person, Refused, Vote};
pub use serve::{ListenError, Parts, Webchat};

/// The name of this connector in sessions, subjects and records.
pub const NAME: &str = "webchat";
