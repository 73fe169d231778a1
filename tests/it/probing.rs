//! What calls tell of a model: asked through the gateway, beside what is registered, and taken over.

use std::{process::Output, time::Duration};

use serde_json::{Value, json};
use simulator::{Ability, Behaviour, ModelScript, Price, Script, Simulator, UsageReport};
use support::{
    Caller, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider, streamed,
};

const SETTLED_MAX: Duration = Duration::from_secs(20);
const PRICE: Price = Price::dollars_per_million(3, 15);

/// Models of `model add` at one provider, registered with what the other one can, and one of the tree.
struct Stage {
    simulator: Simulator,
    server: Server,
    rows: Rows,
}

impl Stage {
    async fn new() -> Self {
        let models = ["able", "unable", "cut", "treed", "good"];
        let simulator = provider(&models.map(|model| (model, PRICE))).await;
        let lacks = vec![Ability::Tools, Ability::JsonSchema, Ability::Images, Ability::Streaming];
        let unable = Behaviour { lacks, ..Behaviour::default() };
        let failing = Behaviour { status: Some(503), ..Behaviour::default() };
        let untold = Behaviour { usage: UsageReport::Missing, ..Behaviour::default() };
        let script = |behaviour| ModelScript { default: Some(behaviour), ..ModelScript::default() };
        let own = [("unable", unable), ("cut", failing), ("treed", untold)];
        let models = own.map(|(name, behaviour)| (name.to_owned(), script(behaviour)));
        simulator.play(Script { models: models.into(), ..Script::default() });
        let setup = Setup::new(Database::Sqlite).await;
        let price = Some(("3.00", "15.00"));
        setup
            .tree()
            .openai_provider("sim", &simulator, "local")
            .model_with(ModelSpec { id: "treed", provider: "sim", price }, "")
            .model_with(ModelSpec { id: "good", provider: "sim", price }, "");
        let mut server = setup.start().await;
        for (id, can) in [
            ("able", "reasoning"),
            ("unable", "tools,json_schema,images,streaming"),
            ("cut", "tools"),
        ] {
            server.json(&[
                "model",
                "add",
                id,
                "--provider",
                "sim",
                "--context",
                "32768",
                "--can",
                can,
                "--fallback",
                "good",
                "--price-input",
                "3.00",
                "--price-output",
                "15.00",
            ]);
        }
        let key = server.key("default");
        server.variable("ORCHESTACK_KEY", Some(&key));
        let rows = Rows::of(&server).await;
        Self { simulator, server, rows }
    }

    fn probe(&self, more: &[&str]) -> Output {
        let gateway = ["--gateway", self.server.gateway()];
        self.server.run(&[&["model", "probe", "--calls"], more, &gateway].concat())
    }

