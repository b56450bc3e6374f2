//! Postal codes, basins, and the three subcommands of `maillage territoires`.
//!
//! Sentences for the shell are one line each. A place name never follows «de» or «à» (voice.md).

use crate::domain::ids::GroupId;
use crate::domain::territory::{
    Atlas, Coverage, Differences, Origin, Part, PostalCodeError, Table, TableError, TableProblem, TerritoryKey, Zoning,
};
use crate::territories::insee::{ImportError, Imported, Rejected, RejectedReason};
use crate::territories::{BuildError, BuildReport, LoadError};
use crate::texts::markdown::{count, enumeration, fit, length, number};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// How many lines of a list are shown before «… et 12 autres».
const SHOWN: usize = 10;

/// The most characters that Discord takes in the label or description of a select option.
const OPTION_LIMIT: usize = 100;

/// A postal code that cannot be one.
#[must_use]
pub fn postal_code_problem(problem: PostalCodeError) -> String {
    match problem {
        PostalCodeError::Empty => "Le code postal manque.".to_owned(),
        PostalCodeError::NotDigits => "Un code postal s’écrit avec 5 chiffres, sans lettre ni signe.".to_owned(),
        PostalCodeError::WrongLength { digits } => {
            format!("Un code postal a 5 chiffres\u{a0}; celui-ci en compte {digits}.")
        }
    }
}

/// A well-formed postal code that is not known, at `/valider`: the commune's own is asked for (product.md §4).
#[must_use]
pub fn unknown_postal_code() -> String {
    "Ce code postal n’est pas celui d’une commune. Indiquez le code de la commune elle-même, sans CEDEX.".to_owned()
}

/// A postal code of an overseas collectivity, which has no basin.
#[must_use]
pub fn no_basin(collectivity: &str) -> String {
    format!("{collectivity}\u{a0}: aucun bassin n’y est défini. L’équipe nationale placera cette personne.")
}

/// The label of a territory in a select menu where a postal code is ambiguous.
#[must_use]
pub fn part_label(part: &Part<'_>) -> String {
    fit(&part.territory.label(), OPTION_LIMIT)
}

/// What helps to choose: the communes of the postal code that lie in the territory.
#[must_use]
pub fn part_description(part: &Part<'_>) -> String {
    let names: Vec<&str> = part.places.iter().map(|place| place.unit_name).collect();
    enumerate(&names, OPTION_LIMIT)
}

/// What the basins are, in the plural.
#[must_use]
pub fn zoning(zoning: Zoning) -> &'static str {
    match zoning {
        Zoning::Epci => "intercommunalités",
        Zoning::BassinsDeVie => "bassins de vie 2022",
    }
}

/// How someone's territory was found.
#[must_use]
pub fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Auto => "placement automatique, à vérifier",
        Origin::Code => "d’après le code postal",
        Origin::Commune => "d’après la commune",
        Origin::Manual => "choisi à la main",
    }
}

/// Territories that cannot be loaded.
#[must_use]
pub fn load_error(error: &LoadError) -> String {
    match error {
        LoadError::Read { path, .. } => unreadable(path),
        LoadError::Unpack { table: Table::Communes } => {
            format!(
                "{}\u{a0}: un CSV en UTF-8 compressé par gzip est attendu.",
                Table::Communes
            )
        }
        LoadError::Unpack { table } => format!("{table}\u{a0}: un CSV en UTF-8 est attendu."),
        LoadError::Table(error) => table_error(error),
    }
}

fn unreadable(path: &Path) -> String {
    format!(
        "{}\u{a0}: ce fichier ne peut pas être lu. Existe-t-il, et avez-vous le droit de le lire\u{a0}?",
        path.display()
    )
}

fn table_error(error: &TableError) -> String {
    let what = match error.problem {
        TableProblem::Header => format!(
            "l’en-tête attendu est «\u{a0}{}\u{a0}»",
            error.table.columns().join(",")
        ),
        TableProblem::Malformed => format!(
            "{} colonnes séparées par des virgules sont attendues",
            error.table.columns().len()
        ),
        TableProblem::Value(column) => {
            format!("la colonne «\u{a0}{column}\u{a0}» a une valeur vide, impossible ou inconnue des autres tables")
        }
        TableProblem::Twice => "le même code s’y trouve deux fois".to_owned(),
        TableProblem::Empty => "aucune ligne sous l’en-tête".to_owned(),
    };
    format!("{}, ligne {}\u{a0}: {what}.", error.table, error.line)
}

/// Tables that cannot be made.
#[must_use]
pub fn build_error(error: &BuildError) -> String {
    match error {
        BuildError::Read { path, .. } => format!(
            "{} Le dossier attendu est celui du paquet @etalab/decoupage-administratif, décompressé.",
            unreadable(path)
        ),
        BuildError::Json { path, source } => format!(
            "{}, ligne {}, colonne {}\u{a0}: ce n’est pas le JSON attendu du paquet @etalab/decoupage-administratif.",
            path.display(),
            source.line(),
            source.column()
        ),
        BuildError::Write { path, .. } => {
            format!(
                "{}\u{a0}: ce fichier ne peut pas être écrit. Le dossier est-il accessible en écriture\u{a0}?",
                path.display()
            )
        }
    }
}

