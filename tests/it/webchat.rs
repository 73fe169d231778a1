//! The webchat of the real server: messages outlive it, and people decide by their own rights.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{Answer, Caller, Client, Database, ModelSpec, Rows, Server, Setup, chat, provider};

/// Longer than anything takes that should happen at once.
const SOON: Duration = Duration::from_secs(60);

const ASKS: &str = r#"@id("large-needs-approval")
@approval("infra-admin")
@expires("1h")
permit (principal, action == Orchestack::Action::"callModel", resource == Orchestack::Model::"large");
"#;

const APPROVE: &str = r#"@id("admins-approve")
permit (principal in Orchestack::Group::"infra-admin", action == Orchestack::Action::"approve", resource);
"#;

/// A server with a webchat, and a model that needs an approval.
async fn stage(database: Database) -> (Server, Simulator) {
    let simulator = provider(&[("large", Price::dollars_per_million(1, 1))]).await;
    let mut setup = Setup::new(database).await;
    setup.set("webchat.enabled", "true").set("webchat.listen", "127.0.0.1:0");
    let tree = setup.tree();
    tree.openai_provider("sim", &simulator, "local");
    tree.model(ModelSpec { id: "large", provider: "sim", price: Some(("1.00", "1.00")) });
    tree.write("agents/default/models.cedar", ASKS).write("policies/approve.cedar", APPROVE);
    (setup.start().await, simulator)
}

/// What a program has that writes to an agent.
pub(crate) struct Visitor {
    token: String,
    person: Option<String>,
}

impl Visitor {
    pub(crate) async fn of(server: &Server) -> Self {
        let mut visitor = Self { token: String::new(), person: None };
        let made = visitor.post(server, "/api/conversation", &json!({ "bearer": true })).await;
        visitor.token = made.json()["token"].as_str().expect(&made.text).to_owned();
        visitor
    }

    async fn sign_in(&mut self, server: &Server, token: &str) {
        let asked = json!({ "token": token, "bearer": true });
        let made = self.post(server, "/api/sign-in", &asked).await;
        assert_eq!(made.status, 200, "{}", made.text);
        self.person = made.json()["sealed"].as_str().map(str::to_owned);
    }

    async fn post(&self, server: &Server, path: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", server.webchat());
        let mut request = Client::new().0.post(url).bearer_auth(&self.token).json(body);
        if let Some(person) = &self.person {
            request = request.header("x-orchestack-person", person);
        }
        Answer::read(request).await
    }

    async fn say(&self, server: &Server, id: &str) -> Value {
        self.writes(server, id, "hello").await
    }

    pub(crate) async fn writes(&self, server: &Server, id: &str, text: &str) -> Value {
        let said = self.post(server, "/api/messages", &json!({ "id": id, "text": text })).await;
        assert_eq!(said.status, 200, "{}", said.text);
        said.json()
    }

    /// Whether a message was acknowledged: the server may end at any moment.
    pub(crate) async fn tries(&self, server: &Server, id: &str, text: &str) -> bool {
        let url = format!("{}/api/messages", server.webchat());
        let message = json!({ "id": id, "text": text });
        let sent = Client::new().0.post(url).bearer_auth(&self.token).json(&message).send().await;
        sent.is_ok_and(|answer| answer.status() == 200)
    }

    /// What happens in the conversation from its beginning on, as it happens.
    pub(crate) async fn listens(&self, server: &Server) -> Heard {
        let url = format!("{}/api/events?after=0", server.webchat());
        let stream = Client::new().0.get(url).bearer_auth(&self.token).send().await;
        Heard { stream: stream.expect("the webchat answers"), text: String::new() }
    }

    async fn decide(&self, server: &Server, approval: &str, decision: &str) -> Answer {
        let asked = json!({ "approval": approval, "decision": decision, "reason": "looked at it" });
        self.post(server, "/api/decisions", &asked).await
    }
}

/// The server-sent events of a conversation.
pub(crate) struct Heard {
    stream: reqwest::Response,
    text: String,
}

impl Heard {
    /// The next event of a kind, such as `assistant`.
    pub(crate) async fn next(&mut self, kind: &str) -> Value {
        loop {
            while let Some((line, rest)) = self.text.split_once('\n') {
                let event: Option<Value> =
                    line.strip_prefix("data:").and_then(|data| serde_json::from_str(data).ok());
                self.text = rest.to_owned();
                if let Some(event) = event.filter(|event| event["kind"] == kind) {
                    return event;
                }
            }
            let piece = tokio::time::timeout(SOON, self.stream.chunk()).await;
            let piece = piece.expect("something happens").expect("the stream goes on");
            self.text.push_str(&String::from_utf8_lossy(&piece.expect("the stream has no end")));
        }
    }
}

