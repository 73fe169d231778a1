//! Measures one hot account: how many holds a second it takes, and how many whole lives (hold with
//! its audit record, dispatch, settlement with its record).
//!
//! `cargo run --release -p orchestack-store --example holds -- URL [CALLERS] [SECONDS]`, where URL
//! is `sqlite:///tmp/holds.db` or the address of an empty Postgres database.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use budget::{Basis, CapSpec, Period, Scope, Zone};
use policy::{
    AgentKind, AgentSource, BudgetFacts, Bundle, Caller, Engine, ModelCall, ModelFacts, Permit,
    RequestFacts, SessionFacts, Source,
};
use store::{
    Options, Store,
    ledger::{Error, HoldAsk, Ledger, Settlement},
};
use types::{
    Actor, ActorType, AgentId, AttemptId, AuditId, HoldId, Integrity, Label, Locality, Nanos,
    RequestId, TenantId, Timestamp,
    audit::{Kind, Record},
};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a measurement prints its result")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("give the address of a database")?;
    let callers: usize = args.next().map_or(Ok(256), |text| text.parse())?;
    let seconds: u64 = args.next().map_or(Ok(5), |text| text.parse())?;
    let store = Store::open(&Options { url, ..Options::default() }).await?;
    let permit = permit().ok_or("the policy of this program does not permit")?;
    for (name, whole) in [("holds", false), ("whole lives", true)] {
        let (done, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..callers {
            let (ledger, permit) = (store.ledger(), permit.clone());
            let (done, refused) = (Arc::clone(&done), Arc::clone(&refused));
            tasks.spawn(async move {
                while Instant::now() < end {
                    let counter = match live(&ledger, &permit, whole).await {
                        Ok(()) => &done,
                        Err(_) => &refused,
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        tasks.join_all().await;
        let rate = done.load(Ordering::Relaxed) / seconds.max(1);
        let refused = refused.load(Ordering::Relaxed);
        println!("{name}: {rate} a second, {callers} callers, {refused} refused");
    }
    Ok(())
}

async fn live(ledger: &Ledger, permit: &Permit, whole: bool) -> Result<(), Error> {
    let hold = HoldId::generate();
    let window = Period::Total.window(Timestamp::now(), &Zone::UTC);
    let cap = Some(Nanos(i64::MAX / 2));
    let ask = HoldAsk {
        hold,
        attempt: AttemptId::generate(),
        path: vec![CapSpec::new(permit.tenant(), Scope::Tenant, "hot", window, cap, true)],
        amount: Nanos(1000),
        least: Nanos(1000),
        provider: "p".to_owned(),
        model: "m".to_owned(),
        price_row: "measured".to_owned(),
        durable: false,
    };
    ledger.hold(permit, ask, whole.then(|| record(permit, Kind::Decision))).await?;
    if whole {
        ledger.dispatch(hold).await?;
        let cost = Settlement::new(Nanos(500), Basis::Counted, None);
        ledger.settle(hold, cost, Some(record(permit, Kind::Completion))).await?;
    }
    Ok(())
}

fn record(permit: &Permit, kind: Kind) -> Record {
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant: permit.tenant(),
        kind,
        request: Some(permit.request()),
        actor: Actor { kind: ActorType::Agent, id: "a".to_owned(), auth: "key".to_owned() },
        action: "callModel".to_owned(),
        resource: "m".to_owned(),
        outcome: "ok".to_owned(),
        commit: permit.commit().to_owned(),
        // About as long as that of a real decision.
        detail: serde_json::json!({ "candidates": vec!["a model that was dropped"; 20] }).into(),
    }
}

fn permit() -> Option<Permit> {
    let all = r#"@id("all") permit (principal, action, resource);"#;
    let own =
        r#"@id("own") permit (principal, action == Orchestack::Action::"callModel", resource);"#;
    let source = |text: &str| Source { file: "holds.cedar".to_owned(), text: text.to_owned() };
    let bundle = Bundle {
        commit: "measured".to_owned(),
        organisation: vec![source(all)],
        agents: BTreeMap::from([(
            "a".to_owned(),
            AgentSource { policies: vec![source(own)], ..AgentSource::default() },
        )]),
        kinds: &[],
        ..Bundle::default()
    };
    let caller = Caller {
        tenant: TenantId::generate(),
        tenant_name: "t".to_owned(),
        agent: AgentId::generate(),
        agent_name: "a".to_owned(),
        agent_kind: AgentKind::User,
        groups: Vec::new(),
        key: None,
        grant: None,
    };
    let call = ModelCall {
        id: RequestId::generate(),
        caller: &caller,
        label: Label::Internal,
        integrity: Integrity::Trusted,
        request: RequestFacts::default(),
        kinds: &[],
        budget: BudgetFacts::default(),
        session: SessionFacts::default(),
        now: Timestamp::now(),
        approval: None,
        dry_run: false,
    };
    let model = ModelFacts {
        id: "m",
        provider: "p",
        locality: Locality::Local,
        size: "small",
        privacy: "",
        simulator: false,
        retention_days: None,
    };
    Engine::load(&bundle).ok()?.decide(&call, &[model]).permit
}
