//! What models cost, and which have no price: those cannot be called.

use axum::Json;
use budget::{Extent, Fees, Kind, Price, Rates, Schedule};
use router::{Model, Purpose};
use serde::{Deserialize, Serialize};
use snapshot::Snapshot;
use types::{Discount, Nanos, Timestamp};
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
    /// What is paid less than what follows: a percentage such as `12.50%`.
    pub discount: Option<String>,
    /// Per request, whatever it uses.
    pub request: Option<Money>,
    /// For each image given, beside its tokens.
    pub image: Option<Money>,
    /// For each second, or part of one, that a call takes.
    pub second: Option<Money>,
    /// For each search that the provider makes; absent where that is not known.
    pub search: Option<Money>,
    /// What a million tokens cost.
    pub rates: Option<PriceRates>,
    /// What they cost once the input is longer, shortest first.
    pub tiers: Vec<PriceTier>,
    /// What they cost in other classes of service. In one that is not here nothing can be asked for.
    pub classes: Vec<PriceClass>,
}

/// What tokens cost in a class of service other than the standard one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceClass {
    /// `flex`, `priority` or `batch`.
    pub class: String,
    /// What a million tokens cost.
    pub rates: PriceRates,
    /// What they cost once the input is longer, shortest first.
    pub tiers: Vec<PriceTier>,
}

/// What a million tokens of each kind cost. What is absent is not known, and cannot be asked for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceRates {
    /// Input that no other rate covers.
    pub input: Option<Money>,
    /// Input read from the provider's cache.
    pub cached_input: Option<Money>,
    /// Input written to the provider's cache.
    pub cache_write: Option<Money>,
    /// Input written to the provider's cache to be kept for an hour.
    pub cache_write_1h: Option<Money>,
    /// Input of images.
    pub image_input: Option<Money>,
    /// Input of audio.
    pub audio_input: Option<Money>,
    /// Input of audio read from the provider's cache.
    pub cached_audio: Option<Money>,
    /// Output that no other rate covers; a model for embeddings has none.
    pub output: Option<Money>,
    /// Output spent on reasoning.
    pub reasoning: Option<Money>,
    /// Output of images.
    pub image_output: Option<Money>,
    /// Output of audio.
    pub audio_output: Option<Money>,
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
    // One that not even a call with text in and out can be priced with is no price to callers. Where
    // vectors come out, nothing else does.
    let output = u64::from(model.purpose() == Purpose::Chat);
    let usable = |price: &Price| budget::bound(price, &Extent::text(1, output, 1)).is_ok();
    let price = snapshot.price(model, now).filter(|price| usable(price));
    let price: Option<&Price> = price.as_deref();
    let fee = |of: fn(&Fees) -> Option<Nanos>| price.and_then(|p| of(&p.fees)).map(Money::from);
    let discount = price.map(|price| price.discount).filter(|off| *off != Discount::NONE);
    PricedModel {
        model: model.id.clone(),
        provider: model.provider.clone(),
        upstream: model.upstream.clone(),
        file: origin(&model.origin).1,
        enabled: model.enabled,
        price: price.map(|price| price.id.clone()),
        discount: discount.map(|off| off.to_string()),
        request: fee(|fees| Some(fees.request)),
        image: fee(|fees| Some(fees.image)),
        second: fee(|fees| Some(fees.second)),
        search: fee(|fees| Some(fees.search?.each)),
        rates: price.map(|price| rates(&price.standard.rates)),
        tiers: price.map(|price| tiers(&price.standard)).unwrap_or_default(),
        classes: price.map(classes).unwrap_or_default(),
    }
}

fn classes(price: &Price) -> Vec<PriceClass> {
    let class = |(class, schedule): (&types::ServiceClass, &Schedule)| PriceClass {
        class: class.to_string(),
        rates: rates(&schedule.rates),
        tiers: tiers(schedule),
    };
    price.classes.iter().map(class).collect()
}

fn tiers(schedule: &Schedule) -> Vec<PriceTier> {
    let tier = |tier: &budget::Tier| PriceTier {
        above_tokens: tier.above_tokens,
        rates: rates(&tier.rates),
    };
    schedule.tiers.iter().map(tier).collect()
}

fn rates(rates: &Rates) -> PriceRates {
    // Nano-dollars per million tokens: what a million cost.
    let money = |kind| rates.get(kind).map(|rate| Money::from(Nanos(rate.0)));
    PriceRates {
        input: money(Kind::Input),
        cached_input: money(Kind::CachedInput),
        cache_write: money(Kind::CacheWrite),
        cache_write_1h: money(Kind::CacheWrite1h),
        image_input: money(Kind::ImageInput),
        audio_input: money(Kind::AudioInput),
        cached_audio: money(Kind::CachedAudio),
        output: money(Kind::Output),
        reasoning: money(Kind::Reasoning),
        image_output: money(Kind::ImageOutput),
        audio_output: money(Kind::AudioOutput),
    }
}
