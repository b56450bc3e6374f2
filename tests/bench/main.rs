//! What the product costs: time and allocations of its hot paths (`cargo bench`). Nothing here is a limit; limits are counts,
//! and stand in the tests.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where something is not as it says, and tells what it measured"
)]

use chrono::DateTime;
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use maillage::clock::Clock;
use maillage::config::Settings;
use maillage::domain::coverage::Coverage;
use maillage::domain::ids::PersonId;
use maillage::domain::import::Progress;
use maillage::domain::ladder::Stage;
use maillage::domain::person::{Identity, Phone};
use maillage::domain::signup_file::SignupFile;
use maillage::domain::territory::PostalCode;
use maillage::domain::tiles;
use maillage::drawing;
use maillage::store::keyring::KeySource;
use maillage::store::vault::{SecretKey, Vault};
use maillage::store::{Store, identity, imports, people};
use maillage::territories;
use maillage::texts;
use maillage::texts::templates::Texts;
use maillage::usecases::export::parts::{ATTACHMENT_MAX, Parts};
use maillage::usecases::export::{Pages, What};
use maillage::usecases::{App, import};
use tokio::sync::watch;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn vault() -> Vault {
    Vault::new(
        SecretKey::new([1; 32]),
        SecretKey::new([2; 32]),
        SecretKey::new([3; 32]),
    )
}

fn someone(n: u32) -> Identity {
    let phone = format!("06 39 98 {:02} {:02}", n / 100 % 100, n % 100);
    Identity::parse("Camille", "Dupré", &phone, &format!("camille.{n}@example.org"), "34400").unwrap()
}

/// The list of a relay: what an autocomplete opens and searches at most (product.md §16).
#[divan::bench]
fn open_and_search_2000_identities(bencher: Bencher<'_, '_>) {
    let vault = vault();
    let sealed: Vec<Vec<u8>> = (0..2000)
        .map(|n| identity::seal(&vault, &someone(n)).unwrap())
        .collect();
    bencher.counter(ItemsCount::new(sealed.len())).bench_local(|| {
        sealed
            .iter()
            .filter(|sealed| {
                identity::open(&vault, sealed)
                    .unwrap()
                    .fold()
                    .contains(black_box("dupre"))
            })
            .count()
    });
}

/// What each line of an import costs before the database: its seal and its three blind indexes.
#[divan::bench]
fn seal_and_index_an_identity(bencher: Bencher<'_, '_>) {
    let (vault, someone) = (vault(), someone(1));
    bencher.bench_local(|| {
        let indexes = people::Indexes::of(&vault, &someone, "34400");
        (indexes, identity::seal(&vault, &someone).unwrap())
    });
}

#[divan::bench]
fn parse_a_phone() -> Phone {
    Phone::parse(black_box("06 39 98 12 34")).unwrap()
}

/// The shipped table of communes, at each start.
#[divan::bench(sample_count = 10)]
fn load_the_territories() -> usize {
    territories::load_shipped().unwrap().territories().len()
}

#[divan::bench]
fn resolve_a_postal_code(bencher: Bencher<'_, '_>) {
    let atlas = territories::load_shipped().unwrap();
    let code = PostalCode::parse("34400").unwrap();
    bencher.bench_local(|| atlas.parts(black_box(code)).len());
}

/// What a national sees while typing a basin.
#[divan::bench]
fn search_a_basin(bencher: Bencher<'_, '_>) {
    let atlas = territories::load_shipped().unwrap();
    bencher.bench_local(|| atlas.search(black_box("saint"), 25).len());
}

/// A sign-up file of 10,000 lines, read and parsed.
#[divan::bench(sample_count = 5)]
fn parse_10000_sign_ups(bencher: Bencher<'_, '_>) {
    let mut file = String::from("prénom;nom;téléphone;mail;code postal\n");
    for n in 0..10_000 {
        file.push_str(&format!(
            "Camille;Dupré;06 39 98 {:02} {:02};p{n}@example.org;34400\n",
            n / 100 % 100,
            n % 100
        ));
    }
    bencher.counter(ItemsCount::new(10_000usize)).bench_local(|| {
        SignupFile::open(file.as_bytes())
            .unwrap()
            .rows()
            .filter(Result::is_ok)
            .count()
    });
}

