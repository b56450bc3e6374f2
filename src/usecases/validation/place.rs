//! Where a validated person lives, as far as groups are concerned: what the postal code says, or a choice.

use crate::domain::ids::{GroupId, RegionCode};
use crate::domain::person::{Field, FieldError, PostalCodeProblem};
use crate::domain::territory::{Atlas, Origin, Part, PostalCode, PostalCodeError, Resolution, TerritoryKey};
use crate::store::people::{Person, Place};
use crate::store::{StoreError, Tx, groups, territories};
use crate::texts;
use crate::texts::valider::PlaceOption;

/// What a postal code leads to, for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placing {
    /// The place on file stands: it was chosen, or named by the commune, for this very postal code.
    Kept(Place),
    /// One territory.
    In {
        /// Which.
        key: TerritoryKey,
        /// The commune, when only one is possible.
        insee: Option<String>,
        /// Whether a person chose it among several.
        by_choice: bool,
    },
    /// Several territories: someone chooses.
    Ambiguous(Vec<PlaceOption>),
    /// An overseas collectivity, which has no basin.
    Nowhere,
}

/// Reads the postal code of the form.
pub(super) fn postal_code(atlas: &Atlas, typed: &str) -> Result<PostalCode, FieldError> {
    let fault = |problem| FieldError::new(Field::CodePostal, typed, problem);
    let code = PostalCode::parse(typed).map_err(|error| {
        fault(match error {
            PostalCodeError::Empty => PostalCodeProblem::Empty,
            PostalCodeError::NotDigits | PostalCodeError::WrongLength { .. } => PostalCodeProblem::Malformed,
        })
    })?;
    match atlas.resolve(code, None) {
        Resolution::Unknown => Err(fault(PostalCodeProblem::Unknown)),
        Resolution::Certain(_) | Resolution::Ambiguous(_) | Resolution::NoBasin(_) => Ok(code),
    }
}

/// Where a person of this postal code is placed; `chosen` is the territory picked in the select, if any.
pub(super) fn placing(atlas: &Atlas, code: PostalCode, person: Option<&Person>, chosen: Option<&str>) -> Placing {
    let chosen = chosen.and_then(TerritoryKey::parse);
    if chosen.is_none()
        && let Some(person) = person
    {
        let place = &person.place;
        let settled = matches!(place.placed, Some(Origin::Manual | Origin::Commune)) && place.territory.is_some();
        if settled && place.postal_code == code.to_string() {
            return Placing::Kept(place.clone());
        }
    }
    match atlas.resolve(code, None) {
        Resolution::Certain(part) => inside(&part, false),
        Resolution::Ambiguous(parts) => match parts.iter().find(|part| Some(part.key()) == chosen.as_ref()) {
            Some(part) => inside(part, true),
            None => Placing::Ambiguous(options(&parts)),
        },
        Resolution::NoBasin(_) | Resolution::Unknown => Placing::Nowhere,
    }
}

/// The lines of the select for an ambiguous postal code; none for another.
pub(super) fn choices(atlas: &Atlas, code: PostalCode) -> Vec<PlaceOption> {
    match atlas.resolve(code, None) {
        Resolution::Ambiguous(parts) => options(&parts),
        _ => Vec::new(),
    }
}

fn inside(part: &Part<'_>, by_choice: bool) -> Placing {
    let insee = match part.places.as_slice() {
        [only] => Some(only.unit.to_owned()),
        _ => None,
    };
    Placing::In {
        key: part.key().clone(),
        insee,
        by_choice,
    }
}

fn options(parts: &[Part<'_>]) -> Vec<PlaceOption> {
    parts
        .iter()
        .map(|part| PlaceOption {
            value: part.key().to_string(),
            label: texts::territories::part_label(part),
            description: texts::territories::part_description(part),
        })
        .collect()
}

/// The group that calls the people of a place, without making any row.
pub(super) async fn group_of(tx: &mut Tx, placing: &Placing) -> Result<Option<GroupId>, StoreError> {
    match placing {
        Placing::Kept(place) => match place.territory {
            Some(territory) => groups::of_place(tx, territory, place.insee.as_deref()).await,
            None => Ok(None),
        },
        Placing::In { key, insee, .. } => match territories::find(tx, &key.basin, &key.departement).await? {
            Some(territory) => groups::of_place(tx, territory, insee.as_deref()).await,
            None => Ok(None),
        },
        Placing::Ambiguous(_) | Placing::Nowhere => Ok(None),
    }
}

/// The key of the territory, for the words beside the postal code.
pub(super) async fn key_of(tx: &mut Tx, placing: &Placing) -> Result<Option<TerritoryKey>, StoreError> {
    match placing {
        Placing::In { key, .. } => Ok(Some(key.clone())),
        Placing::Kept(Place {
            territory: Some(territory),
            ..
        }) => {
            let row = territories::get(tx, *territory).await?;
            Ok(row.map(|row| TerritoryKey::new(row.basin, row.departement)))
        }
        Placing::Kept(_) | Placing::Ambiguous(_) | Placing::Nowhere => Ok(None),
    }
}

/// The place to write, its territory's row made when it is the first of its kind.
pub(super) async fn row(
    tx: &mut Tx,
    atlas: &Atlas,
    code: PostalCode,
    placing: &Placing,
) -> Result<Option<Place>, StoreError> {
    let postal_code = code.to_string();
    Ok(match placing {
        Placing::Kept(place) => Some(place.clone()),
        Placing::In { key, insee, by_choice } => {
            let Some(territory) = atlas.territory(key) else {
                return Ok(None);
            };
            let region = RegionCode(territory.region.clone());
            let id = territories::ensure(tx, &key.basin, &key.departement, &region, &territory.name).await?;
            let placed = if *by_choice { Origin::Manual } else { Origin::Code };
            Some(Place {
                postal_code,
                insee: insee.clone(),
                territory: Some(id),
                placed: Some(placed),
            })
        }
        Placing::Nowhere => Some(Place {
            postal_code,
            insee: None,
            territory: None,
            placed: None,
        }),
        Placing::Ambiguous(_) => None,
    })
}
