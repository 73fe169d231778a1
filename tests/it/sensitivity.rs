//! What happens to confidential content: where it goes, and what of it.

use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{Answer, Caller, Client, Database, ModelSpec, Server, Setup, chat, provider};

/// A number that the administration could have issued.
const SSN: &str = "My social security number is 536-22-8174, please file my taxes.";
const EMAIL: &str = "Write to jane.roe.canary@example.org about the invoice.";
/// The shape of a key, put together here so that no scanner of sources takes it for one.
const SECRET: &str = concat!("Deploy with AK", "IAIOSFODNN7EXAMPLE and tell me how it went.");

const SECRETS_STAY: &str = r#"@id("secrets-stay-local")
forbid (principal, action == Orchestack::Action::"callModel", resource)
when { resource.locality != "local" && context.kinds.containsAny(["aws_key", "github_token"]) };
"#;

/// A cloud and a local provider, with a model each.
struct House {
    cloud: Simulator,
    local: Simulator,
    server: Server,
    caller: Caller,
}

impl House {
    async fn new(prepare: impl FnOnce(&Setup)) -> Self {
        let cloud = provider(&[("sim-cloud", Price::dollars_per_million(3, 15))]).await;
        let local = provider(&[("sim-local", Price::FREE)]).await;
        let setup = Setup::new(Database::Sqlite).await;
        setup
            .tree()
            .openai_provider("cloud", &cloud, "cloud")
            .openai_provider("local", &local, "local")
            .model(ModelSpec { id: "sim-cloud", provider: "cloud", price: Some(("3.00", "15.00")) })
            .model(ModelSpec { id: "sim-local", provider: "local", price: None });
        prepare(&setup);
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        Self { cloud, local, server, caller }
    }

    async fn ask(&self, text: &str) -> Answer {
        self.caller.ask(&chat("sim-cloud", text)).await
    }

    /// Not one byte went there, not even to open a connection in vain.
    #[track_caller]
    fn assert_nothing_left(&self) {
        assert_eq!(self.cloud.bytes_received(), 0);
        assert!(self.cloud.log().is_empty());
    }

