//! A person in front of a Discord client, who can do what the client lets him do and nothing else.
//!
//! Where a real client would not send something (an unknown option, a greyed button, a form left empty), the
//! method gives [`Refusal::NotOffered`] saying why; where the bot does not answer within three seconds, it gives
//! [`Refusal::NoAnswer`], which people read as «L’application ne répond pas».

mod answer;
mod components;
mod options;
mod person;
mod sight;

pub use answer::{Answer, AnswerKind, On, labels_of, text_of};
pub use options::Value;
pub use person::Person;

use std::fmt;

/// Why nothing came of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The client would not send this.
    NotOffered(String),
    /// The bot did not answer in time.
    NoAnswer,
    /// The bot said that it was thinking, and nothing followed.
    NeverFinished,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered(why) => write!(f, "le client Discord ne permet pas cela : {why}"),
            Self::NoAnswer => f.write_str("L’application ne répond pas"),
            Self::NeverFinished => f.write_str("L’application réfléchit toujours"),
        }
    }
}

impl std::error::Error for Refusal {}

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::NotOffered(why.into()))
}

/// Text as people compare it: typographic apostrophes and spaces made plain, no space at the ends.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = text.chars().map(|c| match c {
        '’' => '\'',
        '\u{a0}' | '\u{202f}' => ' ',
        other => other,
    });
    plain.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn labels_are_compared_without_typography() {
        assert_eq!(fold("J’accepte la charte\u{a0}!"), "J'accepte la charte !");
    }
}
