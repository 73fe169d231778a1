//! The client that the public conformance suite tests: connects, lists, calls each tool that is
//! offered.
//!
//! The suite starts it with the address of its server as the last argument, and says in the
//! environment what a client of the scenario knows beforehand.

use std::{collections::BTreeMap, error::Error, sync::Arc};

use async_trait::async_trait;
use mcp::{
    Asks, Call, Caller, Credential, ErrorData, Limits, OAuth, Proof, SigningKey, Spec, Transport,
};
use serde_json::{Map, Value, json};
use types::Secret;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = std::env::args().next_back().ok_or("the address of the server is missing")?;
    let context: Value = serde_json::from_str(&environment("MCP_CONFORMANCE_CONTEXT"))?;
    let transport = Transport::Http { url, private: true, credential: credential(&context) };
    let spec = Spec {
        name: "conformance".to_owned(),
        transport,
        asks: Asks { elicitation: true, ..Asks::default() },
        limits: Limits::default(),
    };
    let connection = mcp::connect(&spec, Arc::new(())).await?;
    for tool in connection.tools().await? {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let arguments = arguments(tool.pointer("/inputSchema/properties"));
        connection.call(Call::new(name, arguments, Arc::new(User))).await?;
    }
    connection.close().await;
    Ok(())
}

/// What we are, where the scenario is about that: what it says, or else what any server would have
/// given us.
fn credential(context: &Value) -> Option<Credential> {
    if !environment("MCP_CONFORMANCE_SCENARIO").starts_with("auth/") {
        return None;
    }
    let text = |name| context.get(name).and_then(Value::as_str).unwrap_or(name).to_owned();
    let key = context.get("private_key_pem").and_then(Value::as_str);
    let proof = match key.map(SigningKey::from_pem) {
        Some(key) => Proof::Key(key.ok()?),
        None => Proof::Secret(Secret::new(text("client_secret"))),
    };
    Some(Credential::OAuth(OAuth {
        token_url: None,
        client_id: text("client_id"),
        proof,
        audience: None,
        scopes: Vec::new(),
        resource: None,
    }))
}

/// A value for each argument that a schema names.
fn arguments(properties: Option<&Value>) -> Map<String, Value> {
    let known: BTreeMap<&str, Value> = BTreeMap::from([
        ("number", json!(5)),
        ("integer", json!(5)),
        ("string", json!("text")),
        ("boolean", json!(true)),
    ]);
    let properties = properties.and_then(Value::as_object).into_iter().flatten();
    let with_value = properties.filter_map(|(name, schema)| {
        let kind = schema.get("type")?.as_str()?;
        Some((name.clone(), known.get(kind)?.clone()))
    });
    with_value.collect()
}

/// A user who takes whatever a form proposes.
struct User;

#[async_trait]
impl Caller for User {
    async fn elicit(&self, params: Value) -> Result<Value, ErrorData> {
        let fields = params.pointer("/requestedSchema/properties").and_then(Value::as_object);
        let proposed = fields
            .into_iter()
            .flatten()
            .filter_map(|(name, schema)| Some((name.clone(), schema.get("default")?.clone())));
        let content: Map<String, Value> = proposed.collect();
        Ok(json!({"action": "accept", "content": content}))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the suite speaks to its clients through the environment"
)]
fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| "null".to_owned())
}
