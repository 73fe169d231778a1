//! `loops/NAME.toml`: how an agent goes about its work in stages, where one conversation with a model is not enough.

use super::{ToolPattern, is_name};
use crate::{
    document::Node,
    reader::{Notes, Reader},
};

/// How an agent goes about its work. Its stages are gone through from the first to the last, and what the last
/// one answers is what people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopSpec {
    /// Its name: the file's.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// At least one.
    pub stages: Vec<Stage>,
}

/// A part of the work: a model is asked, and calls tools, until it answers without a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its name, which the model is told.
    pub name: String,
    /// What the model is told beside the agent's own instructions.
    pub instructions: String,
    /// The model as an id, an alias or an `auto` variant; the agent's where absent.
    pub model: Option<String>,
    /// Which of the agent's tools are offered.
    pub tools: Vec<ToolPattern>,
    /// Answers of the model at most. For the last of them it is offered no tools.
    pub rounds: usize,
    /// When the work goes back.
    pub redo: Option<Redo>,
}

/// When the work goes back to a stage before, or begins this one again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redo {
    /// The word that the answer begins with.
    pub word: String,
    /// The stage to go back to, by its place.
    pub stage: usize,
    /// How often. After that the work goes on as if the word were not there.
    pub times: usize,
}

const STAGES_MAX: usize = 16;
const ROUNDS_MAX: usize = 1_000;
const TIMES_MAX: usize = 100;
/// The longest instructions of a stage, in bytes.
const INSTRUCTIONS_BYTES_MAX: usize = 16 * 1024;

pub(super) fn read(name: &str, path: &str, text: &str, notes: &mut Notes) -> Option<LoopSpec> {
    if !is_name(name) {
        let fix = "name the file with small letters, digits, `-`, `_` and `.`, at most 64";
        notes.fault(path, &format!("`{name}` is not a name of a loop"), fix);
    }
    let mut from = notes.open(path, text);
    let description = from.text("description", "", "What it is for.");
    let tables = from.tables("stage");
    from.finish();
    if !(1..=STAGES_MAX).contains(&tables.len()) {
        let message = format!("the loop has {} stages", tables.len());
        notes.fault(path, &message, &format!("write 1 to {STAGES_MAX} `[[stage]]` tables"));
        return None;
    }
    let mut stages: Vec<Stage> = Vec::new();
    for (at, node) in tables {
        let stage = stage((&at, node), &stages, notes)?;
        stages.push(stage);
    }
    Some(LoopSpec { name: name.to_owned(), description, stages }).filter(|_| is_name(name))
}

fn stage((at, node): (&str, Node), before: &[Stage], notes: &mut Notes) -> Option<Stage> {
    let mut from = Reader::open(node, at, notes);
    let place = from.place_of("name");
    let name: Option<String> = from.required("name", "check", "Its name.");
    if let Some(name) = &name {
        let taken = before.iter().any(|stage| stage.name == *name);
        let message = match (is_name(name), taken) {
            (false, _) => Some("this is not a name of a stage"),
            (true, true) => Some("another stage has this name"),
            (true, false) => None,
        };
        if let Some(message) = message {
            let fix = "write small letters, digits, `-`, `_` and `.`, and each name once";
            from.fault("name", place.as_ref(), message.to_owned(), fix.to_owned());
        }
    }
    let place = from.place_of("instructions");
    let instructions = from.text("instructions", "", "What the model is told for this stage.");
    if instructions.len() > INSTRUCTIONS_BYTES_MAX {
        let message = format!("the instructions have {} bytes", instructions.len());
        let fix = format!("keep at most {INSTRUCTIONS_BYTES_MAX}");
        from.fault("instructions", place.as_ref(), message, fix);
    }
    let model = from.optional("model", "auto:cheap", "The model; the agent's where absent.");
    let written = from.place_of("tools").is_some();
    let tools = from.list("tools", "desk.*", "Which of the agent's tools are offered.");
    let tools = if written { tools } else { vec![ToolPattern::all()] };
    let rounds = from.count("rounds", 16, 1..=ROUNDS_MAX, "Answers of the model at most.");
    let names: Vec<&str> =
        before.iter().map(|stage| stage.name.as_str()).chain(name.as_deref()).collect();
    let redo = match from.optional_section("redo", "When the work goes back.") {
        (true, section) => Redo::read(section, &names),
        (false, _) => None,
    };
    from.finish();
    Some(Stage { name: name?, instructions, model, tools, rounds, redo })
}

