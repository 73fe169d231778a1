//! Theirs beside ours: who is credited and charged what, and what stays unexplained.

use std::{collections::BTreeMap, time::Duration};

use budget::{Basis, Call, Comparison, EDGE, Findings, Share};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use types::{HoldId, Nanos, Timestamp};

/// How long a bucket of the cases is.
const WIDTH: i64 = 100;

fn spans(count: usize) -> Vec<(Timestamp, Timestamp)> {
    let at = |n: usize| Timestamp(i64::try_from(n).unwrap() * WIDTH);
    (0..count).map(|n| (at(n), at(n + 1))).collect()
}

fn call(n: u128, started: i64, charged: i64, guess: Option<Basis>) -> Call {
    Call {
        hold: HoldId::from_parts(1, n),
        started: Timestamp(started),
        ended: Timestamp(started + 5),
        charged: Nanos(charged),
        before: Nanos(charged),
        held: Some(Nanos(1_000)),
        guess,
    }
}

/// One bucket in which the provider billed so much.
fn compared(theirs: i64, calls: &[Call]) -> Findings {
    let mut comparison = Comparison::new(spans(1), Duration::ZERO);
    comparison.bill("m", 0, Nanos(theirs));
    calls.iter().for_each(|call| comparison.charge("m", call));
    comparison.finish()
}

fn by(findings: &Findings) -> Vec<(u128, i64)> {
    let share = |share: &Share| (share.hold.parts().1, share.by.0);
    findings.shares().map(share).collect()
}

#[test]
fn a_credit_goes_to_upper_bounds_first_and_to_counts_then() {
    use Basis::{Counted, Provisional, WorstCase};
    let calls = [
        call(1, 0, 100, None),
        call(2, 0, 100, Some(Counted)),
        call(3, 0, 600, Some(WorstCase)),
        call(4, 0, 200, Some(Provisional)),
    ];
    let found = compared(596, &calls);
    // A nano for each call is rounding.
    assert_eq!((found.all.edges, by(&found)), (Nanos(4), vec![(3, -300), (4, -100)]));
    let found = compared(146, &calls);
    assert_eq!(by(&found), [(3, -600), (4, -200), (2, -50)]);
    let all = &found.all;
    assert_eq!(
        (all.worst_case, all.provisional, all.counted),
        (Nanos(-600), Nanos(-200), Nanos(-50))
    );
    assert_eq!((all.unexplained, all.explained_basis_points()), (Nanos(0), 10_000));
    // What the provider reported is never touched.
    let found = compared(0, &calls);
    assert_eq!(by(&found), [(3, -600), (4, -200), (2, -100)]);
    assert_eq!((found.all.unexplained, found.all.difference()), (Nanos(96), Nanos(1_000)));
    assert_eq!(found.all.explained_basis_points(), 9_040);
}

#[test]
fn a_debit_is_within_what_was_held_and_the_rest_is_told() {
    use Basis::{Counted, WorstCase};
    let held = |held: i64, call: Call| Call { held: Some(Nanos(held)), ..call };
    let calls = [
        call(1, 0, 100, None),
        held(130, call(2, 0, 100, Some(Counted))),
        held(110, call(3, 0, 100, Some(Counted))),
        held(600, call(4, 0, 600, Some(WorstCase))),
        // The provider refused it; nobody knows what was held for the other.
        held(500, call(5, 0, 0, Some(Counted))),
        Call { held: None, ..call(6, 0, 100, Some(Counted)) },
    ];
    let found = compared(1_021, &calls);
    assert_eq!((found.all.edges, by(&found)), (Nanos(1), vec![(2, 15), (3, 5)]));
    let found = compared(2_001, &calls);
    assert_eq!((by(&found), found.all.unexplained), (vec![(2, 30), (3, 10)], Nanos(-960)));
    assert_eq!((found.all.counted, found.all.difference()), (Nanos(40), Nanos(-1_001)));
    // Where a call may be missing, nobody else pays for it; a credit is as good as ever.
    let incomplete = |theirs| {
        let mut comparison = Comparison::new(spans(1), Duration::ZERO);
        comparison.bill("m", 0, Nanos(theirs));
        calls.iter().for_each(|call| comparison.charge("m", call));
        comparison.set_incomplete();
        comparison.finish()
    };
    let found = incomplete(2_001);
    assert_eq!((by(&found), found.all.unexplained), (vec![], Nanos(-1_000)));
    assert_eq!(by(&incomplete(900)), [(4, -94)]);
}

