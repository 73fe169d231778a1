//! What tool servers say by themselves, on its way to the client of a session, in order. Lines of logs and the
//! URIs of what changed are a server's words: they pass what its results pass.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mcp::{Events, List};
use rmcp::model::{
    CustomNotification, PromptListChangedNotification, ResourceListChangedNotification,
    ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerNotification,
    ToolListChangedNotification,
};
use serde_json::{Value, json};
use snapshot::reads;
use tokio::sync::mpsc;
use types::{Label, RequestId, SessionId, Timestamp};

use super::{route::Route, session::Client};
use crate::{
    caller::Known,
    gate::Gate,
    tool::{self, Heard, Servers, WORD_BYTES_MAX, What},
};

/// Words that wait for a client. Those beyond them are not said: whoever is slow asks again.
const WORDS_MAX: usize = 256;

/// Words of servers that a client hears in one second. Each is searched, and written down that it was heard.
const HEARD_PER_SECOND_MAX: u32 = 50;

/// The ears of a session. Clones are the same.
#[derive(Clone)]
pub(super) struct Ears {
    shared: Arc<Shared>,
    words: mpsc::Sender<Word>,
}

struct Shared {
    gate: Arc<Gate>,
    route: Route,
    /// The session that knows what was heard.
    flow: SessionId,
    /// Who is told, once it has said hello here.
    client: Mutex<Option<Client>>,
    /// As whom it was seen last.
    caller: Mutex<Option<policy::Caller>>,
    /// The least that it wants to hear of logs.
    level: Mutex<usize>,
    /// How many words there were in the second that began then.
    heard: Mutex<(Instant, u32)>,
}

/// Something to tell the client.
enum Word {
    /// What has no words of a server's in it.
    Plain(ServerNotification),
    /// What a server says, and what that is to policies.
    Of { server: String, read: &'static str, said: Value, level: String },
}

/// One server's words.
struct Ear {
    ears: Ears,
    server: String,
}

impl Ears {
    pub(super) fn new(gate: Arc<Gate>, route: Route, flow: SessionId) -> Self {
        let (words, waiting) = mpsc::channel(WORDS_MAX);
        let shared = Arc::new(Shared {
            gate,
            route,
            flow,
            client: Mutex::default(),
            caller: Mutex::default(),
            level: Mutex::new(severity("info")),
            heard: Mutex::new((Instant::now(), 0)),
        });
        tokio::spawn(tell(Arc::clone(&shared), waiting));
        Self { shared, words }
    }

    /// Takes note of who is to be told.
    pub(super) fn meet(&self, client: Client) {
        *lock(&self.shared.client) = Some(client);
    }

    /// Takes note of as whom it is here: what it may hear policy says.
    pub(super) fn know(&self, caller: &policy::Caller) {
        *lock(&self.shared.caller) = Some(caller.clone());
    }

    /// Who is told, if there is somebody.
    pub(super) fn client(&self) -> Option<Client> {
        lock(&self.shared.client).clone()
    }

    /// Takes note of how much is to be told of logs.
    pub(super) fn set_level(&self, level: &str) {
        *lock(&self.shared.level) = severity(level);
    }

    /// Says something to the client as soon as it listens.
    pub(super) fn say(&self, word: ServerNotification) {
        self.put(Word::Plain(word));
    }

    /// Says that the tools may not be those that were listed.
    pub(super) fn say_tools_changed(&self) {
        self.say(ToolListChangedNotification::default().into());
    }

