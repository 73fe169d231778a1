//! A permitted call on its way to its server and back.

use std::{sync::Arc, time::Instant};

use mcp::{Call, CallResult};
use policy::ToolPermit;
use serde_json::{Map, Value, json};
use snapshot::{Pinned, Tool};
use types::{Code, Integrity, Label, Replay};

use super::{
    Context, What,
    beside::Beside,
    bill::{CALLER_LEFT, Paid},
    fence,
    result::{Check, Checked, Search},
    sandbox::{self, Place},
    server::Server,
    session::{Session, Sight},
    story::End,
};
use crate::{gate::Gate, metrics, refusal::Refusal, trail::Found};

/// A permitted call, ready to be made.
pub(super) struct Run<'a> {
    pub(super) gate: &'a Gate,
    pub(super) context: &'a Context<'a>,
    pub(super) permit: &'a ToolPermit,
    pub(super) tool: &'a Tool,
    pub(super) pinned: &'a Pinned,
    pub(super) server: &'a Server,
    pub(super) bytes_max: usize,
    pub(super) session: &'a Session,
    /// The sandbox that it works in, if it works in one.
    pub(super) place: Option<&'a Place>,
    /// What is said meanwhile.
    pub(super) beside: &'a Beside<'a>,
}

/// What became of it.
pub(super) struct Ended {
    pub(super) result: Result<CallResult, Refusal>,
    pub(super) paid: Paid,
    /// Whether its caller withdrew it.
    left: bool,
    is_error: bool,
    found: Option<Found>,
    hash: Option<String>,
    after: Option<(Label, Integrity)>,
    transcript: Option<String>,
}

