//! A message becomes a task, the task a run, and the run an answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use store::work::{End, Error, NewEvent, NewMessage, Outcome, Quotas, Until};
use types::{
    AgentId, ApprovalId, TenantId,
    audit::Kind,
    work::{EffectClass, EventKind, TaskState},
};

use super::{
    LEASE, accept, advance, begin, claim, claimed, ended, message, payload, state, step, terms,
};
use crate::{
    on_both,
    support::{Database, admin_permit, agent, agent_id, permit_of, record, tenant},
};

on_both! {
    a_message_goes_the_whole_way_to_its_answer;
    a_message_that_comes_twice_is_one;
    a_message_of_an_earlier_build_is_known;
    a_session_works_on_one_message_after_the_other;
    many_that_accept_and_schedule_at_once_keep_every_order;
    what_policy_denies_ends_and_the_next_goes_on;
    one_evaluator_of_several_decides;
    quotas_leave_the_rest_waiting;
    an_agent_that_is_full_keeps_no_other_one_waiting;
    what_is_not_over_is_counted_by_where_it_stands;
    a_conversation_takes_so_many_messages_and_no_more;
    what_is_too_long_or_nobodys_is_refused;
}

fn answer() -> NewEvent {
    NewEvent { kind: EventKind::Assistant, body: payload(json!({ "text": "done" })) }
}

pub(super) fn done() -> Outcome {
    Outcome::Completed { result: payload(json!({ "ok": true })) }
}

async fn what_is_not_over_is_counted_by_where_it_stands(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let standing = async || {
        let all = work.standings().await.unwrap();
        let some = all.into_iter().filter(|standing| standing.tasks > 0);
        some.map(|standing| (standing.state, standing.tasks)).collect::<BTreeMap<_, _>>()
    };
    let are = |some: &[(&str, i64)]| -> BTreeMap<String, i64> {
        some.iter().map(|(state, tasks)| ((*state).to_owned(), *tasks)).collect()
    };
    for n in 1..=4 {
        accept(&store, &format!("c{n}"), "m1").await;
    }
    work.schedule(10).await.unwrap();
    assert_eq!(standing().await, are(&[("created", 4)]));
    let task = work.created(1).await.unwrap().remove(0);
    work.permit(tenant(), task.id, &terms(), &record(Kind::Decision)).await.unwrap();
    assert_eq!(standing().await, are(&[("created", 3), ("permitted", 1)]));
    advance(&store).await;
    let (first, second, third) = (claim(&store).await, claim(&store).await, claim(&store).await);
    assert_eq!(standing().await, are(&[("queued", 1), ("running", 3)]));
    work.wait(&first, None, Until::Approval(ApprovalId::generate()), &[]).await.unwrap();
    begin(&store, &second, &step(1, Some(EffectClass::Once))).await;
    work.end_step(&second, &ended(1, End::Unknown)).await.unwrap();
    work.finish(&third, &done(), &[answer()]).await.unwrap();
    assert_eq!(standing().await, are(&[("queued", 1), ("unknown", 1), ("waiting", 1)]));
}

