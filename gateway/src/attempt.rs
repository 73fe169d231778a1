//! The attempts of one request: each permitted model of the plan in turn, each with a hold of its
//! own, until one answers. Only before the first byte went to the caller is there a next one.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use dlp::{Findings, Kind};
use policy::Permit;
use providers::Echo;
use router::{Choice, Model, Outcome, Plan, Provider};
use serde_json::json;
use snapshot::Snapshot;
use tracing::Instrument;
use types::{Code, Credential, Request, Timestamp};

use crate::{
    asked,
    bill::{Bill, Known as Used},
    caller::Known,
    deliver::{read_body, streamed, whole},
    downstream::Downstream,
    gate::Gate,
    head::head,
    limits::{Limited, Tokens},
    metrics, quote,
    refusal::Refusal,
    reserve::reserve,
    source::recycle,
    span,
    trail::{Served, Trail},
    upstream::{Endpoint, Failure, Limits, Response},
    wishes::Wishes,
};

/// Tries of one model while its pooled connections turn out dead.
const STALE_TRIES: usize = 3;
/// The largest error body that is read from a provider.
const ERROR_BYTES_MAX: usize = 64 << 10;

/// A permitted request, ready to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) permit: &'a Permit,
    pub(crate) known: &'a Known<'a>,
    pub(crate) request: &'a Request,
    /// What of it only the answer's form needs.
    pub(crate) echo: &'a Echo,
    pub(crate) findings: &'a Findings,
    pub(crate) wishes: &'a Wishes,
    /// What it took of its caller's limits of tokens.
    pub(crate) tokens: &'a Arc<Tokens>,
    /// About how long its input is, in tokens.
    pub(crate) input_tokens: u64,
    pub(crate) now: Timestamp,
}

/// Why an attempt gave no answer.
pub(crate) struct Lost {
    pub(crate) refusal: Refusal,
    pub(crate) next: Next,
}

/// What may be tried after a lost attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The same model again: a pooled connection was dead.
    Same,
    /// The next model of the plan.
    Other,
    /// Nothing: the request itself is at fault, or the caller left.
    Nothing,
}

/// Answers with the first model of the plan that can.
pub(crate) async fn answer(
    gate: &Gate,
    order: &Order<'_>,
    plan: &Plan,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Refusal> {
    let mut last: Option<Refusal> = None;
    gate.request();
    for choice in plan.attempts() {
        // Providers that fail for everybody must not be asked by everybody twice.
        if last.is_some() && !gate.retry() {
            break;
        }
        for _ in 0..STALE_TRIES {
            let span = span::of_attempt(choice, trail.endpoint);
            let tried = attempt(gate, order, choice, trail, down).instrument(span.clone()).await;
            let Err(lost) = tried else { return Ok(()) };
            span::lost(&span, lost.refusal.code);
            trail.attempts.push(json!({
                "model": choice.model, "provider": choice.provider, "outcome": lost.refusal.code,
            }));
            let next = lost.next;
            last = Some(lost.refusal);
            match next {
                Next::Same => {}
                Next::Other => break,
                Next::Nothing => return Err(last.unwrap_or_else(nothing_tried)),
            }
        }
    }
    Err(last.unwrap_or_else(nothing_tried))
}

/// One try at one model, from the hold to the answer's last byte.
async fn attempt(
    gate: &Gate,
    order: &Order<'_>,
    choice: &Choice,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    let to = Destination::of(gate, order, choice)?;
    let full =
        || lost(Code::Overloaded, "the provider has as many requests as it may", Next::Other);
    let _place = gate.place(to.provider).ok_or_else(full)?;
    let (bill, response) = ask(gate, order, &to, trail).await?;
    trail.served = Some(Served {
        model: to.model.id.clone(),
        provider: to.provider.name.clone(),
        cost: None,
        usage: None,
    });
    if order.request.streams() {
        streamed(gate, order, &to, bill, response, trail, down).await
    } else {
        whole(gate, order, &to, bill, response, trail, down).await
    }
}

/// Asks one model, from the hold to the head of its answer. Nobody need be waiting: with
/// [`crate::deliver::taken`] behind it, this is the way for what the gateway itself wants to ask.
pub(crate) async fn ask(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    trail: &mut Trail,
) -> Result<(Bill, Response), Lost> {
    let request = to.redacted(order, trail)?;
    let limits = order.snapshot.upstream_limits(&to.provider.name, &to.model.id);
    let passes = gate.limits.enter(&limits).await;
    let mut passes = passes.map_err(|full| to.limited(&full, trail))?;
    let tokens = gate.limits.tokens(&mut passes, asked::estimate(&request)).await;
    let tokens = tokens.map_err(|full| to.limited(&full, trail))?;
    let (bill, body) = reserve(gate, order, to, &request, tokens, trail).await?;
    match send(gate, to, &request, body, trail).await {
        Ok(response) => Ok((bill, response)),
        Err((used, lost)) => {
            bill.close(used, lost.refusal.code.as_str());
            Err(lost)
        }
    }
}

/// A model of the plan with all that is needed to call it.
pub(crate) struct Destination<'a> {
    pub(crate) model: &'a Model,
    pub(crate) provider: &'a Provider,
    pub(crate) endpoint: Endpoint,
    pub(crate) price: Arc<budget::Price>,
    pub(crate) credential: Option<&'a Credential>,
    pub(crate) limits: Limits,
    /// Whether policy wants this call recorded in full.
    pub(crate) log_full: bool,
    /// Whether policy wants its record on the disk before it goes out.
    pub(crate) audit_required: bool,
}

