//! First and last names.

use crate::domain::fold;
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// The longest name accepted, in characters.
pub const NAME_MAX: usize = 60;

/// What is wrong with a name. Little is refused: people are called what they are called, and what they typed is escaped
/// wherever it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// Nothing was typed.
    #[error("the name is empty")]
    Empty,
    /// A line break, a tab or another control character inside: two cells of a table run together, most of the time.
    #[error("the name holds a control character")]
    Control,
    /// Neither a letter nor a digit.
    #[error("the name has no letter")]
    NoLetter,
    /// Longer than [`NAME_MAX`].
    #[error("the name has {chars} characters")]
    TooLong {
        /// Its length, in characters.
        chars: usize,
    },
}

/// The name in its one form: NFC, trimmed, inner spaces folded, marks that cannot be seen removed.
fn clean(typed: &str) -> Result<String, NameProblem> {
    let visible: String = typed.nfc().filter(|&c| !is_invisible(c)).collect();
    let trimmed = visible.trim();
    if trimmed.is_empty() {
        return Err(NameProblem::Empty);
    }
    if trimmed
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    {
        return Err(NameProblem::Control);
    }
    if !trimmed.chars().any(char::is_alphanumeric) {
        return Err(NameProblem::NoLetter);
    }
    let name = trimmed.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars = name.chars().count();
    if chars > NAME_MAX {
        return Err(NameProblem::TooLong { chars });
    }
    Ok(name)
}

/// Marks that copying brings along and that nobody sees: byte order mark, soft hyphen, zero-width space, word joiner, and
/// the direction marks, with which a name could be shown backwards.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses what was typed.
            ///
            /// # Errors
            /// The first fault found.
            pub fn parse(typed: &str) -> Result<Self, NameProblem> {
                clean(typed).map(Self)
            }

            /// The name as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Its search key: «dupre».
            #[must_use]
            pub fn fold(&self) -> String {
                fold::fold(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

name!(
    /// A first name.
    FirstName
);
name!(
    /// A last name.
    LastName
);

impl LastName {
    /// The name in capitals, with their accents: «DUPRÉ».
    #[must_use]
    pub fn upper(&self) -> String {
        self.0.to_uppercase()
    }

    /// The capital that stands for the name in «Camille D.»; absent when the name has no letter nor digit.
    #[must_use]
    pub fn initial(&self) -> Option<char> {
        let first = self.0.chars().find(|c| c.is_alphanumeric())?;
        first.to_uppercase().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spaces_are_folded_and_accents_composed() {
        assert_eq!(LastName::parse("  Le \u{a0} Goff ").unwrap().as_str(), "Le Goff");
        assert_eq!(LastName::parse("Dupre\u{301}").unwrap().as_str(), "Dupré");
        assert_eq!(FirstName::parse("\u{feff}No\u{200b}é").unwrap().as_str(), "Noé");
    }

    #[test]
    fn impossible_names_are_refused() {
        assert_eq!(FirstName::parse(" \u{a0}\t"), Err(NameProblem::Empty));
        assert_eq!(FirstName::parse("Camille\nDupré"), Err(NameProblem::Control));
        assert_eq!(FirstName::parse("Cam\0ille"), Err(NameProblem::Control));
        assert_eq!(LastName::parse("—"), Err(NameProblem::NoLetter));
        assert!(LastName::parse(&"é".repeat(NAME_MAX)).is_ok());
        assert_eq!(
            LastName::parse(&"é".repeat(NAME_MAX + 1)),
            Err(NameProblem::TooLong { chars: NAME_MAX + 1 })
        );
    }

    #[test]
    fn unusual_names_are_accepted() {
        for name in [
            "O’Neill",
            "d'Arc",
            "Dupré (née Martin)",
            "Nguyễn",
            "李",
            "X",
            "=1+1",
            "@everyone",
        ] {
            assert!(LastName::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_initial_is_a_capital() {
        let initial = |name| LastName::parse(name).unwrap().initial();
        assert_eq!(initial("d’Estaing"), Some('D'));
        assert_eq!(initial("élie"), Some('É'));
        assert_eq!(initial("(née) Martin"), Some('N'));
    }

    proptest! {
        #[test]
        fn parsing_is_total_and_settles(typed in "\\PC{0,80}|[ -~\\n\\t]{0,80}") {
            if let Ok(name) = FirstName::parse(&typed) {
                prop_assert_eq!(FirstName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(name.as_str().chars().count() <= NAME_MAX);
                prop_assert_eq!(name.as_str().trim(), name.as_str());
            }
        }
    }
}
