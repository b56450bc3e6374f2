//! The channels of the whole server: their names, their topics, and what they are called in sentences (product.md §17).

use super::markdown::fit;
use crate::domain::bindings::Key;
use crate::domain::desired::{PlaceRules, Sign};
use crate::domain::place::{Place, Shelf};

/// The longest name of a channel (Discord documentation, resources/channel).
const NAME_MAX: usize = 100;

/// What the channels of the whole server are called: `national` is the name of the national team's role, `places` are those
/// to make, each feed with the name of its région.
#[must_use]
pub fn rules(national: &str, places: &[(Place, Option<String>)]) -> PlaceRules {
    let signs = places.iter().filter_map(|(place, region)| {
        let spot = place.spot()?;
        let marker = Key::Place(spot).marker()?;
        Some(Sign {
            spot,
            name: channel(place, region.as_deref()),
            topic: format!("{} · {marker}", purpose(place, region.as_deref())),
        })
    });
    PlaceRules {
        national: national.to_owned(),
        shelves: Shelf::ALL.map(|shelf| (shelf, category(shelf).to_owned())).to_vec(),
        signs: signs.collect(),
    }
}

/// The name of a category.
#[must_use]
pub fn category(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Common => "Maillage",
        Shelf::Feeds => "Remontées des régions",
    }
}

/// What a category is called in a sentence.
#[must_use]
pub fn category_label(shelf: Shelf) -> String {
    format!("catégorie «\u{a0}{}\u{a0}»", category(shelf))
}

/// The name of a channel, written as Discord keeps it: another writing would be put back for ever.
#[must_use]
pub fn channel(place: &Place, region: Option<&str>) -> String {
    match place {
        Place::National => "équipe-nationale".to_owned(),
        Place::Review => "relecture".to_owned(),
        Place::Works => "travaux-constituants".to_owned(),
        Place::Welcome => "bienvenue".to_owned(),
        Place::Meeting => "réunion-des-nouveaux".to_owned(),
        Place::Feed(code) => fit(&format!("remontées-{}", slug(region.unwrap_or(&code.0))), NAME_MAX),
    }
}

/// Small letters and digits, one hyphen between the words.
fn slug(name: &str) -> String {
    let small = name.to_lowercase();
    let words = small
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// What a channel is for, at the head of its topic.
fn purpose(place: &Place, region: Option<&str>) -> String {
    match place {
        Place::National => "Ce que le programme signale à l’équipe nationale".to_owned(),
        Place::Review => "Projets locaux et travaux à relire par l’équipe nationale".to_owned(),
        Place::Works => "Travaux constituants publiés par les groupes".to_owned(),
        Place::Welcome => "Bienvenue sur ce serveur".to_owned(),
        Place::Meeting => "La réunion des nouveaux arrivants et ses rappels".to_owned(),
        Place::Feed(code) => format!(
            "Nouvelles des groupes pour le référent régional\u{a0}: {}",
            region.unwrap_or(&code.0)
        ),
    }
}

/// What a channel is called in a sentence, without its article: «salon de bienvenue».
#[must_use]
pub fn label(place: &Place, region: Option<&str>) -> String {
    match place {
        Place::National => "salon de l’équipe nationale".to_owned(),
        Place::Review => "salon de relecture".to_owned(),
        Place::Works => "salon des travaux constituants".to_owned(),
        Place::Welcome => "salon de bienvenue".to_owned(),
        Place::Meeting => "salon de la réunion des nouveaux arrivants".to_owned(),
        Place::Feed(code) => format!("salon des remontées {}", region.unwrap_or(&code.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RegionCode;

    #[test]
    fn names_are_those_that_discord_keeps() {
        let feed = |name: &str| channel(&Place::Feed(RegionCode("93".to_owned())), Some(name));
        assert_eq!(
            feed("Provence-Alpes-Côte d’Azur"),
            "remontées-provence-alpes-côte-d-azur"
        );
        assert_eq!(feed("La Réunion"), "remontées-la-réunion");
        for place in Place::SINGLE {
            let name = channel(&place, None);
            assert_eq!(slug(&name), name);
        }
    }

    #[test]
    fn topics_end_with_their_marker() {
        let places = [
            (Place::National, None),
            (Place::Feed(RegionCode("76".to_owned())), Some("Occitanie".to_owned())),
        ];
        let rules = rules("MCP national", &places);
        let topics: Vec<&str> = rules.signs.iter().map(|sign| sign.topic.as_str()).collect();
        assert!(topics[0].ends_with(" · maillage:place:national"), "{topics:?}");
        assert!(topics[1].ends_with(" · maillage:place:feed:76"), "{topics:?}");
    }
}
