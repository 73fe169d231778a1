//! Answers that are given again: to whom, for what, and what is on record of it.

use serde_json::{Value, json};
use simulator::{Behaviour, Price, Simulator};
use support::{
    Answer, Caller, Client, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider,
};

const SETTLED_MAX: std::time::Duration = std::time::Duration::from_secs(20);
const LOOKED: &str = "x-orchestack-cache";

struct Stage {
    server: Server,
    simulator: Simulator,
    caller: Caller,
}

impl Stage {
    async fn new(database: Database, prepare: impl FnOnce(&mut Setup, &Simulator)) -> Self {
        let price = Price::dollars_per_million(3, 15);
        let simulator = provider(&[("sim", price), ("twin", price)]).await;
        let mut setup = Setup::new(database).await;
        let tree = setup.tree();
        tree.openai_provider("sim", &simulator, "cloud");
        for id in ["sim", "twin"] {
            tree.model(ModelSpec { id, provider: "sim", price: Some(("3.00", "15.00")) });
        }
        tree.agent("other", "100.00");
        prepare(&mut setup, &simulator);
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        Self { server, simulator, caller }
    }

    fn calls(&self) -> usize {
        self.simulator.log().len()
    }
}

/// A request for the likeliest answer.
fn likeliest(text: &str) -> Value {
    with(text, &json!({ "temperature": 0 }))
}

