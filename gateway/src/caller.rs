//! Who calls: an API key is looked up by its public half and checked by its secret half.

use snapshot::{Agent, Snapshot, keys};
use types::{Code, KeyId, Timestamp};

use crate::{downstream::Downstream, gate::Gate, refusal::Refusal};

/// An authenticated caller.
pub(crate) struct Known<'s> {
    /// The agent that the key speaks for.
    pub(crate) agent: &'s Agent,
    pub(crate) key: KeyId,
    /// The caller as policies know it.
    pub(crate) caller: policy::Caller,
}

/// Checks the credential of a request: `Authorization: Bearer ork_..`, or `x-api-key`.
pub(crate) fn authenticate<'s>(
    gate: &Gate,
    snapshot: &'s Snapshot,
    down: &Downstream<'_>,
    now: Timestamp,
) -> Result<Known<'s>, Refusal> {
    let bearer = down.header("authorization").and_then(bearer_token);
    let Some(text) = bearer.or_else(|| down.header("x-api-key")) else {
        return Err(unauthenticated(
            "no credential; send `Authorization: Bearer ork_...` (make a key with `orchestack key create --agent NAME`)",
        ));
    };
    // One text for every reason: which part was wrong is nobody's business.
    let refused = || unauthenticated("the API key is unknown, expired or revoked");
    let (id, secret) = keys::split_key(text).ok_or_else(refused)?;
    let key = snapshot.key(id).ok_or_else(refused)?;
    if !gate.pepper.matches(secret, &key.hash) {
        return Err(refused());
    }
    if key.expires_at.is_some_and(|end| end <= now) || key.revoked_at.is_some() {
        return Err(refused());
    }
    let agent = snapshot.agent(key.agent).ok_or_else(refused)?;
    let mut caller = agent.caller.clone();
    caller.key = Some(id);
    Ok(Known { agent, key: id, caller })
}

fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthenticated(message: &str) -> Refusal {
    Refusal { close: false, ..Refusal::new(Code::Unauthenticated, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_whatever_its_case() {
        assert_eq!(bearer_token("Bearer abc"), Some("abc"));
        assert_eq!(bearer_token("bearer  abc "), Some("abc"));
        assert_eq!(bearer_token("Basic abc"), None);
        assert_eq!(bearer_token("abc"), None);
    }
}
