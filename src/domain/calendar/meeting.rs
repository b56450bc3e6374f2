//! The newcomers' meeting: its occurrences and its reminders (product.md §11).

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

use serde::{Deserialize, Serialize};

use super::paris::days_after;
use super::{civil, next_weekly, paris_date};

/// When the meeting is held: every `weekday` at `time` in Paris.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeetingRule {
    /// Monday by default.
    pub weekday: Weekday,
    /// Civil time in Paris, 20:00 by default.
    pub time: NaiveTime,
    /// How long it lasts, two hours by default.
    pub duration: TimeDelta,
    /// Which reminders go before it.
    pub reminders: ReminderRule,
}

/// One meeting. The day of Paris names it: there is at most one a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Meeting {
    /// The day, in the calendar of Paris.
    pub date: NaiveDate,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends: the duration is counted in elapsed time.
    pub ends_at: DateTime<Utc>,
}

/// Which reminders are sent and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReminderRule {
    /// The day before, at this hour of Paris (18:00 by default); none when absent.
    pub day_before: Option<NaiveTime>,
    /// So long before the start (one hour by default); none when absent.
    pub before: Option<TimeDelta>,
    /// At the start, still useful so long afterwards (30 minutes by default); none when absent.
    pub at_start: Option<TimeDelta>,
}

/// Which of the three reminders. The order is that of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// The day before, in the evening.
    DayBefore,
    /// Shortly before the start.
    Before,
    /// When it starts.
    Start,
}

impl ReminderKind {
    /// A short stable name, used as the key of a reminder in the database; it never changes.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::DayBefore => "veille",
            Self::Before => "avant",
            Self::Start => "debut",
        }
    }
}

/// A reminder of one meeting: it may be sent in `due..useful_until`, at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Which one.
    pub kind: ReminderKind,
    /// From when on it is sent.
    pub due: DateTime<Utc>,
    /// From when on it would be stale: the next reminder has taken its place, or the meeting is well under way.
    pub useful_until: DateTime<Utc>,
}

impl Reminder {
    /// Whether it should be sent at `now`, if it has not been yet.
    #[must_use]
    pub fn is_timely(&self, now: DateTime<Utc>) -> bool {
        self.due <= now && now < self.useful_until
    }
}

impl Default for MeetingRule {
    /// Monday, 20:00 to 22:00.
    fn default() -> Self {
        Self {
            weekday: Weekday::Mon,
            time: hour(20),
            duration: TimeDelta::hours(2),
            reminders: ReminderRule::default(),
        }
    }
}

impl Default for ReminderRule {
    /// The day before at 18:00, one hour before, and at the start.
    fn default() -> Self {
        Self {
            day_before: Some(hour(18)),
            before: Some(TimeDelta::hours(1)),
            at_start: Some(TimeDelta::minutes(30)),
        }
    }
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN)
}

impl MeetingRule {
    /// Whether a regular meeting falls on this day.
    #[must_use]
    pub fn holds(&self, date: NaiveDate) -> bool {
        date.weekday() == self.weekday
    }

    /// The meeting of a given day, at the usual hour, whatever the weekday.
    #[must_use]
    pub fn on(&self, date: NaiveDate) -> Meeting {
        self.at(date, self.time)
    }

    /// A meeting moved to another day or hour (`/reunion deplacer`).
    #[must_use]
    pub fn at(&self, date: NaiveDate, time: NaiveTime) -> Meeting {
        let starts_at = civil(date, time);
        Meeting {
            date,
            starts_at,
            ends_at: starts_at + self.duration,
        }
    }

    /// The first regular meeting that starts strictly after `instant`.
    #[must_use]
    pub fn next_after(&self, instant: DateTime<Utc>) -> Meeting {
        self.on(paris_date(next_weekly(instant, self.weekday, self.time)))
    }

    /// The regular meetings that start in `from..until`, in order.
    pub fn between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = Meeting> + use<> {
        let rule = *self;
        let first = rule.next_after(from - TimeDelta::nanoseconds(1));
        std::iter::successors(Some(first), move |last| Some(rule.on(days_after(last.date, 7))))
            .take_while(move |meeting| meeting.starts_at < until)
    }

