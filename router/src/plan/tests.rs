use std::collections::BTreeMap;

use policy::{
    AgentKind, AgentSource, BudgetFacts, Bundle, Caller, Decision, Engine, ModelCall, ModelFacts,
    RequestFacts, SessionFacts, Source,
};
use proptest::prelude::*;
use types::{AgentId, Integrity, Nanos, RequestId, SizeClass, TenantId, Timestamp};

use super::*;
use crate::{
    candidates::candidates,
    health::{Limits, Outcome},
    registry::{
        Registry,
        tests::{model, provider},
    },
};

const ALL: &str = "permit(principal, action == Orchestack::Action::\"callModel\", resource);";

fn engine(organisation: &str) -> Engine {
    let source =
        |file: &str, text: &str| vec![Source { file: file.to_owned(), text: text.to_owned() }];
    let bundle = Bundle {
        commit: "c0ffee".to_owned(),
        organisation: source("policies/a.cedar", organisation),
        agents: BTreeMap::from([(
            "bot".to_owned(),
            AgentSource { policies: source("agents/bot/a.cedar", ALL), ..AgentSource::default() },
        )]),
        kinds: &[],
        ..Bundle::default()
    };
    Engine::load(&bundle).unwrap()
}

/// Permits everything but the named models; of those, the first list is rerouted.
fn except<S: AsRef<str>>(rerouted: &[S], closed: &[S]) -> Engine {
    let forbid = |reroute: &str, id: &S| {
        let id = id.as_ref();
        format!(
            "@id(\"no-{id}\") {reroute} forbid(principal, action == Orchestack::Action::\"callModel\", resource == Orchestack::Model::\"{id}\");\n"
        )
    };
    let mut text = format!("{ALL}\n");
    text.extend(rerouted.iter().map(|id| forbid("@reroute(\"local\")", id)));
    text.extend(closed.iter().map(|id| forbid("", id)));
    engine(&text)
}

fn decide(engine: &Engine, found: &Candidates<'_>, label: Label) -> Decision {
    let caller = Caller {
        tenant: TenantId::from_parts(1, 1),
        tenant_name: "default".to_owned(),
        agent: AgentId::from_parts(1, 1),
        agent_name: "bot".to_owned(),
        agent_kind: AgentKind::User,
        groups: Vec::new(),
        key: None,
        grant: None,
    };
    let call = ModelCall {
        id: RequestId::from_parts(1, 1),
        caller: &caller,
        label,
        integrity: Integrity::Trusted,
        request: RequestFacts { endpoint: "/v1/chat/completions", ..RequestFacts::default() },
        kinds: &[],
        budget: BudgetFacts::default(),
        session: SessionFacts::default(),
        now: Timestamp(1_800_000_000_000_000),
        approval: None,
        dry_run: false,
    };
    let models: Vec<_> = found
        .all()
        .map(|model| ModelFacts {
            id: &model.id,
            provider: &model.provider,
            locality: model.locality,
            size: model.size.as_str(),
            privacy: &model.privacy,
            retention_days: None,
            simulator: false,
        })
        .collect();
    engine.decide(&call, &models)
}

/// Everything that a test may bend; the rest is as plain as can be.
struct Scene {
    registry: Registry,
    engine: Engine,
    label: Label,
    needs: Needs,
    health: HealthTable,
    now: Moment,
    weights: Option<Weights>,
    floor: Option<u8>,
    max_attempts: usize,
    quote: fn(&Model) -> Quote,
    expressible: fn(&Model) -> Result<(), String>,
}

fn cost(model: &Model) -> Quote {
    let local = model.locality == Locality::Local;
    let dollars = if local { 0 } else { i64::from(model.quality) + 1 };
    Quote::Priced(Nanos(dollars))
}

