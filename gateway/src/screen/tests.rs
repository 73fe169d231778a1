//! Answers in whatever pieces: what goes on, in which order, and what does not.

use std::sync::LazyLock;

use dlp::{Engine, Settings};
use proptest::prelude::*;
use types::{
    answer::{Finish, Gatherer},
    chat::{Opaque, OpaqueKind, ToolCall},
};

use super::*;
use crate::tokens::Map;

/// Built at run time, so that no scanner of sources takes it for a key.
fn secret() -> String {
    ["AK", "IAIOSFODNN7", "CANARYX"].concat()
}

fn engine() -> Engine {
    // It takes its time, and cloning it takes none.
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::builtin(&Settings::default()));
    ENGINE.clone()
}

fn rules(redact: &str, block: &str) -> Rules {
    let read = |names: &str| {
        let names: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
        selectors(names.iter())
    };
    Rules { redact: read(redact), block: read(block) }
}

fn screen(engine: &Engine, rules: Option<Rules>) -> Screen<'_> {
    Screen { search: Some(Search::new(engine, rules)), back: None, told: false }
}

fn delta(choice: u32, piece: Piece) -> Event {
    Event::Delta { choice, piece, logprobs: None }
}

fn text(text: &str) -> Event {
    delta(0, Piece::Text(text.to_owned()))
}

fn call(index: u32, name: Option<&str>, arguments: &str) -> Event {
    let (id, name) = (name.map(|name| format!("call_{name}")), name.map(str::to_owned));
    delta(0, Piece::ToolCall { index, id, name, arguments: arguments.to_owned() })
}

fn finish(choice: u32) -> Event {
    Event::Finish { choice, reason: Finish::Stop, stop_sequence: None }
}

/// What goes on of these events.
fn passed(screen: &mut Screen<'_>, events: Vec<Event>) -> Result<Vec<Event>, Stopped> {
    let (mut searched, mut told) = (Vec::new(), Vec::new());
    let passed = events.into_iter().try_for_each(|event| screen.search(event, &mut searched));
    let passed = passed.and_then(|()| screen.end_search(&mut searched));
    searched.drain(..).for_each(|event| screen.restore(event, &mut told));
    screen.end_restore(&mut told);
    passed.map(|()| told)
}

/// The answer that events come to.
fn whole(events: &[Event]) -> ChatAnswer {
    let mut gatherer = Gatherer::new(usize::MAX);
    events.iter().for_each(|event| gatherer.push(event));
    gatherer.whole().unwrap()
}

/// With one name for all tokens of a kind, since they are random.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("[[") {
        let (before, token) = rest.split_at(at);
        let (token, after) = token.split_at(token.find("]]").unwrap() + 2);
        out.push_str(before);
        out.push_str(token.split(':').next().unwrap());
        rest = after;
    }
    out + rest
}

#[test]
fn without_rules_everything_goes_through_at_once_and_is_on_record() {
    let engine = engine();
    let mut screen = screen(&engine, None);
    let events = vec![text("write to ann@exa"), text("mple.com or"), call(0, Some("f"), "{}")];
    let mut out = Vec::new();
    for event in events.clone() {
        screen.search(event, &mut out).unwrap();
    }
    assert_eq!(out, events);
    screen.end_search(&mut out).unwrap();
    assert_eq!(out, events);
    let found = serde_json::to_value(screen.found().unwrap()).unwrap();
    assert_eq!(found, serde_json::json!({"email": {"count": 1, "places": ["choices[0].text"]}}));
    assert_eq!(screen.label(), Label::Sensitive);
    assert!(!screen.alters());
}

