//! From the text of a commit to an engine that decides, or to everything that is wrong with it.

use std::collections::HashMap;

use cedar_policy::{ActionConstraint, EntityUid, Policy, PrincipalConstraint, Schema, Validator};

use crate::{
    ask::AgentKind,
    bundle::{Bundle, Fault},
    layer::PolicyLayer,
    mapper::Names,
    memo::Memo,
    source::{self, Parsed},
};

const SCHEMA: &str = include_str!("schema.cedarschema");

/// Where the schema stands in the git tree.
const SCHEMA_FILE: &str = "policies/schema.cedarschema";

/// The policies of one commit, checked and ready to decide. Immutable, but for what it remembers of
/// decisions, which cannot be seen from outside.
#[derive(Debug)]
pub struct Engine {
    commit: String,
    names: Names,
    /// The organisation's policies about model calls, for agents that no policy names.
    organisation: PolicyLayer,
    /// The same and those that name the agent, for each agent that is named in a policy's scope.
    organisation_for: HashMap<EntityUid, PolicyLayer>,
    /// The organisation's policies about administration.
    administration: PolicyLayer,
    /// The own policies of each agent about model calls, by its name.
    agents: HashMap<String, PolicyLayer>,
    memo: Memo,
}

impl Engine {
    /// Parses and checks every policy of a commit.
    ///
    /// # Errors
    /// Every fault of the bundle at once, by file and line.
    pub fn load(bundle: &Bundle<'_>) -> Result<Self, Vec<Fault>> {
        let names = Names::new().map_err(|error| vec![schema_fault(&error.to_string())])?;
        let schema: Schema = SCHEMA.parse().map_err(|error: cedar_policy::CedarSchemaError| {
            vec![schema_fault(&error.to_string())]
        })?;
        let validator = Validator::new(schema);
        let mut faults = Vec::new();
        let mut read = |sources: &[crate::Source]| -> Vec<Parsed> {
            let file = |source| source::read(source, &validator, bundle.kinds, &mut faults);
            sources.iter().flat_map(file).collect()
        };
        let organisation = read(&bundle.organisation);
        let agents: Vec<(&String, Vec<Parsed>)> =
            bundle.agents.iter().map(|(name, sources)| (name, read(sources))).collect();
        faults.extend(duplicates(&organisation, &[]));
        for (_, own) in &agents {
            faults.extend(duplicates(own, &organisation));
        }
        if !faults.is_empty() {
            faults.sort();
            faults.dedup();
            return Err(faults);
        }
        Ok(Self::build(bundle.commit.clone(), names, &organisation, &agents))
    }

    fn build(
        commit: String,
        names: Names,
        organisation: &[Parsed],
        agents: &[(&String, Vec<Parsed>)],
    ) -> Self {
        let about = |parsed: &[Parsed], action: &EntityUid| -> Vec<Parsed> {
            parsed.iter().filter(|parsed| concerns(&parsed.policy, action)).cloned().collect()
        };
        let calls = about(organisation, &names.call_model);
        let named = calls.iter().filter_map(|parsed| only_principal(&parsed.policy));
        let organisation_for =
            named.map(|agent| (agent.clone(), layer(&calls, Some(&agent)))).collect();
        let own = |parsed: &Vec<Parsed>, name: &str| {
            // A user agent and a system agent of one name share their folder.
            let kinds = [AgentKind::User, AgentKind::System].map(|kind| names.agent(kind, name));
            let mut own = PolicyLayer::default();
            for parsed in about(parsed, &names.call_model) {
                if only_principal(&parsed.policy).is_none_or(|only| kinds.contains(&only)) {
                    own.add(&parsed.policy, &parsed.rule);
                }
            }
            own
        };
        Self {
            commit,
            organisation: layer(&calls, None),
            organisation_for,
            administration: everything(&about(organisation, &names.administer)),
            agents: agents.iter().map(|(name, all)| ((*name).clone(), own(all, name))).collect(),
            names,
            memo: Memo::default(),
        }
    }

    /// The commit that this engine was loaded from.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The Cedar schema that every policy is checked against: the text of
    /// `policies/schema.cedarschema`.
    pub const fn schema_text() -> &'static str {
        SCHEMA
    }

    pub(crate) const fn names(&self) -> &Names {
        &self.names
    }

    /// The organisation's policies that can speak about a model call of this agent.
    pub(crate) fn organisation_layer(&self, agent: &EntityUid) -> &PolicyLayer {
        self.organisation_for.get(agent).unwrap_or(&self.organisation)
    }

    /// The agent's own policies; `None` for an agent without a folder, which is thereby denied.
    pub(crate) fn agent_layer(&self, name: &str) -> Option<&PolicyLayer> {
        self.agents.get(name)
    }

    pub(crate) const fn memo(&self) -> &Memo {
        &self.memo
    }

    pub(crate) const fn administration_layer(&self) -> &PolicyLayer {
        &self.administration
    }
}

/// Whether a policy's scope leaves room for an action.
fn concerns(policy: &Policy, action: &EntityUid) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::In(actions) => actions.contains(action),
        ActionConstraint::Eq(only) => only == *action,
    }
}

/// The one principal that a policy's scope names, if it names one.
fn only_principal(policy: &Policy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(only) => Some(only),
        PrincipalConstraint::Any
        | PrincipalConstraint::In(_)
        | PrincipalConstraint::Is(_)
        | PrincipalConstraint::IsIn(..) => None,
    }
}

/// The policies that can apply to a principal; `None` stands for every principal that no policy
/// names. What is left out could not have held: its scope names somebody else.
fn layer(policies: &[Parsed], principal: Option<&EntityUid>) -> PolicyLayer {
    let mut layer = PolicyLayer::default();
    for parsed in policies {
        let only = only_principal(&parsed.policy);
        if only.is_none() || only.as_ref() == principal {
            layer.add(&parsed.policy, &parsed.rule);
        }
    }
    layer
}

fn everything(policies: &[Parsed]) -> PolicyLayer {
    let mut layer = PolicyLayer::default();
    policies.iter().for_each(|parsed| layer.add(&parsed.policy, &parsed.rule));
    layer
}

/// Policies whose id is taken: by an earlier one of the same layer or by the organisation's. Two
/// agents may use the same id, since no decision sees both.
fn duplicates(policies: &[Parsed], organisation: &[Parsed]) -> Vec<Fault> {
    let mut taken: HashMap<&str, &Parsed> =
        organisation.iter().map(|parsed| (parsed.rule.id.as_str(), parsed)).collect();
    let mut faults = Vec::new();
    for parsed in policies {
        let id = parsed.rule.id.as_str();
        if let Some(earlier) = taken.get(id) {
            faults.push(Fault {
                file: parsed.file.clone(),
                line: Some(parsed.line),
                message: format!("the id `{id}` is taken by {}:{}", earlier.file, earlier.line),
                fix: "give every policy an `@id` of its own".to_owned(),
            });
        } else {
            taken.insert(id, parsed);
        }
    }
    faults
}

/// A fault of our own schema: no bundle causes it, and a test loads every build's schema.
fn schema_fault(message: &str) -> Fault {
    Fault {
        file: SCHEMA_FILE.to_owned(),
        line: None,
        message: message.to_owned(),
        fix: "this build of orchestack is broken; report it".to_owned(),
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
