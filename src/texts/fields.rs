//! What is wrong with a field, in words (voice.md: errors never blame, and say what to do).

use crate::domain::person::{
    Field, FieldError, FieldProblem, MAIL_MAX, MailProblem, NAME_MAX, NameProblem, PhoneProblem, PostalCodeProblem,
};

/// How much of what was typed is quoted, in characters.
const QUOTED: usize = 40;

/// The label of a field in the modal and in tables.
#[must_use]
pub const fn label(field: Field) -> &'static str {
    match field {
        Field::Prenom => "Prénom",
        Field::Nom => "Nom",
        Field::Telephone => "Téléphone",
        Field::Mail => "Mail",
        Field::CodePostal => "Code postal",
    }
}

/// The field with its article: «le téléphone».
#[must_use]
pub const fn the(field: Field) -> &'static str {
    match field {
        Field::Prenom => "le prénom",
        Field::Nom => "le nom",
        Field::Telephone => "le téléphone",
        Field::Mail => "le mail",
        Field::CodePostal => "le code postal",
    }
}

/// The ephemeral message about refused fields (product.md §6), under which stands the button «Corriger». `escape` protects
/// what was typed from the Markdown of Discord.
#[must_use]
pub fn to_correct(errors: &[FieldError], escape: impl Fn(&str) -> String) -> String {
    let kept = match errors {
        [_] => "Rien n’est perdu\u{a0}: les autres champs sont gardés.",
        _ => "Rien n’est perdu\u{a0}: tout ce que vous avez tapé est gardé.",
    };
    let lines: Vec<String> = errors
        .iter()
        .map(|error| {
            format!(
                "**{} est à revoir.** {}",
                capitalised(the(error.field)),
                explained(error, &escape)
            )
        })
        .collect();
    match &lines[..] {
        [] => String::new(),
        [line] => format!("⚠️ {line} {kept}"),
        lines => format!("⚠️ {}\n{kept}", lines.join("\n")),
    }
}

/// One sentence that says what is wrong with a field, for a table or a terminal, without Markdown.
#[must_use]
pub fn reason(error: &FieldError) -> String {
    explained(error, &|text: &str| text.to_owned())
}

fn explained(error: &FieldError, escape: &dyn Fn(&str) -> String) -> String {
    let typed = || quoted(&error.typed, escape);
    match &error.problem {
        FieldProblem::Name(problem) => name(error.field, *problem),
        FieldProblem::Phone(problem) => phone(*problem, typed),
        FieldProblem::Mail(problem) => mail(*problem, typed),
        FieldProblem::PostalCode(problem) => postal_code(*problem, typed),
    }
}

fn name(field: Field, problem: NameProblem) -> String {
    let the = capitalised(the(field));
    match problem {
        NameProblem::Empty => format!("{the} est vide."),
        NameProblem::Control => {
            format!(
                "{the} contient un retour à la ligne ou un caractère invisible\u{a0}: écrivez-le sur une seule ligne."
            )
        }
        NameProblem::NoLetter => format!("{the} ne contient aucune lettre."),
        NameProblem::TooLong { chars } => {
            format!("{the} compte {chars} caractères\u{a0}; {NAME_MAX} au plus sont acceptés.")
        }
    }
}

