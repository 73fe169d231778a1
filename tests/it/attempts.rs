//! Attempts at providers that fail in every way: what the caller gets, and what is paid.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Behaviour, Price, Simulator};
use support::{
    Answer, Caller, Database, LedgerRow, ModelSpec, Rows, Server, Setup, chat, eventually,
    provider, streamed, until,
};

/// Longer than any settlement takes.
const SETTLED_MAX: Duration = Duration::from_secs(20);
/// A settlement that must not come is waited for this long.
const QUIET: Duration = Duration::from_millis(300);
const PRICE: Price = Price::dollars_per_million(3, 15);

/// A provider that fails as the name of a model says, one that works, and one that is not there.
struct Stage {
    faulty: Simulator,
    good: Simulator,
    server: Server,
    caller: Caller,
    rows: Rows,
}

impl Stage {
    /// With these models of the faulty provider. Each falls back to `good`.
    async fn new(models: &[&str]) -> Self {
        let faulty = provider(&[]).await;
        let good = provider(&[("good", PRICE)]).await;
        let mut setup = Setup::new(Database::Sqlite).await;
        // Short, so that what never comes is noticed within the test.
        setup
            .set("upstream.first_byte_timeout", "1s")
            .set("upstream.idle_timeout", "1s")
            .set("upstream.total_timeout", "10s");
        let price = Some(("3.00", "15.00"));
        let tree = setup.tree();
        tree.openai_provider("faulty", &faulty, "cloud")
            .openai_provider("good", &good, "cloud")
            .write("providers/nowhere.toml", &nowhere())
            .model(ModelSpec { id: "good", provider: "good", price });
        for id in models {
            let provider = if *id == "unreachable" { "nowhere" } else { "faulty" };
            tree.model_with(ModelSpec { id, provider, price }, "fallbacks = [\"good\"]");
        }
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        let rows = Rows::of(&server).await;
        Self { faulty, good, server, caller, rows }
    }

    /// The rows of a model's settlements, once every hold is resolved.
    async fn charges(&self, model: &str) -> Vec<LedgerRow> {
        self.quiet().await;
        let ledger = self.rows.ledger().await;
        ledger.into_iter().filter(|row| row.model == model).collect()
    }

    async fn quiet(&self) {
        eventually("every hold is resolved", SETTLED_MAX, async || {
            (self.rows.open_holds().await == 0).then_some(())
        })
        .await;
    }

    /// The states of a model's holds.
    async fn states(&self, model: &str) -> Vec<String> {
        let holds = self.rows.holds().await;
        holds.into_iter().filter(|hold| hold.model == model).map(|hold| hold.state).collect()
    }

    /// The books never come out below what the providers billed.
    async fn assert_covered(&self) {
        self.quiet().await;
        let bill = eventually("the bills are final", SETTLED_MAX, async || {
            let bills = [self.faulty.bill_total(), self.good.bill_total()];
            let open = bills.iter().any(|bill| bill.open > 0);
            (!open).then(|| bills.iter().map(|bill| bill.nanos).sum::<u64>())
        });
        let bill = i64::try_from(bill.await).unwrap();
        let ledger = self.rows.ledger().await;
        let settled: i64 = ledger.iter().map(|row| row.amount + row.overrun).sum();
        assert!(settled >= bill, "settled {settled}, billed {bill}: {ledger:#?}");
    }
}

/// A provider whose port nobody listens on.
fn nowhere() -> String {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    format!(
        "[[provider]]\nname = \"nowhere\"\nkind = \"openai\"\nbase_url = \"http://{address}/v1\"\n\
         locality = \"cloud\"\n"
    )
}

