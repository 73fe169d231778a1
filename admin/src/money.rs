//! Money in answers: exact for machines, readable for people.

use serde::{Deserialize, Serialize};
use types::Nanos;
use utoipa::ToSchema;

use crate::error::Error;

/// An amount of US dollars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Money {
    /// Nano-dollars.
    pub nanos: i64,
    /// US dollars as text: `0.50`.
    pub usd: String,
}

impl From<Nanos> for Money {
    fn from(amount: Nanos) -> Self {
        Self { nanos: amount.0, usd: amount.to_usd() }
    }
}

/// Reads an amount that a person wrote.
pub(crate) fn parse(text: &str) -> Result<Nanos, Error> {
    text.parse().map_err(|error: types::MoneyError| {
        Error::invalid(error.to_string(), "write US dollars such as `5.00`")
    })
}
