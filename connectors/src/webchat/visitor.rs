//! Who asks, for which conversation, with which agent.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use store::work::Session;
use types::{Secret, Timestamp};

use super::{
    NAME,
    conversation::Token,
    error::Error,
    guard,
    house::{Addressee, Person},
    routes::Room,
    seal::Purpose,
};
use crate::{connector::Sender, identity::Standing};

/// The cookie with the conversation's token.
pub(super) const CONVERSATION: &str = "orchestack_conversation";
/// The cookie with who is signed in, sealed.
pub(super) const PERSON: &str = "orchestack_person";
/// The header with the same, of whoever has no cookies.
pub(super) const PERSON_HEADER: &str = "x-orchestack-person";

/// What a request carries to say who asks. Nothing of it is proven yet.
#[derive(Clone, Default)]
pub(super) struct Claims {
    pub(super) token: Option<String>,
    pub(super) person: Option<String>,
    pub(super) agent: Option<String>,
}

/// Somebody who may read and write in a conversation.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) to: Addressee,
    /// The hash of the conversation's token.
    pub(super) conversation: String,
    pub(super) person: Option<SignedIn>,
    /// Where somebody has written there already.
    pub(super) session: Option<Session>,
    pub(super) address: IpAddr,
}

/// A person whose token was proven a moment ago.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) name: String,
    /// The person's own admin token: what the person decides is decided on it.
    pub(super) token: Secret,
}

impl Claims {
    /// What headers carry: a bearer, or a cookie.
    pub(super) fn of(headers: &HeaderMap, agent: Option<String>) -> Self {
        let bearer = guard::one(headers, header::AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(|token| token.trim().to_owned());
        let person = headers.get(PERSON_HEADER).and_then(|value| value.to_str().ok());
        Self {
            token: bearer.or_else(|| cookie(headers, CONVERSATION)),
            person: person.map(str::to_owned).or_else(|| cookie(headers, PERSON)),
            agent,
        }
    }
}

impl Visitor {
    /// Proves claims.
    ///
    /// # Errors
    /// [`Error::NoAgent`], [`Error::NoConversation`], [`Error::Unauthenticated`], [`Error::SignIn`] or
    /// [`Error::NotYours`]; [`Error::Away`].
    pub(super) async fn prove(
        room: &Room,
        claims: &Claims,
        address: IpAddr,
    ) -> Result<Self, Error> {
        let to = addressee(room, claims.agent.as_deref())?;
        let token = claims.token.as_deref().and_then(Token::read);
        let conversation = token.ok_or(Error::NoConversation)?.conversation();
        let person = signed_in(room, claims.person.as_deref()).await?;
        let person = match person {
            Some((person, _)) if person.tenant != to.tenant => return Err(Error::Unauthenticated),
            person => person.map(|(person, token)| SignedIn { name: person.name, token }),
        };
        if person.is_none() && !room.settings.anonymous {
            return Err(Error::SignIn);
        }
        let session = room.work.session_of(to.tenant, NAME, &conversation, to.agent).await?;
        let mut visitor = Self { to, conversation, person, session: None, address };
        visitor.enter(session)?;
        Ok(visitor)
    }

    /// Proves again what may have changed: whether the person's token still counts, and whose the
    /// conversation is by now.
    ///
    /// # Errors
    /// As [`Visitor::prove`].
    pub(super) async fn again(&mut self, room: &Room) -> Result<(), Error> {
        if let Some(person) = &self.person {
            let known = room.house.person(&person.token).await?;
            if known.is_none_or(|known| known.name != person.name) {
                return Err(Error::Unauthenticated);
            }
        }
        if self.session.is_none() {
            let (tenant, agent) = (self.to.tenant, self.to.agent);
            let found = room.work.session_of(tenant, NAME, &self.conversation, agent).await?;
            self.enter(found)?;
        }
        Ok(())
    }

    /// Whether it was seen whose the conversation is: until then, nothing of it is told.
    pub(super) const fn is_known(&self) -> bool {
        self.session.is_some()
    }

    /// How the inbox names whoever writes.
    pub(super) fn identity(&self) -> String {
        // A hash of the token's hash's beginning would tell no less; this much tells visitors apart.
        let id = self.conversation.chars().take(16).collect();
        self.standing().identity(NAME, &Sender { id, proven: false })
    }

    /// Whether the words of whoever writes may be followed: a person's who is signed in.
    pub(super) const fn is_trusted(&self) -> bool {
        self.person.is_some()
    }

    fn standing(&self) -> Standing {
        match &self.person {
            Some(person) => Standing::Person(person.name.clone()),
            None => Standing::Stranger,
        }
    }

    /// Takes the session of the conversation, once there is one. One that a person of ours began is that person's
    /// alone.
    fn enter(&mut self, found: Option<Session>) -> Result<(), Error> {
        let owner = found.as_ref().and_then(|session| session.person.strip_prefix("user:"));
        if owner.is_some_and(|owner| self.person.as_ref().is_none_or(|own| own.name != owner)) {
            return Err(Error::NotYours);
        }
        // INVARIANT: nobody has a session who was not seen to be let in: it is never asked again.
        self.session = found;
        Ok(())
    }
}

/// The agent that is written to: the first of the settings where none is named.
pub(super) fn addressee(room: &Room, name: Option<&str>) -> Result<Addressee, Error> {
    let known = &room.settings.agents;
    let name = match name.filter(|name| !name.is_empty()) {
        Some(name) => known.iter().find(|known| *known == name),
        None => known.first(),
    };
    name.and_then(|name| room.house.agent(name)).ok_or(Error::NoAgent)
}

/// Who a sealed cookie says is signed in, if the token in it still counts. One that does not open, because it
/// is old or the key is another one now, is as good as none.
pub(super) async fn signed_in(
    room: &Room,
    sealed: Option<&str>,
) -> Result<Option<(Person, Secret)>, Error> {
    let open = |sealed| room.seal.open::<String>(Purpose::Person, sealed, Timestamp::now());
    let Some(token) = sealed.and_then(open).map(Secret::new) else { return Ok(None) };
    Ok(room.house.person(&token).await?.map(|person| (person, token)))
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}
