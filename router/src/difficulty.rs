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

/// Where every request begins, on the scale of qualities.
const BASE: i32 = 50;
/// A longer text is an instruction and data, most often a paragraph of its own at either end.
const INSTRUCTION_CHARS_MAX: usize = 2_000;
/// As much of an instruction's beginning and of its end is read.
const READ_CHARS_MAX: usize = 4_096;
/// Words that are looked up, at most; longer ones are data.
const WORD_CHARS_MAX: usize = 24;
/// The highest percentage, for an organisation whose opinions of quality are high.
const PERCENT_MAX: u8 = 200;

impl Difficulty {
    /// The guess for one request. `percent` scales it to an organisation's own opinions of quality:
    /// 100 takes it as it is, 0 makes the floor 0, 200 is the most.
    pub fn of(request: &ChatRequest, percent: u8) -> Self {
        let text = asked(request);
        let text = ends(instruction(&text));
        let topics = Topics::of(&text);
        let routine = topics.points(Topic::Routine);
        let signs = [
            ("base", BASE),
            ("reasoning", topics.points(Topic::Reasoning)),
            ("code", code(&topics, &text)),
            ("routine", routine),
            ("conditions", topics.points(Topic::Condition)),
            ("words", words(&text)),
            ("figures", if routine == 0 { figures(&text) } else { 0 }),
            ("tools", tools(request.tools.len())),
            ("schema", schema(request.format.as_ref())),
            ("effort", effort(request)),
        ];
        let signs = signs.map(|(name, points)| Sign { name, points });
        let sum: i32 = signs.iter().map(|sign| sign.points).sum();
        let scaled = sum.saturating_mul(percent.min(PERCENT_MAX).into()) / 100;
        let told = signs.into_iter().filter(|sign| sign.points != 0).collect();
        Self { floor: u8::try_from(scaled.clamp(0, 100)).unwrap_or(100), signs: told }
    }

    /// How far a quality is below the floor.
    pub(crate) const fn shortfall(&self, quality: u8) -> u8 {
        self.floor.saturating_sub(quality)
    }
}

/// What the person or program said last.
fn asked(request: &ChatRequest) -> String {
    let asks = |message: &&Message| message.role == Role::User;
    let parts = request.messages.iter().rfind(asks).map(|message| message.content.as_slice());
    let texts = parts.unwrap_or_default().iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Image(_) | Part::File(_) => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// The text without the data that it is about: of a long one the shorter of its first and its last
/// paragraph.
fn instruction(text: &str) -> &str {
    let text = text.trim();
    if text.len() <= INSTRUCTION_CHARS_MAX {
        return text;
    }
    let blank =
        ["\r\n\r\n", "\n\n"].into_iter().find(|blank| text.contains(blank)).unwrap_or("\n\n");
    let first = text.split(blank).next().unwrap_or(text);
    let last = text.rsplit(blank).next().unwrap_or(text);
    if first.len() < last.len() { first } else { last }
}

/// The beginning and the end of a text.
fn ends(text: &str) -> String {
    let place = |(place, _): (usize, char)| place;
    let begins = text.char_indices().nth(READ_CHARS_MAX).map_or(text.len(), place);
    let (first, rest) = text.split_at(begins);
    let last = rest.char_indices().nth_back(READ_CHARS_MAX - 1).map_or(0, place);
    format!("{first}{}", rest.get(last..).unwrap_or_default())
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
fn code(topics: &Topics, text: &str) -> i32 {
    let looks = ["```", "();", "):\n", "&mut ", " => ", "def ", "SELECT "];
    let seen = looks.iter().any(|look| text.contains(look));
    topics.points(Topic::Code).max(if seen { Topic::Code.points().0 } else { 0 })
}

/// Who says more asks for more.
fn words(text: &str) -> i32 {
    match text.split_whitespace().count() {
        0..12 => 0,
        12..24 => 6,
        24..40 => 14,
        _ => 26,
    }
}

/// Several different numbers: something is to be worked out.
fn figures(text: &str) -> i32 {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    if numbers.collect::<BTreeSet<_>>().len() < 3 { 0 } else { 8 }
}

const fn tools(offered: usize) -> i32 {
    match offered {
        0 | 1 => 0,
        2..=4 => 2,
        _ => 12,
    }
}

/// A schema with many fields is longer than this.
const SCHEMA_CHARS: usize = 800;

/// A schema by its size.
fn schema(format: Option<&Format>) -> i32 {
    let Some(Format::JsonSchema { schema, .. }) = format else { return 0 };
    let long = schema.as_ref().is_some_and(|schema| schema.to_string().len() > SCHEMA_CHARS);
    if long { 8 } else { 0 }
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
