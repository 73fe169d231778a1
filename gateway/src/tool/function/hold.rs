//! The calls of a streamed answer, held back until their choice ends: only then are their arguments whole. What
//! comes behind a call waits with it, so that the order stays.

use std::collections::BTreeMap;

use types::{
    answer::{Event, Finish, Piece},
    chat::ToolCall,
};

/// What waits behind calls at most, in bytes, and the most calls of one choice.
const BYTES_MAX: usize = 8 << 20;
pub(super) const CALLS_MAX: usize = 256;

/// An answer with more calls, or longer ones, than anybody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMuch;

/// The choices of a streamed answer.
#[derive(Debug, Default)]
pub(super) struct Hold {
    choices: BTreeMap<u32, Held>,
    bytes: usize,
}

/// One choice of which something may wait.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// From the first piece of a call on.
    waiting: Vec<Event>,
    /// The calls by their numbers.
    pub(super) calls: BTreeMap<u32, ToolCall>,
    /// Whether text went before.
    spoke: bool,
}

impl Hold {
    /// Takes the next event: what need not wait goes on, and a choice with calls that came to its end is given to
    /// be decided.
    pub(super) fn pass(
        &mut self,
        event: Event,
        out: &mut Vec<Event>,
    ) -> Result<Option<(u32, Held)>, TooMuch> {
        match &event {
            Event::Delta { choice, piece, .. } => {
                let held = self.choices.entry(*choice).or_default();
                held.take_note(piece)?;
                if held.calls.is_empty() {
                    out.push(event);
                    return Ok(None);
                }
                self.bytes = self.bytes.saturating_add(bytes_of(piece));
                held.waiting.push(event);
                if self.bytes > BYTES_MAX { Err(TooMuch) } else { Ok(None) }
            }
            Event::Finish { choice, .. } => match self.choices.remove(choice) {
                Some(mut held) if !held.calls.is_empty() => {
                    let choice = *choice;
                    held.waiting.push(event);
                    Ok(Some((choice, held)))
                }
                _ => {
                    out.push(event);
                    Ok(None)
                }
            },
            Event::Start { .. } | Event::Usage(_) | Event::Failed { .. } => {
                out.push(event);
                Ok(None)
            }
        }
    }

    /// A choice with calls whose end did not come.
    pub(super) fn rest(&mut self) -> Option<(u32, Held)> {
        std::iter::from_fn(|| self.choices.pop_first()).find(|(_, held)| !held.calls.is_empty())
    }
}

impl Held {
    fn take_note(&mut self, piece: &Piece) -> Result<(), TooMuch> {
        match piece {
            Piece::ToolCall { index, id, name, arguments } => {
                if self.calls.len() >= CALLS_MAX && !self.calls.contains_key(index) {
                    return Err(TooMuch);
                }
                let (none, nothing, empty) = (String::new(), String::new(), String::new());
                let call = self.calls.entry(*index);
                let call = call.or_insert(ToolCall { id: none, name: nothing, arguments: empty });
                call.id.push_str(id.as_deref().unwrap_or_default());
                call.name.push_str(name.as_deref().unwrap_or_default());
                call.arguments.push_str(arguments);
            }
            Piece::Text(text) => self.spoke |= self.calls.is_empty() && !text.is_empty(),
            Piece::Role | Piece::Refusal(_) | Piece::Reasoning(_) | Piece::Opaque(_) => {}
        }
        Ok(())
    }

    /// What goes on of the choice: each call whole where its first piece came, or what is said in its place.
    pub(super) fn told(self, denied: &BTreeMap<u32, String>, out: &mut Vec<Event>) {
        let Self { waiting, mut calls, mut spoke } = self;
        let left = calls.len() > denied.len();
        let mut next = 0;
        for event in waiting {
            match event {
                Event::Delta { choice, piece: Piece::ToolCall { index, .. }, .. } => {
                    let Some(call) = calls.remove(&index) else { continue };
                    let piece = match denied.get(&index) {
                        Some(why) => Piece::Text(after_text(&mut spoke, why)),
                        None => whole(call, &mut next),
                    };
                    out.push(Event::Delta { choice, piece, logprobs: None });
                }
                Event::Finish { choice, reason, stop_sequence } => {
                    let reason = finish(reason, left);
                    out.push(Event::Finish { choice, reason, stop_sequence });
                }
                other => out.push(other),
            }
        }
    }
}

fn whole(ToolCall { id, name, arguments }: ToolCall, next: &mut u32) -> Piece {
    let index = *next;
    *next += 1;
    Piece::ToolCall { index, id: Some(id), name: Some(name), arguments }
}

/// A text that stands by itself after what was said before.
pub(super) fn after_text(spoke: &mut bool, text: &str) -> String {
    if std::mem::replace(spoke, true) { format!("\n\n{text}") } else { text.to_owned() }
}

/// Why a choice ended, as its caller is told.
pub(super) const fn finish(reason: Finish, calls_left: bool) -> Finish {
    match reason {
        Finish::ToolCalls if !calls_left => Finish::Stop,
        reason => reason,
    }
}

