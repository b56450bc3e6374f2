//! What is asked of Discord before the gateway: where it is, whether our token is known, which server is ours.

use std::future::Future;

use serenity::http::Http;
use tokio_util::sync::CancellationToken;

use super::RunError;
use crate::discord::client::{self, Clients, GatewayAddress};
use crate::discord::failure::{ApiFailure, Kind};
use crate::domain::ids::GuildId;
use crate::store::meta::{self, Fact};
use crate::supervisor::Backoff;
use crate::usecases::App;

/// The address of the gateway, asked for as long as nothing but time is needed; `None` when asked to end meanwhile.
///
/// # Errors
/// 401, 403, or an address that is not that of Discord's API: it never falls back to another one (product.md §17).
pub(super) async fn gateway_address(
    app: &App,
    clients: &Clients,
    shutdown: &CancellationToken,
) -> Result<Option<String>, RunError> {
    let asked = insist(app, shutdown, "GET /gateway", || async {
        match clients.gateway_address().await {
            Ok(address) => Ok(Ok(address)),
            Err(GatewayAddress::Later(failure)) => Err(failure),
            Err(other) => Ok(Err(other)),
        }
    });
    match asked.await {
        Asked::Ended => Ok(None),
        Asked::Answered(Ok(address)) => Ok(Some(address)),
        Asked::Answered(Err(GatewayAddress::Refused(failure) | GatewayAddress::Later(failure)))
        | Asked::Failed(failure) => Err(RunError::ApiRefused(failure)),
        Asked::Answered(Err(GatewayAddress::Unusable)) => Err(RunError::ApiUnusable),
    }
}

/// Checks the token and finds the server; `None` when asked to end meanwhile.
///
/// # Errors
/// An unknown token; no server, or several without a choice; another server than that of the database.
pub(super) async fn server(app: &App, http: &Http, shutdown: &CancellationToken) -> Result<Option<()>, RunError> {
    match insist(app, shutdown, "GET /users/@me", || client::me(http)).await {
        Asked::Ended => return Ok(None),
        Asked::Answered(_) => {}
        Asked::Failed(failure) => forgive(failure)?,
    }
    match insist(app, shutdown, "GET /users/@me/guilds", || client::servers(http)).await {
        Asked::Ended => return Ok(None),
        Asked::Answered(servers) => bind(app, &servers).await?,
        // The gateway will say where we are.
        Asked::Failed(failure) => forgive(failure)?,
    }
    Ok(Some(()))
}

/// Stops at a refusal of the token; anything else may be a proxy that knows fewer routes, and the gateway decides.
fn forgive(failure: ApiFailure) -> Result<(), RunError> {
    match failure.kind {
        Kind::TokenRefused => Err(RunError::TokenRefused),
        Kind::Forbidden => Err(RunError::ApiRefused(failure)),
        Kind::Transient | Kind::Missing | Kind::Invalid | Kind::LimitReached => {
            tracing::warn!(error = %failure, "an unexpected answer; going on");
            Ok(())
        }
    }
}

/// Binds the process, and at the first start the database, to its server among those where the bot is (product.md §2).
///
/// # Errors
/// See [`choose`]; when the database fails.
pub(super) async fn bind(app: &App, servers: &[u64]) -> Result<(), RunError> {
    let mut tx = app.store.write().await?;
    let bound = meta::snowflake(&mut tx, Fact::Guild).await?;
    let server = match choose(bound, app.settings.guild, servers) {
        Ok(server) => server,
        Err(error) => {
            // Discord forgets the commands of a bot that is removed: they are registered anew if it comes back.
            meta::forget(&mut tx, Fact::Commands).await?;
            tx.commit_quietly().await?;
            return Err(error);
        }
    };
    if bound.is_none() {
        meta::set(&mut tx, Fact::Guild, &server.to_string()).await?;
        tx.commit_quietly().await?;
        tracing::info!(guild.id = server, "bound to this server from now on");
    }
    app.bind(GuildId(server));
    Ok(())
}

/// Which server is ours.
fn choose(bound: Option<u64>, asked: Option<u64>, servers: &[u64]) -> Result<u64, RunError> {
    if let (Some(bound), Some(asked)) = (bound, asked)
        && bound != asked
    {
        return Err(RunError::OtherServer {
            bound: GuildId(bound),
            asked: GuildId(asked),
        });
    }
    match (bound.or(asked), servers) {
        (Some(server), _) if servers.contains(&server) => Ok(server),
        (Some(server), _) => Err(RunError::NotOnServer(GuildId(server))),
        (None, []) => Err(RunError::NoServer),
        (None, [only]) => Ok(*only),
        (None, several) => Err(RunError::SeveralServers(several.len())),
    }
}

/// How an insistent question ended.
enum Asked<T> {
    /// With an answer.
    Answered(T),
    /// With a failure that time will not mend.
    Failed(ApiFailure),
    /// The process is to end.
    Ended,
}

/// Asks again, at a growing delay of five minutes at most, while the failure may pass.
async fn insist<T, F>(app: &App, shutdown: &CancellationToken, what: &'static str, ask: impl Fn() -> F) -> Asked<T>
where
    F: Future<Output = Result<T, ApiFailure>>,
{
    let mut backoff = Backoff::new(app.settings.retry);
    loop {
        let answer = tokio::select! {
            () = shutdown.cancelled() => return Asked::Ended,
            answer = ask() => answer,
        };
        let failure = match answer {
            Ok(answer) => return Asked::Answered(answer),
            Err(failure) if !failure.is_transient() => return Asked::Failed(failure),
            Err(failure) => failure,
        };
        let delay = backoff.grow();
        tracing::warn!(request = what, error = %failure, retry.seconds = delay.as_secs(), "Discord does not answer");
        tokio::select! {
            () = shutdown.cancelled() => return Asked::Ended,
            () = tokio::time::sleep(delay) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_the_bound_one_the_chosen_one_or_the_only_one() {
        assert!(matches!(choose(None, None, &[7]), Ok(7)));
        assert!(matches!(choose(None, Some(8), &[7, 8]), Ok(8)));
        assert!(matches!(choose(Some(7), None, &[7, 8]), Ok(7)));
        assert!(matches!(choose(Some(7), Some(7), &[7]), Ok(7)));
    }

    #[test]
    fn what_cannot_be_chosen_is_told() {
        assert!(matches!(choose(None, None, &[]), Err(RunError::NoServer)));
        assert!(matches!(choose(None, None, &[7, 8]), Err(RunError::SeveralServers(2))));
        assert!(matches!(
            choose(None, Some(9), &[7, 8]),
            Err(RunError::NotOnServer(GuildId(9)))
        ));
        assert!(matches!(
            choose(Some(7), None, &[8]),
            Err(RunError::NotOnServer(GuildId(7)))
        ));
        let other = choose(Some(7), Some(8), &[7, 8]);
        assert!(matches!(
            other,
            Err(RunError::OtherServer {
                bound: GuildId(7),
                asked: GuildId(8)
            })
        ));
    }
}
