//! One turn of a plan: a model is asked, and where it stays silent for longer than its owner wants, the
//! next one beside it. The first to answer serves; the other is stopped and settled.
//!
//! Both are attempts like any other: permitted, redacted, limited, held and audited each by itself. The
//! second is one of the further attempts of which there is a share, and is not made where that, a limit
//! or the money for both is missing.

use std::{
    future::{Future, pending},
    pin::{Pin, pin},
    time::Duration,
};

use router::Choice;
use serde_json::json;
use tracing::{Instrument, Span};
use types::Nanos;

use crate::{
    ask::{Prepared, Ready, Stop, prepare},
    attempt::{Destination, Lost, Next, Order},
    cache,
    deliver::deliver,
    downstream::Downstream,
    gate::Gate,
    metrics, span,
    trail::Trail,
};

/// A turn that gave no answer.
pub(crate) struct Turn {
    pub(crate) lost: Lost,
    /// Whether the next model has had its turn too.
    pub(crate) hedged: bool,
}

type First<'t> = Pin<Box<dyn Future<Output = Result<Ready<'t>, Lost>> + Send + 't>>;
type Second<'t> = Pin<Box<dyn Future<Output = Result<Beside<'t>, Unhedged>> + Send + 't>>;

/// What the second ask brought, and its own story.
type Beside<'t> = (Ready<'t>, Box<Trail>);

/// Why the second ask gave nothing.
struct Unhedged {
    lost: Lost,
    /// Whether it went out.
    asked: bool,
}

/// Which of the two answered.
enum Winner<'t> {
    First(Ready<'t>),
    Second(Ready<'t>, Box<Trail>),
}

/// What ends the first ask, and the second.
#[derive(Default)]
struct Stops(Stop, Stop);

/// One or two asks that run.
struct Race<'t> {
    gate: &'t Gate,
    order: Order<'t>,
    choice: &'t Choice,
    /// The model that may be asked as well, and when; taken once that is decided.
    next: Option<(&'t Choice, Duration)>,
    stops: &'t Stops,
    /// What is held for the first.
    held: Nanos,
    first: First<'t>,
    /// How the first ended, where the second goes on.
    failed: Option<Lost>,
    second: Option<Second<'t>>,
    /// The model that was asked second.
    beside: Option<&'t Choice>,
    /// Whether the second was asked and gave nothing.
    hedged: bool,
}

/// Tries `choice`, and `next` beside it where that is wanted, and answers with the first that can.
pub(crate) async fn turn(
    gate: &Gate,
    order: &Order<'_>,
    (choice, next): (&Choice, Option<&Choice>),
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Turn> {
    let span = span::of_attempt(choice, trail.endpoint);
    let prepared = begin(gate, order, choice, trail, down).instrument(span.clone()).await;
    let prepared = prepared.map_err(|lost| {
        span::lost(&span, lost.refusal.code);
        lose(trail, choice, lost, false)
    })?;
    let Some(prepared) = prepared else { return Ok(()) };
    let stops = Stops::default();
    let mut race = Race {
        gate,
        order: *order,
        choice,
        next: next.and_then(|next| Some((next, after(order, choice)?))),
        stops: &stops,
        held: prepared.held(),
        first: Box::pin(prepared.exchange(gate, &stops.0).instrument(span.clone())),
        failed: None,
        second: None,
        beside: None,
        hedged: false,
    };
    match race.run(&span, trail, down).await {
        Ok(Winner::First(ready)) => {
            let delivery = Box::pin(deliver(gate, order, ready, trail, down)).instrument(span);
            let (delivered, ()) = tokio::join!(delivery, race.stop_second());
            delivered.map_err(|lost| Turn { lost, hedged: false })
        }
        Ok(Winner::Second(ready, own)) => {
            *trail = *own;
            let delivery = Box::pin(deliver(gate, order, ready, trail, down));
            let (delivered, ()) = tokio::join!(delivery, race.stop_first());
            delivered.map_err(|lost| Turn { lost, hedged: false })
        }
        Err(mut lost) => {
            race.stop_second().await;
            if down.gone() {
                lost.next = Next::Nothing;
            }
            Err(lose(trail, choice, lost, race.hedged))
        }
    }
}

/// Gives an answer that was given before, or makes ready to ask.
async fn begin<'a>(
    gate: &'a Gate,
    order: &Order<'a>,
    choice: &Choice,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<Option<Prepared<'a>>, Lost> {
    let mut to = Destination::of(gate, order, choice, trail).await?;
    match cache::look(gate, order, &to, trail).await {
        cache::Found::Nothing(place) => to.kept_at = place,
        cache::Found::Given(given) => {
            Box::pin(cache::give(gate, order, &to, given, trail, down)).await?;
            return Ok(None);
        }
    }
    prepare(gate, order, to, None, trail).await.map(Some)
}

impl<'t> Race<'t> {
    /// Waits until one has answered, or none will.
    async fn run(
        &mut self,
        span: &Span,
        trail: &mut Trail,
        down: &mut Downstream<'_>,
    ) -> Result<Winner<'t>, Lost> {
        let mut due = pin!(wait(self.next.map(|(_, after)| after)));
        loop {
            tokio::select! {
                biased;
                done = &mut self.first, if self.failed.is_none() => match done {
                    Ok(ready) => return Ok(Winner::First(ready)),
                    Err(lost) => {
                        span::lost(span, lost.refusal.code);
                        if self.second.is_none() || lost.next == Next::Nothing {
                            return Err(lost);
                        }
                        self.failed = Some(lost);
                    }
                },
                done = of(&mut self.second), if self.second.is_some() => {
                    self.second = None;
                    match done {
                        Ok((ready, own)) => return Ok(Winner::Second(ready, own)),
                        Err(unhedged) => self.unhedged(&unhedged, trail),
                    }
                    if let Some(lost) = self.failed.take() {
                        return Err(lost);
                    }
                }
                () = &mut due, if self.next.is_some() => self.hedge(trail),
                () = down.until_left(), if !down.gone() => {
                    self.next = None;
                    self.stops.0.left.cancel();
                    self.stops.1.left.cancel();
                }
            }
        }
    }

    /// Asks the next model as well, where a further attempt is left.
    fn hedge(&mut self, trail: &Trail) {
        let Some((next, _)) = self.next.take() else { return };
        if !self.gate.retry() {
            metrics::HEDGES.with_label_values(&["refused"]).inc();
            return;
        }
        self.beside = Some(next);
        let mut fork = trail.clone();
        note(&mut fork, self.choice, "hedged");
        // Nobody looks for the second model's answer.
        fork.cache = None;
        let ask = beside(self.gate, self.order, next, (self.held, &self.stops.1), fork);
        self.second = Some(Box::pin(ask.instrument(span::of_attempt(next, trail.endpoint))));
    }

    /// The second gave nothing. Where it was not asked, or over a dead connection, it may have a turn of
    /// its own.
    fn unhedged(&mut self, Unhedged { lost, asked }: &Unhedged, trail: &mut Trail) {
        let outcome = if *asked { "failed" } else { "refused" };
        metrics::HEDGES.with_label_values(&[outcome]).inc();
        self.hedged = *asked && lost.next != Next::Same;
        if !*asked {
            self.gate.not_retried();
        }
        if let Some(next) = self.beside.filter(|_| *asked) {
            note(trail, next, lost.refusal.code.as_str());
        }
    }

    async fn stop_first(self) {
        metrics::HEDGES.with_label_values(&["won"]).inc();
        self.stops.0.overtaken.cancel();
        if self.failed.is_none()
            && let Ok(ready) = self.first.await
        {
            ready.discard(self.gate).await;
        }
    }

    /// Stops the second ask, if there is one, and sees to its bill.
    async fn stop_second(&mut self) {
        let Some(second) = self.second.take() else { return };
        metrics::HEDGES.with_label_values(&["lost"]).inc();
        self.stops.1.overtaken.cancel();
        if let Ok((ready, _)) = second.await {
            ready.discard(self.gate).await;
        }
    }
}