async fn what_was_acknowledged_outlives_a_kill(database: Database) {
    let (mut server, _simulator) = stage(database).await;
    let visitor = Visitor::of(&server).await;
    let first = visitor.say(&server, "m1").await;
    assert_eq!(first, json!({ "seq": 1, "no": 1, "fresh": true }));
    server.kill9();
    server.restart().await;
    let again = visitor.say(&server, "m1").await;
    assert_eq!(again, json!({ "seq": 1, "no": 1, "fresh": false }));
    assert_eq!(visitor.say(&server, "m2").await["seq"], 2);
    let rows = Rows::of(&server).await;
    assert_eq!(rows.number("select count(*) from inbox").await, 2);
    // The token itself is nowhere: only what it hashes to.
    let kept = rows.texts("select conversation from sessions").await;
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].contains(&visitor.token) && kept[0].len() == 64, "{kept:?}");
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill_on_sqlite() {
    what_was_acknowledged_outlives_a_kill(Database::Sqlite).await;
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill_on_postgres() {
    what_was_acknowledged_outlives_a_kill(Database::Postgres).await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_acknowledged() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let visitor = Visitor::of(&server).await;
    let rows = Rows::of(&server).await;
    rows.execute(
        "create trigger full before insert on transcript begin select raise(abort, 'full'); end",
    )
    .await;
    let said =
        visitor.post(&server, "/api/messages", &json!({ "id": "m1", "text": "hello" })).await;
    assert!(said.status >= 500, "{}", said.text);
    rows.execute("drop trigger full").await;
    let kept = visitor.say(&server, "m1").await;
    assert_eq!(kept, json!({ "seq": 1, "no": 1, "fresh": true }), "nothing was left of it");
}

#[tokio::test]
async fn people_decide_by_their_own_rights_and_on_record() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let person = |name: &str, groups: &str| {
        let made = server.json(&["person", "add", name, "--groups", groups]);
        made["token"].as_str().unwrap().to_owned()
    };
    let (ann, ben) = (person("ann", "infra-admin"), person("ben", "auditor"));
    let caller = Caller::new(&server, "default");
    let refused = caller.ask(&chat("large", "Move the mountain.")).await;
    refused.assert_refused(403, "approval_required");
    let id = refused.json()["error"]["approval"]["id"].as_str().unwrap().to_owned();

    let mut visitor = Visitor::of(&server).await;
    let nobody = visitor.decide(&server, &id, "approve").await;
    assert_eq!((nobody.status, nobody.code().as_str()), (401, "sign_in"));
    visitor.sign_in(&server, &ben).await;
    let may_not = visitor.decide(&server, &id, "approve").await;
    assert_eq!((may_not.status, may_not.code().as_str()), (403, "policy_denied"));
    assert_eq!(server.json(&["approval", "show", &id])["status"], "pending");
    visitor.sign_in(&server, &ann).await;
    let decided = visitor.decide(&server, &id, "approve").await;
    assert_eq!(decided.json(), json!({ "approval": id, "status": "approved" }));
    let shown = server.json(&["approval", "show", &id]);
    assert_eq!(shown["votes"][0]["person"], "ann");
    assert_eq!(shown["votes"][0]["reason"], "looked at it");
    let late = visitor.decide(&server, &id, "deny").await;
    assert_eq!((late.status, late.code().as_str()), (409, "already_decided"));
    let people = server.json(&["audit", "tail", "--kind", "admin", "-n", "100"]);
    let people = people.to_string();
    for told in ["approval.approve", "\"ann\"", "\"ben\"", "policy_denied"] {
        assert!(people.contains(told), "{told}: {people}");
    }
    caller.ask(&chat("large", "Move the mountain.")).await.assert_answered("large");
    // What is taken away counts no more, also where the browser still has it.
    let tokens = server.json(&["person", "list"]);
    let row = tokens["people"].as_array().unwrap().iter().find(|row| row["name"] == "ann").unwrap();
    let removed = server.run(&["person", "remove", row["id"].as_str().unwrap()]);
    assert!(removed.status.success());
    let gone = visitor.decide(&server, &id, "deny").await;
    assert_eq!((gone.status, gone.code().as_str()), (401, "sign_in"));
}

#[tokio::test]
async fn there_is_no_webchat_that_nobody_asked_for() {
    let server = Setup::new(Database::Sqlite).await.start().await;
    let ports = std::fs::read_to_string(server.state().join("ports.json")).unwrap();
    let ports: Value = serde_json::from_str(&ports).unwrap();
    assert_eq!(ports["webchat"], Value::Null);
}
