//! `maillage demo`: a Discord on this machine, forty groups of invented people, the bot, and a page to try it all.
//!
//! In order: the loopback with its accounts; the database, in a folder of its own that goes at the end, whose past `seed`
//! writes through the use cases; the bot, started on it as by a host; the page. The bot finds spaces to build for every
//! group in formation and builds them before the visitor's eyes: the page is served as soon as commands are, and nothing
//! of Discord's limits had to be lifted for it (22 roles of 250 a day; no rename). Only delays in *real* time are shorter
//! than a host's: direct messages are not paced, registers not coalesced.
//!
//! The clock of the bot and that of the loopback are two; both run at the machine's pace from the same instant, and a jump
//! moves both, then wakes every loop.
//!
//! The national team has run `/installer` when the visitor comes, and people have begun to talk (`life`).

mod country;
mod life;
mod names;
mod seed;
mod tour;

use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc, Weekday};

use super::DemoError;
use super::play;
use super::program::{Folder, Program};
use crate::clock::Clock;
use crate::loopback::model::ChannelKind;
use crate::loopback::page::{self, Character, Jump, Moment, Newcomer, Page, Stage};
use crate::loopback::{Builder, Handle, Loopback, World, permissions};
use crate::run;
use country::TOWNS;

/// The instant at which the sandbox begins: a Saturday morning in Paris, the day before an evening of call-backs.
const START: &str = "2027-03-06T09:12:00Z";
/// How long the commands may take to appear.
const COMMANDS: Duration = Duration::from_secs(30);
/// How long the spaces are waited for before the address is printed; they go on being built afterwards.
const SPACES: Duration = Duration::from_secs(15);

/// The people of the cast: unique name, display name.
const CAMILLE: (&str, &str) = ("camille.d", "Camille Dupré");
const NADIA: (&str, &str) = ("nadia.b", "Nadia Benali");
const AWA: (&str, &str) = ("awa.m", "Awa Martin");
const NOE: (&str, &str) = ("noe.lg", "Noé Le Goff");
const INES: (&str, &str) = ("ines.f", "Inès Faure");
const YANIS: (&str, &str) = ("yanis.p", "Yanis Perrot");
/// The régions of which Awa is referent.
const REFERENTS: [&str; 1] = ["Occitanie"];
/// The role of the national team (product.md §2), and one that may manage the server, for `/installer`.
const NATIONAL: &str = "MCP national";
const MANAGER: &str = "Gestion du serveur";

const NEWCOMERS: [(&str, &str); 8] = [
    ("salome.v", "Salomé Vernet"),
    ("theo.g", "Théo Guérin"),
    ("mina.k", "Mina Kaci"),
    ("paul.r", "Paul Rey"),
    ("lola.s", "Lola Sanchez"),
    ("idris.b", "Idris Bah"),
    ("jeanne.t", "Jeanne Texier"),
    ("eliott.m", "Eliott Marin"),
];

/// A sandbox that runs. Parts are dropped in this order: the page, the bot, then what both speak to.
#[derive(Debug)]
pub struct Sandbox {
    page: Page,
    program: std::sync::Arc<Program>,
    discord: Loopback,
    _folder: Folder,
}

/// Serves the sandbox until `end`, and writes to `out` where it is.
///
/// # Errors
/// When something does not start, or the output is closed.
pub async fn run(out: &mut impl Write, end: impl Future<Output = ()>) -> Result<(), DemoError> {
    writeln!(
        out,
        "Le bac à sable se prépare : {} groupes, des personnes inventées…",
        TOWNS.len()
    )?;
    out.flush()?;
    let sandbox = Sandbox::open(page::PORT).await?;
    sandbox.spaces_built(SPACES).await;
    writeln!(
        out,
        "Ouvrez cette adresse dans un navigateur :\n\n    {}\n\nCtrl-C arrête tout ; rien n’est gardé.",
        sandbox.url()
    )?;
    out.flush()?;
    end.await;
    Ok(())
}

impl Sandbox {
    /// Builds the world, starts the bot in it, and serves the page on `port` of 127.0.0.1, or on a free one.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn open(port: u16) -> Result<Self, DemoError> {
        let begun = Instant::now();
        let start: DateTime<Utc> = START
            .parse()
            .map_err(|_| DemoError::Impossible("la date du début".to_owned()))?;
        let folder = Folder::new()?;
        let discord = Loopback::start(server(start)).await?;
        let settings = play::settings(&discord, &folder)?;
        let clock = Clock::shifted(start);
        let app = run::open(settings.clone(), clock.clone())
            .await
            .map_err(|error| DemoError::Start(Box::new(error)))?;
        let past = seed::Past {
            app: &app,
            discord: &discord,
            start,
        };
        past.write().await?;
        app.store.close().await;
        drop(app);
        tracing::info!(millis = begun.elapsed().as_millis(), "the past is written");
        // Both clocks show the same instant from here on, whatever the seeding took.
        clock.set(discord.now());
        let program = std::sync::Arc::new(Program::start(settings, clock.clone()).await?);
        let commands = |world: &World| (!world.commands.is_empty()).then_some(());
        discord
            .try_wait("the commands", COMMANDS, commands)
            .await
            .map_err(|too_long| DemoError::Stuck(too_long.what))?;
        life::begin(&discord).await;
        let stage = stage(&discord, start, clock, &program);
        let page = Page::serve(discord.handle(), stage, port).await?;
        tracing::info!(millis = begun.elapsed().as_millis(), "the page is served");
        Ok(Self {
            page,
            program,
            discord,
            _folder: folder,
        })
    }

    /// Waits until every group in formation has its space, `limit` at most; tells whether they all have.
    pub async fn spaces_built(&self, limit: Duration) -> bool {
        let wanted = country::spaces();
        let built = |world: &World| {
            let whole = |id| {
                world
                    .children(id)
                    .iter()
                    .any(|channel| !world.pins_in(channel.id).is_empty())
            };
            let categories = world.channels.values().filter(|c| c.kind == ChannelKind::Category);
            (categories.filter(|c| whole(c.id)).count() >= wanted).then_some(())
        };
        let all = self.discord.try_wait("the spaces", limit, built).await.is_ok();
        life::talk(&self.discord);
        all
    }

    /// The address to open in a browser, key included.
    #[must_use]
    pub fn url(&self) -> String {
        self.page.url()
    }

    /// Where the page is served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.page.address()
    }

    /// The key that the page's requests show.
    #[must_use]
    pub fn key(&self) -> &str {
        self.page.key()
    }

    /// The Discord under it.
    #[must_use]
    pub fn discord(&self) -> Handle {
        self.discord.handle()
    }

    /// The present of the bot, which must be that of the loopback.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.program.now()
    }
}

