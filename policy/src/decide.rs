//! The decision about a model call, and the only maker of a [`Permit`].

use std::{collections::BTreeSet, sync::Arc};

use types::{
    AgentId, ApprovalId, Integrity, KeyId, Label, Locality, RequestId, TenantId, Timestamp,
};

use crate::{
    ask::{Approved, Caller, ModelCall, ModelFacts},
    grant::Grant,
    layer::{Says, Verdict},
    load::Engine,
    mapper::Unmappable,
    memo::Weigh,
    obligation::Obligations,
    reason::{DenyReason, Layer},
    rule::Rule,
    slice::Held,
};

/// What was decided about one call and a list of models.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The permit; `None` where no model is permitted.
    pub permit: Option<Permit>,
    /// Every model that is denied, with the reason, in the order in which they were asked about.
    pub denied: Vec<Denied>,
}

/// Proof that policy permits a call to certain models. Only [`Engine::decide`] makes one: the
/// fields are private to this file.
#[derive(Debug, Clone)]
pub struct Permit {
    request: RequestId,
    commit: String,
    caller: Caller,
    label: Label,
    integrity: Integrity,
    approval: Option<ApprovalId>,
    decided_at: Timestamp,
    models: Arc<[Allowed]>,
}

/// One model that a permit covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    model: String,
    provider: String,
    locality: Locality,
    policies: Vec<String>,
    obligations: Obligations,
}

/// One model that is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The model's registered id.
    pub model: String,
    /// Why.
    pub reason: DenyReason,
    /// The policies that decided; empty where the reason is that none permits.
    pub policies: Vec<String>,
    /// Whether a permitted local model may serve the call instead: a forbid decided, and every
    /// forbid of both layers that did is annotated `@reroute("local")`.
    pub reroute_local: bool,
}

/// What was decided about a list of models.
#[derive(Debug)]
pub(crate) struct Answers {
    allowed: Arc<[Allowed]>,
    denied: Vec<Denied>,
}

impl Engine {
    /// Decides one call for every model that could serve it. Pure, and it never fails: what cannot
    /// be evaluated is denied.
    pub fn decide(&self, call: &ModelCall<'_>, models: &[ModelFacts<'_>]) -> Decision {
        let found = self.families().closed(call.kinds);
        let call = &ModelCall { kinds: &found, ..*call };
        let caller = call.caller;
        let (models, outside) = within(caller.grant.as_deref(), call.label, models);
        let answers = match &*self.slice(caller, &models) {
            Ok(slice) => self.memo().answers.recall(slice.key(call).as_bytes(), || {
                self.evaluate(self.held(slice, call).as_deref().ok(), &models, call)
            }),
            Err(Unmappable) => Arc::new(self.evaluate(None, &models, call)),
        };
        let approval = call.approval.filter(|_| answers.need_approval()).map(|given| given.id);
        let permit = (!answers.allowed.is_empty()).then(|| Permit {
            request: call.id,
            commit: self.commit().to_owned(),
            caller: caller.clone(),
            label: call.label,
            integrity: call.integrity,
            approval,
            decided_at: call.now,
            models: Arc::clone(&answers.allowed),
        });
        let mut denied = answers.denied.clone();
        denied.extend(outside);
        Decision { permit, denied }
    }

    /// Takes the decision from what holds: from nothing where the call cannot be put into Cedar's
    /// terms. It sees of the call only what the key of the decision has.
    fn evaluate(
        &self,
        held: Option<&[Held]>,
        models: &[ModelFacts<'_>],
        call: &ModelCall<'_>,
    ) -> Answers {
        let (organisation, own) =
            (self.calls().organisation(), self.calls().agent(&call.caller.agent_name));
        let mut allowed = Vec::with_capacity(models.len());
        let mut denied = Vec::new();
        for (model, place) in models.iter().zip(0_u32..) {
            let answer =
                held.ok_or_else(|| Denied::new(model, DenyReason::Error)).and_then(|held| {
                    let [by_organisation, by_agent] = of_model(held, place);
                    let agent = own.map_or(Verdict::NOTHING, |own| own.verdict(by_agent));
                    combine(call, model, &organisation.verdict(by_organisation), &agent)
                });
            match answer {
                Ok(model) => allowed.push(model),
                Err(denial) => denied.push(denial),
            }
        }
        Answers { allowed: allowed.into(), denied }
    }
}

/// What holds of the organisation's layer and of the agent's for one model.
fn of_model(held: &[Held], model: u32) -> [&[Held]; 2] {
    let (_, from) = held.split_at(held.partition_point(|one| one.model < model));
    let (of_model, _) = from.split_at(from.partition_point(|one| one.model == model));
    let by_agent = of_model.partition_point(|one| one.layer == Layer::Organisation);
    of_model.split_at(by_agent).into()
}