impl<'a> Destination<'a> {
    pub(crate) fn of(gate: &Gate, order: &Order<'a>, choice: &Choice) -> Result<Self, Lost> {
        let registry = &order.snapshot.registry;
        let gone = || lost(Code::NoRoute, "the model is no longer registered", Next::Other);
        let model = registry.model(&choice.model).ok_or_else(gone)?;
        let provider = registry.provider(&model.provider).ok_or_else(gone)?;
        let price = order.snapshot.price(model, order.now).ok_or_else(gone)?;
        let endpoint = Endpoint::parse(&provider.base_url)
            .map_err(|why| lost(Code::UpstreamFailed, why.to_string(), Next::Other))?;
        let credential = order.snapshot.credential(&provider.name);
        let limits = gate.upstreams.limits().with(&provider.timeouts);
        let allowed = order.permit.allowed(&model.id).ok_or_else(gone)?;
        let policy::Obligations { log_full, audit_required, .. } = *allowed.obligations();
        Ok(Self { model, provider, endpoint, price, credential, limits, log_full, audit_required })
    }

    /// Takes note of what happened at this endpoint.
    pub(crate) fn note(&self, gate: &Gate, outcome: Outcome) {
        let now = gate.moment();
        gate.health(|table| table.record(&self.provider.name, &self.model.id, outcome, now));
        let name = match outcome {
            Outcome::Dispatched | Outcome::Began { .. } => return,
            Outcome::Answered(_) => "answered",
            Outcome::Failed => "failed",
            Outcome::Busy { .. } => "busy",
            Outcome::Nothing => "nothing",
        };
        metrics::ATTEMPTS.with_label_values(&[self.provider.name.as_str(), name]).inc();
    }

    /// The lost attempt of a model that has been asked for as much as it may.
    fn limited(&self, full: &Limited, trail: &mut Trail) -> Lost {
        trail.limited = Some(full.record());
        Lost { refusal: full.refusal(), next: Next::Other }
    }

    /// The lost attempt of a failure before any answer.
    fn failed(&self, failure: &Failure) -> Lost {
        let (code, next) = match failure {
            Failure::Timeout => (Code::UpstreamTimeout, Next::Other),
            Failure::Stale => (Code::UpstreamFailed, Next::Same),
            Failure::BadAddress(_) | Failure::Connect | Failure::Broken => {
                (Code::UpstreamFailed, Next::Other)
            }
        };
        lost(code, format!("provider `{}`: {failure}", self.provider.name), next)
    }

