//! Who somebody from outside is to us: a person by a pairing that both sides wanted, or a stranger.
//!
//! A person who is signed in gets a code and says it to the agent from the outside account. Whoever guesses
//! has few tries, and a code is worth one pairing within minutes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};

use crate::connector::Sender;

/// What an account from outside is to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// An account that this person paired.
    Person(String),
    /// Anybody else.
    Stranger,
}

impl Standing {
    /// How inbox and records name the sender: our person, or the account with its connector, which no
    /// person's name can be.
    pub fn identity(&self, connector: &str, sender: &Sender) -> String {
        match self {
            Self::Person(name) => format!("user:{name}"),
            Self::Stranger => format!("{connector}:{}", sender.id),
        }
    }

    /// Whether the sender's words may be followed as a person's of ours: it is paired, and the service
    /// proves that it was really that account.
    pub const fn is_trusted(&self, sender: &Sender) -> bool {
        matches!(self, Self::Person(_)) && sender.proven
    }
}

/// A pairing code: eight letters without those that look alike, 40 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// Crockford's alphabet: what is read aloud or copied by hand is not mistaken.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARS: usize = 8;

impl Code {
    /// A new code; `None` where the system gives no randomness.
    pub fn generate() -> Option<Self> {
        let mut bytes = [0_u8; CODE_CHARS];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let letter = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).map(|b| char::from(*b));
        bytes.iter().map(letter).collect::<Option<String>>().map(Self)
    }

    /// A code as somebody wrote it: small letters, spaces and dashes do not matter, nor do letters that look
    /// like digits.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 4 * CODE_CHARS {
            return None;
        }
        let plain = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let code: String = plain
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            })
            .collect();
        let known = |byte: u8| ALPHABET.contains(&byte);
        (code.len() == CODE_CHARS && code.bytes().all(known)).then_some(Self(code))
    }

    /// How it is shown: two groups of four.
    pub fn shown(&self) -> String {
        let (first, second) = self.0.split_at(CODE_CHARS / 2);
        format!("{first}-{second}")
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, read: Option<&str>) {
        assert_eq!(Code::read(text).map(|code| code.shown()).as_deref(), read, "{text}");
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        check("AB12-CD34", Some("AB12-CD34"));
        check(" ab12 cd34\n", Some("AB12-CD34"));
        check("aboz-li00", Some("AB0Z-1100"));
        check("AB12CD3", None);
        check("AB12-CD34-5", None);
        check("UUUUUUUU", None);
        check("", None);
        check(&" ".repeat(100), None);
    }

    #[test]
    fn a_code_reads_back_what_it_shows() {
        let code = Code::generate().unwrap();
        assert!(Code::read(&code.shown()) == Some(code));
    }

    #[test]
    fn only_a_paired_account_that_the_service_proves_is_trusted() {
        let sender = |proven| Sender { id: "42".to_owned(), proven };
        let anna = Standing::Person("anna".to_owned());
        assert!(anna.is_trusted(&sender(true)));
        assert!(!anna.is_trusted(&sender(false)));
        assert!(!Standing::Stranger.is_trusted(&sender(true)));
    }

    #[test]
    fn a_stranger_cannot_be_named_like_a_person() {
        let sender = Sender { id: "user:anna".to_owned(), proven: true };
        assert_eq!(Standing::Stranger.identity("discord", &sender), "discord:user:anna");
        assert_eq!(Standing::Person("anna".to_owned()).identity("discord", &sender), "user:anna");
    }
}
