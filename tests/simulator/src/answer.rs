//! What the simulator says: a text that follows from the hash of the request.

use ring::digest::{Context, SHA256};
use serde_json::Value;

use crate::ask::{Ask, Format, Tool, ToolChoice};
use crate::instance::minimal;
use crate::log::hex;
use crate::tokens;
use crate::{Ability, Behaviour};

/// Opens every text, so that nobody takes it for a model's.
const OPENING: &str = "[simulator] This is a simulated provider, not a model. Noise:";
/// Some of them have characters of two to four bytes, so that split writes split them.
const WORDS: &[&str] = &[
    "amber", "birch", "café", "delta", "ember", "fjord", "granite", "höhe", "iris", "jade", "kelp",
    "lumen", "maple", "naïve", "oasis", "piñata", "quartz", "rivière", "slate", "日本", "umbra",
    "vapour", "willow", "xenon", "yonder", "zürich", "🦀", "тест",
];
/// No answer is longer, in tokens of one choice, whatever a script says.
pub(crate) const OUTPUT_TOKENS_MAX: u64 = 1 << 20;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) choices: Vec<Choice>,
}

/// One of the answer's choices.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    pub(crate) reasoning: String,
    /// Tokens of reasoning that nobody sees.
    pub(crate) hidden: u64,
    pub(crate) text: String,
    /// The end of `text`, in bytes, that goes into one event however long it is.
    pub(crate) giant_bytes: usize,
    pub(crate) calls: Vec<Call>,
    pub(crate) finish: Finish,
}

/// A tool call in an answer.
#[derive(Debug)]
pub(crate) struct Call {
    /// 24 hex digits, without a dialect's prefix.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// Why a choice ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Finish {
    #[default]
    Done,
    Length,
    ToolCalls,
    /// At this stop sequence.
    Stopped(String),
}

impl Answer {
    /// Output tokens of all choices.
    pub(crate) fn tokens(&self) -> u64 {
        self.choices.iter().map(Choice::tokens).sum()
    }

    /// The part of them that is reasoning.
    pub(crate) fn reasoning_tokens(&self) -> u64 {
        self.choices.iter().map(Choice::reasoning_tokens).sum()
    }
}

impl Choice {
    fn tokens(&self) -> u64 {
        let calls = self.calls.iter().map(Call::tokens).sum::<u64>();
        self.reasoning_tokens() + tokens::count(&self.text) + calls
    }

    fn reasoning_tokens(&self) -> u64 {
        tokens::count(&self.reasoning) + self.hidden
    }

    /// The text in the pieces that a stream sends: a token each, and the giant one whole.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &str> {
        let at = self.text.len().saturating_sub(self.giant_bytes);
        let (usual, giant) = self.text.split_at_checked(at).unwrap_or((&self.text, ""));
        tokens::split(usual).chain(Some(giant).filter(|giant| !giant.is_empty()))
    }
}

impl Call {
    pub(crate) fn tokens(&self) -> u64 {
        tokens::of_chars(tokens::chars(&self.name) + tokens::chars(&self.arguments))
    }
}

/// Composes the answer to a request whose body is `body`.
pub(crate) fn compose(ask: &Ask, body: &[u8], behaviour: &Behaviour) -> Answer {
    let count = if ask.embed.is_some() { 0 } else { ask.choices.max(1) };
    let choices = (0..count).map(|index| {
        let mut seed = Context::new(&SHA256);
        seed.update(body);
        seed.update(&index.to_be_bytes());
        choice(ask, seed.finish().as_ref(), behaviour)
    });
    Answer { choices: choices.collect() }
}

fn choice(ask: &Ask, seed: &[u8], behaviour: &Behaviour) -> Choice {
    let limit = match behaviour.ignore_limit {
        true => OUTPUT_TOKENS_MAX,
        false => ask.limit.unwrap_or(OUTPUT_TOKENS_MAX).min(OUTPUT_TOKENS_MAX),
    };
    let mut choice = Choice::default();
    if ask.thinks {
        choice.reasoning = tokens::clip("[simulator] pretending to think.", limit).to_owned();
    }
    let room = limit.saturating_sub(choice.reasoning_tokens());
    choice.hidden = behaviour.hidden_tokens.min(room);
    let room = room - choice.hidden;
    let lacks = |ability| behaviour.lacks.contains(&ability);
    let called = if lacks(Ability::Tools) { Vec::new() } else { called(ask) };
    if called.is_empty() {
        say(&mut choice, ask, seed, room, behaviour);
    } else {
        let echo = ask.input.last_user_text.as_ref().filter(|_| behaviour.echo);
        let said = echo.map(|said| serde_json::json!({ "said": said }));
        let given = behaviour.arguments.as_ref().or(said.as_ref());
        call(&mut choice, &called, (seed, given), room);
    }
    if let Some(bytes) = behaviour.giant_event_bytes {
        choice.text.push_str(&"G".repeat(bytes));
        choice.giant_bytes = bytes;
    }
    choice
}

