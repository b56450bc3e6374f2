//! `/exporter` and `maillage export`: whole files, formulas neutralised, one line of the journal (product.md §13, §16, §17).

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

use maillage::config::Settings;
use maillage::domain::ids::UserId;
use maillage::loopback::{Answer, Value, text_of};
use maillage::run;
use maillage::store::{authority, rekey};
use maillage::usecases::export::parts::ATTACHMENT_MAX;

use crate::support::{House, Program, until};
use crate::world::raw;

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

async fn import(house: &House, text: &str) {
    let nadia = house.person("nadia");
    let file = Value::file("inscrits.csv", text.as_bytes().to_vec());
    let dry = nadia.slash("importer", &[("fichier", file)]).await.unwrap();
    dry.wait_until("the dry run", |message| text_of(message).contains("Nouveaux"))
        .await;
    let done = nadia.press(&dry, "Importer").await.unwrap();
    done.wait_until("the end", |message| text_of(message).contains("terminé"))
        .await;
}

async fn export(house: &House, what: &str) -> Answer {
    let answer = house
        .person("nadia")
        .slash("exporter", &[("quoi", what.into())])
        .await
        .unwrap();
    answer
        .wait_until("the file", |message| !message.attachments.is_empty())
        .await;
    answer
}

/// The name of the file of an answer, and its text.
fn file(answer: &Answer) -> (String, String) {
    let attached = answer.attachments();
    assert_eq!(attached.len(), 1);
    let bytes = attached[0].bytes.to_vec();
    let name = attached[0].filename.clone();
    let text = if name.ends_with(".gz") {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        text
    } else {
        String::from_utf8(bytes).unwrap()
    };
    (name, text)
}

const TWO: &str = "prenom;nom;telephone;mail;cp;pseudo discord\nLou;Roche;06 39 98 00 01;lou@example.org;34400;=HYPERLINK(1)\n\
                   Ana;Roux;06 39 98 00 02;ana@example.org;34400;\n";

