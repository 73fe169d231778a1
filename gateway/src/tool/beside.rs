//! What a server and its caller say to each other beside arguments and result: words on progress, questions to
//! the caller's user or model, and their answers; and what a server says unasked, such as the lines of its log.
//!
//! INVARIANT: what a server says passes what results pass, and its session knows of it first; what a caller
//! answers passes what arguments pass. What does not is not said.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use dlp::Findings;
use mcp::{CallResult, Caller, Progress};
use policy::ToolPermit;
use rmcp::ErrorData;
use serde_json::{Value, json};
use snapshot::{Pinned, Tool};
use tokio::sync::{mpsc, oneshot};
use types::{Code, Integrity, Label};

use super::{
    Context,
    arguments::Given,
    content::Arguments,
    decide::Facts,
    lookup,
    redact::Redact,
    result::{Checked, Search},
    session::{Session, Sight},
    story::Story,
};
use crate::{gate::Gate, refusal::Refusal, screen::selectors, serve};

/// Words of one call that wait to be looked at. Of progress those beyond them are not said: another follows.
const WAITING_MAX: usize = 64;
/// Words on the progress of one call that are looked at. Later ones are told as figures.
const TEXTS_MAX: usize = 256;
/// The most bytes of a word on progress, or of a line of a log.
pub(crate) const WORD_BYTES_MAX: usize = 16 << 10;
/// The most bytes of a question.
const QUESTION_BYTES_MAX: usize = 256 << 10;

/// A permitted call, and what is said beside it.
pub(super) struct Beside<'a> {
    pub(super) gate: &'a Gate,
    pub(super) context: &'a Context<'a>,
    pub(super) permit: &'a ToolPermit,
    pub(super) tool: &'a Tool,
    pub(super) pinned: &'a Pinned,
    /// Whether what the server says is the organisation's own word.
    pub(super) trusted: bool,
    /// As it was when the call was decided.
    pub(super) session: &'a Session,
    /// What was decided about; none where the server may ask nothing.
    pub(super) given: Option<Given>,
    pub(super) answer_bytes_max: usize,
    pub(super) texts: AtomicUsize,
    pub(super) grounds: Mutex<Grounds>,
}

/// What a session has seen where nothing but the call and what its own server says came to it since the call was
/// decided. What a server said is no reason why it may not be answered.
pub(super) struct Grounds {
    label: Label,
    integrity: Integrity,
    /// Whether the server has said something.
    spoke: bool,
}

impl Grounds {
    /// As the call was decided.
    pub(super) const fn of(permit: &ToolPermit) -> Mutex<Self> {
        let (label, integrity) = (permit.label(), permit.integrity());
        Mutex::new(Self { label, integrity, spoke: false })
    }
}

/// Something that was said, and who waits to know whether it may be.
pub(super) enum Word {
    Progress(Progress),
    Question(Value, Reply),
    Answer(Value, Reply),
}

type Reply = oneshot::Sender<Result<Value, Refusal>>;

/// What a server says unasked, as this caller may hear it: decided as a read of that name is, searched, and known
/// to the session. Nobody is asked to approve it.
pub(crate) async fn unasked(
    gate: &Gate,
    context: &Context<'_>,
    (server, read): (&str, &str),
    said: Value,
) -> Result<Value, Refusal> {
    let mut story = Story::new(context, (server, read));
    let (_, tool) = lookup::tool(context, &story)?;
    let undefined = || Refusal::new(Code::PolicyDenied, "nothing is known of what was said");
    let pinned = tool.pinned.as_ref().ok_or_else(undefined)?;
    let session = Session::of(gate, context).await?;
    let given = Given::nothing();
    let facts = Facts::of(gate, context, (tool, pinned, &given), &session).await?;
    let permit = facts.decide(&mut story, None).map_err(|unmet| unmet.refusal)?;
    let beside = Beside {
        gate,
        context,
        permit: &permit,
        tool,
        pinned,
        trusted: tool.trusted,
        session: &session,
        given: None,
        answer_bytes_max: 0,
        texts: AtomicUsize::new(0),
        grounds: Grounds::of(&permit),
    };
    beside.heard(said, WORD_BYTES_MAX).await
}