impl Stage {
    /// The one stage of an agent that names no loop.
    pub fn whole() -> Self {
        Self {
            name: String::new(),
            instructions: String::new(),
            model: None,
            tools: vec![ToolPattern::all()],
            rounds: usize::MAX,
            redo: None,
        }
    }

    /// Whether a tool is offered, by its id `SERVER.TOOL`.
    pub fn offers(&self, tool: &str) -> bool {
        self.tools.iter().any(|pattern| pattern.covers(tool))
    }
}

impl Redo {
    fn read(mut from: Reader<'_>, stages: &[&str]) -> Option<Self> {
        let place = from.place_of("word");
        let word: Option<String> = from.required("word", "REDO", "What the answer begins with.");
        let plain = |word: &String| {
            !word.is_empty() && word.len() <= 64 && word.chars().all(char::is_alphanumeric)
        };
        if word.as_ref().is_some_and(|word| !plain(word)) {
            let fix = "write letters and digits, at most 64".to_owned();
            from.fault("word", place.as_ref(), "this is not one word".to_owned(), fix);
        }
        let place = from.place_of("stage");
        let stage: Option<String> = from.required("stage", "work", "The stage to go back to.");
        let found = stage.as_ref().and_then(|name| stages.iter().position(|known| known == name));
        if let (Some(name), None) = (&stage, found) {
            let message = format!("`{name}` is no stage up to this one");
            let fix = format!("name one of {}", stages.join(", "));
            from.fault("stage", place.as_ref(), message, fix);
        }
        let times = from.count("times", 1, 1..=TIMES_MAX, "How often at most.");
        from.finish();
        Some(Self { word: word?, stage: found?, times })
    }

    /// Whether an answer begins with the word.
    pub fn is_wanted(&self, answer: &str) -> bool {
        let first = answer.trim_start().split(|c: char| !c.is_alphanumeric()).next();
        first == Some(self.word.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Option<LoopSpec>, Vec<String>) {
        let mut notes = Notes::default();
        let spec = read("careful", "loops/careful.toml", text, &mut notes);
        let faults = notes.faults.iter().map(|f| format!("{}: {}", f.key, f.message)).collect();
        (spec, faults)
    }

    #[test]
    fn stages_have_defaults_and_go_back_to_those_before() {
        let text = "[[stage]]\nname = 'work'\n[[stage]]\nname = 'check'\ntools = []\n\
            redo = { word = 'REDO', stage = 'work', times = 2 }\n";
        let (spec, faults) = read_text(text);
        assert_eq!(faults, [""; 0]);
        let stages = spec.unwrap().stages;
        assert!(stages[0].offers("desk.read") && !stages[1].offers("desk.read"));
        assert_eq!(stages[0].rounds, 16);
        let redo = Redo { word: "REDO".to_owned(), stage: 0, times: 2 };
        assert_eq!(stages[1].redo, Some(redo));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, told) in [
            ("", ": the loop has 0 stages"),
            ("[[stage]]\nname = 'a b'\n", "stage[0].name: this is not a name of a stage"),
            (
                "[[stage]]\nname = 'a'\n[[stage]]\nname = 'a'\n",
                "stage[1].name: another stage has this name",
            ),
            (
                "[[stage]]\nname = 'a'\nredo = { word = 'X', stage = 'b' }\n",
                "stage[0].redo.stage: `b` is no stage up to this one",
            ),
            (
                "[[stage]]\nname = 'a'\nredo = { word = 'X Y', stage = 'a' }\n",
                "stage[0].redo.word: this is not one word",
            ),
        ] {
            let (_, faults) = read_text(text);
            assert_eq!(faults, [told], "{text}");
        }
    }

    #[test]
    fn a_word_is_the_whole_first_one() {
        let redo = Redo { word: "REDO".to_owned(), stage: 0, times: 1 };
        for (answer, wanted) in [
            ("REDO", true),
            ("  REDO: the sum is wrong", true),
            ("REDONE", false),
            ("No REDO", false),
            ("", false),
        ] {
            assert_eq!(redo.is_wanted(answer), wanted, "{answer}");
        }
    }
}
