//! What is refused of exports, with its place and what to do.

use budget::{EXPORT_BYTES_MAX, Export, Width};
use proptest::{prelude::*, sample::Index};

use crate::samples::{ANTHROPIC_PAGE, ANTHROPIC_TABLE, OPENAI_PAGES, OPENAI_TABLE};

#[track_caller]
fn check(text: &str, expected: &str) {
    let fault = Export::read(text, None).unwrap_err().to_string();
    assert!(fault.starts_with(expected), "{fault}");
    assert!(fault.contains("; "), "it does not say what to do: {fault}");
}

#[track_caller]
fn changed(sample: &str, from: &str, to: &str, expected: &str) {
    assert!(sample.contains(from), "`{from}` is not in the sample");
    check(&sample.replacen(from, to, 1), expected);
}

#[test]
fn a_count_of_something_unknown_is_refused_and_a_word_is_not() {
    let known = "\"input_image_tokens\": 0";
    let place =
        "page 0, data[0].results[0], `input_video_tokens`: 7 of something that this version";
    changed(OPENAI_PAGES, known, "\"input_video_tokens\": 7", place);
    let place = "page 0, data[0].results[0], `surcharge`: 0.5 of something";
    changed(OPENAI_PAGES, known, "\"surcharge\": 0.5", place);
    for harmless in ["\"input_video_tokens\": 0", "\"colour\": \"red\"", "\"x_tokens\": null"] {
        Export::read(&OPENAI_PAGES.replacen(known, harmless, 1), None).unwrap();
    }
    let searches = "\"web_search_requests\": 10";
    let both = "\"web_search_requests\": 10, \"code_execution_requests\": 1";
    let place = "page 0, data[0].results[0], `server_tool_use.code_execution_requests`: 1 of";
    changed(ANTHROPIC_PAGE, searches, both, place);
    let more = OPENAI_TABLE.replacen("output_image_tokens", "output_image_tokens,video_tokens", 1);
    let more = more.replace("\r\n", ",5\r\n").replacen(",5\r\n", "\r\n", 1);
    check(&more, "line 2, `video_tokens`: \"5\" of something");
    // An id may look like a number.
    Export::read(&more.replace("video_tokens", "organization_id"), None).unwrap();
}

#[test]
fn a_count_that_is_none_is_refused() {
    let place = "page 0, data[0].results[0], `input_tokens`:";
    changed(OPENAI_PAGES, "59200", "-1", &format!("{place} `-1` is no count"));
    changed(OPENAI_PAGES, "59200", "59200.5", &format!("{place} `59200.5` is no count"));
    changed(OPENAI_PAGES, "\"input_tokens\": 59200,", "", &format!("{place} it is missing"));
    let place = "line 2, `output_tokens`:";
    changed(OPENAI_TABLE, "10646.0", "10e3", &format!("{place} `\"10e3\"` is no count"));
    changed(OPENAI_TABLE, "10646.0", "", &format!("{place} it is missing"));
    let place = "line 2, `usage_input_tokens_cache_write_1h`:";
    changed(ANTHROPIC_TABLE, "500,1000", "500,1k", &format!("{place} `\"1k\"` is no count"));
    let cached = "page 0, data[0].results[0], `input_cached_tokens`: more came from the cache";
    changed(
        OPENAI_PAGES,
        "\"input_cached_tokens\": 5760",
        "\"input_cached_tokens\": 59201",
        cached,
    );
}

/// What is not there would count as nothing, and the difference be credited.
#[test]
fn an_export_without_what_went_through_the_cache_is_refused() {
    let place = "page 0, data[0].results[0], `cache_read_input_tokens`: it is missing";
    changed(ANTHROPIC_PAGE, "\"cache_read_input_tokens\": 200, ", "", place);
    changed(
        ANTHROPIC_PAGE,
        "cache_read_input_tokens\": 200",
        "cache_read_input_tokens\": null",
        place,
    );
    let place =
        "page 0, data[0].results[0], `cache_creation.ephemeral_1h_input_tokens`: it is missing";
    changed(ANTHROPIC_PAGE, "\"ephemeral_1h_input_tokens\": 1000, ", "", place);
    let place =
        "page 0, data[0].results[0], `cache_creation.ephemeral_5m_input_tokens`: it is missing";
    changed(ANTHROPIC_PAGE, ", \"ephemeral_5m_input_tokens\": 500", "", place);
    for name in ["no_cache", "cache_write_5m", "cache_write_1h", "cache_read"] {
        let name = format!("usage_input_tokens_{name}");
        let place = format!("line 1: the column `{name}` is missing");
        changed(ANTHROPIC_TABLE, &name, "a_word", &place);
    }
}

/// Each of these would take a hundred times its length in memory.
#[test]
fn a_file_of_more_values_than_fit_in_memory_is_refused() {
    check(&format!("[{}]", "0,".repeat(1_000_001)), "the file: it has more than 1000000 values");
    check(&format!("[{}]", "{},".repeat(250_001)), "the file: it has more than 250000 objects");
    let nested = "{\"\":{\"\":".repeat(125_001);
    check(&nested, "the file: it has more than 250000 objects");
    // Within a text they are none.
    let word = format!("\"new_word\": \"\\\"{}\"", "{,".repeat(1_000_001));
    let known = "\"new_word\": \"unheard of\"";
    Export::read(&OPENAI_PAGES.replacen(known, &word, 1), None).unwrap();
}

