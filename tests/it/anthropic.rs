//! Calls in OpenAI's dialect, answered by a provider that speaks Anthropic's.

use serde_json::{Value, json};
use simulator::{Behaviour, Price, Simulator};
use support::{
    Caller, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider, streamed,
};

const SETTLED_MAX: std::time::Duration = std::time::Duration::from_secs(20);

async fn stage() -> (Server, Simulator, Caller) {
    let simulator = provider(&[("claude", Price::dollars_per_million(3, 15))]).await;
    let setup = Setup::new(Database::Sqlite).await;
    let price = Some(("3.00", "15.00"));
    setup.tree().anthropic_provider("anthropic", &simulator, "cloud");
    for id in ["claude", "sim-fault-cut-6", "sim-fault-529", "sim-fault-error-event"] {
        setup.tree().model(ModelSpec { id, provider: "anthropic", price });
    }
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    (server, simulator, caller)
}

fn weather() -> Value {
    json!([{ "type": "function", "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": { "city": { "type": "string" } },
            "required": ["city"],
        },
    } }])
}

/// What the provider was sent last.
fn last(simulator: &Simulator) -> Value {
    let seen = simulator.log().pop().unwrap_or_default();
    assert_eq!(seen.path, "/v1/messages");
    serde_json::from_str(&seen.body.unwrap_or_default()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_and_a_streamed_call_give_openais_shapes_and_the_bills_usage() {
    let (server, simulator, caller) = stage().await;
    let mut body = chat("claude", "Say something.");
    let system = json!({ "role": "system", "content": "Be brief." });
    body["messages"].as_array_mut().unwrap().insert(0, system);
    let answer = caller.ask(&body).await;
    answer.assert_answered("claude");
    let object = answer.json();
    assert_eq!(object.pointer("/object"), Some(&json!("chat.completion")));
    assert_eq!(object.pointer("/choices/0/finish_reason"), Some(&json!("stop")));
    // Its messages have no time of their own.
    assert!(object["created"].as_i64().is_some_and(|created| created > 1_700_000_000), "{object}");
    assert!(object["id"].as_str().is_some_and(|id| id.starts_with("msg_")), "{object}");
    assert!(answer.content().starts_with("[simulator]"));
    let bill = simulator.bill_total();
    assert_eq!(answer.usage(), Some((bill.input_tokens, bill.output_tokens)));
    let sent = last(&simulator);
    assert!(sent.to_string().contains("Be brief.") && sent.get("system").is_some(), "{sent}");
    assert!(sent.get("max_tokens").is_some_and(Value::is_u64), "a limit is always sent: {sent}");

    let stream = caller.ask(&streamed("claude", "Say something.")).await;
    stream.assert_answered("claude");
    assert!(stream.is_done(), "{}", stream.text);
    let chunk = |event: &Value| event.get("object") == Some(&json!("chat.completion.chunk"));
    assert!(stream.events().iter().all(chunk), "{}", stream.text);
    assert!(stream.content().starts_with("[simulator]"));
    let both = simulator.bill_total();
    let usage = (both.input_tokens - bill.input_tokens, both.output_tokens - bill.output_tokens);
    assert_eq!(stream.usage(), Some(usage));

    let rows = Rows::of(&server).await;
    let settled = eventually("both are settled", SETTLED_MAX, async || {
        let ledger = rows.ledger().await;
        (ledger.len() == 2).then_some(ledger)
    });
    let settled: i64 = settled.await.iter().map(|row| row.amount).sum();
    assert_eq!(settled, i64::try_from(both.nanos).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_go_there_and_back_again() {
    let (_server, simulator, caller) = stage().await;
    let mut body = chat("claude", "What is the weather?");
    body["tools"] = weather();
    body["tool_choice"] = json!("required");
    let answer = caller.ask(&body).await;
    answer.assert_answered("claude");
    let object = answer.json();
    assert_eq!(object.pointer("/choices/0/finish_reason"), Some(&json!("tool_calls")));
    let call = object.pointer("/choices/0/message/tool_calls/0").cloned().unwrap_or_default();
    assert_eq!(call.pointer("/function/name"), Some(&json!("get_weather")));
    let arguments = call.pointer("/function/arguments").and_then(Value::as_str).unwrap();
    assert!(serde_json::from_str::<Value>(arguments).unwrap().get("city").is_some());

    let message = object.pointer("/choices/0/message").cloned().unwrap_or_default();
    let result = json!({
        "role": "tool", "tool_call_id": call.get("id"), "content": "{\"degrees\": 21}",
    });
    let asked = json!({ "role": "user", "content": "What is the weather?" });
    let round =
        json!({ "model": "claude", "messages": [asked, message, result], "tools": weather() });
    let answer = caller.ask(&round).await;
    answer.assert_answered("claude");
    assert_eq!(answer.json().pointer("/choices/0/finish_reason"), Some(&json!("stop")));
    let sent = last(&simulator).to_string();
    assert!(sent.contains("tool_use") && sent.contains("tool_result"), "{sent}");

    body["stream"] = json!(true);
    let stream = caller.ask(&body).await;
    stream.assert_answered("claude");
    let piece = |event: &Value| {
        let call = event.pointer("/choices/0/delta/tool_calls/0/function/arguments")?;
        Some(call.as_str()?.to_owned())
    };
    let arguments: String = stream.events().iter().filter_map(piece).collect();
    let arguments: Value = serde_json::from_str(&arguments).unwrap_or_default();
    assert!(arguments.get("city").is_some(), "{}", stream.text);
    assert!(stream.is_done());
}

#[tokio::test(flavor = "multi_thread")]
async fn its_failures_are_told_in_openais_dialect() {
    let (server, simulator, caller) = stage().await;
    let answer = caller.ask(&chat("sim-fault-529", "Hello.")).await;
    answer.assert_refused(502, "upstream_failed");
    for model in ["sim-fault-cut-6", "sim-fault-error-event"] {
        let answer = caller.ask(&streamed(model, "Hello.")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(!answer.is_done(), "{}", answer.text);
        let last = answer.events().pop().unwrap_or_default();
        assert_eq!(last.pointer("/error/code"), Some(&json!("upstream_failed")), "{last}");
    }
    // A message whose pieces come byte by byte is the same message.
    let split = Behaviour { split_bytes: Some(1), ..Behaviour::default() };
    simulator.script(split, Vec::new());
    let answer = caller.ask(&streamed("claude", "Hello.")).await;
    assert!(answer.is_done() && answer.content().starts_with("[simulator]"), "{}", answer.text);
    let rows = Rows::of(&server).await;
    eventually("everything is settled", SETTLED_MAX, async || {
        (rows.open_holds().await == 0 && simulator.bill_total().open == 0).then_some(())
    })
    .await;
    let settled: i64 = rows.ledger().await.iter().map(|row| row.amount).sum();
    assert!(settled >= i64::try_from(simulator.bill_total().nanos).unwrap());
}
