//! Typed identifiers: a group is never confused with a person, nor a Discord account with either.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares a database identifier.
macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

row_id!(
    /// A person on file (an «inscrit», a recruit or a member).
    PersonId
);
row_id!(
    /// A local group, from «groupe possible» to ACP.
    GroupId
);
row_id!(
    /// One participation of one person in one group.
    MembershipId
);
row_id!(
    /// One (basin, département) part of the country: the key of a group's territory (product.md §4).
    TerritoryId
);
row_id!(
    /// A move of a member from one group to another (product.md §6.5).
    TransferId
);
row_id!(
    /// One line of the append-only journal.
    JournalId
);
row_id!(
    /// One message waiting to be delivered.
    OutboxId
);
row_id!(
    /// One thing told in the feed of a région (product.md §12).
    FeedEventId
);
row_id!(
    /// One message of the feed of a région.
    FeedMessageId
);

/// Declares a Discord identifier (a snowflake).
macro_rules! snowflake {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The value as SQLite stores it; snowflakes stay below 2^63 until the year 2084.
            #[must_use]
            pub fn to_sql(self) -> i64 {
                self.0.cast_signed()
            }

            /// The identifier that [`Self::to_sql`] stored.
            #[must_use]
            pub fn from_sql(value: i64) -> Self {
                Self(value.cast_unsigned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

snowflake!(
    /// A Discord account.
    UserId
);
snowflake!(
    /// A Discord server.
    GuildId
);
snowflake!(
    /// A Discord channel or category.
    ChannelId
);
snowflake!(
    /// A Discord role.
    RoleId
);
snowflake!(
    /// A Discord message.
    MessageId
);
snowflake!(
    /// A Discord scheduled event.
    EventId
);

/// The INSEE code of a région («84», «93»): the scope of a referent (product.md §2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionCode(pub String);

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
