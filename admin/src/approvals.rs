//! Questions to people: what waits, what was decided, and the votes that decide.

use std::collections::BTreeSet;

use axum::{Json, extract::Path};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use snapshot::Snapshot;
use store::{
    approvals::{
        Approval, Ballot, Decision, Exhausted, Filter, Kind, Masked, RequesterKind, Status,
    },
    raises::NewRaise,
};
use types::{ApprovalId, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::{Ask, Body},
    budget,
    desk::{Act, Desk},
    error::{Error, Refusal},
    money,
    owner::Of,
};
use policy::Operation;

/// The most questions of one answer.
const LIST_MAX: u32 = 1000;

/// Which questions to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ApprovalFilter {
    /// Only those that stand there: `pending`, `approved`, `denied`, `used`, `cancelled`, `revoked`
    /// or `expired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Only of this kind: `model_call`, `tool_call`, `admin`, `budget` or `break_glass`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only those of the agent, person or service of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// How many, newest; 100 where absent, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// What a person says to a question.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVote {
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The role to vote in; every role that is asked for and that the person has where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Of a yes to a question about a budget: how much more, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Of a yes to a question about a budget: the day or instant at which the raise ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One question to people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovalView {
    /// Its id.
    pub id: String,
    /// What is to be approved.
    pub kind: String,
    /// Where it stands.
    pub status: String,
    /// Who asks.
    pub requester: String,
    /// `agent`, `user` or `service`.
    pub requester_kind: String,
    /// Who answers for an agent; empty where nobody does.
    pub owner: String,
    /// Each of these roles must be among the people who approve.
    pub roles: Vec<String>,
    /// How many different people must approve.
    pub quorum: u32,
    /// What is still missing of both, while it waits.
    pub missing: Option<MissingVotes>,
    /// Why it is asked.
    pub reason: String,
    /// What it is about: names, label, kinds of data; never content of a call.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// Whether the policies have changed since: then nothing can use its answer.
    pub outdated: bool,
    /// When it was asked.
    pub created_at: String,
    /// From when on it can be neither answered nor used.
    pub expires_at: String,
    /// When it was decided.
    pub decided_at: Option<String>,
    /// When emergency rights end.
    pub ends_at: Option<String>,
    /// The request that used it.
    pub used_by: Option<String>,
    /// What people said, in the order in which they did.
    pub votes: Vec<VoteView>,
}

/// The arguments of the call that a question is about.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovalArguments {
    /// Whether there are any.
    pub kept: bool,
    /// Exactly those that the tool would get, but for values of restricted kinds, in whose place a token stands.
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Value>,
    /// What was taken out.
    pub masked: Vec<MaskedValue>,
    /// Why there are none.
    pub why: Option<String>,
}

/// A value that nobody is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaskedValue {
    /// Its place in `arguments`, as a JSON pointer such as `/body`.
    pub path: String,
    /// Its kind.
    pub kind: String,
}

impl ApprovalArguments {
    fn none() -> Self {
        let why = "nothing is kept of a question that is no call of a tool, whose time is over, or whose \
                   arguments are longer than 256 KiB or have a restricted value in them that cannot be taken out";
        Self { kept: false, arguments: None, masked: Vec::new(), why: Some(why.to_owned()) }
    }
}

/// What a question still waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingVotes {
    /// Roles that nobody has approved in.
    pub roles: Vec<String>,
    /// How many more people must approve.
    pub people: u32,
}

/// What one person said.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VoteView {
    /// Who.
    pub person: String,
    /// In which roles.
    pub roles: Vec<String>,
    /// `approve` or `deny`.
    pub decision: String,
    /// Why; may be empty.
    pub reason: String,
    /// When.
    pub at: String,
}

/// Questions to people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovalList {
    /// Newest first.
    pub approvals: Vec<ApprovalView>,
}

