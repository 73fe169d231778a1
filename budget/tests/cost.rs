//! Bounds and costs: the bound is never below the cost, and a cost is rounded up once.

#[cfg(test)]
mod tests {
    use budget::{
        Catalogue, IMAGE_TOKENS_MAX, Price, Rates, Tier, affordable_output, bound, cost,
        input_bound, input_bound_with, saved, unpriced_field,
    };
    use proptest::{collection::vec, prelude::*};
    use types::{
        MoneyError, Nanos, NanosPerMillion, Timestamp,
        answer::Usage,
        chat::{ChatRequest, Format, Image, ImageSource, Message, Part, Role, Tool, ToolCall},
    };

    const NOW: Timestamp = Timestamp(1_795_300_000_000_000);

    fn rates() -> impl Strategy<Value = Rates> {
        prop::array::uniform7(0_i64..200_000_000_000).prop_map(|rates| {
            let [input, cached_input, cache_write, audio_input, output, reasoning, audio_output] =
                rates.map(NanosPerMillion);
            Rates { input, cached_input, cache_write, audio_input, output, reasoning, audio_output }
        })
    }

    prop_compose! {
        fn price()(
            rates in rates(),
            mut tiers in vec((1_u64..300_000, rates()), 0..3),
            request in 0_i64..10_000_000,
        ) -> Price {
            tiers.sort_by_key(|(above, _)| *above);
            let tiers = tiers.into_iter().map(|(above_tokens, rates)| Tier { above_tokens, rates });
            Price { id: "p/m@d".into(), rates, tiers: tiers.collect(), request: Nanos(request) }
        }
    }

    /// Any usage within the limits, its parts well formed or not.
    fn usage(input: u64, output: u64) -> impl Strategy<Value = Usage> {
        (0..=input, 0..=input, 0..=input, 0..=input, 0..=output, 0..=output, 0..=output).prop_map(
            |(input, cached, cache_write, audio_input, output, reasoning, audio_output)| Usage {
                input,
                cached,
                cache_write,
                audio_input,
                output,
                reasoning,
                audio_output,
                counted: false,
            },
        )
    }

