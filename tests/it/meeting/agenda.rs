//! What the national team makes of the meetings, and what falls due, on the database alone.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use maillage::config::Settings;
use maillage::domain::calendar::Standing;
use maillage::domain::ids::{ChannelId, UserId};
use maillage::error::{Failure, Outcome, Refusal};
use maillage::store::meeting_subscribers;
use maillage::usecases::meeting;

use super::utc;
use crate::world::{World, actor};

const NATIONAL: u64 = 10;
const SUBSCRIBER: u64 = 20;

/// A database on Tuesday 2 March 2027, 15:00 in Paris; reminders go to a channel and to one account.
async fn world() -> World {
    world_with(|settings| settings.tunables.channels.reminders = Some(5)).await
}

async fn world_with(tune: impl FnOnce(&mut Settings)) -> World {
    let mut world = World::new().await;
    tune(&mut world.app.settings);
    world.national(NATIONAL).await;
    let mut tx = world.app.store.write().await.unwrap();
    meeting_subscribers::add(&mut tx, UserId(SUBSCRIBER), world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world
}

fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> (Refusal, String) {
    match outcome.unwrap_err() {
        Failure::User(error) => (error.kind, error.text),
        Failure::Internal(error) => panic!("{error:?}"),
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn next(world: &World, now: DateTime<Utc>) -> Option<(NaiveDate, DateTime<Utc>)> {
    let mut tx = world.app.store.read().await.unwrap();
    let next = meeting::next(&world.app, &mut tx, now).await.unwrap();
    next.map(|next| (next.day, next.starts_at))
}

async fn outbox(world: &World) -> Vec<String> {
    world.rows("SELECT key FROM outbox").await
}

#[tokio::test]
async fn the_next_meeting_is_known_before_anything_is_stored() {
    let world = world().await;
    let monday = Some((day("2027-03-08"), utc("2027-03-08T19:00:00Z")));
    assert_eq!(next(&world, world.now()).await, monday);
    assert_eq!(
        next(&world, utc("2027-03-08T19:00:00Z")).await,
        Some((day("2027-03-15"), utc("2027-03-15T19:00:00Z"))),
        "one that has begun is not the next"
    );
    meeting::step(&world.app, world.now()).await.unwrap();
    assert_eq!(next(&world, world.now()).await, monday);
    assert_eq!(
        world.rows("SELECT day FROM meetings").await,
        [
            "2027-03-08",
            "2027-03-15",
            "2027-03-22",
            "2027-03-29",
            "2027-04-05",
            "2027-04-12"
        ]
    );
    // Looked at again, nothing is written.
    let before = world.number("SELECT total_changes()").await;
    meeting::step(&world.app, world.now()).await.unwrap();
    assert_eq!(world.number("SELECT total_changes()").await, before);
}

#[tokio::test]
async fn another_rule_takes_the_place_of_the_stored_meetings_that_nobody_touched() {
    let mut world = world().await;
    meeting::step(&world.app, world.now()).await.unwrap();
    let nadia = actor(NATIONAL);
    meeting::reschedule(&world.app, nadia, "15/03/2027", "16/03/2027 18:00", world.now())
        .await
        .unwrap();
    world.app.settings.tunables.meeting.rule.weekday = chrono::Weekday::Wed;
    meeting::step(&world.app, world.now()).await.unwrap();
    assert_eq!(
        world.rows("SELECT day FROM meetings").await,
        [
            "2027-03-03",
            "2027-03-10",
            "2027-03-15",
            "2027-03-17",
            "2027-03-24",
            "2027-03-31",
            "2027-04-07"
        ],
        "what was moved stays where people expect it"
    );
}

#[tokio::test]
async fn a_slip_of_the_finger_is_told_with_what_would_work() {
    let world = world().await;
    let (app, now, nadia) = (&world.app, utc("2027-03-08T19:30:00Z"), actor(NATIONAL));
    let cancel = async |date: &str| refusal(meeting::cancel(app, nadia, date, None, now).await);
    let (kind, text) = refusal(meeting::cancel(app, actor(11), "15/03/2027", None, now).await);
    assert_eq!(kind, Refusal::Reserved, "{text}");
    assert_eq!(cancel("lundi").await.0, Refusal::Invalid);
    let (kind, text) = cancel("17/03/2027").await;
    assert_eq!(kind, Refusal::NotFound);
    for nearest in ["15/03/2027", "22/03/2027"] {
        assert!(text.contains(nearest), "{text}");
    }
    assert!(!text.contains("08/03/2027"), "{text}");
    assert!(cancel("01/03/2027").await.1.contains("est passé"));
    assert!(cancel("08/03/2027").await.1.contains("déjà commencé"));
    assert!(cancel("15/03/2029").await.1.contains("plus d’un an"));
    let long = "x".repeat(201);
    let (_, text) = refusal(meeting::cancel(app, nadia, "15/03/2027", Some(&long), now).await);
    assert!(text.contains("trop long"));
    let shift = async |to: &str| refusal(meeting::reschedule(app, nadia, "15/03/2027", to, now).await);
    assert_eq!(shift("16/03/2027 25:00").await.0, Refusal::Invalid);
    assert!(shift("08/03/2027 20:35").await.1.contains("trop proche"));
    assert!(shift("22/03/2027 18:00").await.1.contains("Une autre réunion"));
    assert!(shift("15/03/2027").await.1.contains("déjà lieu à ce moment"));
    assert!(shift("15/03/2029").await.1.contains("plus d’un an"));
    assert_eq!(
        outbox(&world).await,
        Vec::<String>::new(),
        "nothing was changed nor told"
    );
    assert_eq!(world.number("SELECT count(*) FROM meetings").await, 0);
}

#[tokio::test]
async fn a_change_is_told_in_the_channel_and_to_those_it_concerns() {
    let world = world().await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    // Not the next one: those who asked for reminders learn it in time by the channel.
    let far = meeting::cancel(app, nadia, "22/03/2027", Some("  Grève  des\ntrains "), now)
        .await
        .unwrap();
    assert_eq!((far.reason.as_deref(), far.told.people), (Some("Grève des trains"), 0));
    assert_eq!(far.told.channel, Some(ChannelId(5)));
    assert_eq!(far.next, Some(utc("2027-03-08T19:00:00Z")));
    assert_eq!(outbox(&world).await, ["meeting-changed:2027-03-22:1>channel:5"]);
    let near = meeting::reschedule(app, nadia, "2027-03-08", "09/03/2027 19h30", now)
        .await
        .unwrap();
    assert_eq!(near.told.people, 1);
    assert_eq!(near.after.starts_at, utc("2027-03-09T18:30:00Z"));
    assert_eq!(near.after.ends_at, utc("2027-03-09T20:30:00Z"));
    assert_eq!(
        outbox(&world).await[..2],
        [
            "meeting-changed:2027-03-08:1>channel:5".to_owned(),
            format!("meeting-changed:2027-03-08:1>user:{SUBSCRIBER}")
        ]
    );
    assert_eq!(
        next(&world, now).await,
        Some((day("2027-03-08"), utc("2027-03-09T18:30:00Z")))
    );
    // It is found by the day it is held on, and by the day that named it.
    for date in ["09/03/2027", "08/03/2027"] {
        let (_, text) = refusal(meeting::reschedule(app, nadia, date, "09/03/2027 19:30", now).await);
        assert!(text.contains("déjà lieu"), "{text}");
    }
    assert_eq!(
        world
            .rows("SELECT event || ' ' || before || ' > ' || after FROM journal WHERE actor = 10")
            .await,
        [
            "meeting.cancelled 2027-03-22T19:00:00Z > cancelled 2027-03-22T19:00:00Z",
            "meeting.moved 2027-03-08T19:00:00Z > 2027-03-09T18:30:00Z",
        ]
    );
    // Moved back: as if nothing had been.
    let back = meeting::reschedule(app, nadia, "09/03/2027", "08/03/2027", now)
        .await
        .unwrap();
    assert_eq!(back.after.standing, Standing::Regular);
    assert_eq!(
        next(&world, now).await,
        Some((day("2027-03-08"), utc("2027-03-08T19:00:00Z")))
    );
}

#[tokio::test]
async fn a_meeting_held_earlier_than_usual_is_not_held_twice() {
    let world = world().await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    meeting::reschedule(app, nadia, "08/03/2027", "05/03/2027", now)
        .await
        .unwrap();
    assert_eq!(
        next(&world, now).await,
        Some((day("2027-03-08"), utc("2027-03-05T19:00:00Z")))
    );
    let after = utc("2027-03-06T12:00:00Z");
    assert_eq!(
        next(&world, after).await,
        Some((day("2027-03-15"), utc("2027-03-15T19:00:00Z")))
    );
    meeting::step(app, after).await.unwrap();
    assert_eq!(
        next(&world, after).await,
        Some((day("2027-03-15"), utc("2027-03-15T19:00:00Z")))
    );
}

#[tokio::test]
async fn each_reminder_goes_once_and_not_to_a_meeting_called_off() {
    let world = world().await;
    let (app, nadia) = (&world.app, actor(NATIONAL));
    let keys = |kind: &str, to: &str| format!("meeting:2027-03-08:1804532400:{kind}>{to}");
    let subscriber = format!("user:{SUBSCRIBER}");
    let wake = meeting::step(app, world.now()).await.unwrap();
    assert_eq!(wake, Some(utc("2027-03-07T17:00:00Z")), "the eve at 18:00 in Paris");
    assert!(outbox(&world).await.is_empty());
    for _ in 0..3 {
        meeting::step(app, utc("2027-03-07T17:00:00Z")).await.unwrap();
    }
    assert_eq!(
        outbox(&world).await,
        [keys("veille", "channel:5"), keys("veille", &subscriber)]
    );
    // The process sleeps through the second one: of what was missed, the start still serves.
    meeting::step(app, utc("2027-03-08T19:05:00Z")).await.unwrap();
    assert_eq!(outbox(&world).await.len(), 4);
    assert!(outbox(&world).await.contains(&keys("debut", "channel:5")));
    // The week after is called off between two reminders.
    meeting::step(app, utc("2027-03-14T17:00:00Z")).await.unwrap();
    assert_eq!(outbox(&world).await.len(), 6);
    let off = meeting::cancel(app, nadia, "15/03/2027", None, utc("2027-03-15T10:00:00Z"))
        .await
        .unwrap();
    assert_eq!(off.told.people, 1, "who had been reminded is told");
    assert_eq!(outbox(&world).await.len(), 8);
    for at in ["2027-03-15T18:00:00Z", "2027-03-15T19:00:00Z"] {
        meeting::step(app, utc(at)).await.unwrap();
    }
    assert_eq!(outbox(&world).await.len(), 8);
}

#[tokio::test]
async fn a_meeting_moved_after_its_reminder_has_those_of_its_new_time() {
    let world = world().await;
    let (app, nadia) = (&world.app, actor(NATIONAL));
    meeting::step(app, utc("2027-03-07T17:00:00Z")).await.unwrap();
    // To the same evening: the announcement has just told it, no reminder of the eve follows.
    meeting::reschedule(
        app,
        nadia,
        "08/03/2027",
        "08/03/2027 21:00",
        utc("2027-03-08T10:00:00Z"),
    )
    .await
    .unwrap();
    meeting::step(app, utc("2027-03-08T10:00:00Z")).await.unwrap();
    assert_eq!(
        outbox(&world).await.len(),
        4,
        "the reminder and the announcement, each twice"
    );
    meeting::step(app, utc("2027-03-08T18:00:00Z")).await.unwrap();
    assert_eq!(outbox(&world).await.len(), 4, "an hour before the time that was");
    meeting::step(app, utc("2027-03-08T19:00:00Z")).await.unwrap();
    assert_eq!(outbox(&world).await.len(), 6);
    // To another day: it has an eve again.
    meeting::reschedule(app, nadia, "08/03/2027", "11/03/2027", utc("2027-03-08T19:10:00Z"))
        .await
        .unwrap();
    assert_eq!(outbox(&world).await.len(), 8);
    meeting::step(app, utc("2027-03-10T17:00:00Z")).await.unwrap();
    assert_eq!(outbox(&world).await.len(), 10);
}

#[tokio::test]
async fn whoever_asks_reads_what_was_called_off_and_what_comes() {
    let world = world_with(|_| {}).await;
    let (app, now, nadia) = (&world.app, world.now(), actor(NATIONAL));
    let off = meeting::cancel(app, nadia, "08/03/2027", Some("Pont"), now)
        .await
        .unwrap();
    assert_eq!(off.told.channel, None, "no channel yet");
    let shown = meeting::coming(app, actor(SUBSCRIBER), now).await.unwrap();
    assert!(shown.subscribed && !shown.running);
    assert_eq!(shown.next.map(|next| next.day), Some(day("2027-03-15")));
    let cancelled: Vec<_> = shown
        .cancelled
        .iter()
        .map(|(one, why)| (one.day, why.clone()))
        .collect();
    assert_eq!(cancelled, [(day("2027-03-08"), Some("Pont".to_owned()))]);
    let running = meeting::coming(app, actor(99), utc("2027-03-15T20:00:00Z"))
        .await
        .unwrap();
    assert!(running.running && !running.subscribed && running.cancelled.is_empty());
    // A whole year is called off, and nothing is invented.
    let mut tx = app.store.write().await.unwrap();
    let all = meeting::between(app, &mut tx, now, now + TimeDelta::days(500))
        .await
        .unwrap();
    for one in all {
        let gone = maillage::domain::calendar::Occurrence {
            standing: Standing::Cancelled,
            ..one
        };
        maillage::store::meetings::change(&mut tx, &gone, None, UserId(NATIONAL), now)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(next(&world, now).await, None);
    assert_eq!(meeting::coming(app, nadia, now).await.unwrap().next, None);
}
