//! A database in a temporary folder, with invented people, for the tests of this room.

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::groups::{self, NewGroup};
use super::keyring::KeySource;
use super::people::{self, NewPerson, Origin, Place};
use super::vault::SecretKey;
use super::{Store, Tx, territories};
use crate::domain::ids::{GroupId, PersonId, RegionCode, TerritoryId};
use crate::domain::person::Identity;
use crate::domain::territory::Origin as Placed;

pub(super) fn noon() -> DateTime<Utc> {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

pub(super) async fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let key = KeySource::Given(SecretKey::new([7; 32]));
    let store = Store::open(&folder.path().join("maillage.db"), &key).await.unwrap();
    (folder, store)
}

pub(super) async fn territory(tx: &mut Tx, basin: &str) -> TerritoryId {
    territories::ensure(tx, basin, "34", &RegionCode("76".to_owned()), "Lunel")
        .await
        .unwrap()
}

pub(super) async fn group(tx: &mut Tx, territory: TerritoryId) -> GroupId {
    let region = RegionCode("76".to_owned());
    let new = NewGroup {
        name: "Lunel",
        departement: "34",
        region: &region,
        territory,
        by: None,
    };
    groups::declare(tx, &new, noon()).await.unwrap()
}

pub(super) async fn person(tx: &mut Tx, n: u32, territory: Option<TerritoryId>) -> PersonId {
    let phone = format!("06 39 98 00 {n:02}");
    let identity = Identity::parse("Camille", "Dupré", &phone, &format!("p{n}@example.org"), "34400").unwrap();
    let place = Place {
        postal_code: "34400".to_owned(),
        insee: None,
        territory,
        placed: territory.map(|_| Placed::Code),
    };
    let new = NewPerson {
        identity: &identity,
        place: &place,
        origin: Origin::Site,
        signed_up_on: None,
    };
    people::insert(tx, &new, noon()).await.unwrap()
}
