//! The same, as persons act: commands, buttons, selects and forms against the loopback Discord.

use maillage::domain::calendar::{civil, paris_date};
use maillage::domain::ids::{GroupId, PersonId, RegionCode, UserId};
use maillage::domain::person::Identity;
use maillage::domain::territory::Origin as Placed;
use maillage::loopback::{Answer, AnswerKind, Person};
use maillage::store::people::{NewPerson, Origin, Place};
use maillage::store::{people, posts, territories};

use crate::support::{House, until};

/// A group with its relays, and people to call.
pub(crate) struct Lunel {
    pub(crate) house: House,
    pub(crate) group: GroupId,
    pub(crate) people: Vec<PersonId>,
}

impl Lunel {
    pub(crate) async fn with(people: u32) -> Lunel {
        Lunel::inside(House::open().await, people).await
    }

    /// The same in a house of one's own.
    pub(crate) async fn inside(house: House, people: u32) -> Lunel {
        let app = house.app();
        let now = house.now();
        let atlas = app.atlas();
        let parts = atlas.parts("34400".parse().unwrap());
        let part = &parts[0];
        let territory = atlas.territory(part.key()).unwrap();
        let region = RegionCode(territory.region.clone());
        let mut tx = app.store.write().await.unwrap();
        let key = part.key();
        let territory = territories::ensure(&mut tx, &key.basin, &key.departement, &region, &territory.name)
            .await
            .unwrap();
        let group = maillage::usecases::ladder::declare(&mut tx, territory, None, None, now)
            .await
            .unwrap()
            .unwrap();
        for relay in ["camille", "noe"] {
            posts::name_relay(&mut tx, group, UserId(house.person(relay).id()), now)
                .await
                .unwrap();
        }
        let mut ids = Vec::new();
        for n in 0..people {
            let phone = format!("06 39 98 {:02} {:02}", n / 100, n % 100);
            let name = format!("Roche{}", char::from(b'a' + u8::try_from(n).unwrap()));
            let identity = Identity::parse("Lou", &name, &phone, &format!("lou{n}@example.org"), "34400").unwrap();
            let place = Place {
                postal_code: "34400".to_owned(),
                insee: None,
                territory: Some(territory),
                placed: Some(Placed::Code),
            };
            let new = NewPerson {
                identity: &identity,
                place: &place,
                origin: Origin::Site,
                signed_up_on: "2027-02-01".parse().ok(),
            };
            ids.push(people::insert(&mut tx, &new, now).await.unwrap());
        }
        tx.commit().await.unwrap();
        Lunel {
            house,
            group,
            people: ids,
        }
    }

    pub(crate) fn person(&self, name: &str) -> Person {
        self.house.person(name)
    }

    /// `/contacts`, the charter accepted on the way when it comes.
    pub(crate) async fn contacts(&self, who: &Person) -> Answer {
        let answer = who.slash("contacts", &[]).await.unwrap();
        if answer.buttons().iter().any(|label| label.contains("charte")) {
            return who.press(&answer, "J'accepte la charte").await.unwrap();
        }
        answer
    }

