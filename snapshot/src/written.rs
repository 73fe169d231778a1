//! Models, providers and prices as files of the tree write them.

use budget::{Fees, Kind, Price, Rates, Schedule};
use config::{
    Fault,
    tree::{MaxTokensField, ModelFile, ModelPrice, ProviderFile, TokenPrice},
};
use router::{Capabilities, Model, Origin, Provider};
use types::{Nanos, ServiceClass};

pub(crate) fn provider_of(file: &ProviderFile) -> Provider {
    let times = file.timeouts;
    Provider {
        name: file.name.clone(),
        kind: file.kind,
        base_url: file.base_url.clone(),
        locality: file.locality,
        simulator: false,
        secret_ref: file.secret.as_ref().map(ToString::to_string),
        privacy: file.privacy.clone(),
        retention_days: file.retention_days,
        legacy_max_tokens: file.max_tokens_field == MaxTokensField::Legacy,
        particulars: file.particulars.clone(),
        timeouts: router::Timeouts {
            connect: times.connect,
            first_byte: times.first_byte,
            idle: times.idle,
            total: times.total,
        },
        max_concurrent: file.max_concurrent,
        origin: Origin::Git { file: file.file.clone(), line: file.line },
    }
}

pub(crate) fn model_of(file: &ModelFile) -> Model {
    let can = file.capabilities;
    Model {
        id: file.id.clone(),
        provider: file.provider.clone(),
        upstream: file.upstream.clone(),
        // The registry raises it to the provider's.
        locality: file.locality.unwrap_or(types::Locality::Local),
        size: file.size,
        context_tokens: file.context_tokens,
        max_output_tokens: file.max_output_tokens,
        capabilities: Capabilities {
            tools: can.tools,
            json_schema: can.json_schema,
            images: can.images,
            streaming: can.streaming,
            reasoning: can.reasoning,
            embeddings: can.embeddings,
        },
        tokenizer: file.tokenizer,
        quality: file.quality,
        aliases: file.aliases.clone(),
        fallbacks: file.fallbacks.clone(),
        hedge_after: file.hedge_after,
        privacy: String::new(),
        origin: Origin::Git { file: file.file.clone(), line: file.line },
        enabled: file.enabled,
    }
}

pub(crate) fn own_price(file: &ModelFile) -> Option<Price> {
    let ModelPrice::Charged { standard, flex, priority, second } = file.price? else {
        return Some(Price::free());
    };
    let others = [(ServiceClass::Flex, flex), (ServiceClass::Priority, priority)];
    let classes = || others.into_iter().filter_map(|(class, price)| Some((class, price?)));
    // Every figure is in the id: a price that changes is another one.
    let mut id = format!("{}@tree:{}", file.id, figures(standard));
    for (class, price) in classes() {
        id = format!("{id},{class}:{}", figures(price));
    }
    if second > Nanos::ZERO {
        id = format!("{id},second:{}", second.0);
    }
    id.push_str(&called_as(&file.id, &file.upstream));
    Some(Price {
        standard: schedule(standard),
        classes: classes().map(|(class, price)| (class, schedule(price))).collect(),
        auto: classes().map(|(class, _)| class).collect(),
        fees: Fees { second, ..Fees::default() },
        ..Price::flat(id, standard.input, standard.output)
    })
}

/// What a price's id says of whose it is: rows of the ledger tell by it which model was called, where
/// that is another one under the same id later.
pub(crate) fn called_as(id: &str, upstream: &str) -> String {
    if id == upstream { String::new() } else { format!(",as:{upstream}") }
}

fn figures(TokenPrice { input, output, cached }: TokenPrice) -> String {
    format!("{}/{}/{}", input.0, output.0, cached.unwrap_or(input).0)
}

fn schedule(TokenPrice { input, output, cached }: TokenPrice) -> Schedule {
    let rates = Rates::text(input, output).with(Kind::CachedInput, cached.unwrap_or(input));
    Schedule { rates, tiers: Vec::new() }
}

pub(crate) fn registry_fault(fault: &router::Fault) -> Fault {
    let (file, line) = match &fault.origin {
        Origin::Git { file, line } => (file.clone(), *line),
        Origin::Runtime | Origin::Discovered | Origin::Simulator => {
            (fault.origin.to_string(), None)
        }
    };
    Fault {
        file,
        line,
        key: fault.subject.clone(),
        message: fault.message.clone(),
        fix: fault.fix.clone(),
    }
}
