//! The answers of the national team to «la réunion tombe un jour férié» (product.md §11): the first one counts, whoever presses
//! afterwards is told what was decided.

use chrono::{DateTime, NaiveDate, Utc};

use super::change::{self, Cancelled, Moved, refuse};
use super::{App, FAR, between};
use crate::domain::calendar::{Occurrence, Standing};
use crate::error::{Outcome, Refusal};
use crate::store::journal::{self, Entry};
use crate::store::{Tx, meetings, names};
use crate::texts;
use crate::texts::meeting::Decision;
use crate::usecases::authority::{self, Actor};

/// «Maintenir»: the meeting is held as usual.
///
/// # Errors
/// Reserved to the national team; decided already, or begun.
pub async fn keep(app: &App, actor: Actor, day: NaiveDate, now: DateTime<Utc>) -> Outcome<Occurrence> {
    let mut tx = app.store.write().await?;
    let occurrence = open(app, &mut tx, actor, day, now).await?;
    meetings::kept(&mut tx, day, actor.user, now).await?;
    let entry = Entry {
        actor: Some(actor.user),
        event: "meeting.kept",
        after: Some(&day.to_string()),
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(occurrence)
}

/// «Annuler cette réunion».
///
/// # Errors
/// Reserved to the national team; decided already, or begun.
pub async fn call_off(app: &App, actor: Actor, day: NaiveDate, now: DateTime<Utc>) -> Outcome<Cancelled> {
    let mut tx = app.store.write().await?;
    let occurrence = open(app, &mut tx, actor, day, now).await?;
    let done = change::apply_cancel(app, &mut tx, actor, &occurrence, None, now).await?;
    tx.commit().await?;
    Ok(done)
}

/// «Déplacer»: whether the new date may still be asked for; gives the meeting.
///
/// # Errors
/// Reserved to the national team; decided already, or begun.
pub async fn ask_date(app: &App, actor: Actor, day: NaiveDate, now: DateTime<Utc>) -> Outcome<Occurrence> {
    let mut tx = app.store.read().await?;
    open(app, &mut tx, actor, day, now).await
}

/// The new date of «Déplacer».
///
/// # Errors
/// Reserved to the national team; decided already, or begun; a new time as `/reunion deplacer` refuses it.
pub async fn put_off(app: &App, actor: Actor, day: NaiveDate, new: &str, now: DateTime<Utc>) -> Outcome<Moved> {
    let mut tx = app.store.write().await?;
    let occurrence = open(app, &mut tx, actor, day, now).await?;
    let done = change::apply_move(app, &mut tx, actor, &occurrence, new, now).await?;
    tx.commit().await?;
    Ok(done)
}

/// The meeting about which the question is still open.
async fn open(app: &App, tx: &mut Tx, actor: Actor, day: NaiveDate, now: DateTime<Utc>) -> Outcome<Occurrence> {
    authority::of(tx, actor).await?.require_national()?;
    let known = meetings::get(tx, day).await?;
    if let Some(known) = known.filter(|known| known.kept_at.is_some() || known.revision > 0) {
        let decision = match known.occurrence.standing {
            Standing::Regular => Decision::Kept,
            Standing::Moved => Decision::Moved,
            Standing::Cancelled => Decision::Cancelled,
        };
        let by = match known.changed_by {
            Some(user) => names::display_name(tx, user).await?,
            None => None,
        };
        let text = texts::meeting::already_decided(&known.occurrence, decision, by.as_deref());
        return refuse(Refusal::Conflict, text);
    }
    let agenda = between(app, tx, now, now + FAR).await?;
    let Some(found) = agenda.into_iter().find(|one| one.day == day) else {
        return refuse(Refusal::Conflict, texts::meeting::past(day));
    };
    if found.starts_at <= now {
        return refuse(Refusal::Conflict, texts::meeting::started(&found));
    }
    Ok(found)
}