#[test]
fn what_waits_behind_a_held_text_keeps_its_order() {
    let engine = engine();
    let mut screen = screen(&engine, Some(rules("", "secret")));
    let events = vec![
        delta(0, Piece::Role),
        text("the key is AK"),
        call(0, Some("look"), r#"{"a":"#),
        call(0, None, r#"1}"#),
        call(1, Some("find"), "{}"),
        finish(0),
    ];
    let told = passed(&mut screen, events.clone()).unwrap();
    assert_eq!(whole(&told), whole(&events));
    let place =
        |wanted: &str| told.iter().position(|event| format!("{event:?}").contains(wanted)).unwrap();
    assert!(place("AK") < place("look") && place("look") < place("find"));
    assert!(matches!(told.last(), Some(Event::Finish { .. })));
}

#[test]
fn reasoning_is_whole_before_what_signs_it() {
    let engine = engine();
    let mut screen = screen(&engine, Some(rules("email", "")));
    let (format, kind) = (types::Wire::Anthropic, OpaqueKind::Signature);
    let opaque = Opaque { format, kind, data: "sig".to_owned(), id: None };
    let events = vec![
        delta(0, Piece::Reasoning("ask ann@example.com".to_owned())),
        delta(0, Piece::Opaque(opaque.clone())),
        delta(0, Piece::Reasoning("then b".to_owned())),
        delta(0, Piece::Opaque(opaque)),
        text("done"),
        finish(0),
    ];
    let told = whole(&passed(&mut screen, events).unwrap());
    let items = &told.choices[0].reasoning;
    assert_eq!(items.len(), 2);
    assert_eq!(plain(items[0].text.as_deref().unwrap()), "ask [[EMAIL");
    assert_eq!(items[1].text.as_deref(), Some("then b"));
    assert!(items.iter().all(|item| item.opaque.is_some()));
}

#[test]
fn nothing_of_a_blocked_value_goes_on_wherever_it_is_cut() {
    let (engine, secret) = (engine(), secret());
    let answer = format!("The key is {secret} for you.");
    for cut in 0..answer.len() {
        let (one, two) = answer.split_at(cut);
        for json in [false, true] {
            let piece = |part: &str| if json { call(0, None, part) } else { text(part) };
            let mut screen = screen(&engine, Some(rules("email", "secret")));
            let mut out = Vec::new();
            let parts = [piece(one), piece(two), finish(0)];
            let stopped = parts.into_iter().try_for_each(|event| screen.search(event, &mut out));
            let (code, message) = stopped.unwrap_err().told();
            assert_eq!(code, Code::DlpBlocked);
            assert_eq!(message, "policy blocks this kind of data in answers: aws_key");
            let told = format!("{out:?}");
            assert!(!told.contains(&secret[..2]), "cut {cut}: {told}");
        }
    }
}

#[test]
fn a_tool_whose_name_would_have_to_change_stops_the_answer() {
    let engine = engine();
    let mut screen = screen(&engine, Some(rules("secret", "")));
    let events = vec![call(0, Some(&secret()), "{}"), finish(0)];
    assert!(passed(&mut screen, events).is_err());
}

#[test]
fn log_probabilities_go_where_text_may_be_replaced() {
    let engine = engine();
    let mut screen = screen(&engine, Some(rules("email", "")));
    let logprobs = Some(serde_json::json!({"content": [{"token": "ann@example.com"}]}));
    let piece = Piece::Text("ann@example.com".to_owned());
    let event = Event::Delta { choice: 0, piece, logprobs: logprobs.clone() };
    let told = passed(&mut screen, vec![event, finish(0)]).unwrap();
    assert!(!format!("{told:?}").contains("ann@"), "{told:?}");
    let mut choice = Choice { text: Some("hello".to_owned()), logprobs, ..Choice::default() };
    choice.annotations = Some(serde_json::json!([{"title": "ann@example.com"}]));
    let mut answer = Answer::Chat(ChatAnswer { choices: vec![choice], ..ChatAnswer::default() });
    screen.search_whole(&mut answer).unwrap();
    let Answer::Chat(chat) = answer else { panic!("it was a chat") };
    assert_eq!((&chat.choices[0].logprobs, &chat.choices[0].annotations), (&None, &None));
}

/// A screen that puts values back: e-mail addresses, but neither telephone numbers nor what the rules
/// have.
fn with_back<'s>(map: Map, obligations: &'s Obligations, rules: Rules) -> Screen<'s> {
    let back = Some(Back::new(Arc::new(map), obligations, rules));
    Screen { search: None, back, told: false }
}

