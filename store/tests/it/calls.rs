//! Calls as the ledger tells of them, and an export's shares: booked once, with all that hangs on it.

use std::collections::BTreeSet;

use budget::{Basis, Call, Share};
use sqlx::AssertSqlSafe;
use store::{
    Error, Options, Store,
    calls::{BookedSpan, Booking, SHARES_MAX},
    ledger::Settlement,
    spend::Group,
};
use types::{HoldId, Nanos, TenantId, Timestamp, audit::Kind};

use crate::{
    on_both,
    spend::slow::{Dice, agents, history},
    support::{
        CENT, Database, MODEL, PROVIDER, account, admin_permit, ask, cap, cost, permit, permit_of,
        prepare, record, tenant,
    },
};

on_both! {
    calls_are_told_with_what_is_known_of_them;
    a_share_is_booked_once_with_its_record;
    a_call_whose_hold_is_gone_has_its_share_all_the_same;
    a_share_of_what_the_reaper_charged_is_provisional_no_more;
    a_debit_without_room_shows_as_overrun;
    whoever_may_only_read_or_is_of_another_tenant_books_nothing;
    a_ledger_of_many_pages_is_told_whole;
    two_who_book_the_same_export_book_it_once;
    a_bucket_is_booked_wholly_or_not_at_all;
    what_reaches_into_a_booked_bucket_is_not_booked;
    two_who_book_buckets_of_other_widths_book_one_of_them;
    a_provisional_charge_whose_slice_is_not_closed_is_told;
    calls_of_another_tenant_are_told;
}

const ALWAYS: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(i64::MAX / 2));

/// A call that holds ten cents and is charged some of them, known somehow.
async fn called(store: &Store, cents: i64, basis: Basis) -> HoldId {
    let ask = ask(vec![cap(100 * CENT)], 10 * CENT);
    store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    let settlement = Settlement { basis, ..cost(cents * CENT) };
    store.ledger().settle(ask.hold, settlement, None).await.unwrap();
    ask.hold
}

async fn calls(store: &Store) -> Vec<Call> {
    let mut calls = Vec::new();
    let take = |(model, row): (&str, &str), call: &Call| {
        assert_eq!((model, row.is_empty()), (MODEL, false));
        calls.push(*call);
    };
    store.calls().between((tenant(), PROVIDER), ALWAYS, take).await.unwrap();
    calls
}

/// In cents: what a call was charged, and before any export; what was held, and how it is a guess.
///
/// In the order of what they were charged: two that began within a millisecond come in any.
fn told(calls: &[Call]) -> Vec<(i64, i64, Option<i64>, Option<Basis>)> {
    let told = |call: &Call| {
        let held = call.held.map(|held| held.0 / CENT);
        (call.charged.0 / CENT, call.before.0 / CENT, held, call.guess)
    };
    let mut told: Vec<_> = calls.iter().map(told).collect();
    told.sort_unstable();
    told
}

/// Books each by itself, in no bucket that anybody remembers.
async fn book(store: &Store, shares: &[(HoldId, i64, i64)]) -> Vec<HoldId> {
    let alone = |share| booking((0, 1), None, std::slice::from_ref(share));
    book_all(store, shares.iter().map(alone).collect()).await
}

async fn book_all(store: &Store, bookings: Vec<Booking>) -> Vec<HoldId> {
    let permit = admin_permit(false);
    store.calls().reconcile(&permit, PROVIDER, bookings, &record(Kind::Admin)).await.unwrap()
}

/// A bucket from one second to another, which was booked so often for the model when it was compared.
fn booking(
    (starts, ends): (i64, i64),
    seen: Option<u64>,
    shares: &[(HoldId, i64, i64)],
) -> Booking {
    let share = |(hold, charged, by): &(HoldId, i64, i64)| {
        Share::new(*hold, Nanos(charged * CENT), Nanos(by * CENT))
    };
    Booking {
        models: seen.map(|seen| (MODEL.to_owned(), seen)).into_iter().collect(),
        starts: Timestamp(0).plus_seconds(starts),
        ends: Timestamp(0).plus_seconds(ends),
        shares: shares.iter().map(share).collect(),
    }
}