impl Run<'_> {
    /// Calls the tool, looks at what it answers, and lets the session know of it before anybody else.
    pub(super) async fn through(&self, arguments: Value) -> Ended {
        let result = match self.ask(arguments).await {
            Ok(result) => result,
            Err((refusal, paid)) => return self.withheld(refusal, paid).await,
        };
        let is_error = result.is_error;
        let search = Search {
            gate: self.gate,
            snapshot: self.context.snapshot,
            permit: self.permit,
            owner: self.context.owner(),
        };
        let check = Check { search, pinned: self.pinned, bytes_max: self.bytes_max };
        let Checked { result, text, found, label, hash, transcript } =
            match check.pass(result).await {
                Ok(checked) => checked,
                Err(refusal) => return self.withheld(refusal, Paid::Answered).await,
            };
        // An empty list says nothing.
        let text = Some(text.as_str()).filter(|text| self.is_tool() || !text.is_empty());
        match self.seen(label, text).await {
            Ok(after) => Ended {
                result: Ok(result),
                paid: Paid::Answered,
                left: false,
                is_error,
                found: (!found.is_empty()).then_some(found),
                hash: Some(hash),
                after: Some(after),
                transcript,
            },
            Err(refusal) => Ended::refused(refusal, Paid::Answered),
        }
    }

    /// A call of which nobody sees a result. What was sent may have been more confidential than its session.
    async fn withheld(&self, refusal: Refusal, paid: Paid) -> Ended {
        if paid != Paid::Nothing {
            // Where that cannot be written, it is on record and in the log.
            let _ = self.seen(Label::Public, None).await;
        }
        // Whoever withdrew it does not hear of it.
        Ended { left: self.context.withdrawal.is_cancelled(), ..Ended::refused(refusal, paid) }
    }

    /// Lets the session know of the call and of what came back.
    async fn seen(&self, label: Label, text: Option<&str>) -> Result<(Label, Integrity), Refusal> {
        let trusted = sandbox::vouched(self.tool, self.place);
        let sight = Sight::of((self.tool, trusted, self.permit), label, text);
        self.session.see(self.gate, self.context, &sight).await
    }

    /// The server's answer. A call that may be made again is, once, where the connection was lost.
    async fn ask(&self, arguments: Value) -> Result<CallResult, (Refusal, Paid)> {
        if self.tool.replay != Replay::Pure {
            let held = fence::pass(self.gate, &self.context.known.caller).await;
            held.map_err(|refusal| (refusal, Paid::Nothing))?;
        }
        let mut asked = self.once(arguments.clone()).await;
        let again = matches!(self.tool.replay, Replay::Pure | Replay::Idempotent);
        if again && matches!(asked, Err(mcp::Error::Closed { .. })) {
            asked = self.once(arguments).await;
        }
        asked.or_else(|error| self.told(error))
    }

    async fn once(&self, arguments: Value) -> Result<CallResult, mcp::Error> {
        let begun = Instant::now();
        let Value::Object(arguments) = arguments else {
            return Err(mcp::Error::Protocol {
                server: self.tool.server.clone(),
                why: "arguments are an object",
            });
        };
        let (caller, words) = self.beside.open();
        let asked = Box::pin(self.sent(arguments, caller));
        let answer = self.beside.hear(words, asked).await;
        let took = begun.elapsed().as_secs_f64();
        metrics::TOOL_TIME.with_label_values(&[&self.tool.server]).observe(took);
        answer
    }

    const fn is_tool(&self) -> bool {
        matches!(self.context.what, What::Tool)
    }

    async fn sent(
        &self,
        mut arguments: Map<String, Value>,
        caller: Arc<dyn mcp::Caller>,
    ) -> Result<CallResult, mcp::Error> {
        let connection = &self.server.connection;
        let mut text = |name: &str| match arguments.remove(name) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let read = match self.context.what {
            What::Tool => {
                let name = self.tool.name.clone();
                let key = Some(self.context.key());
                let meta = self.place.map(Place::meta).unwrap_or_default();
                // People or a limit may have been waited for.
                if self.context.withdrawal.is_cancelled() {
                    let server = self.tool.server.clone();
                    return Err(mcp::Error::Withdrawn { server, sent: false });
                }
                let withdrawal = Some(self.context.withdrawal.clone());
                let call = Call { name, arguments, key, meta, caller, withdrawal };
                return connection.call(call).await;
            }
            What::Resource => connection.read(&text("uri"), caller).await?,
            What::Prompt => {
                let name = text("name");
                let given = arguments.remove("arguments");
                let given = given.and_then(|given| given.as_object().cloned()).unwrap_or_default();
                connection.prompt(&name, given, caller).await?
            }
            What::Completion => connection.complete(arguments).await?,
            What::Resources => listed("resources", connection.resources().await?),
            What::Templates => listed("resourceTemplates", connection.templates().await?),
            What::Prompts => listed("prompts", connection.prompts().await?),
            What::Subscription => {
                connection.subscribe(&text("uri")).await?;
                json!({})
            }
            What::Unsubscription => {
                connection.unsubscribe(&text("uri")).await?;
                json!({})
            }
        };
        match read {
            Value::Object(rest) => Ok(CallResult { rest, ..CallResult::default() }),
            _ => Err(mcp::Error::Protocol {
                server: self.tool.server.clone(),
                why: "a result is an object",
            }),
        }
    }

    /// What a failure means to the caller. What a server refuses by an error of the protocol is its answer, and
    /// passes what answers pass.
    fn told(&self, error: mcp::Error) -> Result<CallResult, (Refusal, Paid)> {
        let (code, paid) = match &error {
            mcp::Error::Refused { refused, .. } => {
                let text = json!({ "type": "text", "text": refused.message });
                return Ok(CallResult {
                    content: vec![text],
                    is_error: true,
                    ..CallResult::default()
                });
            }
            mcp::Error::Unusable { .. }
            | mcp::Error::Private { .. }
            | mcp::Error::Unreachable { .. }
            | mcp::Error::Resting { .. }
            | mcp::Error::Unauthorized { .. } => (Code::UpstreamFailed, Paid::Nothing),
            mcp::Error::Busy { .. } => (Code::Overloaded, Paid::Nothing),
            mcp::Error::Protocol { .. } | mcp::Error::TooLarge { .. } => {
                (Code::UpstreamFailed, Paid::Answered)
            }
            mcp::Error::Timeout { .. } => (Code::UpstreamTimeout, Paid::Unknown),
            mcp::Error::Withdrawn { sent: false, .. } => (Code::UpstreamFailed, Paid::Nothing),
            mcp::Error::Closed { .. } | mcp::Error::Withdrawn { .. } => {
                (Code::UpstreamFailed, Paid::Unknown)
            }
        };
        let (server, tool) = (&self.tool.server, &self.tool.name);
        let unknown = paid == Paid::Unknown;
        let message = if unknown {
            format!(
                "{error}; whether `{server}.{tool}` did what it was called for is not known: find out before you call it again"
            )
        } else {
            error.to_string()
        };
        Err((Refusal { unknown, ..Refusal::new(code, message) }, paid))
    }
}

/// The result of a list; of an empty one nothing.
fn listed(key: &str, items: Vec<Value>) -> Value {
    if items.is_empty() { json!({}) } else { json!({ key: items }) }
}

impl Ended {
    const fn refused(refusal: Refusal, paid: Paid) -> Self {
        Self {
            result: Err(refusal),
            paid,
            left: false,
            is_error: false,
            found: None,
            hash: None,
            after: None,
            transcript: None,
        }
    }

    /// How it ended, for its record.
    pub(super) fn end(&self) -> End<'_> {
        let outcome = match &self.result {
            _ if self.left => CALLER_LEFT,
            Ok(_) => "ok",
            Err(refusal) => refusal.code.as_str(),
        };
        End {
            output_hash: self.hash.as_deref(),
            found: self.found.as_ref(),
            label: self.after.map(|(label, _)| label),
            integrity: self.after.map(|(_, integrity)| integrity),
            is_error: self.is_error,
            transcript: self.transcript.as_deref(),
            ..End::new(outcome)
        }
    }
}
