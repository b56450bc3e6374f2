//! Each query of the phone work.

use chrono::TimeDelta;

use super::*;
use crate::store::memberships::{self, NewMembership};
use crate::store::support_tests::{group, noon, person, store, territory};

const RELAY: UserId = UserId(5);

#[tokio::test]
async fn attempts_and_notes_are_kept_latest_first_and_forgotten_on_demand() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let id = person(&mut tx, 1, None).await;
    let on = "2027-03-04".parse().unwrap();
    let outcome = Outcome::CallBack { on };
    record(
        &mut tx,
        id,
        RELAY,
        outcome,
        Some("le soir"),
        CallState::CallBack { on },
        noon(),
    )
    .await
    .unwrap();
    let later = noon() + TimeDelta::hours(1);
    note(&mut tx, id, RELAY, "rien de plus", later).await.unwrap();
    let known = get(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(
        (known.contact.state, known.contact.last_call),
        (CallState::CallBack { on }, Some(noon()))
    );
    assert!(known.contact.has_phone && known.member.is_none());
    let (found, total) = attempts(&mut tx, id, 1).await.unwrap();
    assert_eq!(
        (found.len(), total, found[0].outcome),
        (1, 2, None),
        "the latest, of two"
    );
    let (found, _) = attempts(&mut tx, id, 9).await.unwrap();
    assert_eq!(
        (found[1].outcome, found[1].call_back_on),
        (Some(OutcomeKind::CallBack), Some(on))
    );
    assert_eq!(found[1].note.as_deref().map(String::as_str), Some("le soir"));
    assert!(!format!("{found:?}").contains("soir"));
    assert!(was_tried(&mut tx, id).await.unwrap());
    forget_notes(&mut tx, id).await.unwrap();
    let (found, total) = attempts(&mut tx, id, 9).await.unwrap();
    assert_eq!((total, found[0].note.is_none()), (1, true));
    assert!(!must_not_be_called(&mut tx, id).await.unwrap());
    record(
        &mut tx,
        id,
        RELAY,
        Outcome::DoNotCall,
        None,
        CallState::DoNotCall,
        later,
    )
    .await
    .unwrap();
    assert!(must_not_be_called(&mut tx, id).await.unwrap());
}

#[tokio::test]
async fn a_list_holds_its_territories_people_and_its_own_members() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let (here, there) = (territory(&mut tx, "1").await, territory(&mut tx, "2").await);
    let (mine, other) = (group(&mut tx, here).await, group(&mut tx, there).await);
    let [contact, member, away, theirs, gone] = [
        person(&mut tx, 1, Some(here)).await,
        person(&mut tx, 2, Some(there)).await,
        person(&mut tx, 3, Some(there)).await,
        person(&mut tx, 4, Some(here)).await,
        person(&mut tx, 5, Some(here)).await,
    ];
    for (person, group) in [(member, mine), (theirs, other)] {
        let new = NewMembership {
            person,
            group,
            by: RELAY,
            consent_version: "1",
        };
        memberships::insert(&mut tx, &new, noon()).await.unwrap();
    }
    sqlx::query("UPDATE people SET erased_at = 1, sealed = NULL WHERE id = ?")
        .bind(gone.0)
        .execute(tx.conn())
        .await
        .unwrap();
    let ids = |list: &[Listed]| list.iter().map(|listed| listed.id).collect::<Vec<_>>();
    let found = list(&mut tx, &[mine]).await.unwrap();
    assert_eq!(ids(&found), [contact, member]);
    assert_eq!(
        found[1].member.map(|member| (member.group, member.validated_at)),
        Some((mine, noon()))
    );
    assert_eq!(found[1].contact.state, CallState::Validated);
    assert_eq!(ids(&list(&mut tx, &[other]).await.unwrap()), [away, theirs]);
    assert_eq!(
        ids(&list(&mut tx, &[mine, other]).await.unwrap()),
        [contact, member, away, theirs]
    );
    assert_eq!(list(&mut tx, &[]).await.unwrap(), []);
    assert_eq!(get(&mut tx, gone).await.unwrap(), None);
    let some = crate::store::people::some(&mut tx, &[away, contact]).await.unwrap();
    assert_eq!(
        some.iter().map(|person| person.id).collect::<Vec<_>>(),
        [away, contact],
        "in the order asked"
    );
    // A split gives a commune of the territory to another group.
    sqlx::query("INSERT INTO group_communes (territory_id, insee, group_id) VALUES (?, '34145', ?)")
        .bind(here.0)
        .bind(other.0)
        .execute(tx.conn())
        .await
        .unwrap();
    sqlx::query("UPDATE people SET insee = '34145' WHERE id = ?")
        .bind(contact.0)
        .execute(tx.conn())
        .await
        .unwrap();
    assert_eq!(ids(&list(&mut tx, &[mine]).await.unwrap()), [member]);
    assert_eq!(ids(&list(&mut tx, &[other]).await.unwrap()), [contact, away, theirs]);
}

#[tokio::test]
async fn leases_are_kept_and_released_group_by_group() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    let (here, there) = (territory(&mut tx, "1").await, territory(&mut tx, "2").await);
    let (mine, other) = (group(&mut tx, here).await, group(&mut tx, there).await);
    let lease = Lease {
        holder: RELAY,
        until: noon() + TimeDelta::hours(2),
    };
    let [one, two] = [
        person(&mut tx, 1, Some(here)).await,
        person(&mut tx, 2, Some(there)).await,
    ];
    for id in [one, two] {
        keep(&mut tx, id, lease).await.unwrap();
        assert_eq!(get(&mut tx, id).await.unwrap().unwrap().contact.lease, Some(lease));
    }
    assert_eq!(release_leases(&mut tx, UserId(6), mine).await.unwrap(), 0);
    assert_eq!(release_leases(&mut tx, RELAY, mine).await.unwrap(), 1);
    assert_eq!(get(&mut tx, one).await.unwrap().unwrap().contact.lease, None);
    assert_eq!(release_leases(&mut tx, RELAY, other).await.unwrap(), 1);
}

/// The lists and the evening's look go through indexes (architecture, rule 7).
#[tokio::test]
async fn no_table_is_scanned() {
    let (_folder, store) = store().await;
    let mut tx = store.write().await.unwrap();
    for statement in [
        concat!(
            "SELECT p.id FROM (",
            on_file_with!(),
            ") mine CROSS JOIN people p ON p.id = mine.id"
        ),
        concat!("SELECT p.id FROM people p WHERE p.id IN (", on_file_with!(), ")"),
        "SELECT id FROM people p WHERE p.call_state = 'a_rappeler' AND p.call_back_on <= '2027-03-01' \
         AND p.erased_at IS NULL AND p.merged_into IS NULL",
        "SELECT id FROM calls WHERE person_id = 1 ORDER BY id DESC LIMIT 10",
        "SELECT id FROM invitations WHERE code = x'00'",
        "SELECT count(*) FROM code_tries WHERE user_id = 1 AND at > 2",
        "UPDATE people SET number_blocked = 1 WHERE phone_index = x'00'",
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
                .bind("[1]")
                .fetch_all(tx.conn())
                .await
                .unwrap();
        for (.., detail) in plan {
            let ours = [
                "people",
                "memberships",
                "calls",
                "invitations",
                "code_tries",
                " p",
                " q",
            ];
            let scans = detail.starts_with("SCAN") && !detail.contains("INDEX");
            assert!(
                !(scans && ours.iter().any(|table| detail.ends_with(table))),
                "{statement}: {detail}"
            );
        }
    }
}
