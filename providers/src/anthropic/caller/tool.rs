//! Reading tools, the choice of a tool, and the form of the answer.

use serde_json::value::RawValue;
use types::chat::{Format, Tool, ToolChoice};

use super::block;
use crate::{
    params,
    params::{Fields, Path, Read},
};

/// The most tools of one request.
const TOOLS_MAX: usize = 1_024;

/// The name that a schema of the answer has where a format wants one: this API has none.
const SCHEMA_NAME: &str = "answer";

pub(super) fn tools(path: &Path<'_>, raw: &RawValue) -> Read<Vec<Tool>> {
    let items = params::objects(path, raw)?;
    if items.len() > TOOLS_MAX {
        return Err(path.refuse(&format!("must have at most {TOOLS_MAX} tools")));
    }
    items.into_iter().enumerate().map(|(i, fields)| tool(&path.item(i), fields)).collect()
}

fn tool(path: &Path<'_>, mut fields: Fields<'_>) -> Read<Tool> {
    if let Some(kind) = fields.read(path, "type", params::string)?
        && kind != "custom"
    {
        let problem = "must be `custom`: tools that the provider runs are not supported";
        return Err(path.field("type").refuse(problem));
    }
    // In what pieces the input comes is the provider's affair.
    fields.read(path, "eager_input_streaming", params::boolean)?;
    if fields.read(path, "defer_loading", params::boolean)? == Some(true) {
        return Err(path.field("defer_loading").refuse("is not supported"));
    }
    if let Some(callers) = fields.read(path, "allowed_callers", params::array)?
        && callers.iter().any(|caller| caller.get() != "\"direct\"")
    {
        return Err(path.field("allowed_callers").refuse("must be `[\"direct\"]`"));
    }
    let tool = Tool {
        name: fields.need(path, "name", |path, raw| params::name(path, raw, 128))?,
        description: fields.read(path, "description", params::string)?,
        parameters: Some(fields.need(path, "input_schema", params::json_object)?),
        strict: fields.read(path, "strict", params::boolean)?,
        cache: block::hint(path, &mut fields)?,
    };
    fields.end(Some(path))?;
    Ok(tool)
}

/// What is chosen, and whether several calls may come at once, where that is said.
pub(super) fn choice(path: &Path<'_>, raw: &RawValue) -> Read<(ToolChoice, Option<bool>)> {
    let mut fields = params::object(path, raw)?;
    let kinds = ["auto", "any", "tool", "none"];
    let kind = fields.need(path, "type", |path, raw| params::one_of(path, raw, &kinds))?;
    let one = fields.read(path, "disable_parallel_tool_use", params::boolean)?;
    let choice = match kind.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        _ => ToolChoice::Function(
            fields.need(path, "name", |path, raw| params::name(path, raw, 128))?,
        ),
    };
    fields.end(Some(path))?;
    Ok((choice, one.map(|one| !one)))
}

pub(super) fn check_choice(
    tools: &[Tool],
    choice: Option<&(ToolChoice, Option<bool>)>,
) -> Read<()> {
    let path = Path::Root("tool_choice");
    match choice {
        Some(_) if tools.is_empty() => Err(path.refuse("is only allowed when `tools` are given")),
        Some((ToolChoice::Function(name), _)) if tools.iter().all(|tool| tool.name != *name) => {
            Err(path.refuse("names a tool that is not in `tools`"))
        }
        _ => Ok(()),
    }
}

/// `{"type": "json_schema", "schema": {..}}`, which the API always follows exactly.
pub(super) fn format(path: &Path<'_>, raw: &RawValue) -> Read<Format> {
    let mut fields = params::object(path, raw)?;
    fields.need(path, "type", |path, raw| params::one_of(path, raw, &["json_schema"]))?;
    let schema = Some(fields.need(path, "schema", params::json_object)?);
    fields.end(Some(path))?;
    let name = SCHEMA_NAME.to_owned();
    Ok(Format::JsonSchema { name, description: None, schema, strict: Some(true) })
}
