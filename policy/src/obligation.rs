//! Obligations: the "yes, if" of a permit, written as annotations on policies.

use std::collections::BTreeSet;

use types::Nanos;

/// What must be done for a permit to hold. The default asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obligations {
    /// Kinds to redact from the content: `@redact("email,phone")`.
    pub redact: BTreeSet<String>,
    /// Kinds whose presence denies: `@block("card")`. None of them was found in a permitted call;
    /// they matter again to whoever inspects the answer.
    pub block: BTreeSet<String>,
    /// The most that the call may cost: `@max_cost("0.50")`, in US dollars.
    pub max_cost: Option<Nanos>,
    /// The most output tokens, all choices together: `@max_tokens("4096")`.
    pub max_tokens: Option<u64>,
    /// Whether content is recorded in full: `@log("full")`.
    pub log_full: bool,
    /// Roles that must approve first: `@approval("infra-admin")`. Empty on every permit for now:
    /// a call that needs an approval is denied with the roles as the reason.
    pub approval: BTreeSet<String>,
}

impl Obligations {
    /// Takes on what another policy asks for. The stricter of the two wins, so the order in which
    /// policies are joined does not matter.
    pub(crate) fn join(&mut self, other: &Self) {
        self.redact.extend(other.redact.iter().cloned());
        self.block.extend(other.block.iter().cloned());
        self.max_cost = lower(self.max_cost, other.max_cost);
        self.max_tokens = lower(self.max_tokens, other.max_tokens);
        self.log_full |= other.log_full;
        self.approval.extend(other.approval.iter().cloned());
    }
}

/// The lower of two caps, where no cap is the highest.
fn lower<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (cap, None) | (None, cap) => cap,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, option, prelude::*};

    use super::*;

    fn any_obligations() -> impl Strategy<Value = Obligations> {
        let names = || btree_set("[a-c]", 0..3);
        (names(), names(), option::of(1..9i64), option::of(1..9u64), any::<bool>(), names())
            .prop_map(|(redact, block, cost, max_tokens, log_full, approval)| Obligations {
                redact,
                block,
                max_cost: cost.map(Nanos),
                max_tokens,
                log_full,
                approval,
            })
    }

    fn joined(a: &Obligations, b: &Obligations) -> Obligations {
        let mut all = a.clone();
        all.join(b);
        all
    }

    proptest! {
        #[test]
        fn joining_is_strictest_in_any_order(
            a in any_obligations(), b in any_obligations(), c in any_obligations(),
        ) {
            prop_assert_eq!(joined(&a, &b), joined(&b, &a));
            prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
            prop_assert_eq!(joined(&a, &a), a.clone());
            let both = joined(&a, &b);
            prop_assert!(both.redact.is_superset(&a.redact) && both.block.is_superset(&a.block));
            prop_assert!(both.approval.is_superset(&a.approval));
            prop_assert!(a.max_cost.is_none_or(|cap| both.max_cost.is_some_and(|c| c <= cap)));
            prop_assert!(a.max_tokens.is_none_or(|cap| both.max_tokens.is_some_and(|c| c <= cap)));
            prop_assert!(both.log_full || !a.log_full);
        }
    }
}
