//! What lines of exports cost at our prices.

use budget::{Catalogue, Export, Fees, Line, Price};
use types::{Nanos, NanosPerMillion, Timestamp};

use crate::samples::{ANTHROPIC_PAGE, OPENAI_PAGES, OPENAI_TABLE};

const NOW: Timestamp = Timestamp(1_793_491_200_000_000);

fn price(provider: &str, model: &str) -> Price {
    Price::clone(Catalogue::builtin().price(provider, model, NOW).unwrap())
}

fn lines(text: &str) -> Vec<Line> {
    Export::read(text, None).unwrap().buckets.into_iter().flat_map(|bucket| bucket.lines).collect()
}

#[test]
fn a_line_costs_what_a_person_works_out() {
    // 53,440 at 2.50, 5,760 at 1.25 and 10,646 at 10.00 dollars a million.
    let cost = lines(OPENAI_PAGES)[0].cost(&price("openai", "gpt-4o-2024-08-06"));
    assert_eq!(cost, Ok(Nanos(133_600_000 + 7_200_000 + 106_460_000)));
    // A batch: 900 at 0.075 and 90 at 0.30.
    let cost = lines(OPENAI_TABLE)[1].cost(&price("openai", "gpt-4o-mini"));
    assert_eq!(cost, Ok(Nanos(67_500 + 27_000)));
    // 1,500 at 5.00, 500 at 6.25, 1,000 at 10.00, 200 at 0.50, 500 at 25.00; searches have no price.
    let [line, fast] = &lines(ANTHROPIC_PAGE)[..] else { panic!("two lines") };
    let mut opus = price("anthropic", "claude-opus-4-5");
    let searched = line.cost(&opus);
    assert!(searched.is_err(), "{searched:?}");
    let (each, searches_max, tokens_max) = (Nanos(10_000_000), 5, 1_000);
    opus.fees.search = Some(budget::SearchFee { each, searches_max, tokens_max });
    let tokens = 7_500_000 + 3_125_000 + 10_000_000 + 100_000 + 12_500_000;
    assert_eq!(line.cost(&opus), Ok(Nanos(tokens + 100_000_000)));
    assert_eq!(fast.cost(&opus).unwrap_err(), "the speed `fast` has no price of its own");
}

#[test]
fn a_price_with_tiers_needs_the_length_of_each_input() {
    let line = lines(OPENAI_PAGES).remove(0);
    let with = |input: u64, requests: u64| {
        let usage = types::answer::Usage { input, cached: 0, output: 0, ..line.usage };
        Line { usage, requests: Some(requests), ..line.clone() }
    };
    let tiered = price("openai", "gpt-5.4");
    // No call was longer than all of them together.
    assert_eq!(with(272_000, 9).cost(&tiered), Ok(Nanos(680_000_000)));
    let refused = with(272_001, 9).cost(&tiered).unwrap_err();
    assert!(refused.starts_with("the price depends on how long each input was"), "{refused}");
    assert_eq!(with(272_001, 1).cost(&tiered), Ok(Nanos(272_001 * 5_000)));
    let known = |length| Line { length, ..with(1_000_000, 9) };
    let (up_to, above) = (budget::Length::UpTo(200_000), budget::Length::Above(272_000));
    assert_eq!(known(up_to).cost(&tiered), Ok(Nanos(2_500_000_000)));
    assert_eq!(known(above).cost(&tiered), Ok(Nanos(5_000_000_000)));
    assert!(known(budget::Length::Above(200_000)).cost(&tiered).is_err());
    assert!(known(budget::Length::UpTo(300_000)).cost(&tiered).is_err());
}

#[test]
fn what_an_export_does_not_count_has_no_cost() {
    let line = lines(OPENAI_PAGES).remove(0);
    let flat = Price::flat("p", NanosPerMillion(1_000_000), NanosPerMillion(1_000_000));
    let with = |fees| line.cost(&Price { fees, ..flat.clone() });
    let tokens = 59_200 + 10_646;
    assert_eq!(with(Fees { request: Nanos(5), ..Fees::default() }), Ok(Nanos(tokens + 50)));
    assert!(with(Fees { second: Nanos(5), ..Fees::default() }).is_err());
    assert!(with(Fees { image: Nanos(5), ..Fees::default() }).is_err());
    let mut thinks = flat.clone();
    thinks.standard.rates.set(budget::Kind::Reasoning, Some(NanosPerMillion(9)));
    assert!(line.cost(&thinks).is_err());
    // A class that has no price.
    assert!(lines(OPENAI_PAGES)[1].cost(&flat).is_err());
}
