//! The hard half of routing: why a model cannot or must not serve a request.

use policy::Permit;
use serde::Serialize;
use types::{Label, Locality, Nanos};

use crate::{
    candidates::Variant,
    health::Load,
    registry::{Model, Purpose},
    shortlist::Facts,
};

/// What a request needs of a model. External scorers are told it by these names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// What the model must be for.
    pub purpose: Purpose,
    /// The input's length in tokens: the best estimate. (The ledger's bound of one token a byte
    /// would rule out models that fit well.)
    pub input_tokens: u64,
    /// The longest of several inputs that a model reads one by one; absent where it reads all of the
    /// input at once.
    pub longest_tokens: Option<u64>,
    /// The caller's limit on output tokens per choice, if any.
    pub max_output_tokens: Option<u64>,
    /// It offers tools.
    pub tools: bool,
    /// It wants an answer by a JSON schema.
    pub json_schema: bool,
    /// It carries images.
    pub images: bool,
    /// It wants a stream.
    pub streaming: bool,
}

/// What an answer is taken to be long in tokens where the caller's limit does not say less: limits
/// are set far above what models say.
const OUTPUT_EXPECTED: u64 = 256;

impl Needs {
    /// The call as its time is foretold.
    pub(crate) fn load(&self) -> Load {
        Load {
            input_tokens: self.input_tokens,
            output_tokens: self
                .max_output_tokens
                .map_or(OUTPUT_EXPECTED, |max| max.min(OUTPUT_EXPECTED)),
            streaming: self.streaming,
        }
    }
}

/// What one call of a model would cost at worst, as the ledger sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// This much.
    Priced(Nanos),
    /// It has no price, and the caller's budget needs one.
    NoPrice,
    /// More than the budget has room for, or than policy allows for one call.
    Unaffordable,
    /// Nobody can say: its provider went beyond an output limit that was sent, so that no worst
    /// case can be trusted.
    Unbounded,
}

/// A model that is not in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Its id.
    pub model: String,
    /// Why.
    #[serde(flatten)]
    pub reason: DropReason,
}

/// Why a model is not in the plan. The first that holds is given, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum DropReason {
    /// Policy does not permit it.
    NotPermitted {
        /// The policies that denied; empty where none permits.
        policies: Vec<String>,
    },
    /// Content of this label stays on local models.
    Locality {
        /// The label.
        label: Label,
    },
    /// It could only stand in for the model that was named, and nothing lets it: that one is
    /// permitted, or policy denies it without letting such a model take its place.
    NotAsked,
    /// It is not what the variant of `auto` asks for.
    WrongVariant,
    /// It is switched off.
    Disabled,
    /// It lacks something that the request needs.
    MissingCapability {
        /// What: `chat`, `embeddings`, `tools`, `json_schema`, `images` or `streaming`.
        name: &'static str,
    },
    /// The request does not fit its context.
    ContextTooLong {
        /// Tokens of input and output.
        needed: u64,
        /// Tokens that it holds.
        has: u64,
    },
    /// Its provider's wire format cannot carry a field of the request.
    CannotExpress {
        /// The field.
        field: String,
    },
    /// It has no price, and the budget needs one.
    NoPrice,
    /// Its provider ignored an output limit lately, and the budget needs one that holds.
    LimitIgnored,
    /// It costs more than there is.
    Unaffordable,
    /// It failed too often lately.
    BreakerOpen {
        /// Milliseconds until it is tried again.
        retry_after_ms: u64,
    },
    /// It makes embeddings that cannot be compared with those of the plan's first model.
    OtherVectors,
    /// An external scorer wants it not to serve this request.
    Vetoed,
    /// It would do, and the plan is full.
    Spare,
}

/// The cost of a model that may and can serve, or why it may or can not.
pub(crate) fn check(
    permit: &Permit,
    variant: Option<Variant>,
    model: &Model,
    facts: &Facts<'_>,
) -> Result<Nanos, DropReason> {
    permitted(permit, model, facts)?;
    if variant == Some(Variant::Local) && model.locality != Locality::Local {
        return Err(DropReason::WrongVariant);
    }
    if !model.enabled {
        return Err(DropReason::Disabled);
    }
    fits(&facts.needs, model)?;
    (facts.expressible)(model).map_err(|field| DropReason::CannotExpress { field })?;
    let cost = match (facts.costs)(model) {
        Quote::Priced(cost) => cost,
        Quote::NoPrice => return Err(DropReason::NoPrice),
        Quote::Unaffordable => return Err(DropReason::Unaffordable),
        Quote::Unbounded => return Err(DropReason::LimitIgnored),
    };
    let wait = (facts.health)(&model.provider, &model.id).retry_after(facts.now);
    wait.map_or(Ok(cost), |wait| {
        let retry_after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        Err(DropReason::BreakerOpen { retry_after_ms })
    })
}

/// INVARIANT: this comes first and nothing overrules it: not health, not cost, not the variant.
fn permitted(permit: &Permit, model: &Model, facts: &Facts<'_>) -> Result<(), DropReason> {
    if !is_permitted(permit, model) {
        let denied = facts.denied.iter().find(|denied| denied.model == model.id);
        let policies = denied.map(|denied| denied.policies.clone()).unwrap_or_default();
        return Err(DropReason::NotPermitted { policies });
    }
    if permit.label() >= facts.local_from && model.locality != Locality::Local {
        return Err(DropReason::Locality { label: permit.label() });
    }
    Ok(())
}

/// Whether the permit covers this very model: one that was given for another registry's model of
/// the same id does not count.
pub(crate) fn is_permitted(permit: &Permit, model: &Model) -> bool {
    permit.allowed(&model.id).is_some_and(|allowed| {
        allowed.provider() == model.provider && allowed.locality() == model.locality
    })
}

impl DropReason {
    /// Whether policy or the label stands against the model, whatever else is true of it.
    pub(crate) const fn is_denial(&self) -> bool {
        matches!(self, Self::NotPermitted { .. } | Self::Locality { .. })
    }
}

fn fits(needs: &Needs, model: &Model) -> Result<(), DropReason> {
    let has = &model.capabilities;
    let purpose = model.purpose() == needs.purpose;
    let asked = [
        ("chat", needs.purpose == Purpose::Chat, purpose),
        ("embeddings", needs.purpose == Purpose::Embeddings, purpose),
        ("tools", needs.tools, has.tools),
        ("json_schema", needs.json_schema, has.json_schema),
        ("images", needs.images, has.images),
        ("streaming", needs.streaming, has.streaming),
    ];
    if let Some((name, ..)) = asked.into_iter().find(|(_, needed, has)| *needed && !has) {
        return Err(DropReason::MissingCapability { name });
    }
    // Without a limit of the caller's, one token of answer must fit; the rest is clamped.
    let output = needs.max_output_tokens.unwrap_or(1).min(model.max_output_tokens);
    let needed = needs.longest_tokens.unwrap_or(needs.input_tokens).saturating_add(output);
    if needed > model.context_tokens {
        return Err(DropReason::ContextTooLong { needed, has: model.context_tokens });
    }
    Ok(())
}
