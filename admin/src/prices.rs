//! What models cost, and which have no price: those cannot be called.

use axum::Json;
use budget::{Price, Rates};
use router::Model;
use serde::{Deserialize, Serialize};
use snapshot::Snapshot;
use types::{Nanos, NanosPerMillion, Timestamp};
use utoipa::ToSchema;

use crate::{
    desk::Desk,
    error::{Error, Refusal},
    money::Money,
    providers::origin,
};
use policy::Operation;

/// Prices.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceList {
    /// Every registered model, by id.
    pub models: Vec<PricedModel>,
}

/// A model with its price.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PricedModel {
    /// The id that callers use.
    pub model: String,
    /// Its provider.
    pub provider: String,
    /// Its name at the provider, by which the catalogue knows it.
    pub upstream: String,
    /// Where it was written, for one from the tree.
    pub file: Option<String>,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// The id of its price, as ledger and audit name it; absent where no price is known. Such a
    /// model cannot be called: nobody could say what a call may cost.
    pub price: Option<String>,
    /// Per request, whatever it uses.
    pub request: Option<Money>,
    /// What a million tokens cost.
    pub rates: Option<PriceRates>,
    /// What they cost once the input is longer, shortest first.
    pub tiers: Vec<PriceTier>,
}

/// What a million tokens of each kind cost.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceRates {
    /// Input that no other rate covers.
    pub input: Money,
    /// Input read from the provider's cache.
    pub cached_input: Money,
    /// Input written to the provider's cache.
    pub cache_write: Money,
    /// Input of audio.
    pub audio_input: Money,
    /// Output that no other rate covers.
    pub output: Money,
    /// Output spent on reasoning.
    pub reasoning: Money,
    /// Output of audio.
    pub audio_output: Money,
}

/// Rates for long inputs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceTier {
    /// They apply to the whole request when its input has more tokens than this.
    pub above_tokens: u64,
    /// What a million tokens then cost.
    pub rates: PriceRates,
}

/// Lists what every model costs now.
#[utoipa::path(
    get, path = "/api/v1/prices", tag = "prices",
    responses((status = 200, body = PriceList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk) -> Result<Json<PriceList>, Error> {
    let act = desk.permit(Operation::PriceList, "").await?;
    let snapshot = act.control().snapshots.load();
    let now = Timestamp::now();
    let models = snapshot.registry.models().map(|model| view(&snapshot, model, now)).collect();
    Ok(Json(PriceList { models }))
}

fn view(snapshot: &Snapshot, model: &Model, now: Timestamp) -> PricedModel {
    let price = snapshot.price(model, now);
    let price: Option<&Price> = price.as_deref();
    let tiers = price.map(|price| price.tiers.as_slice()).unwrap_or_default();
    PricedModel {
        model: model.id.clone(),
        provider: model.provider.clone(),
        upstream: model.upstream.clone(),
        file: origin(&model.origin).1,
        enabled: model.enabled,
        price: price.map(|price| price.id.clone()),
        request: price.map(|price| price.request.into()),
        rates: price.map(|price| rates(&price.rates)),
        tiers: tiers
            .iter()
            .map(|tier| PriceTier { above_tokens: tier.above_tokens, rates: rates(&tier.rates) })
            .collect(),
    }
}

fn rates(rates: &Rates) -> PriceRates {
    // Nano-dollars per million tokens: what a million cost.
    let money = |NanosPerMillion(nanos)| Money::from(Nanos(nanos));
    PriceRates {
        input: money(rates.input),
        cached_input: money(rates.cached_input),
        cache_write: money(rates.cache_write),
        audio_input: money(rates.audio_input),
        output: money(rates.output),
        reasoning: money(rates.reasoning),
        audio_output: money(rates.audio_output),
    }
}
