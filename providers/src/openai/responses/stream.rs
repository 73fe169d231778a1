//! Writing a streamed answer as the events of responses: the response as it begins, for each item what
//! is added to it, and the whole response at the end.

use serde::Serialize;
use serde_json::{Value, json};
use types::{
    Code,
    answer::{Event, Finish, Piece, Usage},
    chat::{Opaque, OpaqueKind, Reasoning},
};

use super::{
    Echo,
    output::{self, Frame, Status},
};
use crate::wire;

/// Writes a streamed answer as server-sent events.
#[derive(Debug)]
pub struct ResponseEncoder {
    frame: Frame,
    /// The number of the next event.
    sequence: u64,
    /// Items that are done.
    items: Vec<Value>,
    open: Option<Open>,
    /// Calls so far: each is one item, and they come one after the other.
    calls: u32,
    usage: Option<Usage>,
    finish: Finish,
    ended: bool,
    /// It ended in an error.
    broken: bool,
}

/// The item that is open.
#[derive(Debug)]
struct Open {
    id: String,
    /// What came of it.
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Reasoning,
    Call { index: u32, call_id: String, name: String },
}

/// A piece of an item; the one event that comes often.
#[derive(Serialize)]
struct DeltaOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<u32>,
    delta: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
    sequence_number: u64,
}

impl ResponseEncoder {
    /// An encoder of the answer with this id and time (seconds since the epoch), by this model as
    /// the caller knows it, to a request that said `echo`.
    pub fn new(id: String, created: i64, model: String, echo: Echo) -> Self {
        Self {
            frame: Frame { id, created, model, echo },
            sequence: 0,
            items: Vec::new(),
            open: None,
            calls: 0,
            usage: None,
            finish: Finish::default(),
            ended: false,
            broken: false,
        }
    }

