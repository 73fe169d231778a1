//! Answers to requests that differ in the words of their last message alone, found by what those words
//! mean: each message is a vector of a local model of embeddings.
//!
//! Vectors of "2 apples" and "3 apples", or of a sentence and its denial, are nearly the same. So what
//! such words name must be the same to the letter: it is a part of what requests are told apart by.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use types::{
    Request,
    chat::{ChatRequest, Format, Part, Role},
};

use super::key::Key;

/// The most messages of one kind that are compared: the newest.
const NEAR_MAX: usize = 256;
/// What one message takes beside its vector, in bytes.
const OVERHEAD_BYTES: usize = 128;

/// Messages by what else their requests have.
pub(super) struct Similar {
    kinds: moka::sync::Cache<Key, Kind>,
}

type Kind = Arc<Mutex<VecDeque<Near>>>;

/// A message and where its answer is kept.
struct Near {
    vector: Vector,
    answer: Key,
}

/// A direction: a vector of length 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Vector(Arc<[f32]>);

impl Vector {
    /// The direction of a vector; `None` where it has none.
    pub(super) fn of(mut parts: Vec<f32>) -> Option<Self> {
        let length = parts.iter().map(|part| part * part).sum::<f32>().sqrt();
        if !length.is_normal() {
            return None;
        }
        parts.iter_mut().for_each(|part| *part /= length);
        Some(Self(parts.into()))
    }

    /// The cosine of the angle between two; `None` of vectors of different models.
    fn cosine(&self, other: &Self) -> Option<f32> {
        let of_one_model = self.0.len() == other.0.len();
        of_one_model.then(|| self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum())
    }
}

impl Similar {
    /// Within about so many bytes, each kind for its time.
    pub(super) fn new(bytes_max: u64, ttl: Duration) -> Self {
        let kinds = moka::sync::Cache::builder()
            .max_capacity(bytes_max)
            .weigher(|_: &Key, kind: &Kind| u32::try_from(weight(kind)).unwrap_or(u32::MAX))
            .time_to_live(ttl)
            .build();
        Self { kinds }
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.kinds.weighted_size()
    }

    /// Where the answer to the nearest message of that kind is kept, and how near it is in whole
    /// percent, if at least so near.
    pub(super) fn nearest(&self, kind: &Key, vector: &Vector, percent: u8) -> Option<(Key, u8)> {
        let kind = self.kinds.get(kind)?;
        let kept = kind.lock().unwrap_or_else(PoisonError::into_inner);
        let nearness = |near: &Near| Some((near.vector.cosine(vector)?, near.answer.clone()));
        let found = kept.iter().filter_map(nearness).max_by(|a, b| a.0.total_cmp(&b.0));
        let (cosine, answer) = found?;
        let near = (1..=100).rev().find(|percent| cosine * 100.0 >= f32::from(*percent))?;
        (near >= percent).then_some((answer, near))
    }

    /// Takes note of a message and of where its answer is kept.
    pub(super) fn add(&self, kind: &Key, vector: Vector, answer: Key) {
        let kept = self.kinds.get(kind).unwrap_or_default();
        {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|near| near.answer != answer);
            if kept.len() >= NEAR_MAX {
                kept.pop_front();
            }
            kept.push_back(Near { vector, answer });
        }
        // Put in again, so that it is weighed again.
        self.kinds.insert(kind.clone(), kept);
    }
}

fn weight(kind: &Kind) -> usize {
    let kept = kind.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = |near: &Near| near.vector.0.len() * size_of::<f32>() + OVERHEAD_BYTES;
    OVERHEAD_BYTES + kept.iter().map(bytes).sum::<usize>()
}

/// The longest message that is compared, in bytes: models of embeddings read no more at once.
const MESSAGE_BYTES_MAX: usize = 8 << 10;

/// A request without the words of its last message, and those words; `None` of a request whose answer
/// hangs on more than what they mean: on the exact form, or on what tools are called with.
pub(super) fn split(request: &Request) -> Option<(Request, String)> {
    let chat = request.as_chat()?;
    let is_free = matches!(chat.format, None | Some(Format::Text)) && chat.tools.is_empty();
    let last = chat.messages.last().filter(|last| is_free && last.role == Role::User)?;
    let mut text = String::new();
    for part in &last.content {
        let Part::Text(part) = part else { return None };
        text.push_str(part);
        text.push('\n');
    }
    if text.trim().is_empty() || text.len() > MESSAGE_BYTES_MAX {
        return None;
    }
    let mut rest = ChatRequest::clone(chat);
    rest.messages.last_mut()?.content = vec![Part::Text(String::new())];
    Some((Request::Chat(rest), text.trim().to_owned()))
}

/// Words that turn what is said to its contrary.
const NEGATIONS: [&str; 14] = [
    "no", "not", "never", "none", "without", "except", "unless", "kein", "keine", "nicht", "ohne",
    "ne", "pas", "sans",
];