/// Tables that were made.
#[must_use]
pub fn build_report(report: &BuildReport, out: &Path) -> String {
    let version = report.version.as_deref().unwrap_or("inconnue");
    let parts = [
        (report.communes, "commune", "communes"),
        (
            report.arrondissements,
            "arrondissement municipal",
            "arrondissements municipaux",
        ),
        (report.former, "ancien nom de commune", "anciens noms de communes"),
        (report.postal_codes, "code postal", "codes postaux"),
        (report.epci, "intercommunalité", "intercommunalités"),
        (report.departements, "département", "départements"),
        (
            report.collectivities,
            "collectivité d’outre-mer",
            "collectivités d’outre-mer",
        ),
        (report.regions, "région", "régions"),
    ]
    .map(|(n, one, many)| count(n as u64, one, many));
    format!(
        "Tables écrites dans {} (paquet version {version})\u{a0}: {}.\nPensez à mettre SOURCE.md à jour.",
        out.display(),
        parts.join(", ")
    )
}

/// A table of INSEE that cannot be imported. Nothing changes.
#[must_use]
pub fn import_error(error: &ImportError) -> String {
    let what = match error {
        ImportError::Read(_) => "Le fichier ne peut pas être lu. Existe-t-il, et avez-vous le droit de le lire\u{a0}?",
        ImportError::Empty => "Le fichier est vide.",
        ImportError::TooLarge => "Le fichier est trop grand pour être la table de l’Insee.",
        ImportError::OldWorkbook => "Ce classeur est à l’ancien format (.xls). Enregistrez-le en .xlsx ou en .csv.",
        ImportError::Damaged(_) => {
            "Le fichier ne peut pas être ouvert\u{a0}: il semble incomplet, protégé, ou n’est pas un classeur .xlsx."
        }
        ImportError::NoHeader => {
            "Aucune ligne d’en-tête n’a les colonnes CODGEO et BV2022. Le fichier attendu est la «\u{a0}table d’appartenance géographique des communes\u{a0}» de l’Insee (.xlsx ou .csv)."
        }
        ImportError::NoCommune => "L’en-tête est là, mais aucune ligne n’a de commune avec son bassin de vie.",
    };
    format!("{what} Rien n’a changé.")
}

/// What an imported table held, and how it covers the communes.
#[must_use]
pub fn import_report(imported: &Imported, coverage: &Coverage) -> String {
    let mut out = format!(
        "Table lue\u{a0}: {} dans {}.",
        count(imported.mapping.len() as u64, "commune", "communes"),
        count(
            imported.mapping.basins().len() as u64,
            "bassin de vie",
            "bassins de vie"
        )
    );
    let mut line = |n: usize, what: &str| {
        if n > 0 {
            let _ = write!(out, "\n{}\u{a0}: {}.", what, number(n as u64));
        }
    };
    line(
        imported.unnamed,
        "Bassins sans nom dans le fichier, nommés d’après leur commune",
    );
    line(imported.without_basin, "Communes sans bassin dans le fichier");
    line(
        coverage.by_parts.len(),
        "Communes absentes du fichier, rattachées par une ancienne commune ou un arrondissement",
    );
    line(
        coverage.by_neighbours.len(),
        "Communes absentes du fichier, rattachées par leur code postal",
    );
    line(
        coverage.kept.len(),
        "Communes absentes du fichier, gardées dans leur intercommunalité",
    );
    line(
        coverage.unknown.len(),
        "Codes du fichier qui ne sont plus ceux de communes",
    );
    line(imported.rejected.len(), "Lignes écartées");
    for rejected in imported.rejected.iter().take(SHOWN) {
        let _ = write!(out, "\n  {}", rejected_line(rejected));
    }
    more(&mut out, imported.rejected.len());
    out
}

fn rejected_line(rejected: &Rejected) -> String {
    let reason = match rejected.reason {
        RejectedReason::Commune => "le code de la commune n’a pas la forme d’un code de l’Insee",
        RejectedReason::Basin => "le code du bassin n’a pas la forme d’un code de l’Insee",
        RejectedReason::Conflict => "cette commune est déjà dans un autre bassin, plus haut",
    };
    match &rejected.sheet {
        Some(sheet) => format!("feuille «\u{a0}{sheet}\u{a0}», ligne {}\u{a0}: {reason}", rejected.line),
        None => format!("ligne {}\u{a0}: {reason}", rejected.line),
    }
}

