//! Whose budgets a call draws on, and in which windows.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{
    Answer, Caller, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider,
};

const WAIT_MAX: Duration = Duration::from_secs(30);
/// Some calls' worth.
const SMALL: &str = "0.0003";

/// The hour of the day in UTC: tests choose zones whose days do not end while they run.
fn hour() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as u128 / 3600 % 24
}

/// A server with this `orchestack.toml` in its tree, and two agents of one owner.
async fn stage(organisation: &str) -> (Server, Simulator) {
    let simulator = provider(&[("sim", Price::dollars_per_million(1, 1))]).await;
    let mut setup = Setup::new(Database::Sqlite).await;
    setup.set("ledger.admission_timeout", "20s");
    setup
        .tree()
        .agent("default", "10.00")
        .agent("second", "10.00")
        .openai_provider("sim", &simulator, "local")
        .model(ModelSpec { id: "sim", provider: "sim", price: Some(("1.00", "1.00")) })
        .write("orchestack.toml", organisation);
    (setup.start().await, simulator)
}

fn body() -> Value {
    let mut body = chat("sim", "Hello.");
    body["max_completion_tokens"] = json!(20);
    body
}

/// Calls until the budget is exhausted; what the refusal says.
async fn exhausted(call: impl AsyncFn() -> Answer) -> String {
    for _ in 0..100 {
        let answer = call().await;
        if answer.status != 200 {
            answer.assert_refused(402, "budget_exhausted");
            return answer.text;
        }
    }
    panic!("the budget never ends");
}

fn account(server: &Server, scope: &str, period: &str) -> Value {
    let shown = server.json(&["budget", "show"]);
    let accounts = shown["accounts"].as_array().unwrap();
    let found = accounts.iter().rfind(|a| a["scope"] == scope && a["period"] == period);
    found.unwrap_or_else(|| panic!("no {scope} {period}: {shown}")).clone()
}

