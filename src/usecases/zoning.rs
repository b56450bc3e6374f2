//! A change of zoning: people and groups are re-attached, groups keep their members, and the differences are told
//! (product.md §4).

use std::collections::HashMap;
use std::io::{Read as _, Write as _};

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::groups::label;
use super::{App, ladder};
use crate::domain::ids::{GroupId, RegionCode, TerritoryId};
use crate::domain::territory::{Atlas, Coverage, Differences, Situation, TerritoryKey, differences, heir, reattach};
use crate::error::Error;
use crate::store::journal::{self, Entry};
use crate::store::zoning::{self, Attached, Move};
use crate::store::{StoreError, Tx, groups, territories};
use crate::territories::insee::{self, Imported};

/// What a change of zoning did.
#[derive(Debug)]
pub struct Changed {
    /// How the table covers the communes.
    pub coverage: Coverage,
    /// What changed for people and groups.
    pub differences: Differences,
    /// How many groups have become possible.
    pub declared: usize,
    /// How the groups that were there are called: «Lunel (Hérault)».
    pub groups: HashMap<GroupId, String>,
    /// The zoning before.
    pub old: std::sync::Arc<Atlas>,
    /// The zoning from now on.
    pub new: std::sync::Arc<Atlas>,
}

/// Puts INSEE's table in force, in one transaction.
///
/// # Errors
/// When the database fails; nothing has changed then.
pub async fn adopt(app: &App, imported: &Imported, now: DateTime<Utc>) -> Result<Changed, Error> {
    let old = app.atlas();
    let (new, coverage) = old.with_basins(&imported.mapping);
    let kept = pack(&insee::write_csv(&imported.mapping))?;
    let mut tx = app.store.write().await?;
    let people = zoning::attached(&mut tx).await?;
    let held = zoning::held(&mut tx).await?;
    let situations: Vec<(Situation, u64)> = people
        .iter()
        .map(|attached| (attached.situation.clone(), attached.people))
        .collect();
    let parts: Vec<(GroupId, TerritoryKey)> = held.iter().map(|(group, _, key)| (*group, key.clone())).collect();
    let differences = differences(&old, &new, &situations, &parts);
    let groups = groups::all(&mut tx)
        .await?
        .iter()
        .map(|group| (group.id, label(&new, group)))
        .collect();

    let mut rows = Rows {
        atlas: &new,
        known: HashMap::new(),
    };
    let mut moves = Vec::with_capacity(people.len());
    for attached in &people {
        moves.push(place(&mut tx, &mut rows, &old, attached).await?);
    }
    zoning::move_people(&mut tx, &moves, now).await?;

    let mut territories = Vec::with_capacity(held.len());
    for (group, territory, key) in held {
        // A territory that the old zoning did not know stays with its group, to be replaced by hand.
        let to = match heir(&old, &new, &key) {
            Some(key) => rows.id(&mut tx, &key).await?.unwrap_or(territory),
            None => territory,
        };
        territories.push((group, to));
    }
    let mut communes = Vec::new();
    for (territory, commune, group) in zoning::communes(&mut tx).await? {
        let key = new.place_of_code(&commune).and_then(|place| place.key).cloned();
        let to = match key {
            Some(key) => rows.id(&mut tx, &key).await?.unwrap_or(territory),
            None => territory,
        };
        communes.push((to, commune, group));
    }
    zoning::hold(&mut tx, &territories, &communes).await?;
    zoning::keep(&mut tx, &kept, now).await?;
    let entry = Entry {
        event: "zoning.changed",
        after: Some("bassins_de_vie"),
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    let declared = ladder::declare_ripe(&mut tx, &app.rules(), None, now).await?.len();
    tx.commit().await?;
    app.replace_atlas(new);
    Ok(Changed {
        coverage,
        differences,
        declared,
        groups,
        old,
        new: app.atlas(),
    })
}

/// The zoning that the database was left with, over the geography of `atlas`.
///
/// # Errors
/// When the database fails, or what it keeps is no table.
pub async fn in_force(tx: &mut Tx, atlas: Atlas) -> Result<Atlas, StoreError> {
    let Some(kept) = zoning::mapping(tx).await? else {
        return Ok(atlas);
    };
    let malformed = || StoreError::Row {
        table: "zoning",
        what: "mapping",
    };
    let mut text = Vec::new();
    GzDecoder::new(kept.as_slice())
        .read_to_end(&mut text)
        .map_err(|_| malformed())?;
    let imported = insee::read(&text).map_err(|_| malformed())?;
    Ok(atlas.with_basins(&imported.mapping).0)
}

/// Where people in one situation go.
async fn place<'a>(tx: &mut Tx, rows: &mut Rows<'_>, old: &Atlas, from: &'a Attached) -> Result<Move<'a>, StoreError> {
    let choice = reattach(old, rows.atlas, &from.situation);
    Ok(match choice {
        Some(choice) => Move {
            from,
            territory: rows.id(tx, &choice.key).await?,
            origin: Some(choice.origin),
            commune: choice.commune,
        },
        None => Move {
            from,
            territory: None,
            origin: None,
            commune: None,
        },
    })
}

/// The rows of territories, each asked for once.
struct Rows<'a> {
    atlas: &'a Atlas,
    known: HashMap<TerritoryKey, TerritoryId>,
}

impl Rows<'_> {
    async fn id(&mut self, tx: &mut Tx, key: &TerritoryKey) -> Result<Option<TerritoryId>, StoreError> {
        if let Some(id) = self.known.get(key) {
            return Ok(Some(*id));
        }
        let Some(territory) = self.atlas.territory(key) else {
            return Ok(None);
        };
        let region = RegionCode(territory.region.clone());
        let id = territories::ensure(tx, &key.basin, &key.departement, &region, &territory.name).await?;
        self.known.insert(key.clone(), id);
        Ok(Some(id))
    }
}

fn pack(text: &str) -> Result<Vec<u8>, Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    packed.map_err(|source| Error::Io {
        doing: "compressing the zoning",
        source,
    })
}
