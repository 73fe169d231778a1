//! People: the names and groups that admin tokens speak for.

use axum::{Json, extract::Path, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::admin_tokens::{AdminToken, Issued};
use types::{KeyId, Timestamp};
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::Desk,
    error::{Error, Refusal},
};
use policy::Operation;

/// Tokens that are not revoked: each of them is compared at every operation.
const TOKENS_MAX: usize = 1000;
/// The longest name of a person or a group.
const NAME_BYTES_MAX: usize = 64;
/// Groups of one person.
const GROUPS_MAX: usize = 32;

/// Whom to give a token.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The name in policies and records. Tokens of one name are one person.
    pub name: String,
    /// Roles and groups in policies, such as `infra-admin`, `operator`, `agent-owner`, `auditor`.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A token that was just made. This is the only time that it is shown.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadePerson {
    /// The token's public half.
    pub id: String,
    /// The token itself: `Authorization: Bearer <token>`.
    pub token: String,
    /// The person's name.
    pub name: String,
    /// The person's groups.
    pub groups: Vec<String>,
}

/// One token of a person, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonView {
    /// The token's public half.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// The person's groups, where the person comes with this token.
    pub groups: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// From when on it is refused: with the emergency rights under which it was made.
    pub expires_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
}

/// People by their tokens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonList {
    /// Oldest first.
    pub people: Vec<PersonView>,
}

/// Gives a person a token.
#[utoipa::path(
    post, path = "/api/v1/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = MadePerson), (status = "4XX", body = Refusal))
)]
pub(crate) async fn add(
    desk: Desk,
    Body(ask): Body<NewPerson>,
) -> Result<(StatusCode, Json<MadePerson>), Error> {
    let act = desk.showing(&ask).permit(Operation::PersonAdd, &ask.name).await?;
    check(&ask)?;
    let store = &act.control().store;
    if store.admin_tokens().load_all().await?.len() >= TOKENS_MAX {
        let message = format!("there are {TOKENS_MAX} tokens already");
        return Err(Error::invalid(message, "remove those of people who left"));
    }
    let minted = act.control().pepper.mint_token()?;
    let mut groups = ask.groups;
    groups.sort();
    groups.dedup();
    let token = AdminToken {
        // An id of its own: the token's text has none, and a record must name it.
        id: KeyId::generate().to_string().replacen("key_", "tok_", 1),
        tenant: act.tenant(),
        name: ask.name,
        groups,
        hash: minted.hash,
        created_at: Timestamp::now(),
        expires_at: act.ends_at(None),
    };
    let detail = json!({
        "token": token.id, "name": token.name, "groups": token.groups,
        "expires_at": token.expires_at.map(|at| at.to_string()),
    });
    store.admin_tokens().create(act.permit(), &token, &act.record(detail)).await?;
    let made = MadePerson {
        id: token.id,
        token: minted.text.expose().to_owned(),
        name: token.name,
        groups: token.groups,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lists people by their tokens, revoked ones included; never the tokens themselves.
#[utoipa::path(
    get, path = "/api/v1/people", tag = "people",
    responses((status = 200, body = PersonList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk) -> Result<Json<PersonList>, Error> {
    let act = desk.permit(Operation::PersonList, "").await?;
    let found = act.control().store.admin_tokens().list(act.tenant()).await?;
    Ok(Json(PersonList { people: found.into_iter().map(view).collect() }))
}

/// Revokes a person's token for good. It is refused from the answer on.
#[utoipa::path(
    delete, path = "/api/v1/people/{id}", tag = "people",
    params(("id" = String, Path, description = "The token's id, `tok_...`")),
    responses((status = 204), (status = "4XX", body = Refusal))
)]
pub(crate) async fn remove(desk: Desk, Path(id): Path<String>) -> Result<StatusCode, Error> {
    // The text is not repeated, and this comes before policy and its record: somebody may have given
    // the token itself.
    if id.replacen("tok_", "key_", 1).parse::<KeyId>().is_err() {
        let fix = "give the id that `orchestack person list` shows";
        return Err(Error::invalid("this is not the id of a token", fix));
    }
    let act = desk.permit(Operation::PersonRemove, &id).await?;
    let record = act.record(json!({ "token": id }));
    act.control().store.admin_tokens().revoke(act.permit(), &id, &record).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Names go into policies, records and the author of commits. One letter case: two people must not
/// differ in it alone.
fn check(ask: &NewPerson) -> Result<(), Error> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.@+".contains(&b);
    let is_name = |text: &str| {
        let first =
            text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        first && text.len() <= NAME_BYTES_MAX && text.bytes().all(plain)
    };
    if let Some(bad) = std::iter::once(&ask.name).chain(&ask.groups).find(|name| !is_name(name)) {
        let shown: String = bad.chars().take(NAME_BYTES_MAX).collect();
        let message = format!("`{shown}` is not a name of a person or a group");
        let fix = "use small letters, digits and `-_.@+`, at most 64, beginning with one of the first \
                   two";
        return Err(Error::invalid(message, fix));
    }
    if ask.groups.len() > GROUPS_MAX {
        let message = format!("a person has {GROUPS_MAX} groups at most");
        return Err(Error::invalid(message, "name fewer"));
    }
    Ok(())
}

fn view(token: Issued) -> PersonView {
    PersonView {
        id: token.id,
        name: token.name,
        groups: token.groups,
        created_at: token.created_at.to_string(),
        expires_at: token.expires_at.map(|at| at.to_string()),
        revoked_at: token.revoked_at.map(|at| at.to_string()),
    }
}