/// The output limit of the last call.
fn limit_sent(simulator: &Simulator) -> u64 {
    let body = simulator.log().last().unwrap().body.clone().unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    let limit = ["max_completion_tokens", "max_tokens"].iter().find_map(|name| body.get(name));
    limit.unwrap().as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn days_begin_at_the_tenants_midnight_and_another_zone_gives_nothing_back() {
    let zone = |name: &str| {
        format!(
            "[budget]\ntime_zone = \"{name}\"\n[budget.tenant]\nday = \"1.00\"\nweek = \"5.00\"\n"
        )
    };
    let [(east_zone, east_begins), (west_zone, west_begins)] = match hour() {
        6..14 => [("Etc/GMT-2", "T22:00"), ("UTC", "T00:00")],
        // Fourteen hours before UTC, winter and summer.
        _ => [("Pacific/Kiritimati", "T10:00"), ("Etc/GMT+12", "T12:00")],
    };
    let begins = |account: &Value, at: &str| account["starts"].as_str().unwrap().contains(at);
    let (server, _simulator) = stage(&zone(east_zone)).await;
    let caller = Caller::new(&server, "default");
    caller.ask_books(&body()).await.assert_answered("sim");
    for period in ["day", "week"] {
        let east = account(&server, "tenant", period);
        assert!(begins(&east, east_begins), "{east}");
    }
    let spent = account(&server, "tenant", "day")["spent"]["nanos"].as_i64().unwrap();
    assert!(spent > 0);

    let commit = server.tree().write("orchestack.toml", &zone(west_zone)).commit("west");
    eventually("the new commit decides", WAIT_MAX, async || {
        let answer = caller.ask_books(&body()).await;
        (answer.header("x-orchestack-commit") == commit).then_some(())
    })
    .await;
    let shown = server.json(&["budget", "show"]);
    let days: Vec<&Value> = shown["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["scope"] == "tenant" && a["period"] == "day")
        .collect();
    let [east, west] = &days[..] else { panic!("not two days: {shown}") };
    let (east, west) = if begins(east, east_begins) { (east, west) } else { (west, east) };
    assert!(begins(west, west_begins), "{west}");
    let nanos = |account: &Value, name: &str| account[name]["nanos"].as_i64().unwrap();
    // The calls before the change count in the new day.
    assert_eq!(nanos(west, "cap"), 1_000_000_000 - nanos(east, "spent"));
    // What the gateway has in a slice is held.
    let left = nanos(west, "left") + nanos(west, "held");
    assert_eq!(left, 1_000_000_000 - nanos(east, "spent") - nanos(west, "spent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_tasks_have_caps_of_their_own() {
    let text =
        format!("[budget.sessions]\ntotal = \"{SMALL}\"\n[budget.tasks]\nday = \"{SMALL}\"\n");
    let (server, _simulator) = stage(&text).await;
    let caller = Caller::new(&server, "default");
    let [one, two] = ["ses_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ses_01ARZ3NDEKTSV4RRFFQ69G5FAW"];
    let session = |id| ("x-orchestack-session", id);
    let told = exhausted(async || caller.ask_books_with(&[session(one)], &body()).await).await;
    assert!(told.contains("the total budget of this session"), "{told}");
    caller.ask_books_with(&[session(two)], &body()).await.assert_answered("sim");
    caller.ask_books(&body()).await.assert_answered("sim");

    let task = "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let made = |task: &str| {
        let made = server.json(&["grant", "create", "--agent", "default", "--task", task]);
        Caller::with_key(&server, made["grant"].as_str().unwrap())
    };
    let granted = made(task);
    let told = exhausted(async || granted.ask_books(&body()).await).await;
    assert!(told.contains("the day budget of this task"), "{told}");
    let shown = server.json(&["budget", "show", "--scope", "task"]);
    assert_eq!(shown["accounts"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(
        (&shown["accounts"][0]["name"], &shown["accounts"][0]["cap"]["usd"]),
        (&json!(task), &json!(SMALL))
    );
    let shown = server.json(&["budget", "show"]);
    assert!(!shown.to_string().contains(task), "{shown}");
    // Another grant of the task gets no more; another task does.
    made(task).ask_books(&body()).await.assert_refused(402, "budget_exhausted");
    made("tsk_01ARZ3NDEKTSV4RRFFQ69G5FAW").ask_books(&body()).await.assert_answered("sim");
    // Set at run time, it stands above the tree's.
    server.json(&["budget", "set", task, "1.00", "--scope", "task", "--period", "day"]);
    granted.ask_books(&body()).await.assert_answered("sim");
    let unknown = server.run(&["budget", "set", "tsk_1", "1.00", "--scope", "task"]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_agents_share_the_persons_cap() {
    let (server, _simulator) = stage("").await;
    let [first, second] = ["default", "second"].map(|agent| Caller::new(&server, agent));
    server.json(&["budget", "set", "tests", SMALL, "--scope", "user"]);
    let told = exhausted(async || first.ask_books(&body()).await).await;
    assert!(told.contains("the day budget of this user"), "{told}");
    second.ask_books(&body()).await.assert_refused(402, "budget_exhausted");
    let unknown = server.run(&["budget", "set", "nobody", "1.00", "--scope", "user"]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_costs_more_than_the_cap_of_one() {
    let (server, simulator) = stage("[budget.agents]\nrequest = \"0.001\"\n").await;
    let caller = Caller::new(&server, "default");
    // The output limit is lowered to what the cap pays for.
    let mut long = body();
    long["max_completion_tokens"] = json!(4000);
    caller.ask_books(&long).await.assert_answered("sim");
    let sent = limit_sent(&simulator);
    assert!(sent < 1000, "{sent}");
    // None pays for less than its input.
    server.json(&["budget", "set", "default", "0.000001", "--period", "request"]);
    caller.ask_books(&body()).await.assert_refused(402, "budget_exhausted");
    server.json(&["budget", "set", "default", "none", "--period", "request"]);
    caller.ask_books(&long).await.assert_answered("sim");
    assert_eq!(limit_sent(&simulator), 4000);
    server.json(&["budget", "set", "sim", "0.000001", "--scope", "model", "--period", "request"]);
    caller.ask_books(&body()).await.assert_refused(402, "budget_exhausted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_day_did_not_use_is_in_the_next_ones_cap_and_is_told() {
    const DAY_US: u128 = 86_400_000_000;
    // Where it is not soon midnight.
    let (zone, ahead) = match hour() {
        6..18 => ("UTC", 0),
        _ => ("Etc/GMT-12", DAY_US / 2),
    };
    let (server, _simulator) = stage(&format!("[budget]\ntime_zone = \"{zone}\"\n")).await;
    let agent = "owner = \"ann\"\n[budget]\nday = \"1.00\"\n[budget.rollover]\nday = \"0.25\"\n";
    let commit = server.tree().write("agents/default/agent.toml", agent).commit("rollover");
    eventually("the new commit decides", WAIT_MAX, async || {
        let status = server.json(&["policy", "status"]);
        (status["commit"] == commit.as_str()).then_some(())
    })
    .await;
    // Yesterday, of which most is left.
    let rows = Rows::of(&server).await;
    let ids = rows.texts("select tenant_id || '/' || id from agents where name = 'default'").await;
    let (tenant, id) = ids[0].split_once('/').unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
    let ends = (now + ahead) / DAY_US * DAY_US - ahead;
    let starts = ends - DAY_US;
    rows.execute(&format!(
        "insert into accounts (id, tenant_id, scope, scope_id, period, starts, ends, target, hard, \
         cap, settled, held, overrun) values ('{tenant}/agent/day/{starts}/{ends}/{id}', '{tenant}', \
         'agent', '{id}', 'day', {starts}, {ends}, 1000000000, 1, 1000000000, 100000000, 0, 0)"
    ))
    .await;
    Caller::new(&server, "default").ask_books(&body()).await.assert_answered("sim");
    let day = eventually("the call is in the books", WAIT_MAX, async || {
        let shown = server.json(&["budget", "show"]);
        let mut accounts = shown["accounts"].as_array().unwrap().iter();
        accounts
            .find(|a| a["scope"] == "agent" && a["period"] == "day" && a["cap"]["usd"] == "1.25")
            .cloned()
    })
    .await;
    assert_eq!(day["rolled_over"]["usd"], "0.25", "{day}");
    let shown = server.run(&["budget", "show"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("rolled over: agent default has 0.25 of the day before"), "{shown}");
    assert_eq!(
        rows.number("select target from accounts where settled = 100000000").await,
        750_000_000
    );
    // What is set is below it, as it is below raises.
    let words = ["budget", "set", "default", "2.00", "--rollover", "none"];
    assert_eq!(server.json(&words)["cap"]["usd"], "2.25");
    let refused =
        server.run(&["budget", "set", "default", "9", "--period", "total", "--rollover", "1"]);
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("nothing rolls over from a total"), "{told}");
}
