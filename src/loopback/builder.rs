//! The world before it starts: one server with a bot, and whatever a test adds to it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::calls::Call;
use super::faults::FaultState;
use super::gateway::{Sessions, intents};
use super::limits::Limits;
use super::model::{ChannelKind, Guild, Member, Overwrite, Role, User};
use super::permissions as perm;
use super::snowflake::{Id, Snowflakes, WorldClock};
use super::world::{Bot, ChannelSpec, World};

/// The permissions that the bot asks for (discord.md §3); @everyone's come on top.
pub const BOT_PERMISSIONS: u64 = 2_269_778_815_347_793;

/// How strict or slow this Discord is.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Time for the first answer to an interaction, real time.
    pub(super) answer_limit: Duration,
    pub(super) heartbeat: Duration,
    pub(super) identify_limit: usize,
    /// New direct conversations per window before 40003.
    pub(super) dm_limit: Option<(usize, TimeDelta)>,
    /// 50 requests a second over all routes.
    pub(super) global_limit: bool,
    /// Violations do not make the end of the loopback panic.
    pub(super) lenient: bool,
    pub(super) port: u16,
}

/// Describes the world at its start. Names are the way to find things again: [`super::Handle::role`],
/// [`super::Handle::channel`], [`super::Handle::user`].
pub struct Builder {
    pub(super) world: World,
    bot_role_position: Option<i64>,
    bot_permissions: u64,
    last_category: Option<Id>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// A server «MCP» owned by an account of its own, a bot with its managed role above all others and the
    /// permissions that the product asks for, one channel «général» that everyone sees, all privileged intents on.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(WorldClock::default())
    }

    /// As [`Builder::new`], in a world whose present is `at`, past or future: a story told at a date that real time has
    /// overtaken keeps its date.
    #[must_use]
    pub fn at(at: DateTime<Utc>) -> Self {
        Self::with_clock(WorldClock::showing(at))
    }

    fn with_clock(clock: WorldClock) -> Self {
        let bot = Bot {
            user_id: 0,
            application_id: 0,
            token: "MTIzNDU2Nzg5MDEyMzQ1Njc4.loopback.token-of-the-bot-under-test".into(),
            public: false,
            privileged_intents: intents::PRIVILEGED,
        };
        let settings = Settings {
            answer_limit: Duration::from_secs(3),
            heartbeat: Duration::from_millis(41_250),
            identify_limit: 1000,
            dm_limit: None,
            global_limit: false,
            lenient: false,
            port: 0,
        };
        let mut world = World {
            clock,
            users: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            ephemerals: BTreeMap::new(),
            attachments: BTreeMap::new(),
            invites: BTreeMap::new(),
            commands: Vec::new(),
            bot,
            main_guild: 0,
            settings,
            base_url: String::new(),
            ids: Snowflakes::default(),
            sessions: Sessions::default(),
            interactions: BTreeMap::new(),
            tokens: HashMap::new(),
            limits: Limits::default(),
            faults: FaultState::default(),
            calls: Vec::<Call>::new(),
            violations: Vec::new(),
            echoes: 1,
        };
        let bot_id = world.next_id();
        world.bot.user_id = bot_id;
        world.bot.application_id = bot_id;
        world.add_user(User {
            id: bot_id,
            username: "maillage".into(),
            global_name: None,
            bot: true,
            dms_closed: false,
        });
        let mut builder = Self {
            world,
            bot_role_position: None,
            bot_permissions: BOT_PERMISSIONS,
            last_category: None,
        };
        builder.world.main_guild = builder.new_guild("MCP");
        builder.channel("général")
    }

    fn new_guild(&mut self, name: &str) -> Id {
        let world = &mut self.world;
        let (owner, guild_id, role_id) = (world.next_id(), world.next_id(), world.next_id());
        let now = world.now();
        let bot = world.bot.user_id;
        world.add_user(User {
            id: owner,
            username: format!(
                "proprietaire{}",
                if world.guilds.is_empty() {
                    String::new()
                } else {
                    guild_id.to_string()
                }
            ),
            global_name: Some("Propriétaire".into()),
            bot: false,
            dms_closed: false,
        });
        let mut guild = Guild::new(guild_id, name, owner);
        guild
            .roles
            .insert(guild_id, Role::new(guild_id, "@everyone", perm::EVERYONE_DEFAULT, 0));
        let mut managed = Role::new(role_id, "maillage", self.bot_permissions, 1);
        managed.managed = true;
        managed.bot_id = Some(bot);
        guild.roles.insert(role_id, managed);
        guild.members.insert(owner, Member::new(owner, &[], now));
        guild.members.insert(bot, Member::new(bot, &[role_id], now));
        world.guilds.insert(guild_id, guild);
        guild_id
    }

    fn guild(&mut self) -> &mut Guild {
        let id = self.world.main_guild;
        self.world.guilds.entry(id).or_insert_with(|| Guild::new(id, "MCP", 0))
    }

    /// Names the server.
    #[must_use]
    pub fn guild_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.guild().name);
        self
    }

    /// Adds a second server in which the bot is too.
    #[must_use]
    pub fn other_guild(mut self, name: &str) -> Self {
        let id = self.new_guild(name);
        self.world
            .create_channel(id, ChannelSpec::new(ChannelKind::Text, "accueil"));
        self
    }

    /// Changes the token that is accepted.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.world.bot.token);
        self
    }

    /// Whether anybody may invite the application.
    #[must_use]
    pub fn public(mut self, public: bool) -> Self {
        self.world.bot.public = public;
        self
    }

    /// The privileged intents switched on in the portal.
    #[must_use]
    pub fn privileged_intents(mut self, intents: u64) -> Self {
        self.world.bot.privileged_intents = intents;
        self
    }

    /// The permissions of the bot's managed role.
    #[must_use]
    pub fn bot_permissions(mut self, permissions: u64) -> Self {
        self.bot_permissions = permissions;
        self
    }

    /// The rank of the bot's managed role; without it, it stands above all roles.
    #[must_use]
    pub fn bot_role_position(mut self, position: i64) -> Self {
        self.bot_role_position = Some(position);
        self
    }

    /// The permissions of @everyone.
    #[must_use]
    pub fn everyone(mut self, permissions: u64) -> Self {
        let id = self.world.main_guild;
        if let Some(role) = self.guild().roles.get_mut(&id) {
            role.permissions = permissions;
        }
        self
    }

    /// Adds a role above those added before.
    #[must_use]
    pub fn role(mut self, name: &str, permissions: u64) -> Self {
        let id = self.world.next_id();
        let guild = self.guild();
        let position = guild
            .roles
            .values()
            .filter(|r| !r.managed)
            .map(|r| r.position)
            .max()
            .unwrap_or(0)
            + 1;
        guild.roles.insert(id, Role::new(id, name, permissions, position));
        self
    }

    /// Adds a category; the channels added after it lie in it.
    #[must_use]
    pub fn category(mut self, name: &str) -> Self {
        let guild = self.world.main_guild;
        self.last_category = Some(
            self.world
                .create_channel(guild, ChannelSpec::new(ChannelKind::Category, name)),
        );
        self
    }

    /// Adds a text channel that follows its category.
    #[must_use]
    pub fn channel(mut self, name: &str) -> Self {
        let mut spec = ChannelSpec::new(ChannelKind::Text, name);
        spec.parent_id = self.last_category;
        let guild = self.world.main_guild;
        self.world.create_channel(guild, spec);
        self
    }

    /// Adds a text channel with its own overwrites, made from the world so far.
    #[must_use]
    pub fn channel_with(mut self, name: &str, overwrites: impl FnOnce(&World) -> Vec<Overwrite>) -> Self {
        let mut spec = ChannelSpec::new(ChannelKind::Text, name);
        spec.parent_id = self.last_category;
        spec.overwrites = Some(overwrites(&self.world));
        let guild = self.world.main_guild;
        self.world.create_channel(guild, spec);
        self
    }

    /// Adds a voice channel.
    #[must_use]
    pub fn voice(mut self, name: &str) -> Self {
        let mut spec = ChannelSpec::new(ChannelKind::Voice, name);
        spec.parent_id = self.last_category;
        let guild = self.world.main_guild;
        self.world.create_channel(guild, spec);
        self
    }

    /// Adds a member with the display name and the roles of those names.
    #[must_use]
    pub fn member(self, username: &str, display: &str, roles: &[&str]) -> Self {
        self.person(username, display, |person| {
            roles.iter().fold(person, |person, role| person.role(role))
        })
    }

    /// Adds an account, a member unless said otherwise, with all details.
    #[must_use]
    pub fn person(mut self, username: &str, display: &str, details: impl FnOnce(PersonSpec) -> PersonSpec) -> Self {
        let spec = details(PersonSpec::default());
        let id = self.world.next_id();
        let now = self.world.now();
        self.world.add_user(User {
            id,
            username: username.to_owned(),
            global_name: (!display.is_empty()).then(|| display.to_owned()),
            bot: spec.bot,
            dms_closed: spec.dms_closed,
        });
        if spec.outside {
            return self;
        }
        let guild = self.guild();
        let roles: Vec<Id> = guild
            .roles
            .values()
            .filter(|r| spec.roles.contains(&r.name))
            .map(|r| r.id)
            .collect();
        let mut member = Member::new(id, &roles, now);
        member.nick = spec.nick;
        member.pending = spec.pending;
        guild.members.insert(id, member);
        self
    }

    /// Adds `count` plain members called `prefix` and a number from 1.
    #[must_use]
    pub fn crowd(self, prefix: &str, count: usize) -> Self {
        (1..=count).fold(self, |b, n| {
            b.member(&format!("{prefix}{n}"), &format!("{prefix} {n}"), &[])
        })
    }

    /// The time within which an interaction must be answered first; Discord's is 3 s.
    #[must_use]
    pub fn answer_limit(mut self, limit: Duration) -> Self {
        self.world.settings.answer_limit = limit;
        self
    }

    /// The heartbeat interval told to the bot; Discord's is about 41 s.
    #[must_use]
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.world.settings.heartbeat = interval;
        self
    }

    /// How many IDENTIFY a day are accepted before the token is reset; Discord's number is 1000.
    #[must_use]
    pub fn identify_limit(mut self, limit: usize) -> Self {
        self.world.settings.identify_limit = limit;
        self
    }

    /// How many new direct conversations are allowed per window before 40003.
    #[must_use]
    pub fn dm_limit(mut self, count: usize, window: Duration) -> Self {
        self.world.settings.dm_limit = Some((count, TimeDelta::from_std(window).unwrap_or(TimeDelta::MAX)));
        self
    }

    /// Enforces the global limit of 50 requests a second.
    #[must_use]
    pub fn global_limit(mut self) -> Self {
        self.world.settings.global_limit = true;
        self
    }

    /// Violations are recorded but do not fail the end of the loopback (for the sandbox).
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.world.settings.lenient = true;
        self
    }

    /// Listens on this port instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.world.settings.port = port;
        self
    }

    /// The world's present at its start; not before the real present.
    #[must_use]
    pub fn starting_at(mut self, at: DateTime<Utc>) -> Self {
        self.world.clock.jump_to(at);
        self
    }

    pub(super) fn finish(mut self) -> World {
        let (wanted, permissions) = (self.bot_role_position, self.bot_permissions);
        for guild in self.world.guilds.values_mut() {
            let top = guild
                .roles
                .values()
                .filter(|r| !r.managed)
                .map(|r| r.position)
                .max()
                .unwrap_or(0);
            for role in guild.roles.values_mut().filter(|r| r.managed) {
                role.position = wanted.unwrap_or(top + 1);
                role.permissions = permissions;
            }
        }
        self.world
    }
}

/// Details of an account.
#[derive(Clone, Debug, Default)]
pub struct PersonSpec {
    roles: Vec<String>,
    nick: Option<String>,
    bot: bool,
    dms_closed: bool,
    pending: bool,
    outside: bool,
}

impl PersonSpec {
    /// Gives the role of that name.
    #[must_use]
    pub fn role(mut self, name: &str) -> Self {
        self.roles.push(name.to_owned());
        self
    }

    /// A name of its own in this server.
    #[must_use]
    pub fn nick(mut self, nick: &str) -> Self {
        self.nick = Some(nick.to_owned());
        self
    }

    /// Another application's account.
    #[must_use]
    pub fn bot(mut self) -> Self {
        self.bot = true;
        self
    }

    /// Refuses direct messages.
    #[must_use]
    pub fn dms_closed(mut self) -> Self {
        self.dms_closed = true;
        self
    }

    /// Has not passed membership screening yet.
    #[must_use]
    pub fn pending(mut self) -> Self {
        self.pending = true;
        self
    }

    /// Has an account but is not on the server.
    #[must_use]
    pub fn outside(mut self) -> Self {
        self.outside = true;
        self
    }
}
