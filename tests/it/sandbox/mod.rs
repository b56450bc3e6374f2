//! The sandbox of `maillage demo` (product.md §18): its world, and its page in a browser.

mod browser;

use std::time::Duration;

use chrono::TimeDelta;
use maillage::demo::sandbox::Sandbox;
use maillage::loopback::World;
use maillage::loopback::model::ChannelKind;

fn categories(world: &World, head: &str) -> usize {
    let all = world.channels.values().filter(|c| c.kind == ChannelKind::Category);
    all.filter(|c| c.name.starts_with(head)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_opens_on_forty_groups_and_keeps_one_time() {
    let sandbox = Sandbox::open(0).await.unwrap();
    assert!(
        sandbox.spaces_built(Duration::from_secs(120)).await,
        "spaces are missing"
    );
    let discord = sandbox.discord();
    let (forming, assemblies) = discord.read(|world| (categories(world, "🌱"), categories(world, "🏛️")));
    assert_eq!((forming, assemblies), (11, 11));
    assert!(discord.violations().is_empty(), "{:?}", discord.violations());

    // The clock of the bot follows that of the page.
    let client = reqwest::Client::new();
    let jump = client
        .post(format!("http://{}/api/clock", sandbox.address()))
        .header("x-sandbox-key", sandbox.key())
        .json(&serde_json::json!({"moment": 1}));
    let before = discord.now();
    assert_eq!(jump.send().await.unwrap().status(), 200);
    let after = discord.now();
    assert!(after - before >= TimeDelta::days(1));
    assert!(
        (sandbox.now() - after).abs() < TimeDelta::seconds(5),
        "{} {after}",
        sandbox.now()
    );
}
