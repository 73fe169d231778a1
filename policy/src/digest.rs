//! Hashes of what decides.

use std::collections::BTreeMap;

use ring::digest::{Context, SHA256};
use serde_json::Value;

use crate::bundle::{Bundle, Source};

/// SHA-256 over a JSON value with the keys of every object in order and no blanks, in hexadecimal.
pub(crate) fn of_json(value: &Value) -> String {
    let mut context = Context::new(&SHA256);
    write(value, &mut context);
    hex(context.finish().as_ref())
}

fn write(value: &Value, to: &mut Context) {
    match value {
        Value::Array(items) => {
            to.update(b"[");
            for (number, item) in items.iter().enumerate() {
                to.update(if number == 0 { b"" } else { b"," });
                write(item, to);
            }
            to.update(b"]");
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            to.update(b"{");
            for (number, (name, field)) in fields.into_iter().enumerate() {
                to.update(if number == 0 { b"" } else { b"," });
                to.update(Value::from(name.as_str()).to_string().as_bytes());
                to.update(b":");
                write(field, to);
            }
            to.update(b"}");
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            to.update(value.to_string().as_bytes());
        }
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 over policies, each preceded by the lengths of its path and its text.
#[derive(Debug, Clone)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// The hash for each agent of a bundle whose policies are held against a schema, and under the empty name for everybody else.
    pub(crate) fn of_agents(bundle: &Bundle<'_>, schema: &str) -> BTreeMap<String, Self> {
        let mut common = Context::new(&SHA256);
        common.update(&schema.len().to_le_bytes());
        common.update(schema.as_bytes());
        bundle.organisation.iter().for_each(|source| add(&mut common, source));
        let nobody = (String::new(), Self::end(common.clone()));
        let own = bundle.agents.iter().map(|(name, agent)| {
            let mut context = common.clone();
            agent.policies.iter().for_each(|source| add(&mut context, source));
            (name.clone(), Self::end(context))
        });
        own.chain([nobody]).collect()
    }

    /// In hexadecimal.
    pub(crate) fn hex(&self) -> String {
        hex(&self.0)
    }

    fn end(context: Context) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self(hash)
    }
}

fn add(context: &mut Context, source: &Source) {
    for text in [&source.file, &source.text] {
        context.update(&text.len().to_le_bytes());
        context.update(text.as_bytes());
    }
}
