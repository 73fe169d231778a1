//! `POST /v1/messages/count_tokens`: about how many tokens the input of a request has.
//!
//! It is answered here and costs nothing: what would be counted leaves the machine for no provider. The
//! figure is an estimate, since Anthropic does not publish the tokenizer that it would be exact with.

use bytes::Bytes;
use providers::{Api, anthropic::caller::decode_count, anthropic::caller::encode_count};
use types::{RequestId, Timestamp};

use crate::{
    caller,
    downstream::{Downstream, Left},
    gate::Gate,
    limits, metrics,
    refusal::Refusal,
    serve::work_on,
    trail::{self, Trail},
};

/// The path of the operation.
pub(crate) const COUNT: &str = "/v1/messages/count_tokens";

/// Answers with the estimate, within the caller's rate limits.
pub(crate) async fn count(
    gate: &Gate,
    request: RequestId,
    down: &mut Downstream<'_>,
) -> Result<(), Left> {
    let counted = estimate(gate, down).await;
    let outcome = Trail::outcome(counted.as_ref().err().map(|refusal| refusal.code));
    metrics::REQUESTS.with_label_values(&[COUNT, "", "", outcome]).inc();
    let headers = trail::named(Api::Messages, request);
    match counted {
        Ok(tokens) => {
            let body = Bytes::from(encode_count(tokens));
            down.reply(200, "application/json", &headers, body).await
        }
        Err(_) if down.gone() => Err(Left),
        Err(refusal) => refusal.tell(down, (Api::Messages, request), "", headers).await,
    }
}

async fn estimate(gate: &Gate, down: &mut Downstream<'_>) -> Result<u64, Refusal> {
    let snapshot = gate.snapshots.load();
    let known = caller::authenticate(gate, &snapshot, down, Timestamp::now())?;
    let limits = snapshot.limits(known.agent, &known.caller);
    let _passes = gate.limits.enter(&limits).await.map_err(|full| full.refusal())?;
    let body = down.body(gate.options.body_bytes_max, gate.options.body_rate_min).await?;
    work_on(body.len(), || Ok(limits::estimate(&decode_count(&body)?)))
}
