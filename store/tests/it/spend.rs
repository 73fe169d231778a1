//! Reports, and that their sums are those of the ledger.

mod earlier;
pub(crate) mod slow;

use std::{collections::HashMap, time::Duration};

use budget::{Call, Share};
use sqlx::AssertSqlSafe;
use store::{
    Options, Store,
    calls::{Booking, SHARES_MAX},
    ledger::{Ended, HoldAsk, Settlement},
    spend::{Group, Line, whole_hours},
};
use tokio::task::JoinSet;
use types::{AgentId, KeyId, Nanos, Timestamp, audit::Kind};

use crate::{
    on_both,
    support::{
        CENT, Database, PROVIDER, admin_permit, agent_id, ask, cap, cost, permit, permit_as,
        prepare, record, tenant,
    },
};
use earlier::reports_go_on_from_the_sums_of_an_earlier_build;
use slow::{Dice, MODELS, agents, close_to, history};

on_both! {
    a_report_adds_up;
    a_report_is_what_the_ledger_adds_up_to;
    a_report_reads_a_row_for_each_of_its_lines_and_days;
    gateways_add_to_the_same_sums;
    reports_go_on_from_the_sums_of_an_earlier_build;
    a_report_does_not_read_the_ledger;
    what_a_lost_call_was_is_put_right_by_its_correction;
    days_and_owners_are_told;
}

const HOUR: i64 = 3_600_000_000;
const ALL: [Group; 6] =
    [Group::Provider, Group::Model, Group::Agent, Group::Key, Group::Day, Group::Tenant];

/// Holds and settles a call of a dollar's cap.
async fn spent(store: &Store, settlement: Settlement) {
    let ask = ask(vec![cap(100 * CENT)], 2 * CENT);
    store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    let done = Some(record(Kind::Completion));
    store.ledger().settle(ask.hold, settlement, done).await.unwrap();
}

async fn a_report_adds_up(database: &Database) {
    let store = database.prepared().await;
    for (cents, ended, took_ms) in
        [(1, Ended::Answered, 1_000), (2, Ended::Left, 9_000), (3, Ended::Failed, 9_000)]
    {
        let (saved, routed) = (Nanos(CENT / 10), Nanos(2 * CENT - cents * CENT));
        let settlement =
            Settlement { ended, took_ms: Some(took_ms), saved, routed, ..cost(cents * CENT) };
        spent(&store, settlement).await;
    }
    let day: String = Timestamp::now().to_string().chars().take(10).collect();
    let key = types::KeyId::from_parts(1, 3).to_string();
    for (group, name) in
        ALL.into_iter().zip(["openai", "gpt", "default", key.as_str(), day.as_str(), "default"])
    {
        let until = Timestamp::now().plus_seconds(60);
        let lines = store.spend().by(group, tenant(), Timestamp(0), until).await.unwrap();
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line.name, name);
        assert_eq!((line.calls, line.errors), (3, 1));
        assert_eq!((line.amount, line.overrun), (Nanos(6 * CENT), Nanos(CENT)));
        assert_eq!((line.input_tokens, line.output_tokens), (300, 60));
        assert_eq!((line.cached_tokens, line.reasoning_tokens), (30, 15));
        assert_eq!((line.provisional, line.saved), (Nanos::ZERO, Nanos(3 * CENT / 10)));
        assert_eq!(line.routed, Nanos::ZERO, "a cent more, nothing, and a cent less");
        // Those that were left or failed say nothing of how fast answers come.
        assert_eq!((line.p50_ms, line.p99_ms), (Some(1_023), Some(1_023)));
        let none = store.spend().by(group, tenant(), until, until).await.unwrap();
        assert!(none.is_empty());
    }
}

/// A store whose holds expire at once.
async fn hasty(database: &Database) -> Store {
    let options = Options { lease: Duration::ZERO, ..database.options() };
    Store::open(&options).await.unwrap()
}

