//! A Discord on this machine, a bot in it, and the hands that move both: time, restarts, deaths.
//!
//! [`House`] runs the bot in this process, on a runtime of its own, so that [`House::kill`] stops it between two instructions
//! as `kill -9` does. [`Program`] runs the real binary, for what only a process shows: lines, exit codes, signals.

#![allow(dead_code, reason = "helpers that families of tests take up as they need them")]

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use maillage::clock::Clock;
use maillage::config::Settings;
use maillage::loopback::{Builder, Loopback, Person};
use maillage::run::{self, Running};
use maillage::store::meta::{self, Fact};
use maillage::usecases::App;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with people in every role: `nadia` (national team), `awa` (to be referent), `camille` and `noe` (to be relays),
/// `lea` (nobody yet), `m1` to `m24` (to be members).
pub(crate) fn server() -> Builder {
    Builder::new()
        .role("MCP national", 0)
        .member("nadia", "Nadia Benali", &["MCP national"])
        .member("awa", "Awa Martin", &[])
        .member("camille", "Camille Dupré", &[])
        .member("noe", "Noé Le Goff", &[])
        .member("lea", "Léa Roux", &[])
        .crowd("m", 24)
}

/// Waits until `is` holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, is: impl Fn() -> F) {
    let start = Instant::now();
    while !is().await {
        assert!(start.elapsed() < PATIENCE, "waited too long for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The bot in this process, on a runtime that dies with it.
struct Bot {
    runtime: Mortal,
    running: Running,
}

/// A runtime whose tasks are dropped with it, wherever they are.
struct Mortal(Option<Runtime>);

impl Drop for Mortal {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A Discord, a folder and a bot.
pub(crate) struct House {
    // Declared, hence dropped, before the server that it speaks to.
    bot: Option<Bot>,
    pub(crate) discord: Loopback,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    folder: TempDir,
}

impl House {
    /// A house with the server of [`server`], in which the bot runs. Time stands at the server's present until moved.
    pub(crate) async fn open() -> House {
        House::open_with(server(), |_| {}).await
    }

    /// A house with this server and these settings, in which the bot runs.
    pub(crate) async fn open_with(builder: Builder, tune: impl FnOnce(&mut Settings)) -> House {
        let mut house = House::closed_with(builder, tune).await;
        house.start().await;
        house
    }

    /// A house in which no bot runs yet.
    pub(crate) async fn closed_with(builder: Builder, tune: impl FnOnce(&mut Settings)) -> House {
        let discord = Loopback::start(builder).await.expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        let env = |name: &str| match name {
            "DISCORD_TOKEN" => Some(discord.token()),
            "DISCORD_API_URL" => Some(discord.base_url()),
            _ => None,
        };
        let mut settings = Settings::load(&env, folder.path()).expect("settings");
        // Nobody waits for real seconds here.
        settings.tunables.direct_messages.pace = TimeDelta::zero();
        settings.tunables.retry.first = Duration::from_millis(20);
        tune(&mut settings);
        // Whole seconds, as the database keeps them.
        let now = DateTime::from_timestamp(discord.now().timestamp(), 0).expect("an instant");
        House {
            bot: None,
            discord,
            clock: Clock::manual(now),
            settings,
            folder,
        }
    }

    /// Starts the bot, which must not run, and waits until it serves.
    pub(crate) async fn start(&mut self) {
        self.start_only().await;
        self.served().await;
    }

    /// Starts the bot without waiting for Discord.
    pub(crate) async fn start_only(&mut self) {
        assert!(self.bot.is_none(), "the bot runs already");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let (settings, clock) = (self.settings.clone(), self.clock.clone());
        let started = runtime.spawn(run::start(settings, clock, CancellationToken::new()));
        let runtime = Mortal(Some(runtime));
        let running = started.await.expect("no panic").expect("the bot starts");
        self.bot = Some(Bot { runtime, running });
    }

    /// Waits until the bot has greeted its server and registered its commands.
    pub(crate) async fn served(&self) {
        let running = self.running();
        until("the bot to serve", || async {
            let app = &running.app;
            if app.guild().is_none() || !app.has_seen_server() {
                return false;
            }
            let mut tx = app.store.read().await.expect("a reader");
            meta::get(&mut tx, Fact::Commands).await.expect("a fact").is_some()
        })
        .await;
    }

    /// The bot that runs.
    pub(crate) fn running(&self) -> &Running {
        &self.bot.as_ref().expect("the bot runs").running
    }

    /// What its use cases work on.
    pub(crate) fn app(&self) -> Arc<App> {
        Arc::clone(&self.running().app)
    }

    /// Where its database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.settings.database.clone()
    }

    /// The folder of the database, the key and the backups.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Acts as the person of that name.
    pub(crate) fn person(&self, name: &str) -> Person {
        self.discord.person(name)
    }

    /// The present of the bot.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Moves the time of the bot and of its server, and lets the loops look.
    pub(crate) fn advance(&self, by: TimeDelta) {
        assert!(self.clock.advance(by));
        self.discord.advance_clock(by.to_std().expect("time goes forward"));
        if let Some(bot) = &self.bot {
            bot.running.wake();
        }
    }

    /// Ends the bot as SIGTERM does.
    pub(crate) async fn stop(&mut self) {
        self.running().stop();
        self.ended().await.expect("a clean end");
    }

    /// Waits for the bot to end by itself, and gives the reason.
    pub(crate) async fn ended(&mut self) -> Result<(), run::RunError> {
        let Bot { runtime, running } = self.bot.take().expect("the bot runs");
        let ended = tokio::time::timeout(PATIENCE, running.ended()).await;
        drop(runtime);
        ended.expect("the bot ends in time")
    }

    /// Stops the bot between two instructions.
    pub(crate) async fn kill(&mut self) {
        drop(self.bot.take().expect("the bot runs"));
        // Its last task drops the lock of the database.
        let lock = self.database().with_file_name("maillage.db.lock");
        until("the database to be free", || async {
            std::fs::File::open(&lock).is_ok_and(|file| file.try_lock().is_ok())
        })
        .await;
    }

    /// Stops it politely and starts it again.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// Stops it brutally and starts it again.
    pub(crate) async fn resurrect(&mut self) {
        self.kill().await;
        self.start().await;
    }
}

/// The real binary, in a folder of its own.
pub(crate) struct Program {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its standard output.
    pub(crate) out: String,
    /// Its error output.
    pub(crate) err: String,
}

impl Ended {
    /// The one line of its error output.
    pub(crate) fn line(&self) -> &str {
        let line = self.err.trim_end_matches('\n');
        assert!(!line.is_empty() && !line.contains('\n'), "not one line: {self:?}");
        line
    }
}

impl Program {
    /// A program whose environment holds nothing but a token.
    pub(crate) fn new() -> Program {
        Program {
            folder: tempfile::tempdir().expect("a folder"),
            variables: vec![("DISCORD_TOKEN".to_owned(), "jeton-de-test".to_owned())],
        }
    }

    /// A program that speaks to this Discord.
    pub(crate) fn for_discord(discord: &Loopback) -> Program {
        Program::new()
            .with("DISCORD_TOKEN", &discord.token())
            .with("DISCORD_API_URL", &discord.base_url())
    }

    /// The same with a variable; empty values count as absent.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Program {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder in which it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into its folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Starts it.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Process {
        let child = Command::new(env!("CARGO_BIN_EXE_maillage"))
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        Process { child: Some(child) }
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.spawn(arguments).ended().await
    }
}

/// A binary that runs; dropped, it is killed.
pub(crate) struct Process {
    child: Option<Child>,
}

impl Process {
    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let id = self.child.as_ref().expect("the program runs").id().to_string();
        let done = Command::new("kill").args(["-TERM", &id]).status().expect("kill(1)");
        assert!(done.success());
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Waits for its end, in time.
    pub(crate) async fn ended(mut self) -> Ended {
        let mut child = self.child.take().expect("the program runs");
        let id = child.id();
        // Pipes are read while it runs, or a talkative program would wait for us.
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let reading = tokio::task::spawn_blocking(move || {
            let errors = std::thread::spawn(move || read(err));
            (read(out), errors.join().unwrap_or_default())
        });
        let waiting = tokio::task::spawn_blocking(move || child.wait());
        let limit = PATIENCE * 2;
        let Ok(status) = tokio::time::timeout(limit, waiting).await else {
            let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
            panic!("the program does not end");
        };
        let (out, err) = reading.await.expect("no panic");
        Ended {
            code: status.expect("no panic").expect("a status").code(),
            out,
            err,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read(pipe: Option<impl std::io::Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What could be read is what the test compares.
        let _ = pipe.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
