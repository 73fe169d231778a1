//! Nothing goes past the decision: every route and verb, every way in which a request can go.
//!
//! A request to a model, in whatever API, whose caller is known leaves exactly one record of the
//! kind `decision`, whatever becomes of it: answered, refused, malformed, given up by its caller. So
//! does one that reads or deletes a kept response. No other request leaves one: those of unknown
//! callers, of other paths and verbs, and the lists of models, for which nothing is called. And what reaches a provider belongs to a request whose record
//! says `permit`.

mod people;
mod wire;

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Seen, Simulator};
use support::{
    Answer, Client, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider, streamed,
};

use wire::Leaving;

/// Longer than any record or settlement takes.
const SETTLED_MAX: Duration = Duration::from_secs(20);
const BODY_BYTES_MAX: usize = 64 << 10;
const CHAT: &str = "/v1/chat/completions";
/// Where models are asked.
const APIS: [&str; 5] = [CHAT, "/v1/completions", "/v1/responses", "/v1/messages", EMBED];
const EMBED: &str = "/v1/embeddings";
const COUNT: &str = "/v1/messages/count_tokens";
const KEPT: &str = "/v1/responses/resp_none";

/// One request, and what must be on record of it.
struct Row {
    name: String,
    method: &'static str,
    path: &'static str,
    /// Which credential it has.
    key: Key,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    /// How the caller leaves before the answer.
    leaving: Option<Leaving>,
    /// What is answered; of a caller that left nothing.
    status: Option<u16>,
    /// The outcome on record, where there is one.
    decision: Option<&'static str>,
    /// How many calls reach the provider.
    calls: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Good,
    Missing,
    Wrong,
    /// A capability grant that nobody signed.
    Forged,
    /// A capability grant for the model `sim`.
    Granted,
    /// One that was revoked.
    Revoked,
    /// Of an agent without money.
    Poor,
}

impl Row {
    fn ask(name: &str, body: &Value) -> Self {
        Self {
            name: name.to_owned(),
            method: "POST",
            path: CHAT,
            key: Key::Good,
            headers: Vec::new(),
            body: body.to_string(),
            leaving: None,
            status: Some(200),
            decision: Some("permit"),
            calls: 1,
        }
    }

    fn refused(self, status: u16, outcome: &'static str) -> Self {
        Self { status: Some(status), decision: Some(outcome), calls: 0, ..self }
    }

    /// Without a record, for whoever asks is not known or asks for no model.
    fn unrecorded(self, status: u16) -> Self {
        Self { status: Some(status), decision: None, calls: 0, ..self }
    }

    fn left(self, leaving: Leaving, decision: Option<&'static str>, calls: usize) -> Self {
        Self { leaving: Some(leaving), status: None, decision, calls, ..self }
    }
}

/// Every route and some that do not exist, with every verb, with and without a key.
fn routes() -> Vec<Row> {
    const PATHS: [&str; 16] = [
        CHAT,
        "/v1/chat/completions/",
        "//v1/chat/completions",
        "/V1/CHAT/COMPLETIONS",
        "/v1/models",
        "/v1/models/sim",
        EMBED,
        "/v1/embeddings/",
        "/v1/completions",
        "/v1/responses",
        "/v1/messages",
        COUNT,
        KEPT,
        "/api/v1/policy",
        "/healthz",
        "/readyz",
    ];
    let mut rows = Vec::new();
    for path in PATHS {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] {
            for key in [Key::Good, Key::Missing, Key::Wrong] {
                let row = Row::ask("route", &hello(path));
                rows.push(expected(Row { method, path, key, ..row }));
            }
        }
    }
    rows
}

/// A request in the words of a path's API.
fn hello(path: &str) -> Value {
    match path {
        "/v1/completions" => json!({ "model": "sim", "prompt": "Hello." }),
        "/v1/responses" => json!({ "model": "sim", "input": "Hello." }),
        EMBED => json!({ "model": "vec", "input": "Hello." }),
        "/v1/messages" => {
            let mut body = chat("sim", "Hello.");
            body["max_tokens"] = json!(64);
            body
        }
        _ => chat("sim", "Hello."),
    }
}

