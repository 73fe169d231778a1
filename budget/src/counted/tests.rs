use proptest::prelude::*;
use serde_json::{Value, json};
use types::{
    chat::{Image, ImageSource, Tool, ToolCall},
    embed::Encoding,
};

use super::*;
use crate::input_bound;

const BOTH: [Tokenizer; 2] = [Tokenizer::Cl100kBase, Tokenizer::O200kBase];

fn said(role: Role, text: &str) -> Message {
    Message::new(role, vec![Part::Text(text.to_owned())])
}

fn named(name: &str, text: &str) -> Message {
    Message { name: Some(name.to_owned()), ..said(Role::System, text) }
}

fn request(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { model: "m".to_owned(), messages, choices: 1, ..ChatRequest::default() }
}

fn exactly(tokens: u64) -> Counted {
    Counted { tokens, exact: true }
}

/// The examples of the OpenAI Cookbook, "How to count tokens with tiktoken" (sections 5 and 6; MIT), whose
/// later edition has the same with `o200k_base`.
#[test]
fn published_texts_have_their_published_counts() {
    for (text, cl100k, o200k) in [
        ("tiktoken is great!", 6, 6),
        ("antidisestablishmentarianism", 6, 6),
        ("2 + 2 = 4", 7, 7),
        ("お誕生日おめでとう", 9, 8),
        ("", 0, 0),
        // Whoever writes what looks like a control token has written text.
        ("<|endoftext|>", 7, 7),
    ] {
        let counts = BOTH.map(|tokenizer| Measure::Tokens(tokenizer).text(text));
        assert_eq!(counts, [cl100k, o200k], "{text}");
    }
}

/// The same document: 129 tokens are what the API counted for `gpt-4`, 124 for `gpt-4o`.
#[test]
fn a_published_conversation_has_the_count_of_the_api() {
    let client = "This late pivot means we don't have time to boil the ocean for the client \
                  deliverable.";
    let synergies = "New synergies will help drive top-line growth.";
    let together = "Things working well together will increase revenue.";
    let circle = "Let's circle back when we have more bandwidth to touch base on opportunities for \
                  increased leverage.";
    let later = "Let's talk later when we're less busy about how to do better.";
    let jargon = "You are a helpful, pattern-following assistant that translates corporate jargon \
                  into plain English.";
    let conversation = request(vec![
        said(Role::System, jargon),
        named("example_user", synergies),
        named("example_assistant", together),
        named("example_user", circle),
        named("example_assistant", later),
        said(Role::User, client),
    ]);
    let counts = BOTH.map(|tokenizer| counted_input(&conversation, tokenizer));
    assert_eq!(counts, [exactly(129), exactly(124)]);
}

/// OpenAI's API reference, "Create chat completion" and "Create embeddings": 19 tokens of prompt, 10 of
/// completion; 8 of an embedding.
#[test]
fn the_examples_of_the_reference_come_to_what_they_were_billed() {
    let hello = request(vec![
        said(Role::Developer, "You are a helpful assistant."),
        said(Role::User, "Hello!"),
    ]);
    assert_eq!(counted_input(&hello, Tokenizer::O200kBase), exactly(19));
    let answer = Said::Text("Hello! How can I assist you today?");
    assert_eq!(counted_output([answer], 1, Tokenizer::O200kBase), exactly(10));
    let embed = |inputs| EmbedRequest {
        model: "m".to_owned(),
        inputs,
        dimensions: None,
        user: None,
        encoding: Encoding::Float,
    };
    let food = Inputs::Texts(vec!["The food was delicious and the waiter...".to_owned()]);
    assert_eq!(counted_embed(&embed(food), Tokenizer::Cl100kBase), exactly(8));
    let tokens = embed(Inputs::Tokens(vec![vec![1, 2, 3]]));
    let bound = Counted { tokens: embed_bound(&tokens), exact: false };
    assert_eq!(counted_embed(&tokens, Tokenizer::Cl100kBase), bound);
}

#[test]
fn what_is_framed_in_ways_that_nobody_published_is_a_bound_and_not_called_exact() {
    let plain = || request(vec![said(Role::User, "What is the weather like in Paris today?")]);
    let with = |change: fn(&mut ChatRequest)| {
        let mut request = plain();
        change(&mut request);
        request
    };
    let not_plain = [
        with(|r| r.tools = vec![Tool { name: "weather".to_owned(), ..Tool::default() }]),
        with(|r| r.format = Some(Format::JsonObject)),
        with(|r| r.prefill = true),
        with(|r| r.messages[0].content.push(Part::Text("And in Rome?".to_owned()))),
        with(|r| {
            let source = ImageSource::Url("https://example.com/a.png".to_owned());
            r.messages[0].content = vec![Part::Image(Image { source, detail: None })];
        }),
        with(|r| {
            let (id, name, arguments) = ("call_1".to_owned(), "f".to_owned(), "{}".to_owned());
            r.messages[0].tool_calls = vec![ToolCall { id, name, arguments }];
        }),
        with(|r| r.messages[0].role = Role::Tool),
        with(|r| r.messages[0].refusal = Some("No.".to_owned())),
        with(|r| drop(r.extra.insert("verbosity".to_owned(), json!("low")))),
        with(|r| drop(r.native.fields.insert("system".to_owned(), Value::Null))),
    ];
    let exact = counted_input(&plain(), Tokenizer::O200kBase);
    assert!(exact.exact);
    for request in not_plain {
        let counted = counted_input(&request, Tokenizer::O200kBase);
        assert!(!counted.exact && counted.tokens > exact.tokens, "{request:?}");
        assert!(counted.tokens < input_bound(&request), "{request:?}");
    }
    let silent = with(|r| drop(r.extra.insert("user".to_owned(), json!("ada"))));
    assert_eq!(counted_input(&silent, Tokenizer::O200kBase), exact);
    let call = [Said::Text("One moment."), Said::Call("weather", "{\"city\":\"Paris\"}")];
    let counted = counted_output(call, 1, Tokenizer::O200kBase);
    assert!(!counted.exact && counted.tokens > 16, "{counted:?}");
}

proptest! {
    #[test]
    fn no_count_is_beyond_the_bound_that_is_held_for(
        texts in prop::collection::vec("(\\PC|[ \n\r\ta-zA-Z0-9.,<|>]){0,60}", 0..4),
        name in prop::option::of("[a-z_]{1,12}"),
        is_plain in any::<bool>(),
    ) {
        let mut asked = request(texts.iter().map(|text| said(Role::User, text)).collect());
        if let Some(first) = asked.messages.first_mut() {
            first.name = name;
        }
        if !is_plain {
            asked.format = Some(Format::JsonObject);
        }
        for tokenizer in BOTH {
            let counted = counted_input(&asked, tokenizer);
            prop_assert_eq!(counted.exact, is_plain);
            prop_assert!(counted.tokens <= input_bound(&asked));
            let output = counted_output(texts.iter().map(|text| Said::Text(text)), 2, tokenizer);
            let bytes: usize = texts.iter().map(String::len).sum();
            prop_assert!(output.tokens <= u64::try_from(bytes).unwrap() + 2);
        }
    }
}
