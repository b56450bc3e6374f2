//! What a message about a meeting says when it is sent: what is no longer so is not told.

use chrono::{DateTime, NaiveDate, Utc};

use super::{App, next, place};
use crate::domain::calendar::{ReminderKind, Standing, holiday, paris_date};
use crate::domain::view::Message;
use crate::store::{StoreError, Tx, meetings};
use crate::texts;
use crate::texts::meeting::Change;

/// A reminder; none when the meeting was moved or called off since, or when the reminder would be stale.
///
/// # Errors
/// When the database fails.
pub async fn reminder(
    app: &App,
    tx: &mut Tx,
    day: NaiveDate,
    starts_at: DateTime<Utc>,
    which: ReminderKind,
    now: DateTime<Utc>,
) -> Result<Option<Message>, StoreError> {
    let Some(known) = meetings::get(tx, day).await? else {
        return Ok(None);
    };
    let one = known.occurrence;
    let rule = &app.settings.meeting.rule;
    let timely = rule
        .reminders(&one.meeting())
        .iter()
        .any(|reminder| reminder.kind == which && reminder.is_timely(now));
    if !one.is_held() || one.starts_at != starts_at || !timely {
        return Ok(None);
    }
    let place = place(app, tx).await?;
    Ok(Some(texts::meeting::reminder(which, &one, &place, now)))
}

/// The announcement of a change; none when another change has followed, which is told by itself, or when it is too late.
///
/// # Errors
/// When the database fails.
pub async fn changed(
    app: &App,
    tx: &mut Tx,
    (day, revision): (NaiveDate, u32),
    before: DateTime<Utc>,
    held_again: bool,
    now: DateTime<Utc>,
) -> Result<Option<Message>, StoreError> {
    let Some(known) = meetings::get(tx, day).await?.filter(|known| known.revision == revision) else {
        return Ok(None);
    };
    let one = known.occurrence;
    // After a long breakdown, nobody waits any more for a meeting that did not take place.
    if one.ends_at.max(before) <= now {
        return Ok(None);
    }
    let change = match (one.standing, held_again) {
        (Standing::Cancelled, _) => Change::Cancelled {
            reason: known.reason,
            next: next(app, tx, now).await?.map(|next| next.starts_at),
        },
        (_, true) => Change::HeldAgain { at: one.starts_at },
        (_, false) => Change::Moved { to: one.starts_at },
    };
    let place = place(app, tx).await?;
    Ok(Some(texts::meeting::announcement(before, &change, &place)))
}

/// The question about a public holiday; none when it is answered, or no longer a question.
///
/// # Errors
/// When the database fails.
pub async fn question(tx: &mut Tx, day: NaiveDate, now: DateTime<Utc>) -> Result<Option<Message>, StoreError> {
    let Some(known) = meetings::get(tx, day).await? else {
        return Ok(None);
    };
    let one = known.occurrence;
    let open = known.kept_at.is_none() && known.revision == 0 && one.starts_at > now;
    let holiday = holiday(paris_date(one.starts_at)).filter(|_| open);
    Ok(holiday.map(|holiday| texts::meeting::holiday_question(&one, holiday)))
}
