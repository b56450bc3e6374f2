//! What the exports read, page by page (product.md §13, §16): never the whole table in memory.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::identity::{self, DiscordName};
use super::{StoreError, Tx, from_sql};
use crate::domain::ids::UserId;
use crate::domain::ladder::Step;
use crate::domain::person::Identity;

/// A person on file, with the present participation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The row.
    pub id: i64,
    /// Names, phone, mail.
    pub identity: Identity,
    /// The Discord pseudo, typed or imported.
    pub pseudo: Option<String>,
    /// The postal code.
    pub postal_code: Option<String>,
    /// INSEE's code of the commune.
    pub insee: Option<String>,
    /// The name of the territory.
    pub territory: Option<String>,
    /// The code of the département of the territory.
    pub departement: Option<String>,
    /// The code of the région of the territory.
    pub region: Option<String>,
    /// `site` or `local`.
    pub source: String,
    /// AAAA-MM-JJ.
    pub signed_up_on: Option<String>,
    /// The call state; a member's is what the calls had given before.
    pub call_state: String,
    /// AAAA-MM-JJ.
    pub call_back_on: Option<String>,
    /// The last call.
    pub last_call: Option<DateTime<Utc>>,
    /// The account linked.
    pub account: Option<UserId>,
    /// The name of the group, the number in its register, and since when.
    pub member: Option<(String, i64, DateTime<Utc>)>,
}

fn instant(row: &SqliteRow, column: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
    row.try_get::<Option<i64>, _>(column)?.map(from_sql).transpose()
}

fn account(row: &SqliteRow, column: &str) -> Result<Option<UserId>, StoreError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(UserId::from_sql))
}

/// People after a row, in order, those erased or merged into another left out.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn people(tx: &mut Tx, after: i64, most: u32) -> Result<Vec<PersonRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT p.id, p.sealed, p.pseudo_sealed, p.postal_code, p.insee, t.name AS territory, t.departement, t.region, \
                p.source, p.signed_up_on, p.call_state, p.call_back_on, p.last_call_at, p.discord_user, \
                g.name AS group_name, m.number, m.validated_at \
         FROM people p LEFT JOIN territories t ON t.id = p.territory_id \
         LEFT JOIN memberships m ON m.person_id = p.id AND m.left_at IS NULL \
         LEFT JOIN groups g ON g.id = m.group_id \
         WHERE p.id > ? AND p.erased_at IS NULL AND p.merged_into IS NULL AND p.sealed IS NOT NULL ORDER BY p.id LIMIT ?",
    )
    .bind(after)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    let vault = std::sync::Arc::clone(tx.vault());
    rows.iter()
        .map(|row| {
            let pseudo = row
                .try_get::<Option<&[u8]>, _>("pseudo_sealed")?
                .map(|sealed| DiscordName::open(&vault, sealed))
                .transpose()?;
            let member = match (
                row.try_get::<Option<String>, _>("group_name")?,
                row.try_get::<Option<i64>, _>("number")?,
                instant(row, "validated_at")?,
            ) {
                (Some(group), Some(number), Some(since)) => Some((group, number, since)),
                _ => None,
            };
            Ok(PersonRow {
                id: row.try_get("id")?,
                identity: identity::open(&vault, row.try_get("sealed")?)?,
                pseudo: pseudo.map(|name| name.display.clone()),
                postal_code: row.try_get("postal_code")?,
                insee: row.try_get("insee")?,
                territory: row.try_get("territory")?,
                departement: row.try_get("departement")?,
                region: row.try_get("region")?,
                source: row.try_get("source")?,
                signed_up_on: row.try_get("signed_up_on")?,
                call_state: row.try_get("call_state")?,
                call_back_on: row.try_get("call_back_on")?,
                last_call: instant(row, "last_call_at")?,
                account: account(row, "discord_user")?,
                member,
            })
        })
        .collect()
}

/// The dates of the steps of every group, in order of group.
///
/// # Errors
/// When SQLite fails.
pub async fn steps(tx: &mut Tx) -> Result<Vec<(i64, Step, DateTime<Utc>)>, StoreError> {
    let rows = sqlx::query("SELECT group_id, step, reached_at FROM steps ORDER BY group_id")
        .fetch_all(tx.conn())
        .await?;
    rows.iter()
        .map(|row| {
            let step = Step::from_key(row.try_get("step")?).ok_or(StoreError::Row {
                table: "steps",
                what: "step",
            })?;
            Ok((row.try_get("group_id")?, step, from_sql(row.try_get("reached_at")?)?))
        })
        .collect()
}

/// A participation, by ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipationRow {
    /// The row.
    pub id: i64,
    /// The group.
    pub group: i64,
    /// Its name.
    pub group_name: String,
    /// The number in the register.
    pub number: i64,
    /// The person.
    pub person: i64,
    /// When it was validated.
    pub validated_at: DateTime<Utc>,
    /// By which account.
    pub validated_by: UserId,
    /// The version of the consent text.
    pub consent_version: String,
    /// When the consent was given.
    pub consent_at: DateTime<Utc>,
    /// When it ended, and why.
    pub ended: Option<(DateTime<Utc>, String)>,
    /// By which account it was ended.
    pub ended_by: Option<UserId>,
}

