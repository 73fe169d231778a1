//! Calls that people must approve first, of models and of tools: the question, the wait for its answer, and
//! its use.

use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use dlp::Findings;
use policy::{ApprovalNeed, Approved};
use serde_json::{Value, json};
use snapshot::{Snapshot, keys::sha256_hex};
use store::approvals::{
    Approval, Decision, Error, Kind, NewApproval, RequesterKind, Status, Subject,
};
use types::{
    Actor, ActorType, ApprovalId, AuditId, Code, Content as _, RequestId, Timestamp,
    audit::{self, Record},
};

use crate::{
    authorize::Call,
    caller::{self, Known},
    downstream::Downstream,
    gate::Gate,
    refusal::Refusal,
    tool,
    trail::Trail,
};

/// How often a waiting call looks for an answer that another process wrote.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// A question to people about one call, of a model or of a tool.
pub(crate) struct Question<'a> {
    pub(crate) known: &'a Known<'a>,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) request: RequestId,
    pub(crate) kind: Kind,
    /// SHA-256 of what is to be done, so that the answer is good for exactly that.
    pub(crate) subject_hash: String,
    pub(crate) need: &'a ApprovalNeed,
    pub(crate) reason: String,
    /// What people are shown: names, label, kinds; never content.
    pub(crate) detail: Value,
    /// The arguments of a tool call, and what was found in them: kept sealed for those who decide.
    pub(crate) arguments: Option<(&'a Value, &'a Findings)>,
}

impl Question<'_> {
    /// What people say: the approval that they gave for exactly this, or the refusal with the id of the
    /// question. A caller that wishes to wait is kept until they answer or it leaves; `asked` hears of
    /// the question whenever it was looked at.
    pub(crate) async fn people(
        &self,
        gate: &Gate,
        (wait, left): (Duration, impl Future<Output = ()>),
        mut asked: impl FnMut(&Approval),
        refusal: Refusal,
    ) -> Result<Approved, Refusal> {
        let deadline = tokio::time::Instant::now() + wait;
        let (approvals, subject) = (gate.store.approvals(), self.subject());
        let mut left = std::pin::pin!(left);
        loop {
            let heard = approvals.decided();
            let found = self.ask(gate, &subject).await?;
            asked(&found);
            match found.status {
                Status::Approved => return Ok(approved(&found)),
                Status::Denied => return Err(denied(&found)),
                _ if tokio::time::Instant::now() >= deadline => return Err(told(refusal, &found)),
                _ => {}
            }
            let look = tokio::time::Instant::now() + LOOK;
            tokio::select! {
                () = heard => {}
                () = tokio::time::sleep_until(look.min(deadline)) => {}
                () = &mut left => return Err(told(refusal, &found)),
            }
        }
    }

    /// Whether the policies are still those that were asked about. They may have changed while people
    /// thought.
    pub(crate) fn still_holds(&self, now: &Snapshot) -> Result<(), Refusal> {
        let name = &self.known.caller.agent_name;
        if now.policy.digest(name) == self.snapshot.policy.digest(name) {
            return Ok(());
        }
        let message = "the policies changed while the approval was waited for; ask again";
        Err(Refusal::new(Code::ApprovalRequired, message))
    }

    /// The question as it stands, asked where it was not yet. A denial stands for as long as the
    /// question would have waited: repeating it does not ask again.
    async fn ask(&self, gate: &Gate, subject: &Subject) -> Result<Approval, Refusal> {
        let approvals = gate.store.approvals();
        let known = approvals.find(subject).await.map_err(|error| away(&error))?;
        let stands = |known: &Approval| match known.status {
            Status::Pending | Status::Approved => true,
            Status::Denied => known.expires_at > Timestamp::now(),
            Status::Used | Status::Cancelled | Status::Revoked | Status::Expired => false,
        };
        if let Some(known) = known.filter(stands) {
            return Ok(known);
        }
        let new = self.question(gate, subject.clone());
        let record = record(self.known, &self.snapshot.commit, &new, self.request);
        let asked = approvals.request(&new, &record).await;
        asked.map(|(approval, _)| approval).map_err(|error| away(&error))
    }

    /// Bound to who calls, to what is to be done, and to the policies that ask.
    fn subject(&self) -> Subject {
        let caller = &self.known.caller;
        Subject {
            tenant: caller.tenant,
            kind: self.kind,
            requester_kind: RequesterKind::Agent,
            requester: caller.agent_name.clone(),
            subject_hash: self.subject_hash.clone(),
            policy_hash: self.snapshot.policy.digest(&caller.agent_name),
        }
    }

    fn question(&self, gate: &Gate, subject: Subject) -> NewApproval {
        let id = ApprovalId::generate();
        let shown = self.arguments.and_then(|given| tool::shown(&self.snapshot.dlp, given));
        let sealed = shown.map(|shown| shown.seal(&gate.sealing, (id, &subject)));
        let arguments = sealed.transpose().unwrap_or_else(|error| {
            tracing::warn!(%error, approval = %id, "people decide without seeing the arguments");
            None
        });
        NewApproval {
            id,
            arguments: arguments.flatten(),
            subject,
            owner: self.known.agent.owner.clone(),
            roles: self.need.roles.clone(),
            quorum: NonZeroU32::new(self.need.quorum).unwrap_or(NonZeroU32::MIN),
            reason: self.reason.clone(),
            detail: self.detail.clone(),
            open_seconds: u32::try_from(self.need.expires.as_secs()).unwrap_or(u32::MAX),
            term_seconds: None,
        }
    }
}

