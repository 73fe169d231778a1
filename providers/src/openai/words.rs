//! The words in which servers of this dialect differ.

use std::borrow::Cow;

/// What servers of this dialect call otherwise than OpenAI.
pub(crate) struct Words {
    /// The seed.
    pub(crate) seed: &'static str,
    /// The choice of at least one tool.
    pub(crate) any_tool: &'static str,
    /// Whether ids of calls must be nine letters and digits, as Mistral wants them: others, such as
    /// those of calls that another provider made, are sent as nine that are made from them.
    pub(crate) short_call_ids: bool,
    /// Whether there is a name for the end user. It is a hint, so that it is left out where there is none.
    pub(crate) has_user: bool,
}

impl Words {
    /// OpenAI's own.
    pub(super) const OPENAI: Self =
        Self { seed: "seed", any_tool: "required", short_call_ids: false, has_user: true };

    /// An id of a call as the server takes it.
    pub(super) fn call_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        let is_short = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if self.short_call_ids && !is_short { short(id).into() } else { id.into() }
    }
}

/// Nine letters and digits made from an id (FNV-1a), the same for the call and for its result.
fn short(id: &str) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut rest = id.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    let mut short = String::with_capacity(9);
    for _ in 0..9 {
        let digit = usize::try_from(rest % 36).ok().and_then(|at| DIGITS.get(at));
        short.push(char::from(*digit.unwrap_or(&b'0')));
        rest /= 36;
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_not_nine_letters_and_digits_becomes_one_that_is() {
        let words = Words { short_call_ids: true, ..Words::OPENAI };
        for id in ["call_1", "", "toolu_01A09q90qw90lq917835lq9", "ninechar!"] {
            let made = words.call_id(id);
            assert_eq!(made.len(), 9, "{id}");
            assert!(made.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{made}");
            assert_eq!(made, words.call_id(id));
        }
        assert_ne!(words.call_id("call_1"), words.call_id("call_2"));
        assert_eq!(words.call_id("D681PevKs"), "D681PevKs");
        assert_eq!(Words::OPENAI.call_id("call_1"), "call_1");
    }
}
