use budget::{Asked, Fees, SearchFee};
use types::NanosPerMillion;

use super::*;

fn metered(input: u64, output: u64, hides: bool) -> Meter {
    Meter::new(Extent::text(input, output, 1), hides)
}

fn text(text: &str) -> Event {
    Event::Delta { choice: 0, piece: Piece::Text(text.to_owned()), logprobs: None }
}

#[test]
fn without_a_report_a_byte_counts_as_a_token_up_to_the_limit() {
    let mut meter = metered(100, 50, false);
    meter.observe(&text("hello"));
    assert_eq!(
        meter.counted(false),
        Usage { input: 100, output: 5, counted: true, ..Usage::default() }
    );
    assert_eq!(meter.counted(true).output, 50);
}

#[test]
fn a_later_report_never_lowers_an_earlier_one() {
    let mut meter = metered(1, 1, false);
    meter.observe(&Event::Usage(Usage { input: 10, output: 1, ..Usage::default() }));
    meter.observe(&Event::Usage(Usage { output: 7, ..Usage::default() }));
    assert_eq!(meter.reported(), Some(Usage { input: 10, output: 7, ..Usage::default() }));
}

#[test]
fn a_model_that_may_think_unseen_is_counted_at_its_limit() {
    let mut meter = metered(100, 50, true);
    meter.observe(&text("hello"));
    assert_eq!((meter.counted(false).output, meter.counted(true).output), (50, 50));
    // One that shows that it thinks is one, whatever it is registered as.
    let mut meter = metered(100, 50, false);
    let thought = Piece::Reasoning("Hm.".to_owned());
    meter.observe(&Event::Delta { choice: 0, piece: thought, logprobs: None });
    assert_eq!((meter.hides(), meter.counted(false).output), (true, 50));
}

#[test]
fn a_report_of_less_than_what_came_is_not_believed() {
    let mut meter = metered(100, 50, false);
    for _ in 0..5 {
        meter.observe(&text("word "));
    }
    let usage = |output| Usage { input: 10, output, ..Usage::default() };
    meter.observe(&Event::Usage(usage(0)));
    assert_eq!(meter.reported(), Some(Usage { counted: true, ..usage(5) }));
    meter.observe(&Event::Usage(usage(6)));
    assert_eq!(meter.reported(), Some(usage(6)));
}

#[test]
fn what_was_counted_in_the_vocabulary_is_charged_for_a_whole_answer_that_hides_nothing() {
    let tokenizer = Some(Tokenizer::O200kBase);
    let counted = |mut meter: Meter, sum: Sum, cut: bool| {
        meter.observe(&text("hello, world"));
        meter.sum_up(Some(sum));
        let usage = meter.counted(cut);
        (usage.input, usage.output, usage.tokenizer)
    };
    let sum = |input, output| Sum { input, output, exactly: tokenizer };
    assert_eq!(counted(metered(100, 50, false), sum(9, 4), false), (9, 4, tokenizer));
    // Never beyond what was held, and then it is no longer the count.
    assert_eq!(counted(metered(8, 3, false), sum(9, 4), false), (8, 3, None));
    // Of a stream that was cut, and of a model that thinks, nobody knows.
    assert_eq!(counted(metered(100, 50, false), sum(9, 4), true), (100, 50, None));
    assert_eq!(counted(metered(100, 50, true), sum(9, 4), false), (100, 50, None));
    // More pieces than tokens: it did not sample as the vocabulary cuts.
    let mut meter = metered(100, 50, false);
    (0..7).for_each(|_| meter.observe(&text("h")));
    assert_eq!(counted(meter, sum(9, 4), false), (9, 8, None));
    let bound = Sum { exactly: None, ..sum(9, 4) };
    assert_eq!(counted(metered(100, 50, false), bound, false), (9, 4, None));
}

