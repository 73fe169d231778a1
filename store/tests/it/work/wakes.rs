//! What wakes work: decisions, ended children, deadlines, schedules.

use std::time::Duration;

use store::work::{Quotas, Reaped, Until};
use types::{Timestamp, audit::Kind, work::EffectClass};

use super::{
    accept, advance, begin, claim, claimed, life::done, people::child, state, step, terms,
};
use crate::{
    approvals::{ask, asked, yes},
    on_both,
    support::{Database, record, tenant},
};

on_both! {
    a_decision_lets_a_task_go_on;
    an_approval_that_lapsed_lets_its_task_go_on;
    a_parent_goes_on_when_its_children_are_over;
    a_task_whose_time_is_over_fails;
    one_of_many_has_an_occurrence;
    a_clock_that_is_ahead_silences_no_schedule;
}

async fn a_decision_lets_a_task_go_on(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let now = claimed(&store, "m1").await;
    let tool = step(1, Some(EffectClass::Once));
    begin(&store, &now, &tool).await;
    let approval = asked(&store, &ask(1)).await;
    work.wait(&now, Some(1), Until::Approval(approval.id), &[]).await.unwrap();
    assert_eq!(work.reap().await.unwrap(), Reaped::default(), "nobody answered");
    yes(&store, approval.id, "ann").await.unwrap();
    let woken = work.reap().await.unwrap().woken;
    assert_eq!(woken, [now.task.id]);
    assert_eq!(work.reap().await.unwrap(), Reaped::default());
    let again = claim(&store).await;
    assert!(matches!(begin(&store, &again, &tool).await, store::work::Begun::Go { attempt: 1 }));
    // One that was decided before its task waited for it.
    work.wait(&again, Some(1), Until::Approval(approval.id), &[]).await.unwrap();
    assert_eq!(work.reap().await.unwrap().woken, [now.task.id]);
}

async fn an_approval_that_lapsed_lets_its_task_go_on(database: &Database) {
    let store = database.prepared().await;
    let now = claimed(&store, "m1").await;
    let approval = asked(&store, &ask(1)).await;
    store.work().wait(&now, None, Until::Approval(approval.id), &[]).await.unwrap();
    database.tamper("update approvals set expires_at = 1").await;
    assert_eq!(store.work().reap().await.unwrap().woken, [now.task.id]);
}

async fn a_parent_goes_on_when_its_children_are_over(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let parent = claimed(&store, "m1").await;
    for step in [1, 2] {
        work.spawn(&parent, step, &child()).await.unwrap();
    }
    work.wait(&parent, None, Until::Children, &[]).await.unwrap();
    advance(&store).await;
    for _ in 0..2 {
        assert_eq!(work.reap().await.unwrap(), Reaped::default());
        work.finish(&claim(&store).await, &done(), &[]).await.unwrap();
    }
    assert_eq!(work.reap().await.unwrap().woken, [parent.task.id]);
    let again = claim(&store).await;
    assert_eq!(again.run, parent.run);
    let results = work.children(tenant(), parent.run).await.unwrap();
    assert!(results.iter().all(|child| child.result.is_some()));
}

async fn a_task_whose_time_is_over_fails(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    accept(&store, "c1", "m1").await;
    let [task] = work.schedule(10).await.unwrap()[..] else { panic!("not one") };
    let mut terms = terms();
    terms.within = Some(Duration::from_secs(3600));
    work.permit(tenant(), task, &terms, &record(Kind::Decision)).await.unwrap();
    work.dispatch(&Quotas::default()).await.unwrap();
    let now = claim(&store).await;
    let left = now.task.deadline_at.unwrap().0 - Timestamp::now().0;
    assert!((3_500_000_000..=3_600_000_000).contains(&left), "{left}");
    let child = work.spawn(&now, 1, &child()).await.unwrap();
    assert_eq!(work.reap().await.unwrap(), Reaped::default());
    database.tamper("update tasks set deadline_at = 1 where deadline_at is not null").await;
    assert_eq!(work.reap().await.unwrap().late, [task]);
    assert_eq!((state(&store, task).await, state(&store, child).await), ("failed", "cancelled"));
    assert!(!work.renew(&now).await.unwrap());
}

async fn one_of_many_has_an_occurrence(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let due = Timestamp(60_000_000);
    let occurred = async || {
        let found = work.occurred(tenant(), "nightly").await.unwrap();
        (found.last, found.open)
    };
    assert_eq!(occurred().await, (None, false));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let work = work.clone();
        all.spawn(
            async move { work.occur(tenant(), ("nightly", due), Some(&child())).await.unwrap() },
        );
    }
    let claimed = all.join_all().await.into_iter().filter(|claimed| *claimed).count();
    assert_eq!(claimed, 1);
    assert_eq!(database.count("select count(*) from tasks where kind = 'schedule'").await, 1);
    assert_eq!(occurred().await, (Some(due), true));
    advance(&store).await;
    work.finish(&claim(&store).await, &done(), &[]).await.unwrap();
    assert_eq!(occurred().await, (Some(due), false));
    let skipped = Timestamp(120_000_000);
    assert!(work.occur(tenant(), ("nightly", skipped), None).await.unwrap());
    assert_eq!(occurred().await, (Some(skipped), false));
}

async fn a_clock_that_is_ahead_silences_no_schedule(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let (now, tomorrow) = (Timestamp::now(), Timestamp::now().plus_seconds(24 * 60 * 60));
    let due = now.plus_seconds(-60);
    assert!(work.occur(tenant(), ("nightly", due), None).await.unwrap());
    assert!(!work.occur(tenant(), ("nightly", tomorrow), Some(&child())).await.unwrap());
    assert_eq!(database.count("select count(*) from tasks").await, 0);
    // One that was claimed so before counts once it has come.
    let ahead = "insert into occurrences (tenant_id, schedule_id, due_at, claimed_at) \
        select tenant_id, schedule_id, 9000000000000000, claimed_at from occurrences";
    database.tamper(ahead).await;
    let found = work.occurred(tenant(), "nightly").await.unwrap();
    assert_eq!((found.last, found.open), (Some(due), false));
    let hour = 60 * 60;
    let around = now.plus_seconds(-hour)..now.plus_seconds(hour);
    assert!(around.contains(&found.now), "the database's clock: {found:?}");
}
