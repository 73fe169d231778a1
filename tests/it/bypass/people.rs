//! The same for people: every operation of the admin API asks policy, and every change and every
//! refusal is on record once.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use support::{
    Answer, Caller, Client, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider,
};

use super::SETTLED_MAX;

const FILE: &str = "policies/models.cedar";
const ADMINISTRATORS: &str = "@id(\"infra-admins-administer\")";

const EVERYTHING: &str = "true";
const VOTE: &str = r#"
@id("infra-admins-vote")
permit (
  principal in Orchestack::Group::"infra-admin",
  action == Orchestack::Action::"approve",
  resource
);
"#;

/// The agent whose question is answered.
const ASKS: &str = r#"@id("default-asks")
@approval("infra-admin")
permit (principal, action == Orchestack::Action::"callModel", resource);
"#;

/// Handing out the audit chain changes nothing and is on record all the same.
const RECORDED_READ: &str = "/api/v1/audit/export";

/// What cannot be asked of policy before more is known: a vote is decided by what it is a vote about,
/// and here there is none; a webhook proves itself by its signature, and here it is off; a stream does not end.
/// Tests of their own show what becomes of those.
const APART: &[&str] = &["/approve", "/deny", "/arguments", "/policy/webhook", "/requests/live"];

/// One operation, with a body and an address that its document makes valid.
#[derive(Clone, Debug)]
struct Operation {
    method: String,
    path: String,
    body: Option<Value>,
}

/// Every operation of the OpenAPI document that a person calls. One without a token, such as the
/// webhook of the tree's remote, proves in another way who calls.
async fn operations(server: &Server, approval: &str) -> Vec<Operation> {
    let url = format!("{}/api/v1/openapi.json", server.admin());
    let document = Answer::read(Client::new().0.get(url)).await.json();
    let mut all = Vec::new();
    let paths = document["paths"].as_object().unwrap().iter();
    for (path, methods) in paths.filter(|(path, _)| !APART.iter().any(|end| path.ends_with(end))) {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"] == json!([{}]) {
                continue;
            }
            let schema = operation.pointer("/requestBody/content/application~1json/schema");
            let body = schema.map(|schema| example(schema, &document));
            let path = filled(path, &operation["parameters"], approval);
            all.push(Operation { method: method.to_uppercase(), path, body });
        }
    }
    assert!(all.len() > 20, "{} operations", all.len());
    all
}