fn say(choice: &mut Choice, ask: &Ask, seed: &[u8], room: u64, behaviour: &Behaviour) {
    let follows = !behaviour.lacks.contains(&Ability::JsonSchema);
    let echo = ask.input.last_user_text.as_ref().filter(|_| behaviour.echo);
    let text = match (behaviour.text.as_ref().or(echo), &ask.format) {
        (Some(text), _) => text.clone(),
        (None, Format::JsonSchema(_)) if !follows => prose(seed, behaviour.output_tokens),
        (None, Format::JsonSchema(schema)) => minimal(schema).to_string(),
        (None, Format::JsonObject) => {
            format!(r#"{{"simulator":true,"hash":"{}"}}"#, hex(seed.get(..4).unwrap_or(seed)))
        }
        (None, Format::Text) => prose(seed, behaviour.output_tokens),
    };
    let clipped = tokens::clip(&text, room);
    let stop = ask.stop.iter().filter(|stop| !stop.is_empty());
    let stopped = stop.filter_map(|stop| Some((clipped.find(stop)?, stop))).min();
    (choice.text, choice.finish) = match stopped {
        Some((at, stop)) => {
            (clipped.get(..at).unwrap_or("").to_owned(), Finish::Stopped(stop.clone()))
        }
        None if clipped.len() < text.len() => (clipped.to_owned(), Finish::Length),
        None => (clipped.to_owned(), Finish::Done),
    };
}

fn call(
    choice: &mut Choice,
    tools: &[&Tool],
    (seed, given): (&[u8], Option<&Value>),
    mut room: u64,
) {
    choice.finish = Finish::ToolCalls;
    for (index, tool) in tools.iter().enumerate() {
        let id =
            hex(ring::digest::digest(&SHA256, &[seed, tool.name.as_bytes()].concat()).as_ref());
        let id = format!("{}{index:02x}", id.get(..22).unwrap_or(&id));
        let arguments = match given {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => minimal(&tool.schema).to_string(),
        };
        let mut made = Call { id, name: tool.name.clone(), arguments };
        if made.tokens() > room {
            let name = tokens::chars(&made.name);
            let chars = (room * 4).saturating_sub(name);
            made.arguments = made.arguments.chars().take(clamp(chars)).collect();
            choice.finish = Finish::Length;
        }
        // A call of which not even the name fits is not made at all.
        if made.tokens() > room {
            return;
        }
        room = room.saturating_sub(made.tokens());
        choice.calls.push(made);
    }
}

/// The tools that the answer calls.
fn called(ask: &Ask) -> Vec<&Tool> {
    let prompt = ask.input.last_user_text.as_deref().unwrap_or("");
    let named: Vec<&Tool> =
        ask.tools.iter().filter(|tool| prompt.contains(tool.name.as_str())).collect();
    match &ask.tool_choice {
        ToolChoice::Never => Vec::new(),
        ToolChoice::Auto => named,
        ToolChoice::Required if named.is_empty() => ask.tools.first().into_iter().collect(),
        ToolChoice::Required => named,
        ToolChoice::Named(name) => ask.tools.iter().filter(|tool| tool.name == *name).collect(),
    }
}

/// The opening and words picked by the seed: 24 to 55 tokens, or exactly as many as are wanted.
fn prose(seed: &[u8], wanted: Option<u64>) -> String {
    let first = seed.first().copied().unwrap_or(0);
    let wanted = wanted.unwrap_or(24 + u64::from(first % 32)).min(OUTPUT_TOKENS_MAX);
    let mut text = OPENING.to_owned();
    let mut chars = tokens::chars(&text);
    for byte in seed.iter().cycle() {
        if chars >= wanted * 4 {
            break;
        }
        let word = WORDS.get(usize::from(*byte) % WORDS.len()).unwrap_or(&"noise");
        text.push(' ');
        text.push_str(word);
        chars += 1 + tokens::chars(word);
    }
    tokens::clip(&text, wanted).to_owned()
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A tool's schema where the request gives none: an object without properties.
pub(crate) fn no_parameters() -> Value {
    serde_json::json!({"type": "object", "properties": {}})
}
