//! Prices with every feature that one can have, by name.

use std::collections::BTreeMap;

use budget::{Catalogue, Fees, Kind, Price, Rates, Schedule, SearchFee, Tier};
use types::{Discount, Nanos, NanosPerMillion, ServiceClass, Timestamp};

pub const NOW: Timestamp = Timestamp(1_795_300_000_000_000);
/// Where the tier of the test prices begins.
pub const LONG: u64 = 1_000;

pub const fn rate(nanos: i64) -> NanosPerMillion {
    NanosPerMillion(nanos)
}

/// Rates with eleven different figures, none of which divides another, and audio and images in both
/// directions. A cache write is dearer than plain input, and one for an hour dearer yet.
pub fn all_kinds(times: i64) -> Rates {
    let figures = [
        (Kind::Input, 3_000_017),
        (Kind::CachedInput, 300_007),
        (Kind::CacheWrite, 3_750_029),
        (Kind::CacheWrite1h, 6_000_031),
        (Kind::ImageInput, 2_900_011),
        (Kind::AudioInput, 40_000_003),
        (Kind::CachedAudio, 2_500_009),
        (Kind::Output, 15_000_013),
        (Kind::Reasoning, 16_000_019),
        (Kind::ImageOutput, 60_000_023),
        (Kind::AudioOutput, 80_000_027),
    ];
    figures
        .into_iter()
        .fold(Rates::NONE, |rates, (kind, nanos)| rates.with(kind, rate(nanos * times)))
}

fn schedule(times: i64, tiers: &[(u64, i64)]) -> Schedule {
    let tier = |(above_tokens, times): &(u64, i64)| Tier {
        above_tokens: *above_tokens,
        rates: if *times == 0 { Rates::NONE } else { all_kinds(*times) },
    };
    Schedule { rates: all_kinds(times), tiers: tiers.iter().map(tier).collect() }
}

fn rich(id: &str) -> Price {
    let standard = schedule(2, &[]);
    Price { standard, ..Price::flat(id, rate(0), rate(0)) }
}

fn with_classes(id: &str) -> Price {
    let classes = BTreeMap::from([
        (ServiceClass::Flex, schedule(1, &[(LONG, 2)])),
        (ServiceClass::Priority, schedule(5, &[(LONG, 9)])),
        (ServiceClass::Batch, schedule(1, &[(LONG, 2)])),
    ]);
    let auto = vec![ServiceClass::Flex, ServiceClass::Priority];
    Price { standard: schedule(2, &[(LONG, 4)]), classes, auto, ..rich(id) }
}

pub const FEES: Fees = Fees {
    request: Nanos(1_001),
    image: Nanos(700_003),
    second: Nanos(50_021),
    search: Some(SearchFee { each: Nanos(10_000_019), searches_max: 3, tokens_max: 8_000 }),
};

fn off(basis_points: u16) -> Discount {
    Discount::new(basis_points).unwrap()
}

/// The test prices, then some rows of the catalogue.
pub fn all() -> Vec<(String, Price)> {
    let with_fees = Price { fees: FEES, ..with_classes("fees") };
    let mut prices = vec![
        ("a fraction of a nano a token", Price::flat("fraction", rate(1), rate(1))),
        ("input and output", Price::flat("flat", rate(3_000_017), rate(15_000_013))),
        ("output cheaper than input", Price::flat("reverse", rate(15_000_013), rate(17))),
        ("free", Price::free()),
        ("every kind of token", rich("kinds")),
        ("a tier", Price { standard: schedule(2, &[(LONG, 4)]), ..rich("tier") }),
        ("a cheaper tier", Price { standard: schedule(4, &[(LONG, 1)]), ..rich("down") }),
        (
            "three tiers",
            Price { standard: schedule(1, &[(1, 2), (LONG, 3), (LONG + 1, 9)]), ..rich("three") },
        ),
        ("classes with tiers", with_classes("classes")),
        ("every fee", with_fees.clone()),
        ("every fee, 15 % off", with_fees.clone().less(off(1_500))),
        ("every fee, 0.01 % off", with_fees.clone().less(off(1))),
        ("every fee, 99.99 % off", with_fees.less(off(9_999))),
        (
            "seconds alone",
            Price { fees: Fees { second: Nanos(250_007), ..Fees::default() }, ..Price::free() },
        ),
        (
            "embeddings",
            Price {
                standard: Schedule {
                    rates: Rates::input_only(rate(130_000_003)),
                    tiers: Vec::new(),
                },
                ..Price::flat("embeddings", rate(0), rate(0))
            },
        ),
        ("the dearest that fits", Price::flat("dear", rate(1 << 44), rate(1 << 44))),
    ]
    .into_iter()
    .map(|(name, price)| (name.to_owned(), price))
    .collect::<Vec<_>>();
    let catalogue = Catalogue::builtin();
    for (provider, model) in [
        ("openai", "gpt-4o"),
        ("openai", "gpt-5.4"),
        ("openai", "gpt-5.6"),
        ("openai", "gpt-audio"),
        ("openai", "text-embedding-3-small"),
        ("anthropic", "claude-haiku-5-5"),
        ("anthropic", "claude-opus-4-5"),
        ("gemini", "gemini-2.5-flash"),
        ("gemini", "gemini-embedding-2"),
    ] {
        let price = Price::clone(catalogue.price(provider, model, NOW).unwrap());
        prices.push((price.id.clone(), price));
    }
    prices
}
