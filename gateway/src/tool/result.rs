//! What a tool answers, before its caller sees any of it: held against its schema, searched, and without
//! what policy does not want in it.

use std::collections::BTreeSet;

use dlp::Findings;
use mcp::CallResult;
use policy::ToolPermit;
use snapshot::{Pinned, Snapshot, keys::sha256_hex};
use store::vault::Owner;
use types::{Code, Label};

use super::{content::Answer, redact::Redact, story::transcript};
use crate::{
    gate::Gate,
    refusal::Refusal,
    screen::{covers, selectors},
    serve::inspected,
    trail::Found,
};

/// A result that may go out, once the session knows of it.
pub(super) struct Checked {
    pub(super) result: CallResult,
    /// All of its text as the caller sees it.
    pub(super) text: String,
    pub(super) found: Found,
    /// The label of what is in it.
    pub(super) label: Label,
    /// SHA-256 of it as it goes out, in hexadecimal.
    pub(super) hash: String,
    /// Its beginning, where policy wants it recorded.
    pub(super) transcript: Option<String>,
}

/// What a result is held against.
pub(super) struct Check<'a> {
    pub(super) search: Search<'a>,
    pub(super) pinned: &'a Pinned,
    pub(super) bytes_max: usize,
}

/// What is looked for in what a server says.
pub(super) struct Search<'a> {
    pub(super) gate: &'a Gate,
    pub(super) snapshot: &'a Snapshot,
    pub(super) permit: &'a ToolPermit,
    /// Whose tokens take the place of what is redacted.
    pub(super) owner: Option<Owner>,
}

impl Check<'_> {
    /// The result as its caller may see it.
    pub(super) async fn pass(&self, result: CallResult) -> Result<Checked, Refusal> {
        let permit = self.search.permit;
        let tool = format!("{}.{}", permit.server(), permit.tool());
        let bytes = length(&result);
        if bytes > self.bytes_max {
            let message = format!("the result of `{tool}` has more than {} bytes", self.bytes_max);
            return Err(Refusal::new(Code::UpstreamFailed, message));
        }
        if let (Some(schema), false) = (&self.pinned.output, result.is_error) {
            let wrong = |why: String| {
                let message =
                    format!("the result of `{tool}` is not what its output schema says: {why}");
                Refusal::new(Code::UpstreamFailed, message)
            };
            let value = result.structured_content.as_ref();
            let value = value.ok_or_else(|| wrong("it has no `structuredContent`".to_owned()))?;
            schema.check(value).map_err(|invalid| wrong(invalid.to_string()))?;
        }
        self.search.pass(result, bytes).await
    }
}

impl Search<'_> {
    /// What is in it as its caller may see it; it has so many bytes.
    pub(super) async fn pass(&self, said: CallResult, bytes: usize) -> Result<Checked, Refusal> {
        let mut found = Found::default();
        let mut answer = Answer(said);
        let findings = inspected(self.snapshot, &mut answer, bytes);
        found.take(&findings);
        let mut answer = self.without(answer, &findings, &found).await?;
        let text = answer.text();
        let json = answer.0.clone().into_value().to_string();
        let hash = sha256_hex(json.as_bytes());
        let transcript = self.permit.obligations().log_full.then(|| transcript(&json));
        Ok(Checked { result: answer.0, text, found, label: findings.label, hash, transcript })
    }

    /// Without what policy wants to have replaced in results, or the refusal of what it does not want in
    /// them at all.
    async fn without(
        &self,
        answer: Answer,
        findings: &Findings,
        found: &Found,
    ) -> Result<Answer, Refusal> {
        let obligations = self.permit.obligations();
        let block = selectors(obligations.answer_block.iter());
        let redact = selectors(obligations.answer_redact.iter());
        let wanted = !block.is_empty() || !redact.is_empty();
        if wanted && !findings.complete {
            let message =
                "policy wants the result searched, and it could not be searched as a whole";
            return Err(Refusal::new(Code::DlpBlocked, message));
        }
        let kinds = || findings.findings.iter().map(|finding| finding.kind);
        let blocked: BTreeSet<&str> =
            kinds().filter(|kind| covers(&block, *kind)).map(|kind| kind.as_str()).collect();
        if !blocked.is_empty() {
            found.blocked(blocked.iter().copied());
            let kinds = blocked.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!("policy blocks this kind of data in results: {kinds}");
            return Err(Refusal::new(Code::DlpBlocked, message));
        }
        let redact = Redact {
            gate: self.gate,
            snapshot: self.snapshot,
            owner: self.owner,
            selectors: &redact,
            of: "result",
        };
        Ok(redact.take_out(answer, findings).await?.0)
    }
}

/// How long a result is, as JSON.
fn length(result: &CallResult) -> usize {
    let value = |value: &serde_json::Value| value.to_string().len();
    let blocks: usize = result.content.iter().map(value).sum();
    let rest: usize = result.rest.iter().map(|(name, field)| name.len() + value(field)).sum();
    blocks + rest + result.structured_content.as_ref().map_or(0, value)
}
