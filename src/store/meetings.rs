//! The newcomers' meeting: its occurrences, what was made of them, and which reminders went (product.md §11).

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, Tx, from_sql, to_sql};
use crate::domain::calendar::{Meeting, Occurrence, ReminderKind, Standing, paris_date};
use crate::domain::ids::UserId;

/// One occurrence, with all that was decided of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// When it is held, and whether it is.
    pub occurrence: Occurrence,
    /// Why it is not held, in the words of who called it off.
    pub reason: Option<String>,
    /// When the national team was asked about a public holiday.
    pub asked_at: Option<DateTime<Utc>>,
    /// When it answered that the meeting is kept.
    pub kept_at: Option<DateTime<Utc>>,
    /// Who moved, cancelled or kept it last.
    pub changed_by: Option<UserId>,
    /// How many times it was moved or cancelled: each is announced once.
    pub revision: u32,
}

impl Stored {
    /// An occurrence of which nothing was decided yet.
    #[must_use]
    pub fn untouched(occurrence: Occurrence) -> Self {
        Self {
            occurrence,
            reason: None,
            asked_at: None,
            kept_at: None,
            changed_by: None,
            revision: 0,
        }
    }
}

/// Everything of some occurrences.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT day, starts_at, ends_at, moved, cancelled_at IS NOT NULL AS cancelled, reason, asked_at, kept_at, \
                    changed_by, revision FROM meetings ",
            $which
        )
    };
}

fn stored(row: &SqliteRow) -> Result<Stored, StoreError> {
    let day = row.try_get::<&str, _>("day")?.parse().map_err(|_| StoreError::Row {
        table: "meetings",
        what: "day",
    })?;
    let standing = match (row.try_get("cancelled")?, row.try_get("moved")?) {
        (true, _) => Standing::Cancelled,
        (false, true) => Standing::Moved,
        (false, false) => Standing::Regular,
    };
    let instant = |column: &str| -> Result<Option<DateTime<Utc>>, StoreError> {
        row.try_get::<Option<i64>, _>(column)?.map(from_sql).transpose()
    };
    Ok(Stored {
        occurrence: Occurrence {
            day,
            starts_at: from_sql(row.try_get("starts_at")?)?,
            ends_at: from_sql(row.try_get("ends_at")?)?,
            standing,
        },
        reason: row.try_get("reason")?,
        asked_at: instant("asked_at")?,
        kept_at: instant("kept_at")?,
        changed_by: row.try_get::<Option<i64>, _>("changed_by")?.map(UserId::from_sql),
        revision: u32::try_from(row.try_get::<i64, _>("revision")?).unwrap_or(u32::MAX),
    })
}

/// The stored occurrences that end after `from`, and those whose regular day is not before that of `from`: a meeting that was
/// held earlier than usual still takes the place of the regular one. In order of start.
///
/// # Errors
/// When SQLite fails, or a row cannot be read.
pub async fn since(tx: &mut Tx, from: DateTime<Utc>) -> Result<Vec<Stored>, StoreError> {
    // A meeting may end on the day after the one that names it.
    let day = paris_date(from).pred_opt().unwrap_or(NaiveDate::MIN);
    let rows = sqlx::query(select!("WHERE ends_at > ? OR day >= ? ORDER BY starts_at, day"))
        .bind(to_sql(from))
        .bind(day.to_string())
        .fetch_all(tx.conn())
        .await?;
    rows.iter().map(stored).collect()
}

/// The stored occurrence of a regular day.
///
/// # Errors
/// When SQLite fails, or the row cannot be read.
pub async fn get(tx: &mut Tx, day: NaiveDate) -> Result<Option<Stored>, StoreError> {
    let row = sqlx::query(select!("WHERE day = ?"))
        .bind(day.to_string())
        .fetch_optional(tx.conn())
        .await?;
    row.as_ref().map(stored).transpose()
}

/// Stores a regular meeting, or puts one that nobody touched to what the rule says now; tells whether anything changed.
///
/// # Errors
/// When SQLite fails.
pub async fn put_regular(tx: &mut Tx, meeting: &Meeting) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO meetings (day, starts_at, ends_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (day) DO UPDATE SET starts_at = ?2, ends_at = ?3 \
         WHERE moved = 0 AND cancelled_at IS NULL AND (starts_at <> ?2 OR ends_at <> ?3)",
    )
    .bind(meeting.date.to_string())
    .bind(to_sql(meeting.starts_at))
    .bind(to_sql(meeting.ends_at))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets an occurrence that nobody touched: the rule no longer has it. Tells whether there was one.
