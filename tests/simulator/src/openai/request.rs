//! Reading a chat completion request.

use serde_json::Value;

use crate::answer::no_parameters;
use crate::ask::{
    Ask, Format, Input, Refusal, Tool, ToolChoice, field, flag, in_range, list, number, string,
};

/// Reads the body of `POST /v1/chat/completions`.
pub(crate) fn read(body: &Value) -> Result<Ask, Refusal> {
    if !body.is_object() {
        return Err(Refusal::new(400, "the body must be a JSON object"));
    }
    in_range(body, "temperature", 0.0, 2.0)?;
    in_range(body, "top_p", 0.0, 1.0)?;
    in_range(body, "presence_penalty", -2.0, 2.0)?;
    in_range(body, "frequency_penalty", -2.0, 2.0)?;
    if field(body, "functions").is_some() || field(body, "function_call").is_some() {
        let message = "the simulator does not know `functions`: use `tools`";
        return Err(Refusal::field("functions", message));
    }
    let model = string(body, "model")?;
    let stream = flag(body, "stream")?;
    let options = field(body, "stream_options");
    if options.is_some() && !stream {
        let message = "`stream_options` is only allowed with `stream`";
        return Err(Refusal::field("stream_options", message));
    }
    let include_usage = options.map_or(Ok(false), |options| flag(options, "include_usage"))?;
    let newer = number(body, "max_completion_tokens", 1, u64::MAX)?;
    let limit = newer.or(number(body, "max_tokens", 1, u64::MAX)?);
    let choices = number(body, "n", 1, 128)?.unwrap_or(1);
    let mut input = read_messages(body)?;
    let tools = read_tools(body, &mut input)?;
    Ok(Ask {
        thinks: model.contains("reason"),
        stream,
        include_usage,
        limit,
        choices: u32::try_from(choices).unwrap_or(1),
        stop: read_stop(body)?,
        tool_choice: read_tool_choice(body, &tools)?,
        format: read_format(body)?,
        tier: read_tier(body)?,
        model,
        input,
        tools,
        embed: None,
    })
}

/// The tier that the call is served in: there is always room, and no project has another default.
fn read_tier(body: &Value) -> Result<Option<&'static str>, Refusal> {
    match field(body, "service_tier").map(|tier| tier.as_str()) {
        None | Some(Some("auto" | "default")) => Ok(None),
        Some(Some("flex")) => Ok(Some("flex")),
        Some(Some("priority" | "fast")) => Ok(Some("priority")),
        Some(_) => Err(Refusal::field("service_tier", "`service_tier` must be a known tier")),
    }
}

fn read_messages(body: &Value) -> Result<Input, Refusal> {
    let messages = list(body, "messages")?;
    if messages.is_empty() {
        return Err(Refusal::field("messages", "`messages` needs at least one message"));
    }
    let mut input = Input::default();
    for (index, message) in messages.iter().enumerate() {
        let place = format!("messages[{index}]");
        let role = field(message, "role").and_then(Value::as_str).unwrap_or("");
        if !["system", "developer", "user", "assistant", "tool"].contains(&role) {
            let message = format!("`{place}.role` must be a known role");
            return Err(Refusal::field(&format!("{place}.role"), message));
        }
        let mut text = String::new();
        match field(message, "content") {
            Some(Value::String(content)) => text.push_str(content),
            Some(Value::Array(parts)) => {
                for part in parts {
                    read_part(part, &place, &mut text, &mut input)?;
                }
            }
            None if role == "assistant" => {}
            _ => {
                let param = format!("{place}.content");
                let message = format!("`{param}` must be a string or an array of parts");
                return Err(Refusal::field(&param, message));
            }
        }
        for call in list(message, "tool_calls")? {
            for pointer in ["/function/name", "/function/arguments"] {
                input.add(call.pointer(pointer).and_then(Value::as_str).unwrap_or(""));
            }
        }
        input.add(&text);
        input.last_user_text = Some(text).filter(|_| role == "user");
    }
    Ok(input)
}

fn read_part(
    part: &Value,
    place: &str,
    text: &mut String,
    input: &mut Input,
) -> Result<(), Refusal> {
    let kind = field(part, "type").and_then(Value::as_str).unwrap_or("");
    let pointer = match kind {
        "text" => "/text",
        "refusal" => "/refusal",
        "image_url" => "/image_url/url",
        _ => {
            let param = format!("{place}.content");
            let message = format!("`{param}` has a part of a type the simulator does not know");
            return Err(Refusal::field(&param, message));
        }
    };
    let Some(value) = part.pointer(pointer).and_then(Value::as_str) else {
        let param = format!("{place}.content");
        return Err(Refusal::field(&param, format!("`{param}` has a part without its value")));
    };
    match kind {
        "text" => text.push_str(value),
        _ => {
            input.has_image |= kind == "image_url";
            input.add(value);
        }
    }
    Ok(())
}

fn read_tools(body: &Value, input: &mut Input) -> Result<Vec<Tool>, Refusal> {
    let mut tools = Vec::new();
    for tool in list(body, "tools")? {
        let Some(function) = field(tool, "function") else {
            return Err(Refusal::field("tools", "`tools` must have functions only"));
        };
        let name = string(function, "name")
            .map_err(|_| Refusal::field("tools", "every function in `tools` needs a `name`"))?;
        input.add(&name);
        input.add(field(function, "description").and_then(Value::as_str).unwrap_or(""));
        if let Some(schema) = field(function, "parameters") {
            input.add_json(schema);
        }
        let schema = field(function, "parameters").cloned().unwrap_or_else(no_parameters);
        tools.push(Tool { name, schema });
    }
    Ok(tools)
}

fn read_tool_choice(body: &Value, tools: &[Tool]) -> Result<ToolChoice, Refusal> {
    let Some(choice) = field(body, "tool_choice") else { return Ok(ToolChoice::Auto) };
    let named = choice.pointer("/function/name").and_then(Value::as_str);
    match (choice.as_str(), named) {
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("none"), _) => Ok(ToolChoice::Never),
        (Some("required"), _) if !tools.is_empty() => Ok(ToolChoice::Required),
        (_, Some(name)) if tools.iter().any(|tool| tool.name == name) => {
            Ok(ToolChoice::Named(name.to_owned()))
        }
        _ => Err(Refusal::field("tool_choice", "`tool_choice` must fit the `tools`")),
    }
}

fn read_stop(body: &Value) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::field("stop", "`stop` must be a string or up to 4 strings");
    match field(body, "stop") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) if items.len() <= 4 => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn read_format(body: &Value) -> Result<Format, Refusal> {
    let Some(format) = field(body, "response_format") else { return Ok(Format::Text) };
    let wrong = |message: &str| Refusal::field("response_format", message);
    match field(format, "type").and_then(Value::as_str) {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") => match format.pointer("/json_schema/schema") {
            Some(schema) => Ok(Format::JsonSchema(schema.clone())),
            None => Err(wrong("`response_format.json_schema` needs a `schema`")),
        },
        _ => Err(wrong("`response_format.type` must be text, json_object or json_schema")),
    }
}