/// A path with a value for each parameter that it must have: an id where its description says of
/// which form, such as `key_...`, else a word. Of questions there is one.
fn filled(path: &str, parameters: &Value, approval: &str) -> String {
    let (mut path, mut query) = (path.to_owned(), Vec::new());
    for parameter in parameters.as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let described = parameter["description"].as_str().unwrap_or_default();
        let prefix = described.split('`').find_map(|word| word.strip_suffix("_..."));
        let value = match prefix {
            Some("apr") => approval.to_owned(),
            Some(prefix) => format!("{prefix}_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            None => "x".to_owned(),
        };
        let place = format!("{{{name}}}");
        if path.contains(&place) {
            path = path.replace(&place, &value);
        } else if parameter["schema"]["type"] == json!("string") {
            // A filter that may be absent is of no single type, a number or a flag.
            query.push(format!("{name}={value}"));
        }
    }
    assert!(!path.contains('{'), "{path} has a parameter that the document does not describe");
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// A value that a schema allows, with what is required only.
fn example(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return example(target.expect("a reference leads somewhere"), document);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[choice].as_array().and_then(|all| all.last()) {
            return example(first, document);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("string") => json!("x"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        Some("array") => json!([]),
        Some("object") | None => {
            let required = schema["required"].as_array().into_iter().flatten();
            let one = |name: &Value| {
                let name = name.as_str()?.to_owned();
                let value = example(&schema["properties"][&name], document);
                Some((name, value))
            };
            Value::Object(required.filter_map(one).collect::<Map<_, _>>())
        }
        Some(other) => panic!("a schema of type {other}"),
    }
}

struct Office {
    server: Server,
    /// A question that an agent asked.
    approval: String,
    rows: Rows,
    token: String,
    policies: String,
}

impl Office {
    async fn new() -> Self {
        let simulator = provider(&[]).await;
        let setup = Setup::new(Database::Sqlite).await;
        setup
            .tree()
            .openai_provider("sim", &simulator, "local")
            .model(ModelSpec { id: "sim", provider: "sim", price: None })
            .write("agents/default/models.cedar", ASKS);
        let policies = std::fs::read_to_string(setup.tree().folder().join(FILE)).unwrap();
        let server = setup.start().await;
        let rows = Rows::of(&server).await;
        let log = server.log();
        let token = log.split_whitespace().find(|word| word.starts_with("ora_"));
        let token = token.expect("the start shows the admin token").to_owned();
        let asked = Caller::new(&server, "default").ask(&chat("sim", "May I?")).await;
        asked.assert_refused(403, "approval_required");
        let approval = rows.texts("select id from approvals").await.remove(0);
        Self { server, approval, rows, token, policies }
    }

    /// Policies by which administrators do what a condition says, and vote if they do everything.
    /// Waits until they are in force.
    async fn allow(&self, condition: &str) {
        let (others, administer) = self.policies.split_once(ADMINISTRATORS).unwrap();
        let administer = administer.replace(");", &format!(") when {{ {condition} }};"));
        let vote = if condition == EVERYTHING { VOTE } else { "" };
        let text = format!("{others}{ADMINISTRATORS}{administer}{vote}");
        let commit = self.server.tree().write(FILE, &text).commit(condition);
        let loaded = format!(
            "select count(*) from audit where action = 'policy.load' and outcome = 'ok' and \
             resource = '{commit}'"
        );
        eventually("the policies are in force", SETTLED_MAX, async || {
            (self.rows.number(&loaded).await == 1).then_some(())
        })
        .await;
    }

    /// Calls an operation and gives its status and how many records it left.
    async fn call(&self, operation: &Operation, token: Option<&str>) -> (Answer, i64) {
        let Operation { method, path, body } = operation;
        let count = "select count(*) from audit where kind = 'admin'";
        let before = self.rows.number(count).await;
        let url = format!("{}{path}", self.server.admin());
        let mut request = Client::new().0.request(method.parse().unwrap(), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = Answer::read(request).await;
        (answer, self.rows.number(count).await - before)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_the_admin_api_and_every_refusal_is_on_record_once() {
    let office = Office::new().await;
    let operations = operations(&office.server, &office.approval).await;
    let wrong_token = format!("{}x", office.token);
    let token = Some(office.token.as_str());
    let mut wrong = Vec::new();
    let note = |what: &str, operation: &Operation, answer: &Answer, records: i64| {
        let Operation { method, path, .. } = operation;
        println!("| {what:<20} | {method:<6} | {path:<40} | {} | {records} |", answer.status);
        format!("{what}: {method} {path}: {} {records} {}", answer.status, answer.text)
    };
    println!("| who                  | verb   | path | status | records |\n|---|---|---|---|---|");
    for operation in &operations {
        for token in [None, Some(wrong_token.as_str())] {
            let (answer, records) = office.call(operation, token).await;
            let told = note("unknown", operation, &answer, records);
            wrong.extend(((answer.status, records) != (401, 0)).then_some(told));
        }
    }
    office.allow("context.target == \"nothing\"").await;
    for operation in &operations {
        let (answer, records) = office.call(operation, token).await;
        let told = note("may do nothing", operation, &answer, records);
        wrong.extend(((answer.status, records) != (403, 1)).then_some(told));
    }
    // Whoever may only look is refused what changes something: so they are told apart.
    office.allow("context.read_only").await;
    let mut changes = BTreeSet::new();
    for operation in &operations {
        let (answer, records) = office.call(operation, token).await;
        let told = note("may look", operation, &answer, records);
        let changes_something = answer.status == 403;
        if changes_something {
            changes.insert((operation.path.clone(), operation.method.clone()));
        }
        let recorded = changes_something || operation.path == RECORDED_READ;
        wrong.extend((records != i64::from(recorded)).then_some(told));
    }
    assert!(changes.iter().all(|(_, method)| method != "GET"), "a GET changes something");
    assert!(changes.len() > 10, "{changes:?}");
    office.allow(EVERYTHING).await;
    for operation in &operations {
        let (answer, records) = office.call(operation, token).await;
        let told = note("may do everything", operation, &answer, records);
        let key = (operation.path.clone(), operation.method.clone());
        let refused = [401, 403].contains(&answer.status);
        let recorded = changes.contains(&key) || operation.path == RECORDED_READ;
        wrong.extend((records != i64::from(recorded) || refused).then_some(told));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(office.server.json(&["audit", "verify"])["ok"], json!(true));
}
