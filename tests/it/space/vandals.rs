//! What people change by hand is put back, and told to the national team.

use std::time::{Duration, Instant};

use maillage::domain::notice::{Notice, PutBack};
use maillage::loopback::model::Overwrite;
use maillage::loopback::permissions::{MANAGE_CHANNELS, PIN_MESSAGES, VIEW_CHANNEL};

use super::{CATEGORY, Village, register, room};

impl Village {
    /// Waits until things are put back; gives what the national team is told.
    async fn put_back(&self) -> Vec<PutBack> {
        let mut told: Vec<PutBack> = Vec::new();
        let start = Instant::now();
        // Once more after the first news, for what comes along with it.
        for _ in 0..2 {
            loop {
                assert!(start.elapsed() < Duration::from_secs(10), "nothing is put back");
                self.rest().await;
                told.extend(self.told().await.iter().filter_map(|notice| match notice {
                    Notice::PutBack { what, .. } => Some(*what),
                    _ => None,
                }));
                if !told.is_empty() {
                    break;
                }
            }
        }
        self.assert_one_space();
        told
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_channel_is_closed_again() {
    let village = Village::formed(2).await;
    village.told().await;
    let (admin, everyone) = (village.house.discord.admin(), village.house.discord.guild_id());
    admin.put_overwrite(village.room("registre"), Overwrite::role(everyone, VIEW_CHANNEL, 0));
    assert_eq!(village.put_back().await, [PutBack::Permissions]);
    let lea = village.id("lea");
    village.read(|world| assert!(!world.sees(lea, room(world, "registre").unwrap().id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_that_events_do_not_show_is_taken_away_too() {
    let village = Village::formed(2).await;
    village.told().await;
    let role = village.role();
    village
        .house
        .discord
        .admin()
        .edit_channel(village.room("discussion"), |channel| {
            let group = channel
                .overwrites
                .iter_mut()
                .find(|overwrite| overwrite.id == role)
                .unwrap();
            group.allow |= PIN_MESSAGES;
        });
    assert_eq!(village.put_back().await, [PutBack::Permissions]);
    village.read(|world| {
        let channel = room(world, "discussion").unwrap();
        assert!(
            channel
                .overwrites
                .iter()
                .all(|overwrite| overwrite.allow & PIN_MESSAGES == 0)
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_role_comes_back_with_its_holders() {
    let village = Village::formed(2).await;
    village.told().await;
    village.house.discord.admin().delete_role(village.role());
    assert_eq!(village.put_back().await, [PutBack::Deleted]);
    let (role, m1) = (village.role(), village.id("m1"));
    village.read(|world| {
        assert_eq!(world.holders(role).len(), 3);
        assert!(world.sees(m1, room(world, "discussion").unwrap().id));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_given_powers_loses_them() {
    let village = Village::formed(2).await;
    village.told().await;
    let role = village.role();
    village
        .house
        .discord
        .admin()
        .edit_role(role, |role| role.permissions = MANAGE_CHANNELS);
    assert_eq!(village.put_back().await, [PutBack::Permissions]);
    village.read(|world| assert_eq!(world.guild().roles[&role].permissions, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_register_comes_back() {
    let village = Village::formed(2).await;
    village.told().await;
    let before = village.house.discord.last_call();
    village.house.discord.admin().delete_channel(village.room("registre"));
    assert_eq!(village.put_back().await, [PutBack::Deleted]);
    assert_eq!(village.mutating(before).count(), 4, "channel, page, pin, notice");
    assert!(village.read(register).contains("**5 / 10**"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_page_comes_back() {
    let village = Village::formed(2).await;
    village.told().await;
    let before = village.house.discord.last_call();
    let page = village.read(|world| world.pins_in(room(world, "registre").unwrap().id)[0].id);
    village.house.discord.admin().delete_message(page);
    assert_eq!(village.put_back().await, [PutBack::Message]);
    assert_eq!(village.mutating(before).count(), 3, "page, pin, notice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpinned_page_is_pinned_again() {
    let village = Village::formed(2).await;
    village.told().await;
    let page = village.read(|world| world.pins_in(room(world, "registre").unwrap().id)[0].id);
    village.house.discord.admin().unpin(page);
    assert_eq!(village.put_back().await, [PutBack::Message]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_category_comes_back_around_its_channels() {
    let village = Village::formed(2).await;
    village.told().await;
    village
        .house
        .discord
        .admin()
        .delete_channel(village.house.discord.channel(CATEGORY));
    let told = village.put_back().await;
    assert!(told.contains(&PutBack::Deleted), "{told:?}");
    village.read(|world| assert_eq!(world.children(world.channel_named(CATEGORY).unwrap().id).len(), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn access_given_or_taken_by_hand_is_set_right() {
    let village = Village::formed(2).await;
    village.told().await;
    let (role, m1, lea) = (village.role(), village.id("m1"), village.id("lea"));
    village.house.discord.admin().take_role(m1, role);
    village.house.discord.admin().give_role(lea, role);
    assert_eq!(village.put_back().await, [PutBack::Access], "told once");
    village.read(|world| {
        let holders = world.holders(role);
        assert!(holders.contains(&m1) && !holders.contains(&lea));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_the_bot_is_deaf_is_found_at_the_next_greeting() {
    let village = Village::formed(2).await;
    village.told().await;
    let (discord, lea) = (&village.house.discord, village.id("lea"));
    let register = village.room("registre");
    discord.gateway().lose_events(true);
    discord.admin().delete_channel(village.room("documents"));
    discord
        .admin()
        .put_overwrite(register, Overwrite::role(discord.guild_id(), VIEW_CHANNEL, 0));
    discord.gateway().lose_events(false);
    discord.gateway().invalidate(false);
    discord
        .wait_for("the register to be closed", |world| !world.sees(lea, register))
        .await;
    discord
        .wait_for("the documents", |world| room(world, "documents").is_some())
        .await;
    let told = village.put_back().await;
    assert!(
        told.contains(&PutBack::Permissions) && told.contains(&PutBack::Deleted),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_is_left_alone() {
    let village = Village::formed(2).await;
    let (discord, group) = (&village.house.discord, village.group);
    let before = discord.last_call();
    let copy = discord.admin().create_channel("registre", None, Vec::new());
    discord.admin().edit_channel(copy, |channel| {
        channel.topic = Some(format!("x · maillage:{group}:registre"));
    });
    let role = discord.admin().create_role("Groupe Lunel", 0);
    village.rest().await;
    assert_eq!(village.mutating(before).count(), 0);
    discord.admin().delete_role(role);
    discord.admin().delete_channel(copy);
}
