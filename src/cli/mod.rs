//! The command line: what is asked, where the answer goes, and the exit code.
//!
//! Whatever prevents a start is one clear French line on the error output, and a code other than 0 (product.md §17). Logs of
//! the bot go to the standard output; those of the other commands, whose reports are there, to the error output.

mod check;
mod copies;
mod export;
mod import;
mod rekey;
mod territories;

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clock::Clock;
use crate::config::Settings;
use crate::run::{self, RunError};
use crate::store::keyring::KeyError;
use crate::store::suppression_file::SyncError;
use crate::store::{OpenError, migrations};
use crate::texts::{self, host};

/// What is logged unless `RUST_LOG` says otherwise. serenity prints whole payloads when one cannot be read, and its spans
/// hold bodies and tokens (discord.md §5).
const LOGS: &str = "maillage=info,serenity=warn,serenity::gateway::ws=error,poise=warn";
/// What is logged by commands whose report is all that matters.
const QUIET_LOGS: &str = "maillage=warn,serenity=error,serenity::gateway::ws=off";
/// Enough for answers to people while a report is being made, even on one core.
const THREADS: usize = 4;

#[derive(Debug, Parser)]
#[command(name = "maillage", version, about = host::ABOUT, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(about = host::RUN)]
    Run,
    #[command(about = host::CHECK)]
    Check,
    #[command(about = host::IMPORT)]
    Import {
        #[arg(help = host::IMPORT_FILE)]
        file: PathBuf,
        #[arg(long, help = host::DRY_RUN)]
        dry_run: bool,
    },
    #[command(about = host::TERRITORIES)]
    Territoires {
        #[command(subcommand)]
        what: TerritoryCommand,
    },
    #[command(about = host::BACKUP)]
    Backup {
        #[arg(help = host::BACKUP_FILE)]
        file: PathBuf,
    },
    #[command(about = host::EXPORT)]
    Export {
        #[arg(help = host::EXPORT_FOLDER)]
        folder: PathBuf,
    },
    #[command(about = host::REKEY)]
    Rekey,
    #[command(about = host::RESTORE)]
    Restore {
        #[arg(help = host::RESTORE_FILE)]
        file: PathBuf,
    },
    #[cfg(feature = "demo")]
    #[command(about = host::DEMO)]
    Demo {
        #[arg(long, help = host::DEMO_SCENARIO)]
        scenario: bool,
    },
}

#[derive(Debug, Subcommand)]
enum TerritoryCommand {
    #[command(about = host::TERRITORIES_IMPORT)]
    Importer {
        #[arg(help = host::TERRITORIES_FILE)]
        file: PathBuf,
    },
    #[command(about = host::TERRITORIES_BUILD)]
    Construire {
        #[arg(help = host::TERRITORIES_FOLDER)]
        folder: PathBuf,
    },
}

/// Lines for the error output.
pub(crate) type Lines = String;

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let threads = std::thread::available_parallelism().map_or(THREADS, |cores| cores.get().max(THREADS));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return fail(&host::machine("tokio"));
    };
    let outcome = runtime.block_on(perform(arguments.command.unwrap_or(Command::Run)));
    // A task of serenity's may never end; nothing of ours is left in it.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(lines) => fail(&lines),
    }
}