fn expected(row: Row) -> Row {
    let open = matches!(row.path, "/healthz" | "/readyz") && ["GET", "HEAD"].contains(&row.method);
    let models = row.path.starts_with("/v1/models") && row.method == "GET";
    let asks = APIS.contains(&row.path) && row.method == "POST";
    let count = row.path == COUNT && row.method == "POST";
    let kept = row.path == KEPT && ["GET", "DELETE"].contains(&row.method);
    match row.key {
        _ if open => row.unrecorded(200),
        Key::Good if models || count => row.unrecorded(200),
        Key::Good if asks => row,
        Key::Good if kept => row.refused(404, "not_found"),
        _ if models || count || asks || kept => row.unrecorded(401),
        _ if APIS.contains(&row.path) || [COUNT, KEPT, "/v1/models"].contains(&row.path) => {
            row.unrecorded(405)
        }
        _ => row.unrecorded(404),
    }
}

/// What can become of a request for vectors.
fn vectors() -> Vec<Row> {
    let body = |model: &str, input: Value| json!({ "model": model, "input": input });
    let ask = |name: &str, model: &str, input: Value| Row {
        path: EMBED,
        ..Row::ask(&format!("vectors: {name}"), &body(model, input))
    };
    let with = |name: &'static str, value: &'static str, row: Row| Row {
        headers: vec![(name, value)],
        ..row
    };
    let ssn = json!(["Hello.", "My social security number is 536-22-8174."]);
    let secret = json!(concat!("Deploy with AK", "IAIOSFODNN7EXAMPLE."));
    vec![
        ask("answered", "vec", json!("Good day.")),
        ask("many", "vec", json!(["a", "b"])),
        ask("of tokens", "vec", json!([1, 2, 3])),
        ask("any model", "auto", json!("Good evening.")),
        ask("rerouted", "vec-cloud", ssn),
        ask("a credential to the cloud", "vec-cloud", secret).refused(403, "policy_denied"),
        ask("denied", "vec-closed", json!("Hello.")).refused(403, "policy_denied"),
        ask("blocked", "vec-picky", json!("Charge 4111 1111 1111 1111"))
            .refused(403, "dlp_blocked"),
        ask("not approved", "vec-careful", json!("Hello.")).refused(403, "approval_required"),
        with("x-orchestack-dry-run", "true", ask("dry run", "vec", json!("Hello.")))
            .refused(200, "dry_run"),
        ask("of a model for words", "sim", json!("Hello.")).refused(422, "no_route"),
        ask("a model that nobody has", "nobody", json!("Hello.")).refused(404, "model_not_found"),
        Row { key: Key::Poor, ..ask("without money", "vec-paid", json!("Hello.")) }
            .refused(402, "budget_exhausted"),
        Row { key: Key::Granted, ..ask("with a grant for another model", "vec", json!("Hello.")) }
            .refused(403, "policy_denied"),
        Row { key: Key::Revoked, ..ask("with a revoked grant", "vec", json!("Hello.")) }
            .unrecorded(401),
        ask("empty", "vec", json!("")).refused(400, "invalid_request"),
        Row { status: Some(502), ..ask("failed", "vec-fault-500", json!("Hello.")) },
        ask("left before the answer", "vec-fault-delay-700", json!("Hello.")).left(
            Leaving::BeforeAnswer,
            Some("permit"),
            1,
        ),
    ]
}

