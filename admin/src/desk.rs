//! The one way to an operation: who asks is known, policy permits, and it is on record.
//!
//! INVARIANT: a handler sees the store, the tree and the snapshot only through an [`Act`], and only
//! [`Desk::permit_of`] and [`Desk::vote`] make one. So no handler can forget to ask policy.

mod voice;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{extract::FromRequestParts, http::request::Parts};
use policy::{AdminAct, AdminPermit, Denial, DenyReason, Operation};
use serde::Serialize;
use serde_json::{Value, json};
use snapshot::Snapshot;
use store::approvals::{self, Approval, RequesterKind};
use types::{ApprovalId, ProviderKind, RequestId, TenantId, Timestamp, audit::Record};

use crate::{
    asked::Asked,
    control::Control,
    error::Error,
    owner::Of,
    room::{Room, Story, Trace, Who},
};

/// The hash of a request's body, for approvals that are bound to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyHash(pub(crate) String);

/// How long an operation waits for the database to have what happened before it.
const CATCH_UP_MAX: Duration = Duration::from_secs(2);

/// The most of a request that people are shown who approve it, in bytes of JSON.
const SHOWN_BYTES_MAX: usize = 16 * 1024;

/// A person whose identity is proven. It can do nothing but ask for a permit.
pub(crate) struct Desk {
    room: Arc<Room>,
    who: Who,
    trace: Trace,
    body: BodyHash,
    shown: Value,
    open: Option<&'static str>,
}

/// A permitted operation.
pub(crate) struct Act {
    room: Arc<Room>,
    story: Story,
    permit: AdminPermit,
}

impl FromRequestParts<Arc<Room>> for Desk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, room: &Arc<Room>) -> Result<Self, Error> {
        let who = parts.extensions.get::<Who>().cloned().ok_or(Error::Unauthenticated)?;
        let trace = parts.extensions.get::<Trace>().cloned().unwrap_or_default();
        let body = parts.extensions.get::<BodyHash>().cloned().unwrap_or_default();
        Ok(Self { room: Arc::clone(room), who, trace, body, shown: Value::Null, open: None })
    }
}

impl Desk {
    /// Says what people are shown where they must approve first. Nothing secret may be in it.
    pub(crate) fn showing(mut self, ask: &impl Serialize) -> Self {
        let shown = serde_json::to_value(ask).unwrap_or_default();
        let bytes = shown.to_string().len();
        let fits = bytes <= SHOWN_BYTES_MAX;
        self.shown = if fits { shown } else { json!({ "too_long_to_show_bytes": bytes }) };
        self
    }

    /// Names the field by which a request would say what it means, where it leaves that to the moment at
    /// which it is done. People cannot approve that beforehand.
    pub(crate) fn leaving(mut self, open: Option<&'static str>) -> Self {
        self.open = open;
        self
    }

    /// The name of the provider that is meant where nobody names it: the one that is called so, else
    /// the only one of the kind; empty where there is none. Policy is asked about it.
    pub(crate) fn provider_like(&self, name: &str, kind: ProviderKind) -> String {
        let snapshot = self.room.control.snapshots.load();
        let registry = &snapshot.registry;
        let mut of_kind = registry.providers().filter(|provider| provider.kind == kind);
        match (registry.provider(name), of_kind.next(), of_kind.next()) {
            (Some(called), ..) => called.name.clone(),
            (None, Some(only), None) => only.name.clone(),
            _ => String::new(),
        }
    }

    /// The desk of a person whose identity was proven otherwise than by the head of the request.
    pub(crate) fn of(room: Arc<Room>, who: Who, trace: Trace) -> Self {
        Self { room, who, trace, body: BodyHash::default(), shown: Value::Null, open: None }
    }

    /// Whoever asks.
    pub(crate) const fn who(&self) -> &Who {
        &self.who
    }

    /// The name of whoever asks.
    pub(crate) fn person(&self) -> String {
        self.who.person.name.clone()
    }

    /// Asks policy whether this person may do `operation` to `target`, which is empty for the
    /// tenant as a whole. A refusal is put on record.
    pub(crate) async fn permit(self, operation: Operation, target: &str) -> Result<Act, Error> {
        self.permit_of(operation, target, Of::Tenant).await
    }

