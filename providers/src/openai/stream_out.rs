//! Writing a streamed answer in OpenAI's form, chunk by chunk as the SDKs expect it.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use types::{
    Code, Nanos,
    answer::{Event, Finish, Piece, Usage},
};

use super::{answer::finish_str, error::encode_error, usage::UsageOut};
use crate::wire;

/// Writes a streamed answer as server-sent events.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    created: i64,
    model: String,
    include_usage: bool,
    system_fingerprint: Option<String>,
    service_tier: Option<String>,
    usage: Option<Usage>,
    cost: Option<Nanos>,
    /// What every chunk begins with, written once: the event's name, the stamp, up to the choices.
    head: Vec<u8>,
    /// A bit for each choice whose role was told: clients want it first.
    told_role: u128,
    ended: bool,
}

/// What all chunks of an answer have in common.
#[derive(Serialize)]
struct Stamp<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_fingerprint: Option<&'a str>,
}

#[derive(Serialize)]
struct ChoiceOut<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: Option<&'a Value>,
    finish_reason: Option<&'static str>,
}

#[derive(Serialize, Default)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[CallOut<'a>; 1]>,
}

/// `refusal` is `null` in the first chunk.
struct Refusal<'a>(Option<&'a str>);

impl Serialize for Refusal<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[derive(Serialize)]
struct CallOut<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: FunctionOut<'a>,
}

#[derive(Serialize)]
struct FunctionOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl StreamEncoder {
    /// An encoder that stamps every chunk with this id, time (seconds since the epoch) and model.
    /// `include_usage` is what the caller asked, whatever the upstream was asked.
    pub fn new(id: String, created: i64, model: String, include_usage: bool) -> Self {
        let mut encoder = Self {
            id,
            created,
            model,
            include_usage,
            system_fingerprint: None,
            service_tier: None,
            usage: None,
            cost: None,
            head: Vec::new(),
            told_role: 0,
            ended: false,
        };
        encoder.stamp();
        encoder
    }

    fn stamp(&mut self) {
        let stamp = Stamp {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            service_tier: self.service_tier.as_deref(),
            system_fingerprint: self.system_fingerprint.as_deref(),
        };
        self.head.clear();
        self.head.extend_from_slice(b"data: ");
        wire::write_json(&mut self.head, &stamp);
        // The object goes on with the choices.
        self.head.pop();
        self.head.extend_from_slice(b",\"choices\":");
    }

    /// Appends what an event adds to the stream, which may be nothing. `Failed` ends it with an
    /// error event.
    pub fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start { system_fingerprint, service_tier, .. } => {
                self.system_fingerprint.clone_from(system_fingerprint);
                self.service_tier.clone_from(service_tier);
                self.stamp();
            }
            Event::Delta { choice, piece, logprobs } => {
                self.role(*choice, out);
                self.piece(*choice, piece, logprobs.as_ref(), out);
            }
            Event::Finish { choice, reason, .. } => {
                self.role(*choice, out);
                self.choice(*choice, Delta::default(), None, Some(*reason), out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Failed { message, .. } => self.error(Code::UpstreamFailed, message, out),
        }
    }

    /// Tells with the usage what the answer cost.
    pub const fn charge(&mut self, cost: Nanos) {
        self.cost = Some(cost);
    }

    /// Ends a whole stream: the usage chunk, if it was asked for and is known, and `[DONE]`.
    pub fn done(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if self.include_usage
            && let Some(usage) = &self.usage
        {
            let usage = UsageOut::from(usage).with_cost(self.cost);
            self.chunk(&[], Some(usage), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// Ends a broken stream with an error event and no `[DONE]`, so that no client takes the
    /// answer for whole.
    pub fn error(&mut self, code: Code, message: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&encode_error(code, message, None, Map::new()));
        out.extend_from_slice(b"\n\n");
    }

    /// The first chunk of a choice, once.
    fn role(&mut self, choice: u32, out: &mut Vec<u8>) {
        let bit = 1_u128.checked_shl(choice).unwrap_or(0);
        if self.told_role & bit == bit {
            return;
        }
        self.told_role |= bit;
        let delta = Delta {
            role: Some("assistant"),
            content: Some(""),
            refusal: Some(Refusal(None)),
            ..Delta::default()
        };
        self.choice(choice, delta, None, None, out);
    }

    fn piece(&self, choice: u32, piece: &Piece, logprobs: Option<&Value>, out: &mut Vec<u8>) {
        let delta = match piece {
            // What only the provider can read has no place in this dialect.
            Piece::Role | Piece::Opaque(_) => return,
            Piece::Text(text) => Delta { content: Some(text), ..Delta::default() },
            Piece::Refusal(text) => {
                Delta { refusal: Some(Refusal(Some(text))), ..Delta::default() }
            }
            Piece::Reasoning(text) => Delta { reasoning_content: Some(text), ..Delta::default() },
            Piece::ToolCall { index, id, name, arguments } => {
                let kind = id.as_ref().map(|_| "function");
                let function = FunctionOut { name: name.as_deref(), arguments };
                let call = CallOut { index: *index, id: id.as_deref(), kind, function };
                Delta { tool_calls: Some([call]), ..Delta::default() }
            }
        };
        self.choice(choice, delta, logprobs, None, out);
    }

    fn choice(
        &self,
        index: u32,
        delta: Delta<'_>,
        logprobs: Option<&Value>,
        finish: Option<Finish>,
        out: &mut Vec<u8>,
    ) {
        let finish_reason = finish.map(finish_str);
        self.chunk(&[ChoiceOut { index, delta, logprobs, finish_reason }], None, out);
    }

    /// One chunk. `usage` is there only if it was asked for, and `null` in all chunks but the last.
    fn chunk(&self, choices: &[ChoiceOut<'_>], usage: Option<UsageOut>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        wire::write_json(out, &choices);
        if self.include_usage {
            out.extend_from_slice(b",\"usage\":");
            wire::write_json(out, &usage);
        }
        out.extend_from_slice(b"}\n\n");
    }
}
