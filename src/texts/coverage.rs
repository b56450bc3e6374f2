//! The words of `/couverture` (product.md §12): on the map, and beside it for whoever does not see it.

use chrono::NaiveDate;

use super::dates;
use super::markdown::{count, fit, typeset};
use crate::domain::coverage::Coverage;
use crate::domain::ladder::Stage;
use crate::domain::territory::Atlas;
use crate::domain::view::{Embed, Message, Tone};
use crate::drawing::map::{Meaning, Words};

/// The name of the image.
pub const FILE: &str = "couverture.png";

/// The words on the map.
#[must_use]
pub fn on_map(coverage: &Coverage, on: NaiveDate) -> Words {
    let meaning = |best: Option<Stage>, letter: &str, label: &str| Meaning {
        best,
        letter: letter.to_owned(),
        label: typeset(&format!(
            "{label} : {}",
            count(coverage.at(best) as u64, "département", "départements")
        )),
    };
    Words {
        title: "Le maillage".to_owned(),
        date: format!("au {}", dates::day(on)),
        groups: count(u64::from(coverage.groups()), "groupe", "groupes"),
        departements: format!("{} / {} départements", coverage.covered(), coverage.departements.len()),
        overseas: ["Outre-".to_owned(), "mer".to_owned()],
        key: "Lettre et couleur : l’étape la plus avancée. Chiffre : les groupes.".replace(" :", "\u{a0}:"),
        legend: [
            meaning(Some(Stage::Assembly), "A", "ACP"),
            meaning(Some(Stage::Forming), "F", "En formation"),
            meaning(Some(Stage::Possible), "P", "Possible"),
            meaning(None, "", "Sans groupe"),
        ],
    }
}

/// The answer, with the map when it could be drawn.
#[must_use]
pub fn answer(coverage: &Coverage, atlas: &Atlas, on: NaiveDate, map: Option<Vec<u8>>) -> Message {
    let message = Message::text(typeset(&format!("**{}**", headline(coverage, on)))).with_embed(Embed::new(
        Tone::Neutral,
        "La carte en mots",
        typeset(&in_words(coverage, atlas)),
    ));
    match map {
        Some(map) => message.with_image(FILE, map, description(coverage, on)),
        None => message,
    }
}

/// «Le maillage au 14 mars 2027 : 34 groupes, 20 départements sur 101».
fn headline(coverage: &Coverage, on: NaiveDate) -> String {
    format!(
        "Le maillage au {} : {}, {} sur {}",
        dates::day(on),
        count(u64::from(coverage.groups()), "groupe", "groupes"),
        count(coverage.covered() as u64, "département", "départements"),
        coverage.departements.len(),
    )
}

/// What the image is, for screen readers.
fn description(coverage: &Coverage, on: NaiveDate) -> String {
    typeset(&format!(
        "Carte en carreaux des {} départements. {}. Le texte qui suit en donne la liste.",
        coverage.departements.len(),
        headline(coverage, on)
    ))
}

/// The départements that have reached each stage, the best first.
fn in_words(coverage: &Coverage, atlas: &Atlas) -> String {
    let mut lines: Vec<String> = [
        (Stage::Assembly, "ACP"),
        (Stage::Forming, "En formation"),
        (Stage::Possible, "Possible"),
    ]
    .into_iter()
    .filter_map(|(stage, label)| {
        let mut names: Vec<(&str, String)> = coverage
            .departements
            .iter()
            .filter(|covered| covered.best == Some(stage))
            .map(|covered| {
                let code = covered.tile.code;
                let name = atlas
                    .departement(code)
                    .map_or(code, |departement| departement.name.as_str());
                let groups = match covered.groups {
                    1 => name.to_owned(),
                    n => format!("{name} ({n})"),
                };
                (code, groups)
            })
            .collect();
        names.sort_unstable();
        let names: Vec<String> = names.into_iter().map(|(_, name)| name).collect();
        (!names.is_empty()).then(|| format!("**{label} :** {}", fit(&names.join(", "), 1200)))
    })
    .collect();
    lines.push(match coverage.at(None) {
        0 => "Chaque département a son groupe.".to_owned(),
        1 => "1 département attend son premier groupe.".to_owned(),
        n => format!("{n} départements attendent leur premier groupe."),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tiles;
    use crate::texts::shown;

    fn on() -> NaiveDate {
        "2027-03-17".parse().unwrap()
    }

    #[test]
    fn the_map_is_told_in_words() {
        let atlas = crate::territories::load_shipped().unwrap();
        let coverage = Coverage::of([
            ("34", Stage::Possible),
            ("34", Stage::Assembly),
            ("01", Stage::Forming),
            ("974", Stage::Possible),
            ("75", Stage::Possible),
        ]);
        let message = answer(&coverage, &atlas, on(), Some(vec![1]));
        assert!(message.files[0].description.contains("5\u{a0}groupes"));
        insta::assert_snapshot!(shown::message(&message));
        // Without an image, the words remain.
        assert_eq!(answer(&coverage, &atlas, on(), None).embeds, message.embeds);
    }

    #[test]
    fn a_full_country_fits() {
        let atlas = crate::territories::load_shipped().unwrap();
        let all = tiles::tiles();
        for stage in [Stage::Possible, Stage::Forming, Stage::Assembly] {
            let coverage = Coverage::of(all.iter().flat_map(|tile| [(tile.code, stage); 40]));
            let message = answer(&coverage, &atlas, on(), Some(vec![1]));
            assert_eq!(message.faults(), Vec::<String>::new());
            assert!(message.embeds[0].description.contains("Chaque département"));
        }
    }
}