    fn limits_and_usage() -> impl Strategy<Value = (u64, u64, u32, Usage)> {
        (0_u64..400_000, 0_u64..20_000, 1_u32..5).prop_flat_map(|(input, output, choices)| {
            usage(input, output * u64::from(choices))
                .prop_map(move |usage| (input, output, choices, usage))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_bound_is_never_below_a_cost_within_its_limits(
            price in price(),
            (input, output, choices, usage) in limits_and_usage(),
        ) {
            let bound = bound(&price, input, output, choices).unwrap();
            let cost = cost(&price, &usage).unwrap();
            prop_assert!(bound >= cost, "{} < {}", bound, cost);
        }

        #[test]
        fn what_is_charged_is_at_least_the_exact_cost_and_less_than_a_nano_more(
            price in price(),
            parts in prop::array::uniform7(0_u64..200_000),
        ) {
            let [plain, cached, cache_write, audio_input, said, reasoning, audio_output] = parts;
            let input = plain + cached + cache_write + audio_input;
            let output = said + reasoning + audio_output;
            let usage = Usage {
                input, cached, cache_write, audio_input, output, reasoning, audio_output, counted: false,
            };
            let r = price.rates_at(input);
            let rates = [
                r.input, r.cached_input, r.cache_write, r.audio_input, r.output, r.reasoning, r.audio_output,
            ];
            // In millionths of a nano-dollar there is nothing to round.
            let pairs = parts.iter().zip(rates);
            let exact: i128 = pairs.map(|(tokens, rate)| i128::from(*tokens) * i128::from(rate.0)).sum();
            let exact = exact + i128::from(price.request.0) * 1_000_000;
            let charged = i128::from(cost(&price, &usage).unwrap().0) * 1_000_000;
            prop_assert!(exact <= charged && charged < exact + 1_000_000);
        }

        #[test]
        fn the_affordable_output_is_the_largest_that_fits(
            price in price(),
            input in 0_u64..400_000,
            choices in 1_u32..5,
            room in 0_i64..200_000_000_000,
        ) {
            let room = Nanos(room);
            let fits = |tokens: u64| bound(&price, input, tokens, choices).is_ok_and(|cost| cost <= room);
            match affordable_output(&price, input, choices, room) {
                Some(tokens) => prop_assert!(tokens > 0 && fits(tokens) && !fits(tokens + 1)),
                None => prop_assert!(!fits(1)),
            }
        }
    }

    /// Every model that ships, at sizes around the tiers' edges and with every kind of token.
    #[test]
    fn the_bound_holds_for_every_row_of_the_catalogue() {
        let catalogue = Catalogue::builtin();
        let mut cases = 0;
        for provider in catalogue.providers() {
            for entry in catalogue.models(provider, NOW) {
                let mut inputs = vec![0, 1, 999_999];
                inputs.extend(entry.price.tiers.iter().flat_map(|tier| {
                    [tier.above_tokens - 1, tier.above_tokens, tier.above_tokens + 1]
                }));
                for input in inputs {
                    let reserved = bound(&entry.price, input, 777, 1).unwrap();
                    let base = Usage { input, output: 777, ..Usage::default() };
                    for usage in [
                        base,
                        Usage { cached: input, ..base },
                        Usage { cache_write: input, reasoning: 777, ..base },
                        Usage { audio_input: input, audio_output: 777, ..base },
                    ] {
                        assert!(
                            cost(&entry.price, &usage).unwrap() <= reserved,
                            "{}",
                            entry.price.id
                        );
                        cases += 1;
                    }
                }
            }
        }
        assert!(cases >= 300, "only {cases} cases");
    }

    #[test]
    fn a_bound_that_forgot_cache_writes_would_be_caught() {
        let catalogue = Catalogue::builtin();
        let price = catalogue.price("anthropic", "claude-opus-4-5", NOW).unwrap();
        let mut forgetful = price.clone();
        forgetful.rates.cache_write = forgetful.rates.input;
        let usage = Usage { input: 1_000, cache_write: 1_000, ..Usage::default() };
        assert!(cost(price, &usage).unwrap() > bound(&forgetful, 1_000, 0, 1).unwrap());
    }

    #[test]
    fn a_cache_saves_what_plain_input_would_have_cost_more() {
        let mut price = Price::flat("p/m@d", NanosPerMillion(3_000_000), NanosPerMillion(9));
        let usage = |cached| Usage { input: 1_000, cached, output: 10, ..Usage::default() };
        // The cache costs as much.
        assert_eq!(saved(&price, &usage(800)), Nanos::ZERO);
        price.rates.cached_input = NanosPerMillion(1_000_000);
        assert_eq!(saved(&price, &usage(0)), Nanos::ZERO);
        assert_eq!(saved(&price, &usage(800)), Nanos(1_600));
        // A provider that says more than there was saved no more than all.
        assert_eq!(saved(&price, &usage(9_999)), Nanos(2_000));
        price.rates.cached_input = NanosPerMillion(5_000_000);
        assert_eq!(saved(&price, &usage(800)), Nanos::ZERO);
    }

    #[test]
    fn a_fraction_of_a_nano_is_charged_whole() {
        let price = Price::flat("p", NanosPerMillion(1), NanosPerMillion(1));
        let one = Usage { input: 1, ..Usage::default() };
        assert_eq!(cost(&price, &one), Ok(Nanos(1)));
        assert_eq!(cost(&price, &Usage::default()), Ok(Nanos(0)));
        let million = Usage { input: 500_000, output: 500_000, ..Usage::default() };
        assert_eq!(cost(&price, &million), Ok(Nanos(1)));
    }

    #[test]
    fn a_free_price_costs_nothing_and_affords_anything() {
        let price = Price::free();
        assert_eq!(bound(&price, u64::MAX, u64::MAX, u32::MAX), Ok(Nanos(0)));
        assert_eq!(affordable_output(&price, 1_000, 1, Nanos(0)), Some(u64::MAX));
    }

    #[test]
    fn a_bound_beyond_nine_billion_dollars_is_an_error() {
        let price = Price::flat("p", NanosPerMillion(i64::MAX), NanosPerMillion(i64::MAX));
        assert_eq!(bound(&price, u64::MAX, u64::MAX, u32::MAX), Err(MoneyError::Overflow));
        assert_eq!(affordable_output(&price, u64::MAX, 1, Nanos(i64::MAX)), None);
    }

    fn message(content: Vec<Part>) -> Message {
        Message {
            role: Role::User,
            name: None,
            content,
            tool_calls: Vec::new(),
            tool_call_id: None,
            refusal: None,
        }
    }

    fn request(messages: Vec<Message>) -> ChatRequest {
        ChatRequest { model: "m".into(), messages, choices: 1, ..ChatRequest::default() }
    }

    #[test]
    fn every_byte_counts_as_a_token() {
        let none = input_bound(&request(vec![message(vec![Part::Text(String::new())])]));
        let text = "Grüße, 世界".repeat(100);
        let some = input_bound(&request(vec![message(vec![Part::Text(text.clone())])]));
        assert_eq!(some - none, text.len() as u64);
    }

    #[test]
    fn an_image_counts_the_same_by_address_and_as_data() {
        let image =
            |source| request(vec![message(vec![Part::Image(Image { source, detail: None })])]);
        let url = image(ImageSource::Url("https://example.org/a.png".into()));
        let (media_type, base64) = ("image/png".into(), "A".repeat(1_000_000));
        let data = image(ImageSource::Data { media_type, base64 });
        assert_eq!(input_bound(&url), input_bound(&data));
        assert_eq!(input_bound(&url) - input_bound_with(&url, 0), IMAGE_TOKENS_MAX);
    }

    type Change = fn(&mut ChatRequest);

    fn long() -> String {
        "x".repeat(5_000)
    }

    fn json() -> serde_json::Value {
        serde_json::json!({ "type": "object", "description": long() })
    }

    #[test]
    fn every_field_that_reaches_the_model_raises_the_bound() {
        let base = request(vec![message(vec![Part::Text("hello".into())])]);
        let changes: [(&str, Change); 9] = [
            ("text", |request| request.messages[0].content.push(Part::Text(long()))),
            ("name", |request| request.messages[0].name = Some(long())),
            ("refusal", |request| request.messages[0].refusal = Some(long())),
            ("tool result", |request| request.messages[0].tool_call_id = Some(long())),
            ("tool call", |request| {
                let call = ToolCall { id: "c".into(), name: "f".into(), arguments: long() };
                request.messages[0].tool_calls.push(call);
            }),
            ("tool", |request| {
                let (name, parameters) = ("f".into(), Some(json()));
                request.tools.push(Tool { name, description: None, parameters, strict: None });
            }),
            ("tool description", |request| {
                let (name, description) = ("f".into(), Some(long()));
                request.tools.push(Tool { name, description, parameters: None, strict: None });
            }),
            ("schema", |request| {
                let (name, schema) = ("s".into(), Some(json()));
                request.format =
                    Some(Format::JsonSchema { name, description: None, schema, strict: None });
            }),
            ("extra", |request| {
                request.extra.insert("functions".into(), json());
            }),
        ];
        for (what, change) in changes {
            let mut changed = base.clone();
            change(&mut changed);
            assert!(input_bound(&changed) >= input_bound(&base) + 5_000, "{what}");
        }
    }

    #[track_caller]
    fn check_unpriced(field: &str, value: serde_json::Value, expected: Option<&str>) {
        let mut request = request(Vec::new());
        request.extra.insert(field.into(), value);
        assert_eq!(unpriced_field(&request), expected);
    }

    #[test]
    fn a_field_that_costs_beyond_the_bound_is_named() {
        use serde_json::json;
        check_unpriced("service_tier", json!("priority"), Some("service_tier"));
        check_unpriced("service_tier", json!("auto"), None);
        check_unpriced("service_tier", json!(null), None);
        check_unpriced("web_search_options", json!({}), Some("web_search_options"));
        check_unpriced("modalities", json!(["text"]), None);
        check_unpriced("modalities", json!(["text", "audio"]), Some("modalities"));
        check_unpriced("logprobs", json!(true), None);
    }
}
