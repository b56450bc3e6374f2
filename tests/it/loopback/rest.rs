//! Routes in their ordinary use, as far as no other room of these tests has used them.

use std::time::Duration;

use maillage::loopback::permissions as perm;
use maillage::loopback::{Builder, Loopback, Overwrite, Refusal};
use serde_json::{Value, json};

use super::bot;
use super::raw::Raw;

async fn start(builder: Builder) -> (Loopback, Raw) {
    let discord = Loopback::start(builder.member("camille", "Camille", &[]))
        .await
        .unwrap();
    let raw = Raw::new(&discord);
    (discord, raw)
}

fn contents(page: &Value) -> Vec<&str> {
    page.as_array()
        .unwrap()
        .iter()
        .map(|m| m["content"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn messages_come_in_pages_newest_first() {
    let (discord, raw) = start(Builder::new()).await;
    let (channel, bot) = (discord.channel("général"), discord.bot_id());
    let ids: Vec<u64> = (0..6)
        .map(|n| discord.admin().post(channel, bot, &n.to_string()))
        .collect();
    let path = format!("/channels/{channel}/messages");
    assert_eq!(contents(&raw.get(&format!("{path}?limit=2")).await.body), ["5", "4"]);
    assert_eq!(
        contents(&raw.get(&format!("{path}?limit=2&before={}", ids[3])).await.body),
        ["2", "1"]
    );
    assert_eq!(
        contents(&raw.get(&format!("{path}?limit=2&after={}", ids[1])).await.body),
        ["3", "2"]
    );
    assert_eq!(raw.get(&format!("{path}?limit=101")).await.refusal(), (400, 50035));
    // Without the history, the list is empty and one message is refused.
    let hide = Overwrite::member(bot, 0, perm::READ_MESSAGE_HISTORY);
    discord.admin().put_overwrite(channel, hide);
    assert_eq!(raw.get(&path).await.body, json!([]));
    assert_eq!(raw.get(&format!("{path}/{}", ids[0])).await.refusal(), (403, 50013));
}

#[tokio::test]
async fn only_own_messages_are_edited_and_old_ones_are_deleted_one_by_one() {
    let (discord, raw) = start(Builder::new()).await;
    let (channel, camille) = (discord.channel("général"), discord.user("camille"));
    let path = format!("/channels/{channel}/messages");
    let hers = discord.admin().post(channel, camille, "bonjour");
    let edit = raw.patch(&format!("{path}/{hers}"), json!({"content": "a"})).await;
    assert_eq!(edit.refusal(), (403, 50005));
    assert_eq!(
        raw.patch(&format!("{path}/5"), json!({"content": "a"})).await.refusal(),
        (404, 10008)
    );
    let own = raw.post(&path, json!({"content": "a"})).await.id();
    assert_eq!(
        raw.patch(&format!("{path}/{own}"), json!({"content": ""}))
            .await
            .refusal(),
        (400, 50006)
    );
    let both = json!({"messages": [hers.to_string(), own.to_string()]});
    discord.advance_clock(Duration::from_secs(15 * 86_400));
    assert_eq!(
        raw.post(&format!("{path}/bulk-delete"), both).await.refusal(),
        (400, 50034)
    );
    let young: Vec<String> = (0..2)
        .map(|_| discord.admin().post(channel, camille, "x").to_string())
        .collect();
    let bulk = raw
        .post(&format!("{path}/bulk-delete"), json!({"messages": young}))
        .await;
    assert_eq!(bulk.status, 204);
    assert_eq!(raw.delete(&format!("{path}/{hers}")).await.status, 204);
    assert_eq!(raw.delete(&format!("{path}/{hers}")).await.refusal(), (404, 10008));
    assert_eq!(discord.read(|w| w.messages_in(channel).len()), 1);
}

#[tokio::test]
async fn the_nonce_counts_for_a_few_minutes_and_only_when_enforced() {
    let (discord, raw) = start(Builder::new()).await;
    let path = format!("/channels/{}/messages", discord.channel("général"));
    let with = |enforce: bool| json!({"content": "a", "nonce": "n", "enforce_nonce": enforce});
    let first = raw.post(&path, with(true)).await.id();
    assert_eq!(raw.post(&path, with(true)).await.id(), first);
    assert_ne!(raw.post(&path, with(false)).await.id(), first);
    discord.advance_clock(Duration::from_secs(6 * 60));
    assert_ne!(raw.post(&path, with(true)).await.id(), first);
}

#[tokio::test]
async fn members_are_chunked_once_in_thirty_seconds() {
    let (discord, _) = start(Builder::new().crowd("m", 1500)).await;
    let bot = bot::start(&discord).await;
    let count = || {
        let _ = discord
            .admin()
            .post(discord.channel("général"), discord.bot_id(), "<@compte>");
    };
    count();
    bot.seen.wait("guild_members_chunk", 2).await;
    count();
    bot.seen.wait("message", 2).await;
    discord.advance_clock(Duration::from_secs(31));
    count();
    bot.seen.wait("guild_members_chunk", 4).await;
    assert_eq!(
        bot.seen.count("guild_members_chunk"),
        4,
        "the second request was too early"
    );
}

#[tokio::test]
async fn another_server_is_another_world() {
    let (discord, raw) = start(Builder::new().other_guild("Ailleurs")).await;
    let other = discord.read(|w| *w.guilds.keys().find(|id| **id != w.main_guild).unwrap());
    let bot = bot::start(&discord).await;
    bot.seen.wait("guild_create", 2).await;
    let body = json!({"name": "Groupe", "permissions": "0"});
    let role = raw.post(&format!("/guilds/{other}/roles"), body).await.id();
    assert!(discord.read(|w| w.role_named("Groupe").is_none()));
    let camille = discord.user("camille");
    let path = format!("/guilds/{}/members/{camille}/roles/{role}", discord.guild_id());
    assert_eq!(raw.put(&path, Value::Null).await.refusal(), (404, 10011));
    // The commands of one server are not proposed in the other, where Camille is no member either.
    let owner = discord.read(|w| w.guilds[&other].owner_id);
    let refused = discord.as_user(owner).in_guild(other).slash("salut", &[]).await;
    assert!(matches!(refused, Err(Refusal::NotOffered(why)) if why.contains("n’existe pas")));
    assert!(discord.as_user(camille).in_guild(other).visible_channels().is_empty());
    assert_eq!(raw.get("/users/@me/guilds").await.body.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn commands_are_proposed_to_those_who_may_use_them() {
    let world = Builder::new().role("équipe", perm::MANAGE_GUILD);
    let (discord, _) = start(world).await;
    let _bot = bot::start(&discord).await;
    let names =
        |list: Vec<Value>| -> Vec<String> { list.iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect() };
    let camille = discord.person("camille");
    assert!(!names(camille.commands()).contains(&"relai".to_owned()));
    discord.admin().give_role(camille.id(), discord.role("équipe"));
    assert!(names(camille.commands()).contains(&"relai".to_owned()));
}

#[tokio::test]
async fn answers_tell_the_rate_limits() {
    let (discord, raw) = start(Builder::new()).await;
    let path = format!("/channels/{}", discord.channel("général"));
    let response = raw.request("GET", &path).send().await.unwrap();
    for header in [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-reset-after",
        "x-ratelimit-bucket",
    ] {
        assert!(response.headers().contains_key(header), "{header}");
    }
}

#[tokio::test]
async fn invitations_live_as_long_as_they_say() {
    let (discord, raw) = start(Builder::new()).await;
    let path = format!("/channels/{}/invites", discord.channel("général"));
    let invite = raw.post(&path, json!({"max_age": 3600, "unique": true})).await;
    let code = invite.body["code"].as_str().unwrap().to_owned();
    assert_eq!(raw.get(&format!("/invites/{code}")).await.status, 200);
    assert_eq!(raw.get(&path).await.body.as_array().unwrap().len(), 1);
    discord.advance_clock(Duration::from_secs(3601));
    assert_eq!(raw.get(&format!("/invites/{code}")).await.refusal(), (404, 10006));
    assert_eq!(raw.delete(&format!("/invites/{code}")).await.status, 200);
    assert_eq!(
        raw.post(&path, json!({"max_age": 604_801})).await.refusal(),
        (400, 50035)
    );
}

#[tokio::test]
async fn the_application_tells_whether_it_is_public_and_which_intents_are_on() {
    let (discord, raw) = start(Builder::new().public(true)).await;
    let flags = |body: &Value| body["flags"].as_u64().unwrap();
    let application = raw.get("/applications/@me").await.body;
    assert_eq!(application["bot_public"], true);
    assert_eq!(flags(&application), 1 << 13 | 1 << 15 | 1 << 19);
    discord.admin().set_privileged_intents(0);
    assert_eq!(flags(&raw.get("/applications/@me").await.body), 0);
    assert_eq!(
        raw.get("/gateway/bot").await.body["session_start_limit"]["remaining"],
        1000
    );
}

#[tokio::test]
async fn channels_and_roles_are_moved_within_the_rules() {
    let (discord, raw) = start(Builder::new().role("a", 0).role("b", 0)).await;
    let guild = discord.guild_id();
    let (one, two) = (
        discord.admin().create_category("un", vec![]),
        discord.admin().create_category("deux", vec![]),
    );
    let channel = discord.admin().create_channel("salon", Some(one), vec![]);
    let general = discord.channel("général");
    let path = format!("/guilds/{guild}/channels");
    let to = |id: u64, parent: u64| json!({"id": id.to_string(), "parent_id": parent.to_string(), "position": 0});
    let twice = raw.patch(&path, json!([to(channel, two), to(general, two)])).await;
    assert_eq!(twice.refusal(), (400, 40009));
    assert_eq!(raw.patch(&path, json!([to(channel, two)])).await.status, 204);
    assert_eq!(discord.read(|w| w.channels[&channel].parent_id), Some(two));
    let roles = json!([{"id": discord.role("a").to_string(), "position": 2}]);
    assert_eq!(raw.patch(&format!("/guilds/{guild}/roles"), roles).await.status, 200);
    assert_eq!(discord.read(|w| w.role_named("a").unwrap().position), 2);
}

#[tokio::test]
async fn a_world_lives_at_its_own_time() {
    let monday = "2027-03-01T19:00:00Z".parse().unwrap();
    let (discord, raw) = start(Builder::at(monday)).await;
    let path = format!("/channels/{}/messages", discord.channel("général"));
    let message = raw.post(&path, json!({"content": "a"})).await.id();
    assert!(maillage::loopback::time_of(message) - monday < chrono::TimeDelta::minutes(5));
    discord.set_clock(monday - chrono::TimeDelta::days(1));
    assert!(discord.now() >= monday, "time does not run backwards");
}
