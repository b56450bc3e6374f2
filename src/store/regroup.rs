//! Groups merged and split: members, territories and transfers pass from one group to another, and back (product.md §3).
//! What decides is `usecases::regroup`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::memberships::next_number;
use super::{StoreError, Tx, id_list, to_sql};
use crate::domain::ids::{GroupId, JournalId, PersonId, TerritoryId, TransferId, UserId};

/// A commune of a territory: what a group is split by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Spot {
    /// The territory.
    pub territory: TerritoryId,
    /// INSEE's code of the commune, or of a municipal arrondissement.
    pub insee: String,
}

/// What a group held when it was emptied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// Its territories.
    pub territories: Vec<TerritoryId>,
    /// The communes that a split had given to it.
    pub communes: Vec<Spot>,
}

/// Several communes, as `json_each` reads them.
fn spot_list(spots: &[Spot]) -> Result<String, StoreError> {
    let pairs: Vec<(i64, &str)> = spots
        .iter()
        .map(|spot| (spot.territory.0, spot.insee.as_str()))
        .collect();
    serde_json::to_string(&pairs).map_err(|_| StoreError::Row {
        table: "group_communes",
        what: "insee",
    })
}

/// The communes of the argument ?3, made by [`spot_list`].
macro_rules! spots {
    () => {
        "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?3))"
    };
}

/// Records a merge or a split: one row for the line of the journal that tells it.
///
/// # Errors
/// When SQLite fails.
pub async fn record(tx: &mut Tx, line: JournalId, source: GroupId, target: GroupId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO regroupings (journal_id, source, target) VALUES (?, ?, ?)")
        .bind(line.0)
        .bind(source.0)
        .bind(target.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes which line of the journal tells that a merge or a split was undone.
///
/// # Errors
/// When SQLite fails.
pub async fn note_undone(tx: &mut Tx, line: JournalId, by: JournalId) -> Result<(), StoreError> {
    sqlx::query("UPDATE regroupings SET undone_by = ? WHERE journal_id = ?")
        .bind(by.0)
        .bind(line.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The first merge or split that came after a line and touches one of these groups, unless it was undone: it is to be undone
/// first.
///
/// # Errors
/// When SQLite fails.
pub async fn later(tx: &mut Tx, line: JournalId, groups: [GroupId; 2]) -> Result<Option<JournalId>, StoreError> {
    let id: Option<i64> = sqlx::query_scalar(
        "SELECT min(journal_id) FROM regroupings WHERE journal_id > ?1 AND undone_by IS NULL \
            AND (source IN (?2, ?3) OR target IN (?2, ?3))",
    )
    .bind(line.0)
    .bind(groups[0].0)
    .bind(groups[1].0)
    .fetch_one(tx.conn())
    .await?;
    Ok(id.map(JournalId))
}

/// Marks a group as merged into another, or as a group of its own again (`None`).
///
/// # Errors
/// When SQLite fails.
pub async fn set_merged(tx: &mut Tx, group: GroupId, into: Option<GroupId>) -> Result<(), StoreError> {
    sqlx::query("UPDATE groups SET merged_into = ? WHERE id = ?")
        .bind(into.map(|id| id.0))
        .bind(group.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Into which group a group was merged, if it was.
///
/// # Errors
/// When SQLite fails.
pub async fn merged_into(tx: &mut Tx, group: GroupId) -> Result<Option<GroupId>, StoreError> {
    let into: Option<Option<i64>> = sqlx::query_scalar("SELECT merged_into FROM groups WHERE id = ?")
        .bind(group.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(into.flatten().map(GroupId))
}

/// The groups that were merged into this one, directly or not.
///
/// # Errors
/// When SQLite fails.
pub async fn absorbed(tx: &mut Tx, group: GroupId) -> Result<Vec<GroupId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "WITH RECURSIVE inside (id) AS (SELECT id FROM groups WHERE merged_into = ?1 \
            UNION SELECT g.id FROM groups g JOIN inside i ON g.merged_into = i.id) SELECT id FROM inside ORDER BY id",
    )
    .bind(group.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(GroupId).collect())
}

/// Gives all that a group holds to another.
///
/// # Errors
/// When SQLite fails.
pub async fn hand_over(tx: &mut Tx, from: GroupId, to: GroupId) -> Result<Holdings, StoreError> {
    let territories: Vec<i64> =
        sqlx::query_scalar("UPDATE group_territories SET group_id = ?2 WHERE group_id = ?1 RETURNING territory_id")
            .bind(from.0)
            .bind(to.0)
            .fetch_all(tx.conn())
            .await?;
    let communes =
        sqlx::query("UPDATE group_communes SET group_id = ?2 WHERE group_id = ?1 RETURNING territory_id, insee")
            .bind(from.0)
            .bind(to.0)
            .fetch_all(tx.conn())
            .await?;
    Ok(Holdings {
        territories: territories.into_iter().map(TerritoryId).collect(),
        communes: communes
            .iter()
            .map(|row| {
                Ok(Spot {
                    territory: TerritoryId(row.try_get("territory_id")?),
                    insee: row.try_get("insee")?,
                })
            })
            .collect::<Result<_, StoreError>>()?,
    })
}

/// Gives back what a group held; tells whether all of it was there to be given back.
///
/// # Errors
/// When SQLite fails.
pub async fn give_back(tx: &mut Tx, held: &Holdings, from: GroupId, to: GroupId) -> Result<bool, StoreError> {
    let territories = sqlx::query(
        "UPDATE group_territories SET group_id = ?2 WHERE group_id = ?1 AND territory_id IN (SELECT value FROM json_each(?3))",
    )
    .bind(from.0)
    .bind(to.0)
    .bind(id_list(held.territories.iter().map(|id| id.0)))
    .execute(tx.conn())
    .await?;
    let communes = sqlx::query(concat!(
        "UPDATE group_communes SET group_id = ?2 WHERE group_id = ?1 AND (territory_id, insee) IN ",
        spots!()
    ))
    .bind(from.0)
    .bind(to.0)
    .bind(spot_list(&held.communes)?)
    .execute(tx.conn())
    .await?;
    Ok(territories.rows_affected() == held.territories.len() as u64
        && communes.rows_affected() == held.communes.len() as u64)
}

/// Which group has which commune, of those in the territories of a group and of those given to it.
///
/// # Errors
/// When SQLite fails.
pub async fn given_communes(tx: &mut Tx, group: GroupId) -> Result<Vec<(Spot, GroupId)>, StoreError> {
    let rows = sqlx::query(
        "SELECT territory_id, insee, group_id FROM group_communes WHERE group_id = ?1 \
            OR territory_id IN (SELECT territory_id FROM group_territories WHERE group_id = ?1) \
         ORDER BY territory_id, insee",
    )
    .bind(group.0)
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let spot = Spot {
                territory: TerritoryId(row.try_get("territory_id")?),
                insee: row.try_get("insee")?,
            };
            Ok((spot, GroupId(row.try_get("group_id")?)))
        })
        .collect()
}

/// Gives communes of one group to another; gives those that the first had by a split, and not with their territory.
///
/// # Errors
/// When SQLite fails.
pub async fn give_communes(
    tx: &mut Tx,
    from: GroupId,
    to: GroupId,
    communes: &[Spot],
) -> Result<Vec<Spot>, StoreError> {
    let list = spot_list(communes)?;
    let rows = sqlx::query(concat!(
        "UPDATE group_communes SET group_id = ?2 WHERE group_id = ?1 AND (territory_id, insee) IN ",
        spots!(),
        " RETURNING territory_id, insee"
    ))
    .bind(from.0)
    .bind(to.0)
    .bind(&list)
    .fetch_all(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO group_communes (territory_id, insee, group_id) \
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), ?1 FROM json_each(?2) WHERE true \
         ON CONFLICT DO NOTHING",
    )
    .bind(to.0)
    .bind(&list)
    .execute(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Spot {
                territory: TerritoryId(row.try_get("territory_id")?),
                insee: row.try_get("insee")?,
            })
        })
        .collect()
}

