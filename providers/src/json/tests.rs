use proptest::prelude::*;
use serde_json::Value;

use super::*;

#[track_caller]
fn refused(text: impl AsRef<[u8]>, kind: FaultKind, position: usize) {
    let fault = check(text.as_ref(), DEPTH_MAX).unwrap_err();
    assert_eq!((fault.kind, fault.position), (kind, position));
}

#[test]
fn strict_json_passes() {
    for text in [
        "null",
        " [] ",
        "{}",
        "-0.5e+10",
        "\"\\ud83d\\ude00\"",
        "[1,[2,{\"a\":[]}]]",
        "{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
        "\"\u{7f}\u{1F600} a long enough text\"",
    ] {
        assert_eq!(check(text.as_bytes(), DEPTH_MAX), Ok(()), "{text}");
    }
}

#[test]
fn what_parsers_disagree_about_is_refused() {
    refused("", FaultKind::End, 0);
    refused("{\"a\":1,\"a\":2}", FaultKind::DuplicateKey, 7);
    refused("{\"a\":1,\"\\u0061\":2}", FaultKind::DuplicateKey, 7);
    refused("[{\"x\":{\"k\":1,\"k\":1}}]", FaultKind::DuplicateKey, 13);
    refused("{} x", FaultKind::Trailing, 3);
    refused("\"\\ud800\"", FaultKind::Surrogate, 1);
    refused("\"\\udc00\\ud800\"", FaultKind::Surrogate, 1);
    refused("\"\\ud800\\u0041\"", FaultKind::Surrogate, 1);
    refused(b"[\"\xff\"]", FaultKind::Utf8, 2);
    refused("\"a\nb\"", FaultKind::Control, 2);
    refused("[01]", FaultKind::Number, 3);
    refused("[1.]", FaultKind::Number, 3);
    refused("[1,]", FaultKind::Syntax, 3);
    refused("{\"a\":1,}", FaultKind::Syntax, 7);
    refused("[\"\\x\"]", FaultKind::Escape, 3);
    refused("NaN", FaultKind::Syntax, 0);
    refused("\u{feff}{}", FaultKind::Syntax, 0);
    refused("[1", FaultKind::End, 2);
}

#[test]
fn depth_keys_and_values_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check(nested(64).as_bytes(), 64), Ok(()));
    refused(nested(65), FaultKind::Depth, 64);
    refused("[".repeat(1_000_000), FaultKind::Depth, 64);
    let keys: Vec<_> = (0..=KEYS_MAX).map(|key| format!("\"{key}\":0")).collect();
    let fault = check(format!("{{{}}}", keys.join(",")).as_bytes(), 64).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Keys);
    let fault = check(format!("[{}0]", "0,".repeat(VALUES_MAX)).as_bytes(), 64).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Values);
}

#[test]
fn a_duplicate_is_found_among_many_keys() {
    let mut keys: Vec<_> = (0..40).map(|key| format!("\"{key}\":{{\"{key}\":0}}")).collect();
    assert_eq!(check(format!("{{{}}}", keys.join(",")).as_bytes(), 64), Ok(()));
    keys.push("\"3\":0".to_owned());
    let fault = check(format!("{{{}}}", keys.join(",")).as_bytes(), 64).unwrap_err();
    assert_eq!(fault.kind, FaultKind::DuplicateKey);
}

#[test]
fn a_fault_names_the_place_and_not_the_content() {
    let fault = check(b"{\n  \"secret\": 1,\n  \"secret\": 2}", 64).unwrap_err();
    assert_eq!(fault.to_string(), "duplicate key at line 3, column 3 (byte 19)");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..20)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_that_serde_json_prints_passes(value in any_json()) {
        prop_assert_eq!(check(value.to_string().as_bytes(), 64), Ok(()));
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(check(pretty.as_bytes(), 64), Ok(()));
    }

    #[test]
    fn what_passes_is_read_by_serde_json(
        text in "[\\[\\]{}\",:0-9.eE+\\\\ntrulfasd \u{e9}-]{0,24}"
    ) {
        let huge = |e: serde_json::Error| e.to_string().contains("out of range");
        if check(text.as_bytes(), 64).is_ok() {
            let read = serde_json::from_str::<Value>(&text);
            prop_assert!(read.is_ok() || read.is_err_and(huge), "{}", text);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = check(&bytes, 64);
    }
}