impl Scene {
    /// Two cloud and two local models; everything is permitted.
    fn new() -> Self {
        let with = |id: &str, provider: &str, size, quality| Model {
            quality,
            ..model(id, provider, size)
        };
        let mini = Model {
            fallbacks: vec!["max".to_owned(), "tiny".to_owned()],
            ..with("mini", "cloud", SizeClass::Small, 60)
        };
        let models = vec![
            mini,
            with("max", "cloud", SizeClass::Large, 95),
            with("tiny", "local", SizeClass::Small, 20),
            with("tower", "local", SizeClass::Large, 70),
        ];
        let providers =
            vec![provider("cloud", Locality::Cloud), provider("local", Locality::Local)];
        Self::of(Registry::build(providers, models).unwrap(), engine(ALL))
    }

    fn of(registry: Registry, engine: Engine) -> Self {
        Self {
            registry,
            engine,
            label: Label::Internal,
            needs: Needs { input_tokens: 100, ..Needs::default() },
            health: HealthTable::new(Limits::default()),
            now: Moment::from_secs(1),
            weights: None,
            floor: None,
            max_attempts: 8,
            quote: cost,
            expressible: |_| Ok(()),
        }
    }

    /// `None` where policy denies everything, so that there is nothing to plan with.
    fn plan(&self, asked: &str) -> Option<Result<Plan, NoRoute>> {
        let found = candidates(&self.registry, asked).unwrap();
        let decision = decide(&self.engine, &found, self.label);
        let facts = Facts {
            needs: self.needs,
            denied: &decision.denied,
            local_from: Label::Restricted,
            health: &self.health,
            now: self.now,
            costs: &self.quote,
            expressible: &self.expressible,
            weights: self.weights,
            difficulty: self.floor.map(|floor| Difficulty { floor, signs: Vec::new() }),
            max_attempts: self.max_attempts,
        };
        decision.permit.map(|permit| plan(&permit, &found, &facts))
    }

    #[track_caller]
    fn check(&self, asked: &str, expected: &[&str]) {
        let plan = self.plan(asked).unwrap().unwrap();
        let models: Vec<_> = plan.attempts().iter().map(|c| c.model.as_str()).collect();
        assert_eq!(models, expected, "{asked}");
    }

    #[track_caller]
    fn dropped(&self, asked: &str, model: &str) -> DropReason {
        let dropped = match self.plan(asked).unwrap() {
            Ok(plan) => plan.dropped().to_vec(),
            Err(error) => error.dropped,
        };
        dropped.into_iter().find(|d| d.model == model).unwrap().reason
    }
}

#[test]
fn a_named_model_goes_first_and_its_fallbacks_follow_as_declared() {
    Scene::new().check("mini", &["mini", "max", "tiny"]);
    assert_eq!(Scene::new().dropped("mini", "tower"), DropReason::NotAsked);
}

#[test]
fn auto_prefers_small_local_models_and_each_variant_its_own_aim() {
    let mut scene = Scene::new();
    scene.check("auto", &["tiny", "tower", "mini", "max"]);
    scene.check("auto:local", &["tiny", "tower"]);
    scene.check("auto:best", &["max", "tower", "mini", "tiny"]);
    scene.check("auto:cheap", &["tiny", "tower", "mini", "max"]);
    assert_eq!(scene.dropped("auto:local", "max"), DropReason::WrongVariant);
    let took = |ms| Outcome::Began { first_byte: Duration::from_millis(ms), input_tokens: 100 };
    scene.health.record("cloud", "max", took(5), Moment::ZERO);
    // Of the others nothing is known, which one call each finds out.
    scene.check("auto:fast", &["tiny", "tower", "mini", "max"]);
    scene.health.record("local", "tiny", Outcome::Dispatched, Moment::ZERO);
    scene.check("auto:fast", &["tower", "mini", "max", "tiny"]);
    for (provider, model, ms) in [("local", "tiny", 7), ("local", "tower", 6), ("cloud", "mini", 8)]
    {
        scene.health.record(provider, model, took(ms), Moment::ZERO);
    }
    scene.check("auto:fast", &["max", "tower", "tiny", "mini"]);
    // One that has been silent for longer than the others take goes behind them.
    scene.health.record("cloud", "max", Outcome::Dispatched, Moment::ZERO);
    scene.check("auto:fast", &["tower", "tiny", "mini", "max"]);
}

