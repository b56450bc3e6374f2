//! From the civil calendar of Paris to instants and back.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The time zone of every civil date and hour of the product (product.md §5 and §11).
pub const PARIS: Tz = chrono_tz::Europe::Paris;

/// The instant at which the clocks of Paris show `time` on `date`.
///
/// Two hours of the year need a decision. On the last Sunday of March the hour 02:00–03:00 does not exist: what falls
/// in it happens as much later as the clocks jumped (02:30 is when they show 03:30), so that nothing is lost. On the
/// last Sunday of October the hour 02:00–03:00 comes twice: the first one counts, so that nothing happens twice.
#[must_use]
pub fn civil(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let civil = date.and_time(time);
    match PARIS.from_local_datetime(&civil).earliest() {
        Some(instant) => instant.with_timezone(&Utc),
        None => (civil - offset_before(civil)).and_utc(),
    }
}

/// The offset in force a few hours before a civil time that does not exist: no clock jumps twice within a day.
fn offset_before(gap: NaiveDateTime) -> TimeDelta {
    let before = gap - TimeDelta::hours(12);
    let seconds = PARIS
        .offset_from_local_datetime(&before)
        .earliest()
        .map_or(3600, |offset| offset.fix().local_minus_utc());
    TimeDelta::seconds(i64::from(seconds))
}

/// The day that the calendars of Paris show at `instant`.
#[must_use]
pub fn paris_date(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&PARIS).date_naive()
}

/// The hour that the clocks of Paris show at `instant`.
#[must_use]
pub fn paris_time(instant: DateTime<Utc>) -> NaiveTime {
    instant.with_timezone(&PARIS).time()
}

/// The first instant strictly after `after` at which the clocks of Paris show `time`: the call-back reminders of 18:00
/// (product.md §5), the nightly work, the daily digests.
#[must_use]
pub fn next_daily(after: DateTime<Utc>, time: NaiveTime) -> DateTime<Utc> {
    let today = paris_date(after);
    let candidate = civil(today, time);
    if candidate > after {
        candidate
    } else {
        civil(days_after(today, 1), time)
    }
}

/// The first instant strictly after `after` that is a `weekday` at `time` in Paris: the weekly digest of the relays
/// (product.md §5), the newcomers' meeting (product.md §11).
#[must_use]
pub fn next_weekly(after: DateTime<Utc>, weekday: chrono::Weekday, time: NaiveTime) -> DateTime<Utc> {
    let today = paris_date(after);
    let day = days_after(today, u64::from(weekday.days_since(today.weekday())));
    let candidate = civil(day, time);
    if candidate > after {
        candidate
    } else {
        civil(days_after(day, 7), time)
    }
}

/// The instant `months` calendar months before `now`, at the same hour of Paris: what is older has outlived a retention
/// of that many months (product.md §16). The 31st falls back to the last day of a shorter month.
#[must_use]
pub fn months_before(now: DateTime<Utc>, months: u32) -> DateTime<Utc> {
    let day = paris_date(now)
        .checked_sub_months(Months::new(months))
        .unwrap_or(NaiveDate::MIN);
    civil(day, paris_time(now))
}

/// The end of chrono's calendar (year 262,000) is out of reach of any instant that a clock gives: stay on it.
pub(super) fn days_after(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Weekday;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn at(hour: u32, minute: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn winter_and_summer_have_their_own_offset() {
        assert_eq!(civil(day(2027, 3, 22), at(20, 0)), utc("2027-03-22T19:00:00Z"));
        assert_eq!(civil(day(2027, 3, 29), at(20, 0)), utc("2027-03-29T18:00:00Z"));
    }

    #[test]
    fn an_hour_that_does_not_exist_comes_as_much_later_as_the_clocks_jumped() {
        let instant = civil(day(2027, 3, 28), at(2, 30));
        assert_eq!(instant, utc("2027-03-28T01:30:00Z"));
        assert_eq!(paris_time(instant), at(3, 30));
    }

    #[test]
    fn an_hour_that_comes_twice_counts_the_first_time() {
        assert_eq!(civil(day(2027, 10, 31), at(2, 30)), utc("2027-10-31T00:30:00Z"));
    }

    #[test]
    fn the_next_daily_instant_is_strictly_later() {
        let six = at(18, 0);
        assert_eq!(
            next_daily(utc("2027-03-27T16:59:59Z"), six),
            utc("2027-03-27T17:00:00Z")
        );
        assert_eq!(
            next_daily(utc("2027-03-27T17:00:00Z"), six),
            utc("2027-03-28T16:00:00Z")
        );
    }

    #[test]
    fn the_next_weekly_instant_is_strictly_later_and_crosses_the_change() {
        let next = next_weekly(utc("2027-03-22T19:00:00Z"), Weekday::Mon, at(20, 0));
        assert_eq!(next, utc("2027-03-29T18:00:00Z"));
        assert_eq!(
            next_weekly(utc("2027-03-22T18:59:00Z"), Weekday::Mon, at(20, 0)),
            utc("2027-03-22T19:00:00Z")
        );
    }

    #[test]
    fn the_day_of_paris_begins_before_that_of_utc() {
        assert_eq!(paris_date(utc("2027-07-14T22:30:00Z")), day(2027, 7, 15));
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        assert_eq!(
            months_before(utc("2027-08-31T10:00:00Z"), 6),
            utc("2027-02-28T11:00:00Z")
        );
        assert_eq!(
            months_before(utc("2027-03-14T10:00:00Z"), 24),
            utc("2025-03-14T10:00:00Z")
        );
    }

    proptest::proptest! {
        #[test]
        fn what_the_clocks_show_is_what_was_asked(days in 0u64..30_000, minutes in 0u32..1440) {
            let date = days_after(day(2000, 1, 1), days);
            let time = at(minutes / 60, minutes % 60);
            let instant = civil(date, time);
            proptest::prop_assert_eq!(paris_date(instant), date);
            let shown = paris_time(instant);
            let jumped = shown - time;
            proptest::prop_assert!(jumped.is_zero() || (jumped == TimeDelta::hours(1) && time >= at(2, 0) && time < at(3, 0)));
        }
    }
}
