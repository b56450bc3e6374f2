//! Typed settings: defaults, then `config/maillage.toml`, then the environment (product.md §17).
//!
//! [`Settings::load`] is given the environment as a function and the working directory as a path, so that it is tested
//! without touching those of the process. It collects **all** faults, each one French line that says where, which, what
//! was found and what is expected; unknown names are refused, with the nearest known one.
//!
//! Every setting of the file can be given by a variable too: `MAILLAGE_`, the section, `_`, the key, in capitals
//! (`MAILLAGE_ECHELLE_ACP=8`; lists are parted by commas). Only the table `[salons.remontees]` has no variable. An empty
//! variable counts as absent, so that a copied `.env.example` works as it is.
//!
//! Secrets are wiped when dropped and are never shown: neither by `Debug`, nor in a fault.

mod facts;
mod read;
mod reader;
mod sections;

use std::fmt;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use url::Url;
use zeroize::Zeroizing;

use crate::texts::faults::{Fault, Place, expected, file};
use reader::{Env, Reader, Source};

pub use sections::{
    BackupSettings, CallSettings, ChannelSettings, DataSettings, DirectMessageSettings, FeedSettings, LadderSettings,
    Layout, LinkSettings, MeetingSettings, OperationSettings, QuestionSettings, RegisterSettings, ReportSettings,
    RetrySettings, RoleSettings, SpaceSettings, Tunables, ValidationSettings, VoteSettings, WatchSettings,
};

/// The settings file that is read when `MAILLAGE_CONFIG` names no other.
pub const DEFAULT_FILE: &str = "config/maillage.toml";

/// The database that is used when `DATABASE_URL` names no other, in the working directory.
pub const DEFAULT_DATABASE: &str = "maillage.db";

/// The shipped settings file: what it holds is what is used without it, as a test holds.
const SHIPPED: &str = include_str!("../../config/maillage.toml");

/// The variables that change how the program runs and are no settings of the file.
const VARIABLES: [&str; 7] = [
    "DISCORD_API_URL",
    "DISCORD_GUILD_ID",
    "DATABASE_URL",
    "MAILLAGE_CONFIG",
    "MAILLAGE_KEY",
    "METRICS_ADDR",
    "RUST_LOG",
];

/// The token of the bot. Neither `Debug` nor a fault shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Takes a token as typed. None when it is empty or cannot be one: spaces, line breaks, accents.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_sane = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_sane.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The token itself, for the client of Discord only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The master key of `MAILLAGE_KEY` (product.md §16). Neither `Debug` nor a fault shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Takes 32 bytes in base64, with or without padding. None for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const BASE64: GeneralPurpose = GeneralPurpose::new(
            &alphabet::STANDARD,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let bytes = Zeroizing::new(BASE64.decode(text.trim()).ok()?);
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(&bytes);
        Some(Self(key))
    }

    /// The key itself, for the vault only.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Where REST calls go instead of Discord (`DISCORD_API_URL`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiBase(Url);

impl ApiBase {
    /// Takes an `http` or `https` address with neither credentials, query nor fragment.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let is_base = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        is_base.then_some(Self(url))
    }

    /// The address without a slash at its end, ready for `/api/v10/…` to follow.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether an address has the scheme, host and port of this base: attachments are fetched from there only
    /// (product.md §17).
    #[must_use]
    pub fn is_origin_of(&self, other: &Url) -> bool {
        self.0.origin() == other.origin()
    }
}

/// All settings of the process. Those of the file are reached directly: `settings.ladder`, `settings.votes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `DISCORD_TOKEN`. Always there after [`Settings::load`].
    pub token: Option<Token>,
    /// `DISCORD_API_URL`; Discord itself when absent.
    pub api: Option<ApiBase>,
    /// `DISCORD_GUILD_ID`; the only server of the bot when absent.
    pub guild: Option<u64>,
    /// `DATABASE_URL` as a path, within the working directory when relative.
    pub database: PathBuf,
    /// `MAILLAGE_KEY`; the file `maillage.key` beside the database when absent.
    pub key: Option<MasterKey>,
    /// `METRICS_ADDR`; no measures are served when absent.
    pub metrics: Option<SocketAddr>,
    /// `RUST_LOG`, already checked; the usual filter when absent.
    pub log_filter: Option<String>,
    /// The working directory: `config/textes` and `config/territoires` are looked for here.
    pub base: PathBuf,
    /// The settings file that was read, if any.
    pub file: Option<PathBuf>,
    /// The names of the settings that differ from the shipped ones, wherever they were given; never their values.
    pub overrides: Vec<String>,
    /// What the file can change.
    pub tunables: Tunables,
}

impl Deref for Settings {
    type Target = Tunables;

    fn deref(&self) -> &Tunables {
        &self.tunables
    }
}

impl Settings {
    /// The settings of a bot that will connect: `DISCORD_TOKEN` must be there.
    ///
    /// `env` gives the value of a variable, `base` is the working directory.
    ///
    /// # Errors
    /// All faults together, each one French line.
    pub fn load(env: &dyn Fn(&str) -> Option<String>, base: &Path) -> Result<Self, Vec<Fault>> {
        Self::read(env, base, true)
    }

    /// The settings of a command that stays on this machine (`import`, `backup`, `restore`, `export`, `demo`): the token
    /// may be absent.
    ///
    /// # Errors
    /// All faults together, each one French line.
    pub fn load_offline(env: &dyn Fn(&str) -> Option<String>, base: &Path) -> Result<Self, Vec<Fault>> {
        Self::read(env, base, false)
    }

