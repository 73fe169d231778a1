//! Sessions of MCP clients: each belongs to one credential on one route. The row in the database decides, so
//! that a session goes on at any gateway and ends at all of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rmcp::{
    RoleServer,
    model::InitializeRequestParams,
    service::Peer,
    transport::streamable_http_server::{
        SessionManager,
        session::{SessionState, SessionStore, SessionStoreError, local::LocalSessionManager},
    },
};
use snapshot::keys::sha256_hex;
use store::mcp_sessions::{Bounds, McpSession, McpSessions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use types::{AgentId, Code, SessionId, TenantId};

use super::{ears::Ears, offers::Uris, route::Route, withdrawals::Withdrawals};
use crate::{caller::Known, gate::Gate, refusal::Refusal, tool::Servers};

/// How long a session is used before its row says so again.
const WRITTEN_FOR: Duration = Duration::from_secs(60);
/// Streams of one session that no request waits for. A client has one; where its connection broke, the gateway may
/// not know that yet.
const STREAMS_MAX: usize = 4;
/// The most bytes of a session's id: ours have 36.
const ID_BYTES_MAX: usize = 64;

/// Whose a session is, and where: with another credential or on another route nobody goes on with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    tenant: TenantId,
    agent: AgentId,
    auth: String,
    route: Route,
}

/// One session, as this gateway has it in memory.
pub(super) struct Session {
    pub(super) owner: Owner,
    /// The session whose label and flow its calls have.
    pub(super) flow: SessionId,
    /// What its client hears of servers.
    pub(super) ears: Ears,
    /// Its connections to them.
    pub(super) servers: Servers,
    /// Which of them has which resource.
    pub(super) uris: Uris,
    /// What its client has withdrawn.
    pub(super) withdrawals: Withdrawals,
    /// Places for streams that no request waits for.
    streams: Arc<Semaphore>,
    used: Mutex<Used>,
}

/// The client of a session.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) peer: Peer<RoleServer>,
    /// What it said of itself.
    pub(super) said: InitializeRequestParams,
}

struct Used {
    /// The session's id; none of one that has no row.
    id: Option<Arc<str>>,
    last: Instant,
    /// When its row last heard that it is used; `None` where this gateway has not said so yet.
    written: Option<Instant>,
}

/// All sessions that are in use here.
pub(super) struct Sessions {
    gate: Arc<Gate>,
    /// What rmcp has of them.
    manager: Arc<LocalSessionManager>,
    rows: McpSessions,
    bounds: Bounds,
    /// By the hash of their ids, or by their owners where they have none.
    live: Mutex<HashMap<String, Arc<Session>>>,
}

impl Owner {
    pub(super) fn new(known: &Known<'_>, route: &Route) -> Self {
        Self {
            tenant: known.caller.tenant,
            agent: known.agent.id,
            auth: known.auth(),
            route: route.clone(),
        }
    }
}

impl Session {
    fn new(gate: &Arc<Gate>, owner: Owner, flow: SessionId) -> Arc<Self> {
        let now = Instant::now();
        let used = Mutex::new(Used { id: None, last: now, written: Some(now) });
        let ears = Ears::new(Arc::clone(gate), owner.route.clone(), flow);
        let servers = Servers::new(Arc::new(ears.clone()));
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        let (uris, withdrawals) = (Uris::default(), Withdrawals::default());
        Arc::new(Self { owner, flow, ears, servers, uris, withdrawals, streams, used })
    }

