//! Deciding: who may, how many it takes, and that the first decision wins.

use std::{num::NonZeroU32, time::Duration};

use store::approvals::{Decision, Error, NewApproval, RequesterKind, Status};
use tokio::task::JoinSet;
use types::{RequestId, TenantId, audit};

use super::{admin_records, ask, asked, ballot, break_glass, names, no, say, yes};
use crate::{
    on_both,
    support::{Database, admin_permit, permit_of, record},
};

on_both! {
    a_quorum_of_two_needs_two_people;
    each_role_must_be_represented;
    nobody_decides_their_own_request;
    a_deny_wins_and_ends_it;
    the_first_decision_wins_among_ten;
    time_is_the_databases;
    a_permit_to_read_or_of_another_tenant_decides_nothing;
    whoever_waits_is_rung;
}

async fn a_quorum_of_two_needs_two_people(database: &Database) {
    let store = database.prepared().await;
    let asked = asked(&store, &NewApproval { quorum: NonZeroU32::new(2).unwrap(), ..ask(1) }).await;
    let one = yes(&store, asked.id, "ann").await.unwrap();
    assert_eq!((one.status, one.decided_at), (Status::Pending, None));
    let twice = yes(&store, asked.id, "ann").await;
    assert!(matches!(twice, Err(Error::AlreadyVoted { .. })), "{twice:?}");
    assert!(!store.approvals().consume(asked.id, RequestId::generate()).await.unwrap());
    let two = yes(&store, asked.id, "bob").await.unwrap();
    assert_eq!(two.status, Status::Approved);
    assert!(two.decided_at.is_some());
    assert_eq!(store.approvals().get(asked.id).await.unwrap(), two);
}

async fn each_role_must_be_represented(database: &Database) {
    let store = database.prepared().await;
    let roles = names(&["infra-admin", "agent-owner"]);
    let asked = asked(&store, &NewApproval { roles, ..ask(1) }).await;
    let say = async |person, roles: &[&str]| {
        say(&store, asked.id, person, Decision::Approve, roles).await
    };
    assert_eq!(say("ann", &["infra-admin"]).await.unwrap().status, Status::Pending);
    assert_eq!(say("bob", &["infra-admin"]).await.unwrap().status, Status::Pending);
    let strange = say("cleo", &["auditor"]).await;
    assert!(matches!(strange, Err(Error::NoRole { .. })), "{strange:?}");
    assert_eq!(say("dan", &["agent-owner"]).await.unwrap().status, Status::Approved);
}

async fn nobody_decides_their_own_request(database: &Database) {
    let store = database.prepared().await;
    let mut own = ask(1);
    own.subject.requester_kind = RequesterKind::User;
    own.subject.requester = "rita".to_owned();
    let asked = asked(&store, &own).await;
    for vote in [yes(&store, asked.id, "rita").await, no(&store, asked.id, "rita").await] {
        assert!(matches!(vote, Err(Error::SelfApproval)), "{vote:?}");
    }
    assert_eq!(yes(&store, asked.id, "ann").await.unwrap().status, Status::Approved);
}

async fn a_deny_wins_and_ends_it(database: &Database) {
    let store = database.prepared().await;
    let asked = asked(&store, &NewApproval { quorum: NonZeroU32::new(2).unwrap(), ..ask(1) }).await;
    yes(&store, asked.id, "ann").await.unwrap();
    let denied = no(&store, asked.id, "bob").await.unwrap();
    assert_eq!((denied.status, denied.votes.len()), (Status::Denied, 2));
    let late = yes(&store, asked.id, "cleo").await;
    let decided = matches!(late, Err(Error::AlreadyDecided { status: Status::Denied, .. }));
    assert!(decided, "{late:?}");
    assert!(!store.approvals().consume(asked.id, RequestId::generate()).await.unwrap());
    assert_eq!(database.count("select count(*) from approval_votes").await, 2);
}

