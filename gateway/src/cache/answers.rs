//! The kept answers: in memory, within a number of bytes, each for its time.

use std::{sync::Arc, time::Duration};

use config::settings::Cache;
use types::{
    Label, Nanos, RequestId,
    answer::{Choice, Finish},
    embed::Embeddings,
};

use super::{
    key::Key,
    similar::{Message, Similar},
};
use crate::{asked::Answer, metrics};

/// The longest answer that is kept, in bytes of its text.
pub(crate) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// The most vectors of an answer that is kept: a whole batch would take the place of all others.
const VECTORS_MAX: usize = 16;

/// What an answer takes beside its text, in bytes: its parts, its key, and the cache's own.
const OVERHEAD_BYTES: usize = 1 << 10;

/// How long a model of embeddings that was too slow is left alone, and how many are.
const REST: Duration = Duration::from_secs(30);
const RESTING_MAX: u64 = 1_000;

/// One part in so many of the memory is for what messages mean.
const SIMILAR_SHARE: u64 = 4;

/// Answers by their keys. Each gateway has its own.
pub(crate) struct Answers {
    kept: moka::sync::Cache<Key, Arc<Given>>,
    similar: Similar,
    /// Models of embeddings that were too slow, until when they are left alone.
    resting: moka::sync::Cache<String, ()>,
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
            .weigher(|_: &Key, given: &Arc<Given>| {
                u32::try_from(weight(&given.answer)).unwrap_or(u32::MAX)
            })
            .time_to_live(settings.ttl)
            .build();
        let Cache { ttl, max_label: label_max, .. } = *settings;
        let similar = Similar::new(bytes_max / SIMILAR_SHARE, ttl);
        let resting = moka::sync::Cache::builder().max_capacity(RESTING_MAX);
        let resting = resting.time_to_live(REST).build();
        Self { kept, similar, resting, label_max, ttl, bytes_max }
    }

    /// Whether answers to requests of this label are kept.
    pub(crate) fn takes(&self, label: Label) -> bool {
        self.bytes_max > 0 && label <= self.label_max
    }

    /// How long an answer is kept.
    pub(crate) const fn ttl(&self) -> Duration {
        self.ttl
    }

    pub(super) fn find(&self, key: &Key) -> Option<Arc<Given>> {
        let found = self.kept.get(key);
        self.measure();
        found
    }

    /// Whether an answer is worth keeping: it came to an end that we know to be one, a stream can tell
    /// all of it, and it is not too long.
    pub(super) fn wants(answer: &Answer) -> bool {
        let natural = |choice: &Choice| matches!(choice.finish, Finish::Stop | Finish::ToolCalls);
        let is_whole = match answer {
            Answer::Chat(chat) => chat.can_stream() && chat.choices.iter().all(natural),
            Answer::Embed(embeddings, _) => embeddings.vectors.len() <= VECTORS_MAX,
        };
        is_whole && weight(answer) <= ANSWER_BYTES_MAX
    }

    /// Keeps an answer in place of any that is there.
    pub(super) fn keep(&self, key: Key, given: Given) {
        self.kept.insert(key, Arc::new(given));
        metrics::CACHE.with_label_values(&["kept"]).inc();
        self.measure();
    }

    /// The answer to the message of that kind that is nearest, of those that are still kept and so
    /// near, with how near it is in percent.
    pub(super) fn like(
        &self,
        kind: &Key,
        message: &Message,
        percent: u8,
    ) -> Option<(Arc<Given>, u8)> {
        let found = |key: &Key| self.kept.get(key);
        self.similar.nearest(kind, message, percent, found)
    }

    /// Takes note of what a message means whose answer is kept.
    pub(super) fn remember(&self, kind: &Key, message: Message, answer: Key) {
        self.similar.add(kind, message, answer);
    }

    /// Leaves a model of embeddings alone for a while.
    pub(super) fn rest(&self, model: &str) {
        self.resting.insert(model.to_owned(), ());
    }

    pub(super) fn rests(&self, model: &str) -> bool {
        self.resting.contains_key(model)
    }

    fn measure(&self) {
        let bytes = self.kept.weighted_size().saturating_add(self.similar.bytes());
        metrics::CACHE_BYTES.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

/// About how much memory an answer takes, in bytes.
fn weight(answer: &Answer) -> usize {
    OVERHEAD_BYTES
        + match answer {
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
