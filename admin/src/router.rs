//! Every path of the admin API, its OpenAPI document, and the checks in front of all of them.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use snapshot::keys::sha256_hex;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};
use utoipa::{
    OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    agents, approvals, audit, break_glass, budget, console,
    control::{BODY_BYTES_MAX, BODY_TIME, Control, Entry},
    desk::BodyHash,
    error::{Error, Told},
    grants, keys, metrics, models, overview, people, policies, prices, probed, providers,
    reconcile::{self, RECONCILE_BYTES_MAX},
    requests,
    room::{Room, Trace},
    scan, sessions, settings, spend, tools, webhook, work,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Orchestack admin API",
        description = "Every operation asks policy first and leaves an audit record where it \
                       changes something or is refused. Money is in nano-dollars (`nanos`) and, \
                       for people, in US dollars (`usd`)."
    ),
    tags(
        (name = "agents"), (name = "keys"), (name = "models"), (name = "providers"),
        (name = "budget"), (name = "spend"), (name = "prices"), (name = "audit"), (name = "policy"),
        (name = "approvals"), (name = "break-glass"), (name = "people"), (name = "grants"), (name = "sessions"), (name = "work"),
        (name = "tools"), (name = "overview"), (name = "dlp"), (name = "requests"), (name = "console"),
    )
)]
struct Document;

/// The admin API for one way in.
pub fn router(control: Control, entry: Entry) -> Router {
    within(Room::new(control, entry))
}

/// [`router`], for whoever wants to know when what its requests began has ended.
pub(crate) fn within(room: Arc<Room>) -> Router {
    let (operations, _) = operations().split_for_parts();
    let (strangers, _) = strangers().split_for_parts();
    let document = Arc::new(document());
    let open = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::metrics))
        .route("/api/v1/openapi.json", get(async move || Json(document)));
    operations
        .route_layer(middleware::from_fn_with_state(Arc::clone(&room), bounded))
        .merge(open)
        .merge(strangers)
        .fallback(console::page)
        .method_not_allowed_fallback(async || Error::NoOperation)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&room), own_host))
        .with_state(room)
}

/// The OpenAPI document of [`router`].
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = operations().split_for_parts();
    document.merge(strangers().split_for_parts().1);
    secure(&mut document);
    document
}

/// Conversations and what became of them.
fn work() -> OpenApiRouter<Arc<Room>> {
    OpenApiRouter::new()
        .routes(routes!(work::sessions))
        .routes(routes!(work::tasks))
        .routes(routes!(work::task))
        .routes(routes!(work::cancel))
        .routes(routes!(work::retry))
        .routes(routes!(work::dead_letters))
        .routes(routes!(work::dead_letter))
        .routes(routes!(work::retry_dead_letter))
        .routes(routes!(work::discard))
        .routes(routes!(work::effects))
        .routes(routes!(work::resolve))
}

fn operations() -> OpenApiRouter<Arc<Room>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(agents::create, agents::list))
        .routes(routes!(agents::show))
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::revoke))
        .routes(routes!(models::add, models::list))
        .routes(routes!(models::remove))
        .routes(routes!(probed::probe))
        .routes(routes!(probed::refresh))
        .routes(routes!(providers::add, providers::list))
        .routes(routes!(providers::remove))
        .routes(routes!(budget::set, budget::show))
        .routes(routes!(budget::raise))
        .merge(exports())
        .merge(work())
        .routes(routes!(sessions::show))
        .routes(routes!(sessions::lower))
        .routes(routes!(sessions::endorse))
        .routes(routes!(spend::show))
        .routes(routes!(spend::series::show))
        .routes(routes!(requests::list))
        .routes(routes!(requests::live::live))
        .routes(routes!(requests::story::show))
        .routes(routes!(console::show, console::sign_out))
        .routes(routes!(console::sign_out_everywhere))
        .routes(routes!(prices::list))
        .routes(routes!(audit::tail))
        .routes(routes!(audit::verify))
        .routes(routes!(audit::export))
        .routes(routes!(policies::status))
        .routes(routes!(policies::check))
        .routes(routes!(policies::reload))
        .routes(routes!(policies::prove::test))
        .routes(routes!(policies::prove::prove))
        .routes(routes!(policies::explain::explain))
        .routes(routes!(policies::diff::diff))
        .routes(routes!(policies::history::log))
        .routes(routes!(policies::history::rollback))
        .routes(routes!(policies::files::show, policies::files::edit))
        .routes(routes!(policies::files::schema))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::show))
        .routes(routes!(approvals::arguments))
        .routes(routes!(approvals::approve))
        .routes(routes!(approvals::deny))
        .routes(routes!(approvals::cancel))
        .routes(routes!(break_glass::request, break_glass::list))
        .routes(routes!(break_glass::revoke))
        .routes(routes!(people::add, people::list))
        .routes(routes!(people::remove))
        .routes(routes!(grants::create, grants::list, grants::revoke_of_task))
        .routes(routes!(grants::revoke))
        .merge(tool_definitions())
        .routes(routes!(overview::show))
        .routes(routes!(settings::show))
        .routes(routes!(scan::scan))
        // The name without `/api`, for whoever knows it from the data plane's paths.
        .route("/v1/dlp/scan", post(scan::scan))
}

