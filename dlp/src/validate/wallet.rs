//! Checksums of the addresses of crypto-currencies.

use ring::digest::{SHA256, digest};

/// A Base58 address decodes to a version, 20 bytes and a checksum of four.
const PAYLOAD_BYTES: usize = 25;
const BASE58: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// The version byte of a Base58Check address whose checksum is right (Bitcoin developer guide,
/// "Base58Check encoding"): double SHA-256 over version and hash.
pub(crate) fn base58_version(address: &str) -> Option<u8> {
    let mut decoded = [0_u8; PAYLOAD_BYTES];
    for character in address.chars() {
        let mut carry = u32::try_from(BASE58.find(character)?).ok()?;
        for byte in decoded.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xFF).unwrap_or(0);
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let (payload, checksum) = decoded.split_at_checked(PAYLOAD_BYTES - 4)?;
    let sum = digest(&SHA256, digest(&SHA256, payload).as_ref());
    let version = payload.first().copied();
    version.filter(|_| sum.as_ref().starts_with(checksum))
}

/// Whether the checksum of a Bech32 or Bech32m address in lower case is right (BIP 173, BIP 350).
pub(crate) fn bech32(address: &str) -> bool {
    const STEPS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let Some((prefix, data)) = address.rsplit_once('1') else { return false };
    let step = |sum: u32, value: u32| {
        let next = (sum & 0x01ff_ffff) << 5 ^ value;
        let taps = STEPS.iter().enumerate().filter(|(bit, _)| sum >> (25 + bit) & 1 == 1);
        taps.fold(next, |next, (_, tap)| next ^ tap)
    };
    let high = prefix.bytes().map(|byte| u32::from(byte) >> 5);
    let low = prefix.bytes().map(|byte| u32::from(byte) & 31);
    let mut sum = high.chain([0]).chain(low).fold(1, step);
    for character in data.chars() {
        let Some(value) = BECH32.find(character).and_then(|at| u32::try_from(at).ok()) else {
            return false;
        };
        sum = step(sum, value);
    }
    matches!(sum, 1 | 0x2bc8_30a3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_specifications_are_right_and_one_letter_off_wrong() {
        // The address of the first block, and BIP 173's and BIP 350's examples.
        assert_eq!(base58_version("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"), Some(0));
        assert_eq!(base58_version("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"), None);
        assert!(bech32("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));
        assert!(bech32("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"));
        assert!(!bech32("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"));
    }
}