fn phone(problem: PhoneProblem, typed: impl Fn() -> String) -> String {
    match problem {
        PhoneProblem::Empty => "Le téléphone est vide.".to_owned(),
        PhoneProblem::Character { found } if found.is_alphabetic() => {
            format!(
                "{} contient des lettres\u{a0}; un numéro ne compte que des chiffres.",
                typed()
            )
        }
        PhoneProblem::Character { .. } => {
            format!("{} contient un signe qui n’est pas d’un numéro de téléphone.", typed())
        }
        PhoneProblem::Rounded => format!(
            "Un tableur a arrondi ce numéro ({})\u{a0}: ses derniers chiffres sont perdus. Mettez la colonne au format texte.",
            typed()
        ),
        PhoneProblem::FrenchDigits { digits: 0 } => format!("{} ne contient aucun chiffre.", typed()),
        PhoneProblem::FrenchDigits { digits } if digits > 10 => format!(
            "{} compte {digits} chiffres\u{a0}; un numéro français en a 10. Un numéro étranger commence par + et son indicatif.",
            typed()
        ),
        PhoneProblem::FrenchDigits { digits } => {
            let counted = if digits == 1 {
                "1 chiffre".to_owned()
            } else {
                format!("{digits} chiffres")
            };
            format!("{} compte {counted}\u{a0}; un numéro français en a 10.", typed())
        }
        PhoneProblem::FrenchStart => format!(
            "{} ne peut pas être un numéro français\u{a0}: il commence par 0, suivi d’un chiffre de 1 à 9.",
            typed()
        ),
        PhoneProblem::AfterCode { code, digits, min, max } => {
            let counted = if digits == 1 {
                "1 chiffre".to_owned()
            } else {
                format!("{digits} chiffres")
            };
            let wanted = if min == max {
                format!("{min}")
            } else {
                format!("de {min} à {max}")
            };
            format!("{} compte {counted} après +{code}\u{a0}; il en faut {wanted}.", typed())
        }
        PhoneProblem::StartAfterCode { code } => {
            format!(
                "{} ne peut pas exister\u{a0}: après +{code}, un numéro commence par un chiffre de 1 à 9.",
                typed()
            )
        }
        PhoneProblem::UnknownCode => format!("{} commence par un indicatif de pays qui n’existe pas.", typed()),
    }
}

fn mail(problem: MailProblem, typed: impl Fn() -> String) -> String {
    match problem {
        MailProblem::Empty => "Le mail est vide.".to_owned(),
        MailProblem::TooLong { .. } => {
            format!(
                "L’adresse {} est trop longue\u{a0}: {MAIL_MAX} caractères au plus en tout, dont 64 avant le @.",
                typed()
            )
        }
        MailProblem::Space => format!(
            "L’adresse {} contient un espace\u{a0}; une adresse mail n’en a pas.",
            typed()
        ),
        MailProblem::NoAt => format!("Il manque le @ dans {}.", typed()),
        MailProblem::SeveralAt { count } => {
            format!(
                "{} contient {count} fois le signe @\u{a0}; indiquez une seule adresse.",
                typed()
            )
        }
        MailProblem::NoLocalPart => format!("Il manque ce qui précède le @ dans {}.", typed()),
        MailProblem::NoDomain => format!("Il manque ce qui suit le @ dans {}.", typed()),
        MailProblem::NoDot => format!(
            "Il manque la fin de l’adresse {}\u{a0}: un point, puis «\u{a0}fr\u{a0}», «\u{a0}org\u{a0}»…",
            typed()
        ),
        MailProblem::Comma => format!(
            "L’adresse {} contient une virgule, sans doute à la place d’un point.",
            typed()
        ),
        MailProblem::Dots => format!("Un point est mal placé dans l’adresse {}.", typed()),
        MailProblem::Character => format!(
            "L’adresse {} contient un signe qu’une adresse mail ne peut pas avoir.",
            typed()
        ),
    }
}

fn postal_code(problem: PostalCodeProblem, typed: impl Fn() -> String) -> String {
    match problem {
        PostalCodeProblem::Empty => "Le code postal est vide.".to_owned(),
        PostalCodeProblem::Malformed => {
            format!("{} n’est pas un code postal français, qui compte 5 chiffres.", typed())
        }
        PostalCodeProblem::Unknown => format!(
            "Le code postal {} n’est celui d’aucune commune. Indiquez celui de la commune elle-même, sans CEDEX.",
            typed()
        ),
    }
}

