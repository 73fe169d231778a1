//! The money of one tool call, from its hold to its one settlement: also a call that costs nothing has
//! them, since they carry its records.
//!
//! INVARIANT: a bill is closed exactly once. One that is dropped open, because its caller left or the drain
//! ended, closes itself with the whole price: nobody can tell what the tool did.

use budget::{Basis, CapSpec};
use policy::ToolPermit;
use snapshot::Tool;
use store::ledger::{self, Ended, HoldAsk, Ledger, Settlement};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use types::{AttemptId, HoldId, Nanos, audit::Record};

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
    let (agent, caller) = (context.known.agent, &context.known.caller);
    let path = context.snapshot.path(agent, caller, context.session, None, permit.decided_at());
    let whole = story.decision("permit", permit.policies());
    let short = || story.short_decision("permit", permit.policies());
    let hold = held(gate, permit, (tool, path), (whole, short)).await?;
    let price = tool.price.unwrap_or_default();
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

/// Charges a permitted call of a function, with the record of its decision: its caller runs it, so nobody hears of
/// its end.
pub(super) async fn charge(
    gate: &Gate,
    permit: &ToolPermit,
    priced: (&Tool, Vec<CapSpec>),
    records: (Record, impl FnOnce() -> Record),
) -> Result<(), Refusal> {
    let (id, price) = (priced.0.id(), priced.0.price.unwrap_or_default());
    let hold = held(gate, permit, priced, records).await?;
    spent(permit.server(), &id, price);
    let settlement = Settlement {
        usage: None,
        actual: price,
        basis: Basis::Counted,
        ended: Ended::Answered,
        took_ms: None,
        saved: Nanos::ZERO,
        routed: Nanos::ZERO,
    };
    gate.tasks.spawn(settle(gate.ledger.clone(), hold, settlement, [None, None]));
    Ok(())
}

/// Holds the price of a call and marks it as dispatched. A record that is too large is written short.
async fn held(
    gate: &Gate,
    permit: &ToolPermit,
    (tool, path): (&Tool, Vec<CapSpec>),
    (whole, short): (Record, impl FnOnce() -> Record),
) -> Result<HoldId, Refusal> {
    let price = tool.price.unwrap_or_default();
    let ask = HoldAsk {
        hold: HoldId::generate(),
        attempt: AttemptId::generate(),
        path,
        amount: price,
        least: price,
        provider: permit.server().to_owned(),
        model: tool.id(),
        price_row: tool.id(),
        durable: permit.obligations().audit_required,
    };
    let hold = ask.hold;
    let held = match gate.ledger.hold_tool(permit, ask.clone(), Some(whole)).await {
        // Nothing is held yet. Of the record only its detail is given up.
        Err(ledger::Error::Record(_)) => gate.ledger.hold_tool(permit, ask, Some(short())).await,
        held => held,
    };
    held.map_err(|error| ledger_refusal(&error, Some(price)))?;
    Ok(hold)
}

fn spent(server: &str, tool: &str, price: Nanos) {
    metrics::SPEND.with_label_values(&[server, tool]).inc_by(u64::try_from(price.0).unwrap_or(0));
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
        let (saved, routed) = (Nanos::ZERO, Nanos::ZERO);
        let settlement = Settlement { usage: None, actual, basis, ended, took_ms, saved, routed };
        spent(&story.server, &story.id(), actual);
        let record = |end: &End<'_>| Some(story.completion(end, actual, basis.as_str()));
        // A text grows when it is escaped: where the record is too long with it, it goes without.
        let plain = end.transcript.and_then(|_| record(&End { transcript: None, ..*end }));
        let records = [record(end), plain];
        let (ledger, hold) = (self.ledger.clone(), self.hold);
        self.tasks.spawn(settle(ledger, hold, settlement, records));
    }
}

/// The outcome of a call whose caller did not wait for its end.
pub(super) const CALLER_LEFT: &str = "caller_left";

impl Drop for Bill {
    fn drop(&mut self) {
        self.settle(Paid::Unknown, &End::new(CALLER_LEFT));
    }
}
