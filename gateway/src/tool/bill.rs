//! The money of one tool call, from its hold to its one settlement: also a call that costs nothing has
//! them, since they carry its records.
//!
//! INVARIANT: a bill is closed exactly once. One that is dropped open, because its caller left or the drain
//! ended, closes itself with the whole price: nobody can tell what the tool did.

use budget::Basis;
use policy::ToolPermit;
use snapshot::Tool;
use store::ledger::{self, Ended, Ledger, Settlement};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use types::{AttemptId, HoldId, Nanos};

use super::{
    Context,
    story::{End, Story},
};
use crate::{
    bill::settle, gate::Gate, leases::Lease, metrics, refusal::Refusal, reserve::ledger_refusal,
};

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
    story: Option<Story>,
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
    context: &Context<'_>,
    permit: &ToolPermit,
    (tool, story): (&Tool, &Story),
) -> Result<Bill, Refusal> {
    let (known, price) = (context.known, tool.price.unwrap_or_default());
    let (agent, caller) = (known.agent, &known.caller);
    let hold = HoldId::generate();
    let ask = ledger::HoldAsk {
        hold,
        attempt: AttemptId::generate(),
        path: context.snapshot.path(agent, caller, context.session, None, permit.decided_at()),
        amount: price,
        least: price,
        provider: permit.server().to_owned(),
        model: tool.id(),
        price_row: tool.id(),
        durable: permit.obligations().audit_required,
    };
    let record = story.decision("permit", permit.policies());
    let held = gate.ledger.hold_tool(permit, ask, Some(record)).await;
    held.map_err(|error| ledger_refusal(&error))?;
    Ok(Bill {
        ledger: gate.ledger.clone(),
        tasks: gate.tasks.clone(),
        hold,
        price,
        opened: Instant::now(),
        _lease: gate.leases.of(hold),
        story: Some(story.clone()),
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
        metrics::SPEND.with_label_values(&[&story.server, &story.id()]).inc_by(spent);
        let record = story.completion(end, actual, basis.as_str());
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
