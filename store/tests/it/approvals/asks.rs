//! Asking: one row for one question; what waits is bounded, listed, kept and at last removed.

use std::{collections::BTreeSet, num::NonZeroU32};

use serde_json::json;
use store::{
    Store,
    approvals::{
        ARGUMENTS_BYTES_MAX, Arguments, Decision, Error, Filter, Kind, NewApproval, RequesterKind,
        Status,
    },
    vault::MasterKey,
};
use tokio::task::JoinSet;
use types::{ApprovalId, RequestId, TenantId, Timestamp, audit};

use super::{admin_records, ask, asked, break_glass, names, no, yes};
use crate::{
    on_both,
    support::{Database, record, tenant},
};

on_both! {
    twenty_askers_get_one_row;
    another_question_gets_another_row;
    an_answer_is_found_until_it_is_used_or_over;
    too_many_questions_are_refused;
    lists_show_what_stands_where;
    everything_survives_a_restart;
    what_is_long_over_is_removed;
    arguments_open_for_their_question_until_it_is_over;
}

async fn arguments_open_for_their_question_until_it_is_over(database: &Database) {
    let store = database.prepared().await;
    let (key, approvals) = (MasterKey::of(&[7; 32]), store.approvals());
    let given = |to: &str| Arguments { arguments: json!({ "to": to }), masked: Vec::new() };
    let sealed = |new: NewApproval, given: &Arguments| {
        let arguments = given.seal(&key, (new.id, &new.subject)).unwrap();
        NewApproval { arguments, ..new }
    };
    let first = asked(&store, &sealed(ask(1), &given("ann@example.com"))).await;
    let second = asked(&store, &sealed(ask(2), &given("bob@example.com"))).await;
    let found = approvals.arguments(&key, first.id).await.unwrap().unwrap();
    assert_eq!(found.arguments, json!({ "to": "ann@example.com" }));
    let lies =
        database.count("select count(*) from approvals where arguments like '%example%'").await;
    assert_eq!(lies, 0, "they are sealed");
    let other = MasterKey::of(&[8; 32]);
    assert!(approvals.arguments(&other, first.id).await.unwrap().is_none(), "another key");
    // Moved to another question they do not open.
    let moved = "update approvals set arguments = (select arguments from approvals where id = $1)";
    sqlx::query(moved).bind(first.id.to_string()).execute(&mut database.raw().await).await.unwrap();
    assert!(approvals.arguments(&key, second.id).await.unwrap().is_none(), "another question's");
    assert!(approvals.arguments(&key, first.id).await.unwrap().is_some());
    assert!(sealed(ask(3), &given(&"x".repeat(ARGUMENTS_BYTES_MAX))).arguments.is_none());
    // They go with the time of their question, long before the question itself.
    assert_eq!(approvals.clear_arguments(Timestamp::now()).await.unwrap(), 0);
    database.tamper("update approvals set expires_at = 2").await;
    assert!(approvals.arguments(&key, first.id).await.unwrap().is_none(), "it is over");
    assert_eq!(approvals.clear_arguments(Timestamp::now()).await.unwrap(), 2);
    let left = "select count(*) from approvals where arguments is not null";
    assert_eq!(database.count(left).await, 0);
}

async fn twenty_askers_get_one_row(database: &Database) {
    // Two gateways. After the first round their connections are open, so the asks truly meet.
    let (store, other) = (database.prepared().await, database.open().await);
    for round in 1..=5 {
        let mut askers = JoinSet::new();
        for n in 0..20 {
            let approvals = if n % 2 == 0 { store.approvals() } else { other.approvals() };
            askers.spawn(async move {
                approvals.request(&ask(round), &record(audit::Kind::Admin)).await.unwrap()
            });
        }
        let answers = askers.join_all().await;
        let ids: BTreeSet<ApprovalId> = answers.iter().map(|(approval, _)| approval.id).collect();
        let made = answers.iter().filter(|(_, made)| *made).count();
        assert_eq!((ids.len(), made), (1, 1));
        // One record and one event for one row.
        let rows = database.count("select count(*) from approvals").await;
        let events = "select count(*) from outbox where subject = 'audit.admin'";
        let counts = [rows, admin_records(database).await, database.count(events).await];
        assert_eq!(counts, [i64::from(round); 3]);
    }
    let approval = store.approvals().find(&ask(1).subject).await.unwrap().unwrap();
    assert_eq!((approval.status, approval.owner.as_str()), (Status::Pending, "olga"));
    assert_eq!(approval.reason, "nul \u{fffd} is replaced");
    assert_eq!(approval.detail["note"], "nul \u{0} stays");
    assert_eq!(approval.expires_at, approval.created_at.plus_seconds(3600));
}

