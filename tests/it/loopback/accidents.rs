//! Each accident does what it is named after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use maillage::loopback::{Action, Builder, Fault, Loopback, Network, Then, Value, World};
use serde_json::json;

use super::bot;
use super::raw::Raw;

const MESSAGES: &str = "/channels/{channel}/messages";

async fn start() -> (Loopback, Raw, String) {
    start_with(Builder::new()).await
}

async fn start_with(builder: Builder) -> (Loopback, Raw, String) {
    let discord = Loopback::start(builder.member("camille", "Camille", &[]))
        .await
        .unwrap();
    let raw = Raw::new(&discord);
    let path = format!("/channels/{}/messages", discord.channel("général"));
    (discord, raw, path)
}

fn written(discord: &Loopback) -> usize {
    discord.read(|w| w.messages_in(w.channel_named("général").unwrap().id).len())
}

/// Whether the connection broke instead of an answer.
async fn breaks(raw: &Raw, path: &str) -> bool {
    raw.request("POST", path)
        .json(&json!({"content": "a"}))
        .send()
        .await
        .is_err()
}

#[tokio::test]
async fn requests_fail_before_or_after_they_are_done() {
    let (discord, raw, path) = start().await;
    let faults = discord.faults();
    faults.add(Fault::on("POST", MESSAGES, Action::Fail(500, 0, "boum")).nth(2));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(raw.post(&path, json!({"content": "a"})).await.status);
    }
    assert_eq!(
        (statuses, written(&discord), faults.waiting()),
        (vec![200, 500, 200], 2, 0)
    );
    faults.add(Fault::on("POST", MESSAGES, Action::FailAfter(502)));
    assert_eq!(raw.post(&path, json!({"content": "a"})).await.status, 502);
    assert_eq!(written(&discord), 3);
    let last = discord.calls().0.pop().unwrap();
    assert_eq!((last.status, last.done), (502, true));
    faults.outage(503);
    assert_eq!(raw.get("/gateway").await.status, 503);
    assert_eq!(raw.post(&path, json!({"content": "a"})).await.status, 503);
    faults.clear();
    assert_eq!(raw.get("/gateway").await.status, 200);
}

#[tokio::test]
async fn connections_break_before_or_after_a_request_is_done() {
    let (discord, raw, path) = start().await;
    discord.faults().add(Fault::on("POST", MESSAGES, Action::Reset));
    assert!(breaks(&raw, &path).await);
    assert_eq!(written(&discord), 0);
    discord.faults().add(Fault::on("POST", MESSAGES, Action::ResetAfter));
    assert!(breaks(&raw, &path).await);
    assert_eq!(written(&discord), 1);
    assert_eq!(
        discord.calls().0.iter().map(|c| (c.status, c.done)).collect::<Vec<_>>(),
        [(0, false), (0, true)]
    );
}

#[tokio::test]
async fn requests_wait() {
    let (discord, raw, path) = start().await;
    for action in [
        Action::Delay(Duration::from_millis(300)),
        Action::DelayAfter(Duration::from_millis(300)),
    ] {
        discord.faults().add(Fault::on("POST", MESSAGES, action));
        let before = Instant::now();
        assert_eq!(raw.post(&path, json!({"content": "a"})).await.status, 200);
        assert!(before.elapsed() >= Duration::from_millis(300));
    }
}

#[tokio::test]
async fn requests_are_rate_limited_by_discord_or_by_cloudflare() {
    let (discord, raw, path) = start().await;
    discord
        .faults()
        .add(Fault::on("POST", MESSAGES, Action::TooMany(1.5, true)));
    let response = raw
        .request("POST", &path)
        .json(&json!({"content": "a"}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 429);
    assert_eq!(response.headers()["x-ratelimit-global"], "true");
    assert_eq!(response.headers()["retry-after"], "2");
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(
        body,
        json!({"message": "You are being rate limited.", "retry_after": 1.5, "global": true})
    );
    discord
        .faults()
        .add(Fault::on("POST", MESSAGES, Action::CloudflareTooMany(30)));
    let response = raw
        .request("POST", &path)
        .json(&json!({"content": "a"}))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "30")
    );
    assert!(response.text().await.unwrap().starts_with("<!doctype html>"));
    assert_eq!(written(&discord), 0);
}

