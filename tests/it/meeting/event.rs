//! The one native event of the next meeting, on a Discord that fails, forgets and is tampered with.

use chrono::TimeDelta;
use maillage::loopback::model::EventStatus;
use maillage::loopback::{Action, BOT_PERMISSIONS, Fault, Gate, Value, labels_of};
use maillage::store::setbacks;

use super::{changes, events, house_at, house_with, open_events, posts, utc, wait_event};
use crate::support::{House, server, until};

/// A Wednesday; the next meeting is the first after the change of March.
const WEDNESDAY: &str = "2031-03-26T12:00:00Z";
const MONDAY: &str = "2031-03-31T18:00:00Z";
const NEXT: &str = "2031-04-07T18:00:00Z";
const EVENTS: &str = "/guilds/{guild}/scheduled-events";

#[tokio::test(flavor = "multi_thread")]
async fn the_next_meeting_has_one_event_and_a_converged_server_costs_nothing() {
    let mut house = house_at(WEDNESDAY).await;
    let event = wait_event(&house, MONDAY).await;
    assert_eq!(event.name, "Réunion des nouveaux arrivants");
    assert_eq!((event.entity_type, event.channel_id), (3, None), "held elsewhere");
    assert_eq!(event.end, Some(utc(MONDAY) + TimeDelta::hours(2)));
    assert_eq!(event.location.as_deref(), Some("Sur ce serveur Discord"));
    assert!(event.description.unwrap().ends_with("réf. réunion 2031-03-31"));
    assert_eq!(changes(&house), 1);
    house.restart().await;
    house.resurrect().await;
    let looks = || house.discord.calls().route("GET", EVENTS).count();
    let before = looks();
    house.advance(TimeDelta::minutes(11));
    until("another look", || async { looks() > before }).await;
    // The look finds nothing to do, and the next one comes with its time only.
    let now = looks();
    house.advance(TimeDelta::minutes(1));
    house.person("lea").slash("mon-groupe", &[]).await.unwrap();
    assert_eq!((changes(&house), looks()), (1, now));
    assert_eq!(events(&house).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_is_the_hosts_else_the_meeting_channel() {
    let mut house = House::closed_with(server().starting_at(utc(WEDNESDAY)).channel("agora"), |_| {}).await;
    let channel = house.discord.channel("agora");
    house.settings.tunables.channels.meeting = Some(channel);
    house.start().await;
    let link = format!("https://discord.com/channels/{}/{channel}", house.discord.guild_id());
    let event = wait_event(&house, MONDAY).await;
    assert_eq!(event.location, Some(link));
    house.stop().await;
    house.settings.tunables.meeting.place = Some("Salle des fêtes".to_owned());
    house.start().await;
    until("the new place", || async {
        open_events(&house)[0].location.as_deref() == Some("Salle des fêtes")
    })
    .await;
    assert_eq!((changes(&house), open_events(&house)[0].id), (2, event.id), "one edit");
    let edit = house.discord.calls().route("PATCH", &format!("{EVENTS}/{{event}}"));
    assert_eq!(
        edit.only(|call| call.body.as_object().unwrap().len() == 1).count(),
        1,
        "which sends the place alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_or_moved_by_hand_is_put_back() {
    let mut house = house_at(WEDNESDAY).await;
    let first = wait_event(&house, MONDAY).await;
    house.discord.admin().delete_event(first.id);
    house.advance(TimeDelta::minutes(11));
    let second = wait_event(&house, MONDAY).await;
    assert_ne!(first.id, second.id);
    house
        .discord
        .admin()
        .move_event(second.id, utc(NEXT), Some(utc(NEXT) + TimeDelta::hours(1)));
    house.restart().await;
    let third = wait_event(&house, MONDAY).await;
    assert_eq!(
        (third.id, third.end),
        (second.id, Some(utc(MONDAY) + TimeDelta::hours(2)))
    );
    // A new session of the gateway calls for a look, without a restart.
    house.discord.admin().delete_event(third.id);
    house.discord.gateway().invalidate(false);
    wait_event(&house, MONDAY).await;
    assert_eq!(events(&house).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_makes_no_second_event() {
    let house = house_at(WEDNESDAY).await;
    let first = wait_event(&house, MONDAY).await;
    house.discord.gateway().cut();
    until("the connection to be back", || async {
        house.discord.gateway().connected() == 1
    })
    .await;
    house.discord.gateway().invalidate(false);
    until("the new session", || async {
        house.discord.gateway().identifies() == 2
    })
    .await;
    house.advance(TimeDelta::minutes(11));
    house.person("lea").slash("reunion prochaine", &[]).await.unwrap();
    assert_eq!(
        (
            events(&house).len(),
            changes(&house),
            wait_event(&house, MONDAY).await.id
        ),
        (1, 1, first.id)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_creation_makes_one_event_whatever_became_of_it() {
    let actions = [
        Action::FailAfter(502),
        Action::ResetAfter,
        Action::Fail(503, 0, "away"),
        Action::Reset,
        Action::TooMany(0.5, false),
        Action::CloudflareTooMany(1),
    ];
    for action in actions {
        let house = House::closed_with(server().starting_at(utc(WEDNESDAY)), |_| {}).await;
        house
            .discord
            .faults()
            .add(Fault::on("POST", EVENTS, action.clone()).times(2));
        let mut house = house;
        house.start().await;
        until("the event", || async {
            house.advance(TimeDelta::seconds(5));
            open_events(&house).len() == 1 && bound(&house).await && waiting(&house).await.is_empty()
        })
        .await;
        assert_eq!(events(&house).len(), 1, "after {action:?}");
    }
}

/// Whether the event of the next meeting is written down.
async fn bound(house: &House) -> bool {
    let pool = crate::world::raw(&house.database()).await;
    let bound: i64 =
        sqlx::query_scalar("SELECT count(*) FROM bindings WHERE kind = 'event' AND discord_id IS NOT NULL")
            .fetch_one(&pool)
            .await
            .unwrap();
    bound == 1
}

/// What waits because Discord failed or refused, by subject.
async fn waiting(house: &House) -> Vec<(String, &'static str)> {
    let app = house.app();
    let mut tx = app.store.read().await.unwrap();
    let setbacks = setbacks::load(&mut tx).await.unwrap();
    setbacks
        .into_iter()
        .filter(|(subject, _)| subject.starts_with("event:"))
        .map(|(subject, setback)| (subject, setback.kind.key()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_between_the_call_and_its_record_makes_no_second_event() {
    let mut house = House::closed_with(server().starting_at(utc(WEDNESDAY)), |_| {}).await;
    let gate = Gate::new();
    house
        .discord
        .faults()
        .add(Fault::on("POST", EVENTS, Action::PauseAfter(gate.clone())));
    house.start_only().await;
    gate.reached().await;
    house.kill().await;
    gate.open();
    house.start().await;
    until("the event to be adopted", || async { bound(&house).await }).await;
    assert_eq!((events(&house).len(), changes(&house)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_the_rest_goes_on_and_the_event_comes_with_it() {
    let events_bits = (1 << 33) | (1 << 44);
    let house = house_with(
        server()
            .starting_at(utc(WEDNESDAY))
            .bot_permissions(BOT_PERMISSIONS & !events_bits),
    )
    .await;
    until("the refusal to be written down", || async {
        waiting(&house).await == [("event:2031-03-31".to_owned(), "forbidden")]
    })
    .await;
    // A person is not kept from the answer, nor the channel from its reminders.
    let answer = house.person("lea").slash("reunion prochaine", &[]).await.unwrap();
    assert!(answer.text().contains(&format!("<t:{}:F>", utc(MONDAY).timestamp())));
    let tried = changes(&house);
    house.advance(TimeDelta::seconds(30));
    house.person("lea").slash("mon-groupe", &[]).await.unwrap();
    assert_eq!(changes(&house), tried, "it is not asked again and again");
    house.advance(utc("2031-03-30T16:00:00Z") - house.now());
    until("the reminder", || async { posts(&house).len() == 1 }).await;
    assert!(open_events(&house).is_empty());
    house.discord.admin().set_bot_permissions(BOT_PERMISSIONS);
    house.advance(TimeDelta::minutes(16));
    wait_event(&house, MONDAY).await;
    until("the refusal to be forgotten", || async {
        waiting(&house).await.is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_moved_called_off_and_held_again_takes_its_event_along() {
    let house = house_at(WEDNESDAY).await;
    let first = wait_event(&house, MONDAY).await;
    let (nadia, lea) = (house.person("nadia"), house.person("lea"));
    let shown = lea.slash("reunion prochaine", &[]).await.unwrap();
    assert_eq!(
        labels_of(&shown.message().unwrap()),
        ["Me le rappeler", "Voir l'événement"]
    );
    lea.press(&shown, "Me le rappeler").await.unwrap();

    let tuesday = "2031-04-01T17:30:00Z";
    let options = |date: &str, new: &str| [("date", Value::from(date)), ("nouvelle", Value::from(new))];
    let answer = nadia
        .slash("reunion deplacer", &options("31/03/2031", "01/04/2031 19:30"))
        .await
        .unwrap();
    let text = answer.text();
    assert!(answer.ephemeral() && text.contains("La réunion est déplacée"), "{text}");
    assert!(text.contains("mardi 1er avril 2031 à 19\u{a0}h\u{a0}30"), "{text}");
    assert!(text.contains("Une personne"), "{text}");
    assert_eq!(wait_event(&house, tuesday).await.id, first.id, "the same event, edited");
    until("the announcement", || async { posts(&house).len() == 1 }).await;
    assert!(posts(&house)[0].content.contains("est déplacée"));
    lea.wait_dm("the move", |message| message.content.contains("est déplacée"))
        .await;

    let off = [("date", "2031-04-01".into()), ("motif", "Grève *générale*".into())];
    let answer = nadia.slash("reunion annuler", &off).await.unwrap();
    assert!(answer.text().contains("Grève \\*générale\\*"), "{}", answer.text());
    let second = wait_event(&house, NEXT).await;
    let gone = events(&house).into_iter().find(|event| event.id == first.id).unwrap();
    assert_eq!(gone.status, EventStatus::Canceled, "those interested read it so");
    let again = nadia.slash("reunion annuler", &off).await.unwrap();
    assert!(again.text().contains("déjà annulée"), "{}", again.text());

    let answer = nadia
        .slash("reunion deplacer", &options("31/03/2031", "31/03/2031"))
        .await
        .unwrap();
    assert!(answer.text().contains("rétablie"), "{}", answer.text());
    let third = wait_event(&house, MONDAY).await;
    assert!(third.id != first.id, "what is called off on Discord stays so");
    assert!(
        events(&house).iter().all(|event| event.id != second.id),
        "one event at a time"
    );
    until("every announcement", || async { posts(&house).len() == 3 }).await;
    until("every message", || async {
        lea.dms()
            .iter()
            .filter(|message| message.content.starts_with("📅"))
            .count()
            == 3
    })
    .await;
    // Whoever is not of the national team changes nothing.
    let refused = lea
        .slash("reunion annuler", &[("date", "31/03/2031".into())])
        .await
        .unwrap();
    assert!(refused.text().contains("réservée à l’équipe nationale"));
    assert_eq!(open_events(&house).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reminders_reach_the_channel_and_those_who_ask_until_they_say_no() {
    let mut house = house_at(WEDNESDAY).await;
    let (lea, noe) = (house.person("lea"), house.person("noe"));
    for person in [&lea, &noe] {
        let shown = person.slash("reunion prochaine", &[]).await.unwrap();
        assert!(shown.ephemeral());
        person.press(&shown, "Me le rappeler").await.unwrap();
    }
    house.discord.admin().set_dms_closed(noe.id(), true);
    let shown = lea.slash("reunion prochaine", &[]).await.unwrap();
    assert!(labels_of(&shown.message().unwrap()).contains(&"Ne plus me le rappeler".to_owned()));
    house.advance(utc("2031-03-30T15:59:59Z") - house.now());
    house.restart().await;
    assert!(posts(&house).is_empty() && lea.dms().is_empty(), "not before its time");
    house.advance(TimeDelta::seconds(1));
    until("the reminder of the eve", || async {
        posts(&house).len() == 1 && lea.dms().len() == 1
    })
    .await;
    assert!(
        posts(&house)[0].content.contains("Demain"),
        "{}",
        posts(&house)[0].content
    );
    assert_eq!(labels_of(&lea.dms()[0]), ["Ne plus me le rappeler"]);
    // The button still answers in another process, and what was sent is not sent again.
    house.resurrect().await;
    let answer = lea.press(&lea.dms()[0], "Ne plus me le rappeler").await.unwrap();
    assert!(answer.text().contains("s’arrêtent"), "{}", answer.text());
    // Asleep until the meeting has begun: of the two reminders missed, the one that still serves goes.
    house.stop().await;
    house.advance(utc("2031-03-31T18:10:00Z") - house.now());
    house.start().await;
    until("the reminder of the start", || async { posts(&house).len() == 2 }).await;
    assert!(
        posts(&house)[1].content.contains("commence.**"),
        "{}",
        posts(&house)[1].content
    );
    house.advance(utc("2031-03-31T18:29:00Z") - house.now());
    house.restart().await;
    assert_eq!((posts(&house).len(), lea.dms().len()), (2, 1), "she said no");
    // Asleep too long: nothing stale is sent, and the week after is there.
    house.stop().await;
    house.advance(utc("2031-04-07T18:31:00Z") - house.now());
    house.start().await;
    house.advance(utc("2031-04-07T20:00:00Z") - house.now());
    wait_event(&house, "2031-04-14T18:00:00Z").await;
    assert_eq!(posts(&house).len(), 2);
}
