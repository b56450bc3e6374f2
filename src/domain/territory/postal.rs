//! Postal codes as typed by people and as La Poste writes them.

use std::fmt;

/// A French postal code of five digits; whether it exists is the atlas's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostalCode(u32);

/// Why a text is no postal code; the line of an import is rejected (product.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostalCodeError {
    /// Nothing was typed.
    #[error("no postal code")]
    Empty,
    /// Something else than digits was typed.
    #[error("a postal code has digits only")]
    NotDigits,
    /// There are too few or too many digits.
    #[error("a postal code has five digits, not {digits}")]
    WrongLength {
        /// How many digits were typed.
        digits: usize,
    },
}

impl PostalCode {
    /// Reads a postal code as people and spreadsheets write it.
    ///
    /// Spaces are dropped wherever they are, a leading zero lost by a spreadsheet is put back («1400» → «01400»), and 75116,
    /// the second code of Paris' sixteenth arrondissement, is 75016 (product.md §4).
    ///
    /// # Errors
    /// Refuses what is empty, holds something else than digits, or has not five digits once the lost zero is back.
    pub fn parse(typed: &str) -> Result<Self, PostalCodeError> {
        let digits: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200B}' | '\u{FEFF}'))
            .collect();
        if digits.is_empty() {
            return Err(PostalCodeError::Empty);
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PostalCodeError::NotDigits);
        }
        // Only the codes of the first nine départements lose a zero, so what is left of them never begins with another.
        let lost_zero = digits.len() == 4 && !digits.starts_with('0');
        if digits.len() != 5 && !lost_zero {
            return Err(PostalCodeError::WrongLength { digits: digits.len() });
        }
        match digits.parse() {
            Ok(75116) => Ok(Self(75016)),
            Ok(number) => Ok(Self(number)),
            Err(_) => Err(PostalCodeError::NotDigits),
        }
    }
}

impl fmt::Display for PostalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}", self.0)
    }
}

impl std::str::FromStr for PostalCode {
    type Err = PostalCodeError;

    fn from_str(typed: &str) -> Result<Self, PostalCodeError> {
        Self::parse(typed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(typed: &str) -> Result<String, PostalCodeError> {
        PostalCode::parse(typed).map(|code| code.to_string())
    }

    #[test]
    fn what_people_and_spreadsheets_write_is_read() {
        for (typed, code) in [
            ("34400", "34400"),
            (" 34400\t", "34400"),
            ("34 400", "34400"),
            ("34\u{A0}400", "34400"),
            ("34\u{202F}400\u{FEFF}", "34400"),
            ("1400", "01400"),
            ("01400", "01400"),
            ("75116", "75016"),
            ("75 116", "75016"),
            ("20000", "20000"),
            ("98800", "98800"),
        ] {
            assert_eq!(shown(typed).as_deref(), Ok(code), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_postal_code_is_refused_with_its_reason() {
        assert_eq!(shown(""), Err(PostalCodeError::Empty));
        assert_eq!(shown(" \u{A0} "), Err(PostalCodeError::Empty));
        for typed in ["2A004", "3440O", "34400-1", "+34400", "34.400", "Lunel", "٣٤٤٠٠"] {
            assert_eq!(shown(typed), Err(PostalCodeError::NotDigits), "{typed:?}");
        }
        for (typed, digits) in [("344", 3), ("0140", 4), ("344000", 6), ("0034400", 7)] {
            assert_eq!(shown(typed), Err(PostalCodeError::WrongLength { digits }), "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_settled_after_once(typed in "\\PC{0,12}|[0-9 ]{0,8}") {
            if let Ok(code) = PostalCode::parse(&typed) {
                let again = code.to_string();
                prop_assert_eq!(again.len(), 5);
                prop_assert_eq!(PostalCode::parse(&again), Ok(code));
            }
        }
    }
}
