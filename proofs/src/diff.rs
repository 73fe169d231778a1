//! What a change of policies changes: who may do more, and who less.

use cedar_policy::{EntityTypeName, EntityUid, PolicySet, Schema};

use crate::{
    claim::{Claim, Envs, Verdict, What},
    example::Example,
    plan::Slot,
    prover::Prover,
    solver::Error,
};

/// What a change of policies changes in one request environment, in one direction.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The action of the environment.
    pub action: EntityUid,
    /// Its type of principal.
    pub principal_type: EntityTypeName,
    /// Its type of resource.
    pub resource_type: EntityTypeName,
    /// What changes.
    pub change: Change,
}

/// What changes.
#[derive(Debug, Clone)]
pub enum Change {
    /// The new policies permit this request, the old ones did not.
    Permits(Box<Example>),
    /// The new policies deny this request, the old ones did not.
    Denies(Box<Example>),
    /// Nobody knows whether anything changes in one of the directions; the text says why.
    Unknown(String),
}

impl Prover {
    /// How `after` decides differently from `before`, by request environment: at most one example
    /// of each direction. Environments in which both decide alike give nothing.
    ///
    /// # Errors
    /// If nothing can be compared at all; a single environment that cannot is [`Change::Unknown`].
    pub async fn diff(
        &self,
        schema: &Schema,
        schema_text: &str,
        before: &PolicySet,
        after: &PolicySet,
        envs: &Envs,
    ) -> Result<Vec<Difference>, Error> {
        let claim = |from: &PolicySet, to: &PolicySet| Claim {
            id: String::new(),
            what: What::Implies { from: from.clone(), to: to.clone() },
            envs: envs.clone(),
        };
        // An example against the first is newly permitted, one against the second newly denied.
        let claims = [claim(after, before), claim(before, after)];
        let mut slots = self.settle(schema, schema_text, &claims).await?;
        if slots.is_empty() {
            return Err(Error::NoEnvironment);
        }
        // Both directions of an environment together.
        slots.sort_by_key(|slot| slot.place);
        let difference = |slot: Slot| {
            let change = match (slot.verdict, slot.claim) {
                (Verdict::Proved, _) => return None,
                (Verdict::Refuted(example), 0) => Change::Permits(example),
                (Verdict::Refuted(example), _) => Change::Denies(example),
                (Verdict::Unknown(why), _) => Change::Unknown(why),
            };
            Some(Difference {
                action: slot.env.action().clone(),
                principal_type: slot.env.principal().clone(),
                resource_type: slot.env.resource().clone(),
                change,
            })
        };
        Ok(slots.into_iter().filter_map(difference).collect())
    }
}
