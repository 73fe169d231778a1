//! A service that answers as Daytona's descriptions say, and runs commands in a folder of its own.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use url::Url;

use super::contract::{Contract, Said};

/// The key that it takes.
pub const KEY: &str = "dtn_key";

#[derive(Default)]
pub struct Inside {
    /// By name.
    pub boxes: BTreeMap<String, Value>,
    /// By session: each with the commands that ran, as their descriptions and what they wrote.
    pub sessions: BTreeMap<String, Vec<(Value, String, String)>>,
    /// What did not fit a description.
    pub faults: Vec<String>,
    /// Looks that are left until a sandbox says that it runs.
    pub starting: u32,
    /// Requests of the inner interface that are answered with 502 from now on.
    pub broken: u32,
    pub requests: Vec<String>,
}

#[derive(Clone)]
pub struct Fake {
    pub inside: Arc<Mutex<Inside>>,
    contracts: Arc<[Contract; 2]>,
    folder: PathBuf,
    base: Url,
}

impl Fake {
    pub async fn start(folder: PathBuf) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/api", listener.local_addr().unwrap()).parse().unwrap();
        let contracts = Arc::new([
            Contract::read(include_bytes!("../../data/daytona-api.openapi.yaml.gz")),
            Contract::read(include_bytes!("../../data/daytona-toolbox.openapi.yaml.gz")),
        ]);
        let fake = Self { inside: Arc::default(), contracts, folder, base };
        let router = Router::new().fallback(handle).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        fake
    }

    pub fn base(&self) -> Url {
        self.base.clone()
    }

    /// A sandbox as the description has it.
    pub fn describe(&self, name: &str, asked: &Value) -> Value {
        json!({
            "id": format!("id-{name}"), "organizationId": "org", "name": name, "user": "daytona",
            "env": asked["env"], "labels": asked["labels"], "public": false,
            "networkBlockAll": asked["networkBlockAll"], "target": "eu", "cpu": asked["cpu"], "gpu": 0,
            "memory": asked["memory"], "disk": asked["disk"], "state": "starting",
            "desiredState": "started",
            "toolboxProxyUrl": self.base.join("/toolbox").unwrap().to_string(),
        })
    }

    fn outer(&self, method: &str, path: &str, body: &Value) -> (u16, Option<Value>) {
        let mut inside = self.inside.lock().unwrap();
        let names: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let find = |inside: &Inside, wanted: &str| {
            let found =
                inside.boxes.iter().find(|(name, known)| *name == wanted || known["id"] == wanted);
            found.map(|(name, _)| name.clone())
        };
        match (method, names.as_slice()) {
            ("GET", ["config"]) => (
                200,
                Some(json!({
                    "version": "0.190.0", "oidc": {"clientId": "a", "issuer": "b", "audience": "c"},
                    "linkedAccountsEnabled": false, "announcements": {}, "proxyTemplateUrl": "x",
                    "proxyToolboxUrl": "x", "defaultSnapshot": "x", "dashboardUrl": "x",
                    "maxAutoArchiveInterval": 1, "maintananceMode": false, "environment": "test",
                })),
            ),
            ("POST", ["sandbox"]) => {
                let name = body["name"].as_str().unwrap().to_owned();
                if inside.boxes.contains_key(&name) {
                    return (409, None);
                }
                let made = self.describe(&name, body);
                inside.boxes.insert(name, made.clone());
                (200, Some(made))
            }
            ("GET", ["sandbox"]) => {
                let items: Vec<Value> = inside
                    .boxes
                    .values()
                    .cloned()
                    .map(|mut item| {
                        item.as_object_mut().unwrap().remove("env");
                        item
                    })
                    .collect();
                (200, Some(json!({ "items": items, "nextCursor": null })))
            }
            ("GET", ["sandbox", name]) => {
                let Some(name) = find(&inside, name) else { return (404, None) };
                if inside.starting > 0 {
                    inside.starting -= 1;
                } else {
                    inside.boxes.get_mut(&name).unwrap()["state"] = json!("started");
                }
                (200, inside.boxes.get(&name).cloned())
            }
            ("DELETE", ["sandbox", name]) => match find(&inside, name) {
                Some(name) => (200, inside.boxes.remove(&name)),
                None => (404, None),
            },
            _ => (404, None),
        }
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each operation")]
    fn inner(
        &self,
        method: &str,
        path: &str,
        query: &BTreeMap<String, String>,
        body: &Bytes,
    ) -> (u16, Vec<u8>) {
        let names: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let json = || serde_json::from_slice::<Value>(body).unwrap();
        let text = |value: Value| value.to_string().into_bytes();
        let at = query.get("path").cloned().unwrap_or_default();
        let mut inside = self.inside.lock().unwrap();
        if inside.broken > 0 {
            inside.broken -= 1;
            return (502, Vec::new());
        }
        match (method, names.as_slice()) {
            ("POST", ["process", "session"]) => {
                let id = json()["sessionId"].as_str().unwrap().to_owned();
                if inside.sessions.contains_key(&id) {
                    return (409, Vec::new());
                }
                inside.sessions.insert(id, Vec::new());
                (201, Vec::new())
            }
            ("GET", ["process", "session", id]) => match inside.sessions.get(*id) {
                Some(commands) => {
                    let commands: Vec<_> = commands.iter().map(|(command, ..)| command).collect();
                    (200, text(json!({ "sessionId": id, "commands": commands })))
                }
                None => (404, Vec::new()),
            },
            ("POST", ["process", "session", id, "exec"]) => {
                let command = json()["command"].as_str().unwrap().to_owned();
                let output = Command::new("sh").args(["-c", &command]).output().unwrap();
                let [stdout, stderr] = [output.stdout, output.stderr]
                    .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                let commands = inside.sessions.get_mut(*id).unwrap();
                let id = format!("c{}", commands.len());
                let ran = json!({ "id": id, "command": command, "exitCode": output.status.code() });
                commands.push((ran, stdout, stderr));
                (202, text(json!({ "cmdId": id })))
            }
            ("GET", ["process", "session", id, "command", number, "logs"]) => {
                let commands = inside.sessions.get(*id).unwrap();
                let (_, stdout, stderr) =
                    commands.iter().find(|(command, ..)| command["id"] == **number).unwrap();
                (200, text(json!({ "stdout": stdout, "stderr": stderr, "output": stdout })))
            }
            ("POST", ["files", "folder"]) => {
                std::fs::create_dir_all(at).unwrap();
                (201, Vec::new())
            }
            ("POST", ["files", "upload-v2"]) => {
                let path = PathBuf::from(&at);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, body).unwrap();
                (200, text(json!({ "name": "x", "path": at, "type": "file" })))
            }
            ("GET", ["files", "download"]) => match std::fs::read(at) {
                Ok(bytes) => (200, bytes),
                Err(_) => (404, Vec::new()),
            },
            ("GET", ["files"]) => {
                let Ok(entries) = std::fs::read_dir(at) else { return (404, Vec::new()) };
                let file = |entry: std::fs::DirEntry| {
                    let meta = entry.metadata().unwrap();
                    json!({
                        "name": entry.file_name().to_string_lossy(), "isDir": meta.is_dir(),
                        "size": meta.len(), "group": "g", "owner": "o", "mode": "m",
                        "modTime": "t", "modifiedAt": "t", "permissions": "p",
                    })
                };
                let files: Vec<Value> = entries.flatten().map(file).collect();
                (200, text(Value::Array(files)))
            }
            _ => (404, Vec::new()),
        }
    }

    pub fn workspace(&self) -> String {
        self.folder.join("workspace").to_str().unwrap().to_owned()
    }
}

