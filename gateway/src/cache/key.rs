//! What an answer is kept under: a hash of everything that it depends on.

use providers::Endpoint;
use ring::digest::{Context, SHA256};
use router::{Model, Provider};
use types::{
    Label, Request,
    chat::{FileSource, ImageSource, Part},
};

use crate::{
    attempt::{Destination, Order},
    gate::Gate,
    quote,
};

/// A hash of a request as its provider would get it, whose it is, and what was decided by: only the
/// same agent or grant, under the same commit, for the same content of the same label, at the same
/// model has the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    #[cfg(test)]
    pub(super) const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

/// The key of a request, with more that tells it from others. `None` where its provider's format cannot
/// carry it, so that it is not sent either.
pub(super) fn of(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    request: &Request,
    (endpoint, label): (Endpoint, Label),
    more: &[&str],
) -> Option<Key> {
    let (dialect, permitted) = (quote::dialect(to.provider), order.permit.max_tokens(&to.model.id));
    let default = gate.options.output_tokens_default;
    let limit = quote::output_limit(request, to.model, permitted, default);
    // The same whether it is streamed or not.
    let target = quote::target(to.provider, to.model, limit, false);
    let body = quote::encode(dialect, request, &target).ok()?;
    let headers = request.as_chat().and_then(|chat| dialect.headers_of(chat));
    let headers = headers.map(|(name, value)| format!("{name}: {value}"));
    // Who has a grant shares with nobody: it may be bound to a session or a person.
    let caller = &order.known.caller;
    let grant = caller.grant.as_ref().map(|grant| grant.id.to_string()).unwrap_or_default();
    let whose = format!("{} {} {grant}", caller.tenant, order.known.agent.id);
    let at = endpoint_of(to.provider, to.model);
    let parts: [&[u8]; 7] = [
        whose.as_bytes(),
        order.snapshot.commit.as_bytes(),
        label.as_str().as_bytes(),
        endpoint.path().as_bytes(),
        at.as_bytes(),
        headers.as_deref().unwrap_or_default().as_bytes(),
        &body,
    ];
    let mut hash = Context::new(&SHA256);
    for part in parts.into_iter().chain(more.iter().map(|part| part.as_bytes())) {
        // With its length, so that no two lists of parts are one text.
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finish().as_ref().try_into().ok().map(Key)
}

/// Which model it is, and where: both may be registered anew under the same commit.
pub(super) fn endpoint_of(provider: &Provider, model: &Model) -> String {
    let Provider { name, base_url, .. } = provider;
    format!("{} {} {name} {base_url}", model.id, model.upstream)
}

/// Whether the request asks for the likeliest answer, and all that it depends on is in it. A vector
/// follows from its text.
pub(super) fn is_deterministic(request: &Request) -> bool {
    let Request::Chat(chat) = request else { return true };
    let zero = |number: &serde_json::Number| number.as_f64() == Some(0.0);
    chat.sampling.temperature.as_ref().is_some_and(zero)
        && !chat.messages.iter().flat_map(|message| &message.content).any(is_elsewhere)
}

/// Whether what a part shows is fetched by the provider, and may be another thing tomorrow.
fn is_elsewhere(part: &Part) -> bool {
    match part {
        Part::Text(_) => false,
        Part::Image(image) => matches!(image.source, ImageSource::Url(_)),
        Part::File(file) => matches!(file.source, FileSource::Url(_)),
    }
}
