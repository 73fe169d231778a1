//! What a call of a model costs at worst and whether its wire format can carry it: the figures
//! that the plan is made from and the hold is taken for.

use std::time::Duration;

use budget::{Extent, Price, Unpriced};
use policy::Permit;
use providers::{Dialect, MaxTokensField, Target, Unsupported, openai::wants_thoughts};
use router::{Model, Provider, Quote};
use snapshot::Snapshot;
use types::{
    Locality, Nanos, ProviderKind, Request, Timestamp,
    chat::{ChatRequest, Thinking},
};

use crate::{caller::Known, upstream::Limits, wishes::Wishes};

/// The lowest cost limit that applies to a call of `model`: the permit's, the caps per request and
/// the caller's own.
pub(crate) fn ceiling(
    (snapshot, known): (&Snapshot, &Known<'_>),
    permit: &Permit,
    model: &Model,
    wishes: &Wishes,
) -> Option<Nanos> {
    let upstream = Some((model.provider.as_str(), model.id.as_str()));
    let capped = snapshot.request_ceiling(known.agent, &known.caller, wishes.session, upstream);
    let obliged = permit.allowed(&model.id).and_then(|allowed| allowed.obligations().max_cost);
    let granted = permit.caller().grant.as_ref().and_then(|grant| grant.limits.max_cost);
    [obliged, granted, capped, wishes.max_cost].into_iter().flatten().min()
}

/// What is the same for every model that is quoted.
pub(crate) struct Ask {
    /// The most that the request may use; `None` where a field of it has no bound.
    pub(crate) extent: Option<Extent>,
    /// The time limits of a provider that has none of its own, and of a write to the caller.
    pub(crate) limits: (Limits, Duration),
    /// The output limit where the caller names none.
    pub(crate) output_default: u64,
    /// When prices are looked up.
    pub(crate) now: Timestamp,
}

/// What one call of `model` costs at worst, within a ceiling and the output tokens that are
/// permitted.
pub(crate) fn quote(
    snapshot: &Snapshot,
    model: &Model,
    request: &Request,
    ask: &Ask,
    (ceiling, tokens): (Option<Nanos>, Option<u64>),
) -> Quote {
    let (Some(price), Some(extent)) = (snapshot.price(model, ask.now), ask.extent) else {
        return Quote::NoPrice;
    };
    let provider = snapshot.registry.provider(&model.provider);
    let (limits, write) = ask.limits;
    let limits = provider.map_or(limits, |provider| limits.with(&provider.timeouts));
    let output = output_limit(request, model, tokens, ask.output_default);
    let extent = Extent { output, seconds: seconds_max(limits, write), ..extent };
    let extent = within_context(extent, model, request);
    match worst_case(&price, &extent, ceiling) {
        Ok((_, amount)) => Quote::Priced(amount),
        Err(quote) => quote,
    }
}

/// The extent at `model`. What a document comes to is bounded by nothing but the model's context.
pub(crate) fn within_context(extent: Extent, model: &Model, request: &Request) -> Extent {
    let has_files = request.as_chat().is_some_and(ChatRequest::has_files);
    if has_files { extent.within(model.context_tokens) } else { extent }
}

/// The most seconds that an attempt takes a provider. It is found and connected to within a limit
/// each, and at the end of the whole one the connection is closed; a write to a slow caller may be
/// under way then.
pub(crate) const fn seconds_max(limits: Limits, write: Duration) -> u64 {
    let connected = limits.connect.saturating_mul(2);
    let all = limits.total.saturating_add(connected).saturating_add(write);
    all.as_secs().saturating_add(SECONDS_SLACK)
}

/// The seconds that were started, and what is read of a provider after its caller left.
const SECONDS_SLACK: u64 = 5;

/// The output limit per choice for `model`: the caller's or the default, within what the model can
/// and the permit allows (which counts all choices together). None where nothing is written.
pub(crate) fn output_limit(
    request: &Request,
    model: &Model,
    permitted: Option<u64>,
    default: u64,
) -> u64 {
    let Request::Chat(request) = request else { return 0 };
    let wanted = request.max_output_tokens.unwrap_or(default);
    let permitted = permitted.map_or(u64::MAX, |all| all / u64::from(request.choices.max(1)));
    wanted.min(model.max_output_tokens).min(permitted).max(1)
}

/// Whether a call of `model` may think, and bill it, without showing it. A model is taken at its
/// registration's word that it does not, unless it is asked to.
pub(crate) fn may_think(model: &Model, request: &Request) -> bool {
    let Request::Chat(request) = request else { return false };
    let asked = request.reasoning_effort.as_deref().is_some_and(|effort| effort != "none");
    let thinks = matches!(request.thinking, Some(Thinking::Adaptive | Thinking::Budget(_)));
    model.capabilities.reasoning || asked || thinks
}

/// The output limit and the amount to hold, the limit clamped to what `ceiling` pays for.
///
/// # Errors
/// Why not: something that the request may use has no price, or not even one token of output is paid
/// for.
pub(crate) fn worst_case(
    price: &Price,
    extent: &Extent,
    ceiling: Option<Nanos>,
) -> Result<(u64, Nanos), Quote> {
    let bound = |output| {
        budget::bound(price, &Extent { output, ..*extent }).map_err(|unpriced| match unpriced {
            Unpriced::Class(_) | Unpriced::Kind { .. } | Unpriced::Search => Quote::NoPrice,
            Unpriced::Money(_) => Quote::Unaffordable,
        })
    };
    let amount = bound(extent.output)?;
    match ceiling {
        Some(ceiling) if amount > ceiling => {
            let affordable = budget::affordable_output(price, extent, ceiling);
            let limit = affordable.ok_or(Quote::Unaffordable)?.min(extent.output);
            let amount = bound(limit)?;
            if amount > ceiling { Err(Quote::Unaffordable) } else { Ok((limit, amount)) }
        }
        _ => Ok((extent.output, amount)),
    }
}

/// The wire format of a provider.
pub(crate) const fn dialect(provider: &Provider) -> Dialect {
    Dialect::of(provider.kind)
}

/// Where a request to `model` goes.
pub(crate) fn target<'a>(
    provider: &'a Provider,
    model: &'a Model,
    limit: u64,
    stream: bool,
) -> Target<'a> {
    Target {
        upstream_model: &model.upstream,
        max_output_tokens: limit,
        stream,
        max_tokens_field: if provider.legacy_max_tokens {
            MaxTokensField::Legacy
        } else {
            MaxTokensField::Completion
        },
        no_stream_usage: provider.particulars.no_stream_usage,
        // Servers of one's own take what they do not know.
        wants_thoughts: provider.kind == ProviderKind::OpenAi
            && (provider.locality == Locality::Local || wants_thoughts(&provider.base_url)),
        api_version: provider.particulars.api_version.as_deref(),
    }
}

