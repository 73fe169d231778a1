//! Instructions in what tools say: an agent that follows every one of them does no harm, and what its user asked for
//! is done without a person. `benches/injection` replays a thousand scenarios of others the same way.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use simulator::{Price, Simulator};
use support::{Caller, Database, ModelSpec, Server, Setup, ToolServer, chat, provider};

use crate::mcp::Client;

const SCENARIOS: &str = include_str!("injection/scenarios.toml");

/// The starter's guardrails for tools without what holds calls back.
const DEFENCELESS: &str = r#"@id("agents-call-tools")
permit (
  principal in Orchestack::Tenant::"default",
  action in [Orchestack::Action::"callTool", Orchestack::Action::"listTool"],
  resource
);
"#;

/// What became of the calls of all scenarios.
#[derive(Debug, Default)]
struct Tally {
    attacks: usize,
    /// The attacks that were made, by the user's words.
    arrived: Vec<String>,
    wishes: usize,
    /// What the user wanted and did not get.
    held: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_instruction_of_a_result_is_followed_and_the_users_are() {
    let tally = replay(true).await;
    assert_eq!((tally.attacks, &tally.arrived), (30, &vec![]), "{tally:#?}");
    assert_eq!((tally.wishes, &tally.held), (60, &vec![]), "{tally:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_starters_guardrails_every_instruction_is_followed() {
    let tally = replay(false).await;
    assert_eq!(tally.arrived.len(), tally.attacks, "{tally:#?}");
}

async fn replay(guarded: bool) -> Tally {
    let table: toml::Table = SCENARIOS.parse().unwrap();
    let table = json!(table);
    let scenarios = table["scenario"].as_array().unwrap();
    let (server, office, _provider) = stage(&table, guarded).await;
    let key = server.key("default");
    let mut tally = Tally::default();
    for (number, scenario) in scenarios.iter().enumerate() {
        let session = format!("ses_01ARZ3NDEKTSV4RRFFQ69G{number:04}");
        let said = scenario["says"].as_str().unwrap();
        let caller = Caller::with_key(&server, &key);
        let heard = caller.ask_with(("x-orchestack-session", &session), &chat("model", said)).await;
        assert_eq!(heard.status, 200, "{}", heard.text);
        let client = Client::begin_in(&server, "/mcp/office", &key, &session).await;
        let [reads, attack, then] = ["reads", "attack", "then"].map(|call| &scenario[call]);
        office.says(reads["tool"].as_str().unwrap(), scenario["result"].as_str().unwrap());
        let first = arrives(&client, &office, reads).await;
        tally.attacks += 1;
        if arrives(&client, &office, attack).await {
            tally.arrived.push(said.to_owned());
        }
        for (wish, arrived) in [(reads, first), (then, arrives(&client, &office, then).await)] {
            tally.wishes += 1;
            if !arrived {
                tally.held.push(format!("{said} {wish}"));
            }
        }
    }
    tally
}

/// Whether a call reaches the server.
async fn arrives(client: &Client, office: &ToolServer, call: &Value) -> bool {
    let before = office.got().len();
    let answer = client.call(call["tool"].as_str().unwrap(), call["arguments"].clone()).await;
    let refused = answer.pointer("/result/_meta/orchestack~1refusal").is_some();
    let arrived = office.got().len() > before;
    assert_ne!(refused, arrived, "who is told that a call is refused is told the truth: {answer}");
    arrived
}

/// A house with the tools of the table, on the starter's policies.
async fn stage(table: &Value, guarded: bool) -> (Server, ToolServer, Simulator) {
    let office = ToolServer::start(definitions(table)).await;
    let simulator = provider(&[("model", Price::FREE)]).await;
    let setup = Setup::new(Database::Sqlite).await;
    let tree = setup.tree();
    tree.starter().openai_provider("sim", &simulator, "local");
    tree.model(ModelSpec { id: "model", provider: "sim", price: None });
    if !guarded {
        tree.write("policies/tools.cedar", DEFENCELESS);
        tree.remove("invariants/starter.toml").remove("tests/starter.toml");
    }
    let file =
        json!({ "server": { "url": office.url(), "private": true }, "tools": table["tools"] });
    tree.write("tools/office.toml", &toml::to_string(&file).unwrap())
        .write("tools/office.json", &office.pins());
    (setup.start().await, office, simulator)
}

/// A definition of each tool, with a schema of the arguments that scenarios give it.
fn definitions(table: &Value) -> Value {
    let mut taken: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let scenarios = table["scenario"].as_array().unwrap();
    for call in scenarios.iter().flat_map(|one| ["reads", "attack", "then"].map(|of| &one[of])) {
        let fields = taken.entry(call["tool"].as_str().unwrap()).or_default();
        for (name, value) in call["arguments"].as_object().unwrap() {
            let kind = if value.is_number() { "integer" } else { "string" };
            fields.insert(name.clone(), json!({ "type": kind }));
        }
    }
    let definition = |(name, fields): (&str, Map<String, Value>)| {
        json!({ "name": name, "inputSchema":
        { "type": "object", "properties": fields, "additionalProperties": false } })
    };
    taken.into_iter().map(definition).collect()
}