#[track_caller]
fn assert_error_event(answer: &Answer, model: &str) {
    assert_eq!(answer.status, 200, "{model}: {}", answer.text);
    assert!(!answer.is_done(), "{model} has a terminator: {}", answer.text);
    assert!(!answer.content().is_empty(), "{model} never began: {}", answer.text);
    let events = answer.events();
    let last = events.last().cloned().unwrap_or_default();
    let code = last.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    assert!(["upstream_failed", "upstream_timeout"].contains(&code), "{model}: {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_before_its_first_byte_is_replaced_and_every_try_has_its_hold() {
    // What is paid for the lost try: nothing where the provider refused or was not reached, else what
    // it may have done.
    let plain = [
        ("unreachable", "free"),
        ("sim-fault-402", "free"),
        ("sim-fault-429", "free"),
        ("sim-fault-500", "free"),
        ("sim-fault-503", "free"),
        ("sim-fault-529", "free"),
        ("sim-fault-close", "paid"),
        ("sim-fault-hang", "paid"),
        ("sim-fault-malformed", "paid"),
    ];
    let streams = [
        ("sim-fault-502", "free"),
        ("sim-fault-cut-0", "paid"),
        ("sim-fault-reset-0", "paid"),
        ("sim-fault-no-terminal-0", "paid"),
        ("sim-fault-hang-0", "paid"),
        ("sim-fault-pings", "paid"),
    ];
    let models: Vec<&str> = plain.iter().chain(&streams).map(|(model, _)| *model).collect();
    let stage = Stage::new(&models).await;
    let cases = plain.iter().map(|case| (chat(case.0, "Hello."), case));
    let cases = cases.chain(streams.iter().map(|case| (streamed(case.0, "Hello."), case)));
    for (asked, (body, (model, paid))) in cases.enumerate() {
        let answer = stage.caller.ask(&body).await;
        answer.assert_answered("good");
        assert_eq!(answer.is_done(), body.get("stream").is_some(), "{model}");
        assert_eq!(stage.good.log().len(), asked + 1, "{model}");
        let charges = stage.charges(model).await;
        let amounts: Vec<bool> = charges.iter().map(|row| row.amount > 0).collect();
        let state = stage.states(model).await;
        assert_eq!(state.first().map(String::as_str), Some("settled"), "{model}");
        assert_eq!(amounts.first(), Some(&(*paid == "paid")), "{model}: {charges:?}");
    }
    assert_eq!(stage.states("good").await.len(), models.len());
    stage.assert_covered().await;
    drop(stage.server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_in_the_middle_is_an_error_event_and_nobody_else_is_asked() {
    let models = [
        "sim-fault-cut-5",
        "sim-fault-reset-5",
        "sim-fault-half-close-5",
        "sim-fault-hang-5",
        "sim-fault-no-terminal-5",
        "sim-fault-error-event",
        "sim-fault-malformed",
        "sim-fault-malformed-shape",
        "sim-fault-malformed-utf8",
    ];
    let stage = Stage::new(&models).await;
    for model in models {
        let answer = stage.caller.ask(&streamed(model, "Hello.")).await;
        assert_error_event(&answer, model);
        assert_eq!(answer.header("x-orchestack-model"), model);
        let charges = stage.charges(model).await;
        let [charge] = charges.as_slice() else { panic!("{model}: {charges:?}") };
        assert!(charge.amount > 0 && charge.basis == "counted", "{model}: {charge:?}");
        assert!(stage.good.log().is_empty(), "{model}: another provider was asked");
    }
    assert_eq!(stage.good.bytes_received(), 0);
    stage.assert_covered().await;
}

/// Apart from the others, because these providers bill more than anybody asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_host_and_a_giant_event_end_a_stream_within_bounds() {
    let models =
        [("sim-fault-half-open-5", "upstream_timeout"), ("sim-fault-giant", "upstream_failed")];
    let stage = Stage::new(&models.map(|(model, _)| model)).await;
    for (model, code) in models {
        let answer = stage.caller.ask(&streamed(model, "Hello.")).await;
        assert_error_event(&answer, model);
        assert!(answer.text.contains(code) && answer.text.len() < 100_000, "{}", answer.text.len());
        let charges = stage.charges(model).await;
        assert!(charges.len() == 1 && charges[0].amount > 0, "{charges:?}");
    }
    assert!(stage.good.log().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_odd_and_whole_arrive_whole() {
    let models = [
        "sim-fault-split-1",
        "sim-fault-split-7",
        "sim-fault-malformed-field",
        "sim-fault-no-terminal",
        "sim-fault-two-usage",
        "sim-fault-no-usage",
    ];
    let stage = Stage::new(&models).await;
    for model in models {
        let answer = stage.caller.ask(&streamed(model, "Hello.")).await;
        answer.assert_answered(model);
        assert!(answer.is_done(), "{model}: {}", answer.text);
        assert!(answer.content().starts_with("[sim"), "{model}: {}", answer.content());
        assert!(!answer.content().contains('\u{fffd}'), "{model}: {}", answer.content());
        let charges = stage.charges(model).await;
        let [charge] = charges.as_slice() else { panic!("{model}: {charges:?}") };
        let basis = if model == "sim-fault-no-usage" { "counted" } else { "provider" };
        assert_eq!(charge.basis, basis, "{model}");
        assert_eq!(charge.overrun, 0, "{model}");
        // A second usage chunk repeats the first; whoever adds them up pays twice.
        let usage = answer.usage().unwrap_or_else(|| panic!("{model}: no usage"));
        assert_eq!(charge.output, i64::try_from(usage.1).unwrap(), "{model}");
    }
    assert_eq!(stage.good.bytes_received(), 0);
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_usage_is_charged_by_what_was_counted() {
    let stage = Stage::new(&["sim-fault-no-usage", "sim-fault-two-usage"]).await;
    let answer = stage.caller.ask(&chat("sim-fault-no-usage", "Hello.")).await;
    answer.assert_answered("sim-fault-no-usage");
    assert!(answer.usage().is_some(), "the caller gets what is charged: {}", answer.text);
    let charges = stage.charges("sim-fault-no-usage").await;
    let bill = i64::try_from(stage.faulty.bill_total().nanos).unwrap();
    assert!(charges.len() == 1 && charges[0].basis == "counted", "{charges:?}");
    assert!(charges[0].amount >= bill, "{charges:?}, billed {bill}");
    // With usage the charge is the bill to the nano-dollar.
    stage.caller.ask(&chat("sim-fault-two-usage", "Hello.")).await;
    let charges = stage.charges("sim-fault-two-usage").await;
    let more = i64::try_from(stage.faulty.bill_total().nanos).unwrap() - bill;
    assert_eq!(charges.iter().map(|row| row.amount).sum::<i64>(), more);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_ignores_the_limit_is_cut_and_the_overrun_is_in_the_books() {
    let models = ["sim-fault-over-limit-3000", "sim-fault-over-limit-2000"];
    let stage = Stage::new(&models).await;
    let mut body = streamed("sim-fault-over-limit-3000", "Hello.");
    body["max_tokens"] = json!(50);
    let answer = stage.caller.ask(&body).await;
    answer.assert_answered("sim-fault-over-limit-3000");
    assert!(answer.is_done(), "{}", answer.text);
    let finished = |event: &Value| {
        event.pointer("/choices/0/finish_reason").and_then(Value::as_str) == Some("length")
    };
    assert!(answer.events().iter().any(finished), "{}", answer.text);
    let mut events = answer.events();
    events.retain(|event| event.pointer("/choices/0/delta/content").is_some());
    assert!(events.len() < 100, "the answer was not cut: {} pieces", events.len());
    let charges = stage.charges("sim-fault-over-limit-3000").await;
    let [charge] = charges.as_slice() else { panic!("{charges:?}") };
    assert!(charge.output > 50 && charge.overrun > 0, "{charge:?}");
    // A plain answer can only be weighed once it is there.
    body = chat("sim-fault-over-limit-2000", "Hello.");
    body["max_tokens"] = json!(50);
    stage.caller.ask(&body).await.assert_answered("sim-fault-over-limit-2000");
    let charges = stage.charges("sim-fault-over-limit-2000").await;
    let [charge] = charges.as_slice() else { panic!("{charges:?}") };
    assert!(charge.output == 2000 && charge.overrun > 0, "{charge:?}");
    assert_eq!(charge.basis, "provider");
    // Neither model serves this caller again, whose cap is a hard one.
    for model in models {
        stage.caller.ask(&chat(model, "Hello.")).await.assert_answered("good");
    }
    let metrics =
        Answer::read(support::Client::new().0.get(format!("{}/metrics", stage.server.admin())))
            .await;
    let overruns = metrics.text.lines().find_map(|l| l.strip_prefix("orchestack_overrun_total "));
    assert_eq!(overruns, Some("2"), "{}", metrics.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_lives_and_says_nothing_ends_with_a_time_out() {
    let stage = Stage::new(&["sim-fault-pings"]).await;
    stage.server.tree().remove("models/good.toml");
    stage.server.tree().model(ModelSpec {
        id: "sim-fault-pings",
        provider: "faulty",
        price: Some(("3.00", "15.00")),
    });
    let commit = stage.server.tree().commit("no fallback");
    eventually("the new commit is in force", SETTLED_MAX, async || {
        let answer = stage.caller.ask(&chat("no-such-model", "Hello.")).await;
        (answer.header("x-orchestack-commit") == commit).then_some(())
    })
    .await;
    let answer = stage.caller.ask(&streamed("sim-fault-pings", "Hello.")).await;
    answer.assert_refused(504, "upstream_timeout");
    let charges = stage.charges("sim-fault-pings").await;
    assert_eq!(charges.len(), 1, "{charges:?}");
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_a_stream_stops_the_provider_and_pays_what_was_made() {
    let stage = Stage::new(&["endless"]).await;
    // Without a stop this would go on for over a minute.
    let slow = Behaviour { output_tokens: Some(4_000), chunk_delay_ms: 20, ..Behaviour::default() };
    stage.faulty.script(slow, Vec::new());
    let body = streamed("endless", "Hello.");
    let mut response = stage.caller.request(&body).send().await.unwrap();
    let mut seen = String::new();
    while seen.matches("\"content\":").count() < 5 {
        let chunk = response.chunk().await.unwrap().expect("the stream goes on");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert_eq!(stage.faulty.bill_total().open, 1);
    drop(response);
    eventually("the provider sees that nobody listens", SETTLED_MAX, async || {
        (stage.faulty.bill_total().open == 0).then_some(())
    })
    .await;
    assert!(stage.faulty.bill_total().output_tokens < 1_000);
    let charges = stage.charges("endless").await;
    let [charge] = charges.as_slice() else { panic!("{charges:?}") };
    assert_eq!((charge.basis.as_str(), charge.overrun), ("counted", 0));
    assert_eq!(stage.good.bytes_received(), 0);
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_a_fast_stream_pays_for_what_was_already_under_way() {
    let stage = Stage::new(&["fast"]).await;
    // As fast as it can: most of the answer is in buffers before anybody can stop it.
    let fast = Behaviour { output_tokens: Some(4_000), ..Behaviour::default() };
    stage.faulty.script(fast, Vec::new());
    for _ in 0..5 {
        let body = streamed("fast", "Hello.");
        let mut response = stage.caller.request(&body).send().await.unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        drop(response);
    }
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_a_plain_answer_still_pays_the_providers_figure() {
    let stage = Stage::new(&["sim-fault-delay-700"]).await;
    let body = chat("sim-fault-delay-700", "Hello.");
    let call = tokio::spawn(stage.caller.request(&body).send());
    eventually("the provider has the request", SETTLED_MAX, async || {
        (!stage.faulty.log().is_empty()).then_some(())
    })
    .await;
    call.abort();
    let _ = call.await;
    let charges = stage.charges("sim-fault-delay-700").await;
    let [charge] = charges.as_slice() else { panic!("{charges:?}") };
    assert_eq!(charge.basis, "provider");
    assert_eq!(charge.amount, i64::try_from(stage.faulty.bill_total().nanos).unwrap());
    // One settlement, however long one looks.
    let second = until(QUIET, async || (stage.rows.ledger().await.len() > 1).then_some(()));
    assert_eq!(second.await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_dies_in_the_pool_is_charged_for_what_may_have_been_done() {
    let stage = Stage::new(&["sometimes"]).await;
    // The first answer leaves a connection in the pool; on it the second request is billed and its
    // answer is lost.
    stage.caller.ask(&chat("sometimes", "One.")).await.assert_answered("sometimes");
    let lost = Behaviour { end: Some(simulator::End::Close), ..Behaviour::default() };
    stage.faulty.script(Behaviour::default(), vec![lost]);
    let answer = stage.caller.ask(&chat("sometimes", "Two.")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_does_not_read_is_cut_and_its_stream_is_settled() {
    use tokio::io::AsyncWriteExt as _;
    let simulator = provider(&[]).await;
    let mut setup = Setup::new(Database::Sqlite).await;
    setup.set("gateway.write_timeout", "1s");
    setup.tree().openai_provider("sim", &simulator, "local").write(
        "models/long.toml",
        "[[model]]\nid = \"long\"\nprovider = \"sim\"\ncontext_tokens = 2000000\n\
         max_output_tokens = 1000000\nfree = true\n",
    );
    let server = setup.start().await;
    // Far more than buffers hold, and than is read in the second after the cut.
    let long = Behaviour { output_tokens: Some(900_000), ..Behaviour::default() };
    simulator.script(long, Vec::new());
    let key = server.key("default");
    let mut body = streamed("long", "Hello.");
    body["max_tokens"] = json!(1_000_000);
    let body = body.to_string();
    let address = server.gateway().trim_start_matches("http://").parse().unwrap();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let rows = Rows::of(&server).await;
    // The simulator takes a while to make up so much.
    let settled_max = 3 * SETTLED_MAX;
    eventually("the stream of somebody who does not read is settled", settled_max, async || {
        (rows.ledger().await.len() == 1).then_some(())
    })
    .await;
    let bill = eventually("the provider was stopped", settled_max, async || {
        Some(simulator.bill_total()).filter(|bill| bill.open == 0)
    })
    .await;
    assert!(bill.output_tokens < 900_000, "{bill:?}");
    drop(stream);
}
