//! The faults, byte for byte.

use serde_json::{Value, json};
use simulator::{Behaviour, End, ModelScript, Script, Simulator};

use crate::client::{Ended, Got, ask, chat, get, message, post, start};

async fn streamed(model: &str) -> (Simulator, Got) {
    let simulator = start().await;
    let mut body = ask(model, true);
    body["stream_options"] = json!({"include_usage": true});
    let got = chat(&simulator, &body).await;
    (simulator, got)
}

#[tokio::test]
async fn a_cut_comes_after_the_chunks_it_names_and_without_a_terminal_chunk() {
    for (model, events) in [("sim-fault-cut-0", 0), ("sim-fault-cut-4", 4)] {
        let (_simulator, got) = streamed(model).await;
        assert_eq!(got.status(), 200);
        assert_eq!(got.event_count(), events, "{model}");
        assert_eq!(got.end, Ended::Closed, "{model}");
        assert!(got.whole_body().is_none(), "{model}");
    }
}

#[tokio::test]
async fn a_plain_answer_is_cut_before_its_body() {
    let simulator = start().await;
    let got = chat(&simulator, &ask("sim-fault-cut-0", false)).await;
    assert_eq!(got.status(), 200);
    assert_eq!(got.end, Ended::Closed);
    assert!(got.whole_body().is_none());
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (_simulator, got) = streamed("sim-fault-reset-2").await;
    assert_eq!(got.end, Ended::Reset);
}

#[tokio::test]
async fn close_lets_no_byte_out() {
    let simulator = start().await;
    for stream in [true, false] {
        let got = chat(&simulator, &ask("sim-fault-close", stream)).await;
        assert!(got.raw.is_empty(), "{:?}", String::from_utf8_lossy(&got.raw));
        assert_eq!(got.end, Ended::Closed);
    }
}

#[tokio::test]
async fn a_hang_is_silent_before_or_after_the_first_bytes() {
    let (_simulator, got) = streamed("sim-fault-hang").await;
    assert!(got.raw.is_empty());
    assert_eq!(got.end, Ended::Silent);
    let (_simulator, got) = streamed("sim-fault-hang-2").await;
    assert_eq!(got.event_count(), 2);
    assert_eq!(got.end, Ended::Silent);
}

#[tokio::test]
async fn half_open_is_silent_and_half_close_ends_one_side() {
    let (_simulator, got) = streamed("sim-fault-half-open-2").await;
    assert_eq!((got.event_count(), got.end), (2, Ended::Silent));
    let (_simulator, got) = streamed("sim-fault-half-close-2").await;
    assert_eq!((got.event_count(), got.end), (2, Ended::Closed));
    let (_simulator, got) = streamed("sim-fault-half-open-0").await;
    assert_eq!((got.raw.len(), got.end), (0, Ended::Silent));
}

#[tokio::test]
async fn pings_alone_keep_a_stream_alive() {
    let simulator = start().await;
    let behaviour = Behaviour { pings: 3, only_pings: true, ..Behaviour::default() };
    simulator.script(behaviour, Vec::new());
    let got = chat(&simulator, &ask("sim-cloud", true)).await;
    let text = String::from_utf8(got.raw).unwrap();
    assert_eq!(text.matches(": simulator ping\n\n").count(), 3);
    assert_eq!((text.matches("data:").count(), got.end), (0, Ended::Silent));
    let got = message(&simulator, &ask("sim-cloud", true)).await;
    assert_eq!(String::from_utf8(got.raw).unwrap().matches("event: ping\n").count(), 3);
}

#[tokio::test]
async fn usage_can_be_missing_twice_or_wrong() {
    let count = |got: &Got| got.events().iter().filter(|event| event["usage"].is_object()).count();
    let (_simulator, missing) = streamed("sim-fault-no-usage").await;
    assert_eq!(count(&missing), 0);
    let (_simulator, twice) = streamed("sim-fault-two-usage").await;
    assert_eq!(count(&twice), 2);
    let (simulator, wrong) = streamed("sim-fault-wrong-usage").await;
    let claimed = wrong.events().last().unwrap()["usage"]["completion_tokens"].clone();
    assert_eq!(claimed, 1_000_000);
    assert!(simulator.bill_total().output_tokens < 100);
    let plain = chat(&simulator, &ask("sim-fault-no-usage", false)).await.json();
    assert!(plain.get("usage").is_none());
}

#[tokio::test]
async fn the_token_limit_can_be_ignored() {
    let simulator = start().await;
    let got = chat(&simulator, &ask("sim-fault-over-limit-300", false)).await.json();
    assert_eq!(got["usage"]["completion_tokens"], 300);
    assert_eq!(simulator.bill_total().output_tokens, 300);
}

#[tokio::test]
async fn events_can_be_broken() {
    for name in ["malformed", "malformed-shape", "malformed-field", "malformed-utf8", "error-event"]
    {
        let (_simulator, got) = streamed(&format!("sim-fault-{name}")).await;
        let (_other, good) = streamed("sim-cloud").await;
        assert_eq!(got.status(), 200);
        let body = got.whole_body().expect(name);
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(text.ends_with("data: [DONE]\n\n"), "{name}");
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let whole = data.filter(|data| {
            serde_json::from_str::<Value>(data).is_ok_and(|event| event["choices"].is_array())
        });
        let sent = good.events().len();
        // The texts of the two requests differ, and their lengths with them, by the hash only.
        assert!(whole.count() >= 2 && sent > 2, "{name}");
        let simulator = start().await;
        let plain = chat(&simulator, &ask(&format!("sim-fault-{name}"), false)).await;
        let is_answer = serde_json::from_slice::<Value>(&plain.whole_body().expect(name))
            .is_ok_and(|body| body["choices"].is_array());
        assert!(!is_answer, "{name}");
    }
}

