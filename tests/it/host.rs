//! What the host does from a shell, by the real binary: imports, territories, copies that do not bring back what was asked to
//! end.

use std::os::unix::fs::PermissionsExt as _;

use maillage::domain::person::Phone;
use maillage::store::Store;
use maillage::store::keyring::KeySource;
use maillage::store::suppressions::{self, Kind};

use crate::support::{Ended, Program};

/// Sign-ups of Lunel (34400), so many.
fn sign_ups(count: u32) -> String {
    let mut csv = "prénom;nom;téléphone;mail;code postal\n".to_owned();
    for n in 1..=count {
        csv.push_str(&format!(
            "Lucie;Martin{};06 39 98 10 {n:02};l{n}@example.org;34400\n",
            "e".repeat(n as usize)
        ));
    }
    csv
}

async fn done(program: &Program, arguments: &[&str]) -> Ended {
    let ended = program.run(arguments).await;
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
    ended
}

/// A program that needs no token, with a key of its own already made.
async fn program() -> Program {
    let program = Program::new().with("DISCORD_TOKEN", "");
    program.write("vide.csv", &sign_ups(0));
    // The first start makes the key, and says so once.
    let first = program.run(&["import", "vide.csv"]).await;
    assert!(first.err.contains("clef créée") || first.code == Some(1), "{first:?}");
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ups_are_imported_from_a_shell_once() {
    let program = program().await;
    program.write("site.csv", &(sign_ups(5) + "Noé;Petit;12;n@example.org;34400\n"));
    let dry = done(&program, &["import", "site.csv", "--dry-run"]).await;
    assert!(dry.out.contains("Essai") && dry.out.contains("Lunel"), "{}", dry.out);
    let real = done(&program, &["import", "site.csv"]).await;
    assert!(
        real.out.contains("Lunel") && real.out.contains("site.rejets.csv"),
        "{}",
        real.out
    );
    let rejected = program.folder().join("site.rejets.csv");
    assert!(std::fs::read_to_string(&rejected).unwrap().contains("Noé"));
    assert_eq!(
        std::fs::metadata(&rejected).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let again = done(&program, &["import", "site.csv"]).await;
    assert!(!again.out.contains("Lunel"), "nothing new: {}", again.out);
    let missing = program.run(&["import", "absent.csv"]).await;
    assert_eq!(missing.code, Some(1));
    assert!(missing.line().contains("absent.csv"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_zoning_takes_people_and_groups_along() {
    let program = program().await;
    program.write("site.csv", &sign_ups(6));
    done(&program, &["import", "site.csv"]).await;
    program.write("rien.csv", "a;b\n1;2\n");
    let refused = program.run(&["territoires", "importer", "rien.csv"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.line().contains("CODGEO"), "{refused:?}");
    // Lunel and Saturargues in one bassin de vie.
    program.write(
        "bv.csv",
        "CODGEO;BV2022;LIBBV2022\n34145;34145;Lunel\n34294;34145;Lunel\n34172;34172;Montpellier\n",
    );
    let changed = done(&program, &["territoires", "importer", "bv.csv"]).await;
    assert!(changed.out.contains("bassins de vie"), "{}", changed.out);
    assert!(changed.out.contains("Groupes rattachés\u{a0}: 1."), "{}", changed.out);
    // The zoning outlives the process: nobody is new, no second group is declared.
    let again = done(&program, &["import", "site.csv"]).await;
    assert!(!again.out.contains("Lunel"), "{}", again.out);
    let twice = done(&program, &["territoires", "importer", "bv.csv"]).await;
    assert!(twice.out.contains("Groupes rattachés\u{a0}: 1."), "{}", twice.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_copy_does_not_bring_back_what_was_asked_to_end() {
    let program = program().await;
    program.write("site.csv", &sign_ups(5));
    done(&program, &["import", "site.csv"]).await;
    done(&program, &["backup", "copie.db"]).await;
    let database = program.folder().join("maillage.db");
    let hash = {
        let store = Store::open(&database, &KeySource::beside(&database)).await.unwrap();
        let mut tx = store.write().await.unwrap();
        let phone = Phone::parse("06 39 98 10 01").unwrap();
        suppressions::block_number(&mut tx, &phone, "2027-03-01T12:00:00Z".parse().unwrap())
            .await
            .unwrap();
        let hash = suppressions::of_phone(store.vault(), &phone);
        tx.commit().await.unwrap();
        store.close().await;
        hash
    };
    // Any start writes the list beside the database.
    done(&program, &["import", "vide.csv"]).await;
    let list = program.folder().join("maillage.suppressions");
    let text = std::fs::read_to_string(&list).unwrap();
    assert_eq!(std::fs::metadata(&list).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        text.starts_with(Kind::DoNotCall.key()) && !text.contains("639981001"),
        "{text}"
    );
    done(&program, &["restore", "copie.db"]).await;
    let store = Store::open(&database, &KeySource::beside(&database)).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let found = suppressions::find(&mut tx, &[hash]).await.unwrap();
    assert!(found.at(Kind::DoNotCall, Some(hash)).is_some(), "the list is back");
    drop(tx);
    store.close().await;
    let pool = crate::world::raw(&database).await;
    let blocked: i64 = sqlx::query_scalar("SELECT sum(number_blocked) FROM people")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(blocked, 1, "and so is the block");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_cannot_be_used_is_refused_and_nothing_changes() {
    let program = program().await;
    program.write("site.csv", &sign_ups(5));
    done(&program, &["import", "site.csv"]).await;
    let database = program.folder().join("maillage.db");
    let before = std::fs::read(&database).unwrap();
    program.write("texte.db", "rien d’une base");
    for (copy, word) in [("texte.db", "n’est pas une base"), ("absente.db", "n’existe pas")] {
        let ended = program.run(&["restore", copy]).await;
        assert_eq!(ended.code, Some(1));
        assert!(ended.line().contains(word), "{ended:?}");
    }
    // A copy sealed by another key.
    let other = self::program().await;
    done(&other, &["backup", "copie.db"]).await;
    std::fs::copy(other.folder().join("copie.db"), program.folder().join("autre.db")).unwrap();
    let ended = program.run(&["restore", "autre.db"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.line().contains("n’est pas celle de la base"), "{ended:?}");
    assert_eq!(std::fs::read(&database).unwrap(), before);
}
