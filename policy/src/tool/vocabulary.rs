//! The words of one commit: the schema of this build, and an action of its own for every tool that the
//! tree names so.
//!
//! `Action::"callTool:mail.send"` is a member of `Action::"callTool"`, and only there is the input of
//! the tool known by its types. A tool that nothing in the tree names has no action of its own: all
//! policies mean the same for it as for any other.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use cedar_policy::{EntityUid, Schema, SchemaFragment, Validator};
use serde_json::{Map, Value, json};

use super::shape::Shape;
use crate::{
    bundle::{Bundle, Fault, ToolSource},
    load::SCHEMA_FILE,
};

const SCHEMA: &str = include_str!("../schema.cedarschema");

/// What stands before a tool's name in the action of its own.
const PREFIX: &str = "callTool:";

/// The most tools that have an action of their own: each is proved by itself.
const OWN_MAX: usize = 128;

/// What policies of one commit can speak about.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    pub schema: Schema,
    pub validator: Validator,
    /// What the schema was made of: equal texts, equal schemas.
    pub text: String,
    /// The tools with an action of their own, by their names.
    pub own: BTreeMap<String, OwnAction>,
}

/// The action of one tool.
#[derive(Debug, Clone)]
pub(crate) struct OwnAction {
    pub action: EntityUid,
    pub input: Shape,
}

/// Words that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoWords {
    #[error("the tree names {0} tools by actions of their own, and {OWN_MAX} are the most")]
    TooMany(usize),
    /// No bundle causes it, and a test loads every build's schema.
    #[error("the schema cannot be read: {0}")]
    Broken(String),
}

impl NoWords {
    pub(crate) fn fault(&self) -> Fault {
        let fix = match self {
            Self::TooMany(_) => "write policies about servers or effects instead",
            Self::Broken(_) => "this build of orchestack is broken; report it",
        };
        let (file, fix) = (SCHEMA_FILE.to_owned(), fix.to_owned());
        Fault { file, line: None, message: self.to_string(), fix }
    }
}

/// The words of a tree that names no tool, read once.
static PLAIN: LazyLock<Result<Arc<Vocabulary>, NoWords>> = LazyLock::new(|| {
    let schema: Schema = SCHEMA.parse().map_err(broken)?;
    let validator = Validator::new(schema.clone());
    Ok(Arc::new(Vocabulary { schema, validator, text: SCHEMA.to_owned(), own: BTreeMap::new() }))
});

impl Vocabulary {
    /// The schema of this build.
    pub(crate) const fn schema_text() -> &'static str {
        SCHEMA
    }

    /// The words of a bundle.
    ///
    /// # Errors
    /// A tree that names too many tools, or a schema of this build that is broken.
    pub(crate) fn of(bundle: &Bundle<'_>) -> Result<Arc<Self>, NoWords> {
        let texts = texts(bundle);
        let is_named = |tool: &ToolSource| {
            let action = format!("{PREFIX}{}", tool.id());
            let quoted = ["\"", "'"].map(|quote| format!("{action}{quote}"));
            texts.iter().any(|text| quoted.iter().any(|quoted| text.contains(quoted)))
        };
        let named = bundle.tools.iter().filter(|tool| is_plain(&tool.id()) && is_named(tool));
        let own: BTreeMap<String, OwnAction> =
            named.filter_map(|tool| Some((tool.id(), OwnAction::new(tool)?))).collect();
        Self::with(own)
    }

    /// These words and those of another commit, to compare the two. Where both know a tool, it is as it
    /// is here.
    ///
    /// # Errors
    /// As [`Vocabulary::of`].
    pub(crate) fn beside(&self, other: &Self) -> Result<Arc<Self>, NoWords> {
        let own = other.own.iter().chain(&self.own);
        Self::with(own.map(|(id, own)| (id.clone(), own.clone())).collect())
    }

    fn with(own: BTreeMap<String, OwnAction>) -> Result<Arc<Self>, NoWords> {
        if own.is_empty() {
            return PLAIN.clone();
        }
        if own.len() > OWN_MAX {
            return Err(NoWords::TooMany(own.len()));
        }
        let base: SchemaFragment = SCHEMA.parse().map_err(broken)?;
        let mut whole = base.to_json_value().map_err(broken)?;
        let actions = whole.pointer_mut("/Orchestack/actions").and_then(Value::as_object_mut);
        let actions = actions.ok_or_else(|| broken("it has no actions"))?;
        let general =
            actions.get("callTool").cloned().ok_or_else(|| broken("it has no `callTool`"))?;
        let written = own.values().map(|own| own.written(&general));
        let written: Map<String, Value> =
            written.collect::<Option<_>>().ok_or_else(|| broken("`callTool` has no context"))?;
        actions.extend(written.clone());
        let schema = Schema::from_json_value(whole).map_err(broken)?;
        let only = json!({ "Orchestack": { "entityTypes": {}, "actions": written } });
        let shown = SchemaFragment::from_json_value(only.clone()).map_err(broken)?;
        let shown = shown.to_cedarschema().unwrap_or_else(|_| only.to_string());
        let validator = Validator::new(schema.clone());
        Ok(Arc::new(Self { schema, validator, text: spliced(&shown), own }))
    }
}

/// The schema of this build with more actions at the end of its namespace.
fn spliced(shown: &str) -> String {
    let base = SCHEMA.trim_end().strip_suffix('}');
    let actions = shown.trim().strip_prefix("namespace Orchestack {");
    base.zip(actions)
        .map_or_else(|| format!("{SCHEMA}{shown}"), |(base, actions)| format!("{base}{actions}\n"))
}

impl OwnAction {
    fn new(tool: &ToolSource) -> Option<Self> {
        let action = format!("Orchestack::Action::{:?}", format!("{PREFIX}{}", tool.id()));
        Some(Self { action: action.parse().ok()?, input: Shape::of_input(&tool.input_schema) })
    }

    /// The action in the JSON form of Cedar's schemas: the general one, which it is a member of, with
    /// the tool's input in its context.
    fn written(&self, general: &Value) -> Option<(String, Value)> {
        let mut action = general.clone();
        let tool = json!({ "type": "Record", "attributes": { "input": self.input.cedar_type() } });
        let attributes = action.pointer_mut("/appliesTo/context/attributes")?;
        attributes.as_object_mut()?.insert("tool".to_owned(), tool);
        action.as_object_mut()?.insert("memberOf".to_owned(), json!([{ "id": "callTool" }]));
        Some((self.action.id().unescaped().to_owned(), action))
    }
}

/// The tool whose own action has this name.
pub(crate) fn tool_of(action: &str) -> Option<&str> {
    action.strip_prefix(PREFIX)
}

/// Whether an action is a tool's own.
pub(crate) fn is_own(action: &EntityUid) -> bool {
    action.type_name().basename() == "Action" && tool_of(action.id().unescaped()).is_some()
}

/// The longest name of a tool that can have an action, in bytes.
const ID_BYTES_MAX: usize = 192;

/// Whether a tool's name needs no escapes wherever it is written.
fn is_plain(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    id.len() <= ID_BYTES_MAX && id.chars().all(plain)
}

/// Every text that can name an action.
fn texts<'b>(bundle: &'b Bundle<'_>) -> Vec<&'b str> {
    let own = bundle.agents.values().flat_map(|agent| &agent.policies);
    let all = bundle.organisation.iter().chain(own).chain(&bundle.invariants).chain(&bundle.cases);
    all.map(|source| source.text.as_str()).filter(|text| text.contains(PREFIX)).collect()
}

fn broken(error: impl ToString) -> NoWords {
    NoWords::Broken(error.to_string())
}
