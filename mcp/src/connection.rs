//! A connection to one server, made anew when it breaks.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use rmcp::{ErrorData, model::ErrorCode};
use serde_json::{Map, Value, json};
use tokio::{
    sync::{Mutex, Semaphore, SemaphorePermit},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use types::KEY_META;

use crate::{
    CallResult, Caller, Error, Events, Server, Spec,
    address::{self, Lookup},
    link::{Dial, Link, refused},
    pages,
    place::Place,
    request::{Question, ask, withdrawn},
};

/// A connection that lasted as long as this was a good one.
const GOOD: Duration = Duration::from_secs(30);
/// After a second failure in a row a server rests, each time twice as long, up to the longest.
const REST: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(60);
/// Resources that are subscribed to over one connection.
const SUBSCRIPTIONS_MAX: usize = 256;

/// A connection to one server. Clones are the same connection; with the last one it ends.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

struct Inner {
    spec: Spec,
    place: Place,
    events: Arc<dyn Events>,
    turns: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    failures: u32,
    rests_until: Option<Instant>,
    closed: bool,
    /// What a new connection is told again.
    level: Option<String>,
    subscriptions: BTreeSet<String>,
}

/// A method and its parameters, for a server that has forgotten what it was told.
type News = (&'static str, Value);

/// One call of a tool.
pub struct Call {
    /// The tool's own name.
    pub name: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// What the call is told apart by, so that a server that keeps keys does the same one once: `_meta` has it as
    /// [`types::KEY_META`], a request to a REST service that changes something as `Idempotency-Key`
    /// (draft-ietf-httpapi-idempotency-key-header).
    pub key: Option<String>,
    /// What else the server is told beside the arguments, in `_meta`.
    pub meta: Map<String, Value>,
    /// Whom it is for.
    pub caller: Arc<dyn Caller>,
    /// Withdraws the call: the server is told that nobody wants it any more, with its key in `_meta`. Without it, whoever
    /// drops the call withdraws it; with it, whoever drops it leaves it to the server, and to who calls again.
    pub withdrawal: Option<CancellationToken>,
}

impl Call {
    /// A call without a key, which is told nothing beside its arguments.
    pub fn new(
        name: impl Into<String>,
        arguments: Map<String, Value>,
        caller: Arc<dyn Caller>,
    ) -> Self {
        let (name, meta) = (name.into(), Map::new());
        Self { name, arguments, key: None, meta, caller, withdrawal: None }
    }
}

/// Connects to a server and shakes hands with it.
pub async fn connect(spec: &Spec, events: Arc<dyn Events>) -> Result<Connection, Error> {
    connect_with(spec, events, address::system()).await
}

/// Connects with addresses that `lookup` finds.
pub(crate) async fn connect_with(
    spec: &Spec,
    events: Arc<dyn Events>,
    lookup: Lookup,
) -> Result<Connection, Error> {
    let inner = Inner {
        spec: spec.clone(),
        place: Place::find(spec, lookup)?,
        events,
        turns: Semaphore::new(spec.limits.concurrent_max),
        state: Mutex::default(),
    };
    if let Place::Mcp(dial) = &inner.place {
        inner.link(dial).await?;
    }
    Ok(Connection { inner: Arc::new(inner) })
}

impl Connection {
    /// The server's name in the tree.
    pub fn name(&self) -> &str {
        &self.inner.spec.name
    }

    /// What the server says that it is.
    pub async fn server(&self) -> Result<Server, Error> {
        match &self.inner.place {
            Place::Mcp(dial) => Ok(self.inner.link(dial).await?.server.clone()),
            Place::Rest(rest) => Ok(rest.server()),
        }
    }

    /// The definitions of its tools, as `tools/list` gives them.
    pub async fn tools(&self) -> Result<Vec<Value>, Error> {
        self.list("tools/list", "tools").await
    }

    /// Its resources.
    pub async fn resources(&self) -> Result<Vec<Value>, Error> {
        self.list("resources/list", "resources").await
    }

    /// The templates of its resources.
    pub async fn templates(&self) -> Result<Vec<Value>, Error> {
        self.list("resources/templates/list", "resourceTemplates").await
    }

    /// Its prompts.
    pub async fn prompts(&self) -> Result<Vec<Value>, Error> {
        self.list("prompts/list", "prompts").await
    }

    /// Calls a tool. Who drops this before it is ready withdraws the call, unless it has a withdrawal of its own.
    pub async fn call(&self, call: Call) -> Result<CallResult, Error> {
        if let Place::Rest(rest) = &self.inner.place {
            let withdrawal = call.withdrawal.clone();
            let _turn = self.inner.turn().await?;
            self.inner.is_wanted(withdrawal.as_ref())?;
            return tokio::select! {
                result = rest.call(call) => result,
                () = withdrawn(withdrawal.as_ref()) => {
                    Err(Error::Withdrawn { server: self.inner.spec.name.clone(), sent: true })
                }
            };
        }
        let params = Map::from_iter([
            ("name".to_owned(), Value::String(call.name)),
            ("arguments".to_owned(), Value::Object(call.arguments)),
        ]);
        let mut meta = call.meta;
        meta.extend(call.key.map(|key| (KEY_META.to_owned(), Value::String(key))));
        let (caller, withdrawal) = (call.caller, call.withdrawal);
        let asked = self.ask_with("tools/call", (params, meta), (caller, withdrawal));
        let result = asked.await?;
        CallResult::read(result).ok_or_else(|| Error::Protocol {
            server: self.inner.spec.name.clone(),
            why: "the result of a call is none",
        })
    }

    /// Reads a resource: the result of `resources/read`.
    pub async fn read(&self, uri: &str, caller: Arc<dyn Caller>) -> Result<Value, Error> {
        self.ask("resources/read", object(json!({"uri": uri})), caller).await
    }

    /// Fills in a prompt: the result of `prompts/get`.
    pub async fn prompt(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        caller: Arc<dyn Caller>,
    ) -> Result<Value, Error> {
        let params = object(json!({"name": name, "arguments": arguments}));
        self.ask("prompts/get", params, caller).await
    }

    /// Completes an argument: the result of `completion/complete` with these parameters.
    pub async fn complete(&self, params: Map<String, Value>) -> Result<Value, Error> {
        self.ask("completion/complete", params, Arc::new(())).await
    }

    /// Wants to hear when a resource changes, over connections to come too.
    pub async fn subscribe(&self, uri: &str) -> Result<(), Error> {
        self.ask("resources/subscribe", object(json!({"uri": uri})), Arc::new(())).await?;
        let mut state = self.inner.state.lock().await;
        if state.subscriptions.len() < SUBSCRIPTIONS_MAX {
            state.subscriptions.insert(uri.to_owned());
        }
        Ok(())
    }

    /// Does not want to hear that any more.
    pub async fn unsubscribe(&self, uri: &str) -> Result<(), Error> {
        self.inner.state.lock().await.subscriptions.remove(uri);
        self.ask("resources/unsubscribe", object(json!({"uri": uri})), Arc::new(())).await?;
        Ok(())
    }

    /// Wants to hear lines of its log from this level up, over connections to come too.
    pub async fn set_level(&self, level: &str) -> Result<(), Error> {
        self.ask("logging/setLevel", object(json!({"level": level})), Arc::new(())).await?;
        self.inner.state.lock().await.level = Some(level.to_owned());
        Ok(())
    }

    /// Ends the connection. It is not made again.
    pub async fn close(&self) {
        let mut state = self.inner.state.lock().await;
        state.closed = true;
        if let Some(link) = state.link.take() {
            link.close();
        }
    }

    async fn list(&self, method: &'static str, key: &str) -> Result<Vec<Value>, Error> {
        match &self.inner.place {
            Place::Mcp(dial) => {
                let _turn = self.inner.turn().await?;
                let link = self.inner.link(dial).await?;
                pages::all(&self.inner.spec, &link, method, key).await
            }
            Place::Rest(rest) if key == "tools" => Ok(rest.tools()),
            Place::Rest(_) => Ok(Vec::new()),
        }
    }

    async fn ask(
        &self,
        method: &'static str,
        params: Map<String, Value>,
        caller: Arc<dyn Caller>,
    ) -> Result<Value, Error> {
        self.ask_with(method, (params, Map::new()), (caller, None)).await
    }

    async fn ask_with(
        &self,
        method: &'static str,
        (params, meta): (Map<String, Value>, Map<String, Value>),
        (caller, withdrawal): (Arc<dyn Caller>, Option<CancellationToken>),
    ) -> Result<Value, Error> {
        let Place::Mcp(dial) = &self.inner.place else {
            let none = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "a REST service has none", None);
            return Err(refused(self.inner.spec.name.clone(), none));
        };
        let _turn = self.inner.turn().await?;
        let link = self.inner.link(dial).await?;
        self.inner.is_wanted(withdrawal.as_ref())?;
        let bytes_max = self.inner.spec.limits.result_bytes_max;
        let question = Question { method, params, meta, caller, withdrawal, bytes_max };
        ask(&self.inner.spec, &link, question).await
    }
}

impl Inner {
    /// Sends nothing that is withdrawn already.
    fn is_wanted(&self, withdrawal: Option<&CancellationToken>) -> Result<(), Error> {
        match withdrawal.is_some_and(CancellationToken::is_cancelled) {
            true => Err(Error::Withdrawn { server: self.spec.name.clone(), sent: false }),
            false => Ok(()),
        }
    }

    /// Waits until one more request may be under way.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, Error> {
        let limits = &self.spec.limits;
        match timeout(limits.timeout, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::Busy {
                server: self.spec.name.clone(),
                concurrent_max: limits.concurrent_max,
            }),
        }
    }

    /// The live connection, or a new one, which knows what the one before knew.
    async fn link(&self, dial: &Dial) -> Result<Arc<Link>, Error> {
        let (link, news) = self.live(dial).await?;
        // Not under the lock: a server that is slow to hear of it holds up nobody else.
        self.tell_again(&link, news).await;
        Ok(link)
    }

    /// The live connection, or a new one, and what it must be told.
    async fn live(&self, dial: &Dial) -> Result<(Arc<Link>, Vec<News>), Error> {
        let mut state = self.state.lock().await;
        if state.closed {
            return Err(Error::Closed { server: self.spec.name.clone() });
        }
        if let Some(link) = state.link.as_ref().filter(|link| link.is_up()).cloned() {
            let news = if link.watch.take_renewed() { state.news() } else { Vec::new() };
            return Ok((link, news));
        }
        let again = state.link.take();
        if again.as_ref().is_some_and(|link| link.since.elapsed() < GOOD) {
            state.failed();
        }
        if let Some(left) =
            state.rests_until.and_then(|until| until.checked_duration_since(Instant::now()))
        {
            return Err(Error::Resting { server: self.spec.name.clone(), again: left });
        }
        match Link::open(&self.spec, dial, self.events.clone()).await {
            Ok(link) => {
                let link = Arc::new(link);
                state.link = Some(link.clone());
                let mut news = Vec::new();
                if again.is_some() {
                    tracing::info!(server = self.spec.name, "connected to a tool server again");
                    link.watch.renewed();
                    link.watch.take_renewed();
                    news = state.news();
                }
                Ok((link, news))
            }
            Err(error) => {
                // What broke before is not forgotten: the next connection is one made anew.
                state.link = again;
                state.failed();
                Err(error)
            }
        }
    }

    /// Tells a new session what the one before knew.
    async fn tell_again(&self, link: &Arc<Link>, news: Vec<News>) {
        for (method, params) in news {
            let (params, caller) = (object(params), Arc::new(()) as Arc<dyn Caller>);
            let bytes_max = self.spec.limits.result_bytes_max;
            let meta = Map::new();
            let question = Question { method, params, meta, caller, withdrawal: None, bytes_max };
            if let Err(error) = ask(&self.spec, link, question).await {
                tracing::warn!(%error, method, "a tool server was not told again");
                return;
            }
        }
    }
}

impl State {
    /// What a new session must be told.
    fn news(&self) -> Vec<News> {
        let level = self.level.as_ref().map(|level| ("logging/setLevel", json!({"level": level})));
        let uris = self.subscriptions.iter();
        let uris = uris.map(|uri| ("resources/subscribe", json!({"uri": uri})));
        level.into_iter().chain(uris).collect()
    }

    /// Counts a failure: the first one costs nothing.
    fn failed(&mut self) {
        let rest = REST.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        if self.failures > 0 {
            self.rests_until = Some(Instant::now() + rest.min(REST_MAX));
        }
        self.failures = self.failures.saturating_add(1);
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("server", &self.inner.spec.name).finish_non_exhaustive()
    }
}
