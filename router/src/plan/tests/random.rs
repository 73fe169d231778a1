//! Plans of random registries, labels, permissions, failures, weights, fallbacks and opinions: what holds for
//! all of them.

use proptest::prelude::*;

use super::*;
use crate::rank::Standing;

/// One model of a random registry.
#[derive(Debug, Clone)]
struct Draw {
    local: bool,
    size: usize,
    quality: u8,
    context: u64,
    enabled: bool,
    fallbacks: Vec<usize>,
    /// 0: denied and rerouted, 1: denied, else permitted.
    permission: u8,
    health: u8,
}

fn draw() -> impl Strategy<Value = Draw> {
    let flags = (any::<bool>(), prop::bool::weighted(0.8));
    let figures = (0..3_usize, 0..=100_u8, 50..400_u64, 0..6_u8, 0..6_u8);
    (flags, figures, prop::collection::vec(0..8_usize, 0..4)).prop_map(
        |((local, enabled), (size, quality, context, permission, health), fallbacks)| Draw {
            local,
            size,
            quality,
            context,
            enabled,
            fallbacks,
            permission,
            health,
        },
    )
}

fn id(i: usize) -> String {
    format!("m{i}")
}

fn random_scene(draws: &[Draw]) -> Scene {
    let (mut rerouted, mut closed) = (Vec::new(), Vec::new());
    let mut models = Vec::new();
    for (i, draw) in draws.iter().enumerate() {
        match draw.permission {
            0 => rerouted.push(id(i)),
            1 => closed.push(id(i)),
            _ => {}
        }
        let mut others: Vec<usize> = draw.fallbacks.iter().map(|f| f % draws.len()).collect();
        others.retain(|other| *other != i);
        others.dedup();
        let size = SizeClass::ALL[draw.size % 3];
        models.push(Model {
            quality: draw.quality,
            context_tokens: draw.context,
            max_output_tokens: 10,
            enabled: draw.enabled,
            upstream: format!("u{}", i % 3),
            fallbacks: others.into_iter().map(id).collect(),
            ..model(&id(i), if draw.local { "local" } else { "cloud" }, size)
        });
    }
    let providers = vec![provider("cloud", Locality::Cloud), provider("local", Locality::Local)];
    let registry = Registry::build(providers, models).unwrap();
    let mut scene = Scene::of(registry, except(&rerouted, &closed));
    for (i, draw) in draws.iter().enumerate() {
        let at = if draw.local { "local" } else { "cloud" };
        let outcomes = match draw.health {
            0 => vec![Outcome::Busy { retry_after: Some(Duration::from_secs(60)) }],
            1 => vec![Outcome::Failed; 5],
            2 => vec![Outcome::Failed, Outcome::Dispatched],
            3 => {
                let first_byte = Duration::from_millis(u64::from(draw.quality));
                vec![Outcome::Began { first_byte, input_tokens: 100 }]
            }
            _ => Vec::new(),
        };
        for outcome in outcomes {
            scene.health.record(at, &id(i), outcome, Moment::ZERO);
        }
    }
    scene
}

/// What a scorer may answer, of models that are there and of others.
fn opinion() -> impl Strategy<Value = Opinion> {
    let penalties = prop::collection::btree_map(0..12_usize, 0..=1_000_u16, 0..8);
    let vetoes = prop::collection::btree_set(0..12_usize, 0..4);
    (penalties, vetoes).prop_map(|(penalties, vetoes)| {
        let penalties: BTreeMap<_, _> = penalties.into_iter().map(|(i, p)| (id(i), p)).collect();
        let vetoes: Vec<_> = vetoes.into_iter().map(id).collect();
        let answer = serde_json::json!({ "penalties": penalties, "vetoes": vetoes });
        serde_json::from_value(answer).unwrap()
    })
}

fn dropped_of(result: &Result<Plan, NoRoute>) -> &[Dropped] {
    match result {
        Ok(plan) => plan.dropped(),
        Err(error) => &error.dropped,
    }
}

fn attempts_of(result: &Result<Plan, NoRoute>) -> &[Choice] {
    result.as_ref().map(Plan::attempts).unwrap_or_default()
}

