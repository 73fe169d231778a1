//! Invariants: statements about all possible requests, checked in beside the policies and proved by
//! a solver before a commit is taken. This crate reads them and says what they claim; whoever may
//! start a process proves them.

use std::collections::BTreeMap;

use cedar_policy::{Effect, EntityUid, Policy, PolicySet, ValidationMode};
use serde::Deserialize;
use toml::Spanned;

use crate::{
    against::Against,
    bundle::{AgentSource, Fault, Source},
    family::Families,
    file,
    load::{self, Engine},
    meaning::Part,
    source::{self, Parsed},
    words,
};

/// One statement of `invariants/*.toml`.
#[derive(Debug, Clone)]
pub struct Invariant {
    /// Its name in the file.
    pub id: String,
    /// The file's path in the tree.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    says: Says,
    layer: Layer,
    within: Option<Layer>,
    /// Every action where empty.
    actions: Vec<EntityUid>,
    /// The requests that it speaks about.
    when: PolicySet,
}

/// What must be proved for an invariant, or for the load of a commit.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The invariant's name, or what the claim is about.
    pub id: String,
    /// Where it stands.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether a commit that breaks it is refused; else it is told as a note.
    pub binding: bool,
    /// What a broken claim means, for people.
    pub broken: String,
    /// The actions it speaks about; every one where empty.
    pub actions: Vec<EntityUid>,
    /// What is claimed.
    pub what: What,
}

/// A statement about sets of policies, in Cedar's terms.
#[derive(Debug, Clone)]
pub enum What {
    /// No request that `when` matches is permitted by `set`.
    Never {
        /// The policies.
        set: PolicySet,
        /// One permit that matches the requests in question.
        when: PolicySet,
    },
    /// Every request that `when` matches is permitted by `set`.
    Always {
        /// The policies.
        set: PolicySet,
        /// One permit that matches the requests in question.
        when: PolicySet,
    },
    /// The policies never fail.
    NeverErrors {
        /// The policies.
        set: PolicySet,
    },
    /// Whatever `from` permits, `to` permits.
    Implies {
        /// The narrower policies.
        from: PolicySet,
        /// The wider ones.
        to: PolicySet,
    },
    /// No request is permitted by both.
    Disjoint {
        /// The one.
        one: PolicySet,
        /// The other.
        other: PolicySet,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Says {
    Never,
    Always,
    NeverErrors,
    Implies,
    Disjoint,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Layer {
    #[default]
    Organisation,
    Permits,
    Agents,
    Agent(String),
}

impl TryFrom<String> for Layer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "organisation" => Ok(Self::Organisation),
            "permits" => Ok(Self::Permits),
            "agents" => Ok(Self::Agents),
            _ => match text.strip_prefix("agent:").filter(|name| !name.is_empty()) {
                Some(name) => Ok(Self::Agent(name.to_owned())),
                None => Err(format!(
                    "`{text}` is no layer; the layers are organisation, permits, agents and agent:NAME"
                )),
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    says: Says,
    #[serde(default)]
    layer: Layer,
    within: Option<Layer>,
    #[serde(default)]
    actions: Vec<String>,
    when: Option<String>,
    /// For people.
    #[serde(rename = "doc")]
    _doc: Option<String>,
}

/// What the rest of the tree has that invariants name.
pub(crate) struct Known<'a> {
    pub against: &'a Against<'a>,
    pub families: &'a Families,
    /// The agents, by name.
    pub agents: &'a BTreeMap<String, AgentSource<Vec<Parsed>>>,
}

impl Known<'_> {
    /// A statement about an agent that is not there holds whatever the policies are.
    fn has(&self, layer: &Layer) -> Result<(), (String, String)> {
        match layer {
            Layer::Agent(name) if !self.agents.contains_key(name) => {
                let fix = "name an agent of the folder `agents`".to_owned();
                Err((format!("the tree has no agent `{name}`"), fix))
            }
            _ => Ok(()),
        }
    }
}

impl Invariant {
    /// Reads a file of `[NAME]` tables.
    pub(crate) fn read(source: &Source, known: &Known<'_>, faults: &mut Vec<Fault>) -> Vec<Self> {
        type Written = BTreeMap<Spanned<String>, toml::Table>;
        let Some(read) = file::toml::<Written>(source, faults) else { return Vec::new() };
        let one = |(name, table): (Spanned<String>, toml::Table)| {
            let line = file::line_at(&source.text, name.span().start);
            let fault = |(message, fix): (String, String)| Fault {
                file: source.file.clone(),
                line: Some(line),
                message: format!("invariant `{}`: {message}", name.as_ref()),
                fix,
            };
            let read = Self::one(source, line, name.as_ref(), table, known);
            read.map_err(|complaint| faults.push(fault(complaint))).ok()
        };
        read.into_iter().filter_map(one).collect()
    }

