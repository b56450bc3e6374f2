//! Named loops: each has a step that tests call, a timer, a wake and an end. A loop that fails tries again at a growing
//! delay; a loop that panics is started anew; what they do shows in `/diagnostic`.
//!
//! Loops are level-triggered: a wake says «look», never «what», so a wake lost or doubled changes nothing.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::commands::Chain;
use crate::config::RetrySettings;
use crate::error::Error;

/// How long a loop that panicked rests.
const AFTER_PANIC: Duration = Duration::from_secs(5);

/// A delay that doubles at each failure, between two bounds.
#[derive(Debug, Clone)]
pub struct Backoff {
    settings: RetrySettings,
    next: Duration,
}

impl Backoff {
    /// A delay that has not grown yet.
    #[must_use]
    pub fn new(settings: RetrySettings) -> Self {
        Self {
            settings,
            next: settings.first,
        }
    }

    /// The delay after one more failure.
    pub fn grow(&mut self) -> Duration {
        let delay = self.next.min(self.settings.longest);
        self.next = delay.saturating_mul(2).min(self.settings.longest);
        delay
    }

    /// All is well again.
    pub fn reset(&mut self) {
        self.next = self.settings.first;
    }

    /// The delay after so many failures in a row, for delays that are kept in the database.
    #[must_use]
    pub fn after(settings: RetrySettings, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        settings.first.saturating_mul(factor).min(settings.longest)
    }
}

/// What a loop has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoopStatus {
    /// Steps done.
    pub steps: u64,
    /// Steps that failed, panics included.
    pub failures: u64,
    /// When the last step ended well.
    pub last_success: Option<DateTime<Utc>>,
    /// When the last failure was.
    pub last_failure: Option<DateTime<Utc>>,
}

/// What all loops have done so far.
#[derive(Debug, Default)]
pub struct Status {
    loops: Mutex<BTreeMap<&'static str, LoopStatus>>,
}

impl Status {
    /// Each loop by name, with what it has done.
    #[must_use]
    pub fn loops(&self) -> BTreeMap<&'static str, LoopStatus> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, name: &'static str, change: impl FnOnce(&mut LoopStatus)) {
        change(
            self.loops
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(name)
                .or_default(),
        );
    }
}

/// A handle that makes a loop look at once.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Makes the loop look: at once when it waits, else after its present step.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits for a wake; one that came before counts.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

/// Starts the loops and ends them.
#[derive(Debug)]
pub struct Supervisor {
    shutdown: CancellationToken,
    tasks: TaskTracker,
    status: Arc<Status>,
    clock: Clock,
    retry: RetrySettings,
    wakes: Mutex<BTreeMap<&'static str, Wake>>,
}

impl Supervisor {
    /// A supervisor whose loops end with `shutdown`.
    #[must_use]
    pub fn new(shutdown: CancellationToken, clock: Clock, retry: RetrySettings) -> Self {
        Self {
            shutdown,
            tasks: TaskTracker::new(),
            status: Arc::default(),
            clock,
            retry,
            wakes: Mutex::default(),
        }
    }

    /// What the loops have done so far.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// The wake of the loop of that name; it may be asked for before the loop is started.
    #[must_use]
    pub fn wake(&self, name: &'static str) -> Wake {
        self.wakes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name)
            .or_default()
            .clone()
    }

    /// Makes every loop look: the clock was moved, or the connection is new.
    pub fn wake_all(&self) {
        for wake in self.wakes.lock().unwrap_or_else(PoisonError::into_inner).values() {
            wake.wake();
        }
    }

    /// Starts a loop. `step` does what is due and says how long there is nothing to do; a wake, or a change in the
    /// database when `changes` is given, makes it look earlier. A step is never cancelled: at the end, it is waited for.
    pub fn every<S, F>(&self, name: &'static str, changes: Option<watch::Receiver<u64>>, step: S)
    where
        S: Fn(DateTime<Utc>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Duration, Error>> + Send + 'static,
    {
        let driver = Driver {
            name,
            shutdown: self.shutdown.clone(),
            status: Arc::clone(&self.status),
            clock: self.clock.clone(),
            wake: self.wake(name),
            changes,
            backoff: Backoff::new(self.retry),
        };
        let (status, clock, shutdown) = (Arc::clone(&self.status), self.clock.clone(), self.shutdown.clone());
        self.tasks.spawn(async move {
            loop {
                let run = tokio::spawn(driver.clone().run(step.clone()));
                match run.await {
                    Err(error) if error.is_panic() => {
                        tracing::error!(loop.name = name, "a loop panicked and is started anew");
                        status.note(name, |status| {
                            status.failures += 1;
                            status.last_failure = Some(clock.now());
                        });
                    }
                    Ok(()) | Err(_) => return,
                }
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(AFTER_PANIC) => {}
                }
            }
        });
    }

    /// Starts a task that ends by itself when `shutdown` is cancelled.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Ends with the loops: for tasks that are not loops.
    pub fn ending(&self) -> impl Future<Output = ()> + Send + use<> {
        self.shutdown.clone().cancelled_owned()
    }

    /// Asks every loop to end after its present step.
    pub fn end(&self) {
        self.shutdown.cancel();
    }

    /// Waits until every loop has ended, `limit` at most; tells whether all have.
    pub async fn ended(&self, limit: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }
}