fn restoring(kinds: &str) -> Obligations {
    let restore = kinds.split(',').map(str::to_owned).collect();
    Obligations { restore, ..Obligations::default() }
}

#[test]
fn a_value_comes_back_wherever_its_token_is_cut() {
    let values = [(Kind::EMAIL, "\"ann\"@example.com"), (Kind::PHONE, "+1 212 555 0100")];
    let obligations = restoring("email");
    let (_, made) = Map::of_values(&values);
    let length = made[0].len();
    for cut in 0..=length {
        let (map, made) = Map::of_values(&values);
        let mut screen = with_back(map, &obligations, Rules::default());
        let (one, two) = made[0].split_at(cut);
        let events = vec![
            text(&format!("to {one}")),
            text(&format!("{two} or {}", made[1])),
            call(0, Some("f"), &format!("{{\"a\":\"{one}")),
            call(0, None, &format!("{two}\"}}")),
            finish(0),
        ];
        let told = whole(&passed(&mut screen, events).unwrap());
        let expected = format!("to \"ann\"@example.com or {}", made[1]);
        assert_eq!(told.choices[0].text.as_deref(), Some(expected.as_str()));
        let ToolCall { arguments, .. } = &told.choices[0].tool_calls[0];
        assert_eq!(arguments, r#"{"a":"\"ann\"@example.com"}"#);
        assert!(screen.has_restored());
    }
}

#[test]
fn what_must_not_be_in_an_answer_does_not_come_back() {
    for (rules, family) in [(rules("personal", ""), "email"), (rules("", "email"), "personal")] {
        let obligations = restoring(family);
        let (map, made) = Map::of_values(&[(Kind::EMAIL, "ann@example.com")]);
        let mut screen = with_back(map, &obligations, rules);
        let told = passed(&mut screen, vec![text(&made[0]), finish(0)]).unwrap();
        assert_eq!(whole(&told).choices[0].text.as_ref(), Some(&made[0]));
        assert!(!screen.has_restored());
    }
}

/// A piece of any lane of one of two choices.
fn pieces() -> impl Strategy<Value = Vec<Event>> {
    let words = prop_oneof![
        Just("ann@exam".to_owned()),
        Just("ple.com ".to_owned()),
        Just("AKIAIOSF".to_owned()),
        Just("ODNN7CANARYX ".to_owned()),
        Just("é世 ".to_owned()),
        "[a-z@. 0-9-]{0,6}",
    ];
    let piece = (0..2_u32, 0..5_u8, words).prop_map(|(choice, lane, word)| {
        delta(
            choice,
            match lane {
                0 | 1 => Piece::Text(word),
                2 => Piece::Reasoning(word),
                3 => Piece::Refusal(word),
                _ => Piece::ToolCall { index: 0, id: None, name: None, arguments: word },
            },
        )
    });
    prop::collection::vec(piece, 0..24)
}

proptest! {
    /// A stream in any pieces, its lanes in any order, comes to what the whole answer comes to.
    #[test]
    fn a_stream_comes_to_what_the_whole_answer_comes_to(mut events in pieces()) {
        let engine = engine();
        events.extend([delta(0, Piece::Role), delta(1, Piece::Role), finish(0), finish(1)]);
        let mut answer = Answer::Chat(whole(&events));
        let rules = || Some(rules("personal secret", ""));
        let mut once = screen(&engine, rules());
        once.search_whole(&mut answer).unwrap();
        let told = whole(&passed(&mut screen(&engine, rules()), events).unwrap());
        let Answer::Chat(chat) = answer else { panic!("it was a chat") };
        for (mut streamed, mut at_once) in told.choices.into_iter().zip(chat.choices) {
            let texts_of = |choice: &mut Choice| -> Vec<String> {
                texts(choice).map(|(_, text)| plain(text)).filter(|text| !text.is_empty()).collect()
            };
            prop_assert_eq!(texts_of(&mut streamed), texts_of(&mut at_once));
        }
    }
}