async fn a_message_goes_the_whole_way_to_its_answer(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let before = database.count("select count(*) from audit").await;
    let claim = claimed(&store, "m1").await;
    assert_eq!((claim.task.commit.as_str(), claim.epoch), ("c0ffee", 1));
    assert_eq!(claim.task.input, message("c1", "m1").body);
    assert_eq!(claim.task.limits, json!({ "steps": 10 }));
    let session = claim.session.clone().expect("a session");
    assert_eq!((session.conversation.as_str(), session.person.as_str()), ("c1", "ann"));
    assert_eq!(work.claim("other", LEASE).await.unwrap(), None, "it has a worker");
    begin(&store, &claim, &step(1, None)).await;
    let mut end = ended(1, End::Done);
    end.transcript = vec![NewEvent { kind: EventKind::Status, body: payload(json!("thinks")) }];
    work.end_step(&claim, &end).await.unwrap();
    work.finish(&claim, &done(), &[answer()]).await.unwrap();

    let task = work.task(tenant(), claim.task.id).await.unwrap().unwrap();
    assert_eq!(
        (task.state, task.result),
        (TaskState::Completed, Some(payload(json!({ "ok": true }))))
    );
    let events = work.events(tenant(), session.id, 0, 100).await.unwrap();
    let told: Vec<(i64, EventKind)> = events.iter().map(|event| (event.no, event.kind)).collect();
    let expected = [(1, EventKind::User), (2, EventKind::Status), (3, EventKind::Assistant)];
    assert_eq!(told, expected);
    assert_eq!(work.events(tenant(), session.id, 2, 100).await.unwrap(), events[2..]);
    let other = TenantId::from_parts(9, 9);
    assert_eq!(work.events(other, session.id, 0, 100).await.unwrap(), []);
    assert_eq!(work.session(other, session.id).await.unwrap(), None);
    let found = work.session_of(tenant(), "webchat", "c1", session.agent).await.unwrap().unwrap();
    assert_eq!((found.id, found.active_task, found.taken_seq), (session.id, None, 1));

    // What policy decided is on record, and each arrow told.
    assert_eq!(database.count("select count(*) from audit").await, before + 1);
    let subjects =
        sqlx::query("select distinct subject from outbox where subject not like 'audit%'");
    let subjects = subjects.fetch_all(&mut database.raw().await).await.unwrap();
    let subjects: BTreeSet<String> = subjects.iter().map(|row| sqlx::Row::get(row, 0)).collect();
    let expected = [
        "ingress.webchat.message",
        "tasks.create",
        "tasks.dispatch",
        "tasks.run.completed",
        "tasks.run.queued",
        "tasks.run.started",
        "tasks.run.step.completed",
        "tasks.run.step.started",
    ];
    assert_eq!(subjects.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    let cost = "select cost + input_tokens + output_tokens + tool_calls from runs";
    assert_eq!(database.count(cost).await, 18);
}

async fn a_message_that_comes_twice_is_one(database: &Database) {
    let store = database.prepared().await;
    let first = accept(&store, "c1", "m1").await;
    let again = accept(&store, "c1", "m1").await;
    assert!(first.fresh && !again.fresh);
    assert_eq!((again.session, again.seq, again.event_no), (first.session, 1, 1));
    // The id counts within its conversation.
    let other = accept(&store, "c2", "m1").await;
    assert!(other.fresh && other.session != first.session);
    // And with its agent.
    let second = AgentId::generate();
    let added = record(Kind::Admin);
    store.agents().add(&admin_permit(false), &agent("second", second), &added).await.unwrap();
    let to_second = NewMessage { agent: second, ..message("c1", "m1") };
    let to_second = store.work().accept(&to_second).await.unwrap();
    assert!(to_second.fresh && to_second.session != first.session);
    // Also once it is answered.
    advance(&store).await;
    let claim = claim(&store).await;
    store.work().finish(&claim, &done(), &[]).await.unwrap();
    assert!(!accept(&store, "c1", "m1").await.fresh);
    assert_eq!(database.count("select count(*) from inbox").await, 3);
    assert_eq!(database.count("select count(*) from tasks").await, 3);
}

/// A message that an earlier build took, whose key was its conversation's: it is known still.
async fn a_message_of_an_earlier_build_is_known(database: &Database) {
    let mut conn = database.built(17).await;
    let (tenant, agent) = (tenant(), agent_id());
    let rows = format!(
        "insert into tenants values ('{tenant}', 'default', 1); \
         insert into agents values ('{agent}', '{tenant}', 'default', 'user', '[]', '', 1, null); \
         insert into sessions values ('ses_01ARZ3NDEKTSV4RRFFQ69G5FAV', '{tenant}', '{agent}', 'webchat', 'c1', \
           'ann', 1, 1, 1, 1, null, 1, 1, null); \
         insert into inbox values ('{tenant}', 'webchat', 'c1', 'm1', 'ses_01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, 1, \
           'ann', 1, '{{}}', null, 1, null);"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&mut conn).await.unwrap();
    let store = database.open().await;
    let again = accept(&store, "c1", "m1").await;
    assert_eq!((again.fresh, again.seq, again.event_no), (false, 1, 1));
    let next = accept(&store, "c1", "m2").await;
    assert_eq!((next.fresh, next.seq, next.session), (true, 2, again.session));
}

async fn a_session_works_on_one_message_after_the_other(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let long = accept(&store, "c1", "m1").await.session;
    for id in ["m2", "m3"] {
        accept(&store, "c1", id).await;
    }
    accept(&store, "c2", "x1").await;
    assert_eq!(work.schedule(100).await.unwrap().len(), 2, "one of each session");
    assert_eq!(work.schedule(100).await.unwrap(), []);
    advance(&store).await;
    let mut both = [claim(&store).await, claim(&store).await];
    both.sort_by_key(|claim| claim.task.session != Some(long));
    let [first, _other] = both;
    assert_eq!(first.task.input, message("c1", "m1").body);
    // A wait does not let the next one pass.
    let until = Until::Approval(ApprovalId::generate());
    work.wait(&first, None, until, &[]).await.unwrap();
    advance(&store).await;
    assert_eq!(work.claim("worker", LEASE).await.unwrap(), None);
    assert_eq!(state(&store, first.task.id).await, "waiting");
    database.tamper("update tasks set state = 'running' where state = 'waiting'").await;
    database.tamper("update runs set state = 'running' where state = 'waiting'").await;
    work.finish(&first, &done(), &[]).await.unwrap();
    for id in ["m2", "m3"] {
        advance(&store).await;
        let next = claim(&store).await;
        assert_eq!(next.task.input, message("c1", id).body);
        work.finish(&next, &done(), &[]).await.unwrap();
    }
}

async fn many_that_accept_and_schedule_at_once_keep_every_order(database: &Database) {
    let store = database.prepared().await;
    let mut all = tokio::task::JoinSet::new();
    for worker in 0..4 {
        let store = store.clone();
        all.spawn(async move {
            for n in 0..10 {
                // Everybody brings the same messages, each from another place on.
                let n = (n * 7 + worker * 3) % 10;
                accept(&store, &format!("c{}", n % 2), &format!("m{n}")).await;
                store.work().schedule(10).await.unwrap();
            }
        });
    }
    all.join_all().await;
    assert_eq!(database.count("select count(*) from inbox").await, 10);
    assert_eq!(database.count("select count(*) from sessions").await, 2);
    let gaps = "select count(*) from sessions where last_seq <> 5 or last_event <> 5 or \
                taken_seq <> 1";
    assert_eq!(database.count(gaps).await, 0);
    assert_eq!(database.count("select count(*) from tasks").await, 2);
}

async fn what_policy_denies_ends_and_the_next_goes_on(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let session = accept(&store, "c1", "m1").await.session;
    accept(&store, "c1", "m2").await;
    let [task] = work.schedule(10).await.unwrap()[..] else { panic!("not one") };
    let record = record(Kind::Decision);
    assert!(work.deny(tenant(), task, "no permit for `ann`", &record).await.unwrap());
    assert_eq!(state(&store, task).await, "denied");
    let events = work.events(tenant(), session, 2, 10).await.unwrap();
    assert_eq!((events.len(), events[0].kind), (1, EventKind::Error));
    assert_eq!(work.schedule(10).await.unwrap().len(), 1);
    let other = TenantId::from_parts(9, 9);
    let missing = work.deny(other, task, "", &record).await.unwrap_err();
    assert!(matches!(missing, Error::Missing { .. }), "{missing}");
}

async fn one_evaluator_of_several_decides(database: &Database) {
    let store = database.prepared().await;
    accept(&store, "c1", "m1").await;
    let work = store.work();
    let [task] = work.schedule(10).await.unwrap()[..] else { panic!("not one") };
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let work = work.clone();
        all.spawn(async move {
            work.permit(tenant(), task, &terms(), &record(Kind::Decision)).await.unwrap()
        });
    }
    let decided = all.join_all().await.into_iter().filter(|decided| *decided).count();
    assert_eq!(decided, 1);
    let records = "select count(*) from audit where kind = 'decision'";
    assert_eq!(database.count(records).await, 1);
}