async fn another_question_gets_another_row(database: &Database) {
    let store = database.prepared().await;
    let first = asked(&store, &ask(1)).await;
    let mut others = vec![ask(2)];
    others.push(ask(1));
    others[1].subject.policy_hash = "c".repeat(64);
    others.push(ask(1));
    others[2].subject.kind = Kind::ModelCall;
    others.push(ask(1));
    others[3].subject.requester = "gardener".to_owned();
    // A person of the agent's name is somebody else.
    others.push(ask(1));
    others[4].subject.requester_kind = RequesterKind::User;
    for other in &others {
        assert_ne!(asked(&store, other).await.id, first.id);
    }
    let mut foreign = ask(1);
    foreign.subject.tenant = TenantId::generate();
    let refused = store.approvals().request(&foreign, &record(audit::Kind::Admin)).await;
    let missing =
        matches!(refused, Err(Error::Store(store::Error::Missing { noun: "tenant", .. })));
    assert!(missing, "{refused:?}");
    let mut long = ask(9);
    long.detail = "a".repeat(70_000).into();
    let refused = store.approvals().request(&long, &record(audit::Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::TooLong { field: "detail", .. })), "{refused:?}");
}

async fn an_answer_is_found_until_it_is_used_or_over(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let ask_again = async || approvals.request(&ask(1), &record(audit::Kind::Admin)).await.unwrap();
    let subject = ask(1).subject;
    assert_eq!(approvals.find(&subject).await.unwrap(), None);
    let first = asked(&store, &ask(1)).await;
    yes(&store, first.id, "ann").await.unwrap();
    let (same, made) = ask_again().await;
    assert_eq!((same.id, same.status, made), (first.id, Status::Approved, false));
    assert_eq!(same.votes.len(), 1);
    assert!(approvals.consume(first.id, RequestId::generate()).await.unwrap());
    // Used: the next ask is a new question, and so it is after a denial and after the time.
    let (second, made) = ask_again().await;
    assert!(made && second.id != first.id);
    no(&store, second.id, "ann").await.unwrap();
    let found = approvals.find(&subject).await.unwrap().unwrap();
    assert_eq!((found.id, found.status), (second.id, Status::Denied), "the latest");
    let (third, made) = ask_again().await;
    assert!(made);
    database.tamper("update approvals set expires_at = 2 where status = 'pending'").await;
    assert_eq!(approvals.get(third.id).await.unwrap().status, Status::Expired);
    let (fourth, made) = ask_again().await;
    assert!(made, "a question that nobody answered does not block the next");
    assert_eq!(approvals.get(third.id).await.unwrap().status, Status::Expired);
    assert_eq!(approvals.find(&subject).await.unwrap().unwrap().id, fourth.id);
}

async fn too_many_questions_are_refused(database: &Database) {
    let options =
        store::Options { approvals_max: 3, approvals_per_requester_max: 2, ..database.options() };
    let store = Store::open(&options).await.unwrap();
    crate::support::prepare(&store).await;
    let approvals = store.approvals();
    let first = asked(&store, &ask(1)).await;
    asked(&store, &ask(2)).await;
    let refused = approvals.request(&ask(3), &record(audit::Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::TooMany { max: 2, .. })), "{refused:?}");
    let mut other = ask(3);
    other.subject.requester = "gardener".to_owned();
    asked(&store, &other).await;
    other.id = ApprovalId::generate();
    other.subject.requester = "cook".to_owned();
    let refused = approvals.request(&other, &record(audit::Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::TooMany { max: 3, .. })), "{refused:?}");
    // What was asked already is still found, and what is decided does not count.
    let (same, made) = approvals.request(&ask(1), &record(audit::Kind::Admin)).await.unwrap();
    assert_eq!((same.id, made), (first.id, false));
    no(&store, first.id, "ann").await.unwrap();
    asked(&store, &other).await;
    // Nor does what has expired.
    database.tamper("update approvals set expires_at = 2 where requester = 'default'").await;
    asked(&store, &ask(4)).await;
}

