//! The part of a policy set that can apply in one request environment.

use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, Effect, Entities, Policy, PolicySet, PrincipalConstraint, RequestEnv,
    ResourceConstraint,
};
use ring::digest::{Context, SHA256};

/// SHA-256.
pub(crate) type Digest = [u8; 32];

/// The policies of a set that can apply in one environment. It decides as the whole set does there:
/// what is left out has a scope that never matches.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub set: PolicySet,
    /// Of the text of its policies: equal digests decide equally.
    pub digest: Digest,
    /// Whether there is a permit in it. Without one nothing is permitted.
    pub permits: bool,
}

/// One environment with what is needed to read a scope there.
#[derive(Debug)]
pub(crate) struct Place {
    pub env: Arc<RequestEnv>,
    /// The actions of the schema with their groups; `None` if they cannot be told.
    pub actions: Option<Arc<Entities>>,
}

impl Part {
    pub(crate) fn of(set: &PolicySet, place: &Place) -> Self {
        let here = || set.policies().filter(|policy| place.can_apply(policy));
        let part = PolicySet::from_policies(here().cloned());
        // A policy that is linked to a template cannot leave its set. Then the whole set is asked
        // about, and the library says that it does not know templates.
        let (set, all) = match part {
            Ok(part) => (part, here().collect()),
            Err(_) => (set.clone(), set.policies().collect::<Vec<_>>()),
        };
        let mut texts: Vec<String> = all.iter().map(|policy| text(policy)).collect();
        texts.sort_unstable();
        let digest = digest(texts.iter().map(String::as_bytes));
        let permits = all.iter().any(|policy| policy.effect() == Effect::Permit);
        Self { set, digest, permits }
    }
}

impl Place {
    /// Whether the scope of a policy leaves room for a request of this environment. It may say yes
    /// too often, which costs time, and never says no wrongly, which would cost the proof.
    pub(crate) fn can_apply(&self, policy: &Policy) -> bool {
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Any | PrincipalConstraint::In(_) => true,
            PrincipalConstraint::Eq(only) => only.type_name() == self.env.principal(),
            PrincipalConstraint::Is(only) | PrincipalConstraint::IsIn(only, _) => {
                only == *self.env.principal()
            }
        };
        let resource = match policy.resource_constraint() {
            ResourceConstraint::Any | ResourceConstraint::In(_) => true,
            ResourceConstraint::Eq(only) => only.type_name() == self.env.resource(),
            ResourceConstraint::Is(only) | ResourceConstraint::IsIn(only, _) => {
                only == *self.env.resource()
            }
        };
        principal && resource && self.can_act(&policy.action_constraint())
    }

    fn can_act(&self, constraint: &ActionConstraint) -> bool {
        let action = self.env.action();
        match constraint {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(only) => only == action,
            ActionConstraint::In(named) => {
                let Some(actions) = &self.actions else { return true };
                named.iter().any(|named| named == action || actions.is_ancestor_of(named, action))
            }
        }
    }
}

/// Everything that a policy says. A policy of Cedar text is that text; one that is linked to a
/// template has none, and its JSON holds the template with its slots filled.
fn text(policy: &Policy) -> String {
    let json = || policy.to_json().map_or_else(|_| format!("{policy:?}"), |json| json.to_string());
    policy.to_cedar().unwrap_or_else(json)
}

/// A digest of several texts, each with its length before it so that no two lists look alike.
pub(crate) fn digest<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let mut context = Context::new(&SHA256);
    for text in texts {
        context.update(&text.len().to_le_bytes());
        context.update(text);
    }
    let mut digest = [0; 32];
    digest.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    digest
}
