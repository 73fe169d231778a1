use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits {
    failures: 3,
    failing: 350,
    cool_down: Duration::from_secs(10),
    cool_down_max: Duration::from_secs(60),
    probe: Duration::from_secs(30),
};

const fn at(seconds: u64) -> Moment {
    Duration::from_secs(seconds)
}

fn play(events: &[(u64, Outcome)]) -> Health {
    events.iter().fold(Health::default(), |health, (second, outcome)| {
        health.after(*outcome, at(*second), &LIMITS)
    })
}

const ANSWERED: Outcome =
    Outcome::Answered(Took::Streamed { rest: Duration::from_secs(1), output_tokens: 100 });
const BEGAN: Outcome = began(80, 10);

const fn began(ms: u64, input_tokens: u64) -> Outcome {
    Outcome::Began { first_byte: Duration::from_millis(ms), input_tokens }
}

const fn whole(ms: u64, input_tokens: u64) -> Outcome {
    Outcome::Answered(Took::Whole { all: Duration::from_millis(ms), input_tokens })
}

#[track_caller]
fn check(events: &[(u64, Outcome)], now: u64, wait: Option<u64>) {
    assert_eq!(play(events).retry_after(at(now)), wait.map(Duration::from_secs));
}

#[test]
fn failures_in_a_row_open_the_breaker_for_a_while() {
    use Outcome::Failed;
    check(&[(1, Failed), (2, Failed)], 2, None);
    check(&[(1, Failed), (2, Failed), (3, Failed)], 3, Some(10));
    check(&[(1, Failed), (2, Failed), (3, Failed)], 13, None);
    check(&[(1, Failed), (2, ANSWERED), (3, Failed), (4, Failed)], 4, None);
    // Calls that were out when it opened do not prolong it.
    check(&[(1, Failed), (2, Failed), (3, Failed), (9, Failed)], 9, Some(4));
}

#[test]
fn one_probe_goes_out_and_decides() {
    use Outcome::{Dispatched, Failed, Nothing};
    let open = [(1, Failed), (2, Failed), (3, Failed)];
    let probe = [&open[..], &[(13, Dispatched)]].concat();
    check(&probe, 13, Some(30));
    check(&[&probe[..], &[(14, ANSWERED)]].concat(), 14, None);
    assert_eq!(play(&[&probe[..], &[(14, ANSWERED)]].concat()).state(), "closed");
    // The second opening lasts twice as long, and no opening lasts for ever.
    check(&[&probe[..], &[(14, Failed)]].concat(), 14, Some(20));
    let mut again = probe.clone();
    for second in [14, 100, 200, 300, 400] {
        again.extend([(second, Failed), (second + 70, Dispatched)]);
    }
    check(&[&again[..], &[(471, Failed)]].concat(), 471, Some(60));
    // A probe that was cut short makes room for the next one; so does one that is never heard of.
    check(&[&probe[..], &[(14, Nothing)]].concat(), 14, None);
    check(&probe, 43, None);
}

#[test]
fn a_provider_that_begins_and_then_fails_is_a_failing_one() {
    use Outcome::{Dispatched, Failed};
    let often = [(1, BEGAN), (1, Failed), (2, BEGAN), (2, Failed), (3, BEGAN), (3, Failed)];
    check(&often, 3, Some(10));
    // The probe's first byte lets calls through; its failure shuts them out for twice as long.
    let probe = [&often[..], &[(13, Dispatched), (14, BEGAN)]].concat();
    check(&probe, 14, None);
    check(&[&probe[..], &[(15, Failed)]].concat(), 15, Some(20));
    let well = [&probe[..], &[(15, ANSWERED), (16, Failed), (17, Failed)]].concat();
    check(&well, 17, None);
    check(&[&well[..], &[(18, Failed)]].concat(), 18, Some(10));
}

#[test]
fn retry_after_is_honoured_up_to_a_bound() {
    let busy = |wait: u64| Outcome::Busy { retry_after: Some(Duration::from_secs(wait)) };
    check(&[(1, busy(20))], 1, Some(20));
    check(&[(1, busy(20)), (2, busy(1))], 2, Some(19));
    check(&[(1, busy(1_000_000))], 1, Some(60));
    check(&[(1, busy(20)), (21, ANSWERED)], 21, None);
    check(&[(1, Outcome::Busy { retry_after: None })], 1, None);
}

#[test]
fn an_endpoint_that_fails_often_is_shut_out_though_it_answers_between() {
    let limits = Limits { failures: 5, ..LIMITS };
    let half = |calls: u64| {
        let ended = |call: u64| if call.is_multiple_of(2) { Outcome::Failed } else { ANSWERED };
        (0..calls).fold(Health::default(), |health, call| health.after(ended(call), at(0), &limits))
    };
    assert!(half(10).admits(at(0)));
    let mut health = half(40);
    assert_eq!(health.retry_after(at(0)), Some(Duration::from_secs(10)));
    // One good probe does not make up for twenty failures: the next failure shuts it out again.
    health = health.after(Outcome::Dispatched, at(10), &limits).after(ANSWERED, at(11), &limits);
    assert!(health.admits(at(11)));
    let failed = health.after(Outcome::Failed, at(12), &limits);
    assert_eq!(failed.retry_after(at(12)), Some(Duration::from_secs(20)));
    // Many good answers do.
    for _ in 0..16 {
        health = health.after(ANSWERED, at(12), &limits);
    }
    assert!(health.after(Outcome::Failed, at(13), &limits).admits(at(13)));
}