async fn quotas_leave_the_rest_waiting(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    for n in 0..4 {
        accept(&store, &format!("c{n}"), "m").await;
    }
    work.schedule(10).await.unwrap();
    for task in work.created(10).await.unwrap() {
        work.permit(tenant(), task.id, &terms(), &record(Kind::Decision)).await.unwrap();
    }
    let agents = Quotas { per_agent_max: 2, ..Quotas::default() };
    assert_eq!(work.dispatch(&agents).await.unwrap().len(), 2);
    assert_eq!(work.dispatch(&agents).await.unwrap().len(), 0);
    let tenants = Quotas { per_tenant_max: 3, ..Quotas::default() };
    assert_eq!(work.dispatch(&tenants).await.unwrap().len(), 1);
    let claim = claim(&store).await;
    assert_eq!(work.dispatch(&tenants).await.unwrap().len(), 0);
    work.finish(&claim, &done(), &[]).await.unwrap();
    assert_eq!(work.dispatch(&tenants).await.unwrap().len(), 1);
}

async fn an_agent_that_is_full_keeps_no_other_one_waiting(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let other = AgentId::generate();
    let add = permit_of("ann", tenant(), false);
    store.agents().add(&add, &agent("other", other), &record(Kind::Admin)).await.unwrap();
    for n in 0..7 {
        accept(&store, &format!("c{n}"), "m").await;
    }
    work.schedule(10).await.unwrap();
    let mut last = message("c9", "m");
    last.agent = other;
    work.accept(&last).await.unwrap();
    work.schedule(10).await.unwrap();
    for task in work.created(10).await.unwrap() {
        work.permit(tenant(), task.id, &terms(), &record(Kind::Decision)).await.unwrap();
    }
    // One look sees fewer tasks than wait of the agent that has room for one.
    let agents = [(super::agent_id(), 1)].into();
    let quotas = Quotas { agents, batch_max: 3, ..Quotas::default() };
    assert_eq!(work.dispatch(&quotas).await.unwrap().len(), 2);
    let of_other = "select count(*) from runs r join agents a on a.id = r.agent_id \
        where a.name = 'other'";
    assert_eq!(database.count(of_other).await, 1);
    assert_eq!(work.dispatch(&quotas).await.unwrap(), []);
}