#[derive(Debug, Clone)]
struct Driver {
    name: &'static str,
    shutdown: CancellationToken,
    status: Arc<Status>,
    clock: Clock,
    wake: Wake,
    changes: Option<watch::Receiver<u64>>,
    backoff: Backoff,
}

impl Driver {
    async fn run<S, F>(mut self, step: S)
    where
        S: Fn(DateTime<Utc>) -> F,
        F: Future<Output = Result<Duration, Error>>,
    {
        while !self.shutdown.is_cancelled() {
            if let Some(changes) = &mut self.changes {
                // What changes from here on calls for another look.
                changes.mark_unchanged();
            }
            let wait = match step(self.clock.now()).await {
                Ok(wait) => {
                    self.backoff.reset();
                    self.status.note(self.name, |status| {
                        status.steps += 1;
                        status.last_success = Some(self.clock.now());
                    });
                    wait
                }
                Err(error) => {
                    let delay = self.backoff.grow();
                    tracing::error!(
                        loop.name = self.name,
                        retry.seconds = delay.as_secs(),
                        error = %Chain(&error),
                        "a loop failed"
                    );
                    self.status.note(self.name, |status| {
                        status.steps += 1;
                        status.failures += 1;
                        status.last_failure = Some(self.clock.now());
                    });
                    delay
                }
            };
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
                () = self.wake.woken() => {}
                () = changed(self.changes.as_mut()) => {}
            }
        }
    }
}

/// Waits for a change in the database; for ever when the loop does not follow it.
async fn changed(changes: Option<&mut watch::Receiver<u64>>) {
    if let Some(changes) = changes
        && changes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use chrono::TimeZone;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const RETRY: RetrySettings = RetrySettings {
        first: Duration::from_secs(2),
        longest: Duration::from_secs(300),
    };

    fn supervisor(retry: RetrySettings) -> Supervisor {
        let clock = Clock::manual(Utc.with_ymd_and_hms(2027, 3, 14, 12, 0, 0).unwrap());
        Supervisor::new(CancellationToken::new(), clock, retry)
    }

    async fn until(what: &str, is: impl Fn() -> bool) {
        let wait = async {
            while !is() {
                tokio::task::yield_now().await;
            }
        };
        assert!(
            tokio::time::timeout(Duration::from_secs(10), wait).await.is_ok(),
            "waited too long for {what}"
        );
    }

    #[test]
    fn delays_double_between_their_bounds() {
        let mut backoff = Backoff::new(RETRY);
        let delays: Vec<u64> = (0..9).map(|_| backoff.grow().as_secs()).collect();
        assert_eq!(delays, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
        let kept: Vec<u64> = (0..9)
            .map(|failures| Backoff::after(RETRY, failures).as_secs())
            .collect();
        assert_eq!(kept, delays);
        assert_eq!(Backoff::after(RETRY, 4_000_000_000).as_secs(), 300);
        backoff.reset();
        assert_eq!(backoff.grow().as_secs(), 2);
    }

    #[tokio::test]
    async fn a_loop_looks_when_woken_and_when_the_database_changes() {
        let supervisor = supervisor(RETRY);
        let (changes, changed) = watch::channel(0);
        let steps = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&steps);
        supervisor.every("test", Some(changed), move |_| {
            let counter = Arc::clone(&counter);
            async move {
                counter.fetch_add(1, Ordering::SeqCst);
                Ok(HOUR)
            }
        });
        until("the first step", || steps.load(Ordering::SeqCst) == 1).await;
        supervisor.wake("test").wake();
        until("a step after the wake", || steps.load(Ordering::SeqCst) == 2).await;
        changes.send_modify(|count| *count += 1);
        until("a step after the change", || steps.load(Ordering::SeqCst) == 3).await;
        supervisor.end();
        assert!(supervisor.ended(Duration::from_secs(10)).await);
        assert_eq!(supervisor.status().loops()["test"].steps, 3);
    }

    #[tokio::test]
    async fn a_loop_that_fails_tries_again() {
        let supervisor = supervisor(RetrySettings {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(2),
        });
        let failures = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&failures);
        supervisor.every("test", None, move |_| {
            let counter = Arc::clone(&counter);
            async move {
                if counter.fetch_add(1, Ordering::SeqCst) < 3 {
                    Err(Error::Invariant("test"))
                } else {
                    Ok(HOUR)
                }
            }
        });
        let status = supervisor.status();
        until("a success after three failures", || {
            status
                .loops()
                .get("test")
                .is_some_and(|status| status.failures == 3 && status.last_success.is_some())
        })
        .await;
        supervisor.end();
        assert!(supervisor.ended(Duration::from_secs(10)).await);
    }

    #[tokio::test]
    async fn a_step_is_waited_for_at_the_end() {
        let supervisor = supervisor(RETRY);
        let (started, finished) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let (begin, end, shutdown) = (Arc::clone(&started), Arc::clone(&finished), supervisor.shutdown.clone());
        supervisor.every("test", None, move |_| {
            let (begin, end, shutdown) = (Arc::clone(&begin), Arc::clone(&end), shutdown.clone());
            async move {
                begin.notify_one();
                shutdown.cancelled().await;
                end.fetch_add(1, Ordering::SeqCst);
                Ok(HOUR)
            }
        });
        started.notified().await;
        supervisor.end();
        assert!(supervisor.ended(Duration::from_secs(10)).await);
        assert_eq!(finished.load(Ordering::SeqCst), 1);
    }
}
