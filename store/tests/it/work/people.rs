//! What people do to work: stop it, have it tried again, say what became of an effect.

use serde_json::json;
use store::work::{Begun, Error, NewTask, Outcome, Recovery, Resolution, Verdict};
use types::{
    GrantId, Priority, TenantId, Timestamp,
    audit::Kind,
    work::{EffectClass, StepKind},
};

use super::{LEASE, accept, advance, begin, claim, claimed, life::done, payload, state, step};
use crate::{
    on_both,
    support::{Database, admin_permit, agent_id, permit_of, record, tenant},
};

on_both! {
    a_task_is_stopped_with_all_that_it_asked_for;
    only_a_sessions_own_tasks_are_stopped_without_a_permit;
    what_asked_for_work_does_not_leave_it_behind;
    a_dead_letter_is_tried_again_or_put_away;
    a_retry_waits_for_its_session;
    a_person_says_that_an_effect_happened;
    a_person_has_an_effect_tried_again;
    a_person_stops_an_effect;
    a_worker_is_told_what_to_do_by_class;
    an_effect_of_a_run_that_was_stopped_is_shown;
}

pub(super) fn child() -> NewTask {
    NewTask {
        tenant: tenant(),
        agent: agent_id(),
        person: "ann".to_owned(),
        trusted: true,
        input: payload(json!({ "text": "look it up" })),
        priority: Priority::Batch,
        trace: None,
    }
}

async fn a_task_is_stopped_with_all_that_it_asked_for(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let parent = claimed(&store, "m1").await;
    let mut asked = step(1, None);
    asked.kind = StepKind::Subagent;
    begin(&store, &parent, &asked).await;
    let first = work.spawn(&parent, 1, &child()).await.unwrap();
    assert_eq!(work.spawn(&parent, 1, &child()).await.unwrap(), first, "it is the same step");
    advance(&store).await;
    let running = claim(&store).await;
    assert_eq!((running.task.id, running.task.parent_run), (first, Some(parent.run)));
    let grandchild = work.spawn(&running, 1, &child()).await.unwrap();
    let grant = store::grants::Grant {
        id: GrantId::from_parts(5, 1),
        tenant: tenant(),
        agent: agent_id(),
        task: Some(first),
        run: None,
        session: None,
        body: json!({}),
        issued_by: "orchestrator".to_owned(),
        created_at: Timestamp(1),
        expires_at: Timestamp::now().plus_seconds(3600),
        revoked_at: None,
    };
    store.grants().issue(&admin_permit(false), &grant, &record(Kind::Admin)).await.unwrap();
    let revision = store.revision().await.unwrap();

    let (permit, audit) = (admin_permit(false), record(Kind::Admin));
    let refused = work.cancel(&admin_permit(true), parent.task.id, "", &audit).await;
    assert!(refused.is_err(), "the permit is for reading");
    let other = permit_of("eve", TenantId::from_parts(9, 9), false);
    let refused = work.cancel(&other, parent.task.id, "", &audit).await;
    assert!(matches!(refused, Err(Error::Missing { .. })));
    assert!(work.cancel(&permit, parent.task.id, "enough", &audit).await.unwrap());
    for task in [parent.task.id, first, grandchild] {
        assert_eq!(state(&store, task).await, "cancelled");
    }
    for claim in [&parent, &running] {
        assert!(!work.renew(claim).await.unwrap());
    }
    assert!(store.grants().get(grant.id).await.unwrap().revoked_at.is_some());
    assert_eq!(store.revision().await.unwrap(), revision + 1);
    assert!(!work.cancel(&permit, parent.task.id, "", &audit).await.unwrap(), "it is over");
    assert_eq!(work.claim("worker", LEASE).await.unwrap(), None);
    claimed(&store, "m2").await;
}

async fn only_a_sessions_own_tasks_are_stopped_without_a_permit(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let own = claimed(&store, "m1").await;
    let session = own.task.session.unwrap();
    let other = accept(&store, "c2", "x").await.session;
    let audit = record(Kind::Admin);
    let refused = work.cancel_own((tenant(), other), own.task.id, "", &audit).await;
    assert!(matches!(refused, Err(Error::Missing { .. })));
    assert!(work.cancel_own((tenant(), session), own.task.id, "stop", &audit).await.unwrap());
}

