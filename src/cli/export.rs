//! `maillage export`: the files of `/exporter`, from a shell, beside a running bot too (product.md §17).

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Lines, Shown, say};
use crate::clock::Clock;
use crate::config::Settings;
use crate::run::{self, RunError};
use crate::store::{Tx, beside, private_options};
use crate::territories;
use crate::texts::host;
use crate::usecases::export::{Pages, What};
use crate::usecases::zoning;

/// Writes every export into a folder, which is made when it is not there. Nothing is overwritten; files belong to the host
/// alone (0600). The database is only read: no line of the journal tells of it, as none tells of a copy of the file.
///
/// # Errors
/// The line for the host.
pub(super) async fn export(settings: &Settings, folder: &Path) -> Result<(), Lines> {
    let shown = Shown::of(settings);
    let atlas = territories::load(&settings.territories_dir())
        .map_err(|error| crate::texts::territories::load_error(&error))?;
    let mut tx = beside::view(&settings.database, &run::key_source(settings))
        .await
        .map_err(|error| shown.open(&error))?;
    let store = |error| shown.line(&RunError::Store(error));
    let atlas = zoning::in_force(&mut tx, atlas).await.map_err(store)?;
    make(folder).map_err(|error| host::file(folder, &error))?;
    let now = Clock::system().now();
    let mut names = Vec::new();
    for what in What::ALL {
        let path = folder.join(format!("{}.csv", what.file_name(now)));
        let rows = write(&mut tx, &atlas, what, &path)
            .await
            .map_err(|failure| match failure {
                Failed::Store(error) => store(error),
                Failed::Exists => host::copy_exists(&path),
                Failed::File(error) => host::file(&path, &error),
            })?;
        names.push((path, rows));
    }
    for (path, rows) in &names {
        say(&host::exported(path, *rows));
    }
    say(host::exported_with_care());
    Ok(())
}

enum Failed {
    Store(crate::store::StoreError),
    Exists,
    File(std::io::Error),
}

async fn write(
    tx: &mut Tx,
    atlas: &crate::domain::territory::Atlas,
    what: What,
    path: &PathBuf,
) -> Result<u64, Failed> {
    let mut file: File = private_options()
        .create_new(true)
        .open(path)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failed::Exists,
            _ => Failed::File(error),
        })?;
    file.write_all(&what.header()).map_err(Failed::File)?;
    let mut pages = Pages::new(what);
    while let Some(lines) = pages.next(tx, atlas).await.map_err(Failed::Store)? {
        file.write_all(&lines).map_err(Failed::File)?;
    }
    file.sync_all().map_err(Failed::File)?;
    Ok(pages.rows)
}

/// Makes the folder, closed to others.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}