/// Whether the provider's wire format can carry the request; else the field that it cannot. Formats that
/// count thinking as an effort have no word for none at all, which matters to a model that thinks.
pub(crate) fn expressible(
    snapshot: &Snapshot,
    model: &Model,
    request: &Request,
) -> Result<(), String> {
    let Some(provider) = snapshot.registry.provider(&model.provider) else { return Ok(()) };
    let dialect = dialect(provider);
    let target = target(provider, model, model.max_output_tokens, request.streams());
    let request = match request {
        Request::Chat(request) => request,
        Request::Embed(embed) => {
            return dialect.check_embed(embed, &target).map_err(|unsupported| unsupported.field);
        }
    };
    let thinks = request.thinking == Some(Thinking::Off) && model.capabilities.reasoning;
    if thinks && matches!(dialect, Dialect::OpenAi | Dialect::Azure | Dialect::Mistral) {
        return Err("thinking.type".to_owned());
    }
    dialect.check(request, &target).map_err(|unsupported| unsupported.field)
}

/// The body of a request in a wire format.
///
/// # Errors
/// The first field that the format cannot express.
pub(crate) fn encode(
    dialect: Dialect,
    request: &Request,
    target: &Target<'_>,
) -> Result<Vec<u8>, Unsupported> {
    match request {
        Request::Chat(chat) => dialect.encode_request(chat, target),
        Request::Embed(embed) => dialect.encode_embed(embed, target),
    }
}
