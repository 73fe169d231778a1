//! The hold of an attempt: the worst case on the whole path of accounts, with the output limit
//! clamped to what the budget pays for.

use std::sync::Arc;

use budget::{AccountKey, Extent};
use bytes::Bytes;
use providers::Dialect;
use router::Quote;
use store::{approvals::Exhausted, ledger};
use types::{AttemptId, Code, HoldId, Nanos, Request};

use crate::{
    asked,
    attempt::{Destination, Lost, Next, Order, lost},
    bill::{Bill, Known as Used, Opening, TRANSCRIPT_BYTES_MAX},
    gate::Gate,
    limits::Tokens,
    meter::Meter,
    quote,
    refusal::Refusal,
    trail::Trail,
};

/// The least output, in tokens, for which a call is clamped rather than refused.
const OUTPUT_TOKENS_MIN: u64 = 16;

/// Takes the hold, clamping the output limit to what the budget pays for, and writes the body with
/// the limit that was held for. One beside another that holds so much is not clamped: it is made in
/// full, within what that one leaves of the request's ceiling, or not at all.
pub(crate) async fn reserve(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    (tokens, beside): (Arc<Tokens>, Option<Nanos>),
    trail: &mut Trail,
) -> Result<(Bill, Bytes), Lost> {
    let request = &*to.request;
    let mut extent = most(gate, order, to)?;
    let mut ceiling =
        quote::ceiling((order.snapshot, order.known), order.permit, to.model, order.wishes);
    if let Some(held) = beside {
        ceiling = ceiling.map(|ceiling| ceiling.minus(held).unwrap_or(Nanos::ZERO));
    }
    let (mut clamped, mut wanted) = (false, None);
    let (hold, amount) = loop {
        let (affordable, amount) =
            quote::worst_case(&to.price, &extent, ceiling).map_err(|quote| match quote {
                Quote::NoPrice => lost(Code::NoRoute, NO_PRICE, Next::Other),
                Quote::Unaffordable | Quote::Unbounded | Quote::Priced(_) => {
                    lost(Code::BudgetExhausted, BEYOND_CEILING, Next::Other)
                }
            })?;
        if beside.is_some() && affordable < extent.output {
            return Err(lost(Code::BudgetExhausted, BEYOND_CEILING, Next::Other));
        }
        extent.output = affordable;
        // What it may cost unclamped: that much more is worth asking for.
        let wanted = *wanted.get_or_insert(amount);
        // One that is clamped already takes this or nothing.
        let whole = clamped || beside.is_some();
        let least = if whole { amount } else { least(to, &extent, amount) };
        match hold(gate, order, to, (amount, least), trail).await {
            Ok(hold) => break (hold, amount),
            Err(error) => {
                // Once more with what is left, if that is worth a call.
                let room = room(&error, request).filter(|_| !whole);
                let affordable =
                    room.and_then(|room| budget::affordable_output(&to.price, &extent, room));
                if affordable.is_none_or(|tokens| tokens < OUTPUT_TOKENS_MIN.min(extent.output)) {
                    let refusal = ledger_refusal(&error, Some(wanted));
                    return Err(Lost { refusal, next: Next::Other });
                }
                clamped = true;
                ceiling = room;
            }
        }
    };
    let meter = Meter::new(extent, quote::may_think(to.model, request)).with(to.model.tokenizer);
    let tokens = [Some(Arc::clone(order.tokens)), Some(tokens)];
    let bill = open(gate, to, (hold, amount), meter, tokens, trail);
    let target = quote::target(to.provider, to.model, extent.output, request.streams());
    match quote::encode(quote::dialect(to.provider), request, &target) {
        Ok(body) => Ok((bill, Bytes::from(body))),
        Err(unsupported) => {
            bill.close(Used::Refused, Code::InvalidRequest.as_str());
            Err(lost(Code::InvalidRequest, unsupported.to_string(), Next::Other))
        }
    }
}

const NO_PRICE: &str = "what the request asks for has no price at this model";
const BEYOND_CEILING: &str =
    "the cost limit of this request does not pay for it, however short its answer";

/// The most that a call may use at this model.
fn most(gate: &Gate, order: &Order<'_>, to: &Destination<'_>) -> Result<Extent, Lost> {
    let request = &*to.request;
    let permitted = order.permit.max_tokens(&to.model.id);
    let no_price = |_| lost(Code::NoRoute, NO_PRICE, Next::Other);
    let extent = asked::extent(request, asked::input_bound(request)).map_err(no_price)?;
    let default = gate.options.output_tokens_default;
    Ok(Extent {
        output: quote::output_limit(request, to.model, permitted, default),
        seconds: quote::seconds_max(to.limits, gate.options.write_timeout),
        ..quote::within_context(extent, to.model, request)
    })
}

/// What a call needs at least where it is clamped.
fn least(to: &Destination<'_>, extent: &Extent, amount: Nanos) -> Nanos {
    let shortest = Extent { output: OUTPUT_TOKENS_MIN.min(extent.output), ..*extent };
    budget::bound(&to.price, &shortest).map_or(amount, |least| least.min(amount))
}

/// The bill of an answer that is given again: held at nothing, and so on the books as any other.
pub(crate) async fn for_nothing(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    trail: &mut Trail,
) -> Result<Bill, Lost> {
    let request = &*to.request;
    let no_price = |_| lost(Code::NoRoute, NO_PRICE, Next::Other);
    let extent = asked::extent(request, asked::input_bound(request)).map_err(no_price)?;
    let held = hold(gate, order, to, (Nanos::ZERO, Nanos::ZERO), trail).await;
    let hold = held.map_err(|e| Lost { refusal: ledger_refusal(&e, None), next: Next::Other })?;
    let meter = Meter::new(extent, false);
    let tokens = [Some(Arc::clone(order.tokens)), None];
    Ok(open(gate, to, (hold, Nanos::ZERO), meter, tokens, trail))
}

