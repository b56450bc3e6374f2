use chrono::TimeDelta;
use maillage::domain::action::ListAt;
use maillage::domain::contact::{Filter, OutcomeKind};
use maillage::domain::ids::{PersonId, UserId};
use maillage::error::Refusal;
use maillage::store::calls;
use maillage::texts::contacts::Held;
use maillage::usecases::contacts::{self as cards, Gated};

use super::{first, open, with};
use crate::ground::{CAMILLE, Ground, INES, NOE, STRANGER, actor, refused, typed};

#[tokio::test]
async fn the_charter_comes_first_and_once() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let new = UserId(1010);
    let mut tx = ground.app.store.write().await.unwrap();
    maillage::store::posts::name_relay(&mut tx, ground.lunel, new, ground.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let list = async || {
        cards::list(&ground.app, actor(new), first(Filter::ToCall), ground.now())
            .await
            .unwrap()
    };
    assert!(matches!(list().await, Gated::Charter(_)));
    let card = cards::open(&ground.app, actor(new), person, first(Filter::ToCall), ground.now())
        .await
        .unwrap();
    assert!(matches!(card, Gated::Charter(_)), "a card shows nothing either");
    cards::accept_charter(&ground.app, actor(new), ground.now())
        .await
        .unwrap();
    assert_eq!(open(list().await).total, 1);
    let refusal = refused(cards::accept_charter(&ground.app, actor(STRANGER), ground.now()).await);
    assert_eq!(refusal.0, Refusal::Reserved);
}

#[tokio::test]
async fn each_list_shows_its_people() {
    let ground = Ground::new().await;
    let mut people = Vec::new();
    for n in 0..6 {
        people.push(ground.contact(n).await);
    }
    let tomorrow = (ground.now() + TimeDelta::days(1)).date_naive();
    ground.call_back(CAMILLE, people[1], tomorrow).await.unwrap();
    ground.call(CAMILLE, people[2], OutcomeKind::Refusal).await.unwrap();
    ground.call(CAMILLE, people[3], OutcomeKind::DoNotCall).await.unwrap();
    ground.call(CAMILLE, people[4], OutcomeKind::WrongNumber).await.unwrap();
    ground.validate(people[5], ground.lunel).await;
    assert_eq!(ground.ids(CAMILLE, Filter::ToCall).await, [people[0]]);
    assert_eq!(ground.ids(CAMILLE, Filter::CallBack).await, [people[1]]);
    assert_eq!(ground.ids(CAMILLE, Filter::Validated).await, [people[5]]);
    assert_eq!(ground.ids(CAMILLE, Filter::Refused).await, [people[2], people[3]]);
    assert_eq!(ground.ids(CAMILLE, Filter::All).await, people);
    assert_eq!(ground.list(INES, Filter::All).await.total, 0, "another group's list");
    let refusal = refused(cards::list(&ground.app, actor(STRANGER), first(Filter::All), ground.now()).await);
    assert_eq!(refusal.0, Refusal::Reserved);
}

#[tokio::test]
async fn appointments_come_first_then_whoever_was_never_called() {
    let ground = Ground::new().await;
    let [called, fresh, due, sooner] = [
        ground.contact(1).await,
        ground.contact(2).await,
        ground.contact(3).await,
        ground.contact(4).await,
    ];
    let day = |days| (ground.now() + TimeDelta::days(days)).date_naive();
    ground.call(CAMILLE, called, OutcomeKind::NoAnswer).await.unwrap();
    ground.call_back(CAMILLE, due, day(2)).await.unwrap();
    ground.call_back(CAMILLE, sooner, day(1)).await.unwrap();
    ground.advance(TimeDelta::days(3));
    assert_eq!(ground.ids(CAMILLE, Filter::ToCall).await, [sooner, due, fresh, called]);
}

#[tokio::test]
async fn ten_a_page_and_a_page_past_the_end_is_the_last() {
    let ground = Ground::new().await;
    for n in 0..23 {
        ground.contact(n).await;
    }
    let at = |page| ListAt {
        filter: Filter::ToCall,
        page,
    };
    let (one, three, far) = (
        ground.page(CAMILLE, at(0)).await,
        ground.page(CAMILLE, at(2)).await,
        ground.page(CAMILLE, at(99)).await,
    );
    assert_eq!(
        (one.pages, one.total, one.lines.len(), three.lines.len()),
        (3, 23, 10, 3)
    );
    assert_eq!(far, three);
    let mut seen: Vec<PersonId> = Vec::new();
    for page in 0..3 {
        seen.extend(ground.page(CAMILLE, at(page)).await.lines.iter().map(|line| line.id));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 23, "nobody twice, nobody forgotten");
}

