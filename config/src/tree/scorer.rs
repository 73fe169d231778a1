//! `[scorer]` of an agent and `[routing.scorer]` of the organisation: who is asked for an opinion before
//! models are put in order.

use std::time::Duration;

use crate::{SecretRef, reader::Reader, settings::HttpUrl};

/// An external scorer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScorerFile {
    /// Where candidates are posted to.
    pub url: String,
    /// Where the token is that it is sent as `Authorization: Bearer`; none where absent.
    pub secret: Option<SecretRef>,
    /// How long a request waits for its answer.
    pub deadline: Duration,
    /// How much its penalties count beside the weights, 0 to 100.
    pub weight: u8,
}

/// The shortest and the longest that a request may wait for a scorer.
const DEADLINE: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_millis(250);

/// What an agent says of scorers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AgentScorer {
    /// Nothing: the organisation's.
    #[default]
    Organisations,
    /// None, `enabled = false`.
    Off,
    /// Its own.
    Own(ScorerFile),
}

impl AgentScorer {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let enabled = from.flag("enabled", true, "Whether a scorer is asked.");
        let own = ScorerFile::read(from);
        if enabled { own.map_or(Self::Organisations, Self::Own) } else { Self::Off }
    }
}

impl ScorerFile {
    /// `None` where nothing is written, or what is written is wrong.
    pub(super) fn read(mut from: Reader<'_>) -> Option<Self> {
        let written = from.is_written();
        let place = from.place_of("url");
        let example = "http://127.0.0.1:8099/score";
        let url: Option<HttpUrl> = from.optional("url", example, "Where candidates are posted to.");
        if written && place.is_none() {
            let fix = format!("add a line such as `url = \"{example}\"`");
            from.fault("url", None, "the scorer has no address".to_owned(), fix);
        }
        let secret = from.optional("secret", "env:SCORER_TOKEN", "Where its bearer token is.");
        let twenty = Duration::from_millis(20);
        let deadline = from.duration("deadline", twenty, DEADLINE, "How long it is waited for.");
        let weight = from.count("weight", 50, 0..=100, "How much its penalties count.");
        from.finish();
        let weight = u8::try_from(weight).unwrap_or(50);
        Some(Self { url: url?.0, secret, deadline, weight })
    }
}