#[tokio::test]
async fn a_gate_holds_requests_before_or_after() {
    let (discord, raw, path) = start().await;
    let raw = Arc::new(raw);
    let gate = discord.faults().pause("POST", MESSAGES);
    let request = tokio::spawn({
        let (raw, path) = (raw.clone(), path.clone());
        async move { raw.post(&path, json!({"content": "a"})).await.status }
    });
    gate.reached().await;
    assert_eq!((written(&discord), gate.arrivals()), (0, 1));
    gate.open();
    assert_eq!(request.await.unwrap(), 200);

    // The n-th mutating call is done and its answer held: here a bot can be stopped.
    let gate = discord.faults().pause_after_mutating(2);
    assert_eq!(raw.post(&path, json!({"content": "b"})).await.status, 200);
    let request = tokio::spawn({
        let (raw, path) = (raw.clone(), path.clone());
        async move { raw.post(&path, json!({"content": "c"})).await.status }
    });
    gate.reached().await;
    assert_eq!(written(&discord), 3);
    request.abort();
    gate.open();
}

#[tokio::test]
async fn a_hook_runs_when_the_call_is_done() {
    let (discord, raw, path) = start().await;
    let ran = Arc::new(AtomicBool::new(false));
    let flag = ran.clone();
    discord.faults().after_mutating(1, move || {
        flag.store(true, Ordering::SeqCst);
        Then::Reset
    });
    assert!(breaks(&raw, &path).await);
    assert!(ran.load(Ordering::SeqCst));
    assert_eq!(written(&discord), 1);
    discord.faults().after_mutating(1, || Then::Answer);
    assert_eq!(raw.post(&path, json!({"content": "b"})).await.status, 200);
}

#[tokio::test]
async fn events_come_twice() {
    let (discord, raw, path) = start().await;
    let bot = bot::start(&discord).await;
    discord.faults().add(Fault::on("POST", MESSAGES, Action::Twice));
    raw.post(&path, json!({"content": "a"})).await.id();
    bot.seen.wait("message", 2).await;
    raw.post(&path, json!({"content": "b"})).await.id();
    bot.seen.wait("message", 3).await;
    assert_eq!((bot.seen.count("message"), written(&discord)), (3, 2));
    // Any event can be repeated or invented by hand.
    let role = json!({"guild_id": discord.guild_id().to_string(), "role_id": "5"});
    discord.gateway().dispatch("GUILD_ROLE_DELETE", &role);
    bot.seen.wait("guild_role_delete", 1).await;
}

#[tokio::test]
async fn files_can_be_elsewhere_or_larger_than_said() {
    let (discord, _raw, _path) = start().await;
    let _bot = bot::start(&discord).await;
    let camille = discord.person("camille");
    let answer = camille
        .slash("fichier", &[("fichier", Value::file("a.csv", "abc"))])
        .await
        .unwrap();
    let file = answer.attachments().remove(0);
    discord.admin().lie_about_size(file.id, 1);
    assert_eq!(
        discord.read(|w| (w.attachments[&file.id].size, w.attachments[&file.id].bytes.len())),
        (1, 3)
    );
    discord.faults().add(Fault::on(
        "GET",
        "/attachments/*",
        Action::Redirect("http://127.0.0.1:9/".into()),
    ));
    let plain = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    assert_eq!(plain.get(&file.url).send().await.unwrap().status().as_u16(), 302);
    assert_eq!(
        plain.get(&file.url).send().await.unwrap().bytes().await.unwrap().len(),
        3
    );
    assert_eq!(
        plain
            .get(file.url.replace(&file.filename, "autre.csv"))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        404
    );
}

#[tokio::test]
async fn the_network_refuses_and_drops_and_comes_back_on_the_same_port() {
    // A refused resume leaves serenity waiting for its next heartbeat, so that one comes soon here.
    let (discord, raw, path) = start_with(Builder::new().heartbeat(Duration::from_millis(500))).await;
    let _bot = bot::start(&discord).await;
    let connections = discord.gateway().connections();
    for state in [Network::Refusing, Network::Dropping] {
        discord.faults().network(state);
        assert!(breaks(&raw, &path).await, "{state:?}");
        discord.wait_for("the gateway to fall", |w| w.connected() == 0).await;
    }
    discord.faults().clear();
    let back = |w: &World| (w.connected() > 0).then_some(());
    discord
        .try_wait("the bot to come back", Duration::from_secs(20), back)
        .await
        .unwrap();
    assert_eq!(raw.post(&path, json!({"content": "a"})).await.status, 200);
    assert!(discord.gateway().connections() > connections);
}

#[tokio::test]
async fn a_gateway_that_turns_away_upgrades() {
    let (discord, _raw, _path) = start().await;
    discord
        .faults()
        .add(Fault::on("GET", "/", Action::Fail(503, 0, "indisponible")).times(1));
    let bot = bot::start_with(&discord, bot::INTENTS);
    bot.seen.wait("ready", 1).await;
    assert_eq!(discord.faults().waiting(), 0);
}