#[tokio::test]
async fn an_empty_list_says_why() {
    let ground = Ground::new().await;
    let reasons = async || ground.list(CAMILLE, Filter::ToCall).await.empty;
    assert_eq!(reasons().await.unwrap().total, 0);
    let [called, later, leased, done] = [
        ground.contact(1).await,
        ground.contact(2).await,
        ground.contact(3).await,
        ground.contact(4).await,
    ];
    assert_eq!(reasons().await, None, "people are offered");
    ground.call(CAMILLE, called, OutcomeKind::NoAnswer).await.unwrap();
    ground
        .call_back(CAMILLE, later, (ground.now() + TimeDelta::days(2)).date_naive())
        .await
        .unwrap();
    ground.card(NOE, leased).await.unwrap();
    ground.call(CAMILLE, done, OutcomeKind::Refusal).await.unwrap();
    let why = reasons().await.unwrap();
    assert_eq!(
        (why.total, why.cooldown, why.later, why.leased, why.done),
        (4, 1, 1, 1, 1)
    );
    assert_eq!(why.cooldown_ends, Some(ground.now() + TimeDelta::hours(20)));
    assert_eq!(
        ground.list(CAMILLE, Filter::CallBack).await.empty,
        None,
        "the other lists have nothing to explain"
    );
}

#[tokio::test]
async fn a_person_called_is_offered_again_after_twenty_hours() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground.call(CAMILLE, person, OutcomeKind::MessageLeft).await.unwrap();
    for user in [CAMILLE, NOE] {
        assert_eq!(ground.ids(user, Filter::ToCall).await, []);
    }
    ground.advance(TimeDelta::hours(20) - TimeDelta::seconds(1));
    assert_eq!(ground.ids(NOE, Filter::ToCall).await, []);
    ground.advance(TimeDelta::seconds(1));
    assert_eq!(ground.ids(NOE, Filter::ToCall).await, [person]);
}

#[tokio::test]
async fn opening_a_card_keeps_the_person_two_hours() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let card = ground.card(CAMILLE, person).await.unwrap();
    let until = ground.now() + TimeDelta::hours(2);
    assert_eq!(card.kept_until, Some(until));
    assert_eq!(
        card.phone,
        Some(("06 39 98 00 01".to_owned(), "+33639980001".to_owned()))
    );
    assert_eq!(card.place.as_deref(), Some("Lunel, Hérault"));
    assert_eq!(ground.ids(CAMILLE, Filter::ToCall).await, [person]);
    assert_eq!(ground.ids(NOE, Filter::ToCall).await, []);
    let line = &ground.list(NOE, Filter::All).await.lines[0];
    assert!(matches!(&line.held, Some(Held::By { whom, until: shown }) if whom.user == CAMILLE && *shown == until));
    let (kind, text) = refused(ground.card(NOE, person).await);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains(&format!("<t:{}:t>", until.timestamp())), "{text}");
    assert_eq!(
        refused(ground.call(NOE, person, OutcomeKind::NoAnswer).await).0,
        Refusal::Conflict
    );
    ground.advance(TimeDelta::hours(2));
    ground.card(NOE, person).await.unwrap();
    assert_eq!(
        refused(ground.card(CAMILLE, person).await).0,
        Refusal::Conflict,
        "taken over"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_relays_at_once_never_hold_the_same_person() {
    let ground = Ground::new().await;
    for n in 0..12 {
        let person = ground.contact(n).await;
        let (one, other) = tokio::join!(ground.card(CAMILLE, person), ground.card(NOE, person));
        assert_ne!(one.is_ok(), other.is_ok(), "exactly one has the card");
    }
}

#[tokio::test]
async fn a_relay_who_leaves_frees_the_people_of_that_group_only() {
    let ground = Ground::new().await;
    ground.name_relay(ground.nimes, CAMILLE).await;
    let lunel = ground.contact(1).await;
    let form = with(typed("Sam", "Petit", 2), |form| form.postal_code = "30000".to_owned());
    let nimes = ground.inscrit(&form).await;
    ground.card(CAMILLE, lunel).await.unwrap();
    ground.card(CAMILLE, nimes).await.unwrap();
    let mut tx = ground.app.store.write().await.unwrap();
    assert_eq!(calls::release_leases(&mut tx, CAMILLE, ground.lunel).await.unwrap(), 1);
    assert_eq!(calls::release_leases(&mut tx, NOE, ground.lunel).await.unwrap(), 0);
    tx.commit().await.unwrap();
    ground.card(NOE, lunel).await.unwrap();
    assert_eq!(refused(ground.card(INES, nimes).await).0, Refusal::Conflict);
}

#[tokio::test]
async fn a_card_out_of_scope_does_not_exist() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let outside = refused(ground.card(INES, person).await);
    let nobody = refused(ground.card(INES, PersonId(987_654)).await);
    assert_eq!(outside.0, Refusal::NotFound);
    assert_eq!(outside, nobody, "the same words");
    assert_eq!(
        refused(ground.call(INES, person, OutcomeKind::Refusal).await).0,
        Refusal::NotFound
    );
    ground.card(CAMILLE, person).await.unwrap();
    ground.dismiss(ground.lunel, CAMILLE).await;
    assert_eq!(
        refused(ground.card(CAMILLE, person).await).0,
        Refusal::Reserved,
        "an open card is of no use"
    );
}