    /// The request as this model may see it: what the permit wants redacted is gone. Where a value
    /// cannot be taken out, the model does not see the request at all.
    fn redacted<'r>(&self, order: &Order<'r>, trail: &mut Trail) -> Result<Cow<'r, Request>, Lost> {
        let obliged = order.permit.allowed(&self.model.id).map(|allowed| allowed.obligations());
        let kinds: Vec<Kind> = obliged
            .map(|obliged| obliged.redact.iter().filter_map(|kind| kind.parse().ok()).collect())
            .unwrap_or_default();
        if !order.findings.findings.iter().any(|finding| kinds.contains(&finding.kind)) {
            return Ok(Cow::Borrowed(order.request));
        }
        let mut request = order.request.clone();
        let redaction = order.snapshot.dlp.redact(&mut request, order.findings, &kinds);
        if redaction.after.findings.iter().any(|finding| kinds.contains(&finding.kind)) {
            let message = "policy wants data redacted that cannot be taken out of this request";
            return Err(lost(Code::DlpBlocked, message, Next::Other));
        }
        trail.redacted = redaction.replaced;
        for finding in order.findings.findings.iter().filter(|f| kinds.contains(&f.kind)) {
            metrics::FINDINGS.with_label_values(&[finding.kind.as_str(), "redact"]).inc();
        }
        Ok(Cow::Owned(request))
    }
}

/// Connects, sends, and reads the head of the answer. The hold is marked as dispatched already; where
/// not one byte went out its charge is nothing.
async fn send(
    gate: &Gate,
    to: &Destination<'_>,
    request: &Request,
    body: Bytes,
    trail: &Trail,
) -> Result<Response, (Used, Lost)> {
    let (path, headers) = head(to, request, &body).map_err(|lost| (Used::Refused, lost))?;
    let connection =
        gate.upstreams.connect(&to.endpoint, to.limits.connect).await.map_err(|failure| {
            to.note(gate, Outcome::Failed);
            (Used::Refused, to.failed(&failure))
        })?;
    to.note(gate, Outcome::Dispatched);
    metrics::ADDED.observe(trail.started.elapsed().as_secs_f64());
    // An answer that is not streamed has its first byte when it is done.
    let limit = if request.streams() { to.limits.first_byte } else { to.limits.total };
    let posted = connection.post(&to.endpoint, &path, &headers, body, limit).await;
    let response = posted.map_err(|failure| {
        let used = match failure {
            Failure::Connect | Failure::BadAddress(_) => Used::Refused,
            // A pooled connection may have died before the request or after its work was done.
            // Nobody can tell, and a books' figure below the bill is the worse of the two errors.
            Failure::Stale | Failure::Broken | Failure::Timeout => Used::Nothing,
        };
        to.note(gate, if failure == Failure::Stale { Outcome::Nothing } else { Outcome::Failed });
        (used, to.failed(&failure))
    })?;
    if response.status == 200 {
        return Ok(response);
    }
    Err((Used::Refused, refused(gate, to, response).await))
}

/// Reads what a provider refused with, and decides whether another model may be tried.
async fn refused(gate: &Gate, to: &Destination<'_>, mut response: Response) -> Lost {
    let (status, retry_after) = (response.status, response.retry_after);
    let read = read_body(&mut response, ERROR_BYTES_MAX);
    let body = tokio::time::timeout(to.limits.idle, read).await.ok().and_then(Result::ok);
    match body {
        Some(_) => recycle(&gate.upstreams, response).await,
        None => response.stop().await,
    }
    let error = quote::dialect(to.provider).decode_error(status, &body.unwrap_or_default());
    let retry_after = retry_after.or(error.retry_after);
    let name = &to.provider.name;
    let told = if error.message.is_empty() { &error.kind } else { &error.message };
    let outcome = match status {
        429 | 503 | 529 => {
            Outcome::Busy { retry_after: retry_after.map(std::time::Duration::from_secs) }
        }
        500.. => Outcome::Failed,
        _ => Outcome::Nothing,
    };
    to.note(gate, outcome);
    let message = format!("provider `{name}` answered {status}: {told}");
    if error.retryable || error.context_length_exceeded {
        let code =
            if error.context_length_exceeded { Code::InvalidRequest } else { Code::UpstreamFailed };
        let mut lost = lost(code, message, Next::Other);
        lost.refusal.retry_after = retry_after;
        return lost;
    }
    match error.status {
        // Our own credential, account or registration is at fault: another provider may do.
        401..=405 => lost(Code::UpstreamFailed, message, Next::Other),
        400..=499 => lost(Code::InvalidRequest, message, Next::Nothing),
        _ => lost(Code::UpstreamFailed, message, Next::Other),
    }
}

pub(crate) fn lost(code: Code, message: impl Into<String>, next: Next) -> Lost {
    Lost { refusal: Refusal::new(code, message), next }
}

fn nothing_tried() -> Refusal {
    Refusal::new(Code::NoRoute, "the plan has no model left to try")
}
