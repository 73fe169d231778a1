//! Providers that are slow or fail: who is asked, and who no more.

use std::time::Duration;

use simulator::{Behaviour, Price, Simulator};
use support::{
    Caller, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider, streamed,
};

const SETTLED_MAX: Duration = Duration::from_secs(30);
/// Failures in a row that open a breaker.
const FAILURES: usize = 5;

async fn stage(models: &[&str], settings: &[(&str, &str)]) -> (Server, Simulator, Simulator) {
    let first = provider(&[]).await;
    let second = provider(&[("good", Price::FREE)]).await;
    let mut setup = Setup::new(Database::Sqlite).await;
    settings.iter().for_each(|(key, value)| {
        setup.set(key, value);
    });
    let tree = setup.tree();
    tree.openai_provider("first", &first, "cloud")
        .openai_provider("second", &second, "cloud")
        .model(ModelSpec { id: "good", provider: "second", price: None });
    for id in models {
        let price = Some(("3.00", "15.00"));
        tree.model_with(ModelSpec { id, provider: "first", price }, "fallbacks = [\"good\"]");
    }
    (setup.start().await, first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers_200_and_then_fails_is_left_alone_for_a_while() {
    let models = ["sim-fault-malformed", "sim-fault-cut-4", "sim-fault-cut-0"];
    let (server, first, second) = stage(&models, &[]).await;
    let caller = Caller::new(&server, "default");
    let bodies = [
        chat("sim-fault-malformed", "Hello."),
        streamed("sim-fault-cut-4", "Hello."),
        streamed("sim-fault-cut-0", "Hello."),
    ];
    for body in bodies {
        let (asked, helped) = (first.log().len(), second.log().len());
        for _ in 0..FAILURES + 2 {
            assert_eq!(caller.ask(&body).await.status, 200);
        }
        assert_eq!(first.log().len() - asked, FAILURES, "{body}");
        // After that the fallback answers at once, and the caller's stream is whole.
        caller.ask(&body).await.assert_answered("good");
        assert!(second.log().len() - helped >= 3, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_streamed_may_take_longer_to_its_first_byte() {
    let settings = [("upstream.first_byte_timeout", "500ms"), ("upstream.total_timeout", "5s")];
    let models = ["sim-fault-delay-2000", "sim-fault-delay-60000"];
    let (server, _first, _second) = stage(&models, &settings).await;
    let caller = Caller::new(&server, "default");
    caller.ask(&chat(models[0], "Hello.")).await.assert_answered(models[0]);
    // A stream begins at once or not at all, and nothing takes longer than the whole time.
    caller.ask(&streamed(models[0], "Hello.")).await.assert_answered("good");
    caller.ask(&chat(models[1], "Hello.")).await.assert_answered("good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_waited_for_keeps_its_hold() {
    let settings = [
        ("ledger.lease", "5s"),
        ("ledger.reaper_period", "500ms"),
        ("upstream.first_byte_timeout", "30s"),
        ("upstream.idle_timeout", "30s"),
    ];
    let (server, first, _second) = stage(&["slow"], &settings).await;
    // Longer than lease and reaper period: before the head, and within a stream.
    let head = Behaviour { delay_ms: 8_000, ..Behaviour::default() };
    let text = Some("Yes.".to_owned());
    let within = Behaviour { text, pings: 4, chunk_delay_ms: 1_500, ..Behaviour::default() };
    first.script(Behaviour::default(), vec![head, within]);
    let caller = Caller::new(&server, "default");
    let (plain, stream) = (chat("slow", "Hello."), streamed("slow", "Hello."));
    let (plain, stream) = tokio::join!(caller.ask(&plain), caller.ask(&stream));
    plain.assert_answered("slow");
    stream.assert_answered("slow");
    let rows = Rows::of(&server).await;
    eventually("both are settled", SETTLED_MAX, async || {
        (rows.open_holds().await == 0).then_some(())
    })
    .await;
    let ledger = rows.ledger().await;
    let kinds: Vec<_> = ledger.iter().map(|row| (row.kind.as_str(), row.basis.as_str())).collect();
    assert_eq!(kinds, [("settlement", "provider"); 2], "{ledger:?}");
}
