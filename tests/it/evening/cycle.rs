//! Import, list, calls, validations, import again: with ten thousand people over the whole country, every state is kept.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};
use maillage::domain::action::ListAt;
use maillage::domain::calendar::paris_date;
use maillage::domain::contact::{Filter, OutcomeKind};
use maillage::domain::ids::{GroupId, PersonId, UserId};
use maillage::store::{authority, posts};
use maillage::usecases::calls::{self, Said};
use maillage::usecases::contacts::{self, Gated};
use maillage::usecases::validation::confirm::{Confirmation, confirm};
use maillage::usecases::validation::form::{Submitted, choose_place, submit};
use maillage::usecases::validation::open::{Asked, Opened, start};
use zeroize::Zeroizing;

use crate::import::{apply, country};
use crate::world::{World, actor};

/// The relays of one group: two accounts.
fn relays(group: GroupId) -> [u64; 2] {
    let n = group.0.unsigned_abs();
    [1_000_000 + 2 * n, 1_000_001 + 2 * n]
}

/// Everything that people and groups are, but what an import may write: dates of sign-up, and the memory of its lines. What is
/// sealed is told by its indexes: the same details sealed twice are not the same bytes.
async fn states(world: &World) -> Vec<String> {
    let mut states = Vec::new();
    for query in [
        "SELECT json_array(id, hex(mail_index), hex(phone_index), hex(name_index), postal_code, insee, territory_id, \
         placed, source, discord_user, call_state, call_back_on, last_call_at, lease_user, lease_until, number_blocked) FROM people",
        "SELECT json_array(id, person_id, at, user_id, outcome, call_back_on, hex(note_sealed)) FROM calls",
        "SELECT json_array(id, person_id, group_id, number, validated_at, validated_by, consent_version, left_at) FROM memberships",
        "SELECT json_array(group_id, step, reached_at, under_since) FROM steps",
        "SELECT json_array(id, name, declared_at, announced_at) FROM groups",
        "SELECT json_array(kind, hex(hash), at) FROM suppressions",
        "SELECT json_array(a, b, verdict) FROM duplicate_pairs",
    ] {
        states.extend(world.rows(query).await);
    }
    states
}

async fn list(world: &World, relay: u64, filter: Filter) -> (usize, Vec<PersonId>) {
    let page = match contacts::list(&world.app, actor(relay), ListAt::first(filter), world.now())
        .await
        .unwrap()
    {
        Gated::Open(page) => page,
        Gated::Charter(_) => panic!("the charter is accepted"),
    };
    (page.total, page.lines.iter().map(|line| line.id).collect())
}

async fn call(world: &World, relay: u64, person: PersonId, kind: OutcomeKind) {
    let said = Said {
        day: (kind == OutcomeKind::CallBack).then(|| paris_date(world.now()) + Days::new(3)),
        note: Some(Zeroizing::new("le soir".to_owned())),
    };
    let at = ListAt::first(Filter::ToCall);
    calls::record(&world.app, actor(relay), person, kind, said, at, world.now())
        .await
        .unwrap();
}

/// `/valider` of someone on file, with another spelling of the name than the website's.
async fn validate(world: &World, relay: u64, person: PersonId) {
    let asked = Asked {
        inscrit: Some(person.to_string()),
        account: None,
    };
    let Opened::Form { draft, mut typed } = start(&world.app, actor(relay), asked, world.now()).await.unwrap() else {
        panic!("the charter is accepted")
    };
    typed.last.push_str("-Dupré");
    if typed.phone.is_empty() {
        typed.phone = format!("01 99 00 {:02} {:02}", person.0 / 100 % 100, person.0 % 100);
    }
    let form = submit(&world.app, actor(relay), &draft, typed, world.now())
        .await
        .unwrap();
    let Submitted::Summary(summary) = form else {
        panic!("well formed")
    };
    // Nobody's commune is known here: where the postal code leaves a doubt, the relay chooses.
    if let (false, Some(place)) = (summary.ready, summary.places.first()) {
        choose_place(&world.app, actor(relay), &draft, &place.value, world.now())
            .await
            .unwrap();
    }
    let done = confirm(&world.app, actor(relay), &draft, None, world.now())
        .await
        .unwrap();
    assert!(matches!(done, Confirmation::Done(_)));
}

