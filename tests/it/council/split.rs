//! A part of a group becomes a group, and goes back.

use maillage::domain::action::DraftId;
use maillage::domain::ladder::Step;
use maillage::domain::notice::Notice;
use maillage::domain::view::{Message, Row, SelectOf};
use maillage::error::Refusal;
use maillage::store::{groups, posts};
use maillage::texts;
use maillage::texts::regroup::{Choosing, Split};
use maillage::usecases::regroup::split::{self, Turn};
use maillage::usecases::{groups as desk, undo};

use super::*;

/// Marsillargues, in the CA Lunel Agglo.
const MARSILLARGUES: &str = "34151";
const LUNEL: &str = "34145";

async fn start(ground: &Ground, name: &str) -> Outcome<Choosing> {
    split::start(
        &ground.app,
        actor(NATIONAL),
        &ground.lunel.to_string(),
        name,
        ground.now(),
    )
    .await
}

async fn turn(ground: &Ground, draft: &DraftId, turn: Turn<'_>) -> Choosing {
    split::turn(&ground.app, actor(NATIONAL), draft, turn, ground.now())
        .await
        .unwrap()
}

/// Chooses the communes of these names, and goes through with it.
async fn divide(ground: &Ground, name: &str, communes: &[&str]) -> Split {
    let choosing = start(ground, name).await.unwrap();
    let values: Vec<String> = choosing
        .lines
        .iter()
        .filter(|line| communes.contains(&line.name.as_str()))
        .map(|line| line.value.clone())
        .collect();
    assert_eq!(values.len(), communes.len(), "{:?}", choosing.lines);
    turn(ground, &choosing.draft, Turn::Pick(0, &values)).await;
    split::confirm(&ground.app, actor(NATIONAL), &choosing.draft, ground.now())
        .await
        .unwrap()
}

fn offered(message: &Message) -> usize {
    message
        .rows
        .iter()
        .map(|row| match row {
            Row::Select(select) => match &select.of {
                SelectOf::Choices(choices) => choices.len(),
                SelectOf::Users => 0,
            },
            Row::Buttons(_) => 0,
        })
        .sum()
}

#[tokio::test]
async fn communes_are_chosen_page_by_page_and_found_by_their_beginning() {
    let ground = villages(1, 0).await;
    // Nîmes Métropole and Lunel together have more communes than a select holds.
    merge(&ground, ground.nimes, ground.lunel).await.unwrap();
    let first = start(&ground, "Vidourle").await.unwrap();
    assert!(first.total > 25 && first.pages > 1, "{}", first.total);
    let draft = first.draft.clone();
    let mut seen = 0;
    for page in 0..first.pages {
        let shown = turn(&ground, &draft, Turn::Page(page)).await;
        let message = texts::regroup::choose(&shown);
        assert_eq!(message.faults(), Vec::<String>::new());
        seen += offered(&message);
    }
    assert_eq!(seen, first.total, "each commune is on a page");
    assert_eq!(turn(&ground, &draft, Turn::Page(99)).await.page, first.pages - 1);

    let found = turn(&ground, &draft, Turn::Search("SAINT naz")).await;
    assert_eq!(found.found, 1, "{:?}", found.lines);
    let saint = found.lines[0].value.clone();
    turn(&ground, &draft, Turn::Pick(0, std::slice::from_ref(&saint))).await;
    let found = turn(&ground, &draft, Turn::Search("34590")).await;
    assert_eq!(found.lines.len(), 1, "by postal code");
    let other = turn(&ground, &draft, Turn::Pick(0, &[found.lines[0].value.clone()])).await;
    assert_eq!(
        other.chosen.len(),
        2,
        "the choice of other pages is kept: {:?}",
        other.chosen
    );
    let none = turn(&ground, &draft, Turn::Search("zzz")).await;
    assert_eq!(texts::regroup::choose(&none).faults(), Vec::<String>::new());
    let shown = turn(&ground, &draft, Turn::Search("")).await;
    assert_eq!((shown.found, shown.chosen.len()), (first.total, 2));
    // What is no longer chosen on a page is taken out.
    turn(&ground, &draft, Turn::Search("saint naz")).await;
    assert_eq!(turn(&ground, &draft, Turn::Pick(0, &[])).await.chosen.len(), 1);
}