    /// A place for one more stream that no request waits for; free again when it is dropped.
    pub(super) fn stream(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            let message = "this session has as many open streams as there may be; end one of them";
            Refusal::new(Code::RateLimited, message).with_retry_after(5)
        })
    }

    /// Whether it is of the same credential, on whatever route.
    fn is_of(&self, owner: &Owner) -> bool {
        (self.owner.tenant, self.owner.agent, &self.owner.auth)
            == (owner.tenant, owner.agent, &owner.auth)
    }

    /// Where it is.
    pub(super) const fn route(&self) -> &Route {
        &self.owner.route
    }

    fn used(&self) -> std::sync::MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sessions {
    pub(super) fn new(gate: Arc<Gate>, manager: Arc<LocalSessionManager>) -> Self {
        let (rows, settings) = (gate.store.mcp_sessions(), &gate.mcp);
        let bounds = Bounds {
            per_credential_max: settings.max_sessions_per_credential,
            all_max: settings.max_sessions,
            idle: settings.session_idle,
        };
        Self { gate, manager, rows, bounds, live: Mutex::default() }
    }

    /// One that nobody else has seen.
    pub(super) fn new_one(&self, owner: Owner, flow: Option<SessionId>) -> Arc<Session> {
        Session::new(&self.gate, owner, flow.unwrap_or_else(SessionId::generate))
    }

    /// The session of that id, for the one whose it is.
    pub(super) async fn of(&self, id: &str, owner: &Owner) -> Result<Arc<Session>, Refusal> {
        if id.len() > ID_BYTES_MAX {
            return Err(over());
        }
        let hash = sha256_hex(id.as_bytes());
        let live = self.live().get(&hash).cloned();
        let session = match live {
            Some(session) => session,
            None => self.read(&hash, id).await?,
        };
        if session.owner != *owner {
            let message = "this session was begun with another credential or on another path; begin one with \
                           this credential";
            return Err(Refusal::new(Code::PolicyDenied, message));
        }
        self.go_on(&session, (&hash, id)).await?;
        Ok(session)
    }

    /// What a client without a session has in its place: its calls on this route are one flow. One that could not
    /// be kept would have a new flow for each call, so it is refused.
    pub(super) fn without(
        &self,
        owner: Owner,
        flow: Option<SessionId>,
    ) -> Result<Arc<Session>, Refusal> {
        let name = flow.map_or_else(String::new, |flow| flow.to_string());
        let key = format!("{} {} {:?} {name}", owner.agent, owner.auth, owner.route);
        let mut live = self.live();
        if let Some(known) = live.get(&key) {
            known.used().last = Instant::now();
            return Ok(Arc::clone(known));
        }
        let is_own = |other: &&Arc<Session>| other.used().id.is_none() && other.is_of(&owner);
        let own = live.values().filter(is_own).count();
        if live.len() >= self.bounds.all_max || own >= self.bounds.per_credential_max {
            return Err(too_many());
        }
        let session = self.new_one(owner, flow);
        live.insert(key, Arc::clone(&session));
        Ok(session)
    }

    /// Takes note that a session's stream is open, which is use. False where it is over, also where another gateway
    /// has ended it.
    pub(super) async fn uses(&self, id: &str, owner: &Owner) -> bool {
        let hash = sha256_hex(id.as_bytes());
        let session = self.live().get(&hash).cloned();
        let Some(session) = session.filter(|session| session.owner == *owner) else { return false };
        match self.go_on(&session, (&hash, id)).await {
            Ok(()) => true,
            // Nobody can tell, and it was good a moment ago: the next look asks again.
            Err(refusal) => refusal.code == Code::DependencyUnavailable,
        }
    }

    /// Writes a session down, after its client has said hello. Before that nobody can go on with it.
    pub(super) async fn begin(&self, id: &str, session: &Arc<Session>) -> Result<(), Refusal> {
        let Some(client) = session.ears.client() else {
            return Err(Refusal::invalid("a session begins with `initialize`"));
        };
        let initialize = serde_json::to_string(&client.said)
            .map_err(|_| Refusal::invalid("the parameters of `initialize` cannot be kept"))?;
        let hash = sha256_hex(id.as_bytes());
        let owner = &session.owner;
        let row = McpSession {
            id_hash: hash.clone(),
            tenant: owner.tenant,
            agent: owner.agent,
            auth: owner.auth.clone(),
            route: owner.route.path(),
            session: session.flow,
            initialize,
        };
        match self.rows.begin(&row, self.bounds).await {
            Ok(true) => {}
            Ok(false) => return Err(too_many()),
            Err(store::Error::TooLong { .. }) => {
                return Err(Refusal::invalid("the parameters of `initialize` are too long"));
            }
            Err(error) => return Err(away(&error)),
        }
        session.used().id = Some(id.into());
        self.live().insert(hash, Arc::clone(session));
        Ok(())
    }

    /// Ends a session at every gateway.
    pub(super) async fn end(&self, id: &str) -> Result<(), Refusal> {
        let hash = sha256_hex(id.as_bytes());
        self.rows.end(&hash).await.map_err(|error| away(&error))?;
        self.live().remove(&hash);
        Ok(())
    }

    /// Tells every client that the tools may not be those that were listed.
    pub(super) fn say_tools_changed(&self) {
        self.live().values().for_each(|session| session.ears.say_tools_changed());
    }

    /// Lets go of what nobody used for long; returns the ids of those sessions.
    pub(super) fn sweep(&self) -> Vec<Arc<str>> {
        let mut swept = Vec::new();
        self.live().retain(|_, session| {
            let used = session.used();
            let stays = used.last.elapsed() < self.bounds.idle;
            if !stays {
                swept.extend(used.id.clone());
            }
            stays
        });
        swept
    }

    async fn read(&self, hash: &str, id: &str) -> Result<Arc<Session>, Refusal> {
        let row = self.rows.find(hash).await.map_err(|error| away(&error))?.ok_or_else(over)?;
        let route = Route::at(&row.route).ok_or_else(over)?;
        let owner = Owner { tenant: row.tenant, agent: row.agent, auth: row.auth, route };
        let session = self.new_one(owner, Some(row.session));
        {
            // The row may be almost over, so it hears at once that the session is used.
            let mut used = session.used();
            (used.id, used.written) = (Some(id.into()), None);
        }
        // Two requests may have read it: the first one's is everybody's.
        Ok(Arc::clone(self.live().entry(hash.to_owned()).or_insert(session)))
    }

    /// Takes note that a session is used. Its row hears of it now and then, and says whether another gateway
    /// has ended it: then rmcp has nothing of it any more either.
    async fn go_on(&self, session: &Session, (hash, id): (&str, &str)) -> Result<(), Refusal> {
        let now = Instant::now();
        let write = {
            let mut used = session.used();
            used.last = now;
            let every = WRITTEN_FOR.min(self.bounds.idle / 4);
            used.written.is_none_or(|written| now.duration_since(written) >= every)
        };
        if !write {
            return Ok(());
        }
        if self.rows.go_on(hash, self.bounds.idle).await.map_err(|error| away(&error))? {
            session.used().written = Some(now);
            return Ok(());
        }
        self.live().remove(hash);
        let _ = self.manager.close_session(&id.into()).await;
        Err(over())
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What rmcp needs to go on with a session that another gateway began. It is asked only for sessions of which
/// [`Sessions::of`] has said whose they are.
#[async_trait::async_trait]
impl SessionStore for Sessions {
    async fn load(&self, id: &str) -> Result<Option<SessionState>, SessionStoreError> {
        let row = self.rows.find(&sha256_hex(id.as_bytes())).await?;
        let said = row.map(|row| serde_json::from_str(&row.initialize)).transpose()?;
        Ok(said.map(SessionState::new))
    }

    /// [`Sessions::begin`] writes it, with its owner.
    async fn store(&self, _: &str, _: &SessionState) -> Result<(), SessionStoreError> {
        Ok(())
    }

    /// [`Sessions::end`] has done so.
    async fn delete(&self, _: &str) -> Result<(), SessionStoreError> {
        Ok(())
    }
}

fn too_many() -> Refusal {
    let message = "there are as many sessions as there may be (`mcp.max_sessions`, \
                   `mcp.max_sessions_per_credential`); end one with DELETE, or wait until one that rests is over";
    Refusal::new(Code::RateLimited, message).with_retry_after(60)
}

fn over() -> Refusal {
    Refusal::new(
        Code::SessionNotFound,
        "this session is over or never was; begin one with `initialize`",
    )
}

fn away(error: &store::Error) -> Refusal {
    tracing::error!(%error, "the sessions of MCP clients cannot be read or written");
    let message = "the database of sessions does not answer";
    Refusal::new(Code::DependencyUnavailable, message).with_retry_after(5)
}