impl Beside<'_> {
    /// The caller as the server sees it, and what is said through it.
    pub(super) fn open(&self) -> (Arc<dyn Caller>, mpsc::Receiver<Word>) {
        let (words, waiting) = mpsc::channel(WAITING_MAX);
        let caller = Arc::clone(&self.context.caller);
        (Arc::new(Between { caller, words }), waiting)
    }

    /// The server's answer; until it is there, and before it is told, what was said is looked at in order. That takes
    /// much room, and most calls need none of it.
    pub(super) async fn hear<T>(
        &self,
        mut words: mpsc::Receiver<Word>,
        answer: impl Future<Output = T>,
    ) -> T {
        let mut answer = std::pin::pin!(answer);
        let answered = loop {
            tokio::select! {
                biased;
                Some(word) = words.recv() => Box::pin(self.judge(word)).await,
                answered = &mut answer => break answered,
            }
        };
        while let Ok(word) = words.try_recv() {
            Box::pin(self.judge(word)).await;
        }
        answered
    }

    async fn judge(&self, word: Word) {
        match word {
            Word::Progress(said) => self.progress(said).await,
            Word::Question(said, reply) => {
                let judged = self.heard(said, QUESTION_BYTES_MAX).await;
                if let Err(refusal) = &judged {
                    self.record(refusal, None).await;
                }
                // Who asked may be gone.
                let _ = reply.send(judged);
            }
            Word::Answer(said, reply) => {
                let _ = reply.send(self.answered(said).await);
            }
        }
    }

    /// Passes on how far the call is, and what of the words on it may be said.
    async fn progress(&self, mut said: Progress) {
        if let Some(text) = said.message.take() {
            let told = self.texts.fetch_add(1, Ordering::Relaxed) < TEXTS_MAX;
            if told && let Ok(heard) = self.heard(json!({ "message": text }), WORD_BYTES_MAX).await
            {
                said.message = heard.get("message").and_then(Value::as_str).map(str::to_owned);
            }
        }
        self.context.caller.progress(said);
    }

    /// What the server says, an object, as its caller may hear it. The session knows of it then.
    async fn heard(&self, said: Value, bytes_max: usize) -> Result<Value, Refusal> {
        let bytes = said.to_string().len();
        let Value::Object(rest) = said else {
            return Err(Refusal::new(Code::UpstreamFailed, "what the server said is no object"));
        };
        if bytes > bytes_max {
            let message = format!("what the server said has more than {bytes_max} bytes");
            return Err(Refusal::new(Code::UpstreamFailed, message));
        }
        let search = Search {
            gate: self.gate,
            snapshot: self.context.snapshot,
            permit: self.permit,
            owner: self.context.owner(),
        };
        let said = CallResult { rest, ..CallResult::default() };
        let Checked { result, text, label, .. } = search.pass(said, bytes).await?;
        self.seen(label, Some(&text)).await?;
        Ok(Value::Object(result.rest))
    }

    /// What the caller answers the server, as it may get it. With more in it than the call was permitted with, or in a
    /// session that has seen more by now, the call is decided again, and nobody is asked to approve that.
    async fn answered(&self, answer: Value) -> Result<Value, Refusal> {
        let Some(given) = &self.given else {
            return Err(Refusal::new(Code::PolicyDenied, "the server may ask nothing"));
        };
        let bytes = answer.to_string().len();
        if bytes > self.answer_bytes_max {
            let message = format!("the answer has more than {} bytes", self.answer_bytes_max);
            return Err(Refusal::new(Code::BodyTooLarge, message));
        }
        let mut answer = Arguments(answer);
        let findings = serve::inspected(self.context.snapshot, &mut answer, bytes);
        let session = Session::of(self.gate, self.context).await?;
        let is_covered = given.has(&findings) && findings.label <= self.permit.label();
        let again = match is_covered && self.stands_in(&session) {
            true => None,
            false => match self.decided(given.with(&findings), &session).await {
                Ok(permit) => Some(permit),
                Err(refusal) => {
                    self.record(&refusal, Some(&findings)).await;
                    return Err(refusal);
                }
            },
        };
        let permit = again.as_ref().unwrap_or(self.permit);
        let redact = Redact {
            gate: self.gate,
            snapshot: self.context.snapshot,
            owner: self.context.owner(),
            selectors: &selectors(permit.obligations().redact.iter()),
            of: "answer",
        };
        let (answer, _) = redact.take_out(answer, &findings).await?;
        self.seen(findings.label, None).await?;
        Ok(answer.0)
    }

    /// Whether the call would be decided about the same session now: a call beside it may have brought what is
    /// more confidential, or somebody's word.
    fn stands_in(&self, now: &Session) -> bool {
        let grounds = self.grounds.lock().unwrap_or_else(PoisonError::into_inner);
        let is_own = |source: &String| grounds.spoke && *source == self.tool.server;
        now.label <= grounds.label
            && now.integrity >= grounds.integrity
            && now.sources.iter().all(|from| self.session.sources.contains(from) || is_own(from))
    }

    /// The permit of the call with what else goes to its server, in the session as it is now.
    async fn decided(&self, given: Given, session: &Session) -> Result<ToolPermit, Refusal> {
        let called = (self.tool, self.pinned, &given);
        let facts = Facts::of(self.gate, self.context, called, session).await?;
        facts.decide(&mut self.story(), None).map_err(|unmet| unmet.refusal)
    }

    async fn seen(&self, label: Label, text: Option<&str>) -> Result<(), Refusal> {
        let sight = Sight::of((self.tool, self.trusted, self.permit), label, text);
        let (label, integrity) = self.session.see(self.gate, self.context, &sight).await?;
        let mut grounds = self.grounds.lock().unwrap_or_else(PoisonError::into_inner);
        grounds.label = grounds.label.join(label);
        grounds.integrity = grounds.integrity.min(integrity);
        grounds.spoke |= text.is_some();
        Ok(())
    }

    /// Writes down that something was not said.
    async fn record(&self, refusal: &Refusal, findings: Option<&Findings>) {
        let mut story = self.story();
        if let Some(findings) = findings {
            story.found.take(findings);
        }
        story.label = Some(self.permit.label());
        let record = story.decision(refusal.code.as_str(), &refusal.policies);
        serve::write(self.gate, record, || None).await;
    }

    fn story(&self) -> Story {
        Story::new(self.context, (&self.tool.server, &self.tool.name))
    }
}

