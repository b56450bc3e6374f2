//! The server fills up: the national team is alerted at 80 %, those who count on a space learn that it waits, and the
//! diagnostic shows it (product.md §7).

use maillage::domain::notice::Notice;
use maillage::loopback::text_of;

use super::Village;
use crate::support::server;

/// A server with so many channels, «général» included.
async fn filled(channels: usize) -> Village {
    let mut builder = server();
    for n in 1..channels {
        builder = builder.channel(&format!("salon-{n}"));
    }
    Village::with(builder).await.staffed().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_national_team_is_alerted_at_eighty_percent_once() {
    let village = filled(399).await;
    assert!(!capacity(&village.told().await), "79 % is no alert");
    let _channel = village
        .house
        .discord
        .admin()
        .create_channel("salon-de-trop", None, Vec::new());
    let nadia = village.house.person("nadia");
    let dm = nadia
        .wait_dm("the alert", |message| text_of(message).contains("80\u{a0}%"))
        .await;
    assert!(
        text_of(&dm).contains("Ce serveur Discord est rempli"),
        "{}",
        text_of(&dm)
    );
    village.told().await;
    let _channel = village
        .house
        .discord
        .admin()
        .create_channel("et-encore-un", None, Vec::new());
    village.rest().await;
    assert!(!capacity(&village.told().await), "told once");
}

fn capacity(told: &[Notice]) -> bool {
    told.iter().any(|notice| matches!(notice, Notice::Capacity { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_counts_on_a_space_learns_that_it_waits() {
    let mut village = filled(498).await;
    village.validate(5, 0).await;
    let waits = |message: &maillage::loopback::model::Message| text_of(message).contains("attend une place");
    for name in ["camille", "awa"] {
        let dm = village.house.person(name).wait_dm("that the space waits", waits).await;
        assert!(
            text_of(&dm).contains("L’espace du groupe Lunel"),
            "{name}: {}",
            text_of(&dm)
        );
    }
    let report = village.house.person("nadia").slash("diagnostic", &[]).await.unwrap();
    let shown = report
        .wait_until("the report", |message| text_of(message).contains("Diagnostic"))
        .await;
    let shown = text_of(&shown);
    assert!(shown.contains("1\u{a0}groupe attend son espace"), "{shown}");
    assert!(
        shown.contains("498 / 500 salons") && shown.contains("plus de place"),
        "{shown}"
    );
    for n in 1..=3 {
        let channel = village.house.discord.channel(&format!("salon-{n}"));
        village.house.discord.admin().delete_channel(channel);
    }
    village.ready().await;
}
