//! The arguments of a call, before policy sees them: within bounds, as the tool's schema says, and searched.

use config::tree::ToolServerFile;
use dlp::Findings;
use mcp::CallResult;
use policy::ToolPermit;
use serde_json::{Map, Value, json};
use snapshot::{Pinned, keys::sha256_hex};
use tools::canonical;
use types::{Code, Label};

use super::{
    Context,
    content::{Arguments, shape},
    redact::Redact,
    story::Story,
};
use crate::{gate::Gate, refusal::Refusal, screen::selectors, serve::inspected};

/// Arguments that the tool's schema permits.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) arguments: Arguments,
    pub(super) findings: Findings,
    /// How long they are, as JSON.
    pub(super) bytes: usize,
}

impl Given {
    pub(super) fn read(
        context: &Context<'_>,
        (file, pinned): (&ToolServerFile, &Pinned),
        arguments: Value,
        story: &mut Story,
    ) -> Result<Self, Refusal> {
        // A client may leave out an empty object.
        let arguments = if arguments.is_null() { json!({}) } else { arguments };
        let text = canonical(&arguments);
        story.input_hash = Some(sha256_hex(text.as_bytes()));
        if text.len() > file.arguments_bytes_max {
            let message = format!(
                "the arguments of `{}` have {} bytes; at most {} are taken",
                story.id(),
                text.len(),
                file.arguments_bytes_max,
            );
            return Err(Refusal::new(Code::BodyTooLarge, message));
        }
        pinned.input.check(&arguments).map_err(|invalid| {
            let message =
                format!("the arguments of `{}` are not as they must be: {invalid}", story.id());
            Refusal {
                param: Some("arguments".to_owned()),
                ..Refusal::new(Code::InvalidRequest, message)
            }
        })?;
        story.shape = Some(shape(&arguments, &pinned.definition.input_schema));
        let mut arguments = Arguments(arguments);
        let findings = inspected(context.snapshot, &mut arguments, text.len());
        story.found.take(&findings);
        Ok(Self { arguments, findings, bytes: text.len() })
    }

    /// None, where nothing was called.
    pub(super) fn nothing() -> Self {
        let arguments = Arguments(Value::Object(Map::new()));
        let findings = Findings {
            label: Label::Public,
            rules: Vec::new(),
            findings: Vec::new(),
            complete: true,
        };
        Self { arguments, findings, bytes: 2 }
    }

    /// Whether every kind was found in them that is found here.
    pub(super) fn has(&self, others: &Findings) -> bool {
        let known = |other: &dlp::Finding| {
            self.findings.findings.iter().any(|finding| finding.kind == other.kind)
        };
        others.findings.iter().all(known)
    }

    /// The same arguments, with what was found elsewhere that goes to the server too.
    pub(super) fn with(&self, others: &Findings) -> Self {
        let mut both = self.clone();
        both.findings.label = both.findings.label.join(others.label);
        both.findings.findings.extend(others.findings.iter().cloned());
        both.findings.complete &= others.complete;
        both
    }

    /// The arguments as the tool may see them: what the permit wants redacted is gone. A token of the session
    /// stays one: its value never goes into an argument.
    pub(super) async fn redacted(
        self,
        gate: &Gate,
        context: &Context<'_>,
        permit: &ToolPermit,
        story: &mut Story,
    ) -> Result<Value, Refusal> {
        let redact = Redact {
            gate,
            snapshot: context.snapshot,
            owner: context.owner(),
            selectors: &selectors(permit.obligations().redact.iter()),
            of: "arguments",
        };
        let (arguments, replaced) = redact.take_out(self.arguments, &self.findings).await?;
        story.redacted = replaced;
        Ok(arguments.0)
    }
}

/// What a caller is told that only wanted to know whether it may.
pub(super) fn dry_run(permit: &ToolPermit) -> CallResult {
    let need = permit.obligations().approval.as_ref();
    let need = need.map(|need| json!({ "roles": need.roles, "quorum": need.quorum }));
    let told = json!({
        "object": "orchestack.dry_run",
        "approval": need,
        "tool": format!("{}.{}", permit.server(), permit.tool()),
        "policies": permit.policies(),
        "label": permit.label(),
        "integrity": permit.integrity(),
        "commit": permit.commit(),
    });
    let text = json!({ "type": "text", "text": told.to_string() });
    CallResult { content: vec![text], ..CallResult::default() }
}
