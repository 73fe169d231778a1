//! A snapshot from its sources: the files of one commit, the rows of the store, and what was found.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use budget::{Catalogue, Price, Zone};
use config::{
    Fault, Settings, Tree,
    tree::{LoopSpec, ModelFile, SandboxProfile, ScheduleFile},
};
use policy::{Caller, ModelFacts};
use router::{Model, Origin, Provider, Registry};
use store::{agents, caps, keys::Key, tool_definitions};
use types::{AgentId, Credential, Discount, GrantId, KeyId, Label, TenantId, Timestamp};

use crate::{
    agent::{Agent, agents_of, everybodys_caps, weights_of},
    credentials, detectors,
    limits::{Limit, Limits},
    policies,
    registration::{ModelSpec, ProviderSpec},
    spenders::Everybodys,
    tools::{Pins, Tools},
    written::{model_of, own_price, provider_of, registry_fault},
};

/// The tree's copy of the schema, for whoever writes policies.
const SCHEMA: &str = "policies/schema.cedarschema";

/// Everything that requests are decided by, of one commit.
#[derive(Debug)]
pub struct Snapshot {
    /// The commit of the git tree.
    pub commit: String,
    /// The number of control changes that it includes.
    pub revision: i64,
    /// The policies. Snapshots of one commit share them, and with them what they remember.
    pub policy: Arc<policy::Engine>,
    /// The models and providers.
    pub registry: Registry,
    /// The DLP engine.
    pub dlp: dlp::Engine,
    /// The tool servers.
    pub tools: Arc<Tools>,
    /// How agents go about their work, by name.
    pub loops: BTreeMap<String, LoopSpec>,
    /// The profiles of sandboxes, by name.
    pub sandboxes: BTreeMap<String, SandboxProfile>,
    /// What agents begin by themselves, by name.
    pub schedules: BTreeMap<String, ScheduleFile>,
    /// From this label up only local models are used.
    pub local_from: Label,
    /// What counts in ranking where the agent does not say.
    pub weights: Option<router::Weights>,
    /// The tenant of the tree.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Where the windows of its budgets begin at midnight.
    pub zone: Zone,
    /// What an operator should look at; nothing here stops requests.
    pub notes: Vec<String>,
    catalogue: Arc<Catalogue>,
    own_prices: HashMap<String, Arc<Price>>,
    credentials: HashMap<String, Credential>,
    agents: HashMap<AgentId, Agent>,
    keys: HashMap<KeyId, Key>,
    /// Caps set at run time, by their scopes and spenders.
    pub(crate) caps: Vec<caps::Cap>,
    /// Caps of every person, session and task.
    pub(crate) everybodys: Vec<Everybodys>,
    revoked: HashSet<GrantId>,
    limits: Limits,
}

/// What the store holds.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The number of control changes so far.
    pub revision: i64,
    /// The tenant of the tree.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Every agent.
    pub agents: Vec<agents::Agent>,
    /// Every live key.
    pub keys: Vec<Key>,
    /// Caps set at run time.
    pub caps: Vec<caps::Cap>,
    /// Capability grants that were revoked before their time was over.
    pub revoked: Vec<GrantId>,
    /// Providers registered at run time.
    pub providers: Vec<ProviderSpec>,
    /// Models registered at run time.
    pub models: Vec<ModelSpec>,
    /// What was decided of definitions of tools.
    pub tools: Vec<tool_definitions::Known>,
}

/// What of a commit needs to be read once only: snapshots of the same commit share it.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) policy: Arc<policy::Engine>,
    pub(crate) pins: Arc<Pins>,
}

/// Providers and models that were found, or the simulator's.
#[derive(Debug, Clone)]
pub struct Extra {
    /// [`Origin::Discovered`] or [`Origin::Simulator`].
    pub origin: Origin,
    /// The provider.
    pub provider: ProviderSpec,
    /// Its models.
    pub models: Vec<ModelSpec>,
}