#[test]
fn weights_that_are_set_go_before_the_default_order() {
    let mut scene = Scene::new();
    scene.weights = Some(Weights { cost: 0, latency: 0, quality: 100 });
    scene.check("auto", &["max", "tower", "mini", "tiny"]);
    scene.weights = Some(Weights { cost: 0, latency: 0, quality: 0 });
    scene.check("auto", &["tiny", "tower", "mini", "max"]);
    // A model that was named stays first.
    scene.weights = Some(Weights { cost: 100, latency: 0, quality: 0 });
    scene.check("max", &["max"]);
}

#[test]
fn auto_puts_models_below_the_floor_behind_all_others() {
    let mut scene = Scene::new();
    scene.floor = Some(60);
    scene.check("auto", &["tower", "mini", "max", "tiny"]);
    scene.check("auto:cheap", &["tower", "mini", "max", "tiny"]);
    scene.check("auto:local", &["tower", "tiny"]);
    scene.check("auto:best", &["max", "tower", "mini", "tiny"]);
    // Where none is good enough, the best of them is the nearest.
    scene.floor = Some(100);
    scene.check("auto", &["max", "tower", "mini", "tiny"]);
    // Who names a model has decided, fallbacks included; and no floor lifts a label.
    scene.check("mini", &["mini", "max", "tiny"]);
    assert_eq!(scene.plan("mini").unwrap().unwrap().difficulty(), None);
    scene.label = Label::Restricted;
    scene.check("auto", &["tower", "tiny"]);
}

#[test]
fn restricted_content_stays_local_whatever_policy_says() {
    let mut scene = Scene::new();
    scene.label = Label::Restricted;
    scene.check("auto", &["tiny", "tower"]);
    scene.check("mini", &["tiny"]);
    let reason = DropReason::Locality { label: Label::Restricted };
    assert_eq!(scene.dropped("mini", "mini"), reason);
    let refused = scene.plan("max").unwrap().unwrap_err();
    assert!(refused.is_denied() && !refused.is_unaffordable());
}

#[test]
fn a_denied_model_is_replaced_by_local_ones_only_where_policy_says_so() {
    let mut scene = Scene::new();
    scene.engine = except(&["mini"], &[]);
    scene.check("mini", &["tiny", "tower"]);
    assert_eq!(scene.dropped("mini", "max"), DropReason::NotAsked);
    scene.engine = except(&["mini"], &["tiny"]);
    scene.check("mini", &["tower"]);
    scene.engine = except(&[], &["mini"]);
    let refused = scene.plan("mini").unwrap().unwrap_err();
    assert!(refused.is_denied());
    assert_eq!(refused.policies().into_iter().collect::<Vec<_>>(), ["no-mini"]);
}

#[test]
fn a_fallback_that_policy_denies_is_left_out() {
    let mut scene = Scene::new();
    scene.engine = except(&["max"], &[]);
    scene.check("mini", &["mini", "tiny"]);
    let policies = vec!["no-max".to_owned()];
    assert_eq!(scene.dropped("mini", "max"), DropReason::NotPermitted { policies });
}

#[test]
fn what_a_model_cannot_do_rules_it_out_with_the_reason() {
    let mut scene = Scene::new();
    scene.needs.images = true;
    assert_eq!(scene.dropped("max", "max"), DropReason::MissingCapability { name: "images" });
    scene.needs = Needs { input_tokens: 7_000, max_output_tokens: Some(9_999), ..scene.needs };
    scene.needs.images = false;
    let reason = DropReason::ContextTooLong { needed: 9_000, has: 8_000 };
    assert_eq!(scene.dropped("max", "max"), reason);
    scene.needs.max_output_tokens = None;
    scene.check("max", &["max"]);
    scene.expressible = |_| Err("logit_bias".to_owned());
    let reason = DropReason::CannotExpress { field: "logit_bias".to_owned() };
    assert_eq!(scene.dropped("max", "max"), reason);
}

