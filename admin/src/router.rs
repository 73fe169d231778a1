//! Every path of the admin API, its OpenAPI document, and the checks in front of all of them.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use utoipa::{
    OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    agents, audit, budget,
    control::{BODY_BYTES_MAX, Control, Entry},
    desk::{Room, Trace},
    error::{Error, Told},
    keys, metrics, models, overview, policies, providers, spend,
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
        (name = "budget"), (name = "spend"), (name = "audit"), (name = "policy"),
        (name = "overview"),
    )
)]
struct Document;

/// The admin API for one way in.
pub fn router(control: Control, entry: Entry) -> Router {
    let room = Room::new(control, entry);
    let (operations, mut document) = operations().split_for_parts();
    secure(&mut document);
    let document = Arc::new(document);
    let open = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::metrics))
        .route("/api/v1/openapi.json", get(async move || Json(document)));
    operations
        .route_layer(middleware::from_fn_with_state(Arc::clone(&room), bounded))
        .merge(open)
        .fallback(async || Error::NoOperation)
        .method_not_allowed_fallback(async || Error::NoOperation)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&room), own_host))
        .with_state(room)
}

/// The OpenAPI document of [`router`].
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = operations().split_for_parts();
    secure(&mut document);
    document
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
        .routes(routes!(models::probe))
        .routes(routes!(providers::add, providers::list))
        .routes(routes!(providers::remove))
        .routes(routes!(budget::set, budget::show))
        .routes(routes!(budget::raise))
        .routes(routes!(spend::show))
        .routes(routes!(audit::tail))
        .routes(routes!(audit::verify))
        .routes(routes!(audit::export))
        .routes(routes!(policies::status))
        .routes(routes!(policies::check))
        .routes(routes!(policies::reload))
        .routes(routes!(overview::show))
}

/// Says in the document how to authenticate.
fn secure(document: &mut utoipa::openapi::OpenApi) {
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", bearer);
    let required = utoipa::openapi::security::SecurityRequirement::new("token", [""; 0]);
    document.security = Some(vec![required]);
}

/// Bounds how many operations run at once, and lets each run to its end: a caller that leaves must
/// not stop a change between the tree and the store.
async fn bounded(State(room): State<Arc<Room>>, mut request: Request, next: Next) -> Response {
    let Ok(place) = Arc::clone(&room.running).try_acquire_owned() else {
        return Error::Overloaded.into_response();
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

/// A page of a stranger's site can make a browser ask a loopback address under a name of its own
/// (DNS rebinding). Such a request carries that name, so names other than `localhost` are refused.
async fn own_host(State(room): State<Arc<Room>>, request: Request, next: Next) -> Response {
    let checked = matches!(room.entry(), Entry::Token { loopback: true });
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
    (axum::http::StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
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
