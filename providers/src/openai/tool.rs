//! Reading tools, the choice of a tool, and the format of the answer.

use serde_json::value::RawValue;
use types::chat::{Format, Tool, ToolChoice};

use crate::{
    params,
    params::{Path, Read},
};

/// The most tools of one request, as OpenAI has it.
const TOOLS_MAX: usize = 128;

pub(super) fn tools(path: &Path<'_>, raw: &RawValue) -> Read<Vec<Tool>> {
    let items = params::objects(path, raw)?;
    if items.is_empty() || items.len() > TOOLS_MAX {
        return Err(path.refuse(&format!("must have 1 to {TOOLS_MAX} tools")));
    }
    let mut tools = Vec::with_capacity(items.len());
    for (i, mut fields) in items.into_iter().enumerate() {
        let path = path.item(i);
        fields.need(&path, "type", |path, raw| {
            params::one_of(path, raw, &["function"])
                .map_err(|_| path.refuse("must be `function`: custom tools are not supported"))
        })?;
        tools.push(fields.need(&path, "function", function)?);
        fields.end(Some(&path))?;
    }
    Ok(tools)
}

fn function(path: &Path<'_>, raw: &RawValue) -> Read<Tool> {
    let mut fields = params::object(path, raw)?;
    let tool = Tool {
        name: fields.need(path, "name", params::identifier)?,
        description: fields.read(path, "description", params::string)?,
        parameters: fields.read(path, "parameters", params::json_object)?,
        strict: fields.read(path, "strict", params::boolean)?,
        cache: None,
    };
    fields.end(Some(path))?;
    Ok(tool)
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
    fields.need(path, "type", |path, raw| {
        params::one_of(path, raw, &["function"])
            .map_err(|_| path.refuse("must be `function`: others are not supported"))
    })?;
    let inner = path.field("function");
    let mut function = fields.need(path, "function", params::object)?;
    let name = function.need(&inner, "name", params::identifier)?;
    function.end(Some(&inner))?;
    fields.end(Some(path))?;
    Ok(ToolChoice::Function(name))
}

/// What a choice says must fit the tools, as OpenAI checks it.
pub(super) fn check_choice(
    tools: &[Tool],
    choice: Option<&ToolChoice>,
    parallel: Option<bool>,
) -> Read<()> {
    let only_with_tools = "is only allowed when `tools` are given";
    if tools.is_empty() && choice.is_some() {
        return Err(Path::Root("tool_choice").refuse(only_with_tools));
    }
    if tools.is_empty() && parallel.is_some() {
        return Err(Path::Root("parallel_tool_calls").refuse(only_with_tools));
    }
    match choice {
        Some(ToolChoice::Function(name)) if tools.iter().all(|tool| tool.name != *name) => {
            Err(Path::Root("tool_choice").refuse("names a function that is not in `tools`"))
        }
        _ => Ok(()),
    }
}

pub(super) fn format(path: &Path<'_>, raw: &RawValue) -> Read<Format> {
    let mut fields = params::object(path, raw)?;
    let kind = fields.need(path, "type", |path, raw| {
        params::one_of(path, raw, &["text", "json_object", "json_schema"])
    })?;
    let format = match kind.as_str() {
        "text" => Format::Text,
        "json_object" => Format::JsonObject,
        _ => fields.need(path, "json_schema", json_schema)?,
    };
    fields.end(Some(path))?;
    Ok(format)
}

fn json_schema(path: &Path<'_>, raw: &RawValue) -> Read<Format> {
    let mut fields = params::object(path, raw)?;
    let format = Format::JsonSchema {
        name: fields.need(path, "name", params::identifier)?,
        description: fields.read(path, "description", params::string)?,
        schema: fields.read(path, "schema", params::json_object)?,
        strict: fields.read(path, "strict", params::boolean)?,
    };
    fields.end(Some(path))?;
    Ok(format)
}
