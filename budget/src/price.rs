//! What a model costs: integers, in nano-dollars and in nano-dollars per million tokens.

use std::collections::BTreeMap;

use types::{Discount, Nanos, NanosPerMillion, ServiceClass};

use crate::rates::Rates;

/// The price of one model from one day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Names the row in ledger and audit: `provider/model@date`, with the discount where there is
    /// one. Past costs never change, because a new price is a new row.
    pub id: String,
    /// What a call costs that asked for no class of service.
    pub standard: Schedule,
    /// What it costs in the other classes that have a price.
    pub classes: BTreeMap<ServiceClass, Schedule>,
    /// In which of these a call may be billed that asked for none, by the provider's own settings.
    pub auto: Vec<ServiceClass>,
    /// What is paid beside tokens.
    pub fees: Fees,
    /// What the tenant pays less than all of this.
    pub discount: Discount,
}

/// Rates by the length of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What applies below every tier.
    pub rates: Rates,
    /// What applies to the whole request once its input is longer, shortest first. A tier without
    /// rates says that nobody knows what so long a request costs.
    pub tiers: Vec<Tier>,
}

/// Rates for long inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// It applies when the input has more tokens than this.
    pub above_tokens: u64,
    /// What then applies to every token of the request.
    pub rates: Rates,
}

/// What is paid beside tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fees {
    /// For a request, whatever it uses.
    pub request: Nanos,
    /// For each image given, beside its tokens.
    pub image: Nanos,
    /// For each second or part of one that a request takes: what a machine of one's own costs.
    pub second: Nanos,
    /// For searches, where their price is known.
    pub search: Option<SearchFee>,
}

/// What searches cost that a provider makes for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchFee {
    /// For each.
    pub each: Nanos,
    /// The most that one request makes.
    pub searches_max: u64,
    /// The most input tokens that the findings of one add.
    pub tokens_max: u64,
}

impl Price {
    /// A price with one rate for input, one for output, and nothing else.
    pub fn flat(id: impl Into<String>, input: NanosPerMillion, output: NanosPerMillion) -> Self {
        Self {
            id: id.into(),
            standard: Schedule { rates: Rates::text(input, output), tiers: Vec::new() },
            classes: BTreeMap::new(),
            auto: Vec::new(),
            fees: Fees::default(),
            discount: Discount::NONE,
        }
    }

    /// The price of a model that costs nothing, such as a local one. Only for a model whose registry
    /// entry says so: a model without a price is refused, never free.
    pub fn free() -> Self {
        Self::flat("free", NanosPerMillion(0), NanosPerMillion(0))
    }

    /// This price with a tenant's discount. Its id says so, for the past must be computed with the
    /// discount of its day.
    #[must_use]
    pub fn less(mut self, discount: Discount) -> Self {
        if discount != Discount::NONE {
            self.id = format!("{};discount={discount}", self.id);
            self.discount = discount;
        }
        self
    }

    /// The rates of a class of service, if it has a price.
    pub fn schedule(&self, class: ServiceClass) -> Option<&Schedule> {
        match class {
            ServiceClass::Standard => Some(&self.standard),
            ServiceClass::Flex | ServiceClass::Priority | ServiceClass::Batch => {
                self.classes.get(&class)
            }
        }
    }
}

impl Schedule {
    /// The rates for a request whose input has this many tokens.
    pub fn at(&self, input_tokens: u64) -> &Rates {
        let reached = self.tiers.iter().filter(|tier| tier.above_tokens < input_tokens);
        reached.max_by_key(|tier| tier.above_tokens).map_or(&self.rates, |tier| &tier.rates)
    }

    /// Every set of rates that an input of at most this many tokens can meet.
    pub(crate) fn reachable(&self, input_bound: u64) -> impl Iterator<Item = &Rates> {
        let reached = self.tiers.iter().filter(move |tier| tier.above_tokens < input_bound);
        std::iter::once(&self.rates).chain(reached.map(|tier| &tier.rates))
    }
}
