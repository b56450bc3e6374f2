//! What the planner promises: minimal calls, no second object, everything put back, nothing done twice.

use chrono::TimeDelta;

use super::world_tests::{
    Crash, NATIONAL, REFERENT, RELAY, Sim, article, foreign_channel, group, role, rules, user, users, want,
};
use super::{Act, Pace, is_own_subject, queue_subject};
use crate::domain::bindings::{Duty, Key, Room, Setback, SetbackKind};
use crate::domain::desired::{Desired, RoleSpec};
use crate::domain::ids::{ChannelId, GroupId, MessageId, RoleId, UserId};
use crate::domain::notice::PutBack;
use crate::domain::observed::{Bits, CHANNELS_MAX, Subject};
use crate::domain::permissions::{QUIET, READ, SEND_MESSAGES, VIEW_CHANNEL};
use crate::domain::snapshot::{GroupFacts, HolderFacts};

const ONE: GroupId = GroupId(1);

fn made(groups: &[GroupFacts]) -> (Sim, Desired) {
    let wanted = want(groups);
    let mut sim = Sim::new(users(groups));
    sim.converge(&wanted);
    sim.assert_converged(&wanted);
    (sim, wanted)
}

/// Converges again, and gives the calls that it took.
fn calls(sim: &mut Sim, wanted: &Desired) -> Vec<String> {
    sim.calls.clear();
    sim.reports.clear();
    sim.converge(wanted);
    sim.assert_converged(wanted);
    std::mem::take(&mut sim.calls)
}

#[test]
fn a_space_is_made_in_order_with_the_fewest_calls() {
    let groups = [group(1, 5, 3)];
    let (sim, _) = made(&groups);
    insta::assert_snapshot!(sim.calls.join("\n"));
    assert_eq!(
        sim.calls.len(),
        9 + 4,
        "9 + n: three members and the relay are on Discord"
    );
    assert!(sim.reports.is_empty());
}

#[test]
fn a_converged_server_gives_no_step_at_all() {
    let groups = [group(1, 5, 3), group(2, 12, 2)];
    let (mut sim, wanted) = made(&groups);
    let again = sim.plan(&wanted);
    assert!(again.is_noop(), "{again}");
    assert_eq!((again.wake, again.calls()), (None, 0));
}

#[test]
fn an_assembly_gets_its_statutes_its_name_and_its_announcement() {
    let (mut sim, _) = made(&[group(1, 9, 2)]);
    let wanted = want(&[group(1, 10, 2)]);
    let calls = calls(&mut sim, &wanted);
    insta::assert_snapshot!(calls.join("\n"));
    assert!(sim.reports.is_empty(), "nothing was changed by hand");
}

#[test]
fn one_more_member_costs_one_edit_and_one_grant() {
    let (mut sim, _) = made(&[group(1, 5, 5)]);
    let more = [group(1, 6, 6)];
    sim.join(user(1, 6));
    let calls = calls(&mut sim, &want(&more));
    assert_eq!(calls.len(), 2, "{calls:?}");
}

#[test]
fn edits_of_a_page_are_coalesced() {
    let (mut sim, _) = made(&[group(1, 5, 0)]);
    sim.pace = Pace {
        coalesce: TimeDelta::seconds(10),
        rename: TimeDelta::minutes(5),
    };
    assert_eq!(
        calls(&mut sim, &want(&[group(1, 6, 0)])).len(),
        1,
        "the first edit at once"
    );
    let edited_at = sim.now;
    let seventh = want(&[group(1, 7, 0)]);
    let plan = sim.plan(&seventh);
    assert!(plan.is_noop(), "{plan}");
    assert_eq!(plan.wake, Some(edited_at + TimeDelta::seconds(10)));
    sim.now = edited_at + TimeDelta::seconds(10);
    assert_eq!(
        calls(&mut sim, &want(&[group(1, 8, 0)])).len(),
        1,
        "then both changes in one"
    );
}

#[test]
fn who_left_and_came_back_gets_in_again_without_a_word() {
    let (mut sim, wanted) = made(&[group(1, 5, 3)]);
    sim.leave(user(1, 1));
    let mut left = group(1, 5, 3);
    left.members[0].present = false;
    assert_eq!(calls(&mut sim, &want(&[left])), Vec::<String>::new());
    sim.now += TimeDelta::hours(1);
    sim.join(user(1, 1));
    assert_eq!(calls(&mut sim, &wanted), ["grant group:1:role to 1001"]);
    assert!(sim.reports.is_empty());
    // Even when both happened while the bot was away.
    sim.now += TimeDelta::hours(1);
    sim.leave(user(1, 1));
    sim.join(user(1, 1));
    assert_eq!(calls(&mut sim, &wanted), ["grant group:1:role to 1001"]);
    assert!(sim.reports.is_empty());
}

