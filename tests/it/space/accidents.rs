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
    // Direct messages keep their own pace.
    let tries = village
        .house
        .discord
        .calls()
        .after(before)
        .only(|call| call.template != "/users/@me/channels")
        .count();
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
    village.neighbours(&["Mauguio"]).await;
    village
        .house
        .discord
        .wait_for("the other space", |world| world.channel_named("🌱 Mauguio").is_some())
        .await;
    village.rest().await;
    assert_eq!(
        village.setbacks().await,
        [format!("group:{}:page:1 transient", village.group)]
    );
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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_unseen_is_made_again_when_touched() {
    let mut village = Village::formed(0).await;
    let discord = &village.house.discord;
    let page = village.read(|world| world.pins_in(room(world, "registre").unwrap().id)[0].id);
    let role = village.role();
    discord.gateway().lose_events(true);
    discord.admin().delete_message(page);
    discord.admin().delete_role(role);
    discord.gateway().lose_events(false);
    village.validate(1, 1).await;
    village.persist().await;
    village.assert_one_space();
    let (role, m6) = (village.role(), village.id("m6"));
    village.read(|world| {
        assert!(super::register(world).contains("**6 / 10**"));
        assert!(world.holders(role).contains(&m6));
        assert!(world.sees(m6, room(world, "discussion").unwrap().id));
    });
    assert_eq!(village.setbacks().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_notice_that_is_never_told_is_looked_for() {
    let mut village = Village::new().await.staffed().await;
    village.house.discord.gateway().lose_events(true);
    village.validate(5, 3).await;
    village.ready().await;
    let lies = |world: &maillage::loopback::World| super::notices(world).len();
    until("the notice to lie there", || async { village.read(lies) == 1 }).await;
    village.house.discord.gateway().lose_events(false);
    until("the notice to be swept", || async {
        village.house.advance(chrono::TimeDelta::seconds(11));
        village.read(lies) == 0
    })
    .await;
    village.rest().await;
    village.assert_one_space();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_told_twice_change_nothing() {
    let mut village = Village::new().await.staffed().await;
    let before = village.house.discord.last_call();
    village
        .house
        .discord
        .faults()
        .add(Fault::on("MUTATING", "*", Action::Twice).times(usize::MAX));
    village.validate(5, 3).await;
    village.ready().await;
    village.rest().await;
    village.assert_one_space();
    let calls = village.mutating(before);
    assert_eq!(calls.count(), BASE + 4, "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_groups_at_once_each_get_their_space() {
    let village = Village::new().await;
    let names = ["Mauguio", "Sète", "Agde", "Béziers", "Lodève", "Ganges", "Pézenas"];
    let before = village.house.discord.last_call();
    village.neighbours(&names).await;
    for name in names {
        let ready = format!("🌱 {name}");
        let announced = |world: &maillage::loopback::World| {
            let discussion = world.channel_in(&ready, "discussion");
            discussion.is_some_and(|channel| !world.messages_in(channel.id).is_empty())
        };
        village.house.discord.wait_for(name, announced).await;
    }
    until("the last notice to be swept", || async {
        village.mutating(before).count() >= BASE * names.len()
    })
    .await;
    village.rest().await;
    let calls = village.mutating(before);
    assert_eq!(calls.count(), BASE * names.len(), "{calls}");
}
