//! Several gateways of one installation: what they share in Redis, and what each does without it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::future::join_all;
use simulator::{Behaviour, Price, Simulator};
use support::{
    Answer, Caller, Client, Database, ModelSpec, Redis, Rows, Server, Setup, chat, eventually,
    provider, redis_url, streamed,
};

const MET_MAX: Duration = Duration::from_secs(30);
/// Dollars for a million tokens, in and out.
const PRICE: (u64, u64) = (1, 100);

/// Two gateways on one Postgres, with the agents `busy`, whose limits are given, and `capped`.
struct Fleet {
    one: Server,
    two: Server,
    simulator: Simulator,
}

impl Fleet {
    async fn start(limits: &str, prepare: impl FnOnce(&mut Setup)) -> Self {
        let price = Price::dollars_per_million(PRICE.0, PRICE.1);
        let simulator = provider(&[("sim", Price::FREE), ("paid", price)]).await;
        let mut setup = Setup::new(Database::Postgres).await;
        setup.set("ledger.admission_timeout", "20s");
        prepare(&mut setup);
        let tree = setup.tree();
        tree.openai_provider("sim", &simulator, "local");
        tree.model(ModelSpec { id: "sim", provider: "sim", price: None });
        tree.model(ModelSpec { id: "paid", provider: "sim", price: Some(("1.00", "100.00")) });
        tree.agent("busy", "100.00").agent("capped", "0.02");
        let agent = format!("owner = \"ada\"\n\n[limits]\n{limits}\n");
        tree.write("agents/busy/agent.toml", &agent);
        let one = setup.start().await;
        let two = one.another().await;
        let fleet = Self { one, two, simulator };
        for server in [&fleet.one, &fleet.two] {
            eventually("each knows of the other", MET_MAX, async || {
                (server.metric("orchestack_gateways").await == 2).then_some(())
            })
            .await;
        }
        fleet
    }

    /// A caller at each door, with one key.
    async fn callers(&self, agent: &str) -> [Caller; 2] {
        let first = Caller::new(&self.one, agent);
        let second = Caller::with_key(&self.two, first.key());
        let models = format!("{}/v1/models", self.two.gateway());
        eventually("the other gateway knows the key", MET_MAX, async || {
            let asked = Client::new().0.get(&models).bearer_auth(first.key());
            (Answer::read(asked).await.status == 200).then_some(())
        })
        .await;
        [first, second]
    }

    async fn shared(&self, shared: u64) {
        for server in [&self.one, &self.two] {
            eventually("both know whether Redis counts", MET_MAX, async || {
                (server.metric("orchestack_limits_shared").await == shared).then_some(())
            })
            .await;
        }
    }
}

/// A Redis that a busy machine gives time to.
fn patient(setup: &mut Setup) {
    setup.redis(&redis_url()).set("redis.timeout", "5s");
}

