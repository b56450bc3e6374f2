//! `maillage check`: what the host can verify before a start, beside a running bot too.

use std::path::Path;

use base64::Engine as _;

use super::{Lines, Shown, say};
use crate::config::Settings;
use crate::discord::client::{self, Clients};
use crate::discord::failure::Kind;
use crate::run::{self, RunError};
use crate::store::backup;
use crate::territories;
use crate::texts::templates::Texts;
use crate::texts::{self, host};

/// Checks everything that can be, and tells all that is wrong on this machine together; Discord is asked once it is all well.
///
/// # Errors
/// The lines for the host.
pub(super) async fn check(env: &dyn Fn(&str) -> Option<String>, base: &Path) -> Result<(), Lines> {
    let mut wrong: Vec<Lines> = Vec::new();
    let settings = match Settings::load(env, base) {
        Ok(settings) => {
            wrong.extend(settings.unserved().iter().map(ToString::to_string));
            say(&host::check_settings(settings.file.as_deref()));
            Some(settings)
        }
        Err(faults) => {
            wrong.push(texts::faults::lines(&faults));
            None
        }
    };
    // Texts and tables are where they are, whatever the settings say.
    let folders = Settings {
        base: base.to_owned(),
        ..Settings::default()
    };
    let texts = Texts::load(Some(&folders.texts_dir())).map_err(|faults| texts::faults::lines(&faults));
    let atlas = territories::load(&folders.territories_dir()).map_err(|error| texts::territories::load_error(&error));
    match (texts, atlas) {
        (Ok(_), Ok(atlas)) => say(&host::check_texts(atlas.territories().len())),
        (texts, atlas) => wrong.extend([texts.err(), atlas.err()].into_iter().flatten()),
    }
    if let Some(settings) = &settings
        && let Err(lines) = database(settings).await
    {
        wrong.push(lines);
    }
    match settings {
        Some(settings) if wrong.is_empty() => discord(&settings, &Shown::of(&settings)).await,
        _ => Err(wrong.join("\n")),
    }
}

/// Looks at the database and its key, without changing either.
async fn database(settings: &Settings) -> Result<(), Lines> {
    if !settings.database.exists() {
        say(&host::check_no_database(&settings.database));
        return Ok(());
    }
    let inspection = backup::inspect(&settings.database, &run::key_source(settings))
        .await
        .map_err(|error| Shown::of(settings).open(&error))?;
    say(&host::check_database(
        &settings.database,
        inspection.version,
        inspection.size,
    ));
    Ok(())
}

/// What Discord says of the token, the application and the servers; when it does not answer, that is told and forgiven.
async fn discord(settings: &Settings, shown: &Shown) -> Result<(), Lines> {
    let Some(token) = &settings.token else {
        return Err(shown.line(&RunError::TokenMissing));
    };
    let clients = Clients::new(
        token.expose(),
        settings.api.as_ref().map(crate::config::ApiBase::as_str),
    )
    .map_err(|error| shown.line(&RunError::Tls(error)))?;
    let http = clients.http();
    let application = match client::application(&http).await {
        Ok(application) => application,
        Err(failure) if failure.kind == Kind::TokenRefused => return Err(shown.line(&RunError::TokenRefused)),
        Err(_) => {
            say(&host::check_unreachable());
            if let Some(id) = account(token.expose()) {
                say(&host::check_invite(&client::invite_link(id)));
            }
            return Ok(());
        }
    };
    say(&host::check_token());
    if application.public {
        say(&host::check_public());
    }
    if application.lists_members == Some(false) {
        say(&host::check_intents());
    }
    say(&host::check_invite(&client::invite_link(application.id)));
    if let Ok(servers) = client::servers(&http).await {
        match (settings.guild, servers.as_slice()) {
            (Some(asked), servers) if !servers.contains(&asked) => return Err(host::not_on_server(asked)),
            (Some(server), _) => say(&host::check_server(server)),
            (None, [server]) => say(&host::check_server(*server)),
            (None, []) => return Err(host::no_server()),
            (None, several) => return Err(host::several_servers(several.len())),
        }
    }
    Ok(())
}

/// The account that a token belongs to: its first part is the id, in base64. For bots it is the application's id too.
fn account(token: &str) -> Option<u64> {
    let part = token.split('.').next()?;
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(part.trim_end_matches('='))
        .ok()?;
    std::str::from_utf8(&bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_its_account() {
        assert_eq!(
            account("MTIzNDU2Nzg5MDEyMzQ1Njc4.abc.def"),
            Some(123_456_789_012_345_678)
        );
        assert_eq!(account("rien"), None);
    }
}
