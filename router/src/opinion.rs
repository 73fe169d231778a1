//! What an external scorer thinks of the models that it was asked about.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The worst penalty.
pub const PENALTY_MAX: u16 = 1_000;
/// The most entries of an opinion: what it says beyond the models that it was asked about is not used.
const ENTRIES_MAX: usize = 1_024;

/// A scorer's answer as it comes: penalties and vetoes by the models' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Opinion {
    /// 0 to [`PENALTY_MAX`], 0 the best. A model that is not named has 0.
    penalties: BTreeMap<String, u16>,
    /// Models that must not serve this request.
    vetoes: BTreeSet<String>,
}

/// An opinion that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    /// A penalty beyond [`PENALTY_MAX`].
    #[error("a penalty is more than {PENALTY_MAX}")]
    Penalty,
    /// More entries than anybody asked for.
    #[error("it has more than {ENTRIES_MAX} entries")]
    Entries,
}

impl Opinion {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`Nonsense`]: then nothing of it is used.
    pub fn check(&self) -> Result<(), Nonsense> {
        if self.penalties.len().saturating_add(self.vetoes.len()) > ENTRIES_MAX {
            return Err(Nonsense::Entries);
        }
        let within = self.penalties.values().all(|penalty| *penalty <= PENALTY_MAX);
        within.then_some(()).ok_or(Nonsense::Penalty)
    }

    /// What counts against a model.
    pub fn penalty(&self, model: &str) -> u16 {
        self.penalties.get(model).copied().unwrap_or_default().min(PENALTY_MAX)
    }

    /// Whether a model must not serve the request.
    pub fn vetoes(&self, model: &str) -> bool {
        self.vetoes.contains(model)
    }

    /// What it says of these models alone, and how many others it names.
    #[must_use]
    pub fn of(mut self, models: &BTreeSet<&str>) -> (Self, usize) {
        let before = self.penalties.len().saturating_add(self.vetoes.len());
        self.penalties.retain(|model, _| models.contains(model.as_str()));
        self.vetoes.retain(|model| models.contains(model.as_str()));
        let others = before.saturating_sub(self.penalties.len().saturating_add(self.vetoes.len()));
        (self, others)
    }
}
