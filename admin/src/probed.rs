//! Looking at providers: which answer, what they serve, and what differs from what is registered.

use std::collections::BTreeSet;

use axum::{Json, extract::Path};
use futures::future::join_all;
use policy::Operation;
use router::{Model, Origin, Provider};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snapshot::{Extra, ModelSpec, Snapshot};
use types::Locality;
use utoipa::ToSchema;

use crate::{
    body::Body,
    control::Control,
    desk::Desk,
    error::{Error, Refusal},
    models::{ModelView, view},
    probe::{self, Seen, Told},
};

/// What was found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Probed {
    /// Every provider that is registered, then every server that answers and is not, and every provider
    /// whose key is in the environment.
    pub providers: Vec<ProbedProvider>,
}

/// A provider that was asked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProbedProvider {
    /// Its name.
    pub name: String,
    /// Where it answers.
    pub base_url: String,
    /// `local` or `cloud`.
    pub locality: String,
    /// Whether it is registered now; what was started later is taken up at the next start.
    pub registered: bool,
    /// `answers`, `refuses the key`, `does not answer`, ...; absent for one that is not registered.
    pub health: Option<String>,
    /// Its registered models and those that it tells of, by id.
    pub models: Vec<ProbedModel>,
}

/// A model of a provider that was asked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProbedModel {
    /// The id that it has or would have.
    pub id: String,
    /// Whether it is registered.
    pub registered: bool,
    /// `git`, `runtime`, `discovered` or `simulator`; absent where it is not registered.
    pub origin: Option<String>,
    /// Whether its provider tells of it; absent where it does not, and does not tell of all either.
    pub served: Option<bool>,
    /// Input and output tokens together, as the server tells or else as registered.
    pub context_tokens: Option<u64>,
    /// What it can do, as the server tells or else as registered.
    pub capabilities: Vec<String>,
    /// What the server tells otherwise than it is registered.
    pub differs: Vec<Difference>,
}

/// What was learnt of a model by calls; what is absent was not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Learnt {
    /// Whether it called a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// Whether it answered by a JSON schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<bool>,
    /// Whether it took an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<bool>,
    /// Whether it streamed its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streaming: Option<bool>,
}

/// A fact that is registered otherwise than the server tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// `context_tokens`, `tools`, `json_schema`, `images`, `streaming` or `reasoning`.
    pub fact: String,
    /// As registered.
    pub registered: String,
    /// As the server tells it.
    pub found: String,
}

/// Asks every registered provider whether it answers and what it serves, and looks for model servers on
/// this machine and for provider keys in the environment. Nothing is generated, and nothing costs.
#[utoipa::path(
    post, path = "/api/v1/models/probe", tag = "models",
    responses((status = 200, body = Probed), (status = "4XX", body = Refusal))
)]
pub(crate) async fn probe(desk: Desk) -> Result<Json<Probed>, Error> {
    let act = desk.permit(Operation::ModelProbe, "").await?;
    let control = act.control();
    let snapshot = control.snapshots.load();
    let registered: Vec<&Provider> =
        snapshot.registry.providers().filter(|p| !p.simulator).collect();
    let asked = registered.iter().map(|provider| probe::registered(control, provider));
    let (seen, found) = tokio::join!(join_all(asked), probe::all(&control.http, &control.settings));
    let mut providers: Vec<_> = registered
        .iter()
        .zip(seen)
        .map(|(provider, seen)| compared(&snapshot, provider, seen))
        .collect();
    let known: BTreeSet<&str> = registered.iter().map(|provider| &*provider.name).collect();
    let new = found.into_iter().filter(|found| {
        let spec = &found.provider;
        // What a server relays is another provider than the server, at the same address.
        let is = |p: &&Provider| p.base_url == spec.base_url && p.locality == spec.locality;
        !known.contains(&*spec.name) && !registered.iter().any(is)
    });
    providers.extend(new.map(unregistered));
    Ok(Json(Probed { providers }))
}

