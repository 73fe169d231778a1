//! Every call of the table at every price of the table: the bound is never below the cost.
//!
//! The check is tried itself: each way to forget something in a bound must fail it.

use std::collections::BTreeSet;

use budget::{Asked, Extent, Fees, Kind, Price, Unpriced, bound, cost};
use types::{Discount, Nanos, ServiceClass, answer::Usage};

use crate::{calls, prices};

type Bound = fn(&Price, &Extent) -> Result<Nanos, Unpriced>;

/// The cases that were priced, and the names of those whose bound is below their cost. A case
/// without a price must be refused by the bound, before anything is spent.
fn run(bound: Bound) -> (usize, Vec<String>) {
    let (mut priced, mut broken) = (0, Vec::new());
    for (named, price) in prices::all() {
        for call in calls::all().into_iter().filter(|call| !unasked(&price, call)) {
            let name = format!("{named}: {}", call.name);
            match (bound(&price, &call.extent), cost(&price, &call.usage)) {
                (Ok(bound), Ok(cost)) => {
                    priced += 1;
                    if bound < cost {
                        broken.push(format!("{name}: {bound} < {cost}"));
                    }
                }
                (Ok(_), Err(error)) => broken.push(format!("{name}: held, and then {error}")),
                // Refused before it was sent.
                (Err(_), _) => {}
            }
        }
    }
    (priced, broken)
}

/// Whether the provider billed in a class that nobody asked for and that it has no reason to bill
/// in, or at a length where that has no price: the whole hold is charged then.
fn unasked(price: &Price, call: &calls::Call) -> bool {
    let (class, length) = (call.usage.class, call.usage.input);
    let priced = price.schedule(class).and_then(|known| known.at(length).get(Kind::Input));
    let may = class == ServiceClass::Standard || price.auto.contains(&class);
    call.extent.asked == Asked::Auto && (!may || priced.is_none())
}

#[test]
fn no_case_costs_more_than_its_bound() {
    let (priced, broken) = run(bound);
    assert_eq!(broken, [""; 0]);
    assert!(priced >= 300, "only {priced} cases have a price");
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let prices: BTreeSet<_> = prices::all().into_iter().map(|(name, _)| name).collect();
    let calls: BTreeSet<_> = calls::all().into_iter().map(|call| call.name).collect();
    assert_eq!((prices.len(), calls.len()), (prices::all().len(), calls::all().len()));
}

#[track_caller]
fn caught(forgetful: Bound, case: &str) {
    let (_, broken) = run(forgetful);
    assert!(broken.iter().any(|name| name.contains(case)), "not caught by `{case}`: {broken:?}");
}

/// The bound of a price that something was left out of.
fn without(price: &Price, extent: &Extent, change: impl Fn(&mut Price)) -> Result<Nanos, Unpriced> {
    let mut price = price.clone();
    change(&mut price);
    bound(&price, extent)
}

#[test]
fn a_bound_that_forgets_something_is_caught() {
    caught(
        |price, extent| {
            without(price, extent, |price| {
                let plain = price.standard.rates.get(Kind::Input);
                price.standard.rates.set(Kind::CacheWrite, plain);
            })
        },
        "every kind of token: all written to the cache",
    );
    caught(
        |price, extent| bound(price, &Extent { cache_1h: false, ..*extent }),
        "anthropic/claude-opus-4-5@2026-01-01: kept for an hour",
    );
    caught(
        |price, extent| without(price, extent, |price| price.standard.tiers.clear()),
        "a tier: the tier's first token",
    );
    caught(
        |price, extent| {
            bound(price, &Extent { asked: Asked::Only(ServiceClass::Standard), ..*extent })
        },
        "classes with tiers: the provider chose priority",
    );
    caught(
        |price, extent| {
            without(price, extent, |price| {
                price.fees = Fees { search: price.fees.search, ..Fees::default() }
            })
        },
        "every fee: a hundred images",
    );
    caught(
        |price, extent| bound(price, &Extent { seconds: 0, ..*extent }),
        "seconds alone: the whole time limit",
    );
    caught(
        |price, extent| bound(price, &Extent { choices: 1, ..*extent }),
        "input and output: four choices",
    );
    caught(
        |price, extent| {
            bound(price, &Extent { audio_input: false, audio_output: false, ..*extent })
        },
        "openai/gpt-audio@2026-01-01: all input is audio",
    );
    caught(
        |price, extent| {
            without(price, extent, |price| {
                price.discount =
                    Discount::new(price.discount.basis_points() * 2).unwrap_or(price.discount);
            })
        },
        "every fee, 15 % off: all that was held",
    );
    caught(
        |price, extent| bound(price, extent).map(|amount| Nanos(amount.0.saturating_sub(1).max(0))),
        "a fraction of a nano a token: one token each",
    );
}

