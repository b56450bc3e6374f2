//! The channels of the whole server and the role of the national team: nothing before `/installer`, each thing once after it,
//! kept in step, found again, made again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;

use super::world_tests::{BOT, Crash, GUILD, NATIONAL, REFERENT, Sim, foreign_channel, here, role, rules};
use super::{Act, is_own_subject};
use crate::domain::bindings::{Key, Setback, SetbackKind};
use crate::domain::desired::{Desired, desired};
use crate::domain::ids::{ChannelId, RegionCode, RoleId, UserId};
use crate::domain::notice::PutBack;
use crate::domain::observed::{Bits, Subject};
use crate::domain::permissions::{QUIET, READ, VIEW_CHANNEL, WRITE};
use crate::domain::place::{Place, Shelf};
use crate::domain::snapshot::{HashKey, Installed, Snapshot};

fn region(code: &str) -> RegionCode {
    RegionCode(code.to_owned())
}

fn key(place: Place) -> Key {
    Key::Place(place.spot().unwrap())
}

/// What is wanted after the `/installer` of this number, with the référents of Occitanie; `national` as the executor knows it.
fn want(wish: i64, referents: &[UserId], national: Option<RoleId>, known: bool) -> Desired {
    let places = Place::SINGLE.into_iter().map(|place| (place, None)).chain([
        (Place::Feed(region("76")), Some("Occitanie".to_owned())),
        (Place::Feed(region("84")), Some("Auvergne-Rhône-Alpes".to_owned())),
    ]);
    let mut rules = rules();
    rules.places = crate::texts::places::rules("MCP national", &places.collect::<Vec<_>>());
    let snapshot = Snapshot {
        groups: Vec::new(),
        duties: BTreeMap::new(),
        installed: Some(Installed {
            wish,
            referents: [(region("76"), referents.iter().copied().collect())].into(),
        }),
        hash_key: HashKey([7; 32]),
    };
    let mut server = here(national);
    server.national_known = known;
    desired(&snapshot, &server, &rules)
}

/// A server without a national role, made as it is wanted; gives the role that was made.
fn made() -> (Sim, Desired, RoleId) {
    let mut sim = Sim::new([]);
    sim.observed.roles.remove(&NATIONAL);
    let (wanted, role) = install(&mut sim, 1);
    (sim, wanted, role)
}

/// As the executor does: the role first, then all that names it.
fn install(sim: &mut Sim, wish: i64) -> (Desired, RoleId) {
    let first = want(wish, &[REFERENT], None, false);
    sim.crash(&first, usize::MAX, Crash::BeforeCall);
    let role = RoleId(sim.bound(Key::National));
    let wanted = want(wish, &[REFERENT], Some(role), true);
    sim.converge(&wanted);
    (wanted, role)
}

fn calls(sim: &mut Sim, wanted: &Desired) -> Vec<String> {
    sim.calls.clear();
    sim.converge(wanted);
    std::mem::take(&mut sim.calls)
}

fn seen(sim: &Sim, place: Place) -> &crate::domain::observed::SeenChannel {
    &sim.observed.channels[&ChannelId(sim.bound(key(place)))]
}

#[test]
fn nothing_is_wanted_before_it_is_asked() {
    let snapshot = Snapshot::default();
    let wanted = desired(&snapshot, &here(None), &rules());
    assert_eq!((wanted.national, wanted.places), (None, Vec::new()));
}

