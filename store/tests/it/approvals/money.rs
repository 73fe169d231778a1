//! Questions about budgets: a yes makes a raise, once, and is used up by it.

use std::{collections::BTreeSet, num::NonZeroU32};

use budget::CapSpec;
use store::approvals::{
    Decision, Error, Exhausted, Kind, NewApproval, RequesterKind, Status, Subject,
};
use tokio::task::JoinSet;
use types::{ApprovalId, audit};

use super::ballot;
use crate::{
    on_both,
    raises::{raise, target},
    support::{CENT, Database, cap, permit_of, record, tenant},
};

on_both! {
    a_yes_with_an_amount_raises_once;
    a_no_raises_nothing;
}

/// Agent `default` asks for more in an account.
fn question(spec: &CapSpec) -> NewApproval {
    let (account, target) = (spec.key.clone(), spec.target.unwrap());
    NewApproval {
        id: ApprovalId::generate(),
        subject: Subject {
            tenant: tenant(),
            kind: Kind::Budget,
            requester_kind: RequesterKind::Agent,
            requester: "default".to_owned(),
            subject_hash: "c".repeat(64),
            policy_hash: "b".repeat(64),
        },
        owner: "olga".to_owned(),
        roles: BTreeSet::new(),
        quorum: NonZeroU32::MIN,
        reason: "it is exhausted".to_owned(),
        detail: serde_json::json!({ "exhausted": Exhausted { account, target, spent: target, missing: None } }),
        arguments: None,
        open_seconds: 3600,
        term_seconds: None,
    }
}

async fn a_yes_with_an_amount_raises_once(database: &Database) {
    let store = database.prepared().await;
    let cap = cap(10 * CENT);
    let (asked, _) =
        store.approvals().request(&question(&cap), &record(audit::Kind::System)).await.unwrap();
    let about = Exhausted::of(&asked).unwrap();
    assert_eq!(about.spec(), cap);
    let mut votes = JoinSet::new();
    for n in 0..8 {
        let (store, cap) = (store.clone(), cap.clone());
        votes.spawn(async move {
            let permit = permit_of(&format!("person-{n}"), tenant(), false);
            let ballot = ballot(Decision::Approve, &["operator"]);
            let raise = raise(&cap, 5, 3600);
            let said = (&ballot, &raise);
            let record = record(audit::Kind::Admin);
            store.approvals().vote_raise(&permit, asked.id, said, &record).await
        });
    }
    let votes = votes.join_all().await;
    let done: Vec<_> = votes.iter().flatten().collect();
    assert_eq!(done.len(), 1, "{votes:?}");
    assert_eq!(done[0].status, Status::Used);
    for lost in votes.iter().filter_map(|vote| vote.as_ref().err()) {
        assert!(matches!(lost, Error::AlreadyDecided { .. }), "{lost:?}");
    }
    assert_eq!(target(&store).await, 15);
    let live = store.raises().live(tenant()).await.unwrap();
    assert_eq!((live.len(), live[0].approval), (1, Some(asked.id)));
    // What was used up is no answer to the next question.
    let (next, made) =
        store.approvals().request(&question(&cap), &record(audit::Kind::System)).await.unwrap();
    assert!(made);
    assert_ne!(next.id, asked.id);
}

async fn a_no_raises_nothing(database: &Database) {
    let store = database.prepared().await;
    let cap = cap(10 * CENT);
    let (asked, _) =
        store.approvals().request(&question(&cap), &record(audit::Kind::System)).await.unwrap();
    let ballot = ballot(Decision::Deny, &["operator"]);
    let permit = permit_of("ann", tenant(), false);
    let (said, record) = ((&ballot, &raise(&cap, 5, 3600)), record(audit::Kind::Admin));
    let voted = store.approvals().vote_raise(&permit, asked.id, said, &record).await.unwrap();
    assert_eq!(voted.status, Status::Denied);
    assert_eq!(store.raises().live(tenant()).await.unwrap(), []);
}