/// What a change of zoning changes for people and groups, which `groups` names.
#[must_use]
pub fn differences_report(
    differences: &Differences,
    old: &Atlas,
    new: &Atlas,
    groups: &HashMap<GroupId, String>,
) -> String {
    let mut out = format!(
        "Découpage\u{a0}: {}, au lieu des {}.",
        zoning(new.zoning()),
        zoning(old.zoning())
    );
    let moved: u64 = differences.moves.iter().map(|moved| moved.people).sum();
    let _ = write!(
        out,
        "\nPersonnes qui suivent leur territoire\u{a0}: {}. Personnes qui en changent\u{a0}: {}.",
        number(differences.following),
        number(moved)
    );
    let name = |atlas: &Atlas, key: Option<&TerritoryKey>| match key {
        Some(key) => atlas.label_with_departement(key).unwrap_or_else(|| key.to_string()),
        None => "à placer".to_owned(),
    };
    for moved in differences.moves.iter().take(SHOWN) {
        let (from, to) = (name(old, moved.from.as_ref()), name(new, moved.to.as_ref()));
        let _ = write!(out, "\n  {from} → {to}\u{a0}: {}", number(moved.people));
    }
    more(&mut out, differences.moves.len());
    if differences.to_check > 0 {
        let _ = write!(
            out,
            "\nPersonnes placées dans la partie la plus peuplée de leur code postal, à vérifier\u{a0}: {}.",
            number(differences.to_check)
        );
    }
    let group = |id: &GroupId| groups.get(id).cloned().unwrap_or_else(|| format!("n°\u{a0}{id}"));
    let lost: Vec<String> = differences
        .groups
        .iter()
        .filter(|moved| moved.to.is_none())
        .map(|moved| group(&moved.group))
        .collect();
    let _ = write!(
        out,
        "\nGroupes rattachés\u{a0}: {}.",
        number((differences.groups.len() - lost.len()) as u64)
    );
    if !lost.is_empty() {
        let _ = write!(
            out,
            "\nGroupes dont le territoire n’est plus connu, à replacer\u{a0}: {}.",
            lost.join(", ")
        );
    }
    // Each is to be settled by somebody: none is left out.
    for (to, several) in &differences.shared {
        let Some((keeper, others)) = several.split_first() else {
            continue;
        };
        let others: Vec<String> = others.iter().map(group).collect();
        let (lose, their) = if others.len() == 1 {
            ("n’a", "ses")
        } else {
            ("n’ont", "leurs")
        };
        let _ = write!(
            out,
            "\n⚠️ {} groupes viennent au territoire {}\u{a0}: {} le garde\u{a0}; {} {lose} plus que {their} membres.",
            several.len(),
            name(new, Some(to)),
            group(keeper),
            enumeration(&others),
        );
    }
    if !differences.shared.is_empty() {
        out.push_str("\nPour réunir deux de ces groupes, sur Discord\u{a0}: /groupe fusionner.");
    }
    out
}

fn more(out: &mut String, total: usize) {
    match total.saturating_sub(SHOWN) {
        0 => {}
        1 => out.push_str("\n  … et 1\u{a0}autre"),
        rest => {
            let _ = write!(out, "\n  … et {}\u{a0}autres", number(rest as u64));
        }
    }
}

/// As many names as fit, then «et 3 autres».
fn enumerate(names: &[&str], limit: usize) -> String {
    for shown in (1..=names.len()).rev() {
        let rest = names.len() - shown;
        let mut out = names.get(..shown).unwrap_or_default().join(", ");
        match rest {
            0 => {}
            1 => out.push_str(" et 1\u{a0}autre"),
            _ => {
                let _ = write!(out, " et {rest}\u{a0}autres");
            }
        }
        if length(&out) <= limit {
            return out;
        }
    }
    fit(names.first().copied().unwrap_or_default(), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enumeration_fits_its_limit_and_counts_the_rest() {
        assert_eq!(enumerate(&["Lunel"], 100), "Lunel");
        assert_eq!(enumerate(&["Lunel", "Saturargues"], 100), "Lunel, Saturargues");
        let many: Vec<String> = (0..46).map(|n| format!("Saint-Martin-le-Grand-{n}")).collect();
        let names: Vec<&str> = many.iter().map(String::as_str).collect();
        let text = enumerate(&names, 100);
        assert!(text.chars().count() <= 100, "{text}");
        let shown = text.matches("Saint").count();
        assert!(
            shown >= 2 && text.ends_with(&format!(" et {}\u{a0}autres", 46 - shown)),
            "{text}"
        );
        assert_eq!(
            enumerate(&["Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson"; 2], 12),
            "Saint-Remy-…"
        );
    }

    #[test]
    fn a_wrong_postal_code_is_told_without_blame() {
        let text = postal_code_problem(PostalCodeError::WrongLength { digits: 3 });
        assert_eq!(text, "Un code postal a 5 chiffres\u{a0}; celui-ci en compte 3.");
    }
}
