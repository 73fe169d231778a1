//! How hard a request looks: a guess from its form and its words, so that `auto` can keep hard requests
//! from weak models. It only orders what may and can serve: no model comes in or goes out by it.

use std::collections::BTreeSet;

use serde::Serialize;
use types::chat::{ChatRequest, Format, Message, Part, Role, Thinking};

mod words;

use words::Topic;

/// The quality that a request seems to need, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difficulty {
    /// The quality that a model should have, 0 to 100, on the scale of
    /// [`Model::quality`](crate::Model::quality).
    pub floor: u8,
    /// What speaks for it: `base` first. Names and figures only, never words of the request.
    pub signs: Vec<Sign>,
}

/// One sign of how hard a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sign {
    /// What it is.
    pub name: &'static str,
    /// What it adds to the floor or takes from it.
    pub points: i32,
}

/// Where every request begins: what a small local model does well.
const BASE: i32 = 35;
/// As much of a message's beginning and of its end is read: instructions stand there.
const READ_CHARS_MAX: usize = 4096;
/// Words that are looked up, at most; longer ones are data.
const WORD_CHARS_MAX: usize = 24;

impl Difficulty {
    /// The guess for one request. `percent` scales it to an organisation's own opinions of quality:
    /// 100 takes it as it is, 0 makes the floor 0.
    pub fn of(request: &ChatRequest, input_tokens: u64, percent: u8) -> Self {
        let question = question(request);
        let topics = Topics::of(&question);
        let signs = [
            ("base", BASE),
            ("code", code(&topics, &question)),
            ("reasoning", topics.points(Topic::Reasoning)),
            ("routine", topics.points(Topic::Routine)),
            ("conditions", conditions(&topics, &question)),
            ("length", length(input_tokens)),
            ("answer", answer(request.max_output_tokens)),
            ("tools", tools(request)),
            ("schema", schema(request.format.as_ref())),
            ("images", if request.has_unseen() { 8 } else { 0 }),
            ("effort", effort(request)),
        ];
        let signs = signs.map(|(name, points)| Sign { name, points });
        let sum: i32 = signs.iter().map(|sign| sign.points).sum();
        let scaled = sum.clamp(0, 100) * i32::from(percent.min(100)) / 100;
        let told = signs.into_iter().filter(|sign| sign.points != 0).collect();
        Self { floor: u8::try_from(scaled).unwrap_or(100), signs: told }
    }

    /// How far a quality is below the floor.
    pub(crate) const fn shortfall(&self, quality: u8) -> u8 {
        self.floor.saturating_sub(quality)
    }
}

/// What the person or program asked last: the beginning and the end of its text.
fn question(request: &ChatRequest) -> String {
    let asks = |message: &&Message| message.role == Role::User;
    let parts = request.messages.iter().rfind(asks).map(|message| message.content.as_slice());
    let mut text = String::new();
    for part in parts.unwrap_or_default() {
        if let Part::Text(part) = part {
            let count = part.chars().count();
            let last = count.saturating_sub(READ_CHARS_MAX).max(READ_CHARS_MAX);
            text.extend(part.chars().take(READ_CHARS_MAX));
            text.push(' ');
            text.extend(part.chars().skip(last));
            text.push('\n');
        }
        if text.len() > 8 * READ_CHARS_MAX {
            break;
        }
    }
    text
}

/// The different words of each topic.
struct Topics(BTreeSet<(Topic, &'static str)>);

impl Topics {
    fn of(text: &str) -> Self {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
        let known = words
            .filter(|word| word.len() <= WORD_CHARS_MAX)
            .filter_map(|word| words::known(&word.to_lowercase()));
        Self(known.collect())
    }

    fn count(&self, topic: Topic) -> i32 {
        let of = self.0.iter().filter(|(of, _)| *of == topic);
        i32::try_from(of.count()).unwrap_or(i32::MAX)
    }

    /// The first word of a topic says most.
    fn points(&self, topic: Topic) -> i32 {
        let (first, more, most) = topic.points();
        match self.count(topic) {
            0 => 0,
            count => {
                let points = first.saturating_add(more.saturating_mul(count.saturating_sub(1)));
                if most < 0 { points.max(most) } else { points.min(most) }
            }
        }
    }
}

/// Code is a topic by its words, or by its look.
fn code(topics: &Topics, question: &str) -> i32 {
    let looks = ["```", "();", "):\n", "&mut ", " => ", "def ", "SELECT "];
    let seen = looks.iter().any(|look| question.contains(look));
    topics.points(Topic::Code).max(if seen { Topic::Code.points().0 } else { 0 })
}

/// Conditions that an answer must meet: words that set one, and lines of a list.
fn conditions(topics: &Topics, question: &str) -> i32 {
    let is_item = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("- ")
            || line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok())
    };
    let items = question.lines().filter(is_item).take(8).count();
    let items = i32::try_from(items).unwrap_or(8);
    topics.points(Topic::Condition).saturating_add(items).min(12)
}

const fn length(input_tokens: u64) -> i32 {
    match input_tokens {
        0..2_000 => 0,
        2_000..8_000 => 5,
        8_000..32_000 => 10,
        _ => 15,
    }
}

const fn answer(max_output_tokens: Option<u64>) -> i32 {
    match max_output_tokens {
        None | Some(101..=1_200) => 0,
        Some(0..=100) => -5,
        Some(1_201..=4_000) => 5,
        Some(_) => 10,
    }
}

/// Tools on offer, and results of them that must be put together.
fn tools(request: &ChatRequest) -> i32 {
    let results = request.messages.iter().filter(|message| message.role == Role::Tool).count();
    let offered = match request.tools.len() {
        0 => return 0,
        1 => 5,
        2..=4 => 12,
        _ => 18,
    };
    offered + if results > 1 { 6 } else { 0 }
}

/// A schema by its size.
fn schema(format: Option<&Format>) -> i32 {
    let Some(Format::JsonSchema { schema, .. }) = format else { return 0 };
    match schema.as_ref().map_or(0, |schema| schema.to_string().len()) {
        0..=400 => 0,
        401..=1_200 => 6,
        _ => 12,
    }
}

/// What the caller says about how hard to think.
fn effort(request: &ChatRequest) -> i32 {
    let word = match request.reasoning_effort.as_deref() {
        Some("high" | "xhigh" | "max") => 20,
        Some("none" | "minimal" | "low") => -5,
        _ => 0,
    };
    let thinks = matches!(request.thinking, Some(Thinking::Budget(4_096..)));
    word.max(if thinks { 15 } else { word })
}

#[cfg(test)]
mod tests;