    /// The reminders of a meeting in the order of sending. Each is useful until the next one is due, so that after a
    /// breakdown at most one of them goes out.
    #[must_use]
    pub fn reminders(&self, meeting: &Meeting) -> Vec<Reminder> {
        let rule = self.reminders;
        let eve = meeting.date.checked_sub_days(Days::new(1)).unwrap_or(meeting.date);
        let mut reminders: Vec<Reminder> = [
            rule.day_before
                .map(|time| (ReminderKind::DayBefore, civil(eve, time), meeting.starts_at)),
            rule.before
                .map(|lead| (ReminderKind::Before, meeting.starts_at - lead, meeting.starts_at)),
            rule.at_start.map(|grace| {
                (
                    ReminderKind::Start,
                    meeting.starts_at,
                    (meeting.starts_at + grace).min(meeting.ends_at),
                )
            }),
        ]
        .into_iter()
        .flatten()
        .map(|(kind, due, useful_until)| Reminder {
            kind,
            due,
            useful_until,
        })
        .collect();
        // A lead of more than a day puts the second reminder before the first one.
        reminders.sort_by_key(|reminder| (reminder.due, reminder.kind));
        for i in 1..reminders.len() {
            reminders[i - 1].useful_until = reminders[i - 1].useful_until.min(reminders[i].due);
        }
        reminders
    }

