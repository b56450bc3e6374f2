//! Imports of sign-ups, against a real database: what they write, what they never touch, and that they can be repeated.

use std::fmt::Write as _;

use maillage::domain::import::Progress;
use maillage::error::{Failure, Refusal};
use maillage::store::suppressions::{self, Hashes, Kind};
use maillage::usecases::import::{self, Applied};
use proptest::prelude::*;
use tokio::sync::watch;

use crate::world::{World, actor};

const HEADER: &str = "prenom;nom;telephone;mail;code_postal;commune;date d'inscription;pseudo discord\n";

fn file(lines: &[&str]) -> Vec<u8> {
    format!("{HEADER}{}\n", lines.join("\n")).into_bytes()
}

pub(crate) async fn apply(world: &World, bytes: Vec<u8>) -> Applied {
    let progress = watch::Sender::new(Progress::default());
    import::apply(&world.app, None, bytes, world.now(), &progress)
        .await
        .unwrap()
}

/// Everything that an import may write, but the journal.
async fn state(world: &World) -> Vec<String> {
    let mut state = world
        .rows(
            "SELECT json_array(id, hex(sealed), hex(mail_index), hex(phone_index), hex(name_index), postal_code, insee, \
             territory_id, placed, source, signed_up_on, hex(pseudo_sealed), discord_user, call_state, updated_at) FROM people",
        )
        .await;
    state.extend(
        world
            .rows("SELECT json_array(a, b, reason, verdict) FROM duplicate_pairs")
            .await,
    );
    state.extend(
        world
            .rows("SELECT json_array(hex(hash), person_id) FROM import_lines")
            .await,
    );
    state.extend(world.rows("SELECT json_array(id, name, declared_at) FROM groups").await);
    state.extend(
        world
            .rows("SELECT json_array(group_id, step, reached_at, under_since) FROM steps")
            .await,
    );
    state.extend(world.rows("SELECT json_array(key, target, notice) FROM outbox").await);
    state.extend(
        world
            .rows("SELECT json_array(id, basin, departement) FROM territories")
            .await,
    );
    state
}

