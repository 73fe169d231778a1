//! What a server sends, looked at in its order and before anything else has it: its own words go to
//! whoever listens, its questions get the request that they are about, and a server that says or
//! asks too much is stopped.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rmcp::{
    RoleClient,
    model::{
        ClientJsonRpcMessage, GetExtensions, GetMeta, JsonRpcMessage, JsonRpcNotification,
        ProgressToken, RequestId, ServerJsonRpcMessage, ServerNotification, ServerRequest,
    },
    service::InboundStreamOrigin,
    transport::Transport,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Caller, Events, List, Progress};

/// Words of a server's own: so many at once, and so many a second. More are dropped.
const WORDS: (f64, f64) = (2000.0, 500.0);
/// Questions of a server: more end the connection, because each is answered.
const QUESTIONS: (f64, f64) = (200.0, 20.0);
/// Requests that are remembered; what is over is looked through for those that have ended.
const OPEN_MAX: usize = 256;

/// A request under way: for whom it is, and what is heard of it.
pub(crate) struct Asker {
    pub(crate) caller: Arc<dyn Caller>,
    heard: Mutex<Instant>,
    questions: AtomicUsize,
}

impl Asker {
    pub(crate) fn new(caller: Arc<dyn Caller>) -> Arc<Self> {
        Arc::new(Self { caller, heard: Mutex::new(Instant::now()), questions: AtomicUsize::new(0) })
    }

    /// When its time is over: later with each word on it, and not while the server waits for us.
    pub(crate) fn due(&self, timeout: Duration) -> Option<Instant> {
        (self.questions.load(Ordering::Acquire) == 0).then(|| *lock(&self.heard) + timeout)
    }

    /// Asks the caller something for the server, whose time does not run meanwhile.
    pub(crate) async fn ask<T>(&self, question: impl Future<Output = T>) -> T {
        let _waits = Waits::new(self);
        question.await
    }

    fn progress(&self, progress: Progress) {
        *lock(&self.heard) = Instant::now();
        self.caller.progress(progress);
    }
}

/// Counts a question that the server waits for.
struct Waits<'a>(&'a Asker);

impl<'a> Waits<'a> {
    fn new(asker: &'a Asker) -> Self {
        asker.questions.fetch_add(1, Ordering::AcqRel);
        Self(asker)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        *lock(&self.0.heard) = Instant::now();
        self.0.questions.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Travels with a request through the SDK, and back to [`Watch`] when it is sent.
#[derive(Clone)]
pub(crate) struct Tag(pub(crate) Weak<Asker>);

/// All that one connection's messages are looked at with.
pub(crate) struct Watch {
    server: String,
    events: Arc<dyn Events>,
    open: Mutex<Open>,
    words: Mutex<Bucket>,
    questions: Mutex<Bucket>,
    told: AtomicBool,
    renewed: AtomicBool,
    /// Nothing more comes of this connection.
    pub(crate) ended: CancellationToken,
}

#[derive(Default)]
struct Open {
    by_id: HashMap<RequestId, Tag>,
    by_token: HashMap<ProgressToken, Tag>,
}

impl Watch {
    pub(crate) fn new(server: &str, events: Arc<dyn Events>) -> Arc<Self> {
        Arc::new(Self {
            server: server.to_owned(),
            events,
            open: Mutex::default(),
            words: Mutex::new(Bucket::full(WORDS)),
            questions: Mutex::new(Bucket::full(QUESTIONS)),
            told: AtomicBool::new(false),
            renewed: AtomicBool::new(false),
            ended: CancellationToken::new(),
        })
    }

    /// The server has a new session: it may be another one than it was, and knows nothing of what
    /// it was told before.
    pub(crate) fn renewed(&self) {
        self.renewed.store(true, Ordering::Release);
        for list in [List::Tools, List::Resources, List::Prompts] {
            self.events.list_changed(list);
        }
    }

    /// Whether that happened since this was asked last.
    pub(crate) fn take_renewed(&self) -> bool {
        self.renewed.swap(false, Ordering::AcqRel)
    }

    /// Forgets a request that has ended.
    pub(crate) fn forget(&self, id: &RequestId, token: &ProgressToken) {
        let mut open = lock(&self.open);
        open.by_id.remove(id);
        open.by_token.remove(token);
    }

    fn sent(&self, message: &ClientJsonRpcMessage) {
        let JsonRpcMessage::Request(request) = message else { return };
        let Some(tag) = request.request.extensions().get::<Tag>() else { return };
        let mut open = lock(&self.open);
        if open.by_id.len() >= OPEN_MAX {
            open.by_id.retain(|_, tag| tag.0.strong_count() > 0);
            open.by_token.retain(|_, tag| tag.0.strong_count() > 0);
        }
        open.by_id.insert(request.id.clone(), tag.clone());
        if let Some(token) = request.request.get_meta().get_progress_token() {
            open.by_token.insert(token, tag.clone());
        }
    }

    /// Hears a notification, and gives it back if the SDK needs it.
    fn heard(
        &self,
        notification: JsonRpcNotification<ServerNotification>,
    ) -> Option<ServerJsonRpcMessage> {
        if !lock(&self.words).take() {
            if !self.told.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    server = self.server,
                    "a tool server says too much and is not heard"
                );
            }
            return None;
        }
        match &notification.notification {
            ServerNotification::ProgressNotification(said) => {
                let said = &said.params;
                let tag = lock(&self.open).by_token.get(&said.progress_token).cloned();
                if let Some(asker) = tag.and_then(|tag| tag.0.upgrade()) {
                    let (done, total, message) = (said.progress, said.total, said.message.clone());
                    asker.progress(Progress { done, total, message });
                }
            }
            ServerNotification::LoggingMessageNotification(said) => {
                self.log(said);
            }
            ServerNotification::ResourceUpdatedNotification(said) => {
                self.events.resource_updated(&said.params.uri);
            }
            ServerNotification::ToolListChangedNotification(_) => {
                self.events.list_changed(List::Tools);
            }
            ServerNotification::ResourceListChangedNotification(_) => {
                self.events.list_changed(List::Resources);
            }
            ServerNotification::PromptListChangedNotification(_) => {
                self.events.list_changed(List::Prompts);
            }
            ServerNotification::CancelledNotification(_)
            | ServerNotification::SubscriptionsAcknowledgedNotification(_) => {
                return Some(JsonRpcMessage::Notification(notification));
            }
            _ => {}
        }
        None
    }

