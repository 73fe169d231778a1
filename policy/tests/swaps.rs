//! A thousand swaps of the policies while threads decide: no decision sees two versions.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use arc_swap::ArcSwap;
use policy::{
    AgentKind, AgentSource, BudgetFacts, Bundle, Caller, Engine, ModelCall, ModelFacts,
    RequestFacts, SessionFacts, Source,
};
use types::{AgentId, Integrity, Label, Locality, RequestId, TenantId, Timestamp};

const SWAPS: u64 = 1_000;
/// A thousand swaps a second under 5,000 requests a second are five decisions between two swaps.
const DECISIONS_PER_SWAP: u64 = 5;
const DECIDERS: usize = 3;
/// To load a version takes longer than to swap it in, so they are loaded before and come again.
const VERSIONS: u64 = 16;

/// Version `n` permits one of two models, by a policy of its own name in each layer, and limits it
/// to `n` tokens.
fn version(n: u64) -> Arc<Engine> {
    let model = MODELS[usize::from(n % 2 == 1)].id;
    let organisation = format!(
        "@id(\"o{n}\") permit (principal, action == Orchestack::Action::\"callModel\", \
         resource == Orchestack::Model::\"{model}\");"
    );
    let own = format!(
        "@id(\"a{n}\") @max_tokens(\"{n}\") permit (principal, \
         action == Orchestack::Action::\"callModel\", resource);"
    );
    let source = |file: &str, text| vec![Source { file: file.to_owned(), text }];
    let own =
        AgentSource { policies: source("agents/default/a.cedar", own), ..AgentSource::default() };
    let bundle = Bundle {
        commit: n.to_string(),
        organisation: source("policies/o.cedar", organisation),
        agents: [("default".to_owned(), own)].into(),
        ..Bundle::default()
    };
    Arc::new(Engine::load(&bundle).unwrap())
}

const fn model(id: &'static str) -> ModelFacts<'static> {
    ModelFacts {
        id,
        provider: "sim",
        locality: Locality::Local,
        size: "small",
        privacy: "",
        retention_days: Some(0),
        simulator: true,
    }
}

const MODELS: [ModelFacts<'static>; 2] = [model("even"), model("odd")];

fn caller() -> Caller {
    Caller {
        tenant: TenantId::from_parts(1, 1),
        tenant_name: "default".to_owned(),
        agent: AgentId::from_parts(1, 2),
        agent_name: "default".to_owned(),
        agent_kind: AgentKind::User,
        groups: Vec::new(),
        key: None,
        grant: None,
    }
}

fn call(caller: &Caller) -> ModelCall<'_> {
    ModelCall {
        id: RequestId::from_parts(1, 4),
        caller,
        label: Label::Public,
        integrity: Integrity::Trusted,
        request: RequestFacts::default(),
        kinds: &[],
        budget: BudgetFacts::default(),
        session: SessionFacts::default(),
        approval: None,
        dry_run: false,
        now: Timestamp(0),
    }
}

/// Decides as a request does: it takes the policies once. Gives the version that decided.
fn decide(current: &ArcSwap<Engine>, caller: &Caller) -> u64 {
    let decision = current.load_full().decide(&call(caller), &MODELS);
    let permit = decision.permit.expect("every version permits one model");
    let [allowed] = permit.models().collect::<Vec<_>>()[..] else { panic!("not one model") };
    let n: u64 = permit.commit().parse().unwrap();
    assert_eq!(allowed.model(), MODELS[usize::from(n % 2 == 1)].id, "version {n}");
    assert_eq!(allowed.obligations().max_tokens, Some(n), "version {n}");
    let mut policies = allowed.policies().to_vec();
    policies.sort();
    assert_eq!(policies, [format!("a{n}"), format!("o{n}")], "version {n}");
    n
}

#[test]
fn no_decision_sees_two_versions_while_they_are_swapped_a_thousand_times() {
    let versions: Vec<Arc<Engine>> = (1..=VERSIONS).map(version).collect();
    let current = ArcSwap::new(Arc::clone(&versions[0]));
    let (decided, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let started = Instant::now();
    let decide_on = || {
        let (caller, mut seen) = (caller(), BTreeSet::new());
        while !done.load(Ordering::Acquire) {
            seen.insert(decide(&current, &caller));
            decided.fetch_add(1, Ordering::AcqRel);
        }
        seen
    };
    let seen: BTreeSet<u64> = thread::scope(|scope| {
        let deciders: Vec<_> = (0..DECIDERS).map(|_| scope.spawn(decide_on)).collect();
        for (next, swap) in versions.iter().cycle().skip(1).zip(1..=SWAPS) {
            let enough = swap.saturating_mul(DECISIONS_PER_SWAP);
            // A decider that found a mistake has ended; it is told when it is joined.
            let all_decide = || deciders.iter().all(|decider| !decider.is_finished());
            while decided.load(Ordering::Acquire) < enough && all_decide() {
                thread::yield_now();
            }
            current.store(Arc::clone(next));
        }
        done.store(true, Ordering::Release);
        deciders.into_iter().flat_map(|decider| decider.join().unwrap()).collect()
    });
    let decided = decided.into_inner();
    assert!(decided >= SWAPS * DECISIONS_PER_SWAP);
    assert!(seen.len() > 2, "only the versions {seen:?} were seen");
    println!(
        "{SWAPS} swaps, {decided} decisions by {} versions in {:?}",
        seen.len(),
        started.elapsed()
    );
}