    /// See [`crate::StreamEncoder::push`].
    pub fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start { .. } => self.start(out),
            Event::Delta { piece, .. } => {
                self.start(out);
                self.piece(piece, out);
            }
            Event::Finish { reason, .. } => self.finish = *reason,
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Failed { message, .. } => self.error(Code::UpstreamFailed, message, out),
        }
    }

    /// See [`crate::StreamEncoder::done`].
    pub fn done(&mut self, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        self.start(out);
        self.close(out);
        self.ended = true;
        let kind = match self.finish {
            Finish::Length | Finish::ContentFilter => "response.incomplete",
            Finish::Stop
            | Finish::ToolCalls
            | Finish::Refusal
            | Finish::Pause
            | Finish::Unknown => "response.completed",
        };
        self.tell(kind, Status::Ended(self.finish), out);
    }

    /// The response as it ended.
    pub fn response(&self) -> Vec<u8> {
        let status = Status::Ended(self.finish);
        let response = self.frame.response(status, &self.items, self.usage.as_ref());
        let mut out = Vec::with_capacity(2048);
        wire::write_json(&mut out, &response);
        out
    }

    /// See [`crate::StreamEncoder::broken`].
    pub const fn broken(&self) -> bool {
        self.broken
    }

    /// See [`crate::StreamEncoder::error`]. The response is told as failed.
    pub fn error(&mut self, code: Code, message: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.broken = true;
        let error = json!({ "code": code.as_str(), "message": message, "param": null });
        self.event("error", error, out);
        self.tell("response.failed", Status::Failed(message), out);
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if self.sequence == 0 {
            self.tell("response.created", Status::Running, out);
            self.tell("response.in_progress", Status::Running, out);
        }
    }

    /// An event that carries the response as it stands.
    fn tell(&mut self, kind: &'static str, status: Status<'_>, out: &mut Vec<u8>) {
        let response = self.frame.response(status, &self.items, self.usage.as_ref());
        self.event(kind, json!({ "response": response }), out);
    }

    fn event(&mut self, kind: &'static str, mut fields: Value, out: &mut Vec<u8>) {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("type".to_owned(), Value::from(kind));
            fields.insert("sequence_number".to_owned(), Value::from(self.sequence));
        }
        self.write(kind, &fields, out);
    }

    fn write(&mut self, kind: &'static str, event: &impl Serialize, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        wire::write_json(out, event);
        out.extend_from_slice(b"\n\n");
        self.sequence += 1;
    }

    fn piece(&mut self, piece: &Piece, out: &mut Vec<u8>) {
        match piece {
            Piece::Role => {}
            Piece::Text(text) if text.is_empty() => {}
            Piece::Text(text) => self.add(Kind::Text, text, out),
            Piece::Refusal(text) => self.add(Kind::Refusal, text, out),
            Piece::Reasoning(text) => self.add(Kind::Reasoning, text, out),
            Piece::Opaque(opaque) => self.sealed(opaque, out),
            Piece::ToolCall { index, id, name, arguments } => {
                let open = self.open.as_ref().map(|open| &open.kind);
                match open {
                    Some(Kind::Call { index: at, .. }) if at == index => self.delta(arguments, out),
                    _ if *index < self.calls => {
                        // The item of this call is done, and the API has no way back.
                        let message = "the provider mixed the parts of several tool calls";
                        self.error(Code::UpstreamFailed, message, out);
                    }
                    _ => {
                        self.calls = index.saturating_add(1);
                        let text = |text: &Option<String>| text.clone().unwrap_or_default();
                        let (call_id, name) = (text(id), text(name));
                        self.add(Kind::Call { index: *index, call_id, name }, arguments, out);
                    }
                }
            }
        }
    }

    /// Adds to the open item, or opens one of this kind.
    fn add(&mut self, kind: Kind, text: &str, out: &mut Vec<u8>) {
        if self.open.as_ref().is_none_or(|open| open.kind != kind) {
            self.close(out);
            self.begin(kind, out);
        }
        self.delta(text, out);
    }

    fn begin(&mut self, kind: Kind, out: &mut Vec<u8>) {
        let at = self.items.len();
        let (prefix, part) = match &kind {
            Kind::Text => ("msg", Some(output::text_part(""))),
            Kind::Refusal => ("msg", Some(output::refusal_part(""))),
            Kind::Reasoning => ("rs", None),
            Kind::Call { .. } => ("fc", None),
        };
        let id = self.frame.item_id(prefix, at);
        let item = match &kind {
            Kind::Text | Kind::Refusal => output::message(&id, "in_progress", &[]),
            Kind::Reasoning => output::reasoning(&id, &Reasoning::default()),
            Kind::Call { call_id, name, .. } => {
                output::call(&id, "in_progress", (call_id, name, ""))
            }
        };
        let added = json!({ "output_index": at, "item": item });
        self.event("response.output_item.added", added, out);
        if let Some(part) = part {
            let place =
                json!({ "item_id": id, "output_index": at, "content_index": 0, "part": part });
            self.event("response.content_part.added", place, out);
        }
        if kind == Kind::Reasoning {
            let part = output::summary_part("");
            let place =
                json!({ "item_id": id, "output_index": at, "summary_index": 0, "part": part });
            self.event("response.reasoning_summary_part.added", place, out);
        }
        self.open = Some(Open { id, text: String::new(), kind });
    }

    fn delta(&mut self, delta: &str, out: &mut Vec<u8>) {
        if delta.is_empty() {
            return;
        }
        let Some(mut open) = self.open.take() else { return };
        let (kind, content_index, summary_index, logprobs) = match open.kind {
            Kind::Text => ("response.output_text.delta", Some(0), None, Some([])),
            Kind::Refusal => ("response.refusal.delta", Some(0), None, None),
            Kind::Reasoning => ("response.reasoning_summary_text.delta", None, Some(0), None),
            Kind::Call { .. } => ("response.function_call_arguments.delta", None, None, None),
        };
        open.text.push_str(delta);
        let (output_index, sequence_number) = (self.items.len(), self.sequence);
        let item_id = open.id.as_str();
        let event = DeltaOut {
            kind,
            item_id,
            output_index,
            content_index,
            summary_index,
            delta,
            logprobs,
            sequence_number,
        };
        self.write(kind, &event, out);
        self.open = Some(open);
    }

    /// What ends an item of reasoning, or is one of its own.
    fn sealed(&mut self, opaque: &Opaque, out: &mut Vec<u8>) {
        let of_open = self.open.as_ref().is_some_and(|open| open.kind == Kind::Reasoning);
        if of_open {
            self.end(Some(opaque), out);
            return;
        }
        self.close(out);
        let text = (opaque.kind == OpaqueKind::Signature).then(String::new);
        let at = self.items.len();
        let id = self.frame.item_id("rs", at);
        let item = output::reasoning(&id, &Reasoning { text, opaque: Some(opaque.clone()) });
        let place = json!({ "output_index": at, "item": item });
        self.event("response.output_item.added", place.clone(), out);
        self.event("response.output_item.done", place, out);
        self.items.push(item);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.end(None, out);
    }

    /// Ends the open item, if one is, with what seals it.
    fn end(&mut self, opaque: Option<&Opaque>, out: &mut Vec<u8>) {
        let Some(Open { id, text, kind }) = self.open.take() else { return };
        let at = self.items.len();
        let place = |fields: Value| {
            let mut place = json!({ "item_id": id, "output_index": at });
            if let (Some(place), Value::Object(fields)) = (place.as_object_mut(), fields) {
                place.extend(fields);
            }
            place
        };
        let item = match &kind {
            Kind::Text => {
                let part = output::text_part(&text);
                let done = place(json!({ "content_index": 0, "text": text, "logprobs": [] }));
                self.event("response.output_text.done", done, out);
                let done = place(json!({ "content_index": 0, "part": part }));
                self.event("response.content_part.done", done, out);
                output::message(&id, "completed", &[part])
            }
            Kind::Refusal => {
                let part = output::refusal_part(&text);
                let done = place(json!({ "content_index": 0, "refusal": text }));
                self.event("response.refusal.done", done, out);
                let done = place(json!({ "content_index": 0, "part": part }));
                self.event("response.content_part.done", done, out);
                output::message(&id, "completed", &[part])
            }
            Kind::Reasoning => {
                let part = output::summary_part(&text);
                let done = place(json!({ "summary_index": 0, "text": text }));
                self.event("response.reasoning_summary_text.done", done, out);
                let done = place(json!({ "summary_index": 0, "part": part }));
                self.event("response.reasoning_summary_part.done", done, out);
                let item = Reasoning { text: Some(text), opaque: opaque.cloned() };
                output::reasoning(&id, &item)
            }
            Kind::Call { call_id, name, .. } => {
                let done = place(json!({ "name": name, "arguments": text }));
                self.event("response.function_call_arguments.done", done, out);
                output::call(&id, "completed", (call_id, name, &text))
            }
        };
        let done = json!({ "output_index": at, "item": item });
        self.event("response.output_item.done", done, out);
        self.items.push(item);
    }
}
