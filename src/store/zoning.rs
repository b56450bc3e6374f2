//! The zoning in force, and what a change of it does to people and groups (product.md §4).

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoreError, Tx, to_sql};
use crate::domain::ids::{GroupId, TerritoryId};
use crate::domain::territory::{Origin, PostalCode, Situation, TerritoryKey};

/// The table in force, as it was kept; `None` while the zoning is the intercommunalité.
///
/// # Errors
/// When SQLite fails.
pub async fn mapping(tx: &mut Tx) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar("SELECT mapping FROM zoning")
        .fetch_optional(tx.conn())
        .await?)
}

/// Keeps a table, in the place of the one before.
///
/// # Errors
/// When SQLite fails.
pub async fn keep(tx: &mut Tx, mapping: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO zoning (id, imported_at, mapping) VALUES (1, ?1, ?2) \
         ON CONFLICT (id) DO UPDATE SET imported_at = ?1, mapping = ?2",
    )
    .bind(to_sql(now))
    .bind(mapping)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// People who are in one situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// The situation.
    pub situation: Situation,
    /// The territory, as the database names it.
    pub territory: Option<TerritoryId>,
    /// Whether nobody said where they are: «à placer».
    pub to_place: bool,
    /// How many.
    pub people: u64,
}

/// Everyone on file with a postal code, by situation. A code that is none, which an import never writes, is passed over.
///
/// # Errors
/// When SQLite fails, or a row holds what the code never writes.
pub async fn attached(tx: &mut Tx) -> Result<Vec<Attached>, StoreError> {
    let rows = sqlx::query(
        "SELECT p.postal_code, p.insee, p.territory_id, p.placed, t.basin, t.departement, count(*) AS people \
         FROM people p LEFT JOIN territories t ON t.id = p.territory_id \
         WHERE p.erased_at IS NULL AND p.merged_into IS NULL AND p.postal_code IS NOT NULL \
         GROUP BY 1, 2, 3, 4",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut attached = Vec::with_capacity(rows.len());
    for row in rows {
        let Ok(postal_code) = row.try_get::<&str, _>("postal_code")?.parse::<PostalCode>() else {
            continue;
        };
        let placed: Option<&str> = row.try_get("placed")?;
        let origin = placed.map(|text| text.parse::<Origin>()).transpose();
        let origin = origin.map_err(|_| StoreError::Row {
            table: "people",
            what: "placed",
        })?;
        let key = match (
            row.try_get::<Option<&str>, _>("basin")?,
            row.try_get::<Option<&str>, _>("departement")?,
        ) {
            (Some(basin), Some(departement)) => Some(TerritoryKey::new(basin, departement)),
            _ => None,
        };
        attached.push(Attached {
            situation: Situation {
                postal_code,
                commune: row.try_get("insee")?,
                key,
                // Someone «à placer» is placed anew, as a guess would be.
                origin: origin.unwrap_or(Origin::Auto),
            },
            territory: row.try_get::<Option<i64>, _>("territory_id")?.map(TerritoryId),
            to_place: origin.is_none(),
            people: row.try_get::<i64, _>("people")?.cast_unsigned(),
        });
    }
    Ok(attached)
}

/// Where people in one situation go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move<'a> {
    /// Who.
    pub from: &'a Attached,
    /// The new territory; `None`: «à placer».
    pub territory: Option<TerritoryId>,
    /// Who said so.
    pub origin: Option<Origin>,
    /// Their commune, when the choice tells one.
    pub commune: Option<String>,
}

