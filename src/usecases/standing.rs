//! Where a group stands: members, stage, what comes next. Counted from rows each time (product.md §3).

use chrono::{DateTime, Utc};

use super::Rules;
use crate::domain::ids::GroupId;
use crate::domain::ladder::{Stage, Step};
use crate::store::{StoreError, Tx, ladder};
use crate::texts;

/// Where a group stands at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its validated members.
    pub members: u32,
    /// The steps reached, lowest first.
    pub reached: Vec<Step>,
    /// Since when the highest step that has lost its number of members is under it (product.md §3).
    pub under_since: Option<DateTime<Utc>>,
    /// The next step that members open, with its number.
    pub next: Option<(Step, u32)>,
    /// The number of the highest step.
    pub top: u32,
}

impl Standing {
    /// What the group is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Stage::of(&self.reached)
    }

    /// «7 / 10 : encore 3 membres pour …», and below it «Sous le seuil depuis le …» where that is so. A full stop is to follow.
    #[must_use]
    pub fn progress(&self) -> String {
        let progress = texts::ladder::progress(self.members, self.next, self.top);
        match self.under_since {
            Some(since) => format!("{progress}.\n{}", texts::ladder::under(since)),
            None => progress,
        }
    }
}

/// Reads where a group stands.
///
/// # Errors
/// When SQLite fails.
pub async fn of(tx: &mut Tx, rules: &Rules, group: GroupId) -> Result<Standing, StoreError> {
    let members = ladder::counts(tx, group).await?.members;
    let steps = ladder::steps(tx, group).await?;
    let reached: Vec<Step> = steps.iter().map(|row| row.step).collect();
    let next = rules.thresholds.next(&reached);
    Ok(Standing {
        members,
        reached,
        under_since: steps.iter().rev().find_map(|row| row.under_since),
        next,
        top: rules.thresholds.publish_works,
    })
}
