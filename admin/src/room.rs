//! What the requests of one listener share, who sends them, and what is put on record of them.

use std::sync::{Arc, OnceLock};

use axum::http::{header::AUTHORIZATION, request::Parts};
use policy::{Operation, Person};
use serde_json::{Value, json};
use snapshot::keys::split_token;
use store::{admin_tokens::AdminToken, tenants::Tenant};
use tokio::sync::Semaphore;
use types::{
    Actor, ActorType, ApprovalId, AuditId, RequestId, TenantId, Timestamp,
    audit::{Kind, Record},
};

use crate::{
    console,
    control::{ADMINISTRATORS, Control, Entry, LOOKUPS_MAX, OPERATIONS_MAX, STREAMS_MAX},
    error::Error,
    webhook::Pull,
};

/// How much of an operation's target a record keeps.
const TARGET_CHARS_MAX: usize = 200;

/// What every request of one listener shares.
pub(crate) struct Room {
    pub(crate) control: Control,
    entry: Entry,
    /// Bounds the operations that run at once.
    pub(crate) running: Arc<Semaphore>,
    /// Bounds how many are looked up at once.
    lookups: Semaphore,
    /// Bounds how many watch requests at once.
    pub(crate) streams: Arc<Semaphore>,
    /// Looks at the tree's remote that its webhook asked for.
    pub(crate) pull: Pull,
}

/// A person whose identity is proven.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) person: Person,
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    /// The admin token that the person showed, now or when they signed in.
    pub(crate) token: Option<String>,
    /// The secret of the console's session that they are signed in by, and when that ends.
    pub(crate) session: Option<(String, Timestamp)>,
    /// When the token ends by itself.
    pub(crate) ends_at: Option<Timestamp>,
    /// How the person proved it, for the audit record.
    auth: String,
}

/// One operation as records tell of it, whatever comes of it.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) who: Who,
    pub(crate) operation: Operation,
    pub(crate) target: String,
    /// The emergency rights that the person has at the time.
    pub(crate) break_glass: Option<ApprovalId>,
    /// When what the operation makes must end: with the emergency rights, and with the token that the person
    /// showed. Else either would have no end.
    pub(crate) ends_at: Option<Timestamp>,
    /// The approval that the operation uses up, and the name under which it does.
    pub(crate) used: Option<(ApprovalId, RequestId)>,
}

/// What the room learns of a request's operation, so that one that policy permitted and that then
/// failed is on record as well.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<OnceLock<Started>>);

struct Started {
    story: Story,
    commit: String,
}

impl Room {
    pub(crate) fn new(control: Control, entry: Entry) -> Arc<Self> {
        let running = Arc::new(Semaphore::new(OPERATIONS_MAX));
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        let lookups = Semaphore::new(LOOKUPS_MAX);
        Arc::new(Self { control, entry, running, lookups, streams, pull: Pull::default() })
    }

    /// Whether the database answers.
    pub(crate) async fn ready(&self) -> bool {
        self.control.store.ping().await.is_ok()
    }

    pub(crate) const fn entry(&self) -> Entry {
        self.entry
    }

    /// Puts a permitted change that failed on record, with the code that its caller got, and gives
    /// the approval back that it did not need.
    pub(crate) async fn failed(&self, trace: &Trace, code: &str) {
        let Some(Started { story, commit }) = trace.0.get() else { return };
        if let Some((approval, act)) = story.used
            && let Err(error) = self.control.store.approvals().give_back(approval, act).await
        {
            tracing::warn!(%error, %approval, "an approval that was not needed stays used");
        }
        self.note(story.record(code, commit, json!({}))).await;
    }

    /// Appends a record of what cannot be undone because it could not be recorded.
    pub(crate) async fn note(&self, record: Record) {
        if let Err(error) = self.control.store.audit().append(record).await {
            tracing::error!(%error, "an operation could not be put on record");
        }
    }

