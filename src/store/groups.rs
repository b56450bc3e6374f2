//! Groups and the territories they hold.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::people::group_list;
use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{GroupId, RegionCode, TerritoryId, UserId};
use crate::domain::ladder::Stage;

/// A group's own facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name: its main town, or what the national team called it.
    pub name: String,
    /// Its département.
    pub departement: String,
    /// Its région.
    pub region: RegionCode,
    /// When it was declared.
    pub declared_at: DateTime<Utc>,
    /// Whether it is archived.
    pub archived: bool,
    /// What it is at present.
    pub stage: Stage,
}

/// The columns of [`Group`], stage included.
macro_rules! columns {
    () => {
        "g.id, g.name, g.departement, g.region, g.declared_at, g.archived_at IS NOT NULL AS archived, \
         (SELECT max(CASE step WHEN 'assembly' THEN 2 WHEN 'forming' THEN 1 ELSE 0 END) FROM steps s \
           WHERE s.group_id = g.id) AS stage"
    };
}

fn group(row: &SqliteRow) -> Result<Group, StoreError> {
    Ok(Group {
        id: GroupId(row.try_get("id")?),
        name: row.try_get("name")?,
        departement: row.try_get("departement")?,
        region: RegionCode(row.try_get("region")?),
        declared_at: from_sql(row.try_get("declared_at")?)?,
        archived: row.try_get("archived")?,
        stage: match row.try_get::<Option<i64>, _>("stage")? {
            Some(2) => Stage::Assembly,
            Some(1) => Stage::Forming,
            _ => Stage::Possible,
        },
    })
}

/// A group, unless it was merged into another.
///
/// # Errors
/// When SQLite fails.
pub async fn get(tx: &mut Tx, id: GroupId) -> Result<Option<Group>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM groups g WHERE g.id = ? AND g.merged_into IS NULL"
    ))
    .bind(id.0)
    .fetch_optional(tx.conn())
    .await?;
    row.as_ref().map(group).transpose()
}

/// Every group that was not merged into another, in order of name.
///
/// # Errors
/// When SQLite fails.
pub async fn all(tx: &mut Tx) -> Result<Vec<Group>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM groups g WHERE g.merged_into IS NULL ORDER BY g.name, g.id"
    ))
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(group).collect()
}

/// A group by its id, also one that was merged into another.
///
/// # Errors
/// When SQLite fails.
pub async fn even_merged(tx: &mut Tx, id: GroupId) -> Result<Option<Group>, StoreError> {
    let row = sqlx::query(concat!("SELECT ", columns!(), " FROM groups g WHERE g.id = ?"))
        .bind(id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.as_ref().map(group).transpose()
}

/// A group to declare.
#[derive(Debug, Clone)]
pub struct NewGroup<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its département.
    pub departement: &'a str,
    /// Its région.
    pub region: &'a RegionCode,
    /// The territory that it holds; none may hold it yet.
    pub territory: TerritoryId,
    /// Who declares it; `None` at the threshold.
    pub by: Option<UserId>,
}

/// Declares a group over its territory; to be announced, when it is, by [`set_announced`].
///
/// # Errors
/// When the territory has a group already (a unique key), or SQLite fails.
pub async fn declare(tx: &mut Tx, new: &NewGroup<'_>, now: DateTime<Utc>) -> Result<GroupId, StoreError> {
    let group = found(tx, new.name, new.departement, new.region, new.by, now).await?;
    sqlx::query("INSERT INTO group_territories (territory_id, group_id) VALUES (?, ?)")
        .bind(new.territory.0)
        .bind(group.0)
        .execute(tx.conn())
        .await?;
    Ok(group)
}

/// Writes a group that holds no territory: the part of another.
///
/// # Errors
/// When SQLite fails.
pub async fn found(
    tx: &mut Tx,
    name: &str,
    departement: &str,
    region: &RegionCode,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<GroupId, StoreError> {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO groups (name, departement, region, declared_at, declared_by, announced_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?4) RETURNING id",
    )
    .bind(name)
    .bind(departement)
    .bind(&region.0)
    .bind(to_sql(now))
    .bind(by.map(UserId::to_sql))
    .fetch_one(tx.conn())
    .await?;
    Ok(GroupId(id))
}

/// The groups that nobody has been told of, oldest first, with their régions; archived and merged ones are no news.
///
/// # Errors
/// When SQLite fails.
pub async fn unannounced(tx: &mut Tx) -> Result<Vec<(GroupId, RegionCode)>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, region FROM groups WHERE announced_at IS NULL AND archived_at IS NULL AND merged_into IS NULL ORDER BY id",
    )
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| Ok((GroupId(row.try_get("id")?), RegionCode(row.try_get("region")?))))
        .collect()
}

/// Notes that these groups have been announced at an instant, or (`None`) that they are to be.
///
/// # Errors
/// When SQLite fails.
pub async fn set_announced(tx: &mut Tx, groups: &[GroupId], at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
    sqlx::query("UPDATE groups SET announced_at = ? WHERE id IN (SELECT value FROM json_each(?))")
        .bind(at.map(to_sql))
        .bind(group_list(groups)?)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The group that calls the people of a commune (`insee`) of a territory, if one was declared.
///
/// # Errors
/// When SQLite fails.
pub async fn of_place(tx: &mut Tx, territory: TerritoryId, insee: Option<&str>) -> Result<Option<GroupId>, StoreError> {
    let id: Option<i64> = sqlx::query_scalar(
        "SELECT coalesce((SELECT group_id FROM group_communes WHERE territory_id = ?1 AND insee = ?2), \
                         (SELECT group_id FROM group_territories WHERE territory_id = ?1))",
    )
    .bind(territory.0)
    .bind(insee)
    .fetch_one(tx.conn())
    .await?;
    Ok(id.map(GroupId))
}

/// The territories that a group holds, in the order in which they came to it.
///
/// # Errors
/// When SQLite fails.
pub async fn territories(tx: &mut Tx, group: GroupId) -> Result<Vec<TerritoryId>, StoreError> {
    let ids: Vec<i64> =
        sqlx::query_scalar("SELECT territory_id FROM group_territories WHERE group_id = ? ORDER BY territory_id")
            .bind(group.0)
            .fetch_all(tx.conn())
            .await?;
    Ok(ids.into_iter().map(TerritoryId).collect())
}

/// Gives a group another name; tells whether it changed.
///
/// # Errors
/// When SQLite fails.
pub async fn rename(tx: &mut Tx, group: GroupId, name: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE groups SET name = ?1 WHERE id = ?2 AND name <> ?1")
        .bind(name)
        .bind(group.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Archives a group at an instant, or opens it again (`None`); tells whether it changed.
///
/// # Errors
/// When SQLite fails.
pub async fn archive(tx: &mut Tx, group: GroupId, at: Option<DateTime<Utc>>) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE groups SET archived_at = ?1 WHERE id = ?2 AND (archived_at IS NULL) = (?1 IS NOT NULL)")
            .bind(at.map(to_sql))
            .bind(group.0)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}
