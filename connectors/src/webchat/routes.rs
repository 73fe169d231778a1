//! Every path of the webchat, and the checks in front of all of them.

use std::{
    net::{IpAddr, SocketAddr},
    ops::Deref,
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{
        ConnectInfo, DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request, State,
        WebSocketUpgrade,
    },
    http::{HeaderMap, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use config::settings::Webchat as Settings;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use store::{Store, objects::Objects, work::Work};
use tokio_util::sync::CancellationToken;

use super::{
    attachments,
    error::Error,
    events, guard,
    house::House,
    limits::Limits,
    live::Live,
    page, post as said,
    protocol::{Decision, NewMessage},
    seal::Seal,
    sign,
    socket::Connection,
    visitor::Claims,
};

/// What every request shares.
#[derive(Clone)]
pub(super) struct Room(Arc<Shared>);

/// See [`Room`].
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) store: Store,
    pub(super) work: Work,
    pub(super) objects: Objects,
    pub(super) house: Arc<dyn House>,
    /// Whether codes are offered that pair accounts.
    pub(super) pairs: bool,
    pub(super) seal: Seal,
    pub(super) limits: Limits,
    pub(super) live: Live,
    /// Ends everything that waits.
    pub(super) stop: CancellationToken,
}

impl Room {
    pub(super) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for Room {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Room for the JSON around a text, its escapes and the tickets of attachments.
const AROUND_BYTES: usize = 64 * 1024;

/// The longest JSON that is taken: a text whose every byte is escaped as two, and what is around it.
fn json_bytes_max(settings: &Settings) -> usize {
    settings.max_message_bytes.saturating_mul(2).saturating_add(AROUND_BYTES)
}

/// All paths.
pub(super) fn router(room: Room) -> Router {
    let bytes = json_bytes_max(&room.settings);
    let uploads = Router::new()
        .route("/api/attachments", post(attachments::upload))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/api/conversation", post(sign::begin))
        .route("/api/me", get(sign::me))
        .route("/api/sign-in", post(sign::sign_in))
        .route("/api/sign-out", post(sign::sign_out))
        .route("/api/pairing", post(sign::pairing))
        .route("/api/socket", get(socket))
        .route("/api/events", get(stream))
        .route("/api/messages", post(message))
        .route("/api/decisions", post(decide))
        .route("/api/approvals/{id}", get(approval))
        .layer(DefaultBodyLimit::max(bytes))
        .merge(uploads)
        .merge(page::routes())
        .route("/healthz", get(async || "ok\n"))
        .fallback(async || Error::NoSuchPath)
        .method_not_allowed_fallback(async || Error::NoSuchPath)
        .layer(middleware::from_fn_with_state(room.clone(), guarded))
        .with_state(room)
}

async fn guarded(State(room): State<Room>, request: Request, next: Next) -> Response {
    let checked = guard::check(&room.settings, request.method(), request.uri(), request.headers());
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    page::protect(response.headers_mut());
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listen {
    #[serde(default)]
    agent: Option<String>,
    #[serde(default)]
    after: i64,
}

async fn socket(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Error> {
    let place = room.limits.place(address)?;
    let claims = Claims::of(&headers, None);
    let bytes = json_bytes_max(&room.settings);
    let upgrade = upgrade.max_message_size(bytes).max_frame_size(bytes);
    Ok(upgrade.on_upgrade(move |socket| async move {
        Box::pin(Connection::new(socket, place).run(room, claims, address)).await;
    }))
}

async fn stream(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
    Asked(asked): Asked<Listen>,
) -> Result<Response, Error> {
    let visitor = sign::visitor(&room, &headers, asked.agent, address).await?;
    let place = room.limits.place(address)?;
    // A browser that connects again says where it was.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let after = last.unwrap_or(asked.after).max(0);
    Ok(events::stream(room, visitor, after, place).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Posted {
    #[serde(default)]
    agent: Option<String>,
    id: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    attachments: Vec<String>,
}

async fn message(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
    Ask(asked): Ask<Posted>,
) -> Result<Response, Error> {
    let Posted { agent, id, text, attachments } = asked;
    let mut visitor = sign::visitor(&room, &headers, agent, address).await?;
    let kept = said::message(&room, &mut visitor, NewMessage { id, text, attachments }).await?;
    Ok(Json(json!({ "seq": kept.seq, "no": kept.event_no, "fresh": kept.fresh })).into_response())
}

async fn decide(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
    Ask(asked): Ask<Decision>,
) -> Result<Response, Error> {
    let visitor = sign::visitor(&room, &headers, None, address).await?;
    let (approval, status) = said::decide(&room, &visitor, asked).await?;
    Ok(Json(json!({ "approval": approval, "status": status })).into_response())
}

/// A question to people as whoever is signed in may see it.
async fn approval(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = said::approval(&id)?;
    let visitor = sign::visitor(&room, &headers, None, address).await?;
    let person = visitor.person.ok_or(Error::SignIn)?;
    Ok(Json(room.house.approval(&person.token, id).await?).into_response())
}

/// Where a request comes from.
pub(super) struct Address(pub(super) IpAddr);

impl FromRequestParts<Room> for Address {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Error> {
        let ConnectInfo(peer) =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().ok_or(Error::Broke)?;
        if !room.settings.behind_proxy {
            return Ok(Self(peer.ip()));
        }
        // The proxy appends whom it heard: only the last one is its own word.
        let lines = parts.headers.get_all("x-forwarded-for").iter();
        let last = lines.filter_map(|line| line.to_str().ok()).next_back();
        let last = last.and_then(|line| line.rsplit(',').next()?.trim().parse().ok());
        Ok(Self(last.unwrap_or(peer.ip())))
    }
}

/// A JSON body, with refusals of our own.
pub(super) struct Ask<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Room> for Ask<T> {
    type Rejection = Error;

    async fn from_request(request: Request, room: &Room) -> Result<Self, Error> {
        match Json::<T>::from_request(request, room).await {
            Ok(Json(asked)) => Ok(Self(asked)),
            Err(error) if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Error::TooLarge(json_bytes_max(&room.settings)))
            }
            Err(_) => Err(Error::Invalid("the body is not the JSON that this path takes")),
        }
    }
}

/// A query, with refusals of our own.
struct Asked<T>(T);

impl<T: DeserializeOwned> FromRequestParts<Room> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Error> {
        let read = Query::<T>::from_request_parts(parts, room).await;
        let Query(asked) = read.map_err(|_| Error::Invalid("the query is none that is known"))?;
        Ok(Self(asked))
    }
}
