//! The page in a browser, over a bot that knows nothing of it.

use std::time::Duration;

use fantoccini::key::Key;
use maillage::loopback::page::{Character, Page, Stage};
use maillage::loopback::{Builder, Loopback, Overwrite, permissions as perm};
use serde_json::json;

use super::bot;
use crate::browser::Driver;

async fn page(discord: &Loopback) -> Page {
    let cast = ["camille", "noe"].map(|name| Character {
        user: discord.user(name),
        role: "Membre".to_owned(),
        about: String::new(),
    });
    let stage = Stage {
        title: "Essai".to_owned(),
        cast: cast.into(),
        newcomers: Vec::new(),
        moments: Vec::new(),
        tour: Vec::new(),
        moved: Box::new(|_| ()),
    };
    Page::serve(discord.handle(), stage, 0).await.unwrap()
}

fn server() -> Builder {
    Builder::new()
        .role("Relai", 0)
        .member("camille", "Camille", &[])
        .member("noe", "Noé", &[])
        .channel_with("lecture", |world| {
            vec![Overwrite::role(world.main_guild, 0, perm::SEND_MESSAGES)]
        })
        .answer_limit(Duration::from_secs(1))
}

const MARKDOWN: &str = "# Titre\n**gras *et* penché** __souligné__ ~~barré~~ `code` ||caché||\n> cité\n- un\n  - deux\n1. trois\n\
[lien](https://example.org/a) <https://example.org/b> \\*pas penché\\* snake_case_name\n```rust\nlet x = \"<b>\";\n```\n-# petit\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_write_becomes_text_as_discord_shows_it() {
    let Some(driver) = Driver::start() else { return };
    let discord = Loopback::start(server()).await.unwrap();
    let page = page(&discord).await;
    let (camille, channel, reading) = (
        discord.user("camille"),
        discord.channel("général"),
        discord.channel("lecture"),
    );
    let role = discord.role("Relai");
    let evil =
        "<img src=x onerror=\"document.title='volé'\"> <script>document.title='volé'</script> [x](javascript:alert(1))";
    let mentions = format!("<@{camille}> <@&{role}> <#{reading}> <t:1804514400:F> </salut:12> @everyone <:rire:12>");
    for text in [MARKDOWN, evil, &mentions] {
        let _id = discord.admin().post(channel, discord.bot_id(), text);
    }
    let browser = driver.window(1280, 800).await;
    browser.open(&page.url()).await;
    browser.wait(".message", "trois").await;
    let count = |css: &str| format!("return document.querySelectorAll('#messages .text {css}').length");
    for (css, wanted) in [
        (".h1", 1),
        ("strong em", 1),
        ("u", 1),
        ("s", 1),
        (".spoiler:not(.shown)", 1),
        ("blockquote", 1),
        ("ul > li > ul > li", 1),
        ("ol > li", 1),
        ("pre code", 1),
        (".small", 1),
        ("a[rel~=noopener]", 2),
        ("em", 1),
        ("img", 0),
        ("script", 0),
        (".mention", 5),
    ] {
        assert_eq!(browser.look(&count(css)).await, json!(wanted), "{css}");
    }
    let words = browser.words("#messages").await;
    for piece in [
        "@Camille",
        "@Relai",
        "# lecture",
        "/salut",
        ":rire:",
        "*pas penché*",
        "snake_case_name",
        "<img src=x",
        "(javascript:",
    ] {
        assert!(words.contains(piece), "{piece} in {words}");
    }
    // Written in Paris, wherever the reader is.
    assert!(words.contains("lundi 8 mars 2027 à 15:00"), "{words}");
    assert!(
        !browser
            .look("return document.title")
            .await
            .as_str()
            .unwrap()
            .contains("volé")
    );
    browser.click(".spoiler", "").await;
    browser.wait(".spoiler.shown", "caché").await;
    // A mention of a channel leads there; there one may not write.
    browser.click("#messages button.mention", "lecture").await;
    browser.wait("#composer", "pas la permission").await;
    assert_eq!(browser.faults().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_are_two_people_and_trouble_is_told() {
    let Some(driver) = Driver::start() else { return };
    let discord = Loopback::start(server()).await.unwrap();
    let bot = bot::start(&discord).await;
    let page = page(&discord).await;
    let (one, other) = (driver.window(1280, 800).await, driver.window(400, 800).await);
    for browser in [&one, &other] {
        browser.open(&page.url()).await;
        browser.wait(".person", "Camille").await;
    }
    other.click(".person", "").await;
    other.click(".cast", "Noé").await;
    other.wait(".person", "Noé").await;
    one.write("#text", "Bonjour Noé\u{e007}").await;
    other.wait(".message", "Bonjour Noé").await;
    // Read out by screen readers, though it shows nowhere.
    other
        .until(
            "the live region",
            "return document.querySelector('#said').textContent.includes('Camille : Bonjour Noé')",
        )
        .await;

    // By keyboard alone: a command with a suggestion, and Escape back to the text.
    one.write("#text", "/salut").await;
    one.wait(".suggestions [role=option]", "/salut").await;
    one.key("#text", Key::Enter).await;
    one.wait(".command", "/salut").await;
    one.key(".command button[type=submit]", Key::Escape).await;
    one.wait("#text", "").await;
    one.command("salut", &[("qui", "no", Some("Noé"))]).await;
    one.wait(".message.ephemeral", "Bonjour Noé").await;
    assert!(
        !other.words("#messages").await.contains("Titre"),
        "an ephemeral answer shows to another"
    );
    one.click(".message .select", "Quel groupe").await;
    one.click("dialog [role=option]", "Nîmes").await;
    one.wait(".message", "nimes").await;
    // Pressed twice in the same instant, it answers once.
    one.look("const b = document.querySelector('.message .button.success'); b.click(); b.click(); return 1")
        .await;
    one.wait(".message", "compris, et le lien").await;
    one.command("lent", &[]).await;
    one.wait(".message", "et encore").await;
    one.command("formulaire", &[]).await;
    one.click("dialog button[type=submit]", "").await;
    one.wait("dialog .failure", "obligatoire").await;
    one.write("dialog [name=prenom]", "Lila").await;
    one.click("dialog button[type=submit]", "").await;
    one.wait(".message", "formulaire:7 Lila Dupré").await;
    one.click(".message.ephemeral .link", "Rejeter").await;

    // A bot that says nothing, then one that is dead.
    one.command("muet", &[]).await;
    one.wait(".message.failed", "L’application ne répond pas").await;
    one.click(".message.failed .link", "Rejeter").await;
    one.command("salut", &[]).await;
    one.wait(".message .button.success", "C’est ça").await;
    drop(bot);
    discord.gateway().cut();
    one.click(".message .button.success", "C’est ça").await;
    one.wait(".message .failure", "Échec de l’interaction").await;
    one.click("#head [data-opens=members]", "").await;
    one.wait("#panel .members", "hors ligne").await;
    assert_eq!(one.faults().await, Vec::<String>::new());

    // The sandbox itself is gone.
    drop(page);
    other.wait("#banner", "ne répond plus").await;
    one.close().await;
    other.close().await;
}
