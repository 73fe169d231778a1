//! Answers to requests that differ in the words of their last message alone, found by what those words
//! mean: each message is a vector of a local model of embeddings.
//!
//! Vectors of "2 apples" and "3 apples", or of a sentence and its denial, are nearly the same. So what
//! such words name must be the same to the letter: it is a part of what requests are told apart by.

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use types::{
    Request,
    chat::{ChatRequest, Format, Part, Role},
};

use super::key::Key;

/// The most messages of one kind that are compared, and the most bytes of their vectors: the newest.
const NEAR_MAX: usize = 256;
const NEAR_BYTES_MAX: usize = 1 << 20;
/// What one message takes beside its vector and its words, in bytes.
const OVERHEAD_BYTES: usize = 128;

/// Messages by what else their requests have.
pub(super) struct Similar {
    kinds: moka::sync::Cache<Key, Kind>,
    ttl: Duration,
}

type Kind = Arc<Mutex<VecDeque<Near>>>;

/// A message and where its answer is kept.
#[derive(Clone)]
struct Near {
    message: Message,
    answer: Key,
    since: Instant,
}

/// A message as it is compared with others of its kind.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) vector: Vector,
    /// A hash of each of its words, in order.
    words: Arc<[u64]>,
}

impl Message {
    pub(super) fn new(text: &str, vector: Vector) -> Self {
        let hash = |word: &str| {
            let mut hasher = DefaultHasher::new();
            word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().hash(&mut hasher);
            hasher.finish()
        };
        Self { vector, words: text.split_whitespace().map(hash).collect() }
    }

    /// Whether the words that both have stand in the same order: "from A to B" is not "from B to A".
    fn is_in_order(&self, other: &Self) -> bool {
        let shared = |own: &[u64], others: &[u64]| -> Vec<u64> {
            let others: HashSet<u64> = others.iter().copied().collect();
            own.iter().copied().filter(|word| others.contains(word)).collect()
        };
        shared(&self.words, &other.words) == shared(&other.words, &self.words)
    }

    fn bytes(&self) -> usize {
        self.vector.0.len() * size_of::<f32>() + self.words.len() * 8 + OVERHEAD_BYTES
    }
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
        Self { kinds, ttl }
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.kinds.weighted_size()
    }

    /// The answer to the nearest message of that kind of which `kept` still has one, and how near it is
    /// in whole percent, if at least so near.
    pub(super) fn nearest<A>(
        &self,
        kind: &Key,
        message: &Message,
        percent: u8,
        kept: impl Fn(&Key) -> Option<A>,
    ) -> Option<(A, u8)> {
        // Compared without the lock.
        let all = self.kinds.get(kind)?.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let nearness = |near: Near| {
            let cosine = near.message.vector.cosine(&message.vector)?;
            let near_by = (1..=100).rev().find(|percent| cosine * 100.0 >= f32::from(*percent))?;
            let same = near_by >= percent && near.since.elapsed() < self.ttl;
            (same && near.message.is_in_order(message)).then_some((near_by, near.answer))
        };
        let mut found: Vec<(u8, Key)> = all.into_iter().filter_map(nearness).collect();
        found.sort_by_key(|(near_by, _)| std::cmp::Reverse(*near_by));
        found.into_iter().find_map(|(near_by, answer)| Some((kept(&answer)?, near_by)))
    }

    /// Takes note of a message and of where its answer is kept.
    pub(super) fn add(&self, kind: &Key, message: Message, answer: Key) {
        let kept = self.kinds.get_with(kind.clone(), Kind::default);
        {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|near| near.answer != answer && near.since.elapsed() < self.ttl);
            let places = (NEAR_BYTES_MAX / message.bytes()).clamp(1, NEAR_MAX);
            while kept.len() >= places {
                kept.pop_front();
            }
            kept.push_back(Near { message, answer, since: Instant::now() });
        }
        // Put in again, so that it is weighed again.
        self.kinds.insert(kind.clone(), kept);
    }
}

fn weight(kind: &Kind) -> usize {
    let kept = kind.lock().unwrap_or_else(PoisonError::into_inner);
    OVERHEAD_BYTES + kept.iter().map(|near| near.message.bytes()).sum::<usize>()
}

/// The longest message that is compared, in bytes; no longer than its model reads at once either.
const MESSAGE_BYTES_MAX: usize = 8 << 10;
/// What stands for the words of a message: some formats have no message without any.
const WORDS: &str = "words";

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
    if text.trim().is_empty() || text.len() > MESSAGE_BYTES_MAX || !has_cases(&text) {
        return None;
    }
    let mut rest = ChatRequest::clone(chat);
    rest.messages.last_mut()?.content = vec![Part::Text(WORDS.to_owned())];
    Some((Request::Chat(rest), text.trim().to_owned()))
}

/// Whether most letters are of a script with capitals: what names and negations are is not known of
/// others.
fn has_cases(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (cased, others): (Vec<char>, Vec<char>) =
        letters.partition(|c| c.is_lowercase() || c.is_uppercase());
    cased.len() > others.len()
}

/// Words that turn what is said to its contrary, in some languages.
const NEGATIONS: [&str; 38] = [
    "no", "not", "never", "none", "nothing", "nobody", "nor", "neither", "cannot", "without",
    "except", "unless", "kein", "keine", "keinen", "keiner", "keinem", "keines", "nicht", "nichts",
    "nie", "niemals", "ohne", "ne", "pas", "jamais", "sans", "rien", "non", "niet", "geen",
    "nooit", "nunca", "sin", "não", "nem", "sem", "mai",
];

