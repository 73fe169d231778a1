//! The money of one tool call, from its hold to its one settlement: also a call that costs nothing has
//! them, since they carry its records.
//!
//! INVARIANT: a bill is closed exactly once. One that is dropped open, because its caller left or the drain
//! ended, closes itself with the whole price: nobody can tell what the tool did.

use std::sync::Arc;

use budget::Basis;
use policy::ToolPermit;
use store::ledger::{self, Ended, Ledger, Settlement};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use types::{AttemptId, HoldId, Nanos, audit::Record};

use super::story::{End, Story};
use crate::{bill::settle, caller::Known, gate::Gate, leases::Lease, metrics, reserve, refusal::Refusal};

/// An open hold of a call, with the story that its last record tells.
pub(super) struct Bill {
    ledger: Ledger,
    tasks: TaskTracker,
    hold: HoldId,
    price: Nanos,
    opened: Instant,
    /// Renewed until the bill is closed: the reaper must not charge a call that runs.
    _lease: Lease,
    /// `None` once it is closed.
    story: Option<Arc<Story>>,
}

/// What became of a call, for its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paid {
    /// The tool answered, also where it told of an error.
    Answered,
    /// Nothing was sent, so nothing is to be paid.
    Nothing,
    /// It was sent, and nobody knows what came of it.
    Unknown,
}

/// Takes the hold of a permitted call and marks it as dispatched, with the record of its decision.
pub(super) async fn open(
    gate: &Gate,
    known: &Known<'_>,
    permit: &ToolPermit,
    (price, story): (Nanos, &Arc<Story>),
) -> Result<Bill, Refusal> {
    let hold = HoldId::generate();
    let ask = ledger::HoldAsk {
        hold,
        attempt: AttemptId::generate(),
        path: story.snapshot().path(known.agent, &known.caller, story.session(), None, permit.decided_at()),
        amount: price,
        least: price,
        provider: permit.server().to_owned(),
        model: story.tool().to_owned(),
        price_row: story.tool().to_owned(),
        durable: permit.obligations().audit_required,
    };
    let record = story.decision("permit", permit.policies());
    let held = gate.ledger.hold_tool(permit, ask, Some(record)).await;
    held.map_err(|error| reserve::ledger_refusal(&error))?;
    Ok(Bill {
        ledger: gate.ledger.clone(),
        tasks: gate.tasks.clone(),
        hold,
        price,
        opened: Instant::now(),
        _lease: gate.leases.of(hold),
        story: Some(Arc::clone(story)),
    })
}

impl Bill {
    /// Closes the bill: the settlement and the record of the call's end are one transaction, written by a task
    /// of its own.
    pub(super) fn close(mut self, paid: Paid, end: &End<'_>) {
        self.settle(paid, end);
    }

    fn settle(&mut self, paid: Paid, end: &End<'_>) {
        let Some(story) = self.story.take() else { return };
        let (actual, basis) = match paid {
            Paid::Answered => (self.price, Basis::Counted),
            Paid::Nothing => (Nanos::ZERO, Basis::Counted),
            Paid::Unknown => (self.price, Basis::WorstCase),
        };
        let ended = match end.outcome {
            "ok" => Ended::Answered,
            CALLER_LEFT => Ended::Left,
            _ => Ended::Failed,
        };
        let took_ms = u64::try_from(self.opened.elapsed().as_millis()).ok();
        let saved = Nanos::ZERO;
        let settlement = Settlement { usage: None, actual, basis, ended, took_ms, saved };
        let spent = u64::try_from(actual.0).unwrap_or(0);
        let (server, tool) = (story.server(), story.tool());
        metrics::SPEND.with_label_values(&[server, tool]).inc_by(spent);
        let record = story.completion(end, actual, basis);
        let (ledger, hold) = (self.ledger.clone(), self.hold);
        self.tasks.spawn(settle(ledger, hold, settlement, [Some(record), None]));
    }
}

/// The outcome of a call whose caller did not wait for its end.
pub(super) const CALLER_LEFT: &str = "caller_left";

impl Drop for Bill {
    fn drop(&mut self) {
        self.settle(Paid::Unknown, &End::new(CALLER_LEFT));
    }
}
