//! A webchat of a test's own: its store, its people, and an agent that answers what the test says.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use config::settings::Webchat as Settings;
use connectors::webchat::{Addressee, House, Parts, Person, Refused, Vote, Webchat};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use store::{
    Bus, First, Options, Store,
    admin_tokens::AdminToken,
    agents::Agent,
    keys::Key,
    objects::{Objects, Place},
    tenants::Tenant,
    work::{Claim, NewEvent, Outcome, Quotas, Terms},
};
use tokio::{net::TcpStream, sync::watch, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};
use tokio_util::sync::CancellationToken;
use types::{
    Actor, ActorType, AgentId, ApprovalId, AuditId, KeyId, Payload, Priority, Secret, SessionId,
    TenantId, Timestamp,
    audit::{Kind, Record},
    work::EventKind,
};

/// How long something may take on a loaded machine.
pub const SOON: Duration = Duration::from_secs(60);
/// The token of a person who may decide.
pub const ANNA: &str = "ora_anna";
/// The token of another person.
pub const BERT: &str = "ora_bert";

/// A running webchat.
pub struct Site {
    pub address: SocketAddr,
    pub store: Store,
    pub bus: Bus,
    pub house: Arc<TestHouse>,
    pub tenant: TenantId,
    /// Whether it offers codes, from its next start on.
    pub pairs: bool,
    settings: Settings,
    keep_bus: watch::Sender<Option<Bus>>,
    running: Option<(CancellationToken, JoinHandle<()>)>,
    folder: tempfile::TempDir,
}

/// The rest of the process, as a test wants it.
pub struct TestHouse {
    addressee: Addressee,
    people: Mutex<BTreeMap<String, String>>,
    pub votes: Mutex<Vec<(String, ApprovalId, Vote)>>,
}

impl TestHouse {
    /// Takes a person's token away.
    pub fn revoke(&self, token: &str) {
        self.people.lock().unwrap().remove(token);
    }
}

#[async_trait]
impl House for TestHouse {
    fn agent(&self, name: &str) -> Option<Addressee> {
        (name == self.addressee.name).then(|| self.addressee.clone())
    }

    async fn person(&self, token: &Secret) -> Result<Option<Person>, Refused> {
        let people = self.people.lock().unwrap();
        let person = |name: &String| Person { name: name.clone(), tenant: self.addressee.tenant };
        Ok(people.get(token.expose()).map(person))
    }

    async fn approval(&self, _: &Secret, id: ApprovalId) -> Result<Value, Refused> {
        Ok(json!({ "id": id, "status": "pending" }))
    }

    async fn vote(&self, token: &Secret, id: ApprovalId, vote: &Vote) -> Result<Value, Refused> {
        if token.expose() != ANNA {
            return Err(Refused {
                status: 403,
                code: "policy_denied".to_owned(),
                message: "no policy permits it".to_owned(),
                fix: "ask an administrator".to_owned(),
            });
        }
        let status = if vote.approve { "approved" } else { "denied" };
        self.votes.lock().unwrap().push((token.expose().to_owned(), id, vote.clone()));
        Ok(json!({ "id": id, "status": status }))
    }
}