    /// As [`Desk::permit`], for what somebody answers for.
    pub(crate) async fn permit_of(
        self,
        operation: Operation,
        target: &str,
        of: Of<'_>,
    ) -> Result<Act, Error> {
        let Self { room, who, trace, body, shown, open } = self;
        let control = &room.control;
        catch_up(control).await;
        let snapshot = control.snapshots.load();
        let glass = emergency(control, &who).await?;
        let owner = of.owner(control, &snapshot, who.tenant).await?;
        let mut story = Story {
            break_glass: glass.as_ref().map(|glass| glass.id),
            ends_at: ends_at(glass.as_ref(), &who),
            used: None,
            target: target.to_owned(),
            who,
            operation,
        };
        let act = AdminAct {
            actor: &story.who.person,
            operation,
            tenant: story.who.tenant,
            tenant_name: &story.who.tenant_name,
            target,
            owner: owner.as_deref(),
            approval: None,
            break_glass: glass.and_then(|glass| glass.ends_at),
            now: Timestamp::now(),
        };
        let asked =
            Asked { control, snapshot: &snapshot, story: &story, body: &body.0, shown, open };
        match decide(&snapshot, &act, asked).await {
            Ok(permit) => {
                if let Some(approval) = permit.approval() {
                    let used = (approval, RequestId::generate());
                    if let Err(error) = use_up(control, used).await {
                        room.note(refused(&story, &snapshot, &error)).await;
                        return Err(error);
                    }
                    story.used = Some(used);
                }
                Ok(begin(room, &trace, story, permit).await)
            }
            Err(error) => {
                room.note(refused(&story, &snapshot, &error)).await;
                Err(error)
            }
        }
    }

    /// Asks policy whether this person may vote on a question, and in which of the roles that it
    /// waits for. `role` narrows them to one. A refusal is put on record, also where there is no
    /// such question.
    pub(crate) async fn vote(
        self,
        operation: Operation,
        id: ApprovalId,
        role: Option<&str>,
    ) -> Result<(Act, BTreeSet<String>), Error> {
        let Self { room, who, trace, .. } = self;
        let control = &room.control;
        let snapshot = control.snapshots.load();
        let glass = emergency(control, &who).await?;
        let story = Story {
            break_glass: glass.as_ref().map(|glass| glass.id),
            ends_at: ends_at(glass.as_ref(), &who),
            used: None,
            target: id.to_string(),
            who,
            operation,
        };
        let said = match control.store.approvals().get(id).await {
            Ok(approval) if approval.subject.tenant == story.who.tenant => {
                let ends_at = glass.as_ref().and_then(|glass| glass.ends_at);
                voice::of(&snapshot, &story.who, &approval, role).and_then(|said| {
                    voice::may_raise(&snapshot, &story, ends_at, &approval).map(|()| said)
                })
            }
            Ok(_) => Err(approvals::Error::Missing { id }.into()),
            Err(error) => Err(error.into()),
        };
        match said {
            Ok((permit, roles)) => Ok((begin(room, &trace, story, permit).await, roles)),
            Err(error) => {
                let ends_at = glass.and_then(|glass| glass.ends_at);
                let error = voice::told(&snapshot, &story, ends_at, error);
                room.note(refused(&story, &snapshot, &error)).await;
                Err(error)
            }
        }
    }
}

/// Waits until the database has every call that was answered before, so that whoever asks after a call
/// finds it. Not for long: a database that is slow is told of by what is asked of it.
async fn catch_up(control: &Control) {
    let caught_up = tokio::time::timeout(CATCH_UP_MAX, control.store.catch_up()).await;
    if !matches!(caught_up, Ok(Ok(()))) {
        tracing::debug!("the database is behind; what is told may lack the last calls");
    }
}

/// The emergency rights that a person has now, by the database's clock.
pub(crate) async fn emergency(control: &Control, who: &Who) -> Result<Option<Approval>, Error> {
    let active = control.store.approvals().active_break_glass().await?;
    let own = |glass: &Approval| {
        let subject = &glass.subject;
        subject.tenant == who.tenant
            && subject.requester_kind == RequesterKind::User
            && subject.requester == who.person.name
    };
    Ok(active.into_iter().rev().find(own))
}