/// Everything that can become of a request to a model.
#[expect(clippy::too_many_lines, reason = "a table")]
fn requests() -> Vec<Row> {
    let hello = chat("sim", "Hello.");
    let ask = |name: &str, model: &str| Row::ask(name, &chat(model, "Hello."));
    let with = |name: &str, headers| Row { headers, ..Row::ask(name, &hello) };
    let body = |name: &str, body: &str| Row { body: body.to_owned(), ..Row::ask(name, &hello) };
    let long = chat("sim", &"x".repeat(BODY_BYTES_MAX));
    let secret = chat("cloud", concat!("Deploy with AK", "IAIOSFODNN7EXAMPLE."));
    let ssn = chat("cloud", "My social security number is 536-22-8174.");
    vec![
        ask("answered", "sim"),
        ask("any model", "auto"),
        Row::ask("streamed", &streamed("sim", "Hello.")),
        Row { path: "/v1/chat/completions?stream=false", ..ask("with a query", "sim") },
        Row::ask("rerouted", &ssn),
        Row::ask(
            "rerouted, streamed",
            &streamed("cloud", "My social security number is 536-22-8174."),
        ),
        Row { calls: 2, ..ask("fallback", "sim-fault-503") },
        Row { calls: 2, ..Row::ask("fallback, streamed", &streamed("sim-fault-502", "Hello.")) },
        Row { status: Some(502), ..ask("failed", "sim-fault-500") },
        Row::ask("cut by the provider", &streamed("sim-fault-cut-5", "Hello.")),
        with("dry run", vec![("x-orchestack-dry-run", "true")]).refused(200, "dry_run"),
        with("a header that is none", vec![("x-orchestack-sensitivity", "loud")])
            .refused(400, "invalid_request"),
        ask("denied", "closed").refused(403, "policy_denied"),
        Row::ask("denied, streamed", &streamed("closed", "Hello.")).refused(403, "policy_denied"),
        Row::ask("a credential to the cloud", &secret).refused(403, "policy_denied"),
        Row::ask("blocked", &chat("picky", "Charge 4111 1111 1111 1111"))
            .refused(403, "dlp_blocked"),
        ask("not approved", "careful").refused(403, "approval_required"),
        Row { headers: vec![("x-orchestack-wait", "1")], ..ask("waited in vain", "careful") }
            .refused(403, "approval_required"),
        Row {
            headers: vec![("x-orchestack-dry-run", "true")],
            ..ask("not approved, dry", "careful")
        }
        .refused(200, "dry_run"),
        ask("a model that nobody has", "nobody").refused(404, "model_not_found"),
        Row { key: Key::Poor, ..ask("without money", "cloud") }.refused(402, "budget_exhausted"),
        Row { key: Key::Missing, ..ask("without a key", "sim") }.unrecorded(401),
        Row { key: Key::Wrong, ..ask("with a wrong key", "sim") }.unrecorded(401),
        Row::ask("too long", &long).refused(413, "body_too_large"),
        Row { key: Key::Wrong, ..Row::ask("too long, with a wrong key", &long) }.unrecorded(401),
        Row { key: Key::Forged, ..ask("with a forged grant", "sim") }.unrecorded(401),
        Row { key: Key::Granted, ..ask("with a grant", "sim") },
        Row { key: Key::Granted, ..Row::ask("with a grant, streamed", &streamed("sim", "Hello.")) },
        Row { key: Key::Granted, ..ask("with a grant for another model", "cloud") }
            .refused(403, "policy_denied"),
        Row { key: Key::Revoked, ..ask("with a revoked grant", "sim") }.unrecorded(401),
        body("no JSON", "{\"model\":").refused(400, "invalid_request"),
        body("empty", "").refused(400, "invalid_request"),
        body("no messages", "{\"model\":\"sim\",\"messages\":[]}").refused(400, "invalid_request"),
        body(
            "a parameter that nobody passes on",
            "{\"model\":\"sim\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"n\":-1}",
        )
        .refused(400, "invalid_request"),
        ask("left in the middle of the body", "sim").left(
            Leaving::InBody,
            Some("invalid_request"),
            0,
        ),
        Row {
            headers: vec![("x-orchestack-wait", "60")],
            ..Row::ask("left while people were asked", &chat("careful", "May I?"))
        }
        .left(Leaving::WhileAsked, Some("approval_required"), 0),
        ask("left before the answer", "sim-fault-delay-700").left(
            Leaving::BeforeAnswer,
            Some("permit"),
            1,
        ),
        Row::ask("left in the middle of the answer", &streamed("sim-fault-slow-100", "Hello."))
            .left(Leaving::InAnswer, Some("permit"), 1),
        Row { key: Key::Wrong, ..ask("left, with a wrong key", "sim") }.left(
            Leaving::InAnswer,
            None,
            0,
        ),
    ]
}

const POLICIES: &str = r#"
@id("closed-is-closed")
forbid (principal, action == Orchestack::Action::"callModel", resource)
when { resource == Orchestack::Model::"closed" || resource == Orchestack::Model::"vec-closed" };

@id("secrets-stay-local")
forbid (principal, action == Orchestack::Action::"callModel", resource)
when { resource.locality != "local" && context.kinds.contains("aws_key") };

@id("careful-needs-approval")
@approval("infra-admin")
permit (principal, action == Orchestack::Action::"callModel", resource)
when { resource == Orchestack::Model::"careful" || resource == Orchestack::Model::"vec-careful" };

@id("picky-takes-no-cards")
@block("card")
permit (principal, action == Orchestack::Action::"callModel", resource)
when { resource == Orchestack::Model::"picky" || resource == Orchestack::Model::"vec-picky" };
"#;

struct Stage {
    server: Server,
    simulator: Simulator,
    rows: Rows,
    client: Client,
    good: String,
    poor: String,
    granted: String,
    revoked: String,
}

