//! What a week has changed, group by group, for the digest of the référents (product.md §12).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoreError, Tx, to_sql};
use crate::domain::ids::GroupId;
use crate::domain::ladder::Step;

/// What has changed in a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Week {
    /// Participations validated, those annulled since left out.
    pub validated: u32,
    /// Participations that ended, annulments left out.
    pub departed: u32,
    /// Steps reached, lowest first.
    pub steps: Vec<Step>,
}

/// What has changed since an instant, by group; groups in which nothing has are absent.
///
/// # Errors
/// When SQLite fails.
pub async fn since(tx: &mut Tx, since: DateTime<Utc>) -> Result<HashMap<GroupId, Week>, StoreError> {
    let mut weeks: HashMap<GroupId, Week> = HashMap::new();
    let rows = sqlx::query(
        "SELECT group_id, count(*) FILTER (WHERE validated_at >= ?1) AS validated, \
                count(*) FILTER (WHERE left_at >= ?1) AS departed \
         FROM memberships WHERE (validated_at >= ?1 OR left_at >= ?1) AND coalesce(left_reason, '') <> 'annulation' \
         GROUP BY group_id",
    )
    .bind(to_sql(since))
    .fetch_all(tx.conn())
    .await?;
    for row in rows {
        let week = weeks.entry(GroupId(row.try_get("group_id")?)).or_default();
        week.validated = u32::try_from(row.try_get::<i64, _>("validated")?).unwrap_or(u32::MAX);
        week.departed = u32::try_from(row.try_get::<i64, _>("departed")?).unwrap_or(u32::MAX);
    }
    let rows = sqlx::query("SELECT group_id, step FROM steps WHERE reached_at >= ?")
        .bind(to_sql(since))
        .fetch_all(tx.conn())
        .await?;
    for row in rows {
        let step = Step::from_key(row.try_get("step")?).ok_or(StoreError::Row {
            table: "steps",
            what: "step",
        })?;
        let week = weeks.entry(GroupId(row.try_get("group_id")?)).or_default();
        week.steps.push(step);
        week.steps.sort_unstable();
    }
    Ok(weeks)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::ids::UserId;
    use crate::store::ladder;
    use crate::store::memberships::{self, End, NewMembership};
    use crate::store::support_tests::{group, noon, person, store, territory};

    #[tokio::test]
    async fn a_week_counts_what_lasted() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let here = territory(&mut tx, "1").await;
        let mine = group(&mut tx, here).await;
        let (before, after) = (noon() - TimeDelta::days(20), noon() + TimeDelta::days(1));
        let mut ids = Vec::new();
        for (n, by, at) in [(1, 5, after), (2, 5, after), (3, 6, before)] {
            let person = person(&mut tx, n, Some(here)).await;
            let new = NewMembership {
                person,
                group: mine,
                by: UserId(by),
                consent_version: "1",
            };
            ids.push(memberships::insert(&mut tx, &new, at).await.unwrap().id);
        }
        memberships::end(&mut tx, ids[1], End::Annulment, None, after)
            .await
            .unwrap();
        memberships::end(&mut tx, ids[2], End::Departure, None, after)
            .await
            .unwrap();
        ladder::reach(&mut tx, mine, Step::Possible, before).await.unwrap();
        ladder::reach(&mut tx, mine, Step::Forming, after).await.unwrap();
        let week = Week {
            validated: 1,
            departed: 1,
            steps: vec![Step::Forming],
        };
        assert_eq!(since(&mut tx, noon()).await.unwrap(), HashMap::from([(mine, week)]));
        assert_eq!(
            since(&mut tx, after + TimeDelta::days(1)).await.unwrap(),
            HashMap::new()
        );
    }
}