async fn a_bucket_is_booked_wholly_or_not_at_all(database: &Database) {
    let store = database.prepared().await;
    let mut holds = Vec::new();
    for cents in [10, 9, 8, 7] {
        holds.push(called(&store, cents, Basis::WorstCase).await);
    }
    // The charge of one of the first two was another when they were compared.
    let bookings = vec![
        booking((0, 10), Some(0), &[(holds[0], 10, -5), (holds[1], 8, -5)]),
        booking((10, 20), Some(0), &[(holds[2], 8, -1), (holds[3], 7, -1)]),
    ];
    assert_eq!(book_all(&store, bookings).await, [holds[2], holds[3]]);
    assert_eq!(settled(&store).await, 32);
    let spans = store.calls().booked((tenant(), PROVIDER), ALWAYS).await.unwrap();
    let known: Vec<_> = spans.iter().map(|span| (span.starts.0, span.times)).collect();
    assert_eq!(known, [(10_000_000, 1)], "nothing of the first was booked");
}

async fn what_reaches_into_a_booked_bucket_is_not_booked(database: &Database) {
    let store = database.prepared().await;
    let mut holds = Vec::new();
    for _ in 0..6 {
        holds.push(called(&store, 10, Basis::WorstCase).await);
    }
    let day = (0, 86_400);
    assert_eq!(book_all(&store, vec![booking(day, Some(0), &[(holds[0], 10, -5)])]).await.len(), 1);
    for (span, seen) in [((3_600, 7_200), 0), ((0, 3_600), 0), ((-60, 1), 0), ((0, 90_000), 1)] {
        let bookings = vec![booking(span, Some(seen), &[(holds[1], 10, -5)])];
        assert_eq!(book_all(&store, bookings).await, [], "{span:?}");
    }
    // The same, of a comparison from before the first was booked, and of one that saw it.
    assert_eq!(book_all(&store, vec![booking(day, Some(0), &[(holds[1], 10, -5)])]).await, []);
    let again = vec![booking(day, Some(1), &[(holds[1], 10, -5)])];
    assert_eq!(book_all(&store, again).await, [holds[1]]);
    // What only touches it, another model, another provider.
    let next = vec![booking((86_400, 90_000), Some(0), &[(holds[2], 10, -5)])];
    assert_eq!(book_all(&store, next).await, [holds[2]]);
    let mut other = booking((0, 3_600), Some(0), &[(holds[3], 10, -5)]);
    other.models = vec![("another".to_owned(), 0)];
    assert_eq!(book_all(&store, vec![other]).await, [holds[3]]);
    let hour = booking((0, 3_600), Some(0), &[(holds[4], 10, -5)]);
    let (permit, record) = (admin_permit(false), record(Kind::Admin));
    let booked = store.calls().reconcile(&permit, "another", vec![hour], &record).await.unwrap();
    assert_eq!(booked, [holds[4]]);
    let span = BookedSpan {
        model: MODEL.to_owned(),
        starts: Timestamp(0),
        ends: Timestamp(0).plus_seconds(86_400),
        times: 2,
    };
    let found = store.calls().booked((tenant(), PROVIDER), (span.starts, Timestamp(1))).await;
    assert!(found.unwrap().contains(&span));
}

async fn two_who_book_buckets_of_other_widths_book_one_of_them(database: &Database) {
    let stores = [database.prepared().await, database.open().await];
    for round in 0..6 {
        let mut holds = Vec::new();
        for _ in 0..4 {
            holds.push(called(&stores[0], 4, Basis::WorstCase).await);
        }
        let at = round * 10;
        let wide = vec![booking((at, at + 10), Some(0), &[(holds[0], 4, -2), (holds[1], 4, -2)])];
        let narrow = vec![
            booking((at, at + 5), Some(0), &[(holds[2], 4, -2)]),
            booking((at + 5, at + 10), Some(0), &[(holds[3], 4, -2)]),
        ];
        let (one, other) = tokio::join!(book_all(&stores[0], wide), book_all(&stores[1], narrow));
        assert_eq!(one.len() + other.len(), 2, "{one:?} {other:?}");
        assert!(one.is_empty() || other.is_empty(), "{one:?} {other:?}");
    }
}