fn bytes_of(piece: &Piece) -> usize {
    size_of::<Event>()
        + match piece {
            Piece::Role => 0,
            Piece::Text(text) | Piece::Refusal(text) | Piece::Reasoning(text) => text.len(),
            Piece::Opaque(opaque) => opaque.data.len(),
            Piece::ToolCall { arguments, .. } => arguments.len(),
        }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use types::answer::{ChatAnswer, Choice, Gatherer};

    use super::*;

    fn answer() -> ChatAnswer {
        let call = |number: u32| ToolCall {
            id: format!("call_{number}"),
            name: format!("function_{number}"),
            arguments: format!("{{\"number\":{number},\"text\":\"h\u{e4}user\"}}"),
        };
        let choice = |index, text: Option<&str>, calls: &[u32]| Choice {
            index,
            text: text.map(str::to_owned),
            tool_calls: calls.iter().map(|number| call(*number)).collect(),
            finish: if calls.is_empty() { Finish::Stop } else { Finish::ToolCalls },
            ..Choice::default()
        };
        let choices = vec![
            choice(0, Some("I do both."), &[0, 1]),
            choice(1, None, &[2]),
            choice(2, Some("I do nothing."), &[]),
        ];
        ChatAnswer { choices, ..ChatAnswer::default() }
    }

    /// The events of the answer with each piece of a call cut at these places.
    fn cut(cuts: &[usize]) -> Vec<Event> {
        let mut all = Vec::new();
        for event in answer().events().unwrap() {
            let Event::Delta {
                choice, piece: Piece::ToolCall { index, id, name, arguments }, ..
            } = event
            else {
                all.push(event);
                continue;
            };
            let (mut id, mut name, mut from) = (id, name, 0);
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut % arguments.len()).collect();
            at.push(arguments.len());
            at.sort_unstable();
            for to in at.into_iter().filter(|to| arguments.is_char_boundary(*to)) {
                let arguments = arguments[from..to].to_owned();
                let piece = Piece::ToolCall { index, id: id.take(), name: name.take(), arguments };
                all.push(Event::Delta { choice, piece, logprobs: None });
                from = to;
            }
        }
        all
    }

    /// What is told where these functions are denied.
    fn told(events: Vec<Event>, denied: &[&str]) -> ChatAnswer {
        let (mut hold, mut out, mut gatherer) = (Hold::default(), Vec::new(), Gatherer::new(4096));
        for event in events {
            if let Some((_, held)) = hold.pass(event, &mut out).unwrap() {
                let is_denied = |call: &ToolCall| denied.contains(&call.name.as_str());
                let no = held.calls.iter().filter(|(_, call)| is_denied(call));
                let no = no.map(|(index, call)| (*index, format!("no {}", call.name))).collect();
                held.told(&no, &mut out);
            }
        }
        assert!(hold.rest().is_none());
        out.iter().for_each(|event| gatherer.push(event));
        gatherer.whole().unwrap()
    }

    #[test]
    fn a_denied_call_gives_way_to_text_and_the_others_close_up() {
        let told = told(cut(&[]), &["function_0", "function_2"]);
        let [first, second, third] = told.choices.as_slice() else { panic!("three choices") };
        assert_eq!(first.text.as_deref(), Some("I do both.\n\nno function_0"));
        assert_eq!(first.tool_calls, answer().choices[0].tool_calls[1..]);
        assert_eq!(first.finish, Finish::ToolCalls);
        assert_eq!(second.text.as_deref(), Some("no function_2"));
        assert_eq!((second.tool_calls.len(), second.finish), (0, Finish::Stop));
        assert_eq!(*third, answer().choices[2]);
    }

    #[test]
    fn nothing_of_a_call_goes_on_before_its_choice_ends() {
        let (mut hold, mut out) = (Hold::default(), Vec::new());
        let events = cut(&[3]);
        for event in events.into_iter().filter(|event| !matches!(event, Event::Finish { .. })) {
            assert_eq!(hold.pass(event, &mut out).unwrap().map(|(choice, _)| choice), None);
        }
        let is_call =
            |event: &Event| matches!(event, Event::Delta { piece: Piece::ToolCall { .. }, .. });
        assert!(!out.iter().any(is_call));
        assert_eq!([hold.rest(), hold.rest()].map(|held| held.map(|(c, _)| c)), [Some(0), Some(1)]);
        assert!(hold.rest().is_none());
    }

    #[test]
    fn what_waits_is_bounded() {
        let (mut hold, mut out) = (Hold::default(), Vec::new());
        let mut call = |index, arguments: &str| {
            let (id, name) = (Some(String::new()), Some(String::new()));
            let piece = Piece::ToolCall { index, id, name, arguments: arguments.to_owned() };
            hold.pass(Event::Delta { choice: 0, piece, logprobs: None }, &mut out).err()
        };
        let many = u32::try_from(CALLS_MAX).unwrap();
        assert!((0..many).all(|index| call(index, "{}").is_none()));
        assert_eq!(call(many, "{}"), Some(TooMuch));
        assert_eq!(call(0, &" ".repeat(BYTES_MAX)), Some(TooMuch));
    }

    proptest! {
        #[test]
        fn a_stream_cut_anywhere_says_what_the_whole_says(
            cuts in prop::collection::vec(0_usize..64, 0..6),
            denied in prop::sample::subsequence(vec!["function_0", "function_1", "function_2"], 0..3),
        ) {
            prop_assert_eq!(told(cut(&cuts), &denied), told(cut(&[]), &denied));
            prop_assert_eq!(told(cut(&cuts), &[]), answer());
        }
    }
}