/// The server before the bot comes: the cast, the relays, the members with an account.
fn server(start: DateTime<Utc>) -> Builder {
    let mut builder = Builder::at(start)
        .lenient()
        .guild_name("Mouvement Constituant Populaire")
        .role(NATIONAL, 0)
        .role(MANAGER, permissions::MANAGE_GUILD)
        .category("Accueil")
        .channel("entraide")
        .channel("présentations")
        .member(NADIA.0, NADIA.1, &[NATIONAL, MANAGER])
        .member(AWA.0, AWA.1, &[])
        .member(CAMILLE.0, CAMILLE.1, &[])
        .member(NOE.0, NOE.1, &[])
        .member(INES.0, INES.1, &[])
        .person(YANIS.0, YANIS.1, |person| person.outside());
    for relay in seed::relay_accounts() {
        builder = builder.member(&relay.username(), &relay.display(), &[]);
    }
    for (rank, town) in TOWNS.iter().enumerate() {
        for (n, person) in seed::people_of(rank).iter().enumerate() {
            if seed::has_account(town, n) {
                builder = builder.member(&person.username(), &person.display(), &[]);
            }
        }
    }
    builder
}

fn character(discord: &Loopback, username: &str, role: &str, about: &str) -> Character {
    Character {
        user: discord.user(username),
        role: role.to_owned(),
        about: about.to_owned(),
    }
}

/// What the page is given.
fn stage(discord: &Loopback, start: DateTime<Utc>, clock: Clock, program: &std::sync::Arc<Program>) -> Stage {
    let of_lunel = seed::people_of(0)[0].username();
    let of_nimes = seed::people_of(1)[0].username();
    let cast = vec![
        character(
            discord,
            CAMILLE.0,
            "Relai local, Lunel",
            "Appelle les inscrits de Lunel et valide leur participation.",
        ),
        character(
            discord,
            AWA.0,
            "Référent régional, Occitanie",
            "Suit les groupes de sa région et nomme les relais.",
        ),
        character(
            discord,
            NADIA.0,
            "Équipe nationale",
            "Voit tout le maillage, importe les inscrits, nomme les référents.",
        ),
        character(
            discord,
            NOE.0,
            "Relai local, Nîmes",
            "Un groupe de 21 membres, avec son espace et ses statuts.",
        ),
        character(
            discord,
            &of_nimes,
            "Membre validé, Nîmes",
            "Lit le registre et les documents de son groupe.",
        ),
        character(
            discord,
            &of_lunel,
            "Membre validé, Lunel",
            "Attend le cinquième membre, et l’espace du groupe.",
        ),
        character(
            discord,
            INES.0,
            "Sur le serveur, sans groupe",
            "Ne voit aucun espace de groupe.",
        ),
        character(
            discord,
            YANIS.0,
            "Hors du serveur",
            "Ne voit rien, tant qu’il n’a pas rejoint le serveur.",
        ),
    ];
    let newcomers = NEWCOMERS
        .iter()
        .map(|(username, display)| Newcomer {
            username: (*username).to_owned(),
            display: (*display).to_owned(),
            role: "Nouvelle personne".to_owned(),
            about: "Vient d’arriver sur le serveur.".to_owned(),
        })
        .collect();
    let evening = Jump::Next(Weekday::Sun, 18);
    let moment = |label: &str, jump| Moment {
        label: label.to_owned(),
        jump,
    };
    let moments = vec![
        moment("Avancer d’une heure", Jump::By(TimeDelta::hours(1))),
        moment("Avancer d’un jour", Jump::By(TimeDelta::days(1))),
        moment("Aller à dimanche 18\u{a0}h", evening),
        moment("Aller à lundi 20\u{a0}h", Jump::Next(Weekday::Mon, 20)),
    ];
    let (handle, bot) = (discord.handle(), std::sync::Arc::downgrade(program));
    Stage {
        title: "Bac à sable du maillage".to_owned(),
        cast,
        newcomers,
        moments,
        tour: tour::tour(discord, evening.from(start)),
        moved: Box::new(move |_| {
            clock.set(handle.now());
            // The page outlives a bot that is being stopped by an instant.
            if let Some(bot) = bot.upgrade() {
                bot.wake();
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_accounts_bear_the_same_name() {
        let relays = seed::relay_accounts().into_iter().map(|relay| relay.username());
        let members = (0..TOWNS.len())
            .flat_map(seed::people_of)
            .map(|person| person.username());
        let cast = [CAMILLE, NADIA, AWA, NOE, INES, YANIS].map(|(username, _)| username.to_owned());
        let newcomers = NEWCOMERS.map(|(username, _)| username.to_owned());
        let all: Vec<String> = relays.chain(members).chain(cast).chain(newcomers).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