async fn a_provisional_charge_whose_slice_is_not_closed_is_told(database: &Database) {
    let store = hasty(database).await;
    let lost = ask(vec![cap(100 * CENT)], 10 * CENT);
    store.ledger().hold_dispatched(&permit(), lost.clone(), None).await.unwrap();
    store.ledger().reap().await.unwrap();
    let unsure = async || {
        let found = store.calls().unsure((tenant(), PROVIDER), ALWAYS).await.unwrap();
        found.into_iter().map(|(model, _)| model).collect::<Vec<_>>()
    };
    assert_eq!(unsure().await, [""; 0], "it is of no slice");
    let slice = HoldId::from_parts(1_000, 1);
    let row = format!(
        "insert into slices values ('{slice}', '{}', '{}', null, '[]', 9, 0, 7, 'lapsed', 1, 'gone', 1)",
        tenant(),
        crate::support::agent_id(),
    );
    let of = format!("update holds set slice_id = '{slice}'");
    for text in [row, of] {
        sqlx::query(AssertSqlSafe(text)).execute(&mut database.raw().await).await.unwrap();
    }
    assert_eq!(unsure().await, [MODEL]);
    database.tamper("update slices set state = 'open'").await;
    assert_eq!(unsure().await, [MODEL]);
    database.tamper("update slices set state = 'closed'").await;
    assert_eq!(unsure().await, [""; 0]);
}

async fn calls_of_another_tenant_are_told(database: &Database) {
    let store = database.prepared().await;
    called(&store, 4, Basis::Counted).await;
    let (others, calls) = ((TenantId::from_parts(1, 9), PROVIDER), store.calls());
    assert!(!calls.others((tenant(), PROVIDER), ALWAYS).await.unwrap());
    assert!(calls.others(others, ALWAYS).await.unwrap());
    assert!(!calls.others((others.0, "another"), ALWAYS).await.unwrap());
    assert!(!calls.others(others, (Timestamp(0), Timestamp(1_000_000))).await.unwrap());
}

async fn settled(store: &Store) -> i64 {
    account(store).await.settled.0 / CENT
}

/// A store whose holds expire at once.
async fn hasty(database: &Database) -> Store {
    let options = Options { lease: std::time::Duration::ZERO, ..database.options() };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    store
}

async fn calls_are_told_with_what_is_known_of_them(database: &Database) {
    let store = hasty(database).await;
    let before = Timestamp::now();
    called(&store, 3, Basis::Provider).await;
    called(&store, 4, Basis::Counted).await;
    called(&store, 10, Basis::WorstCase).await;
    called(&store, 12, Basis::Provider).await;
    let lost = [(); 2].map(|()| ask(vec![cap(100 * CENT)], 10 * CENT));
    for ask in &lost {
        store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    }
    store.ledger().reap().await.unwrap();
    store.ledger().settle(lost[1].hold, cost(2 * CENT), None).await.unwrap();
    // Still open, and released: neither is a charge.
    let open = ask(vec![cap(100 * CENT)], CENT);
    store.ledger().hold(&permit(), open, None).await.unwrap();

    let found = calls(&store).await;
    let held = Some(10);
    assert!(found.is_sorted_by_key(|call| call.hold));
    assert_eq!(
        told(&found),
        [
            (2, 2, held, None),
            (3, 3, held, None),
            (4, 4, held, Some(Basis::Counted)),
            (10, 10, held, Some(Basis::WorstCase)),
            (10, 10, held, Some(Basis::Provisional)),
            (12, 12, held, None),
        ]
    );
    let (ms, after) = (1_000, Timestamp::now().plus_seconds(1));
    for call in &found {
        assert!(before.0 - ms <= call.started.0 && call.started <= call.ended, "{call:?}");
        assert!(call.ended <= after, "{call:?}");
    }
    // From its first instant on, and up to the next one's.
    let third = found[2].started;
    let mut some = Vec::new();
    let take = |_: (&str, &str), call: &Call| some.push(call.started);
    store.calls().between((tenant(), PROVIDER), (third, ALWAYS.1), take).await.unwrap();
    assert!(some.contains(&third) && some.len() >= 4 && some.iter().all(|at| *at >= third));
    let waits = store.calls().open((tenant(), PROVIDER), ALWAYS).await.unwrap();
    assert_eq!(waits.iter().map(|(model, _)| model.as_str()).collect::<Vec<_>>(), [MODEL]);
    assert!(waits[0].1 >= found[5].started);
    assert_eq!(store.calls().lost(tenant(), ALWAYS).await.unwrap(), Nanos::ZERO);
    let slice = format!(
        "insert into slices values ('{}', '{}', '{}', null, '[]', 9, 0, 7, 'lapsed', {}, 'gone', 1)",
        HoldId::from_parts(1_000, 1),
        tenant(),
        crate::support::agent_id(),
        2_000_000,
    );
    sqlx::query(AssertSqlSafe(slice)).execute(&mut database.raw().await).await.unwrap();
    for (from, to, charged) in [(0, 9_000_000, 7), (2_000_001, 9_000_000, 0), (0, 1_000_000, 0)] {
        let span = (Timestamp(from), Timestamp(to));
        assert_eq!(store.calls().lost(tenant(), span).await.unwrap(), Nanos(charged), "{span:?}");
    }
    for of in [(tenant(), "another"), (TenantId::from_parts(1, 9), PROVIDER)] {
        let none = |_: (&str, &str), call: &Call| panic!("{call:?}");
        store.calls().between(of, ALWAYS, none).await.unwrap();
    }
}

