//! Closed sets whose values have stable names: one macro writes the set, its names and how they are
//! read.

/// Text that is not one of a closed set of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not one of {}", .known.join(", "))]
pub struct UnknownName {
    given: String,
    known: &'static [&'static str],
}

impl UnknownName {
    /// `given` is none of `known`.
    pub fn new(given: &str, known: &'static [&'static str]) -> Self {
        Self { given: given.to_owned(), known }
    }
}

/// Writes an enum whose values have stable names, the same in `as_str`, in text that is parsed, and
/// in `serde`, which the crate that uses this must have.
///
/// ```
/// types::names! {
///     /// How sure somebody is.
///     Sure {
///         /// Not at all.
///         NotSure = "not_sure",
///         /// As much as one can be.
///         Sure = "sure",
///     }
/// }
/// assert_eq!("not_sure".parse(), Ok(Sure::NotSure));
/// assert_eq!("".parse::<Sure>().unwrap_err().to_string(), "`` is not one of not_sure, sure");
/// ```
#[macro_export]
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::serde::Serialize, ::serde::Deserialize,
        )]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name, as it stands in settings, policies, rows, records and answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownName;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    other => Err($crate::UnknownName::new(other, &[$($text),*])),
                }
            }
        }
    };
}