async fn lists_show_what_stands_where(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let mut ids = Vec::new();
    for n in 0..6 {
        // Rows of one millisecond are in the order of their ids.
        let id = ApprovalId::from_parts(u64::from(n), 0);
        ids.push(asked(&store, &NewApproval { id, ..ask(n) }).await.id);
    }
    let glass = NewApproval { id: ApprovalId::from_parts(6, 0), ..break_glass(6) };
    ids.push(asked(&store, &glass).await.id);
    no(&store, ids[1], "ann").await.unwrap();
    for id in &ids[2..5] {
        yes(&store, *id, "ann").await.unwrap();
    }
    approvals.consume(ids[2], RequestId::generate()).await.unwrap();
    let old = "update approvals set expires_at = 2 where id in (";
    let old = format!("{old}'{}', '{}')", ids[3], ids[5]);
    let query = sqlx::query(sqlx::AssertSqlSafe(old));
    query.execute(&mut database.raw().await).await.unwrap();
    let list = async |filter: Filter, limit| {
        let found = approvals.list(&filter, limit).await.unwrap();
        found.into_iter().map(|approval| approval.id).collect::<Vec<_>>()
    };
    let of = |status| Filter { status: Some(status), ..Filter::default() };
    assert_eq!(list(of(Status::Pending), 9).await, [ids[6], ids[0]]);
    assert_eq!(list(of(Status::Approved), 9).await, [ids[4]]);
    assert_eq!(list(of(Status::Expired), 9).await, [ids[5], ids[3]]);
    assert_eq!(list(of(Status::Used), 9).await, [ids[2]]);
    assert_eq!(list(of(Status::Denied), 9).await, [ids[1]]);
    let newest_first: Vec<ApprovalId> = ids.iter().rev().copied().collect();
    assert_eq!(list(Filter::default(), 9).await, newest_first);
    assert_eq!(list(Filter::default(), 2).await, newest_first[..2]);
    let glass = Filter { kind: Some(Kind::BreakGlass), ..Filter::default() };
    assert_eq!(list(glass, 9).await, [ids[6]]);
    let agents = Filter {
        tenant: Some(tenant()),
        requester: Some("default".to_owned()),
        ..Filter::default()
    };
    assert_eq!(list(agents, 9).await, newest_first[1..]);
    let foreign = Filter { tenant: Some(TenantId::generate()), ..Filter::default() };
    assert_eq!(list(foreign, 9).await, []);
    let shown = approvals.list(&of(Status::Denied), 1).await.unwrap();
    let [vote] = shown[0].votes.as_slice() else { panic!("not one vote: {shown:?}") };
    assert_eq!((vote.person.as_str(), vote.decision), ("ann", Decision::Deny));
    assert_eq!((&vote.roles, vote.reason.as_str()), (&names(&["infra-admin"]), "seen"));
}

async fn everything_survives_a_restart(database: &Database) {
    let store = database.prepared().await;
    let approved = asked(&store, &ask(1)).await;
    yes(&store, approved.id, "ann").await.unwrap();
    let waits = asked(&store, &NewApproval { quorum: NonZeroU32::new(2).unwrap(), ..ask(2) }).await;
    yes(&store, waits.id, "ann").await.unwrap();
    let before = store.approvals().list(&Filter::default(), 9).await.unwrap();
    store.close().await;
    let store = database.open().await;
    assert_eq!(store.approvals().list(&Filter::default(), 9).await.unwrap(), before);
    assert_eq!(yes(&store, waits.id, "bob").await.unwrap().status, Status::Approved);
    assert!(store.approvals().consume(approved.id, RequestId::generate()).await.unwrap());
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn what_is_long_over_is_removed(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let waits = asked(&store, &ask(1)).await;
    let denied = asked(&store, &ask(2)).await;
    no(&store, denied.id, "ann").await.unwrap();
    let glass = asked(&store, &break_glass(3)).await;
    for person in ["ann", "bob"] {
        yes(&store, glass.id, person).await.unwrap();
    }
    let later = Timestamp::now().plus_seconds(2 * 3600);
    assert_eq!(approvals.purge(waits.created_at).await.unwrap(), 0);
    // Two hours on, the questions are over and break-glass still lasts.
    assert_eq!(approvals.purge(later).await.unwrap(), 2);
    let left = approvals.list(&Filter::default(), 9).await.unwrap();
    assert_eq!(left.iter().map(|approval| approval.id).collect::<Vec<_>>(), [glass.id]);
    assert_eq!(database.count("select count(*) from approval_votes").await, 2);
    assert_eq!(approvals.purge(later.plus_seconds(4 * 3600)).await.unwrap(), 1);
    assert_eq!(database.count("select count(*) from approval_votes").await, 0);
    assert!(store.audit().verify().await.unwrap().ok, "the chain keeps what was decided");
}
