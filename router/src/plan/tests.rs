use std::collections::BTreeMap;

use policy::{
    AgentKind, AgentSource, BudgetFacts, Bundle, Caller, Decision, Engine, ModelCall, ModelFacts,
    RequestFacts, SessionFacts, Source,
};
use types::{
    AgentId, Integrity, Label, Locality, Nanos, RequestId, SizeClass, TenantId, Timestamp,
};

use super::*;
use crate::{
    candidates::candidates,
    filter::{Needs, Quote},
    health::{HealthTable, Limits, Moment, Outcome},
    opinion::{Nonsense, Opinion},
    rank::Weights,
    registry::{
        Capabilities, Model, Purpose, Registry,
        tests::{model, provider},
    },
};

mod opinions;
mod random;
mod vectors;

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
    local_from: Label,
    /// The agent's own.
    fallbacks: Vec<String>,
    /// What a scorer answers, and how much that counts.
    opinion: Option<(Opinion, u8)>,
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
            local_from: Label::Restricted,
            fallbacks: Vec::new(),
            opinion: None,
            floor: None,
            max_attempts: 8,
            quote: cost,
            expressible: |_| Ok(()),
        }
    }

    /// `None` where policy denies everything, so that there is nothing to plan with.
    fn plan(&self, asked: &str) -> Option<Result<Plan, NoRoute>> {
        let found = self.found(asked);
        let decision = decide(&self.engine, &found, self.label);
        let health = |provider: &str, model: &str| self.health.get(provider, model);
        let facts = Facts {
            needs: self.needs,
            denied: &decision.denied,
            local_from: self.local_from,
            health: &health,
            now: self.now,
            costs: &self.quote,
            expressible: &self.expressible,
            weights: self.weights,
            difficulty: self.floor.map(|floor| Difficulty { floor, signs: Vec::new() }),
            max_attempts: self.max_attempts,
        };
        decision.permit.map(|permit| match &self.opinion {
            None => plan(&permit, &found, &facts),
            Some((opinion, weight)) => {
                let mut list = shortlist(&permit, &found, &facts);
                list.candidates();
                list.plan_with(opinion, *weight)
            }
        })
    }

    fn found(&self, asked: &str) -> Candidates<'_> {
        candidates(&self.registry, self.needs.purpose, asked)
            .unwrap()
            .with_fallbacks(&self.fallbacks)
    }

    /// A scorer that answers with this JSON.
    fn scored(&mut self, weight: u8, answer: &str) {
        self.opinion = Some((serde_json::from_str(answer).unwrap(), weight));
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

#[test]
fn a_declared_fallback_is_not_squeezed_out_by_the_same_model_elsewhere() {
    let providers: Vec<_> =
        ["a", "b", "c", "d"].map(|name| provider(name, Locality::Cloud)).into_iter().collect();
    let same = |id: &str, at: &str| Model {
        upstream: "gpt".to_owned(),
        ..model(id, at, SizeClass::Medium)
    };
    let first = Model { fallbacks: vec!["one".to_owned(), "two".to_owned()], ..same("gpt-a", "a") };
    let models = vec![
        first,
        same("gpt-b", "b"),
        same("gpt-c", "c"),
        model("one", "d", SizeClass::Small),
        model("two", "d", SizeClass::Small),
    ];
    let mut scene = Scene::of(Registry::build(providers, models).unwrap(), engine(ALL));
    scene.check("gpt-a", &["gpt-a", "gpt-b", "gpt-c", "one", "two"]);
    // The order stays; the same model elsewhere is what is spared.
    scene.max_attempts = 4;
    scene.check("gpt-a", &["gpt-a", "gpt-b", "one", "two"]);
    assert_eq!(scene.dropped("gpt-a", "gpt-c"), DropReason::Spare);
    scene.max_attempts = 3;
    scene.check("gpt-a", &["gpt-a", "one", "two"]);
    scene.max_attempts = 2;
    scene.check("gpt-a", &["gpt-a", "one"]);
    // One that cannot serve takes no place.
    let busy = Outcome::Busy { retry_after: Some(Duration::from_secs(31)) };
    scene.health.record("d", "one", busy, Moment::ZERO);
    scene.max_attempts = 3;
    scene.check("gpt-a", &["gpt-a", "gpt-b", "two"]);
}
