//! Reading a Converse request.

use serde_json::{Value, json};

use crate::ask::{
    Ask, Format, Input, Refusal, Tool, ToolChoice, field, in_range, list, number, string,
};
use crate::dialect::Operation;

/// Everything that a request may have.
const FIELDS: [&str; 12] = [
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "outputConfig",
    "guardrailConfig",
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "requestMetadata",
    "performanceConfig",
    "promptVariables",
    "serviceTier",
];

/// Reads the body of `POST /model/MODEL/converse`.
pub(crate) fn read(body: &Value, at: &Operation) -> Result<Ask, Refusal> {
    let unknown = body.as_object().ok_or_else(|| Refusal::new(400, "an object is expected"))?;
    if let Some(name) = unknown.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(Refusal::field(name, format!("{name}: extraneous key is not permitted")));
    }
    let none = json!({});
    let config = field(body, "inferenceConfig").unwrap_or(&none);
    in_range(config, "temperature", 0.0, 1.0)?;
    in_range(config, "topP", 0.0, 1.0)?;
    let mut input = read_messages(body)?;
    for block in list(body, "system")? {
        read_block(block, &mut String::new(), &mut input)?;
    }
    let tools = read_tools(body, &mut input)?;
    let stop = list(config, "stopSequences")?.iter().filter_map(Value::as_str).map(str::to_owned);
    let additional = field(body, "additionalModelRequestFields").unwrap_or(&none);
    let thinks = additional.pointer("/thinking/type").is_some_and(|kind| kind != "disabled");
    Ok(Ask {
        model: at.model.clone().unwrap_or_default(),
        stream: at.stream,
        include_usage: true,
        limit: number(config, "maxTokens", 1, u64::MAX)?,
        choices: 1,
        stop: stop.collect(),
        tool_choice: read_choice(body, &tools)?,
        format: read_format(body)?,
        thinks,
        tier: None,
        input,
        tools,
        embed: None,
    })
}

fn read_messages(body: &Value) -> Result<Input, Refusal> {
    let messages = list(body, "messages")?;
    let mut input = Input::default();
    let mut last = "assistant";
    for message in messages {
        let role = field(message, "role").and_then(Value::as_str).unwrap_or("");
        if !["user", "assistant"].contains(&role) || role == last {
            let message = "A conversation must alternate between user and assistant roles";
            return Err(Refusal::field("messages", message));
        }
        last = role;
        let mut text = String::new();
        let blocks = list(message, "content")?;
        if blocks.is_empty() {
            return Err(Refusal::field("messages", "The content field must not be empty"));
        }
        for block in blocks {
            read_block(block, &mut text, &mut input)?;
        }
        input.last_user_text = Some(text).filter(|_| role == "user");
    }
    match last {
        "user" => Ok(input),
        _ => Err(Refusal::field("messages", "A conversation must end with a user message")),
    }
}

fn read_block(block: &Value, text: &mut String, input: &mut Input) -> Result<(), Refusal> {
    let only = block.as_object().filter(|fields| fields.len() == 1);
    let (kind, value) = only.and_then(|fields| fields.iter().next()).ok_or_else(|| {
        Refusal::field("messages", "a content block is a union: it has exactly one member")
    })?;
    let get = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    match kind.as_str() {
        "text" => {
            let said = value.as_str().unwrap_or("");
            if said.is_empty() {
                let message = "The text field in the ContentBlock object is blank";
                return Err(Refusal::field("messages", message));
            }
            text.push_str(said);
            input.add(said);
        }
        "image" | "document" => {
            if get("/format").is_empty() || value.get("source").is_none() {
                return Err(Refusal::field("messages", format!("{kind}: format and source")));
            }
            input.add(get("/source/bytes"));
            input.add(get("/source/s3Location/uri"));
        }
        "toolUse" => {
            input.add(&string(value, "name")?);
            input.add_json(field(value, "input").unwrap_or(&Value::Null));
        }
        "toolResult" => {
            string(value, "toolUseId")?;
            for inner in list(value, "content")? {
                read_block(inner, &mut String::new(), input)?;
            }
        }
        "json" => input.add_json(value),
        "reasoningContent" => {
            input.add(get("/reasoningText/text"));
            input.add(get("/redactedContent"));
        }
        "cachePoint" => {}
        _ => {
            let message = "a content block has a member the simulator does not know";
            return Err(Refusal::field("messages", message));
        }
    }
    Ok(())
}

fn read_tools(body: &Value, input: &mut Input) -> Result<Vec<Tool>, Refusal> {
    let Some(config) = field(body, "toolConfig") else { return Ok(Vec::new()) };
    let mut tools = Vec::new();
    for tool in list(config, "tools")? {
        let Some(spec) = field(tool, "toolSpec") else { continue };
        let name = string(spec, "name")?;
        let Some(schema) = spec.pointer("/inputSchema/json") else {
            return Err(Refusal::field("toolConfig", "toolSpec.inputSchema.json is required"));
        };
        input.add(&name);
        input.add(field(spec, "description").and_then(Value::as_str).unwrap_or(""));
        input.add_json(schema);
        tools.push(Tool { name, schema: schema.clone() });
    }
    match tools.is_empty() {
        false => Ok(tools),
        true => Err(Refusal::field("toolConfig", "toolConfig.tools: must have at least 1")),
    }
}

fn read_choice(body: &Value, tools: &[Tool]) -> Result<ToolChoice, Refusal> {
    let Some(choice) = body.pointer("/toolConfig/toolChoice") else { return Ok(ToolChoice::Auto) };
    let name = choice.pointer("/tool/name").and_then(Value::as_str);
    match (field(choice, "auto"), field(choice, "any"), name) {
        (Some(_), None, None) => Ok(ToolChoice::Auto),
        (None, Some(_), None) => Ok(ToolChoice::Required),
        (None, None, Some(name)) if tools.iter().any(|tool| tool.name == name) => {
            Ok(ToolChoice::Named(name.to_owned()))
        }
        _ => Err(Refusal::field("toolConfig", "toolChoice is a union: auto, any or tool")),
    }
}

fn read_format(body: &Value) -> Result<Format, Refusal> {
    let schema = body.pointer("/outputConfig/textFormat/structure/jsonSchema/schema");
    let Some(text) = schema.and_then(Value::as_str) else { return Ok(Format::Text) };
    let schema = serde_json::from_str(text);
    let schema = schema.map_err(|_| Refusal::field("outputConfig", "schema: not JSON as text"))?;
    Ok(Format::JsonSchema(schema))
}
