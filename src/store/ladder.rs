//! Steps reached, and what is counted to reach them: always rows, never a stored counter (product.md §3).

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{GroupId, TerritoryId};
use crate::domain::ladder::{Counts, Step};

/// Who counts as signed up: came by the website, not erased, not merged away, not refusing, not «ne plus appeler» (§3).
/// Members are included whatever their call state.
macro_rules! signed_up {
    () => {
        "p.source = 'site' AND p.erased_at IS NULL AND p.merged_into IS NULL \
         AND p.call_state NOT IN ('refus', 'ne_plus_appeler')"
    };
}
pub(in crate::store) use signed_up as who_signed_up;

/// Two searches by territory: told as one condition, SQLite would read everyone on file, at each validation.
const COUNTS: &str = concat!(
    "SELECT (SELECT count(*) FROM group_territories t CROSS JOIN people p ON p.territory_id = t.territory_id \
              WHERE t.group_id = ?1 AND ",
    signed_up!(),
    "   AND NOT EXISTS (SELECT 1 FROM group_communes c WHERE c.territory_id = p.territory_id AND c.insee = p.insee)) \
          + (SELECT count(*) FROM group_communes c CROSS JOIN people p \
               ON p.territory_id = c.territory_id AND p.insee = c.insee WHERE c.group_id = ?1 AND ",
    signed_up!(),
    ") AS signed_up, \
     (SELECT count(*) FROM memberships WHERE group_id = ?1 AND left_at IS NULL) AS members"
);

/// Counts the people signed up in a group's territory and its validated members.
///
/// # Errors
/// When SQLite fails.
pub async fn counts(tx: &mut Tx, group: GroupId) -> Result<Counts, StoreError> {
    let row = sqlx::query(COUNTS).bind(group.0).fetch_one(tx.conn()).await?;
    Ok(Counts {
        signed_up: to_count(row.try_get("signed_up")?),
        members: to_count(row.try_get("members")?),
    })
}

/// Counts the people signed up in a territory, whatever its group.
///
/// # Errors
/// When SQLite fails.
pub async fn signed_up(tx: &mut Tx, territory: TerritoryId) -> Result<u32, StoreError> {
    let count: i64 = sqlx::query_scalar(concat!(
        "SELECT count(*) FROM people p WHERE p.territory_id = ? AND ",
        signed_up!()
    ))
    .bind(territory.0)
    .fetch_one(tx.conn())
    .await?;
    Ok(to_count(count))
}

/// The territories without a group where at least `threshold` people signed up, in order of id.
///
/// # Errors
/// When SQLite fails.
pub async fn ripe_territories(tx: &mut Tx, threshold: u32) -> Result<Vec<TerritoryId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(concat!(
        "SELECT p.territory_id FROM people p WHERE p.territory_id IS NOT NULL AND ",
        signed_up!(),
        " AND NOT EXISTS (SELECT 1 FROM group_territories t WHERE t.territory_id = p.territory_id) \
          GROUP BY p.territory_id HAVING count(*) >= ? ORDER BY p.territory_id"
    ))
    .bind(threshold)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(TerritoryId).collect())
}

/// A step that a group has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Which.
    pub step: Step,
    /// When.
    pub at: DateTime<Utc>,
    /// Since when its count is under the threshold, if it is.
    pub under_since: Option<DateTime<Utc>>,
}

/// The steps that a group has reached, lowest first.
///
/// # Errors
/// When SQLite fails.
pub async fn steps(tx: &mut Tx, group: GroupId) -> Result<Vec<Reached>, StoreError> {
    let rows = sqlx::query("SELECT step, reached_at, under_since FROM steps WHERE group_id = ?")
        .bind(group.0)
        .fetch_all(tx.conn())
        .await?;
    let mut steps = Vec::with_capacity(rows.len());
    for row in rows {
        let step = Step::from_key(row.try_get("step")?).ok_or(StoreError::Row {
            table: "steps",
            what: "step",
        })?;
        let under: Option<i64> = row.try_get("under_since")?;
        steps.push(Reached {
            step,
            at: from_sql(row.try_get("reached_at")?)?,
            under_since: under.map(from_sql).transpose()?,
        });
    }
    steps.sort_by_key(|reached| reached.step);
    Ok(steps)
}

/// Writes a step; tells whether it is new.
///
/// # Errors
/// When SQLite fails.
pub async fn reach(tx: &mut Tx, group: GroupId, step: Step, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let done = sqlx::query("INSERT INTO steps (group_id, step, reached_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(group.0)
        .bind(step.key())
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks a reached step as under its threshold since `since`, or no longer (`None`); an earlier date is kept.
///
/// # Errors
/// When SQLite fails.
pub async fn mark_under(
    tx: &mut Tx,
    group: GroupId,
    step: Step,
    since: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE steps SET under_since = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(under_since, ?3) END \
         WHERE group_id = ?1 AND step = ?2",
    )
    .bind(group.0)
    .bind(step.key())
    .bind(since.map(to_sql))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A count as the domain holds it.
fn to_count(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::support_tests::store;

    /// A group is counted at each validation, whatever the number of people on file.
    #[tokio::test]
    async fn counting_a_group_reads_its_territories_only() {
        let (_folder, store) = store().await;
        let mut tx = store.read().await.unwrap();
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {COUNTS}")))
                .bind(1)
                .fetch_all(tx.conn())
                .await
                .unwrap();
        let scans: Vec<_> = plan
            .iter()
            .filter(|(.., detail)| detail.starts_with("SCAN") && detail != "SCAN CONSTANT ROW")
            .collect();
        assert!(scans.is_empty(), "{plan:?}");
    }
}
