use proptest::prelude::*;
use types::chat::Tool;

use super::*;

fn ask(text: &str) -> ChatRequest {
    let message = Message::new(Role::User, vec![Part::Text(text.to_owned())]);
    ChatRequest { messages: vec![message], ..ChatRequest::default() }
}

fn floor(request: &ChatRequest) -> u8 {
    Difficulty::of(request, 100).floor
}

#[test]
fn what_looks_harder_gets_a_higher_floor() {
    let order = [
        "Classify this review as positive or negative: I liked it.",
        "How do tides work?",
        "Write a Python function that reverses a list.",
        "Find the race in this Rust code, prove that your mutex has no deadlock, and derive its \
         worst-case complexity.",
    ];
    let floors = order.map(|text| floor(&ask(text)));
    assert!(floors.is_sorted_by(|a, b| a < b), "{floors:?}");
}

#[test]
fn the_signs_add_up_to_the_floor_and_tell_no_words() {
    let mut request = ask("Prove that exactly one such codename Zanzibar exists in 3, 4 and 5.");
    request.tools = vec![Tool::default(); 3];
    request.format = Some(Format::JsonSchema {
        name: "form".to_owned(),
        description: None,
        schema: Some("x".repeat(1_000).into()),
        strict: None,
    });
    request.reasoning_effort = Some("low".to_owned());
    let guess = Difficulty::of(&request, 100);
    let sum: i32 = guess.signs.iter().map(|sign| sign.points).sum();
    assert_eq!(i32::from(guess.floor), sum);
    let names: Vec<_> = guess.signs.iter().map(|sign| sign.name).collect();
    let expected =
        ["base", "reasoning", "conditions", "words", "figures", "tools", "schema", "effort"];
    assert_eq!(names, expected);
    assert!(!format!("{guess:?}").to_lowercase().contains("zanzibar"));
}

#[test]
fn of_a_long_text_the_paragraph_with_the_instruction_is_read() {
    let mut request = ask("Prove the theorem.");
    request.messages.push(Message::new(Role::User, vec![Part::Text("Thanks.".to_owned())]));
    assert_eq!(floor(&request), floor(&ask("Thanks.")), "only the last message counts");
    let data = "Prove this theorem by induction. ".repeat(100);
    let plain = floor(&ask("Who wrote it?"));
    assert_eq!(floor(&ask(&format!("{data}\n\nWho wrote it?"))), plain);
    assert_eq!(floor(&ask(&format!("Who wrote it?\n\n{data}"))), plain);
    assert_eq!(
        floor(&ask(&format!("{data}\r\n\r\nWho wrote it?"))),
        plain,
        "as Windows ends lines"
    );
    assert!(floor(&ask(&data)) > plain);
    // Of one long paragraph its ends.
    let filler = "- ".repeat(10_000);
    let middle = format!("{filler}prove theorem{filler}");
    assert_eq!(floor(&ask(&middle)), floor(&ask(&filler)));
    assert!(floor(&ask(&format!("{filler}prove theorem"))) > floor(&ask(&filler)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_request_has_a_floor_that_grows_with_percent_and_never_by_less_thought(
        text in "\\PC{0,200}",
        percent in any::<u8>(),
        max in prop::option::of(any::<u64>()),
        effort in prop::option::of(prop::sample::select(vec!["none", "low", "medium", "high"])),
    ) {
        let mut request = ask(&text);
        request.max_output_tokens = max;
        request.reasoning_effort = effort.map(str::to_owned);
        let guess = Difficulty::of(&request, percent);
        prop_assert!(guess.floor <= 100 && (percent > 0 || guess.floor == 0));
        prop_assert_eq!(&guess, &Difficulty::of(&request, percent));
        prop_assert!(guess.floor <= Difficulty::of(&request, percent.saturating_add(9)).floor);
        request.reasoning_effort = Some("high".to_owned());
        prop_assert!(guess.floor <= Difficulty::of(&request, percent).floor);
    }
}
