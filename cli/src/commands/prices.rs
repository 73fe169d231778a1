//! `orchestack prices`.

use std::process::ExitCode;

use admin::{Money, PriceList, PriceRates, PricedModel};

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

/// A line for each model and, below it, one for each tier.
fn prices(models: &[PricedModel]) -> String {
    let rows = models.iter().flat_map(|model| {
        let row = [model.model.clone(), model.provider.clone()];
        let first = match (&model.rates, model.enabled) {
            (None, true) => rates(row, "none: refused", None),
            (None, false) => rates(row, "none: disabled", None),
            (Some(found), _) => rates(row, &or_dash(model.price.as_deref()), Some(found)),
        };
        let tiers = model.tiers.iter().map(|tier| {
            let above = format!("input above {} tokens", tier.above_tokens);
            rates([String::new(), String::new()], &above, Some(&tier.rates))
        });
        std::iter::once(first).chain(tiers).collect::<Vec<_>>()
    });
    let head = ["MODEL", "PROVIDER", "INPUT", "CACHED", "WRITTEN", "OUTPUT", "THOUGHT", "PRICE"];
    table(head, rows.collect())
}

fn rates([model, provider]: [String; 2], price: &str, rates: Option<&PriceRates>) -> [String; 8] {
    let usd = |rate: fn(&PriceRates) -> &Money| {
        rates.map_or_else(|| "-".to_owned(), |rates| rate(rates).usd.clone())
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
         may cost\n  name `price.input` and `price.output` in the model's file, or `free = true` for \
         one of your own",
        table(["MODEL", "PROVIDER", "UPSTREAM", "FILE"], rows),
        models.len()
    )
}
