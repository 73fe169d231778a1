//! Decisions that were taken before. A decision depends on nothing but its key, so one that is
//! remembered is the one that would be taken again.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::decide::{Allowed, Denied};

/// The most models, over all decisions, that are remembered. Beyond it everything is forgotten:
/// policies that read what differs from call to call gain nothing from remembering.
const MODELS_MAX: usize = 8_192;

/// What was decided about a list of models.
#[derive(Debug)]
pub(crate) struct Answers {
    pub allowed: Arc<[Allowed]>,
    pub denied: Vec<Denied>,
}

impl Answers {
    /// Whether an approval made any of it permitted.
    pub(crate) fn need_approval(&self) -> bool {
        self.allowed.iter().any(|allowed| allowed.obligations().approval.is_some())
    }
}

/// The decisions of one engine by their keys.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Box<[u8]>, Arc<Answers>>,
    models: usize,
}

impl Memo {
    /// The decision of a key, taken only if it is not remembered.
    pub(crate) fn recall(&self, key: Box<[u8]>, decide: impl FnOnce() -> Answers) -> Arc<Answers> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(answers) = kept.answers.get(&key) {
            return Arc::clone(answers);
        }
        drop(kept);
        let answers = Arc::new(decide());
        // One at least, so that decisions about no model are bounded too.
        let models = answers.allowed.len().saturating_add(answers.denied.len()).max(1);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.models.saturating_add(models) > MODELS_MAX {
            *kept = Kept::default();
        }
        if models <= MODELS_MAX && kept.answers.insert(key, Arc::clone(&answers)).is_none() {
            kept.models = kept.models.saturating_add(models);
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Answers {
        Answers { allowed: Arc::default(), denied: Vec::new() }
    }

    #[test]
    fn a_decision_is_taken_once_for_each_key() {
        let memo = Memo::default();
        let first = memo.recall([1].into(), nothing);
        assert!(Arc::ptr_eq(&first, &memo.recall([1].into(), nothing)));
        assert!(!Arc::ptr_eq(&first, &memo.recall([2].into(), nothing)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let memo = Memo::default();
        for key in 0..2 * MODELS_MAX + 1 {
            memo.recall(key.to_le_bytes().into(), nothing);
        }
        assert_eq!(memo.kept.read().unwrap().answers.len(), 1);
    }
}
