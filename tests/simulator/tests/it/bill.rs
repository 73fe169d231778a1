//! The bill follows from what was asked and sent, and outlives the simulator.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use simulator::{Behaviour, BillTotal, Price, Simulator, SimulatorOptions, tokens};

use crate::client::{ask, chat, get, start};

const PRICE: Price = Price::dollars_per_million(3, 15);

async fn start_on(bill: &Path) -> Simulator {
    let options = SimulatorOptions { bill: Some(bill.to_owned()), ..SimulatorOptions::default() };
    Simulator::start(options).await.unwrap()
}

/// Waits until no call is open: a cut is noticed by the other side a moment later.
async fn settled(simulator: &Simulator) -> BillTotal {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let total = simulator.bill_total();
        if total.open == 0 {
            return total;
        }
        assert!(Instant::now() < deadline, "{total:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_call_costs_what_its_usage_says() {
    let simulator = start().await;
    for stream in [false, true] {
        let before = simulator.bill_total();
        let mut body = ask("sim-cloud", stream);
        if stream {
            body["stream_options"] = json!({"include_usage": true});
        }
        let got = chat(&simulator, &body).await;
        let usage = match stream {
            true => got.events().last().unwrap()["usage"].clone(),
            false => got.json()["usage"].clone(),
        };
        let total = settled(&simulator).await;
        let (input, output) = (
            usage["prompt_tokens"].as_u64().unwrap(),
            usage["completion_tokens"].as_u64().unwrap(),
        );
        assert_eq!(input, tokens::count("Say something."));
        assert_eq!(total.output_tokens - before.output_tokens, output);
        assert_eq!(total.nanos - before.nanos, PRICE.cost(input, output));
    }
    let free = simulator.bill_total().nanos;
    chat(&simulator, &ask("sim-local", false)).await;
    assert_eq!(simulator.bill_total().nanos, free);
    let over_http = get(&simulator, "/_sim/bill").await.json();
    assert_eq!(over_http["calls"], 3);
}

#[tokio::test]
async fn a_cut_stream_costs_what_was_sent() {
    let simulator = start().await;
    // The role's event brings nothing; four events bring a token each.
    chat(&simulator, &ask("sim-fault-cut-5", true)).await;
    let total = settled(&simulator).await;
    assert_eq!((total.calls, total.output_tokens), (1, 4));
    assert_eq!(total.nanos, PRICE.cost(total.input_tokens, 4));
}

#[tokio::test]
async fn a_caller_that_leaves_pays_for_what_it_got() {
    let simulator = start().await;
    chat(&simulator, &ask("sim-fault-hang-3", true)).await;
    let total = settled(&simulator).await;
    assert_eq!((total.calls, total.output_tokens), (1, 2));
    chat(&simulator, &ask("sim-fault-hang", true)).await;
    let total = settled(&simulator).await;
    assert_eq!((total.calls, total.output_tokens), (2, 2));
}

#[tokio::test]
async fn what_is_thought_and_not_shown_is_billed() {
    let simulator = start().await;
    let thinking = Behaviour { hidden_tokens: 40, chunk_delay_ms: 2, ..Behaviour::default() };
    simulator.script(thinking, Vec::new());
    let got = chat(&simulator, &ask("sim-cloud", false)).await;
    let usage = got.json()["usage"].clone();
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 40);
    let total = settled(&simulator).await;
    assert_eq!(usage["completion_tokens"].as_u64(), Some(total.output_tokens));
    // In a stream nothing of it arrives.
    let mut events = chat(&simulator, &ask("sim-cloud", true)).await.events();
    events.retain(|event| {
        event["choices"][0]["delta"]["content"].as_str().is_some_and(|text| !text.is_empty())
    });
    let more = settled(&simulator).await.output_tokens - total.output_tokens;
    assert_eq!(more, 40 + u64::try_from(events.len()).unwrap());
    // The limit is on both together.
    let thinking = Behaviour { hidden_tokens: 1_000, ..Behaviour::default() };
    simulator.script(thinking, Vec::new());
    let before = simulator.bill_total().output_tokens;
    chat(&simulator, &ask("sim-cloud", true)).await;
    assert_eq!(settled(&simulator).await.output_tokens - before, 64);
}

#[tokio::test]
async fn an_open_call_counts_with_its_worst() {
    let simulator = start().await;
    let mut body = ask("sim-fault-delay-60000", true);
    body["n"] = json!(2);
    let addr = simulator.addr();
    let text = body.to_string();
    let hanging = tokio::spawn(async move {
        crate::client::post(addr, "/v1/chat/completions", "", &text).await;
    });
    let deadline = Instant::now() + Duration::from_secs(5);
    while simulator.bill_total().open == 0 {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(simulator.bill_total().output_tokens, 2 * 64);
    hanging.await.unwrap();
    assert_eq!(settled(&simulator).await.output_tokens, 0);
}

#[tokio::test]
async fn the_bill_is_continued_and_a_torn_line_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bill.jsonl");
    let simulator = start_on(&path).await;
    chat(&simulator, &ask("sim-cloud", true)).await;
    let first = settled(&simulator).await;
    simulator.shutdown().await;
    let mut text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 2);
    // A simulator that was killed has left a call open and a line torn.
    let open = text.lines().next().unwrap().replace("sim", "killed-");
    text.push_str(&format!("{open}\n{{\"event\":\"fin"));
    std::fs::write(&path, text).unwrap();
    let simulator = start_on(&path).await;
    let continued = simulator.bill_total();
    assert_eq!((continued.calls, continued.open), (2, 1));
    assert_eq!(continued.output_tokens, first.output_tokens + 64);
    chat(&simulator, &ask("sim-cloud", false)).await;
    assert_eq!(simulator.bill_total().calls, 3);
    simulator.shutdown().await;
    let simulator = start_on(&path).await;
    assert_eq!(simulator.bill_total().calls, 3);
}

#[tokio::test]
async fn a_bill_that_cannot_be_kept_stops_the_start() {
    let options =
        SimulatorOptions { bill: Some("/nonexistent/bill".into()), ..SimulatorOptions::default() };
    let error = Simulator::start(options).await.unwrap_err().to_string();
    assert!(error.contains("/nonexistent/bill"), "{error}");
}
