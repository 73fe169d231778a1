//! What tool servers say by themselves, on its way to the client of a session, in order.

use std::sync::{Arc, Mutex, PoisonError};

use mcp::{Events, List};
use rmcp::model::{
    CustomNotification, PromptListChangedNotification, ResourceListChangedNotification,
    ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerNotification,
    ToolListChangedNotification,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{route::Route, session::Client};
use crate::tool::Heard;

/// Words that wait for a client. Those beyond them are not said: whoever is slow asks again.
const WORDS_MAX: usize = 256;

/// The ears of a session. Clones are the same.
#[derive(Clone)]
pub(super) struct Ears {
    shared: Arc<Shared>,
    words: mpsc::Sender<ServerNotification>,
}

struct Shared {
    route: Route,
    /// Who is told, once it has said hello here.
    client: Mutex<Option<Client>>,
    /// The least that it wants to hear of logs.
    level: Mutex<usize>,
}

/// One server's words.
struct Ear {
    ears: Ears,
    server: String,
}

impl Ears {
    pub(super) fn new(route: Route) -> Self {
        let (words, waiting) = mpsc::channel(WORDS_MAX);
        let shared =
            Shared { route, client: Mutex::new(None), level: Mutex::new(severity("info")) };
        let shared = Arc::new(shared);
        tokio::spawn(tell(Arc::clone(&shared), waiting));
        Self { shared, words }
    }

    /// Takes note of who is to be told.
    pub(super) fn meet(&self, client: Client) {
        *self.shared.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(client);
    }

    /// Who is told, if there is somebody.
    pub(super) fn client(&self) -> Option<Client> {
        self.shared.client()
    }

    /// Takes note of how much is to be told of logs.
    pub(super) fn set_level(&self, level: &str) {
        *self.shared.level.lock().unwrap_or_else(PoisonError::into_inner) = severity(level);
    }

    /// Says something to the client as soon as it listens.
    pub(super) fn say(&self, word: ServerNotification) {
        if self.words.try_send(word).is_err() {
            tracing::debug!("a client does not keep up with what is said to it");
        }
    }

    /// Says that the tools may not be those that were listed.
    pub(super) fn say_tools_changed(&self) {
        self.say(ToolListChangedNotification::default().into());
    }
}

impl Shared {
    fn client(&self) -> Option<Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Tells the client one word after the other, until the session is gone.
async fn tell(shared: Arc<Shared>, mut waiting: mpsc::Receiver<ServerNotification>) {
    while let Some(word) = waiting.recv().await {
        if let Some(client) = shared.client() {
            // A client that left is not told.
            let _ = client.peer.send_notification(word).await;
        }
    }
}

impl Heard for Ears {
    fn of(&self, server: &str) -> Arc<dyn Events> {
        Arc::new(Ear { ears: self.clone(), server: server.to_owned() })
    }
}

impl Events for Ear {
    fn log(&self, level: &str, logger: Option<&str>, data: &Value) {
        let least = *self.ears.shared.level.lock().unwrap_or_else(PoisonError::into_inner);
        if severity(level) < least {
            return;
        }
        let logger = match self.ears.shared.route {
            Route::All => Some(match logger {
                Some(logger) => format!("{}/{logger}", self.server),
                None => self.server.clone(),
            }),
            Route::One(_) => logger.map(str::to_owned),
        };
        let mut said = json!({ "level": level, "data": data });
        if let (Some(logger), Some(said)) = (logger, said.as_object_mut()) {
            said.insert("logger".to_owned(), logger.into());
        }
        let said = CustomNotification::new("notifications/message", Some(said));
        self.ears.say(ServerNotification::CustomNotification(said));
    }

    fn list_changed(&self, list: List) {
        self.ears.say(match list {
            List::Tools => ToolListChangedNotification::default().into(),
            List::Resources => ResourceListChangedNotification::default().into(),
            List::Prompts => PromptListChangedNotification::default().into(),
        });
    }

    fn resource_updated(&self, uri: &str) {
        let said = ResourceUpdatedNotificationParam::new(uri);
        self.ears.say(ResourceUpdatedNotification::new(said).into());
    }
}

/// The levels of logs, from the least severe on.
const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// How severe a line of a log is. One of a level that nobody knows is told.
fn severity(level: &str) -> usize {
    LEVELS.iter().position(|known| *known == level).unwrap_or(LEVELS.len())
}
