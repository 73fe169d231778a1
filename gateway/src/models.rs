//! `GET /v1/models` and `/v1/models/{id}`: the models that policy permits the caller.

use bytes::Bytes;
use policy::{BudgetFacts, ModelCall, ModelFacts, RequestFacts, SessionFacts};
use providers::{Api, ModelEntry};
use snapshot::Snapshot;
use types::{Code, Integrity, Label, RequestId, Timestamp};

use crate::{
    caller::{self, Known},
    downstream::{Downstream, Left},
    gate::Gate,
    metrics,
    refusal::Refusal,
    trail::{self, Trail},
};

/// The path of the list.
pub(crate) const MODELS: &str = "/v1/models";

/// What the path of one model begins with.
pub(crate) const MODEL: &str = "/v1/models/";

/// The model that a path names. OpenAI's packages escape the slash in `simulator/echo`. `None` for
/// another path, or where an escape is broken or the text is not UTF-8.
pub(crate) fn name(path: &str) -> Option<String> {
    let mut bytes = path.strip_prefix(MODEL)?.bytes();
    let mut name = Vec::with_capacity(bytes.len());
    while let Some(byte) = bytes.next() {
        name.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(name).ok()
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Answers with all models, or with the one of that name.
pub(crate) async fn models(
    gate: &Gate,
    (api, request): (Api, RequestId),
    name: Option<&str>,
    down: &mut Downstream<'_>,
) -> Result<(), Left> {
    let snapshot = gate.snapshots.load();
    let listed = list(gate, &snapshot, (api, request), name, down);
    let outcome = Trail::outcome(listed.as_ref().err().map(|refusal| refusal.code));
    metrics::REQUESTS.with_label_values(&[MODELS, "", "", outcome]).inc();
    let headers = trail::named(api, request);
    match listed {
        Ok(body) => down.reply(200, "application/json", &headers, body).await,
        Err(refusal) => refusal.tell(down, (api, request), &snapshot.commit, headers).await,
    }
}

fn list(
    gate: &Gate,
    snapshot: &Snapshot,
    (api, request): (Api, RequestId),
    name: Option<&str>,
    down: &Downstream<'_>,
) -> Result<Bytes, Refusal> {
    let now = Timestamp::now();
    let known = caller::authenticate(gate, snapshot, down, now)?;
    let permitted = permitted(snapshot, &known, request, (Label::Public, now));
    let entry = |id, owned_by| ModelEntry { id, created: 0, owned_by };
    let ids = snapshot.registry.models().map(|m| (m.id.as_str(), m));
    let all = ids.chain(snapshot.registry.aliases());
    let visible = all.filter(|(_, model)| model.enabled && permitted.contains(&model.id));
    let entries: Vec<_> = visible.map(|(id, model)| entry(id, model.provider.as_str())).collect();
    let Some(name) = name else { return Ok(Bytes::from(api.encode_models(&entries))) };
    let found = entries.iter().find(|entry| entry.id == name).ok_or_else(|| Refusal {
        param: Some("model".to_owned()),
        ..Refusal::new(Code::ModelNotFound, "no such model, or none that this key may use")
    })?;
    Ok(Bytes::from(api.encode_model(found)))
}

/// The models that a plain request with content of this label may use.
pub(crate) fn permitted(
    snapshot: &Snapshot,
    known: &Known<'_>,
    request: RequestId,
    (label, now): (Label, Timestamp),
) -> Vec<String> {
    let call = ModelCall {
        id: request,
        caller: &known.caller,
        label,
        integrity: Integrity::Trusted,
        request: RequestFacts { endpoint: MODELS, ..RequestFacts::default() },
        kinds: &[],
        budget: BudgetFacts::default(),
        session: SessionFacts::default(),
        approval: None,
        // What can be had after an approval is listed too.
        dry_run: true,
        now,
    };
    let models: Vec<ModelFacts<'_>> =
        snapshot.registry.models().map(|model| snapshot.facts(model)).collect();
    let decision = snapshot.policy.decide(&call, &models);
    let permitted =
        decision.permit.map(|permit| permit.models().map(|m| m.model().to_owned()).collect());
    permitted.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        assert_eq!(name(path).as_deref(), expected, "{path}");
    }

    #[test]
    fn a_models_name_is_unescaped_once() {
        check("/v1/models/sim", Some("sim"));
        check("/v1/models/simulator/echo", Some("simulator/echo"));
        check("/v1/models/simulator%2Fecho", Some("simulator/echo"));
        check("/v1/models/a%3ab%2fc", Some("a:b/c"));
        check("/v1/models/caf%C3%A9", Some("café"));
        check("/v1/models/a%252Fb", Some("a%2Fb"));
        // The prefix is taken off once.
        check("/v1/models//v1/models/a", Some("/v1/models/a"));
        check("/v1/models/", Some(""));
        for broken in ["%", "%2", "%2g", "%+1", "a%", "%ff"] {
            check(&format!("/v1/models/{broken}"), None);
        }
        check("/v1/model/a", None);
    }
}
