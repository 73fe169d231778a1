//! Why a request went where it went, told from its records.

use serde_json::json;
use simulator::Price;
use support::{Caller, Database, ModelSpec, Setup, chat, eventually, provider};

const SETTLED_MAX: std::time::Duration = std::time::Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_requests_candidates_are_told_with_what_became_of_each() {
    let price = Price::dollars_per_million(3, 15);
    let simulator = provider(&[("sim", price), ("sim-fault-503", price)]).await;
    let setup = Setup::new(Database::Sqlite).await;
    let tree = setup.tree();
    tree.openai_provider("sim", &simulator, "cloud");
    tree.model_with(
        ModelSpec { id: "sim-fault-503", provider: "sim", price: Some(("3.00", "15.00")) },
        "fallbacks = [\"sim\", \"blind\"]",
    );
    tree.model(ModelSpec { id: "sim", provider: "sim", price: Some(("3.00", "15.00")) });
    tree.model_with(
        ModelSpec { id: "blind", provider: "sim", price: Some(("3.00", "15.00")) },
        "enabled = false",
    );
    tree.write("orchestack.toml", "[routing.weights]\ncost = 50\nlatency = 30\nquality = 20\n");
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    let answer = caller.ask(&chat("sim-fault-503", "Hello.")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let request = answer.header("x-orchestack-request-id").to_owned();
    assert_eq!(answer.header("x-request-id"), request);
    let told = eventually("both attempts are on record", SETTLED_MAX, async || {
        let output = server.run(&["explain", &request]);
        let told = String::from_utf8(output.stdout).unwrap();
        (told.matches("cost       ").count() == 2).then_some(told)
    })
    .await;
    for expected in [
        "asked for `sim-fault-503`",
        "decision   permit by commit ",
        "1, requested",
        "2, fallback",
        "(cost 1000, latency 0, quality ",
        "out: disabled",
        "attempt    `sim-fault-503` at sim: upstream_failed",
        "attempt    `sim` at sim: ok",
    ] {
        assert!(told.contains(expected), "{expected} is not in:\n{told}");
    }
    // For machines, the records themselves.
    let records = server.json(&["explain", &request]);
    let plan = &records["records"][0]["detail"]["plan"];
    assert_eq!((&plan[0]["model"], &plan[1]["model"]), (&json!("sim-fault-503"), &json!("sim")));
    assert!(plan[0]["score"]["penalty"].is_u64(), "{plan}");
    // A denied request is told too, and one that never was is refused.
    let denied = caller.ask(&chat("sim", "My number is 536-22-8174.")).await;
    assert_eq!(denied.status, 403);
    let output = server.run(&["explain", denied.header("x-orchestack-request-id")]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("findings   us_ssn 1") && told.contains("restricted"), "{told}");
    assert!(told.contains("out: not permitted"), "{told}");
    let output = server.run(&["explain", "req_01ARZ3NDEKTSV4RRFFQ69G5FAV"]);
    assert_eq!(output.status.code(), Some(1));
}

/// An agent that wants it gets hard requests to the better model, and is told why.
#[tokio::test(flavor = "multi_thread")]
async fn the_difficulty_of_a_request_counts_where_an_agent_wants_it() {
    let price = Price::dollars_per_million(3, 15);
    let simulator = provider(&[("weak", price), ("strong", price)]).await;
    let setup = Setup::new(Database::Sqlite).await;
    let tree = setup.tree();
    tree.openai_provider("sim", &simulator, "cloud");
    for (id, price, quality) in [("weak", "1.00", 60), ("strong", "9.00", 95)] {
        let spec = ModelSpec { id, provider: "sim", price: Some((price, price)) };
        tree.model_with(spec, &format!("quality = {quality}"));
    }
    tree.agent("careful", "100.00");
    let file = "owner = \"tests\"\ndifficulty = 100\n[budget]\ntotal = \"100.00\"\n";
    tree.write("agents/careful/agent.toml", file);
    let server = setup.start().await;
    let (careful, default) = (Caller::new(&server, "careful"), Caller::new(&server, "default"));
    let easy = chat("auto:cheap", "Say hello.");
    let hard = chat("auto:cheap", "Prove that the algorithm has no deadlock.");
    let first = async |caller: &Caller, body: &serde_json::Value| {
        let told = caller.ask_with(("x-orchestack-dry-run", "true"), body).await.json();
        let model = told["attempts"][0]["model"].as_str().unwrap().to_owned();
        (model, told["difficulty"]["floor"].as_u64())
    };
    assert_eq!(first(&careful, &easy).await, ("weak".to_owned(), Some(50)));
    assert_eq!(first(&careful, &hard).await, ("strong".to_owned(), Some(78)));
    assert_eq!(first(&default, &hard).await, ("weak".to_owned(), None));
    let answer = careful.ask(&hard).await;
    answer.assert_answered("strong");
    let request = answer.header("x-orchestack-request-id");
    let told = eventually("the decision is on record", SETTLED_MAX, async || {
        let told = String::from_utf8(server.run(&["explain", request]).stdout).unwrap();
        told.contains("difficulty").then_some(told)
    })
    .await;
    assert!(told.contains("difficulty 78 (base +50, reasoning +28)"), "{told}");
}

/// Providers that fail for everybody are not asked by everybody twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_brown_out_of_all_providers_is_not_multiplied() {
    let price = Price::dollars_per_million(3, 15);
    let failing: Vec<String> = (0..120).map(|n| format!("m{n}-fault-500")).collect();
    let models: Vec<_> = failing.iter().map(|id| (id.as_str(), price)).collect();
    let simulator = provider(&models).await;
    let setup = Setup::new(Database::Sqlite).await;
    let tree = setup.tree();
    tree.openai_provider("sim", &simulator, "cloud");
    let spec = |id| ModelSpec { id, provider: "sim", price: Some(("3.00", "15.00")) };
    let pairs: Vec<_> = failing.iter().step_by(2).zip(failing.iter().skip(1).step_by(2)).collect();
    for (first, second) in &pairs {
        tree.model_with(spec(first), &format!("fallbacks = [\"{second}\"]"));
        tree.model(spec(second));
    }
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    // Four failures of a model do not open its breaker: how often it is asked is left to the budget.
    for (first, _) in &pairs {
        for _ in 0..4 {
            let answer = caller.ask(&chat(first, "Hello.")).await;
            assert_eq!(answer.status, 502, "{answer:?}");
        }
    }
    let refused = server.metric("orchestack_retries_refused_total").await;
    // Two minutes would have to pass for all 240 to be allowed their second attempt.
    assert!(refused > 0, "every request was allowed a second attempt");
    let tried = simulator.log().len();
    assert_eq!(u64::try_from(tried).unwrap(), 480 - refused);
}
