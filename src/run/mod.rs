//! The bot itself: what starts, in which order, and how it ends.
//!
//! The database, the texts and the territories are read before Discord is asked anything, so that a fault of the host is told
//! at once and a button pressed in the first second finds everything ready. Then: the address of the gateway, who we are,
//! which server; the gateway; the loops. At the end the order is reversed, and running interactions are finished first.

mod dispatcher;
mod startup;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serenity::http::Http;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::commands::{Data, Vitals, registration};
use crate::config::Settings;
use crate::discord::client::Clients;
use crate::discord::events;
use crate::discord::failure::{ApiFailure, COMMANDS_OF_THE_DAY, Kind};
use crate::discord::gateway::{self, End, Gateway, Pulse, Unprepared};
use crate::domain::ids::GuildId;
use crate::error::Error;
use crate::meetings::Keeper;
use crate::metrics;
use crate::reconciler::Reconciler;
use crate::scheduler::Scheduler;
use crate::store::keyring::KeySource;
use crate::store::meta::{self, Fact};
use crate::store::suppression_file::{self, Mark, SyncError};
use crate::store::vault::SecretKey;
use crate::store::{OpenError, Store, StoreError};
use crate::supervisor::{Status, Supervisor};
use crate::territories::{self, LoadError};
use crate::texts::faults::Fault;
use crate::texts::templates::Texts;
use crate::usecases::{App, ladder, zoning};
use dispatcher::{Dispatcher, Gate};

/// How long running interactions are waited for at the end; Discord forgets them after 15 minutes.
const LAST_INTERACTIONS: Duration = Duration::from_secs(30);
/// How long the loops are waited for at the end: longer than the longest request.
const LAST_STEPS: Duration = Duration::from_secs(70);
/// How long a loop rests when nothing but a wake or a change gives it work.
const REST: Duration = Duration::from_secs(3600);
/// Until the mirror of the server is looked for again, before commands are offered and groups announced.
const NOT_YET: Duration = Duration::from_millis(50);
/// Until commands may be created again, once Discord's daily number is reached.
const NEXT_DAY: Duration = Duration::from_secs(24 * 3600);
/// The loop that makes Discord look as the database says.
const RECONCILER: &str = "reconciler";

