//! What can be used without being told: model servers on this machine, and providers whose key is
//! in the environment.

mod cloud;
mod local;
mod registered;
mod wire;

use std::{collections::BTreeSet, time::Duration};

use snapshot::Extra;

pub use cloud::known as cloud;
pub(crate) use local::Told;
pub use local::{Server, USUAL, local};
pub(crate) use registered::{Seen, ask as registered};

/// How long one question to a local server may take. It answers from memory or is not there.
const QUESTION_TIME: Duration = Duration::from_millis(300);
/// How long all questions to one server may take.
const SERVER_TIME: Duration = Duration::from_secs(3);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// The most models of one server.
const MODELS_MAX: usize = 256;

/// The client for questions to servers: no redirects, and no proxy, since the gateway uses none.
///
/// # Errors
/// Where the TLS library cannot start.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(QUESTION_TIME)
        .timeout(Duration::from_secs(5))
        .pool_max_idle_per_host(1)
        .build()
}

/// Everything that can be used now: local servers, then providers whose key is in the environment.
pub async fn all(client: &reqwest::Client, settings: &config::Settings) -> Vec<Extra> {
    let own = [settings.gateway.listen, settings.admin.listen];
    let mut found = local(client, USUAL, &own).await;
    let catalogue = budget::Catalogue::builtin();
    let now = types::Timestamp::now();
    let keys = config::provider_keys(config::Settings::environment());
    found.extend(keys.iter().map(|found| cloud(found, &catalogue, now)));
    name(&mut found);
    found
}

/// Gives models their plain names as aliases where no other found model has the same name.
pub fn name(found: &mut [Extra]) {
    let mut taken = BTreeSet::new();
    for model in found.iter().flat_map(|found| &found.models) {
        taken.insert(model.id.clone());
    }
    for model in found.iter_mut().flat_map(|found| &mut found.models) {
        if taken.insert(model.upstream.clone()) {
            model.aliases.push(model.upstream.clone());
        }
    }
}

/// The registered id of a found model. `None` where its name cannot be one: ids stand in headers,
/// metrics and policies.
fn id(provider: &str, name: &str) -> Option<String> {
    Some(format!("{provider}/{name}")).filter(|id| !name.is_empty() && is_id(id))
}

/// Whether a text can be the id of a model.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/@+".contains(&b);
    !id.is_empty() && id.len() <= 128 && id.bytes().all(plain)
}
