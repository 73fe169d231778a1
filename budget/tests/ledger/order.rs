//! Operations of different holds in any order, and any of them delivered again.

use std::iter;

use budget::{Basis, Books, Op};
use proptest::{collection::vec, prelude::*, sample::Index};
use types::Nanos;

use crate::steps::{START, accounts, ask, draw, hold_id, slice_ask, slice_id};

/// The life of one hold: how it ends is `end`. Every other one is from a slice.
fn life(slot: u8, end: u8) -> Vec<Op> {
    let hold = hold_id(slot);
    let fence = 1;
    let made = match slot % 2 {
        0 => ask(slot, usize::from(slot) % 3, 10, 600, START),
        _ => draw(slot, 0, 10, 600, START),
    };
    let mut ops = vec![Op::Hold(Box::new(made))];
    if end == 0 {
        ops.push(Op::Release { hold, fence });
        return ops;
    }
    ops.push(Op::Dispatch { hold, fence, lease_until: Some(START.plus_seconds(700)) });
    for tokens in 0..u64::from(end) {
        let lease_until = Some(START.plus_seconds(800 + i64::from(end)));
        let (output_tokens, if_lost) = (tokens, Some(Nanos(3)));
        ops.push(Op::Progress { hold, fence, output_tokens, if_lost, lease_until });
    }
    if end < 4 {
        let actual = Nanos(i64::from(end) * 4);
        ops.push(Op::Settle { hold, fence, actual, usage: None, basis: Basis::Provider });
    }
    ops
}

/// Lives interleaved as the indices say; an operation may come again after it was first applied.
fn interleave(lives: &[Vec<Op>], picks: &[(Index, bool)]) -> Vec<Op> {
    let mut next = vec![0; lives.len()];
    let mut all: Vec<Op> = Vec::new();
    for (pick, again) in picks {
        if *again && !all.is_empty() {
            all.push(all[pick.index(all.len())].clone());
            continue;
        }
        let life = pick.index(lives.len());
        all.extend(lives[life].get(next[life]).cloned());
        next[life] += 1;
    }
    for (life, next) in lives.iter().zip(next) {
        all.extend(life.iter().skip(next).cloned());
    }
    all
}

/// The books after the operations and the close of their slice, their rows in the order of ids.
fn run(ops: &[Op]) -> Result<(Books, Vec<String>), TestCaseError> {
    let mut books = Books::default();
    for spec in accounts(START) {
        let wide = budget::CapSpec { target: Some(Nanos(1_000_000)), ..spec };
        books.apply(&Op::SetTarget(wide), START).unwrap();
    }
    let slice = Op::Slice(Box::new(slice_ask(0, 0, 100, 600, START)));
    let close = Op::CloseSlice { slice: slice_id(0), fence: 1 };
    for op in iter::once(&slice).chain(ops).chain([&close]) {
        books
            .apply(op, START)
            .map_err(|refusal| TestCaseError::fail(format!("{op:?}: {refusal}")))?;
    }
    let mut rows: Vec<String> =
        books.new_ledger_rows().iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    books.mark_written();
    Ok((books, rows))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_with_repeats_gives_the_same_books(
        ends in vec(0_u8..6, 1..6),
        picks in vec((any::<Index>(), any::<bool>()), 0..60),
    ) {
        let lives: Vec<Vec<Op>> = (0..).zip(&ends).map(|(slot, end)| life(slot, *end)).collect();
        let plain = run(&lives.concat())?;
        let mixed = run(&interleave(&lives, &picks))?;
        prop_assert_eq!(plain, mixed);
    }

    #[test]
    fn progress_may_arrive_in_any_order(
        reports in Just((0_u64..6).collect::<Vec<_>>()).prop_shuffle(),
        lost in vec(0_i64..20, 6),
    ) {
        let start = life(0, 1)[..2].to_vec();
        let report = |tokens: &u64| Op::Progress {
            hold: hold_id(0),
            fence: 1,
            output_tokens: *tokens,
            if_lost: Some(Nanos(lost[usize::try_from(*tokens).unwrap()])),
            lease_until: Some(START.plus_seconds(700 + i64::try_from(*tokens).unwrap())),
        };
        let ops = |reports: &[u64]| [start.clone(), reports.iter().map(report).collect()].concat();
        let sorted: Vec<u64> = (0..6).collect();
        prop_assert_eq!(run(&ops(&sorted))?, run(&ops(&reports))?);
    }
}
