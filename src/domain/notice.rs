//! What the outbox tells people: facts by id, never by name (product.md §16). Names are put in when a message is sent, so a
//! person erased in the meantime is not named, and a stolen outbox tells nothing.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::ReminderKind;
use super::ids::{ChannelId, GroupId, MembershipId, PersonId, RegionCode, TransferId, UserId};
use super::ladder::Step;

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// These groups have become possible; to the national team and the referent (§3).
    GroupsPossible {
        /// The groups, in order of declaration.
        groups: Vec<GroupId>,
    },
    /// A group has reached a step; to its relays, its referent, the national team (§3).
    StepReached {
        /// The group.
        group: GroupId,
        /// The step.
        step: Step,
    },
    /// A participation was validated; to the referent, who may annul it for 14 days (§6.4).
    Validated {
        /// The participation.
        membership: MembershipId,
    },
    /// A validation was annulled; to the relays, or to the referent when a relay did it (§6.4).
    Annulled {
        /// The participation.
        membership: MembershipId,
        /// Who annulled it.
        by: UserId,
    },
    /// This account is now linked to a member; to the account, which may say «Ce n’est pas moi» (§6).
    Linked {
        /// The participation.
        membership: MembershipId,
    },
    /// An account said that it is not this person, and was unlinked; to the relays (§6).
    NotMe {
        /// The person unlinked.
        person: PersonId,
        /// The group.
        group: GroupId,
    },
    /// Another group proposes to take in a member; to the relays of the present one, who answer (§6.5).
    TransferAsked {
        /// The transfer.
        transfer: TransferId,
    },
    /// The other group agrees: the person is to be asked again; to the relay who proposed (§6.5).
    TransferAccepted {
        /// The transfer.
        transfer: TransferId,
    },
    /// The other group does not agree; to the relay who proposed (§6.5).
    TransferRefused {
        /// The transfer.
        transfer: TransferId,
    },
    /// The member has moved; to the relays of the group that was left (§6.5).
    TransferDone {
        /// The transfer.
        transfer: TransferId,
    },
    /// The space is ready; to a relay whose answer can no longer be edited (§6.3).
    SpaceReady {
        /// The group.
        group: GroupId,
    },
    /// This account was named relay; the list of contacts is his (§5).
    RelayNamed {
        /// The group.
        group: GroupId,
    },
    /// This account is no longer relay of the group.
    RelayEnded {
        /// The group.
        group: GroupId,
    },
    /// The last relay has left; to the referent (§2).
    WithoutRelay {
        /// The group.
        group: GroupId,
    },
    /// This account was named referent.
    ReferentNamed {
        /// The région.
        region: RegionCode,
    },
    /// This account is no longer referent.
    ReferentEnded {
        /// The région.
        region: RegionCode,
    },
    /// Something changed by hand in a space was put back; to the national team (§7).
    PutBack {
        /// The group.
        group: GroupId,
        /// What was put back.
        what: PutBack,
    },
    /// Something changed by hand in a channel of the whole server, or in their categories, was put back; to the national
    /// team (§7).
    PlacePutBack {
        /// The key of its binding.
        key: String,
        /// What was put back.
        what: PutBack,
    },
    /// There is no room on the server for the space of a group, which waits in a queue; to its relays and its référent (§7).
    SpaceWaits {
        /// The group.
        group: GroupId,
    },
    /// Discord's limits are near, or reached: new groups wait; to the national team (§7).
    Capacity {
        /// Percent of the tightest limit in use.
        percent: u8,
    },
    /// These people are to be called back this evening; to the relay who made the appointments (§5).
    CallBacks {
        /// The people.
        people: Vec<PersonId>,
    },
    /// What is new on the relay's list since that day; to each relay, once a week (§5).
    RelayDigest {
        /// The day of the digest before.
        since: NaiveDate,
    },
    /// This relay did nothing for a while, and someone who steers asks for news; to the relay (§12).
    Prompted,
    /// A direct message that could not be delivered, told by a mention in a channel, without any name (§5, §10, §11).
    Mention {
        /// Whose direct messages are closed.
        user: UserId,
        /// What it was about.
        notice: Box<Notice>,
    },
    /// A group has joined another; to the relays and referents of both, and to their members (§3).
    GroupMerged {
        /// The group that was emptied.
        source: GroupId,
        /// The group that was joined.
        target: GroupId,
    },
    /// A part of a group has become a group; to the relays and referents, and to the members (§3).
    GroupSplit {
        /// The group that was divided.
        source: GroupId,
        /// The group that was born.
        group: GroupId,
    },
    /// A merge was undone; to the relays and referents of both groups, and to their members (§3).
    GroupRestored {
        /// The group that is one of its own again.
        group: GroupId,
        /// The group that it had joined.
        from: GroupId,
    },
    /// The welcome, to an account that has just come (§11).
    Welcome,
    /// The newcomers' meeting comes near; to its channel, and to those who asked (§11).
    MeetingReminder {
        /// The regular day that names the meeting.
        day: NaiveDate,
        /// The start that it reminds of: a meeting moved since is not told so.
        starts_at: DateTime<Utc>,
        /// Which reminder.
        which: ReminderKind,
    },
    /// A meeting was moved, called off, or is held after all; to its channel, and to those who had been told (§11).
    MeetingChanged {
        /// The regular day that names the meeting.
        day: NaiveDate,
        /// When it was to start before.
        before: DateTime<Utc>,
        /// Whether it had been called off before.
        held_again: bool,
        /// The change: a later one is told by itself.
        revision: u32,
    },
    /// A meeting falls on a public holiday; to the national team, which decides (§11).
    MeetingHoliday {
        /// The regular day that names the meeting.
        day: NaiveDate,
    },
    /// A participation has ended; in the feed of the région only (§12).
    Departed {
        /// The participation.
        membership: MembershipId,
    },
    /// What the week has changed in a région; to its referents, on Sunday evening (§12).
    RegionDigest {
        /// The région.
        region: RegionCode,
        /// The day of the digest before.
        since: NaiveDate,
    },
    /// A person used the invitation; to the relays, and in the feed of the région (§6.6).
    Joined {
        /// The person, now linked to an account.
        person: PersonId,
        /// The group, of which the person is a member or whose relays call this person.
        group: GroupId,
    },
}