fn open(
    gate: &Gate,
    to: &Destination<'_>,
    ((hold, attempt), amount): ((HoldId, AttemptId), Nanos),
    meter: Meter,
    tokens: [Option<Arc<Tokens>>; 2],
    trail: &Trail,
) -> Bill {
    let opening = Opening {
        hold,
        amount,
        price: Arc::clone(&to.price),
        beside: trail.beside(&to.price),
        meter,
        provider: &to.provider.name,
        model: &to.model.id,
        attempt: attempt.to_string(),
        lease: gate.leases.of(hold),
        ending: trail.ending(),
        transcribe: to.log_full,
        tokens,
    };
    Bill::open(gate.ledger.clone(), gate.tasks.clone(), opening)
}

/// Asks the ledger for one hold. The first hold of a request carries the record of its decision.
async fn hold(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    (amount, least): (Nanos, Nanos),
    trail: &mut Trail,
) -> Result<(HoldId, AttemptId), ledger::Error> {
    let caller = &order.known.caller;
    let (hold, attempt) = (HoldId::generate(), AttemptId::generate());
    let ask = || ledger::HoldAsk {
        hold,
        attempt,
        path: order.snapshot.path(
            order.known.agent,
            caller,
            order.wishes.session,
            Some((&to.provider.name, &to.model.id)),
            order.now,
        ),
        amount,
        least,
        provider: to.provider.name.clone(),
        model: to.model.id.clone(),
        price_row: to.price.id.clone(),
        durable: to.audit_required,
    };
    let record = if trail.decided {
        None
    } else {
        let text = to.log_full.then(|| in_full(to));
        trail.decision("permit", &[], text.as_deref())
    };
    // INVARIANT: held and marked as dispatched, durably, before the first byte goes out.
    match gate.ledger.hold_dispatched(order.permit, ask(), record).await {
        // Nothing is held yet. Of the record only its detail is given up.
        Err(ledger::Error::Record(_)) => {
            let short = trail.short_decision("permit", &[]);
            gate.ledger.hold_dispatched(order.permit, ask(), short).await?;
        }
        held => {
            held?;
        }
    }
    trail.decided = true;
    Ok((hold, attempt))
}

/// The request as the provider gets it, for a record that policy wants in full; a long one by its
/// beginning.
fn in_full(to: &Destination<'_>) -> String {
    let target = quote::target(to.provider, to.model, 1, to.request.streams());
    let body = quote::encode(Dialect::OpenAi, &to.request, &target).unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let end = text.floor_char_boundary(TRANSCRIPT_BYTES_MAX.min(text.len()));
    text.get(..end).unwrap_or_default().to_owned()
}

/// What is left for a clamped call. Money that running requests hold may come back: a caller that
/// named its own limit waits for it rather than getting a stump.
fn room(error: &ledger::Error, request: &Request) -> Option<Nanos> {
    // Where nothing is written, nothing can be shorter.
    let request = request.as_chat()?;
    let left =
        |target: Nanos, settled: Nanos, held: Nanos| target.minus(settled).ok()?.minus(held).ok();
    match error {
        ledger::Error::Exhausted { target, settled, held, .. } => left(*target, *settled, *held),
        ledger::Error::Held { target, settled, held, .. }
            if request.max_output_tokens.is_none() =>
        {
            left(*target, *settled, *held)
        }
        _ => None,
    }
}

/// What the caller hears of the ledger's refusal of what may cost `wanted`. Names of accounts stay inside; figures are
/// the caller's own.
pub(crate) fn ledger_refusal(error: &ledger::Error, wanted: Option<Nanos>) -> Refusal {
    match error {
        ledger::Error::Exhausted { key, target, settled, held } => {
            let (period, scope) = (key.window.period.as_str(), key.scope.as_str());
            let why = match wanted {
                Some(wanted) => format!(
                    "does not pay for this call: {settled} of {target} is spent, and it may cost {wanted}"
                ),
                None => format!("is exhausted: {settled} of {target} is spent"),
            };
            let message = format!(
                "the {period} budget of this {scope} {why}; an owner can raise it with `orchestack budget raise`"
            );
            let (account, target, spent) = (AccountKey::clone(key), *target, *settled);
            let missing = wanted.and_then(|wanted| {
                wanted.plus(*settled).ok()?.plus(*held).ok()?.minus(target).ok()
            });
            let exhausted = Some(Box::new(Exhausted { account, target, spent, missing }));
            Refusal { exhausted, ..Refusal::new(Code::BudgetExhausted, message) }
        }
        ledger::Error::Held { target, held, retry_after, .. } => Refusal::new(
            Code::BudgetHeld,
            format!("running requests hold {held} of the budget of {target}; try again"),
        )
        .with_retry_after(retry_after.as_secs()),
        ledger::Error::Unavailable { retry_after } => Refusal::new(
            Code::DependencyUnavailable,
            "the budget ledger does not answer; nothing was sent",
        )
        .with_retry_after(retry_after.as_secs()),
        ledger::Error::NotPermitted { .. }
        | ledger::Error::Refused(_)
        | ledger::Error::Record(_) => {
            tracing::error!(%error, "the ledger refused a hold");
            Refusal::new(Code::DependencyUnavailable, "the budget ledger refused the request")
        }
    }
}
