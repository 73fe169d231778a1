//! The webchat within the process: its listener, and what it asks of the rest.

use std::{net::SocketAddr, sync::Arc};

use admin::{Control, Entry, Refusal};
use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use connectors::webchat::{Addressee, House, Parts, Person, Refused, Vote, Webchat};
use serde_json::{Value, json};
use snapshot::Snapshots;
use store::{Bus, objects::Objects};
use tokio::sync::watch;
use tower::ServiceExt as _;
use types::{ApprovalId, Secret};

use crate::{failure::Failure, state::State};

/// The longest answer of an operation that the webchat asks for.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Binds the webchat.
pub(super) async fn bind(
    state: &State,
    snapshots: &Snapshots,
    objects: Objects,
    bus: watch::Receiver<Option<Bus>>,
) -> Result<Webchat, Failure> {
    let control = state.control(snapshots.clone());
    let router = admin::router(control.clone(), Entry::Token { loopback: false });
    let parts = Parts {
        settings: state.settings.webchat.clone(),
        store: state.store.clone(),
        objects,
        bus,
        house: Arc::new(Rooms { control, router }),
        // No connector to another service is there yet.
        pairs: false,
        key: state.pepper.derive("orchestack webchat v1").to_vec(),
    };
    let bound = Webchat::bind(parts).await.map_err(Failure::of)?;
    warn(bound.address());
    Ok(bound)
}

fn warn(address: SocketAddr) {
    if !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "the webchat listens beyond this machine, without TLS; put a TLS proxy in front"
        );
    }
}

/// The rest of the process. What a person decides goes through the admin API, as if the person had asked it:
/// one way for policy and records.
struct Rooms {
    control: Control,
    router: Router,
}

impl Rooms {
    /// Does an operation of the admin API on a person's own token.
    async fn ask(
        &self,
        token: &Secret,
        method: Method,
        path: String,
        body: Option<Value>,
    ) -> Result<Value, Refused> {
        let bearer = format!("Bearer {}", token.expose());
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, bearer);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).map_err(|_| broke())?;
        // A router never fails: it answers.
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let status = answer.status();
        let read = axum::body::to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await;
        let bytes = read.map_err(|_| broke())?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| broke());
        }
        let refusal = serde_json::from_slice(&bytes).map_err(|_| broke())?;
        Err(refused(status.as_u16(), refusal))
    }
}

#[async_trait]
impl House for Rooms {
    fn agent(&self, name: &str) -> Option<Addressee> {
        let snapshot = self.control.snapshots.load();
        let agent = snapshot.agent_by_name(name)?;
        Some(Addressee { tenant: snapshot.tenant, agent: agent.id, name: agent.name.clone() })
    }

    async fn person(&self, token: &Secret) -> Result<Option<Person>, Refused> {
        match admin::person(&self.control, token.expose()).await {
            Ok(found) => Ok(found.map(|(person, tenant)| Person { name: person.name, tenant })),
            Err(error) => {
                tracing::warn!(%error, "the webchat cannot see who is signed in");
                Err(refused(503, error.refusal()))
            }
        }
    }

    async fn approval(&self, token: &Secret, id: ApprovalId) -> Result<Value, Refused> {
        self.ask(token, Method::GET, format!("/api/v1/approvals/{id}"), None).await
    }

    async fn vote(&self, token: &Secret, id: ApprovalId, vote: &Vote) -> Result<Value, Refused> {
        let verb = if vote.approve { "approve" } else { "deny" };
        let path = format!("/api/v1/approvals/{id}/{verb}");
        self.ask(token, Method::POST, path, Some(json!({ "reason": vote.reason }))).await
    }
}

/// A refusal of the admin API in the webchat's words.
fn refused(status: u16, refusal: Refusal) -> Refused {
    let admin::Fault { code, message, fix, .. } = refusal.error;
    Refused { status, code, message, fix }
}

fn broke() -> Refused {
    Refused {
        status: 500,
        code: "failed".to_owned(),
        message: "the operation broke".to_owned(),
        fix: "see the server's log for the cause".to_owned(),
    }
}