async fn a_share_is_booked_once_with_its_record(database: &Database) {
    let store = database.prepared().await;
    let counted = called(&store, 4, Basis::Counted).await;
    let whole = called(&store, 10, Basis::WorstCase).await;
    let shares = [(counted, 4, 2), (whole, 10, -9)];
    assert_eq!(book(&store, &shares).await, [counted, whole]);
    assert_eq!(settled(&store).await, 7);
    let found = told(&calls(&store).await);
    assert_eq!(found, [(1, 10, Some(10), None), (6, 4, Some(10), None)]);
    let rows = "select count(*) from ledger where kind = 'reconciled'";
    assert_eq!(database.count(rows).await, 2);
    // Each row says how the charge was known that it changes.
    let known = "select count(*) from ledger where kind = 'reconciled' and \
                 (basis = 'counted' and amount = 20000000 or basis = 'worst_case' and amount < 0)";
    assert_eq!(database.count(known).await, 2);
    let records = "select count(*) from audit where kind = 'admin'";
    assert_eq!(database.count(records).await, 1);

    // The same export again, another one, and one that was worked out before the first was booked.
    assert_eq!(book(&store, &shares).await, []);
    assert_eq!(book(&store, &[(counted, 6, -1), (whole, 1, -1)]).await, []);
    assert_eq!((settled(&store).await, database.count(rows).await), (7, 2));
    // A settlement that comes once more changes nothing either.
    store.ledger().settle(whole, cost(CENT), None).await.unwrap();
    assert_eq!(settled(&store).await, 7);
    let lines = store.spend().by(Group::Model, tenant(), ALWAYS.0, ALWAYS.1).await.unwrap();
    let figures: Vec<_> = lines.iter().map(|line| (line.calls, line.amount.0 / CENT)).collect();
    assert_eq!(figures, [(2, 7)]);
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn a_call_whose_hold_is_gone_has_its_share_all_the_same(database: &Database) {
    let store = hasty(database).await;
    let counted = called(&store, 4, Basis::Counted).await;
    let late = ask(vec![cap(100 * CENT)], 10 * CENT);
    store.ledger().hold_dispatched(&permit(), late.clone(), None).await.unwrap();
    store.ledger().reap().await.unwrap();
    let corrected = Settlement { basis: Basis::Counted, ..cost(6 * CENT) };
    store.ledger().settle(late.hold, corrected, None).await.unwrap();
    database.tamper("delete from holds").await;
    // What was held is known of the ledger's own rows.
    let found = told(&calls(&store).await);
    let guess = Some(Basis::Counted);
    assert_eq!(found, [(4, 4, Some(10), guess), (6, 6, Some(10), guess)]);
    // One that is not so any more is passed over.
    let shares = [(counted, 4, -3), (late.hold, 5, -1), (HoldId::from_parts(9, 9), 1, -1)];
    assert_eq!(book(&store, &shares).await, [counted]);
    assert_eq!(book(&store, &[(late.hold, 6, 1)]).await, [late.hold]);
    assert_eq!(settled(&store).await, 8);
    database.tamper("delete from holds").await;
    assert_eq!(book(&store, &[(counted, 1, -1), (late.hold, 7, -1)]).await, []);
    assert_eq!(settled(&store).await, 8);
}

async fn a_share_of_what_the_reaper_charged_is_provisional_no_more(database: &Database) {
    let store = hasty(database).await;
    let lost = ask(vec![cap(100 * CENT)], 10 * CENT);
    store.ledger().hold_dispatched(&permit(), lost.clone(), None).await.unwrap();
    store.ledger().reap().await.unwrap();
    let provisional = async || {
        let lines = store.spend().by(Group::Model, tenant(), ALWAYS.0, ALWAYS.1).await.unwrap();
        (lines[0].calls, lines[0].amount.0 / CENT, lines[0].provisional.0 / CENT)
    };
    assert_eq!(provisional().await, (1, 10, 10));
    assert_eq!(book(&store, &[(lost.hold, 10, -7)]).await, [lost.hold]);
    assert_eq!(provisional().await, (1, 3, 3));
    // What its owner tells after all is in the export.
    store.ledger().settle(lost.hold, cost(9 * CENT), None).await.unwrap();
    assert_eq!((provisional().await, settled(&store).await), ((1, 3, 3), 3));
}

async fn a_debit_without_room_shows_as_overrun(database: &Database) {
    let store = database.prepared().await;
    let counted = called(&store, 4, Basis::Counted).await;
    store.ledger().hold(&permit(), ask(vec![cap(100 * CENT)], 95 * CENT), None).await.unwrap();
    assert_eq!(book(&store, &[(counted, 4, 5)]).await, [counted]);
    let account = account(&store).await;
    let figures = [account.settled, account.held, account.overrun, account.cap];
    assert_eq!(figures.map(|nanos| nanos.0 / CENT), [5, 95, 4, 100]);
}

async fn whoever_may_only_read_or_is_of_another_tenant_books_nothing(database: &Database) {
    let store = database.prepared().await;
    let hold = called(&store, 10, Basis::WorstCase).await;
    let shares = vec![booking((0, 1), Some(0), &[(hold, 10, -1)])];
    let other = TenantId::from_parts(1, 9);
    let mut foreign = record(Kind::Admin);
    foreign.tenant = other;
    let calls = store.calls();
    let reads = admin_permit(true);
    let refused = calls.reconcile(&reads, PROVIDER, shares.clone(), &record(Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::Permit { .. })), "{refused:?}");
    let permit = permit_of("eve", other, false);
    let refused = calls.reconcile(&permit, PROVIDER, shares.clone(), &record(Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::Permit { .. })), "{refused:?}");
    // Within their own tenant they have no such hold.
    assert_eq!(calls.reconcile(&permit, PROVIDER, shares.clone(), &foreign).await.unwrap(), []);
    let many = vec![shares[0].clone(); SHARES_MAX + 1];
    let beyond = vec![booking((0, 1), Some(0), &[(hold, 10, -11)])];
    for bookings in [many, beyond] {
        let permit = admin_permit(false);
        let refused = calls.reconcile(&permit, PROVIDER, bookings, &record(Kind::Admin)).await;
        assert!(matches!(refused, Err(Error::Corrupt { .. })), "{refused:?}");
    }
    assert_eq!(settled(&store).await, 10);
}