#[test]
fn access_changed_by_hand_is_put_back_and_told() {
    let (mut sim, wanted) = made(&[group(1, 5, 3)]);
    let role = RoleId(sim.bound(Key::Role(ONE)));
    sim.observed.members.get_mut(&user(1, 1)).unwrap().roles.remove(&role);
    sim.observed.members.get_mut(&REFERENT).unwrap().roles.insert(role);
    let calls = calls(&mut sim, &wanted);
    assert_eq!(
        calls,
        [
            "revoke ROLE from 200 [put back: Access]".replace("ROLE", &role.to_string()),
            "grant group:1:role to 1001 [put back: Access]".to_owned()
        ]
    );
    assert_eq!(sim.reports, [PutBack::Access, PutBack::Access]);
}

#[test]
fn who_leaves_the_group_loses_access_silently() {
    let (mut sim, _) = made(&[group(1, 5, 3)]);
    let mut without = group(1, 5, 3);
    without.members.remove(1);
    let calls = calls(&mut sim, &want(&[without]));
    assert_eq!(calls.len(), 2, "one page edited, one role taken: {calls:?}");
    assert!(calls[0].starts_with("revoke"), "access goes first: {calls:?}");
    assert!(sim.reports.is_empty());
    assert!(!sim.bindings.contains_key(&Key::Access(ONE, user(1, 2))));
}

#[test]
fn permissions_changed_by_hand_are_put_back_first_and_told() {
    let (mut sim, wanted) = made(&[group(1, 5, 1), group(2, 5, 1)]);
    let channel = ChannelId(sim.bound(Key::Room(GroupId(2), Room::Register)));
    let everyone = Subject::Role(RoleId(1));
    sim.observed.channels.get_mut(&channel).unwrap().overwrites.insert(
        everyone,
        Bits {
            allow: VIEW_CHANNEL,
            deny: 0,
        },
    );
    let page = MessageId(sim.bound(Key::Page(ONE, 1)));
    let other = ChannelId(sim.bound(Key::Room(ONE, Room::Register)));
    sim.observed.messages.get_mut(&other).unwrap().remove(&page);
    let calls = calls(&mut sim, &wanted);
    assert!(
        calls[0].starts_with("edit group:2:registre"),
        "what opens a space is closed first: {calls:?}"
    );
    assert_eq!(sim.reports, [PutBack::Permissions, PutBack::Message]);
}

#[test]
fn an_overwrite_added_by_hand_or_a_bit_unknown_to_libraries_is_noticed() {
    let (mut sim, wanted) = made(&[group(1, 5, 1)]);
    let channel = ChannelId(sim.bound(Key::Room(ONE, Room::Documents)));
    let stranger = Subject::Member(UserId(666));
    sim.observed.channels.get_mut(&channel).unwrap().overwrites.insert(
        stranger,
        Bits {
            allow: 1 << 51,
            deny: 0,
        },
    );
    assert_eq!(calls(&mut sim, &wanted).len(), 1);
    assert_eq!(sim.reports, [PutBack::Permissions]);
}

#[test]
fn names_are_put_back_but_not_at_once_again_and_overwrites_never_wait() {
    let (mut sim, wanted) = made(&[group(1, 5, 1)]);
    sim.pace.rename = TimeDelta::minutes(5);
    let category = ChannelId(sim.bound(Key::Category(ONE)));
    let rename = |sim: &mut Sim| sim.observed.channels.get_mut(&category).unwrap().name = "Bazar".to_owned();
    rename(&mut sim);
    assert_eq!(calls(&mut sim, &wanted).len(), 1);
    assert_eq!(sim.reports, [PutBack::Name]);
    let renamed_at = sim.now;
    rename(&mut sim);
    let plan = sim.plan(&wanted);
    assert!(plan.is_noop(), "two renames in ten minutes are Discord's limit: {plan}");
    assert_eq!(plan.wake, Some(renamed_at + TimeDelta::minutes(5)));
    sim.observed.channels.get_mut(&category).unwrap().overwrites.clear();
    let plan = sim.plan(&wanted);
    assert_eq!(
        plan.to_string().trim_end(),
        format!("edit group:1:category ({category}): overwrites [put back: Permissions]")
    );
    sim.now = renamed_at + TimeDelta::minutes(5);
    calls(&mut sim, &wanted);
}