/// Registers a model again that was registered at run time, with the facts that its server tells and, in
/// the body, those that calls have told, which go first.
#[utoipa::path(
    post, path = "/api/v1/models/{id}/refresh", tag = "models",
    params(("id" = String, Path, description = "The model's id, with `/` written as `%2F`")),
    request_body = Learnt,
    responses((status = 200, body = ModelView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn refresh(
    desk: Desk,
    Path(id): Path<String>,
    learnt: Option<Body<Learnt>>,
) -> Result<Json<ModelView>, Error> {
    let learnt = learnt.map_or_else(Learnt::default, |Body(learnt)| learnt);
    let act = desk.permit(Operation::ModelAdd, &id).await?;
    let control = act.control();
    let snapshot = control.snapshots.load();
    let runtime = snapshot.registry.model(&id).filter(|model| model.origin == Origin::Runtime);
    let Some(model) = runtime else {
        let message = format!("the model `{id}` was not registered at run time");
        let fix = "a model of the tree is corrected in its file, a found one at the next start";
        return Err(Error::invalid(message, fix));
    };
    let told = told(control, &snapshot, model).await;
    let told = learnt.beside(told, &model.upstream).ok_or_else(|| {
        let message = format!("the provider `{}` tells nothing of `{id}`", model.provider);
        Error::invalid(message, "`orchestack model probe` shows what it tells")
    })?;
    let differs = differences(model, &told);
    let rows = control.store.models().load_all().await?;
    let row = rows.into_iter().find(|row| row.tenant == act.tenant() && row.name == id);
    let spec = row.as_ref().and_then(|row| serde_json::from_str::<ModelSpec>(&row.body).ok());
    let (Some(mut row), Some(mut spec)) = (row, spec) else {
        let message = format!("the registration of `{id}` cannot be read");
        return Err(Error::invalid(message, "remove the model and add it again"));
    };
    correct(&mut spec, &told);
    row.body = serde_json::to_string(&spec).unwrap_or_default();
    let output = spec.max_output_tokens;
    let record =
        act.record(json!({ "model": id, "corrected": differs, "max_output_tokens": output }));
    control.store.models().replace(act.permit(), &row, &record).await?;
    act.reload().await?;
    let snapshot = act.control().snapshots.load();
    let model = snapshot.registry.model(&id).ok_or_else(|| {
        let message = format!("the model `{id}` was corrected and is not in force");
        Error::invalid(message, "see the notes of `orchestack policy status`")
    })?;
    Ok(Json(view(&snapshot, model)))
}

impl Learnt {
    /// What is known with what the server tells, if it tells anything.
    fn beside(self, told: Option<Told>, upstream: &str) -> Option<Told> {
        if self == Self::default() {
            return told;
        }
        Some(told.unwrap_or_else(|| Told::of_name(upstream.to_owned())).with(self))
    }
}

/// What a model's server tells of it.
async fn told(control: &Control, snapshot: &Snapshot, model: &Model) -> Option<Told> {
    let provider = snapshot.registry.provider(&model.provider)?;
    let seen = probe::registered(control, provider).await;
    seen.models?.into_iter().find(|told| told.is(&model.upstream) && is_there(provider, told))
}

/// Whether a model runs where its provider is said to: what a local server relays leaves the machine.
fn is_there(provider: &Provider, told: &Told) -> bool {
    !told.relayed || provider.locality == Locality::Cloud
}

/// A registered provider beside what it tells of itself.
fn compared(snapshot: &Snapshot, provider: &Provider, seen: Seen) -> ProbedProvider {
    let of = snapshot.registry.models().filter(|model| model.provider == provider.name);
    let known: Vec<&Model> = of.collect();
    let mut models: Vec<ProbedModel> = known.iter().map(|model| beside(model, &seen)).collect();
    // A provider in the cloud tells of hundreds that nobody asked for: only servers of one's own are
    // told of in full.
    let all = provider.locality == Locality::Local;
    let others = seen
        .models
        .iter()
        .flatten()
        .filter(|told| all && is_there(provider, told))
        .filter(|told| !known.iter().any(|model| told.is(&model.upstream)));
    models.extend(others.map(|told| ProbedModel {
        id: format!("{}/{}", provider.name, told.name),
        registered: false,
        origin: None,
        served: Some(true),
        context_tokens: told.context,
        capabilities: names(&told.can(&router::Capabilities::default())),
        differs: Vec::new(),
    }));
    ProbedProvider {
        name: provider.name.clone(),
        base_url: provider.base_url.clone(),
        locality: provider.locality.as_str().to_owned(),
        registered: true,
        health: Some(seen.health),
        models,
    }
}

fn beside(model: &Model, seen: &Seen) -> ProbedModel {
    let same = seen.models.iter().flatten().find(|told| told.is(&model.upstream));
    let can = same.map_or(model.capabilities, |told| told.can(&model.capabilities));
    ProbedModel {
        id: model.id.clone(),
        registered: true,
        origin: Some(crate::providers::origin(&model.origin).0),
        served: same.map(|_| true).or(seen.all.then_some(false)),
        context_tokens: same.and_then(|told| told.context).or(Some(model.context_tokens)),
        capabilities: names(&can),
        differs: same.map(|told| differences(model, told)).unwrap_or_default(),
    }
}

/// What is found and not registered, as it would be.
fn unregistered(found: Extra) -> ProbedProvider {
    let model = |model: ModelSpec| ProbedModel {
        id: model.id,
        registered: false,
        origin: None,
        served: None,
        context_tokens: Some(model.context_tokens),
        capabilities: model.capabilities,
        differs: Vec::new(),
    };
    ProbedProvider {
        name: found.provider.name,
        base_url: found.provider.base_url,
        locality: found.provider.locality.as_str().to_owned(),
        registered: false,
        health: None,
        models: found.models.into_iter().map(model).collect(),
    }
}

/// What a server tells of a model otherwise than it is registered. What it does not tell does not differ.
fn differences(model: &Model, told: &Told) -> Vec<Difference> {
    let has = &model.capabilities;
    let facts = [
        ("context_tokens", model.context_tokens.to_string(), told.context.map(|c| c.to_string())),
        ("tools", has.tools.to_string(), told.tools.map(|can| can.to_string())),
        ("json_schema", has.json_schema.to_string(), told.json_schema.map(|can| can.to_string())),
        ("images", has.images.to_string(), told.images.map(|can| can.to_string())),
        ("streaming", has.streaming.to_string(), told.streaming.map(|can| can.to_string())),
        ("reasoning", has.reasoning.to_string(), told.reasoning.map(|can| can.to_string())),
    ];
    let differ = facts.into_iter().filter_map(|(fact, registered, found)| {
        let found = found.filter(|found| *found != registered)?;
        Some(Difference { fact: fact.to_owned(), registered, found })
    });
    differ.collect()
}

/// Takes over what a server tells.
fn correct(spec: &mut ModelSpec, told: &Told) {
    let changed = |context: &u64| *context > 1 && *context != spec.context_tokens;
    if let Some(context) = told.context.filter(changed) {
        spec.context_tokens = context;
        // The other half is for what is asked.
        spec.max_output_tokens = spec.max_output_tokens.min((context / 2).max(1));
    }
    for (name, can) in [
        ("tools", told.tools),
        ("json_schema", told.json_schema),
        ("images", told.images),
        ("streaming", told.streaming),
        ("reasoning", told.reasoning),
    ] {
        let Some(can) = can else { continue };
        spec.capabilities.retain(|known| known != name);
        if can {
            spec.capabilities.push(name.to_owned());
        }
    }
}

fn names(can: &router::Capabilities) -> Vec<String> {
    crate::models::capability_names(can)
}
