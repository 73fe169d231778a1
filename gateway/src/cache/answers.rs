//! The kept answers: in memory, within a number of bytes, each for its time.

use std::time::Duration;

use config::settings::Cache;
use types::{
    Label, Nanos, RequestId,
    answer::{Choice, Finish},
    embed::Embeddings,
};

use super::{
    key::Key,
    similar::{Similar, Vector},
};
use crate::{asked::Answer, metrics};

/// The longest answer that is kept, in bytes of its text.
pub(crate) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What an answer takes beside its text, in bytes: its parts, its key, and the cache's own.
const OVERHEAD_BYTES: usize = 1 << 10;

/// One part in so many of the memory is for what messages mean.
const SIMILAR_SHARE: u64 = 4;

/// Answers by their keys. Each gateway has its own.
pub(crate) struct Answers {
    kept: moka::sync::Cache<Key, Given>,
    similar: Similar,
    label_max: Label,
    ttl: Duration,
    bytes_max: u64,
}

/// An answer that may be given again.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) answer: Answer,
    /// What it cost.
    pub(crate) cost: Nanos,
    /// The request that it was an answer to.
    pub(crate) request: RequestId,
}

impl Answers {
    pub(crate) fn new(settings: &Cache) -> Self {
        let bytes_max = settings.max_bytes as u64;
        let kept = moka::sync::Cache::builder()
            .max_capacity(bytes_max - bytes_max / SIMILAR_SHARE)
            .weigher(|_: &Key, given: &Given| u32::try_from(weight(given)).unwrap_or(u32::MAX))
            .time_to_live(settings.ttl)
            .build();
        let Cache { ttl, max_label: label_max, .. } = *settings;
        let similar = Similar::new(bytes_max / SIMILAR_SHARE, ttl);
        Self { kept, similar, label_max, ttl, bytes_max }
    }

    /// Whether answers to requests of this label are kept.
    pub(crate) fn takes(&self, label: Label) -> bool {
        self.bytes_max > 0 && label <= self.label_max
    }

    /// How long an answer is kept.
    pub(crate) const fn ttl(&self) -> Duration {
        self.ttl
    }

    pub(super) fn find(&self, key: &Key) -> Option<Given> {
        self.kept.get(key)
    }

    /// Keeps an answer in place of any that is there, if it came to a natural end, a stream can tell all
    /// of it, and it is not too long.
    /// Whether it is kept.
    pub(super) fn keep(&self, key: &Key, given: Given) -> bool {
        let may = is_whole(&given.answer) && weight(&given) <= ANSWER_BYTES_MAX + OVERHEAD_BYTES;
        if may {
            self.kept.insert(key.clone(), given);
            metrics::CACHE.with_label_values(&["kept"]).inc();
            let bytes = self.kept.weighted_size().saturating_add(self.similar.bytes());
            metrics::CACHE_BYTES.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        may
    }

    /// The answer to the message of that kind that is nearest, if it is so near and still kept, with how
    /// near it is in percent.
    pub(super) fn like(&self, kind: &Key, vector: &Vector, percent: u8) -> Option<(Given, u8)> {
        let (key, near) = self.similar.nearest(kind, vector, percent)?;
        Some((self.find(&key)?, near))
    }

    /// Takes note of what a message means whose answer is kept.
    pub(super) fn remember(&self, kind: &Key, vector: Vector, answer: Key) {
        self.similar.add(kind, vector, answer);
    }
}

fn is_whole(answer: &Answer) -> bool {
    let natural = |choice: &Choice| matches!(choice.finish, Finish::Stop | Finish::ToolCalls);
    let told = |choice: &Choice| choice.logprobs.is_none() && choice.annotations.is_none();
    match answer {
        Answer::Chat(chat) => chat.choices.iter().all(|choice| natural(choice) && told(choice)),
        Answer::Embed(..) => true,
    }
}

/// About how much memory an answer takes, in bytes.
fn weight(given: &Given) -> usize {
    OVERHEAD_BYTES
        + match &given.answer {
            Answer::Chat(chat) => chat.choices.iter().map(length).sum::<usize>(),
            Answer::Embed(Embeddings { vectors, .. }, _) => {
                vectors.iter().map(|vector| size_of_val(vector.as_slice()) + 24).sum()
            }
        }
}

fn length(choice: &Choice) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let calls = choice.tool_calls.iter();
    let called = calls.map(|c| c.id.len() + c.name.len() + c.arguments.len() + 72);
    let thought = choice.reasoning.iter().map(|item| {
        text(&item.text) + item.opaque.as_ref().map_or(0, |opaque| opaque.data.len()) + 96
    });
    text(&choice.text) + text(&choice.refusal) + called.sum::<usize>() + thought.sum::<usize>()
}
