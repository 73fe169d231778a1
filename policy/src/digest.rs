//! Hashes of what decides.

use std::collections::BTreeMap;

use ring::digest::{Context, SHA256};

use crate::{
    bundle::{Bundle, Source},
    load::Engine,
};

/// SHA-256 over policies, each preceded by the lengths of its path and its text.
#[derive(Debug, Clone)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// The hash for each agent of a bundle, and under the empty name for everybody else.
    pub(crate) fn of_agents(bundle: &Bundle<'_>) -> BTreeMap<String, Self> {
        let mut common = Context::new(&SHA256);
        let schema = Engine::schema_text();
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
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
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
