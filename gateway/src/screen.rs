//! What an answer passes on its way to its caller: it is searched, and what policy does not want in it is
//! replaced or stops it; then values come back in place of the tokens that stood for them in the request.
//!
//! INVARIANT: nothing of a value that stops an answer goes out, in whatever pieces it came. What is kept or
//! recorded of an answer is what it was between the two steps: no value is in it that was put back.

use std::{collections::BTreeSet, sync::Arc};

use dlp::{Form, Kind, Selector};
use policy::Obligations;
use types::{
    Code, Label,
    answer::{ChatAnswer, Choice, Event, Piece},
};

use crate::{
    asked::Answer,
    attempt::{Destination, Order},
    gate::Gate,
    serve::work_on,
    trail::{Found, Trail},
};

mod back;
mod search;

use back::Back;
use search::Search;

/// What one answer passes.
pub(crate) struct Screen<'s> {
    search: Option<Search<'s>>,
    back: Option<Back<'s>>,
    /// Whether the session knows of what was found.
    told: bool,
}

/// What policy does not want in an answer.
#[derive(Debug, Clone, Default)]
struct Rules {
    redact: Vec<Selector>,
    block: Vec<Selector>,
}

/// An answer that goes no further: the kinds that are not to be in it, and none where nobody could tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopped(BTreeSet<&'static str>);

/// A part of a choice that is text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Text,
    Refusal,
    Reasoning,
    /// The arguments of a call, by its number.
    Call(u32),
}

impl<'s> Screen<'s> {
    pub(crate) fn of(gate: &Gate, order: &Order<'s>, to: &Destination<'_>) -> Self {
        let obligations = order.permit.allowed(&to.model.id).map(|allowed| allowed.obligations());
        let rules = obligations.map(Rules::of).unwrap_or_default();
        let wanted = gate.options.search_answers || order.seen.is_some();
        let search = (wanted || !rules.is_empty())
            .then(|| Search::new(&order.snapshot.dlp, (!rules.is_empty()).then(|| rules.clone())));
        let map = to.tokens.as_ref().filter(|map| !map.is_empty());
        let back = obligations
            .filter(|obligations| !obligations.restore.is_empty())
            .zip(map)
            .map(|(obligations, map)| Back::new(Arc::clone(map), obligations, rules));
        Self { search, back, told: false }
    }

    /// Searches the next event, and gives those that may go on.
    pub(crate) fn search(&mut self, event: Event, out: &mut Vec<Event>) -> Result<(), Stopped> {
        match &mut self.search {
            Some(search) => search.pass(event, out),
            None => {
                out.push(event);
                Ok(())
            }
        }
    }

    /// Searches what was held back, at the end of a stream.
    pub(crate) fn end_search(&mut self, out: &mut Vec<Event>) -> Result<(), Stopped> {
        self.search.as_mut().map_or(Ok(()), |search| search.end(out))
    }

    /// Puts values back in an event that was searched.
    pub(crate) fn restore(&mut self, event: Event, out: &mut Vec<Event>) {
        match &mut self.back {
            Some(back) => back.pass(event, out),
            None => out.push(event),
        }
    }

    /// What may have become a token, at the end of a stream.
    pub(crate) fn end_restore(&mut self, out: &mut Vec<Event>) {
        if let Some(back) = &mut self.back {
            back.end(out);
        }
    }

    /// Searches a whole answer.
    pub(crate) fn search_whole(&mut self, answer: &mut Answer) -> Result<(), Stopped> {
        let (Some(search), Answer::Chat(chat)) = (&mut self.search, answer) else { return Ok(()) };
        let bytes = length(chat);
        work_on(bytes, || chat.choices.iter_mut().try_for_each(|choice| search.whole(choice)))
    }

    /// Puts values back in a whole answer that was searched.
    pub(crate) fn restore_whole(&mut self, answer: &mut Answer) {
        if let (Some(back), Answer::Chat(chat)) = (&mut self.back, answer) {
            chat.choices.iter_mut().for_each(|choice| back.whole(choice));
        }
    }

    /// Whether the search may change an answer.
    pub(crate) fn alters(&self) -> bool {
        self.search.as_ref().is_some_and(Search::alters)
    }

    /// Whether values may come back.
    pub(crate) const fn restores(&self) -> bool {
        self.back.is_some()
    }

    /// Whether a value has come back.
    pub(crate) fn has_restored(&self) -> bool {
        self.back.as_ref().is_some_and(Back::has_restored)
    }

    /// What was found, for the record.
    pub(crate) fn found(&self) -> Option<&Found> {
        self.search.as_ref().map(Search::found).filter(|found| !found.is_empty())
    }

    /// The label of what was found.
    pub(crate) fn label(&self) -> Label {
        self.search.as_ref().map_or(Label::Public, Search::label)
    }

    /// Raises the label of the session to that of the answer, once.
    pub(crate) async fn tell(&mut self, gate: &Gate, order: &Order<'_>, trail: &Trail) {
        let label = self.label();
        let risen = trail.label.is_none_or(|known| label > known);
        if std::mem::replace(&mut self.told, true) || !risen {
            return;
        }
        if let Some(seen) = &order.seen {
            seen.rise_for_answer(gate, label, trail.request).await;
        }
    }
}

