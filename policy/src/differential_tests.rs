//! Random policies and random calls: the engine and its naive twin must say the same.
//!
//! `ORCHESTACK_FULL=1` compares a million calls; otherwise ten thousand. The calls under one pair of
//! layers come from a few callers with a few lists of models, and many of them differ from the one
//! before in one fact, so that what the engine remembers of one call is put to use for another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use cedar_policy::{Authorizer, PolicySet};
use types::{Integrity, Label, Locality, Nanos};

use crate::{
    Caller, Engine, ModelCall, ModelFacts,
    ask::{AgentKind, Approved, SessionFacts},
    grant::Limits,
    meaning::Part,
    reason::DenyReason,
    reference::{Asked, Reference, Terms, words},
    testing::{CLOUD, LOCAL, approved, bundle, call, caller, grant},
};

const CONDITIONS: &[&str] = &[
    "true",
    "context.label_rank >= 2",
    "context.label == \"public\"",
    "context.integrity == \"trusted\"",
    "context.kinds.contains(\"email\")",
    "context.kinds.containsAny([\"card\", \"us_ssn\"])",
    "context.kinds.contains(\"personal\")",
    "context.request.stream",
    "context.request.tools && !context.request.images",
    "context.request.endpoint like \"*chat*\"",
    "context.request.input_tokens_bound > 1000",
    "context.request has max_output_tokens && context.request.max_output_tokens < 100",
    "context.budget has remaining && context.budget.remaining < 500000000",
    "context.budget.used_percent >= 80",
    "context.session.calls > 3",
    "context has approval && context.approval.approvers >= 2",
    "context has approval && context.approval.roles.contains(\"legal\")",
    "context has grant",
    "context has grant && context.grant has task",
    "context.now > datetime(\"2023-11-14T22:13:20Z\")",
    "context.now.toTime() < duration(\"12h\")",
    "resource.locality == \"local\"",
    "resource.locality != \"local\" && context.label_rank >= 1",
    "resource.size == \"small\" && resource.privacy == \"\"",
    "resource has retention_days && resource.retention_days <= 30",
    "resource.simulator",
    "principal.name == \"default\"",
    "principal in Orchestack::Group::\"writers\" && resource.name like \"g*\"",
    "principal in Orchestack::Tenant::\"default\"",
    "context.label_rank + context.budget.used_percent + 9223372036854775800 > 0",
    "resource.simulator && context.label_rank + 9223372036854775807 > 0",
];

const PRINCIPALS: &[&str] = &[
    "principal",
    "principal",
    "principal == Orchestack::Agent::\"default\"",
    "principal == Orchestack::Agent::\"other\"",
    "principal == Orchestack::SystemAgent::\"default\"",
    "principal in Orchestack::Group::\"writers\"",
    "principal in Orchestack::Group::\"readers\"",
    "principal in Orchestack::Tenant::\"default\"",
    "principal is Orchestack::Agent",
    "principal is Orchestack::SystemAgent in Orchestack::Tenant::\"default\"",
];

const RESOURCES: &[&str] = &[
    "resource",
    "resource",
    "resource == Orchestack::Model::\"gpt\"",
    "resource in Orchestack::Provider::\"openai\"",
    "resource in Orchestack::Provider::\"ollama\"",
    "resource is Orchestack::Model",
];

const OBLIGATIONS: &[&str] = &[
    "@redact(\"email,phone\")",
    "@redact(\"card\")",
    "@redact(\"personal\") @restore(\"email\")",
    "@redact(\"email, secret\") @restore(\"personal\")",
    "@restore(\"email, card\")",
    "@answer_redact(\"secret, card\")",
    "@answer_block(\"us_ssn\")",
    "@block(\"card\")",
    "@block(\"secret\")",
    "@block(\"us_ssn, aws_key\")",
    "@max_cost(\"0.50\")",
    "@max_cost(\"2\")",
    "@max_tokens(\"4096\")",
    "@log(\"full\")",
    "@audit(\"required\")",
    "@locality(\"local\")",
    "@retention(\"none\")",
    "@retention(\"30d\")",
    "@dry_run(\"only\")",
    "@approval(\"infra-admin\")",
    "@approval(\"infra-admin, legal\") @quorum(\"2\") @expires(\"4h\")",
    "@approval(\"auditor\") @quorum(\"3\")",
];

