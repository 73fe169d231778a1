//! What is read of exports in every form.

use budget::{Export, Length, Source, Width, undated};
use types::{ServiceClass, Timestamp, answer::Usage};

use crate::samples::{ANTHROPIC_PAGE, ANTHROPIC_TABLE, OPENAI_PAGES, OPENAI_TABLE};

const DAY: i64 = 24 * 60 * 60;
/// 2026-11-01.
const FIRST: Timestamp = Timestamp(1_793_491_200_000_000);

fn read(text: &str) -> Export {
    Export::read(text, None).unwrap()
}

/// The days on which buckets begin, from the first of November on, and how many lines they have.
fn days(export: &Export) -> Vec<(i64, usize)> {
    let day = |bucket: &budget::Bucket| {
        assert_eq!(bucket.ends, bucket.starts.plus_seconds(DAY));
        ((bucket.starts.0 - FIRST.0) / (DAY * 1_000_000), bucket.lines.len())
    };
    export.buckets.iter().map(day).collect()
}

#[test]
fn pages_of_openai_may_stand_after_each_other_or_in_an_array() {
    let export = read(OPENAI_PAGES);
    assert_eq!((export.source, export.more), (Source::OpenAi, false));
    assert_eq!(days(&export), [(0, 1), (1, 0), (2, 2)]);
    let line = &export.buckets[0].lines[0];
    assert_eq!((line.model.as_str(), line.requests), ("gpt-4o-2024-08-06", Some(10)));
    assert_eq!(line.place, "page 0, data[0].results[0]");
    let usage = Usage { input: 59_200, cached: 5_760, output: 10_646, ..Usage::default() };
    assert_eq!((line.usage, line.length, &line.unpriced), (usage, Length::Unknown, &None));
    let [fast, batch] = export.buckets[2].lines.as_slice() else { panic!("{export:?}") };
    assert_eq!(fast.usage.class, ServiceClass::Priority);
    // Audio from the cache is counted beside other audio.
    assert_eq!((batch.usage.audio_input, batch.usage.cached_audio), (48, 8));
    assert_eq!((batch.usage.class, &batch.unpriced), (ServiceClass::Batch, &None));
    let array = format!("[{}]", OPENAI_PAGES.replacen("}\n{\n  \"object\"", "},\n{\"object\"", 1));
    assert_eq!(read(&array), export);
    let first = OPENAI_PAGES.split("\n{").next().unwrap();
    assert!(read(first).more);
}

#[test]
fn the_dashboards_table_says_the_same() {
    let export = read(OPENAI_TABLE);
    assert_eq!((export.source, days(&export)), (Source::OpenAi, vec![(0, 1), (1, 0), (2, 1)]));
    let line = &export.buckets[0].lines[0];
    let page = &read(OPENAI_PAGES).buckets[0].lines[0];
    assert_eq!((line.usage, line.requests), (page.usage, page.requests));
    assert_eq!(line.place, "line 2");
    assert_eq!(export.buckets[2].lines[0].usage.class, ServiceClass::Batch);
    // An export of days on which nothing was used has no other columns.
    let empty = read("start_time,end_time,start_time_iso,end_time_iso\n1793491200,1793577600,,\n");
    assert_eq!(days(&empty), [(0, 0)]);
}

#[test]
fn anthropic_counts_plain_input_reads_and_writes_apart() {
    let export = read(ANTHROPIC_PAGE);
    assert_eq!((export.source, days(&export)), (Source::Anthropic, vec![(0, 2), (1, 0)]));
    let [line, fast] = export.buckets[0].lines.as_slice() else { panic!("{export:?}") };
    let usage = Usage {
        input: 3_200,
        cached: 200,
        cache_write: 1_500,
        cache_write_1h: 1_000,
        output: 500,
        searches: 10,
        ..Usage::default()
    };
    assert_eq!((line.usage, line.length, &line.unpriced), (usage, Length::UpTo(200_000), &None));
    assert_eq!((fast.usage.class, fast.length), (ServiceClass::Batch, Length::Above(200_000)));
    assert_eq!(fast.unpriced.as_deref(), Some("the speed `fast` has no price of its own"));
    let table = read(ANTHROPIC_TABLE);
    assert_eq!((table.source, days(&table)), (Source::Anthropic, vec![(0, 2)]));
    let [row, abroad] = table.buckets[0].lines.as_slice() else { panic!("{table:?}") };
    assert_eq!((row.usage, row.length), (usage, Length::UpTo(200_000)));
    assert_eq!(abroad.unpriced.as_deref(), Some("inference in `us` has no price of its own"));
}

#[test]
fn a_name_without_its_date_is_the_model() {
    for (dated, plain) in [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("claude-opus-4-5", "claude-opus-4-5"),
        ("gpt-4-0613", "gpt-4-0613"),
        ("gpt-4o-24-08-06", "gpt-4o-24-08-06"),
        ("-20250514", "-20250514"),
        ("20250514", "20250514"),
        ("modéle-2024-08-06", "modéle"),
        ("é-2024-8-06", "é-2024-8-06"),
        ("", ""),
    ] {
        assert_eq!(undated(dated), plain, "{dated}");
    }
}

#[track_caller]
fn lasts(dates: &[&str], width: Option<Width>, seconds: &[i64]) {
    let head = ANTHROPIC_TABLE.lines().next().unwrap();
    let row = |date: &&str| format!("{date},m,k,w,standard,≤ 200k,1,0,0,0,1,0,,\n");
    let rows: String = dates.iter().map(row).collect();
    let export = Export::read(&format!("{head}\n{rows}"), width).unwrap();
    let length = |bucket: &budget::Bucket| (bucket.ends.0 - bucket.starts.0) / 1_000_000;
    assert_eq!(export.buckets.iter().map(length).collect::<Vec<_>>(), seconds, "{dates:?}");
}

#[test]
fn a_date_is_a_day_and_a_time_what_it_can_only_be() {
    lasts(&["2026-11-01", "2026-11-03"], None, &[DAY, DAY]);
    lasts(&["2026-11-01 02:00", "2026-11-01 02:07"], None, &[60, 60]);
    lasts(&["2026-11-01 02:00", "2026-11-01 03:00"], Some(Width::Hour), &[3_600, 3_600]);
    lasts(&["2026-11-01T02:00:00Z"], Some(Width::Minute), &[60]);
}
