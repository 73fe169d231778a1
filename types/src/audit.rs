//! One audit record: who did what, what was decided and why. Hashes and names, never content.

use std::collections::HashMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use crate::{Actor, AuditId, RequestId, TenantId, Timestamp};

/// One audit record. The store adds its place in the hash chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The record's id.
    pub id: AuditId,
    /// When it was made.
    pub at: Timestamp,
    /// Whose record it is.
    pub tenant: TenantId,
    /// What kind of act it tells of.
    pub kind: Kind,
    /// The data-plane request it belongs to.
    pub request: Option<RequestId>,
    /// Who acted.
    pub actor: Actor,
    /// The Cedar action, such as `callModel`; `readResponse` or `deleteResponse` of a kept response, for
    /// which policy is asked about `callModel`.
    pub action: String,
    /// What it was done to, such as a model's name.
    pub resource: String,
    /// `permit`, `ok` or an error code.
    pub outcome: String,
    /// The git commit whose policies decided.
    pub commit: String,
    /// Everything else: label, findings by kind and place, policy ids, candidates and why each was
    /// dropped, cost, hashes of input and output. Never prompts, secrets or matched values.
    pub detail: Detail,
}

impl Record {
    /// The record without its detail.
    #[must_use]
    pub fn outline(&self) -> Self {
        let Self {
            id,
            at,
            tenant,
            kind,
            request,
            actor,
            action,
            resource,
            outcome,
            commit,
            detail: _,
        } = self;
        Self {
            id: *id,
            at: *at,
            tenant: *tenant,
            kind: *kind,
            request: *request,
            actor: actor.clone(),
            action: action.clone(),
            resource: resource.clone(),
            outcome: outcome.clone(),
            commit: commit.clone(),
            detail: Detail::default(),
        }
    }
}

/// A JSON value as its text. It is written once, by whoever knows its parts; from there on to the
/// chain, and out of it again, it is copied byte for byte.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Detail(Box<RawValue>);

impl Detail {
    /// The text of a value. One that cannot be JSON, which none of our own types is, is `null`.
    pub fn of(value: &impl Serialize) -> Self {
        Self(to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The value, for those who show it.
    pub fn value(&self) -> Value {
        serde_json::from_str(self.as_str()).unwrap_or_default()
    }

    /// One field of an object; `None` where it has none of that name and type.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let fields: HashMap<&str, &RawValue> = serde_json::from_str(self.as_str()).ok()?;
        serde_json::from_str(fields.get(name)?.get()).ok()
    }
}

impl Default for Detail {
    /// Nothing: `null`.
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl From<Value> for Detail {
    fn from(value: Value) -> Self {
        Self::of(&value)
    }
}

impl PartialEq for Detail {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// What an audit record tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A request was decided: permitted or refused.
    Decision,
    /// A permitted request ended: answered, failed or cut, with its cost.
    Completion,
    /// An administrator changed something, or was refused.
    Admin,
    /// The system itself: start, a policy swap, a reaped hold.
    System,
}

impl Kind {
    /// The name used in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Completion => "completion",
            Self::Admin => "admin",
            Self::System => "system",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_detail_keeps_its_text_through_a_record() {
        let text = r#"{"id":"aud_1","b": 1,"a":{"trace":"inner"},"trace":{"x":2.50}}"#;
        let detail: Detail = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&detail).unwrap(), text);
        assert_eq!(detail.value()["a"], json!({ "trace": "inner" }));
        assert_eq!(detail.field::<Value>("trace"), Some(json!({ "x": 2.5 })));
        assert_eq!((detail.field::<Value>("x"), detail.field::<u64>("a")), (None, None));
        assert_eq!(Detail::from(json!([1])).field::<u64>("a"), None);
    }
}
