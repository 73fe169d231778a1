//! OpenAI's chat completions and embeddings at Azure: the body is OpenAI's, the path and the credential are not.
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
    operation(target, "chat/completions")
}

/// The same for embeddings, whose body is OpenAI's too.
pub fn embed_path(target: &Target<'_>) -> Cow<'static, str> {
    operation(target, "embeddings")
}

fn operation(target: &Target<'_>, name: &str) -> Cow<'static, str> {
    let Some(version) = target.api_version else { return format!("/openai/v1/{name}").into() };
    let (deployment, version) = (segment(target.upstream_model), segment(version));
    format!("/openai/deployments/{deployment}/{name}?api-version={version}").into()
}

/// The key as `api-key`; a token of Entra ID as `Authorization: Bearer`.
///
/// # Errors
/// [`Unsigned::Keys`].
pub fn headers(outgoing: &Outgoing<'_>) -> Result<Vec<Header>, Unsigned> {
    named(outgoing.credential, |key| ("api-key", key.expose().to_owned()))
}