/// What each relay sees of each list.
async fn lists(world: &World, groups: &[GroupId]) -> BTreeMap<(i64, &'static str), usize> {
    let mut lists = BTreeMap::new();
    for group in groups {
        for filter in Filter::ALL {
            let (total, _) = list(world, relays(*group)[0], filter).await;
            lists.insert((group.0, filter.code()), total);
        }
    }
    lists
}

#[tokio::test]
async fn the_cycle_keeps_every_state_of_ten_thousand_people() {
    let world = World::new().await;
    let file = country(10_000);
    apply(&world, file.clone()).await;
    // The sixty largest groups work tonight, with two relays each.
    let mut tx = world.app.store.write().await.unwrap();
    let mut groups = maillage::store::overview::all(&mut tx).await.unwrap();
    groups.sort_by_key(|seen| std::cmp::Reverse(seen.counts.signed_up));
    let groups: Vec<GroupId> = groups.iter().take(60).map(|seen| seen.group.id).collect();
    let charter = world.app.texts().charter().version;
    for group in &groups {
        for relay in relays(*group) {
            posts::name_relay(&mut tx, *group, UserId(relay), world.now())
                .await
                .unwrap();
            authority::accept_charter(&mut tx, UserId(relay), &charter, world.now())
                .await
                .unwrap();
        }
    }
    tx.commit().await.unwrap();

    for group in &groups {
        let [one, other] = relays(*group);
        let (total, offered) = list(&world, one, Filter::ToCall).await;
        assert!(total >= 10 && offered.len() == 10, "{total} in group {group}");
        for (n, person) in offered.iter().enumerate() {
            // Each works through half of the page.
            let relay = if n % 2 == 0 { one } else { other };
            match n {
                0..=5 => validate(&world, relay, *person).await,
                6 => call(&world, relay, *person, OutcomeKind::CallBack).await,
                7 => call(&world, relay, *person, OutcomeKind::Refusal).await,
                8 => call(&world, relay, *person, OutcomeKind::DoNotCall).await,
                _ => call(&world, relay, *person, OutcomeKind::WrongNumber).await,
            }
        }
        let (rest, _) = list(&world, other, Filter::ToCall).await;
        assert_eq!(rest, total - 10, "nobody of those is offered to the other");
    }
    let forming = "SELECT count(*) FROM steps WHERE step = 'forming'";
    assert_eq!(world.number(forming).await, 60);
    let (before, seen) = (states(&world).await, lists(&world, &groups).await);

    let again = apply(&world, file.clone()).await;
    assert_eq!(
        (again.counts.unchanged, again.counts.new, again.counts.updated),
        (10_000, 0, 0)
    );
    assert_eq!(states(&world).await, before, "the same file");

    // The website's next export: the same people in another order, written otherwise, with later dates.
    assert!(world.app.clock.advance(TimeDelta::hours(1)));
    let text = String::from_utf8(file).unwrap().replace("/01/2027", "/02/2027");
    let (header, lines) = text.split_once('\n').unwrap();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.reverse();
    let export = format!("\u{feff}{}\r\n{}\r\n", header.to_uppercase(), lines.join("\r\n"));
    let done = apply(&world, export.into_bytes()).await;
    assert_eq!((done.counts.new, done.counts.rejected), (0, 0));
    assert_eq!(done.declared, []);
    assert_eq!(states(&world).await, before, "the export after");
    assert_eq!(lists(&world, &groups).await, seen, "every list is what it was");
}
