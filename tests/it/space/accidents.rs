//! Deaths, refusals, silences: nothing is lost, nothing is made twice.

use maillage::domain::observed::CHANNELS_MAX;
use maillage::loopback::permissions::PIN_MESSAGES;
use maillage::loopback::{Action, BOT_PERMISSIONS, Fault};

use super::{BASE, SHORT, Village, room};
use crate::support::{server, until};

/// Kills the bot when its `n`-th call of the making of a space has been done but not recorded.
async fn dies_after(n: usize) {
    let mut village = Village::new().await.staffed().await;
    let gate = village.house.discord.faults().pause_after_mutating(n);
    village.validate(5, 3).await;
    gate.reached().await;
    village.house.kill().await;
    gate.open();
    village.house.start().await;
    village.ready().await;
    village.rest().await;
    village.assert_one_space();
    let (role, holders) = (village.role(), 4);
    village.read(|world| assert_eq!(world.holders(role).len(), holders, "after call {n}"));
    let before = village.house.discord.last_call();
    village.house.restart().await;
    village.rest().await;
    assert_eq!(village.mutating(before).count(), 0, "after call {n}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_after_the_role_the_category_or_a_channel_leaves_no_second_one() {
    for n in 1..=5 {
        dies_after(n).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_after_the_register_its_pin_a_grant_or_the_announcement_leaves_no_second_one() {
    for n in 6..=BASE + 4 {
        dies_after(n).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_leaves_no_second_object() {
    for (method, route, nth) in [
        ("POST", "/guilds/{guild}/roles", 1),
        ("POST", "/guilds/{guild}/channels", 1),
        ("POST", "/guilds/{guild}/channels", 3),
        ("POST", "/channels/{channel}/messages", 1),
        ("POST", "/channels/{channel}/messages", 2),
        ("PUT", "/channels/{channel}/pins/{message}", 1),
        ("PUT", "/guilds/{guild}/members/{user}/roles/{role}", 2),
    ] {
        let mut village = Village::new().await.staffed().await;
        let faults = village.house.discord.faults();
        let action = if nth == 2 {
            Action::FailAfter(502)
        } else {
            Action::ResetAfter
        };
        faults.add(Fault::on(method, route, action).nth(nth));
        village.validate(5, 3).await;
        until("the accident", || async { faults.waiting() == 0 }).await;
        village.persist().await;
        village.assert_one_space();
        assert_eq!(village.setbacks().await, Vec::<String>::new(), "{method} {route}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_limits_are_waited_for_with_growing_delay() {
    let mut village = Village::new().await.staffed().await;
    let faults = village.house.discord.faults();
    faults.add(Fault::on("POST", "/guilds/{guild}/channels", Action::TooMany(1.0, false)).times(3));
    village.validate(5, 3).await;
    village.rest().await;
    assert_eq!(faults.waiting(), 1, "it is not tried again at once");
    assert_eq!(
        village.setbacks().await,
        [format!("group:{}:category rate_limited", village.group)]
    );
    village.persist().await;
    village.assert_one_space();
    assert_eq!(village.setbacks().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discord_that_is_down_is_not_stormed_and_loses_nothing() {
    let mut village = Village::new().await.staffed().await;
    let faults = village.house.discord.faults();
    let before = village.house.discord.last_call();
    faults.outage(503);
    village.validate(5, 3).await;
    village.rest().await;
    let tries = village.house.discord.calls().after(before).count();
    assert!(tries <= 6, "{tries} requests to a Discord that is down");
    faults.clear();
    village.persist().await;
    village.assert_one_space();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_group_in_trouble_does_not_hold_the_others() {
    let mut village = Village::formed(0).await;
    let register = village.room("registre");
    let path = format!("/channels/{register}/messages/*");
    village
        .house
        .discord
        .faults()
        .add(Fault::on("PATCH", &path, Action::Fail(500, 0, "x")).times(usize::MAX));
    village.validate(1, 0).await;
    village.rest().await;
    let other = second_group(&village).await;
    village
        .house
        .discord
        .wait_for("the other space", |world| world.channel_named("🌱 Mauguio").is_some())
        .await;
    assert_ne!(other, village.group);
    village.rest().await;
    assert_eq!(
        village.setbacks().await,
        [format!("group:{}:page:1 transient", village.group)]
    );
}

/// A group «Mauguio» that reaches five members.
async fn second_group(village: &Village) -> maillage::domain::ids::GroupId {
    let app = village.app();
    let region = maillage::domain::ids::RegionCode("76".to_owned());
    let mut tx = app.store.write().await.unwrap();
    let territory = maillage::store::territories::ensure(&mut tx, "2", "34", &region, "Mauguio")
        .await
        .unwrap();
    let new = maillage::store::groups::NewGroup {
        name: "Mauguio",
        departement: "34",
        region: &region,
        territory,
        by: None,
    };
    let group = maillage::store::groups::declare(&mut tx, &new, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut other = Village2 { village, group };
    other.fill().await;
    group
}

/// A second group of the same house.
struct Village2<'a> {
    village: &'a Village,
    group: maillage::domain::ids::GroupId,
}

impl Village2<'_> {
    async fn fill(&mut self) {
        use maillage::domain::ids::UserId;
        use maillage::store::memberships::NewMembership;
        use maillage::store::people::{NewPerson, Origin, Place};
        let app = self.village.app();
        let now = app.clock.now();
        let mut tx = app.store.write().await.unwrap();
        for n in 0..5 {
            let phone = format!("01 99 00 10 {n:02}");
            let mail = format!("q{n}@example.org");
            let identity = maillage::domain::person::Identity::parse("Léa", "Roux", &phone, &mail, "34130").unwrap();
            let place = Place {
                postal_code: "34130".to_owned(),
                insee: None,
                territory: None,
                placed: None,
            };
            let new = NewPerson {
                identity: &identity,
                place: &place,
                origin: Origin::Local,
                signed_up_on: None,
            };
            let person = maillage::store::people::insert(&mut tx, &new, now).await.unwrap();
            let new = NewMembership {
                person,
                group: self.group,
                by: UserId(1),
                consent_version: "1",
            };
            maillage::store::memberships::insert(&mut tx, &new, now).await.unwrap();
        }
        maillage::usecases::ladder::settle(&mut tx, &app.rules(), self.group, None, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_to_pin_the_space_opens_and_the_reason_is_kept() {
    let mut village = Village::with(server().bot_permissions(BOT_PERMISSIONS & !PIN_MESSAGES))
        .await
        .staffed()
        .await;
    village.validate(5, 3).await;
    village.ready().await;
    village.rest().await;
    assert_eq!(
        village.setbacks().await,
        [format!("group:{}:page:1:pin pin_forbidden", village.group)]
    );
    let role = village.role();
    village.read(|world| {
        assert_eq!(world.holders(role).len(), 4);
        assert_eq!(world.messages_in(room(world, "discussion").unwrap().id).len(), 1);
    });
    // The permission is granted: no need to wait for the end of the delay.
    village.house.discord.admin().set_bot_permissions(BOT_PERMISSIONS);
    let pinned = |world: &maillage::loopback::World| !world.pins_in(room(world, "registre").unwrap().id).is_empty();
    village.house.discord.wait_for("the pin", pinned).await;
    village.rest().await;
    village.assert_one_space();
    assert_eq!(village.setbacks().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_old_messages_wait_and_edit_again() {
    let mut village = Village::formed(0).await;
    let page = village.read(|world| world.pins_in(room(world, "registre").unwrap().id)[0].id);
    let faults = village.house.discord.faults();
    let route = "/channels/{channel}/messages/{message}";
    faults.add(Fault::on(
        "PATCH",
        route,
        Action::Fail(429, 30046, "Maximum number of edits"),
    ));
    village.validate(1, 0).await;
    village.rest().await;
    assert_eq!(
        village.setbacks().await,
        [format!("group:{}:page:1 old_edit", village.group)]
    );
    village.house.advance(chrono::TimeDelta::seconds(11));
    village.rest().await;
    village.read(|world| {
        let pins = world.pins_in(room(world, "registre").unwrap().id);
        assert_eq!((pins.len(), pins[0].id), (1, page), "edited, not posted anew");
        assert!(pins[0].content.contains("**6 / 10**"));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_makes_the_group_wait() {
    let mut builder = server();
    for n in 0..CHANNELS_MAX - 3 {
        builder = builder.channel(&format!("salon-{n}"));
    }
    let mut village = Village::with(builder).await.staffed().await;
    village.validate(5, 0).await;
    village.rest().await;
    assert_eq!(
        village.setbacks().await,
        [format!("group:{}:space full", village.group)]
    );
    assert!(
        village.read(|world| world.role_named("Groupe Lunel").is_none()),
        "nothing is begun that cannot be ended"
    );
    let told = village.told().await;
    assert!(
        told.contains(&maillage::domain::notice::Notice::Capacity { percent: 100 }),
        "{told:?}"
    );
    for n in 0..3 {
        village
            .house
            .discord
            .admin()
            .delete_channel(village.house.discord.channel(&format!("salon-{n}")));
    }
    village.ready().await;
    village.rest().await;
    village.assert_one_space();
    assert_eq!(village.setbacks().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_discord_holds_no_validation() {
    let mut village = Village::new().await.staffed().await;
    let gate = village.house.discord.faults().pause("POST", "/guilds/{guild}/roles");
    village.validate(5, 0).await;
    gate.reached().await;
    // The writer is free: another validation is written while Discord lets us wait.
    let written = tokio::time::timeout(SHORT * 100, village.validate(1, 0)).await;
    assert!(written.is_ok(), "no transaction is held across a call");
    gate.open();
    village.ready().await;
}
