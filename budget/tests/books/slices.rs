//! Slices: taken, drawn from, given back to, closed, lapsed.

use std::num::NonZeroU32;

use budget::{
    Backing, Books, CapSpec, HoldAsk, LedgerKind, Op, Outcome, Refusal, Scope, SliceAsk, SliceState,
};
use types::{HoldId, Nanos, TenantId};

use crate::support::{LATER, NOW, TENANT, applied, ask, cap, check, dispatch, hold, id, settle};

/// The one slice of a test.
fn slice_id() -> HoldId {
    HoldId::from_parts(2, 1)
}

fn slice_ask(least: i64, want: i64, share: u32, path: &[CapSpec]) -> SliceAsk {
    SliceAsk {
        slice: slice_id(),
        tenant: TENANT,
        path: path.to_vec(),
        least: Nanos(least),
        want: Nanos(want),
        share: NonZeroU32::new(share).unwrap(),
        lease_until: LATER,
        owner: "gateway-1".into(),
        fence: 1,
    }
}

/// Takes a slice of exactly that much.
fn slice(amount: i64, path: &[CapSpec]) -> Op {
    Op::Slice(Box::new(slice_ask(amount, amount, 1, path)))
}

fn draw(n: u128, amount: i64) -> Op {
    draw_with(n, amount, |_| {})
}

fn draw_with(n: u128, amount: i64, change: impl Fn(&mut HoldAsk)) -> Op {
    let lease_until = LATER.plus_seconds(1);
    let backing = Backing::Slice(slice_id());
    let mut ask = HoldAsk { backing, lease_until, ..ask(n, amount, &[]) };
    change(&mut ask);
    Op::Hold(Box::new(ask))
}

fn close() -> Op {
    Op::CloseSlice { slice: slice_id(), fence: 1 }
}

fn release(n: u128) -> Op {
    Op::Release { hold: id(n), fence: 1 }
}

/// What a slice has while it is open, what it is charged once lapsed, and its state.
#[track_caller]
fn check_slice(books: &Books, amount: i64, charged: i64, state: SliceState) {
    let slice = books.slice(slice_id()).unwrap();
    assert_eq!((slice.amount.0, slice.charged.0, slice.state), (amount, charged, state));
}

fn rows(books: &Books) -> Vec<(LedgerKind, i64)> {
    books.new_ledger_rows().iter().map(|row| (row.kind, row.amount.0)).collect()
}

fn lapse(books: &mut Books) {
    let outcome = books.apply(&Op::Reap, LATER).unwrap();
    let (released, settled) = (vec![], vec![]);
    assert_eq!(outcome, Outcome::Reaped { released, settled, lapsed: vec![slice_id()] });
}

#[track_caller]
fn taken(least: i64, want: i64, share: u32, path: &[CapSpec]) -> i64 {
    let before = [hold(1, 20, path)];
    let mut books = applied(&before);
    let ask = Op::Slice(Box::new(slice_ask(least, want, share, path)));
    let outcome = books.apply(&ask, NOW).unwrap();
    let Outcome::Sliced(slice) = &outcome else { panic!("{outcome:?}") };
    assert_eq!(books.apply(&ask, LATER).as_ref(), Ok(&outcome), "the same answer again");
    check(&books, &path[0], 0, 20 + slice.taken.0, 0);
    slice.taken.0
}

#[test]
fn a_slice_takes_what_is_wanted_within_its_share_of_the_least_room() {
    let path = [cap(Scope::Tenant, 1_000), cap(Scope::Agent, 100)];
    assert_eq!(taken(5, 30, 2, &path), 30);
    assert_eq!(taken(5, 50, 2, &path), 40, "half of the 80 that the agent has left");
    assert_eq!(taken(5, 50, 8, &path), 10);
    assert_eq!(taken(70, 70, 8, &path), 70, "somebody waits for that much");
    assert_eq!(taken(0, 50, 100, &path), 0);
}