impl Site {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings than the defaults.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/store.db", folder.path().display());
        let wait = Duration::from_secs(30);
        let options =
            Options { url, acquire_timeout: wait, statement_timeout: wait, ..Options::default() };
        let store = Store::open(&options).await.unwrap();
        let (tenant, agent) = (TenantId::generate(), AgentId::generate());
        first(&store, tenant, agent).await;
        let mut settings = config::Settings::default().webchat;
        settings.listen = ([127, 0, 0, 1], 0).into();
        change(&mut settings);
        let bus = Bus::connect("embedded").await.unwrap();
        let people = [(ANNA, "anna"), (BERT, "bert")];
        let house = Arc::new(TestHouse {
            addressee: Addressee { tenant, agent, name: "default".to_owned() },
            people: Mutex::new(people.map(|(token, name)| (token.into(), name.into())).into()),
            votes: Mutex::default(),
        });
        let keep_bus = watch::channel(Some(bus.clone())).0;
        let address = settings.listen;
        let mut site = Self {
            address,
            store,
            bus,
            house,
            tenant,
            pairs: true,
            settings,
            keep_bus,
            running: None,
            folder,
        };
        site.begin().await;
        site
    }

    /// Starts it, at the address that it had if it had one.
    pub async fn begin(&mut self) {
        self.settings.listen = self.address;
        let parts = Parts {
            settings: self.settings.clone(),
            store: self.store.clone(),
            objects: self.objects(),
            bus: self.keep_bus.subscribe(),
            house: Arc::clone(&self.house) as Arc<dyn House>,
            pairs: self.pairs,
            key: vec![7; 32],
        };
        let webchat = Webchat::bind(parts).await.unwrap();
        self.address = webchat.address();
        let stop = CancellationToken::new();
        let running = tokio::spawn(webchat.run(stop.clone()));
        self.running = Some((stop, running));
    }

    /// Stops it. The store stays.
    pub async fn end(&mut self) {
        let (stop, running) = self.running.take().unwrap();
        stop.cancel();
        timeout(SOON, running).await.expect("it stops").unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A new conversation's token.
    pub async fn token(&self) -> String {
        let asked = json!({ "bearer": true });
        let made: Value = self.post("/api/conversation", &[], &asked).await.json().await.unwrap();
        made["token"].as_str().unwrap().to_owned()
    }

    /// The sealed proof that somebody signed in.
    pub async fn signed_in(&self, token: &str) -> String {
        let asked = json!({ "token": token, "bearer": true });
        let made: Value = self.post("/api/sign-in", &[], &asked).await.json().await.unwrap();
        made["sealed"].as_str().unwrap().to_owned()
    }

    pub async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> reqwest::Response {
        let mut request = client().post(self.url(path)).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = client().get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// A socket that has said hello, and was told ready.
    pub async fn socket(&self, hello: Value) -> Socket {
        let mut socket = Socket::open(self.address, &[]).await.unwrap();
        socket.hello(hello).await;
        let ready = socket.next().await;
        assert_eq!(ready["type"], "ready", "{ready}");
        socket
    }

    /// What its files are kept in.
    pub fn objects(&self) -> Objects {
        objects(&self.store, self.folder.path())
    }

    /// Where everything of it is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same database, as another process has it.
    pub async fn elsewhere(&self) -> Store {
        let url = format!("sqlite://{}/store.db", self.folder.path().display());
        let wait = Duration::from_secs(30);
        let options = Options { url, beside: true, statement_timeout: wait, ..Options::default() };
        Store::open(&options).await.unwrap()
    }

    /// The run of the next message that waits, as a loop runner would have it.
    pub async fn claim(&self) -> Claim {
        let work = self.store.work();
        work.schedule(100).await.unwrap();
        let terms = Terms {
            commit: "c0ffee".to_owned(),
            limits: json!({}),
            within: None,
            priority: Priority::Interactive,
        };
        for task in work.created(100).await.unwrap() {
            let record = record(self.tenant);
            work.permit(self.tenant, task.id, &terms, &record).await.unwrap();
        }
        work.dispatch(&Quotas::default()).await.unwrap();
        work.claim("runner", SOON).await.unwrap().expect("a message that waits")
    }

    /// Ends a run with an answer.
    pub async fn answer(&self, claim: &Claim, text: &str) {
        let result = payload(json!({ "text": text }));
        let events = [event(EventKind::Assistant, json!({ "text": text }))];
        let outcome = Outcome::Completed { result };
        self.store.work().finish(claim, &outcome, &events).await.unwrap();
    }

    /// Whispers a piece of an answer.
    pub async fn delta(&self, claim: &Claim, offset: Option<u64>, text: &str) {
        let session: SessionId = claim.session.as_ref().unwrap().id;
        let said = json!({ "task": claim.task.id, "step": 1, "offset": offset, "text": text });
        let subject = format!("deltas.{session}");
        self.bus.whisper(&subject, said.to_string().into_bytes()).await.unwrap();
    }
}

/// A WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens one; the status where it is refused.
    pub async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let url = format!("ws://{address}/api/socket");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn hello(&mut self, mut hello: Value) {
        hello["type"] = json!("hello");
        self.say(&hello).await;
    }

    pub async fn say(&mut self, frame: &Value) {
        self.text(&frame.to_string()).await;
    }

    pub async fn text(&mut self, text: &str) {
        // One that was closed meanwhile is found out by reading.
        let _ = self.0.send(Message::text(text)).await;
    }

    pub async fn message(&mut self, id: &str, text: &str) {
        self.say(&json!({ "type": "message", "id": id, "text": text })).await;
    }

    /// The next frame that is not a ping; `Value::Null` where the server closed.
    pub async fn next(&mut self) -> Value {
        loop {
            match timeout(SOON, self.0.next()).await.expect("a frame comes") {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if frame["type"] != "ping" {
                        return frame;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Value::Null,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame of a type; others are passed over.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            assert!(!frame.is_null(), "the server closed before `{kind}`");
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The code that the server closed with, after whatever else it said.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match timeout(SOON, self.0.next()).await.expect("a frame comes") {
                Some(Ok(Message::Close(frame))) => {
                    return frame.map_or(0, |frame| frame.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return 0,
            }
        }
    }
}

/// A client without a memory for cookies.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub fn payload(inline: Value) -> Payload {
    let size_bytes = inline.to_string().len() as u64;
    Payload::Inline { content_type: "application/json".to_owned(), size_bytes, inline }
}

pub fn event(kind: EventKind, body: Value) -> NewEvent {
    NewEvent { kind, body: payload(body) }
}

/// A header with a bearer.
pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// The numbers of all events that a conversation has, as a client that begins anew is given them.
pub async fn numbers(site: &Site, token: &str, until: i64) -> Vec<i64> {
    let mut socket = site.socket(json!({ "token": token })).await;
    let mut found = Vec::new();
    while found.last().copied().unwrap_or_default() < until {
        found.push(socket.next_of("event").await["no"].as_i64().unwrap());
    }
    found
}

pub fn record(tenant: TenantId) -> Record {
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant,
        kind: Kind::System,
        request: None,
        actor: Actor { kind: ActorType::System, id: "test".to_owned(), auth: "test".to_owned() },
        action: "test".to_owned(),
        resource: "test".to_owned(),
        outcome: "permit".to_owned(),
        commit: "c0ffee".to_owned(),
        detail: json!({}).into(),
    }
}

async fn first(store: &Store, tenant: TenantId, agent: AgentId) {
    let now = Timestamp::now();
    let first = First {
        tenant: Tenant { id: tenant, name: "default".to_owned(), created_at: now },
        agent: Agent {
            id: agent,
            tenant,
            name: "default".to_owned(),
            kind: Default::default(),
            groups: Vec::new(),
            owner: "operator".to_owned(),
            created_at: now,
            disabled_at: None,
        },
        key: Key {
            id: KeyId::generate(),
            agent,
            tenant,
            hash: "00".repeat(32),
            created_at: now,
            expires_at: None,
            revoked_at: None,
            rotated_from: None,
        },
        token: AdminToken {
            id: "tok_test".to_owned(),
            tenant,
            name: "operator".to_owned(),
            groups: Vec::new(),
            hash: "11".repeat(32),
            created_at: now,
            expires_at: None,
        },
    };
    store.first_start(&first, &record(tenant)).await.unwrap();
}

/// The largest object that is kept.
const OBJECT_BYTES_MAX: u64 = 64 << 20;

fn objects(store: &Store, folder: &Path) -> Objects {
    store.objects(&Place::Folder(folder.join("objects")), OBJECT_BYTES_MAX).unwrap()
}