async fn handle(State(fake): State<Fake>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 26).await.unwrap();
    let url = fake.base.join(&head.uri.to_string()).unwrap();
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let (method, path) = (head.method.to_string(), url.path().to_owned());
    if !has_key(&head.headers) {
        return answer(401, Vec::new());
    }
    fake.inside.lock().unwrap().requests.push(format!("{method} {path}"));
    let is_json = head.headers.get("content-type").is_some_and(|kind| kind == "application/json");
    let request = is_json.then(|| serde_json::from_slice::<Value>(&body).unwrap());
    let (contract, path, status, bytes) = if let Some(path) = path.strip_prefix("/api") {
        let (status, value) = fake.outer(&method, path, request.as_ref().unwrap_or(&Value::Null));
        let bytes = value.map(|value| value.to_string().into_bytes()).unwrap_or_default();
        (&fake.contracts[0], path.to_owned(), status, bytes)
    } else {
        let path = path.strip_prefix("/toolbox/").unwrap();
        let (_, path) = path.split_once('/').unwrap();
        let path = format!("/{path}");
        let (status, bytes) = fake.inner(&method, &path, &query, &body);
        (&fake.contracts[1], path, status, bytes)
    };
    let said = Said {
        method: &method,
        path: &path,
        query: query.into_keys().collect(),
        request,
        status,
        answer: serde_json::from_slice(&bytes).ok(),
    };
    let faults = contract.faults(&said);
    fake.inside.lock().unwrap().faults.extend(faults);
    answer(status, bytes)
}

fn has_key(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == &format!("Bearer {KEY}"))
}

fn answer(status: u16, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}
