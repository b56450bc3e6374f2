//! The sections of `config/maillage.toml`, with their defaults and the values they may take.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::calendar::MeetingRule;
use chrono::{NaiveTime, TimeDelta, Weekday};

/// Everything that `config/maillage.toml` can change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunables {
    /// `[echelle]`: the five numbers of the ladder.
    pub ladder: LadderSettings,
    /// `[roles]`: names of Discord roles.
    pub roles: RoleSettings,
    /// `[espace]`: the reserved spaces of the groups.
    pub space: SpaceSettings,
    /// `[registre]`: the pinned register.
    pub register: RegisterSettings,
    /// `[salons]`: channels chosen by hand.
    pub channels: ChannelSettings,
    /// `[reunion]`: the newcomers' meeting.
    pub meeting: MeetingSettings,
    /// `[messages_prives]`: the pace of direct messages.
    pub direct_messages: DirectMessageSettings,
    /// `[appels]`: the phone work of the relays.
    pub calls: CallSettings,
    /// `[validation]`: what follows a validation.
    pub validation: ValidationSettings,
    /// `[votes]`: duration, quorum and majority.
    pub votes: VoteSettings,
    /// `[questions]`: reminders and digest.
    pub questions: QuestionSettings,
    /// `[remontees]`: the feeds of the referents.
    pub feeds: FeedSettings,
    /// `[rapports]`: goals and alarms of the reports.
    pub reports: ReportSettings,
    /// `[operations]`: national operations.
    pub operations: OperationSettings,
    /// `[liens]`: the two entry links.
    pub links: LinkSettings,
    /// `[donnees]`: who is responsible for personal data, and how long they are kept.
    pub data: DataSettings,
    /// `[sauvegardes]`: nightly backups.
    pub backups: BackupSettings,
    /// `[reprises]`: growing delays.
    pub retry: RetrySettings,
    /// `[surveillance]`: periods of the loops that watch.
    pub watch: WatchSettings,
}

/// The five numbers of the ladder (product.md §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LadderSettings {
    /// Sign-ups that make a possible group, 5 by default.
    pub possible: u32,
    /// Validated members that make a group «en formation», 5 by default.
    pub forming: u32,
    /// Validated members that make an ACP, 10 by default.
    pub assembly: u32,
    /// Validated members that open the first subject of the constituent works, 15 by default.
    pub first_subject: u32,
    /// Validated members that open the two other subjects, 20 by default.
    pub other_subjects: u32,
}

/// Names of Discord roles (product.md §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSettings {
    /// The role of the national team, «MCP national» by default. It is looked for by this name once.
    pub national: String,
}

/// How a group's reserved space is laid out (product.md §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One category, three channels and one role for each group.
    #[default]
    Ample,
    /// One channel for each group under a category of its région, with one overwrite for each member.
    Dense,
}

/// The reserved spaces (product.md §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceSettings {
    /// The layout of new spaces.
    pub layout: Layout,
    /// The share of Discord's limits, in percent, from which the national team is alerted; 80 by default.
    pub alert_percent: u8,
}

/// The pinned register (product.md §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterSettings {
    /// Whether the pinned text shows phone numbers; no by default.
    pub shows_phone: bool,
    /// Whether the pinned text shows mail addresses; no by default.
    pub shows_mail: bool,
    /// The least time between two edits of one page, 10 seconds by default.
    pub coalesce: TimeDelta,
}

/// Ids of channels chosen by hand instead of those that `/installer` creates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelSettings {
    /// Where the national team is told things (product.md §3).
    pub national: Option<u64>,
    /// Where projects and works are reviewed (product.md §14 and §15).
    pub review: Option<u64>,
    /// Where published works go (product.md §15).
    pub works: Option<u64>,
    /// Where people are greeted whose direct messages are closed (product.md §11).
    pub welcome: Option<u64>,
    /// Where the newcomers' meeting is held: its link is the default place of the event (product.md §11).
    pub meeting: Option<u64>,
    /// Where the reminders of the meeting are posted (product.md §11).
    pub reminders: Option<u64>,
    /// The channels of social networks that `/liens` recalls (product.md §10).
    pub social: Vec<u64>,
    /// The feed of each région, by INSEE code (product.md §12).
    pub feeds: BTreeMap<String, u64>,
}

/// The newcomers' meeting (product.md §11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingSettings {
    /// Day, hour, duration and reminders.
    pub rule: MeetingRule,
    /// The place shown by the Discord event, 100 characters at most; the link of the meeting channel when absent.
    pub place: Option<String>,
    /// So many days before a meeting on a public holiday the national team is asked, 7 by default; 0: never.
    pub holiday_notice_days: u32,
}

