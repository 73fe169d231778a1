//! The life of one run, from top to bottom: what was said, what a model makes of it, what tools say, what the
//! model makes of that, until there is an answer for people.
//!
//! Every step is written down before it is done and after (`run/journal.rs`). A worker that goes on with somebody
//! else's run reads what is there and does the rest: the same input makes the same steps.

mod bounds;
mod conversation;
mod course;
mod delegate;
mod journal;
mod say;
mod step;

use std::sync::atomic::AtomicBool;

use policy::Denial;
use reqwest::Client;
use serde_json::json;
use store::work::{Claim, NewEvent, Outcome, Recovery, Until};
use tokio_util::sync::CancellationToken;
use types::{Label, Payload, work::EventKind};

use self::{
    bounds::Bounds,
    conversation::Conversation,
    course::Course,
    journal::{Journal, inline},
    step::{Desk, Stop, Worker},
};
use crate::{
    Error, Parts, evaluator, grant,
    models::{Answer, Models},
    outlet::Place,
    terms::Terms,
    toolbox::Toolbox,
};

/// Does a run until it is over, or waits, or is somebody else's.
///
/// # Errors
/// What another worker should try again.
pub(crate) async fn live(
    parts: &Parts,
    http: &Client,
    claim: &Claim,
    withdrawal: &CancellationToken,
) -> Result<(), Error> {
    let work = parts.store.work();
    // A step that may happen once only, and whose end nobody wrote, is people's to say.
    if work.recover(claim).await?.iter().any(|(_, recovery)| *recovery == Recovery::Parked) {
        return Ok(());
    }
    match walk(parts, http, claim, withdrawal).await {
        Ok(answer) => {
            let outcome = Outcome::Completed { result: answer };
            work.finish(claim, &outcome, &[]).await?;
        }
        // Whoever parked it has told people already.
        Err(Stop::Parked) => {}
        Err(Stop::Failed { reason, retry }) => {
            let events = if retry { Vec::new() } else { vec![failed(&reason)] };
            work.finish(claim, &Outcome::Failed { reason, retry }, &events).await?;
        }
        Err(Stop::Asks { approval, step, about }) => {
            let event = NewEvent { kind: EventKind::Approval, body: inline(about) };
            work.wait(claim, step, Until::Approval(approval), &[event]).await?;
        }
        Err(Stop::Gave { step, about }) => {
            let event = NewEvent { kind: EventKind::Status, body: inline(about) };
            work.wait(claim, Some(step), Until::Children, &[event]).await?;
        }
        Err(Stop::Error(error)) => return Err(error),
    }
    Ok(())
}

/// The steps, one after the other.
async fn walk(
    parts: &Parts,
    http: &Client,
    claim: &Claim,
    withdrawal: &CancellationToken,
) -> Result<Payload, Stop> {
    let snapshot = parts.snapshots.load();
    let agent = snapshot.agent(claim.task.agent).filter(|_| claim.tenant == snapshot.tenant);
    let agent = agent.ok_or_else(|| Stop::fail("the agent is no longer defined"))?;
    let terms: Terms = serde_json::from_value(claim.task.limits.clone()).unwrap_or_default();
    let origin = parts.store.work().origin(&claim.task).await?;
    let grant = grant::of(parts, claim, (agent, terms), &origin).await?;
    let withdrawal = withdrawal.clone();
    let tools = Toolbox::open(&parts.gateway, grant.clone(), (&snapshot, agent), withdrawal);
    let tools = tools.await.map_err(|error| Stop::retry(error.to_string()))?;
    let worker = Worker {
        parts,
        claim,
        snapshot: &snapshot,
        agent,
        models: Models::new(http, &parts.gateway, grant),
        tools,
        origin,
        spoke: AtomicBool::new(false),
    };
    let walked = Box::pin(go(&worker)).await;
    worker.tools.close().await;
    walked
}

async fn go(worker: &Worker<'_>) -> Result<Payload, Stop> {
    let mut journal = Journal::of(worker.parts, worker.claim);
    let mut bounds = Bounds::of(worker.agent, worker.claim);
    let mut talk = Conversation::of(worker).await?;
    let mut course = Course::of(worker)?;
    loop {
        let Some(stage) = course.stage() else {
            return Err(Stop::fail("the loop has no stage"));
        };
        talk.enter(stage);
        let desk = Desk { stage, aloud: course.is_last() };
        let answer = rounds(worker, &desk, (&mut journal, &mut bounds, &mut talk)).await?;
        if !course.advance(&answer.text) {
            return worker.say(&mut journal, &answer).await;
        }
        talk.answered(&answer);
    }
}

/// The rounds of one stage: a model answers and calls tools, until it answers without a call.
async fn rounds(
    worker: &Worker<'_>,
    desk: &Desk<'_>,
    (journal, bounds, talk): (&mut Journal<'_>, &mut Bounds, &mut Conversation),
) -> Result<Answer, Stop> {
    let most = desk.stage.rounds;
    for round in 1..=most {
        if talk.is_long(bounds) {
            let summary = worker.summarise(journal, bounds, talk).await?;
            talk.shorten(&summary);
        }
        let answer = worker.think(journal, bounds, talk, (desk, round < most)).await?;
        if answer.calls.is_empty() {
            return Ok(answer);
        }
        talk.thought(&answer);
        for call in &answer.calls {
            let told = worker.act(journal, bounds, desk, call).await?;
            talk.heard(call, &told);
        }
    }
    let name = &desk.stage.name;
    Err(Stop::fail(&format!("the stage `{name}` has no answer after {most} rounds (`rounds`)")))
}

/// What people are told where a run failed for good.
fn failed(reason: &str) -> NewEvent {
    NewEvent { kind: EventKind::Error, body: inline(json!({ "reason": reason })) }
}

impl Worker<'_> {
    /// The way out to whoever wrote.
    async fn place(&self) -> Result<Place<'_>, Stop> {
        let (label, integrity) =
            evaluator::standing(self.parts, &self.claim.task, self.origin.session).await?;
        Ok(Place {
            snapshot: self.snapshot,
            agent: self.agent,
            task: &self.claim.task,
            session: self.claim.session.as_ref(),
            label: label.join(self.agent.label.unwrap_or(Label::Public)),
            integrity,
        })
    }
}

/// What people are told where an agent may not answer them.
fn unsaid(denial: &Denial) -> Stop {
    Stop::fail(&format!("the agent may not say that here: {}", denial.reason))
}