#[test]
fn what_cannot_be_paid_is_ruled_out() {
    let mut scene = Scene::new();
    scene.quote = |_| Quote::Unaffordable;
    assert!(scene.plan("mini").unwrap().unwrap_err().is_unaffordable());
    scene.quote = |model| match model.locality {
        Locality::Local => Quote::Priced(Nanos::ZERO),
        Locality::Cloud => Quote::NoPrice,
    };
    scene.check("mini", &["tiny"]);
    assert_eq!(scene.dropped("mini", "mini"), DropReason::NoPrice);
}

#[test]
fn a_resting_endpoint_is_passed_over_and_says_for_how_long() {
    let mut scene = Scene::new();
    let busy = Outcome::Busy { retry_after: Some(Duration::from_secs(31)) };
    scene.health.record("cloud", "mini", busy, Moment::ZERO);
    scene.check("mini", &["max", "tiny"]);
    scene.health.record("cloud", "max", busy, Moment::ZERO);
    let resting = scene.plan("max").unwrap().unwrap_err();
    assert_eq!(resting.retry_after(), Some(Duration::from_secs(30)));
    assert!(!resting.is_denied());
}

#[test]
fn a_plan_has_a_bound_and_tells_what_it_spared() {
    let mut scene = Scene::new();
    scene.max_attempts = 2;
    scene.check("auto", &["tiny", "tower"]);
    assert_eq!(scene.dropped("auto", "max"), DropReason::Spare);
    scene.max_attempts = 0;
    scene.check("auto", &["tiny"]);
}

#[test]
fn a_plan_is_told_as_json() {
    let mut scene = Scene::new();
    scene.engine = except(&["mini"], &[]);
    scene.weights = Some(Weights { cost: 50, latency: 50, quality: 50 });
    let plan = scene.plan("mini").unwrap().unwrap();
    insta::assert_json_snapshot!(plan);
}

/// One model of a random registry: locality, size, quality, context, enabled, fallback, permission.
type Draw = (bool, usize, u8, u64, bool, usize, u8);