/// Participations after a row, in order.
///
/// # Errors
/// When SQLite fails.
pub async fn participations(tx: &mut Tx, after: i64, most: u32) -> Result<Vec<ParticipationRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT m.id, m.group_id, g.name, m.number, m.person_id, m.validated_at, m.validated_by, m.consent_version, \
                m.consent_at, m.left_at, m.left_reason, m.left_by \
         FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.id > ? ORDER BY m.id LIMIT ?",
    )
    .bind(after)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            let ended = match (
                instant(row, "left_at")?,
                row.try_get::<Option<String>, _>("left_reason")?,
            ) {
                (Some(at), Some(why)) => Some((at, why)),
                _ => None,
            };
            Ok(ParticipationRow {
                id: row.try_get("id")?,
                group: row.try_get("group_id")?,
                group_name: row.try_get("name")?,
                number: row.try_get("number")?,
                person: row.try_get("person_id")?,
                validated_at: from_sql(row.try_get("validated_at")?)?,
                validated_by: UserId::from_sql(row.try_get("validated_by")?),
                consent_version: row.try_get("consent_version")?,
                consent_at: from_sql(row.try_get("consent_at")?)?,
                ended,
                ended_by: account(row, "left_by")?,
            })
        })
        .collect()
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// The row.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Option<UserId>,
    /// What.
    pub event: String,
    /// On which group.
    pub group: Option<i64>,
    /// On which person.
    pub person: Option<i64>,
    /// In which région.
    pub region: Option<String>,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

/// Lines of the journal after one, in order.
///
/// # Errors
/// When SQLite fails.
pub async fn journal(tx: &mut Tx, after: i64, most: u32) -> Result<Vec<JournalRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, at, actor, event, group_id, person_id, region, before, after FROM journal WHERE id > ? ORDER BY id LIMIT ?",
    )
    .bind(after)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(JournalRow {
                id: row.try_get("id")?,
                at: from_sql(row.try_get("at")?)?,
                actor: account(row, "actor")?,
                event: row.try_get("event")?,
                group: row.try_get("group_id")?,
                person: row.try_get("person_id")?,
                region: row.try_get("region")?,
                before: row.try_get("before")?,
                after: row.try_get("after")?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RegionCode;
    use crate::store::journal::Entry;
    use crate::store::memberships::{self, End, NewMembership};
    use crate::store::support_tests::{group, noon, person, store, territory};
    use crate::store::{journal as lines, ladder};

    #[tokio::test]
    async fn pages_follow_each_other_and_leave_out_who_is_erased() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let here = territory(&mut tx, "1").await;
        let mine = group(&mut tx, here).await;
        let ids = [
            person(&mut tx, 1, Some(here)).await,
            person(&mut tx, 2, None).await,
            person(&mut tx, 3, Some(here)).await,
        ];
        for (n, id) in ids.iter().enumerate() {
            let new = NewMembership {
                person: *id,
                group: mine,
                by: UserId(5),
                consent_version: "1",
            };
            let made = memberships::insert(&mut tx, &new, noon()).await.unwrap();
            if n > 0 {
                memberships::end(&mut tx, made.id, End::Move, Some(UserId(6)), noon())
                    .await
                    .unwrap();
            }
        }
        sqlx::query("UPDATE people SET erased_at = 1 WHERE id = ?")
            .bind(ids[1].0)
            .execute(tx.conn())
            .await
            .unwrap();
        let first = super::people(&mut tx, 0, 1).await.unwrap();
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].member, Some(("Lunel".to_owned(), 1, noon())));
        assert_eq!(first[0].region.as_deref(), Some("76"));
        let rest = super::people(&mut tx, first[0].id, 10).await.unwrap();
        assert_eq!(rest.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[2].0]);
        assert_eq!(rest[0].member, None);

        let all = participations(&mut tx, 0, 10).await.unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all[1].ended, Some((noon(), "demenagement".to_owned())));
        assert_eq!(all[1].ended_by, Some(UserId(6)));
        assert_eq!(participations(&mut tx, all[1].id, 10).await.unwrap(), all[2..]);

        ladder::reach(&mut tx, mine, Step::Possible, noon()).await.unwrap();
        assert_eq!(steps(&mut tx).await.unwrap(), [(mine.0, Step::Possible, noon())]);

        let region = RegionCode("76".to_owned());
        let entry = Entry {
            actor: Some(UserId(5)),
            event: "group.renamed",
            group: Some(mine),
            region: Some(&region),
            before: Some("a"),
            after: Some("b"),
            ..Entry::default()
        };
        let line = lines::write(&mut tx, &entry, noon()).await.unwrap();
        let read = super::journal(&mut tx, line.0 - 1, 10).await.unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(
            (read[0].event.as_str(), read[0].after.as_deref()),
            ("group.renamed", Some("b"))
        );
        assert_eq!(super::journal(&mut tx, line.0, 10).await.unwrap(), []);
    }
}
