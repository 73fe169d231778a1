//! What a run says to people, and the records of what policy decided about the run itself.

use policy::Denial;
use serde_json::{Value, json};
use snapshot::keys::sha256_hex;
use store::{
    fault,
    work::{End, NewEvent, Usage},
};
use types::{
    Actor, ActorType, AuditId, Payload, Timestamp,
    audit::{Kind, Record},
    work::{EventKind, StepKind},
};

use super::{
    journal::{Journal, Planned, Turn, inline},
    step::{Stop, Worker},
    unsaid,
};
use crate::{
    models::Answer,
    outlet::{Outlet, Unsaid},
};

impl Worker<'_> {
    /// Says the answer: policy decides about the whole of it, and what the session reads is written with the step.
    pub(crate) async fn say(
        &self,
        journal: &mut Journal<'_>,
        answer: &Answer,
    ) -> Result<Payload, Stop> {
        let planned = Planned {
            kind: StepKind::Message,
            input: json!({ "text": answer.text, "refusal": answer.refusal }),
            effect: None,
        };
        let open = match journal.begin::<Value>(planned).await? {
            Turn::Done(said) => return Ok(inline(said)),
            Turn::Open(open) => open,
        };
        let text = if answer.text.is_empty() { &answer.refusal } else { &answer.text };
        fault::point("run.clear");
        let cleared = self.cleared(text).await;
        fault::point("run.cleared");
        let said = match cleared {
            Ok(said) => said,
            Err(Stop::Failed { reason, retry: false }) => {
                let output = json!({ "reason": reason });
                journal.end(&open, End::Failed, &output, Usage::default(), Vec::new()).await?;
                return Err(Stop::Failed { reason, retry: false });
            }
            Err(other) => return Err(other),
        };
        let body = json!({ "text": said, "model": answer.model, "finish": answer.finish,
            "task": self.claim.task.id });
        let event = NewEvent { kind: EventKind::Assistant, body: inline(body.clone()) };
        journal.done(&open, &body, Usage::default(), vec![event]).await?;
        Ok(inline(body))
    }

    /// The text as policy lets it out, on record.
    async fn cleared(&self, text: &str) -> Result<String, Stop> {
        let place = self.place().await?;
        let mut outlet = Outlet::open(&place).map_err(|denial| unsaid(&denial))?;
        let passed = outlet.push(text).and_then(|_| outlet.end());
        passed.map_err(|Unsaid(why)| Stop::fail(&why))?;
        let kinds = outlet.kinds();
        let decided = place.decide(&kinds);
        let told = decided.as_ref().map(|permit| (permit.commit(), permit.policies()));
        // Names and hashes, and no word of it.
        let hash = sha256_hex(outlet.said().as_bytes());
        let session = self.claim.session.as_ref();
        let detail = json!({
            "session": self.claim.task.session, "kinds": kinds, "output_hash": hash,
        });
        let to = session.map_or_else(String::new, |session| session.connector.clone());
        let record = self.decision("sendMessage", to, told, detail);
        self.parts.store.audit().append(record).await?;
        decided.map_err(|denial| unsaid(&denial))?;
        Ok(outlet.said().to_owned())
    }

    /// The record of a decision about what the run does by itself: `decided` has the commit and the policies of a
    /// permit. The task and the policies are in each.
    pub(super) fn decision(
        &self,
        action: &str,
        resource: String,
        decided: Result<(&str, &[String]), &Denial>,
        mut detail: Value,
    ) -> Record {
        let (outcome, (commit, policies)) = match decided {
            Ok(permitted) => ("permit", permitted),
            Err(denial) => ("policy_denied", (denial.commit.as_str(), denial.policies.as_slice())),
        };
        if let Some(fields) = detail.as_object_mut() {
            fields.insert("task".to_owned(), json!(self.claim.task.id));
            fields.insert("policies".to_owned(), json!(policies));
        }
        Record {
            id: AuditId::generate(),
            at: Timestamp::now(),
            tenant: self.claim.tenant,
            kind: Kind::Decision,
            request: None,
            actor: Actor {
                kind: ActorType::Agent,
                id: self.claim.task.agent.to_string(),
                auth: format!("run:{}", self.claim.run),
            },
            action: action.to_owned(),
            resource,
            outcome: outcome.to_owned(),
            commit: commit.to_owned(),
            detail: detail.into(),
        }
    }
}