/// When what a person makes must end, where the person's rights do.
fn ends_at(glass: Option<&Approval>, who: &Who) -> Option<Timestamp> {
    let rights = glass.and_then(|glass| glass.ends_at);
    rights.into_iter().chain(who.ends_at).min()
}

/// What policy says, and where it asks for an approval, people.
async fn decide(
    snapshot: &Snapshot,
    act: &AdminAct<'_>,
    asked: Asked<'_>,
) -> Result<AdminPermit, Error> {
    match snapshot.policy.administer(act) {
        Ok(permit) => Ok(permit),
        Err(denial) => {
            let DenyReason::ApprovalRequired { need } = &denial.reason else {
                return Err(Error::Denied(denial));
            };
            let given = asked.people(need, &denial).await?;
            // Policy has the last word also on what people say.
            let act = AdminAct { approval: Some(&given), ..*act };
            snapshot.policy.administer(&act).map_err(Error::Denied)
        }
    }
}

async fn use_up(control: &Control, (id, act): (ApprovalId, RequestId)) -> Result<(), Error> {
    if control.store.approvals().consume(id, act).await? {
        return Ok(());
    }
    // Of two that came with the same approval, the other was faster.
    let status = control.store.approvals().get(id).await?.status;
    Err(approvals::Error::AlreadyDecided { id, status }.into())
}

/// Begins a permitted operation. Emergency rights are loud: whatever is done under them is told and
/// on record, also what only looks.
async fn begin(room: Arc<Room>, trace: &Trace, story: Story, permit: AdminPermit) -> Act {
    if let Some(approval) = story.break_glass {
        tracing::warn!(person = %story.who.person.name, %approval,
            operation = story.operation.as_str(), target = %story.target,
            "an operation under break-glass");
        if story.operation.is_read_only() {
            let detail = json!({ "policies": permit.policies() });
            room.note(story.record("ok", permit.commit(), detail)).await;
        }
    }
    if !story.operation.is_read_only() || story.used.is_some() {
        trace.begin(story.clone(), permit.commit().to_owned());
    }
    Act { room, story, permit }
}

/// The record of an operation that was refused, whoever refused it.
fn refused(story: &Story, snapshot: &Snapshot, error: &Error) -> Record {
    let none = Vec::new();
    let policies = match error {
        Error::Denied(Denial { policies, .. })
        | Error::ApprovalRequired { denial: Denial { policies, .. }, .. } => policies,
        _ => &none,
    };
    let fault = error.refusal().error;
    let mut detail = json!({ "reason": fault.message, "policies": policies });
    if let (Some(approval), Value::Object(fields)) = (fault.approval, &mut detail) {
        fields.insert("approval".to_owned(), json!(approval.id));
    }
    story.record(&fault.code, snapshot.policy.commit(), detail)
}

impl Act {
    pub(crate) fn control(&self) -> &Control {
        &self.room.control
    }

    pub(crate) const fn permit(&self) -> &AdminPermit {
        &self.permit
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.story.who.tenant
    }

    pub(crate) fn tenant_name(&self) -> &str {
        &self.story.who.tenant_name
    }

    /// The name of whoever acts.
    pub(crate) fn actor(&self) -> &str {
        &self.story.who.person.name
    }

    /// The author of a commit to the tree.
    pub(crate) fn author(&self) -> String {
        // A name may hold what git takes for the end of a name.
        let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.@".contains(*c);
        let name: String = self.actor().chars().filter(plain).collect();
        format!("{name} <{name}@orchestack>")
    }

    /// When a credential ends that this operation makes: as it is wished, but no later than the rights by
    /// which it is made.
    pub(crate) fn ends_at(&self, wished: Option<Timestamp>) -> Option<Timestamp> {
        wished.into_iter().chain(self.story.ends_at).min()
    }

    /// The record of this operation as done. `detail` names what was changed, never a secret.
    pub(crate) fn record(&self, detail: Value) -> Record {
        let mut detail = detail;
        if let Value::Object(fields) = &mut detail {
            fields.insert("policies".to_owned(), json!(self.permit.policies()));
        }
        self.story.record("ok", self.permit.commit(), detail)
    }

    /// Loads the snapshot again, so that the answer comes after the change is in force here.
    pub(crate) async fn reload(&self) -> Result<(), Error> {
        self.control().snapshots.reload().await?;
        Ok(())
    }
}