#[test]
fn nothing_is_counted_where_the_provider_tells_or_hides() {
    let with = |hides| metered(100, 50, hides).with(Some(Tokenizer::O200kBase));
    assert!(with(false).take_tally().is_some());
    assert!(with(true).take_tally().is_none());
    assert!(metered(100, 50, false).take_tally().is_none());
    let mut told = with(false);
    told.observe(&Event::Usage(Usage { input: 1, output: 1, ..Usage::default() }));
    assert!(told.take_tally().is_none());
    let mut thinks = with(false);
    let thought = Piece::Reasoning("Hm.".to_owned());
    thinks.observe(&Event::Delta { choice: 0, piece: thought, logprobs: None });
    assert!(thinks.take_tally().is_none());
}

fn started(tier: &str) -> Event {
    Event::Start {
        id: String::new(),
        created: 0,
        model: String::new(),
        system_fingerprint: None,
        service_tier: Some(tier.to_owned()),
    }
}

/// A price whose priority class is dearer and whose flex class is cheaper, with every fee.
fn price() -> Price {
    let flat = |nanos| Price::flat("p", NanosPerMillion(nanos), NanosPerMillion(nanos)).standard;
    let (flex, priority) = (ServiceClass::Flex, ServiceClass::Priority);
    let search = SearchFee { each: Nanos(1), searches_max: 3, tokens_max: 9 };
    let (image, second) = (Nanos(1), Nanos(1));
    Price {
        classes: [(flex, flat(5)), (priority, flat(20))].into(),
        auto: vec![flex, priority],
        fees: Fees { image, second, search: Some(search), ..Fees::default() },
        ..Price::flat("p", NanosPerMillion(10), NanosPerMillion(10))
    }
}

#[test]
fn a_class_is_charged_that_the_provider_named_else_the_dearest_it_may_be() {
    let used = Usage { input: 9, output: 9, ..Usage::default() };
    let charged = |asked, tier: Option<&str>| {
        let mut meter = Meter::new(Extent { asked, ..Extent::text(9, 9, 1) }, false);
        meter.observe(&Event::Usage(used));
        tier.into_iter().for_each(|tier| meter.observe(&started(tier)));
        meter.priced(&price(), used, 1).class
    };
    use ServiceClass::{Flex, Priority, Standard};
    assert_eq!(charged(Asked::Auto, Some("default")), Standard);
    assert_eq!(charged(Asked::Auto, Some("priority")), Priority);
    assert_eq!(charged(Asked::Auto, Some("scale")), Priority);
    assert_eq!(charged(Asked::Auto, None), Priority);
    assert_eq!(charged(Asked::Only(Standard), None), Standard);
    assert_eq!(charged(Asked::Only(Flex), None), Standard);
    assert_eq!(charged(Asked::Only(Flex), Some("flex")), Flex);
    // What a provider says stands, also where nobody asked for it.
    assert_eq!(charged(Asked::Only(Standard), Some("priority")), Priority);
    let whole = ChatAnswer { service_tier: Some("flex".into()), ..ChatAnswer::default() };
    let mut meter = Meter::new(Extent::text(9, 9, 1), false);
    meter.observe_answer(&whole);
    assert_eq!(meter.priced(&price(), used, 1).class, Flex);
}

#[test]
fn what_no_provider_reports_is_charged_as_it_was_given_and_measured() {
    let extent = Extent { images: 2, searches: true, ..Extent::text(9, 9, 1) };
    let meter = Meter::new(extent, false);
    let used = meter.priced(&price(), Usage { input: 9, ..Usage::default() }, 7);
    assert_eq!((used.images, used.searches, used.seconds), (2, 3, 7));
    // Time that is not paid for is not kept.
    let used = meter.priced(&Price::free(), Usage::default(), 7);
    assert_eq!((used.images, used.searches, used.seconds), (2, 0, 0));
}

#[test]
fn a_provider_beyond_the_limit_is_noticed() {
    let mut meter = metered(1, 10, false);
    for _ in 0..10 {
        meter.observe(&text("word "));
    }
    assert!(!meter.beyond_limit());
    for _ in 0..10 {
        meter.observe(&text("word "));
    }
    assert!(meter.beyond_limit());
    let mut meter = metered(1, 10, false);
    meter.observe(&text(&"x".repeat(10_000)));
    assert!(meter.beyond_limit());
    assert_eq!(meter.counted(true).output, 10_000 / TOKEN_BYTES_MAX);
}