#[test]
fn nothing_but_the_wish_limits_a_slice_of_a_path_without_a_hard_cap() {
    let soft = CapSpec { hard: false, ..cap(Scope::Tenant, 10) };
    let none = CapSpec { target: None, ..cap(Scope::Agent, 0) };
    assert_eq!(taken(5, 5_000, 8, &[soft, none]), 5_000);
}

#[test]
fn a_slice_that_does_not_fit_is_refused_as_a_hold_is() {
    let path = [cap(Scope::Tenant, 100)];
    let books = applied(&[hold(1, 60, &path), dispatch(1), settle(1, 50), hold(2, 30, &path)]);
    let refused = |least| books.clone().apply(&slice(least, &path), NOW).unwrap_err();
    assert!(matches!(refused(21), Refusal::Held { .. }));
    assert!(matches!(refused(51), Refusal::Exhausted { settled: Nanos(50), .. }));
    let malformed = Op::Slice(Box::new(slice_ask(-1, 5, 1, &path)));
    let refusal = books.clone().apply(&malformed, NOW).unwrap_err();
    assert_eq!(refusal.to_string(), "a hold cannot be negative");
}

#[test]
fn what_slices_hold_is_held_and_not_spent() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[slice(90, &path)]);
    let refusal = books.apply(&hold(1, 20, &path), NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::Held { held: Nanos(90), .. }), "{refusal}");
    books.apply(&close(), NOW).unwrap();
    books.apply(&hold(1, 100, &path), NOW).unwrap();
}

#[test]
fn a_hold_from_a_slice_moves_no_account_and_is_on_its_path() {
    let path = [cap(Scope::Tenant, 100), cap(Scope::Agent, 100)];
    let mut books = applied(&[slice(50, &path)]);
    books.mark_written();
    books.apply(&draw(1, 30), NOW).unwrap();
    assert_eq!((books.changed_accounts().count(), books.changed_slices().count()), (0, 1));
    let hold = books.hold(id(1)).unwrap();
    assert_eq!((hold.path.len(), hold.slice), (2, Some(slice_id())));
    check_slice(&books, 20, 0, SliceState::Open);
    let again = books.clone();
    books.apply(&draw(1, 30), NOW).unwrap();
    assert_eq!(books, again);
    books.mark_written();
    assert_eq!(books.changed_slices().count(), 0);
}

#[test]
fn a_slice_that_is_short_closed_or_anothers_gives_nothing() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[slice(50, &path), draw(1, 20)]);
    let before = books.clone();
    let (slice, amount) = (slice_id(), Nanos(31));
    let short = Refusal::SliceShort { slice, amount, left: Nanos(30) };
    assert_eq!(books.apply(&draw(2, 31), NOW), Err(short));
    let stale = Refusal::FenceStale { hold: slice, given: 2, current: 1 };
    assert_eq!(books.apply(&draw_with(2, 1, |ask| ask.fence = 2), NOW), Err(stale.clone()));
    assert_eq!(books.apply(&Op::CloseSlice { slice, fence: 2 }, NOW), Err(stale));
    let other = HoldId::from_parts(2, 9);
    let unknown = draw_with(2, 1, |ask| ask.backing = Backing::Slice(other));
    assert_eq!(books.apply(&unknown, NOW), Err(Refusal::UnknownSlice(other)));
    for (change, message) in [
        (draw(2, -1), "a hold cannot be negative"),
        (
            draw_with(2, 1, |ask| ask.path = path.to_vec()),
            "a hold from a slice is on the slice's path",
        ),
        (
            draw_with(2, 1, |ask| ask.tenant = TenantId::from_parts(2, 2)),
            "a hold names a slice of another tenant",
        ),
    ] {
        assert_eq!(books.apply(&change, NOW).unwrap_err().to_string(), message);
    }
    assert_eq!(books, before);
    books.apply(&close(), NOW).unwrap();
    let (amount, left) = (Nanos(0), Nanos(0));
    assert_eq!(books.apply(&draw(2, 0), NOW), Err(Refusal::SliceShort { slice, amount, left }));
}