#[test]
fn a_call_across_an_edge_may_be_billed_on_either_side() {
    let guess = Some(Basis::WorstCase);
    let long = Call { ended: Timestamp(105), ..call(1, 98, 400, None) };
    let calls = [long, call(2, 10, 50, guess), call(3, 150, 50, guess)];
    for billed in [[430, 50], [30, 450]] {
        let mut comparison = Comparison::new(spans(2), Duration::ZERO);
        for (bucket, nanos) in billed.into_iter().enumerate() {
            comparison.bill("m", bucket, Nanos(nanos));
        }
        calls.iter().for_each(|call| comparison.charge("m", call));
        let found = comparison.finish();
        // Nobody is credited on the one side what was billed on the other.
        assert!(by(&found).iter().all(|(_, by)| *by > -20), "{found:?}");
        assert_eq!(found.all.unexplained, Nanos(0), "{found:?}");
    }
    // Without the one across the edge the same difference is a credit.
    let mut comparison = Comparison::new(spans(2), Duration::ZERO);
    comparison.bill("m", 0, Nanos(30));
    comparison.charge("m", &calls[1]);
    assert_eq!(by(&comparison.finish()), [(2, -19)]);
}

/// A caller left, so that the call ended for us before the provider was done; or its clock is behind ours.
#[test]
fn a_call_near_an_edge_may_be_billed_on_its_other_side() {
    let guess = Some(Basis::WorstCase);
    let credited = |started: i64, edge: u64| {
        let mut comparison = Comparison::new(spans(3), Duration::from_micros(edge));
        comparison.bill("m", 1, Nanos(50));
        comparison.charge("m", &call(1, started, 400, None));
        comparison.charge("m", &call(2, 150, 50, guess));
        by(&comparison.finish())
    };
    // It ends at five after that.
    for (started, edge) in [(190, 5), (190, 20), (110, 11), (101, 2)] {
        assert_eq!(credited(started, edge), [], "{started} within {edge}");
    }
    for (started, edge) in [(190, 4), (110, 10), (101, 0)] {
        assert_eq!(credited(started, edge), [(2, -50)], "{started} within {edge}");
    }
    // What the other side billed more is that call's, and nobody's there.
    let debited = |edge: u64| {
        let mut comparison = Comparison::new(spans(3), Duration::from_micros(edge));
        comparison.bill("m", 2, Nanos(450));
        comparison.charge("m", &call(1, 190, 400, None));
        comparison.charge("m", &call(2, 250, 50, guess));
        by(&comparison.finish())
    };
    assert_eq!((debited(5), debited(4)), (vec![], vec![(2, 399)]));
}

/// Its own correction would take it down once more: it is in the credit of the other.
#[test]
fn a_provisional_charge_without_a_part_of_the_credit_has_a_share_of_nothing() {
    use Basis::{Counted, Provisional, WorstCase};
    let of = |guess| [call(1, 0, 10, Some(guess)), call(2, 0, 500, Some(WorstCase))];
    let found = compared(506, &of(Provisional));
    assert_eq!(by(&found), [(2, -2), (1, 0)]);
    assert_eq!((found.all.provisional, found.all.worst_case), (Nanos(0), Nanos(-2)));
    assert_eq!(by(&compared(506, &of(Counted))), [(2, -2)]);
    // Without any credit it is corrected as ever.
    assert_eq!(by(&compared(509, &of(Provisional))), []);
}

#[test]
fn a_bucket_with_more_guesses_than_may_be_booked_at_once_is_told() {
    let mut comparison = Comparison::new(spans(2), Duration::ZERO);
    for n in 0..3 {
        comparison.charge("m", &call(n, 110, 5, Some(Basis::Counted)));
        comparison.charge("m", &call(n, 10, 5, None));
    }
    assert_eq!((comparison.crowded(2), comparison.crowded(3)), (vec![("m".to_owned(), 1)], vec![]));
}

