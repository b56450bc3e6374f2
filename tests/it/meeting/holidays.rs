//! The question about a meeting that falls on a public holiday: asked once, answered once.

use chrono::TimeDelta;
use maillage::loopback::{AnswerKind, labels_of};
use maillage::usecases::meeting;

use super::{house_with, posts, utc, wait_event};
use crate::support::{House, server, until};
use crate::world::{World, actor};

/// Easter Monday is 14 April 2031; a week before at nine in Paris, the team is asked.
const ASKED: &str = "2031-04-07T07:00:00Z";

/// A house with a second member of the national team, where both have been asked.
async fn asked() -> House {
    let builder = server().member("yann", "Yann Morel", &["MCP national"]);
    let house = house_with(builder.starting_at(utc("2031-04-07T06:59:59Z"))).await;
    assert!(house.person("nadia").dms().is_empty());
    house.advance(TimeDelta::seconds(1));
    assert_eq!(house.now(), utc(ASKED));
    for name in ["nadia", "yann"] {
        let told = house
            .person(name)
            .wait_dm("the question", |message| message.content.contains("jour férié"))
            .await;
        assert!(told.content.contains("le lundi de Pâques"), "{}", told.content);
        assert_eq!(labels_of(&told), ["Maintenir", "Annuler cette réunion", "Déplacer"]);
    }
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_counts_and_the_second_press_is_told_so() {
    let mut house = asked().await;
    house.resurrect().await;
    let (nadia, yann) = (house.person("nadia"), house.person("yann"));
    let answer = nadia.press(&nadia.dms()[0], "Maintenir").await.unwrap();
    assert_eq!(answer.kind, AnswerKind::Update);
    assert!(answer.text().contains("est maintenue"), "{}", answer.text());
    let late = yann.press(&yann.dms()[0], "Annuler cette réunion").await.unwrap();
    assert!(
        late.text().contains("déjà décidé") && late.text().contains("Nadia Benali"),
        "{}",
        late.text()
    );
    let form = yann.press(&yann.dms()[0], "Déplacer").await.unwrap();
    assert!(form.text().contains("déjà décidé"), "{}", form.text());
    house.advance(TimeDelta::days(1));
    house.restart().await;
    assert_eq!(nadia.dms().len(), 1, "asked once");
    assert!(
        posts(&house)
            .iter()
            .all(|post| !post.content.contains("n’aura pas lieu"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_meeting_is_moved_by_a_form_and_called_off_by_a_button() {
    let house = asked().await;
    let (nadia, yann) = (house.person("nadia"), house.person("yann"));
    let form = nadia.press(&nadia.dms()[0], "Déplacer").await.unwrap();
    assert_eq!(form.kind, AnswerKind::Modal);
    let wrong = nadia.submit_modal(&form, &[("nouvelle", "demain")]).await.unwrap();
    assert!(wrong.text().contains("ne se lit pas"), "{}", wrong.text());
    let form = nadia.press(&nadia.dms()[0], "Déplacer").await.unwrap();
    let done = nadia
        .submit_modal(&form, &[("nouvelle", "15/04/2031 20:30")])
        .await
        .unwrap();
    assert!(
        done.text().contains("mardi 15 avril 2031 à 20\u{a0}h\u{a0}30"),
        "{}",
        done.text()
    );
    until("the announcement", || async {
        posts(&house).iter().any(|post| post.content.contains("est déplacée"))
    })
    .await;
    let late = yann.press(&yann.dms()[0], "Maintenir").await.unwrap();
    assert!(late.text().contains("déplacée au mardi 15 avril"), "{}", late.text());
    // The meeting of that very Monday keeps its event until it is over.
    wait_event(&house, "2031-04-07T18:00:00Z").await;

    let house = asked().await;
    let nadia = house.person("nadia");
    // Who is no longer of the national team decides nothing more.
    let role = house.discord.role("MCP national");
    house.discord.admin().take_role(nadia.id(), role);
    until("the role to be gone", || async {
        let answer = nadia.slash("relai liste", &[]).await.unwrap();
        answer.text().contains("réservée")
    })
    .await;
    let refused = nadia.press(&nadia.dms()[0], "Maintenir").await.unwrap();
    assert!(
        refused.text().contains("réservée à l’équipe nationale"),
        "{}",
        refused.text()
    );
    let yann = house.person("yann");
    let done = yann.press(&yann.dms()[0], "Annuler cette réunion").await.unwrap();
    assert!(done.text().contains("est annulée"), "{}", done.text());
    until("the announcement", || async {
        posts(&house)
            .iter()
            .any(|post| post.content.contains("n’aura pas lieu"))
    })
    .await;
}

#[tokio::test]
async fn it_is_asked_in_time_once_and_never_of_what_was_decided() {
    // 29 March 2027 is Easter Monday, 17 May Whit Monday.
    let asked = "SELECT count(*) FROM outbox WHERE key LIKE 'meeting-holiday:%'";
    let mut world = World::new().await;
    let ask = utc("2027-03-22T08:00:00Z");
    meeting::step(&world.app, ask).await.unwrap();
    assert_eq!(world.number(asked).await, 0, "nobody can be asked yet");
    let nadia = world.national(10).await;
    meeting::step(&world.app, ask - TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(world.number(asked).await, 0);
    for minutes in 0..3 {
        meeting::step(&world.app, ask + TimeDelta::minutes(minutes))
            .await
            .unwrap();
    }
    assert_eq!(world.number(asked).await, 1);
    let whit = utc("2027-05-03T10:00:00Z");
    meeting::cancel(&world.app, nadia, "17/05/2027", None, whit)
        .await
        .unwrap();
    meeting::step(&world.app, utc("2027-05-12T10:00:00Z")).await.unwrap();
    assert_eq!(world.number(asked).await, 1, "it was called off before the question");
    world.app.settings.tunables.meeting.holiday_notice_days = 0;
    // 1 November 2027 is a Monday, and a public holiday.
    meeting::step(&world.app, utc("2027-10-30T10:00:00Z")).await.unwrap();
    assert_eq!(world.number(asked).await, 1, "the host wants no question");
    world.app.settings.tunables.meeting.holiday_notice_days = 7;
    meeting::step(&world.app, utc("2027-10-30T10:00:00Z")).await.unwrap();
    assert_eq!(world.number(asked).await, 2, "late, and still in time");
    assert!(
        meeting::keep(&world.app, actor(11), "2027-11-01".parse().unwrap(), whit)
            .await
            .is_err()
    );
}