/// A member of another group who lives here is that group's own affair.
#[tokio::test]
async fn members_of_other_groups_are_not_on_the_list() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground.validate(person, ground.nimes).await;
    assert_eq!(ground.ids(CAMILLE, Filter::All).await, []);
    assert_eq!(refused(ground.card(CAMILLE, person).await).0, Refusal::NotFound);
    assert_eq!(ground.ids(INES, Filter::Validated).await, [person]);
    assert_eq!(
        ground.card(INES, person).await.unwrap().kept_until,
        None,
        "nobody has to keep a member"
    );
}

#[tokio::test]
async fn a_validation_can_be_annulled_from_the_card_for_a_day() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    let membership = ground.validate(person, ground.lunel).await;
    assert_eq!(ground.card(CAMILLE, person).await.unwrap().annullable, Some(membership));
    assert_eq!(ground.card(NOE, person).await.unwrap().annullable, Some(membership));
    ground.advance(TimeDelta::hours(24));
    assert_eq!(ground.card(CAMILLE, person).await.unwrap().annullable, None);
}

#[tokio::test]
async fn a_reading_is_journaled_once_for_each_lease() {
    let ground = Ground::new().await;
    let person = ground.contact(1).await;
    ground.list(CAMILLE, Filter::All).await;
    let readings = async || ground.journaled("access.coordinates", person).await;
    assert_eq!(readings().await, 0, "a list shows no phone");
    ground.card(CAMILLE, person).await.unwrap();
    ground.card(CAMILLE, person).await.unwrap();
    assert_eq!(readings().await, 1);
    ground.advance(TimeDelta::hours(3));
    ground.card(NOE, person).await.unwrap();
    assert_eq!(readings().await, 2);
}

/// Ten thousand people: the number of queries is that of a short list, and none of them scans a table.
#[tokio::test]
async fn a_long_list_costs_the_queries_of_a_short_one() {
    let ground = Ground::new().await;
    for n in 0..12 {
        ground.contact(n).await;
    }
    let cost = async || {
        let before = ground.app.store.queries();
        let page = ground.list(CAMILLE, Filter::ToCall).await;
        (page.total, ground.app.store.queries() - before)
    };
    let (short, few) = cost().await;
    let pool = ground.raw().await;
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9988) \
         INSERT INTO people (sealed, phone_index, postal_code, territory_id, placed, source, created_at, updated_at) \
         SELECT p.sealed, p.phone_index, p.postal_code, p.territory_id, p.placed, p.source, p.created_at, p.updated_at \
         FROM n, (SELECT * FROM people ORDER BY id LIMIT 1) p",
    )
    .execute(&pool)
    .await
    .unwrap();
    let (long, as_few) = cost().await;
    assert_eq!((short, long), (12, 10_000));
    assert_eq!(few, as_few);
    assert!(few <= 6, "{few} queries");
}
