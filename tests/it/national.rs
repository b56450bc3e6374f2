//! The national team and the referents at work, as persons act: a file imported, a group declared, relays named from a
//! command, from a button on the server and from a DM.

use maillage::domain::ids::UserId;
use maillage::loopback::model::Message;
use maillage::loopback::{Answer, AnswerKind, Value, labels_of, text_of};
use maillage::store::authority;

use crate::support::{House, until};

/// A house whose bot has mirrored who is of the national team.
async fn open() -> House {
    let house = House::open().await;
    let nadia = UserId(house.person("nadia").id());
    let app = house.app();
    until("the mirror of the server", || async {
        let mut tx = app.store.read().await.unwrap();
        authority::functions(&mut tx, nadia).await.unwrap().national
    })
    .await;
    house
}

fn csv(lines: usize) -> Value {
    let mut text = String::from("prenom;nom;telephone;mail;cp\n");
    for n in 0..lines {
        text.push_str(&format!(
            "Lou;Roche{n};06 39 98 {:02} {:02};lou{n}@example.org;34400\n",
            n / 100,
            n % 100
        ));
    }
    text.push_str("Ana;Roux;06 39 98 12 3;ana@example.org;34400\n");
    Value::file("inscrits.csv", text.into_bytes())
}

/// The message of an answer once it says this.
async fn says(answer: &Answer, what: &str) -> Message {
    let what = what.to_owned();
    answer
        .wait_until(&what, |message| text_of(message).contains(&what))
        .await
}

