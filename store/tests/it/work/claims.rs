//! A run is one worker's; who lost it can write nothing any more.

use std::time::Duration;

use store::work::{Begun, Claim, End, Error, Outcome, Until};
use types::{ApprovalId, TenantId, work::EffectClass};

use super::{LEASE, accept, advance, begin, claim, claimed, ended, life::done, state, step};
use crate::{on_both, support::Database};

on_both! {
    a_run_is_claimed_by_one_of_many;
    a_worker_that_lost_its_run_writes_nothing_more;
    a_run_that_every_worker_loses_is_given_up;
    what_failed_is_tried_again_later_with_its_journal;
}

async fn a_run_is_claimed_by_one_of_many(database: &Database) {
    let store = database.prepared().await;
    for n in 0..5 {
        accept(&store, &format!("c{n}"), "m").await;
    }
    advance(&store).await;
    let mut all = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let work = store.work();
        all.spawn(async move { work.claim(&format!("w{worker}"), LEASE).await.unwrap() });
    }
    let mut runs: Vec<_> = all.join_all().await.into_iter().flatten().map(|c| c.run).collect();
    // One that came while the others were locked may have found nothing.
    while let Some(claim) = store.work().claim("last", LEASE).await.unwrap() {
        runs.push(claim.run);
    }
    let count = runs.len();
    runs.sort_unstable();
    runs.dedup();
    assert_eq!((count, runs.len()), (5, 5));
}

/// Ends every lease.
async fn lose(database: &Database) {
    database.tamper("update runs set lease_until = 1 where state = 'running'").await;
}

async fn a_worker_that_lost_its_run_writes_nothing_more(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let old = claimed(&store, "m1").await;
    begin(&store, &old, &step(1, None)).await;
    assert!(work.renew(&old).await.unwrap());
    lose(database).await;
    // While nobody else took it, it is still the worker's.
    assert!(work.renew(&old).await.unwrap());
    lose(database).await;
    let new = claim(&store).await;
    assert_eq!((new.run, new.epoch), (old.run, old.epoch + 1));
    assert_eq!(new.steps.len(), 1);

    // And may do nothing more, whatever it was about to do.
    let is_current =
        async |claim: &Claim| work.is_current(claim.tenant, claim.run, claim.epoch).await.unwrap();
    assert!(!is_current(&old).await && is_current(&new).await);
    let elsewhere = work.is_current(TenantId::generate(), new.run, new.epoch).await;
    assert!(!elsewhere.unwrap(), "another tenant's");

    let before = database.count("select count(*) from outbox").await;
    assert!(!work.renew(&old).await.unwrap());
    let until = Until::Approval(ApprovalId::generate());
    for result in [
        work.begin_step(&old, &step(2, None)).await.map(drop),
        work.end_step(&old, &ended(1, End::Done)).await,
        work.wait(&old, Some(1), until, &[]).await,
        work.finish(&old, &done(), &[]).await,
    ] {
        assert!(matches!(result, Err(Error::Lost)), "{result:?}");
    }
    assert_eq!(database.count("select count(*) from outbox").await, before);
    assert_eq!(database.count("select count(*) from steps where state = 'done'").await, 0);
    begin(&store, &new, &step(1, None)).await;
    work.end_step(&new, &ended(1, End::Done)).await.unwrap();
    work.finish(&new, &done(), &[]).await.unwrap();
    assert!(!work.renew(&new).await.unwrap() && !is_current(&new).await, "it is over");
    assert!(matches!(work.finish(&new, &done(), &[]).await, Err(Error::Lost)));
}

async fn a_run_that_every_worker_loses_is_given_up(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let first = claimed(&store, "m1").await;
    for _ in 0..5 {
        lose(database).await;
        claim(&store).await;
    }
    lose(database).await;
    assert_eq!(work.claim("worker", LEASE).await.unwrap(), None, "given up");
    assert_eq!(state(&store, first.task.id).await, "dead");
    assert_eq!(database.count("select count(*) from dead_letters").await, 1);
    assert_eq!(database.count("select count(*) from runs where state = 'lost'").await, 1);
    // The session goes on.
    let next = claimed(&store, "m2").await;
    let model = step(1, None);
    assert_eq!(begin(&store, &next, &model).await, Begun::Go { attempt: 1 });
    for _ in 0..5 {
        lose(database).await;
        work.end_step(&claim(&store).await, &ended(1, End::Done)).await.ok();
    }
    lose(database).await;
    let again = claim(&store).await;
    assert_eq!(again.run, next.run, "the step forward counts");
    assert!(matches!(begin(&store, &again, &model).await, Begun::Done(_)));
}

async fn what_failed_is_tried_again_later_with_its_journal(database: &Database) {
    let mut options = database.options();
    options.work.backoff = Duration::from_secs(3600);
    options.work.task_attempts_max = 2;
    let store = store::Store::open(&options).await.unwrap();
    crate::support::prepare(&store).await;
    let work = store.work();
    let first = claimed(&store, "m1").await;
    let tool = step(1, Some(EffectClass::Once));
    begin(&store, &first, &tool).await;
    work.end_step(&first, &ended(1, End::Done)).await.unwrap();
    let failed = Outcome::Failed { reason: "the provider is away".to_owned(), retry: true };
    work.finish(&first, &failed, &[]).await.unwrap();
    assert_eq!(state(&store, first.task.id).await, "permitted");
    advance(&store).await;
    assert_eq!(state(&store, first.task.id).await, "permitted", "not yet");
    database.tamper("update tasks set available_at = 1").await;
    advance(&store).await;
    let second = claim(&store).await;
    assert_eq!(second.run, first.run);
    let begun = begin(&store, &second, &tool).await;
    assert!(matches!(begun, Begun::Done(_)), "it happened once: {begun:?}");
    work.finish(&second, &failed, &[]).await.unwrap();
    assert_eq!(state(&store, first.task.id).await, "dead");
    assert_eq!(database.count("select count(*) from dead_letters").await, 1);
    // Where trying again would not help, nothing is tried.
    let other = claimed(&store, "m2").await;
    let failed = Outcome::Failed { reason: "no such tool".to_owned(), retry: false };
    work.finish(&other, &failed, &[]).await.unwrap();
    assert_eq!(state(&store, other.task.id).await, "failed");
}
