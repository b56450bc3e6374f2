//! The handle through which tests, persons, the page and the servers reach the world.

use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::admin::Admin;
use super::calls::{Calls, Violation};
use super::client::Person;
use super::faults::{FaultHand, GatewayHand};
use super::net::{Network, Plugs};
use super::snowflake::Id;
use super::world::World;

thread_local! {
    /// The world that this thread holds, as an address.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// Puts back what was held before, also after a panic.
struct Restore(usize);

impl Drop for Restore {
    fn drop(&mut self) {
        HELD.with(|held| held.set(self.0));
    }
}

/// How long a test waits for something before it fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// The name under which the servers know the handle.
pub(super) type Shared = Handle;

struct Inner {
    world: Mutex<World>,
    changed: watch::Sender<u64>,
    network: watch::Sender<Network>,
    plugs: Plugs,
}

/// A handle on a running loopback. Clones are the same world.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("base_url", &self.base_url())
            .finish_non_exhaustive()
    }
}

/// Something did not happen in time.
#[derive(Clone, Debug)]
pub struct TooLong {
    /// What was waited for.
    pub what: String,
    /// The world at that moment.
    pub dump: String,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waited too long for {}; the world was:\n{}", self.what, self.dump)
    }
}

impl std::error::Error for TooLong {}

impl Handle {
    pub(super) fn new(world: World, network: watch::Sender<Network>, plugs: Plugs) -> Self {
        Self {
            inner: Arc::new(Inner {
                world: Mutex::new(world),
                changed: watch::Sender::new(0),
                network,
                plugs,
            }),
        }
    }

    /// Looks at the world. Nothing else moves while `look` runs, which must not ask the handle again.
    ///
    /// # Panics
    /// When `look` does ask the handle, or an answer, again: it would wait for itself for ever.
    pub fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.locked(|world| look(world))
    }

    fn locked<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let this = Arc::as_ptr(&self.inner) as usize;
        let outer = HELD.with(|held| held.replace(this));
        assert!(
            outer != this,
            "a closure given to the loopback asks the loopback again; use the world it is given"
        );
        let _restore = Restore(outer);
        // A panic in a test's closure must not hide the real failure behind a poisoned lock.
        act(&mut self.inner.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn write<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = self.locked(|world| {
            world.tick();
            change(world)
        });
        self.inner.changed.send_modify(|n| *n = n.wrapping_add(1));
        result
    }

    /// A receiver that is told whenever something may have changed, for pages that follow the world.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    pub(super) fn set_network(&self, state: Network) {
        self.inner.network.send_replace(state);
    }

    pub(super) fn cut_all(&self) {
        self.inner.plugs.cut_all();
    }

    /// Waits until `find` gives something.
    ///
    /// # Errors
    /// After `limit`, with a dump of the world.
    pub async fn try_wait<T>(
        &self,
        what: &str,
        limit: Duration,
        find: impl Fn(&World) -> Option<T>,
    ) -> Result<T, TooLong> {
        let mut changes = self.changes();
        let search = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = self.read(&find) {
                    return found;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::time::timeout(limit, search).await.map_err(|_| TooLong {
            what: what.to_owned(),
            dump: self.read(World::dump),
        })
    }

    /// Waits until `find` gives something, ten seconds at most.
    ///
    /// # Panics
    /// With a dump of the world when it does not come.
    pub async fn wait_some<T>(&self, what: &str, find: impl Fn(&World) -> Option<T>) -> T {
        match self.try_wait(what, PATIENCE, find).await {
            Ok(found) => found,
            Err(too_long) => panic!("{too_long}"),
        }
    }

    /// Waits until `is` holds, ten seconds at most.
    ///
    /// # Panics
    /// With a dump of the world when it does not.
    pub async fn wait_for(&self, what: &str, is: impl Fn(&World) -> bool) {
        self.wait_some(what, |w| is(w).then_some(())).await;
    }

    /// Waits until the bot has identified itself and its gateway session listens.
    ///
    /// # Panics
    /// When it does not within ten seconds.
    pub async fn wait_connected(&self) {
        self.wait_for("the bot to connect", |w| w.sessions.count() > 0).await;
    }

    /// Waits until a command of that name is registered.
    ///
    /// # Panics
    /// When it is not within ten seconds.
    pub async fn wait_command(&self, name: &str) {
        self.wait_for(&format!("the command /{name}"), |w| w.command_named(name).is_some())
            .await;
    }

    /// The address for `HttpBuilder::proxy` and `DISCORD_API_URL`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.read(|w| w.base_url.clone())
    }

    /// The token that is accepted now.
    #[must_use]
    pub fn token(&self) -> String {
        self.read(|w| w.bot.token.clone())
    }

    /// The server under test.
    #[must_use]
    pub fn guild_id(&self) -> Id {
        self.read(|w| w.main_guild)
    }

    /// The bot's account.
    #[must_use]
    pub fn bot_id(&self) -> Id {
        self.read(|w| w.bot.user_id)
    }

    /// The role of that name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn role(&self, name: &str) -> Id {
        self.find(name, |w| w.role_named(name).map(|r| r.id))
    }

    /// The channel or category of that name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn channel(&self, name: &str) -> Id {
        self.find(name, |w| w.channel_named(name).map(|c| c.id))
    }

    /// The account of that unique name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn user(&self, username: &str) -> Id {
        self.find(username, |w| w.user_named(username).map(|u| u.id))
    }

    fn find(&self, name: &str, look: impl Fn(&World) -> Option<Id>) -> Id {
        match self.read(look) {
            Some(id) => id,
            None => panic!("nothing here is called «{name}»:\n{}", self.read(World::dump)),
        }
    }

    /// Acts as a person in front of a Discord client.
    #[must_use]
    pub fn as_user(&self, user: Id) -> Person {
        Person::new(self.clone(), user)
    }

    /// Acts as the person of that unique name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn person(&self, username: &str) -> Person {
        self.as_user(self.user(username))
    }

    /// The hand of the server's owner, which does what it likes behind the bot's back.
    #[must_use]
    pub fn admin(&self) -> Admin {
        Admin(self.clone())
    }

    /// The hand that prepares accidents.
    #[must_use]
    pub fn faults(&self) -> FaultHand {
        FaultHand(self.clone())
    }

    /// The hand on the gateway.
    #[must_use]
    pub fn gateway(&self) -> GatewayHand {
        GatewayHand(self.clone())
    }

    /// What the bot has asked so far.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.read(|w| Calls(w.calls.clone()))
    }

    /// The number of the last call, for [`Calls::after`].
    #[must_use]
    pub fn last_call(&self) -> usize {
        self.read(|w| w.calls.len())
    }

    /// What no bot should ever have asked.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.read(|w| w.violations.clone())
    }

    /// The violations so far, which are forgotten: for tests that provoke them.
    #[must_use]
    pub fn take_violations(&self) -> Vec<Violation> {
        self.write(|w| std::mem::take(&mut w.violations))
    }

    /// The present of this world.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.read(World::now)
    }

    /// Moves the present of this world forward; what is due in between happens.
    pub fn advance_clock(&self, by: Duration) {
        self.write(|w| w.clock.advance(by));
        self.write(|_| ());
    }

    /// Moves the present of this world to `at`, when that is later.
    pub fn set_clock(&self, at: DateTime<Utc>) {
        self.write(|w| w.clock.jump_to(at));
        self.write(|_| ());
    }
}
