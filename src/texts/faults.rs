//! Faults of the settings and of the texts that a host may change: one clear line each, saying where, which, what was
//! found and what is expected (product.md §17). All are collected, so that a host mends them in one go.

use std::fmt;
use std::ops::RangeInclusive;

use super::markdown::{enumeration, fit, number};

/// Where a fault lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A variable of the environment or of `.env`.
    Environment,
    /// A file, as the host names it, with the line (from 1) when one can be told.
    File {
        /// The path as the host wrote it, or relative to the working directory.
        path: String,
        /// The line, counted from 1.
        line: Option<usize>,
    },
}

impl Place {
    /// A whole file.
    #[must_use]
    pub fn file(path: impl Into<String>) -> Self {
        Self::File {
            path: path.into(),
            line: None,
        }
    }

    /// A line of a file, counted from 1.
    #[must_use]
    pub fn line(path: impl Into<String>, line: usize) -> Self {
        Self::File {
            path: path.into(),
            line: Some(line),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environnement ou .env"),
            Self::File { path, line: None } => f.write_str(path),
            Self::File { path, line: Some(line) } => write!(f, "{path}, ligne {line}"),
        }
    }
}

/// One fault of a setting or of a text. Its `Display` is the French line shown to the host; it never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    place: Place,
    sentence: String,
}

impl Fault {
    /// A setting that must be given and is not.
    #[must_use]
    pub fn absent(place: Place, name: &str, expected: &str) -> Self {
        Self::free(place, format!("{name} est absent. Attendu\u{a0}: {expected}."))
    }

    /// A setting whose value does not do. Long values are shown by their beginning.
    #[must_use]
    pub fn value(place: Place, name: &str, found: &str, expected: &str) -> Self {
        let one_line: String = found.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let found = fit(&one_line, 60);
        Self::free(
            place,
            format!("{name} vaut «\u{a0}{found}\u{a0}». Attendu\u{a0}: {expected}."),
        )
    }

    /// A setting whose value does not do and must not be shown.
    #[must_use]
    pub fn hidden(place: Place, name: &str, expected: &str) -> Self {
        Self::free(
            place,
            format!("{name} ne convient pas (valeur non affichée). Attendu\u{a0}: {expected}."),
        )
    }

    /// A name that no setting bears, with the nearest ones that exist.
    #[must_use]
    pub fn unknown(place: Place, name: &str, near: Option<&str>) -> Self {
        let hint = match near {
            Some(near) => format!("Vouliez-vous dire {near}\u{a0}?"),
            None => "Le fichier config/maillage.toml livré donne la liste des réglages.".to_owned(),
        };
        Self::free(place, format!("{name} n’est pas un réglage connu. {hint}"))
    }

    /// Any other fault, in full sentences.
    #[must_use]
    pub fn free(place: Place, sentence: impl Into<String>) -> Self {
        Self {
            place,
            sentence: sentence.into(),
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\u{a0}: {}", self.place, self.sentence)
    }
}

impl std::error::Error for Fault {}

/// All faults, one a line, for the console and for `maillage check`.
#[must_use]
pub fn lines(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What is expected, in the words of a host. Each ends without a full stop.
pub mod expected {
    use super::{RangeInclusive, enumeration, number};

    /// The token of the bot.
    pub const TOKEN: &str =
        "le jeton du bot, d’un seul tenant, sans espace (portail des développeurs Discord, page «\u{a0}Bot\u{a0}»)";
    /// The address of the database.
    pub const DATABASE: &str = "une adresse SQLite, par exemple sqlite://maillage.db";
    /// The base address of an API.
    pub const API: &str = "une adresse http ou https, sans identifiant ni paramètre, par exemple http://127.0.0.1:8080";
    /// The id of a server, a channel or a role.
    pub const SNOWFLAKE: &str =
        "un identifiant Discord, fait de chiffres seulement (clic droit, «\u{a0}Copier l’identifiant\u{a0}»)";
    /// The master key.
    pub const KEY: &str = "32 octets en base64, par exemple la sortie de «\u{a0}openssl rand -base64 32\u{a0}»";
    /// The address on which measures are served.
    pub const SOCKET: &str = "une adresse et un port, par exemple 127.0.0.1:9100";
    /// A filter of logs.
    pub const LOG_FILTER: &str = "un filtre de journaux, par exemple info ou maillage=debug";
    /// An hour of the day.
    pub const HOUR: &str = "une heure de Paris entre guillemets droits, par exemple \"20:00\"";
    /// An hour of the day, or nothing.
    pub const HOUR_OR_EMPTY: &str =
        "une heure de Paris entre guillemets droits, par exemple \"18:00\", ou \"\" pour s’en passer";
    /// A web address.
    pub const LINK: &str = "une adresse complète qui commence par https:// ou http://";
    /// A text.
    pub const TEXT: &str = "un texte entre guillemets droits";
    /// A list of texts.
    pub const LIST: &str = "une liste entre crochets, par exemple [\"telephone\", \"mail\"]";
    /// A yes or a no.
    pub const FLAG: &str = "true (oui) ou false (non)";
    /// A section.
    pub const SECTION: &str = "une section, écrite entre crochets sur sa propre ligne";
    /// An age recipient.
    pub const AGE: &str = "une clé publique age, qui commence par age1, ou \"\" pour ne pas chiffrer";
    /// An address of electronic mail.
    pub const MAIL: &str = "une adresse de courriel, ou \"\" si elle n’est pas encore choisie";
    /// The sign-ups of a possible group.
    pub const POSSIBLE: &str = "un nombre d’inscrits qui ne dépasse pas les membres d’une ACP (echelle.acp)";
    /// The bounds of a growing delay.
    pub const DELAYS: &str = "un délai qui n’est pas plus court que reprises.premier_delai_secondes";
    /// A file that exists.
    pub const FILE: &str =
        "un fichier de réglages lisible\u{a0}; sans cette variable, config/maillage.toml est lu s’il existe";
    /// A table code of régions.
    pub const REGION: &str = "le code INSEE d’une région (deux chiffres), par exemple \"76\"";

    /// A whole number between two bounds.
    #[must_use]
    pub fn whole(range: &RangeInclusive<i64>) -> String {
        let show = |n: i64| number(n.unsigned_abs());
        format!("un nombre entier de {} à {}", show(*range.start()), show(*range.end()))
    }

    /// A step of the ladder that must exceed the one before.
    #[must_use]
    pub fn above(before: u32) -> String {
        format!("un nombre plus grand que celui de l’étape précédente ({before})")
    }

    /// One of a few words.
    #[must_use]
    pub fn one_of(words: &[&str]) -> String {
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        match quoted.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} ou {last}", first.join(", ")),
            _ => quoted.concat(),
        }
    }

