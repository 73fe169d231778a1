//! Reading a request for content.

use serde_json::{Value, json};

use crate::answer::no_parameters;
use crate::ask::{
    Ask, Format, Input, Refusal, Tool, ToolChoice, field, flag, in_range, list, number, string,
};
use crate::dialect::Operation;

/// Everything that a request may have; the API refuses names that it does not know.
const FIELDS: [&str; 8] = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "cachedContent",
    "labels",
];
const CONFIG: [&str; 17] = [
    "maxOutputTokens",
    "temperature",
    "topP",
    "topK",
    "seed",
    "candidateCount",
    "stopSequences",
    "presencePenalty",
    "frequencyPenalty",
    "responseMimeType",
    "responseJsonSchema",
    "responseSchema",
    "thinkingConfig",
    "responseLogprobs",
    "logprobs",
    "responseModalities",
    "mediaResolution",
];
const PART: [&str; 8] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "thought",
    "thoughtSignature",
    "mediaResolution",
];

/// Reads the body of `POST /v1beta/models/MODEL:generateContent`.
pub(crate) fn read(body: &Value, at: &Operation) -> Result<Ask, Refusal> {
    known(body, &FIELDS)?;
    let model = at.model.clone().unwrap_or_default();
    let none = json!({});
    let config = field(body, "generationConfig").unwrap_or(&none);
    known(config, &CONFIG)?;
    in_range(config, "temperature", 0.0, 2.0)?;
    in_range(config, "topP", 0.0, 1.0)?;
    let mut input = read_contents(body, &model)?;
    for part in list(field(body, "systemInstruction").unwrap_or(&none), "parts")? {
        input.add(&string(part, "text")?);
    }
    let tools = read_tools(body, &mut input)?;
    let stop = list(config, "stopSequences")?.iter().filter_map(Value::as_str).map(str::to_owned);
    let choices = number(config, "candidateCount", 1, 8)?.unwrap_or(1);
    let thinking = field(config, "thinkingConfig").unwrap_or(&none);
    Ok(Ask {
        stream: at.stream,
        include_usage: true,
        limit: number(config, "maxOutputTokens", 1, u64::MAX)?,
        choices: u32::try_from(choices).unwrap_or(1),
        stop: stop.collect(),
        tool_choice: read_choice(body, &tools)?,
        format: read_format(config),
        thinks: flag(thinking, "includeThoughts")?,
        tier: None,
        model,
        input,
        tools,
        embed: None,
    })
}

fn known(value: &Value, names: &[&str]) -> Result<(), Refusal> {
    let Some(fields) = value.as_object() else {
        return Err(Refusal::new(400, "Invalid JSON payload received: an object is expected"));
    };
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let message = format!("Invalid JSON payload received. Unknown name \"{name}\"");
            Err(Refusal::field(name, message))
        }
    }
}

fn read_contents(body: &Value, model: &str) -> Result<Input, Refusal> {
    let contents = list(body, "contents")?;
    if contents.is_empty() {
        return Err(Refusal::field("contents", "contents is not specified"));
    }
    let mut input = Input::default();
    for content in contents {
        let role = field(content, "role").and_then(Value::as_str).unwrap_or("user");
        if !["user", "model"].contains(&role) {
            let message = "Please use a valid role: user, model.";
            return Err(Refusal::field("contents", message));
        }
        let parts = list(content, "parts")?;
        if parts.is_empty() {
            return Err(Refusal::field("contents", "contents.parts must not be empty."));
        }
        let mut text = String::new();
        for part in parts {
            read_part(part, &mut text, &mut input)?;
        }
        // The first call of a turn must carry the signature that it came with.
        let call = parts.iter().find(|part| field(part, "functionCall").is_some());
        let unsigned = call.is_some_and(|part| field(part, "thoughtSignature").is_none());
        if model.starts_with("gemini-3") && unsigned {
            let message = "Function call is missing a thought_signature in functionCall parts.";
            return Err(Refusal::field("contents", message));
        }
        input.last_user_text = Some(text).filter(|_| role == "user");
    }
    Ok(input)
}

fn read_part(part: &Value, text: &mut String, input: &mut Input) -> Result<(), Refusal> {
    known(part, &PART)?;
    let get = |pointer: &str| part.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    let kinds = ["text", "inlineData", "fileData", "functionCall", "functionResponse"];
    if kinds.iter().filter(|kind| field(part, kind).is_some()).count() != 1 {
        let message = "a part must have exactly one initialized field of its data";
        return Err(Refusal::field("contents", message));
    }
    text.push_str(get("/text"));
    for said in ["/text", "/inlineData/data", "/fileData/fileUri", "/functionCall/name"] {
        input.add(get(said));
    }
    if let Some(args) = part.pointer("/functionCall/args") {
        input.add_json(args);
    }
    if let Some(answered) = field(part, "functionResponse") {
        let response = field(answered, "response").filter(|response| response.is_object());
        let (Ok(name), Some(response)) = (string(answered, "name"), response) else {
            let message = "function_response.name and .response are required";
            return Err(Refusal::field("contents", message));
        };
        input.add(&name);
        input.add_json(response);
    }
    Ok(())
}

fn read_tools(body: &Value, input: &mut Input) -> Result<Vec<Tool>, Refusal> {
    let mut tools = Vec::new();
    for group in list(body, "tools")? {
        for declared in list(group, "functionDeclarations")? {
            let name = string(declared, "name")?;
            input.add(&name);
            input.add(field(declared, "description").and_then(Value::as_str).unwrap_or(""));
            let schema = field(declared, "parametersJsonSchema").cloned();
            let schema = schema.unwrap_or_else(no_parameters);
            input.add_json(&schema);
            tools.push(Tool { name, schema });
        }
    }
    Ok(tools)
}

fn read_choice(body: &Value, tools: &[Tool]) -> Result<ToolChoice, Refusal> {
    let Some(config) = body.pointer("/toolConfig/functionCallingConfig") else {
        return Ok(ToolChoice::Auto);
    };
    let allowed = list(config, "allowedFunctionNames")?.first().and_then(Value::as_str);
    match (field(config, "mode").and_then(Value::as_str), allowed) {
        (Some("AUTO" | "VALIDATED"), None) => Ok(ToolChoice::Auto),
        (Some("NONE"), None) => Ok(ToolChoice::Never),
        (Some("ANY"), None) if !tools.is_empty() => Ok(ToolChoice::Required),
        (Some("ANY"), Some(name)) if tools.iter().any(|tool| tool.name == name) => {
            Ok(ToolChoice::Named(name.to_owned()))
        }
        _ => Err(Refusal::field("toolConfig", "function calling config must fit the tools")),
    }
}

fn read_format(config: &Value) -> Format {
    let is_json = field(config, "responseMimeType").is_some_and(|kind| kind == "application/json");
    match field(config, "responseJsonSchema") {
        Some(schema) if is_json => Format::JsonSchema(schema.clone()),
        None if is_json => Format::JsonObject,
        _ => Format::Text,
    }
}
