//! What a model costs: integers, in nano-dollars per million tokens.

use serde::{Deserialize, Serialize};
use types::{Nanos, NanosPerMillion};

/// The price of one model from one day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Names the row in ledger and audit: `provider/model@date`. Past costs never change, because a
    /// new price is a new row.
    pub id: String,
    /// What applies below every tier.
    pub rates: Rates,
    /// What applies to the whole request once its input is longer, shortest first.
    pub tiers: Vec<Tier>,
    /// Per request, whatever it uses.
    pub request: Nanos,
}

/// Rates per kind of token, each in nano-dollars per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Input that no other rate covers.
    pub input: NanosPerMillion,
    /// Input read from the provider's cache.
    pub cached_input: NanosPerMillion,
    /// Input written to the provider's cache; often dearer than plain input.
    pub cache_write: NanosPerMillion,
    /// Input of audio.
    pub audio_input: NanosPerMillion,
    /// Output that no other rate covers.
    pub output: NanosPerMillion,
    /// Output spent on reasoning.
    pub reasoning: NanosPerMillion,
    /// Output of audio.
    pub audio_output: NanosPerMillion,
}

/// Rates for long inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// It applies when the input has more tokens than this.
    pub above_tokens: u64,
    /// What then applies to every token of the request.
    pub rates: Rates,
}

impl Price {
    /// A price without tiers and fees.
    pub fn flat(id: impl Into<String>, input: NanosPerMillion, output: NanosPerMillion) -> Self {
        let rates = Rates::new(input, output);
        Self { id: id.into(), rates, tiers: Vec::new(), request: Nanos::ZERO }
    }

    /// The price of a model that costs nothing, such as a local one. Only for a model whose registry
    /// entry says so: a model without a price is refused, never free.
    pub fn free() -> Self {
        Self::flat("free", NanosPerMillion(0), NanosPerMillion(0))
    }

    /// The rates for a request whose input has this many tokens.
    pub fn rates_at(&self, input_tokens: u64) -> &Rates {
        let reached = self.tiers.iter().filter(|tier| tier.above_tokens < input_tokens);
        reached.max_by_key(|tier| tier.above_tokens).map_or(&self.rates, |tier| &tier.rates)
    }

    /// Every set of rates that an input of at most this many tokens can meet.
    pub(crate) fn reachable(&self, input_bound: u64) -> impl Iterator<Item = &Rates> {
        let reached = self.tiers.iter().filter(move |tier| tier.above_tokens < input_bound);
        std::iter::once(&self.rates).chain(reached.map(|tier| &tier.rates))
    }
}

impl Rates {
    /// Rates where every kind of input costs the same, and every kind of output.
    pub const fn new(input: NanosPerMillion, output: NanosPerMillion) -> Self {
        Self {
            input,
            cached_input: input,
            cache_write: input,
            audio_input: input,
            output,
            reasoning: output,
            audio_output: output,
        }
    }

    /// The dearest kind of input.
    pub fn dearest_input(&self) -> NanosPerMillion {
        self.input.max(self.cached_input).max(self.cache_write).max(self.audio_input)
    }

    /// The dearest kind of output.
    pub fn dearest_output(&self) -> NanosPerMillion {
        self.output.max(self.reasoning).max(self.audio_output)
    }

    /// All seven, for checks.
    pub(crate) const fn all(&self) -> [NanosPerMillion; 7] {
        [
            self.input,
            self.cached_input,
            self.cache_write,
            self.audio_input,
            self.output,
            self.reasoning,
            self.audio_output,
        ]
    }
}
