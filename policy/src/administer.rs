//! The decision about an act of administration, and the only maker of an [`AdminPermit`].

use cedar_policy::Request;
use types::{TenantId, Timestamp};

use crate::{
    ask::AdminAct,
    layer::Says,
    load::Engine,
    obligation::Obligations,
    reason::{DenyReason, Layer},
};

/// Proof that policy permits an act of administration. Only [`Engine::administer`] makes one: the
/// fields are private to this file.
#[derive(Debug, Clone)]
pub struct AdminPermit {
    commit: String,
    actor: String,
    operation: String,
    read_only: bool,
    tenant: TenantId,
    target: String,
    policies: Vec<String>,
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
        let denial =
            |reason, policies| Denial { reason, policies, commit: self.commit().to_owned() };
        let names = self.names();
        let facts = names.act(act).map_err(|_| denial(DenyReason::Error, Vec::new()))?;
        let action = names.administer.clone();
        let resource = names.tenant(act.tenant_name);
        let request = Request::new(facts.principal, action, resource, facts.context, None)
            .map_err(|_| denial(DenyReason::Error, Vec::new()))?;
        let verdict = self.administration_layer().judge(&request, &facts.entities);
        let policies: Vec<String> = verdict.ids().collect();
        let layer = Layer::Organisation;
        match verdict.says {
            Says::Yes => {}
            Says::No => return Err(denial(DenyReason::Forbidden { layer }, policies)),
            Says::Nothing => return Err(denial(DenyReason::NoPermit { layer }, policies)),
            Says::Error => return Err(denial(DenyReason::Error, policies)),
        }
        let mut obligations = Obligations::default();
        verdict.rules.iter().for_each(|rule| obligations.join(&rule.obligations));
        if !obligations.approval.is_empty() {
            let reason = DenyReason::ApprovalRequired { roles: obligations.approval };
            return Err(denial(reason, policies));
        }
        Ok(AdminPermit {
            commit: self.commit().to_owned(),
            actor: act.actor.name.clone(),
            operation: act.operation.to_owned(),
            read_only: act.read_only,
            tenant: act.tenant,
            target: act.target.to_owned(),
            policies,
            decided_at: act.now,
        })
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
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Whether it was asked for as an operation that changes nothing.
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

    /// When it was decided.
    pub const fn decided_at(&self) -> Timestamp {
        self.decided_at
    }
}
