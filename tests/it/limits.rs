//! Rate limits, as callers meet them.

use serde_json::{Value, json};
use simulator::{Behaviour, Price, Simulator};
use support::{
    Answer, Caller, Client, Database, ModelSpec, Server, Setup, chat, provider, streamed,
};

/// An agent with lines of `[limits]`.
fn agent(setup: &Setup, name: &str, owner: &str, limits: &str) {
    let tree = setup.tree();
    tree.agent(name, "100.00");
    let text = format!("owner = \"{owner}\"\n\n[limits]\n{limits}\n");
    tree.write(&format!("agents/{name}/agent.toml"), &text);
}

/// A server with a model `sim`, and what else is prepared.
async fn stage(prepare: impl FnOnce(&Setup, &Simulator)) -> (Server, Simulator) {
    let simulator = provider(&[("sim", Price::FREE), ("other", Price::FREE)]).await;
    let setup = Setup::new(Database::Sqlite).await;
    setup.tree().openai_provider("sim", &simulator, "local").model(ModelSpec {
        id: "sim",
        provider: "sim",
        price: None,
    });
    prepare(&setup, &simulator);
    (setup.start().await, simulator)
}

/// A number of a header such as `"requests";r=4;t=12`.
fn number(answer: &Answer, header: &str, kind: &str, name: &str) -> u64 {
    let text = answer.header(header);
    let item = text.split(", ").find(|item| item.starts_with(&format!("\"{kind}\"")));
    let found = item.and_then(|item| item.split(';').find_map(|part| part.strip_prefix(name)));
    let number = found.and_then(|found| found.strip_prefix('=')).and_then(|n| n.parse().ok());
    number.unwrap_or_else(|| panic!("{header}: {text}: no {kind} {name}"))
}

fn left(answer: &Answer, kind: &str) -> u64 {
    number(answer, "ratelimit", kind, "r")
}

/// The newest record of a decision.
fn decision(server: &Server) -> Value {
    let tail = server.json(&["audit", "tail", "--kind", "decision", "--limit", "1"]);
    tail["records"][0].clone()
}

