//! The rows of the matrix: every route and verb, and everything that can become of a request.

use serde_json::{Value, json};
use support::{chat, streamed};

use super::wire::Leaving;

pub(super) const BODY_BYTES_MAX: usize = 64 << 10;
pub(super) const CHAT: &str = "/v1/chat/completions";
/// Where models are asked.
pub(super) const APIS: [&str; 5] =
    [CHAT, "/v1/completions", "/v1/responses", "/v1/messages", EMBED];
pub(super) const EMBED: &str = "/v1/embeddings";
pub(super) const COUNT: &str = "/v1/messages/count_tokens";
pub(super) const KEPT: &str = "/v1/responses/resp_none";

/// One request, and what must be on record of it.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Which credential it has.
    pub(super) key: Key,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: String,
    /// How the caller leaves before the answer.
    pub(super) leaving: Option<Leaving>,
    /// What is answered; of a caller that left nothing.
    pub(super) status: Option<u16>,
    /// The outcome on record, where there is one.
    pub(super) decision: Option<&'static str>,
    /// How many calls reach the provider.
    pub(super) calls: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
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
    pub(super) fn ask(name: &str, body: &Value) -> Self {
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
pub(super) fn routes() -> Vec<Row> {
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
pub(super) fn vectors() -> Vec<Row> {
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
pub(super) fn requests() -> Vec<Row> {
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
