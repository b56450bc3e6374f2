//! Who a person is: names, telephone and mail as parsed values (product.md §4, §6).
//!
//! A value of these types has been checked once, at the edge; the rest of the program never checks again. None of them
//! shows itself in `Debug`: identities are personal data of a political kind (product.md §16), and logs must not hold any.

mod mail;
mod name;
mod phone;

use serde::{Deserialize, Serialize};
use std::fmt;

pub use mail::{MAIL_MAX, Mail, MailProblem};
pub use name::{FirstName, LastName, NAME_MAX, NameProblem};
pub use phone::{Phone, PhoneProblem};

use super::fold;

/// One of the five mandatory fields of a person (seed.txt; product.md §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// First name.
    Prenom,
    /// Last name.
    Nom,
    /// Telephone number.
    Telephone,
    /// Mail address.
    Mail,
    /// Postal code.
    CodePostal,
}

impl Field {
    /// The five fields, in the order of the modal.
    pub const ALL: [Self; 5] = [Self::Prenom, Self::Nom, Self::Telephone, Self::Mail, Self::CodePostal];

    /// The identifier of the field in the modal «Valider une participation» (product.md §6, a fixed name).
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Prenom => "prenom",
            Self::Nom => "nom",
            Self::Telephone => "telephone",
            Self::Mail => "mail",
            Self::CodePostal => "code_postal",
        }
    }

    /// The field that bears this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.id() == id)
    }
}

