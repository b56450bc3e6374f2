use chrono::{DateTime, TimeDelta, Utc};
use maillage::domain::contact::OutcomeKind;
use maillage::domain::ids::{PersonId, UserId};
use maillage::domain::notice::{Notice, Recipient};
use maillage::texts::contacts::Digest;
use maillage::usecases::reminders;

use crate::ground::{CAMILLE, Ground, INES, NOE};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

impl Ground {
    fn set(&self, text: &str) {
        assert!(self.clock.set(at(text)));
    }

    /// What the step of this instant tells.
    async fn reminded(&self) -> Vec<(Recipient, Notice)> {
        reminders::step(&self.app, self.now()).await.unwrap();
        self.told().await
    }

    async fn named(&self, relay: UserId, people: &[PersonId]) -> Vec<String> {
        let mut tx = self.app.store.read().await.unwrap();
        let due = reminders::call_backs(&mut tx, relay, people, self.now()).await.unwrap();
        due.into_iter().map(|(name, _)| name).collect()
    }
}

fn call_backs(user: UserId, people: &[PersonId]) -> (Recipient, Notice) {
    (
        Recipient::User(user),
        Notice::CallBacks {
            people: people.to_vec(),
        },
    )
}

// The ground's clock begins on Monday, 1 March 2027, at 13:00 in Paris; digests go on Tuesdays at 18:00.

#[tokio::test]
async fn call_backs_are_reminded_once_at_eighteen_in_paris() {
    let ground = Ground::new().await;
    let [one, two, later] = [
        ground.contact(1).await,
        ground.contact(2).await,
        ground.contact(3).await,
    ];
    for (person, on) in [(one, "2027-03-03"), (two, "2027-03-03"), (later, "2027-03-04")] {
        ground.call_back(CAMILLE, person, on.parse().unwrap()).await.unwrap();
    }
    ground.set("2027-03-03T16:59:59Z");
    ground.reminded().await;
    assert_eq!(ground.reminded().await, []);
    ground.set("2027-03-03T17:00:00Z");
    assert_eq!(reminders::next(&ground.app, ground.now()), at("2027-03-04T17:00:00Z"));
    assert_eq!(
        ground.reminded().await,
        [call_backs(CAMILLE, &[one, two])],
        "one message, to who made the appointments"
    );
    assert_eq!(ground.named(CAMILLE, &[one, two]).await, ["Lou R.", "Lou R."]);
    assert_eq!(ground.reminded().await, [], "once");
    ground.set("2027-03-04T17:30:00Z");
    assert_eq!(
        ground.reminded().await,
        [call_backs(CAMILLE, &[later])],
        "those of the day before are not told again"
    );
    assert!(!ground.leaks("Roche1"), "the outbox names nobody");
}

#[tokio::test]
async fn a_new_appointment_is_a_new_reminder() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground
        .call_back(CAMILLE, person, "2027-03-03".parse().unwrap())
        .await
        .unwrap();
    ground.set("2027-03-03T18:00:00Z");
    assert_eq!(ground.reminded().await.last(), Some(&call_backs(CAMILLE, &[person])));
    ground
        .call_back(CAMILLE, person, "2027-03-05".parse().unwrap())
        .await
        .unwrap();
    ground.set("2027-03-05T17:00:00Z");
    assert_eq!(ground.reminded().await, [call_backs(CAMILLE, &[person])]);
}

#[tokio::test]
async fn after_downtime_the_reminder_is_sent_while_the_person_waits() {
    let ground = Ground::new().await;
    let [waiting, called] = [ground.contact(1).await, ground.contact(2).await];
    ground
        .call_back(CAMILLE, waiting, "2027-03-01".parse().unwrap())
        .await
        .unwrap();
    ground
        .call_back(CAMILLE, called, "2027-03-01".parse().unwrap())
        .await
        .unwrap();
    ground.set("2027-03-03T09:00:00Z");
    ground.call(CAMILLE, called, OutcomeKind::NoAnswer).await.unwrap();
    assert!(ground.reminded().await.contains(&call_backs(CAMILLE, &[waiting])));
}

#[tokio::test]
async fn the_appointments_of_a_relay_who_left_are_the_other_s() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground
        .call_back(CAMILLE, person, "2027-03-03".parse().unwrap())
        .await
        .unwrap();
    ground.dismiss(ground.lunel, CAMILLE).await;
    ground.set("2027-03-03T17:00:00Z");
    let told = ground.reminded().await;
    assert!(told.contains(&call_backs(NOE, &[person])), "{told:?}");
    assert!(
        !told
            .iter()
            .any(|(to, _)| [CAMILLE, INES].map(Recipient::User).contains(to))
    );
    assert!(
        ground.named(CAMILLE, &[person]).await.is_empty(),
        "access is lost at once"
    );
}