#[test]
fn a_role_given_powers_by_hand_loses_them() {
    let (mut sim, wanted) = made(&[group(1, 5, 1)]);
    let id = RoleId(sim.bound(Key::Role(ONE)));
    sim.observed.roles.get_mut(&id).unwrap().permissions = 1 << 3;
    assert_eq!(calls(&mut sim, &wanted).len(), 1);
    assert_eq!(sim.reports, [PutBack::Permissions]);
}

#[test]
fn a_deleted_role_is_made_again_with_its_overwrites_and_grants() {
    let (mut sim, wanted) = made(&[group(1, 5, 2)]);
    let id = RoleId(sim.bound(Key::Role(ONE)));
    sim.delete_role(id);
    let calls = calls(&mut sim, &wanted);
    assert_eq!(calls.len(), 1 + 4 + 3, "role, four overwrites, three grants: {calls:?}");
    assert_eq!(sim.reports, [PutBack::Deleted]);
}

#[test]
fn a_deleted_category_or_channel_is_made_again() {
    let (mut sim, wanted) = made(&[group(1, 5, 2)]);
    sim.delete_channel(ChannelId(sim.bound(Key::Category(ONE))));
    let category = calls(&mut sim, &wanted);
    assert_eq!(
        category.len(),
        1 + 3,
        "the category, and its three channels put into it: {category:?}"
    );
    assert_eq!(sim.reports[0], PutBack::Deleted);
    sim.delete_channel(ChannelId(sim.bound(Key::Room(ONE, Room::Register))));
    let register = calls(&mut sim, &wanted);
    assert_eq!(register.len(), 4, "channel, page, pin, notice: {register:?}");
    assert_eq!(sim.reports, [PutBack::Deleted]);
    sim.delete_channel(ChannelId(sim.bound(Key::Room(ONE, Room::Discussion))));
    let discussion = calls(&mut sim, &wanted);
    assert_eq!(discussion.len(), 1, "an announcement is made once: {discussion:?}");
}

#[test]
fn a_missing_page_is_posted_with_the_pages_after_it() {
    let (mut sim, wanted) = made(&[group(1, 70, 0)]);
    assert_eq!(wanted.spaces[0].pages.len(), 4);
    let channel = ChannelId(sim.bound(Key::Room(ONE, Room::Register)));
    let second = MessageId(sim.bound(Key::Page(ONE, 2)));
    sim.observed.messages.get_mut(&channel).unwrap().remove(&second);
    let calls = calls(&mut sim, &wanted);
    let count = |word: &str| calls.iter().filter(|call| call.starts_with(word)).count();
    assert_eq!(
        (count("delete"), count("post"), count("pin"), count("edit")),
        (2, 3, 3, 0),
        "{calls:?}"
    );
    assert_eq!(sim.reports, [PutBack::Message]);
}

#[test]
fn surplus_pages_and_repealed_articles_go() {
    let (mut sim, _) = made(&[group(1, 70, 0)]);
    let mut fewer = group(1, 25, 0);
    fewer.statutes.as_mut().unwrap().articles.remove(1);
    calls(&mut sim, &want(&[fewer]));
    assert!(sim.reports.is_empty());
}

#[test]
fn a_changed_article_is_edited_alone() {
    let (mut sim, _) = made(&[group(1, 12, 0)]);
    let mut amended = group(1, 12, 0);
    let statutes = amended.statutes.as_mut().unwrap();
    statutes.version = 2;
    statutes.articles[1].body = "Le groupe se réunit le lundi.".to_owned();
    statutes.articles[1].since = 2;
    statutes.articles.push(article(4));
    let calls = calls(&mut sim, &want(&[amended]));
    assert_eq!(
        calls.len(),
        4,
        "one edit; post, pin and notice of the new article: {calls:?}"
    );
}

#[test]
fn a_message_unpinned_by_hand_is_pinned_again() {
    let (mut sim, wanted) = made(&[group(1, 5, 0)]);
    let channel = ChannelId(sim.bound(Key::Room(ONE, Room::Register)));
    for message in sim.observed.messages.get_mut(&channel).unwrap().values_mut() {
        message.pinned = false;
    }
    let calls = calls(&mut sim, &wanted);
    assert_eq!(calls.len(), 2, "pin and notice: {calls:?}");
    assert_eq!(sim.reports, [PutBack::Message]);
}

