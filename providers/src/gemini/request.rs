//! Writing a request for `generateContent`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use types::{
    Wire,
    chat::{ChatRequest, Tool, ToolChoice},
};

use super::{
    config::{Config, config},
    content::{Content, conversation},
};
use crate::{Target, Unsupported, schema, wire, wire::unsupported};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[ToolsOut<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    generation_config: Config<'a>,
    /// `safetySettings`, `cachedContent`, `labels`: words that only this API has.
    #[serde(flatten)]
    native: &'a Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolsOut<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<Cow<'a, Value>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    function_calling_config: Calling<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[&'a str; 1]>,
}

/// The request's body. The output limit is always sent. The model is in the path.
///
/// # Errors
/// The first field that the API cannot express.
pub fn encode_request(request: &ChatRequest, target: &Target<'_>) -> Result<Vec<u8>, Unsupported> {
    if request.prefill {
        return Err(unsupported("messages", "it does not go on with a model's last turn"));
    }
    if request.parallel_tool_calls == Some(false) {
        return Err(unsupported("parallel_tool_calls", "it may always call several tools"));
    }
    let native = request.native_of(Wire::Gemini);
    let native = native.map_err(|field| unsupported(field, "it has no such parameter"))?;
    let conversation = conversation(request)?;
    let has_system = !conversation.system.is_empty();
    let body = Body {
        system_instruction: has_system
            .then_some(Content { role: None, parts: conversation.system }),
        contents: conversation.contents,
        tools: (!request.tools.is_empty()).then(|| {
            [ToolsOut { function_declarations: request.tools.iter().map(tool).collect() }]
        }),
        tool_config: tool_config(request),
        generation_config: config(request, target)?,
        native,
    };
    let mut out = Vec::with_capacity(1024);
    wire::write_json(&mut out, &body);
    Ok(out)
}

fn tool(tool: &Tool) -> Declaration<'_> {
    Declaration {
        name: &tool.name,
        description: tool.description.as_deref(),
        parameters_json_schema: tool
            .parameters
            .as_ref()
            .map(|parameters| schema::of_arguments(Some(parameters))),
    }
}

/// Whether and which function is called. `VALIDATED` is the API's word for arguments that must keep
/// to their schema where the model may also say something.
fn tool_config(request: &ChatRequest) -> Option<ToolConfig<'_>> {
    let is_strict = request.tools.iter().any(|tool| tool.strict == Some(true));
    let (mode, name) = match &request.tool_choice {
        None | Some(ToolChoice::Auto) if is_strict => ("VALIDATED", None),
        None => return None,
        Some(ToolChoice::Auto) => ("AUTO", None),
        Some(ToolChoice::None) => ("NONE", None),
        Some(ToolChoice::Required) => ("ANY", None),
        Some(ToolChoice::Function(name)) => ("ANY", Some([name.as_str()])),
    };
    Some(ToolConfig { function_calling_config: Calling { mode, allowed_function_names: name } })
}
