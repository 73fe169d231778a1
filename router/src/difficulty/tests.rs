use proptest::prelude::*;
use types::chat::Tool;

use super::*;

fn ask(text: &str) -> ChatRequest {
    let message = Message::new(Role::User, vec![Part::Text(text.to_owned())]);
    ChatRequest { messages: vec![message], ..ChatRequest::default() }
}

fn floor(request: &ChatRequest) -> u8 {
    Difficulty::of(request, 100, 100).floor
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
    let mut request = ask("Prove that exactly one such codename Zanzibar exists.");
    request.tools = vec![Tool::default()];
    request.reasoning_effort = Some("high".to_owned());
    let guess = Difficulty::of(&request, 9_000, 100);
    let sum: i32 = guess.signs.iter().map(|sign| sign.points).sum();
    assert_eq!(i32::from(guess.floor), sum);
    let names: Vec<_> = guess.signs.iter().map(|sign| sign.name).collect();
    assert_eq!(names, ["base", "reasoning", "conditions", "length", "tools", "effort"]);
    assert!(!format!("{guess:?}").to_lowercase().contains("zanzibar"));
}

#[test]
fn only_the_last_question_is_read_and_only_its_ends() {
    let mut request = ask("Prove the theorem.");
    request.messages.push(Message::new(Role::User, vec![Part::Text("Thanks.".to_owned())]));
    assert_eq!(floor(&request), floor(&ask("Thanks.")));
    let middle = format!("{}prove theorem{}", "- ".repeat(5_000), "- ".repeat(5_000));
    assert_eq!(floor(&ask(&middle)), floor(&ask(&"- ".repeat(10_000))));
    let end = format!("{}prove theorem", "- ".repeat(10_000));
    assert!(floor(&ask(&end)) > floor(&ask(&"- ".repeat(10_000))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_request_has_a_floor_that_grows_with_percent_and_never_by_less_thought(
        text in "\\PC{0,200}",
        tokens in any::<u64>(),
        percent in any::<u8>(),
        max in prop::option::of(any::<u64>()),
        effort in prop::option::of(prop::sample::select(vec!["none", "low", "medium", "high"])),
    ) {
        let mut request = ask(&text);
        request.max_output_tokens = max;
        request.reasoning_effort = effort.map(str::to_owned);
        let guess = Difficulty::of(&request, tokens, percent);
        prop_assert!(guess.floor <= percent.min(100));
        prop_assert_eq!(&guess, &Difficulty::of(&request, tokens, percent));
        prop_assert!(guess.floor <= Difficulty::of(&request, tokens, percent.saturating_add(9)).floor);
        request.reasoning_effort = Some("high".to_owned());
        prop_assert!(guess.floor <= Difficulty::of(&request, tokens, percent).floor);
    }
}
