//! The decisions about people's acts: administration, and votes on requests for approval. The only
//! maker of an [`AdminPermit`].

use cedar_policy::{EntityUid, Request};
use types::{ApprovalId, TenantId, Timestamp};

use crate::{
    ask::{AdminAct, ApprovalVote, Requester},
    layer::{PolicyLayer, Says, Verdict},
    load::Engine,
    mapper::Facts,
    obligation::Obligations,
    reason::{DenyReason, Layer},
};

/// Proof that policy permits an act of administration. Only [`Engine::administer`] makes one: the
/// fields are private to this file.
#[derive(Debug, Clone)]
pub struct AdminPermit {
    commit: String,
    actor: String,
    operation: &'static str,
    read_only: bool,
    tenant: TenantId,
    target: String,
    policies: Vec<String>,
    approval: Option<ApprovalId>,
    decided_at: Timestamp,
}

/// Why an act of administration is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Why.
    pub reason: DenyReason,
    /// The policies that decided; empty where the reason is that none permits.
    pub policies: Vec<String>,
    /// The commit whose policies decided.
    pub commit: String,
}

impl Engine {
    /// Decides one act of administration. Only the organisation's layer speaks: people have no
    /// layer of their own.
    ///
    /// # Errors
    /// The denial with its reason.
    pub fn administer(&self, act: &AdminAct<'_>) -> Result<AdminPermit, Denial> {
        let names = self.names();
        let facts = names.act(act).map_err(|_| self.denial(DenyReason::Error, Vec::new()))?;
        let resource = names.tenant(act.tenant_name);
        let layer = self.administration_layer();
        let verdict = self.person(layer, facts, names.administer.clone(), resource)?;
        let mut obligations = Obligations::default();
        verdict.rules.iter().for_each(|rule| obligations.join(&rule.obligations));
        let policies = verdict.ids().collect();
        let mut approval = None;
        if let Some(need) = obligations.approval {
            match act.approval.filter(|given| need.is_met_by(given)) {
                Some(given) => approval = Some(given.id),
                None => return Err(self.denial(DenyReason::ApprovalRequired { need }, policies)),
            }
        }
        Ok(AdminPermit {
            commit: self.commit().to_owned(),
            actor: act.actor.name.clone(),
            operation: act.operation.as_str(),
            read_only: act.operation.is_read_only(),
            tenant: act.tenant,
            target: act.target.to_owned(),
            policies,
            approval,
            decided_at: act.now,
        })
    }

    /// Decides whether a person may vote on a request for approval, in a role. Whether for or
    /// against is the same right. Nobody votes on a question of their own, whatever policies say,
    /// and nobody in a role that they do not have.
    ///
    /// # Errors
    /// The denial with its reason.
    pub fn vote(&self, vote: &ApprovalVote<'_>) -> Result<AdminPermit, Denial> {
        let own = vote.requester == Requester::User(&vote.actor.name);
        if own || !vote.actor.groups.iter().any(|group| group == vote.role) {
            let layer = Layer::Organisation;
            return Err(self.denial(DenyReason::NoPermit { layer }, Vec::new()));
        }
        let names = self.names();
        let mapped = names.vote(vote).map_err(|_| self.denial(DenyReason::Error, Vec::new()));
        let (facts, resource) = mapped?;
        let verdict = self.person(self.votes_layer(), facts, names.approve.clone(), resource)?;
        Ok(AdminPermit {
            commit: self.commit().to_owned(),
            actor: vote.actor.name.clone(),
            operation: "approval.vote",
            read_only: false,
            tenant: vote.tenant,
            target: vote.target.to_owned(),
            policies: verdict.ids().collect(),
            approval: None,
            decided_at: vote.now,
        })
    }

    /// Judges a person's act: a verdict that says yes, or the denial.
    fn person<'e>(
        &self,
        layer: &'e PolicyLayer,
        facts: Facts,
        action: EntityUid,
        resource: EntityUid,
    ) -> Result<Verdict<'e>, Denial> {
        let request = Request::new(facts.principal, action, resource, facts.context, None)
            .map_err(|_| self.denial(DenyReason::Error, Vec::new()))?;
        let verdict = layer.judge(&request, &facts.entities);
        let layer = Layer::Organisation;
        let reason = match verdict.says {
            Says::Yes => return Ok(verdict),
            Says::No => DenyReason::Forbidden { layer },
            Says::Nothing => DenyReason::NoPermit { layer },
            Says::Error => DenyReason::Error,
        };
        Err(self.denial(reason, verdict.ids().collect()))
    }

    fn denial(&self, reason: DenyReason, policies: Vec<String>) -> Denial {
        Denial { reason, policies, commit: self.commit().to_owned() }
    }
}

impl AdminPermit {
    /// The commit whose policies decided.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The name of the person who acts.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The operation, such as `key.create`.
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether the operation changes nothing.
    pub const fn read_only(&self) -> bool {
        self.read_only
    }

    /// The tenant it is done in.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// What it is done to.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The ids of the policies that permit it.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// The approval that the permit stands on: it must be used up before anything is done.
    pub const fn approval(&self) -> Option<ApprovalId> {
        self.approval
    }

    /// When it was decided.
    pub const fn decided_at(&self) -> Timestamp {
        self.decided_at
    }
}
