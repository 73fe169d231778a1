//! One request: sent, waited for as long as it may take, and withdrawn if nobody waits any more.

use std::{io, sync::Arc};

use rmcp::{
    RoleClient,
    model::{
        CancelledNotification, CancelledNotificationParam, ClientRequest, CustomRequest,
        InputRequiredResult, MetaObject, NotificationMetaObject, ProgressToken, RequestId,
        RequestMetaObject, ServerResult,
    },
    service::{Peer, PeerRequestOptions},
};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use types::KEY_META;

use crate::{
    Caller, Error, Limits, Spec, handler,
    link::{Link, failed, refused},
    watch::{Asker, Tag, Watch},
};

/// How often a server may want to know something before it gives a result.
const ROUNDS_MAX: usize = 8;
/// What it may want to know at once.
const QUESTIONS_MAX: usize = 16;

/// A request in the words of the protocol.
pub(crate) struct Question {
    pub(crate) method: &'static str,
    pub(crate) params: Map<String, Value>,
    /// What is beside them in `_meta`.
    pub(crate) meta: Map<String, Value>,
    pub(crate) caller: Arc<dyn Caller>,
    /// Withdraws it, where dropping it does not.
    pub(crate) withdrawal: Option<CancellationToken>,
    pub(crate) bytes_max: usize,
}

/// Asks the server, and answers what it wants to know on the way.
pub(crate) async fn ask(spec: &Spec, link: &Link, question: Question) -> Result<Value, Error> {
    let server = || spec.name.clone();
    let Question { method, mut params, meta, caller, withdrawal, bytes_max } = question;
    let asker = Asker::new(caller);
    let ends = Instant::now() + spec.limits.total_max;
    for _ in 0..ROUNDS_MAX {
        let words = (params.clone(), meta.clone());
        match once(spec, link, method, words, &asker, (ends, withdrawal.as_ref())).await? {
            ServerResult::InputRequiredResult(wanted) => {
                let late = |_| Error::Timeout { server: server(), after: spec.limits.total_max };
                let answers = answers(spec, &asker, wanted, &mut params);
                tokio::time::timeout_at(ends, answers).await.map_err(late)??;
            }
            result => {
                let unreadable =
                    |_| Error::Protocol { server: server(), why: "its answer cannot be read" };
                let result = serde_json::to_value(result).map_err(unreadable)?;
                return match is_longer_than(&result, bytes_max) {
                    true => Err(Error::TooLarge { server: server(), bytes_max }),
                    false => Ok(result),
                };
            }
        }
    }
    Err(Error::Protocol { server: server(), why: "it asks and asks and gives no result" })
}

async fn once(
    spec: &Spec,
    link: &Link,
    method: &str,
    (params, meta): (Map<String, Value>, Map<String, Value>),
    asker: &Arc<Asker>,
    (ends, withdrawal): (Instant, Option<&CancellationToken>),
) -> Result<ServerResult, Error> {
    let key = meta.get(KEY_META).cloned();
    let mut request = CustomRequest::new(method, Some(Value::Object(params)));
    request.extensions.insert(RequestMetaObject(MetaObject(meta)));
    request.extensions.insert(Tag(Arc::downgrade(asker)));
    let request = ClientRequest::CustomRequest(request);
    let handle = link.peer.send_request_with_option(request, PeerRequestOptions::no_options());
    let mut handle = handle.await.map_err(|error| failed(&spec.name, error))?;
    let mut sent = Sent {
        peer: &link.peer,
        watch: &link.watch,
        id: handle.id.clone(),
        token: handle.progress_token.clone(),
        key,
        is_left: withdrawal.is_some(),
    };
    let Limits { timeout, .. } = spec.limits;
    loop {
        // A question of the server ends earlier than its time, so we look again before that.
        let due = asker.due(timeout).map_or(ends, |due| due.min(ends));
        let now = Instant::now();
        if due <= now {
            let after = if due == ends { spec.limits.total_max } else { timeout };
            sent.is_left = false;
            return Err(Error::Timeout { server: spec.name.clone(), after });
        }
        tokio::select! {
            biased;
            answer = &mut handle.rx => {
                sent.is_left = true;
                return match answer {
                    Ok(answer) => answer.map_err(|error| failed(&spec.name, error)),
                    Err(_) => Err(Error::Closed { server: spec.name.clone() }),
                };
            }
            () = link.watch.ended.cancelled() => {
                return Err(Error::Closed { server: spec.name.clone() });
            }
            () = withdrawn(withdrawal) => {
                sent.is_left = true;
                // Before whoever waits closes the connection.
                withdraw(sent.peer, sent.words()).await;
                return Err(Error::Withdrawn { server: spec.name.clone(), sent: true });
            }
            () = sleep_until(due.min(now + timeout)) => {}
        }
    }
}

