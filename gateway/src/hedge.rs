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
use tracing::Instrument;
use types::Nanos;

use crate::{
    ask::{Ready, Stop, prepare},
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

/// The second ask of a turn.
type Second<'t> = Pin<Box<dyn Future<Output = Result<Ready<'t>, Unhedged>> + Send + 't>>;

/// Why the second ask gave nothing.
struct Unhedged {
    lost: Lost,
    /// Whether it went out.
    asked: bool,
}

/// Tries `choice`, and `next` beside it where that is wanted, and answers with the first that can.
pub(crate) async fn turn<'a>(
    gate: &'a Gate,
    order: &Order<'a>,
    (choice, next): (&Choice, Option<&Choice>),
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Turn> {
    let own = span::of_attempt(choice, trail.endpoint);
    let to = Destination::of(gate, order, choice, trail);
    let mut to = to.map_err(|lost| lose(trail, choice, lost, false))?;
    match cache::look(gate, order, &to, trail).instrument(own.clone()).await {
        cache::Found::Nothing(place) => to.kept_at = place,
        cache::Found::Given(given) => {
            let given = cache::give(gate, order, &to, given, trail, down).instrument(own).await;
            return given.map_err(|lost| lose(trail, choice, lost, false));
        }
    }
    let prepared = prepare(gate, order, to, None, trail).instrument(own.clone()).await;
    let prepared = prepared.map_err(|lost| lose(trail, choice, lost, false))?;
    let held = prepared.held();
    let stops = (Stop::default(), Stop::default());
    // On the heap, since it carries a whole exchange.
    let mut first = Box::pin(prepared.exchange(gate, &stops.0).instrument(own.clone()));
    let hedge = next.and_then(|next| Some((next, after(order, choice)?)));
    let mut due = pin!(wait(hedge.map(|(_, after)| after)));
    let mut second: Option<Second<'_>> = None;
    let (mut waits, mut hedged, mut failed) = (hedge.is_some(), false, None);
    let (first_won, ready) = loop {
        tokio::select! {
            biased;
            done = &mut first, if failed.is_none() => match done {
                Ok(ready) => break (true, ready),
                Err(mut lost) => {
                    if down.gone() {
                        lost.next = Next::Nothing;
                    }
                    span::lost(&own, lost.refusal.code);
                    if second.is_none() || lost.next == Next::Nothing {
                        wind_down(second, &stops.1).await;
                        return Err(lose(trail, choice, lost, hedged));
                    }
                    failed = Some(lost);
                }
            },
            done = of(&mut second), if second.is_some() => {
                second = None;
                match done {
                    Ok(ready) => break (false, ready),
                    Err(Unhedged { lost, asked }) => {
                        metrics::HEDGES.with_label_values(&[if asked { "failed" } else { "refused" }]).inc();
                        // Over a connection that was dead it may be tried again.
                        hedged = asked && lost.next != Next::Same;
                        if let (true, Some(next)) = (asked, next) {
                            note(trail, next, lost.refusal.code.as_str());
                        }
                        if let Some(lost) = failed {
                            return Err(lose(trail, choice, lost, hedged));
                        }
                    }
                }
            }
            () = &mut due, if waits => {
                waits = false;
                if let Some((next, _)) = hedge && gate.retry() {
                    let mut fork = trail.clone();
                    note(&mut fork, choice, "hedged");
                    let ask = beside(gate, *order, next, (held, &stops.1), fork);
                    second = Some(Box::pin(ask.instrument(span::of_attempt(next, trail.endpoint))));
                } else {
                    metrics::HEDGES.with_label_values(&["refused"]).inc();
                }
            }
            () = down.until_left(), if !down.gone() => {
                waits = false;
                stops.0.left.cancel();
                stops.1.left.cancel();
            }
        }
    };
    if !first_won {
        // Nobody looked for the second model's answer.
        trail.cache = None;
    }
    let delivery = Box::pin(deliver(gate, order, ready, trail, down));
    if first_won {
        let delivery = delivery.instrument(own);
        tokio::join!(delivery, wind_down(second, &stops.1));
        return Ok(());
    }
    metrics::HEDGES.with_label_values(&["won"]).inc();
    stops.0.overtaken.cancel();
    let overtaken = async {
        if failed.is_none()
            && let Ok(ready) = first.await
        {
            ready.discard().await;
        }
    };
    tokio::join!(delivery, overtaken);
    Ok(())
}

/// Asks `next` beside a model that holds `held` and has not answered.
async fn beside<'a>(
    gate: &'a Gate,
    order: Order<'a>,
    next: &Choice,
    (held, stop): (Nanos, &Stop),
    mut trail: Trail,
) -> Result<Ready<'a>, Unhedged> {
    let prepared = async {
        let to = Destination::of(gate, &order, next, &mut trail)?;
        prepare(gate, &order, to, Some(held), &mut trail).await
    };
    let prepared = prepared.await;
    let prepared = prepared.map_err(|lost| Unhedged { lost, asked: false })?;
    if stop.left.is_cancelled() {
        prepared.withdraw();
        return Err(Unhedged { lost: Lost::left(), asked: false });
    }
    let ready = prepared.exchange(gate, stop).await;
    ready.map_err(|lost| Unhedged { lost, asked: true })
}

/// Stops the second ask and sees to its bill.
async fn wind_down(second: Option<Second<'_>>, stop: &Stop) {
    let Some(second) = second else { return };
    metrics::HEDGES.with_label_values(&["lost"]).inc();
    stop.overtaken.cancel();
    if let Ok(ready) = second.await {
        ready.discard().await;
    }
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

async fn of<'t>(second: &mut Option<Second<'t>>) -> Result<Ready<'t>, Unhedged> {
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
