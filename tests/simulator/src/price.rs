//! What a simulated token costs.

use serde::{Deserialize, Serialize};

/// The price of a model in whole nano-dollars for one token, so that a bill never rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Nano-dollars for one input token. 1,000 is one dollar for a million tokens.
    pub input_nanos: u64,
    /// Nano-dollars for one output token.
    pub output_nanos: u64,
}

impl Price {
    /// Costs nothing, like a model on your own machine.
    pub const FREE: Self = Self { input_nanos: 0, output_nanos: 0 };

    /// A price from dollars for one million tokens.
    pub const fn dollars_per_million(input: u64, output: u64) -> Self {
        Self {
            input_nanos: input.saturating_mul(1_000),
            output_nanos: output.saturating_mul(1_000),
        }
    }

    /// The cost of a call in nano-dollars. It saturates: a test that overflows 18 billion dollars
    /// is wrong in a way that a huge number shows best.
    pub const fn cost(self, input_tokens: u64, output_tokens: u64) -> u64 {
        self.input_nanos
            .saturating_mul(input_tokens)
            .saturating_add(self.output_nanos.saturating_mul(output_tokens))
    }
}