    /// A text of a limited length.
    #[must_use]
    pub fn text_up_to(max: usize) -> String {
        format!("un texte non vide de {max} caractères au plus")
    }

    /// Some of a few words.
    #[must_use]
    pub fn some_of(words: &[&str]) -> String {
        format!("une liste prise parmi {}", enumeration(words))
    }
}

/// Sentences about a settings file as a whole.
pub mod file {
    /// The layout for hundreds of groups.
    pub const DENSE: &str =
        "disposition vaut «\u{a0}dense\u{a0}», que cette version ne sait pas encore faire. Attendu\u{a0}: \"ample\".";
    /// The file named by the host is not there or cannot be read.
    #[must_use]
    pub fn unreadable(path: &str, reason: std::io::ErrorKind) -> String {
        match reason {
            std::io::ErrorKind::NotFound => format!("le fichier {path} n’existe pas"),
            std::io::ErrorKind::PermissionDenied => {
                format!("le fichier {path} n’est pas lisible avec les droits de ce compte")
            }
            std::io::ErrorKind::InvalidData => format!("le fichier {path} n’est pas un texte UTF-8"),
            std::io::ErrorKind::IsADirectory => format!("{path} est un dossier, pas un fichier"),
            _ => format!("le fichier {path} ne peut pas être lu"),
        }
    }

    /// The variable `MAILLAGE_CONFIG` leads nowhere.
    #[must_use]
    pub fn named(found: &str) -> String {
        format!(
            "MAILLAGE_CONFIG\u{a0}: {found}. Attendu\u{a0}: {}.",
            super::expected::FILE
        )
    }

    /// The TOML grammar is not respected. The parser speaks English; its words are quoted for whoever helps.
    #[must_use]
    pub fn syntax(detail: &str) -> String {
        let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
        format!(
            "cette ligne ne suit pas l’écriture TOML (une ligne par réglage\u{a0}: nom = valeur). Détail\u{a0}: {detail}."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_where_which_what_and_what_is_expected() {
        let fault = Fault::value(
            Place::line("config/maillage.toml", 12),
            "echelle.acp",
            "dix",
            &expected::whole(&(1..=1000)),
        );
        assert_eq!(
            fault.to_string(),
            "config/maillage.toml, ligne 12\u{a0}: echelle.acp vaut «\u{a0}dix\u{a0}». Attendu\u{a0}: un nombre entier de 1 à 1\u{a0}000."
        );
        let fault = Fault::unknown(Place::file("a.toml"), "echele", Some("echelle"));
        assert_eq!(
            fault.to_string(),
            "a.toml\u{a0}: echele n’est pas un réglage connu. Vouliez-vous dire echelle\u{a0}?"
        );
        let fault = Fault::absent(Place::Environment, "DISCORD_TOKEN", expected::TOKEN);
        assert!(
            fault
                .to_string()
                .starts_with("environnement ou .env\u{a0}: DISCORD_TOKEN est absent.")
        );
    }

    #[test]
    fn a_value_stays_on_one_line_and_short() {
        let fault = Fault::value(
            Place::Environment,
            "X",
            &format!("a\n{}", "b".repeat(200)),
            "autre chose",
        );
        let line = fault.to_string();
        assert!(!line.contains('\n') && line.chars().count() < 140, "{line}");
    }

    #[test]
    fn choices_are_listed() {
        assert_eq!(expected::one_of(&["ample", "dense"]), "\"ample\" ou \"dense\"");
        assert_eq!(expected::one_of(&["a"]), "\"a\"");
    }
}
