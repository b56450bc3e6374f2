//! Numbers of discord.md §1 and §2.

use std::time::Duration;

use maillage::loopback::{Builder, Loopback};
use serde_json::{Value, json};

use super::raw::Raw;

async fn start(builder: Builder) -> (Loopback, Raw) {
    let discord = Loopback::start(builder.member("camille", "Camille", &[]))
        .await
        .unwrap();
    let raw = Raw::new(&discord);
    (discord, raw)
}

#[tokio::test]
async fn a_server_holds_500_channels_with_categories_and_a_category_50() {
    let (discord, raw) = start(Builder::new()).await;
    let path = format!("/guilds/{}/channels", discord.guild_id());
    let category = discord.admin().create_category("pleine", vec![]);
    for n in 0..50 {
        let _ = discord
            .admin()
            .create_channel(&format!("salon-{n}"), Some(category), vec![]);
    }
    let full = raw
        .post(&path, json!({"name": "un de trop", "parent_id": category.to_string()}))
        .await;
    assert_eq!(full.refusal(), (400, 50035));
    assert_eq!(full.faults_at("parent_id"), ["CHANNEL_PARENT_MAX_CHANNELS"]);
    // «général», the category, its fifty channels, and so many more.
    for n in 0..448 {
        let _ = discord.admin().create_category(&format!("c{n}"), vec![]);
    }
    assert_eq!(
        raw.post(&path, json!({"name": "dernière", "type": 4})).await.refusal(),
        (400, 30013)
    );
}

#[tokio::test]
async fn a_server_holds_250_roles_and_makes_250_in_48_hours() {
    let (discord, raw) = start(Builder::new()).await;
    let path = format!("/guilds/{}/roles", discord.guild_id());
    let body = json!({"name": "r", "permissions": "0"});
    for _ in 0..248 {
        raw.post(&path, body.clone()).await.id();
    }
    assert_eq!(raw.post(&path, body.clone()).await.refusal(), (400, 30005));
    // Deleting makes room, but gives no budget back.
    for _ in 0..2 {
        let newest = discord.read(|w| w.guild().roles.values().last().map(|r| r.id)).unwrap();
        assert_eq!(raw.delete(&format!("{path}/{newest}")).await.status, 204);
        raw.post(&path, body.clone()).await.id();
    }
    let newest = discord.read(|w| w.guild().roles.values().last().map(|r| r.id)).unwrap();
    raw.delete(&format!("{path}/{newest}")).await;
    let refused = raw.post(&path, body.clone()).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body["retry_after"].as_f64().unwrap() > 3600.0);
    discord.advance_clock(Duration::from_secs(48 * 3600));
    raw.post(&path, body).await.id();
}

#[tokio::test]
async fn a_channel_takes_two_new_names_or_topics_in_ten_minutes() {
    let (discord, raw) = start(Builder::new()).await;
    let path = format!("/channels/{}", discord.channel("général"));
    assert_eq!(raw.patch(&path, json!({"name": "un"})).await.status, 200);
    assert_eq!(raw.patch(&path, json!({"topic": "deux"})).await.status, 200);
    let refused = raw.patch(&path, json!({"name": "trois"})).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body["global"], false);
    assert_eq!(
        raw.patch(&path, json!({"nsfw": true})).await.status,
        200,
        "other edits are not concerned"
    );
    discord.advance_clock(Duration::from_secs(601));
    assert_eq!(raw.patch(&path, json!({"name": "trois"})).await.status, 200);
}

#[tokio::test]
async fn old_messages_take_three_edits_in_six_seconds_per_channel() {
    let (discord, raw) = start(Builder::new()).await;
    let channel = discord.channel("général");
    let message = raw
        .post(&format!("/channels/{channel}/messages"), json!({"content": "0"}))
        .await
        .id();
    let path = format!("/channels/{channel}/messages/{message}");
    for n in 1..8 {
        assert_eq!(
            raw.patch(&path, json!({"content": n.to_string()})).await.status,
            200,
            "young messages are free"
        );
    }
    discord.advance_clock(Duration::from_secs(3700));
    for n in 8..11 {
        assert_eq!(raw.patch(&path, json!({"content": n.to_string()})).await.status, 200);
    }
    assert_eq!(raw.patch(&path, json!({"content": "11"})).await.refusal(), (429, 30046));
    discord.advance_clock(Duration::from_secs(7));
    assert_eq!(raw.patch(&path, json!({"content": "11"})).await.status, 200);
}

#[tokio::test]
async fn a_channel_holds_250_pins() {
    let (discord, raw) = start(Builder::new()).await;
    let (channel, bot) = (discord.channel("général"), discord.bot_id());
    for n in 0..250 {
        let message = discord.admin().post(channel, bot, &n.to_string());
        discord.admin().pin(message, bot);
    }
    let message = raw
        .post(&format!("/channels/{channel}/messages"), json!({"content": "251"}))
        .await
        .id();
    assert_eq!(
        raw.put(&format!("/channels/{channel}/pins/{message}"), Value::Null)
            .await
            .refusal(),
        (400, 30003)
    );
    let page = raw
        .get(&format!("/channels/{channel}/messages/pins?limit=50"))
        .await
        .body;
    assert_eq!(
        (page["items"].as_array().unwrap().len(), page["has_more"].as_bool()),
        (50, Some(true))
    );
}

