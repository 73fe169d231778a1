//! The way out: a message is sent once, or looked up before anybody thinks of sending it again.

use std::time::Duration;

use crate::connector::{Connector, Outgoing, Receipt, Trouble};

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The service has it.
    Sent(Receipt),
    /// It was not sent: plan it again, after this wait where the service names one.
    Later(Option<Duration>),
    /// Nobody knows: the effect is unknown until it can be looked up.
    Unknown,
    /// The service will never take it.
    Refused(String),
}

/// Delivers an effect. `tried` says that it was in the state `sending` before, so that it may be there
/// already: then it is looked up first, and sent only where it is not.
pub async fn deliver(connector: &dyn Connector, message: &Outgoing, tried: bool) -> Delivery {
    if tried {
        match connector.find(message).await {
            Ok(Some(receipt)) => return Delivery::Sent(receipt),
            Ok(None) => {}
            // It was tried, and cannot be looked up: to send it now could be to send it twice.
            Err(_) => return Delivery::Unknown,
        }
    }
    match connector.send(message).await {
        Ok(receipt) => Delivery::Sent(receipt),
        Err(Trouble::Later(after)) => Delivery::Later(after),
        Err(Trouble::Refused(why)) => Delivery::Refused(why),
        Err(Trouble::Unknown) => match connector.find(message).await {
            Ok(Some(receipt)) => Delivery::Sent(receipt),
            // Not there yet is not the same as never there: the next try looks again.
            Ok(None) | Err(_) => Delivery::Unknown,
        },
    }
}
