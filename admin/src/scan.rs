//! What the engine finds in a text: kinds and places, never what was matched.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Json;
use dlp::{Engine, Finding, Findings, Selector};
use policy::Operation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use types::{Content, Label, chat::Piece};
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::Desk,
    error::{Error, Refusal},
};
use snapshot::keys::sha256_hex;

/// The most texts of one request: the record of it has a hash of each.
const TEXTS_MAX: usize = 100;

/// A text to search, or several.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScan {
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Several texts, each searched by itself, in place of `text`; at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Vec<String>>,
    /// Kinds and families to look for; everything where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
}

/// What was found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Scanned {
    /// The label of all texts together.
    pub label: String,
    /// False where something was not looked at; the label is `restricted` then.
    pub complete: bool,
    /// Everything, in the order of texts and positions.
    pub findings: Vec<FindingView>,
    /// The commit whose settings and detectors looked.
    pub commit: String,
}

/// One value that was found. It says where the value stands, never what it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FindingView {
    /// What it is.
    pub kind: String,
    /// The label that it gives.
    pub label: String,
    /// `text`, or `texts[N]`.
    pub place: String,
    /// Where it stands, in bytes of UTF-8.
    pub bytes: SpanView,
    /// Where it stands, in Unicode code points.
    pub chars: SpanView,
    /// How sure the engine is, 0 to 100.
    pub score: u8,
    /// Why: the points that make the score.
    pub terms: Vec<TermView>,
}

/// From the first position to before the second, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpanView {
    /// The first.
    pub start: usize,
    /// After the last.
    pub end: usize,
}

/// One reason for a score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TermView {
    /// Such as `shape`, `checksum` or `cue_word`.
    pub name: String,
    /// What it adds or takes away.
    pub points: i16,
}

/// The texts of a request, under the places of its fields.
struct Texts(Vec<(String, String)>);

impl Content for Texts {
    fn visit(&mut self, mut visit: impl FnMut(&str, Piece<'_>)) {
        self.0.iter_mut().for_each(|(place, text)| visit(place, Piece::Text(text)));
    }

    fn has_unseen(&self) -> bool {
        false
    }
}

/// Searches a text as a request would be, with the settings and detectors in force. The record that it
/// leaves has the text's SHA-256 and how many of each kind were found.
#[utoipa::path(
    post, path = "/api/v1/dlp/scan", tag = "dlp", request_body = NewScan,
    responses((status = 200, body = Scanned), (status = "4XX", body = Refusal))
)]
pub(crate) async fn scan(desk: Desk, Body(ask): Body<NewScan>) -> Result<Json<Scanned>, Error> {
    let act = desk.permit(Operation::DlpScan, "").await?;
    let (texts, kinds) = read(ask)?;
    let snapshot = act.control().snapshots.load();
    let (commit, engine) = (snapshot.commit.clone(), snapshot.dlp.clone());
    // Some milliseconds at worst, but a thread of the runtime is not the place for them.
    let work = move || looked(&engine, texts, &kinds);
    let (scanned, by_kind, hashes) =
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Broke)?;
    let (label, findings, complete) = scanned;
    let detail = json!({
        "sha256": hashes, "label": label, "complete": complete, "findings": by_kind,
    });
    act.control().store.audit().append(act.record(detail)).await?;
    Ok(Json(Scanned { label: label.to_string(), complete, findings, commit }))
}

/// The texts with their places, and what to look for.
fn read(ask: NewScan) -> Result<(Texts, Vec<Selector>), Error> {
    let texts = match (ask.text, ask.texts) {
        (Some(text), None) => vec![("text".to_owned(), text)],
        (None, Some(texts)) if texts.len() <= TEXTS_MAX => {
            (0..).zip(texts).map(|(n, text): (usize, _)| (format!("texts[{n}]"), text)).collect()
        }
        (None, Some(texts)) => {
            let message = format!("there are {} texts", texts.len());
            return Err(Error::invalid(message, format!("send at most {TEXTS_MAX} at once")));
        }
        (Some(_), Some(_)) | (None, None) => {
            let fix = "send `text`, or `texts` with several";
            return Err(Error::invalid("exactly one of `text` and `texts` is needed", fix));
        }
    };
    let kinds = ask.kinds.unwrap_or_default().into_iter().map(|kind| {
        let shown: String = kind.chars().take(64).collect();
        shown.parse::<Selector>().map_err(|error| {
            Error::invalid(error.to_string(), "name kinds or families, or leave `kinds` out")
        })
    });
    Ok((Texts(texts), kinds.collect::<Result<_, _>>()?))
}