/// Numbers as words.
const NUMBERS: [&str; 30] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "twenty", "thirty", "forty", "fifty", "hundred", "thousand", "million",
    "half", "first", "second", "third", "zwei", "drei", "deux", "trois", "dos", "tres",
];

/// The words of a text that must be the same in another to mean the same, in order: numbers with what is
/// counted, names, what is quoted, and negations.
pub(super) fn particulars(text: &str) -> Vec<String> {
    let mut found: Vec<String> = quoted(text).map(str::to_owned).collect();
    let (mut begins, mut counted) = (true, false);
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let lower = bare.to_lowercase();
        let has_digit = bare.contains(char::is_numeric);
        let is_number = has_digit || NUMBERS.contains(&lower.as_str());
        let is_name = !begins && bare.contains(char::is_uppercase)
            || bare.chars().filter(|c| c.is_uppercase()).count() > 1;
        let denies =
            NEGATIONS.contains(&lower.as_str()) || lower.ends_with("n't") || lower.ends_with("n’t");
        if is_number || is_name || denies || counted {
            // Signs before a number count: "-5" is not "5".
            let end = ['.', ',', ';', ':', '?', '!'];
            found.push(if has_digit { word.trim_end_matches(end) } else { bare }.to_owned());
        }
        counted = is_number;
        begins = word.ends_with(['.', '?', '!', ':']);
    }
    found
}

/// What stands between two marks that belong together.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let marks = [("\"", "\""), ("`", "`"), ("“", "”"), ("„", "“"), ("«", "»"), ("「", "」")];
    marks.into_iter().flat_map(move |(open, close)| {
        let mut rest = text;
        std::iter::from_fn(move || {
            let (_, after) = rest.split_once(open)?;
            let (inside, others) = after.split_once(close)?;
            rest = others;
            Some(inside)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Key {
        Key::new([n; 32])
    }

    fn vector(parts: &[f32]) -> Message {
        Message::new("", Vector::of(parts.to_vec()).unwrap())
    }

    fn nearest(similar: &Similar, kind: u8, message: &Message, percent: u8) -> Option<(Key, u8)> {
        similar.nearest(&key(kind), message, percent, |answer| Some(answer.clone()))
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
        assert_eq!(of(chat(vec![says("東京の天気はどうですか")])), None);
        assert_eq!(of(chat(vec![says(&"x".repeat(MESSAGE_BYTES_MAX))])), None);
        assert_eq!(of(chat(vec![Message { role: Role::Assistant, ..says("One.") }])), None);
    }

    #[test]
    fn the_nearest_is_found_if_it_is_near_enough() {
        let similar = similar();
        similar.add(&key(0), vector(&[1.0, 0.0]), key(1));
        similar.add(&key(0), vector(&[1.0, 1.0]), key(2));
        assert_eq!(nearest(&similar, 0, &vector(&[5.0, 0.0]), 95), Some((key(1), 100)));
        assert_eq!(nearest(&similar, 0, &vector(&[3.0, 2.0]), 95), Some((key(2), 98)));
        assert_eq!(nearest(&similar, 0, &vector(&[0.0, 1.0]), 95), None);
        assert_eq!(nearest(&similar, 0, &vector(&[-1.0, 0.0]), 1), None);
        assert_eq!(nearest(&similar, 9, &vector(&[1.0, 0.0]), 1), None, "of another kind");
        assert_eq!(nearest(&similar, 0, &vector(&[1.0]), 1), None, "of another model");
    }

    /// Words that both have in another order tell of something else, and an answer that is gone of
    /// nothing.
    #[test]
    fn order_counts_and_the_dead_are_passed_over() {
        let says = |text: &str| Message::new(text, Vector::of(vec![1.0]).unwrap());
        let similar = similar();
        similar.add(&key(0), says("turn celsius into fahrenheit"), key(1));
        let back = says("turn fahrenheit into celsius");
        assert_eq!(nearest(&similar, 0, &back, 80), None);
        let again = says("please turn celsius into fahrenheit");
        assert_eq!(nearest(&similar, 0, &again, 80), Some((key(1), 100)));
        similar.add(&key(0), says("turn celsius into fahrenheit now"), key(2));
        let alive = |answer: &Key| (*answer == key(1)).then_some(1);
        assert_eq!(similar.nearest(&key(0), &again, 80, alive), Some((1, 100)));
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
        assert_eq!(nearest(&similar, 0, &vector(&[-1.0, 0.0]), 99), Some((key(1), 100)));
    }

    #[test]
    fn what_must_be_the_same_is_told() {
        for (text, expected) in [
            ("How many apples are there?", vec![]),
            ("How many are 2 apples and 3.5 pears?", vec!["2", "apples", "3.5", "pears"]),
            ("How many are two apples?", vec!["two", "apples"]),
            ("What weighs 5 kg here?", vec!["5", "kg"]),
            ("Er hat keinen Hund", vec!["keinen", "Hund"]),
            ("Say “hello there” again", vec!["hello there"]),
            ("Is -5 above 5?", vec!["-5", "above", "5"]),
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
