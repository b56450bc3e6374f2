//! All groups at a glance: members, people signed up, relays, steps; four queries whatever the number of groups.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::groups::{self, Group};
use super::{StoreError, Tx, from_sql};
use crate::domain::ids::{GroupId, UserId};
use crate::domain::ladder::{Counts, Step};

/// A group with what is counted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The group.
    pub group: Group,
    /// People signed up, and members.
    pub counts: Counts,
    /// The relays with the dates of their naming, first named first.
    pub relays: Vec<(UserId, DateTime<Utc>)>,
    /// The steps reached, lowest first.
    pub steps: Vec<Step>,
    /// Since when the highest step that lacks members is under its threshold.
    pub under_since: Option<DateTime<Utc>>,
}

/// Every group that was not merged into another, in order of name.
///
/// # Errors
/// When SQLite fails.
pub async fn all(tx: &mut Tx) -> Result<Vec<Seen>, StoreError> {
    let signed_up = signed_up(tx).await?;
    let members = numbers(
        sqlx::query("SELECT group_id, count(*) AS n FROM memberships WHERE left_at IS NULL GROUP BY group_id")
            .fetch_all(tx.conn())
            .await?,
    )?;
    let mut relays: HashMap<i64, Vec<(UserId, DateTime<Utc>)>> = HashMap::new();
    let rows = sqlx::query("SELECT group_id, user_id, since FROM relays WHERE until IS NULL ORDER BY since, id")
        .fetch_all(tx.conn())
        .await?;
    for row in rows {
        let holder = (
            UserId::from_sql(row.try_get("user_id")?),
            from_sql(row.try_get("since")?)?,
        );
        relays.entry(row.try_get("group_id")?).or_default().push(holder);
    }
    let mut steps: HashMap<i64, Vec<(Step, Option<i64>)>> = HashMap::new();
    for row in sqlx::query("SELECT group_id, step, under_since FROM steps")
        .fetch_all(tx.conn())
        .await?
    {
        let step = Step::from_key(row.try_get("step")?).ok_or(StoreError::Row {
            table: "steps",
            what: "step",
        })?;
        steps
            .entry(row.try_get("group_id")?)
            .or_default()
            .push((step, row.try_get("under_since")?));
    }
    groups::all(tx)
        .await?
        .into_iter()
        .map(|group| {
            let id = group.id.0;
            let mut reached = steps.remove(&id).unwrap_or_default();
            reached.sort_by_key(|(step, _)| *step);
            let under = reached.iter().rev().find_map(|(_, under)| *under);
            Ok(Seen {
                counts: Counts {
                    signed_up: signed_up.get(&id).copied().unwrap_or_default(),
                    members: members.get(&id).copied().unwrap_or_default(),
                },
                relays: relays.remove(&id).unwrap_or_default(),
                steps: reached.into_iter().map(|(step, _)| step).collect(),
                under_since: under.map(from_sql).transpose()?,
                group,
            })
        })
        .collect()
}

/// People signed up, by group: those of its territories, but for communes given to another by a split.
async fn signed_up(tx: &mut Tx) -> Result<HashMap<i64, u32>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT coalesce(c.group_id, t.group_id) AS group_id, count(*) AS n FROM people p \
         LEFT JOIN group_communes c ON c.territory_id = p.territory_id AND c.insee = p.insee \
         LEFT JOIN group_territories t ON t.territory_id = p.territory_id \
         WHERE p.territory_id IS NOT NULL AND ",
        super::ladder::who_signed_up!(),
        " AND (c.group_id IS NOT NULL OR t.group_id IS NOT NULL) GROUP BY 1"
    ))
    .fetch_all(tx.conn())
    .await?;
    numbers(rows)
}

fn numbers(rows: Vec<sqlx::sqlite::SqliteRow>) -> Result<HashMap<i64, u32>, StoreError> {
    rows.iter()
        .map(|row| {
            let n: i64 = row.try_get("n")?;
            Ok((row.try_get("group_id")?, u32::try_from(n).unwrap_or(u32::MAX)))
        })
        .collect()
}

/// How many people on file have no territory: «à placer» (product.md §4).
///
/// # Errors
/// When SQLite fails.
pub async fn to_place(tx: &mut Tx) -> Result<u32, StoreError> {
    let n: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM people WHERE territory_id IS NULL AND erased_at IS NULL AND merged_into IS NULL",
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The communes outside its territories that a split gave to a group, and those that splits took from its territories:
/// `(given, taken)`.
///
/// # Errors
/// When SQLite fails.
pub async fn split_communes(tx: &mut Tx, group: GroupId) -> Result<(u32, u32), StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM group_communes c WHERE c.group_id = ?1 AND NOT EXISTS ( \
                    SELECT 1 FROM group_territories t WHERE t.territory_id = c.territory_id AND t.group_id = ?1)) AS given, \
                (SELECT count(*) FROM group_communes c JOIN group_territories t ON t.territory_id = c.territory_id \
                  WHERE t.group_id = ?1 AND c.group_id <> ?1) AS taken",
    )
    .bind(group.0)
    .fetch_one(tx.conn())
    .await?;
    let count = |column: &str| {
        row.try_get::<i64, _>(column)
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    Ok((count("given")?, count("taken")?))
}