#[test]
fn each_thing_is_made_once_with_its_permissions() {
    let (mut sim, wanted, national) = made();
    let all: Vec<&str> =
        "role:national place:category:common place:category:feeds place:national place:review place:works \
                          place:welcome place:meeting place:feed:76 place:feed:84"
            .split(' ')
            .collect();
    let created: Vec<&str> = sim
        .calls
        .iter()
        .filter_map(|call| call.split(' ').next_back())
        .collect();
    assert_eq!(created, all, "one creating call each, and no edit");
    let everyone = Subject::Role(RoleId(GUILD.0));
    for (place, allow, deny) in [
        (Place::National, 0, VIEW_CHANNEL),
        (Place::Review, 0, VIEW_CHANNEL),
        (Place::Feed(region("76")), 0, VIEW_CHANNEL),
        (Place::Works, READ, QUIET),
        (Place::Welcome, READ, 0),
        (Place::Meeting, READ, 0),
    ] {
        let overwrites = &seen(&sim, place.clone()).overwrites;
        assert_eq!(overwrites[&everyone], Bits { allow, deny }, "{place:?}");
        assert_eq!(overwrites[&Subject::Member(BOT)].allow, WRITE, "{place:?}");
        let inside = overwrites.get(&Subject::Role(national)).map(|bits| bits.allow);
        assert_eq!(inside, (deny == VIEW_CHANNEL).then_some(WRITE), "{place:?}");
    }
    let referent = Subject::Member(REFERENT);
    assert!(seen(&sim, Place::Feed(region("76"))).overwrites.contains_key(&referent));
    assert!(!seen(&sim, Place::Feed(region("84"))).overwrites.contains_key(&referent));
    assert_eq!(
        seen(&sim, Place::Feed(region("84"))).parent.map(|id| id.0),
        Some(sim.bound(Key::Shelf(Shelf::Feeds)))
    );
    let again = sim.plan(&wanted);
    assert!(again.is_noop() && again.wake.is_none(), "{again}");
    assert!(sim.reports.is_empty());
}

#[test]
fn asking_again_costs_no_call() {
    let (mut sim, _, national) = made();
    let again = want(2, &[REFERENT], Some(national), true);
    assert_eq!(calls(&mut sim, &again), Vec::<String>::new());
    assert!(sim.plan(&again).is_noop());
}

#[test]
fn a_referent_more_costs_one_edit_of_one_feed() {
    let (mut sim, _, national) = made();
    let more = want(1, &[REFERENT, UserId(201)], Some(national), true);
    let edited = calls(&mut sim, &more);
    assert_eq!(edited.len(), 1, "{edited:?}");
    assert!(
        edited[0].starts_with("edit place:feed:76") && edited[0].ends_with(": overwrites"),
        "{edited:?}"
    );
    assert!(sim.reports.is_empty(), "nobody did it by hand: {:?}", sim.reports);
}

#[test]
fn a_role_that_people_made_is_used_as_it_is() {
    let mut sim = Sim::new([]);
    let mut theirs = role("MCP national", 0x20);
    theirs.hoist = true;
    sim.observed.roles.insert(NATIONAL, theirs.clone());
    let wanted = want(1, &[], Some(NATIONAL), true);
    let made = calls(&mut sim, &wanted);
    assert!(made.iter().all(|call| call.contains("place:")), "{made:?}");
    assert_eq!(sim.observed.roles[&NATIONAL], theirs);
    assert!(sim.plan(&wanted).is_noop());
}

#[test]
fn a_national_role_that_people_deleted_is_made_again_by_the_next_asking_only() {
    let (mut sim, _, national) = made();
    sim.delete_role(national);
    // A later role of that name gives nothing.
    sim.observed.roles.insert(RoleId(9_999), role("MCP national", 0));
    let without = want(1, &[REFERENT], None, true);
    sim.converge(&without);
    assert_eq!(sim.bound(Key::National), national.0, "not made again by itself");
    let made = calls(&mut sim, &want(2, &[REFERENT], None, true));
    assert_eq!(made, ["create role:national"]);
    assert!(![national.0, 9_999].contains(&sim.bound(Key::National)));
}

#[test]
fn several_roles_of_that_name_are_left_to_people() {
    let mut sim = Sim::new([]);
    sim.observed.roles.insert(RoleId(4), role("MCP national", 0));
    let wanted = want(1, &[], None, false);
    let made = calls(&mut sim, &wanted);
    assert_eq!(made.len(), 9, "the channels do not wait for it: {made:?}");
    assert!(!sim.bindings.contains_key(&Key::National));
}