#[tokio::test]
async fn split_writes_split_characters_and_lose_nothing() {
    let simulator = start().await;
    let text = "日本🦀тест ".repeat(4);
    let behaviour =
        Behaviour { text: Some(text.clone()), split_bytes: Some(1), ..Behaviour::default() };
    simulator.script(behaviour, Vec::new());
    let got = chat(&simulator, &ask("sim-cloud", true)).await;
    let bytes = got.whole_body().unwrap().len();
    assert!(got.reads > 20, "{} reads for {bytes} bytes", got.reads);
    let events = got.events();
    let deltas = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str());
    assert_eq!(deltas.collect::<String>(), text);
}

#[tokio::test]
async fn a_giant_event_is_one_event() {
    let (simulator, got) = streamed("sim-fault-giant-300000").await;
    let longest = got.text().lines().map(str::len).max().unwrap();
    assert!(longest > 300_000);
    assert!(simulator.bill_total().output_tokens > 300_000 / 4);
}

#[tokio::test]
async fn no_terminal_ends_well_but_without_done() {
    let (_simulator, got) = streamed("sim-fault-no-terminal").await;
    assert!(got.whole_body().is_some());
    assert!(!got.text().contains("[DONE]"));
    assert!(got.events().last().unwrap()["usage"].is_object());
}

#[tokio::test]
async fn a_header_names_a_fault_too() {
    let simulator = start().await;
    let body = ask("sim-cloud", false).to_string();
    let got = post(simulator.addr(), "/v1/chat/completions", "x-sim-fault: 500\r\n", &body).await;
    assert_eq!(got.status(), 500);
}

#[tokio::test]
async fn delays_delay() {
    let simulator = start().await;
    let started = std::time::Instant::now();
    let body = ask("sim-fault-delay-120", false);
    assert_eq!(chat(&simulator, &body).await.status(), 200);
    assert!(started.elapsed().as_millis() >= 120);
    let behaviour = Behaviour {
        chunk_delay_ms: 10,
        end: Some(End::Cut),
        after_chunks: 12,
        ..Behaviour::default()
    };
    simulator.script(behaviour, Vec::new());
    let started = std::time::Instant::now();
    let got = chat(&simulator, &ask("sim-cloud", true)).await;
    assert!(started.elapsed().as_millis() >= 120);
    assert!(got.reads >= 12, "{}", got.reads);
}

#[tokio::test]
async fn a_script_is_played_in_its_order() {
    let simulator = start().await;
    let status = |status| Behaviour { status: Some(status), ..Behaviour::default() };
    let mut script = Script { default: status(500), ..Script::default() };
    script.queue.push_back(Behaviour { times: 2, ..status(429) });
    script.queue.push_back(Behaviour::default());
    let own = ModelScript { queue: [status(503)].into(), ..ModelScript::default() };
    script.models.insert("special".into(), own);
    let text = serde_json::to_string(&script).unwrap();
    assert_eq!(post(simulator.addr(), "/_sim/script", "", &text).await.status(), 200);
    let mut statuses = Vec::new();
    for model in ["a", "special", "special", "a", "a", "special"] {
        statuses.push(chat(&simulator, &ask(model, false)).await.status());
    }
    assert_eq!(statuses, [429, 503, 429, 200, 500, 500]);
    let bad = post(simulator.addr(), "/_sim/script", "", r#"{"default":{"statsu":1}}"#).await;
    assert_eq!(bad.status(), 400);
    assert_eq!(post(simulator.addr(), "/_sim/reset", "", "").await.status(), 200);
    assert_eq!(chat(&simulator, &ask("a", false)).await.status(), 200);
}

#[tokio::test]
async fn the_log_has_hashes_and_bodies_only_when_told() {
    let simulator = start().await;
    assert_eq!(simulator.bytes_received(), 0);
    let body = ask("sim-cloud", true);
    chat(&simulator, &body).await;
    simulator.play(Script { keep_bodies: Some(true), ..Script::default() });
    chat(&simulator, &body).await;
    let seen = simulator.log();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].model.as_str(), seen[0].stream, seen[0].status), ("sim-cloud", true, 200));
    assert_eq!(seen[0].body_sha256, seen[1].body_sha256);
    assert_eq!(seen[0].body, None);
    assert_eq!(seen[1].body.as_deref(), Some(body.to_string().as_str()));
    assert!(simulator.bytes_received() > 2 * body.to_string().len() as u64);
    let log = get(&simulator, "/_sim/log?after=1").await.json();
    assert_eq!(log["requests"].as_array().unwrap().len(), 1);
    assert_eq!(log["count"], 2);
    simulator.reset();
    assert!(simulator.log().is_empty());
}

#[tokio::test]
async fn shutdown_ends_what_hangs() {
    let simulator = start().await;
    let addr = simulator.addr();
    let hanging =
        ["sim-fault-hang", "sim-fault-half-open-1", "sim-fault-slow-60000"].map(|model| {
            let body = ask(model, true).to_string();
            tokio::spawn(async move { post(addr, "/v1/chat/completions", "", &body).await })
        });
    for task in hanging {
        task.await.unwrap();
    }
    let started = std::time::Instant::now();
    simulator.shutdown().await;
    assert!(started.elapsed().as_secs() < 4, "{:?}", started.elapsed());
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}
