//! Obligations: the "yes, if" of a permit, written as annotations on policies.

use std::{collections::BTreeSet, fmt, time::Duration};

use types::Nanos;

use crate::{ask::Approved, memo::Weigh};

/// What must be done for a permit to hold. The default asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obligations {
    /// Kinds to redact from the content: `@redact("email,phone")`.
    pub redact: BTreeSet<String>,
    /// Kinds whose presence denies: `@block("card")`. None of them was found in a permitted call.
    pub block: BTreeSet<String>,
    /// What is put back in the answer, as far as nobody holds it back: `@restore("email,phone")`.
    pub restore: BTreeSet<String>,
    /// What each policy redacts and does not restore.
    pub withhold: BTreeSet<Withheld>,
    /// Kinds that are replaced in the answer: `@answer_redact("secret")`.
    pub answer_redact: BTreeSet<String>,
    /// Kinds that stop the answer: `@answer_block("us_ssn,secret")`.
    pub answer_block: BTreeSet<String>,
    /// The most that the call may cost: `@max_cost("0.50")`, in US dollars.
    pub max_cost: Option<Nanos>,
    /// The most output tokens, all choices together: `@max_tokens("4096")`.
    pub max_tokens: Option<u64>,
    /// Whether content is recorded in full: `@log("full")`.
    pub log_full: bool,
    /// Whether the disk must have the record of the decision before the call goes out, and not only the
    /// system: `@audit("required")`.
    pub audit_required: bool,
    /// Whether only models on the organisation's own hardware may serve it: `@locality("local")`.
    pub local_only: bool,
    /// The most days for which a provider may keep the content: `@retention("30d")`, and 0 for
    /// `@retention("none")`.
    pub retention_days: Option<u32>,
    /// Whether only the plan may be told: `@dry_run("only")`.
    pub dry_run_only: bool,
    /// Who must approve first: `@approval("infra-admin") @quorum("2") @expires("4h")`. A permit that
    /// has one was approved.
    pub approval: Option<ApprovalNeed>,
}

/// What one policy redacts, and what of that it lets be put back. A name is one of a kind, or of a
/// family for all of its kinds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withheld {
    /// What it redacts.
    pub redact: BTreeSet<String>,
    /// What it restores.
    pub restore: BTreeSet<String>,
}

/// The approval that a permit asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalNeed {
    /// Every one of these roles must be among those that the approvers have.
    pub roles: BTreeSet<String>,
    /// How many different people must approve, at least 1.
    pub quorum: u32,
    /// How long the question waits for its answer, and the answer for its use.
    pub expires: Duration,
}

impl Obligations {
    /// Whether values of a kind are put back in the answer: a policy restores it, and every policy
    /// that redacts it restores it.
    pub fn restores(&self, kind: &str, family: &str) -> bool {
        let held_back =
            |one: &Withheld| names(&one.redact, kind, family) && !names(&one.restore, kind, family);
        names(&self.restore, kind, family) && !self.withhold.iter().any(held_back)
    }

    /// Takes on what another policy asks for. The stricter of the two wins, so the order in which
    /// policies are joined does not matter.
    pub(crate) fn join(&mut self, other: &Self) {
        self.redact.extend(other.redact.iter().cloned());
        self.block.extend(other.block.iter().cloned());
        self.restore.extend(other.restore.iter().cloned());
        self.withhold.extend(other.withhold.iter().cloned());
        self.answer_redact.extend(other.answer_redact.iter().cloned());
        self.answer_block.extend(other.answer_block.iter().cloned());
        self.max_cost = lower(self.max_cost, other.max_cost);
        self.max_tokens = lower(self.max_tokens, other.max_tokens);
        self.log_full |= other.log_full;
        self.audit_required |= other.audit_required;
        self.local_only |= other.local_only;
        self.retention_days = lower(self.retention_days, other.retention_days);
        self.dry_run_only |= other.dry_run_only;
        match (&mut self.approval, &other.approval) {
            (Some(need), Some(more)) => need.join(more),
            (None, more) => self.approval.clone_from(more),
            (Some(_), None) => {}
        }
    }
}