async fn import(house: &House, lines: usize) -> String {
    let nadia = house.person("nadia");
    let dry = nadia.slash("importer", &[("fichier", csv(lines))]).await.unwrap();
    says(&dry, "Lignes rejetées").await;
    let done = nadia.press(&dry, "Importer").await.unwrap();
    text_of(&says(&done, "terminé").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_looked_at_then_imported_and_its_group_is_announced() {
    let house = open().await;
    let nadia = house.person("nadia");
    let dry = nadia.slash("importer", &[("fichier", csv(6))]).await.unwrap();
    let shown = says(&dry, "Lignes rejetées").await;
    assert!(dry.ephemeral());
    let text = text_of(&shown);
    for line in [
        "Nouveaux\u{a0}: 6",
        "Mis à jour\u{a0}: 0",
        "Inchangés\u{a0}: 0",
        "Doublons à vérifier\u{a0}: 0",
        "Lignes rejetées\u{a0}: 1",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(text.contains("Lunel (Hérault) — 6\u{a0}inscrits"), "{text}");
    assert_eq!(labels_of(&shown), ["Importer", "Annuler"]);
    let attached = dry.attachments();
    assert_eq!(attached.len(), 1);
    assert_eq!(attached[0].filename, "lignes-rejetees.csv");

    let done = nadia.press(&dry, "Importer").await.unwrap();
    let text = text_of(&says(&done, "terminé").await);
    assert!(text.contains("🌱 Lunel"), "{text}");
    // The button that announces the group names its relay, by typing: in a DM nobody can be listed.
    let notice = nadia
        .wait_dm("a possible group", |message| {
            text_of(message).contains("Groupe possible")
        })
        .await;
    let form = nadia.press(notice.id, "Nommer un relai").await.unwrap();
    assert_eq!(form.kind, AnswerKind::Modal);
    let named = nadia.submit_modal(&form, &[("pseudo", "@camille")]).await.unwrap();
    assert!(
        named.text().contains("Camille Dupré est relai local du groupe Lunel"),
        "{}",
        named.text()
    );
    let camille = house.person("camille");
    camille
        .wait_dm("the news", |message| text_of(message).contains("relai"))
        .await;

    // Again: nothing changes.
    let text = import(&house, 6).await;
    assert!(
        text.contains("Nouveaux\u{a0}: 0") && text.contains("Inchangés\u{a0}: 6"),
        "{text}"
    );
    // A dry run serves once; «Annuler» forgets it.
    let dry = nadia.slash("importer", &[("fichier", csv(7))]).await.unwrap();
    says(&dry, "Lignes rejetées").await;
    let cancelled = nadia.press(&dry, "Annuler").await.unwrap();
    assert!(
        cancelled.text().contains("annulé") && cancelled.buttons().is_empty(),
        "{}",
        cancelled.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_of_sign_ups_is_told_and_changes_nothing() {
    let house = open().await;
    let nadia = house.person("nadia");
    for (bytes, reason) in [
        (b"%PDF-1.7 ...".to_vec(), "PDF"),
        (b"prenom;nom\nLou;Roche\n".to_vec(), "code postal"),
        (Vec::new(), "vide"),
    ] {
        let answer = nadia
            .slash("importer", &[("fichier", Value::file("x.csv", bytes))])
            .await
            .unwrap();
        says(&answer, reason).await;
    }
    let lea = house.person("lea");
    let refused = lea.slash("importer", &[("fichier", csv(1))]).await.unwrap();
    assert!(
        refused.text().contains("réservée à l’équipe nationale"),
        "{}",
        refused.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_on_after_the_bot_died_in_the_middle() {
    let mut house = open().await;
    let nadia = house.person("nadia");
    let dry = nadia.slash("importer", &[("fichier", csv(3000))]).await.unwrap();
    says(&dry, "Lignes rejetées").await;
    let pressed = {
        let (nadia, dry) = (nadia.clone(), dry.clone());
        // The answer may never come: the bot dies.
        tokio::spawn(async move { nadia.press(&dry, "Importer").await.is_ok() })
    };
    let app = house.app();
    until("a first batch", || async {
        let mut tx = app.store.read().await.unwrap();
        maillage::store::imports::next_person(&mut tx).await.unwrap().0 > 1
    })
    .await;
    drop(app);
    house.resurrect().await;
    pressed.abort();
    let text = import(&house, 3000).await;
    let of = |label: &str| -> u64 {
        let rest = text.split(label).nth(1).unwrap();
        let number = rest.lines().next().unwrap().trim_start_matches(['\u{a0}', ':', ' ']);
        number
            .chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap()
    };
    assert_eq!(of("Nouveaux") + of("Inchangés"), 3000, "{text}");
    assert!(of("Inchangés") >= 1000, "{text}");
    let mut tx = house.app().store.read().await.unwrap();
    assert_eq!(maillage::store::imports::next_person(&mut tx).await.unwrap().0, 3001);
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_and_referents_are_named_by_command_and_by_button() {
    let house = open().await;
    import(&house, 6).await;
    let (nadia, awa) = (house.person("nadia"), house.person("awa"));
    let region = nadia.choose("referent nommer", "region", "occi").await.unwrap();
    let answer = nadia
        .slash(
            "referent nommer",
            &[("region", region), ("membre", Value::User(awa.id()))],
        )
        .await
        .unwrap();
    assert!(
        answer
            .text()
            .contains("Awa Martin est référent régional\u{a0}: Occitanie"),
        "{}",
        answer.text()
    );
    awa.wait_dm("the news", |message| text_of(message).contains("Occitanie"))
        .await;

    let group = awa.choose("relai nommer", "groupe", "lun").await.unwrap();
    let camille = Value::User(house.person("camille").id());
    let name = |member: Value| {
        let (awa, group) = (awa.clone(), group.clone());
        async move {
            awa.slash("relai nommer", &[("groupe", group), ("membre", member)])
                .await
                .unwrap()
                .text()
        }
    };
    assert!(name(camille.clone()).await.contains("✅"));
    assert!(name(camille).await.contains("est déjà relai local"));

    // From the group's sheet, on the server: members are listed.
    let sheet = awa.slash("groupe fiche", &[("groupe", group.clone())]).await.unwrap();
    assert!(sheet.ephemeral() && sheet.text().contains("0 / 5"), "{}", sheet.text());
    let choice = awa.press(&sheet, "Nommer un relai").await.unwrap();
    assert!(choice.ephemeral());
    let named = awa
        .select_users(&choice, "0", &[house.person("noe").id()])
        .await
        .unwrap();
    assert!(named.text().contains("Noé Le Goff est relai local"), "{}", named.text());
    let third = name(Value::User(house.person("lea").id())).await;
    assert!(third.contains("Camille Dupré et Noé Le Goff"), "{third}");

    let list = awa.slash("relai liste", &[]).await.unwrap();
    assert!(list.text().contains("Noé Le Goff"), "{}", list.text());
    let list = nadia.slash("groupe liste", &[]).await.unwrap();
    assert!(
        list.text().contains("Lunel") && list.text().contains("2\u{a0}relais"),
        "{}",
        list.text()
    );

    // A function lost is lost at once, open buttons included.
    nadia
        .slash(
            "referent retirer",
            &[("region", "76".into()), ("membre", Value::User(awa.id()))],
        )
        .await
        .unwrap();
    let refused = awa.press(&sheet, "Nommer un relai").await.unwrap();
    assert!(refused.text().contains("réservée"), "{}", refused.text());
    assert!(
        awa.autocomplete("groupe fiche", "groupe", "lun")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_declared_from_the_list_of_basins() {
    let house = open().await;
    let nadia = house.person("nadia");
    let basin = nadia.choose("groupe declarer", "bassin", "nimes").await.unwrap();
    let answer = nadia
        .slash("groupe declarer", &[("bassin", basin.clone())])
        .await
        .unwrap();
    assert!(
        answer.text().contains("Groupe possible\u{a0}: Nîmes (Gard)"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.buttons(), ["Nommer un relai"]);
    let again = nadia.slash("groupe declarer", &[("bassin", basin)]).await.unwrap();
    assert!(again.text().contains("existe déjà"), "{}", again.text());
    let lea = house.person("lea");
    assert!(
        lea.autocomplete("groupe declarer", "bassin", "nimes")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_placed_and_records_made_one_by_button() {
    let house = open().await;
    let nadia = house.person("nadia");
    let file = "prenom;nom;telephone;mail;cp\nAna;Roux;;ana@example.org;98800\n\
                Camille;Dupré;06 39 98 00 01;camille@example.org;34400\nNoé;Dupré;06 39 98 00 01;noe@example.org;34400\n";
    let dry = nadia
        .slash(
            "importer",
            &[("fichier", Value::file("inscrits.csv", file.as_bytes().to_vec()))],
        )
        .await
        .unwrap();
    says(&dry, "Doublons à vérifier\u{a0}: 1").await;
    let done = nadia.press(&dry, "Importer").await.unwrap();
    says(&done, "terminé").await;

    let list = nadia.slash("inscrits a-placer", &[]).await.unwrap();
    assert!(list.ephemeral() && list.text().contains("Ana R."), "{}", list.text());
    let form = nadia.select(&list, "Placer une personne", &["1"]).await.unwrap();
    let several = nadia.submit_modal(&form, &[("bassin", "saint")]).await.unwrap();
    assert!(several.text().contains("Plusieurs bassins"), "{}", several.text());
    let placed = nadia.submit_modal(&form, &[("bassin", "nîmes")]).await.unwrap();
    assert!(
        placed.text().contains("Ana R.\u{a0}: Nîmes (Gard)"),
        "{}",
        placed.text()
    );

    let pair = nadia.slash("inscrits a-verifier", &[]).await.unwrap();
    assert!(
        pair.ephemeral() && pair.text().contains("camille@example.org"),
        "{}",
        pair.text()
    );
    assert_eq!(pair.buttons(), ["Même personne", "Pas un doublon"]);
    let next = nadia.press(&pair, "Même personne").await.unwrap();
    assert!(next.text().contains("Aucun doublon"), "{}", next.text());
    let merged = next.followup(0).await;
    let asked = nadia.press(merged.id, "Défaire").await.unwrap();
    assert!(
        asked.ephemeral() && asked.text().contains("Camille D."),
        "{}",
        asked.text()
    );
    let undone = nadia.press(&asked, "Confirmer").await.unwrap();
    assert!(undone.text().contains("défaite"), "{}", undone.text());
    let pair = nadia.slash("inscrits a-verifier", &[]).await.unwrap();
    let next = nadia.press(&pair, "Pas un doublon").await.unwrap();
    assert!(next.text().contains("Aucun doublon"), "{}", next.text());

    let avec = nadia
        .choose("inscrits fusionner", "avec", "noe@example.org")
        .await
        .unwrap();
    let done = nadia
        .slash(
            "inscrits fusionner",
            &[("personne", "camille@example.org".into()), ("avec", avec)],
        )
        .await
        .unwrap();
    assert!(done.text().contains("n’en font plus qu’une"), "{}", done.text());
}
