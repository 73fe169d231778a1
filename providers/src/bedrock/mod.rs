//! Converse and ConverseStream of AWS Bedrock as an upstream, and InvokeModel for embeddings.
//!
//! Source: the API reference of the Bedrock runtime (`Converse`, `ConverseStream`, their data types
//! and errors) and AWS's description of the event stream encoding. What the API cannot say is
//! [`crate::Unsupported`] by the name of the caller's parameter.

mod answer;
mod block;
pub mod embed;
mod error;
mod fields;
mod frame;
mod request;
mod sign;
mod stream;
mod turns;
mod usage;

use types::Credential;

pub use answer::decode_answer;
pub use error::decode_error;
pub use frame::{FRAME_BYTES_MAX, FrameFault};
pub use request::encode_request;
pub use stream::StreamDecoder;

use crate::{
    Header, Outgoing, Target, Unsigned,
    outgoing::{bearer, segment},
};

/// The path of the operation at the region's host: another one where the answer is streamed. Models
/// are also named by ARN, so that all of the name is one segment.
pub fn path(target: &Target<'_>) -> String {
    let operation = if target.stream { "converse-stream" } else { "converse" };
    format!("/model/{}/{operation}", segment(target.upstream_model))
}

/// An API key of Bedrock as `Authorization: Bearer`; with keys of AWS, the signature of the request.
///
/// # Errors
/// [`Unsigned::Request`].
pub fn headers(outgoing: &Outgoing<'_>) -> Result<Vec<Header>, Unsigned> {
    match outgoing.credential {
        Some(Credential::Aws(keys)) => sign::headers(outgoing, keys, "bedrock"),
        other => bearer(other),
    }
}
