//! What the bot may not do, it is refused as Discord refuses it.

use maillage::loopback::permissions as perm;
use maillage::loopback::{BOT_PERMISSIONS, Builder, Loopback, Overwrite};
use serde_json::{Value, json};

use super::raw::Raw;

const DENIED: (u16, u64) = (403, 50013);
const UNSEEN: (u16, u64) = (403, 50001);

/// The bot without those bits of its own, and @everyone with nothing but sight.
async fn without(bits: u64) -> (Loopback, Raw) {
    let world = Builder::new()
        .everyone(perm::VIEW_CHANNEL | perm::READ_MESSAGE_HISTORY)
        .role("bas", 0)
        .bot_permissions((BOT_PERMISSIONS | perm::KICK_MEMBERS) & !bits)
        .member("camille", "Camille", &[]);
    let discord = Loopback::start(world).await.unwrap();
    let raw = Raw::new(&discord);
    (discord, raw)
}

#[tokio::test]
async fn each_route_asks_for_its_permission() {
    for (bits, method, path, body) in [
        (
            perm::MANAGE_CHANNELS,
            "POST",
            "/guilds/G/channels",
            json!({"name": "a"}),
        ),
        (perm::MANAGE_CHANNELS, "PATCH", "/channels/C", json!({"nsfw": true})),
        (perm::MANAGE_CHANNELS, "DELETE", "/channels/C", Value::Null),
        (
            perm::MANAGE_ROLES,
            "POST",
            "/guilds/G/roles",
            json!({"name": "a", "permissions": "0"}),
        ),
        (perm::MANAGE_ROLES, "PATCH", "/guilds/G/roles/R", json!({"name": "b"})),
        (perm::MANAGE_ROLES, "DELETE", "/guilds/G/roles/R", Value::Null),
        (perm::MANAGE_ROLES, "PUT", "/guilds/G/members/U/roles/R", Value::Null),
        (
            perm::MANAGE_ROLES,
            "PUT",
            "/channels/C/permissions/R",
            json!({"type": 0, "allow": "0", "deny": "0"}),
        ),
        (
            perm::SEND_MESSAGES,
            "POST",
            "/channels/C/messages",
            json!({"content": "a"}),
        ),
        (
            perm::EMBED_LINKS,
            "POST",
            "/channels/C/messages",
            json!({"embeds": [{"title": "a"}]}),
        ),
        (perm::PIN_MESSAGES, "PUT", "/channels/C/pins/M", Value::Null),
        (perm::PIN_MESSAGES, "PUT", "/channels/C/messages/pins/M", Value::Null),
        (perm::MANAGE_MESSAGES, "DELETE", "/channels/C/messages/M", Value::Null),
        (perm::CREATE_INSTANT_INVITE, "POST", "/channels/C/invites", json!({})),
    ] {
        let (discord, raw) = without(bits).await;
        let message = discord
            .admin()
            .post(discord.channel("général"), discord.user("camille"), "bonjour");
        let path = path
            .replace("/G/", &format!("/{}/", discord.guild_id()))
            .replace("/C", &format!("/{}", discord.channel("général")))
            .replace("/R", &format!("/{}", discord.role("bas")))
            .replace("/U/", &format!("/{}/", discord.user("camille")))
            .replace("/M", &format!("/{message}"));
        let reply = raw.call(method, &path, &body).await;
        assert_eq!(reply.refusal(), DENIED, "{method} {path}");
        discord.admin().set_bot_permissions(BOT_PERMISSIONS);
        let reply = raw.call(method, &path, &body).await;
        assert!(reply.status < 300, "{method} {path}: {reply:?}");
    }
}

