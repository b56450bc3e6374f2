//! The clients of Discord's API, and what is asked of it before the gateway: its address, who we are, where we are.
//!
//! `GET /gateway` is asked by us: when serenity fails at it, it goes to the real Discord whatever the settings say. With an
//! address of its own (`DISCORD_API_URL`), serenity's rate limiter must be off, or the address is ignored without a word;
//! without one it stays on.

use std::time::Duration;

use serde::Deserialize;
use serenity::all::ApplicationFlags;
use serenity::http::{Http, HttpBuilder};

use super::failure::{ApiFailure, Kind};

/// Longest time to reach a server.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest time for a whole request, files of 10 MiB included.
const REQUEST: Duration = Duration::from_secs(60);
/// The address of Discord's own API.
const DISCORD: &str = "https://discord.com";

/// Why the address of the gateway cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GatewayAddress {
    /// No answer, 5xx or 429: to be asked again.
    #[error("GET /gateway: {0}")]
    Later(ApiFailure),
    /// 401 or 403.
    #[error("GET /gateway is refused: {0}")]
    Refused(ApiFailure),
    /// An answer, but not that of Discord's API; or an address that is no WebSocket.
    #[error("GET /gateway gives no usable address")]
    Unusable,
}

/// The clients, made once.
#[derive(Debug, Clone)]
pub struct Clients {
    plain: reqwest::Client,
    base: Option<String>,
    token: zeroize::Zeroizing<String>,
}

impl Clients {
    /// The clients for a token, through `base` when there is one.
    ///
    /// # Errors
    /// When the TLS library cannot start.
    pub fn new(token: &str, base: Option<&str>) -> Result<Self, reqwest::Error> {
        let plain = reqwest::Client::builder()
            .use_rustls_tls()
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            // Never to another address than the one that was chosen.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            plain,
            base: base.map(ToOwned::to_owned),
            token: zeroize::Zeroizing::new(token.to_owned()),
        })
    }

    /// A client of serenity's.
    #[must_use]
    pub fn http(&self) -> Http {
        let builder = HttpBuilder::new(self.token.as_str()).client(self.plain.clone());
        match &self.base {
            Some(base) => builder.proxy(base.clone()).ratelimiter_disabled(true).build(),
            None => builder.build(),
        }
    }

    /// The address of the gateway, as this API gives it.
    ///
    /// # Errors
    /// See [`GatewayAddress`].
    pub async fn gateway_address(&self) -> Result<String, GatewayAddress> {
        #[derive(Deserialize)]
        struct Gateway {
            url: String,
        }
        let base = self.base.as_deref().unwrap_or(DISCORD);
        let answer = self
            .plain
            .get(format!("{base}/api/v10/gateway"))
            .header(reqwest::header::USER_AGENT, serenity::constants::USER_AGENT)
            .send()
            .await
            .map_err(|_| GatewayAddress::Later(ApiFailure::UNREACHABLE))?;
        let status = answer.status().as_u16();
        if !answer.status().is_success() {
            let failure = ApiFailure::of(status, None);
            return Err(match failure.kind {
                Kind::Transient => GatewayAddress::Later(failure),
                Kind::TokenRefused | Kind::Forbidden => GatewayAddress::Refused(failure),
                Kind::Missing | Kind::Invalid | Kind::LimitReached => GatewayAddress::Unusable,
            });
        }
        let gateway: Gateway = match answer.json().await {
            Ok(gateway) => gateway,
            // The connection broke in the middle of the answer.
            Err(error) if !error.is_decode() => return Err(GatewayAddress::Later(ApiFailure::UNREACHABLE)),
            Err(_) => return Err(GatewayAddress::Unusable),
        };
        if is_gateway(&gateway.url) {
            Ok(gateway.url)
        } else {
            Err(GatewayAddress::Unusable)
        }
    }
}

/// Whether an address can be that of a gateway.
fn is_gateway(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "ws" | "wss") && url.has_host())
}

/// Who the token makes us.
///
/// # Errors
/// [`Kind::TokenRefused`] for a token that Discord does not know.
pub async fn me(http: &Http) -> Result<u64, ApiFailure> {
    let user = http
        .get_current_user()
        .await
        .map_err(|error| ApiFailure::read(&error))?;
    Ok(user.id.get())
}

/// The servers where the bot is: their ids, two hundred at most.
///
/// # Errors
/// When Discord refuses, or cannot be reached.
pub async fn servers(http: &Http) -> Result<Vec<u64>, ApiFailure> {
    let servers = http
        .get_guilds(None, Some(200))
        .await
        .map_err(|error| ApiFailure::read(&error))?;
    Ok(servers.into_iter().map(|server| server.id.get()).collect())
}

/// What the developer portal says of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Application {
    /// Its id, for the invite link.
    pub id: u64,
    /// Whether anyone may invite it.
    pub public: bool,
    /// Whether «Server Members Intent» is ticked; unknown when Discord does not say.
    pub lists_members: Option<bool>,
}

/// The application that the token belongs to.
///
/// # Errors
/// When Discord refuses, or cannot be reached.
pub async fn application(http: &Http) -> Result<Application, ApiFailure> {
    let info = http
        .get_current_application_info()
        .await
        .map_err(|error| ApiFailure::read(&error))?;
    let lists_members = info.flags.map(|flags| {
        flags.intersects(ApplicationFlags::GATEWAY_GUILD_MEMBERS | ApplicationFlags::GATEWAY_GUILD_MEMBERS_LIMITED)
    });
    Ok(Application {
        id: info.id.get(),
        public: info.bot_public,
        lists_members,
    })
}

/// The permissions that the product asks for, never Administrator (product.md §17).
pub const PERMISSIONS: u64 = crate::domain::permissions::ASKED;

/// The link that invites the bot to a server with the permissions that it needs.
#[must_use]
pub fn invite_link(application: u64) -> String {
    format!(
        "{DISCORD}/oauth2/authorize?client_id={application}&scope=bot+applications.commands&permissions={PERMISSIONS}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permissions_are_those_of_the_product() {
        let bits = [0, 4, 6, 10, 11, 13, 14, 15, 16, 28, 33, 35, 36, 38, 44, 51];
        assert_eq!(bits.iter().fold(0, |sum, bit| sum | 1_u64 << bit), PERMISSIONS);
        assert_eq!(PERMISSIONS & (1 << 3), 0, "never Administrator");
        assert!(invite_link(42).contains("client_id=42&"));
    }

    #[test]
    fn a_gateway_is_a_web_socket() {
        for good in ["wss://gateway.discord.gg", "ws://127.0.0.1:8080", "wss://a.example/ws"] {
            assert!(is_gateway(good), "{good}");
        }
        for bad in [
            "",
            "https://discord.com",
            "gateway.discord.gg",
            "ws://",
            "javascript:alert(1)",
        ] {
            assert!(!is_gateway(bad), "{bad}");
        }
    }
}
