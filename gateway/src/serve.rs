//! The life of a request, told once, top to bottom. Nothing else knows the order.
//!
//! ```text
//! caller -> rate limits -> parse -> dlp: findings, label -> policy: Permit -> router: Plan
//!        -> per attempt: an answer given before, or hold (or ask people for more) -> dispatch
//!        -> ask -> stream out -> settle and audit
//! ```

use std::{panic::AssertUnwindSafe, time::Duration};

use bytes::Bytes;
use dlp::Findings;
use providers::{Echo, Endpoint};
use router::{Candidates, Plan};
use serde_json::json;
use snapshot::{Snapshot, keys::sha256_hex};
use tracing::Instrument;
use types::{Code, Content, Label, Request, RequestId, Timestamp, audit::Record};

use crate::{
    approval, asked,
    attempt::Order,
    authorize::{Authorized, Call, Unmet, authorize},
    caller::{self, Known},
    downstream::{Downstream, Left},
    gate::Gate,
    memory, metrics, pause,
    refusal::Refusal,
    session::{self, Joined},
    span,
    tool::function::Flow,
    trail::{Trail, Who},
    wishes::Wishes,
};

/// Serves one request of any API and leaves its traces: span, metrics, audit.
pub(crate) async fn serve(
    gate: &Gate,
    (endpoint, id): (Endpoint, RequestId),
    down: &mut Downstream<'_>,
) -> Result<(), Left> {
    let mut trail = Trail::new(id, endpoint);
    let span = span::of_request(id, endpoint, down.header("traceparent"));
    let result = answer(gate, &mut trail, down).instrument(span.clone()).await;
    let outcome = Trail::outcome(result.as_ref().err().map(|refusal| refusal.code));
    span::finish(&span, &trail, outcome);
    let told = match result {
        Ok(()) => Ok(()),
        Err(refusal) => refuse(gate, &trail, &refusal, down).await,
    };
    let (model, provider) =
        trail.served.as_ref().map_or(("", ""), |s| (s.model.as_str(), s.provider.as_str()));
    metrics::REQUESTS.with_label_values(&[endpoint.path(), model, provider, outcome]).inc();
    told
}

/// The straight path of one request. Each step needs what the step above it returned.
async fn answer(gate: &Gate, trail: &mut Trail, down: &mut Downstream<'_>) -> Result<(), Refusal> {
    let now = Timestamp::now();
    let snapshot = gate.snapshots.load();
    let known = caller::authenticate(gate, &snapshot, down, now)?;
    trail.enter(&snapshot, &known);
    let wishes = Wishes::of(down, &known)?;
    trail.session = wishes.session.map(|id| id.to_string());
    let limits = snapshot.limits(known.agent, &known.caller);
    let mut passes = trail.within(gate.limits.enter(&limits).await)?;
    trail.limits.clone_from(&passes.told);
    let body = down.body(gate.options.body_bytes_max, gate.options.body_rate_min).await?;
    trail.input_hash = Some(sha256_hex(&body));
    let (mut request, mut echo) = parse(trail, &body)?;
    let before = memory::recall(gate, &known, &mut request, &mut echo).await?;
    let taken = trail.within(gate.limits.tokens(&mut passes, asked::estimate(&request)).await)?;
    trail.limits.clone_from(&passes.told);
    let findings = inspect(&snapshot, &mut request, body.len() + before.bytes, trail);
    drop(body);
    let about = (&known, &wishes);
    let flow = Flow::join(gate, &snapshot, about, (&request, trail.request)).await?;
    let label = findings.label.join(least(&known, &wishes)).join(before.label).join(flow.label);
    let joined = session::join(gate, trail, about, &mut request, label).await?;
    let Joined { label, seen, mentioned } = joined;
    trail.label = Some(label);
    let candidates = candidates(&snapshot, &known, &request, &wishes)?;
    let call = Call {
        now,
        label,
        known: &known,
        wishes: &wishes,
        request: &request,
        flow: &flow,
        findings: &findings,
        input_bound: asked::input_bound(&request),
        input_tokens: asked::input_tokens(&request),
    };
    let asked = (&*snapshot, &call, &candidates);
    let Authorized { permit, plan } = permitted(gate, trail, asked, down).await?;
    trail.plan(&permit, &plan);
    echo.store &= memory::may_keep(gate, &permit, &findings, label);
    if wishes.dry_run {
        return explain(gate, trail, &plan, down).await;
    }
    gate.deep.hand(&snapshot, seen.as_ref(), trail, (&request, &findings));
    let order = Order {
        snapshot: &snapshot,
        permit: &permit,
        known: &known,
        request: &request,
        echo: &echo,
        findings: &findings,
        wishes: &wishes,
        seen,
        flow: &flow,
        mentioned: &mentioned,
        tokens: &taken,
        input_tokens: call.input_tokens,
        now,
    };
    let used = approval::Used::take(gate, (permit.approval(), permit.request())).await?;
    let answered = pause::answer(gate, order, &plan, trail, down).await;
    used.end(gate, trail.decided).await;
    answered
}

