//! Steps and their effects: each once, or shown to people as unknown.

use serde_json::json;
use store::work::{Begun, End, Error, Until};
use types::{
    ApprovalId,
    work::{EffectClass, EventKind},
};

use super::{LEASE, begin, claim, claimed, ended, payload, state, step};
use crate::{
    on_both,
    support::{Database, tenant},
};

on_both! {
    a_step_that_was_done_gives_its_output_again;
    a_step_with_another_input_is_refused;
    a_key_is_one_steps;
    after_a_crash_every_class_but_once_is_begun_again;
    after_a_crash_nobody_repeats_what_may_happen_once;
    a_step_that_was_begun_too_often_is_parked;
    a_step_that_waited_was_not_tried;
    a_tool_that_does_not_know_asks_people;
}

async fn lose(database: &Database) {
    database.tamper("update runs set lease_until = 1 where state = 'running'").await;
}

async fn a_step_that_was_done_gives_its_output_again(database: &Database) {
    let store = database.prepared().await;
    let first = claimed(&store, "m1").await;
    let tool = step(1, Some(EffectClass::Once));
    assert_eq!(begin(&store, &first, &tool).await, Begun::Go { attempt: 1 });
    store.work().end_step(&first, &ended(1, End::Done)).await.unwrap();
    lose(database).await;
    let again = claim(&store).await;
    assert_eq!(again.steps[0].effect.as_ref().unwrap().receipt, Some(json!({ "status": 0 })));
    assert_eq!(again.used.cost.0, 5);
    assert_eq!(begin(&store, &again, &tool).await, Begun::Done(payload(json!({ "out": 1 }))));
}

async fn a_step_with_another_input_is_refused(database: &Database) {
    let store = database.prepared().await;
    let claim = claimed(&store, "m1").await;
    let mut tool = step(1, Some(EffectClass::Pure));
    begin(&store, &claim, &tool).await;
    tool.input_hash = "f".repeat(64);
    let refused = store.work().begin_step(&claim, &tool).await;
    assert!(matches!(refused, Err(Error::Diverged { step: 1 })), "{refused:?}");
    let mut tool = step(1, Some(EffectClass::Pure));
    tool.effect.as_mut().unwrap().key = "another".to_owned();
    let refused = store.work().begin_step(&claim, &tool).await;
    assert!(matches!(refused, Err(Error::Diverged { step: 1 })), "{refused:?}");
}

async fn a_key_is_one_steps(database: &Database) {
    let store = database.prepared().await;
    let claim = claimed(&store, "m1").await;
    begin(&store, &claim, &step(1, Some(EffectClass::Idempotent))).await;
    let mut other = step(2, Some(EffectClass::Idempotent));
    other.effect.as_mut().unwrap().key = "key-1".to_owned();
    let refused = store.work().begin_step(&claim, &other).await;
    assert!(matches!(refused, Err(Error::Diverged { step: 2 })), "{refused:?}");
    assert_eq!(database.count("select count(*) from steps").await, 1);
}

async fn after_a_crash_every_class_but_once_is_begun_again(database: &Database) {
    let store = database.prepared().await;
    let first = claimed(&store, "m1").await;
    let classes = EffectClass::ALL.iter().filter(|class| **class != EffectClass::Once);
    for (no, class) in (1..).zip(classes.clone()) {
        begin(&store, &first, &step(no, Some(*class))).await;
    }
    lose(database).await;
    let again = claim(&store).await;
    for (no, class) in (1..).zip(classes) {
        let begun = begin(&store, &again, &step(no, Some(*class))).await;
        assert_eq!(begun, Begun::Go { attempt: 2 }, "{class}");
        store.work().end_step(&again, &ended(no, End::Done)).await.unwrap();
    }
    assert_eq!(database.count("select count(*) from effects where state = 'sent'").await, 4);
}

async fn after_a_crash_nobody_repeats_what_may_happen_once(database: &Database) {
    let store = database.prepared().await;
    let first = claimed(&store, "m1").await;
    let tool = step(1, Some(EffectClass::Once));
    begin(&store, &first, &tool).await;
    lose(database).await;
    let again = claim(&store).await;
    assert_eq!(begin(&store, &again, &tool).await, Begun::Parked);
    assert_eq!(state(&store, first.task.id).await, "waiting");
    assert_eq!(store.work().claim("worker", LEASE).await.unwrap(), None);
    assert!(matches!(store.work().begin_step(&again, &tool).await, Err(Error::Lost)));
    let unknown = "select count(*) from effects e join steps s on s.run_id = e.run_id \
                   where e.state = 'unknown' and s.state = 'unknown'";
    assert_eq!(database.count(unknown).await, 1);
    asks(&store, &again, "effect").await;
}

/// The last event of the claim's session asks people.
async fn asks(store: &store::Store, claim: &store::work::Claim, what: &str) {
    let session = claim.session.as_ref().unwrap().id;
    let events = store.work().events(tenant(), session, 0, 100).await.unwrap();
    let last = events.last().unwrap();
    assert_eq!(last.kind, EventKind::Approval);
    let types::Payload::Inline { inline, .. } = &last.body else { panic!("not inline") };
    assert_eq!(inline["ask"], what);
}

async fn a_step_that_was_begun_too_often_is_parked(database: &Database) {
    let store = database.prepared().await;
    let mut now = claimed(&store, "m1").await;
    let tool = step(1, Some(EffectClass::Idempotent));
    for attempt in 1..=2 {
        assert_eq!(begin(&store, &now, &tool).await, Begun::Go { attempt });
        lose(database).await;
        now = claim(&store).await;
    }
    assert_eq!(begin(&store, &now, &tool).await, Begun::Parked);
    assert_eq!(state(&store, now.task.id).await, "waiting");
    asks(&store, &now, "attempts").await;
}

async fn a_step_that_waited_was_not_tried(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let mut now = claimed(&store, "m1").await;
    let tool = step(1, Some(EffectClass::Once));
    let until = Until::Approval(ApprovalId::generate());
    for _ in 0..5 {
        assert_eq!(begin(&store, &now, &tool).await, Begun::Go { attempt: 1 });
        work.wait(&now, Some(1), until, &[]).await.unwrap();
        database.tamper("update tasks set state = 'queued'").await;
        database.tamper("update runs set state = 'queued'").await;
        now = claim(&store).await;
    }
    begin(&store, &now, &tool).await;
    work.end_step(&now, &ended(1, End::Failed)).await.unwrap();
    assert_eq!(begin(&store, &now, &tool).await, Begun::Go { attempt: 2 });
    let missing = work.wait(&now, Some(9), until, &[]).await;
    assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
}

async fn a_tool_that_does_not_know_asks_people(database: &Database) {
    let store = database.prepared().await;
    let now = claimed(&store, "m1").await;
    begin(&store, &now, &step(1, Some(EffectClass::Once))).await;
    store.work().end_step(&now, &ended(1, End::Unknown)).await.unwrap();
    assert_eq!(state(&store, now.task.id).await, "waiting");
    asks(&store, &now, "effect").await;
    assert!(!store.work().renew(&now).await.unwrap());
}
