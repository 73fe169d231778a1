//! What the engine reports: what a value is, where it stands, how sure we are and why.

use std::ops::Range;

use serde::Serialize;
use types::Label;

use crate::Kind;

/// What was found in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The highest label of any finding or combination rule; restricted when incomplete.
    pub label: Label,
    /// The combination rules that raised the label.
    pub rules: Vec<Rule>,
    /// Every finding, in the order of the request's fields, then by position.
    pub findings: Vec<Finding>,
    /// False when a field was over its size bound, there were too many findings, the work was more
    /// than its bound or a part of the engine failed: something may have been missed.
    pub complete: bool,
}

/// One value found. It says where the value stands, never what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// The piece, as [`types::chat::ChatRequest::visit`] names it: never the caller's text. Where a
    /// value reaches over several texts of one message it is the place of all of them.
    pub place: String,
    /// Bytes of the piece's original text, or of the message's texts put together; always on
    /// character boundaries.
    pub span: Range<usize>,
    /// How sure the engine is, 0 to 100.
    pub score: u8,
    /// Why: the terms whose points make the score.
    pub terms: Vec<Term>,
    /// The label that a value of this kind gives the request.
    pub label: Label,
}

types::names! {
    /// What several findings mean together.
    Rule {
        /// So many different addresses or numbers are a list of people.
        BulkList = "bulk_list",
        /// Who somebody is beside what ails them: protected health information (45 CFR 160.103).
        HealthOfPerson = "health_of_person",
        /// Enough to pass for somebody: a name with a date of birth and a number or an address.
        Identity = "identity",
    }
}

/// One reason for a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Term {
    /// A fixed name such as `shape`, `checksum` or `cue_word`.
    pub name: &'static str,
    /// What it adds or takes away.
    pub points: i16,
}