#[test]
fn an_archived_group_reads_and_no_longer_writes() {
    let (mut sim, _) = made(&[group(1, 5, 1)]);
    let mut archived = group(1, 5, 1);
    archived.archived = true;
    calls(&mut sim, &want(&[archived]));
    let discussion = &sim.observed.channels[&ChannelId(sim.bound(Key::Room(ONE, Room::Discussion)))];
    let members = discussion.overwrites[&Subject::Role(RoleId(sim.bound(Key::Role(ONE))))];
    assert_eq!((members.allow, members.deny), (READ, QUIET));
}

#[test]
fn who_sees_what() {
    let (sim, _) = made(&[group(1, 5, 1)]);
    let bits = |room: Room, subject: Subject| {
        sim.observed.channels[&ChannelId(sim.bound(Key::Room(ONE, room)))]
            .overwrites
            .get(&subject)
            .copied()
    };
    let members = Subject::Role(RoleId(sim.bound(Key::Role(ONE))));
    for subject in [members, Subject::Role(NATIONAL), Subject::Member(REFERENT)] {
        let discussion = bits(Room::Discussion, subject).unwrap();
        assert_ne!(
            discussion.allow & SEND_MESSAGES,
            0,
            "{subject:?} writes in the discussion"
        );
        for room in [Room::Register, Room::Documents] {
            let quiet = bits(room, subject).unwrap();
            assert_ne!(quiet.allow & VIEW_CHANNEL, 0);
            assert_eq!(quiet.deny & QUIET, QUIET);
        }
    }
    assert_eq!(
        bits(Room::Discussion, Subject::Member(RELAY)),
        None,
        "a relay comes in by the role, without more power"
    );
}

#[test]
fn an_absent_referent_and_an_unknown_national_role_are_left_out() {
    let mut facts = group(1, 5, 1);
    facts.referents.push(HolderFacts {
        user: UserId(201),
        present: false,
        display: None,
    });
    let wanted = want(&[facts]);
    let named = wanted.spaces[0].channels[0].overwrites.len();
    assert_eq!(named, 5, "everyone, bot, group, national, one referent");
}

#[test]
fn functions_have_their_role_in_step() {
    let mut wanted = want(&[]);
    let spec = |holders: &[UserId]| RoleSpec {
        key: Key::Duty(Duty::Relay),
        name: "Relai local".to_owned(),
        holders: holders.iter().copied().collect(),
    };
    let mut sim = Sim::new([]);
    wanted.duties.push(spec(&[RELAY, UserId(999)]));
    assert_eq!(calls(&mut sim, &wanted).len(), 2, "role, and a grant to who is there");
    wanted.duties[0] = spec(&[]);
    assert_eq!(calls(&mut sim, &wanted).len(), 1, "the role stays, nobody holds it");
    assert!(sim.bindings.keys().all(|key| !matches!(key, Key::DutyHeld(..))));
}

#[test]
fn a_full_server_makes_new_groups_wait_in_their_order() {
    let groups = [group(1, 5, 0), group(2, 5, 0), group(3, 5, 0)];
    let wanted = want(&groups);
    let mut sim = Sim::new([]);
    for n in 0..CHANNELS_MAX - 9 {
        sim.observed
            .channels
            .insert(ChannelId(10_000 + n as u64), foreign_channel("salon", ""));
    }
    let plan = sim.plan(&wanted);
    assert_eq!(plan.waiting, [GroupId(3)]);
    assert!(plan.held.contains(&queue_subject(GroupId(3))) && is_own_subject(&queue_subject(GroupId(3))));
    assert_eq!(plan.fullness, 98);
    assert!(plan.steps.iter().all(|step| step.key.group() != Some(GroupId(3))));
    for n in 0..4 {
        sim.observed.channels.remove(&ChannelId(10_000 + n));
    }
    assert_eq!(sim.plan(&wanted).waiting, []);
}

#[test]
fn a_setback_holds_its_step_and_what_depends_on_it_only() {
    let groups = [group(1, 5, 2), group(2, 5, 0)];
    let wanted = want(&groups);
    let mut sim = Sim::new(users(&groups));
    let later = sim.now + TimeDelta::minutes(1);
    let setback = Setback {
        attempts: 1,
        not_before: later,
        first_at: sim.now,
        code: Some(500),
        kind: SetbackKind::Transient,
    };
    let documents = Key::Room(ONE, Room::Documents).to_string();
    sim.setbacks.insert(documents.clone(), setback);
    let plan = sim.plan(&wanted);
    assert_eq!(
        (plan.wake, plan.held.iter().collect::<Vec<_>>()),
        (Some(later), vec![&documents])
    );
    let text = plan.to_string();
    assert!(
        text.contains("post group:1:page:1") && text.contains("grant group:1:role"),
        "{text}"
    );
    assert!(
        !text.contains("documents group:1") && !text.contains("group:1:announcement"),
        "{text}"
    );
    assert!(text.contains("post group:2:announcement:forming"), "{text}");
    sim.setbacks.clear();
    sim.setbacks.insert(Key::Role(ONE).to_string(), setback);
    let text = sim.plan(&wanted).to_string();
    assert!(
        !text.contains("group:1:"),
        "without its role nothing of a space is made: {text}"
    );
    sim.now = later;
    sim.converge(&wanted);
    sim.assert_converged(&wanted);
}

