//! From the text of a commit to an engine that decides, or to everything that is wrong with it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use cedar_policy::{ActionConstraint, EntityUid, Policy, Schema};

use crate::{
    against::Against,
    bundle::{AgentSource, Bundle, Fault},
    calls::Calls,
    case::{self, Case},
    check,
    digest::Digest,
    doubts,
    family::Families,
    invariant::{Invariant, Known},
    layer::PolicyLayer,
    mapper::Names,
    memo::Memo,
    source::{self, Parsed},
    tool::{Layers, ToolPolicies, Vocabulary, is_own},
};

/// Where the schema stands in the git tree.
pub(crate) const SCHEMA_FILE: &str = "policies/schema.cedarschema";

/// The policies of one commit, checked and ready to decide. Immutable, but for what it remembers of
/// decisions, which cannot be seen from outside.
#[derive(Debug)]
pub struct Engine {
    commit: String,
    names: Names,
    vocabulary: Arc<Vocabulary>,
    organisation: Vec<Parsed>,
    /// The own layer of each agent, by its name.
    agents: BTreeMap<String, AgentSource<Vec<Parsed>>>,
    cases: Vec<Case>,
    invariants: Vec<Invariant>,
    /// The kinds that DLP finds, and their families.
    kinds: Vec<String>,
    families: Families,
    notes: Vec<String>,
    digests: BTreeMap<String, Digest>,
    /// The policies of both layers about model calls.
    calls: Calls,
    tool_calls: ToolPolicies,
    tool_lists: Layers,
    tasks: Layers,
    messages: Layers,
    spawns: Layers,
    sandboxes: Layers,
    ways_out: Layers,
    administration: PolicyLayer,
    votes: PolicyLayer,
    memo: Memo,
}

impl Engine {
    /// Parses and checks every policy of a commit.
    ///
    /// # Errors
    /// Every fault of the bundle at once, by file and line.
    pub fn load(bundle: &Bundle<'_>) -> Result<Self, Vec<Fault>> {
        let engine = Self::untested(bundle)?;
        let mut failed: Vec<Fault> = check::faults(engine.run_cases()).collect();
        failed.sort();
        if failed.is_empty() { Ok(engine) } else { Err(failed) }
    }

    /// As [`Engine::load`], for whoever asks the cases and shows how each ends. What it gives must
    /// not decide anything: its cases may fail.
    ///
    /// # Errors
    /// Every other fault of the bundle.
    pub fn untested(bundle: &Bundle<'_>) -> Result<Self, Vec<Fault>> {
        let names = Names::new().map_err(|error| vec![schema_fault(&error.to_string())])?;
        let vocabulary = Vocabulary::of(bundle).map_err(|error| vec![error.fault()])?;
        let against = Against {
            validator: &vocabulary.validator,
            kinds: bundle.kinds,
            tools: &bundle.tools,
            call_tool: &names.call_tool,
        };
        let mut faults = Vec::new();
        let mut read = |sources: &[crate::Source]| -> Vec<Parsed> {
            let file = |source| source::read(source, &against, &mut faults);
            sources.iter().flat_map(file).collect()
        };
        let organisation = read(&bundle.organisation);
        let mut layer = |agent: &AgentSource<Vec<crate::Source>>| AgentSource {
            kind: agent.kind,
            groups: agent.groups.clone(),
            policies: read(&agent.policies),
        };
        let agents: BTreeMap<String, _> =
            bundle.agents.iter().map(|(name, agent)| (name.clone(), layer(agent))).collect();
        faults.extend(duplicates(&organisation, &[]));
        for own in agents.values() {
            faults.extend(duplicates(&own.policies, &organisation));
        }
        let cases = bundle.cases.iter().flat_map(|source| Case::read(source, &mut faults));
        let cases: Vec<Case> = cases.collect();
        faults.extend(case::duplicates(&cases));
        let families = Families::new(bundle.families, texts(bundle));
        let known = Known { against: &against, families: &families, agents: &agents };
        let stated = |source| Invariant::read(source, &known, &mut faults);
        let invariants = bundle.invariants.iter().flat_map(stated).collect();
        let own = agents
            .iter()
            .map(|(name, own)| (name.as_str(), about(&own.policies, &names.call_model)));
        let calls = Calls::new(about(&organisation, &names.call_model), own);
        let layers_of = |action: &_| Layers::new(action, &organisation, &agents);
        let engine = Self {
            commit: bundle.commit.clone(),
            digests: Digest::of_agents(bundle, &vocabulary.text),
            tool_calls: ToolPolicies::new(&names.call_tool, &vocabulary, layers_of),
            vocabulary,
            calls,
            tool_lists: layers_of(&names.list_tool),
            tasks: layers_of(&names.start_task),
            messages: layers_of(&names.send_message),
            spawns: layers_of(&names.spawn_subagent),
            sandboxes: layers_of(&names.start_sandbox),
            ways_out: layers_of(&names.egress),
            administration: PolicyLayer::of(about(&organisation, &names.administer)),
            votes: PolicyLayer::of(about(&organisation, &names.approve)),
            organisation,
            agents,
            cases,
            invariants,
            kinds: bundle.kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            families,
            names,
            notes: Vec::new(),
            memo: Memo::default(),
        };
        if faults.is_empty() {
            return Ok(Self { notes: doubts::of(&engine), ..engine });
        }
        faults.sort();
        faults.dedup();
        Err(faults)
    }