#[track_caller]
fn check(price: &str, usage: Usage, nanos: i64) {
    let (_, price) = prices::all().into_iter().find(|(name, _)| name == price).unwrap();
    assert_eq!(cost(&price, &usage), Ok(Nanos(nanos)));
}

/// Costs that were worked out by hand: the sum of tokens times rate, over a million, rounded up.
#[test]
fn costs_are_what_a_person_works_out() {
    let used = |input, output| Usage { input, output, ..Usage::default() };
    check("a fraction of a nano a token", used(1, 0), 1);
    check("a fraction of a nano a token", used(500_000, 500_000), 1);
    check("a fraction of a nano a token", used(500_000, 500_001), 2);
    // 1,000 x 3.000017 + 10 x 15.000013 = 3,150.01713
    check("input and output", used(1_000, 10), 3_151);
    // 1 x 3.000017 x 2
    check("every kind of token", used(1, 0), 7);
    // 100 written at 7.500058 and 900 plain at 6.000034: 750.0058 + 5,400.0306
    check("every kind of token", Usage { cache_write: 100, ..used(1_000, 0) }, 6_151);
    // 100 written for minutes at 7.500058, 50 for an hour at 12.000062, 850 plain at 6.000034
    let kept = Usage { cache_write: 150, cache_write_1h: 50, ..used(1_000, 0) };
    check("every kind of token", kept, 6_451);
    // 10 of audio from the cache at 5.000018, 10 of other audio at 80.000006, no text
    let heard = Usage { audio_input: 20, cached: 10, cached_audio: 10, ..used(20, 0) };
    check("every kind of token", heard, 851);
    // 5 of audio at 160.000054 and 5 of reasoning at 32.000038
    check("every kind of token", Usage { audio_output: 5, reasoning: 5, ..used(0, 10) }, 961);
    // 1,000 at 6.000034, then 1,001 at 12.000068
    check("a tier", used(1_000, 0), 6_001);
    check("a tier", used(1_001, 0), 12_013);
    // Flex: 900 x 3.000017 + 90 x 15.000013; priority: five times that.
    let in_class = |class| Usage { class, ..used(900, 90) };
    check("classes with tiers", in_class(ServiceClass::Flex), 4_051);
    check("classes with tiers", in_class(ServiceClass::Standard), 8_101);
    check("classes with tiers", in_class(ServiceClass::Priority), 20_251);
    check("classes with tiers", in_class(ServiceClass::Batch), 4_051);
    // 1,001 + 2 x 700,003 + 3 x 50,021 + 10,000,019, no tokens
    let paid = Usage { images: 2, seconds: 3, searches: 1, ..used(0, 0) };
    check("every fee", paid, 11_551_089);
    // 85 % of it: 9,818,425.65
    check("every fee, 15 % off", paid, 9_818_426);
    // 0.01 % of it: 1,155.1
    check("every fee, 99.99 % off", paid, 1_156);
    check("seconds alone", Usage { seconds: 1, ..used(9, 9) }, 250_007);
    check("embeddings", used(1_000, 0), 130_001);
    check("free", Usage { cached: 9, reasoning: 9, ..used(99, 99) }, 0);
    // The catalogue: gpt-4o at 2.50 and 10.00 dollars a million, at 4.25 and 17.00 with priority.
    check("openai/gpt-4o@2026-01-01", used(1_000_000, 1_000_000), 12_500_000_000);
    let fast = Usage { class: ServiceClass::Priority, ..used(1_000_000, 1_000_000) };
    check("openai/gpt-4o@2026-01-01", fast, 21_250_000_000);
    check("openai/text-embedding-3-small@2026-01-01", used(1_000_000, 0), 20_000_000);
    // At 5.00 dollars a million, a write costs 6.25 for minutes and 10.00 for an hour.
    let written =
        |hour| Usage { cache_write: 1_000_000, cache_write_1h: hour, ..used(1_000_000, 0) };
    check("anthropic/claude-opus-4-5@2026-01-01", written(0), 6_250_000_000);
    check("anthropic/claude-opus-4-5@2026-01-01", written(1_000_000), 10_000_000_000);
    check("anthropic/claude-opus-4-5@2026-01-01", written(400_000), 7_750_000_000);
    let heard = Usage { audio_input: 1_000_000, ..used(1_000_000, 0) };
    check("openai/gpt-audio@2026-01-01", heard, 32_000_000_000);
}

