//! What the reports count (product.md §12): people by place, participations of late, the last act of each relay.
//!
//! Two queries exist twice, for a région and for the country: a condition on a région that may be absent would keep SQLite
//! from its indexes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, Tx, from_sql, id_list, to_sql};
use crate::domain::calendar::paris_date;
use crate::domain::ids::{GroupId, PersonId, RegionCode, UserId};
use crate::domain::report::{Participation, Scope, SignedUp, Since, Trend};

/// The event of a relay who was prompted.
pub const PROMPTED: &str = "relay.prompted";

/// Counts the people signed up and those contacted, by place and group. A person counts as new from the day of the sign-up,
/// else from the import; as contacted from the first attempt to reach him, else from the first validation.
macro_rules! people_by_place {
    ($scope:literal) => {
        concat!(
            "WITH p AS MATERIALIZED (SELECT p.territory_id, p.insee, p.signed_up_on, p.created_at, \
                      coalesce((SELECT min(at) FROM calls k WHERE k.person_id = p.id AND k.outcome IS NOT NULL), \
                               (SELECT min(validated_at) FROM memberships m WHERE m.person_id = p.id)) AS met \
               FROM people p WHERE ",
            super::ladder::who_signed_up!(),
            $scope,
            ") SELECT t.region, t.departement, coalesce(c.group_id, g.group_id) AS group_id, \
                    count(*) AS signed_up, \
                    sum(CASE WHEN p.signed_up_on IS NULL THEN p.created_at > ?1 ELSE p.signed_up_on > ?3 END) AS signed_up_week, \
                    sum(CASE WHEN p.signed_up_on IS NULL THEN p.created_at > ?2 ELSE p.signed_up_on > ?4 END) AS signed_up_month, \
                    sum(p.met IS NOT NULL) AS contacted, \
                    coalesce(sum(p.met > ?1), 0) AS contacted_week, \
                    coalesce(sum(p.met > ?2), 0) AS contacted_month \
             FROM p \
             LEFT JOIN territories t ON t.id = p.territory_id \
             LEFT JOIN group_communes c ON c.territory_id = p.territory_id AND c.insee = p.insee \
             LEFT JOIN group_territories g ON g.territory_id = p.territory_id \
             GROUP BY 1, 2, 3"
        )
    };
}
const PEOPLE_OF_FRANCE: &str = people_by_place!("");
const PEOPLE_OF_REGION: &str =
    people_by_place!(" AND p.territory_id IN (SELECT id FROM territories WHERE region = ?5)");

/// People signed up and contacted, by département and group; for the whole country, those without a territory too.
///
/// # Errors
/// When SQLite fails.
pub async fn people(tx: &mut Tx, scope: &Scope, since: &Since) -> Result<Vec<SignedUp>, StoreError> {
    let query = match scope {
        Scope::France => sqlx::query(PEOPLE_OF_FRANCE),
        Scope::Region(_) => sqlx::query(PEOPLE_OF_REGION),
    }
    .bind(to_sql(since.week))
    .bind(to_sql(since.month))
    .bind(paris_date(since.week).to_string())
    .bind(paris_date(since.month).to_string());
    let query = match scope {
        Scope::France => query,
        Scope::Region(code) => query.bind(&code.0),
    };
    let rows = query.fetch_all(tx.conn()).await?;
    rows.iter()
        .map(|row| {
            Ok(SignedUp {
                region: row.try_get::<Option<String>, _>("region")?.map(RegionCode),
                departement: row.try_get("departement")?,
                group: row.try_get::<Option<i64>, _>("group_id")?.map(GroupId),
                signed_up: trend(row, ["signed_up", "signed_up_week", "signed_up_month"])?,
                contacted: trend(row, ["contacted", "contacted_week", "contacted_month"])?,
            })
        })
        .collect()
}

fn trend(row: &SqliteRow, [now, week, month]: [&str; 3]) -> Result<Trend, StoreError> {
    Ok(Trend {
        now: u32::try_from(row.try_get::<i64, _>(now)?).unwrap_or(u32::MAX),
        week: row.try_get(week)?,
        month: row.try_get(month)?,
    })
}

/// Participations under way, and those that ended after an instant. A validation annulled, or written by mistake, was none;
/// whoever comes from another group was validated there.
macro_rules! participations {
    ($scope:literal) => {
        concat!(
            participations!(@ "m.left_at IS NULL", $scope),
            " UNION ALL ",
            participations!(@ "m.left_at IS NOT NULL AND m.left_at > ?1", $scope)
        )
    };
    (@ $when:literal, $scope:literal) => {
        concat!(
            "SELECT g.region, m.person_id, m.group_id, m.validated_at, m.left_at, \
                    coalesce(m.left_reason IN ('annulation', 'erreur'), 0) AS undone, \
                    EXISTS (SELECT 1 FROM memberships o WHERE o.person_id = m.person_id AND o.left_at = m.validated_at \
                              AND o.id <> m.id AND o.group_id <> m.group_id) AS moved \
             FROM memberships m JOIN groups g ON g.id = m.group_id WHERE ",
            $when,
            $scope
        )
    };
}
const PARTICIPATIONS_OF_FRANCE: &str = participations!("");
const PARTICIPATIONS_OF_REGION: &str = participations!(" AND g.region = ?2");