/// The words of a text that must be the same in another to mean the same: with a digit, names, what is
/// quoted, and negations; in order.
pub(super) fn particulars(text: &str) -> Vec<String> {
    let mut found: Vec<String> = quoted(text).map(str::to_owned).collect();
    let mut begins = true;
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let lower = bare.to_lowercase();
        let is_number = bare.contains(|c: char| c.is_numeric());
        let is_name = !begins && bare.contains(char::is_uppercase)
            || bare.chars().filter(|c| c.is_uppercase()).count() > 1;
        let denies =
            NEGATIONS.contains(&lower.as_str()) || lower.ends_with("n't") || lower.ends_with("n’t");
        if is_number || is_name || denies {
            // Signs before a number count: "-5" is not "5".
            let whole = if is_number {
                word.trim_end_matches(['.', ',', ';', ':', '?', '!'])
            } else {
                bare
            };
            found.push(whole.to_owned());
        }
        begins = word.ends_with(['.', '?', '!', ':']);
    }
    found
}

/// What stands between two marks of the same kind.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    ['"', '`'].into_iter().flat_map(|mark| text.split(mark).skip(1).step_by(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Key {
        Key::new([n; 32])
    }

    fn vector(parts: &[f32]) -> Vector {
        Vector::of(parts.to_vec()).unwrap()
    }

    fn similar() -> Similar {
        Similar::new(1 << 20, Duration::from_secs(60))
    }

    #[test]
    fn only_the_words_of_a_last_message_are_split_off() {
        use types::chat::{Message, Tool};
        let says = |text: &str| Message::new(Role::User, vec![Part::Text(text.to_owned())]);
        let chat = |messages| ChatRequest { messages, ..ChatRequest::default() };
        let of = |chat: ChatRequest| split(&Request::Chat(chat));
        let (rest, text) = of(chat(vec![says("One."), says("Two.")])).unwrap();
        assert_eq!(text, "Two.");
        assert_eq!(of(chat(vec![says("One."), says("Three.")])).unwrap().0, rest);
        assert_ne!(of(chat(vec![says("Another."), says("Two.")])).unwrap().0, rest);
        let tools = vec![Tool::default()];
        assert_eq!(of(ChatRequest { tools, ..chat(vec![says("One.")]) }), None);
        let format = Some(Format::JsonObject);
        assert_eq!(of(ChatRequest { format, ..chat(vec![says("One.")]) }), None);
        assert_eq!(of(chat(vec![says(" ")])), None);
        assert_eq!(of(chat(vec![says(&"x".repeat(MESSAGE_BYTES_MAX))])), None);
        assert_eq!(of(chat(vec![Message { role: Role::Assistant, ..says("One.") }])), None);
    }

    #[test]
    fn the_nearest_is_found_if_it_is_near_enough() {
        let similar = similar();
        similar.add(&key(0), vector(&[1.0, 0.0]), key(1));
        similar.add(&key(0), vector(&[1.0, 1.0]), key(2));
        assert_eq!(similar.nearest(&key(0), &vector(&[5.0, 0.0]), 95), Some((key(1), 100)));
        assert_eq!(similar.nearest(&key(0), &vector(&[3.0, 2.0]), 95), Some((key(2), 98)));
        assert_eq!(similar.nearest(&key(0), &vector(&[0.0, 1.0]), 95), None);
        assert_eq!(similar.nearest(&key(0), &vector(&[-1.0, 0.0]), 1), None);
        assert_eq!(similar.nearest(&key(9), &vector(&[1.0, 0.0]), 1), None, "of another kind");
        assert_eq!(similar.nearest(&key(0), &vector(&[1.0]), 1), None, "of another model");
    }

    #[test]
    fn a_vector_without_a_direction_is_none() {
        for parts in [vec![], vec![0.0, 0.0], vec![f32::NAN], vec![f32::INFINITY]] {
            assert_eq!(Vector::of(parts.clone()), None, "{parts:?}");
        }
    }

    /// The newest of a kind stay, and an answer is there once.
    #[test]
    fn a_kind_has_a_bound() {
        let similar = similar();
        for n in 0..=NEAR_MAX {
            let angle = n as f32 / NEAR_MAX as f32;
            let id = u32::try_from(n).unwrap().to_be_bytes();
            let mut answer = [7; 32];
            answer[..4].copy_from_slice(&id);
            similar.add(&key(0), vector(&[angle.cos(), angle.sin()]), Key::new(answer));
        }
        similar.add(&key(0), vector(&[-1.0, 0.0]), key(1));
        similar.add(&key(0), vector(&[-1.0, 0.0]), key(1));
        let kept = similar.kinds.get(&key(0)).unwrap();
        assert_eq!(kept.lock().unwrap().len(), NEAR_MAX);
        assert_eq!(similar.nearest(&key(0), &vector(&[-1.0, 0.0]), 99), Some((key(1), 100)));
    }

    #[test]
    fn what_must_be_the_same_is_told() {
        for (text, expected) in [
            ("How many apples are there?", vec![]),
            ("How many are 2 apples and 3.5 pears?", vec!["2", "3.5"]),
            ("Is -5 above 5?", vec!["-5", "5"]),
            ("The weather in Paris. Tell me.", vec!["Paris"]),
            ("Paris is nice", vec![]),
            ("What does NASA do?", vec!["NASA"]),
            ("I don't want it", vec!["don't"]),
            ("Do NOT stop, never", vec!["NOT", "never"]),
            ("Say \"hello there\" or `ls -l`", vec!["hello there", "ls -l"]),
        ] {
            assert_eq!(particulars(text), expected, "{text}");
        }
    }
}