/// The one paced queue of direct messages (product.md §11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectMessageSettings {
    /// The least time between two direct messages, 3 seconds by default.
    pub pace: TimeDelta,
    /// The most welcomes a day, 200 by default; other messages are not counted.
    pub welcomes_per_day: u32,
    /// How long the queue rests when Discord says that too many were sent (error 40003), 6 hours by default.
    pub rest: TimeDelta,
}

/// The phone work of the relays (product.md §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallSettings {
    /// A person called less than so long ago is not offered again, 20 hours by default.
    pub cooldown: TimeDelta,
    /// How long an opened card is held for one relay, 2 hours by default.
    pub lease: TimeDelta,
    /// When due call-backs are recalled, in Paris, 18:00 by default.
    pub reminder: NaiveTime,
    /// The day of the weekly digest, Tuesday by default: the day after the newcomers' meeting.
    pub digest_day: Weekday,
    /// The hour of the weekly digest, in Paris, 18:00 by default.
    pub digest_time: NaiveTime,
}

/// What follows a validation (product.md §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidationSettings {
    /// How long the relay may annul it, 24 hours by default.
    pub relay_undo: TimeDelta,
    /// How long the referent may annul it, 14 days by default.
    pub referent_undo: TimeDelta,
    /// How long an invitation code may be used, 14 days by default.
    pub invitation: TimeDelta,
    /// Codes that one user may try within an hour, 5 by default: the next one is refused.
    pub attempts_per_hour: u32,
}

/// Votes and decisions (product.md §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoteSettings {
    /// How long a vote is open, 7 days by default.
    pub duration: TimeDelta,
    /// The least share of the members who can vote that must take part, in percent, 50 by default.
    pub quorum_percent: u8,
    /// The share that the votes in favour must *exceed*, in percent, 50 by default.
    pub majority_percent: u8,
    /// How long a decision recorded by a relay may be contested, 7 days by default.
    pub contest: TimeDelta,
}

/// Questions (product.md §10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuestionSettings {
    /// When an unanswered question is recalled, once; 3 days by default.
    pub reminder: TimeDelta,
    /// The hour of the daily digest, in Paris, 18:00 by default.
    pub digest_time: NaiveTime,
}

/// The feeds of the référents (product.md §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedSettings {
    /// At most one new message in this time, 10 minutes by default; what comes in between is added to it.
    pub coalesce: TimeDelta,
    /// The day of the weekly digest, Sunday by default.
    pub digest_day: Weekday,
    /// The hour of the weekly digest, in Paris, 18:00 by default.
    pub digest_time: NaiveTime,
}

/// Reports (product.md §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportSettings {
    /// The number of sign-ups that the movement aims at, 2,500 by default.
    pub signups_goal: u32,
    /// A relay without activity for so long is shown, 14 days by default.
    pub inactive: TimeDelta,
    /// A group that lacks at most so many members for the next step is shown, 2 by default.
    pub near_threshold: u32,
}

/// National operations (product.md §13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationSettings {
    /// When a silent relay is reminded, once; 3 days by default.
    pub reminder: TimeDelta,
}

/// The entry links (product.md §10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// The sign-up page of the movement's website.
    pub signup: String,
    /// The invitation to the movement's Discord server.
    pub discord: String,
    /// Whether a message a month recalls them in each space; yes by default.
    pub monthly: bool,
}

/// Personal data (product.md §16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSettings {
    /// Who is responsible for the processing.
    pub controller: String,
    /// Where one writes to use one's rights; none until chosen.
    pub contact: Option<String>,
    /// Months after the last contact when never-validated sign-ups are erased, 24 by default.
    pub signups_months: u32,
    /// Months when those who refused are erased, 6 by default.
    pub refusals_months: u32,
    /// Months when those who left are erased, 12 by default.
    pub leavers_months: u32,
    /// How long a merge, a split or an archiving can be undone, 30 days by default.
    pub undo: TimeDelta,
    /// How long the draft of a modal is kept, 60 minutes by default.
    pub drafts: TimeDelta,
    /// How long a staged import waits for its confirmation, 30 minutes by default.
    pub imports: TimeDelta,
    /// The hour of the nightly erasures, in Paris, 03:30 by default.
    pub nightly: NaiveTime,
}

/// Nightly backups (product.md §17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSettings {
    /// The folder, relative to that of the database; `sauvegardes` by default.
    pub folder: PathBuf,
    /// How many are kept, 14 by default; 0: none is made.
    pub kept: u32,
    /// When, in Paris, 03:00 by default.
    pub time: NaiveTime,
    /// The `age` public key to which they are encrypted; none by default.
    pub age_recipient: Option<String>,
}