/// Numbers from a seed (SplitMix64): a failure is told by its seed and can be had again.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }

    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == 0
    }
}

fn policies(dice: &mut Dice, prefix: &str) -> String {
    let count = 1 + dice.roll(6);
    let one = |number: usize, dice: &mut Dice| {
        let permits = !dice.once_in(3);
        let mut text = format!("@id(\"{prefix}{number}\") ");
        if dice.once_in(3) {
            text += if permits { dice.pick(OBLIGATIONS) } else { "@reroute(\"local\")" };
        }
        let effect = if permits { "permit" } else { "forbid" };
        let (principal, resource) = (dice.pick(PRINCIPALS), dice.pick(RESOURCES));
        text += &format!(
            " {effect} ({principal}, action == Orchestack::Action::\"callModel\", {resource})"
        );
        for _ in 0..dice.roll(3) {
            let clause = if dice.once_in(4) { "unless" } else { "when" };
            text += &format!(" {clause} {{ {} }}", dice.pick(CONDITIONS));
        }
        text + ";\n"
    };
    (0..count).map(|number| one(number, dice)).collect()
}

fn any_caller(dice: &mut Dice) -> Caller {
    let mut caller = caller();
    if dice.once_in(4) {
        caller.agent_kind = AgentKind::System;
    }
    if dice.once_in(6) {
        "other".clone_into(&mut caller.agent_name);
    }
    if dice.once_in(6) {
        "elsewhere".clone_into(&mut caller.tenant_name);
    }
    if dice.once_in(3) {
        caller.groups = vec!["readers".to_owned(), "writers".to_owned()];
    }
    if dice.once_in(4) {
        let mut grant = grant();
        let models: &[&[&str]] = &[&["gpt"], &["gpt", "llama"], &[]];
        grant.limits = Limits {
            models: Some(dice.pick(models).iter().map(|id| (*id).to_owned()).collect()),
            label: dice.once_in(2).then(|| dice.pick(Label::ALL)),
            ..Limits::default()
        };
        caller.grant = Some(Arc::new(grant));
    }
    caller
}

fn any_models(dice: &mut Dice) -> [ModelFacts<'static>; 3] {
    let sizes = ["small", "medium", "large"];
    let any = |id, dice: &mut Dice| ModelFacts {
        id,
        provider: dice.pick(&["openai", "ollama", "simulator"]),
        locality: dice.pick(Locality::ALL),
        size: dice.pick(&sizes),
        privacy: dice.pick(&["", "no_training"]),
        retention_days: dice.pick(&[None, Some(0), Some(30), Some(365)]),
        simulator: dice.once_in(4),
    };
    [LOCAL, CLOUD, any("third", dice)]
}

