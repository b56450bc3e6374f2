//! The guided tour, step by step, as a visitor takes it: at a desk and on a phone.

use std::time::Duration;

use maillage::demo::sandbox::Sandbox;
use serde_json::json;

use crate::browser::{Browser, Driver};

/// The visitor.
struct Visitor<'a>(&'a Browser);

impl Visitor<'_> {
    /// Waits until so many steps are ticked.
    async fn ticked(&self, count: usize) {
        self.0.wait("[data-bar=tour]", &format!("{count} / 8")).await;
    }

    async fn become_person(&self, name: &str) {
        self.0.click(".person", "").await;
        self.0.click(".cast", name).await;
        self.0.wait(".person", name).await;
    }

    async fn open_menu(&self) {
        if self.0.narrow {
            self.0.click("[data-bar=menu]", "").await;
        }
    }

    async fn open_channel(&self, css: &str, name: &str) {
        self.open_menu().await;
        self.0.click(css, name).await;
        self.0.wait("#head h1", name).await;
    }
}

/// The identifier in the page of a channel in the space of Lunel.
async fn room(sandbox: &Sandbox, name: &str) -> String {
    let found = |world: &maillage::loopback::World| world.channel_in("🌱 Lunel", name).map(|channel| channel.id);
    let id = sandbox
        .discord()
        .try_wait(name, Duration::from_secs(40), found)
        .await
        .unwrap();
    format!("#sidebar [data-channel='{id}']")
}

async fn tour(width: u32, height: u32) {
    let Some(driver) = Driver::start() else { return };
    let sandbox = Sandbox::open(0).await.unwrap();
    sandbox.spaces_built(Duration::from_secs(120)).await;
    let browser = driver.window(width, height).await;
    let visitor = Visitor(&browser);
    browser.open(&sandbox.url()).await;
    browser.wait(".person", "Camille Dupré").await;
    assert!(!browser.address().await.contains("cle"), "the key stays in the address");
    visitor.ticked(0).await;

    // 1. The contacts.
    browser.command("contacts", &[]).await;
    visitor.ticked(1).await;
    browser.wait(".message.ephemeral", "Vous seul pouvez voir ceci").await;

    // 2. A call.
    browser.click(".message .select", "").await;
    browser.click("dialog [role=option]", "").await;
    browser.wait(".message", "Téléphone").await;
    browser.picture("fiche").await;
    browser.click(".message .button", "Pas de réponse").await;
    visitor.ticked(2).await;

    // 3. The fifth person of Lunel.
    browser.command("valider", &[("inscrit", "", Some("34400"))]).await;
    browser.wait("dialog", "Valider une participation").await;
    let first = browser.value("dialog [name=prenom]").await;
    browser.picture("formulaire").await;
    browser.click("dialog button[type=submit]", "Envoyer").await;
    browser.click(".message .button", "Confirmer").await;
    browser.wait(".message", "5 / 5").await;
    visitor.ticked(3).await;

    // 4. The space.
    visitor
        .open_channel(&room(&sandbox, "registre").await, "registre")
        .await;
    browser.wait(".message", "Registre des membres").await;
    browser.click("#head [data-opens=pins]", "").await;
    browser.wait("#panel .pins", "Registre des membres").await;
    browser.picture("registre").await;
    browser.click("#panel header button", "").await;
    visitor
        .open_channel(&room(&sandbox, "discussion").await, "discussion")
        .await;
    browser.write("#text", "Bienvenue dans notre espace !\u{e007}").await;
    browser.wait(".message", "Bienvenue dans notre espace !").await;
    visitor.ticked(4).await;

    // 5. Somebody arrives, and sees no group.
    browser.click(".person", "").await;
    browser.click("dialog .button", "Une nouvelle personne arrive").await;
    browser.wait(".person", "Salomé Vernet").await;
    visitor.ticked(5).await;
    browser
        .until(
            "the newcomer's channels",
            "return document.querySelectorAll('#sidebar .channel').length > 1",
        )
        .await;
    let seen = browser
        .look("return document.querySelector('#sidebar').textContent")
        .await;
    assert!(!seen.as_str().unwrap().contains("Lunel"), "{seen}");

    // 6. A code, given by one and typed by the other.
    visitor.become_person("Camille").await;
    browser
        .command("invitation", &[("personne", &first, Some(&first))])
        .await;
    browser.wait(".message.ephemeral", "L’invitation est prête").await;
    let script =
        "return [...document.querySelectorAll('.message.ephemeral')].pop().querySelector('.text code').textContent";
    let code = browser.look(script).await.as_str().unwrap().to_owned();
    visitor.become_person("Salomé").await;
    browser.command("rejoindre", &[("code", &code, None)]).await;
    visitor.ticked(6).await;
    visitor
        .open_channel(&room(&sandbox, "discussion").await, "discussion")
        .await;
    browser.wait(".message", "Bienvenue dans notre espace !").await;

    // 7. Sunday evening.
    visitor.become_person("Camille").await;
    browser.click("[data-bar=clock]", "").await;
    browser.click("dialog .button", "dimanche 18 h").await;
    browser.wait("dialog .clock-now", "dimanche 7 mars 2027").await;
    browser.click("dialog .button", "Fermer").await;
    visitor.ticked(7).await;
    visitor.open_channel("#sidebar .channel", "maillage").await;
    browser.wait(".message", "ce soir").await;

    // 8. A relay for Carcassonne.
    visitor.become_person("Awa").await;
    browser
        .command(
            "relai nommer",
            &[
                ("groupe", "Carca", Some("Carcassonne")),
                ("membre", "Inès", Some("Inès Faure")),
            ],
        )
        .await;
    visitor.ticked(8).await;
    browser.click("[data-bar=tour]", "").await;
    browser.wait("#panel", "La visite est faite").await;
    browser.picture("fin").await;

    // Nothing was refused by the browser, nothing shows beyond the window.
    assert_eq!(browser.faults().await, Vec::<String>::new());
    let wide = browser
        .look("return document.documentElement.scrollWidth <= innerWidth")
        .await;
    assert_eq!(wide, json!(true), "the page is wider than the window");
    assert!(
        sandbox.discord().violations().is_empty(),
        "{:?}",
        sandbox.discord().violations()
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_at_a_desk() {
    tour(1280, 800).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_on_a_phone() {
    tour(400, 800).await;
}
