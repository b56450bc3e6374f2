//! Identifiers, one type per kind of thing, so that none can stand for another.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A person on file: the row of the database, never a name.
    PersonId(i64)
);
id!(
    /// A local group.
    GroupId(i64)
);
id!(
    /// The membership of one person in one group.
    MembershipId(i64)
);
id!(
    /// A Discord account (a snowflake).
    UserId(u64)
);