#[test]
fn a_refused_pin_holds_nothing_else() {
    let wanted = want(&[group(1, 5, 0)]);
    let mut sim = Sim::new([]);
    let later = sim.now + TimeDelta::minutes(1);
    let setback = Setback {
        attempts: 1,
        not_before: later,
        first_at: sim.now,
        code: Some(50013),
        kind: SetbackKind::PinForbidden,
    };
    let subject = "group:1:page:1:pin".to_owned();
    assert!(is_own_subject(&subject));
    sim.setbacks.insert(subject, setback);
    let text = sim.plan(&wanted).to_string();
    assert!(
        text.contains("post group:1:page:1") && text.contains("group:1:announcement"),
        "{text}"
    );
    assert!(!text.contains("pin "), "{text}");
}

#[test]
fn nothing_is_adopted_that_is_not_ours() {
    let wanted = want(&[group(1, 5, 0)]);
    let mut sim = Sim::new([]);
    sim.crash(&wanted, 0, Crash::BeforeCall);
    // A role of the same name: older; holding powers; held by someone.
    let intended = sim.bindings[&Key::Role(ONE)].intended_at;
    let at = |seconds: i64| {
        let millis = (intended + TimeDelta::seconds(seconds)).timestamp_millis() - 1_420_070_400_000;
        RoleId(u64::try_from(millis).unwrap() << 22)
    };
    let name = wanted.spaces[0].role.name.clone();
    sim.observed.roles.insert(at(-61), role(&name, 0));
    sim.observed.roles.insert(at(1), role(&name, 8));
    sim.observed.roles.insert(at(2), role(&name, 0));
    sim.observed.members.get_mut(&RELAY).unwrap().roles.insert(at(2));
    assert!(matches!(sim.plan(&wanted).steps[0].act, Act::CreateRole { .. }));
    sim.observed.roles.insert(at(-59), role(&name, 0));
    assert!(matches!(sim.plan(&wanted).steps[0].act, Act::Adopt { id, .. } if id == at(-59).0));
    sim.observed.roles.clear();
    sim.observed.roles.insert(RoleId(1), role("@everyone", 0));
    sim.observed.roles.insert(NATIONAL, role("MCP national", 0));
    // A channel that bears our marker but was there before us.
    sim.observed
        .channels
        .insert(ChannelId(77), foreign_channel("registre", "x · maillage:1:registre"));
    sim.converge(&wanted);
    assert_ne!(sim.bound(Key::Room(ONE, Room::Register)), 77);
    assert_eq!(
        sim.observed.channels[&ChannelId(77)],
        foreign_channel("registre", "x · maillage:1:registre")
    );
}

#[test]
fn announcements_read_as_the_voice_says() {
    let mut texts = Vec::new();
    for count in [5, 10, 15, 20] {
        let wanted = want(&[group(1, count, 0)]);
        let post = wanted.spaces[0].announcements.last().unwrap();
        let message = post.message(
            rules().words,
            |key| Some(if key == Key::Role(ONE) { 11 } else { 12 }),
            crate::domain::observed::created_at(0),
        );
        let message = message.unwrap();
        assert_eq!(message.faults(), Vec::<String>::new());
        assert_eq!(message.mentions.roles, [11]);
        texts.push(message.content);
    }
    insta::assert_snapshot!(texts.join("\n\n"));
    assert!(texts[0].contains(&rules().links.signup) && texts[0].contains(&rules().links.discord));
}

#[test]
fn an_article_reads_as_the_voice_says() {
    let wanted = want(&[group(1, 10, 0)]);
    let now = crate::domain::observed::created_at(0);
    let message = wanted.spaces[0].articles[2]
        .message(rules().words, |_| None, now)
        .unwrap();
    let embed = &message.embeds[0];
    insta::assert_snapshot!(format!("{}\n{}\n{}", embed.title, embed.description, embed.footer));
}
