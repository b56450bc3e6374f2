//! The parts of the country that are in use. A row is made the first time that a person or a group needs it; the table of
//! communes itself stays in memory (`domain::territory`).

use sqlx::Row;

use super::{StoreError, Tx};
use crate::domain::ids::{RegionCode, TerritoryId};

/// A part in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerritoryRow {
    /// Its id.
    pub id: TerritoryId,
    /// The code of its basin.
    pub basin: String,
    /// The code of its département.
    pub departement: String,
    /// Its région.
    pub region: RegionCode,
    /// The default name of its group.
    pub name: String,
}

/// The id of a part, made when it is not there yet.
///
/// # Errors
/// When SQLite fails.
pub async fn ensure(
    tx: &mut Tx,
    basin: &str,
    departement: &str,
    region: &RegionCode,
    name: &str,
) -> Result<TerritoryId, StoreError> {
    if let Some(id) = find(tx, basin, departement).await? {
        return Ok(id);
    }
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO territories (basin, departement, region, name) VALUES (?, ?, ?, ?) RETURNING id",
    )
    .bind(basin)
    .bind(departement)
    .bind(&region.0)
    .bind(name)
    .fetch_one(tx.conn())
    .await?;
    Ok(TerritoryId(id))
}

/// The id of a part that is in use already; for questions, which must not make rows.
///
/// # Errors
/// When SQLite fails.
pub async fn find(tx: &mut Tx, basin: &str, departement: &str) -> Result<Option<TerritoryId>, StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT id FROM territories WHERE basin = ? AND departement = ?")
        .bind(basin)
        .bind(departement)
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.map(TerritoryId))
}

/// A part by its id.
///
/// # Errors
/// When SQLite fails.
pub async fn get(tx: &mut Tx, id: TerritoryId) -> Result<Option<TerritoryRow>, StoreError> {
    let row = sqlx::query("SELECT id, basin, departement, region, name FROM territories WHERE id = ?")
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| {
        Ok(TerritoryRow {
            id: TerritoryId(row.try_get("id")?),
            basin: row.try_get("basin")?,
            departement: row.try_get("departement")?,
            region: RegionCode(row.try_get("region")?),
            name: row.try_get("name")?,
        })
    })
    .transpose()
}
