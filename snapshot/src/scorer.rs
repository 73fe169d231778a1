//! External scorers with their tokens: who is asked for an opinion of an agent's models.

use std::{sync::Arc, time::Duration};

use config::{
    Settings,
    tree::{AgentScorer, ScorerFile},
};
use types::Secret;

/// An external scorer.
#[derive(Debug)]
pub struct Scorer {
    /// Where candidates are posted to.
    pub url: String,
    /// Its bearer token; `None` where it needs none, or it could not be had.
    pub token: Option<Secret>,
    /// How long a request waits for its answer.
    pub deadline: Duration,
    /// How much its penalties count beside the weights, 0 to 100.
    pub weight: u8,
}

impl Scorer {
    /// With its token, fetched from where its reference points. One that cannot be had is told in
    /// `notes`; the scorer will refuse what it is asked.
    pub(crate) fn of(
        whose: &str,
        file: &ScorerFile,
        settings: &Settings,
        notes: &mut Vec<String>,
    ) -> Arc<Self> {
        let fetch = |reference: &config::SecretRef| {
            reference.resolve(&settings.state.dir, config::settings::variable)
        };
        let token = file.secret.as_ref().and_then(|reference| {
            let missing = |error| notes.push(format!("scorer of {whose}: {error}"));
            fetch(reference).map_err(missing).ok()
        });
        let (url, deadline, weight) = (file.url.clone(), file.deadline, file.weight);
        Arc::new(Self { url, token, deadline, weight })
    }

    /// The scorer of an agent: its own, the organisation's, or none.
    pub(crate) fn of_agent(
        name: &str,
        says: &AgentScorer,
        organisations: Option<&Arc<Self>>,
        settings: &Settings,
        notes: &mut Vec<String>,
    ) -> Option<Arc<Self>> {
        match says {
            AgentScorer::Organisations => organisations.cloned(),
            AgentScorer::Off => None,
            AgentScorer::Own(file) => {
                Some(Self::of(&format!("agent `{name}`"), file, settings, notes))
            }
        }
    }
}
