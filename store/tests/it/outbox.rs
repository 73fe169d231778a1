//! The outbox and its relay, on both buses.

use std::{collections::HashSet, time::Duration};

use store::{Bus, Relay, Store, Subscription};
use tokio_util::sync::CancellationToken;
use types::{Envelope, EventId, Payload, audit::Kind};

use crate::{
    on_both,
    support::{CENT, Database, ask, cap, cost, permit, record},
};

on_both! {
    the_embedded_bus_gets_every_event_once;
    nats_gets_every_event_once;
    events_wait_while_the_bus_is_away;
    events_that_nobody_listens_for_are_not_carried;
}

async fn nats() -> Bus {
    Bus::connect("nats://127.0.0.1:4222").await.expect(
        "these tests need NATS with JetStream on 127.0.0.1:4222: `apt-get install nats-server` \
         and `nats-server --jetstream`",
    )
}

async fn the_embedded_bus_gets_every_event_once(database: &Database) {
    every_event_once(database, Bus::connect("embedded").await.unwrap()).await;
}

async fn nats_gets_every_event_once(database: &Database) {
    every_event_once(database, nats().await).await;
}

/// The next event of this test: others use the same server.
async fn next(events: &mut Subscription, ours: &HashSet<EventId>) -> Envelope {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(30), events.next());
        let event = event.await.expect("an event in time").unwrap();
        if ours.contains(&event.event_id) {
            return event;
        }
    }
}

async fn waiting_ids(database: &Database) -> HashSet<EventId> {
    let rows = sqlx::query("select id from outbox").fetch_all(&mut database.raw().await).await;
    let id = |row: &sqlx::any::AnyRow| sqlx::Row::get::<String, _>(row, 0).parse().unwrap();
    rows.unwrap().iter().map(id).collect()
}

async fn spend(store: &Store) {
    let ask = ask(vec![cap(100 * CENT)], 2 * CENT);
    let decision = Some(record(Kind::Decision));
    store.ledger().hold(&permit(), ask.clone(), decision).await.unwrap();
    store.ledger().dispatch(ask.hold).await.unwrap();
    store.ledger().settle(ask.hold, cost(CENT), Some(record(Kind::Completion))).await.unwrap();
}

async fn every_event_once(database: &Database, bus: Bus) {
    let store = database.prepared().await;
    spend(&store).await;
    let ours = waiting_ids(database).await;
    assert_eq!(ours.len(), 4, "first start, decision, completion, ledger row");
    let mut audit = bus.subscribe("audit.>").await.unwrap();
    let mut budget = bus.subscribe("budget.settled").await.unwrap();
    let relay = Relay::new(&store, bus.clone());
    assert_eq!(relay.carry().await.unwrap(), 4);
    assert_eq!(store.outbox().waiting().await.unwrap(), 0);

    // The marks are lost: everything is carried again, and delivered once.
    database.tamper("update outbox set published_at = null, claimed_until = 0").await;
    assert_eq!(relay.carry().await.unwrap(), 4);
    let marker = record(Kind::System);
    store.audit().append(marker.clone()).await.unwrap();
    let ours = waiting_ids(database).await;
    assert_eq!(relay.carry().await.unwrap(), 1);
    let mut seen = Vec::new();
    loop {
        let event = next(&mut audit, &ours).await;
        let last = event.idempotency_key == marker.id.to_string();
        seen.push(event);
        if last {
            break;
        }
    }
    let ids: HashSet<EventId> = seen.iter().map(|event| event.event_id).collect();
    assert_eq!((seen.len(), ids.len()), (4, 4), "a duplicate was delivered");
    let charged = next(&mut budget, &ours).await;
    let Payload::Inline { inline, .. } = &charged.payload_ref else { panic!("{charged:?}") };
    assert_eq!(inline["amount"], CENT);

    // A witness of the bus knows the head of the chain.
    let Payload::Inline { inline, .. } = &seen[3].payload_ref else { panic!("{seen:?}") };
    let verdict = store.audit().verify().await.unwrap();
    assert_eq!((inline["seq"].as_i64(), inline["hash"].as_str()), (Some(4), Some(&*verdict.hash)));
}

async fn events_wait_while_the_bus_is_away(database: &Database) {
    let store = database.prepared().await;
    spend(&store).await;
    // Nothing carried them: requests went on all the same.
    assert_eq!(store.outbox().waiting().await.unwrap(), 4);
    let bus = Bus::connect("embedded").await.unwrap();
    let mut audit = bus.subscribe("audit.>").await.unwrap();
    let ours = waiting_ids(database).await;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(Relay::new(&store, bus).run(shutdown.clone()));
    for _ in 0..3 {
        next(&mut audit, &ours).await;
    }
    // The running relay is rung by what is written now.
    let late = record(Kind::Decision);
    store.audit().append(late.clone()).await.unwrap();
    let event = next(&mut audit, &waiting_ids(database).await).await;
    assert_eq!(event.idempotency_key, late.id.to_string());
    shutdown.cancel();
    running.await.unwrap();
}

async fn events_that_nobody_listens_for_are_not_carried(database: &Database) {
    let store = database.prepared().await;
    let bus = Bus::connect("embedded").await.unwrap();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(Relay::new(&store, bus.clone()).run(shutdown.clone()));
    let direct = "select (select count(*) from audit) - (select count(*) from outbox)";
    let all = async {
        // The first ones may be written before the relay runs.
        while database.count(direct).await == 0 {
            store.audit().append(record(Kind::Decision)).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("no event was passed over");
    // Whoever listens from now on gets what happens from now on.
    let mut audit = bus.subscribe("audit.>").await.unwrap();
    let late = record(Kind::Decision);
    store.audit().append(late.clone()).await.unwrap();
    let ours = waiting_ids(database).await;
    while next(&mut audit, &ours).await.idempotency_key != late.id.to_string() {}
    // Each is marked after it was carried; a mark that is under way when the relay ends still comes.
    let marked = async { while store.outbox().waiting().await.unwrap() > 0 {} };
    tokio::time::timeout(Duration::from_secs(30), marked).await.expect("not all were marked");
    shutdown.cancel();
    running.await.unwrap();
    // Without a relay, events wait for one.
    let before = store.outbox().waiting().await.unwrap();
    store.audit().append(record(Kind::Decision)).await.unwrap();
    assert_eq!(store.outbox().waiting().await.unwrap(), before + 1);
}