///
/// # Errors
/// When SQLite fails.
pub async fn forget_regular(tx: &mut Tx, day: NaiveDate) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM meetings WHERE day = ? AND moved = 0 AND cancelled_at IS NULL")
        .bind(day.to_string())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what was made of an occurrence; gives its new revision. `now` dates a cancellation.
///
/// # Errors
/// When SQLite fails.
pub async fn change(
    tx: &mut Tx,
    occurrence: &Occurrence,
    reason: Option<&str>,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<u32, StoreError> {
    let Occurrence {
        day,
        starts_at,
        ends_at,
        standing,
    } = occurrence;
    let (moved, cancelled) = match standing {
        Standing::Regular => (false, None),
        Standing::Moved => (true, None),
        Standing::Cancelled => (false, Some(to_sql(now))),
    };
    let revision: i64 = sqlx::query_scalar(
        "INSERT INTO meetings (day, starts_at, ends_at, moved, cancelled_at, reason, changed_by, revision) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1) \
         ON CONFLICT (day) DO UPDATE SET starts_at = ?2, ends_at = ?3, moved = ?4, cancelled_at = ?5, reason = ?6, \
            changed_by = ?7, revision = revision + 1 \
         RETURNING revision",
    )
    .bind(day.to_string())
    .bind(to_sql(*starts_at))
    .bind(to_sql(*ends_at))
    .bind(moved)
    .bind(cancelled)
    .bind(reason.filter(|_| cancelled.is_some()))
    .bind(by.to_sql())
    .fetch_one(tx.conn())
    .await?;
    Ok(u32::try_from(revision).unwrap_or(u32::MAX))
}

/// Notes that the national team was asked about an occurrence.
///
/// # Errors
/// When SQLite fails.
pub async fn asked(tx: &mut Tx, day: NaiveDate, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE meetings SET asked_at = ? WHERE day = ? AND asked_at IS NULL")
        .bind(to_sql(now))
        .bind(day.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that an occurrence on a public holiday is kept.
///
/// # Errors
/// When SQLite fails.
pub async fn kept(tx: &mut Tx, day: NaiveDate, by: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE meetings SET kept_at = ?, changed_by = ? WHERE day = ?")
        .bind(to_sql(now))
        .bind(by.to_sql())
        .bind(day.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that a reminder went, or (`told` false) that an announcement took its place; tells whether that is new. The
/// occurrence must be stored.
///
/// # Errors
/// When SQLite fails.
pub async fn reminded(
    tx: &mut Tx,
    occurrence: &Occurrence,
    kind: ReminderKind,
    told: bool,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO meeting_reminders (day, starts_at, kind, at, told) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(occurrence.day.to_string())
    .bind(to_sql(occurrence.starts_at))
    .bind(kind.key())
    .bind(to_sql(now))
    .bind(told)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a reminder went for this start of an occurrence, or something took its place.
///
/// # Errors
/// When SQLite fails.
pub async fn was_reminded(tx: &mut Tx, occurrence: &Occurrence, kind: ReminderKind) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM meeting_reminders WHERE day = ? AND starts_at = ? AND kind = ?")
            .bind(occurrence.day.to_string())
            .bind(to_sql(occurrence.starts_at))
            .bind(kind.key())
            .fetch_optional(tx.conn())
            .await?;
    Ok(found.is_some())
}

/// Whether people were told of this start of an occurrence by a reminder.
///
/// # Errors
/// When SQLite fails.
pub async fn was_told(tx: &mut Tx, occurrence: &Occurrence) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM meeting_reminders WHERE day = ? AND starts_at = ? AND told = 1 LIMIT 1")
            .bind(occurrence.day.to_string())
            .bind(to_sql(occurrence.starts_at))
            .fetch_optional(tx.conn())
            .await?;
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::MeetingRule;
    use crate::store::support_tests::{noon, store};
    use chrono::TimeDelta;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_regular_meeting_follows_the_rule_until_somebody_changes_it() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let mut rule = MeetingRule::default();
        let monday = rule.on(day("2027-03-08"));
        assert!(put_regular(&mut tx, &monday).await.unwrap());
        assert!(!put_regular(&mut tx, &monday).await.unwrap());
        rule.duration = TimeDelta::hours(1);
        let shorter = rule.on(day("2027-03-08"));
        assert!(put_regular(&mut tx, &shorter).await.unwrap());
        let regular = Occurrence::regular(&shorter);
        assert_eq!(since(&mut tx, noon()).await.unwrap(), [Stored::untouched(regular)]);
        assert_eq!(since(&mut tx, shorter.ends_at + TimeDelta::days(2)).await.unwrap(), []);
        let moved = Occurrence {
            starts_at: regular.starts_at + TimeDelta::days(1),
            ends_at: regular.ends_at + TimeDelta::days(1),
            standing: Standing::Moved,
            ..regular
        };
        assert_eq!(change(&mut tx, &moved, Some("tu"), UserId(7), noon()).await.unwrap(), 1);
        let known = get(&mut tx, day("2027-03-08")).await.unwrap().unwrap();
        assert_eq!(
            (known.occurrence, known.reason, known.changed_by),
            (moved, None, Some(UserId(7)))
        );
        assert!(!put_regular(&mut tx, &monday).await.unwrap(), "what was moved stays");
        let early = Occurrence {
            starts_at: noon() - TimeDelta::days(1),
            ends_at: noon(),
            ..moved
        };
        change(&mut tx, &early, None, UserId(7), noon()).await.unwrap();
        let later = since(&mut tx, noon() + TimeDelta::days(1)).await.unwrap();
        assert_eq!(later.len(), 1, "its regular day is to come");
        assert!(!forget_regular(&mut tx, day("2027-03-08")).await.unwrap());
        let cancelled = Occurrence {
            standing: Standing::Cancelled,
            ..moved
        };
        let reason = Some("Grève");
        assert_eq!(change(&mut tx, &cancelled, reason, UserId(8), noon()).await.unwrap(), 3);
        let known = get(&mut tx, day("2027-03-08")).await.unwrap().unwrap();
        assert_eq!((known.occurrence, known.reason.as_deref()), (cancelled, reason));
        assert_eq!(change(&mut tx, &regular, reason, UserId(8), noon()).await.unwrap(), 4);
        let known = get(&mut tx, day("2027-03-08")).await.unwrap().unwrap();
        assert_eq!((known.occurrence, known.reason), (regular, None), "held again");
        assert!(forget_regular(&mut tx, day("2027-03-08")).await.unwrap());
        assert_eq!(get(&mut tx, day("2027-03-08")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_change_of_a_meeting_never_stored_stores_it() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let far = Occurrence {
            standing: Standing::Cancelled,
            ..Occurrence::regular(&MeetingRule::default().on(day("2027-12-27")))
        };
        assert_eq!(change(&mut tx, &far, None, UserId(7), noon()).await.unwrap(), 1);
        assert_eq!(get(&mut tx, day("2027-12-27")).await.unwrap().unwrap().occurrence, far);
    }

    #[tokio::test]
    async fn the_question_is_asked_once_and_its_answer_kept() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        put_regular(&mut tx, &MeetingRule::default().on(day("2027-03-29")))
            .await
            .unwrap();
        asked(&mut tx, day("2027-03-29"), noon()).await.unwrap();
        asked(&mut tx, day("2027-03-29"), noon() + TimeDelta::days(1))
            .await
            .unwrap();
        kept(&mut tx, day("2027-03-29"), UserId(7), noon()).await.unwrap();
        let known = get(&mut tx, day("2027-03-29")).await.unwrap().unwrap();
        assert_eq!((known.asked_at, known.kept_at), (Some(noon()), Some(noon())));
        assert_eq!(known.revision, 0, "nothing to announce");
    }

    #[tokio::test]
    async fn a_reminder_goes_once_for_each_start() {
        let (_folder, store) = store().await;
        let mut tx = store.write().await.unwrap();
        let meeting = MeetingRule::default().on(day("2027-03-29"));
        put_regular(&mut tx, &meeting).await.unwrap();
        let one = Occurrence::regular(&meeting);
        let moved = Occurrence {
            starts_at: one.starts_at + TimeDelta::days(1),
            ..one
        };
        let kind = ReminderKind::DayBefore;
        assert!(!was_reminded(&mut tx, &one, kind).await.unwrap());
        assert!(reminded(&mut tx, &one, kind, false, noon()).await.unwrap());
        assert!(!reminded(&mut tx, &one, kind, true, noon()).await.unwrap());
        assert!(was_reminded(&mut tx, &one, kind).await.unwrap());
        assert!(!was_reminded(&mut tx, &one, ReminderKind::Start).await.unwrap());
        assert!(
            !was_told(&mut tx, &one).await.unwrap(),
            "an announcement took its place"
        );
        assert!(reminded(&mut tx, &moved, kind, true, noon()).await.unwrap());
        assert!(was_told(&mut tx, &moved).await.unwrap());
        forget_regular(&mut tx, day("2027-03-29")).await.unwrap();
        assert!(!was_reminded(&mut tx, &moved, kind).await.unwrap());
    }
}
