//! `maillage territoires`.

use std::path::Path;

use super::{Lines, Shown, say};
use crate::clock::Clock;
use crate::config::Settings;
use crate::run;
use crate::territories::{self, insee};
use crate::texts;
use crate::texts::host;
use crate::usecases::zoning;

/// Rebuilds the tables that are shipped, in the working directory.
///
/// # Errors
/// The line for the host.
pub(super) fn build(package: &Path, base: &Path) -> Result<(), Lines> {
    let out = base.join(territories::FOLDER);
    let report = territories::build(package, &out).map_err(|error| texts::territories::build_error(&error))?;
    say(&texts::territories::build_report(&report, &out));
    Ok(())
}

/// Loads INSEE's table, switches to its basins, re-attaches people and groups, and tells the differences.
///
/// # Errors
/// The line for the host; nothing has changed then.
pub(super) async fn import(settings: Settings, file: &Path) -> Result<(), Lines> {
    let shown = Shown::of(&settings);
    let imported = insee::read_file(file).map_err(|error| texts::territories::import_error(&error))?;
    let clock = Clock::system();
    let app = run::open(settings, clock.clone())
        .await
        .map_err(|error| shown.line(&error))?;
    let changed = zoning::adopt(&app, &imported, clock.now()).await;
    let changed = changed.map_err(|_| host::database_broken(app.store.path()))?;
    app.store.close().await;
    say(&texts::territories::import_report(&imported, &changed.coverage));
    say(&texts::territories::differences_report(
        &changed.differences,
        &changed.old,
        &changed.new,
        &changed.groups,
    ));
    if changed.declared > 0 {
        say(&host::groups_declared(changed.declared));
    }
    Ok(())
}