#[test]
fn models_and_buckets_are_compared_each_by_itself() {
    let guess = Some(Basis::Counted);
    let mut comparison = Comparison::new(spans(3), Duration::ZERO);
    comparison.bill("a", 0, Nanos(10));
    comparison.bill("b", 0, Nanos(500));
    comparison.bill("a", 2, Nanos(900));
    comparison.charge("a", &call(1, 0, 500, guess));
    comparison.charge("b", &call(2, 0, 20, None));
    // In a bucket in which the provider billed nothing, and in none at all.
    comparison.charge("a", &call(3, 120, 70, guess));
    comparison.charge("a", &call(4, 900, 70, guess));
    assert!(comparison.leave_out("a", 2) && !comparison.leave_out("c", 0));
    let found = comparison.finish();
    assert_eq!(by(&found), [(1, -489), (3, -69)]);
    assert_eq!(found.models["b"].unexplained, Nanos(-479));
    assert_eq!((found.models["a"].buckets, found.all.buckets), (2, 3));
}

#[test]
fn where_nothing_differs_everything_is_explained() {
    let found = compared(100, &[call(1, 0, 100, None)]);
    assert_eq!((found.shares().count(), found.all.explained_basis_points()), (0, 10_000));
    assert_eq!(Comparison::new(Vec::new(), EDGE).finish().all.explained_basis_points(), 10_000);
}

/// A call with what the provider billed for it.
#[derive(Debug, Clone)]
struct Made {
    call: Call,
    billed: i64,
    /// The bucket that the provider counts it in.
    bucket: usize,
}

const BUCKETS: usize = 4;

/// Calls within four buckets; `across` lets them run on, billed in any bucket that they touch.
fn made(across: bool) -> impl Strategy<Value = Vec<Made>> {
    use Basis::{Counted, Provisional, WorstCase};
    let guess = option::of(select(vec![Counted, Provisional, WorstCase]));
    let times = (0..WIDTH * 4, 0..WIDTH, any::<Index>());
    let one = (times, 0_i64..1_000, 0_i64..5_000, guess).prop_map(
        move |((started, runs, index), billed, more, guess)| {
            let own = started / WIDTH;
            let last = if across { WIDTH * 4 - 1 } else { own * WIDTH + WIDTH - 1 };
            let ended = last.min(started + runs);
            let touched: Vec<i64> = (own..=ended / WIDTH).collect();
            let charged = billed + guess.map_or(0, |_| more);
            let call = Call { ended: Timestamp(ended), ..call(0, started, charged, guess) };
            let bucket = usize::try_from(touched[index.index(touched.len())]).unwrap();
            Made { call, billed, bucket }
        },
    );
    vec(one, 0..40).prop_map(|mut made| {
        for (n, made) in (1..).zip(&mut made) {
            made.call.hold = HoldId::from_parts(1, n);
        }
        made
    })
}

/// The export of what was billed beside the calls as they are charged.
fn compare(made: &[Made], charged: &BTreeMap<HoldId, i64>) -> Findings {
    let mut comparison = Comparison::new(spans(BUCKETS), Duration::ZERO);
    for made in made {
        comparison.bill("m", made.bucket, Nanos(made.billed));
        // One that has its share is no guess any more.
        let share = charged.get(&made.call.hold);
        let charged = share.map_or(made.call.charged, |charged| Nanos(*charged));
        let guess = made.call.guess.filter(|_| share.is_none());
        comparison.charge("m", &Call { charged, guess, ..made.call });
    }
    comparison.finish()
}

/// What each call that has a share is charged with it.
fn applied(made: &[Made], findings: &Findings) -> BTreeMap<HoldId, i64> {
    let charged = |share: &Share| {
        let call = made.iter().find(|made| made.call.hold == share.hold).unwrap();
        assert_eq!(call.call.charged, share.charged);
        (share.hold, share.charged.0 + share.by.0)
    };
    findings.shares().map(charged).collect()
}