/// What people say to a call of a model.
pub(crate) async fn people(
    gate: &Gate,
    (snapshot, call, need): (&Snapshot, &Call<'_>, &ApprovalNeed),
    trail: &mut Trail,
    down: &mut Downstream<'_>,
    refusal: Refusal,
) -> Result<Approved, Refusal> {
    // Bound to the body that was sent.
    let body = trail.input_hash.as_deref().unwrap_or_default();
    let question = Question {
        known: call.known,
        snapshot,
        request: trail.request,
        kind: Kind::ModelCall,
        subject_hash: sha256_hex(format!("{}\n{body}", trail.endpoint.path()).as_bytes()),
        need,
        reason: format!("policy asks before `{}` is called", trail.asked),
        detail: detail(snapshot, call, trail, &refusal.policies),
        arguments: None,
    };
    let wait = call.wishes.wait.unwrap_or_default();
    let asked = |found: &Approval| trail.approval = Some(found.id.to_string());
    let given = question.people(gate, (wait, down.until_left()), asked, refusal).await?;
    let now = gate.snapshots.load();
    caller::authenticate(gate, &now, down, Timestamp::now())?;
    question.still_holds(&now)?;
    Ok(given)
}

/// What people are shown of a call of a model.
fn detail(snapshot: &Snapshot, call: &Call<'_>, trail: &Trail, policies: &[String]) -> Value {
    let mut kinds: Vec<&str> =
        call.findings.findings.iter().map(|finding| finding.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    json!({
        "request": trail.request.to_string(),
        "endpoint": trail.endpoint.path(),
        "model": trail.asked,
        "label": call.label,
        "kinds": kinds,
        "findings": trail.findings,
        "tools": call.request.as_chat().map_or(0, |chat| chat.tools.len()),
        "images": call.request.has_unseen(),
        "input_tokens_bound": call.input_bound,
        "policies": policies,
        "commit": snapshot.commit,
    })
}

/// An approval that a request uses up.
pub(crate) struct Used(Option<(ApprovalId, RequestId)>);

impl Used {
    /// None is needed.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Uses up the approval that a request's permit stands on, if it stands on one.
    pub(crate) async fn take(
        gate: &Gate,
        (approval, request): (Option<ApprovalId>, RequestId),
    ) -> Result<Self, Refusal> {
        let Some(id) = approval else { return Ok(Self(None)) };
        let taken = gate.store.approvals().consume(id, request).await;
        match taken {
            Ok(true) => Ok(Self(Some((id, request)))),
            Ok(false) => {
                let message = format!("the approval {id} was used by another request; ask again");
                Err(Refusal::new(Code::ApprovalRequired, message))
            }
            Err(error) => Err(away(&error)),
        }
    }

    /// Gives it back where nothing was sent to anybody.
    pub(crate) async fn end(self, gate: &Gate, sent: bool) {
        let Some((id, request)) = self.0.filter(|_| !sent) else { return };
        if let Err(error) = gate.store.approvals().give_back(id, request).await {
            tracing::warn!(%error, approval = %id, "an approval that was not needed stays used");
        }
    }
}

/// The record of a question.
pub(crate) fn record(
    known: &Known<'_>,
    commit: &str,
    new: &NewApproval,
    request: RequestId,
) -> Record {
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant: known.caller.tenant,
        kind: audit::Kind::System,
        request: Some(request),
        actor: Actor { kind: ActorType::Agent, id: known.agent.id.to_string(), auth: known.auth() },
        action: "approval.request".to_owned(),
        resource: new.id.to_string(),
        outcome: "ok".to_owned(),
        commit: commit.to_owned(),
        detail: json!({ "roles": new.roles, "quorum": new.quorum, "asked": new.detail }).into(),
    }
}

/// What the votes come to.
fn approved(approval: &Approval) -> Approved {
    let yes = || approval.votes.iter().filter(|vote| vote.decision == Decision::Approve);
    let roles: BTreeSet<String> = yes().flat_map(|vote| vote.roles.iter().cloned()).collect();
    Approved { id: approval.id, roles, approvers: u32::try_from(yes().count()).unwrap_or(u32::MAX) }
}

/// The refusal that names the question.
pub(crate) fn told(refusal: Refusal, approval: &Approval) -> Refusal {
    Refusal { approval: Some(Box::new(shown(approval))), ..refusal }
}

fn shown(approval: &Approval) -> Value {
    json!({
        "id": approval.id.to_string(),
        "status": approval.status.as_str(),
        "roles": approval.roles,
        "quorum": approval.quorum,
        "expires_at": approval.expires_at.to_string(),
    })
}

fn denied(approval: &Approval) -> Refusal {
    let message = format!("people denied this request (approval {})", approval.id);
    told(Refusal::new(Code::PolicyDenied, message), approval)
}

/// Without the rows nobody can have approved anything.
fn away(error: &Error) -> Refusal {
    match error {
        Error::TooMany { .. } => {
            Refusal::new(Code::RateLimited, error.to_string()).with_retry_after(60)
        }
        _ => {
            tracing::error!(%error, "an approval could not be asked for");
            let message = "the approvals cannot be reached; nothing was sent";
            Refusal::new(Code::DependencyUnavailable, message).with_retry_after(5)
        }
    }
}