/// Both layers must permit, and what their permits ask for must hold.
fn combine(
    call: &ModelCall<'_>,
    model: &ModelFacts<'_>,
    organisation: &Verdict<'_>,
    agent: &Verdict<'_>,
) -> Result<Allowed, Denied> {
    let permits = join(organisation, Some(agent)).map_err(|refused| {
        let Refused { reason, policies, reroute_local } = refused;
        Denied { reroute_local, ..Denied::new(model, reason) }.by(policies)
    })?;
    let mut obligations = Obligations::default();
    permits.iter().for_each(|rule| obligations.join(&rule.obligations));
    if let Some((reason, asks)) = unmet(&obligations, model, call) {
        let by = permits.iter().filter(|rule| asks(&rule.obligations)).map(|rule| rule.id.clone());
        return Err(Denied::new(model, reason).by(by.collect()));
    }
    Ok(Allowed {
        model: model.id.to_owned(),
        provider: model.provider.to_owned(),
        locality: model.locality,
        policies: permits.iter().map(|rule| rule.id.clone()).collect(),
        obligations,
    })
}

/// Why the layers together do not permit.
pub(crate) struct Refused {
    pub(crate) reason: DenyReason,
    pub(crate) policies: Vec<String>,
    pub(crate) reroute_local: bool,
}

/// The permits of both layers where both permit; of the organisation's alone where there is no
/// other. A policy that cannot be evaluated refuses first, then a forbid, then silence.
pub(crate) fn join<'r>(
    organisation: &Verdict<'r>,
    agent: Option<&Verdict<'r>>,
) -> Result<Vec<&'r Rule>, Refused> {
    let layers = [(Layer::Organisation, Some(organisation)), (Layer::Agent, agent)];
    let layers = layers.into_iter().filter_map(|(layer, verdict)| Some((layer, verdict?)));
    let saying = |says: Says| layers.clone().filter(move |(_, verdict)| verdict.says == says);
    let rules = |says: Says| -> Vec<&'r Rule> {
        saying(says).flat_map(|(_, verdict)| verdict.rules.iter().copied()).collect()
    };
    let refuse = |reason, rules: Vec<&Rule>, reroute_local| {
        let policies = rules.iter().map(|rule| rule.id.clone()).collect();
        Err(Refused { reason, policies, reroute_local })
    };
    if saying(Says::Error).next().is_some() {
        return refuse(DenyReason::Error, rules(Says::Error), false);
    }
    if let Some((layer, _)) = saying(Says::No).next() {
        let forbids = rules(Says::No);
        let reroute_local = forbids.iter().all(|rule| rule.reroute_local);
        return refuse(DenyReason::Forbidden { layer }, forbids, reroute_local);
    }
    if let Some((layer, _)) = saying(Says::Nothing).next() {
        return refuse(DenyReason::NoPermit { layer }, Vec::new(), false);
    }
    Ok(rules(Says::Yes))
}

/// Whether one policy's obligations are among those that make a reason.
type Asks<'a> = Box<dyn Fn(&Obligations) -> bool + 'a>;

/// A condition of a permit that does not hold, with what tells the policies that set it.
pub(crate) type Unmet<'a> = (DenyReason, Asks<'a>);

/// The first condition of a permit that does not hold, with what tells the policies that set it.
/// Whatever cannot be mended comes before an approval: nobody is asked in vain.
fn unmet<'a>(
    joined: &Obligations,
    model: &ModelFacts<'_>,
    call: &'a ModelCall<'_>,
) -> Option<Unmet<'a>> {
    if let Some(unmet) = blocked(joined, call.kinds) {
        return Some(unmet);
    }
    if joined.local_only && model.locality != Locality::Local {
        return Some((DenyReason::NotLocal, Box::new(|one| one.local_only)));
    }
    if let Some(days) = joined.retention_days
        && model.retention_days.is_none_or(|kept| kept > days)
    {
        let asks = move |one: &Obligations| one.retention_days == Some(days);
        return Some((DenyReason::Retention { days }, Box::new(asks)));
    }
    unasked(joined, call.dry_run, call.approval)
}

