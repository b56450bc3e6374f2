//! The wording of imports: why a file or a line is refused, and the table of refused lines.

use super::fields;
use crate::domain::csv_export::CsvExport;
use crate::domain::signup_file::{Column, FileError, MAX_LINES, MAX_UNPACKED_BYTES, Rejection, RowNotice, RowProblem};

/// What a column is called in French.
#[must_use]
pub const fn column(column: Column) -> &'static str {
    match column {
        Column::FirstName => "prénom",
        Column::LastName => "nom",
        Column::Phone => "téléphone",
        Column::Mail => "mail",
        Column::PostalCode => "code postal",
        Column::Discord => "pseudo Discord",
        Column::Date => "date d’inscription",
        Column::Commune => "commune",
        Column::Contact => "téléphone ou mail",
    }
}

/// Why a file cannot be read, and what to do. `escape` protects the names of its columns from the Markdown of Discord.
#[must_use]
pub fn file_error(error: &FileError, escape: impl Fn(&str) -> String) -> String {
    const CSV: &str = "Enregistrez le tableau au format CSV, puis envoyez ce nouveau fichier.";
    match error {
        FileError::Empty => "Ce fichier est vide.".to_owned(),
        FileError::TooLarge { .. } => format!(
            "Ce fichier dépasse {}\u{a0}Mo une fois décompressé. Coupez-le en plusieurs fichiers, chacun avec la ligne des titres.",
            MAX_UNPACKED_BYTES / (1024 * 1024)
        ),
        FileError::TooManyLines { .. } => format!(
            "Ce fichier compte plus de {} lignes. Coupez-le en plusieurs fichiers, chacun avec la ligne des titres.",
            thousands(MAX_LINES)
        ),
        FileError::DamagedGzip => {
            "Ce fichier compressé est incomplet ou abîmé. Faites un nouvel export, puis envoyez-le de nouveau.".to_owned()
        }
        FileError::Workbook => format!("Ce fichier est un classeur de tableur, pas un fichier CSV. {CSV}"),
        FileError::Archive => format!("Ce fichier est une archive. Seuls les fichiers .csv et .csv.gz sont lus. {CSV}"),
        FileError::Pdf => format!("Ce fichier est un PDF. {CSV}"),
        FileError::WebPage => {
            "Ce fichier est une page web, sans doute la page de connexion du site. Connectez-vous, puis refaites l’export."
                .to_owned()
        }
        FileError::Binary => format!("Ce fichier n’est pas un tableau de texte. {CSV}"),
        FileError::MissingColumns { missing, found } => {
            let names: Vec<String> = missing.iter().map(|&name| format!("«\u{a0}{}\u{a0}»", column(name))).collect();
            let lacking = match &names[..] {
                [name] => format!("Il manque la colonne {name}."),
                names => format!("Il manque les colonnes {}.", listed(names)),
            };
            let found: Vec<String> = found
                .iter()
                .map(|name| format!("«\u{a0}{}\u{a0}»", escape(name)))
                .collect();
            let header = if found.is_empty() {
                "La première ligne doit donner le titre de chaque colonne.".to_owned()
            } else {
                format!("Titres lus sur la première ligne\u{a0}: {}.", found.join(", "))
            };
            format!("{lacking} {header}")
        }
    }
}

/// Why a line is rejected, all its reasons in a row.
#[must_use]
pub fn reasons(problems: &[RowProblem]) -> String {
    let sentences: Vec<String> = problems.iter().map(reason).collect();
    sentences.join(" ")
}

/// One reason why a line is rejected.
#[must_use]
pub fn reason(problem: &RowProblem) -> String {
    match problem {
        RowProblem::Field(error) => fields::reason(error),
        RowProblem::NoContact => "Ni téléphone ni mail\u{a0}: il en faut un des deux.".to_owned(),
        RowProblem::UnclosedQuote => {
            "Un guillemet (\") s’ouvre et ne se referme pas\u{a0}: supprimez-le ou refermez-le.".to_owned()
        }
        RowProblem::TooLong => "La ligne est trop longue pour être celle d’une personne.".to_owned(),
    }
}

/// What was left out of an accepted line.
#[must_use]
pub fn notice(notice: RowNotice) -> &'static str {
    match notice {
        RowNotice::UnreadableDate => "La date d’inscription n’a pas pu être lue\u{a0}: elle est laissée de côté.",
    }
}

