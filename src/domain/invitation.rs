//! The one-time code that a relay gives to somebody who is not on Discord yet (product.md §6.6).

use std::fmt;

/// The characters of a code: digits and capitals without 0, O, 1, I, L and U, which are misread or misheard.
pub const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The length of a code: 30^8 is 6.5 × 10^11, out of reach of five tries an hour.
pub const LENGTH: usize = 8;

/// A code in its normal form. Whoever knows it can use it, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Makes a code of random bytes. Bytes that would favour some characters are passed over; none is made when too few remain.
    #[must_use]
    pub fn from_random(bytes: &[u8]) -> Option<Code> {
        let fair = bytes
            .iter()
            .filter(|&&byte| usize::from(byte) < 256 / ALPHABET.len() * ALPHABET.len());
        let code: String = fair
            .take(LENGTH)
            .map(|&byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
            .collect();
        (code.len() == LENGTH).then_some(Code(code))
    }

    /// Reads what somebody typed: spaces, hyphens and case do not count. None for what no code can be.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Code> {
        let code: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–'))
            .collect::<String>()
            .to_uppercase();
        (code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(Code(code))
    }

    /// The code, to be shown once and hashed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = Code::from_random(&[0, 1, 2, 3, 4, 5, 6, 29]).unwrap();
        assert_eq!(code.as_str(), "2345678Z");
        for typed in ["2345678z", " 2345 678Z ", "2345-678Z", "2345\u{a0}678z"] {
            assert_eq!(Code::parse(typed), Some(code.clone()), "{typed}");
        }
        for typed in ["", "2345678", "2345678ZZ", "2345678O", "2345678é", "code"] {
            assert_eq!(Code::parse(typed), None, "{typed}");
        }
        assert_eq!(format!("{code:?}"), "Code(…)");
    }

    #[test]
    fn every_character_is_as_likely_as_another() {
        let mut counts = [0u32; 30];
        for byte in 0..=255u8 {
            let bytes = [byte; LENGTH];
            if let Some(code) = Code::from_random(&bytes) {
                let at = ALPHABET.iter().position(|&c| c == code.as_str().as_bytes()[0]).unwrap();
                counts[at] += 1;
            }
        }
        assert_eq!(counts, [8; 30]);
    }

    proptest! {
        #[test]
        fn reading_is_total_and_settles(typed in ".{0,20}", bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            if let Some(code) = Code::parse(&typed) {
                prop_assert_eq!(Code::parse(code.as_str()), Some(code));
            }
            if let Some(code) = Code::from_random(&bytes) {
                prop_assert_eq!(Code::parse(code.as_str()), Some(code));
            }
        }
    }
}