    #[expect(deprecated, reason = "servers of the versions that we speak still have a log")]
    fn log(&self, said: &rmcp::model::LoggingMessageNotification) {
        let said = &said.params;
        let level = serde_json::to_value(said.level).unwrap_or_default();
        self.events.log(level.as_str().unwrap_or("info"), said.logger.as_deref(), &said.data);
    }

    /// Gives a question the request that it is about. The stream of a request's answer says which;
    /// from elsewhere it can be told if only one is under way.
    fn asked(&self, question: &mut ServerRequest) {
        let open = lock(&self.open);
        let tag = match question.extensions().get::<InboundStreamOrigin>() {
            Some(InboundStreamOrigin::OutboundRequest(id)) => open.by_id.get(id).cloned(),
            Some(InboundStreamOrigin::Unassociated) | None => {
                let mut live = open.by_id.values().filter(|tag| tag.0.strong_count() > 0);
                let first = live.next().cloned();
                first.filter(|_| live.next().is_none())
            }
        };
        drop(open);
        if let Some(tag) = tag {
            question.extensions_mut().insert(tag);
        }
    }
}

/// A transport whose messages are looked at.
pub(crate) struct Watched<T> {
    pub(crate) inner: T,
    pub(crate) watch: Arc<Watch>,
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Watched<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.watch.sent(&message);
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            let Some(message) = self.inner.receive().await else {
                self.watch.ended.cancel();
                return None;
            };
            match message {
                JsonRpcMessage::Notification(said) => {
                    if let Some(message) = self.watch.heard(said) {
                        return Some(message);
                    }
                }
                JsonRpcMessage::Request(mut question) => {
                    if !lock(&self.watch.questions).take() {
                        let server = &self.watch.server;
                        tracing::warn!(server, "a tool server asks too much: connection closed");
                        self.watch.ended.cancel();
                        return None;
                    }
                    self.watch.asked(&mut question.request);
                    return Some(JsonRpcMessage::Request(question));
                }
                message => return Some(message),
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

/// So many at once, and so many a second.
struct Bucket {
    left: f64,
    most: f64,
    per_second: f64,
    at: Instant,
}

impl Bucket {
    fn full((most, per_second): (f64, f64)) -> Self {
        Self { left: most, most, per_second, at: Instant::now() }
    }

    fn take(&mut self) -> bool {
        let now = Instant::now();
        let new = now.duration_since(self.at).as_secs_f64() * self.per_second;
        self.at = now;
        self.left = (self.left + new).min(self.most);
        let taken = self.left >= 1.0;
        if taken {
            self.left -= 1.0;
        }
        taken
    }
}

/// Locks what no panic can leave half done.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counts(AtomicUsize);

    impl Events for Counts {
        fn list_changed(&self, _: List) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_server_is_heard_so_often_and_no_more() {
        let counts = Arc::new(Counts(AtomicUsize::new(0)));
        let watch = Watch::new("loud", counts.clone());
        let said = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
        let said: ServerJsonRpcMessage = serde_json::from_str(said).unwrap();
        let begun = Instant::now();
        for _ in 0..100_000 {
            let JsonRpcMessage::Notification(said) = said.clone() else { unreachable!() };
            assert!(watch.heard(said).is_none());
        }
        let (at_once, per_second) = WORDS;
        let most = at_once + per_second * (begun.elapsed().as_secs_f64() + 1.0);
        let heard = counts.0.load(Ordering::Relaxed);
        assert!(heard >= 2000 && (heard as f64) < most.min(50_000.0), "{heard} were heard");
    }
}
