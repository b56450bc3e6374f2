//! Who may name whom, and what follows: relays, referents, groups declared, listed and shown.

use chrono::TimeDelta;
use maillage::domain::ids::{GroupId, PersonId, RegionCode, UserId};
use maillage::domain::import::Progress;
use maillage::error::{Failure, Outcome, Refusal};
use maillage::store::posts as rows;
use maillage::usecases::authority::Actor;
use maillage::usecases::validation::Seen;
use maillage::usecases::{groups, import, lookup, posts};
use tokio::sync::watch;

use crate::world::{World, actor};

const NATIONAL: u64 = 10;
const OCCITANIE: u64 = 20;
const BRETAGNE: u64 = 21;
const RELAY: u64 = 30;
const OTHER: u64 = 31;
const THIRD: u64 = 32;
const PASSER_BY: u64 = 40;

/// A server with one group possible, «Lunel», six people signed up there, a referent for two régions each.
async fn lunel() -> (World, GroupId) {
    let world = World::new().await;
    world.national(NATIONAL).await;
    for (user, display, unique) in [
        (OCCITANIE, "Awa", "awa.m"),
        (BRETAGNE, "Erwan", "erwan"),
        (RELAY, "Camille", "camille.d"),
        (OTHER, "Noé", "noe"),
        (THIRD, "Noe", "noe.bis"),
        (PASSER_BY, "Zoé", "zoe"),
    ] {
        world.on_server(user, display, unique).await;
    }
    let mut file = String::from("prenom;nom;mail;cp\n");
    for n in 0..6 {
        file.push_str(&format!("Prénom{n};Nom{n};p{n}@example.org;34400\n"));
    }
    let progress = watch::Sender::new(Progress::default());
    let done = import::apply(&world.app, None, file.into_bytes(), world.now(), &progress)
        .await
        .unwrap();
    world.spread().await;
    let mut tx = world.app.store.write().await.unwrap();
    for (region, user) in [("76", OCCITANIE), ("53", BRETAGNE)] {
        rows::name_referent(&mut tx, &RegionCode(region.into()), UserId(user), world.now())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    (world, done.declared[0])
}

/// A member of the server, as the option of a command resolves it.
fn member(user: u64) -> Seen {
    Seen {
        present: true,
        display: format!("Affiché {user}"),
        ..posts::only_id(UserId(user))
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> (Refusal, String) {
    match outcome.unwrap_err() {
        Failure::User(error) => (error.kind, error.text),
        Failure::Internal(error) => panic!("{error:?}"),
    }
}

async fn told(world: &World) -> Vec<String> {
    world.spread().await;
    world
        .rows(
            "SELECT target || ' ' || (notice ->> 'kind') FROM outbox \
             WHERE notice ->> 'kind' <> 'groups_possible' AND done_at IS NULL",
        )
        .await
}

#[tokio::test]
async fn the_table_of_who_may_holds_for_every_intention() {
    let (world, group) = lunel().await;
    let (app, now, id) = (&world.app, world.now(), group.to_string());
    {
        let mut tx = app.store.write().await.unwrap();
        rows::name_relay(&mut tx, group, UserId(RELAY), now).await.unwrap();
        tx.commit().await.unwrap();
    }
    let national = actor(NATIONAL);
    let manager = Actor {
        user: UserId(PASSER_BY),
        manages_server: true,
    };
    let (own, foreign, relay, nobody) = (actor(OCCITANIE), actor(BRETAGNE), actor(RELAY), actor(PASSER_BY));
    // None: allowed. Reserved: the function lacks. NotFound: out of scope, told as what does not exist.
    let reserved = Some(Refusal::Reserved);
    for (who, steers, lists, national_only) in [
        (national, None, None, None),
        (manager, None, None, None),
        (own, None, None, reserved),
        (foreign, Some(Refusal::NotFound), None, reserved),
        (relay, reserved, reserved, reserved),
        (nobody, reserved, reserved, reserved),
    ] {
        let kind = |failure: Option<Failure>| match failure {
            None => None,
            Some(Failure::User(error)) => Some(error.kind),
            Some(Failure::Internal(error)) => panic!("{error:?}"),
        };
        let user = who.user;
        assert_eq!(
            kind(posts::name_relay(app, who, &id, &member(RELAY), now).await.err()),
            steers,
            "{user} /relai nommer"
        );
        assert_eq!(
            kind(posts::end_relay(app, who, &id, &member(THIRD), now).await.err()),
            steers,
            "{user} /relai retirer"
        );
        assert_eq!(
            kind(posts::may_name_relay(app, who, group).await.err()),
            steers,
            "{user} «Nommer un relai»"
        );
        assert_eq!(
            kind(posts::name_relay_typed(app, who, group, "@camille.d", now).await.err()),
            steers,
            "{user} «Nommer un relai», typed"
        );
        assert_eq!(
            kind(groups::sheet(app, who, &id).await.err()),
            steers,
            "{user} /groupe fiche"
        );
        assert_eq!(kind(groups::list(app, who).await.err()), lists, "{user} /groupe liste");
        assert_eq!(kind(posts::relays(app, who).await.err()), lists, "{user} /relai liste");
        assert_eq!(
            kind(lookup::suggest_steered(app, who, "").await.err()),
            lists,
            "{user} groupe"
        );
        assert_eq!(
            kind(posts::suggest_regions(app, who, "").await.err()),
            lists,
            "{user} region"
        );
        assert_eq!(
            kind(
                posts::name_referent(app, who, "76", &member(OCCITANIE), now)
                    .await
                    .err()
            ),
            national_only,
            "{user} /referent nommer"
        );
        assert_eq!(
            kind(posts::end_referent(app, who, "76", &member(THIRD), now).await.err()),
            national_only,
            "{user} /referent retirer"
        );
        assert_eq!(
            kind(posts::referents(app, who).await.err()),
            national_only,
            "{user} /referent liste"
        );
        assert_eq!(
            kind(groups::declare(app, who, "Lunel", now).await.err()),
            national_only,
            "{user} /groupe declarer"
        );
        assert_eq!(
            kind(groups::suggest_basins(app, who, "").await.err()),
            national_only,
            "{user} bassin"
        );
    }
    // Out of scope and non-existent are told in the same words.
    let out = refusal(groups::sheet(app, foreign, &id).await);
    assert_eq!(out, refusal(groups::sheet(app, foreign, "99999").await));
    assert_eq!(out, refusal(groups::sheet(app, foreign, "Lunel").await));
}

#[tokio::test]
async fn suggestions_and_lists_show_nothing_out_of_scope() {
    let (world, _) = lunel().await;
    let app = &world.app;
    assert_eq!(
        lookup::suggest_steered(app, actor(OCCITANIE), "lu 34")
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        lookup::suggest_steered(app, actor(BRETAGNE), "lu")
            .await
            .unwrap()
            .is_empty()
    );
    assert!(groups::list(app, actor(BRETAGNE)).await.unwrap().lines.is_empty());
    assert!(posts::relays(app, actor(BRETAGNE)).await.unwrap().is_empty());
    let list = groups::list(app, actor(OCCITANIE)).await.unwrap();
    assert_eq!((list.lines.len(), list.lines[0].signed_up, list.to_place), (1, 6, None));
    assert_eq!(groups::list(app, actor(NATIONAL)).await.unwrap().to_place, Some(0));
    let regions = posts::suggest_regions(app, actor(BRETAGNE), "").await.unwrap();
    assert_eq!(
        regions.iter().map(|region| region.label.as_str()).collect::<Vec<_>>(),
        ["Bretagne"]
    );
    assert_eq!(
        posts::suggest_regions(app, actor(NATIONAL), "").await.unwrap().len(),
        18
    );
    assert_eq!(
        posts::suggest_regions(app, actor(NATIONAL), "cote").await.unwrap()[0].label,
        "Provence-Alpes-Côte d’Azur"
    );
    let basins = groups::suggest_basins(app, actor(NATIONAL), "nimes").await.unwrap();
    assert!(basins[0].label.starts_with("Nîmes (Gard)"), "{:?}", basins[0].label);
    assert!(
        groups::suggest_basins(app, actor(NATIONAL), "saint")
            .await
            .unwrap()
            .len()
            <= 25
    );
}

#[tokio::test]
async fn a_third_relay_is_refused_with_the_names_of_the_two() {
    let (world, group) = lunel().await;
    let (app, now, id, referent) = (&world.app, world.now(), group.to_string(), actor(OCCITANIE));
    world.execute("UPDATE people SET discord_user = 30 WHERE id = 1").await;
    let first = posts::name_relay(app, referent, &id, &member(RELAY), now)
        .await
        .unwrap();
    assert_eq!((first.name.as_str(), first.already), ("Prénom0 Nom0", false));
    let again = posts::name_relay(app, referent, &id, &member(RELAY), now)
        .await
        .unwrap();
    assert!(again.already);
    assert!(
        !posts::name_relay(app, referent, &id, &member(OTHER), now)
            .await
            .unwrap()
            .already
    );
    let (kind, text) = refusal(posts::name_relay(app, referent, &id, &member(THIRD), now).await);
    assert_eq!(kind, Refusal::Conflict);
    assert!(text.contains("Prénom0 Nom0 et Noé"), "{text}");
    assert_eq!(refusal(posts::may_name_relay(app, referent, group).await).1, text);
    assert_eq!(told(&world).await, ["user:30 relay_named", "user:31 relay_named"]);
    assert_eq!(
        world
            .number("SELECT count(*) FROM journal WHERE event = 'relay.named'")
            .await,
        2
    );
}

#[tokio::test]
async fn only_a_human_of_this_server_is_named() {
    let (world, group) = lunel().await;
    let (app, now, id, referent) = (&world.app, world.now(), group.to_string(), actor(OCCITANIE));
    let robot = Seen {
        bot: true,
        ..member(50)
    };
    assert_eq!(
        refusal(posts::name_relay(app, referent, &id, &robot, now).await).0,
        Refusal::Invalid
    );
    let away = Seen {
        present: false,
        ..member(51)
    };
    assert!(
        refusal(posts::name_relay(app, referent, &id, &away, now).await)
            .1
            .contains("n’est pas sur ce serveur")
    );
    // The mirror may be late: the interaction that shows the member is believed; and the other way round.
    assert!(
        !posts::name_relay(app, referent, &id, &member(52), now)
            .await
            .unwrap()
            .already
    );
    assert!(
        !posts::name_relay(app, referent, &id, &posts::only_id(UserId(OTHER)), now)
            .await
            .unwrap()
            .already
    );
    world.execute("UPDATE roster SET bot = 1 WHERE user_id = 40").await;
    let national = actor(NATIONAL);
    assert_eq!(
        refusal(posts::name_referent(app, national, "76", &member(PASSER_BY), now).await).0,
        Refusal::Invalid
    );
}

#[tokio::test]
async fn the_last_relay_leaving_frees_his_contacts_and_is_told_to_the_referent() {
    let (world, group) = lunel().await;
    let (app, now, id, referent) = (&world.app, world.now(), group.to_string(), actor(OCCITANIE));
    for user in [RELAY, OTHER] {
        posts::name_relay(app, referent, &id, &member(user), now).await.unwrap();
    }
    world
        .execute("UPDATE people SET lease_user = 30, lease_until = 9999999999 WHERE id IN (1, 2)")
        .await;
    world
        .execute("UPDATE people SET lease_user = 31, lease_until = 9999999999 WHERE id = 3")
        .await;
    let leased = "SELECT count(*) FROM people WHERE lease_user IS NOT NULL";
    let ended = posts::end_relay(app, referent, &id, &member(RELAY), now).await.unwrap();
    assert_eq!((ended.held, ended.vacant), (true, false));
    assert_eq!(world.number(leased).await, 1);
    assert!(!told(&world).await.iter().any(|line| line.ends_with("without_relay")));
    let again = posts::end_relay(app, referent, &id, &member(RELAY), now).await.unwrap();
    assert!(!again.held);
    let ended = posts::end_relay(app, referent, &id, &member(OTHER), now).await.unwrap();
    assert_eq!((ended.held, ended.vacant), (true, true));
    assert_eq!(world.number(leased).await, 0);
    assert_eq!(
        told(&world).await,
        [
            "user:20 without_relay",
            "user:30 relay_ended",
            "user:30 relay_named",
            "user:31 relay_ended",
            "user:31 relay_named",
        ]
    );
    // Named again later, the account is told again.
    posts::name_relay(app, referent, &id, &member(RELAY), now + TimeDelta::days(1))
        .await
        .unwrap();
    assert_eq!(
        told(&world)
            .await
            .iter()
            .filter(|line| *line == "user:30 relay_named")
            .count(),
        2
    );
}

#[tokio::test]
async fn two_namings_at_once_never_make_three_relays() {
    let (world, group) = lunel().await;
    let (app, now, id) = (&world.app, world.now(), group.to_string());
    posts::name_relay(app, actor(NATIONAL), &id, &member(RELAY), now)
        .await
        .unwrap();
    let (national, own, same) = (member(OTHER), member(THIRD), member(OTHER));
    let (a, b, c) = tokio::join!(
        posts::name_relay(app, actor(NATIONAL), &id, &national, now),
        posts::name_relay(app, actor(OCCITANIE), &id, &own, now),
        posts::name_relay(app, actor(OCCITANIE), &id, &same, now),
    );
    let new = [&a, &b, &c]
        .iter()
        .filter(|done| matches!(done, Ok(done) if !done.already))
        .count();
    assert_eq!(new, 1, "{a:?} {b:?} {c:?}");
    assert_eq!(world.number("SELECT count(*) FROM relays WHERE until IS NULL").await, 2);
}

#[tokio::test]
async fn a_typed_name_designates_one_member_or_nobody() {
    let (world, group) = lunel().await;
    let (app, now, referent) = (&world.app, world.now(), actor(OCCITANIE));
    let (kind, text) = refusal(posts::name_relay_typed(app, referent, group, "personne", now).await);
    assert_eq!(kind, Refusal::Invalid);
    assert!(text.contains("personne"), "{text}");
    // «Noé» and «Noe» are displayed alike; the unique name decides.
    assert_eq!(
        refusal(posts::name_relay_typed(app, referent, group, "NOÉ BIS", now).await).0,
        Refusal::Invalid
    );
    assert_eq!(
        posts::name_relay_typed(app, referent, group, "@noe", now)
            .await
            .unwrap()
            .name,
        "Noé"
    );
    assert_eq!(
        posts::name_relay_typed(app, referent, group, " Camille ", now)
            .await
            .unwrap()
            .name,
        "Camille"
    );
    let relays = "SELECT group_concat(user_id) FROM (SELECT user_id FROM relays WHERE until IS NULL ORDER BY user_id)";
    assert_eq!(world.rows(relays).await, ["30,31"]);
}

#[tokio::test]
async fn several_members_of_one_displayed_name_are_not_guessed() {
    let (world, group) = lunel().await;
    world.on_server(60, "Camille", "camille.v").await;
    let (kind, text) =
        refusal(posts::name_relay_typed(&world.app, actor(OCCITANIE), group, "camille", world.now()).await);
    assert_eq!(kind, Refusal::Invalid);
    assert!(text.starts_with("⚠️ 2\u{a0}membres"), "{text}");
}

#[tokio::test]
async fn referents_are_named_for_a_region_and_told() {
    let (world, _) = lunel().await;
    let (app, now, national) = (&world.app, world.now(), actor(NATIONAL));
    assert!(
        posts::name_referent(app, national, "76", &member(OCCITANIE), now)
            .await
            .unwrap()
            .already
    );
    let named = posts::name_referent(app, national, "île-de-france", &member(OTHER), now)
        .await
        .unwrap();
    assert_eq!((named.of.as_str(), named.already), ("Île-de-France", false));
    assert_eq!(
        refusal(posts::name_referent(app, national, "Ailleurs", &member(OTHER), now).await).0,
        Refusal::NotFound
    );
    let ended = posts::end_referent(app, national, "11", &member(OTHER), now)
        .await
        .unwrap();
    assert_eq!((ended.held, ended.vacant), (true, true));
    assert!(
        !posts::end_referent(app, national, "11", &member(OTHER), now)
            .await
            .unwrap()
            .held
    );
    assert_eq!(told(&world).await, ["user:31 referent_ended", "user:31 referent_named"]);
    let lines = posts::referents(app, national).await.unwrap();
    assert_eq!(lines.len(), 18);
    assert_eq!(lines.iter().filter(|line| !line.referents.is_empty()).count(), 2);
    // The function lost is lost at once.
    posts::end_referent(app, national, "76", &member(OCCITANIE), now)
        .await
        .unwrap();
    assert_eq!(refusal(groups::list(app, actor(OCCITANIE)).await).0, Refusal::Reserved);
}

#[tokio::test]
async fn a_group_is_declared_by_hand_once() {
    let (world, group) = lunel().await;
    let (app, now, national) = (&world.app, world.now(), actor(NATIONAL));
    let nimes = groups::suggest_basins(app, national, "nîmes")
        .await
        .unwrap()
        .remove(0)
        .value;
    let done = groups::declare(app, national, &nimes, now).await.unwrap();
    assert_eq!(
        (done.already, done.group.signed_up, done.group.label.as_str()),
        (false, 0, "Nîmes (Gard)")
    );
    assert!(groups::declare(app, national, &nimes, now).await.unwrap().already);
    let lunel = groups::declare(app, national, "lunel", now).await.unwrap();
    assert_eq!((lunel.already, lunel.group.group), (true, group));
    assert_eq!(
        refusal(groups::declare(app, national, "nulle part", now).await).0,
        Refusal::NotFound
    );
    assert_eq!(world.number("SELECT count(*) FROM groups").await, 2);
    assert_eq!(
        world
            .number("SELECT declared_by FROM groups ORDER BY id DESC LIMIT 1")
            .await,
        10
    );
    assert_eq!(
        world.number("SELECT count(*) FROM steps WHERE step = 'possible'").await,
        2
    );
    // The referent of the région and the national team are told, of both groups.
    world.spread().await;
    let announced = world
        .rows(
            "SELECT target FROM outbox WHERE notice ->> 'kind' = 'groups_possible' AND done_at IS NULL ORDER BY target",
        )
        .await;
    assert_eq!(
        announced,
        ["user:10", "user:10", "user:20"],
        "the import came before the referent was named"
    );
}

#[tokio::test]
async fn a_group_declared_twice_at_once_is_one_group() {
    let (world, _) = lunel().await;
    let (app, now, national) = (&world.app, world.now(), actor(NATIONAL));
    let (a, b) = tokio::join!(
        groups::declare(app, national, "Nîmes", now),
        groups::declare(app, national, "Nîmes", now)
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.group.group, a.already ^ b.already), (b.group.group, true));
}

#[tokio::test]
async fn a_sheet_tells_where_a_group_stands() {
    let (world, group) = lunel().await;
    let (app, now) = (&world.app, world.now());
    posts::name_relay(app, actor(OCCITANIE), &group.to_string(), &member(RELAY), now)
        .await
        .unwrap();
    let mut tx = app.store.write().await.unwrap();
    for n in 1..=5 {
        let new = maillage::store::memberships::NewMembership {
            person: PersonId(n),
            group,
            by: UserId(RELAY),
            consent_version: "1",
        };
        maillage::store::memberships::insert(&mut tx, &new, now).await.unwrap();
    }
    maillage::usecases::ladder::settle(&mut tx, &app.rules(), group, None, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world
        .execute("UPDATE memberships SET left_at = 1, left_reason = 'depart' WHERE person_id = 5")
        .await;
    let mut tx = app.store.write().await.unwrap();
    let later = now + TimeDelta::days(3);
    maillage::usecases::ladder::settle(&mut tx, &app.rules(), group, None, later)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let sheet = groups::sheet(app, actor(OCCITANIE), "lunel").await.unwrap();
    assert_eq!((sheet.members, sheet.signed_up, sheet.next.unwrap().1), (4, 6, 10));
    assert_eq!(sheet.label, "Lunel (Hérault)");
    assert_eq!(sheet.steps.len(), 2);
    assert_eq!(sheet.steps[1].2, Some(later));
    assert_eq!(sheet.relays[0].0, "Camille");
    assert_eq!(sheet.referents[0].0, "Awa");
    assert!(sheet.communes > 5, "{}", sheet.communes);
    assert_eq!(sheet.link, None);
    let list = groups::list(app, actor(OCCITANIE)).await.unwrap();
    assert_eq!(
        (list.lines[0].members, list.lines[0].under, list.lines[0].relays),
        (4, true, 1)
    );
}