fn random_scene(draws: &[Draw], label: Label, failed: &[bool]) -> Scene {
    let id = |i: usize| format!("m{i}");
    let (mut rerouted, mut closed) = (Vec::new(), Vec::new());
    let mut models = Vec::new();
    for (i, (local, size, quality, context, enabled, fallback, permission)) in
        draws.iter().enumerate()
    {
        match permission {
            0 => rerouted.push(id(i)),
            1 => closed.push(id(i)),
            _ => {}
        }
        let other = fallback % draws.len();
        let size = SizeClass::ALL[size % 3];
        models.push(Model {
            quality: *quality,
            context_tokens: *context,
            max_output_tokens: 10,
            enabled: *enabled,
            upstream: format!("u{}", i % 3),
            fallbacks: (other != i).then(|| id(other)).into_iter().collect(),
            ..model(&id(i), if *local { "local" } else { "cloud" }, size)
        });
    }
    let providers = vec![provider("cloud", Locality::Cloud), provider("local", Locality::Local)];
    let registry = Registry::build(providers, models).unwrap();
    let mut scene = Scene { label, ..Scene::of(registry, except(&rerouted, &closed)) };
    for (i, failed) in failed.iter().enumerate() {
        let provider = scene.registry.model(&id(i)).map(|model| model.provider.clone());
        if let (true, Some(provider)) = (*failed, provider) {
            let busy = Outcome::Busy { retry_after: Some(Duration::from_secs(60)) };
            scene.health.record(&provider, &id(i), busy, Moment::ZERO);
        }
    }
    scene
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_plan_holds_a_model_that_label_or_permit_forbids(
        draws in prop::collection::vec(
            (any::<bool>(), 0..3_usize, 0..=100_u8, 50..400_u64, any::<bool>(), 0..8_usize, 0..5_u8),
            1..7,
        ),
        label in prop::sample::select(Label::ALL.to_vec()),
        failed in prop::collection::vec(any::<bool>(), 7),
        asked in 0..12_usize,
        weights in prop::option::of((0..=100_u8, 0..=100_u8, 0..=100_u8)),
        floor in prop::option::of(0..=100_u8),
    ) {
        let mut scene = random_scene(&draws, label, &failed);
        scene.weights = weights.map(|(cost, latency, quality)| Weights { cost, latency, quality });
        scene.floor = floor;
        let names = ["auto", "auto:cheap", "auto:fast", "auto:local", "auto:best"];
        let asked = names.get(asked).map_or_else(
            || format!("m{}", asked % draws.len()),
            |name| (*name).to_owned(),
        );
        let found = candidates(&scene.registry, &asked).unwrap();
        let Some(result) = scene.plan(&asked) else { return Ok(()) };
        // The same facts give the same plan.
        let again = scene.plan(&asked);
        prop_assert_eq!(Some(&result), again.as_ref());
        let dropped = match &result {
            Ok(plan) => plan.dropped(),
            Err(error) => &error.dropped,
        };
        let attempts = result.as_ref().map(Plan::attempts).unwrap_or_default();
        // Every candidate is either tried or explained, once.
        let mut told: Vec<_> = attempts.iter().map(|c| c.model.as_str()).collect();
        told.extend(dropped.iter().map(|d| d.model.as_str()));
        told.sort_unstable();
        let mut all: Vec<_> = found.all().map(|model| model.id.as_str()).collect();
        all.sort_unstable();
        prop_assert_eq!(told, all);
        for choice in attempts {
            let i: usize = choice.model[1..].parse().unwrap();
            let (local, .., context, enabled, _, permission) = draws[i];
            prop_assert!(permission > 1, "{} is forbidden", choice.model);
            prop_assert!(label < Label::Restricted || local, "{} leaks", choice.model);
            prop_assert!(enabled && context >= 101 && !failed[i]);
        }
        if let Some(requested) = found.requested() {
            let first = attempts.iter().position(|choice| choice.model == requested.id);
            prop_assert!(first.is_none_or(|place| place == 0));
            let refused = draws[requested.id[1..].parse::<usize>().unwrap()].6;
            // A closed denial is final; a rerouted one stays local.
            prop_assert!(refused != 1 || attempts.is_empty());
            prop_assert!(refused != 0 || attempts.iter().all(|c| c.locality == Locality::Local));
        }
    }

    #[test]
    fn a_higher_floor_never_chooses_a_weaker_model_and_loses_none(
        draws in prop::collection::vec(
            (any::<bool>(), 0..3_usize, 0..=100_u8, 200..400_u64, Just(true), 0..8_usize, 2..5_u8),
            1..7,
        ),
        floors in (0..=100_u8, 0..=100_u8),
        asked in prop::sample::select(vec!["auto", "auto:cheap", "auto:fast", "auto:best"]),
        weights in prop::option::of((0..=100_u8, 0..=100_u8, 0..=100_u8)),
    ) {
        let mut scene = random_scene(&draws, Label::Public, &[]);
        scene.weights = weights.map(|(cost, latency, quality)| Weights { cost, latency, quality });
        let mut chosen = |floor| {
            scene.floor = floor;
            let plan = scene.plan(asked).unwrap().unwrap();
            plan.attempts().iter().map(|c| (c.quality, c.model.clone())).collect::<Vec<_>>()
        };
        let (low, high) = (floors.0.min(floors.1), floors.0.max(floors.1));
        let (without, low_first, with) = (chosen(None), chosen(Some(low)), chosen(Some(high)));
        prop_assert!(low_first[0].0 <= with[0].0);
        let weak = |choice: &(u8, String)| high.saturating_sub(choice.0);
        prop_assert!(with.is_sorted_by_key(weak), "{:?}", with);
        let sorted = |mut models: Vec<(u8, String)>| { models.sort(); models };
        prop_assert_eq!(sorted(without), sorted(with));
    }
}
