//! What an export credits and charges, once for each hold.

use budget::{Basis, Books, CapSpec, LedgerKind, Op, Outcome, Refusal, Scope, Share};
use types::Nanos;

use crate::support::{LATER, NOW, TENANT, applied, cap, check, dispatch, hold, id, settle};

fn share(n: u128, charged: i64, by: i64) -> Share {
    Share::new(id(n), Nanos(charged), Nanos(by))
}

fn reconcile(books: &mut Books, shares: &[Share]) -> Vec<types::HoldId> {
    match books.apply(&Op::Reconcile { tenant: TENANT, shares: shares.to_vec() }, LATER) {
        Ok(Outcome::Reconciled { done }) => done,
        other => panic!("{other:?}"),
    }
}

/// A hold of 60 that was charged 50 within a cap of 100.
fn charged() -> (Books, CapSpec) {
    let path = [cap(Scope::Tenant, 100)];
    let books = applied(&[hold(1, 60, &path), dispatch(1), settle(1, 50)]);
    let [tenant] = path;
    (books, tenant)
}

#[test]
fn a_credit_is_a_row_of_its_own_and_comes_once() {
    let (mut books, tenant) = charged();
    assert_eq!(reconcile(&mut books, &[share(1, 50, -30)]), [id(1)]);
    check(&books, &tenant, 20, 0, 0);
    let rows: Vec<_> =
        books.new_ledger_rows().iter().map(|row| (row.kind, row.amount.0, row.held.0)).collect();
    let expected = [(LedgerKind::Settlement, 50, 60), (LedgerKind::Reconciled, -30, 60)];
    assert_eq!(rows, expected);
    // The row says how the charge was known that it changes.
    assert_eq!(books.new_ledger_rows()[1].basis, Basis::Provider);
    // The same export again, and another one.
    assert_eq!(reconcile(&mut books, &[share(1, 50, -30)]), []);
    assert_eq!(reconcile(&mut books, &[share(1, 20, -20)]), []);
    check(&books, &tenant, 20, 0, 0);
}

#[test]
fn where_one_share_does_not_fit_nobody_gets_any() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[
        hold(1, 20, &path),
        dispatch(1),
        settle(1, 20),
        hold(2, 20, &path),
        dispatch(2),
        hold(3, 20, &path),
        dispatch(3),
        settle(3, 10),
    ]);
    // Charged something else by now, still open, not known, nothing to change.
    for misfit in [share(1, 19, -5), share(2, 0, 5), share(9, 5, -5), share(1, 20, 0)] {
        assert_eq!(reconcile(&mut books, &[misfit]), []);
        assert_eq!(reconcile(&mut books, &[share(3, 10, -4), misfit]), []);
        assert_eq!(reconcile(&mut books, &[misfit, share(3, 10, -4)]), []);
    }
    assert_eq!(reconcile(&mut books, &[share(3, 10, -4), share(3, 10, -4)]), [], "twice");
    assert_eq!(reconcile(&mut books, &[share(3, 10, -4)]), [id(3)]);
    check(&books, &path[0], 26, 20, 0);
    let tenant = types::TenantId::from_parts(1, 2);
    let foreign = Op::Reconcile { tenant, shares: vec![share(1, 20, -5)] };
    let none = Outcome::Reconciled { done: Vec::new() };
    assert_eq!(books.apply(&foreign, LATER), Ok(none));
    check(&books, &path[0], 26, 20, 0);
}

#[test]
fn a_debit_finds_room_within_the_hold_and_shows_as_overrun_beyond() {
    let (mut books, tenant) = charged();
    assert_eq!(reconcile(&mut books, &[share(1, 50, 25)]), [id(1)]);
    check(&books, &tenant, 60, 0, 15);
    let path = [cap(Scope::Tenant, 60)];
    let ops = [hold(1, 60, &path), dispatch(1), settle(1, 10), hold(2, 45, &path)];
    let mut books = applied(&ops);
    assert_eq!(reconcile(&mut books, &[share(1, 10, 20)]), [id(1)]);
    check(&books, &path[0], 15, 45, 15);
}

#[test]
fn a_credit_comes_out_of_the_overrun_first() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[hold(1, 60, &path), dispatch(1), settle(1, 80)]);
    check(&books, &path[0], 60, 0, 20);
    assert_eq!(reconcile(&mut books, &[share(1, 80, -30)]), [id(1)]);
    check(&books, &path[0], 50, 0, 0);
}

#[test]
fn a_credit_beyond_the_charge_is_refused_with_all_others() {
    let (mut books, tenant) = charged();
    let op = Op::Reconcile { tenant: TENANT, shares: vec![share(1, 50, -10), share(2, 10, -11)] };
    assert!(matches!(books.apply(&op, NOW), Err(Refusal::Malformed(_))));
    check(&books, &tenant, 50, 0, 0);
}

/// A worst case has the whole credit of a cell, and the correction of a provisional charge comes after it.
#[test]
fn a_provisional_charge_that_has_nothing_of_a_credit_is_corrected_no_more() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books =
        applied(&[hold(1, 40, &path), dispatch(1), settle(1, 40), hold(2, 10, &path), dispatch(2)]);
    books.apply(&Op::Reap, LATER).unwrap();
    assert_eq!(reconcile(&mut books, &[share(1, 40, -8), share(2, 10, 0)]), [id(1), id(2)]);
    books.apply(&settle(2, 1), LATER).unwrap();
    check(&books, &path[0], 42, 0, 0);
}

#[test]
fn what_is_told_after_the_export_changes_nothing() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[hold(1, 60, &path), dispatch(1)]);
    books.apply(&Op::Reap, LATER).unwrap();
    assert_eq!(reconcile(&mut books, &[share(1, 60, -60)]), [id(1)]);
    let late = books.apply(&settle(1, 45), LATER).unwrap();
    assert!(
        matches!(late, Outcome::Settled(charge) if charge.kind == LedgerKind::Reconciled),
        "{late:?}"
    );
    check(&books, &path[0], 0, 0, 0);
}
