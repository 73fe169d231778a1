//! The one way to an operation: who asks is known, policy permits, and it is on record.
//!
//! INVARIANT: a handler sees the store, the tree and the snapshot only through an [`Act`], and only
//! [`Desk::permit`] makes one. So no handler can forget to ask policy.

use std::sync::{Arc, OnceLock};

use axum::{extract::FromRequestParts, http::header::AUTHORIZATION, http::request::Parts};
use policy::{AdminAct, AdminPermit, Denial, Person};
use serde_json::{Value, json};
use snapshot::keys::split_token;
use tokio::sync::Semaphore;
use types::{
    Actor, ActorType, AuditId, TenantId, Timestamp,
    audit::{Kind, Record},
};

use crate::{
    control::{ADMINISTRATORS, Control, Entry, OPERATIONS_MAX},
    error::Error,
    operation::Operation,
};

/// How much of an operation's target a record keeps.
const TARGET_CHARS_MAX: usize = 200;

/// What every request of one listener shares.
pub(crate) struct Room {
    pub(crate) control: Control,
    entry: Entry,
    /// Bounds the operations that run at once.
    pub(crate) running: Arc<Semaphore>,
}

/// What the room learns of a request's operation, so that one that policy permitted and that then
/// failed is on record as well.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<OnceLock<Started>>);

struct Started {
    who: Who,
    operation: Operation,
    target: String,
    commit: String,
}

/// A person whose identity is proven. It can do nothing but ask for a permit.
pub(crate) struct Desk {
    room: Arc<Room>,
    who: Who,
    trace: Trace,
}

/// A permitted operation.
pub(crate) struct Act {
    room: Arc<Room>,
    who: Who,
    operation: Operation,
    permit: AdminPermit,
}

#[derive(Debug, Clone)]
struct Who {
    person: Person,
    tenant: TenantId,
    tenant_name: String,
    /// How the person proved it, for the audit record.
    auth: String,
}

impl Room {
    pub(crate) fn new(control: Control, entry: Entry) -> Arc<Self> {
        Arc::new(Self { control, entry, running: Arc::new(Semaphore::new(OPERATIONS_MAX)) })
    }

    /// Whether the database answers.
    pub(crate) async fn ready(&self) -> bool {
        self.control.store.ping().await.is_ok()
    }

    pub(crate) const fn entry(&self) -> Entry {
        self.entry
    }

    /// Puts a permitted change that failed on record, with the code that its caller got.
    pub(crate) async fn failed(&self, trace: &Trace, code: &str) {
        let Some(started) = trace.0.get() else { return };
        let Started { who, operation, target, commit } = started;
        let record = record(who, *operation, target, code, commit, json!({}));
        if let Err(error) = self.control.store.audit().append(record).await {
            tracing::error!(%error, "a failed operation could not be put on record");
        }
    }

    async fn authenticate(&self, parts: &Parts) -> Result<Who, Error> {
        let who = match self.entry {
            Entry::Local => {
                let groups = vec![ADMINISTRATORS.to_owned()];
                let person = Person { name: "local".to_owned(), groups };
                (person, None, "local".to_owned())
            }
            Entry::Token { .. } => self.by_token(parts).await?,
        };
        let tenants = self.control.store.tenants().load_all().await?;
        let (person, tenant, auth) = who;
        let found = match tenant {
            Some(id) => tenants.into_iter().find(|known| known.id == id),
            None => tenants.into_iter().find(|known| known.name == "default"),
        };
        let found = found.ok_or_else(|| {
            let fix = "start the server once with `orchestack serve`";
            Error::invalid("there is no tenant yet", fix)
        })?;
        Ok(Who { person, tenant: found.id, tenant_name: found.name, auth })
    }

    async fn by_token(&self, parts: &Parts) -> Result<(Person, Option<TenantId>, String), Error> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let secret = header
            .and_then(|value| value.strip_prefix("Bearer "))
            .and_then(|token| split_token(token.trim()))
            .ok_or(Error::Unauthenticated)?;
        let tokens = self.control.store.admin_tokens().load_all().await?;
        // Every stored hash is compared in constant time; there are few of them.
        tokens
            .into_iter()
            .find(|token| self.control.pepper.matches(secret, &token.hash))
            .map(|token| {
                let person = Person { name: token.name, groups: token.groups };
                (person, Some(token.tenant), format!("admin-token:{}", token.id))
            })
            .ok_or(Error::Unauthenticated)
    }
}