/// The participations that count now or did after `since`, with the région of their group; archived groups included.
///
/// # Errors
/// When SQLite fails.
pub async fn participations(
    tx: &mut Tx,
    scope: &Scope,
    since: DateTime<Utc>,
) -> Result<Vec<(RegionCode, Participation)>, StoreError> {
    let query = match scope {
        Scope::France => sqlx::query(PARTICIPATIONS_OF_FRANCE).bind(to_sql(since)),
        Scope::Region(code) => sqlx::query(PARTICIPATIONS_OF_REGION).bind(to_sql(since)).bind(&code.0),
    };
    let rows = query.fetch_all(tx.conn()).await?;
    rows.iter()
        .map(|row| {
            let participation = Participation {
                person: PersonId(row.try_get("person_id")?),
                group: GroupId(row.try_get("group_id")?),
                from: from_sql(row.try_get("validated_at")?)?,
                until: row.try_get::<Option<i64>, _>("left_at")?.map(from_sql).transpose()?,
                undone: row.try_get("undone")?,
                moved: row.try_get("moved")?,
            };
            Ok((RegionCode(row.try_get("region")?), participation))
        })
        .collect()
}

/// When each of these accounts last did something here: a call, a validation, or anything that the journal tells, such as
/// opening a card of the list. An account that never did is absent.
const ACTIVITY: &str = "SELECT u.value AS user_id, \
    max(coalesce((SELECT max(at) FROM calls WHERE user_id = u.value), 0), \
        coalesce((SELECT max(validated_at) FROM memberships WHERE validated_by = u.value), 0), \
        coalesce((SELECT max(at) FROM journal WHERE actor = u.value), 0)) AS last \
    FROM json_each(?) u";

/// See `ACTIVITY`.
///
/// # Errors
/// When SQLite fails.
pub async fn activity(
    tx: &mut Tx,
    users: impl IntoIterator<Item = UserId>,
) -> Result<BTreeMap<UserId, DateTime<Utc>>, StoreError> {
    let rows = sqlx::query(ACTIVITY)
        .bind(id_list(users.into_iter().map(UserId::to_sql)))
        .fetch_all(tx.conn())
        .await?;
    let mut activity = BTreeMap::new();
    for row in rows {
        let last: i64 = row.try_get("last")?;
        if last > 0 {
            activity.insert(UserId::from_sql(row.try_get("user_id")?), from_sql(last)?);
        }
    }
    Ok(activity)
}

const LAST_PROMPT: &str = "SELECT max(at) FROM journal WHERE event = 'relay.prompted' AND after = ?";

/// When this relay was last prompted, if ever.
///
/// # Errors
/// When SQLite fails.
pub async fn last_prompt(tx: &mut Tx, relay: UserId) -> Result<Option<DateTime<Utc>>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar(LAST_PROMPT)
        .bind(relay.to_string())
        .fetch_one(tx.conn())
        .await?;
    at.map(from_sql).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::support_tests::store;

    /// No table is read from end to end, but the lists given in the query (architecture, rule 7).
    #[tokio::test]
    async fn reports_scan_no_table() {
        let (_folder, store) = store().await;
        let mut tx = store.read().await.unwrap();
        for query in [
            PEOPLE_OF_FRANCE,
            PEOPLE_OF_REGION,
            PARTICIPATIONS_OF_FRANCE,
            PARTICIPATIONS_OF_REGION,
            ACTIVITY,
            LAST_PROMPT,
        ] {
            let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
                .fetch_all(tx.conn())
                .await
                .unwrap();
            for row in plan {
                let detail: String = row.get("detail");
                // «SCAN p» is the list of people found by the query itself, each looked at once.
                let scans = detail.starts_with("SCAN")
                    && detail != "SCAN p"
                    && !detail.contains("INDEX")
                    && !detail.contains("VIRTUAL TABLE");
                assert!(!scans, "{query}: {detail}");
            }
        }
        // Whoever was met is found out by index, once for each person.
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {PEOPLE_OF_REGION}")))
            .fetch_all(tx.conn())
            .await
            .unwrap();
        let details: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        for (index, times) in [
            ("people_by_territory", 1),
            ("calls_made", 1),
            ("memberships_by_person", 1),
        ] {
            let found = details.iter().filter(|detail| detail.contains(index)).count();
            assert_eq!(found, times, "{index}: {details:?}");
        }
    }
}