fn with(text: &str, fields: &Value) -> Value {
    let mut body = chat("sim", text);
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

async fn given_again(database: Database) {
    let stage = Stage::new(database, |_, _| {}).await;
    let first = stage.caller.ask(&likeliest("Hello.")).await;
    first.assert_answered("sim");
    assert_eq!(first.header(LOOKED), "miss");
    let again = stage.caller.ask(&likeliest("Hello.")).await;
    again.assert_answered("sim");
    assert_eq!((again.header(LOOKED), stage.calls()), ("hit", 1));
    assert_eq!((again.content(), again.usage()), (first.content(), first.usage()));
    assert_ne!(again.json()["id"], first.json()["id"]);
    assert_eq!(again.header("x-orchestack-cost"), "0.00");
    // A stream of it is the same answer, in the events of any stream.
    let streamed = json!({
        "temperature": 0, "stream": true, "stream_options": { "include_usage": true },
    });
    let streamed = stage.caller.ask(&with("Hello.", &streamed)).await;
    assert_eq!((streamed.header(LOOKED), stage.calls()), ("hit", 1));
    assert!(streamed.is_done());
    assert_eq!((streamed.content(), streamed.usage()), (first.content(), first.usage()));

    // Held at nothing, settled at nothing, and what it saved is told; each of the three has its
    // decision and its end on record.
    let rows = Rows::of(&stage.server).await;
    eventually("all is settled", SETTLED_MAX, async || {
        (rows.ledger().await.len() == 3).then_some(())
    })
    .await;
    let ledger = rows.ledger().await;
    let paid = ledger.iter().find(|row| row.basis == "provider").expect("one was paid for").amount;
    assert!(paid > 0);
    let free: Vec<_> = ledger.iter().filter(|row| row.basis == "cached").collect();
    assert_eq!(free.len(), 2, "{ledger:?}");
    assert!(free.iter().all(|row| (row.amount, row.input, row.output) == (0, 0, 0)), "{free:?}");
    let report = stage.server.json(&["spend", "--by", "model"]);
    let line = &report["lines"][0];
    assert_eq!(
        (&line["calls"], &line["saved"]["nanos"]),
        (&json!(3), &json!(2 * paid)),
        "{report}"
    );
    assert_eq!(line["amount"]["nanos"], json!(paid), "{report}");
    for kind in ["decision", "completion"] {
        let count = format!("select count(*) from audit where kind = '{kind}'");
        assert_eq!(rows.number(&count).await, 3, "{kind}");
    }
    let id = first.header("x-orchestack-request-id");
    let tail = stage.server.json(&["audit", "tail", "--kind", "completion", "--limit", "2"]);
    for record in tail["records"].as_array().unwrap() {
        let detail = &record["detail"];
        assert_eq!((&detail["answer_of"], &detail["basis"]), (&json!(id), &json!("cached")));
    }
    let told = stage.server.run(&["explain", again.header("x-orchestack-request-id")]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains(&format!("given again, from {id}")), "{told}");
    assert_eq!(stage.server.json(&["audit", "verify"])["ok"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_given_again_for_nothing_and_on_record_on_sqlite() {
    given_again(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_given_again_for_nothing_and_on_record_on_postgres() {
    given_again(Database::Postgres).await;
}

/// What must be another answer, each asked for after "Hello." was answered.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_same_request_of_the_same_agent_gets_it() {
    let stage = Stage::new(Database::Sqlite, |_, _| {}).await;
    let other = Caller::new(&stage.server, "other");
    let second_key = Caller::new(&stage.server, "default");
    stage.caller.ask(&likeliest("Hello.")).await.assert_answered("sim");
    let hit = second_key.ask(&likeliest("Hello.")).await;
    assert_eq!(hit.header(LOOKED), "hit", "another key of the same agent");
    let field =
        |name: &str, value: Value| with("Hello.", &json!({ "temperature": 0, name: value }));
    let mut twin = likeliest("Hello.");
    twin["model"] = json!("twin");
    let answers = [
        ("another agent", other.ask(&likeliest("Hello.")).await),
        ("another text", stage.caller.ask(&likeliest("Hello!")).await),
        ("another model", stage.caller.ask(&twin).await),
        ("another limit", stage.caller.ask(&field("max_completion_tokens", json!(40))).await),
        ("another seed", stage.caller.ask(&field("seed", json!(7))).await),
        ("another user", stage.caller.ask(&field("user", json!("ada"))).await),
        (
            "another format",
            stage.caller.ask(&field("response_format", json!({"type": "text"}))).await,
        ),
        (
            "another label",
            stage
                .caller
                .ask_with(("x-orchestack-sensitivity", "sensitive"), &likeliest("Hello."))
                .await,
        ),
    ];
    for (what, answer) in &answers {
        assert_eq!(
            (answer.status, answer.header(LOOKED)),
            (200, "miss"),
            "{what}: {}",
            answer.text
        );
    }
    assert_eq!(stage.calls(), 1 + answers.len());
    // A new commit decides anew.
    stage.server.tree().write("policies/more.cedar", "// Another text.\n").commit("more");
    stage.server.json(&["policy", "reload"]);
    assert_eq!(stage.caller.ask(&likeliest("Hello.")).await.header(LOOKED), "miss");
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_is_asked_before_the_cache_is() {
    let stage = Stage::new(Database::Sqlite, |_, _| {}).await;
    stage.caller.ask(&likeliest("Hello.")).await.assert_answered("sim");
    let no = "@id(\"no-more\")\nforbid (principal, action == Orchestack::Action::\"callModel\", \
              resource == Orchestack::Model::\"sim\");\n";
    stage.server.tree().write("policies/more.cedar", no).commit("no more");
    stage.server.json(&["policy", "reload"]);
    stage.caller.ask(&likeliest("Hello.")).await.assert_refused(403, "policy_denied");
}

/// What is drawn at random is given again to those only who ask for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_says_whether_it_wants_the_cache() {
    let stage = Stage::new(Database::Sqlite, |_, _| {}).await;
    let (any, likely) = (chat("sim", "Hello."), likeliest("Hello."));
    let ask = async |wish: &str, body: &Value| {
        let answer = stage.caller.ask_with((LOOKED, wish), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        (answer.header(LOOKED).to_owned(), stage.calls())
    };
    let told = |text: &str, calls: usize| (text.to_owned(), calls);
    assert_eq!(stage.caller.ask(&any).await.header(LOOKED), "");
    assert_eq!(stage.caller.ask(&any).await.header(LOOKED), "");
    assert_eq!(ask("on", &any).await, told("miss", 3));
    assert_eq!(ask("on", &any).await, told("hit", 3));
    assert_eq!(ask("refresh", &any).await, told("miss", 4));
    assert_eq!(ask("on", &any).await, told("hit", 4));
    assert_eq!(ask("off", &likely).await, told("", 5));
    assert_eq!(ask("on", &likely).await, told("miss", 6), "what was asked without it is not kept");
    // An image that somebody else serves may be another one tomorrow.
    let image = json!({ "temperature": 0, "messages": [{ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": "https://example.com/a.png" } },
    ]}]});
    assert_eq!(stage.caller.ask(&with("", &image)).await.header(LOOKED), "");
    let stored = with("Hello.", &json!({ "store": true }));
    assert_eq!(ask("on", &stored).await.0, "", "its provider is to store it");
    let bad = stage.caller.ask_with((LOOKED, "maybe"), &any).await;
    bad.assert_refused(400, "invalid_request");
    assert_eq!(bad.json()["error"]["param"], LOOKED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_definition_says_what_is_given_again() {
    let stage = Stage::new(Database::Sqlite, |setup, _| {
        for (name, answers) in [("never", "off"), ("always", "all")] {
            setup.tree().agent(name, "100.00");
            let text = format!("owner = \"ada\"\n\n[cache]\nanswers = \"{answers}\"\n");
            setup.tree().write(&format!("agents/{name}/agent.toml"), &text);
        }
    })
    .await;
    let (never, always) =
        (Caller::new(&stage.server, "never"), Caller::new(&stage.server, "always"));
    for _ in 0..2 {
        let answer = never.ask_with((LOOKED, "on"), &likeliest("Hello.")).await;
        assert_eq!((answer.status, answer.header(LOOKED)), (200, ""));
    }
    assert_eq!(always.ask(&chat("sim", "Hello.")).await.header(LOOKED), "miss");
    assert_eq!(always.ask(&chat("sim", "Hello.")).await.header(LOOKED), "hit");
    assert_eq!(stage.calls(), 3);
}

/// Neither more confidential content than the settings say, nor what no provider may keep.
#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_be_kept_is_not() {
    let stage = Stage::new(Database::Sqlite, |setup, simulator| {
        let url = format!("{}/v1", simulator.base_url());
        setup.set("cache.max_label", "internal");
        let none = "@id(\"keep-nothing\")\n@retention(\"none\")\npermit (principal, action == \
                    Orchestack::Action::\"callModel\", resource == Orchestack::Model::\"twin\");\n";
        setup.tree().write("policies/more.cedar", none);
        // A provider that keeps nothing, so that policy lets it have the request.
        let text = format!(
            "[[provider]]\nname = \"sim\"\nkind = \"openai\"\nbase_url = \"{url}\"\n\
             locality = \"cloud\"\nsecret = \"env:SIMULATOR_KEY\"\nretention_days = 0\n"
        );
        setup.tree().write("providers/sim.toml", &text);
    })
    .await;
    let mut twin = likeliest("Hello.");
    twin["model"] = json!("twin");
    for _ in 0..2 {
        let header = ("x-orchestack-sensitivity", "sensitive");
        let sensitive = stage.caller.ask_with(header, &likeliest("Hello.")).await;
        assert_eq!((sensitive.status, sensitive.header(LOOKED)), (200, ""), "{}", sensitive.text);
        let twin = stage.caller.ask(&twin).await;
        assert_eq!((twin.status, twin.header(LOOKED)), (200, ""), "{}", twin.text);
    }
    assert_eq!(stage.calls(), 4);
}

/// An answer that was cut is not one that the model gave.
#[tokio::test(flavor = "multi_thread")]
async fn only_whole_answers_are_kept() {
    let stage = Stage::new(Database::Sqlite, |_, _| {}).await;
    let cut = json!({ "temperature": 0, "max_completion_tokens": 3 });
    for _ in 0..2 {
        let answer = stage.caller.ask(&with("Hello.", &cut)).await;
        assert_eq!(answer.json()["choices"][0]["finish_reason"], "length");
        assert_eq!(answer.header(LOOKED), "miss");
    }
    let broken = Behaviour { end: Some(simulator::End::Cut), ..Behaviour::default() };
    stage.simulator.script(Behaviour::default(), vec![broken]);
    let streamed = with("Hello.", &json!({ "temperature": 0, "stream": true }));
    assert!(!stage.caller.ask(&streamed).await.is_done());
    let whole = stage.caller.ask(&streamed).await;
    assert_eq!((whole.is_done(), whole.header(LOOKED)), (true, "miss"));
    // And what came in a stream is given whole.
    let again = stage.caller.ask(&likeliest("Hello.")).await;
    assert_eq!((again.header(LOOKED), again.content()), ("hit", whole.content()));
}

/// Every API tells it in its own words, with an id of its own; and a response that was given again is
/// gone on from as any other.
#[tokio::test(flavor = "multi_thread")]
async fn each_api_gets_it_in_its_own_form() {
    let stage = Stage::new(Database::Sqlite, |_, _| {}).await;
    let key = stage.caller.key();
    let ask = async |path: &str, body: Value| {
        let url = format!("{}{path}", stage.server.gateway());
        Answer::read(Client::new().0.post(url).bearer_auth(key).json(&body)).await
    };
    let tool = json!([{ "name": "find", "input_schema": { "type": "object", "properties": {} } }]);
    for (path, body) in [
        ("/v1/responses", json!({ "input": "Hello." })),
        (
            "/v1/messages",
            json!({ "max_tokens": 64, "tools": tool, "tool_choice": { "type": "any" },
            "messages": [{ "role": "user", "content": "Hello." }] }),
        ),
        ("/v1/completions", json!({ "prompt": "Hello.", "max_tokens": 200 })),
    ] {
        let mut body = body;
        (body["model"], body["temperature"]) = (json!("sim"), json!(0));
        let first = ask(path, body.clone()).await;
        assert_eq!((first.status, first.header(LOOKED)), (200, "miss"), "{path}: {}", first.text);
        let again = ask(path, body.clone()).await;
        assert_eq!((again.status, again.header(LOOKED)), (200, "hit"), "{path}: {}", again.text);
        let (one, two) = (first.json(), again.json());
        assert_ne!(one["id"], two["id"], "{path}");
        for part in ["content", "usage", "choices"] {
            assert_eq!(one[part], two[part], "{path}: {part}");
        }
        if path == "/v1/responses" {
            let goes_on =
                json!({ "model": "sim", "input": "And?", "previous_response_id": two["id"] });
            assert_eq!(ask(path, goes_on).await.status, 200);
        }
        body["stream"] = json!(true);
        let streamed = ask(path, body).await;
        assert_eq!((streamed.status, streamed.header(LOOKED)), (200, "hit"), "{path}");
        assert!(streamed.events().len() > 1, "{path}: {}", streamed.text);
    }
}

/// Who has nothing left can still be told what is known.
#[tokio::test(flavor = "multi_thread")]
async fn it_needs_neither_money_nor_a_provider() {
    let stage = Stage::new(Database::Sqlite, |setup, _| {
        setup.tree().agent("poor", "0.01");
    })
    .await;
    let poor = Caller::new(&stage.server, "poor");
    let body = with("Hello.", &json!({ "temperature": 0, "max_completion_tokens": 400 }));
    assert_eq!(poor.ask(&body).await.header(LOOKED), "miss");
    let dear = Behaviour { output_tokens: Some(600), ..Behaviour::default() };
    stage.simulator.script(dear, Vec::new());
    let mut refused = 0;
    for n in 0..20 {
        let body = with(&format!("Spend {n}."), &json!({ "max_completion_tokens": 600 }));
        let answer = poor.ask(&body).await;
        if answer.status != 200 {
            answer.assert_refused(402, "budget_exhausted");
            refused += 1;
        }
    }
    assert!(refused > 0, "it has spent what it had");
    let again = poor.ask(&body).await;
    assert_eq!((again.status, again.header(LOOKED)), (200, "hit"), "{}", again.text);
}

/// A stage with an agent that compares what requests mean, by a model that runs there.
async fn comparing(locality: &str, policy: &str) -> (Stage, Caller) {
    let stage = Stage::new(Database::Sqlite, |setup, simulator| {
        let tree = setup.tree();
        tree.openai_provider("near", simulator, locality);
        tree.write(
            "models/vectors.toml",
            "[[model]]\nid = \"vectors\"\nprovider = \"near\"\nupstream = \"vectors\"\n\
             context_tokens = 8192\ncapabilities = [\"embeddings\"]\nfree = true\n",
        );
        tree.agent("comparing", "100.00");
        let text = "owner = \"ada\"\n\n[cache.similar]\nmodel = \"vectors\"\npercent = 85\n";
        tree.write("agents/comparing/agent.toml", text).write("policies/more.cedar", policy);
    })
    .await;
    let caller = Caller::new(&stage.server, "comparing");
    (stage, caller)
}

const QUESTION: &str = "Please tell me what the best way is to cook some rice in a pot";
const REWORDED: &str = "Please tell me what the best way is to cook some rice in a pan";

#[tokio::test(flavor = "multi_thread")]
async fn what_means_the_same_is_given_again_where_an_agent_wants_it() {
    let (stage, caller) = comparing("local", "").await;
    let words = |stage: &Stage| {
        stage.simulator.log().iter().filter(|seen| !seen.path.contains("embeddings")).count()
    };
    let first = caller.ask(&likeliest(QUESTION)).await;
    first.assert_answered("sim");
    assert_eq!(first.header(LOOKED), "miss");
    let near = caller.ask(&likeliest(REWORDED)).await;
    assert_eq!((near.header(LOOKED), near.content()), ("near", first.content()), "{}", near.text);
    assert_eq!(near.header("x-orchestack-cost"), "0.00");
    assert_eq!(words(&stage), 1);
    // The same words need no vector.
    assert_eq!(caller.ask(&likeliest(QUESTION)).await.header(LOOKED), "hit");
    // What is about something else, or about as much of another thing, is not the same.
    for text in [
        "Where do I find a list of all rivers that flow north",
        &format!("{QUESTION} for 2 people"),
        "Please tell me what the best way is not to cook some rice in a pot",
        "Please tell me what the best way is to cook some rice in Paris",
    ] {
        let answer = caller.ask(&likeliest(text)).await;
        assert_eq!((answer.status, answer.header(LOOKED)), (200, "miss"), "{text}");
    }
    // Nor is what was asked with other instructions, or by an agent that does not compare.
    let told = json!({ "temperature": 0, "messages": [
        { "role": "system", "content": "Be brief." }, { "role": "user", "content": REWORDED },
    ]});
    assert_eq!(caller.ask(&with("", &told)).await.header(LOOKED), "miss");
    stage.caller.ask(&likeliest(QUESTION)).await.assert_answered("sim");
    assert_eq!(stage.caller.ask(&likeliest(REWORDED)).await.header(LOOKED), "miss");

    // On record: whose answer it was, how near, and the request for its meaning as one of its own.
    let id = near.header("x-orchestack-request-id").to_owned();
    let record = eventually("its end is on record", SETTLED_MAX, async || {
        let tail = stage.server.json(&["audit", "tail", "--request", &id]);
        let records = tail["records"].as_array().unwrap().clone();
        records.into_iter().find(|record| record["kind"] == "completion")
    })
    .await;
    let detail = &record["detail"];
    assert_eq!(detail["answer_of"], first.header("x-orchestack-request-id"), "{record}");
    assert!((85..100).contains(&detail["similarity"].as_u64().unwrap()), "{record}");
    let rows = Rows::of(&stage.server).await;
    let of_it = format!(
        "select body from audit where kind = 'decision' and body like '%\"part_of\":\"{id}\"%'"
    );
    let asked = rows.texts(&of_it).await;
    assert_eq!(asked.len(), 1);
    assert!(asked[0].contains("\"endpoint\":\"/v1/embeddings\""), "{asked:?}");
    assert_eq!(stage.server.json(&["audit", "verify"])["ok"], json!(true));
}

/// Nothing is compared that may not be: the request is answered by its provider then.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_text_means_is_asked_only_where_it_may_be() {
    const NO: &str = "@id(\"no-vectors\")\nforbid (principal, action == \
                      Orchestack::Action::\"callModel\", resource == Orchestack::Model::\"vectors\");\n";
    for (locality, policy, records) in [("cloud", "", 0), ("local", NO, 2)] {
        let (stage, caller) = comparing(locality, policy).await;
        for text in [QUESTION, REWORDED] {
            let answer = caller.ask(&likeliest(text)).await;
            assert_eq!((answer.status, answer.header(LOOKED)), (200, "miss"), "{locality}");
        }
        let log = stage.simulator.log();
        assert!(log.iter().all(|seen| !seen.path.contains("embeddings")), "{locality}");
        let rows = Rows::of(&stage.server).await;
        let denied = "select count(*) from audit where outcome = 'policy_denied'";
        assert_eq!(rows.number(denied).await, records, "{locality}");
    }
    // One that fails holds nobody up.
    let (stage, caller) = comparing("local", "").await;
    let failing = Behaviour { status: Some(500), ..Behaviour::default() };
    stage.simulator.script(Behaviour::default(), vec![failing]);
    assert_eq!(caller.ask(&likeliest(QUESTION)).await.header(LOOKED), "miss");
    assert_eq!(stage.calls(), 2);
}

/// It is left alone for a while then, and is asked all the same by those who want its vectors.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_compares_too_slowly_holds_up_one_request() {
    let (stage, caller) = comparing("local", "").await;
    let slow = Behaviour { delay_ms: 3_000, ..Behaviour::default() };
    stage.simulator.script(Behaviour::default(), vec![slow]);
    let vectors =
        || stage.simulator.log().iter().filter(|seen| seen.path.contains("embeddings")).count();
    for text in [QUESTION, REWORDED] {
        assert_eq!(caller.ask(&likeliest(text)).await.header(LOOKED), "miss");
        assert_eq!(vectors(), 1, "{text}");
    }
    let url = format!("{}/v1/embeddings", stage.server.gateway());
    let body = json!({ "model": "vectors", "input": "Hello." });
    let asked = Client::new().0.post(url).bearer_auth(caller.key()).json(&body);
    assert_eq!(Answer::read(asked).await.status, 200);
    assert_eq!(vectors(), 2);
    let rows = Rows::of(&stage.server).await;
    eventually("nothing is held", SETTLED_MAX, async || {
        (rows.open_holds().await == 0).then_some(())
    })
    .await;
}
