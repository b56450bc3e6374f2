//! The columns of a sign-up file, found by their names.

use crate::domain::fold::fold;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Telephone.
    Phone,
    /// Mail.
    Mail,
    /// Postal code.
    PostalCode,
    /// Discord pseudo.
    Discord,
    /// Date of the sign-up.
    Date,
    /// Commune.
    Commune,
    /// A telephone or a mail: only ever missing.
    Contact,
}

/// The columns of a file, and the names by which each is known, folded and without spaces. Names that say exactly this come
/// first; those after the gap are less certain, and are used only when no other column of the file says it better.
const NAMES: [(Column, &[&str], &[&str]); 8] = [
    (
        Column::FirstName,
        &[
            "prenom",
            "prenoms",
            "firstname",
            "givenname",
            "forename",
            "first",
            "votreprenom",
            "prenomusuel",
            "prenomdusage",
        ],
        &["prenom", "prenoms"],
    ),
    (
        Column::LastName,
        &[
            "nom",
            "noms",
            "nomdefamille",
            "lastname",
            "surname",
            "familyname",
            "last",
            "votrenom",
            "nomdusage",
            "nomusuel",
            "nomdenaissance",
            "nomfamille",
            "name",
        ],
        &[],
    ),
    (
        Column::Phone,
        &[
            "telephone",
            "telephones",
            "tel",
            "portable",
            "mobile",
            "phone",
            "numerodetelephone",
            "ndetelephone",
            "nodetelephone",
            "numtelephone",
            "numtel",
            "ntel",
            "notel",
            "telephoneportable",
            "telephonemobile",
            "telportable",
            "telmobile",
            "phonenumber",
            "mobilephone",
            "cellphone",
            "gsm",
            "telephonefixe",
            "telfixe",
            "fixe",
            "votretelephone",
            "numeroportable",
            "numerodeportable",
            "numerodemobile",
        ],
        &["telephone", "telephones", "tel", "portable", "mobile", "phone"],
    ),
    (
        Column::Mail,
        &[
            "mail",
            "email",
            "courriel",
            "adressemail",
            "adresseemail",
            "adressecourriel",
            "emailaddress",
            "mailaddress",
            "adresseelectronique",
            "courrielelectronique",
            "adressedemessagerie",
            "mel",
            "votremail",
            "votreemail",
            "votreadressemail",
            "votreadresseemail",
            "mails",
            "emails",
        ],
        &["mail", "email", "courriel", "e mail"],
    ),
    (
        Column::PostalCode,
        &[
            "cp",
            "codepostal",
            "codepost",
            "codespostal",
            "zip",
            "zipcode",
            "postalcode",
            "postcode",
            "codepostale",
            "votrecodepostal",
            "cpostal",
        ],
        &["code postal", "cp"],
    ),
    (
        Column::Discord,
        &[
            "pseudodiscord",
            "discord",
            "pseudo",
            "discordpseudo",
            "discordname",
            "discordusername",
            "discordtag",
            "identifiantdiscord",
            "comptediscord",
            "nomdiscord",
            "votrepseudodiscord",
            "pseudosurdiscord",
        ],
        &["discord"],
    ),
    (
        Column::Date,
        &[
            "datedinscription",
            "dateinscription",
            "inscritle",
            "inscritele",
            "inscriptle",
            "inscription",
            "createdat",
            "created",
            "createdon",
            "date",
            "datedecreation",
            "datecreation",
            "creele",
            "horodateur",
            "horodatage",
            "timestamp",
            "datedinscriptionaumaillage",
            "inscriptionle",
            "signupdate",
            "registeredat",
            "submittedat",
            "datetime",
            "dateetheure",
        ],
        &["inscription", "inscrit"],
    ),
    (
        Column::Commune,
        &[
            "commune",
            "ville",
            "city",
            "town",
            "localite",
            "municipality",
            "municipalite",
            "votreville",
            "votrecommune",
            "nomdelacommune",
            "nomcommune",
            "villederesidence",
            "communederesidence",
        ],
        &["commune", "ville"],
    ),
];

/// How long a column name may be when it is shown, in characters.
const SHOWN_NAME: usize = 40;
/// How many column names are shown.
const SHOWN_NAMES: usize = 30;

/// The header of a file.
pub(super) struct Header {
    names: Vec<String>,
    columns: Vec<(Column, Vec<usize>)>,
}

impl Header {
    /// Finds the columns by their names.
    pub(super) fn read(cells: &[String]) -> Self {
        let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        let words: Vec<String> = names.iter().map(|name| fold(without_remark(name))).collect();
        let mut taken = vec![false; names.len()];
        let mut columns = Vec::new();
        for (column, exact, _) in NAMES {
            let positions: Vec<usize> = (0..words.len())
                .filter(|&position| exact.contains(&words[position].replace(' ', "").as_str()))
                .collect();
            for &position in &positions {
                taken[position] = true;
            }
            columns.push((column, positions));
        }
        for ((_, _, loose), (_, positions)) in NAMES.iter().zip(&mut columns) {
            if !positions.is_empty() {
                continue;
            }
            let found = (0..words.len())
                .find(|&position| !taken[position] && loose.iter().any(|name| says(&words[position], name)));
            if let Some(position) = found {
                taken[position] = true;
                positions.push(position);
            }
        }
        Self { names, columns }
    }

    /// The names as the file has them.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether no name says anything.
    pub(super) fn is_blank(&self) -> bool {
        self.names.iter().all(|name| !name.contains(char::is_alphanumeric))
    }