async fn the_first_decision_wins_among_ten(database: &Database) {
    let store = database.prepared().await;
    let asked = asked(&store, &ask(1)).await;
    let mut voters = JoinSet::new();
    for n in 0..10 {
        let (store, id) = (store.clone(), asked.id);
        voters.spawn(async move {
            let decision = if n % 2 == 0 { Decision::Approve } else { Decision::Deny };
            say(&store, id, &format!("person {n}"), decision, &["infra-admin"]).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) =
        voters.join_all().await.into_iter().partition(Result::is_ok);
    let [Ok(winner)] = won.as_slice() else { panic!("not one winner: {won:?}") };
    assert_eq!(lost.len(), 9);
    for late in lost {
        let told = matches!(&late, Err(Error::AlreadyDecided { status, .. })
            if *status == winner.status);
        assert!(told, "{late:?}");
    }
    assert_eq!(&store.approvals().get(asked.id).await.unwrap(), winner);
    assert_eq!(database.count("select count(*) from approval_votes").await, 1);
    assert_eq!(admin_records(database).await, 2, "the question and the vote that won");
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn time_is_the_databases(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let (waits, approved) = (asked(&store, &ask(1)).await, asked(&store, &ask(2)).await);
    yes(&store, approved.id, "ann").await.unwrap();
    // An hour passes for the rows, whose times are all the database's.
    database
        .tamper(
            "update approvals set created_at = created_at - 3600000000, \
             expires_at = expires_at - 3600000000",
        )
        .await;
    for vote in [yes(&store, waits.id, "ann").await, no(&store, waits.id, "ann").await] {
        assert!(matches!(vote, Err(Error::Expired { .. })), "{vote:?}");
    }
    assert!(!approvals.consume(approved.id, RequestId::generate()).await.unwrap());
    let permit = admin_permit(false);
    let cancelled = approvals.cancel(&permit, waits.id, &record(audit::Kind::Admin)).await;
    assert!(matches!(cancelled, Err(Error::Expired { .. })), "{cancelled:?}");
    for id in [waits.id, approved.id] {
        assert_eq!(approvals.get(id).await.unwrap().status, Status::Expired);
    }
}

async fn a_permit_to_read_or_of_another_tenant_decides_nothing(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let asked = asked(&store, &ask(1)).await;
    let audit = record(audit::Kind::Admin);
    let vote = ballot(Decision::Approve, &["infra-admin"]);
    let reader = admin_permit(true);
    for refused in [
        approvals.vote(&reader, asked.id, &vote, &audit).await,
        approvals.cancel(&reader, asked.id, &audit).await,
        approvals.revoke(&reader, asked.id, &audit).await,
    ] {
        let told = matches!(refused, Err(Error::Store(store::Error::Permit { .. })));
        assert!(told, "{refused:?}");
    }
    let foreign = permit_of("ann", TenantId::generate(), false);
    for refused in [
        approvals.vote(&foreign, asked.id, &vote, &audit).await,
        approvals.cancel(&foreign, asked.id, &audit).await,
        approvals.revoke(&foreign, asked.id, &audit).await,
    ] {
        assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
    }
    assert_eq!(approvals.get(asked.id).await.unwrap(), asked);
    assert_eq!(admin_records(database).await, 1);
}

async fn whoever_waits_is_rung(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let permit = admin_permit(false);
    let voted = asked(&store, &break_glass(1)).await;
    let cancelled = asked(&store, &ask(2)).await;
    let in_time = async |rung| tokio::time::timeout(Duration::from_secs(30), rung).await.unwrap();
    for person in ["ann", "bob"] {
        let rung = approvals.decided();
        yes(&store, voted.id, person).await.unwrap();
        in_time(rung).await;
    }
    let rung = approvals.decided();
    approvals.revoke(&permit, voted.id, &record(audit::Kind::Admin)).await.unwrap();
    in_time(rung).await;
    let rung = approvals.decided();
    approvals.cancel(&permit, cancelled.id, &record(audit::Kind::Admin)).await.unwrap();
    in_time(rung).await;
    // What changes nothing rings nobody.
    let rung = approvals.decided();
    assert!(yes(&store, cancelled.id, "ann").await.is_err());
    let silence = is_pending(rung);
    assert!(silence.await, "a refused vote rang");
}

/// Whether a future is not ready yet.
async fn is_pending(future: impl Future<Output = ()>) -> bool {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}
