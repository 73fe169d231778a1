//! Beginning a conversation, signing in and out: what sets cookies.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use types::{Secret, Timestamp};

use super::{
    conversation::Token,
    error::Error,
    guard,
    routes::{Address, Ask, Room},
    seal::Purpose,
    visitor::{self, CONVERSATION, Claims, PERSON, addressee, signed_in},
};
use crate::identity::Code;

/// How long a browser keeps a conversation, in seconds: 90 days.
const CONVERSATION_SECONDS: u64 = 90 * 24 * 60 * 60;
/// How long a pairing code can be said.
const PAIRING_OPEN: Duration = Duration::from_secs(10 * 60);
/// The longest token that somebody signs in with, in bytes.
const TOKEN_BYTES_MAX: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewConversation {
    /// The agent's name.
    #[serde(default)]
    agent: Option<String>,
    /// Whether the token is to be in the answer, for whoever has no cookies.
    #[serde(default)]
    bearer: bool,
    /// Whether a new conversation is wanted also where the browser has one.
    #[serde(default)]
    new: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The person's admin token.
    token: String,
    /// Whether the sealed proof is to be in the answer, for whoever has no cookies.
    #[serde(default)]
    bearer: bool,
}

/// Begins a conversation, or goes on with the browser's.
pub(super) async fn begin(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
    Ask(asked): Ask<NewConversation>,
) -> Result<Response, Error> {
    room.limits.begin(address)?;
    let to = addressee(&room, asked.agent.as_deref())?;
    let claims = Claims::of(&headers, None);
    let person = signed_in(&room, claims.person.as_deref()).await?;
    let person = person.filter(|(person, _)| person.tenant == to.tenant);
    if person.is_none() && !room.settings.anonymous {
        return Err(Error::SignIn);
    }
    let known =
        claims.token.as_deref().and_then(Token::read).filter(|_| !asked.new && !asked.bearer);
    let token = match known {
        Some(token) => token,
        None => Token::generate().ok_or(Error::Broke)?,
    };
    let told = json!({
        "agent": to.name,
        "person": person.map(|(person, _)| person.name),
        "token": asked.bearer.then(|| token.expose()),
    });
    let mut response = Json(told).into_response();
    if !asked.bearer {
        set(&mut response, &headers, CONVERSATION, token.expose(), CONVERSATION_SECONDS);
    }
    Ok(response)
}

/// Who asks, and what may be done here.
pub(super) async fn me(State(room): State<Room>, headers: HeaderMap) -> Result<Response, Error> {
    let claims = Claims::of(&headers, None);
    let person = signed_in(&room, claims.person.as_deref()).await?;
    let settings = &room.settings;
    Ok(Json(json!({
        "person": person.map(|(person, _)| person.name),
        "anonymous": settings.anonymous,
        "agents": settings.agents,
        "max_message_bytes": settings.max_message_bytes,
        "max_attachment_bytes": settings.max_attachment_bytes,
        "pairing": room.pairs,
    }))
    .into_response())
}

/// Signs a person in by the token that an administrator gave. The browser gets it back sealed: it opens
/// nothing but this.
pub(super) async fn sign_in(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
    Ask(asked): Ask<SignIn>,
) -> Result<Response, Error> {
    room.limits.sign_in(address)?;
    let token = asked.token.trim();
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Error::Unauthenticated);
    }
    let token = Secret::new(token);
    let person = room.house.person(&token).await?.ok_or(Error::Unauthenticated)?;
    let ttl = room.settings.sign_in_ttl.as_secs();
    let until = Timestamp::now().plus_seconds(i64::try_from(ttl).unwrap_or(i64::MAX));
    let sealed = room.seal.seal(Purpose::Person, &token.expose(), until).ok_or(Error::Broke)?;
    let told = json!({
        "person": person.name,
        "sealed": asked.bearer.then_some(&sealed),
    });
    let mut response = Json(told).into_response();
    if !asked.bearer {
        set(&mut response, &headers, PERSON, &sealed, ttl);
    }
    Ok(response)
}

/// Signs out.
pub(super) async fn sign_out(headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set(&mut response, &headers, PERSON, "", 0);
    response
}

/// Offers whoever is signed in a code: said to an agent from an account of another service, it makes that
/// account theirs.
pub(super) async fn pairing(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if !room.pairs {
        return Err(Error::NoSuchPath);
    }
    room.limits.sign_in(address)?;
    let claims = Claims::of(&headers, None);
    let (person, _) = signed_in(&room, claims.person.as_deref()).await?.ok_or(Error::SignIn)?;
    let code = Code::generate().ok_or(Error::Broke)?;
    let identities = room.store.identities();
    let offered = identities.offer(person.tenant, &person.name, &code.hash(), PAIRING_OPEN).await;
    offered.map_err(store::work::Error::from)?;
    let told = json!({ "code": code.shown(), "seconds": PAIRING_OPEN.as_secs() });
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

/// Sets a cookie that scripts cannot read and that no other site can have a browser send.
fn set(response: &mut Response, headers: &HeaderMap, name: &str, value: &str, seconds: u64) {
    // A proxy in front says that browsers came over TLS. Whoever says so without one locks out themselves.
    let forwarded = guard::one(headers, header::HeaderName::from_static("x-forwarded-proto"));
    let secure = if forwarded == Some("https") { "; Secure" } else { "" };
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(value) = cookie.parse() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// A visitor from what a plain request carries.
pub(super) async fn visitor(
    room: &Room,
    headers: &HeaderMap,
    agent: Option<String>,
    address: std::net::IpAddr,
) -> Result<visitor::Visitor, Error> {
    visitor::Visitor::prove(room, &Claims::of(headers, agent), address).await
}
