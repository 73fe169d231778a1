//! People at the admin API: who decides what, and what is on record of it.

use std::process::Output;

use reqwest::Method;
use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{Answer, Caller, Client, Database, ModelSpec, Server, Setup, chat, provider};

/// Roles as the starter has them, but for what no test here asks.
const ROLES: &str = r#"
@id("auditors-read")
permit (principal in Orchestack::Group::"auditor", action == Orchestack::Action::"administer", resource)
when { context.read_only };

@id("operators-read")
permit (principal in Orchestack::Group::"operator", action == Orchestack::Action::"administer", resource)
when { context.read_only };

@id("operators-set-caps-when-approved")
@approval("infra-admin")
@quorum("2")
permit (principal in Orchestack::Group::"operator", action == Orchestack::Action::"administer", resource)
when { context.operation == "budget.set" };

@id("owners-make-keys")
permit (principal in Orchestack::Group::"agent-owner", action == Orchestack::Action::"administer", resource)
when { context has owner && context.owner == principal && context.operation == "key.create" };

@id("everybody-may-ask-for-break-glass")
permit (principal, action == Orchestack::Action::"administer", resource)
when { context.operation == "break_glass.request" };

@id("break-glass-administers")
permit (principal, action == Orchestack::Action::"administer", resource)
when { context has break_glass && context.now < context.break_glass.until };

@id("administrators-approve")
permit (principal in Orchestack::Group::"infra-admin", action == Orchestack::Action::"approve", resource);
"#;

pub(crate) async fn setup(database: Database) -> (Setup, Simulator) {
    let simulator = provider(&[("sim", Price::FREE)]).await;
    let setup = Setup::new(database).await;
    setup
        .tree()
        .write("policies/roles.cedar", ROLES)
        .openai_provider("sim", &simulator, "local")
        .model(ModelSpec { id: "sim", provider: "sim", price: None });
    (setup, simulator)
}

pub(crate) async fn stage(database: Database) -> (Server, Simulator) {
    let (setup, simulator) = setup(database).await;
    (setup.start().await, simulator)
}

/// Somebody with a token, from somewhere else.
struct Person<'s> {
    server: &'s Server,
    token: String,
}

impl<'s> Person<'s> {
    fn new(server: &'s Server, name: &str, groups: &str) -> Self {
        let made = server.json(&["person", "add", name, "--groups", groups]);
        let token = made["token"].as_str().unwrap().to_owned();
        Self { server, token }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let method: Method = method.parse().unwrap();
        let url = format!("{}{path}", self.server.admin());
        let mut request = Client::new().0.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::read(request).await
    }

    async fn vote(&self, id: &str, what: &str) -> Answer {
        let path = format!("/api/v1/approvals/{id}/{what}");
        self.ask("POST", &path, Some(json!({ "reason": "looked at it" }))).await
    }
}

pub(crate) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The newest audit record of an operation.
fn record(server: &Server, operation: &str) -> Value {
    let tail = server.json(&["audit", "tail", "--kind", "admin", "-n", "100"]);
    let records = tail["records"].as_array().unwrap();
    let found = records.iter().rev().find(|record| record["detail"]["operation"] == operation);
    found.unwrap_or_else(|| panic!("no record of {operation}: {tail}")).clone()
}