fn sum(made: &[Made], of: impl Fn(&Made) -> i64) -> i64 {
    made.iter().map(of).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the provider bills for calls of which only guesses are charged too much.
    #[test]
    fn where_only_guesses_are_too_high_everything_is_explained(made in made(false)) {
        let found = compare(&made, &BTreeMap::new());
        prop_assert_eq!((found.all.unexplained, found.all.explained_basis_points()), (Nanos(0), 10_000));
        let after = applied(&made, &found);
        let charged = sum(&made, |made| after.get(&made.call.hold).copied().unwrap_or(made.call.charged.0));
        let billed = sum(&made, |made| made.billed);
        let calls = i64::try_from(made.len()).unwrap();
        prop_assert!((billed..=billed + calls).contains(&charged), "{charged} for {billed}");
    }

    /// Wherever the provider counts what runs across an edge, nobody is credited below the truth.
    #[test]
    fn what_is_charged_never_falls_below_the_bill(made in made(true)) {
        let found = compare(&made, &BTreeMap::new());
        let after = applied(&made, &found);
        let charged = sum(&made, |made| after.get(&made.call.hold).copied().unwrap_or(made.call.charged.0));
        prop_assert!(charged >= sum(&made, |made| made.billed));
        prop_assert!(after.values().all(|charged| *charged >= 0));
    }

    #[test]
    fn the_same_export_a_second_time_changes_nothing(made in made(true)) {
        let first = compare(&made, &BTreeMap::new());
        let second = compare(&made, &applied(&made, &first));
        // Those that had no share the first time get none now.
        prop_assert_eq!(second.cells, []);
    }

    /// Whatever the bill says: the parts are the whole, and no share goes beyond what it may.
    #[test]
    fn the_parts_of_a_difference_are_the_whole(made in made(true), billed in vec(0_i64..20_000, BUCKETS)) {
        let mut comparison = Comparison::new(spans(BUCKETS), Duration::ZERO);
        for (bucket, nanos) in billed.iter().enumerate() {
            comparison.bill("m", bucket, Nanos(*nanos));
        }
        made.iter().for_each(|made| comparison.charge("m", &made.call));
        let found = comparison.finish();
        let all = &found.all;
        let changes = all.counted.0 + all.worst_case.0 + all.provisional.0;
        prop_assert_eq!(changes, found.shares().map(|share| share.by.0).sum::<i64>());
        prop_assert_eq!(all.theirs.0, billed.iter().sum::<i64>());
        prop_assert_eq!(all.ours.0, sum(&made, |made| made.call.charged.0));
        // What is left apart after the shares is edges and what nothing explains.
        let left = all.difference().0 + changes - all.unexplained.0;
        prop_assert!(left.abs() <= all.edges.0, "{all:?}");
        for share in found.shares() {
            let call = made.iter().find(|made| made.call.hold == share.hold).unwrap().call;
            prop_assert!(call.guess == Some(Basis::Provisional) || call.guess.is_some() && share.by != Nanos(0));
            let after = share.charged.0 + share.by.0;
            prop_assert!(after >= 0 && (share.by.0 <= 0 || after <= call.held.unwrap().0));
        }
    }
}

/// The check itself: without the allowance for calls across an edge, too much is credited.
#[test]
fn a_comparison_that_forgets_edges_is_caught() {
    let guess = Some(Basis::WorstCase);
    let long = Call { ended: Timestamp(105), ..call(1, 98, 400, None) };
    let blind = Call { ended: long.started, ..long };
    let credited = |long: &Call| {
        let mut comparison = Comparison::new(spans(2), Duration::ZERO);
        comparison.bill("m", 0, Nanos(30));
        comparison.bill("m", 1, Nanos(400));
        comparison.charge("m", long);
        comparison.charge("m", &call(2, 10, 50, guess));
        by(&comparison.finish()).iter().map(|(_, by)| by).sum::<i64>()
    };
    assert!(50 + credited(&blind) < 30 && 50 + credited(&long) >= 30);
}