async fn perform(command: Command) -> Result<(), Lines> {
    let base = std::env::current_dir().map_err(|error| host::file(Path::new("."), &error))?;
    let env = environment(&base)?;
    let env = |name: &str| env.get(name).cloned();
    let load = |needs_token: bool| {
        let settings = if needs_token {
            Settings::load(&env, &base)
        } else {
            Settings::load_offline(&env, &base)
        };
        let settings = settings.map_err(|faults| texts::faults::lines(&faults))?;
        match settings.unserved().as_slice() {
            [] => Ok(settings),
            unserved => Err(texts::faults::lines(unserved)),
        }
    };
    match command {
        Command::Run => {
            let settings = load(true)?;
            log(settings.log_filter.as_deref(), Output::Standard);
            serve(settings).await
        }
        Command::Check => {
            log(Some(QUIET_LOGS), Output::Error);
            check::check(&env, &base).await
        }
        Command::Import { file, dry_run } => {
            let settings = load(false)?;
            log(Some(QUIET_LOGS), Output::Error);
            import::import(settings, &file, dry_run).await
        }
        Command::Territoires {
            what: TerritoryCommand::Construire { folder },
        } => territories::build(&folder, &base),
        Command::Territoires {
            what: TerritoryCommand::Importer { file },
        } => {
            let settings = load(false)?;
            log(Some(QUIET_LOGS), Output::Error);
            territories::import(settings, &file).await
        }
        Command::Backup { file } => {
            let settings = load(false)?;
            copies::backup(&settings, &file).await
        }
        Command::Export { folder } => {
            let settings = load(false)?;
            log(Some(QUIET_LOGS), Output::Error);
            export::export(&settings, &folder).await
        }
        Command::Rekey => {
            let settings = load(false)?;
            log(Some(QUIET_LOGS), Output::Error);
            rekey::rekey(&settings).await
        }
        Command::Restore { file } => {
            let settings = load(false)?;
            log(Some(QUIET_LOGS), Output::Error);
            copies::restore(settings, &file).await
        }
        // No token, no settings: what the sandbox shows must not depend on the host's.
        #[cfg(feature = "demo")]
        Command::Demo { scenario } => {
            let mut out = std::io::stdout();
            let told = if scenario {
                Box::pin(crate::demo::tell(&mut out)).await
            } else {
                Box::pin(crate::demo::sandbox::run(&mut out, asked_to_end())).await
            };
            told.map_err(|error| host::demo(&error.to_string()))
        }
    }
}

/// Runs the bot until a signal, or until it cannot go on.
async fn serve(settings: Settings) -> Result<(), Lines> {
    let shown = Shown::of(&settings);
    let shutdown = CancellationToken::new();
    let on_signal = shutdown.clone();
    tokio::spawn(async move {
        asked_to_end().await;
        tracing::info!("asked to end: finishing what runs");
        on_signal.cancel();
    });
    let running = run::start(settings, Clock::system(), shutdown)
        .await
        .map_err(|error| shown.line(&error))?;
    running.ended().await.map_err(|error| shown.line(&error))
}

/// Waits for SIGTERM or SIGINT.
async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without signals there is nothing to wait for.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The variables of the process, and those of `.env` in the working directory that the process does not have.
fn environment(base: &Path) -> Result<HashMap<String, String>, Lines> {
    let mut variables = HashMap::new();
    match dotenvy::from_path_iter(base.join(".env")) {
        Ok(entries) => {
            let mut last: Option<String> = None;
            for entry in entries {
                // The faulty line may hold the token: only the name of the one before is shown.
                let (name, value) = entry.map_err(|_| host::dotenv(last.as_deref()))?;
                last = Some(name.clone());
                variables.insert(name, value);
            }
        }
        Err(error) if error.not_found() => {}
        Err(_) => return Err(host::dotenv(None)),
    }
    for (name, value) in std::env::vars_os() {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string())
            // An empty variable says nothing, and does not hide the line of `.env`.
            && !value.trim().is_empty()
        {
            variables.insert(name, value);
        }
    }
    Ok(variables)
}

/// Where logs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Standard,
    Error,
}