/// The map of `/couverture`, from facts to PNG: drawn when it changes, kept otherwise.
#[divan::bench(sample_count = 10)]
fn draw_the_map(bencher: Bencher<'_, '_>) {
    let groups: Vec<(&str, Stage)> = tiles::tiles().iter().map(|tile| (tile.code, Stage::Forming)).collect();
    let coverage = Coverage::of(groups);
    let words = texts::coverage::on_map(&coverage, "2027-03-14".parse().unwrap());
    bencher.bench_local(|| {
        drawing::png(&drawing::map::svg(black_box(&coverage), &words))
            .unwrap()
            .len()
    });
}

/// Its SVG alone: written at each `/couverture`, to know whether the map has changed.
#[divan::bench]
fn write_the_map(bencher: Bencher<'_, '_>) {
    let coverage = Coverage::of([("34", Stage::Assembly)]);
    let words = texts::coverage::on_map(&coverage, "2027-03-14".parse().unwrap());
    bencher.bench_local(|| drawing::map::svg(black_box(&coverage), &words).len());
}

/// An import of 100,000 lines into a new database (product.md §4): duration, and the memory that the process took at most.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn import_100000_sign_ups(bencher: Bencher<'_, '_>) {
    const LINES: usize = 100_000;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let codes: Vec<String> = territories::load_shipped()
        .unwrap()
        .postal_codes()
        .map(|code| code.to_string())
        .collect();
    let mut file = String::from("prénom;nom;téléphone;mail;code postal;commune;date d’inscription\n");
    for n in 0..LINES {
        let phone = format!(
            "06 {:02} {:02} {:02} {:02}",
            n / 1_000_000,
            n / 10_000 % 100,
            n / 100 % 100,
            n % 100
        );
        let code = &codes[n * 7919 % codes.len()];
        file.push_str(&format!(
            "Camille;Dupré{n};{phone};p{n}@example.org;{code};;02/01/2027\n"
        ));
    }
    let opened = || {
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("maillage.db");
            let store = Store::open(&path, &KeySource::beside(&path)).await.unwrap();
            let (clock, texts) = (Clock::manual(DateTime::UNIX_EPOCH), Texts::load(None).unwrap());
            let atlas = territories::load_shipped().unwrap();
            (folder, App::new(store, Settings::default(), clock, texts, atlas))
        })
    };
    bencher
        .counter(ItemsCount::new(LINES))
        .with_inputs(opened)
        .bench_local_values(|(folder, app)| {
            let progress = watch::Sender::new(Progress::default());
            let done = runtime
                .block_on(import::apply(
                    &app,
                    None,
                    file.clone().into_bytes(),
                    app.clock.now(),
                    &progress,
                ))
                .unwrap();
            assert_eq!(done.counts.new, LINES as u64);
            (folder, app)
        });
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("import_100000_sign_ups: {line}");
    }
}

/// `/exporter personnes` over 100,000 people: the peak is what matters, since it stays that of a page and of the file.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn export_100000_people(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = runtime.block_on(async {
        let key = KeySource::Given(SecretKey::new([7; 32]));
        let store = Store::open(&folder.path().join("maillage.db"), &key).await.unwrap();
        let now = "2027-03-01T12:00:00Z".parse().unwrap();
        for batch in 0..100 {
            let people: Vec<imports::Write> = (0..1000).map(|n| signup(store.vault(), batch * 1000 + n)).collect();
            let mut tx = store.write().await.unwrap();
            imports::insert(&mut tx, &people, now).await.unwrap();
            tx.commit_quietly().await.unwrap();
        }
        store
    });
    let atlas = territories::load_shipped().unwrap();
    bencher.counter(ItemsCount::new(100_000_usize)).bench_local(|| {
        runtime.block_on(async {
            let mut tx = store.read().await.unwrap();
            let mut pages = Pages::new(What::People);
            let mut parts = Parts::new("personnes", What::People.header(), ATTACHMENT_MAX);
            while let Some(lines) = pages.next(&mut tx, &atlas).await.unwrap() {
                parts.push(&lines).unwrap();
            }
            assert_eq!(pages.rows, 100_000);
            parts.finish().unwrap()
        })
    });
}

fn signup(vault: &Vault, n: u32) -> imports::Write {
    let identity = someone(n);
    imports::Write {
        id: PersonId(i64::from(n) + 1),
        indexes: people::Indexes::of(vault, &identity, "34400"),
        identity,
        place: people::Place {
            postal_code: "34400".to_owned(),
            insee: None,
            territory: None,
            placed: None,
        },
        signed_up_on: None,
        pseudo: None,
        reopens: false,
        number_blocked: false,
    }
}
