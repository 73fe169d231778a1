//! A whole answer as the events of a stream, and the events of a stream as a whole answer.

use super::{ChatAnswer, Choice, Event, Piece};
use crate::chat::{Opaque, Reasoning, ToolCall};

/// The most choices and calls of a choice that are put together: no caller may ask for more.
const ITEMS_MAX: usize = 1 << 10;

/// Puts the events of a stream together to the whole answer.
#[derive(Debug, Default)]
pub struct Gatherer {
    answer: ChatAnswer,
    bytes: usize,
    /// Whether the last item of reasoning of a choice may still get text, by choice.
    open: Vec<bool>,
    finished: usize,
    /// Whether something came that a whole answer has no place for, or that is too long.
    lost: bool,
    bytes_max: usize,
}

impl Gatherer {
    /// For answers of at most so many bytes of text.
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, ..Self::default() }
    }

    /// Takes note of the next event.
    pub fn push(&mut self, event: &Event) {
        if self.lost {
            return;
        }
        match event {
            Event::Start { id, created, model, system_fingerprint, service_tier } => {
                let answer = &mut self.answer;
                (answer.created, answer.id) = (*created, id.clone());
                answer.model.clone_from(model);
                answer.system_fingerprint.clone_from(system_fingerprint);
                answer.service_tier.clone_from(service_tier);
            }
            Event::Delta { logprobs: Some(_), .. } | Event::Failed { .. } => self.lose(),
            Event::Delta { choice, piece, logprobs: None } => self.add(*choice, piece),
            Event::Finish { choice, reason, stop_sequence } => {
                self.finished = self.finished.saturating_add(1);
                if let Some((choice, _)) = self.choice(*choice) {
                    choice.finish = *reason;
                    choice.stop_sequence.clone_from(stop_sequence);
                }
            }
            Event::Usage(usage) => self.answer.usage = Some(*usage),
        }
    }

    /// The answer; `None` where it has no end, or was too long or too rich to be put together.
    pub fn whole(self) -> Option<ChatAnswer> {
        let ended = !self.answer.choices.is_empty() && self.finished == self.answer.choices.len();
        (!self.lost && ended).then_some(self.answer)
    }

    fn add(&mut self, number: u32, piece: &Piece) {
        self.bytes = self.bytes.saturating_add(bytes_of(piece));
        if self.bytes > self.bytes_max {
            return self.lose();
        }
        let Some((choice, open)) = self.choice(number) else { return };
        match piece {
            Piece::Role => {}
            Piece::Text(text) => choice.text.get_or_insert_default().push_str(text),
            Piece::Refusal(text) => choice.refusal.get_or_insert_default().push_str(text),
            Piece::Reasoning(text) => {
                thought(choice, open).text.get_or_insert_default().push_str(text);
            }
            Piece::Opaque(opaque) => {
                thought(choice, open).opaque = Some(Opaque::clone(opaque));
                *open = false;
            }
            Piece::ToolCall { index, id, name, arguments } => {
                let Some(call) = call(choice, *index) else { return self.lose() };
                call.id.push_str(id.as_deref().unwrap_or_default());
                call.name.push_str(name.as_deref().unwrap_or_default());
                call.arguments.push_str(arguments);
            }
        }
    }

    /// The choice of that number, and whether its last item of reasoning is open.
    fn choice(&mut self, number: u32) -> Option<(&mut Choice, &mut bool)> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        if at >= ITEMS_MAX {
            self.lose();
            return None;
        }
        while self.answer.choices.len() <= at {
            let index = u32::try_from(self.answer.choices.len()).unwrap_or(u32::MAX);
            self.answer.choices.push(Choice { index, ..Choice::default() });
            self.open.push(false);
        }
        Some((self.answer.choices.get_mut(at)?, self.open.get_mut(at)?))
    }

    /// Gives up, and what came with it.
    fn lose(&mut self) {
        *self = Self { lost: true, ..Self::default() };
    }
}

/// The item of reasoning that is being told: the last one, or a new one after its end.
fn thought<'c>(choice: &'c mut Choice, open: &mut bool) -> &'c mut Reasoning {
    let last = if std::mem::replace(open, true) { choice.reasoning.pop() } else { None };
    choice.reasoning.push_mut(last.unwrap_or_default())
}

fn call(choice: &mut Choice, index: u32) -> Option<&mut ToolCall> {
    let at = usize::try_from(index).ok().filter(|at| *at < ITEMS_MAX)?;
    while choice.tool_calls.len() <= at {
        let (id, name, arguments) = (String::new(), String::new(), String::new());
        choice.tool_calls.push(ToolCall { id, name, arguments });
    }
    choice.tool_calls.get_mut(at)
}

fn bytes_of(piece: &Piece) -> usize {
    match piece {
        Piece::Role => 0,
        Piece::Text(text) | Piece::Refusal(text) | Piece::Reasoning(text) => text.len(),
        Piece::Opaque(opaque) => opaque.data.len(),
        Piece::ToolCall { id, name, arguments, .. } => {
            let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            arguments.len() + len(id) + len(name)
        }
    }
}

impl ChatAnswer {
    /// The answer as a stream that brings each of its parts at once, without its usage; `None` where it
    /// has what no event tells.
    pub fn events(&self) -> Option<Vec<Event>> {
        if !self.can_stream() {
            return None;
        }
        let mut events = vec![Event::Start {
            id: self.id.clone(),
            created: self.created,
            model: self.model.clone(),
            system_fingerprint: self.system_fingerprint.clone(),
            service_tier: self.service_tier.clone(),
        }];
        for choice in &self.choices {
            let delta = |piece| Event::Delta { choice: choice.index, piece, logprobs: None };
            events.extend(choice.pieces().into_iter().map(delta));
            events.push(Event::Finish {
                choice: choice.index,
                reason: choice.finish,
                stop_sequence: choice.stop_sequence.clone(),
            });
        }
        Some(events)
    }

    /// Whether the events of a stream can tell all of it.
    pub fn can_stream(&self) -> bool {
        let told = |choice: &Choice| choice.logprobs.is_none() && choice.annotations.is_none();
        self.choices.iter().all(told)
    }
}

impl Choice {
    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = vec![Piece::Role];
        for item in &self.reasoning {
            pieces.extend(item.text.clone().map(Piece::Reasoning));
            pieces.extend(item.opaque.clone().map(Piece::Opaque));
        }
        pieces.extend(self.text.clone().map(Piece::Text));
        pieces.extend(self.refusal.clone().map(Piece::Refusal));
        pieces.extend(self.tool_calls.iter().zip(0_u32..).map(|(call, index)| Piece::ToolCall {
            index,
            id: Some(call.id.clone()),
            name: Some(call.name.clone()),
            arguments: call.arguments.clone(),
        }));
        pieces
    }
}

#[cfg(test)]
mod tests;