/// The growing delay after a failure: doubled each time between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    /// The first delay, 2 seconds by default.
    pub first: Duration,
    /// The longest delay, 5 minutes by default (product.md §17).
    pub longest: Duration,
}

/// Periods of what watches (product.md §7 and §17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchSettings {
    /// The longest time between two comparisons of Discord with the database, one hour by default.
    pub reconcile: Duration,
    /// The gateway's silence after which the process exits, 3 minutes by default.
    pub silence: Duration,
}

const fn hour(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

impl Default for LadderSettings {
    fn default() -> Self {
        Self {
            possible: 5,
            forming: 5,
            assembly: 10,
            first_subject: 15,
            other_subjects: 20,
        }
    }
}

impl Default for RoleSettings {
    fn default() -> Self {
        Self {
            national: "MCP national".to_owned(),
        }
    }
}

impl Default for SpaceSettings {
    fn default() -> Self {
        Self {
            layout: Layout::Ample,
            alert_percent: 80,
        }
    }
}

impl Default for RegisterSettings {
    fn default() -> Self {
        Self {
            shows_phone: false,
            shows_mail: false,
            coalesce: TimeDelta::seconds(10),
        }
    }
}

impl Default for DirectMessageSettings {
    fn default() -> Self {
        Self {
            pace: TimeDelta::seconds(3),
            welcomes_per_day: 200,
            rest: TimeDelta::hours(6),
        }
    }
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            cooldown: TimeDelta::hours(20),
            lease: TimeDelta::hours(2),
            reminder: hour(18, 0),
            digest_day: Weekday::Tue,
            digest_time: hour(18, 0),
        }
    }
}

impl Default for ValidationSettings {
    fn default() -> Self {
        Self {
            relay_undo: TimeDelta::hours(24),
            referent_undo: TimeDelta::days(14),
            invitation: TimeDelta::days(14),
            attempts_per_hour: 5,
        }
    }
}

impl Default for VoteSettings {
    fn default() -> Self {
        Self {
            duration: TimeDelta::days(7),
            quorum_percent: 50,
            majority_percent: 50,
            contest: TimeDelta::days(7),
        }
    }
}

impl Default for QuestionSettings {
    fn default() -> Self {
        Self {
            reminder: TimeDelta::days(3),
            digest_time: hour(18, 0),
        }
    }
}

impl Default for FeedSettings {
    fn default() -> Self {
        Self {
            coalesce: TimeDelta::minutes(10),
            digest_day: Weekday::Sun,
            digest_time: hour(18, 0),
        }
    }
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self {
            signups_goal: 2_500,
            inactive: TimeDelta::days(14),
            near_threshold: 2,
        }
    }
}

impl Default for OperationSettings {
    fn default() -> Self {
        Self {
            reminder: TimeDelta::days(3),
        }
    }
}

impl Default for MeetingSettings {
    fn default() -> Self {
        Self {
            rule: MeetingRule::default(),
            place: None,
            holiday_notice_days: 7,
        }
    }
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            signup: "https://mouvement-constituant-populaire.fr/#participer".to_owned(),
            discord: "https://discord.gg/zMJyGwN".to_owned(),
            monthly: true,
        }
    }
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            controller: "Mouvement Constituant Populaire".to_owned(),
            contact: None,
            signups_months: 24,
            refusals_months: 6,
            leavers_months: 12,
            undo: TimeDelta::days(30),
            drafts: TimeDelta::minutes(60),
            imports: TimeDelta::minutes(30),
            nightly: hour(3, 30),
        }
    }
}

impl Default for BackupSettings {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("sauvegardes"),
            kept: 14,
            time: hour(3, 0),
            age_recipient: None,
        }
    }
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(300),
        }
    }
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            reconcile: Duration::from_secs(3600),
            silence: Duration::from_secs(180),
        }
    }
}

impl From<LadderSettings> for crate::domain::ladder::Thresholds {
    fn from(settings: LadderSettings) -> Self {
        Self {
            possible: settings.possible,
            forming: settings.forming,
            assembly: settings.assembly,
            publish_ric: settings.first_subject,
            publish_works: settings.other_subjects,
        }
    }
}

impl From<CallSettings> for crate::domain::contact::Pace {
    fn from(settings: CallSettings) -> Self {
        Self {
            cooldown: settings.cooldown,
            lease: settings.lease,
            reminder: settings.reminder,
        }
    }
}