#[test]
fn what_a_hold_frees_is_its_slices_until_that_is_closed() {
    let path = [cap(Scope::Tenant, 100)];
    let ops = [slice(50, &path), draw(1, 20), draw(2, 20), dispatch(1), settle(1, 5), release(2)];
    let mut books = applied(&ops);
    check_slice(&books, 45, 0, SliceState::Open);
    check(&books, &path[0], 5, 45, 0);
    let ops = [draw(3, 30), dispatch(3), close()];
    ops.iter().for_each(|op| drop(books.apply(op, NOW).unwrap()));
    check(&books, &path[0], 5, 30, 0);
    books.apply(&settle(3, 10), NOW).unwrap();
    check_slice(&books, 0, 0, SliceState::Closed);
    check(&books, &path[0], 15, 0, 0);
}

#[test]
fn a_closed_slice_gives_back_once() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[slice(50, &path), draw(1, 20), close()]);
    check(&books, &path[0], 0, 20, 0);
    let before = books.clone();
    books.apply(&close(), LATER).unwrap();
    assert_eq!(books, before);
    assert_eq!(rows(&books), []);
}

#[test]
fn a_lapsed_slice_is_charged_once_and_never_simply_given_back() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[slice(50, &path), draw(1, 20)]);
    lapse(&mut books);
    check_slice(&books, 0, 30, SliceState::Lapsed);
    check(&books, &path[0], 30, 20, 0);
    assert_eq!(rows(&books), [(LedgerKind::Provisional, 30)]);
    let row = &books.new_ledger_rows()[0];
    assert_eq!((row.hold, row.attempt.parts(), row.model.as_str()), (slice_id(), (2, 1), ""));
    let before = books.clone();
    let none = Outcome::Reaped { released: vec![], settled: vec![], lapsed: vec![] };
    assert_eq!(books.apply(&Op::Reap, LATER), Ok(none));
    assert_eq!(books, before);
}

#[test]
fn a_late_hold_is_paid_out_of_the_charge_of_its_slice() {
    let path = [cap(Scope::Tenant, 100)];
    let lease_until = Some(LATER.plus_seconds(1));
    let runs = Op::Dispatch { hold: id(9), fence: 1, lease_until };
    let mut books = applied(&[slice(50, &path), hold(9, 50, &path), runs]);
    lapse(&mut books);
    check(&books, &path[0], 50, 50, 0);
    let (slice, amount, left) = (slice_id(), Nanos(51), Nanos(50));
    let short = Refusal::SliceShort { slice, amount, left };
    assert_eq!(books.apply(&draw(1, 51), LATER), Err(short));
    books.apply(&draw(1, 20), LATER).unwrap();
    check(&books, &path[0], 30, 70, 0);
    check_slice(&books, 0, 30, SliceState::Lapsed);
    books.apply(&dispatch(1), LATER).unwrap();
    books.apply(&settle(1, 5), LATER).unwrap();
    check(&books, &path[0], 50, 50, 0);
    check_slice(&books, 0, 45, SliceState::Lapsed);
    books.apply(&close(), LATER).unwrap();
    check(&books, &path[0], 5, 50, 0);
    use LedgerKind as Kind;
    let expected = [
        (Kind::Provisional, 50),
        (Kind::Moved, -20),
        (Kind::Settlement, 5),
        (Kind::Kept, 15),
        (Kind::Correction, -45),
    ];
    assert_eq!(rows(&books), expected);
}

/// What a journal says of a slice: one hold of each end.
fn journal() -> Vec<Op> {
    let lives = [
        vec![draw(1, 20), dispatch(1), settle(1, 5)],
        vec![draw(2, 10), release(2)],
        vec![draw(3, 15), dispatch(3), settle(3, 40)],
        vec![draw(4, 0), dispatch(4), settle(4, 0)],
    ];
    [lives.concat(), vec![close()]].concat()
}

