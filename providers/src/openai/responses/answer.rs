//! Whole answers in the form of responses.

use serde_json::Value;
use types::answer::{ChatAnswer, Choice};

use super::{
    Echo,
    output::{self, Frame, Status},
};
use crate::wire;

/// The body of a whole answer to a request that said `echo`.
pub fn encode_answer(answer: &ChatAnswer, echo: &Echo) -> Vec<u8> {
    let frame = Frame {
        id: answer.id.clone(),
        created: answer.created,
        model: answer.model.clone(),
        echo: echo.clone(),
    };
    let none = Choice::default();
    // The API has one answer to a request: more are not asked for.
    let choice = answer.choices.first().unwrap_or(&none);
    let items = items(&frame, choice);
    let response = frame.response(Status::Ended(choice.finish), &items, answer.usage.as_ref());
    let mut out = Vec::with_capacity(2048);
    wire::write_json(&mut out, &response);
    out
}

fn items(frame: &Frame, choice: &Choice) -> Vec<Value> {
    let mut items = Vec::new();
    for item in &choice.reasoning {
        items.push(output::reasoning(&frame.item_id("rs", items.len()), item));
    }
    let text = choice.text.as_deref().filter(|text| !text.is_empty()).map(output::text_part);
    let refusal = choice.refusal.as_deref().map(output::refusal_part);
    let said: Vec<_> = text.into_iter().chain(refusal).collect();
    if !said.is_empty() {
        items.push(output::message(&frame.item_id("msg", items.len()), "completed", &said));
    }
    for call in &choice.tool_calls {
        let id = frame.item_id("fc", items.len());
        let called = (call.id.as_str(), call.name.as_str(), call.arguments.as_str());
        items.push(output::call(&id, "completed", called));
    }
    items
}
