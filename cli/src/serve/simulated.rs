//! The built-in simulator, for a machine where no model was found: so that the first request of a
//! new user is answered, by something that says in every place that it is no model.

use router::Origin;
use simulator::{Model, Price, Simulator, SimulatorOptions};
use snapshot::{Extra, ModelSpec, PriceSpec, ProviderSpec};
use types::{Locality, Particulars, ProviderKind, SizeClass};

use crate::failure::Failure;

/// The provider's name, which is the first word of its models' ids.
const NAME: &str = "simulator";
const MODEL: &str = "echo";
const EMBED: &str = "embed";
const CONTEXT_TOKENS: u64 = 128_000;
const OUTPUT_TOKENS_MAX: u64 = 4_096;

/// Starts it on a free loopback port.
pub(super) async fn start() -> Result<Simulator, Failure> {
    let options = SimulatorOptions {
        models: [MODEL, EMBED]
            .map(|id| Model {
                id: id.to_owned(),
                price: Price::FREE,
                max_output_tokens: OUTPUT_TOKENS_MAX,
            })
            .to_vec(),
        price: Price::FREE,
        // It answers for people who try something out; nothing of theirs is kept.
        keep_bodies: false,
        log_max: 0,
        ..SimulatorOptions::default()
    };
    Simulator::start(options).await.map_err(Failure::of)
}

/// Its registration.
pub(super) fn extra(simulator: &Simulator) -> Extra {
    let model = |name: &str, max_output_tokens, can: &[&str]| ModelSpec {
        id: format!("{NAME}/{name}"),
        provider: NAME.to_owned(),
        upstream: name.to_owned(),
        size: SizeClass::Small,
        context_tokens: CONTEXT_TOKENS,
        max_output_tokens,
        capabilities: can.iter().map(|can| (*can).to_owned()).collect(),
        quality: 0,
        aliases: Vec::new(),
        fallbacks: Vec::new(),
        price: Some(PriceSpec { input: "0".to_owned(), output: "0".to_owned() }),
    };
    let can = ["tools", "json_schema", "images", "streaming"];
    Extra {
        origin: Origin::Simulator,
        provider: ProviderSpec {
            name: NAME.to_owned(),
            kind: ProviderKind::OpenAi,
            base_url: format!("{}/v1", simulator.base_url()),
            locality: Locality::Local,
            secret: None,
            privacy: NAME.to_owned(),
            retention_days: None,
            legacy_max_tokens: false,
            particulars: Particulars::default(),
            simulator: true,
        },
        models: vec![model(MODEL, OUTPUT_TOKENS_MAX, &can), model(EMBED, 0, &["embeddings"])],
    }
}