/// Who calls, and what may be called.
struct Scene {
    caller: Caller,
    models: [ModelFacts<'static>; 3],
}

/// An approval that is too little for some, and one that is enough.
struct Approvals([Approved; 2]);

impl Approvals {
    fn new() -> Self {
        let roles = ["infra-admin".to_owned()].into();
        Self([Approved { approvers: 1, roles, ..approved() }, approved()])
    }
}

/// How many facts of a call there are to roll.
const FACTS: usize = 14;

/// Rolls one fact of a call anew.
fn roll<'c>(fact: usize, call: &mut ModelCall<'c>, given: &'c Approvals, dice: &mut Dice) {
    const KINDS: &[&[&str]] =
        &[&[], &["email"], &["card", "email"], &["us_ssn"], &["aws_key", "phone"]];
    const TIMES: &[i64] =
        &[-1, 0, 1_700_000_000_123_456, 1_700_000_000_000_000, 1_699_999_999_999_999];
    let Approvals([few, enough]) = given;
    let (request, budget) = (&mut call.request, &mut call.budget);
    match fact {
        0 => call.label = dice.pick(Label::ALL),
        1 => call.integrity = dice.pick(Integrity::ALL),
        2 => call.kinds = dice.pick(KINDS),
        3 => request.endpoint = dice.pick(&["/v1/chat/completions", "/v1/responses"]),
        4 => request.stream = dice.once_in(2),
        5 => request.tools = dice.once_in(2),
        6 => request.images = dice.once_in(3),
        7 => request.input_tokens_bound = dice.pick(&[0, 999, 1001, u64::MAX]),
        8 => request.max_output_tokens = dice.pick(&[None, Some(1), Some(100), Some(u64::MAX)]),
        9 => budget.remaining = dice.pick(&[None, Some(Nanos(0)), Some(Nanos(1_000_000_000))]),
        10 => budget.used_percent = dice.pick(&[0, 50, 80, 100]),
        11 => call.session = SessionFacts { id: None, calls: dice.pick(&[0, 3, 4, u64::MAX]) },
        12 => call.approval = dice.pick(&[None, None, Some(few), Some(enough)]),
        13 => call.now = types::Timestamp(dice.pick(TIMES)),
        _ => unreachable!("there are {FACTS} facts"),
    }
}

/// The meaning of both layers, as the solver sees it.
struct Meant([PolicySet; 2]);

impl Meant {
    fn of(engine: &Engine) -> Self {
        let agent = engine.meaning(Part::Agent("default"), "default");
        Self([engine.meaning(Part::Organisation, "default"), agent])
    }