/// Takes communes back: those that the first group had by a split (`had`) become its own so again, the others go back to
/// their territory. Tells whether all of them were there to be taken back.
///
/// # Errors
/// When SQLite fails.
pub async fn take_communes_back(
    tx: &mut Tx,
    from: GroupId,
    to: GroupId,
    communes: &[Spot],
    had: &[Spot],
) -> Result<bool, StoreError> {
    let own = sqlx::query(concat!(
        "UPDATE group_communes SET group_id = ?2 WHERE group_id = ?1 AND (territory_id, insee) IN ",
        spots!()
    ))
    .bind(from.0)
    .bind(to.0)
    .bind(spot_list(had)?)
    .execute(tx.conn())
    .await?;
    let others = sqlx::query(
        "DELETE FROM group_communes WHERE group_id = ?1 AND (territory_id, insee) IN \
            (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?2))",
    )
    .bind(from.0)
    .bind(spot_list(communes)?)
    .execute(tx.conn())
    .await?;
    Ok(own.rows_affected() + others.rows_affected() == communes.len() as u64)
}

/// What lives in a commune.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dwellers {
    /// People signed up (product.md §3).
    pub signed_up: u32,
    /// Members of the group that is looked at.
    pub members: u32,
}

/// The people of the territories that a group holds, wholly or in part, by commune; `None` for those whose commune is not
/// known.
///
/// # Errors
/// When SQLite fails.
pub async fn dwellers(
    tx: &mut Tx,
    group: GroupId,
) -> Result<BTreeMap<(TerritoryId, Option<String>), Dwellers>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT p.territory_id, p.insee, sum(",
        super::ladder::who_signed_up!(),
        ") AS signed_up, count(m.id) AS members FROM people p \
         LEFT JOIN memberships m ON m.person_id = p.id AND m.left_at IS NULL AND m.group_id = ?1 \
         WHERE p.territory_id IN (SELECT territory_id FROM group_territories WHERE group_id = ?1 \
                UNION SELECT territory_id FROM group_communes WHERE group_id = ?1) \
           AND p.erased_at IS NULL AND p.merged_into IS NULL GROUP BY 1, 2"
    ))
    .bind(group.0)
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let count = |column: &str| {
                row.try_get::<i64, _>(column)
                    .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
            };
            let key = (TerritoryId(row.try_get("territory_id")?), row.try_get("insee")?);
            let dwellers = Dwellers {
                signed_up: count("signed_up")?,
                members: count("members")?,
            };
            Ok((key, dwellers))
        })
        .collect()
}