#[tokio::test]
async fn people_of_the_communes_pass_and_those_who_come_later_too() {
    let ground = Ground::new().await;
    for n in 1..=4 {
        member(&ground, ground.lunel, n, "34400", Some(LUNEL)).await;
    }
    for n in 5..=9 {
        member(&ground, ground.lunel, n, "34590", Some(MARSILLARGUES)).await;
    }
    inscrit(&ground, 10, "34400", None).await;
    inscrit(&ground, 11, "34590", Some(MARSILLARGUES)).await;
    ground.told().await;
    let divided = divide(&ground, "Marsillargues", &["Marsillargues"]).await;
    assert_eq!((divided.moved, divided.signed_up, divided.unknown), (5, 6, 1));
    assert_eq!(divided.reached, [Step::Forming]);
    assert_eq!(
        counts(&ground, ground.lunel).await,
        Counts {
            signed_up: 5,
            members: 4
        }
    );
    assert_eq!(
        counts(&ground, divided.group).await,
        Counts {
            signed_up: 6,
            members: 5
        }
    );
    let whom = told(&ground, |notice| matches!(notice, Notice::GroupSplit { .. })).await;
    assert_eq!(whom, [user(CAMILLE), user(NOE), user(AWA)]);
    // Whoever signs up in the commune, or is placed there, is on the new group's list.
    inscrit(&ground, 12, "34590", Some(MARSILLARGUES)).await;
    assert_eq!(counts(&ground, divided.group).await.signed_up, 7);
    let sheet = desk::sheet(&ground.app, actor(NATIONAL), &divided.group.to_string())
        .await
        .unwrap();
    assert_eq!((sheet.communes, sheet.relays.len()), (1, 0));
    let (kind, _) = refused(start(&ground, "marsillargues").await);
    assert_eq!(kind, Refusal::Conflict, "the name is taken");
}

#[tokio::test]
async fn an_undo_brings_everyone_back_newcomers_included() {
    let ground = Ground::new().await;
    for n in 1..=2 {
        member(&ground, ground.lunel, n, "34400", Some(LUNEL)).await;
    }
    for n in 3..=4 {
        member(&ground, ground.lunel, n, "34590", Some(MARSILLARGUES)).await;
    }
    let before = register(&ground).await;
    let divided = divide(&ground, "Marsillargues", &["Marsillargues"]).await;
    let new = member(&ground, divided.group, 5, "34590", Some(MARSILLARGUES)).await;
    ground.name_relay(divided.group, INES).await;
    let preview = undo::preview(&ground.app, actor(NATIONAL), divided.line, ground.now())
        .await
        .unwrap();
    assert!(preview.contains("1\u{a0}personne validée depuis"), "{preview}");
    undo_line(&ground, divided.line).await.unwrap();
    let mut expected = before;
    expected.push(format!("{new} in {} as 5", ground.lunel));
    assert_eq!(register(&ground).await, expected);
    let mut tx = ground.app.store.read().await.unwrap();
    assert_eq!(groups::get(&mut tx, divided.group).await.unwrap(), None);
    assert_eq!(
        posts::relays(&mut tx, ground.lunel).await.unwrap().len(),
        2,
        "Inès has no room there"
    );
    drop(tx);
    assert_eq!(
        raw_rows(&ground, "SELECT insee FROM group_communes").await,
        Vec::<String>::new()
    );
    let (_, text) = refused(undo_line(&ground, divided.line).await);
    assert!(text.contains("déjà défait"), "{text}");
    // It can be done again under the same name.
    let again = divide(&ground, "Marsillargues", &["Marsillargues"]).await;
    assert_eq!(again.moved, 3);
}

