//! What a caller asks for by `x-orchestack-*` headers. No wish widens what is permitted.

use std::time::Duration;

use types::{Label, Nanos, SessionId};

use crate::{caller::Known, downstream::Downstream, refusal::Refusal};

/// The wishes of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The session it belongs to.
    pub(crate) session: Option<SessionId>,
    /// The least label that it gets.
    pub(crate) label: Label,
    /// The most it may cost.
    pub(crate) max_cost: Option<Nanos>,
    /// Whether only the plan is wanted.
    pub(crate) dry_run: bool,
    /// Whether it is asked to learn what the named model can: then nothing else answers, and what the
    /// model is registered for does not rule it out.
    pub(crate) probe: bool,
    /// What is wished of the answer cache.
    pub(crate) cache: Option<Cache>,
    /// How long to wait for people where they must approve, or could raise a budget.
    pub(crate) wait: Option<Duration>,
}

/// What a request wishes of the answer cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    /// Neither to be answered from it nor kept in it.
    Off,
    /// Also where its answer is drawn at random.
    On,
    /// A new answer, which takes the place of the one that is kept.
    Refresh,
}

/// The longest that a call waits for people.
const WAIT_SECONDS_MAX: u64 = 600;

impl Wishes {
    /// Reads the headers of a caller that is known.
    pub(crate) fn of(down: &Downstream<'_>, known: &Known<'_>) -> Result<Self, Refusal> {
        let read = Self::read(down)?;
        Ok(Self { session: known.session(read.session)?, ..read })
    }

    fn read(down: &Downstream<'_>) -> Result<Self, Refusal> {
        let session = wish(down, "x-orchestack-session")?.map(str::parse).transpose();
        let label = wish(down, "x-orchestack-sensitivity")?.map(str::parse).transpose();
        let max_cost = wish(down, "x-orchestack-max-cost")?.map(str::parse).transpose();
        let dry_run = flag(down, "x-orchestack-dry-run")?;
        let probe = flag(down, "x-orchestack-probe")?;
        let cache = match wish(down, "x-orchestack-cache")? {
            None => None,
            Some("off") => Some(Cache::Off),
            Some("on") => Some(Cache::On),
            Some("refresh") => Some(Cache::Refresh),
            Some(_) => return Err(bad("x-orchestack-cache", "write `on`, `off` or `refresh`")),
        };
        let wait = wish(down, "x-orchestack-wait")?.map(|text| {
            let seconds = text.parse().ok().filter(|seconds| *seconds <= WAIT_SECONDS_MAX);
            let fix = || format!("write a number of seconds, at most {WAIT_SECONDS_MAX}");
            seconds.map(Duration::from_secs).ok_or_else(|| bad("x-orchestack-wait", fix()))
        });
        Ok(Self {
            session: session.map_err(|e: types::ParseIdError| bad("x-orchestack-session", e))?,
            label: label
                .map_err(|e: types::UnknownName| bad("x-orchestack-sensitivity", e))?
                .unwrap_or(Label::Public),
            max_cost: max_cost.map_err(|e: types::MoneyError| bad("x-orchestack-max-cost", e))?,
            dry_run,
            probe,
            // An answer from before tells nothing of the model.
            cache: if probe { Some(Cache::Off) } else { cache },
            wait: wait.transpose()?,
        })
    }
}

/// A wish that is there or not.
fn flag(down: &Downstream<'_>, name: &'static str) -> Result<bool, Refusal> {
    match wish(down, name)? {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(bad(name, "write `true` or `false`")),
    }
}

/// A header's text. A wish that is there twice or cannot be read is not passed over: what it asks
/// for may be the stricter handling.
fn wish<'d>(down: &'d Downstream<'_>, name: &'static str) -> Result<Option<&'d str>, Refusal> {
    let mut values = down.headers(name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| bad(name, "it is not ASCII")),
        (Some(_), Some(_)) => Err(bad(name, "it is there more than once")),
    }
}

fn bad(header: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal {
        param: Some(header.to_owned()),
        ..Refusal::invalid(format!("the header `{header}` cannot be read: {why}"))
    }
}