    /// The reminder of a meeting that is to be sent at `now`, if any: never more than one.
    #[must_use]
    pub fn reminder_due(&self, meeting: &Meeting, now: DateTime<Utc>) -> Option<Reminder> {
        self.reminders(meeting)
            .into_iter()
            .find(|reminder| reminder.is_timely(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{paris_time, parse_time};
    use proptest::prelude::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn due(rule: &MeetingRule, meeting: &Meeting) -> Vec<(ReminderKind, DateTime<Utc>, DateTime<Utc>)> {
        rule.reminders(meeting)
            .into_iter()
            .map(|r| (r.kind, r.due, r.useful_until))
            .collect()
    }

    #[test]
    fn the_monday_after_the_march_change_keeps_its_hour() {
        let rule = MeetingRule::default();
        let meeting = rule.next_after(utc("2027-03-22T19:00:00Z"));
        assert_eq!(meeting.date, day(2027, 3, 29));
        assert_eq!(meeting.starts_at, utc("2027-03-29T18:00:00Z"));
        assert_eq!(meeting.ends_at, utc("2027-03-29T20:00:00Z"));
        assert_eq!(
            due(&rule, &meeting),
            [
                (
                    ReminderKind::DayBefore,
                    utc("2027-03-28T16:00:00Z"),
                    utc("2027-03-29T17:00:00Z")
                ),
                (
                    ReminderKind::Before,
                    utc("2027-03-29T17:00:00Z"),
                    utc("2027-03-29T18:00:00Z")
                ),
                (
                    ReminderKind::Start,
                    utc("2027-03-29T18:00:00Z"),
                    utc("2027-03-29T18:30:00Z")
                ),
            ]
        );
    }

    #[test]
    fn the_reminder_of_the_eve_of_the_october_change_is_at_18_too() {
        let rule = MeetingRule::default();
        // The clocks change in the night before the eve: 31 October 2027 is a Sunday.
        let meeting = rule.on(day(2027, 11, 1));
        assert_eq!(rule.reminders(&meeting)[0].due, utc("2027-10-31T17:00:00Z"));
        assert_eq!(meeting.starts_at, utc("2027-11-01T19:00:00Z"));
    }

    #[test]
    fn a_late_reminder_is_sent_only_while_useful_and_never_two_at_once() {
        let rule = MeetingRule::default();
        let meeting = rule.on(day(2027, 3, 29));
        let kind = |now| rule.reminder_due(&meeting, utc(now)).map(|r| r.kind);
        assert_eq!(kind("2027-03-28T15:59:59Z"), None);
        assert_eq!(kind("2027-03-28T16:00:00Z"), Some(ReminderKind::DayBefore));
        assert_eq!(kind("2027-03-29T16:59:59Z"), Some(ReminderKind::DayBefore));
        assert_eq!(kind("2027-03-29T17:00:00Z"), Some(ReminderKind::Before));
        assert_eq!(kind("2027-03-29T18:29:59Z"), Some(ReminderKind::Start));
        assert_eq!(kind("2027-03-29T18:30:00Z"), None);
    }

    #[test]
    fn reminders_can_be_left_out_and_a_long_lead_keeps_the_order() {
        let mut rule = MeetingRule::default();
        rule.reminders.before = None;
        let meeting = rule.on(day(2027, 6, 7));
        let kinds: Vec<_> = rule.reminders(&meeting).iter().map(|r| r.kind).collect();
        assert_eq!(kinds, [ReminderKind::DayBefore, ReminderKind::Start]);
        assert_eq!(rule.reminders(&meeting)[0].useful_until, meeting.starts_at);
        rule.reminders.before = Some(TimeDelta::hours(48));
        let kinds: Vec<_> = rule.reminders(&meeting).iter().map(|r| r.kind).collect();
        assert_eq!(
            kinds,
            [ReminderKind::Before, ReminderKind::DayBefore, ReminderKind::Start]
        );
        assert_eq!(
            rule.reminders(&meeting)[0].useful_until,
            rule.reminders(&meeting)[1].due
        );
    }

    #[test]
    fn a_moved_meeting_has_the_reminders_of_its_new_hour() {
        let rule = MeetingRule::default();
        let meeting = rule.at(day(2027, 3, 31), parse_time("18 h 30").unwrap());
        assert_eq!(meeting.starts_at, utc("2027-03-31T16:30:00Z"));
        assert_eq!(rule.reminders(&meeting)[1].due, utc("2027-03-31T15:30:00Z"));
    }

    #[test]
    fn the_bounds_of_a_period_are_first_in_and_last_out() {
        let rule = MeetingRule::default();
        let first = utc("2027-03-22T19:00:00Z");
        let dates: Vec<_> = rule
            .between(first, first + TimeDelta::weeks(2))
            .map(|m| m.date)
            .collect();
        // Two weeks of elapsed time end one hour after the meeting of 5 April, because of the change.
        assert_eq!(dates, [day(2027, 3, 22), day(2027, 3, 29), day(2027, 4, 5)]);
        assert_eq!(rule.between(first, first).count(), 0);
    }

    proptest! {
        #[test]
        fn every_monday_of_a_year_has_one_meeting_at_20_and_three_reminders(year in 2000i32..2100) {
            let rule = MeetingRule::default();
            let (from, until) = (civil(day(year, 1, 1), NaiveTime::MIN), civil(day(year + 1, 1, 1), NaiveTime::MIN));
            let meetings: Vec<Meeting> = rule.between(from, until).collect();
            let mondays: Vec<NaiveDate> =
                day(year, 1, 1).iter_days().take_while(|d| d.year() == year).filter(|d| d.weekday() == Weekday::Mon).collect();
            prop_assert_eq!(meetings.iter().map(|m| m.date).collect::<Vec<_>>(), mondays);
            for meeting in &meetings {
                prop_assert_eq!(paris_time(meeting.starts_at), rule.time);
                prop_assert_eq!(paris_date(meeting.starts_at), meeting.date);
                prop_assert_eq!(meeting.ends_at - meeting.starts_at, TimeDelta::hours(2));
                let reminders = rule.reminders(meeting);
                prop_assert_eq!(reminders.len(), 3);
                prop_assert_eq!(paris_time(reminders[0].due), hour(18));
                prop_assert_eq!(paris_date(reminders[0].due), meeting.date.pred_opt().unwrap());
                prop_assert_eq!(reminders[1].due, meeting.starts_at - TimeDelta::hours(1));
                prop_assert_eq!(reminders[2].due, meeting.starts_at);
                for pair in reminders.windows(2) {
                    prop_assert_eq!(pair[0].useful_until, pair[1].due);
                }
            }
        }

        #[test]
        fn the_next_meeting_is_strictly_later_and_within_a_week_and_an_hour(seconds in 0i64..3_000_000_000) {
            let rule = MeetingRule::default();
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let next = rule.next_after(now);
            prop_assert!(next.starts_at > now);
            prop_assert!(next.starts_at - now <= TimeDelta::days(7) + TimeDelta::hours(1));
            prop_assert_eq!(next.date.weekday(), Weekday::Mon);
        }

        #[test]
        fn any_weekday_and_hour_gives_one_meeting_a_week(weekday in 0u8..7, minutes in 0u32..1440, weeks in 0i64..5_000) {
            let rule = MeetingRule {
                weekday: Weekday::try_from(weekday).unwrap(),
                time: NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap(),
                ..MeetingRule::default()
            };
            let now = DateTime::from_timestamp(weeks * 604_800, 0).unwrap();
            let first = rule.next_after(now);
            let second = rule.next_after(first.starts_at);
            prop_assert_eq!(second.date - first.date, TimeDelta::days(7));
            prop_assert_eq!(first.date.weekday(), rule.weekday);
        }
    }
}
