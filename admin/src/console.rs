//! Signing in to the console with an admin token: a session on the server, a cookie that no script reads, and a
//! second token that every change must show.
//!
//! The cookie is `HttpOnly` and `SameSite=Strict`. A change over it must carry the session's CSRF token in
//! `x-orchestack-csrf` and come from this listener's own page (`Origin`).

mod assets;

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{COOKIE, HOST, ORIGIN, SET_COOKIE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use policy::{APPROVAL_KINDS, AdminAct, AgentKind, ApprovalVote, DenyReason, Operation, Requester};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snapshot::{Snapshot, keys::sha256_hex};
use store::console_sessions::{ConsoleSession, Lifetime};
use types::Timestamp;
use utoipa::ToSchema;

pub(crate) use assets::page;

use crate::{
    body,
    control::Control,
    desk::{self, Desk},
    error::{Error, Refusal},
    room::{Room, Trace, Who},
};

/// How long a session lasts.
const LIFETIME: Lifetime =
    Lifetime { whole: Duration::from_secs(12 * 60 * 60), idle: Duration::from_secs(2 * 60 * 60) };
/// The longest body that signs in.
const SIGN_IN_BYTES_MAX: usize = 1024;
const COOKIE_NAME: &str = "orchestack_console";
/// The header that has the CSRF token.
const CSRF: &str = "x-orchestack-csrf";

/// What opens a session.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The admin token, `ora_...`.
    token: String,
}

/// Who is signed in, and what is to be shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConsoleView {
    /// The person, as policies name them.
    pub person: String,
    /// Their groups.
    pub groups: Vec<String>,
    /// The tenant's name.
    pub tenant: String,
    /// What every change over the cookie carries in `x-orchestack-csrf`.
    pub csrf: String,
    /// When the session ends at the latest; two hours without use end it before.
    pub expires_at: String,
    /// Operations that policy permits now to the tenant as a whole, at once or once people have approved. What is
    /// shown goes by it; what is done is decided when it is done.
    pub operations: Vec<String>,
}

/// Signs in with an admin token. Sets the cookie of the session.
#[utoipa::path(
    post, path = "/api/v1/console/session", tag = "console", security(()), request_body = SignIn,
    responses((status = 200, body = ConsoleView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn sign_in(
    State(room): State<Arc<Room>>,
    request: Request,
) -> Result<Response, Error> {
    let headers = request.headers().clone();
    own_origin(&headers)?;
    let body = body::of_stranger(request, SIGN_IN_BYTES_MAX).await?;
    let SignIn { token } = serde_json::from_slice(&body)
        .map_err(|_| Error::invalid("the body is not `{\"token\": \"ora_...\"}`", "send it so"))?;
    let who = room.known_by(&token).await?;
    // Not before: a stranger must not take the place of an operation.
    let _place = room.running.try_acquire().map_err(|_| Error::Overloaded)?;
    let trace = Trace::default();
    let desk = Desk::of(Arc::clone(&room), who.clone(), trace.clone());
    let opened = open(desk, who, &headers).await;
    if let Err(error) = &opened {
        room.failed(&trace, &error.refusal().error.code).await;
    }
    opened
}

/// Opens a session for a person who is known.
async fn open(desk: Desk, who: Who, headers: &HeaderMap) -> Result<Response, Error> {
    let id = who.token.clone().ok_or(Error::Unauthenticated)?;
    let act = desk.permit(Operation::ConsoleSignIn, "").await?;
    let control = act.control();
    let secret = control.pepper.mint_cookie()?;
    let secret = secret.expose();
    let (hash, csrf) = (hash(control, secret), csrf(control, secret));
    let record = act.record(json!({ "lasts_seconds": LIFETIME.whole.as_secs() }));
    let sessions = control.store.console_sessions();
    let subject = (act.tenant(), id.as_str());
    let expires_at = sessions.open(act.permit(), subject, &hash, LIFETIME, &record).await?;
    let view = view(&who, csrf, expires_at, operations(control, &who).await?);
    let cookie = cookie(headers, secret, LIFETIME.whole);
    Ok(([(SET_COOKIE, cookie)], Json(view)).into_response())
}

/// Shows who is signed in.
#[utoipa::path(
    get, path = "/api/v1/console/session", tag = "console",
    responses((status = 200, body = ConsoleView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(desk: Desk) -> Result<Json<ConsoleView>, Error> {
    let who = desk.who().clone();
    let act = desk.permit(Operation::ConsoleShow, "").await?;
    let (secret, expires_at) = who.session.clone().ok_or(Error::NoSession)?;
    let csrf = csrf(act.control(), &secret);
    let operations = operations(act.control(), &who).await?;
    Ok(Json(view(&who, csrf, expires_at, operations)))
}

/// Ends this session.
#[utoipa::path(
    delete, path = "/api/v1/console/session", tag = "console",
    responses((status = 204), (status = "4XX", body = Refusal))
)]
pub(crate) async fn sign_out(desk: Desk, headers: HeaderMap) -> Result<Response, Error> {
    end(desk, &headers, false).await
}

/// Ends every session of the person.
#[utoipa::path(
    delete, path = "/api/v1/console/sessions", tag = "console",
    responses((status = 204), (status = "4XX", body = Refusal))
)]
pub(crate) async fn sign_out_everywhere(desk: Desk, headers: HeaderMap) -> Result<Response, Error> {
    end(desk, &headers, true).await
}