fn lunel(n: u32) -> String {
    format!(
        "Camille;Dupré{n};06 39 98 {:02} {:02};camille{n}@example.org;34400;Lunel;02/01/2027;",
        n / 100,
        n % 100
    )
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_foretells_the_import() {
    let world = World::new().await;
    let lines: Vec<String> = (0..6).map(lunel).collect();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.push("Noé;Le Goff;06 39 98 12 3;noe@example.org;34160;;;");
    lines.push("Awa;Martin;06 39 98 55 01;awa@example.org;97500;;;");
    lines.push("Zoé;Martin;06 39 98 55 01;zoe@example.org;99999;;;");
    lines.push("Ana;Roux;;ana@example.org;34O00;;;");
    let before = state(&world).await;
    let dry = import::dry_run(&world.app, file(&lines)).await.unwrap();
    assert_eq!(state(&world).await, before);
    assert_eq!(dry.possible, [("Lunel (Hérault)".to_owned(), 6)]);
    let csv = String::from_utf8(dry.rejected.clone().unwrap().csv).unwrap();
    assert!(csv.contains("\r\n8;") && csv.contains("\r\n11;"), "{csv}");

    let done = apply(&world, file(&lines)).await;
    assert_eq!(done.counts, dry.counts);
    assert_eq!(
        (
            done.counts.new,
            done.counts.rejected,
            done.counts.to_review,
            done.counts.to_place
        ),
        (8, 2, 1, 2)
    );
    assert_eq!(
        done.possible, dry.possible,
        "the end names the groups as the dry run did"
    );
    assert_eq!(
        world
            .number("SELECT count(*) FROM people WHERE territory_id IS NULL AND placed IS NULL")
            .await,
        2
    );
    assert_eq!(
        world.number("SELECT count(*) FROM steps WHERE step = 'possible'").await,
        1
    );
    assert_eq!(
        world
            .number("SELECT count(*) FROM journal WHERE event = 'person.imported'")
            .await,
        8
    );
    assert_eq!(
        world
            .number("SELECT count(*) FROM journal WHERE event = 'import.done'")
            .await,
        1
    );
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    let world = World::new().await;
    let lines: Vec<String> = (0..2500).map(lunel).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    apply(&world, file(&lines)).await;
    let before = state(&world).await;
    let dry = import::dry_run(&world.app, file(&lines)).await.unwrap();
    let again = apply(&world, file(&lines)).await;
    assert_eq!(
        (again.counts.unchanged, again.counts.new, again.counts.updated),
        (2500, 0, 0)
    );
    assert_eq!(dry.counts, again.counts);
    assert_eq!(state(&world).await, before);
}

#[tokio::test]
async fn an_update_fills_and_corrects_but_never_blanks() {
    let world = World::new().await;
    apply(
        &world,
        file(&["Camille;Dupre;06 39 98 12 34;camille@example.org;34400;;02/01/2027;camille.d"]),
    )
    .await;
    let done = apply(&world, file(&["Camille;Dupré;;camille@example.org;;;;"])).await;
    assert_eq!(done.counts.rejected, 1, "a line without a postal code is nobody");
    let done = apply(
        &world,
        file(&["CAMILLE;Dupré;;camille@example.org;34400;Lunel;05/01/2027;"]),
    )
    .await;
    assert_eq!(done.counts.updated, 1);
    assert_eq!(
        world
            .rows("SELECT after FROM journal WHERE event = 'person.updated'")
            .await,
        ["last_name,commune,signed_up_on"]
    );
    let mut tx = world.app.store.read().await.unwrap();
    let person = maillage::store::people::get(&mut tx, maillage::domain::ids::PersonId(1))
        .await
        .unwrap()
        .unwrap();
    let identity = person.identity.unwrap();
    assert_eq!(identity.full(), "Camille Dupré");
    assert_eq!(identity.phone.unwrap().e164(), "+33639981234");
    assert_eq!(
        world
            .number("SELECT count(*) FROM people WHERE pseudo_sealed IS NOT NULL")
            .await,
        1
    );
}

#[tokio::test]
async fn a_manual_place_survives_and_a_commune_corrects_a_guess() {
    let world = World::new().await;
    // 01200 touches two départements: without a commune the most populous part is taken.
    let guess = "Awa;Martin;06 39 98 00 01;awa@example.org;01200;;02/01/2027;";
    let named = "Awa;Martin;06 39 98 00 01;awa@example.org;01200;Éloise;03/01/2027;";
    apply(&world, file(&[guess])).await;
    assert_eq!(
        world.number("SELECT count(*) FROM people WHERE placed = 'auto'").await,
        1
    );
    world
        .execute("UPDATE people SET placed = 'manuel', insee = '34172', territory_id = 1")
        .await;
    let done = apply(&world, file(&[named])).await;
    assert_eq!(world.rows("SELECT insee FROM people").await, ["34172"]);
    assert_eq!(done.counts.updated, 1, "the date of sign-up is later");
    world.execute("UPDATE people SET placed = 'auto', insee = NULL").await;
    world.execute("DELETE FROM import_lines").await;
    apply(&world, file(&[named])).await;
    assert_eq!(world.rows("SELECT placed || insee FROM people").await, ["commune74109"]);
}

#[tokio::test]
async fn households_are_shown_for_review_once_and_never_merged() {
    let world = World::new().await;
    let lines = [
        "Awa;Martin;06 39 98 00 01;awa@example.org;34400;;;",
        "Zoé;Martin;06 39 98 00 01;zoe@example.org;34400;;;",
        "Awa;Martin;06 39 98 00 02;autre@example.org;34400;;;",
    ];
    let done = apply(&world, file(&lines)).await;
    assert_eq!((done.counts.new, done.counts.to_review), (3, 2));
    world
        .execute("UPDATE duplicate_pairs SET verdict = 'distinct', decided_at = 1")
        .await;
    world.execute("DELETE FROM import_lines").await;
    let again = apply(&world, file(&lines)).await;
    assert_eq!((again.counts.unchanged, again.counts.to_review), (3, 0));
    assert_eq!(
        world
            .number("SELECT count(*) FROM duplicate_pairs WHERE verdict = 'distinct'")
            .await,
        2
    );
}

#[tokio::test]
async fn a_number_that_many_gave_does_not_flood_the_review() {
    let world = World::new().await;
    let lines: Vec<String> = (0..300)
        .map(|n| format!("Prénom{n};Nom{n};06 39 98 00 00;personne{n}@example.org;34400;;;"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let done = apply(&world, file(&lines)).await;
    assert_eq!((done.counts.new, done.counts.to_review), (300, 4 * 5 / 2 + 295 * 5));
}

#[tokio::test]
async fn the_erased_come_back_only_by_a_later_sign_up_and_the_uncalled_never() {
    let world = World::new().await;
    let awa = "Awa;Martin;06 39 98 00 01;awa@example.org;34400;;02/01/2027;";
    let noe = "Noé;Le Goff;06 39 98 00 02;noe@example.org;34400;;02/01/2027;";
    apply(&world, file(&[awa, noe])).await;
    let vault = world.app.store.vault().clone();
    let mut tx = world.app.store.write().await.unwrap();
    for (id, kinds) in [(1, &[Kind::ErasedMail, Kind::ErasedPhone][..]), (2, &[Kind::DoNotCall])] {
        let person = maillage::store::people::get(&mut tx, maillage::domain::ids::PersonId(id))
            .await
            .unwrap()
            .unwrap();
        let hashes = Hashes::of(&vault, &person.identity.unwrap());
        for kind in kinds {
            let hash = if *kind == Kind::ErasedMail {
                hashes.mail
            } else {
                hashes.phone
            };
            assert!(
                suppressions::add(&mut tx, *kind, &hash.unwrap(), world.now())
                    .await
                    .unwrap()
            );
        }
    }
    maillage::store::imports::forget(&mut tx, maillage::domain::ids::PersonId(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world
        .execute(
            "UPDATE people SET sealed = NULL, mail_index = NULL, phone_index = NULL, name_index = NULL, erased_at = 1 WHERE id = 1",
        )
        .await;
    world
        .execute("UPDATE people SET call_state = 'ne_plus_appeler' WHERE id = 2")
        .await;

    let again = apply(&world, file(&[awa, noe])).await;
    assert_eq!(
        (again.counts.erased, again.counts.unchanged, again.counts.new),
        (1, 1, 0)
    );
    // Without a mail, the phone speaks; with another mail, someone else answers this number.
    let without_mail = apply(&world, file(&["Awa;Martin;06 39 98 00 01;;34400;;;"])).await;
    assert_eq!(without_mail.counts.erased, 1);
    let later = apply(
        &world,
        file(&["Awa;Martin;06 39 98 00 01;awa@example.org;34400;;03/03/2027;"]),
    )
    .await;
    assert_eq!(later.counts.new, 1);

    // The number is not called, whoever gives it; the one who asked is not changed.
    let changed = apply(
        &world,
        file(&["Noé;Le Goff;06 39 98 00 09;noe@example.org;34400;;01/03/2027;"]),
    )
    .await;
    assert_eq!(changed.counts.unchanged, 1);
    let household = apply(&world, file(&["Ana;Le Goff;06 39 98 00 02;ana@example.org;34400;;;"])).await;
    assert_eq!(household.counts.new, 1);
    assert_eq!(
        world
            .number("SELECT count(*) FROM people WHERE call_state = 'ne_plus_appeler'")
            .await,
        1
    );
    assert_eq!(
        world
            .rows("SELECT call_state || ' ' || number_blocked FROM people WHERE id = (SELECT max(id) FROM people)")
            .await,
        ["a_appeler 1"]
    );
}

#[tokio::test]
async fn only_the_national_team_imports_and_a_draft_is_used_once() {
    let world = World::new().await;
    let national = world.national(10).await;
    let bytes = file(&[&lunel(1)]);
    let refused = import::stage(&world.app, actor(11), bytes.clone(), world.now())
        .await
        .unwrap_err();
    assert!(matches!(refused, Failure::User(ref error) if error.kind == Refusal::Reserved));

    let staged = import::stage(&world.app, national, bytes, world.now()).await.unwrap();
    let progress = watch::Sender::new(Progress::default());
    let (app, now) = (&world.app, world.now());
    // Another account, even of the national team, has not seen this dry run.
    let other = world.national(12).await;
    assert!(
        import::confirm(app, other, &staged.draft, now, &progress)
            .await
            .is_err()
    );
    let (one, two) = tokio::join!(
        import::confirm(app, national, &staged.draft, now, &progress),
        import::confirm(app, national, &staged.draft, now, &progress),
    );
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(world.number("SELECT count(*) FROM people").await, 1);
    assert_eq!(
        world
            .number("SELECT count(*) FROM drafts WHERE sealed IS NOT NULL")
            .await,
        0
    );

    let staged = import::stage(app, national, file(&[&lunel(2)]), now).await.unwrap();
    import::cancel(app, national, &staged.draft, now).await.unwrap();
    assert!(
        import::confirm(app, national, &staged.draft, now, &progress)
            .await
            .is_err()
    );
    let staged = import::stage(app, national, file(&[&lunel(2)]), now).await.unwrap();
    let late = now + chrono::TimeDelta::minutes(31);
    assert!(
        import::confirm(app, national, &staged.draft, late, &progress)
            .await
            .is_err()
    );
    assert_eq!(world.number("SELECT count(*) FROM people").await, 1);
}

/// Invented people over the whole country: every postal code that exists, in turn.
pub(crate) fn country(people: usize) -> Vec<u8> {
    let codes: Vec<String> = crate::world::atlas()
        .postal_codes()
        .map(|code| code.to_string())
        .collect();
    let step = codes.len() / people.min(codes.len()).max(1);
    let mut text = String::from(HEADER);
    for n in 0..people {
        let code = &codes[(n * step.max(1)) % codes.len()];
        // There are ten thousand mobile numbers for fiction; the others have none.
        let phone = if n < 10_000 {
            format!("06 39 98 {:02} {:02}", n / 100, n % 100)
        } else {
            String::new()
        };
        let (first, day) = (n % 97, n % 28 + 1);
        let _ = writeln!(
            text,
            "Prénom{first};Nom{n};{phone};personne{n}@example.org;{code};;{day:02}/01/2027;"
        );
    }
    text.into_bytes()
}

#[tokio::test]
async fn ten_thousand_people_over_every_departement_keep_their_states() {
    let world = World::new().await;
    let done = apply(&world, country(10_000)).await;
    assert_eq!(done.counts.new, 10_000);
    assert_eq!(
        world
            .number("SELECT count(DISTINCT departement) FROM territories")
            .await,
        101
    );
    let declared = world.number("SELECT count(*) FROM groups").await;
    assert!(declared > 300, "{declared}");
    assert_eq!(declared as usize, done.declared.len());
    // No territory with five people and more is left without its group, and none with fewer has one.
    assert_eq!(
        world
            .number(
                "SELECT count(*) FROM (SELECT p.territory_id AS id, count(*) AS n FROM people p GROUP BY p.territory_id) t \
                 WHERE (t.n >= 5) <> EXISTS (SELECT 1 FROM group_territories g WHERE g.territory_id = t.id) AND t.id IS NOT NULL"
            )
            .await,
        0
    );
    world
        .execute("UPDATE people SET call_state = 'refus' WHERE id % 7 = 0")
        .await;
    world
        .execute("UPDATE people SET call_state = 'ne_plus_appeler' WHERE id % 11 = 0")
        .await;
    world
        .execute("UPDATE people SET discord_user = id + 1000 WHERE id % 13 = 0")
        .await;
    world.execute("DELETE FROM import_lines WHERE person_id % 2 = 0").await;
    let people =
        "SELECT json_array(id, hex(sealed), territory_id, placed, discord_user, call_state, updated_at) FROM people";
    let before = world.rows(people).await;
    let again = apply(&world, country(10_000)).await;
    assert_eq!(
        (again.counts.unchanged, again.counts.new, again.counts.updated),
        (10_000, 0, 0)
    );
    assert_eq!(world.rows(people).await, before);
    assert_eq!(again.declared, []);
}

#[tokio::test]
async fn an_import_cut_after_any_batch_is_completed_by_the_next() {
    let whole = World::new().await;
    apply(&whole, country(3500)).await;
    let cut = World::new().await;
    // The first batches were committed, the process died: the file again.
    let text = String::from_utf8(country(3500)).unwrap();
    let first: String = text.lines().take(2001).map(|line| format!("{line}\n")).collect();
    apply(&cut, first.into_bytes()).await;
    let done = apply(&cut, country(3500)).await;
    assert_eq!((done.counts.unchanged, done.counts.new), (2000, 1500));
    let both = [&whole, &cut];
    for world in both {
        assert_eq!(world.number("SELECT count(*) FROM people").await, 3500);
    }
    assert_eq!(
        whole.number("SELECT count(*) FROM groups").await,
        cut.number("SELECT count(*) FROM groups").await
    );
}

#[tokio::test]
async fn nothing_of_a_file_is_readable_in_the_database() {
    let world = World::new().await;
    let national = world.national(10).await;
    let line = "Célestine;Quatremarre;06 39 98 77 66;celestine.quatremarre@example.org;34400;;;tintinnabule";
    import::stage(&world.app, national, file(&[line]), world.now())
        .await
        .unwrap();
    apply(&world, file(&[line])).await;
    for name in ["maillage.db", "maillage.db-wal"] {
        let bytes = std::fs::read(world.folder.path().join(name)).unwrap();
        for secret in [
            "Quatremarre",
            "quatremarre",
            "lestine",
            "39987766",
            "39 98 77 66",
            "tintinnabule",
        ] {
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
                "{secret} in {name}"
            );
        }
    }
}

/// Lines made of few values, so that they meet each other in every way.
fn nasty_line() -> impl Strategy<Value = String> {
    (0..3u8, 0..3u8, 0..4u8, 0..4u8, 0..3u8, 0..4u8).prop_map(|(first, last, phone, mail, code, date)| {
        let phone = if phone == 0 {
            String::new()
        } else {
            format!("06 39 98 00 0{phone}")
        };
        let mail = if mail == 0 {
            String::new()
        } else {
            format!("m{mail}@example.org")
        };
        let date = if date == 0 {
            String::new()
        } else {
            format!("0{date}/01/2027")
        };
        format!(
            "P{first};N{last};{phone};{mail};{};;{date};",
            ["34400", "75012", "99999"][usize::from(code)]
        )
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the file, importing it again changes nothing, and the dry run foretells exactly what is written.
    #[test]
    fn importing_is_idempotent(lines in prop::collection::vec(nasty_line(), 1..30)) {
        block_on(async {
            let world = World::new().await;
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let dry = import::dry_run(&world.app, file(&lines)).await.unwrap();
            let done = apply(&world, file(&lines)).await;
            prop_assert_eq!(dry.counts, done.counts);
            let before = state(&world).await;
            let again = apply(&world, file(&lines)).await;
            prop_assert_eq!((again.counts.new, again.counts.updated, again.counts.to_review), (0, 0, 0));
            prop_assert_eq!(state(&world).await, before);
            Ok(())
        })?;
    }

    /// A validation that comes between two imports of any files stands, and so do the details that the relay confirmed.
    #[test]
    fn importing_commutes_with_validations(
        lines in prop::collection::vec(nasty_line(), 1..12),
        more in prop::collection::vec(nasty_line(), 0..12),
        whom in any::<prop::sample::Index>(),
    ) {
        block_on(async {
            let world = World::new().await;
            let first: Vec<&str> = lines.iter().map(String::as_str).collect();
            let second: Vec<&str> = more.iter().map(String::as_str).collect();
            apply(&world, file(&first)).await;
            let people = world.number("SELECT count(*) FROM people").await;
            prop_assume!(people > 0);
            let person = maillage::domain::ids::PersonId(1 + whom.index(usize::try_from(people).unwrap()) as i64);
            let mut tx = world.app.store.write().await.unwrap();
            let part = maillage::store::territories::ensure(
                &mut tx, "test", "34", &maillage::domain::ids::RegionCode("76".into()), "Test").await.unwrap();
            let group = maillage::usecases::ladder::declare(&mut tx, part, None, None, world.now()).await.unwrap().unwrap();
            let new = maillage::store::memberships::NewMembership {
                person, group, by: maillage::domain::ids::UserId(5), consent_version: "1" };
            maillage::store::memberships::insert(&mut tx, &new, world.now()).await.unwrap();
            let before = maillage::store::people::get(&mut tx, person).await.unwrap().unwrap();
            tx.commit().await.unwrap();

            apply(&world, file(&second)).await;
            let mut tx = world.app.store.read().await.unwrap();
            let after = maillage::store::people::get(&mut tx, person).await.unwrap().unwrap();
            prop_assert_eq!(after.member_of, Some(group));
            let (was, is) = (before.identity.unwrap(), after.identity.unwrap());
            prop_assert_eq!((was.first, was.last), (is.first, is.last));
            prop_assert!(was.phone.is_none() || was.phone == is.phone);
            prop_assert!(was.mail.is_none() || was.mail == is.mail);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn the_order_of_two_files_of_other_people_does_not_matter() {
    let (one, other) = (World::new().await, World::new().await);
    let a: Vec<String> = (0..40).map(lunel).collect();
    let b: Vec<String> = (40..80).map(lunel).collect();
    let a: Vec<&str> = a.iter().map(String::as_str).collect();
    let b: Vec<&str> = b.iter().map(String::as_str).collect();
    apply(&one, file(&a)).await;
    apply(&one, file(&b)).await;
    let both: Vec<&str> = b.iter().chain(&a).copied().collect();
    apply(&other, file(&both)).await;
    // Identities are sealed and indexes keyed, each by its own database: what is in clear is compared.
    let facts = "SELECT json_array(p.postal_code, p.insee, t.name, p.placed, p.signed_up_on, p.call_state, g.name) FROM people p \
                 JOIN territories t ON t.id = p.territory_id JOIN group_territories h ON h.territory_id = t.id \
                 JOIN groups g ON g.id = h.group_id";
    assert_eq!(one.rows(facts).await.len(), 80);
    assert_eq!(one.rows(facts).await, other.rows(facts).await);
}