    /// The commit that this engine was loaded from.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// What is legal and looks wrong: names that nothing else in the tree knows.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The Cedar schema that every policy is checked against: the text of
    /// `policies/schema.cedarschema`.
    pub const fn schema_text() -> &'static str {
        Vocabulary::schema_text()
    }

    /// The same with an action for each tool that this commit names by an action of its own.
    pub fn whole_schema_text(&self) -> &str {
        &self.vocabulary.text
    }

    /// A schema with the words of this commit and of another, and its text: what policies of the two
    /// are compared under.
    ///
    /// # Errors
    /// Why there is none.
    pub fn schema_beside(&self, other: &Self) -> Result<(Schema, String), String> {
        let both = self.vocabulary.beside(&other.vocabulary);
        let both = both.map_err(|error| error.to_string())?;
        Ok((both.schema.clone(), both.text.clone()))
    }

    /// The hash of everything that decides about an agent's calls: the schema, the organisation's
    /// policies, the agent's own. An approval is bound to it. People have no policies of their own:
    /// theirs is the hash of a name that no agent has.
    pub fn digest(&self, agent: &str) -> String {
        self.digests
            .get(agent)
            .or_else(|| self.digests.get(""))
            .map(Digest::hex)
            .unwrap_or_default()
    }

    pub(crate) const fn names(&self) -> &Names {
        &self.names
    }

    /// The schema of this commit, parsed.
    pub fn schema(&self) -> &Schema {
        &self.vocabulary.schema
    }

    /// An action and those of single tools that are members of it.
    pub(crate) fn with_members(&self, action: &EntityUid) -> Vec<EntityUid> {
        let own = self.vocabulary.own.values().map(|own| own.action.clone());
        let members = own.filter(|_| *action == self.names.call_tool);
        std::iter::once(action.clone()).chain(members).collect()
    }

    /// The organisation's policies.
    pub(crate) fn organisation(&self) -> &[Parsed] {
        &self.organisation
    }

    /// The own layer of every agent, by its name.
    pub(crate) const fn agents(&self) -> &BTreeMap<String, AgentSource<Vec<Parsed>>> {
        &self.agents
    }

    pub(crate) fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The kinds that DLP finds, and their families.
    pub fn kinds(&self) -> Vec<&str> {
        self.kinds.iter().map(String::as_str).collect()
    }

    pub(crate) const fn families(&self) -> &Families {
        &self.families
    }

    pub(crate) fn invariants(&self) -> &[Invariant] {
        &self.invariants
    }

    /// The policies of both layers about model calls.
    pub(crate) const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The policies of both layers about calls of tools.
    pub(crate) const fn tool_calls(&self) -> &ToolPolicies {
        &self.tool_calls
    }

    /// The policies of both layers about the listing of tools.
    pub(crate) const fn tool_lists(&self) -> &Layers {
        &self.tool_lists
    }

    /// The policies of both layers about the start of tasks.
    pub(crate) const fn tasks(&self) -> &Layers {
        &self.tasks
    }

    /// The policies of both layers about messages that leave.
    pub(crate) const fn messages(&self) -> &Layers {
        &self.messages
    }

    /// The policies of both layers about work that agents give to others.
    pub(crate) const fn spawns(&self) -> &Layers {
        &self.spawns
    }

    /// The policies of both layers about work in sandboxes.
    pub(crate) const fn sandboxes(&self) -> &Layers {
        &self.sandboxes
    }

    /// The policies of both layers about connections out of sandboxes.
    pub(crate) const fn ways_out(&self) -> &Layers {
        &self.ways_out
    }

    pub(crate) const fn memo(&self) -> &Memo {
        &self.memo
    }

    pub(crate) const fn administration_layer(&self) -> &PolicyLayer {
        &self.administration
    }

    /// The organisation's policies about votes on requests for approval.
    pub(crate) const fn votes_layer(&self) -> &PolicyLayer {
        &self.votes
    }
}

/// Those policies whose scope leaves room for an action.
pub(crate) fn about<'p>(policies: &'p [Parsed], action: &EntityUid) -> Vec<&'p Parsed> {
    policies.iter().filter(|parsed| concerns(&parsed.policy, action)).collect()
}

/// Whether a policy's scope leaves room for an action. A tool's own action is a member of `callTool`.
pub(crate) fn concerns(policy: &Policy, action: &EntityUid) -> bool {
    let is_in = |group: &EntityUid| {
        group == action || (is_own(action) && group.id().unescaped() == "callTool")
    };
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::In(actions) => actions.iter().any(is_in),
        ActionConstraint::Eq(only) => only == *action,
    }
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

/// Every text that can name a kind.
fn texts<'b>(bundle: &'b Bundle<'_>) -> impl Iterator<Item = &'b str> + Clone {
    let own = bundle.agents.values().flat_map(|agent| &agent.policies);
    let all = bundle.organisation.iter().chain(own).chain(&bundle.invariants);
    all.map(|source| source.text.as_str())
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
