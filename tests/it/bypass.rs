//! Nothing goes past the decision: every route and verb, every way in which a request can go.
//!
//! A request to a model, in whatever API, whose caller is known leaves exactly one record of the
//! kind `decision`, whatever becomes of it: answered, refused, malformed, given up by its caller. So
//! does one that reads or deletes a kept response. No other request leaves one: those of unknown
//! callers, of other paths and verbs, and the lists of models, for which nothing is called. And what reaches a provider belongs to a request whose record
//! says `permit`.

mod people;
mod rows;
mod wire;

use std::time::Duration;

use serde_json::json;
use simulator::{Seen, Simulator};
use support::{
    Answer, Client, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider,
};

use rows::{BODY_BYTES_MAX, CHAT, Key, Row, requests, routes, vectors};

/// Longer than any record or settlement takes.
const SETTLED_MAX: Duration = Duration::from_secs(20);

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