/// Asks so many times at once at both doors, and counts what came of it.
async fn crowd(callers: &[Caller; 2], model: &str, asks: usize) -> BTreeMap<u16, usize> {
    let body = chat(model, "Hello");
    let asked = (0..asks).map(|n| callers[n % 2].ask(&body));
    let mut counts = BTreeMap::new();
    for answer in join_all(asked).await {
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_let_through_one_limit_together() {
    let fleet = Fleet::start("requests_per_minute = 20", patient).await;
    fleet.shared(1).await;
    let callers = fleet.callers("busy").await;
    let begun = Instant::now();
    let counts = crowd(&callers, "sim", 60).await;
    // One comes back every three seconds.
    let back = usize::try_from(begun.elapsed().as_secs() / 3).unwrap();
    let passed = counts[&200];
    assert!((20..=20 + back).contains(&passed), "{counts:?} and {back} came back");
    assert_eq!(counts[&429], 60 - passed, "{counts:?}");
    assert_eq!(fleet.simulator.log().len(), passed);
    let refused = eventually("one is refused", MET_MAX, async || {
        let answer = callers[1].ask(&chat("sim", "Hello")).await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    assert_eq!(refused.header("ratelimit-policy"), "\"requests\";q=20;w=60");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_gateway_used_is_gone_at_the_other_and_comes_back_with_a_killed_one() {
    let fleet = Fleet::start("tokens_per_minute = 6000\nconcurrent_requests = 3", patient).await;
    fleet.shared(1).await;
    let [first, second] = fleet.callers("busy").await;
    let left = |answer: &Answer, kind: &str| -> u64 {
        let text = answer.header("ratelimit").to_owned();
        let of = text.split(", ").find_map(|item| item.strip_prefix(&format!("\"{kind}\";r=")));
        let number = of.and_then(|of| of.split(';').next()).and_then(|number| number.parse().ok());
        number.unwrap_or_else(|| panic!("{text}: {answer:?}"))
    };
    let long = Behaviour { output_tokens: Some(4000), ..Behaviour::default() };
    fleet.simulator.script(Behaviour::default(), vec![long]);
    first.ask(&chat("sim", "Hello")).await.assert_answered("sim");
    // What the first really used is told after its end. A hundred come back a second; what the second
    // uses itself to ask is not counted.
    let mut own = 0;
    eventually("the other gateway knows what was used", MET_MAX, async || {
        let answer = second.ask(&chat("sim", "Hello")).await;
        if answer.status != 200 {
            return None;
        }
        let without = left(&answer, "tokens") + own;
        own += answer.json()["usage"]["total_tokens"].as_u64().unwrap();
        (without < 5000).then_some(())
    })
    .await;
    // Three at once, wherever they are.
    let slow = Behaviour { output_tokens: Some(100), chunk_delay_ms: 600, ..Behaviour::default() };
    fleet.simulator.script(slow, Vec::new());
    let open = async |caller: &Caller| {
        let sent = caller.request(&streamed("sim", "Hello")).send().await.unwrap();
        assert_eq!(sent.status(), 200);
        sent
    };
    let running = (open(&first).await, open(&first).await, open(&second).await);
    for caller in [&first, &second] {
        let refused = caller.ask(&chat("sim", "Hello")).await;
        refused.assert_refused(429, "rate_limited");
        assert!(refused.header("ratelimit").contains("\"concurrent\";r=0"), "{refused:?}");
    }
    // Nobody tells of the end of those that the killed one had: their lease does.
    fleet.simulator.script(Behaviour::default(), Vec::new());
    let Fleet { mut one, two: _two, simulator: _simulator } = fleet;
    one.kill9();
    eventually("the places of a dead gateway are free", MET_MAX, async || {
        let asked = second.ask(&chat("sim", "Hello")).await;
        (asked.status == 200 && left(&asked, "concurrent") == 1).then_some(())
    })
    .await;
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_gateway_lets_through_its_share() {
    let fleet = Fleet::start("requests_per_minute = 20", |_| {}).await;
    let [first, second] = fleet.callers("busy").await;
    for caller in [&first, &second] {
        let (begun, mut passed) = (Instant::now(), 0);
        for _ in 0..20 {
            let answer = caller.ask(&chat("sim", "Hello")).await;
            assert_eq!(answer.header("ratelimit-policy"), "\"requests\";q=10;w=60");
            passed += u64::from(answer.status == 200);
        }
        let back = begun.elapsed().as_secs() / 6;
        assert!((10..=10 + back).contains(&passed), "{passed}");
    }
    let refused = eventually("one is refused", MET_MAX, async || {
        let answer = second.ask(&chat("sim", "Hello")).await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    assert!(refused.text.contains("20 requests a minute (10 at this gateway)"), "{refused:?}");
    assert!(fleet.one.log().contains("its share of every rate limit"), "{}", fleet.one.log());
    assert_eq!(fleet.one.metric("orchestack_limits_shared").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_stalls_forgets_or_dies_refuses_nobody_and_loosens_little() {
    const LIMIT: usize = 60;
    let redis = Redis::start().await;
    let url = redis.url();
    // More than the five milliseconds that it is out of the box: the machine may be busy.
    let fleet = Fleet::start(&format!("requests_per_minute = {LIMIT}"), |setup| {
        setup.redis(&url).set("redis.timeout", "200ms");
    })
    .await;
    let (busy, capped) = (fleet.callers("busy").await, fleet.callers("capped").await);
    let begun = Instant::now();
    let (mut passed, mut spent) = (0, BTreeMap::new());
    let mut phase = async |name: &str| {
        let counts = crowd(&busy, "sim", 40).await;
        println!("{name}: {counts:?} after {:?}", begun.elapsed());
        assert!(counts.keys().all(|status| matches!(status, 200 | 429)), "{name}: {counts:?}");
        passed += counts.get(&200).copied().unwrap_or_default();
        // Money is held as ever.
        let body = chat("paid", "Hello");
        for answer in join_all((0..6).map(|n| capped[n % 2].ask(&body))).await {
            let known = matches!(answer.status, 200 | 402) || answer.code() == "budget_held";
            assert!(known, "{name}: {answer:?}");
            *spent.entry(answer.status).or_insert(0) += 1;
        }
    };
    phase("at first").await;
    redis.signal("STOP");
    phase("standing still").await;
    fleet.shared(0).await;
    phase("still standing still").await;
    redis.signal("CONT");
    fleet.shared(1).await;
    phase("back").await;
    redis.say("FLUSHALL").await.unwrap();
    phase("empty").await;
    redis.signal("KILL");
    phase("gone").await;
    fleet.shared(0).await;
    phase("still gone").await;
    // As documented: a share of what the others let through may pass once more each time that the
    // count is lost (here stalled, back, emptied, gone), and one comes back each second. Where the machine
    // is so busy that it was lost for one of them alone, that is away and back once more.
    let back = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    let logs = [fleet.one.log(), fleet.two.log()];
    let away = |log: &String| log.matches("Redis does not answer; this gateway goes on").count();
    let away = [away(&logs[0]), away(&logs[1])];
    assert!(away.iter().all(|away| *away >= 2), "stalled and gone: {away:?}");
    let most = LIMIT + (4 + 2 * (away[0] + away[1] - 4)) * LIMIT / 2 + back;
    println!("{passed} passed of at most {most}, {away:?} away; of the budget {spent:?}");
    assert!((LIMIT..=most).contains(&passed), "{passed} of {most}");
    assert!(logs[0].contains("count rate limits together"));
    let rows = Rows::of(&fleet.one).await;
    eventually("every hold is settled", MET_MAX, async || {
        (rows.open_holds().await == 0 && fleet.simulator.bill_total().open == 0).then_some(())
    })
    .await;
    let bill = fleet.simulator.bill_total();
    assert!(bill.nanos <= 20_000_000, "billed {bill:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exhausted_budget_is_known_to_all_and_a_raise_at_once() {
    const AGENTS: [&str; 4] = ["poor-1", "poor-2", "poor-3", "poor-4"];
    let fleet = Fleet::start("requests_per_minute = 600", |setup| {
        patient(setup);
        for agent in AGENTS {
            setup.tree().agent(agent, "0.00000001");
        }
    })
    .await;
    fleet.shared(1).await;
    let body = chat("paid", "Hello");
    let early = async || {
        let early = async |server: &Server| server.metric("orchestack_denied_early_total").await;
        early(&fleet.one).await + early(&fleet.two).await
    };
    let mut asked = 0;
    for (n, agent) in AGENTS.iter().enumerate() {
        let callers = fleet.callers(agent).await;
        let before = early().await;
        eventually("one takes the other's word", MET_MAX, async || {
            for caller in callers.iter().chain(&callers) {
                caller.ask(&body).await.assert_refused(402, "budget_exhausted");
                asked += 1;
            }
            (early().await > before).then_some(())
        })
        .await;
        // More of it: at once, at both doors, and not one call is refused for what was so before.
        let one = if n % 2 == 0 { &fleet.one } else { &fleet.two };
        one.json(&["budget", "set", agent, "5.00", "--period", "total"]);
        for caller in callers.iter().rev() {
            caller.ask_books(&body).await.assert_answered("paid");
        }
    }
    // All under policy and on record, whoever's word it was.
    println!("{} of {asked} were refused early", early().await);
    let rows = Rows::of(&fleet.one).await;
    let query =
        "select count(*) from audit where kind = 'decision' and outcome = 'budget_exhausted'";
    eventually("all refusals are on record", MET_MAX, async || {
        (rows.number(query).await == asked).then_some(())
    })
    .await;
}