    fn put(&self, word: Word) {
        if self.words.try_send(word).is_err() {
            tracing::debug!("a client does not keep up with what is said to it");
        }
    }
}

/// Tells the client one word after the other, until the session is gone.
async fn tell(shared: Arc<Shared>, mut waiting: mpsc::Receiver<Word>) {
    while let Some(word) = waiting.recv().await {
        // A client that left is not told, nor is what nobody hears searched.
        let Some(client) = lock(&shared.client).clone() else { continue };
        let word = match word {
            Word::Plain(word) => Some(word),
            Word::Of { server, read, said, level } => {
                let heard = Box::pin(shared.heard((&server, read), said)).await;
                heard.and_then(|said| shared.told(&server, &level, said))
            }
        };
        if let Some(word) = word {
            let _ = client.peer.send_notification(word).await;
        }
    }
}

impl Shared {
    /// What a server says as the client may hear it.
    async fn heard(&self, (server, read): (&str, &str), said: Value) -> Option<Value> {
        if !self.has_time() {
            return None;
        }
        let caller = lock(&self.caller).clone()?;
        let snapshot = self.gate.snapshots.load();
        let known = Known { agent: snapshot.agent(caller.agent)?, caller };
        if !known.stands(&snapshot, Timestamp::now()) {
            return None;
        }
        let context = tool::Context {
            request: RequestId::generate(),
            what: What::Subscription,
            snapshot: &snapshot,
            known: &known,
            session: Some(self.flow),
            // No message of the caller's says more of it.
            label: known.agent.label.unwrap_or(Label::Public),
            wait: Duration::ZERO,
            dry_run: false,
            key: None,
            caller: Arc::new(()),
            servers: &Servers::new(Arc::new(())),
            withdrawal: tokio_util::sync::CancellationToken::new(),
        };
        let heard = tool::unasked(&self.gate, &context, (server, read), said).await;
        let refused =
            |code| tracing::debug!(server, read, %code, "what a tool server says is withheld");
        heard.inspect_err(|refusal| refused(refusal.code)).ok()
    }

    /// Whether one more word is heard in this second.
    fn has_time(&self) -> bool {
        let mut heard = lock(&self.heard);
        if heard.0.elapsed() >= Duration::from_secs(1) {
            *heard = (Instant::now(), 0);
        }
        heard.1 += 1;
        heard.1 <= HEARD_PER_SECOND_MAX
    }

    /// What was heard, in the protocol's words.
    fn told(&self, server: &str, level: &str, mut said: Value) -> Option<ServerNotification> {
        if let Some(uri) = said.get("uri").and_then(Value::as_str) {
            let said = ResourceUpdatedNotificationParam::new(uri);
            return Some(ResourceUpdatedNotification::new(said).into());
        }
        let own = said.get("logger").and_then(Value::as_str);
        let logger = match self.route {
            Route::All => {
                Some(own.map_or_else(|| server.to_owned(), |own| format!("{server}/{own}")))
            }
            Route::One(_) => own.map(str::to_owned),
        };
        let fields = said.as_object_mut()?;
        fields.insert("level".to_owned(), level.into());
        fields.extend(logger.map(|logger| ("logger".to_owned(), logger.into())));
        let said = CustomNotification::new("notifications/message", Some(said));
        Some(ServerNotification::CustomNotification(said))
    }
}

impl Heard for Ears {
    fn of(&self, server: &str) -> Arc<dyn Events> {
        Arc::new(Ear { ears: self.clone(), server: server.to_owned() })
    }
}

impl Ear {
    fn put(&self, read: &'static str, said: Value, level: &str) {
        // What is too long does not wait for its turn.
        if said.to_string().len() > WORD_BYTES_MAX {
            return;
        }
        let (server, level) = (self.server.clone(), level.to_owned());
        self.ears.put(Word::Of { server, read, said, level });
    }
}

impl Events for Ear {
    fn log(&self, level: &str, logger: Option<&str>, data: &Value) {
        if severity(level) < *lock(&self.ears.shared.level) {
            return;
        }
        let mut said = json!({ "data": data });
        if let (Some(logger), Some(said)) = (logger, said.as_object_mut()) {
            said.insert("logger".to_owned(), logger.into());
        }
        self.put(reads::LOG, said, level);
    }

    fn list_changed(&self, list: List) {
        self.ears.say(match list {
            List::Tools => ToolListChangedNotification::default().into(),
            List::Resources => ResourceListChangedNotification::default().into(),
            List::Prompts => PromptListChangedNotification::default().into(),
        });
    }

    fn resource_updated(&self, uri: &str) {
        self.put(reads::SUBSCRIPTION, json!({ "uri": uri }), "");
    }
}

/// Locks what no panic can leave half done.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The levels of logs, from the least severe on.
const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// How severe a line of a log is. One of a level that nobody knows is told.
fn severity(level: &str) -> usize {
    LEVELS.iter().position(|known| *known == level).unwrap_or(LEVELS.len())
}
