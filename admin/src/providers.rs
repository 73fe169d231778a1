//! Providers: where models are served.

use axum::{Json, extract::Path, http::StatusCode};
use config::tree::{self, Misfit};
use router::Origin;
use serde::{Deserialize, Serialize};
use serde_json::json;
use snapshot::ProviderSpec;
use types::{AwsRefs, Particulars, Timestamp, UnknownName};
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::Desk,
    error::{Error, Refusal},
};
use policy::Operation;

/// A provider to register at run time.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProvider {
    /// Its name in policies, metrics and models.
    pub name: String,
    /// The wire format that it speaks: `openai`, `anthropic`, `azure`, `mistral`, `gemini` or
    /// `bedrock`; `openai` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its address: with the path before `/chat/completions` for `openai` and `mistral`, the host
    /// alone for all others.
    pub base_url: String,
    /// `local` or `cloud`; `cloud` where absent. `local` is a promise that data stays with you.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// Where its key is: `env:NAME` or `file:/path`; never the key itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Its privacy class, a word for policies.
    #[serde(default)]
    pub privacy: String,
    /// For how many days it keeps what it is sent; absent where nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Whether it knows `max_tokens` and not `max_completion_tokens`.
    #[serde(default)]
    pub legacy_max_tokens: bool,
    /// The `api-version` of Azure's paths by deployment; absent for its `/openai/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Whether the secret is a token that is sent as `Authorization: Bearer` whatever the kind.
    #[serde(default)]
    pub bearer: bool,
    /// Whether it refuses to be asked for the usage of a stream (`stream_options`).
    #[serde(default)]
    pub no_stream_usage: bool,
    /// The keys of AWS that its requests are signed with, in place of `secret`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<NewAws>,
}

/// Where the keys of AWS are: references such as `env:AWS_ACCESS_KEY_ID`, never the keys themselves.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAws {
    /// The region that is called; absent where the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Where the key's id is.
    pub access_key_id: String,
    /// Where the key is.
    pub secret_access_key: String,
    /// Where a session's token is, for keys that were given for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
}

/// One provider.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProviderView {
    /// Its name.
    pub name: String,
    /// The wire format that it speaks.
    pub kind: String,
    /// Where it answers.
    pub base_url: String,
    /// `local` or `cloud`.
    pub locality: String,
    /// Where its key is; never the key.
    pub secret: Option<String>,
    /// Whether the key could be had. A provider that needs none has it.
    pub ready: bool,
    /// Its privacy class.
    pub privacy: String,
    /// For how many days it keeps what it is sent; absent where nobody has said.
    pub retention_days: Option<u32>,
    /// `git`, `runtime`, `discovered` or `simulator`.
    pub origin: String,
    /// Where it was written, for one from the tree.
    pub file: Option<String>,
    /// Whether it is the built-in simulator, which invents its answers.
    pub simulator: bool,
    /// How many of its models are registered.
    pub models: usize,
}

/// Providers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProviderList {
    /// By name.
    pub providers: Vec<ProviderView>,
}

