//! `maillage territoires`.

use std::path::Path;

use super::{Lines, say};
use crate::territories;
use crate::texts;

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
