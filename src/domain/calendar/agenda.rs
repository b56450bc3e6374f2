//! The meetings that are really held: the regular ones, with what the national team changed of them (product.md §11).

use chrono::{DateTime, NaiveDate, Utc};

use super::{Meeting, MeetingRule, paris_date};

/// What the national team made of a regular meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Held as usual.
    Regular,
    /// Held at another day or hour.
    Moved,
    /// Not held.
    Cancelled,
}

/// One meeting of the agenda.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Occurrence {
    /// The day of the regular meeting, in Paris: it names the occurrence for ever, wherever it is moved.
    pub day: NaiveDate,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// What was made of it.
    pub standing: Standing,
}

impl Occurrence {
    /// A meeting held as usual.
    #[must_use]
    pub fn regular(meeting: &Meeting) -> Self {
        Self {
            day: meeting.date,
            starts_at: meeting.starts_at,
            ends_at: meeting.ends_at,
            standing: Standing::Regular,
        }
    }

    /// When and on which day it is held.
    #[must_use]
    pub fn meeting(&self) -> Meeting {
        Meeting {
            date: paris_date(self.starts_at),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }

    /// Whether it takes place at all.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.standing != Standing::Cancelled
    }
}

/// The meetings that end after `from` and start before `until`, cancelled ones included, in order of start.
///
/// `changed` are the meetings that were moved or cancelled; it may hold others, which are then as the rule says. A meeting
/// that was moved stays where it was put, also when the rule of the regular ones has changed since.
#[must_use]
pub fn agenda(
    rule: &MeetingRule,
    changed: &[Occurrence],
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<Occurrence> {
    let touched = |day: NaiveDate| {
        changed
            .iter()
            .find(|known| known.day == day && known.standing != Standing::Regular)
    };
    let regular = rule
        .between(from - rule.duration, until)
        .filter(|meeting| touched(meeting.date).is_none())
        .map(|meeting| Occurrence::regular(&meeting));
    let changed = changed.iter().filter(|known| match known.standing {
        Standing::Regular => false,
        Standing::Moved => true,
        // A cancellation of what the rule no longer knows says nothing any more.
        Standing::Cancelled => rule.holds(known.day),
    });
    let mut all: Vec<Occurrence> = regular
        .chain(changed.copied())
        .filter(|one| one.ends_at > from && one.starts_at < until)
        .collect();
    all.sort_by_key(|one| (one.starts_at, one.day));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, TimeDelta, Weekday};
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn changed(of: &str, to: DateTime<Utc>, standing: Standing) -> Occurrence {
        Occurrence {
            day: day(of),
            starts_at: to,
            ends_at: to + TimeDelta::hours(2),
            standing,
        }
    }

    fn days(list: &[Occurrence]) -> Vec<String> {
        list.iter().map(|one| one.day.to_string()).collect()
    }

    #[test]
    fn a_meeting_under_way_is_still_there_and_one_that_ended_is_not() {
        let rule = MeetingRule::default();
        let list = |from| days(&agenda(&rule, &[], utc(from), utc("2027-03-24T00:00:00Z")));
        assert_eq!(list("2027-03-15T20:59:59Z"), ["2027-03-15", "2027-03-22"]);
        assert_eq!(list("2027-03-15T21:00:00Z"), ["2027-03-22"]);
    }

    #[test]
    fn moved_and_cancelled_meetings_take_the_place_of_the_regular_ones() {
        let rule = MeetingRule::default();
        let stored = [
            changed("2027-03-22", utc("2027-03-31T18:00:00Z"), Standing::Moved),
            changed("2027-03-29", utc("2027-03-29T18:00:00Z"), Standing::Cancelled),
            changed("2027-04-05", utc("2027-04-05T09:00:00Z"), Standing::Regular),
        ];
        let list = agenda(&rule, &stored, utc("2027-03-20T00:00:00Z"), utc("2027-04-10T00:00:00Z"));
        assert_eq!(days(&list), ["2027-03-29", "2027-03-22", "2027-04-05"]);
        let held: Vec<bool> = list.iter().map(Occurrence::is_held).collect();
        assert_eq!(held, [false, true, true]);
        assert_eq!(list[1].meeting().date, day("2027-03-31"));
        assert_eq!(
            list[2].starts_at,
            utc("2027-04-05T18:00:00Z"),
            "what nobody changed is as the rule says"
        );
    }

    #[test]
    fn a_new_rule_keeps_what_was_moved_and_forgets_what_was_cancelled() {
        let rule = MeetingRule {
            weekday: Weekday::Wed,
            ..MeetingRule::default()
        };
        let stored = [
            changed("2027-03-22", utc("2027-03-23T19:00:00Z"), Standing::Moved),
            changed("2027-03-29", utc("2027-03-29T18:00:00Z"), Standing::Cancelled),
        ];
        let list = agenda(&rule, &stored, utc("2027-03-20T00:00:00Z"), utc("2027-04-01T00:00:00Z"));
        assert_eq!(days(&list), ["2027-03-22", "2027-03-24", "2027-03-31"]);
    }

    proptest! {
        /// Over any year, with any meetings moved or cancelled: each Monday is there once, at 20:00 in Paris unless moved.
        #[test]
        fn each_monday_is_there_exactly_once(
            year in 2000i32..2100,
            touched in proptest::collection::btree_map(0usize..52, (any::<bool>(), -72i64..72), 0..8),
        ) {
            let rule = MeetingRule::default();
            let start = crate::domain::calendar::civil(NaiveDate::from_ymd_opt(year, 1, 1).unwrap(), chrono::NaiveTime::MIN);
            let from = start - TimeDelta::days(7);
            let until = start + TimeDelta::days(380);
            let regular: Vec<Meeting> = rule.between(start, start + TimeDelta::days(364)).collect();
            let stored: Vec<Occurrence> = touched
                .iter()
                .filter_map(|(index, (cancelled, hours))| {
                    let meeting = regular.get(*index)?;
                    let by = if *cancelled { TimeDelta::zero() } else { TimeDelta::hours(*hours) };
                    Some(Occurrence {
                        day: meeting.date,
                        starts_at: meeting.starts_at + by,
                        ends_at: meeting.ends_at + by,
                        standing: if *cancelled { Standing::Cancelled } else { Standing::Moved },
                    })
                })
                .collect();
            let list = agenda(&rule, &stored, from, until);
            for monday in &regular {
                let found: Vec<&Occurrence> = list.iter().filter(|one| one.day == monday.date).collect();
                prop_assert_eq!(found.len(), 1, "{}", monday.date);
                prop_assert_eq!(found[0].day.weekday(), Weekday::Mon);
                if found[0].standing == Standing::Regular {
                    prop_assert_eq!(found[0].starts_at, monday.starts_at);
                    prop_assert_eq!(crate::domain::calendar::paris_time(found[0].starts_at), rule.time);
                }
            }
            prop_assert!(list.windows(2).all(|pair| pair[0].starts_at <= pair[1].starts_at));
        }
    }
}