    pub(crate) async fn card(&self, who: &Person, n: usize) -> Answer {
        let list = self.contacts(who).await;
        who.select(&list, "Ouvrir une fiche", &[&self.people[n].to_string()])
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_goes_from_the_charter_to_a_call_and_back() {
    let lunel = Lunel::with(12).await;
    let camille = lunel.person("camille");
    let charter = camille
        .slash("contacts", &[("filtre", "a_appeler".into())])
        .await
        .unwrap();
    assert!(
        charter.ephemeral() && !charter.text().contains("Lou"),
        "{}",
        charter.text()
    );
    let list = camille.press(&charter, "J'accepte la charte").await.unwrap();
    assert_eq!(list.kind, AnswerKind::Update, "straight on to the list");
    assert!(
        list.ephemeral() && list.text().contains("12\u{a0}personnes"),
        "{}",
        list.text()
    );
    assert!(!list.text().contains("06 39"), "a list shows no phone");
    assert_eq!(list.buttons(), ["Suivant"], "«Précédent» is closed on the first page");
    let second = camille.press(&list, "Suivant").await.unwrap();
    assert!(second.text().contains("Page 2 / 2"));
    let list = camille.press(&second, "Précédent").await.unwrap();
    let card = camille
        .select(&list, "Ouvrir une fiche", &[&lunel.people[0].to_string()])
        .await
        .unwrap();
    let text = card.text();
    for fact in [
        "Lou Rochea",
        "06 39 98 00 00",
        "+33639980000",
        "lou0@example.org",
        "34400 (Lunel, Hérault)",
        "1er février 2027",
    ] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    let labels = [
        "Valider",
        "Pas de réponse",
        "Message laissé",
        "À rappeler…",
        "Faux numéro",
        "Refus",
        "Ne plus appeler",
        "SMS envoyé",
        "Note",
        "Retour à la liste",
    ];
    assert_eq!(card.buttons(), labels);
    let done = camille.press(&card, "Pas de réponse").await.unwrap();
    assert!(done.content().contains("pas de réponse") && done.ephemeral());
    let list = camille.press(&done, "Retour à la liste").await.unwrap();
    assert!(list.text().contains("11\u{a0}personnes"), "{}", list.text());
    let none = camille
        .slash("contacts", &[("filtre", "valides".into())])
        .await
        .unwrap();
    assert!(none.text().contains("Validés"), "the charter is accepted once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_relay_sees_who_is_taken() {
    let lunel = Lunel::with(2).await;
    let (camille, noe) = (lunel.person("camille"), lunel.person("noe"));
    let stale = lunel.contacts(&noe).await;
    lunel.card(&camille, 0).await;
    let refused = noe
        .select(&stale, "Ouvrir une fiche", &[&lunel.people[0].to_string()])
        .await
        .unwrap();
    assert!(
        refused.ephemeral() && refused.text().contains("Camille Dupré"),
        "{}",
        refused.text()
    );
    assert!(!refused.text().contains("06 39"));
    let list = lunel.contacts(&noe).await;
    assert!(
        list.text().contains("1\u{a0}personne") && list.text().contains("chez l’autre relai"),
        "{}",
        list.text()
    );
    let all = noe.slash("contacts", &[("filtre", "tous".into())]).await.unwrap();
    assert!(all.text().contains("chez Camille Dupré jusqu’à <t:"), "{}", all.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_back_is_chosen_or_typed() {
    let lunel = Lunel::with(2).await;
    let camille = lunel.person("camille");
    let card = lunel.card(&camille, 0).await;
    let ask = camille.press(&card, "À rappeler…").await.unwrap();
    let done = camille.select(&ask, "0", &["Demain"]).await.unwrap();
    assert!(done.content().contains("à rappeler"), "{}", done.content());
    let card = lunel.card(&camille, 1).await;
    let ask = camille.press(&card, "À rappeler…").await.unwrap();
    let form = camille.select(&ask, "0", &["date"]).await.unwrap();
    let wrong = camille.submit_modal(&form, &[("rappel", "mardi")]).await.unwrap();
    assert!(wrong.text().contains("29/03/2027"), "{}", wrong.text());
    let day = (lunel.house.now() + chrono::TimeDelta::days(9)).date_naive();
    let typed = day.format("%d/%m/%Y").to_string();
    let form = camille.select(&ask, "0", &["date"]).await.unwrap();
    let done = camille.submit_modal(&form, &[("rappel", &typed)]).await.unwrap();
    assert!(done.text().contains("à rappeler le"), "{}", done.text());
    let list = camille
        .slash("contacts", &[("filtre", "a_rappeler".into())])
        .await
        .unwrap();
    assert!(list.text().contains("2\u{a0}personnes"), "{}", list.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn never_again_is_confirmed_a_note_is_kept_a_text_is_ready() {
    let lunel = Lunel::with(2).await;
    let camille = lunel.person("camille");
    let card = lunel.card(&camille, 0).await;
    let form = camille.press(&card, "Note").await.unwrap();
    let noted = camille
        .submit_modal(&form, &[("note", "Rappeler **après** 20 h")])
        .await
        .unwrap();
    assert!(
        noted.text().contains(r"Rappeler \*\*après\*\* 20 h"),
        "{}",
        noted.text()
    );
    let sms = camille.press(&noted, "SMS envoyé").await.unwrap();
    assert!(
        sms.content().contains("```\nBonjour Lou, ici Camille Dupré"),
        "{}",
        sms.content()
    );
    let ask = camille.press(&sms, "Ne plus appeler").await.unwrap();
    assert_eq!(ask.buttons(), ["Confirmer", "Annuler"]);
    let card = camille.press(&ask, "Annuler").await.unwrap();
    assert!(card.buttons().contains(&"Refus".to_owned()), "nothing was recorded");
    let ask = camille.press(&card, "Ne plus appeler").await.unwrap();
    let done = camille.press(&ask, "Confirmer").await.unwrap();
    assert!(
        !done.text().contains("06 39") && !done.text().contains("@example.org"),
        "{}",
        done.text()
    );
    let list = camille.slash("contacts", &[("filtre", "refus".into())]).await.unwrap();
    assert!(list.text().contains("ne plus appeler"), "{}", list.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_opens_the_form_of_a_validation_even_after_a_restart() {
    let mut lunel = Lunel::with(1).await;
    let camille = lunel.person("camille");
    let card = lunel.card(&camille, 0).await;
    lunel.house.restart().await;
    let form = camille.press(&card, "Valider").await.unwrap();
    assert_eq!(form.modal().title, "Valider une participation");
    let filled: Vec<(&str, &str)> = form
        .modal()
        .fields
        .iter()
        .map(|field| (field.custom_id.as_str(), field.value.as_str()))
        .collect();
    assert_eq!(
        filled,
        [
            ("prenom", "Lou"),
            ("nom", "Rochea"),
            ("telephone", "06 39 98 00 00"),
            ("mail", "lou0@example.org"),
            ("code_postal", "34400")
        ]
    );
    let done = camille.press(&card, "Message laissé").await.unwrap();
    assert!(done.content().contains("message laissé"));
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_a_call() {
    let lunel = Lunel::with(3).await;
    let camille = lunel.person("camille");
    let who = camille.choose("appel", "inscrit", "ROCHEB").await.unwrap();
    let charter = camille
        .slash("appel", &[("inscrit", who.clone()), ("issue", "refus".into())])
        .await
        .unwrap();
    let done = camille.press(&charter, "J'accepte la charte").await.unwrap();
    assert!(
        done.content().contains("refus") && done.text().contains("Lou Rocheb"),
        "{}",
        done.text()
    );
    let typed = [
        ("inscrit", who),
        ("issue", "ne_plus_appeler".into()),
        ("note", "L’a demandé".into()),
    ];
    let ask = camille.slash("appel", &typed).await.unwrap();
    let done = camille.press(&ask, "Confirmer").await.unwrap();
    assert!(
        done.text().contains("L’a demandé") && done.ephemeral(),
        "{}",
        done.text()
    );
    let lea = lunel.person("lea");
    assert!(lea.autocomplete("appel", "inscrit", "lou").await.unwrap().is_empty());
    for (line, options) in [("contacts", vec![]), ("invitation", vec![("personne", "lou".into())])] {
        let refused = lea.slash(line, &options).await.unwrap();
        assert!(
            refused.ephemeral() && refused.text().contains("réservée aux relais locaux"),
            "{}",
            refused.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_from_the_relay_to_the_person() {
    let lunel = Lunel::with(1).await;
    let (camille, lea) = (lunel.person("camille"), lunel.person("lea"));
    let who = camille.choose("invitation", "personne", "lou").await.unwrap();
    let given = camille.slash("invitation", &[("personne", who)]).await.unwrap();
    assert!(given.ephemeral());
    let text = given.content();
    let code = text
        .split('`')
        .find(|part| part.len() == 8 && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        .unwrap();
    let wrong = lea.slash("rejoindre", &[("code", "ABCDEFGH".into())]).await.unwrap();
    assert!(wrong.ephemeral() && !wrong.text().contains("Lou"), "{}", wrong.text());
    let joined = lea
        .slash("rejoindre", &[("code", code.to_lowercase().into())])
        .await
        .unwrap();
    assert!(
        joined.ephemeral() && joined.text().contains("Lunel"),
        "{}",
        joined.text()
    );
    let app = lunel.house.app();
    let mut tx = app.store.read().await.unwrap();
    let person = people::get(&mut tx, lunel.people[0]).await.unwrap().unwrap();
    assert_eq!((person.discord, person.member_of), (Some(UserId(lea.id())), None));
    assert_ne!(lunel.group, GroupId(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evening_s_reminder_comes_once_by_direct_message() {
    let mut lunel = Lunel::with(2).await;
    let camille = lunel.person("camille");
    for n in 0..2 {
        let card = lunel.card(&camille, n).await;
        let ask = camille.press(&card, "À rappeler…").await.unwrap();
        camille.select(&ask, "0", &["demain"]).await.unwrap();
    }
    let tomorrow = paris_date(lunel.house.now()) + chrono::Days::new(1);
    let evening = civil(tomorrow, chrono::NaiveTime::from_hms_opt(18, 0, 0).unwrap());
    let told = |lunel: &Lunel, who: &str| {
        let dms = lunel.person(who).dms();
        dms.into_iter()
            .filter(|dm| dm.content.contains("ce soir"))
            .map(|dm| dm.content)
            .collect::<Vec<_>>()
    };
    lunel
        .house
        .advance(evening - lunel.house.now() - chrono::TimeDelta::minutes(1));
    assert!(told(&lunel, "camille").is_empty());
    lunel.house.advance(chrono::TimeDelta::minutes(1));
    until("the reminder", || async { !told(&lunel, "camille").is_empty() }).await;
    let dm = told(&lunel, "camille").remove(0);
    assert!(dm.contains("2\u{a0}rappels") && dm.contains("Lou R."), "{dm}");
    assert!(!dm.contains("06 39") && !dm.contains("Roche"), "{dm}");
    lunel.house.restart().await;
    lunel.house.advance(chrono::TimeDelta::days(1));
    let app = lunel.house.app();
    maillage::usecases::reminders::step(&app, lunel.house.now())
        .await
        .unwrap();
    until("an empty queue", || async {
        let mut tx = app.store.read().await.unwrap();
        maillage::store::outbox::gauge(&mut tx).await.unwrap().waiting == 0
    })
    .await;
    assert_eq!(told(&lunel, "camille"), [dm], "once, also over a restart and a day");
    assert!(told(&lunel, "noe").is_empty(), "to who made the appointments");
}
