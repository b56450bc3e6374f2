//! The weekly digest of a région, for its référents (product.md §12).

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::domain::calendar::civil;
use crate::domain::ids::RegionCode;
use crate::domain::view::Message;
use crate::error::Error;
use crate::store::{Tx, overview, weekly};
use crate::texts;
use crate::texts::feeds::digest::{Digest, Group};
use crate::usecases::App;
use crate::usecases::posts::region_name;

/// What the week that began on `since` has changed in a région; `None` when it has no group at all.
///
/// # Errors
/// When the database fails.
pub async fn digest(
    app: &App,
    tx: &mut Tx,
    region: &RegionCode,
    since: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Option<Message>, Error> {
    let seen: Vec<overview::Seen> = overview::all(tx)
        .await?
        .into_iter()
        .filter(|seen| seen.group.region == *region && !seen.group.archived)
        .collect();
    if seen.is_empty() {
        return Ok(None);
    }
    let settings = &app.settings;
    let mut weeks = weekly::since(tx, civil(since, settings.feeds.digest_time)).await?;
    let silent = weekly::silent_relays(tx, now - settings.reports.inactive).await?;
    let rules = app.rules();
    let groups = seen
        .into_iter()
        .map(|seen| {
            let week = weeks.remove(&seen.group.id).unwrap_or_default();
            let next = rules.thresholds.next(&seen.steps);
            let missing = next.map(|(step, number)| (step, number.saturating_sub(seen.counts.members)));
            Group {
                validated: week.validated,
                departed: week.departed,
                steps: week.steps,
                members: seen.counts.members,
                next,
                signed_up: seen.counts.signed_up,
                without_relay: seen.relays.is_empty(),
                silent: silent
                    .iter()
                    .filter(|(group, _)| *group == seen.group.id)
                    .map(|(_, user)| *user)
                    .collect(),
                // A group in which nobody takes part yet is near nothing.
                near: missing.filter(|(_, missing)| {
                    seen.counts.members > 0 && (1..=settings.reports.near_threshold).contains(missing)
                }),
                name: seen.group.name,
            }
        })
        .collect();
    let until = since.checked_add_days(Days::new(7)).unwrap_or(since);
    Ok(Some(texts::feeds::digest::message(&Digest {
        region: region_name(&app.atlas(), region),
        since,
        until,
        inactive_days: settings.reports.inactive.num_days(),
        groups,
    })))
}
