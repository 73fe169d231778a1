//! Models: from the tree, registered at run time, found, or the simulator's.

use axum::{Json, extract::Path, http::StatusCode};
use budget::Kind;
use router::{Model, Origin};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snapshot::{ModelSpec, PriceSpec, Snapshot};
use types::{SizeClass, Timestamp};
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::Desk,
    error::{Error, Refusal},
    money::Money,
    probe,
    providers::origin,
};
use policy::Operation;

/// A model to register at run time. A file in the tree does the same and is reviewed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewModel {
    /// The id that callers and policies use.
    pub id: String,
    /// The name of a registered provider.
    pub provider: String,
    /// Its name at the provider; the id where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// `small`, `medium` or `large`; `medium` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Input and output tokens together; 8192 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
    /// Output tokens of one answer; half of the context where absent, none of a model for embeddings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// Any of `tools`, `json_schema`, `images`, `streaming`, `reasoning`, or `embeddings` alone;
    /// `streaming` where absent.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// How good it is, 0 to 100; 50 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<u8>,
    /// Other ids for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Models to fall back to, best first.
    #[serde(default)]
    pub fallbacks: Vec<String>,
    /// US dollars per million input tokens, `0` for a model of your own; the catalogue's price
    /// where absent. A model without any price is refused under a hard cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_input: Option<String>,
    /// US dollars per million output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_output: Option<String>,
}

/// One model.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ModelView {
    /// The id that callers use.
    pub id: String,
    /// Its provider.
    pub provider: String,
    /// Its name at the provider.
    pub upstream: String,
    /// `git`, `runtime`, `discovered` or `simulator`.
    pub origin: String,
    /// Where it was written, for one from the tree.
    pub file: Option<String>,
    /// `local` or `cloud`.
    pub locality: String,
    /// `small`, `medium` or `large`.
    pub size: String,
    /// Input and output tokens together.
    pub context_tokens: u64,
    /// Output tokens of one answer.
    pub max_output_tokens: u64,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Other ids for it.
    pub aliases: Vec<String>,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// What a million input and output tokens cost; absent where no price is known, and then it is
    /// refused under a hard cap.
    pub price: Option<PriceView>,
    /// Whether its answers are invented by the built-in simulator.
    pub simulator: bool,
}

/// What a model costs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceView {
    /// The row of the catalogue or registration.
    pub id: String,
    /// A million input tokens.
    pub input: Money,
    /// A million output tokens.
    pub output: Money,
    /// A second, or part of one, that a call takes.
    pub second: Money,
}

/// Models.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ModelList {
    /// By id.
    pub models: Vec<ModelView>,
}

