//! `orchestack prices`.

use std::process::ExitCode;

use admin::{Money, PriceList, PriceRates, PriceTier, PricedModel};

use super::or_dash;
use crate::{
    args::Prices,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Prices,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let list: PriceList = client.ask(Ask::get(&["prices"])).await?;
    match command {
        Prices::List => {
            output.show(&list, |list| prices(&list.models));
            Ok(ExitCode::SUCCESS)
        }
        Prices::Check => {
            let usable = |model: &PricedModel| model.enabled && model.price.is_none();
            let found = PriceList { models: list.models.into_iter().filter(usable).collect() };
            output.show(&found, |found| missing(&found.models));
            let ok = found.models.is_empty();
            Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// A line for each model and, below it, one for each tier, for each class of service, and for what
/// is paid beside text.
fn prices(models: &[PricedModel]) -> String {
    let rows = models.iter().flat_map(|model| {
        let row = [model.model.clone(), model.provider.clone()];
        let first = match (&model.rates, model.enabled) {
            (None, true) => rates(row, "none: refused", None),
            (None, false) => rates(row, "none: disabled", None),
            (Some(found), _) => rates(row, &or_dash(model.price.as_deref()), Some(found)),
        };
        let mut rows = vec![first];
        rows.extend(tiers("", &model.tiers));
        for class in &model.classes {
            rows.push(below(&class.class, Some(&class.rates)));
            rows.extend(tiers(&format!("{}, ", class.class), &class.tiers));
        }
        rows.extend(beside(model).iter().map(|text| below(text, None)));
        rows
    });
    let head = ["MODEL", "PROVIDER", "INPUT", "CACHED", "WRITTEN", "OUTPUT", "THOUGHT", "PRICE"];
    table(head, rows.collect())
}

fn tiers(class: &str, tiers: &[PriceTier]) -> Vec<[String; 8]> {
    let row = |tier: &PriceTier| {
        let known = if tier.rates.input.is_some() { "" } else { ": no price" };
        let text = format!("{class}input above {} tokens{known}", tier.above_tokens);
        below(&text, Some(&tier.rates))
    };
    tiers.iter().map(row).collect()
}

/// A row below a model's first.
fn below(text: &str, found: Option<&PriceRates>) -> [String; 8] {
    rates([String::new(), String::new()], text, found)
}

/// Rates of audio and images, and fees.
fn beside(model: &PricedModel) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(found) = &model.rates {
        let kept =
            found.cache_write_1h.clone().filter(|_| found.cache_write_1h != found.cache_write);
        for (what, rate) in [
            ("a million tokens kept in the cache for an hour", &kept),
            ("a million tokens of audio in", &found.audio_input),
            ("a million tokens of cached audio in", &found.cached_audio),
            ("a million tokens of audio out", &found.audio_output),
            ("a million tokens of images out", &found.image_output),
        ] {
            told.extend(rate.as_ref().map(|rate| format!("{} {what}", rate.usd)));
        }
    }
    for (what, fee) in [
        ("a request", &model.request),
        ("an image", &model.image),
        ("a second", &model.second),
        ("a search", &model.search),
    ] {
        let fee = fee.as_ref().filter(|fee| fee.nanos > 0);
        told.extend(fee.map(|fee| format!("{} {what}", fee.usd)));
    }
    told
}

fn rates([model, provider]: [String; 2], price: &str, rates: Option<&PriceRates>) -> [String; 8] {
    let usd = |rate: fn(&PriceRates) -> &Option<Money>| {
        let rate = rates.and_then(|rates| rate(rates).as_ref());
        rate.map_or_else(|| "-".to_owned(), |rate| rate.usd.clone())
    };
    [
        model,
        provider,
        usd(|rates| &rates.input),
        usd(|rates| &rates.cached_input),
        usd(|rates| &rates.cache_write),
        usd(|rates| &rates.output),
        usd(|rates| &rates.reasoning),
        price.to_owned(),
    ]
}

fn missing(models: &[PricedModel]) -> String {
    if models.is_empty() {
        return "every model that may be used has a price".to_owned();
    }
    let row = |model: &PricedModel| {
        [
            model.model.clone(),
            model.provider.clone(),
            model.upstream.clone(),
            or_dash(model.file.as_deref()),
        ]
    };
    let rows = models.iter().map(row).collect();
    format!(
        "{}\n{} model(s) without a price: calls to them are refused, as nobody could hold what they \
         may cost\n  name `price.input` and `price.output` in the model's file, or `price.second` or \
         `free = true` for one of your own",
        table(["MODEL", "PROVIDER", "UPSTREAM", "FILE"], rows),
        models.len()
    )
}
