//! `/importer` with files as they come (product.md §4): compressed, too large, no table; and its progress.

use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use maillage::domain::ids::UserId;
use maillage::loopback::{Person, Value, text_of};
use maillage::store::{authority, imports};

use crate::support::{House, until};

async fn house() -> House {
    let house = House::open().await;
    let (app, nadia) = (house.app(), UserId(house.person("nadia").id()));
    until("the mirror of the server", || async {
        let mut tx = app.store.read().await.unwrap();
        authority::functions(&mut tx, nadia).await.unwrap().national
    })
    .await;
    house
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A small file that would become so many mebibytes: one block, again and again.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let plain = vec![b'a'; 1024 * 1024];
    let mut block = Vec::with_capacity(plain.len());
    Compress::new(Compression::fast(), false)
        .compress_vec(&plain, &mut block, FlushCompress::Full)
        .unwrap();
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    header.into_iter().chain(block.repeat(mebibytes)).collect()
}

fn sign_ups(count: usize) -> String {
    let mut text = String::from("Prénom,Nom,Portable,Courriel,Code Postal,Ville\n");
    for n in 0..count {
        text.push_str(&format!("Lou,Roche{n},,lou{n}@example.org,34400,Lunel\n"));
    }
    text
}

async fn look(nadia: &Person, name: &str, bytes: Vec<u8>, says: &str) -> maillage::loopback::Answer {
    let answer = nadia
        .slash("importer", &[("fichier", Value::file(name, bytes))])
        .await
        .unwrap();
    answer.wait_until(says, |message| text_of(message).contains(says)).await;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_file_is_read_and_what_is_none_is_explained() {
    let house = house().await;
    let nadia = house.person("nadia");
    look(
        &nadia,
        "site.csv.gz",
        gzip(sign_ups(12).as_bytes()),
        "Nouveaux\u{a0}: 12",
    )
    .await;
    let bomb = bomb(101);
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    look(&nadia, "bombe.csv.gz", bomb, "dépasse 100\u{a0}Mo une fois décompressé").await;
    look(
        &nadia,
        "gros.csv",
        vec![b'a'; 10 * 1024 * 1024 + 1],
        "dépasse 10\u{a0}Mo",
    )
    .await;
    let mut cut = gzip(sign_ups(500).as_bytes());
    cut.truncate(cut.len() / 2);
    look(&nadia, "coupe.csv.gz", cut, "incomplet ou abîmé").await;
    look(
        &nadia,
        "classeur.csv",
        b"PK\x03\x04xl/workbook.xml".to_vec(),
        "classeur de tableur",
    )
    .await;
    look(&nadia, "page.csv", b"<!DOCTYPE html><html></html>".to_vec(), "page web").await;
    look(
        &nadia,
        "titres.csv",
        b"a;b;c\n1;2;3\n".to_vec(),
        "Titres lus sur la première ligne",
    )
    .await;
}

/// The message of «Importer» tells how far the import is, then how it ended.
#[tokio::test(flavor = "multi_thread")]
async fn the_progress_of_an_import_is_told_while_it_runs() {
    const LINES: usize = 6000;
    let house = house().await;
    let nadia = house.person("nadia");
    let dry = look(&nadia, "site.csv", sign_ups(LINES).into_bytes(), "Nouveaux").await;
    let pressed = {
        let (nadia, dry) = (nadia.clone(), dry.clone());
        tokio::spawn(async move { nadia.press(&dry, "Importer").await.unwrap() })
    };
    let app = house.app();
    let written = async || {
        let mut tx = app.store.read().await.unwrap();
        usize::try_from(imports::next_person(&mut tx).await.unwrap().0).unwrap() - 1
    };
    until("a first batch", || async { written().await > 0 }).await;
    // The import waits for the writer, as it would for a slow disk, and meanwhile says where it is.
    let writer = app.store.write().await.unwrap();
    assert!(written().await < LINES, "it was caught in the middle");
    let done = pressed.await.unwrap();
    let seen = done
        .wait_until("the progress", |message| text_of(message).contains("Import en cours"))
        .await;
    assert!(
        text_of(&seen).contains("/ 6\u{a0}000\u{a0}lignes"),
        "{}",
        text_of(&seen)
    );
    assert_eq!(done.buttons(), Vec::<String>::new(), "it is not started twice");
    drop(writer);
    let end = done
        .wait_until("the end", |message| text_of(message).contains("terminé"))
        .await;
    assert!(
        text_of(&end).contains("Nouveaux\u{a0}: 6\u{a0}000"),
        "{}",
        text_of(&end)
    );
}
