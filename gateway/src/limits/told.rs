//! What callers, records and metrics are told of limits.

use std::time::Duration;

use budget::Scope;
use serde_json::{Value, json};
use snapshot::{Limit, LimitKind};
use types::Code;

use crate::{metrics, refusal::Refusal};

/// How much is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(super) kind: LimitKind,
    pub(super) max: u32,
    pub(super) remaining: u32,
    /// Until all of it is there again; nothing for places, which nobody can foretell.
    pub(super) reset: Option<Duration>,
}

/// A limit that is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limited {
    pub(crate) limit: Limit,
    /// What this gateway may let through of it: all, or its share.
    pub(super) share: u32,
    pub(crate) wait: Duration,
}

impl Limited {
    /// The refusal that a caller gets, counted.
    pub(crate) fn refusal(&self) -> Refusal {
        let Limit { scope, kind, max, .. } = &self.limit;
        metrics::LIMITED.with_label_values(&[scope.as_str(), kind.as_str()]).inc();
        let what = match kind {
            LimitKind::Requests => "requests a minute",
            LimitKind::Tokens => "tokens a minute",
            LimitKind::Concurrent => "requests at once",
        };
        let here = match self.share {
            share if share == max.get() => String::new(),
            share => format!(" ({share} at this gateway)"),
        };
        let seconds = seconds(self.wait).max(1);
        let message = format!(
            "the limit of {} is {max} {what}{here}; try again in {seconds} s",
            whose(*scope, &self.limit.scope_id)
        );
        Refusal::new(Code::RateLimited, message).with_retry_after(seconds)
    }

    /// What records tell of it.
    pub(crate) fn record(&self) -> Value {
        let Limit { scope, scope_id, kind, max } = &self.limit;
        let share = (self.share != max.get()).then_some(self.share);
        json!({ "scope": scope, "id": scope_id, "kind": kind, "max": max, "share": share })
    }

    /// As a caller is told: nothing is left.
    pub(crate) fn told(&self) -> Told {
        let kind = self.limit.kind;
        let reset = (kind != LimitKind::Concurrent).then_some(self.wait);
        Told { kind, max: self.share, remaining: 0, reset }
    }
}

/// What a caller is told of itself by name, and of others not at all.
fn whose(scope: Scope, id: &str) -> String {
    match scope {
        Scope::Tenant => "the organisation".to_owned(),
        Scope::Agent => "this agent".to_owned(),
        Scope::User => "the agents of this owner".to_owned(),
        Scope::Key => "this key".to_owned(),
        Scope::Model => format!("the model `{id}`"),
        Scope::Provider => format!("the provider `{id}`"),
        Scope::Tool => format!("the tool `{id}`"),
        Scope::Session | Scope::Task | Scope::Grant => format!("this {scope}"),
    }
}

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): the tightest limit of
/// each kind.
pub(crate) fn headers(told: &[Told]) -> Vec<(&'static str, String)> {
    let tightest = |kind: &LimitKind| {
        told.iter().filter(|told| told.kind == *kind).min_by_key(|told| told.remaining)
    };
    let tightest: Vec<&Told> = LimitKind::ALL.iter().filter_map(tightest).collect();
    if tightest.is_empty() {
        return Vec::new();
    }
    let policy = |told: &&Told| {
        let window = if told.reset.is_some() { ";w=60" } else { "" };
        format!("\"{}\";q={}{window}", told.kind, told.max)
    };
    let left = |told: &&Told| {
        let reset = told.reset.map(|reset| format!(";t={}", seconds(reset)));
        format!("\"{}\";r={}{}", told.kind, told.remaining, reset.unwrap_or_default())
    };
    let list = |items: Vec<String>| items.join(", ");
    vec![
        ("ratelimit-policy", list(tightest.iter().map(policy).collect())),
        ("ratelimit", list(tightest.iter().map(left).collect())),
    ]
}

/// Whole seconds, rounded up.
pub(super) fn seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}
