//! `maillage rekey`.

use super::{Lines, Shown, say};
use crate::clock::Clock;
use crate::config::Settings;
use crate::run;
use crate::store::rekey as keys;
use crate::texts::host;

/// Renews the keys of the database, which the bot must not hold.
///
/// # Errors
/// The line for the host.
pub(super) async fn rekey(settings: &Settings) -> Result<(), Lines> {
    let shown = Shown::of(settings);
    let source = run::key_source(settings);
    let done = keys::rekey(&settings.database, &source, Clock::system().now())
        .await
        .map_err(|error| shown.open(&error))?;
    say(&host::rekeyed(&done.key, done.kept.as_deref(), settings.key.is_some()));
    Ok(())
}