    fn probed(&self, more: &[&str]) -> Value {
        let output = self.probe(&[more, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn can(&self, id: &str) -> Vec<String> {
        let list = self.server.json(&["model", "list"]);
        let model = list["models"].as_array().unwrap().iter().find(|model| model["id"] == id);
        let can = model.unwrap()["capabilities"].as_array().unwrap();
        let mut can: Vec<_> = can.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        can.sort_unstable();
        can
    }
}

fn called<'v>(probed: &'v Value, id: &str) -> &'v Value {
    probed["called"].as_array().unwrap().iter().find(|model| model["id"] == id).unwrap()
}

/// What was found of a model: whether it answers, streams, tells the usage of streams, follows a schema,
/// calls tools, takes images.
fn found(probed: &Value, id: &str) -> [String; 6] {
    let facts = ["answers", "streaming", "stream_usage", "json_schema", "tools", "images"];
    facts.map(|fact| called(probed, id)[fact].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_tell_what_a_model_can_whatever_it_is_registered_for() {
    let stage = Stage::new().await;
    let probed = stage.probed(&[]);
    assert_eq!(found(&probed, "able"), ["yes"; 6]);
    let unknown = "unknown: not_asked";
    assert_eq!(found(&probed, "unable"), ["yes", "no", unknown, "no", "no", "no"]);
    assert_eq!(found(&probed, "treed"), ["yes", "yes", "no", "yes", "yes", "yes"]);
    let failed = "unknown: upstream_failed";
    assert_eq!(found(&probed, "cut"), [failed, failed, unknown, unknown, unknown, unknown]);
    // Every call has a hold, a charge and records as any other, and nobody answered for another.
    let (calls, billed) = (stage.simulator.log().len(), stage.simulator.bill_total());
    let ledger = stage.rows.ledger().await;
    assert_eq!(ledger.len(), calls, "{ledger:?}");
    let settled: i64 = ledger.iter().map(|row| row.amount + row.overrun).sum();
    assert!(settled > 0 && settled >= i64::try_from(billed.nanos).unwrap());
    let told: i64 = probed["called"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["cost_nanos"].as_i64().unwrap())
        .sum();
    assert_eq!(told, settled, "what it cost is told");
    // The calls of the function that models were offered have decisions of their own.
    let records = "select count(*) from audit where kind = 'decision' and action = 'callModel'";
    assert_eq!(stage.rows.number(records).await, i64::try_from(calls).unwrap());
    let good = ledger.iter().filter(|row| row.model == "good").count();
    assert_eq!(good, 4, "its own calls: {ledger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_calls_told_is_taken_over_into_models_of_model_add_alone() {
    let stage = Stage::new().await;
    let before = stage.can("treed");
    let text = String::from_utf8(stage.probe(&[]).stdout).unwrap();
    assert!(text.contains("yes (registered: no)") && text.contains("the calls cost 0."), "{text}");
    assert!(text.contains("`orchestack model probe --apply`"), "{text}");
    assert_eq!(stage.can("unable"), ["images", "json_schema", "streaming", "tools"]);
    stage.probed(&["--apply", "--only", "able", "--only", "unable"]);
    assert_eq!(stage.can("able"), ["images", "json_schema", "reasoning", "streaming", "tools"]);
    assert_eq!(stage.can("unable"), [""; 0]);
    assert_eq!((stage.can("treed"), stage.can("cut")), (before, vec!["tools".to_owned()]));
    let corrected = "select count(*) from audit where kind = 'admin' and body like '%corrected%'";
    assert_eq!(stage.rows.number(corrected).await, 2);
    // It is what the router goes by.
    let caller = Caller::new(&stage.server, "default");
    caller.ask(&streamed("able", "Hello.")).await.assert_answered("able");
    caller.ask(&streamed("unable", "Hello.")).await.assert_answered("good");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_called_without_the_flag_and_nothing_without_a_key() {
    let mut stage = Stage::new().await;
    stage.server.json(&["model", "probe"]);
    stage.server.variable("ORCHESTACK_KEY", None);
    let output = stage.probe(&[]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && errors.contains("ORCHESTACK_KEY"), "{errors}");
    stage.server.variable("ORCHESTACK_KEY", Some("ork_01ARZ3NDEKTSV4RRFFQ69G5FAV_wrong"));
    let output = stage.probe(&[]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("does not know the key") && !errors.contains("_wrong"), "{errors}");
    let key = stage.server.key("default");
    stage.server.variable("ORCHESTACK_KEY", Some(&key));
    assert_eq!(stage.probe(&["--only", "nobody"]).status.code(), Some(2));
    assert!(stage.rows.ledger().await.is_empty());
    assert_eq!(stage.simulator.bill_total().calls, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_is_answered_by_the_named_model_and_widens_nothing_else() {
    let stage = Stage::new().await;
    let caller = Caller::new(&stage.server, "default");
    let probe = ("x-orchestack-probe", "true");
    let mut body = chat("able", "Call `report`.");
    body["tools"] = json!([{ "type": "function", "function": { "name": "report" } }]);
    // Without it a model that is not registered for tools is passed over.
    caller.ask(&body).await.assert_answered("good");
    caller.ask_with(probe, &body).await.assert_answered("able");
    caller.ask_with(probe, &chat("cut", "Hello.")).await.assert_refused(502, "upstream_failed");
    caller.ask_with(probe, &chat("auto", "Hello.")).await.assert_refused(400, "invalid_request");
    let wrong = ("x-orchestack-probe", "perhaps");
    caller.ask_with(wrong, &body).await.assert_refused(400, "invalid_request");
    let forbidden = "@id(\"no\")\nforbid (principal, action == Orchestack::Action::\"callModel\", \
                     resource == Orchestack::Model::\"able\");\n";
    let commit = stage.server.tree().write("policies/no.cedar", forbidden).commit("no");
    eventually("the new commit is in force", SETTLED_MAX, async || {
        let answer = caller.ask(&chat("no-such-model", "Hello.")).await;
        (answer.header("x-orchestack-commit") == commit).then_some(())
    })
    .await;
    caller.ask_with(probe, &body).await.assert_refused(403, "policy_denied");
}