/// What policy permits, once people are heard where it wants that.
async fn permitted(
    gate: &Gate,
    trail: &mut Trail,
    (snapshot, call, candidates): (&Snapshot, &Call<'_>, &Candidates<'_>),
    down: &mut Downstream<'_>,
) -> Result<Authorized, Refusal> {
    let authorized = authorize(gate, trail, snapshot, call, candidates, None).await;
    let (need, refusal) = match authorized {
        Err(Unmet { need: Some(need), refusal }) => (need, refusal),
        authorized => return authorized.map_err(|unmet| unmet.refusal),
    };
    let given = approval::people(gate, (snapshot, call, &need), trail, down, refusal).await?;
    let authorized = authorize(gate, trail, snapshot, call, candidates, Some(&given)).await;
    authorized.map_err(|unmet| unmet.refusal)
}

/// The label that a request, or a call of a tool, has whatever is in it: its agent's, and what its caller says of it.
pub(crate) fn least(known: &Known<'_>, wishes: &Wishes) -> Label {
    known.agent.label.unwrap_or(Label::Public).join(wishes.label)
}

/// Does what takes its time for a body of this length. A long one would hold up the other requests
/// of this thread, which move to another one first.
pub(crate) fn work_on<T>(body_bytes: usize, work: impl FnOnce() -> T) -> T {
    const LONG: usize = 256 << 10;
    if body_bytes > LONG { tokio::task::block_in_place(work) } else { work() }
}

fn parse(trail: &mut Trail, body: &Bytes) -> Result<(Request, Echo), Refusal> {
    let endpoint = trail.endpoint;
    let (request, echo) = work_on(body.len(), || endpoint.decode_request(body))?;
    request.model().clone_into(&mut trail.asked);
    Ok((request, echo))
}

/// Inspects the request.
pub(crate) fn inspect(
    snapshot: &Snapshot,
    request: &mut Request,
    body_bytes: usize,
    trail: &mut Trail,
) -> Findings {
    let findings = inspected(snapshot, request, body_bytes);
    trail.found(&findings);
    findings
}

/// What is found in so many bytes. A panic in the engine is their top label, not the process's end.
pub(crate) fn inspected(snapshot: &Snapshot, content: &mut impl Content, bytes: usize) -> Findings {
    let inspect = AssertUnwindSafe(|| snapshot.dlp.inspect(content));
    let inspected = work_on(bytes, || std::panic::catch_unwind(inspect));
    inspected.unwrap_or_else(|_| {
        tracing::error!("the inspection failed; what was inspected is treated as restricted");
        Findings {
            label: Label::Restricted,
            rules: Vec::new(),
            findings: Vec::new(),
            complete: false,
        }
    })
}

