//! The gateway as serenity lives it: resuming, starting anew, and being turned away.

use std::time::Duration;

use maillage::loopback::permissions as perm;
use maillage::loopback::{Builder, Loopback, Overwrite, intents};
use poise::serenity_prelude::GatewayIntents;

use super::bot;

async fn start(builder: Builder) -> (Loopback, bot::Bot) {
    let discord = Loopback::start(builder.member("camille", "Camille", &[]))
        .await
        .unwrap();
    let bot = bot::start(&discord).await;
    bot.seen.wait("guild_create", 1).await;
    (discord, bot)
}

/// Joins a newcomer and leaves the bot to hear of it.
fn somebody_joins(discord: &Loopback, name: &str) {
    let user = discord.admin().create_user(name, name);
    discord.admin().join(user, false);
}

#[tokio::test]
async fn a_cut_a_close_and_op_7_are_resumed_without_loss() {
    let (discord, bot) = start(Builder::new()).await;
    let gateway = discord.gateway();
    for (n, accident) in ["cut", "close 1006", "op 7", "op 9 resumable"].into_iter().enumerate() {
        match accident {
            "cut" => gateway.cut(),
            "close 1006" => gateway.close(4000),
            "op 7" => gateway.ask_reconnect(),
            _ => gateway.invalidate(true),
        }
        // What happens while it is away is told afterwards.
        somebody_joins(&discord, &format!("pendant{n}"));
        bot.seen.wait("resume", n + 1).await;
        bot.seen.wait("guild_member_addition", n + 1).await;
        assert_eq!(bot.seen.count("guild_member_addition"), n + 1, "{accident}");
    }
    assert_eq!((gateway.identifies(), gateway.resumes()), (1, 4));
}

#[tokio::test]
async fn a_forgotten_session_starts_anew_and_what_happened_meanwhile_is_lost() {
    let (discord, bot) = start(Builder::new()).await;
    discord.gateway().invalidate(false);
    somebody_joins(&discord, "perdue");
    // serenity waits five seconds before it identifies anew.
    bot.seen.wait("ready", 2).await;
    bot.seen.wait("guild_create", 2).await;
    assert_eq!(bot.seen.count("guild_member_addition"), 0);
    assert_eq!(discord.gateway().identifies(), 2);
}

#[tokio::test]
async fn a_close_without_a_code_makes_serenity_start_anew() {
    // serenity notices only when its next heartbeat fails.
    let (discord, bot) = start(Builder::new().heartbeat(Duration::from_millis(400))).await;
    discord.gateway().close_without_code();
    bot.seen.wait("ready", 2).await;
    assert_eq!((discord.gateway().identifies(), discord.gateway().resumes()), (2, 0));
}

#[tokio::test]
async fn events_can_be_lost_without_a_trace() {
    let (discord, bot) = start(Builder::new()).await;
    discord.gateway().lose_events(true);
    somebody_joins(&discord, "perdue");
    discord.gateway().lose_events(false);
    somebody_joins(&discord, "vue");
    bot.seen.wait("guild_member_addition", 1).await;
    assert_eq!(bot.seen.count("guild_member_addition"), 1);
}

#[tokio::test]
async fn a_silent_gateway_is_left_after_a_missed_acknowledgement() {
    let (discord, bot) = start(Builder::new().heartbeat(Duration::from_millis(400))).await;
    discord.gateway().silence(true);
    let connections = discord.gateway().connections();
    somebody_joins(&discord, "tue");
    discord.wait_for("the bot to hang up", |w| w.connected() == 0).await;
    assert_eq!(bot.seen.count("guild_member_addition"), 0);
    discord.gateway().silence(false);
    bot.seen.wait("ready", 2).await;
    assert!(discord.gateway().connections() > connections);
}

#[tokio::test]
async fn a_wrong_token_and_intents_that_are_off_end_the_client() {
    let discord = Loopback::start(Builder::new()).await.unwrap();
    discord.admin().set_privileged_intents(0);
    let mut bot = bot::start_with(&discord, bot::INTENTS);
    let error = bot.ended().await.unwrap_err().to_string();
    assert!(error.contains("intents"), "{error}");

    let mut bot = bot::start_with(&discord, GatewayIntents::GUILDS);
    discord.wait_connected().await;
    discord.admin().reset_token("another");
    discord.gateway().close(4004);
    let error = bot.ended().await.unwrap_err().to_string();
    assert!(error.contains("authentication"), "{error}");
}

#[tokio::test]
async fn too_many_identifies_reset_the_token() {
    let discord = Loopback::start(Builder::new().identify_limit(2)).await.unwrap();
    let token = discord.token();
    for _ in 0..2 {
        let bot = bot::start_with(&discord, bot::INTENTS);
        discord.wait_connected().await;
        drop(bot);
        discord.wait_for("the bot to be gone", |w| w.connected() == 0).await;
    }
    let mut bot = bot::start_with(&discord, bot::INTENTS);
    assert!(bot.ended().await.is_err());
    assert_ne!(discord.token(), token);
}

#[tokio::test]
async fn only_events_of_the_intents_and_of_visible_channels_are_told() {
    let discord = Loopback::start(Builder::new().member("camille", "Camille", &[]))
        .await
        .unwrap();
    let bot = bot::start_with(&discord, GatewayIntents::GUILDS);
    bot.seen.wait("guild_create", 1).await;
    let admin = discord.admin();
    somebody_joins(&discord, "discrète");
    let _ = admin.post(discord.channel("général"), discord.user("camille"), "bonjour");
    let hidden = admin.create_channel(
        "caché",
        None,
        vec![Overwrite::role(discord.guild_id(), 0, perm::VIEW_CHANNEL)],
    );
    admin.edit_channel(hidden, |c| c.topic = Some("sujet".into()));
    admin.delete_channel(hidden);
    let _ = admin.create_role("témoin", 0);
    bot.seen.wait("guild_role_create", 1).await;
    for silent in [
        "guild_member_addition",
        "message",
        "channel_create",
        "channel_update",
        "channel_delete",
    ] {
        assert_eq!(bot.seen.count(silent), 0, "{silent}");
    }
    // Who loses sight is told how.
    let guild = discord.guild_id();
    admin.edit_channel(discord.channel("général"), |c| {
        c.overwrites.push(Overwrite::role(guild, 0, perm::VIEW_CHANNEL));
    });
    bot.seen.wait("channel_update", 1).await;
    assert_eq!(intents::PRIVILEGED, 1 << 1 | 1 << 8 | 1 << 15);
}

#[tokio::test]
async fn a_kicked_bot_hears_of_it_and_a_bot_comes_back_to_the_same_port() {
    let (discord, bot) = start(Builder::new()).await;
    let url = discord.base_url();
    drop(bot);
    discord.wait_for("the bot to be gone", |w| w.connected() == 0).await;
    let bot = bot::start_with(&discord, bot::INTENTS);
    bot.seen.wait("ready", 1).await;
    assert_eq!(url, discord.base_url());
    discord.admin().kick(discord.bot_id());
    bot.seen.wait("guild_delete", 1).await;
}
