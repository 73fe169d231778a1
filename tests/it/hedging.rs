//! A model that stays silent, and the next one asked beside it: who serves, what is paid, and when there is
//! no second ask.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use simulator::{Behaviour, End, ModelScript, Price, Script, Simulator};
use support::{
    Caller, Database, LedgerRow, ModelSpec, Rows, Server, Setup, chat, eventually, provider,
    streamed,
};

const SETTLED_MAX: Duration = Duration::from_secs(20);
const PRICE: Price = Price::dollars_per_million(3, 15);
/// What the silent ones take. No time limit of the gateway is as short.
const SILENCE: Duration = Duration::from_secs(8);
const HEDGED: &str = "hedge_after = \"150ms\"\n";

/// `first` with its fallbacks `second` and `third`, each at a provider of its own.
struct Stage {
    providers: HashMap<&'static str, Simulator>,
    server: Server,
    caller: Caller,
    rows: Rows,
}

impl Stage {
    /// `own` are more lines of `first`'s file, `agent` those of the agent's.
    async fn new(own: &str, agent: &str, prepare: impl FnOnce(&mut Setup)) -> Self {
        let mut providers = HashMap::new();
        let mut setup = Setup::new(Database::Sqlite).await;
        for id in ["first", "second", "third"] {
            let simulator = provider(&[(id, PRICE)]).await;
            let locality = if id == "first" { "local" } else { "cloud" };
            setup.tree().openai_provider(id, &simulator, locality);
            let more = if id == "first" {
                format!("fallbacks = [\"second\", \"third\"]\n{own}")
            } else {
                String::new()
            };
            let spec = ModelSpec { id, provider: id, price: Some(("3.00", "15.00")) };
            setup.tree().model_with(spec, &more);
            providers.insert(id, simulator);
        }
        let settings = format!("owner = \"tests\"\n{agent}\n");
        setup.tree().write("agents/default/agent.toml", &settings);
        prepare(&mut setup);
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        let rows = Rows::of(&server).await;
        Self { providers, server, caller, rows }
    }

    async fn hedged() -> Self {
        Self::new(HEDGED, "[budget]\ntotal = \"100.00\"", |_| ()).await
    }

    fn play(&self, id: &'static str, behaviour: Behaviour) {
        let own = ModelScript { default: Some(behaviour), ..ModelScript::default() };
        let models = HashMap::from([(id.to_owned(), own)]);
        self.providers[id].play(Script { models, ..Script::default() });
    }

    fn asked(&self) -> [usize; 3] {
        ["first", "second", "third"].map(|id| self.providers[id].log().len())
    }

    async fn hedges(&self, outcome: &str) -> u64 {
        self.server.metric(&format!("orchestack_hedges_total{{outcome=\"{outcome}\"}}")).await
    }

    /// The ledger, once every hold is resolved, no provider is at work and none billed more than the
    /// books have.
    async fn settled(&self) -> Vec<LedgerRow> {
        let bill = eventually("nothing is at work", SETTLED_MAX, async || {
            let bills = self.providers.values().map(Simulator::bill_total);
            let (open, nanos) = bills.fold((0, 0), |(o, n), bill| (o + bill.open, n + bill.nanos));
            (open == 0 && self.rows.open_holds().await == 0).then_some(nanos)
        })
        .await;
        let ledger = self.rows.ledger().await;
        let settled: i64 = ledger.iter().map(|row| row.amount + row.overrun).sum();
        assert!(settled >= i64::try_from(bill).unwrap(), "billed {bill}: {ledger:#?}");
        let holds = self.rows.holds().await;
        assert!(holds.iter().all(|hold| hold.state == "settled"), "{holds:#?}");
        ledger
    }

    /// Outcomes of a request's completions by model.
    async fn completions(&self, request: &str, count: usize) -> Vec<(String, String)> {
        eventually("the attempts are on record", SETTLED_MAX, async || {
            let records = self.server.json(&["explain", request]);
            let records = records["records"].as_array().unwrap();
            let ends = records.iter().filter(|record| record["kind"] == "completion");
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let mut ends: Vec<_> =
                ends.map(|end| (text(&end["resource"]), text(&end["outcome"]))).collect();
            ends.sort();
            (ends.len() == count).then_some(ends)
        })
        .await
    }
}

fn late(delay: Duration) -> Behaviour {
    Behaviour { delay_ms: u64::try_from(delay.as_millis()).unwrap(), ..Behaviour::default() }
}