/// Starts the logs. Spans are never shown: those of serenity hold bodies and tokens, at every level.
fn log(filter: Option<&str>, output: Output) {
    let writer = match output {
        Output::Standard => tracing_subscriber::fmt::writer::BoxMakeWriter::new(std::io::stdout),
        Output::Error => tracing_subscriber::fmt::writer::BoxMakeWriter::new(std::io::stderr),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(false)
        .with_filter(log_filter(filter))
        .with_filter(filter_fn(|metadata| metadata.is_event()));
    // A second start in one process keeps the first logs.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// The filter of the host over ours: a level for everything never lowers that of the libraries which print what they carry.
fn log_filter(host: Option<&str>) -> EnvFilter {
    let ours = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    match host {
        None => ours.parse_lossy(LOGS),
        Some(host) if host.contains("serenity") => ours.parse_lossy(host),
        Some(host) => ours.parse_lossy(format!("{host},serenity=warn,serenity::gateway::ws=error")),
    }
}

/// What a line about a failed start may show of the settings.
struct Shown {
    api: Option<String>,
    key: Option<PathBuf>,
    database: PathBuf,
}

impl Shown {
    fn of(settings: &Settings) -> Self {
        Self {
            api: settings.api.as_ref().map(|api| api.as_str().to_owned()),
            key: settings
                .key
                .is_none()
                .then(|| settings.database.with_file_name("maillage.key")),
            database: settings.database.clone(),
        }
    }

    /// The line for whatever prevents a start, or ends a run.
    fn line(&self, error: &RunError) -> Lines {
        match error {
            RunError::Texts(faults) => texts::faults::lines(faults),
            RunError::Territories(error) => texts::territories::load_error(error),
            RunError::Open { source, .. } => self.open(source),
            RunError::Store(_) => host::database_broken(&self.database),
            RunError::Suppressions(SyncError::File { path, source }) => host::file(path, source),
            RunError::Suppressions(SyncError::Store(_)) => host::database_broken(&self.database),
            RunError::Tls(_) | RunError::Unprepared(_) => host::no_client(),
            RunError::Metrics { address, source } => host::metrics(&address.to_string(), source.kind()),
            RunError::TokenMissing => texts::faults::lines(&[texts::faults::Fault::absent(
                texts::faults::Place::Environment,
                "DISCORD_TOKEN",
                texts::faults::expected::TOKEN,
            )]),
            RunError::TokenRefused => host::token_refused(),
            RunError::IntentsRefused => host::intents_refused(),
            RunError::ApiRefused(failure) => host::api_refused(self.api.as_deref(), failure.status),
            RunError::ApiUnusable => host::api_unusable(self.api.as_deref()),
            RunError::NoServer => host::no_server(),
            RunError::SeveralServers(count) => host::several_servers(*count),
            RunError::NotOnServer(server) => host::not_on_server(server.0),
            RunError::OtherServer { bound, asked } => host::other_server(bound.0, asked.0),
            RunError::Silent(silence) => host::silent(*silence),
            RunError::Stopped => host::stopped(),
        }
    }

    /// The line for a database that cannot be opened.
    fn open(&self, error: &OpenError) -> Lines {
        match error {
            OpenError::File { path, source } => host::file(path, source),
            OpenError::Held(path) => host::held(path),
            OpenError::NotOurs(path) => host::not_ours(path),
            OpenError::Newer(version) => host::newer(&self.database, *version, migrations::latest()),
            OpenError::Older(version) => host::older(&self.database, *version, migrations::latest()),
            OpenError::Key(KeyError::Malformed) => host::key_malformed(self.key.as_deref()),
            OpenError::Key(KeyError::Missing(path)) => host::key_missing(path),
            OpenError::Key(KeyError::Wrong) => host::key_wrong(self.key.as_deref()),
            OpenError::Key(KeyError::File { path, source }) => host::file(path, source),
            OpenError::Key(KeyError::Vault(_)) => host::key_broken(),
            OpenError::Key(KeyError::Store(_)) | OpenError::Store(_) => host::database_broken(&self.database),
        }
    }
}

/// A line for a person, on the standard output. A closed output is nobody's fault.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Lines on the error output, and the code of a failure.
fn fail(lines: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{lines}");
    ExitCode::FAILURE
}

/// Help and version are answers; anything else is a mistake, told in one line.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        say(error.to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    let found = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(found)) => Some(found.clone()),
            _ => None,
        });
    let _ = writeln!(std::io::stderr(), "{}", host::usage(found.as_deref()));
    // The code of misuse, by custom.
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_level_for_everything_leaves_the_libraries_quiet() {
        for filter in [None, Some("info"), Some("debug"), Some("trace")] {
            let text = log_filter(filter).to_string();
            assert!(
                text.contains("serenity=warn") && text.contains("serenity::gateway::ws=error"),
                "{text}"
            );
        }
        assert!(
            !log_filter(Some("serenity=debug")).to_string().contains("serenity=warn"),
            "whoever asks for it has it"
        );
    }
}