async fn a_ledger_of_many_pages_is_told_whole(database: &Database) {
    let mut conn = database.built(2).await;
    sqlx::raw_sql(AssertSqlSafe(agents())).execute(&mut conn).await.unwrap();
    let mut dice = Dice(11);
    for _ in 0..25 {
        let rows = history(&mut dice, Timestamp::now(), 500);
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut conn).await.unwrap();
    }
    let store = database.open().await;
    let (mut holds, mut sum, mut count) = (BTreeSet::new(), 0, 0);
    let take = |_: (&str, &str), call: &Call| {
        // A row from before that was written down does not say what was held.
        assert_eq!((call.held, call.before), (None, call.charged));
        holds.insert(call.hold);
        sum += call.charged.0;
        count += 1;
    };
    store.calls().between((tenant(), PROVIDER), ALWAYS, take).await.unwrap();
    assert!(count > 5_000 && holds.len() == count, "{count} calls, {} holds", holds.len());
    let all = "select cast(sum(amount + overrun) as bigint) from ledger where provider = 'openai'";
    assert_eq!(database.count(all).await, sum);
}

async fn two_who_book_the_same_export_book_it_once(database: &Database) {
    let stores = [database.prepared().await, database.open().await];
    let mut shares = Vec::new();
    for _ in 0..20 {
        shares.push((called(&stores[0], 4, Basis::Counted).await, 4, -1));
    }
    let (one, other) = tokio::join!(book(&stores[0], &shares), book(&stores[1], &shares));
    assert_eq!(one.len() + other.len(), 20, "{one:?} {other:?}");
    assert_eq!(settled(&stores[0]).await, 60);
}