type Looked = ((Label, Vec<FindingView>, bool), Map<String, Value>, Vec<String>);

fn looked(engine: &Engine, mut texts: Texts, kinds: &[Selector]) -> Looked {
    let hashes = texts.0.iter().map(|(_, text)| sha256_hex(text.as_bytes())).collect();
    // As for a request: a fault of the engine is no way to a lower label.
    let found = catch_unwind(AssertUnwindSafe(|| engine.inspect(&mut texts)));
    let failed = |_| Findings {
        label: Label::Restricted,
        rules: Vec::new(),
        findings: Vec::new(),
        complete: false,
    };
    let mut found = found.unwrap_or_else(failed);
    let text = |finding: &Finding| {
        let of = |(place, _): &&(String, String)| *place == finding.place;
        texts.0.iter().find(of).map_or("", |(_, text)| text.as_str())
    };
    if !kinds.is_empty() {
        let wanted = |kind| kinds.iter().any(|selector| selector.covers(kind));
        found = found.only(engine, wanted, |finding| text(finding).get(finding.span.clone()));
    }
    let mut by_kind = Map::new();
    for finding in &found.findings {
        let count = by_kind.entry(finding.kind.as_str()).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap_or_default() + 1);
    }
    let views = views(&found.findings, &texts);
    ((found.label, views, found.complete), by_kind, hashes)
}

/// Findings with their positions in characters. They come text by text and in order of their starts, so
/// that every text is counted through once.
fn views(findings: &[Finding], texts: &Texts) -> Vec<FindingView> {
    let mut texts = texts.0.iter();
    let mut now: (&str, &str) = ("", "");
    let (mut at, mut chars) = (0, 0);
    let mut views = Vec::with_capacity(findings.len());
    for finding in findings {
        while now.0 != finding.place {
            let Some((place, text)) = texts.next() else { return views };
            (now, at, chars) = ((place.as_str(), text.as_str()), 0, 0);
        }
        let count =
            |from: usize, to: usize| now.1.get(from..to).map_or(0, |piece| piece.chars().count());
        let span = finding.span.clone();
        chars += count(at, span.start);
        at = span.start;
        views.push(FindingView {
            kind: finding.kind.to_string(),
            label: finding.label.to_string(),
            place: finding.place.clone(),
            bytes: SpanView { start: span.start, end: span.end },
            chars: SpanView { start: chars, end: chars + count(span.start, span.end) },
            score: finding.score,
            terms: terms(&finding.terms),
        });
    }
    views
}

fn terms(terms: &[dlp::Term]) -> Vec<TermView> {
    terms.iter().map(|t| TermView { name: t.name.to_owned(), points: t.points }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_at(ask: NewScan) -> Looked {
        let (texts, kinds) = read(ask).unwrap();
        looked(&Engine::builtin(&dlp::Settings::default()), texts, &kinds)
    }

    #[test]
    fn positions_are_in_bytes_and_in_characters() {
        let text = "é世 ann@example.com, 536-22-8726".to_owned();
        let ((label, found, complete), by_kind, hashes) =
            looked_at(NewScan { texts: Some(vec![String::new(), text]), ..NewScan::default() });
        assert_eq!((label, complete, hashes.len()), (Label::Restricted, true, 2));
        assert_eq!(json!(by_kind), json!({ "email": 1, "us_ssn": 1 }));
        let told: Vec<_> = found.iter().map(|f| (f.place.as_str(), f.bytes, f.chars)).collect();
        let span = |start, end| SpanView { start, end };
        assert_eq!(
            told,
            [("texts[1]", span(6, 21), span(3, 18)), ("texts[1]", span(23, 34), span(20, 31))]
        );
    }

    #[test]
    fn only_what_is_asked_for_counts() {
        let text = Some("ann@example.com, 536-22-8726".to_owned());
        let kinds = Some(vec!["email".to_owned()]);
        let ((label, found, _), ..) = looked_at(NewScan { text, kinds, ..NewScan::default() });
        assert_eq!((label, found.len()), (Label::Sensitive, 1));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let refused = |ask: NewScan| read(ask).err().unwrap().to_string();
        assert!(refused(NewScan::default()).contains("exactly one"));
        let kinds = Some(vec!["mail".to_owned()]);
        let ask = NewScan { text: Some(String::new()), kinds, ..NewScan::default() };
        assert!(refused(ask).contains("`mail` is no kind of finding"));
        let texts = Some(vec![String::new(); TEXTS_MAX + 1]);
        assert!(refused(NewScan { texts, ..NewScan::default() }).contains("101 texts"));
    }
}