/// What was typed, between guillemets: on one line, and cut when it is long.
fn quoted(typed: &str, escape: &dyn Fn(&str) -> String) -> String {
    let plain: String = typed
        .trim()
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect();
    let mut shown: String = plain.chars().take(QUOTED).collect();
    if plain.chars().count() > QUOTED {
        shown.push('…');
    }
    format!("«\u{a0}{}\u{a0}»", escape(&shown))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::Identity;

    fn plain(text: &str) -> String {
        text.to_owned()
    }

    fn errors(first: &str, phone: &str, mail: &str) -> Vec<FieldError> {
        Identity::parse(first, "Dupré", phone, mail, "34400").unwrap_err()
    }

    #[test]
    fn the_message_is_the_model_of_the_voice() {
        let errors = errors("Camille", "06 39 98 12 3", "a@example.org");
        assert_eq!(
            to_correct(&errors, plain),
            "⚠️ **Le téléphone est à revoir.** «\u{a0}06 39 98 12 3\u{a0}» compte 9 chiffres\u{a0}; un numéro français en a 10. \
             Rien n’est perdu\u{a0}: les autres champs sont gardés."
        );
    }

    #[test]
    fn several_fields_are_told_together() {
        let errors = errors(" ", "06", "camille@example");
        let text = to_correct(&errors, plain);
        assert_eq!(text.lines().count(), 4);
        assert!(text.contains("**Le prénom est à revoir.** Le prénom est vide."));
        assert!(text.ends_with("tout ce que vous avez tapé est gardé."));
        assert_eq!(text.matches('⚠').count(), 1);
        assert_eq!(to_correct(&[], plain), "");
    }

    #[test]
    fn what_was_typed_is_escaped_cut_and_on_one_line() {
        let errors = errors("Camille", &format!("**06**\n{}", "x".repeat(100)), "a@example.org");
        let text = to_correct(&errors, |text| text.replace('*', "\\*"));
        assert!(text.contains("«\u{a0}\\*\\*06\\*\\* xxx"), "{text}");
        assert!(text.contains("x…\u{a0}»") && !text.contains('\n'), "{text}");
    }

    #[test]
    fn every_problem_has_its_sentence() {
        let problems: Vec<(Field, FieldProblem)> = vec![
            (Field::Prenom, NameProblem::Control.into()),
            (Field::Nom, NameProblem::NoLetter.into()),
            (Field::Nom, NameProblem::TooLong { chars: 80 }.into()),
            (Field::Telephone, PhoneProblem::Empty.into()),
            (Field::Telephone, PhoneProblem::Character { found: 'x' }.into()),
            (Field::Telephone, PhoneProblem::Character { found: '#' }.into()),
            (Field::Telephone, PhoneProblem::Rounded.into()),
            (Field::Telephone, PhoneProblem::FrenchDigits { digits: 0 }.into()),
            (Field::Telephone, PhoneProblem::FrenchDigits { digits: 1 }.into()),
            (Field::Telephone, PhoneProblem::FrenchDigits { digits: 20 }.into()),
            (Field::Telephone, PhoneProblem::FrenchStart.into()),
            (
                Field::Telephone,
                PhoneProblem::AfterCode {
                    code: 32,
                    digits: 5,
                    min: 8,
                    max: 9,
                }
                .into(),
            ),
            (Field::Telephone, PhoneProblem::StartAfterCode { code: 33 }.into()),
            (Field::Telephone, PhoneProblem::UnknownCode.into()),
            (Field::Mail, MailProblem::Empty.into()),
            (Field::Mail, MailProblem::TooLong { chars: 300 }.into()),
            (Field::Mail, MailProblem::Space.into()),
            (Field::Mail, MailProblem::NoAt.into()),
            (Field::Mail, MailProblem::SeveralAt { count: 2 }.into()),
            (Field::Mail, MailProblem::NoLocalPart.into()),
            (Field::Mail, MailProblem::NoDomain.into()),
            (Field::Mail, MailProblem::NoDot.into()),
            (Field::Mail, MailProblem::Comma.into()),
            (Field::Mail, MailProblem::Dots.into()),
            (Field::Mail, MailProblem::Character.into()),
            (Field::CodePostal, PostalCodeProblem::Empty.into()),
            (Field::CodePostal, PostalCodeProblem::Malformed.into()),
            (Field::CodePostal, PostalCodeProblem::Unknown.into()),
        ];
        let mut seen = std::collections::HashSet::new();
        for (field, problem) in problems {
            let text = reason(&FieldError::new(field, "abc", problem));
            assert!(text.ends_with(['.', '…']), "{text}");
            assert!(
                !text.contains('\'') && !text.contains(" :") && !text.contains(" ;"),
                "{text}"
            );
            assert!(seen.insert(text.clone()), "said twice: {text}");
        }
    }
}
