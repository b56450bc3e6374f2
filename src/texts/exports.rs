//! The words of `/exporter`: headers of its files, and what comes with them (product.md §13, §16).

use chrono::{DateTime, Utc};

use super::markdown::count;
use crate::domain::calendar::{paris_date, paris_time};
use crate::domain::ladder::Stage;
use crate::domain::view::{File, Message};

/// The choices of the option `quoi`: value and label (product.md §19).
pub const CHOICES: [(&str, &str); 4] = [
    ("personnes", "Personnes (avec téléphones et mails)"),
    ("groupes", "Groupes"),
    ("validations", "Validations"),
    ("journal", "Journal"),
];

/// The columns of the people.
pub const PEOPLE: [&str; 20] = [
    "fiche",
    "prenom",
    "nom",
    "telephone",
    "mail",
    "code_postal",
    "commune_insee",
    "bassin",
    "departement",
    "region",
    "origine",
    "date_inscription",
    "etat",
    "a_rappeler_le",
    "dernier_appel",
    "groupe",
    "numero_registre",
    "membre_depuis",
    "compte_discord",
    "pseudo_discord",
];

/// The columns of the groups.
pub const GROUPS: [&str; 15] = [
    "groupe",
    "nom",
    "departement",
    "region",
    "etape",
    "inscrits",
    "membres",
    "relais",
    "declare_le",
    "en_formation_le",
    "acp_le",
    "ric_le",
    "autres_travaux_le",
    "sous_le_seuil_depuis",
    "archive",
];

/// The columns of the participations.
pub const PARTICIPATIONS: [&str; 12] = [
    "validation",
    "groupe",
    "nom_du_groupe",
    "numero_registre",
    "fiche",
    "validee_le",
    "validee_par",
    "version_consentement",
    "consentement_le",
    "fin_le",
    "motif_fin",
    "fin_par",
];

/// The columns of the journal.
pub const JOURNAL: [&str; 9] = [
    "ligne",
    "le",
    "compte",
    "evenement",
    "groupe",
    "fiche",
    "region",
    "avant",
    "apres",
];

/// A civil date in Paris, as spreadsheets sort it.
#[must_use]
pub fn day(at: DateTime<Utc>) -> String {
    paris_date(at).to_string()
}

/// A date and an hour in Paris, as spreadsheets sort them.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> String {
    format!("{} {}", paris_date(at), paris_time(at).format("%H:%M:%S"))
}

/// What a group is.
#[must_use]
pub const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Possible => "possible",
        Stage::Forming => "en formation",
        Stage::Assembly => "ACP",
    }
}

/// «oui» or «non».
#[must_use]
pub const fn yes_no(yes: bool) -> &'static str {
    if yes { "oui" } else { "non" }
}

/// The first message of an export, with its first file.
#[must_use]
pub fn exported(key: &str, rows: u64, parts: usize, file: File) -> Message {
    let lines = count(rows, "ligne", "lignes");
    let parts = match parts {
        0 | 1 => String::new(),
        several => format!(", en {several}\u{a0}fichiers à lire l’un après l’autre"),
    };
    let care = if key == "personnes" {
        "\nCe fichier contient des coordonnées et des opinions politiques\u{a0}: gardez-le chiffré, ne le transmettez pas, effacez-le dès \
         qu’il ne sert plus. Cet export est noté au journal, et chaque personne peut savoir qui l’a fait."
    } else {
        "\nCet export est noté au journal."
    };
    Message {
        files: vec![file],
        ..Message::text(format!("✅ **Export {key}\u{a0}: {lines}**{parts}.{care}"))
    }
}

/// A further file of the same export.
#[must_use]
pub fn part(n: usize, of: usize, file: File) -> Message {
    Message {
        files: vec![file],
        ..Message::text(format!("Fichier {n} / {of}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_paris_and_sort() {
        let at = "2027-02-28T23:30:00Z".parse().unwrap();
        assert_eq!(
            (day(at).as_str(), instant(at).as_str()),
            ("2027-03-01", "2027-03-01 00:30:00")
        );
    }

    #[test]
    fn only_an_export_of_people_asks_for_care() {
        let file = || File {
            name: "f.csv".to_owned(),
            bytes: Vec::new(),
            description: String::new(),
        };
        assert!(exported("personnes", 2, 1, file()).content.contains("chiffré"));
        let journal = exported("journal", 12_000, 2, file()).content;
        assert!(
            journal.contains("12\u{a0}000\u{a0}lignes") && journal.contains("2\u{a0}fichiers"),
            "{journal}"
        );
    }
}