impl Rules {
    fn of(obligations: &Obligations) -> Self {
        let read = |kinds: &BTreeSet<String>| selectors(kinds.iter());
        Self { redact: read(&obligations.answer_redact), block: read(&obligations.answer_block) }
    }

    const fn is_empty(&self) -> bool {
        self.redact.is_empty() && self.block.is_empty()
    }

    fn redacts(&self, kind: Kind) -> bool {
        covers(&self.redact, kind)
    }

    fn blocks(&self, kind: Kind) -> bool {
        covers(&self.block, kind)
    }
}

/// The kinds and families that policies name.
pub(crate) fn selectors<'k>(names: impl Iterator<Item = &'k String>) -> Vec<Selector> {
    names.filter_map(|name| name.parse().ok()).collect()
}

/// Whether one of them means this kind.
pub(crate) fn covers(selectors: &[Selector], kind: Kind) -> bool {
    selectors.iter().any(|selector| selector.covers(kind))
}

impl Stopped {
    /// An answer that policy wants searched, and nobody can.
    const fn unsearched() -> Self {
        Self(BTreeSet::new())
    }

    /// What the caller is told.
    pub(crate) fn told(&self) -> (Code, String) {
        let Self(kinds) = self;
        let message = if kinds.is_empty() {
            "policy wants the answer searched, and it could not be searched as a whole".to_owned()
        } else {
            let kinds: Vec<&str> = kinds.iter().copied().collect();
            format!("policy blocks this kind of data in answers: {}", kinds.join(", "))
        };
        (Code::DlpBlocked, message)
    }
}

impl Lane {
    /// The lane of a piece, and its text; `None` for what has none.
    fn of(piece: &Piece) -> Option<(Self, &str)> {
        match piece {
            Piece::Role | Piece::Opaque(_) => None,
            Piece::Text(text) => Some((Self::Text, text)),
            Piece::Refusal(text) => Some((Self::Refusal, text)),
            Piece::Reasoning(text) => Some((Self::Reasoning, text)),
            Piece::ToolCall { index, arguments, .. } => Some((Self::Call(*index), arguments)),
        }
    }

    const fn form(self) -> Form {
        match self {
            Self::Text | Self::Refusal | Self::Reasoning => Form::Text,
            Self::Call(_) => Form::Json,
        }
    }

    /// Where it is, in a record.
    fn place(self, choice: u32) -> String {
        match self {
            Self::Text => format!("choices[{choice}].text"),
            Self::Refusal => format!("choices[{choice}].refusal"),
            Self::Reasoning => format!("choices[{choice}].reasoning"),
            Self::Call(call) => format!("choices[{choice}].tool_calls[{call}].arguments"),
        }
    }

    /// More of its text.
    fn piece(self, text: String) -> Piece {
        match self {
            Self::Text => Piece::Text(text),
            Self::Refusal => Piece::Refusal(text),
            Self::Reasoning => Piece::Reasoning(text),
            Self::Call(index) => Piece::ToolCall { index, id: None, name: None, arguments: text },
        }
    }
}

/// The piece with another text; `None` where nothing is left to tell of it.
fn with_text(piece: Piece, text: String) -> Option<Piece> {
    let nothing_more = text.is_empty() && Lane::of(&piece).is_none_or(|(_, had)| !had.is_empty());
    match piece {
        Piece::ToolCall { index, id, name, .. } => {
            let piece = Piece::ToolCall { index, id, name, arguments: text };
            let begins = matches!(&piece, Piece::ToolCall { id, name, .. } if id.is_some() || name.is_some());
            (begins || !nothing_more).then_some(piece)
        }
        _ if nothing_more => None,
        Piece::Text(_) => Some(Piece::Text(text)),
        Piece::Refusal(_) => Some(Piece::Refusal(text)),
        Piece::Reasoning(_) => Some(Piece::Reasoning(text)),
        Piece::Role | Piece::Opaque(_) => Some(piece),
    }
}

/// Every text of a choice with its lane.
fn texts(choice: &mut Choice) -> impl Iterator<Item = (Lane, &mut String)> {
    let Choice { text, refusal, reasoning, tool_calls, .. } = choice;
    let thought = reasoning.iter_mut().filter_map(|item| item.text.as_mut());
    let calls = tool_calls.iter_mut().zip(0..);
    (thought.map(|text| (Lane::Reasoning, text)))
        .chain(text.as_mut().map(|text| (Lane::Text, text)))
        .chain(refusal.as_mut().map(|text| (Lane::Refusal, text)))
        .chain(calls.map(|(call, number)| (Lane::Call(number), &mut call.arguments)))
}

fn length(answer: &ChatAnswer) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let of = |choice: &Choice| {
        let calls = choice.tool_calls.iter().map(|call| call.arguments.len()).sum::<usize>();
        let thought = choice.reasoning.iter().map(|item| text(&item.text)).sum::<usize>();
        text(&choice.text) + text(&choice.refusal) + calls + thought
    };
    answer.choices.iter().map(of).sum()
}

#[cfg(test)]
mod tests;