fn hang() -> Behaviour {
    Behaviour { end: Some(End::Hang), ..Behaviour::default() }
}

/// A stream that begins and says nothing.
fn pings() -> Behaviour {
    Behaviour { pings: 2, only_pings: true, chunk_delay_ms: 10, ..Behaviour::default() }
}

fn ends(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(model, end)| ((*model).to_owned(), (*end).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_model_answers_for_a_silent_one_whose_connection_is_closed() {
    let stage = Stage::hedged().await;
    // Silent before its head, and after it, as a plain answer and as a stream.
    for (n, (body, silent)) in [
        (chat("first", "Hello."), late(SILENCE)),
        (streamed("first", "Hello."), late(SILENCE)),
        (chat("first", "Hello."), hang()),
        (streamed("first", "Hello."), hang()),
        (streamed("first", "Hello."), pings()),
    ]
    .into_iter()
    .enumerate()
    {
        stage.play("first", silent);
        let started = Instant::now();
        let answer = stage.caller.ask(&body).await;
        assert!(started.elapsed() < SILENCE / 2, "{n}: {:?}", started.elapsed());
        answer.assert_answered("second");
        assert_eq!(answer.is_done(), body.get("stream").is_some(), "{n}");
        assert_eq!(stage.asked(), [n + 1, n + 1, 0]);
        assert_eq!(stage.hedges("won").await, u64::try_from(n + 1).unwrap());
        // The silent one is let go: a provider that hangs would be at work for ever.
        let ledger = stage.settled().await;
        let own: Vec<_> = ledger.iter().filter(|row| row.model == "first").collect();
        assert_eq!(own.len(), n + 1, "{ledger:#?}");
        assert!(own.iter().all(|row| row.amount > 0), "nobody knows what it did: {own:#?}");
        let request = answer.header("x-orchestack-request-id");
        let all = stage.completions(request, 2).await;
        assert_eq!(all, ends(&[("first", "overtaken"), ("second", "ok")]));
        let told = String::from_utf8(stage.server.run(&["explain", request]).stdout).unwrap();
        assert!(told.contains("attempt    `first` at first: hedged"), "{told}");
    }
    // It did not fail; it is as well as before.
    let health = stage
        .server
        .metric("orchestack_upstream_attempts_total{outcome=\"overtaken\",provider=\"first\"}");
    assert_eq!(health.await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_answers_after_all_serves_and_the_second_is_let_go() {
    let stage = Stage::hedged().await;
    for (n, body) in [chat("first", "Hello."), streamed("first", "Hello.")].iter().enumerate() {
        stage.play("first", late(Duration::from_millis(700)));
        stage.play("second", hang());
        let answer = stage.caller.ask(body).await;
        answer.assert_answered("first");
        assert_eq!(answer.is_done(), body.get("stream").is_some(), "{n}");
        assert_eq!(stage.asked(), [n + 1, n + 1, 0]);
        assert_eq!(stage.hedges("lost").await, u64::try_from(n + 1).unwrap());
        let request = answer.header("x-orchestack-request-id");
        let all = stage.completions(request, 2).await;
        assert_eq!(all, ends(&[("first", "ok"), ("second", "overtaken")]));
        stage.settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_hedged_unless_somebody_asks_for_it_and_an_agent_can() {
    for (agent, served, asked) in [("", "first", [1, 0, 0]), (HEDGED, "second", [1, 1, 0])] {
        let agent = format!("{agent}[budget]\ntotal = \"100.00\"");
        let stage = Stage::new("", &agent, |_| ()).await;
        stage.play("first", late(Duration::from_secs(2)));
        stage.caller.ask(&chat("first", "Hello.")).await.assert_answered(served);
        assert_eq!(stage.asked(), asked);
        // One that answers in time is asked alone.
        stage.play("first", Behaviour::default());
        stage.caller.ask(&chat("first", "Hello.")).await.assert_answered("first");
        assert_eq!(stage.asked(), [2, asked[1], 0]);
        stage.settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hedge_never_goes_where_the_label_or_policy_forbids() {
    let forbid = "@id(\"no-second\")\nforbid (principal, action == \
                  Orchestack::Action::\"callModel\", resource == Orchestack::Model::\"second\");\n";
    let cap = "[budget]\ntotal = \"100.00\"";
    let stage = Stage::new(HEDGED, cap, |setup| {
        setup.tree().write("policies/second.cedar", forbid);
    })
    .await;
    stage.play("first", late(Duration::from_secs(2)));
    // What policy forbids is passed over for the next that it permits.
    stage.caller.ask(&chat("first", "Hello.")).await.assert_answered("third");
    assert_eq!(stage.asked(), [1, 0, 1]);
    // Restricted content has one place to be, however slow that is.
    let answer = stage.caller.ask(&chat("first", "My number is 536-22-8174.")).await;
    answer.assert_answered("first");
    assert_eq!(stage.asked(), [2, 0, 1]);
    assert_eq!(stage.providers["second"].bytes_received(), 0);
    stage.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hedge_without_money_does_not_happen_and_the_first_goes_on() {
    // One call of 1,000 tokens is held with a little more than 0.015 dollars.
    let stage = Stage::new(HEDGED, "[budget]\ntotal = \"0.0250\"", |_| ()).await;
    stage.play("first", late(Duration::from_millis(800)));
    let mut body = chat("first", "Hello.");
    body["max_tokens"] = json!(1_000);
    stage.caller.ask(&body).await.assert_answered("first");
    assert_eq!((stage.asked(), stage.hedges("refused").await), ([1, 0, 0], 1));
    stage.settled().await;
    // Nor where both together are beyond what the caller would have it cost.
    let stage = Stage::hedged().await;
    stage.play("first", late(Duration::from_millis(800)));
    let answer = stage.caller.ask_with(("x-orchestack-max-cost", "0.0250"), &body).await;
    answer.assert_answered("first");
    assert_eq!((stage.asked(), stage.hedges("refused").await), ([1, 0, 0], 1));
    let answer = stage.caller.ask_with(("x-orchestack-max-cost", "0.0350"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(stage.asked(), [2, 1, 0]);
    stage.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_fail_are_followed_by_the_third_and_each_is_asked_once() {
    let stage = Stage::hedged().await;
    let fails = |delay| Behaviour { status: Some(500), ..late(Duration::from_millis(delay)) };
    for (first, second) in [(400, 900), (900, 100)] {
        let before = stage.asked();
        stage.play("first", fails(first));
        stage.play("second", fails(second));
        stage.caller.ask(&chat("first", "Hello.")).await.assert_answered("third");
        assert_eq!(stage.asked(), before.map(|asked| asked + 1));
    }
    assert_eq!(stage.hedges("failed").await, 2);
    stage.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_ends_both() {
    let stage = Stage::hedged().await;
    stage.play("first", pings());
    stage.play("second", pings());
    let body = streamed("first", "Hello.");
    let asked = stage.caller.request(&body).timeout(Duration::from_secs(1)).send().await;
    assert!(asked.is_err_and(|error| error.is_timeout()));
    assert_eq!(stage.asked(), [1, 1, 0]);
    let ledger = stage.settled().await;
    assert_eq!(ledger.len(), 2, "{ledger:#?}");
    assert!(ledger.iter().all(|row| row.amount > 0), "{ledger:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hedges_are_further_attempts_of_which_there_is_a_share() {
    const REQUESTS: u64 = 140;
    let stage =
        Stage::new("hedge_after = \"10ms\"\n", "[budget]\ntotal = \"900.00\"", |_| ()).await;
    stage.play("first", late(Duration::from_millis(400)));
    stage.play("second", late(Duration::from_millis(400)));
    let started = Instant::now();
    let mut body = chat("first", "Hello.");
    // Little is held, so that money is not what refuses.
    body["max_tokens"] = json!(10);
    let asks = stream::iter(0..REQUESTS).map(|_| stage.caller.ask(&body));
    let answers: Vec<_> = asks.buffer_unordered(28).collect().await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let mut hedged = 0;
    for outcome in ["won", "lost", "failed"] {
        hedged += stage.hedges(outcome).await;
    }
    // A hundred at once, a tenth of the requests and one a second.
    let most = 100 + REQUESTS / 10 + started.elapsed().as_secs() + 1;
    assert!(hedged <= most, "{hedged} hedges of at most {most}");
    let refused = stage.hedges("refused").await;
    assert_eq!(
        (hedged + refused, refused),
        (REQUESTS, stage.server.metric("orchestack_retries_refused_total").await)
    );
    assert!(refused > 0 && stage.asked()[1] > 0, "{hedged} hedges, {refused} refused");
    stage.settled().await;
}