    /// Who sends a request.
    pub(crate) async fn authenticate(&self, parts: &Parts) -> Result<Who, Error> {
        if self.entry == Entry::Local {
            let groups = vec![ADMINISTRATORS.to_owned()];
            let person = Person { name: "local".to_owned(), groups };
            let tenant = self.tenant(None).await?;
            let auth = "local".to_owned();
            let (tenant, tenant_name) = (tenant.id, tenant.name);
            let (token, session, ends_at) = (None, None, None);
            return Ok(Who { person, tenant, tenant_name, token, session, ends_at, auth });
        }
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            let text = header.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
            return self.known_by(text.ok_or(Error::Unauthenticated)?).await;
        }
        let _turn = self.lookups.acquire().await;
        let found = console::session(&self.control, parts).await?;
        let (session, secret) = found.ok_or(Error::Unauthenticated)?;
        let auth = format!("console:{}", session.token.id);
        let who = self.who(session.token, auth).await?;
        Ok(Who { session: Some((secret, session.expires_at)), ..who })
    }

    /// Whose admin token a text is.
    pub(crate) async fn known_by(&self, text: &str) -> Result<Who, Error> {
        let _turn = self.lookups.acquire().await;
        let token = token(&self.control, text).await?.ok_or(Error::Unauthenticated)?;
        let auth = format!("admin-token:{}", token.id);
        self.who(token, auth).await
    }

    async fn who(&self, token: AdminToken, auth: String) -> Result<Who, Error> {
        let Tenant { id: tenant, name: tenant_name, .. } = self.tenant(Some(token.tenant)).await?;
        let person = Person { name: token.name, groups: token.groups };
        let (token, ends_at) = (Some(token.id), token.expires_at);
        Ok(Who { person, tenant, tenant_name, token, session: None, ends_at, auth })
    }

    /// A tenant by its id; the default one where there is none.
    async fn tenant(&self, id: Option<TenantId>) -> Result<Tenant, Error> {
        let tenants = self.control.store.tenants().load_all().await?;
        let found = tenants.into_iter().find(|known| match id {
            Some(id) => known.id == id,
            None => known.name == "default",
        });
        found.ok_or_else(|| {
            let fix = "start the server once with `orchestack serve`";
            Error::invalid("there is no tenant yet", fix)
        })
    }
}

/// The person whose admin token this is, and whose person that is; `None` where the token is unknown, was
/// revoked or is over. It permits nothing.
///
/// # Errors
/// [`Error::Store`].
pub async fn person(control: &Control, text: &str) -> Result<Option<(Person, TenantId)>, Error> {
    let found = token(control, text).await?;
    Ok(found.map(|token| (Person { name: token.name, groups: token.groups }, token.tenant)))
}

/// The row of a token's text.
async fn token(control: &Control, text: &str) -> Result<Option<AdminToken>, Error> {
    let Some(secret) = split_token(text.trim()) else { return Ok(None) };
    let tokens = control.store.admin_tokens().load_all().await?;
    // Every stored hash is compared in constant time; there are few of them.
    Ok(tokens.into_iter().find(|token| control.pepper.matches(secret, &token.hash)))
}

impl Trace {
    /// Remembers a permitted change. A handler asks once, so there is nothing to overwrite.
    pub(crate) fn begin(&self, story: Story, commit: String) {
        let _ = self.0.set(Started { story, commit });
    }
}

impl Story {
    /// A record of the operation. `detail` names what was changed, never a secret.
    pub(crate) fn record(&self, outcome: &str, commit: &str, mut detail: Value) -> Record {
        if let Value::Object(fields) = &mut detail {
            fields.insert("operation".to_owned(), json!(self.operation.as_str()));
            let used = self.used.map(|(approval, _)| ("approval".to_owned(), json!(approval)));
            let glass = self.break_glass.map(|id| ("break_glass".to_owned(), json!(id)));
            fields.extend(used.into_iter().chain(glass));
        }
        // Whoever asks may write anything there; a record is bounded.
        let target: String = self.target.chars().take(TARGET_CHARS_MAX).collect();
        let operation = self.operation.as_str();
        let Who { person, tenant, auth, .. } = &self.who;
        Record {
            id: AuditId::generate(),
            at: Timestamp::now(),
            tenant: *tenant,
            kind: Kind::Admin,
            request: self.used.map(|(_, act)| act),
            actor: Actor { kind: ActorType::User, id: person.name.clone(), auth: auth.clone() },
            action: self.operation.action().to_owned(),
            resource: if target.is_empty() {
                operation.to_owned()
            } else {
                format!("{operation}:{target}")
            },
            outcome: outcome.to_owned(),
            commit: commit.to_owned(),
            detail: detail.into(),
        }
    }
}