    /// The meaning permits what the engine permits, and where no approval is there, nothing more.
    fn compare(
        &self,
        call: &ModelCall<'_>,
        models: &[ModelFacts<'_>],
        asked: &[Asked],
        decision: &crate::Decision,
    ) {
        let caller = call.caller;
        let is_default = caller.agent_kind == AgentKind::User
            && caller.agent_name == "default"
            && caller.tenant_name == "default";
        if !is_default || call.dry_run || caller.grant.is_some() {
            return;
        }
        for (model, asked) in models.iter().zip(asked) {
            let fails = decision
                .denied
                .iter()
                .any(|d| d.model == model.id && d.reason == DenyReason::Error);
            let Some((request, entities)) = asked.as_ref().filter(|_| !fails) else {
                continue;
            };
            let says = |set| Authorizer::new().is_authorized(request, set, entities).decision();
            let meant = self.0.iter().all(|set| says(set) == cedar_policy::Decision::Allow);
            let permitted = decision.permit.as_ref().is_some_and(|p| p.allowed(model.id).is_some());
            let agree =
                if call.approval.is_some() { meant || !permitted } else { meant == permitted };
            assert!(agree, "{} is permitted: {permitted}, meant: {meant}\n{call:?}", model.id);
        }
    }
}

/// What was compared.
#[derive(Default)]
struct Seen {
    /// Calls of which nothing was permitted, and those of which something was.
    denied: AtomicU64,
    permitted: AtomicU64,
    /// Groups of policies of which the engine remembered what holds.
    remembered: AtomicU64,
}

impl Seen {
    fn calls(&self) -> u64 {
        self.denied.load(Ordering::Relaxed) + self.permitted.load(Ordering::Relaxed)
    }
}

/// Compares [`CALLS`] random calls under one random pair of layers; none where the layers have a
/// policy that can never hold, which loading refuses.
fn compare(seed: u64, terms: &mut Terms, seen: &Seen) {
    let mut dice = Dice(seed);
    let (organisation, agent) = (policies(&mut dice, "o"), policies(&mut dice, "a"));
    let engine = match Engine::load(&bundle(&organisation, &agent)) {
        Ok(engine) => engine,
        Err(faults) => {
            let told = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert!(faults.iter().all(|f| f.message.contains("impossible")), "seed {seed}: {told}");
            return;
        }
    };
    let meant = Meant::of(&engine);
    let both = Reference::new(&organisation, Some(&agent));
    let alone = both.without_agent();
    let mut scene = || Scene { caller: any_caller(&mut dice), models: any_models(&mut dice) };
    let scenes: Vec<Scene> = (0..SCENES).map(|_| scene()).collect();
    let given = Approvals::new();
    let mut asked = call(&scenes[0].caller);
    for number in 0..CALLS {
        let Scene { caller, models } = &scenes[dice.roll(SCENES)];
        asked.caller = caller;
        asked.dry_run = dice.once_in(5);
        if number == 0 || dice.once_in(3) {
            (0..FACTS).for_each(|fact| roll(fact, &mut asked, &given, &mut dice));
        } else {
            roll(dice.roll(FACTS), &mut asked, &given, &mut dice);
        }
        let reference = if caller.agent_name == "default" { &both } else { &alone };
        let in_terms = terms.of(&asked, models);
        let expected = reference.decide(&asked, models, &in_terms);
        let decision = engine.decide(&asked, models);
        assert_eq!(
            words(&decision),
            expected,
            "seed {seed}, call {number}:\n{organisation}{agent}{asked:?}\n{models:?}",
        );
        let count = if decision.permit.is_some() { &seen.permitted } else { &seen.denied };
        count.fetch_add(1, Ordering::Relaxed);
        meant.compare(&asked, models, &in_terms, &decision);
    }
    seen.remembered.fetch_add(engine.memo().held.recalled(), Ordering::Relaxed);
}

/// How many calls are compared under one pair of layers, and who makes them.
const CALLS: usize = 50;
const SCENES: usize = 8;

#[test]
#[expect(clippy::disallowed_methods, reason = "the long form is asked for from outside")]
fn the_engine_and_its_naive_twin_agree() {
    let full = std::env::var_os("ORCHESTACK_FULL").is_some();
    let wanted = if full { 1_000_000 } else { 10_000 };
    let (seen, next) = (Seen::default(), AtomicU64::new(0));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut terms = Terms::default();
                while seen.calls() < wanted {
                    compare(next.fetch_add(1, Ordering::Relaxed), &mut terms, &seen);
                }
            });
        }
    });
    // Agreement on one answer only would say little, and so would it if nothing were remembered.
    let Seen { denied, permitted, remembered } = &seen;
    let [denied, permitted, remembered] =
        [denied, permitted, remembered].map(|count| count.load(Ordering::Relaxed));
    assert!(
        permitted * 20 > denied && denied * 20 > permitted,
        "{denied} denied, {permitted} permitted"
    );
    assert!(remembered * 4 > wanted, "{remembered} groups were remembered");
    println!(
        "{} calls agree: {permitted} permitted something, {denied} nothing; \
         what holds of a group was remembered {remembered} times",
        denied + permitted
    );
}

/// The comparison finds what it is there to find: a twin that knows other policies.
#[test]
#[should_panic(expected = "seed")]
fn a_difference_is_found() {
    let organisation = "@id(\"o0\") permit (principal, action, resource);";
    let engine =
        Engine::load(&bundle(organisation, organisation.replace("o0", "a0").as_str())).unwrap();
    let reference = Reference::new(
        organisation,
        Some("@id(\"a0\") permit (principal, action, resource) when { resource.simulator };"),
    );
    let caller = caller();
    let asked = call(&caller);
    let in_terms = Terms::default().of(&asked, &[CLOUD]);
    let expected = reference.decide(&asked, &[CLOUD], &in_terms);
    assert_eq!(words(&engine.decide(&asked, &[CLOUD])), expected, "seed");
}