#[test]
fn an_export_must_be_grouped_by_model() {
    let place = "page 0, data[0].results[0], `model`: no model is named";
    changed(OPENAI_PAGES, "\"gpt-4o-2024-08-06\"", "null", place);
    changed(OPENAI_TABLE, "gpt-4o-2024-08-06", "", "line 2, `model`: no model is named");
    changed(ANTHROPIC_PAGE, "\"claude-opus-4-5-20251101\"", "null", place);
    let place = "line 2, `model_version`: no model is named";
    changed(ANTHROPIC_TABLE, "claude-opus-4-5-20251101", "", place);
}

#[test]
fn what_would_count_double_is_refused() {
    let page = OPENAI_PAGES.split("\n{").next().unwrap();
    let twice = "page 1, data[0].results[0]: the file has this result twice";
    check(&format!("{page}\n{page}"), twice);
    // Asked for again later, the same bucket may say more: that is no other result.
    check(&format!("{page}\n{}", page.replace("59200", "59300")), twice);
    let rows = ANTHROPIC_TABLE.lines().nth(1).unwrap();
    check(&format!("{ANTHROPIC_TABLE}{rows}\n"), "line 4: the file has this result twice");
    let within = "1793577600, \"end_time\": 1793664000";
    let hour = "1793491200, \"end_time\": 1793494800";
    let place = "the bucket of 2026-11-01T00:00:00.000000Z: it begins before the one of";
    changed(OPENAI_PAGES, within, hour, place);
}

#[test]
fn what_is_no_export_of_usage_is_refused() {
    check("", "line 1: it is no export of usage");
    check("a,b\n1,2\n", "line 1: it is no export of usage");
    check("start_time,end_time,amount_value\n", "line 1: it is a table of costs");
    check("usage_date_utc,model,cost_usd\n", "line 1: it is a table of costs");
    check("start_time,end_time,model,model\n", "line 1: the column `model` is there twice");
    check("{\"object\": \"page\"", "line 1, column 17: it is not JSON");
    check("{}", "page 0: it has no `data`");
    check("[7]", "page 0: it is no page of an API");
    check("{\"data\": []}", "the file: it has no bucket");
    check("{\"error\": {\"message\": \"no\"}}", "page 0: it is an error of the provider");
    check("{\"data\": [{}]}", "page 0, data[0]: it is no bucket of usage");
    check(
        "{\"data\": [{\"start_time\": 1, \"end_time\": 2}]}",
        "page 0, data[0]: it has no `results`",
    );
    let object = "organization.usage.embeddings.result";
    let place =
        "page 0, data[0].results[0], `object`: `organization.usage.embeddings.result` is no";
    changed(OPENAI_PAGES, "organization.usage.completions.result", object, place);
    check(
        &format!("{OPENAI_PAGES}{ANTHROPIC_PAGE}"),
        "page 2: it is of another provider than those before",
    );
    check(&" ".repeat(EXPORT_BYTES_MAX + 1), "the file: it is longer than");
}

#[test]
fn a_bucket_without_its_times_is_refused() {
    let place = "page 0, data[0], `end_time`: it is missing or no time";
    changed(OPENAI_PAGES, ", \"end_time\": 1793577600", "", place);
    changed(OPENAI_PAGES, "1793577600", "1793491200", "page 0, data[0]: it goes from second");
    changed(OPENAI_PAGES, "1793577600", "999999999999999", "page 0, data[0]: it goes from second");
    changed(ANTHROPIC_PAGE, "2026-11-02T00", "soon", "page 0, data[0], `ending_at`: `soon:00:00Z`");
    changed(OPENAI_TABLE, "1793577600,2026", "x,2026", "line 2, `end_time`: `\"x\"` is no count");
    changed(ANTHROPIC_TABLE, "2026-11-01", "yesterday", "line 2, `usage_date_utc`: `yesterday`");
    let place = "line 2, `usage_date_utc`: `2026-11-01 02:00` may be an hour or a minute";
    changed(ANTHROPIC_TABLE, "2026-11-01", "2026-11-01 02:00", place);
}

proptest! {
    /// Whatever the file, it is read or refused, in bounded time.
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,300}", at in any::<Index>(), cut in 0_usize..40) {
        let _ = Export::read(&text, None);
        for sample in [OPENAI_PAGES, OPENAI_TABLE, ANTHROPIC_PAGE, ANTHROPIC_TABLE] {
            let chars: Vec<char> = sample.chars().collect();
            let from = at.index(chars.len());
            let to = chars.len().min(from + cut);
            let damaged: String =
                chars[..from].iter().copied().chain(text.chars()).chain(chars[to..].iter().copied()).collect();
            let _ = Export::read(&damaged, Some(Width::Hour));
        }
    }
}

#[test]
fn a_damaged_table_is_refused_with_its_line() {
    changed(OPENAI_TABLE, ",proj_a", "", "line 2: it has 23 cells, and the head has 24");
    changed(OPENAI_TABLE, "\"a, \"\"b\"\"\"", "\"a", "line 4: a quoted cell has no end");
}
