//! The reference server, which has everything, over pipes and over HTTP.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use mcp::{Asks, Call, CallResult, Caller, Connection, ErrorData, Launcher, Spec, Transport};
use serde_json::{Map, Value, json};

use crate::{
    house::{Heard, eventually, spec},
    installed::packages,
};

fn script() -> String {
    let script = packages().join("@modelcontextprotocol/server-everything/dist/index.js");
    script.canonicalize().unwrap().display().to_string()
}

fn everything(mut spec: Spec) -> Spec {
    spec.asks = Asks { sampling: true, elicitation: true, roots: true };
    spec.limits.timeout = Duration::from_secs(30);
    spec
}

fn piped() -> Spec {
    let command = ["node".to_owned(), script(), "stdio".to_owned()].to_vec();
    let launcher = Launcher::bare();
    everything(spec(Transport::Stdio { command, env: BTreeMap::new(), home: "/".into(), launcher }))
}

/// A server of HTTP that ends with the test.
struct Served(Child, Spec);

impl Served {
    async fn start() -> Self {
        // Whoever binds next gets another port, so this one is free for the moment that it takes.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("node");
        command.arg(script()).arg("streamableHttp").env("PORT", port.to_string());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually("the server listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .await;
        let url = format!("http://127.0.0.1:{port}/mcp");
        let transport = Transport::Http { url, private: true, credential: None };
        Self(child, everything(spec(transport)))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn call(
    connection: &Connection,
    name: &str,
    arguments: Value,
    caller: Arc<dyn Caller>,
) -> CallResult {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    connection.call(Call::new(name, arguments, caller)).await.unwrap()
}

/// Everything that both ways must have.
async fn check(spec: &Spec) {
    let heard = Arc::new(Heard::default());
    let connection = mcp::connect(spec, heard.clone()).await.unwrap();
    let server = connection.server().await.unwrap();
    assert_eq!(server.protocol, "2025-11-25");
    let nobody: Arc<dyn Caller> = Arc::new(());

    let tools = connection.tools().await.unwrap();
    let echo = tools.iter().find(|tool| tool["name"] == "echo").unwrap();
    assert_eq!(echo["inputSchema"]["required"], json!(["message"]));
    let said = call(&connection, "echo", json!({"message": "hello"}), nobody.clone()).await;
    assert_eq!(said.content[0]["text"], "Echo: hello");
    let sum = call(&connection, "get-sum", json!({"a": 2, "b": 3}), nobody.clone()).await;
    assert!(sum.content[0]["text"].as_str().unwrap().contains('5'));
    let place = json!({"location": "Chicago"});
    let weather = call(&connection, "get-structured-content", place, nobody.clone()).await;
    assert!(weather.structured_content.unwrap()["temperature"].is_number());
    let image = call(&connection, "get-tiny-image", json!({}), nobody.clone()).await;
    assert!(image.content.iter().any(|block| block["type"] == "image"));
    let links = call(&connection, "get-resource-links", json!({"count": 2}), nobody.clone()).await;
    assert_eq!(links.content.iter().filter(|block| block["type"] == "resource_link").count(), 2);
    let wrong = call(&connection, "get-sum", json!({"a": "two"}), nobody.clone()).await;
    assert!(wrong.is_error);

    let steps = json!({"duration": 1, "steps": 4});
    let told = Arc::new(Heard::default());
    call(&connection, "trigger-long-running-operation", steps, told.clone()).await;
    let done: Vec<String> = (1..=4).map(|step| format!("progress {step} -")).collect();
    assert_eq!(told.lines(), done);

    let resources = connection.resources().await.unwrap();
    let uri = resources[0]["uri"].as_str().unwrap();
    let read = connection.read(uri, nobody.clone()).await.unwrap();
    assert!(!read["contents"][0]["text"].as_str().unwrap().is_empty());
    assert_eq!(connection.templates().await.unwrap().len(), 2);
    connection.subscribe(uri).await.unwrap();
    connection.unsubscribe(uri).await.unwrap();
    connection.set_level("debug").await.unwrap();

    assert_eq!(connection.prompts().await.unwrap().len(), 4);
    let city = Map::from_iter([("city".to_owned(), json!("Paris"))]);
    let prompt = connection.prompt("args-prompt", city, nobody.clone()).await.unwrap();
    assert!(prompt["messages"][0]["content"]["text"].as_str().unwrap().contains("Paris"));
    let asked = json!({
        "ref": {"type": "ref/prompt", "name": "completable-prompt"},
        "argument": {"name": "department", "value": "E"},
    });
    let completed = connection.complete(asked.as_object().unwrap().clone()).await.unwrap();
    assert_eq!(completed["completion"]["values"], json!(["Engineering"]));

    check_questions(&connection).await;
    connection.close().await;
}

/// A person with a model.
struct Person;

#[async_trait]
impl Caller for Person {
    async fn create_message(&self, params: Value) -> Result<Value, ErrorData> {
        let said = format!("a sample of {}", params["maxTokens"]);
        Ok(json!({
            "role": "assistant", "model": "small", "content": {"type": "text", "text": said},
        }))
    }

    async fn elicit(&self, _: Value) -> Result<Value, ErrorData> {
        Ok(json!({"action": "decline"}))
    }
}

async fn check_questions(connection: &Connection) {
    // These tools are there only once the server has seen what may be asked.
    let tools = connection.tools().await.unwrap();
    let has = |name: &str| tools.iter().any(|tool| tool["name"] == name);
    assert!(has("trigger-sampling-request") && has("trigger-elicitation-request"));
    let wish = json!({"prompt": "Say something.", "maxTokens": 7});
    let sample = call(connection, "trigger-sampling-request", wish, Arc::new(Person)).await;
    let printed = serde_json::to_string(&sample.content).unwrap();
    assert!(printed.contains("a sample of 7"), "{printed}");
    let declined =
        call(connection, "trigger-elicitation-request", json!({}), Arc::new(Person)).await;
    let printed = serde_json::to_string(&declined.content).unwrap();
    assert!(printed.contains("declined"), "{printed}");
}

#[tokio::test]
async fn the_reference_server_works_over_pipes() {
    check(&piped()).await;
}

#[tokio::test]
async fn the_reference_server_works_over_http() {
    let served = Served::start().await;
    check(&served.1).await;
}
