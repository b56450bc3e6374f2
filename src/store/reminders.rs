//! What the relays are reminded of, once: due call-backs and the weekly digest (product.md §5).

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Row;

use super::{StoreError, Tx, to_sql};
use crate::domain::ids::{GroupId, PersonId, UserId};

/// A call-back that has not been reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallBack {
    /// Whom to call.
    pub person: PersonId,
    /// The day, in Paris.
    pub on: NaiveDate,
    /// The relay who made the appointment, as far as known.
    pub by: Option<UserId>,
    /// The group whose relays call this person.
    pub group: Option<GroupId>,
}

/// The call-backs of a day and of the days before that were not reminded yet, in order of person. Members are left out.
///
/// # Errors
/// When SQLite fails.
pub async fn call_backs(tx: &mut Tx, until: NaiveDate) -> Result<Vec<CallBack>, StoreError> {
    let rows = sqlx::query(
        "SELECT p.id, p.call_back_on, \
                (SELECT user_id FROM calls c WHERE c.person_id = p.id AND c.outcome = 'a_rappeler' ORDER BY c.id DESC LIMIT 1) \
                    AS by_user, \
                coalesce((SELECT group_id FROM group_communes g WHERE g.territory_id = p.territory_id AND g.insee = p.insee), \
                         (SELECT group_id FROM group_territories g WHERE g.territory_id = p.territory_id)) AS group_id \
         FROM people p \
         WHERE p.call_state = 'a_rappeler' AND p.call_back_on <= ? AND p.erased_at IS NULL AND p.merged_into IS NULL \
           AND NOT EXISTS (SELECT 1 FROM call_back_reminders r WHERE r.person_id = p.id AND r.on_day = p.call_back_on) \
           AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = p.id AND m.left_at IS NULL) \
         ORDER BY p.id",
    )
    .bind(until.to_string())
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let on = row.try_get::<&str, _>("call_back_on")?.parse();
            Ok(CallBack {
                person: PersonId(row.try_get("id")?),
                on: on.map_err(|_| StoreError::Row {
                    table: "people",
                    what: "call_back_on",
                })?,
                by: row.try_get::<Option<i64>, _>("by_user")?.map(UserId::from_sql),
                group: row.try_get::<Option<i64>, _>("group_id")?.map(GroupId),
            })
        })
        .collect()
}

/// Notes that a call-back was reminded.
///
/// # Errors
/// When SQLite fails.
pub async fn call_back_reminded(
    tx: &mut Tx,
    person: PersonId,
    on: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO call_back_reminders (person_id, on_day, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(person.0)
        .bind(on.to_string())
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A round that is made once for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The weekly digest of the relays.
    RelayDigest,
    /// The weekly digest of the régions, for their referents.
    RegionDigest,
}

impl Round {
    fn key(self) -> &'static str {
        match self {
            Round::RelayDigest => "relay_digest",
            Round::RegionDigest => "region_digest",
        }
    }
}

/// Whether the round of this day was made.
///
/// # Errors
/// When SQLite fails.
pub async fn was_made(tx: &mut Tx, round: Round, on: NaiveDate) -> Result<bool, StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM rounds WHERE kind = ? AND on_day = ?")
        .bind(round.key())
        .bind(on.to_string())
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.is_some())
}

/// Notes that the round of this day is made.
///
/// # Errors
/// When SQLite fails.
pub async fn made(tx: &mut Tx, round: Round, on: NaiveDate, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO rounds (kind, on_day, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(round.key())
        .bind(on.to_string())
        .bind(to_sql(now))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Every relay in office with his groups, in order of account; those of archived and merged groups left out.
///
/// # Errors
/// When SQLite fails.
pub async fn relays(tx: &mut Tx) -> Result<Vec<(UserId, Vec<GroupId>)>, StoreError> {
    let rows = sqlx::query(
        "SELECT r.user_id, r.group_id FROM relays r JOIN groups g ON g.id = r.group_id \
         WHERE r.until IS NULL AND g.archived_at IS NULL AND g.merged_into IS NULL ORDER BY r.user_id, r.group_id",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut relays: Vec<(UserId, Vec<GroupId>)> = Vec::new();
    for row in &rows {
        let (user, group) = (
            UserId::from_sql(row.try_get("user_id")?),
            GroupId(row.try_get("group_id")?),
        );
        match relays.last_mut() {
            Some((last, groups)) if *last == user => groups.push(group),
            _ => relays.push((user, vec![group])),
        }
    }
    Ok(relays)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::{CallState, Outcome};
    use crate::store::memberships::{self, NewMembership};
    use crate::store::support_tests::{group, noon, person, store, territory};
    use crate::store::{calls, posts};

    #[tokio::test]
    async fn a_call_back_is_found_until_it_is_reminded() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let here = territory(&mut tx, "1").await;
        let mine = group(&mut tx, here).await;
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (on, by) = (day("2027-03-04"), UserId(5));
        let [one, two, later, member] = [
            person(&mut tx, 1, Some(here)).await,
            person(&mut tx, 2, None).await,
            person(&mut tx, 3, Some(here)).await,
            person(&mut tx, 4, Some(here)).await,
        ];
        for (id, on) in [(one, on), (two, on), (later, day("2027-03-05")), (member, on)] {
            let state = CallState::CallBack { on };
            calls::record(&mut tx, id, by, Outcome::CallBack { on }, None, state, noon())
                .await
                .unwrap();
        }
        let new = NewMembership {
            person: member,
            group: mine,
            by,
            consent_version: "1",
        };
        memberships::insert(&mut tx, &new, noon()).await.unwrap();
        let expected = |person, group| CallBack {
            person,
            on,
            by: Some(by),
            group,
        };
        let found = super::call_backs(&mut tx, on).await.unwrap();
        assert_eq!(found, [expected(one, Some(mine)), expected(two, None)]);
        assert_eq!(super::call_backs(&mut tx, day("2027-03-03")).await.unwrap(), []);
        for _ in 0..2 {
            call_back_reminded(&mut tx, one, on, noon()).await.unwrap();
        }
        assert_eq!(super::call_backs(&mut tx, on).await.unwrap(), [expected(two, None)]);
    }

    #[tokio::test]
    async fn rounds_are_made_once_and_relays_are_listed_with_their_groups() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let day: NaiveDate = "2027-03-02".parse().unwrap();
        assert!(!was_made(&mut tx, Round::RelayDigest, day).await.unwrap());
        for _ in 0..2 {
            made(&mut tx, Round::RelayDigest, day, noon()).await.unwrap();
        }
        assert!(was_made(&mut tx, Round::RelayDigest, day).await.unwrap());
        let (here, there) = (territory(&mut tx, "1").await, territory(&mut tx, "2").await);
        let (mine, other) = (group(&mut tx, here).await, group(&mut tx, there).await);
        for (group, user) in [(mine, 5), (other, 5), (other, 6)] {
            posts::name_relay(&mut tx, group, UserId(user), noon()).await.unwrap();
        }
        posts::end_relay(&mut tx, other, UserId(6), noon()).await.unwrap();
        assert_eq!(relays(&mut tx).await.unwrap(), [(UserId(5), vec![mine, other])]);
        sqlx::query("UPDATE groups SET archived_at = 1 WHERE id = ?")
            .bind(other.0)
            .execute(tx.conn())
            .await
            .unwrap();
        assert_eq!(relays(&mut tx).await.unwrap(), [(UserId(5), vec![mine])]);
    }
}
