//! The journal of a run: each step is begun in it, done, and ended in it. One that was done is not done again.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use snapshot::keys::sha256_hex;
use store::work::{Begun, Claim, End, NewEffect, NewEvent, NewStep, StepEnd, Usage};
use types::{
    Payload,
    work::{StepKind, StepState},
};

use super::step::Stop;
use crate::{Error, Parts, metrics};

/// The journal of one run, as far as it was read.
pub(crate) struct Journal<'a> {
    parts: &'a Parts,
    claim: &'a Claim,
    next: u32,
}

/// A step that is to be done.
pub(crate) struct Planned {
    pub(crate) kind: StepKind,
    /// What it is begun with: begun again, it must be the same.
    pub(crate) input: Value,
    pub(crate) effect: Option<NewEffect>,
}

/// A step that was begun and must be done now.
pub(crate) struct Open {
    pub(crate) no: u32,
    kind: StepKind,
}

/// What a step is when its turn comes.
pub(crate) enum Turn<T> {
    /// It was done before.
    Done(T),
    /// It is to be done.
    Open(Open),
}

impl<'a> Journal<'a> {
    pub(crate) const fn of(parts: &'a Parts, claim: &'a Claim) -> Self {
        Self { parts, claim, next: 1 }
    }

    /// The number of the next step.
    pub(crate) const fn next(&self) -> u32 {
        self.next
    }

    /// Begins the next step, or gives what came of it.
    pub(crate) async fn begin<T: DeserializeOwned>(
        &mut self,
        planned: Planned,
    ) -> Result<Turn<T>, Stop> {
        let no = self.next;
        self.next += 1;
        let step = NewStep {
            no,
            kind: planned.kind,
            input_hash: sha256_hex(planned.input.to_string().as_bytes()),
            effect: planned.effect,
        };
        let kind = planned.kind;
        let known = self.claim.steps.iter().find(|known| known.no == no);
        // What was done needs no transaction to be read again.
        if let Some(output) = known
            .filter(|known| known.state == StepState::Done && known.input_hash == step.input_hash)
            .and_then(|known| known.output.as_ref())
        {
            return self.read(no, output).map(Turn::Done);
        }
        match self.parts.store.work().begin_step(self.claim, &step).await {
            Ok(Begun::Go { .. }) => Ok(Turn::Open(Open { no, kind })),
            Ok(Begun::Done(output)) => self.read(no, &output).map(Turn::Done),
            Ok(Begun::Parked) => Err(Stop::Parked),
            Err(error @ store::work::Error::Diverged { .. }) => Err(Stop::fail(&error.to_string())),
            Err(error) => Err(Stop::Error(error.into())),
        }
    }

    /// Writes what came of a step.
    pub(crate) async fn done(
        &self,
        open: &Open,
        output: &impl Serialize,
        used: Usage,
        transcript: Vec<NewEvent>,
    ) -> Result<(), Stop> {
        self.end(open, End::Done, output, used, transcript).await
    }

    /// Writes how a step ended.
    pub(crate) async fn end(
        &self,
        open: &Open,
        end: End,
        output: &impl Serialize,
        used: Usage,
        transcript: Vec<NewEvent>,
    ) -> Result<(), Stop> {
        let value = serde_json::to_value(output).unwrap_or_default();
        // An answer of a model names its request.
        let request = value.get("request").and_then(|id| id.as_str()?.parse().ok());
        let (no, output) = (open.no, inline(value));
        let end = StepEnd { no, end, output, receipt: None, used, request, transcript };
        let ended = self.parts.store.work().end_step(self.claim, &end).await;
        ended.map_err(|error| match error {
            // It is not shorter for the next worker either.
            store::work::Error::TooLong { .. } => Stop::fail(&error.to_string()),
            error => Stop::Error(error.into()),
        })?;
        let told = match end.end {
            End::Done => "done",
            End::Failed => "failed",
            End::Unknown => "unknown",
        };
        metrics::STEPS.with_label_values(&[open.kind.as_str(), told]).inc();
        Ok(())
    }

    fn read<T: DeserializeOwned>(&self, step: u32, output: &Payload) -> Result<T, Stop> {
        let value = match output {
            Payload::Inline { inline, .. } => serde_json::from_value(inline.clone()).ok(),
            Payload::Object { .. } => None,
        };
        value.ok_or(Stop::Error(Error::Journal { run: self.claim.run, step }))
    }
}

/// A value as a payload.
pub(crate) fn inline(value: Value) -> Payload {
    let size_bytes = value.to_string().len() as u64;
    Payload::Inline { content_type: "application/json".to_owned(), size_bytes, inline: value }
}
