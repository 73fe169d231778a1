//! What a value is: the catalogue of kinds, and the families that policies may name in place of them.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::{LazyLock, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use types::Label;

/// What a value is. Policies, settings and records name it; two are equal when their names are.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub struct Kind(&'static About);

/// What is known of a kind: the row of the catalogue from which its documentation is made.
#[derive(Debug, PartialEq, Eq)]
pub struct About {
    /// Its name: lower-case words with `_`.
    pub name: &'static str,
    /// What it belongs to.
    pub family: Family,
    /// The label that it gives a request, where settings say nothing else.
    pub label: Label,
    /// What it is, for people.
    pub what: &'static str,
    /// How it is told from other text.
    pub validated: &'static str,
    /// The standard or the issuer's document that its form comes from.
    pub source: &'static str,
}

types::names! {
    /// A group of kinds.
    Family {
        /// Names, reaches or identifies a person.
        Personal = "personal",
        /// Is probably somebody's name: a guess, never blocked for itself.
        Name = "name",
        /// Is about somebody's health.
        Health = "health",
        /// Moves money.
        Payment = "payment",
        /// Opens a door: keys, tokens, passwords.
        Secret = "secret",
        /// Found by a detector of the git tree.
        Custom = "custom",
    }
}

/// One kind, or every kind of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// This kind.
    Kind(Kind),
    /// All kinds of it.
    Family(Family),
}

/// Text that names no kind of finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is no kind of finding{}; `orchestack dlp kinds` lists them, and personal, name, health, \
     payment, secret and custom stand for all of a family",
    near(given)
)]
pub struct ParseKindError {
    given: String,
}

/// Adds kinds to the catalogue: a constant of [`Kind`] for each, and a list of them.
macro_rules! kinds {
    (
        $(#[$meta:meta])* $list:ident:
        $($constant:ident = $name:literal, $family:ident, $label:ident, $what:literal, $validated:literal, $source:literal;)*
    ) => {
        impl $crate::Kind {
            $(
                #[doc = $what]
                pub const $constant: Self = Self::of(&$crate::kind::About {
                    name: $name,
                    family: $crate::Family::$family,
                    label: types::Label::$label,
                    what: $what,
                    validated: $validated,
                    source: $source,
                });
            )*
        }

        $(#[$meta])*
        pub(crate) const $list: &[$crate::Kind] = &[$($crate::Kind::$constant),*];
    };
}
use kinds;

mod example;
mod health;
mod name;
mod national;
mod payment;
mod personal;
mod secret;

/// The catalogue.
const LISTS: &[&[Kind]] = &[
    health::HEALTH,
    name::NAME,
    national::NATIONAL,
    payment::PAYMENT,
    personal::PERSONAL,
    secret::AI,
    secret::CLOUD,
    secret::CODE,
    secret::DATA,
    secret::FORM,
    secret::IDENTITY,
    secret::MESSAGING,
    secret::PAYMENT,
    secret::PIPELINE,
    secret::PUBLIC,
    secret::SOCIAL,
    secret::WATCH,
    secret::WORK,
];

/// Every kind that is built in, by name.
static BUILT_IN: LazyLock<BTreeMap<&'static str, Kind>> =
    LazyLock::new(|| LISTS.iter().copied().flatten().map(|kind| (kind.as_str(), *kind)).collect());

/// Kinds of the trees that were loaded in this process. A name is kept for good, so that a kind is
/// `Copy`; a tree has a bounded number of detectors.
static CUSTOM: Mutex<BTreeMap<&'static str, Kind>> = Mutex::new(BTreeMap::new());

impl Kind {
    pub(crate) const fn of(about: &'static About) -> Self {
        Self(about)
    }

    /// Every kind that is built in, in order of their names.
    pub fn all() -> impl Iterator<Item = Self> {
        BUILT_IN.values().copied()
    }

    /// The kind of a detector of the git tree; none when a built-in one or a family has the name.
    pub fn custom(name: &str) -> Option<Self> {
        if BUILT_IN.contains_key(name) || name.parse::<Family>().is_ok() {
            return None;
        }
        let mut custom = CUSTOM.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = custom.get(name) {
            return Some(*known);
        }
        let name: &'static str = name.to_owned().leak();
        let kind = Self(Box::leak(Box::new(About {
            name,
            family: Family::Custom,
            label: Label::Restricted,
            what: "A value that a detector of the git tree finds.",
            validated: "as the detector's file says",
            source: "the git tree",
        })));
        custom.insert(name, kind);
        Some(kind)
    }

    /// The name used in policies, configuration and records.
    pub const fn as_str(self) -> &'static str {
        self.0.name
    }

    /// What is known of it.
    pub const fn about(self) -> &'static About {
        self.0
    }

    /// An invented example, or of a secret its shape with `…`; none where nobody wrote one.
    pub fn example(self) -> Option<&'static str> {
        example::of(self.as_str())
    }

    /// What it belongs to.
    pub const fn family(self) -> Family {
        self.0.family
    }

    /// Whether it gives access to something, as opposed to being about a person.
    pub fn is_secret(self) -> bool {
        self.family() == Family::Secret
    }

    /// The name inside a redaction token: `[[EMAIL:7f3k2q]]`.
    pub fn marker(self) -> String {
        self.as_str().to_ascii_uppercase()
    }
}