/// Lists every model that is registered.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models",
    responses((status = 200, body = ModelList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk) -> Result<Json<ModelList>, Error> {
    let act = desk.permit(Operation::ModelList, "").await?;
    let snapshot = act.control().snapshots.load();
    let models = snapshot.registry.models().map(|model| view(&snapshot, model)).collect();
    Ok(Json(ModelList { models }))
}

/// Registers a model at run time.
#[utoipa::path(
    post, path = "/api/v1/models", tag = "models", request_body = NewModel,
    responses((status = 201, body = ModelView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn add(
    desk: Desk,
    Body(ask): Body<NewModel>,
) -> Result<(StatusCode, Json<ModelView>), Error> {
    let act = desk.showing(&ask).permit(Operation::ModelAdd, &ask.id).await?;
    let spec = spec(ask)?;
    check(&act.control().snapshots.load(), &spec)?;
    let row = store::models::Registration {
        tenant: act.tenant(),
        name: spec.id.clone(),
        provider: spec.provider.clone(),
        body: serde_json::to_string(&spec).unwrap_or_default(),
        created_at: Timestamp::now(),
    };
    let record = act.record(json!({ "model": spec.id, "provider": spec.provider }));
    act.control().store.models().add(act.permit(), &row, &record).await?;
    act.reload().await?;
    let snapshot = act.control().snapshots.load();
    let model = snapshot.registry.model(&spec.id).ok_or_else(|| {
        let message = format!("the model `{}` was registered and is not in force", spec.id);
        Error::invalid(message, "see the notes of `orchestack policy status`")
    })?;
    Ok((StatusCode::CREATED, Json(view(&snapshot, model))))
}

/// Removes a model that was registered at run time.
#[utoipa::path(
    delete, path = "/api/v1/models/{id}", tag = "models",
    params(("id" = String, Path, description = "The model's id, with `/` written as `%2F`")),
    responses((status = 204), (status = "4XX", body = Refusal))
)]
pub(crate) async fn remove(desk: Desk, Path(id): Path<String>) -> Result<StatusCode, Error> {
    let act = desk.permit(Operation::ModelRemove, &id).await?;
    let snapshot = act.control().snapshots.load();
    let known = snapshot.registry.model(&id).map(|model| &model.origin);
    let fix = match known {
        Some(Origin::Git { file, .. }) => Some(format!("remove it from `{file}` and commit")),
        Some(Origin::Discovered | Origin::Simulator) => {
            Some("it was found at the start; forbid it by policy instead".to_owned())
        }
        Some(Origin::Runtime) | None => None,
    };
    if let Some(fix) = fix {
        let message = format!("the model `{id}` was not registered at run time");
        return Err(Error::invalid(message, fix));
    }
    let record = act.record(json!({ "model": id }));
    act.control().store.models().remove(act.permit(), &id, &record).await?;
    act.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn spec(ask: NewModel) -> Result<ModelSpec, Error> {
    let size = ask.size.as_deref().unwrap_or("medium");
    let size: SizeClass = size.parse().map_err(|error: types::UnknownName| {
        Error::invalid(error.to_string(), "name one of them")
    })?;
    let context = ask.context_tokens.unwrap_or(8192);
    let price = match (ask.price_input, ask.price_output) {
        (None, None) => None,
        (Some(input), Some(output)) => Some(PriceSpec { input, output }),
        _ => {
            let fix = "give both `price_input` and `price_output`, in US dollars per million";
            return Err(Error::invalid("the price is half written", fix));
        }
    };
    let mut capabilities = ask.capabilities;
    if capabilities.is_empty() {
        capabilities.push("streaming".to_owned());
    }
    let writes = capabilities != ["embeddings"];
    let output = if writes { (context / 2).max(1) } else { 0 };
    Ok(ModelSpec {
        upstream: ask.upstream.unwrap_or_else(|| ask.id.clone()),
        id: ask.id,
        provider: ask.provider,
        size,
        context_tokens: context,
        max_output_tokens: ask.max_output_tokens.unwrap_or(output),
        capabilities,
        quality: ask.quality.unwrap_or(50),
        aliases: ask.aliases,
        fallbacks: ask.fallbacks,
        price,
    })
}

/// Whether the registry would take it. It is built again with the new model, so that this check and
/// the load that follows cannot differ.
fn check(snapshot: &Snapshot, spec: &ModelSpec) -> Result<(), Error> {
    for id in std::iter::once(&spec.id).chain(&spec.aliases) {
        if !probe::is_id(id) {
            let fix = "use letters, digits and any of - _ . : / @ +, at most 128";
            return Err(Error::invalid(format!("`{id}` is not an id of a model"), fix));
        }
    }
    let bad = |error: snapshot::SpecError| {
        Error::invalid(error.to_string(), "`orchestack model add --help` shows an example")
    };
    let model = spec.model(Origin::Runtime).map_err(bad)?;
    spec.own_price().map_err(bad)?;
    let registry = &snapshot.registry;
    if let Some(known) = registry.resolve(&spec.id) {
        let message = format!("the id `{}` is taken by a model from {}", spec.id, known.origin);
        return Err(Error::invalid(message, "choose another id"));
    }
    let providers = registry.providers().cloned().collect();
    let models = registry.models().cloned().chain(std::iter::once(model)).collect();
    let subject = format!("model {}", spec.id);
    let notes = match router::Registry::build(providers, models) {
        Ok(built) => built.notes().to_vec(),
        Err(faults) => faults,
    };
    match notes.into_iter().find(|note| note.subject == subject) {
        Some(note) => Err(Error::invalid(note.message, note.fix)),
        None => Ok(()),
    }
}

pub(crate) fn view(snapshot: &Snapshot, model: &Model) -> ModelView {
    let provider = snapshot.registry.provider(&model.provider);
    let price = snapshot.price(model, Timestamp::now()).and_then(|price| {
        // Nano-dollars per million tokens: what a million cost.
        let of = |kind| price.standard.rates.get(kind).map(|rate| types::Nanos(rate.0).into());
        Some(PriceView {
            id: price.id.clone(),
            input: of(Kind::Input)?,
            output: of(Kind::Output).unwrap_or(types::Nanos::ZERO.into()),
            second: price.fees.second.into(),
        })
    });
    let (origin, file) = origin(&model.origin);
    ModelView {
        id: model.id.clone(),
        provider: model.provider.clone(),
        upstream: model.upstream.clone(),
        origin,
        file,
        locality: model.locality.as_str().to_owned(),
        size: model.size.as_str().to_owned(),
        context_tokens: model.context_tokens,
        max_output_tokens: model.max_output_tokens,
        capabilities: capability_names(&model.capabilities),
        aliases: model.aliases.clone(),
        enabled: model.enabled,
        price,
        simulator: provider.is_some_and(|provider| provider.simulator),
    }
}

/// The names of what a model can do.
pub(crate) fn capability_names(can: &router::Capabilities) -> Vec<String> {
    let all = [
        ("tools", can.tools),
        ("json_schema", can.json_schema),
        ("images", can.images),
        ("streaming", can.streaming),
        ("reasoning", can.reasoning),
        ("embeddings", can.embeddings),
    ];
    all.into_iter().filter(|(_, can)| *can).map(|(name, _)| name.to_owned()).collect()
}
