//! Mail addresses.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// The longest address accepted, in bytes (RFC 5321, with its erratum 1690).
pub const MAIL_MAX: usize = 254;

/// What is wrong with a mail address, with the facts for a precise sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailProblem {
    /// Nothing was typed.
    #[error("the address is empty")]
    Empty,
    /// Longer than [`MAIL_MAX`].
    #[error("the address has {chars} characters")]
    TooLong {
        /// Its length, in characters.
        chars: usize,
    },
    /// A space or a control character inside.
    #[error("the address holds a space")]
    Space,
    /// No «@».
    #[error("the address has no at sign")]
    NoAt,
    /// Two addresses in one field, most of the time.
    #[error("the address has {count} at signs")]
    SeveralAt {
        /// How many.
        count: usize,
    },
    /// Nothing before «@».
    #[error("nothing stands before the at sign")]
    NoLocalPart,
    /// Nothing after «@».
    #[error("nothing stands after the at sign")]
    NoDomain,
    /// The domain has no dot: «camille@example».
    #[error("the domain has no dot")]
    NoDot,
    /// A comma in the domain, typed for a dot.
    #[error("the domain holds a comma")]
    Comma,
    /// Two dots in a row, or a dot at the beginning or the end of a part.
    #[error("a dot is misplaced")]
    Dots,
    /// A character that no address may hold.
    #[error("the address holds a character that is not allowed")]
    Character,
}

/// A mail address: its domain in lower case, the part before «@» as it was typed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mail(String);

impl Mail {
    /// Parses what was typed. «mailto:», angle brackets around the address and a sign left at its end by copying are dropped.
    ///
    /// # Errors
    /// The first fault found.
    pub fn parse(typed: &str) -> Result<Self, MailProblem> {
        let text: String = typed
            .nfc()
            .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'))
            .collect();
        let mut text = text.trim();
        if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
            text = &text[7..];
        }
        if let Some(inner) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            text = inner;
        }
        let text = text.trim_end_matches(['.', ',', ';']).trim();
        check(text)?;
        let Some((local, domain)) = text.split_once('@') else {
            return Err(MailProblem::NoAt);
        };
        let mail = format!("{local}@{}", domain.to_lowercase());
        let options = Options {
            minimum_sub_domains: 2,
            allow_domain_literal: false,
            allow_display_text: false,
        };
        EmailAddress::parse_with_options(&mail, options).map_err(|error| match error {
            email_address::Error::LocalPartEmpty => MailProblem::NoLocalPart,
            email_address::Error::DomainEmpty => MailProblem::NoDomain,
            email_address::Error::DomainTooFew => MailProblem::NoDot,
            email_address::Error::SubDomainEmpty | email_address::Error::DomainInvalidSeparator => MailProblem::Dots,
            email_address::Error::LocalPartTooLong
            | email_address::Error::DomainTooLong
            | email_address::Error::SubDomainTooLong => MailProblem::TooLong {
                chars: mail.chars().count(),
            },
            _ => MailProblem::Character,
        })?;
        // Lower case may be longer than capitals in some scripts.
        if mail.len() > MAIL_MAX {
            return Err(MailProblem::TooLong {
                chars: mail.chars().count(),
            });
        }
        Ok(Self(mail))
    }

    /// The address as it is written to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two addresses are compared: all in lower case. The part before «@» may differ by case in theory
    /// (RFC 5321 §2.4); in practice no service does so, and one person typing it twice is the common case.
    #[must_use]
    pub fn comparison(&self) -> String {
        self.0.to_lowercase()
    }
}

/// The faults that deserve their own sentence, looked for before the library judges the rest.
fn check(text: &str) -> Result<(), MailProblem> {
    if text.is_empty() {
        return Err(MailProblem::Empty);
    }
    if text.len() > MAIL_MAX {
        return Err(MailProblem::TooLong {
            chars: text.chars().count(),
        });
    }
    let count = text.matches('@').count();
    if count > 1 {
        return Err(MailProblem::SeveralAt { count });
    }
    let Some((local, domain)) = text.split_once('@') else {
        return Err(MailProblem::NoAt);
    };
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(MailProblem::Space);
    }
    if local.is_empty() {
        return Err(MailProblem::NoLocalPart);
    }
    if domain.is_empty() {
        return Err(MailProblem::NoDomain);
    }
    if domain.contains(',') {
        return Err(MailProblem::Comma);
    }
    if !domain.contains('.') {
        return Err(MailProblem::NoDot);
    }
    let misplaced = |part: &str| part.starts_with('.') || part.ends_with('.') || part.contains("..");
    if misplaced(local) || misplaced(domain) {
        return Err(MailProblem::Dots);
    }
    Ok(())
}

impl fmt::Display for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_domain_is_in_lower_case_and_the_rest_kept() {
        let mail = Mail::parse("  Camille.Dupre@Example.ORG\u{a0}").unwrap();
        assert_eq!(mail.as_str(), "Camille.Dupre@example.org");
        assert_eq!(mail.comparison(), "camille.dupre@example.org");
    }

    #[test]
    fn what_copying_leaves_is_dropped() {
        for typed in [
            "mailto:noe@example.org",
            "<noe@example.org>",
            "noe@example.org.",
            "noe@example.org;",
        ] {
            assert_eq!(Mail::parse(typed).unwrap().as_str(), "noe@example.org", "{typed}");
        }
    }

    #[test]
    fn each_fault_has_its_name() {
        for (typed, problem) in [
            ("  ", MailProblem::Empty),
            ("camille.example.org", MailProblem::NoAt),
            ("a@example.org, b@example.org", MailProblem::SeveralAt { count: 2 }),
            ("camille dupre@example.org", MailProblem::Space),
            ("camille@exam\nple.org", MailProblem::Space),
            ("@example.org", MailProblem::NoLocalPart),
            ("camille@", MailProblem::NoDomain),
            ("camille@example", MailProblem::NoDot),
            ("camille@example,org", MailProblem::Comma),
            ("camille@example..org", MailProblem::Dots),
            ("camille.@example.org", MailProblem::Dots),
            ("camille@exam_ple!.org", MailProblem::Character),
            ("camille(@example.org", MailProblem::Character),
        ] {
            assert_eq!(Mail::parse(typed), Err(problem), "{typed}");
        }
        let long = format!("{}@example.org", "a".repeat(MAIL_MAX));
        assert!(matches!(Mail::parse(&long), Err(MailProblem::TooLong { .. })));
    }

    #[test]
    fn usual_and_unusual_addresses_are_accepted() {
        for typed in [
            "a@b.fr",
            "o'neill+mcp@mail.example.org",
            "élodie@exämple.fr",
            "a_b-c@x-y.example.org",
        ] {
            assert!(Mail::parse(typed).is_ok(), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn parsing_is_total_and_settles(typed in "\\PC{0,40}|[a-zA-Z0-9.@+_ ,-]{0,40}|[a-zA-Z.]{1,8}@[A-Za-z.]{1,12}") {
            if let Ok(mail) = Mail::parse(&typed) {
                prop_assert_eq!(Mail::parse(mail.as_str()), Ok(mail.clone()));
                prop_assert!(mail.as_str().len() <= MAIL_MAX);
            }
        }
    }
}
