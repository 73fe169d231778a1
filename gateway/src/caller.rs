//! Who calls: an API key is looked up by its public half and checked by its secret half; a capability
//! grant proves itself by its signature.

use std::sync::Arc;

use snapshot::{Agent, Snapshot, grants, keys};
use store::keys::Key;
use types::{Code, SessionId, Timestamp};

use crate::{downstream::Downstream, gate::Gate, refusal::Refusal};

/// An authenticated caller.
pub(crate) struct Known<'s> {
    /// The agent that the credential speaks for.
    pub(crate) agent: &'s Agent,
    /// The caller as policies know it.
    pub(crate) caller: policy::Caller,
}

impl Known<'_> {
    /// How the caller proved who it is, for records.
    pub(crate) fn auth(&self) -> String {
        match (&self.caller.grant, self.caller.key) {
            (Some(grant), _) => format!("grant:{}", grant.id),
            (None, Some(key)) => format!("key:{key}"),
            (None, None) => "none".to_owned(),
        }
    }

    /// Whether a later snapshot knows the caller still: neither its credential nor its agent was taken away.
    pub(crate) fn stands(&self, snapshot: &Snapshot, now: Timestamp) -> bool {
        let stands = match (&self.caller.grant, self.caller.key) {
            (Some(grant), _) => now < grant.expires_at && !snapshot.is_revoked(grant.id),
            (None, Some(key)) => snapshot.key(key).is_some_and(|key| is_good(key, now)),
            (None, None) => false,
        };
        stands && snapshot.agent(self.agent.id).is_some()
    }

    /// The session of a request that names one, or none. A grant that is bound to a session serves no other,
    /// and means its own where none is named.
    pub(crate) fn session(&self, wished: Option<SessionId>) -> Result<Option<SessionId>, Refusal> {
        let bound = self.caller.grant.as_ref().and_then(|grant| grant.session);
        if bound.is_some() && wished.is_some() && bound != wished {
            let message = "the capability grant is bound to another session than \
                           `x-orchestack-session` names; leave the header out";
            return Err(Refusal::new(Code::PolicyDenied, message));
        }
        Ok(bound.or(wished))
    }
}

/// Checks the credential of a request: `Authorization: Bearer ork_..` or `orkg_..`, or `x-api-key`.
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
    if grants::is_grant(text) {
        return by_grant(gate, snapshot, text, now).ok_or_else(refused);
    }
    let (id, secret) = keys::split_key(text).ok_or_else(refused)?;
    let key = snapshot.key(id).ok_or_else(refused)?;
    if !gate.pepper.matches(secret, &key.hash) {
        return Err(refused());
    }
    if !is_good(key, now) {
        return Err(refused());
    }
    let agent = snapshot.agent(key.agent).ok_or_else(refused)?;
    let mut caller = agent.caller.clone();
    caller.key = Some(id);
    Ok(Known { agent, caller })
}

/// Whether a key is neither expired nor revoked.
fn is_good(key: &Key, now: Timestamp) -> bool {
    key.expires_at.is_none_or(|end| now < end) && key.revoked_at.is_none()
}

/// A grant that this installation signed, whose time has come and is not over, and which nobody has
/// revoked.
fn by_grant<'s>(
    gate: &Gate,
    snapshot: &'s Snapshot,
    text: &str,
    now: Timestamp,
) -> Option<Known<'s>> {
    let grant = gate.signer.verify(text)?;
    let valid = now < grant.expires_at && !snapshot.is_revoked(grant.id);
    let agent =
        snapshot.agent(grant.agent).filter(|agent| valid && agent.caller.tenant == grant.tenant)?;
    let mut caller = agent.caller.clone();
    caller.grant = Some(Arc::new(grant));
    Some(Known { agent, caller })
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
