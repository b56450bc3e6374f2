//! What the page is given: whom one may be, where time may jump, what there is to try.

use chrono::{DateTime, Datelike as _, Days, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Europe::Paris;

use super::super::snowflake::Id;
use super::super::world::World;

/// Somebody whom the visitor may be.
#[derive(Clone, Debug)]
pub struct Character {
    /// The account.
    pub user: Id,
    /// What this person is, in a word or two: «Relai local».
    pub role: String,
    /// What one can see or do as this person, in a sentence.
    pub about: String,
}

/// Somebody who has no account yet and arrives when the visitor says so.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The unique name of the account.
    pub username: String,
    /// The display name.
    pub display: String,
    /// What this person is.
    pub role: String,
    /// What one can see or do as this person.
    pub about: String,
}

/// Where time may jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// By so much.
    By(TimeDelta),
    /// To the next such day at that hour, in Paris.
    Next(Weekday, u32),
}

impl Jump {
    /// The instant to which it leads from `now`, always later.
    #[must_use]
    pub fn from(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Jump::By(by) => now + by,
            Jump::Next(day, hour) => {
                let today = now.with_timezone(&Paris).date_naive();
                let ahead =
                    (7 + u64::from(day.num_days_from_monday()) - u64::from(today.weekday().num_days_from_monday())) % 7;
                let at = |days: u64| {
                    let date = today.checked_add_days(Days::new(days))?.and_hms_opt(hour, 0, 0)?;
                    // An hour that the change of March skips does not exist: the next one will do.
                    let civil = Paris.from_local_datetime(&date).earliest();
                    let civil =
                        civil.or_else(|| Paris.from_local_datetime(&(date + TimeDelta::hours(1))).earliest())?;
                    Some(civil.with_timezone(&Utc))
                };
                [ahead, ahead + 7]
                    .into_iter()
                    .filter_map(at)
                    .find(|at| *at > now)
                    .unwrap_or(now)
            }
        }
    }
}

/// A button of the clock.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What stands on it.
    pub label: String,
    /// Where it leads.
    pub jump: Jump,
}

/// A step of the guided tour.
pub struct Stop {
    /// Its title: what to try.
    pub title: String,
    /// How to do it.
    pub text: String,
    /// As whom.
    pub who: Option<Id>,
    /// Whether it has been done, seen from the world alone; the bot is never asked.
    pub done: Box<dyn Fn(&World) -> bool + Send + Sync>,
}

/// Told the new present whenever the visitor moves time.
pub(super) type Moved = Box<dyn Fn(DateTime<Utc>) + Send + Sync>;

/// Everything that the page is given.
pub struct Stage {
    /// What stands at the head of the page.
    pub title: String,
    /// Whom the visitor may be; the first one to begin with.
    pub cast: Vec<Character>,
    /// Those who may arrive, in order.
    pub newcomers: Vec<Newcomer>,
    /// Where time may jump.
    pub moments: Vec<Moment>,
    /// The guided tour.
    pub tour: Vec<Stop>,
    /// Called with the new present after each jump, for the clocks of others.
    pub moved: Moved,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn jumps_lead_to_paris_hours_and_never_stand_still() {
        let saturday = at("2027-03-06T09:12:00Z");
        let sunday = Jump::Next(Weekday::Sun, 18);
        assert_eq!(sunday.from(saturday), at("2027-03-07T17:00:00Z"));
        assert_eq!(Jump::Next(Weekday::Mon, 20).from(saturday), at("2027-03-08T19:00:00Z"));
        // On the hour itself, the next one is a week later.
        assert_eq!(sunday.from(at("2027-03-07T17:00:00Z")), at("2027-03-14T17:00:00Z"));
        // Summer time begins on 28 March.
        assert_eq!(sunday.from(at("2027-03-27T12:00:00Z")), at("2027-03-28T16:00:00Z"));
        assert_eq!(Jump::By(TimeDelta::hours(1)).from(saturday), at("2027-03-06T10:12:00Z"));
    }
}
