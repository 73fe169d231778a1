//! What a decision is asked about: the caller, the call and the models, as plain values.

use std::{collections::BTreeSet, sync::Arc};

use types::{
    AgentId, ApprovalId, Integrity, KeyId, Label, Locality, Nanos, RequestId, SessionId, TenantId,
    Timestamp,
};

use crate::{grant::Grant, operation::Operation};

/// One model call that wants a decision.
#[derive(Debug, Clone, Copy)]
pub struct ModelCall<'a> {
    /// The request, which also names the decision.
    pub id: RequestId,
    /// Who calls.
    pub caller: &'a Caller,
    /// How confidential the content is: the highest of all that is known about it.
    pub label: Label,
    /// Whether the content may be trusted: the lowest of all that is known about it.
    pub integrity: Integrity,
    /// The shape of the request.
    pub request: RequestFacts<'a>,
    /// The names of the kinds that DLP found, such as `email`.
    pub kinds: &'a [&'a str],
    /// What the budgets on the caller's path look like.
    pub budget: BudgetFacts,
    /// What the session has done so far.
    pub session: SessionFacts,
    /// The approval that people gave for exactly this call.
    pub approval: Option<&'a Approved>,
    /// Whether only the plan is wanted, and nothing is called.
    pub dry_run: bool,
    /// When the decision is taken.
    pub now: Timestamp,
}

/// An approval that was given, and is bound to what it was given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// The approval.
    pub id: ApprovalId,
    /// The roles in which people approved.
    pub roles: BTreeSet<String>,
    /// How many different people approved.
    pub approvers: u32,
}

/// Who calls: an agent, known by its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The agent's tenant.
    pub tenant: TenantId,
    /// The tenant's name, by which policies know it: `Orchestack::Tenant::"default"`.
    pub tenant_name: String,
    /// The agent.
    pub agent: AgentId,
    /// The agent's name, by which policies know it: `Orchestack::Agent::"default"`. It also names
    /// the agent's own layer of policies.
    pub agent_name: String,
    /// Which entity type the agent has in policies.
    pub agent_kind: AgentKind,
    /// Groups and capabilities of the agent, such as `can_spawn_subagents`.
    pub groups: Vec<String>,
    /// The key that authenticated the call.
    pub key: Option<KeyId>,
    /// The capability grant that authenticated the call instead.
    pub grant: Option<Arc<Grant>>,
}

/// The two kinds of agents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentKind {
    /// It serves people; `Orchestack::Agent` in policies.
    #[default]
    User,
    /// It is defined in git and runs by itself; `Orchestack::SystemAgent` in policies.
    System,
}

/// The shape of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestFacts<'a> {
    /// The data-plane path, such as `/v1/chat/completions`.
    pub endpoint: &'a str,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether the model is offered tools.
    pub tools: bool,
    /// Whether it carries what cannot be searched: images, documents that are not text, or tokens.
    pub images: bool,
    /// An upper bound of the input's length in tokens.
    pub input_tokens_bound: u64,
    /// The limit on output tokens that the caller asked for, all choices together; `None` where
    /// the caller gave none.
    pub max_output_tokens: Option<u64>,
}

/// The budgets on the caller's path, seen through the tightest of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BudgetFacts {
    /// What is neither spent nor held; `None` where no cap applies.
    pub remaining: Option<Nanos>,
    /// How much of the cap is spent or held, 0 to 100.
    pub used_percent: u8,
}

/// What the session has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionFacts {
    /// The session, where the call belongs to one.
    pub id: Option<SessionId>,
    /// Model calls before this one.
    pub calls: u64,
}

/// One registered model, as policies see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelFacts<'a> {
    /// The registered id: `Orchestack::Model::"<id>"`.
    pub id: &'a str,
    /// The provider's name: `Orchestack::Provider::"<name>"`.
    pub provider: &'a str,
    /// Where it runs.
    pub locality: Locality,
    /// The size class: `small`, `medium` or `large`.
    pub size: &'a str,
    /// The privacy class of its registration, such as `no_training`; empty where it has none.
    pub privacy: &'a str,
    /// For how many days its provider keeps what it is sent; `None` where nobody has said.
    pub retention_days: Option<u32>,
    /// Whether it is the built-in simulator.
    pub simulator: bool,
}

/// A person, known by login or by the admin token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The name by which policies know the person: `Orchestack::User::"<name>"`.
    pub name: String,
    /// Roles and groups, such as `infra-admin`.
    pub groups: Vec<String>,
}

/// One act of administration that wants a decision.
#[derive(Debug, Clone, Copy)]
pub struct AdminAct<'a> {
    /// Who acts.
    pub actor: &'a Person,
    /// What is done.
    pub operation: Operation,
    /// The tenant it is done in.
    pub tenant: TenantId,
    /// That tenant's name.
    pub tenant_name: &'a str,
    /// What it is done to, such as an agent's name; empty for the tenant as a whole.
    pub target: &'a str,
    /// Who answers for the agent that it is done to.
    pub owner: Option<&'a str>,
    /// The approval that people gave for exactly this act.
    pub approval: Option<&'a Approved>,
    /// When the person's emergency rights end, where the person has them.
    pub break_glass: Option<Timestamp>,
    /// When the decision is taken.
    pub now: Timestamp,
}

/// One vote on a request for approval that wants a decision.
#[derive(Debug, Clone, Copy)]
pub struct ApprovalVote<'a> {
    /// Who votes.
    pub actor: &'a Person,
    /// The role that the vote is given in; the person must have it.
    pub role: &'a str,
    /// What is asked for: `model_call`, `tool_call`, `admin`, `budget` or `break_glass`.
    pub kind: &'a str,
    /// Who asks.
    pub requester: Requester<'a>,
    /// The approval's id, which the permit names as its target.
    pub target: &'a str,
    /// The tenant it is asked in.
    pub tenant: TenantId,
    /// That tenant's name.
    pub tenant_name: &'a str,
    /// When the decision is taken.
    pub now: Timestamp,
}

/// Who asks for an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requester<'a> {
    /// An agent, and who answers for it.
    Agent {
        /// Its entity type.
        kind: AgentKind,
        /// Its name.
        name: &'a str,
        /// Who answers for it; empty where nobody does.
        owner: &'a str,
    },
    /// A person.
    User(&'a str),
}