/// Waits until a request is withdrawn.
pub(crate) async fn withdrawn(withdrawal: Option<&CancellationToken>) {
    match withdrawal {
        Some(withdrawal) => withdrawal.cancelled().await,
        None => std::future::pending().await,
    }
}

/// Tells a server that a request is withdrawn.
async fn withdraw(peer: &Peer<RoleClient>, words: CancelledNotification) {
    let _ = timeout(WITHDRAWAL_TIME_MAX, peer.send_notification(words.into())).await;
}

/// A request that was sent. Dropped before it is answered, it is withdrawn, unless it is left to the server.
struct Sent<'a> {
    peer: &'a Peer<RoleClient>,
    watch: &'a Watch,
    id: RequestId,
    token: ProgressToken,
    /// The key of the call, by which a server without sessions knows it.
    key: Option<Value>,
    /// Whether there is nothing to withdraw when this is dropped.
    is_left: bool,
}

impl Sent<'_> {
    fn words(&self) -> CancelledNotification {
        let withdrawn = CancelledNotificationParam::new(Some(self.id.clone()), None);
        let mut words = CancelledNotification::new(withdrawn);
        if let Some(key) = &self.key {
            let meta = Map::from_iter([(KEY_META.to_owned(), key.clone())]);
            words.extensions.insert(NotificationMetaObject(MetaObject(meta)));
        }
        words
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        self.watch.forget(&self.id, &self.token);
        let runtime = tokio::runtime::Handle::try_current();
        if let (false, Ok(runtime)) = (self.is_left, runtime) {
            let (peer, words) = (self.peer.clone(), self.words());
            runtime.spawn(async move { withdraw(&peer, words).await });
        }
    }
}

const WITHDRAWAL_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(5);

/// Answers what the server wants to know before it goes on, and puts that into the next request.
async fn answers(
    spec: &Spec,
    asker: &Asker,
    wanted: InputRequiredResult,
    params: &mut Map<String, Value>,
) -> Result<(), Error> {
    let questions = wanted.input_requests.unwrap_or_default();
    if questions.len() > QUESTIONS_MAX || (questions.is_empty() && wanted.request_state.is_none()) {
        let why = "it wants to know too much at once, or nothing";
        return Err(Error::Protocol { server: spec.name.clone(), why });
    }
    let mut answers = Map::new();
    for (key, question) in questions {
        let answer = handler::answer(spec.asks, asker, question).await;
        answers.insert(key, answer.map_err(|error| refused(spec.name.clone(), error))?);
    }
    params.insert("inputResponses".to_owned(), Value::Object(answers));
    match wanted.request_state {
        Some(state) => params.insert("requestState".to_owned(), Value::String(state)),
        None => params.remove("requestState"),
    };
    Ok(())
}

/// Whether a value has more bytes than that as JSON.
fn is_longer_than(value: &Value, bytes_max: usize) -> bool {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(piece.len()).ok_or(io::ErrorKind::FileTooLarge)?;
            Ok(piece.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Count(bytes_max), value).is_err()
}
