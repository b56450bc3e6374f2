//! A database in a folder of its own, with the application over it: what use cases are tested on, without Discord.

use std::path::Path;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use maillage::clock::Clock;
use maillage::config::Settings;
use maillage::domain::ids::UserId;
use maillage::domain::territory::Atlas;
use maillage::store::Store;
use maillage::store::keyring::KeySource;
use maillage::texts::templates::Texts;
use maillage::usecases::App;
use maillage::usecases::authority::Actor;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

/// The application, and a second connection to its database that looks at raw rows.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) raw: SqlitePool,
    pub(crate) folder: tempfile::TempDir,
}

/// The shipped territories, read once.
pub(crate) fn atlas() -> &'static Atlas {
    static ATLAS: OnceLock<Atlas> = OnceLock::new();
    ATLAS.get_or_init(|| maillage::territories::load_shipped().unwrap())
}

/// The instant at which every test begins: a Tuesday afternoon in Paris.
pub(crate) fn start() -> DateTime<Utc> {
    "2027-03-02T14:00:00Z".parse().unwrap()
}

impl World {
    pub(crate) async fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("maillage.db");
        let store = Store::open(&path, &KeySource::beside(&path)).await.unwrap();
        let app = App::new(
            store,
            Settings::default(),
            Clock::manual(start()),
            Texts::load(None).unwrap(),
            atlas().with_epci(),
        );
        let raw = raw(&path).await;
        World { app, raw, folder }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// One number of the database.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.raw).await.unwrap()
    }

    /// Runs a statement behind the application's back.
    pub(crate) async fn execute(&self, sql: &'static str) {
        let path = self.app.store.path();
        let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path))
            .await
            .unwrap();
        sqlx::query(sql).execute(&pool).await.unwrap();
        pool.close().await;
    }

    /// Every row of the given columns, as text, sorted: two equal lists are two equal states.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<String> {
        let rows = sqlx::query(sql).fetch_all(&self.raw).await.unwrap();
        let mut rows: Vec<String> = rows
            .iter()
            .map(|row| row.get::<Option<String>, _>(0).unwrap_or_default())
            .collect();
        rows.sort();
        rows
    }

    /// Turns what waits for referents and for the national team into direct messages: there are no channels here.
    pub(crate) async fn spread(&self) {
        maillage::usecases::notify::spread(&self.app, self.now()).await.unwrap();
    }

    /// Gives an account the national role, in the mirror.
    pub(crate) async fn national(&self, user: u64) -> Actor {
        self.on_server(user, "Nadia", "nadia").await;
        let path = self.app.store.path();
        let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path))
            .await
            .unwrap();
        sqlx::query("UPDATE roster SET national = 1 WHERE user_id = ?")
            .bind(user.cast_signed())
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        actor(user)
    }

    /// Puts an account on the server, in the mirror.
    pub(crate) async fn on_server(&self, user: u64, display: &str, unique: &str) {
        let name = maillage::store::identity::DiscordName {
            display: display.into(),
            username: unique.into(),
        };
        let sealed = name.seal(self.app.store.vault()).unwrap();
        let path = self.app.store.path();
        let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path))
            .await
            .unwrap();
        sqlx::query("INSERT OR REPLACE INTO roster (user_id, present, bot, pending, national, name_sealed) VALUES (?, 1, 0, 0, 0, ?)")
            .bind(user.cast_signed())
            .bind(sealed)
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
    }
}

pub(crate) async fn raw(path: &Path) -> SqlitePool {
    SqlitePool::connect_with(SqliteConnectOptions::new().filename(path).read_only(true))
        .await
        .unwrap()
}

/// Someone who presses or types, without any right on the server.
pub(crate) fn actor(user: u64) -> Actor {
    Actor {
        user: UserId(user),
        manages_server: false,
    }
}
