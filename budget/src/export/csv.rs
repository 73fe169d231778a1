//! Exports as tables: RFC 4180, with a head.

use serde_json::Value;

use super::{Reading, Record, Source, Width, anthropic, fault, openai};
use crate::catalogue::Fault;

/// Reads every row; says whose they are.
pub(super) fn read(
    text: &str,
    width: Option<Width>,
    reading: &mut Reading,
) -> Result<Source, Fault> {
    let mut rows = Rows { rest: text, line: 1 };
    let head = rows.next_row()?.map(|(_, cells)| cells).unwrap_or_default();
    let head: Vec<String> = head.iter().map(|name| name.trim().to_owned()).collect();
    let has = |name: &str| head.iter().any(|known| known == name);
    if let Some(name) = head.iter().enumerate().find_map(|(index, name)| {
        let again = head.iter().skip(index.saturating_add(1)).any(|other| other == name);
        again.then_some(name)
    }) {
        let message = format!("the column `{name}` is there twice");
        return Err(fault("line 1", message, "export again"));
    }
    let source = if has("usage_date_utc") && has("usage_output_tokens") {
        Source::Anthropic
    } else if has("start_time") && has("end_time") && !has("amount_value") {
        Source::OpenAi
    } else {
        let cost = has("amount_value") || has("cost_usd");
        let message = if cost { "it is a table of costs" } else { "it is no export of usage" };
        let fix = "export the usage, not the cost: OpenAI's usage dashboard, view by activity, \
                   or the usage page of Anthropic's Console";
        return Err(fault("line 1", message, fix));
    };
    let needed: &[&str] = if source == Source::Anthropic { &anthropic::COLUMNS } else { &[] };
    if let Some(missing) = needed.iter().find(|name| !has(name)) {
        let message = format!("the column `{missing}` is missing");
        return Err(fault("line 1", message, "export the usage with all columns"));
    }
    let date = head.iter().position(|name| name == "usage_date_utc").unwrap_or_default();
    let width = match source {
        Source::OpenAi => None,
        Source::Anthropic => {
            let mut dates = Rows { ..rows };
            let mut minutes = false;
            while let Some((_, cells)) = dates.next_row()? {
                minutes |= cells.get(date).is_some_and(|date| anthropic::is_minute(date));
            }
            // A time between two full hours can only be a minute's.
            width.or(minutes.then_some(Width::Minute))
        }
    };
    while let Some((line, cells)) = rows.next_row()? {
        let place = format!("line {line}");
        if cells.len() != head.len() {
            let message = format!("it has {} cells, and the head has {}", cells.len(), head.len());
            return Err(fault(&place, message, "export again"));
        }
        let values = head.iter().cloned().zip(cells.into_iter().map(Value::String)).collect();
        let record = Record { place, values };
        match source {
            Source::OpenAi => openai::row(&record, reading)?,
            Source::Anthropic => anthropic::row(&record, width, reading)?,
        }
    }
    Ok(source)
}

/// What is left of a table.
struct Rows<'t> {
    rest: &'t str,
    line: usize,
}

impl Rows<'_> {
    /// The next row that is not empty, with the line that it begins on.
    fn next_row(&mut self) -> Result<Option<(usize, Vec<String>)>, Fault> {
        while !self.rest.is_empty() {
            let line = self.line;
            let cells = self.cells()?;
            if !matches!(cells.as_slice(), [only] if only.trim().is_empty()) {
                return Ok(Some((line, cells)));
            }
        }
        Ok(None)
    }

    /// The cells up to the end of the row, which is passed.
    fn cells(&mut self) -> Result<Vec<String>, Fault> {
        let (first, mut quoted) = (self.line, false);
        let (mut cells, mut cell) = (Vec::new(), String::new());
        let mut chars = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            self.line = self.line.saturating_add(usize::from(c == '\n'));
            match c {
                '"' if quoted && chars.next_if(|(_, next)| *next == '"').is_some() => {
                    cell.push('"')
                }
                '"' if quoted => quoted = false,
                c if quoted => cell.push(c),
                '"' if cell.is_empty() => quoted = true,
                ',' => cells.push(std::mem::take(&mut cell)),
                '\n' => {
                    end = at.saturating_add(1);
                    break;
                }
                '\r' => {}
                c => cell.push(c),
            }
        }
        if quoted {
            let place = format!("line {first}");
            return Err(fault(&place, "a quoted cell has no end", "export again"));
        }
        cells.push(cell);
        self.rest = self.rest.get(end..).unwrap_or_default();
        Ok(cells)
    }
}
