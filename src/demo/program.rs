//! The bot under the story: the real one, in a runtime of its own, so that it can die in the middle of a sentence.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::DemoError;
use crate::clock::Clock;
use crate::config::Settings;
use crate::run::{self, Running};

/// How long a start, a greeting or a death may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A folder that goes with its owner: the database, its key and nothing else.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new folder that only this account may read.
    pub(super) fn new() -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("maillage-demo-{}-{number}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now goes with the system's temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running bot.
#[derive(Debug)]
pub(super) struct Program {
    running: Running,
    /// None once dead.
    runtime: Option<Runtime>,
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A runtime may not be waited for where others run.
            runtime.shutdown_background();
        }
    }
}

impl Program {
    /// Starts the bot and waits until the gateway has greeted it.
    pub(super) async fn start(settings: Settings, clock: Clock) -> Result<Self, DemoError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("maillage-demo")
            .enable_all()
            .build()?;
        let started = runtime
            .spawn(run::start(settings, clock, CancellationToken::new()))
            .await;
        let running = match started {
            Ok(Ok(running)) => running,
            Ok(Err(error)) => {
                runtime.shutdown_background();
                return Err(DemoError::Start(Box::new(error)));
            }
            Err(_) => {
                runtime.shutdown_background();
                return Err(DemoError::Stuck("the start".to_owned()));
            }
        };
        let program = Self {
            running,
            runtime: Some(runtime),
        };
        let mut readies = program.running.pulse.readies();
        let greeted = tokio::time::timeout(LIMIT, readies.wait_for(|count| *count > 0)).await;
        if !matches!(greeted, Ok(Ok(_))) {
            program.kill().await;
            return Err(DemoError::Stuck("the greeting of the gateway".to_owned()));
        }
        Ok(program)
    }

    /// The present of the bot.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.running.app.clock.now()
    }

    /// Makes every loop look, after the clock was moved.
    pub(super) fn wake(&self) {
        self.running.wake();
    }

    /// Ends every task where it stands, as `kill -9` would: nothing is finished, nothing is said.
    pub(super) async fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for the threads needs a thread that may block. A panic of that thread would change nothing here.
            let _ = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(LIMIT)).await;
        }
    }
}