/// Lists questions to people.
#[utoipa::path(
    get, path = "/api/v1/approvals", tag = "approvals", params(ApprovalFilter),
    responses((status = 200, body = ApprovalList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(
    desk: Desk,
    Ask(ask): Ask<ApprovalFilter>,
) -> Result<Json<ApprovalList>, Error> {
    let act = desk.permit(Operation::ApprovalList, "").await?;
    let word = |error: types::UnknownName| Error::invalid(error.to_string(), "name one of them");
    let filter = Filter {
        tenant: Some(act.tenant()),
        status: ask.status.as_deref().map(str::parse).transpose().map_err(word)?,
        kind: ask.kind.as_deref().map(str::parse).transpose().map_err(word)?,
        requester: ask.requester,
    };
    let limit = ask.limit.unwrap_or(100).min(LIST_MAX);
    let found = act.control().store.approvals().list(&filter, limit).await?;
    let snapshot = act.control().snapshots.load();
    let approvals = found.iter().map(|approval| view(&snapshot, approval)).collect();
    Ok(Json(ApprovalList { approvals }))
}

/// Shows one question with its votes.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}", tag = "approvals",
    params(("id" = String, Path, description = "The question's id, `apr_...`")),
    responses((status = 200, body = ApprovalView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(desk: Desk, Path(id): Path<String>) -> Result<Json<ApprovalView>, Error> {
    let approval = parse(&id)?;
    let act = desk.permit_of(Operation::ApprovalShow, &id, Of::Approval(approval)).await?;
    let found = act.control().store.approvals().get(approval).await?;
    if found.subject.tenant != act.tenant() {
        return Err(store::approvals::Error::Missing { id: approval }.into());
    }
    Ok(Json(view(&act.control().snapshots.load(), &found)))
}

/// Shows the exact arguments of the call that a question is about, to those alone who may vote on it. Each look is on
/// record.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}/arguments", tag = "approvals",
    params(("id" = String, Path, description = "The question's id, `apr_...`")),
    responses((status = 200, body = ApprovalArguments), (status = "4XX", body = Refusal))
)]
pub(crate) async fn arguments(
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Json<ApprovalArguments>, Error> {
    let approval = parse(&id)?;
    let (act, _) = desk.vote(Operation::ApprovalArguments, approval, None).await?;
    let store = &act.control().store;
    let found = store.approvals().arguments(&act.control().sealing, approval).await?;
    let record = act.record(json!({ "approval": id, "kept": found.is_some() }));
    store.audit().append(record).await?;
    let Some(found) = found else { return Ok(Json(ApprovalArguments::none())) };
    let masked = |masked: Masked| MaskedValue { path: masked.place, kind: masked.kind };
    Ok(Json(ApprovalArguments {
        kept: true,
        arguments: Some(found.arguments),
        masked: found.masked.into_iter().map(masked).collect(),
        why: None,
    }))
}

/// Votes for a question. Enough people with every role approve it; the first decision wins.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/approve", tag = "approvals", request_body = NewVote,
    params(("id" = String, Path, description = "The question's id, `apr_...`")),
    responses((status = 200, body = ApprovalView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn approve(
    desk: Desk,
    Path(id): Path<String>,
    Body(ask): Body<NewVote>,
) -> Result<Json<ApprovalView>, Error> {
    vote(desk, Operation::ApprovalApprove, &id, ask).await
}

/// Votes against a question, which denies it for everybody.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/deny", tag = "approvals", request_body = NewVote,
    params(("id" = String, Path, description = "The question's id, `apr_...`")),
    responses((status = 200, body = ApprovalView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn deny(
    desk: Desk,
    Path(id): Path<String>,
    Body(ask): Body<NewVote>,
) -> Result<Json<ApprovalView>, Error> {
    vote(desk, Operation::ApprovalDeny, &id, ask).await
}

async fn vote(
    desk: Desk,
    operation: Operation,
    id: &str,
    ask: NewVote,
) -> Result<Json<ApprovalView>, Error> {
    let approval = parse(id)?;
    let decision = match operation {
        Operation::ApprovalApprove => Decision::Approve,
        _ => Decision::Deny,
    };
    let (act, roles) = desk.vote(operation, approval, ask.role.as_deref()).await?;
    let approvals = act.control().store.approvals();
    let raise = raise(&act, &approvals.get(approval).await?, decision, &ask).await?;
    let told = raise.as_ref().map(budget::told);
    let detail = json!({ "approval": id, "roles": roles, "reason": ask.reason, "raise": told });
    let ballot = Ballot { roles, decision, reason: ask.reason };
    let voted = match &raise {
        Some(raise) => {
            let said = (&ballot, raise);
            approvals.vote_raise(act.permit(), approval, said, &act.record(detail)).await?
        }
        None => approvals.vote(act.permit(), approval, &ballot, &act.record(detail)).await?,
    };
    Ok(Json(view(&act.control().snapshots.load(), &voted)))
}

/// The raise that a yes to a question about a budget makes.
async fn raise(
    act: &Act,
    approval: &Approval,
    decision: Decision,
    ask: &NewVote,
) -> Result<Option<NewRaise>, Error> {
    let about_money = approval.subject.kind == Kind::Budget && decision == Decision::Approve;
    match (about_money, &ask.amount, &ask.until) {
        (false, None, None) => Ok(None),
        (false, ..) => {
            let message = "only a yes to a question about a budget has an amount and an end";
            Err(Error::invalid(message, "vote without them"))
        }
        (true, Some(amount), Some(until)) => {
            let asked = Exhausted::of(approval).ok_or_else(|| {
                Error::invalid("the question names no account", "raise it by `budget raise`")
            })?;
            let spec = budget::in_force(act, asked.spec()).await?;
            budget::new_raise(act, spec, money::parse(amount)?, until).map(Some)
        }
        (true, ..) => {
            let fix = format!(
                "`orchestack approval approve {} --amount 5.00 --until 2026-12-31`",
                approval.id
            );
            Err(Error::invalid("it takes an amount and an end to raise a budget", fix))
        }
    }
}

/// Withdraws a question that waits.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/cancel", tag = "approvals",
    params(("id" = String, Path, description = "The question's id, `apr_...`")),
    responses((status = 200, body = ApprovalView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn cancel(
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Json<ApprovalView>, Error> {
    let approval = parse(&id)?;
    let act = desk.permit_of(Operation::ApprovalCancel, &id, Of::Approval(approval)).await?;
    let record = act.record(json!({ "approval": id }));
    let approvals = act.control().store.approvals();
    let cancelled = approvals.cancel(act.permit(), approval, &record).await?;
    Ok(Json(view(&act.control().snapshots.load(), &cancelled)))
}

/// Takes back what was approved, or withdraws what waits.
pub(crate) async fn end(act: &Act, id: ApprovalId) -> Result<Approval, Error> {
    let approvals = act.control().store.approvals();
    let record = act.record(json!({ "approval": id }));
    let status = approvals.get(id).await?.status;
    Ok(match status {
        Status::Pending => approvals.cancel(act.permit(), id, &record).await?,
        _ => approvals.revoke(act.permit(), id, &record).await?,
    })
}

pub(crate) fn parse(id: &str) -> Result<ApprovalId, Error> {
    id.parse().map_err(|error: types::ParseIdError| {
        Error::invalid(error.to_string(), "give the id that `orchestack approval list` shows")
    })
}

/// A question as people see it.
pub(crate) fn view(snapshot: &Snapshot, approval: &Approval) -> ApprovalView {
    let subject = &approval.subject;
    let agent = match subject.requester_kind {
        RequesterKind::Agent => subject.requester.as_str(),
        RequesterKind::User | RequesterKind::Service => "",
    };
    // Emergency rights and budgets do not hang on the policies of the time.
    let bound = !matches!(subject.kind, Kind::BreakGlass | Kind::Budget);
    let told = |at: Option<Timestamp>| at.map(|at| at.to_string());
    ApprovalView {
        id: approval.id.to_string(),
        kind: subject.kind.as_str().to_owned(),
        status: approval.status.as_str().to_owned(),
        requester: subject.requester.clone(),
        requester_kind: subject.requester_kind.as_str().to_owned(),
        owner: approval.owner.clone(),
        roles: approval.roles.iter().cloned().collect(),
        quorum: approval.quorum.get(),
        missing: (approval.status == Status::Pending).then(|| missing(approval)),
        reason: approval.reason.clone(),
        detail: approval.detail.clone(),
        outdated: bound && subject.policy_hash != snapshot.policy.digest(agent),
        created_at: approval.created_at.to_string(),
        expires_at: approval.expires_at.to_string(),
        decided_at: told(approval.decided_at),
        ends_at: told(approval.ends_at),
        used_by: approval.used_by.map(|id| id.to_string()),
        votes: approval
            .votes
            .iter()
            .map(|vote| VoteView {
                person: vote.person.clone(),
                roles: vote.roles.iter().cloned().collect(),
                decision: vote.decision.as_str().to_owned(),
                reason: vote.reason.clone(),
                at: vote.at.to_string(),
            })
            .collect(),
    }
}

fn missing(approval: &Approval) -> MissingVotes {
    let yes = || approval.votes.iter().filter(|vote| vote.decision == Decision::Approve);
    let given: BTreeSet<&String> = yes().flat_map(|vote| &vote.roles).collect();
    let people = u32::try_from(yes().count()).unwrap_or(u32::MAX);
    MissingVotes {
        roles: approval.roles.iter().filter(|role| !given.contains(role)).cloned().collect(),
        people: approval.quorum.get().saturating_sub(people),
    }
}