    /// The settings that this version reads but does not yet serve. A host who counts on one (a layout for hundreds of
    /// groups) must learn it at the start, not from what does not happen.
    #[must_use]
    pub fn unserved(&self) -> Vec<Fault> {
        let place = || {
            self.file
                .as_ref()
                .map_or(Place::Environment, |file| Place::file(file.display().to_string()))
        };
        let asked = [(self.space.layout == Layout::Dense, place(), file::DENSE)];
        asked
            .into_iter()
            .filter(|(asked, ..)| *asked)
            .map(|(_, place, words)| Fault::free(place, words))
            .collect()
    }

    /// The folder whose files take the place of the embedded texts.
    #[must_use]
    pub fn texts_dir(&self) -> PathBuf {
        self.base.join("config/textes")
    }

    /// The folder whose files take the place of the embedded territories.
    #[must_use]
    pub fn territories_dir(&self) -> PathBuf {
        self.base.join("config/territoires")
    }

    /// The folder of the nightly backups: as written when absolute, else beside the database.
    #[must_use]
    pub fn backups_dir(&self) -> PathBuf {
        self.database
            .parent()
            .unwrap_or(&self.base)
            .join(&self.tunables.backups.folder)
    }

    fn read(env: Env<'_>, base: &Path, needs_token: bool) -> Result<Self, Vec<Fault>> {
        // An empty line of `.env` says nothing.
        let env = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        let mut faults = Vec::new();
        let mut settings = Self {
            token: variable(
                &env,
                "DISCORD_TOKEN",
                Shown::No(expected::TOKEN),
                &mut faults,
                Token::parse,
            ),
            api: variable(
                &env,
                "DISCORD_API_URL",
                Shown::No(expected::API),
                &mut faults,
                ApiBase::parse,
            ),
            guild: variable(
                &env,
                "DISCORD_GUILD_ID",
                Shown::Yes(expected::SNOWFLAKE),
                &mut faults,
                reader::snowflake,
            ),
            // The address of a database server may hold a password: it is not shown.
            database: variable(
                &env,
                "DATABASE_URL",
                Shown::No(expected::DATABASE),
                &mut faults,
                database_path,
            )
            .map_or_else(|| base.join(DEFAULT_DATABASE), |path| base.join(path)),
            key: variable(
                &env,
                "MAILLAGE_KEY",
                Shown::No(expected::KEY),
                &mut faults,
                MasterKey::parse,
            ),
            metrics: variable(
                &env,
                "METRICS_ADDR",
                Shown::Yes(expected::SOCKET),
                &mut faults,
                |text| text.trim().parse().ok(),
            ),
            log_filter: variable(
                &env,
                "RUST_LOG",
                Shown::Yes(expected::LOG_FILTER),
                &mut faults,
                |text| {
                    tracing_subscriber::EnvFilter::try_new(text)
                        .ok()
                        .map(|_| text.to_owned())
                },
            ),
            base: base.to_owned(),
            file: None,
            overrides: Vec::new(),
            tunables: Tunables::default(),
        };
        if needs_token && env("DISCORD_TOKEN").is_none() {
            faults.insert(0, Fault::absent(Place::Environment, "DISCORD_TOKEN", expected::TOKEN));
        }

        let named = env("MAILLAGE_CONFIG");
        let path = named.as_deref().map_or(DEFAULT_FILE, str::trim);
        let text = match std::fs::read_to_string(base.join(path)) {
            Ok(text) => {
                settings.file = Some(base.join(path));
                text
            }
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                let found = file::unreadable(path, error.kind());
                let fault = match named {
                    Some(_) => Fault::free(Place::Environment, file::named(&found)),
                    None => Fault::free(Place::file(path), found),
                };
                faults.push(fault);
                String::new()
            }
        };
        let source = Source::parse(path, &text, &mut faults);
        let mut reader = Reader::new(&env, &source, faults);
        settings.tunables = Tunables::read(&mut reader);
        reader.refuse_unknown();
        settings.overrides = VARIABLES
            .iter()
            .filter(|name| env(name).is_some())
            .map(|name| (*name).to_owned())
            .collect();
        settings.overrides.extend(reader.overrides(SHIPPED));
        if reader.faults.is_empty() {
            Ok(settings)
        } else {
            Err(reader.faults)
        }
    }
}

/// Whether a fault may show the value, with the words for what is expected.
#[derive(Clone, Copy)]
enum Shown {
    Yes(&'static str),
    No(&'static str),
}

fn variable<T>(
    env: Env<'_>,
    name: &str,
    shown: Shown,
    faults: &mut Vec<Fault>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let value = env(name)?;
    let parsed = parse(&value);
    if parsed.is_none() {
        faults.push(match shown {
            Shown::Yes(expected) => Fault::value(Place::Environment, name, value.trim(), expected),
            Shown::No(expected) => Fault::hidden(Place::Environment, name, expected),
        });
    }
    parsed
}

/// The path of `sqlite://maillage.db`, `sqlite:maillage.db` or `sqlite:///srv/maillage/maillage.db`. A database in
/// memory would lose everything at the first restart: it is refused, as is any other kind of database.
fn database_path(url: &str) -> Option<PathBuf> {
    let path = url.trim().strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    // Habitual in examples of sqlx, and what happens anyway: the file is created when absent.
    let path = path.strip_suffix("?mode=rwc").unwrap_or(path);
    let is_file = !path.is_empty() && !path.contains(['?', '\0']) && !path.contains(":memory:") && !path.ends_with('/');
    is_file.then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests;
