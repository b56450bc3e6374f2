//! From the fifth member to the assembly, without accidents.

use chrono::TimeDelta;
use maillage::loopback::model::Overwrite;
use maillage::loopback::permissions::{ADD_REACTIONS, PIN_MESSAGES, SEND_MESSAGES, VIEW_CHANNEL};

use super::{BASE, CATEGORY, Village, notices, register, room};
use crate::support::until;

#[tokio::test(flavor = "multi_thread")]
async fn five_members_get_a_space_for_nine_calls_and_one_each() {
    let mut village = Village::new().await.staffed().await;
    village.validate(4, 3).await;
    village.rest().await;
    assert!(
        village.read(|world| world.role_named("Groupe Lunel").is_none()),
        "four members have no space"
    );
    let before = village.house.discord.last_call();
    village.validate(1, 0).await;
    village.ready().await;
    village.rest().await;
    let calls = village.mutating(before);
    assert_eq!(
        calls.count(),
        BASE + 4,
        "three members and the relay are on Discord:\n{calls}"
    );
    assert_eq!(calls.failed().count(), 0);
    village.assert_one_space();
    village.read(|world| {
        let text = register(world);
        assert!(text.contains("**5 / 10**") && text.contains("Noé LE GOFF"), "{text}");
        assert!(text.contains("Camille Dupré") && text.contains("Awa Martin"), "{text}");
        let discussion = room(world, "discussion").unwrap();
        let announcement = &world.messages_in(discussion.id)[0].content;
        assert!(
            announcement.contains("discord.gg/zMJyGwN") && announcement.contains("#participer"),
            "{announcement}"
        );
        let button = &world.pins_in(room(world, "registre").unwrap().id)[0].components[0]["components"][0];
        assert_eq!(button["label"], "Coordonnées du groupe");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_is_private_from_its_first_instant() {
    let village = Village::formed(3).await;
    let guild = village.house.discord.guild_id().to_string();
    let made = village.house.discord.calls().route("POST", "/guilds/{guild}/channels");
    assert_eq!(made.count(), 4);
    for call in &made.0 {
        let overwrites = call.body["permission_overwrites"].as_array().unwrap();
        let everyone = overwrites
            .iter()
            .find(|overwrite| overwrite["id"] == guild.as_str())
            .unwrap();
        let denied: u64 = everyone["deny"].as_str().unwrap().parse().unwrap();
        assert_ne!(denied & VIEW_CHANNEL, 0, "the creating call hides it: {}", call.body);
    }
    // Nothing opens it later either.
    assert_eq!(
        village
            .house
            .discord
            .calls()
            .route("PATCH", "/channels/{channel}")
            .count(),
        0
    );
    let people = ["m1", "camille", "awa", "nadia", "lea", "m9"].map(|name| (name, village.id(name)));
    village.read(|world| {
        for name in ["discussion", "registre", "documents"] {
            let channel = room(world, name).unwrap();
            for (who, id) in people {
                let bits = world.permissions_of(id, channel);
                let inside = !["lea", "m9"].contains(&who);
                assert_eq!(bits & VIEW_CHANNEL != 0, inside, "{who} in {name}");
                assert_eq!(
                    bits & SEND_MESSAGES != 0,
                    inside && name == "discussion",
                    "{who} writes in {name}"
                );
                assert!(
                    name == "discussion" || bits & ADD_REACTIONS == 0,
                    "{who} reacts in {name}"
                );
                assert_eq!(bits & PIN_MESSAGES, 0, "{who} has no power of moderation");
            }
            assert!(
                channel
                    .topic
                    .as_deref()
                    .unwrap()
                    .contains(&format!("maillage:{}:{name}", village.group))
            );
        }
        let category = world.channel_named(CATEGORY).unwrap();
        let lea = people[4].1;
        assert!(!world.sees(lea, category.id));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_changes_nothing_and_costs_nothing() {
    let mut village = Village::formed(3).await;
    let before = village.house.discord.last_call();
    village.house.restart().await;
    village.rest().await;
    village.house.resurrect().await;
    village.rest().await;
    let calls = village.mutating(before);
    assert_eq!(calls.count(), 0, "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_on_a_clean_mirror_asks_nothing() {
    let mut village = Village::formed(3).await;
    village.rest().await;
    let before = village.house.discord.last_call();
    village.validate(1, 0).await;
    until("the register to tell", || async {
        village.read(|world| register(world).contains("**6 / 10**"))
    })
    .await;
    village.rest().await;
    let calls = village.house.discord.calls().after(before);
    assert_eq!(calls.count(), 1, "one edit, and not one look:\n{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assembly_gets_its_statutes() {
    let mut village = Village::formed(2).await;
    let before = village.house.discord.last_call();
    village.validate(5, 0).await;
    until("the announcement", || async {
        village.read(|world| room(world, "discussion").is_some_and(|channel| world.messages_in(channel.id).len() == 2))
    })
    .await;
    village.rest().await;
    let articles = village.read(|world| {
        assert!(world.channel_named("🏛️ ACP Lunel").is_some() && world.channel_named(CATEGORY).is_none());
        let documents = room(world, "documents").unwrap();
        assert!(notices(world).is_empty());
        for message in world.messages_in(documents.id) {
            assert!(message.pinned && message.embeds[0]["title"].as_str().unwrap().starts_with("Article "));
        }
        world.pins_in(documents.id).len()
    });
    assert!(articles > 3, "{articles} articles");
    let calls = village.mutating(before);
    assert_eq!(
        calls.count(),
        3 + 3 * articles,
        "name, register, announcement; each article, its pin, its notice:\n{calls}"
    );
    village.house.restart().await;
    village.rest().await;
    assert_eq!(
        village.mutating(before).count(),
        3 + 3 * articles,
        "and a restart adds nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bursts_of_changes_are_coalesced() {
    let mut village = Village::formed(0).await;
    let before = village.house.discord.last_call();
    for _ in 6..=9 {
        village.validate(1, 0).await;
        village.rest().await;
    }
    let page = |village: &Village| village.read(register);
    assert!(page(&village).contains("**6 / 10**"), "the first edit at once");
    let count = |village: &Village| {
        let route = "/channels/{channel}/messages/{message}";
        village
            .house
            .discord
            .calls()
            .after(before)
            .route("PATCH", route)
            .count()
    };
    assert_eq!(count(&village), 1);
    village.house.advance(TimeDelta::seconds(11));
    until("the other changes", || async { page(&village).contains("**9 / 10**") }).await;
    village.rest().await;
    assert_eq!(count(&village), 2, "then all of them in one");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go() {
    let mut village = Village::formed(3).await;
    let (admin, m1, m2) = (village.house.discord.admin(), village.id("m1"), village.id("m2"));
    let role = village.role();
    admin.kick(m1);
    village.rest().await;
    village.house.advance(TimeDelta::minutes(1));
    admin.join(m1, false);
    village
        .house
        .discord
        .wait_for("access for who came back", |world| world.holders(role).contains(&m1))
        .await;
    // Who leaves the group loses its space, and stays on the server.
    let person = {
        let app = village.app();
        let mut tx = app.store.read().await.unwrap();
        let found = maillage::store::people::of_account(&mut tx, maillage::domain::ids::UserId(m2))
            .await
            .unwrap();
        found.unwrap().id
    };
    village.retire(person).await;
    village
        .house
        .discord
        .wait_for("access taken", |world| !world.holders(role).contains(&m2))
        .await;
    village.rest().await;
    assert!(village.read(|world| !register(world).contains("`2`")));
    // Nobody's hand was in it.
    let told = village.told().await;
    assert!(
        !told
            .iter()
            .any(|notice| matches!(notice, maillage::domain::notice::Notice::PutBack { .. })),
        "{told:?}"
    );
    // While the bot is away, too.
    let before = village.house.discord.last_call();
    village.house.stop().await;
    admin.kick(m1);
    village.house.discord.advance_clock(std::time::Duration::from_secs(60));
    village.house.clock.advance(TimeDelta::seconds(60));
    admin.join(m1, false);
    village.house.start().await;
    village
        .house
        .discord
        .wait_for("access again", |world| world.holders(role).contains(&m1))
        .await;
    village.rest().await;
    assert_eq!(village.mutating(before).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_follow_their_holders() {
    let village = Village::new().await.staffed().await;
    let discord = &village.house.discord;
    let (relay, referent) = (discord.role("Relai local"), discord.role("Référent régional"));
    let (camille, awa) = (village.id("camille"), village.id("awa"));
    village.read(|world| {
        assert_eq!(
            (world.holders(relay), world.holders(referent)),
            (vec![camille], vec![awa])
        );
        assert_eq!(world.guild().roles[&relay].permissions, 0);
    });
    discord.admin().give_role(village.id("lea"), relay);
    discord.admin().take_role(awa, referent);
    let right =
        |world: &maillage::loopback::World| world.holders(relay) == [camille] && world.holders(referent) == [awa];
    discord.wait_for("the functions to be set right", right).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_referent_gets_in_and_the_former_one_out() {
    let village = Village::formed(1).await;
    let (awa, lea) = (village.id("awa"), village.id("lea"));
    let app = village.app();
    let region = maillage::domain::ids::RegionCode("76".to_owned());
    let mut tx = app.store.write().await.unwrap();
    use maillage::domain::ids::UserId;
    maillage::store::posts::end_referent(&mut tx, &region, UserId(awa), app.clock.now())
        .await
        .unwrap();
    maillage::store::posts::name_referent(&mut tx, &region, UserId(lea), app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    village.rest().await;
    village.read(|world| {
        for name in ["discussion", "registre", "documents"] {
            let channel = room(world, name).unwrap();
            assert!(world.sees(lea, channel.id) && !world.sees(awa, channel.id), "{name}");
            let ours: Vec<&Overwrite> = channel.overwrites.iter().collect();
            assert_eq!(ours.len(), 5, "everyone, bot, group, national, referent");
        }
    });
    assert!(
        !village
            .told()
            .await
            .iter()
            .any(|notice| matches!(notice, maillage::domain::notice::Notice::PutBack { .. }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_and_fifty_members_have_their_pages() {
    let mut village = Village::formed(0).await;
    village.validate(245, 0).await;
    until("the last page", || async {
        village.house.running().wake();
        village.read(|world| register(world).contains("`250`"))
    })
    .await;
    village.rest().await;
    village.read(|world| {
        let channel = room(world, "registre").unwrap();
        let pages = world.messages_in(channel.id);
        assert!(
            pages
                .iter()
                .all(|page| page.pinned && page.content.encode_utf16().count() <= 2000)
        );
        let numbers: Vec<u32> = pages
            .iter()
            .flat_map(|page| page.content.lines())
            .filter_map(|line| line.strip_prefix('`')?.split_once('`')?.0.parse().ok())
            .collect();
        assert_eq!(numbers, (1..=250).collect::<Vec<u32>>(), "each once, in order");
    });
}
