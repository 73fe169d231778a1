//! What a change of policies changes, layer by layer, for every possible request.

use std::collections::BTreeSet;

use cedar_policy::PolicySet;
use policy::{Duty, Engine, Part};
use proofs::{Envs, Example, Prover};
use serde::Serialize;
use serde_json::Value;

/// What a change of policies changes.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// The layers that decide differently, or of which nobody knows.
    pub layers: Vec<LayerDiff>,
}

/// What changes in one layer.
#[derive(Debug, Clone, Serialize)]
pub struct LayerDiff {
    /// `organisation`, or `agent NAME`.
    pub layer: String,
    /// Examples of what is newly permitted, one for each kind of request.
    pub permits: Vec<Difference>,
    /// Examples of what is newly denied.
    pub denies: Vec<Difference>,
    /// Where nobody knows, and why.
    pub unknown: Vec<String>,
}

/// One request that is decided differently.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// What the request asks for, such as `callModel by Agent on Model`.
    pub about: String,
    /// What it is newly free of, where it was permitted before: `without redacting email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// The request, in Cedar's JSON.
    pub example: Value,
    /// The same in a few lines.
    pub shown: String,
}

impl Diff {
    /// Whether more may be permitted than before. What nobody knows counts.
    pub fn widens(&self) -> bool {
        self.layers.iter().any(|layer| !layer.permits.is_empty() || !layer.unknown.is_empty())
    }
}

/// Compares two sets of policies. A layer that did not change needs no solver. `tenant` is the name
/// of the tenant that agents are in.
pub async fn diff(prover: &Prover, before: &Engine, after: &Engine, tenant: &str) -> Diff {
    let agents: BTreeSet<&str> = before.agent_names().chain(after.agent_names()).collect();
    let parts = std::iter::once(Part::Organisation).chain(agents.into_iter().map(Part::Agent));
    let mut layers = Vec::new();
    for part in parts {
        let work = Work { prover, before, after, tenant, part };
        let layer = work.layer().await;
        if !(layer.permits.is_empty() && layer.denies.is_empty() && layer.unknown.is_empty()) {
            layers.push(layer);
        }
    }
    Diff { layers }
}

/// The comparison of one layer.
struct Work<'a> {
    prover: &'a Prover,
    before: &'a Engine,
    after: &'a Engine,
    tenant: &'a str,
    part: Part<'a>,
}

impl Work<'_> {
    async fn layer(&self) -> LayerDiff {
        let layer = match self.part {
            Part::Organisation | Part::OrganisationPermits => "organisation".to_owned(),
            Part::Agent(name) => format!("agent {name}"),
        };
        let mut found =
            LayerDiff { layer, permits: Vec::new(), denies: Vec::new(), unknown: Vec::new() };
        let (before, after) = (self.before, self.after);
        let set = |engine: &Engine, other: &Engine, duty: Option<&Duty>| {
            engine.compared(other, self.part, self.tenant, duty)
        };
        let (was, is) = (set(before, after, None), set(after, before, None));
        self.compare(&was, &is, None, &mut found).await;
        // A permit may stay and its duties go. What is permitted without a duty is compared for each
        // that there was.
        for duty in self.before.duties(self.part) {
            let duty = Some(&duty);
            let (was, is) = (set(before, after, duty), set(after, before, duty));
            self.compare(&was, &is, duty, &mut found).await;
        }
        found.unknown.sort();
        found.unknown.dedup();
        found
    }

    async fn compare(
        &self,
        before: &PolicySet,
        after: &PolicySet,
        duty: Option<&Duty>,
        found: &mut LayerDiff,
    ) {
        if same(before, after) {
            return;
        }
        let (schema, text) = match self.after.schema_beside(self.before) {
            Ok(both) => both,
            Err(why) => {
                found.unknown.push(why);
                return;
            }
        };
        let told = self.prover.diff(&schema, &text, before, after, &Envs::All).await;
        let told = match told {
            Ok(told) => told,
            Err(error) => {
                found.unknown.push(format!("failed to {error}"));
                return;
            }
        };
        for one in told {
            let about = format!(
                "{} by {} on {}",
                one.action.id().unescaped(),
                one.principal_type.basename(),
                one.resource_type.basename()
            );
            match one.change {
                proofs::Change::Permits(example) => {
                    // What is newly permitted at all is so without any duty as well.
                    let known = found.permits.iter().any(|known| known.about == about);
                    if duty.is_none() || !known {
                        found.permits.push(Difference::of(about, duty, *example));
                    }
                }
                proofs::Change::Denies(example) if duty.is_none() => {
                    found.denies.push(Difference::of(about, None, *example));
                }
                // A duty that is added denies nothing.
                proofs::Change::Denies(_) => {}
                proofs::Change::Unknown(why) => found.unknown.push(format!("{about}: {why}")),
            }
        }
    }
}

impl Difference {
    fn of(about: String, duty: Option<&Duty>, example: Example) -> Self {
        let shown = example.to_string();
        Self { about, how: duty.map(ToString::to_string), shown, example: example.request }
    }
}

/// Whether two sets are of the same policies.
fn same(one: &PolicySet, other: &PolicySet) -> bool {
    let texts = |set: &PolicySet| -> BTreeSet<Option<String>> {
        set.policies().map(|policy| policy.to_json().ok().map(|json| json.to_string())).collect()
    };
    let (one, other) = (texts(one), texts(other));
    one == other && !one.contains(&None)
}