async fn what_asked_for_work_does_not_leave_it_behind(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let parent = claimed(&store, "m1").await;
    let task = work.spawn(&parent, 1, &child()).await.unwrap();
    work.finish(&parent, &done(), &[]).await.unwrap();
    assert_eq!(state(&store, task).await, "cancelled");
    let children = work.children(tenant(), parent.run).await.unwrap();
    assert_eq!(children.iter().map(|child| child.id).collect::<Vec<_>>(), [task]);
}

/// Gives a new task up.
async fn dead(store: &store::Store, database: &Database, id: &str) -> store::work::Claim {
    let claim = claimed(store, id).await;
    database.tamper("update tasks set attempts = 99 where state = 'running'").await;
    let failed = Outcome::Failed { reason: "it is broken".to_owned(), retry: true };
    store.work().finish(&claim, &failed, &[]).await.unwrap();
    claim
}

async fn a_dead_letter_is_tried_again_or_put_away(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let (permit, audit) = (admin_permit(false), || record(Kind::Admin));
    let first = dead(&store, database, "m1").await;
    let [letter] = &work.dead_letters(tenant(), true, 10).await.unwrap()[..] else { panic!() };
    assert_eq!((letter.task, letter.reason.as_str()), (Some(first.task.id), "it is broken"));
    assert_eq!(&work.dead_letter(tenant(), letter.id).await.unwrap(), letter);
    work.retry_dead_letter(&permit, letter.id, &audit()).await.unwrap();
    let known = work.dead_letter(tenant(), letter.id).await.unwrap();
    assert_eq!(
        (known.verdict, known.resolved_by.as_deref()),
        (Some(Verdict::Retried), Some("ann"))
    );
    advance(&store).await;
    let again = claim(&store).await;
    assert_eq!((again.run, again.task.attempts), (first.run, 1));
    work.finish(&again, &done(), &[]).await.unwrap();

    let second = dead(&store, database, "m2").await;
    let [letter] = &work.dead_letters(tenant(), true, 10).await.unwrap()[..] else { panic!() };
    work.discard(&permit, letter.id, &audit()).await.unwrap();
    assert!(work.discard(&permit, letter.id, &audit()).await.is_err(), "it is put away");
    assert_eq!(state(&store, second.task.id).await, "dead");
    assert_eq!(work.dead_letters(tenant(), true, 10).await.unwrap(), []);
    assert_eq!(work.dead_letters(tenant(), false, 10).await.unwrap().len(), 2);
    let other = TenantId::from_parts(9, 9);
    assert_eq!(work.dead_letters(other, false, 10).await.unwrap(), []);
}

async fn a_retry_waits_for_its_session(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let (permit, audit) = (admin_permit(false), record(Kind::Admin));
    let first = dead(&store, database, "m1").await;
    let second = claimed(&store, "m2").await;
    let refused = work.retry(&permit, first.task.id, &audit).await;
    assert!(matches!(refused, Err(Error::Occupied)), "{refused:?}");
    let refused = work.retry(&permit, second.task.id, &audit).await;
    assert!(matches!(refused, Err(Error::Move(_))), "somebody works on it: {refused:?}");
    work.finish(&second, &done(), &[]).await.unwrap();
    work.retry(&permit, first.task.id, &audit).await.unwrap();
    accept(&store, "c1", "m3").await;
    assert_eq!(work.schedule(10).await.unwrap(), [], "the session is taken again");
}

/// A run that stopped at an effect that may happen once only.
async fn parked(store: &store::Store, database: &Database) -> store::work::Claim {
    let first = claimed(store, "m1").await;
    begin(store, &first, &step(1, Some(EffectClass::Once))).await;
    database.tamper("update runs set lease_until = 1").await;
    let again = claim(store).await;
    let told = store.work().recover(&again).await.unwrap();
    assert_eq!(told, [(1, Recovery::Parked)]);
    let unknown = store.work().unknown(tenant(), 10).await.unwrap();
    assert_eq!((unknown.len(), unknown[0].key.as_str()), (1, "key-1"));
    again
}