impl Weigh for Obligations {
    fn bytes(&self) -> usize {
        let roles = self.approval.iter().flat_map(|need| &need.roles);
        let held_back = self.withhold.iter().flat_map(|one| one.redact.iter().chain(&one.restore));
        let answer = self.restore.iter().chain(&self.answer_redact).chain(&self.answer_block);
        let texts = self.redact.iter().chain(&self.block).chain(answer).chain(held_back);
        let texts = texts.chain(roles);
        texts.map(|text| text.len().saturating_add(size_of::<String>())).sum()
    }
}

impl ApprovalNeed {
    /// How long a question waits where the policy does not say.
    pub const EXPIRES: Duration = Duration::from_secs(60 * 60);

    /// Whether an approval is enough: every role, and so many people.
    pub fn is_met_by(&self, given: &Approved) -> bool {
        self.roles.is_subset(&given.roles) && given.approvers >= self.quorum
    }

    fn join(&mut self, other: &Self) {
        self.roles.extend(other.roles.iter().cloned());
        self.quorum = self.quorum.max(other.quorum);
        self.expires = self.expires.min(other.expires);
    }
}

impl fmt::Display for ApprovalNeed {
    /// Such as `infra-admin, legal (2 people)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
        f.write_str(&roles.join(", "))?;
        if self.quorum > 1 {
            write!(f, " ({} people)", self.quorum)?;
        }
        Ok(())
    }
}

/// Whether a list has a kind, by its own name or its family's.
pub(crate) fn names(list: &BTreeSet<String>, kind: &str, family: &str) -> bool {
    list.contains(kind) || list.contains(family)
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
        let need =
            (btree_set("[a-c]", 1..3), 1..4u32, 1..9u64).prop_map(|(roles, quorum, hours)| {
                ApprovalNeed { roles, quorum, expires: Duration::from_secs(hours * 3600) }
            });
        let limits = (option::of(1..9i64), option::of(1..9u64), option::of(0..9u32));
        let flags = any::<[bool; 4]>();
        let kinds = [names(), names(), names(), names(), names()];
        (kinds, limits, flags, option::of(need)).prop_map(
            |(kinds, (cost, max_tokens, retention_days), flags, approval)| {
                let [redact, block, restore, answer_redact, answer_block] = kinds;
                let withheld = Withheld { redact: redact.clone(), restore: restore.clone() };
                let [log_full, audit_required, local_only, dry_run_only] = flags;
                let max_cost = cost.map(Nanos);
                Obligations {
                    redact,
                    block,
                    restore,
                    withhold: [withheld].into(),
                    answer_redact,
                    answer_block,
                    max_cost,
                    max_tokens,
                    log_full,
                    audit_required,
                    local_only,
                    retention_days,
                    dry_run_only,
                    approval,
                }
            },
        )
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
            prop_assert!(both.answer_redact.is_superset(&a.answer_redact));
            prop_assert!(both.answer_block.is_superset(&a.answer_block));
            for kind in ["a", "b", "c"] {
                let redacts = |one: &Obligations| one.redact.contains(kind);
                let restores = |one: &Obligations| one.restores(kind, "");
                if [&a, &b].into_iter().any(|one| redacts(one) && !restores(one)) {
                    prop_assert!(!restores(&both), "{kind}");
                } else {
                    prop_assert_eq!(restores(&both), restores(&a) || restores(&b));
                }
            }
            if let Some(need) = &a.approval {
                let all = both.approval.as_ref().unwrap();
                prop_assert!(all.roles.is_superset(&need.roles) && all.quorum >= need.quorum);
                prop_assert!(all.expires <= need.expires);
            }
            prop_assert!(both.local_only || !a.local_only);
            prop_assert!(both.dry_run_only || !a.dry_run_only);
            let within = |cap: u32| both.retention_days.is_some_and(|days| days <= cap);
            prop_assert!(a.retention_days.is_none_or(within));
            prop_assert!(a.max_cost.is_none_or(|cap| both.max_cost.is_some_and(|c| c <= cap)));
            prop_assert!(a.max_tokens.is_none_or(|cap| both.max_tokens.is_some_and(|c| c <= cap)));
            prop_assert!(both.log_full || !a.log_full);
            prop_assert!(both.audit_required || !a.audit_required);
        }
    }
}
