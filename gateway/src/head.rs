//! The head of a request to a provider: its path, and its headers with the credential.

use providers::{Header, Outgoing, Unsupported};
use types::{Code, Request, Timestamp};

use crate::{
    attempt::{Destination, Lost, Next, lost},
    quote, span,
};

/// The full path and the headers of a request with this body. A signature is of this moment, so the
/// request must go out now.
pub(crate) fn head(
    to: &Destination<'_>,
    request: &Request,
    body: &[u8],
) -> Result<(String, Vec<Header>), Lost> {
    let dialect = quote::dialect(to.provider);
    let target = quote::target(to.provider, to.model, 1, request.streams());
    let (path, of_content) = match request {
        Request::Chat(chat) => (dialect.path(&target), dialect.headers_of(chat)),
        Request::Embed(_) => {
            let unsaid =
                |why: Unsupported| lost(Code::InvalidRequest, why.to_string(), Next::Other);
            (dialect.embed_path(&target).map_err(unsaid)?, None)
        }
    };
    let path = to.endpoint.full_path(&path);
    let outgoing = Outgoing {
        authority: to.endpoint.authority(),
        path: &path,
        body,
        credential: to.credential,
        now: Timestamp::now(),
    };
    let mut headers = dialect.headers(&outgoing).map_err(|why| {
        let message = format!("provider `{}`: {why}", to.provider.name);
        lost(Code::UpstreamFailed, message, Next::Other)
    })?;
    headers.extend(of_content);
    headers.extend(span::traceparent().map(|parent| ("traceparent", parent)));
    Ok((path, headers))
}
