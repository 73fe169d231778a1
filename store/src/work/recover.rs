//! What a worker does first with a run that another one lost.

use types::work::{EffectClass, StepState};

use super::{
    Claim, Error, Step, Work,
    park::{self, Ask},
    tx::Tx,
};

/// What to do with a step that was begun and whose end nobody wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Begin it again: it changes nothing, or nothing of it was written.
    Again,
    /// Begin it again and send it with the same key: its receiver tells the two apart.
    SendAgain,
    /// Look up by its key whether it happened. If it did, end the step; if not, begin it again and send it.
    LookUp,
    /// People were asked whether it happened, and the claim is over: stop.
    Parked,
}

impl Work {
    /// What to do with each step of a claim that was begun and whose end nobody wrote, by the class of its
    /// effect. Where a step may happen once only, people are asked at once.
    ///
    /// # Errors
    /// [`Error::Lost`] or [`Error::Store`].
    pub async fn recover(&self, claim: &Claim) -> Result<Vec<(u32, Recovery)>, Error> {
        let begun = claim.steps.iter().filter(|step| step.state == StepState::Started);
        let mut found = Vec::new();
        for step in begun {
            let recovery = recovery(step);
            if recovery == Recovery::Parked {
                let mut tx = Tx::begin(&self.inner).await?;
                claim.hold(&mut tx).await?;
                park::park(&mut tx, claim, step, Ask::Effect).await?;
                tx.commit(park::ARROW).await?;
                return Ok(vec![(step.no, recovery)]);
            }
            found.push((step.no, recovery));
        }
        Ok(found)
    }
}

fn recovery(step: &Step) -> Recovery {
    match step.effect.as_ref().map(|effect| effect.class) {
        None | Some(EffectClass::Pure | EffectClass::Transactional) => Recovery::Again,
        Some(EffectClass::Idempotent) => Recovery::SendAgain,
        Some(EffectClass::Readback) => Recovery::LookUp,
        Some(EffectClass::Once) => Recovery::Parked,
    }
}