#[test]
fn what_is_deleted_comes_back_and_what_is_opened_is_closed() {
    let (mut sim, wanted, _) = made();
    sim.delete_channel(ChannelId(sim.bound(key(Place::National))));
    let feed = ChannelId(sim.bound(key(Place::Feed(region("76")))));
    sim.observed.channels.get_mut(&feed).unwrap().overwrites.clear();
    let done = calls(&mut sim, &wanted);
    assert_eq!(done.len(), 2, "{done:?}");
    let reports: BTreeSet<String> = sim.reports.iter().map(|report| format!("{report:?}")).collect();
    let expected = [PutBack::Deleted, PutBack::Permissions].map(|report| format!("{report:?}"));
    assert_eq!(reports, BTreeSet::from(expected));
    assert!(sim.plan(&wanted).is_noop());
}

#[test]
fn a_role_that_cannot_be_made_does_not_hold_the_channels() {
    let mut sim = Sim::new([]);
    sim.observed.roles.remove(&NATIONAL);
    let held = Setback {
        attempts: 1,
        not_before: sim.now + TimeDelta::minutes(1),
        first_at: sim.now,
        code: Some(50_013),
        kind: SetbackKind::Forbidden,
    };
    sim.setbacks.insert(Key::National.to_string(), held);
    let plan = sim.plan(&want(1, &[], None, false));
    let channels = plan
        .steps
        .iter()
        .filter(|step| matches!(step.act, Act::CreateChannel { .. }));
    assert_eq!((channels.count(), plan.steps.len()), (9, 9), "{plan}");
    assert!(plan.held.contains("role:national"));
}

#[test]
fn a_channel_of_someone_else_is_not_taken_over() {
    let mut sim = Sim::new([]);
    let foreign = foreign_channel("équipe-nationale", "Une copie · maillage:place:national");
    sim.observed.channels.insert(ChannelId(7), foreign);
    sim.observed.roles.remove(&NATIONAL);
    install(&mut sim, 1);
    assert_ne!(sim.bound(key(Place::National)), 7);
}

#[test]
fn failures_are_kept_under_subjects_of_the_planner() {
    for subject in [
        "role:national",
        "place:national",
        "place:feed:76:overwrites",
        "place:category:feeds",
    ] {
        assert!(is_own_subject(subject), "{subject}");
    }
    assert!(!is_own_subject("place:ailleurs"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A crash at any call, before or after it, leaves no second role, category or channel.
    #[test]
    fn no_second_object_after_a_crash(crashes in prop::collection::vec((0usize..12, any::<bool>()), 1..6)) {
        let mut sim = Sim::new([]);
        sim.observed.roles.remove(&NATIONAL);
        for (at, called) in crashes {
            let national = sim.bindings.get(&Key::National).and_then(|binding| binding.id).map(RoleId);
            let wanted = want(1, &[REFERENT], national, national.is_some());
            sim.crash(&wanted, at, if called { Crash::BeforeRecord } else { Crash::BeforeCall });
        }
        let national = sim.bindings.get(&Key::National).and_then(|binding| binding.id).map(RoleId);
        if national.is_none() {
            // One that was made but not recorded is found by its name, as the executor finds it.
            let named: Vec<RoleId> = sim.observed.roles.iter().filter(|(_, role)| role.name == "MCP national").map(|(id, _)| *id).collect();
            prop_assert!(named.len() <= 1);
            sim.converge(&want(1, &[REFERENT], named.first().copied(), !named.is_empty()));
        }
        let national = RoleId(sim.bound(Key::National));
        let wanted = want(1, &[REFERENT], Some(national), true);
        sim.converge(&wanted);
        prop_assert!(sim.plan(&wanted).is_noop());
        prop_assert_eq!(sim.observed.channels.len(), 9);
        let roles = sim.observed.roles.values().filter(|role| role.name == "MCP national").count();
        prop_assert_eq!(roles, 1);
        prop_assert!(sim.reports.is_empty(), "{:?}", sim.reports);
    }
}
