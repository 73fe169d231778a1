//! Holds: a full account, a crash, a broken limit.

use budget::{Basis, Books, CapSpec, Charge, HoldAsk, LedgerKind, Op, Outcome, Refusal, Scope};
use types::{Nanos, TenantId, Timestamp};

use crate::support::{LATER, NOW, applied, ask, cap, check, dispatch, hold, id, settle};

#[test]
fn a_cap_is_filled_to_the_last_nano_and_not_beyond() {
    let tenant = cap(Scope::Tenant, 100);
    let path = [tenant.clone()];
    let mut books = applied(&[hold(1, 60, &path), hold(2, 40, &path)]);
    let refusal = books.apply(&hold(3, 1, &path), NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::Held { held: Nanos(100), .. }), "{refusal}");
    check(&books, &tenant, 0, 100, 0);
}

#[test]
fn full_but_only_held_is_not_exhausted() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[hold(1, 60, &path), dispatch(1), settle(1, 50), hold(2, 30, &path)]);
    let refused = |amount| books.clone().apply(&hold(3, amount, &path), NOW).unwrap_err();
    assert!(matches!(refused(21), Refusal::Held { .. }));
    assert!(matches!(refused(50), Refusal::Held { .. }));
    assert!(matches!(refused(51), Refusal::Exhausted { settled: Nanos(50), .. }));
    assert!(books.apply(&hold(3, 20, &path), NOW).is_ok());
}

#[test]
fn an_exhausted_account_is_named_before_a_held_one() {
    let (tenant, agent) = (cap(Scope::Tenant, 10), cap(Scope::Agent, 5));
    let mut books = applied(&[hold(1, 8, std::slice::from_ref(&tenant))]);
    let refusal = books.apply(&hold(2, 6, &[tenant, agent.clone()]), NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::Exhausted { key, .. } if key == agent.key));
}

#[test]
fn a_path_without_room_writes_nothing_anywhere() {
    let path = [cap(Scope::Tenant, 100), cap(Scope::Agent, 5)];
    let mut books = Books::default();
    books.apply(&hold(1, 6, &path), NOW).unwrap_err();
    assert_eq!(books, Books::default());
    assert_eq!(books.changed_accounts().count(), 0);
}

#[test]
fn a_free_call_passes_an_exhausted_account() {
    let path = [cap(Scope::Tenant, 0)];
    let books = applied(&[hold(1, 0, &path), dispatch(1), settle(1, 0)]);
    check(&books, &path[0], 0, 0, 0);
}

#[test]
fn a_provider_that_breaks_the_limit_shows_as_overrun() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[hold(1, 60, &path), dispatch(1), settle(1, 130)]);
    check(&books, &path[0], 60, 0, 70);
    let refusal = books.apply(&hold(2, 1, &path), NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::Exhausted { settled: Nanos(130), .. }));
}

#[test]
fn a_second_settlement_returns_the_first() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[hold(1, 60, &path), dispatch(1)]);
    let first = books.apply(&settle(1, 20), NOW);
    assert_eq!(books.apply(&settle(1, 55), LATER), first);
    assert_eq!(books.new_ledger_rows().len(), 1);
    check(&books, &path[0], 20, 0, 0);
}

fn reaped(if_lost: Option<i64>) -> (Books, CapSpec) {
    let path = [cap(Scope::Tenant, 100)];
    let progress = Op::Progress {
        hold: id(1),
        fence: 1,
        output_tokens: 7,
        if_lost: if_lost.map(Nanos),
        lease_until: None,
    };
    let ops = [hold(1, 60, &path), dispatch(1), progress, hold(2, 10, &path)];
    let mut books = applied(&ops);
    let none = Outcome::Reaped { released: vec![], settled: vec![], lapsed: vec![] };
    assert_eq!(books.apply(&Op::Reap, Timestamp(LATER.0 - 1)), Ok(none));
    let (released, settled) = (vec![id(2)], vec![id(1)]);
    let both = Outcome::Reaped { released, settled, lapsed: vec![] };
    assert_eq!(books.apply(&Op::Reap, LATER), Ok(both));
    let [tenant] = path;
    (books, tenant)
}

#[test]
fn the_reaper_releases_what_never_went_out_and_settles_the_rest() {
    let (books, tenant) = reaped(None);
    check(&books, &tenant, 60, 0, 0);
    let (books, tenant) = reaped(Some(25));
    check(&books, &tenant, 25, 0, 0);
    assert_eq!(books.new_ledger_rows()[0].basis, Basis::Provisional);
}

#[test]
fn a_late_report_credits_a_provisional_charge_once() {
    let (mut books, tenant) = reaped(None);
    let (kind, basis) = (LedgerKind::Correction, Basis::Provider);
    let net = Charge { kind, amount: Nanos(35), overrun: Nanos(0), basis };
    assert_eq!(books.apply(&settle(1, 35), LATER), Ok(Outcome::Settled(net)));
    assert_eq!(books.apply(&settle(1, 1), LATER), Ok(Outcome::Settled(net)));
    check(&books, &tenant, 35, 0, 0);
    let amounts: Vec<i64> = books.new_ledger_rows().iter().map(|row| row.amount.0).collect();
    assert_eq!(amounts, [60, -25]);
}

