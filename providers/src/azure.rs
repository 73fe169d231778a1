//! OpenAI's chat completions at Azure: the body is OpenAI's, the path and the credential are not.
//!
//! Source: Microsoft's reference of Azure OpenAI in AI Foundry, "chat completions" by deployment
//! and the v1 API. What Azure adds to answers (`content_filter_results`, a first chunk that has only
//! `prompt_filter_results`) says nothing that our shape has a place for, but a filter that stopped an
//! answer is its finish reason.

use std::borrow::Cow;

use crate::{
    Header, Outgoing, Target, Unsigned,
    outgoing::{named, segment},
};

/// The path under the resource's own address, `https://RESOURCE.openai.azure.com`: by deployment for
/// an `api-version`, else that of the v1 API, which reads the deployment from the body.
pub fn path(target: &Target<'_>) -> Cow<'static, str> {
    let Some(version) = target.api_version else { return "/openai/v1/chat/completions".into() };
    let (deployment, version) = (segment(target.upstream_model), segment(version));
    format!("/openai/deployments/{deployment}/chat/completions?api-version={version}").into()
}

/// The key as `api-key`; a token of Entra ID as `Authorization: Bearer`.
///
/// # Errors
/// [`Unsigned::Keys`].
pub fn headers(outgoing: &Outgoing<'_>) -> Result<Vec<Header>, Unsigned> {
    named(outgoing.credential, |key| ("api-key", key.expose().to_owned()))
}
