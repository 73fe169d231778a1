//! Decision cases: requests with the answer that they must get, checked in beside the policies. A
//! commit whose policies answer one of them otherwise is not taken.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;
use types::{Integrity, Label, Locality, Nanos, SizeClass, Timestamp};

use crate::{
    bundle::{Fault, Source},
    file,
    operation::Operation,
    question::Question,
    tool::ToolAsk,
};

/// One case of `tests/*.toml`.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub name: String,
    pub ask: Ask,
    pub expect: Expect,
    /// Policies that must be among those that decide.
    pub by: Vec<String>,
    /// What must be redacted, where the case says so.
    pub redact: Option<BTreeSet<String>>,
    /// What is put back in the answer, where the case says so.
    pub restore: Option<BTreeSet<String>>,
    /// What must be redacted in the answer, and what must stop it.
    pub answer_redact: Option<BTreeSet<String>>,
    pub answer_block: Option<BTreeSet<String>>,
}

/// The keys that say what must be decided; the others say what is asked.
const HEAD: [&str; 7] =
    ["name", "expect", "by", "redact", "restore", "answer_redact", "answer_block"];

/// The answer that a case must get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expect {
    /// Permitted.
    Permit,
    /// Denied, whatever the reason.
    Deny,
    /// Denied until people approve.
    Approval,
    /// Denied, and a permitted local model may serve it instead.
    Reroute,
}

/// What a case asks.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Model(Box<ModelAsk>),
    Tool(Box<ToolAsk>),
    Administer(AdminAsk),
    Vote(VoteAsk),
    Question(Box<Question>),
}

/// A model call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelAsk {
    #[serde(default = "default_agent")]
    pub agent: String,
    /// Instead of the groups that the tree gives the agent.
    pub groups: Option<Vec<String>>,
    pub model: ModelWords,
    #[serde(default = "public")]
    pub label: Label,
    #[serde(default = "trusted")]
    pub integrity: Integrity,
    #[serde(default)]
    pub kinds: Vec<String>,
    #[serde(default = "chat")]
    pub endpoint: String,
    #[serde(default)]
    pub stream: bool,
    #[serde(default)]
    pub tools: bool,
    #[serde(default)]
    pub images: bool,
    #[serde(default)]
    pub input_tokens: u64,
    pub max_output_tokens: Option<u64>,
    /// In US dollars.
    #[serde(default, deserialize_with = "usd")]
    pub remaining: Option<Nanos>,
    #[serde(default)]
    pub used_percent: u8,
    #[serde(default)]
    pub calls: u64,
    pub approved: Option<ApprovedWords>,
    #[serde(default)]
    pub dry_run: bool,
    /// RFC 3339 text; a noon of no meaning where the case does not say.
    #[serde(default = "noon", deserialize_with = "instant")]
    pub now: Timestamp,
}

/// A model as a case describes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelWords {
    pub id: String,
    #[serde(default)]
    pub provider: String,
    pub locality: Locality,
    #[serde(default = "small")]
    pub size: SizeClass,
    #[serde(default)]
    pub privacy: String,
    pub retention_days: Option<u32>,
    #[serde(default)]
    pub simulator: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovedWords {
    pub roles: BTreeSet<String>,
    #[serde(default = "one")]
    pub approvers: u32,
}

/// An act of administration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdminAsk {
    pub user: String,
    #[serde(default)]
    pub groups: Vec<String>,
    pub operation: Operation,
    #[serde(default)]
    pub target: String,
    pub owner: Option<String>,
    pub approved: Option<ApprovedWords>,
    #[serde(default)]
    pub break_glass: bool,
}

/// A vote on a request for approval.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoteAsk {
    pub user: String,
    pub groups: Vec<String>,
    pub kind: String,
    pub role: String,
    /// The person who asks; else the agent does.
    pub requester: Option<String>,
    #[serde(default = "default_agent")]
    pub agent: String,
    #[serde(default)]
    pub owner: String,
}

impl Case {
    /// Reads a file of `[[case]]` tables.
    pub(crate) fn read(source: &Source, faults: &mut Vec<Fault>) -> Vec<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Cases {
            #[serde(default)]
            case: Vec<Spanned<toml::Table>>,
        }
        let Some(read) = file::toml::<Cases>(source, faults) else { return Vec::new() };
        let one = |table: Spanned<toml::Table>| {
            let line = file::line_at(&source.text, table.span().start);
            Self::one(source, line, table.into_inner()).map_err(|fault| faults.push(fault)).ok()
        };
        read.case.into_iter().filter_map(one).collect()
    }

    fn one(source: &Source, line: usize, mut table: toml::Table) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Head {
            name: String,
            expect: Expect,
            #[serde(default)]
            by: Vec<String>,
            redact: Option<BTreeSet<String>>,
            restore: Option<BTreeSet<String>>,
            answer_redact: Option<BTreeSet<String>>,
            answer_block: Option<BTreeSet<String>>,
        }
        let mut head = toml::Table::new();
        for key in HEAD {
            head.extend(table.remove(key).map(|value| (key.to_owned(), value)));
        }
        let fault = |error: toml::de::Error| Fault {
            file: source.file.clone(),
            line: Some(line),
            message: format!("this case cannot be read: {}", error.message()),
            fix: "the guide to policies lists what a case can say".to_owned(),
        };
        let Head { name, expect, by, redact, restore, answer_redact, answer_block } =
            head.try_into().map_err(fault)?;
        let ask = if table.contains_key("tool") {
            Ask::Tool(Box::new(table.try_into().map_err(fault)?))
        } else if table.contains_key("model") {
            Ask::Model(Box::new(table.try_into().map_err(fault)?))
        } else if table.contains_key("operation") {
            Ask::Administer(table.try_into().map_err(fault)?)
        } else if table.contains_key("role") {
            Ask::Vote(table.try_into().map_err(fault)?)
        } else {
            Ask::Question(Box::new(table.try_into().map_err(fault)?))
        };
        let file = source.file.clone();
        Ok(Self { file, line, name, ask, expect, by, redact, restore, answer_redact, answer_block })
    }
}

/// Cases whose name another one has: of two alike nobody can tell which fails.
pub(crate) fn duplicates(cases: &[Case]) -> Vec<Fault> {
    let mut taken = BTreeMap::<&str, &Case>::new();
    let mut faults = Vec::new();
    for case in cases {
        if let Some(earlier) = taken.get(case.name.as_str()) {
            faults.push(Fault {
                file: case.file.clone(),
                line: Some(case.line),
                message: format!(
                    "{}:{} is also called `{}`",
                    earlier.file, earlier.line, case.name
                ),
                fix: "give every case a name of its own".to_owned(),
            });
        } else {
            taken.insert(&case.name, case);
        }
    }
    faults
}

pub(crate) fn usd<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Nanos>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(D::Error::custom)
}

pub(crate) fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let read: jiff::Timestamp = String::deserialize(from)?.parse().map_err(D::Error::custom)?;
    Ok(Timestamp(read.as_microsecond()))
}

pub(crate) const fn noon() -> Timestamp {
    Timestamp(1_767_268_800_000_000)
}

pub(crate) fn default_agent() -> String {
    crate::starter::DEFAULT_AGENT.to_owned()
}

fn chat() -> String {
    "/v1/chat/completions".to_owned()
}

const fn small() -> SizeClass {
    SizeClass::Small
}

pub(crate) const fn public() -> Label {
    Label::Public
}

pub(crate) const fn trusted() -> Integrity {
    Integrity::Trusted
}

const fn one() -> u32 {
    1
}