async fn end(desk: Desk, headers: &HeaderMap, everywhere: bool) -> Result<Response, Error> {
    let session = desk.who().session.clone();
    let act = desk.permit(Operation::ConsoleSignOut, "").await?;
    let hash = match session {
        Some((secret, _)) => hash(act.control(), &secret),
        None if everywhere => String::new(),
        None => return Err(Error::NoSession),
    };
    let record = act.record(json!({ "everywhere": everywhere }));
    let sessions = act.control().store.console_sessions();
    sessions.end(act.permit(), (act.actor(), &hash), everywhere, &record).await?;
    let cookie = cookie(headers, "", Duration::ZERO);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

fn view(who: &Who, csrf: String, expires_at: Timestamp, operations: Vec<String>) -> ConsoleView {
    ConsoleView {
        person: who.person.name.clone(),
        groups: who.person.groups.clone(),
        tenant: who.tenant_name.clone(),
        csrf,
        expires_at: expires_at.to_string(),
        operations,
    }
}

/// What policy permits a person to do now to the tenant as a whole, and whether they vote on any question at all.
async fn operations(control: &Control, who: &Who) -> Result<Vec<String>, Error> {
    let snapshot = control.snapshots.load();
    let glass = desk::emergency(control, who).await?.and_then(|glass| glass.ends_at);
    let votes = votes(&snapshot, who);
    let permitted = |operation: &&Operation| {
        use Operation::{ApprovalApprove, ApprovalArguments, ApprovalDeny};
        if matches!(operation, ApprovalApprove | ApprovalArguments | ApprovalDeny) {
            return votes;
        }
        let act = AdminAct {
            actor: &who.person,
            operation: **operation,
            tenant: who.tenant,
            tenant_name: &who.tenant_name,
            target: "",
            owner: None,
            approval: None,
            break_glass: glass,
            now: Timestamp::now(),
        };
        match snapshot.policy.administer(&act) {
            Ok(_) => true,
            Err(denial) => matches!(denial.reason, DenyReason::ApprovalRequired { .. }),
        }
    };
    Ok(Operation::ALL.iter().filter(permitted).map(|one| one.as_str().to_owned()).collect())
}

/// Whether there is a kind of question of some agent that a person may vote on, in one of their roles.
fn votes(snapshot: &Snapshot, who: &Who) -> bool {
    let requester = Requester::Agent { kind: AgentKind::User, name: "", owner: "" };
    who.person.groups.iter().any(|role| {
        APPROVAL_KINDS.iter().any(|kind| {
            let vote = ApprovalVote {
                actor: &who.person,
                role,
                kind,
                requester,
                target: "",
                tenant: who.tenant,
                tenant_name: &who.tenant_name,
                now: Timestamp::now(),
            };
            snapshot.policy.vote(&vote).is_ok()
        })
    })
}

/// The session that a request's cookie is of, with the cookie's secret. What changes something must show that it
/// comes from the console's own page.
pub(crate) async fn session(
    control: &Control,
    parts: &Parts,
) -> Result<Option<(ConsoleSession, String)>, Error> {
    let Some(secret) = secret(&parts.headers) else { return Ok(None) };
    let found = control.store.console_sessions().find(&hash(control, secret), LIFETIME).await?;
    let Some(session) = found else { return Ok(None) };
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        own_origin(&parts.headers)?;
        let shown = parts.headers.get(CSRF).and_then(|value| value.to_str().ok());
        let shown = shown.unwrap_or_default();
        // Hashes are compared: their first difference says nothing of the token.
        if sha256_hex(shown.as_bytes()) != sha256_hex(csrf(control, secret).as_bytes()) {
            return Err(Error::Csrf);
        }
    }
    Ok(Some((session, secret.to_owned())))
}

/// The secret of the cookie, if it has the form of one.
fn secret(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs =
        all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value);
    ours.find(|value| value.len() == 43)
}

/// Refuses what a browser sends from a page of somebody else. Browsers say with every change where it comes from;
/// what has no cookie to abuse need not say it.
fn own_origin(headers: &HeaderMap) -> Result<(), Error> {
    let Some(origin) = headers.get(ORIGIN) else {
        return if headers.contains_key(COOKIE) { Err(Error::Csrf) } else { Ok(()) };
    };
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let origin = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
    let own = origin.as_ref().and_then(Uri::authority).is_some_and(|own| own.as_str() == host);
    if own { Ok(()) } else { Err(Error::Csrf) }
}

/// The cookie as it is set. Where a proxy in front speaks TLS, browsers send it over TLS alone.
fn cookie(headers: &HeaderMap, secret: &str, lasts: Duration) -> HeaderValue {
    let tls = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let secure = if tls { "; Secure" } else { "" };
    let seconds = lasts.as_secs();
    let text = format!(
        "{COOKIE_NAME}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

fn hash(control: &Control, secret: &str) -> String {
    control.pepper.tag("orchestack console session v1", secret)
}

fn csrf(control: &Control, secret: &str) -> String {
    control.pepper.tag("orchestack console csrf v1", secret)
}
