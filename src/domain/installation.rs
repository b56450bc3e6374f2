//! What `/installer` and `/diagnostic` check of the server: permissions, hierarchy, limits, channels chosen by hand
//! (product.md §17). Pure: a survey of the server and what the books say give what has to be told.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::{ChannelId, GuildId, RoleId, UserId};
use super::observed::{CHANNELS_MAX, ChannelKind, Overwrites, ROLES_MAX, SeenChannel, SeenRole, Subject};
use super::permissions::{ADMINISTRATOR, ASKED, READ_MESSAGE_HISTORY, SEND_MESSAGES, VIEW_CHANNEL};
use super::place::Place;

/// The most channels of one category (discord.md §1).
pub const CHILDREN_MAX: usize = 50;
/// What the space of one group takes: a category and three channels (product.md §7).
const CHANNELS_PER_GROUP: usize = 4;

/// A role with its rank: higher positions stand above, and of equal ones the older role (Discord documentation,
/// topics/permissions).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedRole {
    /// The role.
    pub role: SeenRole,
    /// Its position.
    pub position: i64,
}

/// The server as Discord shows it at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The server.
    pub guild: GuildId,
    /// The bot's account.
    pub bot: UserId,
    /// The roles that the bot holds, besides that of everyone.
    pub held: BTreeSet<RoleId>,
    /// Every role.
    pub roles: BTreeMap<RoleId, RankedRole>,
    /// Every channel.
    pub channels: BTreeMap<ChannelId, SeenChannel>,
    /// What the developer portal says of the application, when it could be asked.
    pub portal: Option<Portal>,
}

/// What the developer portal says of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// Anyone may invite the bot elsewhere.
    pub public: bool,
    /// Whether «Server Members Intent» is ticked; unknown when Discord does not say.
    pub lists_members: Option<bool>,
}

/// What the books say, as far as the checks go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// The roles that are ours to give, and that of the national team.
    pub roles: BTreeSet<RoleId>,
    /// The channels that the host chose by hand.
    pub chosen: Vec<(Place, ChannelId)>,
    /// The name that the national team's role is looked for by.
    pub national_name: String,
    /// The national team's role, once found.
    pub national: Option<RoleId>,
}

/// Why a channel chosen by hand does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// There is no such channel on this server.
    Absent,
    /// The bot cannot read it, or not write in it.
    Closed,
    /// It is reserved, and everyone sees it.
    Open,
}

/// Where the role of the national team stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NationalRole {
    /// There.
    Here,
    /// Not there; `others` roles bear its name.
    Absent {
        /// How many.
        others: u32,
        /// Whether it was there once: then those others give nothing (product.md §2).
        lost: bool,
    },
}

/// What was found. It names roles and channels of the server, and no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    /// The name of the bot's own role, where permissions are ticked.
    pub own_role: Option<String>,
    /// The bits of [`ASKED`] that the bot lacks.
    pub missing: u64,
    /// The names of the roles that stand above the bot's, though it has to give them.
    pub too_high: Vec<String>,
    /// Where the role of the national team stands.
    pub national: NationalRole,
    /// The channels chosen by hand that do not do, by the key of their place.
    pub unfit: Vec<(String, Unfit)>,
    /// The limits.
    pub limits: Limits,
    /// What the developer portal says.
    pub portal: Option<Portal>,
}

/// How full the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Channels, categories included.
    pub channels: usize,
    /// Roles.
    pub roles: usize,
    /// Channels of the fullest category.
    pub fullest: usize,
    /// Groups whose space still fits.
    pub groups: usize,
}

impl Limits {
    /// The same after so many more channels, at most `children` of them in one category, and so many more roles.
    #[must_use]
    pub fn after(self, channels: usize, children: usize, roles: usize) -> Limits {
        Limits::of(self.channels + channels, self.roles + roles, self.fullest.max(children))
    }

    fn of(channels: usize, roles: usize, fullest: usize) -> Limits {
        let room = CHANNELS_MAX.saturating_sub(channels) / CHANNELS_PER_GROUP;
        Limits {
            channels,
            roles,
            fullest,
            groups: room.min(ROLES_MAX.saturating_sub(roles)),
        }
    }
}

impl Checkup {
    /// Whether there is nothing that people have to change.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.missing == 0
            && self.too_high.is_empty()
            && self.unfit.is_empty()
            && self
                .portal
                .is_none_or(|portal| !portal.public && portal.lists_members != Some(false))
    }
}