    fn one(
        source: &Source,
        line: usize,
        id: &str,
        table: toml::Table,
        tree: &Known<'_>,
    ) -> Result<Self, (String, String)> {
        let written: Written = table.try_into().map_err(|error: toml::de::Error| {
            (error.message().to_owned(), "the guide to policies shows every key".to_owned())
        })?;
        let Written { says, layer, within, actions, when, .. } = written;
        for layer in std::iter::once(&layer).chain(&within) {
            tree.has(layer)?;
        }
        let known = |name: &String| -> Result<EntityUid, (String, String)> {
            let uid = format!("Orchestack::Action::{name:?}").parse::<EntityUid>().ok();
            let mut actions = tree.against.validator.schema().actions();
            let uid = uid.filter(|uid| actions.any(|known| known == uid));
            uid.ok_or_else(|| {
                let fix = || "name actions of policies/schema.cedarschema".to_owned();
                let message = format!("the schema has no action `{name}`");
                let unknown = format!("unrecognized action `Orchestack::Action::{name:?}`");
                (message, tree.against.help_with_tool(&unknown).unwrap_or_else(fix))
            })
        };
        let actions = actions.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        let needs_when = matches!(says, Says::Never | Says::Always);
        if needs_when != when.is_some()
            || (says == Says::Implies || says == Says::Disjoint) != within.is_some()
        {
            let message = "its keys do not go together".to_owned();
            let fix = "`never` and `always` take `when`; `implies` and `disjoint` take `within`";
            return Err((message, fix.to_owned()));
        }
        let when = when.unwrap_or_else(|| "true".to_owned());
        let when = matching(&when, &actions, tree)?;
        let (id, file) = (id.to_owned(), source.file.clone());
        Ok(Self { id, file, line, says, layer, within, actions, when })
    }
}

/// One permit that matches the requests in question.
fn matching(
    when: &str,
    actions: &[EntityUid],
    tree: &Known<'_>,
) -> Result<PolicySet, (String, String)> {
    let scope = match actions {
        [] => "action".to_owned(),
        many => {
            let names: Vec<String> = many.iter().map(ToString::to_string).collect();
            format!("action in [{}]", names.join(", "))
        }
    };
    let fix = || "write a Cedar condition, as within `when { }` of a policy".to_owned();
    let text = format!("permit (principal, {scope}, resource) when {{ {when} }};");
    let set: PolicySet =
        text.parse().map_err(|error: cedar_policy::ParseErrors| (error.to_string(), fix()))?;
    // One condition must not become two policies.
    if set.num_of_policies() != 1 || set.num_of_templates() != 0 {
        return Err(("`when` is more than a condition".to_owned(), fix()));
    }
    let result = tree.against.validator.validate(&set, ValidationMode::Strict);
    let told = result.validation_errors().map(|error| source::unnamed(&error.to_string())).min();
    if let Some(message) = told {
        return Err((message, "name `actions` that have these attributes".to_owned()));
    }
    let mut jsons: Vec<_> = set.policies().filter_map(|policy| policy.to_json().ok()).collect();
    let stray = jsons.iter().flat_map(|json| words::strays(json, tree.against.kinds)).next();
    if let Some(stray) = stray {
        return Err((stray.message(), stray.fix()));
    }
    // What speaks about no request holds whatever the policies are.
    let warned = result.validation_warnings().next();
    if let Some(warning) = warned {
        let fix = "write a condition that a request can meet".to_owned();
        return Err((source::unnamed(&warning.to_string()), fix));
    }
    jsons.iter_mut().for_each(|json| tree.families.spell_out(json));
    let spelled = jsons.into_iter().filter_map(|json| Policy::from_json(None, json).ok());
    PolicySet::from_policies(spelled).map_err(|error| (error.to_string(), fix()))
}

impl Engine {
    /// Everything that must be proved of these policies: the invariants of the commit, that doubtful
    /// policies never fail, and that no agent's layer permits what the organisation does not.
    /// `tenant` is the name of the tenant that agents are in.
    pub fn claims(&self, tenant: &str) -> Vec<Claim> {
        // What must always be permitted must not be denied by a failure either.
        let always = |policy: &Policy| {
            let concerned = |invariant: &Invariant| {
                invariant.actions.is_empty()
                    || self
                        .actions_of(invariant)
                        .iter()
                        .any(|action| load::concerns(policy, action))
            };
            self.invariants().iter().any(|i| i.says == Says::Always && concerned(i))
        };
        let stated = self.invariants().iter().flat_map(|invariant| self.stated(invariant, tenant));
        let doubtful = self.doubtful().map(|parsed| Claim {
            id: format!("{} never fails", parsed.rule.id),
            file: parsed.file.clone(),
            line: parsed.line,
            binding: parsed.policy.effect() == Effect::Forbid || always(&parsed.policy),
            broken: format!(
                "the policy `{}` can fail, which denies every such request",
                parsed.rule.id
            ),
            actions: Vec::new(),
            what: What::NeverErrors {
                set: PolicySet::from_policies([parsed.policy.clone()]).unwrap_or_default(),
            },
        });
        let widened = self.agent_names().map(|name| self.widened(name, tenant));
        stated.chain(doubtful).chain(widened).collect()
    }