/// Makes calls of every kind at once: settled, lost, and settled after they were lost.
async fn live(store: &Store, dice: &mut Dice, calls: usize) {
    let other = AgentId::from_parts(1, 12);
    let [first, second] = [30, 31].map(|number| Some(KeyId::from_parts(1, number)));
    let permits = [(agent_id(), first), (agent_id(), second), (other, first), (other, None)]
        .map(|caller| permit_as(caller, &MODELS));
    let (mut tasks, mut late) = (JoinSet::new(), Vec::new());
    for _ in 0..calls {
        let model = (*dice.one_of(&MODELS)).to_owned();
        let ask = HoldAsk { model, ..ask(vec![cap(i64::MAX / 2)], dice.below(100_000)) };
        let settlement = Settlement {
            ended: *dice.one_of(Ended::ALL),
            took_ms: (dice.below(10) > 0).then(|| dice.below(20_000).unsigned_abs()),
            saved: Nanos(dice.below(1_000)),
            routed: Nanos(dice.below(1_000) - 500),
            ..cost(dice.below(120_000))
        };
        let lost = dice.below(3);
        if lost == 1 {
            late.push((ask.hold, settlement));
        }
        let (ledger, permit) = (store.ledger(), dice.one_of(&permits).clone());
        tasks.spawn(async move {
            ledger.hold_dispatched(&permit, ask.clone(), None).await.unwrap();
            if lost == 0 {
                ledger.settle(ask.hold, settlement, None).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    while !store.ledger().reap().await.unwrap().settled.is_empty() {}
    for (hold, settlement) in late {
        let ledger = store.ledger();
        tasks.spawn(async move { ledger.settle(hold, settlement, None).await.map(drop).unwrap() });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    reconciled(store, dice).await;
}

/// Credits and charges calls as an export might, guesses or not.
async fn reconciled(store: &Store, dice: &mut Dice) {
    let (mut shares, all) = (Vec::new(), (Timestamp(0), Timestamp(i64::MAX / 2)));
    let of = |_: (&str, &str), call: &Call| {
        let by = Nanos(dice.below(call.charged.0 + 1_000) - call.charged.0);
        let share = Share::new(call.hold, call.charged, by);
        let models = Vec::new();
        shares.push(Booking { models, starts: all.0, ends: all.1, shares: vec![share] });
    };
    store.calls().between((tenant(), PROVIDER), all, of).await.unwrap();
    for shares in shares.chunks(SHARES_MAX) {
        let record = record(Kind::Admin);
        let permit = admin_permit(false);
        store.calls().reconcile(&permit, PROVIDER, shares.to_vec(), &record).await.unwrap();
    }
}

async fn a_report_is_what_the_ledger_adds_up_to(database: &Database) {
    // What was there before there were sums, and what came after.
    let mut dice = Dice(7);
    let now = Timestamp::now();
    let mut conn = database.built(2).await;
    sqlx::raw_sql(AssertSqlSafe(agents())).execute(&mut conn).await.unwrap();
    for _ in 0..37 {
        let rows = history(&mut dice, now, 500);
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut conn).await.unwrap();
    }
    let store = hasty(database).await;
    live(&store, &mut dice, 1_200).await;
    // On a connection that never saw the old table.
    let rows = slow::ledger(&mut database.raw().await).await;
    assert!(rows.len() >= 20_000, "{} rows", rows.len());
    for kind in ["settlement", "provisional", "correction", "reconciled"] {
        let many = rows.iter().filter(|row| row.kind == kind).count();
        assert!(many > 500, "{many} of {kind}");
    }

    let start = now.0 - 60 * 24 * HOUR;
    let mut ranges = vec![(Timestamp(0), Timestamp(i64::MAX)), (Timestamp(start), now)];
    for _ in 0..6 {
        let (a, b) = (start + dice.below(60 * 24 * HOUR), start + dice.below(62 * 24 * HOUR));
        ranges.push((Timestamp(a.min(b)), Timestamp(a.max(b))));
    }
    for (from, to) in ranges {
        for group in ALL {
            let told = store.spend().by(group, tenant(), from, to).await.unwrap();
            let (from, to) = whole_hours(from, to);
            let found = slow::by(rows.iter(), group, (from, to));
            assert_eq!(close_to(told.clone(), &found), found, "{group:?} {from} {to}");
            // The check itself: sums that leave the corrections out are told from these.
            let kept = rows.iter().filter(|row| row.kind != "correction");
            let without = slow::by(kept, group, (from, to));
            assert!(from.0 > 0 || close_to(told, &without) != without, "{group:?}");
        }
    }
}

/// However many models are called by however many agents.
async fn a_report_reads_a_row_for_each_of_its_lines_and_days(database: &Database) {
    let store = hasty(database).await;
    prepare(&store).await;
    live(&store, &mut Dice(11), 300).await;
    let rows = slow::ledger(&mut database.raw().await).await;
    let (from, to) = whole_hours(Timestamp(0), Timestamp::now());
    let mut lines = 0;
    for group in [Group::Provider, Group::Model, Group::Agent, Group::Key, Group::Tenant] {
        // Of whatever happened before midnight in UTC there is a line of its own.
        let days = slow::by(rows.iter(), Group::Day, (from, to)).len();
        let found = slow::by(rows.iter(), group, (from, to)).len();
        assert!(found > 1 || matches!(group, Group::Provider | Group::Tenant), "{group:?}");
        lines += i64::try_from(found * days).unwrap();
    }
    let days = database.count("select count(*) from spend_sums where span = 'day'").await;
    assert!((1..=lines).contains(&days), "{days} rows for {lines} lines");
}

async fn gateways_add_to_the_same_sums(database: &Database) {
    let (first, second) = (hasty(database).await, database.open().await);
    prepare(&first).await;
    let (mut one, mut two) = (Dice(5), Dice(6));
    tokio::join!(live(&first, &mut one, 400), live(&second, &mut two, 400));
    let rows = slow::ledger(&mut database.raw().await).await;
    assert!(rows.len() >= 800, "{} rows", rows.len());
    let (from, to) = whole_hours(Timestamp(0), Timestamp::now());
    for group in ALL {
        let told = first.spend().by(group, tenant(), from, to).await.unwrap();
        let found = slow::by(rows.iter(), group, (from, to));
        assert_eq!(close_to(told, &found), found, "{group:?}");
    }
}

async fn a_report_does_not_read_the_ledger(database: &Database) {
    let store = database.prepared().await;
    spent(&store, cost(CENT)).await;
    let mut conn = database.raw().await;
    sqlx::query("alter table ledger rename to gone").execute(&mut conn).await.unwrap();
    let (from, to) = (Timestamp(0), Timestamp::now().plus_seconds(60));
    for group in ALL {
        assert_eq!(store.spend().by(group, tenant(), from, to).await.unwrap().len(), 1);
    }
    let days = store.spend().days(tenant(), from, to).await.unwrap();
    assert_eq!(days.into_values().collect::<Vec<_>>(), [Nanos(CENT)]);
    // The check itself: nothing is left to read.
    let read = sqlx::query("select count(*) from ledger").fetch_one(&mut conn).await;
    assert!(read.is_err());
}

async fn what_a_lost_call_was_is_put_right_by_its_correction(database: &Database) {
    let store = hasty(database).await;
    prepare(&store).await;
    let ask = ask(vec![cap(100 * CENT)], 5 * CENT);
    store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    store.ledger().reap().await.unwrap();
    let told = async || {
        let to = Timestamp(i64::MAX);
        let lines = store.spend().by(Group::Model, tenant(), Timestamp(0), to).await.unwrap();
        let [Line { calls, errors, amount, provisional, p50_ms, .. }] = lines[..] else {
            panic!("{lines:?}")
        };
        (calls, errors, amount.0 / CENT, provisional.0 / CENT, p50_ms)
    };
    assert_eq!(told().await, (1, 1, 5, 5, None));
    let found = Settlement { took_ms: Some(3), ..cost(2 * CENT) };
    store.ledger().settle(ask.hold, found, None).await.unwrap();
    assert_eq!(told().await, (1, 0, 2, 2, Some(3)));
    // Told again it changes nothing.
    store.ledger().settle(ask.hold, cost(CENT), None).await.unwrap();
    assert_eq!(told().await, (1, 0, 2, 2, Some(3)));
}

async fn days_and_owners_are_told(database: &Database) {
    let mut conn = database.built(2).await;
    sqlx::raw_sql(AssertSqlSafe(agents())).execute(&mut conn).await.unwrap();
    let rows = history(&mut Dice(3), Timestamp::now(), 500);
    sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut conn).await.unwrap();
    let store = database.open().await;
    let (from, to) = (Timestamp(0), Timestamp(i64::MAX));
    let spend = store.spend();
    let by = async |group| spend.by(group, tenant(), from, to).await.unwrap();
    let sum = |lines: &[Line]| lines.iter().map(|line| line.amount.0).sum::<i64>();

    let days = spend.days(tenant(), from, to).await.unwrap();
    let told: Vec<Nanos> = by(Group::Day).await.iter().map(|line| line.amount).collect();
    assert!(days.len() > 20 && days.keys().all(|day| day.0 % (24 * HOUR) == 0));
    assert_eq!(days.into_values().collect::<Vec<_>>(), told);

    let agents = by(Group::Agent).await;
    let second = AgentId::from_parts(1, 12);
    let owners = HashMap::from([
        (agent_id(), "ann".to_owned()),
        (second, "ann".to_owned()),
        (AgentId::from_parts(1, 13), String::new()),
    ]);
    let people = spend.by_owner(&owners, tenant(), from, to).await.unwrap();
    let mut names: Vec<&str> = people.iter().map(|line| line.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["-", "ann"]);
    assert_eq!(sum(&people), sum(&agents));
    let ann = people.iter().find(|line| line.name == "ann").unwrap();
    let own: Vec<Line> = agents
        .into_iter()
        .filter(|line| line.name == "default" || line.name == second.to_string())
        .collect();
    assert_eq!((ann.amount.0, own.len()), (sum(&own), 2));
}