/// Moves people, all in one statement: a statement for each situation would read the whole table thousands of times.
///
/// # Errors
/// When SQLite fails.
pub async fn move_people(tx: &mut Tx, moves: &[Move<'_>], now: DateTime<Utc>) -> Result<u64, StoreError> {
    sqlx::query(
        "CREATE TEMP TABLE moves (postal_code TEXT NOT NULL, insee TEXT, territory INTEGER, placed TEXT, \
         new_territory INTEGER, new_placed TEXT, new_insee TEXT)",
    )
    .execute(tx.conn())
    .await?;
    sqlx::query("CREATE INDEX temp.moves_by_code ON moves (postal_code)")
        .execute(tx.conn())
        .await?;
    for moved in moves {
        let placed = (!moved.from.to_place).then(|| moved.from.situation.origin.as_str());
        sqlx::query("INSERT INTO moves VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(moved.from.situation.postal_code.to_string())
            .bind(moved.from.situation.commune.as_deref())
            .bind(moved.from.territory.map(|id| id.0))
            .bind(placed)
            .bind(moved.territory.map(|id| id.0))
            .bind(moved.origin.map(Origin::as_str))
            .bind(moved.commune.as_deref())
            .execute(tx.conn())
            .await?;
    }
    let done = sqlx::query(
        "UPDATE people SET territory_id = m.new_territory, placed = m.new_placed, insee = coalesce(m.new_insee, people.insee), \
            updated_at = ? \
         FROM moves m \
         WHERE people.postal_code = m.postal_code AND people.insee IS m.insee AND people.territory_id IS m.territory \
           AND people.placed IS m.placed AND people.erased_at IS NULL AND people.merged_into IS NULL",
    )
    .bind(to_sql(now))
    .execute(tx.conn())
    .await?;
    sqlx::query("DROP TABLE moves").execute(tx.conn()).await?;
    Ok(done.rows_affected())
}

/// Which group holds which territory, in the order in which they keep one that several come to: open groups before archived
/// ones, those with most members first, then the oldest.
///
/// # Errors
/// When SQLite fails.
pub async fn held(tx: &mut Tx) -> Result<Vec<(GroupId, TerritoryId, TerritoryKey)>, StoreError> {
    let rows = sqlx::query(
        "SELECT h.group_id, t.id, t.basin, t.departement FROM group_territories h \
         JOIN territories t ON t.id = h.territory_id JOIN groups g ON g.id = h.group_id \
         ORDER BY g.archived_at IS NOT NULL, \
                  (SELECT count(*) FROM memberships m WHERE m.group_id = g.id AND m.left_at IS NULL) DESC, g.id, t.id",
    )
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let key = TerritoryKey::new(row.try_get::<&str, _>("basin")?, row.try_get::<&str, _>("departement")?);
            Ok((GroupId(row.try_get("group_id")?), TerritoryId(row.try_get("id")?), key))
        })
        .collect()
}

/// The communes that a split gave to a group.
///
/// # Errors
/// When SQLite fails.
pub async fn communes(tx: &mut Tx) -> Result<Vec<(TerritoryId, String, GroupId)>, StoreError> {
    let rows = sqlx::query("SELECT territory_id, insee, group_id FROM group_communes ORDER BY group_id, insee")
        .fetch_all(tx.conn())
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                TerritoryId(row.try_get("territory_id")?),
                row.try_get("insee")?,
                GroupId(row.try_get("group_id")?),
            ))
        })
        .collect()
}

/// Replaces what groups hold. Of two groups that come to one territory the first keeps it; the other keeps its members.
///
/// # Errors
/// When SQLite fails.
pub async fn hold(
    tx: &mut Tx,
    territories: &[(GroupId, TerritoryId)],
    communes: &[(TerritoryId, String, GroupId)],
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM group_territories").execute(tx.conn()).await?;
    sqlx::query("DELETE FROM group_communes").execute(tx.conn()).await?;
    for (group, territory) in territories {
        sqlx::query("INSERT INTO group_territories (territory_id, group_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(territory.0)
            .bind(group.0)
            .execute(tx.conn())
            .await?;
    }
    for (territory, commune, group) in communes {
        sqlx::query(
            "INSERT INTO group_communes (territory_id, insee, group_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(territory.0)
        .bind(commune)
        .bind(group.0)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