    /// That an agent's layer stays within the organisation's permits. It gains nothing where it does
    /// not, so this alone refuses no commit.
    fn widened(&self, name: &str, tenant: &str) -> Claim {
        let first = self.agents().get(name).and_then(|agent| agent.policies.first());
        let (file, line) = first.map_or_else(
            || (format!("agents/{name}/agent.toml"), 1),
            |parsed| (parsed.file.clone(), parsed.line),
        );
        Claim {
            id: format!("agent {name} stays within the organisation's permits"),
            file,
            line,
            binding: false,
            broken: format!(
                "the layer of agent `{name}` permits more than the organisation's, which gains it nothing"
            ),
            actions: Vec::new(),
            what: What::Implies {
                from: self.meaning(Part::Agent(name), tenant),
                to: self.meaning(Part::OrganisationPermits, tenant),
            },
        }
    }

    fn stated(&self, invariant: &Invariant, tenant: &str) -> Vec<Claim> {
        let claim = |id: String, what| Claim {
            id,
            file: invariant.file.clone(),
            line: invariant.line,
            binding: true,
            broken: format!("the invariant `{}` does not hold", invariant.id),
            actions: self.actions_of(invariant),
            what,
        };
        let within = invariant.within.as_ref().map(|layer| self.sets(layer, tenant));
        let other = within.and_then(|sets| sets.into_iter().next()).map(|(_, set)| set);
        let other = other.unwrap_or_default();
        let one = |(name, set): (String, PolicySet)| {
            let when = invariant.when.clone();
            let what = match invariant.says {
                Says::Never => What::Never { set, when },
                Says::Always => What::Always { set, when },
                Says::NeverErrors => What::NeverErrors { set },
                Says::Implies => What::Implies { from: set, to: other.clone() },
                Says::Disjoint => What::Disjoint { one: set, other: other.clone() },
            };
            claim(format!("{}{name}", invariant.id), what)
        };
        self.sets(&invariant.layer, tenant).into_iter().map(one).collect()
    }

    /// The actions that an invariant speaks about: with `callTool`, those of single tools too.
    fn actions_of(&self, invariant: &Invariant) -> Vec<EntityUid> {
        invariant.actions.iter().flat_map(|action| self.with_members(action)).collect()
    }

    /// The sets of a layer, with what tells them apart.
    fn sets(&self, layer: &Layer, tenant: &str) -> Vec<(String, PolicySet)> {
        let whole = |part| vec![(String::new(), self.meaning(part, tenant))];
        match layer {
            Layer::Organisation => whole(Part::Organisation),
            Layer::Permits => whole(Part::OrganisationPermits),
            Layer::Agent(name) => whole(Part::Agent(name)),
            Layer::Agents => self
                .agent_names()
                .map(|name| (format!(" (agent {name})"), self.meaning(Part::Agent(name), tenant)))
                .collect(),
        }
    }
}