impl Stage {
    async fn new() -> Self {
        let simulator = provider(&[]).await;
        let mut setup = Setup::new(Database::Sqlite).await;
        setup.set("gateway.max_body_bytes", &BODY_BYTES_MAX.to_string());
        let tree = setup.tree();
        tree.openai_provider("here", &simulator, "local")
            .openai_provider("cloud", &simulator, "cloud")
            .write("policies/more.cedar", POLICIES)
            .agent("poor", "0.000001");
        for id in [
            "sim",
            "closed",
            "careful",
            "picky",
            "sim-fault-500",
            "sim-fault-cut-5",
            "sim-fault-delay-700",
            "sim-fault-slow-100",
        ] {
            tree.model(ModelSpec { id, provider: "here", price: None });
        }
        let price = Some(("3.00", "15.00"));
        tree.model(ModelSpec { id: "cloud", provider: "cloud", price });
        // One for each test of it: a model that fails is not asked again for a while.
        for id in ["sim-fault-502", "sim-fault-503"] {
            let failing = ModelSpec { id, provider: "here", price: None };
            tree.model_with(failing, "fallbacks = [\"sim\"]");
        }
        for id in ["vec", "vec-closed", "vec-careful", "vec-picky"] {
            tree.embed_model(id, "here", id, None);
        }
        for fault in ["vec-fault-500", "vec-fault-delay-700"] {
            tree.embed_model(fault, "here", fault, None);
        }
        // The same model here and in the cloud.
        tree.embed_model("vec-cloud", "cloud", "vec-twin", Some("3.00"))
            .embed_model("vec-here", "here", "vec-twin", None)
            .embed_model("vec-paid", "cloud", "vec-paid", Some("3.00"));
        let server = setup.start().await;
        let rows = Rows::of(&server).await;
        let (good, poor) = (server.key("default"), server.key("poor"));
        let grant = || {
            let made = server.json(&["grant", "create", "--agent", "default", "--models", "sim"]);
            ["id", "grant"].map(|key| made[key].as_str().expect("a grant is made").to_owned())
        };
        let ([_, granted], [id, revoked]) = (grant(), grant());
        server.json(&["grant", "revoke", &id]);
        Self { server, simulator, rows, client: Client::new(), good, poor, granted, revoked }
    }

    /// The header of a row's credential.
    fn authorization(&self, row: &Row) -> Option<String> {
        let wrong = || format!("{}x", self.good);
        let key = match row.key {
            Key::Good => Some(self.good.clone()),
            Key::Poor => Some(self.poor.clone()),
            Key::Granted => Some(self.granted.clone()),
            Key::Revoked => Some(self.revoked.clone()),
            Key::Wrong => Some(wrong()),
            Key::Forged => Some("orkg_e30.c2lnbmF0dXJl".to_owned()),
            Key::Missing => None,
        };
        key.map(|key| format!("Bearer {key}"))
    }

    /// Sends a row's request and reads what comes back.
    async fn send(&self, row: &Row) -> Answer {
        let url = format!("{}{}", self.server.gateway(), row.path);
        let method = row.method.parse().unwrap();
        let mut request = self.client.0.request(method, url);
        // A HEAD or OPTIONS of a client has no body.
        if !["HEAD", "OPTIONS"].contains(&row.method) {
            request = request.header("content-type", "application/json").body(row.body.clone());
        }
        let authorization = self.authorization(row);
        let authorization = authorization.as_deref().map(|value| ("authorization", value));
        for (name, value) in row.headers.iter().copied().chain(authorization) {
            request = request.header(name, value);
        }
        Answer::read(request).await
    }

    /// The outcomes of decisions on record, in their order.
    async fn decisions(&self) -> Vec<String> {
        self.rows.texts("select outcome from audit where kind = 'decision' order by seq").await
    }

    async fn decisions_of(&self, request: &str) -> i64 {
        let of = format!(
            "select count(*) from audit where kind = 'decision' and request_id = '{request}'"
        );
        self.rows.number(&of).await
    }

    /// Plays a row, and gives what is not as it should be.
    async fn play(&self, row: &Row) -> Result<Record, String> {
        let (before, calls_before) = (self.decisions().await.len(), self.simulator.log().len());
        let answer = match row.leaving {
            None => Some(self.send(row).await),
            Some(leaving) => {
                wire::leave(self, row, leaving).await;
                None
            }
        };
        let wanted = before + usize::from(row.decision.is_some());
        eventually(&format!("the record of {}", row.name), SETTLED_MAX, async || {
            let calls = self.simulator.log().len() - calls_before;
            (self.decisions().await.len() >= wanted && calls >= row.calls).then_some(())
        })
        .await;
        let outcomes = self.decisions().await.split_off(before);
        let seen = self.simulator.log().split_off(calls_before);
        let record = Record { answer, outcomes, seen };
        record.check(row)?;
        // The record is of this very request.
        let request = record.answer.as_ref().map(|answer| answer.header("x-orchestack-request-id"));
        if let Some(request) = request.filter(|request| !request.is_empty()) {
            let own = self.decisions_of(request).await;
            let expected = i64::from(row.decision.is_some());
            if own != expected {
                return Err(format!("{}: {own} decisions of {request}", row.name));
            }
        } else if row.path == CHAT && row.method == "POST" && row.status.is_some() {
            return Err(format!("{}: the answer has no request id", row.name));
        }
        Ok(record)
    }
}

