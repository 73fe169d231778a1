//! What is configured and what answers: the whole on one page.

use std::time::Duration;

use ::providers::{Dialect, Outgoing};
use axum::Json;
use config::settings::Bus;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::Ask,
    control::Control,
    desk::Desk,
    error::{Error, Refusal},
    policies::{self, PolicyStatus},
    providers::{self, ProviderView},
};
use policy::Operation;

/// How long a provider may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// How long a command beside no server waits for the first answer of Redis.
const REDIS_TIME: Duration = Duration::from_secs(2);

/// How much to look at.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OverviewFilter {
    /// Ask every provider whether it answers and takes its key. Costs nothing.
    #[serde(default)]
    pub ask_providers: bool,
}

/// What is configured and what answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// The version of this program.
    pub version: String,
    /// The data plane's address as set.
    pub gateway: String,
    /// The admin API's address as set.
    pub admin: String,
    /// The folder of the state.
    pub state: String,
    /// The kind of database.
    pub database: String,
    /// Whether it answers.
    pub database_ok: bool,
    /// The kind of bus.
    pub bus: String,
    /// The Redis that gateways share: `answers`, `does not answer` or `not configured`.
    #[serde(default)]
    pub redis: String,
    /// Events that wait for the bus.
    pub events_waiting: Option<u64>,
    /// Which commit is in force.
    pub policy: PolicyStatus,
    /// How many agents there are.
    pub agents: usize,
    /// How many models are registered.
    pub models: usize,
    /// Whether the built-in simulator answers.
    pub simulator: bool,
    /// Every provider.
    pub providers: Vec<ProviderHealth>,
}

/// A provider, and whether it answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProviderHealth {
    /// The provider.
    pub provider: ProviderView,
    /// `answers`, `refuses the key`, `does not answer`, `answers with status N`; absent where it
    /// was not asked.
    pub health: Option<String>,
}

/// Shows what is configured and what answers.
#[utoipa::path(
    get, path = "/api/v1/overview", tag = "overview", params(OverviewFilter),
    responses((status = 200, body = Overview), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(
    desk: Desk,
    Ask(ask): Ask<OverviewFilter>,
) -> Result<Json<Overview>, Error> {
    let act = desk.permit(Operation::OverviewShow, "").await?;
    let control = act.control();
    let (settings, store) = (&control.settings, &control.store);
    let snapshot = control.snapshots.load();
    let known = providers::all(&snapshot);
    let simulator = known.iter().any(|provider| provider.simulator);
    let health = known.into_iter().map(async |provider| ProviderHealth {
        health: if ask.ask_providers { Some(answers(control, &provider.name).await) } else { None },
        provider,
    });
    let health = join_all(health).await;
    Ok(Json(Overview {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        gateway: settings.gateway.listen.to_string(),
        admin: settings.admin.listen.to_string(),
        state: settings.state.dir.display().to_string(),
        database: match store.dialect() {
            store::Dialect::Sqlite => "sqlite",
            store::Dialect::Postgres => "postgres",
        }
        .to_owned(),
        database_ok: store.ping().await.is_ok(),
        // Not its address: that may carry a password.
        bus: match settings.bus {
            Bus::Embedded => "embedded",
            Bus::Nats(_) => "nats",
        }
        .to_owned(),
        redis: redis(store).await.to_owned(),
        events_waiting: store.outbox().waiting().await.ok(),
        policy: policies::state(&act).await,
        agents: snapshot.agents().count(),
        models: snapshot.registry.models().len(),
        simulator,
        providers: health,
    }))
}

/// Whether the Redis that gateways share answers, if there is one.
async fn redis(store: &store::Store) -> &'static str {
    let Some(fleet) = store.fleet() else { return "not configured" };
    let _ = tokio::time::timeout(REDIS_TIME, fleet.tried()).await;
    if fleet.is_up() { "answers" } else { "does not answer" }
}

/// What [`answers`] says of a provider that answers and takes its key.
pub(crate) const ANSWERS: &str = "answers";

/// The request for a provider's list of models, which needs its key and costs nothing; or why it cannot be
/// asked.
pub(crate) fn question(
    control: &Control,
    name: &str,
) -> Result<reqwest::RequestBuilder, &'static str> {
    let snapshot = control.snapshots.load();
    let Some(known) = snapshot.registry.provider(name) else {
        return Err("is not registered");
    };
    let dialect = Dialect::of(known.kind);
    let Some(path) = dialect.models_path() else {
        return Err("is not asked: its host lists no models");
    };
    let outgoing = Outgoing {
        authority: "",
        path,
        body: &[],
        credential: snapshot.credential(name),
        now: Timestamp::now(),
    };
    let Ok(headers) = dialect.headers(&outgoing) else {
        return Err("has a credential of another kind");
    };
    let mut request = control.http.get(format!("{}{path}", known.base_url)).timeout(ANSWER_TIME);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Ok(request)
}

/// Whether a provider answers and takes its key.
pub(crate) async fn answers(control: &Control, name: &str) -> String {
    let request = match question(control, name) {
        Ok(request) => request,
        Err(why) => return why.to_owned(),
    };
    match request.send().await {
        Err(_) => "does not answer".to_owned(),
        Ok(response) if response.status().is_success() => ANSWERS.to_owned(),
        Ok(response) if matches!(response.status().as_u16(), 401 | 403) => {
            "refuses the key".to_owned()
        }
        Ok(response) => format!("answers with status {}", response.status().as_u16()),
    }
}