#[tokio::test]
async fn a_part_of_a_part_goes_back_to_the_part() {
    let ground = Ground::new().await;
    member(&ground, ground.lunel, 1, "34590", Some(MARSILLARGUES)).await;
    let part = divide(&ground, "Sud", &["Marsillargues", "Lunel-Viel"]).await;
    let choosing = split::start(
        &ground.app,
        actor(NATIONAL),
        &part.group.to_string(),
        "Marsillargues",
        ground.now(),
    )
    .await
    .unwrap();
    assert_eq!(choosing.total, 2);
    let value = choosing
        .lines
        .iter()
        .find(|line| line.name == "Marsillargues")
        .unwrap()
        .value
        .clone();
    turn(&ground, &choosing.draft, Turn::Pick(0, &[value])).await;
    let smaller = split::confirm(&ground.app, actor(NATIONAL), &choosing.draft, ground.now())
        .await
        .unwrap();
    assert_eq!(smaller.moved, 1);
    let (_, text) = refused(undo_line(&ground, part.line).await);
    assert!(text.contains("plus récent"), "{text}");
    undo_line(&ground, smaller.line).await.unwrap();
    assert_eq!(
        raw_rows(
            &ground,
            "SELECT insee || ' ' || group_id FROM group_communes ORDER BY 1"
        )
        .await,
        [
            format!("34146 {}", part.group),
            format!("{MARSILLARGUES} {}", part.group)
        ]
    );
    undo_line(&ground, part.line).await.unwrap();
    assert_eq!(counts(&ground, ground.lunel).await.members, 1);
}

#[tokio::test]
async fn what_cannot_be_split_is_refused_and_a_draft_serves_once() {
    let ground = villages(1, 0).await;
    for (name, kind) in [("", Refusal::Invalid), ("NÎMES", Refusal::Conflict)] {
        assert_eq!(refused(start(&ground, name).await).0, kind, "{name}");
    }
    let choosing = start(&ground, "Vidourle").await.unwrap();
    let nadia = actor(NATIONAL);
    let review = async || split::review(&ground.app, nadia, &choosing.draft, ground.now()).await;
    assert_eq!(refused(review().await).0, Refusal::Invalid, "nothing is chosen");
    let all: Vec<String> = choosing.lines.iter().map(|line| line.value.clone()).collect();
    turn(&ground, &choosing.draft, Turn::Pick(0, &all)).await;
    let (_, text) = refused(review().await);
    assert!(text.contains("il ne resterait rien"), "{text}");
    turn(&ground, &choosing.draft, Turn::Pick(0, &all[..2])).await;
    assert_eq!(review().await.unwrap().communes.len(), 2);
    assert_eq!(
        raw_rows(&ground, "SELECT count(*) || '' FROM groups").await,
        ["2"],
        "nothing has happened yet"
    );
    let other = actor(AWA);
    assert_eq!(
        refused(split::confirm(&ground.app, other, &choosing.draft, ground.now()).await).0,
        Refusal::Reserved
    );
    split::confirm(&ground.app, nadia, &choosing.draft, ground.now())
        .await
        .unwrap();
    let (kind, _) = refused(split::confirm(&ground.app, nadia, &choosing.draft, ground.now()).await);
    assert_eq!(kind, Refusal::Conflict);
    let second = start(&ground, "Autre").await.unwrap();
    split::cancel(&ground.app, nadia, &second.draft, ground.now())
        .await
        .unwrap();
    let cancelled = split::review(&ground.app, nadia, &second.draft, ground.now()).await;
    assert_eq!(refused(cancelled).0, Refusal::Conflict);
    assert!(
        start(&ground, "Autre").await.unwrap().total < choosing.total,
        "the communes given are gone"
    );
}
