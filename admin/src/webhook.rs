//! The webhook of the tree's remote: whoever proves to know its secret makes the remote be asked now.
//! What is pushed is not read from the call: the remote itself says what it has.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use prometheus::{IntCounterVec, register_int_counter_vec};
use ring::hmac;
use tokio_util::task::TaskTracker;
use types::Secret;

use crate::{
    body,
    control::BODY_BYTES_MAX,
    error::{Error, Refusal},
    room::Room,
};

/// Where it is called.
pub(crate) const PATH: &str = "/api/v1/policy/webhook";

#[expect(clippy::expect_used, reason = "the name is a constant; a clash shows at the first start")]
static CALLS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "orchestack_policy_webhooks_total",
        "Calls of the tree's webhook by outcome: taken, refused",
        &["outcome"]
    )
    .expect("a metric's name and labels are legal and unique")
});

/// Asks the tree's remote now. GitHub signs with `X-Hub-Signature-256`, Gitea with
/// `X-Gitea-Signature`, and GitLab sends the secret itself as `X-Gitlab-Token`.
#[utoipa::path(
    post, path = "/api/v1/policy/webhook", tag = "policy", security(()),
    request_body(content = String, description = "Whatever the remote sends"),
    responses((status = 202), (status = "4XX", body = Refusal))
)]
pub(crate) async fn webhook(
    State(room): State<Arc<Room>>,
    request: Request,
) -> Result<StatusCode, Error> {
    let settings = &room.control.settings;
    let reference = settings.policy.webhook_secret.as_ref().ok_or(Error::NoOperation)?;
    let secret = reference.resolve(&settings.state.dir, config::settings::variable);
    let secret = secret.map_err(|error| {
        tracing::error!(%error, "`policy.webhook_secret` cannot be read");
        Error::WebhookSecret(error)
    })?;
    let headers = request.headers().clone();
    let body = body::of_stranger(request, BODY_BYTES_MAX).await?;
    if !is_signed(&headers, &body, &secret) {
        CALLS.with_label_values(&["refused"]).inc();
        tracing::warn!(
            "a call of the tree's webhook was refused: it is not signed with its secret"
        );
        return Err(Error::Signature);
    }
    CALLS.with_label_values(&["taken"]).inc();
    room.pull.begin(&room);
    Ok(StatusCode::ACCEPTED)
}

/// Whether a call proves to know the secret, in the way of one of the hosts. Each comparison takes
/// the same time whatever is compared.
fn is_signed(headers: &HeaderMap, body: &[u8], secret: &Secret) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let signed = |tag: &str| {
        snapshot::keys::from_hex(tag).is_some_and(|tag| hmac::verify(&key, body, &tag).is_ok())
    };
    if let Some(tag) = text("x-hub-signature-256") {
        return tag.strip_prefix("sha256=").is_some_and(signed);
    }
    if let Some(tag) = text("x-gitea-signature") {
        return signed(tag);
    }
    text("x-gitlab-token").is_some_and(|token| {
        let given = hmac::sign(&key, token.as_bytes());
        hmac::verify(&key, secret.expose().as_bytes(), given.as_ref()).is_ok()
    })
}

/// Looks at the remote that were asked for: one runs, and one more waits at most, since it will see
/// everything that was pushed before it begins.
#[derive(Default)]
pub(crate) struct Pull {
    state: Mutex<Looks>,
    tasks: TaskTracker,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Looks {
    #[default]
    None,
    Running,
    RunningAndWaiting,
}

impl Pull {
    /// Looks now, or after the look that runs.
    pub(crate) fn begin(&self, room: &Arc<Room>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *state;
        *state = if before == Looks::None { Looks::Running } else { Looks::RunningAndWaiting };
        if before == Looks::None {
            let room = Arc::clone(room);
            self.tasks.spawn(async move {
                loop {
                    if let Err(error) = room.control.snapshots.sync_now().await {
                        tracing::warn!(%error, "the webhook's look at the tree's remote failed");
                    }
                    if !room.pull.again() {
                        return;
                    }
                }
            });
        }
    }

    /// Whether one waits, which then runs.
    fn again(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = *state == Looks::RunningAndWaiting;
        *state = if waits { Looks::Running } else { Looks::None };
        waits
    }

    /// Waits until none runs any more.
    pub(crate) async fn end(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"{\"ref\":\"refs/heads/main\"}";

    #[track_caller]
    fn check(name: &'static str, value: &str, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        assert_eq!(is_signed(&headers, BODY, &Secret::new("hush")), expected, "{name}: {value}");
    }

    #[test]
    fn only_what_is_signed_with_the_secret_is_taken() {
        let sign = |secret: &str| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            snapshot::keys::to_hex(hmac::sign(&key, BODY).as_ref())
        };
        let (good, bad) = (sign("hush"), sign("other"));
        check("x-hub-signature-256", &format!("sha256={good}"), true);
        check("x-hub-signature-256", &good, false);
        check("x-hub-signature-256", &format!("sha256={bad}"), false);
        check("x-hub-signature-256", "sha256=", false);
        check("x-gitea-signature", &good, true);
        check("x-gitea-signature", &bad, false);
        check("x-gitlab-token", "hush", true);
        check("x-gitlab-token", "hus", false);
        check("x-gitlab-token", "", false);
        check("authorization", "hush", false);
    }

    #[test]
    fn at_most_one_look_waits_behind_the_one_that_runs() {
        let pull = Pull::default();
        *pull.state.lock().unwrap() = Looks::RunningAndWaiting;
        assert!(pull.again());
        assert!(!pull.again());
        assert_eq!(*pull.state.lock().unwrap(), Looks::None);
    }
}