/// The kinds that a permit holds only without.
pub(crate) fn blocked<'a>(joined: &Obligations, found: &'a [&'a str]) -> Option<Unmet<'a>> {
    let kinds: BTreeSet<String> = found
        .iter()
        .filter(|kind| joined.block.contains(**kind))
        .map(|kind| (*kind).to_owned())
        .collect();
    let asks = move |one: &Obligations| found.iter().any(|kind| one.block.contains(*kind));
    (!kinds.is_empty()).then(|| (DenyReason::Blocked { kinds }, Box::new(asks) as Asks<'a>))
}

/// What a permit holds only with: that nothing is done, or that people were asked.
pub(crate) fn unasked<'a>(
    joined: &Obligations,
    dry_run: bool,
    approval: Option<&Approved>,
) -> Option<Unmet<'a>> {
    if joined.dry_run_only && !dry_run {
        return Some((DenyReason::DryRunOnly, Box::new(|one| one.dry_run_only)));
    }
    let need = joined.approval.as_ref()?;
    // A dry run asks nobody: it tells that an approval would be needed.
    let given = dry_run || approval.is_some_and(|given| need.is_met_by(given));
    let reason = DenyReason::ApprovalRequired { need: need.clone() };
    (!given).then(|| (reason, Box::new(|one: &Obligations| one.approval.is_some()) as Asks<'a>))
}

/// The models that a grant covers, and the denials of those that it does not.
fn within<'m>(
    grant: Option<&Grant>,
    label: Label,
    models: &[ModelFacts<'m>],
) -> (Vec<ModelFacts<'m>>, Vec<Denied>) {
    let covered = |model: &ModelFacts<'_>| {
        grant.is_none_or(|grant| grant.limits.covers_model(model.id, label))
    };
    let (inside, outside): (Vec<_>, Vec<_>) =
        models.iter().copied().partition(|model| covered(model));
    (inside, outside.iter().map(|model| Denied::new(model, DenyReason::OutsideGrant)).collect())
}

impl Answers {
    /// Whether an approval made any of it permitted.
    fn need_approval(&self) -> bool {
        self.allowed.iter().any(|allowed| allowed.obligations.approval.is_some())
    }
}

impl Weigh for Answers {
    fn bytes(&self) -> usize {
        let texts = |texts: &[String]| -> usize {
            texts.iter().map(|text| text.len().saturating_add(size_of::<String>())).sum()
        };
        let allowed = |one: &Allowed| {
            size_of::<Allowed>()
                .saturating_add(texts(&one.policies))
                .saturating_add(one.obligations.bytes())
        };
        let denied = |one: &Denied| size_of::<Denied>().saturating_add(texts(&one.policies));
        let all = self.allowed.iter().map(allowed).chain(self.denied.iter().map(denied));
        all.fold(0, usize::saturating_add)
    }
}

impl Denied {
    fn new(model: &ModelFacts<'_>, reason: DenyReason) -> Self {
        let model = model.id.to_owned();
        Self { model, reason, policies: Vec::new(), reroute_local: false }
    }

    fn by(self, policies: Vec<String>) -> Self {
        Self { policies, ..self }
    }
}

impl Permit {
    /// The request that was decided.
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The commit whose policies decided.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Who called.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The caller's tenant.
    pub const fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    /// The agent that called.
    pub const fn agent(&self) -> AgentId {
        self.caller.agent
    }

    /// The key that authenticated the call.
    pub const fn key(&self) -> Option<KeyId> {
        self.caller.key
    }

    /// How confidential the content is.
    pub const fn label(&self) -> Label {
        self.label
    }

    /// Whether the content may be trusted.
    pub const fn integrity(&self) -> Integrity {
        self.integrity
    }

    /// The approval that the permit stands on: it must be used up before anything is called.
    pub const fn approval(&self) -> Option<ApprovalId> {
        self.approval
    }

    /// When it was decided.
    pub const fn decided_at(&self) -> Timestamp {
        self.decided_at
    }

    /// Every permitted model, in the order in which they were asked about.
    pub fn models(&self) -> impl ExactSizeIterator<Item = &Allowed> {
        self.models.iter()
    }

    /// The most output tokens of a call of this model, all choices together: what policies oblige to
    /// and what the grant leaves.
    pub fn max_tokens(&self, model: &str) -> Option<u64> {
        let obliged = self.allowed(model).and_then(|allowed| allowed.obligations.max_tokens);
        let granted = self.caller.grant.as_ref().and_then(|grant| grant.limits.max_tokens);
        [obliged, granted].into_iter().flatten().min()
    }

    /// One model by its registered id; `None` where it is not permitted.
    pub fn allowed(&self, model: &str) -> Option<&Allowed> {
        self.models.iter().find(|allowed| allowed.model == model)
    }
}

impl Allowed {
    /// The model's registered id.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The name of its provider.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Where it runs.
    pub const fn locality(&self) -> Locality {
        self.locality
    }

    /// The ids of the policies of both layers that permit it.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// What must be done for the permit to hold.
    pub const fn obligations(&self) -> &Obligations {
        &self.obligations
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
