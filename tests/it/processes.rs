//! Services as processes of their own, over Postgres and NATS: what one does wakes the next, and another goes on
//! where one ends.

use std::time::{Duration, Instant};

use simulator::{Behaviour, Price, Simulator};
use support::{Database, ModelSpec, Nats, Rows, Server, Setup, eventually, provider};

use crate::webchat::Visitor;

/// Longer than anything takes that should happen at once.
const SOON: Duration = Duration::from_secs(60);
/// Messages whose way is measured.
const MESSAGES: usize = 10;

/// One process of each service but the runner.
struct Fleet {
    simulator: Simulator,
    gateway: Server,
    admin: Server,
    webchat: Server,
    _work: Vec<Server>,
    nats: Nats,
}

impl Fleet {
    async fn start() -> Self {
        let simulator = provider(&[("model", Price::dollars_per_million(1, 1))]).await;
        let nats = Nats::start().await;
        let mut setup = Setup::new(Database::Postgres).await;
        setup.set("bus.url", nats.url()).set("work.lease", "2s");
        setup.set("webchat.listen", "127.0.0.1:0");
        let tree = setup.tree();
        tree.starter();
        tree.openai_provider("sim", &simulator, "local");
        tree.model(ModelSpec { id: "model", provider: "sim", price: Some(("1.00", "1.00")) });
        let mut gateway = setup.start_as(&["gateway"]).await;
        let address = gateway.gateway().to_owned();
        gateway.variable("ORCHESTACK_WORK__GATEWAY", Some(&address));
        let admin = gateway.beside(&["admin"]).await;
        let webchat = gateway.beside(&["connector", "webchat"]).await;
        let mut work = Vec::new();
        for service in [&["scheduler"], &["evaluator"], &["dispatcher"], &["timetable"]] {
            work.push(gateway.beside(service).await);
        }
        Self { simulator, gateway, admin, webchat, _work: work, nats }
    }

    async fn runner(&self) -> Server {
        self.gateway.beside(&["runner"]).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_its_way_through_processes_that_wake_each_other() {
    let fleet = Fleet::start().await;
    let _runners = [fleet.runner().await, fleet.runner().await];
    let visitor = Visitor::of(&fleet.webchat).await;
    let mut heard = visitor.listens(&fleet.webchat).await;
    let mut took = Vec::new();
    for n in 0..MESSAGES {
        let begun = Instant::now();
        visitor.writes(&fleet.webchat, &format!("m{n}"), "Good morning.").await;
        let answer = heard.next("assistant").await;
        took.push(begun.elapsed());
        assert!(!answer["body"]["text"].as_str().unwrap().is_empty(), "{answer}");
    }
    took.sort();
    println!("from a message to its answer: median {:?}, all {took:?}", took[MESSAGES / 2]);
    // Each was done once, and all that was decided is on record, whoever decided it.
    let rows = Rows::of(&fleet.admin).await;
    let messages = i64::try_from(MESSAGES).unwrap();
    assert_eq!(rows.number("select count(*) from runs where state = 'completed'").await, messages);
    let said = "select count(*) from transcript where kind = 'assistant'";
    assert_eq!(rows.number(said).await, messages);
    assert!(fleet.admin.json(&["audit", "verify"])["ok"].as_bool().unwrap());
    // What only wakes stays in no stream.
    eventually("whoever was woken took it off the stream", SOON, async || {
        (fleet.nats.kept("TASKS").await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_runner_goes_on_with_what_a_killed_one_had() {
    let fleet = Fleet::start().await;
    let mut first = fleet.runner().await;
    let slow = Behaviour { output_tokens: Some(2_000), chunk_delay_ms: 20, ..Behaviour::default() };
    fleet.simulator.script(slow, Vec::new());
    let visitor = Visitor::of(&fleet.webchat).await;
    let mut heard = visitor.listens(&fleet.webchat).await;
    visitor.writes(&fleet.webchat, "m1", "Good morning.").await;
    let rows = Rows::of(&fleet.admin).await;
    eventually("the first runner has it", SOON, async || {
        let thinking = "select count(*) from steps where state = 'started'";
        (rows.number(thinking).await == 1).then_some(())
    })
    .await;
    let _second = fleet.runner().await;
    fleet.simulator.script(Behaviour::default(), Vec::new());
    first.kill9();
    heard.next("assistant").await;
    eventually("the run is over", SOON, async || {
        let over = rows.texts("select state from runs").await;
        (over == ["completed"]).then_some(())
    })
    .await;
    assert_eq!(rows.number("select lease_epoch from runs").await, 2, "the second one took it");
    let said = "select count(*) from transcript where kind = 'assistant'";
    assert_eq!(rows.number(said).await, 1, "and it was said once");
}