impl FromRequestParts<Arc<Room>> for Desk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, room: &Arc<Room>) -> Result<Self, Error> {
        let who = room.authenticate(parts).await?;
        let trace = parts.extensions.get::<Trace>().cloned().unwrap_or_default();
        Ok(Self { room: Arc::clone(room), who, trace })
    }
}

impl Desk {
    /// Asks policy whether this person may do `operation` to `target`, which is empty for the
    /// tenant as a whole. A refusal is put on record.
    pub(crate) async fn permit(self, operation: Operation, target: &str) -> Result<Act, Error> {
        let Self { room, who, trace } = self;
        let decided = room.control.snapshots.load().policy.administer(&AdminAct {
            actor: &who.person,
            operation: operation.as_str(),
            read_only: operation.is_read_only(),
            tenant: who.tenant,
            tenant_name: &who.tenant_name,
            target,
            owner: None,
            approval: None,
            break_glass: None,
            now: Timestamp::now(),
        });
        match decided {
            Ok(permit) => {
                if !operation.is_read_only() {
                    let (target, commit) = (target.to_owned(), permit.commit().to_owned());
                    let started = Started { who: who.clone(), operation, target, commit };
                    // A handler asks once, so there is nothing to overwrite.
                    let _ = trace.0.set(started);
                }
                Ok(Act { room, who, operation, permit })
            }
            Err(denial) => {
                let record = refused(&who, operation, target, &denial);
                if let Err(error) = room.control.store.audit().append(record).await {
                    // It is refused all the same.
                    tracing::error!(%error, "a refused operation could not be put on record");
                }
                Err(Error::Denied(denial))
            }
        }
    }
}

impl Act {
    pub(crate) fn control(&self) -> &Control {
        &self.room.control
    }

    pub(crate) const fn permit(&self) -> &AdminPermit {
        &self.permit
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.who.tenant
    }

    /// The name of whoever acts.
    pub(crate) fn actor(&self) -> &str {
        &self.who.person.name
    }

    /// The author of a commit to the tree.
    pub(crate) fn author(&self) -> String {
        // A name may hold what git takes for the end of a name.
        let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.@".contains(*c);
        let name: String = self.who.person.name.chars().filter(plain).collect();
        format!("{name} <{name}@orchestack>")
    }

    /// The record of this operation as done. `detail` names what was changed, never a secret.
    pub(crate) fn record(&self, detail: Value) -> Record {
        let mut detail = detail;
        if let Value::Object(fields) = &mut detail {
            fields.insert("policies".to_owned(), json!(self.permit.policies()));
        }
        let commit = self.permit.commit();
        record(&self.who, self.operation, self.permit.target(), "ok", commit, detail)
    }

    /// Loads the snapshot again, so that the answer comes after the change is in force here.
    pub(crate) async fn reload(&self) -> Result<(), Error> {
        self.control().snapshots.reload().await?;
        Ok(())
    }
}

fn refused(who: &Who, operation: Operation, target: &str, denial: &Denial) -> Record {
    let reason = Error::Denied(denial.clone()).to_string();
    let detail = json!({ "reason": reason, "policies": denial.policies });
    record(who, operation, target, "policy_denied", &denial.commit, detail)
}

fn record(
    who: &Who,
    operation: Operation,
    target: &str,
    outcome: &str,
    commit: &str,
    mut detail: Value,
) -> Record {
    if let Value::Object(fields) = &mut detail {
        fields.insert("operation".to_owned(), json!(operation.as_str()));
    }
    // Whoever asks may write anything there; a record is bounded.
    let target: String = target.chars().take(TARGET_CHARS_MAX).collect();
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant: who.tenant,
        kind: Kind::Admin,
        request: None,
        actor: Actor { kind: ActorType::User, id: who.person.name.clone(), auth: who.auth.clone() },
        action: "administer".to_owned(),
        resource: if target.is_empty() {
            operation.as_str().to_owned()
        } else {
            format!("{}:{target}", operation.as_str())
        },
        outcome: outcome.to_owned(),
        commit: commit.to_owned(),
        detail,
    }
}
