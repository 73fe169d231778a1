//! What a model is told: the agent's instructions, what was said before in the session, what is asked now, and
//! what came of the run's own steps.

use config::tree::Stage;
use serde_json::{Value, json};
use store::work::Event;
use types::{Payload, work::EventKind};

use super::{
    bounds::Bounds,
    step::{Stop, Worker},
};
use crate::models::{Answer, ToolCall};

/// A conversation in the shape of chat completions.
pub(crate) struct Conversation {
    /// The agent's instructions, which are no part of the journal: a new commit may change them.
    instructions: String,
    /// Those of the stage, which are none either.
    stage: String,
    /// Everything else.
    messages: Vec<Value>,
}

/// About so many bytes are a token. Too low a number only shortens earlier.
const BYTES_PER_TOKEN: usize = 3;
/// Of the longest context, a summary is made at so many percent.
const SUMMARY_PERCENT: usize = 80;
/// Messages that a summary leaves as they are: the last ones.
const KEPT: usize = 4;
/// Events of a session that one call reads.
const PAGE: u32 = 1_000;
/// The most bytes of a session's past that a run begins with.
const PAST_BYTES_MAX: usize = 192 * 1024;

impl Conversation {
    /// Reads what was said before this run's task, and what is asked.
    pub(crate) async fn of(worker: &Worker<'_>) -> Result<Self, Stop> {
        let instructions = worker.agent.work.instructions.clone();
        let mut messages = match &worker.claim.session {
            Some(session) => past(worker, session.id).await?,
            None => Vec::new(),
        };
        messages.push(json!({ "role": "user", "content": text_of(&worker.claim.task.input) }));
        Ok(Self { instructions, stage: String::new(), messages })
    }

    /// All of it, for a model.
    pub(crate) fn whole(&self) -> Vec<Value> {
        let parts = [self.instructions.trim(), self.stage.trim()];
        let told: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let system = json!({ "role": "system", "content": told.join("\n\n") });
        let system = (!told.is_empty()).then_some(system);
        system.into_iter().chain(self.messages.iter().cloned()).collect()
    }

    /// Begins a stage: the model is told what it is for, and which it is where it is not the only one.
    pub(crate) fn enter(&mut self, stage: &Stage) {
        self.stage.clone_from(&stage.instructions);
        if !stage.name.is_empty() {
            let text = format!("Go on with the stage `{}`.", stage.name);
            self.messages.push(json!({ "role": "user", "content": text }));
        }
    }

    /// Adds what a stage came to.
    pub(crate) fn answered(&mut self, answer: &Answer) {
        let text = if answer.text.is_empty() { &answer.refusal } else { &answer.text };
        self.messages.push(json!({ "role": "assistant", "content": text }));
    }

    /// What the journal holds the next step against.
    pub(crate) fn said(&self) -> &[Value] {
        &self.messages
    }

    /// Whether it should be made shorter before it goes on.
    pub(crate) fn is_long(&self, bounds: &Bounds) -> bool {
        let bytes: usize = self.messages.iter().map(|message| message.to_string().len()).sum();
        let most = bounds.context_tokens().saturating_mul(SUMMARY_PERCENT) / 100;
        bytes / BYTES_PER_TOKEN > most && self.old() > 1
    }

    /// Messages that a summary may stand for. A result stays with the call that it is of.
    pub(crate) fn old(&self) -> usize {
        let mut old = self.messages.len().saturating_sub(KEPT);
        let is_result = |at: usize| self.messages.get(at).is_some_and(|m| m["role"] == "tool");
        while old > 0 && is_result(old) {
            old -= 1;
        }
        old
    }

    /// What a summary is made of.
    pub(crate) fn to_summarise(&self) -> &[Value] {
        self.messages.get(..self.old()).unwrap_or_default()
    }

    /// Puts a summary in place of what it was made of. It is the agent's own words: nobody else may be taken to
    /// have said what is in it.
    pub(crate) fn shorten(&mut self, summary: &str) {
        let old = self.old();
        let text = format!("Summary of {old} earlier messages of this conversation:\n{summary}");
        let message = json!({ "role": "assistant", "content": text });
        self.messages.splice(..old, [message]);
    }

    /// Adds what a model said before it calls tools.
    pub(crate) fn thought(&mut self, answer: &Answer) {
        let calls: Vec<Value> = answer.calls.iter().map(call_of).collect();
        let text = Some(&answer.text).filter(|text| !text.is_empty());
        self.messages.push(json!({ "role": "assistant", "content": text, "tool_calls": calls }));
    }

