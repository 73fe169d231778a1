//! Any sequence of operations leaves rows that add up.

use budget::{Call, Share};
use proptest::prelude::*;
use store::{
    Store,
    calls::Booking,
    ledger::{Error, HoldAsk},
};
use types::{HoldId, Nanos, Timestamp, audit::Kind};

use crate::support::{Database, PROVIDER, admin_permit, ask, cap, cost, permit, record, tenant};

/// One step: what to do, to which of a few holds, with which amount.
type Step = (u8, usize, i64);

const CAP: i64 = 1000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_sequence_leaves_rows_that_add_up(
        steps in prop::collection::vec((0_u8..9, 0_usize..5, 0_i64..600), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(&steps));
    }
}

async fn run(steps: &[Step]) {
    let database = Database::sqlite();
    let store = database.prepared().await;
    let (ledger, permit) = (store.ledger(), permit());
    let asks: Vec<HoldAsk> = (1..=5).map(|n| ask(vec![cap(CAP)], n * 100)).collect();
    let mut raw = database.raw().await;
    for (what, which, amount) in steps {
        let ask = &asks[*which];
        // Refusals are expected: what counts is what is left behind.
        let _ = match what {
            0 | 1 => {
                let decision = Some(record(Kind::Decision));
                ledger.hold(&permit, ask.clone(), decision).await.map(drop)
            }
            2 => ledger.dispatch(ask.hold).await,
            3 => ledger.progress(ask.hold, 1, Some(Nanos(*amount))).await,
            4 => ledger.release(ask.hold).await,
            5 => ledger.settle(ask.hold, cost(*amount), None).await.map(drop),
            6 => reconcile(&store, ask.hold, *amount).await,
            7 => {
                // The row of a hold goes long after its end; the ledger's stay.
                let gone = "delete from holds where state in ('released', 'settled')";
                sqlx::query(gone).execute(&mut raw).await.unwrap();
                Ok(())
            }
            _ => {
                let expire = "update holds set lease_until = 1";
                sqlx::query(expire).execute(&mut raw).await.unwrap();
                ledger.reap().await.map(drop)
            }
        };
        let wrong = "select \
            (select count(*) from accounts where settled + held > cap or settled < 0 \
               or held < 0 or overrun < 0) \
            + (select count(*) from accounts where held <> (select coalesce(sum(amount), 0) \
               from holds where state in ('held', 'dispatched'))) \
            + (select count(*) from accounts where settled <> (select coalesce(sum(amount), 0) \
               from ledger)) \
            + (select count(*) from accounts where overrun <> (select coalesce(sum(overrun), 0) \
               from ledger)) \
            + (select count(*) from holds where state = 'released' \
               and dispatched_at is not null)";
        assert_eq!(database.count(wrong).await, 0, "after {what} of hold {which}: {steps:?}");
    }
    assert!(store.audit().verify().await.unwrap().ok);
}

/// Gives a hold a share of an export: a credit or a debit, by a throw.
async fn reconcile(store: &Store, hold: HoldId, thrown: i64) -> Result<(), Error> {
    let (mut shares, all) = (Vec::new(), (Timestamp(0), Timestamp(i64::MAX / 2)));
    let of = |_: (&str, &str), call: &Call| {
        if call.hold == hold {
            let by = Nanos((thrown - 300).max(-call.charged.0));
            shares.push(Share::new(hold, call.charged, by));
        }
    };
    store.calls().between((tenant(), PROVIDER), all, of).await.unwrap();
    let record = record(Kind::Admin);
    let booking = Booking { models: Vec::new(), starts: all.0, ends: all.1, shares };
    let permit = admin_permit(false);
    store.calls().reconcile(&permit, PROVIDER, vec![booking], &record).await.unwrap();
    Ok(())
}