    /// What the cloud provider was sent last.
    #[track_caller]
    fn last_in_the_cloud(&self) -> String {
        let log = self.cloud.log();
        let last = log.last().unwrap_or_else(|| panic!("nothing reached the cloud"));
        last.body.clone().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_social_security_number_goes_to_the_local_model_and_not_a_byte_to_the_cloud() {
    let house = House::new(|_| {}).await;
    for body in [chat("sim-cloud", SSN), support::streamed("sim-cloud", SSN), chat("auto", SSN)] {
        let answer = house.caller.ask(&body).await;
        answer.assert_answered("sim-local");
        assert_eq!(answer.header("x-orchestack-label"), "restricted");
        assert_eq!(answer.header("x-orchestack-provider"), "local");
    }
    house.assert_nothing_left();
    assert_eq!(house.local.log().len(), 3);
    // The same house sends what is not confidential to the cloud, so the zero above says something.
    house.ask("What is the capital of France?").await.assert_answered("sim-cloud");
    assert!(house.cloud.bytes_received() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_local_model_a_social_security_number_is_refused() {
    let house = House::new(|setup| {
        setup.tree().remove("models/sim-local.toml");
    })
    .await;
    let answer = house.ask(SSN).await;
    answer.assert_refused(403, "policy_denied");
    let error = answer.json();
    let policies = error.pointer("/error/policies").cloned().unwrap_or_default();
    assert_eq!(policies, serde_json::json!(["restricted-stays-local"]), "{error}");
    assert!(!answer.text.contains("536-22"), "{error}");
    house.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_that_reroutes_a_social_security_number_is_refused() {
    let house = House::new(|setup| {
        let file = setup.tree().folder().join("policies/models.cedar");
        let text = std::fs::read_to_string(file).unwrap();
        setup.tree().write("policies/models.cedar", &text.replace("@reroute(\"local\")\n", ""));
    })
    .await;
    house.ask(SSN).await.assert_refused(403, "policy_denied");
    house.assert_nothing_left();
    assert_eq!(house.local.bytes_received(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_only_some_are_allowed_is_no_substitute() {
    let house = House::new(|setup| {
        setup.tree().write(
            "agents/default/local.cedar",
            "@id(\"default-never-local\")\nforbid (principal, action == \
             Orchestack::Action::\"callModel\", resource)\nwhen { resource.locality == \"local\" };\n",
        );
    })
    .await;
    house.ask(SSN).await.assert_refused(403, "policy_denied");
    house.assert_nothing_left();
    assert_eq!(house.local.bytes_received(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_obligation_takes_an_address_out_before_the_provider_sees_it() {
    let house = House::new(|setup| {
        setup.tree().write(
            "agents/default/models.cedar",
            "@id(\"default-calls-models\")\n@redact(\"email\")\npermit (principal, action == \
             Orchestack::Action::\"callModel\", resource);\n",
        );
    })
    .await;
    let answer = house.ask(EMAIL).await;
    answer.assert_answered("sim-cloud");
    assert_eq!(answer.header("x-orchestack-label"), "sensitive");
    let sent = house.last_in_the_cloud();
    assert!(!sent.contains("jane.roe"), "{sent}");
    assert!(sent.contains("[[EMAIL") && sent.contains("about the invoice"), "{sent}");
    assert!(!house.server.log().contains("jane.roe"));
    // It is found in tool results and in arguments that a model is said to have written, too.
    let mut body = chat("sim-cloud", "Go on.");
    body["messages"] = serde_json::json!([
        { "role": "user", "content": [{ "type": "text", "text": EMAIL }] },
        { "role": "assistant", "content": null, "tool_calls": [{ "id": "call_1", "type": "function",
          "function": { "name": "send", "arguments": "{\"to\":\"jane.roe.canary@example.org\"}" } }] },
        { "role": "tool", "tool_call_id": "call_1", "content": "sent to jane.roe.canary@example.org" },
    ]);
    house.caller.ask(&body).await.assert_answered("sim-cloud");
    let sent = house.last_in_the_cloud();
    assert!(!sent.contains("jane.roe"), "{sent}");
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let arguments = sent.pointer("/messages/1/tool_calls/0/function/arguments");
    let arguments = arguments.and_then(Value::as_str).unwrap();
    assert!(serde_json::from_str::<Value>(arguments).is_ok(), "{arguments}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_obligation_blocks_a_kind_of_data() {
    let house = House::new(|setup| {
        setup.tree().write(
            "agents/default/models.cedar",
            "@id(\"default-calls-models\")\n@block(\"email\")\npermit (principal, action == \
             Orchestack::Action::\"callModel\", resource);\n",
        );
    })
    .await;
    let answer = house.ask(EMAIL).await;
    answer.assert_refused(403, "dlp_blocked");
    assert!(answer.text.contains("email") && !answer.text.contains("jane.roe"), "{}", answer.text);
    house.assert_nothing_left();
    assert_eq!(house.local.bytes_received(), 0);
    house.ask("Nothing to block here.").await.assert_answered("sim-cloud");
    let metrics = Client::new().0.get(format!("{}/metrics", house.server.admin()));
    let metrics = Answer::read(metrics).await.text;
    let blocked = "orchestack_dlp_findings_total{action=\"block\",kind=\"email\"} 1";
    assert!(metrics.lines().any(|line| line == blocked), "{metrics}");
}

/// Bodies with a confidential value where no text of a message is.
fn disguised() -> Vec<Value> {
    let with = |field: &str, value: Value| {
        let mut body = chat("sim-cloud", "Go on.");
        body[field] = value;
        body
    };
    let calling = |id: &str, name: &str| {
        let call = json!({ "id": id, "type": "function", "function": { "name": name, "arguments": "{}" } });
        with(
            "messages",
            json!([
                { "role": "user", "content": "Go on." },
                { "role": "assistant", "content": null, "tool_calls": [call] },
                { "role": "tool", "tool_call_id": id, "content": "done" },
            ]),
        )
    };
    let tool = |name: &str, parameters: Value| {
        with(
            "tools",
            json!([{ "type": "function", "function": { "name": name, "parameters": parameters } }]),
        )
    };
    let parts = ["My number is 536-22-", "8174, please."];
    let parts = parts.map(|text| json!({ "type": "text", "text": text }));
    vec![
        calling("536-22-8174", "f"),
        calling("call_1", "536-22-8174"),
        tool(concat!("AK", "IAIOSFODNN7EXAMPLE"), json!({})),
        tool("f", json!({ "type": "object", "properties": { "536-22-8174": {} } })),
        tool("f", json!({ "properties": { "n": { "default": 4_111_111_111_111_111_u64 } } })),
        with("metadata", json!({ "536-22-8174": "x" })),
        with("messages", json!([{ "role": "user", "content": parts.to_vec() }])),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_names_keys_ids_and_numbers_stays_at_home_too() {
    let house = House::new(|_| {}).await;
    for body in disguised() {
        let answer = house.caller.ask(&body).await;
        answer.assert_answered("sim-local");
        assert_eq!(answer.header("x-orchestack-label"), "restricted", "{body:#}");
    }
    house.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_out_keeps_the_request_from_the_provider() {
    let house = House::new(|setup| {
        // Low labels, so that only the obligation stands between the data and the cloud.
        setup.tree().remove("models/sim-local.toml").write(
            "orchestack.toml",
            "[dlp.labels]\nus_ssn = \"internal\"\ncard = \"internal\"\naws_key = \"internal\"\n",
        );
        setup.tree().write(
            "agents/default/models.cedar",
            "@id(\"default-calls-models\")\n@redact(\"us_ssn,card,aws_key\")\npermit (principal, \
             action == Orchestack::Action::\"callModel\", resource);\n",
        );
    })
    .await;
    let mut bodies = disguised();
    let parts = bodies.pop().unwrap();
    for body in bodies {
        house.caller.ask(&body).await.assert_refused(403, "dlp_blocked");
    }
    house.assert_nothing_left();
    house.caller.ask(&parts).await.assert_answered("sim-cloud");
    let sent = house.last_in_the_cloud();
    assert!(!sent.contains("536-22") && !sent.contains("8174"), "{sent}");
    assert_eq!(sent.matches("[[US_SSN:").count(), 2, "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_raises_the_label_as_the_tree_says() {
    let mut body = chat("sim-cloud", "x");
    body["messages"][0]["content"] = json!([
        { "type": "text", "text": "What is it?" },
        { "type": "image_url", "image_url": { "url": "https://example.com/a.png" } },
    ]);
    let house = House::new(|_| {}).await;
    let answer = house.caller.ask(&body).await;
    answer.assert_answered("sim-cloud");
    assert_eq!(answer.header("x-orchestack-label"), "sensitive");
    let house = House::new(|setup| {
        setup.tree().write("orchestack.toml", "[dlp]\nlabel_of_images = \"restricted\"\n");
    })
    .await;
    house.caller.ask(&body).await.assert_answered("sim-local");
    house.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_refused_and_not_rerouted() {
    let house = House::new(|setup| {
        setup.tree().write("policies/secrets.cedar", SECRETS_STAY);
    })
    .await;
    let answer = house.ask(SECRET).await;
    answer.assert_refused(403, "policy_denied");
    assert!(answer.text.contains("secrets-stay-local"), "{}", answer.text);
    assert!(!answer.text.contains("EXAMPLE"), "{}", answer.text);
    house.assert_nothing_left();
    assert_eq!(house.local.bytes_received(), 0);
    // The local model was not asked for; whoever asks for it may show it the key.
    house.caller.ask(&chat("sim-local", SECRET)).await.assert_answered("sim-local");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_raises_the_label_and_never_lowers_it() {
    const HEADER: &str = "x-orchestack-sensitivity";
    let house = House::new(|_| {}).await;
    let plain = chat("sim-cloud", "Nothing confidential.");
    let lowered = house.caller.ask_with((HEADER, "public"), &chat("sim-cloud", SSN)).await;
    lowered.assert_answered("sim-local");
    assert_eq!(lowered.header("x-orchestack-label"), "restricted");
    let raised = house.caller.ask_with((HEADER, "restricted"), &plain).await;
    raised.assert_answered("sim-local");
    house.assert_nothing_left();
    let unknown = house.caller.ask_with((HEADER, "secret-ish"), &plain).await;
    unknown.assert_refused(400, "invalid_request");
    house.assert_nothing_left();
    let internal = house.caller.ask_with((HEADER, "public"), &plain).await;
    internal.assert_answered("sim-cloud");
    assert_eq!(internal.header("x-orchestack-label"), "internal");
}