/// What is wrong with a postal code. The code itself is parsed by the territory; the fault is named here so that the five
/// fields speak with one voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostalCodeProblem {
    /// Nothing was typed.
    #[error("the postal code is empty")]
    Empty,
    /// Not four or five digits.
    #[error("the postal code is malformed")]
    Malformed,
    /// Well formed, but of no commune (refused at `/valider`, accepted at import: product.md §4).
    #[error("the postal code is unknown")]
    Unknown,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// A first or last name.
    #[error(transparent)]
    Name(#[from] NameProblem),
    /// A telephone number.
    #[error(transparent)]
    Phone(#[from] PhoneProblem),
    /// A mail address.
    #[error(transparent)]
    Mail(#[from] MailProblem),
    /// A postal code.
    #[error(transparent)]
    PostalCode(#[from] PostalCodeProblem),
}

/// A field that was refused, with what was typed so that the sentence can quote it (`texts::fields`).
/// Neither `Debug` nor `Display` shows what was typed.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {}: {problem}", field.id())]
pub struct FieldError {
    /// Which field.
    pub field: Field,
    /// What was typed, as it was typed.
    pub typed: String,
    /// What is wrong.
    pub problem: FieldProblem,
}

impl FieldError {
    /// A refused field.
    #[must_use]
    pub fn new(field: Field, typed: &str, problem: impl Into<FieldProblem>) -> Self {
        Self {
            field,
            typed: typed.to_owned(),
            problem: problem.into(),
        }
    }
}

impl fmt::Debug for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldError")
            .field("field", &self.field)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

/// What identifies a person and is sealed together (product.md §16). An inscrit may lack a telephone or a mail, not both;
/// a validated member has both.
///
/// It is serialised only to be sealed; reading it back trusts the text, which the seal has authenticated, so that a rule
/// made stricter later never locks anyone out of their own record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// First name.
    pub first: FirstName,
    /// Last name.
    pub last: LastName,
    /// Telephone, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Mail, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mail>,
}

impl Identity {
    /// Parses the four identity fields of the modal, all mandatory (product.md §6). The postal code helps to read a short
    /// local number of an overseas collectivity (see [`Phone::parse_near`]).
    ///
    /// # Errors
    /// Every refused field, in the order of the modal.
    pub fn parse(first: &str, last: &str, phone: &str, mail: &str, postal_code: &str) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let first = collect(&mut errors, Field::Prenom, first, FirstName::parse(first));
        let last = collect(&mut errors, Field::Nom, last, LastName::parse(last));
        let phone = collect(
            &mut errors,
            Field::Telephone,
            phone,
            Phone::parse_near(phone, postal_code),
        );
        let mail = collect(&mut errors, Field::Mail, mail, Mail::parse(mail));
        match (first, last, phone, mail) {
            (Some(first), Some(last), Some(phone), Some(mail)) => Ok(Self {
                first,
                last,
                phone: Some(phone),
                mail: Some(mail),
            }),
            _ => Err(errors),
        }
    }

    /// «Camille D.», the form for lists and for direct messages to relays (product.md §17).
    #[must_use]
    pub fn short(&self) -> String {
        match self.last.initial() {
            Some(initial) => format!("{} {initial}.", self.first),
            None => self.first.to_string(),
        }
    }

    /// «Camille Dupré».
    #[must_use]
    pub fn full(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    /// «Camille DUPRÉ», the form of the register (product.md §8): capitals keep their accents.
    #[must_use]
    pub fn full_upper(&self) -> String {
        format!("{} {}", self.first, self.last.upper())
    }

    /// The search key of the whole name: «camille dupre».
    #[must_use]
    pub fn fold(&self) -> String {
        fold::fold(&self.full())
    }

    /// The comparison key of the name, for the duplicate rules and the blind index «name + postal code» (product.md §4, §16):
    /// two people have the same name when their keys are equal. The two parts stay apart.
    #[must_use]
    pub fn name_key(&self) -> String {
        format!(
            "{} {}",
            fold::compact(self.first.as_str()),
            fold::compact(self.last.as_str())
        )
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("phone", &self.phone.is_some())
            .field("mail", &self.mail.is_some())
            .finish_non_exhaustive()
    }
}

/// Keeps the value, or notes the fault.
pub(super) fn collect<T, E: Into<FieldProblem>>(
    errors: &mut Vec<FieldError>,
    field: Field,
    typed: &str,
    parsed: Result<T, E>,
) -> Option<T> {
    match parsed {
        Ok(value) => Some(value),
        Err(problem) => {
            errors.push(FieldError::new(field, typed, problem));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camille() -> Identity {
        Identity::parse(
            "Camille",
            "Dupré",
            "06 39 98 12 34",
            "Camille.Dupre@Example.org",
            "34400",
        )
        .unwrap()
    }

    #[test]
    fn a_person_is_shown_in_the_forms_of_the_page() {
        let camille = camille();
        assert_eq!(camille.short(), "Camille D.");
        assert_eq!(camille.full(), "Camille Dupré");
        assert_eq!(camille.full_upper(), "Camille DUPRÉ");
        assert_eq!(camille.fold(), "camille dupre");
    }

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let errors = Identity::parse(" ", "Dupré", "06 39 98 12 3", "camille", "34400").unwrap_err();
        let fields: Vec<Field> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, [Field::Prenom, Field::Telephone, Field::Mail]);
        assert_eq!(errors[1].typed, "06 39 98 12 3");
    }

    #[test]
    fn nothing_of_an_identity_shows_in_debug() {
        let camille = camille();
        let shown = format!(
            "{camille:?} {:?} {:?} {:?} {:?}",
            camille.first, camille.last, camille.phone, camille.mail
        );
        let error = FieldError::new(
            Field::Telephone,
            "06 39 98 12 3",
            PhoneProblem::FrenchDigits { digits: 9 },
        );
        let shown = format!("{shown} {error:?} {error}");
        for secret in ["Camille", "Dupr", "39", "example"] {
            assert!(!shown.contains(secret), "{secret} shows in {shown}");
        }
    }

    #[test]
    fn names_are_compared_without_accents_case_or_spaces() {
        let key = |first, last| {
            Identity::parse(first, last, "0639981234", "a@example.org", "")
                .unwrap()
                .name_key()
        };
        assert_eq!(key("Jean-Luc", "Le Goff"), key("jean luc", "LEGOFF"));
        assert_ne!(key("Anne", "Marie Dupré"), key("Anne Marie", "Dupré"));
    }

    #[test]
    fn an_identity_survives_sealing() {
        let text = serde_json::to_string(&camille()).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), camille());
    }

    #[test]
    fn the_fields_have_the_names_of_the_modal() {
        let ids: Vec<&str> = Field::ALL.iter().map(|field| field.id()).collect();
        assert_eq!(ids, ["prenom", "nom", "telephone", "mail", "code_postal"]);
        assert_eq!(Field::from_id("mail"), Some(Field::Mail));
        assert_eq!(Field::from_id("age"), None);
    }
}
