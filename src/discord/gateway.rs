//! The gateway: what serenity does not watch over by itself (discord.md §4 and §5).
//!
//! * It can keep its thread busy while it waits for a dead connection: [`Gateway`] gives it one of its own.
//! * It can die without a word: [`watch()`] notices that neither events nor heartbeat acknowledgements come any more.
//! * When the peer accepts the connection and drops it, serenity tries again without any delay: [`turnstile`] paces it.
//! * An event that lacks one field is dropped at debug level: [`Pulse`] counts those that we wait for, and notices a READY
//!   that no GUILD_CREATE follows.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serenity::all::{
    Client, ClientBuilder, Context, Event, Framework, GatewayError, GatewayIntents, RawEventHandler, ShardManager,
};
use serenity::http::Http;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What the product listens to (product.md §17): no content of messages.
pub const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MEMBERS)
    .union(GatewayIntents::GUILD_MESSAGES);

/// How long after a READY the server must have shown itself.
const GREETING: Duration = Duration::from_secs(10);
/// How often the acknowledgements of heartbeats are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// The least time between two connections.
const PACE: Duration = Duration::from_secs(1);
/// The longest time between two connections, well under the three minutes after which the process is restarted.
const LONGEST_PACE: Duration = Duration::from_secs(60);
/// A connection that lived so long was a good one: the pace starts anew.
const SETTLED: Duration = Duration::from_secs(60);

/// The events that the product lives on, as Discord names them: one that cannot be read leaves it deaf.
const EXPECTED: [&str; 20] = [
    "READY",
    "RESUMED",
    "INTERACTION_CREATE",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBER_REMOVE",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "CHANNEL_PINS_UPDATE",
    "MESSAGE_CREATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
];

/// The signs of life of the gateway.
#[derive(Debug)]
pub struct Pulse {
    last: Mutex<Instant>,
    readies: watch::Sender<u64>,
    servers: watch::Sender<u64>,
    unreadable: AtomicU64,
    told: Mutex<BTreeSet<String>>,
    latency: Mutex<Option<Duration>>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            last: Mutex::new(Instant::now()),
            readies: watch::Sender::new(0),
            servers: watch::Sender::new(0),
            unreadable: AtomicU64::new(0),
            told: Mutex::new(BTreeSet::new()),
            latency: Mutex::new(None),
        }
    }
}

impl Pulse {
    /// Notes a sign of life.
    pub fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long nothing has come.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Counts the READY events: every one, not only the first, calls for a look at everything (product.md §17).
    #[must_use]
    pub fn readies(&self) -> watch::Receiver<u64> {
        self.readies.subscribe()
    }

    /// Events that we wait for and could not read, for `/diagnostic`.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// The time between the last heartbeat and its acknowledgement, once known.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, event: &Event) {
        self.beat();
        match event {
            Event::Ready(_) => self.readies.send_modify(|count| *count += 1),
            Event::GuildCreate(_) => self.servers.send_modify(|count| *count += 1),
            Event::Unknown(unknown) if EXPECTED.contains(&unknown.kind.as_str()) => {
                self.unreadable.fetch_add(1, Ordering::Relaxed);
                let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
                if told.insert(unknown.kind.clone()) {
                    tracing::warn!(event.kind = %unknown.kind, "an event cannot be read: what it tells is lost");
                }
            }
            _ => {}
        }
    }
}

/// Hands every event, read or not, to the pulse.
struct Listener(Arc<Pulse>);

#[serenity::async_trait]
impl RawEventHandler for Listener {
    async fn raw_event(&self, _: Context, event: Event) {
        self.0.hear(&event);
    }
}

/// Why the gateway will not be reached again by this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The token is no longer accepted (close code 4004).
    TokenRefused,
    /// A privileged intent is not ticked in the developer portal (close code 4014).
    IntentsRefused,
    /// serenity has stopped for another reason.
    Stopped,
    /// Neither event nor acknowledgement for so long.
    Silent(Duration),
}

