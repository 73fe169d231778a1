//! What happened to one request of an MCP client: its span, its metrics, and the audit record of one that was
//! refused. Calls of tools have records of their own.

use serde::Serialize;
use snapshot::Snapshot;
use tracing::Span;
use types::{
    RequestId, SessionId, Trace,
    audit::{Detail, Kind},
};

use super::route::Route;
use crate::{
    caller::Known,
    gate::Gate,
    metrics,
    refusal::Refusal,
    serve, span,
    trail::{Trail, Who},
};

/// The action of a request's record, whatever it asks for.
const USE_SESSION: &str = "useMcpSession";

/// The story of one request so far.
pub(super) struct Note {
    pub(super) request: RequestId,
    path: String,
    pattern: &'static str,
    who: Option<Who>,
    pub(super) commit: String,
    pub(super) session: Option<SessionId>,
}

impl Note {
    pub(super) fn new(request: RequestId, route: &Route) -> Self {
        let (path, pattern) = (route.path(), route.pattern());
        Self { request, path, pattern, who: None, commit: String::new(), session: None }
    }

    /// Takes note of who calls.
    pub(super) fn enter(&mut self, snapshot: &Snapshot, known: &Known<'_>) {
        self.commit.clone_from(&snapshot.commit);
        self.who = Some(Who {
            tenant: known.caller.tenant,
            agent: known.agent.id.to_string(),
            auth: known.auth(),
        });
    }

    pub(super) fn span(&self, traceparent: Option<&str>) -> Span {
        span::of_mcp(self.request, traceparent)
    }

    /// Counts the request, and writes down that it was refused. Who is not known has no log to be in.
    pub(super) async fn end(&self, gate: &Gate, span: &Span, refusal: Option<&Refusal>) {
        let outcome = Trail::outcome(refusal.map(|refusal| refusal.code));
        span::mcp_ended(span, outcome);
        metrics::REQUESTS.with_label_values(&[self.pattern, "", "", outcome]).inc();
        let (Some(who), Some(_)) = (&self.who, refusal) else { return };
        let detail = Refused { session: self.session, trace: span::trace() };
        let facts = (self.request, self.commit.clone(), self.path.clone());
        let kind = (Kind::Decision, USE_SESSION);
        let record = who.clone().record(kind, facts, outcome, Detail::of(&detail));
        serve::write(gate, record, || None).await;
    }
}

/// The detail of a refused request's record.
#[derive(Serialize)]
struct Refused {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
}
