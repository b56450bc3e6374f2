//! The weekly digest of a région, for its référents (product.md §12).

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::domain::calendar::civil;
use crate::domain::ids::RegionCode;
use crate::domain::report::Scope;
use crate::domain::view::Message;
use crate::error::Error;
use crate::store::{Tx, overview, weekly};
use crate::texts;
use crate::texts::feeds::digest::{Change, Digest};
use crate::usecases::posts::region_name;
use crate::usecases::{App, reports};

/// What the week that began on `since` has changed in a région, and where a hand is needed; `None` when it has no group.
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
    let report = reports::compile(app, tx, Scope::Region(region.clone()), now).await?;
    if report.stages.total() == 0 {
        return Ok(None);
    }
    let mut weeks = weekly::since(tx, civil(since, app.settings.feeds.digest_time)).await?;
    let thresholds = app.rules().thresholds;
    let changes = overview::all(tx)
        .await?
        .into_iter()
        .filter(|seen| seen.group.region == *region && !seen.group.archived)
        .filter_map(|seen| {
            let week = weeks.remove(&seen.group.id)?;
            Some(Change {
                validated: week.validated,
                departed: week.departed,
                step: week.steps.last().copied(),
                members: seen.counts.members,
                next: thresholds.next(&seen.steps).map(|(_, number)| number),
                name: seen.group.name,
            })
        })
        .collect();
    Ok(Some(texts::feeds::digest::message(&Digest {
        region: region_name(&app.atlas(), region),
        since,
        until: since.checked_add_days(Days::new(7)).unwrap_or(since),
        inactive_days: app.settings.reports.inactive.num_days(),
        changes,
        report,
    })))
}
