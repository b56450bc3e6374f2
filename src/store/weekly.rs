//! What a week has changed, group by group, for the digest of the référents (product.md §12).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoreError, Tx, to_sql};
use crate::domain::ids::{GroupId, UserId};
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

/// The relays in office since before an instant who have neither called nor validated anybody since then.
///
/// # Errors
/// When SQLite fails.
pub async fn silent_relays(tx: &mut Tx, since: DateTime<Utc>) -> Result<Vec<(GroupId, UserId)>, StoreError> {
    let rows = sqlx::query(
        "SELECT r.group_id, r.user_id FROM relays r WHERE r.until IS NULL AND r.since < ?1 \
           AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.user_id = r.user_id AND c.at >= ?1) \
           AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = r.group_id AND m.validated_by = r.user_id \
                                                         AND m.validated_at >= ?1) \
         ORDER BY r.group_id, r.since, r.id",
    )
    .bind(to_sql(since))
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            Ok((
                GroupId(row.try_get("group_id")?),
                UserId::from_sql(row.try_get("user_id")?),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::contact::{CallState, Outcome};
    use crate::store::memberships::{self, End, NewMembership};
    use crate::store::support_tests::{group, noon, person, store, territory};
    use crate::store::{calls, ladder, posts};

    #[tokio::test]
    async fn a_week_counts_what_lasted_and_names_who_was_silent() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let here = territory(&mut tx, "1").await;
        let mine = group(&mut tx, here).await;
        let (before, after) = (noon() - TimeDelta::days(20), noon() + TimeDelta::days(1));
        for (user, at) in [(5, before), (6, before), (7, before), (8, after)] {
            posts::name_relay(&mut tx, mine, UserId(user), at).await.unwrap();
        }
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
        let called = person(&mut tx, 4, Some(here)).await;
        calls::record(
            &mut tx,
            called,
            UserId(7),
            Outcome::NoAnswer,
            None,
            CallState::ToCall,
            after,
        )
        .await
        .unwrap();
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
        assert_eq!(silent_relays(&mut tx, noon()).await.unwrap(), [(mine, UserId(6))]);
    }
}