#[test]
fn a_late_debit_that_finds_no_room_shows_as_overrun() {
    let (mut books, tenant) = reaped(Some(25));
    books.apply(&hold(3, 70, std::slice::from_ref(&tenant)), LATER).unwrap();
    books.apply(&settle(1, 40), LATER).unwrap();
    check(&books, &tenant, 30, 70, 10);
}

#[test]
fn a_reaped_hold_cannot_be_dispatched() {
    let (mut books, _) = reaped(None);
    assert!(matches!(books.apply(&dispatch(2), LATER), Err(Refusal::BadStep(_))));
}

#[test]
fn who_lost_a_hold_cannot_write() {
    let path = [cap(Scope::Tenant, 100)];
    let mut books = applied(&[hold(1, 60, &path), dispatch(1)]);
    let owner = "gateway-2".to_owned();
    let take = Op::Take { hold: id(1), owner, fence: 2, lease_until: LATER };
    books.apply(&take, NOW).unwrap();
    books.apply(&take, NOW).unwrap();
    let refusal = books.apply(&settle(1, 1), NOW).unwrap_err();
    assert_eq!(refusal, Refusal::FenceStale { hold: id(1), given: 1, current: 2 });
    check(&books, &path[0], 0, 60, 0);
}

#[test]
fn a_lower_target_lets_running_calls_end_and_no_new_one_begin() {
    let tenant = cap(Scope::Tenant, 100);
    let path = [tenant.clone()];
    let mut books = applied(&[hold(1, 60, &path), dispatch(1)]);
    books.apply(&Op::SetTarget(cap(Scope::Tenant, 10)), NOW).unwrap();
    check(&books, &tenant, 0, 60, 0);
    books.apply(&hold(2, 1, &path), NOW).unwrap_err();
    books.apply(&settle(1, 60), NOW).unwrap();
    check(&books, &tenant, 60, 0, 0);
}

#[test]
fn the_rows_own_target_wins_over_the_asks() {
    let books = applied(&[hold(1, 60, &[cap(Scope::Tenant, 100)])]);
    let mut stale = books.clone();
    stale.apply(&hold(2, 60, &[cap(Scope::Tenant, 1_000)]), NOW).unwrap_err();
    assert_eq!(stale, books);
}

#[track_caller]
fn malformed(change: impl Fn(&mut HoldAsk), message: &str) {
    let mut ask = ask(1, 1, &[cap(Scope::Tenant, 100)]);
    change(&mut ask);
    let refusal = Books::default().apply(&Op::Hold(Box::new(ask)), NOW).unwrap_err();
    assert_eq!(refusal.to_string(), message);
}

#[test]
fn an_ask_that_makes_no_sense_is_refused() {
    malformed(|ask| ask.path.clear(), "a hold needs at least one account");
    malformed(|ask| ask.path.push(cap(Scope::Tenant, 1)), "a hold names an account twice");
    malformed(|ask| ask.amount = Nanos(-1), "a hold cannot be negative");
    malformed(
        |ask| ask.tenant = TenantId::from_parts(2, 2),
        "a hold names an account of another tenant",
    );
    malformed(|ask| ask.path = vec![cap(Scope::Key, 1); 33], "a hold has at most 32 accounts");
    let refusal = applied(&[hold(1, 1, &[cap(Scope::Tenant, 1)]), dispatch(1)])
        .apply(&settle(1, -1), NOW)
        .unwrap_err();
    assert_eq!(refusal.to_string(), "a settlement cannot be negative");
}

#[test]
fn an_account_that_was_not_loaded_is_named() {
    let path = [cap(Scope::Tenant, 100)];
    let full = applied(&[hold(1, 60, &path), dispatch(1)]);
    let mut books = Books::default();
    books.insert_hold(full.hold(id(1)).unwrap().clone());
    let unknown = Refusal::UnknownAccount(path[0].key.clone());
    assert_eq!(books.apply(&settle(1, 1), NOW), Err(unknown.clone()));
    assert_eq!(books.apply(&Op::Reap, LATER), Err(unknown));
    assert_eq!(books.apply(&settle(2, 1), NOW), Err(Refusal::UnknownHold(id(2))));
}

#[test]
fn only_what_changed_is_written() {
    let path = [cap(Scope::Tenant, 100), cap(Scope::Agent, 100)];
    let mut books = applied(&[hold(1, 60, &path), dispatch(1)]);
    assert_eq!((books.changed_accounts().count(), books.changed_holds().count()), (2, 1));
    books.mark_written();
    books.apply(&dispatch(1), LATER).unwrap();
    books.apply(&hold(1, 60, &path), LATER).unwrap();
    assert_eq!((books.changed_accounts().count(), books.changed_holds().count()), (0, 0));
    assert!(books.new_ledger_rows().is_empty());
}