pub(crate) fn candidates<'s>(
    snapshot: &'s Snapshot,
    known: &Known<'_>,
    request: &Request,
    wishes: &Wishes,
) -> Result<Candidates<'s>, Refusal> {
    let (registry, purpose) = (&snapshot.registry, asked::purpose(request));
    let fits = |name: &&str| registry.resolve(name).is_none_or(|m| m.purpose() == purpose);
    let preferred = known.agent.model.as_deref().filter(|_| request.model() == "auto").filter(fits);
    let asked = preferred.unwrap_or(request.model());
    let found = router::candidates(registry, purpose, asked).map_err(|unknown| Refusal {
        param: Some("model".to_owned()),
        ..Refusal::new(Code::ModelNotFound, unknown.to_string())
    })?;
    if wishes.probe {
        let message = "`x-orchestack-probe` asks what one model can: name it";
        let param = Some("model".to_owned());
        return found.alone().ok_or_else(|| Refusal { param, ..Refusal::invalid(message) });
    }
    Ok(found.with_fallbacks(&known.agent.fallbacks))
}

/// Tells what would be done, and does nothing: no hold, no call.
async fn explain(
    gate: &Gate,
    trail: &Trail,
    plan: &Plan,
    down: &mut Downstream<'_>,
) -> Result<(), Refusal> {
    record(gate, trail, "dry_run", &[]).await;
    let body = json!({
        "object": "orchestack.dry_run",
        "request_id": trail.request.to_string(),
        "commit": trail.commit,
        "label": trail.label,
        "findings": trail.findings,
        "permits": trail.permits,
        "difficulty": plan.difficulty(),
        "attempts": plan.attempts(),
        "dropped": plan.dropped(),
        "scorer": trail.scorer,
    });
    let _ =
        down.reply(200, "application/json", &trail.headers(), Bytes::from(body.to_string())).await;
    Ok(())
}

/// Audits a refusal and tells the caller. An attempt that was paid for has its own record.
async fn refuse(
    gate: &Gate,
    trail: &Trail,
    refusal: &Refusal,
    down: &mut Downstream<'_>,
) -> Result<(), Left> {
    if !trail.decided {
        record(gate, trail, refusal.code.as_str(), &refusal.policies).await;
    }
    if down.gone() || down.started() {
        return Err(Left);
    }
    refusal.tell(down, (trail.api(), trail.request), &trail.commit, trail.headers()).await
}

/// How long a refusal waits for its record. The record stays with the writer beyond that.
const RECORD_TIME: Duration = Duration::from_secs(1);

/// Writes the record of a decision, cut short where it is too large. A denial stays a denial where
/// that fails; the gap is counted.
pub(crate) async fn record(gate: &Gate, trail: &Trail, outcome: &str, policies: &[String]) {
    if let Some(whole) = trail.decision(outcome, policies, None) {
        write(gate, whole, || trail.short_decision(outcome, policies)).await;
    }
}

/// Writes a record, or the short one in its place where it is too large. Whether it is written: one that is late is
/// not, whatever becomes of it.
pub(crate) async fn write(
    gate: &Gate,
    whole: Record,
    short: impl FnOnce() -> Option<Record>,
) -> bool {
    let append = async {
        match gate.audit.append(whole).await {
            Err(too_large @ store::Error::RecordTooLarge { .. }) => match short() {
                Some(short) => gate.audit.append(short).await,
                None => Err(too_large),
            },
            written => written,
        }
    };
    let written = tokio::time::timeout(RECORD_TIME, append).await;
    match written {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => {
            metrics::UNWRITTEN.with_label_values(&["audit"]).inc();
            tracing::error!(%error, "an audit record could not be written");
        }
        Err(_) => metrics::UNWRITTEN.with_label_values(&["audit_in_time"]).inc(),
    }
    false
}

impl Trail {
    /// Takes note of who calls, and of the commit that decides.
    pub(crate) fn enter(&mut self, snapshot: &Snapshot, known: &Known<'_>) {
        self.commit.clone_from(&snapshot.commit);
        self.caller = Some(Who {
            tenant: known.caller.tenant,
            agent: known.agent.id.to_string(),
            auth: known.auth(),
        });
    }
}
