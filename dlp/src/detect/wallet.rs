//! Addresses of crypto-currency wallets.

use std::ops::Range;

use super::{
    claims::{Claims, Nears},
    number,
};
use crate::{Kind, cues::Cue, score::Candidate, text::Text, validate::wallet};

/// The shortest address of Bitcoin.
pub(super) const BYTES_MIN: usize = 26;
const BASE58_BYTES_MAX: usize = 35;
/// `0x` and 20 bytes in hexadecimal.
const ETHEREUM_BYTES: usize = 42;
const REACH: u8 = 48;

/// Looks at a long word of letters and digits.
pub(super) fn at(text: Text<'_>, span: Range<usize>, claims: &mut Claims) {
    let word = text.slice(span.clone());
    let lower = || !word.bytes().any(|byte| byte.is_ascii_uppercase());
    let first = word.as_bytes().first().copied().unwrap_or(0);
    let checked = match first {
        b'b' | b'l' if word.starts_with("bc1") || word.starts_with("ltc1") => {
            lower() && wallet::bech32(word)
        }
        // Bitcoin, Litecoin, Dogecoin, Tron: the version byte chooses the first letter.
        b'1' | b'3' | b'L' | b'M' | b'D' | b'T' if word.len() <= BASE58_BYTES_MAX => {
            text.work.take(word.len() * 32);
            let version = wallet::base58_version(word);
            matches!(version, Some(0 | 5 | 0x1E | 0x30 | 0x32 | 0x41))
        }
        b'0' if word.len() == ETHEREUM_BYTES && word.starts_with("0x") => {
            let is_hex = word.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit());
            if is_hex && number::starts(text, span.start) {
                ethereum(text, span, claims);
            }
            return;
        }
        _ => false,
    };
    if checked && number::starts(text, span.start) {
        claims.add(Candidate::new(Kind::CRYPTO_WALLET, span).term("checksum", 95), None);
    }
}

/// The checksum of ERC-55 is in the case of its letters, which programs drop: a word must speak
/// for it, since hashes of commits look the same.
fn ethereum(text: Text<'_>, span: Range<usize>, claims: &mut Claims) {
    let cue = Nears::new(text, span.clone()).left(&span, Cue::Wallet, REACH);
    if cue.is_some() {
        let candidate = Candidate::new(Kind::CRYPTO_WALLET, span);
        claims.add(candidate.term("form", 35).term("cue_word", 40), cue);
    }
}
