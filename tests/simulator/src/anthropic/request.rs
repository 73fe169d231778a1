//! Reading a messages request.

use serde_json::Value;

use crate::answer::no_parameters;
use crate::ask::{
    Ask, Format, Input, Refusal, Tool, ToolChoice, field, flag, in_range, list, number, string,
};

/// Reads the body of `POST /v1/messages`.
pub(crate) fn read(body: &Value) -> Result<Ask, Refusal> {
    if !body.is_object() {
        return Err(Refusal::new(400, "the body must be a JSON object"));
    }
    in_range(body, "temperature", 0.0, 1.0)?;
    in_range(body, "top_p", 0.0, 1.0)?;
    let model = string(body, "model")?;
    let Some(limit) = number(body, "max_tokens", 1, u64::MAX)? else {
        return Err(Refusal::field("max_tokens", "max_tokens: field required"));
    };
    let mut input = read_messages(body)?;
    match field(body, "system") {
        Some(Value::String(text)) => input.add(text),
        Some(Value::Array(blocks)) => {
            for block in blocks {
                read_block(block, &mut String::new(), &mut input)?;
            }
        }
        _ => {}
    }
    let tools = read_tools(body, &mut input)?;
    let stop = list(body, "stop_sequences")?.iter().filter_map(Value::as_str).map(str::to_owned);
    Ok(Ask {
        stream: flag(body, "stream")?,
        include_usage: true,
        limit: Some(limit),
        choices: 1,
        stop: stop.collect(),
        tool_choice: read_tool_choice(body, &tools)?,
        format: read_format(body),
        thinks: read_thinking(body, limit)?,
        tier: None,
        model,
        input,
        tools,
        embed: None,
    })
}

/// The form of the answer: a schema in `output_config`, or any text.
fn read_format(body: &Value) -> Format {
    let schema = body.pointer("/output_config/format/schema");
    schema.map_or(Format::Text, |schema| Format::JsonSchema(schema.clone()))
}

fn read_messages(body: &Value) -> Result<Input, Refusal> {
    let messages = list(body, "messages")?;
    if messages.is_empty() {
        return Err(Refusal::field("messages", "messages: at least one message is required"));
    }
    let mut input = Input::default();
    for (index, message) in messages.iter().enumerate() {
        let role = field(message, "role").and_then(Value::as_str).unwrap_or("");
        if !["user", "assistant"].contains(&role) {
            let place = format!("messages.{index}.role");
            return Err(Refusal::field(&place, format!("{place}: must be 'user' or 'assistant'")));
        }
        let mut text = String::new();
        match field(message, "content") {
            Some(Value::String(content)) => {
                text.push_str(content);
                input.add(content);
            }
            Some(Value::Array(blocks)) => {
                for block in blocks {
                    read_block(block, &mut text, &mut input)?;
                }
            }
            _ => {
                let place = format!("messages.{index}.content");
                return Err(Refusal::field(&place, format!("{place}: field required")));
            }
        }
        input.last_user_text = Some(text).filter(|_| role == "user");
    }
    Ok(input)
}

fn read_block(block: &Value, text: &mut String, input: &mut Input) -> Result<(), Refusal> {
    let get = |pointer: &str| block.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    match get("/type") {
        "text" => {
            text.push_str(get("/text"));
            input.add(get("/text"));
        }
        "image" => {
            input.add(get("/source/data"));
            input.add(get("/source/url"));
        }
        "tool_use" => {
            input.add(get("/name"));
            if let Some(value) = field(block, "input") {
                input.add_json(value);
            }
        }
        "tool_result" => match field(block, "content") {
            Some(Value::String(content)) => input.add(content),
            Some(Value::Array(blocks)) => {
                for inner in
                    blocks.iter().filter(|inner| field(inner, "type") != field(block, "type"))
                {
                    read_block(inner, &mut String::new(), input)?;
                }
            }
            _ => {}
        },
        "thinking" => input.add(get("/thinking")),
        "redacted_thinking" => input.add(get("/data")),
        _ => {
            let message = "messages: a content block has a type the simulator does not know";
            return Err(Refusal::field("messages", message));
        }
    }
    Ok(())
}

fn read_tools(body: &Value, input: &mut Input) -> Result<Vec<Tool>, Refusal> {
    let mut tools = Vec::new();
    for tool in list(body, "tools")? {
        let name = string(tool, "name")
            .map_err(|_| Refusal::field("tools", "tools: every tool needs a name"))?;
        let Some(schema) = field(tool, "input_schema") else {
            return Err(Refusal::field("tools", "tools: every tool needs an input_schema"));
        };
        input.add(&name);
        input.add(field(tool, "description").and_then(Value::as_str).unwrap_or(""));
        input.add_json(schema);
        let schema = if schema.is_object() { schema.clone() } else { no_parameters() };
        tools.push(Tool { name, schema });
    }
    Ok(tools)
}

fn read_tool_choice(body: &Value, tools: &[Tool]) -> Result<ToolChoice, Refusal> {
    let Some(choice) = field(body, "tool_choice") else { return Ok(ToolChoice::Auto) };
    let name = field(choice, "name").and_then(Value::as_str);
    match (field(choice, "type").and_then(Value::as_str), name) {
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("none"), _) => Ok(ToolChoice::Never),
        (Some("any"), _) if !tools.is_empty() => Ok(ToolChoice::Required),
        (Some("tool"), Some(name)) if tools.iter().any(|tool| tool.name == name) => {
            Ok(ToolChoice::Named(name.to_owned()))
        }
        _ => Err(Refusal::field("tool_choice", "tool_choice: must fit the tools")),
    }
}

fn read_thinking(body: &Value, limit: u64) -> Result<bool, Refusal> {
    let Some(thinking) = field(body, "thinking") else { return Ok(false) };
    match field(thinking, "type").and_then(Value::as_str) {
        Some("disabled") => Ok(false),
        Some("adaptive") => Ok(true),
        Some("enabled") => {
            let budget = number(thinking, "budget_tokens", 1_024, u64::MAX)?;
            match budget.is_some_and(|budget| budget < limit) {
                true => Ok(true),
                false => Err(Refusal::field(
                    "thinking",
                    "thinking.budget_tokens: required, at least 1024 and below max_tokens",
                )),
            }
        }
        _ => Err(Refusal::field("thinking", "thinking.type: unknown")),
    }
}
