//! The calls of a model's answer: what goes on of it, and what is said in place of a call that is not made.

use std::collections::BTreeMap;

use types::{
    Code,
    answer::{ChatAnswer, Choice, Event},
    chat::ToolCall,
};

use super::{
    decide::Decider,
    hold::{CALLS_MAX, Hold, TooMuch, after_text, finish},
};
use crate::{asked::Answer, attempt::Order, gate::Gate, refusal::Refusal, trail::Trail};

/// Decides the calls of one answer.
pub(crate) struct Judge<'s> {
    decider: Decider<'s>,
    hold: Hold,
}

impl<'s> Judge<'s> {
    pub(crate) fn of(gate: &'s Gate, order: &Order<'s>) -> Self {
        Self { decider: Decider::of(gate, order), hold: Hold::default() }
    }

    /// Takes the next event of a streamed answer, and gives those that may go on.
    pub(crate) async fn pass(
        &mut self,
        trail: &Trail,
        event: Event,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let ended = self.hold.pass(event, out).map_err(too_much)?;
        if let Some((_, held)) = ended {
            let denied = self.denied(trail, held.calls.iter().map(|(index, call)| (*index, call)));
            let denied = denied.await;
            held.told(&denied, out);
        }
        Ok(())
    }

    /// Decides what waits for an end that did not come.
    pub(crate) async fn end(&mut self, trail: &Trail, out: &mut Vec<Event>) {
        while let Some((_, held)) = self.hold.rest() {
            let denied = self.denied(trail, held.calls.iter().map(|(index, call)| (*index, call)));
            let denied = denied.await;
            held.told(&denied, out);
        }
    }

    /// Decides the calls of an answer that is told at once.
    pub(crate) async fn events(
        mut self,
        trail: &Trail,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, Refusal> {
        let mut out = Vec::with_capacity(events.len());
        for event in events {
            self.pass(trail, event, &mut out).await?;
        }
        self.end(trail, &mut out).await;
        Ok(out)
    }

    /// Decides the calls of a whole answer.
    pub(crate) async fn whole(mut self, trail: &Trail, answer: &mut Answer) -> Result<(), Refusal> {
        let Answer::Chat(ChatAnswer { choices, .. }) = answer else { return Ok(()) };
        for choice in choices.iter_mut().filter(|choice| !choice.tool_calls.is_empty()) {
            if choice.tool_calls.len() > CALLS_MAX {
                return Err(too_much(TooMuch));
            }
            let denied = self.denied(trail, (0..).zip(&choice.tool_calls)).await;
            without(choice, &denied);
        }
        Ok(())
    }

    /// What is said in place of each call that is not made, by its number.
    async fn denied(
        &mut self,
        trail: &Trail,
        calls: impl Iterator<Item = (u32, &ToolCall)>,
    ) -> BTreeMap<u32, String> {
        let mut denied = BTreeMap::new();
        for (index, call) in calls {
            if let Err(why) = Box::pin(self.decider.decide(trail, call)).await {
                denied.insert(index, why.told(&call.name));
            }
        }
        denied
    }
}

/// Takes the denied calls out of a whole choice.
fn without(choice: &mut Choice, denied: &BTreeMap<u32, String>) {
    let mut index = 0;
    choice.tool_calls.retain(|_| {
        let keep = !denied.contains_key(&index);
        index += 1;
        keep
    });
    let text = choice.text.get_or_insert_default();
    let mut spoke = !text.is_empty();
    denied.values().for_each(|why| text.push_str(&after_text(&mut spoke, why)));
    if text.is_empty() {
        choice.text = None;
    }
    choice.finish = finish(choice.finish, !choice.tool_calls.is_empty());
}

fn too_much(TooMuch: TooMuch) -> Refusal {
    let message = "the answer has more calls of functions, or longer ones, than can be decided";
    Refusal::new(Code::PolicyDenied, message)
}