async fn metrics(server: &Server) -> String {
    Answer::read(Client::new().0.get(format!("{}/metrics", server.admin()))).await.text
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_over_the_limit_of_an_agent_are_told_when_to_come_again() {
    let (server, simulator) = stage(|setup, _| {
        agent(setup, "busy", "ada", "requests_per_minute = 2");
    })
    .await;
    let caller = Caller::new(&server, "busy");
    for remaining in [1, 0] {
        let answer = caller.ask(&chat("sim", "Hello")).await;
        answer.assert_answered("sim");
        assert_eq!(answer.header("ratelimit-policy"), "\"requests\";q=2;w=60");
        assert_eq!(left(&answer, "requests"), remaining);
    }
    let sent = simulator.log().len();
    let refused = caller.ask(&chat("sim", "Hello")).await;
    refused.assert_refused(429, "rate_limited");
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("the limit of this agent is 2 requests a minute"), "{message}");
    assert_eq!(left(&refused, "requests"), 0);
    assert_eq!(simulator.log().len(), sent, "nothing went out");
    // Whoever waits as long as it was told comes through: no other request was counted.
    tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    caller.ask(&chat("sim", "Hello")).await.assert_answered("sim");
    // Another agent has no limit, and hears of none.
    let free = Caller::new(&server, "default").ask(&chat("sim", "Hello")).await;
    assert_eq!((free.status, free.header("ratelimit")), (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_its_rate_is_on_record_and_counted() {
    let (server, _simulator) = stage(|setup, _| {
        agent(setup, "busy", "ada", "requests_per_minute = 1");
    })
    .await;
    let caller = Caller::new(&server, "busy");
    caller.ask(&chat("sim", "Hello")).await.assert_answered("sim");
    caller.ask(&chat("sim", "Hello")).await.assert_refused(429, "rate_limited");
    let record = decision(&server);
    assert_eq!(record["outcome"], "rate_limited", "{record}");
    let limit = &record["detail"]["limit"];
    assert_eq!((&limit["scope"], &limit["kind"]), (&json!("agent"), &json!("requests")));
    assert_eq!(limit["max"], 1);
    let metrics = metrics(&server).await;
    let series = "orchestack_requests_limited_total{kind=\"requests\",scope=\"agent\"} 1";
    assert!(metrics.contains(series), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_owners_and_the_tenant_have_limits_of_their_own() {
    let (server, _simulator) = stage(|setup, _| {
        let limits = "[limits.keys]\nrequests_per_minute = 2\n\
                      [limits.users]\nrequests_per_minute = 3\n\
                      [limits.tenant]\nrequests_per_minute = 4\n";
        setup.tree().write("orchestack.toml", limits);
        agent(setup, "one", "ada", "");
        agent(setup, "two", "ada", "");
        agent(setup, "three", "bob", "");
    })
    .await;
    let refused = async |caller: &Caller| {
        let answer = caller.ask(&chat("sim", "Hello")).await;
        match answer.status {
            200 => String::new(),
            429 => answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned(),
            _ => panic!("{}", answer.text),
        }
    };
    let first = Caller::new(&server, "one");
    assert_eq!((refused(&first).await, refused(&first).await), (String::new(), String::new()));
    assert!(refused(&first).await.contains("this key is 2 requests"));
    // Another agent of the same owner: the key has room, and the owner has one left.
    let second = Caller::new(&server, "two");
    assert_eq!(refused(&second).await, "");
    assert!(refused(&second).await.contains("the agents of this owner is 3 requests"));
    // Another owner: one is left of the tenant's four, since what was refused counts nowhere.
    let third = Caller::new(&server, "three");
    assert_eq!(refused(&third).await, "");
    assert!(refused(&third).await.contains("the organisation is 4 requests"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_really_used_is_taken_from_the_tokens() {
    let (server, simulator) = stage(|setup, _| {
        agent(setup, "wordy", "ada", "tokens_per_minute = 600");
    })
    .await;
    let long = Behaviour { output_tokens: Some(700), ..Behaviour::default() };
    simulator.script(Behaviour::default(), vec![Behaviour::default(), long]);
    let caller = Caller::new(&server, "wordy");
    let first = caller.ask(&streamed("sim", "Hello")).await;
    first.assert_answered("sim");
    assert_eq!(number(&first, "ratelimit-policy", "tokens", "q"), 600);
    let (input, output) = first.usage().unwrap();
    // The second request sees what the first one used, and what it takes itself in advance.
    let second = caller.ask(&chat("sim", "Hello")).await;
    second.assert_answered("sim");
    let left = left(&second, "tokens");
    let gone = 600 - left;
    // Some come back between the two: ten a second.
    assert!(gone <= input + output + 50, "{gone} of {input} and {output}");
    assert!(left < 600, "{left}");
    // That one used more than the rest of the minute has.
    let refused = caller.ask(&chat("sim", "Hello")).await;
    refused.assert_refused(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((5..=40).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_run_at_once_and_the_next_when_one_ends() {
    let (server, simulator) = stage(|setup, _| {
        agent(setup, "wide", "ada", "concurrent_requests = 2");
    })
    .await;
    let slow = Behaviour { output_tokens: Some(400), chunk_delay_ms: 5, ..Behaviour::default() };
    simulator.script(slow, Vec::new());
    let caller = Caller::new(&server, "wide");
    let open = async || {
        let sent = caller.request(&streamed("sim", "Hello")).send().await.unwrap();
        assert_eq!(sent.status(), 200);
        sent
    };
    let (first, second) = (open().await, open().await);
    let refused = caller.ask(&chat("sim", "Hello")).await;
    refused.assert_refused(429, "rate_limited");
    assert_eq!(refused.header("ratelimit"), "\"concurrent\";r=0");
    assert_eq!(refused.header("retry-after"), "1");
    // One ends by itself, the other because its caller leaves. Both places are free again: what asks
    // is short, so that it is gone itself before it asks again.
    first.bytes().await.unwrap();
    drop(second);
    simulator.script(Behaviour::default(), Vec::new());
    support::eventually("two places are free", std::time::Duration::from_secs(30), async || {
        let asked = caller.ask(&chat("sim", "Hello")).await;
        let free = asked.status == 200 && asked.header("ratelimit") == "\"concurrent\";r=1";
        free.then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_over_its_limit_is_passed_over_for_the_next_one() {
    let (server, simulator) = stage(|setup, simulator| {
        let tree = setup.tree();
        tree.openai_provider("more", simulator, "local");
        let limited = "fallbacks = [\"other\"]\n[model.limits]\nrequests_per_minute = 1\n";
        tree.model_with(ModelSpec { id: "sim", provider: "sim", price: None }, limited);
        tree.model(ModelSpec { id: "other", provider: "more", price: None });
        let text = std::fs::read_to_string(tree.folder().join("providers/more.toml")).unwrap();
        let text = format!("{text}[provider.limits]\nrequests_per_minute = 1\n");
        tree.write("providers/more.toml", &text);
    })
    .await;
    let caller = Caller::new(&server, "default");
    caller.ask(&chat("sim", "Hello")).await.assert_answered("sim");
    caller.ask(&chat("sim", "Hello")).await.assert_answered("other");
    let refused = caller.ask(&chat("sim", "Hello")).await;
    refused.assert_refused(429, "rate_limited");
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("the provider `more` is 1 requests a minute"), "{message}");
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    assert_eq!(simulator.log().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_changes_the_limits_and_one_that_makes_no_sense_does_not_load() {
    let (server, _simulator) = stage(|setup, _| {
        agent(setup, "busy", "ada", "requests_per_minute = 1");
    })
    .await;
    let caller = Caller::new(&server, "busy");
    caller.ask(&chat("sim", "Hello")).await.assert_answered("sim");
    caller.ask(&chat("sim", "Hello")).await.assert_refused(429, "rate_limited");
    let write = |limits: &str| {
        let text = format!("owner = \"ada\"\n[limits]\n{limits}\n");
        server.tree().write("agents/busy/agent.toml", &text);
        server.tree().commit("other limits");
    };
    write("requests_per_minute = 0");
    let checked = server.run(&["policy", "check", &server.tree().folder().display().to_string()]);
    assert!(!checked.status.success());
    write("requests_per_minute = 1000");
    support::eventually("the new limit is there", std::time::Duration::from_secs(30), async || {
        (caller.ask(&chat("sim", "Hello")).await.status == 200).then_some(())
    })
    .await;
}