async fn a_conversation_takes_so_many_messages_and_no_more(database: &Database) {
    let mut options = database.options();
    options.work.waiting_max = 3;
    let store = store::Store::open(&options).await.unwrap();
    crate::support::prepare(&store).await;
    for n in 0..3 {
        accept(&store, "c1", &format!("m{n}")).await;
    }
    let full = store.work().accept(&message("c1", "m3")).await.unwrap_err();
    assert!(matches!(full, Error::Full { max: 3 }), "{full}");
    assert!(!accept(&store, "c1", "m2").await.fresh, "it is there");
    accept(&store, "c2", "m3").await;
    store.work().schedule(10).await.unwrap();
    accept(&store, "c1", "m3").await;
}

async fn what_is_too_long_or_nobodys_is_refused(database: &Database) {
    let store = database.prepared().await;
    let work = store.work();
    let mut long = message(&"c".repeat(257), "m");
    assert!(matches!(work.accept(&long).await, Err(Error::TooLong { .. })));
    long = message("c1", "m");
    long.body = payload(json!("x".repeat(1024 * 1024)));
    assert!(matches!(work.accept(&long).await, Err(Error::TooLong { .. })));
    let mut nobodys = message("c1", "m");
    nobodys.agent = AgentId::from_parts(7, 7);
    assert!(matches!(work.accept(&nobodys).await, Err(Error::Missing { .. })));
    nobodys = message("c1", "m");
    nobodys.tenant = TenantId::from_parts(7, 7);
    assert!(matches!(work.accept(&nobodys).await, Err(Error::Missing { .. })));
    assert_eq!(database.count("select count(*) from sessions").await, 0);
    // Nobody is woken for nothing.
    let heard = work.changed();
    assert!(tokio::time::timeout(Duration::ZERO, heard).await.is_err());
    let heard = work.changed();
    accept(&store, "nul \u{0}", "m").await;
    heard.await;
    let session = work.session_of(tenant(), "webchat", "nul \u{0}", super::agent_id()).await;
    assert!(session.unwrap().is_some());
}
