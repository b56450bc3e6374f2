//! A whole year of Mondays, with a program that dies and is restarted at any moment.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};
use maillage::domain::calendar::{MeetingRule, paris_date, paris_time};
use maillage::loopback::model::EventStatus;

use super::{events, open_events, posts, utc};
use crate::support::{House, server, until};

/// Numbers that look random and are the same at each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        // The constants of Knuth's MMIX; the upper bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Moves time, and lets the program die, be restarted, or sleep meanwhile.
async fn pass(house: &mut House, to: DateTime<Utc>, dice: &mut Dice) {
    let by = to - house.now();
    match dice.below(20) {
        0 => {
            house.advance(by);
            house.resurrect().await;
        }
        1 => {
            house.stop().await;
            house.advance(by);
            house.start().await;
        }
        _ => house.advance(by),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_monday_of_a_year_has_one_event_and_three_reminders() {
    let start = utc("2031-01-01T12:00:00Z");
    let mut house = House::closed_with(server().starting_at(start).channel("rappels"), |settings| {
        settings.tunables.backups.kept = 0;
    })
    .await;
    house.settings.tunables.channels.reminders = Some(house.discord.channel("rappels"));
    house.start().await;
    let lea = house.person("lea");
    let shown = lea.slash("reunion prochaine", &[]).await.unwrap();
    lea.press(&shown, "Me le rappeler").await.unwrap();

    let rule = MeetingRule::default();
    let mondays: Vec<_> = rule.between(start, start + TimeDelta::days(366)).collect();
    assert_eq!(mondays.len(), 52);
    let mut dice = Dice(2031);
    let mut told = 0;
    for monday in &mondays {
        until("the event", || async {
            let open = open_events(&house);
            open.len() == 1 && open[0].start == monday.starts_at
        })
        .await;
        for reminder in rule.reminders(monday) {
            // Any moment at which it still serves; the last minute is the reserve of a slow machine.
            let window = (reminder.useful_until - reminder.due).num_seconds() - 60;
            let late = TimeDelta::seconds(dice.below(window.unsigned_abs()).cast_signed());
            pass(&mut house, reminder.due + late, &mut dice).await;
            told += 1;
            until("the reminder", || async {
                posts(&house).len() == told && lea.dms().len() == told
            })
            .await;
        }
        let late = TimeDelta::minutes(dice.below(600).cast_signed());
        pass(&mut house, monday.ends_at + late, &mut dice).await;
    }
    assert_eq!(posts(&house).len(), 3 * 52);
    assert_eq!(lea.dms().len(), 3 * 52);
    let over: Vec<_> = events(&house)
        .into_iter()
        .filter(|event| event.status == EventStatus::Completed)
        .collect();
    let starts: Vec<_> = over.iter().map(|event| event.start).collect();
    assert_eq!(
        starts,
        mondays.iter().map(|monday| monday.starts_at).collect::<Vec<_>>()
    );
    for event in &over {
        assert_eq!(paris_date(event.start).weekday(), Weekday::Mon);
        assert_eq!(paris_time(event.start), NaiveTime::from_hms_opt(20, 0, 0).unwrap());
        assert_eq!(event.end, Some(event.start + TimeDelta::hours(2)));
    }
}
