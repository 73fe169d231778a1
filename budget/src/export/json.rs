//! Exports as the pages of an API: one page, several after each other, or an array of pages.

use serde_json::{Map, Value};

use super::{
    EXPORT_OBJECTS_MAX, EXPORT_VALUES_MAX, Reading, Record, Source, anthropic, fault, openai,
};
use crate::catalogue::Fault;

/// Reads every page; says whose they are and whether there are more.
pub(super) fn read(text: &str, reading: &mut Reading) -> Result<(Source, bool), Fault> {
    bounded(text)?;
    let (mut source, mut more, mut number) = (None, false, 0_usize);
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let document = document.map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            fault(&place, "it is not JSON", "export again; pages may stand after each other")
        })?;
        let pages = match document {
            Value::Array(pages) => pages,
            page => vec![page],
        };
        for page in pages {
            let place = format!("page {number}");
            number = number.saturating_add(1);
            let (of, goes_on) = read_page(&place, page, reading)?;
            if of.is_some() && source.is_some() && source != of {
                let fix = "reconcile each provider's export by itself";
                return Err(fault(&place, "it is of another provider than those before", fix));
            }
            source = source.or(of);
            more = goes_on;
        }
    }
    let fix = "export a stretch of time with at least one bucket";
    let source = source.ok_or_else(|| fault("the file", "it has no bucket", fix))?;
    Ok((source, more))
}

/// Refuses what has more values or objects than fit in memory. Each but the first of an array or object
/// has a comma before it.
fn bounded(text: &str) -> Result<(), Fault> {
    let (mut quoted, mut escaped) = (false, false);
    let (mut values, mut objects) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => (values, objects) = (values.saturating_add(1), objects.saturating_add(1)),
            b'[' | b',' => values = values.saturating_add(1),
            _ => {}
        }
    }
    let most = [(values, EXPORT_VALUES_MAX, "values"), (objects, EXPORT_OBJECTS_MAX, "objects")];
    match most.into_iter().find(|(count, most, _)| count > most) {
        Some((_, most, what)) => {
            let message = format!("it has more than {most} {what}");
            Err(fault("the file", message, "export fewer days at a time"))
        }
        None => Ok(()),
    }
}

fn read_page(
    place: &str,
    page: Value,
    reading: &mut Reading,
) -> Result<(Option<Source>, bool), Fault> {
    let fix = "export `/v1/organization/usage/completions` of OpenAI or \
               `/v1/organizations/usage_report/messages` of Anthropic";
    let Value::Object(mut page) = page else {
        return Err(fault(place, "it is no page of an API", fix));
    };
    if let Some(error) = page.get("error") {
        let message = format!("it is an error of the provider: {error}");
        return Err(fault(place, message.chars().take(300).collect::<String>(), "ask again"));
    }
    let more = page.get("has_more").and_then(Value::as_bool).unwrap_or(false);
    let Some(Value::Array(buckets)) = page.remove("data") else {
        return Err(fault(place, "it has no `data`", fix));
    };
    let mut source = None;
    for (index, bucket) in buckets.into_iter().enumerate() {
        let place = format!("{place}, data[{index}]");
        let Value::Object(mut bucket) = bucket else {
            return Err(fault(&place, "it is no bucket", fix));
        };
        let of = match (bucket.contains_key("start_time"), bucket.contains_key("starting_at")) {
            (true, false) => Source::OpenAi,
            (false, true) => Source::Anthropic,
            _ => return Err(fault(&place, "it is no bucket of usage", fix)),
        };
        source = Some(of);
        let span = match of {
            Source::OpenAi => openai::span(&place, &bucket)?,
            Source::Anthropic => anthropic::span(&place, &bucket)?,
        };
        reading.bucket(&place, span)?;
        let Some(Value::Array(results)) = bucket.remove("results") else {
            return Err(fault(&place, "it has no `results`", fix));
        };
        for (index, result) in results.into_iter().enumerate() {
            let place = format!("{place}.results[{index}]");
            let Value::Object(result) = result else {
                return Err(fault(&place, "it is no result", fix));
            };
            let record = Record { place, values: flat(result) };
            let (identity, line) = match of {
                Source::OpenAi => openai::line(&record)?,
                Source::Anthropic => anthropic::of_api(&record)?,
            };
            reading.line(span, &identity, line)?;
        }
    }
    Ok((source, more))
}

/// The values of an object, those of objects within it by joined names.
fn flat(object: Map<String, Value>) -> Vec<(String, Value)> {
    let mut values = Vec::new();
    for (name, value) in object {
        match value {
            Value::Object(within) => {
                values.extend(flat(within).into_iter().map(|(n, v)| (format!("{name}.{n}"), v)));
            }
            value => values.push((name, value)),
        }
    }
    values
}
