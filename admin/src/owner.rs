//! Who answers for what an operation is done to.

use policy::AgentKind;
use snapshot::Snapshot;
use store::approvals::{Approval, RequesterKind};
use types::{AgentId, ApprovalId, GrantId, KeyId, TaskId, TenantId};

use crate::{control::Control, error::Error};

/// What an operation is done to, as far as somebody answers for it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of<'a> {
    /// The tenant as a whole: nobody but administrators.
    Tenant,
    /// An agent, by its name.
    Agent(&'a str),
    /// A key of an agent.
    Key(KeyId),
    /// A grant of an agent.
    Grant(GrantId),
    /// Every grant of a task.
    Task(TaskId),
    /// A question to people: whoever asked, or answers for the agent that did.
    Approval(ApprovalId),
}

impl Of<'_> {
    /// Who answers for it. The tree in force alone says who answers for an agent: a row may remember
    /// an earlier owner. What does not exist is nobody's.
    pub(crate) async fn owner(
        self,
        control: &Control,
        snapshot: &Snapshot,
        tenant: TenantId,
    ) -> Result<Option<String>, Error> {
        let of = |agent: AgentId| snapshot.agent(agent).map(|agent| agent.owner.clone());
        let owner = match self {
            Self::Tenant => None,
            Self::Agent(name) => snapshot.agent_by_name(name).map(|agent| agent.owner.clone()),
            Self::Key(id) => {
                let key = snapshot.key(id).filter(|key| key.tenant == tenant);
                key.and_then(|key| of(key.agent))
            }
            Self::Grant(id) => match control.store.grants().get(id).await {
                Ok(grant) if grant.tenant == tenant => of(grant.agent),
                Ok(_) | Err(store::Error::Missing { .. }) => None,
                Err(error) => return Err(error.into()),
            },
            Self::Task(task) => {
                let filter =
                    store::grants::Filter { tenant: Some(tenant), agent: None, task: Some(task) };
                let grants = control.store.grants().list(&filter, u32::MAX).await?;
                let mut owners: Vec<_> = grants.iter().map(|grant| of(grant.agent)).collect();
                owners.sort();
                owners.dedup();
                // Of several owners none answers for all of it.
                if owners.len() == 1 { owners.pop().flatten() } else { None }
            }
            Self::Approval(id) => match control.store.approvals().get(id).await {
                Ok(approval) if approval.subject.tenant == tenant => asker(snapshot, &approval),
                Ok(_) | Err(store::approvals::Error::Missing { .. }) => None,
                Err(error) => return Err(error.into()),
            },
        };
        Ok(owner.filter(|owner| !owner.is_empty()))
    }
}

/// The person behind a question: who asked, or who answers for the agent that did.
fn asker(snapshot: &Snapshot, approval: &Approval) -> Option<String> {
    let requester = &approval.subject.requester;
    match approval.subject.requester_kind {
        RequesterKind::User => Some(requester.clone()),
        RequesterKind::Agent => agent(snapshot, requester).map(|(_, owner)| owner),
        RequesterKind::Service => None,
    }
}

/// The kind and the present owner of an agent of the tree.
pub(crate) fn agent(snapshot: &Snapshot, name: &str) -> Option<(AgentKind, String)> {
    let agent = snapshot.agent_by_name(name)?;
    Some((agent.caller.agent_kind, agent.owner.clone()))
}