/// What came of a row.
struct Record {
    answer: Option<Answer>,
    outcomes: Vec<String>,
    seen: Vec<Seen>,
}

impl Record {
    fn check(&self, row: &Row) -> Result<(), String> {
        let status = self.answer.as_ref().map(|answer| answer.status);
        let outcomes: Vec<&str> = self.outcomes.iter().map(String::as_str).collect();
        let expected: Vec<&str> = row.decision.into_iter().collect();
        if (status, &outcomes, self.seen.len()) == (row.status, &expected, row.calls) {
            return Ok(());
        }
        let text = self.answer.as_ref().map_or("", |answer| answer.text.as_str());
        Err(format!(
            "{} {} {} ({:?}): {status:?} {outcomes:?} and {} calls; expected {:?} {expected:?} and \
             {}: {text}",
            row.name,
            row.method,
            row.path,
            row.key,
            self.seen.len(),
            row.status,
            row.calls
        ))
    }

    fn print(&self, row: &Row) {
        let status = self.answer.as_ref().map_or("left".to_owned(), |a| a.status.to_string());
        println!(
            "| {:<7} | {:<34} | {:<7} | {:<34} | {status:<6} | {:<17} | {} |",
            row.method,
            row.path,
            format!("{:?}", row.key).to_lowercase(),
            row.name,
            self.outcomes.join(", "),
            self.seen.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_to_a_model_leaves_one_decision_and_no_call_goes_without_one() {
    let stage = Stage::new().await;
    let (mut wrong, mut decisions, mut calls) = (Vec::new(), 0, 0);
    println!("| verb    | path | key | request | status | decision | calls |");
    println!("|---|---|---|---|---|---|---|");
    for row in routes().iter().chain(&requests()).chain(&vectors()) {
        match stage.play(row).await {
            Ok(record) => record.print(row),
            Err(error) => wrong.push(error),
        }
        decisions += usize::from(row.decision.is_some());
        calls += row.calls;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Nothing came later, and the books agree: a call is an attempt, and an attempt has a permit.
    eventually("every attempt is settled", SETTLED_MAX, async || {
        (stage.rows.open_holds().await == 0).then_some(())
    })
    .await;
    assert_eq!(stage.decisions().await.len(), decisions);
    assert_eq!(stage.simulator.log().len(), calls);
    let count = async |of: &str| usize::try_from(stage.rows.number(of).await).unwrap();
    let dispatched = "select count(*) from holds where dispatched_at is not null";
    assert_eq!(count(dispatched).await, calls, "holds that were dispatched");
    let completions = "select count(*) from audit where kind = 'completion'";
    assert_eq!(count(completions).await, calls, "attempts on record");
    let without = "select count(*) from audit c where c.kind = 'completion' and 1 <> (select \
                   count(*) from audit d where d.kind = 'decision' and d.outcome = 'permit' and \
                   d.request_id = c.request_id)";
    assert_eq!(count(without).await, 0, "attempts without one permit");
    assert_eq!(stage.server.json(&["audit", "verify"])["ok"], json!(true));
}

/// The matrix would see a record or a call too many, or one too few.
#[test]
fn a_record_or_a_call_that_is_not_expected_is_seen() {
    let row = Row::ask("answered", &chat("sim", "Hello."));
    let record = |outcomes: &[&str], calls: usize| Record {
        answer: Some(Answer { status: 200, ..Answer::default() }),
        outcomes: outcomes.iter().map(|outcome| (*outcome).to_owned()).collect(),
        seen: vec![Seen::default(); calls],
    };
    assert_eq!(record(&["permit"], 1).check(&row), Ok(()));
    for bad in [record(&[], 1), record(&["permit", "permit"], 1), record(&["permit"], 2)] {
        assert!(bad.check(&row).is_err());
    }
    assert!(record(&["policy_denied"], 1).check(&row).is_err());
}