/// A caller to whom, and from whom, only what may be said comes.
struct Between {
    caller: Arc<dyn Caller>,
    words: mpsc::Sender<Word>,
}

impl Between {
    /// What of this may be said. The server is told no more than that it gets no answer.
    async fn judged(
        &self,
        said: Value,
        word: impl FnOnce(Value, Reply) -> Word,
    ) -> Result<Value, ErrorData> {
        let none = |why: &str| ErrorData::invalid_request(format!("no answer: {why}"), None);
        let (reply, judged) = oneshot::channel();
        let sent = self.words.send(word(said, reply)).await;
        sent.map_err(|_| none("the call is over"))?;
        let judged = judged.await.map_err(|_| none("the call is over"))?;
        judged.map_err(|refusal| none(refusal.code.as_str()))
    }
}

#[async_trait]
impl Caller for Between {
    fn progress(&self, mut progress: Progress) {
        // What is too long does not wait for its turn.
        progress.message = progress.message.filter(|text| text.len() <= WORD_BYTES_MAX);
        let _ = self.words.try_send(Word::Progress(progress));
    }

    async fn create_message(&self, params: Value) -> Result<Value, ErrorData> {
        let params = self.judged(params, Word::Question).await?;
        self.judged(self.caller.create_message(params).await?, Word::Answer).await
    }

    async fn elicit(&self, params: Value) -> Result<Value, ErrorData> {
        let params = self.judged(params, Word::Question).await?;
        self.judged(self.caller.elicit(params).await?, Word::Answer).await
    }

    async fn roots(&self) -> Result<Value, ErrorData> {
        self.judged(self.caller.roots().await?, Word::Answer).await
    }
}