    /// How well this reading of the first line fits: the more columns it finds, the better; then the more cells.
    pub(super) fn rank(&self) -> (usize, usize) {
        (self.known().len(), self.names.len())
    }

    /// The columns found.
    pub(super) fn known(&self) -> Vec<Column> {
        self.columns
            .iter()
            .filter(|(_, positions)| !positions.is_empty())
            .map(|(column, _)| *column)
            .collect()
    }

    /// The required columns that are not there.
    pub(super) fn missing(&self) -> Vec<Column> {
        let known = self.known();
        let mut missing: Vec<Column> = [Column::FirstName, Column::LastName, Column::PostalCode]
            .into_iter()
            .filter(|column| !known.contains(column))
            .collect();
        if !known.contains(&Column::Phone) && !known.contains(&Column::Mail) {
            missing.push(Column::Contact);
        }
        missing
    }

    /// The names to show when columns are missing. A file without a header has people in its first line: nothing that looks
    /// like a number or an address is shown.
    pub(super) fn shown(&self) -> Vec<String> {
        self.names
            .iter()
            .filter(|name| !name.is_empty() && !name.contains('@') && !name.contains(|c: char| c.is_ascii_digit()))
            .take(SHOWN_NAMES)
            .map(|name| name.chars().filter(|c| !c.is_control()).take(SHOWN_NAME).collect())
            .collect()
    }

    /// The cell of a column: the first that is not blank, when several columns bear the name.
    pub(super) fn cell<'c>(&self, column: Column, cells: &'c [String]) -> &'c str {
        self.columns
            .iter()
            .filter(|(other, _)| *other == column)
            .flat_map(|(_, positions)| positions)
            .filter_map(|&position| cells.get(position))
            .map(|cell| cell.as_str())
            .find(|cell| !cell.is_empty())
            .unwrap_or_default()
    }
}

/// The name without what is said of it in brackets: «Téléphone (portable de préférence) *».
fn without_remark(name: &str) -> &str {
    match name.find(['(', '[']) {
        Some(position) if position > 0 => &name[..position],
        _ => name,
    }
}

/// Whether the words of a column name hold these words.
fn says(words: &str, name: &str) -> bool {
    format!(" {words} ").contains(&format!(" {name} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Header {
        Header::read(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_usual_variants_are_known() {
        for (column, names) in [
            (
                Column::FirstName,
                &["prénom", "PRENOM", "Prénom *", "first_name", "First Name", "firstName"][..],
            ),
            (
                Column::LastName,
                &["nom", "NOM ", "last_name", "Nom de famille", "Nom d'usage"],
            ),
            (
                Column::Phone,
                &[
                    "téléphone",
                    "tel",
                    "Tél.",
                    "portable",
                    "mobile",
                    "phone",
                    "N° de téléphone",
                    "Numéro de téléphone",
                    "Téléphone (portable de préférence)",
                    "Votre numéro de téléphone portable",
                ],
            ),
            (
                Column::Mail,
                &[
                    "mail",
                    "email",
                    "E-mail",
                    "courriel",
                    "Adresse mail",
                    "adresse e-mail",
                    "Quel est votre e-mail ?",
                ],
            ),
            (
                Column::PostalCode,
                &[
                    "cp",
                    "CP",
                    "code postal",
                    "code_postal",
                    "Code-Postal",
                    "zip",
                    "Votre code postal ?",
                ],
            ),
            (
                Column::Discord,
                &[
                    "pseudo discord",
                    "Pseudo Discord (#xxxx)",
                    "discord",
                    "Ton pseudo sur Discord",
                ],
            ),
            (
                Column::Date,
                &[
                    "date d'inscription",
                    "Date d’inscription",
                    "inscrit le",
                    "created_at",
                    "date",
                    "Horodateur",
                ],
            ),
            (Column::Commune, &["commune", "Ville", "city", "Ville de résidence"]),
        ] {
            for name in names {
                assert_eq!(read(&[name]).known(), [column], "{name}");
            }
        }
    }

    #[test]
    fn other_columns_are_left_alone() {
        for name in [
            "",
            "id",
            "nom de l’association",
            "date de naissance",
            "âge",
            "newsletter",
            "commentaire",
            "ligne",
            "motif",
        ] {
            assert_eq!(read(&[name]).known(), [], "{name}");
        }
    }

    #[test]
    fn a_certain_name_goes_before_a_likely_one() {
        let header = read(&["mail confirmé", "mail", "prénom du parrain", "prénom"]);
        let cells: Vec<String> = ["oui", "a@example.org", "Noé", "Awa"].map(str::to_owned).into();
        assert_eq!(header.cell(Column::Mail, &cells), "a@example.org");
        assert_eq!(header.cell(Column::FirstName, &cells), "Awa");
    }

    #[test]
    fn missing_columns_are_named() {
        assert_eq!(
            read(&["prénom", "âge"]).missing(),
            [Column::LastName, Column::PostalCode, Column::Contact]
        );
        assert_eq!(read(&["prénom", "nom", "cp", "tel"]).missing(), []);
        assert_eq!(read(&["prénom", "nom", "cp", "mail"]).missing(), []);
    }

    #[test]
    fn a_person_in_place_of_a_header_is_not_shown_whole() {
        let header = read(&["Camille", "camille@example.org", "0639981234", "34400"]);
        assert_eq!(header.shown(), ["Camille"]);
    }
}
