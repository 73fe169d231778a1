//! Reading tools, the choice of a tool, and the form of the answer.

use serde_json::value::RawValue;
use types::chat::{Format, Tool, ToolChoice};

use crate::{
    params,
    params::{Fields, Path, Read},
};

/// The most tools of one request.
const TOOLS_MAX: usize = 128;

pub(super) fn tools(path: &Path<'_>, raw: &RawValue) -> Read<Vec<Tool>> {
    let items = params::objects(path, raw)?;
    if items.len() > TOOLS_MAX {
        return Err(path.refuse(&format!("must have at most {TOOLS_MAX} tools")));
    }
    items.into_iter().enumerate().map(|(i, fields)| tool(&path.item(i), fields)).collect()
}

fn tool(path: &Path<'_>, mut fields: Fields<'_>) -> Read<Tool> {
    let problem = "must be `function`: tools that the provider runs are not supported";
    function(path, &mut fields, problem)?;
    let tool = Tool {
        name: fields.need(path, "name", |path, raw| params::name(path, raw, 128))?,
        description: fields.read(path, "description", params::string)?,
        parameters: fields.read(path, "parameters", params::json_object)?,
        strict: fields.read(path, "strict", params::boolean)?,
        cache: None,
    };
    if fields.read(path, "defer_loading", params::boolean)? == Some(true) {
        return Err(path.field("defer_loading").refuse("is not supported"));
    }
    fields.end(Some(path))?;
    Ok(tool)
}

fn function(path: &Path<'_>, fields: &mut Fields<'_>, problem: &str) -> Read<()> {
    let kind = fields.need(path, "type", params::string)?;
    if kind == "function" { Ok(()) } else { Err(path.field("type").refuse(problem)) }
}

pub(super) fn choice(path: &Path<'_>, raw: &RawValue) -> Read<ToolChoice> {
    if raw.get().starts_with('"') {
        return match params::string(path, raw)?.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            _ => Err(path.refuse("must be auto, none, required or a function")),
        };
    }
    let mut fields = params::object(path, raw)?;
    function(path, &mut fields, "must be `function`: others are not supported")?;
    let name = fields.need(path, "name", |path, raw| params::name(path, raw, 128))?;
    fields.end(Some(path))?;
    Ok(ToolChoice::Function(name))
}

/// The choice must fit the tools. `auto` and `none` say nothing without any, and clients send them.
pub(super) fn check_choice(tools: &[Tool], choice: Option<&ToolChoice>) -> Read<()> {
    let path = Path::Root("tool_choice");
    match choice {
        Some(ToolChoice::Required) if tools.is_empty() => {
            Err(path.refuse("is only allowed when `tools` are given"))
        }
        Some(ToolChoice::Function(name)) if tools.iter().all(|tool| tool.name != *name) => {
            Err(path.refuse("names a function that is not in `tools`"))
        }
        _ => Ok(()),
    }
}

/// The form of the answer and how much it says.
pub(super) fn text(path: &Path<'_>, raw: &RawValue) -> Read<(Option<Format>, Option<String>)> {
    let mut fields = params::object(path, raw)?;
    let format = fields.read(path, "format", format)?;
    let verbosity = fields.read(path, "verbosity", |path, raw| {
        params::one_of(path, raw, &["low", "medium", "high"])
    })?;
    fields.end(Some(path))?;
    Ok((format.filter(|format| *format != Format::Text), verbosity))
}

fn format(path: &Path<'_>, raw: &RawValue) -> Read<Format> {
    let mut fields = params::object(path, raw)?;
    let kinds = ["text", "json_object", "json_schema"];
    let kind = fields.need(path, "type", |path, raw| params::one_of(path, raw, &kinds))?;
    let format = match kind.as_str() {
        "text" => Format::Text,
        "json_object" => Format::JsonObject,
        _ => Format::JsonSchema {
            name: fields.need(path, "name", params::identifier)?,
            description: fields.read(path, "description", params::string)?,
            schema: Some(fields.need(path, "schema", params::json_object)?),
            strict: fields.read(path, "strict", params::boolean)?,
        },
    };
    fields.end(Some(path))?;
    Ok(format)
}
