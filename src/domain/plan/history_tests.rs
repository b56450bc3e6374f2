//! Whatever happens to a server and to the process, in whatever order: it comes back, and nothing is there twice.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::world_tests::{Crash, Sim, group, user, users, want};
use crate::domain::bindings::{Key, Room};
use crate::domain::desired::Desired;
use crate::domain::ids::{ChannelId, GroupId, MessageId, RoleId};
use crate::domain::snapshot::GroupFacts;

const ONE: GroupId = GroupId(1);

/// What someone does by hand, or what happens to the group.
#[derive(Debug, Clone)]
enum Event {
    DeleteRole,
    DeleteChannel(usize),
    DeleteMessage(usize),
    Unpin(usize),
    Rename(usize),
    Open(usize),
    Take(u32),
    Give(u32),
    Leave(u32),
    Join(u32),
    Members(u32),
    Crash(usize, bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::DeleteRole),
        (0usize..4).prop_map(Event::DeleteChannel),
        (0usize..12).prop_map(Event::DeleteMessage),
        (0usize..12).prop_map(Event::Unpin),
        (0usize..4).prop_map(Event::Rename),
        (0usize..4).prop_map(Event::Open),
        (1u32..8).prop_map(Event::Take),
        (1u32..30).prop_map(Event::Give),
        (1u32..8).prop_map(Event::Leave),
        (1u32..8).prop_map(Event::Join),
        (5u32..60).prop_map(Event::Members),
        (0usize..30, any::<bool>()).prop_map(|(at, called)| Event::Crash(at, called)),
        (0usize..30, any::<bool>()).prop_map(|(at, called)| Event::Crash(at, called)),
    ]
}

/// Applies an event; gives the number of members that the group has from now on.
fn happen(sim: &mut Sim, event: &Event, wanted: &Desired) {
    let keys: Vec<Key> = std::iter::once(Key::Category(ONE))
        .chain(Room::ALL.map(|room| Key::Room(ONE, room)))
        .collect();
    let bound = |sim: &Sim, key: Key| sim.bindings.get(&key).and_then(|binding| binding.id);
    let role = bound(sim, Key::Role(ONE))
        .map(RoleId)
        .filter(|role| sim.observed.roles.contains_key(role));
    let message = |sim: &Sim, index: usize| {
        let all: Vec<(ChannelId, MessageId)> = sim
            .observed
            .messages
            .iter()
            .flat_map(|(channel, messages)| messages.keys().map(|id| (*channel, *id)))
            .collect();
        all.get(index).copied()
    };
    match event {
        Event::DeleteRole => {
            if let Some(role) = role {
                sim.delete_role(role);
            }
        }
        Event::DeleteChannel(index) => {
            if let Some(id) = bound(sim, keys[*index]) {
                sim.delete_channel(ChannelId(id));
            }
        }
        Event::DeleteMessage(index) => {
            if let Some((channel, id)) = message(sim, *index) {
                sim.observed.messages.get_mut(&channel).unwrap().remove(&id);
            }
        }
        Event::Unpin(index) => {
            if let Some((channel, id)) = message(sim, *index) {
                sim.observed
                    .messages
                    .get_mut(&channel)
                    .unwrap()
                    .get_mut(&id)
                    .unwrap()
                    .pinned = false;
            }
        }
        Event::Rename(index) => {
            if let Some(seen) = bound(sim, keys[*index]).and_then(|id| sim.observed.channels.get_mut(&ChannelId(id))) {
                seen.name = "bazar".to_owned();
            }
        }
        Event::Open(index) => {
            if let Some(seen) = bound(sim, keys[*index]).and_then(|id| sim.observed.channels.get_mut(&ChannelId(id))) {
                seen.overwrites.clear();
            }
        }
        Event::Take(number) => {
            if let (Some(role), Some(member)) = (role, sim.observed.members.get_mut(&user(1, *number))) {
                member.roles.remove(&role);
            }
        }
        Event::Give(number) => {
            if let (Some(role), Some(member)) = (role, sim.observed.members.get_mut(&user(1, *number))) {
                member.roles.insert(role);
            }
        }
        Event::Leave(number) => sim.leave(user(1, *number)),
        Event::Join(number) => sim.join(user(1, *number)),
        Event::Members(_) => {}
        Event::Crash(at, called) => {
            sim.crash(
                wanted,
                *at,
                if *called {
                    Crash::BeforeRecord
                } else {
                    Crash::BeforeCall
                },
            );
        }
    }
}