async fn resolve(store: &store::Store, resolution: Resolution) -> Result<(), Error> {
    let permit = admin_permit(false);
    store.work().resolve(&permit, "key-1", resolution, &record(Kind::Admin)).await
}

async fn a_person_says_that_an_effect_happened(database: &Database) {
    let store = database.prepared().await;
    let known = parked(&store, database).await;
    resolve(&store, Resolution::Happened).await.unwrap();
    let again = resolve(&store, Resolution::Retry).await;
    assert!(matches!(again, Err(Error::Move(_))), "the first word counts: {again:?}");
    let next = claim(&store).await;
    assert_eq!(next.run, known.run);
    let begun = begin(&store, &next, &step(1, Some(EffectClass::Once))).await;
    let said = json!({ "resolved": "happened", "by": "ann" });
    assert_eq!(begun, Begun::Done(payload(said)));
}

async fn a_person_has_an_effect_tried_again(database: &Database) {
    let store = database.prepared().await;
    parked(&store, database).await;
    // Trying the whole task again does not answer the question.
    let permit = admin_permit(false);
    let task = store.work().unknown(tenant(), 10).await.unwrap()[0].task;
    store.work().retry(&permit, task, &record(Kind::Admin)).await.unwrap();
    advance(&store).await;
    let next = claim(&store).await;
    let tool = step(1, Some(EffectClass::Once));
    assert_eq!(begin(&store, &next, &tool).await, Begun::Parked);
    resolve(&store, Resolution::Retry).await.unwrap();
    let next = claim(&store).await;
    assert!(matches!(begin(&store, &next, &tool).await, Begun::Go { .. }));
}

async fn a_person_stops_an_effect(database: &Database) {
    let store = database.prepared().await;
    let known = parked(&store, database).await;
    resolve(&store, Resolution::Abort).await.unwrap();
    assert_eq!(state(&store, known.task.id).await, "failed");
    assert_eq!(database.count("select count(*) from effects where state = 'aborted'").await, 1);
    claimed(&store, "m2").await;
}

async fn a_worker_is_told_what_to_do_by_class(database: &Database) {
    let store = database.prepared().await;
    let first = claimed(&store, "m1").await;
    begin(&store, &first, &step(1, None)).await;
    begin(&store, &first, &step(2, Some(EffectClass::Transactional))).await;
    begin(&store, &first, &step(3, Some(EffectClass::Idempotent))).await;
    begin(&store, &first, &step(4, Some(EffectClass::Readback))).await;
    database.tamper("update runs set lease_until = 1").await;
    let again = claim(&store).await;
    let expected = [
        (1, Recovery::Again),
        (2, Recovery::Again),
        (3, Recovery::SendAgain),
        (4, Recovery::LookUp),
    ];
    assert_eq!(store.work().recover(&again).await.unwrap(), expected);
    // What was looked up and had happened is written without sending it again.
    store.work().end_step(&again, &super::ended(4, store::work::End::Done)).await.unwrap();
}

async fn an_effect_of_a_run_that_was_stopped_is_shown(database: &Database) {
    let store = database.prepared().await;
    let first = claimed(&store, "m1").await;
    begin(&store, &first, &step(1, Some(EffectClass::Idempotent))).await;
    begin(&store, &first, &step(2, Some(EffectClass::Pure))).await;
    let (permit, audit) = (admin_permit(false), record(Kind::Admin));
    store.work().cancel(&permit, first.task.id, "stop", &audit).await.unwrap();
    let unknown = store.work().unknown(tenant(), 10).await.unwrap();
    assert_eq!((unknown.len(), unknown[0].step), (1, 1));
    resolve(&store, Resolution::Happened).await.unwrap();
    assert_eq!(state(&store, first.task.id).await, "cancelled");
    assert_eq!(store.work().unknown(tenant(), 10).await.unwrap(), []);
}