/// Lets the present members of a group pass into another, all of them or those who live in some communes. Each keeps date
/// and consent and gets the next number there. Gives how many.
///
/// # Errors
/// When SQLite fails.
pub async fn pass(
    tx: &mut Tx,
    from: GroupId,
    to: GroupId,
    living_in: Option<&[Spot]>,
    line: JournalId,
) -> Result<u32, StoreError> {
    let done = sqlx::query(concat!(
        "INSERT INTO passages (membership_id, journal_id, from_group, from_number, to_group, to_number) \
         SELECT m.id, ?4, ?1, m.number, ?2, ",
        next_number!(),
        " - 1 + row_number() OVER (ORDER BY m.number) \
         FROM memberships m JOIN people p ON p.id = m.person_id \
         WHERE m.group_id = ?1 AND m.left_at IS NULL AND (?3 IS NULL OR (p.territory_id, p.insee) IN ",
        spots!(),
        ")"
    ))
    .bind(from.0)
    .bind(to.0)
    .bind(living_in.map(spot_list).transpose()?)
    .bind(line.0)
    .execute(tx.conn())
    .await?;
    settle_passages(tx, line).await?;
    Ok(count(done.rows_affected()))
}

/// Lets the members whom `line` made pass, and who are still there, pass back, each with the number of before. Gives how many.
///
/// # Errors
/// When SQLite fails.
pub async fn pass_back(
    tx: &mut Tx,
    line: JournalId,
    from: GroupId,
    to: GroupId,
    now_line: JournalId,
) -> Result<u32, StoreError> {
    let done = sqlx::query(
        "INSERT INTO passages (membership_id, journal_id, from_group, from_number, to_group, to_number) \
         SELECT m.id, ?4, ?2, m.number, ?3, p.from_number FROM passages p JOIN memberships m ON m.id = p.membership_id \
         WHERE p.journal_id = ?1 AND p.from_group = ?3 AND m.group_id = ?2 AND m.left_at IS NULL ORDER BY p.id",
    )
    .bind(line.0)
    .bind(from.0)
    .bind(to.0)
    .bind(now_line.0)
    .execute(tx.conn())
    .await?;
    settle_passages(tx, now_line).await?;
    Ok(count(done.rows_affected()))
}

