//! When a failed step is tried again (product.md §7, discord.md §6).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::RetrySettings;
use crate::discord::failure::{ApiFailure, Kind, OLD_EDITS};
use crate::domain::bindings::{Setback, SetbackKind, Setbacks};
use crate::domain::plan::Act;

/// The first delay after [`OLD_EDITS`].
const OLD_EDIT_FIRST: Duration = Duration::from_secs(10);
/// The first delay after a refusal, which only people can lift.
const REFUSED_FIRST: Duration = Duration::from_secs(60);
/// The longest delay after a refusal.
const REFUSED_LONGEST: Duration = Duration::from_secs(15 * 60);

/// What a failure of an act is kept as.
pub(crate) fn kind(act: &Act, failure: ApiFailure) -> SetbackKind {
    match (failure.kind, failure.code, failure.status) {
        (_, Some(OLD_EDITS), _) => SetbackKind::OldEdit,
        (Kind::Transient, _, Some(429)) => SetbackKind::RateLimited,
        (Kind::Transient, ..) => SetbackKind::Transient,
        (Kind::Missing, ..) => SetbackKind::Missing,
        // Since February 2026 pinning is a permission of its own: the one that old invitations did not ask for.
        (Kind::Forbidden, ..) if matches!(act, Act::Pin) => SetbackKind::PinForbidden,
        (Kind::Forbidden | Kind::TokenRefused, ..) => SetbackKind::Forbidden,
        (Kind::LimitReached, ..) => SetbackKind::Full,
        (Kind::Invalid, ..) => SetbackKind::Invalid,
    }
}

/// The setback after one more failure.
pub(crate) fn after(
    earlier: Option<&Setback>,
    kind: SetbackKind,
    failure: ApiFailure,
    settings: RetrySettings,
    now: DateTime<Utc>,
) -> Setback {
    let attempts = earlier.map_or(0, |setback| setback.attempts).saturating_add(1);
    let delay = TimeDelta::from_std(delay(kind, attempts, settings)).unwrap_or(TimeDelta::hours(1));
    Setback {
        attempts,
        not_before: now + delay,
        first_at: earlier.map_or(now, |setback| setback.first_at),
        code: failure.code.or(failure.status.map(i64::from)),
        kind,
    }
}

/// The delay after so many failures in a row.
fn delay(kind: SetbackKind, attempts: u32, settings: RetrySettings) -> Duration {
    let (first, longest) = match kind {
        // Looked at anew, it is known to be gone, and is made again at once.
        SetbackKind::Missing if attempts == 1 => return Duration::ZERO,
        SetbackKind::Missing | SetbackKind::Transient | SetbackKind::RateLimited => (settings.first, settings.longest),
        SetbackKind::OldEdit => (OLD_EDIT_FIRST.max(settings.first), REFUSED_LONGEST),
        SetbackKind::Forbidden | SetbackKind::PinForbidden | SetbackKind::Full | SetbackKind::Invalid => {
            (REFUSED_FIRST.max(settings.first), REFUSED_LONGEST)
        }
    };
    let factor = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(longest.max(first))
}

/// Lets refusals be tried again at once: roles or channels were changed by someone else.
pub(super) fn forgive(setbacks: &mut Setbacks, now: DateTime<Utc>) {
    for setback in setbacks.values_mut() {
        match setback.kind {
            SetbackKind::Forbidden | SetbackKind::PinForbidden | SetbackKind::Full => setback.not_before = now,
            SetbackKind::Transient
            | SetbackKind::RateLimited
            | SetbackKind::OldEdit
            | SetbackKind::Invalid
            | SetbackKind::Missing => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: RetrySettings = RetrySettings {
        first: Duration::from_secs(5),
        longest: Duration::from_secs(300),
    };

    #[test]
    fn delays_double_up_to_their_bound() {
        let seconds = |kind| {
            (1..=9)
                .map(|attempt| delay(kind, attempt, SETTINGS).as_secs())
                .collect::<Vec<_>>()
        };
        assert_eq!(seconds(SetbackKind::Transient), [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(seconds(SetbackKind::OldEdit), [10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(
            seconds(SetbackKind::PinForbidden),
            [60, 120, 240, 480, 900, 900, 900, 900, 900]
        );
        assert_eq!(seconds(SetbackKind::Missing)[..3], [0, 10, 20]);
        assert_eq!(delay(SetbackKind::Transient, u32::MAX, SETTINGS).as_secs(), 300);
    }

    #[test]
    fn failures_are_kept_for_what_they_are() {
        let of = |status, code| ApiFailure::of(status, code);
        assert_eq!(kind(&Act::Forget, of(429, Some(OLD_EDITS))), SetbackKind::OldEdit);
        assert_eq!(kind(&Act::Forget, of(429, None)), SetbackKind::RateLimited);
        assert_eq!(kind(&Act::Forget, of(500, None)), SetbackKind::Transient);
        assert_eq!(kind(&Act::Forget, ApiFailure::UNREACHABLE), SetbackKind::Transient);
        assert_eq!(kind(&Act::Pin, of(403, Some(50_013))), SetbackKind::PinForbidden);
        assert_eq!(kind(&Act::Forget, of(403, Some(50_013))), SetbackKind::Forbidden);
        assert_eq!(kind(&Act::Forget, of(400, Some(30_013))), SetbackKind::Full);
        assert_eq!(kind(&Act::Forget, of(404, Some(10_008))), SetbackKind::Missing);
        assert_eq!(kind(&Act::Forget, of(400, Some(50_035))), SetbackKind::Invalid);
    }

    #[test]
    fn only_refusals_are_forgiven() {
        let now: DateTime<Utc> = "2027-03-04T10:00:00Z".parse().unwrap();
        let mut setbacks: Setbacks = SetbackKind::ALL
            .into_iter()
            .map(|kind| {
                (
                    kind.key().to_owned(),
                    after(None, kind, ApiFailure::UNREACHABLE, SETTINGS, now),
                )
            })
            .collect();
        forgive(&mut setbacks, now);
        let free: Vec<&str> = setbacks
            .iter()
            .filter(|(_, setback)| setback.not_before <= now)
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(free, ["forbidden", "full", "missing", "pin_forbidden"]);
    }
}