/// The group as the database knows it: steps once reached are kept, who is on the server is known from the roster.
fn facts(sim: &Sim, count: u32, most: u32) -> [GroupFacts; 1] {
    let mut facts = group(1, most, 7.min(count));
    facts.members.truncate(count as usize);
    for member in &mut facts.members {
        member.present = member.user.is_some_and(|user| sim.observed.members.contains_key(&user));
    }
    [facts]
}

/// The new role is there, but not recorded: it is adopted before the channels name it.
#[test]
fn a_crash_while_a_deleted_role_is_made_again() {
    let start = [group(1, 6, 6)];
    let wanted = want(&start);
    let mut sim = Sim::new(users(&start));
    sim.converge(&wanted);
    happen(&mut sim, &Event::DeleteRole, &wanted);
    sim.crash(&wanted, 0, Crash::BeforeRecord);
    sim.converge(&wanted);
    sim.assert_converged(&wanted);
}

/// The category is there, but not recorded, and the role that it names is deleted: Discord has taken the overwrite away, the
/// category is adopted all the same.
#[test]
fn a_role_deleted_before_its_category_is_recorded() {
    let start = [group(1, 6, 6)];
    let wanted = want(&start);
    let mut sim = Sim::new(users(&start));
    sim.converge(&wanted);
    happen(&mut sim, &Event::DeleteChannel(0), &wanted);
    sim.crash(&wanted, 0, Crash::BeforeRecord);
    happen(&mut sim, &Event::DeleteRole, &wanted);
    sim.converge(&wanted);
    sim.assert_converged(&wanted);
}

/// The category is there, but not recorded, and the group has become an ACP in the meantime: it is known by what was asked, then
/// renamed.
#[test]
fn a_step_reached_before_the_category_is_recorded() {
    let start = [group(1, 6, 6)];
    let wanted = want(&start);
    let mut sim = Sim::new(users(&start));
    sim.converge(&wanted);
    happen(&mut sim, &Event::DeleteChannel(0), &wanted);
    sim.crash(&wanted, 0, Crash::BeforeRecord);
    let wanted = want(&[group(1, 10, 6)]);
    sim.converge(&wanted);
    sim.assert_converged(&wanted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A crash at any call of the making of a space, before or after the call, leaves no second object.
    #[test]
    fn no_second_object_after_a_crash(count in 5u32..45, crashes in prop::collection::vec((0usize..40, any::<bool>()), 1..6)) {
        let groups = [group(1, count, 4)];
        let wanted = want(&groups);
        let mut sim = Sim::new(users(&groups));
        for (at, called) in crashes {
            sim.crash(&wanted, at, if called { Crash::BeforeRecord } else { Crash::BeforeCall });
        }
        sim.converge(&wanted);
        sim.assert_converged(&wanted);
        prop_assert!(sim.reports.is_empty(), "a crash is nobody's hand: {:?}", sim.reports);
    }

    /// Whatever people break and whatever changes, crashes included, the server comes back to what is desired, and then
    /// nothing is left to do.
    #[test]
    fn the_server_always_comes_back(events in prop::collection::vec(event(), 1..14)) {
        let (mut count, mut most) = (6, 6);
        let start = [group(1, count, 6)];
        let mut sim = Sim::new((1..=30).map(|number| user(1, number)));
        sim.converge(&want(&start));
        for event in &events {
            sim.now += TimeDelta::minutes(1);
            if let Event::Members(members) = event {
                count = *members;
                most = most.max(count);
            }
            let wanted = want(&facts(&sim, count, most));
            happen(&mut sim, event, &wanted);
        }
        let wanted = want(&facts(&sim, count, most));
        sim.converge(&wanted);
        sim.assert_converged(&wanted);
        prop_assert!(sim.plan(&wanted).is_noop());
    }
}