#[test]
fn one_failure_in_ten_shuts_nobody_out() {
    let mut health = Health::default();
    for call in 0..10_000_u64 {
        let ended = if call.is_multiple_of(10) { Outcome::Failed } else { ANSWERED };
        health = health.after(ended, at(0), &LIMITS);
        assert!(health.admits(at(0)), "call {call}");
    }
}

const fn load(input_tokens: u64, output_tokens: u64, streaming: bool) -> Load {
    Load { input_tokens, output_tokens, streaming }
}

#[track_caller]
fn expected(events: &[(u64, Outcome)], load: Load, now: u64, ms: Option<u64>) {
    let expected = play(events).expected(&load, at(now));
    assert_eq!(expected, ms.map(Duration::from_millis));
}

#[test]
fn a_streams_time_is_its_first_byte_and_its_pace() {
    expected(&[(1, Outcome::Failed)], load(10, 0, true), 1, None);
    expected(&[(1, BEGAN)], load(10, 50, true), 1, Some(80));
    expected(&[(1, BEGAN), (2, ANSWERED)], load(10, 50, true), 2, Some(80 + 500));
    // A moving average: an eighth is the newest.
    expected(&[(1, BEGAN), (2, began(880, 10))], load(10, 0, true), 2, Some(180));
}

#[test]
fn prompts_of_a_length_are_told_by_prompts_of_that_length_or_the_nearest() {
    let calls = [(1, began(100, 500)), (1, began(900, 20_000))];
    expected(&calls, load(10, 0, true), 1, Some(100));
    expected(&calls, load(5_000, 0, true), 1, Some(900));
    expected(&calls, load(1_000_000, 0, true), 1, Some(900));
    expected(&calls[..1], load(1_000_000, 0, true), 1, Some(100));
}

#[test]
fn whole_answers_are_told_by_whole_ones_and_streams_by_streams() {
    let calls = [(1, BEGAN), (1, whole(4_000, 10))];
    expected(&calls, load(10, 0, true), 1, Some(80));
    expected(&calls, load(10, 0, false), 1, Some(4_000));
    expected(&calls[1..], load(10, 0, true), 1, Some(4_000));
    expected(&calls[..1], load(10, 0, false), 1, Some(80));
}

#[test]
fn a_figure_that_nothing_renews_is_forgotten() {
    expected(&[(1, BEGAN)], load(10, 0, true), 600, Some(80));
    expected(&[(1, BEGAN)], load(10, 0, true), 601, None);
    // The first call after that stands alone.
    expected(&[(1, BEGAN), (700, began(880, 10))], load(10, 0, true), 700, Some(880));
}

#[test]
fn an_endpoint_that_is_asked_and_silent_is_known_for_it_before_its_answer() {
    use Outcome::{Dispatched, Failed, Nothing};
    let waiting = |events: &[_], now| play(events).waiting(at(now)).map(|time| time.as_secs());
    assert_eq!(waiting(&[], 9), None);
    assert_eq!(waiting(&[(1, Dispatched), (3, Dispatched)], 9), Some(8));
    // Any sign of life ends it, and so does a call of which nothing is told.
    for sign in [BEGAN, ANSWERED, Failed, Nothing] {
        assert_eq!(waiting(&[(1, Dispatched), (2, sign)], 9), None, "{sign:?}");
        assert_eq!(waiting(&[(1, Dispatched), (2, sign), (5, Dispatched)], 9), Some(4), "{sign:?}");
    }
    // Whatever became of a call of ten minutes ago.
    assert_eq!(waiting(&[(1, Dispatched)], 601), None);
}

#[test]
fn a_table_keeps_endpoints_apart_and_forgets_those_that_are_gone() {
    let mut table = HealthTable::new(LIMITS);
    for _ in 0..3 {
        table.record("a", "m", Outcome::Failed, at(1));
    }
    table.record("b", "m", ANSWERED, at(1));
    assert!(!table.get("a", "m").admits(at(1)));
    assert!(table.get("b", "m").admits(at(1)) && table.get("c", "x").admits(at(1)));
    table.retain(|provider, _| provider == "b");
    assert_eq!(table.iter().map(|(p, ..)| p).collect::<Vec<_>>(), ["b"]);
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Dispatched),
        Just(BEGAN),
        Just(ANSWERED),
        Just(Outcome::Failed),
        Just(Outcome::Nothing),
        proptest::option::of(0..=u64::MAX)
            .prop_map(|wait| Outcome::Busy { retry_after: wait.map(Duration::from_secs) }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_an_endpoint_is_tried_again_within_the_bound(
        events in prop::collection::vec((0..1_000_u64, outcome()), 0..40),
    ) {
        let mut events = events;
        events.sort_by_key(|(second, _)| *second);
        let health = play(&events);
        let last = events.last().map_or(0, |(second, _)| *second);
        prop_assert!(health.admits(at(last + 61)));
    }

    #[test]
    fn answers_always_close(
        events in prop::collection::vec((0..1_000_u64, outcome()), 0..40),
    ) {
        let answered = |health: Health, _| health.after(ANSWERED, at(1_000), &LIMITS);
        let health = (0..32).fold(play(&events), answered);
        prop_assert!(health.admits(at(1_000)));
    }
}