#[tokio::test]
async fn direct_messages_are_refused_closed_strange_and_too_fast() {
    let world = Builder::new()
        .person("fermee", "Fermée", |p| p.dms_closed())
        .person("ailleurs", "Ailleurs", |p| p.outside())
        .dm_limit(3, Duration::from_secs(600));
    let (discord, raw) = start(world).await;
    let mut open = Vec::new();
    for name in ["fermee", "ailleurs", "camille"] {
        let body = json!({"recipient_id": discord.user(name).to_string()});
        let dm = raw.post("/users/@me/channels", body).await.id();
        open.push(
            raw.post(&format!("/channels/{dm}/messages"), json!({"content": "bonjour"}))
                .await
                .refusal(),
        );
    }
    assert_eq!(open, [(403, 50007), (403, 50278), (200, 0)]);
    let owner = discord.read(|w| w.guild().owner_id);
    let fourth = raw
        .post("/users/@me/channels", json!({"recipient_id": owner.to_string()}))
        .await;
    assert_eq!(fourth.refusal(), (403, 40003));
    let known = raw
        .post(
            "/users/@me/channels",
            json!({"recipient_id": discord.user("camille").to_string()}),
        )
        .await;
    assert_eq!(known.status, 200, "a known conversation costs nothing");
    let oneself = raw
        .post(
            "/users/@me/channels",
            json!({"recipient_id": discord.bot_id().to_string()}),
        )
        .await;
    assert_eq!(oneself.refusal(), (400, 50033));
}

#[tokio::test]
async fn a_server_announces_100_events_and_time_starts_and_ends_them() {
    let (discord, raw) = start(Builder::new()).await;
    let path = format!("/guilds/{}/scheduled-events", discord.guild_id());
    let at = |hours| (discord.now() + chrono::TimeDelta::hours(hours)).to_rfc3339();
    let body = |start: i64, end: i64| {
        json!({"name": "Lundi", "privacy_level": 2, "scheduled_start_time": at(start), "scheduled_end_time": at(end),
            "entity_type": 3, "entity_metadata": {"location": "ici"}})
    };
    let first = raw.post(&path, body(1, 2)).await.id();
    for _ in 1..100 {
        raw.post(&path, body(10, 11)).await.id();
    }
    assert_eq!(raw.post(&path, body(1, 2)).await.refusal(), (400, 30038));
    assert_eq!(
        raw.post(&path, body(-1, 2)).await.faults_at("scheduled_start_time"),
        ["GUILD_SCHEDULED_EVENT_SCHEDULE_PAST"]
    );
    discord.advance_clock(Duration::from_secs(3700));
    assert_eq!(raw.get(&format!("{path}/{first}")).await.body["status"], 2);
    discord.advance_clock(Duration::from_secs(3700));
    assert_eq!(raw.get(&format!("{path}/{first}")).await.body["status"], 3);
    assert_eq!(
        raw.patch(&format!("{path}/{first}"), json!({"name": "x"}))
            .await
            .refusal(),
        (400, 180_000)
    );
    raw.post(&path, body(1, 2)).await.id();
}

#[tokio::test]
async fn a_server_takes_200_new_commands_a_day() {
    let (discord, raw) = start(Builder::new()).await;
    let path = format!(
        "/applications/{}/guilds/{}/commands",
        discord.bot_id(),
        discord.guild_id()
    );
    let list = |prefix: &str| {
        (0..100)
            .map(|n| json!({"name": format!("{prefix}{n}"), "description": "d"}))
            .collect::<Vec<_>>()
    };
    for prefix in ["a", "b", "b"] {
        assert_eq!(
            raw.put(&path, json!(list(prefix))).await.status,
            200,
            "known names are free"
        );
    }
    assert_eq!(raw.put(&path, json!(list("c"))).await.refusal(), (429, 30034));
    discord.advance_clock(Duration::from_secs(24 * 3600));
    assert_eq!(raw.put(&path, json!(list("c"))).await.status, 200);
    let one_more = raw.post(&path, json!({"name": "encore", "description": "d"})).await;
    assert_eq!(one_more.refusal(), (400, 30032));
}

#[tokio::test]
async fn fifty_requests_a_second_when_the_world_says_so() {
    let (_discord, raw) = start(Builder::new().global_limit()).await;
    let all = futures_util::future::join_all((0..300).map(|_| raw.get("/gateway"))).await;
    let refused: Vec<_> = all.iter().filter(|r| r.status == 429).collect();
    assert!(!refused.is_empty(), "300 requests at once are more than 50 a second");
    assert!(all.len() - refused.len() >= 50);
}

#[tokio::test]
async fn a_body_holds_100_overwrites_and_a_channel_1000() {
    let (discord, raw) = start(Builder::new().crowd("m", 1001)).await;
    let channel = discord.channel("général");
    let crowd: Vec<u64> = (1..=1001).map(|n| discord.user(&format!("m{n}"))).collect();
    let one = |id: &u64| json!({"id": id.to_string(), "type": 1, "allow": "1024", "deny": "0"});
    let many: Vec<Value> = crowd[..101].iter().map(one).collect();
    let refused = raw
        .patch(&format!("/channels/{channel}"), json!({"permission_overwrites": many}))
        .await;
    assert_eq!(refused.faults_at("permission_overwrites"), ["BASE_TYPE_BAD_LENGTH"]);
    for id in &crowd[..1000] {
        discord
            .admin()
            .put_overwrite(channel, maillage::loopback::Overwrite::member(*id, 1024, 0));
    }
    let body = json!({"type": 1, "allow": "1024", "deny": "0"});
    let path = format!("/channels/{channel}/permissions/{}", crowd[1000]);
    assert_eq!(raw.put(&path, body).await.refusal(), (400, 30060));
}
