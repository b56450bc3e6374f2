//! The gateway falls in every way it can, and the bot comes back or says why it ends.

use std::time::{Duration, Instant};

use maillage::run::RunError;
use serde_json::json;

use crate::support::{House, Program, server, until};
use maillage::loopback::{Loopback, Network};

/// The commands sent so far.
fn registrations(house: &House) -> usize {
    let route = "/applications/{application}/guilds/{guild}/commands";
    house.discord.calls().route("PUT", route).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_registered_once() {
    let mut house = House::open().await;
    assert_eq!(registrations(&house), 1);
    house.restart().await;
    house.resurrect().await;
    assert_eq!(registrations(&house), 1, "unchanged commands are not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_is_resumed() {
    let house = House::open().await;
    let gateway = house.discord.gateway();
    gateway.cut();
    until("a resumption", || async { gateway.resumes() == 1 }).await;
    gateway.ask_reconnect();
    until("another one", || async { gateway.resumes() == 2 }).await;
    assert_eq!(gateway.identifies(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_session_is_begun_anew() {
    let house = House::open().await;
    let gateway = house.discord.gateway();
    gateway.invalidate(false);
    until("another identification", || async {
        gateway.identifies() == 2 && gateway.connected() == 1
    })
    .await;
    until("another greeting", || async {
        *house.running().pulse.readies().borrow() == 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_accepts_and_drops_is_not_stormed() {
    let house = House::open().await;
    let gateway = house.discord.gateway();
    let before = gateway.connections();
    let start = Instant::now();
    until("six seconds of drops", || async {
        gateway.cut();
        start.elapsed() > Duration::from_secs(6)
    })
    .await;
    let tries = gateway.connections() - before;
    assert!((1..=5).contains(&tries), "{tries} connections in six seconds");
    until("the connection to come back", || async { gateway.connected() == 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_dies_without_a_word_ends_the_process() {
    let mut house = House::open_with(server().heartbeat(Duration::from_millis(300)), |settings| {
        settings.tunables.watch.silence = Duration::from_secs(2);
    })
    .await;
    // Acknowledgements alone keep it alive.
    let start = Instant::now();
    until("three quiet seconds", || async {
        start.elapsed() > Duration::from_secs(3)
    })
    .await;
    assert_eq!(house.discord.gateway().connected(), 1);
    house.discord.gateway().silence(true);
    let end = house.ended().await;
    assert!(matches!(end, Err(RunError::Silent(_))), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_outage_ends_the_process_too() {
    let mut house = House::open_with(server(), |settings| {
        settings.tunables.watch.silence = Duration::from_secs(2);
    })
    .await;
    house.discord.faults().network(Network::Refusing);
    house.discord.faults().cut_connections();
    let end = house.ended().await;
    assert!(matches!(end, Err(RunError::Silent(_))), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_reset_ends_the_process() {
    let mut house = House::open().await;
    house.discord.admin().reset_token("un-nouveau-jeton");
    house.discord.gateway().close(4004);
    let end = house.ended().await;
    assert!(matches!(end, Err(RunError::TokenRefused)), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_from_the_server_ends_the_process() {
    let mut house = House::open().await;
    let guild = house.discord.guild_id();
    house
        .discord
        .gateway()
        .dispatch("GUILD_DELETE", &json!({"id": guild.to_string(), "unavailable": true}));
    house
        .discord
        .gateway()
        .dispatch("GUILD_DELETE", &json!({"id": (guild + 1).to_string()}));
    house
        .discord
        .gateway()
        .dispatch("GUILD_DELETE", &json!({"id": guild.to_string()}));
    let end = house.ended().await;
    assert!(
        matches!(&end, Err(RunError::NotOnServer(id)) if id.0 == guild),
        "{end:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_cannot_be_read_are_counted() {
    let house = House::open().await;
    let pulse = &house.running().pulse;
    assert_eq!(pulse.unreadable(), 0);
    // What we never asked for may be unknown.
    house.discord.gateway().dispatch("SOMETHING_NEW", &json!({}));
    house
        .discord
        .gateway()
        .dispatch("GUILD_MEMBER_ADD", &json!({"guild_id": "1"}));
    until("the event to be counted", || async { pulse.unreadable() == 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_starts_again() {
    let discord = Loopback::start(server()).await.unwrap();
    let program = Program::for_discord(&discord);
    for round in 1..=3 {
        let mut process = program.spawn(&[]);
        until("the process to identify itself", || async {
            discord.gateway().identifies() == round
        })
        .await;
        assert!(process.runs());
        process.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_finished_before_the_end_and_nothing_more_is_taken() {
    let mut house = House::open().await;
    let gate = house.discord.faults().pause("POST", "/interactions/*");
    let lea = house.person("lea");
    let asking = tokio::spawn(async move { lea.slash("mon-groupe", &[]).await });
    gate.reached().await;
    house.running().stop();
    let late = house.person("noe");
    until("the gateway to be left", || async {
        house.discord.gateway().connected() == 0
    })
    .await;
    let asking_late = tokio::spawn(async move { late.slash("mon-groupe", &[]).await });
    gate.open();
    let answer = asking.await.unwrap().unwrap();
    assert!(answer.ephemeral() && !answer.text().is_empty());
    assert!(asking_late.await.unwrap().is_err(), "nobody listens any more");
    house.ended().await.expect("a clean end");
}
