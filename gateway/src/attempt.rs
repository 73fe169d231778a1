//! The attempts of one request: each permitted model of the plan in turn, each with a hold of its
//! own, until one answers. Only before the first byte went to the caller is there a next one.

use std::{collections::BTreeSet, ops::Deref, sync::Arc};

use dlp::{Findings, Kind};
use policy::{Obligations, Permit};
use providers::Echo;
use router::{Choice, Model, Outcome, Plan, Provider};
use snapshot::Snapshot;
use store::vault::Owner;
use tokio::time::Instant;
use types::{Code, Credential, Request, Timestamp};

use crate::{
    cache,
    caller::Known,
    downstream::Downstream,
    gate::Gate,
    hedge::{Turn, turn},
    limits::{Limited, Tokens},
    metrics,
    refusal::Refusal,
    screen::{covers, selectors},
    session,
    tokens::{Map, Redacted, Work},
    tool::function::Flow,
    trail::Trail,
    upstream::{Endpoint, Failure, Limits},
    wishes::Wishes,
};

/// Tries of one model while its pooled connections turn out dead.
const STALE_TRIES: usize = 3;

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
    /// Its session, where it has one.
    pub(crate) seen: Option<session::Seen>,
    /// Whose words are in it, and in its session.
    pub(crate) flow: &'a Flow,
    /// What of it has the form of our tokens; nothing without a session.
    pub(crate) mentioned: &'a BTreeSet<String>,
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
    let mut choices = plan.attempts();
    gate.request();
    while let [choice, others @ ..] = choices {
        choices = others;
        // Providers that fail for everybody must not be asked by everybody twice.
        if last.is_some() && !gate.retry() {
            break;
        }
        for _ in 0..STALE_TRIES {
            let tried = turn(gate, order, (choice, choices.first()), trail, down).await;
            let Err(Turn { lost, hedged }) = tried else { return Ok(()) };
            if hedged {
                choices = choices.get(1..).unwrap_or_default();
            }
            last = Some(lost.refusal);
            match lost.next {
                Next::Same if !hedged => {}
                Next::Same | Next::Other => break,
                Next::Nothing => return Err(last.unwrap_or_else(nothing_tried)),
            }
        }
    }
    Err(last.unwrap_or_else(nothing_tried))
}

/// A model of the plan with all that is needed to call it.
pub(crate) struct Destination<'a> {
    /// The request as this model may see it.
    pub(crate) request: Seen<'a>,
    pub(crate) model: &'a Model,
    pub(crate) provider: &'a Provider,
    pub(crate) endpoint: Endpoint,
    pub(crate) price: Arc<budget::Price>,
    pub(crate) credential: Option<&'a Credential>,
    pub(crate) limits: Limits,
    /// The values that tokens of the request stand for, where there are any.
    pub(crate) tokens: Option<Arc<Map>>,
    /// Whether policy wants this call recorded in full.
    pub(crate) log_full: bool,
    /// Whether policy wants its record on the disk before it goes out.
    pub(crate) audit_required: bool,
    /// Where its answer is kept to be given again, if it is.
    pub(crate) kept_at: Option<cache::Place>,
}

/// A request as one model may see it.
pub(crate) enum Seen<'a> {
    /// As it came.
    Whole(&'a Request),
    /// Without what policy wants redacted.
    Redacted(Box<Request>),
}

impl Deref for Seen<'_> {
    type Target = Request;

    fn deref(&self) -> &Request {
        match self {
            Self::Whole(request) => request,
            Self::Redacted(request) => request,
        }
    }
}

