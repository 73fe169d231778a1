//! What an approval is good for: one request, or a term.

use store::approvals::{Error, Status};
use tokio::task::JoinSet;
use types::{ApprovalId, RequestId, audit};

use super::{admin_records, ask, asked, break_glass, no, yes};
use crate::{
    on_both,
    support::{Database, admin_permit, record},
};

on_both! {
    an_approval_is_used_once_among_twenty;
    only_the_request_that_used_it_gives_it_back;
    break_glass_lasts_for_its_term_or_until_it_is_revoked;
    only_break_glass_raises_the_revision;
}

async fn an_approval_is_used_once_among_twenty(database: &Database) {
    let store = database.prepared().await;
    let asked = asked(&store, &ask(1)).await;
    let early = store.approvals().consume(asked.id, RequestId::generate()).await.unwrap();
    assert!(!early, "it is not approved yet");
    yes(&store, asked.id, "ann").await.unwrap();
    let mut users = JoinSet::new();
    for n in 0..20 {
        let (approvals, request) = (store.approvals(), RequestId::from_parts(1, n));
        users.spawn(async move { (request, approvals.consume(asked.id, request).await.unwrap()) });
    }
    let users = users.join_all().await;
    let winners: Vec<RequestId> =
        users.iter().filter(|(_, got)| *got).map(|(request, _)| *request).collect();
    let used = store.approvals().get(asked.id).await.unwrap();
    assert_eq!((winners.len(), used.used_by, used.status), (1, Some(winners[0]), Status::Used));
    assert!(used.used_at.is_some());
    let unknown = store.approvals().consume(ApprovalId::generate(), winners[0]).await;
    assert!(matches!(unknown, Err(Error::Missing { .. })), "{unknown:?}");
}

async fn only_the_request_that_used_it_gives_it_back(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let asked = asked(&store, &ask(1)).await;
    let (request, other) = (RequestId::generate(), RequestId::generate());
    yes(&store, asked.id, "ann").await.unwrap();
    assert!(!approvals.give_back(asked.id, request).await.unwrap(), "nobody used it");
    assert!(approvals.consume(asked.id, request).await.unwrap());
    assert!(!approvals.give_back(asked.id, other).await.unwrap());
    assert!(approvals.give_back(asked.id, request).await.unwrap());
    let back = approvals.get(asked.id).await.unwrap();
    assert_eq!((back.status, back.used_by, back.used_at), (Status::Approved, None, None));
    assert!(!approvals.give_back(asked.id, request).await.unwrap(), "once");
    assert!(approvals.consume(asked.id, other).await.unwrap());
    database.tamper("update approvals set expires_at = 2").await;
    assert!(!approvals.give_back(asked.id, other).await.unwrap(), "its time is over");
}

async fn break_glass_lasts_for_its_term_or_until_it_is_revoked(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let active = async || {
        let all = approvals.active_break_glass().await.unwrap();
        all.iter().map(|approval| approval.id).collect::<Vec<_>>()
    };
    let asked = asked(&store, &break_glass(1)).await;
    let before = store.revision().await.unwrap();
    yes(&store, asked.id, "ann").await.unwrap();
    assert_eq!(active().await, []);
    assert_eq!(store.revision().await.unwrap(), before, "one vote of two decides nothing");
    let approved = yes(&store, asked.id, "bob").await.unwrap();
    let term = approved.decided_at.unwrap().plus_seconds(4 * 3600);
    assert_eq!((approved.status, approved.ends_at), (Status::Approved, Some(term)));
    assert_eq!(active().await, [asked.id]);
    assert_eq!(store.revision().await.unwrap(), before + 1);
    // It is not used up, and the time for the answer does not end it.
    assert!(!approvals.consume(asked.id, RequestId::generate()).await.unwrap());
    database.tamper("update approvals set expires_at = 2").await;
    assert_eq!(active().await, [asked.id]);
    assert_eq!(approvals.get(asked.id).await.unwrap().status, Status::Approved);
    let permit = admin_permit(false);
    let revoke = async || approvals.revoke(&permit, asked.id, &record(audit::Kind::Admin)).await;
    assert_eq!(revoke().await.unwrap().status, Status::Revoked);
    assert_eq!(active().await, []);
    assert_eq!(store.revision().await.unwrap(), before + 2);
    let twice = revoke().await;
    let told = matches!(twice, Err(Error::AlreadyDecided { status: Status::Revoked, .. }));
    assert!(told, "{twice:?}");

    let next = self::asked(&store, &break_glass(1)).await;
    for person in ["ann", "bob"] {
        yes(&store, next.id, person).await.unwrap();
    }
    database.tamper("update approvals set ends_at = 2 where status = 'approved'").await;
    assert_eq!(active().await, []);
    assert_eq!(approvals.get(next.id).await.unwrap().status, Status::Expired);
}

async fn only_break_glass_raises_the_revision(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let permit = admin_permit(false);
    let start = store.revision().await.unwrap();
    let approved = asked(&store, &ask(1)).await;
    yes(&store, approved.id, "ann").await.unwrap();
    let taken_back = approvals.revoke(&permit, approved.id, &record(audit::Kind::Admin)).await;
    assert_eq!(taken_back.unwrap().status, Status::Revoked);
    let denied = asked(&store, &ask(2)).await;
    no(&store, denied.id, "ann").await.unwrap();
    let withdrawn = asked(&store, &ask(3)).await;
    let withdrawn = approvals.cancel(&permit, withdrawn.id, &record(audit::Kind::Admin)).await;
    assert_eq!(withdrawn.unwrap().status, Status::Cancelled);
    assert_eq!(store.revision().await.unwrap(), start);
    let glass = asked(&store, &break_glass(4)).await;
    assert_eq!(store.revision().await.unwrap(), start);
    no(&store, glass.id, "ann").await.unwrap();
    assert_eq!(store.revision().await.unwrap(), start + 1);
    // Each of these acts left its record and its event.
    assert_eq!(admin_records(database).await, 9);
    let events = "select count(*) from outbox where subject = 'audit.admin'";
    assert_eq!(database.count(events).await, 9);
    assert!(store.audit().verify().await.unwrap().ok);
}