#[tokio::test]
async fn without_any_relay_the_reminder_waits_for_one() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground
        .call_back(CAMILLE, person, "2027-03-03".parse().unwrap())
        .await
        .unwrap();
    ground.dismiss(ground.lunel, CAMILLE).await;
    ground.dismiss(ground.lunel, NOE).await;
    ground.set("2027-03-03T17:00:00Z");
    assert_eq!(ground.reminded().await, []);
    ground.name_relay(ground.lunel, NOE).await;
    assert_eq!(ground.reminded().await, [call_backs(NOE, &[person])]);
}

#[tokio::test]
async fn what_changed_before_the_message_left_is_not_told() {
    let ground = Ground::new().await;
    let [one, two] = [ground.contact(1).await, ground.contact(2).await];
    for person in [one, two] {
        ground
            .call_back(CAMILLE, person, "2027-03-01".parse().unwrap())
            .await
            .unwrap();
    }
    ground.call(CAMILLE, one, OutcomeKind::Refusal).await.unwrap();
    assert_eq!(ground.named(CAMILLE, &[one, two]).await.len(), 1);
    ground.validate(two, ground.lunel).await;
    assert!(ground.named(CAMILLE, &[one, two]).await.is_empty());
}

#[tokio::test]
async fn the_digest_goes_once_a_week_to_whoever_has_something_to_read() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground.contact(2).await;
    ground.validate(person, ground.lunel).await;
    ground.set("2027-03-02T16:59:59Z");
    assert_eq!(ground.reminded().await, [], "the week before is over a day ago");
    ground.set("2027-03-02T17:00:00Z");
    let since = "2027-02-23".parse().unwrap();
    let digest = Notice::RelayDigest { since };
    let expected = [CAMILLE, NOE].map(|user| (Recipient::User(user), digest.clone()));
    assert_eq!(ground.reminded().await, expected, "Inès has nobody to call");
    ground.advance(TimeDelta::hours(3));
    assert_eq!(ground.reminded().await, [], "once");
    let mut tx = ground.app.store.read().await.unwrap();
    let told = reminders::digest(&ground.app, &mut tx, NOE, since, ground.now())
        .await
        .unwrap();
    assert_eq!(
        told,
        Some(Digest {
            new: 1,
            to_call: 1,
            call_backs: 0,
            validated: 1
        })
    );
    assert_eq!(
        reminders::digest(&ground.app, &mut tx, INES, since, ground.now())
            .await
            .unwrap(),
        None
    );
    drop(tx);
    ground.set("2027-03-09T17:00:00Z");
    assert_eq!(ground.reminded().await.len(), 2, "the week after");
    ground.set("2027-03-17T17:00:01Z");
    assert_eq!(
        ground.reminded().await,
        [],
        "a digest a day late waits for the next week"
    );
}

#[tokio::test]
async fn a_step_without_anything_due_does_not_take_the_writer() {
    let ground = Ground::new().await;
    ground.reminded().await;
    let writer = ground.app.store.write().await.unwrap();
    assert!(!reminders::step(&ground.app, ground.now()).await.unwrap());
    drop(writer);
}

/// DMs to relays name «Prénom N.», never a phone or a mail (product.md §17); a channel names nobody.
#[tokio::test]
async fn messages_name_people_shortly_and_a_channel_nobody() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground
        .call_back(CAMILLE, person, "2027-03-01".parse().unwrap())
        .await
        .unwrap();
    let mut tx = ground.app.store.read().await.unwrap();
    let notices = [
        Notice::CallBacks { people: vec![person] },
        Notice::RelayDigest {
            since: "2027-02-23".parse().unwrap(),
        },
        Notice::Joined {
            person,
            group: ground.lunel,
        },
    ];
    for notice in &notices {
        let message = reminders::message(&ground.app, &mut tx, CAMILLE, notice, ground.now())
            .await
            .unwrap()
            .unwrap();
        for secret in ["Roche1", "39980001", "39 98", "example"] {
            assert!(!message.content.contains(secret), "{}", message.content);
        }
    }
    let message = reminders::in_channel(&mut tx, CAMILLE, &notices[0], ground.now())
        .await
        .unwrap()
        .unwrap();
    assert!(
        message.content.contains("1\u{a0}rappel") && !message.content.contains("Lou"),
        "{}",
        message.content
    );
    for notice in &notices[1..] {
        assert_eq!(
            reminders::in_channel(&mut tx, CAMILLE, notice, ground.now())
                .await
                .unwrap(),
            None
        );
    }
    let other = Notice::SpaceReady { group: ground.lunel };
    assert_eq!(
        reminders::message(&ground.app, &mut tx, CAMILLE, &other, ground.now())
            .await
            .unwrap(),
        None
    );
}