impl<'a> Destination<'a> {
    pub(crate) async fn of(
        gate: &Gate,
        order: &Order<'a>,
        choice: &Choice,
        trail: &mut Trail,
    ) -> Result<Self, Lost> {
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
        let obligations = allowed.obligations();
        let (request, tokens) = redacted(gate, order, obligations, trail).await?;
        Ok(Self {
            request,
            tokens,
            model,
            provider,
            endpoint,
            price,
            credential,
            limits,
            log_full: obligations.log_full,
            audit_required: obligations.audit_required,
            kept_at: None,
        })
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
            Outcome::Overtaken { .. } => "overtaken",
            Outcome::Nothing => "nothing",
        };
        metrics::ATTEMPTS.with_label_values(&[self.provider.name.as_str(), name]).inc();
    }

    /// Takes note of how long a caller's request has taken its provider, now that the exchange is over.
    pub(crate) fn took(&self, arrived: Instant) {
        let seconds = arrived.elapsed().as_secs_f64();
        metrics::UPSTREAM.with_label_values(&[self.provider.name.as_str()]).observe(seconds);
    }

    /// The lost attempt of a model that has been asked for as much as it may.
    pub(crate) fn limited(&self, full: &Limited, trail: &mut Trail) -> Lost {
        trail.limited = Some(full.record());
        Lost { refusal: full.refusal(), next: Next::Other }
    }

    /// The lost attempt of a failure before any answer.
    pub(crate) fn failed(&self, failure: &Failure) -> Lost {
        let (code, next) = match failure {
            Failure::Timeout => (Code::UpstreamTimeout, Next::Other),
            Failure::Stale => (Code::UpstreamFailed, Next::Same),
            Failure::BadAddress(_) | Failure::Connect | Failure::Broken => {
                (Code::UpstreamFailed, Next::Other)
            }
        };
        lost(code, format!("provider `{}`: {failure}", self.provider.name), next)
    }
}

/// The request as a model may see it: what the permit wants redacted is gone. Where a value cannot be
/// taken out, the model does not see the request at all.
async fn redacted<'r>(
    gate: &Gate,
    order: &Order<'r>,
    obligations: &Obligations,
    trail: &mut Trail,
) -> Result<(Seen<'r>, Option<Arc<Map>>), Lost> {
    trail.redacted = 0;
    let redact = selectors(obligations.redact.iter());
    let found = || order.findings.findings.iter().map(|finding| finding.kind);
    let owner = order.owner();
    if !found().any(|kind| covers(&redact, kind)) {
        // What an earlier request of the session had redacted may be asked for.
        let restores = !obligations.restore.is_empty() && !order.mentioned.is_empty();
        let map = match owner.filter(|_| restores) {
            Some(owner) => gate.tokens.of(owner, order.mentioned).await,
            None => return Ok((Seen::Whole(order.request), None)),
        };
        let map = map.inspect_err(|error| tracing::warn!(%error, "tokens stay as they are"));
        return Ok((Seen::Whole(order.request), map.ok()));
    }
    let kinds: BTreeSet<Kind> =
        Kind::all().chain(found()).filter(|kind| covers(&redact, *kind)).collect();
    let kinds: Vec<Kind> = kinds.into_iter().collect();
    let (engine, request, findings) = (&order.snapshot.dlp, order.request, order.findings);
    let work = Work { engine, request, findings, kinds: &kinds };
    let redacted = gate.tokens.redact(owner, order.mentioned, &work).await;
    let (redacted, map) = redacted.map_err(|error| {
        tracing::error!(%error, "what was redacted cannot be kept; the request is refused");
        let message = "the tokens of this session cannot be kept; nothing was sent";
        lost(Code::DependencyUnavailable, message, Next::Nothing)
    })?;
    let Redacted { request, redaction } = redacted;
    if redaction.after.findings.iter().any(|finding| covers(&redact, finding.kind)) {
        let message = "policy wants data redacted that cannot be taken out of this request";
        return Err(lost(Code::DlpBlocked, message, Next::Other));
    }
    trail.redacted = redaction.replaced;
    for kind in found().filter(|kind| covers(&redact, *kind)) {
        metrics::FINDINGS.with_label_values(&[kind.as_str(), "redact"]).inc();
    }
    Ok((Seen::Redacted(Box::new(request)), Some(map)))
}

impl Order<'_> {
    /// Whose tokens it has, where they outlive it.
    fn owner(&self) -> Option<Owner> {
        let (tenant, agent) = (self.known.caller.tenant, self.known.caller.agent);
        self.wishes.session.map(|session| Owner { tenant, agent, session })
    }
}

impl Lost {
    /// The caller left.
    pub(crate) fn left() -> Self {
        lost(Code::UpstreamFailed, "the caller left", Next::Nothing)
    }
}

pub(crate) fn lost(code: Code, message: impl Into<String>, next: Next) -> Lost {
    Lost { refusal: Refusal::new(code, message), next }
}

fn nothing_tried() -> Refusal {
    Refusal::new(Code::NoRoute, "the plan has no model left to try")
}
