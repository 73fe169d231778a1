//! How people's messages reach agents, and how answers reach people.
//!
//! INVARIANT: a message is acknowledged to wherever it came from only after it is in the inbox. What an
//! agent says is in the transcript first: a connector only shows it, and can show it again.

mod collector;
mod connector;
mod delivery;
mod identity;
mod intake;
pub mod webchat;

pub use collector::{Collector, CollectorOptions};
pub use connector::{Connector, Incoming, Outgoing, Receipt, Received, Sender, Trouble};
pub use delivery::{Delivery, deliver};
pub use identity::{Code, Standing};
pub use intake::{Inbox, Stop, take};
