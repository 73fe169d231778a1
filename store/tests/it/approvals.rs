//! Approvals: one row for one question, the first decision wins, an approval is used once.

mod asks;
mod money;
mod uses;
mod votes;

use std::{collections::BTreeSet, num::NonZeroU32};

use store::{
    Store,
    approvals::{Approval, Ballot, Decision, Error, Kind, NewApproval, RequesterKind, Subject},
};
use types::{ApprovalId, audit};

use crate::support::{Database, permit_of, record, tenant};

/// Policies speak of the same kinds.
#[test]
fn policies_know_every_kind_of_question() {
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, policy::APPROVAL_KINDS);
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Agent `default` asks to call a tool; one infra-admin must approve.
pub(crate) fn ask(subject: u8) -> NewApproval {
    NewApproval {
        id: ApprovalId::generate(),
        subject: Subject {
            tenant: tenant(),
            kind: Kind::ToolCall,
            requester_kind: RequesterKind::Agent,
            requester: "default".to_owned(),
            subject_hash: format!("{subject:064x}"),
            policy_hash: "b".repeat(64),
        },
        owner: "olga".to_owned(),
        roles: names(&["infra-admin"]),
        quorum: NonZeroU32::MIN,
        reason: "nul \u{0} is replaced".to_owned(),
        detail: serde_json::json!({ "tool": "mail.send", "note": "nul \u{0} stays" }),
        arguments: None,
        open_seconds: 3600,
        term_seconds: None,
    }
}

fn break_glass(subject: u8) -> NewApproval {
    let mut ask = ask(subject);
    ask.subject.kind = Kind::BreakGlass;
    ask.subject.requester_kind = RequesterKind::User;
    ask.subject.requester = "rita".to_owned();
    ask.quorum = NonZeroU32::new(2).unwrap();
    ask.term_seconds = Some(4 * 3600);
    ask
}

fn ballot(decision: Decision, roles: &[&str]) -> Ballot {
    Ballot { roles: names(roles), decision, reason: "seen".to_owned() }
}

pub(crate) async fn asked(store: &Store, ask: &NewApproval) -> Approval {
    let (approval, made) =
        store.approvals().request(ask, &record(audit::Kind::Admin)).await.unwrap();
    assert!(made);
    approval
}

async fn say(
    store: &Store,
    id: ApprovalId,
    person: &str,
    decision: Decision,
    roles: &[&str],
) -> Result<Approval, Error> {
    let permit = permit_of(person, tenant(), false);
    let ballot = ballot(decision, roles);
    store.approvals().vote(&permit, id, &ballot, &record(audit::Kind::Admin)).await
}

pub(crate) async fn yes(store: &Store, id: ApprovalId, person: &str) -> Result<Approval, Error> {
    say(store, id, person, Decision::Approve, &["infra-admin"]).await
}

async fn no(store: &Store, id: ApprovalId, person: &str) -> Result<Approval, Error> {
    say(store, id, person, Decision::Deny, &["infra-admin"]).await
}

async fn admin_records(database: &Database) -> i64 {
    database.count("select count(*) from audit where kind = 'admin'").await
}
