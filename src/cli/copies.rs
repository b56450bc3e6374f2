//! `maillage backup` and `maillage restore`.

use std::path::Path;

use super::{Lines, Shown, say};
use crate::clock::Clock;
use crate::config::Settings;
use crate::run;
use crate::store::backup::{self, CopyError, RestoreError};
use crate::texts::host;
use crate::usecases::welcome;

/// Copies the database into a new file, beside a running bot too.
///
/// # Errors
/// The line for the host.
pub(super) async fn backup(settings: &Settings, file: &Path) -> Result<(), Lines> {
    let shown = Shown::of(settings);
    backup::copy(&settings.database, file)
        .await
        .map_err(|error| copy_line(&shown, &error, file))?;
    say(&host::backed_up(file));
    Ok(())
}

/// Puts a copy in the place of the database, which is kept, then opens it so that the schema follows.
///
/// # Errors
/// The line for the host.
pub(super) async fn restore(settings: Settings, file: &Path) -> Result<(), Lines> {
    let shown = Shown::of(&settings);
    let (database, key) = (settings.database.clone(), run::key_source(&settings));
    let stamp = Clock::system().now().format("%Y%m%d-%H%M%S").to_string();
    let kept = backup::restore(file, &database, &key, &stamp)
        .await
        .map_err(|error| match &error {
            RestoreError::Open(error) => shown.open(error),
            RestoreError::Copy(error) => copy_line(&shown, error, file),
            RestoreError::File { path, source } => host::file(path, source),
        })?;
    let app = run::open(settings, Clock::system())
        .await
        .map_err(|error| shown.line(&error))?;
    welcome::after_restore(&app)
        .await
        .map_err(|error| shown.line(&error.into()))?;
    app.store.close().await;
    say(&host::restored(&database, kept.as_deref()));
    Ok(())
}

fn copy_line(shown: &Shown, error: &CopyError, copy: &Path) -> Lines {
    match error {
        CopyError::Source(error) => shown.open(error),
        CopyError::Exists(path) => host::copy_exists(path),
        CopyError::File { path, source } => host::file(path, source),
        CopyError::Sql(_) => host::copy_broken(copy),
    }
}