    /// Adds what came of a call.
    pub(crate) fn heard(&mut self, call: &ToolCall, told: &str) {
        self.messages.push(json!({ "role": "tool", "tool_call_id": call.id, "content": told }));
    }
}

/// A call as a model wrote it; arguments that are no object are told as none, since no model takes them back.
fn call_of(call: &ToolCall) -> Value {
    let is_object =
        serde_json::from_str::<Value>(&call.arguments).is_ok_and(|value| value.is_object());
    let arguments = if is_object { call.arguments.as_str() } else { "{}" };
    json!({ "id": call.id, "type": "function",
        "function": { "name": call.name, "arguments": arguments } })
}

/// What was said in a session before the task of this run.
async fn past(worker: &Worker<'_>, session: types::SessionId) -> Result<Vec<Value>, Stop> {
    let work = worker.parts.store.work();
    let (mut after, mut found) = (0, Vec::new());
    loop {
        let page = work.events(worker.claim.tenant, session, after, PAGE).await;
        let page = page.map_err(|error| Stop::Error(error.into()))?;
        let full = page.len() == PAGE as usize;
        after = page.last().map_or(after, |event| event.no);
        found.extend(page.iter().filter_map(|event| message_of(event, worker)));
        // The newest are kept: an old beginning is known by what followed from it.
        let mut bytes = 0;
        let kept = found.iter().rev().take_while(|message: &&Value| {
            bytes += message.to_string().len();
            bytes <= PAST_BYTES_MAX
        });
        let kept = kept.count();
        found.drain(..found.len() - kept);
        if !full {
            return Ok(found);
        }
    }
}

/// An event as a message, if it is one of a task before this run's. Ids of tasks are in the order in which they
/// were made, which is that of their messages.
fn message_of(event: &Event, worker: &Worker<'_>) -> Option<Value> {
    let role = match event.kind {
        EventKind::User => "user",
        EventKind::Assistant => "assistant",
        EventKind::Status | EventKind::Approval | EventKind::Error => return None,
    };
    event.task.filter(|task| *task < worker.claim.task.id)?;
    let text = text_of(&event.body);
    (!text.is_empty()).then(|| json!({ "role": role, "content": text }))
}

/// The text of a message, with the names of what is attached.
fn text_of(payload: &Payload) -> String {
    let Payload::Inline { inline, .. } = payload else { return String::new() };
    let mut text = inline.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    let attached = inline.get("attachments").and_then(Value::as_array);
    for one in attached.into_iter().flatten() {
        let word = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
        let size = one.get("size_bytes").and_then(Value::as_u64).unwrap_or_default();
        let (name, kind) = (word("name"), word("content_type"));
        text.push_str(&format!("\n[attached: {name} ({kind}, {size} bytes)]"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> ToolCall {
        ToolCall { id: id.to_owned(), name: "t".to_owned(), arguments: "not json".to_owned() }
    }

    fn talk() -> Conversation {
        let mut talk = Conversation {
            instructions: String::new(),
            stage: String::new(),
            messages: Vec::new(),
        };
        for n in 0..3 {
            talk.messages.push(json!({ "role": "user", "content": format!("message {n}") }));
        }
        let calls = vec![call("a"), call("b"), call("c"), call("d")];
        talk.thought(&Answer { calls: calls.clone(), ..Answer::default() });
        calls.iter().for_each(|one| talk.heard(one, "done"));
        talk
    }

    #[test]
    fn a_summary_never_parts_a_result_from_its_call() {
        let mut talk = talk();
        assert_eq!(talk.old(), 3);
        talk.shorten("They greeted.");
        let roles: Vec<&str> = talk.said().iter().filter_map(|m| m["role"].as_str()).collect();
        assert_eq!(roles, ["assistant", "assistant", "tool", "tool", "tool", "tool"]);
        assert!(talk.said()[0]["content"].as_str().unwrap().contains("They greeted."));
    }

    #[test]
    fn arguments_that_are_no_object_are_told_as_none() {
        let talk = talk();
        assert_eq!(talk.said()[3]["tool_calls"][0]["function"]["arguments"], "{}");
    }

    #[test]
    fn attachments_are_named() {
        let body = json!({ "text": "Look.", "attachments": [
            { "name": "a.pdf", "content_type": "application/pdf", "size_bytes": 12 }] });
        let text = text_of(&super::super::inline(body));
        assert_eq!(text, "Look.\n[attached: a.pdf (application/pdf, 12 bytes)]");
    }
}