/// What the reconciler found changed by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutBack {
    /// Permissions of a channel or of the category.
    Permissions,
    /// A role, a category, a channel.
    Deleted,
    /// A pinned message.
    Message,
    /// A name, a topic, a place.
    Name,
    /// A role given or taken by hand.
    Access,
}

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// A DM.
    User(UserId),
    /// A channel of the server.
    Channel(ChannelId),
    /// The national team: its channel where there is one, else each of its accounts (product.md §3). Which, is known when the
    /// message is sent.
    National,
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Recipient::User(id) => write!(f, "user:{id}"),
            Recipient::Channel(id) => write!(f, "channel:{id}"),
            Recipient::National => f.write_str("channel:national"),
        }
    }
}

impl std::str::FromStr for Recipient {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(':') {
            Some(("user", id)) => id.parse().map(Recipient::User).map_err(|_| ()),
            Some(("channel", "national")) => Ok(Recipient::National),
            Some(("channel", id)) => id.parse().map(Recipient::Channel).map_err(|_| ()),
            _ => Err(()),
        }
    }
}

/// The classes of the one paced queue of DMs, most urgent first (§11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum Class {
    /// Answers and access.
    Access = 0,
    /// Call-backs and meeting reminders.
    Reminder = 1,
    /// Operations.
    Operation = 2,
    /// Digests.
    Digest = 3,
    /// Welcomes.
    Welcome = 4,
}

impl Class {
    /// The class that the database stored.
    #[must_use]
    pub fn from_sql(value: i64) -> Option<Class> {
        let all = [
            Class::Access,
            Class::Reminder,
            Class::Operation,
            Class::Digest,
            Class::Welcome,
        ];
        all.into_iter().find(|class| *class as i64 == value)
    }

    /// Whether «Ne plus recevoir de messages» stops messages of this class (§11): those that the bot sends of its own accord.
    /// Answers, access, and what a function one holds asks for still arrive.
    #[must_use]
    pub fn is_optional(self) -> bool {
        match self {
            Class::Access | Class::Operation => false,
            Class::Reminder | Class::Digest | Class::Welcome => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_round_trip() {
        for recipient in [
            Recipient::User(UserId(42)),
            Recipient::Channel(ChannelId(7)),
            Recipient::National,
        ] {
            assert_eq!(recipient.to_string().parse(), Ok(recipient));
        }
        assert_eq!("role:3".parse::<Recipient>(), Err(()));
    }

    #[test]
    fn notices_hold_ids_and_kinds_only() {
        let notice = Notice::StepReached {
            group: GroupId(3),
            step: Step::Forming,
        };
        let text = serde_json::to_string(&notice).unwrap();
        assert_eq!(text, r#"{"kind":"step_reached","group":3,"step":"forming"}"#);
        assert_eq!(serde_json::from_str::<Notice>(&text).unwrap(), notice);
    }
}
