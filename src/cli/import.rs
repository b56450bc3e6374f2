//! `maillage import`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::{Lines, Shown, say};
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::import::Progress;
use crate::domain::signup_file::{FileError, MAX_UNPACKED_BYTES};
use crate::error::Failure;
use crate::run;
use crate::store::private_options;
use crate::texts::{self, host};
use crate::usecases::import::{self, Rejected};

/// Imports a file of sign-ups, or says what that would do. Rejected lines are written beside the file.
///
/// # Errors
/// The line for the host.
pub(super) async fn import(settings: Settings, file: &Path, dry_run: bool) -> Result<(), Lines> {
    let shown = Shown::of(&settings);
    let bytes = read(file)?;
    let clock = Clock::system();
    let app = run::open(settings, clock.clone())
        .await
        .map_err(|error| shown.line(&error))?;
    let broken = |failure: Failure| match failure {
        Failure::User(refusal) => texts::imports::host_refusal(&refusal.text),
        Failure::Internal(_) => host::database_broken(app.store.path()),
    };
    let (report, rejected) = if dry_run {
        let seen = import::dry_run(&app, bytes).await.map_err(broken)?;
        (
            texts::imports::host_dry_run(&seen.counts, &seen.possible),
            seen.rejected,
        )
    } else {
        let (progress, _) = watch::channel(Progress::default());
        let done = import::apply(&app, None, bytes, clock.now(), &progress)
            .await
            .map_err(broken)?;
        (
            texts::imports::host_applied(&done.counts, &done.possible),
            done.rejected,
        )
    };
    app.store.close().await;
    say(&report);
    if let Some(rejected) = rejected {
        let path = write_rejected(file, &rejected)?;
        say(&texts::imports::host_rejected(&path));
    }
    Ok(())
}

/// The file, compressed or not: larger ones are refused before they are read.
fn read(file: &Path) -> Result<Vec<u8>, Lines> {
    let told = |error: std::io::Error| host::file(file, &error);
    let size = std::fs::metadata(file).map_err(told)?.len();
    if size > MAX_UNPACKED_BYTES {
        let error = FileError::TooLarge {
            limit: MAX_UNPACKED_BYTES,
        };
        let reason = texts::import::file_error(&error, str::to_owned);
        return Err(texts::imports::host_refusal(&texts::imports::unreadable(&reason)));
    }
    std::fs::read(file).map_err(told)
}

/// Writes the rejected lines beside the file, readable by its owner only: they hold what was typed.
fn write_rejected(file: &Path, rejected: &Rejected) -> Result<PathBuf, Lines> {
    let path = file.with_extension("rejets.csv");
    let written = private_options()
        .create(true)
        .truncate(true)
        .open(&path)
        .and_then(|mut out| out.write_all(&rejected.csv));
    written.map_err(|error| host::file(&path, &error))?;
    Ok(path)
}