#[track_caller]
fn refused(price: &str, extent: Extent, why: &str) {
    let (_, price) = prices::all().into_iter().find(|(name, _)| name == price).unwrap();
    assert_eq!(bound(&price, &extent).unwrap_err().to_string(), why);
}

#[test]
fn what_has_no_price_is_refused_and_never_free() {
    let text = |asked| Extent { asked, ..Extent::text(10, 10, 1) };
    let only = |class| text(Asked::Only(class));
    let auto = text(Asked::Auto);
    refused("input and output", only(ServiceClass::Priority), "the price has no class `priority`");
    refused("openai/gpt-4o@2026-01-01", only(ServiceClass::Flex), "the price has no class `flex`");
    refused(
        "input and output",
        Extent { audio_input: true, ..auto },
        "the price has no rate for `audio_input` in class `standard`",
    );
    refused(
        "openai/gpt-4o@2026-01-01",
        Extent { audio_output: true, ..auto },
        "the price has no rate for `audio_output` in class `standard`",
    );
    refused(
        "openai/gpt-5.6@2026-01-01",
        Extent { image_output: true, ..auto },
        "the price has no rate for `image_output` in class `standard`",
    );
    refused("embeddings", auto, "the price has no rate for `output` in class `standard`");
    refused(
        "input and output",
        Extent { searches: true, ..auto },
        "the price has no fee for searches",
    );
    // Priority is not sold for inputs beyond the tier of gpt-5.4.
    refused(
        "openai/gpt-5.4@2026-01-01",
        Extent { input: 272_001, ..only(ServiceClass::Priority) },
        "the price has no rate for `input` in class `priority`",
    );
    // Audio has no flex rate at Gemini.
    refused(
        "gemini/gemini-2.5-flash@2026-01-01",
        Extent { audio_input: true, ..only(ServiceClass::Flex) },
        "the price has no rate for `audio_input` in class `flex`",
    );
}

#[test]
fn a_usage_without_a_price_has_no_cost() {
    let (_, flat) = prices::all().into_iter().find(|(name, _)| name == "input and output").unwrap();
    let base = Usage { input: 9, output: 9, ..Usage::default() };
    for usage in [
        Usage { audio_input: 1, ..base },
        Usage { audio_output: 1, ..base },
        Usage { image_output: 1, ..base },
        Usage { searches: 1, ..base },
        Usage { class: ServiceClass::Priority, ..base },
    ] {
        assert!(cost(&flat, &usage).is_err(), "{usage:?}");
    }
}
