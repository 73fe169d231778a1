//! Visits a request's fields in order, each under a place of its own.

use std::collections::BTreeMap;

use types::chat::ChatRequest;

/// Like [`ChatRequest::visit_text`], but two fields never share a place: the keys of JSON values
/// may contain dots, so `{"a.b": _}` and `{"a": {"b": _}}` read alike. The second one gets `#2`.
/// Places of messages are built from indices only and need no such care.
pub(crate) fn fields(request: &mut ChatRequest, mut visit: impl FnMut(&str, &mut String)) {
    let mut seen = BTreeMap::<String, usize>::new();
    request.visit_text(|place, text| {
        if place.starts_with("messages[") {
            return visit(place, text);
        }
        let count = seen.entry(place.to_owned()).or_default();
        *count += 1;
        match *count {
            1 => visit(place, text),
            again => visit(&format!("{place}#{again}"), text),
        }
    });
}