/// Why the bot does not start, or stops. The host reads it as one French line (`texts::host::run_error`).
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Texts of `config/textes` are unusable.
    #[error("texts")]
    Texts(Vec<Fault>),
    /// Tables of `config/territoires` are unusable.
    #[error("territories")]
    Territories(#[from] LoadError),
    /// The database cannot be opened.
    #[error("opening the database at {path}")]
    Open {
        /// Where it should be.
        path: PathBuf,
        /// The cause.
        #[source]
        source: OpenError,
    },
    /// The database broke while starting.
    #[error("database")]
    Store(#[from] StoreError),
    /// The list of suppressions beside the database cannot be used.
    #[error("suppressions")]
    Suppressions(#[from] SyncError),
    /// The TLS library cannot start.
    #[error("TLS")]
    Tls(#[source] reqwest::Error),
    /// The gateway cannot be prepared.
    #[error("gateway")]
    Unprepared(#[from] Unprepared),
    /// The address of `METRICS_ADDR` cannot be had.
    #[error("measures at {address}")]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// `DISCORD_TOKEN` is not given.
    #[error("no token")]
    TokenMissing,
    /// Discord does not know the token.
    #[error("token refused")]
    TokenRefused,
    /// A privileged intent is not ticked.
    #[error("intents refused")]
    IntentsRefused,
    /// The API refuses to say where the gateway is.
    #[error("API refuses: {0}")]
    ApiRefused(ApiFailure),
    /// The address of the API is not that of Discord's API, or gives no usable gateway.
    #[error("unusable API")]
    ApiUnusable,
    /// The bot is on no server.
    #[error("no server")]
    NoServer,
    /// The bot is on several servers and none was chosen.
    #[error("{0} servers")]
    SeveralServers(usize),
    /// The bot is not on the chosen server, or no longer on the bound one.
    #[error("not on server {0}")]
    NotOnServer(GuildId),
    /// The database is bound to another server than the chosen one.
    #[error("bound to server {bound}, not {asked}")]
    OtherServer {
        /// The server of the database.
        bound: GuildId,
        /// The server of `DISCORD_GUILD_ID`.
        asked: GuildId,
    },
    /// The gateway has died without a word.
    #[error("silent gateway")]
    Silent(Duration),
    /// serenity has stopped.
    #[error("the gateway has stopped")]
    Stopped,
}

impl From<End> for RunError {
    fn from(end: End) -> Self {
        match end {
            End::TokenRefused => RunError::TokenRefused,
            End::IntentsRefused => RunError::IntentsRefused,
            End::Silent(silence) => RunError::Silent(silence),
            End::Stopped => RunError::Stopped,
        }
    }
}

/// Opens everything that does not need Discord: texts, territories, database.
///
/// # Errors
/// The first thing that cannot be used.
pub async fn open(settings: Settings, clock: Clock) -> Result<Arc<App>, RunError> {
    let texts = Texts::load(Some(&settings.texts_dir())).map_err(RunError::Texts)?;
    let atlas = territories::load(&settings.territories_dir())?;
    let store = Store::open(&settings.database, &key_source(&settings))
        .await
        .map_err(|source| RunError::Open {
            path: settings.database.clone(),
            source,
        })?;
    let atlas = {
        let mut tx = store.read().await?;
        zoning::in_force(&mut tx, atlas).await?
    };
    let replayed = suppression_file::sync(&store).await?;
    if replayed.lines > 0 {
        tracing::info!(
            lines = replayed.lines,
            blocked = replayed.blocked,
            erased = replayed.erased.len(),
            "the list beside the database knew of requests that the database had forgotten"
        );
    }
    Ok(Arc::new(App::new(store, settings, clock, texts, atlas)))
}

/// Where the host's key comes from: `MAILLAGE_KEY`, else the file beside the database.
#[must_use]
pub fn key_source(settings: &Settings) -> KeySource {
    match &settings.key {
        Some(key) => KeySource::Given(SecretKey::new(*key.expose())),
        None => KeySource::beside(&settings.database),
    }
}

/// A bot that runs, or tries to.
#[derive(Debug)]
pub struct Running {
    /// What every use case may need.
    pub app: Arc<App>,
    /// The signs of life of the gateway.
    pub pulse: Arc<Pulse>,
    supervisor: Arc<Supervisor>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), RunError>>,
}

impl Running {
    /// Asks it to end: no new interaction, the running ones finished, the database closed.
    pub fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Why it stopped without being asked to.
    pub async fn ended(self) -> Result<(), RunError> {
        self.task.await.unwrap_or(Err(RunError::Stopped))
    }

    /// What the loops have done so far.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        self.supervisor.status()
    }

    /// Makes every loop look at once, after the clock was moved.
    pub fn wake(&self) {
        self.supervisor.wake_all();
    }
}

/// Starts the bot. It connects in the background, as long as it takes; [`Running::ended`] tells why it stops.
///
/// # Errors
/// What can be told before Discord is asked anything.
pub async fn start(settings: Settings, clock: Clock, shutdown: CancellationToken) -> Result<Running, RunError> {
    let token = settings.token.clone().ok_or(RunError::TokenMissing)?;
    let clients = Clients::new(
        token.expose(),
        settings.api.as_ref().map(crate::config::ApiBase::as_str),
    )
    .map_err(RunError::Tls)?;
    let retry = settings.retry;
    let app = open(settings, clock.clone()).await?;
    let measures = match app.settings.metrics {
        None => None,
        Some(address) => {
            let listener = metrics::listen(address).await;
            Some(listener.map_err(|source| RunError::Metrics { address, source })?)
        }
    };
    // The loops end after the interactions, which may still have work for them.
    let supervisor = Arc::new(Supervisor::new(CancellationToken::new(), clock, retry));
    let pulse = Arc::new(Pulse::default());
    let vitals = Vitals {
        started: app.clock.now(),
        loops: supervisor.status(),
        gateway: Arc::clone(&pulse),
    };
    if let Some(listener) = measures {
        let end = supervisor.ending();
        let served = metrics::serve(listener, Arc::clone(&app), vitals.clone(), end);
        supervisor.spawn(served);
    }
    let life = Life {
        vitals,
        app: Arc::clone(&app),
        clients,
        supervisor: Arc::clone(&supervisor),
        pulse: Arc::clone(&pulse),
        gate: Arc::default(),
        shutdown: shutdown.clone(),
    };
    let task = tokio::spawn(life.live());
    Ok(Running {
        app,
        pulse,
        supervisor,
        shutdown,
        task,
    })
}

/// One life of the process.
struct Life {
    vitals: Vitals,
    app: Arc<App>,
    clients: Clients,
    supervisor: Arc<Supervisor>,
    pulse: Arc<Pulse>,
    gate: Arc<Gate>,
    shutdown: CancellationToken,
}

impl Life {
    async fn live(self) -> Result<(), RunError> {
        let end = self.connected().await;
        self.gate.close();
        if !self.gate.emptied(LAST_INTERACTIONS).await {
            tracing::warn!(
                "interactions were still running after {} seconds",
                LAST_INTERACTIONS.as_secs()
            );
        }
        self.supervisor.end();
        if !self.supervisor.ended(LAST_STEPS).await {
            tracing::warn!("loops were still running after {} seconds", LAST_STEPS.as_secs());
        }
        self.app.store.close().await;
        end
    }

    /// Connects and stays so until it is asked to end, or cannot go on.
    async fn connected(&self) -> Result<(), RunError> {
        let http = Arc::new(self.clients.http());
        let Some(address) = startup::gateway_address(&self.app, &self.clients, &self.shutdown).await? else {
            return Ok(());
        };
        if startup::server(&self.app, &http, &self.shutdown).await?.is_none() {
            return Ok(());
        }
        let (fatal, mut fatals) = mpsc::unbounded_channel();
        let (observer, events) = events::observer();
        let dispatcher = Dispatcher::new(
            Arc::new(Data::new(Arc::clone(&self.app), self.vitals.clone())),
            Arc::clone(&self.gate),
            Arc::clone(&self.supervisor),
            observer,
            Arc::clone(&http),
            fatal,
        );
        let scheduler = Scheduler::new(Arc::clone(&self.app), Arc::clone(&http)).await?;
        let mut gateway = Gateway::connect(self.clients.http(), address, dispatcher, &self.pulse).await?;
        let (shards, address) = gateway.parts();
        let mut readies = self.pulse.readies();
        let turnstile = async {
            // The first connection is not delayed.
            let _ = readies.changed().await;
            gateway::turnstile(&address).await;
        };
        // The gateway is dropped on the way out: nothing more comes in while the rest is finished.
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => Ok(()),
            Some(error) = fatals.recv() => Err(error),
            end = gateway.ended() => Err(end.into()),
            end = gateway::watch(&self.pulse, &shards, self.app.settings.watch.silence) => Err(end.into()),
            () = self.loops(&http, scheduler, events) => Ok(()),
            () = turnstile => Ok(()),
        }
    }

    /// Starts the loops once the gateway has greeted us, and makes them look at every later greeting. Never returns.
    async fn loops(&self, http: &Arc<Http>, scheduler: Scheduler, events: mpsc::UnboundedReceiver<events::Event>) {
        let mut readies = self.pulse.readies();
        if readies.wait_for(|count| *count > 0).await.is_err() {
            std::future::pending::<()>().await;
        }
        let (app, client) = (Arc::clone(&self.app), Arc::clone(http));
        self.supervisor.every("registration", None, move |_| {
            register(Arc::clone(&app), Arc::clone(&client))
        });
        let stop = self.shutdown.clone();
        let reconciler = Reconciler::new(Arc::clone(&self.app), Arc::clone(http), events, stop);
        let reconciler = Arc::new(Mutex::new(reconciler));
        let changes = self.app.store.changes();
        self.supervisor.every(RECONCILER, Some(changes), move |_| {
            let reconciler = Arc::clone(&reconciler);
            async move { reconciler.lock().await.step().await }
        });
        let keeper = Keeper::new(Arc::clone(&self.app), Arc::clone(http), self.pulse.readies());
        let keeper = Arc::new(Mutex::new(keeper));
        let changes = || Some(self.app.store.changes());
        self.supervisor.every("meetings", changes(), move |_| {
            let keeper = Arc::clone(&keeper);
            async move { keeper.lock().await.step().await }
        });
        let scheduler = Arc::new(scheduler);
        let of = Arc::clone(&scheduler);
        self.supervisor.every("direct messages", changes(), move |now| {
            let scheduler = Arc::clone(&of);
            async move { scheduler.direct(now).await }
        });
        let of = Arc::clone(&scheduler);
        self.supervisor.every("posts", changes(), move |now| {
            let scheduler = Arc::clone(&of);
            async move { scheduler.posts(now).await }
        });
        let of = Arc::clone(&scheduler);
        self.supervisor.every("feeds", changes(), move |now| {
            let scheduler = Arc::clone(&of);
            async move { scheduler.feeds(now).await }
        });
        let of = Arc::clone(&scheduler);
        self.supervisor.every("answers", changes(), move |now| {
            let scheduler = Arc::clone(&of);
            async move { scheduler.answers(now).await }
        });
        let (app, kept) = (Arc::clone(&self.app), Arc::new(Mutex::new(None)));
        self.supervisor.every("suppressions", changes(), move |_| {
            let (app, kept) = (Arc::clone(&app), Arc::clone(&kept));
            async move { keep_suppressions(&app, &kept).await }
        });
        let (app, caught_up) = (Arc::clone(&self.app), Arc::new(AtomicBool::new(false)));
        self.supervisor.every("announcements", changes(), move |now| {
            let (app, caught_up) = (Arc::clone(&app), Arc::clone(&caught_up));
            async move { announce(&app, &caught_up, now).await }
        });
        self.supervisor.every("rounds", None, move |now| {
            let scheduler = Arc::clone(&scheduler);
            async move { scheduler.rounds(now).await }
        });
        while readies.changed().await.is_ok() {
            self.supervisor.wake_all();
        }
        std::future::pending::<()>().await;
    }
}

/// Registers the commands in the bound server, unless the same were registered before (product.md §17).
async fn register(app: Arc<App>, http: Arc<Http>) -> Result<Duration, Error> {
    let (Some(server), Some(application)) = (app.guild(), http.application_id()) else {
        // The greeting of the gateway tells both, and wakes this loop.
        return Ok(REST);
    };
    if !app.has_seen_server() {
        // A command offered before the national team is known would refuse its own people.
        return Ok(NOT_YET);
    }
    let definitions = registration::definitions();
    let fingerprint = registration::fingerprint(server.0, application.get(), &definitions);
    let known = {
        let mut tx = app.store.read().await?;
        meta::get(&mut tx, Fact::Commands).await?
    };
    if known.as_deref() == Some(fingerprint.as_str()) {
        return Ok(REST);
    }
    let sent = http
        .create_guild_commands(serenity::all::GuildId::new(server.0), &definitions)
        .await;
    if let Err(error) = sent {
        let failure = ApiFailure::read(&error);
        if failure.code == Some(COMMANDS_OF_THE_DAY) {
            tracing::error!("Discord takes no more new commands today: they will be registered tomorrow");
            return Ok(NEXT_DAY);
        }
        // An answer that serenity cannot read is an answer: the commands are registered.
        if !(failure.kind == Kind::Invalid && failure.status.is_none()) {
            return Err(Error::Discord {
                doing: "registering the commands",
                source: Box::new(failure),
            });
        }
    }
    let mut tx = app.store.write().await?;
    meta::set(&mut tx, Fact::Commands, &fingerprint).await?;
    tx.commit_quietly().await?;
    tracing::info!(
        commands = definitions.as_array().map_or(0, Vec::len),
        "commands registered"
    );
    Ok(REST)
}

/// Declares, once, and announces the groups that the process before could not, as soon as the national team is known.
async fn announce(app: &App, caught_up: &AtomicBool, now: DateTime<Utc>) -> Result<Duration, Error> {
    if !app.has_seen_server() {
        return Ok(NOT_YET);
    }
    if !caught_up.load(Ordering::Acquire) {
        let declared = ladder::catch_up(app, now).await?;
        if !declared.is_empty() {
            tracing::info!(
                groups = declared.len(),
                "groups that an import cut short had left undeclared"
            );
        }
        caught_up.store(true, Ordering::Release);
    }
    ladder::announce_late(app, now).await?;
    Ok(REST)
}

/// Appends to the list beside the database what people have just asked for.
async fn keep_suppressions(app: &App, kept: &Mutex<Option<Mark>>) -> Result<Duration, Error> {
    let mut kept = kept.lock().await;
    let mark = {
        let mut tx = app.store.read().await?;
        suppression_file::mark(&mut tx).await?
    };
    if *kept == Some(mark) {
        return Ok(REST);
    }
    suppression_file::sync(&app.store).await.map_err(|error| match error {
        SyncError::Store(error) => Error::Store(error),
        SyncError::File { source, .. } => Error::Io {
            doing: "keeping the list of suppressions",
            source,
        },
    })?;
    *kept = Some(mark);
    Ok(REST)
}