/// Asks `next` beside a model that holds `held` and has not answered.
async fn beside<'a>(
    gate: &'a Gate,
    order: Order<'a>,
    next: &Choice,
    (held, stop): (Nanos, &Stop),
    mut trail: Trail,
) -> Result<Beside<'a>, Unhedged> {
    let prepared = async {
        let to = Destination::of(gate, &order, next, &mut trail).await?;
        prepare(gate, &order, to, Some(held), &mut trail).await
    };
    let prepared = prepared.await;
    let prepared = prepared.map_err(|lost| Unhedged { lost, asked: false })?;
    if stop.left.is_cancelled() {
        prepared.withdraw();
        return Err(Unhedged { lost: Lost::left(), asked: false });
    }
    let ready = prepared.exchange(gate, stop).await.map(|ready| (ready, Box::new(trail)));
    ready.map_err(|lost| {
        span::lost(&Span::current(), lost.refusal.code);
        Unhedged { lost, asked: true }
    })
}

/// How long `choice` may be silent before another model is asked beside it: the model's own figure, else
/// the agent's.
fn after(order: &Order<'_>, choice: &Choice) -> Option<Duration> {
    let model = order.snapshot.registry.model(&choice.model)?;
    model.hedge_after.or(order.known.agent.hedge_after)
}

async fn wait(after: Option<Duration>) {
    match after {
        Some(after) => tokio::time::sleep(after).await,
        None => pending().await,
    }
}

async fn of<'t>(second: &mut Option<Second<'t>>) -> Result<Beside<'t>, Unhedged> {
    match second {
        Some(second) => second.await,
        None => pending().await,
    }
}

fn lose(trail: &mut Trail, choice: &Choice, lost: Lost, hedged: bool) -> Turn {
    note(trail, choice, lost.refusal.code.as_str());
    Turn { lost, hedged }
}

/// Takes note of what became of an attempt, for the records of those behind it.
fn note(trail: &mut Trail, choice: &Choice, outcome: &str) {
    let Choice { model, provider, .. } = choice;
    trail.attempts.push(json!({ "model": model, "provider": provider, "outcome": outcome }));
}
