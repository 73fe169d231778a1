//! Every API of callers by every format of providers: plain, streamed, with tools, with an image, and failing.
//! Each cell goes through the binary to the simulator, and is an answer or a refusal that docs/dialects.md
//! tells of.

mod speech;

use std::time::Duration;

use serde_json::Value;
use simulator::{Behaviour, Simulator, SimulatorOptions};
use support::{Answer, Client, Database, ModelSpec, Rows, Server, Setup, eventually};

use speech::{APIS, Api, Cell};

/// Longer than any settlement takes.
const SETTLED_MAX: Duration = Duration::from_secs(20);

/// A format: its kind, what its address has behind the simulator's, and what its model is called there.
const FORMATS: [(&str, &str, &str); 6] = [
    ("openai", "/v1", "gpt"),
    ("azure", "", "my-gpt"),
    ("anthropic", "", "claude"),
    ("gemini", "", "gemini-3-pro"),
    ("bedrock", "", "anthropic.claude-v1:0"),
    ("mistral", "/mistral/v1", "mistral-large"),
];

/// The refusals: the APIs and cells that have one, and the field that it names. The old completions are a
/// prompt that is a text, and nothing else.
const REFUSED: [(Api, Cell, &str); 2] =
    [(Api::Completions, Cell::Tools, "tools"), (Api::Completions, Cell::Image, "prompt")];

struct Stage {
    simulator: Simulator,
    server: Server,
    key: String,
    client: Client,
}

impl Stage {
    /// A provider of each format, with a model for the cells that pass and one for each API's failure: a
    /// failing model must not be in the way of the next cell.
    async fn new() -> Self {
        let options = SimulatorOptions {
            api_keys: vec!["sk-simulator".into()],
            keep_bodies: true,
            ..SimulatorOptions::default()
        };
        let simulator = Simulator::start(options).await.unwrap();
        let setup = Setup::new(Database::Sqlite).await;
        let tree = setup.tree();
        for (kind, base, upstream) in FORMATS {
            let url = simulator.base_url();
            let text = format!(
                "[[provider]]\nname = \"{kind}\"\nkind = \"{kind}\"\nbase_url = \"{url}{base}\"\n\
                 locality = \"cloud\"\nsecret = \"env:SIMULATOR_KEY\"\n"
            );
            tree.write(&format!("providers/{kind}.toml"), &text);
            let model = |id: &str, upstream: &str| {
                let price = Some(("3.00", "15.00"));
                let spec = ModelSpec { id, provider: kind, price };
                tree.model_with(spec, &format!("upstream = \"{upstream}\""));
            };
            model(kind, upstream);
            for api in APIS {
                model(&format!("{kind}-{api:?}"), &format!("{upstream}-{api:?}"));
            }
        }
        let server = setup.start().await;
        let key = server.key("default");
        Self { simulator, server, key, client: Client::new() }
    }

    async fn ask(&self, api: Api, body: &Value) -> Answer {
        let url = format!("{}{}", self.server.gateway(), api.path());
        Answer::read(self.client.0.post(url).bearer_auth(&self.key).json(body)).await
    }

    /// What was sent last to a provider.
    fn sent(&self) -> String {
        self.simulator.log().pop().and_then(|seen| seen.body).unwrap_or_default()
    }

    /// One cell that is to pass.
    async fn pass(&self, api: Api, kind: &str, cell: Cell) {
        let at = format!("{api:?} to {kind}, {cell:?}");
        let answer = self.ask(api, &api.body(kind, cell)).await;
        assert_eq!(answer.status, 200, "{at}: {}", answer.text);
        assert_eq!(answer.header("x-orchestack-model"), kind, "{at}");
        match cell {
            Cell::Plain | Cell::Image => {
                let said = api.said(&answer.json()).unwrap_or_default();
                assert!(said.starts_with("[simulator]"), "{at}: {}", answer.text);
            }
            Cell::Stream => {
                let events = answer.events();
                let said: String = events.iter().filter_map(|event| api.piece(event)).collect();
                assert!(said.starts_with("[simulator]"), "{at}: {}", answer.text);
                assert!(api.is_whole(&answer), "{at} has no end: {}", answer.text);
            }
            Cell::Tools => {
                let answer = answer.json();
                let call = api.call(&answer).unwrap_or_else(|| panic!("{at}: {answer}"));
                assert_eq!(call.name, "get_weather", "{at}: {answer}");
                assert!(call.arguments.get("city").is_some(), "{at}: {answer}");
                let round = self.ask(api, &api.round(kind, &answer, &call)).await;
                assert_eq!(round.status, 200, "{at}, the result: {}", round.text);
                let said = api.said(&round.json()).unwrap_or_default();
                assert!(said.starts_with("[simulator]"), "{at}, the result: {}", round.text);
                assert!(self.sent().contains(speech::RESULT), "{at}: {}", self.sent());
            }
        }
        if cell == Cell::Image {
            assert!(self.sent().contains(speech::IMAGE), "{at}: {}", self.sent());
        }
    }

    /// One cell that is to be refused before anything is sent.
    async fn refuse(&self, api: Api, kind: &str, cell: Cell, field: &str) {
        let at = format!("{api:?} to {kind}, {cell:?}");
        let before = self.simulator.log().len();
        let answer = self.ask(api, &api.body(kind, cell)).await;
        assert!([400, 422].contains(&answer.status), "{at}: {} {}", answer.status, answer.text);
        assert!(answer.text.contains(&format!("`{field}`")), "{at}: {}", answer.text);
        assert_eq!(self.simulator.log().len(), before, "{at}: something was sent");
    }

    /// A provider that fails is told in the caller's own form.
    async fn fail(&self, api: Api, kind: &str) {
        let model = format!("{kind}-{api:?}");
        let at = format!("{api:?} to {kind}, failing");
        let answer = self.ask(api, &api.body(&model, Cell::Plain)).await;
        assert_eq!(answer.status, 502, "{at}: {}", answer.text);
        assert_eq!(answer.code(), "upstream_failed", "{at}: {}", answer.text);
        let of_anthropic = answer.json()["type"] == "error";
        assert_eq!(of_anthropic, api == Api::Messages, "{at}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_api_reaches_every_format_or_says_what_it_cannot() {
    let stage = Stage::new().await;
    for api in APIS {
        for (kind, ..) in FORMATS {
            for cell in [Cell::Plain, Cell::Stream, Cell::Tools, Cell::Image] {
                let refused = REFUSED.iter().find(|(of, at, _)| (*of, *at) == (api, cell));
                match refused {
                    Some((.., field)) => stage.refuse(api, kind, cell, field).await,
                    None => stage.pass(api, kind, cell).await,
                }
            }
        }
    }
    let bill = stage.simulator.bill_total();
    let failing = Behaviour { status: Some(500), ..Behaviour::default() };
    stage.simulator.script(failing, Vec::new());
    for api in APIS {
        for (kind, ..) in FORMATS {
            stage.fail(api, kind).await;
        }
    }
    // Whatever was spoken, the books say what the providers billed.
    assert_eq!(stage.simulator.bill_total().nanos, bill.nanos);
    let rows = Rows::of(&stage.server).await;
    eventually("every hold is resolved", SETTLED_MAX, async || {
        (rows.open_holds().await == 0).then_some(())
    })
    .await;
    let settled: i64 = rows.ledger().await.iter().map(|row| row.amount).sum();
    assert_eq!(settled, i64::try_from(bill.nanos).unwrap());
}