#[test]
fn a_journal_that_comes_late_ends_as_if_it_had_come_in_time() {
    let path = [cap(Scope::Tenant, 100), cap(Scope::Agent, 100)];
    for early in 0..=journal().len() {
        let mut books = applied(&[slice(50, &path)]);
        for (at, op) in journal().iter().enumerate() {
            if at == early {
                books.apply(&Op::Reap, LATER).unwrap();
            }
            books.apply(op, NOW).unwrap();
        }
        check(&books, &path[0], 20, 0, 25);
        check(&books, &path[1], 20, 0, 25);
        let sum: i64 = rows(&books).iter().map(|(_, amount)| amount).sum();
        assert_eq!(sum, 20, "{early}");
    }
}

#[test]
fn a_hold_that_is_lost_with_its_slice_is_charged_whole_and_corrected_into_it() {
    let path = [cap(Scope::Tenant, 100)];
    let late = LATER.plus_seconds(1);
    let progress = Op::Progress {
        hold: id(1),
        fence: 1,
        output_tokens: 7,
        if_lost: Some(Nanos(3)),
        lease_until: None,
    };
    let ops = [slice(50, &path), draw(1, 20), dispatch(1), progress];
    let mut books = applied(&ops);
    books.apply(&Op::Reap, late).unwrap();
    check(&books, &path[0], 50, 0, 0);
    check_slice(&books, 0, 30, SliceState::Lapsed);
    books.apply(&settle(1, 8), late).unwrap();
    check(&books, &path[0], 50, 0, 0);
    check_slice(&books, 0, 42, SliceState::Lapsed);

    // Of a closed slice nothing can come any more, so what is known is charged.
    let mut books = applied(&ops);
    books.apply(&close(), NOW).unwrap();
    books.apply(&Op::Reap, late).unwrap();
    check(&books, &path[0], 3, 0, 0);
}

#[test]
fn a_reaped_hold_that_never_went_out_lapses_with_its_slice() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[slice(20, &path), draw(1, 20)]);
    let outcome = books.apply(&Op::Reap, LATER.plus_seconds(1)).unwrap();
    let (released, lapsed) = (vec![id(1)], vec![slice_id()]);
    assert_eq!(outcome, Outcome::Reaped { released, settled: vec![], lapsed });
    check(&books, &path[0], 20, 0, 0);
}

#[test]
fn a_debt_is_never_refused_and_stops_what_is_asked() {
    let path = [cap(Scope::Tenant, 100)];
    let debt = Op::Hold(Box::new(HoldAsk { backing: Backing::Debt, ..ask(2, 70, &path) }));
    let mut books = applied(&[hold(1, 60, &path), debt]);
    check(&books, &path[0], 0, 130, 0);
    assert_eq!(books.account(&path[0].key).unwrap().cap, Nanos(130));
    assert!(matches!(books.apply(&hold(3, 1, &path), NOW), Err(Refusal::Held { .. })));
}

#[test]
fn what_a_slice_needs_and_was_not_loaded_is_named() {
    let path = [cap(Scope::Tenant, 100)];
    let full = applied(&[slice(50, &path), draw(1, 20), dispatch(1)]);
    // A slice that is not there any more was closed long ago: what its hold frees is everybody's.
    let mut books = Books::default();
    books.insert_account(full.account(&path[0].key).unwrap().clone());
    books.insert_hold(full.hold(id(1)).unwrap().clone());
    books.apply(&settle(1, 1), NOW).unwrap();
    let account = books.account(&path[0].key).unwrap();
    assert_eq!((account.settled, account.held), (Nanos(1), Nanos(30)));
    let mut books = Books::default();
    books.insert_slice(full.slice(slice_id()).unwrap().clone());
    let unknown = Refusal::UnknownAccount(path[0].key.clone());
    assert_eq!(books.apply(&close(), NOW), Err(unknown.clone()));
    assert_eq!(books.apply(&Op::Reap, LATER), Err(unknown));
}
