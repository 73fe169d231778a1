use proptest::prelude::*;

use super::*;
use crate::{
    Wire,
    answer::{Finish, Usage},
    chat::OpaqueKind,
};

fn text() -> impl Strategy<Value = String> {
    "[a-z ]{1,12}"
}

prop_compose! {
    /// Sealed, so that the next item is told apart from it.
    fn thought()(text in proptest::option::of(text()), data in "[A-Z]{4}") -> Reasoning {
        let (format, kind, id) = (Wire::Anthropic, OpaqueKind::Signature, None);
        Reasoning { text, opaque: Some(Opaque { format, kind, data, id }) }
    }
}

prop_compose! {
    fn call()(id in "call_[a-z]{3}", name in "[a-z]{3}", arguments in text()) -> ToolCall {
        ToolCall { id, name, arguments }
    }
}

prop_compose! {
    fn choice()(
        text in proptest::option::of(text()),
        refusal in proptest::option::of(text()),
        mut reasoning in proptest::collection::vec(thought(), 0..3),
        last in proptest::option::of(text()),
        tool_calls in proptest::collection::vec(call(), 0..3),
        finish in prop_oneof![Just(Finish::Stop), Just(Finish::Length), Just(Finish::ToolCalls)],
    ) -> Choice {
        reasoning.extend(last.map(|text| Reasoning { text: Some(text), opaque: None }));
        Choice { text, refusal, reasoning, tool_calls, finish, ..Choice::default() }
    }
}

prop_compose! {
    fn answer()(mut choices in proptest::collection::vec(choice(), 1..3)) -> ChatAnswer {
        for (choice, index) in choices.iter_mut().zip(0..) {
            choice.index = index;
        }
        let usage = Some(Usage { input: 3, output: 4, ..Usage::default() });
        ChatAnswer { id: "a".into(), created: 7, model: "m".into(), choices, usage, ..ChatAnswer::default() }
    }
}

fn gathered(answer: &ChatAnswer) -> Gatherer {
    let mut gatherer = Gatherer::new(1 << 20);
    answer.events().unwrap().iter().for_each(|event| gatherer.push(event));
    gatherer.push(&Event::Usage(answer.usage.unwrap()));
    gatherer
}

proptest! {
    #[test]
    fn an_answer_told_as_a_stream_is_put_together_again(answer in answer()) {
        prop_assert_eq!(gathered(&answer).whole(), Some(answer));
    }

    /// The same text in any pieces is the same answer.
    #[test]
    fn pieces_of_any_length_come_to_the_same(text in "[a-zé]{0,20}", size in 1_usize..5) {
        let mut gatherer = Gatherer::new(1 << 20);
        let chars: Vec<char> = text.chars().collect();
        for piece in chars.chunks(size) {
            let piece = Piece::Text(piece.iter().collect());
            gatherer.push(&Event::Delta { choice: 0, piece, logprobs: None });
        }
        gatherer.push(&Event::Finish { choice: 0, reason: Finish::Stop, stop_sequence: None });
        let choices = gatherer.whole().unwrap().choices;
        prop_assert_eq!(choices[0].text.clone().unwrap_or_default(), text);
    }
}

fn delta(piece: Piece) -> Event {
    Event::Delta { choice: 0, piece, logprobs: None }
}

#[test]
fn what_has_no_end_or_no_place_is_no_whole_answer() {
    let finish = Event::Finish { choice: 0, reason: Finish::Stop, stop_sequence: None };
    let whole = |events: &[Event]| {
        let mut gatherer = Gatherer::new(8);
        events.iter().for_each(|event| gatherer.push(event));
        gatherer.whole()
    };
    let short = delta(Piece::Text("12345678".into()));
    let more = delta(Piece::Text("9".into()));
    let likely =
        Event::Delta { choice: 0, piece: Piece::Role, logprobs: Some(serde_json::json!({})) };
    let failed = Event::Failed { kind: String::new(), message: String::new() };
    let far = Event::Delta { choice: u32::MAX, piece: Piece::Role, logprobs: None };
    assert!(whole(&[short.clone(), finish.clone()]).is_some());
    for events in [
        vec![],
        vec![short.clone()],
        vec![short.clone(), more, finish.clone()],
        vec![likely, finish.clone()],
        vec![short, failed, finish.clone()],
        vec![far, finish],
    ] {
        assert_eq!(whole(&events), None, "{events:?}");
    }
}