#[tokio::test]
async fn manage_messages_does_not_pin_any_more_and_the_notice_follows_a_pin() {
    let (discord, raw) = without(perm::PIN_MESSAGES).await;
    let channel = discord.channel("général");
    let message = raw
        .post(&format!("/channels/{channel}/messages"), json!({"content": "registre"}))
        .await
        .id();
    assert_eq!(
        raw.put(&format!("/channels/{channel}/pins/{message}"), Value::Null)
            .await
            .refusal(),
        DENIED
    );
    discord.admin().set_bot_permissions(BOT_PERMISSIONS);
    assert_eq!(
        raw.put(&format!("/channels/{channel}/pins/{message}"), Value::Null)
            .await
            .status,
        204
    );
    // Pinning twice says nothing twice.
    assert_eq!(
        raw.put(&format!("/channels/{channel}/pins/{message}"), Value::Null)
            .await
            .status,
        204
    );
    let list = raw.get(&format!("/channels/{channel}/messages")).await.body;
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(list[0]["type"], 6);
    assert_eq!(list[0]["message_reference"]["message_id"], message.to_string());
    let pins = raw.get(&format!("/channels/{channel}/messages/pins")).await.body;
    assert_eq!(pins["items"][0]["message"]["id"], message.to_string());
    let notice = list[0]["id"].as_str().unwrap();
    assert_eq!(
        raw.put(&format!("/channels/{channel}/pins/{notice}"), Value::Null)
            .await
            .refusal(),
        (403, 50021)
    );
    assert_eq!(
        raw.delete(&format!("/channels/{channel}/messages/{notice}"))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn the_bot_works_below_its_own_role_and_gives_nothing_it_does_not_hold() {
    let world = Builder::new()
        .role("bas", 0)
        .role("haut", 0)
        .bot_role_position(2)
        .member("camille", "Camille", &[]);
    let discord = Loopback::start(world).await.unwrap();
    let raw = Raw::new(&discord);
    let (guild, camille, high) = (discord.guild_id(), discord.user("camille"), discord.role("haut"));
    // «haut» is as high as the bot but younger: it stands below. One rank more, and it is out of reach.
    discord.admin().edit_role(high, |r| r.position = 3);
    for (method, path, body) in [
        ("PATCH", format!("/guilds/{guild}/roles/{high}"), json!({"name": "x"})),
        ("DELETE", format!("/guilds/{guild}/roles/{high}"), Value::Null),
        (
            "PUT",
            format!("/guilds/{guild}/members/{camille}/roles/{high}"),
            Value::Null,
        ),
        (
            "PATCH",
            format!("/guilds/{guild}/members/{camille}"),
            json!({"roles": [high.to_string()]}),
        ),
        (
            "PATCH",
            format!("/guilds/{guild}/roles"),
            json!([{"id": discord.role("bas").to_string(), "position": 3}]),
        ),
        (
            "POST",
            format!("/guilds/{guild}/roles"),
            json!({"name": "x", "permissions": perm::BAN_MEMBERS.to_string()}),
        ),
    ] {
        assert_eq!(
            raw.call(method, &path, &body).await.refusal(),
            DENIED,
            "{method} {path}"
        );
    }
    let managed = discord.read(|w| w.role_named("maillage").map(|r| r.id)).unwrap();
    let path = format!("/guilds/{guild}/members/{camille}/roles/{managed}");
    assert_eq!(raw.put(&path, Value::Null).await.refusal(), DENIED);
}

#[tokio::test]
async fn overwrites_hold_only_bits_of_the_bot_and_never_manage_roles() {
    let (discord, raw) = without(perm::MENTION_EVERYONE).await;
    let (guild, channel, role) = (discord.guild_id(), discord.channel("général"), discord.role("bas"));
    let path = format!("/channels/{channel}/permissions/{role}");
    for bits in [perm::MENTION_EVERYONE, perm::BAN_MEMBERS, perm::MANAGE_ROLES] {
        let body = json!({"type": 0, "allow": bits.to_string(), "deny": "0"});
        assert_eq!(raw.put(&path, body).await.refusal(), DENIED, "{:?}", perm::names(bits));
        let body = json!({"name": "a", "permission_overwrites": [{"id": role.to_string(), "type": 0, "deny": bits.to_string()}]});
        assert_eq!(
            raw.post(&format!("/guilds/{guild}/channels"), body).await.refusal(),
            DENIED
        );
    }
    let body = json!({"type": 0, "allow": perm::SEND_MESSAGES.to_string(), "deny": perm::ADD_REACTIONS.to_string()});
    assert_eq!(raw.put(&path, body).await.status, 204);
    assert_eq!(raw.delete(&path).await.status, 204);
    assert_eq!(raw.delete(&path).await.refusal(), (404, 10009));
    let unknown = json!({"type": 0, "allow": "0", "deny": "0"});
    assert_eq!(
        raw.put(&format!("/channels/{channel}/permissions/12345"), unknown)
            .await
            .refusal(),
        (400, 50035)
    );
}

#[tokio::test]
async fn a_bot_that_hides_a_channel_without_its_own_overwrite_locks_itself_out() {
    let (discord, raw) = without(0).await;
    let guild = discord.guild_id();
    let hide = json!({"id": guild.to_string(), "type": 0, "deny": perm::VIEW_CHANNEL.to_string(), "allow": "0"});
    let body = json!({"name": "secret", "permission_overwrites": [hide]});
    let channel = raw.post(&format!("/guilds/{guild}/channels"), body).await.id();
    assert_eq!(raw.get(&format!("/channels/{channel}")).await.refusal(), UNSEEN);
    assert_eq!(
        raw.post(&format!("/channels/{channel}/messages"), json!({"content": "a"}))
            .await
            .refusal(),
        UNSEEN
    );
    assert_eq!(raw.delete(&format!("/channels/{channel}")).await.refusal(), UNSEEN);
    // The server's owner lets it in again.
    discord
        .admin()
        .put_overwrite(channel, Overwrite::member(discord.bot_id(), perm::VIEW_CHANNEL, 0));
    assert_eq!(raw.get(&format!("/channels/{channel}")).await.status, 200);
}

#[tokio::test]
async fn scheduled_events_need_create_events_and_others_events_need_manage_events() {
    let (discord, raw) = without(perm::CREATE_EVENTS).await;
    let guild = discord.guild_id();
    let at = |hours| (discord.now() + chrono::TimeDelta::hours(hours)).to_rfc3339();
    let body = json!({"name": "Lundi", "privacy_level": 2, "scheduled_start_time": at(1), "scheduled_end_time": at(2),
        "entity_type": 3, "entity_metadata": {"location": "ici"}});
    let path = format!("/guilds/{guild}/scheduled-events");
    assert_eq!(raw.post(&path, body.clone()).await.refusal(), DENIED);
    discord
        .admin()
        .set_bot_permissions(BOT_PERMISSIONS & !perm::MANAGE_EVENTS);
    let own = raw.post(&path, body).await.id();
    assert_eq!(
        raw.patch(&format!("{path}/{own}"), json!({"name": "Mardi"}))
            .await
            .status,
        200
    );
    discord
        .admin()
        .set_bot_permissions(BOT_PERMISSIONS & !(perm::MANAGE_EVENTS | perm::CREATE_EVENTS));
    assert_eq!(raw.delete(&format!("{path}/{own}")).await.refusal(), DENIED);
}

#[tokio::test]
async fn a_category_gives_its_overwrites_to_its_channels_while_they_are_the_same() {
    let (discord, raw) = without(0).await;
    let guild = discord.guild_id();
    let path = format!("/guilds/{guild}/channels");
    let own =
        json!({"id": discord.bot_id().to_string(), "type": 1, "allow": perm::VIEW_CHANNEL.to_string(), "deny": "0"});
    let category = raw
        .post(
            &path,
            json!({"name": "🌱 Lunel", "type": 4, "permission_overwrites": [own]}),
        )
        .await
        .id();
    let synced = raw
        .post(&path, json!({"name": "discussion", "parent_id": category.to_string()}))
        .await
        .id();
    let apart = raw
        .post(
            &path,
            json!({"name": "registre", "parent_id": category.to_string(), "permission_overwrites": []}),
        )
        .await
        .id();
    let role = discord.role("bas");
    let body = json!({"type": 0, "allow": perm::VIEW_CHANNEL.to_string(), "deny": "0"});
    assert_eq!(
        raw.put(&format!("/channels/{category}/permissions/{role}"), body)
            .await
            .status,
        204
    );
    let count = |id| discord.read(|w| w.channels[&id].overwrites.len());
    assert_eq!((count(category), count(synced), count(apart)), (2, 2, 0));
    // A deleted category leaves its channels behind.
    assert_eq!(raw.delete(&format!("/channels/{category}")).await.status, 200);
    assert_eq!(discord.read(|w| w.channels[&synced].parent_id), None);
}

#[tokio::test]
async fn a_wrong_token_is_refused_everywhere_but_where_none_is_asked() {
    let (discord, raw) = without(0).await;
    discord.admin().reset_token("another");
    assert_eq!(raw.get("/users/@me").await.status, 401);
    assert_eq!(raw.get(&format!("/guilds/{}", discord.guild_id())).await.status, 401);
    assert_eq!(raw.get("/gateway").await.status, 200);
}

#[tokio::test]
async fn the_roster_and_others_contents_need_their_intents() {
    let (discord, raw) = without(0).await;
    let channel = discord.channel("général");
    let camille = discord.user("camille");
    let plain = discord.admin().post(channel, camille, "bonjour");
    let named = discord
        .admin()
        .post(channel, camille, &format!("<@{}> bonjour", discord.bot_id()));
    let members = format!("/guilds/{}/members?limit=1000", discord.guild_id());
    assert_eq!(raw.get(&members).await.body.as_array().unwrap().len(), 3);
    discord.admin().set_privileged_intents(0);
    assert_eq!(raw.get(&members).await.refusal(), UNSEEN);
    assert_eq!(
        raw.get(&format!("/channels/{channel}/messages/{plain}")).await.body["content"],
        ""
    );
    assert_ne!(
        raw.get(&format!("/channels/{channel}/messages/{named}")).await.body["content"],
        ""
    );
}