async fn approving(database: Database) {
    let (server, _simulator) = stage(database).await;
    let ann = Person::new(&server, "ann", "operator");
    let [bob, cid, dan] =
        ["bob", "cid", "dan"].map(|name| Person::new(&server, name, "infra-admin"));
    let cap = |amount: &str| Some(json!({ "name": "default", "amount": amount }));
    let set = async |amount: &str| ann.ask("PUT", "/api/v1/budget", cap(amount)).await;
    let refused = set("7.00").await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "approval_required"));
    let id = refused.json()["error"]["approval"]["id"].as_str().unwrap().to_owned();
    let listed = server.json(&["approval", "list"]);
    assert_eq!(listed["approvals"][0]["id"], json!(id), "{listed}");
    let shown = told(&server.run(&["approval", "show", &id]));
    assert!(
        shown.contains("budget.set default") && shown.contains("infra-admin (2 more)"),
        "{shown}"
    );

    assert_eq!(ann.vote(&id, "approve").await.code(), "self_approval");
    assert_eq!(bob.vote(&id, "approve").await.json()["status"], "pending");
    assert_eq!(set("7.00").await.code(), "approval_required", "one is not two");
    assert_eq!(cid.vote(&id, "approve").await.json()["status"], "approved");
    assert_eq!(dan.vote(&id, "deny").await.code(), "already_decided");
    assert_eq!(set("8.00").await.code(), "approval_required", "another amount");
    let done = set("7.00").await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(record(&server, "budget.set")["detail"]["approval"], json!(id));
    assert_eq!(set("7.00").await.code(), "approval_required", "it is used up");
    let used = server.json(&["approval", "show", &id]);
    assert_eq!(used["status"], "used");

    // Two decide at once: the first decision wins.
    let asked = set("9.00").await.json();
    let id = asked["error"]["approval"]["id"].as_str().unwrap();
    assert_eq!(bob.vote(id, "approve").await.status, 200);
    let (yes, no) = tokio::join!(cid.vote(id, "approve"), dan.vote(id, "deny"));
    let decided = server.json(&["approval", "show", id])["status"].clone();
    let won = if decided == "approved" { (200, 409) } else { (409, 200) };
    assert_eq!((yes.status, no.status), won, "{decided}: {} {}", yes.text, no.text);
    assert_eq!(set("9.00").await.status, if decided == "approved" { 200 } else { 403 });
    assert!(server.run(&["audit", "verify"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_approve_an_act_of_a_third_on_sqlite() {
    approving(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_approve_an_act_of_a_third_on_postgres() {
    approving(Database::Postgres).await;
}

async fn breaking(database: Database) {
    let (server, _simulator) = stage(database).await;
    let eve = Person::new(&server, "eve", "nobodies");
    let bob = Person::new(&server, "bob", "infra-admin");
    let agent = async |name: &str| {
        eve.ask("POST", "/api/v1/agents", Some(json!({ "name": name }))).await.status
    };
    assert_eq!(agent("one").await, 403);
    let ask = Some(json!({ "reason": "nobody else is awake" }));
    let asked = eve.ask("POST", "/api/v1/break-glass", ask).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(eve.vote(&id, "approve").await.code(), "self_approval");
    assert_eq!(bob.vote(&id, "approve").await.status, 200);
    assert_eq!(bob.vote(&id, "approve").await.code(), "already_voted");
    assert_eq!(agent("one").await, 403, "one is not two");
    // The local operator is the second.
    let given = server.json(&["approval", "approve", &id, "--reason", "she called me"]);
    assert_eq!(given["status"], "approved");
    let active = server.json(&["break-glass", "list"]);
    assert_eq!(active["approvals"][0]["requester"], "eve");
    let metrics = async || {
        let url = format!("{}/metrics", server.admin());
        let text = Client::new().0.get(url).send().await.unwrap().text().await.unwrap();
        text.lines()
            .find(|line| line.starts_with("orchestack_break_glass_active"))
            .map(str::to_owned)
    };
    assert_eq!(metrics().await.as_deref(), Some("orchestack_break_glass_active 1"));

    assert_eq!(agent("one").await, 201);
    assert_eq!(eve.ask("GET", "/api/v1/keys", None).await.status, 200);
    assert_eq!(agent("NOT A NAME").await, 400);
    for operation in ["agent.create", "key.list"] {
        let record = record(&server, operation);
        assert_eq!(record["detail"]["break_glass"], json!(id), "{record}");
        assert_eq!(record["actor"], "eve");
    }
    assert!(server.log().contains("break-glass"), "it is loud");

    let ended = server.json(&["break-glass", "revoke", &id]);
    assert_eq!(ended["status"], "revoked");
    assert_eq!(agent("two").await, 403);
    assert_eq!(eve.ask("GET", "/api/v1/keys", None).await.status, 403);
    assert_eq!(metrics().await.as_deref(), Some("orchestack_break_glass_active 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn emergency_rights_need_two_and_are_marked_until_revoked_on_sqlite() {
    breaking(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emergency_rights_need_two_and_are_marked_until_revoked_on_postgres() {
    breaking(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_makes_keys_for_their_own_agent_and_no_other() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let tree = server.tree();
    tree.agent("hers", "1.00").write("agents/hers/agent.toml", "owner = \"ann\"\n").commit("hers");
    server.json(&["policy", "reload"]);
    let ann = Person::new(&server, "ann", "agent-owner");
    let make = async |agent: &str| {
        ann.ask("POST", "/api/v1/keys", Some(json!({ "agent": agent }))).await.status
    };
    assert_eq!(make("hers").await, 201);
    assert_eq!(make("default").await, 403);
    tree.write("agents/hers/agent.toml", "owner = \"bob\"\n").commit("not hers");
    server.json(&["policy", "reload"]);
    assert_eq!(make("hers").await, 403, "the tree says who the owner is");
}

const SESSION: &str = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A body for every operation that has one: whoever may not, is refused by policy and not by a typo.
fn body(path: &str) -> Value {
    match path {
        "/api/v1/agents" => json!({ "name": "x" }),
        "/api/v1/keys" | "/api/v1/grants" => json!({ "agent": "default" }),
        "/api/v1/models" => json!({ "id": "x", "provider": "sim" }),
        "/api/v1/providers" => json!({ "name": "x", "base_url": "http://127.0.0.1:9/v1" }),
        "/api/v1/budget" | "/api/v1/budget/raise" => json!({ "name": "default", "amount": "1" }),
        "/api/v1/budget/compare" | "/api/v1/budget/reconcile" => {
            json!({ "provider": "sim", "export": "start_time,end_time\n" })
        }
        "/api/v1/people" => json!({ "name": "x" }),
        "/api/v1/console/session" => json!({ "token": "none" }),
        "/api/v1/break-glass" => json!({ "reason": "because I want to" }),
        "/api/v1/policy/files" => {
            json!({ "changes": [{ "path": "README.md", "text": "x" }], "message": "x" })
        }
        "/api/v1/policy/explain" => json!({ "agent": "default" }),
        "/api/v1/dlp/scan" => json!({ "text": "hello" }),
        "/api/v1/sessions/{id}/endorse"
        | "/api/v1/tools/{server}/{tool}/approve"
        | "/api/v1/tools/{server}/{tool}/reject" => json!({ "reason": "read it, and it is fine" }),
        "/api/v1/effects/resolve" => json!({ "key": "k", "resolution": "happened" }),
        "/api/v1/sessions/{id}/label" => json!({ "lower_to": "public", "reason": "not so secret" }),
        _ => json!({}),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_changes_nothing() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let eve = Person::new(&server, "eve", "auditor");
    let bob = Person::new(&server, "bob", "nobodies");
    let ask = Some(json!({ "reason": "it is for the test" }));
    let asked = bob.ask("POST", "/api/v1/break-glass", ask).await.json();
    let apr = asked["id"].as_str().unwrap();
    let caller = Caller::new(&server, "default");
    caller.ask_with(("x-orchestack-session", SESSION), &chat("sim", "Hello")).await;
    let document = eve.ask("GET", "/api/v1/openapi.json", None).await.json();
    let commit = server.json(&["policy", "status"])["commit"].clone();
    let looks = ["check", "test", "prove", "explain", "diff", "probe", "compare", "scan"];
    let (mut refused, mut looked) = (0, 0);
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for verb in verbs.as_object().unwrap().keys() {
            let id = match path.split('/').nth(3) {
                Some("approvals" | "break-glass") => apr,
                Some("people") => "tok_01ARZ3NDEKTSV4RRFFQ69G5FAV",
                Some("grants") => "grt_01ARZ3NDEKTSV4RRFFQ69G5FAV",
                Some("sessions") => SESSION,
                Some("tasks") => "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV",
                Some("dead-letters") => "dlt_01ARZ3NDEKTSV4RRFFQ69G5FAV",
                Some("requests") => "req_01ARZ3NDEKTSV4RRFFQ69G5FAV",
                _ => "key_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            };
            let mut address = path.replace("{id}", id).replace("{name}", "default");
            address = address.replace("{server}", "mail").replace("{tool}", "send");
            if verb == "delete" && path == "/api/v1/grants" {
                address.push_str("?task=tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV");
            }
            // It does not end by itself.
            if path == "/api/v1/requests/live" {
                continue;
            }
            let sent = (verb != "get" && verb != "delete").then(|| body(path));
            let answer = eve.ask(&verb.to_uppercase(), &address, sent).await;
            let last = path.rsplit('/').next().unwrap();
            let absent = [
                "/api/v1/tools/{server}/{tool}",
                "/api/v1/tasks/{id}",
                "/api/v1/dead-letters/{id}",
                "/api/v1/requests/{id}",
                // Whoever shows a token has no session.
                "/api/v1/console/session",
            ];
            if path.ends_with("/arguments") {
                assert_eq!(answer.status, 403, "she decides nothing: {}", answer.text);
                refused += 1;
            } else if verb == "get" && absent.contains(&path.as_str()) {
                assert_eq!(answer.status, 404, "there is none: {}", answer.text);
            } else if verb == "get" || looks.contains(&last) {
                assert_eq!(answer.status, 200, "{verb} {address}: {}", answer.text);
                looked += 1;
            } else if verb == "post" && path == "/api/v1/console/session" {
                assert_eq!(answer.status, 401, "`none` is nobody's token: {}", answer.text);
            } else if path.ends_with("/webhook") {
                assert_eq!(answer.status, 404, "no secret is set");
            } else if verb == "post" && path == "/api/v1/break-glass" {
                // A question changes nothing, and everybody may ask it.
                assert_eq!(answer.status, 201, "{}", answer.text);
            } else {
                assert_eq!(answer.status, 403, "{verb} {address}: {}", answer.text);
                refused += 1;
            }
        }
    }
    assert!(refused > 20 && looked > 20, "{refused} refused, {looked} looked");
    assert_eq!(server.json(&["policy", "status"])["commit"], commit);
    assert_eq!(record(&server, "person.add")["actor"], "eve", "the tries are on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_narrows_its_agent_and_ends_when_it_is_revoked() {
    for database in Database::ALL {
        let (server, _simulator) = stage(database).await;
        server
            .tree()
            .model(ModelSpec { id: "other", provider: "sim", price: None })
            .commit("other");
        server.json(&["policy", "reload"]);
        let task = "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let make = |models: &str| {
            let words = ["grant", "create", "--agent", "default", "--task", task];
            server.json(&[&words[..], &["--models", models, "--expires", "10m"]].concat())
        };
        let (first, second) = (make("sim"), make("other"));
        let caller = |made: &Value| Caller::with_key(&server, made["grant"].as_str().unwrap());
        let hello = |model: &str| chat(model, "Hello.");
        caller(&first).ask(&hello("sim")).await.assert_answered("sim");
        caller(&first).ask(&hello("other")).await.assert_refused(403, "policy_denied");
        caller(&second).ask(&hello("other")).await.assert_answered("other");
        server.json(&["grant", "revoke", first["id"].as_str().unwrap()]);
        caller(&first).ask(&hello("sim")).await.assert_refused(401, "unauthenticated");
        caller(&second).ask(&hello("other")).await.assert_answered("other");
        let done = server.json(&["grant", "revoke", "--task", task]);
        assert_eq!(done["revoked"], json!(1));
        caller(&second).ask(&hello("other")).await.assert_refused(401, "unauthenticated");
        let listed = server.json(&["grant", "list", "--agent", "default"]);
        assert_eq!(listed["grants"].as_array().map(Vec::len), Some(2));
        let unknown = server.run(&["grant", "create", "--agent", "default", "--models", "simm"]);
        assert_eq!(unknown.status.code(), Some(2), "{}", told(&unknown));
        for made in [&first, &second] {
            assert!(!listed.to_string().contains(made["grant"].as_str().unwrap()));
        }
    }
}