/// The table of rejected lines (product.md §4): line number, reason, then the columns of the file as they are, so that it
/// can be corrected and imported in its turn. UTF-8 with its mark, `;`, formulas neutralised.
#[must_use]
pub fn rejected_csv<'a>(headers: &[String], rejections: impl IntoIterator<Item = &'a Rejection>) -> Vec<u8> {
    let mut export = CsvExport::new(["ligne", "motif"].into_iter().chain(headers.iter().map(String::as_str)));
    for rejection in rejections {
        let (line, reasons) = (rejection.line.to_string(), reasons(&rejection.problems));
        export.row(
            [line.as_str(), reasons.as_str()]
                .into_iter()
                .chain(rejection.cells.iter().map(String::as_str)),
        );
    }
    export.finish()
}

/// «a, b et c».
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [first @ .., last] => format!("{} et {last}", first.join(", ")),
    }
}

/// «200 000», with the narrow no-break space of numbers.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signup_file::SignupFile;

    fn rejected(file: &str) -> String {
        let opened = SignupFile::open(file.as_bytes()).unwrap();
        let rejections: Vec<Rejection> = opened.rows().filter_map(Result::err).collect();
        String::from_utf8(rejected_csv(opened.headers(), &rejections)).unwrap()
    }

    #[test]
    fn rejected_lines_come_with_number_reason_and_safe_cells() {
        let table =
            rejected("Prénom,Nom,Tel,CP,Note\n\nCamille,=Dupré,06 39 98 12 3,34400,\"=1+1, +2\"\nNoé,Le Goff,,34160\n");
        assert_eq!(
            table,
            "\u{feff}ligne;motif;Prénom;Nom;Tel;CP;Note\r\n\
             3;«\u{a0}06 39 98 12 3\u{a0}» compte 9 chiffres\u{a0}; un numéro français en a 10.;Camille;'=Dupré;06 39 98 12 3;34400;'=1+1, +2\r\n\
             4;Ni téléphone ni mail\u{a0}: il en faut un des deux.;Noé;Le Goff;;34160\r\n"
                .replace(
                    "«\u{a0}06 39 98 12 3\u{a0}» compte 9 chiffres\u{a0}; un numéro français en a 10.",
                    "\"«\u{a0}06 39 98 12 3\u{a0}» compte 9 chiffres\u{a0}; un numéro français en a 10.\""
                )
        );
    }

    #[test]
    fn the_table_of_rejected_lines_can_be_corrected_and_imported() {
        let table = rejected("prenom;nom;tel;cp\nCamille;=Dupré;06 39 98 12 3;34400\n");
        let corrected = table.replace(";06 39 98 12 3;", ";06 39 98 12 34;");
        let file = SignupFile::open(corrected.as_bytes()).unwrap();
        let rows: Vec<_> = file.rows().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows[0].identity.full(), "Camille =Dupré");
        // Imported as it is, it gives the same reasons.
        let again = SignupFile::open(table.as_bytes()).unwrap();
        let problems = again.rows().next().unwrap().unwrap_err().problems;
        assert!(reasons(&problems).contains("9 chiffres"));
    }

    #[test]
    fn a_file_without_the_right_columns_is_told_what_it_lacks() {
        let error = FileError::MissingColumns {
            missing: vec![Column::LastName, Column::PostalCode, Column::Contact],
            found: vec!["Prénom".into(), "*Âge*".into()],
        };
        assert_eq!(
            file_error(&error, |text| text.replace('*', "\\*")),
            "Il manque les colonnes «\u{a0}nom\u{a0}», «\u{a0}code postal\u{a0}» et «\u{a0}téléphone ou mail\u{a0}». \
             Titres lus sur la première ligne\u{a0}: «\u{a0}Prénom\u{a0}», «\u{a0}\\*Âge\\*\u{a0}»."
        );
        let one = FileError::MissingColumns {
            missing: vec![Column::PostalCode],
            found: vec![],
        };
        assert!(file_error(&one, str::to_owned).starts_with("Il manque la colonne «\u{a0}code postal\u{a0}»."));
        assert!(
            file_error(&FileError::TooManyLines { limit: MAX_LINES }, str::to_owned).contains("200\u{202f}000 lignes")
        );
        assert!(
            file_error(
                &FileError::TooLarge {
                    limit: MAX_UNPACKED_BYTES
                },
                str::to_owned
            )
            .contains("100\u{a0}Mo")
        );
    }
}