/// Puts the members of a line's passages where they have passed, with the answers that await their space.
async fn settle_passages(tx: &mut Tx, line: JournalId) -> Result<(), StoreError> {
    for statement in [
        "UPDATE memberships SET group_id = p.to_group, number = p.to_number FROM passages p \
         WHERE p.journal_id = ?1 AND p.membership_id = memberships.id",
        "UPDATE answers SET group_id = p.to_group FROM passages p \
         WHERE p.journal_id = ?1 AND p.membership_id = answers.membership",
    ] {
        sqlx::query(statement).bind(line.0).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Writes a line of the journal for each member whom `line` made pass.
///
/// # Errors
/// When SQLite fails.
pub async fn tell_passages(
    tx: &mut Tx,
    line: JournalId,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO journal (at, actor, event, group_id, person_id, region, before, after) \
         SELECT ?2, ?3, 'membership.moved', p.to_group, m.person_id, g.region, p.from_group, p.to_group \
         FROM passages p JOIN memberships m ON m.id = p.membership_id JOIN groups g ON g.id = p.to_group \
         WHERE p.journal_id = ?1 ORDER BY p.id",
    )
    .bind(line.0)
    .bind(to_sql(now))
    .bind(by.map(UserId::to_sql))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The accounts on the server of the members whom `line` made pass.
///
/// # Errors
/// When SQLite fails.
pub async fn accounts(tx: &mut Tx, line: JournalId) -> Result<Vec<UserId>, StoreError> {
    let users: Vec<i64> = sqlx::query_scalar(
        "SELECT o.user_id FROM passages ps JOIN memberships m ON m.id = ps.membership_id \
         JOIN people p ON p.id = m.person_id JOIN roster o ON o.user_id = p.discord_user AND o.present = 1 \
         WHERE ps.journal_id = ? ORDER BY ps.id",
    )
    .bind(line.0)
    .fetch_all(tx.conn())
    .await?;
    Ok(users.into_iter().map(UserId::from_sql).collect())
}

/// The open transfers of people who have passed from one group to the other now leave the latter.
///
/// # Errors
/// When SQLite fails.
pub async fn follow_members(tx: &mut Tx, from: GroupId, to: GroupId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transfers SET from_group = ?2 WHERE closed_at IS NULL AND from_group = ?1 AND EXISTS ( \
            SELECT 1 FROM memberships m WHERE m.person_id = transfers.person_id AND m.left_at IS NULL AND m.group_id = ?2)",
    )
    .bind(from.0)
    .bind(to.0)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The open transfers to one group now go to another: those of `only`, or all. Gives which.
///
/// # Errors
/// When SQLite fails.
pub async fn redirect(
    tx: &mut Tx,
    from: GroupId,
    to: GroupId,
    only: Option<&[TransferId]>,
) -> Result<Vec<TransferId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "UPDATE transfers SET to_group = ?2 WHERE closed_at IS NULL AND to_group = ?1 \
            AND (?3 IS NULL OR id IN (SELECT value FROM json_each(?3))) RETURNING id",
    )
    .bind(from.0)
    .bind(to.0)
    .bind(only.map(|ids| id_list(ids.iter().map(|id| id.0))))
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(TransferId).collect())
}

/// Closes the transfers that lead nowhere any longer: to the group that the person is in. Gives whose.
///
/// # Errors
/// When SQLite fails.
pub async fn close_pointless(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<PersonId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "UPDATE transfers SET closed_at = ?, outcome = 'dropped' WHERE closed_at IS NULL AND from_group = to_group \
         RETURNING person_id",
    )
    .bind(to_sql(now))
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Each group with the group in which it has ended up: itself, unless it was merged.
macro_rules! homes {
    () => {
        "WITH RECURSIVE home (id, last) AS (SELECT id, id FROM groups WHERE merged_into IS NULL \
            UNION ALL SELECT g.id, h.last FROM groups g JOIN home h ON g.merged_into = h.id)"
    };
}
/// A group that was merged, as its space tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The name of the group that its members are in now.
    pub into: String,
    /// Who still reads its space: its members who are in that group, and its relays who serve it.
    pub readers: BTreeSet<UserId>,
}

/// Every group that was merged, by id.
///
/// # Errors
/// When SQLite fails.
pub async fn rests(tx: &mut Tx) -> Result<BTreeMap<GroupId, Rest>, StoreError> {
    let homes = sqlx::query(concat!(
        homes!(),
        " SELECT h.id, g.name FROM home h JOIN groups g ON g.id = h.last WHERE h.id <> h.last"
    ))
    .fetch_all(tx.conn())
    .await?;
    let mut rests = BTreeMap::new();
    for row in &homes {
        let rest = Rest {
            into: row.try_get("name")?,
            readers: BTreeSet::new(),
        };
        rests.insert(GroupId(row.try_get("id")?), rest);
    }
    if rests.is_empty() {
        return Ok(rests);
    }
    let readers = sqlx::query(concat!(
        homes!(),
        " SELECT h.id, o.user_id FROM home h JOIN passages ps ON ps.from_group = h.id \
          JOIN memberships m ON m.id = ps.membership_id AND m.group_id = h.last AND m.left_at IS NULL \
          JOIN people p ON p.id = m.person_id JOIN roster o ON o.user_id = p.discord_user AND o.present = 1 \
          WHERE h.id <> h.last \
         UNION SELECT h.id, o.user_id FROM home h JOIN relays r ON r.group_id = h.id \
          JOIN relays n ON n.group_id = h.last AND n.user_id = r.user_id AND n.until IS NULL \
          JOIN roster o ON o.user_id = r.user_id AND o.present = 1 WHERE h.id <> h.last"
    ))
    .fetch_all(tx.conn())
    .await?;
    for row in &readers {
        if let Some(rest) = rests.get_mut(&GroupId(row.try_get("id")?)) {
            rest.readers.insert(UserId::from_sql(row.try_get("user_id")?));
        }
    }
    Ok(rests)
}

fn count(rows: u64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