/// Checks a survey.
#[must_use]
pub fn check(survey: &Survey, books: &Books) -> Checkup {
    let base = base(survey);
    let own_role = own_role(survey);
    let top = survey
        .held
        .iter()
        .filter_map(|id| Some((*id, survey.roles.get(id)?)))
        .max_by_key(|(id, role)| (role.position, Reverse(*id)));
    let is_above = |id: &RoleId| {
        let (Some((top, mine)), Some(other)) = (top, survey.roles.get(id)) else {
            return survey.roles.contains_key(id);
        };
        (other.position, Reverse(*id)) > (mine.position, Reverse(top))
    };
    let too_high = books.roles.iter().filter(|id| is_above(id));
    let too_high = too_high.filter_map(|id| Some(survey.roles.get(id)?.role.name.clone()));
    Checkup {
        own_role,
        missing: ASKED & !base,
        too_high: too_high.collect(),
        national: national(survey, books),
        unfit: books
            .chosen
            .iter()
            .filter_map(|(place, id)| Some((place.key(), unfit(survey, base, place, *id)?)))
            .collect(),
        limits: limits(&survey.channels, survey.roles.len()),
        portal: survey.portal,
    }
}

/// What the bot may do in the server, before any channel has its say.
fn base(survey: &Survey) -> u64 {
    let everyone = RoleId(survey.guild.0);
    let bits = survey
        .held
        .iter()
        .chain([&everyone])
        .filter_map(|id| survey.roles.get(id))
        .fold(0, |sum, role| sum | role.role.permissions);
    if bits & ADMINISTRATOR == 0 { bits } else { u64::MAX }
}

/// The bot's own role is the one that belongs to an application; a host may have given it others.
fn own_role(survey: &Survey) -> Option<String> {
    let held = || survey.held.iter().filter_map(|id| survey.roles.get(id));
    let own = held().find(|role| role.role.managed).or_else(|| held().next());
    own.map(|role| role.role.name.clone())
}

fn national(survey: &Survey, books: &Books) -> NationalRole {
    if books.national.is_some_and(|role| survey.roles.contains_key(&role)) {
        return NationalRole::Here;
    }
    let named = survey
        .roles
        .values()
        .filter(|role| role.role.name == books.national_name);
    NationalRole::Absent {
        others: u32::try_from(named.count()).unwrap_or(u32::MAX),
        lost: books.national.is_some(),
    }
}

fn unfit(survey: &Survey, base: u64, place: &Place, id: ChannelId) -> Option<Unfit> {
    let Some(channel) = survey
        .channels
        .get(&id)
        .filter(|channel| channel.kind != ChannelKind::Category)
    else {
        return Some(Unfit::Absent);
    };
    let needed = VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY;
    let everyone = RoleId(survey.guild.0);
    let mine = within(base, &channel.overwrites, everyone, &survey.held, Some(survey.bot));
    if needed & !mine != 0 {
        return Some(Unfit::Closed);
    }
    let theirs = survey.roles.get(&everyone).map_or(0, |role| role.role.permissions);
    let theirs = within(theirs, &channel.overwrites, everyone, &BTreeSet::new(), None);
    let reserved = match place {
        Place::National | Place::Review | Place::Feed(_) => true,
        Place::Works | Place::Welcome | Place::Meeting => false,
    };
    (reserved && theirs & VIEW_CHANNEL != 0).then_some(Unfit::Open)
}

/// What the holders of these roles may do in a channel: the overwrite of everyone, then those of the roles together, then
/// one's own (Discord documentation, topics/permissions).
fn within(base: u64, overwrites: &Overwrites, everyone: RoleId, roles: &BTreeSet<RoleId>, user: Option<UserId>) -> u64 {
    if base & ADMINISTRATOR != 0 {
        return u64::MAX;
    }
    let of = |subject: Subject| overwrites.get(&subject).copied().unwrap_or_default();
    let everyone = of(Subject::Role(everyone));
    let mut bits = base & !everyone.deny | everyone.allow;
    let (mut allow, mut deny) = (0, 0);
    for role in roles {
        let role = of(Subject::Role(*role));
        allow |= role.allow;
        deny |= role.deny;
    }
    bits = bits & !deny | allow;
    let own = user.map(|user| of(Subject::Member(user))).unwrap_or_default();
    bits & !own.deny | own.allow
}