/// Lists every provider that is registered.
#[utoipa::path(
    get, path = "/api/v1/providers", tag = "providers",
    responses((status = 200, body = ProviderList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk) -> Result<Json<ProviderList>, Error> {
    let act = desk.permit(Operation::ProviderList, "").await?;
    Ok(Json(ProviderList { providers: all(&act.control().snapshots.load()) }))
}

/// Registers a provider at run time.
#[utoipa::path(
    post, path = "/api/v1/providers", tag = "providers", request_body = NewProvider,
    responses((status = 201, body = ProviderView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn add(
    desk: Desk,
    Body(ask): Body<NewProvider>,
) -> Result<(StatusCode, Json<ProviderView>), Error> {
    let act = desk.showing(&plain(&ask)).permit(Operation::ProviderAdd, &ask.name).await?;
    let spec = spec(ask)?;
    let snapshot = act.control().snapshots.load();
    if let Some(known) = snapshot.registry.provider(&spec.name) {
        let message = format!("the name `{}` is taken by one from {}", spec.name, known.origin);
        return Err(Error::invalid(message, "choose another name"));
    }
    let row = store::models::Registration {
        tenant: act.tenant(),
        name: spec.name.clone(),
        provider: spec.name.clone(),
        body: serde_json::to_string(&spec).unwrap_or_default(),
        created_at: Timestamp::now(),
    };
    let record = act.record(json!({
        "provider": spec.name, "base_url": spec.base_url, "locality": spec.locality,
    }));
    act.control().store.providers().add(act.permit(), &row, &record).await?;
    act.reload().await?;
    let made = all(&act.control().snapshots.load());
    let made = made.into_iter().find(|provider| provider.name == spec.name).ok_or_else(|| {
        let message = format!("the provider `{}` was registered and is not in force", spec.name);
        Error::invalid(message, "see the notes of `orchestack policy status`")
    })?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Removes a provider that was registered at run time.
#[utoipa::path(
    delete, path = "/api/v1/providers/{name}", tag = "providers",
    params(("name" = String, Path, description = "The provider's name")),
    responses((status = 204), (status = "4XX", body = Refusal))
)]
pub(crate) async fn remove(desk: Desk, Path(name): Path<String>) -> Result<StatusCode, Error> {
    let act = desk.permit(Operation::ProviderRemove, &name).await?;
    let store = &act.control().store;
    let models = store.models().load_all().await?;
    let mut served = models.iter().filter(|m| m.provider == name && m.tenant == act.tenant());
    if let Some(model) = served.next() {
        let message = format!("the provider `{name}` still serves the model `{}`", model.name);
        let fix = format!("remove it first: `orchestack model remove {}`", model.name);
        return Err(Error::invalid(message, fix));
    }
    let record = act.record(json!({ "provider": name }));
    store.providers().remove(act.permit(), &name, &record).await?;
    act.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Without what somebody may have written a secret into: the place of the key, and an address with a
/// user.
fn plain(ask: &NewProvider) -> NewProvider {
    let address = ask.base_url.rsplit_once('@').map_or(ask.base_url.as_str(), |(_, host)| host);
    NewProvider { secret: None, aws: None, base_url: address.to_owned(), ..ask.clone() }
}

fn spec(ask: NewProvider) -> Result<ProviderSpec, Error> {
    let one_of = |error: UnknownName| Error::invalid(error.to_string(), "name one of them");
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if ask.name.is_empty() || ask.name.len() > 64 || !ask.name.bytes().all(plain) {
        let message = format!("`{}` is not a name of a provider", ask.name);
        let fix = "use small letters, digits, `-`, `_` and `.`, at most 64";
        return Err(Error::invalid(message, fix));
    }
    let url = reqwest::Url::parse(&ask.base_url).ok().filter(|url| {
        let clean = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && clean
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if url.is_none() {
        // The address is not repeated: it may carry a password.
        let fix = "write `https://host/v1`, without a user, a query or a fragment";
        return Err(Error::invalid("`base_url` is not an address that can be used", fix));
    }
    let spec = ProviderSpec {
        name: ask.name,
        kind: ask.kind.as_deref().unwrap_or("openai").parse().map_err(one_of)?,
        base_url: ask.base_url.trim_end_matches('/').to_owned(),
        locality: ask.locality.as_deref().unwrap_or("cloud").parse().map_err(one_of)?,
        secret: ask.secret,
        privacy: ask.privacy,
        retention_days: ask.retention_days,
        legacy_max_tokens: ask.legacy_max_tokens,
        particulars: Particulars {
            api_version: ask.api_version,
            bearer: ask.bearer,
            no_stream_usage: ask.no_stream_usage,
            aws: ask.aws.map(|aws| refs(aws, &ask.base_url)),
        },
        simulator: false,
    };
    let has_secret = spec.secret.is_some();
    let misfits = tree::misfits(spec.kind, &spec.base_url, has_secret, &spec.particulars);
    if let Some(Misfit { key, message, fix }) = misfits.into_iter().next() {
        return Err(Error::invalid(format!("`{key}`: {message}"), fix));
    }
    spec.provider(Origin::Runtime).map_err(|error| {
        Error::invalid(error.to_string(), "export the key as a variable and write `env:NAME`")
    })?;
    Ok(spec)
}

fn refs(aws: NewAws, base_url: &str) -> AwsRefs {
    let told = || tree::region_of(base_url).map(str::to_owned);
    AwsRefs {
        region: aws.region.or_else(told).unwrap_or_default(),
        access_key_id: aws.access_key_id,
        secret_access_key: aws.secret_access_key,
        session_token: aws.session_token,
    }
}

/// Every provider of a snapshot, by name.
pub(crate) fn all(snapshot: &snapshot::Snapshot) -> Vec<ProviderView> {
    let registry = &snapshot.registry;
    let view = |provider: &router::Provider| {
        let (origin, file) = origin(&provider.origin);
        let needs_key = provider.wants_credential();
        ProviderView {
            name: provider.name.clone(),
            kind: provider.kind.as_str().to_owned(),
            base_url: provider.base_url.clone(),
            locality: provider.locality.as_str().to_owned(),
            secret: place(provider),
            ready: !needs_key || snapshot.credential(&provider.name).is_some(),
            privacy: provider.privacy.clone(),
            retention_days: provider.retention_days,
            origin,
            file,
            simulator: provider.simulator,
            models: registry.models().filter(|model| model.provider == provider.name).count(),
        }
    };
    registry.providers().map(view).collect()
}

/// Where the credential of a provider is; of keys that sign, the secret one.
fn place(provider: &router::Provider) -> Option<String> {
    let signing = || Some(provider.particulars.aws.as_ref()?.secret_access_key.clone());
    provider.secret_ref.clone().or_else(signing)
}

/// The word for an origin, and its file.
pub(crate) fn origin(origin: &Origin) -> (String, Option<String>) {
    let (word, file) = match origin {
        Origin::Git { file, .. } => ("git", Some(file.clone())),
        Origin::Runtime => ("runtime", None),
        Origin::Discovered => ("discovered", None),
        Origin::Simulator => ("simulator", None),
    };
    (word.to_owned(), file)
}
