//! The append-only journal: who, when, what, on whom by id, states before → after (product.md §2).

use chrono::{DateTime, Utc};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::ids::{GroupId, JournalId, PersonId, RegionCode, UserId};

/// One line to write. Never a value of an identity: of those only *which* changed.
#[derive(Debug, Clone, Default)]
pub struct Entry<'a> {
    /// Who; `None` for the bot itself or the host's shell.
    pub actor: Option<UserId>,
    /// What, a stable English key such as `membership.validated`.
    pub event: &'a str,
    /// On which group.
    pub group: Option<GroupId>,
    /// On which person.
    pub person: Option<PersonId>,
    /// In which région, so that a referent reads his own.
    pub region: Option<&'a RegionCode>,
    /// The state before.
    pub before: Option<&'a str>,
    /// The state after.
    pub after: Option<&'a str>,
}

/// Writes one line.
///
/// # Errors
/// When SQLite fails.
pub async fn write(tx: &mut Tx, entry: &Entry<'_>, now: DateTime<Utc>) -> Result<JournalId, StoreError> {
    let id = sqlx::query_scalar::<_, i64>(
        "INSERT INTO journal (at, actor, event, group_id, person_id, region, before, after) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(to_sql(now))
    .bind(entry.actor.map(UserId::to_sql))
    .bind(entry.event)
    .bind(entry.group.map(|id| id.0))
    .bind(entry.person.map(|id| id.0))
    .bind(entry.region.map(|code| code.0.as_str()))
    .bind(entry.before)
    .bind(entry.after)
    .fetch_one(tx.conn())
    .await?;
    Ok(JournalId(id))
}

/// One line, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub id: JournalId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who; `None` for the bot itself or the host's shell.
    pub actor: Option<UserId>,
    /// What.
    pub event: String,
    /// On which group.
    pub group: Option<GroupId>,
    /// On which person.
    pub person: Option<PersonId>,
    /// In which région.
    pub region: Option<RegionCode>,
    /// The state before.
    pub before: Option<String>,
    /// The state after.
    pub after: Option<String>,
}

macro_rules! columns {
    () => {
        "j.id, j.at, j.actor, j.event, j.group_id, j.person_id, j.region, j.before, j.after"
    };
}

fn line(row: &SqliteRow) -> Result<Line, StoreError> {
    Ok(Line {
        id: JournalId(row.try_get("id")?),
        at: from_sql(row.try_get("at")?)?,
        actor: row.try_get::<Option<i64>, _>("actor")?.map(UserId::from_sql),
        event: row.try_get("event")?,
        group: row.try_get::<Option<i64>, _>("group_id")?.map(GroupId),
        person: row.try_get::<Option<i64>, _>("person_id")?.map(PersonId),
        region: row.try_get::<Option<String>, _>("region")?.map(RegionCode),
        before: row.try_get("before")?,
        after: row.try_get("after")?,
    })
}

/// What was done on a person, oldest first.
///
/// # Errors
/// When SQLite fails.
pub async fn of_person(tx: &mut Tx, person: PersonId) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM journal j WHERE j.person_id = ? ORDER BY j.id"
    ))
    .bind(person.0)
    .fetch_all(tx.conn())
    .await?;
    rows.iter().map(line).collect()
}

/// Which lines are read.
#[derive(Debug, Clone, Default)]
pub struct Which<'a> {
    /// Of these régions only; `None`: of the whole country.
    pub regions: Option<&'a [RegionCode]>,
    /// Of these groups only, merges and splits with others included; `None`: of all.
    pub groups: Option<&'a [GroupId]>,
    /// On this person only, and on the records that were merged into this one.
    pub person: Option<PersonId>,
}

/// Which way lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Those before a line, latest first; `None`: the latest of all.
    Older(Option<JournalId>),
    /// Those after a line, oldest first.
    Newer(JournalId),
}

/// The lines of the régions ?2, the groups ?3 and the person ?4 (each NULL: of all), from ?1 on, ?5 at most. A line that
/// names no région belongs to the one of its group, else of its person.
macro_rules! lines {
    ($source:literal, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM journal j WHERE ",
            $source,
            " AND (?2 IS NULL OR j.region IN (SELECT value FROM json_each(?2)) \
               OR (j.region IS NULL AND j.group_id IN ( \
                    SELECT g.id FROM groups g WHERE g.region IN (SELECT value FROM json_each(?2)))) \
               OR (j.region IS NULL AND j.group_id IS NULL AND EXISTS ( \
                    SELECT 1 FROM people p JOIN territories t ON t.id = p.territory_id \
                    WHERE p.id = j.person_id AND t.region IN (SELECT value FROM json_each(?2))))) \
              AND (?3 IS NULL OR j.group_id IN (SELECT value FROM json_each(?3)) OR j.id IN ( \
                    SELECT journal_id FROM regroupings WHERE source IN (SELECT value FROM json_each(?3)) \
                        OR target IN (SELECT value FROM json_each(?3)) \
                    UNION SELECT undone_by FROM regroupings WHERE undone_by IS NOT NULL AND ( \
                        source IN (SELECT value FROM json_each(?3)) OR target IN (SELECT value FROM json_each(?3))))) \
              AND ",
            $order,
            " LIMIT ?5"
        )
    };
}

/// The same, with what narrows the search: an index for each filter.
macro_rules! lines_by_filter {
    ($order:literal) => {
        [
            lines!("?4 IS NULL", $order),
            lines!(
                "(j.person_id = ?4 OR j.person_id IN (SELECT id FROM people WHERE merged_into = ?4))",
                $order
            ),
            lines!(
                "?4 IS NULL AND j.id IN (SELECT id FROM journal WHERE group_id IN (SELECT value FROM json_each(?3)) \
                    UNION SELECT journal_id FROM regroupings UNION SELECT undone_by FROM regroupings)",
                $order
            ),
        ]
    };
}

/// The next lines, `limit` at most.
///
/// # Errors
/// When SQLite fails.
pub async fn lines(tx: &mut Tx, which: &Which<'_>, way: Way, limit: u32) -> Result<Vec<Line>, StoreError> {
    let (statements, from): ([&'static str; 3], i64) = match way {
        Way::Older(from) => (
            lines_by_filter!("j.id < ?1 ORDER BY j.id DESC"),
            from.map_or(i64::MAX, |line| line.0),
        ),
        Way::Newer(from) => (lines_by_filter!("j.id > ?1 ORDER BY j.id"), from.0),
    };
    let statement = match (which.person, which.groups) {
        (Some(_), _) => statements[1],
        (None, Some(_)) => statements[2],
        (None, None) => statements[0],
    };
    let list = |text: Result<String, serde_json::Error>| {
        text.map_err(|_| StoreError::Row {
            table: "journal",
            what: "filter",
        })
    };
    let regions = which.regions.map(serde_json::to_string).map(list).transpose()?;
    let groups = which.groups.map(serde_json::to_string).map(list).transpose()?;
    let rows = sqlx::query(statement)
        .bind(from)
        .bind(regions)
        .bind(groups)
        .bind(which.person.map(|id| id.0))
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
    rows.iter().map(line).collect()
}