fn tool_definitions() -> OpenApiRouter<Arc<Room>> {
    OpenApiRouter::new()
        .routes(routes!(tools::list))
        .routes(routes!(tools::show))
        .routes(routes!(tools::approve))
        .routes(routes!(tools::reject))
}

/// Operations whose bodies have a provider's export in them.
fn exports() -> OpenApiRouter<Arc<Room>> {
    OpenApiRouter::new()
        .routes(routes!(reconcile::compare))
        .routes(routes!(reconcile::reconcile))
        .layer(DefaultBodyLimit::max(RECONCILE_BYTES_MAX))
}

/// The longest body that an operation takes.
fn body_bytes_max(path: &str) -> usize {
    match path {
        "/api/v1/budget/compare" | "/api/v1/budget/reconcile" => RECONCILE_BYTES_MAX,
        _ => BODY_BYTES_MAX,
    }
}

/// What is called by whoever is not known yet: the remote of the tree, and people who sign in.
fn strangers() -> OpenApiRouter<Arc<Room>> {
    OpenApiRouter::new().routes(routes!(webhook::webhook)).routes(routes!(console::sign_in))
}

/// Says in the document how to authenticate, and names each operation.
fn secure(document: &mut utoipa::openapi::OpenApi) {
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", bearer);
    let required = utoipa::openapi::security::SecurityRequirement::new("token", [""; 0]);
    document.security = Some(vec![required]);
    for (path, item) in &mut document.paths.paths {
        for (verb, operation) in [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_id(verb, path));
            }
        }
    }
}

/// The name of an operation in the document, which is that of no other one: `get_agents_by_name`.
fn operation_id(verb: &str, path: &str) -> String {
    let parts = path.trim_start_matches("/api/v1/").split('/').map(|part| {
        let part = part.replace(['-', '.'], "_");
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(parameter) => format!("by_{parameter}"),
            None => part,
        }
    });
    [verb.to_owned()].into_iter().chain(parts).collect::<Vec<_>>().join("_")
}

/// Bounds how many operations run at once, and lets each run to its end: a caller that leaves must
/// not stop a change between the tree and the store.
async fn bounded(State(room): State<Arc<Room>>, request: Request, next: Next) -> Response {
    let (mut request, place) = match known(&room, request).await {
        Ok(known) => known,
        Err(error) => return error.into_response(),
    };
    let trace = Trace::default();
    request.extensions_mut().insert(trace.clone());
    let whole = tokio::spawn(async move {
        let response = next.run(request).await;
        if let Some(Told(code)) = response.extensions().get() {
            room.failed(&trace, code).await;
        }
        drop(place);
        response
    });
    whole.await.unwrap_or_else(|_| Error::Broke.into_response())
}

/// The request with who sends it and the hash of its body, which approvals are bound to, and its place
/// among those that run. Nothing is read of whoever is not known, and of others not forever.
async fn known(room: &Room, request: Request) -> Result<(Request, OwnedSemaphorePermit), Error> {
    let (mut parts, body) = request.into_parts();
    let who = room.authenticate(&parts).await?;
    // Not before: a stranger must not take the place of an operation. Nor later: bodies are memory.
    let place = Arc::clone(&room.running).try_acquire_owned().map_err(|_| Error::Overloaded)?;
    let most = body_bytes_max(parts.uri.path());
    let mut request = Request::from_parts(parts.clone(), body);
    DefaultBodyLimit::max(most).apply(&mut request);
    let whole = Bytes::from_request(request, &());
    let bytes = match timeout(BODY_TIME, whole).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return Err(Error::TooLarge(most));
        }
        Ok(Err(_)) | Err(_) => {
            return Err(Error::invalid("the body ended early or took too long", "send it again"));
        }
    };
    parts.extensions.insert(who);
    parts.extensions.insert(BodyHash(sha256_hex(&bytes)));
    Ok((Request::from_parts(parts, Body::from(bytes)), place))
}

/// A page of a stranger's site can make a browser ask a loopback address under a name of its own
/// (DNS rebinding). Such a request carries that name, so names other than `localhost` are refused.
async fn own_host(State(room): State<Arc<Room>>, request: Request, next: Next) -> Response {
    // A webhook comes through a proxy under that one's name, and proves itself by its signature.
    let signed = request.uri().path() == webhook::PATH;
    let checked = matches!(room.entry(), Entry::Token { loopback: true }) && !signed;
    if checked && !is_own(host(&request)) {
        return Error::Host.into_response();
    }
    next.run(request).await
}

fn host(request: &Request) -> &str {
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    header.or_else(|| request.uri().authority().map(|a| a.as_str())).unwrap_or_default()
}

/// Whether a `Host` names an address or `localhost`. An address cannot be rebound.
fn is_own(host: &str) -> bool {
    let Ok(uri) = Uri::try_from(format!("http://{host}/")) else { return false };
    let name = uri.host().unwrap_or_default();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

async fn ready(State(room): State<Arc<Room>>) -> Response {
    if room.ready().await {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, own: bool) {
        assert_eq!(is_own(host), own, "{host}");
    }

    #[test]
    fn only_addresses_and_localhost_are_own_hosts() {
        check("127.0.0.1:8081", true);
        check("[::1]:8081", true);
        check("LOCALHOST:8081", true);
        check("localhost", true);
        check("localhost.evil.example", false);
        check("127.0.0.1.evil.example", false);
        check("evil.example:8081", false);
        check("", false);
        check("a b", false);
    }
}
