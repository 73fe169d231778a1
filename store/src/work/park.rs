//! A run stops at a step, and people are asked what becomes of it.

use serde_json::{Value, json};
use types::work::{EffectMove, EffectState, EventKind, StepMove, StepState};

use super::{
    Claim, Error, NewEvent, Step,
    decide::inline,
    effect, finish, step, transcript,
    tx::{self, Tx},
};

/// What people are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Whether an effect happened, nobody knows: did it, may it be tried again, or must it not happen?
    Effect,
    /// A step was begun as often as it may be: try again, or stop?
    Attempts,
}

/// Where a run stops to ask people.
pub(super) const ARROW: tx::Arrow = ("work.park", "work.parked");

/// Stops the claim's run at a step. The claim is over.
pub(super) async fn park(tx: &mut Tx, claim: &Claim, known: &Step, ask: Ask) -> Result<(), Error> {
    if ask == Ask::Effect && known.state == StepState::Started {
        step::set(tx, (claim.run, known), StepMove::Doubt, None).await?;
    }
    if let (Ask::Effect, Some(sent)) = (ask, &known.effect)
        && sent.state == EffectState::Sending
    {
        effect::advance(tx, claim.tenant, sent, EffectMove::Doubt, None).await?;
    }
    let reason = match ask {
        Ask::Effect => format!("nobody knows whether step {} happened", known.no),
        Ask::Attempts => format!("step {} was begun {} times", known.no, known.attempts),
    };
    finish::give_back(tx, claim, None, Some(&reason)).await?;
    if let Some(place) = claim.place() {
        let event =
            NewEvent { kind: EventKind::Approval, body: inline(question(claim, known, ask)) };
        transcript::append(tx, place, claim.task.id, &[event]).await?;
    }
    tx.tell(claim.task.news("tasks.run.parked", Some(claim.run), Some(known.no)))
}

/// What the session is asked: names and numbers, and no content.
fn question(claim: &Claim, known: &Step, ask: Ask) -> Value {
    let (what, choices) = match ask {
        Ask::Effect => ("effect", vec!["happened", "retry", "abort"]),
        Ask::Attempts => ("attempts", vec!["retry", "cancel"]),
    };
    json!({
        "ask": what,
        "task": claim.task.id,
        "run": claim.run,
        "step": known.no,
        "attempts": known.attempts,
        "effect": known.effect.as_ref().map(|effect| &effect.key),
        "what": known.effect.as_ref().map(|effect| &effect.what),
        "choices": choices,
    })
}