/// The models that were able, tried or not.
fn able_of(result: &Result<Plan, NoRoute>) -> BTreeSet<&str> {
    let spare = dropped_of(result).iter().filter(|d| d.reason == DropReason::Spare);
    let tried = attempts_of(result).iter().map(|choice| choice.model.as_str());
    spare.map(|dropped| dropped.model.as_str()).chain(tried).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_plan_holds_a_model_that_label_or_permit_forbids(
        draws in prop::collection::vec(draw(), 1..8),
        labels in (
            prop::sample::select(Label::ALL.to_vec()),
            prop::sample::select(Label::ALL.to_vec()),
        ),
        asked in 0..12_usize,
        own in prop::collection::vec(0..9_usize, 0..3),
        weights in prop::option::of((0..=100_u8, 0..=100_u8, 0..=100_u8)),
        opinion in prop::option::of((opinion(), 0..=100_u8)),
        max_attempts in 0..5_usize,
        floor in prop::option::of(0..=100_u8),
    ) {
        let mut scene = random_scene(&draws);
        (scene.label, scene.local_from) = labels;
        scene.weights = weights.map(|(cost, latency, quality)| Weights { cost, latency, quality });
        scene.max_attempts = max_attempts;
        scene.floor = floor;
        scene.fallbacks = own.into_iter().map(id).collect();
        let names = ["auto", "auto:cheap", "auto:fast", "auto:local", "auto:best"];
        let asked = names.get(asked).map_or_else(|| id(asked % draws.len()), |n| (*n).to_owned());
        let Some(alone) = scene.plan(&asked) else { return Ok(()) };
        scene.opinion = opinion;
        let result = scene.plan(&asked).unwrap();
        // The same facts give the same plan.
        let again = scene.plan(&asked);
        prop_assert_eq!(Some(&result), again.as_ref());
        let (attempts, dropped) = (attempts_of(&result), dropped_of(&result));
        prop_assert!(attempts.len() <= max_attempts.max(1));
        // Every candidate is either tried or explained, once.
        let found = scene.found(&asked);
        let mut told: Vec<_> = attempts.iter().map(|c| c.model.as_str()).collect();
        told.extend(dropped.iter().map(|d| d.model.as_str()));
        told.sort_unstable();
        let mut all: Vec<_> = found.all().map(|model| model.id.as_str()).collect();
        all.sort_unstable();
        prop_assert_eq!(told, all);
        for choice in attempts {
            let draw = &draws[choice.model[1..].parse::<usize>().unwrap()];
            prop_assert!(draw.permission > 1, "{} is forbidden", choice.model);
            prop_assert!(scene.label < scene.local_from || draw.local, "{} leaks", choice.model);
            prop_assert!(asked != "auto:local" || draw.local);
            prop_assert!(draw.enabled && draw.context >= 101 && draw.health > 1);
        }
        // A scorer takes away, and adds nothing.
        prop_assert!(able_of(&result).is_subset(&able_of(&alone)));
        if let Some((opinion, _)) = &scene.opinion {
            prop_assert!(attempts.iter().all(|choice| !opinion.vetoes(&choice.model)));
            let left = able_of(&alone).iter().any(|model| !opinion.vetoes(model));
            prop_assert_eq!(left, !attempts.is_empty());
        }
        if let Some(requested) = found.requested() {
            let first = attempts.iter().position(|choice| choice.model == requested.id);
            prop_assert!(first.is_none_or(|place| place == 0));
            let refused = draws[requested.id[1..].parse::<usize>().unwrap()].permission;
            // A closed denial is final; a rerouted one stays local.
            prop_assert!(refused != 1 || attempts.is_empty());
            prop_assert!(refused != 0 || attempts.iter().all(|c| c.locality == Locality::Local));
            // Declared fallbacks keep their order, and no model of the same name has the place of one.
            let declared: Vec<_> = found.ranked().iter()
                .filter(|(standing, _)| *standing == Standing::Fallback)
                .map(|(_, model)| model.id.as_str())
                .collect();
            let tried: Vec<_> = attempts.iter()
                .filter(|choice| choice.standing == Standing::Fallback)
                .map(|choice| choice.model.as_str())
                .collect();
            let place = |model: &&str| declared.iter().position(|id| id == model);
            prop_assert!(tried.is_sorted_by_key(place), "{tried:?} of {declared:?}");
            let same = attempts.iter().any(|choice| choice.standing == Standing::SameName);
            let spared = dropped.iter().any(|dropped| {
                dropped.reason == DropReason::Spare && declared.contains(&dropped.model.as_str())
            });
            prop_assert!(!(same && spared), "a declared fallback lost its place");
        }
    }
    #[test]
    fn a_higher_floor_never_chooses_a_weaker_model_and_loses_none(
        draws in prop::collection::vec(draw(), 1..7),
        floors in (0..=100_u8, 0..=100_u8),
        asked in prop::sample::select(vec!["auto", "auto:cheap", "auto:fast", "auto:best"]),
        weights in prop::option::of((0..=100_u8, 0..=100_u8, 0..=100_u8)),
    ) {
        let able = |draw| Draw { context: 400, enabled: true, permission: 5, health: 5, ..draw };
        let draws: Vec<Draw> = draws.into_iter().map(able).collect();
        let mut scene = random_scene(&draws);
        scene.label = Label::Public;
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
