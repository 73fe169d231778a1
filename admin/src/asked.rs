//! Acts that people must approve first: the question, bound to exactly this act, and its answer.

use std::{collections::BTreeSet, num::NonZeroU32};

use policy::{ApprovalNeed, Approved, Denial};
use serde_json::{Value, json};
use snapshot::{Snapshot, keys::sha256_hex};
use store::approvals::{Approval, Decision, Kind, NewApproval, RequesterKind, Status, Subject};
use types::{ApprovalId, Timestamp};

use crate::{
    control::Control,
    error::{Error, Waiting},
    room::Story,
};

/// An act that needs an approval.
pub(crate) struct Asked<'a> {
    pub(crate) control: &'a Control,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) story: &'a Story,
    /// SHA-256 of the request's body.
    pub(crate) body: &'a str,
    /// What people are shown of the request.
    pub(crate) shown: Value,
    /// The field without which the request may mean something else once they have answered.
    pub(crate) open: Option<&'static str>,
}

impl Asked<'_> {
    /// The approval that people gave for exactly this act. Where there is none they are asked, and
    /// the refusal names the question.
    pub(crate) async fn people(
        self,
        need: &ApprovalNeed,
        denial: &Denial,
    ) -> Result<Approved, Error> {
        if let Some(field) = self.open {
            let message = format!(
                "people must approve this first, and without a whole `{field}` it could be done to \
                 something else than they saw"
            );
            return Err(Error::invalid(message, format!("give `{field}` in full, then ask again")));
        }
        let approvals = self.control.store.approvals();
        let subject = self.subject();
        let known = approvals.find(&subject).await?;
        let found = match known {
            Some(known) if stands(&known) => known,
            _ => {
                let new = self.question(subject, need);
                let mut story = self.story.clone();
                story.target = new.id.to_string();
                let detail = json!({
                    "roles": new.roles, "quorum": new.quorum, "asked": new.detail,
                });
                let mut record = story.record("ok", self.snapshot.policy.commit(), detail);
                record.action = "approval.request".to_owned();
                record.resource = new.id.to_string();
                approvals.request(&new, &record).await?.0
            }
        };
        match found.status {
            Status::Approved => Ok(approved(&found)),
            Status::Denied => Err(Error::ApprovalDenied(Box::new(waiting(&found)))),
            _ => Err(Error::ApprovalRequired {
                denial: denial.clone(),
                approval: Box::new(waiting(&found)),
            }),
        }
    }

    /// Bound to who asks, to what is done to what with which body, and to the policies that ask.
    fn subject(&self) -> Subject {
        // As JSON, so that no target can look like the end of another one.
        let act = json!([self.story.operation.as_str(), self.story.target, self.body]);
        Subject {
            tenant: self.story.who.tenant,
            kind: Kind::Admin,
            requester_kind: RequesterKind::User,
            requester: self.story.who.person.name.clone(),
            subject_hash: sha256_hex(act.to_string().as_bytes()),
            policy_hash: self.snapshot.policy.digest(""),
        }
    }

    fn question(&self, subject: Subject, need: &ApprovalNeed) -> NewApproval {
        let Story { operation, target, .. } = self.story;
        let target: String = target.chars().take(200).collect();
        NewApproval {
            id: ApprovalId::generate(),
            subject,
            owner: String::new(),
            roles: need.roles.clone(),
            quorum: NonZeroU32::new(need.quorum).unwrap_or(NonZeroU32::MIN),
            reason: format!("policy asks before `{}`", operation.as_str()),
            detail: json!({
                "operation": operation.as_str(),
                "target": target,
                "request": self.shown,
                "body_sha256": self.body,
                "commit": self.snapshot.commit,
            }),
            arguments: None,
            open_seconds: u32::try_from(need.expires.as_secs()).unwrap_or(u32::MAX),
            term_seconds: None,
        }
    }
}

/// Whether an answer or a question still counts. A denial stands for as long as its question would
/// have waited: asking again does not wear people down.
fn stands(known: &Approval) -> bool {
    match known.status {
        Status::Pending | Status::Approved => true,
        Status::Denied => known.expires_at > Timestamp::now(),
        Status::Used | Status::Cancelled | Status::Revoked | Status::Expired => false,
    }
}

/// What the votes come to.
fn approved(approval: &Approval) -> Approved {
    let yes = || approval.votes.iter().filter(|vote| vote.decision == Decision::Approve);
    let roles: BTreeSet<String> = yes().flat_map(|vote| vote.roles.iter().cloned()).collect();
    Approved { id: approval.id, roles, approvers: u32::try_from(yes().count()).unwrap_or(u32::MAX) }
}

/// A question as whoever waits for it sees it.
fn waiting(approval: &Approval) -> Waiting {
    Waiting {
        id: approval.id.to_string(),
        status: approval.status.as_str().to_owned(),
        roles: approval.roles.iter().cloned().collect(),
        quorum: approval.quorum.get(),
        expires_at: approval.expires_at.to_string(),
    }
}
