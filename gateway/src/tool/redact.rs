//! What policy wants taken out of arguments and results, replaced by tokens of the session.

use std::collections::BTreeSet;

use dlp::{Findings, Kind, Selector};
use snapshot::Snapshot;
use store::vault::Owner;
use types::{Code, Content};

use crate::{
    gate::Gate,
    metrics,
    refusal::Refusal,
    screen::covers,
    tokens::{Redacted, Work, mentioned},
};

/// What is to be redacted, and whose tokens take its place.
pub(super) struct Redact<'a> {
    pub(super) gate: &'a Gate,
    pub(super) snapshot: &'a Snapshot,
    pub(super) owner: Option<Owner>,
    pub(super) selectors: &'a [Selector],
    /// What is redacted: `arguments` or `result`.
    pub(super) of: &'static str,
}

impl Redact<'_> {
    /// Content without what is selected, and how many places were replaced. Where a value cannot be taken out,
    /// the content goes nowhere.
    pub(super) async fn take_out<C: Content + Clone + Sync>(
        &self,
        mut content: C,
        findings: &Findings,
    ) -> Result<(C, usize), Refusal> {
        let covered = |kind: &Kind| covers(self.selectors, *kind);
        let found = || findings.findings.iter().map(|finding| finding.kind).filter(covered);
        if found().next().is_none() {
            return Ok((content, 0));
        }
        let kinds: BTreeSet<Kind> = Kind::all().filter(covered).chain(found()).collect();
        let kinds: Vec<Kind> = kinds.into_iter().collect();
        let known = mentioned(&mut content);
        let work = Work { engine: &self.snapshot.dlp, request: &content, findings, kinds: &kinds };
        let redacted = self.gate.tokens.redact(self.owner, &known, &work).await;
        let (Redacted { request, redaction }, _) = redacted.map_err(|error| {
            tracing::error!(%error, "what was redacted cannot be kept; it goes nowhere");
            let message =
                format!("the tokens of this session cannot be kept; the {} went nowhere", self.of);
            Refusal::new(Code::DependencyUnavailable, message).with_retry_after(5)
        })?;
        if redaction.after.findings.iter().any(|finding| covered(&finding.kind)) {
            let message =
                format!("policy wants data redacted that cannot be taken out of the {}", self.of);
            return Err(Refusal::new(Code::DlpBlocked, message));
        }
        for kind in found() {
            metrics::FINDINGS.with_label_values(&[kind.as_str(), "redact"]).inc();
        }
        Ok((request, redaction.replaced))
    }
}