/// What a valid tree holds, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// The commit.
    pub commit: String,
    /// Agents by name.
    pub agents: Vec<String>,
    /// Files of Cedar policies.
    pub policy_files: usize,
    /// Providers.
    pub providers: usize,
    /// Models.
    pub models: usize,
    /// Tool servers.
    pub tool_servers: usize,
    /// What is legal and looks wrong.
    pub notes: Vec<String>,
}

/// The parts of a commit that need neither store nor network.
struct Checked {
    tree: Tree,
    shared: Shared,
    dlp: dlp::Engine,
    registry: Registry,
    notes: Vec<String>,
}

/// Checks a tree as a whole without a store: what `orchestack policy check` and every load do.
///
/// # Errors
/// Every fault of every file.
pub fn check(commit: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Report, Vec<Fault>> {
    let checked = checked(commit, files, Vec::new(), Vec::new(), None)?;
    let tree = &checked.tree;
    Ok(Report {
        commit: commit.to_owned(),
        agents: tree.agents.keys().cloned().collect(),
        policy_files: tree.policies.len()
            + tree.agents.values().map(|a| a.policies.len()).sum::<usize>(),
        providers: tree.providers.len(),
        models: tree.models.len(),
        tool_servers: tree.tools.len(),
        notes: checked.notes,
    })
}

/// The policies of a tree that is valid as a whole.
pub(crate) fn valid(
    commit: &str,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Arc<policy::Engine>, Vec<Fault>> {
    Ok(checked(commit, files, Vec::new(), Vec::new(), None)?.shared.policy)
}

fn checked(
    commit: &str,
    files: &BTreeMap<String, Vec<u8>>,
    mut providers: Vec<Provider>,
    mut models: Vec<Model>,
    known: Option<Shared>,
) -> Result<Checked, Vec<Fault>> {
    let tree = Tree::load(commit, files)?;
    let mut faults = Vec::new();
    let dlp = detectors::load(&tree).map_err(|found| faults.extend(found));
    let shared = known.map_or_else(|| Shared::read(&tree), Ok);
    let shared = shared.map_err(|found| faults.extend(found));
    providers.extend(tree.providers.iter().map(provider_of));
    let (present, absent): (Vec<_>, Vec<_>) =
        tree.models.iter().partition(|model| !waits_for_provider(model, &providers));
    models.extend(present.into_iter().map(model_of));
    let registry = Registry::build(providers, models)
        .map_err(|found| faults.extend(found.iter().map(registry_fault)));
    match (shared, dlp, registry) {
        (Ok(shared), Ok(dlp), Ok(registry)) => {
            let mut notes = shared.policy.notes().to_vec();
            notes.extend(shared.pins.notes());
            notes.extend(registry.notes().iter().map(ToString::to_string));
            notes.extend(changed_schema(&tree));
            notes.extend(no_tools(&tree, &shared.policy));
            notes.extend(absent.into_iter().map(|model| {
                format!(
                    "{}: model {}: its provider `{}` is not there now; start it, or set its key",
                    model.file, model.id, model.provider
                )
            }));
            Ok(Checked { shared, dlp, registry, notes, tree })
        }
        _ => Err(faults),
    }
}

impl Shared {
    fn read(tree: &Tree) -> Result<Self, Vec<Fault>> {
        match (policies::load(tree), Pins::read(&tree.tools)) {
            (Ok(policy), Ok(pins)) => Ok(Self { policy: Arc::new(policy), pins: Arc::new(pins) }),
            (policy, pins) => Err(policy.err().into_iter().chain(pins.err()).flatten().collect()),
        }
    }
}

/// A note where there are tool servers and no policy lets anybody use them.
fn no_tools(tree: &Tree, policy: &policy::Engine) -> Option<String> {
    let unspoken = policy.without_tools();
    if tree.tools.is_empty() || unspoken.is_empty() {
        return None;
    }
    let (servers, actions) = (tree.tools.len(), unspoken.join(" and "));
    Some(format!(
        "policies: there are {servers} tool servers, and no policy of the organisation together with \
         one of an agent permits {actions}, so that nobody can use them; permit both in `policies/` \
         and in `agents/NAME/` (`orchestack init` in an empty folder writes a `policies/tools.cedar` to begin with)"
    ))
}

/// A note where the tree's copy of the schema is not what policies are checked against. No fault: a
/// tree must load in a newer version too.
fn changed_schema(tree: &Tree) -> Option<String> {
    let copy = tree.raw.iter().find(|file| file.path == SCHEMA)?;
    (copy.text != policy::Engine::schema_text()).then(|| {
        format!(
            "{SCHEMA} differs from the schema of this build, which is what counts; write it anew \
             with `orchestack policy schema > {SCHEMA}`"
        )
    })
}

/// Whether a model's provider is one that discovery gives its name, and is not there now. A tree
/// must load whether or not a server runs; any other unknown provider is a mistake.
fn waits_for_provider(model: &ModelFile, providers: &[Provider]) -> bool {
    let known = config::KNOWN_PROVIDERS.iter().map(|provider| provider.name);
    let mut discovered = known.chain(config::LOCAL_PROVIDERS.iter().copied());
    providers.iter().all(|provider| provider.name != model.provider)
        && discovered.any(|name| name == model.provider)
}

/// The caps of a tenant, in the order in which they are looked for.
fn of_tenant(caps: Vec<caps::Cap>, tenant: TenantId) -> Vec<caps::Cap> {
    let mut caps: Vec<_> = caps.into_iter().filter(|cap| cap.tenant == tenant).collect();
    caps.sort_by(|a, b| (a.scope, &a.scope_id).cmp(&(b.scope, &b.scope_id)));
    caps
}

impl Snapshot {
    /// Joins a commit with the store's rows and what was found. `known` is what snapshots of the commit
    /// share, where it is loaded already.
    ///
    /// # Errors
    /// Every fault of the commit. Faults of other origins become [`Snapshot::notes`].
    pub(crate) fn assemble(
        commit: &str,
        files: &BTreeMap<String, Vec<u8>>,
        rows: Rows,
        extra: &[Extra],
        settings: &Settings,
        (catalogue, known): (Arc<Catalogue>, Option<Shared>),
    ) -> Result<Self, Vec<Fault>> {
        let mut notes = Vec::new();
        let mut own_prices = HashMap::new();
        let (mut providers, mut models) = (Vec::new(), Vec::new());
        let runtime = (Origin::Runtime, rows.providers.as_slice(), rows.models.as_slice());
        let found = extra
            .iter()
            .map(|e| (e.origin.clone(), std::slice::from_ref(&e.provider), e.models.as_slice()));
        for (origin, some_providers, some_models) in std::iter::once(runtime).chain(found) {
            for spec in some_providers {
                match spec.provider(origin.clone()) {
                    Ok(provider) => providers.push(provider),
                    Err(error) => notes.push(format!("provider `{}`: {error}", spec.name)),
                }
            }
            for spec in some_models {
                match (spec.model(origin.clone()), spec.own_price()) {
                    (Ok(model), Ok(price)) => {
                        own_prices.extend(price.map(|p| (model.id.clone(), Arc::new(p))));
                        models.push(model);
                    }
                    (Err(error), _) | (_, Err(error)) => {
                        notes.push(format!("model `{}`: {error}", spec.id));
                    }
                }
            }
        }
        let Checked { tree, shared, dlp, registry, notes: found } =
            checked(commit, files, providers, models, known)?;
        for model in &tree.models {
            // The tree wins a name that two origins claim, and so does its price.
            own_prices.remove(&model.id);
            own_prices.extend(own_price(model).map(|price| (model.id.clone(), Arc::new(price))));
        }
        notes.extend(found);
        let unknown =
            tree.settings.discounts.keys().filter(|name| registry.provider(name).is_none());
        notes.extend(unknown.map(|name| {
            format!("`[[discount]]` names the provider `{name}`, which is not registered")
        }));
        let credentials = credentials::fetch(&registry, settings, &mut notes);
        let agents = agents_of(&tree, &rows, settings, &mut notes);
        let decided = rows.tools.iter().filter(|known| known.tenant == rows.tenant);
        let tools = Tools::join(&tree.tools, shared.pins, decided, &mut notes);
        let org = &tree.settings;
        Ok(Self {
            commit: commit.to_owned(),
            revision: rows.revision,
            policy: shared.policy,
            tools: Arc::new(tools),
            dlp,
            local_from: tree.settings.local_from.unwrap_or(settings.routing.local_from),
            weights: tree.settings.weights.or(settings.routing.weights).map(weights_of),
            tenant: rows.tenant,
            tenant_name: rows.tenant_name,
            zone: org.time_zone.clone().unwrap_or(Zone::UTC),
            everybodys: everybodys_caps(org),
            notes,
            catalogue: discounted(catalogue, &tree.settings.discounts),
            own_prices,
            credentials,
            agents,
            caps: of_tenant(rows.caps, rows.tenant),
            revoked: rows.revoked.into_iter().collect(),
            limits: Limits::of(&tree),
            loops: tree.loops,
            sandboxes: tree.sandboxes,
            schedules: tree.schedules,
            keys: rows.keys.into_iter().map(|key| (key.id, key)).collect(),
            registry,
        })
    }

    /// What the next snapshot of the same commit need not read again.
    pub(crate) fn shared(&self) -> Shared {
        Shared { policy: Arc::clone(&self.policy), pins: self.tools.pins() }
    }

    /// An agent by its id.
    pub fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(&id)
    }

    /// An agent by its name.
    pub fn agent_by_name(&self, name: &str) -> Option<&Agent> {
        self.agents.values().find(|agent| agent.name == name)
    }

    /// Every agent, in no order.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// A key that is not revoked. Whether it has expired is for the caller's clock.
    pub fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.get(&id)
    }

    /// Whether a capability grant was revoked.
    pub fn is_revoked(&self, grant: GrantId) -> bool {
        self.revoked.contains(&grant)
    }

    /// What a caller may ask for: the limits of its key, its agent, the agent's owner and the tenant.
    pub fn limits(&self, agent: &Agent, caller: &Caller) -> Vec<Limit> {
        self.limits.of_caller(agent, caller)
    }

    /// What all callers together may ask of a model, and of its provider.
    pub fn upstream_limits(&self, provider: &str, model: &str) -> Vec<Limit> {
        self.limits.of_upstream(provider, model)
    }

    /// A model as policies see it. What runs on the organisation's own hardware is kept by nobody
    /// else, unless its file says so.
    pub fn facts<'m>(&self, model: &'m Model) -> ModelFacts<'m> {
        let provider = self.registry.provider(&model.provider);
        let stated = provider.and_then(|provider| provider.retention_days);
        ModelFacts {
            id: &model.id,
            provider: &model.provider,
            locality: model.locality,
            size: model.size.as_str(),
            privacy: &model.privacy,
            retention_days: stated.or((model.locality == types::Locality::Local).then_some(0)),
            simulator: provider.is_some_and(|provider| provider.simulator),
        }
    }

    /// The credential of a provider, if it needs one and it could be had.
    pub fn credential(&self, provider: &str) -> Option<&Credential> {
        self.credentials.get(provider)
    }

    /// What a model costs at an instant; `None` where no price is known, which is never zero.
    pub fn price(&self, model: &Model, at: Timestamp) -> Option<Arc<Price>> {
        if let Some(price) = self.own_prices.get(&model.id) {
            return Some(Arc::clone(price));
        }
        self.catalogue.price(&model.provider, &model.upstream, at).cloned()
    }
}

/// The catalogue at the tenant's discounts. A price that the organisation wrote itself is what it
/// pays already.
fn discounted(catalogue: Arc<Catalogue>, discounts: &BTreeMap<String, Discount>) -> Arc<Catalogue> {
    if discounts.is_empty() {
        return catalogue;
    }
    Arc::new(Catalogue::clone(&catalogue).less(discounts))
}