fn limits(channels: &BTreeMap<ChannelId, SeenChannel>, roles: usize) -> Limits {
    let mut children: BTreeMap<ChannelId, usize> = BTreeMap::new();
    for parent in channels.values().filter_map(|channel| channel.parent) {
        *children.entry(parent).or_default() += 1;
    }
    Limits::of(channels.len(), roles, children.values().copied().max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observed::Bits;
    use crate::domain::permissions::{MANAGE_ROLES, PIN_MESSAGES};

    const EVERYONE: RoleId = RoleId(1);
    const OWN: RoleId = RoleId(10);
    const NATIONAL: RoleId = RoleId(20);
    const BOT: UserId = UserId(2);

    fn role(name: &str, permissions: u64, position: i64, managed: bool) -> RankedRole {
        RankedRole {
            role: SeenRole {
                name: name.to_owned(),
                permissions,
                hoist: false,
                mentionable: false,
                managed,
            },
            position,
        }
    }

    fn channel(parent: Option<u64>, overwrites: &[(Subject, Bits)]) -> SeenChannel {
        SeenChannel {
            kind: ChannelKind::Text,
            name: "salon".to_owned(),
            topic: String::new(),
            parent: parent.map(ChannelId),
            overwrites: overwrites.iter().copied().collect(),
        }
    }

    fn survey(own: u64) -> Survey {
        Survey {
            guild: GuildId(1),
            bot: BOT,
            held: [OWN].into(),
            roles: [
                (EVERYONE, role("@everyone", 0, 0, false)),
                (OWN, role("maillage", own, 2, true)),
                (NATIONAL, role("MCP national", 0, 1, false)),
            ]
            .into(),
            channels: BTreeMap::new(),
            portal: None,
        }
    }

    fn books() -> Books {
        Books {
            roles: [NATIONAL].into(),
            chosen: Vec::new(),
            national_name: "MCP national".to_owned(),
            national: Some(NATIONAL),
        }
    }

    #[test]
    fn each_missing_permission_is_found() {
        let whole = check(&survey(ASKED), &books());
        assert!(whole.is_well(), "{whole:?}");
        assert_eq!(whole.own_role.as_deref(), Some("maillage"));
        for bit in (0..64).map(|n| 1_u64 << n).filter(|bit| ASKED & bit != 0) {
            assert_eq!(check(&survey(ASKED & !bit), &books()).missing, bit);
        }
        assert_eq!(check(&survey(ADMINISTRATOR), &books()).missing, 0);
        let mut given = survey(ASKED & !PIN_MESSAGES);
        given.roles.insert(EVERYONE, role("@everyone", PIN_MESSAGES, 0, false));
        assert_eq!(check(&given, &books()).missing, 0, "what everyone may, the bot may");
    }

    #[test]
    fn a_role_that_stands_above_is_named() {
        let mut survey = survey(ASKED);
        survey.roles.insert(NATIONAL, role("MCP national", 0, 3, false));
        assert_eq!(check(&survey, &books()).too_high, ["MCP national"]);
        // At the same position the older role stands above.
        survey.roles.insert(NATIONAL, role("MCP national", 0, 2, false));
        assert!(check(&survey, &books()).too_high.is_empty());
        survey.held.clear();
        assert_eq!(
            check(&survey, &books()).too_high,
            ["MCP national"],
            "a bot without any role"
        );
    }

    #[test]
    fn the_national_role_is_there_or_lost_or_ambiguous() {
        let mut survey = survey(ASKED);
        assert_eq!(check(&survey, &books()).national, NationalRole::Here);
        survey.roles.remove(&NATIONAL);
        survey.roles.insert(RoleId(30), role("MCP national", 0, 1, false));
        assert_eq!(
            check(&survey, &books()).national,
            NationalRole::Absent { others: 1, lost: true }
        );
        survey.roles.insert(RoleId(31), role("MCP national", 0, 1, false));
        let books = Books {
            national: None,
            ..books()
        };
        assert_eq!(
            check(&survey, &books).national,
            NationalRole::Absent { others: 2, lost: false }
        );
    }

    #[test]
    fn a_channel_chosen_by_hand_must_do() {
        let mut survey = survey(ASKED);
        let hide = (
            Subject::Role(EVERYONE),
            Bits {
                allow: 0,
                deny: VIEW_CHANNEL,
            },
        );
        let show = |subject| {
            let bits = Bits {
                allow: VIEW_CHANNEL | SEND_MESSAGES,
                deny: 0,
            };
            (subject, bits)
        };
        survey.channels = [
            (ChannelId(50), channel(None, &[hide])),
            (ChannelId(51), channel(None, &[hide, show(Subject::Member(BOT))])),
            (ChannelId(52), channel(None, &[hide, show(Subject::Role(OWN))])),
            (ChannelId(53), channel(None, &[show(Subject::Role(EVERYONE))])),
        ]
        .into();
        let found = |place: Place, id: u64| {
            let books = Books {
                chosen: vec![(place, ChannelId(id))],
                ..books()
            };
            check(&survey, &books).unfit.first().map(|(_, unfit)| *unfit)
        };
        assert_eq!(found(Place::National, 49), Some(Unfit::Absent));
        assert_eq!(found(Place::National, 50), Some(Unfit::Closed));
        assert_eq!(found(Place::National, 51), None);
        assert_eq!(found(Place::National, 52), None);
        assert_eq!(found(Place::National, 53), Some(Unfit::Open));
        assert_eq!(found(Place::Welcome, 53), None);
    }

    #[test]
    fn limits_are_counted() {
        let mut survey = survey(ASKED & !MANAGE_ROLES);
        survey.channels = (100..150).map(|id| (ChannelId(id), channel(Some(7), &[]))).collect();
        let limits = check(&survey, &books()).limits;
        assert_eq!((limits.channels, limits.roles, limits.fullest), (50, 3, 50));
        assert_eq!(limits.groups, 112, "450 channels left, four for each group");
    }

    #[test]
    fn what_was_found_is_kept_as_text() {
        let found = check(&survey(ASKED & !PIN_MESSAGES), &books());
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Checkup>(&text).unwrap(), found);
    }
}
