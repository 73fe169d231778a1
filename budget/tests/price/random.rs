//! Prices, extents and usages at random.

use std::collections::BTreeMap;

use budget::{
    Asked, Catalogue, Extent, Fees, Kind, Price, Rates, Schedule, SearchFee, Tier,
    affordable_output, bound, cost, dearest_class, saved,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use types::{Discount, MoneyError, Nanos, NanosPerMillion, ServiceClass, answer::Usage};

use crate::prices::NOW;

/// Rates of every kind; text always has one, the others may have none.
fn rates() -> impl Strategy<Value = Rates> {
    let rate = || 0_i64..200_000_000_000;
    let (text, rest) = (vec(rate(), 7), vec(option::weighted(0.98, rate()), 4));
    (text, rest).prop_map(|(text, rest)| {
        use Kind::{
            AudioInput, AudioOutput, CacheWrite, CacheWrite1h, CachedAudio, CachedInput,
            ImageInput, ImageOutput, Input, Output, Reasoning,
        };
        let text = [Input, CachedInput, CacheWrite, CacheWrite1h, ImageInput, Output, Reasoning]
            .into_iter()
            .zip(text);
        let rest = [AudioInput, CachedAudio, ImageOutput, AudioOutput].into_iter().zip(rest);
        let mut rates = Rates::NONE;
        text.for_each(|(kind, rate)| rates.set(kind, Some(NanosPerMillion(rate))));
        rest.for_each(|(kind, rate)| rates.set(kind, rate.map(NanosPerMillion)));
        rates
    })
}

prop_compose! {
    /// Some of its tiers may have no price.
    fn schedule()(
        rates in rates(),
        mut tiers in vec((1_u64..300_000, option::weighted(0.98, rates())), 0..3),
    ) -> Schedule {
        tiers.sort_by_key(|(above, _)| *above);
        let tier = |(above_tokens, rates): (u64, Option<Rates>)| Tier {
            above_tokens,
            rates: rates.unwrap_or(Rates::NONE),
        };
        Schedule { rates, tiers: tiers.into_iter().map(tier).collect() }
    }
}

prop_compose! {
    fn fees()(
        [request, image, second] in prop::array::uniform3(0_i64..10_000_000),
        search in option::weighted(0.9, (0_i64..50_000_000, 0_u64..5, 0_u64..20_000)),
    ) -> Fees {
        let search = search.map(|(each, searches_max, tokens_max)| SearchFee {
            each: Nanos(each), searches_max, tokens_max,
        });
        Fees { request: Nanos(request), image: Nanos(image), second: Nanos(second), search }
    }
}

prop_compose! {
    fn price()(
        standard in schedule(),
        others in prop::array::uniform3(option::weighted(0.9, schedule())),
        fees in fees(),
        discount in prop_oneof![Just(0_u16), 0_u16..10_000],
    ) -> Price {
        let classes = [ServiceClass::Flex, ServiceClass::Priority, ServiceClass::Batch];
        let classes: BTreeMap<_, _> =
            classes.into_iter().zip(others).filter_map(|(c, known)| known.map(|k| (c, k))).collect();
        let auto = vec![ServiceClass::Flex, ServiceClass::Priority];
        let price = Price {
            standard, classes, auto, fees, ..Price::flat("p/m@d", NanosPerMillion(0), NanosPerMillion(0))
        };
        price.less(Discount::new(discount).unwrap())
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![Just(Asked::Auto), select(ServiceClass::ALL).prop_map(Asked::Only)]
}

prop_compose! {
    fn extent()(
        (input, output, choices) in (0_u64..400_000, 0_u64..20_000, 0_u32..5),
        (images, seconds) in (0_u64..10, 0_u64..4_000),
        [cache_1h, audio_input, audio_output, image_output, searches] in any::<[bool; 5]>(),
        asked in asked(),
    ) -> Extent {
        Extent {
            input, output, choices, cache_1h, images, audio_input, audio_output, image_output,
            searches, asked, seconds,
        }
    }
}

/// Any usage within an extent, its parts well formed or not.
fn usage(extent: Extent, price: &Price) -> impl Strategy<Value = Usage> + use<> {
    let fee = price.fees.search.filter(|_| extent.searches);
    let (searches, found) =
        fee.map_or((0, 0), |fee| (fee.searches_max, fee.searches_max * fee.tokens_max));
    let (input, output) = (extent.input + found, extent.output * u64::from(extent.choices.max(1)));
    let kinds = vec(0..=input, 7);
    let out = vec(0..=output, 4);
    // What a call asked for, or what it falls back to where the provider has no room.
    let classes = match extent.asked {
        Asked::Auto => vec![ServiceClass::Standard, ServiceClass::Flex, ServiceClass::Priority],
        Asked::Only(class) => vec![class, ServiceClass::Standard],
    };
    (kinds, out, 0..=searches, 0..=extent.seconds, 0..=extent.images, select(classes)).prop_map(
        move |(kinds, out, searches, seconds, images, class)| {
            let only = |may: bool, tokens: u64| if may { tokens } else { 0 };
            let audio_input = only(extent.audio_input, kinds[3]);
            Usage {
                input: kinds[0],
                cached: kinds[1],
                cache_write: kinds[2],
                cache_write_1h: only(extent.cache_1h, kinds[6]),
                audio_input,
                cached_audio: audio_input.min(kinds[4]),
                image_input: only(extent.images > 0, kinds[5]),
                output: out[0],
                reasoning: out[1],
                audio_output: only(extent.audio_output, out[2]),
                image_output: only(extent.image_output, out[3]),
                images,
                searches,
                seconds,
                class,
                counted: false,
                tokenizer: None,
            }
        },
    )
}

fn held_and_used() -> impl Strategy<Value = (Price, Extent, Usage)> {
    (price(), extent()).prop_flat_map(|(price, extent)| {
        usage(extent, &price).prop_map(move |usage| (price.clone(), extent, usage))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, max_global_rejects: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bound_is_never_below_a_cost_within_its_extent((price, extent, usage) in held_and_used()) {
        // What cannot be bound is not sent; what the provider bills in a class without a price, which
        // nobody asked for, is charged with the whole hold.
        let (bound, charged) = (bound(&price, &extent), cost(&price, &usage));
        prop_assume!(bound.is_ok() && charged.is_ok());
        let (bound, charged) = (bound.unwrap(), charged.unwrap());
        prop_assert!(bound >= charged, "{bound} < {charged}");
        let class = dearest_class(&price, &usage, extent.asked);
        let untold = cost(&price, &Usage { class, ..usage }).unwrap();
        prop_assert!(bound >= untold && untold >= charged, "{bound}, {untold}, {charged}");
    }

    #[test]
    fn what_was_asked_for_by_name_and_held_for_can_be_charged(
        (price, extent, usage) in held_and_used(),
    ) {
        prop_assume!(bound(&price, &extent).is_ok() && extent.asked != Asked::Auto);
        prop_assert!(cost(&price, &usage).is_ok());
    }

    #[test]
    fn what_is_charged_is_at_least_the_exact_cost_and_less_than_a_nano_more(
        rates in vec(0_i64..200_000_000_000, 11),
        parts in vec(0_u64..200_000, 11),
        (fees, discount) in (fees(), 0_u16..10_000),
        (images, seconds) in (0_u64..10, 0_u64..4_000),
    ) {
        use Kind::{AudioInput, AudioOutput, CacheWrite, CacheWrite1h, CachedAudio, CachedInput};
        use Kind::{ImageInput, ImageOutput, Input, Output, Reasoning};
        let order = [
            Input, CachedInput, CacheWrite, ImageInput, AudioInput, CachedAudio,
            Output, Reasoning, ImageOutput, AudioOutput, CacheWrite1h,
        ];
        let all = order.into_iter().zip(&rates);
        let standard = Schedule {
            rates: all.fold(Rates::NONE, |rates, (kind, rate)| rates.with(kind, NanosPerMillion(*rate))),
            tiers: Vec::new(),
        };
        let discount = Discount::new(discount).unwrap();
        let price = Price { standard, fees, ..Price::free() }.less(discount);
        let usage = Usage {
            input: parts[..6].iter().sum::<u64>() + parts[10],
            cached: parts[1] + parts[5],
            cache_write: parts[2] + parts[10],
            cache_write_1h: parts[10],
            image_input: parts[3],
            audio_input: parts[4] + parts[5],
            cached_audio: parts[5],
            output: parts[6..10].iter().sum(),
            reasoning: parts[7],
            image_output: parts[8],
            audio_output: parts[9],
            images,
            seconds,
            ..Usage::default()
        };
        // In millionths of a nano-dollar and basis points of it there is nothing to round.
        let tokens: i128 = parts.iter().zip(&rates).map(|(n, r)| i128::from(*n) * i128::from(*r)).sum();
        let fees = i128::from(fees.request.0)
            + i128::from(images) * i128::from(fees.image.0)
            + i128::from(seconds) * i128::from(fees.second.0);
        let exact = (tokens + fees * 1_000_000) * i128::from(discount.paid());
        let nano = 1_000_000 * 10_000;
        let charged = i128::from(cost(&price, &usage).unwrap().0) * nano;
        prop_assert!(exact <= charged && charged < exact + nano);
    }

    #[test]
    fn the_affordable_output_is_the_largest_that_fits(
        (price, extent) in (price(), extent()),
        room in 0_i64..200_000_000_000,
    ) {
        let room = Nanos(room);
        let fits = |output| bound(&price, &Extent { output, ..extent }).is_ok_and(|cost| cost <= room);
        match affordable_output(&price, &extent, room) {
            Some(u64::MAX) => prop_assert!(fits(u64::MAX)),
            Some(tokens) => prop_assert!(tokens > 0 && fits(tokens) && !fits(tokens + 1)),
            None => prop_assert!(!fits(1)),
        }
    }

    #[test]
    fn a_discount_never_makes_a_call_dearer_and_never_free(
        (price, extent, usage) in held_and_used(),
        more in 1_u16..10_000,
    ) {
        let list = Price { discount: Discount::NONE, ..price };
        let less = list.clone().less(Discount::new(more).unwrap());
        if let Ok(full) = cost(&list, &usage) {
            let paid = cost(&less, &usage).unwrap();
            prop_assert!(paid <= full && (paid > Nanos::ZERO) == (full > Nanos::ZERO));
        }
        if let Ok(full) = bound(&list, &extent) {
            prop_assert!(bound(&less, &extent).unwrap() <= full);
        }
    }
}

/// Every model that ships, at sizes around the tiers' edges, in every class that it has, and with
/// every kind of token.
#[test]
fn the_bound_holds_for_every_row_of_the_catalogue() {
    let catalogue = Catalogue::builtin();
    let mut cases = 0;
    for entry in catalogue.providers().flat_map(|provider| catalogue.models(provider, NOW)) {
        let price = &entry.price;
        let mut inputs = vec![0, 1, 999_999];
        inputs.extend(
            price
                .standard
                .tiers
                .iter()
                .flat_map(|tier| [tier.above_tokens - 1, tier.above_tokens, tier.above_tokens + 1]),
        );
        let output = entry.limits.max_output_tokens.min(777);
        for (input, class) in
            inputs.iter().flat_map(|i| ServiceClass::ALL.iter().map(move |class| (*i, *class)))
        {
            let base = Usage { input, output, class, ..Usage::default() };
            for (audio, usage) in [
                (false, base),
                (false, Usage { cached: input, ..base }),
                (false, Usage { cache_write: input, reasoning: output, ..base }),
                (false, Usage { cache_write: input, cache_write_1h: input, ..base }),
                (true, Usage { audio_input: input, audio_output: output, ..base }),
            ] {
                let asked = Asked::Only(class);
                let text = Extent { asked, ..Extent::text(input, output, 1) };
                let extent = Extent {
                    cache_1h: true,
                    audio_input: audio,
                    audio_output: audio && output > 0,
                    ..text
                };
                if let (Ok(reserved), Ok(cost)) = (bound(price, &extent), cost(price, &usage)) {
                    assert!(cost <= reserved, "{}", price.id);
                    cases += 1;
                }
            }
        }
    }
    assert!(cases >= 2_000, "only {cases} cases");
}

#[test]
fn a_cache_saves_what_plain_input_would_have_cost_more() {
    let mut price = Price::flat("p/m@d", NanosPerMillion(3_000_000), NanosPerMillion(9));
    let usage = |cached| Usage { input: 1_000, cached, output: 10, ..Usage::default() };
    // The cache costs as much.
    assert_eq!(saved(&price, &usage(800)), Nanos::ZERO);
    price.standard.rates.set(Kind::CachedInput, Some(NanosPerMillion(1_000_000)));
    assert_eq!(saved(&price, &usage(0)), Nanos::ZERO);
    assert_eq!(saved(&price, &usage(800)), Nanos(1_600));
    // A provider that says more than there was saved no more than all.
    assert_eq!(saved(&price, &usage(9_999)), Nanos(2_000));
    let less = price.clone().less(Discount::new(5_000).unwrap());
    assert_eq!(saved(&less, &usage(800)), Nanos(800));
    price.standard.rates.set(Kind::CachedInput, Some(NanosPerMillion(5_000_000)));
    assert_eq!(saved(&price, &usage(800)), Nanos::ZERO);
}

#[test]
fn a_price_with_a_discount_says_so() {
    let price = Price::flat("p/m@2026-01-01", NanosPerMillion(1), NanosPerMillion(1));
    let less = |percent: &str| price.clone().less(percent.parse().unwrap()).id;
    assert_eq!(less("15%"), "p/m@2026-01-01;discount=15%");
    assert_eq!(less("12.25%"), "p/m@2026-01-01;discount=12.25%");
    assert_eq!(less("0%"), "p/m@2026-01-01");
}

#[test]
fn a_free_price_costs_nothing_and_affords_anything() {
    let (price, all) = (Price::free(), Extent::text(u64::MAX, u64::MAX, u32::MAX));
    assert_eq!(bound(&price, &all), Ok(Nanos(0)));
    assert_eq!(affordable_output(&price, &all, Nanos(0)), Some(u64::MAX));
}

#[test]
fn a_bound_beyond_nine_billion_dollars_is_an_error() {
    let price = Price::flat("p", NanosPerMillion(i64::MAX), NanosPerMillion(i64::MAX));
    let all = Extent::text(u64::MAX, u64::MAX, u32::MAX);
    assert_eq!(bound(&price, &all), Err(MoneyError::Overflow.into()));
    assert_eq!(affordable_output(&price, &Extent { choices: 1, ..all }, Nanos(i64::MAX)), None);
}