/// Why the gateway could not even be prepared.
#[derive(Debug, thiserror::Error)]
pub enum Unprepared {
    /// serenity refuses its settings.
    #[error("serenity")]
    Client(#[source] Box<serenity::Error>),
    /// No thread for it.
    #[error("thread")]
    Thread(#[source] std::io::Error),
}

/// serenity's side of the gateway, on a thread of its own: while it waits for a connection that is dead it can keep its thread
/// busy for ever, and with it the timers and sockets of everything on the same runtime, the watchdog included. Dropped, the
/// connection is closed.
#[derive(Debug)]
pub struct Gateway {
    runtime: Option<Runtime>,
    task: JoinHandle<End>,
    shards: Arc<ShardManager>,
    address: Arc<tokio::sync::Mutex<String>>,
}

impl Gateway {
    /// Connects to `address` and to no other. `http` is used for nothing but serenity's own question for that address: the
    /// connections that it keeps belong to that thread.
    ///
    /// # Errors
    /// See [`Unprepared`].
    pub async fn connect(
        http: Http,
        address: String,
        framework: impl Framework + 'static,
        pulse: &Arc<Pulse>,
    ) -> Result<Self, Unprepared> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("gateway")
            .enable_all()
            .build()
            .map_err(Unprepared::Thread)?;
        let listener = Listener(Arc::clone(pulse));
        let building = runtime.spawn(async move {
            let client = ClientBuilder::new_with_http(http, INTENTS)
                .framework(framework)
                .raw_event_handler(listener)
                .await?;
            // serenity has asked for the address again, and falls back to the real Discord when that fails.
            *client.ws_url.lock().await = address;
            Ok(client)
        });
        let client = match building.await {
            Ok(Ok(client)) => client,
            other => {
                runtime.shutdown_background();
                let error = match other {
                    Ok(Err(error)) => error,
                    _ => serenity::Error::Other("the client could not be built"),
                };
                return Err(Unprepared::Client(Box::new(error)));
            }
        };
        let (shards, address) = (Arc::clone(&client.shard_manager), Arc::clone(&client.ws_url));
        let task = runtime.spawn(run(client));
        Ok(Self {
            runtime: Some(runtime),
            task,
            shards,
            address,
        })
    }

    /// Waits until Discord refuses the connection for good.
    pub async fn ended(&mut self) -> End {
        (&mut self.task).await.unwrap_or(End::Stopped)
    }

    /// What is watched and paced from outside, see [`watch()`] and [`turnstile`].
    #[must_use]
    pub fn parts(&self) -> (Arc<ShardManager>, Arc<tokio::sync::Mutex<String>>) {
        (Arc::clone(&self.shards), Arc::clone(&self.address))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs the client until Discord refuses it for good.
async fn run(mut client: Client) -> End {
    match client.start().await {
        Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => End::TokenRefused,
        Err(serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents)) => {
            End::IntentsRefused
        }
        Ok(()) | Err(_) => End::Stopped,
    }
}

/// Returns when the gateway has been silent for `limit`; meanwhile warns of a READY that no server follows.
pub async fn watch(pulse: &Pulse, shards: &ShardManager, limit: Duration) -> End {
    let mut readies = pulse.readies.subscribe();
    let mut greeted: Option<(Instant, u64)> = None;
    pulse.beat();
    loop {
        tokio::time::sleep(LOOK.min(limit / 4)).await;
        // Never waited for: whoever holds it may be the one that hangs.
        let latency = shards
            .runners
            .try_lock()
            .ok()
            .and_then(|runners| runners.values().next().and_then(|runner| runner.latency));
        {
            // Measured anew at each acknowledgement, to the nanosecond: another value is another acknowledgement.
            let mut known = pulse.latency.lock().unwrap_or_else(PoisonError::into_inner);
            if latency.is_some() && latency != *known {
                *known = latency;
                pulse.beat();
            }
        }
        if readies.has_changed().unwrap_or(false) {
            readies.mark_unchanged();
            greeted = Some((Instant::now(), *pulse.servers.borrow()));
        }
        if let Some((since, before)) = greeted {
            if *pulse.servers.borrow() != before {
                greeted = None;
            } else if since.elapsed() > GREETING {
                tracing::warn!(
                    "connected, but no server has shown itself: events may be unreadable or the bot was removed"
                );
                greeted = None;
            }
        }
        let silence = pulse.silence();
        if silence >= limit {
            return End::Silent(silence);
        }
    }
}

/// The time to leave between two connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    pause: Duration,
    calm: Duration,
}

impl Pace {
    const START: Pace = Pace {
        pause: PACE,
        calm: Duration::ZERO,
    };

    /// The pace after a pause during which a connection was asked for, or not.
    fn after(self, asked: bool) -> Pace {
        if asked {
            return Pace {
                pause: (self.pause * 2).min(LONGEST_PACE),
                calm: Duration::ZERO,
            };
        }
        let calm = self.calm + self.pause;
        if calm >= SETTLED {
            Pace::START
        } else {
            Pace { calm, ..self }
        }
    }

    /// Whether something is wrong enough to be told.
    fn is_storm(self) -> bool {
        self.pause >= PACE * 8
    }
}

/// Lets serenity connect at a growing pace. It locks the address for each connection, and the lock is fair: while this
/// function holds it, whoever wants to connect waits in line.
///
/// To be started once the first connection is made, which nothing delays.
pub async fn turnstile(address: &tokio::sync::Mutex<String>) {
    let mut pace = Pace::START;
    loop {
        let held = address.lock().await;
        tokio::time::sleep(pace.pause).await;
        drop(held);
        // The lock has gone straight to whoever stood in line.
        let asked = address.try_lock().is_err();
        pace = pace.after(asked);
        if asked && pace.is_storm() {
            tracing::warn!(
                pause.seconds = pace.pause.as_secs(),
                "the gateway accepts and drops: connecting more slowly"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_content_of_messages_is_asked_for() {
        assert_eq!(INTENTS.bits(), 1 | 1 << 1 | 1 << 9);
    }

    #[test]
    fn a_storm_is_slowed_and_calm_gives_the_pace_back() {
        let mut pace = Pace::START;
        let (mut passed, mut connections) = (Duration::ZERO, 0);
        while passed < Duration::from_secs(180) {
            passed += pace.pause;
            pace = pace.after(true);
            connections += 1;
        }
        assert!(
            (6..=9).contains(&connections),
            "{connections} connections in three minutes"
        );
        assert!(pace.is_storm() && pace.pause == LONGEST_PACE);
        assert_eq!(pace.after(false), Pace::START, "a minute of calm");
        let once = Pace::START.after(true);
        assert!(!once.is_storm(), "one reconnection is no storm");
        assert_eq!(once.after(false).pause, once.pause, "two seconds are no calm yet");
    }

    #[tokio::test]
    async fn whoever_connects_while_the_turnstile_is_closed_waits_in_line() {
        let address = Arc::new(tokio::sync::Mutex::new("ws://127.0.0.1".to_owned()));
        let gate = Arc::clone(&address);
        let turnstile = tokio::spawn(async move { turnstile(&gate).await });
        while address.try_lock().is_ok() {
            tokio::task::yield_now().await;
        }
        let limit = Duration::from_secs(30);
        let first = tokio::time::timeout(limit, address.lock())
            .await
            .map(|address| address.clone());
        assert_eq!(
            first.as_deref(),
            Ok("ws://127.0.0.1"),
            "it passes when the pause is over"
        );
        turnstile.abort();
    }
}