#[tokio::test(flavor = "multi_thread")]
async fn each_table_is_a_file_and_the_export_is_written_down_once() {
    let house = open().await;
    import(&house, TWO).await;
    let answer = export(&house, "personnes").await;
    assert!(answer.ephemeral());
    assert!(answer.text().contains("2\u{a0}lignes"), "{}", answer.text());
    let (name, text) = file(&answer);
    assert!(
        name.starts_with("maillage-personnes-") && name.ends_with(".csv"),
        "{name}"
    );
    assert!(text.starts_with("\u{feff}fiche;prenom;nom;telephone;mail"), "{text}");
    assert!(text.contains("Lou;Roche;'+33639980001;lou@example.org;34400"), "{text}");
    assert!(text.contains(";'=HYPERLINK(1)"), "a formula is neutralised: {text}");
    assert_eq!(text.lines().count(), 3);
    for (what, first) in [
        ("groupes", "groupe;nom"),
        ("validations", "validation;groupe"),
        ("journal", "ligne;le;compte"),
    ] {
        let answer = export(&house, what).await;
        let (_, text) = file(&answer);
        assert!(text.trim_start_matches('\u{feff}').starts_with(first), "{text}");
        assert!(
            !text.contains("Roche") && !text.contains("example.org"),
            "{what} names nobody: {text}"
        );
    }
    let pool = raw(&house.database()).await;
    let lines: Vec<(String, Option<i64>, String)> = sqlx::query_as(
        "SELECT event, person_id, after FROM journal WHERE event IN ('access.exported', 'export.made') ORDER BY id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(lines[0], ("access.exported".to_owned(), None, "personnes:2".to_owned()));
    assert_eq!(lines.len(), 4, "one line for each export: {lines:?}");
    assert!(lines[1..].iter().all(|(event, ..)| event == "export.made"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_writes_the_same_files_beside_the_bot_for_its_owner_only() {
    let house = open().await;
    import(&house, TWO).await;
    let (_, people) = file(&export(&house, "personnes").await);
    let database = format!("sqlite://{}", house.database().display());
    let program = Program::new().with("DATABASE_URL", &database);
    let ended = program.run(&["export", "sortie"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let folder = program.folder().join("sortie");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let name = entry.file_name().into_string().unwrap();
        if name.contains("personnes") {
            assert_eq!(std::fs::read_to_string(entry.path()).unwrap(), people);
        }
        names.push(name);
    }
    assert_eq!(names.len(), 4, "{names:?}");
    let again = program.run(&["export", "sortie"]).await;
    assert_ne!(again.code, Some(0));
    assert!(again.line().contains("existe déjà"), "{again:?}");
    let nothing = Program::new().run(&["export", "sortie"]).await;
    assert_ne!(nothing.code, Some(0), "no database, no files");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_renewed_from_the_shell_while_the_bot_is_stopped() {
    let mut house = open().await;
    import(&house, TWO).await;
    let database = format!("sqlite://{}", house.database().display());
    let program = Program::new().with("DATABASE_URL", &database);
    let held = program.run(&["rekey"]).await;
    assert_ne!(held.code, Some(0), "the bot runs");
    house.stop().await;
    let key = house.folder().join("maillage.key");
    let before = std::fs::read(&key).unwrap();
    let ended = program.run(&["rekey"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        !ended
            .out
            .contains(String::from_utf8_lossy(&std::fs::read(&key).unwrap()).trim())
    );
    assert_ne!(std::fs::read(&key).unwrap(), before);
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let made = house.discord.last_call();
    house.start().await;
    let (_, text) = file(&export(&house, "personnes").await);
    assert!(text.contains("Lou;Roche"), "{text}");
    assert_eq!(
        house
            .discord
            .calls()
            .after(made)
            .mutating()
            .only(|call| !call.is_interaction_answer())
            .count(),
        0,
        "nothing on Discord has changed"
    );
    // The same file again finds everyone by the new indexes.
    let nadia = house.person("nadia");
    let dry = nadia
        .slash(
            "importer",
            &[("fichier", Value::file("inscrits.csv", TWO.as_bytes().to_vec()))],
        )
        .await
        .unwrap();
    let shown = dry
        .wait_until("the dry run", |message| text_of(message).contains("Nouveaux"))
        .await;
    assert!(text_of(&shown).contains("Nouveaux\u{a0}: 0"), "{}", text_of(&shown));
}

/// `kill -9` at whatever instant leaves a database that opens, with the key in its place or the one that waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_change_of_keys_leaves_the_old_or_the_new() {
    let mut house = open().await;
    let mut text = String::from("prenom;nom;telephone;mail;cp\n");
    for n in 0..1500 {
        text.push_str(&format!("Lou;Roche{n};;lou{n}@example.org;34400\n"));
    }
    import(&house, &text).await;
    house.stop().await;
    let database = format!("sqlite://{}", house.database().display());
    let program = Program::new().with("DATABASE_URL", &database);
    let folder = house.folder().to_owned();
    let wal = |least: u64| {
        let path = folder.join("maillage.db-wal");
        move || std::fs::metadata(&path).is_ok_and(|file| file.len() > least)
    };
    let (waiting, kept) = (
        folder.join("maillage.key.nouvelle"),
        folder.join("maillage.key.ancienne-1"),
    );
    let instants: [Box<dyn Fn() -> bool>; 4] = [
        Box::new(move || waiting.exists()),
        Box::new(wal(0)),
        Box::new(wal(400_000)),
        Box::new(move || kept.exists()),
    ];
    for instant in instants {
        let process = std::cell::RefCell::new(program.spawn(&["rekey"]));
        until("the instant to kill it at", || async {
            instant() || !process.borrow_mut().runs()
        })
        .await;
        process.borrow_mut().kill();
        drop(process);
        let settings: Settings = house.settings.clone();
        let app = run::open(settings, house.clock.clone()).await.expect("it opens");
        let mut tx = app.store.read().await.unwrap();
        let found = maillage::store::export::people(&mut tx, 0, 2000).await.unwrap();
        assert_eq!(found.len(), 1500);
        drop(tx);
        app.store.close().await;
    }
    let source = run::key_source(&house.settings);
    rekey::rekey(&house.database(), &source, house.now()).await.unwrap();
}

#[test]
fn an_attachment_is_what_discord_takes() {
    assert_eq!(ATTACHMENT_MAX, 10_485_760);
}