impl Selector {
    /// Whether it means this kind.
    pub fn covers(self, kind: Kind) -> bool {
        match self {
            Self::Kind(one) => one == kind,
            Self::Family(family) => kind.family() == family,
        }
    }
}

/// A name that the mistaken one may have meant.
fn near(given: &str) -> String {
    let words = |text: &str| text.split('_').map(str::to_ascii_lowercase).collect::<Vec<_>>();
    let given = words(given);
    let shares = |kind: &Kind| words(kind.as_str()).iter().any(|word| given.contains(word));
    let alike: Vec<&str> = Kind::all().filter(shares).take(6).map(Kind::as_str).collect();
    if alike.is_empty() { String::new() } else { format!(" (near it are {})", alike.join(", ")) }
}

impl FromStr for Kind {
    type Err = ParseKindError;

    fn from_str(text: &str) -> Result<Self, ParseKindError> {
        let custom = || CUSTOM.lock().unwrap_or_else(PoisonError::into_inner).get(text).copied();
        let known = BUILT_IN.get(text).copied().or_else(custom);
        known.ok_or_else(|| ParseKindError { given: text.to_owned() })
    }
}

impl FromStr for Selector {
    type Err = ParseKindError;

    fn from_str(text: &str) -> Result<Self, ParseKindError> {
        match text.parse() {
            Ok(family) => Ok(Self::Family(family)),
            Err(_) => text.parse().map(Self::Kind),
        }
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0) || self.0.name == other.0.name
    }
}

impl Eq for Kind {}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.name.cmp(other.0.name)
    }
}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl From<Kind> for &'static str {
    fn from(kind: Kind) -> Self {
        kind.as_str()
    }
}

impl TryFrom<String> for Kind {
    type Error = ParseKindError;

    fn try_from(text: String) -> Result<Self, ParseKindError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_name_and_says_what_it_is() {
        for kind in Kind::all() {
            let about = kind.about();
            assert_eq!(about.name.parse(), Ok(kind));
            assert_eq!(about.name.parse(), Ok(Selector::Kind(kind)));
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(about.name.chars().all(plain), "{kind}");
            for text in [about.what, about.validated, about.source] {
                assert!(text.len() > 3, "{kind} says nothing");
            }
            assert!(about.what.ends_with('.'), "{kind}: {}", about.what);
        }
    }

    #[test]
    fn no_name_is_taken_twice() {
        assert_eq!(LISTS.iter().map(|list| list.len()).sum::<usize>(), Kind::all().count());
        assert!(Kind::all().all(|kind| kind.as_str().parse::<Family>().is_err()));
    }

    #[test]
    fn an_unknown_kind_tells_near_ones() {
        let error = "email_address".parse::<Kind>().unwrap_err().to_string();
        assert!(error.starts_with("`email_address` is no kind of finding (near it are email"));
    }

    #[test]
    fn a_family_covers_its_kinds() {
        let secret: Selector = "secret".parse().unwrap();
        assert!(secret.covers(Kind::JWT) && !secret.covers(Kind::EMAIL));
        assert!(Selector::Kind(Kind::EMAIL).covers(Kind::EMAIL));
    }

    #[test]
    fn a_kind_of_the_tree_has_a_name_of_its_own() {
        let kind = Kind::custom("employee_number").unwrap();
        assert_eq!("employee_number".parse(), Ok(kind));
        assert_eq!(Kind::custom("employee_number"), Some(kind));
        assert_eq!(Kind::custom("email"), None);
        assert_eq!(Kind::custom("secret"), None);
    }
}
