//! Rate limits that Discord is known to have beyond its general ones (discord.md §2), by the world's clock.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::ApiError;
use super::snowflake::Id;

/// What a budget is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Budget {
    /// Name or topic of a channel: 2 per 10 minutes.
    ChannelName(Id),
    /// New roles of a server: 250 per 48 hours.
    RoleCreation(Id),
    /// Edits of messages older than one hour, per channel: 3 per 6 seconds.
    OldEdit(Id),
    /// New commands of a server: 200 a day.
    CommandCreation(Id),
    /// New direct conversations, when the world has a limit.
    DmOpening,
    /// All requests: 50 a second, when the world enforces it.
    Global,
}

/// The requests already made against each budget.
#[derive(Debug, Default)]
pub(super) struct Limits {
    used: BTreeMap<Budget, VecDeque<DateTime<Utc>>>,
}

impl Limits {
    /// Takes one from a budget of `size` per `window`; the error is the wait until one is free again.
    pub(super) fn take(
        &mut self,
        budget: Budget,
        now: DateTime<Utc>,
        size: usize,
        window: TimeDelta,
    ) -> Result<(), f64> {
        let used = self.used.entry(budget).or_default();
        while used.front().is_some_and(|at| now - *at >= window) {
            used.pop_front();
        }
        if used.len() < size {
            used.push_back(now);
            return Ok(());
        }
        Err(used
            .front()
            .map_or(1.0, |first| (*first + window - now).as_seconds_f64()))
    }

    /// As [`Self::take`], with the 429 that Discord answers.
    pub(super) fn take_or_429(
        &mut self,
        budget: Budget,
        now: DateTime<Utc>,
        size: usize,
        window: TimeDelta,
    ) -> Result<(), ApiError> {
        self.take(budget, now, size, window)
            .map_err(|wait| ApiError::too_many(0, "You are being rate limited.", wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_refills_when_its_window_has_passed() {
        let mut limits = Limits::default();
        let start = DateTime::UNIX_EPOCH;
        let window = TimeDelta::minutes(10);
        let budget = Budget::ChannelName(1);
        assert!(limits.take(budget, start, 2, window).is_ok());
        assert!(limits.take(budget, start + TimeDelta::minutes(4), 2, window).is_ok());
        let wait = limits
            .take(budget, start + TimeDelta::minutes(5), 2, window)
            .unwrap_err();
        assert!((wait - 300.0).abs() < 0.01);
        assert!(limits.take(budget, start + TimeDelta::minutes(10), 2, window).is_ok());
        assert!(limits.take(Budget::ChannelName(2), start, 2, window).is_ok());
    }
}
