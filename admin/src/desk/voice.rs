//! Who has a say in a question, and what those are told who have none.

use std::collections::BTreeSet;

use budget::Scope;
use policy::{AdminAct, AdminPermit, ApprovalVote, Operation, Requester};
use snapshot::Snapshot;
use store::approvals::{self, Approval, Exhausted, RequesterKind};
use types::Timestamp;

use crate::{
    error::Error,
    owner,
    room::{Story, Who},
};

/// The roles in which a person may vote on a question, and the permit to.
pub(super) fn of(
    snapshot: &Snapshot,
    who: &Who,
    approval: &Approval,
    role: Option<&str>,
) -> Result<(AdminPermit, BTreeSet<String>), Error> {
    let subject = &approval.subject;
    let name = subject.requester.as_str();
    let known = owner::agent(snapshot, name);
    let (kind, owner) = known.unwrap_or_default();
    let requester = match subject.requester_kind {
        RequesterKind::User if name == who.person.name => {
            return Err(approvals::Error::SelfApproval.into());
        }
        RequesterKind::User => Requester::User(name),
        RequesterKind::Agent => Requester::Agent { kind, name, owner: &owner },
        RequesterKind::Service => {
            Requester::Agent { kind: policy::AgentKind::System, name, owner: "" }
        }
    };
    let waits_for = |role: &str| approval.roles.is_empty() || approval.roles.contains(role);
    let own = who.person.groups.iter().map(String::as_str);
    let wished: Vec<&str> =
        own.filter(|own| waits_for(own) && role.is_none_or(|role| role == *own)).collect();
    let mut permitted: Option<(AdminPermit, BTreeSet<String>)> = None;
    let mut denied = None;
    for role in wished {
        let vote = ApprovalVote {
            actor: &who.person,
            role,
            kind: subject.kind.as_str(),
            requester,
            target: &approval.id.to_string(),
            tenant: who.tenant,
            tenant_name: &who.tenant_name,
            now: Timestamp::now(),
        };
        match snapshot.policy.vote(&vote) {
            Ok(permit) => {
                permitted.get_or_insert((permit, BTreeSet::new())).1.insert(role.to_owned());
            }
            Err(denial) => denied = Some(denial),
        }
    }
    permitted.ok_or_else(|| match denied {
        Some(denial) => Error::Denied(denial),
        None => approvals::Error::NoRole { roles: approval.roles.iter().cloned().collect() }.into(),
    })
}

/// Whether who says yes to more money could raise that budget as well: the answer to a question is
/// no way around policy. Every other vote may be given.
pub(super) fn may_raise(
    snapshot: &Snapshot,
    story: &Story,
    break_glass: Option<Timestamp>,
    approval: &Approval,
) -> Result<(), Error> {
    let yes = story.operation == Operation::ApprovalApprove;
    let Some(asked) = Exhausted::of(approval).filter(|_| yes) else { return Ok(()) };
    let (scope, id) = (asked.account.scope, asked.account.scope_id);
    let agent = match scope {
        Scope::Agent => id.parse().ok().and_then(|id| snapshot.agent(id)),
        Scope::Key => {
            let key = id.parse().ok().and_then(|id| snapshot.key(id));
            key.and_then(|key| snapshot.agent(key.agent))
        }
        Scope::Tenant
        | Scope::User
        | Scope::Session
        | Scope::Task
        | Scope::Grant
        | Scope::Model
        | Scope::Provider
        | Scope::Tool => None,
    };
    let act = AdminAct {
        actor: &story.who.person,
        operation: Operation::BudgetRaise,
        tenant: story.who.tenant,
        tenant_name: &story.who.tenant_name,
        target: agent.map_or(id.as_str(), |agent| agent.name.as_str()),
        owner: agent.map(|agent| agent.owner.as_str()).filter(|owner| !owner.is_empty()),
        approval: None,
        break_glass,
        now: Timestamp::now(),
    };
    snapshot.policy.administer(&act).map(drop).map_err(Error::Denied)
}

/// What somebody is told who has no say. Whether there is such a question, and which roles it waits
/// for, is told to those only who may look at questions; all others get policy's answer to that, the
/// same whether it exists or not.
pub(super) fn told(
    snapshot: &Snapshot,
    story: &Story,
    break_glass: Option<Timestamp>,
    error: Error,
) -> Error {
    use approvals::Error as A;
    let tells =
        matches!(error, Error::Denied(_) | Error::Approval(A::Missing { .. } | A::NoRole { .. }));
    if !tells {
        return error;
    }
    let look = AdminAct {
        actor: &story.who.person,
        operation: Operation::ApprovalShow,
        tenant: story.who.tenant,
        tenant_name: &story.who.tenant_name,
        target: &story.target,
        owner: None,
        approval: None,
        break_glass,
        now: Timestamp::now(),
    };
    match snapshot.policy.administer(&look) {
        Ok(_) => error,
        Err(denial) => Error::Denied(denial),
    }
}
